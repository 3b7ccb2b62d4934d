//! The only way out for the browser: a SOCKS proxy on loopback that connects where the scope reaches, and nowhere else.
//! WebSockets and whatever else a page may open go this way, too; names are looked up by the scan's own client, once.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::http::{Client, Origin, Scheme, Target};

/// A running proxy; ends when it is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Starts on a port of its own.
    pub(super) async fn start(client: Client) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let client = client.clone();
                tokio::spawn(async move {
                    // What can't be connected is told to the browser by the end of the connection.
                    let _ = serve(stream, &client).await;
                });
            }
        });
        Ok(Self { address, task })
    }

    /// As the browser wants it.
    pub(super) fn url(&self) -> String {
        format!("socks5://{}", self.address)
    }
}

/// Whether some page of a host and port is in scope.
pub(super) fn reaches(client: &Client, host: &str, port: u16) -> bool {
    let start = client.scope().start();
    [Scheme::Http, Scheme::Https].into_iter().any(|scheme| {
        let origin = Origin { scheme, host: host.trim_end_matches('.').to_ascii_lowercase(), port };
        let url = Target { origin, path: start.path.clone(), query: None };
        client.scope().rule(&url) != crate::scope::Ruling::Outside
    })
}

async fn serve(mut stream: TcpStream, client: &Client) -> std::io::Result<()> {
    let greeting = timeout(Duration::from_secs(10), ask(&mut stream)).await;
    let Some((host, port)) = greeting.map_err(|_| std::io::ErrorKind::TimedOut)?? else { return Ok(()) };
    let refused = [5, 2, 0, 1, 0, 0, 0, 0, 0, 0];
    if !reaches(client, &host, port) {
        return stream.write_all(&refused).await;
    }
    let Ok(addresses) = client.addresses(&host, port).await else { return stream.write_all(&refused).await };
    let Some(address) = addresses.first() else { return stream.write_all(&refused).await };
    let connect = timeout(Duration::from_secs(5), TcpStream::connect((*address, port))).await;
    let Ok(Ok(mut target)) = connect else { return stream.write_all(&refused).await };
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut stream, &mut target).await?;
    Ok(())
}

/// Reads what is asked for (RFC 1928): a CONNECT without authentication.
async fn ask(stream: &mut TcpStream) -> std::io::Result<Option<(String, u16)>> {
    let version = stream.read_u8().await?;
    let methods = stream.read_u8().await?;
    let mut list = vec![0; usize::from(methods)];
    stream.read_exact(&mut list).await?;
    if version != 5 {
        return Ok(None);
    }
    stream.write_all(&[5, 0]).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [_, command, _, kind] = head;
    let host = match kind {
        1 => Ipv4Addr::from(stream.read_u32().await?).to_string(),
        4 => Ipv6Addr::from(stream.read_u128().await?).to_string(),
        3 => {
            let length = stream.read_u8().await?;
            let mut name = vec![0; usize::from(length)];
            stream.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
        _ => return Ok(None),
    };
    let port = stream.read_u16().await?;
    if command != 1 {
        stream.write_all(&[5, 7, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        return Ok(None);
    }
    Ok(Some((host, port)))
}
