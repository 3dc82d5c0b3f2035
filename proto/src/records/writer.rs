use thiserror::Error;

use super::header::BatchHeader;
use super::sealed::RecordSum;
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
    sum: RecordSum,
    /// The size at which the sum is brought forward, if it is kept.
    sum_at: usize,
}

/// The record was not appended: the batch would exceed the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the batch would have {needed} bytes")]
pub struct BatchFull {
    /// The size that the batch would have had, header included.
    pub needed: usize,
}

impl BatchWriter {
    /// What encoding a record may write past its end for a moment: a buffer needs so much more than the batch in it is
    /// to reach, or the last record allocates.
    pub const SLACK: usize = 8;

    /// So many bytes still lie in the cache closest to the processor, and are enough to lose nothing by their start.
    const SUM_STEP: usize = 16 << 10;

    /// An empty batch in `buffer`, whose content is dropped and whose capacity is kept.
    #[must_use]
    pub fn new(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        buffer.resize(BATCH_HEADER_SIZE, 0);
        Self {
            buffer,
            count: 0,
            base_timestamp: NO_TIMESTAMP,
            max_timestamp: NO_TIMESTAMP,
            sum: RecordSum::default(),
            sum_at: usize::MAX,
        }
    }

    /// As [`new`](Self::new), and adds up the checksum while it takes records, whose bytes are in the processor's
    /// cache then. The batch comes out the same. What is to be compressed has no use for it.
    #[must_use]
    pub fn adding_up(buffer: Vec<u8>) -> Self {
        Self { sum_at: Self::SUM_STEP, ..Self::new(buffer) }
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
        self.buffer.capacity().saturating_sub(Self::SLACK)
    }

    /// Goes on in another buffer, whose content is dropped, and gives the one that it had. Costs a copy of the batch.
    pub fn move_to(&mut self, mut buffer: Vec<u8>) -> Vec<u8> {
        buffer.clear();
        buffer.extend_from_slice(&self.buffer);
        std::mem::replace(&mut self.buffer, buffer)
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
        let record = Shape::new(i64::from(self.count), timestamp_delta, key, value, 1);
        let size = record.size();
        self.admit(size, limit)?;
        record.write(&mut self.buffer);
        self.buffer.push(0);
        Ok(self.appended(timestamp, base_timestamp, size))
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
        let (mut header_count, mut header_bytes) = (0_i64, 0_usize);
        for header in headers.clone() {
            header_count += 1;
            header_bytes = header_bytes
                .saturating_add(Number::length(Some(header.key)).size + Number::length(header.value).size)
                .saturating_add(header.key.len())
                .saturating_add(header.value.map_or(0, <[u8]>::len));
        }
        let rest = header_bytes.saturating_add(varint::size(header_count));
        let base_timestamp = if self.count == 0 { timestamp } else { self.base_timestamp };
        let timestamp_delta = timestamp.wrapping_sub(base_timestamp);
        let record = Shape::new(i64::from(self.count), timestamp_delta, key, value, rest);
        let size = record.size();
        self.admit(size, limit)?;
        record.write(&mut self.buffer);
        self.buffer.extend(varint::groups(header_count));
        for header in headers {
            write_nullable(&mut self.buffer, Some(header.key));
            write_nullable(&mut self.buffer, header.value);
        }
        Ok(self.appended(timestamp, base_timestamp, size))
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
        SealedBatch::new(header, self.buffer, self.sum)
    }

    /// Drops the records and gives the buffer back.
    #[must_use]
    pub fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    #[inline(always)]
    fn admit(&self, record: usize, limit: usize) -> Result<(), BatchFull> {
        let needed = self.buffer.len().saturating_add(record);
        if needed > limit.min(MAX_BATCH_SIZE) { Err(BatchFull { needed }) } else { Ok(()) }
    }

    #[inline(always)]
    fn appended(&mut self, timestamp: i64, base_timestamp: i64, size: usize) -> u32 {
        self.fetch_ahead(size);
        let index = self.count;
        self.base_timestamp = base_timestamp;
        self.max_timestamp = if index == 0 { timestamp } else { self.max_timestamp.max(timestamp) };
        self.count += 1;
        if self.buffer.len() >= self.sum_at {
            self.add_up();
        }
        index
    }

    /// Has the processor fetch the memory of the next record, supposed to be as large as the last one, while the
    /// caller goes on. By the time it comes, other records of other batches may have pushed that memory out of the
    /// cache, or the thread that wrote it out before may have it in its own; the copy would then wait for it, and
    /// whoever takes the next lock for the copy.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn fetch_ahead(&mut self, size: usize) {
        const LINE: usize = 64;
        // Behind this the processor has seen by itself where it goes.
        const MOST: usize = 1024;
        let ahead = self.buffer.spare_capacity_mut();
        let ahead = ahead.get(..size.min(MOST)).unwrap_or_default();
        ahead.iter().step_by(LINE).chain(ahead.last()).for_each(safe_arch::prefetch_et0);
    }

    /// Other processors have no such instruction in stable Rust.
    #[cfg(not(target_arch = "x86_64"))]
    #[inline(always)]
    fn fetch_ahead(&mut self, _size: usize) {}

    #[cold]
    fn add_up(&mut self) {
        self.sum.add_up(&self.buffer);
        self.sum_at = self.buffer.len() + Self::SUM_STEP;
    }
}

