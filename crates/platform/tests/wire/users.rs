//! Users (`contract/am.md 10`).

use platform::Permissions;
use platform::tags::Tag;
use platform::users::{Role, User};
use query::Filter;
use store::Id;

use crate::common::{As, World, data, filters};
use crate::tags::tag;

/// Stores a user with roles by name; gives its id.
pub(crate) fn user(world: &World, login: &str, roles: &[&str]) -> u64 {
    let (login, roles) = (login.to_owned(), roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>());
    world.write({
        let login = login.clone();
        move |job| {
            let ids: Vec<Id<Role>> = job.select::<Role>(&Filter::All).iter().map(Id::new).collect();
            let mut chosen = Vec::new();
            for id in ids {
                chosen.extend(job.get(id)?.filter(|role| roles.contains(&role.name)).map(|role| role.id));
            }
            let now = job.now();
            job.insert(User {
                login: login.clone(),
                password: "none fits".into(),
                roles: chosen,
                scope: Vec::new(),
                first_name: "Lee".into(),
                last_name: String::new(),
                email: String::new(),
                title: String::new(),
                created: now,
                modified: now,
            })?;
            Ok(())
        }
    });
    world.manager().post("/qps/rest/2.0/search/am/user", &filters(&[("username", "EQUALS", &login)])).id()
}

fn scope_of(world: &World, id: u64) -> Vec<u32> {
    let id = Id::<User>::new(u32::try_from(id).unwrap());
    let user = world.sides[0].store().read().unwrap().get(id).unwrap().unwrap();
    user.scope.iter().map(|tag: &Id<Tag>| tag.get()).collect()
}

#[test]
fn users_are_found_and_read() {
    let world = World::new();
    let me = world.manager();
    let (lee, kim) = (user(&world, "lee", &["Reader"]), user(&world, "kim", &["Reader", "Editor"]));
    let reply = me.get(&format!("/qps/rest/2.0/get/am/user/{kim}"));
    let read = reply.record();
    let names = ["id", "username", "firstName", "lastName", "emailAddress", "title", "scopeTags", "roleList"];
    assert_eq!(read.names(), names, "a client wants every member");
    assert_eq!(
        (read.text_at("username"), read.text_at("firstName"), read.text_at("title")),
        ("kim", "Lee", "")
    );
    assert_eq!(read.each("roleList", "name"), ["Editor", "Reader"]);
    assert!(!reply.text.contains("none fits"), "no password is ever shown");
    let found =
        |criteria: &[(&str, &str, &str)]| me.post("/qps/rest/2.0/search/am/user", &filters(criteria)).ids();
    assert_eq!(found(&[("id", "GREATER", "0")]), [lee, kim]);
    assert_eq!(found(&[("id", "LESSER", &kim.to_string())]), [lee]);
    assert_eq!(found(&[("username", "EQUALS", "lee")]), [lee]);
    assert_eq!(found(&[("roleName", "EQUALS", "Editor")]), [kim]);
    assert_eq!(found(&[("roleName", "EQUALS", "Reader"), ("username", "NOT EQUALS", "lee")]), [kim]);
    assert_eq!(found(&[("roleName", "EQUALS", "Nobody")]), Vec::<u64>::new());
    me.get("/qps/rest/2.0/get/am/user/4000").refused("NOT_FOUND");
    me.post("/qps/rest/2.0/search/am/user", &filters(&[("password", "CONTAINS", "none")]))
        .invalid("'password'");
    me.post("/qps/rest/2.0/delete/am/user/1", "").refused("OPERATION_NOT_SUPPORTED");
    me.post("/qps/rest/2.0/create/am/user", "").refused("OPERATION_NOT_SUPPORTED");
}

#[test]
fn managers_are_hidden_from_other_managers() {
    let world = World::new();
    user(&world, "lee", &["Reader"]);
    world.write(|job| {
        let ids: Vec<Id<Role>> = job.select::<Role>(&Filter::All).iter().map(Id::new).collect();
        let mut manager = None;
        for id in ids {
            manager = manager.or(job.get(id)?.filter(|role| role.name == "Manager").map(|role| role.id));
        }
        let now = job.now();
        for login in ["boss", "chief"] {
            job.insert(User {
                login: login.into(),
                password: "none fits".into(),
                roles: manager.into_iter().collect(),
                scope: Vec::new(),
                first_name: String::new(),
                last_name: String::new(),
                email: String::new(),
                title: String::new(),
                created: now,
                modified: now,
            })?;
        }
        Ok(())
    });
    let mut boss = world.manager();
    boss.caller.user = Id::new(2);
    assert_eq!(boss.get("/qps/rest/2.0/search/am/user").ids(), [1, 2], "themselves and those below");
    boss.get("/qps/rest/2.0/get/am/user/3").refused("NOT_FOUND");
    let change =
        data("<User><roleList><add><RoleData><name>Reader</name></RoleData></add></roleList></User>");
    boss.post("/qps/rest/2.0/update/am/user/3", &change).refused("NOT_FOUND");
    assert_eq!(
        boss.post("/qps/rest/2.0/search/am/user", &filters(&[("roleName", "EQUALS", "Manager")])).ids(),
        [2]
    );
}

