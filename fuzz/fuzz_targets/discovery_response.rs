//! Everything that a scanned host may answer: banners, HTTP, NetBIOS, TLS and certificates; and targets and ports.
#![no_main]

use discovery::tls::{Certificate, ServerAnswer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(page) = discovery::read_http(bytes, "http://192.0.2.1/") {
        assert!((100..1000).contains(&page.status));
        assert!(page.title.is_none_or(|title| !title.chars().any(char::is_control)));
    }
    let _ = (discovery::read_words(bytes), discovery::read_netbios(bytes));
    let _ = (ServerAnswer::read(bytes, false), ServerAnswer::read(bytes, true));
    if let Ok(certificate) = Certificate::read(bytes) {
        assert!(!certificate.subject.chars().any(char::is_control));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<discovery::Ports>();
        if let Ok(targets) = text.parse::<discovery::Targets>() {
            assert_eq!(targets.to_string().parse(), Ok(targets));
        }
    }
});
