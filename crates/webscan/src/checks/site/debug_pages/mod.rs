//! Pages that are for operators and developers, served to everybody.

mod names;

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::names::{APIS, DUMP, FIRST, LEFT, PAGES, PHPINFO, RARE};
use super::places::{Suspect, ask, content, places};
use super::technology::Technology;
use crate::checks::passive::debugging::signs;
use crate::checks::{About, Bench, Check};
use crate::http::Target;
use crate::proof::{Expect, Seen};

/// See [`About`].
pub(super) struct DebugPages;

static ABOUT: About = About {
    name: "debug-pages",
    qids: &[150_087, 990_017],
    means: "The server gives out a page that shows its inner state, or a console.",
    matters: "Such pages show settings, addresses, sessions and requests of others; consoles run code.",
    remedy: "Switch them off in production, or let only the operators' addresses in.",
    technique: "Usual names are asked for in each directory that is an application's root; the content must be of that page.",
    source: "CWE-489, CWE-215",
};

impl Check for DebugPages {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

/// Whether hardly any page has such a name by itself: `telescope` may be about telescopes.
fn is_telling(name: &str) -> bool {
    name.trim_matches('/').contains('/') || name.starts_with("/_") || name.ends_with(".axd")
}

/// Inner pages that something links to, wherever they lie: their names are known, too, and no request is needed.
fn crawled<'a>(bench: &'a Bench<'_>) -> Vec<Suspect<'a>> {
    let mut all: Vec<Suspect<'a>> = Vec::new();
    let names: Vec<(String, &str)> = PAGES
        .iter()
        .chain(RARE)
        .map(|(name, pattern)| (format!("/{}", name.trim_end_matches('/')), *pattern))
        .collect();
    for entry in bench.entries.iter().filter(|entry| entry.response.status == 200) {
        let url = &entry.request.url;
        let query = url.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
        let own = format!("{}{query}", url.path.trim_end_matches('/'));
        if entry.request != crate::http::Request::get(url.clone())
            || all.iter().any(|known| known.url == *url)
        {
            continue;
        }
        let is_page = entry.response.is_html();
        let fits = |name: &str| own.ends_with(name) && (!is_page || is_telling(name));
        for (_, pattern) in names.iter().filter(|(name, _)| fits(name)) {
            let expect = content(pattern);
            let seen = Seen { response: (*entry.response).clone(), ..Seen::default() };
            if expect.find(&seen).is_some() {
                all.push(Suspect { qid: 990_017, url: url.clone(), expect, entry, control: None });
                break;
            }
        }
    }
    all
}

/// Content of any inner page that is known.
fn anything() -> Expect {
    Expect::Any([DUMP, PHPINFO].into_iter().map(content).chain(signs()).collect())
}

async fn look(bench: &Bench<'_>) {
    let mut all = Vec::new();
    let mut described = BTreeSet::new();
    let shown = Technology::shown(bench);
    for place in places(bench).into_iter().filter(|place| place.is_worth_some() || place.is_start(bench)) {
        let count = if place.is_worth_all() { PAGES.len() } else { FIRST };
        let at = |name: &str| {
            let (name, query) =
                name.split_once('?').map_or((name, None), |(name, query)| (name, Some(query)));
            Target { query: query.map(str::to_owned), ..place.url.at(format!("{}{name}", place.url.path)) }
        };
        let made_of = place.made_of(&shown);
        // The rare ones elsewhere only where the place is of the kind that has them.
        let is_rare_worth = place.is_worth_rare(bench);
        let rare = RARE.iter().filter(|(name, _)| {
            is_rare_worth
                || (place.is_worth_all()
                    && Technology::of_name(name).is_some_and(|one| place.is_of(one, &made_of)))
        });
        let names = PAGES.iter().take(count).chain(rare).filter(|(name, _)| place.may_have(name, &made_of));
        all.extend(names.map(|(name, pattern)| Suspect {
            qid: 990_017,
            url: at(name),
            expect: content(pattern),
            entry: place.entry,
            control: None,
        }));
        // Where pages are files, some were left by their makers.
        let is_left = |name: &&str| {
            place.is_worth_all() && Technology::of_name(name).is_some_and(|one| place.is_of(one, &made_of))
        };
        let left = LEFT.iter().flat_map(|names| names.split_whitespace()).filter(is_left);
        all.extend(left.map(|name| Suspect {
            qid: 990_017,
            url: at(name),
            expect: anything(),
            entry: place.entry,
            control: None,
        }));
        if place.url.path == "/" {
            described.extend(APIS.iter().map(|(name, pattern)| (at(name), *pattern)));
        }
    }
    all.extend(crawled(bench));
    ask(bench, all).await;
    for (url, pattern) in described {
        let Ok(response) = bench.send(&crate::http::Request::get(url.clone())).await else { continue };
        let is_there = response.status == 200;
        if is_there && content(pattern).find(&Seen { response, ..Seen::default() }).is_some() {
            bench.sink.note(150_087, url.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn all_names_are_asked_for_where_nothing_takes_a_value() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/a/b/plain/" | "/a/b/idle/" => Answer::html("home"),
            "/a/b/busy/" => Answer::html("<a href='?x=1'>one</a>"),
            "/a/b/plain/adminer.php" | "/a/b/busy/adminer.php" => {
                Answer::html("<title>Login - Adminer</title>")
            }
            "/a/b/idle/adminer.php" => Answer::html("<p>We like to be admin here.</p>"),
            "/debug/env" => Answer::html("<td>PATH</td><td>/usr/bin:/bin</td>"),
            "/shop/index.php" => Answer::html("shop"),
            "/shop/" => Answer::html("<a href=index.php>all</a>"),
            "/shop/opcache_status.php" => Answer::html("<pre>[opcache_hit_rate] 99\n[free_memory] 100</pre>"),
            "/shop/session.php" => Answer::html("<p>Your session is fine.</p>"),
            "/health" => Answer::html("{\"status\":\"UP\"}"),
            "/config" => Answer::html("<p>Set SECRET_KEY in your PATH, then go HOME.</p>"),
            _ => Answer::status(404),
        })
        .await;
        let count = async |path: &str| scan(&DebugPages, address, path).await.len();
        assert_eq!(count("/a/b/plain/").await, 2, "and the rare ones at the top");
        assert_eq!(count("/a/b/busy/?x=1").await, 1, "a few names are enough there");
        assert_eq!(count("/a/b/idle/").await, 1);
        assert_eq!(count("/shop/").await, 2, "the one that was left, and the one at the top");
    }

    #[tokio::test]
    async fn linked_pages_are_known_wherever_they_lie() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/a/b/ops/actuator/beans" => Answer::html("{\"contexts\":{\"application\":{\"beans\":{}}}}"),
            "/a/b/shop/telescope" => Answer::html("<title>Telescope</title><p>Look at the stars.</p>"),
            _ => Answer::status(404),
        })
        .await;
        for (path, wanted) in [("/a/b/ops/actuator/beans", 1), ("/a/b/shop/telescope", 0)] {
            assert_eq!(scan(&DebugPages, address, path).await.len(), wanted, "{path}");
        }
    }

    #[tokio::test]
    async fn inner_pages_are_known_by_their_content() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/" | "/app/" => Answer::html("home"),
            "/app/server-status" => Answer::html("<h1>Apache Server Status for localhost</h1>"),
            "/app/phpinfo.php" => Answer::html("<h1>PHP Version 8.3.6</h1><td>/etc/php.ini</td>"),
            "/app/actuator/env" => Answer::html("{\"activeProfiles\":[]}"),
            "/app/nginx_status" => Answer::html("Active connections: 3 \nserver accepts handled requests"),
            "/app/metrics" => Answer::html("# HELP up Whether it is.\n# TYPE up gauge\nup 1\n"),
            "/app/telescope" => Answer::html("<h1>Our telescope</h1>"),
            "/app/console" => Answer::html("<h1>Our game console</h1>"),
            _ => Answer::status(404),
        })
        .await;
        let mut found: Vec<String> =
            scan(&DebugPages, address, "/app/").await.into_iter().map(|f| f.url.path).collect();
        found.sort();
        assert_eq!(
            found,
            [
                "/app/actuator/env",
                "/app/metrics",
                "/app/nginx_status",
                "/app/phpinfo.php",
                "/app/server-status"
            ]
        );
    }
}
