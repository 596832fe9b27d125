//! Everyone with a score: from a user id to a handle of 32 bits, and from the handle to the record.
//!
//! Millions of ids must not be millions of allocations: ids of the same length lie side by side in
//! chunks, with their records beside them, and a handle is a chunk and a place in it. UUIDs, the
//! commonest ids, are kept as their 16 bytes.
//!
//! Nothing here moves everything at once: chunks stay where they are, and the index from id to
//! handle is many small tables, each of which grows on its own.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use domain::ids::UserId;
use hashbrown::HashTable;
use uuid::Uuid;

use super::record::{Key, Record};

/// Users of one chunk at most; the lower bits of a handle are the place in the chunk.
const CHUNK: usize = 1024;
/// Tables of the index. At 20 million users each has 80,000, which are moved in milliseconds.
const TABLES: usize = 256;
/// The group of a place in a chunk that nobody has.
const VACANT: u32 = u32::MAX;

/// How ids of a chunk are kept: text of so many bytes, or UUIDs for 0.
type Form = u16;
const UUID: Form = 0;
const UUID_BYTES: usize = 16;

/// Users with ids of one form.
#[derive(Debug)]
struct Chunk {
    form: Form,
    ids: Vec<u8>,
    records: Vec<Record>,
}

/// Where new users of one form go.
#[derive(Debug, Default)]
struct Room {
    vacant: Vec<u32>,
    chunk: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Users {
    chunks: Vec<Chunk>,
    rooms: HashMap<Form, Room>,
    tables: Vec<HashTable<u32>>,
    hasher: RandomState,
}

impl Default for Users {
    fn default() -> Self {
        let tables = std::iter::repeat_with(HashTable::new).take(TABLES).collect();
        Self { chunks: Vec::new(), rooms: HashMap::new(), tables, hasher: RandomState::new() }
    }
}

impl Users {
    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.tables.iter().map(|table| table.len() as u64).sum()
    }

    /// The handle of a user with a score.
    pub(super) fn find(&self, id: &UserId) -> Option<u32> {
        let mut packed = [0; UUID_BYTES];
        let (form, bytes) = pack(id.as_str(), &mut packed);
        self.find_packed(self.hasher.hash_one(bytes), form, bytes)
    }

    fn find_packed(&self, hash: u64, form: Form, bytes: &[u8]) -> Option<u32> {
        let same = |user: &u32| form_and_bytes(&self.chunks, *user) == (form, bytes);
        self.tables[table_of(hash)].find(hash, same).copied()
    }

    /// Makes room in the index for so many more users, so that it needn't grow step by step.
    pub(super) fn reserve(&mut self, users: usize) {
        let Self { chunks, tables, hasher, .. } = self;
        let hash_of = |user: &u32| hasher.hash_one(form_and_bytes(chunks, *user).1);
        // Some tables get a little more than their share.
        let share = users / TABLES;
        tables.iter_mut().for_each(|table| table.reserve(share + share / 32, hash_of));
    }

    /// Adds a user, or answers who is there already.
    pub(super) fn add(&mut self, id: &UserId, record: Record) -> Result<u32, u32> {
        let mut packed = [0; UUID_BYTES];
        let (form, bytes) = pack(id.as_str(), &mut packed);
        let hash = self.hasher.hash_one(bytes);
        if let Some(known) = self.find_packed(hash, form, bytes) {
            return Err(known);
        }
        let user = self.place(form, bytes, record);
        let Self { chunks, tables, hasher, .. } = self;
        let hash_of = |user: &u32| hasher.hash_one(form_and_bytes(chunks, *user).1);
        tables[table_of(hash)].insert_unique(hash, user, hash_of);
        Ok(user)
    }

    /// Writes id and record to a vacant place of the form, or to a new one.
    fn place(&mut self, form: Form, bytes: &[u8], record: Record) -> u32 {
        let room = self.rooms.entry(form).or_default();
        if let Some(user) = room.vacant.pop() {
            let (chunk, at) = split(user);
            let chunk = &mut self.chunks[chunk];
            chunk.ids[at * bytes.len()..][..bytes.len()].copy_from_slice(bytes);
            chunk.records[at] = record;
            return user;
        }
        let open = room.chunk.filter(|chunk| self.chunks[*chunk].records.len() < CHUNK);
        let at = *room.chunk.insert(open.unwrap_or(self.chunks.len()));
        if at == self.chunks.len() {
            self.chunks.push(Chunk { form, ids: Vec::new(), records: Vec::new() });
        }
        let chunk = &mut self.chunks[at];
        if chunk.records.len() == chunk.records.capacity() {
            // To the double, so that a chunk ends with exactly the room it needs.
            let more = chunk.records.len().max(4);
            chunk.records.reserve_exact(more);
            chunk.ids.reserve_exact(more * bytes.len());
        }
        chunk.ids.extend_from_slice(bytes);
        chunk.records.push(record);
        u32::try_from(at * CHUNK + chunk.records.len() - 1).expect("2^32 users don't fit in memory")
    }

