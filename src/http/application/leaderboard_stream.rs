//! `/leaderboards/{key}/stream`: a part of a ranking, and whatever becomes of it. (C-LB-86 to 93)
//!
//! A stream is the request for rankings that never ends: it is judged like one at its start, with
//! every heartbeat, and when its run is over, and whatever differs from what was shown is told. So
//! midnights, renamed users and changes of configuration need no care of their own. What a reader
//! knows is identified by a fingerprint of it, which needs no memory of who was told what.

use std::collections::VecDeque;
use std::convert::Infallible;

use actors::board::Row;
use actors::leaderboard::{Followed, Follower};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::leaderboards::{Request, Wanted, board_of};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Query, Segments};
use crate::http::wire::failure::{Invalid, NotFound, NotNow, Unauthorized};
use crate::http::wire::ranking::{
    LeaderboardChanges, LeaderboardRanking, LeaderboardResponseWithRankings,
    LeaderboardRunFinished, Shown,
};

/// What a client sends when it comes back: the latest id it saw.
const LAST_EVENT_ID: &str = "last-event-id";

/// Bytes of an event's id; each is written as two digits.
const ID_BYTES: usize = 16;

/// A part of a ranking as server-sent events: what it is, then what changes, until the run is over.
#[utoipa::path(
    get,
    path = "/leaderboards/{key}/stream",
    operation_id = "leaderboards_stream",
    tag = "Leaderboards",
    params(
        ("key" = String, Path, description = "The leaderboard's key."),
        ("offset" = Option<i32>, Query, description = "How many ranks to leave out, by default 0."),
        ("limit" = Option<i32>, Query, description = "How many ranks at most: up to those of the leaderboard, by default 10."),
        ("run" = Option<String>, Query, description = "A date in the run; by default the current one, and the next one when that begins.", format = Date),
        ("userId" = Option<String>, Query, description = "Starts at this user's rank."),
        (
            "userAttributes" = Option<String>, Query,
            description = "Which groups, as `key:value,key2:value2`. Required on a leaderboard with breakdown attributes, and only there."
        ),
        (
            "Last-Event-ID" = Option<String>, Header,
            description = "The id of the last event that was seen: if the page is still the same, no `snapshot` is sent."
        ),
    ),
    responses(
        (
            status = 200,
            description = "Events whose data is JSON: `snapshot` with the body of `GET /leaderboards/{key}`; `changed` with LeaderboardChanges; at the end `finished` with LeaderboardRunFinished, `closed` or `lagged` with ErrorBody.",
            body = String, content_type = "text/event-stream"
        ),
        Unauthorized, NotFound, Invalid, NotNow,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn stream(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let request = Request { app, caller, segments, query };
    let wanted = request.judge().await?;
    let mut follower = request.app.engine.follow(wanted.board).ok_or_else(|| {
        let message = "Too many streams of this leaderboard are open, try again later";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message)
    })?;
    let opened = open(&request, wanted, &mut follower).await?;
    let seen = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let live = Live::starting(request, follower, opened, seen);
    // Proxies that collect answers before they pass them on would hold events back.
    let unbuffered = [("x-accel-buffering", "no")];
    Ok((unbuffered, Sse::new(unfold(live, Live::step))).into_response())
}

/// A page with everything around it.
struct Opened {
    /// The answer to a request for rankings, but for the rankings.
    head: String,
    rankings: Vec<LeaderboardRanking>,
    is_final: bool,
    wanted: Wanted,
}

/// Begins to follow what is wanted.
async fn open(
    request: &Request,
    wanted: Wanted,
    follower: &mut Follower,
) -> Result<Opened, ApiError> {
    let Request { app, caller: Caller { scope }, .. } = request;
    let board = board_of(&wanted.catalog, wanted.board);
    let first = app.engine.watch(follower, *scope, board, wanted.run, wanted.page.clone()).await?;
    let users = first.rows.iter().map(|row| row.user.clone()).collect();
    let rankings = LeaderboardRanking::all(&first.rows, &app.engine.names(*scope, users).await?);
    let head = body(app, &wanted, &[]);
    Ok(Opened { head, rankings, is_final: first.is_final, wanted })
}

