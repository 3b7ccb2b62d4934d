//! A whole tree read into a document, and this machine compared with what its own tools say.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread;

use inventory::linux::{Options, collect};
use inventory::{Cloud, Inventory, PackageSource};
use serde_json::json;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn small_machine(root: &Path) {
    write(
        root,
        "etc/os-release",
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n",
    );
    write(root, "etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    write(root, "etc/hosts", "127.0.1.1 web-1.example.org web-1\n");
    write(root, "etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
    write(root, "proc/sys/kernel/hostname", "web-1\n");
    write(root, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    write(root, "proc/sys/kernel/arch", "x86_64\n");
    write(root, "proc/meminfo", "MemTotal: 2048000 kB\n");
    write(root, "proc/stat", "btime 1700000000\n");
    write(
        root,
        "proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Xeon\ncpu MHz\t: 2500.0\nphysical id\t: 0\ncpu cores\t: 1\n",
    );
    write(root, "proc/net/tcp", "h\n 0: 00000000:0016 00000000:0000 0A 0:0 0:0 0 0 0 21434 1\n");
    write(root, "proc/77/comm", "sshd\n");
    fs::create_dir_all(root.join("proc/77/fd")).unwrap();
    symlink("socket:[21434]", root.join("proc/77/fd/3")).unwrap();
    symlink("/usr/share/zoneinfo/Europe/Berlin", root.join("etc/localtime")).unwrap();
    write(root, "sys/class/dmi/id/sys_vendor", "QEMU\n");
    write(root, "sys/class/dmi/id/product_name", "Standard PC\n");
    write(root, "sys/class/dmi/id/product_uuid", "4C4C4544-0051-3010-8052-B4C04F4E3532\n");
    write(root, "sys/class/dmi/id/bios_vendor", "SeaBIOS\n");
    write(root, "sys/class/dmi/id/bios_version", "1.16\n");
    write(root, "sys/class/net/eth0/address", "52:54:00:12:34:56\n");
    write(root, "sys/class/net/lo/address", "00:00:00:00:00:00\n");
    write(root, "proc/net/route", "h\neth0\t00000000\t0102000A\t0003\t0\t0\t50\t00000000\t0\t0\t0\n");
    let status = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2\n";
    write(root, "var/lib/dpkg/status", status);
    write(root, "var/lib/dpkg/info/bash.list", "");
    let file = fs::File::open(root.join("var/lib/dpkg/info/bash.list")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).unwrap();
}

#[test]
fn a_small_machine_is_read_into_this_document() {
    let root = tempfile::tempdir().unwrap();
    small_machine(root.path());
    let inventory = collect(&Options { root: root.path().into(), metadata: None });
    let expected = json!({
        "identity": {
            "machineId": "0123456789abcdef0123456789abcdef",
            "biosUuid": "4c4c4544-0051-3010-8052-b4c04f4e3532",
        },
        "os": {
            "name": "Debian GNU/Linux 12 (bookworm)", "id": "debian", "version": "12",
            "kernel": "6.1.0-18-amd64", "architecture": "x86_64", "family": "Linux",
        },
        "host": {"hostname": "web-1", "fqdn": "web-1.example.org", "domain": "example.org"},
        "interfaces": [
            {"name": "eth0", "mac": "52:54:00:12:34:56", "kind": "UNADDRESSED", "gateway": "10.0.2.1"},
            {"name": "lo", "kind": "UNADDRESSED"},
        ],
        "packages": [{
            "name": "bash", "version": "5.2", "architecture": "amd64", "source": "dpkg",
            "installedAt": "2023-11-14T22:13:20Z",
        }],
        "ports": [{"port": 22, "protocol": "TCP", "address": "0.0.0.0", "process": "sshd", "service": "ssh"}],
        "accounts": [{"username": "root", "uid": 0, "gid": 0, "fullName": "root", "home": "/root", "shell": "/bin/bash"}],
        "processors": [{"socket": 0, "name": "Xeon", "speedMhz": 2500, "cores": 1, "threads": 1}],
        "memoryMb": 2000,
        "hardware": {"manufacturer": "QEMU", "model": "Standard PC", "biosDescription": "SeaBIOS 1.16"},
        "lastBoot": "2023-11-14T22:13:20Z",
        "timezone": "Europe/Berlin",
        "omissions": [
            {"what": "interfaces.addresses", "why": "addresses can be read on the running machine only"},
            {"what": "lastLoggedOnUser", "why": "there is no /var/log/wtmp here"},
            {"what": "volumes", "why": "there is no /proc/self/mountinfo here"},
        ],
    });
    assert_eq!(serde_json::to_value(&inventory).unwrap(), expected);
}

fn this_machine() -> Inventory {
    collect(&Options { metadata: None, ..Options::default() })
}

/// What a tool of this machine prints; `None` where there is no such tool.
fn tool(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn this_machines_packages_are_those_that_dpkg_tells() {
    let Some(output) =
        tool("dpkg-query", &["-W", "-f", "${db:Status-Abbrev}|${Package}|${Version}|${Architecture}\n"])
    else {
        return;
    };
    let installed = |line: &str| {
        line.split_once('|').filter(|(s, _)| s.get(1..2) == Some("i")).map(|(_, rest)| rest.into())
    };
    let expected: BTreeSet<String> = output.lines().filter_map(installed).collect();
    let packages = this_machine().packages;
    let ours = packages.iter().filter(|package| package.source == PackageSource::Dpkg);
    let ours: BTreeSet<String> =
        ours.map(|p| format!("{}|{}|{}", p.name, p.version, p.architecture)).collect();
    assert_eq!(ours, expected);
    assert!(packages.iter().filter(|p| p.source == PackageSource::Dpkg).all(|p| p.installed_at.is_some()));
}

#[test]
fn packages_that_rpm_installed_are_read_from_its_database() {
    if tool("rpmbuild", &["--version"]).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let spec = "Name: tiny\nEpoch: 3\nVersion: 1.2\nRelease: 4\nSummary: x\nLicense: x\nVendor: Example, Inc.\n\
                BuildArch: noarch\n%description\nx\n%files\n";
    write(folder.path(), "tiny.spec", spec);
    tool("rpmbuild", &["-bb", "--define", &format!("_topdir {}", path("build")), &path("tiny.spec")])
        .unwrap();
    fs::create_dir_all(path("root/var/lib/rpm")).unwrap();
    let package = path("build/RPMS/noarch/tiny-1.2-4.noarch.rpm");
    let database = path("root/var/lib/rpm");
    // Debian's rpm wants to be told that this is meant; others do not know the option.
    let install = |more: &[&str]| {
        tool(
            "rpm",
            &[&["--dbpath", database.as_str(), "-i", "--justdb", "--nodeps", package.as_str()], more]
                .concat(),
        )
    };
    install(&["--force-debian"]).or_else(|| install(&[])).unwrap();
    let inventory = collect(&Options { root: path("root").into(), metadata: None });
    let found: Vec<String> =
        inventory.packages.iter().map(|p| format!("{} {} {}", p.name, p.version, p.architecture)).collect();
    assert_eq!(found, ["tiny 3:1.2-4 noarch"]);
    let tiny = inventory.packages.first().unwrap();
    assert_eq!(tiny.publisher.as_deref(), Some("Example, Inc."));
    assert!(tiny.installed_at.is_some());
}

#[test]
fn a_login_that_the_systems_own_tool_recorded_is_read() {
    let records = "[7] [01234] [ts/0] [ada     ] [pts/0       ] [10.0.0.1            ] [10.0.0.1       ] \
                   [2025-11-14T22:13:20,000000+00:00]\n\
                   [8] [01234] [ts/0] [        ] [pts/0       ] [                    ] [0.0.0.0        ] \
                   [2025-11-14T22:14:20,000000+00:00]\n";
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "records", records);
    let Ok(output) = Command::new("utmpdump").arg("-r").arg(root.path().join("records")).output() else {
        return;
    };
    fs::create_dir_all(root.path().join("var/log")).unwrap();
    fs::write(root.path().join("var/log/wtmp"), output.stdout).unwrap();
    let inventory = collect(&Options { root: root.path().into(), metadata: None });
    assert_eq!(inventory.last_logged_on_user.as_deref(), Some("ada"));
}

#[test]
fn this_machines_addresses_are_those_that_ip_tells() {
    let Some(output) = tool("ip", &["-o", "address", "show"]) else { return };
    let word = |line: &str, at| line.split_whitespace().nth(at).unwrap_or_default().to_owned();
    let lasting = output
        .lines()
        .filter(|line| !["temporary", "tentative", "deprecated"].iter().any(|f| line.contains(f)));
    let expected: BTreeSet<String> =
        lasting.map(|line| format!("{} {}", word(line, 1), word(line, 3))).collect();
    let inventory = this_machine();
    let of = |interface: &inventory::Interface| -> Vec<String> {
        interface.addresses.iter().map(|address| format!("{} {address}", interface.name)).collect()
    };
    let ours: BTreeSet<String> = inventory.interfaces.iter().flat_map(of).collect();
    assert_eq!(ours, expected);
}

#[test]
fn a_port_that_is_opened_here_is_listed_with_this_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let inventory = this_machine();
    let found =
        inventory.ports.iter().find(|found| found.port == port && found.address.is_loopback()).unwrap();
    assert!(found.process.is_some());
}

#[test]
fn this_machine_read_twice_makes_an_empty_delta() {
    let first = this_machine();
    let mut second = this_machine();
    second.settle(&first);
    // Other tests open ports meanwhile.
    second.ports.clone_from(&first.ports);
    assert_eq!(inventory::diff(&first, &second), inventory::Delta::default());
    assert!(!first.os.name.is_empty() && !first.host.hostname.is_empty() && first.memory_mb > Some(0));
    assert!(first.volumes.iter().any(|volume| volume.name == "/" && volume.free <= volume.size));
}

/// Answers like a metadata service: the first part whose path is asked for, and 404 for everything else.
fn metadata_service(answers: &'static [(&'static str, &'static str)]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = [0; 2048];
            let read = connection.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let answer = answers.iter().find(|(asked, _)| *asked == path);
            let (status, body) = answer.map_or(("404 Not Found", ""), |(_, body)| ("200 OK", *body));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = connection.write_all(format!("{head}{body}").as_bytes());
        }
    });
    address
}

