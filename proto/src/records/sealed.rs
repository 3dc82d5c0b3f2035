use bytes::Bytes;

use super::crc::{crc32c, crc32c_of_both, crc32c_of_more};
use super::header::{BatchHeader, CRC_AT, CRC_SCOPE_AT};
use super::{BATCH_HEADER_SIZE, NO_SEQUENCE};
use crate::compression::{Codec, CompressError, Compressor};
use crate::{ProducerEpoch, ProducerId};

/// A batch that takes no more records and has not been written yet: it lacks its stamp and its checksum.
#[derive(Debug)]
pub struct SealedBatch {
    header: BatchHeader,
    /// Room for the header, then the records, perhaps compressed.
    buffer: Vec<u8>,
    uncompressed_size: usize,
    sum: RecordSum,
}

/// The checksum of a batch's first records, by their bytes: the header in front of them comes later.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RecordSum {
    crc: u32,
    bytes: usize,
}

impl RecordSum {
    /// Takes all in that has been added to the batch.
    pub(super) fn add_up(&mut self, batch: &[u8]) {
        let more = batch.get(BATCH_HEADER_SIZE + self.bytes..).unwrap_or_default();
        self.crc = crc32c_of_more(self.crc, more);
        self.bytes += more.len();
    }
}

/// Whose batch it is, and which in that producer's order (KIP-98).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The producer; [`ProducerId::NONE`] if it is not idempotent.
    pub producer_id: ProducerId,
    /// Its incarnation.
    pub producer_epoch: ProducerEpoch,
    /// The sequence number of the batch's first record.
    pub base_sequence: i32,
    /// Whether the batch belongs to a transaction.
    pub transactional: bool,
}

impl Stamp {
    /// The stamp of a producer that is not idempotent.
    pub const NONE: Self = Self {
        producer_id: ProducerId::NONE,
        producer_epoch: ProducerEpoch::NONE,
        base_sequence: NO_SEQUENCE,
        transactional: false,
    };
}

impl SealedBatch {
    pub(super) fn new(header: BatchHeader, buffer: Vec<u8>, sum: RecordSum) -> Self {
        let uncompressed_size = buffer.len();
        Self { header, buffer, uncompressed_size, sum }
    }

    /// Compresses the records, unless that would make them larger; says whether it did.
    ///
    /// The result is built in `spare`, of which an empty `Vec` will do, and copied: the batch stays in the buffer that
    /// its memory is counted for, while codecs ask for more room than a batch may need in the end.
    ///
    /// # Errors
    /// If the codec fails; the batch is as it was and can be written uncompressed.
    pub fn compress(
        &mut self,
        compressor: &mut Compressor,
        spare: &mut Vec<u8>,
    ) -> Result<bool, CompressError> {
        let plain = self.header.attributes.codec() == Some(Codec::None);
        if !plain || compressor.codec() == Codec::None {
            return Ok(false);
        }
        spare.clear();
        spare.resize(BATCH_HEADER_SIZE, 0);
        compressor.compress(self.buffer.get(BATCH_HEADER_SIZE..).unwrap_or_default(), spare)?;
        if spare.len() >= self.buffer.len() {
            return Ok(false);
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(spare);
        self.sum = RecordSum::default();
        self.header.size = self.buffer.len();
        self.header.attributes = self.header.attributes.with_codec(compressor.codec());
        Ok(true)
    }

    /// How many records there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.header.record_count.unwrap_or_default()
    }

    /// The size of the batch in bytes, header included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.buffer.len()
    }

    /// The size that it had before it was compressed.
    #[must_use]
    pub fn uncompressed_size(&self) -> usize {
        self.uncompressed_size
    }

    /// The codec that its records are compressed with.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.header.attributes.codec().unwrap_or_default()
    }

    pub(super) fn into_control(mut self) -> Self {
        self.header.attributes = self.header.attributes.with_control();
        self
    }

    /// Adds the stamp and computes the checksum, which is what makes the batch fit to be written.
    #[must_use]
    pub fn stamp(self, stamp: Stamp) -> StampedBatch {
        let Self { mut header, mut buffer, sum, .. } = self;
        apply(&mut header, stamp);
        write_summed_header(&mut buffer, &mut header, sum);
        StampedBatch { header, bytes: Bytes::from(buffer) }
    }
}

/// A batch as it goes onto the wire. Every attempt to write it sends the same bytes.
#[derive(Clone, Debug)]
pub struct StampedBatch {
    header: BatchHeader,
    bytes: Bytes,
}

impl StampedBatch {
    /// What stands before the records.
    #[must_use]
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The bytes to write; a clone shares them.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Replaces the stamp, for a batch that has certainly not been written (KIP-360). Copies the bytes if somebody
    /// else still holds them.
    #[must_use]
    pub fn restamp(self, stamp: Stamp) -> Self {
        let Self { mut header, bytes } = self;
        apply(&mut header, stamp);
        let mut buffer = Vec::from(bytes);
        write_header(&mut buffer, &mut header);
        Self { header, bytes: Bytes::from(buffer) }
    }

    /// The buffer for the next batch; `None` if somebody else still holds the bytes.
    #[must_use]
    pub fn into_buffer(self) -> Option<Vec<u8>> {
        self.bytes.is_unique().then(|| Vec::from(self.bytes))
    }
}

fn apply(header: &mut BatchHeader, stamp: Stamp) {
    header.producer_id = stamp.producer_id;
    header.producer_epoch = stamp.producer_epoch;
    header.base_sequence = stamp.base_sequence;
    header.attributes = header.attributes.with_transactional(stamp.transactional);
}

/// Writes the header in front of the records, with the checksum over both.
pub(super) fn write_header(batch: &mut [u8], header: &mut BatchHeader) {
    write_summed_header(batch, header, RecordSum::default());
}

/// The one place that computes the checksum, for which `sum` has begun.
fn write_summed_header(batch: &mut [u8], header: &mut BatchHeader, mut sum: RecordSum) {
    if let Some(room) = batch.first_chunk_mut() {
        *room = header.encode();
    }
    header.crc = if sum.bytes == 0 {
        crc32c(batch.get(CRC_SCOPE_AT..).unwrap_or_default())
    } else {
        sum.add_up(batch);
        let in_header = crc32c(batch.get(CRC_SCOPE_AT..BATCH_HEADER_SIZE).unwrap_or_default());
        crc32c_of_both(in_header, sum.crc, sum.bytes)
    };
    if let Some(room) = batch.get_mut(CRC_AT..CRC_SCOPE_AT) {
        room.copy_from_slice(&header.crc.to_be_bytes());
    }
}
