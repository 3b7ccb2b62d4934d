//! Web applications come, are found and go (`contract/was.md 7`).

use super::{app, apps, web_app};
use crate::common::{As, World, data, filters};
use crate::tags::{dynamic, tag};

#[test]
fn a_web_application_is_created_read_changed_and_deleted() {
    let world = World::new();
    let me = world.manager();
    let body =
        data("<WebApp><name><![CDATA[Shop]]></name><url><![CDATA[https://shop.lab.example]]></url></WebApp>");
    let created = me.post(&apps("create"), &body);
    let id = created.id();
    assert_eq!(
        created.text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/3.0/was/webapp.xsd">
  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <WebApp>
      <id>1</id>
      <name><![CDATA[Shop]]></name>
      <url><![CDATA[https://shop.lab.example]]></url>
      <owner>
        <id>9999</id>
        <username>kim</username>
      </owner>
      <scope>ALL</scope>
      <domains>
        <count>0</count>
      </domains>
      <uris>
        <count>0</count>
      </uris>
      <attributes>
        <count>0</count>
      </attributes>
      <defaultScanner>
        <type>EXTERNAL</type>
      </defaultScanner>
      <scannerLocked>false</scannerLocked>
      <progressiveScanning>false</progressiveScanning>
      <urlExcludelist>
        <count>0</count>
      </urlExcludelist>
      <urlAllowlist>
        <count>0</count>
      </urlAllowlist>
      <postDataExcludelist>
        <count>0</count>
      </postDataExcludelist>
      <logoutRegexList>
        <count>0</count>
      </logoutRegexList>
      <authRecords>
        <count>0</count>
      </authRecords>
      <dnsOverrides>
        <count>0</count>
      </dnsOverrides>
      <useRobots>IGNORE</useRobots>
      <useSitemap>false</useSitemap>
      <headers>
        <count>0</count>
      </headers>
      <malwareMonitoring>false</malwareMonitoring>
      <malwareNotification>false</malwareNotification>
      <tags>
        <count>0</count>
      </tags>
      <comments>
        <count>0</count>
      </comments>
      <isScheduled>false</isScheduled>
      <createdBy>
        <id>9999</id>
        <username>kim</username>
      </createdBy>
      <createdDate>2024-03-01T10:00:00Z</createdDate>
      <updatedBy>
        <id>9999</id>
        <username>kim</username>
      </updatedBy>
      <updatedDate>2024-03-01T10:00:00Z</updatedDate>
      <crawlingScripts>
        <count>0</count>
      </crawlingScripts>
    </WebApp>
  </data>
</ServiceResponse>"#
    );
    assert_eq!(me.get(&app("get", id)).text, created.text);
    world.wait(60);
    let change = data("<WebApp><name>Store</name><url>http://store.lab.example/</url></WebApp>");
    assert_eq!(me.post(&app("update", id), &change).ids(), [id]);
    let found = me.post(&apps("search"), "");
    let record = found.record();
    assert_eq!(record.names(), ["id", "name", "url", "owner", "tags", "createdDate", "updatedDate"]);
    assert_eq!((record.text_at("name"), record.text_at("updatedDate")), ("Store", "2024-03-01T10:01:00Z"));
    assert_eq!(me.post(&app("delete", id), "").ids(), [id]);
    me.get(&app("get", id)).refused("NOT_FOUND");
    assert_eq!(me.get(&apps("count")).count(), 0);
}

#[test]
fn its_id_name_and_tags_are_those_of_its_asset() {
    let world = World::new();
    let me = world.manager();
    let (lab, prod) = (tag(&me, "<name>Lab</name>"), tag(&me, "<name>Prod</name>"));
    let id = web_app(
        &me,
        &format!(
            "<name>Shop</name><url>http://shop.example</url><tags><set><Tag><id>{lab}</id></Tag></set></tags>"
        ),
    );
    let asset = |verb: &str| format!("/qps/rest/2.0/{verb}/am/asset/{id}");
    let shown = me.get(&asset("get"));
    assert_eq!((shown.record().text_at("name"), shown.record().text_at("type")), ("Shop", "WEBAPP"));
    assert_eq!(shown.record().each("tags", "id"), [lab.to_string()]);
    assert_eq!(me.post("/qps/rest/2.0/count/am/hostasset", "").count(), 0, "it is no host");
    me.get(&format!("/qps/rest/2.0/get/am/hostasset/{id}")).refused("NOT_FOUND");
    let criteria = filters(&[("type", "EQUALS", "WEBAPP")]);
    assert_eq!(me.post("/qps/rest/2.0/search/am/asset", &criteria).ids(), [id]);
    // Changed there, changed here; changed here, changed there.
    let change = format!(
        "<Asset><name>Store</name><tags><add><TagSimple><id>{prod}</id></TagSimple></add></tags></Asset>"
    );
    me.post(&asset("update"), &data(&change)).ok();
    let app_now = me.get(&app("get", id));
    assert_eq!((app_now.record().text_at("name"), app_now.record().text_at("tags.count")), ("Store", "2"));
    me.post(
        &app("update", id),
        &data(&format!(
            "<WebApp><name>Mall</name><tags><remove><Tag><id>{lab}</id></Tag></remove></tags></WebApp>"
        )),
    )
    .ok();
    let asset_now = me.get(&asset("get"));
    assert_eq!(
        (asset_now.record().text_at("name"), asset_now.record().each("tags", "id")),
        ("Mall", vec![prod.to_string().as_str()])
    );
    // A client deletes the asset by the id of the web application.
    me.post(&asset("delete"), "").ok();
    me.get(&app("get", id)).refused("NOT_FOUND");
}

fn three(me: &As<'_>) -> u64 {
    let lab = tag(me, "<name>Lab</name>");
    let attribute = |value: &str| {
        format!(
            "<attributes><set><Attribute><name>Function</name><value>{value}</value></Attribute></set></attributes>"
        )
    };
    web_app(
        me,
        &format!(
            "<name>Shop</name><url>https://shop.example</url><tags><set><Tag><id>{lab}</id></Tag></set></tags>{}",
            attribute("Shop")
        ),
    );
    web_app(me, &format!("<name>Blog</name><url>https://blog.example/</url>{}", attribute("News")));
    let other =
        "<attributes><set><Attribute><name>Owner</name><value>Shop</value></Attribute></set></attributes>";
    web_app(me, &format!("<name>Intranet</name><url>http://10.0.0.1:8080</url>{other}"));
    lab
}

#[test]
fn web_applications_are_found_by_every_documented_field() {
    let world = World::new();
    let me = world.manager();
    let lab = three(&me).to_string();
    dynamic(&me, "Rule", "NAME_CONTAINS", "Intra");
    world.wait(60);
    me.post(&app("update", 2), &data("<WebApp><useSitemap>true</useSitemap></WebApp>")).ok();
    let by = |field: &str, operator: &str, value: &str| {
        let criteria = filters(&[(field, operator, value)]);
        let ids = me.post(&apps("search"), &criteria).ids();
        assert_eq!(me.post(&apps("count"), &criteria).count(), ids.len() as u64);
        ids
    };
    assert_eq!(by("id", "IN", "1,3"), [1, 3]);
    assert_eq!(by("name", "EQUALS", "Shop"), [1]);
    assert_eq!(by("url", "EQUALS", "https://blog.example/"), [2]);
    assert_eq!(by("url", "EQUALS", "https://blog.example"), Vec::<u64>::new());
    assert_eq!(by("url", "CONTAINS", "example"), [1, 2]);
    assert_eq!(by("tags.name", "EQUALS", "Lab"), [1]);
    assert_eq!(by("tags.name", "CONTAINS", "rul"), [3]);
    assert_eq!(by("tags.id", "EQUALS", &lab), [1]);
    assert_eq!(by("tags", "NONE", ""), [2]);
    assert_eq!(by("createdDate", "LESSER", "2024-03-02").len(), 3);
    assert_eq!(by("updatedDate", "GREATER", "2024-03-01T10:00:30Z"), [2]);
    assert_eq!(by("isScheduled", "EQUALS", "True"), Vec::<u64>::new());
    assert_eq!(by("isScanned", "EQUALS", "false").len(), 3);
    assert_eq!(by("lastScan.status", "EQUALS", "finished"), Vec::<u64>::new());
    // A client writes it so.
    assert_eq!(by("lastScan.status", "IN", "CANCELLED,ERROR"), Vec::<u64>::new());
    assert_eq!(by("lastScan.date", "GREATER", "2020-01-01"), Vec::<u64>::new());
    assert_eq!(by("attributes", "EQUALS", "Shop"), [1, 3]);
    let named = |operator: &str| {
        let criteria = format!(
            "<ServiceRequest><filters><Criteria field=\"attributes\" name=\"Function\" operator=\"{operator}\">Shop</Criteria></filters></ServiceRequest>"
        );
        me.post(&apps("search"), &criteria).ids()
    };
    assert_eq!((named("EQUALS"), named("NOT EQUALS")), (vec![1], vec![2, 3]));
    me.post(&apps("search"), &filters(&[("isScanned", "EQUALS", "undefined")]))
        .invalid("'isScanned' (undefined)");
    me.post(&apps("search"), &filters(&[("tags", "EQUALS", "1")])).invalid("Invalid operator");
    let verbose = "<ServiceRequest><preferences><verbose>true</verbose></preferences></ServiceRequest>";
    assert_eq!(me.post(&apps("search"), verbose).records()[0].each("tags", "name"), ["Lab"]);
    assert_eq!(me.post(&apps("search"), "").records()[0].at("tags").unwrap().names(), ["count"]);
}

#[test]
fn a_removed_web_application_leaves_its_asset_and_comes_back() {
    let world = World::new();
    let me = world.manager();
    let members = "<name>Shop</name><url>https://shop.example</url>";
    let id = web_app(&me, &format!("{members}<useSitemap>true</useSitemap>"));
    let asset = format!("/qps/rest/2.0/get/am/asset/{id}");
    assert_eq!(me.post(&apps("delete"), &filters(&[("name", "EQUALS", "Shop")])).ids(), [id]);
    me.get(&asset).ok();
    let create = |more: &str| me.post(&apps("create"), &data(&format!("<WebApp>{members}{more}</WebApp>")));
    create("").invalid("was removed");
    create("<reactivateIfExists>false</reactivateIfExists>").invalid("was removed");
    let other = web_app(&me, "<name>Shop</name><url>https://other.example</url>");
    create("<reactivateIfExists>true</reactivateIfExists>").invalid("exists already");
    me.post(&app("delete", other), "").ok();
    let back = create("<reactivateIfExists>true</reactivateIfExists>");
    assert_eq!((back.id(), back.record().text_at("useSitemap")), (id, "false"), "its old settings are gone");
    create("").invalid("exists already");
    // With its asset, in the three ways that clients ask for it.
    let gone = |id: u64| {
        me.get(&app("get", id)).refused("NOT_FOUND");
        me.get(&format!("/qps/rest/2.0/get/am/asset/{id}")).refused("NOT_FOUND");
    };
    let whole = data("<WebApp><removeFromSubscription>true</removeFromSubscription></WebApp>");
    assert_eq!(me.post(&app("delete", id), &whole).ids(), [id]);
    gone(id);
    let id = create("").id();
    let criteria =
        filters(&[("id", "EQUALS", &id.to_string()), ("removeFromSubscription", "EQUALS", "true")]);
    assert_eq!(me.post(&apps("delete"), &criteria).ids(), [id]);
    gone(id);
    let id = create("").id();
    assert_eq!(me.post(&format!("{}?action=removeFromSubscription", app("delete", id)), "").ids(), [id]);
    gone(id);
    me.post(&apps("delete"), &filters(&[("removeFromSubscription", "EQUALS", "true")]))
        .invalid("at least one criterion");
    for side in &world.sides {
        assert_eq!(side.store().verify().unwrap(), None);
    }
}
