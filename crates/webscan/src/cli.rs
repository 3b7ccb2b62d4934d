//! `redoubt scan` and `redoubt replay`, ready for a binary to forward to.
//!
//! Exit status: 0 nothing grave was found; 1 something was; 2 the scan could not be done; 3 it ended before its end.

mod replay;
mod scan;

pub use replay::{ReplayArgs, replay};
pub use scan::{ScanArgs, scan};

/// Exit status: nothing grave was found.
pub const CLEAN: u8 = 0;
/// Exit status: something was found; of a replay: it was shown.
pub const FOUND: u8 = 1;
/// Exit status: the command can't be used, or nothing answered.
pub const UNUSABLE: u8 = 2;
/// Exit status: the scan ended before its end.
pub const CUT: u8 = 3;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use crate::listener::CallbackListener;
use crate::proof::Listener;

/// Most bytes of a file that is read.
const MAX_FILE: u64 = 64 << 20;

fn read(path: &Path) -> Result<String, String> {
    let wrong = |why: String| format!("{}: {why}", path.display());
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > MAX_FILE {
        return Err(wrong(format!("{size} bytes are too many; {MAX_FILE} at the most")));
    }
    std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    serde_json::from_str(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once(':').ok_or_else(|| format!("'{text}' is no header; write 'Name: value'"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// A listener at an address, where there is one and it is this machine's.
async fn listen(address: Option<IpAddr>) -> Option<Arc<dyn Listener>> {
    let listener = CallbackListener::start(address?).await.ok()?;
    Some(Arc::new(listener))
}
