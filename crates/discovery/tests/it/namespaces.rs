//! The same open ports as Nmap's connect scan, whatever the host does with the others.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::net::{HOST, HOST6, Net};

const QUICK: &str = "--no-services --no-netbios";

#[test]
fn open_and_closed_ports_are_told_apart_on_both_families() {
    let Some(mut net) = Net::make() else { return };
    let open = [1, 22, 80, 443, 1024, 8080, 33_333, 40_001, 49_152, 60_999, 65_535];
    net.listen(&open);
    for (address, more) in [(HOST, &[][..]), (HOST6, &["-6"][..])] {
        let nmap = net.nmap(&[&["-p1-65535", address], more].concat());
        let (ours, report) = net.discover(&[QUICK, "--ports 1-65535", address]);
        assert_eq!(nmap, BTreeSet::from(open));
        assert_eq!(ours, nmap);
        assert_eq!(report["hosts"][0]["closed"], 65_535 - open.len());
    }
}

#[test]
fn filtered_ports_hide_nothing_and_hold_nothing_up() {
    let Some(mut net) = Net::make() else { return };
    net.listen(&[22, 80, 150, 999, 1_500, 1_777]);
    // Dropped without a word, refused by the firewall in three ways, and open ones among them.
    net.firewall(
        "",
        &[
            "tcp dport { 150 } drop",
            "tcp dport { 22, 80, 999, 1500 } accept",
            "tcp dport 1-1000 drop",
            "tcp dport 1001-1200 reject with icmpx type admin-prohibited",
            "tcp dport 1201-1300 reject with tcp reset",
            "tcp dport 1301-1400 reject with icmpx type port-unreachable",
        ],
    );
    let nmap = net.nmap(&["-p1-2000", HOST]);
    let (ours, report) = net.discover(&[QUICK, "--ports 1-2000", HOST]);
    assert_eq!(nmap, BTreeSet::from([22, 80, 999, 1_500, 1_777]));
    assert_eq!(ours, nmap);
    assert!(report["hosts"][0]["filtered"].as_u64().unwrap() >= 1_000 - 3, "{report}");
}

#[test]
fn a_host_that_drops_what_comes_too_fast_keeps_no_port_to_itself() {
    let Some(mut net) = Net::make() else { return };
    let open: Vec<u16> = (0..40).map(|n| 1 + n * 15).collect();
    net.listen(&open);
    net.firewall("", &["tcp flags & (syn|ack) == syn limit rate over 200/second burst 20 packets drop"]);
    let nmap = net.nmap(&["-p1-600", HOST]);
    let (ours, _) = net.discover(&[QUICK, "--ports 1-600", HOST]);
    assert_eq!(nmap, open.iter().copied().collect());
    assert_eq!(ours, nmap);
}

#[test]
fn a_host_that_loses_the_first_syn_of_each_port_is_asked_again() {
    let Some(mut net) = Net::make() else { return };
    let open: Vec<u16> = (0..20).map(|n| 3 + n * 12).collect();
    net.listen(&open);
    let set = "set seen { type inet_service; flags dynamic; size 65535; }";
    net.firewall(set, &["tcp flags & (syn|ack) == syn tcp dport != @seen add @seen { tcp dport } drop"]);
    let (ours, _) = net.discover(&[QUICK, "--ports 1-250", HOST]);
    assert_eq!(ours, open.iter().copied().collect());
    // The set is full of what we asked, so Nmap meets none of that: it tells what is really open.
    assert_eq!(net.nmap(&["-p1-250", HOST]), ours);
}

#[test]
fn a_slow_host_keeps_no_port_to_itself() {
    let Some(mut net) = Net::slow(600) else { return };
    let open = [3, 22, 80, 171, 200, 299];
    net.listen(&open);
    for (address, more) in [(HOST, &[][..]), (HOST6, &["-6"][..])] {
        let (ours, report) = net.discover(&[QUICK, "--ports 1-300", address]);
        assert_eq!(ours, BTreeSet::from(open), "{report}");
        // Nmap misses ports of such a host now and then while the machine is busy: up to three of its scans together.
        let mut nmap = BTreeSet::new();
        for _ in 0..3 {
            nmap.append(&mut net.nmap(&[&["-p1-300", address], more].concat()));
            if nmap == ours {
                break;
            }
        }
        assert_eq!(nmap, ours);
        let host = &report["hosts"][0];
        assert_eq!(host["closed"], 300 - open.len(), "{report}");
        assert!(host["roundTripMs"].as_f64().unwrap() >= 1_200.0, "{report}");
    }
}

#[test]
fn a_slow_host_behind_a_silent_firewall_is_waited_for() {
    let Some(mut net) = Net::slow(600) else { return };
    net.listen(&[60, 71, 149]);
    net.firewall("", &["tcp dport != { 71, 149 } drop"]);
    let nmap = net.nmap(&["-p1-150", HOST]);
    let (ours, report) = net.discover(&[QUICK, "--ports 1-150", HOST]);
    assert_eq!(nmap, BTreeSet::from([71, 149]));
    assert_eq!(ours, nmap, "{report}");
}

