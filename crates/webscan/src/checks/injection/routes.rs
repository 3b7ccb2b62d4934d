//! Parts of a path that are values: where other words are answered as addresses that are not there, what takes the value for code
//! or for the name of a file still answers to another way of writing it.

use super::facts::facts;
use crate::checks::{Bench, Entry};
use crate::point::{Place, Point, Put};

/// Ways to write a value that are the same to statements of SQL, to scripts and to XPath, to shells, to directories, and to
/// patterns; as names they are those of nothing.
const SAME: &[&str] =
    &["{v}'||'", "{v}' or 'a'='b", "{v}\" or \"a\"=\"b", "{v}-0", "{v}$(:)", "{v}''", "./{v}", "{v}*"];

/// Whether any of these is answered as the value is.
pub(super) async fn is_read(bench: &Bench<'_>, entry: &Entry, point: &Point) -> bool {
    if entry.response.status >= 400 {
        return false;
    }
    for same in SAME {
        let request = entry.request.with(point, Put::Text(&same.replace("{v}", &point.value)));
        let Ok(answer) = bench.send_of(entry, &request).await else { return false };
        if answer.status == entry.response.status && answer.location() == entry.response.location() {
            return true;
        }
    }
    false
}

/// The same where an answer speaks of each address that is not there: it fails for some words, or takes others for the value.
pub(crate) async fn says_more(bench: &Bench<'_>, entry: &Entry, point: &Point) -> bool {
    facts(bench, entry, point).await.is_some_and(|known| known.fails()) || is_read(bench, entry, point).await
}

/// Whether a part of a path is more than a choice of where a request goes.
pub(crate) async fn is_value(bench: &Bench<'_>, entry: &Entry, point: &Point) -> bool {
    matches!(point.place.outer(), Place::Path(_))
        && facts(bench, entry, point).await.is_some_and(|known| !known.is_route())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::encode::unpercent;
    use crate::testing::{Answer, Asked, bench_on, serve};

    /// Pages of goods, each application in its own way.
    fn answer(asked: &Asked) -> Answer {
        let path = unpercent(&asked.path);
        let (place, name) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let is_shown = match place {
            "statement" => ["lamp", "lamp'||'"].contains(&name),
            "xpath" => ["lamp", "lamp' or 'a'='b"].contains(&name),
            "shell" => ["lamp", "lamp$(:)"].contains(&name),
            "files" => ["lamp", "./lamp"].contains(&name),
            "breaks" if name.contains('\'') => return Answer::status(500),
            _ => name == "lamp",
        };
        if is_shown {
            Answer::html("<p>A lamp for 30.</p>")
        } else {
            Answer(404, vec![], "<p>No such page.</p>".into())
        }
    }

    #[tokio::test]
    async fn values_in_paths_are_told_from_routes() {
        let server = serve(answer).await;
        for (place, expected) in [
            ("statement", true),
            ("xpath", true),
            ("shell", true),
            ("files", true),
            ("breaks", true),
            ("route", false),
        ] {
            let found = bench_on(server, &format!("/{place}/lamp"), async |bench, entry| {
                let part = entry.request.path_points().pop().unwrap();
                is_value(bench, entry, &part).await
            })
            .await;
            assert_eq!(found, expected, "{place}");
        }
    }
}
