//! The address of a server.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ureq::http::Uri;

/// `http(s)://host[:port][/prefix]`, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerAddress {
    text: String,
    is_https: bool,
    is_loopback: bool,
}

/// A text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the address of a server, such as https://redoubt.example.org:8443")]
pub struct NotAnAddress(String);

impl ServerAddress {
    /// Where a path of the protocol is found.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// Whether the way there is encrypted.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether what goes there can be read and changed on the way.
    pub fn is_exposed(&self) -> bool {
        !self.is_https && !self.is_loopback
    }
}

impl FromStr for ServerAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim().trim_end_matches('/');
        let read = || {
            let uri: Uri = text.parse().ok()?;
            let is_https = match uri.scheme_str()? {
                "https" => true,
                "http" => false,
                _ => return None,
            };
            let host = uri.host().filter(|host| !host.is_empty())?;
            let has_more = uri.query().is_some() || uri.authority()?.as_str().contains('@');
            let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
            let is_loopback =
                ip.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback());
            (!has_more).then(|| Self { text: text.to_owned(), is_https, is_loopback })
        };
        read().ok_or_else(|| NotAnAddress(text.to_owned()))
    }
}

impl TryFrom<String> for ServerAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl From<ServerAddress> for String {
    fn from(address: ServerAddress) -> Self {
        address.text
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_protocol_follows_the_prefix() {
        let address: ServerAddress = "https://a.example:8443/redoubt/".parse().unwrap();
        assert_eq!(address.url("/agent/v1/enroll"), "https://a.example:8443/redoubt/agent/v1/enroll");
        assert!(!address.is_exposed());
    }

    #[test]
    fn plain_http_is_exposed_unless_it_stays_on_the_machine() {
        for (text, exposed) in [
            ("http://a.example", true),
            ("http://127.0.0.1:8080", false),
            ("http://localhost", false),
            ("http://[::1]:8080", false),
            ("https://a.example", false),
        ] {
            assert_eq!(text.parse::<ServerAddress>().unwrap().is_exposed(), exposed, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "a.example",
            "ftp://a.example",
            "https://",
            "https://u:p@a.example",
            "https://a.example/?x=1",
        ] {
            assert!(text.parse::<ServerAddress>().is_err(), "{text}");
        }
    }
}
