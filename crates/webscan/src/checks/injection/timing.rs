//! Payloads that make the target wait. One slow answer says nothing: replay and control take turns, and each turn has the
//! usual request beside it.

use std::time::Duration;

use crate::checks::{Bench, Entry};
use crate::http::{Fault, Request};
use crate::point::Point;
use crate::proof::{Expect, Proof};

/// How long a payload waits, in seconds.
pub(super) const WAIT: &str = "2";
/// How much later an answer must come, in milliseconds.
const LATER: u64 = 1_400;

/// Tries templates in which `{t}` stands for the seconds to wait (0 in the control) and `{v}` for the usual value.
pub(super) async fn prove_first(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    templates: &[&str],
) -> Option<(String, Proof)> {
    let usual = if entry.before.is_empty() { entry.response.elapsed } else { Duration::ZERO };
    if usual > Duration::from_secs(4) {
        return None;
    }
    for template in templates {
        let fill = |time: &str| template.replace("{t}", time).replace("{v}", &point.value);
        for time in waits(template) {
            let attack = entry.request.with(point, &fill(time));
            let took = match bench.send_of(entry, &attack).await {
                Ok(answer) => answer.elapsed,
                Err(Fault::Cancelled) => return None,
                Err(_) => break,
            };
            if took < usual + SIGN {
                break;
            }
            if took < Duration::from_millis(LATER) {
                continue;
            }
            let control = entry.request.with(point, &fill("0"));
            if let Some(proof) = prove(bench, entry, attack, control).await {
                return Some((fill(time), proof));
            }
            break;
        }
    }
    None
}

/// How much later than usual an answer must come for more work to be worth a try.
pub(super) const SIGN: Duration = Duration::from_millis(250);

/// How long a template waits. One that works instead of sleeping works longer on a quick machine.
fn waits(template: &str) -> &'static [&'static str] {
    if template.contains("RECURSIVE") { &[WAIT, "7"] } else { &[WAIT] }
}

/// Proves that one request waits and another does not; a page that is slow by itself is asked more often.
pub(super) async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    attack: Request,
    control: Request,
) -> Option<Proof> {
    let mut rounds = 3;
    for _ in 0..3 {
        let answer = bench.send_of(entry, &control).await.ok()?;
        if answer.elapsed >= Duration::from_millis(LATER / 2) {
            rounds = 7;
        }
    }
    // A target that is busy in one turn gets a second chance; chance itself would have to win every turn.
    for _ in 0..2 {
        let expect = Expect::Delayed { by: LATER, usual: Box::new(control.clone()) };
        let replay = entry.replay(attack.clone(), expect, control.clone()).rounds(rounds);
        if let Ok(proof) = bench.prove(replay).await {
            return Some(proof);
        }
    }
    None
}
