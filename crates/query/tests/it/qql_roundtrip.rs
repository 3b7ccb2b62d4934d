//! Filters print as they read, for texts from a grammar, for any text, and for filters from elsewhere.

use std::ops::Bound;

use crate::table::{Asset, FIELDS, SEVERITIES, Software, id, named};
use proptest::collection::vec;
use proptest::prelude::*;
use query::qql::{parse, print};
use query::{Age, FieldId, Filter, Test, Unit, Value, Version, When, fold, matches, words};

const CASES: u32 = 2000;

/// A value in any style; what is inside the quotes is escaped.
fn text_value() -> impl Strategy<Value = String> {
    let inside = "[a-c*Σß.,:'`\"\\\\ ()\\[\\]-]{1,8}|and|or not|a..b|is null|\\PC{1,6}";
    let escape = |quote: char, text: &str| {
        let text = text.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
        format!("{quote}{text}{quote}")
    };
    prop_oneof![
        "[a-z]{1,3}( [a-z]{1,3}){0,2}",
        "[a-c*.,'&-]{1,8}",
        "-and|in-x|10\\.5-b|1,000|a_b O'c|x:y|is null",
        inside.prop_map(move |text| escape('"', &text)),
        inside.prop_map(move |text| escape('\'', &text)),
        inside.prop_map(move |text| escape('`', &text)),
    ]
}

fn date_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "20[0-9]{2}(-0[1-9](-[12][0-9](T1[0-9]:[0-5][0-9]:00Z)?)?)?",
        "now|now-[0-9]{1,3}[smhdwMy]",
        Just("9999-12-31".to_owned()),
        Just("0000".to_owned()),
    ]
}

fn address_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "10\\.[0-9]\\.[0-9]\\.[0-9]",
        "10\\.[0-9]\\.0\\.0/(8|16|24|30|32)",
        "10\\.\\*|10\\.0\\.\\*\\.\\*|10\\.\\*\\.1|\\*\\.7",
        Just("2001:db8::1".to_owned()),
        Just("'2001:db8::/32'".to_owned()),
    ]
}

fn ranged(value: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    prop_oneof![
        value.clone().prop_map(|value| format!(":{value}")),
        (
            prop_oneof![Just(">"), Just("<"), Just(">="), Just("<="), Just(":>"), Just("="), Just(" != ")],
            value.clone()
        )
            .prop_map(|(sign, value)| format!("{sign}{value}")),
        (prop_oneof![Just('['), Just('(')], value.clone(), value.clone(), prop_oneof![Just(']'), Just(')')])
            .prop_map(|(open, from, to, close)| format!(":{open}{from} .. {to}{close}")),
        value.clone().prop_map(|value| format!(":[* .. {value}]")),
        vec(value.clone(), 1..4).prop_map(|list| format!(":[{}]", list.join(", "))),
        vec(value, 1..4).prop_map(|list| format!(":({})", list.join(" or "))),
    ]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        text_value().prop_map(|value| format!(":{value}")),
        vec(text_value(), 1..4).prop_map(|list| format!(":[{}]", list.join(","))),
        vec(text_value(), 1..4).prop_map(|list| format!(" in ({})", list.join(", "))),
        vec(text_value(), 1..4).prop_map(|list| format!(":({})", list.join(" and not "))),
        Just(" is null".to_owned()),
        Just(" is not null".to_owned()),
        Just(":*".to_owned()),
    ]
}

fn version_value() -> impl Strategy<Value = String> + Clone {
    "[0-9]\\.[0-9]{1,2}(-[a-z])?|'1\\.0~rc1'"
}

