//! Secrets planted in every known place of every family; none may be seen after masking.

use super::*;

/// The planted secret; every line below holds it where the family keeps one.
const PLANTED: &str = "Pl4nt3dSecr3tValue";

fn check(family: Family, lines: &[&str]) {
    for template in lines {
        let planted = template.replace('@', PLANTED);
        assert!(planted.contains(PLANTED), "{template}");
        let masked = line(family, &planted);
        assert!(!masked.contains(PLANTED), "{family}: {planted:?} became {masked:?}");
    }
}

#[test]
fn cisco_and_arista_lines_keep_no_secret() {
    let lines = [
        "enable secret 5 @",
        "enable secret @",
        "enable password 7 @",
        "enable secret level 7 9 @",
        "enable password sha512 @",
        "username bob privilege 15 secret 9 @",
        "username bob password 0 @",
        "username bob password @ encrypted privilege 15",
        "username bob password 5 @ role network-admin",
        "username bob role network-admin secret sha512 @",
        "username bob algorithm-type scrypt secret @",
        "username admin common-criteria-policy P password 7 @",
        " password 7 @",
        " password @",
        "passwd @ encrypted",
        "snmp-server community @ RO 10",
        "snmp-server community 0 @",
        "snmp-server host 192.0.2.1 @",
        "snmp-server host 192.0.2.1 version 2c @",
        "snmp-server host 192.0.2.1 traps version 2c @",
        "snmp-server host inside 192.0.2.1 community @ version 2c",
        "snmp-server host 192.0.2.1 vrf m version 2c @",
        "snmp-server user u g v3 auth sha @ priv aes 128 @",
        "snmp-server user u network-admin auth md5 @ priv @ localizedkey",
        "snmp-server user u g v3 localized f1 auth sha @ priv aes @",
        "tacacs-server host 192.0.2.1 key 7 @",
        "tacacs-server key @",
        "radius-server host 192.0.2.1 auth-port 1812 acct-port 1813 key 7 @",
        "radius-server key 7 \"@\"",
        " key 7 @",
        " key @",
        "  key-string 7 @",
        "crypto isakmp key @ address 192.0.2.1",
        "crypto isakmp key 6 @ address 0.0.0.0",
        " pre-shared-key @",
        " pre-shared-key local 0 @",
        " pre-shared-key address 192.0.2.1 key @",
        " ikev1 pre-shared-key @",
        " ikev2 local-authentication pre-shared-key @",
        " ip ospf authentication-key 7 @",
        " ip ospf message-digest-key 1 md5 7 @",
        " standby 1 authentication @",
        " standby 1 authentication md5 key-string 7 @",
        " vrrp 1 authentication text @",
        "ntp authentication-key 1 md5 @ 7",
        "ntp authentication-key 1 hmac-sha2-256 @",
        " neighbor 192.0.2.1 password 7 @",
        "ip ftp password 7 @",
        " ppp chap password 7 @",
        " ppp pap sent-username u password 0 @",
        " isis password @ level-1",
        " wpa-psk ascii 0 @",
        "failover key @",
        "failover ipsec pre-shared-key @",
        " ldap-login-password @",
        " server-private 192.0.2.9 timeout 5 key 7 @",
        "aaa group server radius X key @",
        "archive path ftp://u:@@192.0.2.1/x",
        " shared-secret 7 @",
        "ip http client password @",
        " authentication key 7 @",
        "snmp-server user u auth sha @",
    ];
    for family in [Family::CiscoIos, Family::CiscoAsa, Family::CiscoNxos, Family::CiscoXr, Family::AristaEos]
    {
        check(family, &lines);
    }
}

#[test]
fn junos_lines_keep_no_secret() {
    check(
        Family::Junos,
        &[
            "set system root-authentication encrypted-password \"@\"",
            "            encrypted-password \"@\"; ## SECRET-DATA",
            "set system radius-server 192.0.2.1 secret \"@\"",
            "        secret \"@\"; ## SECRET-DATA",
            "set snmp community @ authorization read-only",
            "    community @ {",
            "set security ike policy p pre-shared-key ascii-text \"@\"",
            "pre-shared-key ascii-text \"@\";",
            "set protocols ospf area 0 interface ge-0/0/0 authentication md5 1 key \"@\"",
            "set protocols bgp group g authentication-key \"@\"",
            "set system ntp authentication-key 1 type md5 value-of \"$9$@\"",
            "set snmp v3 usm local-engine user u authentication-sha authentication-password \"@\"",
            "set snmp v3 usm local-engine user u privacy-aes128 privacy-password \"@\"",
            "authentication-key \"@\";",
            "simple-password \"@\";",
            "set access profile p client c chap-secret \"@\"",
            "set system archival configuration archive-sites \"ftp://u:@@192.0.2.1\"",
        ],
    );
}

