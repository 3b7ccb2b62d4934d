//! The questions of the comparison: each in QQL, in SQL, and in Criteria where these can say it.
//!
//! SQL comes in several ways where none is always the quickest; what PostgreSQL answers quickest is what is compared.
//! Ids of tags stand in it as numbers, since an application knows them; names of software and systems are looked up,
//! since callers write names.

use query::Version;

use crate::synthetic::{EXEMPT, PRODUCTION, Synthesizer};

/// The names of the tags that a caller with a scope may see, with everything below them.
pub const SCOPE: [&str; 2] = ["Business unit", "Site fra"];

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What it asks, for people.
    pub name: &'static str,
    /// In QQL.
    pub qql: String,
    /// In Criteria (field, operator, value); empty where these can't say it.
    pub criteria: Vec<(&'static str, &'static str, String)>,
    /// In SQL, in each way worth trying.
    pub sql: Vec<String>,
    /// Whether a caller asks who sees [`SCOPE`] only.
    pub scoped: bool,
}

impl Question {
    fn new(name: &'static str, qql: impl Into<String>, sql: Vec<String>) -> Self {
        Self { name, qql: qql.into(), criteria: Vec::new(), sql, scoped: false }
    }

    fn or_by(mut self, field: &'static str, operator: &'static str, value: impl Into<String>) -> Self {
        self.criteria.push((field, operator, value.into()));
        self
    }

    fn within_scope(mut self) -> Self {
        self.scoped = true;
        self
    }
}

/// What SQL needs of the data.
pub struct Facts<'a> {
    /// What made the data.
    pub synthesizer: &'a Synthesizer,
    /// The id of a tag, by its name.
    pub tag: &'a dyn Fn(&str) -> u32,
    /// The ids of the tags below the tags of [`SCOPE`], and of these.
    pub scope: Vec<u32>,
    /// The order of versions.
    pub versions: &'a Versions,
}

/// All questions.
pub fn questions(facts: &Facts<'_>) -> Vec<Question> {
    [texts(facts), lists(facts), mixtures(facts)].concat()
}

/// About the fields of hosts.
fn texts(facts: &Facts<'_>) -> Vec<Question> {
    let production = (facts.tag)(PRODUCTION);
    let name = facts.synthesizer.asset(777, &[]).map(|asset| asset.name).unwrap_or_default();
    vec![
        Question::new("system contains a word", "operatingSystem:*server*", hosts(os("%server%")))
            .or_by("os", "CONTAINS", "server"),
        Question::new("name contains a part", "name:*p-db-00*", hosts("h.name ILIKE '%p-db-00%'"))
            .or_by("name", "CONTAINS", "p-db-00"),
        Question::new("one host by its name", format!("name:`{name}`"), hosts(format!("h.name = '{name}'")))
            .or_by("name", "EQUALS", name),
        Question::new(
            "system and tag",
            format!("operatingSystem:*windows* and tags.name:`{PRODUCTION}`"),
            hosts(format!("{} AND {}", os("%windows%"), tagged(production))),
        )
        .or_by("os", "CONTAINS", "windows")
        .or_by("tagName", "EQUALS", PRODUCTION),
        Question::new(
            "not a system",
            "not operatingSystem:*windows*",
            hosts(format!("NOT {}", os("%windows%"))),
        ),
        Question::new(
            "address in a range",
            "address:[10.66.0.0 .. 10.66.255.255]",
            hosts("h.address BETWEEN '10.66.0.0' AND '10.66.255.255'"),
        ),
        Question::new(
            "scanned within a week",
            "lastVulnScan:[2026-06-01 .. 2026-06-07]",
            hosts("h.last_vuln_scan >= '2026-06-01' AND h.last_vuln_scan < '2026-06-08'"),
        )
        .or_by("lastVulnScan", "GREATER", "2026-05-31")
        .or_by("lastVulnScan", "LESSER", "2026-06-08"),
    ]
}

