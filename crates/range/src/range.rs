//! The range as a whole: which cases there are, and the server that offers them.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Serialize;

use crate::case::{Case, Half};
use crate::extra::Extra;
use crate::filter::html;
use crate::http::server::{ASKED, App, Listening, bind, serve};
use crate::http::{Reply, Request};
use crate::tls::Authority;
use crate::world::World;
use crate::{first, second};

/// What to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; loopback only.
    pub listen: SocketAddr,
    /// One half only.
    pub half: Option<Half>,
    /// One family only.
    pub family: Option<String>,
    /// PostgreSQL for the cases that need it, an address such as `postgres://user@host/db`. Its own schemas are made there.
    pub postgres: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), half: None, family: None, postgres: None }
    }
}

/// The truth about a case, for machines.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Truth {
    /// Family and name.
    pub id: String,
    /// The half.
    pub half: Half,
    /// The family.
    pub family: &'static str,
    /// Whether it has the weakness. A finding on a case that has not is a false one.
    pub vulnerable: bool,
    /// The technique.
    pub technique: String,
    /// The page to begin at. Relative to the range where that is not running.
    pub entry: String,
    /// Where the value arrives.
    pub url: String,
    /// The method there.
    pub method: &'static str,
    /// The parameter, where there is one.
    pub parameter: Option<&'static str>,
    /// The kind of place.
    pub place: &'static str,
    /// QIDs that are right, any of them.
    pub qids: Vec<u32>,
    /// CWEs that are right, any of them.
    pub cwe: Vec<u16>,
    /// Why it is vulnerable; empty for a safe one.
    pub why: String,
    /// What a safe one does right.
    pub safe_because: String,
    /// `postgres`, `https` or `origin`.
    pub needs: Option<&'static str>,
}

/// All cases that the options name.
pub fn cases(options: &Options) -> Vec<Case> {
    let mut all = first::cases();
    all.extend(second::cases());
    all.retain(|case| {
        options.half.is_none_or(|half| half == case.half)
            && options.family.as_ref().is_none_or(|family| family == case.family)
    });
    all
}

/// The truth about a case that is served at `base`, such as `http://127.0.0.1:8080`.
pub fn truth(case: &Case, base: &str) -> Truth {
    let own = case.needs == Some("origin");
    let (entry, url) = if own { ("/".to_owned(), "/".to_owned()) } else { (case.base(), case.endpoint()) };
    let (why, safe_because) =
        if case.vulnerable { (case.why.clone(), String::new()) } else { (String::new(), case.why.clone()) };
    Truth {
        id: case.id(),
        half: case.half,
        family: case.family,
        vulnerable: case.vulnerable,
        technique: case.name.clone(),
        entry: format!("{base}{entry}"),
        url: format!("{base}{url}"),
        method: case.place.method(),
        parameter: case.place.parameter(),
        place: case.place.kind(),
        qids: case.qids.clone(),
        cwe: case.cwe.clone(),
        why,
        safe_because,
        needs: case.needs,
    }
}

/// A running range. It ends when it is dropped.
pub struct Range {
    site: Arc<Site>,
    plain: Listening,
    secure: Listening,
    own: HashMap<String, Listening>,
    extra: Extra,
    authority: Arc<Authority>,
}

struct Site {
    world: Arc<World>,
    cases: Vec<Case>,
    by_path: HashMap<String, usize>,
    start_page: parking_lot::Mutex<Option<String>>,
}

impl Range {
    /// Starts to serve.
    pub fn start(options: &Options) -> io::Result<Self> {
        let world = Arc::new(World::new(options.listen, options.postgres.clone())?);
        let mut cases = cases(options);
        if options.postgres.is_none() {
            cases.retain(|case| case.needs != Some("postgres"));
        }
        let by_path = cases.iter().enumerate().map(|(at, case)| (case.id(), at)).collect();
        let whole = options.half.is_none() && options.family.is_none();
        let site =
            Arc::new(Site { world: Arc::clone(&world), cases, by_path, start_page: Default::default() });
        let any = SocketAddr::new(options.listen.ip(), 0);
        let authority = Arc::new(Authority::new().map_err(io::Error::other)?);
        let plain = serve(bind(options.listen)?, Arc::clone(&site) as Arc<dyn App>, None)?;
        let secure = serve(
            bind(any)?,
            Arc::clone(&site) as Arc<dyn App>,
            Some(authority.ordinary().map_err(io::Error::other)?),
        )?;
        let mut own = HashMap::new();
        for (at, case) in site.cases.iter().enumerate().filter(|(_, case)| case.needs == Some("origin")) {
            let listener = bind(any)?;
            let site = Arc::clone(&site);
            let app = move |request: &Request| site.own(at, request);
            let accept = authority.for_case(&case.id()).map_err(io::Error::other)?;
            own.insert(case.id(), serve(listener, Arc::new(app), accept)?);
        }
        let extra = Extra::start(&world, whole)?;
        Ok(Self { site, plain, secure, own, extra, authority })
    }

