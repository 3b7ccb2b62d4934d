//! Login variants: sites of their own, with pages that only somebody who is signed in sees.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::filter::html;
use crate::http::{Reply, Request};
use crate::world::{State, World, token};

/// The user of every login.
pub const USER: &str = "alice";
/// Her password. The range is on loopback, and made to be broken into.
pub const PASSWORD: &str = "correct-horse-77";
/// What only pages for somebody signed in show.
pub const SIGNED_IN: &str = "Signed in as alice";
/// The key of the header variant.
pub const KEY: &str = "range-key-4711";

/// How one signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A form.
    Form,
    /// A form with a token that serves once.
    FormToken,
    /// Two pages: the name, then the password.
    Steps,
    /// A form; the session ends after forty requests.
    Expires,
    /// A form; links and forms all over sign one out.
    Logouts,
    /// Basic credentials.
    Basic,
    /// A key in a header.
    Header,
    /// JSON for a token, which goes in the Authorization header.
    Bearer,
}

/// All variants, with their names.
pub const LOGINS: &[(&str, Kind)] = &[
    ("form", Kind::Form),
    ("form-token", Kind::FormToken),
    ("steps", Kind::Steps),
    ("expires", Kind::Expires),
    ("logouts", Kind::Logouts),
    ("basic", Kind::Basic),
    ("header", Kind::Header),
    ("bearer", Kind::Bearer),
];

/// The pages that only somebody signed in sees. `/account/search` shows its `q` as it came: a weakness behind the login.
pub const PAGES: &[&str] =
    &["/account", "/account/orders", "/account/orders/1", "/account/settings", "/account/search?q=apple"];

/// Whether a request comes from somebody signed in. Counts what a session is used for.
fn signed_in(kind: Kind, request: &Request, state: &mut State) -> bool {
    let authorization = request.header("authorization").unwrap_or_default();
    match kind {
        Kind::Basic => authorization == format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}"))),
        Kind::Header => request.header("x-api-key") == Some(KEY),
        Kind::Bearer => authorization
            .strip_prefix("Bearer ")
            .is_some_and(|token| state.values.contains_key(&format!("bearer {token}"))),
        _ => {
            let key = format!("session {}", request.cookie("session").unwrap_or_default());
            let Some(used) = state.values.get(&key).and_then(|used| used.parse::<u32>().ok()) else {
                return false;
            };
            if kind == Kind::Expires && used >= 40 {
                state.values.remove(&key);
                return false;
            }
            state.put(key, (used + 1).to_string());
            true
        }
    }
}

fn challenge(kind: Kind) -> Reply {
    match kind {
        Kind::Basic => Reply::html("<p>Please sign in.</p>")
            .with_status(401)
            .header("WWW-Authenticate", "Basic realm=\"range\""),
        Kind::Header | Kind::Bearer => {
            Reply::json(&serde_json::json!({"error": "not signed in"})).with_status(401)
        }
        _ => Reply::redirect("/login"),
    }
}

fn form(kind: Kind, state: &mut State, wrong: bool) -> Reply {
    let mut inner = String::new();
    if kind == Kind::FormToken {
        let token = token();
        state.put(format!("token {token}"), "1");
        inner = format!("<input type=\"hidden\" name=\"csrf\" value=\"{token}\">");
    }
    if kind != Kind::Steps {
        inner.push_str(
            "<label>Password <input type=\"password\" name=\"password\" autocomplete=\"off\"></label>",
        );
    }
    let told = if wrong { "<p class=\"error\">Name or password is wrong.</p>" } else { "" };
    Reply::html(format!(
        "<h1>Sign in</h1>{told}<form action=\"/login\" method=\"post\"><label>Name <input name=\"username\"></label>{inner}<button type=\"submit\">Sign in</button></form>"
    ))
}

fn admit(state: &mut State) -> Reply {
    let session = token();
    state.put(format!("session {session}"), "0");
    Reply::redirect("/account")
        .header("Set-Cookie", format!("session={session}; Path=/; HttpOnly; SameSite=Lax"))
}

