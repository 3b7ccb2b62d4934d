//! What must be seen in an answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::regexes::regex;
use crate::http::{Request, Response};

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// The body has this text.
    Body(String),
    /// The body matches this regular expression, in which `{{token}}` is the token of the round.
    BodyMatches(String),
    /// A header has a value that matches; the name in lower case.
    Header {
        /// The name, in lower case.
        name: String,
        /// A regular expression.
        regex: String,
    },
    /// No value of a header matches, or it is not there at all.
    NoHeader {
        /// The name, in lower case.
        name: String,
        /// A regular expression; one that matches anything asks whether the header is there.
        regex: String,
    },
    /// The answer has one of these status codes.
    Status(Vec<u16>),
    /// The answer came at least so many milliseconds later than the usual one, which is asked for in the same round.
    Delayed {
        /// Milliseconds.
        by: u64,
        /// The usual request.
        usual: Box<Request>,
    },
    /// The answer is like that of another request, asked in the same round: same status, and the bodies alike by at least
    /// so many percent of their words.
    Like {
        /// The other request.
        other: Box<Request>,
        /// Percent, 0 to 100.
        percent: u8,
    },
    /// Our listener was called with this token, because of the steps.
    Called(String),
    /// A browser that reads the answer would call a dialog with this number: it stands in a script, a handler or a script
    /// URL, as the parsed document has them.
    Executes(String),
    /// A browser that is at `from` goes on to the host by itself: by `Location` or a refresh.
    Leads {
        /// The URL that was asked for.
        from: String,
        /// The host, or one above it.
        host: String,
    },
    /// A browser that opened the last request's URL ran the script that carries this marker; with `left:` before a host, it
    /// was led there by a script.
    Ran(String),
    /// A connection that opened the last request's URL has this property of its transport (see `checks::tls`).
    Transport(String),
    /// The server waits so long for the rest of the last request, which says what of it is kept back
    /// (`http::UNFINISHED`).
    Waits {
        /// Seconds.
        seconds: u8,
    },
    /// Every one of these.
    All(Vec<Expect>),
    /// At least one of these.
    Any(Vec<Expect>),
    /// Not this.
    Not(Box<Expect>),
}

/// What shows a finding: a part of the answer, and where in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// A part of the answer, or a sentence about it.
    pub text: String,
    /// Where in `text` the thing itself begins, in bytes.
    pub offset: usize,
    /// How many bytes it has.
    pub length: usize,
}

/// Bytes of an answer shown on either side of the evidence.
const AROUND: usize = 80;
/// Most bytes of the evidence itself.
const LONGEST: usize = 600;

impl Evidence {
    /// A sentence.
    #[must_use]
    pub fn sentence(text: impl Into<String>) -> Self {
        Self { text: text.into(), offset: 0, length: 0 }
    }

    /// A part of a text, with what stands around it.
    #[must_use]
    pub fn around(text: &str, begin: usize, length: usize) -> Self {
        let length = length.min(LONGEST);
        let from = text.floor_char_boundary(begin.saturating_sub(AROUND));
        let end = text.ceil_char_boundary((begin + length + AROUND).min(text.len()));
        let shown = text.get(from..end).unwrap_or_default().replace('\0', "\u{fffd}");
        Self { offset: begin - from, length: length.min(shown.len()), text: shown }
    }
}

/// What a round brought to light, beside the last answer.
#[derive(Debug, Default)]
pub struct Seen {
    /// The last answer.
    pub response: Response,
    /// Answers to the requests that an expectation itself names, in the order in which it names them.
    pub others: Vec<Response>,
    /// Tokens that our listener was called with.
    pub called: Vec<String>,
    /// Markers that a browser ran.
    pub ran: Vec<String>,
    /// Properties of the transport.
    pub transport: Vec<String>,
    /// Whether the server waited for the rest of the last request.
    pub waited: bool,
    /// The token of the round, which a regular expression for the body may name as requests do.
    pub token: String,
}

impl Expect {
    /// A header that is there with any value.
    #[must_use]
    pub fn header(name: &str, regex: impl Into<String>) -> Self {
        Self::Header { name: name.to_owned(), regex: regex.into() }
    }

    /// A header that is not there.
    #[must_use]
    pub fn no_header(name: &str) -> Self {
        Self::NoHeader { name: name.to_owned(), regex: String::new() }
    }

