//! The server's settings: built-in values, then a file, then environment and flags.
//!
//! `config/default.toml` is embedded and names every key; a file given by the operator is read into
//! the same structures with every key optional, so that both refuse what they don't know with the
//! line and what was expected. A value that parses is valid: nothing is checked again later.

use std::fmt;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use crate::rate_limit::RateLimit;
use actors::EngineConfig;
use domain::calendar::{WeekStart, Zone};
use domain::catalog::Settings;
use serde::{Deserialize, Deserializer, de};

const BUILT_IN: &str = include_str!("../config/default.toml");

/// Declares the sections twice: with every key, and with every key optional.
macro_rules! sections {
    ($($(#[$doc:meta])* $section:ident as $name:ident, $partial:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {
        /// Every setting.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $($(#[$doc])* pub $section: $name,)*
        }

        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Overrides {
            $($section: $partial,)*
        }

        impl Config {
            fn override_with(&mut self, overrides: Overrides) {
                $($(if let Some(value) = overrides.$section.$field {
                    self.$section.$field = value;
                })*)*
            }
        }

        $($(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct $partial {
            $($field: Option<$type>,)*
        })*
    };
}

sections! {
    /// How the server is reached.
    server as Server, ServerOverrides {
        /// Address of the one listener.
        listen: SocketAddr,
        /// Where people open the console, without a slash at the end; empty: below the listener.
        console_base_url: BaseUrl,
        /// Largest request body, in bytes. (C-API-12)
        body_bytes_max: NonZeroUsize,
        /// Largest body of a batch of events, in bytes. (C-API-12)
        batch_body_bytes_max: NonZeroUsize,
        /// Failed authentications of one client address that are answered with 401 in a second.
        /// (C-AUTH-27)
        auth_failures_per_second_max: NonZeroU32,
        /// How long requests in flight may take to finish after a signal to stop.
        stop_grace_ms: StopGrace,
    }
    /// Where and how data is kept.
    storage as Storage, StorageOverrides {
        /// The data directory.
        data: PathBuf,
        /// See [`storage::Options::overlay_bytes_max`].
        overlay_bytes_max: NonZeroUsize,
        /// See [`storage::Options::checkpoint_bytes`].
        checkpoint_bytes: NonZeroUsize,
        /// See [`storage::Options::checkpoint_interval_ms`].
        checkpoint_interval_ms: NonZeroU64,
        /// See [`storage::Options::commit_group_max`].
        commit_group_max: NonZeroUsize,
        /// See [`storage::Options::journal_file_bytes`].
        journal_file_bytes: NonZeroU64,
        /// See [`storage::Options::cache_bytes`].
        cache_bytes: NonZeroU64,
    }
    /// Limits of the engine.
    engine as Engine, EngineOverrides {
        /// See [`EngineConfig::active_users_max`].
        active_users_max: NonZeroUsize,
        /// See [`EngineConfig::user_idle_ms`].
        user_idle_ms: NonZeroU64,
        /// See [`EngineConfig::in_flight_per_user_max`].
        in_flight_per_user_max: NonZeroUsize,
        /// See [`EngineConfig::in_flight_per_shard_max`].
        in_flight_per_shard_max: NonZeroUsize,
        /// See [`EngineConfig::catalog_changes_in_flight_max`].
        catalog_changes_in_flight_max: NonZeroUsize,
    }
    /// What happens by itself.
    timers as Timers, TimersOverrides {
        /// See [`EngineConfig::timer_tick_ms`].
        tick_ms: NonZeroU64,
        /// See [`EngineConfig::timers_in_flight_max`].
        in_flight_max: NonZeroUsize,
    }
    /// Limits of leaderboards.
    leaderboards as Leaderboards, LeaderboardsOverrides {
        /// How many users one group can rank. (C-LB-40)
        max_participants: NonZeroU32,
        /// See [`EngineConfig::stream_readers_max`].
        stream_subscribers_max: NonZeroUsize,
        /// See [`EngineConfig::stream_beat_ms`].
        stream_heartbeat_ms: NonZeroU64,
    }
    /// How existing users are looked at after a change that concerns them.
    reviews as Reviews, ReviewsOverrides {
        /// See [`EngineConfig::reviews_in_flight_max`].
        in_flight_max: NonZeroUsize,
    }
    /// How many requests are answered in a second. (C-RL)
    rate_limit as RateLimiting, RateLimitingOverrides {
        /// Whether and what is counted. (C-RL-04)
        mode: RateLimitMode,
        /// Requests per second in the mode `global`. (C-RL-01)
        global_per_second: NonZeroU32,
        /// Requests per second and endpoint of tier 1 in the mode `tiered`. (C-RL-02)
        tier1_per_second: NonZeroU32,
        /// Requests per second and endpoint of tier 2 in the mode `tiered`. (C-RL-02)
        tier2_per_second: NonZeroU32,
    }
    /// Batches of events. (C-BATCH)
    batches as Batches, BatchesOverrides {
        /// See [`EngineConfig::queued_batches_max`].
        waiting_max: NonZeroU64,
        /// See [`EngineConfig::queue_in_flight_max`].
        in_flight_max: NonZeroUsize,
    }
    /// How webhooks are told. (C-WH)
    webhooks as Webhooks, WebhooksOverrides {
        /// Whether addresses of private networks may be contacted. (C-WH-21)
        allow_private: bool,
        /// How long an attempt waits for a status, in milliseconds. (C-WH-14)
        timeout_ms: NonZeroU64,
        /// See [`EngineConfig::webhook_log_retention_days`].
        log_retention_days: NonZeroU32,
    }
    /// What a new data directory starts with. (C-GEN-36)
    environment as Environment, EnvironmentOverrides {
        /// The zone of users without one.
        default_time_zone: Zone,
        /// The first day of a week.
        week_start: WeekStartName,
        /// How long idempotency keys are remembered; 0 for ever.
        idempotency_retention_days: u32,
        /// Percentage of new users in the control group.
        control_ratio: Percentage,
    }
}

/// Why a configuration file is refused; names the file, the line and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{}: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// The file is no TOML, or has a key or value that isn't known.
    #[error("{}:{line}: {reason}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key and what was expected.
        reason: String,
    },
}

