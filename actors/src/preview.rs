//! What a change of configuration would mean for users who exist, before it is made.
//!
//! One scan of all snapshots, of which few run at a time. Each user is settled in memory by the
//! configuration as it would be, so what is counted is what the rules would do, and whoever would
//! complete something anyway isn't. Nothing is written, and nobody waits: users who commit during
//! the scan are counted as before or as after.

use std::collections::{BTreeMap, HashMap};

use domain::catalog::{Catalog, Trigger};
use domain::ids::{AchievementId, Scope, TriggerId};
use domain::time::Timestamp;
use domain::user::{Command, Input, UserState, apply, may_pay, missing_sums};
use storage::records::decode;
use storage::{Error, KeyRange, Kind, Store};

use crate::rows;
use crate::user_key::UserKey;

/// How many existing users a change would touch. Who isn't listed is nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Users who would complete an achievement at once, silently. (C-ACH-16)
    pub completing: HashMap<AchievementId, u64>,
    /// Users to whom a trigger may pay before or after the change, or from whom it may deduct.
    pub paid: HashMap<TriggerId, u64>,
}

/// A change that is asked about.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) scope: Scope,
    pub(crate) now: Timestamp,
    pub(crate) before: Catalog,
    pub(crate) after: Catalog,
    /// The triggers that are asked about.
    pub(crate) triggers: Vec<TriggerId>,
}

impl Change {
    /// Reads all users. Runs where it may block.
    pub(crate) fn preview(mut self, store: &Store) -> Result<Preview, Error> {
        // Scores decide nothing that is asked, and counting them anew would take a user's history.
        self.before.leaderboards.clear();
        self.after.leaderboards.clear();
        let mut preview = Preview::default();
        for row in store.rows(KeyRange::kind(self.scope, Kind::Snapshot)) {
            let (key, value) = row?;
            let user: UserState = decode(&key, &value)?;
            if self.after.review != self.before.review {
                for achievement in self.newly_completed(store, &user)? {
                    *preview.completing.entry(achievement).or_default() += 1;
                }
            }
            for trigger in &self.triggers {
                let versions = [&self.before, &self.after].map(|own| find_trigger(own, *trigger));
                if versions.into_iter().flatten().any(|version| may_pay(&user, version)) {
                    *preview.paid.entry(*trigger).or_default() += 1;
                }
            }
        }
        Ok(preview)
    }

    /// What the user would complete because of the change.
    fn newly_completed(
        &self,
        store: &Store,
        user: &UserState,
    ) -> Result<Vec<AchievementId>, Error> {
        let mut completed = self.completed(store, user, &self.after)?;
        if !completed.is_empty() {
            let anyway = self.completed(store, user, &self.before)?;
            completed.retain(|achievement| !anyway.contains(achievement));
        }
        Ok(completed)
    }

    /// What the user completes when they are settled by a configuration.
    fn completed(
        &self,
        store: &Store,
        user: &UserState,
        catalog: &Catalog,
    ) -> Result<Vec<AchievementId>, Error> {
        let key = UserKey { scope: self.scope, user: user.id.clone() };
        let missing = missing_sums(user, catalog, &Command::Settle);
        let sums = match missing.is_empty() {
            true => Vec::new(),
            false => rows::read_sums(store, &key, &missing)?,
        };
        let input = Input {
            scope: self.scope,
            user: &user.id,
            catalog,
            now: self.now,
            sums: &sums,
            scores: None,
            order: user.order,
            by_attribute: &BTreeMap::new(),
        };
        let settled = apply(Some(user), input, &Command::Settle);
        let completions = settled.map(|outcome| outcome.state.completions).unwrap_or_default();
        Ok(completions.iter().skip(user.completions.len()).map(|own| own.achievement).collect())
    }
}

fn find_trigger(catalog: &Catalog, id: TriggerId) -> Option<&Trigger> {
    catalog.live_points_systems().find_map(|system| system.find_trigger(id))
}
