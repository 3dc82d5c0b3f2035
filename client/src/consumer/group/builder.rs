use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ottla_core::Core;
use ottla_core::consumer as reading;
use ottla_core::group as core;
use ottla_core::group::assignor;
use ottla_proto::{GroupId, TopicName};

use super::assignor::{Assignor, Custom};
use super::{GroupConsumer, GroupHandle, TopicPattern};
use crate::consumer::{ConsumerInterceptor, Isolation, Offset};
use crate::driver::{DriverHandle, clock_start_ms};
use crate::error::DriverStopped;

/// Settings of a [`GroupConsumer`]; begin with [`ConsumerBuilder::group`](crate::consumer::ConsumerBuilder::group), after
/// whatever is to be set there.
#[must_use = "no group is joined before `build`"]
pub struct GroupConsumerBuilder {
    driver: DriverHandle,
    reading: reading::ConsumerConfig,
    group: core::GroupConfig,
    from: Offset,
    interceptors: Vec<Box<dyn ConsumerInterceptor>>,
}

/// Which protocol a member speaks with its coordinator. Java: `group.protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// The consumer protocol if the brokers offer it and nothing was set that only the classic one has: assignors, a
    /// session time-out or a heartbeat interval. Otherwise the classic one.
    #[default]
    Auto,
    /// The members share out the partitions; every broker and client speaks it.
    Classic,
    /// The coordinator shares out the partitions (KIP-848, Kafka 4.0 and up).
    Consumer,
}

/// How the members of a classic group share out partitions. Java: `partition.assignment.strategy`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Assignors {
    /// A run of the partitions of each topic for each member.
    Range,
    /// One partition after the other, in turn.
    RoundRobin,
    /// As balanced as can be, with as few moves as that takes; everybody stops at each rebalance.
    Sticky,
    /// The same, and who keeps a partition reads it on (KIP-429). To get there from another one in a running group:
    /// first restart each member with both, this one first, then with this one alone.
    CooperativeSticky,
    /// A way of one's own.
    Custom(Arc<dyn Assignor>),
}

impl GroupConsumerBuilder {
    pub(crate) fn new(
        driver: DriverHandle,
        reading: reading::ConsumerConfig,
        from: Offset,
        interceptors: Vec<Box<dyn ConsumerInterceptor>>,
        group: String,
    ) -> Self {
        let group = core::GroupConfig::new(GroupId::from(group), Vec::new());
        Self { driver, reading, group, from, interceptors }
    }

