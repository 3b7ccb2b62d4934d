//! No operation without its permission.

use platform::assets::Asset;
use platform::{IdPart, Operation, Permission, Permissions, Platform};
use qps::ServiceError;

use crate::assets::{agent_host, at_address, lab_web};
use crate::common::{World, change, data, filters};
use crate::installers::{self, asked};
use crate::tags::{dynamic, tag};

/// A URL and a body with which an operation does something, in an installation with asset 1, its agent and its first
/// detection, tag 7, user 1, catalog entries 1 and 2, a result that is in no entry yet, web application 2 with a script, and
/// an installer for Linux. A new operation that needs others says so here, and is tried with the rest.
pub(crate) fn good_request(operation: &Operation) -> (String, String) {
    let route = operation.route;
    let module = match (route.verb, route.object) {
        ("activate", "hostasset") => "?module=QWEB_VM",
        ("activate", _) => "?module=AGENT_FIM",
        ("deactivate", _) => "?module=AGENT_VM",
        _ => "",
    };
    let id = match (route.id, route.object) {
        (IdPart::None, _) => "",
        (_, "tag") => "/7",
        (_, "hostinstancevuln") => "/1048577",
        (_, "webapp") => "/2",
        _ => "/1",
    };
    let url =
        format!("/qps/rest/{}/{}/{}/{}{id}{module}", route.version, route.verb, route.module, route.object);
    let body = match (route.verb, route.object) {
        ("create", "tag") => data("<Tag><name>another</name></Tag>"),
        ("update", "tag") => data("<Tag><color>#123456</color></Tag>"),
        ("create", "hostasset") => data("<HostAsset><name>a</name><address>192.0.2.99</address></HostAsset>"),
        ("update", "hostasset") => data("<HostAsset><os>x</os></HostAsset>"),
        ("update", "asset") => data("<Asset><name>x</name></Asset>"),
        ("update", "catalog") => data(
            "<Catalog><status>ROGUE</status><comments><add><Comment><contents>why</contents></Comment></add></comments></Catalog>",
        ),
        ("create", "webapp") => data("<WebApp><name>New</name><url>http://new.lab.example</url></WebApp>"),
        ("update", "webapp") => data("<WebApp><name>Renamed</name></WebApp>"),
        ("update", "user") => {
            data("<User><scopeTags><add><TagData><id>7</id></TagData></add></scopeTags></User>")
        }
        ("downloadSeleniumScript", _) => {
            filters(&[("id", "EQUALS", "2"), ("crawlingScripts.id", "EQUALS", "2097153")])
        }
        ("process", "binaryinfo") => asked("BinaryInfo", "ALL", "ALL"),
        ("download", "downloadbinary") => asked("DownloadBinary", "LINUX", "X_64"),
        _ => "<ServiceRequest></ServiceRequest>".to_owned(),
    };
    (url, body)
}

/// An installation as [`good_request`] wants it.
pub(crate) fn furnished() -> World {
    let world = World::new();
    world.asset(&Asset { detections: lab_web().detections, ..agent_host() });
    tag(&world.manager(), "<name>Lab</name>");
    crate::users::user(&world, "lee", &["Reader"]);
    assert_eq!(crate::was::furnish(&world), 2);
    installers::add(&world, |name| name == "Linux");
    world
}

/// What an operation answers for an id that is not there (`contract/was.md 1.4`).
pub(crate) fn absent_code(operation: &Operation) -> &'static str {
    let is_lenient = (operation.route.module, operation.route.verb) == ("was", "delete");
    if is_lenient { "INVALID_REQUEST" } else { "NOT_FOUND" }
}

#[test]
fn no_operation_works_without_its_permission() {
    for operation in Platform::operations() {
        let world = furnished();
        let (url, body) = good_request(operation);
        let method = operation.methods[0].name();
        let route = operation.route;
        let what = format!("{} {}", route.verb, route.object);
        let before = world.fingerprint();
        let others: Vec<Permission> =
            Permission::ALL.into_iter().filter(|other| *other != operation.permission).collect();
        let reply = world.with_permissions(Permissions::of(&others)).call(method, &url, &body);
        reply.refused("UNAUTHORIZED");
        assert_eq!(
            (reply.status, reply.message(), reply.resolution()),
            (
                operation.refuse(ServiceError::unauthorized()).http_status(),
                "You are not authorized to access the application through the API.",
                "If you think this is an error, please contact your account manager."
            ),
            "{what}"
        );
        let no_api: Vec<Permission> =
            Permission::ALL.into_iter().filter(|other| *other != Permission::ApiAccess).collect();
        world.with_permissions(Permissions::of(&no_api)).call(method, &url, &body).refused("UNAUTHORIZED");
        world.with_permissions(Permissions::default()).call(method, &url, &body).refused("UNAUTHORIZED");
        assert_eq!(world.fingerprint(), before, "{what}");
        for needed in operation.permission.chain() {
            let others: Vec<_> = Permission::ALL.into_iter().filter(|other| *other != needed).collect();
            world
                .with_permissions(Permissions::of(&others))
                .call(method, &url, &body)
                .refused("UNAUTHORIZED");
        }
        assert_eq!(world.fingerprint(), before, "{what}");
        let chain = operation.permission.chain();
        let enough = Permissions::of(&chain.chain([Permission::ApiAccess]).collect::<Vec<_>>());
        world.with_permissions(enough).call(method, &url, &body).ok();
    }
}

