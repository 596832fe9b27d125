//! One attempt: read what is to be sent, send it, record how it ended. (C-WH-14 to 18)
//!
//! Whether the webhook still gets it, where it listens and what it signs with are read when the
//! attempt starts, so a change of the webhook holds from the next attempt on. (C-WH-05, C-WH-07)
//! What can't be read won't be readable later: it ends here, in the log, and holds nothing up. What
//! waits no more was erased, and leaves nothing behind. (C-USER-32)

use std::sync::Arc;

use domain::catalog::Webhook;
use domain::ids::WebhookId;
use domain::time::Timestamp;
use domain::webhook::{Attempt, AttemptResult, Delivery, DeliveryPlace, Message};
use storage::records::Record;
use storage::{Batch, DeliveryCommit, Key, Op, ShardId};

use super::Tools;
use crate::error::Error;
use crate::ports::{Post, Posted};

/// Makes the attempt that is due for a delivery, or cancels the delivery.
///
/// # Errors
/// If storage can't be read, or the end could not be made durable: then it is as if nothing was
/// tried.
pub(super) async fn attempt(
    tools: Arc<Tools>,
    webhook: WebhookId,
    due: Timestamp,
    place: DeliveryPlace,
) -> Result<(), Error> {
    let pending = Key::pending(tools.scope, webhook, due, place);
    let found = find::<Delivery>(&tools, &Key::delivery(tools.scope, place), &pending)?;
    let Some(mut delivery) = found else {
        let ops = vec![Op::Delete { key: pending }];
        return Ok(tools.store.commit(Batch { shard: ShardId(place.message.shard), ops }).await?);
    };
    let catalog = tools.catalogs.current(tools.scope);
    let webhook = catalog.webhooks.iter().find(|own| own.id == webhook);
    match webhook.filter(|webhook| webhook.still_gets(delivery.generation)) {
        None => delivery.cancel(),
        Some(webhook) => try_once(&tools, webhook, (place, &pending), &mut delivery).await?,
    }
    let _unerased = tools.recording.read().await;
    if tools.store.get(&pending)?.is_none() {
        return Ok(());
    }
    let commit =
        DeliveryCommit { scope: tools.scope, place, planned: Some(due), delivery: &delivery };
    Ok(tools.store.commit(commit.batch()).await?)
}

async fn try_once(
    tools: &Tools,
    webhook: &Webhook,
    (place, pending): (DeliveryPlace, &Key),
    delivery: &mut Delivery,
) -> Result<(), Error> {
    let started_at = tools.clock.now();
    let message = find::<Message>(tools, &Key::message(tools.scope, place.message), pending)?;
    let Some(message) = message else {
        let result = AttemptResult::Error("the stored event can't be read".to_owned());
        let response = String::new();
        delivery.give_up(Attempt { started_at, duration_ms: 0, result, response });
        return Ok(());
    };
    let stopwatch = tools.clock.stopwatch();
    let post = Post {
        url: webhook.url.clone(),
        secret: webhook.secret.clone(),
        payload: message.payload,
        message: message.id,
        webhook: webhook.id,
        number: delivery.next_number(),
        at: started_at,
    };
    let Posted { result, response } = tools.ports.transport.post(post).await;
    let attempt = Attempt { started_at, duration_ms: stopwatch.elapsed_ms(), result, response };
    delivery.record(attempt, tools.clock.now());
    Ok(())
}

/// A row that should be there; none, and a word to the operator if something waits for it, if it
/// isn't or is damaged.
fn find<T: Record>(tools: &Tools, key: &Key, pending: &Key) -> Result<Option<T>, Error> {
    match tools.store.load(key) {
        Ok(Some(record)) => Ok(Some(record)),
        Ok(None) => {
            if tools.store.get(pending)?.is_some() {
                tracing::error!(%key, "a row that a webhook delivery needs is missing");
            }
            Ok(None)
        }
        Err(error @ storage::Error::Value { .. }) => {
            tracing::error!(%error, "a row that a webhook delivery needs is damaged");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