/// About nested lists.
fn lists(facts: &Facts<'_>) -> Vec<Question> {
    let old = format!("s.name = 'openssl' AND s.version_order < {}", facts.versions.rank("11.0"));
    let rare = rare_product();
    let severe = "v.severity = 5 AND v.first_found >= '2026-05-04' AND v.first_found < '2026-05-11'";
    let common = facts.synthesizer.qid(0);
    vec![
        Question::new(
            "software by name and version",
            "software:(name:`openssl` and version<11.0)",
            distinct(&installed(&old)),
        ),
        Question::new(
            "software that is common",
            "software.name:`bash`",
            distinct(&installed("s.name = 'bash'")),
        )
        .or_by("installedSoftware", "EQUALS", "bash"),
        Question::new(
            "software that is rare",
            format!("software.name:`{rare}`"),
            distinct(&installed(&format!("s.name = '{rare}'"))),
        )
        .or_by("installedSoftware", "EQUALS", rare),
        Question::new(
            "software by the beginning of its name",
            "software.name:docker*",
            distinct(&installed("lower(s.name) LIKE 'docker%'")),
        ),
        Question::new(
            "vulnerability that is common",
            format!("vulnerabilities.vulnerability.qid:{common}"),
            distinct(&format!("SELECT host_id FROM vulns WHERE qid = {common}")),
        ),
        Question::new(
            "vulnerability by severity and time found",
            "vulnerabilities:(vulnerability.severity:5 and firstFound:[2026-05-04 .. 2026-05-10])",
            distinct(&format!("SELECT host_id FROM vulns v WHERE {severe}")),
        ),
    ]
}

/// About several things at once.
fn mixtures(facts: &Facts<'_>) -> Vec<Question> {
    let tag = facts.tag;
    let qid = facts.synthesizer.qid(25);
    let has_qid = format!("SELECT host_id FROM vulns WHERE qid = {qid}");
    let port = |condition: &str| format!("h.id IN (SELECT host_id FROM ports WHERE {condition})");
    let scope = facts.scope.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let exempt = tag(EXEMPT);
    vec![
        Question::new(
            "vulnerability without a tag",
            format!("vulnerabilities.vulnerability.qid:{qid} and not tags.name:`{EXEMPT}`"),
            [
                distinct(&format!("{has_qid} EXCEPT SELECT host_id FROM host_tags WHERE tag_id = {exempt}")),
                hosts(format!("h.id IN ({has_qid}) AND NOT {}", tagged(exempt))),
            ]
            .concat(),
        ),
        Question::new(
            "port and system",
            "openPorts.port:3389 and operatingSystem:*server 2019*",
            hosts(format!("{} AND {}", port("port = 3389"), os("%server 2019%"))),
        )
        .or_by("port", "EQUALS", "3389")
        .or_by("os", "CONTAINS", "server 2019"),
        Question::new(
            "system without a software",
            "operatingSystem:*windows* and not software.name:`Endpoint Sensor`",
            hosts(format!(
                "{} AND NOT EXISTS ({} AND hs.host_id = h.id)",
                os("%windows%"),
                installed("s.name = 'Endpoint Sensor'")
            )),
        ),
        Question::new(
            "deep AND and OR",
            format!(
                "(operatingSystem.category1:Linux and (openPorts.port:80 or openPorts.port:443 or openPorts.port:8080) \
                 or operatingSystem:*windows server* and openPorts.port:3389 and not tags.name:Hardened) \
                 and (tags.name:`{PRODUCTION}` or tags.name:Staging and lastVulnScan<2026-06-01) \
                 and not software:(name:`openssl` and version<11.0)"
            ),
            deep(facts),
        ),
        Question::new(
            "port, within a caller's scope",
            "openPorts.port:22",
            hosts(format!(
                "{} AND h.id IN (SELECT host_id FROM host_tags WHERE tag_id IN ({scope}))",
                port("port = 22")
            )),
        )
        .within_scope(),
    ]
}

