//! A key of the scanner's own, to show where somebody else's key is believed. It opens nothing: everybody may know it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// The key itself, PKCS #8.
const KEY: &str = concat!(
    "MIIEuwIBADANBgkqhkiG9w0BAQEFAASCBKUwggShAgEAAoIBAQC6Rm/NqZJz9C/3lrSZFoq0ya+mdBwtmZWwzS9yNhX59USlWsKY",
    "uVLDcyKI8oY3qLhSV1+tOdFSWWrHVZesePK3ZqYPVuFjeZj0dGIUEfvH/gF1H1NqPc8XHWu+tG0TO9EYDDud3BtxmygwA4MXIg7m",
    "Co2I3gjRsH/iXQQLS588Ugd47JEXq4v+HxUqtoO2UXM4x3eaJ2Y2X26vjUhUgRHYaZGtiyM3baxYFlZTwV4g9gL2UmgyzOIWIst5",
    "Egj4ce3BhRKcwZAeFWpOilXWzTwqJffkUFPCnVTMGyFD2qd4nRfH8NOVM+WuEsGr+ZOM7wcFm3zme/GzwjzMenyGz/ntAgMBAAEC",
    "gf8HdUqEsYVrnxtMjnwspPpowqqFv6BhMwULTyvXJtM6bteQx1GDS+hEaxe24/77u4WlxlnOVcJLyci8snCgNzeAoFuFwbTEhtnY",
    "78/9fbrXBxSH2/k7B76C7mqh+Bdl7b8xd0vrxiRTKCMzyPA2vOZbz5BbKoiv3KFCLvc6fIyjnZOlj48m4JxjOb+yi4aUIZfTz0WM",
    "jA5MJ2VBXnfeNNuEmMeh3zTe4bKLO8AgmJYOGyqUb1VH/vNWTj4st9l3Vy7XOMVtJkysWZEjbpAXPVDMUCMEjpSSXS+4zJf3lfC5",
    "1qDjT/7SiAFpqFfQmmyA5GrclO4h18yQTJnZxt2SISECgYEA64nDX6pEYh2/koBH/i31qzUlfBeem8S3s8EV9ovYCvNIYCpzjCmH",
    "1SDhXivXLCER6eOilxiyh0He3qyPuLk2S9l5Q0yuQ2nNK8K0K08h77+pVionJ8ainDHYvao8LrEutaNwJ9km/vphiL/zoqX8zUTs",
    "QUWUXnu8FSDMmA2YIA0CgYEAynUXkATXPDvfOalWN4Rwd+CZQ7kDDMPU3Gr7GenCnWMmPoWMAWMcVfRAWUr3mF79yYCMhwVlvKhn",
    "Y+yzqU036E5T8ROdRKQQS1OrrRX4kCjVrDIzNUINP9LQXPLMfXvJbzi1iSWH1V5yo8GokJQf6HwFmi/viRAbBLT5qdcA6WECgYEA",
    "hPK91MHG15rzBz5hZJeMk5bsEZ9DZ6kiB9R1ETTePVAVCjLsBbFremGU1BLq4X3JHrveimrmWnJT2lyMwzfH7ghS6ineMy8FIC5G",
    "hCumfC0y5+/jKhB0uLVqIaR1U+Wu99fI9rUbzdCGPSob2zLV/wdoU29yz+IHx+U7lpgVxgECgYArfWeoWkHaAIp9GnEYz+xQ9AA4",
    "Wf/buB17k8eI03wozumiOJHQonetxyAjjkUNiCpAJMsLHg+yrQI4ptoZHitKTbkeajY4Tn3pkHmqXrPcU8lCii4R3LR351M3BDkF",
    "I5gruiTU5yj8nqNFpg4NsKQCDtItQurTqJAFPNL8tuDNQQKBgDpUgxzYE7Ox0wuMiUbBw/RViixmj6xvnm53h42OdSlaGg79RVsm",
    "1m6bs459DxKNHrX3+VYdF0srTlFptmbHJOCxUU2cSnPB1wIq9hNNwSBoppfUkIcU2TdSUwdhXi3l5NWEMu/0TgqSwSMnPhaTZiOR",
    "cZnKrXiF65GPPhuqNSM6",
);
/// A certificate that it made for itself.
pub(crate) const CERTIFICATE: &str = concat!(
    "MIICnTCCAYWgAwIBAgIBATANBgkqhkiG9w0BAQsFADASMRAwDgYDVQQDDAdyZWRvdWJ0MB4XDTIwMDEwMTAwMDAwMFoXDTQ5MTIz",
    "MTAwMDAwMFowEjEQMA4GA1UEAwwHcmVkb3VidDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBALpGb82pknP0L/eWtJkW",
    "irTJr6Z0HC2ZlbDNL3I2Ffn1RKVawpi5UsNzIojyhjeouFJXX6050VJZasdVl6x48rdmpg9W4WN5mPR0YhQR+8f+AXUfU2o9zxcd",
    "a760bRM70RgMO53cG3GbKDADgxciDuYKjYjeCNGwf+JdBAtLnzxSB3jskReri/4fFSq2g7ZRczjHd5onZjZfbq+NSFSBEdhpka2L",
    "IzdtrFgWVlPBXiD2AvZSaDLM4hYiy3kSCPhx7cGFEpzBkB4Vak6KVdbNPCol9+RQU8KdVMwbIUPap3idF8fw05Uz5a4Swav5k4zv",
    "BwWbfOZ78bPCPMx6fIbP+e0CAwEAATANBgkqhkiG9w0BAQsFAAOCAQEABDBkC43kdu6Ye73hiRk3hACSsD2LKnsn5WIzyGajJhfp",
    "aHbktbTW+pj8wPGs3UEH9+jExO2BZ7NKezKumxAYu+lOVG1Gwa4mP76wEGzjoJb/91a4N5+liXsF4uoJcDyJcwsCze83cFZuKiuq",
    "Ott2vDOT4DLsumdvdbwpOYOpzqQx1b5Z1E0AvYSE4k6CUp9WKd8jn9ePHEuIVp8YIhbUE3prlak/NT/qHMjulRmfkRuJkXI4h5O3",
    "6wG47YkR/Wil2hhvsy4o3eE82MX7jpMOx7YZg0MxaS72FqL8XM/YUpmzY33gcjT4uJNwyGII8mO9VtavjmwaZJSyWJ3zKEdD2A==",
);
/// Its modulus.
const MODULUS: &str = concat!(
    "ukZvzamSc_Qv95a0mRaKtMmvpnQcLZmVsM0vcjYV-fVEpVrCmLlSw3MiiPKGN6i4UldfrTnRUllqx1WXrHjyt2amD1bhY3mY9HRi",
    "FBH7x_4BdR9Taj3PFx1rvrRtEzvRGAw7ndwbcZsoMAODFyIO5gqNiN4I0bB_4l0EC0ufPFIHeOyRF6uL_h8VKraDtlFzOMd3midm",
    "Nl9ur41IVIER2GmRrYsjN22sWBZWU8FeIPYC9lJoMsziFiLLeRII-HHtwYUSnMGQHhVqTopV1s08KiX35FBTwp1UzBshQ9qneJ0X",
    "x_DTlTPlrhLBq_mTjO8HBZt85nvxs8I8zHp8hs_57Q",
);

