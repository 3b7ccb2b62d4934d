//! What goes into empty fields of forms, by their names and kinds ("Initial Parameters").

use crate::page::Control;

/// A value for a control that has none.
#[must_use]
pub fn value(control: &Control) -> String {
    let name = control.name.to_ascii_lowercase();
    let by_kind = match control.kind.as_str() {
        "email" => Some("scan@example.com"),
        "url" => Some("http://www.example.com/"),
        "tel" => Some("2125550100"),
        "number" | "range" => Some("1"),
        "date" => Some("2026-01-15"),
        "datetime-local" => Some("2026-01-15T10:00"),
        "time" => Some("10:00"),
        "month" => Some("2026-01"),
        "week" => Some("2026-W03"),
        "color" => Some("#336699"),
        "password" => Some("Passw0rd!x7"),
        _ => None,
    };
    if let Some(value) = by_kind {
        return value.to_owned();
    }
    const BY_NAME: &[(&str, &str)] = &[
        ("mail", "scan@example.com"),
        ("phone", "2125550100"),
        ("fax", "2125550101"),
        ("zip", "10001"),
        ("postal", "10001"),
        ("country", "US"),
        ("city", "New York"),
        ("state", "NY"),
        ("street", "1 Main Street"),
        ("address", "1 Main Street"),
        ("date", "2026-01-15"),
        ("year", "2026"),
        ("url", "http://www.example.com/"),
        ("website", "http://www.example.com/"),
        ("price", "10"),
        ("amount", "10"),
        ("quantity", "1"),
        ("qty", "1"),
        ("age", "30"),
        ("id", "1"),
        ("num", "1"),
        ("user", "scan"),
        ("login", "scan"),
        ("pass", "Passw0rd!x7"),
        ("name", "Scan"),
        ("subject", "Question"),
        ("title", "Question"),
        ("message", "A short question."),
        ("comment", "A short comment."),
        ("text", "A short text."),
        ("search", "test"),
        ("query", "test"),
    ];
    BY_NAME.iter().find(|(part, _)| name.contains(part)).map_or("test", |(_, value)| value).to_owned()
}

/// Whether a hidden field or a name looks like a token that is made anew for each form.
#[must_use]
pub fn is_token(control: &Control) -> bool {
    const NAMES: &[&str] =
        &["csrf", "xsrf", "token", "nonce", "authenticity", "requestverification", "__viewstate", "_wpnonce"];
    let name = control.name.to_ascii_lowercase();
    control.kind == "hidden"
        && !control.value.is_empty()
        && (NAMES.iter().any(|part| name.contains(part)) || is_random(&control.value))
}

/// Whether a value looks drawn by chance: long, and letters and digits mixed.
fn is_random(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-.".contains(&byte));
    value.len() >= 16 && is_plain && digits >= 3 && letters >= 3
}

/// A regular expression that takes the value of a field with this name from a page.
#[must_use]
pub fn capture(name: &str) -> String {
    let name = regex::escape(name);
    format!(
        r#"(?i)<input[^>]*\bname\s*=\s*["']?{name}["']?[^>]*\bvalue\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))|<input[^>]*\bvalue\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))[^>]*\bname\s*=\s*["']?{name}["'\s/>]"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(name: &str, value: &str) -> Control {
        Control {
            name: name.into(),
            kind: "hidden".into(),
            value: value.into(),
            options: Vec::new(),
            label: String::new(),
            autocomplete: None,
            is_on: true,
        }
    }

    #[test]
    fn tokens_are_known_and_taken_anew() {
        assert!(is_token(&hidden("csrf_token", "abc")) && is_token(&hidden("x", "9f8a7b6c5d4e3f2a1b0c")));
        assert!(!is_token(&hidden("step", "2")) && !is_token(&hidden("return", "/account/overview/page")));
        let regex = regex::Regex::new(&capture("t[k]")).unwrap();
        let taken = |html: &str| {
            let found = regex.captures(html)?;
            found.iter().skip(1).flatten().next().map(|m| m.as_str().to_owned())
        };
        assert_eq!(taken("<input type=hidden name='t[k]' value=\"v1\">").as_deref(), Some("v1"));
        assert_eq!(taken("<input value=v2 name=t[k]>").as_deref(), Some("v2"));
        assert_eq!(taken("<input name=other value=v>"), None);
    }
}
