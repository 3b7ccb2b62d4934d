//! A site that tries to lead a crawler to another: the other listens on loopback and counts what it sees.

use std::sync::Arc;

use crate::http::{Reply, Request};
use crate::world::World;

/// The pages of the site that must be found. All else is outside, and must not be asked for.
pub const PAGES: &[&str] = &["/", "/inside", "/inside/deeper", "/base"];

/// The application.
pub(crate) fn app(world: Arc<World>) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let outside = world.outside();
        let port = outside.port();
        match request.path.as_str() {
            "/" => Reply::html(format!(
                "<h1>Home</h1><a href=\"/inside\">Inside</a>
<a href=\"http://{outside}/link\">Out</a> <a href=\"//{outside}/scheme-relative\">Out</a> <a href=\"HTTP://localhost:{port}/name\">Out</a> <a href=\"http://user@{outside}/user\">Out</a> <a href=\"\\\\{outside}/backslashes\">Out</a> <a href=\"/\\{outside}/mixed\">Out</a> <a href=\"http:/\\{outside}/odd\">Out</a> <a href=\"http://2130706433:{port}/number\">Out</a>
<a href=\"/go/302\">Go</a> <a href=\"/go/307\">Go</a> <a href=\"/go/refresh\">Go</a> <a href=\"/go/meta\">Go</a> <a href=\"/go/script\">Go</a> <a href=\"/go/chain\">Go</a> <a href=\"/base\">Base</a> <a href=\"/go/frame\">Frame</a>
<form action=\"http://{outside}/form\" method=\"post\"><input name=\"a\" value=\"1\"><button>Send</button></form>
<form action=\"/go/307\" method=\"post\"><input name=\"b\" value=\"1\"><button formaction=\"http://{outside}/formaction\">Send</button></form>
<img src=\"http://{outside}/picture.png\" srcset=\"http://{outside}/picture2.png 2x\" alt=\"\"><script src=\"http://{outside}/script.js\"></script><link rel=\"stylesheet\" href=\"http://{outside}/style.css\"><link rel=\"prefetch\" href=\"http://{outside}/prefetch\"><a ping=\"http://{outside}/ping\" href=\"/inside\">Ping</a>
<object data=\"http://{outside}/object\"></object><video poster=\"http://{outside}/poster.png\"></video><iframe src=\"http://{outside}/frame\"></iframe>
<script>
fetch('http://{outside}/fetch', {{ mode: 'no-cors' }}); var x = new XMLHttpRequest(); x.open('POST', 'http://{outside}/xhr'); x.send('a');
new WebSocket('ws://{outside}/socket'); navigator.sendBeacon('http://{outside}/beacon', 'a'); new EventSource('http://{outside}/events'); new Image().src = 'http://{outside}/image';
setTimeout(function () {{ var f = document.createElement('form'); f.action = 'http://{outside}/made'; f.method = 'post'; document.body.appendChild(f); f.submit(); }}, 500);
</script>"
            )),
            "/inside" => Reply::html("<a href=\"/inside/deeper\">Deeper</a>").header("Link", format!("<http://{outside}/preload.js>; rel=preload; as=script")),
            "/inside/deeper" => Reply::html("<p>That is all.</p>").header("Content-Location", format!("http://{outside}/content-location")),
            "/base" => Reply::raw_html(format!("<!DOCTYPE html><html><head><base href=\"http://{outside}/\"></head><body><a href=\"relative\">Relative</a><form action=\"relative-form\" method=\"post\"><button>Go</button></form><img src=\"relative.png\" alt=\"\"></body></html>")),
            "/go/302" => Reply::redirect(format!("http://{outside}/redirect")),
            "/go/307" => Reply::redirect(format!("http://{outside}/redirect-post")).with_status(307),
            "/go/refresh" => Reply::html("<p>Wait.</p>").header("Refresh", format!("0; url=http://{outside}/refresh")),
            "/go/meta" => Reply::raw_html(format!("<!DOCTYPE html><html><head><meta http-equiv=\"refresh\" content=\"0;url=http://{outside}/meta\"></head></html>")),
            "/go/script" => Reply::html(format!("<script>location.href = 'http://{outside}/location';</script>")),
            "/go/chain" => Reply::redirect("/go/302"),
            "/go/frame" => Reply::html(format!("<iframe srcdoc=\"&lt;img src='http://{outside}/srcdoc.png'&gt;\"></iframe><script>window.open('http://{outside}/opened');</script>")),
            "/robots.txt" => Reply::text(format!("User-agent: *\nDisallow: /inside/\nSitemap: http://{outside}/sitemap.xml\n")),
            "/sitemap.xml" => Reply::new(200, "application/xml", format!("<urlset><url><loc>http://{outside}/in-sitemap</loc></url></urlset>")),
            _ => Reply::missing(),
        }
    }
}
