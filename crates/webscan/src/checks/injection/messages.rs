//! Error messages of interpreters that got a value as code: only those that say that what was to be parsed is no longer
//! well-formed. A message about a value's type, which a bound parameter provokes as well, proves nothing.

use std::sync::OnceLock;

use regex::RegexSet;

use crate::http::Response;
use crate::point::Point;

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// A database with SQL.
    Sql,
    /// An LDAP directory.
    Ldap,
    /// XPath or XQuery.
    Xpath,
    /// A document database.
    Nosql,
    /// A template engine.
    Template,
    /// An evaluated script.
    Code,
    /// A shell.
    Shell,
}

const MESSAGES: &[(Family, &str)] = &[
    // SQLite
    (Family::Sql, r#"unrecognized token: (?:\\?(?:"|&quot;|&#34;|&#x22;|'|&#39;)|\\u0022)"#),
    (
        Family::Sql,
        r#"(?-u:\b)near (?:\\?(?:"|'|&quot;|&#34;|&#x22;|&#x27;|&#0?39;)|\\u0022|\\u0027).{0,200}?(?:\\?(?:"|'|&quot;|&#34;|&#x22;|&#x27;|&#0?39;)|\\u0022|\\u0027): syntax error"#,
    ),
    (
        Family::Sql,
        r#"SQLite3?::(?:Query|SQLException|prepare)|SQLITE_ERROR: (?:near|unrecognized)|sqlite3\.OperationalError: (?:near|unrecognized|incomplete)|incomplete input(?: in|</|$)|(?:error|message|detail|reason)"\s*:\s*"(?:[^"]{0,40}: )?incomplete input"|OperationalError[^<]{0,20}incomplete input|SELECTs to the left and right of (?:UNION|EXCEPT|INTERSECT)[^<]{0,12} do not have the same number"#,
    ),
    // PostgreSQL
    (
        Family::Sql,
        r"[Ss]yntax error at (?:or near|end of input)|[Ll]exical error: unterminated|ERROR 42601\b|parse error at or near|unterminated quoted (?:string|identifier) at or near|PG::SyntaxError|PSQLException: ERROR: (?:syntax|unterminated)|pg_(?:query|exec)\(\)[^<]{0,40}Query failed: ERROR: +(?:syntax|unterminated)",
    ),
    // PostgreSQL's lexer, and the code of the error without its text
    (
        Family::Sql,
        r#"(?:trailing junk after (?:numeric literal|parameter)|zero-length delimited identifier|unterminated (?:bit string literal|hexadecimal string literal|dollar-quoted string|/\* comment)) at or near|cannot insert multiple commands into a prepared statement|(?:sql_?state|code)"?\s*[:=]\s*"?(?:SqlState\()?E?42601\b|\bSqlState\(E42601\)"#,
    ),
    // MySQL, MariaDB
    (
        Family::Sql,
        r"You have an error in your SQL syntax|check the manual that (?:corresponds to|fits) your (?:MySQL|MariaDB) server version|MySQLSyntaxErrorException|valid MySQL result|ER_PARSE_ERROR",
    ),
    // Microsoft SQL Server, Access
    (
        Family::Sql,
        r"Unclosed quotation mark (?:after|before) the character string|Incorrect syntax near (?:'|&#0?39;|&#x27;|&apos;|\\u0027)|SqlException[^<]{0,60}(?:Incorrect syntax|Unclosed)|Syntax error \(missing operator\) in query expression|Syntax error in string in query expression|Microsoft Access Driver\][^<]{0,20}Syntax error|Quotation mark missing|SQL Server[^<]{0,80}(?:Unclosed quotation mark|Incorrect syntax)",
    ),
    // Oracle
    (
        Family::Sql,
        r"ORA-(?:009[0-4]\d|01740|01742|01747|01756)\b|quoted string not properly terminated|SQL command not properly ended",
    ),
    // DB2, Informix, Sybase, Firebird, SAP, H2, HSQLDB, Derby, ClickHouse, CockroachDB and drivers
    (
        Family::Sql,
        r#"SQLSTATE[=: ]+42601|SQLCODE=-(?:104|10)\b|DB2 SQL error|Dynamic SQL Error[^<]{0,40}Token unknown|Sybase message|org\.h2\.jdbc\.JdbcSQL(?:Syntax)?(?:Error)?Exception|Syntax error in SQL statement|org\.hsqldb\.|unexpected token: [^<]{0,40} in statement|(?:java\.sql\.SQL|SQLSyntaxError)Exception|SQLSTATE\[(?:42000|42601|HY000)\]: (?:Syntax error|General error: 1 (?:near|unrecognized))|PDOException[^<]{0,60}syntax|ODBC[^<]{0,60}syntax error|Code: 62[^<]{0,20}Syntax error"#,
    ),
    // Databases for analysis, and those that speak other languages than English
    (
        Family::Sql,
        r"line \d+:\d+:? (?:mismatched input|extraneous input|no viable alternative)|SQL compilation error|Syntax error: (?:Unclosed string literal|Unexpected|Expected)|Parser Error: (?:syntax error|unterminated)|Syntaxfehler bei|nicht abgeschlossene Zeichenkette|erreur de syntaxe sur ou pr|error de sintaxis en o cerca",
    ),
    (
        Family::Sql,
        r"SQL0(?:104|010|007)N|A syntax error has occurred\.|Found a quote for which there is no matching quote|sql syntax error: (?:incorrect|line)|Syntax error: (?:Encountered|failed at position|expected something)|syntax error, unexpected [^<]{1,60} in: |SQ074: Line \d+|\[PARSE_SYNTAX_ERROR\]|Statement\.SyntaxError|\bPOS\(\d+\) [^<]{0,40}(?:Missing|Invalid|Unexpected|syntax)|Invalid end of SQL statement|MALFORMED_QUERY|Syntax error in (?:date|number|query) in query expression|Syntax error in (?:FROM|ORDER BY|GROUP BY|INSERT INTO|UPDATE|WHERE) (?:clause|statement)|An expression of non-boolean type specified in a context",
    ),
    (
        Family::Sql,
        r"Fehler in der SQL-Syntax|Falsche Syntax in der N|Erreur de syntaxe pr|Syntaxe incorrecte (?:vers|pr)|Sintaxis incorrecta cerca|error de sintaxis en su consulta SQL|Errore di sintassi nella query SQL|Sintassi non corretta in prossimit|Sintaxe incorreta pr|erro de sintaxe em ou pr|Ошибка в запросе|ошибка синтаксиса \(примерное|Неправильный синтаксис около|附近有语法错误|构文エラー|syntaxfout bij of nabij",
    ),
    // Drivers and frameworks that name the error of a faulty statement, whatever the database
    (
        Family::Sql,
        r"psycopg2?\.errors\.SyntaxError|psycopg2\.ProgrammingError|\bpq: (?:syntax error|unterminated)|\bError 1064\b|SQLGrammarException|QuerySyntaxException|org\.hibernate\.query\.(?:SyntaxException|sqm)|An exception occurred while creating a query in EntityManager|QueryFailedError|token recognition error at|BadSqlGrammarException|bad SQL grammar \[|ActiveRecord::StatementInvalid|Mysql2::Error|Illuminate\\Database\\QueryException|Doctrine\\DBAL\\[^<]{0,60}(?:SyntaxError|Driver)Exception|SequelizeDatabaseError|scanner_yyerror|django\.db\.utils\.(?:Programming|Operational)Error|(?:Programming|Operational)Error at /|sqlalchemy\.exc\.(?:Programming|Operational)Error|OLE DB Provider for [^<]{0,80}80040e14|System\.Data\.(?:OleDb|Odbc|SqlClient)\.\w+Exception",
    ),
    // PHP, where the result of a faulty statement is used as if it were one
    (
        Family::Sql,
        r"(?:mysqli?|pg|sqlite3?|odbc|oci|sqlsrv|mssql|ibase|db2)_\w+\(\)[^<]{0,60}(?:bool(?:ean)? given|not a valid|Argument #1)|Call to a member function (?:fetch\w*|rowCount|num_rows|get_result|bind_param|execute)\(\) on (?:bool|false|null)|Attempt to read property (?:&quot;|.)num_rows",
    ),
    // LDAP
    (
        Family::Ldap,
        r"Bad search filter|Invalid (?:LDAP|search|DN)? ?(?:search )?filter|ldap_search\(\)|javax\.naming\.(?:directory\.)?(?:InvalidSearchFilter|NamingException)|com\.sun\.jndi\.ldap|LDAPException|ldap3?\.core\.exceptions\.|ldap\.FILTER_ERROR|(?:missing|unbalanced|unmatched) (?:closing )?paren(?:thesi|these)s[^<]{0,40}filter|filter[^<]{0,30}(?:compile|parse|syntax) error|malformed (?:LDAP )?filter",
    ),
    // XPath
    (
        Family::Xpath,
        r"XPathException|XPath(?:Eval|Syntax)?Error|xmlXPath(?:Eval|CompOpEval)|SimpleXMLElement::xpath\(\)|DOMXPath::|Invalid (?:XPath )?(?:expression|predicate)\b|System\.Xml\.XPath|has an invalid (?:token|qualified name)|Expression must evaluate to a node-set|lxml\.etree\.XPath|javax\.xml\.xpath|xpath[^<]{0,30}(?:syntax|parse|compile) error|[Uu]nfinished literal|Unclosed literal|XPST0003|A location (?:path|step) was expected|Extra illegal tokens|SyntaxError: invalid predicate|REXML::ParseException|XPath parse error|xpath: [^<]{0,60}(?:unclosed|unexpected|expected)",
    ),
    // Document databases
    (
        Family::Nosql,
        r"Mongo(?:Server)?Error|MongoDB\\Driver\\Exception|pymongo\.errors|CastError: Cast to|BSONTypeError|unknown (?:top level )?operator: \$|\$where[^<]{0,60}(?:SyntaxError|not well formed|failed to parse)|JSInterpreterFailure|com\.mongodb\.|unterminated string literal[^<]{0,60}\$where",
    ),
    // Templates
    (
        Family::Template,
        r"jinja2\.exceptions|TemplateSyntaxError|Twig\\Error|Twig_Error|freemarker\.core|org\.apache\.velocity|ParseErrorException|SmartyCompilerException|Smarty_Compiler|mako\.exceptions|org\.thymeleaf|TemplateProcessingException|Liquid (?:syntax|error)|handlebars[^<]{0,60}Parse error|tera::|minijinja|syntax error[^<]{0,20} in (?:<string>|template)",
    ),
    // Evaluated code
    (
        Family::Code,
        r"eval\(\)'d code|PHP Parse error|Parse error: +syntax error|SyntaxError: (?:unterminated|EOL while|invalid syntax|Unexpected|missing|Invalid or unexpected|unmatched)|\(eval\):\d+: syntax error|at \(eval \d+\) line \d+|NameError: name '",
    ),
    // Shells
    (
        Family::Shell,
        r"(?:sh|bash|dash)(?:: (?:line )?\d+| -c)?: [^<]{0,40}(?:[Ss]yntax error|unexpected EOF|Unterminated quoted string|unterminated)|is not recognized as an internal or external command|command not found",
    ),
];

fn set() -> &'static RegexSet {
    static SET: OnceLock<RegexSet> = OnceLock::new();
    SET.get_or_init(|| {
        let patterns = MESSAGES.iter().map(|(_, pattern)| *pattern);
        regex::RegexSetBuilder::new(patterns)
            .dot_matches_new_line(true)
            .size_limit(64 << 20)
            .build()
            .unwrap_or_else(|_| RegexSet::empty())
    })
}