#[test]
fn every_operation_names_a_permission_methods_and_a_schema() {
    let mut routes: Vec<_> = Platform::operations()
        .iter()
        .map(|one| (one.route.version, one.route.verb, one.route.module, one.route.object))
        .collect();
    for operation in Platform::operations() {
        assert_ne!(operation.permission, Permission::ApiAccess, "{:?}", operation.route);
        assert!(!operation.methods.is_empty() && platform::schema(operation.schema).is_some());
    }
    let count = routes.len();
    routes.sort_unstable();
    routes.dedup();
    assert_eq!(routes.len(), count, "no route is there twice");
}

#[test]
fn built_in_roles_do_what_their_names_say() {
    for operation in Platform::operations() {
        let world = furnished();
        let (url, body) = good_request(operation);
        let method = operation.methods[0].name();
        let (verb, object) = (operation.route.verb, operation.route.object);
        let reads = ["get", "search", "count", "evaluate", "process", "download", "downloadSeleniumScript"];
        let reads = reads.contains(&verb) && object != "user";
        let edits = reads || (object != "user" && verb != "uninstall");
        let code = |allowed: bool| if allowed { "SUCCESS" } else { "UNAUTHORIZED" };
        assert_eq!(world.as_role("Reader").call(method, &url, &body).code(), code(reads), "{verb} {object}");
        assert_eq!(world.as_role("Editor").call(method, &url, &body).code(), code(edits), "{verb} {object}");
    }
}

#[test]
fn rules_children_and_tags_of_assets_need_permissions_of_their_own() {
    let world = World::new();
    let me = world.manager();
    let rule = dynamic(&me, "Rule", "NAME_CONTAINS", "x");
    let plain = tag(
        &me,
        "<name>Plain</name><children><set><TagSimple><name>Child</name></TagSimple></set></children>",
    );
    let host = at_address(&me, "a", "192.0.2.1");
    let without = |missing: &[Permission]| {
        let rest: Vec<_> = Permission::ALL.into_iter().filter(|one| !missing.contains(one)).collect();
        world.with_permissions(Permissions::of(&rest))
    };
    let before = world.fingerprint();
    let url = |verb: &str, id: u64| format!("/qps/rest/2.0/{verb}/am/tag/{id}");
    let no_rules = without(&[Permission::ModifyDynamicTagRules]);
    let ruled = "<ruleType>NAME_CONTAINS</ruleType><ruleText>y</ruleText>";
    let create =
        |members: &str| no_rules.post("/qps/rest/2.0/create/am/tag", &data(&format!("<Tag>{members}</Tag>")));
    let update =
        |id: u64, members: &str| no_rules.post(&url("update", id), &data(&format!("<Tag>{members}</Tag>")));
    create(&format!("<name>New</name>{ruled}")).refused("UNAUTHORIZED");
    create(&format!("<name>New</name><children><set><Tag><name>In</name>{ruled}</Tag></set></children>"))
        .refused("UNAUTHORIZED");
    update(plain, ruled).refused("UNAUTHORIZED");
    update(rule, "<ruleText>z</ruleText>").refused("UNAUTHORIZED");
    update(rule, "<ruleType>STATIC</ruleType>").refused("UNAUTHORIZED");
    update(rule, "<provider>EC2</provider>").refused("UNAUTHORIZED");
    no_rules.post(&url("delete", rule), "").refused("UNAUTHORIZED");
    let by_filter = change(&[("id", "GREATER", "6")], &format!("<Tag>{ruled}</Tag>"));
    no_rules.post("/qps/rest/2.0/update/am/tag", &by_filter).refused("UNAUTHORIZED");
    no_rules
        .post("/qps/rest/2.0/delete/am/tag", &filters(&[("name", "EQUALS", "Rule")]))
        .refused("UNAUTHORIZED");

    let children = |verb: &str| {
        data(&format!(
            "<Tag><children><{verb}><TagSimple><name>Child</name></TagSimple></{verb}></children></Tag>"
        ))
    };
    without(&[Permission::CreateUserTag])
        .post(&url("update", rule), &children("add"))
        .refused("UNAUTHORIZED");
    without(&[Permission::DeleteUserTag])
        .post(&url("update", plain), &children("remove"))
        .refused("UNAUTHORIZED");
    let moving = data(&format!(
        "<Tag><name>New</name><children><set><TagSimple><id>{plain}</id></TagSimple></set></children></Tag>"
    ));
    without(&[Permission::EditUserTag]).post("/qps/rest/2.0/create/am/tag", &moving).refused("UNAUTHORIZED");

    let tags = format!("<tags><add><TagSimple><id>{plain}</id></TagSimple></add></tags>");
    let no_tags = without(&[Permission::ReadTag]);
    no_tags
        .post(
            &format!("/qps/rest/2.0/update/am/hostasset/{host}"),
            &data(&format!("<HostAsset>{tags}</HostAsset>")),
        )
        .refused("UNAUTHORIZED");
    no_tags
        .post(&format!("/qps/rest/2.0/update/am/asset/{host}"), &data(&format!("<Asset>{tags}</Asset>")))
        .refused("UNAUTHORIZED");
    let new = format!("<HostAsset><name>b</name><address>192.0.2.2</address>{tags}</HostAsset>");
    no_tags.post("/qps/rest/2.0/create/am/hostasset", &data(&new)).refused("UNAUTHORIZED");
    assert_eq!(world.fingerprint(), before);
    // What touches no rule needs no such permission.
    update(rule, "<color>#fff</color><name>Renamed</name>").ok();
    update(plain, "<ruleText>just text</ruleText><ruleType>STATIC</ruleType>").ok();
    no_rules.post(&url("delete", plain), "").ok();
}
