//! Random histories of one user against an independent model, and laws that hold for all of them.
//!
//! A history is a list of steps: a gap, then a request or a change of configuration. It runs twice:
//! lazily, where nothing but the steps themselves settles anything, and punctually, with a
//! settlement at every local midnight and at every due time award in between. Both must tell the same story as the model.

mod model;
mod support;

use std::collections::BTreeSet;

use domain::amount::Amount;
use domain::calendar::{Frequency, Period, WeekStart, Zone};
use domain::catalog::{
    AchievementPatch, AchievementTriggerFields, AttributeKind, BoostDraft, BoostPatch, BoostTerms,
    EvaluationMode, Filter, FreezesPatch, Patch, PointsSystemPatch, Rounding, StreakSettingsPatch,
    TriggerPatch, TriggerTypeFields,
};
use domain::ids::{
    AchievementId, AttributeId, BoostId, MetricId, PauseId, PointsSystemId, TriggerId,
};
use domain::time::{Date, Timestamp};
use domain::user::{Command, ProfilePatch, RestoreMode, StreakOverridesPatch};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use uuid::Uuid;

use model::boost::BOOSTS;
use model::plan::{ACHIEVEMENTS, Fires, Needs, SWITCHED, SYSTEMS, TIMED, TRIGGERS, XP_MAX};
use model::time::Change;
use model::{Model, Told};
use support::{Ach, Event, Stored, Trig, World, amount, at, zone};

const USER: &str = "u";
const TAGS: [&str; 2] = ["x", "y"];
const VALUES: [&str; 12] =
    ["1", "2", "-1", "-3", "0", "0.5", "2.5", "7", "-0.25", "12", "30", "0.000000001"];

/// Zones with early and late dates, skipped dates, midnight clock changes and odd offsets.
const ZONES: [&str; 16] = [
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
    "Pacific/Kwajalein",
    "Pacific/Auckland",
    "Etc/GMT+12",
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Europe/London",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Africa/Cairo",
    "Australia/Lord_Howe",
];

/// Starts shortly before skipped dates, clock changes, ends of months and years.
const STARTS: [&str; 8] = [
    "2011-12-27T05:10:00Z",
    "1993-08-18T11:00:00Z",
    "2018-11-01T20:30:00Z",
    "2026-03-05T12:00:00Z",
    "2026-10-22T23:59:59.999Z",
    "2024-02-26T08:00:00Z",
    "2025-12-29T17:45:00Z",
    "2026-01-01T00:00:00Z",
];

#[derive(Clone, Debug)]
enum Gap {
    None,
    Minutes(i64),
    /// Exactly so many hours, which is where hourly awards are due.
    Hours(i64),
    Days(i64),
    /// To the user's next midnight, and so many milliseconds beyond.
    Midnight(i64),
}

#[derive(Clone, Copy, Debug)]
struct Profile {
    /// A place in `ZONES`, or none for null.
    zone: Option<Option<usize>>,
    pro: Option<bool>,
}

#[derive(Clone, Debug)]
enum Step {
    Event {
        metric: usize,
        value: usize,
        tag: Option<usize>,
        profile: Profile,
        key: Option<usize>,
    },
    Identify(Profile),
    Call(Profile),
    Grant(u32),
    /// First date counted from the UTC date, and how many dates more.
    Pause(i64, i64),
    /// By its place among those created.
    Unpause(usize),
    Restore(RestoreMode),
    Reset,
    /// Whether the user has a streak, and their own days off.
    Prefer(Option<bool>, Option<Vec<u8>>),
    Read,
    Frequency(usize),
    Conditions {
        and: bool,
        thresholds: [i64; 2],
    },
    DaysOff(Vec<i64>),
    Freezes(Option<FreezesPatch>),
    Enabled(bool),
    Tag(usize),
    XpMax(i64),
    Switch(bool),
    /// A change of a time trigger by its place in the plan.
    Retime(usize, Change),
    /// A boost by its place, created, changed or deleted.
    Boost(usize, Option<model::boost::Boost>),
}

