//! Crawl mazes: sites of their own, each with the exact list of the pages that must be found.

use std::sync::Arc;

use crate::filter::html;
use crate::http::{Reply, Request};
use crate::world::{World, token};

/// A maze.
pub struct Maze {
    /// Its name.
    pub name: &'static str,
    /// Paths (with query or fragment where that makes the page) that a crawl must find.
    pub pages: Vec<String>,
    /// Whether some are only found by a browser.
    pub browser: bool,
    /// Whether addresses never end, so that a crawl must stop by itself.
    pub endless: bool,
    /// What it is about.
    pub about: &'static str,
    pub(crate) answer: fn(&World, &Request) -> Reply,
}

fn page(title: &str, body: &str) -> Reply {
    Reply::html(format!("<h1>{title}</h1>\n{body}"))
}

fn link(path: &str) -> String {
    format!("<a href=\"{0}\">{0}</a>\n", html(path))
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|path| (*path).to_owned()).collect()
}

/// All mazes.
pub fn mazes() -> Vec<Maze> {
    let mut all = vec![
        Maze {
            name: "static",
            about: "plain links, thirty pages in a tree",
            pages: (0..=30).map(|n| if n == 0 { "/".to_owned() } else { format!("/page/{n}") }).collect(),
            browser: false,
            endless: false,
            answer: plain,
        },
        Maze {
            name: "elements",
            about: "frames, areas, srcset, meta refresh, base, link, object, forms",
            pages: texts(&[
                "/",
                "/frame",
                "/inner",
                "/area",
                "/refreshed",
                "/big.svg",
                "/small.svg",
                "/next",
                "/object",
                "/found?q=word",
                "/under/base/relative",
                "/encoded%20name",
                "/upper",
                "/no-quotes",
                "/entity?a=1&b=2",
            ]),
            browser: false,
            endless: false,
            answer: elements,
        },
        Maze {
            name: "scripts",
            about: "addresses in inline and linked scripts",
            pages: texts(&[
                "/",
                "/written",
                "/assigned",
                "/fetched.json",
                "/opened",
                "/joined/path",
                "/from-file",
                "/template",
            ]),
            browser: false,
            endless: false,
            answer: scripts,
        },
        Maze {
            name: "events",
            about: "pages that only events lead to",
            pages: texts(&[
                "/",
                "/clicked",
                "/chosen",
                "/hovered",
                "/double",
                "/submitted?made=yes",
                "/late",
                "/shadow",
                "/dialog",
                "/lazy",
            ]),
            browser: true,
            endless: false,
            answer: events,
        },
        Maze {
            name: "nested",
            about: "a chain of fifteen pages, each deeper",
            pages: (0..=15)
                .map(|depth| format!("/{}", (1..=depth).map(|n| format!("{n}/")).collect::<String>()))
                .collect(),
            browser: false,
            endless: false,
            answer: nested,
        },
        Maze {
            name: "hash-routes",
            about: "one page whose fragments are its pages",
            pages: texts(&["/", "/#/list", "/#/about", "/#/item/1", "/#/item/2", "/api/list.json"]),
            browser: true,
            endless: false,
            answer: hash_routes,
        },
        Maze {
            name: "client-app",
            about: "an application in the browser that answers 200 to every path and has eight routes",
            pages: texts(&[
                "/",
                "/shop",
                "/shop/fruit",
                "/shop/tools",
                "/basket",
                "/about",
                "/contact",
                "/help",
            ]),
            browser: true,
            endless: true,
            answer: client_app,
        },
        Maze {
            name: "steps",
            about: "a form of three steps with a token for each",
            pages: texts(&["/", "/step/1", "/step/2", "/step/3", "/done"]),
            browser: false,
            endless: false,
            answer: steps,
        },
        Maze {
            name: "calendar",
            about: "months without end, and two pages beside them",
            pages: texts(&["/", "/calendar", "/holidays", "/imprint"]),
            browser: false,
            endless: true,
            answer: calendar,
        },
        Maze {
            name: "sort-orders",
            about: "a list in every order and direction, five items",
            pages: (0..=6)
                .map(|n| match n {
                    0 => "/".to_owned(),
                    6 => "/list".to_owned(),
                    n => format!("/item/{n}"),
                })
                .collect(),
            browser: false,
            endless: true,
            answer: sort_orders,
        },
        Maze {
            name: "session-ids",
            about: "each link carries a fresh session",
            pages: texts(&["/", "/a", "/b", "/c", "/d"]),
            browser: false,
            endless: true,
            answer: session_ids,
        },
        Maze {
            name: "soft-404",
            about: "dead links answer 200",
            pages: texts(&["/", "/live/1", "/live/2", "/live/3"]),
            browser: false,
            endless: false,
            answer: soft_404,
        },
        Maze {
            name: "robots",
            about: "pages that only robots.txt and the sitemap name",
            pages: texts(&[
                "/",
                "/from-robots/",
                "/from-sitemap/1",
                "/from-sitemap/2",
                "/from-nested-sitemap",
            ]),
            browser: false,
            endless: false,
            answer: robots,
        },
        Maze {
            name: "redirects",
            about: "pages behind every kind of redirect",
            pages: texts(&[
                "/",
                "/end/301",
                "/end/302",
                "/end/303",
                "/end/307",
                "/end/308",
                "/end/meta",
                "/end/chain",
            ]),
            browser: false,
            endless: false,
            answer: redirects,
        },
        Maze {
            name: "related",
            about: "each item names others, without end",
            pages: texts(&["/", "/items", "/help"]),
            browser: false,
            endless: true,
            answer: related,
        },
    ];
    all.push(Maze {
        name: "sockets",
        about: "what a script asks for: fetch, XHR, WebSocket, beacon",
        pages: texts(&["/", "/api/fetch", "/api/xhr", "/api/beacon", "/socket"]),
        browser: true,
        endless: false,
        answer: sockets,
    });
    all
}