/// Whose messages a text has.
pub(super) fn families(text: &str) -> Vec<Family> {
    let mut found = Vec::new();
    for at in set().matches(text) {
        if let Some((family, _)) = MESSAGES.get(at)
            && !found.contains(family)
        {
            found.push(*family);
        }
    }
    found
}

/// The header of an answer that has a message of a family, as some frameworks put them there for developers.
pub(super) fn header_with(family: Family, response: &Response) -> Option<&str> {
    let tells = ["debug", "detail", "error", "exception", "message", "reason", "sql", "warning"];
    let has = |(name, value): &&(String, String)| {
        tells.iter().any(|word| name.contains(word)) && families(value).contains(&family)
    };
    response.headers.iter().find(has).map(|(name, _)| name.as_str())
}

/// The pattern of all messages of a family.
pub(super) fn pattern(family: Family) -> String {
    let patterns: Vec<&str> =
        MESSAGES.iter().filter(|(have, _)| *have == family).map(|(_, pattern)| *pattern).collect();
    patterns.join("|")
}

/// How often a message must come with its cause and stay away without it. What another test has stored meanwhile may bring one
/// by chance, the more so at a place where nothing was asked for.
pub(super) fn rounds(point: &Point) -> u8 {
    if point.is_guess() { 4 } else { 2 }
}

