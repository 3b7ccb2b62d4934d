//! Reading what an agent sends.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::any_inventory;
use inventory::protocol::{
    AgentKey, CheckIn, CheckInAnswer, Command, Content, EnrollRequest, ResyncReason, Secret, Verdict, pack,
    read_checkin, read_enroll, unpack,
};
use inventory::{Inventory, diff};
use proptest::prelude::*;
use serde_json::{Value, json};

const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn checkin(base: Option<&Inventory>, new: &Inventory) -> CheckIn {
    CheckIn {
        sequence: 1,
        agent_version: "0.1.0".into(),
        collected_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        base: base.map(Inventory::hash),
        state: new.hash(),
        content: base.map_or_else(
            || Content::Full(Box::new(new.clone())),
            |base| Content::Delta(Box::new(diff(base, new))),
        ),
    }
}

fn unchanged() -> Value {
    json!({
        "sequence": 3,
        "agentVersion": "0.1.0",
        "collectedAt": "2026-01-02T03:04:05Z",
        "base": HASH,
        "state": HASH,
        "content": "unchanged",
    })
}

/// The message of [`unchanged`] with one member replaced is refused with this text.
fn refused(member: &str, value: Value, expected: &str) {
    let mut message = unchanged();
    message[member] = value;
    let error = read_checkin(message.to_string().as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_checkin_reads_as_it_is_written_in_the_protocol() {
    let read = read_checkin(unchanged().to_string().as_bytes()).unwrap();
    assert_eq!(read.content, Content::Unchanged);
    assert_eq!(serde_json::to_value(&read).unwrap(), unchanged());
}

#[test]
fn an_error_names_the_field_and_the_value() {
    refused("sequence", json!(0), "sequence: is 0; the first is 1");
    refused("sequence", json!(-1), "sequence: invalid value: integer `-1`, expected u64");
    refused(
        "sequence",
        json!(u64::MAX),
        "sequence: the number 18446744073709551615 is above 9223372036854775807",
    );
    refused("state", json!("xyz"), "state: `xyz` is not a SHA-256 in 64 lower-case hex digits");
    refused("base", json!(null), "base: is missing; only a full content has no base");
    refused("state", json!("0".repeat(64)), "state: differs from base, although the content is unchanged");
    refused("agentVersion", json!("a\u{0}b"), "agentVersion: the text has the control character U+0000");
    refused("collectedAt", json!("yesterday"), "collectedAt: ");
    refused("content", json!({"full": {}}), "base: a full content has no base; leave it out");
    let bad_package = json!({"full": {"packages": [{"name": "a", "version": 5}]}});
    refused(
        "content",
        bad_package,
        "content.full.packages[0].version: invalid type: integer `5`, expected a text",
    );
    let bad_address =
        json!({"delta": {"interfaces": {"added": [{"name": "a", "kind": "PRIVATE", "addresses": ["x"]}]}}});
    refused("content", bad_address, "content.delta.interfaces.added[0].addresses[0]: `x` is not an address");
}

#[test]
fn a_message_cut_anywhere_is_refused() {
    let text = unchanged().to_string();
    for end in 0..text.len() {
        let cut = &text.as_bytes()[..end];
        assert!(read_checkin(cut).is_err(), "cut at {end}");
        assert!(read_enroll(cut).is_err(), "cut at {end}");
    }
    assert!(
        read_checkin(format!("{text} x").as_bytes()).unwrap_err().to_string().contains("trailing characters")
    );
}

#[test]
fn deep_nesting_and_wrong_encodings_are_refused() {
    for body in [
        "[".repeat(100_000).into_bytes(),
        "{\"content\":".repeat(100_000).into_bytes(),
        unchanged().to_string().encode_utf16().flat_map(u16::to_le_bytes).collect(),
        b"{\"agentVersion\": \"\xff\xfe\"}".to_vec(),
        b"null".to_vec(),
        b"".to_vec(),
    ] {
        assert!(read_checkin(&body).is_err());
        assert!(read_enroll(&body).is_err());
    }
}

#[test]
fn an_enrolment_shows_its_activation_key_to_nobody() {
    let (key, _) = AgentKey::generate().unwrap();
    let secret = Secret::new("6c0d-top-secret");
    let request = EnrollRequest::of(&Inventory::default(), secret, key.public(), "0.1.0".into(), None);
    assert!(!format!("{request:?}").contains("top-secret"));
    let body = serde_json::to_vec(&request).unwrap();
    assert_eq!(read_enroll(&body).unwrap(), request);
    let empty = json!({"activationKey": " ", "publicKey": key.public(), "agentVersion": "1"}).to_string();
    assert!(read_enroll(empty.as_bytes()).unwrap_err().to_string().starts_with("activationKey: is empty"));
    let short = json!({"activationKey": "k", "publicKey": "AAAA", "agentVersion": "1"}).to_string();
    assert!(
        read_enroll(short.as_bytes())
            .unwrap_err()
            .to_string()
            .starts_with("publicKey: an Ed25519 public key")
    );
}

#[test]
fn an_answer_of_a_newer_server_is_understood_as_far_as_it_goes() {
    let text = json!({
        "verdict": {"resync": {"reason": "MERCURY_RETROGRADE"}},
        "nextInSeconds": 60,
        "commands": [{"kind": "DANCE", "where": "here"}, {"kind": "UNINSTALL"}],
        "weather": "fine",
    });
    let answer: CheckInAnswer = serde_json::from_value(text).unwrap();
    assert_eq!(answer.verdict, Verdict::Resync { reason: ResyncReason::Other });
    assert_eq!(answer.commands, [Command::Unknown, Command::Uninstall]);
}

#[test]
fn the_verdicts_are_written_as_the_protocol_says() {
    let wire = |verdict| serde_json::to_value(verdict).unwrap();
    assert_eq!(wire(Verdict::Accepted), json!("accepted"));
    assert_eq!(
        wire(Verdict::Resync { reason: ResyncReason::NothingHeld }),
        json!({"resync": {"reason": "NOTHING_HELD"}})
    );
    assert_eq!(wire(Verdict::SequenceExpected { after: 7 }), json!({"sequenceExpected": {"after": 7}}));
}

proptest! {
    #[test]
    fn server_and_agent_come_to_the_same_content(old in any_inventory(), new in any_inventory()) {
        let body = pack(&serde_json::to_vec(&checkin(Some(&old), &new)).unwrap()).unwrap();
        let read = read_checkin(&unpack(&body, Some("gzip")).unwrap()).unwrap();
        prop_assert_eq!(read.clone().resolve(Some(old.clone())), Ok(new.clone()));
        prop_assert_eq!(read.clone().resolve(None), Err(ResyncReason::NothingHeld));
        if old != new {
            prop_assert_eq!(read.resolve(Some(new.clone())), Err(ResyncReason::BaseDiffers));
        }
        let full = checkin(None, &new);
        prop_assert_eq!(full.clone().resolve(None), Ok(new));
        let wrong = CheckIn { state: HASH.parse().unwrap(), ..full };
        prop_assert_eq!(wrong.resolve(None), Err(ResyncReason::StateDiffers));
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in any::<Vec<u8>>(), encoding in proptest::option::of("gzip|br|identity")) {
        if let Ok(body) = unpack(&bytes, encoding.as_deref()) {
            let _ = read_checkin(&body);
            let _ = read_enroll(&body);
        }
    }

    #[test]
    fn a_message_with_one_byte_changed_is_read_or_refused(new in any_inventory(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = serde_json::to_vec(&checkin(None, &new)).unwrap();
        let at = at.index(body.len());
        body[at] = byte;
        let _ = read_checkin(&body);
    }
}