/// The maze as an application.
pub(crate) fn app(
    world: Arc<World>,
    answer: fn(&World, &Request) -> Reply,
) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| answer(&world, request)
}

fn plain(_: &World, request: &Request) -> Reply {
    if request.path == "/" {
        return page("Home", &(1..=5).map(|n| link(&format!("/page/{n}"))).collect::<String>());
    }
    match request.path.strip_prefix("/page/").and_then(|n| n.parse::<u32>().ok()) {
        Some(n @ 1..=30) => {
            let next: String = (n * 5..n * 5 + 5)
                .map(|n| n + 1)
                .filter(|n| *n <= 30)
                .map(|n| link(&format!("/page/{n}")))
                .collect();
            page(&format!("Page {n}"), &format!("{next}<a href=\"/\">Home</a>"))
        }
        _ => Reply::missing(),
    }
}

fn elements(_: &World, request: &Request) -> Reply {
    match request.path.as_str() {
        "/" => Reply::raw_html(
            "<!DOCTYPE html><html><head><title>Elements</title><link rel=\"next\" href=\"/next\"></head><body>\
             <iframe src=\"/frame\"></iframe><map name=\"m\"><area shape=\"default\" href=\"/area\"></map><img src=\"/small.svg\" srcset=\"/small.svg 1x, /big.svg 2x\" usemap=\"#m\" alt=\"\">\
             <object data=\"/object\" type=\"text/html\"></object><a href=\"/refresh\">Refresh</a><a href=\"/with-base\">Base</a><a href=\"/encoded%20name\">Encoded</a>\
             <A HREF='/upper'>Upper</A><a href=/no-quotes>No quotes</a><a href=\"/entity?a=1&amp;b=2\">Entity</a>\
             <form action=\"/found\" method=\"get\"><input name=\"q\" value=\"word\"><button>Find</button></form></body></html>",
        ),
        "/frame" => page("Frame", &link("/inner")),
        "/refresh" => Reply::raw_html(
            "<!DOCTYPE html><html><head><meta http-equiv=\"Refresh\" content=\"0; URL='/refreshed'\"></head><body></body></html>",
        ),
        "/with-base" => Reply::raw_html(
            "<!DOCTYPE html><html><head><base href=\"/under/base/\"></head><body><a href=\"relative\">Relative</a></body></html>",
        ),
        "/small.svg" | "/big.svg" => {
            Reply::new(200, "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")
        }
        "/inner"
        | "/area"
        | "/refreshed"
        | "/next"
        | "/object"
        | "/found"
        | "/under/base/relative"
        | "/encoded name"
        | "/upper"
        | "/no-quotes"
        | "/entity" => page("Found", ""),
        _ => Reply::missing(),
    }
}

