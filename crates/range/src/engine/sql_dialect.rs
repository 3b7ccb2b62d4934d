//! Dialects over SQLite: statements of MySQL, SQL Server and Oracle are read with their own lexical rules, and what
//! people use in them is put into SQLite's words. Errors are said as those servers say them.

/// A dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite as it is.
    Sqlite,
    /// PostgreSQL itself.
    Postgres,
    /// MySQL's words.
    MySql,
    /// SQL Server's words.
    MsSql,
    /// Oracle's words.
    Oracle,
}

/// One statement after translation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Statement {
    /// For SQLite.
    Run(String),
    /// Wait so many seconds, where the condition holds (`WAITFOR DELAY`).
    Wait(f64, Option<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// A string's content.
    Text(String),
    Sign(String),
}

impl Dialect {
    /// Splits and translates what an application sends.
    pub(crate) fn translate(self, sql: &str) -> Result<Vec<Statement>, String> {
        if self == Self::Sqlite {
            return Ok(vec![Statement::Run(sql.to_owned())]);
        }
        let tokens = self.lex(sql)?;
        let mut statements = Vec::new();
        let pieces: Vec<_> = tokens.split(|token| *token == Token::Sign(";".to_owned())).collect();
        if pieces.iter().filter(|piece| !piece.is_empty()).count() > 1 && self != Self::MsSql {
            // One statement at a time is all that the drivers of these take.
            let rest = sql.split_once(';').map_or("", |(_, rest)| rest);
            return Err(self.syntax_error(rest.trim()));
        }
        for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
            let wait = if self == Self::MsSql { waitfor(piece) } else { None };
            let Some((before, seconds)) = wait else {
                statements.push(Statement::Run(self.render(piece)?));
                continue;
            };
            let condition = before.iter().position(|token| word_is(token, "IF"));
            if let Some(condition) = condition.and_then(|at| before.get(at + 1..)) {
                statements.push(Statement::Wait(seconds, Some(self.render(condition)?)));
                continue;
            }
            if !before.is_empty() {
                statements.push(Statement::Run(self.render(before)?));
            }
            statements.push(Statement::Wait(seconds, None));
        }
        Ok(statements)
    }

    /// The error for a statement that can't be read, near some text.
    pub(crate) fn syntax_error(self, near: &str) -> String {
        let near: String = near.chars().take(60).collect();
        match self {
            Self::Sqlite => format!("near \"{near}\": syntax error"),
            Self::Postgres => format!("ERROR:  syntax error at or near \"{near}\""),
            Self::MySql => format!(
                "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '{near}' at line 1"
            ),
            Self::MsSql => format!(
                "Microsoft OLE DB Provider for SQL Server error '80040e14': Incorrect syntax near '{near}'."
            ),
            Self::Oracle => "ORA-00933: SQL command not properly ended".to_owned(),
        }
    }

    /// The error for a string that does not end.
    pub(crate) fn unclosed(self, text: &str) -> String {
        match self {
            Self::MsSql => format!("Unclosed quotation mark after the character string '{text}'."),
            Self::Oracle => "ORA-01756: quoted string not properly terminated".to_owned(),
            Self::Postgres => format!("ERROR:  unterminated quoted string at or near \"'{text}\""),
            other => other.syntax_error(&format!("'{text}")),
        }
    }

    fn lex(self, sql: &str) -> Result<Vec<Token>, String> {
        let mut found = Vec::new();
        let mut rest = sql.trim_start();
        while let Some(first) = rest.chars().next() {
            let line_comment = (rest.starts_with("--")
                && (self != Self::MySql || rest.get(2..3).is_none_or(|c| c.trim().is_empty())))
                || (first == '#' && self == Self::MySql);
            if line_comment {
                rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            } else if rest.starts_with("/*!") && self == Self::MySql {
                // What stands in such a comment counts, a version number in front does not.
                rest = rest.get(3..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit());
            } else if self == Self::MySql && rest.starts_with("*/") {
                rest = rest.get(2..).unwrap_or_default();
            } else if let Some(inner) = rest.strip_prefix("/*") {
                rest = inner.split_once("*/").map_or("", |(_, rest)| rest);
            } else if first == '\'' || (first == '"' && self == Self::MySql) {
                let (text, length) = self
                    .string(rest, first)
                    .ok_or_else(|| self.unclosed(rest.get(1..).unwrap_or_default()))?;
                found.push(Token::Text(text));
                rest = rest.get(length..).unwrap_or_default();
            } else if first.is_alphanumeric() || "_@$".contains(first) {
                let length =
                    rest.find(|c: char| !c.is_alphanumeric() && !"_@$.".contains(c)).unwrap_or(rest.len());
                found.push(Token::Word(rest.get(..length).unwrap_or_default().to_owned()));
                rest = rest.get(length..).unwrap_or_default();
            } else {
                let sign = ["||", "&&", "<=", ">=", "<>", "!="].iter().find(|sign| rest.starts_with(**sign));
                let length = sign.map_or(first.len_utf8(), |sign| sign.len());
                found.push(Token::Sign(rest.get(..length).unwrap_or_default().to_owned()));
                rest = rest.get(length..).unwrap_or_default();
            }
            rest = rest.trim_start();
        }
        Ok(found)
    }

    fn string(self, text: &str, quote: char) -> Option<(String, usize)> {
        let mut inner = String::new();
        let mut chars = text.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && self == Self::MySql {
                inner.push(chars.next()?.1);
            } else if c == quote {
                if chars.peek().is_some_and(|(_, next)| *next == quote) {
                    chars.next();
                    inner.push(quote);
                } else {
                    return Some((inner, at + c.len_utf8()));
                }
            } else {
                inner.push(c);
            }
        }
        None
    }

    fn render(self, tokens: &[Token]) -> Result<String, String> {
        if self == Self::Oracle {
            let count = |word: &str| tokens.iter().filter(|token| word_is(token, word)).count();
            if count("SELECT") > count("FROM") {
                return Err("ORA-00923: FROM keyword not found where expected".to_owned());
            }
        }
        let mut out = String::new();
        for (at, token) in tokens.iter().enumerate() {
            let next_is = |sign: &str| tokens.get(at + 1) == Some(&Token::Sign(sign.to_owned()));
            let text_beside = || {
                [at.checked_sub(1), Some(at + 1)]
                    .into_iter()
                    .flatten()
                    .any(|beside| matches!(tokens.get(beside), Some(Token::Text(_))))
            };
            let written = match token {
                Token::Text(text) => format!("'{}'", text.replace('\'', "''")),
                Token::Sign(sign) if sign == "||" && self == Self::MySql => "OR".to_owned(),
                Token::Sign(sign) if sign == "&&" => "AND".to_owned(),
                Token::Sign(sign) if sign == "+" && self == Self::MsSql && text_beside() => "||".to_owned(),
                Token::Sign(sign) => sign.clone(),
                Token::Word(word) => self.word(word, next_is("(")),
            };
            // A call's bracket stands at its name.
            if !(written == "(" && matches!(tokens.get(at.wrapping_sub(1)), Some(Token::Word(_)))) {
                out.push(' ');
            }
            out.push_str(&written);
        }
        Ok(out)
    }

    fn word(self, word: &str, call: bool) -> String {
        let upper = word.to_ascii_uppercase();
        let renamed = match (self, upper.as_str(), call) {
            (Self::MySql, "IF", true) => "iif",
            (Self::MySql, "MID" | "SUBSTRING", true) => "substr",
            (Self::MySql | Self::Oracle | Self::MsSql, "ASCII" | "ORD", true) => "unicode",
            (Self::MySql | Self::MsSql, "CHAR", true) | (Self::Oracle, "CHR", true) => "char",
            (Self::MsSql, "LEN", true) => "length",
            (Self::MsSql, "SUBSTRING", true) => "substr",
            (Self::MsSql, "CONVERT", true) => "convert_to",
            (Self::MsSql, "INT" | "NVARCHAR" | "VARCHAR", false) if upper == "INT" => "'int'",
            (Self::MySql | Self::MsSql, "@@VERSION", _) => "server_version()",
            (Self::Oracle, "DBMS_PIPE.RECEIVE_MESSAGE", true) => "receive_message",
            (Self::Oracle, "DBMS_SESSION.SLEEP" | "DBMS_LOCK.SLEEP", true) => "sleep",
            (
                Self::Oracle,
                "UTL_INADDR.GET_HOST_NAME" | "UTL_INADDR.GET_HOST_ADDRESS" | "CTXSYS.DRITHSX.SN",
                true,
            ) => "host_name",
            (Self::Oracle, "V$VERSION", _) => "v_version",
            _ => word,
        };
        renamed.to_owned()
    }
}

fn word_is(token: &Token, wanted: &str) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted))
}

/// What stands before `WAITFOR DELAY '...'`, and the seconds.
fn waitfor(tokens: &[Token]) -> Option<(&[Token], f64)> {
    let at = tokens.iter().position(|token| word_is(token, "WAITFOR"))?;
    let Some(Token::Text(time)) = tokens.get(at + 2) else { return None };
    let seconds = time
        .split(':')
        .try_fold(0.0, |sum, part| part.trim().parse::<f64>().ok().map(|part| sum * 60.0 + part))?;
    Some((tokens.get(..at)?, seconds))
}
