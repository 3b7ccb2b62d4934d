//! What an answer leads to: links, forms, endpoints of scripts.

use serde_json::Value;

use super::{Crawler, How, Job, SeenForm, fill, scripts};
use crate::api::{self, Kind};
use crate::http::{Body, Method, Request, Response, Target};
use crate::page::{Control, Form, Page, Via, takes_away};
use crate::profile::FormSubmission;
use crate::proof::Step;

/// Under which name a session keeps the password that it was made with.
const PASSWORD: &str = "authpassword";
/// Links of an access path that are kept.
const PATH: usize = 10;
/// Requests in a row that lead to one form.
const CHAIN: usize = 6;
/// Most requests that one description brings.
const DESCRIBED: usize = 120;
/// Choices of one list that are tried.
const CHOICES: usize = 8;

impl Crawler<'_> {
    /// A job that a page leads to.
    pub(super) fn follow(&self, from: &Job, request: Request, how: How) -> Job {
        let mut access_path = from.access_path.clone();
        access_path.push(from.request.url.clone());
        if access_path.len() > PATH {
            access_path.remove(1);
        }
        Job { request, depth: from.depth + 1, access_path, form_at: None, before: Vec::new(), how }
    }

    pub(super) fn harvest(&mut self, job: &Job, response: &Response, page: Option<&Page>) {
        let url = &job.request.url;
        if let Some(place) = response.location().and_then(|place| url.join(place)) {
            // A redirect is where its link leads: no deeper, and 307 and 308 keep what was sent.
            let keeps = matches!(response.status, 307 | 308);
            let request =
                if keeps { Request { url: place, ..job.request.clone() } } else { Request::get(place) };
            let mut next = self.follow(job, request, job.how);
            next.depth = job.depth + usize::from(job.access_path.len() >= PATH);
            self.add(next);
        }
        for header in ["refresh", "content-location"] {
            let value = response.header(header).unwrap_or_default();
            let place = value.split("url=").nth(1).unwrap_or(if header == "refresh" { "" } else { value });
            if let Some(place) = url.join(place).filter(|_| !place.is_empty()) {
                self.add(self.follow(job, Request::get(place), How::Linked));
            }
        }
        match page {
            // What a debugger brings along belongs to it, not to the application.
            Some(_) if is_debugger(response) => {}
            Some(page) => self.links_and_forms(job, page),
            None if response.is_script() => {
                self.script(job, response.text(), url);
                let source = source_map(response.text()).and_then(|place| url.join(place));
                if let Some(source) = source {
                    self.add(self.follow(job, Request::get(source), How::Named));
                }
            }
            None if response.media_type().ends_with("json") => self.json(job, response),
            None => {}
        }
    }

    /// Takes in what a page leads to.
    pub(super) fn links_and_forms(&mut self, job: &Job, page: &Page) {
        for (via, target) in &page.links {
            let is_script = [".js", ".mjs", ".css"].iter().any(|end| target.path.ends_with(end));
            match via {
                Via::Resource if is_image(target) => {
                    self.add(self.follow(job, Request::get(target.clone()), How::Resource));
                }
                Via::Resource if !is_script && !page.scripts.contains(target) => {
                    self.outside(target);
                }
                Via::Resource => self.add(self.follow(job, Request::get(target.clone()), How::Resource)),
                Via::Script | Via::Comment => {
                    self.add(self.follow(job, Request::get(target.clone()), How::Named))
                }
                _ => self.add(self.follow(job, Request::get(target.clone()), How::Linked)),
            }
        }
        for form in &page.forms {
            self.form(job, form);
        }
        for script in &page.inline_scripts {
            self.script(job, script, &job.request.url);
        }
        for comment in &page.comments {
            let inside = Page::read(&job.request.url, comment);
            for (_, target) in inside.links {
                self.add(self.follow(job, Request::get(target), How::Named));
            }
        }
    }

    /// Notes a thing that is loaded from elsewhere; what is in scope needs no visit.
    fn outside(&mut self, target: &Target) {
        if self.client.scope().rule(target) == crate::scope::Ruling::Outside {
            self.crawled.external.insert(target.to_string());
        }
    }

    fn script(&mut self, job: &Job, text: &str, base: &Target) {
        // Paths in a file of scripts mean those of the page that loads it.
        let page = job.access_path.last().filter(|_| job.how == How::Resource).unwrap_or(base);
        for request in scripts::endpoints(text, page).into_iter().filter(|request| !is_destruction(request)) {
            self.add(self.follow(job, request, How::Named));
        }
    }

    fn json(&mut self, job: &Job, response: &Response) {
        let Ok(value) = serde_json::from_str::<Value>(response.text()) else { return };
        let before = self.guesses.len();
        for request in self.described(job, &value, response.text()) {
            self.add(self.follow(job, request, How::Named));
        }
        // What a description has is there more likely than what a text names.
        self.guesses.rotate_right(self.guesses.len().saturating_sub(before));
        let mut places = Vec::new();
        strings(&value, &mut places);
        for place in places {
            if let Some(target) = job.request.url.join(&place) {
                self.add(self.follow(job, Request::get(target), How::Named));
            }
        }
    }

    /// Requests that a description of an API has, where an answer is one; and the question for the schema, where it is that
    /// of a GraphQL endpoint.
    fn described(&self, job: &Job, value: &Value, text: &str) -> Vec<Request> {
        let url = &job.request.url;
        let mut all = Vec::new();
        if value.get("paths").is_some_and(Value::is_object)
            && ["openapi", "swagger"].iter().any(|name| value.get(name).is_some())
        {
            let mut bases = vec![url.at("/"), url.at(self.client.scope().start().directory())];
            bases.dedup();
            for base in bases {
                all.extend(api::read(Kind::OpenApi, text, &base).unwrap_or_default());
            }
        } else if value.pointer("/data/__schema/types").is_some() {
            let requests = api::read(Kind::GraphQl, text, &url.at(&*url.path)).unwrap_or_default();
            all.extend(requests);
        } else if value.get("data").is_some()
            && let Body::Json(body) = &job.request.body
            && body.get("query").and_then(Value::as_str).is_some_and(|query| query.contains('{'))
        {
            let body = Body::Json(serde_json::json!({"query": api::INTROSPECTION}));
            all.push(Request { method: Method::Post, body, ..Request::get(url.clone()) });
        }
        let posts = matches!(self.profile.form_submission, FormSubmission::Post | FormSubmission::Both);
        all.retain(|request| (request.method == Method::Get || posts) && !is_destruction(request));
        all.truncate(DESCRIBED);
        all
    }

    /// Whether the crawl may be somebody: it logged in, or was given what says who it is.
    fn is_user(&self) -> bool {
        let says_who = |(name, _): &(String, String)| {
            let name = name.to_ascii_lowercase();
            ["cookie", "authorization", "key", "token"].iter().any(|word| name.contains(word))
        };
        self.authenticated || self.client.options().headers.iter().any(says_who)
    }

    fn form(&mut self, job: &Job, form: &Form) {
        let sent = match self.profile.form_submission {
            FormSubmission::None => false,
            FormSubmission::Get => form.method == Method::Get,
            FormSubmission::Post => form.method == Method::Post,
            FormSubmission::Both => true,
        };
        self.crawled.forms.insert(SeenForm {
            page: job.request.url.clone(),
            action: form.action.clone(),
            fields: form.controls.iter().map(|control| control.name.clone()).collect(),
            is_sent: sent,
        });
        if !sent {
            return;
        }
        if self.is_user() && is_destructive(form) {
            let why = "its form says that it takes something away, and the scan is logged in";
            self.reject(form.action.to_string(), why);
            return;
        }
        let tokens: Vec<&str> = form
            .controls
            .iter()
            .filter(|control| fill::is_token(control))
            .map(|control| control.name.as_str())
            .collect();
        // A form that changes the password of the scan's own account gets the one that it has: it must stay.
        let passwords: Vec<&str> =
            form.controls.iter().filter(|c| c.kind == "password").map(|c| c.name.as_str()).collect();
        let is_ours = passwords.len() > 1 && self.session.secrets.iter().any(|(name, _)| name == PASSWORD);
        let passwords = if is_ours { passwords } else { Vec::new() };
        let filled = |form: &Form| {
            let mut request = form.request(&fill::value);
            let own = passwords.iter().map(|name| (*name, PASSWORD));
            for (name, text) in tokens.iter().map(|token| (*token, *token)).chain(own) {
                set(&mut request, name, &format!("{{{{{text}}}}}"));
            }
            request
        };
        let is_chained = job.request.method != Method::Get || !job.before.is_empty();
        let mut before = Vec::new();
        if (is_chained || is_ours || !tokens.is_empty()) && job.before.len() < CHAIN {
            before.clone_from(&job.before);
            let fetch = Step::new(job.request.clone());
            before
                .push(tokens.iter().fold(fetch, |step, token| step.capturing(token, &fill::capture(token))));
        }
        for variant in variants(form, &filled) {
            let mut next = self.follow(job, variant, How::Linked);
            (next.form_at, next.before) = (Some(job.request.url.clone()), before.clone());
            self.add(next);
        }
    }
}

