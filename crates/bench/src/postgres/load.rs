//! Copying the data into PostgreSQL.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;

use platform::assets::{Asset, Software};
use platform::tags::{RuleType, Tag};
use postgres::Client;
use store::Id;

use super::schema::{INDEXES, RULES, TABLES, vulnerable};
use crate::error::Result;
use crate::questions::Versions;
use crate::synthetic::Synthesizer;

/// Hosts of one copy.
const CHUNK: u64 = 5_000;

/// The data as it went in.
pub struct Relational {
    /// The order of all versions.
    pub versions: Versions,
    /// The version of the server.
    pub server: String,
}

/// A distinct software: name, version, architecture, publisher.
type Key = (String, Option<String>, Option<String>, Option<String>);

#[derive(Default)]
struct Dictionaries {
    os: HashMap<String, (usize, String)>,
    software: HashMap<Key, usize>,
}

/// Rows of one chunk as COPY reads them.
#[derive(Default)]
struct Rows {
    hosts: String,
    software: String,
    ports: String,
    vulns: String,
    tags: String,
}

/// Makes the tables anew and fills them, unless they hold the same data already. `tags` are the ids of the
/// synthesizer's tags. `told` hears how many hosts are in.
///
/// # Errors
/// When the server fails.
pub fn fill(
    client: &mut Client,
    synthesizer: &Synthesizer,
    tags: &[Id<Tag>],
    mut told: impl FnMut(u64),
) -> Result<Relational> {
    let plan = format!("{:?}, tags {:?}, layout 1", synthesizer.plan(), tags.first());
    let version = client.query_one("SHOW server_version", &[])?.get(0);
    let there = client.query_opt("SELECT text FROM redoubt_bench.plan", &[]);
    if !matches!(there, Ok(Some(row)) if row.get::<_, String>(0) == plan) {
        client.batch_execute(TABLES)?;
        copy_hosts(client, synthesizer, tags, &mut told)?;
        finish(client, synthesizer, tags)?;
        client.execute("INSERT INTO plan VALUES ($1)", &[&plan])?;
    }
    let rows = client.query("SELECT DISTINCT version FROM software WHERE version IS NOT NULL", &[])?;
    let versions = Versions::new(rows.iter().map(|row| row.get(0)).collect());
    Ok(Relational { versions, server: version })
}

fn copy_hosts(
    client: &mut Client,
    synthesizer: &Synthesizer,
    tags: &[Id<Tag>],
    told: &mut impl FnMut(u64),
) -> Result<()> {
    let mut dictionaries = Dictionaries::default();
    let total = synthesizer.assets();
    for from in (0..total).step_by(usize::try_from(CHUNK).unwrap_or(1)) {
        let mut rows = Rows::default();
        let until = (from + CHUNK).min(total);
        for number in from..until {
            if let Some(asset) = synthesizer.asset(number, tags) {
                rows.add(number + 1, &asset, &mut dictionaries);
            }
        }
        rows.copy(client)?;
        told(until);
    }
    dictionaries.copy(client)
}

impl Rows {
    /// Writing to a text can't fail.
    fn add(&mut self, id: u64, asset: &Asset, dictionaries: &mut Dictionaries) {
        let os = dictionaries.os(asset);
        let agent = asset.agent.as_ref();
        let _ = writeln!(
            self.hosts,
            "{id}\t{}\t{os}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            text(Some(&asset.name)),
            maybe(asset.network.address),
            text(asset.network.dns_host_name.as_deref()),
            text(asset.network.netbios_name.as_deref()),
            asset.created,
            asset.modified,
            maybe(asset.scans.last_vuln_scan),
            maybe(agent.map(|agent| agent.last_checked_in)),
            maybe(agent.map(|agent| agent.id)),
            text(agent.map(|agent| agent.version.as_str())),
            text(asset.hardware.manufacturer.as_deref()),
            text(asset.hardware.model.as_deref()),
            maybe(asset.hardware.total_memory),
        );
        for software in &asset.software {
            let _ = writeln!(self.software, "{id}\t{}", dictionaries.software(software));
        }
        for port in &asset.open_ports {
            let service = text(port.service_name.as_deref());
            let _ = writeln!(self.ports, "{id}\t{}\t{}\t{service}", port.port, port.protocol);
        }
        for one in &asset.detections {
            let found = if one.found { 't' } else { 'f' };
            let (first, last) = (one.first_found, one.last_found);
            let _ = writeln!(self.vulns, "{id}\t{}\t{}\t{found}\t{first}\t{last}", one.qid, one.severity);
        }
        for tag in &asset.tags {
            let _ = writeln!(self.tags, "{id}\t{tag}");
        }
    }

