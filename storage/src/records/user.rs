//! A user's snapshot.

use domain::user::UserState;

use super::Record;

impl Record for UserState {
    const VERSION: u8 = 1;
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::{
        amount::Amount,
        calendar::{Frequency, Period, WeekStart, Zone},
        catalog::{EvaluationMode, StreakMetric},
        ids::{
            AchievementId, AttributeId, CompletionId, LeaderboardId, LevelId, MetricId, PauseId,
            PointsSystemId, UserId,
        },
        leaderboard::Score,
        time::{Date, Timestamp},
        user::{
            Completion, MetricProgress, NotificationChannel, NotificationType, Pause, Peak,
            PointsBalance, Preferences, Profile, QueuePlace, Reached, Reset, Span, SpanKind,
            StreakOverrides, StreakState, Track, Tracker, UserState,
        },
        webhook::{HeldPoints, Window},
    };
    use uuid::Uuid;

    fn day(day: u32) -> Date {
        Date::from_ymd(2026, 1, day).expect("a date")
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + millis)
    }

    fn amount(text: &str) -> Amount {
        Amount::parse(text).expect("a number")
    }

    fn profile() -> Profile {
        Profile {
            email: Some("user@example.com".into()),
            name: Some("Zoë".into()),
            time_zone: Zone::parse("Australia/Lord_Howe"),
            sign_up_on: Some(day(1)),
            device_tokens: vec!["token".into()],
            subscribe_to_emails: true,
            attributes: [(AttributeId(Uuid::from_u128(4)), "gold".to_owned())].into(),
        }
    }

    /// Every variant, both options of every optional field.
    fn track(frequency: Frequency) -> Track {
        let open = Period::containing(frequency, WeekStart::Monday, day(20));
        let span = |kind, length| Span {
            dates: Period { start: day(1), end: day(3) },
            periods: 3,
            kind,
            length,
            started_on: day(1),
        };
        let running = frequency == Frequency::Daily;
        Track {
            open,
            met: running,
            changes: [(MetricId(Uuid::from_u128(2)), amount("-0.5"))].into(),
            length_before: if running { 300 } else { 0 },
            started_on: running.then(|| day(1)),
            extended_at: running.then(|| at(7)),
            longest: 301,
            travel_protected_on: running.then(|| day(19)),
            lost: running.then(|| Peak { length: 4, started_on: day(4), until: day(7) }),
            discarded: vec![Peak { length: 301, started_on: day(1), until: day(20) }],
            years: [(2024, Reached { length: 9, period: open, started_on: day(2) })].into(),
            past: vec![
                span(SpanKind::Met, 3),
                span(SpanKind::Frozen, 3),
                span(SpanKind::Protected, 3),
                span(SpanKind::Restored, 3),
            ],
        }
    }

    pub(crate) fn sample() -> UserState {
        let metric = MetricProgress {
            total: amount("750.25"),
            events: 70_000,
            day: day(20),
            day_change: amount("750"),
            day_events: 2,
        };
        let balance = PointsBalance { total: 120, awards: 9, day: day(20), day_change: -10 };
        UserState {
            id: UserId::new("18").expect("valid"),
            identity: Uuid::from_u128(1),
            profile: profile(),
            control: false,
            created_at: at(0),
            created_on: day(1),
            updated_at: at(1),
            effective_day: day(20),
            settled_at: at(2),
            next_due: Some(at(9)),
            reviewed: 11,
            events: 70_001,
            metrics: [(MetricId(Uuid::from_u128(2)), metric)].into(),
            completions: vec![Completion {
                id: CompletionId(Uuid::from_u128(5)),
                achievement: AchievementId(Uuid::from_u128(6)),
                at: at(3),
            }],
            streak: StreakState {
                daily: track(Frequency::Daily),
                weekly: track(Frequency::Weekly),
                monthly: track(Frequency::Monthly),
                freezes: 2,
                pauses: vec![Pause {
                    id: PauseId(Uuid::from_u128(9)),
                    dates: Period { start: day(21), end: day(22) },
                }],
                pauses_created: 4,
                reset: Some(Reset { at: at(8), on: day(20) }),
            },
            points: [(PointsSystemId(Uuid::from_u128(3)), balance)].into(),
            trackers: [
                (
                    Uuid::from_u128(7),
                    Tracker { revision: 1, sum: Some(amount("10")), high_water: None },
                ),
                (
                    Uuid::from_u128(8),
                    Tracker { revision: 0, sum: None, high_water: Some(amount("20.5")) },
                ),
            ]
            .into(),
            preferences: Preferences {
                notifications: [(NotificationType::Recap, [NotificationChannel::Push].into())]
                    .into(),
                streak: StreakOverrides {
                    enabled: Some(true),
                    evaluation_mode: Some(EvaluationMode::And),
                    metrics: Some(vec![StreakMetric {
                        metric: MetricId(Uuid::from_u128(2)),
                        threshold: amount("0.5"),
                    }]),
                    days_off: Some(vec![0, 6]),
                },
            },
            scores: [(
                (LeaderboardId(Uuid::from_u128(10)), day(1)),
                Score { value: amount("12.5"), reached: at(9), order: 70_000 },
            )]
            .into(),
            recounted: 3,
            queue_place: Some(QueuePlace { batch: 300, item: 17 }),
            order: 70_001,
            windows: [(
                PointsSystemId(Uuid::from_u128(3)),
                Window {
                    opened_at: at(4),
                    held: Some(HeldPoints {
                        added: -3,
                        total: 7,
                        first: 4,
                        end: 6,
                        level_before: Some(LevelId(Uuid::from_u128(10))),
                    }),
                },
            )]
            .into(),
        }
    }

    #[test]
    fn golden() {
        super::super::golden::check("user", &sample());
    }
}
