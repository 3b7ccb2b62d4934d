//! The reader of Postman collections: requests that can be written down, changed and sent, or an error that says something.
#![no_main]

use libfuzzer_sys::fuzz_target;
use webscan::api::Kind;

fuzz_target!(|text: &str| redoubt_fuzz::description(Kind::Postman, text));
