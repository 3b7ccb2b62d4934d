//! What GraphQL endpoints tell about themselves.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::places::NOWHERE;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Body, Method, Request, Response, Target};
use crate::proof::{Expect, Replay, Seen};

/// See [`About`].
pub(super) struct GraphQl;

static ABOUT: About = About {
    name: "graphql",
    qids: &[990_014, 990_017, 990_030, 990_033],
    means: "A GraphQL endpoint tells its whole schema (990014), suggests names of fields in errors (990033), serves a console \
            (990017), or takes many operations in one request (990030).",
    matters: "The schema shows operations and fields that no page uses, such as those for operators. Many operations in one \
              request get past limits on requests, as those on sign-in.",
    remedy: "Switch off introspection, suggestions and the console in production, and limit batches. What a caller may do must be \
             decided at each field in any case.",
    technique: "Endpoints are those that pages use and those with usual names; they must answer a query for a type's name. Then \
                the schema is asked for, by GET where POST is not taken; a misspelt field is asked for where it is closed; two \
                operations are sent at once; and the page that a browser would get is looked at.",
    source: "GraphQL specification, 4 (introspection); OWASP GraphQL",
};

const NAME: &str = "{__typename}";
const SCHEMA: &str = "{__schema{queryType{name}types{name kind fields{name}}}}";

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

/// Names under which consoles lie beside endpoints.
const CONSOLES: &[&str] = &[
    "graphiql",
    "playground",
    "altair",
    "voyager",
    "graphql-playground",
    "graphql/playground",
    "graphql/graphiql",
    "graphql/console",
    "graphql/voyager",
    "api/graphiql",
];

static PATH: Pattern = Pattern::new(r"(?i)(?:^|/)(?:graphi?ql|gql)(?:/|$|\.php$)");
/// What endpoints say to a request without a query.
static SPEAKS: Pattern = Pattern::new(
    r#"GraphQL|(?i)(?:must provide|missing|no|required|expected|get)\W{0,3}(?:an? |the )?(?:operation|"?query"?)(?: string| parameter| document| missing|\b)|"errors"\s*:\s*\[\s*\{\s*"(?:message|extensions|locations)""#,
);
static NAMED: Pattern = Pattern::new(r#""__typename"\s*:\s*""#);
static FIELD: Pattern = Pattern::new(r"\{\s*([A-Za-z_]\w*)");

/// One type, where only the word for the whole is refused.
const TYPE: &str = "{__type(name:\"Query\"){name fields{name}}}";
const HAS_TYPE: &str = r#""__type"\s*:\s*\{[^{}]*"fields"\s*:\s*\[\s*\{"#;
const HAS_SCHEMA: &str = r#""__schema"\s*:\s*\{"#;
const SUGGESTS: &str = r#"(?i)did you mean\b[^.?]{1,20}\w"#;
const BATCH: &str = r#"^\s*\[\s*\{[^\[\]]*"__typename"[^\[\]]*\}\s*,\s*\{[^\[\]]*"__typename""#;
const CONSOLE: &str = r#"(?i)<title>[^<]*(?:GraphiQL|GraphQL (?:Playground|Console|IDE)|Altair|Apollo (?:Server|Sandbox))|id="graphiql"|GraphiQL\.createFetcher|embeddable-sandbox|<title>[^<]*GraphQL Voyager|GraphQLVoyager\.(?:init|render)|graphql-playground-react|GraphQLPlayground\.init|altair-(?:static|graphql)"#;

/// Misspelt names, near to those that schemas often have.
const MISSPELT: &[&str] = &[
    "usr",
    "userz",
    "viewerr",
    "nodee",
    "productz",
    "itemz",
    "accountt",
    "orderz",
    "meee",
    "postz",
    "pastez",
    "bookz",
    "articlez",
    "commentz",
    "messagez",
    "noddes",
    "searchh",
    "customerz",
    "hellow",
    "statuss",
    "versionn",
    "profilee",
    "getUserr",
    "allUserz",
    "categoriez",
    "filez",
    "taskz",
    "todoz",
    "projectz",
    "employeez",
    "authorz",
    "movie_s",
    "systemm",
    "sesion",
    "loginn",
    "currentUserr",
];
/// The same for types, among them one that each schema has.
const TYPES: &str = "... on Querry{__typename} ... on Usr{__typename}";

/// How many misspelt names are sent where many are refused.
const FEW: usize = 9;

impl Check for GraphQl {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

/// An endpoint, an entry that leads there, and a field that is asked for there.
struct Endpoint<'a> {
    url: Target,
    entry: &'a Entry,
    field: Option<String>,
    /// How it takes queries.
    way: Way,
}

/// How an endpoint takes queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Json,
    Get,
    Form,
    /// The query alone, with a media type of its own.
    Plain,
}

