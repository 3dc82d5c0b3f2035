use std::borrow::Cow;

use bytes::Bytes;

use super::{BatchError, BatchHeader, BatchProblem, RecordProblem, varint};

/// The decoded records of one batch: every length has been checked, so reading them cannot fail.
///
/// Holds either a slice of the frame that the batch came in, which stays in memory until the `Records` are
/// dropped, or the buffer that the records were decompressed into. Moving it costs nothing.
#[derive(Debug)]
pub struct Records {
    data: Data,
    start: Start,
    count: u32,
    consecutive: bool,
}

#[derive(Debug)]
pub(super) enum Data {
    Frame(Bytes),
    Buffer(Vec<u8>),
}

/// What offsets and timestamps are counted from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) offset: i64,
    pub(super) timestamp: i64,
    pub(super) log_append_time: Option<i64>,
}

impl Records {
    /// Walks over all lengths once. About as costly as iterating.
    pub(super) fn validate(
        header: &BatchHeader,
        start: Start,
        count: u32,
        data: Data,
    ) -> Result<Self, BatchError> {
        let fault = |problem| BatchError::new(header.base_offset, problem);
        let mut rest = data.bytes();
        let mut consecutive = true;
        for index in 0..count {
            let record = RawRecord::read(&mut rest)
                .and_then(|record| record.check_headers().map(|()| record))
                .map_err(|problem| fault(BatchProblem::Record { index, problem }))?;
            consecutive &= u32::try_from(record.offset_delta).is_ok_and(|delta| delta == index);
        }
        if !rest.is_empty() {
            return Err(fault(BatchProblem::Trailing(rest.len())));
        }
        Ok(Self { data, start, count, consecutive })
    }

    /// How many records there are. Compaction may leave none.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The size of the records in bytes, decompressed, without the batch's header.
    #[must_use]
    pub fn size(&self) -> usize {
        self.data.bytes().len()
    }

    /// Whether the offsets follow one upon the other without a gap, as in every batch fresh from a producer.
    #[must_use]
    pub fn is_consecutive(&self) -> bool {
        self.consecutive
    }

    /// The records in the order of their offsets, borrowed.
    #[must_use]
    pub fn iter(&self) -> RecordIter<'_> {
        self.iter_from(Place::default())
    }

    /// The records, each with its bytes.
    pub(super) fn raw(&self) -> impl Iterator<Item = (RecordRef<'_>, &[u8])> {
        let mut records = self.iter();
        std::iter::from_fn(move || {
            let before = records.rest;
            let record = records.next()?;
            let length = before.len() - records.rest.len();
            Some((record, before.get(..length).unwrap_or_default()))
        })
    }

    /// The records behind a place, which must be one of these records.
    #[must_use]
    pub fn iter_from(&self, place: Place) -> RecordIter<'_> {
        let rest = self.data.bytes().get(place.at..).unwrap_or_default();
        RecordIter { rest, left: self.count.saturating_sub(place.index), start: self.start }
    }

    /// The first record at or behind a place, which then moves behind it; for a reader that cannot hold a borrow
    /// from one record to the next.
    #[must_use]
    pub fn next_after(&self, place: &mut Place) -> Option<RecordRef<'_>> {
        let mut iter = self.iter_from(*place);
        let record = iter.next();
        *place = Place { at: self.size() - iter.rest.len(), index: self.count - iter.left };
        record
    }

    /// What the records take in memory of their own, the unused end of a buffer included; nothing if they lie in the
    /// frame.
    #[must_use]
    pub fn buffer_bytes(&self) -> usize {
        match &self.data {
            Data::Frame(_) => 0,
            Data::Buffer(buffer) => buffer.capacity(),
        }
    }

    /// The records in memory of their own, no more than they need; frees the frame. Costs a copy.
    #[must_use]
    pub fn detach(self) -> Self {
        Self { data: Data::Buffer(self.data.bytes().to_vec()), ..self }
    }

    /// Leaves no record behind.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let nothing = Self { data: Data::Frame(Bytes::new()), count: 0, ..*self };
        std::mem::replace(self, nothing)
    }

    /// Gives back the buffer that the records were decompressed into, for the next batch; `None` if they lie
    /// in the frame. Leave the content as it is: [`Decompressor`](crate::compression::Decompressor) says why.
    #[must_use]
    pub fn into_buffer(self) -> Option<Vec<u8>> {
        match self.data {
            Data::Frame(_) => None,
            Data::Buffer(buffer) => Some(buffer),
        }
    }
}

impl<'a> IntoIterator for &'a Records {
    type Item = RecordRef<'a>;
    type IntoIter = RecordIter<'a>;

    fn into_iter(self) -> RecordIter<'a> {
        self.iter()
    }
}

impl Data {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Frame(bytes) => bytes,
            Self::Buffer(buffer) => buffer,
        }
    }
}

/// A place between two records of [`Records`]; by default before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    at: usize,
    index: u32,
}

impl Place {
    /// How many records lie before it.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// Iterates over [`Records`]. Nothing is allocated.
#[derive(Clone, Debug)]
pub struct RecordIter<'a> {
    rest: &'a [u8],
    left: u32,
    start: Start,
}

