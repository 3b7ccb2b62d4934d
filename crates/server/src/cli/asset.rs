//! `redoubt asset`: what only administrators say of an asset. Works beside a running server, which follows the change
//! log, and without one.

use clap::{Args, Subcommand};
use platform::assets;

use super::place::Place;
use super::{AUTHOR, Failure, say};
use crate::log::{self, LogFormat};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Name an asset by hand, and keep the name whatever --automatic-names finds
    Rename {
        /// Its id
        id: u32,
        /// The name
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let the name of an asset follow again where --automatic-names is on
    Follow {
        /// Its id
        id: u32,
        #[command(flatten)]
        place: Place,
    },
}

/// Looks after assets.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    log::start(LogFormat::Text, "warn");
    match arguments.action {
        Action::Rename { id, name, place } => {
            let store = place.database()?.open_assets()?;
            store.write_blocking(AUTHOR, move |job| assets::keep_name(job, id, &name))?;
            store.close()?;
            say(format_args!("named the asset {id}; the name stays"))?;
        }
        Action::Follow { id, place } => {
            let store = place.database()?.open_assets()?;
            store.write_blocking(AUTHOR, move |job| assets::release_name(job, id))?;
            store.close()?;
            say(format_args!("the name of the asset {id} follows again from its next change"))?;
        }
    }
    Ok(())
}