async fn look(bench: &Bench<'_>) {
    let mut met: Vec<Endpoint<'_>> = Vec::new();
    for (url, (entry, field)) in suspects(bench) {
        let mut is_missing = true;
        for way in [Way::Json, Way::Get, Way::Form, Way::Plain] {
            // What is there neither for the one nor the other method is nowhere.
            if is_missing && matches!(way, Way::Form | Way::Plain) {
                break;
            }
            let endpoint = Endpoint { url: url.clone(), entry, field: field.clone(), way };
            let Ok(answer) = bench.send(&endpoint.ask(NAME)).await else { continue };
            is_missing &= matches!(answer.status, 404 | 410);
            if NAMED.is_match(answer.text()) {
                endpoint.test(bench).await;
                met.push(endpoint);
                break;
            }
        }
    }
    // Consoles often lie beside the endpoint.
    let Some(first) = met.first() else { return };
    let mut bases: Vec<Target> = met.iter().map(|met| met.url.at(met.url.directory())).collect();
    bases.push(first.url.at(bench.client.scope().start().directory()));
    let mut seen = BTreeSet::new();
    bases.retain(|base| seen.insert(base.clone()));
    for base in bases.iter().take(MOST_PLACES) {
        for url in CONSOLES.iter().map(|name| base.at(format!("{}{name}", base.path))) {
            if met.iter().all(|met| met.url != url) {
                Endpoint { url, entry: first.entry, field: None, way: Way::Get }.console(bench).await;
            }
        }
    }
}

/// Places that may be endpoints, each once.
fn suspects<'a>(bench: &'a Bench<'_>) -> BTreeMap<Target, (&'a Entry, Option<String>)> {
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
        known.1 = known.1.take().or(field);
    }
    if let Some(entry) = bench.entries.first() {
        let start = bench.client.scope().start();
        for name in USUAL {
            let url = start.at(format!("{}{name}", start.directory()));
            let is_inside = bench.client.scope().rule(&url) == crate::scope::Ruling::Inside;
            if is_inside && all.len() < MOST {
                all.entry(url).or_insert((entry, None));
            }
        }
    }
    all
}

/// Most directories in which consoles are looked for.
const MOST_PLACES: usize = 4;
/// Most endpoints that are tested.
const MOST: usize = 60;

