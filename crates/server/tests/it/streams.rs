//! Large answers: whole, in bounded memory, and never half.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use crate::common::{PASSWORD, Server};

const HOSTS: usize = 1000;
const PACKAGES: usize = 100;

fn fill(server: &Server) {
    let mut software = String::new();
    for package in 0..PACKAGES {
        let name = format!("a-package-with-a-rather-long-name-{package:04}");
        write!(
            software,
            "<HostAssetSoftware><name>{name}</name><version>1.0.{package}</version></HostAssetSoftware>"
        )
        .unwrap();
    }
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let software = &software;
            scope.spawn(move || {
                for host in (worker..HOSTS).step_by(4) {
                    let body = format!(
                        "<ServiceRequest><data><HostAsset><name>host-{host}</name><address>10.0.{}.{}</address>\
                         <trackingMethod>IP</trackingMethod><software><set>{software}</set></software></HostAsset></data></ServiceRequest>",
                        host / 250,
                        host % 250 + 1
                    );
                    server.post("/qps/rest/2.0/create/am/hostasset", &body).succeeded();
                }
            });
        }
    });
}

fn request(more: &str) -> String {
    let body =
        "<ServiceRequest><preferences><limitResults>1000</limitResults></preferences></ServiceRequest>";
    format!(
        "POST /qps/rest/2.0/search/am/hostasset HTTP/1.1\r\nHost: x\r\nuser: admin\r\npassword: {PASSWORD}\r\n{more}\
         Connection: close\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn count(xml: &str, element: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut found = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(start) if start.name().into_inner() == element => found += 1,
            quick_xml::events::Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn a_large_page_streams_in_bounded_memory_to_quick_and_slow_readers() {
    let server = Server::start();
    fill(&server);
    let page = server.post("/qps/rest/2.0/search/am/hostasset", "<ServiceRequest/>").succeeded();
    assert_eq!(page.header("transfer-encoding"), Some("chunked"));
    let before = server.memory("VmHWM");
    let whole = server.post(
        "/qps/rest/2.0/search/am/hostasset",
        "<ServiceRequest><preferences><limitResults>1000</limitResults></preferences></ServiceRequest>",
    );
    let whole = whole.succeeded();
    assert_eq!(count(&whole.body, "HostAssetSoftware"), HOSTS * PACKAGES);
    assert_eq!(whole.text("count"), Some(HOSTS.to_string().as_str()));

    // Eight readers who take their time: none of their answers is kept in memory.
    let mut readers: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            stream.write_all(request("").as_bytes()).unwrap();
            stream
        })
        .collect();
    sleep(Duration::from_secs(2));
    let grown = server.memory("VmHWM").saturating_sub(before);
    let size = u64::try_from(whole.body.len() / 1024).unwrap();
    assert!(size > 10_000, "{size}");
    // 512 KiB wait for each reader, and the objects are read from the database a few at a time.
    assert!(grown < 8 * 6_000, "{grown} KiB for 8 readers of {size} KiB each");
    let mut answer = String::new();
    readers[0].read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("</ServiceResponse>\r\n0\r\n\r\n"), "{} bytes came", answer.len());
    drop(readers);
    server.get("/qps/rest/2.0/count/am/tag").succeeded();
    assert!(server.stop().0);
}

#[test]
fn a_large_page_can_be_packed() {
    let server = Server::start();
    fill(&server);
    let call = || server.call("POST", "/qps/rest/2.0/search/am/hostasset").basic("admin", PASSWORD);
    let plain = call().body("").send().succeeded();
    let packed = call().header("Accept-Encoding", "gzip").body("").send().succeeded();
    assert!(packed.body == plain.body);
    let raw = super::hostile::exchange(&server, &request("Accept-Encoding: gzip\r\n"));
    assert!(raw.len() * 4 < plain.body.len() * 2, "{} of {}", raw.len(), plain.body.len());
}
