//! Payloads that make the target call our listener, for what shows nothing and takes no time.

use crate::checks::{Bench, Entry, callback};
use crate::point::{Point, Put};
use crate::proof::Proof;

/// Tries templates in which `{u}` stands for the address to call, and `{v}` for the usual value. The control is the usual
/// request.
pub(super) async fn prove_first(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    templates: &[&str],
) -> Option<(String, Proof)> {
    for template in templates {
        let token = callback::token_at(entry, point, template);
        let sent = callback::filled(bench, &payload(template, point), &token)?;
        bench.send_of(entry, &entry.request.with(point, Put::Text(&sent))).await.ok()?;
        if callback::was_called(bench, &token)
            && let Some(found) = prove(bench, entry, point, template).await
        {
            return Some(found);
        }
    }
    None
}

/// The template whose call came when the answer was long given.
pub(super) fn late<'t>(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    templates: &[&'t str],
) -> Option<&'t str> {
    templates
        .iter()
        .copied()
        .find(|template| callback::was_called(bench, &callback::token_at(entry, point, template)))
}

/// Proves that a template makes the target call.
pub(super) async fn prove(
    bench: &Bench<'_>,
    entry: &Entry,
    point: &Point,
    template: &str,
) -> Option<(String, Proof)> {
    let payload = payload(template, point);
    let attack = entry.request.with(point, Put::Text(&payload));
    let proof = callback::prove(bench, entry, attack, entry.request.clone()).await?;
    Some((payload, proof))
}

fn payload(template: &str, point: &Point) -> String {
    template.replace("{u}", "http://{{callback}}/{{token}}").replace("{v}", &point.value)
}
