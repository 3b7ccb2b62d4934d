//! Tags on the wire, members in the order of `contract/am.md 4.1`.

use qps::ObjectWriter;

use super::membership::TagName;
use super::model::Tag;

/// Writes a tag with its children.
pub(super) fn write(id: u32, tag: &Tag, children: &[TagName], out: &mut ObjectWriter<'_>) {
    out.number("id", id);
    out.text("name", &tag.name);
    out.number_opt("parentTagId", tag.parent.map(store::Id::get));
    out.date("created", tag.created);
    out.date("modified", tag.modified);
    out.text_opt("color", tag.color.as_deref());
    out.text_opt("ruleText", tag.rule_text.as_deref());
    out.text_opt("ruleType", tag.rule_type.map(super::RuleType::name));
    out.text_opt("provider", tag.provider.as_deref());
    if !children.is_empty() {
        out.list("children", |list| {
            for child in children {
                list.item("TagSimple", |out| {
                    out.number("id", child.id);
                    out.text("name", &child.name);
                });
            }
        });
    }
    out.number_opt("criticalityScore", tag.criticality_score);
    out.text_opt("description", tag.description.as_deref());
}
