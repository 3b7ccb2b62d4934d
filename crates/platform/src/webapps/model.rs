//! Web applications as they are stored (`contract/was.md 7.2`).

use jiff::Timestamp;
use query::Fields;
use serde::{Deserialize, Serialize};
use store::{Id, Kind, Object};

use super::scripts::Script;
use crate::comments::{Author, Comment};
use crate::tags::Tag;

/// A site to test. Its id is that of its asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebApp {
    /// What people call it; unique.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The tags that were put on it by hand, as its asset has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Id<Tag>>,
    /// Who is in charge of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Author>,
    /// How it is to be tested.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: Settings,
    /// What people note of it under names of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    /// What people said of it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// What scans are to play.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<Script>,
    /// How many of those there ever were.
    #[serde(default, skip_serializing_if = "is_default")]
    pub last_script: u32,
    /// When it was made.
    pub created: Timestamp,
    /// By whom.
    pub created_by: Author,
    /// When it was last changed.
    pub updated: Timestamp,
    /// By whom.
    pub updated_by: Author,
    /// When it was removed, if it was: then only its asset is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Timestamp>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What people note of a web application under a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Attribute {
    pub name: String,
    pub value: String,
}

/// How a web application is to be tested.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// What is looked at.
    #[serde(skip_serializing_if = "is_default")]
    pub crawl: Crawl,
    /// What looks at it.
    #[serde(skip_serializing_if = "is_default")]
    pub scanner: Scanner,
    /// Whether malware is looked for.
    #[serde(skip_serializing_if = "is_default")]
    pub malware_monitoring: bool,
    /// Whether somebody is told of malware.
    #[serde(skip_serializing_if = "is_default")]
    pub malware_notification: bool,
    /// After how many hours a scan ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_after_hours: Option<u32>,
    /// At which time of the day a scan ends, `HH:MM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_at: Option<String>,
}

/// What is looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Crawl {
    /// Which links are followed.
    pub scope: CrawlScope,
    /// The sub-domain of [`CrawlScope::Subdomain`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_domain: Option<String>,
    /// The domains of [`CrawlScope::Domains`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// URLs to begin with besides its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<String>,
    /// Whether a scan goes on where the last one ended.
    #[serde(skip_serializing_if = "is_default")]
    pub progressive: bool,
    /// Patterns of links that lead to the same, a line each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redundancy_links: Option<String>,
    /// How many links of each such pattern are followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_redundancy_links: Option<u32>,
    /// Links that are not followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Pattern>,
    /// Links that are followed all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Pattern>,
    /// Links that no form is sent to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_forms: Vec<Pattern>,
    /// Links that end a session.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logout: Vec<Pattern>,
    /// What robots.txt is used for: `IGNORE`, `ADD_PATHS` or `BLACKLIST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robots: Option<String>,
    /// Whether the site map is used.
    #[serde(skip_serializing_if = "is_default")]
    pub site_map: bool,
    /// Headers of each request, `Name: value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
}

/// Which links are followed (`contract/was.md 7.7`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CrawlScope {
    /// Those to the same host.
    #[default]
    All,
    /// Those at or below the directory of the URL.
    Limit,
    /// Those to the host and to one sub-domain.
    Subdomain,
    /// Those to the host and to some domains.
    Domains,
}

impl CrawlScope {
    const ALL: [Self; 4] = [Self::All, Self::Limit, Self::Subdomain, Self::Domains];

    /// The wire's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Limit => "LIMIT",
            Self::Subdomain => "SUBDOMAIN",
            Self::Domains => "DOMAINS",
        }
    }

    /// The scope of this name; `SUBDOMAINS` is another one for `SUBDOMAIN`.
    pub fn named(name: &str) -> Option<Self> {
        let name = if name.eq_ignore_ascii_case("SUBDOMAINS") { "SUBDOMAIN" } else { name };
        Self::ALL.into_iter().find(|scope| scope.name().eq_ignore_ascii_case(name))
    }
}

/// Links: a URL, or a regular expression of URLs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// The URL or expression.
    pub text: String,
    /// Whether it is an expression.
    #[serde(default, skip_serializing_if = "is_default")]
    pub regex: bool,
}

/// What looks at a web application.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scanner {
    /// Whether it is an appliance in the own network.
    #[serde(skip_serializing_if = "is_default")]
    pub is_internal: bool,
    /// The appliance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether scans may choose no other.
    #[serde(skip_serializing_if = "is_default")]
    pub is_locked: bool,
}

impl WebApp {
    /// A web application of which only this is known.
    pub fn new(name: String, url: String, author: Author, now: Timestamp) -> Self {
        Self {
            name,
            url,
            tags: Vec::new(),
            owner: Some(author.clone()),
            settings: Settings::default(),
            attributes: Vec::new(),
            comments: Vec::new(),
            scripts: Vec::new(),
            last_script: 0,
            created: now,
            created_by: author.clone(),
            updated: now,
            updated_by: author,
            removed: None,
        }
    }
}

/// The unique key of a web application.
pub(super) fn name_key(name: &str) -> String {
    format!("name:{name}")
}

impl Object for WebApp {
    const KIND: Kind = Kind::new("web_app");

    fn fields() -> &'static Fields<Self> {
        &super::fields::FIELDS
    }

    /// One that was removed leaves its name to others.
    fn keys(&self) -> Vec<String> {
        if self.removed.is_none() { vec![name_key(&self.name)] } else { Vec::new() }
    }
}
