//! What is right and what is false, by the truth of the range.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// The truth about a case, as `redoubt range --format json` tells it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) half: String,
    pub(super) family: String,
    pub(super) vulnerable: bool,
    pub(super) entry: String,
    pub(super) qids: Vec<u32>,
    pub(super) cwe: Vec<u32>,
    #[serde(default)]
    pub(super) why: String,
    #[serde(default, rename = "safeBecause")]
    pub(super) safe_because: String,
    pub(super) needs: Option<String>,
}

/// A finding of any tool.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// `http://127.0.0.1:8080`.
    pub(super) origin: String,
    pub(super) path: String,
    pub(super) method: String,
    pub(super) parameter: Option<String>,
    /// The QID, or 0 for a tool that has none.
    pub(super) qid: u32,
    pub(super) cwe: Vec<u32>,
    pub(super) title: String,
}

/// Of one family, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) vulnerable: usize,
    pub(super) found: usize,
    pub(super) safe: usize,
    pub(super) false_positives: usize,
}

impl Count {
    pub(super) fn recall(&self) -> f64 {
        if self.vulnerable == 0 { 100.0 } else { 100.0 * self.found as f64 / self.vulnerable as f64 }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.vulnerable += other.vulnerable;
        self.found += other.found;
        self.safe += other.safe;
        self.false_positives += other.false_positives;
    }
}

/// What came of the cases.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// By half and family.
    pub(super) families: BTreeMap<(String, String), Count>,
    /// Ids of vulnerable cases without a right finding.
    pub(super) missed: BTreeSet<String>,
    /// Ids of safe cases with one that would be right if they were not.
    pub(super) wrong: BTreeSet<String>,
    /// Findings that no case is about, by QID and title: how many, and the cases or paths.
    pub(super) beside: BTreeMap<(u32, String), BTreeSet<String>>,
}

impl Verdict {
    /// Totals, of one half or of both.
    pub(super) fn total(&self, half: Option<&str>) -> Count {
        let mut total = Count::default();
        let of_half = |name: &String| half.is_none_or(|half| half == name);
        self.families.iter().filter(|((name, _), _)| of_half(name)).for_each(|(_, count)| total.add(count));
        total
    }
}

/// The case that a finding is at.
pub(super) fn case_of<'a>(cases: &'a [Case], found: &Found) -> Option<&'a Case> {
    cases.iter().find(|case| {
        let Some(rest) = case.entry.strip_prefix(&found.origin) else { return false };
        match case.needs.as_deref() {
            Some("origin") => rest == "/",
            _ => found.path.starts_with(rest) || format!("{}/", found.path) == rest,
        }
    })
}

fn is_about(case: &Case, found: &Found) -> bool {
    case.qids.contains(&found.qid) || found.cwe.iter().any(|cwe| case.cwe.contains(cwe))
}

/// Judges findings.
pub(super) fn judge(cases: &[Case], found: &[Found]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut hit: BTreeSet<&str> = BTreeSet::new();
    let is_gathered = |found: &Found| found.cwe.is_empty() && found.qid != 0;
    for finding in found {
        match case_of(cases, finding) {
            Some(case) if is_about(case, finding) => drop(hit.insert(&case.id)),
            _ if is_gathered(finding) => {}
            at => {
                // Where it is in the half that is held out is not told.
                let place = match at {
                    Some(case) if case.half == "first" => case.id.clone(),
                    Some(_) => "elsewhere".to_owned(),
                    None => finding.path.clone(),
                };
                let key = (finding.qid, finding.title.clone());
                verdict.beside.entry(key).or_default().insert(place);
            }
        }
    }
    for case in cases {
        let count = verdict.families.entry((case.half.clone(), case.family.clone())).or_default();
        let is_hit = hit.contains(case.id.as_str());
        match case.vulnerable {
            true => {
                count.vulnerable += 1;
                count.found += usize::from(is_hit);
                if !is_hit {
                    verdict.missed.insert(case.id.clone());
                }
            }
            false => {
                count.safe += 1;
                count.false_positives += usize::from(is_hit);
                if is_hit {
                    verdict.wrong.insert(case.id.clone());
                }
            }
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, half: &str, vulnerable: bool) -> Case {
        let (family, _) = id.split_once('/').unwrap();
        Case {
            id: id.to_owned(),
            half: half.to_owned(),
            family: family.to_owned(),
            vulnerable,
            entry: format!("http://127.0.0.1:8/case/{id}/"),
            qids: vec![150_001],
            cwe: vec![79],
            why: String::new(),
            safe_because: String::new(),
            needs: None,
        }
    }

    fn found(path: &str, qid: u32, cwe: u32) -> Found {
        Found {
            origin: "http://127.0.0.1:8".to_owned(),
            path: path.to_owned(),
            method: "GET".to_owned(),
            parameter: None,
            qid,
            cwe: vec![cwe],
            title: "x".to_owned(),
        }
    }

    #[test]
    fn right_false_missed_and_beside_are_told_apart() {
        let cases =
            [case("xss/a", "first", true), case("xss/b", "first", true), case("xss/ab", "second", false)];
        let all = [
            found("/case/xss/a/show", 0, 79),
            found("/case/xss/ab/show", 150_001, 1),
            found("/case/xss/b/show", 7, 1),
            found("/other", 7, 1),
        ];
        let verdict = judge(&cases, &all);
        let first = verdict.total(Some("first"));
        assert_eq!(first, Count { vulnerable: 2, found: 1, safe: 0, false_positives: 0 });
        assert_eq!(verdict.total(None).false_positives, 1);
        assert_eq!(verdict.missed.iter().collect::<Vec<_>>(), ["xss/b"]);
        assert_eq!(verdict.beside[&(7, "x".to_owned())].iter().collect::<Vec<_>>(), ["/other", "xss/b"]);
        assert!(first.recall() > 49.0 && first.recall() < 51.0);
    }
}
