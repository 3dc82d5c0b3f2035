use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::ErrorCode;
use ottla_proto::compression::{Codec, CompressError, Compressor, Decompressor};
use ottla_proto::records::{
    Batch, BatchError, BatchProblem, Batches, NO_TIMESTAMP, RecordRef, Records, TimestampType,
};

use super::TimedOffset;
use crate::Instant;
use crate::engine::TopicConfig;

/// Lets only those batches into a log that Kafka would take (Java's `LogValidator`).
#[derive(Debug, Default)]
pub(crate) struct BatchChecker {
    decompressor: Decompressor,
    /// The one that was used last.
    compressor: Option<(Compression, Compressor)>,
    buffer: Vec<u8>,
}

/// How a topic has its records compressed, whatever their producer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compression {
    pub(crate) codec: Codec,
    /// `None` for the codec's default.
    pub(crate) level: Option<i32>,
}

/// A batch that may be appended.
#[derive(Debug)]
pub(crate) struct CheckedBatch {
    pub(super) batch: Batch,
    pub(super) max_timestamp: i64,
}

impl CheckedBatch {
    pub(crate) fn record_count(&self) -> i32 {
        self.batch.header().last_offset_delta.saturating_add(1)
    }
}

/// Why a batch was not appended, as its producer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: ErrorCode,
    pub(crate) message: ByteString,
    /// The records that are at fault, by index, if it is single ones.
    pub(crate) records: Vec<(i32, ByteString)>,
}

impl Refused {
    pub(crate) fn new(code: ErrorCode, message: impl Into<ByteString>) -> Self {
        Self { code, message: message.into(), records: Vec::new() }
    }
}

impl BatchChecker {
    /// Checks a batch by itself and against the settings of its topic.
    ///
    /// Costs a checksum over the bytes and two walks over the records, which are decompressed for it; and
    /// compressing them, if the topic asks for another codec than the producer used.
    pub(crate) fn check(
        &mut self,
        batch: Batch,
        config: &TopicConfig,
        now: Instant,
    ) -> Result<CheckedBatch, Refused> {
        check_header(&batch, config)?;
        batch.verify_crc().map_err(corrupt)?;
        let decoded = self.read(&batch).map_err(corrupt)?;
        if !decoded.is_consecutive() {
            return Err(invalid("The offsets in the batch have gaps"));
        }
        let mut max_timestamp = NO_TIMESTAMP;
        let mut faults = Vec::new();
        for (index, record) in (0..).zip(&decoded) {
            max_timestamp = max_timestamp.max(record.timestamp);
            if let Some(fault) = fault(&record, config, now) {
                faults.push((index, fault));
            }
        }
        let refused = refuse(faults);
        let recompressed = match (refused, config.compression) {
            (Err(refused), _) => Err(refused),
            (Ok(()), Some(wanted)) if batch.header().attributes.codec() != Some(wanted.codec) => {
                self.recompress(&batch, &decoded, wanted)
            }
            (Ok(()), _) => Ok(batch),
        };
        self.give_back(decoded);
        let batch = recompressed?;
        check_size(&batch, config)?;
        Ok(CheckedBatch { batch, max_timestamp })
    }

    fn recompress(
        &mut self,
        batch: &Batch,
        records: &Records,
        wanted: Compression,
    ) -> Result<Batch, Refused> {
        let failed =
            |error: CompressError| Refused::new(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, error.to_string());
        let kept = self.compressor.take().filter(|(last, _)| *last == wanted);
        let compressor = match (kept, wanted.level) {
            (Some((_, compressor)), _) => Ok(compressor),
            (None, Some(level)) => Compressor::with_level(wanted.codec, level),
            (None, None) => Compressor::new(wanted.codec),
        };
        let (_, compressor) = self.compressor.insert((wanted, compressor.map_err(failed)?));
        let bytes = batch.recompress(records, compressor).map_err(failed)?;
        Batch::parse(bytes.into()).map_err(corrupt)
    }

