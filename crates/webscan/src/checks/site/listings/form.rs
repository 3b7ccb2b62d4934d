//! Listings in forms of their own: names of files in text, in JSON, and in pages.

use crate::checks::pattern::Pattern;
use crate::http::{Response, Target, encode};

/// The names of files that a text lists line by line, or JSON as texts or as names of objects; none where it says more.
pub(super) fn plain(response: &Response) -> Option<Vec<String>> {
    static FILE: Pattern = Pattern::new(r"^[\w@() .-]{1,80}\.\w{1,6}$");
    let kind = response.media_type();
    let text = response.text();
    if response.status != 200 || text.len() > 200_000 {
        return None;
    }
    let mut all: Vec<String> = Vec::new();
    if kind.ends_with("json") {
        static NAME: Pattern =
            Pattern::new(r#"(?:"(?:name|file|filename|file_name|path)"\s*:\s*|[\[,]\s*)"([^"]{1,100})""#);
        all.extend(
            NAME.all_captures(text).iter().filter_map(|found| Some(found.get(1)?.as_str().to_owned())),
        );
    } else if kind == "text/plain" {
        all.extend(text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()));
    }
    let files = all.iter().filter(|name| FILE.is_match(name)).count();
    all.truncate(500);
    (files >= 2 && files * 2 >= all.len())
        .then(|| all.into_iter().filter(|name| FILE.is_match(name)).collect())
}

/// Whether a page's heading is the name of its directory.
fn is_headed(url: &Target, text: &str) -> bool {
    static HEADING: Pattern = Pattern::new(r"(?is)<(?:title|h[1-3])[^>]*>(.*?)</(?:title|h[1-3])\s*>");
    let path = url.path.trim_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    HEADING.all_captures(text).iter().take(4).any(|found| {
        let heading = without_tags(found.get(1).map_or("", |part| part.as_str()));
        let heading = heading.trim();
        let said = heading.trim_matches('/');
        // A word alone may be a title like any other; with a slash it is a path. Behind words of any language it is all of it,
        // or its end, where a proxy has put something before it.
        let bare = heading.strip_suffix('/').unwrap_or(heading);
        let is_whole = url.path.len() > 3 && bare.ends_with(url.path.trim_end_matches('/'));
        let end = bare.rsplit([' ', ':', '\u{a0}']).next().unwrap_or_default().trim_start_matches(['.', '~']);
        let is_end = end.len() > 1 && end.starts_with('/') && format!("/{path}").ends_with(end);
        !said.is_empty() && heading.contains('/') && (said == path || said == last || is_whole || is_end)
    })
}

/// Names that nobody offers in a list of things to fetch.
static UNMEANT: Pattern = Pattern::new(
    r"(?i)\.(?:sql|bak|old|log|env|swp|key|pem|db|sqlite3?|htpasswd|orig|tmp)$|passw|secret|credential|backup|dump|salar|payroll|private|internal|confidential|^(?:notes?|todo|users?|config|customers?)\.|^id_[a-z]+|^\.",
);

/// Whether a text may be a page with names of files.
pub(super) fn has_names(text: &str) -> bool {
    text.contains("<a") || text.contains("<A")
}

/// The text of a piece of markup.
fn without_tags(markup: &str) -> String {
    let mut text = String::new();
    for piece in markup.split('<') {
        text += piece.split_once('>').map_or(piece, |(_, behind)| behind);
    }
    text
}

/// Whether a link upwards says so, in one of some languages.
fn says_up(shown: &str) -> bool {
    const WORDS: &[&str] = &[
        "parent",
        "up",
        "übergeordnet",
        "oben",
        "superior",
        "padre",
        "arriba",
        "haut",
        "supérieur",
        "bovenliggend",
        "nadrzędn",
        "nadřazen",
        "вверх",
        "родител",
        "pai",
    ];
    let shown = shown.to_lowercase();
    shown.starts_with(['.', '←', '↑', '⬆']) || WORDS.iter().any(|word| shown.contains(word))
}

