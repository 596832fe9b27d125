//! A catalog file's objects into a catalog, in an order in which every reference exists.
//!
//! Attributes and metrics first, then streaks, achievements (prerequisites before what needs them),
//! points systems, leaderboards, and webhooks last. The catalog passed in is a copy: a problem leaves
//! nothing half done.

use std::collections::HashMap;
use std::ops::Range;

use domain::calendar::{Frequency, WeekStart};
use domain::catalog::{
    ATTRIBUTE_CHARS_MAX, AchievementDraft, AchievementStatus, AchievementTriggerFields,
    AchievementTriggerKind, AttributeDraft, AttributeKind, BoostDraft, BoostTerms, Catalog,
    EvaluationMode, Filter, FreezesPatch, Invalid, LeaderboardDraft, LeaderboardStatus, LevelDraft,
    MetricDraft, PREREQUISITES_MAX, Patch, PointsSystemDraft, RankByKind, Rounding, SealedSecret,
    StreakSettingsPatch, TimeUnit, TriggerDraft, TriggerType, TriggerTypeFields, UnitType,
    WebhookDraft,
};
use domain::ids::{AchievementId, AttributeId, Key, MetricId, PointsSystemId};
use domain::leaderboard::{DailyWindow, RunUnit};
use domain::time::Timestamp;
use toml::Spanned;

use super::format::{
    AchievementStatusName, AchievementTable, BoostTable, Count, Document, EvaluationModeName,
    Filters, FreezesTable, FrequencyName, LeaderboardStatusName, LeaderboardTable, LevelTable,
    MetricTable, PointsSystemTable, RepeatTable, RoundingName, SettingsTable, StreaksTable,
    TriggerStatusName, TriggerTable, WebhookTable, WeekStartName,
};
use super::value::{Name, Table};

/// The fields of which a trigger has exactly one.
const TRIGGER_KINDS: &str =
    "`metric`, `streak_length`, `achievement`, `user_creation`, `every_hours`, `every_days`";

/// Something wrong at a place of the text.
pub(super) struct Problem {
    pub(super) span: Range<usize>,
    pub(super) message: String,
}

impl Problem {
    fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }

    /// What the catalog refused, told at the key of the object.
    fn of(key: &Spanned<String>) -> impl Fn(Invalid) -> Self {
        |invalid| match Key::new(key.as_ref().as_str()) {
            Some(_) => Self::at(key.span(), invalid.message),
            None => Self::at(key.span(), "expected a key of letters, digits, `-` and `_`"),
        }
    }
}

/// The catalog with everything of the document in it.
pub(super) fn apply(
    document: &Document,
    catalog: Catalog,
    now: Timestamp,
    new_secret: &dyn Fn() -> SealedSecret,
) -> Result<Catalog, Problem> {
    let mut changed = Changed { catalog, now, achievements: HashMap::new() };
    changed.settings(&document.settings);
    changed.attributes(AttributeKind::User, &document.user_attributes)?;
    changed.attributes(AttributeKind::Event, &document.event_attributes)?;
    for (key, metric) in &document.metrics.0 {
        changed.metric(key, metric)?;
    }
    changed.streaks(&document.streaks)?;
    for place in 0..document.achievements.0.len() {
        changed.achievement(&document.achievements, place, &mut Vec::new())?;
    }
    for (key, system) in &document.points.0 {
        changed.points_system(key, system)?;
    }
    for (key, board) in &document.leaderboards.0 {
        changed.leaderboard(key, board)?;
    }
    for (_, webhook) in &document.webhooks.0 {
        changed.webhook(webhook, new_secret())?;
    }
    Ok(changed.catalog)
}

struct Changed<'a> {
    catalog: Catalog,
    now: Timestamp,
    /// Ids of the file's achievements by the names of their tables.
    achievements: HashMap<&'a str, AchievementId>,
}

