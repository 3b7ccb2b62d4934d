//! Recorded scripts in Selenium's side format: read, and checked before anything is done.

use serde::Deserialize;

/// One step of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Where it stands, from 1.
    pub(crate) number: usize,
    /// What is done, as the format names it.
    pub(crate) name: String,
    /// On what: a locator, a URL, a script.
    pub(crate) target: String,
    /// The same as it was recorded, without what was filled in.
    pub(crate) shown: String,
    /// With what.
    pub(crate) value: String,
}

/// A script that can be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Where paths begin.
    pub(crate) base: String,
    pub(crate) commands: Vec<Command>,
}

/// Why a script can't be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SideError {
    /// It is no JSON, or has another form.
    #[error("the recorded script is no project in Selenium's side format (JSON): {0}")]
    Form(String),
    /// It does nothing.
    #[error("the recorded script has no test with commands")]
    Empty,
    /// It has too much.
    #[error("the recorded script has {0} commands; {MOST} are the most")]
    TooLong(usize),
    /// A command that is not known.
    #[error("command {0} of the recorded script, '{1}', is not known; there are {known}", known = KNOWN.join(", "))]
    Unknown(usize, String),
}

/// Most commands of a script.
const MOST: usize = 500;

/// Commands that are played.
pub(crate) const KNOWN: &[&str] = &[
    "open",
    "click",
    "clickAt",
    "doubleClick",
    "doubleClickAt",
    "type",
    "sendKeys",
    "select",
    "submit",
    "check",
    "uncheck",
    "mouseOver",
    "mouseOut",
    "mouseDown",
    "mouseUp",
    "pause",
    "echo",
    "setWindowSize",
    "close",
    "store",
    "executeScript",
    "runScript",
    "waitForElementPresent",
    "waitForElementVisible",
    "waitForElementEditable",
    "waitForElementNotPresent",
    "waitForElementNotVisible",
    "waitForText",
    "assertElementPresent",
    "verifyElementPresent",
    "assertElementNotPresent",
    "verifyElementNotPresent",
    "assertText",
    "verifyText",
    "assertNotText",
    "verifyNotText",
    "assertTitle",
    "verifyTitle",
    "assertValue",
    "verifyValue",
];

#[derive(Deserialize)]
struct Project {
    #[serde(default)]
    url: String,
    #[serde(default)]
    tests: Vec<Test>,
    #[serde(default)]
    suites: Vec<Suite>,
}

#[derive(Deserialize)]
struct Test {
    #[serde(default)]
    id: String,
    #[serde(default)]
    commands: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Suite {
    #[serde(default)]
    tests: Vec<String>,
}

#[derive(Deserialize)]
struct Recorded {
    command: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    value: String,
}

impl Script {
    /// Reads a `.side` file: the tests of its first suite in order, or else its first test. Names between `@@` are filled in
    /// from `given` (`contract/was.md 8`: `@@authusername@@`, `@@authpassword@@`).
    ///
    /// # Errors
    /// [`SideError`]: another form, no commands, or one that is not known.
    pub fn read(text: &str, given: &[(&str, &str)]) -> Result<Self, SideError> {
        let text = text.trim_start_matches('\u{feff}');
        let project: Project =
            serde_json::from_str(text).map_err(|error| SideError::Form(error.to_string()))?;
        let suite = project.suites.iter().find(|suite| !suite.tests.is_empty());
        let mut tests: Vec<&Test> = suite
            .map(|suite| {
                suite.tests.iter().filter_map(|id| project.tests.iter().find(|test| test.id == *id)).collect()
            })
            .unwrap_or_default();
        if tests.is_empty() {
            tests.extend(project.tests.first());
        }
        let filled = |text: &str| {
            given
                .iter()
                .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("@@{name}@@"), value))
        };
        let mut commands = Vec::new();
        for (at, recorded) in tests.iter().flat_map(|test| &test.commands).enumerate() {
            // What begins with slashes was switched off by whoever recorded it.
            if recorded.command.is_empty() || recorded.command.starts_with("//") {
                continue;
            }
            if !KNOWN.contains(&recorded.command.as_str()) {
                return Err(SideError::Unknown(at + 1, recorded.command.clone()));
            }
            commands.push(Command {
                number: at + 1,
                name: recorded.command.clone(),
                target: filled(&recorded.target),
                shown: recorded.target.chars().take(100).collect(),
                value: filled(&recorded.value),
            });
        }
        match commands.len() {
            0 => Err(SideError::Empty),
            count if count > MOST => Err(SideError::TooLong(count)),
            _ => Ok(Self { base: project.url, commands }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read_and_filled_in() {
        let text = r#"{"id":"1","version":"2.0","name":"login","url":"http://shop.test","tests":[
            {"id":"a","name":"other","commands":[{"command":"close"}]},
            {"id":"b","name":"in","commands":[{"id":"x","comment":"","command":"open","target":"/login","targets":[],"value":""},
             {"command":"//pause","target":"9"},{"command":"type","target":"name=u","value":"@@authusername@@"}]}],
            "suites":[{"id":"s","name":"","persistSession":false,"tests":["b"]}],"urls":[],"plugins":[]}"#;
        let script = Script::read(text, &[("authusername", "alice")]).unwrap();
        assert_eq!(script.base, "http://shop.test");
        let read: Vec<_> =
            script.commands.iter().map(|c| (c.number, c.name.as_str(), c.value.as_str())).collect();
        assert_eq!(read, [(1, "open", ""), (3, "type", "alice")]);
    }

    #[test]
    fn what_cant_be_played_is_said() {
        let read = |text: &str| Script::read(text, &[]).unwrap_err().to_string();
        assert!(read("<xml/>").contains("side format"));
        assert!(read(r#"{"tests":[]}"#).contains("no test"));
        let unknown = read(
            r#"{"tests":[{"id":"a","commands":[{"command":"open"},{"command":"dragAndDropToObject"}]}]}"#,
        );
        assert!(
            unknown.starts_with("command 2 of the recorded script, 'dragAndDropToObject', is not known"),
            "{unknown}"
        );
    }
}
