//! Catalogs made by random sequences of what the Admin API can do: creations, changes and deletions,
//! as far as the catalog lets them.
//!
//! What happens is read off a list of bytes, so a failing catalog shrinks to a short list.

use domain::amount::Amount;
use domain::calendar::{Frequency, WeekStart, Zone};
use domain::catalog::{
    AchievementDraft, AchievementPatch, AchievementStatus, AchievementTriggerFields,
    AchievementTriggerKind, AttributeDraft, AttributeKind, BoostDraft, BoostTerms, Catalog,
    EvaluationMode, Filter, FreezesPatch, LeaderboardDraft, LeaderboardPatch, LeaderboardStatus,
    LevelDraft, MetricDraft, Patch, PointsSystemDraft, RankByKind, Rounding, SealedSecret,
    StreakSettingsPatch, TimeUnit, TriggerDraft, TriggerType, TriggerTypeFields, UnitType,
    WebhookDraft, WebhookPatch,
};
use domain::ids::{AchievementId, AttributeId, MetricId, PointsSystemId, UserId};
use domain::leaderboard::{DailyWindow, RunUnit};
use domain::time::{Date, TimeOfDay, Timestamp};
use domain::webhook::WebhookEvent;

use super::{empty, now};

/// Reads decisions off bytes; when they are used up every decision is the first choice.
struct Dice<'b>(std::slice::Iter<'b, u8>);

