//! Erasing a user: unknown at once, gone in as many steps as it takes. (C-USER-28 to C-USER-33)
//!
//! The first commit ends the user: without a snapshot nobody knows, settles, counts or ranks them. It
//! leaves a row that says that the rest has to go, which is the last one to go itself. Until then no
//! decision is made about anyone of that id, so new rows never meet old ones. Both run in the user's
//! activation, which gives them their place among the requests of that user.
//!
//! Every step may be done again, so a crash needs no care: the next start goes on ([`resume`]).

use std::sync::Arc;

use domain::ids::Scope;
use domain::user::UserState;

use crate::catalog::Catalogs;
use crate::clock;
use crate::error::Error;
use crate::router::Router;
use crate::rows;
use crate::schedule::RETRY_AFTER;
use crate::user::UserContext;
use crate::user_key::UserKey;

/// Ends a user who is `state` now.
///
/// # Errors
/// If that could not be made durable.
pub(crate) async fn begin(
    context: &UserContext,
    key: &UserKey,
    state: &UserState,
) -> Result<(), Error> {
    let _not_final_meanwhile = context.runs.changing_final().await;
    let recording = context.projections.recording().await;
    rows::begin_erasure(&context.store, key.scope, state).await?;
    recording.record_erasure(key.scope, state);
    context.runs.forget_user(key.scope, &key.user, state.scores.keys().copied());
    Ok(())
}

/// Removes whatever is left of a user who was ended; does nothing for anyone else.
///
/// # Errors
/// If storage fails: the rest is removed when this is next called.
pub(crate) async fn finish(context: &UserContext, key: &UserKey) -> Result<(), Error> {
    let Some(erasure) = rows::find_erasure(&context.store, key)? else { return Ok(()) };
    context.runs.erase(key).await?;
    context.webhooks.erase(&key.user).await?;
    rows::erase_history(&context.store, key.clone(), erasure).await?;
    Ok(())
}

/// Finishes what an earlier run of the engine left unfinished.
pub(crate) async fn resume(
    scope: Scope,
    context: Arc<UserContext>,
    router: Arc<Router>,
    catalogs: Arc<Catalogs>,
) {
    let pending = match rows::pending_erasures(&context.store, scope).await {
        Ok(pending) => pending,
        Err(error) => return tracing::error!(%error, "unfinished erasures can't be read"),
    };
    for user in pending {
        let key = UserKey { scope, user };
        // Whoever asks for a user has the erasure finished first.
        while let Err(error) = router.settle(&key, catalogs.current(scope)).await {
            match error {
                Error::Overloaded => clock::pause(RETRY_AFTER).await,
                Error::Rejected(_) => break,
                Error::Unavailable { .. } | Error::Internal => {
                    return tracing::error!(%error, "an erasure could not be finished");
                }
            }
        }
    }
}
