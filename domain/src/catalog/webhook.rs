//! Webhooks: who is told what. (C-WH-01 to 07)
//!
//! A secret comes here sealed and is handed out sealed: this crate can't read it. What it seals with
//! is the server's business.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Catalog, Invalid, Stamps, free_key, key_of_name, parse_key};
use crate::ids::{Key, WebhookId};
use crate::time::Timestamp;
use crate::webhook::WebhookEvent;

/// A secret that only its sealer can read; it never prints what it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret(pub Vec<u8>);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// What catalog files call it, unique among live webhooks: made from its name when it was
    /// created, and not changed with it.
    pub key: Key,
    /// Its display name.
    pub name: String,
    /// Where it listens: http or https, without credentials, at most 2048 characters. (C-WH-02)
    pub url: String,
    /// What it wants to know, never nothing.
    pub events: BTreeSet<WebhookEvent>,
    /// Whether it is told anything.
    pub active: bool,
    /// How often it was deactivated: what fired before isn't delivered after. (C-WH-05)
    pub generation: u32,
    /// What attempts are signed with; empty once it is deleted.
    pub secret: SealedSecret,
    /// When it came and changed.
    pub stamps: Stamps,
    /// Whether it was deleted.
    pub archived: bool,
}

impl Webhook {
    /// Whether a delivery of this generation is still to be made.
    #[must_use]
    pub fn still_gets(&self, generation: u32) -> bool {
        self.active && !self.archived && self.generation == generation
    }
}

/// A new webhook as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDraft {
    /// Display name, already checked for length.
    pub name: String,
    /// Where it listens, already checked.
    pub url: String,
    /// What it wants to know.
    pub events: Vec<WebhookEvent>,
}

/// Changes to a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookPatch {
    /// A new display name.
    pub name: Option<String>,
    /// A new place where it listens.
    pub url: Option<String>,
    /// Another set of events.
    pub events: Option<Vec<WebhookEvent>>,
    /// Whether it is told anything.
    pub active: Option<bool>,
}

const NOT_FOUND: &str = "Webhook not found by ID";

impl Catalog {
    /// The live webhooks, oldest first.
    pub fn live_webhooks(&self) -> impl Iterator<Item = &Webhook> {
        self.webhooks.iter().filter(|webhook| !webhook.archived)
    }

    /// The live webhook with this id.
    #[must_use]
    pub fn find_webhook(&self, id: WebhookId) -> Option<&Webhook> {
        self.live_webhooks().find(|webhook| webhook.id == id)
    }

    /// The live webhook that catalog files call this.
    #[must_use]
    pub fn find_webhook_by_key(&self, key: &str) -> Option<&Webhook> {
        self.live_webhooks().find(|webhook| webhook.key.as_str() == key)
    }

    /// Who is told about events of a type now. (C-WH-05)
    pub fn subscribers(&self, event: WebhookEvent) -> impl Iterator<Item = &Webhook> {
        self.live_webhooks()
            .filter(move |webhook| webhook.active && webhook.events.contains(&event))
    }

    /// Whether anyone is told about events of a type now.
    #[must_use]
    pub fn is_told(&self, event: WebhookEvent) -> bool {
        self.subscribers(event).next().is_some()
    }

    /// Creates an active webhook. (C-WH-02)
    ///
    /// # Errors
    /// If it subscribes to nothing, or to something twice.
    pub fn create_webhook(
        &mut self,
        draft: WebhookDraft,
        secret: SealedSecret,
        now: Timestamp,
    ) -> Result<&Webhook, Invalid> {
        let events = distinct(draft.events)?;
        let key =
            free_key(&key_of_name(&draft.name), |key| self.find_webhook_by_key(key).is_some());
        let id = WebhookId(self.next_id("webhook"));
        Ok(self.webhooks.push_mut(Webhook {
            id,
            key,
            name: draft.name,
            url: draft.url,
            events,
            active: true,
            generation: 0,
            secret,
            stamps: Stamps::new(now),
            archived: false,
        }))
    }

