//! `redoubt activation-key`: the keys that let agents in. Works beside a running server, which follows the change log,
//! and without one.

use clap::{Args, Subcommand};
use platform::agents::{self, ActivationKey};
use store::Store;

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
    /// List the keys
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Make a key
    Add {
        /// What people call it
        title: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let no more agents in with a key; those that are in stay
    Disable {
        /// The key
        key: String,
        #[command(flatten)]
        place: Place,
    },
    /// Let agents in with a key again
    Enable {
        /// The key
        key: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Looks after activation keys.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    log::start(LogFormat::Text, "warn");
    match arguments.action {
        Action::List { place } => {
            let store = place.database()?.open_activation_keys()?;
            list(&store)?;
            store.close()?;
        }
        Action::Add { title, place } => {
            let store = place.database()?.open_activation_keys()?;
            let key = store.write_blocking(AUTHOR, move |job| agents::add_key(job, &title))?;
            store.close()?;
            say(format_args!("made the activation key {key}"))?;
        }
        Action::Disable { key, place } => switch(key, true, &place)?,
        Action::Enable { key, place } => switch(key, false, &place)?,
    }
    Ok(())
}

fn switch(key: String, disabled: bool, place: &Place) -> Result<(), Failure> {
    let store = place.database()?.open_activation_keys()?;
    let given = key.clone();
    store.write_blocking(AUTHOR, move |job| agents::set_key_disabled(job, &given, disabled))?;
    store.close()?;
    let now = if disabled { "lets no more agents in" } else { "lets agents in" };
    say(format_args!("the activation key {key} {now}"))?;
    Ok(())
}

fn list(store: &Store) -> Result<(), Failure> {
    let ids: Vec<u32> = store.index::<ActivationKey, _>(|index| index.ids().iter().collect());
    say(format_args!("{:<36} {:<8} {:<20} TITLE", "KEY", "STATE", "MADE"))?;
    for key in store.read()?.get_many::<ActivationKey>(&ids)? {
        let state = if key.disabled { "disabled" } else { "open" };
        let made = format!("{:.0}", key.created);
        say(format_args!("{:<36} {state:<8} {made:<20} {}", key.key, key.title))?;
    }
    Ok(())
}
