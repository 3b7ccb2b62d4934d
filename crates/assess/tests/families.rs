//! Every family: recognised, read without losing a line, and printed back to the same tree.

#![expect(clippy::expect_used, reason = "a test that cannot go on should say so")]

mod common;

use assess::{
    Assessment, Device, Family, Library, Limits, LineUse, NodeId, Policy, ReadOptions, Status, Tree,
    invariants,
};
use common::all;
use proptest::prelude::*;

fn read(text: &str) -> Device {
    Device::read(text.as_bytes(), &ReadOptions::default()).expect("a device")
}

#[test]
fn every_family_is_told_from_its_text_with_name_and_version() {
    for sample in all() {
        let device = read(&sample.text);
        assert_eq!(device.family().slug(), sample.family);
        assert_eq!(device.hostname(), Some(sample.name), "{}", sample.family);
        assert_eq!(device.version().unwrap_or_default(), sample.version, "{}", sample.family);
        assert_eq!(device.contradiction(), None, "{}", sample.family);
    }
}

#[test]
fn controls_of_every_family_give_verdicts_and_not_only_errors() {
    for sample in all() {
        let device = read(&sample.text);
        let assessment = Assessment::of(&device, &Library::builtin(), &Policy::default());
        let told = assessment.count(Status::Passed) + assessment.count(Status::Failed);
        let controls = Library::builtin().of(device.family()).len();
        assert!(
            controls == 0 || told * 2 > controls || sample.family == "fabric-os",
            "{}: {told} of {controls}",
            sample.family
        );
    }
}

fn check_lines(device: &Device) {
    invariants::no_line_is_lost(device).expect("no line is lost");
}

#[test]
fn no_line_of_any_family_is_lost() {
    for sample in all() {
        check_lines(&read(&sample.text));
    }
}

#[test]
fn statements_of_a_configuration_are_never_called_noise() {
    for sample in all() {
        let device = read(&sample.text);
        for (at, used) in device.line_uses().iter().enumerate() {
            let line = device.text().line(at as u32 + 1);
            let statement = line.starts_with("set ")
                || line.starts_with("interface ")
                || line.trim().starts_with("edit ");
            if statement {
                assert!(matches!(used, LineUse::Statement), "{}: {line:?} is {used:?}", sample.family);
            }
        }
    }
}

fn check_round_trip(device: &Device) {
    invariants::trees_print_back(device).expect("the same tree");
}

#[test]
fn trees_print_back_to_text_that_gives_the_same_tree() {
    for sample in all() {
        check_round_trip(&read(&sample.text));
    }
}

fn paths(tree: &Tree) -> Vec<String> {
    let mut found: Vec<String> = tree.walk().map(|(_, n): (usize, NodeId)| tree.path(n).join("/")).collect();
    found.sort();
    found
}

#[test]
fn both_notations_of_junos_give_the_same_tree() {
    let (brace, set) = (read(common::JUNOS_BRACE), read(common::JUNOS_SET));
    let tree = |d: &Device| paths(d.tree("configuration").expect("configuration"));
    assert_eq!(tree(&brace), tree(&set));
}

#[test]
fn line_numbers_survive_pagers_and_prompts() {
    let device = read(common::IOS);
    let tree = device.tree("running-config").expect("configuration");
    for (_, node) in tree.walk() {
        let line = device.text().line(tree.line(node));
        assert!(line.contains(tree.text(node).trim()), "{:?} is not on its line {line:?}", tree.text(node));
    }
}

#[test]
fn groups_of_junos_are_in_force() {
    let text = "set version 20.4R3\nset groups G system services telnet\nset groups G interfaces <ge-*> description x\nset apply-groups G\nset system host-name a\nset interfaces ge-0/0/0 unit 0\n";
    let verdicts = Assessment::of(&read(text), &Library::builtin(), &Policy::default());
    let telnet = verdicts.results.iter().find(|v| v.control == 904001).expect("control");
    assert_eq!(telnet.status, Status::Failed);
    assert_eq!(telnet.evidence[0].text, "system services telnet");
}

