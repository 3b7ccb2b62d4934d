//! Signed requests to a server.

use std::time::Duration;

use inventory::protocol::{AGENT_HEADER, AgentKey, Refusal, RefusalCode, SIGNATURE_HEADER};
use serde::de::DeserializeOwned;
use ureq::http::{Response, header};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, TcpConnector};
use ureq::{Agent, Body};
use uuid::Uuid;

use crate::VERSION;
use crate::address::ServerAddress;
use crate::connector::TlsConnector;
use crate::trust::{Trust, TrustError};

/// The most bytes of an answer.
const MAX_ANSWER: u64 = 1 << 20;
const CONNECT_PATIENCE: Duration = Duration::from_secs(15);
/// For one request as a whole; a large first report over a thin line takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

/// The way to one server.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    server: ServerAddress,
}

/// Why a request brought no answer that the agent can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No answer came. Whether the request arrived is not known.
    #[error("the server cannot be reached: {0}")]
    Away(String),
    /// The server refused.
    #[error("the server refused ({status}): {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The kind of refusal.
        code: RefusalCode,
        /// What the server said about it.
        message: String,
        /// When it said to come again.
        retry_after: Option<Duration>,
    },
    /// The answer is not one of the protocol: something else than a server of ours listens there.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
}

impl Client {
    /// A client of `server` under `trust`. Proxies are taken from the usual environment variables.
    ///
    /// # Errors
    /// The trust cannot be used.
    pub fn new(server: &ServerAddress, trust: &Trust) -> Result<Self, TrustError> {
        let agent = http_agent(server, trust, &format!("redoubt-agent/{VERSION}"))?;
        Ok(Self { agent, server: server.clone() })
    }

    /// Posts a packed body, signed with `key`, and reads the answer.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer of another kind.
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        packed: &[u8],
        key: &AgentKey,
        agent_id: Option<Uuid>,
    ) -> Result<T, Trouble> {
        let mut request = self
            .agent
            .post(self.server.url(path))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, "gzip")
            .header(SIGNATURE_HEADER, key.sign("POST", path, packed));
        if let Some(id) = agent_id {
            request = request.header(AGENT_HEADER, id.to_string());
        }
        let mut response = request.send(packed).map_err(|error| Trouble::Away(error.to_string()))?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        let body = body.map_err(|error| Trouble::Away(error.to_string()))?;
        if response.status() == 200 {
            return serde_json::from_slice(&body).map_err(|error| Trouble::Unreadable(error.to_string()));
        }
        Err(refusal(&response, &body))
    }
}

/// HTTP to `server` under `trust`, without redirects. Proxies are taken from the usual environment variables.
///
/// # Errors
/// The trust cannot be used.
pub fn http_agent(server: &ServerAddress, trust: &Trust, name: &str) -> Result<Agent, TrustError> {
    let tls = if server.is_https() { Some(trust.client_config()?) } else { None };
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections(0)
        .timeout_connect(Some(CONNECT_PATIENCE))
        .timeout_global(Some(PATIENCE))
        .user_agent(name)
        .build();
    let connector =
        ().chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(TlsConnector::new(tls));
    Ok(Agent::with_parts(config, connector, DefaultResolver::default()))
}

fn refusal(response: &Response<Body>, body: &[u8]) -> Trouble {
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let Refusal { code, message } = serde_json::from_slice(body).unwrap_or_else(|_| unnamed_refusal(status));
    Trouble::Refused { status, code, message, retry_after: retry_after.map(Duration::from_secs) }
}

/// What a proxy or another server means, as far as its status tells.
fn unnamed_refusal(status: u16) -> Refusal {
    let code = match status {
        413 => RefusalCode::TooLarge,
        429 | 502..=504 => RefusalCode::Busy,
        _ => RefusalCode::Other,
    };
    Refusal { code, message: "no reason was given; is this the address of a Redoubt server?".into() }
}
