//! The commit thread: groups whatever is waiting, makes it durable, makes it visible, answers.
//!
//! It never waits to form a bigger group: while one fdatasync runs, the next group gathers by
//! itself. It is the only one that appends to the journal, so positions are handed out here.

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

use crate::{
    batch::Op,
    error::{Error, guarded},
    journal::Record,
    shard::{Positions, ShardId},
    shared::Shared,
};

/// Bytes of encoded batches after which a group takes no more.
const GROUP_BYTES_MAX: usize = 8 << 20;

/// A batch on its way, encoded by the task that commits it.
pub(crate) struct Commit {
    pub(crate) shard: ShardId,
    pub(crate) ops: Vec<Op>,
    pub(crate) payload: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Result<(), Error>>,
}

pub(crate) enum Message {
    Commit(Commit),
    /// Ends the thread; what is behind it in the queue is dropped, which answers it.
    Stop,
}

/// Starts the thread. It ends after [`Message::Stop`] or when every sender is gone.
pub(crate) fn start(
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Message>,
    group_max: usize,
) -> Result<JoinHandle<()>, Error> {
    let committer = Committer { last: shared.overlay.positions(), shared, queue, group_max };
    thread::Builder::new()
        .name("commit".into())
        .spawn(move || committer.run())
        .map_err(|error| Error::io("starting the commit thread", error))
}

struct Committer {
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Message>,
    group_max: usize,
    last: Positions,
}

impl Committer {
    fn run(mut self) {
        while let Ok(message) = self.queue.recv() {
            let (group, stop) = self.gather(message);
            if !group.is_empty() {
                self.commit(group);
            }
            if stop {
                return;
            }
        }
    }

    /// The first message and whatever else is waiting, up to the limits.
    fn gather(&self, first: Message) -> (Vec<Commit>, bool) {
        let mut group = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Stop => return (group, true),
                Message::Commit(commit) => {
                    bytes += commit.payload.len();
                    group.push(commit);
                }
            }
            let full = group.len() >= self.group_max || bytes >= GROUP_BYTES_MAX;
            next = if full { None } else { self.queue.try_recv().ok() };
        }
        (group, false)
    }

    fn commit(&mut self, mut group: Vec<Commit>) {
        if let Err(error) = self.append(&mut group) {
            for commit in group {
                // A caller that has gone away needs no answer.
                let _ = commit.answer.send(Err(error.clone()));
            }
            return;
        }
        let size = group.len();
        let mut answers = Vec::with_capacity(size);
        let positions = &mut self.last;
        let batches = group.into_iter().map(|commit| {
            let position = positions.at(commit.shard) + 1;
            positions.reach(commit.shard, position);
            answers.push(commit.answer);
            (commit.shard, position, commit.ops)
        });
        let (freed, active_bytes) = self.shared.overlay.apply(batches);
        self.shared.budget.add_permits(freed);
        self.shared.counters.count_group(size);
        if active_bytes >= self.shared.checkpoint_bytes {
            self.shared.requests.ask();
        }
        for answer in answers {
            let _ = answer.send(Ok(()));
        }
    }

    fn append(&self, group: &mut [Commit]) -> Result<(), Error> {
        self.shared.check()?;
        let mut next = self.last.clone();
        let records: Vec<Record> = group
            .iter_mut()
            .map(|commit| {
                let position = next.at(commit.shard) + 1;
                next.reach(commit.shard, position);
                Record {
                    shard: commit.shard,
                    position,
                    payload: std::mem::take(&mut commit.payload),
                }
            })
            .collect();
        guarded("writing the journal", || self.shared.journal.append(&records)).map_err(|error| {
            self.shared.fail("writing the journal", &error);
            Error::Failed { reason: self.shared.failure().unwrap_or_default().to_owned() }
        })
    }
}
