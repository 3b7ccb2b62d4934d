//! How it is seen that a scan is logged in: a page that answers users otherwise than strangers.

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{CheckRecord, LoginError, follow};
use crate::http::{Client, Fault, Request, Response, Target};
use crate::page::Page;
use crate::session::Session;

/// A page, and what users alone see there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginProof {
    /// The page.
    pub url: Target,
    /// What is seen.
    pub sign: Sign,
}

/// What users see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// The page itself: strangers are refused, or sent to a login.
    Admitted,
    /// Anything: strangers are answered with 401 or 403.
    Answered,
    /// A text that matches.
    Text(String),
}

impl LoginProof {
    /// Whether a session is logged in now.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn holds(&self, client: &Client, session: &Session) -> Result<bool, Fault> {
        let mut session = session.clone();
        let (_, response) = follow(client, &mut session, Request::get(self.url.clone())).await?;
        Ok(self.sign.is_on(&self.url, &response))
    }
}

impl Sign {
    fn is_on(&self, url: &Target, response: &Response) -> bool {
        match self {
            Self::Admitted => !is_refused(url, response),
            Self::Answered => !is_denied(response),
            Self::Text(pattern) => {
                response.status < 400
                    && Regex::new(pattern).is_ok_and(|regex| regex.is_match(response.text()))
            }
        }
    }
}

pub(super) fn is_refused(url: &Target, response: &Response) -> bool {
    let asks = || {
        response.is_html() && Page::read(url, response.text()).forms.iter().any(|form| form.has_password())
    };
    response.status >= 400 || asks()
}

fn is_denied(response: &Response) -> bool {
    matches!(response.status, 401 | 403)
}

/// Most places that are tried beside those that links lead to.
const KNOWN: usize = 12;
/// Words of links that users alone see.
const LEAVE: &str =
    r"(?i)(log[\s_-]?out|sign[\s_-]?out|log[\s_-]?off|abmelden|d[eé]connexion|cerrar sesi[oó]n)";

/// Finds a page that tells users from strangers; `places` are such as are known beside those that links lead to.
pub(super) async fn find(
    client: &Client,
    start: &Target,
    landed: Option<&(Target, Response)>,
    session: &Session,
    (check, known): (Option<&CheckRecord>, &[Target]),
) -> Result<LoginProof, LoginError> {
    if let Some(check) = check {
        let url = start
            .join(&check.url)
            .ok_or_else(|| LoginError::Record(format!("check.url '{}' is no URL", check.url)))?;
        Regex::new(&check.regex).map_err(|error| LoginError::Record(format!("check.regex: {error}")))?;
        let proof = LoginProof { url, sign: Sign::Text(check.regex.clone()) };
        let is_in = proof.holds(client, session).await?;
        let is_open = proof.holds(client, &Session::default()).await?;
        return match (is_in, is_open) {
            (true, false) => Ok(proof),
            (true, true) => Err(LoginError::Record("check.regex matches without a login, too".to_owned())),
            _ => Err(LoginError::Rejected(format!("{} does not say what it says to users", proof.url))),
        };
    }
    let mut places: Vec<Target> = landed.iter().map(|(url, _)| url.clone()).collect();
    places.push(start.clone());
    // Where the login ended, or else where the scan begins, links lead to what users see.
    let from = match landed {
        Some(landed) => Some(landed.clone()),
        None => follow(client, &mut session.clone(), Request::get(start.clone())).await.ok(),
    };
    if let Some((url, response)) = &from {
        let links = Page::read(url, response.text()).links;
        places
            .extend(links.into_iter().map(|(_, target)| target).filter(|t| t.origin == start.origin).take(8));
    }
    places.extend(known.iter().take(KNOWN).cloned());
    places.dedup();
    for url in places {
        let Ok((_, inside)) = follow(client, &mut session.clone(), Request::get(url.clone())).await else {
            continue;
        };
        let Ok((_, outside)) = follow(client, &mut Session::default(), Request::get(url.clone())).await
        else {
            continue;
        };
        if !is_refused(&url, &inside) && is_refused(&url, &outside) {
            return Ok(LoginProof { url, sign: Sign::Admitted });
        }
        let leave = Sign::Text(LEAVE.to_owned());
        if leave.is_on(&url, &inside) && !leave.is_on(&url, &outside) {
            return Ok(LoginProof { url, sign: leave });
        }
        if is_denied(&outside) && !is_denied(&inside) {
            return Ok(LoginProof { url, sign: Sign::Answered });
        }
    }
    Err(LoginError::Rejected("no page answers otherwise than it answers strangers".to_owned()))
}
