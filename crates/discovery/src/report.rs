//! What was found, written down: for people and for programs.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::model::{Host, Port, Status};
use crate::run::Summary;

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One document.
    Json,
    /// A host on each line, as soon as all is known of it.
    Ndjson,
}

/// A discovery as one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The targets, as they were read.
    pub targets: String,
    /// The ports that were asked; empty for an import.
    pub ports: String,
    /// Numbers; absent for an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// What people should know.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The hosts.
    pub hosts: Vec<Host>,
}

/// Writes a host on a line of its own.
///
/// # Errors
/// When the output can't be written.
pub fn line(host: &Host, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, host)?;
    writeln!(out)?;
    out.flush()
}

/// Writes the document.
///
/// # Errors
/// When the output can't be written.
pub fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)?;
    out.flush()
}

/// Writes a host for people.
///
/// # Errors
/// When the output can't be written.
pub fn table(host: &Host, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<_> = host.names.iter().map(|name| name.name.as_str()).collect();
    let names = if names.is_empty() { String::new() } else { format!("  {}", names.join(", ")) };
    let status = match host.status {
        Status::Up => "up",
        Status::Silent => "silent",
        Status::Unreachable => "unreachable",
    };
    writeln!(out, "{}{names}  {status}: {}", host.address, host.reason)?;
    if let Some(netbios) = &host.netbios {
        let group = netbios.group.as_deref().map(|group| format!(" in {group}")).unwrap_or_default();
        writeln!(out, "  NetBIOS  {}{group}", netbios.name)?;
    }
    if let Some(os) = &host.os {
        writeln!(out, "  system   {} ({})", os.name, os.reason)?;
    }
    if let Some(why) = &host.tarpit {
        writeln!(out, "  tarpit   {why}")?;
    }
    // A trap with all its ports is no table for people.
    let shown = if host.tarpit.is_some() { 20 } else { usize::MAX };
    for port in host.ports.iter().take(shown) {
        row(port, out)?;
    }
    if host.ports.len() > shown {
        writeln!(out, "  ... and {} more open ports", host.ports.len() - shown)?;
    }
    if host.closed + host.filtered > 0 {
        writeln!(out, "  {} ports closed, {} without an answer", host.closed, host.filtered)?;
    }
    writeln!(out)
}

fn row(port: &Port, out: &mut dyn Write) -> io::Result<()> {
    let program = match (&port.product, &port.version) {
        (Some(product), Some(version)) => format!("{product} {version}"),
        (Some(product), None) => product.clone(),
        (None, version) => version.clone().unwrap_or_default(),
    };
    writeln!(out, "  {:>5}/tcp  {:<14} {:<28} {}", port.port, port.service, program, port.evidence)?;
    let indent = "";
    if let Some(http) = &port.http {
        if let Some(title) = &http.title {
            writeln!(out, "{indent:>29}title {title:?}")?;
        }
        if let Some(to) = &http.redirect {
            writeln!(out, "{indent:>29}redirects to {to}")?;
        }
    }
    if let Some(tls) = &port.tls {
        let versions: Vec<_> = tls.versions.iter().map(|version| version.name()).collect();
        writeln!(out, "{indent:>29}{}", versions.join(", "))?;
        if let Some(certificate) = tls.certificates.first() {
            let names = if certificate.names.is_empty() {
                &certificate.subject
            } else {
                &certificate.names.join(", ")
            };
            writeln!(out, "{indent:>29}certificate for {names}, valid until {}", certificate.not_after)?;
        }
    }
    Ok(())
}
