//! The agents' protocol over HTTP. What a report does to an asset is shown where assets are.

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

fn enrols_and_checks_in(server: &Server) {
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
    let reply = agent.post(CHECKIN_PATH, &full(1, inventory()), Some(&id));
    let answer: CheckInAnswer = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(answer.verdict, Verdict::Accepted);
    let found = server.get("/qps/rest/2.0/search/am/hostasset?fields=id,name").succeeded();
    assert_eq!(found.text("name"), Some("web-1"), "{}", found.body);
}

#[test]
fn an_agent_enrols_and_checks_in_over_http() {
    enrols_and_checks_in(&Server::start());
}

#[test]
fn an_agent_enrols_and_checks_in_where_the_database_is_postgresql() {
    let database = Database::create();
    let server = Setup::new().with(&["--database", database.url()]).start();
    enrols_and_checks_in(&server);
    let server = server.restart();
    let found = server.get("/qps/rest/2.0/search/am/hostasset").succeeded();
    assert_eq!(found.text("count"), Some("1"), "{}", found.body);
    assert!(server.stop().0);
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
