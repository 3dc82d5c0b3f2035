//! Reading records: from partitions that are assigned by hand, or by a [`group`].
//!
//! [`Client::consumer`](crate::Client::consumer) begins a [`Consumer`], [`Consumer::next_batch`] gives its [`Batch`]es.

mod batch;
mod builder;
mod error;
mod feed;
pub mod group;
mod offsets;
mod position;
pub mod runner;
mod stream;

use std::future::poll_fn;
use std::task::{Context, Poll};

use ottla_core::Core;
use ottla_core::consumer as core;
use ottla_proto::TopicName;

pub use batch::{Batch, ConsumerRecord, Header, Headers, OwnedRecord, RecordRef, Records, TimestampType};
pub use builder::ConsumerBuilder;
pub use error::{ConsumeError, NotAssigned, PartitionError, PartitionErrorKind};
pub use feed::ConsumerInterceptor;
pub use offsets::{FoundOffset, OffsetAnswer, OffsetError};
pub use position::{ConsumerStats, Isolation, Offset, PartitionStatus, Reset};
pub use stream::Batches;

use crate::driver::DriverHandle;
use crate::error::DriverStopped;
use crate::throttle::{self, Throttle};
use crate::wait::Waiting;
use feed::Feed;

/// Reads records from the partitions assigned to it, a batch at a time.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ottla::Offset;
///
/// let kafka = ottla::Client::builder("localhost:9092").build().await?;
/// let mut consumer = kafka.consumer().topics(["orders"]).from(Offset::Earliest).build().await?;
/// while let Some(batch) = consumer.next_batch().await? {
///     for record in &batch {
///         println!("{}-{} @{}: {:?}", batch.topic(), batch.partition(), record.offset(), record.value());
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Memory
/// What is fetched and not yet dropped by the application stays within one budget
/// ([`budget_bytes`](ConsumerBuilder::budget_bytes), 64 MiB), batches that the application holds included: a batch
/// keeps the whole answer that brought it. Room is reserved before records are asked for, so nothing that arrives
/// is thrown away. While the budget is used up nothing new is asked for, and [`explain`](Self::explain) says so.
/// Two things may go beyond it, and are paid back before anything new is asked for: a single batch that is larger
/// than what is left, once per broker, and what handed-out batches take once decompressed. Beside it, while large answers
/// follow each other, a connection keeps the memory of one for the next (16 MiB at most).
///
/// Of each broker no more is asked for while more than its last answer lies unread (or half of what an answer may bring, if
/// that is more): one that is read and one that is on its way are what reading needs.
///
/// # Independence
/// Each broker has a connection and at most one fetch in flight, and an equal share of the budget. A slow, dead or
/// throttling broker therefore delays nobody else's records.
///
/// # Dropping
/// Dropping it ends it at once and never blocks. Batches handed out stay readable.
#[derive(Debug)]
pub struct Consumer {
    feed: Feed,
    key: core::ConsumerKey,
    driver: DriverHandle,
}

impl Consumer {
    /// Waits for the next batch. `None` is the end, which comes only to a consumer that was told to read
    /// [`until_end`](ConsumerBuilder::until_end).
    ///
    /// What a broker sent first comes first, and of one answer the partitions take turns, a batch at a time; records of one
    /// partition come in the order of their offsets. Takes
    /// one short lock. Decompresses and checks the batch on the caller's thread; see [`Batch`] for what reading it
    /// costs. Java: `poll`.
    ///
    /// # Errors
    /// See [`ConsumeError`]. A partition's error does not end the consumer: the others go on with the next call, and
    /// the partition stands still, telling its error again each time its turn comes, until [`seek`](Self::seek),
    /// [`skip`](Self::skip), [`pause`](Self::pause) or [`unassign`](Self::unassign).
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready loses nothing: a batch is taken only when it is returned.
    pub async fn next_batch(&mut self) -> Result<Option<Batch>, ConsumeError> {
        poll_fn(|context| self.poll_next_batch(context)).await
    }

    /// As [`next_batch`](Self::next_batch), for hand-written futures and streams.
    ///
    /// # Errors
    /// As [`next_batch`](Self::next_batch).
    pub fn poll_next_batch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Batch>, ConsumeError>> {
        self.feed.poll_batch(context)
    }

