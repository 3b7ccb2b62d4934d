//! Tag rules: from the text that a user typed to a filter over assets (`contract/am.md 4.7`).
//!
//! - A rule is stored as it was typed; its filter is made again when it is read, so that a new field never breaks an
//!   old tag.
//! - A rule that is understood only in part selects nothing, rather than something else.

use std::net::IpAddr;
use std::ops::Bound;

use query::{Age, Fields, Filter, Test, Unit, Value, When, fold, qql};
use quick_xml::events::Event;
use regex::RegexBuilder;

use super::model::{RuleType, SystemTag, Tag};
use crate::assets::{Asset, Provider, fields};
use crate::{Error, Result};
use store::Object;

/// The longest rule, in characters.
pub(super) const LONGEST: usize = 64 * 1024;
/// The most memory that a compiled expression may take, in bytes.
const EXPRESSION: usize = 1 << 20;

/// What a tag's rule means.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    /// Nobody but people put it on assets.
    None,
    /// The assets that meet this.
    Filter(Filter),
    /// A rule whose text this version can't evaluate; it selects nothing. Why.
    NotEvaluable(String),
}

/// The rule of a tag.
///
/// # Errors
/// When the text is not one of its type.
pub(crate) fn compile(tag: &Tag) -> Result<Rule> {
    if let Some(system) = tag.system {
        return Ok(system_rule(system));
    }
    let Some(kind) = tag.rule_type else { return Ok(Rule::None) };
    let text = tag.rule_text.as_deref().unwrap_or_default().trim();
    if kind == RuleType::Static {
        return Ok(Rule::None);
    }
    if text.is_empty() {
        return Err(qps::ServiceError::cannot_be_null("Tag.ruleText").into());
    }
    let filter = match kind {
        RuleType::Static => return Ok(Rule::None),
        RuleType::NameContains => Filter::Field(fields::NAME, Test::Contains(fold(text).into_owned())),
        RuleType::OsRegex => Filter::Field(fields::OS, Test::Regex(expression(kind, text)?)),
        RuleType::InstalledSoftware => software(text)?,
        RuleType::OpenPorts => ports(text)?,
        RuleType::VulnExist | RuleType::VulnDetection => detections(kind, text)?,
        RuleType::NetworkRange => addresses(kind, text)?,
        RuleType::NetworkRangeEnhanced => return enhanced_ranges(text),
        RuleType::AssetSearch => return asset_search(text),
        RuleType::GlobalAssetView => parse(kind, text)?,
        RuleType::CloudAsset => in_cloud(tag, text)?,
        RuleType::Groovy => {
            return Err(Error::invalid(
                "Data: Invalid value for 'ruleType' (GROOVY). Scripts are not enabled for this subscription.",
                "Use another rule type, such as GLOBAL_ASSET_VIEW.",
            ));
        }
        RuleType::BusinessInformation | RuleType::TagSet | RuleType::NetworkTag | RuleType::Network => {
            return Ok(Rule::NotEvaluable(format!("rules of type {} are kept, not evaluated", kind.name())));
        }
    };
    Ok(Rule::Filter(filter))
}

fn system_rule(system: SystemTag) -> Rule {
    match system {
        SystemTag::CloudAgent => Rule::Filter(Filter::Field(fields::AGENT_ID, Test::Present)),
        SystemTag::InternetFacingAssets => Rule::Filter(internet_facing()),
        _ => Rule::None,
    }
}

/// Addresses outside of the blocks that are not routed in the internet (RFC 6890, RFC 4193).
fn internet_facing() -> Filter {
    let blocks = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/127",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
        "2001:db8::/32",
    ];
    let inside =
        blocks.iter().filter_map(|block| range(block)).map(|test| Filter::Field(fields::ADDRESS, test));
    Filter::And(vec![Filter::Field(fields::ADDRESS, Test::Present), !Filter::Or(inside.collect())])
}

fn wrong(kind: RuleType, problem: &str, wanted: &str) -> Error {
    Error::invalid(
        format!("Data: Invalid value for 'ruleText' of the rule type {}: {problem}.", kind.name()),
        format!("Specify {wanted}."),
    )
}

