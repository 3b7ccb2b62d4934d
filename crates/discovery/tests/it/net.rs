//! Hosts in network namespaces of our own, and Nmap to judge.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Two namespaces joined by a cable: one for the scanner, one for the host.
pub(crate) struct Net {
    pub(crate) scanner: String,
    pub(crate) host: String,
    is_slow: bool,
    processes: Vec<Child>,
}

/// Addresses of the host.
pub(crate) const HOST: &str = "10.99.0.2";
pub(crate) const HOST6: &str = "fd99::2";

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Net {
    /// The namespaces; none where they can't be made, which is said. In continuous integration they must be.
    pub(crate) fn make() -> Option<Self> {
        Self::joined(None)
    }

    /// The same, with a cable on which each packet takes so many milliseconds, ARP and all.
    pub(crate) fn slow(milliseconds: u32) -> Option<Self> {
        Self::joined(Some(milliseconds))
    }

    fn joined(delay: Option<u32>) -> Option<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number}", std::process::id());
        let mut net = Self {
            scanner: format!("rds{id}"),
            host: format!("rdh{id}"),
            is_slow: delay.is_some(),
            processes: Vec::new(),
        };
        let missing: Vec<_> =
            ["ip", "nft", "nmap", "python3"].into_iter().filter(|tool| !has(tool)).collect();
        if missing.is_empty() && net.lay(delay).is_ok() {
            return Some(net);
        }
        let why = if missing.is_empty() {
            "no right to make network namespaces".to_owned()
        } else {
            format!("{missing:?} missing")
        };
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "must run in CI: {why}");
        eprintln!("skipped: {why}");
        None
    }

    fn lay(&mut self, delay: Option<u32>) -> Result<(), String> {
        let (scanner, host) = (self.scanner.clone(), self.host.clone());
        ip(&format!("netns add {scanner}"))?;
        ip(&format!("netns add {host}"))?;
        match delay {
            None => ip(&format!("-n {scanner} link add v0 type veth peer name v0 netns {host}"))?,
            Some(milliseconds) => {
                let arguments = format!("ENDS = {scanner:?}, {host:?}\nDELAY = {milliseconds} / 1000\n");
                self.start(Command::new("python3").args(["-c", &(arguments + SLOW_CABLE)]));
            }
        }
        for line in [
            format!("-n {scanner} addr add 10.99.0.1/24 dev v0"),
            format!("-n {host} addr add {HOST}/24 dev v0"),
            format!("-n {scanner} addr add fd99::1/64 dev v0 nodad"),
            format!("-n {host} addr add {HOST6}/64 dev v0 nodad"),
            format!("-n {scanner} link set lo up"),
            format!("-n {host} link set lo up"),
            format!("-n {scanner} link set v0 up"),
            format!("-n {host} link set v0 up"),
        ] {
            ip(&line)?;
        }
        Ok(())
    }

    /// Rules of the host's firewall, for a chain of what comes in.
    pub(crate) fn firewall(&self, before: &str, rules: &[&str]) {
        let chain = rules.join("\n");
        let table = format!(
            "table inet t {{\n{before}\nchain in {{\ntype filter hook input priority 0;\n{chain}\n}}\n}}\n"
        );
        run("ip", &["netns", "exec", &self.host, "nft", "-f", "-"], Some(&table)).unwrap();
    }

    /// Every port of the host is this one.
    pub(crate) fn redirect_all_to(&self, port: u16) {
        let table = format!(
            "table ip n {{\nchain in {{\ntype nat hook prerouting priority -100;\nmeta l4proto tcp redirect to :{port}\n}}\n}}\n"
        );
        run("ip", &["netns", "exec", &self.host, "nft", "-f", "-"], Some(&table)).unwrap();
    }

    /// What a named counter of the firewall counted.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let text =
            run("ip", &["netns", "exec", &self.host, "nft", "list", "counter", "inet", "t", name], None)
                .unwrap();
        let words: Vec<_> = text.split_whitespace().collect();
        let at = words.iter().position(|word| *word == "packets").unwrap();
        words[at + 1].parse().unwrap()
    }

    /// Notes when each SYN leaves the scanner from now on, by the kernel's clock, in a file: a line for each, in seconds.
    pub(crate) fn watch(&mut self, file: &std::path::Path) {
        let scanner = self.scanner.clone();
        let script = format!("FILE = {file:?}\n{WATCH}");
        self.start(Command::new("ip").args(["netns", "exec", &scanner, "python3", "-c", &script]));
    }

    /// Python that runs on the host until the end of the test; it prints a line when it is ready.
    pub(crate) fn python(&mut self, script: &str) {
        let host = self.host.clone();
        self.start(Command::new("ip").args(["netns", "exec", &host, "python3", "-c", script]));
    }

    /// Starts what runs until the end of the test; it prints a line when it is ready.
    fn start(&mut self, command: &mut Command) {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
            .unwrap();
        assert_eq!(line.trim(), "ready");
        self.processes.push(child);
    }

    /// Listens on these ports, on both families, and accepts nothing itself: the kernel does.
    pub(crate) fn listen(&mut self, ports: &[u16]) {
        self.python(&format!(
            "import socket,time\nall=[]\nfor p in {ports:?}:\n s=socket.socket(socket.AF_INET6);s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n \
             s.bind(('::',p));s.listen(4000);all.append(s)\nprint('ready',flush=True)\ntime.sleep(3600)"
        ));
    }

    /// The open ports by our own scan, run inside the scanner's namespace, and the whole report.
    pub(crate) fn discover(&self, arguments: &[&str]) -> (BTreeSet<u16>, serde_json::Value) {
        let report = self.scan(arguments, None);
        let ports = report["hosts"][0]["ports"].as_array().cloned().unwrap_or_default();
        (ports.iter().map(|port| u16::try_from(port["port"].as_u64().unwrap()).unwrap()).collect(), report)
    }

    /// The report of our own scan, which may be stopped after some milliseconds. The process is this very test program,
    /// so that no other has to be built.
    pub(crate) fn scan(&self, arguments: &[&str], stop: Option<u64>) -> serde_json::Value {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report");
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.scanner])
            .arg(std::env::current_exe().unwrap())
            .args(["net::scan_as_told", "--exact", "--nocapture", "--ignored"])
            .env("DISCOVER", arguments.join(" "))
            .env("DISCOVER_OUT", &file);
        if let Some(stop) = stop {
            command.env("STOP_AFTER", stop.to_string());
        }
        let output = command.output().unwrap();
        let report = std::fs::read(&file).unwrap_or_default();
        serde_json::from_slice(&report)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The open ports by Nmap's connect scan.
    pub(crate) fn nmap(&self, arguments: &[&str]) -> BTreeSet<u16> {
        // With a host that is far away, Nmap is only patient if it has met it before, and gives a port up after little more
        // than the usual round trip, which is too soon while this machine is busy.
        let patience = ["--initial-rtt-timeout", "3s", "--min-rtt-timeout", "3s"];
        let meeting = if self.is_slow { &patience[..] } else { &["-Pn"] };
        let all =
            [&["netns", "exec", &self.scanner, "nmap", "-sT", "-n", "-oG", "-"], meeting, arguments].concat();
        let text = run("ip", &all, None).unwrap();
        let ports = text
            .lines()
            .filter_map(|line| line.split_once("Ports: "))
            .flat_map(|(_, ports)| ports.split(", "));
        let open = ports.filter(|port| port.contains("/open/"));
        open.map(|port| port.split('/').next().unwrap().trim().parse().unwrap()).collect()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for child in &mut self.processes {
            let _ = child.kill();
            let _ = child.wait();
        }
        for name in [&self.scanner, &self.host] {
            let _ = run("ip", &["netns", "del", name], None);
        }
    }
}

