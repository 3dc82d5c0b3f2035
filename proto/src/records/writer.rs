use thiserror::Error;

use super::header::BatchHeader;
use super::{
    BATCH_HEADER_SIZE, Header, MAX_BATCH_SIZE, NO_TIMESTAMP, RecordIter, RecordRef, SealedBatch, varint,
};

/// An open batch of format 2: each record is encoded when it is appended.
///
/// The caller decides how large the batch may become, append by append, because it knows the batch limit
/// (`batch.size`) and what memory has been granted. As long as the limit does not exceed
/// [`capacity`](Self::capacity), no append allocates.
#[derive(Debug)]
pub struct BatchWriter {
    /// Room for the header, then the records.
    buffer: Vec<u8>,
    count: u32,
    base_timestamp: i64,
    max_timestamp: i64,
}

/// The record was not appended: the batch would exceed the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the batch would have {needed} bytes")]
pub struct BatchFull {
    /// The size that the batch would have had, header included.
    pub needed: usize,
}

impl BatchWriter {
    /// An empty batch in `buffer`, whose content is dropped and whose capacity is kept.
    #[must_use]
    pub fn new(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        buffer.resize(BATCH_HEADER_SIZE, 0);
        Self { buffer, count: 0, base_timestamp: NO_TIMESTAMP, max_timestamp: NO_TIMESTAMP }
    }

    /// How many records have been appended.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether no record has been appended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The size of the batch in bytes, uncompressed, header included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.buffer.len()
    }

    /// The size that the batch can reach without another allocation.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Makes room for a batch of `size` bytes, exactly if possible.
    pub fn reserve(&mut self, size: usize) {
        self.buffer.reserve_exact(size.saturating_sub(self.buffer.len()));
    }

    /// The largest timestamp so far; [`NO_TIMESTAMP`] if there is no record.
    #[must_use]
    pub fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    /// Appends a record without headers and returns its index in the batch, unless the batch would become
    /// larger than `limit` bytes.
    ///
    /// # Errors
    /// [`BatchFull`], with the size that the batch would have had; nothing has changed then.
    #[inline]
    pub fn append(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        limit: usize,
    ) -> Result<u32, BatchFull> {
        let base_timestamp = if self.count == 0 { timestamp } else { self.base_timestamp };
        let record = Shape {
            offset_delta: i64::from(self.count),
            timestamp_delta: timestamp.wrapping_sub(base_timestamp),
            key,
            value,
        };
        let body = record.body_size() + 1;
        self.make_room(body, limit)?;
        record.write(body, &mut self.buffer);
        self.buffer.push(0);
        Ok(self.appended(timestamp, base_timestamp))
    }

    /// As [`append`](Self::append), for a record with headers. They are walked over twice, first for their size.
    ///
    /// # Errors
    /// [`BatchFull`], with the size that the batch would have had; nothing has changed then.
    pub fn append_with_headers<'a>(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: impl Iterator<Item = Header<'a>> + Clone,
        limit: usize,
    ) -> Result<u32, BatchFull> {
        let base_timestamp = if self.count == 0 { timestamp } else { self.base_timestamp };
        let record = Shape {
            offset_delta: i64::from(self.count),
            timestamp_delta: timestamp.wrapping_sub(base_timestamp),
            key,
            value,
        };
        let (mut header_count, mut header_bytes) = (0_i64, 0_usize);
        for header in headers.clone() {
            header_count += 1;
            header_bytes = header_bytes
                .saturating_add(nullable_size(Some(header.key)))
                .saturating_add(nullable_size(header.value));
        }
        let body = record.body_size().saturating_add(varint::size(header_count)).saturating_add(header_bytes);
        self.make_room(body, limit)?;
        record.write(body, &mut self.buffer);
        self.buffer.extend(varint::zigzag_groups(header_count));
        for header in headers {
            write_nullable(&mut self.buffer, Some(header.key));
            write_nullable(&mut self.buffer, header.value);
        }
        Ok(self.appended(timestamp, base_timestamp))
    }

    /// Appends a copy of `record`, which gets the next offset of this batch.
    ///
    /// # Errors
    /// [`BatchFull`], with the size that the batch would have had; nothing has changed then.
    pub fn append_record(&mut self, record: &RecordRef<'_>, limit: usize) -> Result<u32, BatchFull> {
        self.append_with_headers(record.timestamp, record.key, record.value, record.headers, limit)
    }

    /// The records so far; their offsets count from 0.
    #[must_use]
    pub fn records(&self) -> RecordIter<'_> {
        let records = self.buffer.get(BATCH_HEADER_SIZE..).unwrap_or_default();
        RecordIter::trusted(records, self.count, self.base_timestamp)
    }

    /// A batch in `buffer` of those records only for whose index `keep` is true, with deltas and timestamps as
    /// if the others had never been appended. Costs one copy of what is kept.
    #[must_use]
    pub fn retain(&self, mut keep: impl FnMut(u32) -> bool, buffer: Vec<u8>) -> Self {
        let mut kept = Self::new(buffer);
        for (index, record) in (0..).zip(self.records()) {
            if keep(index) {
                // A part of a batch fits where the whole did, but for deltas that may take more bytes when the
                // timestamps run backwards.
                let appended = kept.append_record(&record, MAX_BATCH_SIZE);
                debug_assert!(appended.is_ok(), "a record that was in a batch fits into one");
            }
        }
        kept
    }

    /// Closes the batch.
    #[must_use]
    pub fn seal(self) -> SealedBatch {
        let header = BatchHeader {
            size: self.buffer.len(),
            last_offset_delta: i32::try_from(self.count.saturating_sub(1)).unwrap_or(i32::MAX),
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            record_count: Some(self.count),
            ..BatchHeader::default()
        };
        SealedBatch::new(header, self.buffer)
    }

    /// Drops the records and gives the buffer back.
    #[must_use]
    pub fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    #[inline]
    fn make_room(&self, body: usize, limit: usize) -> Result<(), BatchFull> {
        let needed = self.buffer.len().saturating_add(body).saturating_add(length_size(body));
        if needed > limit.min(MAX_BATCH_SIZE) { Err(BatchFull { needed }) } else { Ok(()) }
    }

    #[inline]
    fn appended(&mut self, timestamp: i64, base_timestamp: i64) -> u32 {
        let index = self.count;
        self.base_timestamp = base_timestamp;
        self.max_timestamp = if index == 0 { timestamp } else { self.max_timestamp.max(timestamp) };
        self.count += 1;
        index
    }
}

