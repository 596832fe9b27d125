//! What an engine is started with, as values; where they come from is the server's business.

use domain::catalog::Settings;
use domain::ids::EnvironmentId;

/// Limits of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Users in memory at once; to let in one more, one of those unused longest is put out.
    pub active_users_max: usize,
    /// Requests to one user that may wait or be decided at once.
    pub in_flight_per_user_max: usize,
    /// Requests to the users of one shard that may wait or be decided at once.
    pub in_flight_per_shard_max: usize,
    /// Changes of configuration that may wait at once.
    pub catalog_changes_in_flight_max: usize,
    /// How long, in milliseconds, an unused user stays in memory.
    pub user_idle_ms: u64,
    /// The most users that a group of a leaderboard can rank. (C-LB-40)
    pub participants_max: u32,
    /// Streams of one leaderboard that may be open at once. (C-LB-91)
    pub stream_readers_max: usize,
    /// How often, in milliseconds of real time, a stream is looked after. (C-LB-93)
    pub stream_beat_ms: u64,
    /// How often, in milliseconds, it is looked whether something is due; unused in virtual time.
    pub timer_tick_ms: u64,
    /// Users settled at once because something is due; more than the 64 shards is no more.
    pub timers_in_flight_max: usize,
    /// Existing users looked at at once after a change of configuration that concerns them.
    pub reviews_in_flight_max: usize,
    /// Batches of events that may wait to be worked through. (C-BATCH-03)
    pub queued_batches_max: u64,
    /// Users who are sent events of batches at once.
    pub queue_in_flight_max: usize,
    /// For how many days the log of webhook deliveries is kept. (C-WH-25)
    pub webhook_log_retention_days: u32,
}

/// What a new data directory starts with; one that was used before keeps what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// The id of the environment. Ids of everything in it derive from it.
    pub environment: EnvironmentId,
    /// Its settings.
    pub settings: Settings,
}