fn gaps() -> impl Strategy<Value = Gap> {
    prop_oneof![
        1 => Just(Gap::None),
        4 => (1..1_500i64).prop_map(Gap::Minutes),
        3 => (1..60i64).prop_map(Gap::Hours),
        4 => (1..4i64).prop_map(Gap::Days),
        1 => (4..75i64).prop_map(Gap::Days),
        4 => (-1..2i64).prop_map(Gap::Midnight),
    ]
}

fn profiles() -> impl Strategy<Value = Profile> {
    let zone = prop_oneof![
        6 => Just(None),
        // Half of the moves stay near the date line.
        1 => (0..7usize).prop_map(|zone| Some(Some(zone))),
        1 => (0..ZONES.len()).prop_map(|zone| Some(Some(zone))),
        1 => Just(Some(None)),
    ];
    let pro = prop_oneof![4 => Just(None), 1 => any::<bool>().prop_map(Some)];
    (zone, pro).prop_map(|(zone, pro)| Profile { zone, pro })
}

fn steps() -> impl Strategy<Value = Step> {
    let tag = proptest::option::of(0..TAGS.len());
    let key = proptest::option::weighted(0.3, 0..3usize);
    let event = (0..2usize, 0..VALUES.len(), tag, profiles(), key).prop_map(
        |(metric, value, tag, profile, key)| Step::Event { metric, value, tag, profile, key },
    );
    let auto_earn = proptest::option::of((1..10i64, 1..4i64));
    let freezes =
        (0..3i64, 3..6i64, auto_earn).prop_map(|(start_count, max_count, earn)| FreezesPatch {
            start_count,
            max_count,
            auto_earn_interval: earn.map(|(interval, _)| interval),
            auto_earn_amount: earn.map(|(_, amount)| amount),
        });
    let freezes = proptest::option::weighted(0.8, freezes);
    let thresholds = [prop_oneof![Just(0i64), 1..6i64], prop_oneof![Just(0i64), 1..3i64]];
    let conditions = (any::<bool>(), thresholds)
        .prop_map(|(and, thresholds)| Step::Conditions { and, thresholds });
    let days_off = proptest::collection::btree_set(0..7i64, 0..4);
    prop_oneof![
        24 => event,
        4 => profiles().prop_map(Step::Identify),
        2 => profiles().prop_map(Step::Call),
        1 => (1..4u32).prop_map(Step::Grant),
        2 => (-1..8i64, -1..20i64).prop_map(|(from, more)| Step::Pause(from, more)),
        1 => (0..3usize).prop_map(Step::Unpause),
        2 => prop_oneof![Just(RestoreMode::Max), Just(RestoreMode::LastLost)]
            .prop_map(Step::Restore),
        2 => Just(Step::Reset),
        2 => (
            prop_oneof![2 => Just(None), 1 => any::<bool>().prop_map(Some)],
            proptest::option::of(proptest::collection::btree_set(0..7u8, 0..4)),
        )
            .prop_map(|(enabled, days)| {
                Step::Prefer(enabled, days.map(|days| days.into_iter().collect()))
            }),
        4 => Just(Step::Read),
        2 => (0..3usize).prop_map(Step::Frequency),
        1 => conditions,
        1 => days_off.prop_map(|days| Step::DaysOff(days.into_iter().collect())),
        2 => freezes.prop_map(Step::Freezes),
        1 => any::<bool>().prop_map(Step::Enabled),
        1 => (0..TAGS.len()).prop_map(Step::Tag),
        1 => prop_oneof![Just(30i64), Just(XP_MAX)].prop_map(Step::XpMax),
        1 => any::<bool>().prop_map(Step::Switch),
        4 => retimes(),
        2 => boosts(),
    ]
}

fn boosts() -> impl Strategy<Value = Step> {
    let rounding = prop_oneof![Just(Rounding::Down), Just(Rounding::Up), Just(Rounding::Nearest)];
    let tenths = prop_oneof![Just(1i64), Just(5), Just(13), Just(15), Just(30)];
    let boost = proptest::option::weighted(0.7, (tenths, rounding));
    (0..BOOSTS.len(), boost).prop_map(|(which, boost)| Step::Boost(which, boost))
}

fn retimes() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        2 => any::<bool>().prop_map(Change::On),
        1 => (1..40u32).prop_map(Change::Interval),
        1 => prop_oneof![Just(-3i64), Just(-1), Just(1), Just(4)].prop_map(Change::Points),
    ];
    (0..TIMED.len(), change).prop_map(|(which, change)| Step::Retime(which, change))
}