/// A cable between two network interfaces `v0` that it makes, on which each packet takes a while; kernels without netem
/// have no such thing of their own.
const SLOW_CABLE: &str = r"
import collections, ctypes, fcntl, os, select, struct, time
libc = ctypes.CDLL(None, use_errno=True)
def end(name):
    space = os.open('/run/netns/' + name, os.O_RDONLY)
    assert libc.setns(space, 0x40000000) == 0
    tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, 0x400454ca, struct.pack('16sH22x', b'v0', 0x1002))
    return tap
a, b = map(end, ENDS)
other, under_way = {a: b, b: a}, collections.deque()
print('ready', flush=True)
while True:
    wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
    for tap in select.select([a, b], [], [], wait)[0]:
        for _ in range(64):
            try:
                under_way.append((time.monotonic() + DELAY, other[tap], os.read(tap, 4096)))
            except OSError:
                break
    while under_way and under_way[0][0] <= time.monotonic():
        _, tap, packet = under_way.popleft()
        try:
            os.write(tap, packet)
        except OSError:
            pass
";

/// Sees each frame that leaves, with the time at which the kernel sent it.
const WATCH: &str = r"
import socket, struct
seen = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
seen.bind(('v0', 0))
seen.setsockopt(socket.SOL_SOCKET, 35, 1)
seen.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
out = open(FILE, 'w')
print('ready', flush=True)
while True:
    frame, more, _, (_, _, kind, _, _) = seen.recvmsg(64, 256)
    # Outgoing, IPv4 without options, TCP, SYN without ACK.
    if kind == 4 and frame[12:14] == b'\x08\x00' and frame[23] == 6 and frame[47] & 0x12 == 2:
        seconds, nanoseconds = struct.unpack('qq', more[0][2][:16])
        print(f'{seconds}.{nanoseconds:09}', file=out, flush=True)
";

fn ip(line: &str) -> Result<(), String> {
    run("ip", &line.split(' ').collect::<Vec<_>>(), None).map(|_| ())
}

fn has(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|dir| dir.join(tool).exists())
}

pub(crate) fn run(program: &str, arguments: &[&str], input: Option<&str>) -> Result<String, String> {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.unwrap_or_default().as_bytes())
        .map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

#[derive(Debug, clap::Parser)]
struct Told {
    #[command(flatten)]
    discover: discovery::cli::DiscoverArgs,
}

/// Not a test: the other tests run this in a namespace, as a process of its own.
#[test]
#[ignore = "a process that other tests start"]
fn scan_as_told() {
    let told = std::env::var("DISCOVER").unwrap_or_default();
    let told = <Told as clap::Parser>::parse_from(
        ["x", "--no-dns", "--format", "json"].into_iter().chain(told.split_whitespace()),
    );
    let cancel = discovery::Cancel::default();
    let stop = cancel.clone();
    if let Ok(milliseconds) = std::env::var("STOP_AFTER") {
        let time = std::time::Duration::from_millis(milliseconds.parse().unwrap());
        std::thread::spawn(move || {
            std::thread::sleep(time);
            stop.cancel();
        });
    }
    let mut out = Vec::new();
    let status = discovery::cli::run(&told.discover, &cancel, &mut out, &mut std::io::stderr()).unwrap();
    // Into a file: the test harness has words of its own on standard output.
    std::fs::write(std::env::var("DISCOVER_OUT").unwrap(), &out).unwrap();
    std::process::exit(status.into());
}
