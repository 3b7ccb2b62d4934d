//! Where each family keeps its secrets: what stands in front of them.

use crate::family::Family;

/// Values that are secret wherever they stand: crypt hashes, FortiOS and Arista encodings, credentials in addresses.
pub(super) const MARKS: &str = r#"\$(?:[0-9]{1,2}[a-z]?|y|gy|sha1|nt|h)\$[A-Za-z0-9./$+=\-*]{4,}|\b(?:ENC|SH2|AK1|PB2) ?[A-Za-z0-9+/=]{12,}|\b0x[0-9A-Fa-f]{24,}\b"#;

/// In front of secrets in every family.
const COMMON: &[&str] = &[
    r"://[^\s:/@]*:",
    r"(?i:[\w.-]*(?:pass(?:word|wd|phrase|code)?|secret|(?:private|access|api|secret)[-_]?key|token|psk|community)\d?)\s*[=:]\s*",
];

/// An optional Cisco encryption type.
const CISCO: &[&str] = &[
    r"\benable (?:password|secret)(?: level \d+)?(?: (?:\d{1,2}|sha512|pbkdf2))? ",
    r"\busername \S+ .*?(?:password|secret|common-criteria-policy \S+ password)(?: (?:\d{1,2}|sha512|sha256|encrypted|mschap|nt-encrypted))? ",
    r"(?:^|\s)(?:password|passwd|passphrase|secret|auth-password|bind-password|login-password|ldap-login-password|chap password|ppp pap sent-username \S+ password|shared-secret)(?: (?:\d{1,2}|sha512|encrypted))* ",
    r"\bsnmp-server community(?:-map)? (?:(?:[078]|encrypted|clear) )*",
    r"\bsnmp-server host \S+(?: \S+)*? (?:version (?:1|2c) |community )(?:(?:[078]|encrypted|clear) )*",
    r"\bsnmp-server host \S+ (?:traps |informs )?(?:(?:[078]|encrypted|clear) )*",
    r"\bsnmp-server user .*?\bauth (?:md5|sha\S*) (?:encrypted )?",
    r"\bpriv (?:(?:des56|des|3des|aes(?:-\d+)?)(?: ?(?:128|192|256))? )?",
    r"\bauth (?:md5|sha|sha-?\d+) (?:encrypted )?",
    r"\b(?:tacacs-server|radius-server|server-private|tacacs|radius)\b.*?\bkey(?: (?:\d{1,2}|encrypted))? ",
    r"(?:^|\s)(?:key|key-string|hex-key|pac key|server-key|failover key|hash-key|(?:wpa-psk|set-key) (?:ascii|hex))(?: (?:\d|password|encrypted|clear))* ",
    r"\bpre-shared-key(?: (?:local|remote|address \S+(?: \S+)?|hostname \S+|hex))*(?: (?:key|ascii|\d))* ",
    r"\bcrypto (?:isakmp|ikev[12]) key(?: \d)? ",
    r"\bcrypto key (?:export|import) .*?(?:3des|des|aes|terminal|url \S+) ",
    r"\bsession-key (?:in|out)bound (?:ah|esp) \d+ (?:cipher )?",
    r"\bauthenticator ",
    r"\bspi \d+ (?:.*? )?(?:md5|sha1|aes-cbc \d+|3des|des) (?:[07] )?",
    r"\b(?:md5|sha1) [07] ",
    r"\bip nhrp authentication ",
    r"\bauthentication(?:-key| key| text| md5 key-string| mode \S+ key-string| encrypted)(?: \d)? ",
    r"\b(?:message-digest-key|authentication-key) \d+ (?:md5|hmac\S*|cmac\S*|sha\S*|encrypted) (?:\d )?(?:encrypted )?",
    r"\bntp authentication-key \d+ \S+ (?:(?:\d|encrypted|clear) )*",
    r"\bmpls ldp (?:neighbor \S+ )?password (?:(?:option \d+ for \S+|fallback) )?(?:\d )?",
    r"\bneighbor \S+ password(?: \d)? ",
    r"\bip ftp password(?: \d)? ",
    r"\b(?:isis |domain-|area-|lsp-|hello-)password(?: (?:clear|encrypted|hmac-md5|text|\d))* ",
    r"\btacacs-server .*key ",
    r"\bstandby \d+ authentication(?: md5 key-string)?(?: \d)? (?:text )?",
    r"\bvrrp \d+ authentication (?:text |md5 key-string )?(?:\d )?",
    r"\bikev2 (?:local|remote)-authentication pre-shared-key (?:\d )?",
    r"\bsecret sha512 ",
    r"\bdigest secret \d ",
    // Programs of the device keep what they sign in with there.
    r"\bevent manager environment \S+ ",
];

