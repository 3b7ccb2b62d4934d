//! Reading requests: untrusted bytes in, a checked message or an error that names the field out.

use std::io;

use serde::de::DeserializeOwned;

use super::{CheckIn, Content, EnrollRequest, MAX_BODY, MAX_UNPACKED};

/// Why a request could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Too many bytes as sent.
    #[error("the body has {got} bytes; at most {MAX_BODY} are read")]
    TooLarge {
        /// Its size.
        got: usize,
    },
    /// Too many bytes after unpacking.
    #[error("the body unpacks to more than {MAX_UNPACKED} bytes, which is the most that is read")]
    UnpacksTooLarge,
    /// Said to be gzip and is not.
    #[error("the body is not valid gzip: {0}")]
    NotGzip(io::Error),
    /// Another encoding than gzip.
    #[error("Content-Encoding `{0}` is not read here; send gzip or none")]
    Encoding(String),
    /// A field is missing or has a value that it cannot have.
    #[error("{field}: {problem}")]
    Invalid {
        /// Path of the field, such as `content.full.packages[3].name`; `.` for the message as a whole.
        field: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

/// Reads an (unpacked) enrolment. Its signature is for the caller to verify, with the key it carries.
///
/// # Errors
/// The field that is missing or wrong.
pub fn read_enroll(body: &[u8]) -> Result<EnrollRequest, ReadError> {
    let request: EnrollRequest = read(body)?;
    if request.activation_key.reveal().trim().is_empty() {
        return Err(invalid("activationKey", "is empty; give the key that the server shows for new agents"));
    }
    if let Some(mac) = request.mac_addresses.iter().find(|mac| mac.is_empty()) {
        return Err(invalid("macAddresses", &format!("{mac:?} is not a hardware address")));
    }
    Ok(request)
}

/// Reads an (unpacked) check-in.
///
/// # Errors
/// The field that is missing or wrong, or that does not go with the others.
pub fn read_checkin(body: &[u8]) -> Result<CheckIn, ReadError> {
    let checkin: CheckIn = read(body)?;
    if checkin.sequence == 0 {
        return Err(invalid("sequence", "is 0; the first is 1"));
    }
    match (&checkin.content, checkin.base) {
        (Content::Full(_), Some(_)) => Err(invalid("base", "a full content has no base; leave it out")),
        (Content::Delta(_) | Content::Unchanged, None) => {
            Err(invalid("base", "is missing; only a full content has no base"))
        }
        (Content::Unchanged, Some(base)) if base != checkin.state => {
            Err(invalid("state", "differs from base, although the content is unchanged"))
        }
        _ => Ok(checkin),
    }
}

fn invalid(field: &str, problem: &str) -> ReadError {
    ReadError::Invalid { field: field.into(), problem: problem.into() }
}

/// Reads fast; only what fails is read again, to learn the path of the field.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ReadError> {
    if body.len() > MAX_UNPACKED {
        return Err(ReadError::UnpacksTooLarge);
    }
    let error = match serde_json::from_slice(body) {
        Ok(message) => return Ok(message),
        Err(error) => error,
    };
    let mut again = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut again) {
        Err(error) => Err(ReadError::Invalid {
            field: error.path().to_string(),
            problem: error.into_inner().to_string(),
        }),
        // The message itself is fine: something follows it.
        Ok(_) => Err(invalid(".", &error.to_string())),
    }
}