/// The names of files that a page lists; none where it is no listing.
pub(super) fn listed(url: &Target, response: &Response) -> Option<Vec<String>> {
    static LINK: Pattern =
        Pattern::new(r#"(?is)<a\b[^>]*?\bhref\s*=\s*["']?([^"'\s>]*)["']?[^>]*>(.*?)</a\s*>"#);
    static TIME: Pattern = Pattern::new(
        r"(?i)\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|[a-z]{3} +\d{1,2},?(?: +\d{4},?)? +\d\d:\d\d|\d{1,2} [a-z]{3,9},? \d{4},? +\d{1,2}:\d\d|\d{1,2}-[a-z]{3}-\d{4} \d\d:\d\d|\d{1,2}\.\d{1,2}\.\d{4},? +\d{1,2}:\d\d|\d{1,2}/\d{1,2}/\d{4},? +\d{1,2}:\d\d",
    );
    static SIZE: Pattern = Pattern::new(r"(?i)(?:^|[\s>])\d[\d.,]*\s*(?:bytes|[kmg]?i?b?)\s*(?:<|$|\s)");
    if response.status != 200 || !response.is_html() || !has_names(response.text()) {
        return None;
    }
    // Nobody who writes a page counts bytes.
    static BYTES: Pattern = Pattern::new(r"(?i)(?:^|[\s>])\d{2,10}(?: ?(?:bytes|B))?\s*(?:<|$|\s)");
    let (mut counted, mut has_folder) = (0, false);
    let (mut names, mut signs, mut others, mut dated, mut has_up) = (Vec::new(), Vec::new(), 0, 0, false);
    let text = response.text();
    let links = LINK.all_captures(text);
    for (n, found) in links.iter().take(500).enumerate() {
        let part = |n: usize| found.get(n).map(|part| part.as_str()).unwrap_or_default();
        let end = found.get(0).map_or(0, |whole| whole.end());
        let next = links.get(n + 1).and_then(|next| next.get(0)).map_or(text.len(), |whole| whole.start());
        let behind = text.get(end..next).unwrap_or_default();
        let behind = behind.get(..behind.floor_char_boundary(300)).unwrap_or(behind);
        let href = part(1);
        let shown = without_tags(part(2));
        let shown = shown.trim();
        let name = encode::unpercent(href.strip_prefix("./").unwrap_or(href));
        let name = name.strip_prefix(url.path.as_str()).unwrap_or(&name).trim_end_matches('/');
        let is_above = matches!(href, "../" | ".." | "./.." | "./../")
            || url.join(href).is_some_and(|to| {
                to.path.ends_with('/') && to.path.len() < url.path.len() && url.path.starts_with(&to.path)
            });
        let is_same = href.contains('?') && url.join(href).is_some_and(|to| to.path == url.path);
        if is_above || is_same {
            // Other columns to sort by are the same page; a way up may be one home.
            has_up |= is_above && says_up(shown);
        } else if !name.is_empty() && !name.contains(['/', '#', '?', ':']) && says(shown, name) {
            dated += usize::from(TIME.is_match(behind) && SIZE.is_match(behind));
            counted += usize::from(BYTES.is_match(behind));
            has_folder |= shown.ends_with('/') && href.ends_with('/');
            let is_bare = part(2).starts_with(shown);
            signs.push(if is_bare { format!(">{shown}") } else { name.to_owned() });
            names.push(name.to_owned());
        } else {
            others += 1;
        }
    }
    let is_file = |name: &&String| {
        name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && (1..=5).contains(&end.len()))
    };
    let files = names.iter().filter(is_file).count();
    let is_headed = files > 0 && is_headed(url, text);
    let is_unmeant = names.iter().any(|name| UNMEANT.is_match(name));
    let is_listing = files > 0
        && (names.len() >= 2 || has_up && (is_headed || is_unmeant))
        && others * 4 <= names.len()
        && (has_up
            || is_headed
            || has_folder
            || dated >= 2 && dated * 2 >= files
            || counted >= 2 && counted >= files
            || is_unmeant);
    is_listing.then_some(signs)
}

/// Whether what a link shows is a name: behind a picture or a word for its kind, or cut where it is long.
fn says(shown: &str, name: &str) -> bool {
    let shown = shown.trim_end_matches('/');
    let before = shown.strip_suffix(name).unwrap_or("a").trim();
    let is_kind = before.starts_with('[') && before.ends_with(']') && before.len() < 10;
    let cut = ["..&gt;", "..>", "...", "…"].iter().find_map(|end| shown.strip_suffix(end));
    shown == name
        || is_kind
        || !before.chars().any(char::is_alphanumeric)
        || cut.is_some_and(|begin| begin.len() >= 8 && name.starts_with(begin))
}

/// The names of files that a page shows without a link to any of them, as one that only programs make.
pub(super) fn shown_only(response: &Response) -> Option<Vec<String>> {
    static FILE: Pattern = Pattern::new(r"^[\w@()-][\w@() .-]{0,80}\.[A-Za-z]\w{0,5}$");
    let text = response.text();
    if response.status != 200 || !response.is_html() || text.len() > 200_000 {
        return None;
    }
    let pieces = text.split('<').filter_map(|piece| piece.split_once('>'));
    let texts: Vec<&str> = pieces.map(|(_, behind)| behind.trim()).filter(|text| !text.is_empty()).collect();
    let names: Vec<&str> = texts.iter().copied().filter(|text| FILE.is_match(text)).collect();
    let is_linked = |name: &&str| {
        let coded = encode::percent(name);
        ["\"", "'", "/", "="].iter().any(|before| {
            text.contains(&format!("href={before}{coded}")) || text.contains(&format!("href=\"./{coded}"))
        }) || text.contains(&format!("/{coded}\""))
    };
    (names.len() >= 2 && names.len() * 5 >= texts.len() && !names.iter().any(is_linked))
        .then(|| names.into_iter().map(str::to_owned).collect())
}
