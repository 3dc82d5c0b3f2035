//! Owning a partition as a value: who processes its records learns that it ended, and what was processed is known.

use std::collections::BTreeMap;
use std::fmt;
use std::task::{Context, Poll, Waker};

use ottla_proto::{ErrorCode, LeaderEpoch, TopicId, TopicName};

use crate::consumer::TopicPartition;
use crate::sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering};
use crate::time::Instant;
use crate::wake::DriverWake;

/// One partition, owned by one member from an assignment until it is revoked or lost.
///
/// Every call is one short lock and never waits.
pub struct Ownership {
    partition: TopicPartition,
    topic_id: Option<TopicId>,
    id: OwnershipId,
    bell: Arc<Bell>,
    state: Mutex<State>,
}

/// A topic as requests and answers name it: by name or by id, never by both; the other is empty.
pub(super) type TopicKey = (TopicName, TopicId);

/// The number of one ownership, unique in its member; a later one is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnershipId(pub(super) u64);

/// Where an ownership stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The partition is this member's.
    Held,
    /// It is this member's until then, so that work in progress can be finished and committed.
    Revoking {
        /// When the wait ends.
        until: Instant,
    },
    /// It is not this member's any more.
    Ended(End),
}

/// How an ownership ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In good order: nobody else had it before.
    Revoked,
    /// The group went on without this member; somebody else may have had the partition already.
    Lost,
    /// The member left.
    Closed,
}

/// What is to be committed for a partition: everything before `offset` was processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processed {
    /// The offset of the next record to process.
    pub offset: i64,
    /// The leader epoch that goes with it.
    pub leader_epoch: LeaderEpoch,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Batches that the application holds.
    held: usize,
    /// First offsets of what was handed out and is not processed.
    unprocessed: BTreeMap<i64, LeaderEpoch>,
    /// Batches that were dropped, by the turn in which that happened: processed once the application comes back.
    returned: Vec<Returned>,
    /// Where handing out goes on.
    next: Option<Processed>,
    /// The last offset that is known to be committed.
    committed: Option<i64>,
    /// The application committed by itself: nothing before that is committed automatically.
    stands: Option<i64>,
    /// A batch was dropped of which nobody said that it is done: nothing beyond it is committed.
    abandoned: Option<i64>,
    wakers: Vec<Waker>,
}

#[derive(Clone, Copy, Debug)]
struct Returned {
    turn: u64,
    first: i64,
    next_offset: i64,
}

/// How ownerships and handles tell the driver that something is to be looked at, and which turn of the application
/// it is: a turn begins each time the application comes back for more.
#[derive(Debug)]
pub(super) struct Bell {
    rung: AtomicBool,
    turn: AtomicU64,
    /// The driver waits for the application to come back.
    awaited: AtomicBool,
    /// A batch was dropped without a word.
    abandoned: AtomicBool,
    wake: Arc<DriverWake>,
}

impl Bell {
    pub(super) fn new(wake: Arc<DriverWake>) -> Arc<Self> {
        Arc::new(Self {
            rung: AtomicBool::new(false),
            turn: AtomicU64::new(0),
            awaited: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            wake,
        })
    }

    pub(super) fn ring(&self) {
        self.rung.store(true, Ordering::SeqCst);
        self.wake.wake();
    }

    pub(super) fn is_rung(&self) -> bool {
        self.rung.load(Ordering::SeqCst)
    }

    pub(super) fn answer(&self) {
        self.rung.store(false, Ordering::SeqCst);
    }

    pub(super) fn turn(&self) -> u64 {
        self.turn.load(Ordering::SeqCst)
    }

    pub(super) fn next_turn(&self) {
        self.turn.fetch_add(1, Ordering::SeqCst);
        // Otherwise the driver need not be woken for each batch.
        if self.awaited.load(Ordering::SeqCst) {
            self.ring();
        }
    }

    /// Whether any ownership has something for [`Ownership::take_abandoned`] since this was last asked.
    pub(super) fn take_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst) && self.abandoned.swap(false, Ordering::SeqCst)
    }

    /// Whether the next turn rings. Said before the driver looks whether the application is back, so that it misses
    /// nothing.
    pub(super) fn set_awaited(&self, awaited: bool) {
        self.awaited.store(awaited, Ordering::SeqCst);
    }
}