/// The name that it has in sets of keys.
pub(crate) const ID: &str = "redoubt";

/// The key that belongs to it for the public, as a JWK (RFC 7517).
pub(crate) fn jwk(id: &str) -> Value {
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "e": "AQAB", "n": MODULUS})
}

/// The certificate as PEM.
pub(crate) fn certificate() -> String {
    let lines: Vec<&str> = (0..CERTIFICATE.len())
        .step_by(64)
        .filter_map(|at| CERTIFICATE.get(at..(at + 64).min(CERTIFICATE.len())))
        .collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// Signs with it as RS256 does.
pub(crate) fn sign(text: &[u8]) -> Option<Vec<u8>> {
    let key = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(KEY).ok()?).ok()?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).ok()?;
    Some(signature)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;

    #[test]
    fn what_it_signs_holds_for_its_jwk() {
        let key = jwk("a");
        let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
        let signature = sign(b"text").unwrap();
        assert!(public.verify(&RSA_PKCS1_2048_8192_SHA256, b"text", &signature).is_ok());
        assert!(public.verify(&RSA_PKCS1_2048_8192_SHA256, b"other", &signature).is_err());
        let whole = BASE64_STANDARD.decode(CERTIFICATE).unwrap();
        let modulus = part("n");
        assert!(
            whole.windows(modulus.len()).any(|window| window == modulus),
            "the certificate is of this key"
        );
        assert!(certificate().starts_with("-----BEGIN CERTIFICATE-----\nMII"));
    }
}
