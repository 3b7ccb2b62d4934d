//! What is not a case: descriptions of the API.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::http::{Reply, Request};
use crate::world::World;

pub mod api;

/// Servers on ports of their own.
pub struct Extra {}

impl Extra {
    /// Starts them.
    pub fn start(_world: &Arc<World>, _whole: bool) -> io::Result<Self> {
        Ok(Self {})
    }

    /// What is true about them.
    pub fn truth(&self, base: &str) -> Value {
        truth(base)
    }
}

/// What is true about mazes, logins and the like.
pub fn truth(_base: &str) -> Value {
    json!({})
}

/// Pages of the main origin that are no cases.
pub(crate) struct Pages {}

impl Pages {
    pub(crate) fn new(_whole: bool) -> Self {
        Self {}
    }

    pub(crate) fn answer(&self, _world: &World, _request: &Request) -> Option<Reply> {
        None
    }

    pub(crate) fn links(&self) -> String {
        String::new()
    }
}