fn in_cloud(answers: &'static [(&'static str, &'static str)]) -> Inventory {
    let root = tempfile::tempdir().unwrap();
    collect(&Options { root: root.path().into(), metadata: Some(metadata_service(answers)) })
}

#[test]
fn an_ec2_instance_knows_itself() {
    let inventory = in_cloud(&[
        ("/latest/api/token", "AQAE-token=="),
        (
            "/latest/dynamic/instance-identity/document",
            r#"{"accountId":"123456789012","architecture":"x86_64","availabilityZone":"eu-west-1b","billingProducts":null,
                "imageId":"ami-0a1","instanceId":"i-0b2","instanceType":"t3.micro","pendingTime":"2024-05-01T10:00:00Z",
                "privateIp":"10.0.0.5","region":"eu-west-1","version":"2017-09-30"}"#,
        ),
        ("/latest/meta-data/mac", "0a:11:22:33:44:55"),
        ("/latest/meta-data/network/interfaces/macs/0a:11:22:33:44:55/vpc-id", "vpc-9"),
        ("/latest/meta-data/tags/instance", "Name\nbad key"),
        ("/latest/meta-data/tags/instance/Name", "web"),
    ]);
    let Some(Cloud::Aws(instance)) = &inventory.cloud else { panic!("{:?}", inventory.cloud) };
    assert_eq!(instance.instance_id, "i-0b2");
    assert_eq!(instance.vpc_id.as_deref(), Some("vpc-9"));
    assert_eq!(instance.launch_time.unwrap().to_string(), "2024-05-01T10:00:00Z");
    assert_eq!(serde_json::to_value(&instance.tags).unwrap(), json!([{"key": "Name", "value": "web"}]));
    assert_eq!(instance.public_ip_address, None);
}

