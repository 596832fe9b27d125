//! A copy of a store that goes on working, as of one instant, without stopping it.
//!
//! Rows are read in chunks while commits change some behind the reader; what they change is kept
//! beside and follows. A row's newest state always comes last, so whoever applies all parts in order
//! ends up with what the store held at the instant of the last one. As bytes, every part carries its
//! own checksum and the last one says how many there were: a copy that was cut off is none.
//!
//! [`Backup`] is the giving side, [`BackupDir`] the taking one: it makes a data directory like any
//! other, under another name until it is whole.

use std::{
    collections::VecDeque,
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{
    batch::{Batch, Op},
    error::Error,
    keys::KeyRange,
    options::Options,
    shard::ShardId,
    store::Store,
};

/// Rows in one part.
const PART_ROWS: usize = 256;
/// Changes that may gather before they are handed on in the midst of reading.
const CHANGES_BYTES: usize = 8 << 20;

/// Version of the form of parts.
const VERSION: u8 = 1;
const TAG_BEGIN: u8 = 1;
const TAG_FILE: u8 = 2;
const TAG_ROWS: u8 = 3;
const TAG_END: u8 = 4;
/// Tag, length of the content, checksum of both and of the content.
const HEAD_LEN: usize = 1 + 4 + 4;

/// Files that may lie beside the store, in its directory.
const FILES: [&str; 1] = ["master.key"];

/// One part of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Comes first.
    Begin {
        /// Shards of the database.
        shards: u16,
    },
    /// A small file that lies beside the store.
    File {
        /// Its name.
        name: String,
        /// What is in it.
        contents: Vec<u8>,
    },
    /// Rows as they are now, or not any more.
    Rows(Vec<Op>),
    /// Comes last.
    End {
        /// How many parts came before.
        parts: u64,
    },
}

/// A backup being made; ends it when dropped.
pub struct Backup {
    store: Store,
    /// What is still to be read; none when all of it was.
    unread: Option<KeyRange>,
    ready: VecDeque<Part>,
    given: u64,
    over: bool,
}

impl Backup {
    /// # Errors
    /// [`Error::BackupUnderWay`] while there is another one.
    pub(crate) fn new(store: Store, files: Vec<(String, Vec<u8>)>) -> Result<Self, Error> {
        if !store.overlay().follow() {
            return Err(Error::BackupUnderWay);
        }
        let mut ready = VecDeque::from([Part::Begin { shards: store.shards() }]);
        ready.extend(files.into_iter().map(|(name, contents)| Part::File { name, contents }));
        Ok(Self { store, unread: Some(KeyRange::all()), ready, given: 0, over: false })
    }

    /// Reads on until something is ready or there is nothing left.
    fn read_on(&mut self) -> Result<(), Error> {
        while self.ready.is_empty() && !self.over {
            let waiting = self.store.overlay().followed_bytes().ok_or(Error::BackupBehind)?;
            if waiting >= CHANGES_BYTES {
                self.take_changes(false)?;
            } else if let Some(range) = self.unread.take() {
                let rows = self.store.scan(&range, PART_ROWS)?;
                if rows.len() == PART_ROWS {
                    self.unread = rows.last().map(|(last, _)| range.after(last));
                }
                let ops = rows.into_iter().map(|(key, value)| Op::put(key, value));
                self.ready.push_back(Part::Rows(ops.collect()));
            } else {
                self.take_changes(true)?;
                self.over = true;
                let parts = self.given + self.ready.len() as u64;
                self.ready.push_back(Part::End { parts });
            }
        }
        Ok(())
    }

    fn take_changes(&mut self, last: bool) -> Result<(), Error> {
        let changes = self.store.overlay().followed(last).ok_or(Error::BackupBehind)?;
        let mut changes = changes.into_rows().map(|(key, row)| Op::of_row(key, row)).peekable();
        while changes.peek().is_some() {
            self.ready.push_back(Part::Rows(changes.by_ref().take(PART_ROWS).collect()));
        }
        Ok(())
    }
}

impl Iterator for Backup {
    type Item = Result<Part, Error>;

    /// The next part. Reads from disk.
    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.read_on() {
            self.over = true;
            return Some(Err(error));
        }
        self.given += 1;
        self.ready.pop_front().map(Ok)
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        if !self.over {
            self.store.overlay().followed(true);
        }
    }
}