fn scripts(_: &World, request: &Request) -> Reply {
    match request.path.as_str() {
        "/" => page(
            "Scripts",
            "<script src=\"/app.js\"></script>\n<script>\ndocument.write('<a href=\"/written\">Written</a>');\nfunction go() { location.href = '/assigned'; }\nfunction load() { return fetch('/fetched.json'); }\nfunction open2() { window.open(\"/opened\", '_blank'); }\nvar joined = '/joined' + '/path'; function j() { location.assign(joined); }\nvar t = `/template`; function u() { location.replace(t); }\n</script><button onclick=\"go()\">Go</button><button onclick=\"load()\">Load</button><button onclick=\"open2()\">Open</button><button onclick=\"j()\">Join</button><button onclick=\"u()\">Template</button>",
        ),
        "/app.js" => Reply::new(
            200,
            "text/javascript",
            "(function () { var routes = { first: \"/from-file\" }; window.first = function () { location.href = routes.first; }; })();",
        ),
        "/fetched.json" => Reply::json(&serde_json::json!({"ok": true})),
        "/written" | "/assigned" | "/opened" | "/joined/path" | "/from-file" | "/template" => {
            page("Found", "")
        }
        _ => Reply::missing(),
    }
}

const EVENTS: &str = "<button id=\"click\">Click</button><select id=\"choose\"><option>one</option><option>two</option></select><div id=\"hover\">Menu</div><p id=\"double\">Twice</p>
<div id=\"host\"></div><div style=\"height: 3000px\"></div><div id=\"bottom\">Bottom</div>
<script>
function hex(t) { return t.split(' ').map(function (c) { return String.fromCharCode(parseInt(c, 16)); }).join(''); }
function add(path) { var a = document.createElement('a'); a.href = path; a.textContent = path; document.body.appendChild(a); }
document.getElementById('click').addEventListener('click', function () { add(hex('2f 63 6c 69 63 6b 65 64')); });
document.getElementById('choose').addEventListener('change', function () { add(hex('2f 63 68 6f 73 65 6e')); });
document.getElementById('hover').addEventListener('mouseover', function () { add(hex('2f 68 6f 76 65 72 65 64')); });
document.getElementById('double').addEventListener('dblclick', function () { add(hex('2f 64 6f 75 62 6c 65')); });
setTimeout(function () { add(hex('2f 6c 61 74 65')); var f = document.createElement('form'); f.action = hex('2f 73 75 62 6d 69 74 74 65 64'); var i = document.createElement('input'); i.name = 'made'; i.value = 'yes'; f.appendChild(i); document.body.appendChild(f); }, 300);
var root = document.getElementById('host').attachShadow({ mode: 'open' }); root.innerHTML = '<a href=\"' + hex('2f 73 68 61 64 6f 77') + '\">in the shadow</a>';
setTimeout(function () { if (confirm('Show more?')) { add(hex('2f 64 69 61 6c 6f 67')); } }, 100);
new IntersectionObserver(function (all) { if (all[0].isIntersecting) { add(hex('2f 6c 61 7a 79')); } }).observe(document.getElementById('bottom'));
</script>";

