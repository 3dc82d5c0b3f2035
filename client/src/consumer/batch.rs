use std::borrow::Cow;
use std::iter::FusedIterator;
use std::ops::Deref;

use bytes::Bytes;
use ottla_core::consumer as core;
use ottla_proto::records;

/// Records of one partition, as a producer put them together.
///
/// Iterating it borrows, allocates nothing and cannot fail: every length was checked when the batch was handed out.
/// It can go to another thread, and outlive the consumer.
///
/// # What it keeps in memory
/// The whole answer that brought it, which other batches may share (8 MiB at most by default, unless a single batch is
/// larger), or if it was compressed, what it was decompressed into. [`pinned_bytes`](Self::pinned_bytes) says how much;
/// all of it counts against the consumer's budget until it is dropped. To keep a batch for long, copy it with
/// [`detach`](Self::detach), or a few records with [`RecordRef::to_owned`].
#[derive(Debug)]
pub struct Batch(core::Batch);

impl Batch {
    pub(super) fn new(batch: core::Batch) -> Self {
        Self(batch)
    }

    pub(super) fn into_core(self) -> core::Batch {
        self.0
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        self.0.partition().topic.as_str()
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.0.partition().partition
    }

    /// How many records there are; at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a batch without a record is never handed out")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The records in the order of their offsets. A few nanoseconds each.
    #[must_use]
    pub fn iter(&self) -> Records<'_> {
        Records(self.0.iter())
    }

    /// Where reading goes on after this batch: what to [`seek`](super::Consumer::seek) to later in order to read neither
    /// any of it again nor less than all of the rest. It may be more than one beyond the last record, since compaction and
    /// transactions leave offsets that nobody sees.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        self.0.next_offset()
    }

    /// The epoch of the leader that appended the batch; `None` for batches older than Kafka 0.11.
    #[must_use]
    pub fn leader_epoch(&self) -> Option<i32> {
        self.0.leader_epoch().map(|epoch| epoch.0)
    }

    /// Whose clock set the timestamps.
    #[must_use]
    pub fn timestamp_type(&self) -> TimestampType {
        match self.0.timestamp_type() {
            records::TimestampType::CreateTime => TimestampType::CreateTime,
            records::TimestampType::LogAppendTime => TimestampType::LogAppendTime,
        }
    }

    /// The size of the records in bytes, decompressed.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// Whether it holds control records, which end transactions, and no data. Only a consumer that asked for them
    /// ([`control_records`](super::ConsumerBuilder::control_records)) sees such batches.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.0.is_control()
    }

    /// The same records in memory of their own, which the consumer's budget does not count: for batches that are kept
    /// while reading goes on. Costs a copy.
    #[must_use]
    pub fn detach(self) -> Self {
        Self(self.0.detach())
    }

    /// Bytes of the consumer's budget that are in use at least as long as this batch is held.
    #[must_use]
    pub fn pinned_bytes(&self) -> usize {
        self.0.pinned_bytes()
    }
}

impl<'a> IntoIterator for &'a Batch {
    type Item = RecordRef<'a>;
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.iter()
    }
}

/// Whose clock set a timestamp (`message.timestamp.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampType {
    /// The producer's, when the record was made.
    CreateTime,
    /// The broker's, when the batch was appended.
    LogAppendTime,
}

/// Iterates over the records of a [`Batch`].
#[derive(Clone, Debug)]
pub struct Records<'a>(records::RecordIter<'a>);

impl<'a> Iterator for Records<'a> {
    type Item = RecordRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<RecordRef<'a>> {
        self.0.next().map(RecordRef)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Records<'_> {}
impl FusedIterator for Records<'_> {}

/// One record, borrowed from its [`Batch`]. Java: `ConsumerRecord`.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a>(records::RecordRef<'a>);

impl<'a> RecordRef<'a> {
    /// Its place in the partition.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.0.offset
    }

    /// Milliseconds since 1970; `None` for records that carry no time, as those from before Kafka 0.10.
    #[must_use]
    pub fn timestamp(&self) -> Option<i64> {
        Some(self.0.timestamp).filter(|timestamp| *timestamp != records::NO_TIMESTAMP)
    }

    /// The key. None and empty are two things.
    #[must_use]
    pub fn key(&self) -> Option<&'a [u8]> {
        self.0.key
    }

    /// The value. None in a compacted topic means that the key is deleted.
    #[must_use]
    pub fn value(&self) -> Option<&'a [u8]> {
        self.0.value
    }

    /// The headers in their order, duplicates included; decoded only as far as they are iterated.
    #[must_use]
    pub fn headers(&self) -> Headers<'a> {
        Headers(self.0.headers)
    }

    /// Copies the record out of its batch: an allocation for each part that is not empty.
    #[must_use]
    pub fn to_owned(&self) -> OwnedRecord {
        let records::OwnedRecord { offset, timestamp: _, key, value, headers } = self.0.to_owned();
        OwnedRecord { offset, timestamp: self.timestamp(), key, value, headers }
    }
}

/// One record and where it is from, as [`Consumer::next`](super::Consumer::next) gives it. Reads like a
/// [`RecordRef`].
#[derive(Clone, Copy, Debug)]
pub struct ConsumerRecord<'a> {
    partition: &'a core::TopicPartition,
    record: RecordRef<'a>,
}

impl<'a> ConsumerRecord<'a> {
    pub(super) fn new(partition: &'a core::TopicPartition, record: records::RecordRef<'a>) -> Self {
        Self { partition, record: RecordRef(record) }
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &'a str {
        self.partition.topic.as_str()
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition.partition
    }
}

impl<'a> Deref for ConsumerRecord<'a> {
    type Target = RecordRef<'a>;

    fn deref(&self) -> &RecordRef<'a> {
        &self.record
    }
}

/// Iterates over the headers of a record.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(records::Headers<'a>);

impl<'a> Headers<'a> {
    /// The last header of that key, which is the one that counts where keys repeat. Java: `lastHeader`.
    #[must_use]
    pub fn last_of(self, key: &str) -> Option<Header<'a>> {
        self.filter(|header| header.key == key.as_bytes()).last()
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        self.0.next().map(|header| Header { key: header.key, value: header.value })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Headers<'_> {}

/// A header, borrowed from its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header<'a> {
    /// The key as it came. Kafka means UTF-8, and nobody checks it.
    pub key: &'a [u8],
    /// The value.
    pub value: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// The key as text, with U+FFFD for what is not UTF-8, as Java shows it.
    #[must_use]
    pub fn key_lossy(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.key)
    }
}

/// A record on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedRecord {
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since 1970, if it carries a time.
    pub timestamp: Option<i64>,
    /// The key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// Keys and values of the headers, in their order.
    pub headers: Vec<(Bytes, Option<Bytes>)>,
}