fn expression(kind: RuleType, text: &str) -> Result<regex::Regex> {
    let built = RegexBuilder::new(text).size_limit(EXPRESSION).dfa_size_limit(EXPRESSION).build();
    built.map_err(|error| {
        // The crate draws the expression with a mark below the place; its last line says what is wrong.
        let said = error.to_string();
        let problem = said.lines().last().unwrap_or_default();
        let problem = problem.trim_start_matches("error: ").trim_end_matches('.');
        wrong(kind, problem, "a regular expression without look-around and back references")
    })
}

/// A name or an expression; what is no expression (`c++`) is looked for as it stands.
fn software(text: &str) -> Result<Filter> {
    let plain = !text.contains(|sign: char| r"\.+*?()|[]{}^$".contains(sign));
    let built = RegexBuilder::new(text).case_insensitive(true).size_limit(EXPRESSION).build();
    let test = match built {
        Ok(expression) if !plain => Test::Regex(expression),
        _ => Test::Contains(fold(text).into_owned()),
    };
    Ok(any_of(fields::SOFTWARE, vec![Filter::Field(fields::SOFTWARE_NAME, test)]))
}

fn any_of(list: query::ListId, mut parts: Vec<Filter>) -> Filter {
    let inner = if parts.len() == 1 { parts.swap_remove(0) } else { Filter::Or(parts) };
    Filter::Any(list, Box::new(inner))
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

fn ports(text: &str) -> Result<Filter> {
    let mut parts = Vec::new();
    for item in items(text) {
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0).map(i64::from);
        let bounds = match item.split_once('-') {
            Some((low, high)) => port(low).zip(port(high)).filter(|(low, high)| low <= high),
            None => port(item).map(|only| (only, only)),
        };
        let Some((low, high)) = bounds else {
            let problem = format!("'{item}' is neither a port nor a range of ports");
            return Err(wrong(
                RuleType::OpenPorts,
                &problem,
                "ports from 1 to 65535, such as 80, 443, 8080-8090",
            ));
        };
        let number = |port| Bound::Included(Value::Integer(port));
        parts.push(Filter::Field(fields::PORT_NUMBER, Test::Range(number(low), number(high))));
    }
    if parts.is_empty() {
        return Err(wrong(RuleType::OpenPorts, "it names no port", "ports, such as 80, 443, 8080-8090"));
    }
    Ok(any_of(fields::PORTS, parts))
}

fn detections(kind: RuleType, text: &str) -> Result<Filter> {
    let qids = items(text).map(|item| {
        let problem = format!("'{item}' is not a QID");
        item.parse::<u32>().map_err(|_| wrong(kind, &problem, "one QID, or several with commas between them"))
    });
    let qids = qids.map(|qid| qid.map(|qid| Value::Integer(qid.into()))).collect::<Result<Vec<_>>>()?;
    Ok(current_detection(vec![Filter::Field(fields::QID, Test::In(qids))]))
}

fn current_detection(mut parts: Vec<Filter>) -> Filter {
    parts.push(Filter::Field(fields::FOUND, Test::Equals(Value::Boolean(true))));
    Filter::Any(fields::DETECTIONS, Box::new(Filter::And(parts)))
}

fn addresses(kind: RuleType, text: &str) -> Result<Filter> {
    let mut parts = Vec::new();
    for item in items(text) {
        let Some(test) = range(item) else {
            let problem = format!("'{item}' is neither an address nor a range");
            return Err(wrong(
                kind,
                &problem,
                "addresses, ranges a-b and CIDR blocks, with commas between them",
            ));
        };
        parts.push(Filter::Field(fields::ADDRESS, test));
    }
    match parts.len() {
        0 => Err(wrong(kind, "it names no address", "addresses, ranges a-b and CIDR blocks")),
        1 => Ok(parts.swap_remove(0)),
        _ => Ok(Filter::Or(parts)),
    }
}

/// An address, `a-b`, `a/prefix`, or `a-mask` with a dotted mask.
fn range(item: &str) -> Option<Test> {
    let (low, high) = if let Some((network, prefix)) = item.split_once('/') {
        block(network.trim().parse().ok()?, prefix.trim().parse().ok()?)?
    } else if let Some((from, to)) = item.split_once('-') {
        let (from, to): (IpAddr, IpAddr) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        match mask_length(to) {
            Some(prefix) if to < from || prefix >= 8 && is_mask(to) => block(from, prefix)?,
            _ => (from, to),
        }
    } else {
        let only: IpAddr = item.parse().ok()?;
        (only, only)
    };
    if low > high || low.is_ipv4() != high.is_ipv4() {
        return None;
    }
    Some(Test::Range(Bound::Included(Value::Address(low)), Bound::Included(Value::Address(high))))
}

