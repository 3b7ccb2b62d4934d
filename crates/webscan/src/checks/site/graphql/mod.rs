//! What GraphQL endpoints tell about themselves.

mod suspects;

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use self::suspects::suspects;
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
    technique: "Endpoints are those that pages use or name and those with usual names; they must answer a query for a type's name. Then \
                the schema is asked for, by GET where POST is not taken; a misspelt field is asked for where it is closed; two \
                operations are sent at once, or one field is asked for a thousand times; and the page that a browser would get is looked at.",
    source: "GraphQL specification, 4 (introspection); OWASP GraphQL",
};

const NAME: &str = "{__typename}";
const SCHEMA: &str = "{__schema{queryType{name}types{name kind fields{name}}}}";

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

static DATA: Pattern = Pattern::new(r#"^\s*\{\s*"data"\s*:\s*\{"#);
static NAMED: Pattern = Pattern::new(r#""__typename"\s*:\s*""#);
/// One type, where only the word for the whole is refused.
const TYPE: &str = "{__type(name:\"Query\"){name fields{name}}}";
const HAS_TYPE: &str = r#""__type"\s*:\s*\{[^{}]*"fields"\s*:\s*\[\s*\{"#;
/// The whole schema as text, as services of a federation give it out.
const SERVICE: &str = "{_service{sdl}}";
const HAS_SERVICE: &str = r#""sdl"\s*:\s*"[^"]*\btype\b"#;
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
/// The same for types and for an argument of a directive, among them what each schema has.
const TYPES: &str = "... on Querry{__typename} ... on Usr{__typename} __typename @include(iff:true)";

/// How often what a page asks for is asked for in one operation.
const OWN: usize = 100;
/// How often one field is asked for in one operation, where nothing bounds that.
const MANY: usize = 1_000;
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
    /// In a list of operations, and not otherwise.
    List,
}

async fn look(bench: &Bench<'_>) {
    let mut met: Vec<Endpoint<'_>> = Vec::new();
    for (url, (entry, field)) in suspects(bench) {
        let mut is_missing = true;
        for way in [Way::Json, Way::Get, Way::Form, Way::Plain, Way::List] {
            // What is there neither for the one nor the other method is nowhere.
            if is_missing && matches!(way, Way::Form | Way::Plain | Way::List) {
                break;
            }
            let endpoint = Endpoint { url: url.clone(), entry, field: field.clone(), way };
            let Ok(answer) = bench.send(&endpoint.ask(NAME)).await else { continue };
            is_missing &= matches!(answer.status, 404 | 410);
            // Some answer nothing but what they know.
            let is_used =
                way == Way::Json && endpoint.own_query().is_some() && DATA.is_match(entry.response.text());
            if NAMED.is_match(answer.text()) || is_used {
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

/// Most directories in which consoles are looked for.
const MOST_PLACES: usize = 4;
impl Endpoint<'_> {
    /// A request to the endpoint as pages send it, which may need their headers, without what it asks for.
    fn bare(&self) -> Request {
        let used = &self.entry.request;
        if used.url.at(used.url.path.clone()) == self.url {
            let url = self.url.clone();
            Request { method: Method::Get, url, body: Body::None, visit: None, ..used.clone() }
        } else {
            Request::get(self.url.clone())
        }
    }

    /// What a page asks for there.
    fn own_query(&self) -> Option<&str> {
        let used = &self.entry.request;
        match &used.body {
            Body::Json(body) if used.url.at(used.url.path.clone()) == self.url => {
                body.get("query").and_then(serde_json::Value::as_str)
            }
            _ => None,
        }
    }

    /// What a page asks for, many times in one operation, and many times in a list of operations.
    async fn multiplied(&self, bench: &Bench<'_>) -> bool {
        let (Some(query), Body::Json(body)) = (self.own_query(), &self.entry.request.body) else {
            return false;
        };
        let usual = self.entry.request.clone();
        let batch = Body::Json(vec![body.clone(); FEW].into());
        let all = Expect::BodyMatches(format!(r#"^\s*\[\s*(?:\{{\s*"data"[\s\S]*){{{FEW}}}\]\s*$"#));
        let batch = Request { body: batch, ..usual.clone() };
        if self.tell(bench, 990_030, batch, all, usual.clone()).await {
            return true;
        }
        let Some(query) = multiplied(query, OWN) else { return false };
        let mut body = body.clone();
        if let Some(body) = body.as_object_mut() {
            body.insert("query".to_owned(), query.into());
        }
        let last = Expect::BodyMatches(format!(r#""a{OWN}"\s*:\s*[\[{{"\d]"#));
        self.tell(bench, 990_030, Request { body: Body::Json(body), ..usual.clone() }, last, usual).await
    }

    fn ask(&self, query: &str) -> Request {
        let mut request = self.bare();
        let field = ("query".to_owned(), query.to_owned());
        let body = match self.way {
            Way::Get => {
                request.set_query(&[field]);
                return request;
            }
            Way::Json => Body::Json(json!({"query": query})),
            Way::List => Body::Json(json!([{"query": query}])),
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
        let named = format!("query IntrospectionQuery{SCHEMA}");
        let mut by_get = self.bare();
        by_get.set_query(&[("query".to_owned(), SCHEMA.to_owned())]);
        let form = Body::Form(vec![("query".to_owned(), SCHEMA.to_owned())]);
        let by_form = Request { method: Method::Post, body: form, ..self.bare() };
        let mut all = vec![
            (self.ask(SCHEMA), HAS_SCHEMA),
            (self.ask(&apart), HAS_SCHEMA),
            (self.ask(TYPE), HAS_TYPE),
            (self.ask(&named), HAS_SCHEMA),
            (self.ask(SERVICE), HAS_SERVICE),
        ];
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
        let mut is_batched = false;
        if matches!(self.way, Way::Json | Way::List) {
            let operation = json!({"query": NAME});
            let batch = Body::Json(json!([operation, operation]));
            let batch = Request { body: batch, ..self.ask(NAME) };
            let both = Expect::BodyMatches(BATCH.to_owned());
            is_batched = self.tell(bench, 990_030, batch, both, self.ask(NAME)).await;
        }
        let is_batched = is_batched || self.multiplied(bench).await;
        if !is_batched && self.way != Way::Get {
            let names: Vec<String> = (1..=MANY).map(|n| format!("a{n}:__typename")).collect();
            let last = Expect::BodyMatches(format!(r#""a{MANY}"\s*:\s*""#));
            let many = self.ask(&format!("{{{}}}", names.join(" ")));
            self.tell(bench, 990_030, many, last, self.ask(NAME)).await;
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

/// An operation whose first field is asked for so many times, under other names; none where its text has no such field.
fn multiplied(query: &str, times: usize) -> Option<String> {
    static FIELD: Pattern = Pattern::new(r"^\s*(?:[A-Za-z_]\w*\s*:\s*)?([A-Za-z_]\w*)");
    // Variables come before the selection, and their defaults may have braces.
    let mut rounds = 0_i32;
    let begin = query.char_indices().find_map(|(at, letter)| {
        rounds += i32::from(letter == '(') - i32::from(letter == ')');
        (letter == '{' && rounds == 0).then_some(at)
    })?;
    let (head, rest) = query.split_at_checked(begin + 1)?;
    let name = FIELD.captures(rest)?.get(1)?;
    let (mut depth, mut rounds) = (0_i32, 0_i32);
    let end = rest.char_indices().find_map(|(at, letter)| {
        match letter {
            '(' => rounds += 1,
            ')' => rounds -= 1,
            '{' if rounds == 0 => depth += 1,
            '}' if rounds == 0 => depth -= 1,
            _ => {}
        }
        // The field ends with its own selection, or with that of the operation.
        match (letter, rounds, depth) {
            ('}', 0, 0) => Some(at + 1),
            ('}', 0, -1) => Some(at),
            _ => None,
        }
    })?;
    let field = rest.get(name.start()..end)?;
    let fields: Vec<String> = (1..=times).map(|n| format!("a{n}:{field}")).collect();
    Some(format!("{head}{}}}", fields.join(" ")))
}

fn sees(expect: &Expect, response: Response) -> bool {
    expect.find(&Seen { response, ..Seen::default() }).is_some()
}

#[cfg(test)]
mod tests;
