//! Where each family keeps its secrets: what stands in front of them.

use crate::family::Family;

/// Values that are secret wherever they stand: crypt hashes, FortiOS and Arista encodings, credentials in addresses.
pub(super) const MARKS: &str = r#"\$(?:[0-9]{1,2}[a-z]?|y|gy|sha1|nt|h)\$[A-Za-z0-9./$+=\-*]{4,}|\b(?:ENC|SH2|AK1|PB2) ?[A-Za-z0-9+/=]{12,}|\b0x[0-9A-Fa-f]{24,}\b"#;

/// In front of secrets in every family.
const COMMON: &[&str] = &[
    r"://[^\s:/@]*:",
    r"\b(?:pass(?:word|wd|phrase)?|secret|shared-secret|private-key|api-?key|token|psk|community)\s*[=:]\s*",
];

/// An optional Cisco encryption type.
const CISCO: &[&str] = &[
    r"\benable (?:password|secret)(?: level \d+)?(?: (?:\d{1,2}|sha512|pbkdf2))? ",
    r"\busername \S+ .*?(?:password|secret|common-criteria-policy \S+ password)(?: (?:\d{1,2}|sha512|sha256|encrypted|mschap|nt-encrypted))? ",
    r"(?:^|\s)(?:password|passwd|passphrase|secret|auth-password|bind-password|login-password|ldap-login-password|chap password|ppp pap sent-username \S+ password|shared-secret)(?: (?:\d{1,2}|sha512|encrypted))? ",
    r"\bsnmp-server community (?:[07] )?",
    r"\bsnmp-server host \S+(?: \S+)*? (?:version (?:1|2c) |community )(?:0 |7 |8 )?",
    r"\bsnmp-server host \S+ (?:traps |informs )?",
    r"\bsnmp-server user .*?\bauth (?:md5|sha\S*) (?:encrypted )?",
    r"\bpriv (?:(?:des56|des|3des|aes(?:-\d+)?)(?: ?(?:128|192|256))? )?",
    r"\bauth (?:md5|sha|sha-?\d+) (?:encrypted )?",
    r"\b(?:tacacs-server|radius-server|server-private|tacacs|radius)\b.*?\bkey(?: (?:\d{1,2}|encrypted))? ",
    r"(?:^|\s)(?:key|key-string|hex-key|pac key|server-key|failover key|hash-key|wpa-psk (?:ascii|hex))(?: \d)? ",
    r"\bpre-shared-key(?: (?:local|remote|address \S+(?: \S+)?|hostname \S+|hex))*(?: (?:key|ascii|\d))* ",
    r"\bcrypto (?:isakmp|ikev[12]) key(?: \d)? ",
    r"\bauthentication(?:-key| key| text| md5 key-string| mode \S+ key-string| encrypted)(?: \d)? ",
    r"\b(?:message-digest-key|authentication-key) \d+ (?:md5|hmac\S*|cmac\S*|sha\S*|encrypted) (?:\d )?(?:encrypted )?",
    r"\bntp authentication-key \d+ \S+ (?:\d )?",
    r"\bneighbor \S+ password(?: \d)? ",
    r"\bip ftp password(?: \d)? ",
    r"\b(?:isis|domain-|area-|lsp-)password(?: (?:clear|encrypted|hmac-md5|text))* ",
    r"\btacacs-server .*key ",
    r"\bstandby \d+ authentication(?: md5 key-string)?(?: \d)? (?:text )?",
    r"\bvrrp \d+ authentication (?:text |md5 key-string )?(?:\d )?",
    r"\bikev2 (?:local|remote)-authentication pre-shared-key ",
    r"\bsecret sha512 ",
    r"\bdigest secret \d ",
];

const JUNOS: &[&str] = &[
    r"\b(?:encrypted-password|plain-text-password-value|secret|authentication-key|simple-password|privacy-password|authentication-password|privacy-key|hello-authentication-key|chap-secret|pap-password|shared-secret|md5 \d+ key|bind-password|pre-shared-secret|tacplus-secret|trap-community) ",
    r"\bpre-shared-key (?:ascii-text |hexadecimal )?",
    r"\b(?:key|password|passphrase|value-of|value) ",
    r"\bsnmp community ",
    r"^\s*community ",
    r"\b(?:ascii-text|hexadecimal|ascii-text-key) ",
];

