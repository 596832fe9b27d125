//! The stored form of one group: what one fdatasync makes durable.
//!
//! ```text
//! index u64 | magic 4 | version u8 | records u32 | crc32 of the fields before u32
//! per record: shard u16 | position u64 | length u32 | payload
//! ```
//!
//! All integers are big-endian. The journal engine checks the body; the header's own checksum is for
//! [`newest_index`], which looks for groups in a raw file when the engine has cut its tail off.

use super::Record;
use crate::{error::Error, shard::ShardId};

const MAGIC: [u8; 4] = [0xac, 0xc0, 0x1a, 0xde];
const GROUP_VERSION: u8 = 1;
const CHECKED_LEN: usize = 8 + 4 + 1 + 4;
const HEADER_LEN: usize = CHECKED_LEN + 4;
const RECORD_HEADER_LEN: usize = 2 + 8 + 4;

/// Encodes the group with this index.
pub(super) fn encode(index: u64, group: &[Record]) -> Vec<u8> {
    let body: usize = group.iter().map(|record| RECORD_HEADER_LEN + record.payload.len()).sum();
    let mut out = Vec::with_capacity(HEADER_LEN + body);
    out.extend_from_slice(&index.to_be_bytes());
    out.extend_from_slice(&MAGIC);
    out.push(GROUP_VERSION);
    out.extend_from_slice(&length(group.len()).to_be_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
    for record in group {
        out.extend_from_slice(&record.shard.0.to_be_bytes());
        out.extend_from_slice(&record.position.to_be_bytes());
        out.extend_from_slice(&length(record.payload.len()).to_be_bytes());
        out.extend_from_slice(&record.payload);
    }
    out
}

/// The index of an encoded group: its first eight bytes.
pub(super) fn index(group: &[u8]) -> u64 {
    group.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// A record as it is read: shard, position, payload.
pub(super) type Stored<'a> = (ShardId, u64, &'a [u8]);

/// The records of an encoded group; every length is checked and nothing may be left over.
pub(super) fn decode(group: &[u8]) -> Result<Vec<Stored<'_>>, Error> {
    let (version, count) = header(group).ok_or_else(|| bad(group, "its header is damaged"))?;
    if version != GROUP_VERSION {
        return Err(bad(group, &format!("unknown version {version}")));
    }
    let mut records = Vec::new();
    let mut rest = &group[HEADER_LEN..];
    for _ in 0..count {
        let (record, tail) = split_record(rest).ok_or_else(|| bad(group, "it ends early"))?;
        records.push(record);
        rest = tail;
    }
    if rest.is_empty() { Ok(records) } else { Err(bad(group, "bytes after its end")) }
}

/// The highest index of any group whose header lies in `file`, the raw bytes of a journal file.
///
/// A power cut can tear only the one group that was being written. So if this is more than one above
/// the last group that the engine still has after cutting the tail, what was cut was not a torn tail
/// but damage in front of acknowledged groups.
pub(super) fn newest_index(file: &[u8]) -> Option<u64> {
    memchr::memmem::find_iter(file, &MAGIC)
        .filter_map(|at| file.get(at.checked_sub(8)?..))
        .filter(|group| header(group).is_some())
        .map(index)
        .max()
}

/// Version and record count, if the header is whole.
fn header(group: &[u8]) -> Option<(u8, u32)> {
    let (checked, rest) = group.split_at_checked(CHECKED_LEN)?;
    let crc = u32::from_be_bytes(*rest.first_chunk()?);
    let intact = checked[8..12] == MAGIC && crc32fast::hash(checked) == crc;
    let count = u32::from_be_bytes(*checked.last_chunk()?);
    intact.then_some((checked[12], count))
}

fn split_record(bytes: &[u8]) -> Option<(Stored<'_>, &[u8])> {
    let (shard, rest) = bytes.split_first_chunk::<2>()?;
    let (position, rest) = rest.split_first_chunk::<8>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (payload, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    Some(((ShardId(u16::from_be_bytes(*shard)), u64::from_be_bytes(*position), payload), rest))
}

fn length(len: usize) -> u32 {
    u32::try_from(len).expect("batches are limited to less than 4 GiB")
}

fn bad(group: &[u8], reason: &str) -> Error {
    Error::corrupt(format!("journal group {}", index(group)), reason)
}

#[cfg(test)]
mod tests {
    use super::{Record, decode, encode, index, newest_index};
    use crate::shard::ShardId;

    fn sample() -> Vec<Record> {
        vec![
            Record { shard: ShardId(1), position: 7, payload: vec![1, 2, 3] },
            Record { shard: ShardId(63), position: 1, payload: Vec::new() },
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = encode(42, &sample());
        assert_eq!(index(&bytes), 42);
        let records = decode(&bytes).expect("whole");
        assert_eq!(records, vec![(ShardId(1), 7, &[1, 2, 3][..]), (ShardId(63), 1, &[][..])]);
    }

    #[test]
    fn every_truncation_and_every_damaged_header_is_an_error() {
        let bytes = encode(42, &sample());
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len]).is_err(), "{len}");
        }
        for at in 0..super::HEADER_LEN {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert!(decode(&wrong).is_err(), "{at}");
        }
        assert!(decode(&[bytes.as_slice(), &[0]].concat()).is_err());
    }

    #[test]
    fn groups_are_found_in_raw_bytes() {
        let file =
            [&[0; 100][..], &encode(8, &sample()), b"noise", &encode(9, &sample())[..25]].concat();
        assert_eq!(newest_index(&file), Some(9));
        assert_eq!(newest_index(&file[..file.len() - 10]), Some(8), "a header cut short is none");
        assert_eq!(newest_index(b"nothing"), None);
    }
}
