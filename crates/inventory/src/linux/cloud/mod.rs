//! Metadata services of cloud providers.
//!
//! All three answer at the same link-local address. Where the firmware names the provider, only that one is asked, with
//! more patience; otherwise all are asked at once, for a moment, since a machine outside a cloud has nobody there.

mod aws;
mod azure;
mod gcp;

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

pub use aws::parse_identity as parse_aws;
pub use azure::parse as parse_azure;
pub use gcp::parse as parse_gcp;

use super::http::{Request, exchange, time_left};
use super::tree::{Omissions, Tree};
use crate::Cloud;

/// How long all providers together have, where none is known to be there.
const MOMENT: Duration = Duration::from_millis(300);
/// How long the provider has that the firmware names.
const PATIENCE: Duration = Duration::from_secs(2);

/// A way to ask the metadata service, until a point in time.
struct Service {
    address: SocketAddr,
    deadline: Instant,
}

impl Service {
    /// The body of the answer to one request.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> io::Result<Vec<u8>> {
        let mut connection = TcpStream::connect_timeout(&self.address, time_left(self.deadline)?)?;
        let host = self.address.ip().to_string();
        exchange(&mut connection, &Request { method, path, host: &host, headers }, self.deadline)
    }
}

type Provider = fn(&Service) -> Option<Cloud>;
const PROVIDERS: [Provider; 3] = [aws::ask, azure::ask, gcp::ask];

pub(crate) fn read(tree: &Tree, address: SocketAddr, omissions: &mut Omissions) -> Option<Cloud> {
    let named = provider_by_firmware(
        &tree.line("/sys/class/dmi/id/sys_vendor").unwrap_or_default(),
        &tree.line("/sys/class/dmi/id/chassis_asset_tag").unwrap_or_default(),
    );
    let found = match named {
        Some(provider) => provider(&Service { address, deadline: Instant::now() + PATIENCE }),
        None => ask_all(address),
    };
    if found.is_none() {
        omissions.note(super::CLOUD, "no metadata service of a cloud provider answered");
    }
    found
}

fn ask_all(address: SocketAddr) -> Option<Cloud> {
    let deadline = Instant::now() + MOMENT;
    let ask = |provider: Provider| move || provider(&Service { address, deadline });
    thread::scope(|scope| {
        let asked = PROVIDERS.map(|provider| scope.spawn(ask(provider)));
        asked.into_iter().filter_map(|thread| thread.join().ok().flatten()).next()
    })
}

/// The provider that the SMBIOS vendor (for Azure: and the asset tag) names.
fn provider_by_firmware(vendor: &str, asset_tag: &str) -> Option<Provider> {
    match (vendor, asset_tag) {
        ("Amazon EC2", _) => Some(aws::ask),
        ("Google", _) => Some(gcp::ask),
        ("Microsoft Corporation", "7783-7084-3265-9085-8269-3286-77") => Some(azure::ask),
        _ => None,
    }
}

/// The part after the last slash: `projects/1/zones/europe-west1-b` is the zone `europe-west1-b`.
fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
