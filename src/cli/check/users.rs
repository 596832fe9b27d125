//! The laws of users: every snapshot says what its rows of history say.
//!
//! Users are read one after the other, so memory holds one user's history at a time, and besides it
//! only what is counted over all of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::amount::Amount;
use domain::ids::{EventId, MetricId, PointsSystemId, Scope, UserId};
use domain::time::Timestamp;
use domain::user::{
    AwardRecord, EventRecord, IdempotencyRecord, MetricDay, MetricProgress, PointsDay, UserState,
};
use storage::records::{Record, Timer, decode};
use storage::{Error, Inspection, Key, KeyRange, Kind, ShardId};

use super::counts::Recount;
use super::law::Law;
use super::{attributes, half_erased, history, read};

/// The laws, in the order of their lines.
struct Laws {
    values: Law,
    identity: Law,
    completions: Law,
    event_numbers: Law,
    totals: Law,
    metric_days: Law,
    attribute_days: Law,
    award_numbers: Law,
    balances: Law,
    points_days: Law,
    strays: Law,
    keys: Law,
    pauses: Law,
    timers: Law,
    orphans: Law,
}

/// One user's snapshot and where it is.
struct User<'a> {
    found: &'a Inspection,
    scope: Scope,
    state: &'a UserState,
}

/// Rows about attribute values that were looked at.
#[derive(Default)]
struct Found {
    days: usize,
    progress: usize,
}

/// Rows by kind.
type Counts = BTreeMap<Kind, u64>;

/// Checks every user of `scope`; without one there must be no user's row at all.
pub(super) fn check(found: &Inspection, scope: Option<Scope>) -> Result<Vec<Law>, Error> {
    let mut laws = Laws::new();
    let mut recount = Recount::new();
    let mut owned = Counts::new();
    for row in scope.into_iter().flat_map(|scope| found.rows(KeyRange::kind(scope, Kind::Snapshot)))
    {
        let row = row?;
        let Some(id) = row.0.text().and_then(UserId::new) else { continue };
        let rows = count_rows(found, row.0.scope(), &id)?;
        rows.iter().for_each(|(kind, count)| *owned.entry(*kind).or_default() += count);
        let Some(state) = read::<UserState>(&mut laws.values, &row) else { continue };
        laws.identity.expect(state.id == id, || format!("{} holds {:?}", row.0, state.id.as_str()));
        if state.id == id {
            let user = User { found, scope: row.0.scope(), state: &state };
            recount.add(&state, &user.check(&mut laws, &rows)?);
        }
    }
    if let Some(scope) = scope {
        stray_timers(found, scope, &mut laws)?;
        for user in half_erased(found, scope)? {
            let rows = count_rows(found, scope, &user)?;
            if rows[&Kind::Snapshot] == 0 {
                rows.iter().for_each(|(kind, count)| *owned.entry(*kind).or_default() += count);
            } else {
                let case = || format!("user {:?} is known and being erased", user.as_str());
                laws.orphans.expect(false, case);
            }
        }
    }
    let all = found.count_rows()?;
    for kind in history().chain([Kind::Snapshot]) {
        let [all, owned] = [&all, &owned].map(|counts| counts.get(&kind).copied().unwrap_or(0));
        laws.orphans.hold_many(owned);
        if all != owned {
            laws.orphans.expect(false, || format!("{} rows of kind {kind:?}", all.abs_diff(owned)));
        }
    }
    let mut lines = laws.into_lines();
    lines.push(recount.into_law());
    Ok(lines)
}

/// That every timer is one that its user's snapshot plans.
fn stray_timers(found: &Inspection, scope: Scope, laws: &mut Laws) -> Result<(), Error> {
    for row in found.rows(KeyRange::kind(scope, Kind::Timer)) {
        let (key, _) = row?;
        let planned = match key.timer_parts() {
            Some((shard, due, user)) => {
                shard == ShardId::of_user(scope, &user, found.shards())
                    && is_planned(found, &Key::snapshot(scope, &user), due)?
            }
            None => false,
        };
        laws.timers.expect(planned, || format!("{key} belongs to no user who is due then"));
    }
    Ok(())
}

