//! One attempt: read what is to be sent, send it, record how it ended. (C-WH-14 to 18)
//!
//! Whether the webhook still gets it, where it listens and what it signs with are read when the
//! attempt starts, so a change of the webhook holds from the next attempt on. (C-WH-05, C-WH-07)

use std::sync::Arc;

use domain::catalog::Webhook;
use domain::ids::WebhookId;
use domain::time::Timestamp;
use domain::webhook::{Attempt, Delivery, DeliveryPlace, Message};
use storage::{DeliveryCommit, Key};

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
    webhook_id: WebhookId,
    due: Timestamp,
    place: DeliveryPlace,
) -> Result<(), Error> {
    let found = tools.store.load::<Delivery>(&Key::delivery(tools.scope, place))?;
    let message = tools.store.load::<Message>(&Key::message(tools.scope, place.message))?;
    let (Some(mut delivery), Some(message)) = (found, message) else {
        return missing(&tools, webhook_id, due, place);
    };
    let catalog = tools.catalogs.current(tools.scope);
    let webhook = catalog.webhooks.iter().find(|own| own.id == webhook_id);
    match webhook.filter(|webhook| webhook.still_gets(delivery.generation)) {
        None => delivery.cancel(),
        Some(webhook) => try_once(&tools, webhook, message, &mut delivery).await,
    }
    let _unerased = tools.recording.read().await;
    if tools.store.get(&Key::delivery(tools.scope, place))?.is_none() {
        return missing(&tools, webhook_id, due, place);
    }
    let commit =
        DeliveryCommit { scope: tools.scope, place, planned: Some(due), delivery: &delivery };
    Ok(tools.store.commit(commit.batch()).await?)
}

async fn try_once(tools: &Tools, webhook: &Webhook, message: Message, delivery: &mut Delivery) {
    let started_at = tools.clock.now();
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
}

/// A delivery that is not there: fine if it waits no more, because it was erased. (C-USER-32)
fn missing(
    tools: &Tools,
    webhook: WebhookId,
    due: Timestamp,
    place: DeliveryPlace,
) -> Result<(), Error> {
    let pending = Key::pending(tools.scope, webhook, due, place);
    match tools.store.get(&pending)? {
        None => Ok(()),
        Some(_) => Err(Error::Unavailable { reason: format!("{pending} waits for nothing") }),
    }
}
