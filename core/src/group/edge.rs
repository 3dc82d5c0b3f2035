//! Where the driver and the application of a member meet.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::{BrokerId, LeaderEpoch, TopicId};

use super::commit::{CommitEntry, CommitOrder, Committed};
use super::error::{CommitError, GroupError};
use super::ownership::{Bell, Cause, HandedOut, Ownership, OwnershipId};
use crate::consumer::{Batch, TopicPartition};
use crate::sync::{Arc, Mutex};
use crate::time::Instant;

/// Events that are kept for an application that does not look; the oldest go first.
const EVENTS_KEPT: usize = 256;
/// Commits that are kept for whoever wants to know of each; of two beyond that the later one counts.
const COMMITS_KEPT: usize = 256;
/// Rebalances that are remembered.
const REBALANCES_KEPT: usize = 64;

/// A member as the application holds it. Every call is a short lock and never waits.
pub struct GroupEdge {
    state: Mutex<State>,
    bell: Arc<Bell>,
}

/// What happened to a member, in the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GroupEvent {
    /// Partitions are this member's from now on.
    Assigned {
        /// Which.
        partitions: Vec<TopicPartition>,
    },
    /// Partitions are to be given up. Nothing more of them is handed out; work in progress is waited for.
    Revoking {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// Until when.
        until: Instant,
    },
    /// Partitions were given up in good order.
    Revoked {
        /// Which.
        partitions: Vec<TopicPartition>,
    },
    /// The group went on without this member, and others may have the partitions already.
    Lost {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// Why.
        cause: Cause,
    },
    /// Partitions were given up although the application was not done with them: the wait was over.
    HandOverOverdue {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// How long it was waited for them.
        waited: Duration,
    },
    /// The application has been away for four fifths of the time that it may.
    AbsenceNear {
        /// For how long already.
        away: Duration,
        /// How long it may.
        limit: Duration,
    },
    /// The application has been away for longer than it may: the member leaves the group, and joins again once the
    /// application is back.
    AbsenceExceeded {
        /// For how long.
        away: Duration,
        /// How long it may.
        limit: Duration,
    },
    /// A rebalance is over for this member.
    Rebalanced(Rebalance),
    /// A batch was dropped late and nobody said that it is done, so nothing from it on is committed automatically.
    Abandoned {
        /// The partition.
        partition: TopicPartition,
        /// The first offset that is not committed.
        offset: i64,
    },
    /// An automatic commit failed; it is tried again with the next one.
    CommitFailed {
        /// How.
        error: CommitError,
    },
    /// The member ended for good.
    Failed {
        /// Why.
        error: GroupError,
    },
}

/// One rebalance as this member went through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebalance {
    /// Why.
    pub cause: Cause,
    /// This member's id.
    pub member_id: ByteString,
    /// The generation, or with the consumer protocol the member epoch, that it led to.
    pub generation: i32,
    /// When this member learnt of it.
    pub began: Instant,
    /// How long it took this member to go on, work in progress included.
    pub took: Duration,
    /// What it got.
    pub assigned: Vec<TopicPartition>,
    /// What it gave up in good order.
    pub revoked: Vec<TopicPartition>,
    /// What others may have had before it knew.
    pub lost: Vec<TopicPartition>,
}

/// Where a member stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupStatus {
    /// Its id; empty before the coordinator knows it.
    pub member_id: ByteString,
    /// The generation, or the member epoch; below zero if it has none.
    pub generation: i32,
    /// Whether it speaks the consumer protocol; `None` before that is decided.
    pub consumer_protocol: Option<bool>,
    /// What the partitions are shared out by, with the classic protocol.
    pub assignor: Option<ByteString>,
    /// The coordinator, if it is known.
    pub coordinator: Option<BrokerId>,
    /// Whether it is a member in good standing that has nothing to wait for.
    pub is_stable: bool,
}