    /// The requests that it names, which are sent in each round.
    pub(super) fn others(&self) -> Vec<&Request> {
        match self {
            Self::Delayed { usual: other, .. } | Self::Like { other, .. } => vec![other],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::others).collect(),
            Self::Not(part) => part.others(),
            _ => Vec::new(),
        }
    }

    /// Tokens that it waits to be called with.
    pub(super) fn tokens(&self) -> Vec<&str> {
        match self {
            Self::Called(token) => vec![token],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::tokens).collect(),
            Self::Not(part) => part.tokens(),
            _ => Vec::new(),
        }
    }

    /// Whether a listener must be called, so that nothing can be seen without one.
    #[must_use]
    pub fn wants_calls(&self) -> bool {
        !self.tokens().is_empty()
    }

    /// Markers that it wants a browser to run.
    pub(super) fn markers(&self) -> Vec<&str> {
        match self {
            Self::Ran(marker) => vec![marker],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::markers).collect(),
            Self::Not(part) => part.markers(),
            _ => Vec::new(),
        }
    }

    /// For how long it wants the server to wait.
    pub(super) fn waits(&self) -> Option<u8> {
        match self {
            Self::Waits { seconds } => Some(*seconds),
            Self::All(parts) | Self::Any(parts) => parts.iter().find_map(Self::waits),
            Self::Not(part) => part.waits(),
            _ => None,
        }
    }

    /// Whether it asks about the transport.
    pub(super) fn asks_transport(&self) -> bool {
        match self {
            Self::Transport(_) => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_transport),
            Self::Not(part) => part.asks_transport(),
            _ => false,
        }
    }

    /// The evidence, when it is so.
    #[must_use]
    pub fn find(&self, seen: &Seen) -> Option<Evidence> {
        self.find_with(seen, &mut seen.others.iter())
    }

    fn find_with<'a>(
        &self,
        seen: &Seen,
        others: &mut (dyn Iterator<Item = &'a Response> + 'a),
    ) -> Option<Evidence> {
        let response = &seen.response;
        match self {
            Self::Body(text) => {
                let at = memchr::memmem::find(response.text().as_bytes(), text.as_bytes())?;
                Some(Evidence::around(response.text(), at, text.len()))
            }
            Self::BodyMatches(pattern) => {
                let pattern = pattern.replace(super::TOKEN, &seen.token);
                let found = regex(&pattern).ok()?.find(response.text())?.range();
                Some(Evidence::around(response.text(), found.start, found.len()))
            }
            Self::Header { name, regex: pattern } => {
                let regex = regex(pattern).ok()?;
                let value = response.all(name).find(|value| regex.is_match(value))?;
                let found = regex.find(value)?.range();
                let line = format!("{name}: {value}");
                Some(Evidence { offset: name.len() + 2 + found.start, length: found.len(), text: line })
            }
            Self::NoHeader { name, regex: pattern } => {
                let regex = regex(pattern).ok()?;
                let has = response.all(name).any(|value| regex.is_match(value));
                let value = response.header(name).map(|value| format!("{name}: {value}"));
                (!has).then(|| Evidence::sentence(value.unwrap_or_else(|| format!("{name}: Header missing"))))
            }
            Self::Status(codes) => codes
                .contains(&response.status)
                .then(|| Evidence::sentence(format!("The answer has status {}.", response.status))),
            Self::Delayed { by, .. } => {
                let usual = others.next()?;
                let later = response.elapsed.saturating_sub(usual.elapsed);
                (later >= Duration::from_millis(*by)).then(|| {
                    Evidence::sentence(format!(
                        "The answer came at least {by} milliseconds later than the usual one."
                    ))
                })
            }
            Self::Like { percent, .. } => {
                let other = others.next()?;
                let alike =
                    other.status == response.status && likeness(other.text(), response.text()) >= *percent;
                alike.then(|| Evidence::sentence("The answer is like that of the compared request."))
            }
            Self::Executes(marker) => super::executes::executes(response, marker).then(|| {
                let at = response.text().find(marker.as_str()).unwrap_or_default();
                Evidence::around(response.text(), at, marker.len())
            }),
            Self::Leads { from, host } => {
                let all = super::leads::destinations(response);
                let to = all.into_iter().find(|to| super::leads::is_at(from, to, host))?;
                let said = format!("The answer leads to {to}");
                Some(Evidence { offset: said.len() - to.len(), length: to.len(), text: said })
            }
            Self::Called(token) => seen
                .called
                .contains(token)
                .then(|| Evidence::sentence("The server called the address that was given to it.")),
            Self::Ran(marker) => seen.ran.contains(marker).then(|| match marker.strip_prefix("left:") {
                Some(host) => Evidence::sentence(format!("A script of the page led the browser to {host}.")),
                None => Evidence::sentence("The browser ran the script that was put in."),
            }),
            Self::Transport(property) => {
                seen.transport.contains(property).then(|| Evidence::sentence(property.clone()))
            }
            Self::Waits { seconds } => seen.waited.then(|| {
                Evidence::sentence(format!("The server waited {seconds} seconds for the rest of a request."))
            }),
            Self::All(parts) => {
                let found: Option<Vec<Evidence>> =
                    parts.iter().map(|part| part.find_with(seen, others)).collect();
                // What stands in the answer says more than a sentence about it.
                found?
                    .into_iter()
                    .reduce(|best, next| if best.length == 0 && next.length > 0 { next } else { best })
            }
            Self::Any(parts) => {
                let found: Vec<Option<Evidence>> =
                    parts.iter().map(|part| part.find_with(seen, others)).collect();
                found.into_iter().flatten().next()
            }
            Self::Not(part) => match part.find_with(seen, others) {
                Some(_) => None,
                None => Some(Evidence::sentence("It is not there.")),
            },
        }
    }
}

