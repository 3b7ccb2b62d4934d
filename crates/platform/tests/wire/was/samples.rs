//! The samples of the catalog's description, as tests: shapes, order and words are theirs; ids and dates are ours.

use discovery::{Host, Name, NameSource, NetBios, OsGuess};
use platform::users::User;
use qps::Format;
use store::Id;

use super::{entry, on, update_entries};
use crate::common::xmllint::is_valid;
use crate::common::{As, World, data, filters};
use crate::results::{host, scanned, tls, web};
use crate::users::user;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://scan.example.test/qps/xsd/"#;
const CATALOG: &str = "3.0/was/catalog.xsd";

/// What the samples send.
const SEARCH: &str = r#"<ServiceRequest>
<filters>
<Criteria field="ipAddress"
operator="EQUALS">10.113.*.*</Criteria>
</filters>
</ServiceRequest>"#;
const UPDATE: &str = r"<ServiceRequest>
<data>
<Catalog>
<status>ROGUE</status>
<comments>
 <add>
<Comment>
<contents>
<![CDATA[Comment 1]]>
</contents>
</Comment>
</add>
</comments>
</Catalog>
</data>
</ServiceRequest>";

#[test]
fn requests_are_described_by_the_schema_that_was_published_and_by_ours() {
    for sample in [SEARCH, UPDATE, "<ServiceRequest/>"] {
        assert_eq!(is_valid(CATALOG, sample), [true; 2], "{sample}");
    }
    let paged = "<ServiceRequest><preferences><limitResults>5</limitResults></preferences>\
                 <filters><Criteria field=\"port\" operator=\"NOT EQUALS\">1</Criteria></filters></ServiceRequest>";
    assert_eq!(is_valid(CATALOG, paged), [true; 2]);
    for wrong in [
        UPDATE.replace("ROGUE", "DONE"),
        UPDATE.replace("add>", "remove>"),
        SEARCH.replace("EQUALS", "LIKE"),
        paged.replace('5', "five"),
        paged.replace("ServiceRequest", "Request"),
    ] {
        assert_eq!(is_valid(CATALOG, &wrong), [false; 2], "{wrong}");
    }
}

fn document(schema: &str, body: &str) -> String {
    format!("{HEAD}{schema}\">\n{body}\n</ServiceResponse>")
}

/// The hosts of the samples, as a scan found them.
fn hosts(world: &World) -> Vec<Host> {
    let named = |last: u8| Host {
        names: vec![Name { name: format!("10-113-196-{last}.bogus.tld"), source: NameSource::Reverse }],
        netbios: Some(NetBios { name: format!("SYS_10_113_196_{last}"), group: None, mac: None }),
        ..host(world, &format!("10.113.196.{last}"), vec![web(80)])
    };
    let os = |name: &str| Some(OsGuess { name: name.to_owned(), reason: "x".to_owned(), port: None });
    vec![
        Host { os: os("MacOS X 9.0.0"), ..named(17) },
        Host { os: os("Windows XP Service Pack 2"), ..named(18) },
        Host {
            os: os("Ubuntu / Fedora / Tiny Core Linux / Linux 3.x"),
            ..host(world, "10.113.196.192", vec![tls(443)])
        },
        host(world, "10.114.0.1", vec![web(8080)]),
    ]
}

/// The catalog of the samples, and the user who works on it. Entry 4 is outside of what the sample searches.
fn catalog(world: &World) -> As<'_> {
    let joe = user(world, "qualys_joe", &["Reader"]);
    let joe = Id::<User>::new(u32::try_from(joe).unwrap());
    world.write(move |job| {
        let old = job.get(joe)?.expect("the user");
        let named = User { first_name: "qualys".into(), last_name: "joe".into(), ..old.object.clone() };
        Ok(job.update(&old, named)?)
    });
    let mut me = world.manager();
    (me.caller.user, me.caller.login) = (joe, "qualys_joe".to_owned());
    scanned(&me, &hosts(world));
    update_entries(&me);
    world.wait(60);
    me
}