impl Endpoint<'_> {
    fn ask(&self, query: &str) -> Request {
        let mut request = Request::get(self.url.clone());
        let field = ("query".to_owned(), query.to_owned());
        let body = match self.way {
            Way::Get => {
                request.set_query(&[field]);
                return request;
            }
            Way::Json => Body::Json(json!({"query": query})),
            Way::Form => Body::Form(vec![field]),
            Way::Plain => {
                Body::Text { content_type: "application/graphql".to_owned(), text: query.to_owned() }
            }
        };
        Request { method: Method::Post, body, ..request }
    }

    /// The ways to ask for the schema, the plainest first: what refuses a word, a type or a method often does so in one
    /// form only.
    fn questions(&self) -> Vec<(Request, &'static str)> {
        let apart = SCHEMA.replacen("__schema", "__schema\n", 1);
        let mut by_get = Request::get(self.url.clone());
        by_get.set_query(&[("query".to_owned(), SCHEMA.to_owned())]);
        let form = Body::Form(vec![("query".to_owned(), SCHEMA.to_owned())]);
        let by_form = Request { method: Method::Post, body: form, ..Request::get(self.url.clone()) };
        let mut all =
            vec![(self.ask(SCHEMA), HAS_SCHEMA), (self.ask(&apart), HAS_SCHEMA), (self.ask(TYPE), HAS_TYPE)];
        if self.way != Way::Get {
            all.extend([(by_get, HAS_SCHEMA), (by_form, HAS_SCHEMA)]);
        }
        all
    }

    async fn test(&self, bench: &Bench<'_>) {
        let mut is_open = false;
        for (attack, sign) in self.questions() {
            let schema = Expect::BodyMatches(sign.to_owned());
            is_open = is_open || self.tell(bench, 990_014, attack, schema, self.ask(NAME)).await;
        }
        if !is_open {
            let mut names: Vec<String> = self.field.iter().map(|field| format!("{field}z")).collect();
            names.extend(MISSPELT.iter().map(|name| (*name).to_owned()));
            // Few at once first: some refuse queries with many fields.
            let few = names.iter().take(1 + FEW).cloned().collect::<Vec<_>>().join(" ");
            for query in
                [format!("{{{} {TYPES}}}", names.join(" ")), format!("{{{few}}}"), format!("{{{TYPES}}}")]
            {
                let suggests = Expect::BodyMatches(SUGGESTS.to_owned());
                if self.tell(bench, 990_033, self.ask(&query), suggests, self.ask(NAME)).await {
                    break;
                }
            }
        }
        if self.way == Way::Json {
            let operation = json!({"query": NAME});
            let batch = Body::Json(json!([operation, operation]));
            let batch = Request { body: batch, ..self.ask(NAME) };
            let both = Expect::BodyMatches(BATCH.to_owned());
            self.tell(bench, 990_030, batch, both, self.ask(NAME)).await;
        }
        self.console(bench).await;
    }

    /// Looks at the page that a browser would get.
    async fn console(&self, bench: &Bench<'_>) {
        let as_browser = |url: Target| Request::get(url).with_header("Accept", "text/html");
        let nowhere = self.url.at(format!("{}{NOWHERE}", self.url.directory()));
        let console = Expect::BodyMatches(CONSOLE.to_owned());
        self.tell(bench, 990_017, as_browser(self.url.clone()), console, as_browser(nowhere)).await;
    }

    async fn tell(
        &self,
        bench: &Bench<'_>,
        qid: u32,
        attack: Request,
        expect: Expect,
        control: Request,
    ) -> bool {
        let Ok(response) = bench.send(&attack).await else { return false };
        if !sees(&expect, response) {
            return false;
        }
        let place = Request { method: attack.method, ..Request::get(self.url.clone()) };
        let Ok(proof) = bench.prove(Replay::pair(attack, expect, control)).await else { return false };
        bench.report_place(qid, self.entry, &place, proof);
        true
    }
}