/// Whether an answer is an error with a debugger to use.
fn is_debugger(response: &Response) -> bool {
    const SIGNS: &[&str] = &["__debugger__", "/_ignition/", "__web_console", "/_debugbar/open"];
    response.status >= 500 && SIGNS.iter().any(|sign| response.text().contains(sign))
}

/// Whether an operation of a description says that it takes something away.
fn is_destruction(request: &Request) -> bool {
    let query = match &request.body {
        Body::Json(body) => {
            body.get("query").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
        }
        _ => String::new(),
    };
    let path = request.url.path.to_ascii_lowercase();
    let text = if query.starts_with("mutation") { &query } else { &path };
    request.method != Method::Get
        && (takes_away(text) || ["clear", "reset"].iter().any(|word| text.contains(word)))
}

/// Where a script says that its source is.
fn source_map(script: &str) -> Option<&str> {
    let (_, rest) = script.rsplit_once("sourceMappingURL=")?;
    let place = rest.split_ascii_whitespace().next()?;
    (!place.starts_with("data:") && !place.contains(['"', '\'', '`', '*'])).then_some(place)
}

/// Whether a place is that of a picture by its name.
fn is_image(target: &Target) -> bool {
    let kind = target.file().rsplit_once('.').map_or("", |(_, kind)| kind).to_ascii_lowercase();
    ["png", "jpg", "jpeg", "gif", "webp", "svg", "ico", "avif", "bmp"].contains(&kind.as_str())
}

