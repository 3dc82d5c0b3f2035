use bytes::Bytes;

use super::crc::{crc32, crc32c};
use super::header::{CRC_AT, CRC_SCOPE_AT, LENGTH_END, MAGIC_AT};
use super::message_set::{self, Message};
use super::reader::{Data, Start};
use super::sealed::write_header;
use super::{BATCH_HEADER_SIZE, BatchError, BatchHeader, BatchProblem, Records};
use crate::LeaderEpoch;
use crate::compression::{Codec, Decompressor};

/// One batch, its header read and its records untouched.
///
/// A slice of the frame that it came in: nothing is copied, and the frame stays in memory until the last of its
/// batches is dropped. [`detach`](Self::detach) ends that. A message of the formats 0 and 1 counts as a batch of
/// its own, compressed or not.
#[derive(Clone, Debug)]
pub struct Batch {
    header: BatchHeader,
    bytes: Bytes,
}

/// Where a batch goes in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The offset of its first record.
    pub base_offset: i64,
    /// The epoch of the leader that appends it.
    pub partition_leader_epoch: LeaderEpoch,
    /// The broker's time, if the topic has it replace the producer's (`message.timestamp.type=LogAppendTime`).
    pub log_append_time: Option<i64>,
}

impl Batch {
    /// Reads the header of the batch that `bytes` hold from beginning to end.
    ///
    /// # Errors
    /// If the header is impossible, or the batch does not fill `bytes`.
    pub fn parse(bytes: Bytes) -> Result<Self, BatchError> {
        let Frame { base_offset, size, .. } = Frame::read(&bytes)?;
        if size < bytes.len() {
            return Err(BatchError::new(base_offset, BatchProblem::Trailing(bytes.len() - size)));
        }
        Self::parse_framed(bytes)
    }

    /// As [`parse`](Self::parse), when it is known that nothing follows the batch.
    pub(super) fn parse_framed(bytes: Bytes) -> Result<Self, BatchError> {
        let Frame { base_offset, size, magic } = Frame::read(&bytes)?;
        let header = match magic {
            0 | 1 => Message::read(&bytes)?.header(size),
            2 => {
                // A length that leaves no room for the header of its own format.
                let header = bytes.first_chunk::<BATCH_HEADER_SIZE>().ok_or_else(|| {
                    let length = i32::try_from(size - LENGTH_END).unwrap_or(i32::MAX);
                    BatchError::new(base_offset, BatchProblem::BadLength(length))
                })?;
                BatchHeader::read(header, size)?
            }
            unknown => return Err(BatchError::new(base_offset, BatchProblem::UnknownMagic(unknown))),
        };
        Ok(Self { header, bytes })
    }

