//! Login forms: found, filled in, sent; also those that ask for the name first and for the password on the next page.

use super::{Field, FormKind, FormRecord, LoginError, follow};
use crate::http::{Client, Request, Response, Target};
use crate::page::{Control, Form, Page};
use crate::session::Session;

/// Pages in a row that a login may have.
const PAGES: usize = 4;
/// Words in links that lead to a login.
const WORDS: &[&str] =
    &["login", "log-in", "logon", "signin", "sign-in", "sign_in", "anmelden", "account", "auth"];
/// Paths that are tried when no link leads to a login.
const PATHS: &[&str] = &["/login", "/signin", "/login.php", "/admin", "/user/login", "/accounts/login/"];

/// Finds the form, fills it in and sends it; gives where the form was, and the page that came in the end.
pub(super) async fn submit(
    client: &Client,
    start: &Target,
    record: &FormRecord,
    session: &mut Session,
) -> Result<(Target, (Target, Response)), LoginError> {
    let (at, mut form) = find(client, start, record, session).await?;
    for _ in 0..PAGES {
        if record.ssl_only && form.action.origin.scheme == crate::http::Scheme::Http {
            return Err(LoginError::NoTls(at.to_string()));
        }
        let request = fill(&at, &form, record)?;
        let had_password = form.has_password();
        let (url, response) = follow(client, session, request).await?;
        let next = form_of(&url, &response, record).filter(|next| next.has_password() && !had_password);
        match next {
            Some(next) => form = next,
            None => return Ok((at, (url, response))),
        }
    }
    Err(LoginError::Rejected("one form led to the next".to_owned()))
}

fn form_of(url: &Target, response: &Response, record: &FormRecord) -> Option<Form> {
    let page = Page::read(url, response.text());
    let named = |form: &Form| {
        record.kind == FormKind::Custom
            && record
                .fields
                .iter()
                .all(|field| form.controls.iter().any(|control| control.name == field.name))
    };
    let best = page
        .forms
        .iter()
        .find(|form| named(form))
        .or_else(|| page.forms.iter().find(|form| form.has_password()));
    best.cloned()
}

/// A form that asks for a name alone: the first page of a login in two.
fn name_form(url: &Target, response: &Response) -> Option<Form> {
    let page = Page::read(url, response.text());
    page.forms.into_iter().find(|form| form.controls.iter().any(is_name))
}

fn is_name(control: &Control) -> bool {
    let name = control.name.to_ascii_lowercase();
    matches!(control.kind.as_str(), "text" | "email" | "tel")
        && ["user", "login", "email", "mail", "name", "account", "identifier"]
            .iter()
            .any(|word| name.contains(word))
}

async fn find(
    client: &Client,
    start: &Target,
    record: &FormRecord,
    session: &mut Session,
) -> Result<(Target, Form), LoginError> {
    let first = match &record.login_url {
        Some(url) => {
            start.join(url).ok_or_else(|| LoginError::Record(format!("loginUrl '{url}' is no URL")))?
        }
        None => start.clone(),
    };
    let (url, response) = follow(client, session, Request::get(first.clone())).await?;
    if let Some(form) = form_of(&url, &response, record) {
        return Ok((url, form));
    }
    if record.login_url.is_some()
        && let Some(form) = name_form(&url, &response)
    {
        return Ok((url, form));
    }
    let page = Page::read(&url, response.text());
    let linked = page.links.iter().map(|(_, target)| target.clone());
    let linked = linked
        .filter(|target| WORDS.iter().any(|word| target.to_string().to_ascii_lowercase().contains(word)));
    let guessed = PATHS.iter().map(|path| start.at(*path));
    for target in linked.take(10).chain(guessed) {
        let Ok((url, response)) = follow(client, session, Request::get(target)).await else { continue };
        if response.status >= 400 && response.status != 401 {
            continue;
        }
        if let Some(form) = form_of(&url, &response, record).or_else(|| name_form(&url, &response)) {
            return Ok((url, form));
        }
    }
    Err(LoginError::NoForm(first.to_string()))
}

fn fill(at: &Target, form: &Form, record: &FormRecord) -> Result<Request, LoginError> {
    let value =
        |name: &str| record.fields.iter().find(|field| field.name == name).map(|field| field.value.clone());
    let mut typed: Vec<Field> = record.fields.clone();
    if record.kind == FormKind::Standard {
        typed.clear();
        let missing = |name: &str| LoginError::NoField(at.to_string(), name.to_owned());
        let password = form.controls.iter().position(|control| control.kind == "password");
        if let Some(at) = password {
            let control = form.controls.get(at).map(|control| control.name.clone()).unwrap_or_default();
            typed.push(Field { name: control, value: value("password").ok_or_else(|| missing("password"))? });
        }
        let before = form.controls.iter().take(password.unwrap_or(usize::MAX));
        let texts: Vec<&Control> =
            before.filter(|control| matches!(control.kind.as_str(), "text" | "email" | "tel")).collect();
        let name = texts.iter().rev().find(|control| is_name(control)).or_else(|| texts.last());
        match name {
            Some(control) => typed.push(Field {
                name: control.name.clone(),
                value: value("username").ok_or_else(|| missing("username"))?,
            }),
            None if password.is_none() => return Err(missing("username")),
            None => {}
        }
    }
    let fields = typed;
    let given = |control: &Control| {
        fields.iter().find(|field| field.name == control.name).map(|field| field.value.clone())
    };
    let mut filled = form.clone();
    for control in &mut filled.controls {
        if let Some(value) = given(control) {
            control.value = value;
        }
    }
    Ok(filled.request(&|control| given(control).unwrap_or_default()))
}
