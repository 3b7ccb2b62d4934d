//! Pages that are for operators and developers, served to everybody.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::places::{Place, Suspect, ask, content, places};
use crate::checks::{About, Bench, Check};
use crate::proof::Seen;

/// See [`About`].
pub(super) struct DebugPages;

static ABOUT: About = About {
    name: "debug-pages",
    qids: &[150_087, 990_017],
    means: "The server gives out a page that shows its inner state, or a console.",
    matters: "Such pages show settings, addresses, sessions and requests of others; consoles run code.",
    remedy: "Switch them off in production, or let only the operators' addresses in.",
    technique: "Usual names are asked for in each directory that is an application's root; the content must be of that page.",
    source: "CWE-489, CWE-215",
};

/// Name, and what its content is like.
const PAGES: &[(&str, &str)] = &[
    ("server-status", r"Apache Server Status for|<dt>Server uptime:|Total accesses:\s*\d"),
    ("server-info", r"<title>Server Information</title>|Apache Server Information"),
    ("nginx_status", r"Active connections: \d+"),
    ("phpinfo.php", PHPINFO),
    ("info.php", PHPINFO),
    ("php.php", PHPINFO),
    ("test.php", PHPINFO),
    ("i.php", PHPINFO),
    ("actuator", r#""_links"\s*:\s*\{[\s\S]*?actuator"#),
    ("actuator/env", r#""(?:propertySources|systemEnvironment|activeProfiles)"\s*:"#),
    ("actuator/mappings", r#""(?:dispatcherServlets|mappings)"\s*:"#),
    ("env", r#""(?:propertySources|systemEnvironment|systemProperties)"\s*:"#),
    ("actuator/configprops", r#""contexts"\s*:[\s\S]*?"beans"\s*:"#),
    ("actuator/heapdump", r"^(?:JAVA PROFILE 1\.0|\x{1f}\x{8b})"),
    ("status", r"(?m)^pool:\s+\S+\s*\nprocess manager:"),
    ("q/dev/", r"(?i)Quarkus Dev UI|dev-ui"),
    ("_ignition/health-check", r#""can_execute_commands"\s*:"#),
    ("debug/default/index", r"<title>Yii Debugger"),
    ("debug/requests", r"<title>/debug/requests"),
    ("trace.axd", r"<title>[^<]*Application Trace|Application Trace"),
    ("elmah.axd", r"Error Log for|powered by <a[^>]*>ELMAH"),
    ("debug/pprof/", r"/debug/pprof/|profile\?seconds|goroutine\?debug="),
    ("debug/vars", r#""memstats"\s*:"#),
    ("debug", r"Traceback \(most recent call last\)|<title>[^<]*(?:Debug|Traceback)|\bDEBUG\s*=\s*True\b"),
    ("console", r"Werkzeug|EVALEX\s*=|<title>(?:Interactive Console|H2 Console|Rails Console)"),
    ("h2-console/", r"H2 Console"),
    ("_profiler/", r"Symfony Profiler|sf-toolbar|Symfony Web Debug"),
    ("_debugbar/open", r#""(?:__meta|datetime)"\s*:"#),
    ("__debug__/", r"(?i)Django Debug Toolbar|djdt"),
    ("rails/info/routes", r"<title>Routes</title>|Helper</th>"),
    ("rails/info/properties", r"Rails version"),
    ("telescope", r"<title>Telescope|telescope-app"),
    ("metrics", r"(?m)^# (?:HELP|TYPE) \w+"),
    ("jolokia/version", r#""agent"\s*:\s*""#),
    ("adminer.php", r"<title>[^<]*Adminer|adminer\.org"),
    ("phpmyadmin/", r"<title>[^<]*phpMyAdmin"),
    ("solr/admin/", r"Solr Admin"),
    ("manager/html", r"<title>/manager</title>|Tomcat Web Application Manager"),
    (".well-known/jmx", r#""MBeans""#),
];

/// Descriptions of APIs: information, no weakness (QID 150087).
const APIS: &[(&str, &str)] = &[
    ("swagger.json", OPENAPI),
    ("openapi.json", OPENAPI),
    ("v2/api-docs", OPENAPI),
    ("v3/api-docs", OPENAPI),
    ("swagger/v1/swagger.json", OPENAPI),
    ("api-docs", OPENAPI),
    ("swagger-ui.html", r"(?i)swagger-ui"),
    ("swagger-ui/", r"(?i)swagger-ui"),
];

const PHPINFO: &str =
    r"<title>(?:PHP [\d.]+ - )?phpinfo\(\)|PHP Version [\d.]+[\s\S]*?(?:php\.ini|Configuration File)";
const OPENAPI: &str = r#""(?:swagger|openapi)"\s*:\s*"\d"#;

impl Check for DebugPages {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

async fn look(bench: &Bench<'_>) {
    let mut all = Vec::new();
    let mut described = BTreeSet::new();
    for place in places(bench).into_iter().filter(Place::is_worth_all) {
        let at = |name: &str| place.url.at(format!("{}{name}", place.url.path));
        all.extend(PAGES.iter().map(|(name, pattern)| Suspect {
            qid: 990_017,
            url: at(name),
            expect: content(pattern),
            entry: place.entry,
            control: None,
        }));
        if place.url.path == "/" {
            described.extend(APIS.iter().map(|(name, pattern)| (at(name), *pattern)));
        }
    }
    ask(bench, all).await;
    for (url, pattern) in described {
        let Ok(response) = bench.send(&crate::http::Request::get(url.clone())).await else { continue };
        let is_there = response.status == 200;
        if is_there && content(pattern).find(&Seen { response, ..Seen::default() }).is_some() {
            bench.sink.note(150_087, url.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn inner_pages_are_known_by_their_content() {
        let address = serve(|asked: &Asked| match asked.path.as_str() {
            "/" | "/app/" => Answer::html("home"),
            "/app/server-status" => Answer::html("<h1>Apache Server Status for localhost</h1>"),
            "/app/phpinfo.php" => Answer::html("<h1>PHP Version 8.3.6</h1><td>/etc/php.ini</td>"),
            "/app/actuator/env" => Answer::html("{\"activeProfiles\":[]}"),
            "/app/console" => Answer::html("<h1>Our game console</h1>"),
            _ => Answer::status(404),
        })
        .await;
        let mut found: Vec<String> =
            scan(&DebugPages, address, "/app/").await.into_iter().map(|f| f.url.path).collect();
        found.sort();
        assert_eq!(found, ["/app/actuator/env", "/app/phpinfo.php", "/app/server-status"]);
    }
}
