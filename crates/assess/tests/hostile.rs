//! Bad input gets a clear error or an honest *error* verdict, never a false *passed*.

mod common;

use assess::{Assessment, Device, InputError, Library, Policy, ReadOptions, Status, Verdict};
use common::all;

fn read(bytes: &[u8], technology: &str) -> Result<Device, InputError> {
    Device::read(bytes, &ReadOptions { technology: Some(technology.to_owned()), ..ReadOptions::default() })
}

fn verdicts(device: &Device) -> Vec<Verdict> {
    Assessment::of(device, &Library::builtin(), &Policy::default()).results
}

fn passed(device: &Device) -> Vec<u32> {
    verdicts(device).iter().filter(|v| v.status == Status::Passed).map(|v| v.control).collect()
}

#[test]
fn a_text_that_is_cut_off_anywhere_passes_nothing() {
    for sample in all() {
        if matches!(sample.family, "fabric-os" | "ontap") {
            continue; // Lists of keys have no end that could be missed; see the next test.
        }
        let bytes = sample.text.trim_end().as_bytes();
        let step = (bytes.len() / 150).max(1);
        for end in (1..bytes.len() - 1).step_by(step) {
            let cut = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let Ok(device) = read(cut.as_bytes(), sample.family) else { continue };
            // A transcript whose configuration ended before the cut is whole as far as the configuration goes.
            let whole = ["\nend\n", "\nreturn\n", "\ncore1# "]
                .iter()
                .filter(|m| sample.text.contains(**m))
                .any(|m| cut.contains(*m))
                && cut.contains("running-config") | cut.contains("display current");
            let ended = cut.trim_end().ends_with("end") && sample.family != "fortios"
                || cut.trim_end().ends_with("return");
            let closed = sample.family == "fortios" && cut.ends_with("\nend") || cut.ends_with("</config>");
            let by_line = cut.ends_with('\n') || cut.ends_with('}');
            if whole || ended || closed || by_line {
                continue;
            }
            assert_eq!(
                passed(&device),
                Vec::<u32>::new(),
                "{} cut at {end}: {:?}",
                sample.family,
                cut.lines().last()
            );
        }
    }
}

#[test]
fn a_missing_output_passes_nothing_that_rests_on_it() {
    let device =
        read(b"san1:admin> version\nFabric OS:  v9.1.1b\n\nsan1:admin> ", "fabric-os").expect("device");
    assert_eq!(passed(&device), [909027]);
}

#[test]
fn a_pager_that_was_left_passes_nothing() {
    let text = "core1# show running-config\n!Command: show running-config\nversion 9.3(5)\nhostname core1\nfeature ssh\n--More--\ncore1# ";
    let device = read(text.as_bytes(), "cisco-nxos").expect("device");
    assert_eq!(passed(&device), Vec::<u32>::new());
    assert!(verdicts(&device).iter().any(|v| v.reason.as_deref().is_some_and(|r| r.contains("pager"))));
}

#[test]
fn another_technology_is_flagged_and_not_guessed_away() {
    let samples = all();
    for shown in &samples {
        for declared in &samples {
            if shown.family == declared.family {
                continue;
            }
            match read(shown.text.as_bytes(), declared.family) {
                Err(InputError::NothingFound { .. }) => {}
                Err(other) => panic!("{} as {}: {other}", shown.family, declared.family),
                Ok(device) => {
                    let flagged = device.contradiction().is_some();
                    assert!(
                        flagged || passed(&device).is_empty(),
                        "{} passes as {}",
                        shown.family,
                        declared.family
                    );
                }
            }
        }
    }
}

#[test]
fn two_devices_in_one_file_are_flagged() {
    let one = "R1#show running-config\nversion 15.2\nhostname R1\nline con 0\nend\nR1#";
    let texts = [
        format!("{one}\n{}", one.replace("R1", "R2")),
        format!("{}\n{}", common::EOS, common::EOS.replace("leaf1", "leaf2")),
        format!("{}{}", common::JUNOS_SET, common::JUNOS_SET.replace("edge1", "edge2")),
        format!("{}{}", common::FORTIOS, common::FORTIOS.replace("fw-1", "fw-2")),
    ];
    for text in texts {
        let device = Device::read(text.as_bytes(), &ReadOptions::default()).expect("device");
        let reason = device.contradiction().unwrap_or_default();
        assert!(reason.contains("two devices"), "{reason:?} for {}", device.family());
        assert!(verdicts(&device).iter().all(|v| v.status == Status::Error));
    }
    let mixed = format!("{}{}", common::JUNOS_SET, common::ASA);
    let device = read(mixed.as_bytes(), "junos").expect("device");
    assert!(device.contradiction().is_some());
}

