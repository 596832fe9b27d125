//! A receiver of webhooks that keeps what it is sent and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use actors::ports::{Ports, Post, Posted, Posting, Told, WebhookRenderer, WebhookTransport};
use domain::catalog::Catalog;
use domain::user::SignalKind;
use domain::webhook::{AttemptResult, RankedValue};
use tokio::sync::Semaphore;

/// Everyone who is told something, as one.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    posts: Mutex<Vec<Post>>,
    answers: Mutex<VecDeque<AttemptResult>>,
    /// While there is a gate, a posting takes a permit of it first.
    gate: Mutex<Option<Arc<Semaphore>>>,
}

impl Receiver {
    pub(crate) fn ports(&self) -> Ports {
        Ports { renderer: Arc::new(Words), transport: Arc::new(self.clone()) }
    }

    /// What was sent so far.
    pub(crate) fn posts(&self) -> Vec<Post> {
        self.state.posts.lock().expect("not poisoned").clone()
    }

    /// The bodies that were sent so far.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.posts().into_iter().map(|post| post.payload).collect()
    }

    /// The results of the next attempts; afterwards all succeed.
    pub(crate) fn answers(&self, results: impl IntoIterator<Item = AttemptResult>) {
        self.state.answers.lock().expect("not poisoned").extend(results);
    }

    /// From now on postings wait for permits.
    pub(crate) fn hold(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.state.gate.lock().expect("not poisoned") = Some(Arc::clone(&gate));
        gate
    }

    /// Postings wait no more.
    pub(crate) fn release(&self) {
        if let Some(gate) = self.state.gate.lock().expect("not poisoned").take() {
            gate.close();
        }
    }
}

impl WebhookTransport for Receiver {
    fn post(&self, post: Post) -> Posting {
        let state = Arc::clone(&self.state);
        state.posts.lock().expect("not poisoned").push(post);
        Box::pin(async move {
            let gate = state.gate.lock().expect("not poisoned").clone();
            if let Some(gate) = gate
                && let Ok(permit) = gate.acquire().await
            {
                permit.forget();
            }
            let answer = state.answers.lock().expect("not poisoned").pop_front();
            let result = answer.unwrap_or(AttemptResult::Status(200));
            Posted { result, response: String::new() }
        })
    }
}

/// Says who and what, in place of JSON.
struct Words;

impl WebhookRenderer for Words {
    fn render(&self, told: Told<'_>, _catalog: &Catalog) -> Option<String> {
        Some(match told {
            Told::OfUser { signal, state, awards } => {
                let what = if let SignalKind::PointsReported { added, total, .. } = signal {
                    format!("+{added} = {total} by {}", awards.len())
                } else {
                    signal.webhook_event()?.as_str().to_owned()
                };
                format!("{} {what}", state.id)
            }
            Told::OfBoost { boost, .. } => format!("boost {}", boost.id),
            Told::OfRanking { event, of, status, rows, .. } => {
                let rows = rows.iter().map(|row| format!("{} {}", row.user, row.score.value));
                let rows: Vec<_> = rows.collect();
                let group = of.group.map_or_else(|| "all".to_owned(), |own| own.0.join("/"));
                let (event, status) = (event.as_str(), status.as_str());
                let event = event.trim_start_matches("leaderboard.");
                let run = of.run.start;
                format!("{run} {event} {status} <{group}> [{}]", rows.join(", "))
            }
            Told::OfRank { state, of, previous, place } => {
                let shown = |own: Option<RankedValue>| {
                    own.map_or_else(
                        || "-".to_owned(),
                        |own| format!("{} ({})", own.rank, own.value),
                    )
                };
                format!("{} {} {} -> {}", of.run.start, state.id, shown(previous), shown(place))
            }
        })
    }
}
