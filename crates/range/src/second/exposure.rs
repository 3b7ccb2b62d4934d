//! Other listings, left-overs, traces and pages for developers.

use super::HALF;
use crate::case::Place::{Form, Header, Json, Page, Path, Query};
use crate::case::{Case, Family};
use crate::first::exposure::{Tree, fails, tree};
use crate::http::Reply;
use crate::proof::{Proof, Prover, shows};

const HTML: &str = "text/html";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

fn lists(p: &Prover<'_>) -> Result<bool, String> {
    for rest in ["uploads/", "assets/", "assets/js/", "data/", "storage", "logs/"] {
        if p.get(rest)?.text().contains("customers-2031.db") {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn listing() -> Vec<Case> {
    let mut f = Family::new("directory-listing", HALF, &[150023, 150004], &[548, 538, 22, 497]);
    let steps = || Proof::Steps(lists);
    f.bad("lighttpd", Page, "the server lists a directory in lighttpd's manner", steps(), tree(&[
        ("", HTML, "<a href=\"uploads/a.txt\">A</a>"),
        ("uploads/a.txt", TEXT, "A."),
        ("uploads/", HTML, "<h2>Index of /uploads/</h2><div class=\"list\"><table summary=\"Directory Listing\"><tr><td class=\"n\"><a href=\"../\">..</a>/</td></tr><tr><td class=\"n\"><a href=\"customers-2031.db\">customers-2031.db</a></td><td class=\"m\">2031-Mar-11 17:07:42</td></tr></table></div><div class=\"foot\">lighttpd/1.4.76</div>"),
    ]));
    f.bad("tomcat", Page, "the server lists a directory in Tomcat's manner", steps(), tree(&[
        ("", HTML, "<a href=\"data/a.txt\">A</a>"),
        ("data/a.txt", TEXT, "A."),
        ("data/", HTML, "<h1>Directory Listing For [/data/] - <a href=\"/\">Up To [/]</a></h1><table><tr><td><strong>Filename</strong></td><td><strong>Size</strong></td></tr><tr><td><a href=\"customers-2031.db\"><tt>customers-2031.db</tt></a></td><td>12.1 kb</td></tr></table><h3>Apache Tomcat/9.0.89</h3>"),
    ]));
    f.bad("deep", Page, "only a directory two levels down is listed", steps(), tree(&[
        ("", HTML, "<script src=\"assets/js/app.js\"></script>"),
        ("assets/js/app.js", "text/javascript", "var app = 1;"),
        ("assets/js/", HTML, "<h1>Index of /assets/js</h1><pre><a href=\"?C=N;O=D\">Name</a> <a href=\"?C=M;O=A\">Last modified</a><hr><a href=\"../\">Parent Directory</a>\n<a href=\"app.js\">app.js</a>  2031-03-11 17:07  12\n<a href=\"customers-2031.db\">customers-2031.db</a> 2031-03-11 17:07 12K<hr></pre>"),
    ]));
    f.bad("bucket", Page, "an object store lists its keys", steps(), tree(&[
        ("", HTML, "<img src=\"storage/logo.svg\" alt=\"\"><a href=\"storage\">Files</a>"),
        ("storage", "application/xml", "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>shop</Name><Contents><Key>customers-2031.db</Key><Size>12101</Size></Contents></ListBucketResult>"),
    ]));
    f.good(
        "index-page",
        Page,
        "the directory has a page of its own",
        steps(),
        tree(&[
            ("", HTML, "<a href=\"uploads/a.txt\">A</a>"),
            ("uploads/a.txt", TEXT, "A."),
            ("uploads/", HTML, "<h1>Uploads</h1><p>Choose a file on the start page.</p>"),
        ]),
    );
    f.good("document-list", Page, "a list of documents with sizes and dates, made by the application", steps(), tree(&[("", HTML, "<a href=\"data/\">Documents</a>"), ("data/", HTML, "<h1>Documents</h1><table><tr><th>Name</th><th>Size</th></tr><tr><td><a href=\"../data/\">Price list</a></td><td>12 kB</td></tr></table>")]));
    f.cases()
}

fn finds(p: &Prover<'_>) -> Result<bool, String> {
    for (rest, mark) in [
        (".hg/requires", "revlogv1"),
        (".bzr/README", "Bazaar"),
        (".git/logs/HEAD", "clone: from"),
        (".gitignore", "secrets/"),
        ("app.js.map", "\"sourcesContent\""),
        ("index.php.swp", "b0VIM"),
        (".index.php.swp", "b0VIM"),
        ("index.php.old", "<?php"),
        ("index.old", "<?php"),
        ("index.php.save", "<?php"),
        ("site.tar.gz", "\u{1f}"),
        ("backup.tar.gz", "\u{1f}"),
        ("db.sqlite3", "SQLite format 3"),
        ("database.sqlite", "SQLite format 3"),
        (".DS_Store", "Bud1"),
        ("wp-config.php.bak", "DB_PASSWORD"),
        ("config.json", "\"password\""),
        ("appsettings.json", "ConnectionStrings"),
        ("WEB-INF/web.xml", "<web-app"),
        ("Dockerfile", "FROM "),
        ("docker-compose.yml", "services:"),
        (".aws/credentials", "aws_secret_access_key"),
        (".ssh/id_rsa", "PRIVATE KEY"),
        ("error.log", "[error]"),
        ("debug.log", "PHP Notice"),
        ("adminer.php", "Adminer"),
        (".bash_history", "mysql -u"),
        (".npmrc", "_authToken"),
    ] {
        let answer = p.get(rest)?;
        if answer.status == 200 && String::from_utf8_lossy(&answer.body).contains(mark) {
            return Ok(true);
        }
    }
    Ok(false)
}

const INDEX: (&str, &str, &str) =
    ("", HTML, "<h1>Shop</h1><a href=\"index.php\">Start</a><script src=\"app.js\"></script>");
const START: (&str, &str, &str) = ("index.php", HTML, "<p>Start.</p>");
const APP: (&str, &str, &str) = ("app.js", "text/javascript", "var app = 1;");

pub(super) fn leftovers() -> Vec<Case> {
    let mut f = Family::new("leftovers", HALF, &[150004], &[538, 530, 527, 540, 200, 219, 312, 552, 615]);
    let steps = || Proof::Steps(finds);
    let mut leaves = |name: &str, why: &str, files: Tree| {
        f.bad(name, Page, why, steps(), tree(files));
    };
    leaves(
        "mercurial",
        "the version control's directory is served",
        &[
            INDEX,
            START,
            APP,
            (".hg/requires", TEXT, "dotencode\nfncache\nrevlogv1\nstore\n"),
            (".hg/hgrc", TEXT, "[paths]\ndefault = http://hg.example.test/shop\n"),
        ],
    );
    leaves(
        "git-deep",
        "the head is refused, other files of the version control are served",
        &[
            INDEX,
            START,
            APP,
            (
                ".git/config",
                TEXT,
                "[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote \"origin\"]\n\turl = http://git.example.test/shop.git\n",
            ),
            (
                ".git/logs/HEAD",
                TEXT,
                "0000000000000000000000000000000000000000 8c6f1e0a Ann <ann@shop.test> 1930000000 +0000\tclone: from http://git.example.test/shop.git\n",
            ),
        ],
    );
    leaves(
        "swap-file",
        "an editor's swap file is served",
        &[INDEX, START, APP, (".index.php.swp", BYTES, "b0VIM 9.1\0\0\0\0root\0range\0/var/www/index.php")],
    );
    leaves(
        "old-copy",
        "an old copy of a script is served as text",
        &[
            INDEX,
            START,
            APP,
            ("index.php.old", TEXT, "<?php include 'db.php'; ?>\n"),
            ("index.old", TEXT, "<?php include 'db.php'; ?>\n"),
            ("index.php.save", TEXT, "<?php include 'db.php'; ?>\n"),
        ],
    );
    leaves(
        "source-map",
        "a source map with the sources is served",
        &[
            INDEX,
            START,
            ("app.js", "text/javascript", "var app=1;\n//# sourceMappingURL=app.js.map"),
            (
                "app.js.map",
                "application/json",
                "{\"version\":3,\"file\":\"app.js\",\"sources\":[\"src/app.ts\"],\"sourcesContent\":[\"// internal\\nexport const app = 1;\"],\"names\":[],\"mappings\":\"AAAA\"}",
            ),
        ],
    );
    leaves(
        "database-file",
        "a file of SQLite is served",
        &[
            INDEX,
            START,
            APP,
            ("db.sqlite3", BYTES, "SQLite format 3\0\u{10}\0\u{1}\u{1}"),
            ("database.sqlite", BYTES, "SQLite format 3\0\u{10}\0\u{1}\u{1}"),
        ],
    );
    leaves(
        "settings-json",
        "a settings file with a connection's password is served",
        &[
            INDEX,
            START,
            APP,
            (
                "appsettings.json",
                "application/json",
                "{\"ConnectionStrings\":{\"Default\":\"Server=db;User Id=sa;Password=config-osprey;\"}}",
            ),
            (
                "config.json",
                "application/json",
                "{\"db\":{\"user\":\"shop\",\"password\":\"config-osprey\"}}",
            ),
        ],
    );
    leaves(
        "server-log",
        "a log of the server is served",
        &[
            INDEX,
            START,
            APP,
            (
                "error.log",
                TEXT,
                "[Tue Mar 11 17:07:42 2031] [error] [client 10.0.0.7] PHP Fatal error: Uncaught Exception in /var/www/shop/db.php:12\n",
            ),
            (
                "debug.log",
                TEXT,
                "[11-Mar-2031 17:07:42 UTC] PHP Notice:  Undefined index: user in /var/www/shop/in.php on line 3\n",
            ),
        ],
    );
    leaves(
        "compose-file",
        "the description of the containers is served",
        &[
            INDEX,
            START,
            APP,
            (
                "docker-compose.yml",
                TEXT,
                "services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: config-osprey\n",
            ),
            ("Dockerfile", TEXT, "FROM debian:13\nENV API_KEY=config-osprey\n"),
        ],
    );
    leaves(
        "history",
        "the shell's history is served",
        &[INDEX, START, APP, (".bash_history", TEXT, "cd /var/www\nmysql -u root -pconfig-osprey shop\n")],
    );
    f.good("refused", Page, "all such paths are refused", steps(), |w, h| {
        if h.rest.starts_with('.') || h.rest.ends_with(".log") {
            Reply::html("<p>Forbidden.</p>").with_status(403)
        } else {
            tree(&[INDEX, START, APP])(w, h)
        }
    });
    f.good("login-for-all", Page, "every other path leads to the login page", steps(), |w, h| {
        if matches!(h.rest, "" | "index.php" | "app.js") {
            tree(&[INDEX, START, APP])(w, h)
        } else {
            Reply::redirect(h.base())
        }
    });
    f.good(
        "error-page-with-200",
        Page,
        "unknown paths answer 200 with a page that differs a little each time",
        steps(),
        |w, h| match h.rest {
            "" | "index.php" | "app.js" => tree(&[INDEX, START, APP])(w, h),
            rest => Reply::html(format!(
                "<h1>Not available</h1><p>{} (reference {})</p>",
                crate::filter::html(rest),
                w.next()
            )),
        },
    );
    f.good(
        "map-without-sources",
        Page,
        "the script names a source map that is not there",
        steps(),
        tree(&[INDEX, START, ("app.js", "text/javascript", "var app=1;\n//# sourceMappingURL=app.js.map")]),
    );
    f.cases()
}

fn reveals(p: &Prover<'_>) -> Result<bool, String> {
    for rest in [
        "trace.axd",
        "elmah.axd",
        "_profiler",
        "debug/pprof/",
        "metrics",
        "actuator/health",
        "actuator/heapdump",
        "console",
        "telescope",
        "jmx-console/",
        "server-info",
        "info.php",
        "test.php",
        "api/debug",
        "rails/info/properties",
        "swagger.json",
        "nonexistent-4711",
    ] {
        let text = p.get(rest)?.text();
        let marks = [
            "Application Trace</",
            "Error Log for",
            "Symfony Profiler",
            "/debug/pprof/",
            "process_cpu_seconds_total",
            "Interactive Console",
            "Apache Server Information",
            "PHP Version 8",
            "Rails version",
            "DEBUG = True",
            "No route matches",
        ];
        if marks.iter().any(|mark| text.contains(mark)) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn debug() -> Vec<Case> {
    let mut f =
        Family::new("debug", HALF, &[150022, 150004, 150042, 150059], &[209, 200, 489, 215, 497, 550]);
    f.sample("7");
    let broken = |mark: &str| shows("x", mark);
    let steps = || Proof::Steps(reveals);
    f.bad("ruby-trace", Query("n"), "an exception's trace is shown", broken("app/controllers/items_controller.rb:14"), fails("<h1>ArgumentError in ItemsController#show</h1><pre>invalid value for Integer(): \"x\"</pre><p><code>Rails.root: /srv/shop</code></p><pre>app/controllers/items_controller.rb:14:in `Integer'\napp/controllers/items_controller.rb:14:in `show'</pre>"));
    f.bad("node-trace", Json("n"), "an exception's trace is shown", broken("at Layer.handle"), fails("<pre>TypeError: Cannot read properties of undefined (reading &#39;price&#39;)<br> &nbsp; &nbsp;at /srv/shop/routes/item.js:21:18<br> &nbsp; &nbsp;at Layer.handle [as handle_request] (/srv/shop/node_modules/express/lib/router/layer.js:95:5)<br> &nbsp; &nbsp;at next (/srv/shop/node_modules/express/lib/router/route.js:149:13)</pre>"));
    f.bad("go-panic", Path, "a panic's stack is shown", broken("goroutine 41 [running]"), fails("<pre>panic: runtime error: index out of range [7] with length 3\n\ngoroutine 41 [running]:\nmain.item(0xc000112000)\n\t/srv/shop/main.go:58 +0x1f4\nnet/http.HandlerFunc.ServeHTTP(...)\n\t/usr/local/go/src/net/http/server.go:2136</pre>"));
    f.bad("laravel", Form("n"), "the framework's page for developers is shown", broken("vendor/laravel/framework"), fails("<h1>Illuminate\\Database\\QueryException</h1><div>/var/www/shop/vendor/laravel/framework/src/Illuminate/Database/Connection.php:760</div><pre>#0 /var/www/shop/app/Http/Controllers/Item.php(21): Illuminate\\Database\\Connection-&gt;run()\n#1 {main}</pre>"));
    f.bad("spring", Header("X-Page"), "the trace stands within JSON", broken("org.springframework.web.servlet"), |_, h| match h.value.parse::<u32>() {
        Ok(_) => Reply::json(&serde_json::json!({"ok": true})),
        Err(_) => Reply::json(&serde_json::json!({"status": 500, "error": "Internal Server Error", "trace": "java.lang.NumberFormatException: For input string: \"x\"\n\tat java.base/java.lang.Integer.parseInt(Integer.java:652)\n\tat org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1067)"})).with_status(500),
    });
    f.bad("metrics", Page, "the process's counters are served to everybody", steps(), tree(&[INDEX, START, APP, ("metrics", TEXT, "# HELP process_cpu_seconds_total Total user and system CPU time.\n# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.4\n")]));
    f.bad("pprof", Page, "the profiler is served to everybody", steps(), tree(&[INDEX, START, APP, ("debug/pprof/", HTML, "<title>/debug/pprof/</title><p>Types of profiles available:</p><table><tr><td>41</td><td><a href=\"goroutine?debug=1\">goroutine</a></td></tr><tr><td><a href=\"heap?debug=1\">heap</a></td></tr></table>")]));
    f.bad("server-info", Page, "the server's settings are served to everybody", steps(), tree(&[INDEX, START, APP, ("server-info", HTML, "<title>Server Information</title><h1>Apache Server Information</h1><dl><dt><strong>Server Version:</strong> Apache/2.4.62 (Debian)</dt><dt><strong>Config File:</strong> /etc/apache2/apache2.conf</dt></dl>")]));
    f.bad("info-script", Page, "a test script shows the interpreter's settings", steps(), tree(&[INDEX, START, APP, ("info.php", HTML, "<title>PHP 8.2.20 - phpinfo()</title><h1 class=\"p\">PHP Version 8.2.20</h1><table><tr><td class=\"e\">System</td><td class=\"v\">Linux range</td></tr></table>")]));
    f.bad("django-404", Page, "the page for unknown addresses lists the routes", steps(), |w, h| match h.rest {
        "" | "index.php" | "app.js" => tree(&[INDEX, START, APP])(w, h),
        _ => Reply::html("<h1>Page not found <span>(404)</span></h1><p>Using the URLconf defined in <code>shop.urls</code>, Django tried these URL patterns, in this order:</p><ol><li>admin/</li><li>internal/export/</li></ol><p>You're seeing this error because you have <code>DEBUG = True</code> in your Django settings file.</p>").with_status(404),
    });
    f.good("json-error", Json("n"), "an error without a trace", broken("at Layer.handle"), |_, h| {
        if h.value == "7" {
            Reply::json(&serde_json::json!({"ok": true}))
        } else {
            Reply::json(&serde_json::json!({"error": "n must be a number"})).with_status(400)
        }
    });
    f.good("plain-404", Page, "unknown addresses are simply not found", steps(), tree(&[INDEX, START, APP]));
    f.good(
        "reference-only",
        Form("n"),
        "the error has a reference for the log",
        broken("vendor/laravel"),
        fails("<p>Something went wrong. Reference 93af.</p>"),
    );
    f.good("guarded-metrics", Page, "the counters ask for credentials", steps(), |w, h| {
        if h.rest == "metrics" {
            Reply::html("<p>Credentials are wanted.</p>")
                .with_status(401)
                .header("WWW-Authenticate", "Basic realm=\"ops\"")
        } else {
            tree(&[INDEX, START, APP])(w, h)
        }
    });
    f.cases()
}
