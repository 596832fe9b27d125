//! What tells two catalogs apart, object by object and field by field.

use toml::Value;

use super::describe::{Fields, Object, Subject};

/// One object that is not the same in both.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The object by its place in a catalog file, for example `points.xp.levels.novice`.
    pub path: String,
    /// What happens to it.
    pub change: Change,
    /// The fields that differ; of an object that is removed none.
    pub fields: Vec<FieldDifference>,
    /// Set where existing users may be touched.
    pub subject: Option<Subject>,
}

/// What happens to an object on the way from one catalog to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Both have it.
    Changed,
    /// Only the first has it.
    Removed,
}

/// A field of an object, with its values as a catalog file has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDifference {
    /// Its name.
    pub name: &'static str,
    /// The value in the first catalog; none for the default.
    pub before: Option<String>,
    /// The value in the second catalog; none for the default.
    pub after: Option<String>,
}

/// What is to be added or changed, in the order of the second catalog, then what is to be removed.
pub(super) fn differences(before: &[Object], after: &[Object]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for object in after {
        let old = before.iter().find(|old| old.place.is(&object.place));
        let fields = field_differences(old.map_or(&[], |old| &old.fields), &object.fields);
        let change = if old.is_some() { Change::Changed } else { Change::Added };
        if !fields.is_empty() {
            let (path, subject) = (object.place.shown(), object.subject);
            differences.push(Difference { path, change, fields, subject });
        }
    }
    let removed = before.iter().filter(|old| !after.iter().any(|own| own.place.is(&old.place)));
    differences.extend(removed.map(|old| Difference {
        path: old.place.shown(),
        change: Change::Removed,
        fields: Vec::new(),
        subject: old.subject,
    }));
    differences
}

fn field_differences(before: &[(&'static str, Value)], after: &Fields) -> Vec<FieldDifference> {
    let find = |fields: &[(&'static str, Value)], name| {
        fields.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone())
    };
    let gone = before.iter().filter(|(name, _)| !after.iter().any(|(own, _)| own == name));
    let names = after.iter().chain(gone).map(|(name, _)| *name);
    names
        .map(|name| (name, find(before, name), find(after, name)))
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| FieldDifference {
            name,
            before: old.map(|value| value.to_string()),
            after: new.map(|value| value.to_string()),
        })
        .collect()
}
