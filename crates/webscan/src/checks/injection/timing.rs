//! Payloads that make the target wait. One slow answer says nothing: replay and control take turns, and each turn has the
//! usual request beside it.

use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::checks::run::points_of;
use crate::checks::{Bench, Entry};
use crate::http::Request;
use crate::point::{Coding, Place, Point};
use crate::proof::{Expect, Proof};

/// How long payloads wait.
struct Wait {
    /// In seconds; what a template does not wait for long enough is tried with the next.
    seconds: &'static [&'static str],
    /// How much later an answer must come, in milliseconds.
    later: u64,
}

/// For targets that answer at once: a turn of each proof is spent waiting.
const SHORT: Wait = Wait { seconds: &["1"], later: 700 };
const LONG: Wait = Wait { seconds: &["2"], later: 1_400 };
/// For payloads that work instead of sleeping, and work longer on a quick machine.
const WORKING: Wait = Wait { seconds: &["2", "7"], later: 1_400 };

/// Tries templates in which `{t}` stands for the seconds to wait (0 in the control) and `{v}` for the usual value.
pub(super) async fn prove_first(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    templates: &[&str],
) -> Option<(String, Proof)> {
    for template in templates {
        let fill = |time: &str| template.replace("{t}", time).replace("{v}", &point.value);
        let found = prove_filled(bench, entry, point, (&fill, template.contains("RECURSIVE"))).await;
        if found.is_some() || bench.client.cancel().is_cancelled() {
            return found;
        }
    }
    None
}

/// Tries one payload, made for the seconds to wait; one that works instead of sleeping says so.
pub(super) async fn prove_filled(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    (fill, works): (&(dyn Fn(&str) -> String + Sync), bool),
) -> Option<(String, Proof)> {
    let usual =
        if entry.before.is_empty() && !entry.follows { entry.response.elapsed } else { Duration::ZERO };
    if usual > Duration::from_secs(4) {
        return None;
    }
    let wait = Wait::of(works, usual);
    for time in wait.seconds {
        let (attack, control) =
            (entry.request.with(point, &fill(time)), entry.request.with(point, &fill("0")));
        let (took, is_free) = late(bench, entry, (&attack, &control), usual).await?;
        if took < usual + SIGN {
            return None;
        }
        if took < Duration::from_millis(wait.later) {
            continue;
        }
        let proving = prove(bench, entry, (attack, control), wait.later);
        let proof = if is_free { proving.await } else { bench.client.alone(proving).await.ok()? };
        return proof.map(|proof| (fill(time), proof));
    }
    None
}

/// How long an answer takes; and when it is late, whether another one comes meanwhile. Where none does, all wait for each other:
/// what others make the target wait for would be taken for this one's wait, in turn after turn.
async fn late(
    bench: &Bench<'_>,
    entry: &Entry,
    (attack, control): (&Request, &Request),
    usual: Duration,
) -> Option<(Duration, bool)> {
    let work = async {
        let mut asked = pin!(bench.send_of(entry, attack));
        tokio::select! {
            answer = &mut asked => return Some((answer.ok()?.elapsed, true)),
            () = sleep(usual + SIGN) => {}
        }
        if bench.client.pace().at_once() < 2 {
            return Some((asked.await.ok()?.elapsed, true));
        }
        let control = bench.session.dress(control);
        let mut other = pin!(bench.client.send(&control));
        tokio::select! {
            answer = &mut asked => Some((answer.ok()?.elapsed, false)),
            other = &mut other => Some((asked.await.ok()?.elapsed, other.is_ok())),
        }
    };
    let walks = !entry.before.is_empty() || entry.follows;
    bench.client.side_by_side(walks, work).await.ok()?
}

/// How much later than usual an answer must come for more work to be worth a try.
pub(super) const SIGN: Duration = Duration::from_millis(250);

impl Wait {
    /// How long a payload waits, or works, where the usual answer takes so long.
    fn of(works: bool, usual: Duration) -> &'static Self {
        if works {
            &WORKING
        } else if usual < Duration::from_millis(150) {
            &SHORT
        } else {
            &LONG
        }
    }
}

