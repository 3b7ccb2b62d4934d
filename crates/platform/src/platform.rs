//! The product as a whole: its store, what its areas keep in memory, and its operations.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use store::backend::Backend;
use store::{Options, Progress, Store, StoreBuilder};

use crate::agents::{ActivationKey, Agents, Uninstalled};
use crate::assets::Asset;
use crate::catalog::Entry;
use crate::discoveries::{self, Discoveries, Schedule};
use crate::gateway::Family;
use crate::installers::{self, Installer, Installers};
use crate::keys::Keys;
use crate::oca::{self, Oca};
use crate::operation::{Operation, Routed, route};
use crate::results::HostResult;
use crate::tags::{Tag, Tags};
use crate::users::{Access, NewUser, Role, User};
use crate::webapps::WebApp;
use crate::{Error, Result, agents, assets, catalog, tags, users, webapps};

/// What an administrator may choose.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// Whether asset names follow the key attributes (`contract/am.md 5.8`). Off unless asked for.
    pub automatic_names: bool,
    /// How long an asset of out-of-band assessment waits for its confirmation, in seconds. Useful to test clients that
    /// wait for it.
    pub oca_confirmation_seconds: u32,
}

/// The author of what the platform does by itself.
pub(crate) const SYSTEM: &str = "system";

/// The product.
pub struct Platform {
    store: Store,
    settings: Settings,
    tags: Arc<Tags>,
    access: Arc<Access>,
    agents: Arc<Agents>,
    oca: Arc<Oca>,
    discoveries: Arc<Discoveries>,
    installers: Installers,
}

/// What a first start made.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// The activation key that lets agents in.
    pub activation_key: String,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    [
        tags::OPERATIONS,
        assets::OPERATIONS,
        users::OPERATIONS,
        catalog::OPERATIONS,
        webapps::OPERATIONS,
        installers::OPERATIONS,
    ]
    .concat()
});

static GATEWAY: &[&Family] =
    &[&oca::FAMILY, &oca::POSTURE, &oca::POLICIES, &oca::CLASSIC, &discoveries::FAMILY];

impl Platform {
    /// Opens the product in a database.
    ///
    /// # Errors
    /// When the database fails, or the system gives no randomness.
    pub fn open(
        backend: impl Backend + 'static,
        options: Options,
        settings: Settings,
        progress: &dyn Fn(Progress),
    ) -> Result<Arc<Self>> {
        let keys = Keys::open(options.home.as_deref())?;
        let oca = Arc::new(Oca::open(options.home.as_deref(), &keys)?);
        let installers = Installers::open(options.home.as_deref())?;
        let access = Access::new(&keys).ok_or_else(|| {
            store::Error::Address(
                "the system gives no random numbers, which passwords and sessions need".into(),
            )
        })?;
        let clock = options.clock.clone();
        let store = builder(backend, options).open(progress)?;
        let discoveries = Arc::new(Discoveries::new(clock.clone()));
        let (access, tags) = (Arc::new(access), Arc::new(Tags::new(store.clone(), clock)));
        let agents = Arc::new(Agents::new());
        let (on_users, on_roles) = (access.clone(), access.clone());
        store.observe::<User>(move |changes| {
            on_users.forget(&changes.iter().map(|change| change.id).collect::<Vec<_>>());
        });
        store.observe::<Role>(move |_| on_roles.forget_roles());
        let (on_tags, on_assets) = (tags.clone(), tags.clone());
        store.observe::<Tag>(move |changes| on_tags.tags_changed(changes));
        let on_agents = agents.clone();
        store.observe::<Asset>(move |changes| {
            on_agents.assets_changed(changes);
            on_assets.assets_changed(changes);
        });
        let on_discoveries = discoveries.clone();
        store.observe::<Schedule>(move |changes| on_discoveries.changed(changes));
        let on_uploads = oca.clone();
        store.observe::<oca::Upload>(move |changes| on_uploads.uploads_changed(changes));
        tags.load()?;
        Ok(Arc::new(Self { store, settings, tags, access, agents, oca, discoveries, installers }))
    }

    /// Makes what every installation has where it is missing: roles, system tags, an activation key. Says what a
    /// first start made.
    ///
    /// # Errors
    /// When the database fails.
    pub fn install(&self) -> Result<Option<Fresh>> {
        self.store.write_blocking(SYSTEM, |job| -> Result<_> {
            users::install(job)?;
            tags::install(job)?;
            Ok(agents::install(job)?.map(|activation_key| Fresh { activation_key }))
        })
    }

    /// Whether there is any user yet.
    pub fn has_users(&self) -> bool {
        self.store.index::<User, _>(|index| !index.ids().is_empty())
    }

    /// Creates a user.
    ///
    /// # Errors
    /// When the login is taken, a role unknown or the password too weak.
    pub fn create_user(&self, user: NewUser) -> Result<()> {
        self.store.write_blocking(SYSTEM, move |job| {
            let now = job.now();
            users::create(job, user, now).map(drop)
        })
    }

    /// The operations of the API.
    pub fn operations() -> &'static [Operation] {
        &OPERATIONS
    }

    /// The calls of the gateway.
    pub fn gateway() -> &'static [&'static Family] {
        GATEWAY
    }

    /// The operation of a URL below `/qps/rest/`.
    pub fn route(method: &str, path: &str) -> Routed {
        route(&OPERATIONS, method, path)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What an administrator chose.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// The door.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The tags.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The agents.
    pub fn agents(&self) -> &Agents {
        &self.agents
    }

    /// What out-of-band assessment keeps.
    pub fn oca(&self) -> &Oca {
        &self.oca
    }

    /// The discoveries that this server runs.
    pub fn discoveries(&self) -> &Discoveries {
        &self.discoveries
    }

    /// The files of the agent's installers.
    pub fn installers(&self) -> &Installers {
        &self.installers
    }

    /// Looks again at the tags whose rules speak of the present time, after what was left behind, and at the discoveries
    /// that are due; the server calls this now and then.
    pub fn tick(self: &Arc<Self>, now: Timestamp) {
        self.tags.tick(now);
        self.oca.tick(&self.store, now);
        self.installers.tick(&self.store, now);
        discoveries::look(self);
    }

    /// Ends the product: ends discoveries, waits for writes under way, and writes the index snapshot.
    ///
    /// # Errors
    /// When the snapshot can't be written; the next start then takes longer.
    pub fn close(&self) -> Result<()> {
        self.discoveries.stop();
        self.store.close().map_err(Error::from)
    }
}

/// Every kind of object that the product stores.
fn builder(backend: impl Backend + 'static, options: Options) -> StoreBuilder {
    StoreBuilder::new(backend, options)
        .hold::<Asset>()
        .hold::<Tag>()
        .hold::<User>()
        .hold::<Role>()
        .hold::<ActivationKey>()
        .hold::<Uninstalled>()
        .hold::<oca::Device>()
        .hold::<oca::Upload>()
        .hold::<HostResult>()
        .hold::<Schedule>()
        .hold::<Entry>()
        .hold::<WebApp>()
        .hold::<Installer>()
}