/// Whether an address can only be meant as a mask: 255 at its beginning.
fn is_mask(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(four) if four.octets().first() == Some(&255))
}

fn mask_length(mask: IpAddr) -> Option<u32> {
    let IpAddr::V4(four) = mask else { return None };
    let bits = four.to_bits();
    (bits.leading_ones() + bits.trailing_zeros() >= 32).then_some(bits.leading_ones())
}

fn block(network: IpAddr, prefix: u32) -> Option<(IpAddr, IpAddr)> {
    match network {
        IpAddr::V4(four) => {
            let host = u32::MAX.checked_shr(prefix).unwrap_or(0);
            let bits = four.to_bits();
            (prefix <= 32).then(|| (IpAddr::V4((bits & !host).into()), IpAddr::V4((bits | host).into())))
        }
        IpAddr::V6(six) => {
            let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
            let bits = six.to_bits();
            (prefix <= 128).then(|| (IpAddr::V6((bits & !host).into()), IpAddr::V6((bits | host).into())))
        }
    }
}

fn parse(kind: RuleType, text: &str) -> Result<Filter> {
    qql::parse(Asset::fields(), text)
        .map_err(|error| wrong(kind, &error.to_string(), "a query in QQL over the tokens of assets"))
}

fn in_cloud(tag: &Tag, text: &str) -> Result<Filter> {
    let filter = parse(RuleType::CloudAsset, text)?;
    let Some(name) = tag.provider.as_deref() else { return Ok(filter) };
    let Some(provider) = Provider::named(name) else { return Ok(filter) };
    let of_provider = Test::Equals(Value::Text(provider.cloud().into()));
    let fields: &Fields<Asset> = Asset::fields();
    Ok(match fields.by_token("provider") {
        Some((field, _)) => Filter::Field(field, of_provider).and(filter),
        None => filter,
    })
}

/// `<RANGES><RANGE type="ip">10.1.0.0/16,10.2.0.5</RANGE></RANGES>`. Ranges of networks other than addresses are
/// kept, not evaluated.
fn enhanced_ranges(text: &str) -> Result<Rule> {
    let kind = RuleType::NetworkRangeEnhanced;
    let tree = Node::read(text).map_err(|problem| wrong(kind, &problem, "a RANGES document"))?;
    if tree.name != "RANGES"
        || tree.children.is_empty()
        || tree.children.iter().any(|node| node.name != "RANGE")
    {
        return Err(wrong(
            kind,
            "it is not RANGES with RANGE in it",
            "<RANGES><RANGE type=\"ip\">...</RANGE></RANGES>",
        ));
    }
    let mut parts = Vec::new();
    for range in &tree.children {
        if range.attribute.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("ip")) {
            return Ok(Rule::NotEvaluable("a range that is not of type ip".into()));
        }
        parts.push(addresses(kind, &range.text)?);
    }
    Ok(Rule::Filter(if parts.len() == 1 { parts.swap_remove(0) } else { Filter::Or(parts) }))
}

/// The known parts of a `TAG_CRITERIA` document; all must hold. With an unknown part the rule is kept, not evaluated.
fn asset_search(text: &str) -> Result<Rule> {
    let kind = RuleType::AssetSearch;
    let tree = Node::read(text).map_err(|problem| wrong(kind, &problem, "a TAG_CRITERIA document"))?;
    if tree.name != "TAG_CRITERIA" || tree.children.is_empty() {
        return Err(wrong(
            kind,
            "it is not TAG_CRITERIA with criteria in it",
            "<TAG_CRITERIA>...</TAG_CRITERIA>",
        ));
    }
    let mut all = Vec::new();
    for part in &tree.children {
        all.push(match part.name.as_str() {
            "DETECTION" if part.child("RESULTS").is_none() => {
                let qids = part.child("QID_LIST").map(|list| list.texts("QID")).unwrap_or_default();
                detections(kind, &qids)?
            }
            "OPEN_PORTS" => ports(&part.texts("PORT"))?,
            "IP_RANGES" => addresses(kind, &part.texts("IP_RANGE"))?,
            "LAST_SCAN_DATE" => within(part, |test| Filter::Field(fields::LAST_VULN_SCAN, test))?,
            "FIRST_FOUND_DATE" => within(part, |test| Filter::Field(fields::CREATED, test))?,
            other => return Ok(Rule::NotEvaluable(format!("the criterion {other} is not known here"))),
        });
    }
    Ok(Rule::Filter(if all.len() == 1 { all.swap_remove(0) } else { Filter::And(all) }))
}

