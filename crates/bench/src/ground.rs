//! What every measurement stands on: a data directory with synthetic assets, somebody who may ask, and the program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform::Platform;
use platform::agents::ActivationKey;
use platform::tags::Tag;
use platform::users::NewUser;
use store::{Id, Progress};
use tempfile::TempDir;
use uuid::Uuid;

use crate::data::{Content, Data, content};
use crate::error::{Error, Result};
use crate::load::fill;
use crate::server::{Login, Server};
use crate::synthetic::Synthesizer;
use crate::tell::Teller;

/// A data directory that is ready to be measured, and open in this process.
pub struct Ground {
    /// What made the data.
    pub synthesizer: Arc<Synthesizer>,
    /// The product on the data.
    pub platform: Arc<Platform>,
    /// The ids of the synthesizer's tags.
    pub tags: Vec<Id<Tag>>,
    data: Data,
    served: Served,
}

/// A data directory to start servers on.
pub struct Served {
    /// Who may ask.
    pub login: Login,
    /// What lets agents in.
    pub activation_key: Uuid,
    path: PathBuf,
    program: PathBuf,
    /// Goes with this, if the directory is only for now.
    _temporary: Option<TempDir>,
}

impl Ground {
    /// Prepares a data directory: the given one, which is kept, or one for now.
    ///
    /// # Errors
    /// When it holds other data than the synthesizer's, or can't be used.
    pub fn prepare(
        synthesizer: Arc<Synthesizer>,
        directory: Option<&Path>,
        program: PathBuf,
        teller: &Teller,
    ) -> Result<Self> {
        let temporary = match directory {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("redoubt-bench-data.").tempdir()?),
        };
        let path = directory.or(temporary.as_ref().map(TempDir::path)).unwrap_or(Path::new("."));
        let data = Data::hold(path)?;
        let platform = data.open(&|progress: Progress| teller.rebuilding(progress))?;
        match content(&platform, &synthesizer)? {
            Content::Same => {}
            Content::Empty => {
                let bar = teller.bar("loading assets", synthesizer.assets());
                fill(&platform, &synthesizer, |done| bar.set_position(done))?;
                bar.finish_and_clear();
            }
            Content::Other => {
                let problem =
                    "it holds other data; choose an empty directory, or the same --assets and --seed";
                return Err(Error::Directory { path: path.to_owned(), problem: problem.to_owned() });
            }
        }
        platform.install()?;
        let served = Served {
            login: create_user(&platform)?,
            activation_key: activation_key(&platform)?,
            path: data.path().to_owned(),
            program,
            _temporary: temporary,
        };
        Ok(Self { tags: tag_ids(&platform, &synthesizer)?, synthesizer, platform, data, served })
    }

    /// Closes the product, so that servers can be started on its data.
    ///
    /// # Errors
    /// When the snapshot can't be written.
    pub fn close(self) -> Result<(Arc<Synthesizer>, Served)> {
        self.platform.close()?;
        drop((self.platform, self.data));
        Ok((self.synthesizer, self.served))
    }
}

impl Served {
    /// Starts a server.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&self) -> Result<Server> {
        Server::start(&self.program, &self.path)
    }
}

/// Makes a user whose password nobody learns.
fn create_user(platform: &Platform) -> Result<Login> {
    let (login, password) = (format!("bench-{}", Uuid::new_v4().simple()), Uuid::new_v4().to_string());
    let roles = vec!["Manager".to_owned()];
    platform.create_user(NewUser {
        login: login.clone(),
        password: password.clone(),
        roles,
        scope: Vec::new(),
    })?;
    Ok(Login::new(&login, &password))
}

fn activation_key(platform: &Platform) -> Result<Uuid> {
    let ids: Vec<u32> = platform.store().index::<ActivationKey, _>(|index| index.ids().iter().collect());
    let keys = platform.store().read()?.get_many::<ActivationKey>(&ids)?;
    let open = keys.iter().find(|key| !key.disabled).map(|key| key.key);
    open.ok_or_else(|| Error::Answer("there is no activation key that lets agents in".to_owned()))
}

/// The ids of the synthesizer's tags, by their names.
fn tag_ids(platform: &Platform, synthesizer: &Synthesizer) -> Result<Vec<Id<Tag>>> {
    let ids: Vec<u32> = platform.store().index::<Tag, _>(|index| index.ids().iter().collect());
    let stored = platform.store().read()?.get_many::<Tag>(&ids)?;
    let find = |name: &str| {
        let found = stored.iter().find(|tag| tag.name == name).map(|tag| tag.id);
        found.ok_or_else(|| Error::Answer(format!("there is no tag {name:?}")))
    };
    synthesizer.tags().iter().map(|tag| find(&tag.name)).collect()
}
