use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ottla_core::producer as core;
use ottla_proto::TopicName;
use ottla_proto::compression::{Codec, Compressor};

use super::callbacks::Callbacks;
use super::{Partitioner, Producer, ProducerInterceptor, Report, Reports, TopicSettings};
use crate::driver::DriverHandle;
use crate::error::BuildError;

/// Settings of a [`Producer`]; made by [`Client::producer`](crate::Client::producer).
///
/// Without any setting it is idempotent, waits for all in-sync replicas, lingers 5 ms and does not compress.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ProducerBuilder {
    driver: DriverHandle,
    acks: Acks,
    idempotent: Option<bool>,
    compression: Compression,
    linger: Duration,
    batch_bytes: usize,
    request_bytes: usize,
    delivery_timeout: Duration,
    request_timeout: Duration,
    memory_bytes: usize,
    node_share_percent: u8,
    topic_timeout: Duration,
    partitioner: Partitioner,
    availability_timeout: Option<Duration>,
    topics: BTreeMap<TopicName, TopicSettings>,
    callbacks: Callbacks,
}

/// When a record counts as written (`acks`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Acks {
    /// When every in-sync replica has it.
    #[default]
    All,
    /// When the leader has it; if the leader fails then, it can be lost. Not with idempotence.
    Leader,
    /// When it has been handed to the socket; what becomes of it is never known. Not with idempotence.
    None,
}

/// How batches are compressed (`compression.type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip: small and slow.
    Gzip,
    /// gzip at a level from 1, fast, to 9, small.
    GzipLevel(i32),
    /// Snappy: fast.
    Snappy,
    /// lz4: fast, and the fastest to read.
    Lz4,
    /// Zstandard: the smallest for its speed. Brokers since 2.1.
    Zstd,
    /// Zstandard at a level from 1, fast, to 22, small.
    ZstdLevel(i32),
}

impl Compression {
    /// The codec and its level, if this build can write it.
    pub(super) fn codec(self) -> Result<(Codec, Option<i32>), BuildError> {
        let (codec, level) = match self {
            Self::None => (Codec::None, None),
            Self::Gzip => (Codec::Gzip, None),
            Self::GzipLevel(level) => (Codec::Gzip, Some(level)),
            Self::Snappy => (Codec::Snappy, None),
            Self::Lz4 => (Codec::Lz4, None),
            Self::Zstd => (Codec::Zstd, None),
            Self::ZstdLevel(level) => (Codec::Zstd, Some(level)),
        };
        let compressor = match level {
            Some(level) => Compressor::with_level(codec, level),
            None => Compressor::new(codec),
        };
        let problem = "the codec has no such level, or this build cannot write it";
        compressor.map_err(|_| BuildError::Setting { name: "compression", problem })?;
        Ok((codec, level))
    }
}

impl ProducerBuilder {
    pub(crate) fn new(driver: DriverHandle) -> Self {
        let defaults = core::ProducerConfig::default();
        Self {
            driver,
            acks: Acks::All,
            idempotent: None,
            compression: Compression::None,
            linger: defaults.linger,
            batch_bytes: defaults.batch_bytes,
            request_bytes: defaults.request_bytes,
            delivery_timeout: defaults.delivery_timeout,
            request_timeout: defaults.request_timeout,
            memory_bytes: defaults.memory_bytes,
            node_share_percent: defaults.node_share_percent,
            topic_timeout: defaults.topic_timeout,
            partitioner: Partitioner::default(),
            availability_timeout: defaults.availability_timeout,
            topics: BTreeMap::new(),
            callbacks: Callbacks::default(),
        }
    }

    /// When a record counts as written (`acks`); all by default. Anything less turns idempotence off, and with
    /// [`Acks::Leader`] each partition has one batch in flight, to keep the order.
    pub fn acks(mut self, acks: Acks) -> Self {
        self.acks = acks;
        self
    }

    /// Whether a batch that is sent twice is stored once, in order (`enable.idempotence`, KIP-98); on by default
    /// with [`Acks::All`], an error with less.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// How batches are compressed (`compression.type`); not at all by default. It is done on threads of its own.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// How long a batch may wait for more records (`linger.ms`); 5 ms by default. A full batch does not wait, and
    /// nothing lingers while a sender waits for memory or somebody flushes.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// The size in bytes at which a batch is full (`batch.size`); 1,000,000 by default. Memory is taken as a batch
    /// grows, not at once. A larger record gets a batch of its own.
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// The size in bytes that the batches of one request may have together, and a record alone
    /// (`max.request.size`); 8 MiB by default.
    pub fn request_bytes(mut self, bytes: usize) -> Self {
        self.request_bytes = bytes;
        self
    }

    /// How long a record may take from its acceptance to its acknowledgement (`delivery.timeout.ms`, KIP-91); 120 s
    /// by default. Throttles count: a record that expires says what it waited for.
    pub fn delivery_timeout(mut self, timeout: Duration) -> Self {
        self.delivery_timeout = timeout;
        self
    }