/// How many percent of the words of two texts are the same, in multiplicity; 100 for equal texts.
#[must_use]
pub(crate) fn likeness(a: &str, b: &str) -> u8 {
    use std::collections::HashMap;
    if a == b {
        return 100;
    }
    fn words(text: &str) -> impl Iterator<Item = &str> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
    }
    let mut counts: HashMap<&str, i64> = HashMap::new();
    let (mut total, mut same) = (0_usize, 0_usize);
    for word in words(a) {
        *counts.entry(word).or_default() += 1;
        total += 1;
    }
    for word in words(b) {
        total += 1;
        if let Some(left) = counts.get_mut(word).filter(|left| **left > 0) {
            *left -= 1;
            same += 2;
        }
    }
    if total == 0 {
        return 100;
    }
    u8::try_from(same * 100 / total).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Target;

    fn seen(response: Response) -> Seen {
        Seen { response, ..Seen::default() }
    }

    #[test]
    fn expectations_say_where_they_are_met() {
        let answer = seen(Response::new(200, &[("X-A", "one two")], "some <b>text</b> here"));
        let found = Expect::Body("<b>".into()).find(&answer).unwrap();
        assert_eq!((found.offset, found.length, found.text.as_str()), (5, 3, "some <b>text</b> here"));
        assert_eq!(Expect::header("x-a", "two").find(&answer).unwrap().offset, 9);
        assert!(
            Expect::no_header("x-b").find(&answer).is_some()
                && Expect::no_header("x-a").find(&answer).is_none()
        );
        assert!(Expect::Not(Box::new(Expect::Body("absent".into()))).find(&answer).is_some());
        assert!(
            Expect::All(vec![Expect::Status(vec![200]), Expect::Body("absent".into())])
                .find(&answer)
                .is_none()
        );
        assert!(Expect::BodyMatches("(".into()).find(&answer).is_none());
    }

    #[test]
    fn delays_and_likeness_are_judged_beside_other_answers() {
        let other = Box::new(Request::get(Target::parse("http://a.test/").unwrap()));
        let mut slow = seen(Response::new(200, &[], "a b c d").after(Duration::from_millis(2_100)));
        slow.others = vec![Response::new(200, &[], "a b c x").after(Duration::from_millis(90))];
        assert!(Expect::Delayed { by: 2_000, usual: other.clone() }.find(&slow).is_some());
        assert!(Expect::Delayed { by: 2_050, usual: other.clone() }.find(&slow).is_none());
        assert!(Expect::Like { other: other.clone(), percent: 75 }.find(&slow).is_some());
        assert!(Expect::Like { other, percent: 76 }.find(&slow).is_none());
    }
}