#[track_caller]
fn update(me: &As<'_>, id: u64, members: &str) -> crate::common::Reply {
    me.post(&format!("/qps/rest/2.0/update/am/user/{id}"), &data(&format!("<User>{members}</User>")))
}

#[test]
fn roles_and_scope_of_a_user_are_changed() {
    let world = World::new();
    let me = world.manager();
    let (east, west) = (tag(&me, "<name>East</name>"), tag(&me, "<name>West</name>"));
    let lee = user(&world, "lee", &["Reader"]);
    let reply = update(
        &me,
        lee,
        &format!(
            "<scopeTags><add><TagData><id>{east}</id></TagData><TagData><name>West</name></TagData></add><remove/></scopeTags>\
             <roleList><add><RoleData><name>editor</name></RoleData></add><remove/></roleList>"
        ),
    );
    assert_eq!((reply.ids(), reply.record().names()), (vec![lee], vec!["id"]));
    let reply = me.get(&format!("/qps/rest/2.0/get/am/user/{lee}"));
    assert_eq!(reply.record().each("scopeTags", "name"), ["East", "West"]);
    assert_eq!(reply.record().each("roleList", "name"), ["Editor", "Reader"]);
    update(
        &me,
        lee,
        &format!(
            "<scopeTags><remove><TagData><id>{east}</id></TagData></remove></scopeTags>\
                               <roleList><remove><RoleData><name>Reader</name></RoleData></remove></roleList>"
        ),
    )
    .ok();
    let reply = me.get(&format!("/qps/rest/2.0/get/am/user/{lee}"));
    assert_eq!(
        (reply.record().each("scopeTags", "name"), reply.record().each("roleList", "name")),
        (vec!["West"], vec!["Editor"])
    );
    assert_eq!(scope_of(&world, lee), [u32::try_from(west).unwrap()]);
    // A client always sends all four lists; empty ones change nothing.
    let before = world.fingerprint();
    update(&me, lee, "<scopeTags><add/><remove/></scopeTags><roleList><add/><remove/></roleList>").ok();
    update(&me, lee, "<username>x</username><firstName>x</firstName>").ok();
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn wrong_changes_of_users_are_refused() {
    let world = World::new();
    let me = world.manager();
    let east = tag(&me, "<name>East</name>");
    let lee = user(&world, "lee", &["Reader"]);
    update(&me, lee, &format!("<scopeTags><add><TagData><id>{east}</id></TagData></add></scopeTags>")).ok();
    let before = world.fingerprint();
    let tags =
        |verb: &str, item: &str| format!("<scopeTags><{verb}><TagData>{item}</TagData></{verb}></scopeTags>");
    let roles =
        |verb: &str, item: &str| format!("<roleList><{verb}><RoleData>{item}</RoleData></{verb}></roleList>");
    update(&me, lee, &tags("remove", &format!("<id>{east}</id>"))).invalid("would see everything");
    update(&me, lee, &tags("add", "<id>4000</id>")).invalid("'4000'");
    update(&me, lee, &tags("add", "<name>nobody</name>")).invalid("'nobody'");
    update(&me, lee, &tags("add", "")).refused("CANNOT_BE_NULL");
    update(&me, lee, &tags("set", "<id>1</id>")).invalid("'set'");
    update(&me, lee, &roles("add", "<name>nobody</name>")).invalid("'nobody'");
    update(&me, lee, &roles("add", "<id>99999999999</id>")).invalid("'99999999999'");
    update(&me, lee, &roles("remove", "<name>Reader</name>")).invalid("without a role");
    update(&me, lee, "<password>secret</password>").refused("INVALID_XML");
    me.post(
        "/qps/rest/2.0/update/am/user",
        &data(&format!("<User>{}</User>", roles("add", "<name>Editor</name>"))),
    )
    .invalid("without an id");
    update(&me, 4_000, "").refused("NOT_FOUND");
    // Nobody gives away what they do not have, and nobody with a scope changes scopes.
    let mut less: Vec<_> = Permissions::all().iter().collect();
    less.retain(|permission| *permission != platform::Permission::UninstallAgent);
    update(&world.with_permissions(Permissions::of(&less)), lee, &roles("add", "<name>Manager</name>"))
        .refused("UNAUTHORIZED");
    update(&world.manager().scoped(&[east]), lee, &tags("add", "<id>1</id>")).refused("UNAUTHORIZED");
    assert_eq!(world.fingerprint(), before);
}
