//! The operations on web applications (`contract/was.md 7`).

use qps::{Criterion, Element, ObjectWriter, ServiceError};
use query::{Filter, Test};
use roaring::RoaringBitmap;
use store::{Job, Object, Stored};

use super::fields::{self, TAG_ID, TAG_NAME, TAGS};
use super::model::WebApp;
use super::request::Edit;
use super::scripts;
use super::{asset_of, insert, name_taken, removed, revive, wire};
use crate::assets::{self, Asset};
use crate::comments::Author;
use crate::engine::{self, Creatable, Dialect, Editable, Judge, Resource, Surface};
use crate::operation::State::{Done, Partial};
use crate::{Answer, Call, Error, Input, Operation, Permission, Result};

const SCHEMA: &str = "3.0/was/webapp.xsd";
const WEBAPP: Surface = Surface { version: "3.0", module: "was", object: "webapp", schema: SCHEMA };
const NOT_YET: &str = "no option profiles, authentication records and other objects that it could name";

/// The entries of the operation table.
pub(crate) const OPERATIONS: &[Operation] = &[
    WEBAPP.get(
        Permission::AccessWas,
        engine::get::<WebApps>,
        Done("a_web_application_is_created_read_changed_and_deleted"),
    ),
    WEBAPP.search(
        Permission::AccessWas,
        engine::search::<WebApps>,
        Partial("web_applications_are_found_by_every_documented_field", "no scans, so nothing is scanned"),
    ),
    WEBAPP.count(
        Permission::AccessWas,
        engine::count::<WebApps>,
        Done("web_applications_are_found_by_every_documented_field"),
    ),
    WEBAPP.create(
        Permission::CreateWebAsset,
        engine::create::<WebApps>,
        Partial("a_web_application_is_created_read_changed_and_deleted", NOT_YET),
    ),
    WEBAPP.update(
        Permission::EditWebAsset,
        engine::update::<WebApps>,
        Partial("every_setting_of_a_web_application_is_changed", NOT_YET),
    ),
    WEBAPP.delete(
        Permission::DeleteWebAsset,
        delete,
        Done("a_removed_web_application_leaves_its_asset_and_comes_back"),
    ),
    WEBAPP.act(
        "purge",
        Permission::PurgeWebAsset,
        purge,
        Partial("a_purge_keeps_the_web_application", "no scans and findings that it could clear"),
    ),
    WEBAPP.act_on_all(
        "downloadSeleniumScript",
        Permission::AccessWas,
        download_script,
        Done("a_script_is_kept_changed_and_given_back"),
    ),
];

/// The resource `WebApp`.
pub(super) struct WebApps;

impl Resource for WebApps {
    type Object = WebApp;
    const NAME: &'static str = "WebApp";
    const SCHEMA: &'static str = SCHEMA;
    const DIALECT: Dialect = Dialect::Lenient;

    fn scope(call: &Call) -> Filter {
        let visible = assets::visible(call).map_or(Filter::All, Filter::set);
        fields::present().and(visible)
    }

    /// Tags are those of the asset, whose id is the same.
    fn resolve(call: &Call, filter: Filter) -> Filter {
        filter.at(call.now).resolve(&mut |field, test| match field {
            TAG_NAME => Some(assets_with(call, assets::fields::TAG_NAME, test)),
            TAG_ID | TAGS => Some(assets_with(call, assets::fields::TAG_ID, test)),
            _ => None,
        })
    }

    fn judge<'f>(call: &'f Call, filter: &'f Filter) -> Judge<'f, WebApp> {
        let filter = Self::resolve(call, filter.clone());
        Box::new(move |id, app| query::matches(WebApp::fields(), &filter, id, app))
    }

    fn write(call: &Call, id: u32, app: &WebApp, out: &mut ObjectWriter<'_>) {
        let (tags, _) = call.platform.tags().of_asset(id, &app.tags);
        wire::write(id, app, &tags, out);
    }

    fn write_found(call: &Call, id: u32, app: &WebApp, verbose: bool, out: &mut ObjectWriter<'_>) {
        let (tags, _) = call.platform.tags().of_asset(id, &app.tags);
        wire::write_brief(id, app, &tags, verbose, out);
    }
}

fn assets_with(call: &Call, field: query::FieldId, test: &Test) -> RoaringBitmap {
    let filter = call.platform.tags().resolve(Filter::Field(field, test.clone()));
    call.store().index::<Asset, _>(|index| index.select(&filter).into_owned())
}

impl Editable for WebApps {
    type Edit = Edit;

    fn read_edit(call: &Call, data: &Element) -> Result<Edit> {
        let edit = Edit::read(data)?;
        edit.demand_rights(call)?;
        Ok(edit)
    }

    fn prepare(job: &mut Job<'_>, edit: &mut Edit) -> Result<()> {
        edit.prepare(job)
    }

    fn edit(call: &Call, job: &mut Job<'_>, old: &Stored<WebApp>, edit: &Edit) -> Result<()> {
        let author = Author::of(call, job)?;
        let mut app = old.object.clone();
        edit.merge(job, &author, Some(old.id), &mut app)?;
        if app.url != old.url {
            call.demand(Permission::EditWebAssetUrl)?;
        }
        if app == old.object {
            return Ok(());
        }
        app.updated = job.now();
        app.updated_by = author;
        assets::follow_web_app(job, asset_of(old.id), &app.name, &app.tags)?;
        let name = app.name.clone();
        job.update(old, app).map_err(|error| name_taken(error, &name))
    }

