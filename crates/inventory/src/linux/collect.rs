//! All readers together.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::thread;

use super::tree::{Omissions, Tree};
use super::{
    accounts, apk, boot, cloud, dmi, docker, dpkg, hostname, interfaces, logins, memory, os_release, ports,
    processors, rpm, timezone, volumes,
};
use crate::{Inventory, List, MAX_ITEMS};

/// What to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// The root of the file tree. Anything but `/` is read as files only: no system call or program is asked, and absolute
    /// links inside the tree lead out of it.
    pub root: PathBuf,
    /// Where the metadata service of a cloud provider would be; `None` asks nobody.
    pub metadata: Option<SocketAddr>,
}

impl Options {
    /// Where all providers have their metadata service.
    pub const METADATA: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), 80);
}

impl Default for Options {
    /// The running machine, with its cloud.
    fn default() -> Self {
        Self { root: "/".into(), metadata: Some(Self::METADATA) }
    }
}

/// Reads everything that may be read. What may not is in [`Inventory::omissions`].
pub fn collect(options: &Options) -> Inventory {
    let tree = Tree::new(&options.root);
    thread::scope(|scope| {
        // The metadata service takes its time, without work for this machine.
        let asked = options.metadata.map(|address| {
            let tree = &tree;
            scope.spawn(move || {
                let mut omissions = Omissions::default();
                (cloud::read(tree, address, &mut omissions), omissions.into_list())
            })
        });
        let mut inventory = read(&tree);
        if let Some(Ok((cloud, omissions))) = asked.map(thread::ScopedJoinHandle::join) {
            inventory.cloud = cloud;
            inventory.omissions.extend(omissions);
        }
        inventory
    })
}

fn read(tree: &Tree) -> Inventory {
    let mut omissions = Omissions::default();
    let omit = &mut omissions;
    // First and last: what is there at both ends is there to stay.
    let sockets = ports::read(tree, omit);
    let mut packages = List::new();
    dpkg::read(tree, omit, &mut *packages);
    rpm::read(tree, omit, &mut *packages);
    apk::read(tree, omit, &mut *packages);
    let accounts = accounts::read(tree, omit);
    let mut inventory = Inventory {
        identity: dmi::identity(tree, omit),
        os: os_release::read(tree, omit),
        host: hostname::read(tree, omit),
        interfaces: interfaces::read(tree, omit),
        packages,
        ports: List::new(),
        volumes: volumes::read(tree, omit),
        processors: processors::read(tree, omit),
        memory_mb: memory::read(tree, omit),
        hardware: dmi::hardware(tree, omit),
        last_boot: boot::read(tree, omit),
        last_logged_on_user: logins::read(tree, &accounts, omit),
        timezone: timezone::read(tree, omit),
        cloud: None,
        docker: docker::read(tree, omit),
        accounts,
        omissions: List::new(),
    };
    inventory.ports = ports::finish(tree, omit, sockets);
    bound(&mut inventory, omit);
    inventory.omissions = omissions.into_list();
    inventory
}

/// Cuts what no message could carry, and says so.
fn bound(inventory: &mut Inventory, omissions: &mut Omissions) {
    let cut = [
        ("interfaces", inventory.interfaces.cut(MAX_ITEMS)),
        ("packages", inventory.packages.cut(MAX_ITEMS)),
        ("ports", inventory.ports.cut(MAX_ITEMS)),
        ("accounts", inventory.accounts.cut(MAX_ITEMS)),
        ("volumes", inventory.volumes.cut(MAX_ITEMS)),
        ("processors", inventory.processors.cut(MAX_ITEMS)),
    ];
    for (what, _) in cut.iter().filter(|(_, was_cut)| *was_cut) {
        omissions.note(what, &format!("there are more than {MAX_ITEMS}; only so many are told"));
    }
}