fn clause() -> impl Strategy<Value = String> {
    let named = |token: &'static str| move |rest: String| format!("{token}{rest}");
    let date = date_value().boxed();
    let address =
        address_value().prop_filter("no pattern in a range", |text| !text.contains(['*', '/'])).boxed();
    prop_oneof![
        texts().prop_map(named("name")),
        texts().prop_map(named("tags.name")),
        texts().prop_map(named("kb")),
        texts().prop_map(named("vendorSeverity")),
        texts().prop_map(named("software.name")),
        texts().prop_map(named("software.version")),
        ranged(version_value()).prop_map(named("qualys.agent.version")),
        ranged("-?[0-9]{1,4}").prop_map(named("missingPatchCount")),
        ranged("[0-9]{1,4}").prop_map(named("openPorts.port")),
        ranged(date).prop_map(named("publishedDate")),
        ranged(address).prop_map(named("interfaces.address")),
        address_value().prop_map(|value| format!("interfaces.address:{value}")),
        prop_oneof![Just("isSuperseded:true"), Just("asset.trackingMethod:[ip, QAGENT]"), Just("software:*")]
            .prop_map(str::to_owned),
        text_value(),
    ]
}

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        texts().prop_map(|rest| format!("name{rest}")),
        texts().prop_map(|rest| format!("publisher{rest}")),
        ranged(version_value()).prop_map(|rest| format!("version{rest}")),
    ]
}

fn joined(part: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    part.boxed().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|parts| parts.join(" and ")),
            vec(inner.clone(), 2..4).prop_map(|parts| parts.join(" or ")),
            vec(inner.clone(), 2..3).prop_map(|parts| parts.join(" ")),
            inner.clone().prop_map(|part| format!("not {part}")),
            inner.prop_map(|part| format!("({part})")),
        ]
    })
}

fn query_text() -> impl Strategy<Value = String> {
    let nested = joined(member()).prop_map(|inner| format!("software:({inner})"));
    joined(prop_oneof![4 => clause(), 1 => nested])
}

fn value(kind: usize) -> BoxedStrategy<Value> {
    match kind {
        0 => small_text().prop_map(Value::Text).boxed(),
        1 => (-3_i64..9).prop_map(Value::Integer).boxed(),
        2 => prop_oneof![
            (-100_000_i64..100_000).prop_map(When::At),
            (0_u32..9).prop_map(|count| When::Ago(Age { count, unit: Unit::Hour })),
        ]
        .prop_map(Value::Date)
        .boxed(),
        3 => any::<bool>().prop_map(Value::Boolean).boxed(),
        4 => "[0-3]\\.[0-3]|1\\.0~a".prop_map(|text| Value::Version(Version::new(text))).boxed(),
        _ => any::<u8>().prop_map(|last| Value::Address([10, 0, 0, last].into())).boxed(),
    }
}

fn small_text() -> impl Strategy<Value = String> {
    "[abAB*`\"\\\\ .-]{0,6}|and|\\PC{0,4}"
}

/// Any test at all, also such as QQL can't write.
fn test() -> impl Strategy<Value = Test> {
    let bound = |kind| {
        prop_oneof![
            Just(Bound::Unbounded),
            value(kind).prop_map(Bound::Included),
            value(kind).prop_map(Bound::Excluded),
        ]
    };
    let folded = || small_text().prop_map(|text| fold(&text).into_owned());
    let word_list =
        || small_text().prop_map(|text| words(&fold(&text)).map(str::to_owned).collect::<Vec<_>>());
    prop_oneof![
        Just(Test::Present),
        (0_usize..6).prop_flat_map(value).prop_map(Test::Equals),
        (0_usize..6).prop_flat_map(|kind| vec(value(kind), 0..4)).prop_map(Test::In),
        (0_usize..6)
            .prop_flat_map(move |kind| (bound(kind), bound(kind)))
            .prop_map(|(a, b)| Test::Range(a, b)),
        folded().prop_map(Test::Contains),
        vec(folded(), 0..4).prop_map(Test::Pattern),
        word_list().prop_map(Test::Words),
        word_list().prop_map(Test::Phrase),
        vec(folded(), 0..3).prop_map(Test::Phrase),
        Just(Test::Regex(regex::Regex::new("a.").unwrap())),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let field = (0_u16..18, test()).prop_map(|(id, test)| Filter::Field(FieldId(id), test));
    let inner = (0_u16..4, test()).prop_map(|(id, test)| Filter::Field(FieldId(id), test)).boxed();
    let element = prop_oneof![
        3 => inner.clone(),
        1 => Just(Filter::All),
        1 => vec(inner.clone(), 0..3).prop_map(Filter::And),
        1 => vec(inner.clone(), 0..3).prop_map(Filter::Or),
        1 => inner.prop_map(|inner| !inner),
    ];
    let lists = element.prop_map(|inner| Filter::Any(id::SOFTWARE, Box::new(inner)));
    let leaf = prop_oneof![
        6 => field,
        3 => lists,
        1 => Just(Filter::All),
        1 => vec(0_u32..9, 0..4).prop_map(|ids| Filter::set(ids.into_iter().collect())),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Filter::And),
            vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|inner| !inner),
        ]
    })
}

