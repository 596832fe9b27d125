//! The configuration of a scope.

use domain::catalog::Catalog;

use super::Record;

impl Record for Catalog {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        calendar::{Frequency, WeekStart, Zone},
        catalog::{
            Achievement, AchievementStatus, AchievementTerms, AchievementTrigger, Attribute,
            AttributeKind, AutoEarn, BalanceRules, Boost, BoostTerms, Catalog, DueKind, DueTerms,
            EvaluationMode, Filter, FreezeSettings, History, Leaderboard, Level, Metric, Phase,
            PointsSystem, RankBy, Recount, Review, Rounding, SealedSecret, Settings, Stamps,
            StreakMetric, StreakSettings, TimeUnit, Trigger, TriggerKind, UnitType, Webhook,
        },
        ids::{
            AchievementId, AttributeId, BoostId, EnvironmentId, Key, LeaderboardId, LevelId,
            MetricId, PointsSystemId, TriggerId, UserId, WebhookId,
        },
        leaderboard::{DailyWindow, Repeat, RunUnit, Runs},
        time::{Date, TimeOfDay, Timestamp},
        webhook::WebhookEvent,
    };
    use uuid::Uuid;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + millis)
    }

    fn stamps() -> Stamps {
        Stamps { created_at: at(1), updated_at: at(2) }
    }

    fn key(text: &str) -> Key {
        Key::new(text).expect("valid")
    }

    fn metric_id() -> MetricId {
        MetricId(Uuid::from_u128(2))
    }

    fn filters() -> Vec<Filter> {
        vec![Filter { attribute: AttributeId(Uuid::from_u128(1)), value: "blue".into() }]
    }

    fn attributes() -> Vec<Attribute> {
        [(AttributeKind::User, false), (AttributeKind::Event, true)]
            .into_iter()
            .map(|(kind, archived)| Attribute {
                id: AttributeId(Uuid::from_u128(1)),
                kind,
                key: key("colour"),
                name: "Colour".into(),
                created_at: at(0),
                archived,
            })
            .collect()
    }

    fn metrics() -> Vec<Metric> {
        [(UnitType::Number, "words"), (UnitType::Currency, "EUR")]
            .into_iter()
            .map(|(unit_type, units)| Metric {
                id: metric_id(),
                key: key("words-written"),
                name: "Words".into(),
                unit_type,
                units: units.into(),
                created_at: at(0),
                archived: false,
            })
            .collect()
    }

    fn achievements() -> Vec<Achievement> {
        let value = Amount::parse("500").expect("a number");
        let triggers = [
            AchievementTrigger::Metric { metric: metric_id(), value, event_filters: filters() },
            AchievementTrigger::Streak { length: 7 },
            AchievementTrigger::Api { key: key("finish-onboarding") },
            AchievementTrigger::Composite { achievements: vec![AchievementId(Uuid::from_u128(9))] },
            AchievementTrigger::Anniversary { years: 2 },
        ];
        let statuses = [
            AchievementStatus::Inactive,
            AchievementStatus::Active,
            AchievementStatus::Locked,
            AchievementStatus::Active,
            AchievementStatus::Active,
        ];
        triggers
            .into_iter()
            .zip(statuses)
            .map(|(trigger, status)| Achievement {
                id: AchievementId(Uuid::from_u128(3)),
                key: key("words-500"),
                name: "500 words".into(),
                description: Some("Write 500 words".into()),
                badge_url: None,
                terms: achievement_terms(status, trigger),
                stamps: stamps(),
            })
            .collect()
    }

    fn achievement_terms(
        status: AchievementStatus,
        trigger: AchievementTrigger,
    ) -> History<AchievementTerms> {
        let hidden = AchievementTerms {
            status: AchievementStatus::Inactive,
            trigger,
            revision: 3,
            user_filters: filters(),
            archived: false,
            reviews: 10,
            review: None,
        };
        let review = Some(Review { number: 11, frequency: Frequency::Weekly });
        let mut terms = History::starting_with(hidden.clone());
        terms.append(at(2), AchievementTerms { status, reviews: 11, review, ..hidden });
        terms
    }

    fn due_terms(kind: DueKind) -> DueTerms {
        DueTerms { kind, points: 2, user_filters: filters(), since: at(3) }
    }

    fn points_system() -> PointsSystem {
        let kinds = [
            TriggerKind::Metric { metric: metric_id(), threshold: 10, event_filters: Vec::new() },
            TriggerKind::Achievement { achievement: AchievementId(Uuid::from_u128(3)) },
            TriggerKind::Streak { length: 7 },
            TriggerKind::UserCreation,
            TriggerKind::Time { unit: TimeUnit::Days, interval: 3 },
        ];
        let mut terms = History::starting_with(None);
        let achievement = AchievementId(Uuid::from_u128(3));
        terms.change(at(3), Some(due_terms(DueKind::Completion { achievement })));
        let every_6h = DueKind::Interval { unit: TimeUnit::Hours, length: 6 };
        terms.change(at(4), Some(due_terms(every_6h)));
        let triggers = kinds.into_iter().map(|kind| Trigger {
            id: TriggerId(Uuid::from_u128(5)),
            kind,
            revision: 0,
            points: -10,
            active: true,
            user_filters: filters(),
            block_if_out_of_points: true,
            terms: terms.clone(),
            stamps: stamps(),
            archived: false,
        });
        let level = Level {
            id: LevelId(Uuid::from_u128(6)),
            key: key("bronze"),
            name: "Bronze".into(),
            points: 100,
            description: String::new(),
            badge_url: Some("https://example.com/bronze.png".into()),
            created_at: at(0),
            archived: false,
        };
        PointsSystem {
            id: PointsSystemId(Uuid::from_u128(4)),
            key: key("xp"),
            name: "XP".into(),
            description: "Experience".into(),
            badge_url: None,
            rules: History::starting_with(BalanceRules {
                max_points: Some(1_000),
                thresholds: vec![(100, level.id)],
            }),
            triggers: triggers.collect(),
            levels: vec![level],
            boosts: boosts(),
            stamps: stamps(),
            archived: false,
        }
    }

    fn boosts() -> Vec<Boost> {
        let start = Date::from_ymd(2026, 2, 1).expect("a date");
        let roundings = [Rounding::Down, Rounding::Up, Rounding::Nearest];
        let boost = |rounding| {
            let mut terms = History::starting_with(None);
            let now = BoostTerms {
                name: "Double".into(),
                start,
                end: Some(start.plus_days(6)),
                multiplier: Amount::from(2),
                rounding,
                user_filters: filters(),
            };
            terms.change(at(6), Some(now));
            let user = UserId::new("u");
            Boost { id: BoostId(Uuid::from_u128(7)), user, terms, created_at: at(6) }
        };
        roundings.map(boost).into()
    }

    /// Every variant, both options of every optional field.
    fn leaderboards() -> Vec<Leaderboard> {
        let start = Date::from_ymd(2026, 3, 2).expect("a date");
        let board = |rank_by, unit, phase| Leaderboard {
            id: LeaderboardId(Uuid::from_u128(9)),
            key: key("weekly"),
            name: "Weekly".into(),
            description: Some("Who is first?".into()),
            rank_by,
            participants_max: Some(100),
            runs: Runs {
                start,
                end: Some(start.plus_days(30)),
                repeat: Some(Repeat { unit, interval: 7 }),
            },
            window: DailyWindow { start: TimeOfDay::parse("09:00"), end: None },
            breakdown: vec![AttributeId(Uuid::from_u128(1))],
            user_filters: filters(),
            phase,
            recounts: vec![Recount { number: 2, at: at(7), until: Some(at(8)) }],
            stamps: stamps(),
            archived: false,
        };
        let system = PointsSystemId(Uuid::from_u128(4));
        let streak = board(RankBy::Streak, RunUnit::Year, Phase::Finished { at: at(8) });
        vec![
            board(RankBy::Metric(metric_id()), RunUnit::Day, Phase::Off),
            board(RankBy::Points(system), RunUnit::Month, Phase::On),
            streak.clone(),
            Leaderboard {
                description: None,
                participants_max: None,
                runs: Runs { start, end: None, repeat: None },
                phase: Phase::Off,
                recounts: vec![Recount { number: 2, at: at(7), until: None }],
                ..streak
            },
        ]
    }

    fn streaks() -> StreakSettings {
        StreakSettings {
            enabled: true,
            frequency: Frequency::Weekly,
            evaluation_mode: EvaluationMode::And,
            customization_enabled: true,
            days_off: vec![0, 6],
            metrics: vec![StreakMetric { metric: metric_id(), threshold: Amount::from(5) }],
            freezes: Some(FreezeSettings {
                start_count: 1,
                max_count: 3,
                auto_earn: Some(AutoEarn { interval_days: 7, amount: 1, since: at(4) }),
            }),
        }
    }

    fn webhook() -> Webhook {
        Webhook {
            id: WebhookId(Uuid::from_u128(11)),
            key: key("hook"),
            name: "Hook".into(),
            url: "https://example.com/hook".into(),
            events: [WebhookEvent::AchievementCompleted, WebhookEvent::EmailsAchievementDue].into(),
            active: true,
            generation: 2,
            secret: SealedSecret(vec![1, 2, 3]),
            stamps: stamps(),
            archived: false,
        }
    }

    #[test]
    fn golden() {
        let settings = Settings {
            default_time_zone: Zone::parse("US/Pacific").expect("a zone"),
            week_start: WeekStart::Sunday,
            idempotency_retention_days: Some(30),
            control_ratio: 10,
        };
        let mut sample = Catalog::new(EnvironmentId(Uuid::from_u128(8)), settings);
        sample.sequence = 12;
        sample.review = 11;
        sample.attributes = attributes();
        sample.metrics = metrics();
        sample.achievements = achievements();
        sample.points_systems = vec![points_system()];
        sample.streaks.change(at(5), streaks());
        sample.leaderboards = leaderboards();
        sample.recounts = 2;
        sample.webhooks = vec![webhook()];
        super::super::golden::check("catalog", &sample);
    }
}
