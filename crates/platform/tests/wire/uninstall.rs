//! A real agent's messages, signed, up to its end (`contract/ca.md 3.7`).

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use inventory::protocol::{
    AgentKey, CHECKIN_PATH, CheckIn, CheckInAnswer, Command, Content, ENROLL_PATH, EnrollRequest, Refusal,
    RefusalCode, Secret, Verdict,
};
use inventory::{Inventory, Text};
use platform::agents::{self, ActivationKey, AgentRequest};
use serde::Serialize;
use store::Id;

use crate::common::World;

/// Runs a future on this thread; the store answers from another.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return answer;
        }
        std::thread::yield_now();
    }
}

/// A host with an agent, on the first side of a world.
struct Host<'w> {
    world: &'w World,
    key: AgentKey,
    id: String,
    inventory: Inventory,
}

impl<'w> Host<'w> {
    fn enrolled(world: &'w World, name: &str) -> Self {
        let (key, _) = AgentKey::generate().unwrap();
        let mut inventory = Inventory::default();
        inventory.host.hostname = Text::from(name);
        let side = &world.sides[0];
        let activation =
            side.store().read().unwrap().get(Id::<ActivationKey>::new(1)).unwrap().expect("a first key");
        let secret = Secret::new(&activation.key.to_string());
        let request = EnrollRequest::of(&inventory, secret, key.public(), Text::from("1.0.0"), None);
        let mut host = Self { world, key, id: String::new(), inventory };
        let answer = host.send(ENROLL_PATH, &request, |request| wait(agents::enroll(side, request)));
        host.id = answer.unwrap().agent_id.to_string();
        host
    }

    fn send<A>(
        &self,
        path: &str,
        message: &impl Serialize,
        to: impl FnOnce(AgentRequest<'_>) -> Result<A, Refusal>,
    ) -> Result<A, Refusal> {
        let body = serde_json::to_vec(message).unwrap();
        let signature = self.key.sign("POST", path, &body);
        let (agent, signature) = (Some(self.id.as_str()), Some(signature.as_str()));
        to(AgentRequest { agent, signature, encoding: None, body: &body, peer: None })
    }

    fn check_in(&self, sequence: u64) -> Result<CheckInAnswer, Refusal> {
        let message = CheckIn {
            sequence,
            agent_version: Text::from("1.0.0"),
            collected_at: self.world.now(),
            base: None,
            state: self.inventory.hash(),
            content: Content::Full(Box::new(self.inventory.clone())),
        };
        self.send(CHECKIN_PATH, &message, |request| wait(agents::check_in(&self.world.sides[0], request)))
    }
}

#[test]
fn an_uninstalled_agent_is_told_and_its_asset_is_gone() {
    let world = World::new();
    let host = Host::enrolled(&world, "web-1");
    assert_eq!(host.check_in(1).unwrap().verdict, Verdict::Accepted);
    let me = world.manager();
    let call = |path: &str| me.one(0, "POST", path, qps::Format::Xml, None, "");
    assert_eq!(call("/qps/rest/2.0/get/am/hostasset/1").record().text_at("name"), "web-1");
    assert_eq!(call("/qps/rest/2.0/uninstall/am/asset/1").ids(), [1]);
    call("/qps/rest/2.0/get/am/hostasset/1").refused("NOT_FOUND");
    for sequence in [2, 3] {
        assert_eq!(host.check_in(sequence).unwrap().commands, [Command::Uninstall], "until it stays away");
    }
    let other = Host { id: host.id.clone(), ..Host::enrolled(&world, "web-2") };
    assert_eq!(other.check_in(9).unwrap_err().code, RefusalCode::BadSignature, "nobody else is told");
}

#[test]
fn a_message_is_taken_in_once_and_a_stranger_not_at_all() {
    let world = World::new();
    let mut host = Host::enrolled(&world, "web-1");
    assert_eq!(host.check_in(1).unwrap().verdict, Verdict::Accepted);
    let before = world.fingerprint();
    assert_eq!(host.check_in(1).unwrap().verdict, Verdict::Accepted, "the answer was lost");
    host.inventory.host.hostname = Text::from("forged");
    assert_eq!(host.check_in(1).unwrap().verdict, Verdict::SequenceExpected { after: 1 });
    host.id = "00000000-0000-0000-0000-000000000000".into();
    assert_eq!(host.check_in(2).unwrap_err().code, RefusalCode::UnknownAgent);
    assert_eq!(world.fingerprint(), before);
}
