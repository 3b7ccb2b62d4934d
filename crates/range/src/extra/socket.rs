//! The server's side of a WebSocket (RFC 6455): greets once and closes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;

use crate::http::{Reply, Request};

/// Answers the request to upgrade, says hello and ends.
pub(crate) fn upgrade(request: &Request) -> Reply {
    let Some(key) = request.header("sec-websocket-key") else {
        return Reply::refused("A WebSocket is wanted.").with_status(426).header("Upgrade", "websocket");
    };
    let text = format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key.trim());
    let accept = STANDARD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
    Reply::takeover(move |stream| {
        write!(
            stream,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )?;
        // A text frame, then a close frame.
        stream.write_all(b"\x81\x05hello\x88\x02\x03\xe8")?;
        stream.flush()
    })
}
