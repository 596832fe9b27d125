//! What is known about the last checkpoint: inside the tree and beside it.
//!
//! The same facts are kept twice. In the tree they say up to which positions its rows are complete.
//! In the `MARKER` file they say which checkpoint the tree must have reached at least: a tree that
//! opens empty, or older than the marker, has lost rows that the journal may no longer have. The
//! marker is text, so that an operator can read it.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{error::Error, shard::Positions};

/// Where the tree keeps its copy: shorter than every row's key.
pub(crate) const TREE_KEY: &[u8] = b"checkpoint";
/// Version of the whole data directory and of both copies.
const FORMAT: u8 = 1;
const FILE_NAME: &str = "MARKER";
const TITLE: &str =
    "accolade data directory: do not edit, back up together with everything beside it";

/// One checkpoint of one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The database: a random id given when it was created.
    pub(crate) database: Uuid,
    /// How many checkpoints there have been; 0 when it was created.
    pub(crate) number: u64,
    /// Everything up to these positions is in the tree.
    pub(crate) positions: Positions,
}

impl Checkpoint {
    /// The state of a new database.
    pub(crate) fn first(database: Uuid, shards: u16) -> Self {
        Self { database, number: 0, positions: Positions::none(shards) }
    }

    pub(crate) fn shards(&self) -> u16 {
        u16::try_from(self.positions.as_slice().len()).expect("the readers below refuse more")
    }

    /// version u8, database 16, number u64, then a position u64 per shard, all big-endian.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        out.extend_from_slice(self.database.as_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        for position in self.positions.as_slice() {
            out.extend_from_slice(&position.to_be_bytes());
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = || Error::corrupt("checkpoint record", "it doesn't decode");
        let (version, rest) = bytes.split_first().ok_or_else(wrong)?;
        if *version != FORMAT {
            return Err(Error::corrupt("checkpoint record", format!("unknown version {version}")));
        }
        let (database, rest) = rest.split_first_chunk::<16>().ok_or_else(wrong)?;
        let (number, rest) = rest.split_first_chunk::<8>().ok_or_else(wrong)?;
        let (positions, left_over) = rest.as_chunks::<8>();
        if !left_over.is_empty() || !is_shard_count(positions.len()) {
            return Err(wrong());
        }
        Ok(Self {
            database: Uuid::from_bytes(*database),
            number: u64::from_be_bytes(*number),
            positions: Positions::from_vec(
                positions.iter().map(|bytes| u64::from_be_bytes(*bytes)).collect(),
            ),
        })
    }
}

fn is_shard_count(count: usize) -> bool {
    (1..=usize::from(u16::MAX)).contains(&count)
}

/// The marker file of a data directory.
#[derive(Clone, Debug)]
pub(crate) struct Marker {
    dir: PathBuf,
}

impl Marker {
    pub(crate) fn in_dir(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The checkpoint it names; `None` if there is no marker.
    pub(crate) fn read(&self) -> Result<Option<Checkpoint>, Error> {
        match fs::read_to_string(self.dir.join(FILE_NAME)) {
            Ok(text) => parse(&text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("reading the marker", error)),
        }
    }

    /// Replaces the marker, durably: a crash leaves the old one or the new one.
    pub(crate) fn write(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let temporary = self.dir.join("MARKER.new");
        let replace = || {
            let mut file = File::create(&temporary)?;
            file.write_all(print(checkpoint).as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, self.dir.join(FILE_NAME))?;
            File::open(&self.dir)?.sync_all()
        };
        replace().map_err(|error| Error::io("writing the marker", error))
    }
}

fn print(checkpoint: &Checkpoint) -> String {
    let positions: Vec<String> =
        checkpoint.positions.as_slice().iter().map(u64::to_string).collect();
    let mut text = format!(
        "{TITLE}\nformat = {FORMAT}\ndatabase = {}\ncheckpoint = {}\nshards = {}\npositions = {}\n",
        checkpoint.database,
        checkpoint.number,
        positions.len(),
        positions.join(" ")
    );
    let checksum = crc32fast::hash(text.as_bytes());
    writeln!(text, "checksum = {checksum:08x}").expect("writing to a string doesn't fail");
    text
}

fn parse(text: &str) -> Result<Checkpoint, Error> {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))
            .ok_or_else(|| Error::corrupt("marker", format!("it has no `{name}`")))
    };
    let wrong =
        |name: &str| Error::corrupt("marker", format!("`{name}` is not a value of this field"));
    let format = field("format")?;
    if format != FORMAT.to_string() {
        return Err(Error::corrupt(
            "marker",
            format!("format {format} is not known to this version"),
        ));
    }
    let positions: Result<Vec<u64>, _> = field("positions")?.split(' ').map(str::parse).collect();
    if positions.as_ref().is_ok_and(|positions| !is_shard_count(positions.len())) {
        return Err(wrong("positions"));
    }
    let checkpoint = Checkpoint {
        database: field("database")?.parse().map_err(|_| wrong("database"))?,
        number: field("checkpoint")?.parse().map_err(|_| wrong("checkpoint"))?,
        positions: Positions::from_vec(positions.map_err(|_| wrong("positions"))?),
    };
    // Printing again must give the same text: that checks the checksum and every other line.
    if print(&checkpoint) == text {
        Ok(checkpoint)
    } else {
        Err(Error::corrupt("marker", "its checksum is wrong"))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Checkpoint, parse, print};
    use crate::shard::Positions;

    fn sample() -> Checkpoint {
        Checkpoint {
            database: Uuid::from_u128(7),
            number: 12,
            positions: Positions::from_vec(vec![3, 0, 900]),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(parse(&print(&sample())), Ok(sample()));
        assert_eq!(Checkpoint::decode(&sample().encode()), Ok(sample()));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let text = print(&sample());
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(parse(&changed).is_err(), "{changed}");
            }
        }
        let record = sample().encode();
        assert!(Checkpoint::decode(&record[..record.len() - 1]).is_err());
        assert!(Checkpoint::decode(&[]).is_err());
    }
}
