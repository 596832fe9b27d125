//! `/catalog`: the whole configuration as a catalog file: written, compared, applied.
//!
//! The hosted product has no such thing; what the files say and what they do is in
//! [`crate::catalog_file`]. A file is applied in one change of the catalog, so all of it or nothing
//! is there, and reviews and recounts follow as from any other change.

use actors::Preview;
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use domain::catalog::{Catalog, SealedSecret};
use domain::ids::TriggerId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::wire::{BodyFailures, Failures};
use crate::app::App;
use crate::catalog_file::{
    self, CatalogFile, CatalogFileError, Change, Difference, FieldDifference, Plan, Subject,
};
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Text};
use crate::secrets::WebhookSecret;

/// How many removed objects an error names.
const REMOVED_NAMED_MAX: usize = 5;

/// What a catalog file would change, or has changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CatalogPlan {
    /// What is added or changed, in the order of the file, then what is removed.
    pub differences: Vec<CatalogDifference>,
}

/// One object that differs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CatalogDifference {
    /// The object by its place in a catalog file.
    pub path: String,
    /// What happens to it.
    pub change: CatalogChange,
    /// The fields that differ; of a removed object none.
    pub fields: Vec<CatalogField>,
    /// How many existing users it touches; in plans, and of achievements and triggers only.
    #[schema(required)]
    pub users: Option<CatalogUsers>,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CatalogChange {
    /// It is created.
    Added,
    /// It is changed.
    Changed,
    /// It is deleted: the file leaves it out.
    Removed,
}

/// A field that differs, with its values as a catalog file has them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CatalogField {
    /// Its name.
    pub name: String,
    /// Its present value; null for the default.
    #[schema(required)]
    pub before: Option<String>,
    /// The value in the file; null for the default.
    #[schema(required)]
    pub after: Option<String>,
}

/// Existing users whom a difference touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogUsers {
    /// What happens to them.
    pub effect: CatalogEffect,
    /// How many they are.
    pub count: u64,
}

/// How users are touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CatalogEffect {
    /// They complete the achievement at once, silently.
    Complete,
    /// They have completed the achievement that is removed.
    Completed,
    /// The trigger may award or deduct points of theirs, before the change or after it.
    Paid,
}

impl CatalogPlan {
    /// Reads what a server answered.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }

    /// Without counts of users.
    fn of(differences: Vec<Difference>) -> Self {
        Self { differences: differences.into_iter().map(CatalogDifference::of).collect() }
    }
}

impl CatalogDifference {
    fn of(difference: Difference) -> Self {
        let field = |FieldDifference { name, before, after }| {
            let name: &str = name;
            CatalogField { name: name.to_owned(), before, after }
        };
        Self {
            path: difference.path,
            change: match difference.change {
                Change::Added => CatalogChange::Added,
                Change::Changed => CatalogChange::Changed,
                Change::Removed => CatalogChange::Removed,
            },
            fields: difference.fields.into_iter().map(field).collect(),
            users: None,
        }
    }
}

/// What a request with a file may say beside it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FileParameters {
    /// What errors call the file.
    #[param(default = "catalog.toml")]
    pub file: Option<String>,
}

/// What a request to apply a file may say beside it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApplyParameters {
    /// Whether what the file leaves out is deleted; without it such a file is refused.
    #[param(default = false)]
    pub prune: Option<bool>,
}

fn read_file(query: &Query, text: &str) -> Result<CatalogFile, ApiError> {
    let name = query.text("file").unwrap_or("catalog.toml");
    catalog_file::parse(name, text).map_err(|error| refused(&error))
}

/// 422: the message begins with file, line and column.
fn refused(error: &CatalogFileError) -> ApiError {
    ApiError::invalid(error.to_string())
}

