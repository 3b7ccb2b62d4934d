//! Sensitive fields that browsers may remember.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::form_lists::{Private, private_field};
use super::site_wide::{is_page, seen_again};
use crate::checks::{About, Bench, Check, Entry};
use crate::page::Control as Field;
use crate::proof::{Control, Evidence, Expect};

/// See [`About`].
pub(super) struct Autocomplete;

static ABOUT: About = About {
    name: "autocomplete",
    qids: &[150_112],
    means: "A field for a password or a card lets the browser keep what was typed.",
    matters: "On a computer that many use, the next person gets it offered.",
    remedy: "Set autocomplete=\"off\", or better the word that says what it is for, such as current-password, new-password or \
             one-time-code.",
    technique: "Password and card fields of crawled forms; the field's own word goes before that of its form.",
    source: "CWE-525; HTML standard, autofill",
};

impl Check for Autocomplete {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let page = entry.page.as_ref().filter(|_| is_page(entry))?;
        let field = page.forms.iter().flat_map(|form| &form.controls).find(|field| is_open(field))?;
        Some(look(bench, entry, field).boxed())
    }
}

fn is_open(field: &Field) -> bool {
    let word = field.autocomplete.as_deref().unwrap_or("on");
    let is_sensitive = field.kind == "password" || private_field(field) == Some(Private::Card);
    let guarded = ["off", "password", "one-time-code", "nope", "none", "false"];
    is_sensitive && !guarded.iter().any(|guard| word.contains(guard))
}

async fn look(bench: &Bench<'_>, entry: &Entry, field: &Field) {
    let pattern = if field.kind == "password" {
        r#"(?i)<input[^>]+type\s*=\s*["']?password\b[^>]*>"#.to_owned()
    } else {
        format!(r#"(?i)<input[^>]+name\s*=\s*["']?{}["'\s>/][^>]*"#, regex::escape(&field.name))
    };
    let expect = Expect::BodyMatches(pattern.clone());
    if let Some(proof) = seen_again(bench, entry, expect, Control::WithoutMatch(pattern)).await {
        let text = format!("The field '{}' has not disabled autocomplete.", field.name);
        bench.report_named(150_112, entry, &field.name, proof.saying(Evidence::sentence(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Asked, scan, serve};

    fn answer(asked: &Asked) -> Answer {
        let input = |rest: &str| Answer::html(format!("<form><input type=password name=p {rest}></form>"));
        match asked.path.as_str() {
            "/open" => input(""),
            "/on" => input("autocomplete=on"),
            "/off" => input("autocomplete=off"),
            "/word" => input("autocomplete='current-password'"),
            "/form" => Answer::html("<form autocomplete=off><input type=password name=p></form>"),
            _ => Answer::html("<form><input name=q></form>"),
        }
    }

    #[tokio::test]
    async fn open_fields_are_told() {
        let address = serve(answer).await;
        for (path, wanted) in [("/open", 1), ("/on", 1), ("/off", 0), ("/word", 0), ("/form", 0), ("/q", 0)] {
            assert_eq!(scan(&Autocomplete, address, path).await.len(), wanted, "{path}");
        }
    }
}
