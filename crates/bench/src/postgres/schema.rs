//! Tables and indexes. What repeats (systems, software, tags) has a table of its own; every question of the comparison
//! finds an index made for it.

/// The tables.
pub(super) const TABLES: &str = "
DROP SCHEMA IF EXISTS redoubt_bench CASCADE;
CREATE SCHEMA redoubt_bench;
SET search_path = redoubt_bench, public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE TABLE os (id int PRIMARY KEY, name text NOT NULL, family text NOT NULL);
CREATE TABLE hosts (
    id int PRIMARY KEY, name text NOT NULL, os_id int NOT NULL, address inet, dns_host_name text, netbios_name text,
    created timestamptz NOT NULL, modified timestamptz NOT NULL, last_vuln_scan timestamptz,
    last_checked_in timestamptz, agent_id uuid, agent_version text, manufacturer text, model text, total_memory int);
CREATE TABLE software (
    id int PRIMARY KEY, name text NOT NULL, version text, version_order int, architecture text, publisher text);
CREATE TABLE host_software (host_id int NOT NULL, software_id int NOT NULL);
CREATE TABLE ports (host_id int NOT NULL, port int NOT NULL, protocol text NOT NULL, service text);
CREATE TABLE vulns (
    host_id int NOT NULL, qid int NOT NULL, severity smallint NOT NULL, found boolean NOT NULL,
    first_found timestamptz NOT NULL, last_found timestamptz NOT NULL);
CREATE TABLE tags (id int PRIMARY KEY, name text NOT NULL, parent int);
CREATE TABLE host_tags (host_id int NOT NULL, tag_id int NOT NULL);
CREATE TABLE plan (text text NOT NULL);
";

/// The indexes, made after the rows are in.
pub(super) const INDEXES: &[&str] = &[
    "CREATE INDEX ON hosts USING gin (name gin_trgm_ops)",
    "CREATE INDEX ON hosts (name)",
    "CREATE INDEX ON hosts (os_id, id)",
    "CREATE INDEX ON hosts (address)",
    "CREATE INDEX ON hosts (last_vuln_scan)",
    "CREATE INDEX ON hosts (created)",
    "CREATE INDEX ON software (name, version_order)",
    "CREATE INDEX ON software (lower(name) text_pattern_ops)",
    "CREATE INDEX ON software USING gin (name gin_trgm_ops)",
    "CREATE INDEX ON host_software (software_id, host_id)",
    "CREATE INDEX ON host_software (host_id, software_id)",
    "CREATE INDEX ON ports (port, host_id)",
    "CREATE INDEX ON ports (host_id, port)",
    "CREATE INDEX ON vulns (qid, host_id)",
    "CREATE INDEX ON vulns (severity, first_found, host_id)",
    "CREATE INDEX ON vulns (host_id)",
    "CREATE INDEX ON host_tags (tag_id, host_id)",
    "CREATE INDEX ON host_tags (host_id, tag_id)",
];

/// Hosts with what a rule selects, by the name of its tag: a relational product would keep them up to date likewise.
pub(super) const RULES: &[(&str, &str)] = &[
    (
        "Windows workstations",
        "SELECT h.id FROM hosts h JOIN os ON os.id = h.os_id WHERE os.name ~ '^Windows (7|10|11) '",
    ),
    (
        "Windows servers",
        "SELECT h.id FROM hosts h JOIN os ON os.id = h.os_id WHERE os.name ~ '^Windows Server'",
    ),
    ("Linux", "SELECT h.id FROM hosts h JOIN os ON os.id = h.os_id WHERE os.family = 'Linux'"),
    (
        "With OpenSSL",
        "SELECT DISTINCT host_id FROM host_software JOIN software s ON s.id = software_id WHERE s.name ILIKE '%openssl%'",
    ),
    (
        "Web servers",
        "SELECT DISTINCT host_id FROM ports WHERE port IN (80, 443) OR port BETWEEN 8080 AND 8090",
    ),
    ("Outside", "SELECT id FROM hosts WHERE address <<= '198.18.0.0/15'"),
    ("Databases", "SELECT id FROM hosts WHERE name ILIKE '%-db-%'"),
];

/// As above, for the rule that names QIDs.
pub(super) fn vulnerable(qids: &str) -> String {
    format!("SELECT DISTINCT host_id FROM vulns WHERE found AND qid IN ({qids})")
}