impl Part {
    /// The part as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (tag, content) = match self {
            Self::Begin { shards } => (TAG_BEGIN, [&[VERSION], &shards.to_be_bytes()[..]].concat()),
            Self::File { name, contents } => {
                let length = u8::try_from(name.len()).expect("names of files are short");
                (TAG_FILE, [&[length], name.as_bytes(), contents].concat())
            }
            Self::Rows(ops) => {
                (TAG_ROWS, Batch { shard: ShardId::META, ops: ops.clone() }.encode())
            }
            Self::End { parts } => (TAG_END, parts.to_be_bytes().to_vec()),
        };
        let length = u32::try_from(content.len()).expect("a part is smaller than 4 GiB");
        let mut bytes = Vec::with_capacity(HEAD_LEN + content.len());
        bytes.push(tag);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&checksum(tag, length, &content).to_be_bytes());
        bytes.extend_from_slice(&content);
        bytes
    }

    fn decode(tag: u8, content: &[u8]) -> Result<Self, Error> {
        match (tag, content) {
            (TAG_BEGIN, &[VERSION, high, low]) => {
                Ok(Self::Begin { shards: u16::from_be_bytes([high, low]) })
            }
            (TAG_BEGIN, _) => Err(bad("it was made by another version")),
            (TAG_FILE, &[length, ref rest @ ..]) => {
                let (name, contents) = rest
                    .split_at_checked(usize::from(length))
                    .ok_or_else(|| bad("a file ends early"))?;
                let name = FILES.into_iter().find(|known| known.as_bytes() == name);
                let name = name.ok_or_else(|| bad("a file that is not known"))?.to_owned();
                Ok(Self::File { name, contents: contents.to_vec() })
            }
            (TAG_ROWS, _) => Ok(Self::Rows(Batch::decode(ShardId::META, content)?.ops)),
            (TAG_END, _) => match content.try_into() {
                Ok(parts) => Ok(Self::End { parts: u64::from_be_bytes(parts) }),
                Err(_) => Err(bad("its end is damaged")),
            },
            _ => Err(bad("a part of an unknown kind")),
        }
    }
}

/// Parts out of bytes that arrive in pieces.
#[derive(Debug, Default)]
pub struct PartDecoder {
    bytes: VecDeque<u8>,
}

impl PartDecoder {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The next part, once all of it has arrived.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it isn't what was sent.
    pub fn next_part(&mut self) -> Result<Option<Part>, Error> {
        let bytes = self.bytes.make_contiguous();
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD_LEN>() else { return Ok(None) };
        let [tag, a, b, c, d, checked @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]);
        let content_len = usize::try_from(length).map_err(|_| bad("a part is too long"))?;
        let Some(content) = rest.get(..content_len) else { return Ok(None) };
        if checksum(tag, length, content) != u32::from_be_bytes(checked) {
            return Err(bad("a checksum doesn't hold"));
        }
        let part = Part::decode(tag, content)?;
        self.bytes.drain(..HEAD_LEN + content_len);
        Ok(Some(part))
    }
}

fn checksum(tag: u8, length: u32, content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[tag]);
    hasher.update(&length.to_be_bytes());
    hasher.update(content);
    hasher.finalize()
}

fn bad(reason: &str) -> Error {
    Error::corrupt("backup", reason)
}

/// A data directory being made from the parts of a backup.
///
/// What is written goes below `DIR.partial`, which is left behind if it ends early and is taken
/// away by the next try.
pub struct BackupDir {
    dir: PathBuf,
    partial: PathBuf,
    /// None before the first part.
    store: Option<Store>,
    parts: u64,
    whole: bool,
}

impl BackupDir {
    /// A new directory `dir`.
    ///
    /// # Errors
    /// If there is something of that name, or the remains of an earlier try can't be removed.
    pub fn create(dir: &Path) -> Result<Self, Error> {
        let failed = |error| Error::io(dir.display().to_string(), error);
        if dir.try_exists().map_err(failed)? {
            return Err(failed(std::io::Error::other("it is there already")));
        }
        let name = dir.file_name().ok_or_else(|| failed(std::io::Error::other("not a name")))?;
        let partial = dir.with_file_name(format!("{}.partial", name.display()));
        if partial.try_exists().map_err(failed)? {
            fs::remove_dir_all(&partial).map_err(failed)?;
        }
        Ok(Self { dir: dir.to_owned(), partial, store: None, parts: 0, whole: false })
    }

    /// Takes the next part.
    ///
    /// # Errors
    /// If it doesn't come in its order, or can't be written.
    pub async fn take(&mut self, part: Part) -> Result<(), Error> {
        match (part, &self.store) {
            (Part::Begin { shards }, None) => {
                let options = Options { shards, ..Options::new(&self.partial) };
                self.store = Some(Store::open(&options)?);
            }
            (Part::File { name, contents }, Some(_)) => self.write_file(&name, &contents)?,
            (Part::Rows(ops), Some(store)) => {
                // One writer and nothing to replay after it: one shard will do.
                store.commit(Batch { shard: ShardId::META, ops }).await?;
            }
            (Part::End { parts }, Some(_)) if parts == self.parts => self.whole = true,
            (Part::End { .. }, Some(_)) => return Err(bad("parts of it are missing")),
            (Part::Begin { .. }, Some(_)) | (_, None) => {
                return Err(bad("its parts are in disorder"));
            }
        }
        self.parts += 1;
        Ok(())
    }

    /// Gives the directory its name. Answers how many parts it is made of.
    ///
    /// # Errors
    /// If the last part has not come, or the disk refuses something.
    pub fn finish(self) -> Result<u64, Error> {
        let store = self.store.filter(|_| self.whole).ok_or_else(|| bad("it ends early"))?;
        store.close()?;
        drop(store);
        let parent = self.dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        fs::rename(&self.partial, &self.dir)
            .and_then(|()| fs::File::open(parent)?.sync_all())
            .map_err(|error| Error::io(self.dir.display().to_string(), error))?;
        Ok(self.parts)
    }

    fn write_file(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        let path = self.partial.join(name);
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| {
            file.write_all(contents)?;
            file.sync_all()
        })
        .map_err(|error| Error::io(path.display().to_string(), error))
    }
}