/// A history: where it starts and its steps.
fn histories() -> impl Strategy<Value = (usize, Vec<(Gap, Step)>)> {
    (0..STARTS.len(), proptest::collection::vec((gaps(), steps()), 1..45))
}

/// A world built from the plan, with the ids of its parts.
#[derive(Clone, Debug)]
struct Planned {
    world: World,
    metrics: [MetricId; 2],
    tag: AttributeId,
    plan: AttributeId,
    achievements: Vec<AchievementId>,
    systems: Vec<PointsSystemId>,
    triggers: Vec<TriggerId>,
    boosts: [Option<BoostId>; 3],
    /// Every pause in order of creation.
    pauses: Vec<PauseId>,
}

impl Planned {
    fn new() -> Self {
        let mut world = World::new();
        world.streaks(StreakSettingsPatch {
            customization_enabled: Some(true),
            ..StreakSettingsPatch::default()
        });
        let metrics = [world.metric("a"), world.metric("b")];
        let tag = world.attribute(AttributeKind::Event, "tag");
        let plan = world.attribute(AttributeKind::User, "plan");
        let mut achievements: Vec<AchievementId> = Vec::new();
        for own in ACHIEVEMENTS {
            let id_of = |name: &&str| {
                achievements[ACHIEVEMENTS.iter().position(|own| own.name == *name).expect("listed")]
            };
            let ach = match own.needs {
                Needs::Total(metric, tenths) => {
                    Ach::metric(metrics[metric], &model::tenths_of(tenths).to_string())
                }
                Needs::Streak(length) => Ach::streak(length),
                Needs::Call => Ach::api("call"),
                Needs::All(names) => Ach::all_of(&names.iter().map(id_of).collect::<Vec<_>>()),
            };
            let ach = if own.tagged { ach.if_event(tag, TAGS[0]) } else { ach };
            let ach = if own.pro { ach.if_user(plan, "pro") } else { ach };
            achievements.push(world.achievement(own.name, ach));
        }
        let systems: Vec<_> = SYSTEMS
            .iter()
            .map(|(key, levels)| world.system(key, (*key == "xp").then_some(XP_MAX), levels))
            .collect();
        let mut triggers = Vec::new();
        for own in TRIGGERS {
            let trig = match own.fires {
                Fires::Creation => Trig::creation(own.points),
                Fires::Metric(metric, every) => Trig::metric(metrics[metric], every, own.points),
                Fires::Streak(length) => Trig::streak(length, own.points),
                Fires::Hours(interval) => Trig::hours(interval, own.points),
                Fires::Days(interval) => Trig::days(interval, own.points),
                Fires::Achievement(name) => {
                    let place = ACHIEVEMENTS.iter().position(|own| own.name == name);
                    Trig::achievement(achievements[place.expect("listed")], own.points)
                }
            };
            let trig = if own.guarded { trig.guarded() } else { trig };
            let trig = if own.tagged { trig.if_event(tag, TAGS[0]) } else { trig };
            let trig = if own.pro { trig.if_user(plan, "pro") } else { trig };
            triggers.push(world.trigger(systems[system_place(own.system)], own.name, trig));
        }
        let (boosts, pauses) = ([None; 3], Vec::new());
        Self { world, metrics, tag, plan, achievements, systems, triggers, boosts, pauses }
    }

    fn patch(&self, profile: Profile) -> ProfilePatch {
        let mut patch = ProfilePatch {
            time_zone: match profile.zone {
                None => Patch::Keep,
                Some(None) => Patch::Clear,
                Some(Some(place)) => Patch::Set(zone(ZONES[place])),
            },
            ..ProfilePatch::default()
        };
        if let Some(pro) = profile.pro {
            patch.attributes.insert(self.plan, pro.then(|| "pro".to_owned()));
        }
        patch
    }

