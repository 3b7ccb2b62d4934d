//! Information gathered: what the scan itself has to tell (`contract/was.md 13.3`), and the notes of checks.

use std::collections::BTreeMap;

use super::Plan;
use super::result::{AuthStatus, Coverage, Information, ResultsStatus};
use crate::auth::{FormKind, Login};
use crate::crawl::Crawled;

/// What there is to tell.
pub(super) struct Told<'a> {
    pub(super) plan: &'a Plan,
    pub(super) crawled: &'a Crawled,
    pub(super) coverage: &'a Coverage,
    pub(super) auth: AuthStatus,
    pub(super) login: Option<&'a Login>,
    pub(super) login_error: Option<&'a str>,
    pub(super) status: ResultsStatus,
    pub(super) reason: Option<&'a str>,
    pub(super) diagnostics: &'a [String],
    pub(super) seconds: f64,
    pub(super) requests: u64,
}

fn counted<'a>(what: &str, lines: impl ExactSizeIterator<Item = &'a String>) -> String {
    let mut text = format!("{what}: {}\n", lines.len());
    for line in lines {
        text += &format!("{line}\n");
    }
    text
}

impl Told<'_> {
    /// All of it, by QID.
    pub(super) fn information(&self, notes: Vec<(u32, String)>) -> Vec<Information> {
        let mut texts: BTreeMap<u32, String> = BTreeMap::new();
        for (qid, line) in notes {
            let text = texts.entry(qid).or_default();
            *text += &line;
            text.push('\n');
        }
        let crawled = self.crawled;
        let mut tell = |qid: u32, text: String| drop(texts.insert(qid, text));
        if self.status != ResultsStatus::NoHostAlive && self.status != ResultsStatus::NoWebService {
            let links = self.coverage.links.iter();
            let note = "(This number excludes links found by forced requests.)";
            tell(150_009, format!("Number of links: {}\n{note}\n\n{}", links.len(), lines(links)));
        }
        if self.status == ResultsStatus::NoWebService {
            tell(150_111, format!("{}\n", self.reason.unwrap_or_default()));
        }
        if !crawled.external.is_empty() {
            tell(150_010, counted("Number of links", crawled.external.iter()));
        }
        if !crawled.external_forms.is_empty() {
            tell(150_014, counted("Number of links", crawled.external_forms.iter()));
        }
        let by_list = |(_, why): &(&String, &String)| why.contains("list");
        let (listed, others): (Vec<_>, Vec<_>) = crawled.rejected.iter().partition(by_list);
        if !listed.is_empty() {
            tell(150_020, counted("Number of links", listed.iter().map(|(url, _)| *url)));
        }
        if !others.is_empty() {
            let text: Vec<String> =
                others.iter().take(200).map(|(url, why)| format!("{url} ({why})")).collect();
            tell(150_041, counted("Number of links", text.iter()));
        }
        if crawled.limit_reached {
            tell(
                150_026,
                format!("Maximum request count reached: {}\n", self.plan.profile.max_crawl_requests),
            );
        }
        if !crawled.failed.is_empty() {
            let text: Vec<String> =
                crawled.failed.iter().take(200).map(|(url, why)| format!("{url}: {why}")).collect();
            tell(150_018, counted("Total number of unique links that encountered errors", text.iter()));
        }
        if !crawled.forms.is_empty() {
            tell(150_152, self.forms());
        }
        let answers = |range: std::ops::Range<u16>| {
            let refused = crawled.refused.iter().filter(move |(_, status)| range.contains(*status));
            refused.map(|(url, status)| format!("{url} ({status})")).collect::<Vec<_>>()
        };
        for (qid, range) in [(150_042, 500..600), (150_528, 400..500)] {
            let found = answers(range);
            if !found.is_empty() {
                tell(qid, lines(found.iter()));
            }
        }
        if self.status == ResultsStatus::TimeLimitReached {
            tell(150_024, format!("{}\n", self.reason.unwrap_or_default()));
        }
        match (self.auth, self.login) {
            (AuthStatus::NotUsed, _) => tell(150_006, "No login form was found.\n".to_owned()),
            (AuthStatus::Failed, _) => {
                let qid = if self.is_recorded() { 150_095 } else { 150_008 };
                tell(qid, format!("{}\n", self.login_error.unwrap_or("The login was rejected.")));
            }
            (_, Some(login)) => {
                let text = format!("{}\nSeen by {}\n", login.method, login.proof.url);
                if self.is_recorded() {
                    tell(150_094, text.clone());
                }
                tell(150_007, text);
            }
            _ => {}
        }
        tell(
            45_038,
            format!("Scan duration: {:.0} seconds\n\nStart time: {}\n", self.seconds, self.plan.started),
        );
        tell(150_021, self.diagnostics());
        texts.into_iter().filter_map(|(qid, text)| Information::new(qid, text)).collect()
    }

    /// Whether a recorded script logs in.
    fn is_recorded(&self) -> bool {
        let form = self.plan.auth.as_ref().and_then(|record| record.form_record.as_ref());
        form.is_some_and(|form| form.kind == FormKind::Selenium)
    }

    fn forms(&self) -> String {
        let (all, sent) = (self.coverage.forms, self.coverage.forms_submitted);
        let mut text = format!("Total internal forms seen: {all}\nCrawled forms: {sent}\n");
        for (n, form) in self.crawled.forms.iter().enumerate() {
            let names: Vec<&str> =
                form.fields.iter().map(|name| if name.is_empty() { "WasNoName" } else { name }).collect();
            text +=
                &format!("Form #:{} Action URI:{}\nForm Fields: {}\n", n + 1, form.action, names.join(", "));
        }
        text
    }

    fn diagnostics(&self) -> String {
        let mut text = lines(self.diagnostics.iter());
        let (links, minutes) = (self.coverage.links_crawled, self.seconds / 60.0);
        text += &format!("Collected {links} links overall in 0 hours {minutes:.0} minutes duration.\n");
        text += &format!(
            "{} requests, {} parameters of {} requests tested.\n",
            self.requests, self.coverage.parameters_tested, self.coverage.requests_tested
        );
        text
    }
}

fn lines<'a>(lines: impl Iterator<Item = &'a String>) -> String {
    lines.fold(String::new(), |mut text, line| {
        text += line;
        text.push('\n');
        text
    })
}
