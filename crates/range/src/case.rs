//! A case: a route, the truth about it, and the proof of that truth.

use serde::Serialize;

use crate::filter::{Filter, html};
use crate::http::request::encode;
use crate::http::{Reply, Request};
use crate::proof::Proof;
use crate::world::{World, token};

/// Which half of the range a case belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// Written before the detections.
    First,
    /// Written after them.
    Second,
}

/// Where the value stands in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A query parameter, reached by a link.
    Query(&'static str),
    /// A query parameter, reached by a form.
    QueryForm(&'static str),
    /// A field of a posted form.
    Form(&'static str),
    /// The last segment of the path.
    Path,
    /// A segment in the middle of the path.
    PathMiddle,
    /// A header.
    Header(&'static str),
    /// A cookie.
    Cookie(&'static str),
    /// A member of a JSON body; dots lead to nested members.
    Json(&'static str),
    /// A field of a multipart form.
    Multipart(&'static str),
    /// The file name of an upload.
    FileName(&'static str),
    /// An element of an XML body.
    Xml(&'static str),
    /// A variable of a GraphQL query.
    Graphql(&'static str),
    /// The name of a query parameter.
    QueryName,
    /// The page as a whole: there is no single parameter.
    Page,
}

impl Place {
    /// The kind of place, as the truth names it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Query(_) | Self::QueryForm(_) => "query",
            Self::Form(_) => "form",
            Self::Path | Self::PathMiddle => "path",
            Self::Header(_) => "header",
            Self::Cookie(_) => "cookie",
            Self::Json(_) => "json",
            Self::Multipart(_) => "multipart",
            Self::FileName(_) => "filename",
            Self::Xml(_) => "xml",
            Self::Graphql(_) => "graphql",
            Self::QueryName => "query-name",
            Self::Page => "page",
        }
    }

    /// The parameter's name, where it has one.
    pub fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Query(name)
            | Self::QueryForm(name)
            | Self::Form(name)
            | Self::Header(name)
            | Self::Cookie(name) => Some(name),
            Self::Json(name)
            | Self::Multipart(name)
            | Self::FileName(name)
            | Self::Xml(name)
            | Self::Graphql(name) => Some(name),
            Self::Path | Self::PathMiddle | Self::QueryName | Self::Page => None,
        }
    }

    /// The method of the request.
    pub fn method(self) -> &'static str {
        match self {
            Self::Form(_)
            | Self::Json(_)
            | Self::Multipart(_)
            | Self::FileName(_)
            | Self::Xml(_)
            | Self::Graphql(_) => "POST",
            _ => "GET",
        }
    }
}

/// What a case does with the value.
pub type Act = Box<dyn Fn(&World, &Hit<'_>) -> Reply + Send + Sync>;

/// One request to a case.
pub struct Hit<'a> {
    /// The case.
    pub case: &'a Case,
    /// The request.
    pub request: &'a Request,
    /// The value at the case's place, after its filters.
    pub value: String,
    /// The rest of the path below the case, without the first slash.
    pub rest: &'a str,
}

impl Hit<'_> {
    /// Posted or in the query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.request.query(name).map(str::to_owned).or_else(|| self.request.field(name))
    }

    /// The path of the case, which ends with a slash.
    pub fn base(&self) -> String {
        self.case.base()
    }
}

/// A request as the case's own pages would send it, with a value in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Method.
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// Headers besides `Host`.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// A case.
pub struct Case {
    /// The family, such as `sql-error`.
    pub family: &'static str,
    /// The half.
    pub half: Half,
    /// The name, unique in its family.
    pub name: String,
    /// Whether it has the weakness.
    pub vulnerable: bool,
    /// Where the value stands.
    pub place: Place,
    /// What happens to the value first.
    pub filters: Vec<Filter>,
    /// An ordinary value.
    pub sample: String,
    /// Other parameters that must be there.
    pub with: &'static [(&'static str, &'static str)],
    /// The QIDs that would be right, any of them.
    pub qids: Vec<u32>,
    /// The weaknesses that would be right, any of them (CWE).
    pub cwe: Vec<u16>,
    /// Why it is vulnerable, or what it does right.
    pub why: String,
    /// `postgres` when it only runs with one, `https` when it is served over TLS, `origin` when on a port of its own.
    pub needs: Option<&'static str>,
    /// Whether a session must have been begun at the entry page.
    pub session: bool,
    /// Whether the token of the entry page's form must come along.
    pub token: bool,
    /// The proof of the truth.
    pub proof: Proof,
    /// What it does.
    pub act: Act,
}

impl Case {
    /// The id: half, family, name.
    pub fn id(&self) -> String {
        format!("{}/{}", self.family, self.name)
    }

    /// The path of the case, with a slash at its end.
    pub fn base(&self) -> String {
        format!("/case/{}/{}/", self.family, self.name)
    }

    /// The path where the value arrives.
    pub fn endpoint(&self) -> String {
        match self.place {
            Place::Page => self.base(),
            Place::PathMiddle => format!("{}item/{}/details", self.base(), encode(&self.sample)),
            Place::Path => format!("{}item/{}", self.base(), encode(&self.sample)),
            _ => format!("{}show", self.base()),
        }
    }

    fn fixed(&self) -> Vec<(String, String)> {
        self.with.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The request with a value in its place.
    pub fn prepare(&self, value: &str) -> Prepared {
        let show = self.endpoint();
        let mut prepared = Prepared {
            method: self.place.method(),
            target: show.clone(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let query = |mut all: Vec<(String, String)>, one: Option<(String, String)>| {
            all.extend(one);
            let all: Vec<_> =
                all.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            all.join("&")
        };
        let kind = |kind: &str| ("Content-Type".to_owned(), kind.to_owned());
        let one = |name: &str| Some((name.to_owned(), value.to_owned()));
        let mut in_query = self.fixed();
        match self.place {
            Place::Query(name) | Place::QueryForm(name) => in_query.extend(one(name)),
            Place::QueryName => in_query.push((value.to_owned(), "1".to_owned())),
            Place::Path => prepared.target = format!("{}item/{}", self.base(), encode(value)),
            Place::PathMiddle => prepared.target = format!("{}item/{}/details", self.base(), encode(value)),
            Place::Header(name) => prepared.headers.push((name.to_owned(), value.to_owned())),
            Place::Cookie(name) => {
                prepared.headers.push(("Cookie".to_owned(), format!("{name}={}", encode(value))))
            }
            Place::Form(name) => {
                prepared.headers.push(kind("application/x-www-form-urlencoded"));
                prepared.body = query(std::mem::take(&mut in_query), one(name)).into_bytes();
            }
            Place::Json(path) => {
                prepared.headers.push(kind("application/json"));
                prepared.body = nested(path, value).to_string().into_bytes();
            }
            Place::Graphql(name) => {
                prepared.headers.push(kind("application/json"));
                let query = format!("query Find(${name}: String!) {{ find({name}: ${name}) {{ id name }} }}");
                prepared.body =
                    serde_json::json!({"query": query, "variables": {name: value}}).to_string().into_bytes();
            }
            Place::Xml(name) => {
                prepared.headers.push(kind("application/xml"));
                prepared.body =
                    format!("<?xml version=\"1.0\"?><request><{name}>{}</{name}></request>", html(value))
                        .into_bytes();
            }
            Place::Multipart(name) => {
                prepared.headers.push(kind("multipart/form-data; boundary=range"));
                let part = format!(
                    "--range\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n--range--\r\n"
                );
                prepared.body = part.into_bytes();
            }
            Place::FileName(name) => {
                prepared.headers.push(kind("multipart/form-data; boundary=range"));
                let part = format!(
                    "--range\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{value}\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--range--\r\n"
                );
                prepared.body = part.into_bytes();
            }
            Place::Page => {}
        }
        if !in_query.is_empty() {
            prepared.target = format!("{}?{}", prepared.target, query(in_query, None));
        }
        prepared
    }

    fn value_in(&self, request: &Request, rest: &str) -> Option<String> {
        let json = || request.json();
        match self.place {
            Place::Query(name) | Place::QueryForm(name) => request.query(name).map(str::to_owned),
            Place::Form(name) | Place::Multipart(name) => request.field(name),
            Place::Path => Some(rest.strip_prefix("item/")?.to_owned()),
            Place::PathMiddle => Some(rest.strip_prefix("item/")?.strip_suffix("/details")?.to_owned()),
            Place::Header(name) => request.header(name).map(str::to_owned),
            Place::Cookie(name) => request.cookie(name),
            Place::Json(path) => {
                path.split('.').try_fold(json()?, |at, key| at.get(key).cloned()).map(|value| plain(&value))
            }
            Place::Graphql(name) => json()?.get("variables")?.get(name).map(plain),
            Place::Xml(name) => {
                crate::engine::xml::parse(&request.text(), &crate::engine::xml::Options::default())
                    .ok()?
                    .find(name)
                    .map(|e| e.text())
            }
            Place::FileName(name) => request.parts().into_iter().find(|part| part.name == name)?.filename,
            Place::QueryName => request
                .query
                .iter()
                .map(|(name, _)| name.clone())
                .find(|name| !self.with.iter().any(|(known, _)| known == name)),
            Place::Page => None,
        }
    }

    /// Answers a request below the case.
    pub fn answer(&self, world: &World, request: &Request, rest: &str) -> Reply {
        if self.place == Place::Page {
            return (self.act)(world, &Hit { case: self, request, value: String::new(), rest });
        }
        if rest.is_empty() {
            return self.entry(world);
        }
        let expected = match self.place {
            Place::Path | Place::PathMiddle => rest.starts_with("item/"),
            _ => rest == "show",
        };
        if !expected {
            return Reply::missing();
        }
        if self.place.method() == "POST" && request.method != "POST" {
            return Reply::html("<p>This address takes POST.</p>").with_status(405).header("Allow", "POST");
        }
        if let Err(reply) = self.admit(world, request) {
            return *reply;
        }
        let mut value = self.value_in(request, rest).unwrap_or_else(|| self.sample.clone());
        for filter in &self.filters {
            match filter.apply(value) {
                Ok(filtered) => value = filtered,
                Err(why) => return Reply::refused(why),
            }
        }
        (self.act)(world, &Hit { case: self, request, value, rest })
    }

    fn admit(&self, world: &World, request: &Request) -> Result<(), Box<Reply>> {
        let state = world.state(&self.id());
        let mut state = state.lock();
        let session = request.cookie("rsid").unwrap_or_default();
        if self.session && !state.values.contains_key(&format!("session {session}")) {
            return Err(Box::new(Reply::redirect(self.base())));
        }
        if self.token {
            let sent = request
                .query("csrf_token")
                .map(str::to_owned)
                .or_else(|| request.field("csrf_token"))
                .unwrap_or_default();
            // Each token serves once.
            if state.values.remove(&format!("token {sent}")).is_none() {
                return Err(Box::new(
                    Reply::refused("The form has expired. Please load it again.").with_status(403),
                ));
            }
        }
        Ok(())
    }

    /// The page that leads to the place.
    fn entry(&self, world: &World) -> Reply {
        let state = world.state(&self.id());
        let sample = self.prepare(&self.sample);
        let mut hidden: String = self
            .with
            .iter()
            .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", html(value)))
            .collect();
        if self.token {
            let token = token();
            state.lock().put(format!("token {token}"), "1");
            hidden.push_str(&format!("<input type=\"hidden\" name=\"csrf_token\" value=\"{token}\">"));
        }
        let target = html(&sample.target);
        let field = |name: &str| {
            format!(
                "<label>Value <input type=\"text\" name=\"{name}\" value=\"{}\"></label>",
                html(&self.sample)
            )
        };
        let form = |method: &str, kind: &str, inner: String| {
            format!(
                "<form action=\"show\" method=\"{method}\"{kind}>{inner}{hidden}<button type=\"submit\">Go</button></form>"
            )
        };
        let multipart = " enctype=\"multipart/form-data\"";
        let body = match self.place {
            Place::Query(_) if self.token => {
                form("get", "", field(self.place.parameter().unwrap_or_default()))
            }
            Place::QueryForm(name) => form("get", "", field(name)),
            Place::Form(name) => form("post", "", field(name)),
            Place::Multipart(name) => form("post", multipart, field(name)),
            Place::FileName(name) => {
                form("post", multipart, format!("<input type=\"file\" name=\"{name}\">"))
            }
            Place::Query(_)
            | Place::QueryName
            | Place::Path
            | Place::PathMiddle
            | Place::Header(_)
            | Place::Cookie(_) => {
                format!("<a href=\"{target}\">Show</a>")
            }
            Place::Json(_) | Place::Graphql(_) | Place::Xml(_) => {
                let kind = sample.headers.iter().map(|(_, value)| value.as_str()).next().unwrap_or_default();
                let body = crate::filter::script(&String::from_utf8_lossy(&sample.body));
                format!(
                    "<button id=\"go\">Go</button><pre id=\"out\"></pre>\n<script>\ndocument.getElementById('go').addEventListener('click', function () {{\n  fetch('{}', {{ method: 'POST', headers: {{ 'Content-Type': '{kind}' }}, body: {body} }})\n    .then(function (r) {{ return r.text(); }}).then(function (t) {{ document.getElementById('out').textContent = t; }});\n}});\n</script>",
                    self.endpoint()
                )
            }
            Place::Page => String::new(),
        };
        let mut reply = Reply::html(format!("<h1>{}</h1>\n{body}", html(&self.name)));
        if let Place::Cookie(name) = self.place {
            reply = reply.header(
                "Set-Cookie",
                format!("{name}={}; Path={}; HttpOnly; SameSite=Lax", encode(&self.sample), self.base()),
            );
        }
        if self.session {
            let session = token();
            state.lock().put(format!("session {session}"), "1");
            reply = reply.header(
                "Set-Cookie",
                format!("rsid={session}; Path={}; HttpOnly; SameSite=Lax", self.base()),
            );
        }
        reply
    }

    /// Puts a filter before the weakness.
    pub fn filter(&mut self, filter: Filter) -> &mut Self {
        self.filters.push(filter);
        self
    }

    /// Sets the ordinary value.
    pub fn sample(&mut self, sample: &str) -> &mut Self {
        sample.clone_into(&mut self.sample);
        self
    }

    /// Needs a session that was begun at the entry page.
    pub fn session(&mut self) -> &mut Self {
        self.session = true;
        self
    }

    /// Needs the token of the entry page.
    pub fn token(&mut self) -> &mut Self {
        self.token = true;
        self
    }

    /// Needs other parameters, too.
    pub fn with(&mut self, with: &'static [(&'static str, &'static str)]) -> &mut Self {
        self.with = with;
        self
    }

    /// The QIDs that are right for this case, in place of the family's.
    pub fn qids(&mut self, qids: &[u32]) -> &mut Self {
        self.qids = qids.to_vec();
        self
    }

    /// The CWEs that are right for this case, in place of the family's.
    pub fn cwe(&mut self, cwe: &[u16]) -> &mut Self {
        self.cwe = cwe.to_vec();
        self
    }

    /// What it needs: `postgres`, `https` or `origin`.
    pub fn needs(&mut self, what: &'static str) -> &mut Self {
        self.needs = Some(what);
        self
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn nested(path: &str, value: &str) -> serde_json::Value {
    path.rsplit('.').fold(serde_json::Value::from(value), |inner, key| serde_json::json!({ key: inner }))
}

/// The cases of a family in one half, as they are written.
pub struct Family {
    name: &'static str,
    half: Half,
    qids: Vec<u32>,
    cwe: Vec<u16>,
    sample: &'static str,
    cases: Vec<Case>,
}

impl Family {
    /// Begins a family with the QIDs and CWEs that are right for its cases.
    pub fn new(name: &'static str, half: Half, qids: &[u32], cwe: &[u16]) -> Self {
        Self { name, half, qids: qids.to_vec(), cwe: cwe.to_vec(), sample: "apple", cases: Vec::new() }
    }

    /// The ordinary value of the cases that follow.
    pub fn sample(&mut self, sample: &'static str) {
        self.sample = sample;
    }

    fn add(
        &mut self,
        vulnerable: bool,
        name: &str,
        place: Place,
        why: &str,
        proof: Proof,
        act: Act,
    ) -> &mut Case {
        let case = Case {
            family: self.name,
            half: self.half,
            name: name.to_owned(),
            vulnerable,
            place,
            filters: Vec::new(),
            sample: self.sample.to_owned(),
            with: &[],
            qids: self.qids.clone(),
            cwe: self.cwe.clone(),
            why: why.to_owned(),
            needs: None,
            session: false,
            token: false,
            proof,
            act,
        };
        // The half is part of the name, so that the halves never meet.
        let index = self.cases.len();
        self.cases.push(case);
        #[expect(clippy::indexing_slicing, reason = "pushed a line above")]
        &mut self.cases[index]
    }

    /// A vulnerable case: name, place, why, proof, what it does.
    pub fn bad(
        &mut self,
        name: &str,
        place: Place,
        why: &str,
        proof: Proof,
        act: impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync + 'static,
    ) -> &mut Case {
        self.add(true, name, place, why, proof, Box::new(act))
    }

    /// A safe look-alike: name, place, what it does right, the attempt that must fail, what it does.
    pub fn good(
        &mut self,
        name: &str,
        place: Place,
        right: &str,
        proof: Proof,
        act: impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync + 'static,
    ) -> &mut Case {
        self.add(false, name, place, right, proof, Box::new(act))
    }

    /// The cases.
    pub fn cases(self) -> Vec<Case> {
        self.cases
    }
}