fn events(_: &World, request: &Request) -> Reply {
    match request.path.as_str() {
        "/" => page("Events", EVENTS),
        "/clicked" | "/chosen" | "/hovered" | "/double" | "/submitted" | "/late" | "/shadow" | "/dialog"
        | "/lazy" => page("Found", ""),
        _ => Reply::missing(),
    }
}

fn nested(_: &World, request: &Request) -> Reply {
    let parts: Vec<_> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    let depth = parts.len();
    let right = parts.iter().enumerate().all(|(at, part)| *part == (at + 1).to_string());
    match depth {
        _ if !right || !request.path.ends_with('/') => Reply::missing(),
        15 => page("The end", ""),
        0..15 => page(&format!("Level {depth}"), &format!("<a href=\"{}/\">Deeper</a>", depth + 1)),
        _ => Reply::missing(),
    }
}

fn hash_routes(_: &World, request: &Request) -> Reply {
    match request.path.as_str() {
        "/" => page(
            "Routes",
            "<a href=\"#/list\">List</a> <a href=\"#/about\">About</a><div id=\"view\"></div>\n<script>\nfunction show() { var r = location.hash.slice(1); var v = document.getElementById('view'); v.textContent = r;\n if (r === '/list') { fetch('/api/list.json').then(function (x) { return x.json(); }).then(function (l) { l.forEach(function (i) { var a = document.createElement('a'); a.href = '#/item/' + i; a.textContent = i; v.appendChild(a); }); }); } }\nwindow.addEventListener('hashchange', show); show();\n</script>",
        ),
        "/api/list.json" => Reply::json(&serde_json::json!([1, 2])),
        _ => Reply::missing(),
    }
}

fn client_app(_: &World, request: &Request) -> Reply {
    if request.path == "/bundle.js" {
        return Reply::new(
            200,
            "text/javascript",
            "var routes = { '/': ['/shop', '/about'], '/shop': ['/shop/fruit', '/shop/tools'], '/shop/fruit': ['/basket'], '/shop/tools': [], '/basket': ['/help'], '/about': ['/contact'], '/contact': [], '/help': [] };\nfunction show(path) { var v = document.getElementById('app'); v.innerHTML = '<h2>' + (routes[path] ? path : 'Nothing here') + '</h2>'; (routes[path] || []).forEach(function (to) { var a = document.createElement('a'); a.href = to; a.textContent = to; a.onclick = function (e) { e.preventDefault(); history.pushState(null, '', to); show(to); }; v.appendChild(a); }); }\nwindow.onpopstate = function () { show(location.pathname); }; show(location.pathname);",
        );
    }
    // Every path is answered with the same page; there is no other.
    Reply::raw_html(
        "<!DOCTYPE html><html><head><title>Shop</title></head><body><div id=\"app\"></div><script src=\"/bundle.js\"></script></body></html>",
    )
}

fn steps(world: &World, request: &Request) -> Reply {
    let state = world.state("maze steps");
    let mut state = state.lock();
    let mut form = |step: u32| {
        let token = token();
        state.put(format!("{step} {token}"), "1");
        page(
            &format!("Step {step}"),
            &format!(
                "<form action=\"{}\" method=\"post\"><input type=\"hidden\" name=\"token\" value=\"{token}\"><input name=\"answer\" value=\"yes\" required><button>Next</button></form>",
                if step == 3 { "/done".to_owned() } else { format!("/step/{}", step + 1) }
            ),
        )
    };
    let step = match request.path.as_str() {
        "/" => return page("Order", &link("/step/1")),
        "/step/1" => return form(1),
        "/step/2" => 2,
        "/step/3" => 3,
        "/done" => 4,
        _ => return Reply::missing(),
    };
    let sent = request.field("token").unwrap_or_default();
    let answered = request.field("answer").is_some_and(|answer| !answer.is_empty());
    if request.method != "POST" || !answered || state.values.remove(&format!("{} {sent}", step - 1)).is_none()
    {
        return Reply::redirect("/step/1");
    }
    if step == 4 {
        return page("Done", "<p>Your order has been placed.</p>");
    }
    let token = token();
    state.put(format!("{step} {token}"), "1");
    page(
        &format!("Step {step}"),
        &format!(
            "<form action=\"{}\" method=\"post\"><input type=\"hidden\" name=\"token\" value=\"{token}\"><input name=\"answer\" value=\"yes\"><button>Next</button></form>",
            if step == 3 { "/done" } else { "/step/3" }
        ),
    )
}

