//! One process per data directory.
//!
//! An advisory lock on a file in the directory, held as long as the store is open and released by
//! the operating system whatever happens to the process.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use crate::error::Error;

/// The held lock.
#[derive(Debug)]
pub(crate) struct DirLock {
    _file: File,
}

impl DirLock {
    /// Locks `dir`, creating it if it is missing.
    pub(crate) fn acquire(dir: &Path) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::io(format!("locking {}", dir.display()), error);
        fs::create_dir_all(dir).map_err(failed)?;
        let file = File::create(dir.join("LOCK")).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { dir: dir.to_owned() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
