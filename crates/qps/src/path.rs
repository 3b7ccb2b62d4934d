//! The URL grammar `/qps/rest/<version>/<operation>/<module>/<object>[/<id>]` (contract/qps.md 1).

use crate::ServiceError;
use crate::error::quoted;

/// The parts of a path, none of them looked up yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<'p> {
    /// `2.0`; whether it is served is for the router to say (`INVALID_API_VERSION`).
    pub version: &'p str,
    /// `search`.
    pub operation: &'p str,
    /// `am`.
    pub module: &'p str,
    /// `hostasset`.
    pub object: &'p str,
    /// The id, if the path has one.
    pub id: Option<u64>,
}

/// The parts of a path with the id as it was sent, for the few operations that take another key in its place, such
/// as a finding's 36-character unique id (contract/was.md 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments<'p> {
    /// `3.0`.
    pub version: &'p str,
    /// `get`.
    pub operation: &'p str,
    /// `was`.
    pub module: &'p str,
    /// `finding`.
    pub object: &'p str,
    /// What stands in the place of the id.
    pub key: Option<&'p str>,
}

impl<'p> Path<'p> {
    /// Reads the path of a URL, without its query. Trailing and doubled slashes say nothing.
    ///
    /// # Errors
    /// `INVALID_URL` if parts are missing or too many, and if the id is not a decimal number of 64 bits (then with
    /// HTTP status 200, contract/was.md 1.4).
    pub fn parse(path: &'p str) -> Result<Self, ServiceError> {
        let Segments { version, operation, module, object, key } = Segments::parse(path)?;
        let id = key.map(parse_id).transpose()?;
        Ok(Self { version, operation, module, object, id })
    }
}

impl<'p> Segments<'p> {
    /// Like [`Path::parse`], but takes any key.
    ///
    /// # Errors
    /// `INVALID_URL` if parts are missing or too many.
    pub fn parse(path: &'p str) -> Result<Self, ServiceError> {
        let invalid = || ServiceError::invalid_url(path);
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        if segments.next() != Some("qps") || segments.next() != Some("rest") {
            return Err(invalid());
        }
        let mut next = || segments.next().ok_or_else(invalid);
        let (version, operation, module, object) = (next()?, next()?, next()?, next()?);
        let key = segments.next();
        if segments.next().is_some() {
            return Err(invalid());
        }
        Ok(Self { version, operation, module, object, key })
    }
}

/// Digits only: `+5`, `0x5` and `5%20` are not ids.
fn parse_id(key: &str) -> Result<u64, ServiceError> {
    let digits = key.bytes().all(|byte| byte.is_ascii_digit());
    key.parse().ok().filter(|_| digits).ok_or_else(|| {
        ServiceError::new(
            crate::ResponseCode::InvalidUrl,
            format!("Invalid id '{}' in the URL.", quoted(key)),
            "Specify the id as a decimal number (Long).",
        )
        .with_status(200)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResponseCode;

    #[test]
    fn the_parts_are_told_apart() {
        let path = Path { version: "2.0", operation: "update", module: "am", object: "tag", id: Some(5001) };
        assert_eq!(Path::parse("/qps/rest/2.0/update/am/tag/5001"), Ok(path));
        assert_eq!(Path::parse("/qps/rest/2.0/update/am/tag"), Ok(Path { id: None, ..path }));
    }

    #[test]
    fn extra_slashes_say_nothing() {
        let plain = Path::parse("/qps/rest/3.0/search/was/wasscan");
        assert!(plain.is_ok());
        assert_eq!(Path::parse("/qps/rest/3.0/search/was/wasscan/"), plain);
        assert_eq!(Path::parse("//qps/rest//3.0/search/was/wasscan//"), plain);
    }

    #[test]
    fn an_id_is_a_decimal_number_of_64_bits() {
        let id = |key: &str| Path::parse(&format!("/qps/rest/2.0/get/am/tag/{key}")).map(|path| path.id);
        assert_eq!(id("18446744073709551615"), Ok(Some(u64::MAX)));
        for key in ["18446744073709551616", "-1", "+1", "0x1F", "1.0", "abc", "1%20", "١"] {
            let error = id(key).unwrap_err();
            assert_eq!((error.code, error.http_status()), (ResponseCode::InvalidUrl, 200), "{key}");
            assert!(error.message.contains(key), "{error}");
        }
    }

    #[test]
    fn too_few_and_too_many_parts_are_no_url() {
        for path in [
            "",
            "/",
            "/qps/rest",
            "/qps/rest/2.0/get/am",
            "/qps/rest/2.0/get/am/tag/1/2",
            "/QPS/rest/2.0/get/am/tag",
        ] {
            let error = Path::parse(path).unwrap_err();
            assert_eq!((error.code, error.http_status()), (ResponseCode::InvalidUrl, 404), "{path}");
        }
    }

    #[test]
    fn another_key_can_be_asked_for() {
        let segments =
            Segments::parse("/qps/rest/3.0/get/was/finding/0b1c9d1a-7c1e-4a3e-9f7c-0d8e1f2a3b4c/").unwrap();
        assert_eq!(segments.key, Some("0b1c9d1a-7c1e-4a3e-9f7c-0d8e1f2a3b4c"));
    }
}
