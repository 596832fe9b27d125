//! Reading a settled run: pages and places from its rows. (C-LB-16, C-LB-62 to C-LB-65)

use domain::ids::UserId;
use domain::leaderboard::Place;
use storage::{Error, Store};

use super::{Page, RunKey, UserPlace};
use crate::board::{Row, Start};
use crate::rows;

/// A page; none if the run isn't settled.
pub(crate) async fn rows(
    store: &Store,
    key: RunKey,
    page: Page,
) -> Result<Option<Vec<Row>>, Error> {
    if rows::find_settled(store, key)?.is_none() {
        return Ok(None);
    }
    let read = rows::blocking(store, move |store| {
        let Page { filter, start, limit } = page;
        let all = match filter.group() {
            Some(group) => {
                let Some(skipped) = skipped(store, key, &start, |own| *own == group)? else {
                    return Ok(Vec::new());
                };
                return rows::settled_rows(store, key, &group, skipped, limit);
            }
            None => merged(rows::settled_groups(store, key, |group| filter.matches(group))?),
        };
        let first = match start {
            Start::Offset(offset) => Some(offset),
            Start::User { user, offset } => {
                let own = all.iter().find(|row| row.user == user);
                own.map(|row| (row.rank - 1).saturating_add(offset))
            }
        };
        let first = first.map_or(all.len(), |first| usize::try_from(first).unwrap_or(usize::MAX));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(all.into_iter().skip(first).take(limit).collect())
    });
    read.await.map(Some)
}

/// Where a user ended up; none if the run isn't settled.
pub(crate) async fn place(
    store: &Store,
    key: RunKey,
    user: UserId,
) -> Result<Option<UserPlace>, Error> {
    if rows::find_settled(store, key)?.is_none() {
        return Ok(None);
    }
    let read = rows::blocking(store, move |store| {
        if let Some(place) = rows::find_settled_place(store, key, &user)? {
            let row =
                rows::settled_rows(store, key, &place.group, place.rank - 1, 1)?.into_iter().next();
            return Ok(UserPlace { group: Some(place.group), row });
        }
        let score = rows::find_score(store, key, &user)?;
        Ok(UserPlace { group: score.and_then(|score| score.group), row: None })
    });
    read.await.map(Some)
}

/// How many ranks stand before a page of one group; none if it starts at a user who isn't in it.
fn skipped(
    store: &Store,
    key: RunKey,
    start: &Start,
    is_group: impl Fn(&domain::leaderboard::Group) -> bool,
) -> Result<Option<u64>, Error> {
    match start {
        Start::Offset(offset) => Ok(Some(*offset)),
        Start::User { user, offset } => {
            let place = rows::find_settled_place(store, key, user)?;
            let place = place.filter(|place| is_group(&place.group));
            Ok(place.map(|place| (place.rank - 1).saturating_add(*offset)))
        }
    }
}

/// Rows of several groups as one ranking. (C-LB-53)
fn merged(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_cached_key(|row| Place::of(row.score, row.user.clone()));
    for (rank, row) in (1..).zip(&mut rows) {
        row.rank = rank;
    }
    rows
}
