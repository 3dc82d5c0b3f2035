use std::fmt;
use std::time::Duration;

use ottla_core::Core;
use ottla_core::consumer as core;
use ottla_proto::TopicName;

use super::feed::Feed;
use super::group::GroupConsumerBuilder;
use super::{Consumer, ConsumerInterceptor, Isolation, Offset, Reset};
use crate::driver::{self, DriverHandle};
use crate::error::DriverStopped;

/// Settings of a [`Consumer`]; begin with [`Client::consumer`](crate::Client::consumer).
///
/// Two choices matter: what to read ([`assign`](Self::assign), [`topics`](Self::topics)) and where to begin
/// ([`from`](Self::from)). Everything else has a default that suits most.
#[must_use = "nothing is read before `build`"]
pub struct ConsumerBuilder {
    driver: DriverHandle,
    config: core::ConsumerConfig,
    partitions: Vec<core::TopicPartition>,
    topics: Vec<TopicName>,
    from: Offset,
    interceptors: Vec<Box<dyn ConsumerInterceptor>>,
}

impl ConsumerBuilder {
    pub(crate) fn new(driver: DriverHandle) -> Self {
        let config = core::ConsumerConfig::default();
        Self {
            driver,
            config,
            partitions: Vec::new(),
            topics: Vec::new(),
            from: Offset::Latest,
            interceptors: Vec::new(),
        }
    }

    /// Reads these partitions, besides any named before. Java: `assign`.
    pub fn assign<T: Into<String>>(mut self, partitions: impl IntoIterator<Item = (T, i32)>) -> Self {
        self.partitions.extend(partitions.into_iter().map(|(topic, partition)| core::TopicPartition {
            topic: TopicName::from(topic.into()),
            partition,
        }));
        self
    }

    /// Reads all partitions of these topics, besides any named before, and those that they get later.
    pub fn topics<T: Into<String>>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        self.topics.extend(topics.into_iter().map(|topic| TopicName::from(topic.into())));
        self
    }

    /// Where reading begins in each partition. Default [`Offset::Latest`]: with what comes next.
    pub fn from(mut self, from: Offset) -> Self {
        self.from = from;
        self
    }

    /// What to do when a position is not in the log any more. Default [`Reset::AsStarted`]. Java: `auto.offset.reset`.
    pub fn reset(mut self, reset: Reset) -> Self {
        self.config.reset = reset.policy();
        self
    }

    /// Which records of transactions are seen. Default [`Isolation::ReadUncommitted`]. Java: `isolation.level`.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.config.isolation = isolation.level();
        self
    }

    /// Where this client runs. Brokers that are set up for it then name a replica nearby, which is read from in the
    /// leader's place for some minutes at a time (KIP-392). Default: unsaid. Java: `client.rack`.
    pub fn rack(mut self, rack: impl Into<String>) -> Self {
        self.config.rack = Some(rack.into().into());
        self
    }

    /// Hands out control records too, which end transactions, in batches of their own. Default no; Java never does.
    pub fn control_records(mut self, shown: bool) -> Self {
        self.config.control_records = shown;
        self
    }

    /// Shows each batch to this interceptor before it is handed out, besides those named before. Java:
    /// `interceptor.classes`.
    pub fn interceptor(mut self, interceptor: impl ConsumerInterceptor) -> Self {
        self.interceptors.push(Box::new(interceptor));
        self
    }

    /// Reads up to the end that each partition had when its reading began, and then gives `None`. Default: for ever.
    pub fn until_end(mut self) -> Self {
        self.config.until_end = true;
        self
    }

    /// Bytes that may be fetched and not yet dropped by the application. Default 64 MiB, at least 1 byte. A single batch
    /// that is larger is read all the same.
    pub fn budget_bytes(mut self, bytes: usize) -> Self {
        self.config.budget_bytes = bytes.max(1);
        self
    }

    /// Bytes that one answer may bring. Default 8 MiB. Java: `fetch.max.bytes`.
    pub fn fetch_max_bytes(mut self, bytes: usize) -> Self {
        self.config.fetch_max_bytes = bytes.max(1);
        self
    }

    /// Bytes of one partition that one answer may bring, and that may lie unread before no more of it is asked for.
    /// Default 1 MiB. Java: `max.partition.fetch.bytes`.
    pub fn partition_max_bytes(mut self, bytes: usize) -> Self {
        self.config.partition_max_bytes = bytes.max(1);
        self
    }

    /// Bytes that a broker gathers before it answers, unless [`fetch_max_wait`](Self::fetch_max_wait) passes first.
    /// Default 1. Java: `fetch.min.bytes`.
    pub fn fetch_min_bytes(mut self, bytes: usize) -> Self {
        self.config.fetch_min_bytes = bytes;
        self
    }

    /// How long a broker may wait for records. Default 500 ms. Java: `fetch.max.wait.ms`.
    pub fn fetch_max_wait(mut self, wait: Duration) -> Self {
        self.config.fetch_max_wait = wait;
        self
    }

    /// How long an answer may take beyond the time that the broker was told to wait. The connection is closed when it
    /// takes longer, and what it was about is asked again. Default 30 s. Java: `request.timeout.ms`.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.config.request_timeout = timeout;
        self
    }

    /// What one batch may become once decompressed; more is an error of its partition. Default 128 MiB.
    pub fn decompressed_max_bytes(mut self, bytes: usize) -> Self {
        self.config.decompressed_max_bytes = bytes;
        self
    }

    /// Whether checksums are compared. Default yes; it costs the driver some 4 ns for a record of 100 bytes. Java:
    /// `check.crcs`.
    pub fn check_crcs(mut self, check: bool) -> Self {
        self.config.check_crcs = check;
        self
    }

    /// How long the cluster may not know a topic before [`next_batch`](Consumer::next_batch) says so. Default 10 s, since
    /// a topic that was just created is not known everywhere at once.
    pub fn unknown_topic_patience(mut self, patience: Duration) -> Self {
        self.config.unknown_topic_patience = patience;
        self
    }

    /// Reads as a member of this group instead, from topics to be named there. Java: `group.id`.
    pub fn group(self, group: impl Into<String>) -> GroupConsumerBuilder {
        GroupConsumerBuilder::new(self.driver, self.config, self.from, self.interceptors, group.into())
    }

    /// Starts the consumer. Leaders and offsets are found in the background, so this costs one turn of the driver;
    /// an unknown topic shows in [`next_batch`](Consumer::next_batch).
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    pub async fn build(self) -> Result<Consumer, DriverStopped> {
        let Self { driver, mut config, partitions, topics, from, interceptors } = self;
        let start = from.start();
        let add = move |core: &mut Core, now| {
            config.clock_start_ms = driver::clock_start_ms(now);
            let wake = core.wake().clone();
            let (key, reader) = core.parts().consumers.add(config, wake);
            reader.edge().assign(partitions.into_iter().map(|partition| (partition, start)));
            for topic in topics {
                reader.edge().assign_topic(topic, start);
            }
            (key, reader)
        };
        let (key, reader) = driver.run(add).await?;
        Ok(Consumer { feed: Feed::new(reader, interceptors), key, driver })
    }
}

impl fmt::Debug for ConsumerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsumerBuilder")
            .field("config", &self.config)
            .field("partitions", &self.partitions)
            .field("topics", &self.topics)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