fn deep(facts: &Facts<'_>) -> Vec<String> {
    let port = |condition: &str| format!("h.id IN (SELECT host_id FROM ports WHERE {condition})");
    let old = format!("s.name = 'openssl' AND s.version_order < {}", facts.versions.rank("11.0"));
    let (production, staging, hardened) =
        ((facts.tag)(PRODUCTION), (facts.tag)("Staging"), (facts.tag)("Hardened"));
    hosts(format!(
        "(h.os_id IN (SELECT id FROM os WHERE family = 'Linux') AND {} OR {} AND {} AND NOT {})
         AND ({} OR {} AND h.last_vuln_scan < '2026-06-01') AND h.id NOT IN ({})",
        port("port IN (80, 443, 8080)"),
        os("%windows server%"),
        port("port = 3389"),
        tagged(hardened),
        tagged(production),
        tagged(staging),
        installed(&old),
    ))
}

/// Counts the hosts that meet a condition.
fn hosts(condition: impl AsRef<str>) -> Vec<String> {
    vec![format!("SELECT count(*) FROM hosts h WHERE {}", condition.as_ref())]
}

/// Counts the hosts that a query names, perhaps several times.
fn distinct(query: &str) -> Vec<String> {
    vec![
        format!("SELECT count(*) FROM (SELECT DISTINCT host_id FROM ({query}) a) b"),
        format!("SELECT count(DISTINCT host_id) FROM ({query}) a"),
        format!("SELECT count(*) FROM hosts h WHERE h.id IN ({query})"),
    ]
}

fn os(pattern: &str) -> String {
    format!("h.os_id IN (SELECT id FROM os WHERE name ILIKE '{pattern}')")
}

fn tagged(tag: u32) -> String {
    format!("h.id IN (SELECT host_id FROM host_tags WHERE tag_id = {tag})")
}

fn installed(condition: &str) -> String {
    format!(
        "SELECT hs.host_id FROM host_software hs JOIN software s ON s.id = hs.software_id WHERE {condition}"
    )
}

/// Software that hardly any host has: a name from the end of the catalogue.
fn rare_product() -> &'static str {
    "r-cran-unia"
}

/// Where versions stand in their order: PostgreSQL compares these numbers instead of texts.
#[derive(Debug, Clone, Default)]
pub struct Versions(Vec<String>);

impl Versions {
    /// The order of these versions.
    pub fn new(mut versions: Vec<String>) -> Self {
        versions.sort_unstable_by(|a, b| Version::compare(a, b));
        versions.dedup_by(|a, b| Version::compare(a, b).is_eq());
        Self(versions)
    }

    /// How many versions come before this one.
    pub fn rank(&self, version: &str) -> usize {
        self.0.partition_point(|other| Version::compare(other, version).is_lt())
    }
}

#[cfg(test)]
mod tests {
    use platform::assets::Asset;
    use query::qql;
    use store::Object;

    use super::*;
    use crate::synthetic::Plan;

    #[test]
    fn versions_rank_by_their_numbers() {
        let versions = Versions::new(["1.10", "1.9", "1.02", "1.2"].map(str::to_owned).to_vec());
        assert_eq!(
            ["1.2", "1.9", "1.9.1", "1.10", "2"].map(|version| versions.rank(version)),
            [0, 1, 2, 2, 3]
        );
    }

    #[test]
    fn every_question_reads_as_qql() {
        let until = "2026-06-30T12:00:00Z".parse().unwrap();
        let plan =
            Plan { seed: 1, assets: 1_000, packages: 100, ports: 6, vulnerabilities: 20, tags: 8, until };
        let (synthesizer, versions) = (Synthesizer::new(plan), Versions::default());
        let facts = Facts { synthesizer: &synthesizer, tag: &|_| 1, scope: vec![1], versions: &versions };
        let all = questions(&facts);
        assert!(all.len() >= 18, "{}", all.len());
        for question in all {
            qql::parse(Asset::fields(), &question.qql)
                .unwrap_or_else(|error| panic!("{}: {error}", question.name));
        }
    }
}