    /// How long a broker may take to answer one request (`request.timeout.ms`); 30 s by default.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// The bytes that all unacknowledged batches may take together (`buffer.memory`); 32 MiB by default, as in Java. A
    /// hard bound: beyond it `send` waits and `try_send` gives the record back.
    pub fn memory_bytes(mut self, bytes: usize) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// The share of the memory, in per cent, that records for one broker may take while there are others; 50 by
    /// default. So a broker that throttles or hangs cannot fill the memory and stop the others.
    pub fn node_share_percent(mut self, percent: u8) -> Self {
        self.node_share_percent = percent;
        self
    }

    /// How long `send` waits for a topic that the cluster does not have; 10 s by default.
    pub fn topic_timeout(mut self, timeout: Duration) -> Self {
        self.topic_timeout = timeout;
        self
    }

    /// Which partition a record goes to when it names none (`partitioner.class`); murmur2 of the key by default.
    pub fn partitioner(mut self, partitioner: Partitioner) -> Self {
        self.partitioner = partitioner;
        self
    }

    /// How long a leader may take nothing before records without a key go elsewhere
    /// (`partitioner.availability.timeout.ms`); 500 ms by default, `None` is for ever. A throttle that is longer counts
    /// at once.
    pub fn availability_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.availability_timeout = timeout;
        self
    }

    /// Gives a topic settings of its own. A second call for the topic replaces the first.
    pub fn topic_settings(mut self, topic: &str, settings: TopicSettings) -> Self {
        self.topics.insert(TopicName::from(topic), settings);
        self
    }

    /// Lets an interceptor see every record and every outcome (`interceptor.classes`), behind those that were added
    /// before.
    pub fn interceptor(mut self, interceptor: impl ProducerInterceptor + 'static) -> Self {
        self.callbacks.interceptors.push(Arc::new(interceptor));
        self
    }

    /// Calls this with the outcome of every batch, for senders that do not await their deliveries.
    ///
    /// It runs on a thread that the producer keeps for callbacks and interceptors. One that blocks delays only these,
    /// one that panics is told through `tracing`. [`Producer::reports`] gives the same as a stream.
    pub fn on_report(mut self, callback: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        self.callbacks.on_report.push(Arc::new(callback));
        self
    }

    /// Makes the producer. It asks the cluster for nothing yet.
    ///
    /// # Errors
    /// If a setting makes no sense, or the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future makes no producer, or one that is closed at once.
    pub async fn build(self) -> Result<Producer, BuildError> {
        let config = self.config()?;
        let Self { driver, callbacks, .. } = self;
        let guarded = driver
            .run(move |core, _now| {
                let wake = Arc::clone(core.wake());
                let parts = core.parts();
                DetachOnDrop(parts.producers.add(config, parts.net, &wake))
            })
            .await?;
        let interceptors = callbacks.interceptors.clone();
        if !callbacks.is_empty() {
            callbacks.spawn(Reports::new(guarded.edge().observe())).map_err(BuildError::Start)?;
        }
        Ok(Producer::new(driver, guarded, interceptors))
    }

    fn config(&self) -> Result<core::ProducerConfig, BuildError> {
        let wrong = |name, problem| Err(BuildError::Setting { name, problem });
        let (codec, compression_level) = self.compression.codec()?;
        if self.acks != Acks::All && self.idempotent == Some(true) {
            return wrong("idempotent", "needs acks from all in-sync replicas");
        }
        if self.batch_bytes == 0 {
            return wrong("batch_bytes", "must be greater than zero");
        }
        if i32::try_from(self.request_bytes).is_err() || self.request_bytes < self.batch_bytes {
            return wrong("request_bytes", "must hold one batch, and be less than 2 GiB");
        }
        if self.memory_bytes < self.batch_bytes {
            return wrong("memory_bytes", "must hold one batch");
        }
        if !(1..=99).contains(&self.node_share_percent) {
            return wrong("node_share_percent", "must be from 1 to 99");
        }
        if self.delivery_timeout < self.linger {
            return wrong("delivery_timeout", "must not be shorter than the linger");
        }
        let mut config = core::ProducerConfig::default();
        config.acks = match self.acks {
            Acks::All => core::Acks::All,
            Acks::Leader => core::Acks::Leader,
            Acks::None => core::Acks::None,
        };
        config.idempotent = self.idempotent.unwrap_or(self.acks == Acks::All);
        config.linger = self.linger;
        config.batch_bytes = self.batch_bytes;
        config.request_bytes = self.request_bytes;
        config.codec = codec;
        config.compression_level = compression_level;
        config.delivery_timeout = self.delivery_timeout;
        config.request_timeout = self.request_timeout;
        config.memory_bytes = self.memory_bytes;
        config.node_share_percent = self.node_share_percent;
        config.topic_timeout = self.topic_timeout;
        config.partitioner = self.partitioner.to_core();
        config.availability_timeout = self.availability_timeout;
        for (topic, settings) in &self.topics {
            let settings = settings.to_core(self.request_bytes, self.memory_bytes, self.delivery_timeout)?;
            config.topics.insert(topic.clone(), settings);
        }
        Ok(config)
    }
}

/// What the handles share with the driver; the last drop lets the producer end.
#[derive(Debug)]
pub(super) struct DetachOnDrop(Arc<core::ProducerEdge>);

impl DetachOnDrop {
    pub(super) fn edge(&self) -> &Arc<core::ProducerEdge> {
        &self.0
    }
}

impl Drop for DetachOnDrop {
    fn drop(&mut self) {
        self.0.detach();
    }
}
