//! What lies about: listings of directories, left-over files, debug pages and stack traces.

use super::HALF;
use crate::case::Place::{Page, Query};
use crate::case::{Case, Family, Hit};
use crate::filter::html;
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::World;

/// Files below a case: path, type, content. The first without a path is its page.
pub(crate) type Tree = &'static [(&'static str, &'static str, &'static str)];

/// Serves a tree, and not found otherwise.
pub(crate) fn tree(files: Tree) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match files.iter().find(|(path, _, _)| *path == h.rest) {
        Some((_, "text/html", text)) => Reply::html(text),
        Some((_, kind, text)) => Reply::new(200, kind, *text),
        None => Reply::missing(),
    }
}

const HTML: &str = "text/html";
const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// Whether a directory's files are listed, among them one that no page links to.
fn lists(p: &Prover<'_>) -> Result<bool, String> {
    for rest in ["files/", "", "images/", "backup/", "static/"] {
        if p.get(rest)?.text().contains("href=\"payroll-2031.csv\"") {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn listing() -> Vec<Case> {
    let mut f = Family::new("directory-listing", HALF, &[150023, 150004], &[548, 538, 22, 497]);
    let steps = || Proof::Steps(lists);
    f.bad("apache", Page, "the server lists a directory in Apache's manner", steps(), tree(&[
        ("", HTML, "<a href=\"files/report.txt\">Report</a>"),
        ("files/report.txt", TEXT, "Report."),
        ("files/", HTML, "<h1>Index of /files</h1>\n<table><tr><th><a href=\"?C=N;O=D\">Name</a></th><th><a href=\"?C=M;O=A\">Last modified</a></th><th>Size</th></tr>\n<tr><td><a href=\"../\">Parent Directory</a></td></tr><tr><td><a href=\"payroll-2031.csv\">payroll-2031.csv</a></td><td>2031-03-11 17:07</td><td>12K</td></tr><tr><td><a href=\"report.txt\">report.txt</a></td></tr></table><address>Apache/2.4.62 (Debian) Server at localhost Port 80</address>"),
    ]));
    f.bad("nginx", Page, "the server lists a directory in nginx's manner", steps(), tree(&[
        ("", HTML, "<img src=\"images/logo.svg\" alt=\"logo\">"),
        ("images/logo.svg", "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ("images/", HTML, "<h1>Index of /images/</h1><hr><pre><a href=\"../\">../</a>\n<a href=\"logo.svg\">logo.svg</a>      11-Mar-2031 17:07    60\n<a href=\"payroll-2031.csv\">payroll-2031.csv</a>   11-Mar-2031 17:07   12101\n</pre><hr>"),
    ]));
    f.bad("iis", Page, "the server lists a directory in IIS's manner", steps(), tree(&[
        ("", HTML, "<a href=\"static/app.txt\">App</a>"),
        ("static/app.txt", TEXT, "App."),
        ("static/", HTML, "<pre><a href=\"/\">[To Parent Directory]</a><br><br> 3/11/2031  5:07 PM        12101 <a href=\"payroll-2031.csv\">payroll-2031.csv</a><br> 3/11/2031  5:07 PM   &lt;dir&gt; <a href=\"old/\">old</a><br></pre>"),
    ]));
    f.bad("python", Page, "a development server lists the directory", steps(), tree(&[
        ("", HTML, "<a href=\"files/\">Files</a>"),
        ("files/", HTML, "<h1>Directory listing for /files/</h1>\n<hr>\n<ul>\n<li><a href=\"payroll-2031.csv\">payroll-2031.csv</a></li>\n<li><a href=\"report.txt\">report.txt</a></li>\n</ul>\n<hr>"),
    ]));
    f.good("refused", Page, "the directory is refused", steps(), |w, h| match h.rest {
        "files/" => Reply::html("<h1>Forbidden</h1>").with_status(403),
        _ => tree(&[
            ("", HTML, "<a href=\"files/report.txt\">Report</a>"),
            ("files/report.txt", TEXT, "Report."),
        ])(w, h),
    });
    f.good(
        "gallery",
        Page,
        "a page with links to pictures is no listing",
        steps(),
        tree(&[
            ("", HTML, "<a href=\"images/\">Pictures</a>"),
            (
                "images/",
                HTML,
                "<h1>Our pictures</h1><p>Index of the book: see page 4.</p><a href=\"cat.svg\">Cat</a>",
            ),
            ("images/cat.svg", "image/svg+xml", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ]),
    );
    f.good("about-listings", Page, "an article about listings", steps(), tree(&[(
        "",
        HTML,
        "<h1>Why does my server show Index of /?</h1><p>Because Options +Indexes is set. The heading reads <code>Index of /</code>, then comes Parent Directory.</p>",
    )]));
    f.cases()
}

/// Fetches what must not be there, each with a mark of its content.
fn finds(p: &Prover<'_>) -> Result<bool, String> {
    for (rest, mark) in [
        (".git/HEAD", "ref: refs/"),
        (".git/config", "repositoryformatversion"),
        (".svn/entries", "dir\n"),
        (".hg/requires", "store"),
        ("index.php.bak", "<?php"),
        ("index.php~", "<?php"),
        ("config.php.old", "<?php"),
        (".index.php.swp", "b0VIM"),
        ("backup.zip", "PK\u{3}\u{4}"),
        ("backup.sql", "CREATE TABLE"),
        ("dump.sql", "CREATE TABLE"),
        (".env", "DB_PASSWORD"),
        (".DS_Store", "Bud1"),
        (".htpasswd", "$apr1$"),
        ("web.config", "<configuration>"),
        (".idea/workspace.xml", "<project"),
        ("id_rsa", "PRIVATE KEY"),
        ("phpinfo.php", "PHP Version"),
        ("wp-config.php.bak", "<?php"),
        ("composer.lock", "\"packages\""),
    ] {
        let answer = p.get(rest)?;
        if answer.status == 200 && answer.text().contains(mark) {
            return Ok(true);
        }
    }
    Ok(false)
}

const INDEX: (&str, &str, &str) = ("", HTML, "<h1>Home</h1><a href=\"index.php\">Start</a>");
const START: (&str, &str, &str) = ("index.php", HTML, "<p>Start page.</p>");

pub(super) fn leftovers() -> Vec<Case> {
    let mut f = Family::new("leftovers", HALF, &[150004], &[538, 530, 527, 540, 200, 219, 312, 552]);
    let steps = || Proof::Steps(finds);
    f.bad(
        "git",
        Page,
        "the version control's directory is served",
        steps(),
        tree(&[
            INDEX,
            START,
            (".git/HEAD", TEXT, "ref: refs/heads/main\n"),
            (
                ".git/config",
                TEXT,
                "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n",
            ),
            (".git/index", BYTES, "DIRC\0\0\0\u{2}"),
        ]),
    );
    f.bad(
        "svn",
        Page,
        "the version control's directory is served",
        steps(),
        tree(&[
            INDEX,
            START,
            (".svn/entries", TEXT, "10\n\ndir\n4711\nhttp://svn.example.test/shop/trunk\n"),
            (".svn/wc.db", BYTES, "SQLite format 3\0"),
        ]),
    );
    f.bad(
        "backup-source",
        Page,
        "an editor's copy of a script is served as text",
        steps(),
        tree(&[
            INDEX,
            START,
            ("index.php.bak", TEXT, "<?php $password = 'config-osprey'; ?>\n"),
            ("index.php~", TEXT, "<?php $password = 'config-osprey'; ?>\n"),
        ]),
    );
    f.bad(
        "environment",
        Page,
        "the environment file is served",
        steps(),
        tree(&[
            INDEX,
            START,
            (
                ".env",
                TEXT,
                "APP_ENV=production\nDB_HOST=10.0.0.5\nDB_PASSWORD=config-osprey\nAPP_KEY=base64:c2VjcmV0\n",
            ),
        ]),
    );
    f.bad("dump", Page, "a copy of the database is served", steps(), tree(&[INDEX, START, ("backup.sql", TEXT, "-- MySQL dump 10.13\nCREATE TABLE `users` (\n  `id` int NOT NULL\n);\nINSERT INTO `users` VALUES (1);\n"), ("dump.sql", TEXT, "-- MySQL dump 10.13\nCREATE TABLE `users` (`id` int);\n")]));
    f.bad(
        "archive",
        Page,
        "an archive of the site is served",
        steps(),
        tree(&[
            INDEX,
            START,
            (
                "backup.zip",
                "application/zip",
                "PK\u{3}\u{4}\u{14}\0\0\0\u{8}\0index.phpPK\u{1}\u{2}PK\u{5}\u{6}",
            ),
        ]),
    );
    f.bad(
        "passwords",
        Page,
        "the password file is served",
        steps(),
        tree(&[INDEX, START, (".htpasswd", TEXT, "admin:$apr1$x7w4$0fP4eWQy1nKj9mTzq3d5b/\n")]),
    );
    f.good("clean", Page, "nothing is left", steps(), tree(&[INDEX, START]));
    f.good(
        "soft-404",
        Page,
        "every path answers 200 with a page that says it is not there",
        steps(),
        |w, h| match h.rest {
            "" | "index.php" => tree(&[INDEX, START])(w, h),
            rest => Reply::html(format!("<h1>Oops</h1><p>We could not find {} for you.</p>", html(rest))),
        },
    );
    f.good("catch-all", Page, "every path answers with the application's own page", steps(), |_, _| {
        Reply::html("<div id=\"app\">Loading the shop...</div><a href=\"index.php\">Start</a>")
    });
    f.cases()
}

/// Whether a page shows the inner life: a trace, an environment, a console.
fn reveals(p: &Prover<'_>) -> Result<bool, String> {
    for rest in [
        "",
        "debug",
        "info.php",
        "phpinfo.php",
        "server-status",
        "actuator/env",
        "trace.axd",
        "item?id=x",
        "item?id='",
        "item?id=%00",
        "console",
    ] {
        let text = p.get(rest)?.text();
        let marks = [
            "Traceback (most recent call last)",
            "at com.example.Shop.find(Shop.java:",
            "PHP Version 8",
            "Apache Server Status",
            "\"systemEnvironment\"",
            "Application Trace",
            "Werkzeug",
            "Fatal error: Uncaught",
            "System.NullReferenceException",
            "goroutine 1 [running]",
        ];
        if marks.iter().any(|mark| text.contains(mark)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An item page that fails with a text when the id is no number.
pub(crate) fn fails(trace: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match h.value.parse::<u32>() {
        Ok(id) => Reply::html(format!("<p>Item {id}.</p>")),
        Err(_) => Reply::html(trace).with_status(500),
    }
}

pub(super) fn debug() -> Vec<Case> {
    let mut f =
        Family::new("debug", HALF, &[150022, 150004, 150042, 150059], &[209, 200, 489, 215, 497, 550]);
    f.sample("7");
    let steps = || Proof::Steps(reveals);
    let broken = |mark: &str| crate::proof::shows("x", mark);
    f.bad("python-trace", Query("id"), "an exception's trace is shown", broken("Traceback (most recent call last)"), fails(
        "<pre>Traceback (most recent call last):\n  File \"/srv/shop/views.py\", line 41, in item\n    number = int(request.args['id'])\nValueError: invalid literal for int() with base 10</pre>",
    ));
    f.bad("java-trace", Query("id"), "an exception's trace is shown", broken("at com.example.Shop.find"), fails(
        "<h1>HTTP Status 500</h1><pre>java.lang.NumberFormatException: For input string\n\tat java.base/java.lang.Integer.parseInt(Integer.java:668)\n\tat com.example.Shop.find(Shop.java:88)\n\tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:166)</pre>",
    ));
    f.bad("php-error", Query("id"), "an error names the path of the script", broken("/var/www/html/item.php"), fails(
        "<br />\n<b>Fatal error</b>:  Uncaught TypeError: item(): Argument #1 must be of type int, string given in /var/www/html/item.php:12\nStack trace:\n#0 {main}\n  thrown in <b>/var/www/html/item.php</b> on line <b>12</b><br />",
    ));
    f.bad("dotnet-error", Query("id"), "the yellow page of .NET", broken("System.FormatException"), fails(
        "<h1>Server Error in '/' Application.</h1><h2><i>Input string was not in a correct format.</i></h2><b>Exception Details: </b>System.FormatException: Input string was not in a correct format.<br><b>Stack Trace:</b><pre>[FormatException: Input string was not in a correct format.]\n   System.Number.ParseInt32(String s) +224\n   Shop.Item.Page_Load(Object sender, EventArgs e) in C:\\inetpub\\shop\\Item.aspx.cs:21</pre>",
    ));
    f.bad("phpinfo", Page, "the interpreter's settings are served", steps(), tree(&[INDEX, START, ("phpinfo.php", HTML, "<h1>PHP Version 8.3.6</h1><table><tr><td>System</td><td>Linux range</td></tr><tr><td>Loaded Configuration File</td><td>/etc/php/8.3/apache2/php.ini</td></tr></table><h2>PHP Variables</h2><table><tr><td>$_SERVER['DOCUMENT_ROOT']</td><td>/var/www/html</td></tr></table><title>phpinfo()</title>")]));
    f.bad("server-status", Page, "the server's status page is served to everybody", steps(), tree(&[INDEX, START, ("server-status", HTML, "<title>Apache Status</title><h1>Apache Server Status for localhost</h1><dl><dt>Server Version: Apache/2.4.62 (Debian)</dt><dt>Server uptime: 4 days</dt></dl><pre>Scoreboard Key: \"_\" Waiting for Connection</pre>")]));
    f.bad("actuator", Page, "the framework's management pages are served to everybody", steps(), tree(&[INDEX, START, ("actuator", "application/json", "{\"_links\":{\"self\":{\"href\":\"/actuator\"},\"env\":{\"href\":\"/actuator/env\"},\"heapdump\":{\"href\":\"/actuator/heapdump\"}}}"), ("actuator/env", "application/json", "{\"activeProfiles\":[],\"propertySources\":[{\"name\":\"systemEnvironment\",\"properties\":{\"HOME\":{\"value\":\"/srv\"}}}],\"systemEnvironment\":{}}")]));
    f.good(
        "plain-error",
        Query("id"),
        "the error is a plain page, the trace goes to the log",
        broken("Traceback"),
        fails("<h1>Sorry</h1><p>That item could not be shown. Reference 7f31.</p>"),
    )
    .qids(&[150022, 150004]);
    f.good("not-found", Query("id"), "a wrong number is simply not found", broken("Traceback"), |_, h| {
        if h.value == "7" { Reply::html("<p>Item 7.</p>") } else { Reply::missing() }
    })
    .qids(&[150022, 150004]);
    f.good("refused-status", Page, "the status page is refused", steps(), |w, h| {
        if h.rest == "server-status" {
            Reply::html("<h1>Forbidden</h1>").with_status(403)
        } else {
            tree(&[INDEX, START])(w, h)
        }
    });
    f.good("tutorial", Page, "a course about exceptions speaks of traces in general", steps(), tree(&[("", HTML, "<h1>Exceptions</h1><p>A traceback lists the calls that led to an error. Read it from the bottom up.</p>")]));
    f.cases()
}