    /// Takes one step; what a caller sees of it.
    fn take(&mut self, now: Timestamp, step: &Step) -> String {
        match step {
            Step::Event { metric, value, tag, profile, key } => {
                let mut event =
                    Event::of(self.metrics[*metric], VALUES[*value]).user(self.patch(*profile));
                if let Some(tag) = tag {
                    event = event.with(self.tag, TAGS[*tag]);
                }
                if let Some(key) = key {
                    event = event.key(&key.to_string());
                }
                self.world.event(&now.to_string(), USER, event)
            }
            Step::Identify(profile) => {
                let patch = self.patch(*profile);
                self.world.identify(&now.to_string(), USER, patch).expect("never rejected");
                String::new()
            }
            Step::Call(profile) => {
                let call = ACHIEVEMENTS.iter().position(|own| own.name == "Call");
                let call = self.achievements[call.expect("listed")];
                let patch = self.patch(*profile);
                self.world.complete(&now.to_string(), USER, call, patch)
            }
            Step::Grant(count) => match self.world.grant(&now.to_string(), USER, *count) {
                Ok(granted) => format!("granted {granted}"),
                Err(rejection) => format!("rejected: {rejection}"),
            },
            Step::Pause(from, more) => {
                let (start, end) = pause_dates(now, *from, *more);
                let paused =
                    self.world.pause(&now.to_string(), USER, &start.to_string(), &end.to_string());
                match paused {
                    Ok(id) => {
                        self.pauses.push(id);
                        "paused".to_owned()
                    }
                    Err(rejection) => format!("rejected: {rejection}"),
                }
            }
            Step::Unpause(place) => {
                let id = self.pauses.get(*place).copied().unwrap_or(PauseId(Uuid::nil()));
                match self.world.unpause(&now.to_string(), USER, id) {
                    Ok(()) => "unpaused".to_owned(),
                    Err(rejection) => format!("rejected: {rejection}"),
                }
            }
            Step::Restore(mode) => match self.world.restore(&now.to_string(), USER, *mode) {
                Ok(()) => "restored".to_owned(),
                Err(rejection) => format!("rejected: {rejection}"),
            },
            Step::Prefer(enabled, days) => {
                let patch = StreakOverridesPatch {
                    enabled: enabled.map_or(Patch::Clear, Patch::Set),
                    days_off: days.clone().map_or(Patch::Clear, Patch::Set),
                    ..StreakOverridesPatch::default()
                };
                match self.world.prefer(&now.to_string(), USER, Patch::Set(patch)) {
                    Ok(()) => "preferred".to_owned(),
                    Err(rejection) => format!("rejected: {rejection}"),
                }
            }
            Step::Reset => match self.world.reset(&now.to_string(), USER) {
                Ok(()) => "reset".to_owned(),
                Err(rejection) => format!("rejected: {rejection}"),
            },
            Step::Read => {
                self.settle(now);
                String::new()
            }
            Step::Frequency(_)
            | Step::Conditions { .. }
            | Step::DaysOff(_)
            | Step::Freezes(_)
            | Step::Enabled(_) => {
                // Days off are refused unless streaks are daily; then nothing changes.
                let _ = self.world.catalog.update_streak_settings(settings_patch(step), now);
                String::new()
            }
            Step::Tag(tag) => {
                self.set_tag(now, TAGS[*tag]);
                String::new()
            }
            Step::XpMax(max) => {
                let patch = PointsSystemPatch {
                    max_points: Patch::Set(*max),
                    ..PointsSystemPatch::default()
                };
                let changed = self.world.catalog.update_points_system(self.systems[0], patch, now);
                changed.expect("a valid maximum");
                String::new()
            }
            Step::Switch(on) => {
                let place = TRIGGERS.iter().position(|own| own.name == SWITCHED).expect("listed");
                let patch = TriggerPatch { active: Some(*on), ..TriggerPatch::default() };
                let (system, trigger) = (self.systems[0], self.triggers[place]);
                let changed = self.world.catalog.update_trigger(system, trigger, patch, now);
                changed.expect("a valid change");
                String::new()
            }
            Step::Retime(which, change) => {
                self.retime(now, *which, *change);
                String::new()
            }
            Step::Boost(which, boost) => {
                self.set_boost(now, *which, *boost);
                String::new()
            }
        }
    }

