//! Boosts begin and end by the calendar, and webhooks are told once of each. (C-WH-35, C-WH-36)
//!
//! What was told is a row per boost and occasion, written with the message, or alone when nobody
//! subscribed at that instant: later subscribers get no back events, and a restart tells what fell
//! due in between and nothing twice. Boosts for one user go by that user's midnight, so their zone
//! is read once the day can have begun somewhere.

use std::collections::HashSet;
use std::sync::Arc;

use domain::calendar::Zone;
use domain::catalog::{Boost, BoostTerms, Catalog, PointsSystem};
use domain::ids::BoostId;
use domain::time::Timestamp;
use domain::webhook::WebhookEvent;
use parking_lot::Mutex;
use storage::records::BoostTold;
use storage::{Batch, Key, KeyRange, Kind, ShardId, put};
use tokio::sync::Notify;

use super::Webhooks;
use crate::error::Error;
use crate::ports::{BoostOccasion, Told};
use crate::rows;
use crate::schedule::{Firing, Source};
use crate::user_key::UserKey;

/// The first zone begins a day this long before UTC does, and a bit.
const EARLIEST_ZONE_MS: i64 = 15 * 3_600_000;

/// Tells of boosts.
pub(crate) struct BoostTeller {
    webhooks: Arc<Webhooks>,
    told: Mutex<HashSet<(BoostId, BoostOccasion)>>,
    /// One at a time.
    telling: tokio::sync::Mutex<()>,
    woken: Notify,
}

/// One thing to tell, and when.
#[derive(Clone, Copy)]
struct Upcoming<'a> {
    due: Timestamp,
    occasion: BoostOccasion,
    boost: &'a Boost,
    terms: &'a BoostTerms,
    system: &'a PointsSystem,
}

impl BoostTeller {
    /// Reads what was told.
    ///
    /// # Errors
    /// If storage can't be read.
    pub(crate) async fn new(webhooks: Arc<Webhooks>) -> Result<Self, Error> {
        let scope = webhooks.tools.scope;
        let told = rows::blocking(&webhooks.tools.store, move |store| {
            let mut told = HashSet::new();
            for row in store.rows(KeyRange::kind(scope, Kind::BoostTold)) {
                let (key, _) = row?;
                let Some((boost, occasion)) = key.boost_told_parts() else { continue };
                let occasions = [BoostOccasion::Started, BoostOccasion::Finished];
                told.extend(
                    occasions
                        .into_iter()
                        .filter(|own| *own as u8 == occasion)
                        .map(|own| (boost, own)),
                );
            }
            Ok(told)
        });
        let told = Mutex::new(told.await?);
        Ok(Self { webhooks, told, telling: tokio::sync::Mutex::default(), woken: Notify::new() })
    }

    /// Has it look at the catalog again.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Tells what falls due, for as long as the engine runs.
    pub(crate) async fn work(self: Arc<Self>) {
        let problem = "boosts that begin or end can't be told of";
        super::work(self.as_ref(), &self.webhooks.tools.clock, &self.woken, problem).await;
    }

    /// Ends when nothing is being told any more that an earlier configuration knew.
    pub(crate) async fn caught_up(&self) {
        drop(self.telling.lock().await);
    }

    async fn tell_due(&self) -> Result<(), Error> {
        let _one_at_a_time = self.telling.lock().await;
        let tools = &self.webhooks.tools;
        let now = tools.clock.now();
        let catalog = tools.catalogs.current(tools.scope);
        let mut due = self.upcoming(&catalog, now)?;
        due.retain(|upcoming| upcoming.due <= now);
        due.sort_by_key(|upcoming| (upcoming.due, upcoming.boost.id, upcoming.occasion));
        for upcoming in due {
            self.tell(&catalog, upcoming, now).await?;
        }
        Ok(())
    }

    async fn tell(
        &self,
        catalog: &Catalog,
        Upcoming { occasion, boost, terms, system, .. }: Upcoming<'_>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let event = match occasion {
            BoostOccasion::Started => WebhookEvent::PointsBoostStarted,
            BoostOccasion::Finished => WebhookEvent::PointsBoostFinished,
        };
        let told = Told::OfBoost { occasion, boost, terms, system, at: now };
        let entry = self.webhooks.entry(ShardId::META, event, told, catalog, now);
        let key = Key::boost_told(self.webhooks.tools.scope, boost.id, occasion as u8);
        let batch = Batch { shard: ShardId::META, ops: vec![put(key, &BoostTold)] };
        self.webhooks.commit(batch, entry.as_slice()).await?;
        self.told.lock().insert((boost.id, occasion));
        Ok(())
    }

    /// What was not told yet. Dues of boosts for one user may be early while their day can't have
    /// begun anywhere.
    fn upcoming<'a>(
        &self,
        catalog: &'a Catalog,
        now: Timestamp,
    ) -> Result<Vec<Upcoming<'a>>, Error> {
        let mut upcoming = Vec::new();
        for system in catalog.live_points_systems() {
            for (boost, terms) in system.live_boosts() {
                let ends = self.instant(boost, terms, BoostOccasion::Finished, catalog, now)?;
                // One that was over before it was created never begins or ends.
                if ends.is_some_and(|ends| ends <= boost.created_at) {
                    continue;
                }
                let begins = self.instant(boost, terms, BoostOccasion::Started, catalog, now)?;
                for (occasion, due) in
                    [(BoostOccasion::Started, begins), (BoostOccasion::Finished, ends)]
                {
                    if let Some(due) = due.filter(|_| !self.was_told(boost.id, occasion)) {
                        upcoming.push(Upcoming { due, occasion, boost, terms, system });
                    }
                }
            }
        }
        Ok(upcoming)
    }

    fn was_told(&self, boost: BoostId, occasion: BoostOccasion) -> bool {
        self.told.lock().contains(&(boost, occasion))
    }

    fn instant(
        &self,
        boost: &Boost,
        terms: &BoostTerms,
        occasion: BoostOccasion,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let at = |zone| match occasion {
            BoostOccasion::Started => Some(terms.begins_at(zone)),
            BoostOccasion::Finished => terms.ends_at(zone),
        };
        let Some(user) = &boost.user else { return Ok(at(None)) };
        let earliest = at(Some(Zone::UTC)).map(|at| at.plus_millis(-EARLIEST_ZONE_MS));
        if self.was_told(boost.id, occasion) || earliest.is_none_or(|earliest| earliest > now) {
            return Ok(earliest);
        }
        let tools = &self.webhooks.tools;
        let key = UserKey { scope: tools.scope, user: user.clone() };
        let state = rows::load_user(&tools.store, &key)?;
        let default = catalog.settings.default_time_zone;
        Ok(at(Some(state.map_or(default, |state| state.zone(&catalog.settings)))))
    }
}

/// What falls due is the next beginning or end that was not told.
impl Source for BoostTeller {
    fn next_due(&self) -> Option<Timestamp> {
        let tools = &self.webhooks.tools;
        let catalog = tools.catalogs.current(tools.scope);
        // Unreadable storage is told by whoever fires what is due.
        let upcoming = self.upcoming(&catalog, tools.clock.now()).ok()?;
        upcoming.iter().map(|upcoming| upcoming.due).min()
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(self.tell_due())
    }
}