#[test]
fn an_azure_machine_knows_itself() {
    let inventory = in_cloud(&[(
        "/metadata/instance?api-version=2021-02-01&format=json",
        r#"{"compute":{"vmId":"02aab8a4-74ef","name":"vm1","location":"westeurope","vmSize":"Standard_A1","offer":"debian-12",
            "publisher":"Debian","version":"0.1","osType":"Linux","subscriptionId":"8d10","resourceGroupName":"rg",
            "tagsList":[{"name":"env","value":"prod"}]},
            "network":{"interface":[{"macAddress":"000D3A936C6D","ipv4":{"ipAddress":[{"privateIpAddress":"10.1.0.4",
            "publicIpAddress":"198.51.100.9"}],"subnet":[{"address":"10.1.0.0","prefix":"24"}]},"ipv6":{"ipAddress":[]}}]}}"#,
    )]);
    let Some(Cloud::Azure(machine)) = &inventory.cloud else { panic!("{:?}", inventory.cloud) };
    assert_eq!(machine.mac_address.as_deref(), Some("00:0d:3a:93:6c:6d"));
    assert_eq!(machine.subnet.as_deref(), Some("10.1.0.0/24"));
    assert_eq!(machine.public_ip_address.as_deref(), Some("198.51.100.9"));
}

#[test]
fn a_google_instance_knows_itself_without_its_attributes() {
    let inventory = in_cloud(&[
        (
            "/computeMetadata/v1/instance/?recursive=true",
            r#"{"id":4520031799277581759,"hostname":"a.c.p.internal","machineType":"projects/77/machineTypes/e2-small",
                "image":"projects/debian-cloud/global/images/debian-12","zone":"projects/77/zones/europe-west1-b",
                "attributes":{"startup-script":"top-secret"},"tags":["http"],
                "networkInterfaces":[{"ip":"10.2.0.3","mac":"42:01:0a:02:00:03","network":"projects/77/networks/default",
                "accessConfigs":[{"externalIp":"203.0.113.5","type":"ONE_TO_ONE_NAT"}]}]}"#,
        ),
        ("/computeMetadata/v1/project/project-id", "my-project"),
    ]);
    let Some(Cloud::Gcp(instance)) = &inventory.cloud else { panic!("{:?}", inventory.cloud) };
    assert_eq!(instance.instance_id, "4520031799277581759");
    assert_eq!(instance.project_id.as_deref(), Some("my-project"));
    assert_eq!(instance.project_id_no.as_deref(), Some("77"));
    assert_eq!(instance.image_id.as_deref(), Some("debian-12"));
    assert!(!format!("{inventory:?}").contains("top-secret"));
}

#[test]
fn outside_a_cloud_the_reading_goes_on_after_a_moment() {
    // Takes connections and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = tempfile::tempdir().unwrap();
    let begun = std::time::Instant::now();
    let inventory =
        collect(&Options { root: root.path().into(), metadata: Some(listener.local_addr().unwrap()) });
    assert!(begun.elapsed() < std::time::Duration::from_millis(900), "{:?}", begun.elapsed());
    assert_eq!(inventory.cloud, None);
    assert!(inventory.omissions.iter().any(|omission| omission.what == "cloud"));
}
