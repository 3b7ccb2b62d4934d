//! Enrolment: from an activation key and a public key to an identity.

use std::sync::Arc;

use inventory::Text;
use inventory::protocol::{
    ENROLL_PATH, EnrollRequest, EnrollResponse, Refusal, RefusalCode, read_enroll, unpack,
};
use store::Job;
use uuid::Uuid;

use super::{AgentRequest, activation, check_signature, identity, internal, refusal, unreadable};
use crate::assets::{self, Agent, Asset, TrackingMethod, follow_names, public_key};
use crate::{Platform, Result};

pub(super) async fn enroll(
    platform: &Arc<Platform>,
    request: AgentRequest<'_>,
) -> Result<EnrollResponse, Refusal> {
    let body = unpack(request.body, request.encoding).map_err(unreadable)?;
    let message = read_enroll(&body).map_err(unreadable)?;
    check_signature(&message.public_key, ENROLL_PATH, request)?;
    if let Some(customer) = message.customer_id
        && customer != platform.access().customer()
    {
        return Err(refusal(
            RefusalCode::ActivationKeyRefused,
            "the customer id is not the one of this installation; use the one that the server shows, or none",
        ));
    }
    let (work, peer) = (platform.clone(), request.peer);
    let answer = platform.store().write("agent enrolment", move |job| {
        if let Some(known) = job.find::<Asset>(&public_key(&message.public_key))?
            && let Some(agent) = job.get(known)?.and_then(|asset| asset.agent.clone())
        {
            return Ok(Some(agent.id));
        }
        let Some(key) = activation::open(job, message.activation_key.reveal())? else { return Ok(None) };
        let agent = Agent {
            id: Uuid::new_v4(),
            public_key: message.public_key,
            version: message.agent_version.to_string(),
            platform: Some(&message.os.family)
                .filter(|name| !name.is_empty())
                .map_or("Linux", Text::as_str)
                .to_owned(),
            last_checked_in: job.now(),
            connected_from: peer,
            chirp_status: "Provisioned".into(),
            modules: key.modules.clone(),
            activation_id: key.key,
            activation_title: key.title.clone(),
            machine_id: message.identity.machine_id.as_ref().map(Text::to_string),
            sequence: 0,
            body: None,
            refused: None,
            state: None,
            report: None,
        };
        let id = agent.id;
        place(&work, job, &message, agent)?;
        Ok(Some(id))
    });
    let id = answer.await.map_err(internal)?.ok_or_else(|| {
        refusal(
            RefusalCode::ActivationKeyRefused,
            "the activation key is unknown or disabled; use one that `redoubt activation-key list` shows on the server",
        )
    })?;
    Ok(EnrollResponse { agent_id: id })
}

/// Gives the agent to the asset that its host is, or to a new one.
fn place(platform: &Platform, job: &mut Job<'_>, message: &EnrollRequest, agent: Agent) -> Result<()> {
    let text = |text: Option<&Text>| text.filter(|text| !text.is_empty()).map(Text::to_string);
    let fqdn = text(message.host.fqdn.as_ref());
    let name = fqdn.clone().or_else(|| text(Some(&message.host.hostname)));
    if let Some(old) = identity::find(job, message, job.now())? {
        let mut new = old.object.clone();
        (new.agent, new.tracking_method, new.modified) = (Some(agent), TrackingMethod::Qagent, job.now());
        follow_names(platform.settings(), &old, &mut new);
        return Ok(job.update(&old, new)?);
    }
    let mut asset = Asset::new("", TrackingMethod::Qagent, job.now());
    asset.agent = Some(agent);
    asset.network.dns_host_name = name;
    asset.network.fqdn = fqdn;
    asset.network.address = message.addresses.iter().min_by_key(|address| address.is_ipv6()).copied();
    asset.os = text(Some(&message.os.name));
    asset.system.family = text(Some(&message.os.family));
    asset.hardware.bios_uuid = text(message.identity.bios_uuid.as_ref());
    asset.hardware.bios_serial = text(message.identity.bios_serial.as_ref());
    asset.name = assets::derived_name(&asset).unwrap_or_else(|| "unnamed host".into());
    job.insert(asset)?;
    Ok(())
}
