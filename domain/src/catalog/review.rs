//! Which changes of configuration concern users who already exist.
//!
//! A user is looked at when something of theirs falls due. A change that may make something fall
//! due earlier than was planned therefore has to reach every user once, as backdating an achievement
//! does; the catalog's `review` counts such changes. (C-GEN-22, C-ACH-16)

use super::{AutoEarn, Catalog, DueKind, DueTerms, FreezeSettings, PointsSystem};

impl Catalog {
    /// Counts what changed since `before` as a change that concerns existing users, if it may bring
    /// something of theirs forward and was not counted already.
    pub fn note_review(&mut self, before: &Self) {
        if self.review == before.review && brings_forward(before, self) {
            self.review += 1;
        }
    }
}

/// Whether something of a user may fall due earlier by `after` than by `before`.
fn brings_forward(before: &Catalog, after: &Catalog) -> bool {
    let systems = after.points_systems.iter().any(|system| {
        let earlier = before.points_systems.iter().find(|own| own.id == system.id);
        pays_sooner(earlier, system)
    });
    let [old, new] = [before, after].map(|catalog| catalog.streaks.current().freezes);
    systems
        || earns_sooner(old, new)
        || before.settings.default_time_zone != after.settings.default_time_zone
        || before.settings.week_start != after.settings.week_start
}

/// A time trigger came, came back or was changed, or there is more room for its awards.
fn pays_sooner(before: Option<&PointsSystem>, after: &PointsSystem) -> bool {
    let room = |system: &PointsSystem| system.max_points().unwrap_or(i64::MAX);
    let has_more_room = before.is_some_and(|before| room(after) > room(before));
    has_more_room
        || after.triggers.iter().any(|trigger| {
            let earlier = before
                .and_then(|before| before.triggers.iter().find(|own| own.id == trigger.id))
                .and_then(|trigger| trigger.terms.current().as_ref());
            trigger.terms.current().as_ref().is_some_and(|terms| {
                is_interval(terms) && earlier.is_none_or(|earlier| earlier != terms)
            })
        })
}

const fn is_interval(terms: &DueTerms) -> bool {
    match terms.kind {
        DueKind::Interval { .. } => true,
        DueKind::Completion { .. } => false,
    }
}

/// Freezes are earned by time now, otherwise than before or up to more of them.
fn earns_sooner(before: Option<FreezeSettings>, after: Option<FreezeSettings>) -> bool {
    let earned = |freezes: Option<FreezeSettings>| -> Option<(AutoEarn, u32)> {
        freezes.and_then(|own| own.auto_earn.map(|auto_earn| (auto_earn, own.max_count)))
    };
    match (earned(before), earned(after)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some((old, old_max)), Some((new, new_max))) => old != new || new_max > old_max,
    }
}