/// The first message of a family in a text.
pub(super) fn find(family: Family, text: &str) -> Option<String> {
    let regex = crate::proof::regex(&pattern(family)).ok()?;
    regex.find(text).map(|found| found.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_in_headers_are_seen() {
        let answer = |name: &str| Response::new(500, &[(name, "near \"'x\": syntax error")], "");
        assert_eq!(header_with(Family::Sql, &answer("X-Debug-Error")), Some("x-debug-error"));
        assert_eq!(header_with(Family::Sql, &answer("X-Frame-Options")), None);
        assert_eq!(header_with(Family::Ldap, &answer("X-Debug-Error")), None);
    }

    #[test]
    fn messages_are_known_by_their_makers() {
        assert_eq!(set().len(), MESSAGES.len());
        for text in [
            "sqlite3.OperationalError: unrecognized token: \"'x\"",
            "near &quot;)&quot;: syntax error",
            r"near \u0022x\u0022: syntax error",
            "Incorrect syntax near &#39;x&#39;.",
            "ERROR: syntax error at or near \"x\" at character 40",
            "ERROR:  unterminated quoted string at or near \"'\"",
            "You have an error in your SQL syntax; check the manual",
            "Unclosed quotation mark after the character string ''.",
            "ORA-01756: quoted string not properly terminated",
            "org.springframework.jdbc.BadSqlGrammarException: StatementCallback",
            "ActiveRecord::StatementInvalid in ItemsController#index",
            "pq: unterminated quoted string",
            "Uncaught Error: Call to a member function fetch_assoc() on bool in /srv/a.php",
            "mysqli_num_rows(): Argument #1 ($result) must be of type mysqli_result, bool given",
            "line 1:41 no viable alternative at input",
            "Severity: ERROR, Message: Syntax error at or near \"x\", Sqlstate: 42601",
            "SQL0010N  The string constant beginning with \"'\" does not have an ending",
            "sql syntax error: incorrect syntax near \"'\": line 1 col 7",
            "Syntax error: Encountered \"x\" at line 1, column 40.",
            "Fehler in der SQL-Syntax; bitte die korrekte Syntax im Handbuch nachschlagen",
            "near '1': syntax error",
            "{\"error\": \"incomplete input\"}",
            "ERROR: trailing junk after numeric literal at or near \"7x\"",
            "zero-length delimited identifier at or near \"\"\"\"",
            "{\"severity\":\"ERROR\",\"code\":\"42601\"}",
            "DbError { severity: \"ERROR\", code: SqlState(E42601), position: 1 }",
        ] {
            assert_eq!(families(text), [Family::Sql], "{text}");
            assert!(find(Family::Sql, text).is_some());
        }
        for text in [
            "invalid input syntax for type integer: \"1'\"",
            "fts5: syntax error near \"'\"",
            "no such column: zq",
            "Your form has an incomplete input field",
            "{\"code\":\"426010\"}",
            "Call to a member function save() on null",
            "Error 10640",
            "Our course on SQL syntax errors begins in May",
        ] {
            assert!(families(text).is_empty(), "{text}");
        }
    }
}