    /// The first record in a stored batch for which `wanted` holds.
    pub(super) fn find_record(
        &mut self,
        batch: &Bytes,
        wanted: impl Fn(&RecordRef<'_>) -> bool,
    ) -> Option<TimedOffset> {
        let batch = Batch::parse(batch.clone()).ok()?;
        let records = self.read(&batch).ok()?;
        let leader_epoch = batch.header().partition_leader_epoch;
        let found = records.iter().find(wanted);
        found.map(|record| TimedOffset { offset: record.offset, timestamp: record.timestamp, leader_epoch })
    }

    pub(super) fn read(&mut self, batch: &Batch) -> Result<Records, BatchError> {
        let buffer = &mut self.buffer;
        batch.read_with(&mut self.decompressor, || std::mem::take(buffer))
    }

    /// Takes back the buffer of records that are done with.
    pub(super) fn give_back(&mut self, records: Records) {
        self.buffer = records.into_buffer().unwrap_or_default();
    }
}

/// The batch that a Produce of `version` carries for one partition: exactly one, of format 2.
///
/// As in Kafka an incomplete batch counts as none, behind a whole one too.
pub(crate) fn only_batch(records: Bytes, version: i16) -> Result<Batch, Refused> {
    let mut batches = Batches::new(records);
    let Some(batch) = batches.next() else {
        return Err(invalid("A Produce must have a whole batch for each partition"));
    };
    let batch = batch.map_err(corrupt)?;
    if batch.header().magic != 2 {
        return Err(invalid("A Produce takes batches of format (magic) 2 only"));
    }
    const FIRST_WITH_ZSTD: i16 = 7;
    if version < FIRST_WITH_ZSTD && batch.header().attributes.codec() == Some(Codec::Zstd) {
        let message = "zstd needs Produce version 7";
        return Err(Refused::new(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, message));
    }
    if batches.next().is_some() {
        return Err(invalid("A Produce takes one batch for each partition"));
    }
    Ok(batch)
}

fn check_header(batch: &Batch, config: &TopicConfig) -> Result<(), Refused> {
    let header = batch.header();
    if header.base_offset != 0 {
        return Err(invalid("The base offset of a new batch must be 0"));
    }
    check_size(batch, config)?;
    let count = i64::from(header.record_count.unwrap_or_default());
    if count == 0 || i64::from(header.last_offset_delta) + 1 != count {
        return Err(invalid("The number of records and the last offset do not fit"));
    }
    if header.attributes.is_control() {
        return Err(invalid("Clients must not write control records"));
    }
    if !header.producer_id.is_none() && header.base_sequence < 0 {
        return Err(invalid("A batch with a producer id needs a sequence"));
    }
    if header.attributes.is_transactional() && header.producer_id.is_none() {
        return Err(invalid("A transactional batch needs a producer id"));
    }
    if header.attributes.timestamp_type() == TimestampType::LogAppendTime {
        let message = "A producer must not stamp records with a log append time";
        return Err(Refused::new(ErrorCode::INVALID_TIMESTAMP, message));
    }
    Ok(())
}

fn check_size(batch: &Batch, config: &TopicConfig) -> Result<(), Refused> {
    let size = batch.header().size;
    if size <= config.max_message_bytes {
        return Ok(());
    }
    let most = config.max_message_bytes;
    let message = format!("The batch has {size} bytes, the topic takes at most {most} (max.message.bytes)");
    Err(Refused::new(ErrorCode::MESSAGE_TOO_LARGE, message))
}

/// What is wrong with one record, and whether it is its timestamp.
fn fault(record: &RecordRef<'_>, config: &TopicConfig, now: Instant) -> Option<(bool, ByteString)> {
    if config.compacted && record.key.is_none() {
        return Some((false, "A compacted topic takes no records without a key".into()));
    }
    if config.log_append_time || record.timestamp == NO_TIMESTAMP {
        return None;
    }
    let now = now.as_millis();
    let oldest = now.saturating_sub(config.timestamp_before_max_ms);
    let newest = now.saturating_add(config.timestamp_after_max_ms);
    if (oldest..=newest).contains(&record.timestamp) {
        return None;
    }
    let text = format!("Timestamp {} does not lie within {oldest} and {newest}", record.timestamp);
    Some((true, text.into()))
}

fn refuse(faults: Vec<(i32, (bool, ByteString))>) -> Result<(), Refused> {
    if faults.is_empty() {
        return Ok(());
    }
    let (code, message) = match faults.iter().any(|(_, (by_time, _))| *by_time) {
        true => (ErrorCode::INVALID_TIMESTAMP, "Records have timestamps that the topic does not take"),
        false => (ErrorCode::INVALID_RECORD, "The topic does not take some of the records"),
    };
    let records = faults.into_iter().map(|(index, (_, text))| (index, text)).collect();
    Err(Refused { records, ..Refused::new(code, message) })
}

fn corrupt(error: BatchError) -> Refused {
    let code = match error.problem {
        BatchProblem::BadOffsets { .. }
        | BatchProblem::BadCount(_)
        | BatchProblem::Record { .. }
        | BatchProblem::Trailing(_) => ErrorCode::INVALID_RECORD,
        BatchProblem::UnknownCodec(_) => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
        _ => ErrorCode::CORRUPT_MESSAGE,
    };
    Refused::new(code, error.to_string())
}

fn invalid(message: &'static str) -> Refused {
    Refused::new(ErrorCode::INVALID_RECORD, ByteString::from_static(message))
}
