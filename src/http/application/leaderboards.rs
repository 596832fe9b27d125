//! `/leaderboards` and `/leaderboards/{key}`: which there are and who stands where. (C-LB-59 to 67)

use std::sync::Arc;

use actors::board::{Filter, Start};
use actors::leaderboard::Page;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::catalog::{Catalog, Leaderboard, LeaderboardStatus};
use domain::ids::{LeaderboardId, UserId};
use domain::leaderboard::Run;
use domain::time::{Date, Timestamp};
use domain::user::{Command, Rejection};

use super::achievements::read_user_attributes;
use super::answer;
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments, USER_ID_FORM};
use crate::http::wire::failure::{Invalid, NotFound, Unauthorized};
use crate::http::wire::ranking::{
    LeaderboardListItem, LeaderboardRanking, LeaderboardResponseWithRankings, Shown,
};

/// Rows of a page unless asked otherwise.
const ROWS: u32 = 10;

/// The active and scheduled leaderboards, oldest first.
#[utoipa::path(
    get,
    path = "/leaderboards",
    operation_id = "leaderboards_all",
    tag = "Leaderboards",
    params(("includeFinished" = Option<bool>, Query, description = "Lists finished ones too.")),
    responses(
        (status = 200, description = "The leaderboards.", body = Vec<LeaderboardListItem>),
        Unauthorized, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn all(
    caller: Caller,
    State(app): State<App>,
    query: Query,
) -> Result<Response, ApiError> {
    let with_finished = query.boolean("includeFinished", false)?;
    let (catalog, now) = (app.engine.catalog(caller.scope), app.engine.now());
    let participants_max = app.settings.participants_max;
    let listed = catalog.live_leaderboards().filter_map(|board| {
        let status = board.status(now);
        let is_listed = match status {
            LeaderboardStatus::Inactive => false,
            LeaderboardStatus::Scheduled | LeaderboardStatus::Active => true,
            LeaderboardStatus::Finished => with_finished,
        };
        let shown = Shown { board, catalog: &catalog, participants_max };
        is_listed.then(|| LeaderboardListItem::new(shown, status))
    });
    Ok(answer(StatusCode::OK, listed.collect::<Vec<_>>()))
}

/// A leaderboard with a part of the ranking of one run.
#[utoipa::path(
    get,
    path = "/leaderboards/{key}",
    operation_id = "leaderboards_get",
    tag = "Leaderboards",
    params(
        ("key" = String, Path, description = "The leaderboard's key."),
        ("offset" = Option<i32>, Query, description = "How many ranks to leave out, by default 0."),
        ("limit" = Option<i32>, Query, description = "How many ranks at most: up to those of the leaderboard, by default 10."),
        ("run" = Option<String>, Query, description = "A date in the run; by default the current one.", format = Date),
        ("userId" = Option<String>, Query, description = "Starts at this user's rank."),
        (
            "userAttributes" = Option<String>, Query,
            description = "Which groups, as `key:value,key2:value2`. Required on a leaderboard with breakdown attributes, and only there."
        ),
    ),
    responses(
        (status = 200, description = "The leaderboard.", body = LeaderboardResponseWithRankings),
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
    let request = Request { app, caller, segments, query };
    let Wanted { catalog, board, run, page, now } = request.judge().await?;
    let Request { app, .. } = request;
    let board = board_of(&catalog, board);
    let rows = app.engine.rankings(caller.scope, board, run, page).await?;
    let users = rows.iter().map(|row| row.user.clone()).collect();
    let names = app.engine.names(caller.scope, users).await?;
    let rankings = LeaderboardRanking::all(&rows, &names);
    let shown = Shown { board, catalog: &catalog, participants_max: app.settings.participants_max };
    let body = LeaderboardResponseWithRankings::new(shown, now, run, &rankings);
    Ok(answer(StatusCode::OK, body))
}

/// A request for a part of a ranking.
pub(super) struct Request {
    pub(super) app: App,
    pub(super) caller: Caller,
    pub(super) segments: Segments,
    pub(super) query: Query,
}

/// What such a request asks for, by the configuration and the clock of some moment.
pub(super) struct Wanted {
    pub(super) catalog: Arc<Catalog>,
    pub(super) board: LeaderboardId,
    pub(super) run: Run,
    pub(super) page: Page,
    pub(super) now: Timestamp,
}

impl Request {
    /// What is asked for, as of now.
    ///
    /// # Errors
    /// 404 and 422 as the contract says. (C-LB 4.7)
    pub(super) async fn judge(&self) -> Result<Wanted, ApiError> {
        let Self { app, caller, segments, query } = self;
        let offset = query.integer("offset", 0, u32::MAX, 0)?;
        let named = named_run(query)?;
        let user = query.text("userId").filter(|id| !id.is_empty()).map(|id| {
            UserId::new(id).ok_or_else(|| ApiError::invalid(format!("userId: {USER_ID_FORM}")))
        });
        let user = user.transpose()?;
        let catalog = app.engine.catalog(caller.scope);
        let board = leaderboard(&catalog, segments.text("key")?, app.engine.now())?;
        let filter = read_filter(app, query, &catalog, board)?;
        // Groups that are ranked together may be more than fit in one.
        let most = match filter.group() {
            Some(_) => board.seats(app.settings.participants_max),
            None => app.settings.participants_max,
        };
        let limit = query.integer("limit", 0, most, ROWS.min(most))?;
        let day = match &user {
            Some(user) => day_of(app, *caller, user).await?,
            None => None,
        };
        let now = app.engine.now();
        let run = select_run(board, named, day, now)?;
        let offset = u64::from(offset);
        let start = match user {
            Some(user) => Start::User { user, offset },
            None => Start::Offset(offset),
        };
        let page = Page { filter, start, limit: u64::from(limit) };
        let board = board.id;
        Ok(Wanted { catalog, board, run, page, now })
    }
}

/// The board that a request was found to be about.
pub(super) fn board_of(catalog: &Catalog, id: LeaderboardId) -> &Leaderboard {
    catalog.find_leaderboard(id).expect("it was found in this very catalog")
}

/// The leaderboard with this key, unless it is inactive. (C-LB-67)
///
/// # Errors
/// 404 if there is none.
pub(super) fn leaderboard<'a>(
    catalog: &'a Catalog,
    key: &str,
    now: Timestamp,
) -> Result<&'a Leaderboard, ApiError> {
    let board = catalog.find_leaderboard_by_key(key);
    board
        .filter(|board| board.status(now) != LeaderboardStatus::Inactive)
        .ok_or_else(|| ApiError::not_found("Leaderboard not found"))
}

