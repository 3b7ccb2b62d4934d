//! The calls of the area: the documented nine without `/auth`, and our extensions (`contract/oca.md 3`).

use super::error::{Code, fault_id};
use super::wanted::shown;
use super::{calls, provision, revoke, upload};
use crate::Result;
use crate::gateway::{
    Body, Family, FilePart, GatewayInput, GatewayOperation, Member, Parameter, Place, Shape,
};
use crate::operation::State::Done;
use crate::{Method, Permission};

/// The area's calls.
pub(crate) static FAMILY: Family = Family {
    name: "oca",
    version: "v2",
    title: "Out-of-band configuration assessment",
    about: "Assess devices that neither a scanner nor an agent may reach: provision them, run their commands, and \
            upload what they printed. Sign in with POST /auth, and authorize with the token.",
    root: "ocaapi",
    shape: Shape::Gateway,
    retired: Some(("v1.0", "the same calls below /ocaapi/v2.0")),
    error_id: fault_id,
    check: Some(check_flow),
    operations: OPERATIONS,
};

/// The header that all calls may have (`contract/oca.md 2.3`).
const FLOW: Parameter = Parameter {
    name: "assetFlowType",
    place: Place::Header,
    required: false,
    about: "The way in which assets are told apart. Only DEFAULT: by address and technology.",
    sample: "\"DEFAULT\"",
};

fn check_flow(input: &GatewayInput) -> Result<()> {
    match input.header(FLOW.name).map(str::trim) {
        None | Some("") => Ok(()),
        Some(flow) if flow.eq_ignore_ascii_case("DEFAULT") => Ok(()),
        Some(other) => {
            let other = shown(other);
            Err(Code::Value
                .error(format!("assetFlowType: '{other}' is not supported. The value expected is DEFAULT.")))
        }
    }
}

const UUID: Parameter = Parameter {
    name: "uuid",
    place: Place::Path,
    required: true,
    about: "The UUID of the asset.",
    sample: "\"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e\"",
};

const MANIFEST: Parameter = Parameter {
    name: "manifest_types",
    place: Place::Path,
    required: true,
    about: "The manifest type of the asset. Allowed value: PolicyCompliance.",
    sample: "\"PolicyCompliance\"",
};

const fn upload_number(name: &'static str) -> Parameter {
    Parameter {
        name,
        place: Place::Path,
        required: true,
        about: "The number of an upload that is kept.",
        sample: "1",
    }
}

const fn filter(name: &'static str, about: &'static str, sample: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, required: false, about, sample }
}

const DATA: FilePart =
    FilePart { name: "data", is_file: true, about: "The text, in a file whose name ends in .txt." };

const fn member(name: &'static str, required: bool, about: &'static str, sample: &'static str) -> Member {
    Member { name, required, about, sample }
}

const PROVISION: &[Member] = &[
    member("hostIP", true, "The IPv4 or IPv6 address. It can't be changed.", "\"192.0.2.14\""),
    member("technology", true, "A supported technology. It can't be changed.", "\"Cisco IOS 15.x\""),
    member("type", true, "PolicyCompliance.", "\"PolicyCompliance\""),
    member("dnsName", false, "A name.", "\"r1.example.test\""),
    member("netbios", false, "A name.", "\"R1\""),
    member("mac", false, "An address of hardware.", "\"02-00-5e-10-00-01\""),
    member("modelName", false, "The model.", "\"C9200L\""),
    member("serialNumber", false, "The serial number.", "\"FOC1234X56Y\""),
    member("uuid", false, "Of an asset that is provisioned already, to change its details.", "\"\""),
];

