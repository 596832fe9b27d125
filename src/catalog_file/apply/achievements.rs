//! The achievements of a file: prerequisites before what needs them.

use std::collections::HashSet;

use domain::catalog::{
    AchievementDraft, AchievementPatch, AchievementStatus, AchievementTriggerFields,
    AchievementTriggerKind, AttributeKind, PREREQUISITES_MAX, Patch,
};
use domain::ids::AchievementId;
use toml::Spanned;

use super::references::{event_filters_patch, filters_patch, patch, unknown};
use super::{Changed, Problem, one_of};
use crate::catalog_file::format::{AchievementStatusName, AchievementTable, MetricReached};
use crate::catalog_file::value::{ApiKey, Table};

impl Changed {
    /// Creates or changes the achievement at a place of the table, after those it requires. `above`
    /// are the places that led here, `done` the keys that are behind us.
    pub(super) fn achievement<'a>(
        &mut self,
        table: &'a Table<AchievementTable>,
        place: usize,
        above: &mut Vec<usize>,
        done: &mut HashSet<&'a str>,
    ) -> Result<(), Problem> {
        let (key, achievement) = &table.0[place];
        if done.contains(key.as_ref().as_str()) {
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
            self.achievement(table, place, above, done)?;
        }
        above.pop();
        self.put_achievement(key, achievement)?;
        done.insert(key.as_ref());
        Ok(())
    }

    fn put_achievement(
        &mut self,
        key: &Spanned<String>,
        table: &AchievementTable,
    ) -> Result<(), Problem> {
        let mut draft = self.achievement_draft(key, table)?;
        let Some(stored) = self.catalog.find_achievement_by_key(key.as_ref()) else {
            let created = self.catalog.create_achievement(draft, self.now);
            let id = created.map_err(Problem::of(key))?.id;
            return self.catalog.rekey_achievement(id, key.as_ref()).map_err(Problem::of(key));
        };
        draft.fields.event_attributes =
            event_filters_patch(stored.event_filters(), draft.fields.event_attributes);
        let update = AchievementPatch {
            name: Some(draft.name),
            description: patch(draft.description),
            badge_url: patch(draft.badge_url),
            status: Some(draft.status),
            kind: Some(draft.kind),
            fields: draft.fields,
            user_filters: filters_patch(stored.user_filters(), draft.user_filters),
        };
        let id = stored.id;
        self.catalog.update_achievement(id, update, self.now).map_err(Problem::of(key))?;
        Ok(())
    }

    fn achievement_draft(
        &self,
        key: &Spanned<String>,
        table: &AchievementTable,
    ) -> Result<AchievementDraft, Problem> {
        let (kind, fields) = self.achievement_trigger(key, table)?;
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

    fn achievement_trigger(
        &self,
        key: &Spanned<String>,
        table: &AchievementTable,
    ) -> Result<(AchievementTriggerKind, AchievementTriggerFields), Problem> {
        let none = AchievementTriggerFields::default();
        let (metric, years) = (&table.metric, table.anniversary_years);
        let found = match (metric, table.streak_length, &table.api, &table.all_of, years) {
            (Some(metric), None, None, None, None) => {
                (AchievementTriggerKind::Metric, self.metric_reached(metric)?)
            }
            (None, Some(length), None, None, None) => {
                let streak_length = Some(length.count());
                (AchievementTriggerKind::Streak, AchievementTriggerFields { streak_length, ..none })
            }
            (None, None, Some(api), None, None) => {
                let called = match api {
                    ApiKey::OfTable => key.as_ref().clone(),
                    ApiKey::Own(own) => own.clone(),
                };
                let fields = AchievementTriggerFields { key: Some(called), ..none };
                (AchievementTriggerKind::Api, fields)
            }
            (None, None, None, Some(names), None) => {
                let achievement_ids = Some(self.prerequisites(names)?);
                let fields = AchievementTriggerFields { achievement_ids, ..none };
                (AchievementTriggerKind::Composite, fields)
            }
            (None, None, None, None, Some(years)) => {
                let anniversary_years = Some(years.count());
                let fields = AchievementTriggerFields { anniversary_years, ..none };
                (AchievementTriggerKind::Anniversary, fields)
            }
            _ => {
                let kinds = "`metric`, `streak_length`, `api`, `all_of`, `anniversary_years`";
                return Err(one_of(key.span(), kinds));
            }
        };
        Ok(found)
    }

    fn metric_reached(&self, metric: &MetricReached) -> Result<AchievementTriggerFields, Problem> {
        let event_filters = self.filters(AttributeKind::Event, &metric.event_attributes)?;
        Ok(AchievementTriggerFields {
            metric_id: Some(self.metric_id(&metric.key)?),
            metric_value: Some(metric.value.0),
            event_attributes: Patch::Set(event_filters),
            ..AchievementTriggerFields::default()
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
}
