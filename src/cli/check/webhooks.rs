//! The laws of webhooks: what is told, on its way and waiting agree with each other.
//!
//! Deliveries of one message lie beside each other, so one pass over them sees each message once and
//! memory holds one delivery at a time.

use std::collections::BTreeSet;

use domain::catalog::Catalog;
use domain::ids::{LeaderboardId, Scope, UserId, WebhookId};
use domain::webhook::{
    ATTEMPTS_MAX, Delivery, DeliveryPlace, DeliveryStatus, Message, RunOccasion, RunTold,
    ToldGroup, ToldRank,
};
use storage::records::{BoostTold, ListenedBoard, Pending, PurgedUpTo, Record};
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
    told: Law,
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
        told: Law::new(
            "what was told of leaderboards is of theirs, and an end only of a final run",
            "rows",
        ),
        users: Law::new("what is told of a user is of one who exists", "deliveries"),
        gone: scope.map(|scope| half_erased(found, scope)).transpose()?.unwrap_or_default(),
    };
    let catalog = match scope {
        Some(scope) => catalog(found, scope)?,
        None => None,
    };
    let webhooks = catalog.iter().flat_map(|catalog| &catalog.webhooks);
    let known: BTreeSet<WebhookId> = webhooks.map(|webhook| webhook.id).collect();
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
        let has_message = laws.check_delivery(found, row.0.scope(), place, &delivery)?;
        laws.attempts.expect(is_consistent(&delivery, has_message), || {
            format!("{} is {:?} after {} attempts", row.0, delivery.status, delivery.attempts.len())
        });
        waiting += u64::from(delivery.due.is_some());
    }
    laws.check_rest(found, scope, (messages, waiting))?;
    if let Some(scope) = scope {
        let boards = catalog.iter().flat_map(|catalog| &catalog.leaderboards);
        laws.check_told(found, scope, &boards.map(|board| board.id).collect())?;
    }
    let Laws { values, messages, attempts, pending, webhooks, told, users, .. } = laws;
    Ok(vec![values, messages, attempts, pending, webhooks, told, users])
}

impl Laws {
    /// What a delivery leads to: whether it has its message, among other things.
    fn check_delivery(
        &mut self,
        found: &Inspection,
        scope: Scope,
        place: DeliveryPlace,
        delivery: &Delivery,
    ) -> Result<bool, Error> {
        let key = Key::message(scope, place.message);
        let message = found.get(&key)?;
        let message = message.and_then(|value| read::<Message>(&mut self.values, &(key, value)));
        for user in message.iter().flat_map(|message| &message.users) {
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
        Ok(same)
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

    /// What rows say was told of leaderboards. Who was never told of stood somewhere when that was
    /// noted, and ends are told of final runs.
    fn check_told(
        &mut self,
        found: &Inspection,
        scope: Scope,
        boards: &BTreeSet<LeaderboardId>,
    ) -> Result<(), Error> {
        for row in found.rows(KeyRange::kind(scope, Kind::ListenedBoard)) {
            let row = row?;
            let listened = read::<ListenedBoard>(&mut self.values, &row).is_some();
            let board = row.0.listened_board_parts().map(|(board, _)| board);
            self.check_one(listened, &row.0, board, boards, true);
        }
        for row in found.rows(KeyRange::kind(scope, Kind::ToldGroup)) {
            let row = row?;
            let told = read::<ToldGroup>(&mut self.values, &row).is_some();
            let board = row.0.told_group_parts().map(|(board, ..)| board);
            self.check_one(told, &row.0, board, boards, true);
        }
        for row in found.rows(KeyRange::kind(scope, Kind::ToldRank)) {
            let row = row?;
            let told = read::<ToldRank>(&mut self.values, &row);
            let stood = told.is_some_and(|told| told.at.is_some() || told.place.is_some());
            let board = row.0.score_parts().map(|(board, ..)| board);
            self.check_one(told.is_some(), &row.0, board, boards, stood);
        }
        for row in found.rows(KeyRange::kind(scope, Kind::RunTold)) {
            let row = row?;
            let told = read::<RunTold>(&mut self.values, &row).is_some();
            let parts = row.0.run_told_parts();
            let is_final = match parts {
                Some((board, run, RunOccasion::Finished)) => {
                    found.get(&Key::settled_run(scope, board, run))?.is_some()
                }
                Some((_, _, RunOccasion::Started)) => true,
                None => false,
            };
            self.check_one(told, &row.0, parts.map(|(board, ..)| board), boards, is_final);
        }
        Ok(())
    }

    /// One row of what was told, unless it can't be read, which is another law's.
    fn check_one(
        &mut self,
        is_read: bool,
        key: &Key,
        board: Option<LeaderboardId>,
        boards: &BTreeSet<LeaderboardId>,
        holds: bool,
    ) {
        if is_read {
            let known = board.is_some_and(|board| boards.contains(&board));
            self.told.expect(known && holds, || key.to_string());
        }
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

/// The configuration; one that can't be read is told among the facts of the instance.
fn catalog(found: &Inspection, scope: Scope) -> Result<Option<Catalog>, Error> {
    let key = Key::catalog(scope);
    let value = found.get(&key)?;
    Ok(value.and_then(|value| storage::records::decode(&key, &value).ok()))
}

/// (C-WH-16, C-WH-17) A delivery without a message is given up.
fn is_consistent(delivery: &Delivery, has_message: bool) -> bool {
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
        DeliveryStatus::Failed => {
            let tried_enough = made == allowed || !has_message;
            last == Some(false) && tried_enough && delivery.due.is_none()
        }
        DeliveryStatus::Cancelled => last != Some(true) && delivery.due.is_none(),
    };
    fits && made <= allowed && !earlier.iter().any(|attempt| attempt.result.is_success())
}
