//! The schemas that the server serves and that its answers validate against (`contract/qps.md 15`).

/// The schema document of a path below `/qps/xsd/`, such as `2.0/am/tag.xsd`.
pub fn schema(path: &str) -> Option<String> {
    let (object, types) = match path {
        "2.0/am/tag.xsd" => ("Tag", include_str!("tags/tag.xsd")),
        "2.0/am/hostasset.xsd" => ("HostAsset", include_str!("assets/hostasset.xsd")),
        "2.0/am/asset.xsd" => ("Asset", include_str!("assets/asset.xsd")),
        "2.0/am/user.xsd" => ("User", include_str!("users/user.xsd")),
        _ => return None,
    };
    Some(qps::xsd::envelope(object, types))
}
