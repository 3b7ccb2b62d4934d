//! A machine with an agent, which speaks to both installations.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use inventory::protocol::{
    AgentKey, CHECKIN_PATH, CheckIn, CheckInAnswer, Content, ENROLL_PATH, EnrollRequest, EnrollResponse,
    Refusal, RefusalCode, Secret, Verdict, pack,
};
use inventory::{
    Account, AwsInstance, Cloud, ContentHash, Docker, Interface, InterfaceKind, Inventory, Label, List,
    Package, PackageSource, Port, Processor, Text, Transport, Volume, diff,
};
use platform::Platform;
use platform::agents::{self, ActivationKey, AgentRequest};
use store::Id;
use uuid::Uuid;

use crate::common::World;

/// Runs a future on this thread.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A message as it is sent.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) body: Vec<u8>,
    pub(crate) signature: Option<String>,
    pub(crate) encoding: Option<&'static str>,
    /// The agent that it names, on each side.
    pub(crate) agents: [Option<String>; 2],
}

/// A host with an agent.
pub(crate) struct Machine<'w> {
    world: &'w World,
    pub(crate) key: AgentKey,
    /// What each installation calls the agent.
    pub(crate) ids: [Option<Uuid>; 2],
    pub(crate) inventory: Inventory,
    /// What the installations hold.
    pub(crate) accepted: Option<Inventory>,
    pub(crate) sequence: u64,
    pub(crate) previous: [Option<Uuid>; 2],
    pub(crate) peer: Option<IpAddr>,
}

impl<'w> Machine<'w> {
    /// A machine with these names, hardware addresses and addresses, which has not enrolled yet.
    pub(crate) fn new(world: &'w World, name: &str, number: u8) -> Self {
        let mut inventory = Inventory::default();
        inventory.host.hostname = name.into();
        inventory.os.name = "Debian GNU/Linux 12 (bookworm)".into();
        inventory.os.family = "Linux".into();
        inventory.identity.machine_id = Some(format!("{number:032x}").as_str().into());
        inventory.interfaces = List::from([interface(number)]);
        Self::with(world, inventory)
    }

    pub(crate) fn with(world: &'w World, inventory: Inventory) -> Self {
        let (key, _) = AgentKey::generate().unwrap();
        let peer = "198.51.100.7".parse().ok();
        let (ids, previous) = ([None; 2], [None; 2]);
        Self { world, key, ids, inventory, accepted: None, sequence: 0, previous, peer }
    }

