use super::{BATCH_HEADER_SIZE, BatchError, BatchProblem, NO_SEQUENCE, NO_TIMESTAMP};
use crate::compression::Codec;
use crate::{LeaderEpoch, ProducerEpoch, ProducerId};

/// What stands before the records of a batch.
///
/// Messages of the formats 0 and 1 have less to say; their missing fields hold what stands for "none".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// The offset of the first record. Of a compressed message set of the formats 0 and 1: of the last one.
    pub base_offset: i64,
    /// The size of the whole batch in bytes, this header included.
    pub size: usize,
    /// The epoch of the leader that appended the batch.
    pub partition_leader_epoch: LeaderEpoch,
    /// The format: 2 since Kafka 0.11, 0 or 1 before.
    pub magic: i8,
    /// The checksum that the batch carries: CRC-32C from the attributes on (format 2).
    pub crc: u32,
    /// Codec and flags.
    pub attributes: Attributes,
    /// The distance of the last offset from [`base_offset`](Self::base_offset). Compaction may remove that last
    /// record and keeps the number.
    pub last_offset_delta: i32,
    /// What the records' timestamps are counted from, in milliseconds since 1970.
    pub base_timestamp: i64,
    /// The largest timestamp, or the moment of appending; see [`Attributes::timestamp_type`].
    pub max_timestamp: i64,
    /// Who wrote the batch, if it is idempotent or transactional.
    pub producer_id: ProducerId,
    /// The incarnation of that producer.
    pub producer_epoch: ProducerEpoch,
    /// The sequence number of the first record.
    pub base_sequence: i32,
    /// How many records there are; `None` for a compressed message set of the formats 0 and 1, which shows it
    /// only once it is read.
    pub record_count: Option<u32>,
}

impl BatchHeader {
    /// The offset of the last record that the batch was written with.
    #[must_use]
    pub fn last_offset(&self) -> i64 {
        // Parsing has made sure that the sum exists.
        self.base_offset.saturating_add(i64::from(self.last_offset_delta))
    }

    /// Where reading goes on after this batch, even if compaction has left no record in it.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        self.last_offset().saturating_add(1)
    }

    /// The sequence number of the last record; [`NO_SEQUENCE`] if there is none.
    #[must_use]
    pub fn last_sequence(&self) -> i32 {
        if self.base_sequence < 0 {
            NO_SEQUENCE
        } else {
            add_to_sequence(self.base_sequence, self.last_offset_delta)
        }
    }

    /// The timestamp that all records share because the broker set it; `None` if each has its own.
    #[must_use]
    pub fn log_append_time(&self) -> Option<i64> {
        (self.attributes.timestamp_type() == TimestampType::LogAppendTime).then_some(self.max_timestamp)
    }

    /// Reads the header of a batch of format 2, of which at least [`BATCH_HEADER_SIZE`] bytes are there and whose
    /// length and magic have been looked at.
    pub(super) fn read(bytes: &[u8; BATCH_HEADER_SIZE], size: usize) -> Result<Self, BatchError> {
        let mut fields = Fields(bytes);
        let base_offset = i64::from_be_bytes(fields.take());
        let _length: [u8; 4] = fields.take();
        let partition_leader_epoch = LeaderEpoch(i32::from_be_bytes(fields.take()));
        let magic = i8::from_be_bytes(fields.take());
        let crc = u32::from_be_bytes(fields.take());
        let attributes = Attributes(i16::from_be_bytes(fields.take()));
        let last_offset_delta = i32::from_be_bytes(fields.take());
        let base_timestamp = i64::from_be_bytes(fields.take());
        let max_timestamp = i64::from_be_bytes(fields.take());
        let producer_id = ProducerId(i64::from_be_bytes(fields.take()));
        let producer_epoch = ProducerEpoch(i16::from_be_bytes(fields.take()));
        let base_sequence = i32::from_be_bytes(fields.take());
        let record_count = i32::from_be_bytes(fields.take());

        let record_count = u32::try_from(record_count)
            .map_err(|_| BatchError::new(base_offset, BatchProblem::BadCount(record_count)))?;
        // Room for any delta that a record can have, so that no later sum overflows.
        if base_offset < 0 || base_offset > i64::MAX - i64::from(i32::MAX) || last_offset_delta < 0 {
            let problem = BatchProblem::BadOffsets { base: base_offset, last_delta: last_offset_delta };
            return Err(BatchError::new(base_offset, problem));
        }
        Ok(Self {
            base_offset,
            size,
            partition_leader_epoch,
            magic,
            crc,
            attributes,
            last_offset_delta,
            base_timestamp,
            max_timestamp,
            producer_id,
            producer_epoch,
            base_sequence,
            record_count: Some(record_count),
        })
    }

    /// The header as format 2 has it.
    pub(super) fn encode(&self) -> [u8; BATCH_HEADER_SIZE] {
        // The length counts what follows it; a larger batch than that is never built.
        let length = i32::try_from(self.size.saturating_sub(LENGTH_END)).unwrap_or(i32::MAX);
        let record_count = i32::try_from(self.record_count.unwrap_or_default()).unwrap_or(i32::MAX);
        let mut bytes = [0; BATCH_HEADER_SIZE];
        let mut room = Room(&mut bytes);
        room.put(self.base_offset.to_be_bytes());
        room.put(length.to_be_bytes());
        room.put(self.partition_leader_epoch.0.to_be_bytes());
        room.put(self.magic.to_be_bytes());
        room.put(self.crc.to_be_bytes());
        room.put(self.attributes.0.to_be_bytes());
        room.put(self.last_offset_delta.to_be_bytes());
        room.put(self.base_timestamp.to_be_bytes());
        room.put(self.max_timestamp.to_be_bytes());
        room.put(self.producer_id.0.to_be_bytes());
        room.put(self.producer_epoch.0.to_be_bytes());
        room.put(self.base_sequence.to_be_bytes());
        room.put(record_count.to_be_bytes());
        bytes
    }
}

