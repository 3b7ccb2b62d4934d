//! Uploads that are kept where a browser or the server takes them for a program.

mod places;

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::places::{Kept, find, guesses, linked, named};
use crate::checks::injection::Marks;
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};
use crate::http::{Body, Method, Request, Response, Target};
use crate::point::{Place, Point};
use crate::proof::{Control, Expect, Proof, Replay, Seen, Step, TOKEN};

/// See [`About`].
pub(super) struct Upload;

static ABOUT: About = About {
    name: "file-upload",
    qids: &[150_114],
    means: "A file that a visitor uploads is served again so that it runs: as a program on the server, or as a page or image \
            with scripts in the browsers of others.",
    matters: "A program on the server reads and changes everything that the application can. A script in a page of the site \
              acts as whoever opens it.",
    remedy: "Take only the kinds of files that are wanted, by their content and by a list of extensions, and give them names of \
             the application's own. Keep them outside of what the web server runs, and serve them from another origin or with \
             `Content-Disposition: attachment` and `X-Content-Type-Options: nosniff`.",
    technique: "Small harmless files are uploaded that are an image by their first bytes and stated type, a page and a \
                calculation in PHP and other languages by their content, under names that web servers run or browsers open. \
                Each is asked for again where the answer says that it lies; the result of the calculation must be shown, or \
                the answer must be of a kind in which scripts run. The same file without the program must not show it.",
    source: "CWE-434; OWASP Unrestricted File Upload",
};

const QID: u32 = 150_114;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// An image, a page and programs at once.
    Polyglot,
    /// A drawing with a script.
    Svg,
}

/// Names (the stem goes in front), stated types and contents, in the order in which they are tried.
const FILES: &[(&str, &str, Content)] = &[
    (".html", "image/gif", Content::Polyglot),
    (".php", "image/gif", Content::Polyglot),
    (".svg", "image/svg+xml", Content::Svg),
    // Many take photographs and drawings only, by the type that is stated.
    (".html", "image/jpeg", Content::Polyglot),
    (".php", "image/jpeg", Content::Polyglot),
    (".html", "image/png", Content::Polyglot),
    (".php", "image/png", Content::Polyglot),
    (".html", "text/html", Content::Polyglot),
    (".pHp", "image/gif", Content::Polyglot),
    (".phtml", "image/gif", Content::Polyglot),
    (".php5", "image/gif", Content::Polyglot),
    (".phar", "image/gif", Content::Polyglot),
    (".jsp", "image/gif", Content::Polyglot),
    (".asp", "image/gif", Content::Polyglot),
    (".xhtml", "image/gif", Content::Svg),
    (".htm", "image/gif", Content::Polyglot),
    (".shtml", "image/gif", Content::Polyglot),
    (".gif.php", "image/gif", Content::Polyglot),
    (".php.gif", "image/gif", Content::Polyglot),
    (".gif.html", "image/gif", Content::Polyglot),
    (".php.", "image/gif", Content::Polyglot),
    (".php%00.gif", "image/gif", Content::Polyglot),
    (".php;.gif", "image/gif", Content::Polyglot),
    (".gif", "image/gif", Content::Polyglot),
];

impl Check for Upload {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn try_entry<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let Body::Multipart(parts) = &entry.request.body else { return None };
        let files: Vec<usize> =
            parts.iter().enumerate().filter(|(_, part)| part.file_name.is_some()).map(|(n, _)| n).collect();
        let is_post = entry.request.method == Method::Post;
        (is_post && !files.is_empty()).then(|| {
            async move {
                for part in files {
                    Trial::new(bench, entry, part).go().await;
                }
            }
            .boxed()
        })
    }
}

/// Pages that may show what was uploaded.
static LISTS: Pattern =
    Pattern::new(r"(?i)galler|file|upload|media|image|photo|picture|document|attach|download|list|show|view");
/// Most pages that are looked at for a place, and most that one page links to.
const MOST: usize = 5;
const LINKED: usize = 3;
/// How often the usual directories are asked: again only after another answer, since the first may have refused the file.
const GUESSES: usize = 3;

/// One field for files.
struct Trial<'a> {
    bench: &'a Bench<'a>,
    entry: &'a Entry,
    part: usize,
    marks: Marks,
    alert: String,
}

impl<'a> Trial<'a> {
    fn new(bench: &'a Bench<'a>, entry: &'a Entry, part: usize) -> Self {
        let key = format!("{} {} upload {part}", entry.request.method, entry.request.url);
        let marks = Marks::from(&key);
        Self { bench, entry, part, alert: marks.number.clone(), marks }
    }

