//! Forms that send passwords or other private things over plain http.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::form_lists::{Private, private_field};
use super::site_wide::is_page;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::Scheme;
use crate::page::Form;
use crate::proof::{Control, Evidence, Expect};

/// See [`About`].
pub(super) struct PlainForms;

static ABOUT: About = About {
    name: "forms-over-http",
    qids: &[150_053, 150_072],
    means: "A form sends a password, or something else that is private, over plain http.",
    matters: "Everyone on the way between the visitor and the server can read what is sent.",
    remedy: "Serve the page and take the form over https alone.",
    technique: "The forms of crawled pages are looked at: where they send to, and what their fields ask for.",
    source: "CWE-319",
};

impl Check for PlainForms {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let page = entry.page.as_ref().filter(|_| is_page(entry))?;
        let plain = |form: &&Form| form.action.origin.scheme == Scheme::Http;
        // One form stands on many pages; where it is sent to may have the page's address in it.
        let is_same = |form: &Form, other: &Form| {
            form.action.path == other.action.path
                && form.controls.iter().map(|c| &c.name).eq(other.controls.iter().map(|c| &c.name))
        };
        let earlier = || bench.entries.iter().take_while(|other| other.request != entry.request);
        let is_told = |form: &&Form| {
            let pages = earlier().filter(|other| is_page(other)).filter_map(|other| other.page.as_ref());
            pages.flat_map(|page| &page.forms).any(|other| is_same(form, other))
        };
        let forms: Vec<&Form> = page.forms.iter().filter(plain).filter(|form| !is_told(form)).collect();
        (!forms.is_empty()).then(|| look(bench, entry, forms).boxed())
    }
}

async fn look(bench: &Bench<'_>, entry: &Entry, forms: Vec<&Form>) {
    let login = forms.iter().find(|form| form.has_password());
    if let Some(form) = login {
        report(bench, entry, 150_053, form, "password").await;
    }
    let private = forms.iter().filter(|form| !form.has_password()).find_map(|form| {
        let field =
            form.controls.iter().find_map(|control| private_field(control).map(|kind| (control, kind)));
        field.filter(|(_, kind)| matches!(kind, Private::Card)).map(|(control, _)| (form, control))
    });
    if let Some((form, control)) = private {
        report(bench, entry, 150_072, form, &control.name).await;
    }
}

async fn report(bench: &Bench<'_>, entry: &Entry, qid: u32, form: &Form, field: &str) {
    let (pattern, name) = match qid {
        150_053 => (r#"(?i)<input[^>]+type\s*=\s*["']?password\b"#.to_owned(), "password"),
        _ => (format!(r#"(?i)<input[^>]+name\s*=\s*["']?{}["'\s>/]"#, regex::escape(field)), field),
    };
    let expect = Expect::BodyMatches(pattern.clone());
    let proof = super::site_wide::seen_again(bench, entry, expect, Control::WithoutMatch(pattern)).await;
    if let Some(proof) = proof {
        let text = format!("The form sends its field '{name}' to {} over plain http.", form.action);
        bench.report(qid, entry, proof.saying(Evidence::sentence(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Request, Target};
    use crate::testing::{Answer, Asked, Extras, scan, scan_with, serve};

    fn answer(asked: &Asked) -> Answer {
        Answer::html(match asked.path.as_str() {
            "/login" => "<form action=/login method=post><input name=u><input type=password name=p></form>",
            "/tls" => "<form method=post action=https://a.example/><input type=password name=p></form>",
            "/card" => "<form method=post><input name=card_number></form>",
            _ => "<form method=post><input name=q></form>",
        })
    }

    #[tokio::test]
    async fn passwords_and_cards_over_http_are_told() {
        let address = serve(answer).await;
        for (path, wanted) in
            [("/login", vec![150_053]), ("/tls", vec![]), ("/card", vec![150_072]), ("/search", vec![])]
        {
            let found: Vec<u32> = scan(&PlainForms, address, path).await.iter().map(|f| f.qid).collect();
            assert_eq!(found, wanted, "{path}");
        }
    }

    #[tokio::test]
    async fn one_form_on_several_pages_is_told_once() {
        let address = serve(answer).await;
        let get = |path: &str| Request::get(Target::parse(&format!("http://{address}{path}")).unwrap());
        let pages = vec![get("/login?next=/a"), get("/login?next=/b")];
        let (found, _) = scan_with(&PlainForms, pages, Extras::default()).await;
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
