//! A file system for the journal that remembers what was synced and what was not.
//!
//! Files are real, so that the journal works as ever; beside each, the bytes of its last sync and
//! every write since are kept. A cut writes into another directory what a disk may hold: synced
//! bytes always, unsynced writes any of them, whole or in part, and deleted files perhaps again.
//! The life that was cut goes on as a ghost in its own directory, where it does no harm.

use std::{
    collections::HashMap,
    fs,
    io::{Error, ErrorKind, Read, Result, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use raft_engine::env::{DefaultFileSystem, FileSystem, Handle, Permission, WriteExt};

use crate::Random;

type RealHandle = <DefaultFileSystem as FileSystem>::Handle;
type RealReader = <DefaultFileSystem as FileSystem>::Reader;
type RealWriter = <DefaultFileSystem as FileSystem>::Writer;

const SECTOR: usize = 512;

#[derive(Clone, Default)]
pub(crate) struct PowerFiles {
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    files: HashMap<PathBuf, FileState>,
    deleted: Vec<(PathBuf, FileState)>,
    cut: bool,
    fault: Option<Fault>,
}

/// What the disk refuses from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Every write: it is full.
    Full,
    /// Every sync: it is broken.
    NoSync,
}

#[derive(Clone, Default)]
struct FileState {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Resize { len: usize },
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => write_at(file, *offset, bytes),
            Self::Resize { len } => file.resize(*len, 0),
        }
    }

    /// A part of a write, by sectors; a change of size happens or doesn't.
    fn apply_partly(&self, file: &mut Vec<u8>, random: &mut Random) {
        match self {
            Self::Write { offset, bytes } => {
                let first_len = SECTOR - offset % SECTOR;
                let (first, rest) = bytes.split_at(first_len.min(bytes.len()));
                let sectors = std::iter::once(first).chain(rest.chunks(SECTOR));
                let mut at = *offset;
                for sector in sectors {
                    if random.below(2) == 0 {
                        write_at(file, at, sector);
                    }
                    at += sector.len();
                }
            }
            Self::Resize { len } => {
                if random.below(2) == 0 {
                    file.resize(*len, 0);
                }
            }
        }
    }
}

fn write_at(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    file.resize(file.len().max(offset + bytes.len()), 0);
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl FileState {
    fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            change.apply(&mut self.synced);
        }
    }

    /// One of the contents that the disk may have after a cut.
    fn survive(&self, random: &mut Random) -> Vec<u8> {
        let mut file = self.synced.clone();
        match random.below(4) {
            0 => {}
            1 => self.unsynced.iter().for_each(|change| change.apply(&mut file)),
            2 => {
                let whole =
                    usize::try_from(random.below(self.unsynced.len() as u64 + 1)).expect("small");
                self.unsynced[..whole].iter().for_each(|change| change.apply(&mut file));
                if let Some(torn) = self.unsynced.get(whole) {
                    torn.apply_partly(&mut file, random);
                }
            }
            _ => self.unsynced.iter().for_each(|change| change.apply_partly(&mut file, random)),
        }
        file
    }
}

impl PowerFiles {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn break_down(&self, fault: Fault) {
        self.world().fault = Some(fault);
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.world().cut
    }

    /// Runs `step` at one instant: no write, sync or deletion of the journal happens meanwhile.
    pub(crate) fn still<T>(&self, step: impl FnOnce() -> T) -> T {
        let _still = self.world();
        step()
    }

    /// Cuts the power: writes what survives of the journal into `dir`, and lets `others` do the same
    /// at the same instant.
    pub(crate) fn cut(&self, dir: &Path, random: &mut Random, others: impl FnOnce(&mut Random)) {
        let mut world = self.world();
        world.cut = true;
        let again: Vec<_> =
            world.deleted.iter().filter(|_| random.below(3) == 0).cloned().collect();
        for (path, state) in world.files.iter().chain(again.iter().map(|(p, s)| (p, s))) {
            let name = path.file_name().expect("a file");
            fs::write(dir.join(name), state.survive(random)).expect("writable");
        }
        others(random);
    }

    fn opened(&self, path: &Path, real: RealHandle) -> PowerHandle {
        // What is there when a life starts was there after the last cut.
        let bytes = fs::read(path).expect("it was just opened");
        self.world()
            .files
            .entry(path.to_owned())
            .or_insert_with(|| FileState { synced: bytes, unsynced: Vec::new() });
        PowerHandle { real: Arc::new(real), path: path.to_owned(), files: self.clone() }
    }
}