#[test]
fn a_host_that_is_slower_still_is_waited_for() {
    let Some(mut net) = Net::slow(1_250) else { return };
    net.listen(&[22, 299]);
    let (ours, report) = net.discover(&[QUICK, "--ports 1-300", HOST]);
    assert_eq!(ours, BTreeSet::from([22, 299]), "{report}");
    assert_eq!(report["hosts"][0]["closed"], 298, "{report}");
}

#[test]
fn what_the_kernel_repeats_to_a_slow_host_is_within_the_rate() {
    let Some(mut net) = Net::slow(600) else { return };
    net.python(PAGE);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("syns");
    net.watch(&file);
    let (ours, report) = net.discover(&["--no-netbios --rate 100 --ports 1-300,8080", HOST]);
    assert_eq!(ours, BTreeSet::from([8_080]), "{report}");
    let page = &report["hosts"][0]["ports"][0];
    assert_eq!((&page["service"], &page["http"]["title"]), (&"http".into(), &"Far away".into()), "{report}");
    let syns = std::fs::read_to_string(&file).unwrap();
    let mut syns: Vec<f64> = syns.lines().map(|line| line.parse().unwrap()).collect();
    syns.sort_by(f64::total_cmp);
    let most = syns.iter().map(|end| syns.iter().filter(|at| **at > end - 1.0 && *at <= end).count()).max();
    assert!(most.unwrap() <= 100, "{most:?} of {} in a second", syns.len());
    // Whether a repetition of the kernel went out when its answer came at the same moment can't be told for certain.
    let (sent, told) = (syns.len() as u64, report["summary"]["connections"].as_u64().unwrap());
    assert!(sent.abs_diff(told) <= 5, "{sent} were sent, {told} told of");
}

/// A web server with one page.
const PAGE: &str = "
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'<title>Far away</title>'
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('0.0.0.0', 8080), Page)
print('ready', flush=True)
server.serve_forever()
";

/// Accepts everything and says nothing.
const ACCEPTING: &str = "
import socket
listener = socket.socket()
listener.bind(('0.0.0.0', 9999))
listener.listen(4000)
print('ready', flush=True)
held = []
while True:
    held.append(listener.accept()[0])
    held = held[-500:]
";

#[test]
fn a_host_where_every_port_accepts_is_told_as_a_tarpit() {
    let Some(mut net) = Net::make() else { return };
    net.python(ACCEPTING);
    net.redirect_all_to(9_999);
    let nmap = net.nmap(&["-p1-2000", HOST]);
    let begun = Instant::now();
    let (ours, report) = net.discover(&["--no-netbios --ports 1-2000", HOST]);
    assert!(ours.len() == 2_000 && ours == nmap, "{} ports, by Nmap {}", ours.len(), nmap.len());
    assert!(
        report["hosts"][0]["tarpit"].as_str().unwrap().starts_with("2000 of 2000 ports accept"),
        "{report}"
    );
    // Two thousand silent ports looked at one after another would take more than an hour.
    assert!(begun.elapsed() < Duration::from_secs(120));
}

#[test]
fn no_more_syns_arrive_than_were_asked_for() {
    let Some(mut net) = Net::make() else { return };
    net.listen(&[5, 6, 7]);
    // The host itself counts what comes in any second over the rate; a burst of a hundredth is its measure's grain.
    net.firewall(
        "counter syns { }\ncounter excess { }",
        &[
            "tcp flags & (syn|ack) == syn counter name syns",
            "tcp flags & (syn|ack) == syn limit rate over 300/second burst 5 packets counter name excess",
            "tcp dport 100-400 drop",
        ],
    );
    let begun = Instant::now();
    let (ours, report) = net.discover(&["--no-netbios --rate 300 --ports 1-1000", HOST]);
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(ours, BTreeSet::from([5, 6, 7]));
    let all = net.counter("syns");
    assert_eq!(net.counter("excess"), 0, "of {all}");
    assert!(all as f64 <= 300.0 * seconds.ceil(), "{all} in {seconds} s");
    assert!(all >= 1_000 && all >= report["summary"]["connections"].as_u64().unwrap(), "{all}: {report}");
    // What we say we sent is what arrived: the kernel added nothing of its own.
    assert_eq!(all, report["summary"]["connections"].as_u64().unwrap());
}

#[test]
fn nobody_at_an_address_is_told_and_a_cancel_ends_at_once() {
    let Some(net) = Net::make() else { return };
    let report = net.scan(&[QUICK, "--all --ports 1-50 10.99.0.77"], None);
    assert_ne!(report["hosts"][0]["status"], "up");
    let report = net.scan(&[QUICK, "--ports 1-65535 10.99.0.64-10.99.0.99"], Some(500));
    assert_eq!(report["summary"]["cancelled"], true);
    let seconds = report["summary"]["seconds"].as_f64().unwrap();
    assert!(seconds < 1.5, "{seconds}");
}