    fn content(&self, content: Content) -> String {
        let (a, b) = self.marks.factors;
        let script = format!("alert({})", self.alert);
        match content {
            Content::Polyglot => {
                format!("GIF89a <html><script>{script}</script><?php echo {a}*{b}; ?><%= {a}*{b} %></html>\n")
            }
            Content::Svg => format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><script>{script}</script></svg>\n"
            ),
        }
    }

    /// The same kind of file without anything that runs.
    fn harmless(content: Content) -> &'static str {
        match content {
            Content::Polyglot => "GIF89a <html><p>nothing</p></html>\n",
            Content::Svg => {
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><title>x</title></svg>\n"
            }
        }
    }

    fn request(&self, name: &str, kind: &str, content: &str) -> Request {
        let mut request = self.entry.request.clone();
        if let Body::Multipart(parts) = &mut request.body
            && let Some(part) = parts.get_mut(self.part)
        {
            content.clone_into(&mut part.value);
            part.file_name = Some(name.to_owned());
            part.content_type = Some(kind.to_owned());
        }
        request
    }

    async fn go(&self) {
        // What answers were like after which the usual directories were asked.
        let mut guessed: Vec<(u16, String)> = Vec::new();
        for (end, kind, content) in FILES {
            let stem = crate::listener::token();
            let sent = self.request(&format!("{stem}{end}"), kind, &self.content(*content));
            let Ok(answer) = self.bench.send_of(self.entry, &sent).await else { return };
            let mut places = find(&answer, &sent.url, &self.entry.response, &stem, end);
            if places.is_empty() && answer.status < 400 {
                places = self.elsewhere(&answer, &sent, &stem, end).await;
            }
            let like = (answer.status, answer.text().replace(&stem, "").replace(end, ""));
            if places.is_empty() && answer.status < 400 && guessed.len() < GUESSES && !guessed.contains(&like)
            {
                guessed.push(like);
                places = named(&answer, &self.entry.request.url, end);
                places.extend(guesses(self.bench, self.entry, &stem, end));
            }
            for kept in places {
                if let Some(proof) = self.try_place(&kept, (end, kind, *content), &stem).await {
                    return self.report(end, proof);
                }
            }
        }
    }

    /// Where the answer itself does not say it: the page that it leads to, or the page with the form, or what those link to.
    async fn elsewhere(&self, answer: &Response, sent: &Request, stem: &str, end: &str) -> Vec<Kept> {
        let next = answer.location().and_then(|place| sent.url.join(place));
        let mut pages: Vec<Target> = next.into_iter().collect();
        pages.extend(linked(answer, &sent.url).into_iter().take(LINKED));
        pages.extend(self.entry.form_at.clone());
        let form = self.entry.form_at.as_ref();
        let form =
            form.and_then(|at| self.bench.entries.iter().find(|e| e.request == Request::get(at.clone())));
        let near = form.map(|form| linked(&form.response, &form.request.url)).unwrap_or_default();
        pages.extend(near.into_iter().filter(|url| LISTS.is_match(&url.path)).take(LINKED));
        let mut seen = BTreeSet::new();
        pages.retain(|url| url.origin == sent.url.origin && seen.insert(url.clone()));
        for page in pages.into_iter().take(MOST) {
            let Ok(shown) = self.bench.send(&Request::get(page.clone())).await else { continue };
            let mut places = find(&shown, &page, &Response::default(), stem, end);
            // Only a name that was sent says which file it is among others.
            places.retain(|kept| kept.capture.is_none());
            if !places.is_empty() {
                return places;
            }
        }
        Vec::new()
    }

    async fn try_place(
        &self,
        kept: &Kept,
        (end, kind, content): (&str, &str, Content),
        stem: &str,
    ) -> Option<Proof> {
        let get = Request::get(kept.url.clone());
        let response = self.bench.send(&get).await.ok()?;
        if response.status != 200 {
            return None;
        }
        let product = Expect::Body(self.marks.product().to_string());
        let runs = Expect::Executes(self.alert.clone());
        let seen = Seen { response, ..Seen::default() };
        let (expect, says) = if product.find(&seen).is_some() {
            (product, "The server ran the program in the uploaded file.")
        } else if runs.find(&seen).is_some() {
            (runs, "The uploaded file is served as a document in which its script runs.")
        } else {
            return None;
        };
        let steps = |text: &str| {
            let upload = self.request(&format!("{TOKEN}{end}"), kind, text);
            let mut steps = self.entry.steps(upload);
            let mut get = Request::get(kept.url.clone());
            get.url.path = get.url.path.replace(stem, TOKEN);
            if let Some(capture) = &kept.capture {
                if let Some(last) = steps.pop() {
                    steps.push(last.capturing("kept", capture));
                }
                match get.url.query.as_ref().and_then(|query| query.rsplit_once('=')) {
                    Some((names, _)) => get.url.query = Some(format!("{names}={{{{kept}}}}")),
                    None => get.url.path = format!("{}{{{{kept}}}}", kept.url.directory()),
                }
            }
            steps.push(Step::new(get));
            steps
        };
        let expect = Expect::All(vec![expect, Expect::Status(vec![200])]);
        let control = Control::Requests(steps(Self::harmless(content)));
        let replay = Replay { steps: steps(&self.content(content)), expect, control, rounds: 1 };
        let proof = self.bench.prove(replay).await.ok()?;
        let mut evidence = proof.evidence().clone();
        let said = format!("{says} ");
        evidence.offset += said.len();
        evidence.text = said + &evidence.text;
        Some(proof.saying(evidence))
    }

    fn report(&self, end: &str, proof: Proof) {
        let Body::Multipart(parts) = &self.entry.request.body else { return };
        let Some(part) = parts.get(self.part) else { return };
        let place = Place::Multipart(self.part);
        let point = Point { place, name: part.name.clone(), value: part.value.clone() };
        self.bench.report_at(QID, self.entry, Some((&point, &format!("a file with a name in {end}"))), proof);
    }
}

#[cfg(test)]
mod tests;
