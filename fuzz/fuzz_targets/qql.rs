//! QQL: whatever comes, it is a filter or an error that says where; and a filter prints to text that reads to it again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use platform::assets::Asset;
use query::qql;
use store::Object;

fuzz_target!(|text: &str| {
    match qql::parse(Asset::fields(), text) {
        Ok(filter) => {
            let printed = qql::print(Asset::fields(), &filter);
            // What a text without a token becomes can print longer than a text may be.
            if printed.len() <= 8 * 1024 {
                let again = qql::parse(Asset::fields(), &printed);
                assert_eq!(again.as_ref().ok(), Some(&filter), "{text:?} printed as {printed:?} gives {again:?}");
            }
        }
        Err(error) => assert!(error.offset <= text.len() && !error.to_string().is_empty()),
    }
});
