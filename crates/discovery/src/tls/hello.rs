//! One question in the handshake's own words: a ClientHello for one version, and what comes back. No keys are agreed on,
//! so versions and ciphers can be asked for that nobody should use.

use super::Version;

/// Most bytes of an answer that are looked at.
pub(super) const ANSWER: usize = 64 * 1024;
/// The random of a ServerHello that asks for another hello (RFC 8446, 4.1.3).
const RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2,
    0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// Cipher suites up to TLS 1.2 that servers in the world may choose, strong and weak (IANA's registry).
pub const CIPHERS: &[(u16, &str)] = &[
    (0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
    (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
    (0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
    (0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
    (0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
    (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
    (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
    (0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    (0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0xC007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
    (0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
    (0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    (0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    (0x0096, "TLS_RSA_WITH_SEED_CBC_SHA"),
    (0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA"),
    (0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA"),
    (0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA"),
    (0x0009, "TLS_RSA_WITH_DES_CBC_SHA"),
    (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5"),
    (0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5"),
    (0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"),
    (0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"),
    (0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA"),
    (0x003A, "TLS_DH_anon_WITH_AES_256_CBC_SHA"),
    (0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"),
    (0x0018, "TLS_DH_anon_WITH_RC4_128_MD5"),
    (0x0002, "TLS_RSA_WITH_NULL_SHA"),
    (0x0001, "TLS_RSA_WITH_NULL_MD5"),
    (0x003B, "TLS_RSA_WITH_NULL_SHA256"),
];

/// Cipher suites of TLS 1.3.
pub const CIPHERS_13: &[(u16, &str)] = &[
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256"),
];

/// The name of a cipher suite, where it is one of [`CIPHERS`] or [`CIPHERS_13`].
#[must_use]
pub fn cipher_name(number: u16) -> Option<&'static str> {
    CIPHERS.iter().chain(CIPHERS_13).find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// A ClientHello that offers exactly one version.
#[derive(Debug, Clone, Copy)]
pub struct ClientHello<'a> {
    /// The version that is offered.
    pub version: Version,
    /// The name that is asked for (SNI); an address is not sent.
    pub name: Option<&'a str>,
    /// The cipher suites that are offered; all of [`CIPHERS`] or [`CIPHERS_13`] if empty.
    pub ciphers: &'a [u16],
}

impl ClientHello<'_> {
    /// The bytes to send: one record with the handshake message.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let is_13 = self.version == Version::Tls13;
        let mut body = Vec::with_capacity(512);
        put16(&mut body, if is_13 { Version::Tls12.number() } else { self.version.number() });
        body.extend(random());
        if is_13 {
            // A session id for middle boxes that want one (RFC 8446, appendix D.4).
            put_sized8(&mut body, &random());
        } else {
            body.push(0);
        }
        let mut suites = Vec::new();
        match (self.ciphers, is_13) {
            ([], true) => CIPHERS_13.iter().for_each(|(number, _)| put16(&mut suites, *number)),
            ([], false) => CIPHERS.iter().for_each(|(number, _)| put16(&mut suites, *number)),
            (chosen, _) => chosen.iter().for_each(|number| put16(&mut suites, *number)),
        }
        put_sized16(&mut body, &suites);
        put_sized8(&mut body, &[0]);
        // SSL 3.0 knows no extensions.
        if self.version != Version::Ssl3 {
            put_sized16(&mut body, &self.extensions(is_13));
        }
        let mut message = vec![1];
        put24(&mut message, body.len());
        message.extend(body);
        let mut record = vec![22];
        put16(&mut record, self.version.number().min(Version::Tls10.number()));
        put_sized16(&mut record, &message);
        record
    }

    fn extensions(&self, is_13: bool) -> Vec<u8> {
        let mut all = Vec::new();
        if let Some(name) = self.name.filter(|name| is_host_name(name)) {
            let mut entry = vec![0];
            put_sized16(&mut entry, name.as_bytes());
            extension(&mut all, 0, &sized16(&entry));
        }
        // supported_groups: x25519, secp256r1, secp384r1, secp521r1, ffdhe2048, ffdhe3072.
        extension(&mut all, 10, &sized16(&numbers(&[0x001D, 0x0017, 0x0018, 0x0019, 0x0100, 0x0101])));
        extension(&mut all, 11, &[1, 0]);
        if self.version >= Version::Tls12 {
            let schemes = [
                0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0401, 0x0501, 0x0601, 0x0203,
                0x0201, 0x0202,
            ];
            extension(&mut all, 13, &sized16(&numbers(&schemes)));
        }
        if is_13 {
            let mut versions = Vec::new();
            put_sized8(&mut versions, &numbers(&[Version::Tls13.number()]));
            extension(&mut all, 43, &versions);
            // Any 32 bytes are a public key of x25519; nobody will want the secret.
            let mut share = numbers(&[0x001D]);
            put_sized16(&mut share, &random());
            extension(&mut all, 51, &sized16(&share));
            extension(&mut all, 45, &[1, 1]);
        } else {
            extension(&mut all, 0xFF01, &[0]);
        }
        all
    }
}

/// What a server says to a ClientHello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAnswer {
    /// It goes on with this version and cipher suite.
    Hello {
        /// The version that it chose.
        version: Version,
        /// The cipher suite that it chose; [`cipher_name`] names it.
        cipher: u16,
        /// The certificates that came with it in DER, its own first. TLS 1.3 hides them.
        certificates: Vec<Vec<u8>>,
    },
    /// It speaks TLS and refuses, with this alert (RFC 8446, 6).
    Alert(u8),
}

/// An answer that is not TLS, or not all of it yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// More bytes are needed.
    #[error("the answer ends too early")]
    Short,
    /// This is another protocol.
    #[error("the answer is not TLS")]
    NotTls,
}

impl ServerAnswer {
    /// Reads what came so far. With `whole`, no more will come, and a hello without its certificates counts.
    ///
    /// # Errors
    /// When it is not TLS, or more is needed.
    pub fn read(bytes: &[u8], whole: bool) -> Result<Self, BadAnswer> {
        let mut messages = Vec::new();
        let mut input = Input(bytes);
        loop {
            match record(&mut input, &mut messages) {
                Ok(Some(alert)) => {
                    let said = Self::of_messages(&messages, true);
                    return Ok(said.unwrap_or(Self::Alert(alert)));
                }
                Ok(None) => {}
                Err(BadAnswer::NotTls) => return Err(BadAnswer::NotTls),
                Err(BadAnswer::Short) => break,
            }
            if let Ok(answer) = Self::of_messages(&messages, false) {
                return Ok(answer);
            }
        }
        Self::of_messages(&messages, whole)
    }

    fn of_messages(messages: &[u8], whole: bool) -> Result<Self, BadAnswer> {
        let mut input = Input(messages);
        let (kind, body) = (input.byte()?, input.sized24()?);
        if kind != 2 {
            return Err(BadAnswer::NotTls);
        }
        let (version, cipher) = server_hello(body)?;
        let hello = |certificates| Ok(Self::Hello { version, cipher, certificates });
        if version == Version::Tls13 {
            return hello(Vec::new());
        }
        match (input.byte(), input.sized24()) {
            (Ok(11), Ok(body)) => hello(certificates(body)?),
            // Neither a certificate nor a part of one: an anonymous suite.
            (Ok(kind), _) if kind != 11 => hello(Vec::new()),
            _ if whole => hello(Vec::new()),
            _ => Err(BadAnswer::Short),
        }
    }
}

/// Takes one record; gives the description of an alert.
fn record(input: &mut Input<'_>, messages: &mut Vec<u8>) -> Result<Option<u8>, BadAnswer> {
    let kind = input.byte()?;
    if !matches!(kind, 20..=23) {
        return Err(BadAnswer::NotTls);
    }
    if input.byte()? != 3 || input.byte()? > 4 {
        return Err(BadAnswer::NotTls);
    }
    let body = input.sized16()?;
    match kind {
        22 if messages.len() + body.len() <= ANSWER => messages.extend_from_slice(body),
        21 => return body.get(1).copied().map(Some).ok_or(BadAnswer::NotTls),
        // What is encrypted after a hello of TLS 1.3 is of no use here.
        _ => {}
    }
    Ok(None)
}

fn server_hello(body: &[u8]) -> Result<(Version, u16), BadAnswer> {
    let mut input = Input(body);
    let legacy = input.number()?;
    let random = input.take(32)?;
    let session = usize::from(input.byte()?);
    input.take(session)?;
    let cipher = input.number()?;
    input.byte()?;
    let mut version = legacy;
    let extensions = input.sized16().unwrap_or_default();
    let mut input = Input(extensions);
    while let (Ok(kind), Ok(value)) = (input.number(), input.sized16()) {
        if kind == 43 {
            version = Input(value).number()?;
        }
    }
    if random == RETRY {
        version = Version::Tls13.number();
    }
    Ok((Version::of_number(version).ok_or(BadAnswer::NotTls)?, cipher))
}

fn certificates(body: &[u8]) -> Result<Vec<Vec<u8>>, BadAnswer> {
    let mut input = Input(Input(body).sized24()?);
    let mut all = Vec::new();
    while let Ok(one) = input.sized24() {
        all.push(one.to_vec());
    }
    Ok(all)
}

/// Bytes that are read from the front.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], BadAnswer> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BadAnswer::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, BadAnswer> {
        self.take(1)?.first().copied().ok_or(BadAnswer::Short)
    }

    fn number(&mut self) -> Result<u16, BadAnswer> {
        Ok(u16::from(self.byte()?) << 8 | u16::from(self.byte()?))
    }

    fn sized16(&mut self) -> Result<&'a [u8], BadAnswer> {
        let length = self.number()?;
        self.take(usize::from(length))
    }

    fn sized24(&mut self) -> Result<&'a [u8], BadAnswer> {
        let high = usize::from(self.byte()?);
        let low = usize::from(self.number()?);
        self.take(high << 16 | low)
    }
}

fn is_host_name(name: &str) -> bool {
    let fits = !name.is_empty() && name.len() <= 253;
    fits && name.parse::<std::net::IpAddr>().is_err()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// Random enough for a field that must differ: no secret depends on it.
fn random() -> [u8; 32] {
    let mut bytes = [0x52; 32];
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    bytes
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_be_bytes());
}

fn put24(out: &mut Vec<u8>, length: usize) {
    let [_, high, middle, low] = u32::try_from(length).unwrap_or(0).to_be_bytes();
    out.extend([high, middle, low]);
}

fn put_sized8(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(u8::try_from(bytes.len()).unwrap_or(0));
    out.extend(bytes);
}

fn put_sized16(out: &mut Vec<u8>, bytes: &[u8]) {
    put16(out, u16::try_from(bytes.len()).unwrap_or(0));
    out.extend(bytes);
}

fn sized16(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    put_sized16(&mut out, bytes);
    out
}

fn numbers(all: &[u16]) -> Vec<u8> {
    all.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn extension(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    put16(out, kind);
    put_sized16(out, value);
}
