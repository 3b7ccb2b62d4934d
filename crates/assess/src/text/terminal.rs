//! What a terminal would have shown of one line: carriage returns, backspaces, escapes and pagers undone.

use std::sync::OnceLock;

use regex::Regex;

/// Cursor-forward escapes move within this many columns only, so that short escapes cannot make long lines.
const FORWARD: usize = 512;

/// Appends what `line` shows to `out`; true when a pager was removed from it.
pub(super) fn show(line: &str, out: &mut String) -> bool {
    if memchr::memchr3(b'\r', 8, 27, line.as_bytes()).is_none() && !line.contains('\u{7}') {
        return without_pager(line, out);
    }
    let shown = Screen::default().draw(line);
    without_pager(&shown, out)
}

fn without_pager(line: &str, out: &mut String) -> bool {
    let mut rest = line;
    let mut removed = false;
    // A pager starts with a hyphen, `<`, `l` or `P` after blanks: most lines are let through without the pattern.
    while matches!(rest.trim_start().as_bytes().first(), Some(b'-' | b'<' | b'l' | b'P' | b'p'))
        && let Some(found) = pager().find(rest)
    {
        removed = true;
        rest = rest.get(found.end()..).unwrap_or_default();
        // A pager that was overwritten with blanks leaves nine of them in front of the next line.
        rest = rest.strip_prefix("         ").unwrap_or(rest);
    }
    out.push_str(rest);
    removed
}

fn pager() -> &'static Regex {
    static PAGER: OnceLock<Regex> = OnceLock::new();
    #[expect(clippy::expect_used, reason = "a constant pattern, compiled by every test run")]
    PAGER.get_or_init(|| {
        Regex::new(
            r"(?i)^\s*(?:-{2,4} ?\(?more(?: ?\d{1,3}%)?\)? ?-{2,4}|<--- more --->|lines \d+-\d+(?:/\d+)?(?: \(END\)| \d+%)?$|Press any key to continue \(Q to quit\))",
        )
        .expect("the pager pattern is valid")
    })
}

/// One line of a terminal.
#[derive(Default)]
struct Screen {
    cells: Vec<char>,
    column: usize,
}

impl Screen {
    fn draw(mut self, line: &str) -> String {
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => self.column = 0,
                '\u{8}' => self.column = self.column.saturating_sub(1),
                '\u{7}' => {}
                '\u{1b}' => self.escape(&mut chars),
                c => self.put(c),
            }
        }
        let text: String = self.cells.into_iter().collect();
        text.trim_end().to_owned()
    }

    fn put(&mut self, c: char) {
        match self.cells.get_mut(self.column) {
            Some(cell) => *cell = c,
            None => {
                self.cells.resize(self.column, ' ');
                self.cells.push(c);
            }
        }
        self.column += 1;
    }

    fn escape(&mut self, chars: &mut std::str::Chars<'_>) {
        match chars.clone().next() {
            Some('[') => {
                chars.next();
                self.control(chars);
            }
            Some(']') => {
                for c in chars.by_ref() {
                    if matches!(c, '\u{7}' | '\\') {
                        break;
                    }
                }
            }
            Some(_) => {
                chars.next();
            }
            None => {}
        }
    }

    /// A control sequence: digits and separators, then the letter that says what to do.
    fn control(&mut self, chars: &mut std::str::Chars<'_>) {
        let mut number = 0_usize;
        for c in chars.by_ref() {
            match c {
                '0'..='9' => number = number.saturating_mul(10).saturating_add(c as usize - '0' as usize),
                '\u{20}'..='\u{3f}' => {}
                'C' => {
                    return self.column =
                        (self.column.saturating_add(number.max(1))).min(FORWARD.max(self.column));
                }
                'D' => return self.column = self.column.saturating_sub(number.max(1)),
                'G' => return self.column = number.saturating_sub(1).min(self.cells.len()),
                'K' if number == 2 => return self.cells.clear(),
                'K' if number == 1 => {
                    return self.cells.iter_mut().take(self.column).for_each(|cell| *cell = ' ');
                }
                'K' => return self.cells.truncate(self.column),
                _ => return,
            }
        }
    }
}
