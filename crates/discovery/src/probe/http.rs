//! What a web server says of itself in its first answer.

use crate::model::HttpService;
use crate::text::printable;

/// Most bytes of an answer that are read: the title stands at the top.
pub(super) const MOST: usize = 128 * 1024;
const HEADERS: usize = 100;
const VALUE: usize = 512;

/// Asks for the front page.
pub(super) fn request(host: &str) -> Vec<u8> {
    format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: redoubt-discovery\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}

/// Whether the answer says all that is wanted: its header, and the title or the end of what could hold it.
pub(super) fn is_enough(bytes: &[u8]) -> bool {
    let Some(head) = head_length(bytes) else { return bytes.len() >= 5 && !bytes.starts_with(b"HTTP/") };
    let body = bytes.get(head..).unwrap_or_default();
    if find(body, b"</title").is_some() {
        return true;
    }
    let head = String::from_utf8_lossy(bytes.get(..head).unwrap_or_default()).to_ascii_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let is_empty = head.starts_with("http/1.1 204") || head.starts_with("http/1.1 304");
    is_empty || length.is_some_and(|length| body.len() >= length) || body.ends_with(b"\r\n0\r\n\r\n")
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|at| at + 4).or_else(|| find(bytes, b"\n\n").map(|at| at + 2))
}

/// Reads an answer to `GET url`; none when it is not HTTP. A header that is broken or cut off gives what came before.
#[must_use]
pub fn read(bytes: &[u8], url: &str) -> Option<HttpService> {
    let line_end = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    let line = String::from_utf8_lossy(bytes.get(..line_end)?);
    let mut words = line.trim_end().splitn(3, ' ');
    let version = words.next()?.strip_prefix("HTTP/")?;
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let status = words.next()?.parse().ok().filter(|status| (100..1000).contains(status))?;
    let mut service = HttpService { url: url.to_owned(), status, ..HttpService::default() };
    let end = head_length(bytes).unwrap_or(bytes.len());
    let head = bytes.get(line_end..end).unwrap_or_default();
    let (mut is_chunked, mut headers) = (false, 0);
    for line in head.split(|b| *b == b'\n').take(HEADERS * 4) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        headers += 1;
        if headers > HEADERS {
            break;
        }
        let (name, value) = line.split_at(colon);
        let value = printable(value.get(1..).unwrap_or_default(), VALUE);
        let value = (!value.is_empty()).then_some(value);
        match String::from_utf8_lossy(name).trim().to_ascii_lowercase().as_str() {
            "server" => service.server = service.server.or(value),
            "location" if (300..400).contains(&status) => service.redirect = service.redirect.or(value),
            "x-powered-by" => service.powered_by = service.powered_by.or(value),
            "content-type" => service.content_type = service.content_type.or(value),
            "transfer-encoding" => {
                is_chunked = value.is_some_and(|v| v.to_ascii_lowercase().contains("chunked"))
            }
            _ => {}
        }
    }
    let body = bytes.get(end..).unwrap_or_default();
    service.title = if is_chunked { title(&joined(body)) } else { title(body) };
    Some(service)
}

/// The parts of a chunked body, as far as they are there (RFC 9112, 7.1).
fn joined(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = body.iter().position(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(body.get(..end).unwrap_or_default()).into_owned();
        let size = line.trim().split(';').next().and_then(|hex| usize::from_str_radix(hex.trim(), 16).ok());
        let rest = body.get(end + 1..).unwrap_or_default();
        let Some(size) = size.filter(|size| *size > 0) else { break };
        out.extend(rest.iter().take(size));
        body = rest.get(size.saturating_add(2)..).unwrap_or_default();
    }
    out
}

fn title(body: &[u8]) -> Option<String> {
    let begin = find(body, b"<title")?;
    let rest = body.get(begin..)?;
    let open = rest.iter().position(|b| *b == b'>')?;
    let inner = rest.get(open + 1..)?;
    let close = find(inner, b"</title")?;
    let text = printable(inner.get(..close)?, VALUE);
    let text = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;"]
        .iter()
        .zip(["&", "<", ">", "\"", "'", " "])
        .rev()
        .fold(text, |text, (entity, character)| text.replace(entity, character));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// Where a word in lower case begins, whatever the case of the text.
fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|part| part.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_read() {
        let answer =
            b"HTTP/1.1 302 Found\r\nServer: nginx/1.22.1\r\nlocation: /login\r\nX-Powered-By: PHP/8.2\r\n\
            Content-Type: text/html\r\n\r\n<html><TITLE lang=en>\n  Shop &amp; Lab </TITLE>";
        let read = read(answer, "http://192.0.2.1/").unwrap();
        assert_eq!((read.status, read.server.as_deref()), (302, Some("nginx/1.22.1")));
        assert_eq!((read.title.as_deref(), read.redirect.as_deref()), (Some("Shop & Lab"), Some("/login")));
        assert_eq!(read.powered_by.as_deref(), Some("PHP/8.2"));
    }

    #[test]
    fn a_title_in_two_chunks_is_one() {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<title>ab\r\nc\r\ncd</title></x\r\n0\r\n\r\n";
        assert_eq!(read(answer, "u").unwrap().title.as_deref(), Some("abcd"));
        assert!(
            is_enough(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                && !is_enough(b"HTTP/1.1 200 OK\r\n")
        );
    }

    #[test]
    fn what_is_not_http_is_not_taken_for_it() {
        for other in
            [&b"RTSP/1.0 400 Bad\r\n\r\n"[..], b"HTTP/x 200", b"HTTP/1.1 abc", b"HTTP/1.1 99 x", b"", b"HTTP"]
        {
            assert_eq!(read(other, "u"), None, "{}", String::from_utf8_lossy(other));
        }
        assert_eq!(
            read(b"HTTP/1.0 200 OK\nServer: old\x1b[31m\n\nx", "u").unwrap().server.as_deref(),
            Some("old[31m")
        );
    }
}
