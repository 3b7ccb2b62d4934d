//! The calls of the release notes and of the documentation as they stand there, by curl, on the wire: request documents and
//! answers are theirs; ids, addresses, dates and the name of the server are ours.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::common::{PASSWORD, Server, run};
use crate::endpoints::is_valid;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation=""#;

/// What curl prints for a call of the manager's in XML, with a document on its standard input.
fn curl(server: &Server, method: &str, path: &str, document: &str) -> String {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--noproxy", "*", "-u", &format!("admin:{PASSWORD}")]);
    curl.args(["-H", "content-type: text/xml", "-H", "X-Requested-With: curl", "-X", method]);
    if !document.is_empty() {
        curl.args(["--data-binary", "@-"]);
    }
    curl.arg(format!("{}/qps/rest/{path}", server.url())).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut curl = curl.spawn().expect("curl is installed");
    curl.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = curl.wait_with_output().unwrap();
    assert!(output.status.success(), "{path}");
    let answer = String::from_utf8(output.stdout).unwrap();
    demand_valid(server, &answer);
    answer
}

/// Panics unless an answer is valid by the schema that it names.
fn demand_valid(server: &Server, answer: &str) {
    let location = answer.split_once(HEAD).unwrap().1.split_once('"').unwrap().0;
    let schema = server.call("GET", location.strip_prefix(server.url()).unwrap()).send();
    assert_eq!(schema.status, 200, "{location}");
    assert!(is_valid(&schema.body, answer));
}

/// An answer without the text of its dates.
fn undated(answer: &str) -> String {
    let mut parts = answer.split("Date>");
    let mut shown = parts.next().unwrap().to_owned();
    for part in parts {
        shown.push_str("Date>");
        let is_date = part.get(..20).is_some_and(|date| date.ends_with('Z') && date.contains('T'));
        shown.push_str(if is_date { part.get(20..).unwrap() } else { part });
    }
    shown
}

fn expected(server: &Server, schema: &str, body: &str) -> String {
    format!("{HEAD}{}/qps/xsd/{schema}\">\n{body}\n</ServiceResponse>", server.url())
}

fn host(last: u8, os: &str) -> Value {
    let address = format!("10.113.196.{last}");
    json!({
        "address": address,
        "status": "up",
        "reason": "1 ports accept connections",
        "started": "2024-03-01T09:00:00Z",
        "ended": "2024-03-01T09:01:00Z",
        "names": [{ "name": format!("10-113-196-{last}.bogus.tld"), "source": "reverse" }],
        "netbios": { "name": format!("SYS_10_113_196_{last}") },
        "os": { "name": os, "reason": "it says so" },
        "ports": [{
            "port": 80, "protocol": "tcp", "service": "http", "evidence": "GET / answers HTTP status 200",
            "http": { "url": format!("http://{address}/"), "status": 200 },
        }],
    })
}

