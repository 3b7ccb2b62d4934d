//! URL parameters (contract/qps.md 1 and 14).

/// The parameters of a query string: decoded once, trimmed, the last of a name wins, junk such as `?=` is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// In the order of first mention; each name once.
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Reads the raw query, with or without its `?`. Never fails: what can't be decoded stays as it was sent.
    pub fn parse(raw: &str) -> Self {
        Self::read(raw, |text| decoded(text).trim().to_owned())
    }

    /// Reads the fields of a form, whose values keep their blanks: a password may begin or end with one.
    pub fn parse_form(raw: &str) -> Self {
        Self::read(raw, decoded)
    }

    fn read(raw: &str, decoded: impl Fn(&str) -> String) -> Self {
        let mut query = Self::default();
        for pair in raw.strip_prefix('?').unwrap_or(raw).split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name);
            if !name.is_empty() {
                query.put(name, decoded(value));
            }
        }
        query
    }

    /// The value of a parameter; `Some("")` if it is there but blank. Names are case-sensitive.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn put(&mut self, name: String, value: String) {
        match self.parameters.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((name, value)),
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match escaped_byte(after) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => bytes.push(b'%'),
            },
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn escaped_byte(after_percent: &[u8]) -> Option<u8> {
    let [high, low, ..] = after_percent else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_once_and_trimmed() {
        let query = Query::parse("?module=AGENT_VM%2CAGENT_PC&fields=+id%20&text=%2541%C3%A9");
        assert_eq!(query.get("module"), Some("AGENT_VM,AGENT_PC"));
        assert_eq!(query.get("fields"), Some("id"));
        assert_eq!(query.get("text"), Some("%41é"));
        assert_eq!(query.get("Module"), None);
    }

    #[test]
    fn values_of_a_form_keep_their_blanks() {
        let form = Query::parse_form("username=kim&password=+a%2Bb%20&token=true");
        assert_eq!(form.get("password"), Some(" a+b "));
        assert_eq!(form.get("token"), Some("true"));
    }

    #[test]
    fn the_last_one_wins() {
        let query = Query::parse("a=1&b=2&a=3");
        assert_eq!(query.iter().collect::<Vec<_>>(), [("a", "3"), ("b", "2")]);
    }

    #[test]
    fn junk_is_ignored() {
        for raw in ["", "?", "=", "?=", "?=&", "&&&", "=x&=y", "%20=1"] {
            assert_eq!(Query::parse(raw), Query::default(), "{raw}");
        }
        assert_eq!(Query::parse("?=&module=AGENT_VM").get("module"), Some("AGENT_VM"));
        assert_eq!(Query::parse("flag").get("flag"), Some(""));
    }

    #[test]
    fn broken_escapes_stay_and_broken_text_is_marked() {
        assert_eq!(
            Query::parse("a=100%&b=%zz&c=%4&d=%FF").iter().map(|(_, v)| v).collect::<Vec<_>>(),
            ["100%", "%zz", "%4", "\u{FFFD}"]
        );
    }
}
