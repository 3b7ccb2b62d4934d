//! Paths of a Windows machine in the content.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::{readable, text_again};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct WindowsPath;

static ABOUT: About = About {
    name: "windows-path",
    qids: &[150_059],
    means: "The content names a file by its full path on a Windows machine.",
    matters: "It tells strangers where the application lies, which users there are, and what they can aim at.",
    remedy: "Take the path out; errors belong in a log, not in the answer.",
    technique: "Paths with drive letter and at least one folder, or with a server and share.",
    source: "CWE-200",
};

static PATH: Pattern = Pattern::new(
    r"\b[A-Z]:\\{1,2}(?:[A-Za-z0-9_ .$(){}~-]{1,60}\\{1,2}){1,20}[A-Za-z0-9_ .$~-]{0,60}[A-Za-z0-9_]|\b[A-Z]:\\{1,2}[A-Za-z0-9_$~-]{2,60}\.[a-z]{2,5}\b|file:///[A-Z]:/[A-Za-z0-9_ .%~/-]+|(?i)\b[a-z]:(?:\\{1,2}|/)(?:inetpub|windows|winnt|users|program files(?: \(x86\))?|programdata|xampp|wamp\d*|www(?:root)?|web(?:sites?|s)?|sites|apps?|temp|projects|dev|work|src|data)(?:\\{1,2}|/)[\w .$~-]{1,60}|(?:^|[\s\x22'(>=:])\\{2,4}[A-Za-z][A-Za-z]{0,20}[\d.-][\w.-]{0,20}\\{1,2}[A-Za-z][\w$.-]{1,40}\\{1,2}[\w.$-]{2,60}",
);

impl Check for WindowsPath {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        if entry.response.is_script() {
            return None;
        }
        let path = PATH.find(readable(entry)?)?.as_str();
        Some(
            async move {
                if let Some(proof) = text_again(bench, entry, path).await {
                    bench.report(150_059, entry, proof);
                }
            }
            .boxed(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_other_text() {
        for text in [
            r"error in C:\inetpub\wwwroot\app\Default.aspx line 3",
            r#"{"file":"D:\\web\\site\\a.cs"}"#,
            r"C:\boot.ini",
            "file:///C:/Users/anna/page.html",
            r"d:\inetpub\wwwroot\a",
            "in C:/xampp/htdocs/shop/index.php on line 3",
            r"saved to \\files01\share\reports",
        ] {
            assert!(PATH.is_match(text), "{text}");
        }
        for text in [
            r"a:\ b",
            "http://a.test/C:/x",
            r"\d\w+",
            "C: drive",
            r"ABC:\n\t",
            r"a \\d\w\s",
            r"\\alpha\beta\gamma",
            "see http://a.test/c:/x",
        ] {
            assert!(!PATH.is_match(text), "{text}");
        }
    }
}