#[test]
fn an_entry_is_shown_with_its_comments_as_in_the_sample() {
    let world = World::new();
    let me = catalog(&world);
    me.post(&entry("addToSubscription", 1), "").ok();
    world.wait(60);
    let change = "<Catalog><status>NEW</status><comments><add><Comment><contents><![CDATA[asdasd]]></contents></Comment></add></comments></Catalog>";
    me.post(&entry("update", 1), &data(change)).ok();
    let reply = me.get(&entry("get", 1));
    let expected = r#"  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <Catalog>
      <id>1</id>
      <ipAddress>10.113.196.17</ipAddress>
      <port>80</port>
      <operatingSystem>MacOS X 9.0.0</operatingSystem>
      <source>VM_SCAN</source>
      <fqdn>10-113-196-17.bogus.tld</fqdn>
      <netbiosName>SYS_10_113_196_17</netbiosName>
      <status>NEW</status>
      <comments>
        <count>3</count>
        <list>
          <Comment>
            <contents><![CDATA[Web Application added from scan consolidated data from VM]]></contents>
            <createdDate>2024-03-01T10:00:00Z</createdDate>
          </Comment>
          <Comment>
            <contents><![CDATA[Entry added to subscription as 'Catalog Web Application: 10-113-196-17.bogus.tld, Port 80']]></contents>
            <createdDate>2024-03-01T10:01:00Z</createdDate>
          </Comment>
          <Comment>
            <contents><![CDATA[asdasd]]></contents>
            <author>
              <id>1</id>
              <username>qualys_joe</username>
              <firstName><![CDATA[qualys]]></firstName>
              <lastName><![CDATA[joe]]></lastName>
            </author>
            <createdDate>2024-03-01T10:02:00Z</createdDate>
          </Comment>
        </list>
      </comments>
      <createdDate>2024-03-01T10:00:00Z</createdDate>
      <updatedDate>2024-03-01T10:02:00Z</updatedDate>
      <updatedBy>
        <id>1</id>
        <username>qualys_joe</username>
        <firstName><![CDATA[qualys]]></firstName>
        <lastName><![CDATA[joe]]></lastName>
      </updatedBy>
    </Catalog>
  </data>"#;
    assert_eq!(reply.text, document(CATALOG, expected));
    let json = me.one(1, "GET", &entry("get", 1), Format::Json, None, "").text;
    assert_eq!(
        json,
        r#"{"ServiceResponse":{"responseCode":"SUCCESS","count":1,"data":[{"Catalog":{"id":1,"ipAddress":"10.113.196.17","port":80,"operatingSystem":"MacOS X 9.0.0","source":"VM_SCAN","fqdn":"10-113-196-17.bogus.tld","netbiosName":"SYS_10_113_196_17","status":"NEW","comments":{"count":3,"list":[{"Comment":{"contents":"Web Application added from scan consolidated data from VM","createdDate":"2024-03-01T10:00:00Z"}},{"Comment":{"contents":"Entry added to subscription as 'Catalog Web Application: 10-113-196-17.bogus.tld, Port 80'","createdDate":"2024-03-01T10:01:00Z"}},{"Comment":{"contents":"asdasd","author":{"id":1,"username":"qualys_joe","firstName":"qualys","lastName":"joe"},"createdDate":"2024-03-01T10:02:00Z"}}]},"createdDate":"2024-03-01T10:00:00Z","updatedDate":"2024-03-01T10:02:00Z","updatedBy":{"id":1,"username":"qualys_joe","firstName":"qualys","lastName":"joe"}}}]}}"#
    );
}

#[test]
fn entries_are_found_by_address_as_in_the_sample() {
    let world = World::new();
    let me = catalog(&world);
    for id in [2, 3] {
        me.post(&entry("update", id), &data("<Catalog><status>ROGUE</status></Catalog>")).ok();
    }
    me.post(&entry("delete", 1), "").ok();
    let reply = me.post(&on("search"), SEARCH);
    let expected = r#"  <responseCode>SUCCESS</responseCode>
  <count>2</count>
  <hasMoreRecords>false</hasMoreRecords>
  <data>
    <Catalog>
      <id>2</id>
      <ipAddress>10.113.196.18</ipAddress>
      <port>80</port>
      <operatingSystem>Windows XP Service Pack 2</operatingSystem>
      <source>VM_SCAN</source>
      <fqdn>10-113-196-18.bogus.tld</fqdn>
      <netbiosName>SYS_10_113_196_18</netbiosName>
      <status>ROGUE</status>
      <createdDate>2024-03-01T10:00:00Z</createdDate>
      <updatedDate>2024-03-01T10:01:00Z</updatedDate>
      <updatedBy>
        <id>1</id>
        <username>qualys_joe</username>
        <firstName><![CDATA[qualys]]></firstName>
        <lastName><![CDATA[joe]]></lastName>
      </updatedBy>
    </Catalog>
    <Catalog>
      <id>3</id>
      <ipAddress>10.113.196.192</ipAddress>
      <port>443</port>
      <operatingSystem>Ubuntu / Fedora / Tiny Core Linux / Linux 3.x</operatingSystem>
      <source>VM_SCAN</source>
      <status>ROGUE</status>
      <createdDate>2024-03-01T10:00:00Z</createdDate>
      <updatedDate>2024-03-01T10:01:00Z</updatedDate>
      <updatedBy>
        <id>1</id>
        <username>qualys_joe</username>
        <firstName><![CDATA[qualys]]></firstName>
        <lastName><![CDATA[joe]]></lastName>
      </updatedBy>
    </Catalog>
  </data>"#;
    assert_eq!(reply.text, document(CATALOG, expected));
}

