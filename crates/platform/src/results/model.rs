//! The latest result of a host, as it is stored.

use std::net::IpAddr;
use std::sync::LazyLock;

use discovery::Ports;
use discovery::information::{Information, SSL_WEB_SERVER, WEB_SERVER};
use jiff::Timestamp;
use query::{Field, FieldId, Fields, Filter, Kind as Of, Source as From, Test, Value, ValueRef};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use store::{Id, Kind, Object};

use crate::assets::{Asset, OpenPort};

/// What kind of work found something (`contract/was.md 4.1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Source {
    /// A scan of hosts and what answers on them.
    VmScan,
    /// A map of a network.
    VmMap,
    /// A scan of a web application, that met others.
    WasScan,
}

impl Source {
    /// The wire's names.
    pub const NAMES: &'static [&'static str] = &["VM_SCAN", "VM_MAP", "WAS_SCAN"];

    /// The wire's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::VmScan => "VM_SCAN",
            Self::VmMap => "VM_MAP",
            Self::WasScan => "WAS_SCAN",
        }
    }
}

/// What the latest discoveries found of a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostResult {
    /// Where it comes from.
    pub source: Source,
    /// The host's address.
    pub address: IpAddr,
    /// The asset that the host is; a map knows some without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id<Asset>>,
    /// When the host was last looked at.
    pub ended: Timestamp,
    /// When that was recorded.
    pub recorded: Timestamp,
    /// The operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// The fully qualified name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<String>,
    /// The NetBIOS name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netbios_name: Option<String>,
    /// The open ports, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_ports: Vec<OpenPort>,
    /// The findings, as QIDs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub information: Vec<Information>,
}

/// Ports on which a map takes an open port for a web server.
static USUAL: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut ports = Ports::parse("web").map(|ports| ports.list().to_vec()).unwrap_or_default();
    ports.sort_unstable();
    ports
});

impl HostResult {
    /// Its web servers: the port, and whether behind TLS.
    pub fn web_services(&self) -> Vec<(u16, bool)> {
        let web = |one: &Information| match one.qid {
            WEB_SERVER => Some((one.port?, false)),
            SSL_WEB_SERVER => Some((one.port?, true)),
            _ => None,
        };
        let mut found: Vec<_> = self.information.iter().filter_map(web).collect();
        if self.source == Source::VmMap {
            let tcp = self.open_ports.iter().filter(|open| open.protocol == "TCP").map(|open| open.port);
            let usual = tcp.filter(|port| USUAL.binary_search(port).is_ok());
            let more: Vec<_> = usual.filter(|port| !found.iter().any(|(known, _)| known == port)).collect();
            found.extend(more.into_iter().map(|port| (port, is_usual_for_tls(port))));
        }
        found.sort_unstable();
        found.dedup_by_key(|(port, _)| *port);
        found
    }
}

/// Whether web servers on this port are usually behind TLS (`contract/was.md 4.5`).
pub(crate) fn is_usual_for_tls(port: u16) -> bool {
    matches!(port, 443 | 8443)
}

/// The unique key of a host's result.
pub(super) fn host_key(source: Source, address: IpAddr) -> String {
    format!("{}:{address}", source.name())
}

impl Object for HostResult {
    const KIND: Kind = Kind::new("host_result");

    fn fields() -> &'static Fields<Self> {
        &FIELDS
    }

    fn keys(&self) -> Vec<String> {
        vec![host_key(self.source, self.address)]
    }
}

/// Where it comes from.
const SOURCE: FieldId = FieldId(1);
/// The asset of the host.
const ASSET: FieldId = FieldId(2);

/// The results that come from there.
pub(crate) fn from(source: Source) -> Filter {
    Filter::Field(SOURCE, Test::Equals(Value::Text(source.name().to_owned())))
}

/// The results of these assets; none for all results.
pub(crate) fn of_assets(assets: Option<RoaringBitmap>) -> Filter {
    let Some(assets) = assets else { return Filter::All };
    let ids = assets.iter().map(|id| Value::Integer(id.into())).collect();
    Filter::Field(ASSET, Test::In(ids))
}

static FIELDS: Fields<HostResult> = Fields {
    fields: &[
        Field::new(Of::Integer, From::Id),
        Field::new(
            Of::Enum(Source::NAMES),
            From::Read(|result: &HostResult, out| out(ValueRef::Text(result.source.name()))),
        ),
        Field::new(
            Of::Integer,
            From::Read(|result: &HostResult, out| {
                result.asset.into_iter().for_each(|asset| out(ValueRef::Integer(asset.get().into())));
            }),
        ),
        Field::new(Of::Date, From::Read(|result: &HostResult, out| out(ValueRef::date(result.ended)))),
    ],
    lists: &[],
};

#[cfg(test)]
mod tests {
    use super::*;

    fn result(source: Source, open: &[u16], web: &[(u32, u16)]) -> HostResult {
        let information = |(qid, port): &(u32, u16)| Information {
            qid: *qid,
            title: String::new(),
            severity: 1,
            port: Some(*port),
            protocol: None,
            result: String::new(),
        };
        let open_port = |port: &u16| OpenPort { port: *port, protocol: "TCP".to_owned(), service_name: None };
        HostResult {
            source,
            address: "192.0.2.1".parse().unwrap(),
            asset: None,
            ended: Timestamp::UNIX_EPOCH,
            recorded: Timestamp::UNIX_EPOCH,
            os: None,
            fqdn: None,
            netbios_name: None,
            open_ports: open.iter().map(open_port).collect(),
            information: web.iter().map(information).collect(),
        }
    }

    #[test]
    fn a_scan_proves_its_web_servers_and_a_map_also_takes_usual_ports() {
        let (open, web) = ([22, 80, 443, 9_999], [(86_001, 9_999), (86_000, 80), (6, 22)]);
        assert_eq!(result(Source::VmScan, &open, &web).web_services(), [(80, false), (9_999, true)]);
        assert_eq!(
            result(Source::VmMap, &open, &web).web_services(),
            [(80, false), (443, true), (9_999, true)]
        );
        assert_eq!(result(Source::VmScan, &open, &[]).web_services(), []);
    }
}