impl<'a> Changed<'a> {
    fn settings(&mut self, table: &SettingsTable) {
        let settings = &mut self.catalog.settings;
        if let Some(zone) = table.default_time_zone {
            settings.default_time_zone = zone.0;
        }
        if let Some(start) = table.week_start {
            settings.week_start = match start {
                WeekStartName::Sunday => WeekStart::Sunday,
                WeekStartName::Monday => WeekStart::Monday,
            };
        }
        if let Some(days) = table.idempotency_retention_days {
            settings.idempotency_retention_days = Some(days.count());
        }
        if let Some(ratio) = table.control_ratio {
            settings.control_ratio = u8::try_from(ratio.0).expect("read inside 0 to 100");
        }
    }

    fn attributes(&mut self, kind: AttributeKind, table: &Table<Name>) -> Result<(), Problem> {
        for (key, name) in &table.0 {
            let draft = AttributeDraft { name: name.0.clone(), key: key.as_ref().clone(), kind };
            self.catalog.create_attribute(draft, self.now).map_err(Problem::of(key))?;
        }
        Ok(())
    }

    fn metric(&mut self, key: &Spanned<String>, table: &MetricTable) -> Result<(), Problem> {
        let (unit_type, units, place) = match (&table.units, &table.currency) {
            (Some(_), Some(currency)) => {
                return Err(Problem::at(
                    currency.span(),
                    "expected either `units` or `currency`, not both",
                ));
            }
            (None, Some(currency)) => (UnitType::Currency, currency.as_ref().clone(), currency),
            (units, None) => (UnitType::Number, units.clone().unwrap_or_default(), key),
        };
        let draft =
            MetricDraft { name: table.name.0.clone(), key: key.as_ref().clone(), unit_type, units };
        match self.catalog.create_metric(draft, self.now) {
            Ok(_) => Ok(()),
            Err(invalid) if invalid.message.starts_with("units") => {
                let message = format!(
                    "unknown currency `{}`, expected an ISO 4217 code such as USD",
                    place.as_ref()
                );
                Err(Problem::at(place.span(), message))
            }
            Err(invalid) => Err(Problem::of(key)(invalid)),
        }
    }

    fn streaks(&mut self, table: &StreaksTable) -> Result<(), Problem> {
        let frequency = table.frequency.map(frequency);
        let days_off = match &table.days_off {
            Some(days)
                if !days.as_ref().is_empty()
                    && frequency.unwrap_or(Frequency::Daily) != Frequency::Daily =>
            {
                return Err(Problem::at(
                    days.span(),
                    "days off are only possible for daily streaks",
                ));
            }
            Some(days) => {
                let numbers: Vec<_> = days.as_ref().iter().map(|day| day.0).collect();
                if (1..numbers.len()).any(|i| numbers[..i].contains(&numbers[i])) {
                    return Err(Problem::at(days.span(), "expected each day once"));
                }
                Some(numbers)
            }
            None => None,
        };
        let mut metrics = Vec::new();
        for (key, threshold) in &table.metrics.0 {
            self.metric_id(key)?;
            metrics.push((key.as_ref().clone(), threshold.0));
        }
        let patch = StreakSettingsPatch {
            enabled: table.enabled,
            frequency,
            evaluation_mode: table.evaluation_mode.map(|mode| match mode {
                EvaluationModeName::Or => EvaluationMode::Or,
                EvaluationModeName::And => EvaluationMode::And,
            }),
            customization_enabled: table.customization_enabled,
            days_off,
            metrics: Some(metrics).filter(|metrics| !metrics.is_empty()),
            freezes: table
                .freezes
                .as_ref()
                .map_or(Ok(Patch::Keep), |freezes| freezes_patch(freezes).map(Patch::Set))?,
        };
        match self.catalog.update_streak_settings(patch, self.now) {
            Ok(_) => Ok(()),
            Err(invalid) => unreachable!("every rule was checked where it is written: {invalid}"),
        }
    }

