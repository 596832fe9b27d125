//! Runs a history: lazily in step with the model, and punctually and as a worker without it.
//!
//! Lazily, nothing but the steps themselves settles anything. Punctually, a settlement happens at
//! every instant that the model says something is due. A worker settles at the instants that were
//! planned, and a change of configuration has the user planned anew.

use domain::calendar::Zone;
use domain::time::{Date, Timestamp};
use domain::user::RestoreMode;

use crate::books::Watch;
use crate::histories::{
    Gap, Profile, STARTS, Step, TAGS, VALUES, ZONES, is_configuration, pause_dates,
};
use crate::model::plan::{LOCKED, TIMED};
use crate::model::{self, Model, Told};
use crate::planned::Planned;
use crate::support::{self, World, amount, at};

pub(crate) const USER: &str = "u";

/// Takes one step in the model; what it expects a caller to see.
pub(crate) fn expect(
    model: &mut Model,
    planned: &Planned,
    now: Timestamp,
    step: &Step,
) -> model::Expected {
    let told = |profile: &Profile| Told {
        zone: profile.zone.map(|zone| zone.map(|place| support::zone(ZONES[place]))),
        pro: profile.pro,
        signed_up: profile.signed_up.map(|days| days.map(|days| now.utc_date().plus_days(-days))),
    };
    match step {
        Step::Event { metric, value, tag, profile, key } => {
            let event = model::Event {
                metric: *metric,
                value: amount(VALUES[*value]),
                tag: tag.map(|tag| TAGS[tag]),
            };
            let key = key.map(|key| key.to_string());
            model.event(now, told(profile), event, key.as_deref())
        }
        Step::Identify(profile) => model.identify(now, told(profile)),
        Step::Call(profile) => model.call(now, told(profile)),
        Step::Grant(count) => model.grant(now, *count),
        Step::Pause(from, more) => {
            let (start, end) = pause_dates(now, *from, *more);
            model.pause(now, start, end)
        }
        Step::Unpause(place) => model.unpause(now, *place),
        Step::Restore(mode) => model.restore(now, *mode == RestoreMode::LastLost),
        Step::Reset => model.reset(now),
        Step::Prefer(enabled, days) => model.prefer(now, (*enabled, days.clone())),
        Step::NewRules(place) => model.new_rules(now, support::zone(ZONES[*place])),
        Step::Read if model.exists => model.read(now),
        Step::Read => (String::new(), Vec::new()),
        Step::Frequency(_)
        | Step::Conditions { .. }
        | Step::DaysOff(_)
        | Step::Freezes(_)
        | Step::Enabled(_) => {
            model.set_streaks(now, planned.world.catalog.streaks.current());
            (String::new(), Vec::new())
        }
        Step::Tag(tag) => {
            model.set_tag(now, TAGS[*tag]);
            (String::new(), Vec::new())
        }
        Step::XpMax(max) => {
            model.set_xp_max(now, *max);
            (String::new(), Vec::new())
        }
        Step::Switch(which, on) => {
            model.switch(now, *which, *on);
            (String::new(), Vec::new())
        }
        Step::Lock(which, locked) => {
            model.lock(now, LOCKED[*which], *locked);
            (String::new(), Vec::new())
        }
        Step::Lengthen(length) => {
            model.lengthen(now, *length);
            (String::new(), Vec::new())
        }
        Step::Retime(which, change) => {
            model.retime(now, TIMED[*which], *change);
            (String::new(), Vec::new())
        }
        Step::Boost(which, boost) => {
            model.set_boost(now, *which, *boost);
            (String::new(), Vec::new())
        }
    }
}

/// When the next step happens; `here` tells the user's zone and day.
pub(crate) fn after(
    now: Timestamp,
    gap: &Gap,
    here: impl FnOnce() -> Option<(Zone, Date)>,
) -> Timestamp {
    match gap {
        Gap::None => now,
        Gap::Minutes(minutes) => now.plus_millis(minutes * 60_000),
        Gap::Hours(hours) => now.plus_millis(hours * 3_600_000),
        Gap::Days(days) => now.plus_millis(days * 86_400_000 + 1_234_567),
        Gap::Midnight(beyond) => {
            let (zone, day) = here().unwrap_or_else(|| (Zone::UTC, now.utc_date()));
            zone.day_start(day.succ()).plus_millis(*beyond).max(now)
        }
    }
}

