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

/// What encoding a number may write past its end.
const SLACK: usize = 8;

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

    /// The size that the batch can reach without another allocation: a few bytes less than the buffer's
    /// capacity, because encoding a record writes past its end for a moment.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity().saturating_sub(SLACK)
    }

    /// Makes room for a batch of `size` bytes, exactly if possible.
    pub fn reserve(&mut self, size: usize) {
        self.buffer.reserve_exact(size.saturating_add(SLACK).saturating_sub(self.buffer.len()));
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
        let timestamp_delta = timestamp.wrapping_sub(base_timestamp);
        let record = Shape::new(i64::from(self.count), timestamp_delta, key, value);
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
        let timestamp_delta = timestamp.wrapping_sub(base_timestamp);
        let record = Shape::new(i64::from(self.count), timestamp_delta, key, value);
        let (mut header_count, mut header_bytes) = (0_i64, 0_usize);
        for header in headers.clone() {
            header_count += 1;
            header_bytes = header_bytes
                .saturating_add(Number::length(Some(header.key)).size + Number::length(header.value).size)
                .saturating_add(header.key.len())
                .saturating_add(header.value.map_or(0, <[u8]>::len));
        }
        let header_count = Number::new(header_count);
        let body = record.body_size().saturating_add(header_count.size).saturating_add(header_bytes);
        self.make_room(body, limit)?;
        record.write(body, &mut self.buffer);
        header_count.write(&mut self.buffer);
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
        let length = Number::new(length_as_i64(body));
        let needed = self.buffer.len().saturating_add(body).saturating_add(length.size);
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

/// A record before its headers, its numbers ready to be written.
pub(super) struct Shape<'a> {
    timestamp_delta: i64,
    /// The same, and the other numbers, in wire form.
    timestamp: Number,
    offset: Number,
    key_length: Number,
    value_length: Number,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

impl<'a> Shape<'a> {
    #[inline]
    pub(super) fn new(
        offset_delta: i64,
        timestamp_delta: i64,
        key: Option<&'a [u8]>,
        value: Option<&'a [u8]>,
    ) -> Self {
        Self {
            timestamp_delta,
            timestamp: Number::new(timestamp_delta),
            offset: Number::new(offset_delta),
            key_length: Number::length(key),
            value_length: Number::length(value),
            key,
            value,
        }
    }

    /// The size of what the record's length counts, up to the header count.
    #[inline]
    pub(super) fn body_size(&self) -> usize {
        let numbers = self.timestamp.size + self.offset.size + self.key_length.size + self.value_length.size;
        (ATTRIBUTES.size + numbers)
            .saturating_add(self.key.map_or(0, <[u8]>::len))
            .saturating_add(self.value.map_or(0, <[u8]>::len))
    }

    /// Writes everything up to the header count. `body` is the size that the length tells.
    #[inline]
    pub(super) fn write(&self, body: usize, buffer: &mut Vec<u8>) {
        let body = Number::new(length_as_i64(body));
        // Then each word below has its place in eight bytes: key and value are shorter than the body.
        if body.size <= 3 && self.timestamp.size <= 4 && self.offset.size <= 4 {
            body.then(ATTRIBUTES).then(self.timestamp).write(buffer);
            let word = self.offset.then(self.key_length);
            match self.key {
                None => word.then(self.value_length).write(buffer),
                Some(key) => {
                    word.write(buffer);
                    buffer.extend_from_slice(key);
                    self.value_length.write(buffer);
                }
            }
        } else {
            self.write_large(body, buffer);
        }
        if let Some(value) = self.value {
            buffer.extend_from_slice(value);
        }
    }

    /// Records of more than a mebibyte, and timestamps that are days apart.
    #[cold]
    fn write_large(&self, body: Number, buffer: &mut Vec<u8>) {
        body.write(buffer);
        ATTRIBUTES.write(buffer);
        buffer.extend(varint::groups(self.timestamp_delta));
        self.offset.write(buffer);
        self.key_length.write(buffer);
        buffer.extend_from_slice(self.key.unwrap_or_default());
        self.value_length.write(buffer);
    }
}

/// A number in wire form in a register, first byte lowest.
///
/// Bytes on the stack would do the same, but reading back at once what was written byte by byte stalls the
/// processor for longer than all the rest takes.
#[derive(Clone, Copy)]
struct Number {
    /// Right for all that fits into 32 bits.
    bytes: u64,
    size: usize,
}

/// The attributes of a record, which mean nothing so far.
const ATTRIBUTES: Number = Number { bytes: 0, size: 1 };

impl Number {
    /// Branches instead of arithmetic for the sizes that occur: they are foreseen, so the next step need not wait
    /// for the size.
    #[inline]
    fn new(value: i64) -> Self {
        let raw = varint::zigzag(value);
        if raw < 0x80 {
            Self { bytes: raw, size: 1 }
        } else if raw < 0x4000 {
            Self { bytes: raw & 0x7f | (raw & 0x3f80) << 1 | 0x80, size: 2 }
        } else {
            Self::large(value)
        }
    }

    #[inline]
    fn length(bytes: Option<&[u8]>) -> Self {
        Self::new(bytes.map_or(-1, |bytes| length_as_i64(bytes.len())))
    }

    #[inline(never)]
    fn large(value: i64) -> Self {
        let bytes = varint::groups(value).zip([0, 8, 16, 24, 32]);
        let bytes = bytes.fold(0, |bytes, (group, shift)| bytes | u64::from(group) << shift);
        Self { bytes, size: varint::size(value) }
    }

    /// Both in one; together they must not exceed eight bytes.
    #[inline]
    fn then(self, next: Self) -> Self {
        Self { bytes: self.bytes | next.bytes << (8 * self.size), size: self.size + next.size }
    }

    /// Copies eight bytes and drops what is too many: one instruction, where a size that varies would be a call.
    #[inline]
    fn write(self, buffer: &mut Vec<u8>) {
        let end = buffer.len() + self.size;
        buffer.extend_from_slice(&self.bytes.to_le_bytes());
        buffer.truncate(end);
    }
}

fn write_nullable(buffer: &mut Vec<u8>, bytes: Option<&[u8]>) {
    Number::length(bytes).write(buffer);
    buffer.extend_from_slice(bytes.unwrap_or_default());
}

/// What is longer than the format can say never passes the limit, so it need not be told apart here.
#[inline]
fn length_as_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
