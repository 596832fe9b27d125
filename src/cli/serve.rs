//! `accolade serve`: from flags to a listening server, and back to nothing.
//!
//! The order is: settings and catalog file (wrong ones end with exit code 2 before anything is
//! touched), listener, storage, engine, catalog, keys, requests. While storage recovers the
//! listener already answers, but only that it isn't ready.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::{Bootstrap, Engine};
use axum::serve::ListenerExt;
use domain::ids::EnvironmentId;
use domain::time::Timestamp;
use storage::Store;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{ADMIN_KEY_VARIABLE, BAD_USAGE, CLEAN, FAILED, instant};
use crate::app::{App, AppSettings};
use crate::catalog_file::{self, CatalogFile};
use crate::config::Config;
use crate::http::router::router;
use crate::keys::{ApiKey, FailureLimit, Keys};
use crate::rate_limit::RateLimits;
use crate::secrets::{MasterKey, WebhookSecret};
use crate::shutdown::{self, Stop};
use crate::{outbound, secrets, starting, telemetry};

/// Environments of test servers are all the same, so that their histories are too.
const TEST_ENVIRONMENT: Uuid = Uuid::from_u128(0xacc0_1ade_0000_4000_8000_0000_0000_0001);

/// Flags beat environment variables, which beat the file, which beats the built-in settings.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Settings; names only what it changes
    #[arg(long, env = "ACCOLADE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data directory, created if missing, locked while in use [default: ./data]
    #[arg(long, env = "ACCOLADE_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on; port 0 picks a free one and prints it [default: 127.0.0.1:8080]
    #[arg(long, env = "ACCOLADE_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Catalog applied at start when the environment has no configuration yet
    #[arg(long, env = "ACCOLADE_CATALOG", value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Virtual time that starts at this instant and stands still until it is moved
    #[arg(long, env = "ACCOLADE_TEST_CLOCK", value_name = "RFC3339", value_parser = instant)]
    test_clock: Option<Timestamp>,
}

/// Everything that can be wrong before anything was touched, found to be right.
struct Plan {
    config: Config,
    catalog: Option<Arc<CatalogFile>>,
    key: Option<ApiKey>,
    /// None: the one in the data directory.
    master_key: Option<MasterKey>,
    clock: Clock,
}

/// What makes a running server end with exit code 1.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the server until it is told to stop.
pub(super) fn run(args: Args) -> ExitCode {
    telemetry::start();
    let plan = match plan(args) {
        Ok(plan) => plan,
        Err(reason) => {
            eprintln!("error: {reason}");
            return ExitCode::from(BAD_USAGE);
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: starting threads: {error}");
            return ExitCode::from(FAILED);
        }
    };
    let ended = runtime.block_on(serve(plan));
    // Whatever still runs was cut short on purpose.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::from(CLEAN),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(FAILED)
        }
    }
}

fn plan(args: Args) -> Result<Plan, String> {
    let mut config = Config::load(args.config.as_deref()).map_err(|error| error.to_string())?;
    if let Some(data) = args.data {
        config.storage.data = data;
    }
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    let catalog = args.catalog.map(|path| read_catalog(&path)).transpose()?.map(Arc::new);
    let key = match std::env::var(ADMIN_KEY_VARIABLE) {
        // A variable that is passed on without a value is as good as none.
        Ok(text) if text.is_empty() => None,
        Ok(text) => Some(
            ApiKey::parse_admin(&text).map_err(|error| format!("{ADMIN_KEY_VARIABLE}: {error}"))?,
        ),
        Err(std::env::VarError::NotPresent) => None,
        Err(error @ std::env::VarError::NotUnicode(_)) => {
            return Err(format!("{ADMIN_KEY_VARIABLE}: {error}"));
        }
    };
    let master_key = MasterKey::from_environment().map_err(|error| error.to_string())?;
    let clock = args.test_clock.map_or_else(Clock::system, Clock::test);
    Ok(Plan { config, catalog, key, master_key, clock })
}

fn read_catalog(path: &Path) -> Result<CatalogFile, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    catalog_file::parse(&path.display().to_string(), &text).map_err(|error| error.to_string())
}

async fn serve(plan: Plan) -> Result<(), Failure> {
    let stop = Stop::on_signals()?;
    let bound = listen(plan.config.server.listen).await?;
    let not_ready = starting::answer(TcpListener::from_std(bound.try_clone()?)?);
    // A signal during recovery ends it here: nothing has been acknowledged since the start.
    let recovered = tokio::select! {
        recovered = recover(&plan) => Some(recovered),
        () = stop.clone().wait() => None,
    };
    not_ready.end().await;
    let Some(recovered) = recovered else { return Ok(()) };
    let (engine, master_key) = recovered?;
    let requests = serve_requests(&plan, &engine, master_key, bound, stop.clone());
    let engine_stops = async { engine.stop().await.map_err(Failure::from) };
    let grace = Duration::from_millis(u64::from(plan.config.server.stop_grace_ms.0.get()));
    let stopped = shutdown::in_order(stop, grace, requests, engine_stops).await;
    stopped.unwrap_or_else(|| {
        tracing::warn!("the last checkpoint was cut short; the next start replays the journal");
        Ok(())
    })
}