pub(crate) struct PowerHandle {
    real: Arc<RealHandle>,
    path: PathBuf,
    files: PowerFiles,
}

impl PowerHandle {
    /// Makes a change in the real file and notes it, at one instant.
    fn change<T>(&self, change: Change, real: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut world = self.files.world();
        if world.fault == Some(Fault::Full) && matches!(change, Change::Write { .. }) {
            // The engine looks for this word.
            return Err(Error::new(ErrorKind::StorageFull, "nospace"));
        }
        let done = real()?;
        if let Some(state) = world.files.get_mut(&self.path) {
            state.unsynced.push(change);
        }
        Ok(done)
    }
}

impl Handle for PowerHandle {
    fn truncate(&self, offset: usize) -> Result<()> {
        self.change(Change::Resize { len: offset }, || self.real.truncate(offset))
    }

    fn file_size(&self) -> Result<usize> {
        self.real.file_size()
    }

    fn sync(&self) -> Result<()> {
        let mut world = self.files.world();
        if world.fault == Some(Fault::NoSync) {
            return Err(Error::other("input/output error"));
        }
        if let Some(state) = world.files.get_mut(&self.path) {
            state.sync();
        }
        Ok(())
    }
}

pub(crate) struct PowerWriter {
    handle: Arc<PowerHandle>,
    real: RealWriter,
    offset: usize,
}

impl Write for PowerWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let change = Change::Write { offset: self.offset, bytes: bytes.to_vec() };
        let handle = Arc::clone(&self.handle);
        handle.change(change, || self.real.write_all(bytes))?;
        self.offset += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.real.flush()
    }
}

impl Seek for PowerWriter {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = self.real.seek(to)?;
        self.offset = usize::try_from(at).expect("files are small");
        Ok(at)
    }
}

impl WriteExt for PowerWriter {
    fn truncate(&mut self, offset: usize) -> Result<()> {
        let handle = Arc::clone(&self.handle);
        handle.change(Change::Resize { len: offset }, || self.real.truncate(offset))?;
        self.offset = offset;
        Ok(())
    }

    fn allocate(&mut self, offset: usize, size: usize) -> Result<()> {
        let handle = Arc::clone(&self.handle);
        let len = (offset + size).max(handle.file_size()?);
        handle.change(Change::Resize { len }, || self.real.allocate(offset, size))
    }
}

pub(crate) struct PowerReader(RealReader);

impl Read for PowerReader {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        self.0.read(bytes)
    }
}

impl Seek for PowerReader {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.0.seek(to)
    }
}

impl FileSystem for PowerFiles {
    type Handle = PowerHandle;
    type Reader = PowerReader;
    type Writer = PowerWriter;

    fn create<P: AsRef<Path>>(&self, path: P) -> Result<PowerHandle> {
        Ok(self.opened(path.as_ref(), DefaultFileSystem.create(path.as_ref())?))
    }

    fn open<P: AsRef<Path>>(&self, path: P, permission: Permission) -> Result<PowerHandle> {
        Ok(self.opened(path.as_ref(), DefaultFileSystem.open(path.as_ref(), permission)?))
    }

    fn delete<P: AsRef<Path>>(&self, path: P) -> Result<()> {
        let mut world = self.world();
        DefaultFileSystem.delete(path.as_ref())?;
        if let Some(state) = world.files.remove(path.as_ref()) {
            world.deleted.push((path.as_ref().to_owned(), state));
        }
        Ok(())
    }

    fn rename<P: AsRef<Path>>(&self, from: P, to: P) -> Result<()> {
        let mut world = self.world();
        DefaultFileSystem.rename(from.as_ref(), to.as_ref())?;
        if let Some(state) = world.files.remove(from.as_ref()) {
            world.files.insert(to.as_ref().to_owned(), state);
        }
        Ok(())
    }

    fn new_reader(&self, handle: Arc<PowerHandle>) -> Result<PowerReader> {
        Ok(PowerReader(DefaultFileSystem.new_reader(Arc::clone(&handle.real))?))
    }

    fn new_writer(&self, handle: Arc<PowerHandle>) -> Result<PowerWriter> {
        let real = DefaultFileSystem.new_writer(Arc::clone(&handle.real))?;
        Ok(PowerWriter { handle, real, offset: 0 })
    }
}
