//! The settings of web applications (`contract/was.md 7.2 and 7.3`).

use platform::{Permission, Permissions};

use super::{app, apps, web_app};
use crate::common::{World, data};

/// All settings that can be made, as the schema orders them.
const ALL: &str = r#"<scope>SUBDOMAINS</scope><subDomain>lab.example</subDomain>
<domains><set><Domain>a.example</Domain><Domain>b.example</Domain></set></domains>
<uris><set><Url><![CDATA[https://shop.lab.example/app]]></Url></set></uris>
<attributes><set><Attribute><name>Function</name><value>Shop &amp; more</value></Attribute></set></attributes>
<defaultScanner><type>INTERNAL</type><friendlyName>appliance-1</friendlyName></defaultScanner>
<scannerLocked>true</scannerLocked><progressiveScanning>ENABLED</progressiveScanning>
<redundancyLinks>/item/.*</redundancyLinks><maxRedundancyLinks>5</maxRedundancyLinks>
<urlBlacklist><set><UrlEntry regex="true"><![CDATA[.*/logout.*]]></UrlEntry><UrlEntry>https://shop.lab.example/x</UrlEntry></set></urlBlacklist>
<urlAllowlist><set><UrlEntry>https://shop.lab.example/y</UrlEntry></set></urlAllowlist>
<postDataExcludelist><set><UrlEntry regex="false">https://shop.lab.example/z</UrlEntry></set></postDataExcludelist>
<logoutRegexList><set><UrlEntry regex="true">bye</UrlEntry></set></logoutRegexList>
<useRobots>ADD_PATHS</useRobots><useSitemap>true</useSitemap>
<headers><set><WebAppHeader><![CDATA[X-Test: 1]]></WebAppHeader></set></headers>
<malwareMonitoring>true</malwareMonitoring><malwareNotification>true</malwareNotification>
<comments><set><Comment><contents>ours</contents></Comment></set></comments>
<config><cancelScansAt>03:30</cancelScansAt></config>"#;

#[test]
fn every_setting_of_a_web_application_is_changed() {
    let world = World::new();
    let me = world.manager();
    let id = web_app(&me, &format!("<name>Shop</name><url>https://shop.lab.example</url>{ALL}"));
    let shown = me.get(&app("get", id));
    let record = shown.record();
    for (path, value) in [
        ("scope", "SUBDOMAIN"),
        ("subDomain", "lab.example"),
        ("domains.count", "2"),
        ("uris.count", "1"),
        ("defaultScanner.type", "INTERNAL"),
        ("defaultScanner.friendlyName", "appliance-1"),
        ("scannerLocked", "true"),
        ("progressiveScanning", "true"),
        ("redundancyLinks", "/item/.*"),
        ("maxRedundancyLinks", "5"),
        ("urlExcludelist.count", "2"),
        ("urlAllowlist.count", "1"),
        ("postDataExcludelist.count", "1"),
        ("logoutRegexList.count", "1"),
        ("useRobots", "ADD_PATHS"),
        ("useSitemap", "true"),
        ("headers.count", "1"),
        ("malwareMonitoring", "true"),
        ("malwareNotification", "true"),
        ("comments.count", "1"),
        ("config.cancelScansAt", "03:30"),
    ] {
        assert_eq!(record.text_at(path), value, "{path}");
    }
    assert_eq!(record.each("attributes", "value"), ["Shop & more"]);
    assert_eq!(record.each("comments", "author.username"), ["kim"], "clients read it unchecked");
    assert!(
        shown.text.contains(r#"<UrlEntry regex="true"><![CDATA[.*/logout.*]]></UrlEntry>"#),
        "{}",
        shown.text
    );
    let update =
        |members: &str| me.post(&app("update", id), &data(&format!("<WebApp>{members}</WebApp>"))).ids();
    update(
        r#"<domains><add><Domain>c.example</Domain></add><remove><Domain>a.example</Domain></remove></domains>
        <urlExcludelist><add><UrlEntry>bye</UrlEntry></add><remove><UrlEntry>.*/logout.*</UrlEntry></remove></urlExcludelist>
        <attributes><update><Attribute><name>Function</name><value>Mall</value></Attribute></update></attributes>
        <uris><set/></uris><scope>DOMAINS</scope><subDomain></subDomain>
        <config><cancelScansAfterNHours>3</cancelScansAfterNHours></config>"#,
    );
    let shown = me.get(&app("get", id));
    let record = shown.record();
    assert!(
        shown.text.contains("b.example")
            && shown.text.contains("c.example")
            && !shown.text.contains("a.example]")
    );
    for (path, value) in [
        ("domains.count", "2"),
        ("uris.count", "0"),
        ("scope", "DOMAINS"),
        ("subDomain", "-"),
        ("urlExcludelist.count", "2"),
        ("config.cancelScansAfterNHours", "3"),
        ("config.cancelScansAt", "-"),
        ("useSitemap", "true"),
    ] {
        assert_eq!(record.text_at(path), value, "{path}");
    }
    assert_eq!(record.each("attributes", "value"), ["Mall"]);
    let before = world.fingerprint();
    update("<useSitemap>true</useSitemap>");
    assert_eq!(world.fingerprint(), before, "what changes nothing is not written");
}

#[test]
fn wrong_settings_are_refused_by_name() {
    let world = World::new();
    let me = world.manager();
    let id = web_app(&me, "<name>Shop</name><url>https://shop.lab.example</url>");
    let before = world.fingerprint();
    let long = "x".repeat(257);
    for (members, code, word) in [
        ("<url>shop</url>", "INVALID_REQUEST", "WebApp.url"),
        ("<url>ftp://a.example</url>", "INVALID_REQUEST", "WebApp.url"),
        ("<url></url>", "CANNOT_BE_NULL", "WebApp.url"),
        ("<name> </name>", "CANNOT_BE_NULL", "WebApp.name"),
        (&format!("<name>{long}</name>"), "INVALID_REQUEST", "WebApp.name"),
        ("<scope>EVERYTHING</scope>", "INVALID_REQUEST", "WebApp.scope"),
        ("<scope>SUBDOMAIN</scope>", "CANNOT_BE_NULL", "WebApp.subDomain"),
        ("<scope>DOMAINS</scope>", "CANNOT_BE_NULL", "WebApp.domains"),
        ("<uris><add><Url>nothing</Url></add></uris>", "INVALID_REQUEST", "WebApp.uris"),
        (
            "<urlExcludelist><add><UrlEntry regex=\"true\">(</UrlEntry></add></urlExcludelist>",
            "INVALID_REQUEST",
            "'('",
        ),
        (
            "<headers><add><WebAppHeader>no colon</WebAppHeader></add></headers>",
            "INVALID_REQUEST",
            "WebApp.headers",
        ),
        ("<maxRedundancyLinks>many</maxRedundancyLinks>", "INVALID_REQUEST", "WebApp.maxRedundancyLinks"),
        ("<useRobots>OBEY</useRobots>", "INVALID_REQUEST", "WebApp.useRobots"),
        ("<scannerLocked>perhaps</scannerLocked>", "INVALID_REQUEST", "WebApp.scannerLocked"),
        ("<owner><id>4000</id></owner>", "INVALID_REQUEST", "4000"),
        ("<tags><add><Tag><id>4000</id></Tag></add></tags>", "INVALID_REQUEST", "4000"),
        ("<config><cancelScansAt>25:00</cancelScansAt></config>", "INVALID_REQUEST", "cancelScansAt"),
        (
            "<config><cancelScansAt>01:00</cancelScansAt><cancelScansAfterNHours>1</cancelScansAfterNHours></config>",
            "INVALID_REQUEST",
            "both",
        ),
        ("<defaultProfile><id>1</id></defaultProfile>", "INVALID_REQUEST", "option profiles"),
        (
            "<authRecords><add><WebAppAuthRecord><id>1</id></WebAppAuthRecord></add></authRecords>",
            "INVALID_REQUEST",
            "authentication records",
        ),
        (
            "<attributes><add><Attribute><value>x</value></Attribute></add></attributes>",
            "CANNOT_BE_NULL",
            "Attribute.name",
        ),
    ] {
        for url in [app("update", id), apps("create")] {
            let needed =
                if url.contains("create") && !members.contains("<name>") { "<name>n</name>" } else { "" };
            let also = if url.contains("create") && !members.contains("<url>") {
                "<url>http://n.example</url>"
            } else {
                ""
            };
            let reply = me.post(&url, &data(&format!("<WebApp>{needed}{also}{members}</WebApp>")));
            reply.refused(code);
            assert!(reply.message().contains(word), "{members}: {}", reply.message());
        }
    }
    for missing in ["<name>n</name>", "<url>http://n.example</url>"] {
        me.post(&apps("create"), &data(&format!("<WebApp>{missing}</WebApp>"))).refused("CANNOT_BE_NULL");
    }
    me.post(&apps("create"), &data("<WebApp><name>Shop</name><url>http://n.example</url></WebApp>"))
        .invalid("'Shop' exists already");
    assert_eq!(world.fingerprint(), before);
}

#[test]
fn another_url_and_tags_need_permissions_of_their_own() {
    let world = World::new();
    let me = world.manager();
    let id = web_app(&me, "<name>Shop</name><url>https://shop.lab.example</url>");
    let without = |missing: Permission| {
        let rest: Vec<_> = Permission::ALL.into_iter().filter(|one| *one != missing).collect();
        world.with_permissions(Permissions::of(&rest))
    };
    let body = |members: &str| data(&format!("<WebApp>{members}</WebApp>"));
    let no_url = without(Permission::EditWebAssetUrl);
    no_url.post(&app("update", id), &body("<url>https://other.example</url>")).refused("UNAUTHORIZED");
    no_url.post(&app("update", id), &body("<url>https://shop.lab.example</url><name>Store</name>")).ok();
    let tags = "<tags><set><Tag><id>1</id></Tag></set></tags>";
    without(Permission::ReadTag).post(&app("update", id), &body(tags)).refused("UNAUTHORIZED");
}