const UUID_ANSWER: &str = r#"{"code":200,"data":{"assetUUID":"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e"},"message":"Request for Asset Provisioning submitted successfully."}"#;
const BULK_ANSWER: &str = r#"{"code":200,"data":{"items":{"count":{"failedProvisions":0,"skippedProvisions":1,"skipppedProvisions":1,"successfulProvisions":1},"failedProvisions":[],"skippedProvisions":[{"ip":"192.0.2.21","technology":"Fabric 7"}],"successfulProvisions":[{"ip":"192.0.2.21","technology":"Fabric 7","uuid":"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e"}]}}}"#;
const STATUSES_ANSWER: &str = r#"{"code":200,"data":{"items":[{"assetUUID":"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e","status":"Provision Confirmed"}]}}"#;
const REVOKED_ANSWER: &str = r#"{"code":200,"data":{"assetUUID":"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e"},"message":"Asset(s) Revoked Successfully."}"#;
const BULK_REVOKED_ANSWER: &str = r#"{"code":200,"data":{"items":{"failedRevoke":[],"successfulRevoke":["7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e"]}}}"#;
const COMMANDS_ANSWER: &str = r#"{"code":200,"data":{"items":[{"aliases":["show startup-config"],"command":"show running-config","id":"running-config","required":true,"uploaded":true}]}}"#;
const MANIFEST_ANSWER: &str = r#"{"code":200,"data":{"items":[{"aliases":["show startup-config"],"command":"show running-config","id":"running-config","required":true}]}}"#;
const ASSET_ANSWER: &str = r#"{"code":200,"data":{"assetId":7,"assetUUID":"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e","hostIP":"192.0.2.14","requested":"2024-03-01T10:00:00Z","status":"Provision Confirmed","technology":"Cisco IOS 15.x","technologyId":2002,"type":"PolicyCompliance","uploads":0}}"#;
const LIST_ANSWER: &str = r#"{"code":200,"data":{"items":[{"assetId":7,"assetUUID":"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e","hostIP":"192.0.2.14","requested":"2024-03-01T10:00:00Z","status":"Provision Confirmed","technology":"Cisco IOS 15.x","technologyId":2002,"type":"PolicyCompliance","uploads":0}],"pageNumber":0,"pageSize":100,"totalCount":1}}"#;
const HISTORY_ANSWER: &str = r#"{"code":200,"data":{"items":[{"by":"admin","commands":["running-config"],"hostname":"R1","kind":"bulk","number":1,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":2698,"uploaded":"2024-03-01T10:00:00Z","version":"15.2"}]}}"#;
const POSTURE_ANSWER: &str = r#"{"code":200,"data":{"count":{"error":0,"failed":1,"not-applicable":0,"passed":0},"items":[{"actual":["telnet"],"category":"Access control","control":900101,"criticality":4,"evidence":[{"line":17,"text":" transport input telnet"}],"expected":"ssh","severity":"critical","status":"failed","title":"Remote terminal lines accept SSH only"}],"upload":{"by":"admin","commands":["running-config"],"kind":"bulk","number":1,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":2698,"uploaded":"2024-03-01T10:00:00Z"}}}"#;
const DIFFERENCE_ANSWER: &str = r#"{"code":200,"data":{"changes":[{"below":1,"kind":"added","new_line":17,"old_line":0,"path":["line vty 0 4","transport input ssh"]}],"controls":[{"after":"passed","before":"failed","control":900101,"title":"Remote terminal lines accept SSH only"}],"from":{"by":"admin","commands":["running-config"],"kind":"bulk","number":1,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":2698,"uploaded":"2024-03-01T10:00:00Z"},"to":{"by":"admin","commands":["running-config"],"kind":"bulk","number":2,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":2698,"uploaded":"2024-03-01T10:00:00Z"}}}"#;

