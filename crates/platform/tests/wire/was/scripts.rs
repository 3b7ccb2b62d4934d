//! Scripts that scans are to play, and what else is asked of web applications (`contract/was.md 7.4 and 7.6`).

use super::{app, apps, web_app};
use crate::common::{As, Reply, World, data, filters};

fn of(verb: &str, scripts: &str) -> String {
    data(&format!("<WebApp><crawlingScripts><{verb}>{scripts}</{verb}></crawlingScripts></WebApp>"))
}

fn script(members: &str) -> String {
    format!("<SeleniumScript>{members}</SeleniumScript>")
}

fn download(me: &As<'_>, app: u64, script: u64) -> Reply {
    let (app, script) = (app.to_string(), script.to_string());
    me.post(
        &apps("downloadSeleniumScript"),
        &filters(&[("id", "EQUALS", &app), ("crawlingScripts.id", "EQUALS", &script)]),
    )
}

/// The scripts of a web application: name and data.
fn scripts(me: &As<'_>, id: u64) -> Vec<(String, String)> {
    let reply = me.get(&app("get", id));
    let shown = reply.record().items("crawlingScripts").into_iter();
    let shown = shown.map(|one| (one.text_at("name").to_owned(), one.text_at("data").to_owned()));
    shown.collect()
}

#[test]
fn a_script_is_kept_changed_and_given_back() {
    let world = World::new();
    let me = world.manager();
    let first = script(
        "<name>Buy</name><data><![CDATA[<tr><td>open</td></tr>]]></data><regex>thanks|danke</regex>\
         <requiresAuthentication>true</requiresAuthentication><startingUrl>https://shop.example/.*</startingUrl>\
         <startingUrlRegex>true</startingUrlRegex>",
    );
    let second = script("<name>Search</name><data>{\"tests\":[]}</data>");
    let id = web_app(
        &me,
        &format!(
            "<name>Shop</name><url>https://shop.example</url><crawlingScripts><set>{first}{second}</set></crawlingScripts>"
        ),
    );
    let (one, two) = (id << 20 | 1, id << 20 | 2);
    let shown = me.get(&app("get", id));
    let listed = shown.record().items("crawlingScripts");
    assert_eq!(listed.len(), 2);
    let found = download(&me, id, one);
    assert_eq!(
        found.text.split_once("<data>").unwrap().1,
        format!(
            "\n    <SeleniumScript>\n      <id>{one}</id>\n      <name><![CDATA[Buy]]></name>\n      \
             <data><![CDATA[<tr><td>open</td></tr>]]></data>\n      <regex><![CDATA[thanks|danke]]></regex>\n      \
             <requiresAuthentication>true</requiresAuthentication>\n      \
             <startingUrl><![CDATA[https://shop.example/.*]]></startingUrl>\n      \
             <startingUrlRegex>true</startingUrlRegex>\n    </SeleniumScript>\n  </data>\n</ServiceResponse>"
        )
    );
    assert_eq!(found.record(), listed[0], "both calls show the same");
    // As a client writes it, which also leaves the operator out.
    let slash = format!("{}/", apps("downloadSeleniumScript"));
    let both = format!(
        "<ServiceRequest><filters><Criteria field=\"id\">{id}</Criteria>\
         <Criteria field=\"crawlingscripts.ID\" operator=\"IN\">{two}, {one}</Criteria></filters></ServiceRequest>"
    );
    assert_eq!(me.post(&slash, &both).ids(), [one, two]);

    let update = |body: &str| assert_eq!(me.post(&app("update", id), body).ids(), [id]);
    let pair = |name: &str, data: &str| (name.to_owned(), data.to_owned());
    update(&of("update", &script(&format!("<id>{one}</id><name>Buy more</name>"))));
    update(&of("add", &script("<name>Search</name><data>again</data>")));
    update(&of("add", &script("<name>Third</name><data>3</data>")));
    let all = [pair("Buy more", "<tr><td>open</td></tr>"), pair("Search", "again"), pair("Third", "3")];
    assert_eq!(scripts(&me, id), all);
    update(&of("remove", &format!("{}{}", script(&format!("<id>{two}</id>")), script("<name>None</name>"))));
    assert_eq!(download(&me, id, two).count(), 0);
    // A number is never given twice.
    update(&of(
        "set",
        &format!("{}{}", script("<name>Third</name>"), script("<name>New</name><data>4</data>")),
    ));
    assert_eq!(scripts(&me, id), [pair("Third", "3"), pair("New", "4")]);
    assert_eq!(download(&me, id, id << 20 | 4).record().text_at("name"), "New");
    update(&of("set", ""));
    assert_eq!(scripts(&me, id), []);
    for side in &world.sides {
        assert_eq!(side.store().verify().unwrap(), None);
    }
}

#[test]
fn scripts_are_given_to_those_who_see_their_web_application() {
    let world = World::new();
    let me = world.manager();
    let body = |name: &str| {
        let scripts = script("<name>Buy</name><data>x</data>");
        format!(
            "<name>{name}</name><url>http://{name}.example</url><crawlingScripts><set>{scripts}</set></crawlingScripts>"
        )
    };
    let (one, other) = (web_app(&me, &body("one")), web_app(&me, &body("other")));
    let id = one << 20 | 1;
    assert_eq!(download(&me, one, id).ids(), [id]);
    assert_eq!(download(&me, other, id).count(), 0, "it is a script of another one");
    assert_eq!(download(&world.manager().scoped(&[4_000]), one, id).count(), 0);
    me.post(&app("delete", one), "").ok();
    assert_eq!(download(&me, one, id).count(), 0);
}

