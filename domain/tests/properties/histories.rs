//! Random histories: what may happen to a user, and when.
//!
//! A history is a list of steps, each after a gap: a request of the user or of an operator, or a
//! change of configuration. Gaps and zones are drawn so that midnights, clock changes and skipped
//! dates are met often.

use domain::calendar::Frequency;
use domain::catalog::{EvaluationMode, FreezesPatch, Patch, Rounding, StreakSettingsPatch};
use domain::time::{Date, Timestamp};
use domain::user::RestoreMode;
use proptest::prelude::*;

use crate::model::boost::{BOOSTS, Boost};
use crate::model::plan::{LOCKED, SWITCHED, TIMED, XP_MAX};
use crate::model::time::Change;

pub(crate) const TAGS: [&str; 2] = ["x", "y"];
pub(crate) const VALUES: [&str; 12] =
    ["1", "2", "-1", "-3", "0", "0.5", "2.5", "7", "-0.25", "12", "30", "0.000000001"];

/// Zones with early and late dates, skipped dates, midnight clock changes and odd offsets.
pub(crate) const ZONES: [&str; 16] = [
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
pub(crate) const STARTS: [&str; 8] = [
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
pub(crate) enum Gap {
    None,
    Minutes(i64),
    /// Exactly so many hours, which is where hourly awards are due.
    Hours(i64),
    Days(i64),
    /// To the user's next midnight, and so many milliseconds beyond.
    Midnight(i64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    /// A place in `ZONES`, or none for null.
    pub(crate) zone: Option<Option<usize>>,
    pub(crate) pro: Option<bool>,
    /// A sign-up date so many days before the UTC date, or none for null.
    pub(crate) signed_up: Option<Option<i64>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
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
    /// A new tz database: the user's zone has the rules of another one, by its place in `ZONES`.
    NewRules(usize),
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
    /// A trigger by its place among those that are switched.
    Switch(usize, bool),
    /// Locks or unlocks an achievement by its place among those that are.
    Lock(usize, bool),
    /// A new length for the streak achievement.
    Lengthen(u32),
    /// A change of a time trigger by its place in the plan.
    Retime(usize, Change),
    /// A boost by its place, created, changed or deleted.
    Boost(usize, Option<Boost>),
}

pub(crate) fn gaps() -> impl Strategy<Value = Gap> {
    prop_oneof![
        1 => Just(Gap::None),
        4 => (1..1_500i64).prop_map(Gap::Minutes),
        3 => (1..60i64).prop_map(Gap::Hours),
        4 => (1..4i64).prop_map(Gap::Days),
        1 => (4..75i64).prop_map(Gap::Days),
        4 => (-1..2i64).prop_map(Gap::Midnight),
    ]
}

pub(crate) fn profiles() -> impl Strategy<Value = Profile> {
    let zone = prop_oneof![
        6 => Just(None),
        // Half of the moves stay near the date line.
        1 => (0..7usize).prop_map(|zone| Some(Some(zone))),
        1 => (0..ZONES.len()).prop_map(|zone| Some(Some(zone))),
        1 => Just(Some(None)),
    ];
    let pro = prop_oneof![4 => Just(None), 1 => any::<bool>().prop_map(Some)];
    // Around first and second anniversaries: over, today, or in the weeks to come.
    let days = prop_oneof![2..5i64, 300..380i64, 364..368i64, 700..735i64];
    let signed_up = prop_oneof![
        8 => Just(None),
        2 => days.prop_map(|days| Some(Some(days))),
        1 => Just(Some(None)),
    ];
    (zone, pro, signed_up).prop_map(|(zone, pro, signed_up)| Profile { zone, pro, signed_up })
}

pub(crate) fn steps() -> impl Strategy<Value = Step> {
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
        1 => (0..ZONES.len()).prop_map(Step::NewRules),
        2 => (0..3usize).prop_map(Step::Frequency),
        1 => conditions,
        1 => days_off.prop_map(|days| Step::DaysOff(days.into_iter().collect())),
        2 => freezes.prop_map(Step::Freezes),
        1 => any::<bool>().prop_map(Step::Enabled),
        1 => (0..TAGS.len()).prop_map(Step::Tag),
        1 => prop_oneof![Just(30i64), Just(XP_MAX)].prop_map(Step::XpMax),
        1 => (0..SWITCHED.len(), any::<bool>()).prop_map(|(which, on)| Step::Switch(which, on)),
        3 => (0..LOCKED.len(), any::<bool>()).prop_map(|(which, on)| Step::Lock(which, on)),
        1 => (1..6u32).prop_map(Step::Lengthen),
        4 => retimes(),
        2 => boosts(),
    ]
}

pub(crate) fn boosts() -> impl Strategy<Value = Step> {
    let rounding = prop_oneof![Just(Rounding::Down), Just(Rounding::Up), Just(Rounding::Nearest)];
    let tenths = prop_oneof![Just(1i64), Just(5), Just(13), Just(15), Just(30)];
    let boost = proptest::option::weighted(0.7, (tenths, rounding));
    (0..BOOSTS.len(), boost).prop_map(|(which, boost)| Step::Boost(which, boost))
}

pub(crate) fn retimes() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        2 => any::<bool>().prop_map(Change::On),
        1 => (1..40u32).prop_map(Change::Interval),
        1 => prop_oneof![Just(-3i64), Just(-1), Just(1), Just(4)].prop_map(Change::Points),
    ];
    (0..TIMED.len(), change).prop_map(|(which, change)| Step::Retime(which, change))
}

/// A history: where it starts and its steps.
pub(crate) fn histories() -> impl Strategy<Value = (usize, Vec<(Gap, Step)>)> {
    (0..STARTS.len(), proptest::collection::vec((gaps(), steps()), 1..45))
}

pub(crate) fn pause_dates(now: Timestamp, from: i64, more: i64) -> (Date, Date) {
    let start = now.utc_date().plus_days(from);
    (start, start.plus_days(more))
}

pub(crate) fn settings_patch(step: &Step) -> StreakSettingsPatch {
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
        | Step::NewRules(_)
        | Step::Tag(_)
        | Step::XpMax(_)
        | Step::Switch(..)
        | Step::Lock(..)
        | Step::Lengthen(_)
        | Step::Retime(..)
        | Step::Boost(..) => panic!("not a change of streak settings"),
    }
    patch
}

pub(crate) fn is_configuration(step: &Step) -> bool {
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
        | Step::Read
        | Step::NewRules(_) => false,
        Step::Frequency(_)
        | Step::Conditions { .. }
        | Step::DaysOff(_)
        | Step::Freezes(_)
        | Step::Enabled(_)
        | Step::Tag(_)
        | Step::XpMax(_)
        | Step::Switch(..)
        | Step::Lock(..)
        | Step::Lengthen(_)
        | Step::Retime(..)
        | Step::Boost(..) => true,
    }
}
