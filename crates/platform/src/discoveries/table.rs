//! The calls of the area. They are our own: other servers have none of them.

use super::error::fault_id;
use super::{calls, take};
use crate::gateway::{Body, Family, GatewayOperation, Member, Parameter, Place, Shape};
use crate::operation::State::Done;
use crate::{Method, Permission};

/// The area's calls.
pub(crate) static FAMILY: Family = Family {
    name: "discovery",
    version: "v1",
    title: "Discovery",
    about: "Record what discoveries found, and let the server run them on a schedule. Sign in with POST /auth, and \
            authorize with the token.",
    root: "redoubt/discovery",
    shape: Shape::Gateway,
    retired: None,
    error_id: fault_id,
    check: None,
    operations: OPERATIONS,
};

const ID: Parameter = Parameter {
    name: "id",
    place: Place::Path,
    required: true,
    about: "The id of the schedule.",
    sample: "1",
};

const fn member(name: &'static str, required: bool, about: &'static str, sample: &'static str) -> Member {
    Member { name, required, about, sample }
}

const RECORD: Member =
    member("record", false, "SCAN (VM results and host assets) or MAP (a network map).", "\"SCAN\"");

const RESULTS: &[Member] = &[
    RECORD,
    member(
        "ports",
        false,
        "The ports that were asked; those of them that were not found are closed.",
        "\"1-1024\"",
    ),
    member(
        "hosts",
        true,
        "The hosts, as redoubt discover --format json writes them; at most 20000.",
        r#"[{"address":"192.0.2.17","status":"up","reason":"1 ports accept connections","started":"2024-03-01T09:00:00Z","ended":"2024-03-01T09:01:00Z","ports":[{"port":22,"protocol":"tcp","service":"ssh","evidence":"it says SSH-2.0"}]}]"#,
    ),
];

/// What a schedule is told; all of it may be missing where one is changed.
const fn schedule_members(is_new: bool) -> [Member; 11] {
    [
        member("name", is_new, "A name that no other schedule has.", "\"Office network\""),
        member(
            "targets",
            is_new,
            "Addresses, ranges, CIDR blocks and host names; at most 65536 addresses.",
            "\"192.0.2.0/24\"",
        ),
        member("exclude", false, "What is left out of them.", "\"192.0.2.9\""),
        member(
            "ports",
            false,
            "Ports such as 1-1024, or web, well-known (the default) or all.",
            "\"well-known\"",
        ),
        member("rate", false, "Connections a second at the most: 1 to 20000; 2000 unless told.", "2000"),
        RECORD,
        member("status", false, "ACTIVE or INACTIVE.", "\"ACTIVE\""),
        member(
            "occurrence",
            false,
            "NONE (only when asked), ONCE, HOURLY, DAILY, WEEKLY or MONTHLY.",
            "\"DAILY\"",
        ),
        member("every", false, "Every so many hours, days, weeks or months: 1 to 400.", "1"),
        member(
            "start",
            false,
            "The first time; now unless told. Without an offset, it is what clocks show in timeZone.",
            "\"2031-02-03T04:05:06Z\"",
        ),
        member(
            "timeZone",
            false,
            "The IANA time zone whose days, weeks and months are counted; UTC unless told.",
            "\"Europe/London\"",
        ),
    ]
}

const NEW: [Member; 11] = schedule_members(true);
const CHANGED: [Member; 11] = schedule_members(false);

const RECORDED: &str = r#"{"code":200,"data":{"hosts":1,"silent":0,"outdated":0,"assetsCreated":1,"assetsMerged":0,"webServices":0}}"#;
const SCHEDULE: &str = r#"{"code":200,"data":{"id":1,"name":"Office network","owner":"admin","targets":"192.0.2.0-192.0.2.255","exclude":"192.0.2.9","ports":"well-known","rate":2000,"record":"SCAN","status":"ACTIVE","occurrence":"DAILY","created":"2024-03-01T10:00:00Z","updated":"2024-03-01T10:00:00Z","runs":[{"number":1,"started":"2024-03-01T11:00:00Z","ended":"2024-03-01T11:02:00Z","state":"FINISHED","addresses":255,"done":255,"openPorts":31,"connections":280130,"recorded":{"hosts":12,"silent":243,"outdated":0,"assetsCreated":2,"assetsMerged":10,"webServices":7}}]}}"#;
const SCHEDULES: &str = r#"{"code":200,"data":{"items":[{"id":1,"name":"Office network","owner":"admin","targets":"192.0.2.0-192.0.2.255","exclude":"192.0.2.9","ports":"well-known","rate":2000,"record":"SCAN","status":"ACTIVE","occurrence":"NONE","created":"2024-03-01T10:00:00Z","updated":"2024-03-01T10:00:00Z","runs":[]}],"totalCount":1}}"#;

