//! What errors of languages and frameworks look like.

use crate::checks::pattern::Pattern;

/// Where code was when it failed, or code itself.
pub(super) static TRACES: &[(&str, Pattern)] = &[
    (
        "Python",
        Pattern::new(
            r#"(?:Traceback \(most recent call last\):[\s\S]{1,400}?|["'\n>(,]\s{0,8})File (?:\\?"|&quot;|&#34;)[^"\n&]{1,200}(?:"|&quot;|&#34;), line \d+(?:, in )?"#,
        ),
    ),
    (
        "Java",
        Pattern::new(
            r"(?:\b|\\t)at (?:[\w$.]+/)?(?:[\w$]+\.){2,}(?:[\w$]+|<init>|&lt;init&gt;|<clinit>|lambda\$\w+)\((?:[\w$]+\.(?:java|kt|scala|groovy|clj):\d+|Native Method|Unknown Source)\)",
        ),
    ),
    (
        ".NET",
        Pattern::new(
            r"\bat [\w.`+<>\[\]&;]{3,200}\([^)\n]{0,300}\)(?: in [A-Za-z]:\\[^\n<]{1,200}:line \d+| in /[^\n<]{1,200}\.(?:cs|vb|fs):line \d+)|\bat (?:System|Microsoft)\.(?:[\w`]+\.)+[\w`<>]+\([^)\n]{0,300}\)",
        ),
    ),
    (
        "PHP",
        Pattern::new(
            r"#\d+ (?:/|[A-Z]:\\)[^\n<(]{1,200}\.(?:php\d?|phtml|inc)\(\d+\): |Stack trace:\s{0,4}(?:<br ?/?>\s*)?#0 ",
        ),
    ),
    (
        "Node.js",
        Pattern::new(
            r"\bat (?:async )?(?:(?:new )?[\w.$<>\[\] ]|&lt;|&gt;){1,120} ?\((?:file://)?(?:/|[A-Z]:\\|node:|internal/)[^()\n]{1,200}(?:\.[mc]?[jt]sx?)?:\d+:\d+\)|\bat [\w.$<> ]{1,120} \((?:packages/|app/|webpack-internal:///)[^()\s]{1,200}\.[mc]?[jt]sx?:\d+:\d+\)|\bat (?:file://)?(?:/|node:)[^()\s<]{1,200}\.[mc]?[jt]s:\d+:\d+",
        ),
    ),
    (
        "Ruby",
        Pattern::new(
            r"[\w./-]{1,200}\.(?:rb|cr|ru):\d+(?::\d+)?:? in (?:`|'|&#39;|&#x27;|&lsquo;)[^'\n&]{1,120}|[\w./-]{1,200}\.(?:rb|ru):\d+:in (?:`|'|&#39;|&#x27;|&lsquo;)[^'\n&]{1,120}",
        ),
    ),
    (
        "Go",
        Pattern::new(
            r"goroutine \d+ \[[a-z ,0-9]+\]:|\bpanic: runtime error: |\[Recovery\] [\d/]{8,10}[^\n]{0,20} panic recovered:",
        ),
    ),
    (
        "Rust",
        Pattern::new(
            r"thread (?:'|&#39;|&#x27;|&apos;)[^'\n&]{1,80}(?:'|&#39;|&#x27;|&apos;) (?:\(\d+\) )?panicked at |Stack backtrace:\s{1,6}(?:\\n\s*)?0: \S",
        ),
    ),
    ("Perl", Pattern::new(r" at /[^\s<>]{1,200}\.(?:pl|pm|cgi) line \d+\.")),
    ("Elixir", Pattern::new(r"\(\w{1,40}(?: \d+\.\d+\.\d+)?\) (?:lib|deps)/[\w./-]{1,200}\.exs?:\d+: ")),
    (
        "Erlang",
        Pattern::new(
            r"\[\{[a-z]\w*,[a-z]\w*,\d+,\s?\[\{file,\s?(?:&quot;|\\?\x22)[^&\x22\n]{1,120}\.erl|\{[a-z_]+,\[\{[a-z_]+,[a-z_]+,(?:\d|\[)[\s\S]{0,120}?\{file,\s?(?:&quot;|\\?\x22)[^&\x22\n]{1,120}\.erl",
        ),
    ),
    (
        "Lua",
        Pattern::new(
            r"stack traceback:(?:\s|\\[nt]){1,6}(?:coroutine \d+:\s{1,4})?(?:\[C\]|[\w./-]{1,120}\.lua:(?:\d+)?:?):? in |lua entry thread aborted: runtime error: ",
        ),
    ),
    (
        "Clojure",
        Pattern::new(r"\bat (?:[\w$.-]+/)?[\w$.-]+\([\w-]{1,60}\.(?:clj|cljc|scala|groovy|kt|jsp):\d+\)"),
    ),
    ("Haskell", Pattern::new(r"CallStack \(from HasCallStack\):\s{1,6}\w")),
    ("Swift", Pattern::new(r"Fatal error: [^\n<]{1,200}: file [\w./-]{1,120}\.swift, line \d+")),
    ("R or Julia", Pattern::new(r"Stacktrace:\s{1,8}\[1\] [\s\S]{1,200}?\.jl:\d+")),
    (
        "Symfony",
        Pattern::new(
            r#"<div class="exception-summary|<title>[^<]{1,300}\(\d{3} [A-Za-z ]{3,40}\)</title>[\s\S]*?(?:class="trace-|exception-message)"#,
        ),
    ),
    (
        "Whoops",
        Pattern::new(r#"<title>Whoops! There was an error|class="?Whoops container|id="frame-code-linenums"#),
    ),
    (
        "Yii",
        Pattern::new(
            r"<title>PHP (?:Exception|Error|Warning|Notice)|class=.(?:[\w-]+ )*call-stack-item|CException</h1>",
        ),
    ),
    (
        "CodeIgniter",
        Pattern::new(
            r"<h4>A PHP Error was encountered</h4>[\s\S]{0,400}?Line Number: \d+|<p>Filename: [\w./\\-]{1,200}\.php</p>",
        ),
    ),
    (
        "Dart",
        Pattern::new(
            r"#\d+ {2,8}[\w.$<> ]{1,120} \((?:dart:|package:|file://)[^()\n]{1,200}\.dart:\d+(?::\d+)?\)",
        ),
    ),
    (
        "Sinatra and Rack",
        Pattern::new(
            r"you have enabled the <code>show_exceptions</code> setting|because you use <code>Rack::ShowExceptions</code>|Rack::Lint::LintError: ",
        ),
    ),
    (
        "better_errors",
        Pattern::new(r#"<body class="better-errors-javascript|<header class="exception">\s*<h2><strong>"#),
    ),
    (
        "Ignition",
        Pattern::new(
            r#""notifier":\s?"Laravel Client"|window\.data = \{"report":|<!--\s*Ignition|id="flare-"#,
        ),
    ),
    ("Lucee", Pattern::new(r#"<table id="-lucee-err"|<b>Lucee [\d.]{3,20} Error \("#)),
    ("Struts", Pattern::new(r"<title>Struts Problem Report</title>")),
    (
        "Next.js",
        Pattern::new(
            r#"<script id="__NEXT_DATA__"[^>]*>[^<]*"err":\{"name":"[^<]{0,300}"stack":"[^<]{0,200}\\n"#,
        ),
    ),
    // Members of answers in JSON, each with something in it.
    (
        "JSON",
        Pattern::new(
            r#"(?i)"(?:stack_?trace|trace_?back|exception_?class|exception_?type)"\s*:\s*(?:"[^"]{8}|\[\s*["\{])|"(?:declaringClass|className)"\s*:\s*"[^"]{1,200}"\s*,\s*"(?:methodName|fileName|lineNumber)"\s*:"#,
        ),
    ),
    ("CakePHP", Pattern::new(r#"class="cake-(?:error|debug|stack-trace)"#)),
    (
        "Play",
        Pattern::new(
            r"<title>(?:Execution exception|Compilation error)</title>|In [\w/.-]{1,200}\.(?:scala|java|html):\d+</h2>",
        ),
    ),
    ("Phoenix", Pattern::new(r"<title>[\w.]{1,80}(?:Error|Exception) at (?:GET|POST|PUT) /")),
    (
        "ASP.NET Core",
        Pattern::new(
            r#"<title>Internal Server Error</title>[\s\S]*?An unhandled exception occurred while processing the request|class="rawExceptionStackTrace"#,
        ),
    ),
    (
        "Django",
        Pattern::new(
            r"(?i)seeing this (?:error|page|message) because (?:you have )?(?:<code>)?DEBUG ?= ?True\b|Using the URLconf defined in\b",
        ),
    ),
    (
        "Werkzeug",
        Pattern::new(
            r"<title>[^<]{0,200}// Werkzeug Debugger</title>|The debugger caught an exception in your WSGI application",
        ),
    ),
    (
        "Rails",
        Pattern::new(
            r"<title>Action Controller: Exception caught</title>|<h2>Application Trace</h2>|id=.Application-Trace",
        ),
    ),
    (
        "Laravel",
        Pattern::new(
            r#"class="?(?:Whoops container|exception-message-wrapper)|vendor/laravel/framework/src/Illuminate/[\w/]+\.php"#,
        ),
    ),
];

/// What an answer that says that nothing is there shows of the application while it is developed.
pub(super) static ROUTES: &[(&str, Pattern)] = &[
    (
        "frameworks",
        Pattern::new(
            r"<h1>Routing Error</h1>|No route matches \[(?:GET|POST)\]|These routes have been tried, in this order|\bNoRouteError\b|doesn(?:'|’|&rsquo;|&#39;)t know this ditty|\bNo route found for (?:&quot;|[\x22'`])?(?:GET|POST)|\b(?:Missing|Unknown) (?:Controller|Route)\b[\s\S]{0,300}?(?:Error:|could not be found)|Contexts known to this server are|<th>Physical Path</th>|\bE_ROUTE_NOT_FOUND\b|Unable to find a route to match the URI",
        ),
    ),
    (
        "routes",
        Pattern::new(concat!(
            r"(?i)\b(?:(?:routes?|(?:url )?patterns?|endpoints|handlers|urls|paths|controllers) (?:that )?(?:(?:are|were|have been) )?(?:tried|known|available|registered|defined|configured|considered|checked|matched)",
            r"|(?:tried|known|available|registered|defined|configured|following|these|all|application) (?:url )?(?:routes|patterns|endpoints|handlers|urls|paths|controllers)|url ?conf|route (?:table|list)|routing table)\b",
            // Three of them, as they are written: with slashes, wildcards or parameters.
            r"(?:[\s\S]{0,200}?(?:<li[^>]*>|<t[dh][^>]*>|<code[^>]*>|<br ?/?>|[\n\x22'`(,])\s*(?:(?:GET|POST|PUT|ANY|PATCH|DELETE)\b[\s|,]{1,4})?(?:<[^<>]{1,40}>\s*)?(?:\^|/|\w[\w-]{0,30}/)[^\s<\x22'`]{0,80}){3}",
        )),
    ),
];

/// Errors that say more than a visitor should know.
pub(super) static MESSAGES: &[(&str, Pattern)] = &[
    (
        "PHP",
        Pattern::new(
            r"(?:<b>)?(?:Warning|Notice|Fatal error|Parse error|Deprecated|Strict Standards|Recoverable fatal error|Catchable fatal error)(?:</b>)?:\s{1,4}[^\n]{1,400}? in (?:<b>)?(?:/|[A-Za-z]:\\)[^\n<]{1,200}?(?:</b>)? on line (?:<b>)?\d+|PHP (?:Warning|Notice|Fatal error|Parse error): {1,2}[^\n]{1,300} on line \d+|Uncaught (?:TypeError|ValueError|ArgumentCountError|Error|Exception|PDOException): [^\n]{1,300} in (?:/|[A-Z]:\\)[^\n:]{1,200}:\d+",
        ),
    ),
    (
        "ASP",
        Pattern::new(
            r"Microsoft (?:VBScript|JScript) (?:runtime|compilation) (?:</font>\s*<font[^>]*>)?error|(?:ADODB\.\w+|Microsoft OLE DB[^\n<]{1,60}) error '[0-9a-fA-F]{8}'",
        ),
    ),
    (
        "ASP.NET",
        Pattern::new(r"Server Error in '[^'\n]{0,100}' Application|\bSystem\.(?:\w+\.){0,5}\w+Exception: "),
    ),
    (
        "Java",
        Pattern::new(
            r"\b(?:java|javax|jakarta|org\.(?:apache|springframework|hibernate|eclipse|jboss)|com\.(?:sun|fasterxml|google))\.(?:[\w$]+\.)*\w+(?:Exception|Error)\b(?::| at |</|\n|$)",
        ),
    ),
    ("Spring", Pattern::new(r"<h1>Whitelabel Error Page</h1>[\s\S]{0,400}(?:Exception|nested exception)")),
    (
        "Node.js",
        Pattern::new(
            r"\b(?:TypeError|ReferenceError|RangeError|SyntaxError|Error): (?:Cannot read propert(?:y|ies)|Cannot set propert(?:y|ies)|[\w.$]{1,60} is not (?:a function|defined|iterable)|ENOENT: no such file|EACCES: |connect ECONNREFUSED )",
        ),
    ),
    (
        "Ruby",
        Pattern::new(
            r"\bundefined (?:local variable or )?method [`'][^'\n]{1,80}' for |\b(?:ActionView|ActiveRecord|ActionController|Rack|Sinatra)::\w{3,60}(?:Error|Invalid|NotFound|Exception)\b|\bNoMethodError\b",
        ),
    ),
    (
        "Python",
        Pattern::new(
            r#"\b(?:django|flask|jinja2|werkzeug|sqlalchemy|pymongo|tornado|fastapi|pydantic)\.(?:\w+\.){0,5}\w*(?:Error|Exception|Undefined|DoesNotExist)\b|\b(?:TypeError|ValueError|KeyError|AttributeError|IndexError|ZeroDivisionError|UnicodeDecodeError|NameError): (?:unsupported operand|invalid literal for|could not convert string|list index out of range|'\w{1,40}' object (?:has no attribute|is not)|'NoneType' object|division by zero|name '\w{1,40}' is not defined|'(?:utf-8|ascii)' codec|can only concatenate)"#,
        ),
    ),
    ("ColdFusion", Pattern::new(r"Error Occurred While Processing Request|coldfusion\.runtime\.\w+")),
    (
        "Go",
        Pattern::new(
            r"\b(?:strconv\.(?:Atoi|ParseInt|ParseFloat|ParseBool): parsing |json: cannot unmarshal \w+ into Go |template: [\w./-]{1,80}:\d+(?::\d+)?: executing )",
        ),
    ),
    ("Perl", Pattern::new(r"<h1>Software error:</h1>")),
    ("WordPress", Pattern::new(r#"<strong>WordPress database error:?</strong>|<p class="wpdberror">"#)),
    (
        "dump of variables",
        Pattern::new(
            r#"(?m)\barray\(\d+\) \{\s+\[(?:"|&quot;)?[\w-]{1,60}(?:"|&quot;)?\]=(?:>|&gt;)\s+(?:string|int|bool|float|array|NULL|object)|(?:^|<pre[^>]*>)(?:Array|\w{1,60} Object)\s*\n\(\s+\[[\w:-]{1,60}\] =(?:>|&gt;) |class=["']?(?:xdebug-var-dump|sf-dump\s)|<pre class=sf-dump\b"#,
        ),
    ),
    (
        "query in a comment",
        Pattern::new(
            r"<!--(?:[^>-]|-[^-]){0,200}?\b(?:SELECT\s[\w*`., ()]{1,200}\sFROM\s[\w`]|INSERT INTO\s[\w`]{1,60}\s?\(|UPDATE\s[\w`]{1,60}\sSET\s|DELETE FROM\s[\w`]{1,60}\sWHERE\s)",
        ),
    ),
    (
        "notes of a debugger in a comment",
        Pattern::new(r"(?i)<!--\s*(?:debug|trace|dump)\b[:\s][^>]{0,300}?\w\s?[=:]\s?[\w/][^>]{2,}?-->"),
    ),
    (
        "Tomcat",
        Pattern::new(
            r"<title>Apache Tomcat/[\d.]+ - Error report</title>|<b>root cause</b>|<h1>HTTP Status 500 [^<]{1,200}</h1>[\s\S]{0,600}(?:Exception|exception)",
        ),
    ),
];
