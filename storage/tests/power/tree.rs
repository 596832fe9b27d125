//! sled with a copy of its files taken at every sync: the least that a disk holds after a cut.
//!
//! A cut mixes that copy with what the files hold at that instant, block by block, because without
//! another sync the disk may have taken any of the newer blocks and none has to be there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use storage::{
    Error,
    backend::{Backend, RawRows, RawWrite, SledBackend},
};

use crate::{Random, files::PowerFiles};

const BLOCK: usize = 4096;

type Files = BTreeMap<PathBuf, Vec<u8>>;

#[derive(Clone)]
pub(crate) struct CopiedTree {
    sled: Arc<SledBackend>,
    dir: PathBuf,
    synced: Arc<Mutex<Files>>,
    journal: Arc<PowerFiles>,
}

impl CopiedTree {
    pub(crate) fn open(dir: &Path, journal: Arc<PowerFiles>) -> Result<Self, Error> {
        let sled = Arc::new(SledBackend::open(dir, 8 << 20)?);
        // What sled writes while opening is not synced, but what was there before is.
        let synced = Arc::new(Mutex::new(read_all(dir)));
        Ok(Self { sled, dir: dir.to_owned(), synced, journal })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes what survives a cut at this instant into `dir`.
    pub(crate) fn survive(&self, dir: &Path, random: &mut Random) {
        let current = read_all(&self.dir);
        let synced = self.synced.lock().expect("no panic");
        let mode = random.below(4);
        for (path, old) in synced.iter() {
            let new = current.get(path);
            let bytes = match (mode, new) {
                (0, _) | (_, None) => old.clone(),
                (1, Some(new)) => new.clone(),
                (_, Some(new)) => mixed(old, new, random),
            };
            write(dir, path, &bytes);
        }
        for (path, new) in current.iter().filter(|(path, _)| !synced.contains_key(*path)) {
            match (mode, random.below(3)) {
                (0, _) | (_, 0) => {}
                (1, _) => write(dir, path, new),
                (_, _) => write(dir, path, &mixed(&[], new, random)),
            }
        }
    }
}

fn mixed(old: &[u8], new: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = old.to_vec();
    bytes.resize(old.len().max(new.len()), 0);
    for (number, block) in new.chunks(BLOCK).enumerate() {
        if random.below(2) == 0 {
            let at = number * BLOCK;
            bytes[at..at + block.len()].copy_from_slice(block);
        }
    }
    bytes
}

fn write(dir: &Path, path: &Path, bytes: &[u8]) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().expect("it lies in a directory")).expect("writable");
    fs::write(path, bytes).expect("writable");
}

/// Every file below `dir`, by its path inside it.
fn read_all(dir: &Path) -> Files {
    let mut files = Files::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(next) = dirs.pop() {
        for entry in fs::read_dir(&next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                dirs.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                // A blob that sled has just removed is none.
                files.insert(path.strip_prefix(dir).expect("below it").to_owned(), bytes);
            }
        }
    }
    files
}

impl Backend for CopiedTree {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.sled.get(key)
    }

    fn range(&self, start: Vec<u8>, end: Option<Vec<u8>>, reverse: bool) -> RawRows<'_> {
        self.sled.range(start, end, reverse)
    }

    fn apply(&self, writes: Vec<RawWrite>) -> Result<(), Error> {
        self.sled.apply(writes)
    }

    fn sync(&self) -> Result<(), Error> {
        self.sled.sync()?;
        // Only the caller writes to sled, so the files still hold exactly what was synced.
        let files = read_all(&self.dir);
        self.journal.still(|| *self.synced.lock().expect("no panic") = files);
        Ok(())
    }
}
