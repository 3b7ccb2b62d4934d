//! Customary names of ports.

use std::collections::HashMap;

use super::tree::Tree;
use crate::{Text, Transport};

/// What stands in when the machine has no `/etc/services` (small images): the ports that are met most.
const USUAL: &str = "\
ftp 21/tcp
ssh 22/tcp
telnet 23/tcp
smtp 25/tcp
domain 53/tcp
domain 53/udp
bootps 67/udp
tftp 69/udp
http 80/tcp
kerberos 88/tcp
pop3 110/tcp
sunrpc 111/tcp
sunrpc 111/udp
ntp 123/udp
netbios-ns 137/udp
netbios-ssn 139/tcp
imap2 143/tcp
snmp 161/udp
ldap 389/tcp
https 443/tcp
microsoft-ds 445/tcp
submissions 465/tcp
syslog 514/udp
submission 587/tcp
ipp 631/tcp
ldaps 636/tcp
imaps 993/tcp
pop3s 995/tcp
ms-sql-s 1433/tcp
nfs 2049/tcp
mysql 3306/tcp
ms-wbt-server 3389/tcp
mdns 5353/udp
postgresql 5432/tcp
amqp 5672/tcp
redis 6379/tcp
http-alt 8080/tcp
";

/// Names of ports, by number and transport.
pub type Services = HashMap<(u16, Transport), Text>;

pub(crate) fn read(tree: &Tree) -> Services {
    tree.text("/etc/services").map_or_else(|_| parse(USUAL), |text| parse(&text))
}

/// Reads a `services` file; the first name of a port counts.
pub fn parse(text: &str) -> Services {
    let mut services = Services::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let (Some(name), Some((port, transport))) = (words.next(), words.next().and_then(port)) else {
            continue;
        };
        services.entry((port, transport)).or_insert_with(|| name.into());
    }
    services
}

fn port(text: &str) -> Option<(u16, Transport)> {
    let (port, protocol) = text.split_once('/')?;
    let transport = match protocol {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        _ => return None,
    };
    Some((port.parse().ok()?, transport))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_port_counts() {
        let services = parse("# x\nssh 22/tcp # Secure Shell\nother 22/tcp\nwww 80/sctp\nbad\nworse x/tcp\n");
        assert_eq!(services.len(), 1);
        assert_eq!(services[&(22, Transport::Tcp)], "ssh");
    }

    #[test]
    fn the_usual_ports_are_known_without_a_file() {
        let services = parse(USUAL);
        assert_eq!(services.len(), USUAL.lines().count());
        assert_eq!(services[&(443, Transport::Tcp)], "https");
    }
}