    /// Creates the achievement at a place of the table, after those it requires. `above` are the
    /// places that led here.
    fn achievement(
        &mut self,
        table: &'a Table<AchievementTable>,
        place: usize,
        above: &mut Vec<usize>,
    ) -> Result<(), Problem> {
        let (key, achievement) = &table.0[place];
        if self.achievements.contains_key(key.as_ref().as_str()) {
            return Ok(());
        }
        above.push(place);
        for required in achievement.all_of.iter().flat_map(|names| names.as_ref()) {
            let found = table.0.iter().position(|(key, _)| key.as_ref() == required.as_ref());
            let place = found.ok_or_else(|| {
                unknown(
                    "achievement",
                    required,
                    table.0.iter().map(|(key, _)| key.as_ref().as_str()),
                )
            })?;
            if above.contains(&place) {
                let message = format!("`{}` would require itself", required.as_ref());
                return Err(Problem::at(required.span(), message));
            }
            self.achievement(table, place, above)?;
        }
        above.pop();
        let draft = self.achievement_draft(key, achievement)?;
        let created = self.catalog.create_achievement(draft, self.now).map_err(Problem::of(key))?;
        self.achievements.insert(key.as_ref(), created.id);
        Ok(())
    }

    fn achievement_draft(
        &self,
        key: &Spanned<String>,
        table: &AchievementTable,
    ) -> Result<AchievementDraft, Problem> {
        let none = AchievementTriggerFields::default();
        let (kind, fields) = match (
            &table.metric,
            table.streak_length,
            table.api,
            &table.all_of,
            table.anniversary_years,
        ) {
            (Some(metric), None, None, None, None) => {
                let fields = AchievementTriggerFields {
                    metric_id: Some(self.metric_id(&metric.key)?),
                    metric_value: Some(metric.value.0),
                    event_attributes: Patch::Set(
                        self.filters(AttributeKind::Event, &metric.event_attributes)?,
                    ),
                    ..none
                };
                (AchievementTriggerKind::Metric, fields)
            }
            (None, Some(length), None, None, None) => {
                let fields =
                    AchievementTriggerFields { streak_length: Some(length.count()), ..none };
                (AchievementTriggerKind::Streak, fields)
            }
            (None, None, Some(_), None, None) => {
                let fields = AchievementTriggerFields { key: Some(key.as_ref().clone()), ..none };
                (AchievementTriggerKind::Api, fields)
            }
            (None, None, None, Some(names), None) => {
                let ids = self.prerequisites(names)?;
                let fields = AchievementTriggerFields { achievement_ids: Some(ids), ..none };
                (AchievementTriggerKind::Composite, fields)
            }
            (None, None, None, None, Some(years)) => {
                let fields =
                    AchievementTriggerFields { anniversary_years: Some(years.count()), ..none };
                (AchievementTriggerKind::Anniversary, fields)
            }
            _ => {
                let kinds = "`metric`, `streak_length`, `api`, `all_of`, `anniversary_years`";
                return Err(one_of(key.span(), kinds));
            }
        };
        Ok(AchievementDraft {
            name: table.name.0.clone(),
            description: table.description.as_ref().map(|text| text.0.clone()),
            badge_url: table.badge.as_ref().map(|url| url.0.clone()),
            status: match table.status {
                AchievementStatusName::Active => AchievementStatus::Active,
                AchievementStatusName::Inactive => AchievementStatus::Inactive,
                AchievementStatusName::Locked => AchievementStatus::Locked,
            },
            kind,
            fields,
            user_filters: self.filters(AttributeKind::User, &table.user_attributes)?,
        })
    }

    fn prerequisites(
        &self,
        names: &Spanned<Vec<Spanned<String>>>,
    ) -> Result<Vec<AchievementId>, Problem> {
        let list = names.as_ref();
        if list.is_empty() || list.len() > PREREQUISITES_MAX {
            let message = format!("expected 1 to {PREREQUISITES_MAX} achievements");
            return Err(Problem::at(names.span(), message));
        }
        for (i, name) in list.iter().enumerate() {
            if list[..i].iter().any(|earlier| earlier.as_ref() == name.as_ref()) {
                return Err(Problem::at(name.span(), "expected each achievement once"));
            }
        }
        list.iter().map(|name| self.achievement_id(name)).collect()
    }

