//! From a path to a gateway call.

use super::{Family, Fault, GatewayError, GatewayOperation};

/// What a path and a method led to.
pub enum GatewayRouted {
    /// A call, with the named parts of its path.
    To(&'static GatewayOperation, Vec<(&'static str, String)>),
    /// None: what to answer.
    Refused(GatewayError),
}

/// The family whose paths begin like this one.
pub fn family_at(families: &'static [&'static Family], path: &str) -> Option<&'static Family> {
    let begins = |family: &&Family| parts(family.root).zip(parts(path)).all(|(root, given)| root == given);
    let is_long_enough = |family: &&Family| parts(path).count() >= parts(family.root).count();
    families.iter().copied().find(|family| is_long_enough(family) && begins(family))
}

/// Finds the call at a path of a family. Of several, the one whose path says more counts: `asset/bulk` before
/// `asset/{uuid}`.
pub fn route(family: &'static Family, method: &str, path: &str) -> GatewayRouted {
    let refused =
        |fault, message: String| GatewayRouted::Refused(GatewayError::fault(family, fault, message));
    if let Some((version, instead)) = family.retired
        && parts(path).nth(1) == Some(version)
    {
        return refused(
            Fault::Retired,
            format!("Version {version} of this API is deprecated. Use {instead}."),
        );
    }
    let mut here: Vec<_> = at(family, path).collect();
    if here.is_empty() {
        let shown: String = path.chars().take(200).collect();
        return refused(
            Fault::NotFound,
            format!("There is no call at {shown}. The calls are listed at {}.", page(family)),
        );
    }
    here.retain(|(operation, _)| operation.method.name() == method);
    match here.into_iter().min_by_key(|(_, named)| named.len()) {
        Some((operation, named)) => GatewayRouted::To(operation, named),
        None => {
            let taken: Vec<_> = methods_at(family, path).collect();
            let message = format!("The method {method} is not supported here. Use {}.", taken.join(" or "));
            refused(Fault::Method, message)
        }
    }
}

/// The methods that the calls at a path take.
pub fn methods_at(family: &'static Family, path: &str) -> impl Iterator<Item = &'static str> {
    at(family, path).map(|(operation, _)| operation.method.name())
}

fn page(family: &Family) -> String {
    format!("/apidocs/{}/{}", family.name, family.version)
}

type Named = Vec<(&'static str, String)>;

fn at<'p>(
    family: &'static Family,
    path: &'p str,
) -> impl Iterator<Item = (&'static GatewayOperation, Named)> + use<'p> {
    family.operations.iter().filter_map(move |operation| Some((operation, named(operation.path, path)?)))
}

/// The named parts, if a path is one of a pattern.
fn named(pattern: &'static str, path: &str) -> Option<Named> {
    let (mut wanted, mut given, mut found) = (parts(pattern), parts(path), Vec::new());
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(wanted), None) if wanted.ends_with("?}") => {}
            (Some(wanted), Some(given)) => {
                match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) => found.push((name.trim_end_matches('?'), decoded(given))),
                    None if wanted == given => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

/// Trailing and doubled slashes say nothing.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

/// A part of a path without its escapes. A plus is a plus here.
fn decoded(part: &str) -> String {
    let query = qps::Query::parse(&format!("part={}", part.replace('+', "%2B").replace('&', "%26")));
    query.get("part").unwrap_or_default().to_owned()
}
