//! Obsolete versions, weak ciphers and bad certificates.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Request, Scheme};
use crate::proof::{Control, Evidence, Expect, Replay, Step};
use crate::transport::{ANYTHING, IN_DATE, ISSUED, NAMED, STRONG};

/// See [`About`].
pub(super) struct Tls;

static ABOUT: About = About {
    name: "tls",
    qids: &[990_019, 990_020, 990_021],
    means: "The server agrees to a version of TLS or to ciphers that are broken, or shows a certificate that proves nothing.",
    matters: "Whoever stands between can read or change what is sent, or can pass for the server: visitors have learned to \
              click warnings away.",
    remedy: "Offer TLS 1.2 and 1.3 with modern ciphers only, and a certificate of a known issuer that is in date and for the \
             site's own name.",
    technique: "One hello for each version and for the weak ciphers; the certificate is read. A server that agrees to a cipher \
                that does not exist is not believed.",
    source: "RFC 8996, RFC 7465, RFC 9325; CWE-326, CWE-327, CWE-295",
};

impl Check for Tls {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_site<'a>(&'a self, bench: &'a Bench<'a>) -> Option<BoxFuture<'a, ()>> {
        bench.transport?;
        Some(look(bench).boxed())
    }
}

/// The QID of a property, and what a transport shows that has not got it.
fn judged(property: &str) -> Option<(u32, &'static str)> {
    let old = ["protocol SSLv3", "protocol TLSv1.0", "protocol TLSv1.1"];
    if old.contains(&property) {
        return Some((990_019, ANYTHING));
    }
    if property.starts_with("cipher ") {
        return Some((990_020, ANYTHING));
    }
    let bad = [
        ("certificate expired", IN_DATE),
        ("certificate not valid before", IN_DATE),
        ("certificate for other names", NAMED),
        ("certificate signed by itself", ISSUED),
        ("certificate with a weak", STRONG),
    ];
    bad.iter().find(|(begin, _)| property.starts_with(begin)).map(|(_, good)| (990_021, *good))
}

async fn look(bench: &Bench<'_>) {
    let Some(transport) = bench.transport else { return };
    let mut origins: Vec<&Entry> = Vec::new();
    for entry in bench.entries.iter().filter(|entry| entry.request.url.origin.scheme == Scheme::Https) {
        if !origins.iter().any(|have| have.request.url.origin == entry.request.url.origin) {
            origins.push(entry);
        }
    }
    for entry in origins.into_iter().take(10) {
        let url = entry.request.url.at("/");
        for property in transport.look(&url).await {
            let Some((qid, good)) = judged(&property) else { continue };
            let request = Request::get(url.clone());
            let replay = Replay {
                steps: vec![Step::anonymous(request.clone())],
                expect: Expect::Transport(property.clone()),
                control: Control::Transport(good.to_owned()),
                rounds: 1,
            };
            if let Ok(proof) = bench.prove(replay).await {
                let name = property.split(':').next().unwrap_or_default().to_owned();
                let proof = proof.saying(Evidence::sentence(property));
                bench.report_named(qid, &Entry { request, ..entry.clone() }, &name, proof);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Target;
    use crate::proof::Transport;
    use crate::testing::{Answer, Extras, scan_with, serve};

    struct Fixed(Vec<String>);

    impl Transport for Fixed {
        fn look<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, Vec<String>> {
            async { self.0.clone() }.boxed()
        }
    }

    #[test]
    fn what_is_bad_is_known() {
        assert_eq!(judged("protocol TLSv1.0").map(|(qid, _)| qid), Some(990_019));
        assert_eq!(judged("cipher TLS_RSA_WITH_RC4_128_SHA").map(|(qid, _)| qid), Some(990_020));
        assert_eq!(judged("certificate signed by itself").map(|(qid, _)| qid), Some(990_021));
        assert!(judged("protocol TLSv1.2").is_none() && judged(IN_DATE).is_none());
    }

    #[tokio::test]
    async fn nothing_is_told_of_plain_http() {
        let address = serve(|_| Answer::html("x")).await;
        let transport = Fixed(vec!["protocol TLSv1.0".into()]);
        let request = Request::get(Target::parse(&format!("http://{address}/")).unwrap());
        let extras = Extras { transport: Some(&transport), ..Extras::default() };
        assert!(scan_with(&Tls, vec![request], extras).await.0.is_empty());
    }
}