    fn points_system(
        &mut self,
        key: &Spanned<String>,
        table: &PointsSystemTable,
    ) -> Result<(), Problem> {
        let draft = PointsSystemDraft {
            name: table.name.0.clone(),
            key: key.as_ref().clone(),
            description: table.description.as_ref().map(|text| text.0.clone()).unwrap_or_default(),
            badge_url: table.badge.as_ref().map(|url| url.0.clone()),
            max_points: table.max_points.map(|points| points.0),
            levels: Vec::new(),
            boosts: Vec::new(),
            triggers: Vec::new(),
        };
        let system =
            self.catalog.create_points_system(draft, self.now).map_err(Problem::of(key))?.id;
        for (key, level) in &table.levels.0 {
            self.level(system, key, level)?;
        }
        for trigger in &table.triggers {
            self.trigger(system, trigger)?;
        }
        for boost in &table.boosts {
            self.boost(system, boost)?;
        }
        Ok(())
    }

    fn webhook(&mut self, table: &WebhookTable, secret: SealedSecret) -> Result<(), Problem> {
        let events = table.events.as_ref().iter().map(|event| event.0).collect();
        let draft = WebhookDraft { name: table.name.0.clone(), url: table.url.0.clone(), events };
        let created = self.catalog.create_webhook(draft, secret, self.now);
        created.map(|_| ()).map_err(|invalid| Problem::at(table.events.span(), invalid.message))
    }

    fn level(
        &mut self,
        system: PointsSystemId,
        key: &Spanned<String>,
        table: &LevelTable,
    ) -> Result<(), Problem> {
        let draft = LevelDraft {
            name: table.name.0.clone(),
            key: key.as_ref().clone(),
            points: table.points.as_ref().0,
            description: table.description.as_ref().map(|text| text.0.clone()).unwrap_or_default(),
            badge_url: table.badge.as_ref().map(|url| url.0.clone()),
        };
        match self.catalog.create_level(system, draft, self.now) {
            Ok(_) => Ok(()),
            Err(invalid) => {
                let about_points = invalid.message.starts_with("Points");
                match about_points {
                    true => Err(Problem::at(table.points.span(), invalid.message)),
                    false => Err(Problem::of(key)(invalid)),
                }
            }
        }
    }

    fn boost(
        &mut self,
        system: PointsSystemId,
        table: &Spanned<BoostTable>,
    ) -> Result<(), Problem> {
        let (span, table) = (table.span(), table.as_ref());
        let terms = BoostTerms {
            name: table.name.0.clone(),
            start: table.start.0,
            end: table.end.map(|end| end.0),
            multiplier: table.multiplier.0,
            rounding: match table.rounding {
                RoundingName::Down => Rounding::Down,
                RoundingName::Up => Rounding::Up,
                RoundingName::Nearest => Rounding::Nearest,
            },
            user_filters: self.filters(AttributeKind::User, &table.user_attributes)?,
        };
        let created = self.catalog.create_boost(system, BoostDraft { user: None, terms }, self.now);
        created.map(|_| ()).map_err(|invalid| Problem::at(span, invalid.message))
    }

    fn trigger(
        &mut self,
        system: PointsSystemId,
        table: &Spanned<TriggerTable>,
    ) -> Result<(), Problem> {
        let (span, table) = (table.span(), table.as_ref());
        let (trigger_type, fields) = self.trigger_fields(span.clone(), table)?;
        let points = table.points.as_ref().0;
        if points == 0 {
            return Err(Problem::at(table.points.span(), "expected points above or below 0"));
        }
        let draft = TriggerDraft {
            trigger_type,
            points,
            active: match table.status {
                TriggerStatusName::Active => true,
                TriggerStatusName::Inactive => false,
            },
            user_filters: self.filters(AttributeKind::User, &table.user_attributes)?,
            block_if_out_of_points: table.block_if_out_of_points,
            fields,
        };
        let created = self.catalog.create_trigger(system, draft, self.now);
        created.map(|_| ()).map_err(|invalid| Problem::at(span, invalid.message))
    }

