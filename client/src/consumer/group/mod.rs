//! Reading as a member of a consumer group.
//!
//! [`ConsumerBuilder::group`](super::ConsumerBuilder::group) begins a [`GroupConsumer`]. Partitions come and go as the group decides; each batch
//! knows the [`Ownership`] under which it was handed out, and how far everything was processed is what gets committed.

mod assignor;
mod batch;
mod builder;
mod error;
mod event;
mod feed;
mod handle;
mod ownership;
mod pattern;

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use ottla_core::Core;
use ottla_core::consumer as reading;

pub use assignor::{Assignment, Assignor, GroupTopics, MemberView};
pub use batch::{Acknowledger, GroupBatch};
pub use builder::{Assignors, GroupConsumerBuilder, Protocol};
pub use error::{CommitError, GroupError};
pub use event::{Cause, GroupEvent, GroupStatus, LeaveReport, Rebalance, TopicPartition};
pub use feed::GroupBatches;
pub use handle::GroupHandle;
pub use ownership::{Ownership, Standing};
pub use pattern::{PatternError, TopicPattern};

use super::batch::ConsumerRecord;
use super::offsets::{OffsetAnswer, find_offsets};
use super::position::{ConsumerStats, Offset, PartitionStatus};
use super::{ConsumeError, ConsumerInterceptor, NotAssigned, PartitionError, named};
use crate::error::DriverStopped;
use crate::throttle::{self, Throttle};
use crate::wait::Waiting;
use feed::GroupFeed;

/// Reads topics together with the other members of a consumer group: each partition is read by one member at a time.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let kafka = ottla::Client::builder("localhost:9092").build().await?;
/// let mut consumer = kafka.consumer().group("billing").subscribe(["orders"]).build().await?;
/// while let Some(batch) = consumer.next_batch().await? {
///     for record in &batch {
///         println!("{}-{} @{}", batch.topic(), batch.partition(), record.offset());
///     }
/// }
/// consumer.close(Duration::from_secs(10)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # What is committed
/// By default what was processed is committed every five seconds, before a partition is given up and on
/// [`close`](Self::close): never more than that. A batch counts as processed when it was dropped before
/// [`next_batch`](Self::next_batch) was called again, once that is called; or when
/// [`GroupBatch::done`] says so. With [`manual_commits`](GroupConsumerBuilder::manual_commits) only
/// [`commit`](Self::commit) and its kin commit.
///
/// # When partitions move
/// A partition that is to be given up is no longer handed out at once. Batches of it that the application still holds
/// are waited for, and can be committed, until the hand-over's deadline; their [`Ownership`] says so. After that a
/// commit for the partition is an error, since another member may be further already.
///
/// # Coming back
/// A member whose application holds a batch and does not call [`next_batch`](Self::next_batch) again within
/// [`max_poll_interval`](GroupConsumerBuilder::max_poll_interval) leaves the group, says so by an event (and before it
/// happens by another), and joins again when the application comes back. Waiting in `next_batch` is no absence.
///
/// # Heartbeats
/// They have a connection of their own, driven by the client's own thread: neither the application, nor a fetch, nor a
/// throttle of produce or fetch requests, nor another group delays them.
///
/// # Dropping
/// Dropping it ends it at once and never blocks. It commits nothing; the group is told in the background that it left.
#[derive(Debug)]
pub struct GroupConsumer {
    feed: GroupFeed,
}

impl GroupConsumer {
    fn new(
        reader: reading::ConsumerReader,
        interceptors: Vec<Box<dyn ConsumerInterceptor>>,
        handle: GroupHandle,
    ) -> Self {
        Self { feed: GroupFeed::new(reader, interceptors, handle) }
    }

    /// Waits for the next batch. `None` once the member was closed through a [`handle`](Self::handle).
    ///
    /// Partitions take turns, a batch at a time; records of one partition come in the order of their offsets. Takes a
    /// few short locks and reads the clock once. Java: `poll`.
    ///
    /// # Errors
    /// [`ConsumeError::Group`] if the member ended for good; the other errors are those of
    /// [`Consumer::next_batch`](super::Consumer::next_batch) and concern one partition or topic.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready loses nothing. From then on the application counts as away, until it
    /// calls again.
    pub async fn next_batch(&mut self) -> Result<Option<GroupBatch>, ConsumeError> {
        let visit = Visit { handle: self.handle() };
        let batch = poll_fn(|context| self.poll_next_batch(context)).await;
        drop(visit);
        batch
    }

    /// As [`next_batch`](Self::next_batch), for hand-written futures and streams. As long as it was last
    /// [`Poll::Pending`], the application counts as waiting.
    ///
    /// # Errors
    /// As [`next_batch`](Self::next_batch).
    pub fn poll_next_batch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<GroupBatch>, ConsumeError>> {
        self.feed.poll_batch(context)
    }