    fn set_boost(&mut self, now: Timestamp, which: usize, boost: Option<model::boost::Boost>) {
        let (key, pro) = BOOSTS[which];
        let system = self.systems[system_place(key)];
        let catalog = &mut self.world.catalog;
        let draft = |(tenths, rounding)| BoostTerms {
            name: String::new(),
            start: Date::parse("1990-01-01").expect("a date"),
            end: None,
            multiplier: model::tenths_of(tenths),
            rounding,
            user_filters: if pro {
                vec![Filter { attribute: self.plan, value: "pro".to_owned() }]
            } else {
                Vec::new()
            },
        };
        self.boosts[which] = match (self.boosts[which], boost) {
            (None, None) => None,
            (None, Some(boost)) => {
                let draft = BoostDraft { user: None, terms: draft(boost) };
                Some(catalog.create_boost(system, draft, now).expect("valid").id)
            }
            (Some(id), Some((tenths, rounding))) => {
                let patch = BoostPatch {
                    multiplier: Some(model::tenths_of(tenths)),
                    rounding: Some(rounding),
                    ..BoostPatch::default()
                };
                Some(catalog.update_boost(system, id, patch, now).expect("valid").id)
            }
            (Some(id), None) => {
                catalog.delete_boost(system, id, now).expect("live");
                None
            }
        };
    }

    fn retime(&mut self, now: Timestamp, which: usize, change: Change) {
        let place = TRIGGERS.iter().position(|own| own.name == TIMED[which]).expect("listed");
        let mut patch = TriggerPatch::default();
        match change {
            Change::On(on) => patch.active = Some(on),
            Change::Interval(interval) => patch.fields.time_interval = Some(interval),
            Change::Points(points) => patch.points = Some(points),
        }
        let system = self.systems[system_place(TRIGGERS[place].system)];
        let changed = self.world.catalog.update_trigger(system, self.triggers[place], patch, now);
        changed.expect("a valid change");
    }

    fn settle(&mut self, now: Timestamp) {
        if self.world.knows(USER) {
            self.world.run(now, USER, &Command::Settle).expect("settling is never rejected");
        }
    }

    fn set_tag(&mut self, now: Timestamp, tag: &str) {
        let filters = Patch::Set(vec![Filter { attribute: self.tag, value: tag.to_owned() }]);
        let catalog = &mut self.world.catalog;
        for (own, id) in ACHIEVEMENTS.iter().zip(&self.achievements).filter(|(own, _)| own.tagged) {
            let fields = AchievementTriggerFields {
                event_attributes: filters.clone(),
                ..AchievementTriggerFields::default()
            };
            let patch = AchievementPatch { fields, ..AchievementPatch::default() };
            catalog.update_achievement(*id, patch, now).expect(own.name);
        }
        for (own, id) in TRIGGERS.iter().zip(&self.triggers).filter(|(own, _)| own.tagged) {
            let fields = TriggerTypeFields {
                event_attributes: filters.clone(),
                ..TriggerTypeFields::default()
            };
            let patch = TriggerPatch { fields, ..TriggerPatch::default() };
            let system = self.systems[system_place(own.system)];
            catalog.update_trigger(system, *id, patch, now).expect(own.name);
        }
    }
}

fn pause_dates(now: Timestamp, from: i64, more: i64) -> (Date, Date) {
    let start = now.utc_date().plus_days(from);
    (start, start.plus_days(more))
}

fn system_place(key: &str) -> usize {
    SYSTEMS.iter().position(|(own, _)| *own == key).expect("listed")
}

fn settings_patch(step: &Step) -> StreakSettingsPatch {
    let mut patch = StreakSettingsPatch::default();
    match step {
        Step::Frequency(place) => patch.frequency = Some(Frequency::ALL[*place]),
        Step::Conditions { and, thresholds: [a, b] } => {
            let mode = if *and { EvaluationMode::And } else { EvaluationMode::Or };
            patch.evaluation_mode = Some(mode);
            patch.metrics = Some(vec![("a".to_owned(), *a), ("b".to_owned(), *b)]);
        }
        Step::DaysOff(days) => patch.days_off = Some(days.clone()),
        Step::Freezes(None) => patch.freezes = Patch::Clear,
        Step::Freezes(Some(freezes)) => patch.freezes = Patch::Set(*freezes),
        Step::Enabled(enabled) => patch.enabled = Some(*enabled),
        Step::Event { .. }
        | Step::Identify(_)
        | Step::Call(_)
        | Step::Grant(_)
        | Step::Pause(..)
        | Step::Unpause(_)
        | Step::Restore(_)
        | Step::Reset
        | Step::Prefer(..)
        | Step::Read
        | Step::Tag(_)
        | Step::XpMax(_)
        | Step::Switch(_)
        | Step::Retime(..)
        | Step::Boost(..) => panic!("not a change of streak settings"),
    }
    patch
}

