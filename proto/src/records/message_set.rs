//! Messages of the formats 0 and 1, which brokers before 0.11 wrote. They are read only: each comes out as
//! records of format 2, copied once, so that nothing behind this file knows the old ones.
//!
//! A compressed message holds a message set. Its inner offsets are absolute in format 0. In format 1 they count
//! from 0, and the outer offset is that of the last inner message (KIP-31), which says where 0 lies.

use super::batch::Frame;
use super::header::{Attributes, BatchHeader, LENGTH_END};
use super::reader::{Data, Start};
use super::writer::Shape;
use super::{Batch, BatchError, BatchProblem, NO_TIMESTAMP, RecordProblem, Records, TimestampType};
use crate::compression::{Codec, Decompressor};

/// A message of format 0 with neither key nor value: checksum, magic, attributes, two lengths.
pub(super) const SMALLEST: usize = 4 + 1 + 1 + 4 + 4;

/// Decodes one message and what it may hold.
pub(super) fn read(
    batch: &Batch,
    decompressor: &mut Decompressor,
    mut buffer: Vec<u8>,
) -> Result<Records, BatchError> {
    let outer = Message::read(batch.bytes())?;
    let codec = batch.codec()?;
    buffer.clear();
    let mut records = Rewriter { outer: *batch.header(), base: None, buffer, count: 0 };
    match codec {
        Codec::None => records.append(&outer, outer.offset)?,
        // Kafka never allowed it here.
        Codec::Zstd => return Err(batch.fault(BatchProblem::UnknownCodec(codec.id()))),
        Codec::Gzip | Codec::Snappy | Codec::Lz4 => {
            let value = outer.value.ok_or_else(|| batch.fault(BatchProblem::EmptyMessageSet))?;
            let mut inner = Vec::new();
            decompressor.decompress(codec, value, &mut inner).map_err(|error| batch.fault(error))?;
            let shift = records.shift(&inner)?;
            for message in Messages(&inner) {
                let message = message?;
                if message.attributes.codec_id() != 0 {
                    return Err(batch.fault(BatchProblem::NestedCompression));
                }
                records.append(&message, message.offset.wrapping_add(shift))?;
            }
        }
    }
    records.finish()
}

/// One message, its fields borrowed.
pub(super) struct Message<'a> {
    offset: i64,
    crc: u32,
    magic: i8,
    attributes: Attributes,
    timestamp: i64,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// Reads the message that fills `bytes`, whose frame has been looked at.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, BatchError> {
        let offset = bytes.first_chunk().map_or(0, |offset| i64::from_be_bytes(*offset));
        let record = |problem| BatchError::new(offset, BatchProblem::Record { index: 0, problem });
        let mut rest = bytes.get(LENGTH_END..).ok_or(record(RecordProblem::Length))?;
        let crc = u32::from_be_bytes(take(&mut rest).ok_or(record(RecordProblem::Length))?);
        let magic = i8::from_be_bytes(take(&mut rest).ok_or(record(RecordProblem::Length))?);
        let [attributes] = take(&mut rest).ok_or(record(RecordProblem::Attributes))?;
        let timestamp = match magic {
            0 => NO_TIMESTAMP,
            1 => i64::from_be_bytes(take(&mut rest).ok_or(record(RecordProblem::Timestamp))?),
            unknown => return Err(BatchError::new(offset, BatchProblem::UnknownMagic(unknown))),
        };
        let key = nullable_bytes(&mut rest).ok_or(record(RecordProblem::Key))?;
        let value = nullable_bytes(&mut rest).ok_or(record(RecordProblem::Value))?;
        if !rest.is_empty() {
            return Err(record(RecordProblem::Trailing));
        }
        // No other flag meant anything then.
        let attributes = Attributes(i16::from(attributes) & if magic == 0 { 0x07 } else { 0x0f });
        if !(0..=i64::MAX - i64::from(i32::MAX)).contains(&offset) {
            return Err(BatchError::new(offset, BatchProblem::BadOffsets { base: offset, last_delta: 0 }));
        }
        Ok(Self { offset, crc, magic, attributes, timestamp, key, value })
    }

    /// What format 2 would say of it.
    pub(super) fn header(&self, size: usize) -> BatchHeader {
        BatchHeader {
            base_offset: self.offset,
            size,
            magic: self.magic,
            crc: self.crc,
            attributes: self.attributes,
            base_timestamp: self.timestamp,
            max_timestamp: self.timestamp,
            record_count: (self.attributes.codec_id() == 0).then_some(1),
            ..BatchHeader::default()
        }
    }
}

/// The messages of a set, one after the other; one that is cut off ends it, as in Java.
struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        match Frame::read(self.0) {
            Ok(frame) => {
                let (message, rest) = self.0.split_at_checked(frame.size)?;
                self.0 = rest;
                Some(Message::read(message))
            }
            Err(error) => {
                self.0 = &[];
                (!matches!(error.problem, BatchProblem::Truncated { .. })).then_some(Err(error))
            }
        }
    }
}

/// Writes messages as records of format 2.
struct Rewriter {
    outer: BatchHeader,
    /// The first record's offset and timestamp.
    base: Option<(i64, i64)>,
    buffer: Vec<u8>,
    count: u32,
}

impl Rewriter {
    /// What turns an inner offset into one of the log.
    fn shift(&self, inner: &[u8]) -> Result<i64, BatchError> {
        let mut last = None;
        for message in Messages(inner) {
            last = Some(message?.offset);
        }
        let last = last.ok_or_else(|| self.fault(BatchProblem::EmptyMessageSet))?;
        let outer = self.outer.base_offset;
        match self.outer.magic {
            0 => Ok(0),
            // Old librdkafka producers left the outer offset at 0.
            _ if outer == 0 => Ok(0),
            _ if outer >= last => Ok(outer - last),
            _ => Err(self.fault(BatchProblem::BadOffsets { base: outer, last_delta: 0 })),
        }
    }

    fn append(&mut self, message: &Message<'_>, offset: i64) -> Result<(), BatchError> {
        let (base_offset, base_timestamp) = *self.base.get_or_insert((offset, message.timestamp));
        let offset_delta = offset.wrapping_sub(base_offset);
        if !(0..=i64::from(i32::MAX)).contains(&offset_delta) {
            let index = self.count;
            return Err(self.fault(BatchProblem::Record { index, problem: RecordProblem::Offset }));
        }
        let timestamp_delta = message.timestamp.wrapping_sub(base_timestamp);
        Shape::new(offset_delta, timestamp_delta, message.key, message.value, 1).write(&mut self.buffer);
        self.buffer.push(0);
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    fn finish(self) -> Result<Records, BatchError> {
        let (offset, timestamp) = self.base.unwrap_or((self.outer.base_offset, NO_TIMESTAMP));
        let log_append_time = match self.outer.attributes.timestamp_type() {
            TimestampType::CreateTime => None,
            TimestampType::LogAppendTime => Some(self.outer.max_timestamp),
        };
        let start = Start { offset, timestamp, log_append_time };
        Records::validate(&self.outer, start, self.count, Data::Buffer(self.buffer))
    }

    fn fault(&self, problem: BatchProblem) -> BatchError {
        BatchError::new(self.outer.base_offset, problem)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*field)
}

/// A 32-bit length and as many bytes: the outer `None` if they do not fit, the inner one for null.
fn nullable_bytes<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = i32::from_be_bytes(take(rest)?);
    if length == -1 {
        return Some(None);
    }
    let (bytes, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(Some(bytes))
}
