//! Replies, signals and streaks in one line of text, with the names an example gave to things.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::catalog::Catalog;
use domain::ids::{AchievementId, EventId, LevelId, PointsSystemId, TriggerId};
use domain::user::{
    AwardRecord, EventReply, PointsChange, Signal, SignalKind, StreakPeriod, StreakView,
};

/// The names of what has none in the catalog: triggers as named by the example, events by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    triggers: BTreeMap<TriggerId, String>,
    events: Vec<EventId>,
}

impl Names {
    pub(super) fn trigger(&mut self, id: TriggerId, name: &str) {
        self.triggers.insert(id, name.to_owned());
    }

    /// `E1` for the first event that was asked for, and so on.
    pub(super) fn event(&mut self, id: EventId) -> String {
        let place = self.events.iter().position(|known| *known == id);
        let place = place.unwrap_or_else(|| {
            self.events.push(id);
            self.events.len() - 1
        });
        format!("E{}", place + 1)
    }

    pub(super) fn event_reply(&self, catalog: &Catalog, reply: &EventReply) -> String {
        let mut line = String::new();
        if reply.streak_extended {
            line.push_str("; extended");
        }
        if !reply.completed.is_empty() {
            line.push_str("; completed");
        }
        for id in &reply.completed {
            write!(line, " {}", achievement(catalog, *id)).expect("a string takes text");
        }
        line + &self.points(catalog, &reply.points)
    }

    /// `; xp 125 (+125) level silver: 5 T1, 70 T2` per system.
    pub(super) fn points(&self, catalog: &Catalog, changes: &[PointsChange]) -> String {
        let change = |change: &PointsChange| {
            let PointsChange { system, total, added, awards, level } = change;
            let level = level
                .map_or(String::new(), |id| format!(" level {}", level_key(catalog, *system, id)));
            let (key, awards) = (system_key(catalog, *system), self.awards(awards));
            format!("; {key} {total} ({added:+}){level}: {awards}")
        };
        changes.iter().map(change).collect()
    }

    fn awards(&self, awards: &[AwardRecord]) -> String {
        let award = |award: &AwardRecord| {
            let name = self.triggers.get(&award.trigger).map_or("?", String::as_str);
            format!("{} {name}", award.awarded)
        };
        awards.iter().map(award).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn signal(&self, catalog: &Catalog, signal: &Signal) -> String {
        let what = match &signal.kind {
            SignalKind::AchievementCompleted { achievement: id } => {
                format!("achievement.completed {}", achievement(catalog, *id))
            }
            SignalKind::StreakStarted => "streak.started".to_owned(),
            SignalKind::StreakExtended { length } => format!("streak.extended {length}"),
            SignalKind::StreakLost { length } => format!("streak.lost {length}"),
            SignalKind::FreezeConsumed { consumed, freezes } => {
                format!("streak.freeze_consumed {consumed}, {freezes} left")
            }
            SignalKind::FreezeEarned { earned, freezes } => {
                format!("streak.freeze_earned {earned}, {freezes} held")
            }
            SignalKind::PointsChanged { system, total, awards } => {
                let (key, awards) = (system_key(catalog, *system), self.awards(awards));
                format!("points.changed {key} {total}: {awards}")
            }
            SignalKind::PointsReported { system, total, added, first, end, level } => {
                let key = system_key(catalog, *system);
                let level = level.map(|level| level_key(catalog, *system, level));
                let level = level.map_or(String::new(), |level| format!(", now {level}"));
                format!(
                    "points.changed told {key} {total}: {added} by awards {first}..{end}{level}"
                )
            }
            SignalKind::LevelChanged { system, total, previous, new } => {
                let key = system_key(catalog, *system);
                let name = |level| level_key(catalog, *system, level);
                let (previous, new) = (name(*previous), name(*new));
                format!("points.level_changed {key} {total}: {previous} -> {new}")
            }
        };
        format!("{} {what}", signal.at)
    }
}

fn achievement(catalog: &Catalog, id: AchievementId) -> &str {
    let found = catalog.achievements.iter().find(|achievement| achievement.id == id);
    &found.expect("a known achievement").name
}

fn system_key(catalog: &Catalog, id: PointsSystemId) -> &str {
    let found = catalog.points_systems.iter().find(|system| system.id == id);
    found.expect("a known system").key.as_str()
}

fn level_key(catalog: &Catalog, system: PointsSystemId, level: Option<LevelId>) -> &str {
    let Some(id) = level else { return "none" };
    let levels = catalog.points_systems.iter().find(|own| own.id == system);
    let mut levels = levels.expect("a known system").levels.iter();
    levels.find(|level| level.id == id).expect("a known level").key.as_str()
}

/// `3 since 2026-02-02, 2026-02-05..2026-02-05, expires .., extended .., freezes 2/3`
pub(super) fn streak(view: &StreakView) -> String {
    let mut line = view.length.to_string();
    let mut add = |text: String| line.push_str(&text);
    if let Some(started) = view.started {
        add(format!(" since {started}"));
    }
    if let Some(period) = view.period {
        add(format!(", {}..{}", period.start, period.end));
    }
    if let Some(expires) = view.expires {
        add(format!(", expires {expires}"));
    }
    if let Some(extended) = view.extended_at {
        add(format!(", extended {extended}"));
    }
    if let Some(freezes) = view.freezes {
        add(format!(", freezes {}/{}", freezes.held, freezes.max));
        if let Some((interval, amount)) = freezes.auto_earn {
            add(format!(" +{amount} every {interval}"));
        }
    }
    line
}

/// `2026-02-01: 0 1 2 3 3f 3p 0r`
pub(super) fn history(periods: &[StreakPeriod]) -> String {
    let period = |period: &StreakPeriod| {
        let freeze = if period.used_freeze { "f" } else { "" };
        let pause = if period.used_pause { "p" } else { "" };
        let reset = if period.reset_at.is_some() { "r" } else { "" };
        format!("{}{freeze}{pause}{reset}", period.length)
    };
    let first = periods.first().map_or(String::new(), |first| format!("{}: ", first.dates.start));
    first + &periods.iter().map(period).collect::<Vec<_>>().join(" ")
}
