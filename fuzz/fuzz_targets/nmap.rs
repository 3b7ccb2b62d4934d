//! The reader of Nmap's XML: whatever comes, hosts or an error that says something; and hosts can be written down again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match discovery::nmap::read(text) {
        Ok(hosts) => {
            for host in hosts {
                let _ = discovery::information::of(&host);
                discovery::report::line(&host, &mut std::io::sink()).unwrap();
                discovery::report::table(&host, &mut std::io::sink()).unwrap();
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