fn asset() -> impl Strategy<Value = Asset> {
    let item = (small_text(), proptest::option::of("[0-3]\\.[0-3]"), proptest::option::of(small_text()))
        .prop_map(|(name, version, publisher)| Software { name, version, publisher });
    let fields = (
        small_text(),
        proptest::option::of(small_text()),
        vec((0_i64..9, small_text()), 0..3),
        proptest::option::of(-100_000_i64..100_000),
        proptest::option::of(any::<bool>()),
        proptest::option::of(0..SEVERITIES.len()),
        vec(small_text(), 0..2),
        proptest::option::of(-3_i64..9),
        vec(item, 0..3),
        vec(any::<u8>(), 0..2),
    );
    fields.prop_map(|(name, os, tags, at, superseded, severity, kb, missing, software, hosts)| Asset {
        os,
        tags,
        published: at.and_then(|at| jiff::Timestamp::from_second(at).ok()),
        superseded,
        vendor_severity: severity.map(|at| SEVERITIES[at]),
        kb,
        missing,
        software,
        interfaces: hosts.into_iter().map(|host| (Some([10, 0, 0, host].into()), String::new())).collect(),
        ports: vec![(22, "TCP")],
        ..named(&name)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_read_prints_and_reads_as_the_same(text in query_text()) {
        if let Ok(filter) = parse(&FIELDS, &text) {
            let printed = print(&FIELDS, &filter);
            prop_assert_eq!(parse(&FIELDS, &printed), Ok(filter), "{} printed as {}", text, printed);
        }
    }

    #[test]
    fn any_signs_are_read_or_refused(
        text in "(name|kb|and|or|not|is null|in|software|version|[:()\\[\\]<>=!,.*`'\"\\\\ ]|[a-c0-9]{1,2}|\\PC){0,20}",
        other in "\\PC{0,60}",
    ) {
        for text in [text, other] {
            match parse(&FIELDS, &text) {
                Ok(filter) => {
                    let printed = print(&FIELDS, &filter);
                    prop_assert_eq!(parse(&FIELDS, &printed), Ok(filter), "{} printed as {}", text, printed);
                }
                Err(error) => {
                    prop_assert!(text.is_char_boundary(error.offset) && error.line > 0 && error.column > 0);
                    prop_assert!(!error.to_string().is_empty());
                }
            }
        }
    }

    #[test]
    fn what_prints_without_a_mark_means_the_same(filter in any_filter(), assets in vec(asset(), 1..6)) {
        let printed = print(&FIELDS, &filter);
        let Ok(read) = parse(&FIELDS, &printed) else {
            prop_assert!(printed.contains('<'), "{:?} printed as {}", filter, printed);
            return Ok(());
        };
        for asset in &assets {
            let (ours, theirs) = (matches(&FIELDS, &filter, 3, asset), matches(&FIELDS, &read, 3, asset));
            prop_assert_eq!(ours, theirs, "{:?} printed as {} for {:?}", filter, printed, asset);
        }
        prop_assert_eq!(parse(&FIELDS, &print(&FIELDS, &read)), Ok(read));
    }
}

/// A sign that combines makes one word of itself and a bracket, and a bracket ends a value.
#[test]
fn brackets_that_are_parts_of_words_are_marked() {
    for word in ["]\u{b3e}", "(\u{b3e}"] {
        let words = query::Test::Words(vec![word.to_owned(), "a".to_owned()]);
        let filter = Filter::Any(query::ListId(0), Box::new(Filter::Field(FieldId(2), words)));
        let printed = print(&FIELDS, &filter);
        assert!(parse(&FIELDS, &printed).is_ok() || printed.contains('<'), "{printed}");
    }
}