/// Takes one step in the model; what it expects a caller to see.
fn expect(model: &mut Model, planned: &Planned, now: Timestamp, step: &Step) -> model::Expected {
    let told = |profile: &Profile| Told {
        zone: profile.zone.map(|zone| zone.map(|place| support::zone(ZONES[place]))),
        pro: profile.pro,
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
            model.set_tag(TAGS[*tag]);
            (String::new(), Vec::new())
        }
        Step::XpMax(max) => {
            model.set_xp_max(now, *max);
            (String::new(), Vec::new())
        }
        Step::Switch(on) => {
            model.switch(*on);
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

fn is_configuration(step: &Step) -> bool {
    match step {
        Step::Event { .. }
        | Step::Identify(_)
        | Step::Call(_)
        | Step::Grant(_)
        | Step::Pause(..)
        | Step::Unpause(_)
        | Step::Restore(_)
        | Step::Reset
        | Step::Prefer(..)
        | Step::Read => false,
        Step::Frequency(_)
        | Step::Conditions { .. }
        | Step::DaysOff(_)
        | Step::Freezes(_)
        | Step::Enabled(_)
        | Step::Tag(_)
        | Step::XpMax(_)
        | Step::Switch(_)
        | Step::Retime(..)
        | Step::Boost(..) => true,
    }
}

/// When the next step happens.
fn after(now: Timestamp, gap: &Gap, model: &Model) -> Timestamp {
    match gap {
        Gap::None => now,
        Gap::Minutes(minutes) => now.plus_millis(minutes * 60_000),
        Gap::Hours(hours) => now.plus_millis(hours * 3_600_000),
        Gap::Days(days) => now.plus_millis(days * 86_400_000 + 1_234_567),
        Gap::Midnight(beyond) => {
            let (zone, day) = if model.exists {
                let judged = model.judge(now);
                (judged.zone, judged.day)
            } else {
                (Zone::UTC, now.utc_date())
            };
            zone.day_start(day.succ()).plus_millis(*beyond).max(now)
        }
    }
}

/// Runs a history lazily and compares every step with the model; the instants of the steps.
fn run_lazily(start: usize, history: &[(Gap, Step)]) -> (Planned, Model, Vec<Timestamp>) {
    let mut planned = Planned::new();
    let mut now = at(STARTS[start]);
    let mut model = Model::new(planned.metrics, TAGS[0], now);
    let mut instants = Vec::new();
    let mut last_day: Option<Date> = None;
    let mut grown = BTreeSet::new();
    for (place, (gap, step)) in history.iter().enumerate() {
        now = after(now, gap, &model);
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
            assert!(last_day.is_none_or(|last| last <= day), "the effective day moved back");
            last_day = Some(day);
            if reply == "reset" || reply == "preferred" {
                // A reset period may be met again.
                grown.clear();
            }
            if reply.contains("; extended") {
                let frequency = planned.world.catalog.streaks.current().frequency;
                let period = Period::containing(frequency, WeekStart::Sunday, day);
                assert!(grown.insert((frequency, period)), "a period raised the streak twice");
            }
            assert_eq!(planned.world.signals(USER), model.read(now).1, "settled by reading");
        }
    }
    (planned, model, instants)
}

/// Runs the same history again, settling at every due instant between the steps.
fn run_punctually(history: &[(Gap, Step)], instants: &[Timestamp], dues: &[Timestamp]) -> Planned {
    let mut planned = Planned::new();
    planned.world.eager = true;
    let mut dues = dues.iter().copied().peekable();
    for ((_, step), now) in history.iter().zip(instants) {
        while let Some(due) = dues.next_if(|due| due <= now) {
            planned.settle(due);
        }
        planned.settle(*now);
        planned.take(*now, step);
    }
    planned
}

/// Laws of what was written, whatever the model says.
fn check_books(planned: &Planned, model: &Model) {
    let stored = planned.world.stored(USER);
    let state = stored.state.as_ref().expect("a known user");
    for (place, metric) in planned.metrics.iter().enumerate() {
        let rows = stored.metric_days.iter().filter(|((own, _), _)| own == metric);
        let mut sum = Amount::ZERO;
        for ((_, day), row) in rows {
            sum += row.change;
            assert_eq!(row.total, sum, "the day's row carries the total");
            let of_day =
                stored.events.iter().filter(|own| own.metric == *metric && own.day == *day);
            assert_eq!(usize::try_from(row.events), Ok(of_day.clone().count()));
            assert_eq!(row.change, of_day.fold(Amount::ZERO, |sum, event| sum + event.value));
        }
        assert_eq!((state.total(*metric), sum), (model.sum(place, false), sum));
    }
    for (system, (key, _)) in planned.systems.iter().zip(SYSTEMS) {
        let awards = stored.awards.get(system).map_or(&[][..], Vec::as_slice);
        let mut balance = 0;
        for award in awards {
            balance += award.awarded;
            assert!(award.awarded != 0 && balance >= 0 && balance == award.total);
            assert!(key != "xp" || balance <= XP_MAX);
        }
        let days = stored.points_days.iter().filter(|((own, _), _)| own == system);
        let of_days: i64 = days.map(|(_, row)| row.change).sum();
        assert_eq!(
            (state.balance(*system), of_days, model.balance(key)),
            (balance, balance, balance)
        );
    }
    check_uniqueness(stored);
    let completed: Vec<_> = model.completed().iter().map(|(name, at)| (*name, *at)).collect();
    let named = |id: &AchievementId| {
        let place = planned.achievements.iter().position(|own| own == id);
        ACHIEVEMENTS[place.expect("of the plan")].name
    };
    let held: Vec<_> =
        state.completions.iter().map(|own| (named(&own.achievement), own.at)).collect();
    assert_eq!(held, completed);
}

fn check_uniqueness(stored: &Stored) {
    let state = stored.state.as_ref().expect("a known user");
    let events = stored.events.iter().map(|event| event.id.0);
    let awards = stored.awards.values().flatten().map(|award| award.id.0);
    let completions = state.completions.iter().map(|completion| completion.id.0);
    let ids: Vec<_> = events.chain(awards).chain(completions).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "ids are unique");
    let done = state.completions.iter().map(|completion| completion.achievement);
    assert_eq!(done.collect::<BTreeSet<_>>().len(), state.completions.len(), "completed once");
}

