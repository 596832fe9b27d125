//! A batch: the unit of durability, and its form in the journal.
//!
//! A batch belongs to one shard and is applied whole or not at all. Its encoding is made by the
//! task that commits (not by the commit thread), carries its own version, and is checked again,
//! operation by operation, when it is read; checksums are the journal's business.

use bytes::Bytes;

use crate::{error::Error, keys::Key, shard::ShardId};

/// Version of the encoding below.
const BATCH_VERSION: u8 = 1;
const TAG_PUT: u8 = 1;
const TAG_DELETE: u8 = 2;
/// What one row costs in memory beyond its key and value: map node, reference counts.
const ROW_OVERHEAD_BYTES: usize = 96;

/// Changes to rows of one shard, committed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The shard that owns every key in the batch. A key must always be written through the same
    /// shard: shards are replayed independently of each other.
    pub shard: ShardId,
    /// The changes, in order: of two changes to one key the later one counts.
    pub ops: Vec<Op>,
}

/// One change to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes a row, over an older one if there is one.
    Put {
        /// Its key.
        key: Key,
        /// Its value, starting with its version.
        value: Bytes,
    },
    /// Removes a row if it is there.
    Delete {
        /// Its key.
        key: Key,
    },
}

impl Op {
    /// A change that writes a row.
    pub fn put(key: Key, value: impl Into<Bytes>) -> Self {
        Self::Put { key, value: value.into() }
    }

    pub(crate) fn of_row(key: Key, row: Option<Bytes>) -> Self {
        match row {
            Some(value) => Self::Put { key, value },
            None => Self::Delete { key },
        }
    }

    pub(crate) fn into_row(self) -> (Key, Option<Bytes>) {
        match self {
            Self::Put { key, value } => (key, Some(value)),
            Self::Delete { key } => (key, None),
        }
    }

    fn cost(&self) -> usize {
        match self {
            Self::Put { key, value } => row_cost(key, Some(value)),
            Self::Delete { key } => row_cost(key, None),
        }
    }
}

/// Bytes that a row takes of the overlay's budget.
pub(crate) fn row_cost(key: &Key, value: Option<&Bytes>) -> usize {
    ROW_OVERHEAD_BYTES + key.as_bytes().len() + value.map_or(0, Bytes::len)
}

impl Batch {
    /// An empty batch of `shard`.
    #[must_use]
    pub fn new(shard: ShardId) -> Self {
        Self { shard, ops: Vec::new() }
    }

    pub(crate) fn cost(&self) -> usize {
        self.ops.iter().map(Op::cost).sum()
    }

    /// version u8, count u32, then per operation: tag u8, key length u32, key and for a put value
    /// length u32, value. All integers big-endian.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.cost());
        out.push(BATCH_VERSION);
        put_len(&mut out, self.ops.len());
        for op in &self.ops {
            match op {
                Op::Put { key, value } => {
                    out.push(TAG_PUT);
                    put_bytes(&mut out, key.as_bytes());
                    put_bytes(&mut out, value);
                }
                Op::Delete { key } => {
                    out.push(TAG_DELETE);
                    put_bytes(&mut out, key.as_bytes());
                }
            }
        }
        out
    }

    /// The inverse of [`Batch::encode`]; every length and key is checked, nothing may be left over.
    pub(crate) fn decode(shard: ShardId, bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Input { rest: bytes };
        let version = input.byte()?;
        if version != BATCH_VERSION {
            return Err(bad(format!("unknown batch version {version}")));
        }
        let count = input.length()?;
        let mut ops = Vec::with_capacity(count.min(bytes.len()));
        for _ in 0..count {
            let tag = input.byte()?;
            let key = Key::from_stored(input.bytes()?)?;
            ops.push(match tag {
                TAG_PUT => Op::Put { key, value: Bytes::copy_from_slice(input.bytes()?) },
                TAG_DELETE => Op::Delete { key },
                _ => return Err(bad(format!("unknown operation {tag}"))),
            });
        }
        if input.rest.is_empty() {
            Ok(Self { shard, ops })
        } else {
            Err(bad("bytes after its end"))
        }
    }
}

fn bad(reason: impl Into<String>) -> Error {
    Error::corrupt("journal batch", reason)
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    let len = u32::try_from(len).expect("batches are limited to less than 4 GiB");
    out.extend_from_slice(&len.to_be_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or_else(|| bad("it ends early"))?;
        self.rest = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?[0])
    }

    fn length(&mut self) -> Result<usize, Error> {
        let bytes = self.take(4)?.try_into().expect("four bytes were taken");
        usize::try_from(u32::from_be_bytes(bytes)).map_err(|_| bad("a length beyond this machine"))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let len = self.length()?;
        self.take(len)
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Op};
    use crate::{keys::Key, shard::ShardId};

    fn sample() -> Batch {
        let ops = vec![
            Op::put(Key::instance("a"), vec![1, 2, 3]),
            Op::Delete { key: Key::instance("b") },
        ];
        Batch { shard: ShardId(3), ops }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Batch::decode(ShardId(3), &sample().encode()), Ok(sample()));
    }

    #[test]
    fn every_truncation_and_every_unknown_tag_is_an_error() {
        let bytes = sample().encode();
        for len in 0..bytes.len() {
            assert!(Batch::decode(ShardId(3), &bytes[..len]).is_err(), "{len}");
        }
        for at in [0, 5] {
            let mut wrong = bytes.clone();
            wrong[at] = 9;
            assert!(Batch::decode(ShardId(3), &wrong).is_err(), "{at}");
        }
        assert!(Batch::decode(ShardId(3), &[bytes.as_slice(), &[0]].concat()).is_err());
    }
}
