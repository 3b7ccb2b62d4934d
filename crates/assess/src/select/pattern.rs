//! The text of selectors, read.

use regex::{Regex, RegexBuilder};

/// Most words of one selector, which bounds the depth of a search.
const WORDS: usize = 48;
/// Largest compiled regular expression, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// A selector, ready to search with.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    /// Begins at the top even inside a block: written with a leading `/`.
    pub(super) absolute: bool,
    /// The first step is the block itself: written with a leading `.`.
    pub(super) own: bool,
    pub(super) steps: Vec<Step>,
    pub(super) names: Vec<String>,
}

/// Why a selector cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No words at all, or none in one step.
    #[error("the selector has an empty step; write for example \"line vty / transport input <v...>\"")]
    Empty,
    /// More words than a search is allowed to follow.
    #[error("the selector has more than {WORDS} words")]
    TooLong,
    /// `<` without `>`, or nothing between them.
    #[error("{0:?} is no capture; write <name> for one word or <name...> for the rest of the line")]
    Capture(String),
    /// A regular expression that is wrong, too large or not possible in linear time.
    #[error("the regular expression is not accepted: {0}")]
    Regex(String),
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Words { words: Vec<Word>, whole: bool },
    Line { regex: Regex, captures: Vec<(usize, usize)> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Literal(String),
    OneOf(Vec<String>),
    Any,
    Capture(usize),
    Rest(Option<usize>),
}

impl Pattern {
    /// Reads a selector.
    ///
    /// # Errors
    /// [`PatternError`] when it cannot be read.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut pattern = Self {
            source: text.to_owned(),
            absolute: false,
            own: false,
            steps: Vec::new(),
            names: Vec::new(),
        };
        let mut rest = text.trim();
        if let Some(after) = rest.strip_prefix("/ ") {
            (pattern.absolute, rest) = (true, after);
        } else if let Some(after) = rest.strip_prefix(". ") {
            (pattern.own, rest) = (true, after);
        }
        for step in rest.split(" / ") {
            let step = pattern.step(step.trim())?;
            pattern.steps.push(step);
        }
        let words: usize = pattern.steps.iter().map(Step::len).sum();
        if words > WORDS { Err(PatternError::TooLong) } else { Ok(pattern) }
    }

    /// The selector as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether it begins at the top even inside a block.
    pub(crate) fn is_absolute(&self) -> bool {
        self.absolute
    }

    /// The names of its captures.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn step(&mut self, text: &str) -> Result<Step, PatternError> {
        if text.starts_with('^') {
            return self.line(text);
        }
        let (text, whole) = match text.strip_suffix('$') {
            Some(before) if before.is_empty() || before.ends_with(' ') => (before, true),
            _ => (text, false),
        };
        let mut words = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some((quoted, after)) = rest.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
                words.push(Word::Literal(quoted.to_owned()));
                rest = after.trim_start();
                continue;
            }
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            words.push(self.word(word)?);
            rest = after.trim_start();
        }
        if words.is_empty() { Err(PatternError::Empty) } else { Ok(Step::Words { words, whole }) }
    }

    fn word(&mut self, text: &str) -> Result<Word, PatternError> {
        match text {
            "*" => return Ok(Word::Any),
            "..." => return Ok(Word::Rest(None)),
            _ => {}
        }
        if let Some(inner) = text.strip_prefix('<') {
            let name = inner.strip_suffix('>').filter(|n| !n.is_empty());
            let name = name.ok_or_else(|| PatternError::Capture(text.to_owned()))?;
            return Ok(match name.strip_suffix("...") {
                Some("") => return Err(PatternError::Capture(text.to_owned())),
                Some(name) => Word::Rest(Some(self.name(name))),
                None => Word::Capture(self.name(name)),
            });
        }
        if text.len() > 1 && text.contains('|') {
            return Ok(Word::OneOf(text.split('|').map(str::to_owned).collect()));
        }
        Ok(Word::Literal(text.to_owned()))
    }

    fn name(&mut self, name: &str) -> usize {
        if let Some(at) = self.names.iter().position(|n| n == name) {
            return at;
        }
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    fn line(&mut self, text: &str) -> Result<Step, PatternError> {
        let regex = regex(text).map_err(PatternError::Regex)?;
        let named: Vec<(usize, String)> =
            regex.capture_names().enumerate().filter_map(|(at, name)| Some((at, name?.to_owned()))).collect();
        let captures = named.into_iter().map(|(at, name)| (at, self.name(&name))).collect();
        Ok(Step::Line { regex, captures })
    }
}

/// Compiles a regular expression of a rule; the engine has no constructs that are not linear.
pub(crate) fn regex(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(REGEX_SIZE).build().map_err(|e| match e {
        regex::Error::CompiledTooBig(limit) => format!("it is larger than {limit} bytes when compiled"),
        other => {
            other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    })
}

impl Step {
    fn len(&self) -> usize {
        match self {
            Self::Words { words, .. } => words.len(),
            Self::Line { .. } => 1,
        }
    }
}

impl Word {
    pub(super) fn fits(&self, word: &str) -> bool {
        match self {
            Self::Literal(literal) => glob(literal, word),
            Self::OneOf(any) => any.iter().any(|literal| glob(literal, word)),
            Self::Any | Self::Capture(_) | Self::Rest(_) => true,
        }
    }
}

/// Equality in any case; one `*` in the literal stands for any characters.
fn glob(literal: &str, word: &str) -> bool {
    if literal.eq_ignore_ascii_case(word) {
        return true;
    }
    let Some((start, end)) = literal.split_once('*') else { return false };
    let from_end = word.len().checked_sub(end.len());
    word.len() >= start.len() + end.len()
        && word.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start))
        && from_end.and_then(|at| word.get(at..)).is_some_and(|e| e.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        assert_eq!(Pattern::parse(" ").unwrap_err(), PatternError::Empty);
        assert_eq!(Pattern::parse("a /  / b").unwrap_err(), PatternError::Empty);
        assert_eq!(Pattern::parse("a <v").unwrap_err(), PatternError::Capture("<v".into()));
        assert!(
            matches!(Pattern::parse("^a(?=b)"), Err(PatternError::Regex(_))),
            "look-around is not linear"
        );
        assert!(
            matches!(Pattern::parse(r"^(a)\1"), Err(PatternError::Regex(_))),
            "back-references are not linear"
        );
        assert!(matches!(Pattern::parse("^(a{1000}){1000}"), Err(PatternError::Regex(_))));
        assert_eq!(Pattern::parse(&"a ".repeat(60)).unwrap_err(), PatternError::TooLong);
    }

    #[test]
    fn captures_are_listed_in_order() {
        let pattern = Pattern::parse(r"line vty <range...> / ^transport input (?P<v>.+)$").expect("pattern");
        assert_eq!(pattern.names(), ["range", "v"]);
    }
}
