//! Where a request goes, kept as it is written: a payload in a path must not be tidied away.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

/// The scheme of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL need not name.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The scheme.
    pub scheme: Scheme,
    /// Lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Origin {
    /// As the `Host` header names it.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.parse::<Ipv6Addr>().is_ok() {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == self.scheme.default_port() { host } else { format!("{host}:{}", self.port) }
    }

    /// The address, where the host is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.authority())
    }
}

/// An absolute http or https URL without fragment. Path and query are kept to the letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Where.
    pub origin: Origin,
    /// Begins with a slash; encoded as it is sent.
    pub path: String,
    /// Without the question mark; encoded as it is sent.
    pub query: Option<String>,
}

/// What is wrong with a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is no URL that can be scanned: {why}; give an absolute one such as https://shop.example.test/app"
)]
pub struct TargetError {
    text: String,
    why: String,
}

/// Longest URL that is followed.
pub const MAX_URL: usize = 8_000;

impl Target {
    /// Reads an absolute URL, with the tidying that browsers do.
    ///
    /// # Errors
    /// Not an absolute http or https URL with a host, or longer than [`MAX_URL`].
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let wrong = |why: String| TargetError { text: text.chars().take(200).collect(), why };
        let url = Url::parse(text.trim()).map_err(|error| wrong(error.to_string()))?;
        Self::of(&url)
            .ok_or_else(|| wrong("only http and https with a host and less than 8,000 letters".to_owned()))
    }

    fn of(url: &Url) -> Option<Self> {
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        if url.as_str().len() > MAX_URL {
            return None;
        }
        let host = url.host_str()?.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        if host.is_empty() {
            return None;
        }
        let port = url.port_or_known_default()?;
        let origin = Origin { scheme, host, port };
        Some(Self { origin, path: url.path().to_owned(), query: url.query().map(str::to_owned) })
    }

    /// What a reference on the page at this target means; none when it leads nowhere that can be requested.
    #[must_use]
    pub fn join(&self, reference: &str) -> Option<Self> {
        let base = Url::parse(&self.to_string()).ok()?;
        Self::of(&base.join(reference.trim()).ok()?)
    }

    /// The same place with another path, as it is, and no query.
    #[must_use]
    pub fn at(&self, path: impl Into<String>) -> Self {
        Self { origin: self.origin.clone(), path: path.into(), query: None }
    }

    /// Path and query as the request line has them.
    #[must_use]
    pub fn request_target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// The path up to and with its last slash.
    #[must_use]
    pub fn directory(&self) -> &str {
        self.path.rfind('/').and_then(|at| self.path.get(..=at)).unwrap_or("/")
    }

    /// The last segment of the path.
    #[must_use]
    pub fn file(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.request_target())
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    /// To the letter: what was recorded is sent again as it was.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut target = Self::parse(&text).map_err(serde::de::Error::custom)?;
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        let raw = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/");
        let (path, query) = raw.split_once('?').map_or((raw, None), |(path, query)| (path, Some(query)));
        target.path = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
        target.query = query.map(str::to_owned);
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_joined_as_browsers_do() {
        let page = Target::parse("HTTP://Shop.Example.test:80/a/b?c#d").unwrap();
        assert_eq!(page.to_string(), "http://shop.example.test/a/b?c");
        assert_eq!(page.join("../x?y=1#z").unwrap().to_string(), "http://shop.example.test/x?y=1");
        assert_eq!(page.join("//other.test/x").unwrap().origin.host, "other.test");
        assert!(page.join("javascript:alert(1)").is_none() && page.join("mailto:a@b.test").is_none());
        assert_eq!(Target::parse("https://[::1]:8443/").unwrap().origin.authority(), "[::1]:8443");
        assert!(Target::parse("/relative").is_err() && Target::parse("ftp://a.test/").is_err());
    }

    #[test]
    fn what_was_recorded_is_kept_to_the_letter() {
        let mut target = Target::parse("http://a.test/").unwrap();
        target.path = "/x/..%2f../%2e%2e/etc".to_owned();
        target.query = Some("q=<%00>&q".to_owned());
        let text = serde_json::to_string(&target).unwrap();
        assert_eq!(serde_json::from_str::<Target>(&text).unwrap(), target);
    }
}