impl Config {
    /// The built-in settings.
    ///
    /// # Panics
    /// Never: the embedded file is checked by a test.
    #[must_use]
    pub fn built_in() -> Self {
        toml::from_str(BUILT_IN).expect("config/default.toml is embedded and tested")
    }

    /// The built-in settings with those of `file`, if there is one.
    ///
    /// # Errors
    /// If the file can't be read or has anything wrong in it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config = Self::built_in();
        if let Some(file) = file {
            let text = std::fs::read_to_string(file)
                .map_err(|reason| ConfigError::Unreadable { file: file.to_owned(), reason })?;
            config.override_with(parse(file, &text)?);
        }
        Ok(config)
    }

    /// How storage is opened.
    #[must_use]
    pub fn storage_options(&self) -> storage::Options {
        let Storage {
            data,
            overlay_bytes_max,
            checkpoint_bytes,
            checkpoint_interval_ms,
            commit_group_max,
            journal_file_bytes,
            cache_bytes,
        } = &self.storage;
        storage::Options {
            overlay_bytes_max: overlay_bytes_max.get(),
            checkpoint_bytes: checkpoint_bytes.get(),
            checkpoint_interval_ms: checkpoint_interval_ms.get(),
            commit_group_max: commit_group_max.get(),
            journal_file_bytes: journal_file_bytes.get(),
            cache_bytes: cache_bytes.get(),
            ..storage::Options::new(data)
        }
    }

    /// The engine's limits.
    #[must_use]
    pub fn engine_config(&self) -> EngineConfig {
        EngineConfig {
            active_users_max: self.engine.active_users_max.get(),
            in_flight_per_user_max: self.engine.in_flight_per_user_max.get(),
            in_flight_per_shard_max: self.engine.in_flight_per_shard_max.get(),
            catalog_changes_in_flight_max: self.engine.catalog_changes_in_flight_max.get(),
            user_idle_ms: self.engine.user_idle_ms.get(),
            participants_max: self.leaderboards.max_participants.get(),
            stream_readers_max: self.leaderboards.stream_subscribers_max.get(),
            stream_beat_ms: self.leaderboards.stream_heartbeat_ms.get(),
            queued_batches_max: self.batches.waiting_max.get(),
            queue_in_flight_max: self.batches.in_flight_max.get(),
            webhook_log_retention_days: self.webhooks.log_retention_days.get(),
            timer_tick_ms: self.timers.tick_ms.get(),
            timers_in_flight_max: self.timers.in_flight_max.get(),
            reviews_in_flight_max: self.reviews.in_flight_max.get(),
        }
    }

    /// How many requests are answered in a second; none: as many as come.
    #[must_use]
    pub fn rate_limit(&self) -> Option<RateLimit> {
        let RateLimiting { mode, global_per_second, tier1_per_second, tier2_per_second } =
            self.rate_limit;
        match mode {
            RateLimitMode::Off => None,
            RateLimitMode::Global => Some(RateLimit::Global(global_per_second)),
            RateLimitMode::Tiered => {
                Some(RateLimit::Tiered { one: tier1_per_second, two: tier2_per_second })
            }
        }
    }

    /// The settings of a new environment.
    #[must_use]
    pub fn environment_settings(&self) -> Settings {
        let retention = self.environment.idempotency_retention_days;
        Settings {
            default_time_zone: self.environment.default_time_zone,
            week_start: self.environment.week_start.0,
            idempotency_retention_days: (retention > 0).then_some(retention),
            control_ratio: self.environment.control_ratio.0,
        }
    }

    /// Where people open the console of a server that listens on `address`.
    #[must_use]
    pub fn console_base_url(&self, address: SocketAddr) -> String {
        match self.server.console_base_url.0.as_str() {
            "" => format!("http://{address}/console"),
            url => url.to_owned(),
        }
    }
}

