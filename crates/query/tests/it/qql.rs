//! QQL: what texts mean, what is refused, and that filters print as they read.

use std::ops::Bound::{Excluded, Included, Unbounded};

use crate::table::{Asset, FIELDS, Software, at, id, named, software};
use query::qql::{Error, MAX_ITEMS, MAX_LENGTH, MAX_NESTING, Problem, Wanted, parse, print};
use query::{Age, FieldId, Filter, ListId, Test, Unit, Value, When, matches};

fn read(text: &str) -> Filter {
    parse(&FIELDS, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> Error {
    match parse(&FIELDS, text) {
        Ok(filter) => panic!("{text} was read as {filter:?}"),
        Err(error) => error,
    }
}

#[track_caller]
fn check(asset: &Asset, text: &str, expected: bool) {
    let now = at("2026-03-20T12:00:00Z");
    let filter = read(text);
    assert_eq!(matches(&FIELDS, &filter.clone().at(now), 7, asset), expected, "{text} is {filter:?}");
    assert_eq!(parse(&FIELDS, &print(&FIELDS, &filter)), Ok(filter), "{text}");
}

#[track_caller]
fn same(a: &str, b: &str) {
    assert_eq!(read(a), read(b), "{a}   and   {b}");
}

fn windows() -> Asset {
    Asset {
        os: Some("Microsoft Windows Server 2019".into()),
        category: Some("Windows".into()),
        ..named("web-eu-07")
    }
}

#[test]
fn the_test_vectors_of_the_contract_hold() {
    check(&named("web-eu-07"), "name:eu", true);
    check(&named("app.corp.test"), "name:corp", false);
    check(&named("app.corp.test"), "name:app.c", true);
    check(&named("10234.acme"), "name:acme", true);
    check(&windows(), "operatingSystem:\"Server Windows\"", false);
    check(&windows(), "operatingSystem: server windows", true);
    check(&windows(), "operatingSystem:`Windows Server 2019`", false);
    check(&named("unknown"), "isSuperseded:false", false);
    check(&named("unknown"), "not isSuperseded:true", true);
    check(&named("untagged"), "not tags.name:\"X\"", true);
    check(&named("untagged"), "tags.name is null", true);
    let listed = Asset { software: vec![software("a", "1"), software("b", "2")], ..named("x") };
    check(&listed, "software:(name:a and version:2)", false);
    check(&listed, "software.name:a and software.version:2", true);
    let https = Asset { ports: vec![(443, "TCP")], ..named("x") };
    check(&https, "openPorts.port:[80 .. 443]", true);
    check(&https, "openPorts.port:(80 .. 443)", false);
    same("name:a or name:b and kb:c", "name:a or (name:b and kb:c)");
    let published = Asset { published: Some(at("2026-03-10T12:00:00Z")), ..named("x") };
    check(&published, "publishedDate:2026-03-10", true);
    check(&published, "publishedDate > 2026-03-10", false);
    let addressed = Asset { interfaces: vec![("198.51.100.20".parse().ok(), String::new())], ..named("x") };
    check(&addressed, "interfaces.address:[198.51.100.10 .. 198.51.100.60]", true);
}

#[test]
fn the_examples_of_the_contract_are_read() {
    let agent = Asset { software: vec![software("Example Agent", "3.2.1")], ..windows() };
    check(&agent, "software:(name:`Example Agent` and version:`3.2.1`)", true);
    let rdp = Asset { ports: vec![(3389, "UDP"), (22, "TCP")], ..named("x") };
    check(&rdp, "openPorts:(port:[3389, 5900] and not protocol:UDP)", false);
    check(&rdp, "openPorts:(port:[3389, 5900] and protocol:udp)", true);
    check(&windows(), "operatingSystem.category1:`Windows`", true);
    let found =
        Asset { vulnerabilities: vec![(5, "Linux".into(), at("2026-01-01T00:00:00Z"))], ..named("x") };
    let text = "vulnerabilities:(vulnerability.severity:[4 .. 5] and firstFound < now-30d) and not tags.name:\"Exempt\"";
    check(&found, text, true);
    check(&found, "vulnerabilities:(vulnerability.os:\"windows\" and firstFound > now-3d)", false);
    let short = Asset { missing: Some(3), ..named("eu-db") };
    check(&short, "missingPatchCount > 0 and (name:web* or name:*-db)", true);
    check(&short, "missingPatchCount>0", true);
    let text = "(patchStatus:[Missing,Installed] and isSuperseded:false) and vendorSeverity:Critical \
                and publishedDate:[2026-03-01 .. 2026-03-31]";
    check(&windows(), text, false);
}

#[test]
fn a_blank_text_asks_for_everything() {
    for text in ["", "  ", "\n\t"] {
        assert_eq!(read(text), Filter::All);
    }
    assert_eq!(print(&FIELDS, &Filter::All), "");
}

#[test]
fn tokens_and_keywords_ignore_case() {
    same(
        "NAME:a AND Not OPERATINGSYSTEM.NAME:b Or Software.Version:1",
        "name:a and not operatingSystem:b or software.version:1",
    );
    same("kb IS NULL and kb Is Not Null", "kb is null and kb is not null");
}

#[test]
fn not_binds_tighter_than_and_tighter_than_or() {
    same("not kb:a and kb:b or kb:c", "((not (kb:a)) and (kb:b)) or (kb:c)");
    same("not not kb:a", "kb:a");
    same("kb:a kb:b", "kb:a and kb:b");
    same("kb != a", "not kb:a");
    same("kb = a", "kb:a");
    same("not (kb:a or kb:b)", "not(kb:a or kb:b)");
}

#[test]
fn blanks_may_stand_around_separators() {
    same("missingPatchCount : >= 5", "missingPatchCount>=5");
    same("publishedDate:>\"2026-01-01\"", "publishedDate > 2026-01-01");
    same("kb :   a", "kb:a");
    same("missingPatchCount:[1..5]", "missingPatchCount : [ 1 ... 5 ]");
}

#[test]
fn a_bare_value_ends_where_another_clause_begins() {
    let os = |words: &[&str]| {
        Filter::Field(id::OS, Test::Words(words.iter().map(|word| (*word).to_owned()).collect()))
    };
    assert_eq!(read("operatingSystem: Windows Server 2019"), os(&["windows", "server", "2019"]));
    for text in [
        "operatingSystem: Windows Server kb:a",
        "operatingSystem: Windows Server and kb:a",
        "operatingSystem: Windows Server kb = a",
        "(operatingSystem: Windows Server) kb : a",
    ] {
        assert_eq!(read(text), Filter::And(vec![os(&["windows", "server"]), read("kb:a")]), "{text}");
    }
    assert_eq!(read("operatingSystem:foo kb is null"), Filter::And(vec![os(&["foo"]), read("kb is null")]));
    assert_eq!(read("operatingSystem:foo kb in (a)"), Filter::And(vec![os(&["foo"]), read("kb:a")]));
    assert_eq!(read("operatingSystem:android, oreo nota"), os(&["android", "oreo", "nota"]));
    assert_eq!(read("operatingSystem:O'Brien's"), os(&["o'brien's"]));
}

#[test]
fn a_word_right_behind_its_separator_may_have_colons() {
    same("interfaces.address:fe80::1", "interfaces.address:\"fe80::1\"");
    same("publishedDate:2026-03-09T10:00:00Z", "publishedDate:'2026-03-09T10:00:00Z'");
    same("interfaces.address:[fe80::1 .. fe80::9]", "interfaces.address:['fe80::1'..'fe80::9']");
    assert_eq!(refused("name: os:x").problem, Problem::Expected("a value"));
    assert_eq!(refused("name:kb:x").problem, Problem::Expected("a value"));
}

#[test]
fn quotes_say_how_text_is_compared() {
    let asset = windows();
    check(&asset, "operatingSystem:\"windows server\"", true);
    check(&asset, "operatingSystem:'windows serv'", true);
    check(&asset, "operatingSystem:\"server 2019 windows\"", false);
    check(&asset, "operatingSystem:`Microsoft Windows Server 2019`", true);
    check(&asset, "operatingSystem:`microsoft windows server 2019`", false);
    check(&named("R&D"), "name:\"&\"", true);
    check(&named("RnD"), "name:&", false);
    same("name:\"web\"", "name:web");
}

#[test]
fn wildcards_cover_the_whole_value() {
    let asset = named("Prod-WEB-01");
    for (text, expected) in [
        ("name:prod*", true),
        ("name:web*", false),
        ("name:*-01", true),
        ("name:*web*", true),
        ("name:\"prod-*-01\"", true),
        ("name:'*d-w**01'", true),
        ("name:`prod*`", false),
        ("name:*", true),
        ("name:\"*\"", true),
        ("kb:*", false),
        ("name:[x*, *01]", true),
    ] {
        check(&asset, text, expected);
    }
    check(&named("a*b"), "name:`a*b`", true);
    check(&named("a*b"), r#"name:"a\**""#, true);
    check(&named("axb"), r#"name:"a\**""#, false);
    check(&named("100% \"sure\" \\o/"), r#"name:`100% "sure" \\o/`"#, true);
    check(&named("100% \"sure\" \\o/"), r#"name:"*\"sure\"*""#, true);
}

#[test]
fn keywords_are_compared_exactly_and_enumerations_in_any_case() {
    let asset = Asset { kb: vec!["KB 5001".into()], vendor_severity: Some("Critical"), ..named("x") };
    check(&asset, "kb:KB 5001", true);
    check(&asset, "kb:'KB 5001'", true);
    check(&asset, "kb:kb 5001", false);
    check(&asset, "kb:kb*", true);
    check(&asset, "kb:[KB 5000 .. KB 5009]", true);
    check(&asset, "vendorSeverity:critical", true);
    check(&asset, "vendorSeverity:'CRITICAL'", true);
    check(&asset, "vendorSeverity:[low, crit*]", true);
    check(&asset, "vendorSeverity:5", false);
    check(&asset, "not vendorSeverity:5", true);
    check(&asset, "vendorSeverity in (Low, Critical)", true);
}

#[test]
fn lists_are_any_of_their_items() {
    assert_eq!(
        read("openPorts.port:[22, 443]"),
        Filter::Any(
            id::OPEN_PORTS,
            Box::new(Filter::Field(FieldId(0), Test::In(vec![Value::Integer(22), Value::Integer(443)])))
        )
    );
    same("kb:[a]", "kb:a");
    same("name:[web, \"eu 07\", `X`]", "name:web or name:\"eu 07\" or name:`X`");
    same("tags.id in [1, 2]", "tags.id:[1,2]");
    same("publishedDate:[2026-03-01, 2026-03-05]", "publishedDate:2026-03-01 or publishedDate:2026-03-05");
    check(&windows(), "name:[this and that, web]", true);
}

#[test]
fn values_in_parentheses_share_a_field() {
    same("name:(web* or *-db)", "name:web* or name:*-db");
    same("name:(web and not \"eu 07\")", "name:web and not name:\"eu 07\"");
    same(
        "missingPatchCount:(>3 and <5 or [7 .. 9] or (10 .. 12))",
        "missingPatchCount>3 and missingPatchCount<5 or missingPatchCount:[7 .. 9] or missingPatchCount:(10 .. 12)",
    );
    same("openPorts.port:(22 and 443)", "openPorts.port:22 and openPorts.port:443");
    same("port:(22 or (443))", "port:22 or port:443");
}

#[test]
fn dates_cover_their_period_and_compare_around_it() {
    let asset = Asset { published: Some(at("2026-03-10T12:00:00Z")), ..named("x") };
    for (text, expected) in [
        ("publishedDate:2026", true),
        ("publishedDate:2026-03", true),
        ("publishedDate:2026-02", false),
        ("publishedDate:'2026-03-10T12:00:00Z'", true),
        ("publishedDate:2026-03-10T12:00:01Z", false),
        ("publishedDate >= 2026-03-10", true),
        ("publishedDate < 2026-03-10", false),
        ("publishedDate <= 2026-03-10", true),
        ("publishedDate > 2026-03-09", true),
        ("publishedDate:[2026-03-01 .. 2026-03-10]", true),
        ("publishedDate:[2026-03-01 .. 2026-03-10)", false),
        ("publishedDate:(2026-03-10 .. *]", false),
        ("publishedDate:[* .. 2026]", true),
        ("publishedDate:[now-30d .. now]", true),
        ("publishedDate > now-1w", false),
        ("publishedDate > NOW - 1M", true),
        ("publishedDate < now-239h", true),
        ("publishedDate < now-240h", false),
        ("publishedDate:*", true),
        ("asset.created > 2000", false),
    ] {
        check(&asset, text, expected);
    }
    let ago = Value::Date(When::Ago(Age { count: 3, unit: Unit::Day }));
    let expected = Filter::Field(id::PUBLISHED, Test::Range(Excluded(ago), Unbounded));
    assert_eq!(read("publishedDate > now-3d"), expected, "relative dates stay relative");
    assert!(read("publishedDate > now-3d").is_relative());
}

#[test]
fn addresses_come_alone_in_networks_in_ranges_and_with_wildcards() {
    let asset = Asset {
        interfaces: vec![
            ("10.0.3.7".parse().ok(), "eth0".into()),
            ("2001:db8::5".parse().ok(), "eth1".into()),
        ],
        ..named("x")
    };
    for (text, expected) in [
        ("interfaces.address:10.0.3.7", true),
        ("interfaces.address:10.0.3.8", false),
        ("interfaces.address:10.0.0.0/16", true),
        ("interfaces.address:10.0.3.200/24", true),
        ("interfaces.address:10.0.3.7/32", true),
        ("interfaces.address:10.1.0.0/16", false),
        ("interfaces.address:0.0.0.0/0", true),
        ("interfaces.address:10.0.*", true),
        ("interfaces.address:10.0.*.*", true),
        ("interfaces.address:10.*.3.7", true),
        ("interfaces.address:10.1.*", false),
        ("interfaces.address:`192.0.2.1,10.0.3.7`", true),
        ("interfaces.address:\"2001:db8::/32\"", true),
        ("interfaces.address:2001:db8:*", true),
        ("interfaces.address:[2001:db8::1 .. 2001:db8::9]", true),
        ("interfaces.address > 10.0.3.6", true),
        ("interfaces:(address:10.0.0.0/8 and hostname:eth1)", false),
    ] {
        check(&asset, text, expected);
    }
}

#[test]
fn versions_compare_by_number_and_wildcards_ask_for_a_beginning() {
    let asset = Asset { software: vec![software("x", "3.10.1"), software("y", "")], ..named("x") };
    for (text, expected) in [
        ("software.version:3.10.1", true),
        ("software.version:3.10", false),
        ("software.version:3.10.*", true),
        ("software.version > 3.9", true),
        ("software:(name:x and version:[1.0 .. 2.4])", false),
        ("software:(name:x and version:[3.0...4.0))", true),
        ("software:(version is null)", true),
        ("software.version is null", false),
        ("software:(name:y and version is not null)", false),
    ] {
        check(&asset, text, expected);
    }
}

#[test]
fn a_group_under_a_list_is_about_one_element() {
    let inner = |text: &str| match read(text) {
        Filter::Any(id::VULNERABILITIES, inner) => *inner,
        other => panic!("{other:?}"),
    };
    let full = inner("vulnerabilities:(vulnerability.severity:5 and vulnerability.os:x)");
    for text in [
        "vulnerabilities.vulnerability:(severity:5 and os:x)",
        "vulnerabilities.vulnerability:(vulnerability.severity:5 and os:x)",
        "vulnerabilities:(vulnerability:(severity:5 and os:x))",
        "vulnerabilities:(vulnerabilities.vulnerability.severity:5 and vulnerability.os:x)",
    ] {
        assert_eq!(inner(text), full, "{text}");
    }
    same("software:(software.name:x)", "software.name:x");
    same("not software:(name:x or name:y)", "not (software:((name:x) or name:y))");
}

#[test]
fn a_group_under_a_common_beginning_is_a_short_way_to_write() {
    same(
        "operatingSystem:(name:x and category1:y)",
        "operatingSystem.name:x and operatingSystem.category1:y",
    );
    same(
        "asset:(trackingMethod:IP or not created is null)",
        "asset.trackingMethod:IP or asset.created is not null",
    );
    same("qualys:(agent:(version:5))", "qualys.agent.version:5");
    same("tags:(name:x)", "tags.name:x");
}

#[test]
fn a_list_by_itself_can_be_present_or_not() {
    let bare = named("x");
    let listed = Asset { software: vec![Software::default()], ..named("x") };
    for (text, expected) in [
        ("software is null", false),
        ("not software is null", true),
        ("software:*", true),
        ("isnull(software)", false),
        ("software.name:*", false),
    ] {
        check(&listed, text, expected);
        if text != "software.name:*" {
            check(&bare, text, !expected);
        }
    }
}

#[test]
fn text_without_a_token_is_looked_for_in_each_free_field() {
    let asset =
        Asset { kb: vec!["KB5001".into()], missing: Some(12), tags: vec![(1, "prod".into())], ..windows() };
    check(&asset, "eu", true);
    check(&asset, "windows 2019", true);
    check(&asset, "\"windows server\"", true);
    check(&asset, "KB5001", true);
    check(&asset, "12", true);
    check(&asset, "prod", false);
    check(&asset, "web 2019", false);
    check(&asset, "eu and 2019 and not prod", true);
    check(&asset, "eu kb:KB5001", true);
    check(&asset, "`web-eu-07`", true);
    assert_eq!(refused("web*").problem, Problem::WildcardAlone);
    assert_eq!(refused("12:30").problem, Problem::NeedsQuotes);
    assert_eq!(refused("software:(name:x and y)").problem, Problem::NoToken);
}

#[test]
fn an_unknown_token_is_answered_with_the_nearest() {
    let near = |text: &str| match refused(text).problem {
        Problem::UnknownToken { near, .. } => near,
        other => panic!("{other:?}"),
    };
    assert_eq!(near("nmae:x"), ["name"]);
    assert_eq!(near("operatingsytem:x"), ["operatingSystem"]);
    assert_eq!(near("severity:5"), ["vulnerabilities.vulnerability.severity"]);
    assert_eq!(near("software:(nam:x)"), ["name"]);
    assert_eq!(near("interfaces.adress:1"), ["interfaces.address"]);
    assert!(near("entirelydifferent:1").is_empty());
    let error = refused("kb:a and\n  nmae:x");
    assert_eq!((error.offset, error.line, error.column, error.part.as_str()), (11, 2, 3, "nmae"));
    assert_eq!(error.to_string(), "invalid QQL token 'nmae'; did you mean name? (line 2, column 3: nmae)");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_where_none_could_match() {
    let wanted = |text: &str| match refused(text).problem {
        Problem::Value { wanted, .. } => wanted,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(wanted("missingPatchCount:many"), Wanted::Number);
    assert_eq!(wanted("missingPatchCount > 1.5"), Wanted::Number);
    assert_eq!(wanted("missingPatchCount:4*"), Wanted::Number);
    assert_eq!(wanted("missingPatchCount:[1 .. x]"), Wanted::Number);
    assert_eq!(wanted("missingPatchCount:99999999999999999999"), Wanted::Number);
    assert_eq!(wanted("publishedDate:yesterday"), Wanted::Date);
    assert_eq!(wanted("publishedDate > now+1d"), Wanted::Date);
    assert_eq!(wanted("publishedDate > now-99999999999d"), Wanted::Date);
    assert_eq!(wanted("publishedDate > 2026*"), Wanted::Single);
    assert_eq!(wanted("isSuperseded:maybe"), Wanted::Boolean);
    assert_eq!(wanted("interfaces.address:10.0"), Wanted::Address);
    assert_eq!(wanted("interfaces.address:10.0.0.0/33"), Wanted::Address);
    assert_eq!(wanted("name:\"\""), Wanted::Something);
    let error = refused("missingPatchCount:[1, two]");
    assert_eq!((error.offset, error.part.as_str()), (22, "two"));
    assert_eq!(error.to_string(), "'missingPatchCount' takes a whole number (line 1, column 23: two)");
}

#[test]
fn what_is_no_query_is_refused_where_it_breaks() {
    for (text, problem, offset) in [
        ("name:", Problem::Expected("a clause or a value"), 5),
        ("name: and kb:x", Problem::Expected("a clause or a value"), 6),
        ("kb:a and", Problem::Expected("a clause or a value"), 8),
        ("or kb:a", Problem::Expected("a clause or a value"), 0),
        ("kb:a or or kb:b", Problem::Expected("a clause or a value"), 8),
        ("not", Problem::Expected("a clause or a value"), 3),
        ("()", Problem::Expected("a clause or a value"), 1),
        ("(kb:a", Problem::Unclosed('('), 0),
        ("kb:a)", Problem::Expected("'and', 'or', a clause or the end"), 4),
        ("kb:[a, b", Problem::Unclosed('['), 3),
        ("kb:[a, b)", Problem::Expected("',' or ']'"), 8),
        ("kb:[]", Problem::Expected("a value"), 4),
        ("kb:[a,]", Problem::Expected("a value"), 6),
        ("kb:\"a", Problem::Unclosed('"'), 3),
        ("kb:`a\\`", Problem::Unclosed('`'), 3),
        ("kb:a\"b\"", Problem::NeedsQuotes, 3),
        ("missingPatchCount:[1 .. 2", Problem::Unclosed('['), 18),
        ("missingPatchCount:[1 .. 2 .. 3]", Problem::Expected("the end of the range"), 26),
        (
            "missingPatchCount:[ .. 3]",
            Problem::Value { token: "missingPatchCount".into(), wanted: Wanted::Something },
            20,
        ),
        ("<3 ids>", Problem::Expected("a clause or a value"), 0),
        ("name > a", Problem::NoOrder { token: "name".into() }, 7),
        ("name:[a .. b]", Problem::NoOrder { token: "name".into() }, 5),
        ("vendorSeverity > 3", Problem::NoOrder { token: "vendorSeverity".into() }, 17),
    ] {
        let error = refused(text);
        assert_eq!((error.problem, error.offset), (problem, offset), "{text}");
    }
    assert!(matches!(refused("software:x").problem, Problem::List { members, .. } if members.len() == 3));
    assert!(matches!(refused("name:(a:b)").problem, Problem::NeedsQuotes));
}

#[test]
fn limits_are_kept() {
    let long = format!("kb:{}", "x".repeat(MAX_LENGTH));
    let error = refused(&long);
    assert_eq!(error.problem, Problem::TooLong(long.len()));
    assert!(error.to_string().len() < 200, "{error}");
    let nested = |depth: usize| format!("{}kb:a{}", "(".repeat(depth), ")".repeat(depth));
    read(&nested(MAX_NESTING));
    assert_eq!(refused(&nested(MAX_NESTING + 1)).problem, Problem::TooDeep);
    let list = |count: usize| format!("missingPatchCount:[{}]", vec!["1"; count].join(","));
    read(&list(MAX_ITEMS));
    assert_eq!(refused(&list(MAX_ITEMS + 1)).problem, Problem::TooManyItems);
}

#[test]
fn hostile_texts_are_answered_soon() {
    let open = "name:(".repeat(MAX_LENGTH / 6);
    let texts = [
        "(".repeat(1 << 20),
        "(".repeat(MAX_LENGTH),
        open,
        "not ".repeat(MAX_LENGTH / 4),
        "\"".repeat(MAX_LENGTH - 1),
        "\0".repeat(MAX_LENGTH),
        "name:\0".to_owned(),
        "a ".repeat(MAX_LENGTH / 2),
        "a and ".repeat(MAX_LENGTH / 6),
        format!("name{}", " ".repeat(MAX_LENGTH - 4)),
        "name:[".to_owned() + &"*".repeat(MAX_LENGTH - 6),
        "kb:".to_owned() + &"\\".repeat(MAX_LENGTH - 3),
        "x".repeat(MAX_LENGTH - 2) + ":y",
        "kb:[`".to_owned() + &"a".repeat(4000),
        "é:ü ".repeat(1000),
    ];
    let begun = std::time::Instant::now();
    for text in &texts {
        if let Ok(filter) = parse(&FIELDS, text) {
            print(&FIELDS, &filter);
        }
    }
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[test]
fn every_beginning_of_a_text_is_read_or_refused() {
    let text = "not (software:(name:\"öpen ssl\" and version:[1.0 .. 3.0)) or tags.name:[`a`, 'b\\'c', d*]) \
                and publishedDate >= now-30d kb in (KB1, KB2) isnull(kb) and operatingSystem is not null";
    read(text);
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        if let Err(error) = parse(&FIELDS, text.get(..end).unwrap()) {
            assert!(error.offset <= end);
            assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn a_filter_prints_in_its_canonical_form() {
    for (text, printed) in [
        ("ASSET.NAME:Web AND kb:(a or b)", "name:web and (kb:`a` or kb:`b`)"),
        ("name:[web, \"eu 07\"]", "name:[web, \"eu 07\"]"),
        ("kb:[a, 'b`c']", "kb:[`a`, `b\\`c`]"),
        ("publishedDate:2026-03-10", "publishedDate:2026-03-10"),
        ("publishedDate:[2026-03 .. 2026-04]", "publishedDate:[2026-03-01 .. 2026-04-30]"),
        ("publishedDate > 2026-03-10", "publishedDate>2026-03-10"),
        ("publishedDate:[now-3d .. now]", "publishedDate:[now-3d .. now]"),
        ("not kb is null", "kb:*"),
        ("isnull(tags.name)", "tags.name is null"),
        ("not software:(name:x and version:1)", "not software:(name:x and version:`1`)"),
        ("not software.name:x", "not software.name:x"),
        ("software:(not name:x)", "software:(not name:x)"),
        ("name:-and-or", "name:-and-or"),
        ("interfaces.address:10.0.0.0/30", "interfaces.address:[10.0.0.0 .. 10.0.0.3]"),
        ("interfaces.address:fe80::1", "interfaces.address:`fe80::1`"),
        ("port:443", "openPorts.port:443"),
        ("isSuperseded:TRUE", "isSuperseded:true"),
    ] {
        let filter = read(text);
        assert_eq!(print(&FIELDS, &filter), printed, "{text}");
        assert_eq!(read(printed), filter, "{printed}");
    }
}

#[test]
fn what_qql_cannot_say_is_marked_and_not_read_back() {
    let regex = Test::Regex(regex::Regex::new("^Windows.*").unwrap());
    let marked = [
        (Filter::set([1, 2, 3].into_iter().collect()), "<3 ids>"),
        (Filter::none(), "<nothing>"),
        (!Filter::All, "not <everything>"),
        (Filter::Field(id::OS, regex), "<operatingSystem matches `^Windows.*`>"),
        (Filter::Field(FieldId(99), Test::Present), "<an unknown field>"),
        (Filter::Field(FieldId(16), Test::Present), "<address Present>"),
        (Filter::Any(ListId(99), Box::new(Filter::All)), "<an unknown list>"),
    ];
    for (filter, text) in marked {
        assert_eq!(print(&FIELDS, &filter), text);
        refused(text);
    }
}

#[test]
fn criteria_print_as_the_nearest_qql() {
    use query::criteria::{Criterion, compile};
    let criteria = [
        Criterion { field: "name", operator: Some("CONTAINS"), value: "We*b" },
        Criterion { field: "tagName", operator: Some("NOT EQUALS"), value: "x" },
        Criterion { field: "created", operator: Some("EQUALS"), value: "2026-03-10" },
        Criterion { field: "port", operator: Some("IN"), value: "22,443" },
    ];
    let filter = compile(&FIELDS, &criteria).unwrap();
    let text =
        "name:\"*we\\*b*\" and not tags.name:`x` and asset.created:2026-03-10 and openPorts.port:[22, 443]";
    assert_eq!(print(&FIELDS, &filter), text);
    assert_eq!(read(text), filter);
}

#[test]
fn a_range_is_read_with_its_brackets() {
    let number = Value::Integer;
    let range = |from, to| Filter::Field(id::MISSING, Test::Range(from, to));
    for (text, filter) in [
        ("missingPatchCount:[-1 .. 5]", range(Included(number(-1)), Included(number(5)))),
        ("missingPatchCount:(1 .. 5)", range(Excluded(number(1)), Excluded(number(5)))),
        ("missingPatchCount:(1 .. 5]", range(Excluded(number(1)), Included(number(5)))),
        ("missingPatchCount:[1 .. *]", range(Included(number(1)), Unbounded)),
        ("missingPatchCount:[* .. *]", Filter::Field(id::MISSING, Test::Present)),
    ] {
        assert_eq!(read(text), filter, "{text}");
    }
}
