//! What `filters`, `preferences` and `data` mean, on the tree of either format.

use super::{Criterion, Preferences, Request};
use crate::element::boolean;
use crate::error::quoted;
use crate::{Element, ServiceError};

/// Reads the root of a tree.
pub(super) fn request(root: Element) -> Result<Request, ServiceError> {
    if root.name != "ServiceRequest" {
        return Err(ServiceError::invalid_xml(
            format!("The root is '{}' ({}).", quoted(&root.name), root.position),
            "The root must be 'ServiceRequest'.",
        ));
    }
    no_text(&root)?;
    root.expect_only(&["filters", "preferences", "data"])?;
    no_repeats(&root)?;
    let mut parts = root.children;
    let mut take = |name| parts.iter().position(|part| part.name == name).map(|at| parts.swap_remove(at));
    Ok(Request {
        filters: take("filters").map(criteria).transpose()?,
        preferences: take("preferences").as_ref().map(read_preferences).transpose()?.unwrap_or_default(),
        data: take("data").map(object).transpose()?.flatten(),
    })
}

/// For elements whose children are known to have a few names only, so that a repeat is found among the first.
fn no_repeats(element: &Element) -> Result<(), ServiceError> {
    let mut seen = Vec::new();
    for part in &element.children {
        if seen.contains(&&part.name) {
            return Err(ServiceError::invalid_xml(
                format!("Element '{}' is given more than once ({}).", part.name, part.position),
                format!("Send '{}' once.", part.name),
            ));
        }
        seen.push(&part.name);
    }
    Ok(())
}

fn no_text(element: &Element) -> Result<(), ServiceError> {
    if element.text.is_empty() {
        return Ok(());
    }
    Err(ServiceError::invalid_xml(
        format!("Unexpected text '{}' in '{}' ({}).", quoted(&element.text), element.name, element.position),
        "Elements are expected here.",
    ))
}

fn criteria(filters: Element) -> Result<Vec<Criterion>, ServiceError> {
    no_text(&filters)?;
    filters.expect_only(&["Criteria"])?;
    filters.children.into_iter().map(criterion).collect()
}

fn criterion(element: Element) -> Result<Criterion, ServiceError> {
    let (mut field, mut operator, mut name, mut value) = (None, None, None, None);
    for part in element.children {
        let place = match part.name.as_str() {
            "field" => &mut field,
            "operator" => &mut operator,
            "name" => &mut name,
            "value" => &mut value,
            other => {
                return Err(ServiceError::invalid_request(
                    format!("Criteria: Unknown attribute '{}' ({}).", quoted(other), element.position),
                    "Use the attributes 'field' and 'operator'.",
                ));
            }
        };
        let has_text_too = part.name == "value" && !element.text.is_empty();
        if place.is_some() || has_text_too || !part.children.is_empty() {
            return Err(ServiceError::invalid_request(
                format!("Criteria: '{}' is not one single value ({}).", part.name, part.position),
                "Specify one text; separate several values with commas.",
            ));
        }
        *place = Some(part.text);
    }
    let field = field.filter(|field| !field.is_empty()).ok_or_else(|| {
        ServiceError::invalid_request(
            format!("Criteria: Missing attribute 'field' ({}).", element.position),
            "Specify the field to search in.",
        )
    })?;
    let value = if element.text.is_empty() { value.unwrap_or_default() } else { element.text };
    Ok(Criterion { field, operator, value, name, position: element.position })
}

fn read_preferences(element: &Element) -> Result<Preferences, ServiceError> {
    no_text(element)?;
    let mut preferences = Preferences::default();
    for part in &element.children {
        match part.name.as_str() {
            // `startFromID` is what a much used script sends (contract/qps.md 5).
            "startFromId" | "startFromID" => preferences.start_from_id = number(part)?,
            "startFromOffset" => preferences.start_from_offset = number(part)?,
            "limitResults" => {
                preferences.limit_results = number(part)?.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
            }
            "verbose" => preferences.verbose = typed(part, "Values expected: true, false.", boolean)?,
            "limitHistories" => {
                preferences.limit_histories = typed(part, "Specify a text.", |t| Some(t.to_owned()))?
            }
            _ => {
                let known = ["startFromId", "startFromOffset", "limitResults", "verbose", "limitHistories"];
                return Err(part.unexpected(&element.name, &known));
            }
        }
    }
    no_repeats(element)?;
    Ok(preferences)
}

fn number(part: &Element) -> Result<Option<u64>, ServiceError> {
    let long = |text: &str| text.parse::<i64>().ok().map(|number| u64::try_from(number).unwrap_or(0));
    typed(part, "Specify preference value as Long.", long)
}

fn typed<T>(
    part: &Element,
    expected: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ServiceError> {
    let text = part.value().unwrap_or("{...}");
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).ok_or_else(|| {
        ServiceError::invalid_request(
            format!("Preferences: Invalid value format for preference '{}' ({}).", part.name, quoted(text)),
            expected,
        )
    })
}

fn object(data: Element) -> Result<Option<Element>, ServiceError> {
    no_text(&data)?;
    let position = data.position;
    let mut objects = data.children.into_iter();
    let first = objects.next();
    let rest = objects.len();
    if rest > 0 {
        return Err(ServiceError::invalid_xml(
            format!("Element 'data' has {} objects ({position}).", rest + 1),
            "Send one object in 'data'.",
        ));
    }
    Ok(first)
}
