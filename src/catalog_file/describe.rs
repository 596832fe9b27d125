//! A catalog as the tables of a catalog file, one per object: what an export writes and what two
//! catalogs are compared by.
//!
//! Fields that have their default are left out. What a file can't say isn't described: ids,
//! instants, secrets, boosts of single users, and finished leaderboards of things that were deleted
//! since, which are history.

use domain::amount::Amount;
use domain::calendar::{Frequency, WeekStart};
use domain::catalog::{
    Achievement, AchievementStatus, AchievementTrigger, AttributeKind, BoostTerms, Catalog,
    EvaluationMode, Filter, Leaderboard, Level, Metric, Phase, PointsSystem, RankBy, Rounding,
    StreakSettings, TimeUnit, Trigger, TriggerKind, UnitType, Webhook,
};
use domain::ids::{AchievementId, AttributeId, MetricId, TriggerId};
use domain::leaderboard::RunUnit;
use toml::{Table, Value};
use uuid::Uuid;

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Object {
    pub(super) place: Place,
    /// Whether existing users may be touched by a change of it.
    pub(super) subject: Option<Subject>,
    pub(super) fields: Fields,
}

/// Fields in the order in which they are written.
pub(super) type Fields = Vec<(&'static str, Value)>;

/// Where an object stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A line of a table, `key = "Name"`.
    Line { table: &'static str, key: String },
    /// A table of its own.
    Table(String),
    /// An element of an array of tables, which has no key: what it is, and a word on it.
    Element { array: String, id: Uuid, about: String },
}

/// Something whose change may touch existing users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Users may complete it.
    Achievement(AchievementId),
    /// Users may get points from it.
    Trigger(TriggerId),
}

impl Place {
    /// The object's name for people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Line { table, key } => format!("{table}.{key}"),
            Self::Table(path) => path.clone(),
            Self::Element { array, about, .. } => format!("{array} ({about})"),
        }
    }

    /// Whether it is the same object, whatever it looks like.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Element { id, .. }, Self::Element { id: other, .. }) => id == other,
            (Self::Line { .. } | Self::Table(_) | Self::Element { .. }, _) => self == other,
        }
    }
}

/// Whether a file can tell of the board: everything it names exists.
pub(super) fn is_describable(catalog: &Catalog, board: &Leaderboard) -> bool {
    let ranks_by_something = match board.rank_by {
        RankBy::Metric(metric) => catalog.find_metric(metric).is_some(),
        RankBy::Points(system) => catalog.find_points_system(system).is_some(),
        RankBy::Streak => true,
    };
    let filtered = board.user_filters.iter().map(|filter| filter.attribute);
    let mut attributes = filtered.chain(board.breakdown.iter().copied());
    ranks_by_something && attributes.all(|id| catalog.find_attribute(id).is_some())
}

/// Everything a file can say of a catalog, in an order in which a file can be read.
pub(super) fn describe(catalog: &Catalog) -> Vec<Object> {
    let describer = Describer { catalog };
    let mut objects = vec![Object {
        place: Place::Table("settings".to_owned()),
        subject: None,
        fields: describer.settings(),
    }];
    for (kind, table) in
        [(AttributeKind::User, "user_attributes"), (AttributeKind::Event, "event_attributes")]
    {
        objects.extend(catalog.live_attributes().filter(|own| own.kind == kind).map(|own| {
            let place = Place::Line { table, key: own.key.to_string() };
            Object { place, subject: None, fields: vec![("name", text(&own.name))] }
        }));
    }
    let metrics = catalog.live_metrics();
    objects.extend(metrics.map(|own| keyed("metrics", own.key.as_str(), metric(own))));
    objects.push(Object {
        place: Place::Table("streaks".to_owned()),
        subject: None,
        fields: describer.streaks(catalog.streaks.current()),
    });
    objects.extend(describer.achievements());
    objects.extend(catalog.live_points_systems().flat_map(|own| describer.points_system(own)));
    let boards = catalog.live_leaderboards().filter(|board| is_describable(catalog, board));
    objects.extend(
        boards.map(|own| keyed("leaderboards", own.key.as_str(), describer.leaderboard(own))),
    );
    let webhooks = catalog.live_webhooks();
    objects.extend(webhooks.map(|own| keyed("webhooks", own.key.as_str(), webhook(own))));
    objects
}

fn keyed(table: &str, key: &str, fields: Fields) -> Object {
    Object { place: Place::Table(format!("{table}.{key}")), subject: None, fields }
}

