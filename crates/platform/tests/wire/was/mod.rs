//! The web catalog and web applications (`contract/was.md 4 and 7`).

mod addresses;
mod catalog;
mod discovered;
mod samples;
mod scope;
mod scripts;
mod settings;
mod subscription;
mod webapps;

use crate::common::{As, Reply, World, data};
use crate::results::{host, mapped, web};

/// The URL of an operation on the catalog.
pub(crate) fn on(verb: &str) -> String {
    format!("/qps/rest/3.0/{verb}/was/catalog")
}

/// The URL of an operation on an entry.
pub(crate) fn entry(verb: &str, id: u64) -> String {
    format!("{}/{id}", on(verb))
}

/// The URL of an operation on web applications.
pub(crate) fn apps(verb: &str) -> String {
    format!("/qps/rest/3.0/{verb}/was/webapp")
}

/// The URL of an operation on a web application.
pub(crate) fn app(verb: &str, id: u64) -> String {
    format!("{}/{id}", apps(verb))
}

/// Makes the catalog of the latest results.
#[track_caller]
pub(crate) fn update_entries(caller: &As<'_>) -> Reply {
    let reply = caller.post(&on("updateEntries"), "");
    reply.ok();
    assert!(!reply.has_data(), "{}", reply.text);
    reply
}

/// Creates a web application from its members; gives its id.
#[track_caller]
pub(crate) fn web_app(caller: &As<'_>, members: &str) -> u64 {
    caller.post(&apps("create"), &data(&format!("<WebApp>{members}</WebApp>"))).id()
}

/// Two entries without assets, a result that is in no entry, and a web application with a script; gives its id.
pub(crate) fn furnish(world: &World) -> u64 {
    let me = world.manager();
    mapped(&me, &[host(world, "192.0.2.77", vec![web(80), web(81)])]);
    update_entries(&me);
    mapped(&me, &[host(world, "192.0.2.78", vec![web(80)])]);
    let script = "<SeleniumScript><name>buy</name><data>open /</data></SeleniumScript>";
    let scripts = format!("<crawlingScripts><set>{script}</set></crawlingScripts>");
    web_app(&me, &format!("<name>Old</name><url>http://old.lab.example/</url>{scripts}"))
}