/// Proves that one request is answered so many milliseconds later than another; a page that is slow by itself is asked more
/// often.
async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    (attack, control): (Request, Request),
    later: u64,
) -> Option<Proof> {
    let mut rounds = 3;
    for _ in 0..3 {
        let answer = bench.send_of(entry, &control).await.ok()?;
        if answer.elapsed >= Duration::from_millis(later / 2) {
            rounds = 7;
        }
    }
    // A target that is busy in one turn gets a second chance; chance itself would have to win every turn.
    for _ in 0..2 {
        let expect = Expect::Delayed { by: later, usual: Box::new(control.clone()) };
        let replay = entry.replay(attack.clone(), expect, control.clone()).rounds(rounds);
        if let Ok(proof) = bench.prove(replay).await {
            return Some(proof);
        }
    }
    None
}

/// Whether a request could be written into a log: it is no file, and answered.
pub(super) fn may_log(entry: &Entry) -> bool {
    let is_static = entry.response.is_script() || entry.response.media_type() == "text/css";
    !is_static && entry.response.status < 400
}

/// Headers and cookies that an application uses, where nothing of it is shown: all of them wait at once, and only when the
/// answer is late each is tested alone. Reports the first, unless it has one of these QIDs already.
pub(super) async fn unseen(bench: &Bench<'_>, entry: &Entry, templates: &[&str], (qids, qid): (&[u32], u32)) {
    let points: Vec<Point> = points_of(entry, bench).into_iter().filter(is_logged).collect();
    let (headers, cookies): (Vec<Point>, Vec<Point>) =
        points.into_iter().partition(|point| point.place == Place::Header);
    // What stands in a cookie in base64 is read so.
    let is_coded = |point: &Point| {
        point.place == Place::Cookie
            && cookies.iter().any(|other| other.place != Place::Cookie && other.name == point.name)
    };
    let cookies = cookies.iter().filter(|point| !is_coded(point)).cloned().collect();
    for points in [headers, cookies] {
        if points.is_empty() {
            continue;
        }
        for template in templates {
            let put = |point: &Point| template.replace("{t}", "1").replace("{v}", &point.value);
            let all = points.iter().fold(entry.request.clone(), |all, point| all.with(point, &put(point)));
            let Ok(answer) = bench.send_of(entry, &all).await else { return };
            if answer.elapsed < SIGN + entry.response.elapsed {
                continue;
            }
            for point in &points {
                if bench.sink.has_at(qids, &entry.request.url.path, &point.name) {
                    continue;
                }
                if let Some((payload, proof)) = prove_first(bench, entry, point, &[template]).await {
                    return bench.report_at(qid, entry, Some((point, &payload)), proof);
                }
            }
        }
    }
}

/// Whether applications like to log what stands there, or to look it up.
fn is_logged(point: &Point) -> bool {
    match &point.place {
        Place::Cookie => true,
        Place::Within(place, Coding::Base64 { .. }) => **place == Place::Cookie,
        // What says for which host a request is would be answered by another one.
        Place::Header => !["X-Forwarded-Host", "X-Forwarded-Server", "Forwarded", "Origin"]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(&point.name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use parking_lot::{Mutex, MutexGuard};

    use super::*;
    use crate::testing::{Answer, Asked, bench_on, serve};

    /// The paths of which it is proven that they wait, all tried at once, on a target that serves one request at a time.
    async fn waiting(paths: &'static [&'static str]) -> Vec<&'static str> {
        let one = Mutex::new(());
        let server = serve(move |asked: &Asked| {
            let turn = one.lock();
            if asked.path.starts_with("/waits") && asked.field("x").ends_with("sleep 1") {
                std::thread::sleep(Duration::from_secs(1));
            }
            MutexGuard::unlock_fair(turn);
            Answer::html("<p>Hello</p>")
        })
        .await;
        bench_on(server, "/?x=a", async |bench, entry| {
            let tried = paths.iter().map(|path| async move {
                let mut entry = entry.clone();
                (*path).clone_into(&mut entry.request.url.path);
                let point = entry.request.points().remove(0);
                let found = prove_first(bench, &entry, &point, &["{v};sleep {t}"; 4]).await;
                found.is_some().then_some(*path)
            });
            join_all(tried).await.into_iter().flatten().collect()
        })
        .await
    }

    #[tokio::test]
    async fn what_others_make_a_target_wait_for_is_no_wait_of_its_own() {
        let all = &["/waits/1", "/safe/1", "/waits/2", "/safe/2", "/waits/3", "/safe/3"];
        assert_eq!(waiting(all).await, ["/waits/1", "/waits/2", "/waits/3"]);
    }
}
