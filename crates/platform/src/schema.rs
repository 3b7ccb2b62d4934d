//! The schemas that the server serves and that its answers validate against (`contract/qps.md 15`).
//!
//! Every member of an object may be absent, since callers choose members with `fields`; their order is fixed.

/// Tags as other objects show them.
const TAG_SIMPLE: &str = include_str!("tags/simple.xsd");
/// Users as other objects show them, and what they comment.
const AUTHOR: &str = include_str!("comments/author.xsd");
/// Where the clouds say that an asset is.
const ASSET_SOURCE: &str = include_str!("assets/source.xsd");

/// The path of the schema of answers that belong to no object, such as `portal/version` (`contract/qps.md 15`).
pub const VERSION: &str = "version.xsd";

/// The versions of `portal/version`, and what became of catalog entries (`contract/was.md 4.5`).
fn version() -> String {
    let versions = |name: &str| {
        format!(
            r#"  <xs:complexType name="{name}">
    <xs:sequence>
      <xs:any minOccurs="0" maxOccurs="unbounded" processContents="skip"/>
    </xs:sequence>
  </xs:complexType>
"#
        )
    };
    let types = versions("Portal-Version") + &versions("QWeb-Version") + include_str!("catalog/added.xsd");
    qps::xsd::envelope_of(&["Portal-Version", "QWeb-Version", "success", "duplicate", "error"], &types)
}

/// The schema document of a path below `/qps/xsd/`, such as `2.0/am/tag.xsd`.
pub fn schema(path: &str) -> Option<String> {
    if path == VERSION {
        return Some(version());
    }
    if path == "3.0/was/catalog.xsd" {
        // As it is published, it describes requests, too.
        let types = [include_str!("catalog/catalog.xsd"), AUTHOR].concat();
        return Some(qps::xsd::envelope_with_request("Catalog", &types));
    }
    if path == "3.0/was/webapp.xsd" {
        // One of its calls answers with scripts alone.
        let types = [include_str!("webapps/webapp.xsd"), AUTHOR].concat();
        return Some(qps::xsd::envelope_of(&["WebApp", "SeleniumScript"], &types));
    }
    let (object, types): (&str, &[&str]) = match path {
        "2.0/am/tag.xsd" => ("Tag", &[include_str!("tags/tag.xsd"), TAG_SIMPLE]),
        "2.0/am/hostasset.xsd" => {
            ("HostAsset", &[include_str!("assets/hostasset.xsd"), ASSET_SOURCE, TAG_SIMPLE])
        }
        "2.0/am/asset.xsd" => ("Asset", &[include_str!("assets/asset.xsd"), ASSET_SOURCE, TAG_SIMPLE]),
        "2.0/am/hostinstancevuln.xsd" => ("HostInstanceVuln", &[include_str!("assets/hostinstancevuln.xsd")]),
        "2.0/am/user.xsd" => ("User", &[include_str!("users/user.xsd")]),
        // The samples name it in two ways.
        "1.0/ca/binaryinfo.xsd" | "1.0/ca/binaryInfo.xsd" => {
            ("AllBinaryInfo", &[include_str!("installers/binaryinfo.xsd")])
        }
        _ => return None,
    };
    Some(qps::xsd::envelope(object, &types.concat()))
}
