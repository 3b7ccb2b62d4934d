//! Outputs of each family, written for these tests.

use std::fmt;

/// One family's output in one of the ways an operator saves it.
pub(crate) struct Sample {
    pub(crate) family: &'static str,
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) text: String,
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.family, self.name, self.version)
    }
}

fn sample(family: &'static str, name: &'static str, version: &'static str, text: &str) -> Sample {
    Sample { family, name, version, text: text.to_owned() }
}

pub(crate) const IOS: &str = include_str!("../../samples/router.log");

pub(crate) const ASA: &str = ": Saved\n:\n: Serial Number: JMX1\nASA Version 9.12(4)67 \n!\nhostname edge-fw\nenable password $sha512$5000$aaaaaaaa pbkdf2\nnames\n!\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 203.0.113.2 255.255.255.0 \n!\nobject-group network SERVERS\n network-object host 192.0.2.10\naccess-list OUT extended permit tcp any object-group SERVERS eq https \naccess-group OUT in interface outside\nlogging enable\nlogging host inside 192.0.2.5\nsnmp-server host inside 192.0.2.8 community ***** version 2c\nssh 192.0.2.0 255.255.255.0 inside\nssh timeout 5\nssh version 2\nconsole timeout 0\nthreat-detection basic-threat\nusername bob password $sha512$5000$bbbbbbbb pbkdf2 privilege 15\n!\nclass-map inspection_default\n match default-inspection-traffic\n!\nCryptochecksum:0123456789abcdef0123456789abcdef\n: end\n";

pub(crate) const NXOS: &str = "core1# show version\nCisco Nexus Operating System (NX-OS) Software\nTAC support: http://www.cisco.com/tac\nSoftware\n  BIOS: version 05.45\n  NXOS: version 9.3(5)\n  Device name: core1\n\ncore1# show running-config \n\n!Command: show running-config\n!Running configuration last done at: Mon Mar  4 08:00:00 2024\n\nversion 9.3(5) Bios:version 05.45 \nhostname core1\nvdc core1 id 1\n  limit-resource vlan minimum 16 maximum 4094\n\nfeature ssh\nno feature telnet\nno password strength-check\nusername admin password 5 $5$abcd$efghijkl  role network-admin\nbanner motd ^\nauthorised only\nline vty in this banner is no line\n^\nip access-list MGMT\n  10 permit ip 192.0.2.0/24 any \nsnmp-server community Zk41hollow group network-operator\nvrf context management\n  ip route 0.0.0.0/0 192.0.2.254\ninterface Vlan10\n  no ip redirects\n  ip address 198.51.100.1/24\ninterface mgmt0\n  vrf member management\n  ip address 192.0.2.1/24\nline console\nline vty\n  access-class MGMT in\n\ncore1# ";

pub(crate) const EOS: &str = "! Command: show running-config\n! device: leaf1 (DCS-7050SX3-48YC8, EOS-4.29.2F)\n!\n! boot system flash:/EOS-4.29.2F.swi\n!\nno aaa root\n!\nusername admin privilege 15 role network-admin nopassword\nusername bob role network-admin secret sha512 $6$abcd$efghijkl\n!\ntransceiver qsfp default-mode 4x10G\n!\nservice routing protocols model ribd\n!\nhostname leaf1\n!\nspanning-tree mode mstp\n!\ninterface Ethernet1\n   description \"to spine\"\n   spanning-tree portfast\n!\nbanner login\nAuthorised only\n   no shutdown\nEOF\n!\nmanagement api http-commands\n   protocol http\n   no shutdown\n!\nmanagement ssh\n   idle-timeout 10\n!\nend\n";

