//! `/metrics`: what the engine and storage did, for Prometheus. (OpenMetrics text)
//!
//! Every number is read at the scrape and none is kept here. Outside authentication and both APIs,
//! like `/healthz`: it tells amounts of work, nothing about anybody.

use actors::{Engine, EngineStats};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The numbers of this moment.
pub async fn scrape(State(app): State<App>) -> Response {
    let mut family = Family(Registry::with_prefix("accolade"));
    users(&mut family, &app.engine);
    engine(&mut family, app.engine.stats());
    storage(&mut family, &app.engine.storage_stats());
    reviews(&mut family, &app.engine);
    let mut text = String::new();
    encode(&mut text, &family.0).expect("a string takes every text");
    ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

/// Names and values on their way into a text. Names of counters get `_total` when written.
struct Family(Registry);

impl Family {
    fn counter(&mut self, name: &str, help: &str, value: u64) {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        self.0.register(name, help, counter);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, gauge(value));
    }

    fn bytes(&mut self, name: &str, help: &str, value: u64) {
        self.0.register_with_unit(name, help, Unit::Bytes, gauge(value));
    }
}

fn gauge(value: u64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    gauge
}

fn users(family: &mut Family, engine: &Engine) {
    let users = engine.statistics(engine.scope()).users();
    family.gauge("users", "Users of the environment", users);
}

fn engine(family: &mut Family, stats: EngineStats) {
    let EngineStats {
        active_users,
        in_flight,
        activations,
        deactivations,
        commands,
        commits,
        rebuilt,
        shed,
        catalog_changes,
        reviews_retried,
        failures,
        timers_fired,
        timers_waiting,
        timer_lateness_ms,
        queue_applied,
        queue_dropped,
        queued_batches,
    } = stats;
    family.gauge("users_active", "Users in memory", active_users as u64);
    family.gauge("commands_in_flight", "Commands waiting or being decided", in_flight as u64);
    family.counter("user_activations", "Users loaded into memory", activations);
    family.counter("user_deactivations", "Users put out of memory", deactivations);
    family.counter("user_rebuilds", "Users built anew after a failure", rebuilt);
    family.counter("commands", "Commands decided, rejected ones included", commands);
    family.counter("commands_committed", "Commands whose outcome was made durable", commits);
    family.counter("commands_shed", "Commands refused because too many were in flight", shed);
    family.counter("catalog_changes", "Changes of configuration made durable", catalog_changes);
    family.counter(
        "review_retries",
        "Settlements of a walk over all users that were refused and tried again",
        reviews_retried,
    );
    family.counter("timers_fired", "Users settled because something fell due", timers_fired);
    family.gauge("timers_waiting", "Timers read and not yet fired", timers_waiting as u64);
    family.gauge(
        "timer_lateness_milliseconds",
        "How long after its due instant the latest timer fired",
        timer_lateness_ms,
    );
    family.counter("batch_events", "Events of batches that were worked through", queue_applied);
    family.counter(
        "batch_events_dropped",
        "Events of batches that were refused when their turn came",
        queue_dropped,
    );
    family.gauge(
        "batches_queued",
        "Batches of events that wait or are being worked through",
        queued_batches,
    );
    family.counter("actor_failures", "Actors that ended by a failure", failures);
}

fn storage(family: &mut Family, stats: &storage::Stats) {
    let storage::Stats {
        commits,
        groups,
        group_size_max,
        overlay_bytes,
        replayed,
        journal: _,
        checkpoint: _,
        checkpoints,
    } = stats;
    family.counter("storage_commits", "Batches made durable", *commits);
    family.counter("storage_commit_groups", "Groups of batches, one fdatasync each", *groups);
    family.gauge("storage_commit_group_size_max", "Batches in the largest group", *group_size_max);
    family.bytes(
        "storage_overlay",
        "Committed rows that wait in memory for the checkpointer",
        *overlay_bytes as u64,
    );
    family.gauge("storage_replayed", "Batches replayed from the journal at the start", *replayed);
    family.gauge("storage_checkpoints", "Checkpoints since the database was created", *checkpoints);
}

/// The walk under way, or else the last one.
fn reviews(family: &mut Family, engine: &Engine) {
    let reviews = engine.reviews();
    let last = reviews.finished.last();
    let (checked, users) = match (&reviews.running, last) {
        (Some(running), _) => (running.checked, running.users),
        (None, Some(last)) => (last.checked, last.checked),
        (None, None) => (0, 0),
    };
    let is_running = u64::from(reviews.running.is_some());
    family.gauge("review_running", "Whether a walk over all users is under way", is_running);
    family.gauge("review_users_checked", "Users that the walk has looked at", checked);
    family.gauge("review_users", "Users there were when the walk began", users);
}