    /// Reads these topics, besides any named before.
    pub fn subscribe<T: Into<String>>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        self.group.topics.extend(topics.into_iter().map(|topic| TopicName::from(topic.into())));
        self
    }

    /// Reads every topic that this pattern finds, besides topics that are named. A later call takes the place of the
    /// former. Java: `subscribe(SubscriptionPattern)`.
    pub fn subscribe_pattern(mut self, pattern: TopicPattern) -> Self {
        self.group.pattern = Some(pattern.into_core());
        self
    }

    /// Shows each batch to this interceptor before it is handed out, and each commit that went through, besides those
    /// named before. Java: `interceptor.classes`.
    pub fn interceptor(mut self, interceptor: impl ConsumerInterceptor) -> Self {
        self.interceptors.push(Box::new(interceptor));
        self
    }

    /// Where a partition begins for which the group never committed anything. Default [`Offset::Latest`]. Java:
    /// `auto.offset.reset`.
    pub fn from(mut self, from: Offset) -> Self {
        self.from = from;
        self
    }

    /// Which protocol to speak. Default [`Protocol::Auto`].
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.group.protocol = match protocol {
            Protocol::Auto => core::ProtocolChoice::Auto,
            Protocol::Classic => core::ProtocolChoice::Classic,
            Protocol::Consumer => core::ProtocolChoice::Consumer,
        };
        self
    }

    /// Makes it a static member of that name: it may be gone for as long as the session lasts and finds its partitions
    /// again (KIP-345). Java: `group.instance.id`.
    pub fn instance_id(mut self, id: impl Into<String>) -> Self {
        self.group.instance_id = Some(id.into().into());
        self
    }

    /// How partitions are shared out, by preference. Default range, then cooperative-sticky. Classic protocol only.
    pub fn assignors(mut self, assignors: impl IntoIterator<Item = Assignors>) -> Self {
        let known = |assignor| -> Arc<dyn assignor::Assignor> {
            match assignor {
                Assignors::Range => Arc::new(assignor::RangeAssignor),
                Assignors::RoundRobin => Arc::new(assignor::RoundRobinAssignor),
                Assignors::Sticky => Arc::new(assignor::StickyAssignor),
                Assignors::CooperativeSticky => Arc::new(assignor::CooperativeStickyAssignor),
                Assignors::Custom(assignor) => Arc::new(Custom(assignor)),
            }
        };
        self.group.assignors = Some(assignors.into_iter().map(known).collect());
        self
    }

    /// The broker's assignor, by name: `uniform` or `range`. Default: the broker's choice. Consumer protocol only. Java:
    /// `group.remote.assignor`.
    pub fn server_assignor(mut self, name: impl Into<String>) -> Self {
        self.group.server_assignor = Some(name.into().into());
        self
    }

    /// After how long without a heartbeat the coordinator gives the member up. Default 45 s. Classic protocol only. Java:
    /// `session.timeout.ms`.
    pub fn session_timeout(mut self, timeout: Duration) -> Self {
        self.group.session_timeout = Some(timeout);
        self
    }

    /// The time between two heartbeats. Default 3 s. Classic protocol only. Java: `heartbeat.interval.ms`.
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.group.heartbeat_interval = Some(interval);
        self
    }

    /// How long the application may hold a batch before it asks for the next one, and how long a rebalance waits for a
    /// member. Default 5 min. Java: `max.poll.interval.ms`.
    pub fn max_poll_interval(mut self, interval: Duration) -> Self {
        self.group.max_poll_interval = interval;
        self
    }

    /// How long batches that are held are waited for when their partition is taken away. Default: four fifths of
    /// [`max_poll_interval`](Self::max_poll_interval).
    pub fn hand_over_timeout(mut self, timeout: Duration) -> Self {
        self.group.hand_over_timeout = Some(timeout);
        self
    }

    /// How often what was processed is committed. Default every 5 s. Java: `auto.commit.interval.ms`.
    pub fn auto_commit(mut self, interval: Duration) -> Self {
        self.group.auto_commit = Some(interval.max(Duration::from_millis(1)));
        self
    }

    /// Commits nothing by itself. Java: `enable.auto.commit=false`.
    pub fn manual_commits(mut self) -> Self {
        self.group.auto_commit = None;
        self
    }

    /// A text that goes beside each committed offset for which none was given: those of automatic commits, and of
    /// [`commit`](GroupConsumer::commit) and its kin. Default none. Whoever looks at the group finds it
    /// ([`Admin::group_offsets`](crate::admin::Admin::group_offsets)): the name of a host, say.
    ///
    /// Brokers take 4,096 bytes at most unless told otherwise (`offset.metadata.max.bytes`). A text that is too long makes
    /// each commit fail: with [`CommitError`](super::CommitError), or by the event
    /// [`CommitFailed`](super::GroupEvent::CommitFailed) for those that nobody waits for.
    pub fn commit_metadata(mut self, metadata: impl Into<String>) -> Self {
        self.group.commit_metadata = Some(metadata.into().into());
        self
    }

    /// Which records of transactions are seen. With [`Isolation::ReadCommitted`] offsets of open transactions are waited
    /// for too. Java: `isolation.level`.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.reading.isolation = isolation.level();
        self
    }

    /// Where the member stands, for assignors that look at it. Java: `client.rack`.
    pub fn rack(mut self, rack: impl Into<String>) -> Self {
        self.group.rack = Some(rack.into().into());
        self
    }

    /// Starts the consumer, which joins the group in the background. Costs one turn of the driver.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    pub async fn build(self) -> Result<GroupConsumer, DriverStopped> {
        let Self { driver, mut reading, mut group, from, interceptors } = self;
        reading.awaits_assignment = true;
        if reading.reset == reading::ResetPolicy::AsStarted {
            // A group's partitions begin at offsets that were committed; that is no order to stop where they are gone.
            reading.reset = match from {
                Offset::Earliest => reading::ResetPolicy::Earliest,
                Offset::Latest => reading::ResetPolicy::Latest,
                Offset::Timestamp(timestamp) => reading::ResetPolicy::Timestamp(timestamp),
                Offset::Ago(age) => reading::ResetPolicy::Ago(age),
                _ => reading::ResetPolicy::Error,
            };
        }
        group.start = from.start();
        group.isolation = reading.isolation;
        group.tells_commits = !interceptors.is_empty();
        let handle = driver.clone();
        let add = move |core: &mut Core, now| {
            let wake = core.wake().clone();
            let parts = core.parts();
            let reading = reading::ConsumerConfig { clock_start_ms: clock_start_ms(now), ..reading };
            let (key, reader) = parts.consumers.add(reading, wake.clone());
            let edge = parts.groups.join(key, group, reader.edge().clone(), wake, parts.net, now);
            // Dropped on its way to whoever asked for it, it leaves like any other.
            GroupConsumer::new(reader, interceptors, GroupHandle::new(key, edge, handle))
        };
        driver.run(add).await
    }
}

impl fmt::Debug for GroupConsumerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupConsumerBuilder")
            .field("reading", &self.reading)
            .field("group", &self.group)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