#[test]
fn a_download_needs_both_criteria() {
    let world = World::new();
    let me = world.manager();
    let url = apps("downloadSeleniumScript");
    for criteria in [&[][..], &[("id", "EQUALS", "1")], &[("crawlingScripts.id", "EQUALS", "1")]] {
        let reply = me.post(&url, &filters(criteria));
        reply.invalid("a web application and 'crawlingScripts.id' are needed");
    }
    me.post(&url, "").invalid("are needed");
    let ask = |operator: &str, value: &str| {
        me.post(&url, &filters(&[("id", "EQUALS", "1"), ("crawlingScripts.id", operator, value)]))
    };
    ask("GREATER", "1").invalid("Invalid operator 'GREATER'");
    for wrong in ["one", "-1", "18446744073709551616"] {
        ask("EQUALS", wrong).invalid(&format!("'crawlingScripts.id' ({wrong})"));
    }
    ask("IN", "1,x").invalid("'crawlingScripts.id' (1,x)");
    assert_eq!(ask("EQUALS", "18446744073709551615").count(), 0);
}

#[test]
fn wrong_scripts_are_refused_by_name() {
    let world = World::new();
    let me = world.manager();
    let with = script("<name>Buy</name><data>x</data>");
    let id = web_app(
        &me,
        &format!(
            "<name>Shop</name><url>https://shop.example</url><crawlingScripts><set>{with}</set></crawlingScripts>"
        ),
    );
    let before = world.fingerprint();
    let large = "x".repeat((1 << 20) + 1);
    for (members, code, word) in [
        ("<data>x</data>", "CANNOT_BE_NULL", "SeleniumScript.name"),
        ("<name>n</name>", "CANNOT_BE_NULL", "SeleniumScript.data"),
        ("<name>n</name><data> </data>", "CANNOT_BE_NULL", "SeleniumScript.data"),
        ("<name>n</name><data>x</data><regex>(</regex>", "INVALID_REQUEST", "SeleniumScript.regex"),
        ("<name>n</name><data>x</data><startingUrl>shop</startingUrl>", "INVALID_REQUEST", "startingUrl"),
        (
            "<name>n</name><data>x</data><startingUrl>(</startingUrl><startingUrlRegex>true</startingUrlRegex>",
            "INVALID_REQUEST",
            "startingUrl",
        ),
        (
            "<name>n</name><data>x</data><requiresAuthentication>maybe</requiresAuthentication>",
            "INVALID_REQUEST",
            "requiresAuthentication",
        ),
        ("<id>7</id><name>n</name><data>x</data>", "INVALID_REQUEST", "no script with id 7"),
        ("<id>x</id>", "INVALID_REQUEST", "SeleniumScript.id"),
        ("<name>n</name><data>x</data><script>x</script>", "INVALID_XML", "script"),
        (
            &format!("<name>{}</name><data>x</data>", "n".repeat(257)),
            "INVALID_REQUEST",
            "SeleniumScript.name",
        ),
        (&format!("<name>n</name><data>{large}</data>"), "INVALID_REQUEST", "SeleniumScript.data"),
    ] {
        let reply = me.post(&app("update", id), &of("add", &script(members)));
        reply.refused(code);
        assert!(reply.message().contains(word), "{members:.80}: {}", reply.message());
    }
    let many: String = (0..20).map(|n| script(&format!("<name>{n}</name><data>x</data>"))).collect();
    me.post(&app("update", id), &of("add", &many)).invalid("would be 21");
    let half = |name: &str| script(&format!("<name>{name}</name><data>{}</data>", "x".repeat(600 << 10)));
    me.post(&app("update", id), &of("add", &(half("a") + &half("b")))).invalid("bytes");
    let other = script("<name>Other</name><data>x</data>");
    let renamed = script(&format!("<id>{}</id><name>Other</name>", id << 20 | 1));
    me.post(&app("update", id), &of("add", &(other + &renamed))).invalid("Two scripts");
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn a_purge_keeps_the_web_application() {
    let world = World::new();
    let me = world.manager();
    let one = web_app(&me, "<name>Shop</name><url>https://shop.example</url>");
    let other = web_app(&me, "<name>Blog</name><url>https://blog.example</url>");
    let before = world.fingerprint();
    assert_eq!(me.post(&app("purge", one), "").ids(), [one]);
    assert_eq!(me.post(&apps("purge"), &filters(&[("url", "CONTAINS", "example")])).ids(), [one, other]);
    assert_eq!(me.post(&apps("purge"), &filters(&[("name", "EQUALS", "None")])).count(), 0);
    for nothing in ["", "<ServiceRequest><filters/></ServiceRequest>"] {
        me.post(&apps("purge"), nothing).invalid("at least one criterion");
    }
    me.post(&app("purge", 4_000), "").refused("NOT_FOUND");
    assert_eq!(
        world.manager().scoped(&[4_000]).post(&apps("purge"), &filters(&[("id", "GREATER", "0")])).count(),
        0
    );
    assert_eq!(world.fingerprint(), before);
}