const JUNOS: &[&str] = &[
    r"\b(?:encrypted-password|plain-text-password-value|secret|authentication-key|simple-password|privacy-password|authentication-password|privacy-key|hello-authentication-key|chap-secret|pap-password|shared-secret|md5 \d+ key|bind-password|pre-shared-secret|tacplus-secret|trap-community|community-name|cak) ",
    r"\bpre-shared-key (?:ascii-text |hexadecimal |cak )?",
    r"\b(?:key|password|passphrase|value-of|value) (?:ascii-text |hexadecimal )?",
    r"\bsnmp (?:trap-group \S+ (?:.*? )?)?community ",
    r"(?:^|[{;])\s*community ",
    r"\b(?:ascii-text|hexadecimal|ascii-text-key) ",
];

const FORTIOS: &[&str] = &[
    r"\bset (?:\S*(?:passwd|password|passphrase|psksecret(?:-remote)?|secret|-pwd|-key|authkey|enckey|keystring|key-string|apikey|authpass|ppk|token|community|pw)|key|pwd)\d? (?:ENC )?",
    r"\bset private-key ",
    r"\bENC ",
];

const PANOS: &[&str] = &[
    r"<(?:[\w-]*-)?(?:phash|password|secret|key|community-string|authpwd|privpwd|community|passphrase|passcode|keytab)>",
    r"\b(?:phash|password|secret|private-key|bind-password|snmp-community-string|authpwd|privpwd|community|passphrase|passcode|keytab|shared-secret|auth-key|api-key|authentication-key|admin-password) ",
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
    r"\b(?:cipher|simple|hash)(?: plain)? ",
    r"\bprivacy-mode (?:des56|3des|aes\d+) ",
    r"\bntp-service authentication-keyid \d+ authentication-mode \S+ (?:cipher |simple )?",
];

const FABRIC: &[&str] = &[
    r"\b(?:Community|community)\s*\d*\s*:\s*",
    r"^snmp\.(?:snmpv1|agtParty|community)\S*:\s*",
    r"^passwd[.:]\w+:",
    r"^(?:root|factory|admin|user):\s*",
    r"(?i:\bsecret)\s*[:=]?\s*",
    r"\b(?:auth|priv)passwd\s*[:=]?\s*",
    r"\bpwd\s*[:=]\s*",
];

const F5: &[&str] = &[
    r"\b(?:encrypted-password|password|secret|community|community-name|passphrase|auth-password|privacy-password|bind-pw|auth-password-encrypted|privacy-password-encrypted|shared-secret|key-password|preshared-key(?:-encrypted)?) ",
];

const GAIA: &[&str] = &[
    r"\b(?:password-hash|password|newpass|secret|shared-secret|passphrase|psk|key|key-string|encrypted-key) ",
    r"\b(?:auth|privacy)-pass-phrase(?:-hashed)? ",
    r"\bsnmp (?:traps receiver (?:.*? )?)?community ",
    r"\b(?:authtype \S+|md5 key \d+|simple) (?:secret )?",
];

const ONTAP: &[&str] =
    &[r"-(?:[\w-]*-)?(?:password|community-name|passphrase|secret|key) ", r"^\s*(?:\S+\s+)?r[ow]\s+"];

const LINUX: &[&str] = &[
    r"(?:^|\s)(?:rocommunity6?|rwcommunity6?|com2sec(?:6| -Cn \S+)? \S+ \S+)\s+",
    r"\bcreateUser (?:-e \S+ )?\S+ (?:MD5|SHA\S*) ",
    r"\b(?:AES|DES)\S* ",
    r"(?i:\bbindpw)[: ]\s*",
    r"\bpassword_pbkdf2 \S+ ",
    r"^\s*password\s+(?:--\S+\s+|[=:]\s*)?",
    r"(?:^|\s)(?:auth_pass|requirepass|masterauth)\s+",
];

/// One expression for all places of a family: what is kept, then the secret, quoted or one word.
pub(super) fn of(family: Family) -> String {
    let own: &[&str] = match family {
        Family::CiscoIos | Family::CiscoAsa | Family::CiscoNxos | Family::CiscoXr | Family::AristaEos => {
            CISCO
        }
        Family::Ontap => ONTAP,
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