/// Whether there is a snapshot that is due then; one that can't be read breaks its own law.
fn is_planned(found: &Inspection, snapshot: &Key, due: Timestamp) -> Result<bool, Error> {
    let Some(value) = found.get(snapshot)? else { return Ok(false) };
    let state = decode::<UserState>(snapshot, &value);
    Ok(state.map_or(true, |state| state.next_due == Some(due)))
}

/// What there is of a user, the snapshot included.
fn count_rows(found: &Inspection, scope: Scope, user: &UserId) -> Result<Counts, Error> {
    let mut counts = Counts::new();
    for kind in history().chain([Kind::Snapshot]) {
        let count = found
            .rows(KeyRange::user(scope, kind, user))
            .try_fold(0, |n, row| row.map(|_| n + 1))?;
        counts.insert(kind, count);
    }
    Ok(counts)
}

impl User<'_> {
    /// `rows` is how many there are; each must have been looked at in the end. Returns the sums of
    /// awards.
    fn check(
        &self,
        laws: &mut Laws,
        rows: &Counts,
    ) -> Result<BTreeMap<PointsSystemId, i64>, Error> {
        let completed: BTreeSet<_> = self.state.completions.iter().map(|c| c.achievement).collect();
        let once = completed.len() == self.state.completions.len();
        laws.completions.expect(once, || self.says("an achievement twice"));
        let events = self.events(laws)?;
        let metric_days = self.totals(laws, &events)?;
        let (mut awards, mut points_days) = (0, 0);
        let mut awarded = BTreeMap::new();
        for (system, balance) in &self.state.points {
            let own = self.awards(laws, *system, balance.total, balance.awards)?;
            awards += own.len();
            if !own.is_empty() {
                awarded.insert(*system, own.iter().sum());
            }
            points_days += self.points_days(laws, *system, balance.total)?;
        }
        let attributes = self.attributes(laws, &events)?;
        for (kind, seen) in [
            (Kind::Award, awards),
            (Kind::MetricDay, metric_days),
            (Kind::PointsDay, points_days),
            (Kind::AttributeDay, attributes.days),
            (Kind::AttributeProgress, attributes.progress),
        ] {
            let strays = rows[&kind].abs_diff(seen as u64);
            laws.strays
                .expect(strays == 0, || self.says(&format!("{strays} rows of kind {kind:?}")));
        }
        let ids: BTreeSet<EventId> = events.iter().map(|event| event.id).collect();
        for (_, key) in self.rows::<IdempotencyRecord>(laws, Kind::Idempotency)? {
            laws.keys.expect(ids.contains(&key.event), || {
                self.says(&format!("a key of event {}, which is not there", key.event))
            });
        }
        self.pauses(laws)?;
        self.timer(laws)?;
        Ok(awarded)
    }

    /// That the planned timer is there; that there is no other is found by [`stray_timers`].
    fn timer(&self, laws: &mut Laws) -> Result<(), Error> {
        let Some(due) = self.state.next_due else { return Ok(()) };
        let shard = ShardId::of_user(self.scope, &self.state.id, self.found.shards());
        let key = Key::timer(self.scope, shard, due, &self.state.id);
        let there = match self.found.get(&key)? {
            Some(value) => read::<Timer>(&mut laws.values, &(key, value)).is_some(),
            None => false,
        };
        laws.timers.expect(there, || self.says(&format!("no timer at {due}")));
        Ok(())
    }

    fn pauses(&self, laws: &mut Laws) -> Result<(), Error> {
        for pause in &self.state.streak.pauses {
            let key = Key::pause_owner(self.scope, pause.id);
            let owner = self.read_one::<UserId>(laws, key)?;
            laws.pauses.expect(owner.as_ref() == Some(&self.state.id), || {
                self.says(&format!("pause {}, which doesn't lead back", pause.id))
            });
        }
        Ok(())
    }

    fn events(&self, laws: &mut Laws) -> Result<Vec<EventRecord>, Error> {
        let rows = self.rows::<EventRecord>(laws, Kind::Event)?;
        let numbers: Vec<u64> = rows.iter().filter_map(|(key, _)| key.sequence()).collect();
        let expected = self.state.events;
        laws.event_numbers.expect(numbers.iter().copied().eq(0..expected), || {
            self.says(&format!("{expected} events, there are {}", numbers.len()))
        });
        Ok(rows.into_iter().map(|(_, event)| event).collect())
    }

    /// Returns how many days there are.
    fn totals(&self, laws: &mut Laws, events: &[EventRecord]) -> Result<usize, Error> {
        let mut days = 0;
        let mut sums: BTreeMap<MetricId, (Amount, u64)> = BTreeMap::new();
        for event in events {
            let (sum, count) = sums.entry(event.metric).or_default();
            *sum += event.value;
            *count += 1;
        }
        let metrics: BTreeSet<_> = sums.keys().chain(self.state.metrics.keys()).copied().collect();
        for metric in metrics {
            let progress = self.state.metrics.get(&metric);
            let said =
                progress.map_or((Amount::ZERO, 0), |progress| (progress.total, progress.events));
            let summed = sums.get(&metric).copied().unwrap_or_default();
            laws.totals.expect(said == summed, || {
                self.says(&format!("{} of metric {metric}, its events sum to {}", said.0, summed.0))
            });
            days += self.metric_days(laws, metric, said)?;
        }
        Ok(days)
    }

    fn metric_days(
        &self,
        laws: &mut Laws,
        metric: MetricId,
        said: (Amount, u64),
    ) -> Result<usize, Error> {
        let range = KeyRange::metric_days(self.scope, &self.state.id, metric);
        let days = self.read_range::<MetricDay>(laws, range)?;
        let mut total = Amount::ZERO;
        let mut events = 0;
        let mut running = true;
        for (_, day) in &days {
            total += day.change;
            events += u64::from(day.events);
            running &= total == day.total;
        }
        laws.metric_days.expect(running && (total, events) == said, || {
            self.says(&format!("{} of metric {metric}, its days sum to {total}", said.0))
        });
        Ok(days.len())
    }

    /// Every row that the events ask for, held against what is there.
    fn attributes(&self, laws: &mut Laws, events: &[EventRecord]) -> Result<Found, Error> {
        let mut found = Found::default();
        for (owner, days) in attributes::days_of(events) {
            for (day, expected) in attributes::running(&days) {
                let key = owner.day_key(self.scope, &self.state.id, day);
                let row = self.read_one::<MetricDay>(laws, key)?;
                found.days += usize::from(row.is_some());
                laws.attribute_days.expect(row == Some(expected), || {
                    self.says(&format!("another {day} of {owner} than its events say"))
                });
            }
            let key = owner.progress_key(self.scope, &self.state.id);
            let row = self.read_one::<MetricProgress>(laws, key)?;
            found.progress += usize::from(row.is_some());
            laws.attribute_days.expect(row == attributes::progress(&days), || {
                self.says(&format!("another progress of {owner} than its events say"))
            });
        }
        Ok(found)
    }

    /// Returns what each award gave.
    fn awards(
        &self,
        laws: &mut Laws,
        system: PointsSystemId,
        balance: i64,
        recorded: u64,
    ) -> Result<Vec<i64>, Error> {
        let awards = self.read_range::<AwardRecord>(
            laws,
            KeyRange::awards(self.scope, &self.state.id, system),
        )?;
        let numbers: Vec<u64> = awards.iter().filter_map(|(key, _)| key.sequence()).collect();
        laws.award_numbers.expect(numbers.iter().copied().eq(0..recorded), || {
            self.says(&format!("{recorded} awards in {system}, there are {}", numbers.len()))
        });
        let mut total = 0;
        let mut running = true;
        for (_, award) in &awards {
            total += award.awarded;
            running &= total == award.total;
        }
        laws.balances.expect(running && total == balance, || {
            self.says(&format!("{balance} points in {system}, its awards sum to {total}"))
        });
        Ok(awards.into_iter().map(|(_, award)| award.awarded).collect())
    }

    fn points_days(
        &self,
        laws: &mut Laws,
        system: PointsSystemId,
        balance: i64,
    ) -> Result<usize, Error> {
        let range = KeyRange::points_days(self.scope, &self.state.id, system);
        let days = self.read_range::<PointsDay>(laws, range)?;
        let mut total = 0;
        let mut running = true;
        for (_, day) in &days {
            total += day.change;
            running &= total == day.total;
        }
        laws.points_days.expect(running && total == balance, || {
            self.says(&format!("{balance} points in {system}, its days sum to {total}"))
        });
        Ok(days.len())
    }

    fn rows<T: Record>(&self, laws: &mut Laws, kind: Kind) -> Result<Vec<(Key, T)>, Error> {
        self.read_range(laws, KeyRange::user(self.scope, kind, &self.state.id))
    }

    /// The row of a key; one that doesn't decode breaks its own law and counts as missing.
    fn read_one<T: Record>(&self, laws: &mut Laws, key: Key) -> Result<Option<T>, Error> {
        let value = self.found.get(&key)?;
        Ok(value.and_then(|value| read(&mut laws.values, &(key, value))))
    }

    /// The rows of a range; those that don't decode break their own law and are left out.
    fn read_range<T: Record>(
        &self,
        laws: &mut Laws,
        range: KeyRange,
    ) -> Result<Vec<(Key, T)>, Error> {
        let mut records = Vec::new();
        for row in self.found.rows(range) {
            let row = row?;
            if let Some(record) = read(&mut laws.values, &row) {
                records.push((row.0, record));
            }
        }
        Ok(records)
    }

    fn says(&self, what: &str) -> String {
        format!("user {:?} has {what}", self.state.id.as_str())
    }
}

