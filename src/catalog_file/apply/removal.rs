//! What exists and the file doesn't have, in an order in which nothing is removed that is referred
//! to. Levels, triggers and boosts went with their system's own tables.

use domain::catalog::{AttributeKind, Invalid};

use super::{Changed, Problem};
use crate::catalog_file::describe::is_describable;
use crate::catalog_file::format::Document;
use crate::catalog_file::value::Table;

impl Changed {
    pub(super) fn remove_what_is_left_out(&mut self, document: &Document) -> Result<(), Problem> {
        let now = self.now;
        let all: Vec<_> = self
            .catalog
            .live_leaderboards()
            .filter(|board| is_describable(&self.catalog, board))
            .map(|board| (board.id, board.key.to_string()))
            .collect();
        for (id, key) in left_out(all, &document.leaderboards) {
            self.catalog.delete_leaderboard(id, now).map_err(removing(&key))?;
        }
        let all = self.catalog.live_webhooks().map(|own| (own.id, own.key.to_string())).collect();
        for (id, key) in left_out(all, &document.webhooks) {
            self.catalog.delete_webhook(id, now).map_err(removing(&key))?;
        }
        self.remove_achievements(document)?;
        let all = self.catalog.live_points_systems();
        let all = all.map(|own| (own.id, own.key.to_string())).collect();
        for (id, key) in left_out(all, &document.points) {
            self.catalog.delete_points_system(id, now).map_err(removing(&key))?;
        }
        let all = self.catalog.live_metrics().map(|own| (own.id, own.key.to_string())).collect();
        for (id, key) in left_out(all, &document.metrics) {
            self.catalog.delete_metric(id, now).map_err(removing(&key))?;
        }
        for (kind, table) in [
            (AttributeKind::User, &document.user_attributes),
            (AttributeKind::Event, &document.event_attributes),
        ] {
            let all = self.catalog.live_attributes().filter(|own| own.kind == kind);
            let all = all.map(|own| (own.id, own.key.to_string())).collect();
            for (id, key) in left_out(all, table) {
                self.catalog.delete_attribute(id, now).map_err(removing(&key))?;
            }
        }
        Ok(())
    }

    /// Round by round those that none requires any more: what the file has requires nothing that it
    /// leaves out.
    fn remove_achievements(&mut self, document: &Document) -> Result<(), Problem> {
        loop {
            let all = self.catalog.live_achievements();
            let all = all.map(|own| (own.id, own.key.to_string())).collect();
            let unwanted = left_out(all, &document.achievements);
            let free = unwanted.iter().find(|(id, _)| {
                !self.catalog.live_achievements().any(|own| own.prerequisites().contains(id))
            });
            let Some((id, key)) = free else { return Ok(()) };
            self.catalog.delete_achievement(*id, self.now).map_err(removing(key))?;
        }
    }
}

/// Those whose key has no table.
fn left_out<I, T>(all: Vec<(I, String)>, table: &Table<T>) -> Vec<(I, String)> {
    let is_left_out = |(_, key): &(I, String)| !table.0.iter().any(|(own, _)| own.as_ref() == key);
    all.into_iter().filter(is_left_out).collect()
}

/// What the catalog refused to remove: no line of the file is about it.
fn removing(key: &str) -> impl Fn(Invalid) -> Problem {
    move |invalid| Problem::at(0..0, format!("removing `{key}`: {invalid}"))
}