/// The answer to a request for rankings.
fn body(app: &App, wanted: &Wanted, rankings: &[LeaderboardRanking]) -> String {
    let shown = Shown {
        board: board_of(&wanted.catalog, wanted.board),
        catalog: &wanted.catalog,
        participants_max: app.settings.participants_max,
    };
    json(&LeaderboardResponseWithRankings::new(shown, wanted.now, wanted.run, rankings))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("wire types have only text keys")
}

/// A stream on its way.
struct Live {
    request: Request,
    follower: Follower,
    /// What the reader knows once everything waiting is sent.
    known: Opened,
    waiting: VecDeque<Event>,
    is_over: bool,
}

impl Live {
    fn starting(request: Request, follower: Follower, known: Opened, seen: Option<&str>) -> Self {
        let mut live = Self { request, follower, known, waiting: VecDeque::new(), is_over: false };
        if seen != Some(live.id().as_str()) {
            live.tell_snapshot();
        }
        live.end_if_final();
        live
    }

    /// The next event, when there is one.
    async fn step(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((Ok(event), self));
            }
            if self.is_over {
                return None;
            }
            let told = match self.follower.next().await {
                Followed::Page(rows) => self.tell_page(&rows).await,
                Followed::RunEnded => self.look_again().await,
                Followed::Beat => {
                    let told = self.look_again().await;
                    self.waiting.push_back(Event::default().comment("still there"));
                    told
                }
                Followed::Lagged => {
                    let error = "The stream was read too slowly";
                    self.end("lagged", &ErrorBody { error });
                    Ok(())
                }
                Followed::Stopping => return None,
            };
            match told {
                Ok(()) => {}
                // The reader comes back by itself, with what it knows.
                Err(error) if error.is_fault() => self.is_over = true,
                Err(error) => self.end("closed", &error.body()),
            }
        }
    }

    /// Tells what of another page is new. Who was shown before keeps the name they had then.
    async fn tell_page(&mut self, rows: &[Row]) -> Result<(), ApiError> {
        let mut names = LeaderboardRanking::names(&self.known.rankings);
        let users = rows.iter().map(|row| &row.user).filter(|user| !names.contains_key(user));
        let users = users.cloned().collect();
        let Request { app, caller, .. } = &self.request;
        names.extend(app.engine.names(caller.scope, users).await?);
        self.tell_rankings(LeaderboardRanking::all(rows, &names));
        Ok(())
    }

    /// Judges the request anew and tells what has become of it.
    async fn look_again(&mut self) -> Result<(), ApiError> {
        let wanted = self.request.judge().await?;
        if wanted.board != self.known.wanted.board {
            // Another one got the key.
            return Err(ApiError::not_found("Leaderboard not found"));
        }
        let opened = open(&self.request, wanted, &mut self.follower).await?;
        if opened.head == self.known.head {
            let Opened { rankings, is_final, .. } = opened;
            self.known.is_final = is_final;
            self.tell_rankings(rankings);
        } else {
            self.known = opened;
            self.tell_snapshot();
        }
        self.end_if_final();
        Ok(())
    }

    fn tell_snapshot(&mut self) {
        let Opened { wanted, rankings, .. } = &self.known;
        let data = body(&self.request.app, wanted, rankings);
        self.tell("snapshot", data);
    }

    fn tell_rankings(&mut self, rankings: Vec<LeaderboardRanking>) {
        let before = std::mem::replace(&mut self.known.rankings, rankings);
        let changes = LeaderboardChanges::between(&before, &self.known.rankings);
        if let Some(data) = changes.map(|changes| json(&changes)) {
            self.tell("changed", data);
        }
    }

    fn tell(&mut self, name: &str, data: String) {
        let event = Event::default().event(name).id(self.id()).data(data);
        self.waiting.push_back(event);
    }

    fn end_if_final(&mut self) {
        if self.known.is_final {
            self.end("finished", &LeaderboardRunFinished::from(self.known.wanted.run));
        }
    }

    /// Says why, and ends.
    fn end(&mut self, name: &str, why: &impl Serialize) {
        self.waiting.push_back(Event::default().event(name).data(json(why)));
        self.is_over = true;
    }

    /// A fingerprint of everything the reader knows, the same on every server and after a restart.
    /// (C-LB-90)
    fn id(&self) -> String {
        let Opened { head, rankings, .. } = &self.known;
        let digest = Sha256::new().chain_update(head).chain_update(json(rankings)).finalize();
        digest.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}