#[test]
fn firewall_lines_keep_no_secret() {
    check(
        Family::Fortios,
        &[
            "        set password ENC @==",
            "        set passwd @",
            "        set psksecret ENC @",
            "    set secret ENC @",
            "        set key ENC @",
            "        set auth-pwd ENC @",
            "        set priv-pwd ENC @",
            "        set private-key \"@\"",
            "        set passphrase @",
            "        set ldap-password @",
            "        set authentication-key @",
            "        set radius-secret @",
            "        set api-key @",
            "        set md5-key @",
            "  set token @",
            "  set password1 ENC @",
        ],
    );
    check(
        Family::Panos,
        &[
            "set mgt-config users admin phash @",
            "<phash>@</phash>",
            "<password>@</password>",
            "set shared server-profile radius r server s secret @",
            "set network ike gateway g authentication pre-shared-key key @",
            "<pre-shared-key><key>@</key></pre-shared-key>",
            "set deviceconfig system snmp-setting access-setting version v2c snmp-community-string @",
            "<snmp-community-string>@</snmp-community-string>",
            "set deviceconfig system snmp-setting access-setting version v3 users u authpwd @",
            "phash @;",
            "set shared certificate c private-key @",
            "set shared server-profile ldap l bind-password @",
            "set deviceconfig system ntp-servers primary-ntp-server authentication-type symmetric-key algorithm sha1 authentication-key @",
        ],
    );
}

#[test]
fn other_lines_keep_no_secret() {
    check(
        Family::Comware,
        &[
            " password hash @",
            " password simple @",
            "super password level 3 cipher @",
            "super password role network-admin hash @",
            "snmp-agent community read @",
            "snmp-agent community write cipher @",
            "snmp-agent community read simple @ acl 2000",
            "snmp-agent usm-user v3 u g cipher authentication-mode sha @ privacy-mode aes128 @",
            " key authentication cipher @",
            " primary authentication 192.0.2.1 key cipher @",
            " set authentication password hash @",
            "ntp-service authentication-keyid 1 authentication-mode md5 cipher @",
            "pre-shared-key address 192.0.2.1 255.255.255.255 key cipher @",
            " set authentication password simple @",
        ],
    );
    check(
        Family::FabricOs,
        &[
            "Community 1: @ (rw)",
            "snmp.snmpv1.community.1:@",
            "radius secret: @",
            "Secret=@",
            "aaa.radius.server.1.secret:@",
            "passwd:admin:@",
            "authpasswd: @",
        ],
    );
    check(
        Family::F5,
        &[
            "    encrypted-password $6$@",
            "    secret @",
            "        community-name @",
            "    passphrase @",
            "  auth-password @",
            "  bind-pw @",
        ],
    );
    check(
        Family::Gaia,
        &[
            "set user admin password-hash @",
            "set snmp community @ read-only",
            "add aaa radius-servers priority 1 host 192.0.2.1 port 1812 secret @",
            "set snmp usm user u auth-pass-phrase-hashed @",
        ],
    );
    check(
        Family::Linux,
        &[
            "rocommunity @",
            "bindpw @",
            "password = @",
            "token=@",
            "postgres://u:@@db/x",
            "password_pbkdf2 root grub.pbkdf2.sha512.@",
        ],
    );
}

#[test]
fn hashes_are_masked_wherever_they_stand() {
    for family in Family::ALL {
        for hash in [
            "$1$abcd$Pl4nt3dSecr3tValue",
            "$6$x$Pl4nt3dSecr3tValue",
            "$9$Pl4nt3dSecr3tValue",
            "ENC Pl4nt3dSecr3tValue",
        ] {
            let masked = line(family, &format!("something unusual {hash} follows"));
            assert!(!masked.contains(PLANTED), "{family}: {masked}");
        }
    }
}

#[test]
fn what_is_no_secret_stays_readable() {
    let ios = [
        "key chain LAN",
        " key 1",
        "aaa new-model",
        "service password-encryption",
        "ip ssh version 2",
        "security passwords min-length 12",
        "crypto key generate rsa modulus 2048",
        "line vty 0 4",
        "ntp server 192.0.2.1 key 5",
    ];
    for text in ios.iter().take(8) {
        assert_eq!(line(Family::CiscoIos, text), *text);
    }
    assert_eq!(
        line(Family::Junos, "set system services ssh root-login deny"),
        "set system services ssh root-login deny"
    );
    assert_eq!(line(Family::Linux, "PasswordAuthentication no"), "PasswordAuthentication no");
}
