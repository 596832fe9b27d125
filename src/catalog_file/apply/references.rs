//! What a file's keys refer to, and filters.

use domain::catalog::{ATTRIBUTE_CHARS_MAX, AttributeKind, Filter, Patch};
use domain::ids::{AchievementId, AttributeId, MetricId, PointsSystemId};
use toml::Spanned;

use super::{Changed, Problem};
use crate::catalog_file::format::Filters;

impl Changed {
    pub(super) fn points_system_id(
        &self,
        key: &Spanned<String>,
    ) -> Result<PointsSystemId, Problem> {
        let system = self.catalog.find_points_system_by_key(key.as_ref());
        let known = self.catalog.live_points_systems().map(|system| system.key.as_str());
        system.map(|system| system.id).ok_or_else(|| unknown("points system", key, known))
    }

    pub(super) fn metric_id(&self, key: &Spanned<String>) -> Result<MetricId, Problem> {
        let metric = self.catalog.find_metric_by_key(key.as_ref());
        let known = self.catalog.live_metrics().map(|metric| metric.key.as_str());
        metric.map(|metric| metric.id).ok_or_else(|| unknown("metric", key, known))
    }

    /// The key of a live metric.
    pub(super) fn metric_key(&self, id: MetricId) -> &str {
        self.catalog.find_metric(id).map_or("", |metric| metric.key.as_str())
    }

    pub(super) fn achievement_id(&self, key: &Spanned<String>) -> Result<AchievementId, Problem> {
        let achievement = self.catalog.find_achievement_by_key(key.as_ref());
        let known = self.catalog.live_achievements().map(|own| own.key.as_str());
        achievement.map(|own| own.id).ok_or_else(|| unknown("achievement", key, known))
    }

    pub(super) fn attribute_id(
        &self,
        kind: AttributeKind,
        key: &Spanned<String>,
    ) -> Result<AttributeId, Problem> {
        let own = self.catalog.live_attributes().filter(|own| own.kind == kind);
        let known = own.map(|own| own.key.as_str());
        let what = match kind {
            AttributeKind::User => "user attribute",
            AttributeKind::Event => "event attribute",
        };
        let attribute = self.catalog.find_attribute_by_key(kind, key.as_ref());
        attribute.map(|attribute| attribute.id).ok_or_else(|| unknown(what, key, known))
    }

    pub(super) fn filters(
        &self,
        kind: AttributeKind,
        filters: &Filters,
    ) -> Result<Vec<Filter>, Problem> {
        let resolve = |(key, value): &(Spanned<String>, Spanned<String>)| {
            let attribute = self.attribute_id(kind, key)?;
            if value.as_ref().chars().count() > ATTRIBUTE_CHARS_MAX {
                let message = format!("expected at most {ATTRIBUTE_CHARS_MAX} characters");
                return Err(Problem::at(value.span(), message));
            }
            Ok(Filter { attribute, value: value.as_ref().clone() })
        };
        filters.0.iter().map(resolve).collect()
    }
}

/// What to make of stored filters: nothing, if the same are wanted in any order.
pub(super) fn filters_patch(stored: &[Filter], wanted: Vec<Filter>) -> Patch<Vec<Filter>> {
    // Each attribute is named once, so equal numbers and one direction are enough.
    let is_same =
        stored.len() == wanted.len() && wanted.iter().all(|filter| stored.contains(filter));
    if is_same { Patch::Keep } else { Patch::Set(wanted) }
}

/// The same for filters that only some kinds of objects have.
pub(super) fn event_filters_patch(
    stored: &[Filter],
    wanted: Patch<Vec<Filter>>,
) -> Patch<Vec<Filter>> {
    match wanted {
        Patch::Keep | Patch::Clear => wanted,
        Patch::Set(wanted) => filters_patch(stored, wanted),
    }
}

/// What to make of a stored optional value.
pub(super) fn patch<T>(wanted: Option<T>) -> Patch<T> {
    wanted.map_or(Patch::Clear, Patch::Set)
}

pub(super) fn unknown<'k>(
    what: &str,
    key: &Spanned<String>,
    known: impl Iterator<Item = &'k str>,
) -> Problem {
    let known: Vec<_> = known.map(|key| format!("`{key}`")).collect();
    let expected = match known.as_slice() {
        [] => format!("there is no {what}"),
        [only] => format!("expected {only}"),
        several => format!("expected one of {}", several.join(", ")),
    };
    Problem::at(key.span(), format!("unknown {what} `{}`, {expected}", key.as_ref()))
}