impl Laws {
    fn new() -> Self {
        Self {
            values: Law::new("every row of a user can be read", "rows"),
            identity: Law::new("a snapshot is filed under its own user", "users"),
            completions: Law::new("an achievement is completed at most once", "users"),
            event_numbers: Law::new(
                "events are numbered without a gap up to the user's count",
                "users",
            ),
            totals: Law::new("a metric's total is the sum of its events", "totals"),
            metric_days: Law::new("a metric's days sum to its total", "totals"),
            attribute_days: Law::new(
                "the days and the progress of an attribute value are those of its events",
                "rows",
            ),
            award_numbers: Law::new(
                "awards are numbered without a gap up to the balance's count",
                "balances",
            ),
            balances: Law::new(
                "a balance is the sum of its awards, as each award says",
                "balances",
            ),
            points_days: Law::new("a balance is the sum of its days, as each day says", "balances"),
            strays: Law::new("the snapshot knows of every award and day", "counts"),
            keys: Law::new("an idempotency key leads to an event that exists", "keys"),
            pauses: Law::new("a pause leads to its user", "pauses"),
            timers: Law::new("a user has a timer where the snapshot says, and no other", "timers"),
            orphans: Law::new(
                "every row of history belongs to a user, or to one who is being erased",
                "rows",
            ),
        }
    }

    fn into_lines(self) -> Vec<Law> {
        let Self {
            values,
            identity,
            completions,
            event_numbers,
            totals,
            metric_days,
            attribute_days,
            award_numbers,
            balances,
            points_days,
            strays,
            keys,
            pauses,
            timers,
            orphans,
        } = self;
        vec![
            values,
            identity,
            completions,
            event_numbers,
            totals,
            metric_days,
            attribute_days,
            award_numbers,
            balances,
            points_days,
            strays,
            keys,
            pauses,
            timers,
            orphans,
        ]
    }
}
