use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::http::{Body, Target, encode};
use crate::testing::{Answer, Asked, Extras, crawl_and_scan, scan_with, serve};

fn reply(value: &Value) -> Answer {
    Answer(200, vec![("content-type".into(), "application/json".into())], value.to_string())
}

/// Users by path, as an application keeps them.
#[derive(Default)]
struct Site(Mutex<HashMap<String, Value>>);

impl Site {
    fn answer(&self, asked: &Asked) -> Answer {
        let mut all = self.0.lock().unwrap();
        let fresh =
            json!({"name": "ann", "email": "ann@a.test", "role": "user", "isAdmin": false, "credit": 0});
        if asked.path.starts_with("/create") {
            return create(&mut all, asked);
        }
        let user = all.entry(asked.path.clone()).or_insert(fresh);
        if asked.method == "GET" {
            return reply(&json!({"data": user}));
        }
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_else(|_| {
            let fields = encode::read_form(&asked.body).into_iter();
            fields
                .map(|(name, value)| {
                    (name.replace("user[", "").replace("user.", "").replace(']', ""), Value::from(value))
                })
                .collect()
        });
        let taken = |name: &str| match asked.path.as_str() {
            "/all" | "/form" | "/nested" => true,
            "/not-role" => name != "role",
            "/strict" if name != "name" => false,
            _ => name == "name" || name == "email",
        };
        let members = body.get("user").unwrap_or(&body).as_object().cloned().unwrap_or_default();
        if asked.path == "/echo" {
            return reply(
                &json!({"name": "ann", "role": members.get("role").cloned().unwrap_or("user".into())}),
            );
        }
        if asked.path == "/refuses" && members.keys().any(|name| !taken(name)) {
            return Answer(400, Vec::new(), "unknown member".into());
        }
        for (name, value) in members {
            if taken(&name) && user.get(&name).is_some() {
                user[name] = value;
            }
        }
        reply(user)
    }
}

/// Each request makes an object, which has its own address.
fn create(all: &mut HashMap<String, Value>, asked: &Asked) -> Answer {
    if asked.method == "GET" {
        return all.get(&asked.path).map_or_else(|| Answer::status(404), reply);
    }
    let id = all.len() + 1;
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    let role = if asked.path == "/create-all" { body.get("role").cloned() } else { None };
    let user = json!({"id": id, "name": body["name"], "role": role.unwrap_or("user".into())});
    all.insert(format!("{}/{id}", asked.path), user.clone());
    reply(&user)
}

async fn found(path: &str, body: Body, also_get: bool) -> Vec<Option<String>> {
    let site = Site::default();
    let server = serve(move |asked: &Asked| site.answer(asked)).await;
    let url = Target::parse(&format!("http://{server}{path}")).unwrap();
    let mut requests = vec![Request { method: Method::Post, body, ..Request::get(url.clone()) }];
    requests.extend(also_get.then(|| Request::get(url)));
    let (found, _) = scan_with(&MassAssignment, requests, Extras::default()).await;
    found.into_iter().map(|finding| finding.parameter).collect()
}

#[tokio::test]
async fn members_that_stay_are_found() {
    let name = || Body::Json(json!({"name": "ann"}));
    let form = Body::Form(vec![("user[name]".into(), "ann".into())]);
    for (path, body, also_get, wanted) in [
        ("/all", name(), true, "credit"),
        ("/all", name(), false, "credit"),
        ("/nested", Body::Json(json!({"user": {"name": "ann"}})), true, "credit"),
        ("/form", form, false, "credit"),
        ("/not-role", name(), true, "credit"),
        ("/create-all", name(), false, "role"),
    ] {
        assert_eq!(found(path, body, also_get).await, [Some(wanted.to_owned())], "{path} {also_get}");
    }
}

#[tokio::test]
async fn members_that_are_left_out_refused_or_only_shown_are_not() {
    let name = || Body::Json(json!({"name": "ann"}));
    for path in ["/strict", "/listed", "/refuses", "/echo", "/create-listed"] {
        assert_eq!(found(path, name(), false).await, [], "{path}");
        if !path.starts_with("/create") {
            assert_eq!(found(path, name(), true).await, [], "{path}");
        }
    }
}

