//! The operations on installers.

use std::borrow::Cow;

use qps::{Element, ResponseCode, ServiceError};
use store::Stored;
use uuid::Uuid;

use super::matrix::{ALL, Target, architectures, platforms, targets};
use super::model::Installer;
use super::registry::{installers, known};
use crate::engine::{Surface, check_members};
use crate::operation::State::Done;
use crate::{Answer, Call, Download, Error, Input, Operation, Permission, Result, agents};

const SCHEMA: &str = "1.0/ca/binaryinfo.xsd";
const INFO: &str = "BinaryInfo";
const DOWNLOAD: &str = "DownloadBinary";

/// The entries of the operation table.
pub(crate) const OPERATIONS: &[Operation] = &[
    at("binaryinfo").act_on_all(
        "process",
        Permission::ReadAsset,
        binary_info,
        Done("the_samples_of_the_contract_are_answered_word_by_word"),
    ),
    at("downloadbinary").download(
        Permission::ReadAsset,
        download_binary,
        Done("a_download_is_whole_resumable_and_checked"),
    ),
];

const fn at(object: &'static str) -> Surface {
    Surface { version: "1.0", module: "ca", object, schema: SCHEMA }
}

/// What a caller asks for.
struct Asked<'a> {
    /// The object of the request, for errors.
    object: &'static str,
    platform: Cow<'a, str>,
    architecture: Cow<'a, str>,
    activation: Option<Cow<'a, str>>,
    customer: Option<Cow<'a, str>>,
}

/// `process/ca/binaryinfo`: what there is for a platform and an architecture, or for all of them.
fn binary_info(call: &Call, input: Input) -> Result<Answer> {
    refuse_criteria(&input)?;
    let data = data(&input, INFO)?.ok_or_else(|| ServiceError::cannot_be_null(INFO))?;
    check_members(data, &["platform", "architecture"])?;
    let asked = Asked::of(data, INFO)?;
    let meant = asked.targets()?;
    let found: Vec<_> = installers(call.store())?.into_iter().filter(|one| is_among(one, &meant)).collect();
    if found.is_empty() && asked.platform != ALL {
        return Err(asked.nothing().into());
    }
    let count = found.len() as u64;
    if count == 0 {
        return Ok(Answer::count(SCHEMA, 0));
    }
    Ok(Answer::records(SCHEMA, count, move |writer| {
        writer.record("AllBinaryInfo", |out| {
            out.sequence("platforms", |list| {
                for (one, target) in found.iter().filter_map(|one| Some((one, one.target()?))) {
                    list.item("Platform", |out| {
                        out.text("name", target.name);
                        out.text("version", &one.agent_version);
                        out.text("hash", &format!("Hash-SHA-256 : {}", one.sha256));
                        out.text_opt("extension", target.extension);
                    });
                }
            });
        });
    }))
}

/// `download/ca/downloadbinary`: the installer itself. By GET, the members of the request are parameters of the URL.
fn download_binary(call: &Call, input: Input) -> Result<Download> {
    refuse_criteria(&input)?;
    let asked = match data(&input, DOWNLOAD)? {
        Some(data) => {
            check_members(data, &["platform", "architecture", "activationId", "customerId"])?;
            Asked::of(data, DOWNLOAD)?
        }
        None => Asked::in_url(&input.query)?,
    };
    let [target] = asked.targets()?[..] else {
        let wanted = format!("Specify one of: {}.", known(&asked.platform).join(", "));
        return Err(asked.wrong("architecture", &asked.architecture, wanted).into());
    };
    let mut headers = vec![("x-customer-id", call.platform.access().customer().to_string())];
    if let Some(customer) = &asked.customer {
        check_customer(call, customer)?;
    }
    if let Some(key) = &asked.activation {
        headers.push(("x-activation-id", check_activation(call, key)?.to_string()));
    }
    let all = installers(call.store())?;
    let one = all.into_iter().find(|one| is_among(one, &[target])).ok_or_else(|| asked.nothing())?;
    let file = call.platform.installers().file(&one)?;
    let Installer { file_name, sha256, length, .. } = one.object;
    Ok(Download { name: file_name, file, length, sha256: sha256.to_string(), headers })
}

