use std::time::Duration;

use ottla_core::producer::NewRecord;

use crate::driver::timestamp;

/// A record to be sent; borrowed, and copied once when it is accepted.
///
/// ```
/// use ottla::Record;
///
/// let created = Record::value("{\"total\": 3}").key("order-17").headers(&[("trace", Some(b"a1"))]);
/// let deleted = Record::tombstone("order-16");
/// # let _ = (created, deleted);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "a record goes nowhere by itself; give it to `send`"]
pub struct Record<'a> {
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: &'a [(&'a str, Option<&'a [u8]>)],
    pub(super) timestamp: Option<i64>,
    pub(super) partition: Option<i32>,
    pub(super) delivery_timeout: Option<Duration>,
}

impl<'a> Record<'a> {
    /// A record with this value and no key.
    pub fn value<V: AsRef<[u8]> + ?Sized>(value: &'a V) -> Self {
        Self { value: Some(value.as_ref()), ..Self::default() }
    }

    /// A record without a value: in a compacted topic it deletes what has the key.
    pub fn tombstone<K: AsRef<[u8]> + ?Sized>(key: &'a K) -> Self {
        Self { key: Some(key.as_ref()), ..Self::default() }
    }

    /// The key. Records with equal keys go to one partition and keep their order, as long as the topic's number of
    /// partitions stays.
    ///
    /// The partition is the one that Java's default partitioner chooses (murmur2), unless the producer has another
    /// [`Partitioner`](crate::Partitioner).
    pub fn key<K: AsRef<[u8]> + ?Sized>(mut self, key: &'a K) -> Self {
        self.key = Some(key.as_ref());
        self
    }

    /// Headers in order; a name may repeat, a value may be null.
    pub fn headers(mut self, headers: &'a [(&'a str, Option<&'a [u8]>)]) -> Self {
        self.headers = headers;
        self
    }

    /// When it happened, in milliseconds since 1970; the moment of sending by default, which Linux tells to within
    /// 4 ms. A topic with log-append time replaces it.
    pub fn timestamp(mut self, milliseconds: i64) -> Self {
        self.timestamp = Some(milliseconds);
        self
    }

    /// The partition, whatever the key.
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// How long it may take from its acceptance to its acknowledgement, if not as long as the producer's
    /// `delivery_timeout`; shorter or longer. What is in no request by then never will be.
    pub fn delivery_timeout(mut self, timeout: Duration) -> Self {
        self.delivery_timeout = Some(timeout);
        self
    }

    pub(super) fn to_core(self) -> NewRecord<'a> {
        let Self { key, value, headers, partition, delivery_timeout, .. } = self;
        let timestamp = self.timestamp.unwrap_or_else(timestamp);
        NewRecord { key, value, headers, timestamp, partition, delivery_timeout }
    }
}