/// Export the catalog as a catalog file. Secrets of webhooks and boosts of single users are not in it.
#[utoipa::path(
    get,
    path = "/catalog",
    operation_id = "admin_catalog_export",
    tag = "Admin",
    responses(
        (status = 200, description = "The file", body = String, content_type = "application/toml"),
        Failures
    )
)]
pub(super) async fn export(
    State(app): State<App>,
    caller: Caller,
) -> ([(HeaderName, &'static str); 1], String) {
    let text = catalog_file::export(&app.engine.catalog(caller.scope));
    ([(CONTENT_TYPE, "application/toml")], text)
}

/// Compare a catalog file with the catalog. Nothing changes.
#[utoipa::path(
    post,
    path = "/catalog/plan",
    operation_id = "admin_catalog_plan",
    tag = "Admin",
    params(FileParameters),
    request_body(content = String, content_type = "application/toml"),
    responses((status = 200, description = "What applying it would change", body = CatalogPlan), BodyFailures)
)]
pub(super) async fn plan(
    State(app): State<App>,
    caller: Caller,
    query: Query,
    Text(text): Text,
) -> Result<Json<CatalogPlan>, ApiError> {
    let file = read_file(&query, &text)?;
    let before = app.engine.catalog(caller.scope);
    // The copy is thrown away, so it needs no secrets.
    let plan = file.plan(&before, app.engine.now(), &|| SealedSecret(Vec::new()));
    let Plan { after, differences } = plan.map_err(|error| refused(&error))?;
    let triggers = differences.iter().filter_map(|difference| match difference.subject? {
        Subject::Trigger(trigger) => Some(trigger),
        Subject::Achievement(_) => None,
    });
    let triggers: Vec<TriggerId> = triggers.collect();
    // Only a change that somebody is to be judged by completes anything.
    let preview = if triggers.is_empty() && after.review == before.review {
        Preview::default()
    } else {
        app.engine.preview(caller.scope, Catalog::clone(&before), after, triggers).await?
    };
    let statistics = app.engine.statistics(caller.scope);
    let touched = |difference: &Difference| {
        let (effect, count) = match (difference.subject?, difference.change) {
            (Subject::Achievement(id), Change::Removed) => {
                (CatalogEffect::Completed, statistics.completions(id))
            }
            (Subject::Achievement(id), Change::Added | Change::Changed) => {
                (CatalogEffect::Complete, preview.completing.get(&id).copied().unwrap_or(0))
            }
            (Subject::Trigger(id), _) => {
                (CatalogEffect::Paid, preview.paid.get(&id).copied().unwrap_or(0))
            }
        };
        Some(CatalogUsers { effect, count })
    };
    let counted = differences.into_iter().map(|difference| {
        let users = touched(&difference);
        CatalogDifference { users, ..CatalogDifference::of(difference) }
    });
    Ok(Json(CatalogPlan { differences: counted.collect() }))
}

/// Apply a catalog file: all of it or, if anything is refused, nothing.
#[utoipa::path(
    post,
    path = "/catalog/apply",
    operation_id = "admin_catalog_apply",
    tag = "Admin",
    params(FileParameters, ApplyParameters),
    request_body(content = String, content_type = "application/toml"),
    responses((status = 200, description = "What was changed", body = CatalogPlan), BodyFailures)
)]
pub(super) async fn apply(
    State(app): State<App>,
    caller: Caller,
    query: Query,
    Text(text): Text,
) -> Result<Json<CatalogPlan>, ApiError> {
    let file = read_file(&query, &text)?;
    let may_remove = query.boolean("prune", false)?;
    let key = app.master_key.clone();
    let seal = move || key.seal(&WebhookSecret::generate());
    let change = move |catalog: &mut Catalog, now| {
        let plan = file.plan(catalog, now, &seal).map_err(|error| refused(&error))?;
        if !may_remove {
            refuse_removals(&plan.differences)?;
        }
        *catalog = plan.after;
        Ok::<_, ApiError>(plan.differences)
    };
    let differences = app.engine.change_catalog(caller.scope, change).await??;
    Ok(Json(CatalogPlan::of(differences)))
}

/// 422 if the file leaves something out.
fn refuse_removals(differences: &[Difference]) -> Result<(), ApiError> {
    let removed = differences.iter().filter(|difference| difference.change == Change::Removed);
    let removed: Vec<_> = removed.map(|difference| difference.path.as_str()).collect();
    if removed.is_empty() {
        return Ok(());
    }
    let (named, more) = removed.split_at(removed.len().min(REMOVED_NAMED_MAX));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    Err(ApiError::invalid(format!(
        "The file leaves out what exists; only with prune is it deleted: {}{more}",
        named.join(", ")
    )))
}
