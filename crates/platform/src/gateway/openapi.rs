//! The documentation of a family as OpenAPI 3.1, made from the table that also routes its calls.

use serde_json::{Map, Value, json};

use super::{Body, Family, GatewayOperation, Member, Parameter, Place, Shape};
use crate::Method;

/// The OpenAPI document of a family.
pub fn openapi(family: &Family) -> Value {
    let mut paths = Map::new();
    paths.insert("/auth".into(), json!({ "post": sign_in() }));
    for operation in family.operations {
        let path = paths.entry(operation.shown_path()).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(verb(operation.method).into(), described(family, operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": family.title,
            "version": family.version,
            "description": family.about,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "This server" }],
        "security": [{ "token": [] }],
        "tags": [
            { "name": TOKEN, "description": "The token that the other calls need." },
            { "name": DOCUMENTED, "description": "Calls of the API that this one is compatible with." },
            { "name": OURS, "description": "What it lacks; other servers do not have these." },
        ],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The answer of POST /auth.",
                },
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["_error"],
                    "properties": {
                        "_error": {
                            "type": "object",
                            "required": ["code", "message"],
                            "properties": {
                                "code": { "type": "integer", "description": "The HTTP status." },
                                "message": { "type": "string", "description": "An error id, and what is wrong." },
                            },
                        },
                    },
                },
            },
        },
    })
}

const TOKEN: &str = "Token";
const DOCUMENTED: &str = "Documented calls";
const OURS: &str = "Extensions";

fn verb(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Delete => "delete",
    }
}

fn sign_in() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "operationId": "auth",
        "tags": [TOKEN],
        "summary": "Signs in: gives a token that is good for four hours.",
        "security": [],
        "requestBody": {
            "required": true,
            "content": { "application/x-www-form-urlencoded": { "schema": {
                "type": "object",
                "required": ["username", "password", "token"],
                "properties": {
                    "username": text("The login."),
                    "password": { "type": "string", "format": "password", "description": "The password." },
                    "token": { "type": "boolean", "default": true, "description": "Asks for a token." },
                    "permissions": { "type": "boolean", "description": "Puts your permissions into the token." },
                },
            } } },
        },
        "responses": {
            "201": {
                "description": "The token, as it is.",
                "content": { "text/plain": { "schema": { "type": "string" } } },
            },
            "400": refusal(400), "401": refusal(401), "403": refusal(403), "429": refusal(429),
        },
    })
}

fn described(family: &Family, operation: &GatewayOperation) -> Value {
    let (content_type, success) = match family.shape {
        Shape::Gateway => ("application/json", serde_json::from_str(operation.sample).unwrap_or_default()),
        Shape::Simple => ("text/xml", Value::String(operation.sample.to_owned())),
    };
    let mut responses = Map::new();
    responses.insert(
        "200".into(),
        json!({
            "description": "Done.",
            "content": { content_type: { "schema": schema(&success), "example": success } },
        }),
    );
    for status in operation.refusals {
        let mut refusal = refusal(*status);
        if let (Shape::Simple, Some(refusal)) = (family.shape, refusal.as_object_mut()) {
            refusal.insert("content".into(), json!({ content_type: { "schema": { "type": "string" } } }));
        }
        responses.insert(status.to_string(), refusal);
    }
    let mut described = json!({
        "operationId": operation.name,
        "tags": [if operation.documented { DOCUMENTED } else { OURS }],
        "summary": operation.about,
        "description": format!("Needs the permissions API Access and {}.", operation.permission.name()),
        "parameters": operation.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let (Some(body), Some(described)) = (body(&operation.body), described.as_object_mut()) {
        described.insert("requestBody".into(), body);
    }
    described
}

fn parameter(parameter: &Parameter) -> Value {
    let sample: Value = serde_json::from_str(parameter.sample).unwrap_or_default();
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.required,
        "description": parameter.about,
        "schema": schema(&sample),
        "example": sample,
    })
}

fn body(body: &Body) -> Option<Value> {
    match body {
        // The documentation sends parameters in the URL.
        Body::None | Body::Fields => None,
        Body::Json(members) | Body::Document(members) | Body::List(members) => {
            let value = |member: &Member| serde_json::from_str(member.sample).unwrap_or(Value::Null);
            let example: Map<_, _> =
                members.iter().map(|member| (member.name.to_owned(), value(member))).collect();
            let properties: Map<_, _> = members
                .iter()
                .map(|member| {
                    let mut schema = schema(&value(member));
                    if let Some(schema) = schema.as_object_mut() {
                        schema.insert("description".into(), member.about.into());
                    }
                    (member.name.to_owned(), schema)
                })
                .collect();
            let required: Vec<_> = members.iter().filter(|one| one.required).map(|one| one.name).collect();
            let mut schema = json!({ "type": "object", "required": required, "properties": properties });
            let mut example = Value::Object(example);
            if matches!(body, Body::List(_)) {
                schema = json!({ "type": "array", "items": schema });
                example = json!([example]);
            }
            Some(json!({
                "required": true,
                "content": { "application/json": { "schema": schema, "example": example } },
            }))
        }
        Body::Form(parts) => {
            let properties: Map<_, _> = parts
                .iter()
                .map(|part| {
                    let mut schema = json!({ "type": "string", "description": part.about });
                    if let Some(schema) = schema.as_object_mut().filter(|_| part.is_file) {
                        schema.insert("format".into(), "binary".into());
                    }
                    (part.name.to_owned(), schema)
                })
                .collect();
            let required: Vec<_> = parts.iter().map(|part| part.name).collect();
            let schema = json!({ "type": "object", "required": required, "properties": properties });
            Some(json!({
                "required": true,
                "content": { "multipart/form-data": { "schema": schema } },
            }))
        }
    }
}

fn refusal(status: u16) -> Value {
    let description = match status {
        400 => "Something in the request can't be taken.",
        401 => "There is no token, or it is not good (any more).",
        403 => "You may not do this.",
        404 => "There is nothing of that name that you may see.",
        409 | 429 => "Too many calls.",
        410 => "This version is not served any more.",
        503 => "The server can't do this now; repeat the call later.",
        _ => "The call was refused.",
    };
    json!({
        "description": description,
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    })
}

/// The schema that a sample suggests.
fn schema(sample: &Value) -> Value {
    match sample {
        Value::Null => json!({}),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(number) if number.is_f64() => json!({ "type": "number" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(items) => match items.first() {
            Some(item) => json!({ "type": "array", "items": schema(item) }),
            None => json!({ "type": "array" }),
        },
        Value::Object(members) => {
            let properties: Map<_, _> =
                members.iter().map(|(name, value)| (name.clone(), schema(value))).collect();
            json!({ "type": "object", "properties": properties })
        }
    }
}