/// The date that names a run. (C-LB-26)
///
/// # Errors
/// 422 if it is none.
pub(super) fn named_run(query: &Query) -> Result<Option<Date>, ApiError> {
    let named = query.text("run").filter(|date| !date.is_empty());
    let date = |text| {
        Date::parse(text).ok_or_else(|| ApiError::invalid("run must be a date (YYYY-MM-DD)"))
    };
    named.map(date).transpose()
}

/// The run that was named, else that of the user's day, else that of the UTC date. (C-LB-25)
///
/// # Errors
/// 404 if the named one doesn't exist or hasn't opened. (C-LB-26)
pub(super) fn select_run(
    board: &Leaderboard,
    named: Option<Date>,
    day: Option<Date>,
    now: Timestamp,
) -> Result<Run, ApiError> {
    match named {
        Some(date) => {
            board.runs.opened(date, now).ok_or_else(|| ApiError::not_found("Run not found"))
        }
        None => Ok(board.runs.current(day.unwrap_or_else(|| now.utc_date()))),
    }
}

/// The effective day of a user, settled; none if there is no such user.
async fn day_of(app: &App, caller: Caller, user: &UserId) -> Result<Option<Date>, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    match app.engine.run(caller.scope, user.clone(), catalog, Command::Settle).await {
        Ok(applied) => Ok(Some(applied.state.effective_day)),
        Err(actors::Error::Rejected(Rejection::UserNotFound)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Which groups are asked for. (C-LB-50 to C-LB-53)
fn read_filter(
    app: &App,
    query: &Query,
    catalog: &Catalog,
    board: &Leaderboard,
) -> Result<Filter, ApiError> {
    let text = query.text("userAttributes").filter(|text| !text.is_empty());
    let Some(text) = text else {
        if board.breakdown.is_empty() {
            return Ok(Filter::default());
        }
        return Err(ApiError::invalid(
            "userAttributes is required for leaderboards with breakdown attributes",
        ));
    };
    if board.breakdown.is_empty() {
        return Err(ApiError::invalid(
            "userAttributes is not permitted for leaderboards without breakdown attributes",
        ));
    }
    let mut wanted = read_user_attributes(text, catalog, &app.settings.console_base_url)?;
    let values = board.breakdown.iter().map(|attribute| wanted.remove(attribute)).collect();
    if wanted.is_empty() {
        return Ok(Filter(values));
    }
    Err(ApiError::invalid("userAttributes must name breakdown attributes of the leaderboard"))
}