/// The socket as the standard library's, which can be given to one service after another.
async fn listen(address: SocketAddr) -> Result<std::net::TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    Ok(bound
        .and_then(TcpListener::into_std)
        .map_err(|error| format!("listening on {address}: {error}"))?)
}

/// An id that no other environment has.
fn new_environment() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// Opens storage and brings the engine to where it was.
async fn recover(plan: &Plan) -> Result<(Engine, MasterKey), Failure> {
    let options = plan.config.storage_options();
    let store = tokio::task::spawn_blocking(move || Store::open(&options)).await??;
    let environment = if plan.clock.is_test() { TEST_ENVIRONMENT } else { new_environment() };
    let bootstrap = Bootstrap {
        environment: EnvironmentId(environment),
        settings: plan.config.environment_settings(),
    };
    // After storage has made and locked the directory.
    let master_key = match &plan.master_key {
        Some(key) => key.clone(),
        None => MasterKey::in_directory(&plan.config.storage.data)?,
    };
    let (config, clock) = (plan.config.engine_config(), plan.clock.clone());
    let ports = outbound::ports(&plan.config.webhooks, &master_key)?;
    let engine = Engine::start(config, store, clock, bootstrap, ports).await?;
    // Better now than at every attempt.
    for webhook in engine.catalog(engine.scope()).live_webhooks() {
        master_key.open(&webhook.secret)?;
    }
    if let Some(file) = &plan.catalog
        && engine.catalog(engine.scope()).is_pristine()
    {
        let (file, key) = (Arc::clone(file), master_key.clone());
        let seal = move || key.seal(&WebhookSecret::generate());
        engine
            .change_catalog(engine.scope(), move |catalog, now| file.apply_to(catalog, now, &seal))
            .await??;
    }
    Ok((engine, master_key))
}

/// Serves until it is time to stop and the requests in flight have ended.
async fn serve_requests(
    plan: &Plan,
    engine: &Engine,
    master_key: MasterKey,
    bound: std::net::TcpListener,
    stop: Stop,
) -> Result<(), Failure> {
    let address = bound.local_addr()?;
    let (keys, generated) = Keys::prepare(engine, plan.key.clone()).await?;
    let settings = AppSettings {
        console_base_url: plan.config.console_base_url(address),
        body_bytes_max: plan.config.server.body_bytes_max.get(),
        batch_body_bytes_max: plan.config.server.batch_body_bytes_max.get(),
        participants_max: plan.config.leaderboards.max_participants.get(),
        master_key_file: plan
            .master_key
            .is_none()
            .then(|| secrets::file_in(&plan.config.storage.data)),
        test_clock: plan.clock.is_test(),
    };
    let failures = FailureLimit::new(plan.config.server.auth_failures_per_second_max);
    let settings = Arc::new(settings);
    let rate_limits = plan.config.rate_limit().map(RateLimits::new);
    let app = App { engine: engine.clone(), keys, failures, rate_limits, master_key, settings };
    // Answers are small and awaited: waiting to fill a packet would only delay them.
    let listener = TcpListener::from_std(bound)?.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    if let Some(key) = generated {
        eprint!("{}", first_steps(&key, address, engine));
    }
    announce(address)?;
    let engine = engine.clone();
    let stopping = async move {
        stop.wait().await;
        // They would never end by themselves.
        engine.end_streams();
    };
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stopping).await?;
    Ok(())
}

/// The one line on stdout; whoever started this may be waiting for it.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "accolade listening on http://{address}")?;
    stdout.flush()
}

/// What a person needs once, at the first start. (C-AUTH-26)
fn first_steps(key: &ApiKey, address: SocketAddr, engine: &Engine) -> String {
    let key = key.reveal();
    let mut text = format!("\nadmin key (shown only this once): {key}\n\n");
    let catalog = engine.catalog(engine.scope());
    if let Some(metric) = catalog.live_metrics().next() {
        text += &format!(
            "send the first event:\n\ncurl -X POST http://{address}/v1/metrics/{}/event \\\n  \
             -H 'X-API-KEY: {key}' -H 'Content-Type: application/json' \\\n  \
             -d '{{\"user\": {{\"id\": \"18\", \"tz\": \"Europe/London\"}}, \"value\": 750}}'\n\n",
            metric.key
        );
    }
    text
}
