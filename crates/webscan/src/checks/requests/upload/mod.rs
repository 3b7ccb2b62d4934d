//! Uploads that are kept where a browser or the server takes them for a program.

mod content;
mod places;

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use self::content::Content;
use self::places::{Kept, below, find, guesses, linked, named};
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

/// Names (the stem goes in front), stated types and contents, in the order in which they are tried.
const FILES: &[(&str, &str, Content)] = &[
    (".html", "image/gif", Content::Gif),
    (".php", "image/gif", Content::Gif),
    (".svg", "image/svg+xml", Content::Svg),
    // Many take photographs and drawings only, by the type that is stated or by what the file is.
    (".html", "image/jpeg", Content::Jpeg),
    (".php", "image/jpeg", Content::Jpeg),
    (".html", "image/png", Content::Png),
    (".php", "image/png", Content::Png),
    (".html", "text/html", Content::Gif),
    (".pHp", "image/gif", Content::Gif),
    (".phtml", "image/jpeg", Content::Jpeg),
    (".php5", "image/png", Content::Png),
    (".phar", "image/gif", Content::Gif),
    (".pht", "image/jpeg", Content::Jpeg),
    (".php7", "image/gif", Content::Gif),
    (".jsp", "image/gif", Content::Gif),
    (".asp", "image/gif", Content::Gif),
    (".aspx", "image/gif", Content::Gif),
    (".xhtml", "image/gif", Content::Svg),
    (".xml", "text/xml", Content::Svg),
    (".htm", "image/gif", Content::Gif),
    (".shtml", "image/gif", Content::Gif),
    (".gif.php", "image/gif", Content::Gif),
    (".jpg.php", "image/jpeg", Content::Jpeg),
    (".png.php", "image/png", Content::Png),
    (".php.gif", "image/gif", Content::Gif),
    (".php.jpg", "image/jpeg", Content::Jpeg),
    (".gif.html", "image/gif", Content::Gif),
    (".jpg.html", "image/jpeg", Content::Jpeg),
    (".png.html", "image/png", Content::Png),
    (".png.svg", "image/png", Content::Svg),
    (".php.", "image/gif", Content::Gif),
    (".php ", "image/gif", Content::Gif),
    (".php%00.gif", "image/gif", Content::Gif),
    (".php%00.jpg", "image/jpeg", Content::Jpeg),
    (".php;.gif", "image/gif", Content::Gif),
    (".php", "application/x-php", Content::Script),
    (".gif", "image/gif", Content::Gif),
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
        content.with(self.marks.factors, &self.alert)
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
        let mut above = None;
        // The directory in which another page shows what was uploaded.
        let mut shown: Option<Target> = None;
        for (end, kind, content) in FILES {
            let stem = crate::listener::token();
            let sent = self.request(&format!("{stem}{end}"), kind, &self.content(*content));
            let Ok(answer) = self.bench.send_of(self.entry, &sent).await else { return };
            let mut places = find(&answer, &sent.url, &self.entry.response, &stem, end);
            let is_taken = answer.status < 400;
            if let Some(directory) = &shown {
                // Names may be cut on the way to the disk.
                let cut = end.split("%00").next().unwrap_or(end).trim_end_matches(['.', ' ']);
                for end in [cut, end].into_iter().take(if cut == *end { 1 } else { 2 }) {
                    let url = directory.at(format!("{}{stem}{end}", directory.path));
                    places.insert(0, Kept { url, capture: None, is_linked: true });
                }
            } else if is_taken && !places.iter().any(|kept| kept.is_linked) {
                let mut linked = self.elsewhere(&answer, &sent, &stem, end).await;
                shown = linked.iter().find_map(|kept| {
                    let path = kept.url.path.strip_suffix(&format!("{stem}{end}"))?;
                    kept.url.query.is_none().then(|| kept.url.at(path))
                });
                std::mem::swap(&mut linked, &mut places);
                places.extend(linked);
            }
            let like = (answer.status, answer.text().replace(&stem, "").replace(end, ""));
            let is_told = places.iter().any(|kept| kept.is_linked);
            if !is_told && is_taken && guessed.len() < GUESSES && !guessed.contains(&like) {
                guessed.push(like);
                match places.first().map(|told| below(told, &self.entry.request.url)) {
                    Some(others) => places.extend(others),
                    None => {
                        places = named(&answer, &self.entry.request.url, end);
                        places.extend(guesses(self.bench, self.entry, &stem, end));
                    }
                }
            }
            for kept in places {
                if let Some(proof) = self.try_place(&kept, "", (end, kind, *content), &stem).await {
                    return self.report(end, proof);
                }
                if *end == ".php" && kept.capture.is_none() && above.is_none() {
                    above = self.lies(&kept).await;
                }
            }
        }
        if let Some(above) = above {
            self.climb(&above).await;
        }
    }

    /// The directory above a program that is only shown, since directories for uploads are often the only ones in which
    /// nothing runs.
    async fn lies(&self, kept: &Kept) -> Option<Target> {
        let response = self.bench.send(&Request::get(kept.url.clone())).await.ok()?;
        let is_shown = response.status == 200 && response.text().contains("<?php echo ");
        let (above, _) = kept.url.directory().trim_end_matches('/').rsplit_once('/')?;
        is_shown.then(|| kept.url.at(format!("{above}/")))
    }

    /// Tries names that lead out of the directory for uploads.
    async fn climb(&self, above: &Target) {
        for before in ["../", "..%2f", "..%2F..%2F", "....//"] {
            for (end, kind, content) in
                [(".php", "image/jpeg", Content::Jpeg), (".html", "image/gif", Content::Gif)]
            {
                let stem = crate::listener::token();
                let sent = self.request(&format!("{before}{stem}{end}"), kind, &self.content(content));
                if self.bench.send_of(self.entry, &sent).await.is_err() {
                    return;
                }
                let url = above.at(format!("{}{stem}{end}", above.path));
                let kept = Kept { url, capture: None, is_linked: false };
                if let Some(proof) = self.try_place(&kept, before, (end, kind, content), &stem).await {
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
        before: &str,
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
            let upload = self.request(&format!("{before}{TOKEN}{end}"), kind, text);
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
        let control = Control::Requests(steps(&content.harmless()));
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
