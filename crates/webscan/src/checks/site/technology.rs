//! What applications are made of, as they show it themselves; names of files that lie in those of one kind only.

use std::collections::BTreeSet;

use crate::checks::{Bench, Entry};
use crate::http::Target;

/// What an application is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Technology {
    /// PHP.
    Php,
    /// Java and what runs on its machine.
    Java,
    /// .NET and ASP.
    Net,
    /// Python.
    Python,
    /// Ruby.
    Ruby,
    /// Node.js.
    Node,
    /// Go.
    Go,
}

impl Technology {
    /// What headers and names of cookies have in them.
    const SIGNS: &[(&str, Technology)] = &[
        ("php", Technology::Php),
        ("laravel", Technology::Php),
        ("symfony", Technology::Php),
        ("jsessionid", Technology::Java),
        ("tomcat", Technology::Java),
        ("jetty", Technology::Java),
        ("servlet", Technology::Java),
        ("wildfly", Technology::Java),
        ("asp.net", Technology::Net),
        ("aspsession", Technology::Net),
        ("kestrel", Technology::Net),
        ("werkzeug", Technology::Python),
        ("gunicorn", Technology::Python),
        ("uvicorn", Technology::Python),
        ("wsgi", Technology::Python),
        ("csrftoken", Technology::Python),
        ("passenger", Technology::Ruby),
        ("puma", Technology::Ruby),
        ("webrick", Technology::Ruby),
        ("express", Technology::Node),
        ("connect.sid", Technology::Node),
        ("next.js", Technology::Node),
    ];
    /// Beginnings of names that lie in applications of one kind only; an ending may say it, too.
    const NAMES: &[(&str, Technology)] = &[
        ("actuator", Technology::Java),
        ("jolokia", Technology::Java),
        ("manager/", Technology::Java),
        ("host-manager/", Technology::Java),
        ("web-inf/", Technology::Java),
        ("jmx-console", Technology::Java),
        ("web-console", Technology::Java),
        ("struts/", Technology::Java),
        ("axis2/", Technology::Java),
        ("druid/", Technology::Java),
        ("h2", Technology::Java),
        ("q/", Technology::Java),
        ("heapdump", Technology::Java),
        ("monitoring", Technology::Java),
        ("_profiler", Technology::Php),
        ("_wdt", Technology::Php),
        ("_ignition", Technology::Php),
        ("_debugbar", Technology::Php),
        ("telescope", Technology::Php),
        ("horizon", Technology::Php),
        ("phpinfo", Technology::Php),
        ("fpm-status", Technology::Php),
        ("php-fpm-status", Technology::Php),
        ("debug/default/", Technology::Php),
        ("clockwork", Technology::Php),
        ("__clockwork", Technology::Php),
        ("composer.", Technology::Php),
        ("wp-", Technology::Php),
        ("storage/logs/", Technology::Php),
        ("rails/", Technology::Ruby),
        ("sidekiq", Technology::Ruby),
        ("resque", Technology::Ruby),
        ("letter_opener", Technology::Ruby),
        ("gemfile", Technology::Ruby),
        ("__debug__", Technology::Python),
        ("silk/", Technology::Python),
        ("flower/", Technology::Python),
        ("web.config", Technology::Net),
        ("appsettings", Technology::Net),
        ("elmah", Technology::Net),
        ("hangfire", Technology::Net),
        ("mini-profiler", Technology::Net),
        ("debug/pprof", Technology::Go),
    ];
    /// Endings of files.
    const ENDINGS: &[(&str, Technology)] = &[
        (".php", Technology::Php),
        (".phps", Technology::Php),
        (".phtml", Technology::Php),
        (".jsp", Technology::Java),
        (".do", Technology::Java),
        (".action", Technology::Java),
        (".aspx", Technology::Net),
        (".ashx", Technology::Net),
        (".axd", Technology::Net),
        (".asax", Technology::Net),
        (".py", Technology::Python),
        (".rb", Technology::Ruby),
    ];

    /// The same by the ending of a name in lower case.
    fn of_file(name: &str) -> Option<Self> {
        // Copies and archives have an ending behind the one that tells.
        let is_at_end = |end: &str| {
            name.find(end).is_some_and(|at| {
                !name.get(at + end.len()..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
            })
        };
        Self::ENDINGS.iter().find(|(end, _)| is_at_end(end)).map(|(_, technology)| *technology)
    }

    /// What a name lies in, where it lies in applications of one kind only.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let begun = Self::NAMES.iter().find(|(begin, _)| lower.starts_with(begin));
        begun.map(|(_, technology)| *technology).or_else(|| Self::of_file(&lower))
    }

    /// What each entry says that it is made of, in headers and cookies. Names of files say less: whatever is left over need
    /// not be of the application's own kind.
    pub(super) fn shown<'a>(bench: &'a Bench<'_>) -> Vec<(&'a Target, BTreeSet<Self>)> {
        let of = |entry: &'a Entry| {
            let mut all = BTreeSet::new();
            for (name, value) in &entry.response.headers {
                let shown = match name.to_ascii_lowercase().as_str() {
                    "server" | "x-powered-by" | "x-generator" => value.to_ascii_lowercase(),
                    "set-cookie" => value.split('=').next().unwrap_or_default().to_ascii_lowercase(),
                    _ => continue,
                };
                all.extend(Self::SIGNS.iter().filter(|(sign, _)| shown.contains(sign)).map(|(_, one)| *one));
            }
            (&entry.request.url, all)
        };
        bench.entries.iter().map(of).filter(|(_, all)| !all.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_belong_to_what_has_them() {
        for (name, wanted) in [
            ("index.php~", Some(Technology::Php)),
            ("phpinfo.php", Some(Technology::Php)),
            ("config.php.bak", Some(Technology::Php)),
            ("WEB-INF/web.xml", Some(Technology::Java)),
            ("actuator/env", Some(Technology::Java)),
            ("trace.axd", Some(Technology::Net)),
            ("settings.py.bak", Some(Technology::Python)),
            (".pypirc", None),
            ("backup.sql", None),
            ("server-status", None),
            ("data.dot", None),
        ] {
            assert_eq!(Technology::of_name(name), wanted, "{name}");
        }
    }
}
