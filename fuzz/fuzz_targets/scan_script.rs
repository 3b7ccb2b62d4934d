//! The reader of scripts: the requests that a script seems to make.
#![no_main]

use libfuzzer_sys::fuzz_target;
use webscan::crawl::scripts::endpoints;

fuzz_target!(|text: &str| {
    for request in endpoints(text, &redoubt_fuzz::base()) {
        redoubt_fuzz::usable(&request);
    }
});
