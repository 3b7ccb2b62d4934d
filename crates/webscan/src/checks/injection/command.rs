//! Values that reach a shell.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::facts::facts;
use super::messages::Family;
use super::{computed, timing};
use crate::checks::{About, Bench, Check, Entry};
use crate::point::{Place, Point};

/// See [`About`].
pub(super) struct Command;

static ABOUT: About = About {
    name: "command-injection",
    qids: &[990_004],
    means: "A value is put into a command line, and a shell takes a part of it for a command of its own.",
    matters: "Whoever sends the request runs commands on the server with the rights of the application: reads and changes its \
              data, and goes on from there into the network.",
    remedy: "Call programs with a list of arguments and without a shell, or do the work with a library. Where a value must \
             go into a command, allow only values from a fixed list.",
    technique: "A small calculation is put in behind the signs that separate commands, within and without quotes; its result \
                must be shown, and another calculation must not show it. Where nothing is shown, the command waits, several \
                times in turn with one that does not.",
    source: "CWE-78",
};

/// What computes, for quotes of each kind at once and then one by one; without blanks, without certain letters.
const SHOWN: &[&str] = &[
    "{v};echo $(({a}*{b}));#';echo $(({a}*{b}));#\";echo $(({a}*{b}));#",
    "{v}|echo $(({a}*{b})) #'|echo $(({a}*{b})) #\"|echo $(({a}*{b})) #",
    "{v}$(echo $(({a}*{b})))",
    "{v}&echo $(({a}*{b}))&#'&echo $(({a}*{b}))&#\"&echo $(({a}*{b}))&#",
    "{v}\necho $(({a}*{b}))\n",
    "{v}`echo $(({a}*{b}))`",
    "{v};echo $(({a}*{b}))",
    "{v}|echo $(({a}*{b}))",
    "{v}&echo $(({a}*{b}))",
    "{v};echo${IFS}$(({a}*{b}))",
    "{v}|echo${IFS}$(({a}*{b}))",
    "{v}\necho${IFS}$(({a}*{b}))\n#",
    "{v};expr {a} \\* {b}",
    "{v}';echo $(({a}*{b}));'",
    "{v}\";echo $(({a}*{b}));\"",
    "{v}'\necho $(({a}*{b}))\n'",
    "{v}\"\necho $(({a}*{b}))\n\"",
    "{v};e'c'ho $(({a}*{b}))",
    "{v}||echo $(({a}*{b}))||",
    "{v}%0aecho $(({a}*{b}))%0a",
    "echo $(({a}*{b}))",
    "{v}&set /a {a}*{b}",
    "{v}|set /a {a}*{b}",
    "{v}\"&set /a {a}*{b}&\"",
];

const WAITING: &[&str] = &[
    "{v};sleep {t};#';sleep {t};#\";sleep {t};#",
    "{v}$(sleep {t})",
    "{v}|sleep {t} #'|sleep {t} #\"|sleep {t} #",
    "{v}\nsleep {t}\n",
    "{v}`sleep {t}`",
    "{v}&sleep {t} #'&sleep {t} #\"&sleep {t} #",
    "{v};sleep${IFS}{t};",
    "{v}|sleep${IFS}{t}",
];

impl Check for Command {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn probe<'a>(
        &'a self,
        bench: &'a Bench<'a>,
        entry: &'a Entry,
        point: &'a Point,
    ) -> Option<BoxFuture<'a, ()>> {
        Some(probe(bench, entry, point).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    let is_quiet = !known.matters && !known.breaks && known.errors.is_empty();
    if known.is_route(point) || (is_quiet && matches!(point.place, Place::Header | Place::Path(_))) {
        return;
    }
    let shown = computed::attempts(SHOWN, entry, point);
    let mut found = computed::prove_first(bench, entry, point, &shown).await;
    if found.is_none() && (!is_quiet || known.errors.contains(&Family::Shell) || !known.echoes) {
        found = timing::prove_first(bench, entry, point, WAITING).await;
    }
    if let Some((payload, proof)) = found {
        bench.report_at(990_004, entry, Some((point, &payload)), proof);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command as Process;

    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn shell(line: &str) -> String {
        let output = Process::new("sh").arg("-c").arg(line).output().unwrap();
        String::from_utf8_lossy(&output.stdout).replace('<', "&lt;")
    }

    fn answer(asked: &Asked) -> Answer {
        let host = asked.field("host");
        let plain: String = host.chars().filter(|c| c.is_alphanumeric() || *c == '.').collect();
        Answer::html(match asked.path.as_str() {
            "/plain" => shell(&format!("echo looking for {host}")),
            "/single" => shell(&format!("echo 'looking for {host}'")),
            "/double" => shell(&format!("echo \"looking for {host}\"")),
            "/no-semicolon" => shell(&format!("echo looking for {}", host.replace([';', '|', '&'], ""))),
            "/no-blanks" => shell(&format!("echo looking for {}", host.replace([' ', '\t'], ""))),
            "/newline" => shell(
                &format!("echo looking for {}", host.replace([';', '|', '&', '$', '`'], ""))
                    .replace("expr", ""),
            ),
            "/hidden" => {
                shell(&format!("echo {host}"));
                "done".to_owned()
            }
            "/checked" => shell(&format!("echo looking for {plain}")),
            "/argument" => String::from_utf8_lossy(&Process::new("echo").arg(&host).output().unwrap().stdout)
                .replace('<', "&lt;"),
            _ => format!("<p>{}</p>", host.replace('<', "&lt;")),
        })
    }

    #[tokio::test]
    async fn commands_are_found_in_quotes_and_behind_filters() {
        let server = serve(answer).await;
        for path in ["/plain", "/single", "/double", "/no-semicolon", "/no-blanks", "/hidden"] {
            let found = scan(&Command, server, &format!("{path}?host=a.test")).await;
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!((found[0].qid, found[0].parameter.as_deref()), (990_004, Some("host")), "{path}");
        }
        for path in ["/checked", "/argument", "/echo"] {
            assert!(scan(&Command, server, &format!("{path}?host=a.test")).await.is_empty(), "{path}");
        }
    }
}