/// An empty batch of format 2 at offset 0, from nobody.
impl Default for BatchHeader {
    fn default() -> Self {
        Self {
            base_offset: 0,
            size: BATCH_HEADER_SIZE,
            partition_leader_epoch: LeaderEpoch::NONE,
            magic: 2,
            crc: 0,
            attributes: Attributes::default(),
            last_offset_delta: 0,
            base_timestamp: NO_TIMESTAMP,
            max_timestamp: NO_TIMESTAMP,
            producer_id: ProducerId::NONE,
            producer_epoch: ProducerEpoch::NONE,
            base_sequence: NO_SEQUENCE,
            record_count: Some(0),
        }
    }
}

/// The attributes of a batch: codec in the lowest three bits, then flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes(pub i16);

impl Attributes {
    const CODEC: i16 = 0x07;
    const LOG_APPEND_TIME: i16 = 0x08;
    const TRANSACTIONAL: i16 = 0x10;
    const CONTROL: i16 = 0x20;
    const DELETE_HORIZON: i16 = 0x40;

    /// The number of the codec, known or not.
    #[must_use]
    pub fn codec_id(self) -> u8 {
        (self.0 & Self::CODEC).to_be_bytes()[1]
    }

    /// The codec; `None` for a number that stands for none.
    #[must_use]
    pub fn codec(self) -> Option<Codec> {
        Codec::from_id(self.codec_id())
    }

    /// Whose clock set the timestamps (`message.timestamp.type`).
    #[must_use]
    pub fn timestamp_type(self) -> TimestampType {
        if self.0 & Self::LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Whether the records belong to a transaction (KIP-98).
    #[must_use]
    pub fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    /// Whether the batch holds a [control record](super::ControlRecord), which no application sees.
    #[must_use]
    pub fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    /// Whether compaction has set a moment before which the batch's tombstones stay (KIP-534); it stands in
    /// the base timestamp.
    #[must_use]
    pub fn has_delete_horizon(self) -> bool {
        self.0 & Self::DELETE_HORIZON != 0
    }

    #[must_use]
    pub(super) fn with_codec(self, codec: Codec) -> Self {
        Self(self.0 & !Self::CODEC | i16::from(codec.id()))
    }

    #[must_use]
    pub(super) fn with_delete_horizon(self) -> Self {
        Self(self.0 | Self::DELETE_HORIZON)
    }

    #[must_use]
    pub(super) fn with_log_append_time(self) -> Self {
        Self(self.0 | Self::LOG_APPEND_TIME)
    }

    #[must_use]
    pub(super) fn with_transactional(self, transactional: bool) -> Self {
        Self(self.0 & !Self::TRANSACTIONAL | if transactional { Self::TRANSACTIONAL } else { 0 })
    }

    #[must_use]
    pub(super) fn with_control(self) -> Self {
        Self(self.0 | Self::CONTROL)
    }
}

/// Whose clock set a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// The producer's, when the record was made.
    CreateTime,
    /// The broker's, when the batch was appended.
    LogAppendTime,
}

/// The sequence number that comes `increment` after `sequence`: after `i32::MAX` comes 0.
#[must_use]
pub fn add_to_sequence(sequence: i32, increment: i32) -> i32 {
    match sequence.checked_add(increment) {
        Some(sum) => sum,
        None => increment - (i32::MAX - sequence) - 1,
    }
}

/// The length field's end: the length counts from here.
pub(super) const LENGTH_END: usize = 12;
/// The format's place, the same in all formats.
pub(super) const MAGIC_AT: usize = 16;
/// The checksum's place in format 2.
pub(super) const CRC_AT: usize = 17;
/// Where the checksum's scope begins in format 2.
pub(super) const CRC_SCOPE_AT: usize = 21;

/// Reads fixed-size fields off the front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        // The caller's array is as long as its fields are together.
        let (field, rest) = self.0.split_first_chunk().unwrap_or((&[0; N], &[]));
        self.0 = rest;
        *field
    }
}

/// Writes fixed-size fields to the front.
struct Room<'a>(&'a mut [u8]);

impl Room<'_> {
    fn put<const N: usize>(&mut self, field: [u8; N]) {
        if let Some((room, rest)) = std::mem::take(&mut self.0).split_first_chunk_mut() {
            *room = field;
            self.0 = rest;
        }
    }
}
