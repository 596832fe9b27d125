//! Webhooks: what is told to whom, how often it is tried, and how often it may be told. (C-WH)
//!
//! Who subscribes is configuration ([`crate::catalog::Webhook`]); what happened is in the signals of
//! an outcome. Here are the published names, the record of a delivery with the rule of its retries,
//! the window that holds back changes which come too often, and what was last told of rankings.
//! Nothing here knows HTTP or JSON.

mod delivery;
mod event;
mod told;
mod window;

pub use delivery::{
    ATTEMPTS_MAX, Attempt, AttemptResult, Delivery, DeliveryPlace, DeliveryStatus, Message,
    MessagePlace,
};
pub use event::WebhookEvent;
pub use told::{RankedValue, RunOccasion, RunTold, ToldGroup, ToldRank, digest};
pub use window::{HeldPoints, PointsWindow, WINDOW_MS, Window};
