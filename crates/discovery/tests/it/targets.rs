use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use discovery::{BadTarget, Targets};
use proptest::prelude::*;

/// Addresses of a small space of each family, so that ranges meet.
fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0u32..600).prop_map(|n| IpAddr::V4(Ipv4Addr::from_bits(0xC000_0200 + n))),
        (0u128..300).prop_map(|n| IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8u128 << 96) + n))),
        (0u32..30).prop_map(|n| IpAddr::V4(Ipv4Addr::from_bits(u32::MAX - n))),
        (0u32..30).prop_map(|n| IpAddr::V4(Ipv4Addr::from_bits(n))),
    ]
}

/// An expression and the addresses that it means.
fn expression() -> impl Strategy<Value = (String, BTreeSet<IpAddr>)> {
    let one = prop_oneof![
        address().prop_map(|a| (a.to_string(), BTreeSet::from([a]))),
        (address(), 0u8..40).prop_map(|(first, more)| {
            let all: BTreeSet<_> = (0..=more).map_while(|n| plus(first, n)).collect();
            (format!("{first}-{}", all.iter().next_back().unwrap()), all)
        }),
        (address(), 0u8..6).prop_map(|(a, rest)| {
            let length = if a.is_ipv4() { 32 } else { 128 } - rest;
            let base = match a {
                IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() >> rest << rest)),
                IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> rest << rest)),
            };
            (format!("{a}/{length}"), (0..1u8 << rest).map_while(|n| plus(base, n)).collect())
        }),
    ];
    prop::collection::vec(one, 0..5).prop_map(|all| {
        let words: Vec<_> = all.iter().map(|(word, _)| word.clone()).collect();
        (words.join(", "), all.into_iter().flat_map(|(_, set)| set).collect())
    })
}

fn plus(address: IpAddr, n: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(n.into()).map(|bits| Ipv4Addr::from_bits(bits).into()),
        IpAddr::V6(v6) => v6.to_bits().checked_add(n.into()).map(|bits| Ipv6Addr::from_bits(bits).into()),
    }
}

proptest! {
    #[test]
    fn an_expression_means_its_addresses_without_the_excluded_ones((text, all) in expression(), (without, gone) in expression()) {
        let (targets, excluded) = (Targets::parse(&text).unwrap(), Targets::parse(&without).unwrap());
        let found: Vec<_> = targets.addresses(&excluded, 1 << 20).unwrap().collect();
        let wanted: Vec<_> = all.difference(&gone).copied().collect();
        prop_assert_eq!(&found, &wanted, "{} without {}", text, without);
        prop_assert_eq!(targets.addresses(&excluded, 1 << 20).unwrap().total(), wanted.len() as u128);
        prop_assert!(all.iter().all(|address| targets.contains(*address)));
        prop_assert_eq!(Targets::parse(&targets.to_string()).unwrap(), targets);
    }

    #[test]
    fn whatever_is_written_is_read_or_refused(text in "[0-9a-f.:/,\\-\\[\\]%x ]{0,40}") {
        if let Ok(targets) = Targets::parse(&text) {
            prop_assert_eq!(Targets::parse(&targets.to_string()).unwrap(), targets);
        }
    }
}

#[test]
fn the_whole_of_ipv6_is_too_many_and_takes_no_time() {
    let all = Targets::parse("::/0, 0.0.0.0/0").unwrap();
    assert!(matches!(all.addresses(&Targets::default(), 1 << 20), Err(BadTarget::TooMany(_, _))));
}

#[test]
fn short_ranges_names_and_mistakes() {
    let targets = Targets::parse("192.0.2.250-252 Shop.lab.example. [::1]").unwrap();
    assert_eq!(targets.to_string(), "192.0.2.250-192.0.2.252,::1,shop.lab.example");
    assert!(matches!(Targets::parse("192.0.2.9-192.0.2.1"), Err(BadTarget::Backwards(_))));
    assert!(matches!(Targets::parse("192.0.2.1-::1"), Err(BadTarget::Backwards(_))));
    for wrong in ["192.0.2.1/33", "192.0.2.1/", "::1/129", "192.0.2.1/+8"] {
        assert!(matches!(Targets::parse(wrong), Err(BadTarget::Prefix(_, _))), "{wrong}");
    }
    for wrong in ["192.0.2", "256.1.1.1", "1.2.3.4.5", "a..b", "-x", "x/y", "192.0.2.1-x"] {
        assert!(matches!(Targets::parse(wrong), Err(BadTarget::Unreadable(_))), "{wrong}");
    }
    assert!(matches!(Targets::parse("fe80::1%eth0"), Err(BadTarget::Zone(_))));
}
