//! The XML request reader: whatever comes, it answers or says what is wrong, and what it read it can show.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qps::{Format, Limits, read};

fuzz_target!(|body: &[u8]| redoubt_fuzz_request(Format::Xml, body));

fn redoubt_fuzz_request(format: Format, body: &[u8]) {
    match read(body, format, &Limits::default()) {
        Ok(request) => {
            let _ = request.preferences.limit();
            if let Some(data) = &request.data {
                let _ = (data.long("id"), data.boolean("disabled"), data.date("created"));
                let _ = data.list_edit("tags", &["TagSimple"]);
                let _ = data.list_edit_mixed("children", &["Tag", "TagSimple"]);
            }
            let criteria: Vec<_> = request
                .criteria()
                .iter()
                .map(|one| query::criteria::Criterion {
                    field: &one.field,
                    operator: one.operator.as_deref(),
                    value: &one.value,
                })
                .collect();
            let _ = query::criteria::compile(<platform::assets::Asset as store::Object>::fields(), &criteria);
        }
        Err(error) => assert!(!error.message.is_empty() && !error.resolution.is_empty()),
    }
}