    /// Where it is served in the clear, such as `http://127.0.0.1:8080`.
    pub fn base(&self) -> String {
        format!("http://{}", self.plain.address())
    }

    /// Where it is served over TLS.
    pub fn secure_base(&self) -> String {
        format!("https://{}", self.secure.address())
    }

    /// The cases that are served.
    pub fn cases(&self) -> &[Case] {
        &self.site.cases
    }

    /// The certificate (DER) of the authority that signs the range's certificates.
    pub fn authority_certificate(&self) -> &[u8] {
        self.authority.certificate()
    }

    /// Puts a page of the caller's at `/start-page`: a browser's test opens cases in frames from there.
    pub fn set_start_page(&self, page: String) {
        *self.site.start_page.lock() = Some(page);
    }

    /// The world behind.
    pub fn world(&self) -> &World {
        &self.site.world
    }

    /// Hostile servers, logins and the like, on ports of their own.
    pub fn extra(&self) -> &Extra {
        &self.extra
    }

    /// Where a case is served; in the clear, unless it has an origin of its own.
    pub fn address_of(&self, case: &Case) -> SocketAddr {
        self.own.get(&case.id()).map_or(self.plain.address(), Listening::address)
    }

    /// The truth about all cases, with whole URLs.
    pub fn truth(&self) -> Vec<Truth> {
        self.site.cases.iter().map(|case| truth(case, &self.base_of(case))).collect()
    }

    fn base_of(&self, case: &Case) -> String {
        match (case.needs, self.own.get(&case.id())) {
            (Some("origin"), Some(own)) if crate::tls::is_tls(case) => format!("https://{}", own.address()),
            (Some("origin"), Some(own)) => format!("http://{}", own.address()),
            (Some("https"), _) => self.secure_base(),
            _ => self.base(),
        }
    }
}

impl App for Site {
    fn answer(&self, request: &Request) -> Reply {
        let path = request.path.as_str();
        if let Some(rest) = path.strip_prefix("/case/") {
            let mut parts = rest.splitn(3, '/');
            let (family, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let case = self.by_path.get(&format!("{family}/{name}")).and_then(|at| self.cases.get(*at));
            return match (case, parts.next()) {
                (Some(case), _) if case.needs == Some("origin") => Reply::missing(),
                (Some(case), _) if case.needs == Some("https") && !request.tls => Reply::missing(),
                (Some(case), Some(rest)) => case.answer(&self.world, request, rest),
                (Some(case), None) => Reply::redirect(case.base()),
                (None, _) if name.is_empty() => self.family(family, request.tls),
                _ => Reply::missing(),
            };
        }
        match path {
            "/" => self.index(request.tls),
            "/range-requests" => Reply::new(200, "text/plain", ASKED.load(Ordering::Relaxed).to_string()),
            "/start-page" => self.start_page.lock().clone().map_or_else(Reply::missing, Reply::raw_html),
            _ => crate::extra::api::answer(&self.cases, request).unwrap_or_else(Reply::missing),
        }
    }
}

impl Site {
    fn own(&self, at: usize, request: &Request) -> Reply {
        let Some(case) = self.cases.get(at) else { return Reply::missing() };
        let rest = request.path.trim_start_matches('/');
        (case.act)(&self.world, &crate::case::Hit { case, request, value: String::new(), rest })
    }

    fn shown(&self, tls: bool) -> impl Iterator<Item = &Case> {
        self.cases
            .iter()
            .filter(move |case| case.needs != Some("origin") && (case.needs != Some("https") || tls))
    }

    fn index(&self, tls: bool) -> Reply {
        let mut families: Vec<_> = self.shown(tls).map(|case| case.family).collect();
        families.dedup();
        let links: String = families
            .iter()
            .map(|family| format!("<li><a href=\"/case/{family}/\">{family}</a></li>\n"))
            .collect();
        Reply::html(format!(
            "<h1>Practice range</h1>
<ul>
{links}</ul>"
        ))
    }

    fn family(&self, family: &str, tls: bool) -> Reply {
        let cases: Vec<_> = self.shown(tls).filter(|case| case.family == family).collect();
        if cases.is_empty() {
            return Reply::missing();
        }
        let link =
            |case: &&Case| format!("<li><a href=\"{}\">{}</a></li>\n", html(&case.base()), html(&case.name));
        Reply::html(format!(
            "<h1>{}</h1>\n<ul>\n{}</ul>",
            html(family),
            cases.iter().map(link).collect::<String>()
        ))
    }
}
