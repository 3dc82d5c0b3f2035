use super::sealed::write_header;
use super::{BATCH_HEADER_SIZE, Batch, RecordRef, Records, varint};
use crate::compression::{Codec, CompressError, Compressor};

impl Batch {
    /// The batch with those of its records only that `keep` wants, as compaction leaves it: the records have the
    /// offsets that they had, and the header's offsets and sequences stay as they are, even if no record is left.
    ///
    /// With `delete_horizon` the batch says from which moment on, in milliseconds, its tombstones or its marker may go
    /// (KIP-534). The base timestamp has room for that, since the records' timestamps are told from it.
    ///
    /// `records` must be what [`read`](Self::read) made of this batch, whose format must be 2. The records are
    /// compressed as they were, unless the codec cannot be written here or makes them larger.
    #[must_use]
    pub fn retain(
        &self,
        records: &Records,
        delete_horizon: Option<i64>,
        mut keep: impl FnMut(&RecordRef<'_>) -> bool,
    ) -> Vec<u8> {
        let mut header = *self.header();
        if let Some(horizon) = delete_horizon {
            header.attributes = header.attributes.with_delete_horizon();
            header.base_timestamp = horizon;
        }
        let (mut batch, mut count, mut max_timestamp) = (vec![0; BATCH_HEADER_SIZE], 0, None);
        for (record, bytes) in records.raw().filter(|(record, _)| keep(record)) {
            match delete_horizon.and_then(|horizon| stamped(bytes, record.timestamp, horizon)) {
                Some(stamped) => batch.extend(stamped),
                None => batch.extend_from_slice(bytes),
            }
            count += 1;
            max_timestamp = max_timestamp.max(Some(record.timestamp));
        }
        let codec = header.attributes.codec().unwrap_or_default();
        header.attributes = header.attributes.with_codec(Codec::None);
        if count > 0
            && codec != Codec::None
            && let Ok(mut compressor) = Compressor::new(codec)
        {
            let mut packed = vec![0; BATCH_HEADER_SIZE];
            let plain = batch.get(BATCH_HEADER_SIZE..).unwrap_or_default();
            if compressor.compress(plain, &mut packed).is_ok() && packed.len() < batch.len() {
                header.attributes = header.attributes.with_codec(codec);
                batch = packed;
            }
        }
        header.record_count = Some(count);
        header.size = batch.len();
        header.max_timestamp = max_timestamp.unwrap_or(header.max_timestamp);
        write_header(&mut batch, &mut header);
        batch
    }

    /// The batch with its records compressed by `compressor`, whatever they were compressed with before, as a broker
    /// stores it where the topic decides (`compression.type`). Everything else stays, the checksum is made anew. The
    /// codec is used even if it makes the records larger, as in Kafka.
    ///
    /// `records` must be what [`read`](Self::read) made of this batch, whose format must be 2.
    ///
    /// # Errors
    /// If the codec fails.
    pub fn recompress(
        &self,
        records: &Records,
        compressor: &mut Compressor,
    ) -> Result<Vec<u8>, CompressError> {
        let mut header = *self.header();
        let plain: Vec<u8> = records.raw().flat_map(|(_, bytes)| bytes).copied().collect();
        let mut batch = vec![0; BATCH_HEADER_SIZE];
        compressor.compress(&plain, &mut batch)?;
        header.attributes = header.attributes.with_codec(compressor.codec());
        header.size = batch.len();
        write_header(&mut batch, &mut header);
        Ok(batch)
    }
}

/// A record's bytes with its timestamp told from another one; `None` if these are no record's bytes.
fn stamped(bytes: &[u8], timestamp: i64, base: i64) -> Option<Vec<u8>> {
    let mut body = bytes;
    varint::read_i32(&mut body)?;
    let (attributes, mut rest) = body.split_first()?;
    varint::read_i64(&mut rest)?;
    let delta = timestamp.wrapping_sub(base);
    let length = i64::try_from(1 + varint::size(delta) + rest.len()).ok()?;
    let mut stamped = Vec::with_capacity(bytes.len());
    stamped.extend(varint::groups(length));
    stamped.push(*attributes);
    stamped.extend(varint::groups(delta));
    stamped.extend_from_slice(rest);
    Some(stamped)
}