const FORTIOS: &[&str] = &[
    r"\bset (?:\S*(?:passwd|password|passphrase|psksecret|secret|-pwd|-key|apikey|api-key|authpass|ppk|token|community|pw)|key|pwd)\d? (?:ENC )?",
    r"\bset private-key ",
    r"\bENC ",
];

const PANOS: &[&str] = &[
    r"<(?:phash|password|secret|key|private-key|bind-password|snmp-community-string|authpwd|privpwd|community|passphrase|shared-secret|auth-key|api-key|pre-shared-key)>",
    r"\b(?:phash|password|secret|private-key|bind-password|snmp-community-string|authpwd|privpwd|community|passphrase|shared-secret|auth-key|api-key|authentication-key|admin-password) ",
    r"\bpre-shared-key (?:key )?",
    r"(?:^|\s)key ",
];

const COMWARE: &[&str] = &[
    r"\b(?:password|key|secret|pre-shared-key|passphrase|authentication-key|authentication-mode password)\b.*?\b(?:simple|cipher|hash|plain) ",
    r"\bset authentication password (?:hash |simple |cipher )?",
    r"\bsuper password .*?(?:hash|simple|cipher) ",
    r"\bsnmp-agent community (?:read |write )?(?:simple |cipher )?",
    r"\bsnmp-agent target-host .*?securityname ",
    r"\bsnmp-agent usm-user .*?authentication-mode (?:cipher )?(?:md5|sha\S*) ",
    r"\b(?:cipher|simple|hash) ",
    r"\bprivacy-mode (?:des56|3des|aes\d+) ",
    r"\bntp-service authentication-keyid \d+ authentication-mode \S+ (?:cipher |simple )?",
];

const FABRIC: &[&str] = &[
    r"\b(?:Community|community)\s*\d*\s*:\s*",
    r"^snmp\.(?:snmpv1|agtParty|community)\S*:\s*",
    r"^passwd:\w+:",
    r"^(?:root|factory|admin|user):\s*",
    r"(?i:\bsecret)\s*[:=]?\s*",
    r"\b(?:auth|priv)passwd\s*[:=]?\s*",
    r"\bpwd\s*[:=]\s*",
];

const F5: &[&str] = &[
    r"\b(?:encrypted-password|password|secret|community|community-name|passphrase|auth-password|privacy-password|bind-pw|auth-password-encrypted|privacy-password-encrypted|shared-secret|key-password) ",
];

const GAIA: &[&str] = &[
    r"\b(?:password-hash|password|secret|shared-secret|passphrase|psk|key|encrypted-key) ",
    r"\b(?:auth|privacy)-pass-phrase(?:-hashed)? ",
    r"\bsnmp community ",
    r"\b(?:authtype \S+|md5 key \d+|simple) (?:secret )?",
];

const LINUX: &[&str] = &[
    r"(?:^|\s)(?:rocommunity6?|rwcommunity6?|com2sec \S+ \S+) ",
    r"(?i:\bbindpw) ",
    r"\bpassword_pbkdf2 \S+ ",
];

/// One expression for all places of a family: what is kept, then the secret, quoted or one word.
pub(super) fn of(family: Family) -> String {
    let own: &[&str] = match family {
        Family::CiscoIos
        | Family::CiscoAsa
        | Family::CiscoNxos
        | Family::CiscoXr
        | Family::AristaEos
        | Family::Ontap => CISCO,
        Family::Junos => JUNOS,
        Family::Fortios => FORTIOS,
        Family::Panos => PANOS,
        Family::Comware => COMWARE,
        Family::FabricOs => FABRIC,
        Family::F5 => F5,
        Family::Gaia => GAIA,
        Family::Linux => LINUX,
    };
    let places: Vec<&str> = own.iter().chain(COMMON).copied().collect();
    let secret = if family == Family::Panos {
        r#""(?:[^"\\]|\\.)*"?|[^\s<]+"#
    } else {
        r#""(?:[^"\\]|\\.)*"?|[^\s;]+"#
    };
    format!(r"(?P<keep>{})(?P<secret>{secret})", places.join("|"))
}