impl Ownership {
    pub(super) fn new(
        partition: TopicPartition,
        topic_id: Option<TopicId>,
        id: OwnershipId,
        bell: Arc<Bell>,
    ) -> Arc<Self> {
        let state = State {
            phase: Phase::Held,
            held: 0,
            unprocessed: BTreeMap::new(),
            returned: Vec::new(),
            next: None,
            committed: None,
            stands: None,
            abandoned: None,
            wakers: Vec::new(),
        };
        Arc::new(Self { partition, topic_id, id, bell, state: Mutex::new(state) })
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// The id of its topic, if the coordinator gave the partition by it. A topic of the same name that is created later
    /// is another one.
    #[must_use]
    pub fn topic_id(&self) -> Option<TopicId> {
        self.topic_id
    }

    /// How a request or an answer names its topic.
    pub(super) fn topic_as(&self, by_id: bool) -> TopicKey {
        match self.topic_id.filter(|_| by_id) {
            Some(id) => (TopicName::default(), id),
            None => (self.partition.topic.clone(), TopicId::ZERO),
        }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> OwnershipId {
        self.id
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.state.lock().phase
    }

    /// Whether the partition is still this member's, be it for a short while.
    pub fn is_held(&self) -> bool {
        !matches!(self.phase(), Phase::Ended(_))
    }

    /// Ready once the phase is no longer `known`.
    pub fn poll_change(&self, known: Phase, context: &mut Context<'_>) -> Poll<Phase> {
        let mut state = self.state.lock();
        if state.phase != known {
            return Poll::Ready(state.phase);
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// How far everything was processed, without a gap; `None` before the first record.
    pub fn processed(&self) -> Option<Processed> {
        let turn = self.bell.turn();
        self.state.lock().processed(turn)
    }

    /// The last offset that is known to be committed.
    pub fn committed(&self) -> Option<i64> {
        self.state.lock().committed
    }

    /// How many batches of it the application holds.
    pub fn held_batches(&self) -> usize {
        self.state.lock().held
    }
}

// What the member and its reader do.
impl Ownership {
    /// Takes a batch into account. `None` if the partition is not to be read any more.
    pub(super) fn hand_out(
        self: &Arc<Self>,
        first: i64,
        next_offset: i64,
        leader_epoch: LeaderEpoch,
    ) -> Option<HandedOut> {
        let turn = self.bell.turn();
        let mut state = self.state.lock();
        if state.phase != Phase::Held {
            return None;
        }
        state.settle(turn);
        state.held += 1;
        if state.next.is_some_and(|next| first < next.offset) {
            // The log is not the one that the application had in mind.
            state.stands = None;
        }
        state.unprocessed.insert(first, leader_epoch);
        state.next = Some(Processed { offset: next_offset, leader_epoch });
        drop(state);
        let ownership = Arc::clone(self);
        Some(HandedOut { ownership, first, next_offset, leader_epoch, turn, is_done: false })
    }

    /// Reading goes on there: what was handed out before no longer holds commits back.
    pub(super) fn seek(&self, next: Option<i64>) {
        let mut state = self.state.lock();
        state.unprocessed.clear();
        state.returned.clear();
        state.abandoned = None;
        state.stands = None;
        state.next = next.map(|offset| Processed { offset, leader_epoch: LeaderEpoch::NONE });
    }

    /// Reading begins where the group stopped.
    pub(super) fn begin(&self, committed: Processed) {
        let mut state = self.state.lock();
        state.committed = Some(committed.offset);
        state.next = Some(committed);
    }

    /// The application commits this offset. It stands until processing reaches it or, taken back on purpose, until
    /// more is processed.
    pub(super) fn commit(&self, offset: i64) {
        let turn = self.bell.turn();
        let mut state = self.state.lock();
        let processed = state.processed(turn).map(|processed| processed.offset);
        let is_back = processed.filter(|processed| offset < *processed);
        state.stands = Some(is_back.map_or(offset, |processed| processed.saturating_add(1)));
    }

    /// What is to be committed automatically, if that is news.
    pub(super) fn to_commit(&self) -> Option<Processed> {
        let turn = self.bell.turn();
        let mut state = self.state.lock();
        let processed = state.processed(turn)?;
        let stands = state.stands.is_some_and(|least| processed.offset < least);
        (!stands && state.committed != Some(processed.offset)).then_some(processed)
    }

    pub(super) fn set_committed(&self, offset: i64) {
        self.state.lock().committed = Some(offset);
    }

    /// Whether the application still works on it: it holds batches, or has not come back since it dropped the last
    /// one.
    pub(super) fn is_busy(&self) -> bool {
        let turn = self.bell.turn();
        let mut state = self.state.lock();
        state.settle(turn);
        state.held > 0 || !state.returned.is_empty()
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Ended(_)) || state.phase == phase {
            return;
        }
        state.phase = phase;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        for waker in wakers {
            waker.wake();
        }
    }

    /// The offset of a batch that was dropped without a word, told once.
    pub(super) fn take_abandoned(&self) -> Option<i64> {
        self.state.lock().abandoned.take()
    }
}

impl State {
    /// How far everything was processed, without a gap.
    fn processed(&mut self, turn: u64) -> Option<Processed> {
        self.settle(turn);
        let first = self.unprocessed.first_key_value();
        first.map(|(offset, epoch)| Processed { offset: *offset, leader_epoch: *epoch }).or(self.next)
    }

    /// The application came back since: what it dropped before is processed.
    fn settle(&mut self, turn: u64) {
        for returned in std::mem::take(&mut self.returned) {
            if returned.turn < turn {
                self.finish(returned.first, returned.next_offset);
            } else {
                self.returned.push(returned);
            }
        }
    }

    fn finish(&mut self, first: i64, next_offset: i64) {
        let mut later = self.unprocessed.split_off(&first);
        self.unprocessed.append(&mut later.split_off(&next_offset));
    }
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ownership")
            .field("partition", &self.partition)
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}

/// A batch in the application's hands. A revocation waits for it.
///
/// The batch counts as processed once it is [`done`](Self::done); or if it was dropped before the application came
/// back for the next one, once the application comes back. Dropped later than that, or in a panic, nobody can know,
/// and nothing from it on is committed by itself.
#[derive(Debug)]
pub struct HandedOut {
    ownership: Arc<Ownership>,
    first: i64,
    next_offset: i64,
    leader_epoch: LeaderEpoch,
    turn: u64,
    is_done: bool,
}

impl HandedOut {
    /// The ownership that it was handed out under.
    #[must_use]
    pub fn ownership(&self) -> &Arc<Ownership> {
        &self.ownership
    }

    /// What to commit for it.
    #[must_use]
    pub fn end(&self) -> Processed {
        Processed { offset: self.next_offset, leader_epoch: self.leader_epoch }
    }

    /// All of it is processed.
    pub fn done(&mut self) {
        if !self.is_done {
            self.is_done = true;
            self.ownership.state.lock().finish(self.first, self.next_offset);
        }
    }

    /// From now on its records count one by one: [`Self::acknowledge`]. `offsets` are those of its records.
    pub fn by_record(&mut self, offsets: impl Iterator<Item = i64>) {
        if !self.is_done {
            self.is_done = true;
            let mut state = self.ownership.state.lock();
            state.unprocessed.remove(&self.first);
            state.unprocessed.extend(offsets.map(|offset| (offset, self.leader_epoch)));
        }
    }

    /// Everything in it before this offset is processed; the rest is still to come.
    pub fn processed_up_to(&mut self, offset: i64) {
        if self.is_done {
            return;
        }
        let mut state = self.ownership.state.lock();
        // After a seek nothing of it counts any more.
        if state.unprocessed.remove(&self.first).is_some() {
            state.unprocessed.insert(offset, self.leader_epoch);
        }
        self.first = offset;
    }

    /// The rest of it goes to the application anew, in this turn.
    pub fn renew(&mut self) {
        self.turn = self.ownership.bell.turn();
    }

    /// The rest of it will not be processed: whoever reads the partition next begins there.
    pub fn give_back(mut self) {
        self.is_done = true;
    }

    /// This record is processed, whatever the order.
    pub fn acknowledge(&self, offset: i64) {
        self.ownership.state.lock().unprocessed.remove(&offset);
    }
}

impl Drop for HandedOut {
    fn drop(&mut self) {
        let in_turn = self.ownership.bell.turn() == self.turn && !std::thread::panicking();
        let mut state = self.ownership.state.lock();
        state.held = state.held.saturating_sub(1);
        if !self.is_done && in_turn {
            let Self { turn, first, next_offset, .. } = *self;
            state.returned.push(Returned { turn, first, next_offset });
        } else if !self.is_done {
            state.abandoned.get_or_insert(self.first);
            self.ownership.bell.abandoned.store(true, Ordering::SeqCst);
        }
        let waited_for = matches!(state.phase, Phase::Revoking { .. }) && state.held == 0;
        drop(state);
        if waited_for {
            self.ownership.bell.ring();
        }
    }
}

/// Why a rebalance began, or a member has to join again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The member is new.
    Joining,
    /// Another member came, left, or wants something else.
    Others,
    /// The coordinator gave this member other partitions.
    Assigned,
    /// What was taken away is free now, and is shared out in a second step.
    FollowUp,
    /// The topics that the group reads have other partitions than before.
    PartitionsChanged,
    /// The application wants other topics, or its pattern finds others.
    Subscription,
    /// The application stayed away for longer than it may, and came back.
    Absence,
    /// The coordinator no longer knows the member as it was.
    Refused {
        /// What it said.
        error: ErrorCode,
    },
    /// The coordinator answered a heartbeat with an epoch that cannot follow on the member's own.
    WrongEpoch {
        /// The epoch that the member said.
        said: i32,
        /// The epoch that it was told.
        told: i32,
    },
    /// The assignment could not be read, or names more partitions than any cluster has.
    Malformed,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joining => f.write_str("this member is new"),
            Self::Others => f.write_str("another member came, left or changed what it wants"),
            Self::Assigned => f.write_str("the coordinator shared out the partitions anew"),
            Self::FollowUp => f.write_str("partitions that were taken away are shared out again"),
            Self::PartitionsChanged => f.write_str("the topics have other partitions than before"),
            Self::Subscription => f.write_str("this member wants other topics than before"),
            Self::Absence => f.write_str("the application stayed away for too long and came back"),
            Self::Refused { error } => write!(f, "the coordinator no longer knows this member: {error}"),
            Self::WrongEpoch { said, told } => {
                write!(f, "the coordinator answered member epoch {said} with {told}")
            }
            Self::Malformed => f.write_str("the assignment could not be read"),
        }
    }
}
