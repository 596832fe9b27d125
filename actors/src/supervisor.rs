//! The root of the actors: sees every failure, counts it, and puts back what must always be there.
//!
//! A user's activation that fails needs no successor: the next request to that user builds one from
//! what was committed, and so does the next move or read of a run. The catalog's writer, the timers
//! and the walker are always there, so they are started again.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::catalog::Catalogs;
use crate::counters::Counters;
use crate::leaderboard::Runs;
use crate::review::WalkContext;
use crate::timer::Timers;

/// The parent of all other actors.
pub(crate) struct Supervisor {
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) timers: Arc<Timers>,
    pub(crate) runs: Arc<Runs>,
    pub(crate) walk: Arc<WalkContext>,
    pub(crate) counters: Arc<Counters>,
}

impl Actor for Supervisor {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        self.runs.supervised_by(myself.get_cell());
        self.catalogs.start_actor(myself.get_cell())?;
        self.timers.start_actors(&myself.get_cell())?;
        self.walk.start_actor(myself.get_cell())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(child, error) => {
                self.counters.failures.add_one();
                tracing::error!(actor.id = %child.get_id(), %error, "an actor failed");
                if self.catalogs.is_actor(&child) {
                    self.catalogs.start_actor(myself.get_cell())?;
                } else if self.walk.is_actor(&child) {
                    self.walk.start_actor(myself.get_cell())?;
                }
                self.timers.replace_actor(&child, &myself.get_cell())?;
                self.runs.forget(&child);
            }
            SupervisionEvent::ActorStarted(_)
            | SupervisionEvent::ActorTerminated(..)
            | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}
