//! A catalog file's objects into a catalog, in an order in which every reference exists.
//!
//! What exists by its key is changed to what the file says, what doesn't is created. Attributes and
//! metrics come first, then streaks, achievements (prerequisites before what needs them), points
//! systems, leaderboards and webhooks; what the file doesn't have goes last, when nothing refers to
//! it any more. The catalog passed in is a copy: a problem leaves nothing half done.

mod achievements;
mod leaderboards;
mod points;
mod references;
mod removal;
mod triggers;

use std::collections::HashSet;
use std::ops::Range;

use domain::calendar::{Frequency, WeekStart};
use domain::catalog::{
    AttributeDraft, AttributeKind, AttributePatch, Catalog, EvaluationMode, FreezesPatch, Invalid,
    MetricDraft, MetricPatch, Patch, SealedSecret, StreakSettingsPatch, UnitType, WebhookDraft,
    WebhookPatch,
};
use domain::ids::Key;
use domain::time::Timestamp;
use toml::Spanned;

use super::format::{
    Document, EvaluationModeName, FreezesTable, FrequencyName, MetricTable, SettingsTable,
    StreaksTable, SwitchName, WebhookTable, WeekStartName,
};
use super::value::{Name, Table};

/// Something wrong at a place of the text.
pub(super) struct Problem {
    pub(super) span: Range<usize>,
    /// The API's name of the field that is to blame, if the span is that of its object.
    pub(super) field: Option<&'static str>,
    pub(super) message: String,
}

impl Problem {
    fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, field: None, message: message.into() }
    }

    /// What the catalog refused of an object.
    fn inside(span: Range<usize>) -> impl Fn(Invalid) -> Self {
        move |Invalid { message, field }| Self { span: span.clone(), field, message }
    }

    /// What the catalog refused of an object, told at its key.
    fn of(key: &Spanned<String>) -> impl Fn(Invalid) -> Self {
        |invalid| match Key::new(key.as_ref().as_str()) {
            Some(_) => Self::inside(key.span())(invalid),
            None => Self::at(key.span(), "expected a key of letters, digits, `-` and `_`"),
        }
    }
}

/// The catalog brought to what the document says.
pub(super) fn apply(
    document: &Document,
    catalog: Catalog,
    now: Timestamp,
    new_secret: &dyn Fn() -> SealedSecret,
) -> Result<Catalog, Problem> {
    let mut changed = Changed { catalog, now };
    changed.settings(&document.settings);
    changed.attributes(AttributeKind::User, &document.user_attributes)?;
    changed.attributes(AttributeKind::Event, &document.event_attributes)?;
    for (key, metric) in &document.metrics.0 {
        changed.metric(key, metric)?;
    }
    changed.streaks(&document.streaks)?;
    let mut done = HashSet::new();
    for place in 0..document.achievements.0.len() {
        changed.achievement(&document.achievements, place, &mut Vec::new(), &mut done)?;
    }
    for (key, system) in &document.points.0 {
        changed.points_system(key, system)?;
    }
    for (key, board) in &document.leaderboards.0 {
        changed.leaderboard(key, board)?;
    }
    for (key, webhook) in &document.webhooks.0 {
        changed.webhook(key, webhook, new_secret)?;
    }
    changed.remove_what_is_left_out(document)?;
    Ok(changed.catalog)
}

struct Changed {
    catalog: Catalog,
    now: Timestamp,
}

