//! Reports of changed points: what `points.changed` says, and how often. (C-WH-33, C-WH-43 to 48)
//!
//! A user has a window per points system while anyone is told; it is part of the state, so that it
//! outlives restarts and ends exactly, as everything that falls due. Awards are named by their
//! numbers: a busy window costs no more to store than a quiet one.

use crate::catalog::Catalog;
use crate::ids::{LevelId, PointsSystemId};
use crate::time::Timestamp;
use crate::user::SignalKind;
use crate::user::decision::Decision;
use crate::webhook::{HeldPoints, PointsWindow, WebhookEvent};

/// Tells a change of a balance at `at` that led to `level`, or holds it; `change` says what the level
/// was before.
pub(crate) fn on_change(
    decision: &mut Decision<'_>,
    system: PointsSystemId,
    at: Timestamp,
    change: HeldPoints,
    level: Option<LevelId>,
) {
    if !decision.catalog.is_told(WebhookEvent::PointsChanged) {
        decision.state.windows.remove(&system);
        return;
    }
    match decision.state.windows.get_mut(&system).filter(|window| !window.is_over(at)) {
        Some(window) => hold(window, change),
        None => tell(decision, system, at, change, level),
    }
}

fn hold(window: &mut PointsWindow, change: HeldPoints) {
    window.held = Some(match window.held {
        None => change,
        Some(held) => HeldPoints {
            added: held.added + change.added,
            total: change.total,
            end: change.end,
            ..held
        },
    });
}

/// Signals a report and opens a window with it.
fn tell(
    decision: &mut Decision<'_>,
    system: PointsSystemId,
    at: Timestamp,
    change: HeldPoints,
    level: Option<LevelId>,
) {
    let HeldPoints { added, total, first, end, level_before } = change;
    let level = (level != level_before).then_some(level);
    decision.signal(at, SignalKind::PointsReported { system, total, added, first, end, level });
    decision.state.windows.insert(system, PointsWindow::opened(at));
}

/// When the next window ends with something held.
pub(crate) fn next_due(decision: &Decision<'_>) -> Option<Timestamp> {
    decision.state.windows.values().filter_map(PointsWindow::due).min()
}

/// Tells what was held in windows that end by `due`; of windows that nobody wants any more, nothing.
pub(crate) fn close_due(decision: &mut Decision<'_>, due: Timestamp) {
    let ended: Vec<(PointsSystemId, Timestamp, HeldPoints)> = decision
        .state
        .windows
        .iter()
        .filter(|(_, window)| window.due().is_some_and(|end| end <= due))
        .filter_map(|(system, window)| Some((*system, window.ends_at(), window.held?)))
        .collect();
    for (system, end, held) in ended {
        decision.state.windows.remove(&system);
        if decision.catalog.is_told(WebhookEvent::PointsChanged) {
            let level = level_before(decision.catalog, system, end, held.total);
            tell(decision, system, end, held, level);
        }
    }
}

/// The level that a balance led to just before `end`.
fn level_before(
    catalog: &Catalog,
    system: PointsSystemId,
    end: Timestamp,
    total: i64,
) -> Option<LevelId> {
    let system = catalog.points_systems.iter().find(|own| own.id == system)?;
    system.rules.before(end).level_at(total)
}

/// Forgets windows that are over with nothing held: the next change is told at once either way.
pub(crate) fn forget_over(decision: &mut Decision<'_>) {
    let now = decision.now;
    decision.state.windows.retain(|_, window| !window.is_over(now));
}
