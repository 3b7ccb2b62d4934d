//! Links that only small devices are shown.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check};
use crate::http::{Request, Target};
use crate::page::Page;

/// See [`About`].
pub(super) struct Mobile;

static ABOUT: About = About {
    name: "mobile-links",
    qids: &[150_067],
    means: "A browser of a phone is shown links that others are not.",
    matters: "The pages for phones are often older, and looked at less.",
    remedy: "None by itself: scan those pages, too, with a profile that has such a browser's name.",
    technique: "The first page is asked for as a phone's browser; links and redirects that nobody else was shown are listed.",
    source: "contract/was.md 15",
};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1";

impl Check for Mobile {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(ask(bench).boxed())
    }
}

fn links(url: &Target, answer: &crate::http::Response) -> BTreeSet<Target> {
    let place = answer.location().and_then(|place| url.join(place));
    let page = Page::read(url, answer.text());
    page.links.into_iter().map(|(_, target)| target).chain(place).collect()
}

async fn ask(bench: &Bench<'_>) {
    let request = Request::get(bench.client.scope().start().clone());
    let phone = request.clone().with_header("User-Agent", PHONE);
    let Ok(phones) = bench.send(&phone).await else { return };
    let mut new = links(&request.url, &phones);
    let crawled: BTreeSet<&Target> = bench.entries.iter().map(|entry| &entry.request.url).collect();
    new.retain(|target| !crawled.contains(target));
    if new.is_empty() {
        return;
    }
    // What is new each time is not the phone's.
    let Ok(others) = bench.send(&request).await else { return };
    let Ok(again) = bench.send(&phone).await else { return };
    let (others, again) = (links(&request.url, &others), links(&request.url, &again));
    for target in new.into_iter().filter(|target| !others.contains(target) && again.contains(target)) {
        bench.sink.note(150_067, target.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    #[tokio::test]
    async fn links_for_phones_are_listed() {
        let address = serve(|asked: &Asked| {
            let only = if asked.header("user-agent").contains("iPhone") { "<a href=/m/>m</a>" } else { "" };
            Answer::html(format!("<a href=/a>a</a>{only}<a href=/{}>new</a>", crate::listener::token()))
        })
        .await;
        let request = Request::get(Target::parse(&format!("http://{address}/")).unwrap());
        let (_, notes) = scan_with(&Mobile, vec![request], Extras::default()).await;
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].1.ends_with("/m/"));
    }
}
