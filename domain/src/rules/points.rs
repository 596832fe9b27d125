//! Points: what an event, a streak, an achievement or a new user awards and deducts. (C-POINTS)

use super::tracker::{HistorySum, known_sum};
use super::{boost, filters_match_user, leaderboard, report};
use crate::amount::Amount;
use crate::catalog::{
    BalanceRules, DueKind, DueTerms, Filter, PointsSystem, RankBy, Trigger, TriggerKind, all_match,
};
use crate::ids::{AchievementId, AwardId, LevelId, MetricId, PointsSystemId, TriggerId};
use crate::leaderboard::Contribution;
use crate::time::Timestamp;
use crate::user::decision::Decision;
use crate::user::{
    AppliedBoost, AwardRecord, HistoryRow, PointsBalance, PointsChange, PointsDay, Rejection,
    SignalKind, SubmitEvent, Tracker, UserState,
};
use crate::webhook::HeldPoints;

/// Fires `user_creation` triggers. (C-POINTS-21)
pub(crate) fn on_user_creation(decision: &mut Decision<'_>) {
    for (system, trigger) in active_triggers(decision) {
        if matches!(trigger.kind, TriggerKind::UserCreation)
            && filters_match_user(&trigger.user_filters, &decision.state)
        {
            award(decision, system, trigger.id, trigger.points, Occasion::Request);
        }
    }
}

/// Refuses an event whose guarded deductions exceed a balance. (C-POINTS-28 to 31)
pub(crate) fn guard(
    decision: &Decision<'_>,
    event: &SubmitEvent,
    sums: &[HistorySum],
) -> Result<(), Rejection> {
    for system in decision.catalog.live_points_systems() {
        let deduction: i64 = system
            .live_triggers()
            .filter(|trigger| {
                trigger.active && trigger.block_if_out_of_points && trigger.points < 0
            })
            .filter_map(|trigger| {
                let crossing = crossing(&decision.state, trigger, event, SumStage::Before(sums))?;
                let fires = crossing.multiples > 0
                    && filters_match_user(&trigger.user_filters, &decision.state);
                fires.then(|| crossing.multiples.saturating_mul(trigger.points))
            })
            .fold(0, i64::saturating_add);
        if decision.state.balance(system.id).saturating_add(deduction) < 0 {
            return Err(Rejection::InsufficientPoints(system.key.clone()));
        }
    }
    Ok(())
}

/// Fires metric, streak and achievement triggers, stage by stage. (C-POINTS-24)
pub(crate) fn on_event(decision: &mut Decision<'_>, event: &SubmitEvent, streak_extended: bool) {
    for (system, trigger) in active_triggers(decision) {
        fire_metric(decision, system, trigger, event);
    }
    if streak_extended {
        fire_streak(decision);
    }
    on_completions(decision, &decision.completed.clone(), Occasion::Request);
}

/// All multiples crossed by one event are paid in one award; the high-water mark advances even if
/// the user's attributes forfeit it. (C-POINTS-15, C-POINTS-17, C-POINTS-18)
fn fire_metric(
    decision: &mut Decision<'_>,
    system: &PointsSystem,
    trigger: &Trigger,
    event: &SubmitEvent,
) {
    let Some(crossing) = crossing(&decision.state, trigger, event, SumStage::After) else { return };
    let tracker = decision.state.trackers.entry(trigger.id.0).or_insert(Tracker {
        revision: crossing.revision,
        sum: None,
        high_water: None,
    });
    if tracker.revision != crossing.revision {
        *tracker = Tracker { revision: crossing.revision, sum: None, high_water: None };
    }
    tracker.high_water = Some(crossing.high_water);
    if crossing.multiples > 0 && filters_match_user(&trigger.user_filters, &decision.state) {
        let points = crossing.multiples.saturating_mul(trigger.points);
        award(decision, system, trigger.id, points, Occasion::Request);
    }
}

/// Every positive multiple of the trigger's length, in every run anew. (C-POINTS-19)
fn fire_streak(decision: &mut Decision<'_>) {
    let frequency = decision.catalog.streaks.current().frequency;
    let reached = decision.state.streak.track(frequency).length();
    for (system, trigger) in active_triggers(decision) {
        if let TriggerKind::Streak { length } = trigger.kind
            && reached.is_multiple_of(length)
            && filters_match_user(&trigger.user_filters, &decision.state)
        {
            award(decision, system, trigger.id, trigger.points, Occasion::Request);
        }
    }
}

