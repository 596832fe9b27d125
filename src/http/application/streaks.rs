//! `GET /streaks` and `GET /streaks/rankings`: the streaks of several users at once.
//! (C-STREAK-65 to 68)

use std::cmp::Reverse;
use std::collections::HashMap;

use actors::RankedLength;
use axum::Json;
use axum::extract::State;
use domain::ids::UserId;
use domain::user::{Command, Rejection, streak};
use tokio::task::JoinSet;

use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, USER_ID_FORM};
use crate::http::wire::failure::{Invalid, Unauthorized};
use crate::http::wire::scalar::At;
use crate::http::wire::streak::{BulkStreakItem, StreakRankingItem};

/// Most users of one request. (C-STREAK-66)
const USERS_MAX: usize = 100;

/// The most users of a ranking, and how many there are unless asked otherwise.
const RANKED_MAX: u32 = 100;
const RANKED: u32 = 10;

/// The streaks of up to 100 users, longest first; users that don't exist have none.
#[utoipa::path(
    get,
    path = "/streaks",
    operation_id = "streaks_list",
    tag = "Streaks",
    params(("userIds" = Vec<String>, Query, description = "The users' ids, repeated or separated by commas.")),
    responses(
        (status = 200, description = "The streaks.", body = Vec<BulkStreakItem>),
        Unauthorized, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn list(
    caller: Caller,
    State(app): State<App>,
    query: Query,
) -> Result<Json<Vec<BulkStreakItem>>, ApiError> {
    let ids = query.list("userIds");
    if ids.is_empty() || ids.len() > USERS_MAX {
        return Err(ApiError::invalid(format!("userIds must have 1 to {USERS_MAX} entries")));
    }
    let ids: Option<Vec<UserId>> = ids.into_iter().map(UserId::new).collect();
    let ids = ids.ok_or_else(|| ApiError::invalid(format!("userIds: {USER_ID_FORM}")))?;
    // Users are settled side by side: each waits for its own commit.
    let mut reads: JoinSet<_> = ids.into_iter().map(|id| read(app.clone(), caller, id)).collect();
    let mut streaks = Vec::with_capacity(reads.len());
    while let Some(read) = reads.join_next().await {
        streaks.push(read.expect("reads neither panic nor are aborted")?);
    }
    streaks.sort_by(|a, b| {
        (Reverse(a.streak_length), &a.user_id).cmp(&(Reverse(b.streak_length), &b.user_id))
    });
    Ok(Json(streaks))
}

async fn read(app: App, caller: Caller, user: UserId) -> Result<BulkStreakItem, ApiError> {
    let user_id = user.as_str().to_owned();
    let catalog = app.engine.catalog(caller.scope);
    match app.engine.run(caller.scope, user, catalog, Command::Settle).await {
        Ok(applied) => {
            let view = streak(&applied.state, &applied.catalog);
            Ok(BulkStreakItem {
                user_id,
                streak_length: view.length,
                extended: view.extended_at.map(At),
            })
        }
        Err(actors::Error::Rejected(Rejection::UserNotFound)) => {
            Ok(BulkStreakItem { user_id, streak_length: 0, extended: None })
        }
        Err(error) => Err(error.into()),
    }
}

/// The users with the longest streaks.
#[utoipa::path(
    get,
    path = "/streaks/rankings",
    operation_id = "streaks_rankings",
    tag = "Streaks",
    params(
        ("limit" = Option<i32>, Query, description = "How many users at most, 1 to 100, by default 10."),
        ("type" = Option<String>, Query, description = "`active` for current lengths, the default, or `longest` for the greatest ever."),
    ),
    responses(
        (status = 200, description = "Users with a streak, longest first.", body = Vec<StreakRankingItem>),
        Unauthorized, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn rankings(
    caller: Caller,
    State(app): State<App>,
    query: Query,
) -> Result<Json<Vec<StreakRankingItem>>, ApiError> {
    let limit = query.integer("limit", 1, RANKED_MAX, RANKED)?;
    let ranked = match query.text("type") {
        None | Some("active") => RankedLength::Active,
        Some("longest") => RankedLength::Longest,
        Some(_) => return Err(ApiError::invalid("type must be one of active, longest")),
    };
    let catalog = app.engine.catalog(caller.scope);
    let ranking = app.engine.streak_ranking(caller.scope, &catalog, ranked, limit as usize);
    let users = ranking.iter().map(|(user, _)| user.clone());
    let mut reads: JoinSet<_> = users.map(|user| name(app.clone(), caller, user)).collect();
    let mut names = HashMap::with_capacity(reads.len());
    while let Some(read) = reads.join_next().await {
        let (user, name) = read.expect("reads neither panic nor are aborted")?;
        names.insert(user, name);
    }
    let item = |(user, length): (UserId, u32)| StreakRankingItem {
        name: names.remove(&user).flatten(),
        user_id: user.to_string(),
        streak_length: length,
    };
    Ok(Json(ranking.into_iter().map(item).collect()))
}

async fn name(
    app: App,
    caller: Caller,
    user: UserId,
) -> Result<(UserId, Option<String>), ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let applied = app.engine.run(caller.scope, user.clone(), catalog, Command::Settle).await?;
    Ok((user, applied.state.profile.name.clone()))
}