/// The request, and others that the form can send: with another of its buttons, and where one list of a form that asks has
/// several choices, one for each.
fn variants(form: &Form, filled: &dyn Fn(&Form) -> Request) -> Vec<Request> {
    let mut all = vec![filled(form)];
    let lists: Vec<_> = form.controls.iter().filter(|control| control.options.len() > 1).collect();
    if let ([list], Method::Get) = (lists.as_slice(), form.method) {
        let may_be = |choice: &&String| **choice != list.value && !takes_away(choice);
        for choice in list.options.iter().filter(may_be).take(CHOICES) {
            let mut other = filled(form);
            set(&mut other, &list.name, choice);
            all.push(other);
        }
    }
    let buttons = form.controls.iter().filter(|control| control.is_button() && !control.name.is_empty());
    for button in buttons.skip(1).filter(|button| !destroys(button)).take(CHOICES) {
        let stays = |control: &&Control| !control.is_button() || *control == button;
        let controls = form.controls.iter().filter(stays).cloned().collect();
        all.push(filled(&Form { controls, ..form.clone() }));
    }
    all
}

/// Whether a button says that it takes something away.
fn destroys(button: &Control) -> bool {
    takes_away(&format!("{} {} {}", button.name, button.value, button.label))
}

/// Whether a form says that it takes something away: by where it is sent, what it brings along unseen, or each of its buttons.
fn is_destructive(form: &Form) -> bool {
    let mut buttons = form.controls.iter().filter(|control| control.is_button()).peekable();
    let hidden = form.controls.iter().filter(|control| control.kind == "hidden" && !fill::is_token(control));
    form.method == Method::Post
        && (takes_away(form.action.file())
            || hidden.into_iter().any(|control| takes_away(&control.value))
            || (buttons.peek().is_some() && buttons.all(destroys)))
}

