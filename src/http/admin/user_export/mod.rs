//! Everything that is stored of one user, as one JSON object. (C-USER-34)
//!
//! What the snapshot holds comes first; rows of history follow in arrays that are written while they
//! are read, so that no number of events is ever in memory at once. Configured things are named by
//! their id and, if it is known, their key. The engine's own counters are left out: how far a user
//! was reviewed, and the numbers of requests.

pub mod rows;
pub mod state;

use std::cell::Cell;
use std::collections::BTreeMap;

use actors::{Applied, Error, History};
use domain::catalog::Catalog;
use domain::ids::{LeaderboardId, MetricId, PointsSystemId};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use self::rows::{
    ExportedAttributeDay, ExportedAttributeProgress, ExportedAward, ExportedEvent,
    ExportedIdempotencyKey, ExportedMetricDay, ExportedPointsDay, ExportedScore,
};
use self::state::{
    ExportedAttribute, ExportedBoost, ExportedCompletion, ExportedMetric, ExportedPoints,
    ExportedProgress, ExportedStreak,
};
use super::webhook_deliveries::AdminWebhookDelivery;
use crate::http::wire::preferences::UserPreferencesResponse;
use crate::http::wire::scalar::{At, On};
use crate::http::wire::user::User;

/// Everything that is stored of one user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserExport<'a> {
    /// As of when.
    exported: At,
    /// The user as the Application API shows them.
    user: User<'a>,
    /// The id that the ids of their events, awards, completions and pauses derive from.
    identity: Uuid,
    /// Their current local date.
    effective_day: On,
    /// When something falls due for them next.
    #[schema(required)]
    next_due: Option<At>,
    /// Every attribute value, also of attributes that were deleted.
    attributes: Vec<ExportedAttribute<'a>>,
    /// What they chose for themselves, whether it applies or not.
    preferences: UserPreferencesResponse,
    /// Progress per metric.
    metrics: Vec<ExportedMetric<'a>>,
    /// Completed achievements, in order of completion.
    achievements: Vec<ExportedCompletion<'a>>,
    /// Progress of achievements and points triggers that totals alone don't tell.
    progress: Vec<ExportedProgress>,
    /// The streak at all three frequencies, with freezes and pauses.
    streak: ExportedStreak<'a>,
    /// Balances, with what webhooks will be told of them.
    points: Vec<ExportedPoints<'a>>,
    /// Boosts for this user alone.
    boosts: Vec<ExportedBoost<'a>>,
    /// Scores and final places on leaderboards.
    #[schema(value_type = Vec<ExportedScore>)]
    leaderboards: Each<ExportedScore>,
    /// Every event, oldest first.
    #[schema(value_type = Vec<ExportedEvent>)]
    events: Each<ExportedEvent>,
    /// Figures of metrics per day.
    #[schema(value_type = Vec<ExportedMetricDay>)]
    metric_days: Each<ExportedMetricDay>,
    /// Figures of metrics per day, by event attribute and value.
    #[schema(value_type = Vec<ExportedAttributeDay>)]
    attribute_days: Each<ExportedAttributeDay>,
    /// Progress in metrics, by event attribute and value.
    #[schema(value_type = Vec<ExportedAttributeProgress>)]
    attribute_progress: Each<ExportedAttributeProgress>,
    /// Every award and deduction, by points system, oldest first.
    #[schema(value_type = Vec<ExportedAward>)]
    awards: Each<ExportedAward>,
    /// Figures of points systems per day.
    #[schema(value_type = Vec<ExportedPointsDay>)]
    points_days: Each<ExportedPointsDay>,
    /// Idempotency keys and the events that used them.
    #[schema(value_type = Vec<ExportedIdempotencyKey>)]
    idempotency_keys: Each<ExportedIdempotencyKey>,
    /// What webhooks were and are being told about the user, as long as the log has it.
    #[schema(value_type = Vec<AdminWebhookDelivery>)]
    webhook_deliveries: Each<AdminWebhookDelivery>,
}