pub(crate) const JUNOS_BRACE: &str = "## Last commit: 2024-03-04 08:00:00 UTC by bob\nversion 20.4R3-S2.6;\nsystem {\n    host-name edge1;\n    root-authentication {\n        encrypted-password \"$6$abcd$efghijkl\"; ## SECRET-DATA\n    }\n    login {\n        message \"Authorised use only;\\n no { braces } here\";\n        user bob {\n            uid 2001;\n            class super-user;\n        }\n    }\n    services {\n        ssh {\n            root-login deny;\n            protocol-version v2;\n        }\n        inactive: telnet;\n    }\n    authentication-order [ tacplus password ];\n    /* two servers\n       are better */\n    ntp {\n        server 192.0.2.6;\n        server 192.0.2.7 prefer;\n    }\n}\ninterfaces {\n    ge-0/0/0 {\n        unit 0 {\n            family inet {\n                address 203.0.113.2/30;\n            }\n        }\n    }\n}\nsnmp {\n    community Zk41hollow {\n        authorization read-only;\n    }\n}\n";

pub(crate) const JUNOS_SET: &str = "set version 20.4R3-S2.6\nset system host-name edge1\nset system root-authentication encrypted-password \"$6$abcd$efghijkl\"\nset system login message \"Authorised use only;\\n no { braces } here\"\nset system login user bob uid 2001\nset system login user bob class super-user\nset system services ssh root-login deny\nset system services ssh protocol-version v2\nset system services telnet\nset system authentication-order tacplus\nset system authentication-order password\nset system ntp server 192.0.2.6\nset system ntp server 192.0.2.7 prefer\nset interfaces ge-0/0/0 unit 0 family inet address 203.0.113.2/30\nset snmp community Zk41hollow authorization read-only\ndeactivate system services telnet\n";

pub(crate) const FORTIOS: &str = "#config-version=FGT60F-7.0.9-FW-build0444-221121:opmode=0:vdom=0:user=admin\n#conf_file_ver=1\nconfig system global\n    set admintimeout 480\n    set hostname \"fw-1\"\nend\nconfig system interface\n    edit \"wan1\"\n        set vdom \"root\"\n        set ip 203.0.113.2 255.255.255.0\n        set allowaccess ping https ssh\n        set role wan\n    next\nend\nconfig system snmp community\n    edit 1\n        set name \"public\"\n    next\nend\nconfig system replacemsg http \"bad\"\n    set buffer \"<html>\nconfig system global\n  he said \\\"hello\\\"\n</html>\"\n    set header http\nend\nconfig system admin\n    edit \"admin\"\n        set accprofile \"super_admin\"\n        set password ENC SH2abcdefghijklmnopqrstuvwxyz0123456789=\n    next\nend\nconfig firewall policy\n    edit 1\n        set srcaddr \"all\"\n        set dstaddr \"all\"\n        set action accept\n        set service \"ALL\"\n    next\nend\n";

pub(crate) const PANOS_SET: &str = "set deviceconfig system hostname fw1\nset deviceconfig system service disable-telnet yes\nset deviceconfig system permitted-ip 192.0.2.0/24\nset deviceconfig system login-banner \"Authorised\nuse only\"\nset deviceconfig setting management idle-timeout 10\nset mgt-config users admin phash $5$abcd$efghijkl\nset network profiles zone-protection-profile ZP flood tcp-syn enable yes\nset zone untrust network zone-protection-profile ZP\nset rulebase security rules web source [ any 192.0.2.1 ]\nset rulebase security rules web action allow\n";

pub(crate) const PANOS_XML: &str = "<?xml version=\"1.0\"?>\n<config version=\"10.1.0\" urldb=\"paloaltonetworks\">\n  <mgt-config>\n    <users>\n      <entry name=\"admin\">\n        <phash>$5$abcd$efghijkl</phash>\n      </entry>\n    </users>\n  </mgt-config>\n  <devices>\n    <entry name=\"localhost.localdomain\">\n      <deviceconfig>\n        <system>\n          <hostname>fw1</hostname>\n          <permitted-ip>\n            <entry name=\"192.0.2.0/24\"/>\n          </permitted-ip>\n        </system>\n      </deviceconfig>\n      <vsys>\n        <entry name=\"vsys1\">\n          <rulebase>\n            <security>\n              <rules>\n                <entry name=\"web\">\n                  <source>\n                    <member>any</member>\n                  </source>\n                  <action>allow</action>\n                </entry>\n              </rules>\n            </security>\n          </rulebase>\n        </entry>\n      </vsys>\n    </entry>\n  </devices>\n</config>\n";