impl Dice<'_> {
    fn byte(&mut self) -> usize {
        self.0.next().copied().map_or(0, usize::from)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.byte() % limit
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    fn number(&mut self, max: u64) -> u64 {
        let wide = (0..8).fold(0, |number, _| number << 8 | self.byte() as u64);
        let choice = self.of(&[wide % 10, wide, max - 1]);
        1 + choice % max
    }

    fn count(&mut self) -> u32 {
        u32::try_from(self.number(u64::from(u32::MAX))).expect("in range")
    }

    fn points(&mut self, max: u64) -> i64 {
        i64::try_from(self.number(max)).expect("in range")
    }

    /// Up to 12 digits before the point and 9 behind it.
    fn decimal(&mut self, max: i128) -> Amount {
        let billionths = i128::from(self.number(u64::MAX)) * i128::from(self.number(1_000));
        let rounded = self.of(&[1, 1_000_000, 1_000_000_000]);
        Amount::from_billionths(billionths % (max * 1_000_000_000) / rounded * rounded)
            .expect("in range")
    }

    fn key(&mut self) -> String {
        self.of(&["a", "b", "c-d", "E_f", "1", "-", "true"]).to_owned()
    }

    fn name(&mut self) -> String {
        self.of(&[
            "A",
            "500 cards",
            "500  cards!",
            "\"quoted\" 'both'\"\"\"",
            "back\\slash\ttab\nline\u{7f}",
            "Größe \u{1f600}",
            "# no comment = true]",
        ])
        .to_owned()
    }

    fn description(&mut self) -> String {
        self.of(&["", "What for", "two\nlines'''"]).to_owned()
    }

    fn badge(&mut self) -> Option<String> {
        self.maybe(|_| "https://example.com/badge.svg?a=\"b\"".to_owned())
    }

    fn date(&mut self) -> Date {
        let today = i64::from(now().utc_date().to_days());
        let days = today + self.byte() as i64 - 128;
        Date::from_days(i32::try_from(days).expect("in range")).expect("in range")
    }

    fn time(&mut self) -> TimeOfDay {
        let text = self.of(&["00:00", "09:30", "17:00:30", "23:59:59"]);
        TimeOfDay::parse(text).expect("a time")
    }

    fn filters(&mut self, catalog: &Catalog, kind: AttributeKind) -> Vec<Filter> {
        let mut filters: Vec<Filter> = Vec::new();
        for _ in 0..self.of(&[0, 0, 1, 2]) {
            let attribute = self.attribute(catalog, kind);
            if filters.iter().all(|filter| filter.attribute != attribute) {
                filters.push(Filter { attribute, value: self.name() });
            }
        }
        filters
    }

    /// Mostly a live one.
    fn attribute(&mut self, catalog: &Catalog, kind: AttributeKind) -> AttributeId {
        let all = catalog.live_attributes().filter(|own| own.kind == kind).map(|own| own.id);
        self.pick(all.collect(), AttributeId(uuid::Uuid::nil()))
    }

    fn metric(&mut self, catalog: &Catalog) -> MetricId {
        self.pick(catalog.live_metrics().map(|own| own.id).collect(), MetricId(uuid::Uuid::nil()))
    }

    fn achievement(&mut self, catalog: &Catalog) -> AchievementId {
        let all = catalog.live_achievements().map(|own| own.id).collect();
        self.pick(all, AchievementId(uuid::Uuid::nil()))
    }

    fn system(&mut self, catalog: &Catalog) -> PointsSystemId {
        let all = catalog.live_points_systems().map(|own| own.id).collect();
        self.pick(all, PointsSystemId(uuid::Uuid::nil()))
    }

    fn pick<T: Clone>(&mut self, all: Vec<T>, nothing: T) -> T {
        if all.is_empty() { nothing } else { self.of(&all) }
    }

    fn achievement_fields(
        &mut self,
        catalog: &Catalog,
    ) -> (AchievementTriggerKind, AchievementTriggerFields) {
        let mut fields = AchievementTriggerFields::default();
        let kind = self.of(&[
            AchievementTriggerKind::Metric,
            AchievementTriggerKind::Streak,
            AchievementTriggerKind::Api,
            AchievementTriggerKind::Composite,
            AchievementTriggerKind::Anniversary,
        ]);
        match kind {
            AchievementTriggerKind::Metric => {
                fields.metric_id = Some(self.metric(catalog));
                fields.metric_value = Some(Amount::from(1) + self.decimal(999_999_999_999));
                fields.event_attributes = Patch::Set(self.filters(catalog, AttributeKind::Event));
            }
            AchievementTriggerKind::Streak => fields.streak_length = Some(self.count()),
            AchievementTriggerKind::Api => fields.key = Some(self.key()),
            AchievementTriggerKind::Composite => {
                let mut ids = Vec::new();
                for _ in 0..=self.below(2) {
                    let id = self.achievement(catalog);
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
                fields.achievement_ids = Some(ids);
            }
            AchievementTriggerKind::Anniversary => fields.anniversary_years = Some(self.count()),
        }
        (kind, fields)
    }

    fn achievement_draft(&mut self, catalog: &Catalog) -> AchievementDraft {
        let (kind, fields) = self.achievement_fields(catalog);
        AchievementDraft {
            name: self.name(),
            description: self.maybe(Self::description),
            badge_url: self.badge(),
            status: self.of(&[
                AchievementStatus::Active,
                AchievementStatus::Inactive,
                AchievementStatus::Locked,
            ]),
            kind,
            fields,
            user_filters: self.filters(catalog, AttributeKind::User),
        }
    }

    fn trigger_draft(&mut self, catalog: &Catalog) -> TriggerDraft {
        let mut fields = TriggerTypeFields::default();
        let trigger_type = self.of(&[
            TriggerType::Metric,
            TriggerType::Achievement,
            TriggerType::Streak,
            TriggerType::UserCreation,
            TriggerType::Time,
        ]);
        match trigger_type {
            TriggerType::Metric => {
                fields.metric_id = Some(self.metric(catalog));
                fields.metric_threshold = Some(self.number(1_000_000_000_000));
                fields.event_attributes = Patch::Set(self.filters(catalog, AttributeKind::Event));
            }
            TriggerType::Achievement => fields.achievement_id = Some(self.achievement(catalog)),
            TriggerType::Streak => fields.streak_length = Some(self.count()),
            TriggerType::UserCreation => {}
            TriggerType::Time => {
                fields.time_unit = Some(self.of(&[TimeUnit::Hours, TimeUnit::Days]));
                fields.time_interval = Some(self.count());
            }
        }
        TriggerDraft {
            trigger_type,
            points: self.points(1_000_000_000) * self.of(&[1, -1]),
            active: self.flag(),
            user_filters: self.filters(catalog, AttributeKind::User),
            block_if_out_of_points: self.flag(),
            fields,
        }
    }

    fn boost_draft(&mut self, catalog: &Catalog) -> BoostDraft {
        let user = self.maybe(|_| UserId::new("18").expect("an id"));
        let terms = BoostTerms {
            name: self.name(),
            start: self.date(),
            end: self.maybe(Self::date),
            multiplier: self.decimal(99),
            rounding: self.of(&[Rounding::Down, Rounding::Up, Rounding::Nearest]),
            user_filters: match user {
                Some(_) => Vec::new(),
                None => self.filters(catalog, AttributeKind::User),
            },
        };
        BoostDraft { user, terms }
    }

    fn leaderboard_draft(&mut self, catalog: &Catalog) -> LeaderboardDraft {
        let rank_by = self.of(&[RankByKind::Metric, RankByKind::Points, RankByKind::Streak]);
        let (metric, system) = (self.metric(catalog), self.system(catalog));
        let run_unit = self.maybe(|dice| dice.of(&[RunUnit::Day, RunUnit::Month, RunUnit::Year]));
        let mut breakdown = Vec::new();
        for _ in 0..self.of(&[0, 0, 1, 2]) {
            let attribute = self.attribute(catalog, AttributeKind::User);
            if !breakdown.contains(&attribute) {
                breakdown.push(attribute);
            }
        }
        LeaderboardDraft {
            name: self.name(),
            key: self.key(),
            description: self.maybe(Self::description),
            status: self.of(&[
                LeaderboardStatus::Inactive,
                LeaderboardStatus::Active,
                LeaderboardStatus::Scheduled,
                LeaderboardStatus::Finished,
            ]),
            rank_by,
            metric_id: (rank_by == RankByKind::Metric).then_some(metric),
            points_system_id: (rank_by == RankByKind::Points).then_some(system),
            participants_max: self.maybe(Self::count),
            start: self.maybe(Self::date),
            end: self.maybe(Self::date),
            run_unit: run_unit.filter(|_| rank_by != RankByKind::Streak),
            run_interval: run_unit
                .filter(|_| rank_by != RankByKind::Streak)
                .map(|_| self.of(&[1, 7, 400])),
            window: DailyWindow { start: self.maybe(Self::time), end: self.maybe(Self::time) },
            breakdown,
            user_filters: self.filters(catalog, AttributeKind::User),
        }
    }

    fn streaks_patch(&mut self, catalog: &Catalog) -> StreakSettingsPatch {
        let metrics = catalog.live_metrics().map(|own| own.key.to_string());
        let metrics = metrics.map(|key| (key, self.points(1_000_000_000_000) - 1)).collect();
        let earned = self.maybe(|dice| (dice.points(3650), dice.points(100)));
        StreakSettingsPatch {
            enabled: Some(self.flag()),
            frequency: Some(self.of(&[Frequency::Daily, Frequency::Weekly, Frequency::Monthly])),
            evaluation_mode: Some(self.of(&[EvaluationMode::Or, EvaluationMode::And])),
            customization_enabled: Some(self.flag()),
            days_off: self.maybe(|dice| dice.of(&[vec![], vec![6, 0], vec![3]])),
            metrics: self.maybe(|_| metrics),
            freezes: match self.flag() {
                true => Patch::Set(FreezesPatch {
                    start_count: 1,
                    max_count: self.points(100),
                    auto_earn_interval: earned.map(|(interval, _)| interval),
                    auto_earn_amount: earned.map(|(_, amount)| amount),
                }),
                false => Patch::Clear,
            },
        }
    }
}

/// One thing that an operator may do; the catalog refuses what is against its rules.
fn step(dice: &mut Dice<'_>, catalog: &mut Catalog, now: Timestamp) {
    let known = &catalog.clone();
    // Whether it was refused doesn't matter: then nothing happened.
    match dice.below(20) {
        0 | 1 => {
            let kind = dice.of(&[AttributeKind::User, AttributeKind::Event]);
            let draft = AttributeDraft { name: dice.name(), key: dice.key(), kind };
            let _ = catalog.create_attribute(draft, now);
        }
        2 | 3 => {
            let (unit_type, units) = dice.of(&[
                (UnitType::Number, ""),
                (UnitType::Number, "kg"),
                (UnitType::Currency, "EUR"),
            ]);
            let units = units.to_owned();
            let draft = MetricDraft { name: dice.name(), key: dice.key(), unit_type, units };
            let _ = catalog.create_metric(draft, now);
        }
        4..=6 => {
            let draft = dice.achievement_draft(known);
            let _ = catalog.create_achievement(draft, now);
        }
        7 => {
            let AchievementDraft { name, description, status, kind, fields, user_filters, .. } =
                dice.achievement_draft(known);
            let patch = AchievementPatch {
                name: Some(name),
                description: description.map_or(Patch::Clear, Patch::Set),
                badge_url: Patch::Keep,
                status: Some(status),
                kind: Some(kind),
                fields,
                user_filters: Patch::Set(user_filters),
            };
            let _ = catalog.update_achievement(dice.achievement(known), patch, now);
        }
        8 => {
            let draft = PointsSystemDraft {
                name: dice.name(),
                key: dice.key(),
                description: dice.description(),
                badge_url: dice.badge(),
                max_points: dice.maybe(|dice| dice.points(1_000_000_000_000)),
                levels: Vec::new(),
                boosts: Vec::new(),
                triggers: Vec::new(),
            };
            let _ = catalog.create_points_system(draft, now);
        }
        9 | 10 => {
            let draft = LevelDraft {
                name: dice.name(),
                key: dice.key(),
                points: dice.points(1_000_000_000_000) - 1,
                description: dice.description(),
                badge_url: dice.badge(),
            };
            let _ = catalog.create_level(dice.system(known), draft, now);
        }
        11 | 12 => {
            let draft = dice.trigger_draft(known);
            let _ = catalog.create_trigger(dice.system(known), draft, now);
        }
        13 => {
            let draft = dice.boost_draft(known);
            let _ = catalog.create_boost(dice.system(known), draft, now);
        }
        14 => {
            let draft = dice.leaderboard_draft(known);
            let _ = catalog.create_leaderboard(draft, now);
        }
        15 => {
            let all: Vec<_> = known.live_leaderboards().map(|own| own.id).collect();
            if !all.is_empty() {
                let status = dice.of(&[
                    LeaderboardStatus::Active,
                    LeaderboardStatus::Inactive,
                    LeaderboardStatus::Finished,
                ]);
                let description = dice.maybe(Dice::description);
                let patch = LeaderboardPatch {
                    status: Some(status),
                    description,
                    ..LeaderboardPatch::default()
                };
                let _ = catalog.update_leaderboard(dice.of(&all), patch, now);
            }
        }
        16 => {
            let patch = dice.streaks_patch(known);
            let _ = catalog.update_streak_settings(patch, now);
        }
        17 => {
            let first = dice.byte() % WebhookEvent::ALL.len();
            let draft = WebhookDraft {
                name: dice.name(),
                url: "https://example.com/hook".to_owned(),
                events: WebhookEvent::ALL[first..].to_vec(),
            };
            let created = catalog.create_webhook(draft, SealedSecret(vec![1]), now);
            let id = created.expect("a webhook").id;
            let patch = WebhookPatch { active: Some(dice.flag()), ..WebhookPatch::default() };
            let _ = catalog.update_webhook(id, patch, now);
        }
        18 => {
            let settings = &mut catalog.settings;
            settings.default_time_zone =
                Zone::parse(dice.of(&["UTC", "Europe/London"])).expect("a zone");
            settings.week_start = dice.of(&[WeekStart::Sunday, WeekStart::Monday]);
            settings.idempotency_retention_days = dice.maybe(Dice::count);
            settings.control_ratio = dice.of(&[0, 10, 100]);
        }
        _ => match dice.below(4) {
            0 => drop(catalog.delete_metric(dice.metric(known), now)),
            1 => drop(catalog.delete_achievement(dice.achievement(known), now)),
            2 => drop(catalog.delete_points_system(dice.system(known), now)),
            _ => {
                let kind = dice.of(&[AttributeKind::User, AttributeKind::Event]);
                drop(catalog.delete_attribute(dice.attribute(known, kind), now));
            }
        },
    }
}

/// The catalog that the bytes tell of.
pub(crate) fn catalog(bytes: &[u8]) -> Catalog {
    let mut dice = Dice(bytes.iter());
    let mut catalog = empty();
    // What is needed by most: without it nearly everything would be refused.
    for key in ["a", "b"] {
        for kind in [AttributeKind::User, AttributeKind::Event] {
            let draft = AttributeDraft { name: "A".to_owned(), key: key.to_owned(), kind };
            catalog.create_attribute(draft, now()).expect("a free key");
        }
        let (unit_type, units) = (UnitType::Number, String::new());
        let draft = MetricDraft { name: "M".to_owned(), key: key.to_owned(), unit_type, units };
        catalog.create_metric(draft, now()).expect("a free key");
    }
    while !dice.0.as_slice().is_empty() {
        step(&mut dice, &mut catalog, now());
    }
    catalog
}