/// Fires the triggers of these completions, in completion order. (C-POINTS-20)
pub(crate) fn on_completions(
    decision: &mut Decision<'_>,
    completed: &[AchievementId],
    occasion: Occasion,
) {
    let catalog = decision.catalog;
    for completed in completed {
        for (system, trigger) in catalog.all_triggers() {
            let terms = match occasion {
                Occasion::Request | Occasion::Moved => trigger.terms.current(),
                Occasion::Due(at) => trigger.terms.before(at),
            };
            if let Some(DueTerms {
                kind: DueKind::Completion { achievement },
                points,
                user_filters,
                ..
            }) = terms
                && achievement == completed
                && filters_match_user(user_filters, &decision.state)
            {
                award(decision, system, trigger.id, *points, occasion);
            }
        }
    }
}

/// The request's points per system, with its level if it changed, and the signals that follow.
/// (C-EVENT-09, C-EVENT-16, C-POINTS-47 to 51)
pub(crate) fn conclude(decision: &mut Decision<'_>) -> Vec<PointsChange> {
    let catalog = decision.catalog;
    let mut changes = Vec::new();
    for system in catalog.live_points_systems() {
        let Some(awards) = decision.awards.remove(&system.id) else { continue };
        let total = decision.state.balance(system.id);
        let previous = decision.levels_before.get(&system.id).copied().flatten();
        let new = system.level_at(total).map(|level| level.id);
        // Those of the user's creation come first. (C-POINTS-24)
        let created = awards.iter().take_while(|award| is_user_creation(system, award)).count();
        if created < awards.len() {
            let now = decision.now;
            let kind =
                SignalKind::PointsChanged { system: system.id, total, awards: awards.clone() };
            decision.signal(now, kind);
            let change = held(&decision.state, system.id, &awards[created..], previous);
            report::on_change(decision, system.id, now, change, new);
        }
        if new != previous {
            decision.signal(
                decision.now,
                SignalKind::LevelChanged { system: system.id, total, previous, new },
            );
        }
        changes.push(PointsChange {
            system: system.id,
            total,
            added: awards.iter().map(|award| award.awarded).sum(),
            awards,
            level: (new != previous).then_some(new),
        });
    }
    changes
}

fn is_user_creation(system: &PointsSystem, award: &AwardRecord) -> bool {
    let trigger = system.triggers.iter().find(|trigger| trigger.id == award.trigger);
    trigger.is_some_and(|trigger| matches!(trigger.kind, TriggerKind::UserCreation))
}

/// Live systems with their active triggers, in creation order.
fn active_triggers<'a>(
    decision: &Decision<'a>,
) -> impl Iterator<Item = (&'a PointsSystem, &'a Trigger)> + use<'a> {
    decision.catalog.live_points_systems().flat_map(|system| {
        system
            .live_triggers()
            .filter(|trigger| trigger.active)
            .map(move |trigger| (system, trigger))
    })
}

/// When an award happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// In the request being decided, which answers with it.
    Request,
    /// At an earlier instant or now, whatever the request is about: told on its own. (C-POINTS-51)
    Due(Timestamp),
    /// Now, but not by what the request asks for: at a move east, as if it had fallen due there, or
    /// on an anniversary that only became known.
    Moved,
}

/// Boosts what is awarded, changes the balance within 0 and the maximum and records what really changed.
/// (C-POINTS-03, C-POINTS-26, C-POINTS-27, C-POINTS-36)
pub(crate) fn award(
    decision: &mut Decision<'_>,
    system: &PointsSystem,
    trigger: TriggerId,
    points: i64,
    occasion: Occasion,
) {
    let (at, rules) = match occasion {
        Occasion::Request | Occasion::Moved => (decision.now, system.rules.current()),
        Occasion::Due(at) => (at, system.rules.before(at)),
    };
    let before = decision.state.balance(system.id);
    let room = rules.room_above(before);
    let (awarded, boosts) = if points > 0 && room > 0 {
        let due = match occasion {
            Occasion::Request | Occasion::Moved => None,
            Occasion::Due(at) => Some(at),
        };
        let boosts = boost::holding(&decision.state, system, due);
        (boost::boosted(points, &boosts).min(room), boosts)
    } else {
        (points.min(0).max(-before), Vec::new())
    };
    if awarded == 0 {
        return;
    }
    let previous = level_before(&decision.state, system, rules);
    let order = match occasion {
        Occasion::Request | Occasion::Moved => decision.order,
        Occasion::Due(_) => 0,
    };
    let record = book(decision, system.id, trigger, (awarded, boosts), (at, order));
    match occasion {
        Occasion::Request => {
            decision.levels_before.entry(system.id).or_insert(previous);
            decision.awards.entry(system.id).or_default().push(record);
        }
        Occasion::Due(_) | Occasion::Moved => tell(decision, system.id, rules, previous, record),
    }
}

