//! Where GraphQL endpoints may be.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checks::pattern::Pattern;
use crate::checks::{Bench, Entry};
use crate::http::{Body, Target};
use crate::scope::Ruling;

/// Names under which endpoints usually lie.
const USUAL: &[&str] = &[
    "graphql",
    "api/graphql",
    "graphql/v1",
    "v1/graphql",
    "gql",
    "query",
    "graphql/api",
    "api/gql",
    "graphql.php",
    "api",
    "v2/graphql",
    "graph",
    "graphiql",
    "api/v1/graphql",
    "api/v2/graphql",
    "graphql/query",
    "admin/graphql",
    "internal/graphql",
];

static PATH: Pattern = Pattern::new(r"(?i)(?:^|/)(?:graphi?ql|gql)(?:/|$|\.php$)");
/// What endpoints say to a request without a query.
static SPEAKS: Pattern = Pattern::new(
    r#"GraphQL|(?i)(?:must provide|missing|no|required|expected|get)\W{0,3}(?:an? |the )?(?:operation|"?query"?)(?: string| parameter| document| missing|\b)|"errors"\s*:\s*\[\s*\{\s*"(?:message|extensions|locations)""#,
);
static FIELD: Pattern = Pattern::new(r"\{\s*([A-Za-z_]\w*)");
/// What pages and scripts say that have to do with GraphQL.
static SPOKEN_OF: Pattern = Pattern::new(r"(?i)graph(?:i|\W)?ql|\bgql\b|__typename|apollo|\burql\b");
/// Addresses in texts, and what stands before them.
static ADDRESS: Pattern =
    Pattern::new(r#"([^\n]{0,60}?)["'`\s(>=]((?:https?://[\w.:-]+)?/[\w~-][\w./~-]{0,100})["'`\s)<?,;]"#);
/// What is set to an address.
static SET: Pattern =
    Pattern::new(r#"(?i)(?:uri|url|endpoint|path)\w*["']?\s*[:=]\s*["'`]([^"'`\s<>{}$]{1,120})["'`]"#);
static HINT: Pattern = Pattern::new(r"(?i)graph|gql|query|uri|url|endpoint|api");
static FILE: Pattern = Pattern::new(r"(?i)\.(?:m?js|css|map|png|jpe?g|gif|svg|ico|woff2?|html?|txt|json)$");
/// A query in a script, to the name of its first field.
static QUERY: Pattern = Pattern::new(r#"\b(?:query|mutation)\b[^{}"'<>]{0,120}\{\s*([a-z]\w*)"#);

/// Most addresses of a text.
const SAID: usize = 8;
/// Most directories in which usual names are tried, and how many names below the scan's own.
const PLACES: (usize, usize) = (8, 8);
/// Most endpoints that are tested.
const MOST: usize = 100;

/// Places that may be endpoints, each once.
pub(super) fn suspects<'a>(bench: &'a Bench<'_>) -> BTreeMap<Target, (&'a Entry, Option<String>)> {
    let mut all: BTreeMap<Target, (&Entry, Option<String>)> = BTreeMap::new();
    for entry in bench.entries {
        let url = entry.request.url.at(entry.request.url.path.clone());
        let in_body = match &entry.request.body {
            Body::Json(body) => body.get("query").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        let is_query = |text: &String| text.contains('{');
        let in_query = || {
            let mut fields = entry.request.query().into_iter();
            fields.find(|(name, _)| name == "query").map(|(_, value)| value)
        };
        let query = in_body.or_else(in_query).filter(is_query);
        let speaks = !entry.response.is_html() && SPEAKS.is_match(entry.response.text());
        if query.is_none() && !PATH.is_match(&url.path) && !speaks {
            continue;
        }
        let field = query.as_deref().and_then(|text| Some(FIELD.captures(text)?.get(1)?.as_str().to_owned()));
        let known = all.entry(url).or_insert((entry, None));
        if known.1.is_none() && query.is_some() {
            *known = (entry, field);
        }
    }
    let is_inside = |url: &Target| bench.client.scope().rule(url) == Ruling::Inside;
    let mut bases: Vec<(Target, &Entry)> = Vec::new();
    if let Some(entry) = bench.entries.first() {
        let start = bench.client.scope().start();
        bases.push((start.at(start.directory()), entry));
    }
    let speaking = bench.entries.iter().filter(|entry| {
        let text = entry.response.text();
        SPOKEN_OF.is_match(&entry.request.url.path) || text.len() < LONGEST && SPOKEN_OF.is_match(text)
    });
    for entry in speaking {
        let said = said(entry);
        for url in said.addresses.into_iter().filter(is_inside) {
            if all.len() < MOST {
                let known = all.entry(url).or_insert((entry, None));
                known.1 = known.1.take().or_else(|| said.field.clone());
            }
        }
        let base = entry.request.url.at(entry.request.url.directory());
        let is_known = all.keys().any(|url| url.path != base.path && url.path.starts_with(&base.path));
        if !is_known && bases.len() < PLACES.0 && bases.iter().all(|(have, _)| *have != base) {
            bases.push((base, entry));
        }
    }
    for (n, (base, entry)) in bases.into_iter().enumerate() {
        let names = USUAL.iter().take(if n == 0 { USUAL.len() } else { PLACES.1 });
        let urls = names.map(|name| base.at(format!("{}{name}", base.path)));
        for url in urls.filter(is_inside) {
            if all.len() < MOST {
                all.entry(url).or_insert((entry, None));
            }
        }
    }
    all
}

/// Longest text that is read.
const LONGEST: usize = 400_000;

/// What a text says of endpoints.
struct Said {
    addresses: Vec<Target>,
    /// A field that it asks for.
    field: Option<String>,
}

fn said(entry: &Entry) -> Said {
    let text = entry.response.text();
    let url = &entry.request.url;
    let mut addresses = Vec::new();
    let mut add = |address: &str| {
        let plain = address.split(['?', '#']).next().unwrap_or_default();
        let Some(target) = url.join(plain).filter(|_| !plain.is_empty() && !FILE.is_match(plain)) else {
            return;
        };
        if addresses.len() < SAID && target.path != url.path && !addresses.contains(&target) {
            addresses.push(target);
        }
    };
    for found in SET.all_captures(text) {
        add(found.get(1).map_or("", |address| address.as_str()));
    }
    for found in ADDRESS.all_captures(text) {
        let part = |n| found.get(n).map_or("", |part| part.as_str());
        if HINT.is_match(part(1)) || HINT.is_match(part(2)) {
            add(part(2));
        }
    }
    let field = QUERY.captures(text).and_then(|found| Some(found.get(1)?.as_str().to_owned()));
    Said { addresses, field }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Response};

    fn of(text: &str) -> (Vec<String>, Option<String>) {
        let request = Request::get(Target::parse("http://a.test/shop/").unwrap());
        let said = said(&Entry::new(
            request,
            Response::new(200, &[("Content-Type", "text/html")], text.to_owned()),
            None,
        ));
        (said.addresses.into_iter().map(|url| url.path).collect(), said.field)
    }

    #[test]
    fn addresses_are_read_where_something_speaks_of_them() {
        for (text, path) in [
            ("<p>Our GraphQL API is at <code>/shop/data/q7</code>.</p>", "/shop/data/q7"),
            ("window.__CONFIG__={graphqlUrl:\"/backend/x\",env:\"prod\"}", "/backend/x"),
            ("new e({uri:\"svc\",cache:{}})", "/shop/svc"),
            ("<div data-endpoint=\"/v9/explore\" data-kind=graphql>", "/v9/explore"),
            ("upstream error: POST /api/inner failed: Must provide query string.", "/api/inner"),
        ] {
            assert_eq!(of(text).0, [path], "{text}");
        }
        assert_eq!(of("<a href=\"/about\">About</a> <img src=\"/graph.png\">").0, Vec::<String>::new());
        let (_, field) = of("gql`query Product($id: ID!) { product(id: $id) { name } }`");
        assert_eq!(field.as_deref(), Some("product"));
    }
}
