//! Values that become the address of code to include.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::computed::{self, products};
use super::facts::facts;
use super::marks::Marks;
use crate::checks::{About, Bench, Check, Entry};
use crate::point::{Place, Point};

/// See [`About`].
pub(super) struct RemoteFile;

static ABOUT: About = About {
    name: "remote-file-inclusion",
    qids: &[150_057],
    means: "A value says which file is included as code, and addresses of other places are taken as well.",
    matters: "The sender of the request lets the application run code of their own.",
    remedy: "Choose what is included from a fixed list. Switch off `allow_url_include` and `allow_url_fopen`.",
    technique: "An address that carries a small program in itself is put in; the result of its calculation must be shown, and \
                that of another calculation must be another.",
    source: "CWE-98",
};

const SHOWN: &[&str] =
    &["data://text/plain,<?php print({a}*{b});?>", "data:text/plain,<?php print({a}*{b});?>#"];

impl Check for RemoteFile {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        (!matches!(point.place, Place::Header | Place::Path(_))).then(|| probe(bench, entry, point).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    if !known.matters {
        return;
    }
    let marks = Marks::of(entry, point);
    let list: Vec<_> = SHOWN.iter().map(|template| products(template, &marks, &point.value)).collect();
    if let Some((payload, proof)) = computed::prove_first(bench, entry, point, &list).await {
        bench.report_at(150_057, entry, Some((point, &payload)), proof);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let page = asked.field("page");
        let program = regex::Regex::new(r"^data:(?://)?text/plain,<\?php print\((\d+)\*(\d+)\);\?>").unwrap();
        match program.captures(&page) {
            Some(found) if asked.path == "/included" => Answer::html(
                (found[1].parse::<u64>().unwrap() * found[2].parse::<u64>().unwrap()).to_string(),
            ),
            _ if page == "home" => Answer::html("<p>Welcome</p>"),
            _ => Answer::html(format!("no {}", page.replace('<', "&lt;"))),
        }
    }

    #[tokio::test]
    async fn included_code_is_found_and_an_echo_is_not() {
        let server = serve(answer).await;
        assert_eq!(scan(&RemoteFile, server, "/included?page=home").await.len(), 1);
        assert!(scan(&RemoteFile, server, "/shown?page=home").await.is_empty());
    }
}