pub(crate) const COMWARE: &str = "<sw1>display version\nHPE Comware Platform Software\nHPE Comware Software, Version 7.1.070, Release 3208P15\n\n<sw1>display current-configuration\n#\n version 7.1.070, Release 3208P15\n#\n sysname sw1\n#\n telnet server enable\n#\nvlan 1\n#\ninterface Vlan-interface1\n ip address 192.0.2.2 255.255.255.0\n  ---- More ----\n#\n snmp-agent community read public\n#\nline class vty\n user-role network-operator\n#\nline vty 0 63\n authentication-mode scheme\n idle-timeout 0 0\n#\nlocal-user admin class manage\n password hash $h$6$abcdefghijkl\n service-type ssh\n#\nheader legal %\nauthorised only\n# no comment here\n%\n#\nreturn\n<sw1>";

pub(crate) const FABRIC: &str = "san1:admin> version\nKernel:     2.6.34.6\nFabric OS:  v8.2.3c\nMade on:    Mon Mar  1 08:00:00 2021\n\nsan1:admin> configshow -all\n[Configuration upload Information]\nConfiguration Format = 2.0\n[Boot Parameters]\nboot.ipa:192.0.2.9\nfabric.ops.BBCredit:16\npasswdcfg.minlength:8\nsan1:FID128:admin> passwdcfg --showall\npasswdcfg.minlength: 8\npasswdcfg.lowercase: 0\npasswdcfg.lockoutthreshold: 0\n\nsan1:admin> userconfig --show -a\nAccount name: root\nDescription: root\nEnabled: Yes\n\nAccount name: admin\nDescription: Administrator\nEnabled: Yes\n\nsan1:admin> ";

pub(crate) const F5: &str = "#TMSH-VERSION: 16.1.3\n\nauth password-policy {\n    policy-enforcement enabled\n}\nltm pool /Common/web {\n    members {\n        /Common/192.0.2.10:443 {\n            address 192.0.2.10\n        }\n    }\n    monitor \"/Common/https and /Common/tcp\"\n}\nsys global-settings {\n    hostname lb1.example.test\n}\nsys ntp {\n    servers { 192.0.2.6 192.0.2.7 }\n}\nsys sshd {\n    inactivity-timeout 600\n}\n";

pub(crate) const GAIA: &str = "#\n# Configuration of gw1\n# Language version: 14.1v1\n#\nset installer policy check-for-updates-period 3\nset hostname gw1\nset inactivity-timeout 10\nset net-access telnet off\nset ntp active on\nset password-controls min-password-length 8\nadd allowed-client network ipv4-address 192.0.2.0 mask-length 24\nset user admin shell /etc/cli.sh\nset user admin password-hash $6$abcd$efghijkl\n";

pub(crate) const ONTAP: &str = "cl1::> security login show\n\nVserver: cl1\n                                                                 Second\nUser/Group                 Authentication                 Acct   Authentication\nName           Application Method        Role Name        Locked Method\n-------------- ----------- ------------- ---------------- ------ --------------\nadmin          console     password      admin            no     none\nadmin          ssh         password      admin            no     none\n2 entries were displayed.\n\ncl1::> ";

pub(crate) const XR: &str = "RP/0/RSP0/CPU0:pe1#show running-config\nMon Mar  4 08:00:00.123 UTC\nBuilding configuration...\n!! IOS XR Configuration 6.6.3\n!! Last configuration change at Mon Mar  4 07:00:00 2024 by bob\n!\nhostname pe1\ntelnet vrf default ipv4 server max-servers 10\nline default\n exec-timeout 10 0\n transport input ssh\n!\ninterface MgmtEth0/RSP0/CPU0/0\n ipv4 address 192.0.2.1 255.255.255.0\n!\nroute-policy PASS\n  pass\nend-policy\n!\nrouter ospf 1\n area 0\n  interface Bundle-Ether1\n  !\n !\n!\nend\n\nRP/0/RSP0/CPU0:pe1#";

