//! Catalog files: a whole configuration as TOML, for the first start of an environment.
//!
//! Everything refers to others by key, never by id: metrics and attributes by their own keys,
//! achievements by the names of their tables. A file is applied whole or not at all, through the
//! same catalog operations as the Admin API, so the same rules hold. Whatever is wrong is told with
//! file, line and column. `config/examples/study.toml` documents the format by example.

mod apply;
mod format;
mod value;

use std::ops::Range;

use domain::catalog::{Catalog, SealedSecret, Settings};
use domain::ids::EnvironmentId;
use domain::time::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use self::format::Document;

/// A catalog file that can be applied to an empty catalog.
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
    let mut empty = Catalog::new(EnvironmentId(Uuid::nil()), Settings::default());
    file.apply_to(&mut empty, Timestamp::from_millis(0), &|| SealedSecret(Vec::new()))?;
    Ok(file)
}

impl CatalogFile {
    /// Adds everything in the file to the catalog and sets the settings it names, or changes
    /// nothing. Webhooks get secrets from `new_secret`: a file never holds any.
    ///
    /// # Errors
    /// If a key of the file is taken in the catalog; an empty catalog takes every parsed file.
    pub fn apply_to(
        &self,
        catalog: &mut Catalog,
        now: Timestamp,
        new_secret: &dyn Fn() -> SealedSecret,
    ) -> Result<(), CatalogFileError> {
        let changed = apply::apply(&self.document, catalog.clone(), now, new_secret)
            .map_err(|problem| self.source.error(problem.span, &problem.message))?;
        *catalog = changed;
        Ok(())
    }
}

/// A text with a name, for telling places in it.
#[derive(Debug)]
struct Source {
    file: String,
    text: String,
}

impl Source {
    fn error(&self, span: Range<usize>, message: &str) -> CatalogFileError {
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        CatalogFileError {
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.to_owned(),
        }
    }
}