proptest! {
    #![proptest_config(ProptestConfig {
        // More with PROPTEST_CASES.
        cases: ProptestConfig::default().cases.max(500),
        max_shrink_iters: 4_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/properties.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    // C-GEN-16 C-GEN-21 C-GEN-22 C-GEN-23 C-EVENT-13 C-IDEM-07 C-ACH-04 C-POINTS-03 C-POINTS-26
    // C-STREAK-08 C-STREAK-12 C-STREAK-13 C-STREAK-14 C-STREAK-25 C-STREAK-46 C-STREAK-47 C-STREAK-50
    // C-STREAK-56 C-STREAK-57 C-STREAK-58 C-STREAK-61 C-STREAK-63 C-PREF-05
    // C-PREF-09 C-PREF-10
    #[test]
    fn any_history_agrees_with_the_model((start, history) in histories()) {
        let (mut lazy, mut model, instants) = run_lazily(start, &history);
        if model.exists {
            let end = instants.last().expect("at least one step").plus_millis(9 * 86_400_000);
            let judged = model.judge(end);
            let history_shown = lazy.world.history(&end.to_string(), USER, 400);
            prop_assert_eq!(history_shown, judged.history(400));
            model.pass(end);
            check_books(&lazy, &model);

            let mut dues = judged.midnights.clone();
            dues.extend(&model.dues);
            dues.sort_unstable();
            let mut punctual = run_punctually(&history, &instants, &dues);
            punctual.settle(end);
            lazy.world.eager = true;
            lazy.settle(end);
            prop_assert_eq!(lazy.world.stored(USER), punctual.world.stored(USER));
        }
    }
}