/// `WITHIN` or `NOT_WITHIN` the last days.
fn within(part: &Node, field: impl Fn(Test) -> Filter) -> Result<Filter> {
    let kind = RuleType::AssetSearch;
    let days = part.child("DAYS").and_then(|days| days.text.trim().parse().ok());
    let count =
        days.ok_or_else(|| wrong(kind, &format!("{} has no number of DAYS", part.name), "<DAYS>7</DAYS>"))?;
    let since = Value::Date(When::Ago(Age { count, unit: Unit::Day }));
    let recent = field(Test::Range(Bound::Included(since), Bound::Unbounded));
    match part.child("SEARCH_TYPE").map(|kind| kind.text.trim()) {
        Some("WITHIN") | None => Ok(recent),
        Some("NOT_WITHIN") => Ok(Filter::And(vec![field(Test::Present), !recent])),
        Some(other) => Err(wrong(kind, &format!("'{other}' is not a SEARCH_TYPE"), "WITHIN or NOT_WITHIN")),
    }
}

/// An element of a rule document.
#[derive(Debug, Default)]
struct Node {
    name: String,
    /// The value of its attribute `type`.
    attribute: Option<String>,
    text: String,
    children: Vec<Node>,
}

impl Node {
    fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The texts of these children, as a comma list.
    fn texts(&self, name: &str) -> String {
        let texts = self.children.iter().filter(|child| child.name == name).map(|child| child.text.trim());
        texts.collect::<Vec<_>>().join(",")
    }