    /// What stands before the records.
    #[must_use]
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The batch as it stands on the wire.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The batch in memory of its own; costs one copy and frees the frame.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { header: self.header, bytes: Bytes::copy_from_slice(&self.bytes) }
    }

    /// Compares the checksum with the content (`check.crcs`).
    ///
    /// # Errors
    /// [`BatchProblem::CrcMismatch`].
    pub fn verify_crc(&self) -> Result<(), BatchError> {
        let computed = if self.header.magic < 2 {
            // From the magic on.
            crc32(self.bytes.get(MAGIC_AT..).unwrap_or_default())
        } else {
            crc32c(self.bytes.get(CRC_SCOPE_AT..).unwrap_or_default())
        };
        let stored = self.header.crc;
        if stored == computed {
            Ok(())
        } else {
            Err(self.fault(BatchProblem::CrcMismatch { stored, computed }))
        }
    }

    /// Decompresses the records if need be and checks every length; see [`read_with`](Self::read_with), which
    /// can reuse a buffer.
    ///
    /// # Errors
    /// If the records do not decompress, or not into what the header says.
    pub fn read(&self, decompressor: &mut Decompressor) -> Result<Records, BatchError> {
        self.read_with(decompressor, Vec::new)
    }

    /// As [`read`](Self::read), with a buffer that is asked for only if the batch needs one. It comes back by
    /// [`Records::into_buffer`].
    ///
    /// # Errors
    /// If the records do not decompress, or not into what the header says. The buffer is dropped.
    pub fn read_with(
        &self,
        decompressor: &mut Decompressor,
        buffer: impl FnOnce() -> Vec<u8>,
    ) -> Result<Records, BatchError> {
        if self.header.magic < 2 {
            return message_set::read(self, decompressor, buffer());
        }
        let codec = self.codec()?;
        let count = self.header.record_count.unwrap_or_default();
        let payload = self.bytes.slice(BATCH_HEADER_SIZE.min(self.bytes.len())..);
        // Compaction leaves empty batches with their attributes as they were.
        let data = if codec == Codec::None || payload.is_empty() {
            Data::Frame(payload)
        } else {
            let mut buffer = buffer();
            decompressor.decompress(codec, &payload, &mut buffer).map_err(|error| self.fault(error))?;
            Data::Buffer(buffer)
        };
        let start = Start {
            offset: self.header.base_offset,
            timestamp: self.header.base_timestamp,
            log_append_time: self.header.log_append_time(),
        };
        Records::validate(&self.header, start, count, data)
    }

    /// The batch with its place in the log, ready to be stored. The records stay as they are; the checksum, whose
    /// scope does not hold offset and epoch, is computed anew only for a log append time.
    ///
    /// Costs one copy. Of the formats 0 and 1 only the offset is set, as those have no epoch.
    #[must_use]
    pub fn place(&self, placement: Placement) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        let mut header = self.header;
        header.base_offset = placement.base_offset;
        if header.magic < 2 {
            if let Some(room) = bytes.first_chunk_mut() {
                *room = placement.base_offset.to_be_bytes();
            }
            return bytes;
        }
        header.partition_leader_epoch = placement.partition_leader_epoch;
        match placement.log_append_time {
            None => {
                if let Some(room) = bytes.first_chunk_mut() {
                    *room = header.encode();
                }
            }
            Some(time) => {
                header.attributes = header.attributes.with_log_append_time();
                header.max_timestamp = time;
                write_header(&mut bytes, &mut header);
            }
        }
        bytes
    }

    pub(super) fn codec(&self) -> Result<Codec, BatchError> {
        let attributes = self.header.attributes;
        attributes.codec().ok_or_else(|| self.fault(BatchProblem::UnknownCodec(attributes.codec_id())))
    }

    pub(super) fn fault(&self, problem: impl Into<BatchProblem>) -> BatchError {
        BatchError::new(self.header.base_offset, problem)
    }
}

/// What all formats have in the same place.
pub(super) struct Frame {
    pub(super) base_offset: i64,
    pub(super) size: usize,
    pub(super) magic: i8,
}

impl Frame {
    /// The least that tells where a batch ends and of which format it is.
    pub(super) const SIZE: usize = CRC_AT;

    /// Reads the frame of the first batch in `bytes`, which must hold all of it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, BatchError> {
        let available = bytes.len();
        let base_offset = bytes.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        let fault = |problem| BatchError::new(base_offset, problem);
        let truncated = |needed| fault(BatchProblem::Truncated { needed, available });
        let length =
            bytes.get(8..).and_then(|bytes| bytes.first_chunk()).ok_or_else(|| truncated(Self::SIZE))?;
        let length = i32::from_be_bytes(*length);
        let size = match usize::try_from(length) {
            // The smallest message of the oldest format; what is shorter has no format at all.
            Ok(length) if length >= message_set::SMALLEST => LENGTH_END + length,
            _ => return Err(fault(BatchProblem::BadLength(length))),
        };
        if size > available {
            return Err(truncated(size));
        }
        let magic = bytes.get(MAGIC_AT).ok_or_else(|| truncated(size))?;
        Ok(Self { base_offset, size, magic: i8::from_be_bytes([*magic]) })
    }
}
