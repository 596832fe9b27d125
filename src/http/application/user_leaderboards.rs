//! `/users/{id}/leaderboards/{key}`: where a user stands. (C-LB-68 to C-LB-74)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::leaderboard::history;

use super::leaderboards::{leaderboard, named_run, select_run};
use super::{answer, settled};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments};
use crate::http::wire::failure::{Invalid, NotFound, Unauthorized};
use crate::http::wire::ranking::{Shown, UserLeaderboardResponse};

/// The most days of history, and how many there are unless asked otherwise. (C-LB-70)
const EVENTS_MAX: u32 = 100;
const EVENTS: u32 = 10;

/// The user's rank and value in one run of a leaderboard.
#[utoipa::path(
    get,
    path = "/users/{id}/leaderboards/{key}",
    operation_id = "users_leaderboard",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("key" = String, Path, description = "The leaderboard's key."),
        ("run" = Option<String>, Query, description = "A date in the run; by default the user's current one.", format = Date),
        ("numEvents" = Option<i32>, Query, description = "How many days of history, 0 to 100, by default 10."),
    ),
    responses(
        (status = 200, description = "Where the user stands.", body = UserLeaderboardResponse),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn get(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    query: Query,
) -> Result<Response, ApiError> {
    let user = segments.user_id()?;
    let events = query.integer("numEvents", 0, EVENTS_MAX, EVENTS)?;
    let named = named_run(&query)?;
    let applied = settled(&app, caller, user.clone()).await?;
    let board = leaderboard(&applied.catalog, segments.text("key")?, applied.now)?;
    let run = select_run(board, named, Some(applied.state.effective_day), applied.now)?;
    let place = app.engine.place(caller.scope, board, run, user.clone()).await?;
    let days = app.engine.rank_days(caller.scope, board, run, user, &place).await?;
    let history = history(&days, usize::try_from(events).expect("at most 100"));
    let shown =
        Shown { board, catalog: &applied.catalog, participants_max: app.settings.participants_max };
    Ok(answer(StatusCode::OK, UserLeaderboardResponse::new(shown, run, &place, history)))
}
