//! Forms worth knowing: for login, upload, e-mail and postal addresses, cards.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::page::{Control, Form};

/// See [`About`].
pub(super) struct FormLists;

static ABOUT: About = About {
    name: "form-lists",
    qids: &[150_043, 150_104, 150_105, 150_115, 150_125],
    means: "Forms that ask for a login, a file, a card, an e-mail or a postal address.",
    matters: "These forms take what is worth stealing, or what can do harm; they deserve a look of their own.",
    remedy: "None by itself: see that each of them is meant to be there, and well guarded.",
    technique: "Types, names and autocomplete words of the fields of crawled forms.",
    source: "contract/was.md 13.3; HTML standard, autofill",
};

/// What private thing a field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Private {
    Card,
    Email,
    Postal,
}

static CARD: Pattern = Pattern::new(
    r"(?i)(?:^|[_.\[-])(?:cc|card|credit_?card|cardno|card_?num(?:ber)?|cc_?num(?:ber)?|ccn|cvv2?|cvc2?|csc|pan|card_?(?:cvc|cvv|code|exp\w*))(?:$|[_.\]-])|credit_?card|card_?number|cc_?number|security_?code",
);
static EMAIL: Pattern = Pattern::new(r"(?i)e-?mail|(?:^|[_-])mail(?:$|[_-])");
static POSTAL: Pattern = Pattern::new(
    r"(?i)(?:^|[_.\[-])(?:address|addr|street|zip|postcode|postal_?code|zip_?code|city)(?:$|[_.\]0-9-])|(?:street|postal|home|billing|shipping|mailing)_?address",
);

/// What a field asks for, by its type, name and autocomplete word.
pub(super) fn private_field(control: &Control) -> Option<Private> {
    if matches!(control.kind.as_str(), "hidden" | "submit" | "button" | "reset" | "image" | "file") {
        return None;
    }
    let word = control.autocomplete.as_deref().unwrap_or_default();
    let name = &control.name;
    if word.contains("cc-number") || word.contains("cc-csc") || CARD.is_match(name) {
        Some(Private::Card)
    } else if control.kind == "email" || word.ends_with("email") || EMAIL.is_match(name) {
        Some(Private::Email)
    } else if word.contains("address") || word.contains("postal-code") || POSTAL.is_match(name) {
        Some(Private::Postal)
    } else {
        None
    }
}

impl Check for FormLists {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let page = entry.page.as_ref().filter(|page| !page.forms.is_empty())?;
        Some(async move { page.forms.iter().for_each(|form| list(bench, entry, form)) }.boxed())
    }
}

fn list(bench: &Bench<'_>, entry: &Entry, form: &Form) {
    let url = &entry.request.url;
    let has = |kind: Private| form.controls.iter().any(|control| private_field(control) == Some(kind));
    if form.has_password() {
        let fields: Vec<String> = form.controls.iter().enumerate().map(field_name).collect();
        let text = format!("Form at: {url} Action URI: {} Form Fields: {}", form.action, fields.join(", "));
        bench.sink.note(150_115, text);
    }
    if form.controls.iter().any(|control| control.kind == "file") {
        bench.sink.note(150_125, url.to_string());
    }
    for (kind, qid) in [(Private::Card, 150_043), (Private::Email, 150_104), (Private::Postal, 150_105)] {
        if has(kind) {
            bench.sink.note(qid, url.to_string());
        }
    }
}

fn field_name((n, control): (usize, &Control)) -> String {
    if control.name.is_empty() { format!("WasNoName{n}") } else { control.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Extras, scan_with, serve};

    #[tokio::test]
    async fn forms_are_listed_by_what_they_ask_for() {
        let html = "<form action=/in method=post><input name=email><input type=password name=p><button>x</button></form>\
                    <form><input type=file name=f></form><form><input name=card_number><input name=street></form>\
                    <form><input name=discard><input name=capacity></form>";
        let address = serve(move |_| Answer::html(html)).await;
        let request = Request::get(Target::parse(&format!("http://{address}/")).unwrap());
        let (_, notes) = scan_with(&FormLists, vec![request], Extras::default()).await;
        let qids: Vec<u32> = notes.iter().map(|(qid, _)| *qid).collect();
        assert_eq!(qids, [150_043, 150_104, 150_105, 150_115, 150_125]);
        assert!(notes[3].1.ends_with("Form Fields: email, p, WasNoName2"), "{}", notes[3].1);
    }
}
