//! Values that become lines of the response's head.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::facts::{facts, has};
use super::marks::Marks;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::encode;
use crate::point::{Place, Point, Put};
use crate::proof::{Expect, Seen};

/// See [`About`].
pub(super) struct HeaderLines;

static ABOUT: About = About {
    name: "header-injection",
    qids: &[150_060],
    means: "A value is written into a response header with its line ends, so that the sender of the request can add headers \
            or a second response.",
    matters: "An added header sets cookies or switches protections off; an added body runs script in the visitor's browser, \
              and caches on the way may keep it for others.",
    remedy: "Refuse line ends in values that go into headers. Current HTTP libraries do; give values to them rather than \
             writing the head as text.",
    technique: "Line ends in several encodings and a header with a name of our own are put in; the header must be one of the \
                parsed answer, and must not without the line ends.",
    source: "CWE-113; RFC 9110 5.5",
};

/// Line ends as they are sent.
const ENDS: &[&str] = &[
    "%0D%0A",
    "%0A",
    "%250D%250A",
    "%E5%98%8D%E5%98%8A",
    "%0D%0A%20%0D%0A",
    "%23%0D%0A",
    "\\r\\n",
    "%250A",
    "%0D",
    "%C4%8D%C4%8A",
    "%u000d%u000a",
    "%0A%20%0D%0A",
    "%25250D%25250A",
    "%0D%0D%0A%0A",
    "%%0D0D%%0A0A",
];

impl Check for HeaderLines {
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
    // What is behind a redirect does not tell of the redirect's own head.
    let itself = entry.follows.then(|| Entry { follows: false, ..entry.clone() });
    let entry = itself.as_ref().unwrap_or(entry);
    // A line end cannot stand in a header or cookie of a request; what is decoded later can.
    let stays_encoded = matches!(point.place, Place::Header | Place::Cookie);
    if known.is_route() || (stays_encoded && !known.in_header) {
        return;
    }
    let value = point.value.trim();
    // A short word is that of a header when it is all of it, or of a cookie.
    let is_in = |have: &str| match value.len() {
        0 => false,
        1 | 2 => have.split(';').next().is_some_and(|have| have.split('=').next_back() == Some(value)),
        _ => have.contains(value) || have.contains(&encode::percent(value)),
    };
    let usually = entry.response.headers.iter().any(|(_, have)| is_in(have));
    let is_likely = known.in_header || usually;
    let Marks { token, number, .. } = Marks::of(entry, point);
    let is_form = matches!(point.place, Place::Query(_) | Place::Form(_) | Place::Path(_));
    let mut is_likely = is_likely;
    for (nth, end) in ENDS.iter().enumerate() {
        if nth > 0 && !is_likely {
            return;
        }
        let header = format!("x-{token}");
        let tail = |between: &str| format!("{between}{header}:{number}");
        let make = |between: &str| -> (crate::http::Request, String) {
            if is_form {
                let raw = format!("{}{}", encode::percent(value), tail(between));
                (entry.request.with(point, Put::Raw(&raw)), raw)
            } else if stays_encoded {
                let text = format!("{value}{}", tail(between));
                (entry.request.with(point, &text), text)
            } else {
                let text = format!("{value}{}", tail(&encode::unpercent(between)));
                (entry.request.with(point, &text), text)
            }
        };
        let (attack, payload) = make(end);
        let expect = Expect::header(&header, format!("^ *{number}"));
        let Ok(answer) = bench.send_of(entry, &attack).await else { continue };
        is_likely |= answer.headers.iter().any(|(name, have)| has(have, &token) || has(name, &token));
        if expect.find(&Seen { response: answer, ..Seen::default() }).is_none() {
            continue;
        }
        let (control, _) = make("%20");
        if let Ok(proof) = bench.prove(entry.replay(attack, expect, control)).await {
            return bench.report_at(150_060, entry, Some((point, &payload)), proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::testing::{Extras, crawl_and_scan, scan};

    /// A server that writes its head as text, as careless programs do; one that is `latin` ends where it can't.
    async fn careless(clean: bool, latin: bool) -> std::net::SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut bytes = vec![0; 8192];
                    let length = stream.read(&mut bytes).await.unwrap_or_default();
                    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                    let query = text
                        .split(' ')
                        .nth(1)
                        .and_then(|target| target.split_once("lang="))
                        .map(|(_, q)| q.to_owned());
                    let mut lang = encode::unpercent(&query.unwrap_or_default());
                    if latin && lang.chars().any(|letter| u32::from(letter) > 255) {
                        return;
                    }
                    if clean {
                        lang = lang.replace(['\r', '\n'], "");
                    }
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nSet-Cookie: lang={lang}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
                    );
                    let _ = stream.write_all(head.as_bytes()).await;
                });
            }
        });
        address
    }

    #[tokio::test]
    async fn added_headers_are_found_where_line_ends_stay() {
        for latin in [false, true] {
            let found = scan(&HeaderLines, careless(false, latin).await, "/x?lang=en").await;
            assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), [150_060], "{latin}");
            assert!(scan(&HeaderLines, careless(true, latin).await, "/x?lang=en").await.is_empty());
        }
    }

    #[tokio::test]
    async fn the_head_of_a_redirect_itself_is_looked_at() {
        let server = async |clean: bool| {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let mut bytes = vec![0; 8192];
                    let length = stream.read(&mut bytes).await.unwrap_or_default();
                    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                    let lang = text.split_once("\r\n\r\nlang=").map(|(_, lang)| encode::unpercent(lang));
                    let lang = lang.map(|lang| if clean { lang.replace(['\r', '\n'], "") } else { lang });
                    let page =
                        "<form method=post action=/lang><input name=lang value=en><button>Go</button></form>";
                    let head = match lang {
                        Some(lang) => format!(
                            "303 See Other\r\nLocation: /\r\nSet-Cookie: lang={lang}\r\nContent-Length: 0"
                        ),
                        None => {
                            format!("200 OK\r\nContent-Type: text/html\r\nContent-Length: {}", page.len())
                        }
                    };
                    let body = if head.starts_with('2') { page } else { "" };
                    let answer = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}");
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
            address
        };
        for (clean, wanted) in [(false, vec![150_060]), (true, vec![])] {
            let address = server(clean).await;
            let (found, _) = crawl_and_scan(&HeaderLines, address, "/", Extras::default()).await;
            assert_eq!(found.iter().map(|found| found.qid).collect::<Vec<_>>(), wanted);
        }
    }
}
