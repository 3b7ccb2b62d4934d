//! What a request wants of a web application, read from `data` (`contract/was.md 7.2 and 7.3`).

use qps::{Element, ServiceError};
use store::{Id, Job};

use super::lists::ListChange;
use super::model::{Attribute, CrawlScope, Pattern, WebApp};
use super::scripts::ScriptChange;
use super::web_url::WebUrl;
use crate::assets::TagChange;
use crate::comments::{Author, NewComments};
use crate::engine::check_members;
use crate::text::Given;
use crate::users::User;
use crate::{Call, Error, Permission, Result};

/// The longest name, in characters.
const LONGEST_NAME: usize = 256;
/// The longest text of other members, in characters.
const LONGEST: usize = 4_096;

/// The members of `WebApp`, those that only answers have included.
const MEMBERS: &[&str] = &[
    "id",
    "name",
    "url",
    "riskScore",
    "os",
    "owner",
    "scope",
    "subDomain",
    "domains",
    "uris",
    "attributes",
    "defaultProfile",
    "defaultScanner",
    "defaultScannerTags",
    "scannerLocked",
    "progressiveScanning",
    "redundancyLinks",
    "maxRedundancyLinks",
    "urlBlacklist",
    "urlWhitelist",
    "postDataBlacklist",
    "urlExcludelist",
    "urlAllowlist",
    "postDataExcludelist",
    "logoutRegexList",
    "authRecords",
    "dnsOverrides",
    "useRobots",
    "useSitemap",
    "headers",
    "malwareMonitoring",
    "malwareNotification",
    "malwareTaskId",
    "malwareScheduling",
    "tags",
    "comments",
    "isScheduled",
    "lastScan",
    "createdBy",
    "createdDate",
    "updatedBy",
    "updatedDate",
    "screenshot",
    "proxy",
    "config",
    "crawlingScripts",
    "swaggerFile",
    "postmanCollection",
    "removeFromSubscription",
    "reactivateIfExists",
];

/// Members that name objects of areas that are not built yet.
const NOT_YET: &[(&str, &str)] = &[
    ("defaultProfile", "option profiles"),
    ("authRecords", "authentication records"),
    ("dnsOverrides", "DNS overrides"),
    ("proxy", "proxies"),
    ("defaultScannerTags", "scanner appliances"),
    ("swaggerFile", "descriptions of APIs"),
    ("postmanCollection", "descriptions of APIs"),
    ("malwareScheduling", "schedules of malware scans"),
];

/// What a request wants of a web application. What is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Edit {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
    owner: Option<Id<User>>,
    scope: Option<CrawlScope>,
    sub_domain: Given,
    domains: Option<ListChange<String>>,
    uris: Option<ListChange<String>>,
    attributes: Option<ListChange<Attribute>>,
    scanner: Option<(bool, Given)>,
    scanner_locked: Option<bool>,
    progressive: Option<bool>,
    redundancy_links: Given,
    max_redundancy_links: Option<u32>,
    exclude: Option<ListChange<Pattern>>,
    allow: Option<ListChange<Pattern>>,
    no_forms: Option<ListChange<Pattern>>,
    logout: Option<ListChange<Pattern>>,
    robots: Option<String>,
    site_map: Option<bool>,
    headers: Option<ListChange<String>>,
    malware_monitoring: Option<bool>,
    malware_notification: Option<bool>,
    cancel: Option<(Option<u32>, Option<String>)>,
    tags: Option<TagChange>,
    comments: NewComments,
    scripts: Option<ScriptChange>,
    pub(super) reactivate: bool,
}

