//! The names of the host, as the machine itself knows them. No name server is asked: its answer would be its own.

use super::tree::{Omissions, Tree};
use crate::{HostNames, Text};

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> HostNames {
    let name = tree.line("/proc/sys/kernel/hostname").or_else(|| tree.line("/etc/hostname"));
    let Some(name) = name else {
        omissions.note("host", "there is neither /proc/sys/kernel/hostname nor /etc/hostname here");
        return HostNames::default();
    };
    let hosts = tree.text("/etc/hosts").unwrap_or_default();
    let resolver = tree.text("/etc/resolv.conf").unwrap_or_default();
    let nis_domain = tree.line("/proc/sys/kernel/domainname");
    names(&name, &hosts, nis_domain.as_deref(), &resolver)
}

/// Puts the names together from the kernel's host name, `/etc/hosts`, the kernel's domain name and `resolv.conf`.
pub fn names(name: &str, hosts: &str, kernel_domain: Option<&str>, resolver: &str) -> HostNames {
    let name = name.trim().trim_end_matches('.');
    let short = name.split('.').next().unwrap_or_default();
    let fqdn = if short == name { canonical_name(short, hosts) } else { Some(name.to_owned()) };
    let of_fqdn = fqdn.as_deref().and_then(|fqdn| fqdn.split_once('.')).map(|(_, domain)| domain);
    let domain =
        of_fqdn.or(kernel_domain).filter(|domain| is_domain(domain)).or_else(|| resolver_domain(resolver));
    HostNames {
        hostname: short.into(),
        fqdn: fqdn.as_deref().and_then(Text::found),
        domain: domain.and_then(Text::found),
    }
}

/// The name with a domain that `/etc/hosts` gives to this host: what `hostname --fqdn` finds there.
fn canonical_name(short: &str, hosts: &str) -> Option<String> {
    hosts.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let names: Vec<&str> = line.split_whitespace().skip(1).take(64).collect();
        let is_ours = |name: &&&str| {
            name.split_once('.').is_some_and(|(first, rest)| first == short && is_domain(rest))
        };
        names.contains(&short).then(|| names.iter().find(is_ours).map(|name| (*name).to_owned())).flatten()
    })
}

fn is_domain(text: &str) -> bool {
    !matches!(text, "" | "(none)" | "localdomain" | ".")
}

/// The `domain` line, or the first name of the `search` line.
fn resolver_domain(resolver: &str) -> Option<&str> {
    resolver.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let is_named = matches!(words.next(), Some("domain" | "search"));
        words.next().filter(|domain| is_named && is_domain(domain))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(names: &HostNames) -> (&str, Option<&str>, Option<&str>) {
        (&names.hostname, names.fqdn.as_deref(), names.domain.as_deref())
    }

    #[test]
    fn a_host_name_with_a_domain_is_the_full_name() {
        let names = names("web-1.example.org\n", "", Some("(none)"), "search other.example\n");
        assert_eq!(text(&names), ("web-1", Some("web-1.example.org"), Some("example.org")));
    }

    #[test]
    fn the_hosts_file_completes_a_short_name() {
        let names =
            names("web-1", "127.0.0.1 localhost\n127.0.1.1\tweb-1.example.org web-1 # me\n", None, "");
        assert_eq!(text(&names), ("web-1", Some("web-1.example.org"), Some("example.org")));
    }

    #[test]
    fn another_name_on_the_same_line_is_not_ours() {
        let names =
            names("web-1", "127.0.1.1 www.example.org web-1\n::1 web-1.localdomain web-1\n", None, "");
        assert_eq!(text(&names), ("web-1", None, None));
    }

    #[test]
    fn the_resolver_tells_the_domain_but_not_the_full_name() {
        let names =
            names("web-1", "", Some("(none)"), "nameserver 192.0.2.1\nsearch corp.example other.example\n");
        assert_eq!(text(&names), ("web-1", None, Some("corp.example")));
    }
}