/// What becomes of a batch on its way to the application.
#[derive(Debug)]
pub enum HandOut {
    /// It is the application's.
    Given(HandedOut),
    /// Its partition is not this member's any more.
    NotOwned,
    /// The partition was given up and came back in between: reading goes on there.
    Stale(Option<i64>),
}

#[derive(Debug, Default)]
struct State {
    owned: BTreeMap<TopicPartition, Arc<Ownership>>,
    /// How often `owned` has changed.
    revision: u64,
    last_ownership: u64,
    /// Since when the application holds a batch and has not come back for the next one.
    away_since: Option<Instant>,
    /// The application came back since this was last looked at.
    came_back: bool,
    failure: Option<GroupError>,
    reader: Option<Waker>,
    events: VecDeque<GroupEvent>,
    /// What was committed and not taken by [`GroupEdge::next_commit`] yet.
    commits: VecDeque<Committed>,
    watchers: Vec<Waker>,
    rebalances: VecDeque<Rebalance>,
    status: GroupStatus,
}

// The application's side.
impl GroupEdge {
    /// The application comes back for the next batch; what it dropped before is processed. Gives the number to show
    /// at [`Self::hand_out`].
    ///
    /// # Errors
    /// If the member ended. Otherwise the caller is woken when it does.
    pub fn come_back(&self, context: &mut Context<'_>) -> Result<OwnershipId, GroupError> {
        let mut state = self.state.lock();
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(context.waker())) {
            state.reader = Some(context.waker().clone());
        }
        let was_away = state.away_since.take().is_some();
        state.came_back |= was_away;
        let seen = OwnershipId(state.last_ownership);
        drop(state);
        if was_away {
            self.bell.next_turn();
        }
        Ok(seen)
    }

    /// The application has something else to do: it has a batch, or gave up waiting.
    pub fn go_away(&self, now: Instant) {
        self.state.lock().away_since.get_or_insert(now);
    }

    /// Gives a batch to the application, if its partition is still this member's. `seen` is from before the batch was
    /// taken.
    #[must_use]
    pub fn hand_out(&self, batch: &Batch, seen: OwnershipId, now: Instant) -> HandOut {
        let mut state = self.state.lock();
        let Some(ownership) = state.owned.get(batch.partition()).cloned() else { return HandOut::NotOwned };
        if ownership.id() > seen {
            return HandOut::Stale(ownership.processed().map(|processed| processed.offset));
        }
        let first = batch.iter().next().map_or(batch.next_offset(), |record| record.offset);
        let epoch = batch.leader_epoch().unwrap_or(LeaderEpoch::NONE);
        let Some(handed_out) = ownership.hand_out(first, batch.next_offset(), epoch) else {
            return HandOut::NotOwned;
        };
        state.away_since = Some(now);
        HandOut::Given(handed_out)
    }

    /// The ownership of a partition, if it is this member's.
    pub fn ownership(&self, partition: &TopicPartition) -> Option<Arc<Ownership>> {
        self.state.lock().owned.get(partition).cloned()
    }

    /// Every partition that is this member's.
    pub fn owned(&self) -> Vec<Arc<Ownership>> {
        self.state.lock().owned.values().cloned().collect()
    }

    /// Whether no partition is this member's.
    pub fn owns_nothing(&self) -> bool {
        self.state.lock().owned.is_empty()
    }

    /// What the application commits. From now on nothing is committed automatically that would take it back: it stands
    /// until processing reaches it or, where it goes back behind what is processed, until more is.
    #[must_use]
    pub fn order(&self, entries: Vec<CommitEntry>) -> CommitOrder {
        for entry in &entries {
            let owned = self.ownership(&entry.partition);
            let shown = |ownership: &Arc<Ownership>| entry.ownership.is_none_or(|id| id == ownership.id());
            if let Some(ownership) = owned.filter(shown) {
                ownership.commit(entry.offset);
            }
        }
        CommitOrder(entries)
    }

    /// The application reads a partition from somewhere else on; `None` if that is not known as an offset.
    pub fn seek(&self, partition: &TopicPartition, offset: Option<i64>) {
        if let Some(ownership) = self.ownership(partition) {
            ownership.seek(offset);
        }
    }

    /// The next event that nobody took yet. Several may wait; each event goes to one of them.
    pub fn poll_event(&self, context: &mut Context<'_>) -> Poll<Option<GroupEvent>> {
        let mut state = self.state.lock();
        if let Some(event) = state.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if state.failure.is_some() {
            return Poll::Ready(None);
        }
        if !state.watchers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.watchers.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// What was committed next, if [`tells_commits`](super::GroupConfig::tells_commits) was set: one request at a time,
    /// oldest first. Who waits after [`Self::come_back`] is woken when there is more.
    pub fn next_commit(&self) -> Option<Committed> {
        self.state.lock().commits.pop_front()
    }

    /// The latest rebalances, oldest first.
    pub fn rebalances(&self) -> Vec<Rebalance> {
        self.state.lock().rebalances.iter().cloned().collect()
    }

    /// Where the member stands.
    pub fn status(&self) -> GroupStatus {
        self.state.lock().status.clone()
    }
}

