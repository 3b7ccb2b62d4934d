//! A package of Red Hat and its kin (version 4 of the format): a lead, a header of digests, the header, and a packed cpio.

use std::io;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use crate::Agent;
use crate::contents::{
    DESCRIPTION, Entry, FORGET, HOMEPAGE, LICENSE, MAINTAINER, NAME, PURGE, SET_UP, SUMMARY, TAKE_DOWN,
    entries,
};
use crate::header::{self, Value, number};
use crate::{cpio, gzip};

const RELEASE: &str = "1";
/// The region of the header of digests, and that of the header.
const SIGNATURES: u32 = 62;
const IMMUTABLE: u32 = 63;
/// Flags of what is needed and provided.
const LESS_OR_EQUAL: u32 = 2 | 8;
const EQUAL: u32 = 8;
const INTERPRETER: u32 = 1 << 8;
const SCRIPTS: u32 = 1 << 10 | 1 << 11 | 1 << 12;
const RPMLIB: u32 = 1 << 24;
/// All attributes of a file are compared when a package is verified.
const VERIFY_ALL: u32 = u32::MAX;
const SHA256_NUMBER: u32 = 8;
const SHELL: &str = "/bin/sh";

pub(crate) fn build(agent: &Agent<'_>) -> io::Result<Vec<u8>> {
    // Folders that others use too belong to nobody.
    let entries: Vec<_> = entries(agent).into_iter().filter(|entry| entry.own).collect();
    let archive = cpio::build(&entries, agent.date);
    let payload = gzip::pack(&archive)?;
    let header = header::build(IMMUTABLE, tags(agent, &entries, &archive, &payload));
    let mut signature = header::build(
        SIGNATURES,
        vec![
            (269, Value::Text(hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &header).as_ref()))),
            (273, sha256(&header)),
            (1000, Value::Int32(vec![number(header.len() + payload.len())])),
            (1007, Value::Int32(vec![number(archive.len())])),
        ],
    );
    signature.resize(signature.len().next_multiple_of(8), 0);
    Ok([lead(agent), signature, header, payload].concat())
}

/// Old tools tell by it that this is an rpm.
fn lead(agent: &Agent<'_>) -> Vec<u8> {
    let mut lead = vec![0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0];
    lead.extend_from_slice(&agent.machine.rpm_number().to_be_bytes());
    lead.extend(format!("{NAME}-{}-{RELEASE}", agent.version).bytes().take(65));
    lead.resize(76, 0);
    // Linux, and a header of digests.
    lead.extend_from_slice(&[0, 1, 0, 5]);
    lead.resize(96, 0);
    lead
}

fn tags(agent: &Agent<'_>, entries: &[Entry<'_>], archive: &[u8], payload: &[u8]) -> Vec<(u32, Value)> {
    let text = |text: &str| Value::Text(text.to_owned());
    let size = entries.iter().filter_map(|entry| entry.content).map(<[u8]>::len).sum();
    let first = "first=no\nif [ \"$1\" -le 1 ]; then first=yes; fi\n";
    let last = "[ \"$1\" = 0 ] || exit 0\n";
    let script = |parts: &[&str]| Value::Text(format!("set -e\n{}", parts.concat()));
    let mut tags = vec![
        (100, Value::Texts(vec!["C".to_owned()])),
        (1000, text(NAME)),
        (1001, text(agent.version)),
        (1002, text(RELEASE)),
        (1004, Value::Translated(SUMMARY.to_owned())),
        (1005, Value::Translated(DESCRIPTION.to_owned())),
        (1006, Value::Int32(vec![agent.date])),
        (1007, text("localhost")),
        (1009, Value::Int32(vec![number(size)])),
        (1014, text(LICENSE)),
        (1015, text(MAINTAINER)),
        (1016, Value::Translated("System Environment/Daemons".to_owned())),
        (1020, text(HOMEPAGE)),
        (1021, text("linux")),
        (1022, text(agent.machine.rpm())),
        (1024, script(&[first, SET_UP])),
        (1025, script(&[last, TAKE_DOWN])),
        (1026, script(&[FORGET, last, PURGE])),
        (1044, Value::Text(format!("{NAME}-{}-{RELEASE}.src.rpm", agent.version))),
        (1064, text("4.14.0")),
        (1086, text(SHELL)),
        (1087, text(SHELL)),
        (1088, text(SHELL)),
        (1124, text("cpio")),
        (1125, text("gzip")),
        (1126, text("6")),
        (5062, text("utf-8")),
        (5092, Value::Texts(vec![hex(digest(&SHA256, payload).as_ref())])),
        (5093, Value::Int32(vec![SHA256_NUMBER])),
        (5097, Value::Texts(vec![hex(digest(&SHA256, archive).as_ref())])),
    ];
    tags.extend(files(agent, entries));
    tags.extend(relations(agent));
    tags
}

