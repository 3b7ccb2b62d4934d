//! Texts that the user of the scan looks for.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::readable;
use super::site_wide::seen_again;
use crate::checks::{About, Bench, Check, Entry};
use crate::proof::{Control, Expect};

/// See [`About`].
pub(super) struct Custom;

static ABOUT: About = About {
    name: "custom-content",
    qids: &[150_016],
    means: "The content has text that an expression of the option profile describes.",
    matters: "Whoever wrote the expression knows; it is what should not be on the site.",
    remedy: "Take the text out.",
    technique: "The expressions of the profile are searched for in all crawled texts.",
    source: "contract/was.md 9; CWE-201",
};

impl Check for Custom {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let wanted = &bench.profile.sensitive_content.custom;
        (!wanted.is_empty() && readable(entry).is_some()).then(|| look(bench, entry).boxed())
    }
}

async fn look(bench: &Bench<'_>, entry: &Entry) {
    for pattern in bench.profile.sensitive_content.custom.iter().filter(|pattern| !pattern.is_empty()) {
        let expect = Expect::BodyMatches(pattern.clone());
        if !super::content::shows(entry, &expect) {
            continue;
        }
        let control = Control::WithoutMatch(pattern.clone());
        if let Some(proof) = seen_again(bench, entry, expect, control).await {
            bench.report_named(150_016, entry, pattern, proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::profile::Profile;
    use crate::testing::{Answer, Extras, scan_with, serve};

    #[tokio::test]
    async fn expressions_of_the_profile_are_found() {
        let address = serve(|_| Answer::html("<p>Project Bluebird-7</p>")).await;
        let mut profile = Profile::default();
        profile.sensitive_content.custom = ["Bluebird-\\d", "Redwing", "("].map(str::to_owned).to_vec();
        let request = Request::get(Target::parse(&format!("http://{address}/")).unwrap());
        let extras = Extras { profile, ..Extras::default() };
        let (found, _) = scan_with(&Custom, vec![request], extras).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].parameter.as_deref(), Some("Bluebird-\\d"));
    }
}