    /// Forgets a user. The handle may be given to another.
    pub(super) fn remove(&mut self, user: u32) {
        let Self { chunks, tables, hasher, rooms } = self;
        let (form, bytes) = form_and_bytes(chunks, user);
        let hash = hasher.hash_one(bytes);
        let entry = tables[table_of(hash)].find_entry(hash, |own| *own == user);
        entry.expect("handles are of users").remove();
        rooms.entry(form).or_default().vacant.push(user);
        let (chunk, at) = split(user);
        let (chunk, len) = (&mut chunks[chunk], bytes_of(form));
        // Who is erased leaves nothing behind. (C-USER-28)
        chunk.ids[at * len..][..len].fill(0);
        chunk.records[at].group = VACANT;
    }

    pub(super) fn record(&self, user: u32) -> &Record {
        let (chunk, at) = split(user);
        &self.chunks[chunk].records[at]
    }

    pub(super) fn record_mut(&mut self, user: u32) -> &mut Record {
        let (chunk, at) = split(user);
        &mut self.chunks[chunk].records[at]
    }

    /// The user's id.
    pub(super) fn id(&self, user: u32) -> UserId {
        let (form, bytes) = form_and_bytes(&self.chunks, user);
        UserId::new(text(form, bytes)).expect("it was a user's id")
    }

    /// Everyone, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Record)> {
        let chunks = (0_u32..).step_by(CHUNK).zip(&self.chunks);
        let all = chunks.flat_map(|(first, chunk)| (first..).zip(&chunk.records));
        all.filter(|(_, record)| record.group != VACANT)
    }

    /// Who stands before whom. (C-LB-36, C-LB-37)
    pub(super) fn order(&self, a: &Key, b: &Key) -> Ordering {
        let words = a.words.cmp(&b.words).then(a.last.cmp(&b.last));
        words.then_with(|| if a.user == b.user { Ordering::Equal } else { self.tie(a, b) })
    }

    /// Between equal values reached at the same instant.
    fn tie(&self, a: &Key, b: &Key) -> Ordering {
        let order = |key: &Key| self.record(key.user).order;
        order(a).cmp(&order(b)).then_with(|| {
            let [a, b] = [a, b].map(|key| form_and_bytes(&self.chunks, key.user));
            // UUIDs sort as their text does.
            if a.0 == b.0 { a.1.cmp(b.1) } else { text(a.0, a.1).cmp(&text(b.0, b.1)) }
        })
    }
}

fn table_of(hash: u64) -> usize {
    // Neither of the bits that a table itself uses, which are the lowest and the highest.
    (hash >> 40) as usize % TABLES
}

fn split(user: u32) -> (usize, usize) {
    (user as usize / CHUNK, user as usize % CHUNK)
}

fn bytes_of(form: Form) -> usize {
    if form == UUID { UUID_BYTES } else { usize::from(form) }
}

fn form_and_bytes(chunks: &[Chunk], user: u32) -> (Form, &[u8]) {
    let (chunk, at) = split(user);
    let chunk = &chunks[chunk];
    let len = bytes_of(chunk.form);
    (chunk.form, &chunk.ids[at * len..][..len])
}

/// The bytes an id is kept as. Other spellings of a UUID are other ids, and are kept as text.
fn pack<'a>(id: &'a str, packed: &'a mut [u8; UUID_BYTES]) -> (Form, &'a [u8]) {
    if let Ok(uuid) = Uuid::try_parse_ascii(id.as_bytes())
        && *uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == *id
    {
        *packed = uuid.into_bytes();
        return (UUID, packed);
    }
    let form = Form::try_from(id.len()).expect("255 characters are at most 1,020 bytes");
    (form, id.as_bytes())
}

/// The id that was packed.
fn text(form: Form, bytes: &[u8]) -> String {
    match <[u8; UUID_BYTES]>::try_from(bytes) {
        Ok(bytes) if form == UUID => Uuid::from_bytes(bytes).hyphenated().to_string(),
        Ok(_) | Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}