fn files(agent: &Agent<'_>, entries: &[Entry<'_>]) -> Vec<(u32, Value)> {
    let parts = |entry: &Entry<'_>| {
        let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", entry.path));
        (format!("/{folder}/"), name.to_owned())
    };
    let mut folders: Vec<String> = entries.iter().map(|entry| parts(entry).0).collect();
    folders.sort();
    folders.dedup();
    let place = |folder: &str| number(folders.iter().position(|one| one == folder).unwrap_or_default());
    let each_text = |of: &dyn Fn(&Entry<'_>) -> String| Value::Texts(entries.iter().map(of).collect());
    let each = |of: &dyn Fn(&Entry<'_>) -> u32| Value::Int32(entries.iter().map(of).collect());
    let short = |of: &dyn Fn(&Entry<'_>) -> u16| Value::Int16(entries.iter().map(of).collect());
    let sum = |content: &[u8]| hex(digest(&SHA256, content).as_ref());
    let inodes = (1..=entries.len()).map(number).collect();
    vec![
        (1028, each(&|entry| entry.content.map_or(4_096, |content| number(content.len())))),
        (1030, short(&cpio::full_mode)),
        (1033, short(&|_| 0)),
        (1034, each(&|_| agent.date)),
        (1035, each_text(&|entry| entry.content.map(sum).unwrap_or_default())),
        (1036, each_text(&|_| String::new())),
        (1037, each(&|_| 0)),
        (1039, each_text(&|_| "root".to_owned())),
        (1040, each_text(&|_| "root".to_owned())),
        (1045, each(&|_| VERIFY_ALL)),
        (1095, each(&|_| 1)),
        (1096, Value::Int32(inodes)),
        (1097, each_text(&|_| String::new())),
        (1116, each(&|entry| place(&parts(entry).0))),
        (1117, each_text(&|entry| parts(entry).1)),
        (1118, Value::Texts(folders.clone())),
        (5011, Value::Int32(vec![SHA256_NUMBER])),
    ]
}

/// What it provides, and what it needs: name, version, how they compare.
fn relations(agent: &Agent<'_>) -> Vec<(u32, Value)> {
    let mut needs = vec![
        (SHELL.to_owned(), "", INTERPRETER | SCRIPTS),
        ("/usr/sbin/useradd".to_owned(), "", SCRIPTS),
        ("rpmlib(CompressedFileNames)".to_owned(), "3.0.4-1", RPMLIB | LESS_OR_EQUAL),
        ("rpmlib(FileDigests)".to_owned(), "4.6.0-1", RPMLIB | LESS_OR_EQUAL),
        ("rpmlib(PayloadFilesHavePrefix)".to_owned(), "4.0-1", RPMLIB | LESS_OR_EQUAL),
    ];
    if let Some(minor) = agent.needs.glibc {
        needs.push((format!("libc.so.6(GLIBC_2.{minor})(64bit)"), "", 0));
    }
    if agent.needs.libgcc {
        needs.push(("libgcc_s.so.1()(64bit)".to_owned(), "", 0));
    }
    needs.sort();
    let own = format!("{}-{RELEASE}", agent.version);
    vec![
        (1047, Value::Texts(vec![NAME.to_owned()])),
        (1112, Value::Int32(vec![EQUAL])),
        (1113, Value::Texts(vec![own])),
        (1048, Value::Int32(needs.iter().map(|(_, _, flags)| *flags).collect())),
        (1049, Value::Texts(needs.iter().map(|(name, _, _)| name.clone()).collect())),
        (1050, Value::Texts(needs.iter().map(|(_, version, _)| (*version).to_owned()).collect())),
    ]
}

fn sha256(content: &[u8]) -> Value {
    Value::Text(hex(digest(&SHA256, content).as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
