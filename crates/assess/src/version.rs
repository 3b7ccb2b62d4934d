//! Versions of network systems, compared as their makers count them.
//!
//! A version is a row of numbers and letter groups; marks between them only separate. So `15.2(4)E7` is
//! `15 2 4 E 7`, `9.1.1b` is `9 1 1 b` and `22.4R3-S2.11` is `22 4 R 3 S 2 11`. A longer version with the same
//! beginning is the newer one, except that a pre-release mark (`rc`, `beta`, `alpha`) comes before it.

use std::cmp::Ordering;

/// One piece of a version. Letters sort after numbers at the same place: `9.1b` is newer than `9.1.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Letters(String),
}

fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    while let Some(first) = rest.chars().next() {
        let same = |c: char| {
            if first.is_ascii_digit() { c.is_ascii_digit() } else { c.is_ascii_alphabetic() }
        };
        if !first.is_ascii_alphanumeric() {
            rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            continue;
        }
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        found.push(match piece.parse() {
            Ok(number) => Part::Number(number),
            Err(_) => Part::Letters(piece.to_ascii_lowercase()),
        });
        rest = after;
    }
    found
}

/// Compares two versions of one product.
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    for (left, right) in a.iter().zip(&b) {
        match left.cmp(right) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    match (a.get(b.len()), b.get(a.len())) {
        (Some(extra), _) => after_same_start(extra),
        (_, Some(extra)) => after_same_start(extra).reverse(),
        _ => Ordering::Equal,
    }
}

fn after_same_start(extra: &Part) -> Ordering {
    match extra {
        Part::Letters(mark) if matches!(mark.as_str(), "rc" | "beta" | "alpha" | "dev") => Ordering::Less,
        _ => Ordering::Greater,
    }
}

/// A range of versions such as `>=15.2 <16` or `<9.0 || >=9.2`: blanks or commas mean *and*, `||` means *or*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    source: String,
    /// Any of these alternatives, each of which wants all its bounds.
    alternatives: Vec<Vec<Bound>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    relation: Relation,
    version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The same version, or one that continues it: `=15.2` accepts `15.2(4)E7`.
    StartsWith,
}

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// A message that says what part could not be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let alternatives: Vec<Vec<Bound>> = text
            .split("||")
            .map(|part| part.split([' ', ',']).filter(|p| !p.is_empty()).map(bound).collect())
            .collect::<Result<_, _>>()?;
        if alternatives.iter().any(Vec::is_empty) {
            return Err(format!(
                "version range {text:?} has an empty part; write for example \">=15.2 <16\""
            ));
        }
        Ok(Self { source: text.to_owned(), alternatives })
    }

    /// Whether the version lies in the range.
    #[must_use]
    pub fn contains(&self, version: &str) -> bool {
        self.alternatives.iter().any(|bounds| bounds.iter().all(|b| b.admits(version)))
    }

    /// The range as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

fn bound(text: &str) -> Result<Bound, String> {
    let relations = [
        (">=", Relation::GreaterOrEqual),
        ("<=", Relation::LessOrEqual),
        (">", Relation::Greater),
        ("<", Relation::Less),
        ("=", Relation::StartsWith),
    ];
    let (relation, version) = relations
        .iter()
        .find_map(|(sign, relation)| Some((*relation, text.strip_prefix(sign)?)))
        .unwrap_or((Relation::StartsWith, text));
    if !version.contains(|c: char| c.is_ascii_digit()) {
        return Err(format!("{text:?} is no version bound; write for example \">=15.2\""));
    }
    Ok(Bound { relation, version: version.to_owned() })
}

impl Bound {
    fn admits(&self, version: &str) -> bool {
        let order = compare(version, &self.version);
        match self.relation {
            Relation::Less => order == Ordering::Less,
            Relation::LessOrEqual => order != Ordering::Greater,
            Relation::Greater => order == Ordering::Greater,
            Relation::GreaterOrEqual => order != Ordering::Less,
            Relation::StartsWith => parts(version).starts_with(&parts(&self.version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_their_makers_order_them() {
        let rising = [
            ["15.2(4)E6", "15.2(4)E7"],
            ["12.4(25)", "15.0(1)M"],
            ["9.1.1", "9.1.1b"],
            ["v8.2.3a", "v8.2.10"],
            ["R80.40", "R81"],
            ["17.09.04a", "17.12.01"],
            ["20.4R3", "22.4R3-S2.11"],
            ["7.0(3)I7(8)", "9.3(5)"],
            ["10.1.0-rc1", "10.1.0"],
            ["10.1.6", "10.1.6-h3"],
            ["7.0.9", "7.0.10"],
        ];
        for [old, new] in rising {
            assert_eq!(compare(old, new), Ordering::Less, "{old} < {new}");
            assert_eq!(compare(new, old), Ordering::Greater, "{new} > {old}");
            assert_eq!(compare(new, new), Ordering::Equal);
        }
    }

    #[test]
    fn ranges_join_bounds_and_alternatives() {
        let range = Range::parse(">=15.2 <16 || =17.3").expect("range");
        for (version, inside) in
            [("15.2(4)E7", true), ("15.1", false), ("16.9.1", false), ("17.3.4a", true), ("17.30", false)]
        {
            assert_eq!(range.contains(version), inside, "{version}");
        }
        assert!(Range::parse(">=abc").unwrap_err().contains(">=abc"));
        assert!(Range::parse("").is_err());
    }
}
