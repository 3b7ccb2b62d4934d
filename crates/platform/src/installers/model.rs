//! What is stored of an installer.

use jiff::Timestamp;
use query::{Field, Fields, Kind as Of, Source, ValueRef};
use serde::{Deserialize, Serialize};
use store::{BlobId, Kind, Object};

use super::matrix::Target;

/// The installer of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installer {
    /// The platform, of the matrix.
    pub platform: String,
    /// The architecture, of the matrix.
    pub architecture: String,
    /// The version of the agent in it.
    pub agent_version: String,
    /// What its file was called.
    pub file_name: String,
    /// SHA-256 of the file, which is also where it is kept.
    pub sha256: BlobId,
    /// Length of the file in bytes.
    pub length: u64,
    /// When it was added.
    pub added: Timestamp,
}

impl Installer {
    /// What it is for; none if a newer version knew it.
    pub fn target(&self) -> Option<&'static Target> {
        Target::find(&self.platform, &self.architecture)
    }
}

impl Object for Installer {
    const KIND: Kind = Kind::new("installer");

    fn fields() -> &'static Fields<Self> {
        &INSTALLERS
    }

    fn keys(&self) -> Vec<String> {
        vec![target_key(&self.platform, &self.architecture)]
    }
}

pub(super) fn target_key(platform: &str, architecture: &str) -> String {
    format!("target:{platform}/{architecture}")
}

static INSTALLERS: Fields<Installer> = Fields {
    fields: &[
        Field::new(Of::Integer, Source::Id).criteria(&["id"]),
        Field::new(Of::Text, Source::Read(|one: &Installer, out| out(ValueRef::Text(&one.platform))))
            .criteria(&["platform"]),
    ],
    lists: &[],
};
