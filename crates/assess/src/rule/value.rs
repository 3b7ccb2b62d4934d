//! The values that data points are made of.

use serde::{Deserialize, Serialize};

/// What was found on a device for one question of a control.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Nothing, and the device has no default that the rule knows.
    Missing,
    /// On or off.
    Bool(bool),
    /// A whole number; durations are in seconds.
    Int(i64),
    /// A text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
    /// A secret, of which only this is kept.
    Secret {
        /// Characters.
        length: u32,
        /// Whether it is a word that every attacker tries first.
        well_known: bool,
    },
    /// Cannot be told, and why.
    Unknown(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("not set"),
            Self::Bool(true) => f.write_str("on"),
            Self::Bool(false) => f.write_str("off"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::List(items) if items.is_empty() => f.write_str("none"),
            Self::List(items) => f.write_str(&items.join(", ")),
            Self::Secret { length, well_known } => {
                let known = if *well_known { "a well-known word" } else { "no well-known word" };
                write!(f, "a secret of {length} characters, {known}")
            }
            Self::Unknown(reason) => write!(f, "unknown: {reason}"),
        }
    }
}

/// Words that attackers try first, as communities, keys and passwords; compared in lower case.
const WELL_KNOWN: &[&str] = &[
    "public",
    "private",
    "community",
    "secret",
    "cisco",
    "cisco123",
    "admin",
    "administrator",
    "password",
    "password1",
    "passw0rd",
    "p@ssw0rd",
    "default",
    "manager",
    "monitor",
    "read",
    "write",
    "ro",
    "rw",
    "rwa",
    "snmp",
    "snmpd",
    "test",
    "guest",
    "root",
    "system",
    "network",
    "security",
    "router",
    "switch",
    "juniper",
    "juniper123",
    "fortinet",
    "paloalto",
    "arista",
    "h3c",
    "hp",
    "huawei",
    "brocade",
    "fibranne",
    "netapp",
    "ilmi",
    "all private",
    "123456",
    "1234",
    "changeme",
    "letmein",
    "key",
    "radius",
    "tacacs",
    "sharedsecret",
    "testing123",
    "ntp",
    "common",
    "orig_equip_mfr",
    "originalcommunity",
    "origequipmfr",
    "secret c0de",
    "fibrechannel",
];

pub(crate) fn secret(text: &str) -> Value {
    let well_known = WELL_KNOWN.contains(&text.to_ascii_lowercase().as_str());
    Value::Secret { length: crate::text::offset(text.chars().count()), well_known }
}

/// The kind of storage a password or key was given, weakest first, and its rank. Unknown kinds have none.
const STRENGTHS: &[(&str, u8)] = &[
    ("plain", 0),
    ("type-0", 0),
    ("reversible", 1),
    ("type-7", 1),
    ("type-6", 2),
    ("des", 2),
    ("type-4", 2),
    ("md5", 3),
    ("type-5", 3),
    ("sha1", 4),
    ("sha256", 5),
    ("pbkdf2", 6),
    ("type-8", 6),
    ("sha512", 6),
    ("type-10", 6),
    ("bcrypt", 7),
    ("scrypt", 7),
    ("type-9", 7),
    ("yescrypt", 8),
];

/// How strong a kind of storage is; a bare digit is a Cisco type.
pub(crate) fn strength(name: &str) -> Option<u8> {
    let lower = name.to_ascii_lowercase();
    let typed = format!("type-{lower}");
    STRENGTHS.iter().find(|(known, _)| *known == lower || *known == typed).map(|(_, rank)| *rank)
}

/// How a stored password was hashed, by the marks in front of it.
pub(crate) fn hash_kind(text: &str, family: crate::family::Family) -> &'static str {
    let reversible_nine = family == crate::family::Family::Junos;
    let marks: &[(&str, &str)] = &[
        ("$1$", "md5"),
        ("$2a$", "bcrypt"),
        ("$2b$", "bcrypt"),
        ("$2y$", "bcrypt"),
        ("$5$", "sha256"),
        ("$6$", "sha512"),
        ("$y$", "yescrypt"),
        ("$7$", "scrypt"),
        ("$gy$", "yescrypt"),
        ("$8$", "pbkdf2"),
        ("$h$6$", "sha512"),
        ("$c$", "reversible"),
        ("$sha1$", "sha1"),
        ("$nt$", "md5"),
        ("ENC SH2", "sha256"),
        ("SH2", "sha256"),
        ("ENC AK1", "sha1"),
        ("AK1", "sha1"),
        ("ENC PB2", "pbkdf2"),
        ("PB2", "pbkdf2"),
        ("ENC ", "reversible"),
    ];
    let text = text.trim_matches('"');
    if text.starts_with("$9$") {
        return if reversible_nine { "reversible" } else { "scrypt" };
    }
    marks.iter().find(|(mark, _)| text.starts_with(mark)).map_or("plain", |(_, kind)| kind)
}

/// A length of time in seconds: `300`, `5m`, `1h30m`, `10 min`, `0:05:00`.
pub(crate) fn duration(text: &str) -> Option<i64> {
    if text.contains(':') {
        let parts: Vec<i64> = text.split(':').map(|p| p.trim().parse().ok()).collect::<Option<_>>()?;
        return parts.iter().try_fold(0_i64, |sum, part| sum.checked_mul(60)?.checked_add(*part));
    }
    let (mut total, mut rest) = (0_i64, text.trim());
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(letters);
        let seconds = match unit.chars().next() {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(seconds)?)?;
        rest = next.trim_start();
    }
    (!text.trim().is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Family;

    #[test]
    fn durations_are_seconds() {
        for (text, seconds) in [
            ("300", Some(300)),
            ("5m", Some(300)),
            ("1h30m", Some(5400)),
            ("10 min", Some(600)),
            ("0:05:00", Some(300)),
            ("abc", None),
            ("", None),
            ("9999999999999999999", None),
        ] {
            assert_eq!(duration(text), seconds, "{text}");
        }
    }

    #[test]
    fn hashes_are_told_by_their_marks_and_family() {
        assert_eq!(hash_kind("$9$abc", Family::Junos), "reversible");
        assert_eq!(hash_kind("$9$abc", Family::CiscoIos), "scrypt");
        assert_eq!(hash_kind("\"$6$x$y\"", Family::Junos), "sha512");
        assert_eq!(hash_kind("cisco", Family::CiscoIos), "plain");
        assert!(strength("9") > strength("5") && strength("sha512") > strength("md5"));
    }

    #[test]
    fn secrets_are_not_kept() {
        assert_eq!(secret("PUBLIC"), Value::Secret { length: 6, well_known: true });
        assert!(!secret("Zk4-hollow").to_string().contains("Zk4"));
    }
}