    /// Changes a webhook; what it is told changes at once. (C-WH-01, C-WH-05)
    ///
    /// # Errors
    /// If there is no such webhook, or it would subscribe to nothing or to something twice.
    pub fn update_webhook(
        &mut self,
        id: WebhookId,
        patch: WebhookPatch,
        now: Timestamp,
    ) -> Result<&Webhook, Invalid> {
        let events = patch.events.map(distinct);
        let webhook = self.live_webhook_mut(id)?;
        let events = events.transpose()?;
        let before = webhook.clone();
        if let Some(name) = patch.name {
            webhook.name = name;
        }
        if let Some(url) = patch.url {
            webhook.url = url;
        }
        if let Some(events) = events {
            webhook.events = events;
        }
        if let Some(active) = patch.active {
            webhook.generation += u32::from(webhook.active && !active);
            webhook.active = active;
        }
        if *webhook != before {
            webhook.stamps.updated_at = now;
        }
        Ok(webhook)
    }

    /// Gives a webhook the key that a catalog file has for it.
    ///
    /// # Errors
    /// If there is no such webhook, or the key is malformed or taken.
    pub fn rekey_webhook(&mut self, id: WebhookId, key: &str) -> Result<(), Invalid> {
        let key = parse_key(key)?;
        if self.find_webhook_by_key(key.as_str()).is_some_and(|other| other.id != id) {
            return Err(Invalid::error("Key already in use by another webhook"));
        }
        self.live_webhook_mut(id)?.key = key;
        Ok(())
    }

    /// Gives a webhook another secret, in force at once. (C-WH-07)
    ///
    /// # Errors
    /// If there is no such webhook.
    pub fn rotate_webhook(
        &mut self,
        id: WebhookId,
        secret: SealedSecret,
        now: Timestamp,
    ) -> Result<&Webhook, Invalid> {
        let webhook = self.live_webhook_mut(id)?;
        webhook.secret = secret;
        webhook.stamps.updated_at = now;
        Ok(webhook)
    }

    /// Archives a webhook and forgets its secret.
    ///
    /// # Errors
    /// If there is no such webhook.
    pub fn delete_webhook(&mut self, id: WebhookId, now: Timestamp) -> Result<(), Invalid> {
        let webhook = self.live_webhook_mut(id)?;
        webhook.archived = true;
        webhook.secret = SealedSecret(Vec::new());
        webhook.stamps.updated_at = now;
        Ok(())
    }

    /// Brings a deleted webhook back, with another secret: the old one is forgotten. What fired before
    /// isn't delivered. (C-ADM-106)
    pub(super) fn restore_webhook(
        &mut self,
        id: WebhookId,
        secret: SealedSecret,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let place = self.webhooks.iter().position(|own| own.id == id && own.archived);
        let place = place.ok_or_else(|| Invalid::error(NOT_FOUND))?;
        // What files call it may be another one's by now.
        let known = self.webhooks[place].key.as_str();
        let key = free_key(known, |key| self.find_webhook_by_key(key).is_some());
        let webhook = &mut self.webhooks[place];
        webhook.key = key;
        webhook.archived = false;
        webhook.generation += 1;
        webhook.secret = secret;
        webhook.stamps.updated_at = now;
        Ok(())
    }

    fn live_webhook_mut(&mut self, id: WebhookId) -> Result<&mut Webhook, Invalid> {
        self.webhooks
            .iter_mut()
            .find(|webhook| webhook.id == id && !webhook.archived)
            .ok_or_else(|| Invalid::error(NOT_FOUND))
    }
}

fn distinct(events: Vec<WebhookEvent>) -> Result<BTreeSet<WebhookEvent>, Invalid> {
    let count = events.len();
    let distinct: BTreeSet<_> = events.into_iter().collect();
    if distinct.is_empty() {
        return Err(Invalid::error("events must have at least one entry"));
    }
    if distinct.len() < count {
        return Err(Invalid::error("events must not repeat an entry"));
    }
    Ok(distinct)
}