/// Adds a change to the balance and writes its rows.
fn book(
    decision: &mut Decision<'_>,
    system: PointsSystemId,
    trigger: TriggerId,
    (awarded, boosts): (i64, Vec<AppliedBoost>),
    (at, order): (Timestamp, u64),
) -> AwardRecord {
    let day = decision.state.effective_day;
    let sequence = awards_of(&decision.state, system);
    let id = AwardId(decision.state.derived_id(&format!("award:{system}"), sequence));
    let balance = decision.state.points.entry(system).or_insert(PointsBalance {
        total: 0,
        awards: 0,
        day,
        day_change: 0,
    });
    if balance.day != day {
        *balance = PointsBalance { day, day_change: 0, ..*balance };
    }
    balance.awards += 1;
    balance.total += awarded;
    balance.day_change += awarded;
    let days_figures = PointsDay { change: balance.day_change, total: balance.total };
    let total = balance.total;
    let time = decision.zone().time_of_day(at);
    let record = AwardRecord { id, trigger, awarded, total, at, day, time, order, boosts };
    decision.state.order = decision.state.order.max(order);
    leaderboard::on_value(decision, RankBy::Points(system), &Contribution::from(&record));
    decision.write(HistoryRow::Award { system, sequence, record: record.clone() });
    decision.write(HistoryRow::PointsDay { system, day, record: days_figures });
    record
}

/// The latest awards as a change to be told.
fn held(
    state: &UserState,
    system: PointsSystemId,
    latest: &[AwardRecord],
    level_before: Option<LevelId>,
) -> HeldPoints {
    let end = awards_of(state, system);
    HeldPoints {
        added: latest.iter().map(|award| award.awarded).sum(),
        total: state.balance(system),
        first: end - latest.len() as u64,
        end,
        level_before,
    }
}

/// Signals a time award and the change of level it makes, at its own instant. (C-POINTS-51)
fn tell(
    decision: &mut Decision<'_>,
    system: PointsSystemId,
    rules: &BalanceRules,
    previous: Option<LevelId>,
    record: AwardRecord,
) {
    let (at, total) = (record.at, record.total);
    let change = held(&decision.state, system, std::slice::from_ref(&record), previous);
    let new = rules.level_at(total);
    decision.signal(at, SignalKind::PointsChanged { system, total, awards: vec![record] });
    report::on_change(decision, system, at, change, new);
    if new != previous {
        decision.signal(at, SignalKind::LevelChanged { system, total, previous, new });
    }
}

fn awards_of(state: &UserState, system: PointsSystemId) -> u64 {
    state.points.get(&system).map_or(0, |balance| balance.awards)
}

/// The level before an award; before a first award ever it is none. (C-POINTS-49)
fn level_before(state: &UserState, system: &PointsSystem, rules: &BalanceRules) -> Option<LevelId> {
    match awards_of(state, system.id) {
        0 => None,
        _ => rules.level_at(state.balance(system.id)),
    }
}

/// How an event moves a metric trigger's progress.
struct Crossing {
    revision: u32,
    multiples: i64,
    high_water: Amount,
}

/// Whether the event is already counted in the state.
#[derive(Clone, Copy)]
enum SumStage<'s> {
    /// Not yet; sums that the state lacks are given.
    Before(&'s [HistorySum]),
    /// It is.
    After,
}

/// What the event means for a metric trigger; `None` if it doesn't concern it. (C-POINTS-16, 17)
fn crossing(
    state: &UserState,
    trigger: &Trigger,
    event: &SubmitEvent,
    stage: SumStage<'_>,
) -> Option<Crossing> {
    let TriggerKind::Metric { metric, threshold, event_filters } = &trigger.kind else {
        return None;
    };
    if *metric != event.metric || !all_match(event_filters, &event.attributes) {
        return None;
    }
    let (before, after) = match stage {
        SumStage::Before(sums) => {
            let before = progress(state, trigger, *metric, event_filters, sums);
            (before, before + event.value)
        }
        SumStage::After => {
            let after = progress(state, trigger, *metric, event_filters, &[]);
            (after - event.value, after)
        }
    };
    let stored =
        state.trackers.get(&trigger.id.0).filter(|tracker| tracker.revision == trigger.revision);
    let mark = stored.and_then(|tracker| tracker.high_water).unwrap_or(before);
    let base = before.max(mark).max(Amount::ZERO);
    Some(Crossing {
        revision: trigger.revision,
        multiples: after.multiples_of(*threshold).saturating_sub(base.multiples_of(*threshold)),
        high_water: base.max(after),
    })
}

/// The metric total, or with event filters the sum of all matching events. (C-POINTS-16)
fn progress(
    state: &UserState,
    trigger: &Trigger,
    metric: MetricId,
    event_filters: &[Filter],
    sums: &[HistorySum],
) -> Amount {
    if event_filters.is_empty() {
        state.total(metric)
    } else {
        known_sum(state, trigger.id.0, trigger.revision, sums)
    }
}
