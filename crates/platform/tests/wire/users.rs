//! Users (`contract/am.md 10`).

use platform::users::NewUser;
use store::Id;

use crate::common::{World, data};
use crate::tags::tag;

/// A world with a manager `root` and a reader `kim`, in this order.
fn world() -> World {
    let world = World::new();
    for (login, role) in [("root", "Manager"), ("kim", "Reader")] {
        for side in &world.sides {
            let (login, password, roles) =
                (login.to_owned(), "correct horse".to_owned(), vec![role.to_owned()]);
            side.create_user(NewUser { login, password, roles, scope: Vec::new() }).unwrap();
        }
    }
    world
}

fn find(field: &str, operator: &str, value: &str) -> String {
    format!(
        "<ServiceRequest><filters><Criteria field=\"{field}\" operator=\"{operator}\">{value}</Criteria></filters></ServiceRequest>"
    )
}

#[test]
fn users_are_found_and_read() {
    let world = world();
    let manager = world.manager();
    let found = manager.post("/qps/rest/2.0/search/am/user", &find("username", "EQUALS", "kim"));
    let kim = found.record();
    assert_eq!(
        kim.names(),
        ["id", "username", "firstName", "lastName", "emailAddress", "title", "scopeTags", "roleList"]
    );
    assert_eq!((kim.text_at("username"), kim.each("roleList", "name")), ("kim", vec!["Reader"]));
    assert!(!found.text.contains("argon2"), "a password's hash never goes out");
    let id = found.id();
    assert_eq!(manager.get(&format!("/qps/rest/2.0/get/am/user/{id}")).id(), id);
    assert_eq!(
        manager.post("/qps/rest/2.0/search/am/user", &find("roleName", "EQUALS", "Reader")).ids(),
        [id]
    );
    assert_eq!(manager.post("/qps/rest/2.0/search/am/user", &find("id", "GREATER", "1")).ids(), [id]);
}

#[test]
fn managers_do_not_see_other_managers() {
    let world = world();
    let mut manager = world.manager();
    let all = find("id", "GREATER", "0");
    assert_eq!(manager.post("/qps/rest/2.0/search/am/user", &all).count(), 1);
    manager.get("/qps/rest/2.0/get/am/user/1").refused("NOT_FOUND");
    manager.caller.user = Id::new(1);
    assert_eq!(manager.get("/qps/rest/2.0/get/am/user/1").record().text_at("username"), "root");
    assert_eq!(manager.post("/qps/rest/2.0/search/am/user", &all).count(), 2);
}

#[test]
fn roles_and_scope_of_a_user_are_changed() {
    let world = world();
    let manager = world.manager();
    let lab = tag(&manager, "<name>Lab</name>");
    let change = |members: &str| {
        manager.post("/qps/rest/2.0/update/am/user/2", &data(&format!("<User>{members}</User>")))
    };
    let kim = || manager.get("/qps/rest/2.0/get/am/user/2");
    let lists = "<scopeTags><add><TagData><id>TAG</id></TagData></add><remove/></scopeTags>\
        <roleList><add><RoleData><name>Editor</name></RoleData></add><remove><RoleData><name>Reader</name></RoleData></remove></roleList>";
    assert_eq!(change(&lists.replace("TAG", &lab.to_string())).id(), 2);
    let read = kim();
    assert_eq!(
        (read.record().each("scopeTags", "name"), read.record().each("roleList", "name")),
        (vec!["Lab"], vec!["Editor"])
    );

    let before = world.fingerprint();
    let empty = "<scopeTags><add/><remove/></scopeTags><roleList><add/><remove/></roleList>";
    assert_eq!(change(empty).count(), 1);
    change("<roleList><remove><RoleData><name>Editor</name></RoleData></remove></roleList>")
        .invalid("without a role");
    change("<roleList><add><RoleData><name>Nobody</name></RoleData></add></roleList>").invalid("Nobody");
    let last = format!("<scopeTags><remove><TagData><id>{lab}</id></TagData></remove></scopeTags>");
    change(&last).invalid("see everything");
    manager.post("/qps/rest/2.0/update/am/user", &data("<User/>")).invalid("without an id");
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn only_who_manages_users_may_see_them_and_nobody_gives_away_more_than_they_have() {
    let world = world();
    world.as_role("Editor").get("/qps/rest/2.0/get/am/user/2").refused("UNAUTHORIZED");
    let mut clerk = world.manager();
    let few = [platform::Permission::ApiAccess, platform::Permission::ManageUsers];
    clerk.caller.permissions = platform::Permissions::of(&few);
    let promote =
        data("<User><roleList><add><RoleData><name>Manager</name></RoleData></add></roleList></User>");
    clerk.post("/qps/rest/2.0/update/am/user/2", &promote).refused("UNAUTHORIZED");
}
