//! A rule file to start from: it passes its own tests, so every change to it can be tried at once.

use crate::family::Family;

/// A control for a family, with comments that say what each part is for.
pub(super) fn rule(family: Family, cid: u32) -> String {
    let (selector, pass, fail) = example(family);
    format!(
        r#"# yaml-language-server: $schema=rules.schema.json
# Check with `redoubt policy check FILE`, try with `redoubt policy test FILE`, use with `redoubt assess --rules FILE LOG`.
family: {slug}
controls:
  - cid: {cid}                      # a number that no other control has; 1000000 and above are yours
    title: The device names a host for the example    # what should be true
    category: Example
    criticality: 3                  # 1 minimal, 2 medium, 3 serious, 4 critical, 5 urgent
    rationale: Say here what can go wrong when it is not true.
    remediation: Say here what to do. {{hostname}} stands for the device's own name.
    references: {{ nist-800-53: [CM-6] }}
    test: {{ exists: '{selector}' }}
    samples:                        # at least one that passes and one that fails
      - pass: |
          {pass}
      - fail: |
          {fail}
"#,
        slug = family.slug()
    )
}

/// A selector, a text it finds and a text it does not.
fn example(family: Family) -> (&'static str, &'static str, &'static str) {
    match family {
        Family::Junos => {
            ("system ntp server <address>", "set system ntp server 192.0.2.1", "set system host-name r1")
        }
        Family::Panos => (
            "deviceconfig system ntp-servers primary-ntp-server ntp-server-address <address>",
            "set deviceconfig system ntp-servers primary-ntp-server ntp-server-address 192.0.2.1",
            "set deviceconfig system hostname fw1",
        ),
        Family::Fortios => (
            "config system global / set hostname <name>",
            "config system global\n              set hostname \"fw1\"\n          end",
            "config system global\n              set admintimeout 5\n          end",
        ),
        Family::Comware => {
            ("ntp-service unicast-server <address>", "ntp-service unicast-server 192.0.2.1", "sysname sw1")
        }
        Family::FabricOs => ("switchName <name>", "switchName:sw1", "fabric.ops.BBCredit:16"),
        Family::F5 => (
            "sys ntp / servers / <address>",
            "sys ntp {\n              servers { 192.0.2.1 }\n          }",
            "sys ntp {\n              timezone UTC\n          }",
        ),
        Family::Gaia => (
            "set ntp server primary <address>",
            "set ntp server primary 192.0.2.1 version 4",
            "set hostname gw1",
        ),
        Family::Ontap => (
            "admin / \"Authentication Method\" <method>",
            "User/Group Name  Authentication Method\n          ---------------- ---------------------\n          admin            password",
            "no accounts are shown",
        ),
        Family::Linux => ("hostname <name>", "hostname: web1", "id: debian"),
        _ => ("ntp server <address>", "ntp server 192.0.2.1", "hostname r1"),
    }
}
