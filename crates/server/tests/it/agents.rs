//! The agents' protocol over HTTP. What a report does to an asset is shown where assets are.

use agent::cycle::{Outcome, visit_and_tell};
use agent::enroll::{Enrolment, enroll};
use agent::state::StateDir;
use agent::trust::Trust;
use inventory::linux::Options;
use inventory::protocol::{
    AGENT_HEADER, AgentKey, CHECKIN_PATH, CheckIn, CheckInAnswer, Content, ENROLL_PATH, EnrollRequest,
    EnrollResponse, Refusal, RefusalCode, SIGNATURE_HEADER, Secret, Verdict, pack,
};
use inventory::{HostNames, Inventory};
use testkit::postgres::Database;

use crate::common::{Reply, Server, Setup};

struct Agent<'s> {
    server: &'s Server,
    key: AgentKey,
}

impl Agent<'_> {
    fn post(&self, path: &'static str, message: &impl serde::Serialize, agent: Option<&str>) -> Reply {
        let body = pack(&serde_json::to_vec(message).unwrap()).unwrap();
        let call = self.server.call("POST", path).header("Content-Encoding", "gzip");
        let call = call.header(SIGNATURE_HEADER, &self.key.sign("POST", path, &body));
        agent.into_iter().fold(call, |call, agent| call.header(AGENT_HEADER, agent)).body(body).send()
    }

    fn enroll(&self, inventory: &Inventory, activation_key: &str) -> Reply {
        let secret = Secret::new(activation_key);
        let request = EnrollRequest::of(inventory, secret, self.key.public(), "0.1.0".into(), None);
        self.post(ENROLL_PATH, &request, None)
    }
}

fn inventory() -> Inventory {
    let host = HostNames { hostname: "web-1".into(), ..HostNames::default() };
    Inventory { host, ..Inventory::default() }
}

fn full(sequence: u64, inventory: Inventory) -> CheckIn {
    CheckIn {
        sequence,
        agent_version: "0.1.0".into(),
        collected_at: "2024-03-01T10:00:00Z".parse().unwrap(),
        base: None,
        state: inventory.hash(),
        content: Content::Full(Box::new(inventory)),
    }
}

/// Whether a new agent is let in with this activation key.
pub(crate) fn enrols(server: &Server, activation_key: &str) -> bool {
    let agent = Agent { server, key: AgentKey::generate().unwrap().0 };
    agent.enroll(&inventory(), activation_key).status == 200
}

/// The agent's key and id.
fn enrols_and_checks_in(server: &Server) -> (AgentKey, String) {
    let agent = Agent { server, key: AgentKey::generate().unwrap().0 };
    let activation_key = server.said_after("activation key for agents ").unwrap();
    let reply = agent.enroll(&inventory(), &activation_key);
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/json")),
        "{}",
        reply.body
    );
    let id = serde_json::from_str::<EnrollResponse>(&reply.body).unwrap().agent_id.to_string();
    checks_in(&agent, &id, 1);
    let found = server.get("/qps/rest/2.0/search/am/hostasset?fields=id,name").succeeded();
    assert_eq!(found.text("name"), Some("web-1"), "{}", found.body);
    (agent.key, id)
}

fn checks_in(agent: &Agent<'_>, id: &str, sequence: u64) {
    let reply = agent.post(CHECKIN_PATH, &full(sequence, inventory()), Some(id));
    let answer: CheckInAnswer = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(answer.verdict, Verdict::Accepted);
}

#[test]
fn an_agent_enrols_and_checks_in_over_http() {
    let server = Server::start();
    let (key, id) = enrols_and_checks_in(&server);
    let server = server.restart();
    checks_in(&Agent { server: &server, key }, &id, 2);
}

#[test]
fn an_agent_enrols_and_checks_in_where_the_database_is_postgresql() {
    let database = Database::create();
    let server = Setup::new().with(&["--database", database.url()]).start();
    let (key, id) = enrols_and_checks_in(&server);
    let server = server.restart();
    checks_in(&Agent { server: &server, key }, &id, 2);
    let found = server.get("/qps/rest/2.0/search/am/hostasset").succeeded();
    assert_eq!(found.text("count"), Some("1"), "{}", found.body);
    assert!(server.stop().0);
}

#[test]
fn the_real_agent_reports_this_machine_over_tls_to_the_pinned_certificate() {
    let server = Setup::new().with(&["--tls-listen", "127.0.0.1:0"]).start();
    let dir = tempfile::tempdir().unwrap();
    let (state, options) = (StateDir::new(dir.path()), Options { root: "/".into(), metadata: None });
    let join = |fingerprint: &str| {
        let activation_key = Secret::new(&server.said_after("activation key for agents ").unwrap());
        let trust = Trust::Fingerprint(fingerprint.parse().unwrap());
        let customer_id = None;
        let to = Enrolment {
            server: server.tls_url().parse().unwrap(),
            trust,
            activation_key,
            customer_id,
            force: false,
        };
        enroll(&state, &to, &options)
    };
    assert!(join(&"0".repeat(64)).is_err());
    join(&server.said_after("SHA-256 ").unwrap()).unwrap();
    assert!(matches!(visit_and_tell(&state, &options), Outcome::Reported { .. }));
    assert!(matches!(visit_and_tell(&state, &options), Outcome::Reported { .. }));
    let found = server.get("/qps/rest/2.0/search/am/hostasset?fields=name,os,software").succeeded();
    assert_eq!(found.text("count"), Some("1"), "{}", found.body);
    assert!(found.body.contains("<HostAssetSoftware>"), "{}", found.body);
}

#[test]
fn refusals_are_in_the_words_of_the_protocol() {
    let server = Server::start();
    let agent = Agent { server: &server, key: AgentKey::generate().unwrap().0 };
    let refused = |reply: Reply, status, code| {
        assert_eq!(reply.status, status, "{}", reply.body);
        let refusal: Refusal = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(refusal.code, code, "{}", reply.body);
        assert!(!refusal.message.is_empty());
        assert_eq!(reply.header("www-authenticate"), None);
    };
    refused(agent.enroll(&inventory(), "no such key"), 403, RefusalCode::ActivationKeyRefused);
    let nobody =
        agent.post(CHECKIN_PATH, &full(1, inventory()), Some("00000000-0000-4000-8000-000000000000"));
    refused(nobody, 401, RefusalCode::UnknownAgent);
    refused(agent.post(CHECKIN_PATH, &full(1, inventory()), None), 401, RefusalCode::UnknownAgent);
    refused(server.call("POST", ENROLL_PATH).body("{").send(), 400, RefusalCode::Malformed);
    refused(server.call("POST", ENROLL_PATH).body("").send(), 400, RefusalCode::Malformed);
    let huge = server.call("POST", ENROLL_PATH).body(vec![b' '; (4 << 20) + 1]);
    refused(huge.send(), 413, RefusalCode::TooLarge);
}