fn login(kind: Kind, request: &Request, state: &mut State) -> Reply {
    let field = |name: &str| request.field(name).unwrap_or_default();
    if request.method != "POST" {
        return form(kind, state, false);
    }
    if kind == Kind::FormToken && state.values.remove(&format!("token {}", field("csrf"))).is_none() {
        return form(kind, state, true);
    }
    if kind == Kind::Steps {
        let step = token();
        state.put(format!("step {step}"), field("username"));
        return Reply::html(format!(
            "<h1>Password</h1><form action=\"/password\" method=\"post\"><input type=\"hidden\" name=\"step\" value=\"{step}\"><input type=\"password\" name=\"password\" autocomplete=\"off\"><button>Sign in</button></form>"
        ));
    }
    if field("username") == USER && field("password") == PASSWORD {
        admit(state)
    } else {
        form(kind, state, true)
    }
}

/// The application of a variant.
pub(crate) fn app(
    world: Arc<World>,
    name: &'static str,
    kind: Kind,
) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let state = world.state(&format!("login {name}"));
        let mut state = state.lock();
        match request.path.as_str() {
            "/" => {
                return Reply::html(
                    "<h1>Bank</h1><a href=\"/account\">My account</a> <a href=\"/about\">About</a>",
                );
            }
            "/about" => return Reply::html("<p>About the bank.</p>"),
            "/login" if !matches!(kind, Kind::Basic | Kind::Header | Kind::Bearer) => {
                return login(kind, request, &mut state);
            }
            "/password" if kind == Kind::Steps => {
                let user =
                    request.field("step").and_then(|step| state.values.remove(&format!("step {step}")));
                let right =
                    user.as_deref() == Some(USER) && request.field("password").as_deref() == Some(PASSWORD);
                return if right { admit(&mut state) } else { form(kind, &mut state, true) };
            }
            "/api/login" if kind == Kind::Bearer && request.method == "POST" => {
                let body = request.json().unwrap_or_default();
                let is = |name: &str, wanted: &str| {
                    body.get(name).and_then(serde_json::Value::as_str) == Some(wanted)
                };
                if !(is("username", USER) && is("password", PASSWORD)) {
                    return Reply::json(&serde_json::json!({"error": "name or password is wrong"}))
                        .with_status(401);
                }
                let token = token();
                state.put(format!("bearer {token}"), "1");
                return Reply::json(&serde_json::json!({"token": token, "type": "Bearer"}));
            }
            "/logout" | "/account/sign-off" => {
                state.values.remove(&format!("session {}", request.cookie("session").unwrap_or_default()));
                return Reply::redirect("/")
                    .header("Set-Cookie", "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
            }
            _ => {}
        }
        if !request.path.starts_with("/account") {
            return Reply::missing();
        }
        if !signed_in(kind, request, &mut state) {
            return challenge(kind);
        }
        inside(kind, request)
    }
}

fn inside(kind: Kind, request: &Request) -> Reply {
    let out = match kind {
        Kind::Logouts => {
            "<a href=\"/logout\">Log out</a> <a href=\"/account/sign-off\">Leave</a><form action=\"/logout\" method=\"post\"><button>Sign out</button></form>"
        }
        Kind::Basic | Kind::Header | Kind::Bearer => "",
        _ => "<a href=\"/logout\">Log out</a>",
    };
    let links = "<a href=\"/account\">Overview</a> <a href=\"/account/orders\">Orders</a> <a href=\"/account/settings\">Settings</a> <a href=\"/account/search?q=apple\">Search</a>";
    let frame = |body: &str| Reply::html(format!("<p>{SIGNED_IN}</p>{links} {out}<div>{body}</div>"));
    match request.path.as_str() {
        "/account" => frame("<h1>Overview</h1>"),
        "/account/orders" => frame("<a href=\"/account/orders/1\">Order 1</a>"),
        "/account/orders/1" => frame("<p>Order 1: apples.</p>"),
        "/account/settings" => {
            frame(&format!("<p>Language: {}</p>", html(request.query("lang").unwrap_or("en"))))
        }
        // As it came: this is the weakness behind the login.
        "/account/search" => {
            frame(&format!("<p>Nothing found for {}</p>", request.query("q").unwrap_or_default()))
        }
        _ => Reply::missing(),
    }
}
