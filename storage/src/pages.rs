//! Pages: how the tree keeps rows of append-only kinds.
//!
//! Sixteen rows with neighbouring sequences share one stored value, so that a user's history costs
//! sled a few large items instead of many small ones. The checkpointer merges new rows into a page
//! by reading and rewriting it; a row is addressed by its slot, so doing that twice changes nothing.
//! Reads expand pages again: outside of this module there are only rows.
//!
//! Sixteen, not more: sled rewrites a leaf of up to sixteen items at a time, and a page is rewritten
//! for every checkpoint in which its user did anything.

use std::{collections::BTreeMap, iter::Peekable, vec};

use bytes::Bytes;

use crate::{
    backend::{Backend, RawRow, RawRows, RawWrite},
    error::Error,
    keys::{self, Key, KeyRange},
};

/// Rows of one page. Part of the stored format.
const ROWS_PER_PAGE: u64 = 16;
/// Version of the page encoding.
const PAGE_VERSION: u8 = 1;

/// Where a paged row is kept: the page's key and the row's slot in it.
struct Place {
    page: Vec<u8>,
    slot: u8,
}

fn place(key: &[u8]) -> Option<Place> {
    let (prefix, sequence) = keys::split_paged(key)?;
    let slot = u8::try_from(sequence % ROWS_PER_PAGE).expect("a page has fewer rows than 256");
    Some(Place { page: page_key(prefix, sequence), slot })
}

fn page_key(prefix: &[u8], sequence: u64) -> Vec<u8> {
    [prefix, &(sequence / ROWS_PER_PAGE).to_be_bytes()].concat()
}

/// The rows of a page, by slot.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page(BTreeMap<u8, Bytes>);

impl Page {
    /// version u8, then per row: slot u8, length u32 big-endian, value.
    fn encode(&self) -> Vec<u8> {
        let len = self.0.values().map(|value| value.len() + 5).sum::<usize>() + 1;
        let mut out = Vec::with_capacity(len);
        out.push(PAGE_VERSION);
        for (slot, value) in &self.0 {
            let len = u32::try_from(value.len()).expect("batches are limited to less than 4 GiB");
            out.push(*slot);
            out.extend_from_slice(&len.to_be_bytes());
            out.extend_from_slice(value);
        }
        out
    }

    fn decode(key: &[u8], bytes: &[u8]) -> Result<Self, Error> {
        Self::parse(bytes).ok_or_else(|| {
            Error::corrupt("history page", format!("{} doesn't decode", key.escape_ascii()))
        })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        if *version != PAGE_VERSION {
            return None;
        }
        let mut rows = BTreeMap::new();
        while let Some((slot, tail)) = rest.split_first() {
            let (len, tail) = tail.split_first_chunk::<4>()?;
            let (value, tail) =
                tail.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
            let ascending = rows.last_key_value().is_none_or(|(last, _)| last < slot);
            if !ascending || u64::from(*slot) >= ROWS_PER_PAGE {
                return None;
            }
            rows.insert(*slot, Bytes::copy_from_slice(value));
            rest = tail;
        }
        Some(Self(rows))
    }
}

/// One row, wherever it is kept.
pub(crate) fn get(backend: &dyn Backend, key: &Key) -> Result<Option<Vec<u8>>, Error> {
    let Some(place) = place(key.as_bytes()) else { return backend.get(key.as_bytes()) };
    let Some(bytes) = backend.get(&place.page)? else { return Ok(None) };
    let page = Page::decode(&place.page, &bytes)?;
    Ok(page.0.get(&place.slot).map(|value| value.to_vec()))
}

/// Turns sorted rows into the writes that bring the tree up to them, a chunk at a time.
pub(crate) struct Writes<'a, I: Iterator<Item = (&'a Key, &'a Option<Bytes>)>> {
    backend: &'a dyn Backend,
    rows: Peekable<I>,
}

impl<'a, I: Iterator<Item = (&'a Key, &'a Option<Bytes>)>> Writes<'a, I> {
    pub(crate) fn new(backend: &'a dyn Backend, rows: I) -> Self {
        Self { backend, rows: rows.peekable() }
    }