#[test]
fn a_configuration_may_come_in_any_layout() {
    let config = "version 15.2\nhostname R1\nip http server\nline con 0\nend\n";
    let layouts = [
        config.to_owned(),
        format!("=== show running-config ===\n{config}=== show clock ===\nnoon\n"),
        format!("### show run ###\n{config}"),
        format!("!--- show running-config\n{config}"),
        format!("# COMMAND: show running-config\n{config}"),
        format!("-----BEGIN show running-config-----\n{config}-----END show running-config-----\ntrailing\n"),
        format!("R1#sh run\n{config}R1#show clock\nnoon\nR1#"),
        format!("R1>enable\nPassword:\nR1#show running-config | no-more\n{config}R1#"),
    ];
    for text in layouts {
        let device = read(&text);
        let http = Assessment::of(&device, &Library::builtin(), &Policy::default());
        let verdict = http.results.iter().find(|v| v.control == 901009).expect("control");
        assert_eq!(verdict.status, Status::Failed, "{text}");
        assert_eq!(verdict.evidence[0].text, "ip http server");
        assert_eq!(device.text().line(verdict.evidence[0].line), "ip http server");
        check_lines(&device);
    }
}

#[test]
fn a_rejected_command_counts_as_absent() {
    let text = "R1#show running-config\n                ^\n% Invalid input detected at '^' marker.\n\nR1#show version\nCisco IOS Software, Version 15.2(4)E7, x\nR1#";
    let assessment = Assessment::of(&read(text), &Library::builtin(), &Policy::default());
    assert!(assessment.results.iter().all(|v| v.status != Status::Passed && v.status != Status::Failed));
    assert!(assessment.results[0].reason.as_deref().is_some_and(|r| r.contains("rejected")));
}

