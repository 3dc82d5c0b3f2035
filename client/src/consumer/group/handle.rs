use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::ready;
use std::time::Duration;

use ottla_core::consumer as reading;
use ottla_core::group as core;
use ottla_core::{Event, Instant};
use ottla_proto::{LeaderEpoch, TopicName};

use super::batch::GroupBatch;
use super::error::CommitError;
use super::event::{GroupEvent, GroupStatus, LeaveReport, Rebalance};
use super::ownership::Ownership;
use super::pattern::TopicPattern;
use crate::consumer::named;
use crate::driver::DriverHandle;
use crate::error::DriverStopped;

/// How long a commit may take, retries and moves of the coordinator included. Java: `default.api.timeout.ms`.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(60);

/// A member of a group, seen from any task: commits, events, the log of rebalances. Cheap to clone; it does not keep the
/// member alive.
#[derive(Clone)]
pub struct GroupHandle {
    key: reading::ConsumerKey,
    edge: Arc<core::GroupEdge>,
    driver: DriverHandle,
}

impl GroupHandle {
    pub(super) fn new(key: reading::ConsumerKey, edge: Arc<core::GroupEdge>, driver: DriverHandle) -> Self {
        Self { key, edge, driver }
    }

    /// As [`GroupConsumer::commit`](super::GroupConsumer::commit).
    ///
    /// # Errors
    /// See [`CommitError`].
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer. A commit that the driver has not taken up yet is not made then;
    /// [`commit_in_background`](Self::commit_in_background) makes one in any case.
    pub async fn commit(&self, batch: &GroupBatch) -> Result<(), CommitError> {
        self.commit_with(batch, None).await
    }

    /// As [`commit`](Self::commit), with a text that is kept beside the offset; `None` is the one of
    /// [`commit_metadata`](super::GroupConsumerBuilder::commit_metadata).
    ///
    /// # Errors
    /// See [`CommitError`].
    ///
    /// # Cancel safety
    /// As [`commit`](Self::commit).
    pub async fn commit_with(&self, batch: &GroupBatch, metadata: Option<&str>) -> Result<(), CommitError> {
        self.submit(vec![entry(batch, metadata)]).await
    }

    /// Begins a commit and does not wait for it. Commits of one partition take effect in the order in which they were
    /// begun; a failure is told by an event, a success to
    /// [`ConsumerInterceptor::on_commit`](crate::consumer::ConsumerInterceptor::on_commit). Java: `commitAsync`.
    pub fn commit_in_background(&self, batch: &GroupBatch) {
        self.commit_in_background_with(batch, None);
    }

    /// As [`commit_in_background`](Self::commit_in_background), with a text that is kept beside the offset; `None` is the
    /// one of [`commit_metadata`](super::GroupConsumerBuilder::commit_metadata).
    pub fn commit_in_background_with(&self, batch: &GroupBatch, metadata: Option<&str>) {
        let (key, order) = (self.key, self.edge.order(vec![entry(batch, metadata)]));
        self.driver.post(move |core, now| {
            core.parts().groups.commit(key, None, order, now + COMMIT_TIMEOUT);
        });
    }

    /// Commits an offset of a partition, the one of the next record to process: after a single record, its own plus one.
    ///
    /// # Errors
    /// See [`CommitError`]; [`CommitError::NotOwned`] if the partition is not this member's at this moment.
    ///
    /// # Cancel safety
    /// As [`commit`](Self::commit).
    pub async fn commit_offset(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
        metadata: Option<&str>,
    ) -> Result<(), CommitError> {
        let entry = core::CommitEntry {
            partition: named(topic, partition),
            ownership: None,
            offset,
            leader_epoch: LeaderEpoch::NONE,
            metadata: metadata.map(Into::into),
        };
        self.submit(vec![entry]).await
    }

    /// Commits how far everything is processed without a gap. Unlike
    /// [`GroupConsumer::commit_processed`](super::GroupConsumer::commit_processed) it takes nobody's word for what was
    /// dropped last.
    ///
    /// # Errors
    /// See [`CommitError`].
    ///
    /// # Cancel safety
    /// As [`commit`](Self::commit).
    pub async fn commit_processed(&self) -> Result<(), CommitError> {
        let entries = self.edge.owned().into_iter().filter_map(|ownership| {
            let processed = ownership.processed()?;
            Some(core::CommitEntry {
                partition: ownership.partition().clone(),
                ownership: Some(ownership.id()),
                offset: processed.offset,
                leader_epoch: processed.leader_epoch,
                metadata: None,
            })
        });
        let entries: Vec<_> = entries.collect();
        if entries.is_empty() {
            return Ok(());
        }
        self.submit(entries).await
    }