    /// Waits for the next record, which counts as processed once the next call is made. `None` once the member was
    /// closed through a [`handle`](Self::handle).
    ///
    /// Calls of [`next_batch`](Self::next_batch) may come in between: that gives what is left of the batch at hand. Costs a few
    /// short locks and a reading of the clock for each record; who has many small ones should take batches.
    ///
    /// # Errors
    /// As [`next_batch`](Self::next_batch).
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: a record is taken only when it is returned. From then on the application counts
    /// as away, until it calls again.
    pub async fn next(&mut self) -> Result<Option<ConsumerRecord<'_>>, ConsumeError> {
        let visit = Visit { handle: self.handle() };
        let found = poll_fn(|context| self.feed.poll_record(context)).await;
        drop(visit);
        Ok(if found? { self.feed.take_record() } else { None })
    }

    /// The batches as a stream, which ends where [`next_batch`](Self::next_batch) gives `None`. Dropping it loses
    /// nothing.
    pub fn batches(&mut self) -> GroupBatches<'_> {
        GroupBatches::new(&mut self.feed)
    }

    /// Reads these topics from now on in the place of what was subscribed to before, a pattern included. Does not wait:
    /// partitions of other topics are given up in good order, and new ones come, as in any rebalance. Java: `subscribe`.
    ///
    /// Naming no topic at all is refused by coordinators of the consumer protocol; to read nothing, pause or close.
    pub fn subscribe<T: Into<String>>(&self, topics: impl IntoIterator<Item = T>) {
        self.feed.handle().subscribe(topics);
    }

    /// Reads every topic that the pattern finds from now on, in the place of what was subscribed to before; otherwise as
    /// [`subscribe`](Self::subscribe). Java: `subscribe(SubscriptionPattern)`.
    pub fn subscribe_pattern(&self, pattern: TopicPattern) {
        self.feed.handle().subscribe_pattern(pattern);
    }

    /// Commits that everything up to the end of this batch is processed, and waits for the coordinator. Java:
    /// `commitSync` with offsets.
    ///
    /// # Errors
    /// See [`CommitError`]. [`CommitError::NotOwned`] if the partition was taken away meanwhile.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer. A commit that the driver has not taken up yet is not made then;
    /// [`GroupHandle::commit_in_background`] makes one in any case.
    pub async fn commit(&self, batch: &GroupBatch) -> Result<(), CommitError> {
        self.feed.handle().commit(batch).await
    }

    /// Commits how far everything that was handed out is processed, without a gap, and waits for the coordinator.
    /// What was dropped before this call counts as processed. Java: `commitSync`.
    ///
    /// # Errors
    /// See [`CommitError`].
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer. A commit that the driver has not taken up yet is not made then;
    /// [`GroupHandle::commit_in_background`] makes one in any case.
    pub async fn commit_processed(&mut self) -> Result<(), CommitError> {
        // The exclusive borrow shows that the application is not in `next_batch`: it is back from what it did.
        self.feed.come_back();
        let result = self.feed.handle().commit_processed().await;
        self.feed.tell_commits();
        result
    }

    /// The application is at work: counts as coming back for more, without asking for anything. To be called now and then
    /// by whoever has taken enough batches for longer than [`max_poll_interval`](GroupConsumerBuilder::max_poll_interval); what was
    /// dropped before this call counts as processed. Costs a short lock.
    pub fn still_here(&mut self) {
        self.feed.come_back();
    }

    /// A handle for other tasks: commits, events, the log of rebalances. Cheap to clone.
    #[must_use]
    pub fn handle(&self) -> GroupHandle {
        self.feed.handle().clone()
    }

    /// Goes on reading a partition somewhere else. The next automatic commit commits the new position once records were
    /// processed from there, or at once if `to` is an offset. Java: `seek`.
    ///
    /// # Errors
    /// If the partition is not this member's.
    pub fn seek(&self, topic: &str, partition: i32, to: Offset) -> Result<(), NotAssigned> {
        let partition = named(topic, partition);
        self.feed.reader().edge().seek(&partition, to.start()).map_err(NotAssigned::new)?;
        let offset = match to {
            Offset::At(offset) => Some(offset),
            _ => None,
        };
        self.feed.handle().edge().seek(&partition, offset);
        Ok(())
    }

    /// Gives up what an error says cannot be read, and goes on behind it; see [`Consumer::skip`](super::Consumer::skip).
    ///
    /// # Errors
    /// If the partition is not this member's.
    pub fn skip(&self, error: &PartitionError) -> Result<bool, NotAssigned> {
        let Some(offset) = error.skip_to else { return Ok(false) };
        let partition = named(&error.topic, error.partition);
        // What was handed out before is not processed by skipping, so commits are still held back by it.
        self.feed.reader().edge().seek(&partition, reading::Start::At(offset)).map_err(NotAssigned::new)?;
        Ok(true)
    }

    /// Hands out nothing more of a partition until [`resume`](Self::resume), or until it comes back after a rebalance.
    /// Java: `pause`.
    ///
    /// # Errors
    /// If the partition is not this member's.
    pub fn pause(&self, topic: &str, partition: i32) -> Result<(), NotAssigned> {
        self.feed.reader().edge().pause(&named(topic, partition)).map_err(NotAssigned::new)
    }

    /// Ends a pause. Java: `resume`.
    ///
    /// # Errors
    /// If the partition is not this member's.
    pub fn resume(&self, topic: &str, partition: i32) -> Result<(), NotAssigned> {
        self.feed.reader().edge().resume(&named(topic, partition)).map_err(NotAssigned::new)
    }

    /// What is known of each partition that is this member's: position, high watermark, lag and more. Asks nobody.
    #[must_use]
    pub fn partitions(&self) -> Vec<PartitionStatus> {
        self.feed.reader().partitions().into_iter().map(PartitionStatus::new).collect()
    }

    /// The last offset that is known to be committed of a partition that is this member's; `None` if the group never
    /// committed any. Asks nobody: a member learns it when it gets the partition. For other partitions ask
    /// [`Admin::group_offsets`](crate::admin::Admin::group_offsets). Java: `committed`.
    ///
    /// # Errors
    /// If the partition is not this member's.
    pub fn committed(&self, topic: &str, partition: i32) -> Result<Option<i64>, NotAssigned> {
        let partition = named(topic, partition);
        match self.feed.handle().edge().ownership(&partition) {
            Some(ownership) => Ok(ownership.committed()),
            None => Err(NotAssigned::new(reading::NotAssigned { partition })),
        }
    }

    /// Looks up offsets and moves no position, as [`Consumer::find_offsets`](super::Consumer::find_offsets) does. Java:
    /// `offsetsForTimes`, `beginningOffsets`, `endOffsets`.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn find_offsets<T: AsRef<str>>(
        &self,
        wanted: impl IntoIterator<Item = (T, i32, Offset)>,
        within: Duration,
    ) -> Result<Vec<OffsetAnswer>, DriverStopped> {
        let handle = self.feed.handle();
        find_offsets(handle.driver(), handle.key(), wanted, within).await
    }

    /// Whether everything that the brokers had when they last answered was handed out. `false` while a partition has not
    /// answered yet, or none is this member's.
    #[must_use]
    pub fn at_end(&self) -> bool {
        self.feed.reader().is_caught_up()
    }

    /// What was moved so far and is held now.
    #[must_use]
    pub fn stats(&self) -> ConsumerStats {
        ConsumerStats::new(self.feed.reader().edge().stats())
    }

    /// Every throttle that holds at this moment, of any class; those of the class fetch delay reading, and none of them
    /// delays a heartbeat. Takes no lock.
    #[must_use]
    pub fn throttle(&self) -> Vec<Throttle> {
        throttle::active(self.feed.handle().driver())
    }

    /// What the member, and each partition that has nothing to read, waits for. Costs one turn of the driver.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the answer and nothing else.
    pub async fn explain(&self) -> Result<Vec<Waiting>, DriverStopped> {
        let handle = self.feed.handle();
        let key = handle.key();
        let explain = move |core: &mut Core, now| {
            let mut waiting = Vec::new();
            let parts = core.parts();
            parts.groups.explain_one(key, &mut waiting);
            parts.consumers.explain_one(key, parts.net, now, &mut waiting);
            waiting.iter().map(|waiting| Waiting::new(waiting, now)).collect()
        };
        handle.driver().run(explain).await
    }

    /// Leaves the group within `deadline`: waits for batches that are still held, commits what was processed (unless
    /// commits are manual), tells the coordinator, and reports.
    ///
    /// What was dropped before this call counts as processed. After an error in processing, drop the consumer instead.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the report; the member still leaves.
    pub async fn close(mut self, deadline: Duration) -> Result<LeaveReport, DriverStopped> {
        self.feed.finish();
        // The reader stays until then: dropping it would end what is being waited for.
        let report = self.feed.handle().close(deadline).await;
        self.feed.tell_commits();
        report
    }
}

impl Drop for GroupConsumer {
    fn drop(&mut self) {
        let handle = self.feed.handle();
        let key = handle.key();
        handle.driver().post(move |core, now| core.parts().groups.abandon(key, now));
    }
}

/// The application's wait for a batch. However it ends, the application has something else to do then.
struct Visit {
    handle: GroupHandle,
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.handle.edge().go_away(self.handle.now());
    }
}
