//! Files that are an image for whoever looks at their first bytes, or at all of them, and a page and programs as well.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Crc;

use crate::http::encode;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// The first bytes of a GIF.
    Gif,
    /// A photograph, whole, with the program in a comment.
    Jpeg,
    /// A PNG, whole, with the program in a comment.
    Png,
    /// A drawing with a script.
    Svg,
    /// Nothing but programs.
    Script,
}

/// One grey dot each.
const JPEG: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z";
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";
/// Where comments go: behind the first part of each.
const BEHIND: (usize, usize) = (20, 33);

impl Content {
    /// The file, with a product to be worked out by programs, and a script that tells a number.
    pub(super) fn with(self, (a, b): (u32, u32), number: &str) -> String {
        let script = format!("alert({number})");
        match self {
            Self::Svg => svg(&format!("<script>{script}</script>")),
            Self::Script => format!("<?php echo {a}*{b}; ?><%= {a}*{b} %>\n"),
            _ => self.around(&format!(
                "<html><script>{script}</script><?php echo {a}*{b}; ?><%= {a}*{b} %></html>\n"
            )),
        }
    }

    /// The same kind of file without anything that runs.
    pub(super) fn harmless(self) -> String {
        match self {
            Self::Svg => svg("<title>x</title>"),
            Self::Script => "nothing\n".to_owned(),
            _ => self.around("<html><p>nothing</p></html>\n"),
        }
    }

    fn around(self, text: &str) -> String {
        let image = |text: &str| BASE64_STANDARD.decode(text).unwrap_or_default();
        let length = u32::try_from(text.len()).unwrap_or_default();
        let (mut whole, at, comment) = match self {
            Self::Jpeg => {
                // Marker and length, which counts itself.
                let [_, _, high, low] = (length + 2).to_be_bytes();
                (image(JPEG), BEHIND.0, [&[0xff, 0xfe, high, low], text.as_bytes()].concat())
            }
            Self::Png => {
                let chunk = [b"tEXtComment\0".as_slice(), text.as_bytes()].concat();
                let mut crc = Crc::new();
                crc.update(&chunk);
                let parts = [&(length + 8).to_be_bytes(), chunk.as_slice(), &crc.sum().to_be_bytes()];
                (image(PNG), BEHIND.1, parts.concat())
            }
            _ => return format!("GIF89a {text}"),
        };
        if at <= whole.len() {
            whole.splice(at..at, comment);
        }
        encode::bytes(&whole)
    }
}

fn svg(inner: &str) -> String {
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">{inner}</svg>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_whole_and_have_the_program() {
        let png = encode::content(&Content::Png.with((3, 5), "7"));
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        // Each chunk has the length that it says, and its own sum.
        let (mut at, mut names) = (8, Vec::new());
        while at < png.len() {
            let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
            let mut crc = Crc::new();
            crc.update(&png[at + 4..at + 8 + length]);
            assert_eq!(png[at + 8 + length..at + 12 + length], crc.sum().to_be_bytes());
            names.push(String::from_utf8(png[at + 4..at + 8].to_vec()).unwrap());
            at += 12 + length;
        }
        assert_eq!(names, ["IHDR", "tEXt", "IDAT", "IEND"]);
        let jpeg = encode::content(&Content::Jpeg.with((3, 5), "7"));
        assert_eq!(
            (&jpeg[..4], &jpeg[20..22], jpeg.len() - 2),
            (&b"\xff\xd8\xff\xe0"[..], &b"\xff\xfe"[..], jpeg.len() - 2)
        );
        let length = usize::from(u16::from_be_bytes([jpeg[22], jpeg[23]]));
        assert_eq!(jpeg[22 + length..][..2], [0xff, 0xdb]);
        for kind in [Content::Gif, Content::Jpeg, Content::Png, Content::Svg] {
            assert!(kind.with((3, 5), "7").contains("alert(7)") && !kind.harmless().contains("alert"));
        }
    }
}