#[test]
fn a_few_lines_of_another_family_beside_a_whole_device_are_told() {
    let ios = "version 15.2\nservice password-encryption\nhostname R1\naaa new-model\nno ip http server\n\
               enable secret 9 $9$abcdefghij\nline con 0\n exec-timeout 5 0\nline vty 0 4\n transport input ssh\nend\n";
    for (few, other) in [
        ("#config-version=FGT60F-7.2.5\nconfig system global\n    set hostname \"fw\"\nend\n", "FortiOS"),
        ("version 21.4R3;\nsystem {\n    host-name edge1;\n}\n", "Junos"),
        ("set deviceconfig system hostname fw\n", "PAN-OS"),
    ] {
        for text in [format!("{few}{ios}"), format!("{ios}{few}")] {
            let device = Device::read(text.as_bytes(), &ReadOptions::default()).expect("device");
            let reason = device.contradiction().unwrap_or_default();
            assert!(reason.contains("a Cisco IOS device") && reason.contains(other), "{reason:?}");
            assert_eq!(passed(&device), Vec::<u32>::new());
        }
    }
    // A neighbour that a device tells of is no second device.
    let neighbours = "R1#show running-config\nversion 15.2\nhostname R1\nline con 0\nline vty 0 4\nend\n\
                      R1#show cdp neighbors detail\nDevice ID: N9K\nVersion :\n\
                      Cisco Nexus Operating System (NX-OS) Software, Version 9.3(5)\nR1#\n";
    let device = Device::read(neighbours.as_bytes(), &ReadOptions::default()).expect("device");
    assert_eq!(device.contradiction(), None);
}

#[test]
fn devices_of_two_families_in_one_file_pass_nothing() {
    let samples = all();
    for one in &samples {
        for other in samples.iter().filter(|other| other.family != one.family) {
            let text = format!("{}\n{}", one.text, other.text);
            let Ok(device) = Device::read(text.as_bytes(), &ReadOptions::default()) else { continue };
            let flagged = device.contradiction().is_some();
            assert!(
                flagged || passed(&device).is_empty(),
                "{} and {} pass as {}",
                one.family,
                other.family,
                device.family()
            );
        }
    }
}

#[test]
fn text_that_is_no_configuration_is_refused() {
    for family in assess::Family::ALL {
        let error = read(b"milk\neggs\nflour\n", family.slug()).expect_err("a shopping list");
        assert!(matches!(error, InputError::NothingFound { .. }), "{family}: {error}");
    }
    let error = Device::read(b"milk\neggs\n", &ReadOptions::default()).expect_err("a shopping list");
    assert!(error.to_string().contains("cisco-ios"));
}

#[test]
fn the_same_text_in_utf16_gives_the_same_verdicts() {
    for sample in all() {
        let plain = read(sample.text.as_bytes(), sample.family).expect("device");
        let utf16: Vec<u8> =
            std::iter::once(0xfeff).chain(sample.text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let wide = read(&utf16, sample.family).expect("device");
        assert_eq!(verdicts(&plain), verdicts(&wide), "{}", sample.family);
    }
}

#[test]
fn reading_twice_gives_the_same() {
    for sample in all() {
        let once = || {
            serde_json::to_string(&verdicts(&read(sample.text.as_bytes(), sample.family).expect("device")))
                .expect("json")
        };
        assert_eq!(once(), once());
    }
}

#[test]
fn depth_length_and_repetition_are_no_matter() {
    for hard in assess::bench::pathological(30) {
        let begin = std::time::Instant::now();
        if let Ok(device) = read(hard.text().as_bytes(), hard.family) {
            let _ = verdicts(&device);
            let _ = assess::mask_text(&device);
        }
        assert!(begin.elapsed().as_secs() < 10, "{} took {:?}", hard.name, begin.elapsed());
    }
}

#[test]
fn a_hundred_megabytes_are_refused_in_words() {
    let error = Device::read(&vec![b'a'; 100 << 20], &ReadOptions::default()).expect_err("too large");
    assert_eq!(error.to_string(), "the input has 104857600 bytes; at most 16777216 are read");
}