/// Runs a history lazily and compares every step with the model; the instants of the steps.
pub(crate) fn run_lazily(
    start: usize,
    history: &[(Gap, Step)],
) -> (Planned, Model, Vec<Timestamp>) {
    let mut planned = Planned::new();
    let mut now = at(STARTS[start]);
    let mut model = Model::new(planned.metrics, TAGS[0], now);
    let mut instants = Vec::new();
    let mut watch = Watch::default();
    for (place, (gap, step)) in history.iter().enumerate() {
        now = after(now, gap, || {
            let judged = model.exists.then(|| model.judge(now))?;
            Some((judged.zone, judged.day))
        });
        if matches!(step, Step::NewRules(_)) {
            // No change of configuration happens at the very instant of an update.
            now = now.plus_millis(1);
        }
        instants.push(now);
        let before = planned.world.users.clone();
        let reply = planned.take(now, step);
        let (expected_reply, expected_signals) = expect(&mut model, &planned, now, step);
        assert_eq!(reply, expected_reply, "step {place} at {now}: {step:?}");
        if reply.starts_with("rejected") {
            assert_eq!(planned.world.users, before, "a refused command leaves no trace");
        }
        let signals = planned.world.signals(USER);
        assert_eq!(signals, expected_signals, "step {place} at {now}: {step:?}");
        // A change of configuration settles nobody, and neither must looking at it here.
        if model.exists && !is_configuration(step) {
            let judged = model.judge(now);
            let shown = planned.world.streak(&now.to_string(), USER);
            assert_eq!(shown, judged.shown(), "step {place} at {now}: {step:?}");
            let day = planned.world.read(&now.to_string(), USER).effective_day;
            assert_eq!(day, judged.day, "step {place} at {now}: {step:?}");
            watch.look(&planned, day, &reply);
            assert_eq!(planned.world.signals(USER), model.read(now).1, "settled by reading");
            check_plan(&planned.world, now);
        }
    }
    (planned, model, instants)
}

/// Runs the same history again, settling at every due instant between the steps.
pub(crate) fn run_punctually(
    history: &[(Gap, Step)],
    instants: &[Timestamp],
    dues: &[Timestamp],
) -> Planned {
    let mut planned = Planned::new();
    planned.world.eager = true;
    let mut dues = dues.iter().copied().peekable();
    for ((_, step), now) in history.iter().zip(instants) {
        while let Some(due) = dues.next_if(|due| due <= now) {
            planned.settle(due);
        }
        planned.settle(*now);
        planned.take(*now, step);
        planned.settle(*now);
    }
    planned
}

/// Until the planned instant, and for weeks if there is none, settling changes nothing to be kept.
fn check_plan(world: &World, now: Timestamp) {
    let until = world.next_due(USER).unwrap_or(now.plus_millis(50 * 86_400_000));
    let wait = until.as_millis() - now.as_millis();
    for early in [now, now.plus_millis(wait / 3), now.plus_millis(wait - 1)] {
        assert!(!world.is_due(early, USER), "{early} before {until}");
    }
}

/// Runs the same history again, settling at the planned instants alone.
pub(crate) fn run_as_a_worker(
    history: &[(Gap, Step)],
    instants: &[Timestamp],
    end: Timestamp,
) -> Planned {
    let mut planned = Planned::new();
    for ((_, step), now) in history.iter().zip(instants) {
        settle_as_planned(&mut planned, *now);
        planned.take(*now, step);
        if is_configuration(step) {
            planned.settle(*now);
        }
    }
    settle_as_planned(&mut planned, end);
    planned
}

fn settle_as_planned(planned: &mut Planned, until: Timestamp) {
    if !planned.world.knows(USER) {
        return;
    }
    while let Some(due) = planned.world.next_due(USER).filter(|due| *due <= until) {
        planned.settle(due);
    }
}