fn calendar(_: &World, request: &Request) -> Reply {
    let number = |name: &str, otherwise: i64| {
        request
            .query(name)
            .and_then(|value| value.parse::<i64>().ok())
            .unwrap_or(otherwise)
            .clamp(-999_999, 999_999)
    };
    match request.path.as_str() {
        "/" => page("Club", &(link("/calendar") + &link("/imprint"))),
        "/calendar" => {
            let (year, month) = (number("year", 2031), number("month", 3).clamp(1, 12));
            let beside = |months: i64| {
                let all = year * 12 + month - 1 + months;
                link(&format!("/calendar?year={}&month={}", all.div_euclid(12), all.rem_euclid(12) + 1))
            };
            let days: String =
                (1..=28).map(|day| link(&format!("/calendar?year={year}&month={month}&day={day}"))).collect();
            page(
                &format!("{year}-{month}"),
                &format!("{}{}{days}{}", beside(-1), beside(1), link("/holidays")),
            )
        }
        "/holidays" | "/imprint" => page("Found", ""),
        _ => Reply::missing(),
    }
}

fn sort_orders(world: &World, request: &Request) -> Reply {
    match request.path.as_str() {
        "/" => page("Shop", &link("/list")),
        "/list" => {
            let columns = ["name", "price", "date", "stock", "size", "color"];
            let orders: String = columns
                .iter()
                .flat_map(|column| {
                    ["asc", "desc"]
                        .map(|way| link(&format!("/list?sort={column}&dir={way}&seen={}", world.next())))
                })
                .collect();
            page("List", &(orders + &(1..=5).map(|n| link(&format!("/item/{n}"))).collect::<String>()))
        }
        path if path.strip_prefix("/item/").is_some_and(|n| matches!(n, "1" | "2" | "3" | "4" | "5")) => {
            page(path, &link("/list"))
        }
        _ => Reply::missing(),
    }
}

fn session_ids(_: &World, request: &Request) -> Reply {
    let fresh = |path: &str| link(&format!("{path}?PHPSESSID={}", token()));
    let to: &[&str] = match request.path.as_str() {
        "/" => &["/a", "/b"],
        "/a" => &["/", "/c"],
        "/b" => &["/", "/d"],
        "/c" | "/d" => &["/", "/a", "/b"],
        _ => return Reply::missing(),
    };
    page(&request.path, &to.iter().map(|path| fresh(path)).collect::<String>())
}

fn soft_404(_: &World, request: &Request) -> Reply {
    match request.path.as_str() {
        "/" => page(
            "Home",
            &["/live/1", "/live/2", "/live/3", "/dead/1", "/dead/2", "/gone.html", "/old/index.php"]
                .map(link)
                .concat(),
        ),
        "/live/1" | "/live/2" | "/live/3" => page(&request.path, "<p>This page is here.</p>"),
        path => page(
            "Oh no",
            &format!(
                "<p>We looked everywhere, but {} has moved or never was.</p><a href=\"/\">Home</a>",
                html(path)
            ),
        ),
    }
}

