//! Pairs of conditions: what is true must be answered otherwise than what is false, whatever the words of both are.

use super::difference::{Gist, sign};
use super::facts::Facts;
use crate::checks::{Bench, Entry};
use crate::http::Request;
use crate::point::Point;
use crate::proof::{Evidence, Expect, Proof};

/// Two ways to say yes and two to say no, in words that differ as much between the ways as between yes and no.
pub(super) struct Choice {
    /// The requests for yes, with what was put in.
    pub(super) yes: [(Request, String); 2],
    /// The requests for no, with what was put in.
    pub(super) no: [(Request, String); 2],
    /// More pairs of yes and no, in other words: what is answered by the letters of a value, by its length or its
    /// hash, agrees with two pairs by chance.
    pub(super) more: Vec<[(Request, String); 2]>,
}

/// What takes the place of the numbers and of the word of conditions in further pairs: of other lengths, in the same order.
const OTHERS: [(&str, &str, &str); 5] = [
    ("5", "64", "zqx"),
    ("12", "8096", "zqxyz"),
    ("4", "2001", "zqab"),
    ("29", "31", "zqvwxyz"),
    ("16", "905", "zqk"),
];

/// A condition with other numbers and another word.
fn otherwise(condition: &str, (low, high, word): (&str, &str, &str)) -> String {
    let changed = condition.replace("37", "\u{1}").replace("73", "\u{2}").replace("zq", word);
    changed.replace('\u{1}', low).replace('\u{2}', high)
}

/// Conditions for [`Choice`]s: the same letters in both, and what is in order in the first is the other way in the second.
pub(super) const CONDITIONS: ([&str; 2], [&str; 2]) = (["37<73", "73>37"], ["73<37", "37>73"]);

impl Choice {
    /// A choice from what makes a value of a condition.
    pub(super) fn of(conditions: ([&str; 2], [&str; 2]), make: impl Fn(&str) -> (Request, String)) -> Self {
        let ([yes, yes_too], [no, no_too]) = conditions;
        let pair = |(at, words): (usize, (&str, &str, &str))| {
            let (yes, no) = if at % 2 == 0 { (yes, no) } else { (yes_too, no_too) };
            [make(&otherwise(yes, words)), make(&otherwise(no, words))]
        };
        let more = OTHERS.into_iter().enumerate().map(pair).collect();
        Self { yes: conditions.0.map(&make), no: conditions.1.map(&make), more }
    }

    /// The same, but gives up after one request when yes has no effect beside a plain word.
    pub(super) async fn prove_beside(
        &self,
        bench: &Bench<'_>,
        entry: &Entry,
        (point, known): (&Point, &Facts),
    ) -> Option<(String, Proof)> {
        let [(request, put), _] = &self.yes;
        let answer = bench.send_of(entry, request).await.ok()?;
        if known.says_nothing(point, &answer, put) {
            return None;
        }
        self.prove_from(bench, entry, Gist::of(&answer, &[put])).await
    }

    /// Proves that yes and no are answered otherwise; gives what was put in for yes.
    pub(super) async fn prove(&self, bench: &Bench<'_>, entry: &Entry) -> Option<(String, Proof)> {
        let [(request, put), _] = &self.yes;
        let answer = bench.send_of(entry, request).await.ok()?;
        self.prove_from(bench, entry, Gist::of(&answer, &[put])).await
    }

    async fn prove_from(&self, bench: &Bench<'_>, entry: &Entry, first: Gist) -> Option<(String, Proof)> {
        let ask = async |(request, put): &(Request, String)| {
            bench.send_of(entry, request).await.ok().map(|answer| Gist::of(&answer, &[put]))
        };
        let [yes, yes_too] = &self.yes;
        let [no, no_too] = &self.no;
        let second = ask(no).await?;
        if first.same_as(&second) || tell(&[&first], &[&second]).is_none() {
            return None;
        }
        let third = ask(no_too).await?;
        let fourth = ask(yes_too).await?;
        tell(&[&first, &fourth], &[&second, &third])?;
        let again = ask(yes).await?;
        let and_again = ask(no).await?;
        let (mut all_yes, mut all_no) =
            (vec![first.clone(), fourth, again.clone()], vec![second.clone(), third, and_again.clone()]);
        for [yes, no] in &self.more {
            all_yes.push(ask(yes).await?);
            all_no.push(ask(no).await?);
        }
        let (yes_gists, no_gists): (Vec<&Gist>, Vec<&Gist>) =
            (all_yes.iter().collect(), all_no.iter().collect());
        let expect = tell(&yes_gists, &no_gists)?;
        // On a page that changes by itself, chance could agree for a while.
        let rounds = if first.same_as(&again) && second.same_as(&and_again) { 4 } else { 8 };
        let replay = entry.replay(yes.0.clone(), expect, no.0.clone()).rounds(rounds);
        let proof = bench.prove(replay).await.ok()?;
        let evidence = proof.evidence().text.clone();
        let said = if evidence.is_empty() || evidence == "It is not there." {
            "The answers to a true and to a false condition differ.".to_owned()
        } else {
            format!("The answers to a true and to a false condition differ. For the true one: {evidence}")
        };
        Some((yes.1.clone(), proof.saying(Evidence::sentence(said))))
    }
}

/// What tells yes from no: something that yes shows alone, or something that no shows alone.
fn tell(yes: &[&Gist], no: &[&Gist]) -> Option<Expect> {
    sign(yes, no).or_else(|| sign(no, yes).map(|expect| Expect::Not(Box::new(expect))))
}