impl<'a> UserExport<'a> {
    /// Of a user as they are now. Writing it reads the history, and may block.
    ///
    /// # Errors
    /// If storage can't be read.
    pub fn new(applied: &'a Applied, history: &History) -> Result<Self, Error> {
        let (state, catalog) = (applied.state.as_ref(), applied.catalog.as_ref());
        let keys = Keys::of(catalog);
        Ok(Self {
            exported: At(applied.now),
            user: User::new(state, catalog),
            identity: state.identity,
            effective_day: On(state.effective_day),
            next_due: state.next_due.map(At),
            attributes: state::attributes(state, catalog),
            preferences: UserPreferencesResponse::stored(state, catalog),
            metrics: state::metrics(state, catalog),
            achievements: state::completions(state, catalog),
            progress: state::progress(state),
            streak: ExportedStreak::new(&state.streak, catalog),
            points: state::points(state, catalog),
            boosts: state::boosts(state, catalog),
            leaderboards: each(history.scores()?, &keys, ExportedScore::new),
            events: each(history.events(), &keys, ExportedEvent::new),
            metric_days: each(history.metric_days(), &keys, ExportedMetricDay::new),
            attribute_days: each(history.value_days(), &keys, ExportedAttributeDay::new),
            attribute_progress: each(
                history.value_progress(),
                &keys,
                ExportedAttributeProgress::new,
            ),
            awards: each(history.awards(), &keys, ExportedAward::new),
            points_days: each(history.points_days(), &keys, ExportedPointsDay::new),
            idempotency_keys: each(history.idempotency_keys(), &keys, ExportedIdempotencyKey::new),
            webhook_deliveries: each(history.deliveries(), &keys, |logged, _| logged.into()),
        })
    }
}

/// Something configured, named by its id and its key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Named {
    /// Its id.
    id: Uuid,
    /// Its key; null if it is not known.
    #[schema(required)]
    key: Option<String>,
}

/// The keys of everything that was ever configured, by id.
#[derive(Clone)]
struct Keys(std::sync::Arc<BTreeMap<Uuid, String>>);

impl Keys {
    fn of(catalog: &Catalog) -> Self {
        let metrics = catalog.metrics.iter().map(|own| (own.id.0, own.key.to_string()));
        let attributes = catalog.attributes.iter().map(|own| (own.id.0, own.key.to_string()));
        let systems = catalog.points_systems.iter().map(|own| (own.id.0, own.key.to_string()));
        let boards = catalog.leaderboards.iter().map(|own| (own.id.0, own.key.to_string()));
        Self(
            metrics
                .chain(attributes)
                .chain(systems)
                .chain(boards)
                .collect::<BTreeMap<_, _>>()
                .into(),
        )
    }

    fn metric(&self, MetricId(id): MetricId) -> Named {
        self.named(id)
    }

    fn system(&self, PointsSystemId(id): PointsSystemId) -> Named {
        self.named(id)
    }

    fn leaderboard(&self, LeaderboardId(id): LeaderboardId) -> Named {
        self.named(id)
    }

    fn named(&self, id: Uuid) -> Named {
        Named { id, key: self.0.get(&id).cloned() }
    }
}

/// An array that is read while it is written, once.
pub struct Each<T>(Cell<Option<Rows<T>>>);

type Rows<T> = Box<dyn Iterator<Item = Result<T, Error>>>;

fn each<R: 'static, T: 'static>(
    rows: impl Iterator<Item = Result<R, Error>> + 'static,
    keys: &Keys,
    show: impl Fn(R, &Keys) -> T + 'static,
) -> Each<T> {
    let keys = keys.clone();
    Each(Cell::new(Some(Box::new(rows.map(move |row| row.map(|row| show(row, &keys)))))))
}

impl<T: Serialize> Serialize for Each<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(None)?;
        for row in self.0.take().into_iter().flatten() {
            array.serialize_element(&row.map_err(S::Error::custom)?)?;
        }
        array.end()
    }
}