    /// As [`GroupConsumer::subscribe`](super::GroupConsumer::subscribe).
    pub fn subscribe<T: Into<String>>(&self, topics: impl IntoIterator<Item = T>) {
        let topics = topics.into_iter().map(|topic| TopicName::from(topic.into())).collect();
        self.change_subscription(topics, None);
    }

    /// As [`GroupConsumer::subscribe_pattern`](super::GroupConsumer::subscribe_pattern).
    pub fn subscribe_pattern(&self, pattern: TopicPattern) {
        self.change_subscription(Vec::new(), Some(pattern.into_core()));
    }

    fn change_subscription(&self, topics: Vec<TopicName>, pattern: Option<core::TopicPattern>) {
        let key = self.key;
        self.driver.post(move |core, _| {
            let parts = core.parts();
            parts.groups.subscribe(key, topics, pattern, parts.net);
        });
    }

    /// The next event that nobody took yet; `None` once the member has ended and all were taken. The latest 256 are kept.
    /// The same is told through the crate `tracing`.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next_event(&self) -> Option<GroupEvent> {
        poll_fn(|context| {
            loop {
                let Some(event) = ready!(self.edge.poll_event(context)) else {
                    return std::task::Poll::Ready(None);
                };
                if let Some(event) = GroupEvent::new(event, self.now()) {
                    return std::task::Poll::Ready(Some(event));
                }
            }
        })
        .await
    }

    /// Why did we rebalance: the latest 64 rebalances that this member went through, oldest first.
    #[must_use]
    pub fn rebalances(&self) -> Vec<Rebalance> {
        let now = self.now();
        self.edge.rebalances().iter().map(|rebalance| Rebalance::new(rebalance, now)).collect()
    }

    /// Where the member stands.
    #[must_use]
    pub fn status(&self) -> GroupStatus {
        GroupStatus::new(&self.edge.status())
    }

    /// The partitions that are this member's.
    #[must_use]
    pub fn owned(&self) -> Vec<Ownership> {
        self.edge.owned().into_iter().map(Ownership::new).collect()
    }

    /// As [`GroupConsumer::close`](super::GroupConsumer::close), from another task. The consumer's next call then gives
    /// `None`.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the report; the member still leaves.
    pub async fn close(&self, deadline: Duration) -> Result<LeaveReport, DriverStopped> {
        let key = self.key;
        // Two orders: who drops the future does not take the first one back.
        self.driver.post(move |core, now| core.parts().groups.leave(key, now + deadline, now));
        let event = self.driver.ask(move |core, _| {
            let ticket = core.ticket();
            core.parts().groups.await_leave(key, ticket);
            ticket
        });
        match event.await? {
            Event::GroupLeft { report, .. } => Ok(LeaveReport::new(report)),
            _ => Err(DriverStopped),
        }
    }

    async fn submit(&self, entries: Vec<core::CommitEntry>) -> Result<(), CommitError> {
        let (key, order) = (self.key, self.edge.order(entries));
        let event = self.driver.ask(move |core, now| {
            let ticket = core.ticket();
            core.parts().groups.commit(key, Some(ticket), order, now + COMMIT_TIMEOUT);
            ticket
        });
        match event.await? {
            Event::CommitDone { result, .. } => result.map_err(|error| CommitError::new(&error)),
            _ => Err(DriverStopped.into()),
        }
    }

    pub(super) fn key(&self) -> reading::ConsumerKey {
        self.key
    }

    pub(super) fn edge(&self) -> &Arc<core::GroupEdge> {
        &self.edge
    }

    pub(super) fn driver(&self) -> &DriverHandle {
        &self.driver
    }

    pub(super) fn now(&self) -> Instant {
        self.driver.now()
    }
}

fn entry(batch: &GroupBatch, metadata: Option<&str>) -> core::CommitEntry {
    let end = batch.handed_out().end();
    core::CommitEntry {
        partition: batch.partition(),
        ownership: Some(batch.handed_out().ownership().id()),
        offset: end.offset,
        leader_epoch: end.leader_epoch,
        metadata: metadata.map(Into::into),
    }
}

impl fmt::Debug for GroupHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupHandle").field("member", &self.edge).finish_non_exhaustive()
    }
}
