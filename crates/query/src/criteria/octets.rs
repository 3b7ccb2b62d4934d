//! IPv4 addresses with `*` for whole octets (`contract/was.md 4.3`).

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Bound;

use crate::{Test, Value};

/// The test of an address with stars; none if a star stands for the first octet or for a part of one, or if there are not
/// four octets.
pub(super) fn test(text: &str) -> Option<Test> {
    let octets: Vec<Option<u8>> = text.split('.').map(octet).collect::<Option<_>>()?;
    let (Some(Some(first)), 4) = (octets.first(), octets.len()) else { return None };
    let known = octets.iter().take_while(|octet| octet.is_some()).count();
    if octets.iter().skip(known).all(Option::is_none) {
        let ends = |unknown: u8| {
            let mut bytes = octets.iter().map(|octet| octet.unwrap_or(unknown));
            let mut next = || bytes.next().unwrap_or(unknown);
            let address = IpAddr::V4(Ipv4Addr::new(next(), next(), next(), next()));
            Bound::Included(Value::Address(address))
        };
        return Some(Test::Range(ends(0), ends(u8::MAX)));
    }
    // A known octet after a star: as text, where four octets leave each star exactly one.
    let mut parts = vec![first.to_string()];
    for octet in octets.iter().skip(1) {
        let last = parts.last_mut()?;
        last.push('.');
        match octet {
            Some(number) => last.push_str(&number.to_string()),
            None => parts.push(String::new()),
        }
    }
    Some(Test::Pattern(parts))
}

/// `None` for what is no octet, `Some(None)` for any.
fn octet(text: &str) -> Option<Option<u8>> {
    if text == "*" {
        return Some(None);
    }
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok().map(Some)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Kind, ValueRef, matcher::test_value};

    fn holds(pattern: &str, address: &str) -> bool {
        let test = test(pattern).unwrap_or_else(|| panic!("{pattern}"));
        test_value(&test, Kind::Address, ValueRef::Address(address.parse().unwrap()))
    }

    #[test]
    fn stars_stand_for_whole_octets() {
        for (pattern, inside, outside) in [
            ("10.11.196.*", "10.11.196.0", "10.11.197.0"),
            ("10.11.*.*", "10.11.255.255", "10.12.0.0"),
            ("10.*.*.*", "10.0.0.1", "100.0.0.1"),
            ("10.*.3.4", "10.200.3.4", "10.200.3.44"),
            ("10.*.3.*", "10.1.3.9", "10.1.33.9"),
            ("10.*.*.1", "10.2.3.1", "10.2.1.3"),
        ] {
            assert!(holds(pattern, inside), "{pattern} {inside}");
            assert!(!holds(pattern, outside), "{pattern} {outside}");
            assert!(!holds(pattern, "::ffff:10.11.196.1"), "{pattern}");
        }
    }

    #[test]
    fn other_stars_are_refused() {
        for wrong in [
            "*.123.123.123",
            "1*.123.123.123",
            "*1.123.123.123",
            "*1.2.3.4",
            "10.1*.1.1",
            "10.*1.1.1",
            "10.**.1.1",
            "10.*",
            "10.*.*",
            "10.*.*.*.*",
            "10.*.*.256",
            "10.*.*.+1",
            "10.*..1",
            "*",
            "2001:db8::*",
        ] {
            assert!(test(wrong).is_none(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_holds_if_each_octet_does(
            octets in prop::array::uniform4(prop::option::weighted(0.6, 0u8..12)),
            address in prop::array::uniform4(0u8..12),
        ) {
            let shown = |octet: &Option<u8>| octet.map_or_else(|| "*".to_owned(), |number| number.to_string());
            let pattern = octets.iter().map(shown).collect::<Vec<_>>().join(".");
            let each = octets.iter().zip(&address).all(|(octet, own)| octet.is_none_or(|octet| octet == *own));
            let value = ValueRef::Address(IpAddr::V4(Ipv4Addr::from(address)));
            if octets[0].is_some() {
                let test = test(&pattern).unwrap();
                prop_assert_eq!(test_value(&test, Kind::Address, value), each, "{}", pattern);
            } else {
                prop_assert!(test(&pattern).is_none());
            }
        }
    }
}