pub(crate) fn all() -> Vec<Sample> {
    vec![
        sample("cisco-ios", "branch-gw1", "15.4(3)M6a", IOS),
        sample("cisco-asa", "edge-fw", "9.12(4)67", ASA),
        sample("cisco-nxos", "core1", "9.3(5)", NXOS),
        sample("cisco-xr", "pe1", "6.6.3", XR),
        sample("arista-eos", "leaf1", "4.29.2F", EOS),
        sample("junos", "edge1", "20.4R3-S2.6", JUNOS_BRACE),
        sample("junos", "edge1", "20.4R3-S2.6", JUNOS_SET),
        sample("fortios", "fw-1", "7.0.9", FORTIOS),
        sample("panos", "fw1", "", PANOS_SET),
        sample("panos", "fw1", "10.1", PANOS_XML),
        sample("comware", "sw1", "7.1.070", COMWARE),
        sample("fabric-os", "san1", "8.2.3c", FABRIC),
        sample("f5", "lb1.example.test", "16.1.3", F5),
        sample("gaia", "gw1", "", GAIA),
        sample("ontap", "cl1", "", ONTAP),
    ]
}

/// A family's output with a secret in every place that is known to hold one, and the secret.
#[allow(
    dead_code,
    clippy::panic,
    reason = "not every test that shares these samples plants secrets; it is no product"
)]
pub(crate) fn planted(sample: &Sample) -> (String, &'static str) {
    const SECRET: &str = "Pl4nt3dSecr3tValue";
    let (places, after) = match sample.family {
        "cisco-ios" | "cisco-asa" | "cisco-nxos" | "cisco-xr" | "arista-eos" => {
            (include_str!("../planted/cisco.txt"), "\nhostname ")
        }
        "junos" if sample.text.contains('{') && !sample.text.starts_with("set ") => {
            (include_str!("../planted/junos.txt"), "\nsystem {")
        }
        "junos" => (include_str!("../planted/junos.txt"), "set system host-name"),
        "fortios" => (include_str!("../planted/fortios.txt"), "set accprofile"),
        "panos" if sample.text.starts_with('<') => (include_str!("../planted/panos.txt"), "<system>"),
        "panos" => (include_str!("../planted/panos.txt"), "set deviceconfig system hostname"),
        "comware" => (include_str!("../planted/comware.txt"), " sysname "),
        "fabric-os" => (include_str!("../planted/fabric-os.txt"), "fabric.ops.BBCredit"),
        "f5" => (include_str!("../planted/f5.txt"), "sys global-settings {"),
        "gaia" => (include_str!("../planted/gaia.txt"), "set hostname "),
        "ontap" => (include_str!("../planted/ontap.txt"), "admin          ssh "),
        other => panic!("no secrets are planted for {other}"),
    };
    let (by_line, by_element) = (sample.text.starts_with("set "), sample.text.starts_with('<'));
    let is_fitting = |place: &&str| match sample.family {
        "junos" | "panos" => place.starts_with("set ") == by_line && place.starts_with('<') == by_element,
        _ => true,
    };
    let sign = |place: &str| match place.contains("@@") {
        true => place.replacen('@', SECRET, 1),
        false => place.replace('@', SECRET),
    };
    let planted: String = places.lines().filter(is_fitting).map(|place| sign(place) + "\n").collect();
    assert!(planted.contains(SECRET), "nothing to plant for {sample}");
    let at = sample.text.find(after).unwrap_or_else(|| panic!("{after:?} is not in {sample}"));
    let (_, rest) = sample.text.split_at(at + 1);
    let end = rest.find('\n').map_or(sample.text.len(), |end| at + 1 + end + 1);
    let (head, tail) = sample.text.split_at(end);
    (format!("{head}{planted}{tail}"), SECRET)
}