/// Knows the names of what ids refer to.
struct Describer<'a> {
    catalog: &'a Catalog,
}

impl Describer<'_> {
    fn settings(&self) -> Fields {
        let settings = &self.catalog.settings;
        vec![
            ("default_time_zone", text(settings.default_time_zone.name())),
            (
                "week_start",
                text(match settings.week_start {
                    WeekStart::Sunday => "sunday",
                    WeekStart::Monday => "monday",
                }),
            ),
            (
                "idempotency_retention_days",
                Value::from(settings.idempotency_retention_days.unwrap_or(0)),
            ),
            ("control_ratio", Value::from(u32::from(settings.control_ratio))),
        ]
    }

    fn streaks(&self, settings: &StreakSettings) -> Fields {
        let mut fields = vec![
            ("enabled", Value::Boolean(settings.enabled)),
            (
                "frequency",
                text(match settings.frequency {
                    Frequency::Daily => "daily",
                    Frequency::Weekly => "weekly",
                    Frequency::Monthly => "monthly",
                }),
            ),
            (
                "evaluation_mode",
                text(match settings.evaluation_mode {
                    EvaluationMode::Or => "OR",
                    EvaluationMode::And => "AND",
                }),
            ),
            ("customization_enabled", Value::Boolean(settings.customization_enabled)),
        ];
        if !settings.days_off.is_empty() {
            let days = settings.days_off.iter().map(|day| Value::from(u32::from(*day)));
            fields.push(("days_off", Value::Array(days.collect())));
        }
        if !settings.metrics.is_empty() {
            let conditions = settings.metrics.iter();
            let conditions = conditions
                .map(|own| (self.metric_key(own.metric).to_owned(), number(own.threshold)));
            fields.push(("metrics", Value::Table(conditions.collect())));
        }
        if let Some(freezes) = settings.freezes {
            let mut table = vec![
                ("start_count", Value::from(freezes.start_count)),
                ("max_count", Value::from(freezes.max_count)),
            ];
            table.extend(freezes.auto_earn.map(|own| {
                let earned = [
                    ("amount", Value::from(own.amount)),
                    ("every_days", Value::from(own.interval_days)),
                ];
                ("auto_earn", inline(earned))
            }));
            fields.push(("freezes", inline(table)));
        }
        fields
    }

    /// Prerequisites before what needs them, otherwise in the order of their creation: applied to an
    /// empty catalog they are created in the order in which they stand.
    fn achievements(&self) -> Vec<Object> {
        let mut objects = Vec::new();
        let mut done = Vec::new();
        for achievement in self.catalog.live_achievements() {
            self.achievement_after_its_own(achievement, &mut done, &mut objects);
        }
        objects
    }

    fn achievement_after_its_own(
        &self,
        achievement: &Achievement,
        done: &mut Vec<AchievementId>,
        objects: &mut Vec<Object>,
    ) {
        if done.contains(&achievement.id) {
            return;
        }
        done.push(achievement.id);
        let required = achievement.prerequisites().iter();
        for required in required.filter_map(|id| self.catalog.find_achievement(*id)) {
            self.achievement_after_its_own(required, done, objects);
        }
        let fields = self.achievement(achievement);
        let object = keyed("achievements", achievement.key.as_str(), fields);
        objects.push(Object { subject: Some(Subject::Achievement(achievement.id)), ..object });
    }

    fn achievement(&self, achievement: &Achievement) -> Fields {
        let mut fields = vec![("name", text(&achievement.name))];
        describe_as(&mut fields, achievement.description.as_deref(), &achievement.badge_url);
        match achievement.status() {
            AchievementStatus::Active => {}
            AchievementStatus::Inactive => fields.push(("status", text("inactive"))),
            AchievementStatus::Locked => fields.push(("status", text("locked"))),
        }
        fields.push(match achievement.trigger() {
            AchievementTrigger::Metric { metric, value, event_filters } => {
                ("metric", self.about_metric(*metric, ("value", number(*value)), event_filters))
            }
            AchievementTrigger::Streak { length } => ("streak_length", Value::from(*length)),
            AchievementTrigger::Api { key } if *key == achievement.key => {
                ("api", Value::Boolean(true))
            }
            AchievementTrigger::Api { key } => ("api", text(key.as_str())),
            AchievementTrigger::Composite { achievements } => {
                let keys = achievements.iter().map(|id| text(self.achievement_key(*id)));
                ("all_of", Value::Array(keys.collect()))
            }
            AchievementTrigger::Anniversary { years } => ("anniversary_years", Value::from(*years)),
        });
        self.push_filters(&mut fields, achievement.user_filters());
        fields
    }

    fn points_system(&self, system: &PointsSystem) -> Vec<Object> {
        let mut fields = vec![("name", text(&system.name))];
        describe_as(&mut fields, Some(&system.description), &system.badge_url);
        fields.extend(system.max_points().map(|points| ("max_points", Value::Integer(points))));
        let key = system.key.as_str();
        let mut objects = vec![keyed("points", key, fields)];
        let levels = system.live_levels().into_iter();
        objects.extend(
            levels.map(|own| keyed(&format!("points.{key}.levels"), own.key.as_str(), level(own))),
        );
        objects.extend(system.live_triggers().map(|own| Object {
            place: Place::Element {
                array: format!("points.{key}.triggers"),
                id: own.id.0,
                about: self.fired_by(&own.kind),
            },
            subject: Some(Subject::Trigger(own.id)),
            fields: self.trigger(own),
        }));
        let shared = system.live_boosts().filter(|(boost, _)| boost.user.is_none());
        objects.extend(shared.map(|(boost, terms)| Object {
            place: Place::Element {
                array: format!("points.{key}.boosts"),
                id: boost.id.0,
                about: terms.name.clone(),
            },
            subject: None,
            fields: self.boost(terms),
        }));
        objects
    }

    fn trigger(&self, trigger: &Trigger) -> Fields {
        let mut fields = vec![("points", Value::Integer(trigger.points))];
        if !trigger.active {
            fields.push(("status", text("inactive")));
        }
        fields.push(match &trigger.kind {
            TriggerKind::Metric { metric, threshold, event_filters } => {
                let threshold = i64::try_from(*threshold).unwrap_or(i64::MAX);
                let counted = ("threshold", Value::Integer(threshold));
                ("metric", self.about_metric(*metric, counted, event_filters))
            }
            TriggerKind::Achievement { achievement } => {
                ("achievement", text(self.achievement_key(*achievement)))
            }
            TriggerKind::Streak { length } => ("streak_length", Value::from(*length)),
            TriggerKind::UserCreation => ("user_creation", Value::Boolean(true)),
            TriggerKind::Time { unit: TimeUnit::Hours, interval } => {
                ("every_hours", Value::from(*interval))
            }
            TriggerKind::Time { unit: TimeUnit::Days, interval } => {
                ("every_days", Value::from(*interval))
            }
        });
        if trigger.block_if_out_of_points {
            fields.push(("block_if_out_of_points", Value::Boolean(true)));
        }
        self.push_filters(&mut fields, &trigger.user_filters);
        fields
    }

    fn fired_by(&self, kind: &TriggerKind) -> String {
        match kind {
            TriggerKind::Metric { metric, .. } => format!("metric {}", self.metric_key(*metric)),
            TriggerKind::Achievement { achievement } => {
                format!("achievement {}", self.achievement_key(*achievement))
            }
            TriggerKind::Streak { length } => format!("streak of {length}"),
            TriggerKind::UserCreation => "user creation".to_owned(),
            TriggerKind::Time { unit: TimeUnit::Hours, interval } => {
                format!("every {interval} hours")
            }
            TriggerKind::Time { unit: TimeUnit::Days, interval } => {
                format!("every {interval} days")
            }
        }
    }

    fn boost(&self, terms: &BoostTerms) -> Fields {
        let mut fields =
            vec![("name", text(&terms.name)), ("start", text(&terms.start.to_string()))];
        fields.extend(terms.end.map(|end| ("end", text(&end.to_string()))));
        fields.push(("multiplier", number(terms.multiplier)));
        match terms.rounding {
            Rounding::Down => {}
            Rounding::Up => fields.push(("rounding", text("up"))),
            Rounding::Nearest => fields.push(("rounding", text("nearest"))),
        }
        self.push_filters(&mut fields, &terms.user_filters);
        fields
    }

    fn leaderboard(&self, board: &Leaderboard) -> Fields {
        let mut fields = vec![("name", text(&board.name))];
        describe_as(&mut fields, board.description.as_deref(), &None);
        match board.phase {
            Phase::On | Phase::Finished { .. } => {}
            Phase::Off => fields.push(("status", text("inactive"))),
        }
        fields.push(match board.rank_by {
            RankBy::Metric(metric) => ("metric", text(self.metric_key(metric))),
            RankBy::Points(system) => {
                let system = self.catalog.find_points_system(system);
                ("points", text(system.map_or("", |system| system.key.as_str())))
            }
            RankBy::Streak => ("streak", Value::Boolean(true)),
        });
        fields.extend(board.participants_max.map(|max| ("max_participants", Value::from(max))));
        fields.push(("start", text(&board.runs.start.to_string())));
        fields.extend(board.runs.end.map(|end| ("end", text(&end.to_string()))));
        fields.extend(board.runs.repeat.map(|repeat| {
            let unit = match repeat.unit {
                RunUnit::Day => "days",
                RunUnit::Month => "months",
                RunUnit::Year => "years",
            };
            ("repeat", inline([(unit, Value::from(repeat.interval))]))
        }));
        let (start, end) = (board.window.start, board.window.end);
        fields.extend(start.map(|time| ("start_time", text(&time.to_string()))));
        fields.extend(end.map(|time| ("end_time", text(&time.to_string()))));
        if !board.breakdown.is_empty() {
            let keys = board.breakdown.iter().map(|id| text(self.attribute_key(*id)));
            fields.push(("breakdown_attributes", Value::Array(keys.collect())));
        }
        self.push_filters(&mut fields, &board.user_filters);
        fields
    }

    fn about_metric(
        &self,
        metric: MetricId,
        counted: (&'static str, Value),
        event_filters: &[Filter],
    ) -> Value {
        let mut table = vec![("key", text(self.metric_key(metric))), counted];
        if !event_filters.is_empty() {
            table.push(("event_attributes", self.filters(event_filters)));
        }
        inline(table)
    }

    fn push_filters(&self, fields: &mut Fields, filters: &[Filter]) {
        if !filters.is_empty() {
            fields.push(("user_attributes", self.filters(filters)));
        }
    }

    fn filters(&self, filters: &[Filter]) -> Value {
        let entry = |filter: &Filter| {
            (self.attribute_key(filter.attribute).to_owned(), text(&filter.value))
        };
        Value::Table(filters.iter().map(entry).collect())
    }

    // What is described refers to live objects only: see `is_describable` for the exception.

    fn metric_key(&self, id: MetricId) -> &str {
        self.catalog.find_metric(id).map_or("", |own| own.key.as_str())
    }

    fn achievement_key(&self, id: AchievementId) -> &str {
        self.catalog.find_achievement(id).map_or("", |own| own.key.as_str())
    }

    fn attribute_key(&self, id: AttributeId) -> &str {
        self.catalog.find_attribute(id).map_or("", |own| own.key.as_str())
    }
}