fn sees(expect: &Expect, response: Response) -> bool {
    expect.find(&Seen { response, ..Seen::default() }).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, Extras, scan_with, serve};

    fn json(status: u16, value: &Value) -> Answer {
        Answer(status, vec![("content-type".into(), "application/json".into())], value.to_string())
    }

    fn one(query: &str, path: &str) -> Value {
        let word = query.trim_matches(['{', '}', ' ']).split([' ', '{', '\n']).next().unwrap_or_default();
        match word {
            "__schema" if path == "/word" && query.starts_with("{__schema{") => {
                json!({"errors": [{"message": "introspection is disabled"}]})
            }
            "__schema" if ["/open", "/by-get", "/word", "/form"].contains(&path) => {
                json!({"data": {"__schema": {"queryType": {"name": "Query"}, "types": []}}})
            }
            "__schema" => json!({"errors": [{"message": "introspection is disabled"}]}),
            "__typename" => json!({"data": {"__typename": "Query"}}),
            "products" => json!({"data": {"products": [{"name": "chair"}]}}),
            _ if path == "/types" && query.contains("Querry") => {
                json!({"errors": [{"message": "Unknown type \"Querry\". Did you mean \"Query\"?"}]})
            }
            _ if path == "/suggests" => {
                json!({"errors": [{"message": format!("Cannot query field \"{word}\". Did you mean \"products\"?")}]})
            }
            _ => json!({"errors": [{"message": format!("Cannot query field \"{word}\".")}]}),
        }
    }

    fn answer(asked: &Asked) -> Answer {
        let path = asked.path.as_str();
        if asked.method == "GET" && asked.header("accept").contains("html") && path == "/console" {
            return Answer::html("<title>GraphiQL</title><div id=\"graphiql\"></div>");
        }
        if asked.method == "GET" && !["/by-get", "/closed"].contains(&path)
            || path == "/by-get" && asked.method == "POST"
        {
            return json(400, &json!({"errors": [{"message": "Must provide query string."}]}));
        }
        if path == "/form" {
            let query = asked.field("query");
            return if query.is_empty() {
                json(400, &json!({"errors": [{"message": "Must provide query string."}]}))
            } else {
                json(200, &one(&query, path))
            };
        }
        if !["/open", "/by-get", "/suggests", "/types", "/closed", "/batch", "/console", "/word"]
            .contains(&path)
        {
            return Answer::html(asked.body.replace('<', "&lt;"));
        }
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        match body.as_array() {
            Some(all) if path == "/batch" => {
                let all: Vec<Value> =
                    all.iter().map(|body| one(body["query"].as_str().unwrap(), path)).collect();
                json(200, &Value::from(all))
            }
            Some(_) => json(400, &json!({"errors": [{"message": "no batches"}]})),
            None => {
                let query = body["query"].as_str().map_or_else(|| asked.field("query"), str::to_owned);
                json(200, &one(&query, path))
            }
        }
    }

    #[tokio::test]
    async fn consoles_beside_the_endpoint_are_found() {
        let server = serve(|asked: &Asked| match asked.path.as_str() {
            "/api/voyager" => Answer::html("<title>GraphQL Voyager</title>"),
            "/api/query" => answer(&Asked { path: "/closed".to_owned(), ..asked.clone() }),
            _ => Answer::status(404),
        })
        .await;
        let url = Target::parse(&format!("http://{server}/api/query")).unwrap();
        let body = Body::Json(json!({"query": "{ products { name } }"}));
        let request = Request { method: Method::Post, body, ..Request::get(url) };
        let (found, _) = scan_with(&GraphQl, vec![request], Extras::default()).await;
        let found: Vec<_> = found.iter().map(|finding| (finding.qid, finding.url.path.as_str())).collect();
        assert_eq!(found, [(990_017, "/api/voyager")]);
    }

    #[tokio::test]
    async fn endpoints_are_known_by_what_they_miss() {
        let server = serve(answer).await;
        for (path, wanted) in [("/form", vec![990_014]), ("/elsewhere", vec![])] {
            let url = Target::parse(&format!("http://{server}{path}")).unwrap();
            let (found, _) = scan_with(&GraphQl, vec![Request::get(url)], Extras::default()).await;
            assert_eq!(found.iter().map(|finding| finding.qid).collect::<Vec<_>>(), wanted, "{path}");
        }
    }

    #[tokio::test]
    async fn what_endpoints_tell_is_found() {
        let server = serve(answer).await;
        for (path, wanted) in [
            ("/open", vec![990_014]),
            ("/by-get", vec![990_014]),
            ("/word", vec![990_014]),
            ("/suggests", vec![990_033]),
            ("/batch", vec![990_030]),
            ("/console", vec![990_017]),
            ("/types", vec![990_033]),
            ("/closed", vec![]),
            ("/echo", vec![]),
        ] {
            let url = Target::parse(&format!("http://{server}{path}")).unwrap();
            let body = Body::Json(json!({"query": "{ products { name } }"}));
            let request = Request { method: Method::Post, body, ..Request::get(url) };
            let (found, _) = scan_with(&GraphQl, vec![request], Extras::default()).await;
            assert_eq!(found.iter().map(|finding| finding.qid).collect::<Vec<_>>(), wanted, "{path}");
        }
    }
}
