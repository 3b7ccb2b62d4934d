//! The operations on assets (`contract/am.md 5.5 and 6`).

use qps::{Element, ObjectWriter};
use query::{Filter, Test, Value};
use store::{Job, Stored};

use super::edit::Edit;
use super::model::{Asset, AssetType};
use super::wire::AssetView;
use super::{activation, detections, fields};
use crate::engine::{self, Creatable, Editable, Judge, Resource, Surface};
use crate::operation::State::{Done, Partial};
use crate::{Call, Operation, Permission, Result, oca, webapps};

const HOST_SCHEMA: &str = "2.0/am/hostasset.xsd";
const ASSET_SCHEMA: &str = "2.0/am/asset.xsd";
const HOST: Surface = Surface { version: "2.0", module: "am", object: "hostasset", schema: HOST_SCHEMA };
const ASSET: Surface = Surface { version: "2.0", module: "am", object: "asset", schema: ASSET_SCHEMA };
const DETECTION: Surface =
    Surface { version: "2.0", module: "am", object: "hostinstancevuln", schema: detections::SCHEMA };

/// The entries of the operation table.
pub(crate) const OPERATIONS: &[Operation] = &[
    HOST.get(
        Permission::ReadAsset,
        engine::get::<Hosts>,
        Done("a_host_asset_is_created_read_changed_and_deleted"),
    ),
    HOST.search(
        Permission::ReadAsset,
        engine::search::<Hosts>,
        Done("host_assets_are_found_by_every_documented_field"),
    ),
    HOST.count(
        Permission::ReadAsset,
        engine::count::<Hosts>,
        Done("host_assets_are_found_by_every_documented_field"),
    ),
    HOST.create(
        Permission::CreateAsset,
        engine::create::<Hosts>,
        Done("a_host_asset_is_created_read_changed_and_deleted"),
    ),
    HOST.update(
        Permission::EditAsset,
        engine::update::<Hosts>,
        Done("lists_of_a_host_asset_are_set_added_to_removed_from_and_updated"),
    ),
    HOST.delete(Permission::DeleteAsset, engine::delete::<Hosts>, Done("host_assets_are_deleted_by_filter")),
    HOST.act(
        "activate",
        Permission::EditAsset,
        activation::activate_hosts,
        Done("a_host_asset_is_activated_for_modules"),
    ),
    ASSET.get(Permission::ReadAsset, engine::get::<Assets>, Done("assets_show_what_all_kinds_share")),
    ASSET.search(Permission::ReadAsset, engine::search::<Assets>, Done("assets_show_what_all_kinds_share")),
    ASSET.count(Permission::ReadAsset, engine::count::<Assets>, Done("assets_show_what_all_kinds_share")),
    ASSET.update(Permission::EditAsset, engine::update::<Assets>, Done("assets_are_renamed_and_tagged")),
    ASSET.delete(Permission::DeleteAsset, engine::delete::<Assets>, Done("assets_show_what_all_kinds_share")),
    ASSET.act(
        "activate",
        Permission::ActivateAgent,
        activation::activate_agents,
        Partial(
            "agents_are_activated_and_deactivated",
            "modules are noted; the agent's work for them follows",
        ),
    ),
    ASSET.act(
        "deactivate",
        Permission::DeactivateAgent,
        activation::deactivate_agents,
        Done("agents_are_activated_and_deactivated"),
    ),
    ASSET.act(
        "uninstall",
        Permission::UninstallAgent,
        activation::uninstall_agents::<Assets>,
        Done("an_uninstalled_agent_is_told_and_its_asset_is_gone"),
    ),
    HOST.act(
        "uninstall",
        Permission::UninstallAgent,
        activation::uninstall_agents::<Hosts>,
        Done("agents_are_uninstalled_by_the_criteria_of_host_assets_too"),
    ),
    DETECTION.get(Permission::ReadAsset, detections::get, Done("a_detection_is_read_by_its_id")),
    DETECTION.search(
        Permission::ReadAsset,
        detections::search,
        Done("detections_are_found_by_every_documented_field"),
    ),
    DETECTION.count(
        Permission::ReadAsset,
        detections::count,
        Done("detections_are_found_by_every_documented_field"),
    ),
];

/// The resource `HostAsset`.
pub(super) struct Hosts;

/// The resource `Asset`.
pub(super) struct Assets;

