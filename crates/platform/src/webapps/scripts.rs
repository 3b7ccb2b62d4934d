//! Scripts recorded in a browser, which scans are to play (`contract/was.md 7.2 and 7.6`).

use qps::{Criterion, Element, ObjectWriter, ServiceError};
use regex::Regex;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use store::Id;

use super::model::WebApp;
use super::web_url::WebUrl;
use crate::text::Given;
use crate::{Error, Result};

/// The element of the wire.
pub(super) const NAME: &str = "SeleniumScript";
/// The criterion that chooses one.
pub(super) const CRITERION: &str = "crawlingScripts.id";
/// Scripts of a web application at the most.
const MOST: usize = 20;
/// Bytes of all its scripts at the most.
const LARGEST: usize = 1 << 20;
/// The longest name and the longest other text, in characters.
const LONGEST: (usize, usize) = (256, 4_096);
/// Bits of an id that tell the scripts of one web application apart.
const BITS: u32 = 20;

/// A script that scans are to play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// Counts the scripts that its web application ever had, from 1.
    pub number: u32,
    /// What people call it; no two of a web application have the same name.
    pub name: String,
    /// What was recorded, as it was given.
    pub data: String,
    /// What is on the page if the script went well: a regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Whether it needs a session.
    #[serde(default)]
    pub requires_authentication: bool,
    /// Where it begins: a URL, or a regular expression of URLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_url: Option<String>,
    /// Whether that is an expression.
    #[serde(default)]
    pub starting_url_regex: bool,
}

/// The id on the wire of a script of a web application: no other script has it.
fn wire_id(app: u32, number: u32) -> u64 {
    u64::from(app) << BITS | u64::from(number)
}

/// The web applications that scripts with these ids belong to.
pub(super) fn apps_of(ids: &[u64]) -> RoaringBitmap {
    ids.iter().filter_map(|id| u32::try_from(id >> BITS).ok()).collect()
}

/// Writes a script.
pub(super) fn write(app: u32, script: &Script, out: &mut ObjectWriter<'_>) {
    out.number("id", wire_id(app, script.number));
    out.cdata("name", &script.name);
    out.cdata("data", &script.data);
    out.cdata_opt("regex", script.regex.as_deref());
    out.boolean("requiresAuthentication", script.requires_authentication);
    out.cdata_opt("startingUrl", script.starting_url.as_deref());
    out.boolean("startingUrlRegex", script.starting_url_regex);
}

/// The scripts that a criterion chooses, by their ids on the wire.
pub(super) fn chosen(criterion: &Criterion) -> Result<Vec<u64>> {
    let operator = criterion.operator.as_deref().unwrap_or("EQUALS");
    let ids: Vec<&str> = match operator {
        "EQUALS" => vec![&criterion.value],
        "IN" => criterion.value.split(',').map(str::trim).collect(),
        other => return Err(ServiceError::criteria_operator(CRITERION, other, &["EQUALS", "IN"]).into()),
    };
    let read = |text: &&str| text.parse().ok();
    ids.iter().map(read).collect::<Option<_>>().ok_or_else(|| {
        let wanted = "Specify criteria value(s) as Long.";
        ServiceError::criteria_value(CRITERION, &criterion.value, wanted).into()
    })
}

/// The scripts of a web application that are among these.
pub(super) fn among<'a>(id: u32, app: &'a WebApp, ids: &[u64]) -> impl Iterator<Item = &'a Script> {
    app.scripts.iter().filter(move |script| ids.contains(&wire_id(id, script.number)))
}

/// What a request says of one script.
#[derive(Debug, Clone)]
struct Wanted {
    id: Option<u64>,
    name: Given,
    data: Option<String>,
    regex: Given,
    requires_authentication: Option<bool>,
    starting_url: Given,
    starting_url_regex: Option<bool>,
}

/// A change of the scripts of a web application.
#[derive(Debug, Clone)]
pub(super) struct ScriptChange {
    set: Option<Vec<Wanted>>,
    put: Vec<Wanted>,
    remove: Vec<Wanted>,
}

impl ScriptChange {
    /// Reads `crawlingScripts`; none if the request does not speak of them.
    pub(super) fn read(data: &Element) -> Result<Option<Self>> {
        let Some(edit) = data.list_edit("crawlingScripts", &[NAME])? else { return Ok(None) };
        let all = |items: Vec<&Element>| items.into_iter().map(Wanted::read).collect::<Result<Vec<_>>>();
        let put = [all(edit.add)?, all(edit.update)?].concat();
        Ok(Some(Self { set: edit.set.map(all).transpose()?, put, remove: all(edit.remove)? }))
    }

