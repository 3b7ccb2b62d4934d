//! Addresses as C libraries read them.

use std::net::Ipv4Addr;

/// Reads `127.1`, `2130706433`, `0x7f.0.0.1` and the like.
pub fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let room = 4 - first.len();
    if *last >= 1 << (8 * room) {
        return None;
    }
    let mut bits = *last;
    for (at, part) in first.iter().enumerate() {
        bits |= part << (8 * (3 - at));
    }
    u32::try_from(bits).ok().map(Ipv4Addr::from)
}

fn number(text: &str) -> Option<u64> {
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok();
    }
    if text.len() > 1 && text.starts_with('0') {
        return u64::from_str_radix(text, 8).ok();
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) { None } else { text.parse().ok() }
}
