//! Hosts in network namespaces of our own, and Nmap to judge.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Two namespaces joined by a cable: one for the scanner, one for the host.
pub(crate) struct Net {
    pub(crate) scanner: String,
    pub(crate) host: String,
    processes: Vec<Child>,
}

/// Addresses of the host.
pub(crate) const HOST: &str = "10.99.0.2";
pub(crate) const HOST6: &str = "fd99::2";

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Net {
    /// The namespaces; none where they can't be made, which is said. In continuous integration they must be.
    pub(crate) fn make() -> Option<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number}", std::process::id());
        let net = Self { scanner: format!("rds{id}"), host: format!("rdh{id}"), processes: Vec::new() };
        let missing: Vec<_> =
            ["ip", "nft", "nmap", "python3"].into_iter().filter(|tool| !has(tool)).collect();
        if missing.is_empty() && net.lay().is_ok() {
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

    fn lay(&self) -> Result<(), String> {
        let (scanner, host) = (&self.scanner, &self.host);
        for line in [
            format!("netns add {scanner}"),
            format!("netns add {host}"),
            format!("-n {scanner} link add v0 type veth peer name v0 netns {host}"),
            format!("-n {scanner} addr add 10.99.0.1/24 dev v0"),
            format!("-n {host} addr add {HOST}/24 dev v0"),
            format!("-n {scanner} addr add fd99::1/64 dev v0 nodad"),
            format!("-n {host} addr add {HOST6}/64 dev v0 nodad"),
            format!("-n {scanner} link set lo up"),
            format!("-n {host} link set lo up"),
            format!("-n {scanner} link set v0 up"),
            format!("-n {host} link set v0 up"),
        ] {
            run("ip", &line.split(' ').collect::<Vec<_>>(), None)?;
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

    /// Python that runs on the host until the end of the test; it prints a line when it is ready.
    pub(crate) fn python(&mut self, script: &str) {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.host, "python3", "-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
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
        let all =
            [&["netns", "exec", &self.scanner, "nmap", "-sT", "-Pn", "-n", "-oG", "-"], arguments].concat();
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
