//! The laws of webhooks: what is told, on its way and waiting agree with each other.
//!
//! Deliveries of one message lie beside each other, so one pass over them sees each message once and
//! memory holds one delivery at a time.

use std::collections::BTreeSet;

use domain::catalog::Catalog;
use domain::ids::{Scope, UserId, WebhookId};
use domain::webhook::{ATTEMPTS_MAX, Delivery, DeliveryPlace, DeliveryStatus, Message};
use storage::records::{BoostTold, Pending, PurgedUpTo, Record};
use storage::{Error, Inspection, Key, KeyRange, Kind};

use super::law::Law;
use super::{half_erased, read};

/// The laws, in the order of their lines.
struct Laws {
    values: Law,
    messages: Law,
    attempts: Law,
    pending: Law,
    webhooks: Law,
    users: Law,
    /// Who is being erased.
    gone: BTreeSet<UserId>,
}

/// Checks what there is of webhooks in `scope`; without one there must be nothing.
pub(super) fn check(found: &Inspection, scope: Option<Scope>) -> Result<Vec<Law>, Error> {
    let mut laws = Laws {
        values: Law::new("every row about webhooks can be read", "rows"),
        messages: Law::new(
            "every delivery has its message and every message a delivery",
            "deliveries",
        ),
        attempts: Law::new("a delivery stands where its attempts have led it", "deliveries"),
        pending: Law::new(
            "what is not over waits at its due instant, and nothing else waits",
            "deliveries",
        ),
        webhooks: Law::new("a delivery leads to a webhook that was configured", "deliveries"),
        users: Law::new("what is told of a user is of one who exists", "deliveries"),
        gone: scope.map(|scope| half_erased(found, scope)).transpose()?.unwrap_or_default(),
    };
    let known = match scope {
        Some(scope) => webhooks(found, scope)?,
        None => BTreeSet::new(),
    };
    let (mut messages, mut waiting) = (0, 0);
    let mut before = None;
    for row in scope.into_iter().flat_map(|own| found.rows(KeyRange::kind(own, Kind::Delivery))) {
        let row = row?;
        let Some(place) = row.0.delivery_place() else { continue };
        let Some(delivery) = read::<Delivery>(&mut laws.values, &row) else { continue };
        if before != Some(place.message) {
            messages += 1;
            before = Some(place.message);
        }
        laws.webhooks.expect(known.contains(&delivery.webhook), || {
            format!("{} goes to {}", row.0, delivery.webhook)
        });
        laws.attempts.expect(is_consistent(&delivery), || {
            format!("{} is {:?} after {} attempts", row.0, delivery.status, delivery.attempts.len())
        });
        waiting += u64::from(delivery.due.is_some());
        laws.check_delivery(found, row.0.scope(), place, &delivery)?;
    }
    laws.check_rest(found, scope, (messages, waiting))?;
    let Laws { values, messages, attempts, pending, webhooks, users, .. } = laws;
    Ok(vec![values, messages, attempts, pending, webhooks, users])
}

impl Laws {
    /// What a delivery leads to.
    fn check_delivery(
        &mut self,
        found: &Inspection,
        scope: Scope,
        place: DeliveryPlace,
        delivery: &Delivery,
    ) -> Result<(), Error> {
        let key = Key::message(scope, place.message);
        let message = found.get(&key)?;
        let message = message.and_then(|value| read::<Message>(&mut self.values, &(key, value)));
        if let Some(user) = message.as_ref().and_then(|message| message.user.as_ref()) {
            let exists = found.get(&Key::snapshot(scope, user))?.is_some();
            let known = exists || self.gone.contains(user);
            self.users.expect(known, || format!("delivery {} is of {user:?}", place.id()));
        }
        let same = message.is_some_and(|message| {
            message.id == delivery.message
                && message.id == place.message.id(scope.environment)
                && message.event == delivery.event
        });
        self.messages.expect(same, || format!("delivery {} has none of its own", place.id()));
        let waits = match delivery.due {
            Some(due) => found.get(&Key::pending(scope, delivery.webhook, due, place))?.is_some(),
            None => true,
        };
        self.pending.expect(waits, || format!("delivery {} doesn't wait", place.id()));
        Ok(())
    }

    /// Whether there is more than deliveries led to, and whether the rest can be read.
    fn check_rest(
        &mut self,
        found: &Inspection,
        scope: Option<Scope>,
        (messages, waiting): (u64, u64),
    ) -> Result<(), Error> {
        let counts = found.count_rows()?;
        let count = |kind| counts.get(&kind).copied().unwrap_or(0);
        if count(Kind::Message) != messages {
            let stray = count(Kind::Message).abs_diff(messages);
            self.messages.expect(false, || format!("{stray} messages without a delivery"));
        }
        if count(Kind::Pending) != waiting {
            let stray = count(Kind::Pending).abs_diff(waiting);
            self.pending.expect(false, || format!("{stray} rows wait for nothing"));
        }
        if let Some(scope) = scope {
            self.read_all::<Pending>(found, scope, Kind::Pending)?;
            self.read_all::<PurgedUpTo>(found, scope, Kind::PurgedUpTo)?;
            self.read_all::<BoostTold>(found, scope, Kind::BoostTold)?;
        }
        Ok(())
    }

    fn read_all<T: Record>(
        &mut self,
        found: &Inspection,
        scope: Scope,
        kind: Kind,
    ) -> Result<(), Error> {
        for row in found.rows(KeyRange::kind(scope, kind)) {
            read::<T>(&mut self.values, &row?);
        }
        Ok(())
    }
}

/// Every webhook that was ever configured.
fn webhooks(found: &Inspection, scope: Scope) -> Result<BTreeSet<WebhookId>, Error> {
    let key = Key::catalog(scope);
    let Some(value) = found.get(&key)? else { return Ok(BTreeSet::new()) };
    // One that can't be read is told among the facts of the instance.
    let catalog = storage::records::decode::<Catalog>(&key, &value).ok();
    let webhooks = catalog.into_iter().flat_map(|catalog| catalog.webhooks);
    Ok(webhooks.map(|webhook| webhook.id).collect())
}

/// (C-WH-16, C-WH-17)
fn is_consistent(delivery: &Delivery) -> bool {
    let allowed = if delivery.once { 1 } else { ATTEMPTS_MAX };
    let (last, earlier) = match delivery.attempts.split_last() {
        Some((last, earlier)) => (Some(last.result.is_success()), earlier),
        None => (None, [].as_slice()),
    };
    let made = delivery.attempts.len();
    let fits = match delivery.status {
        DeliveryStatus::Pending => last.is_none() && delivery.due.is_some(),
        DeliveryStatus::Retrying => last == Some(false) && made < allowed && delivery.due.is_some(),
        DeliveryStatus::Succeeded => last == Some(true) && delivery.due.is_none(),
        DeliveryStatus::Failed => last == Some(false) && made == allowed && delivery.due.is_none(),
        DeliveryStatus::Cancelled => last != Some(true) && delivery.due.is_none(),
    };
    fits && made <= allowed && !earlier.iter().any(|attempt| attempt.result.is_success())
}
