//! A record on its way in: borrowed, so that whoever is refused still has it.

use std::time::Duration;

use ottla_proto::records::{BATCH_HEADER_SIZE, BatchFull, BatchWriter, Header};

/// A record to be sent. Key, value and headers are copied once, straight into the batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewRecord<'a> {
    /// The key; decides the partition unless one is named.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers in order; keys may repeat.
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The partition, if the sender chooses it.
    pub partition: Option<i32>,
    /// How long it may take from its acceptance to its acknowledgement, if not as long as the producer says.
    pub delivery_timeout: Option<Duration>,
}

impl NewRecord<'_> {
    /// No fewer bytes than a batch of this record alone takes, and at most a few dozen more.
    pub(super) fn size_bound(&self) -> usize {
        /// The longest number in front of a record or a header.
        const NUMBER: usize = 10;
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        let headers = self.headers.iter().fold(0_usize, |sum, (key, value)| {
            sum.saturating_add(2 * NUMBER).saturating_add(key.len()).saturating_add(length(*value))
        });
        (BATCH_HEADER_SIZE + 7 * NUMBER)
            .saturating_add(length(self.key))
            .saturating_add(length(self.value))
            .saturating_add(headers)
    }

    /// Encodes the record at the end of the batch, unless it would become larger than `limit`.
    #[inline]
    pub(super) fn append_to(&self, writer: &mut BatchWriter, limit: usize) -> Result<u32, BatchFull> {
        if self.headers.is_empty() {
            return writer.append(self.timestamp, self.key, self.value, limit);
        }
        let headers = self.headers.iter().map(|(key, value)| Header { key: key.as_bytes(), value: *value });
        writer.append_with_headers(self.timestamp, self.key, self.value, headers, limit)
    }
}