impl Edit {
    /// Reads `data`. Read-only members are ignored.
    pub(super) fn read(data: &Element) -> Result<Self> {
        check_members(data, MEMBERS)?;
        refuse_what_is_not_built(data)?;
        let name = Given::read(data, "name", LONGEST_NAME)?;
        let url = Given::read(data, "url", LONGEST)?;
        for (given, member) in [(&name, "name"), (&url, "url")] {
            if *given == Given::Cleared {
                return Err(ServiceError::cannot_be_null(&data.field(member)).into());
            }
        }
        let url = url.into_option().map(|text| web_url(data, "url", &text)).transpose()?;
        let lines = |lists: &[&str], item| ListChange::read(data, lists, item, |one| line(data, one));
        let patterns = |lists: &[&str]| ListChange::read(data, lists, "UrlEntry", pattern);
        Ok(Self {
            name: name.into_option(),
            url,
            owner: owner(data)?,
            scope: data.typed(
                "scope",
                "Values expected: ALL, LIMIT, SUBDOMAIN, DOMAINS.",
                CrawlScope::named,
            )?,
            sub_domain: Given::read(data, "subDomain", LONGEST)?,
            domains: lines(&["domains"], "Domain")?,
            uris: ListChange::read(data, &["uris"], "Url", |one| {
                web_url(data, "uris", one.value().unwrap_or_default())
            })?,
            attributes: ListChange::read(data, &["attributes"], "Attribute", attribute)?,
            scanner: scanner(data)?,
            scanner_locked: data.boolean("scannerLocked")?,
            progressive: data.typed("progressiveScanning", "Values expected: true, false.", progressive)?,
            redundancy_links: Given::read(data, "redundancyLinks", LONGEST)?,
            max_redundancy_links: data.typed(
                "maxRedundancyLinks",
                "Specify a number from 0 to 1000.",
                |text| text.parse().ok().filter(|number| *number <= 1_000),
            )?,
            exclude: patterns(&["urlExcludelist", "urlBlacklist"])?,
            allow: patterns(&["urlAllowlist", "urlWhitelist"])?,
            no_forms: patterns(&["postDataExcludelist", "postDataBlacklist"])?,
            logout: patterns(&["logoutRegexList"])?,
            robots: data.typed("useRobots", "Values expected: IGNORE, ADD_PATHS, BLACKLIST.", robots)?,
            site_map: data.boolean("useSitemap")?,
            headers: ListChange::read(data, &["headers"], "WebAppHeader", header)?,
            malware_monitoring: data.boolean("malwareMonitoring")?,
            malware_notification: data.boolean("malwareNotification")?,
            cancel: config(data)?,
            tags: TagChange::read(data)?,
            comments: NewComments::read(data)?,
            scripts: ScriptChange::read(data)?,
            reactivate: data.boolean("reactivateIfExists")?.unwrap_or_default(),
        })
    }

    /// Tags need a permission of their own (`contract/am.md 2`): whoever changes tags on assets must see them.
    pub(super) fn demand_rights(&self, call: &Call) -> Result<()> {
        if self.tags.is_some() { call.demand(Permission::ReadTag) } else { Ok(()) }
    }

    /// Looks up the tags that it names.
    pub(super) fn prepare(&mut self, job: &mut Job<'_>) -> Result<()> {
        self.tags.as_mut().map_or(Ok(()), |tags| tags.prepare(job))
    }

    /// Writes what is given into a web application; `id` is its id, where it has one already.
    pub(super) fn merge(
        &self,
        job: &mut Job<'_>,
        author: &Author,
        id: Option<Id<WebApp>>,
        app: &mut WebApp,
    ) -> Result<()> {
        if let Some(name) = &self.name {
            app.name.clone_from(name);
        }
        if let Some(url) = &self.url {
            app.url.clone_from(url);
        }
        if let Some(owner) = self.owner {
            app.owner = Some(Author::user(job, owner)?.ok_or_else(|| unknown_owner(owner))?);
        }
        let settings = &mut app.settings;
        let crawl = &mut settings.crawl;
        crawl.scope = self.scope.unwrap_or(crawl.scope);
        self.sub_domain.write(&mut crawl.sub_domain);
        let same_line = |one: &String, other: &String| one == other;
        let same_pattern = |one: &Pattern, other: &Pattern| one.text == other.text;
        apply(&self.domains, &mut crawl.domains, same_line)?;
        apply(&self.uris, &mut crawl.uris, same_line)?;
        apply(&self.headers, &mut crawl.headers, same_line)?;
        apply(&self.exclude, &mut crawl.exclude, same_pattern)?;
        apply(&self.allow, &mut crawl.allow, same_pattern)?;
        apply(&self.no_forms, &mut crawl.no_forms, same_pattern)?;
        apply(&self.logout, &mut crawl.logout, same_pattern)?;
        crawl.progressive = self.progressive.unwrap_or(crawl.progressive);
        self.redundancy_links.write(&mut crawl.redundancy_links);
        crawl.max_redundancy_links = self.max_redundancy_links.or(crawl.max_redundancy_links);
        crawl.robots = self.robots.clone().or_else(|| crawl.robots.take());
        crawl.site_map = self.site_map.unwrap_or(crawl.site_map);
        if let Some((is_internal, name)) = &self.scanner {
            settings.scanner.is_internal = *is_internal;
            name.write(&mut settings.scanner.name);
        }
        settings.scanner.is_locked = self.scanner_locked.unwrap_or(settings.scanner.is_locked);
        settings.malware_monitoring = self.malware_monitoring.unwrap_or(settings.malware_monitoring);
        settings.malware_notification = self.malware_notification.unwrap_or(settings.malware_notification);
        if let Some((hours, at)) = &self.cancel {
            (settings.cancel_after_hours, settings.cancel_at) = (*hours, at.clone());
        }
        apply(&self.attributes, &mut app.attributes, |one, other| one.name == other.name)?;
        if let Some(tags) = &self.tags {
            tags.apply(&mut app.tags);
        }
        if let Some(scripts) = &self.scripts {
            scripts.apply(id, app)?;
        }
        let now = job.now();
        self.comments.add_to(&mut app.comments, author, now)?;
        check(app)
    }
}