fn robots(_: &World, request: &Request) -> Reply {
    let host = request.header("host").unwrap_or("127.0.0.1");
    let map = |inner: String| {
        Reply::new(200, "application/xml", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{inner}"))
    };
    let space = "http://www.sitemaps.org/schemas/sitemap/0.9";
    match request.path.as_str() {
        "/" => page("Home", "<p>There is nothing to follow here.</p>"),
        "/robots.txt" => Reply::text(format!(
            "User-agent: *\nDisallow: /from-robots/\nAllow: /\nSitemap: http://{host}/maps/index.xml\n"
        )),
        "/maps/index.xml" => map(format!(
            "<sitemapindex xmlns=\"{space}\"><sitemap><loc>http://{host}/maps/more.xml</loc></sitemap></sitemapindex>"
        )),
        "/maps/more.xml" => map(format!(
            "<urlset xmlns=\"{space}\"><url><loc>http://{host}/from-nested-sitemap</loc></url></urlset>"
        )),
        "/sitemap.xml" => map(format!(
            "<urlset xmlns=\"{space}\"><url><loc>http://{host}/from-sitemap/1</loc></url><url><loc>http://{host}/from-sitemap/2</loc></url></urlset>"
        )),
        "/from-robots/" | "/from-sitemap/1" | "/from-sitemap/2" | "/from-nested-sitemap" => page("Found", ""),
        _ => Reply::missing(),
    }
}

fn redirects(_: &World, request: &Request) -> Reply {
    let kinds = ["301", "302", "303", "307", "308"];
    match request.path.as_str() {
        "/" => page(
            "Home",
            &kinds
                .iter()
                .chain(&["meta", "chain"])
                .map(|kind| link(&format!("/go/{kind}")))
                .collect::<String>(),
        ),
        "/go/meta" => Reply::raw_html(
            "<!DOCTYPE html><html><head><meta http-equiv=\"refresh\" content=\"0;url=/end/meta\"></head></html>",
        ),
        "/go/chain" => Reply::redirect("/go/chain/2"),
        "/go/chain/2" => Reply::redirect("../chain/3"),
        "/go/chain/3" => {
            Reply::redirect("//".to_owned() + request.header("host").unwrap_or_default() + "/end/chain")
        }
        path => match (path.strip_prefix("/go/"), path.strip_prefix("/end/")) {
            (Some(kind), _) if kinds.contains(&kind) => {
                Reply::redirect(format!("/end/{kind}")).with_status(kind.parse().unwrap_or(302))
            }
            (_, Some(kind)) if kinds.contains(&kind) || kind == "meta" || kind == "chain" => {
                page("Found", "")
            }
            _ => Reply::missing(),
        },
    }
}

fn related(world: &World, request: &Request) -> Reply {
    match request.path.as_str() {
        "/" => page("Shop", &(link("/items") + &link("/help"))),
        "/help" => page("Help", ""),
        "/items" => {
            page("Items", &(1..=20).map(|_| link(&format!("/items/{}", world.next()))).collect::<String>())
        }
        path if path.strip_prefix("/items/").is_some_and(|n| n.parse::<u64>().is_ok()) => {
            page("Item", &(1..=10).map(|_| link(&format!("/items/{}", world.next()))).collect::<String>())
        }
        _ => Reply::missing(),
    }
}

fn sockets(_: &World, request: &Request) -> Reply {
    match request.path.as_str() {
        "/" => page(
            "Live",
            "<script>\nvar api = ['', 'api', ''].join('/');\nfetch(api + 'fetch');\nvar x = new XMLHttpRequest(); x.open('GET', api + 'xhr'); x.send();\nnavigator.sendBeacon(api + 'beacon', 'a=1');\nvar s = new WebSocket('ws://' + location.host + '/socket');\n</script>",
        ),
        "/api/fetch" | "/api/xhr" | "/api/beacon" => Reply::json(&serde_json::json!({"ok": true})),
        "/socket" => super::socket::upgrade(request),
        _ => Reply::missing(),
    }
}
