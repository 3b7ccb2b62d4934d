//! What belongs to a whole origin: TLS, and information to gather.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::http::Reply;
use crate::proof::Proof;
use crate::world::World;

pub(super) fn tls() -> Vec<Case> {
    let mut f = Family::new("tls", HALF, &[], &[295, 296, 297, 298, 299, 324, 326, 327, 757]);
    // Proven by the test of the TLS listeners: what is negotiated, and what the certificates say.
    let proof = || Proof::Steps(crate::proof::tls_truth);
    let page = |_: &World, _: &Hit<'_>| {
        Reply::html("<p>Hello over TLS.</p>").header("Strict-Transport-Security", "max-age=31536000")
    };
    f.bad("expired", Page, "the certificate has expired", proof(), page)
        .cwe(&[298, 295, 324])
        .needs("origin");
    f.bad("not-yet-valid", Page, "the certificate is not valid yet", proof(), page)
        .cwe(&[298, 295, 324])
        .needs("origin");
    f.bad("wrong-name", Page, "the certificate names another host", proof(), page)
        .cwe(&[297, 295])
        .needs("origin");
    f.bad("self-signed", Page, "the certificate signs itself", proof(), page)
        .cwe(&[295, 296])
        .needs("origin");
    f.bad("accepts-10", Page, "TLS 1.0 is accepted", proof(), page).cwe(&[326, 327, 757]).needs("origin");
    f.bad("weak-rc4", Page, "RC4 is accepted", proof(), page).cwe(&[326, 327, 757]).needs("origin");
    f.bad("weak-null", Page, "suites without encryption are accepted", proof(), page)
        .cwe(&[326, 327, 757])
        .needs("origin");
    f.good("modern", Page, "TLS 1.2 and 1.3, a valid certificate of the range's authority", proof(), page)
        .cwe(&[297, 298, 324, 326, 327, 757])
        .needs("origin");
    f.good("only-13", Page, "TLS 1.3 only", proof(), page)
        .cwe(&[297, 298, 324, 326, 327, 757])
        .needs("origin");
    f.good("only-12", Page, "TLS 1.2 only, with modern suites", proof(), page)
        .cwe(&[297, 298, 324, 326, 327, 757])
        .needs("origin");
    f.cases()
}

fn at(
    path: &'static str,
    kind: &'static str,
    text: &'static str,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match h.rest {
        "" => Reply::html("<h1>Home</h1><a href=\"/about\">About</a>"),
        "about" => Reply::html("<p>About.</p>"),
        rest if rest == path => Reply::new(200, kind, text),
        _ => Reply::missing(),
    }
}

pub(super) fn information() -> Vec<Case> {
    let mut f = Family::new("information", HALF, &[], &[200, 16]);
    let has = |path: &'static str| -> Proof {
        Proof::Steps(match path {
            "robots" => |p| Ok(p.get("robots.txt")?.text().contains("Disallow:")),
            "sitemap" => |p| Ok(p.get("sitemap.xml")?.text().contains("<urlset")),
            "crossdomain" => |p| Ok(p.get("crossdomain.xml")?.text().contains("domain=\"*\"")),
            "server" => |p| Ok(p.get("")?.header("server").is_some_and(|server| server.contains('/'))),
            "login" => |p| Ok(p.get("")?.text().contains("type=\"password\"")),
            "basic" => |p| Ok(p.get("")?.status == 401),
            "autocomplete" => |p| {
                let page = p.get("")?.text();
                Ok(page.contains("type=\"password\"") && !page.contains("autocomplete=\"off\""))
            },
            "500" => |p| Ok(p.get("broken")?.status == 500),
            _ => |p| Ok(p.get("")?.text().contains("type=\"file\"")),
        })
    };
    f.bad(
        "robots",
        Page,
        "robots.txt tells of paths",
        has("robots"),
        at("robots.txt", "text/plain", "User-agent: *\nDisallow: /admin/\nDisallow: /old/\n"),
    )
    .qids(&[150077])
    .needs("origin");
    f.bad("sitemap", Page, "there is a sitemap", has("sitemap"), at("sitemap.xml", "application/xml", "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>/about</loc></url></urlset>")).qids(&[150078]).needs("origin");
    f.bad("crossdomain", Page, "crossdomain.xml lets everybody in", has("crossdomain"), at("crossdomain.xml", "text/xml", "<?xml version=\"1.0\"?><cross-domain-policy><allow-access-from domain=\"*\"/></cross-domain-policy>")).qids(&[150107, 150106]).cwe(&[942, 16]).needs("origin");
    f.bad("login-form", Page, "there is a login form", has("login"), |_, h| if h.rest.is_empty() { Reply::html("<form action=\"/in\" method=\"post\"><input name=\"user\"><input type=\"password\" name=\"password\" autocomplete=\"off\"></form>") } else { Reply::missing() }).qids(&[150115, 150053, 150006]).needs("origin");
    f.bad("basic", Page, "the server asks for Basic credentials", has("basic"), |_, _| {
        Reply::html("<p>Credentials are wanted.</p>")
            .with_status(401)
            .header("WWW-Authenticate", "Basic realm=\"range\"")
    })
    .qids(&[150116, 150035])
    .needs("origin");
    f.bad("autocomplete", Page, "the password field lets browsers fill it", has("autocomplete"), |_, _| Reply::html("<form action=\"/in\" method=\"post\"><input name=\"user\"><input type=\"password\" name=\"password\"></form>")).qids(&[150112]).cwe(&[525, 200]).needs("origin");
    f.bad("upload-form", Page, "there is an upload form", has("file"), |_, h| if h.rest.is_empty() { Reply::html("<form action=\"/up\" method=\"post\" enctype=\"multipart/form-data\"><input type=\"file\" name=\"f\"></form>") } else { Reply::missing() }).qids(&[150125]).needs("origin");
    f.bad("broken-link", Page, "a linked page answers with 500", has("500"), |_, h| match h.rest {
        "" => Reply::html("<a href=\"/broken\">Report</a>"),
        "broken" => Reply::html("<p>Sorry.</p>").with_status(500),
        _ => Reply::missing(),
    })
    .qids(&[150042])
    .cwe(&[388, 544, 209, 200])
    .needs("origin");
    f.good("no-robots", Page, "there is no robots.txt", has("robots"), at("none", "text/plain", ""))
        .qids(&[150077, 150078])
        .needs("origin");
    f.good("crossdomain-own", Page, "crossdomain.xml lets the own site in", has("crossdomain"), at("crossdomain.xml", "text/xml", "<?xml version=\"1.0\"?><cross-domain-policy><allow-access-from domain=\"shop.example.test\"/></cross-domain-policy>")).qids(&[150107]).needs("origin");
    f.good("autocomplete-off", Page, "the password field is closed to browsers' memory", has("autocomplete"), |_, _| Reply::html("<form action=\"/in\" method=\"post\"><input name=\"user\"><input type=\"password\" name=\"password\" autocomplete=\"off\"></form>")).qids(&[150112]).needs("origin");
    f.good("search-form", Page, "a form without a password is no login", has("login"), |_, _| {
        Reply::html("<form action=\"/find\"><input name=\"q\"></form>")
    })
    .qids(&[150115, 150112, 150125])
    .needs("origin");
    f.cases()
}