/// A record before its headers, its numbers ready to be written.
pub(super) struct Shape<'a> {
    /// The size of the whole record.
    size: usize,
    length: Number,
    timestamp_delta: Number,
    offset_delta: Number,
    key_length: Number,
    value_length: Number,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

impl<'a> Shape<'a> {
    /// `rest` is the size of what follows the value: the header count and the headers.
    #[inline(always)]
    pub(super) fn new(
        offset_delta: i64,
        timestamp_delta: i64,
        key: Option<&'a [u8]>,
        value: Option<&'a [u8]>,
        rest: usize,
    ) -> Self {
        let (timestamp_delta, offset_delta) = (Number::new(timestamp_delta), Number::new(offset_delta));
        let (key_length, value_length) = (Number::length(key), Number::length(value));
        let numbers = timestamp_delta.size + offset_delta.size + key_length.size + value_length.size;
        let body = (ATTRIBUTES.size + numbers)
            .saturating_add(key.map_or(0, <[u8]>::len))
            .saturating_add(value.map_or(0, <[u8]>::len))
            .saturating_add(rest);
        let length = Number::new(length_as_i64(body));
        let size = body.saturating_add(length.size);
        Self { size, length, timestamp_delta, offset_delta, key_length, value_length, key, value }
    }

    #[inline(always)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Writes everything up to the header count.
    #[inline(always)]
    pub(super) fn write(self, buffer: &mut Vec<u8>) {
        // Then each word below has its place in eight bytes: key and value are shorter than the record.
        if self.length.size <= 3 && self.timestamp_delta.size <= 4 && self.offset_delta.size <= 4 {
            self.length.then(ATTRIBUTES).then(self.timestamp_delta).write(buffer);
            let word = self.offset_delta.then(self.key_length);
            match self.key {
                None => word.then(self.value_length).write(buffer),
                Some(key) => {
                    word.write(buffer);
                    buffer.extend_from_slice(key);
                    self.value_length.write(buffer);
                }
            }
        } else {
            write_large(
                self.length.value,
                self.timestamp_delta.value,
                self.offset_delta.value,
                self.key,
                buffer,
            );
            buffer.extend(varint::groups(self.value_length.value));
        }
        if let Some(value) = self.value {
            buffer.extend_from_slice(value);
        }
    }
}

/// Records of more than a mebibyte, and timestamps that are days apart, up to the key.
///
/// Takes numbers rather than the whole record, which would then have to lie in memory in all other cases too.
#[cold]
fn write_large(
    length: i64,
    timestamp_delta: i64,
    offset_delta: i64,
    key: Option<&[u8]>,
    buffer: &mut Vec<u8>,
) {
    buffer.extend(varint::groups(length));
    ATTRIBUTES.write(buffer);
    buffer.extend(varint::groups(timestamp_delta));
    buffer.extend(varint::groups(offset_delta));
    write_nullable(buffer, key);
}

/// A number in wire form in a register, first byte lowest.
///
/// Bytes on the stack would do the same, but reading back at once what was written byte by byte stalls the
/// processor for longer than all the rest takes.
#[derive(Clone, Copy)]
struct Number {
    value: i64,
    /// Right up to four bytes.
    bytes: u64,
    /// Always right.
    size: usize,
}

/// The attributes of a record, which mean nothing so far.
const ATTRIBUTES: Number = Number { value: 0, bytes: 0, size: 1 };

impl Number {
    /// Branches instead of arithmetic for the sizes that occur: they are foreseen, so the next step need not wait
    /// for the size.
    #[inline(always)]
    fn new(value: i64) -> Self {
        let raw = varint::zigzag(value);
        let spread = raw & 0x7f | (raw & 0x3f80) << 1 | (raw & 0x1f_c000) << 2 | (raw & 0x0fe0_0000) << 3;
        match raw {
            0..0x80 => Self { value, bytes: raw, size: 1 },
            0x80..0x4000 => Self { value, bytes: spread | 0x80, size: 2 },
            0x4000..0x20_0000 => Self { value, bytes: spread | 0x8080, size: 3 },
            0x20_0000..0x1000_0000 => Self { value, bytes: spread | 0x80_8080, size: 4 },
            _ => Self { value, bytes: 0, size: varint::size(value) },
        }
    }

    #[inline(always)]
    fn length(bytes: Option<&[u8]>) -> Self {
        Self::new(bytes.map_or(-1, |bytes| length_as_i64(bytes.len())))
    }

    /// Both in one; together they must not exceed eight bytes.
    #[inline(always)]
    fn then(self, next: Self) -> Self {
        Self {
            value: next.value,
            bytes: self.bytes | next.bytes << (8 * self.size),
            size: self.size + next.size,
        }
    }

    /// Copies eight bytes and drops what is too many: one instruction, where a size that varies would be a call.
    #[inline(always)]
    fn write(self, buffer: &mut Vec<u8>) {
        let end = buffer.len() + self.size;
        buffer.extend_from_slice(&self.bytes.to_le_bytes());
        buffer.truncate(end);
    }
}

fn write_nullable(buffer: &mut Vec<u8>, bytes: Option<&[u8]>) {
    let length = Number::length(bytes);
    if length.size <= 4 {
        length.write(buffer);
    } else {
        buffer.extend(varint::groups(length.value));
    }
    buffer.extend_from_slice(bytes.unwrap_or_default());
}

/// What is longer than the format can say never passes the limit, so it need not be told apart here.
#[inline]
fn length_as_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