// The driver's side.
impl GroupEdge {
    pub(super) fn new(bell: Arc<Bell>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), bell })
    }

    pub(super) fn away_since(&self) -> Option<Instant> {
        self.state.lock().away_since
    }

    pub(super) fn take_came_back(&self) -> bool {
        std::mem::take(&mut self.state.lock().came_back)
    }

    /// Makes partitions this member's, with the ids of their topics where the coordinator names those.
    pub(super) fn own(
        &self,
        partitions: impl IntoIterator<Item = (TopicPartition, Option<TopicId>)>,
    ) -> Vec<Arc<Ownership>> {
        let mut state = self.state.lock();
        let mut new = Vec::new();
        for (partition, topic_id) in partitions {
            state.revision += 1;
            state.last_ownership += 1;
            let id = OwnershipId(state.last_ownership);
            let ownership = Ownership::new(partition.clone(), topic_id, id, Arc::clone(&self.bell));
            state.owned.insert(partition, Arc::clone(&ownership));
            new.push(ownership);
        }
        new
    }

    pub(super) fn disown(&self, partition: &TopicPartition) {
        let mut state = self.state.lock();
        if state.owned.remove(partition).is_some() {
            state.revision += 1;
        }
    }

    /// Rises with each partition that comes or goes.
    pub(super) fn revision(&self) -> u64 {
        self.state.lock().revision
    }

    pub(super) fn tell(&self, event: GroupEvent) {
        let mut state = self.state.lock();
        if let GroupEvent::Rebalanced(rebalance) = &event {
            state.rebalances.push_back(rebalance.clone());
            if state.rebalances.len() > REBALANCES_KEPT {
                state.rebalances.pop_front();
            }
        }
        state.events.push_back(event);
        if state.events.len() > EVENTS_KEPT {
            state.events.pop_front();
        }
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        for watcher in watchers {
            watcher.wake();
        }
    }

    pub(super) fn note_commit(&self, committed: Committed) {
        let mut state = self.state.lock();
        state.commits.push_back(committed);
        if state.commits.len() > COMMITS_KEPT
            && let Some(oldest) = state.commits.pop_front()
            && let Some(next) = state.commits.front_mut()
        {
            for (partition, entry) in oldest {
                next.entry(partition).or_insert(entry);
            }
        }
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    pub(super) fn set_status(&self, status: GroupStatus) {
        self.state.lock().status = status;
    }

    /// The member ends; whoever waits is told.
    pub(super) fn fail(&self, error: GroupError) {
        let mut state = self.state.lock();
        state.failure.get_or_insert(error);
        let reader = state.reader.take();
        let watchers = std::mem::take(&mut state.watchers);
        drop(state);
        for waker in watchers.into_iter().chain(reader) {
            waker.wake();
        }
    }
}

impl fmt::Debug for GroupEdge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupEdge").field("status", &self.status()).finish_non_exhaustive()
    }
}
