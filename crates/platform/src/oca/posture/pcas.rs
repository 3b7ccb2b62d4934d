//! The library of policies: the one that ships (`contract/oca.md 5.3`).

use assess::TECHNOLOGIES;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{DATED, EDITION, POLICY, TITLE};
use crate::gateway::{
    Body, Family, Fault, GatewayError, GatewayInput, GatewayOperation, GatewayReply, Parameter, Place, Shape,
};
use crate::oca::LIBRARY;
use crate::oca::wanted::shown;
use crate::{Call, Error, Method, Permission, Result, State};

/// The calls.
pub(crate) static FAMILY: Family = Family {
    name: "pcas",
    version: "v1",
    title: "Library of policies",
    about: "The policies that ship: one, the built-in one, of every control of every technology.",
    root: "pcas",
    shape: Shape::Gateway,
    retired: None,
    error_id,
    check: None,
    operations: &[GatewayOperation {
        method: Method::Get,
        path: "/pcas/v1/library/policy/list",
        name: "libraryPolicies",
        about: "The policies of the library.",
        documented: true,
        permission: Permission::ReadAsset,
        parameters: &[
            parameter("labelId", "Only policies with this label; there are no labels.", "1"),
            parameter("technologyId", "Only policies for one of these technologies.", "2002"),
            parameter("includeDescription", "true for what each policy is about.", "false"),
            parameter(
                "updatedAfter",
                "Only policies that changed on this day or later: dd/mm/yyyy.",
                "\"01/03/2024\"",
            ),
        ],
        body: Body::None,
        sample: r#"[{"policyId":1,"policyTitle":"Redoubt baseline","version":"1.0","date":"2026-11-25T00:00:00Z"}]"#,
        refusals: &[400, 401, 403],
        handler: list,
        state: State::Done("the_library_holds_the_built_in_policy"),
    }],
};

const fn parameter(name: &'static str, about: &'static str, sample: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, required: false, about, sample }
}

fn error_id(fault: Fault) -> &'static str {
    match fault {
        Fault::Unauthorized => "ERR-3114",
        Fault::Forbidden => "ERR-3115",
        Fault::NotFound => "ERR-3118",
        Fault::Method => "ERR-3119",
        Fault::Retired => "ERR-3120",
        Fault::TooMany => "ERR-3121",
        Fault::Server => "ERR-3199",
        Fault::Unreadable | Fault::TooLarge | Fault::Invalid => "ERR-3101",
    }
}

/// `GET library/policy/list`.
fn list(_: &Call, input: GatewayInput) -> Result<GatewayReply> {
    let wish = Wish::read(&input)?;
    let mut policy = json!({ "policyId": POLICY, "policyTitle": TITLE, "version": EDITION, "date": DATED });
    if let (true, Some(policy)) = (wish.described, policy.as_object_mut()) {
        let about =
            format!("Every control that ships, with its own expectations: {} controls.", LIBRARY.all().len());
        policy.insert("description".into(), about.into());
    }
    Ok(GatewayReply::Json(if wish.is_met { json!([policy]) } else { Value::Array(Vec::new()) }))
}

struct Wish {
    is_met: bool,
    described: bool,
}

impl Wish {
    fn read(input: &GatewayInput) -> Result<Self> {
        let given = |name: &str| input.query.get(name).filter(|given| !given.is_empty());
        let bad = |name: &str, wanted: &str| -> Error {
            let given = shown(input.query.get(name).unwrap_or_default());
            let message = format!("{name}: '{given}' can't be taken. Specify {wanted}.");
            GatewayError::fault(&FAMILY, Fault::Invalid, message).into()
        };
        let numbers = |name: &str| -> Result<Option<Vec<u32>>> {
            let read = |text: &str| text.split(',').map(|one| one.trim().parse().ok()).collect::<Option<_>>();
            given(name)
                .map(|text| read(text).ok_or_else(|| bad(name, "numbers with commas between them")))
                .transpose()
        };
        let has_label = numbers("labelId")?.is_some();
        let of_technology = numbers("technologyId")?.is_none_or(|wanted| {
            let known = TECHNOLOGIES.iter().filter(|one| wanted.contains(&one.id));
            known.into_iter().any(|one| !LIBRARY.of(one.family).is_empty())
        });
        let described = given("includeDescription")
            .map(|text| super::ask::flag(text).ok_or_else(|| bad("includeDescription", "true or false")))
            .transpose()?;
        let after = given("updatedAfter")
            .map(|text| {
                Date::strptime("%d/%m/%Y", text).map_err(|_| bad("updatedAfter", "a day such as 01/03/2024"))
            })
            .transpose()?;
        let dated: Option<Date> = DATED.get(..10).and_then(|day| day.parse().ok());
        let is_new = after.is_none_or(|after| dated >= Some(after));
        Ok(Self { is_met: !has_label && of_technology && is_new, described: described.unwrap_or_default() })
    }
}
