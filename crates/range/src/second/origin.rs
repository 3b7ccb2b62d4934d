//! Whole origins: other certificates, versions and suites; other information.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::World;

pub(super) fn tls() -> Vec<Case> {
    let mut f = Family::new("tls", HALF, &[], &[295, 296, 297, 298, 299, 324, 326, 327, 757]);
    let proof = || Proof::Steps(crate::proof::tls_truth);
    let page = |_: &World, _: &Hit<'_>| {
        Reply::html("<p>Hello over TLS.</p>").header("Strict-Transport-Security", "max-age=31536000")
    };
    f.bad("expired-yesterday", Page, "the certificate expired a day ago", proof(), page)
        .cwe(&[298, 295, 324])
        .needs("origin");
    f.bad(
        "wrong-wildcard",
        Page,
        "the certificate's names, one with an asterisk, are another's",
        proof(),
        page,
    )
    .cwe(&[297, 295])
    .needs("origin");
    f.bad(
        "self-signed-wrong-name",
        Page,
        "the certificate signs itself and names another host",
        proof(),
        page,
    )
    .cwe(&[295, 296, 297])
    .needs("origin");
    f.bad("accepts-11", Page, "TLS 1.1 is accepted", proof(), page).cwe(&[326, 327, 757]).needs("origin");
    f.bad("accepts-ssl3", Page, "SSL 3.0 is accepted", proof(), page).cwe(&[326, 327, 757]).needs("origin");
    f.bad("weak-3des", Page, "3DES is accepted", proof(), page).cwe(&[326, 327, 757]).needs("origin");
    f.bad("weak-export", Page, "export suites are accepted", proof(), page)
        .cwe(&[326, 327, 757])
        .needs("origin");
    f.bad("weak-anonymous", Page, "suites without a certificate are accepted", proof(), page)
        .cwe(&[326, 327, 757, 295])
        .needs("origin");
    f.good("fresh", Page, "a certificate for this address, TLS 1.2 and 1.3", proof(), page)
        .cwe(&[297, 298, 324, 326, 327, 757])
        .needs("origin");
    f.good(
        "expires-soon",
        Page,
        "the certificate is valid for three days more: not wrong yet",
        proof(),
        page,
    )
    .cwe(&[297, 298, 326, 327, 757])
    .needs("origin");
    f.good("modern-second", Page, "TLS 1.2 and 1.3, a valid certificate", proof(), page)
        .cwe(&[297, 298, 324, 326, 327, 757])
        .needs("origin");
    f.cases()
}

fn has(p: &Prover<'_>, rest: &str, mark: &str) -> Result<bool, String> {
    Ok(p.get(rest)?.text().contains(mark))
}

/// Two pages, of which the second is the given one.
fn second(page: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match h.rest {
        "" => Reply::html("<h1>Home</h1><a href=\"/next\">Next</a>"),
        "next" => Reply::html(page),
        _ => Reply::missing(),
    }
}

