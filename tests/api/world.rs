//! A server with an empty memory store, and requests to it.

use accolade::app::{App, AppSettings};
use accolade::config::Config;
use accolade::http::router::router;
use accolade::keys::{ApiKey, FailureLimit, Keys};
use accolade::outbound::ports;
use accolade::rate_limit::{RateLimit, RateLimits};
use accolade::secrets::MasterKey;
use actors::clock::Clock;
use actors::{Bootstrap, Engine, EngineConfig};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use domain::catalog::Settings;
use domain::ids::EnvironmentId;
use domain::time::Timestamp;
use serde_json::{Value, json};
use storage::{FaultHandle, Options};
use tower::ServiceExt;
use uuid::Uuid;

/// The key every request carries unless it says otherwise.
pub(crate) const KEY: &str = "testkey1.0123456789abcdefghijklmnopqrstuv";
/// When every world begins: a Tuesday, 3:30 in UTC and still Monday in New York.
pub(crate) const START: &str = "2026-01-06T03:30:00Z";
/// The largest body, small enough for tests to exceed it.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Failed authentications that are told as such in a second.
pub(crate) const AUTH_FAILURES_MAX: u32 = 1_000;

/// One server.
pub(crate) struct World {
    pub(crate) service: Router,
    pub(crate) engine: Engine,
    pub(crate) faults: FaultHandle,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl World {
    /// A server without any configuration.
    pub(crate) async fn empty() -> Self {
        Self::with_test_clock(true).await
    }

    /// As [`World::empty`]; without the test clock its endpoints don't exist.
    pub(crate) async fn with_test_clock(test_clock: bool) -> Self {
        Self::over(FaultHandle::default(), start(), test_clock, None).await
    }

    /// As [`World::empty`], with a rate limit.
    pub(crate) async fn limited(limit: RateLimit) -> Self {
        let limits = RateLimits::new(limit);
        Self::over(FaultHandle::default(), start(), true, Some(limits)).await
    }

    /// Another server over what is stored, at the same instant.
    pub(crate) async fn restart(self) -> Self {
        let Self { service, engine, faults } = self;
        drop(service);
        engine.stop().await.unwrap();
        let now = engine.now();
        drop(engine);
        Self::over(faults, Clock::test(now), true, None).await
    }

    async fn over(
        faults: FaultHandle,
        clock: Clock,
        test_clock: bool,
        rate_limits: Option<RateLimits>,
    ) -> Self {
        let store = faults.open(&Options::new("")).unwrap();
        let config = EngineConfig {
            active_users_max: 1_000,
            in_flight_per_user_max: 100,
            in_flight_per_shard_max: 1_000,
            catalog_changes_in_flight_max: 100,
            user_idle_ms: 3_600_000,
            participants_max: 1_000,
            stream_readers_max: 2,
            stream_beat_ms: 100,
            webhook_log_retention_days: 7,
            timer_tick_ms: 1_000,
            timers_in_flight_max: 64,
            reviews_in_flight_max: 4,
            queued_batches_max: 100,
            queue_in_flight_max: 16,
        };
        let environment = EnvironmentId(Uuid::from_u128(1));
        let settings = Settings { control_ratio: 0, ..Settings::default() };
        let master_key = MasterKey::generate();
        let ports = ports(&Config::built_in().webhooks, &master_key).unwrap();
        let bootstrap = Bootstrap { environment, settings };
        let engine = Engine::start(config, store, clock, bootstrap, ports).await.unwrap();
        let (keys, _) =
            Keys::prepare(&engine, Some(ApiKey::parse_admin(KEY).unwrap())).await.unwrap();
        let settings = AppSettings {
            console_base_url: "https://console.example".to_owned(),
            body_bytes_max: BODY_BYTES_MAX,
            batch_body_bytes_max: 8 * BODY_BYTES_MAX,
            participants_max: 1_000,
            master_key_file: None,
            test_clock,
        };
        // Tests of failures themselves send more than these at one instant.
        let failures = FailureLimit::new(AUTH_FAILURES_MAX.try_into().unwrap());
        let app = App {
            engine: engine.clone(),
            keys,
            failures,
            rate_limits,
            master_key,
            settings: settings.into(),
        };
        Self { service: router(app), engine, faults }
    }

    /// A server with a small catalog: metrics `words` and `quizzes`, the user attribute `plan` and
    /// the event attribute `book`, an achievement at 500 words, and the API achievement `toured`.
    pub(crate) async fn new() -> Self {
        let world = Self::empty().await;
        world
            .created(
                "/attributes",
                json!([
                    {"name": "Plan", "key": "plan", "type": "user"},
                    {"name": "Book", "key": "book", "type": "event"},
                ]),
            )
            .await;
        let metrics = world
            .created(
                "/metrics",
                json!([
                    {"name": "Words", "key": "words"}, {"name": "Quizzes", "key": "quizzes"},
                ]),
            )
            .await;
        world.created("/achievements", json!([
            {"name": "Novelist", "trigger": "metric", "metricId": metrics[0]["id"], "metricValue": 500, "status": "active"},
            {"name": "Toured", "trigger": "api", "key": "toured", "status": "active", "description": "Saw it all"},
        ])).await;
        world
    }

    /// Creates objects through the Admin API and answers with them.
    pub(crate) async fn created(&self, path: &str, items: Value) -> Value {
        let answer = self.post(&format!("/admin/v1{path}"), items).await;
        let mut body = answer.json(StatusCode::CREATED);
        assert_eq!(body["issues"], json!([]));
        body["created"].take()
    }

    /// The id of a configured object, by its key.
    pub(crate) async fn id(&self, path: &str, key: &str) -> Value {
        let listed = self.get(&format!("/admin/v1{path}")).await.json(StatusCode::OK);
        let found = listed.as_array().unwrap().iter().find(|object| object["key"] == key);
        found.unwrap_or_else(|| panic!("no {key} in {path}"))["id"].clone()
    }

    /// An authenticated `GET`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    /// An authenticated `POST`.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path, Some(body)).await
    }

    /// An authenticated request.
    pub(crate) async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(
            Request::builder()
                .method(method)
                .uri(path)
                .header("X-API-KEY", KEY)
                .body(body)
                .unwrap(),
        )
        .await
    }

    /// Any request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// An event by a user, who may be new.
    pub(crate) async fn event(&self, metric: &str, user: &str, value: Value) -> Answer {
        self.post(
            &format!("/v1/metrics/{metric}/event"),
            json!({"user": {"id": user}, "value": value}),
        )
        .await
    }

    /// Moves the clock.
    pub(crate) async fn clock(&self, to: &str) {
        self.post("/admin/v1/clock/advance", json!({"to": to})).await.json(StatusCode::OK);
    }
}

fn start() -> Clock {
    Clock::test(Timestamp::parse(START).unwrap())
}

impl Answer {
    /// The body, after checking the status.
    pub(crate) fn json(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body()
    }

    /// The body.
    pub(crate) fn body(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The message of an error, after checking the status and that there is nothing else.
    pub(crate) fn error(&self, status: StatusCode) -> String {
        let body = self.json(status);
        let keys: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error"]);
        let message = body["error"].as_str().unwrap();
        assert!(!message.is_empty());
        message.to_owned()
    }
}