const OPERATIONS: &[GatewayOperation] = &[
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/technology/{manifest_types}",
        name: "technologies",
        about: "Fetches the list of supported technologies.",
        documented: true,
        permission: Permission::ReadAsset,
        parameters: &[MANIFEST, FLOW],
        body: Body::None,
        sample: r#"{"code":200,"data":{"items":[{"id":1017,"name":"Fabric 8"}]}}"#,
        refusals: &[400, 401, 403, 404],
        handler: calls::technologies,
        state: Done("the_supported_technologies_are_listed"),
    },
    GatewayOperation {
        method: Method::Post,
        path: "/ocaapi/v2.0/asset",
        name: "provision",
        about: "Provisions an asset; with a uuid, provisions it again with other details.",
        documented: true,
        permission: Permission::CreateAsset,
        parameters: &[FLOW],
        body: Body::Json(PROVISION),
        sample: UUID_ANSWER,
        refusals: &[400, 401, 403, 404, 429],
        handler: provision::one,
        state: Done("an_asset_is_provisioned_and_provisioned_again"),
    },
    GatewayOperation {
        method: Method::Post,
        path: "/ocaapi/v2.0/asset/bulk",
        name: "provisionBulk",
        about: "Provisions up to 1000 assets of a CSV or text file; rows with a uuid are provisioned again.",
        documented: true,
        permission: Permission::CreateAsset,
        parameters: &[
            filter(
                "manifest_types",
                "The manifest type of the assets: PolicyCompliance.",
                "\"PolicyCompliance\"",
            ),
            FLOW,
        ],
        body: Body::Form(&[FilePart {
            name: "data",
            is_file: true,
            about: "A .csv or .txt file. Its first line names the columns, such as hostIP,technology,dnsName.",
        }]),
        sample: BULK_ANSWER,
        refusals: &[400, 401, 403, 404],
        handler: provision::bulk,
        state: Done("a_sheet_provisions_skips_and_fails_row_by_row"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/asset/{uuid}/status",
        name: "status",
        about: "Fetches the provisioning status of an asset.",
        documented: true,
        permission: Permission::ReadAsset,
        parameters: &[UUID, FLOW],
        body: Body::None,
        sample: r#"{"code":200,"data":{"status":"Provision Confirmed"}}"#,
        refusals: &[400, 401, 403, 404],
        handler: calls::status,
        state: Done("confirmation_can_be_delayed_and_uploads_wait_for_it"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/assets/status/subscription/{days}",
        name: "statuses",
        about: "Fetches the status of all assets that were provisioned in the last days.",
        documented: true,
        permission: Permission::ReadAsset,
        parameters: &[
            Parameter {
                name: "days",
                place: Place::Path,
                required: true,
                about: "How many days to look back: 1 to 30.",
                sample: "30",
            },
            FLOW,
        ],
        body: Body::None,
        sample: STATUSES_ANSWER,
        refusals: &[400, 401, 403, 404],
        handler: calls::statuses,
        state: Done("the_status_of_recent_assets_is_told"),
    },
    GatewayOperation {
        method: Method::Delete,
        path: "/ocaapi/v2.0/asset/{uuid}",
        name: "revoke",
        about: "Revokes an asset: its configuration data and posture are removed.",
        documented: true,
        permission: Permission::DeleteAsset,
        parameters: &[UUID, FLOW],
        body: Body::None,
        sample: REVOKED_ANSWER,
        refusals: &[400, 401, 403, 404, 503],
        handler: revoke::one,
        state: Done("revoking_leaves_nothing_of_an_upload_behind"),
    },
    GatewayOperation {
        method: Method::Delete,
        path: "/ocaapi/v2.0/asset/revoke/bulk",
        name: "revokeBulk",
        about: "Revokes up to 1000 assets.",
        documented: true,
        permission: Permission::DeleteAsset,
        parameters: &[FLOW],
        body: Body::Json(&[member(
            "assetList",
            true,
            "The UUIDs of the assets.",
            "[\"7f0a0c0b-2f0e-4b0f-9a35-0d7f6b1c2d3e\"]",
        )]),
        sample: BULK_REVOKED_ANSWER,
        refusals: &[400, 401, 403, 503],
        handler: revoke::bulk,
        state: Done("many_assets_are_revoked_at_once"),
    },
    GatewayOperation {
        method: Method::Post,
        path: "/ocaapi/v2.0/asset/{uuid}/command/bulk/output/{manifest_types?}",
        name: "uploadBulk",
        about: "Uploads the output of all commands, or the configuration, in one text file.",
        documented: true,
        permission: Permission::EditAsset,
        parameters: &[UUID, MANIFEST, FLOW],
        body: Body::Form(&[DATA]),
        sample: r#"{"code":200,"message":"Command Bulk Output Uploaded Successfully."}"#,
        refusals: &[400, 401, 403, 404],
        handler: upload::bulk,
        state: Done("the_two_answers_to_an_upload_are_those_of_the_release_notes"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/technology/{name}/command/{manifest_types}",
        name: "technologyCommands",
        about: "The commands whose output a technology is assessed by.",
        documented: false,
        permission: Permission::ReadAsset,
        parameters: &[
            Parameter {
                name: "name",
                place: Place::Path,
                required: true,
                about: "The name of a technology.",
                sample: "\"Cisco IOS 15.x\"",
            },
            MANIFEST,
            FLOW,
        ],
        body: Body::None,
        sample: MANIFEST_ANSWER,
        refusals: &[400, 401, 403, 404],
        handler: calls::manifest,
        state: Done("the_commands_of_a_technology_are_listed"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/asset/{uuid}/command/{manifest_types}",
        name: "assetCommands",
        about: "The commands that an asset is assessed by, and which of them were uploaded.",
        documented: false,
        permission: Permission::ReadAsset,
        parameters: &[UUID, MANIFEST, FLOW],
        body: Body::None,
        sample: COMMANDS_ANSWER,
        refusals: &[400, 401, 403, 404],
        handler: calls::commands,
        state: Done("an_upload_replaces_only_the_commands_that_it_holds"),
    },
    GatewayOperation {
        method: Method::Post,
        path: "/ocaapi/v2.0/asset/{uuid}/command/output/{manifest_types}",
        name: "uploadCommand",
        about: "Uploads the output of one command.",
        documented: false,
        permission: Permission::EditAsset,
        parameters: &[UUID, MANIFEST, FLOW],
        body: Body::Form(&[
            FilePart { name: "command", is_file: false, about: "The command, as it was typed." },
            DATA,
        ]),
        sample: r#"{"code":200,"message":"Command Output Uploaded Successfully."}"#,
        refusals: &[400, 401, 403, 404],
        handler: upload::command,
        state: Done("an_upload_replaces_only_the_commands_that_it_holds"),
    },
    GatewayOperation {
        method: Method::Post,
        path: "/ocaapi/v2.0/asset/{uuid}/configuration/{manifest_types}",
        name: "uploadConfiguration",
        about: "Uploads a configuration as the device writes it.",
        documented: false,
        permission: Permission::EditAsset,
        parameters: &[UUID, MANIFEST, FLOW],
        body: Body::Form(&[DATA]),
        sample: r#"{"code":200,"message":"Configuration Uploaded Successfully."}"#,
        refusals: &[400, 401, 403, 404],
        handler: upload::configuration,
        state: Done("a_configuration_is_assessed_as_the_main_command"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/asset/{uuid}",
        name: "asset",
        about: "One asset.",
        documented: false,
        permission: Permission::ReadAsset,
        parameters: &[UUID, FLOW],
        body: Body::None,
        sample: ASSET_ANSWER,
        refusals: &[400, 401, 403, 404],
        handler: calls::one,
        state: Done("an_asset_is_provisioned_and_provisioned_again"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/assets",
        name: "assets",
        about: "Lists and searches assets.",
        documented: false,
        permission: Permission::ReadAsset,
        parameters: &[
            filter("hostIP", "Only assets with this address.", "\"192.0.2.14\""),
            filter("technology", "Only assets of this technology.", "\"Cisco IOS 15.x\""),
            filter("status", "Only assets with this status.", "\"Provision Confirmed\""),
            filter("pageNumber", "The page, from 0.", "0"),
            filter("pageSize", "Assets of a page, 1 to 1000.", "100"),
            FLOW,
        ],
        body: Body::None,
        sample: LIST_ANSWER,
        refusals: &[400, 401, 403],
        handler: calls::list,
        state: Done("assets_are_listed_by_address_technology_and_status"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/asset/{uuid}/upload",
        name: "uploads",
        about: "The uploads of an asset that are kept, the newest first.",
        documented: false,
        permission: Permission::ReadAsset,
        parameters: &[UUID, FLOW],
        body: Body::None,
        sample: HISTORY_ANSWER,
        refusals: &[400, 401, 403, 404],
        handler: calls::history,
        state: Done("the_newest_uploads_are_kept_and_told_apart"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/asset/{uuid}/upload/{from}/difference/{to}",
        name: "difference",
        about: "What changed between two uploads: statements, and how controls come out.",
        documented: false,
        permission: Permission::ReadAsset,
        parameters: &[UUID, upload_number("from"), upload_number("to"), FLOW],
        body: Body::None,
        sample: DIFFERENCE_ANSWER,
        refusals: &[400, 401, 403, 404],
        handler: calls::difference,
        state: Done("the_difference_of_two_uploads_is_what_was_changed"),
    },
    GatewayOperation {
        method: Method::Get,
        path: "/ocaapi/v2.0/asset/{uuid}/posture",
        name: "posture",
        about: "How an asset meets each control, with the lines that show it.",
        documented: false,
        permission: Permission::ReadAsset,
        parameters: &[UUID, FLOW],
        body: Body::None,
        sample: POSTURE_ANSWER,
        refusals: &[400, 401, 403, 404],
        handler: calls::posture,
        state: Done("an_upload_is_assessed_at_once"),
    },
];