    /// Carries the change out; `id` is that of the web application, where it has one already.
    pub(super) fn apply(&self, id: Option<Id<WebApp>>, app: &mut WebApp) -> Result<()> {
        let id = id.map(Id::get);
        let mut list = std::mem::take(&mut app.scripts);
        list.retain(|script| !self.remove.iter().any(|one| one.is(id, script)));
        if let Some(set) = &self.set {
            list.retain(|script| set.iter().any(|one| one.is(id, script)));
        }
        for wanted in self.set.iter().flatten().chain(&self.put) {
            match list.iter_mut().find(|script| wanted.is(id, script)) {
                Some(script) => wanted.merge(script),
                None => {
                    app.last_script += 1;
                    list.push(wanted.make(app.last_script)?);
                }
            }
        }
        check(&list)?;
        app.scripts = list;
        Ok(())
    }
}

impl Wanted {
    fn read(item: &Element) -> Result<Self> {
        item.expect_only(&[
            "id",
            "name",
            "data",
            "regex",
            "requiresAuthentication",
            "startingUrl",
            "startingUrlRegex",
        ])?;
        Ok(Self {
            id: item.id("id")?,
            name: Given::read(item, "name", LONGEST.0)?,
            data: Given::read(item, "data", LARGEST)?.into_option(),
            regex: Given::read(item, "regex", LONGEST.1)?,
            requires_authentication: item.boolean("requiresAuthentication")?,
            starting_url: Given::read(item, "startingUrl", LONGEST.1)?,
            starting_url_regex: item.boolean("startingUrlRegex")?,
        })
    }

    /// Whether this script is meant: by its id, or else by its name.
    fn is(&self, app: Option<u32>, script: &Script) -> bool {
        match (self.id, &self.name) {
            (Some(id), _) => app.is_some_and(|app| wire_id(app, script.number) == id),
            (None, Given::Text(name)) => script.name == *name,
            (None, _) => false,
        }
    }

    fn make(&self, number: u32) -> Result<Script> {
        if let Some(id) = self.id {
            return Err(Error::invalid(
                format!("Data: The web application has no script with id {id}."),
                "Specify the id of one of its scripts, or leave 'id' out for a new one.",
            ));
        }
        let missing = |member: &str| Error::from(ServiceError::cannot_be_null(&format!("{NAME}.{member}")));
        let name = self.name.clone().into_option().ok_or_else(|| missing("name"))?;
        let data = self.data.clone().ok_or_else(|| missing("data"))?;
        let mut script = Script {
            number,
            name,
            data,
            regex: None,
            requires_authentication: false,
            starting_url: None,
            starting_url_regex: false,
        };
        self.merge(&mut script);
        Ok(script)
    }

    fn merge(&self, script: &mut Script) {
        if let Given::Text(name) = &self.name {
            script.name.clone_from(name);
        }
        if let Some(data) = &self.data {
            script.data.clone_from(data);
        }
        self.regex.write(&mut script.regex);
        self.starting_url.write(&mut script.starting_url);
        script.requires_authentication =
            self.requires_authentication.unwrap_or(script.requires_authentication);
        script.starting_url_regex = self.starting_url_regex.unwrap_or(script.starting_url_regex);
    }
}

/// What must hold of all scripts together.
fn check(scripts: &[Script]) -> Result<()> {
    let bytes: usize = scripts.iter().map(|script| script.data.len()).sum();
    if scripts.len() > MOST || bytes > LARGEST {
        return Err(Error::invalid(
            format!("Data: The scripts would be {} with {bytes} bytes.", scripts.len()),
            format!("Keep at most {MOST} scripts with {LARGEST} bytes in all."),
        ));
    }
    for (place, script) in scripts.iter().enumerate() {
        if scripts.iter().take(place).any(|other| other.name == script.name) {
            return Err(Error::invalid(
                format!("Data: Two scripts would have the name '{}'.", script.name),
                "Specify another name.",
            ));
        }
        check_texts(script)?;
    }
    Ok(())
}

fn check_texts(script: &Script) -> Result<()> {
    let wrong = |member: &str, value: &str, wanted: &str| {
        Err(ServiceError::invalid_value(&format!("{NAME}.{member}"), value, wanted).into())
    };
    let expression = "Specify a regular expression without look-around and back-references.";
    if let Some(regex) = script.regex.as_ref().filter(|regex| Regex::new(regex).is_err()) {
        return wrong("regex", regex, expression);
    }
    match &script.starting_url {
        Some(url) if script.starting_url_regex => match Regex::new(url) {
            Ok(_) => Ok(()),
            Err(_) => wrong("startingUrl", url, expression),
        },
        Some(url) if WebUrl::read(url).is_none() => {
            wrong("startingUrl", url, "Specify an absolute URL of http or https, or set 'startingUrlRegex'.")
        }
        _ => Ok(()),
    }
}