    fn trigger_fields(
        &self,
        span: Range<usize>,
        table: &TriggerTable,
    ) -> Result<(TriggerType, TriggerTypeFields), Problem> {
        let none = TriggerTypeFields::default();
        let time = match (table.every_hours, table.every_days) {
            (None, None) => None,
            (Some(hours), None) => Some((TimeUnit::Hours, hours)),
            (None, Some(days)) => Some((TimeUnit::Days, days)),
            (Some(_), Some(_)) => return Err(one_of(span, TRIGGER_KINDS)),
        };
        match (&table.metric, table.streak_length, &table.achievement, table.user_creation, time) {
            (Some(metric), None, None, None, None) => {
                let fields = TriggerTypeFields {
                    metric_id: Some(self.metric_id(&metric.key)?),
                    metric_threshold: Some(metric.threshold.0.unsigned_abs()),
                    event_attributes: Patch::Set(
                        self.filters(AttributeKind::Event, &metric.event_attributes)?,
                    ),
                    ..none
                };
                Ok((TriggerType::Metric, fields))
            }
            (None, Some(length), None, None, None) => {
                let fields = TriggerTypeFields { streak_length: Some(length.count()), ..none };
                Ok((TriggerType::Streak, fields))
            }
            (None, None, Some(name), None, None) => {
                let id = self.achievement_id(name)?;
                Ok((
                    TriggerType::Achievement,
                    TriggerTypeFields { achievement_id: Some(id), ..none },
                ))
            }
            (None, None, None, Some(_), None) => Ok((TriggerType::UserCreation, none)),
            (None, None, None, None, Some((unit, interval))) => {
                let fields = TriggerTypeFields {
                    time_unit: Some(unit),
                    time_interval: Some(interval.count()),
                    ..none
                };
                Ok((TriggerType::Time, fields))
            }
            _ => Err(one_of(span, TRIGGER_KINDS)),
        }
    }

    fn leaderboard(
        &mut self,
        key: &Spanned<String>,
        table: &LeaderboardTable,
    ) -> Result<(), Problem> {
        let (rank_by, metric_id, points_system_id) =
            match (&table.metric, &table.points, table.streak) {
                (Some(metric), None, None) => {
                    (RankByKind::Metric, Some(self.metric_id(metric)?), None)
                }
                (None, Some(system), None) => {
                    (RankByKind::Points, None, Some(self.points_system_id(system)?))
                }
                (None, None, Some(_)) => (RankByKind::Streak, None, None),
                _ => return Err(one_of(key.span(), "`metric`, `points`, `streak`")),
            };
        let repeat = table.repeat.as_ref().map(repeat).transpose()?;
        let draft = LeaderboardDraft {
            name: table.name.0.clone(),
            key: key.as_ref().clone(),
            description: table.description.as_ref().map(|text| text.0.clone()),
            status: self.status_by_dates(table),
            rank_by,
            metric_id,
            points_system_id,
            participants_max: table.max_participants.map(Count::count),
            start: table.start.map(|day| day.0),
            end: table.end.map(|day| day.0),
            run_unit: repeat.map(|(unit, _)| unit),
            run_interval: repeat.map(|(_, interval)| interval),
            window: DailyWindow {
                start: table.start_time.map(|time| time.0),
                end: table.end_time.map(|time| time.0),
            },
            breakdown: self.breakdown(&table.breakdown_attributes)?,
            user_filters: self.filters(AttributeKind::User, &table.user_attributes)?,
        };
        self.catalog.create_leaderboard(draft, self.now).map(|_| ()).map_err(Problem::of(key))
    }

    /// A file says that a board is on; what that means now is a matter of its dates. (C-LB-07)
    fn status_by_dates(&self, table: &LeaderboardTable) -> LeaderboardStatus {
        let today = self.now.utc_date();
        match table.status {
            LeaderboardStatusName::Inactive => LeaderboardStatus::Inactive,
            LeaderboardStatusName::Active if table.start.is_some_and(|day| day.0 > today) => {
                LeaderboardStatus::Scheduled
            }
            LeaderboardStatusName::Active if table.end.is_some_and(|day| day.0 < today) => {
                LeaderboardStatus::Finished
            }
            LeaderboardStatusName::Active => LeaderboardStatus::Active,
        }
    }

    fn breakdown(&self, keys: &[Spanned<String>]) -> Result<Vec<AttributeId>, Problem> {
        keys.iter().map(|key| self.attribute_id(AttributeKind::User, key)).collect()
    }

    fn points_system_id(&self, key: &Spanned<String>) -> Result<PointsSystemId, Problem> {
        let system = self.catalog.find_points_system_by_key(key.as_ref());
        let known = self.catalog.live_points_systems().map(|system| system.key.as_str());
        system.map(|system| system.id).ok_or_else(|| unknown("points system", key, known))
    }

