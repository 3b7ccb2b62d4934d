//! Handing out a file: whole, or the part that somebody still misses (RFC 9110, 14). POST is answered in parts as GET is:
//! the contract has files asked for by POST, and tools that resume send the same headers with it.
//!
//! The thread that may wait is held for one piece at a time, so a slow reader holds none. What goes out whole is hashed
//! once more on the way: if the file is not what it was found to be a moment ago, the last piece never comes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_RANGE, RANGE,
};
use hyper::{Response, StatusCode};
use platform::Download;
use qps::ServiceError;
use ring::digest::{Context, SHA256};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::body::{Body, Piece};
use super::respond;

/// The size of a piece.
const PIECE: u64 = 256 << 10;
/// How many pieces wait for a slow reader.
const PIECES: usize = 2;
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// The part of a file that a request asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    range: Option<String>,
    /// The file that the rest is wanted of; of another one everything is.
    of: Option<String>,
}

impl Part {
    /// What the headers say.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let text =
            |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { range: text(RANGE), of: text(IF_RANGE) }
    }

    /// The bytes that are wanted: the first, and the one after the last. None means all of them, which is also the
    /// answer to several parts at once and to what can't be read, as the RFC allows.
    fn bytes(&self, length: u64, tag: &str) -> Result<Option<(u64, u64)>, Outside> {
        let Some(range) = &self.range else { return Ok(None) };
        if self.of.as_deref().is_some_and(|of| of.trim() != tag) {
            return Ok(None);
        }
        let Some((from, to)) = read(range) else { return Ok(None) };
        let (first, end) = match (from, to) {
            (Some(first), None) => (first, length),
            (Some(first), Some(last)) if last < first => return Ok(None),
            (Some(first), Some(last)) => (first, last.saturating_add(1).min(length)),
            (None, Some(last)) => (length.saturating_sub(last), length),
            (None, None) => return Ok(None),
        };
        if first < end { Ok(Some((first, end))) } else { Err(Outside(length)) }
    }
}

/// `bytes=first-last`, one part, either number may be missing.
fn read(range: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, part) = range.split_once('=')?;
    let (from, to) = part.split_once('-')?;
    let number = |text: &str| {
        let text = text.trim();
        match text.is_empty() {
            true => Some(None),
            false if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(Some(text.parse().unwrap_or(u64::MAX)))
            }
            false => None,
        }
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    Some((number(from)?, number(to)?))
}

/// A part outside of a file of so many bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outside(u64);

impl Outside {
    /// In the words of the wire.
    pub(super) fn error(&self) -> ServiceError {
        ServiceError::invalid_request(
            "The part that the header Range asks for is not in the file.",
            format!("The file has {} bytes; ask for some of them, or for the whole file.", self.0),
        )
        .with_status(416)
    }

    /// `Content-Range`.
    pub(super) fn range(&self) -> String {
        format!("bytes */{}", self.0)
    }
}

/// The answer with a file, or with the part of it that is asked for.
pub(super) fn answer(download: Download, part: &Part) -> Result<Response<Body>, Outside> {
    let bytes = part.bytes(download.length, &tag(&download))?;
    Ok(part_of(download, bytes))
}

fn tag(download: &Download) -> String {
    format!("\"{}\"", download.sha256)
}

/// The answer with these bytes of a file, or with all of them.
pub(super) fn part_of(download: Download, bytes: Option<(u64, u64)>) -> Response<Body> {
    let tag = tag(&download);
    let Download { name, file, length, sha256, headers } = download;
    let (first, end) = bytes.unwrap_or((0, length));
    let (sender, pieces) = mpsc::channel(PIECES);
    tokio::spawn(send(file, first, end, bytes.is_none().then(|| sha256.clone()), sender));
    let status = if bytes.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = respond::with_body(status, "application/octet-stream", Body::Coming(pieces));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(end - first));
    response.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    respond::add(&mut response, ETAG, &tag);
    respond::add(&mut response, CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    if bytes.is_some() {
        respond::add(&mut response, CONTENT_RANGE, &format!("bytes {first}-{}/{length}", end - 1));
    }
    if let Some(digest) = of_hex(&sha256) {
        respond::add(&mut response, REPR_DIGEST, &format!("sha-256=:{}:", BASE64.encode(digest)));
    }
    for (name, value) in headers {
        respond::add(&mut response, HeaderName::from_static(name), &value);
    }
    response
}

/// Sends a part of a file; the whole of it only if it has this hash. Ends without a word when something fails: then the
/// connection is cut.
async fn send(mut file: File, first: u64, end: u64, sha256: Option<String>, to: mpsc::Sender<Piece>) {
    let (mut at, mut hashing) = (first, sha256.is_some().then(|| Context::new(&SHA256)));
    while at < end {
        let wanted = (end - at).min(PIECE);
        let read = spawn_blocking(move || (read_at(&mut file, at, wanted), file)).await;
        let Ok((Ok(piece), back)) = read else {
            tracing::error!("a file that is handed out can't be read any more");
            return;
        };
        file = back;
        at += wanted;
        if let Some(hashing) = &mut hashing {
            hashing.update(&piece);
        }
        if at == end
            && let (Some(hashing), Some(sha256)) = (hashing.take(), &sha256)
            && of_hex(sha256).as_deref() != Some(hashing.finish().as_ref())
        {
            tracing::error!(sha256, "a file that is handed out was changed on the way");
            return;
        }
        if to.send(Piece::Data(piece)).await.is_err() {
            return;
        }
    }
    // A caller who is gone needs no end.
    let _ = to.send(Piece::End).await;
}

fn read_at(file: &mut File, at: u64, count: u64) -> io::Result<Bytes> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

fn of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? * 16 + digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"abc\"";

    fn bytes(range: &str, of: Option<&str>) -> Result<Option<(u64, u64)>, Outside> {
        Part { range: Some(range.to_owned()), of: of.map(str::to_owned) }.bytes(10, TAG)
    }

    #[test]
    fn the_rest_a_middle_and_the_end_can_be_asked_for() {
        for (range, part) in [
            ("bytes=0-", (0, 10)),
            ("bytes=4-", (4, 10)),
            ("bytes=4-4", (4, 5)),
            ("bytes=4-99", (4, 10)),
            ("bytes=-3", (7, 10)),
            ("bytes=-99", (0, 10)),
            ("BYTES = 4 - 5 ", (4, 6)),
            ("bytes=4-99999999999999999999999", (4, 10)),
        ] {
            assert_eq!(bytes(range, None), Ok(Some(part)), "{range}");
            assert_eq!(bytes(range, Some(TAG)), Ok(Some(part)), "{range}");
            assert_eq!(bytes(range, Some("\"other\"")), Ok(None), "of another file");
        }
    }

    #[test]
    fn what_is_outside_is_refused_and_what_makes_no_sense_is_no_part() {
        for range in ["bytes=10-", "bytes=99-100", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(bytes(range, None), Err(Outside(10)), "{range}");
        }
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=+1-2",
        ] {
            assert_eq!(bytes(range, None), Ok(None), "{range}");
        }
        assert_eq!(Part::default().bytes(10, TAG), Ok(None));
    }
}
