//! robots.txt and sitemaps, read for the places that they name.

use std::sync::LazyLock;

use regex::Regex;

use crate::http::Target;

/// Most places of one file.
const MOST: usize = 2_000;

/// The paths that a robots.txt names, allowed or not, and the sitemaps.
#[must_use]
pub fn robots(text: &str, base: &Target) -> (Vec<Target>, Vec<Target>) {
    let (mut paths, mut sitemaps) = (Vec::new(), Vec::new());
    for line in text.lines().take(MOST) {
        let line = line.split('#').next().unwrap_or_default();
        let Some((field, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match field.trim().to_ascii_lowercase().as_str() {
            "allow" | "disallow" => {
                let plain = value.split(['*', '$']).next().unwrap_or_default();
                if plain.starts_with('/') && plain.len() > 1 {
                    paths.extend(base.join(plain));
                }
            }
            "sitemap" => sitemaps.extend(base.join(value)),
            _ => {}
        }
    }
    (paths, sitemaps)
}

/// The places that a sitemap, a sitemap index, or a text of URLs names.
#[must_use]
pub fn sitemap(text: &str, base: &Target) -> Vec<Target> {
    static LOCATION: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?is)<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]+)").ok());
    let unescape = |text: &str| text.replace("&amp;", "&");
    let Some(regex) = LOCATION.as_ref().filter(|_| text.contains("loc>")) else {
        let lines = text.lines().map(str::trim).filter(|line| line.starts_with("http"));
        return lines.take(MOST).filter_map(|line| base.join(line)).collect();
    };
    let found = regex.captures_iter(text).take(MOST).filter_map(|found| found.get(1));
    found.filter_map(|place| base.join(&unescape(place.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_both_files() {
        let base = Target::parse("http://a.test/robots.txt").unwrap();
        let (paths, sitemaps) = robots(
            "User-agent: *\nDisallow: /secret/*.php # no\nDisallow: /\nallow: /open\nSitemap: /map.xml",
            &base,
        );
        let text =
            |targets: Vec<Target>| targets.iter().map(Target::request_target).collect::<Vec<_>>().join(" ");
        assert_eq!((text(paths), text(sitemaps)), ("/secret/ /open".into(), "/map.xml".into()));
        let map = "<urlset><url><loc>http://a.test/x?a=1&amp;b=2</loc></url><url><loc><![CDATA[/y]]></loc></url></urlset>";
        assert_eq!(text(sitemap(map, &base)), "/x?a=1&b=2 /y");
        assert_eq!(text(sitemap("http://a.test/z\njunk", &base)), "/z");
    }
}