    /// The same machine with a new installation of the agent, which knows nothing of the first.
    pub(crate) fn reinstalled(&self) -> Machine<'w> {
        Machine::with(self.world, self.inventory.clone())
    }

    /// The enrolment, for each side with its activation key.
    pub(crate) fn enrolment(&self, side: usize, activation_key: &str) -> Message {
        self.enrolment_with(side, activation_key, None)
    }

    /// The enrolment of an agent that was told of what installation the server is.
    pub(crate) fn enrolment_with(
        &self,
        side: usize,
        activation_key: &str,
        customer: Option<Uuid>,
    ) -> Message {
        let secret = Secret::new(activation_key);
        let mut request = EnrollRequest::of(
            &self.inventory,
            secret,
            self.key.public(),
            "1.2.3".into(),
            self.previous[side],
        );
        request.customer_id = customer;
        self.signed(ENROLL_PATH, serde_json::to_vec(&request).unwrap())
    }

    pub(crate) fn signed(&self, path: &str, body: Vec<u8>) -> Message {
        let signature = Some(self.key.sign("POST", path, &body));
        let agents = self.ids.map(|id| id.map(|id| id.to_string()));
        Message { body, signature, encoding: None, agents }
    }

    /// Enrols with the default key of each installation.
    pub(crate) fn enroll(&mut self) -> Result<(), RefusalCode> {
        let mut codes = Vec::new();
        for side in 0..2 {
            let key = activation_key(&self.world.sides[side]);
            let answer = self.send_enrolment(side, &self.enrolment(side, &key));
            codes.push(answer.as_ref().map(drop).map_err(|refusal| refusal.code));
            self.ids[side] = answer.ok().map(|answer| answer.agent_id);
        }
        assert_eq!(codes[0], codes[1], "both installations say the same");
        codes.swap_remove(0)
    }

    pub(crate) fn send_enrolment(&self, side: usize, message: &Message) -> Result<EnrollResponse, Refusal> {
        wait(agents::enroll(&self.world.sides[side], self.request(side, message)))
    }

    fn request<'m>(&self, side: usize, message: &'m Message) -> AgentRequest<'m> {
        AgentRequest {
            agent: message.agents[side].as_deref(),
            signature: message.signature.as_deref(),
            encoding: message.encoding,
            body: &message.body,
            peer: self.peer,
        }
    }

    /// Sends a check-in to both installations, which must say the same.
    #[track_caller]
    pub(crate) fn send(&self, message: &Message) -> Result<CheckInAnswer, Refusal> {
        let mut answers: Vec<_> = (0..2)
            .map(|side| wait(agents::check_in(&self.world.sides[side], self.request(side, message))))
            .collect();
        let plain = |answer: &Result<CheckInAnswer, Refusal>| answer.clone().map_err(|refusal| refusal.code);
        assert_eq!(plain(&answers[0]), plain(&answers[1]));
        answers.swap_remove(0)
    }

    /// A check-in under the next sequence.
    pub(crate) fn message(
        &mut self,
        base: Option<ContentHash>,
        state: ContentHash,
        content: Content,
    ) -> Message {
        self.sequence += 1;
        let message = CheckIn {
            sequence: self.sequence,
            agent_version: "1.2.3".into(),
            collected_at: self.world.now(),
            base,
            state,
            content,
        };
        self.signed(CHECKIN_PATH, serde_json::to_vec(&message).unwrap())
    }

    /// The whole inventory.
    pub(crate) fn full(&mut self) -> Message {
        let inventory = self.inventory.clone();
        self.message(None, inventory.hash(), Content::Full(Box::new(inventory)))
    }

    /// What changed since the installations last accepted something.
    pub(crate) fn delta(&mut self) -> Message {
        let held = self.accepted.clone().expect("something was accepted");
        let delta = diff(&held, &self.inventory);
        let content = if delta.is_empty() { Content::Unchanged } else { Content::Delta(Box::new(delta)) };
        let state = self.inventory.hash();
        self.message(Some(held.hash()), state, content)
    }

    /// Reports everything, packed, and demands that it is accepted.
    #[track_caller]
    pub(crate) fn report(&mut self) {
        let plain = self.full();
        let mut packed = self.signed(CHECKIN_PATH, pack(&plain.body).unwrap());
        packed.encoding = Some("gzip");
        self.demand_accepted(&packed);
    }

    /// Reports what changed, and demands that it is accepted.
    #[track_caller]
    pub(crate) fn report_changes(&mut self) {
        let message = self.delta();
        self.demand_accepted(&message);
    }

    #[track_caller]
    pub(crate) fn demand_accepted(&mut self, message: &Message) {
        let answer = self.send(message).unwrap();
        assert_eq!((answer.verdict, answer.commands.len()), (Verdict::Accepted, 0));
        self.accepted = Some(self.inventory.clone());
    }

    /// Enrols and reports.
    #[track_caller]
    pub(crate) fn join(mut self) -> Self {
        self.enroll().unwrap();
        self.report();
        self
    }
}

/// The first activation key of an installation.
pub(super) fn activation_key(platform: &Platform) -> String {
    let key = platform.store().read().unwrap().get(Id::<ActivationKey>::new(1)).unwrap();
    key.expect("a first key").key.to_string()
}

pub(super) fn interface(number: u8) -> Interface {
    Interface {
        name: "eth0".into(),
        mac: Some(format!("02:00:00:00:00:{number:02x}").as_str().into()),
        kind: InterfaceKind::Private,
        addresses: List::from([format!("192.0.2.{number}/24").parse().unwrap()]),
        gateway: "192.0.2.254".parse().ok(),
    }
}

pub(super) fn package(name: &str, version: &str) -> Package {
    Package {
        name: name.into(),
        version: version.into(),
        architecture: "amd64".into(),
        installed_at: "2024-01-01T00:00:00Z".parse().ok(),
        source: PackageSource::Dpkg,
        publisher: Some("Debian".into()),
    }
}