    fn metric_id(&self, key: &Spanned<String>) -> Result<MetricId, Problem> {
        let metric = self.catalog.find_metric_by_key(key.as_ref());
        let known = self.catalog.live_metrics().map(|metric| metric.key.as_str());
        metric.map(|metric| metric.id).ok_or_else(|| unknown("metric", key, known))
    }

    fn achievement_id(&self, name: &Spanned<String>) -> Result<AchievementId, Problem> {
        let id = self.achievements.get(name.as_ref().as_str()).copied();
        id.ok_or_else(|| {
            let mut known: Vec<_> = self.achievements.keys().copied().collect();
            known.sort_unstable();
            unknown("achievement", name, known.into_iter())
        })
    }

    fn attribute_id(
        &self,
        kind: AttributeKind,
        key: &Spanned<String>,
    ) -> Result<AttributeId, Problem> {
        let own = self.catalog.live_attributes().filter(|own| own.kind == kind);
        let known = own.map(|own| own.key.as_str());
        let what = match kind {
            AttributeKind::User => "user attribute",
            AttributeKind::Event => "event attribute",
        };
        let attribute = self.catalog.find_attribute_by_key(kind, key.as_ref());
        attribute.map(|attribute| attribute.id).ok_or_else(|| unknown(what, key, known))
    }

    fn filters(&self, kind: AttributeKind, filters: &Filters) -> Result<Vec<Filter>, Problem> {
        let resolve = |(key, value): &(Spanned<String>, Spanned<String>)| {
            let attribute = self.attribute_id(kind, key)?;
            if value.as_ref().chars().count() > ATTRIBUTE_CHARS_MAX {
                let message = format!("expected at most {ATTRIBUTE_CHARS_MAX} characters");
                return Err(Problem::at(value.span(), message));
            }
            Ok(Filter { attribute, value: value.as_ref().clone() })
        };
        filters.0.iter().map(resolve).collect()
    }
}

fn repeat(table: &Spanned<RepeatTable>) -> Result<(RunUnit, u32), Problem> {
    let RepeatTable { days, months, years } = *table.as_ref();
    match (days, months, years) {
        (Some(days), None, None) => Ok((RunUnit::Day, days.count())),
        (None, Some(months), None) => Ok((RunUnit::Month, months.count())),
        (None, None, Some(years)) => Ok((RunUnit::Year, years.count())),
        _ => Err(one_of(table.span(), "`days`, `months`, `years`")),
    }
}

const fn frequency(name: FrequencyName) -> Frequency {
    match name {
        FrequencyName::Daily => Frequency::Daily,
        FrequencyName::Weekly => Frequency::Weekly,
        FrequencyName::Monthly => Frequency::Monthly,
    }
}

fn freezes_patch(table: &Spanned<FreezesTable>) -> Result<FreezesPatch, Problem> {
    let freezes = table.as_ref();
    if freezes.max_count.0 < freezes.start_count.0 {
        return Err(Problem::at(table.span(), "expected `max_count` to be at least `start_count`"));
    }
    Ok(FreezesPatch {
        start_count: freezes.start_count.0,
        max_count: freezes.max_count.0,
        auto_earn_interval: freezes.auto_earn.map(|auto_earn| auto_earn.every_days.0),
        auto_earn_amount: freezes.auto_earn.map(|auto_earn| auto_earn.amount.0),
    })
}

fn one_of(span: Range<usize>, fields: &str) -> Problem {
    Problem::at(span, format!("expected exactly one of {fields}"))
}

fn unknown<'k>(what: &str, key: &Spanned<String>, known: impl Iterator<Item = &'k str>) -> Problem {
    let known: Vec<_> = known.map(|key| format!("`{key}`")).collect();
    let expected = match known.as_slice() {
        [] => format!("there is no {what}"),
        [only] => format!("expected {only}"),
        several => format!("expected one of {}", several.join(", ")),
    };
    Problem::at(key.span(), format!("unknown {what} `{}`, {expected}", key.as_ref()))
}