fn apply<T: Clone>(
    change: &Option<ListChange<T>>,
    list: &mut Vec<T>,
    same: impl Fn(&T, &T) -> bool,
) -> Result<()> {
    change.as_ref().map_or(Ok(()), |change| change.apply(list, same))
}

/// What must go together.
fn check(app: &WebApp) -> Result<()> {
    let crawl = &app.settings.crawl;
    if crawl.scope == CrawlScope::Subdomain && crawl.sub_domain.is_none() {
        return Err(ServiceError::cannot_be_null("WebApp.subDomain").into());
    }
    if crawl.scope == CrawlScope::Domains && crawl.domains.is_empty() {
        return Err(ServiceError::cannot_be_null("WebApp.domains").into());
    }
    Ok(())
}

/// An element of an area that is not built may be there if it names nothing.
fn refuse_what_is_not_built(data: &Element) -> Result<()> {
    let names_something = |element: &Element| {
        let verbs = element.children.iter().filter(|verb| !["count", "list"].contains(&verb.name.as_str()));
        !element.text.is_empty()
            || verbs.into_iter().any(|verb| !verb.text.is_empty() || !verb.children.is_empty())
    };
    for (member, what) in NOT_YET {
        if data.child(member).is_some_and(names_something) {
            return Err(Error::invalid(
                format!(
                    "Data: '{}' can't be set: there are no {what} on this server yet.",
                    data.field(member)
                ),
                format!("Leave '{member}' out."),
            ));
        }
    }
    Ok(())
}

fn web_url(data: &Element, member: &str, text: &str) -> Result<String> {
    let wanted = "Specify an absolute URL of http or https, such as https://shop.example.com/.";
    let url = WebUrl::read(text);
    Ok(url.ok_or_else(|| ServiceError::invalid_value(&data.field(member), text, wanted))?.into_text())
}

fn owner(data: &Element) -> Result<Option<Id<User>>> {
    let Some(owner) = data.child("owner") else { return Ok(None) };
    owner.expect_only(&["id", "username", "firstName", "lastName"])?;
    let Some(id) = owner.long("id")? else { return Ok(None) };
    Id::from_wire(id).map(Some).ok_or_else(|| unknown_owner(id))
}

fn unknown_owner(id: impl std::fmt::Display) -> Error {
    Error::invalid(format!("Data: There is no user with id {id}."), "Specify the id of an existing user.")
}

fn line(data: &Element, item: &Element) -> Result<String> {
    let text = item.value().unwrap_or_default();
    if text.is_empty() {
        return Err(ServiceError::cannot_be_null(&data.field(&item.name)).into());
    }
    if text.chars().nth(LONGEST).is_some() {
        let wanted = format!("Specify a text of at most {LONGEST} characters.");
        let shown: String = text.chars().take(40).collect();
        return Err(ServiceError::invalid_value(&data.field(&item.name), &format!("{shown}…"), wanted).into());
    }
    Ok(text.to_owned())
}

