//! The Docker engine, asked over its socket where that may be used.

use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::http::{Request, exchange};
use super::tree::{Omissions, Tree};
use crate::{Docker, Text};

const SOCKETS: [&str; 2] = ["/run/docker.sock", "/var/run/docker.sock"];
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> Option<Docker> {
    let socket = SOCKETS.iter().find(|path| tree.path(path).exists())?;
    let known = match ask(tree, socket) {
        Ok(answer) => parse(&answer),
        Err(error) => {
            omissions.unreadable("docker", socket, &error);
            None
        }
    };
    // The socket alone tells that there is an engine.
    Some(known.unwrap_or_default())
}

fn ask(tree: &Tree, socket: &str) -> io::Result<Vec<u8>> {
    if !tree.is_live() {
        return Err(ErrorKind::Unsupported.into());
    }
    let mut connection = UnixStream::connect(socket)?;
    let request = Request { method: "GET", path: "/info", host: "docker", headers: &[] };
    exchange(&mut connection, &request, Instant::now() + PATIENCE)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    server_version: Option<String>,
    containers: Option<u32>,
    images: Option<u32>,
}

/// Reads the engine's answer to `/info`.
pub fn parse(answer: &[u8]) -> Option<Docker> {
    let info: Info = serde_json::from_slice(answer).ok()?;
    Some(Docker {
        version: info.server_version.as_deref().and_then(Text::found),
        containers: info.containers,
        images: info.images,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_counts_are_read_from_the_engines_answer() {
        let docker =
            parse(br#"{"ID":"x","Containers":3,"ContainersRunning":1,"Images":12,"ServerVersion":"24.0.7"}"#);
        let expected = Docker { version: Some("24.0.7".into()), containers: Some(3), images: Some(12) };
        assert_eq!(docker, Some(expected));
        assert_eq!(parse(b"{"), None);
    }
}