#[test]
fn entries_are_counted_with_and_without_a_filter() {
    let world = World::new();
    let me = catalog(&world);
    let expected = document(CATALOG, "  <responseCode>SUCCESS</responseCode>\n  <count>4</count>");
    assert_eq!(me.get(&on("count")).text, expected);
    assert_eq!(me.post(&on("count"), "").text, expected);
    let json = r#"{"ServiceResponse":{"responseCode":"SUCCESS","count":4}}"#;
    assert_eq!(me.one(1, "GET", &on("count"), Format::Json, None, "").text, json);
    assert_eq!(me.post(&on("count"), &filters(&[("port", "EQUALS", "443")])).count(), 1);
}

#[test]
fn an_entry_is_changed_as_in_the_sample() {
    let world = World::new();
    let me = catalog(&world);
    let reply = me.post(&entry("update", 2), UPDATE);
    let expected = r#"  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <Catalog>
      <id>2</id>
    </Catalog>
  </data>"#;
    assert_eq!(reply.text, document(CATALOG, expected));
    let shown = me.get(&entry("get", 2));
    let record = shown.record();
    assert_eq!((record.text_at("status"), record.text_at("comments.count")), ("ROGUE", "2"));
    assert_eq!(record.each("comments", "contents")[1], "Comment 1");
    assert_eq!(record.items("comments")[1].text_at("author.username"), "qualys_joe");
}

#[test]
fn entries_are_deleted_as_in_the_sample_and_by_filter() {
    let world = World::new();
    let me = catalog(&world);
    let expected = r#"  <responseCode>SUCCESS</responseCode>
  <count>1</count>
  <data>
    <Catalog>
      <id>1</id>
    </Catalog>
  </data>"#;
    assert_eq!(me.post(&entry("delete", 1), "").text, document(CATALOG, expected));
    me.get(&entry("get", 1)).refused("NOT_FOUND");
    me.post(&entry("delete", 1), "").refused("INVALID_REQUEST");
    let rest = filters(&[("ipAddress", "EQUALS", "10.113.196.*"), ("port", "NOT EQUALS", "443")]);
    assert_eq!(me.post(&on("delete"), &rest).ids(), [2]);
    assert_eq!(me.post(&on("delete"), &filters(&[("port", "EQUALS", "1")])).count(), 0);
    assert_eq!(me.post(&on("search"), "").ids(), [3, 4]);
    for nothing in ["", "<ServiceRequest><filters/></ServiceRequest>"] {
        me.post(&on("delete"), nothing).invalid("at least one criterion");
    }
}

#[test]
fn an_update_of_the_entries_answers_success_and_nothing_else() {
    let world = World::new();
    let me = catalog(&world);
    let reply = update_entries(&me);
    assert_eq!(reply.text, document(CATALOG, "  <responseCode>SUCCESS</responseCode>"));
    let json = me.one(1, "POST", &on("updateEntries"), Format::Json, None, "").text;
    assert_eq!(json, r#"{"ServiceResponse":{"responseCode":"SUCCESS"}}"#);
}

#[test]
fn entries_become_web_applications_as_in_the_sample() {
    let world = World::new();
    let me = catalog(&world);
    // Two with URLs that can't be, one that is there already, one whose name is taken by another.
    let odd = |name: &str, address: &str| Host {
        names: vec![Name { name: name.to_owned(), source: NameSource::Reverse }],
        ..host(&world, address, vec![web(80)])
    };
    scanned(&me, &[odd("a b.example", "10.115.0.1"), odd("taken.example", "10.115.0.2")]);
    update_entries(&me);
    let create = |name: &str, url: &str| {
        let members = format!("<WebApp><name>{name}</name><url>{url}</url></WebApp>");
        me.post("/qps/rest/3.0/create/was/webapp", &data(&members)).ok();
    };
    create("Known", "http://10-113-196-18.bogus.tld/");
    create("Catalog Web Application: taken.example, Port 80", "http://elsewhere.example");
    let reply = me.post(&on("addToSubscription"), &filters(&[("id", "IN", "1,2,3,5,6")]));
    let expected = r#"  <responseCode>SUCCESS</responseCode>
  <count>2</count>
  <data>
    <success>
      <ids>1,3</ids>
      <count>2</count>
    </success>
    <duplicate>
      <count>1</count>
      <ids>2</ids>
    </duplicate>
    <error>
      <count>2</count>
      <errorMessage>Invalid URL for web application catalog entries: 5Some error occurred for web application catalog entries: 6</errorMessage>
    </error>
  </data>"#;
    assert_eq!(reply.text, document("version.xsd", expected));
    let again = me.one(1, "POST", &entry("addToSubscription", 1), Format::Json, None, "").text;
    assert_eq!(
        again,
        r#"{"ServiceResponse":{"responseCode":"SUCCESS","count":0,"data":[{"success":{"count":0},"duplicate":{"count":1,"ids":"1"},"error":{"count":0}}]}}"#
    );
}
