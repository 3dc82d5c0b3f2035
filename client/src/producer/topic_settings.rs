use std::time::Duration;

use ottla_core::producer as core;

use super::{Compression, Partitioner};
use crate::error::BuildError;

/// Settings that one topic has of its own; what is not set here is as the producer has it.
///
/// ```no_run
/// # async fn example(kafka: ottla::Client) -> Result<(), ottla::BuildError> {
/// use std::time::Duration;
///
/// use ottla::{Compression, TopicSettings};
///
/// let audit = TopicSettings::new().linger(Duration::from_millis(200)).compression(Compression::Zstd);
/// let producer = kafka.producer().topic_settings("audit", audit).build().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TopicSettings {
    linger: Option<Duration>,
    batch_bytes: Option<usize>,
    compression: Option<Compression>,
    partitioner: Option<Partitioner>,
}

impl TopicSettings {
    /// Nothing of its own yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// See [`ProducerBuilder::linger`](super::ProducerBuilder::linger).
    #[must_use]
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = Some(linger);
        self
    }

    /// See [`ProducerBuilder::batch_bytes`](super::ProducerBuilder::batch_bytes).
    #[must_use]
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = Some(bytes);
        self
    }

    /// See [`ProducerBuilder::compression`](super::ProducerBuilder::compression).
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// See [`ProducerBuilder::partitioner`](super::ProducerBuilder::partitioner).
    #[must_use]
    pub fn partitioner(mut self, partitioner: Partitioner) -> Self {
        self.partitioner = Some(partitioner);
        self
    }

    /// As the core has them, if they are bearable for a producer with these limits.
    pub(super) fn to_core(
        &self,
        request_bytes: usize,
        memory_bytes: usize,
        delivery_timeout: Duration,
    ) -> Result<core::TopicConfig, BuildError> {
        let wrong = |problem| Err(BuildError::Setting { name: "topic_settings", problem });
        if self.batch_bytes.is_some_and(|bytes| bytes == 0 || bytes > request_bytes.min(memory_bytes)) {
            return wrong("batch_bytes must be greater than zero and fit into a request and the memory");
        }
        if self.linger.is_some_and(|linger| linger > delivery_timeout) {
            return wrong("linger must not be longer than the delivery timeout");
        }
        Ok(core::TopicConfig {
            linger: self.linger,
            batch_bytes: self.batch_bytes,
            codec: self.compression.map(Compression::codec).transpose()?,
            partitioner: self.partitioner.as_ref().map(Partitioner::to_core),
        })
    }
}