const OPERATIONS: &[GatewayOperation] = &[
    GatewayOperation {
        method: Method::Post,
        path: "/redoubt/discovery/v1/results",
        name: "recordResults",
        about: "Records what a discovery found: as VM results, which make host assets or are merged into them (this \
                needs Edit Asset, too), or as a network map.",
        documented: false,
        permission: Permission::CreateAsset,
        parameters: &[],
        body: Body::Document(RESULTS),
        sample: RECORDED,
        refusals: &[400, 401, 403],
        handler: take::results,
        state: Done("a_discovery_is_recorded_over_the_wire"),
    },
    GatewayOperation {
        method: Method::Post,
        path: "/redoubt/discovery/v1/schedule",
        name: "createSchedule",
        about: "Makes a schedule of discoveries that the server runs in your name.",
        documented: false,
        permission: Permission::ManageDiscoveries,
        parameters: &[],
        body: Body::Json(&NEW),
        sample: SCHEDULE,
        refusals: &[400, 401, 403],
        handler: calls::create,
        state: Done("schedules_are_made_changed_and_deleted"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/redoubt/discovery/v1/schedules",
        name: "listSchedules",
        about: "All schedules; with a scope, your own.",
        documented: false,
        permission: Permission::ManageDiscoveries,
        parameters: &[],
        body: Body::None,
        sample: SCHEDULES,
        refusals: &[401, 403],
        handler: calls::list,
        state: Done("schedules_are_made_changed_and_deleted"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/redoubt/discovery/v1/schedule/{id}",
        name: "getSchedule",
        about: "A schedule, how far its run is, and its last runs.",
        documented: false,
        permission: Permission::ManageDiscoveries,
        parameters: &[ID],
        body: Body::None,
        sample: SCHEDULE,
        refusals: &[401, 403, 404],
        handler: calls::one,
        state: Done("a_run_is_recorded_and_told_of"),
    },
    GatewayOperation {
        method: Method::Put,
        path: "/redoubt/discovery/v1/schedule/{id}",
        name: "updateSchedule",
        about: "Changes a schedule: what is not named stays. It runs in your name from then on.",
        documented: false,
        permission: Permission::ManageDiscoveries,
        parameters: &[ID],
        body: Body::Json(&CHANGED),
        sample: SCHEDULE,
        refusals: &[400, 401, 403, 404],
        handler: calls::update,
        state: Done("schedules_are_made_changed_and_deleted"),
    },
    GatewayOperation {
        method: Method::Delete,
        path: "/redoubt/discovery/v1/schedule/{id}",
        name: "deleteSchedule",
        about: "Deletes a schedule; a run that is under way ends.",
        documented: false,
        permission: Permission::ManageDiscoveries,
        parameters: &[ID],
        body: Body::None,
        sample: r#"{"code":200,"data":{"id":1}}"#,
        refusals: &[401, 403, 404],
        handler: calls::delete,
        state: Done("schedules_are_made_changed_and_deleted"),
    },
    GatewayOperation {
        method: Method::Post,
        path: "/redoubt/discovery/v1/schedule/{id}/run",
        name: "runSchedule",
        about: "Runs a schedule now.",
        documented: false,
        permission: Permission::ManageDiscoveries,
        parameters: &[ID],
        body: Body::None,
        sample: SCHEDULE,
        refusals: &[400, 401, 403, 404],
        handler: calls::run,
        state: Done("a_run_is_recorded_and_told_of"),
    },
    GatewayOperation {
        method: Method::Post,
        path: "/redoubt/discovery/v1/schedule/{id}/cancel",
        name: "cancelSchedule",
        about: "Cancels the run of a schedule; the hosts that were done until then are recorded.",
        documented: false,
        permission: Permission::ManageDiscoveries,
        parameters: &[ID],
        body: Body::None,
        sample: SCHEDULE,
        refusals: &[401, 403, 404],
        handler: calls::cancel,
        state: Done("a_run_is_cancelled"),
    },
];
