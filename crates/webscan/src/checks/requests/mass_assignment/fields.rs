//! How the members of an object are named in the fields of forms: `name`, `user[name]` or `user.name`.

use serde_json::{Map, Value};

use crate::http::{Body, Part};

/// What stands before a field's own name, with its sign, and that name.
pub(super) fn split(field: &str) -> (&str, &str) {
    if let Some(at) = field.find('[')
        && let (Some(outer), Some(inner)) = (field.get(..=at), field.get(at + 1..))
        && let Some(inner) = inner.strip_suffix(']')
        && at > 0
    {
        return (outer, inner);
    }
    match field.find('.').filter(|at| *at > 0).map(|at| field.split_at(at + 1)) {
        Some((outer, inner)) if !inner.is_empty() => (outer, inner),
        _ => ("", field),
    }
}

/// The field of a member beside those that have something before their names.
pub(super) fn join(outer: &str, name: &str) -> String {
    let end = if outer.ends_with('[') { "]" } else { "" };
    format!("{outer}{name}{end}")
}

/// The names of a body's fields; none when it is no form.
pub(super) fn names(body: &Body) -> Option<Vec<&str>> {
    match body {
        Body::Form(fields) => Some(fields.iter().map(|(name, _)| name.as_str()).collect()),
        Body::Multipart(parts) => Some(parts.iter().map(|part| part.name.as_str()).collect()),
        _ => None,
    }
}

/// Adds a field to a form.
pub(super) fn add(body: &mut Body, name: String, value: String) {
    match body {
        Body::Form(fields) => fields.push((name, value)),
        Body::Multipart(parts) => parts.push(Part { name, value, file_name: None, content_type: None }),
        _ => {}
    }
}

/// The object of a JSON body: the body itself, or the one object within when there is nothing beside it.
pub(super) fn object(body: &mut Value) -> Option<&mut Map<String, Value>> {
    let members = body.as_object_mut()?;
    let is_wrapped = members.len() == 1 && members.values().all(Value::is_object);
    if is_wrapped { members.values_mut().next()?.as_object_mut() } else { Some(members) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_taken_apart_and_made() {
        for (field, outer, inner) in [
            ("name", "", "name"),
            ("user[name]", "user[", "name"),
            ("user.name", "user.", "name"),
            ("[x]", "", "[x]"),
            ("odd.", "", "odd."),
        ] {
            assert_eq!(split(field), (outer, inner));
            assert_eq!(join(outer, inner), field);
        }
    }

    #[test]
    fn members_go_where_the_others_are() {
        let (mut plain, mut wrapped) = (json!({"a": 1}), json!({"user": {"a": 1}}));
        object(&mut plain).unwrap().insert("b".into(), 2.into());
        object(&mut wrapped).unwrap().insert("b".into(), 2.into());
        assert_eq!((plain, wrapped), (json!({"a": 1, "b": 2}), json!({"user": {"a": 1, "b": 2}})));
    }
}
