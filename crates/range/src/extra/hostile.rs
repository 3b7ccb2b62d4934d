//! Hostile servers: answers without end, too much of everything, nothing for a long time, and no HTTP at all.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flate2::{Compress, Compression, Crc, FlushCompress};

use crate::http::reply::Stream;
use crate::http::server::Accept;
use crate::http::{Reply, Request};

/// Paths of the hostile site; its first page links to all.
pub const PATHS: &[&str] = &[
    "/endless",
    "/endless-chunks",
    "/headers",
    "/long-header",
    "/drip",
    "/slow-head",
    "/silence",
    "/gzip-bomb",
    "/redirects",
    "/redirect-self",
    "/garbage",
    "/cut",
    "/bad-chunks",
    "/wrong-length",
    "/deep-html",
    "/many-links",
    "/long-line",
    "/binary",
    "/no-status",
    "/double-length",
    "/cookies",
    "/huge-attribute",
    "/entities",
];

/// How long one connection is kept busy at most.
const LONGEST: Duration = Duration::from_secs(120);

fn head(stream: &mut dyn Stream, headers: &str) -> io::Result<()> {
    stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}\r\n").as_bytes())
}

/// Writes a piece again and again, until the client has had enough or the time is over.
fn repeat(stream: &mut dyn Stream, piece: &[u8], pause: Duration) -> io::Result<()> {
    let started = std::time::Instant::now();
    while started.elapsed() < LONGEST {
        stream.write_all(piece)?;
        stream.flush()?;
        thread::sleep(pause);
    }
    Ok(())
}

