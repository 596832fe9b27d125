//! Reads over the overlay and the tree together.
//!
//! Three ascending (or descending) streams are merged; of rows with one key the newest layer's
//! counts, and a deletion hides what is below it.

use std::{cmp::Ordering, iter::Peekable};

use bytes::Bytes;

use crate::{
    backend::Backend,
    error::Error,
    keys::{Key, KeyRange},
    overlay::{Layer, Overlay, Row},
    pages,
};

/// The newest value of a row.
pub(crate) fn get(
    overlay: &Overlay,
    backend: &dyn Backend,
    key: &Key,
) -> Result<Option<Vec<u8>>, Error> {
    match overlay.get(key) {
        Some(row) => Ok(row.map(|value| value.to_vec())),
        None => pages::get(backend, key),
    }
}

/// Every row of a range, by scans of at most `chunk_len`; ends after the first error.
pub(crate) fn chunks(
    range: KeyRange,
    chunk_len: usize,
    rest_after: impl Fn(KeyRange, &Key) -> KeyRange,
    scan: impl Fn(&KeyRange, usize) -> Result<Vec<(Key, Vec<u8>)>, Error>,
) -> impl Iterator<Item = Result<(Key, Vec<u8>), Error>> {
    let mut rest = Some(range);
    let chunks = std::iter::from_fn(move || {
        let range = rest.take()?;
        let chunk = scan(&range, chunk_len);
        if let Ok(rows) = &chunk
            && rows.len() == chunk_len
        {
            rest = rows.last().map(|(key, _)| rest_after(range, key));
        }
        Some(chunk)
    });
    chunks.flat_map(|chunk| match chunk {
        Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    })
}

/// The first `limit` rows of `range`, from its end if `reverse`.
pub(crate) fn scan(
    overlay: &Overlay,
    backend: &dyn Backend,
    range: &KeyRange,
    limit: usize,
    reverse: bool,
) -> Result<Vec<(Key, Vec<u8>)>, Error> {
    let view = overlay.view(range, limit, reverse);
    let tree = pages::Rows::new(backend, range, reverse).map(|row| {
        let (key, value) = row?;
        Ok((Key::from_stored(&key)?, Some(value)))
    });
    let frozen = view
        .frozen
        .as_deref()
        .map(|layer| frozen_rows(layer, range, reverse))
        .into_iter()
        .flatten();
    let below = Merged { upper: frozen.map(Ok).peekable(), lower: tree.peekable(), reverse };
    let all = Merged {
        upper: view.active.into_iter().map(Ok).peekable(),
        lower: below.peekable(),
        reverse,
    };
    let present = all.filter_map(|row: Result<(Key, Row), Error>| match row {
        Ok((key, value)) => value.map(|value| Ok((key, value.to_vec()))),
        Err(error) => Some(Err(error)),
    });
    present.take(limit).collect()
}

fn frozen_rows<'a>(
    layer: &'a Layer,
    range: &KeyRange,
    reverse: bool,
) -> Box<dyn Iterator<Item = (Key, Option<Bytes>)> + 'a> {
    if range.is_empty() {
        return Box::new(std::iter::empty());
    }
    let rows = layer.range(range).map(|(key, row)| (key.clone(), row.clone()));
    if reverse { Box::new(rows.rev()) } else { Box::new(rows) }
}

/// Two ordered streams as one; of equal keys the upper stream's row counts.
struct Merged<U: Iterator, L: Iterator> {
    upper: Peekable<U>,
    lower: Peekable<L>,
    reverse: bool,
}

impl<U, L> Iterator for Merged<U, L>
where
    U: Iterator<Item = Result<(Key, Row), Error>>,
    L: Iterator<Item = Result<(Key, Row), Error>>,
{
    type Item = Result<(Key, Row), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.upper.peek(), self.lower.peek()) {
            (_, Some(Err(_))) | (None, _) => Ordering::Greater,
            (Some(_), None) | (Some(Err(_)), _) => Ordering::Less,
            (Some(Ok((upper, _))), Some(Ok((lower, _)))) if self.reverse => lower.cmp(upper),
            (Some(Ok((upper, _))), Some(Ok((lower, _)))) => upper.cmp(lower),
        };
        match order {
            Ordering::Less => self.upper.next(),
            Ordering::Greater => self.lower.next(),
            Ordering::Equal => {
                self.lower.next();
                self.upper.next()
            }
        }
    }
}