    /// Waits for the next record. `None` is the end, as of [`next_batch`](Self::next_batch), which may be called in
    /// between: it then gives what is left of the batch at hand. Costs some nanoseconds a record more than iterating
    /// over batches.
    ///
    /// # Errors
    /// As [`next_batch`](Self::next_batch).
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: a record is taken only when it is returned.
    pub async fn next(&mut self) -> Result<Option<ConsumerRecord<'_>>, ConsumeError> {
        let found = poll_fn(|context| self.feed.poll_record(context)).await?;
        Ok(if found { self.feed.take_record() } else { None })
    }

    /// The batches as a stream, which ends where [`next_batch`](Self::next_batch) gives `None`. Dropping it loses
    /// nothing.
    pub fn batches(&mut self) -> Batches<'_> {
        Batches::new(&mut self.feed)
    }

    /// Adds a partition; one that is assigned already begins anew. Costs a short lock. Java: `assign`, which replaces
    /// the whole assignment.
    pub fn assign(&self, topic: &str, partition: i32, from: Offset) {
        self.edge().assign([(named(topic, partition), from.start())]);
    }

    /// Adds all partitions of a topic, and those that it gets later. Such a later one is read from its first record.
    /// Costs a short lock.
    pub fn assign_topic(&self, topic: &str, from: Offset) {
        self.edge().assign_topic(TopicName::from(topic), from.start());
    }

    /// Takes a partition away, and with it what was fetched of it and not yet handed out. Costs a short lock.
    pub fn unassign(&self, topic: &str, partition: i32) {
        self.edge().unassign([named(topic, partition)]);
    }

    /// Goes on reading a partition somewhere else, from the next batch on.
    ///
    /// What was fetched of it and not yet handed out is dropped, and an error that stopped it is over. Costs a short
    /// lock and waits for nobody; an offset that has to be found first ([`Offset::Latest`] and the like) is found in
    /// the background. Java: `seek`, `seekToBeginning`, `seekToEnd`.
    ///
    /// # Errors
    /// If the partition is not assigned.
    pub fn seek(&self, topic: &str, partition: i32, to: Offset) -> Result<(), NotAssigned> {
        self.edge().seek(&named(topic, partition), to.start()).map_err(NotAssigned::new)
    }

    /// Gives up what an error says cannot be read, and goes on behind it. `false` if the error does not know where that
    /// is; then only [`seek`](Self::seek) helps.
    ///
    /// # Errors
    /// If the partition is not assigned.
    pub fn skip(&self, error: &PartitionError) -> Result<bool, NotAssigned> {
        let Some(offset) = error.skip_to else { return Ok(false) };
        self.seek(&error.topic, error.partition, Offset::At(offset))?;
        Ok(true)
    }

    /// Hands out nothing more of a partition until [`resume`](Self::resume). What is here already is kept, unless the
    /// others need the room; then it is fetched again later. Java: `pause`.
    ///
    /// # Errors
    /// If the partition is not assigned.
    pub fn pause(&self, topic: &str, partition: i32) -> Result<(), NotAssigned> {
        self.edge().pause(&named(topic, partition)).map_err(NotAssigned::new)
    }

    /// Ends a pause. Java: `resume`.
    ///
    /// # Errors
    /// If the partition is not assigned.
    pub fn resume(&self, topic: &str, partition: i32) -> Result<(), NotAssigned> {
        self.edge().resume(&named(topic, partition)).map_err(NotAssigned::new)
    }

    /// What is known of each assigned partition, by topic and number: position, high watermark, lag and more. Asks
    /// nobody; costs a short lock and a copy for each partition. Java: `assignment`, `position`, `currentLag`.
    #[must_use]
    pub fn partitions(&self) -> Vec<PartitionStatus> {
        self.feed.reader().partitions().into_iter().map(PartitionStatus::new).collect()
    }

    /// Whether everything that the brokers had when they last answered was handed out. `false` while a partition has
    /// not answered yet.
    ///
    /// Records may come at any moment; to read up to a fixed end, use [`until_end`](ConsumerBuilder::until_end).
    #[must_use]
    pub fn at_end(&self) -> bool {
        self.feed.reader().is_caught_up()
    }

    /// What was moved so far and is held now.
    #[must_use]
    pub fn stats(&self) -> ConsumerStats {
        ConsumerStats::new(self.edge().stats())
    }

    /// Every throttle that holds at this moment, of any class; those of the class fetch delay a consumer. Takes no lock.
    #[must_use]
    pub fn throttle(&self) -> Vec<Throttle> {
        throttle::active(&self.driver)
    }

    /// What each partition that has nothing to read waits for. Costs one turn of the driver.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the answer and nothing else.
    pub async fn explain(&self) -> Result<Vec<Waiting>, DriverStopped> {
        let key = self.key;
        let explain = move |core: &mut Core, now| {
            let mut waiting = Vec::new();
            let parts = core.parts();
            parts.consumers.explain_one(key, parts.net, now, &mut waiting);
            waiting.iter().map(|waiting| Waiting::new(waiting, now)).collect()
        };
        self.driver.run(explain).await
    }

    fn edge(&self) -> &core::ConsumerEdge {
        self.feed.reader().edge()
    }
}

fn named(topic: &str, partition: i32) -> core::TopicPartition {
    core::TopicPartition { topic: TopicName::from(topic), partition }
}