    /// Its asset stays, and remembers what it was (`contract/was.md 7.4`).
    fn delete(_: &Call, job: &mut Job<'_>, old: &Stored<WebApp>) -> Result<()> {
        let removed = Some(job.now());
        Ok(job.update(old, WebApp { removed, ..old.object.clone() })?)
    }
}

impl Creatable for WebApps {
    fn create(call: &Call, job: &mut Job<'_>, edit: &Edit) -> Result<u32> {
        let name = edit.name.clone().ok_or_else(|| ServiceError::cannot_be_null("WebApp.name"))?;
        let url = edit.url.clone().ok_or_else(|| ServiceError::cannot_be_null("WebApp.url"))?;
        let author = Author::of(call, job)?;
        let now = job.now();
        let mut app = WebApp::new(name.clone(), url, author.clone(), now);
        edit.merge(job, &author, None, &mut app)?;
        let created = match removed(job, &name, &app.url)? {
            None => insert(job, app),
            Some(old) if edit.reactivate => revive(job, &old, app),
            Some(_) => {
                return Err(Error::invalid(
                    format!("Data: A web application with the name '{name}' and this URL was removed."),
                    "Set 'reactivateIfExists' to true to use it again without its old settings and findings.",
                ));
            }
        };
        match created {
            Ok(id) => Ok(id.get()),
            Err(Error::Store(error)) => Err(name_taken(error, &name)),
            Err(error) => Err(error),
        }
    }
}

/// `delete/was/webapp[/{id}]`. Whoever asks for it removes the asset, too: in `data`, as a criterion, or in the URL
/// (`contract/was.md 7.4`).
fn delete(call: &Call, mut input: Input) -> Result<Answer> {
    if wants_asset_gone(&mut input)? {
        return engine::delete_with::<WebApps>(call, input, |_, job, app| {
            assets::remove_web_app(job, asset_of(app.id))?;
            Ok(job.delete(app)?)
        });
    }
    engine::delete::<WebApps>(call, input)
}

fn wants_asset_gone(input: &mut Input) -> Result<bool> {
    const MEMBER: &str = "removeFromSubscription";
    let mut wanted = input.query.get("action").is_some_and(|action| action == MEMBER);
    if let Some(data) = &input.request.data {
        engine::expect::<WebApps>(data)?;
        wanted |= data.boolean(MEMBER)?.unwrap_or_default();
    }
    if let Some(criteria) = &mut input.request.filters {
        let is_meant = |one: &Criterion| one.field.eq_ignore_ascii_case(MEMBER);
        for one in criteria.iter().filter(|one| is_meant(one)) {
            match one.value.to_lowercase().as_str() {
                "true" => wanted = true,
                "false" => {}
                _ => {
                    return Err(ServiceError::criteria_value(
                        MEMBER,
                        &one.value,
                        "Values expected: true, false.",
                    )
                    .into());
                }
            }
        }
        criteria.retain(|one| !is_meant(one));
    }
    Ok(wanted)
}

/// `purge/was/webapp[/{id}]`. Web applications keep what they are and lose what scans found (`contract/was.md 7.4`): that is
/// nothing, as long as there are no scans.
fn purge(call: &Call, input: Input) -> Result<Answer> {
    let targets = engine::targets::<WebApps>(call, input.id, &input.request, WebApps::scope(call))?;
    let work = call.clone();
    let ids = call.write(move |job| engine::every::<WebApps>(&work, job, &targets, |_, _| Ok(())))?;
    Ok(engine::ids_answer(SCHEMA, WebApps::NAME, ids))
}

/// `downloadSeleniumScript/was/webapp`: the scripts that criteria choose of web applications that criteria choose
/// (`contract/was.md 7.6`). Both must be there; the usual one is `id`.
fn download_script(call: &Call, mut input: Input) -> Result<Answer> {
    let given = input.request.filters.take().unwrap_or_default();
    let is_meant = |one: &Criterion| one.field.eq_ignore_ascii_case(scripts::CRITERION);
    let (meant, apps): (Vec<_>, Vec<_>) = given.into_iter().partition(is_meant);
    input.request.filters = Some(apps);
    let filter = engine::selection::<WebApps>(call, &input.request)?;
    let mut ids: Option<Vec<u64>> = None;
    for criterion in &meant {
        let chosen = scripts::chosen(criterion)?;
        ids = Some(
            ids.map_or(chosen.clone(), |ids| ids.into_iter().filter(|id| chosen.contains(id)).collect()),
        );
    }
    let Some(ids) = ids.filter(|_| !input.request.criteria().is_empty()) else {
        return Err(Error::invalid(
            format!("Criteria: a web application and '{}' are needed.", scripts::CRITERION),
            format!("Specify the criteria 'id' and '{}'.", scripts::CRITERION),
        ));
    };
    let filter = filter.and(Filter::set(scripts::apps_of(&ids)));
    let chosen: Vec<u32> = call.store().index::<WebApp, _>(|index| index.select(&filter).iter().collect());
    let apps = call.store().read()?.get_many::<WebApp>(&chosen)?;
    let found: Vec<_> = apps
        .iter()
        .flat_map(|app| scripts::among(app.id.get(), app, &ids).map(|script| (app.id.get(), script.clone())))
        .collect();
    Ok(Answer::records(SCHEMA, found.len() as u64, move |writer| {
        for (app, script) in &found {
            writer.record(scripts::NAME, |out| scripts::write(*app, script, out));
        }
    }))
}