#[test]
fn the_seven_calls_of_the_catalog_are_answered_as_in_the_release_notes() {
    let server = Server::start();
    let body = json!({ "hosts": [host(17, "MacOS X 9.0.0"), host(18, "Windows XP Service Pack 2")] });
    let recorded = server.post_json("/redoubt/discovery/v1/results", &body.to_string());
    assert_eq!(recorded.status, 200, "{}", recorded.body);
    let schema = "3.0/was/catalog.xsd";
    let ask = |method: &str, path: &str, document: &str| {
        undated(&curl(&server, method, &format!("3.0/{path}"), document))
    };
    let success = "  <responseCode>SUCCESS</responseCode>";
    assert_eq!(ask("POST", "updateEntries/was/catalog", ""), expected(&server, schema, success));

    let count = format!("{success}\n  <count>2</count>");
    assert_eq!(ask("GET", "count/was/catalog", ""), expected(&server, schema, &count));
    assert_eq!(ask("POST", "count/was/catalog", ""), expected(&server, schema, &count));

    let update = r"<ServiceRequest>
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
    let one = |id: u32| {
        let record = format!("<Catalog>\n      <id>{id}</id>\n    </Catalog>");
        format!("{success}\n  <count>1</count>\n  <data>\n    {record}\n  </data>")
    };
    assert_eq!(ask("POST", "update/was/catalog/2", update), expected(&server, schema, &one(2)));

    let search = r#"<ServiceRequest>
<filters>
<Criteria field="ipAddress"
operator="EQUALS">10.113.*.*</Criteria>
</filters>
</ServiceRequest>"#;
    let by = "<updatedBy>
        <id>1</id>
        <username>admin</username>
      </updatedBy>";
    let dates = "<createdDate></createdDate>
      <updatedDate></updatedDate>";
    let entry = |last: u8, os: &str, status: &str| {
        format!(
            "<ipAddress>10.113.196.{last}</ipAddress>
      <port>80</port>
      <operatingSystem>{os}</operatingSystem>
      <source>VM_SCAN</source>
      <fqdn>10-113-196-{last}.bogus.tld</fqdn>
      <netbiosName>SYS_10_113_196_{last}</netbiosName>
      <status>{status}</status>"
        )
    };
    let (mac, windows) = (entry(17, "MacOS X 9.0.0", "NEW"), entry(18, "Windows XP Service Pack 2", "ROGUE"));
    let found = format!(
        "{success}
  <count>2</count>
  <hasMoreRecords>false</hasMoreRecords>
  <data>
    <Catalog>
      <id>1</id>
      {mac}
      {dates}
    </Catalog>
    <Catalog>
      <id>2</id>
      {windows}
      {dates}
      {by}
    </Catalog>
  </data>"
    );
    assert_eq!(ask("POST", "search/was/catalog", search), expected(&server, schema, &found));

    let shown = format!(
        "{success}
  <count>1</count>
  <data>
    <Catalog>
      <id>2</id>
      {windows}
      <comments>
        <count>2</count>
        <list>
          <Comment>
            <contents><![CDATA[Web Application added from scan consolidated data from VM]]></contents>
            <createdDate></createdDate>
          </Comment>
          <Comment>
            <contents><![CDATA[Comment 1]]></contents>
            <author>
              <id>1</id>
              <username>admin</username>
            </author>
            <createdDate></createdDate>
          </Comment>
        </list>
      </comments>
      {dates}
      {by}
    </Catalog>
  </data>"
    );
    assert_eq!(ask("GET", "get/was/catalog/2", ""), expected(&server, schema, &shown));

    let added = format!(
        "{success}
  <count>1</count>
  <data>
    <success>
      <ids>1</ids>
      <count>1</count>
    </success>
    <duplicate>
      <count>0</count>
    </duplicate>
    <error>
      <count>0</count>
    </error>
  </data>"
    );
    let answer = ask("POST", "addToSubscription/was/catalog/1", "");
    assert_eq!(answer, expected(&server, "version.xsd", &added));
    let noted = ask("GET", "get/was/catalog/1", "");
    let comment =
        "Entry added to subscription as 'Catalog Web Application: 10-113-196-17.bogus.tld, Port 80'";
    assert!(noted.contains(&format!("<![CDATA[{comment}]]>")), "{noted}");

    assert_eq!(ask("POST", "delete/was/catalog/2", ""), expected(&server, schema, &one(2)));
    assert!(ask("GET", "get/was/catalog/2", "").contains("<responseCode>NOT_FOUND</responseCode>"));
}

#[test]
fn the_binary_information_is_answered_as_in_the_documentation() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let add = |begin: &[u8], name: &str, platform: &str, version: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, begin).unwrap();
        let data = server.data();
        let (file, data) = (file.to_str().unwrap(), data.to_str().unwrap());
        let target = ["--platform", platform, "--architecture", "X_86_64", "--version", version];
        let added = run(&[&["binaries", "add", file, "--data", data][..], &target].concat(), "");
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let said = String::from_utf8(added.stdout).unwrap();
        said.trim().rsplit(' ').next().unwrap().to_owned()
    };
    let exe = add(b"MZ and the rest", "agent.exe", "WINDOWS", "4.1.0.67");
    let rpm = add(&[0xed, 0xab, 0xee, 0xdb, 3, 0], "agent.rpm", "LINUX", "4.6.0.56");
    let asked = |platform: &str, architecture: &str| {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<ServiceRequest>
    <data>
        <BinaryInfo>
            <platform>{platform}</platform>
            <architecture>{architecture}</architecture>
        </BinaryInfo>
    </data>
</ServiceRequest>
"#
        )
    };
    let shown = |platforms: &[(&str, &str, &str, &str)]| {
        let platforms: String = platforms
            .iter()
            .map(|(name, version, hash, extension)| {
                format!(
                    "        <Platform>
          <name>{name}</name>
          <version>{version}</version>
          <hash>Hash-SHA-256 : {hash}</hash>
          <extension>{extension}</extension>
        </Platform>\n"
                )
            })
            .collect();
        let count = platforms.matches("<Platform>").count();
        let body = format!(
            "  <responseCode>SUCCESS</responseCode>
  <count>{count}</count>
  <data>
    <AllBinaryInfo>
      <platforms>
{platforms}      </platforms>
    </AllBinaryInfo>
  </data>"
        );
        expected(&server, "1.0/ca/binaryinfo.xsd", &body)
    };
    let windows = ("Windows", "4.1.0.67", exe.as_str(), ".exe");
    let linux = ("Linux", "4.6.0.56", rpm.as_str(), ".rpm");
    let ask = |platform: &str, architecture: &str| {
        curl(&server, "POST", "1.0/process/ca/binaryinfo/", &asked(platform, architecture))
    };
    assert_eq!(ask("WINDOWS", "X_86_64"), shown(&[windows]));
    assert_eq!(ask("ALL", "ALL"), shown(&[windows, linux]));
}