fn family_and_lines() -> impl Strategy<Value = (Family, Vec<String>)> {
    let word = prop_oneof![
        "[a-z]{1,8}",
        "[0-9]{1,3}",
        Just("\"a b\"".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just(";".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("<v>".to_owned())
    ];
    let first = prop_oneof![
        "[a-z]{1,8}",
        Just("set".to_owned()),
        Just("config".to_owned()),
        Just("edit".to_owned()),
        Just("next".to_owned()),
        Just("end".to_owned()),
        Just("no".to_owned()),
        Just("banner motd ^C".to_owned()),
        Just("deactivate".to_owned()),
        Just("#".to_owned()),
        Just("!".to_owned()),
        Just("return".to_owned()),
        Just("certificate".to_owned())
    ];
    let line = (0..6_usize, first, proptest::collection::vec(word, 0..5))
        .prop_map(|(indent, first, words)| format!("{}{first} {}", " ".repeat(indent), words.join(" ")));
    let families = proptest::sample::select(Family::ALL.to_vec());
    (families, proptest::collection::vec(line, 1..40))
}

proptest! {
    #[test]
    fn random_configurations_lose_no_line_and_round_trip((family, lines) in family_and_lines()) {
        let main = family.commands()[0].id.to_owned();
        let text = lines.join("\n") + "\n";
        let device = Device::assemble(family, &[(main, text)], None).expect("device");
        check_lines(&device);
        invariants::check(&device).expect("what always holds");
    }

    #[test]
    fn damaged_uploads_never_panic_and_keep_their_lines(
        which in 0..15_usize, edits in proptest::collection::vec((any::<u32>(), 0..40_usize, "[ -~\n\u{e9}\u{1b}\u{8}\r]{0,12}"), 1..12)
    ) {
        let Some(sample) = all().into_iter().nth(which) else { return Ok(()) };
        let mut chars: Vec<char> = sample.text.chars().collect();
        for (at, remove, insert) in edits {
            let at = at as usize % (chars.len() + 1);
            let end = (at + remove).min(chars.len());
            chars.splice(at..end, insert.chars());
        }
        let text: String = chars.into_iter().collect();
        let options = ReadOptions { technology: Some(sample.family.to_owned()), ..ReadOptions::default() };
        if let Ok(device) = Device::read(text.as_bytes(), &options) {
            invariants::check(&device).expect("what always holds");
        }
    }

    #[test]
    fn random_bytes_are_refused_or_read_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for family in Family::ALL {
            let options = ReadOptions { technology: Some(family.slug().to_owned()), ..ReadOptions::default() };
            let _ = Device::read(&bytes, &options);
        }
        let _ = Device::read(&bytes, &ReadOptions { limits: Limits { bytes: 1000 }, ..ReadOptions::default() });
        let _ = assess::read_rules(&String::from_utf8_lossy(&bytes));
        let _ = assess::Pattern::parse(&String::from_utf8_lossy(&bytes));
    }
}

/// Outputs of several uploads put together: what the newer does not hold is taken from the older.
#[test]
fn texts_of_an_upload_put_together_give_the_same_verdicts() {
    let verdicts = |device: &Device| -> Vec<_> {
        let results = Assessment::of(device, &Library::builtin(), &Policy::default()).results;
        results.into_iter().map(|v| (v.control, v.status, v.evidence.len())).collect()
    };
    for sample in all() {
        let device = read(&sample.text);
        let texts: Vec<(String, String)> =
            device.texts().iter().map(|(id, _, text)| ((*id).to_owned(), (*text).to_owned())).collect();
        for (id, first, text) in device.texts() {
            let line = text.lines().next().unwrap_or_default();
            assert_eq!(device.text().line(first), line.trim_end(), "{sample} {id}");
        }
        let again = Device::assemble(device.family(), &texts, device.version()).expect("a device");
        assert_eq!(verdicts(&again), verdicts(&device), "{sample}");
    }
}

#[test]
fn what_was_cut_off_stays_so_when_it_is_put_together() {
    let cut = "core1# show running-config\n!Command: show running-config\nversion 9.3(5)\nhostname core1\nfeature ssh\n--More--\ncore1# ";
    let device = read(cut);
    let texts: Vec<(String, String)> =
        device.texts().iter().map(|(id, _, text)| ((*id).to_owned(), (*text).to_owned())).collect();
    let again = Device::assemble(device.family(), &texts, None).expect("a device");
    let assessment = Assessment::of(&again, &Library::builtin(), &Policy::default());
    assert_eq!(assessment.count(Status::Passed), 0);
    assert!(assessment.results.iter().any(|v| v.reason.as_deref().is_some_and(|r| r.contains("cut off"))));
}

#[test]
fn text_that_looks_like_a_marker_stays_inside_its_output() {
    let outputs =
        [("running-config".to_owned(), "hostname R1\n=== show version ===\nline con 0\nend\n".to_owned())];
    let device = Device::assemble(Family::CiscoIos, &outputs, None).expect("a device");
    assert_eq!(device.commands().count(), 1);
    assert!(device.tree("version").is_none());
}

/// A quoted value or a comment hides the end of its line, so that what follows on the next line still belongs to the
/// statement.
#[test]
fn what_follows_a_hidden_line_end_belongs_to_its_statement() {
    let texts = [
        "set a b \"one\ntwo\" [ c d ]\nset e f\n",
        "set a [ \"one\ntwo\" c d ]\nset e f\n",
        "set a b [ \"one\ntwo\" c\nset e f\n",
        "set e f\n[ \"one\ntwo\" c ] set a\n",
        "set e f\n[ \"one\ntwo\" c ] nonsense\n",
        "set e f\n[ \"one\ntwo\" c\n",
    ];
    let comments = [
        "set a b /* one\ntwo */ [ c d ]\nset e f\n",
        "set a [ b /* one\ntwo */ c ]\nset e f\n",
        "set a /* one\ntwo */ b\nset e f\n",
        "set e f\n[ b /* one\ntwo */ c ] nonsense\n",
    ];
    let quoted =
        [Family::Panos, Family::Junos].into_iter().flat_map(|family| texts.map(|text| (family, text)));
    for (family, text) in quoted.chain(comments.map(|text| (Family::Junos, text))) {
        let main = family.commands()[0].id.to_owned();
        let device = Device::assemble(family, &[(main, text.to_owned())], None).expect("a device");
        let lines = (1..).zip(device.line_uses()).map(|(number, used)| (device.text().line(number), *used));
        let used: Vec<LineUse> =
            lines.filter(|(line, _)| line.starts_with("two")).map(|(_, used)| used).collect();
        assert_eq!(used, [LineUse::Body], "{family}: {text}");
        invariants::check(&device).expect("what always holds");
    }
}

/// What terminals leave behind where a pager waited, before the line that it then showed.
const PAGERS: [&str; 7] = [
    "--More--\r        \r",
    " --More-- \u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}          \u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}",
    "---(more 42%)---\r                \r",
    "<--- More --->\r              \r",
    " --- more --- \r\u{1b}[K",
    "lines 1-24 \r\u{1b}[K",
    "  ---- More ----\u{1b}[16D                \u{1b}[16D",
];

#[test]
fn a_pager_changes_no_verdict_of_any_family() {
    let told = |text: &str| -> Vec<(u32, Status, Vec<String>)> {
        let device = read(text);
        check_lines(&device);
        let results = Assessment::of(&device, &Library::builtin(), &Policy::default()).results;
        let texts = |lines: &[assess::Line]| lines.iter().map(|line| line.text.clone()).collect();
        results.iter().map(|one| (one.control, one.status, texts(&one.evidence))).collect()
    };
    for sample in all() {
        let plain = told(&sample.text);
        for pager in PAGERS {
            let paged: Vec<String> = (1..)
                .zip(sample.text.lines())
                .map(
                    |(number, line)| if number % 5 == 4 { format!("{pager}{line}") } else { line.to_owned() },
                )
                .collect();
            assert_eq!(told(&(paged.join("\n") + "\n")), plain, "{sample} through {pager:?}");
        }
    }
}

#[test]
fn an_element_without_a_name_breaks_the_xml() {
    let text = "<config version=\"10.1.0\">\n<devices>\n< a=\"1\">\n< b=\"2\">\n</config>\n";
    let main = Family::Panos.commands()[0].id.to_owned();
    let device = Device::assemble(Family::Panos, &[(main, text.to_owned())], None).expect("a device");
    invariants::check(&device).expect("what always holds");
    let assessment = Assessment::of(&device, &Library::builtin(), &Policy::default());
    assert_eq!(assessment.count(Status::Passed), 0);
    let mut reasons = assessment.results.iter().filter_map(|one| one.reason.as_deref());
    assert!(reasons.any(|reason| reason.contains("the XML is broken near line")));
}

#[test]
fn lines_of_a_tag_that_is_known_are_its_own() {
    let text = "<config version=\"10.1.0\">\n<users>\n<entry name=x>\n</entry>\n<entry name=y\nset rule <b>\n</entry>\n<entry\nname='z'\n>\n";
    let main = Family::Panos.commands()[0].id.to_owned();
    let device = Device::assemble(Family::Panos, &[(main, text.to_owned())], None).expect("a device");
    invariants::check(&device).expect("what always holds");
}

#[test]
fn values_of_a_list_are_switched_off_one_by_one() {
    let text = "set a b [ c d ]\ndeactivate a b [ c ]\ndeactivate a b [ e\n";
    for family in [Family::Junos, Family::Panos] {
        let main = family.commands()[0].id.to_owned();
        let device = Device::assemble(family, &[(main.clone(), text.to_owned())], None).expect("a device");
        invariants::check(&device).expect("what always holds");
        let tree = device.tree(&main).expect("a tree");
        let at = |from: NodeId, word: &str| tree.children(from).find(|id| tree.text(*id) == word);
        let list = at(at(assess::ROOT, "a").expect("a"), "b").expect("b");
        let left: Vec<_> = tree.children(list).map(|id| tree.text(id)).collect();
        assert_eq!(left, ["d"], "{family}");
    }
}

#[test]
fn a_byte_order_mark_is_nothing_wherever_it_stands() {
    let plain = "version 15.2\nhostname R1\nline con 0\nend\n";
    let marked = format!("\u{feff}\u{7}\u{feff}{}", plain.replace("host", "ho\u{feff}st"));
    let (plain, marked) = (read(plain), read(&marked));
    assert_eq!(marked.hostname(), Some("R1"));
    assert_eq!(marked.tree("running-config"), plain.tree("running-config"));
    invariants::check(&marked).expect("what always holds");
}