fn metric(metric: &Metric) -> Fields {
    let mut fields = vec![("name", text(&metric.name))];
    match metric.unit_type {
        UnitType::Currency => fields.push(("currency", text(&metric.units))),
        UnitType::Number if metric.units.is_empty() => {}
        UnitType::Number => fields.push(("units", text(&metric.units))),
    }
    fields
}

fn level(level: &Level) -> Fields {
    let mut fields = vec![("name", text(&level.name)), ("points", Value::Integer(level.points))];
    describe_as(&mut fields, Some(&level.description), &level.badge_url);
    fields
}

fn webhook(webhook: &Webhook) -> Fields {
    let mut fields = vec![("name", text(&webhook.name)), ("url", text(&webhook.url))];
    if !webhook.active {
        fields.push(("status", text("inactive")));
    }
    let events = webhook.events.iter().map(|event| text(event.as_str()));
    fields.push(("events", Value::Array(events.collect())));
    fields
}

fn describe_as(fields: &mut Fields, description: Option<&str>, badge_url: &Option<String>) {
    let description = description.filter(|text| !text.is_empty());
    fields.extend(description.map(|own| ("description", text(own))));
    fields.extend(badge_url.as_deref().map(|url| ("badge", text(url))));
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn inline(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let table: Table = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Value::Table(table)
}

/// As a number, or as a text if a float can't keep all its digits.
fn number(amount: Amount) -> Value {
    let digits = amount.to_string();
    if let Ok(whole) = digits.parse() {
        return Value::Integer(whole);
    }
    match digits.parse::<f64>() {
        Ok(float) if float.to_string() == digits => Value::Float(float),
        Ok(_) | Err(_) => Value::String(digits),
    }
}