/// A record before its headers.
pub(super) struct Shape<'a> {
    pub(super) offset_delta: i64,
    pub(super) timestamp_delta: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
}

impl Shape<'_> {
    /// The size of what the record's length counts, up to the header count.
    #[inline]
    pub(super) fn body_size(&self) -> usize {
        let attributes = 1;
        (attributes + varint::size(self.timestamp_delta) + varint::size(self.offset_delta))
            .saturating_add(nullable_size(self.key))
            .saturating_add(nullable_size(self.value))
    }

    /// Writes everything up to the header count. `body` is the size that the length tells.
    #[inline]
    pub(super) fn write(&self, body: usize, buffer: &mut Vec<u8>) {
        let mut head = Head::default();
        head.put(length_as_i64(body));
        head.put(0);
        head.put(self.timestamp_delta);
        head.put(self.offset_delta);
        head.put(self.key.map_or(-1, |key| length_as_i64(key.len())));
        if let Some(key) = self.key {
            head.flush(buffer);
            buffer.extend_from_slice(key);
            head = Head::default();
        }
        head.put(self.value.map_or(-1, |value| length_as_i64(value.len())));
        head.flush(buffer);
        if let Some(value) = self.value {
            buffer.extend_from_slice(value);
        }
    }
}

/// Numbers on the stack on their way into the buffer, so that the buffer is extended once for all of them.
struct Head {
    bytes: [u8; 40],
    length: usize,
}

impl Default for Head {
    #[inline]
    fn default() -> Self {
        Self { bytes: [0; 40], length: 0 }
    }
}

impl Head {
    #[inline]
    fn put(&mut self, value: i64) {
        for group in varint::zigzag_groups(value) {
            if let Some(room) = self.bytes.get_mut(self.length) {
                *room = group;
                self.length += 1;
            }
        }
    }

    #[inline]
    fn flush(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(self.bytes.get(..self.length).unwrap_or_default());
    }
}

#[inline]
fn nullable_size(bytes: Option<&[u8]>) -> usize {
    match bytes {
        None => 1,
        Some(bytes) => length_size(bytes.len()).saturating_add(bytes.len()),
    }
}

fn write_nullable(buffer: &mut Vec<u8>, bytes: Option<&[u8]>) {
    buffer.extend(varint::zigzag_groups(bytes.map_or(-1, |bytes| length_as_i64(bytes.len()))));
    buffer.extend_from_slice(bytes.unwrap_or_default());
}

#[inline]
fn length_size(length: usize) -> usize {
    varint::size(length_as_i64(length))
}

/// What is longer than the format can say never passes the limit, so it need not be told apart here.
#[inline]
fn length_as_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
