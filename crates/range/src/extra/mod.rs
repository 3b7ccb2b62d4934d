//! What is not a case: crawl mazes, logins, the site that leads astray, hostile servers, and descriptions of the API. Each
//! site is on a port of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::http::server::{App, Listening, bind, serve};
use crate::http::{Reply, Request};
use crate::world::World;

pub mod api;
pub mod escape;
pub mod hostile;
pub mod login;
pub mod maze;
mod socket;

/// The sites.
pub struct Extra {
    sites: Vec<(String, Listening)>,
    outside: SocketAddr,
}

impl Extra {
    /// Starts them; none where only a part of the cases is served.
    pub(crate) fn start(world: &Arc<World>, whole: bool) -> io::Result<Self> {
        let any = SocketAddr::new(world.outside().ip(), 0);
        let mut sites = Vec::new();
        let mut add = |name: String, app: Arc<dyn App>| -> io::Result<()> {
            sites.push((name, serve(bind(any)?, app, None)?));
            Ok(())
        };
        if whole {
            for maze in maze::mazes() {
                add(format!("maze/{}", maze.name), Arc::new(maze::app(Arc::clone(world), maze.answer)))?;
            }
            for (name, kind) in login::LOGINS {
                add(format!("login/{name}"), Arc::new(login::app(Arc::clone(world), name, *kind)))?;
            }
            add("escape".to_owned(), Arc::new(escape::app(Arc::clone(world))))?;
            add("hostile".to_owned(), Arc::new(hostile::app))?;
            for (name, accept) in hostile::broken_tls() {
                let nothing = |_: &Request| Reply::missing();
                sites.push((
                    format!("broken-tls/{name}"),
                    serve(bind(any)?, Arc::new(nothing), Some(accept))?,
                ));
            }
        }
        Ok(Self { sites, outside: world.outside() })
    }

    /// Where a site is, such as `maze/static`.
    pub fn address(&self, site: &str) -> Option<SocketAddr> {
        self.sites.iter().find(|(name, _)| name == site).map(|(_, listening)| listening.address())
    }

    /// What is true about the sites, with their addresses.
    pub fn truth(&self) -> Value {
        let base = |site: &str| {
            let scheme = if site.starts_with("broken-tls/") { "https" } else { "http" };
            self.address(site).map(|address| format!("{scheme}://{address}")).unwrap_or_default()
        };
        let mut truth = truth(&base);
        if let Some(escape) = truth.get_mut("escape").and_then(Value::as_object_mut) {
            escape.insert("outside".to_owned(), json!(format!("http://{}", self.outside)));
        }
        truth
    }
}

/// What is true about mazes, logins, the site that leads astray and hostile servers; `base` gives the address of a site.
pub fn truth(base: &dyn Fn(&str) -> String) -> Value {
    let maze = |maze: &maze::Maze| json!({"name": maze.name, "base": base(&format!("maze/{}", maze.name)), "pages": maze.pages, "browser": maze.browser, "endless": maze.endless, "about": maze.about});
    let login = |(name, kind): &(&str, login::Kind)| {
        json!({"name": name, "base": base(&format!("login/{name}")), "kind": format!("{kind:?}"), "username": login::USER, "password": login::PASSWORD,
               "key": login::KEY, "signedInText": login::SIGNED_IN, "pages": login::PAGES, "vulnerable": {"path": "/account/search", "parameter": "q", "qids": [150001], "cwe": [79]}})
    };
    let broken: Vec<_> = hostile::broken_tls()
        .iter()
        .map(|(name, _)| json!({"name": name, "base": base(&format!("broken-tls/{name}"))}))
        .collect();
    json!({
        "mazes": maze::mazes().iter().map(maze).collect::<Vec<_>>(),
        "logins": login::LOGINS.iter().map(login).collect::<Vec<_>>(),
        "escape": {"base": base("escape"), "pages": escape::PAGES},
        "hostile": {"base": base("hostile"), "paths": hostile::PATHS},
        "brokenTls": broken,
        "descriptions": api::PATHS,
    })
}
