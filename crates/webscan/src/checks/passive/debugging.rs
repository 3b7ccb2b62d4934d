//! Tools of developers and operators in what was crawled anyway, under whatever name.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::{readable, shows};
use super::site_wide::seen_again;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::proof::{Control, Expect};

/// See [`About`].
pub(super) struct Debugging;

static ABOUT: About = About {
    name: "debugging-tools",
    qids: &[990_017],
    means: "A page has the tools of a debugger or profiler in it, or is an inner page of a server or framework.",
    matters: "Such tools show queries, settings and sessions of others; consoles run code.",
    remedy: "Switch them off in production, or let only the operators' addresses in.",
    technique: "Crawled pages and their headers are held against the markup of known debuggers, profilers, consoles and pages of \
                state, that of which texts about them have nothing.",
    source: "CWE-489, CWE-215",
};

/// Markup of tools, and of pages of state.
static SIGNS: &[Pattern] = &[
    // Tool bars of PHP DebugBar, Flask, Django, Symfony, Yii, MiniProfiler, ASP.NET and Rails.
    Pattern::new(
        r#"\bnew PhpDebugBar\.\w{0,20}DebugBar\(|<div[^>]{0,80}\bid=["']?(?:flDebug|djDebug|yii-debug-toolbar|__asptrace)\b|<div[^>]{0,80}\bclass=["']?sf-toolbar\b|\bSfjs\.loadToolbar\(|<script[^>]{0,80}\bid=["']?mini-profiler\b|<script[^>]{0,80}\bid=["']?console-data["' ][^>]{0,80}\bdata-session-id="#,
    ),
    // What a program adds to its answers in JSON.
    Pattern::new(
        r#"^\s*\{[\s\S]*?"_?debug(?:_?info|bar)?"\s*:\s*\{[^{}]{0,400}?(?:"(?:sql|queries|query|memory|memory_usage|files|included_files|trace|env|server)"\s*:)"#,
    ),
    // Tracy, Whoops, Ignition; bars of CodeIgniter, Laminas, CakePHP, Joomla, WordPress, Drupal, TYPO3 and Glimpse.
    Pattern::new(
        r#"<div[^>]{0,80}\b(?:id=["']?tracy-debug|class=["']?Whoops container|id=["']?codeigniter_profiler|class=["']?zend-developer-toolbar|id=["']?laminas-developer-toolbar|id=["']?system-debug\b|id=["']?query-monitor(?:-main)?["' >]|id=["']?querylist\b|class=["']?typo3-adminPanel|class=["']?glimpse-)|<script[^>]{0,80}\bid=["']?(?:debugbar_loader|__debug_kit)\b|\bwindow\.ignite\("#,
    ),
    // What programs for development put into each page.
    Pattern::new(
        r#"\bTracy\.Debug\.init\(|[?&;]_tracy_bar=|<!-- Tracy Debug Bar|\bclass=["']?cfdebug\b|<div[^>]{0,80}\bid=["']?(?:pqp-container|kohana_profiler|profiler-container)\b|\beruda\.init\(|\bnew VConsole\(|<script[^>]{1,80}\bsrc=["'][^"']{0,200}(?:/@vite/client|browser-sync-client|/livereload\.js|/_next/static/development/|/webpack-dev-server\.js|\beruda(?:\.min)?\.js|\bvconsole(?:\.min)?\.js)"#,
    ),
    // Values as Xdebug, Symfony, Kint and Krumo show them.
    Pattern::new(
        r#"<pre class=["']?(?:xdebug-var-dump|sf-dump)\b|<div class=["']?(?:kint-rich|krumo-root)\b"#,
    ),
    // The variables of a request or a process, as languages print them.
    Pattern::new(
        r#"["'](?:DOCUMENT_ROOT|SCRIPT_FILENAME)["']\s*(?:=(?:>|&gt;)|:)\s*["']/|<t[dh][^>]{0,60}>\s*(?:<[^<>]{1,60}>)?\s*(?:DOCUMENT_ROOT|SCRIPT_FILENAME|SERVER_ADMIN)\s*(?:<[^<>]{1,60}>\s*){2,4}/"#,
    ),
    // The same as PHP dumps them, with what belongs to a request.
    Pattern::new(
        r#"\[(?:_SERVER|_SESSION|_COOKIE|_ENV|GLOBALS|DOCUMENT_ROOT|SCRIPT_FILENAME|SERVER_SOFTWARE|SERVER_ADDR|PHP_SELF|REQUEST_TIME(?:_FLOAT)?)\] =(?:>|&gt;) |\[(?:"|&quot;)(?:_SERVER|_SESSION|_COOKIE|_ENV|DOCUMENT_ROOT|SCRIPT_FILENAME|SERVER_SOFTWARE|SERVER_ADDR|PHP_SELF|REQUEST_TIME(?:_FLOAT)?)(?:"|&quot;)\]=(?:>|&gt;)\s+(?:string|int|float|array)\("#,
    ),
    // Statements with the time that they took, and what was loaded for a page.
    Pattern::new(
        r"(?i)\bselect\s[^<\n]{1,300}?\sfrom\s[^\n]{1,300}?(?:<[^<>]{1,60}>|[(\[|])\s*\d+(?:\.\d+)?\s?(?:ms|µs|us|sec|s)\b|\b\d+(?:\.\d+)?\s?(?:ms|µs|us|sec|s)\b(?:\s*<[^<>]{1,60}>|\s?[)\]|:]){1,4}\s*select\s[^<\n]{1,300}?\sfrom\s|\bincluded files?\b[\s\S]{0,200}?/[\w.-]+/[\w./-]+\.(?:php|inc)\b",
    ),
    // What a process tells of itself, a pair at least.
    Pattern::new(concat!(
        r"(?i)\b(?:pid|process id|rss|heap(?:[ _]?used)?|load average|peak memory|memory usage)\b(?:<[^<>]*>|[\s:=])+\d",
        r"[\s\S]*?\b(?:up ?time|started(?: at)?|requests? (?:served|handled)|total (?:requests|accesses)|workers?|threads?)\b(?:<[^<>]*>|[\s:=])+\d",
        r"|(?i)\b(?:up ?time|started(?: at)?|requests? (?:served|handled)|total (?:requests|accesses)|workers?|threads?)\b(?:<[^<>]*>|[\s:=])+\d",
        r"[\s\S]*?\b(?:pid|process id|rss|heap(?:[ _]?used)?|load average|peak memory|memory usage)\b(?:<[^<>]*>|[\s:=])+\d",
    )),
    // Our own request beside the server's variables, whatever stands between names and values.
    Pattern::new(concat!(
        r"\b(?:SERVER_SOFTWARE|SERVER_ADDR|SERVER_PORT|DOCUMENT_ROOT|SCRIPT_FILENAME|GATEWAY_INTERFACE|REMOTE_PORT|REMOTE_ADDR)\b",
        r"[\s\S]*?\b(?:HTTP_USER_AGENT|User-Agent)\b[^\n]{1,80}?Redoubt/",
        r"|\b(?:HTTP_USER_AGENT|User-Agent)\b[^\n]{1,80}?Redoubt/",
        r"[\s\S]*?\b(?:SERVER_SOFTWARE|SERVER_ADDR|SERVER_PORT|DOCUMENT_ROOT|SCRIPT_FILENAME|GATEWAY_INTERFACE|REMOTE_PORT|REMOTE_ADDR)\b",
    )),
    Pattern::new(r"(?m)^(?:<pre>)?(?:phpinfo\(\)\s*)?PHP Version => \d"),
    Pattern::new(
        r"(?m)^(?:<pre[^>]{0,60}>)?(?:PATH|HOME|PWD|PYTHONPATH|JAVA_HOME|GOPATH|HOSTNAME)=/?\w.*\n(?:\w+=.*\n)*?(?:PATH|HOME|PWD|HOSTNAME|LANG|SHLVL)=",
    ),
    Pattern::new(r#"["']PATH["']\s*:\s*["']/[\w/.-]{1,200}:/"#),
    Pattern::new(
        r"<title>\s*(?:phpLiteAdmin|phpRedisAdmin|phpPgAdmin|APCu? INFO|Webgrind|XHProf\b|OPcache (?:Status|GUI|Control)|PHP-FPM Status|Memcached? (?:Admin|INFO)|Laravel Log Viewer|H2 Console|Druid Stat|Spring Boot Admin|JavaMelody|Hystrix Dashboard|RQ dashboard|Bull (?:Dashboard|Board)|(?:Home - )?Mongo Express|Redis Commander|Supervisor Status|Phoenix LiveDashboard|Elasticsearch Head)",
    ),
    Pattern::new(
        r"(?i)<title>(?:opcache statistics on [^<]{1,60}|php [\d.]+\S{0,20} with opcache [\d.]+\S{0,20}|(?:php [\d.]+\S{0,30} - )?phpinfo\(\))\s*</title>",
    ),
    // Tables of what runtimes keep about themselves.
    Pattern::new(
        r"\b(?:opcache_hit_rate|num_cached_scripts|opcache_enabled|oom_restarts|interned_strings_usage|realpath_cache_size|num_expunges|seg_size)\b[\s\S]{1,4000}?\b(?:memory_usage|used_memory|free_memory|wasted_memory|cache_full|max_cached_keys|mem_size|num_entries|blacklist_misses|misses|hits|start_time)\b",
    ),
    Pattern::new(
        r"(?i)(?:<t[dh][^>]*>|<li>|<dt>|\n)\s*(?:<[^<>]{1,60}>)?(?:php version|php sapi|zend (?:engine )?version|loaded extensions|loaded configuration file|memory_limit|disable_functions|open_basedir|doc(?:ument)? ?root)\b[\s\S]{1,3000}?(?:<t[dh][^>]*>|<li>|<dt>|\n)\s*(?:<[^<>]{1,60}>)?(?:memory_limit|disable_functions|open_basedir|upload_max_filesize|max_execution_time|loaded extensions|peak memory(?: usage)?|memory usage|server software|script filename|include_path|php\.ini)\b",
    ),
    Pattern::new(r"\b(?:EVALEX|CONSOLE_MODE) = true\b[\s\S]{0,200}?\bSECRET = "),
    Pattern::new(r#"<h1(?: class="p")?>PHP Version \d+\.\d+[\s\S]*?(?:class="e"|<td>)"#),
    Pattern::new(r"<h1>Apache (?:Server Status for |Server Information</h1>)"),
    Pattern::new(
        r"(?m)^Active connections: \d+\s*\nserver accepts handled|^pool:\s+\S+\s*\nprocess manager:",
    ),
    Pattern::new(r#"(?i)<(?:input|select)[^>]{0,80}\bname="(?:auth\[driver\]|pma_username)""#),
    Pattern::new(r#"<h1>Script Console</h1>[\s\S]{0,600}?Groovy"#),
    Pattern::new(r"<title>/manager</title>[\s\S]*?(?:Web Application Manager|Free memory)"),
    Pattern::new(r"<h1>(?:Statistics Report for HAProxy|HAProxy version \d)"),
    Pattern::new(
        r#"^\s*\{[\s\S]*?"(?:propertySources"\s*:\s*\[|can_execute_commands"\s*:|memstats"\s*:\s*\{)"#,
    ),
    Pattern::new(r#"^\s*\{"contexts"\s*:\s*\{[^{}]{0,80}\{\s*"(?:beans|mappings)"\s*:"#),
    Pattern::new(
        r#"^\s*\{"(?:threads"\s*:\s*\[\{"threadName|traces"\s*:\s*\[\{"timestamp|levels"\s*:\s*\["OFF)"#,
    ),
    Pattern::new(
        r"Types of profiles available:|<h1>(?:Application Trace|Error Log for <span id=.ApplicationName)",
    ),
    Pattern::new(r"\bwindow\.(?:Telescope|Horizon) ?= ?\{|<h1><a[^>]{0,200}>Symfony <span>Profiler"),
    Pattern::new(
        r#"<title>[^<]{0,60}Hangfire Dashboard</title>|ng-app="(?:solrAdminApp|mailhogApp)"|<kbn-injected-metadata"#,
    ),
    Pattern::new(r"(?m)^CGI/1\.0 test script report:|^GATEWAY_INTERFACE=\x22?CGI/1\.1"),
    Pattern::new(r"(?m)^# HELP \w+ [^\n]{1,200}\n# TYPE \w+ (?:gauge|counter|histogram|summary)$"),
];

/// Headers that debuggers and profilers add.
static HEADS: &[(&str, &str)] = &[
    ("x-debug-token-link", r"."),
    ("x-debug-exception", r"."),
    ("x-chromelogger-data", r"^[A-Za-z0-9+/=]{20}"),
    ("x-chromephp-data", r"^[A-Za-z0-9+/=]{20}"),
    ("x-clockwork-id", r"."),
    ("x-wf-1-1-1-1", r"."),
    ("phpdebugbar-id", r"."),
    ("x-phpdebugbar-id", r"."),
    ("x-miniprofiler-ids", r"."),
];

impl Check for Debugging {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        Some(look(bench).boxed())
    }
}

/// Tells each tool once for each directory: a tool bar is in every page.
async fn look(bench: &Bench<'_>) {
    let mut told = BTreeSet::new();
    for entry in bench.entries.iter().filter(|entry| entry.response.status == 200) {
        let Some((expect, control)) = tool(entry) else { continue };
        let key = (format!("{expect:?}"), entry.request.url.directory().to_owned());
        if bench.sink.has(&[990_017], &entry.request.url.path) || told.contains(&key) {
            continue;
        }
        if let Some(proof) = seen_again(bench, entry, expect, control).await {
            bench.report(990_017, entry, proof);
            told.insert(key);
        }
    }
}

/// What the bodies of tools are known by.
pub(in crate::checks) fn signs() -> impl Iterator<Item = Expect> {
    SIGNS.iter().map(|sign| Expect::BodyMatches(sign.text().to_owned()))
}

/// What shows a tool in the answer of an entry.
pub(in crate::checks) fn tool_in(entry: &Entry) -> Option<Expect> {
    tool(entry).map(|(expect, _)| expect)
}

/// What shows a tool in an answer, and the same answer without it.
fn tool(entry: &Entry) -> Option<(Expect, Control)> {
    for (name, pattern) in HEADS {
        let expect = Expect::header(name, *pattern);
        if shows(entry, &expect) {
            return Some((expect, Control::Headers(vec![((*name).to_owned(), String::new())])));
        }
    }
    if entry.response.is_script() {
        return None;
    }
    let text = readable(entry)?;
    let sign = SIGNS.iter().find(|sign| sign.is_match(text))?.text().to_owned();
    Some((Expect::BodyMatches(sign.clone()), Control::WithoutMatch(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    #[tokio::test]
    async fn tools_are_known_by_their_markup_and_texts_about_them_are_not() {
        let json =
            |text: &str| Answer(200, vec![("content-type".into(), "application/json".into())], text.into());
        let address = serve(move |asked: &Asked| match asked.path.as_str() {
            "/bar" => Answer::html("<p>Hi</p><div id=\"djDebug\" class=\"\" data-store-id=\"x\"></div>"),
            "/told" => Answer(200, vec![("x-debug-token-link".into(), "/_profiler/a1".into())], "hi".into()),
            "/json" => json(r#"{"items": [1], "debug": {"time": 3, "queries": [{"sql": "SELECT 1"}]}}"#),
            "/state" => Answer::html("Active connections: 3 \nserver accepts handled requests\n 1 1 1"),
            "/login" => Answer::html("<form><select name=\"auth[driver]\"><option>MySQL</select></form>"),
            "/server" => Answer::html("<table><tr><th>DOCUMENT_ROOT</th><td>/var/www</td></tr></table>"),
            "/request" => Answer::html(format!(
                "<li>REMOTE_PORT is 4711</li><li>HTTP_USER_AGENT: <b>{}</b></li>",
                asked.header("user-agent")
            )),
            "/agent" => Answer::html(format!("<p>User-Agent: {}</p>", asked.header("user-agent"))),
            "/cache" => Answer::html("<title>PHP 8.3 with OpCache 8.3</title><h1>Scripts</h1>"),
            "/limits" => Answer::html(
                "<table><tr><th>PHP version</th><td>8.3.6</td></tr><tr><th>disable_functions</th><td>none</td></tr></table>",
            ),
            "/lesson" => Answer::html("<title>How to read phpinfo()</title><p>OPcache statistics help.</p>"),
            "/dump" => Answer::html("<pre>Array\n(\n    [PHP_SELF] =&gt; /a.php\n    [REQUEST_TIME] =&gt; 1\n)</pre>"),
            "/queries" => Answer::html("<!-- 1.2 ms: SELECT id, name FROM users WHERE id = 7 -->"),
            "/process" => Answer::html("<tr><th>PID</th><td>811</td></tr><tr><th>Uptime</th><td>3 h</td></tr>"),
            "/status" => Answer::html("<p>Uptime: 99.98 % this month</p><p>Our memory is long.</p>"),
            "/sql" => Answer::html("<p>Write SELECT name FROM users, and wait: it takes less than 5 ms.</p>"),
            "/manual" => Answer::html("<p>Set memory_limit to 128M, then look at disable_functions.</p>"),
            "/environment" => Answer::html("<pre>HOSTNAME=a1\nFOO=x\nPATH=/usr/bin:/bin\n</pre>"),
            "/dumped" => {
                Answer::html("<pre class='xdebug-var-dump' dir='ltr'><small>/srv/a.php:3:</small></pre>")
            }
            "/about" => Answer::html(
                "<h1>How to use djDebug</h1><p>Set id=djDebug. phpMyAdmin, Adminer and Telescope.</p>",
            ),
            "/plain" => json(r#"{"debug": false, "items": [{"query": "x"}]}"#),
            _ => Answer(200, vec![("x-request-id".into(), "a1".into())], "hi".into()),
        })
        .await;
        for (path, wanted) in [
            ("/bar", 1),
            ("/told", 1),
            ("/json", 1),
            ("/state", 1),
            ("/login", 1),
            ("/server", 1),
            ("/environment", 1),
            ("/request", 1),
            ("/agent", 0),
            ("/dumped", 1),
            ("/about", 0),
            ("/cache", 1),
            ("/limits", 1),
            ("/dump", 1),
            ("/queries", 1),
            ("/process", 1),
            ("/status", 0),
            ("/sql", 0),
            ("/manual", 0),
            ("/lesson", 0),
            ("/plain", 0),
            ("/other", 0),
        ] {
            assert_eq!(scan(&Debugging, address, path).await.len(), wanted, "{path}");
        }
    }

    #[test]
    fn every_expression_is_valid() {
        for sign in SIGNS {
            assert!(sign.is_valid(), "{sign:?}");
        }
    }
}