impl<'a> RecordIter<'a> {
    /// Over bytes that a writer of ours has made.
    pub(super) fn trusted(records: &'a [u8], count: u32, base_timestamp: i64) -> Self {
        let start = Start { offset: 0, timestamp: base_timestamp, log_append_time: None };
        Self { rest: records, left: count, start }
    }
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = RecordRef<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<RecordRef<'a>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        // Validation has read this very record, so there is no error to hide.
        let record = RawRecord::read(&mut self.rest).ok()?;
        let timestamp = match self.start.log_append_time {
            None => self.start.timestamp.wrapping_add(record.timestamp_delta),
            Some(time) => time,
        };
        Some(RecordRef {
            offset: self.start.offset.wrapping_add(i64::from(record.offset_delta)),
            timestamp,
            key: record.key,
            value: record.value,
            headers: record.headers,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for RecordIter<'_> {}

/// One record, borrowed from its batch.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since 1970; [`NO_TIMESTAMP`](super::NO_TIMESTAMP) in format 0.
    pub timestamp: i64,
    /// The key; null and empty are two things.
    pub key: Option<&'a [u8]>,
    /// The value; null in a compacted topic means "deleted".
    pub value: Option<&'a [u8]>,
    /// The headers, in their order.
    pub headers: Headers<'a>,
}

impl RecordRef<'_> {
    /// Copies the record out of its batch. One allocation for each part that is not empty.
    #[must_use]
    pub fn to_owned(&self) -> OwnedRecord {
        let copy = |bytes: Option<&[u8]>| bytes.map(Bytes::copy_from_slice);
        OwnedRecord {
            offset: self.offset,
            timestamp: self.timestamp,
            key: copy(self.key),
            value: copy(self.value),
            headers: self
                .headers
                .map(|header| (Bytes::copy_from_slice(header.key), copy(header.value)))
                .collect(),
        }
    }
}

/// One record on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedRecord {
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// Keys and values of the headers, in their order, duplicates included.
    pub headers: Vec<(Bytes, Option<Bytes>)>,
}

/// Iterates over the headers of a record, which are decoded only then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> Headers<'a> {
    /// The last header with that key, which is the one that counts where keys repeat (Java's `lastHeader`).
    #[must_use]
    pub fn last_with_key(self, key: &str) -> Option<Header<'a>> {
        self.filter(|header| header.key == key.as_bytes()).last()
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        // Validation has read this very header.
        Header::read(&mut self.rest).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Headers<'_> {}

/// One header, borrowed from its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The key as it stands on the wire. Kafka means UTF-8; nobody checks it.
    pub key: &'a [u8],
    /// The value.
    pub value: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// The key as text; `None` if it is not UTF-8.
    #[must_use]
    pub fn key_str(&self) -> Option<&'a str> {
        std::str::from_utf8(self.key).ok()
    }

    /// The key as text, with U+FFFD for what is not UTF-8, as Java shows it.
    #[must_use]
    pub fn key_lossy(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.key)
    }

    fn read(rest: &mut &'a [u8]) -> Result<Self, RecordProblem> {
        let key = nullable_bytes(rest).flatten().ok_or(RecordProblem::HeaderKey)?;
        let value = nullable_bytes(rest).ok_or(RecordProblem::HeaderValue)?;
        Ok(Self { key, value })
    }
}

/// A record with deltas as they stand on the wire. Validation and iteration both go through here, which is why
/// the second cannot fail after the first.
struct RawRecord<'a> {
    timestamp_delta: i64,
    offset_delta: i32,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: Headers<'a>,
}

impl<'a> RawRecord<'a> {
    #[inline(always)]
    fn read(rest: &mut &'a [u8]) -> Result<Self, RecordProblem> {
        let length = varint::read_i32(rest).and_then(|length| usize::try_from(length).ok());
        let length = length.ok_or(RecordProblem::Length)?;
        let (mut body, after) = rest.split_at_checked(length).ok_or(RecordProblem::Length)?;
        *rest = after;

        // The attributes of a record mean nothing so far.
        body = body.get(1..).ok_or(RecordProblem::Attributes)?;
        let timestamp_delta = varint::read_i64(&mut body).ok_or(RecordProblem::Timestamp)?;
        let offset_delta = varint::read_i32(&mut body).ok_or(RecordProblem::Offset)?;
        if offset_delta < 0 {
            return Err(RecordProblem::Offset);
        }
        let key = nullable_bytes(&mut body).ok_or(RecordProblem::Key)?;
        let value = nullable_bytes(&mut body).ok_or(RecordProblem::Value)?;
        // No header, and nothing behind: how nearly every record ends.
        if body == [0] {
            return Ok(Self { timestamp_delta, offset_delta, key, value, headers: Headers::default() });
        }
        let header_count = varint::read_i32(&mut body).and_then(|count| u32::try_from(count).ok());
        let header_count = header_count.ok_or(RecordProblem::HeaderCount)?;
        if header_count == 0 && !body.is_empty() {
            return Err(RecordProblem::Trailing);
        }
        let headers = Headers { rest: body, left: header_count };
        Ok(Self { timestamp_delta, offset_delta, key, value, headers })
    }

    #[inline]
    fn check_headers(&self) -> Result<(), RecordProblem> {
        if self.headers.left == 0 { Ok(()) } else { self.headers.check() }
    }
}

impl Headers<'_> {
    #[inline(never)]
    fn check(mut self) -> Result<(), RecordProblem> {
        // Each takes two bytes at least, so a count that cannot be true ends the loop before its time.
        while self.left > 0 {
            self.left -= 1;
            Header::read(&mut self.rest)?;
        }
        if self.rest.is_empty() { Ok(()) } else { Err(RecordProblem::Trailing) }
    }
}

/// A length and as many bytes: the outer `None` if they do not fit, the inner one for null.
#[inline(always)]
fn nullable_bytes<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = varint::read_i32(rest)?;
    match usize::try_from(length) {
        Ok(length) => {
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Some(Some(bytes))
        }
        Err(_) if length == -1 => Some(None),
        Err(_) => None,
    }
}