fn set(request: &mut Request, name: &str, value: &str) {
    match &mut request.body {
        Body::Form(fields) => {
            for (_, old) in fields.iter_mut().filter(|(have, _)| have == name) {
                value.clone_into(old);
            }
        }
        Body::Multipart(parts) => {
            for part in parts.iter_mut().filter(|part| part.name == name) {
                value.clone_into(&mut part.value);
            }
        }
        _ => {
            let mut fields = request.query();
            for (_, old) in fields.iter_mut().filter(|(have, _)| have == name) {
                value.clone_into(old);
            }
            request.set_query(&fields);
        }
    }
}

/// Strings of a JSON answer that are places.
fn strings(value: &Value, places: &mut Vec<String>) {
    match value {
        Value::String(text)
            if (text.starts_with('/') || text.starts_with("http"))
                && text.len() < 500
                && !text.contains(' ') =>
        {
            places.push(text.clone());
        }
        Value::Array(items) => items.iter().take(200).for_each(|item| strings(item, places)),
        Value::Object(members) => members.values().take(200).for_each(|member| strings(member, places)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cancel::Cancel;
    use crate::engine::{Help, Plan, scan};
    use crate::http::Target;
    use crate::profile::BrowserUse;
    use crate::testing::{Answer, Asked, Extras, crawl_and_scan, crawled, serve};

    fn reply(value: &serde_json::Value) -> Answer {
        Answer(200, vec![("content-type".into(), "application/json".into())], value.to_string())
    }

    #[tokio::test]
    async fn descriptions_that_are_met_bring_their_requests() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/" => Answer::html("<a href=\"/openapi.json\">API</a>"),
            "/openapi.json" => reply(&json!({"openapi": "3.0.1", "info": {"title": "a", "version": "1"}, "paths": {
                "/users": {"get": {"responses": {}}},
                "/items": {"post": {"requestBody": {"content": {"application/json": {"schema": {
                    "type": "object", "properties": {"name": {"type": "string", "example": "chair"}}}}}}, "responses": {}}},
            }})),
            "/users" => reply(&json!({"users": ["ann"]})),
            "/items" => reply(&json!({"name": "chair"})),
            _ => Answer::status(404),
        })
        .await;
        let all = crawled(address, "/").await;
        assert!(all.contains(&"GET /users".to_owned()), "{all:?}");
        assert!(all.contains(&"POST /items {\"name\":\"chair\"}".to_owned()), "{all:?}");
    }

    #[tokio::test]
    async fn fields_that_only_a_script_reads_bring_no_pages() {
        let page = "<title>Boats</title><a href=/crew>Crew</a><a href=/plan>Plan</a>
            <form action=/plan><input name=email value=a@b.test></form>
            <form action=/find><input name=q value=boat></form>";
        let server = serve(move |asked: &Asked| match asked.path.as_str() {
            "/find" => Answer::html(format!("<p>Nothing like {} was found</p>", asked.field("q"))),
            _ => Answer::html(page),
        })
        .await;
        assert_eq!(crawled(server, "/").await, ["GET /", "GET /crew", "GET /find"]);
    }

    #[tokio::test]
    async fn what_debuggers_bring_along_is_left_alone() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/" => Answer::html("<a href=/broken>x</a>"),
            "/broken" => {
                let page = "<script src='?__debugger__=yes&amp;cmd=resource'></script><a href=/console>c</a>\
                    <form action=/broken><input name=pin></form>";
                Answer(500, Answer::html("").1, page.into())
            }
            _ => Answer::status(404),
        })
        .await;
        let all = crawled(address, "/").await;
        assert!(all.iter().any(|request| request == "GET /broken"), "{all:?}");
        let own =
            |request: &&String| ["console", "pin", "__debugger__"].iter().any(|word| request.contains(word));
        assert_eq!(all.iter().filter(own).count(), 0, "{all:?}");
    }

    #[tokio::test]
    async fn whoever_is_somebody_takes_nothing_away() {
        for (headers, wanted) in [
            (vec![("Cookie".to_owned(), "sid=1".to_owned())], vec!["/bulk", "/save"]),
            (Vec::new(), vec!["/account/delete", "/bulk", "/confirm", "/plain", "/save"]),
        ] {
            let posted = std::sync::Arc::new(parking_lot::Mutex::new(std::collections::BTreeSet::new()));
            let seen = posted.clone();
            let address = serve(move |asked: &Asked| {
                if asked.method == "POST" {
                    let harms = asked.path == "/bulk" && asked.body.contains("delete_selected");
                    seen.lock().insert(if harms { "harm".to_owned() } else { asked.path.clone() });
                }
                Answer::html(
                    "<form method=post action=/account/delete><input name=a><button>Go</button></form>\
                     <form method=post action=/confirm><input type=hidden name=action value=delete_selected></form>\
                     <form method=post action=/plain><input name=a><button>Remove it</button></form>\
                     <form method=post action=/bulk><select name=do><option value='' selected>-<option>delete_selected</select></form>\
                     <form method=post action=/save><input name=a><button>Save</button><button name=x>Delete</button></form>",
                )
            })
            .await;
            let mut plan = Plan::new(Target::parse(&format!("http://{address}/")).unwrap());
            plan.profile.browser = BrowserUse::Never;
            plan.profile.tests = false;
            plan.headers = headers;
            scan(&plan, &Help::default(), &Cancel::default(), std::sync::Arc::new(|_| {})).await.unwrap();
            assert_eq!(posted.lock().iter().map(String::as_str).collect::<Vec<_>>(), wanted);
        }
    }

    #[tokio::test]
    async fn the_password_of_the_scan_stays() {
        let bodies = std::sync::Arc::new(parking_lot::Mutex::new(Vec::<String>::new()));
        let seen = bodies.clone();
        let address = serve(move |asked: &Asked| {
            if asked.method == "POST" {
                seen.lock().push(asked.body.clone());
            }
            Answer::html(
                "<form method=post action=/password><input name=hint><input type=password name=new>\
                 <input type=password name=again><button>Change</button></form>",
            )
        })
        .await;
        let secrets = vec![("authpassword".to_owned(), "own-s3cret".to_owned())];
        let session = crate::session::Session { secrets, ..Default::default() };
        let extras = Extras { session, ..Extras::default() };
        let check =
            crate::checks::all().into_iter().find(|check| check.about().name == "xss-stored").unwrap();
        crawl_and_scan(check, address, "/", extras).await;
        let bodies = bodies.lock();
        assert!(bodies.len() > 1, "{bodies:?}");
        assert!(bodies.iter().all(|body| body.ends_with("new=own-s3cret&again=own-s3cret")), "{bodies:?}");
    }

    #[tokio::test]
    async fn open_schemas_bring_their_operations_but_none_that_takes_away() {
        let of = |name: &str| json!({"kind": "SCALAR", "name": name, "ofType": null});
        let field = move |name: &str| json!({"name": name, "args": [{"name": "id", "type": of("String")}], "type": of("String")});
        let schema = json!({"data": {"__schema": {"queryType": {"name": "Query"}, "mutationType": {"name": "Mutation"}, "types": [
            {"kind": "OBJECT", "name": "Query", "fields": [field("note")]},
            {"kind": "OBJECT", "name": "Mutation", "fields": [field("addNote"), field("deleteNote")]},
            {"kind": "SCALAR", "name": "String", "fields": null},
        ]}}});
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/" => Answer::html("<script>fetch('/api/q', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({query: '{ note }'})})</script>"),
            "/api/q" if asked.body.contains("__schema") => reply(&schema),
            "/api/q" => reply(&json!({"data": {"note": asked.body.len()}})),
            _ => Answer::status(404),
        })
        .await;
        let all = crawled(address, "/").await;
        let has = |word: &str| all.iter().any(|request| request.contains(word));
        assert!(has("{note(") && has("{addNote("), "{all:?}");
        assert!(!has("deleteNote") && !has("__schema"), "{all:?}");
    }
}
