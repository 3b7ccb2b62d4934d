//! `multipart/form-data`, as browsers and curl send it (RFC 7578).
//!
//! Nothing is copied, and a body that is not whole is refused: half an upload must not look like a whole one.

use memchr::memmem;

/// The most parts of a form.
const MOST: usize = 32;
/// The longest boundary, with room over what the standard allows.
const LONGEST: usize = 200;
/// The longest headers of a part.
const HEADERS: usize = 8 << 10;

/// A form.
#[derive(Debug)]
pub struct Multipart<'b> {
    parts: Vec<Part<'b>>,
}

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub struct Part<'b> {
    /// Its name.
    pub name: String,
    /// The name of the file that it was.
    pub file_name: Option<String>,
    /// Its content.
    pub data: &'b [u8],
}

impl<'b> Multipart<'b> {
    /// Reads a form. A boundary that the header lacks, as when a client sets the header by hand, is taken from the body.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(content_type: Option<&str>, body: &'b [u8]) -> Result<Self, String> {
        let given = content_type.and_then(boundary);
        let boundary = given
            .or_else(|| first_line(body))
            .ok_or("The body is no form. Send multipart/form-data, as curl does with -F.")?;
        let delimiter = format!("\r\n--{boundary}");
        let mut rest = opened(body, &delimiter).ok_or("The form's first boundary is missing.")?;
        let finder = memmem::Finder::new(delimiter.as_bytes());
        let mut parts = Vec::new();
        loop {
            if rest.starts_with(b"--") {
                return Ok(Self { parts });
            }
            let content = line_end(rest).ok_or("The form is cut off or damaged after a boundary.")?;
            let end = finder.find(content).ok_or("The form is cut off: its last boundary is missing.")?;
            if parts.len() == MOST {
                return Err(format!("The form has more than {MOST} parts."));
            }
            parts.push(part(content.get(..end).unwrap_or_default())?);
            rest = content.get(end + delimiter.len()..).unwrap_or_default();
        }
    }

    /// The part of a name; the last one, where there are several.
    pub fn part(&self, name: &str) -> Option<&Part<'b>> {
        self.parts.iter().rev().find(|part| part.name == name)
    }
}

impl Part<'_> {
    /// Its content as a short text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.data).ok().map(str::trim)
    }

    /// The extension of its file name, in lower case.
    pub fn extension(&self) -> Option<String> {
        let (_, extension) = self.file_name.as_deref()?.rsplit_once('.')?;
        Some(extension.trim().to_ascii_lowercase())
    }
}

/// The boundary that a `Content-Type` names.
fn boundary(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';');
    if !parameters.next()?.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })?;
    (!value.is_empty() && value.len() <= LONGEST).then(|| value.to_owned())
}

/// The boundary that a body begins with.
fn first_line(body: &[u8]) -> Option<String> {
    let line = body.get(..LONGEST.min(body.len()))?.strip_prefix(b"--")?;
    let end = memmem::find(line, b"\r\n")?;
    let boundary = std::str::from_utf8(line.get(..end)?).ok()?;
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

/// What follows the first boundary.
fn opened<'b>(body: &'b [u8], delimiter: &str) -> Option<&'b [u8]> {
    if let Some(rest) = body.strip_prefix(delimiter.get(2..)?.as_bytes()) {
        return Some(rest);
    }
    let at = memmem::find(body, delimiter.as_bytes())?;
    body.get(at + delimiter.len()..)
}

fn line_end(rest: &[u8]) -> Option<&[u8]> {
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    // Keeps the line feed before a part without headers.
    rest.get(blanks..)?.strip_prefix(b"\r\n")
}

fn part(content: &[u8]) -> Result<Part<'_>, String> {
    let (headers, data) = match content.strip_prefix(b"\r\n") {
        Some(data) => (&b""[..], data),
        None => {
            let end =
                memmem::find(content, b"\r\n\r\n").ok_or("A part of the form has no end of its headers.")?;
            (content.get(..end).unwrap_or_default(), content.get(end + 4..).unwrap_or_default())
        }
    };
    if headers.len() > HEADERS {
        return Err(format!("The headers of a part of the form have more than {HEADERS} bytes."));
    }
    let headers = String::from_utf8_lossy(headers);
    let disposition = headers.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let disposition = disposition.ok_or("A part of the form has no Content-Disposition.")?;
    let name = parameter(disposition, "name").ok_or("A part of the form has no name.")?;
    Ok(Part { name, file_name: parameter(disposition, "filename"), data })
}

/// A parameter of a `Content-Disposition`, which may be quoted and hold `;` and `\"` then.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, next) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (value, next) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), next)
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = next.trim_start().trim_start_matches(';');
    }
}

fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => match letters.next()? {
                (_, escaped @ ('"' | '\\')) => value.push(escaped),
                // Some browsers send whole paths.
                (_, other) => value.extend(['\\', other]),
            },
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: Option<&str> = Some("multipart/form-data; boundary=\"AaB\"");
    const FORM: &str = "--AaB\r\nContent-Disposition: form-data; name=\"command\"\r\n\r\nshow version\r\n--AaB\r\n\
        content-disposition: form-data; filename=\"a;\\\"b.TXT\"; name=data\r\nContent-Type: text/plain\r\n\r\none\r\n--AaC\r\n\r\n--AaB--\r\n";

    #[test]
    fn parts_keep_every_byte() {
        let form = Multipart::parse(TYPE, FORM.as_bytes()).unwrap();
        assert_eq!(form.part("command").unwrap().text(), Some("show version"));
        let data = form.part("data").unwrap();
        assert_eq!((data.data, data.extension().as_deref()), (&b"one\r\n--AaC\r\n"[..], Some("txt")));
        assert_eq!(data.file_name.as_deref(), Some("a;\"b.TXT"));
        assert!(form.part("other").is_none());
    }

    #[test]
    fn a_boundary_that_the_header_lacks_is_taken_from_the_body() {
        for header in [None, Some("multipart/form-data"), Some("text/plain")] {
            assert!(Multipart::parse(header, FORM.as_bytes()).unwrap().part("data").is_some());
        }
    }

    #[test]
    fn a_form_that_is_cut_anywhere_is_refused() {
        let whole = FORM.len() - "\r\n".len();
        for end in 0..whole {
            assert!(Multipart::parse(TYPE, &FORM.as_bytes()[..end]).is_err(), "{end}");
        }
        assert!(Multipart::parse(TYPE, &FORM.as_bytes()[..whole]).is_ok());
    }

    #[test]
    fn no_bytes_make_it_fall_over() {
        for bytes in [
            &b"--\r\n"[..],
            b"--\r\n--\r\n",
            b"--a\r\n\r\n",
            b"--a--",
            b"--a\r\n\r\n\r\n--a--",
            b"\xff\xfe\r\n--",
        ] {
            drop(Multipart::parse(None, bytes));
        }
        let many = "--a\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n".repeat(40) + "--a--";
        assert!(Multipart::parse(None, many.as_bytes()).unwrap_err().contains("more than 32"));
    }
}