fn attribute(item: &Element) -> Result<Attribute> {
    item.expect_only(&["id", "category", "name", "value"])?;
    let name = item.child("name").filter(|name| !name.text.is_empty());
    let name = name.ok_or_else(|| ServiceError::cannot_be_null("Attribute.name"))?;
    let value = Given::read(item, "value", LONGEST)?.into_option().unwrap_or_default();
    Ok(Attribute { name: line(item, name)?, value })
}

fn pattern(item: &Element) -> Result<Pattern> {
    item.expect_only(&["value", "regex"])?;
    let regex = item.boolean("regex")?.unwrap_or_default();
    let text = line(item, item)?;
    if regex && let Err(error) = regex::Regex::new(&text) {
        let why = error.to_string().lines().last().unwrap_or_default().to_owned();
        return Err(Error::invalid(
            format!("Data: '{text}' is no regular expression ({why})."),
            "Specify a regular expression without look-around and back-references, or leave 'regex' out.",
        ));
    }
    Ok(Pattern { text, regex })
}

/// `Name: value`; a newline would begin a header of its own.
fn header(item: &Element) -> Result<String> {
    let text = line(item, item)?;
    let name = text.split_once(':').map(|(name, _)| name);
    let is_token = |name: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !name.is_empty() && name.bytes().all(fits)
    };
    if name.is_some_and(is_token) && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    let wanted = "Specify a header as 'Name: value' on one line.";
    Err(ServiceError::invalid_value("WebApp.headers", &text, wanted).into())
}

fn progressive(text: &str) -> Option<bool> {
    let is = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    if is(&["true", "ENABLED", "1"]) {
        return Some(true);
    }
    is(&["false", "DISABLED", "0"]).then_some(false)
}

fn robots(text: &str) -> Option<String> {
    let names = ["IGNORE", "ADD_PATHS", "BLACKLIST"];
    names.into_iter().find(|name| name.eq_ignore_ascii_case(text)).map(str::to_owned)
}

/// The scanner: whether it is internal, and its name.
fn scanner(data: &Element) -> Result<Option<(bool, Given)>> {
    let Some(scanner) = data.child("defaultScanner") else { return Ok(None) };
    scanner.expect_only(&["type", "friendlyName"])?;
    let wanted = "Values expected: EXTERNAL, INTERNAL.";
    let is_internal = scanner.typed("type", wanted, |text| match text.to_uppercase().as_str() {
        "INTERNAL" => Some(true),
        "EXTERNAL" => Some(false),
        _ => None,
    })?;
    Ok(Some((is_internal.unwrap_or_default(), Given::read(scanner, "friendlyName", LONGEST_NAME)?)))
}

/// When scans end: after some hours, or at a time of the day.
fn config(data: &Element) -> Result<Option<(Option<u32>, Option<String>)>> {
    let Some(config) = data.child("config") else { return Ok(None) };
    config.expect_only(&[
        "cancelScansAfterNHours",
        "cancelScansAt",
        "defaultAuthRecord",
        "defaultDnsOverride",
    ])?;
    for member in ["defaultAuthRecord", "defaultDnsOverride"] {
        if config.child(member).is_some_and(|one| !one.children.is_empty() || !one.text.is_empty()) {
            return Err(Error::invalid(
                format!(
                    "Data: '{}' can't be set: there are no such objects on this server yet.",
                    config.field(member)
                ),
                format!("Leave '{member}' out."),
            ));
        }
    }
    let hours = config.typed("cancelScansAfterNHours", "Specify a number from 1 to 24.", |text| {
        text.parse().ok().filter(|hours| (1..=24).contains(hours))
    })?;
    let at = config.typed("cancelScansAt", "Specify a time as HH:MM.", time)?;
    if hours.is_some() && at.is_some() {
        return Err(Error::invalid(
            "Data: Scans can't end both after some hours and at a time.",
            "Specify either 'cancelScansAfterNHours' or 'cancelScansAt'.",
        ));
    }
    Ok(Some((hours, at)))
}

fn time(text: &str) -> Option<String> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, most: u8| {
        (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten().filter(|number| *number <= most)
    };
    let (hours, minutes) = (number(hours, 23)?, number(minutes, 59)?);
    Some(format!("{hours:02}:{minutes:02}"))
}
