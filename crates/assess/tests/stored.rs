//! Stored data points: what a version wrote, later ones read and judge.

#![expect(clippy::expect_used, reason = "a test that cannot go on should say so")]

use assess::{DataPoint, Library, Policy, State, Status, judge};

/// Data points as version 1 of the form wrote them: every state and every kind of value.
const VERSION_1: &str = include_str!("stored/v1.json");

fn points() -> Vec<DataPoint> {
    serde_json::from_str(VERSION_1).expect("data points")
}

#[test]
fn version_1_is_read_and_written_as_it_stands() {
    let written = serde_json::to_value(points()).expect("json");
    let stored: serde_json::Value = serde_json::from_str(VERSION_1).expect("json");
    assert_eq!(written, stored);
}

#[test]
fn version_1_holds_every_state_and_every_kind_of_value() {
    let (all, text) = (points(), VERSION_1);
    assert!(all.iter().any(|p| matches!(p.state, State::NotApplicable(_))));
    assert!(all.iter().any(|p| matches!(p.state, State::Missing(_))));
    assert!(all.iter().any(|p| matches!(p.state, State::Error(_))));
    assert!(all.iter().any(|p| matches!(&p.state, State::Collected { incomplete: Some(_), .. })));
    for kind in
        ["missing", "{ \"bool\"", "{ \"int\"", "{ \"text\"", "{ \"list\"", "{ \"secret\"", "{ \"unknown\""]
    {
        assert!(text.contains(kind), "{kind}");
    }
}

#[test]
fn version_1_is_judged() {
    let library = Library::builtin();
    for point in points().iter().filter(|p| library.get(p.control).is_some()) {
        let control = library.get(point.control).expect("control");
        let verdict = judge(control, point, &Policy::default());
        let wanted = match &point.state {
            State::Collected { incomplete: None, .. } => Status::Failed,
            State::NotApplicable(_) => Status::NotApplicable,
            _ => Status::Error,
        };
        assert_eq!(verdict.status, wanted, "{point:?}");
    }
}

#[test]
fn what_a_later_version_or_another_control_stored_is_an_error() {
    let library = Library::builtin();
    let mut point = points().remove(0);
    let control = library.get(point.control).expect("control");
    point.format = DataPoint::FORMAT + 1;
    let verdict = judge(control, &point, &Policy::default());
    assert_eq!(verdict.status, Status::Error);
    assert!(verdict.reason.is_some_and(|reason| reason.contains("form 2")));
    point.format = 1;
    let other = library.get(901003).expect("control");
    assert_eq!(judge(other, &point, &Policy::default()).status, Status::Error);
}

#[test]
fn a_data_point_without_a_version_is_of_the_first() {
    let mut stored: serde_json::Value = serde_json::from_str(VERSION_1).expect("json");
    stored[0].as_object_mut().expect("a data point").remove("format");
    let read: Vec<DataPoint> = serde_json::from_value(stored).expect("data points");
    assert_eq!(read[0].format, 1);
}
