//! Catalog files: a whole configuration as TOML.
//!
//! A file says what an environment's catalog is to be: [`CatalogFile::plan`] makes a copy of the
//! current one and brings it there, through the same catalog operations as the Admin API, so the
//! same rules hold; what that changed is told by comparing descriptions of both. The first start
//! with a file is the case of an empty catalog. Everything refers to others by key, never by id.
//! Whatever is wrong is told with file, line and column. `config/examples/study.toml` documents the
//! format by example; see also `docs/decisions/0017`.

mod apply;
mod describe;
mod difference;
mod export;
mod format;
mod source;
mod value;

use domain::catalog::{Catalog, SealedSecret, Settings};
use domain::ids::EnvironmentId;
use domain::time::Timestamp;
use thiserror::Error;
use uuid::Uuid;

pub use self::describe::Subject;
pub use self::difference::{Change, Difference, FieldDifference};
use self::format::Document;
use self::source::Source;

/// A catalog file that fits together.
#[derive(Debug)]
pub struct CatalogFile {
    source: Source,
    document: Document,
}

/// What is wrong with a catalog file, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct CatalogFileError {
    /// The name of the file as it was given.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

/// What a file makes of a catalog.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The catalog that the file describes.
    pub after: Catalog,
    /// How it differs from the one before; empty if it is the same.
    pub differences: Vec<Difference>,
}

/// Reads a catalog file and checks it by applying it to an empty catalog.
///
/// # Errors
/// The first thing that is wrong with it: TOML syntax, unknown or missing fields, values out of
/// range, references to what the file doesn't define.
pub fn parse(file_name: &str, text: &str) -> Result<CatalogFile, CatalogFileError> {
    let source = Source { file: file_name.to_owned(), text: text.to_owned() };
    let document = toml::from_str(text)
        .map_err(|error| source.error(error.span().unwrap_or_default(), error.message()))?;
    let file = CatalogFile { source, document };
    let empty = Catalog::new(EnvironmentId(Uuid::nil()), Settings::default());
    file.plan(&empty, Timestamp::from_millis(0), &|| SealedSecret(Vec::new()))?;
    Ok(file)
}

/// The file that describes a catalog: a plan for it has no differences. Secrets of webhooks, boosts
/// of single users and finished leaderboards of things that were deleted are not in it.
#[must_use]
pub fn export(catalog: &Catalog) -> String {
    export::write(&describe::describe(catalog))
}

impl CatalogFile {
    /// What the catalog would be if it was what the file says, and what that changes. Webhooks that
    /// are new get secrets from `new_secret`, others keep theirs: a file never holds any.
    ///
    /// # Errors
    /// If the catalog doesn't allow a change; an empty one takes every parsed file.
    pub fn plan(
        &self,
        catalog: &Catalog,
        now: Timestamp,
        new_secret: &dyn Fn() -> SealedSecret,
    ) -> Result<Plan, CatalogFileError> {
        let after = apply::apply(&self.document, catalog.clone(), now, new_secret)
            .map_err(|problem| self.source.problem(&problem))?;
        let differences =
            difference::differences(&describe::describe(catalog), &describe::describe(&after));
        // Where a file only says the same in another order, nothing is to change.
        let after = if differences.is_empty() { catalog.clone() } else { after };
        Ok(Plan { after, differences })
    }

    /// Makes the catalog what the file says, or changes nothing. See [`CatalogFile::plan`].
    ///
    /// # Errors
    /// As for [`CatalogFile::plan`].
    pub fn apply_to(
        &self,
        catalog: &mut Catalog,
        now: Timestamp,
        new_secret: &dyn Fn() -> SealedSecret,
    ) -> Result<Vec<Difference>, CatalogFileError> {
        let Plan { after, differences } = self.plan(catalog, now, new_secret)?;
        *catalog = after;
        Ok(differences)
    }
}