pub(super) fn information() -> Vec<Case> {
    let mut f = Family::new("information", HALF, &[], &[200, 16]);
    f.bad(
        "login-deeper",
        Page,
        "the login form stands on the second page",
        Proof::Steps(|p| has(p, "next", "type=password")),
        second(
            "<form action=/in method=post><input name=u><input type=password name=p autocomplete=off></form>",
        ),
    )
    .qids(&[150115, 150053, 150006])
    .needs("origin");
    f.bad("card-form", Page, "a form asks for a card's number", Proof::Steps(|p| has(p, "next", "card_number")), second("<form action=\"/pay\" method=\"post\"><input name=\"card_number\" autocomplete=\"off\"><input name=\"cvv\" autocomplete=\"off\"></form>")).qids(&[150043, 150072]).needs("origin");
    f.bad(
        "email-field",
        Page,
        "a form asks for an e-mail address",
        Proof::Steps(|p| has(p, "next", "type=\"email\"")),
        second("<form action=\"/news\" method=\"post\"><input type=\"email\" name=\"email\"></form>"),
    )
    .qids(&[150104])
    .needs("origin");
    f.bad("external-form", Page, "a form is sent to another site", Proof::Steps(|p| has(p, "next", "https://pay.example.test")), second("<form action=\"https://pay.example.test/start\" method=\"post\"><input name=\"amount\" value=\"5\"></form>")).qids(&[150014]).needs("origin");
    f.bad(
        "external-links",
        Page,
        "links to other sites",
        Proof::Steps(|p| has(p, "next", "https://partner.example.test")),
        second("<a href=\"https://partner.example.test/a\">Partner</a>"),
    )
    .qids(&[150010])
    .needs("origin");
    f.bad("session-in-address", Page, "the session's name stands in addresses", Proof::Steps(|p| has(p, "", "jsessionid=")), |_, h| match h.rest.split(';').next().unwrap_or_default() {
        "" => Reply::html("<a href=\"/next;jsessionid=9F2B7C1D4E5A6F708192A3B4C5D6E7F8\">Next</a><a href=\"/next?PHPSESSID=9f2b7c1d4e5a6f708192a3b4c5d6e7f8\">Other</a><!-- jsessionid= -->"),
        "next" => Reply::html("<p>Next.</p>"),
        _ => Reply::missing(),
    })
    .qids(&[150068]).cwe(&[384, 598]).needs("origin");
    f.bad(
        "digest",
        Page,
        "the server asks for Digest credentials",
        Proof::Steps(|p| Ok(p.get("next")?.status == 401)),
        |_, h| match h.rest {
            "" => Reply::html("<a href=\"/next\">Members</a>"),
            _ => Reply::html("<p>Credentials are wanted.</p>")
                .with_status(401)
                .header("WWW-Authenticate", "Digest realm=\"range\", nonce=\"8f12\", qop=\"auth\""),
        },
    )
    .qids(&[150116, 150037])
    .needs("origin");
    f.bad(
        "large-body",
        Page,
        "a form takes more than 64 KB",
        Proof::Steps(|p| {
            Ok(p.send(
                "POST",
                "up",
                &[("Content-Type", "application/x-www-form-urlencoded")],
                &format!("a={}", "x".repeat(70_000)),
            )?
            .status
                == 200)
        }),
        |_, h| match h.rest {
            "" => {
                Reply::html("<form action=\"/up\" method=\"post\"><textarea name=\"a\">x</textarea></form>")
            }
            "up" => Reply::html("<p>Taken.</p>"),
            _ => Reply::missing(),
        },
    )
    .qids(&[150086])
    .cwe(&[770, 400, 16])
    .needs("origin");
    f.good(
        "small-body",
        Page,
        "bodies of more than 64 KB are refused",
        Proof::Steps(|p| {
            Ok(p.send(
                "POST",
                "up",
                &[("Content-Type", "application/x-www-form-urlencoded")],
                &format!("a={}", "x".repeat(70_000)),
            )?
            .status
                == 200)
        }),
        |_, h| match h.rest {
            "" => {
                Reply::html("<form action=\"/up\" method=\"post\"><textarea name=\"a\">x</textarea></form>")
            }
            "up" if h.request.body.len() > 64 * 1024 => Reply::html("<p>Too large.</p>").with_status(413),
            "up" => Reply::html("<p>Taken.</p>"),
            _ => Reply::missing(),
        },
    )
    .qids(&[150086])
    .cwe(&[770, 400])
    .needs("origin");
    f.good(
        "own-links",
        Page,
        "only links within the site",
        Proof::Steps(|p| has(p, "next", "https://")),
        second("<a href=\"/\">Home</a>"),
    )
    .qids(&[150010, 150014])
    .needs("origin");
    f.good(
        "no-session-in-address",
        Page,
        "a parameter that only looks like a session's",
        Proof::Steps(|p| has(p, "", "jsessionid=")),
        |_, h| {
            if h.rest.is_empty() {
                Reply::html("<a href=\"/?session=spring-2031\">Spring session</a>")
            } else {
                Reply::missing()
            }
        },
    )
    .qids(&[150068])
    .needs("origin");
    f.cases()
}
