//! The API as any client uses it, over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use crate::cli::Failure;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that is signed in.
pub(super) struct Client {
    agent: Agent,
    url: String,
    session: String,
}

/// A call, to be made and to be shown.
pub(super) struct Question {
    /// Below `/qps/rest/` and the version of its module.
    pub(super) path: String,
    /// The body; none for GET.
    pub(super) body: Option<String>,
}

impl Question {
    /// A call with criteria, in JSON.
    pub(super) fn with_criterion(path: &str, field: &str, operator: &str, value: &str) -> Self {
        let criterion = json!({"field": field, "operator": operator, "value": value});
        let body = json!({"ServiceRequest": {"filters": {"Criteria": [criterion]}}});
        Self { path: path.to_owned(), body: Some(body.to_string()) }
    }
}

impl Client {
    pub(super) fn new(url: String, session: String) -> Self {
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).proxy(None);
        Self { agent: config.build().into(), url, session }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The answer to a call, as it comes.
    pub(super) fn ask(&self, question: &Question) -> Result<String, Failure> {
        let (url, cookie) = (self.url_of(question), format!("JSESSIONID={}", self.session));
        let response = match &question.body {
            None => self.agent.get(url).header("Accept", "application/json").header("Cookie", cookie).call(),
            Some(body) => {
                let post =
                    self.agent.post(url).header("Content-Type", "application/json").header("Cookie", cookie);
                post.send(body)
            }
        };
        Ok(response?.body_mut().read_to_string()?)
    }

    pub(super) fn url_of(&self, question: &Question) -> String {
        let version = if question.path.contains("/was/") { "3.0" } else { "2.0" };
        format!("{}/qps/rest/{version}/{}", self.url, question.path)
    }

    /// The answer to a call that has to succeed, without its envelope.
    pub(super) fn get(&self, question: &Question) -> Result<Value, Failure> {
        let text = self.ask(question)?;
        let mut answer: Value = serde_json::from_str(&text)?;
        let inner = answer.get_mut("ServiceResponse").map(Value::take).unwrap_or_default();
        if inner.get("responseCode").and_then(Value::as_str) == Some("SUCCESS") {
            return Ok(inner);
        }
        Err(format!("{} answered {text}", question.path).into())
    }

    /// The answer to a call of out-of-band assessment that has to succeed: GET, or POST with a body of a type.
    pub(super) fn gateway(&self, path: &str, body: Option<(&str, &str)>) -> Result<Value, Failure> {
        self.json(&format!("/ocaapi/v2.0/{path}"), body)
    }

    /// The answer to a call of the gateway that has to succeed: GET, or POST with a body of a type.
    pub(super) fn json(&self, path: &str, body: Option<(&str, &str)>) -> Result<Value, Failure> {
        let (url, cookie) = (format!("{}{path}", self.url), format!("JSESSIONID={}", self.session));
        let mut response = match body {
            None => self.agent.get(url).header("Cookie", cookie).call(),
            Some((content_type, body)) => {
                self.agent.post(url).header("Content-Type", content_type).header("Cookie", cookie).send(body)
            }
        }?;
        let text = response.body_mut().read_to_string()?;
        if response.status().as_u16() == 200 {
            return Ok(serde_json::from_str(&text)?);
        }
        Err(format!("{path} answered {text}").into())
    }

    /// The number that a call answers with.
    pub(super) fn count(&self, question: &Question) -> Result<u64, Failure> {
        Ok(self.get(question)?.get("count").and_then(Value::as_u64).unwrap_or_default())
    }

    /// The asset that an agent reports for.
    pub(super) fn host_of_agent(&self, agent: &str) -> Result<Value, Failure> {
        let question = Question::with_criterion("search/am/hostasset", "agentUuid", "EQUALS", agent);
        let mut answer = self.get(&question)?;
        let host = answer.pointer_mut("/data/0/HostAsset").map(Value::take);
        host.ok_or_else(|| format!("the asset of agent {agent} is not in the inventory").into())
    }
}