impl Changed {
    /// A setting that isn't named keeps its value: what a new environment starts with is the
    /// server's to say.
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
            settings.idempotency_retention_days = Some(days.count()).filter(|days| *days > 0);
        }
        if let Some(ratio) = table.control_ratio {
            settings.control_ratio = u8::try_from(ratio.0).expect("read inside 0 to 100");
        }
    }

    fn attributes(&mut self, kind: AttributeKind, table: &Table<Name>) -> Result<(), Problem> {
        for (key, name) in &table.0 {
            let changed = match self.catalog.find_attribute_by_key(kind, key.as_ref()) {
                Some(stored) => {
                    let (id, patch) = (stored.id, AttributePatch { name: Some(name.0.clone()) });
                    self.catalog.update_attribute(id, patch)
                }
                None => {
                    let (name, key) = (name.0.clone(), key.as_ref().clone());
                    self.catalog.create_attribute(AttributeDraft { name, key, kind }, self.now)
                }
            };
            changed.map_err(Problem::of(key))?;
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
        let name = table.name.0.clone();
        let changed = match self.catalog.find_metric_by_key(key.as_ref()) {
            Some(stored) => {
                let id = stored.id;
                let patch = MetricPatch {
                    name: Some(name),
                    unit_type: Some(unit_type),
                    units: Some(units),
                };
                self.catalog.update_metric(id, patch)
            }
            None => {
                let draft = MetricDraft { name, key: key.as_ref().clone(), unit_type, units };
                self.catalog.create_metric(draft, self.now)
            }
        };
        match changed {
            Ok(_) => Ok(()),
            Err(Invalid { field: Some("units"), .. }) => {
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
        let frequency = table.frequency.map_or(Frequency::Daily, frequency);
        let patch = StreakSettingsPatch {
            enabled: Some(table.enabled.unwrap_or(true)),
            frequency: Some(frequency),
            evaluation_mode: Some(match table.evaluation_mode {
                Some(EvaluationModeName::And) => EvaluationMode::And,
                Some(EvaluationModeName::Or) | None => EvaluationMode::Or,
            }),
            customization_enabled: Some(table.customization_enabled.unwrap_or(false)),
            days_off: Some(days_off(table, frequency)?),
            metrics: self.streak_metrics(table)?,
            freezes: match &table.freezes {
                Some(freezes) => Patch::Set(freezes_patch(freezes)?),
                None => Patch::Clear,
            },
        };
        match self.catalog.update_streak_settings(patch, self.now) {
            Ok(_) => Ok(()),
            Err(invalid) => unreachable!("every rule was checked where it is written: {invalid}"),
        }
    }

    /// The conditions, unless they are what they were in another order.
    fn streak_metrics(&self, table: &StreaksTable) -> Result<Option<Vec<(String, i64)>>, Problem> {
        let mut wanted = Vec::new();
        for (key, threshold) in &table.metrics.0 {
            self.metric_id(key)?;
            wanted.push((key.as_ref().clone(), threshold.0));
        }
        let stored = &self.catalog.streaks.current().metrics;
        let is_stored = |(key, threshold): &(String, i64)| {
            stored.iter().any(|own| {
                self.metric_key(own.metric) == *key && own.threshold.floor() == *threshold
            })
        };
        let is_same = stored.len() == wanted.len() && wanted.iter().all(is_stored);
        Ok((!is_same).then_some(wanted))
    }

    fn webhook(
        &mut self,
        key: &Spanned<String>,
        table: &WebhookTable,
        new_secret: &dyn Fn() -> SealedSecret,
    ) -> Result<(), Problem> {
        let (name, url) = (table.name.0.clone(), table.url.0.clone());
        let events: Vec<_> = table.events.as_ref().iter().map(|event| event.0).collect();
        let at_events = |invalid: Invalid| Problem::at(table.events.span(), invalid.message);
        let id = match self.catalog.find_webhook_by_key(key.as_ref()) {
            Some(stored) => stored.id,
            None => {
                let draft =
                    WebhookDraft { name: name.clone(), url: url.clone(), events: events.clone() };
                let created = self.catalog.create_webhook(draft, new_secret(), self.now);
                let id = created.map_err(at_events)?.id;
                self.catalog.rekey_webhook(id, key.as_ref()).map_err(Problem::of(key))?;
                id
            }
        };
        let patch = WebhookPatch {
            name: Some(name),
            url: Some(url),
            events: Some(events),
            active: Some(is_on(table.status)),
        };
        self.catalog.update_webhook(id, patch, self.now).map(|_| ()).map_err(at_events)
    }
}

/// The days off, each once and only for daily streaks. (C-STREAK-52, C-STREAK-53)
fn days_off(table: &StreaksTable, frequency: Frequency) -> Result<Vec<i64>, Problem> {
    let Some(days) = &table.days_off else { return Ok(Vec::new()) };
    let numbers: Vec<_> = days.as_ref().iter().map(|day| day.0).collect();
    if !numbers.is_empty() && frequency != Frequency::Daily {
        return Err(Problem::at(days.span(), "days off are only possible for daily streaks"));
    }
    if (1..numbers.len()).any(|i| numbers[..i].contains(&numbers[i])) {
        return Err(Problem::at(days.span(), "expected each day once"));
    }
    Ok(numbers)
}

const fn frequency(name: FrequencyName) -> Frequency {
    match name {
        FrequencyName::Daily => Frequency::Daily,
        FrequencyName::Weekly => Frequency::Weekly,
        FrequencyName::Monthly => Frequency::Monthly,
    }
}

const fn is_on(name: SwitchName) -> bool {
    match name {
        SwitchName::Active => true,
        SwitchName::Inactive => false,
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
