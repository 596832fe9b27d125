//! sled as the tree.
//!
//! sled 0.34's `flush` writes and starts writeback but gives no barrier, and it never syncs the
//! blob files into which it puts large items: [`SledBackend::sync`] does both itself. Only blocking
//! `flush` is used (its asynchronous one deadlocks with concurrent batches), never `len` (it scans).
//! sled panics on some kinds of damage, so every call is guarded.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
};

use parking_lot::Mutex;

use super::{Backend, RawRows, RawWrite};
use crate::error::{Error, guarded};

/// A sled database in its own directory.
pub struct SledBackend {
    db: sled::Db,
    path: PathBuf,
    /// Blob files known to be on disk; sled never changes one after writing it.
    synced_blobs: Mutex<HashSet<OsString>>,
}

impl SledBackend {
    /// Opens the database at `path`, creating an empty one if there is none.
    ///
    /// # Errors
    /// [`Error::Io`] if the operating system refuses something, [`Error::Corrupt`] if sled can't
    /// make sense of its files or panics while trying.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<Self, Error> {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(cache_bytes)
            .mode(sled::Mode::HighThroughput)
            .flush_every_ms(None);
        let opened = guarded("opening sled", || Ok(config.open()));
        let db = match opened {
            Ok(Ok(db)) => db,
            Ok(Err(sled::Error::Io(error))) if error.raw_os_error().is_some() => {
                return Err(Error::io("opening sled", error));
            }
            Ok(Err(error)) => return Err(Error::corrupt("tree", error.to_string())),
            Err(panic) => return Err(Error::corrupt("tree", panic.to_string())),
        };
        let backend = Self { db, path: path.to_owned(), synced_blobs: Mutex::default() };
        backend.sync_settings()?;
        Ok(backend)
    }

    /// Makes the files beside `db`, which sled writes when it opens, durable.
    fn sync_settings(&self) -> Result<(), Error> {
        let sync = || {
            for entry in fs::read_dir(&self.path)? {
                File::open(entry?.path())?.sync_all()?;
            }
            File::open(&self.path)?.sync_all()
        };
        sync().map_err(|error| Error::io("syncing sled's settings", error))
    }

    fn sync_blobs(&self) -> Result<(), Error> {
        let dir = self.path.join("blobs");
        let failed = |error: std::io::Error| Error::io("syncing sled's blobs", error);
        let mut synced = self.synced_blobs.lock();
        let mut present = HashSet::new();
        for entry in fs::read_dir(&dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if !synced.contains(&name) {
                match File::open(dir.join(&name)) {
                    Ok(file) => file.sync_all().map_err(failed)?,
                    // sled removes a blob when its item is rewritten.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(failed(error)),
                }
            }
            present.insert(name);
        }
        if !present.is_subset(&synced) {
            File::open(&dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
        }
        *synced = present;
        Ok(())
    }
}

impl Backend for SledBackend {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        guarded("reading sled", || {
            let value = self.db.get(key).map_err(|error| Error::io("reading sled", error))?;
            Ok(value.map(|value| value.to_vec()))
        })
    }

    fn range(&self, start: Vec<u8>, end: Option<Vec<u8>>, reverse: bool) -> RawRows<'_> {
        let mut rows = match end {
            Some(end) => self.db.range(start..end),
            None => self.db.range(start..),
        };
        Box::new(std::iter::from_fn(move || {
            let next = guarded("reading sled", || {
                let next = if reverse { rows.next_back() } else { rows.next() };
                next.transpose().map_err(|error| Error::io("reading sled", error))
            });
            next.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec().into())))
                .transpose()
        }))
    }

    fn apply(&self, writes: Vec<RawWrite>) -> Result<(), Error> {
        let mut batch = sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key, value.as_ref()),
                None => batch.remove(key),
            }
        }
        guarded("writing sled", || {
            self.db.apply_batch(batch).map_err(|error| Error::io("writing sled", error))
        })
    }

    fn sync(&self) -> Result<(), Error> {
        guarded("flushing sled", || {
            self.db.flush().map_err(|error| Error::io("flushing sled", error))
        })?;
        self.sync_blobs()?;
        File::open(self.path.join("db"))
            .and_then(|file| file.sync_data())
            .map_err(|error| Error::io("syncing sled's file", error))
    }
}
