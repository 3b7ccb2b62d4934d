//! The schemas that the server serves and that its answers validate against (`contract/qps.md 15`).
//!
//! Every member of an object may be absent, since callers choose members with `fields`; their order is fixed.

/// Tags as other objects show them.
const TAG_SIMPLE: &str = include_str!("tags/simple.xsd");
/// Where the clouds say that an asset is.
const ASSET_SOURCE: &str = include_str!("assets/source.xsd");

/// The schema document of a path below `/qps/xsd/`, such as `2.0/am/tag.xsd`.
pub fn schema(path: &str) -> Option<String> {
    let (object, types): (&str, &[&str]) = match path {
        "2.0/am/tag.xsd" => ("Tag", &[include_str!("tags/tag.xsd"), TAG_SIMPLE]),
        "2.0/am/hostasset.xsd" => {
            ("HostAsset", &[include_str!("assets/hostasset.xsd"), ASSET_SOURCE, TAG_SIMPLE])
        }
        "2.0/am/asset.xsd" => ("Asset", &[include_str!("assets/asset.xsd"), ASSET_SOURCE, TAG_SIMPLE]),
        "2.0/am/hostinstancevuln.xsd" => ("HostInstanceVuln", &[include_str!("assets/hostinstancevuln.xsd")]),
        "2.0/am/user.xsd" => ("User", &[include_str!("users/user.xsd")]),
        _ => return None,
    };
    Some(qps::xsd::envelope(object, &types.concat()))
}
