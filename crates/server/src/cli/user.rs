//! `redoubt user`: works beside a running server, which follows the change log, and without one.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use clap::{Args, Subcommand};
use platform::tags::Tag;
use platform::users::{self, NewUser, Role, User};
use store::{Id, Object, Store, Stored};

use super::place::Place;
use super::{AUTHOR, Failure, say};
use crate::log::{self, LogFormat};

/// The longest line that is read as a password.
const LONGEST: u64 = 4_096;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a user
    Add {
        /// What they sign in with
        login: String,
        /// What they may do: Manager, Editor or Reader; may be given more than once
        #[arg(long, value_name = "ROLE", required = true)]
        role: Vec<String>,
        /// A tag, by name or id, whose assets they may see; may be given more than once. Without one, they see all
        #[arg(long, value_name = "TAG")]
        scope: Vec<String>,
        /// Read the password from standard input, one line
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        place: Place,
    },
    /// List the users
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Set a user's password; their sessions end
    Passwd {
        /// What they sign in with
        login: String,
        /// Read the password from standard input, one line
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        place: Place,
    },
}

/// Looks after users.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    log::start(LogFormat::Text, "warn");
    match arguments.action {
        Action::Add { login, role, scope, place, .. } => {
            let password = read_password()?;
            let store = place.database()?.open_users()?;
            let scope = scope.iter().map(|tag| tag_of(&store, tag)).collect::<Result<Vec<_>, _>>()?;
            let new = NewUser { login: login.clone(), password, roles: role, scope };
            store.write_blocking(AUTHOR, move |job| {
                let now = job.now();
                users::create(job, new, now)
            })?;
            store.close()?;
            say(format_args!("created the user {login}"))?;
        }
        Action::List { place } => {
            let store = place.database()?.open_users()?;
            list(&store)?;
            store.close()?;
        }
        Action::Passwd { login, place, .. } => {
            let password = read_password()?;
            let store = place.database()?.open_users()?;
            let whose = login.clone();
            store.write_blocking(AUTHOR, move |job| {
                let now = job.now();
                users::set_password(job, &whose, &password, now)
            })?;
            store.close()?;
            say(format_args!("set the password of {login}"))?;
        }
    }
    Ok(())
}

fn read_password() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().lock().take(LONGEST).read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err("no password came on standard input; write it as one line".into());
    }
    Ok(password.to_owned())
}

fn all<T: Object>(store: &Store) -> Result<Vec<Stored<T>>, store::Error> {
    let ids: Vec<u32> = store.index::<T, _>(|index| index.ids().iter().collect());
    store.read()?.get_many(&ids)
}

/// The tag of this name; else that of this id.
fn tag_of(store: &Store, text: &str) -> Result<Id<Tag>, Failure> {
    let tags = all::<Tag>(store)?;
    let mut named = tags.iter().filter(|tag| tag.name == text);
    match (named.next(), named.next()) {
        (Some(tag), None) => return Ok(tag.id),
        (Some(one), Some(other)) => {
            let hint = "give the id of the one that is meant";
            return Err(format!(
                "more than one tag is called {text:?} (ids {}, {}); {hint}",
                one.id, other.id
            )
            .into());
        }
        (None, _) => {}
    }
    let of_id = text.parse::<u32>().ok().and_then(|id| tags.iter().find(|tag| tag.id.get() == id));
    of_id.map(|tag| tag.id).ok_or_else(|| format!("there is no tag {text:?}; create it first").into())
}

fn list(store: &Store) -> Result<(), Failure> {
    let roles: HashMap<_, _> =
        all::<Role>(store)?.into_iter().map(|role| (role.id, role.object.name)).collect();
    let tags: HashMap<_, _> = all::<Tag>(store)?.into_iter().map(|tag| (tag.id, tag.object.name)).collect();
    let mut users = all::<User>(store)?;
    users.sort_by(|one, other| one.login.cmp(&other.login));
    say(format_args!("{:<24} {:<20} SCOPE", "LOGIN", "ROLES"))?;
    for user in users {
        let names: Vec<_> = user.roles.iter().filter_map(|id| roles.get(id).map(String::as_str)).collect();
        let scope: Vec<_> = user
            .scope
            .iter()
            .map(|id| tags.get(id).cloned().unwrap_or_else(|| format!("(tag {id}, gone)")))
            .collect();
        let scope = if scope.is_empty() { "everything".to_owned() } else { scope.join(", ") };
        say(format_args!("{:<24} {:<20} {scope}", user.login, names.join(", ")))?;
    }
    Ok(())
}
