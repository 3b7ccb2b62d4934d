//! Activating hosts and agents for modules, and removing agents (`contract/am.md 5.5 and 6`, `contract/ca.md 3.6`).

use qps::ServiceError;
use query::{Filter, Test};
use store::{Job, Stored};

use super::fields;
use super::model::Asset;
use super::ops::{Assets, Hosts, remove};
use crate::engine::{self, Resource, ids_answer};
use crate::{Answer, Call, Error, Input, Result};

const HOST_MODULES: &[&str] = &["QWEB_VM", "QWEB_PC"];
const AGENT_MODULES: &[&str] = &[
    "AGENT_VM",
    "AGENT_PC",
    "AGENT_FIM",
    "AGENT_EDR",
    "AGENT_SCA",
    "AGENT_CAPS",
    "AGENT_SwCA",
    "AGENT_MTG",
    "AGENT_PM",
];

/// Reads the parameter `module`: a comma list.
fn modules(input: &Input, known: &[&[&'static str]]) -> Result<Vec<&'static str>> {
    let all: Vec<&'static str> = known.concat();
    let given = input.query.get("module").unwrap_or_default();
    let names: Vec<_> = given.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let wrong = |value: &str| {
        Error::from(ServiceError::invalid_param(
            "module",
            value,
            format!("Values expected: {}.", all.join(", ")),
        ))
    };
    if names.is_empty() {
        return Err(wrong(given));
    }
    let find = |name: &&str| all.iter().find(|module| *module == name).copied().ok_or_else(|| wrong(name));
    names.iter().map(find).collect()
}

/// `activate/am/hostasset[/{id}]?module=`.
pub(super) fn activate_hosts(call: &Call, input: Input) -> Result<Answer> {
    let modules = modules(&input, &[HOST_MODULES])?;
    let targets = engine::targets::<Hosts>(call, input.id, &input.request, Hosts::scope(call))?;
    let work = call.clone();
    let ids = call.write(move |job| {
        engine::every::<Hosts>(&work, job, &targets, |job, old| {
            change(job, old, |asset| activate(asset, &modules))
        })
    })?;
    Ok(ids_answer(Hosts::SCHEMA, Hosts::NAME, ids))
}

/// `activate/am/asset[/{id}]?module=`.
pub(super) fn activate_agents(call: &Call, input: Input) -> Result<Answer> {
    let modules = modules(&input, &[AGENT_MODULES, HOST_MODULES])?;
    let for_agents = modules.iter().any(|module| AGENT_MODULES.contains(module));
    on_agents(call, input, for_agents, move |asset| activate(asset, &modules))
}

/// `deactivate/am/asset[/{id}]?module=`.
pub(super) fn deactivate_agents(call: &Call, input: Input) -> Result<Answer> {
    let modules = modules(&input, &[AGENT_MODULES, HOST_MODULES])?;
    let for_agents = modules.iter().any(|module| AGENT_MODULES.contains(module));
    on_agents(call, input, for_agents, move |asset| {
        asset.modules.retain(|module| !modules.contains(&module.as_str()));
        if let Some(agent) = &mut asset.agent {
            agent.modules.retain(|module| !modules.contains(&module.as_str()));
        }
        Ok(())
    })
}

/// `uninstall/am/asset[/{id}]`: the agent removes itself when it comes next, and the asset is gone. The variant for
/// `hostasset` takes the Criteria of host assets, and answers alike (`contract/ca.md 3.8`).
pub(super) fn uninstall_agents<R: Resource<Object = Asset>>(call: &Call, input: Input) -> Result<Answer> {
    let targets = agent_targets::<R>(call, &input, true)?;
    let work = call.clone();
    let ids = call.write(move |job| {
        engine::every::<R>(&work, job, &targets, |job, old| {
            let agent = old.agent.as_ref().ok_or_else(|| no_agent(old))?;
            crate::agents::uninstall(job, old.id, agent)?;
            remove(&work, job, old)
        })
    })?;
    Ok(ids_answer(Assets::SCHEMA, Assets::NAME, ids))
}

fn on_agents(
    call: &Call,
    input: Input,
    for_agents: bool,
    edit: impl Fn(&mut Asset) -> Result<()> + Send + 'static,
) -> Result<Answer> {
    let targets = agent_targets::<Assets>(call, &input, for_agents)?;
    let work = call.clone();
    let ids = call.write(move |job| {
        engine::every::<Assets>(&work, job, &targets, |job, old| {
            if for_agents && old.agent.is_none() {
                return Err(no_agent(old));
            }
            change(job, old, &edit)
        })
    })?;
    Ok(engine::show_many::<Assets>(call, ids))
}

/// A call for many silently concerns hosts with an agent only (`contract/ca.md 3.9`).
fn agent_targets<R: Resource<Object = Asset>>(
    call: &Call,
    input: &Input,
    for_agents: bool,
) -> Result<engine::Targets> {
    let mut scope = R::scope(call);
    if for_agents && input.id.is_none() {
        scope = Filter::Field(fields::AGENT_ID, Test::Present).and(scope);
    }
    engine::targets::<R>(call, input.id, &input.request, scope)
}

fn no_agent(asset: &Stored<Asset>) -> Error {
    Error::invalid(
        format!("The asset '{}' (id {}) has no agent.", asset.name, asset.id),
        "Specify an asset with an agent, such as one with the tag Cloud Agent.",
    )
}

fn change(job: &mut Job<'_>, old: &Stored<Asset>, edit: impl FnOnce(&mut Asset) -> Result<()>) -> Result<()> {
    let mut new = old.object.clone();
    edit(&mut new)?;
    if new != old.object {
        new.modified = job.now();
    }
    Ok(job.update(old, new)?)
}

fn activate(asset: &mut Asset, modules: &[&str]) -> Result<()> {
    for module in modules {
        if HOST_MODULES.contains(module) {
            add(&mut asset.modules, module);
            continue;
        }
        let windows = asset.system.family.as_deref() == Some("Windows");
        let name = asset.name.clone();
        let Some(agent) = &mut asset.agent else { continue };
        let has =
            |other: &str| agent.modules.iter().any(|module| module == other) || modules.contains(&other);
        let refused = match *module {
            "AGENT_PC" if has("AGENT_SCA") => Some("AGENT_PC and AGENT_SCA exclude each other"),
            "AGENT_SCA" if has("AGENT_PC") => Some("AGENT_PC and AGENT_SCA exclude each other"),
            "AGENT_SwCA" if !has("AGENT_VM") => Some("AGENT_SwCA needs AGENT_VM"),
            "AGENT_CAPS" if !windows => Some("AGENT_CAPS works on Windows only"),
            _ => None,
        };
        if let Some(why) = refused {
            return Err(Error::invalid(
                format!("The module {module} can't be activated on '{name}': {why}."),
                "Deactivate the other module first, or specify other modules or assets.",
            ));
        }
        add(&mut agent.modules, module);
    }
    Ok(())
}

fn add(modules: &mut Vec<String>, module: &str) {
    if !modules.iter().any(|known| known == module) {
        modules.push(module.to_owned());
        modules.sort_unstable();
    }
}
