//! Folders of files that a server takes from a disk, whose prefix has no slash at its end.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Method, Request, Target};
use crate::proof::{Expect, Replay};

/// See [`About`].
pub(super) struct Alias;

static ABOUT: About = About {
    name: "alias-traversal",
    qids: &[150_011],
    means: "A folder of files is served by a prefix without a slash at its end, so that two dots behind it lead to the folder above.",
    matters: "Everything beside the folder is served as well: the program, its settings and keys.",
    remedy: "End the prefix and the folder with a slash both, as in `location /static/ { alias /srv/static/; }`.",
    technique: "A file that was crawled is asked for through the folder above, `/static../static/app.js`; it must be the same, and \
                not be there through a folder of another name.",
    source: "CWE-22; nginx, module http_core, alias",
};

/// Most folders that are tried.
const MOST: usize = 20;
/// Most letters of a file that must come again.
const SHOWN: usize = 200;

impl Check for Alias {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

/// The folder, its name, and what lies in it, of the address of a file.
fn parts(url: &Target) -> Option<(&str, &str, &str)> {
    let (folder, file) = url.path.rsplit_once('/')?;
    let name = folder.rsplit('/').next()?;
    let has_ending = file.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && end.len() <= 5);
    (has_ending && !name.is_empty()).then_some((folder, name, file))
}

fn is_file(entry: &Entry) -> bool {
    let url = &entry.request.url;
    entry.request.method == Method::Get
        && entry.response.status == 200
        && !entry.response.is_html()
        && entry.response.body.len() >= 20
        && url.query.is_none()
        && parts(url).is_some()
}

async fn look(bench: &Bench<'_>) {
    let mut folders: BTreeMap<(Target, String), &Entry> = BTreeMap::new();
    for entry in bench.entries.iter().filter(|entry| is_file(entry)) {
        let url = &entry.request.url;
        let Some((folder, ..)) = parts(url) else { continue };
        folders.entry((url.at("/"), folder.to_owned())).or_insert(entry);
    }
    for entry in folders.into_values().take(MOST) {
        let url = &entry.request.url;
        let Some((folder, name, file)) = parts(url) else { continue };
        let through = |folder: &str| Request::get(url.at(format!("{folder}../{name}/{file}")));
        let shown: String = entry.response.text().chars().take(SHOWN).collect();
        let (attack, control) = (through(folder), through(&format!("{folder}zq")));
        let Ok(answer) = bench.send(&attack).await else { return };
        if answer.status != 200 || answer.body != entry.response.body {
            continue;
        }
        let expect = Expect::All(vec![Expect::Body(shown), Expect::Status(vec![200])]);
        if let Ok(proof) = bench.prove(Replay::pair(attack.clone(), expect, control)).await {
            bench.report_place(150_011, entry, &attack, proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, Extras, crawl_and_scan, serve};

    #[tokio::test]
    async fn a_prefix_without_a_slash_leads_out_and_others_do_not() {
        let text = "body { color: black; margin: 0 }";
        let css = move || Answer(200, vec![("content-type".into(), "text/css".into())], text.into());
        let page = |folder: &str| Answer::html(format!("<link rel=stylesheet href=\"{folder}/site.css\">"));
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/open/" => page("/open/static"),
            "/closed/" => page("/closed/static"),
            "/any/" => page("/any/static"),
            "/open/static/site.css" | "/open/static../static/site.css" | "/closed/static/site.css" => css(),
            path if path.starts_with("/any/") => css(),
            _ => Answer::status(404),
        })
        .await;
        for (path, wanted) in [("/open/", 1), ("/closed/", 0), ("/any/", 0)] {
            let (found, _) = crawl_and_scan(&Alias, address, path, Extras::default()).await;
            assert_eq!(found.len(), wanted, "{path}");
        }
    }
}
