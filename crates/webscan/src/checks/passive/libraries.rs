//! JavaScript libraries by version, and what is known against them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::library_data::{LIBRARIES, Library};
use super::site_wide::seen_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Target;
use crate::proof::{Control, Evidence, Expect};

/// See [`About`].
pub(super) struct Libraries;

static ABOUT: About = About {
    name: "javascript-libraries",
    qids: &[150_176, 990_022],
    means: "The site loads a JavaScript library in a version for which weaknesses are published.",
    matters: "The weaknesses and often their use are public; most of them let others run script in the visitor's page.",
    remedy: "Move to a version that has the fixes, and have updates of what the pages load looked after.",
    technique: "Versions are read from the code of the library, else from its URL; the ranges come from the public CVE records.",
    source: "CWE-1395; CVE records of each library",
};

static VERSION: Pattern = Pattern::new(r"^v?(\d+\.\d+(?:\.\d+){0,2}(?:-?(?:alpha|beta|rc)[.\d]*)?)$");
static IN_NAME: Pattern = Pattern::new(
    r"^(.+?)[-._@]v?(\d+\.\d+(?:\.\d+){0,2}(?:-?(?:alpha|beta|rc)\.?\d*)?)((?:[-.](?:slim|min|core|custom|prod|dev|production|development|global|umd|esm|pack|packed|full|all|bundle|browser|runtime|module))*)(?:\.[mc]?js)?$",
);
static PLAIN: Pattern = Pattern::new(
    r"^(.+?)(?:[-.](?:slim|min|core|custom|prod|dev|production|development|global|umd|esm|pack|packed|full|all|browser|runtime))*\.[mc]?js$",
);

/// A version: numbers, then whether it came before the release.
fn parts(version: &str) -> (Vec<u32>, bool, Vec<u32>) {
    let at = version.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(version.len());
    let (numbers, early) = version.split_at_checked(at).unwrap_or((version, ""));
    let read = |text: &str| -> Vec<u32> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    let mut numbers = read(numbers);
    numbers.resize(4, 0);
    let rank = match early.get(..1) {
        Some("a") => 1,
        Some("b") => 2,
        _ => 3,
    };
    let mut early_numbers = vec![rank];
    early_numbers.extend(read(early));
    (numbers, early.is_empty(), early_numbers)
}

fn compare(a: &str, b: &str) -> Ordering {
    parts(a).cmp(&parts(b))
}

impl Library {
    /// What is known against a version.
    fn known(&self, version: &str) -> Vec<&'static str> {
        let hits = |(from, below, _): &&(&str, &str, &str)| {
            (from.is_empty() || compare(version, from) != Ordering::Less)
                && compare(version, below) == Ordering::Less
        };
        let mut all: Vec<&str> =
            self.flaws.iter().filter(hits).flat_map(|(.., cves)| cves.split(", ")).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The libraries that a script's code is of.
fn of_code(code: &str) -> Vec<(&'static Library, String)> {
    let version = |library: &'static Library| {
        let found = library.code.iter().find_map(|pattern| pattern.captures(code))?;
        let version = found.get(1)?.as_str();
        // Dojo says its version in parts; what is not a whole version is not told.
        version.contains('.').then(|| (library, version.to_owned()))
    };
    LIBRARIES.iter().filter_map(version).collect()
}

/// The library that a URL is of: `jquery-1.8.3.min.js`, `/jquery/1.8.3/jquery.min.js`, `/npm/jquery@1.8.3/...`.
fn of_url(url: &Target) -> Option<(&'static Library, String)> {
    let path = url.path.to_ascii_lowercase();
    let named = |name: &str| LIBRARIES.iter().find(|library| library.files.contains(&name));
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (file, folders) = segments.split_last()?;
    if let Some(found) = IN_NAME.captures(file) {
        let (name, version) = (found.get(1)?.as_str(), found.get(2)?.as_str());
        if let Some(library) = named(name) {
            return Some((library, version.to_owned()));
        }
    }
    for (n, folder) in folders.iter().enumerate() {
        if let Some((name, version)) = folder.split_once('@').filter(|(name, _)| !name.is_empty()) {
            let scoped = n.checked_sub(1).and_then(|n| folders.get(n)).map(|scope| format!("{scope}/{name}"));
            let library = scoped.as_deref().and_then(named).or_else(|| named(name));
            if let (Some(library), Some(version)) = (library, VERSION.captures(version)) {
                return Some((library, version.get(1)?.as_str().to_owned()));
            }
        }
    }
    let version =
        folders.iter().rev().find_map(|folder| VERSION.captures(folder)?.get(1).map(|m| m.as_str()))?;
    let plain = PLAIN.captures(file).and_then(|found| found.get(1)).map(|name| name.as_str())?;
    named(plain).map(|library| (library, version.to_owned()))
}