    fn copy(&self, client: &mut Client) -> Result<()> {
        copy(client, "hosts", &self.hosts)?;
        copy(client, "host_software", &self.software)?;
        copy(client, "ports", &self.ports)?;
        copy(client, "vulns", &self.vulns)?;
        copy(client, "host_tags", &self.tags)
    }
}

impl Dictionaries {
    fn os(&mut self, asset: &Asset) -> usize {
        let name = asset.os.clone().unwrap_or_default();
        let next = self.os.len() + 1;
        self.os.entry(name).or_insert_with(|| (next, asset.system.family.clone().unwrap_or_default())).0
    }

    fn software(&mut self, software: &Software) -> usize {
        let Software { name, version, architecture, publisher, .. } = software;
        let key = (name.clone(), version.clone(), architecture.clone(), publisher.clone());
        let next = self.software.len() + 1;
        *self.software.entry(key).or_insert(next)
    }

    fn copy(&self, client: &mut Client) -> Result<()> {
        let mut rows = String::new();
        for (name, (id, family)) in &self.os {
            let _ = writeln!(rows, "{id}\t{}\t{}", text(Some(name)), text(Some(family)));
        }
        copy(client, "os", &rows)?;
        let versions = Versions::new(self.software.keys().filter_map(|key| key.1.clone()).collect());
        rows.clear();
        for ((name, version, architecture, publisher), id) in &self.software {
            let order = version.as_deref().map(|version| versions.rank(version));
            let _ = writeln!(
                rows,
                "{id}\t{}\t{}\t{}\t{}\t{}",
                text(Some(name)),
                text(version.as_deref()),
                maybe(order),
                text(architecture.as_deref()),
                text(publisher.as_deref()),
            );
        }
        copy(client, "software", &rows)
    }
}

/// Tags with what their rules select, indexes, and figures for the planner.
fn finish(client: &mut Client, synthesizer: &Synthesizer, ids: &[Id<Tag>]) -> Result<()> {
    let mut rows = String::new();
    for (tag, id) in synthesizer.tags().iter().zip(ids) {
        let parent = tag.parent.and_then(|at| ids.get(at));
        let _ = writeln!(rows, "{id}\t{}\t{}", text(Some(&tag.name)), maybe(parent));
    }
    copy(client, "tags", &rows)?;
    for index in INDEXES {
        client.batch_execute(index)?;
    }
    for (tag, id) in synthesizer.tags().iter().zip(ids) {
        let fixed = RULES.iter().find(|(name, _)| *name == tag.name).map(|(_, sql)| (*sql).to_owned());
        let by_qid = tag.rule.as_ref().filter(|(kind, _)| *kind == RuleType::VulnExist);
        if let Some(selected) = fixed.or_else(|| by_qid.map(|(_, qids)| vulnerable(qids))) {
            client.batch_execute(&format!("INSERT INTO host_tags SELECT s.*, {id} FROM ({selected}) s"))?;
        }
    }
    Ok(client.batch_execute("VACUUM (FREEZE, ANALYZE)")?)
}

fn copy(client: &mut Client, table: &str, rows: &str) -> Result<()> {
    let mut writer = client.copy_in(&format!("COPY {table} FROM STDIN"))?;
    writer.write_all(rows.as_bytes())?;
    writer.finish()?;
    Ok(())
}

fn text(value: Option<&str>) -> String {
    value.map_or_else(|| "\\N".to_owned(), |text| text.replace('\\', "\\\\").replace('\t', "\\t"))
}

fn maybe<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "\\N".to_owned(), |value| value.to_string())
}