/// A page whose script changes a part of an object: nothing of it is lost, and what was changed is put back.
#[tokio::test]
async fn what_pages_save_is_changed_and_put_back() {
    for (method, takes_all, wanted) in
        [("PATCH", true, 1), ("PATCH", false, 0), ("PUT", true, 1), ("PUT", false, 0)]
    {
        let fresh = json!({"name": "ann", "city": "Ulm", "role": "reader"});
        let object = Arc::new(Mutex::new(fresh.clone()));
        let kept = Arc::clone(&object);
        let server = serve(move |asked: &Asked| {
            let mut object = object.lock().unwrap();
            match (asked.path.as_str(), asked.method.as_str()) {
                ("/me", sent) if sent == method => {
                    let body: Value = serde_json::from_str(&asked.body).unwrap();
                    for (name, value) in body.as_object().unwrap() {
                        if takes_all || name != "role" {
                            object[name] = value.clone();
                        }
                    }
                    Answer::status(204)
                }
                ("/me", "GET") => reply(&object),
                ("/me", _) => panic!("{} was sent", asked.method),
                _ => Answer::html(format!(
                    "<a href=/me>me</a><script>fetch('/me', {{method: '{method}', body: JSON.stringify({{name: 'eve'}}), \
                     headers: {{'Content-Type': 'application/json'}}}}); fetch('/me', {{method: 'DELETE'}})</script>",
                )),
            }
        })
        .await;
        let (found, _) = crawl_and_scan(&MassAssignment, server, "/", Extras::default()).await;
        assert_eq!(
            found.iter().filter(|finding| finding.parameter.as_deref() == Some("role")).count(),
            wanted
        );
        let left = kept.lock().unwrap().clone();
        assert_eq!(
            (&left["name"], &left["city"], &left["role"]),
            (&fresh["name"], &fresh["city"], &fresh["role"])
        );
    }
}

/// An object with a list and an object within, which takes over all that is sent.
#[tokio::test]
async fn lists_and_members_of_objects_within_are_found() {
    for (fresh, wanted) in [
        (json!({"name": "ann", "roles": ["reader"]}), Some("roles")),
        (json!({"name": "ann", "account": {"city": "Ulm", "balance": 3}}), Some("balance")),
        (json!({"name": "ann", "account": {"city": "Ulm"}, "tags": ["a"]}), None),
    ] {
        let object = Mutex::new(fresh.clone());
        let server = serve(move |asked: &Asked| {
            let mut object = object.lock().unwrap();
            if let Ok(Value::Object(members)) = serde_json::from_str::<Value>(&asked.body) {
                for (name, value) in members {
                    if object.get(&name).is_some() {
                        object[name] = value;
                    }
                }
            }
            reply(&object)
        })
        .await;
        let url = Target::parse(&format!("http://{server}/me")).unwrap();
        let body = Body::Json(json!({"name": "ann"}));
        let requests =
            vec![Request { method: Method::Post, body, ..Request::get(url.clone()) }, Request::get(url)];
        let (found, _) = scan_with(&MassAssignment, requests, Extras::default()).await;
        let found: Vec<_> = found.iter().filter_map(|finding| finding.parameter.as_deref()).collect();
        assert_eq!(found, wanted.into_iter().collect::<Vec<_>>(), "{fresh}");
    }
}

/// A list of users that others are added to meanwhile, with what they may have.
#[tokio::test]
async fn objects_that_others_make_meanwhile_are_not_ours() {
    let users =
        Mutex::new(vec![json!({"name": "root", "role": "admin"}), json!({"name": "eve", "role": "user"})]);
    let server = serve(move |asked: &Asked| {
        let mut users = users.lock().unwrap();
        if asked.method == "GET" {
            return reply(&json!({"users": *users}));
        }
        let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let role = body["role"].as_str().unwrap_or("user").to_owned();
        users.push(json!({"name": "mallory", "role": role}));
        reply(&json!({"status": "noted", "for": body["name"]}))
    })
    .await;
    let url = Target::parse(&format!("http://{server}/users")).unwrap();
    let body = Body::Json(json!({"name": "ann", "city": "Ulm"}));
    let requests =
        vec![Request { method: Method::Post, body, ..Request::get(url.clone()) }, Request::get(url)];
    let (found, _) = scan_with(&MassAssignment, requests, Extras::default()).await;
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn members_within_and_with_dots_are_found() {
    let dotted = Body::Form(vec![("user.name".into(), "ann".into())]);
    assert_eq!(found("/form", dotted, false).await, [Some("credit".to_owned())]);
}