/// Where a library was seen: the entry that shows it, and what in its answer does.
struct Sight<'a> {
    library: &'static Library,
    version: String,
    entry: &'a Entry,
    expect: Expect,
    control: Control,
    what: String,
}

impl Check for Libraries {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

async fn look(bench: &Bench<'_>) {
    let sights = sights(bench).await;
    for sight in &sights {
        let url = sight.entry.request.url.to_string();
        bench.sink.note(
            150_176,
            format!(
                "Javascript library : {} Version : {} Found on : {url}",
                sight.library.name, sight.version
            ),
        );
    }
    for sight in sights {
        let known = sight.library.known(&sight.version);
        if known.is_empty() {
            continue;
        }
        let Some(proof) = seen_again(bench, sight.entry, sight.expect, sight.control).await else { continue };
        let name = format!("{} {}", sight.library.name, sight.version);
        let text = format!("{name}, from {}: {}", sight.what, known.join(", "));
        bench.report_named(990_022, sight.entry, &name, proof.saying(Evidence::sentence(text)));
    }
}

/// Each library in each version once, in the order of the crawl: first by code, then by URL.
async fn sights<'a>(bench: &'a Bench<'_>) -> Vec<Sight<'a>> {
    let mut seen: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut of_scripts: BTreeMap<&Target, Vec<&'static str>> = BTreeMap::new();
    let mut sights = Vec::new();
    for entry in bench.entries.iter().filter(|entry| entry.response.status == 200) {
        let is_page = entry.page.is_some();
        if !is_page && !entry.response.is_script() {
            continue;
        }
        let text = entry.response.text();
        let found = if is_page { of_code(&inline(entry)) } else { of_code(text) };
        for (library, version) in found {
            of_scripts.entry(&entry.request.url).or_default().push(library.name);
            if seen.insert((library.name, version.clone())) {
                let expect = Expect::Body(version.clone());
                let control = Control::Without(version.clone());
                let what = "its code".to_owned();
                sights.push(Sight { library, version, entry, expect, control, what });
            }
        }
    }
    for entry in bench.entries.iter().filter(|entry| entry.response.status == 200) {
        for script in entry.page.iter().flat_map(|page| &page.scripts) {
            let Some((library, version)) = of_url(script) else { continue };
            let told = of_scripts.get(script).is_some_and(|names| names.contains(&library.name));
            if told || seen.contains(&(library.name, version.clone())) {
                continue;
            }
            let file = script.file().to_owned();
            let shown = if entry.response.text().contains(&script.path) { script.path.clone() } else { file };
            if !entry.response.text().contains(&shown) {
                continue;
            }
            seen.insert((library.name, version.clone()));
            let (expect, control) = (Expect::Body(shown.clone()), Control::Without(shown));
            sights.push(Sight {
                library,
                version,
                entry,
                expect,
                control,
                what: format!("its URL {script}"),
            });
        }
    }
    sights
}

fn inline(entry: &Entry) -> String {
    let mut text = entry.page.as_ref().map(|page| page.inline_scripts.join("\n")).unwrap_or_default();
    if let Some(at) = entry.response.text().find("ng-version=\"") {
        text += entry
            .response
            .text()
            .get(at..)
            .and_then(|rest| rest.get(..rest.floor_char_boundary(40)))
            .unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Request;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    #[test]
    fn libraries_are_known_by_url_and_by_code() {
        for (url, wanted) in [
            ("/js/jquery-1.8.3.min.js", Some("jQuery 1.8.3")),
            ("/ajax/libs/jquery/3.4.1/jquery.min.js", Some("jQuery 3.4.1")),
            ("/npm/bootstrap@4.1.0/dist/js/bootstrap.bundle.min.js", Some("Bootstrap 4.1.0")),
            ("/ajax/libs/jqueryui/1.11.4/jquery-ui.min.js", Some("jQuery UI 1.11.4")),
            ("/lib/lodash.4.17.4.min.js", Some("Lodash 4.17.4")),
            ("/npm/vue@2.6.10", Some("Vue 2.6.10")),
            ("/js/jquery.min.js", None),
            ("/js/jquery.cookie-1.4.1.js", None),
            ("/v1.2/app.js", None),
            ("/1.2.3/chart-of-the-day.js", None),
        ] {
            let found = of_url(&Target::parse(&format!("http://a.test{url}")).unwrap());
            assert_eq!(found.map(|(l, v)| format!("{} {v}", l.name)).as_deref(), wanted, "{url}");
        }
        for (code, wanted) in [
            ("/*! jQuery v1.12.4 | (c) jQuery Foundation */", "jQuery 1.12.4"),
            ("/*!\n * jQuery JavaScript Library v2.1.4\n", "jQuery 2.1.4"),
            ("/*! jQuery UI - v1.10.4 - 2014-01-17", "jQuery UI 1.10.4"),
            (" * Bootstrap v3.3.7 (http://getbootstrap.com)", "Bootstrap 3.3.7"),
            ("//! moment.js\n//! version : 2.18.1", "Moment.js 2.18.1"),
            ("/** @license React v16.4.0\n * react-dom.production.min.js", "React DOM 16.4.0"),
            ("//     Underscore.js 1.8.3\n", "Underscore.js 1.8.3"),
            (" AngularJS v1.5.0\n", "AngularJS 1.5.0"),
            ("/*! @license DOMPurify 2.0.7 |", "DOMPurify 2.0.7"),
            ("/* Prototype JavaScript framework, version 1.7", "Prototype 1.7"),
        ] {
            let found: Vec<String> = of_code(code).iter().map(|(l, v)| format!("{} {v}", l.name)).collect();
            assert_eq!(found, [wanted], "{code}");
        }
        assert!(of_code("needs jQuery 1.8 or later; Bootstrap is nice").is_empty());
    }

    #[test]
    fn every_expression_is_valid_and_ranges_end_where_they_should() {
        let known = |name: &str, version: &str| {
            LIBRARIES.iter().find(|library| library.name == name).unwrap().known(version)
        };
        for pattern in LIBRARIES.iter().flat_map(|library| library.code) {
            assert!(pattern.is_valid(), "{}", pattern.text());
        }
        assert!(known("jQuery", "3.5.0").is_empty() && known("jQuery", "3.4.1").len() == 2);
        assert_eq!(known("jQuery", "3.5.0-rc.1").len(), 2);
        assert!(known("Bootstrap", "3.4.1").is_empty() && known("Bootstrap", "4.3.1").is_empty());
        assert!(!known("Bootstrap", "4.0.0-beta").is_empty() && known("Lodash", "4.17.21").is_empty());
        assert_eq!(compare("1.10.0", "1.9.9"), Ordering::Greater);
        assert_eq!(compare("4.0.0-beta.2", "4.0.0-beta"), Ordering::Greater);
    }

    #[tokio::test]
    async fn code_goes_before_the_url() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/js/jquery-1.8.3.js" => Answer(
                200,
                vec![("content-type".into(), "text/javascript".into())],
                "/*! jQuery v3.7.1 */".into(),
            ),
            "/old" => Answer::html("<script src='https://cdn.example/jquery-1.8.3.min.js'></script>"),
            _ => Answer::html("<script src='/js/jquery-1.8.3.js'></script>"),
        })
        .await;
        let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        let new = scan_with(&Libraries, vec![get("/"), get("/js/jquery-1.8.3.js")], Extras::default()).await;
        assert_eq!((new.0.len(), new.1.len()), (0, 1));
        let (found, _) = scan_with(&Libraries, vec![get("/old")], Extras::default()).await;
        assert_eq!(found[0].parameter.as_deref(), Some("jQuery 1.8.3"));
        assert!(found[0].evidence.text.contains("CVE-2020-11022"));
    }
}