    /// The next write, `None` after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<RawWrite>, Error> {
        let Some((key, value)) = self.rows.next() else { return Ok(None) };
        match place(key.as_bytes()) {
            None => Ok(Some((key.as_bytes().to_vec(), value.clone()))),
            Some(place) => self.merge(place, value).map(Some),
        }
    }

    fn merge(&mut self, first: Place, value: &Option<Bytes>) -> Result<RawWrite, Error> {
        let mut page = match self.backend.get(&first.page)? {
            Some(bytes) => Page::decode(&first.page, &bytes)?,
            None => Page::default(),
        };
        set(&mut page, first.slot, value);
        while let Some((key, value)) = self.rows.peek() {
            match place(key.as_bytes()) {
                Some(next) if next.page == first.page => set(&mut page, next.slot, value),
                Some(_) | None => break,
            }
            self.rows.next();
        }
        let bytes = (!page.0.is_empty()).then(|| Bytes::from(page.encode()));
        Ok((first.page, bytes))
    }
}

fn set(page: &mut Page, slot: u8, value: &Option<Bytes>) {
    match value {
        Some(value) => page.0.insert(slot, value.clone()),
        None => page.0.remove(&slot),
    };
}

/// The tree's rows of a range in order, pages expanded.
pub(crate) struct Rows<'a> {
    raw: RawRows<'a>,
    range: &'a KeyRange,
    reverse: bool,
    expanded: vec::IntoIter<RawRow>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(backend: &'a dyn Backend, range: &'a KeyRange, reverse: bool) -> Self {
        // A bound inside a page widens to the whole page; `expand` drops what the range leaves out.
        let page_of =
            |bound: &[u8]| keys::split_paged_bound(bound).map(|(prefix, at)| page_key(prefix, at));
        let start = page_of(&range.start).unwrap_or_else(|| range.start.clone());
        let end = range.end.as_ref().map(|end| match page_of(end) {
            Some(page) => [page.as_slice(), &[0]].concat(),
            None => end.clone(),
        });
        let raw: RawRows<'a> = if range.is_empty() {
            Box::new(std::iter::empty())
        } else {
            backend.range(start, end, reverse)
        };
        Self { raw, range, reverse, expanded: Vec::new().into_iter() }
    }

    fn expand(&self, (key, value): RawRow) -> Result<Vec<RawRow>, Error> {
        let mut rows =
            if keys::is_paged(&key) { page_rows(&key, &value)? } else { vec![(key, value)] };
        rows.retain(|(key, _)| key.len() >= keys::KEY_LEN_MIN && self.range.contains_bytes(key));
        if self.reverse {
            rows.reverse();
        }
        Ok(rows)
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<RawRow, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.expanded.next() {
                return Some(Ok(row));
            }
            match self.raw.next()?.and_then(|raw| self.expand(raw)) {
                Ok(rows) => self.expanded = rows.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn page_rows(key: &[u8], value: &[u8]) -> Result<Vec<RawRow>, Error> {
    let (prefix, number) = keys::split_paged(key).ok_or_else(|| {
        Error::corrupt("history page", format!("{} is no page key", key.escape_ascii()))
    })?;
    let page = Page::decode(key, value)?;
    let rows = page.0.into_iter().map(|(slot, value)| {
        let sequence = number * ROWS_PER_PAGE + u64::from(slot);
        ([prefix, &sequence.to_be_bytes()].concat(), value)
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Page;

    fn sample() -> Page {
        Page([(0, Bytes::from_static(b"first")), (15, Bytes::from_static(b""))].into())
    }

    #[test]
    fn pages_keep_their_stored_form() {
        let bytes = b"\x01\x00\x00\x00\x00\x05first\x0f\x00\x00\x00\x00";
        assert_eq!(sample().encode(), bytes);
        assert_eq!(Page::parse(bytes), Some(sample()));
    }

    #[test]
    fn damaged_pages_are_refused() {
        let bytes = sample().encode();
        assert_eq!(Page::parse(&[]), None);
        assert_eq!(Page::parse(b"\x02"), None, "another version");
        assert_eq!(Page::parse(&bytes[..8]), None, "cut short");
        assert_eq!(Page::parse(b"\x01\x10\x00\x00\x00\x00"), None, "a slot beyond the page");
        assert_eq!(
            Page::parse(b"\x01\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00"),
            None,
            "a slot twice"
        );
    }
}