/// The application.
pub(crate) fn app(request: &Request) -> Reply {
    let path = request.path.as_str();
    let none = Duration::ZERO;
    match path {
        "/" => Reply::html(
            PATHS.iter().map(|path| format!("<a href=\"{path}\">{path}</a>\n")).collect::<String>(),
        ),
        "/endless" => Reply::takeover(move |s| {
            head(s, "Connection: close\r\n").and_then(|()| repeat(s, &[b'a'; 16384], none))
        }),
        "/endless-chunks" => Reply::takeover(move |s| {
            head(s, "Transfer-Encoding: chunked\r\n")
                .and_then(|()| repeat(s, b"10\r\n<p>0123456789</p\r\n", none))
        }),
        "/headers" => Reply::takeover(move |s| {
            s.write_all(b"HTTP/1.1 200 OK\r\n")
                .and_then(|()| repeat(s, format!("X-Filler: {}\r\n", "b".repeat(1000)).as_bytes(), none))
        }),
        "/long-header" => Reply::html("<p>Hello</p>").header("X-Long", "c".repeat(8 << 20)),
        "/drip" => Reply::takeover(|s| {
            head(s, "Content-Length: 100000\r\n").and_then(|()| repeat(s, b"d", Duration::from_secs(1)))
        }),
        "/slow-head" => Reply::takeover(|s| {
            s.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ").and_then(|()| repeat(s, b"e", Duration::from_secs(1)))
        }),
        "/silence" => Reply::takeover(|_| {
            thread::sleep(LONGEST);
            Ok(())
        }),
        "/gzip-bomb" => Reply::new(200, "text/html", bomb()).header("Content-Encoding", "gzip"),
        "/redirect-self" => Reply::redirect("/redirect-self"),
        "/garbage" => Reply::takeover(|s| {
            s.write_all(
                &(0..20_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect::<Vec<_>>(),
            )
        }),
        "/cut" => Reply::takeover(|s| {
            head(s, "Content-Length: 5000\r\n").and_then(|()| s.write_all(b"<p>cut here"))
        }),
        "/bad-chunks" => Reply::takeover(|s| {
            head(s, "Transfer-Encoding: chunked\r\n")
                .and_then(|()| s.write_all(b"zz\r\nnot a chunk\r\nffffffffffffffff\r\n"))
        }),
        "/wrong-length" => {
            Reply::takeover(|s| s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"))
        }
        "/double-length" => Reply::takeover(|s| {
            s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 500\r\n\r\nhello")
        }),
        "/no-status" => Reply::takeover(|s| s.write_all(b"<html>no head at all</html>")),
        "/deep-html" => Reply::raw_html("<div>".repeat(200_000)),
        "/many-links" => Reply::html(
            (0..50_000).map(|n| format!("<a href=\"/many-links/{n}\">{n}</a>")).collect::<String>(),
        ),
        "/long-line" => Reply::raw_html(format!("<p>{}</p>", "f".repeat(16 << 20))),
        "/binary" => Reply::raw_html((0..=255_u8).cycle().take(100_000).collect::<Vec<_>>()),
        "/cookies" => (0..2000).fold(Reply::html("<p>Cookies</p>"), |reply, n| {
            reply.header("Set-Cookie", format!("c{n}={}; HttpOnly; Secure; SameSite=Lax", "g".repeat(200)))
        }),
        "/huge-attribute" => Reply::html(format!(
            "<a href=\"/{}\">long</a><form action=\"/x\"><input name=\"{}\"></form>",
            "h".repeat(2 << 20),
            "i".repeat(1 << 20)
        )),
        "/entities" => Reply::html("&#x1f600;&#0;&#xffffffff;&nosuch;&lt".repeat(20_000)),
        _ if path.starts_with("/redirects") => {
            let count: u32 = path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            Reply::redirect(format!("/redirects/{}", count.wrapping_add(1)))
        }
        _ => Reply::missing(),
    }
}

/// 256 MB of blanks in a quarter of a megabyte: one megabyte packed by itself, again and again.
fn bomb() -> Vec<u8> {
    const PIECES: u32 = 256;
    let blanks = vec![b' '; 1 << 20];
    let mut piece = Vec::with_capacity(1 << 16);
    // There is room for all of it, and compressing itself can't fail.
    let _ = Compress::new(Compression::best(), false).compress_vec(&blanks, &mut piece, FlushCompress::Full);
    let (mut one, mut all) = (Crc::new(), Crc::new());
    one.update(&blanks);
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for _ in 0..PIECES {
        packed.extend_from_slice(&piece);
        all.combine(&one);
    }
    // An empty last block, then the checksum and the length of the whole.
    packed.extend_from_slice(&[3, 0]);
    packed.extend_from_slice(&all.sum().to_le_bytes());
    packed.extend_from_slice(&(PIECES << 20).to_le_bytes());
    packed
}

/// What a server does with a connection after the hello.
type Break = fn(&mut TcpStream) -> io::Result<()>;

/// Servers that begin TLS and break it: the name of each, and what it does with a connection.
pub(crate) fn broken_tls() -> Vec<(&'static str, Accept)> {
    let all: Vec<(&'static str, Break)> = vec![
        ("closes", |_| Ok(())),
        ("plain-http", |s| {
            s.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nplain HTTP on a TLS port")
        }),
        ("garbage", |s| s.write_all(&[22, 3, 3, 255, 255, 1, 2, 3, 4, 5])),
        ("alert", |s| s.write_all(&[21, 3, 3, 0, 2, 2, 40])),
        ("silent", |_| {
            thread::sleep(LONGEST);
            Ok(())
        }),
        ("endless-handshake", |s| {
            let started = std::time::Instant::now();
            while started.elapsed() < LONGEST {
                s.write_all(&[22, 3, 3, 0, 4, 0, 0, 0, 0])?;
            }
            Ok(())
        }),
    ];
    all.into_iter()
        .map(|(name, act)| {
            let accept: Accept = Arc::new(move |mut stream| {
                // The hello is read, whatever it says.
                let mut hello = [0; 512];
                let _ = stream.read(&mut hello);
                act(&mut stream)?;
                Ok(None)
            });
            (name, accept)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bomb_is_256_megabytes_of_blanks() {
        let bomb = bomb();
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        let mut blanks = flate2::read::GzDecoder::new(bomb.as_slice());
        // The decoder compares the checksum and the length at the end.
        assert_eq!(io::copy(&mut blanks, &mut io::sink()).unwrap(), 256 << 20);
    }
}