fn view<R>(call: &Call, id: u32, asset: &Asset, write: impl FnOnce(&AssetView<'_>) -> R) -> R {
    let (tags, criticality) = call.platform.tags().of_asset(id, &asset.tags);
    write(&AssetView { id, asset, tags: &tags, criticality, now: call.now })
}

impl Resource for Hosts {
    type Object = Asset;
    const NAME: &'static str = "HostAsset";
    const SCHEMA: &'static str = HOST_SCHEMA;

    /// Web applications have a face of their own. To leave out these few costs less than to choose all the others.
    fn scope(call: &Call) -> Filter {
        let is_web_app = Test::Equals(Value::Text(AssetType::WebApp.name().to_owned()));
        call.asset_scope().and(!Filter::Field(fields::TYPE, is_web_app))
    }

    fn resolve(call: &Call, filter: Filter) -> Filter {
        call.platform.tags().resolve(filter.at(call.now))
    }

    fn judge<'f>(call: &'f Call, filter: &'f Filter) -> Judge<'f, Asset> {
        call.platform.tags().judge(filter, call.now)
    }

    fn write(call: &Call, id: u32, asset: &Asset, out: &mut ObjectWriter<'_>) {
        view(call, id, asset, |view| view.write_host(out));
    }
}

impl Resource for Assets {
    type Object = Asset;
    const NAME: &'static str = "Asset";
    const SCHEMA: &'static str = ASSET_SCHEMA;
    const CRITERIA: Option<&'static [&'static str]> = Some(&[
        "id",
        "name",
        "created",
        "updated",
        "update",
        "type",
        "tagName",
        "tagId",
        "agentUuid",
        "activationKey",
        "agentConfigurationName",
        "agentConfigurationId",
        "agentVersion",
        "lastCheckedIn",
    ]);

    fn scope(call: &Call) -> Filter {
        call.asset_scope()
    }

    fn resolve(call: &Call, filter: Filter) -> Filter {
        Hosts::resolve(call, filter)
    }

    fn judge<'f>(call: &'f Call, filter: &'f Filter) -> Judge<'f, Asset> {
        Hosts::judge(call, filter)
    }

    fn write(call: &Call, id: u32, asset: &Asset, out: &mut ObjectWriter<'_>) {
        view(call, id, asset, |view| view.write_asset(out));
    }
}

impl Editable for Hosts {
    type Edit = Edit;

    fn read_edit(call: &Call, data: &Element) -> Result<Edit> {
        let edit = Edit::read_host(data)?;
        edit.demand_rights(call)?;
        Ok(edit)
    }

    fn prepare(job: &mut Job<'_>, edit: &mut Edit) -> Result<()> {
        edit.prepare(job)
    }

    fn edit(call: &Call, job: &mut Job<'_>, old: &Stored<Asset>, edit: &Edit) -> Result<()> {
        edit.apply(call, job, old)
    }

    fn delete(call: &Call, job: &mut Job<'_>, old: &Stored<Asset>) -> Result<()> {
        remove(call, job, old)
    }
}

impl Editable for Assets {
    type Edit = Edit;

    fn read_edit(call: &Call, data: &Element) -> Result<Edit> {
        let edit = Edit::read_asset(data)?;
        edit.demand_rights(call)?;
        Ok(edit)
    }

    fn prepare(job: &mut Job<'_>, edit: &mut Edit) -> Result<()> {
        edit.prepare(job)
    }

    fn edit(call: &Call, job: &mut Job<'_>, old: &Stored<Asset>, edit: &Edit) -> Result<()> {
        edit.apply(call, job, old)
    }

    fn delete(call: &Call, job: &mut Job<'_>, old: &Stored<Asset>) -> Result<()> {
        remove(call, job, old)
    }
}

/// Deletes an asset, and what other areas keep of it.
pub(super) fn remove(call: &Call, job: &mut Job<'_>, old: &Stored<Asset>) -> Result<()> {
    oca::asset_gone(&call.platform, job, old.id)?;
    if old.kind == AssetType::WebApp {
        webapps::asset_gone(job, old.id)?;
    }
    Ok(job.delete(old)?)
}

impl Creatable for Hosts {
    fn create(_: &Call, job: &mut Job<'_>, edit: &Edit) -> Result<u32> {
        edit.create(job)
    }
}
