//! The text of a catalog file, for telling places in it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::CatalogFileError;
use super::apply::Problem;

/// A text with a name.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: String,
    pub(super) text: String,
}

impl Source {
    pub(super) fn error(&self, span: Range<usize>, message: &str) -> CatalogFileError {
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        CatalogFileError {
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.to_owned(),
        }
    }

    /// A problem at the field that is to blame, or else where it was found.
    pub(super) fn problem(&self, problem: &Problem) -> CatalogFileError {
        let document = DeTable::parse(&self.text).ok();
        let field = problem.field.zip(document.as_ref()).and_then(|(field, document)| {
            let object = find_table(document.get_ref(), &problem.span)?;
            let mut names = names_in_files(field).into_iter();
            names.find_map(|name| object.get(name.as_str()).map(Spanned::span))
        });
        self.error(field.unwrap_or_else(|| problem.span.clone()), &problem.message)
    }
}

/// The table whose key or whose own place is the span.
fn find_table<'t, 'i>(table: &'t DeTable<'i>, span: &Range<usize>) -> Option<&'t DeTable<'i>> {
    table.iter().find_map(|(key, value)| {
        let is_meant = key.span() == *span;
        value.get_ref().as_table().filter(|_| is_meant).or_else(|| find_inside(value, span))
    })
}

fn find_inside<'t, 'i>(
    value: &'t Spanned<DeValue<'i>>,
    span: &Range<usize>,
) -> Option<&'t DeTable<'i>> {
    match value.get_ref() {
        DeValue::Table(table) if value.span() == *span => Some(table),
        DeValue::Table(table) => find_table(table, span),
        DeValue::Array(elements) => elements.iter().find_map(|value| find_inside(value, span)),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => None,
    }
}

/// What files call a field of the Admin API: its name in snake case, or the one line that says it.
fn names_in_files(field: &str) -> Vec<String> {
    let names: &[&str] = match field {
        "metricId" => &["metric"],
        "pointsSystemId" => &["points"],
        "rankBy" => &["metric", "points", "streak"],
        "runUnit" | "runInterval" => &["repeat"],
        _ => return vec![snake_case(field)],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