fn is_among(installer: &Stored<Installer>, meant: &[&'static Target]) -> bool {
    installer.target().is_some_and(|target| meant.contains(&target))
}

fn refuse_criteria(input: &Input) -> Result<()> {
    match input.request.criteria().first() {
        None => Ok(()),
        Some(criterion) => Err(ServiceError::criteria_field(&criterion.field).into()),
    }
}

/// The object in a request's `data`.
fn data<'i>(input: &'i Input, object: &str) -> Result<Option<&'i Element>> {
    match &input.request.data {
        Some(data) if data.name != object => Err(Error::invalid(
            format!("Data: {} is not expected here.", data.name),
            format!("Specify one {object} in data."),
        )),
        data => Ok(data.as_ref()),
    }
}

/// A key that lets agents in.
fn check_activation(call: &Call, key: &str) -> Result<Uuid> {
    let open =
        Uuid::parse_str(key.trim()).ok().map(|key| agents::lets_in(&call.platform, key)).transpose()?;
    match (open, Uuid::parse_str(key.trim())) {
        (Some(true), Ok(key)) => Ok(key),
        _ => Err(Error::invalid(
            "Data: activationId is no activation key that lets agents in.",
            "Specify an activation key that exists and is not disabled, or leave activationId out.",
        )),
    }
}

fn check_customer(call: &Call, customer: &str) -> Result<()> {
    if Uuid::parse_str(customer.trim()) == Ok(call.platform.access().customer()) {
        return Ok(());
    }
    Err(Error::invalid(
        "Data: customerId is not the one of this installation.",
        format!("Specify {}, or leave customerId out.", call.platform.access().customer()),
    ))
}

impl<'a> Asked<'a> {
    fn of(data: &'a Element, object: &'static str) -> Result<Self> {
        let optional = |name: &str| data.text(name).filter(|text| !text.is_empty()).map(Cow::Borrowed);
        Ok(Self {
            object,
            platform: data.required_text("platform")?.into(),
            architecture: data.required_text("architecture")?.into(),
            activation: optional("activationId"),
            customer: optional("customerId"),
        })
    }

    fn in_url(query: &'a qps::Query) -> Result<Self> {
        let optional = |name: &str| query.get(name).filter(|text| !text.is_empty()).map(Cow::Borrowed);
        let needed = |name: &str| {
            optional(name).ok_or_else(|| ServiceError::cannot_be_null(&format!("{DOWNLOAD}.{name}")))
        };
        Ok(Self {
            object: DOWNLOAD,
            platform: needed("platform")?,
            architecture: needed("architecture")?,
            activation: optional("activationId"),
            customer: optional("customerId"),
        })
    }

    /// The targets that are meant. `ALL` is for information only.
    fn targets(&self) -> Result<Vec<&'static Target>, ServiceError> {
        let takes_all = self.object == INFO;
        let wanted = |known: &[&str]| {
            let all = if takes_all { ", or ALL" } else { "" };
            format!("Specify one of: {}{all}. Case matters.", known.join(", "))
        };
        let fits = |value: &str, known: &[&str]| (takes_all && value == ALL) || known.contains(&value);
        if !fits(&self.platform, &platforms()) {
            return Err(self.wrong("platform", &self.platform, wanted(&platforms())));
        }
        if !fits(&self.architecture, &architectures()) {
            return Err(self.wrong("architecture", &self.architecture, wanted(&architectures())));
        }
        let meant: Vec<_> = targets()
            .iter()
            .filter(|one| self.platform == ALL || one.platform == self.platform)
            .filter(|one| self.architecture == ALL || one.takes(&self.architecture))
            .collect();
        if !meant.is_empty() {
            return Ok(meant);
        }
        Err(ServiceError::invalid_request(
            format!("Data: there are no installers for {} on {}.", self.platform, self.architecture),
            format!("For {} specify one of: {}.", self.platform, known(&self.platform).join(", ")),
        ))
    }

    fn wrong(&self, member: &str, value: &str, wanted: String) -> ServiceError {
        let wrong = ServiceError::invalid_value(&format!("{}.{member}", self.object), value, wanted);
        ServiceError::new(ResponseCode::InvalidParam, wrong.message, wrong.resolution)
    }

    fn nothing(&self) -> ServiceError {
        let (platform, architecture) = (&self.platform, &self.architecture);
        ServiceError::new(
            ResponseCode::NotFound,
            format!("There is no installer for {platform} on {architecture} on this server."),
            format!(
                "Ask its administrator to add one: redoubt binaries add FILE --platform {platform} \
                 --architecture {architecture} --version VERSION."
            ),
        )
    }
}
