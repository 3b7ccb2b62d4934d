//! Where an answer leads a browser by itself: by `Location`, by `Refresh`, by a refresh that the page asks for.

use scraper::{Html, Selector};
use url::Url;

use crate::http::Response;

/// The addresses that a browser goes on to, as the answer writes them.
pub(crate) fn destinations(response: &Response) -> Vec<String> {
    let mut all = Vec::new();
    if matches!(response.status, 201 | 301 | 302 | 303 | 307 | 308) && response.status != 201 {
        all.extend(response.location().map(str::to_owned));
    }
    all.extend(response.all("refresh").filter_map(after_time));
    let text = response.text();
    let has_refresh = || text.to_ascii_lowercase().contains("http-equiv");
    if response.is_html() && has_refresh() {
        let document = Html::parse_document(crate::page::shallow(text));
        let metas = Selector::parse("meta[http-equiv][content]").ok();
        for meta in metas.iter().flat_map(|selector| document.select(selector)) {
            let asks =
                meta.attr("http-equiv").is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh"));
            all.extend(meta.attr("content").filter(|_| asks).and_then(after_time));
        }
    }
    all
}

/// The address of a refresh, behind its time (HTML, 4.2.5.3).
fn after_time(content: &str) -> Option<String> {
    let rest = content.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = rest.trim_start().trim_start_matches([';', ',']).trim_start();
    let has_name = rest.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("url"));
    let value =
        has_name.then(|| rest.get(3..)?.trim_start().strip_prefix('=')).flatten().unwrap_or(rest).trim();
    let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.split(*quote).next());
    let value = quoted.unwrap_or(value);
    (!value.is_empty()).then(|| value.to_owned())
}

/// Whether a browser that is at an address goes to a host, or to one below it, when it follows a reference.
pub(crate) fn is_at(from: &str, reference: &str, host: &str) -> bool {
    let Ok(base) = Url::parse(from) else { return false };
    let reference: String = reference
        .trim_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .collect();
    // Two slashes or more are two for a browser, and backslashes are slashes.
    let rest = reference.trim_start_matches(['/', '\\']);
    let reference = if reference.len() - rest.len() >= 2 { format!("//{rest}") } else { reference.clone() };
    let Ok(url) = base.join(&reference) else { return false };
    let is_web = matches!(url.scheme(), "http" | "https");
    is_web && url.host_str().is_some_and(|have| is_below(have, host))
}

/// Whether a host is another, or one of its sub-domains.
fn is_below(have: &str, host: &str) -> bool {
    have.trim_end_matches('.').strip_suffix(host).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(response: &Response) -> bool {
        destinations(response).iter().any(|to| is_at("http://shop.test/a/b", to, "evil.example"))
    }

    #[test]
    fn addresses_are_read_as_browsers_do() {
        for (to, wanted) in [
            ("https://evil.example/", true),
            ("//evil.example", true),
            ("/\\evil.example", true),
            ("////evil.example", true),
            ("/\t/evil.example", true),
            ("\t https:evil.example", true),
            ("HTTPS://evil.example", true),
            ("https://shop.test@evil.example/", true),
            ("https://shop.test.evil.example/", true),
            ("http:evil.example", false),
            ("https://notevil.example/", false),
            ("https://evil.example@shop.test/", false),
            ("/evil.example", false),
            ("https://shop.test/?//evil.example", false),
            ("javascript://evil.example/", false),
        ] {
            assert_eq!(leads(&Response::new(302, &[("location", to)], "")), wanted, "{to:?}");
        }
        assert!(!leads(&Response::new(200, &[("location", "//evil.example")], "")));
        for (refresh, wanted) in [
            ("0;url=//evil.example", true),
            ("5; URL='//evil.example'", true),
            ("5", false),
            ("1;//evil.example", true),
        ] {
            assert_eq!(leads(&Response::new(200, &[("refresh", refresh)], "")), wanted, "{refresh}");
            let page = format!("<META CONTENT=\"{refresh}\" HTTP-EQUIV=Refresh>");
            let html = [("content-type", "text/html")];
            assert_eq!(leads(&Response::new(200, &html, page)), wanted, "{refresh}");
            let shown = format!("<pre>&lt;meta http-equiv=refresh content=\"{refresh}\"></pre>");
            assert!(!leads(&Response::new(200, &html, shown)));
        }
    }
}