    /// Reads a document of at most five levels, without DTD and entities but the predefined ones.
    fn read(text: &str) -> Result<Node, String> {
        let mut reader = quick_xml::Reader::from_str(text);
        let mut open = vec![Node::default()];
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            match event {
                Event::Start(start) => {
                    if open.len() > 5 {
                        return Err("it is nested too deep".into());
                    }
                    open.push(Node::begun(&start)?);
                }
                Event::Empty(start) => {
                    let node = Node::begun(&start)?;
                    open.last_mut().ok_or("it is not well-formed")?.children.push(node);
                }
                Event::End(_) => {
                    let node = open.pop().ok_or("it is not well-formed")?;
                    open.last_mut().ok_or("it is not well-formed")?.children.push(node);
                }
                Event::Text(part) => {
                    open.last_mut().ok_or("it is not well-formed")?.text.push_str(&part);
                }
                Event::DocType(_) | Event::GeneralRef(_) => return Err("it has a DTD or entities".into()),
                Event::Eof => break,
                _ => {}
            }
        }
        let (Some(mut root), true) = (open.pop(), open.is_empty()) else {
            return Err("it ends too early".into());
        };
        if root.children.len() == 1 {
            Ok(root.children.swap_remove(0))
        } else {
            Err("it is not one element".into())
        }
    }

    fn begun(start: &quick_xml::events::BytesStart<'_>) -> Result<Node, String> {
        let name = start.name().as_ref().to_owned();
        let kind = start.try_get_attribute("type").map_err(|error| error.to_string())?;
        let attribute = kind.map(|value| value.value.into_owned());
        Ok(Node { name, attribute, ..Node::default() })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use query::matches;

    use super::*;
    use crate::assets::{OpenPort, Software, TrackingMethod};

    fn host() -> Asset {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let mut host = Asset::new("lab-Web-1", TrackingMethod::Ip, now);
        host.os = Some("Microsoft Windows Server 2019".into());
        host.network.address = Some("10.1.2.3".parse().unwrap());
        host.open_ports = vec![OpenPort { port: 8081, protocol: "TCP".into(), service_name: None }];
        let (version, architecture, publisher, installed, source) = Default::default();
        host.software = vec![Software {
            name: "Visual C++ 2019".into(),
            version,
            architecture,
            publisher,
            installed,
            source,
        }];
        host
    }

    fn selects(kind: RuleType, text: &str) -> Result<bool> {
        let now: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let mut tag = Tag::new("t", None, now);
        (tag.rule_type, tag.rule_text) = (Some(kind), Some(text.into()));
        match compile(&tag)? {
            Rule::Filter(filter) => Ok(matches(Asset::fields(), &filter.at(now), 1, &host())),
            _ => Ok(false),
        }
    }

    #[test]
    fn rules_of_the_contract_select_what_they_say() {
        let yes = [
            (RuleType::NameContains, "web"),
            (RuleType::OsRegex, "^Microsoft.*Server.*"),
            (RuleType::OsRegex, "Server"),
            (RuleType::NetworkRange, "192.0.2.1, 10.1.0.0/16"),
            (RuleType::NetworkRange, "10.1.2.0-10.1.2.9"),
            (RuleType::NetworkRange, "10.1.2.0-255.255.255.0"),
            (
                RuleType::NetworkRangeEnhanced,
                "<RANGES><RANGE type=\"ip\">10.1.0.0/16,10.2.0.5</RANGE></RANGES>",
            ),
            (RuleType::InstalledSoftware, "c++"),
            (RuleType::InstalledSoftware, "^visual .*2019$"),
            (RuleType::OpenPorts, "80, 443, 8080-8090"),
            (RuleType::GlobalAssetView, "operatingSystem:\"Windows Server\" and openPorts:(port:8081)"),
            (
                RuleType::AssetSearch,
                "<?xml version=\"1.0\"?><TAG_CRITERIA><OPEN_PORTS><PORT>8081</PORT></OPEN_PORTS>\
                <IP_RANGES><IP_RANGE>10.1.2.1-10.1.2.9</IP_RANGE></IP_RANGES></TAG_CRITERIA>",
            ),
            (
                RuleType::AssetSearch,
                "<TAG_CRITERIA><FIRST_FOUND_DATE><SEARCH_TYPE>WITHIN</SEARCH_TYPE><DAYS>7</DAYS>\
                </FIRST_FOUND_DATE></TAG_CRITERIA>",
            ),
        ];
        for (kind, text) in yes {
            assert!(selects(kind, text).unwrap(), "{kind:?} {text}");
        }
        let no = [
            (RuleType::NameContains, "db"),
            (RuleType::OsRegex, "^Server"),
            (RuleType::NetworkRange, "10.1.2.4"),
            (RuleType::OpenPorts, "80,8080,8082-8090"),
            (RuleType::VulnExist, "48143"),
            (RuleType::AssetSearch, "<TAG_CRITERIA><NETBIOS>x</NETBIOS></TAG_CRITERIA>"),
        ];
        for (kind, text) in no {
            assert!(!selects(kind, text).unwrap(), "{kind:?} {text}");
        }
    }

    #[test]
    fn wrong_rules_are_refused_with_what_would_be_right() {
        let bad = [
            (RuleType::OsRegex, "(unclosed"),
            (RuleType::OsRegex, "(?=look)"),
            (RuleType::NetworkRange, "10.0.0.300"),
            (RuleType::NetworkRange, "10.0.0.9-10.0.0.1"),
            (RuleType::NetworkRange, "10.0.0.0/33"),
            (RuleType::NetworkRange, " , "),
            (RuleType::OpenPorts, "http"),
            (RuleType::OpenPorts, "0"),
            (RuleType::OpenPorts, "90-80"),
            (RuleType::VulnExist, "QID 5"),
            (RuleType::Groovy, "return true"),
            (RuleType::GlobalAssetView, "nosuchtoken:1"),
            (RuleType::AssetSearch, "<TAG_CRITERIA>"),
            (
                RuleType::AssetSearch,
                "<!DOCTYPE x><TAG_CRITERIA><OPEN_PORTS><PORT>1</PORT></OPEN_PORTS></TAG_CRITERIA>",
            ),
            (RuleType::NetworkRangeEnhanced, "10.0.0.0/8"),
            (RuleType::NameContains, "  "),
        ];
        for (kind, text) in bad {
            assert!(selects(kind, text).is_err(), "{kind:?} {text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_rule_panic(text in "\\PC{0,60}", kind in 0usize..17) {
            let _ = selects(RuleType::ALL[kind].0, &text);
        }
    }
}
