//! The reader of pages: links, forms and what forms send; and what a browser would run of the page.
#![no_main]

use libfuzzer_sys::fuzz_target;
use webscan::crawl::{fill, robots};
use webscan::page::Page;

fuzz_target!(|text: &str| {
    let base = redoubt_fuzz::base();
    let page = Page::read(&base, text);
    for form in &page.forms {
        redoubt_fuzz::usable(&form.request(&fill::value));
        for control in &form.controls {
            let _ = fill::is_token(control);
            let capture = fill::capture(&control.name);
            assert!(capture.contains("input"));
        }
    }
    redoubt_fuzz::runs("text/html", text);
    let _ = (robots::robots(text, &base), robots::sitemap(text, &base));
});
