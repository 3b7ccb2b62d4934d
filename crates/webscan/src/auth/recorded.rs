//! Logging in with a recorded script, which a browser plays.

use super::{FormRecord, LoginError, SideScript};
use crate::browser::{Browser, Script};
use crate::http::{Client, Response, Target};
use crate::session::Session;

/// Plays the record's script in a browser of its own; gives where it ended and what is seen there.
pub(super) async fn play(
    client: &Client,
    start: &Target,
    record: &FormRecord,
    session: &mut Session,
) -> Result<(Target, Response), LoginError> {
    let (text, wanted) = match &record.selenium_script {
        Some(SideScript::Text(text)) => (text, None),
        Some(SideScript::Named { data, regex, .. }) => {
            (data, regex.as_deref().filter(|regex| !regex.is_empty()))
        }
        None => return Err(LoginError::Record("it is SELENIUM and has no seleniumScript".to_owned())),
    };
    let value = |name: &str| {
        let field = record.fields.iter().find(|field| field.name == name);
        field.map(|field| field.value.as_str()).unwrap_or_default()
    };
    let given = [("authusername", value("username")), ("authpassword", value("password"))];
    let script = Script::read(text, &given).map_err(|error| LoginError::Record(error.to_string()))?;
    let wanted = wanted
        .map(regex::Regex::new)
        .transpose()
        .map_err(|error| LoginError::Record(format!("seleniumScript.regex: {error}")))?;
    let browser =
        Browser::start(client.clone()).await.map_err(|error| LoginError::Browser(error.to_string()))?;
    let played = browser.play(start, &script).await.map_err(|error| LoginError::Script(error.to_string()))?;
    if let Some(wanted) = wanted
        && !wanted.is_match(played.page.text())
    {
        return Err(LoginError::Rejected(format!(
            "{} does not show what seleniumScript.regex wants",
            played.url
        )));
    }
    session.cookies.extend(played.session.cookies);
    session.headers.extend(played.session.headers);
    Ok((played.url, played.page))
}
