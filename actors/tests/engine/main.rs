//! The engine through its public face, over a memory store and a clock that stands still.
//!
//! Nothing here waits for a fixed time: the store is held back or made to fail, and every wait is
//! for an answer.

mod activation;
mod batches;
mod configuration;
mod erasure;
mod failure;
mod history;
mod idempotency;
mod keys;
mod leaderboards;
mod life;
mod projections;
mod rank_days;
mod rankings;
mod receiver;
mod reviews;
mod timers;
mod told_laws;
mod webhooks;
mod world;
mod wrapped;