pub(super) fn port(number: u16, address: &str, process: Option<&str>) -> Port {
    Port {
        port: number,
        protocol: Transport::Tcp,
        address: address.parse().unwrap(),
        process: process.map(Text::from),
        service: Some("service".into()),
    }
}

/// An inventory with something in every member.
pub(super) fn rich() -> Inventory {
    let mut inventory = Inventory::default();
    inventory.identity.machine_id = Some("0123456789abcdef0123456789abcdef".into());
    inventory.identity.bios_uuid = Some("4c4c4544-0043-3510-8052-b4c04f4a4d31".into());
    inventory.identity.bios_serial = Some("SER1".into());
    inventory.os.name = "Debian GNU/Linux 12 (bookworm)".into();
    inventory.os.id = "debian".into();
    inventory.os.version = "12".into();
    inventory.os.kernel = "6.1.0-18-amd64".into();
    inventory.os.architecture = "x86_64".into();
    inventory.os.family = "Linux".into();
    inventory.host.hostname = "web-7".into();
    inventory.host.fqdn = Some("web-7.example.net".into());
    inventory.host.domain = Some("example.net".into());
    let mut lo = interface(0);
    (lo.name, lo.mac, lo.kind, lo.gateway) = ("lo".into(), None, InterfaceKind::Loopback, None);
    lo.addresses = List::from(["127.0.0.1/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    let mut eth = interface(7);
    eth.addresses.insert("2001:db8::7/64".parse().unwrap());
    let mut second = interface(8);
    (second.name, second.gateway) = ("eth1".into(), None);
    second.addresses = List::from(["10.0.0.8/8".parse().unwrap()]);
    let mut down = interface(9);
    (down.name, down.kind, down.addresses, down.gateway) =
        ("eth2".into(), InterfaceKind::Unaddressed, List::new(), None);
    inventory.interfaces = List::from([lo, eth, second, down]);
    inventory.packages = List::from([
        package("openssl", "3.0.11-1"),
        package("bash", "5.2.15-2"),
        package("zlib1g", "1:1.2.13"),
    ]);
    inventory.ports = List::from([
        port(22, "0.0.0.0", Some("sshd")),
        port(22, "::", Some("sshd")),
        port(443, "0.0.0.0", None),
        Port { protocol: Transport::Udp, service: None, ..port(68, "0.0.0.0", None) },
    ]);
    let user = |name: &str, uid| Account {
        username: name.into(),
        uid,
        gid: uid,
        full_name: None,
        home: None,
        shell: None,
    };
    inventory.accounts = List::from([user("root", 0), user("kim", 1000)]);
    inventory.volumes = List::from([Volume {
        name: "/".into(),
        device: Some("/dev/sda1".into()),
        file_system: Some("ext4".into()),
        size: 1_000_000,
        free: 400_000,
    }]);
    let socket = |socket| Processor {
        socket,
        name: "CPU @ 2.50GHz".into(),
        speed_mhz: Some(2_500),
        cores: 4,
        threads: 8,
    };
    inventory.processors = List::from([socket(0), socket(1)]);
    inventory.memory_mb = Some(16_000);
    inventory.hardware.manufacturer = Some("Maker".into());
    inventory.hardware.model = Some("Model".into());
    inventory.hardware.bios_description = Some("Maker 1.0 01/01/2024".into());
    inventory.last_boot = "2024-02-29T23:59:59Z".parse().ok();
    inventory.last_logged_on_user = Some("kim".into());
    inventory.timezone = Some("Europe/Berlin".into());
    inventory.cloud = Some(Cloud::Aws(AwsInstance {
        instance_id: "i-0abc".into(),
        account_id: Some("205767712438".into()),
        region: Some("us-east-2".into()),
        launch_time: "2024-02-29T12:00:00.5Z".parse().ok(),
        tags: List::from([Label { key: "Name".into(), value: "web-7".into() }]),
        ..AwsInstance::default()
    }));
    inventory.docker = Some(Docker { version: Some("26.1".into()), containers: Some(3), images: None });
    inventory
}
