//! URLs of web applications.

use url::Url;

/// The longest URL, in characters.
const LONGEST: usize = 2_048;

/// The absolute http or https URL of a web application, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl {
    text: String,
    key: String,
}

impl WebUrl {
    /// Reads a URL; none if it is not absolute, not of the web, holds a password or blanks, or is too long.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
        if text.chars().nth(LONGEST).is_some() || !text.chars().all(is_plain) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_open = url.username().is_empty() && url.password().is_none();
        let has_host = url.host_str().is_some_and(|host| !host.is_empty());
        // The parser mends what nobody should rely on, such as `http:host`.
        let is_absolute = text.get(url.scheme().len()..).is_some_and(|rest| rest.starts_with("://"));
        if !(is_web && is_open && has_host && is_absolute) {
            return None;
        }
        let mut plain = url;
        plain.set_fragment(None);
        let key = plain.as_str().trim_end_matches('/').to_owned();
        Some(Self { text: text.to_owned(), key })
    }

    /// What two URLs share that lead to the same place: in lower case where that does not matter, without default port
    /// and without slash at the end.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// As it was given.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Whether two texts are URLs of the same place.
    pub fn is_same(one: &str, other: &str) -> bool {
        let key = |text| Self::read(text).map(|url| url.key);
        key(one).is_some_and(|one| key(other) == Some(one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_lead_to_the_same_place_share_their_key() {
        for (one, other) in [
            ("http://shop.lab.example", "HTTP://Shop.Lab.Example:80/"),
            ("https://192.0.2.17", "https://192.0.2.17:443/#top"),
            ("https://[2001:db8::1]:8443/app/", "https://[2001:DB8:0::1]:8443/app"),
        ] {
            assert!(WebUrl::is_same(one, other), "{one} {other}");
        }
        assert!(!WebUrl::is_same("http://a.example", "https://a.example"));
        assert!(!WebUrl::is_same("http://a.example/x", "http://a.example/X"));
        assert_eq!(WebUrl::read(" http://A.example/ ").unwrap().into_text(), "http://A.example/");
    }

    #[test]
    fn what_is_no_url_of_the_web_is_refused() {
        for wrong in [
            "",
            "shop.lab.example",
            "ftp://a.example",
            "http://",
            "http:a.example",
            "http:/a.example",
            "http://a b.example",
            "http://a.example/\u{1}",
            "http://me:secret@a.example",
            "javascript:alert(1)",
            "http://a.example:99999",
            &format!("http://a.example/{}", "x".repeat(3_000)),
        ] {
            assert_eq!(WebUrl::read(wrong), None, "{wrong}");
        }
    }
}