fn parse(file: &Path, text: &str) -> Result<Overrides, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line =
            text.as_bytes()[..start.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
                + 1;
        ConfigError::Wrong { file: file.to_owned(), line, reason: error.message().to_owned() }
    })
}

/// An absolute http(s) URL without a slash at its end, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let url = String::deserialize(deserializer)?;
        let absolute = ["http://", "https://"]
            .iter()
            .any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
        if url.is_empty() || absolute {
            Ok(Self(url.trim_end_matches('/').to_owned()))
        } else {
            Err(wrong(&url, "a URL that starts with http:// or https://, or nothing"))
        }
    }
}

/// Milliseconds up to 8000, so that stopping ends within ten seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopGrace(pub NonZeroU32);

impl<'de> Deserialize<'de> for StopGrace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let grace = NonZeroU32::deserialize(deserializer)?;
        if grace.get() <= 8_000 {
            Ok(Self(grace))
        } else {
            Err(wrong(&grace, "1 to 8000 milliseconds"))
        }
    }
}

/// `off`, `global` or `tiered`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitMode {
    /// Nothing is counted.
    Off,
    /// All endpoints are counted together.
    Global,
    /// Each endpoint is counted.
    Tiered,
}

impl<'de> Deserialize<'de> for RateLimitMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "off" => Ok(Self::Off),
            "global" => Ok(Self::Global),
            "tiered" => Ok(Self::Tiered),
            other => Err(wrong(&other, "`off`, `global` or `tiered`")),
        }
    }
}

/// `sunday` or `monday`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekStartName(pub WeekStart);

impl<'de> Deserialize<'de> for WeekStartName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "sunday" => Ok(Self(WeekStart::Sunday)),
            "monday" => Ok(Self(WeekStart::Monday)),
            other => Err(wrong(&other, "`sunday` or `monday`")),
        }
    }
}

/// 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentage(pub u8);

impl<'de> Deserialize<'de> for Percentage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percentage = u8::deserialize(deserializer)?;
        if percentage <= 100 { Ok(Self(percentage)) } else { Err(wrong(&percentage, "0 to 100")) }
    }
}

fn wrong<E: de::Error>(found: &impl fmt::Display, expected: &str) -> E {
    E::custom(format!("invalid value `{found}`, expected {expected}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use domain::catalog::Settings;

    use super::{Config, parse};

    fn overridden(text: &str) -> Result<Config, String> {
        let overrides = parse(Path::new("my.toml"), text).map_err(|error| error.to_string())?;
        let mut config = Config::built_in();
        config.override_with(overrides);
        Ok(config)
    }

    // C-GEN-36
    #[test]
    fn a_new_environment_has_the_settings_of_the_contract() {
        assert_eq!(Config::built_in().environment_settings(), Settings::default());
    }

    #[test]
    fn storage_has_its_own_defaults() {
        let ours = format!("{:?}", Config::built_in().storage_options());
        assert_eq!(ours, format!("{:?}", storage::Options::new("./data")));
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let config =
            overridden("[engine]\nactive_users_max = 7\n[environment]\nweek_start = \"monday\"")
                .expect("valid");
        let mut expected = Config::built_in();
        assert_ne!(config, expected);
        expected.engine.active_users_max = 7.try_into().expect("not zero");
        expected.environment.week_start = config.environment.week_start;
        assert_eq!(config, expected);
    }

    #[test]
    fn wrong_keys_and_values_are_refused_with_their_line() {
        let cases = [
            ("[server]\n\nlisten_on = 1", "my.toml:3: unknown field `listen_on`, expected one of"),
            ("[sever]\n", "my.toml:1: unknown field `sever`, expected one of"),
            (
                "[engine]\nactive_users_max = 0",
                "my.toml:2: invalid value: integer `0`, expected a nonzero",
            ),
            ("[engine]\nactive_users_max = \"x\"", "my.toml:2: invalid type: string"),
            (
                "[environment]\ncontrol_ratio = 101",
                "my.toml:2: invalid value `101`, expected 0 to 100",
            ),
            (
                "[environment]\nweek_start = \"friday\"",
                "my.toml:2: invalid value `friday`, expected `sunday` or `monday`",
            ),
            (
                "[environment]\ndefault_time_zone = \"Mars\"",
                "my.toml:2: invalid value: string \"Mars\"",
            ),
            (
                "[server]\nstop_grace_ms = 9000",
                "my.toml:2: invalid value `9000`, expected 1 to 8000",
            ),
            (
                "[server]\nconsole_base_url = \"console\"",
                "my.toml:2: invalid value `console`, expected a URL",
            ),
            ("[server\n", "my.toml:1: "),
        ];
        for (text, expected) in cases {
            let message = overridden(text).expect_err(text);
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
