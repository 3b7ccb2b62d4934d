//! Findings: what was found, where, how it is shown again.

use std::fmt::Write;

use ring::digest;
use serde::{Deserialize, Serialize};

use crate::crawl::shape::is_selector;
use crate::http::{Method, Request, Target};
use crate::point::Point;
use crate::proof::{Evidence, Proof, Replay};
use crate::qid::{Kind, Qid};

/// A proven finding (`contract/was.md 5`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is, over all scans: from QID, place and parameter, not from time, order or session.
    pub id: String,
    /// What it means.
    pub qid: u32,
    /// The QID's title.
    pub title: String,
    /// 1 to 5.
    pub severity: u8,
    /// What kind of thing it is.
    pub kind: Kind,
    /// The group that API filters know.
    pub group: String,
    /// The weakness in the Common Weakness Enumeration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwe: Option<u32>,
    /// Where it is, without payload.
    pub url: Target,
    /// How it is asked for.
    pub method: Method,
    /// The parameter, where it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Where the parameter stands: query, form, header ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What was put in; none where nothing was (`contract/was.md 13.2`: N/A).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// What was seen.
    pub evidence: Evidence,
    /// Links that lead to the page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_path: Vec<Target>,
    /// Whether the scan was logged in when it was seen.
    #[serde(default)]
    pub authenticated: bool,
    /// Whether a browser was needed to see it.
    #[serde(default)]
    pub ajax: bool,
    /// How it is shown again.
    pub replay: Replay,
}

impl Finding {
    /// A finding at a request.
    #[must_use]
    pub fn new(qid: &Qid, request: &Request, proof: Proof) -> Self {
        let Proof { evidence, replay } = proof;
        let mut finding = Self {
            id: String::new(),
            qid: qid.id,
            title: qid.title.to_owned(),
            severity: qid.severity,
            kind: qid.kind,
            group: qid.group().to_owned(),
            cwe: qid.cwe,
            url: request.url.clone(),
            method: request.method,
            parameter: None,
            place: None,
            payload: None,
            evidence,
            access_path: Vec::new(),
            authenticated: false,
            ajax: false,
            replay,
        };
        finding.identify();
        finding
    }

    /// The same, in a parameter, with what was put into it.
    #[must_use]
    pub fn at(mut self, point: &Point, payload: &str) -> Self {
        self.place = Some(point.kind().to_owned());
        self.payload = Some(payload.to_owned());
        self.named(&point.name)
    }

    /// The same, of something that has a name, such as a cookie.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.parameter = Some(name.to_owned());
        self.identify();
        self
    }

    /// The same, for a whole directory or site: its identity is that of another URL.
    #[must_use]
    pub fn of_place(mut self, url: Target) -> Self {
        self.url = url;
        self.identify();
        self
    }

    fn identify(&mut self) {
        let mut names: Vec<String> = self
            .url
            .query
            .as_deref()
            .map(crate::http::encode::read_form)
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| {
                let selects = is_selector(&name, &value) && self.parameter.as_ref() != Some(&name);
                if selects { format!("{name}={value}") } else { name }
            })
            .collect();
        names.sort();
        names.dedup();
        let parts = [
            self.qid.to_string(),
            self.method.name().to_owned(),
            self.url.origin.to_string(),
            self.url.path.clone(),
            names.join("&"),
            self.place.clone().unwrap_or_default(),
            self.parameter.clone().unwrap_or_default(),
        ];
        let hash = digest::digest(&digest::SHA256, parts.join("\n").as_bytes());
        self.id = hash.as_ref().iter().take(16).fold(String::new(), |mut id, byte| {
            // Writing to a string does not fail.
            let _ = write!(id, "{byte:02x}");
            id
        });
    }
}
