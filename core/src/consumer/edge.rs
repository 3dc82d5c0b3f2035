//! Where the driver and the reader of a consumer meet: one lock, held for moments, never while bytes are
//! checked or decompressed.
//!
//! What the application orders (assign, seek, pause) takes effect here at once; the driver hears of it with
//! its next step. An assignment is a value with a number of its own: a seek ends one and begins another, so
//! whatever still arrives for the old one finds nobody.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::task::{Context, Poll, Waker};

use ottla_proto::{BrokerId, ErrorCode, TopicName};

use super::batch::FetchedBatch;
use super::budget::Budget;
use super::config::{ConsumerConfig, Isolation, Start, TopicPartition};
use super::error::{NotAssigned, PartitionError};
use super::session::Told;
use crate::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering};
use crate::wake::DriverWake;

/// The number of one assignment of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotId(u32);

#[cfg(test)]
impl SlotId {
    pub(super) fn for_test(number: u32) -> Self {
        Self(number)
    }
}

/// The consumer as the application holds it. Every call is one short lock and never waits.
pub struct ConsumerEdge {
    state: Mutex<State>,
    /// How often a partition was taken away, sought elsewhere, paused or resumed.
    changes: AtomicU64,
    budget: Arc<Budget>,
    wake: Arc<DriverWake>,
    full_bytes: usize,
    until_end: bool,
    awaits_assignment: bool,
    isolation: Isolation,
}

/// What is known of one assigned partition without asking a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionStatus {
    /// Which partition.
    pub partition: TopicPartition,
    /// The node that answered for it last: the leader, or a replica that the leader named.
    pub read_from: Option<BrokerId>,
    /// The offset that is handed out next; `None` until the start is found.
    pub position: Option<i64>,
    /// One more than the last offset that is on every in-sync replica, as the last answer had it.
    pub high_watermark: Option<i64>,
    /// The first offset of a transaction that is still open, or the high watermark.
    pub last_stable_offset: Option<i64>,
    /// The first offset that retention has left.
    pub log_start_offset: Option<i64>,
    /// Where reading ends, if the consumer was told to end there.
    pub end: Option<i64>,
    /// Records that can be read and were not yet handed out: the end of what this isolation sees, less the
    /// position.
    pub lag: Option<i64>,
    /// Bytes that are here and were not yet handed out.
    pub unread_bytes: usize,
    /// Whether it is paused.
    pub paused: bool,
    /// What stopped it, until a seek.
    pub failure: Option<PartitionError>,
}

/// What a consumer moved and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerStats {
    /// Bytes of record batches that arrived.
    pub fetched_bytes: u64,
    /// Of these, what was dropped unread: after a seek or an unassignment, or when a paused partition gave its
    /// room to others.
    pub discarded_bytes: u64,
    /// Answers that arrived.
    pub fetches: u64,
    /// Of these, answers to requests that named every partition: each begins a fetch session (KIP-227), so that many
    /// mean a broker that keeps none.
    pub full_fetches: u64,
    /// What is charged to the budget now.
    pub budget_used: usize,
    /// The budget.
    pub budget_bytes: usize,
}

/// What the reader finds.
pub(super) enum Taken {
    Batch(SlotId, FetchedBatch),
    Failed(PartitionError),
    /// The cluster says this of a topic, and there is nothing else to tell.
    TopicTrouble(TopicName, ErrorCode),
    /// Every partition has reached its end.
    Ended,
    NothingAssigned,
    Closed,
}

/// What has become of a partition that a batch was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Read,
    Paused,
    /// It was taken away or sought elsewhere.
    Gone,
}

/// What the application wants, as the driver hears it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Assign {
        slot: SlotId,
        partition: TopicPartition,
        start: Start,
    },
    Unassign(SlotId),
    /// All partitions of a topic, now and later.
    AssignAll {
        topic: TopicName,
        start: Start,
    },
    /// Something that was in the way of a fetch no longer is.
    LookAgain,
    Close,
}

/// What one answer brought for one partition.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    pub(super) batches: Vec<FetchedBatch>,
    pub(super) node: Option<BrokerId>,
    /// Where reading goes on after these batches and whatever lies behind them that is not for the reader.
    pub(super) next_offset: Option<i64>,
    pub(super) failure: Option<PartitionError>,
    pub(super) told: Told,
    pub(super) end: Option<i64>,
}

/// What a cut log leaves of a partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Where fetching goes on.
    pub(super) next: i64,
    /// The position, if what lies before it was handed out and is in the log no more.
    pub(super) read_past: Option<i64>,
}

/// Whether a partition is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Appetite {
    Hungry,
    /// So much lies unread that more can wait.
    Full,
    Paused,
    Failed,
    Ended,
}

#[derive(Default)]
struct State {
    slots: BTreeMap<SlotId, Slot>,
    by_partition: BTreeMap<TopicPartition, SlotId>,
    /// Topics whose partitions are all wanted.
    whole_topics: BTreeSet<TopicName>,
    topic_troubles: BTreeMap<TopicName, ErrorCode>,
    /// Partitions that have something for the reader, each once: under the number of the answer that brought it, in the
    /// order of their turns.
    ready: BTreeMap<u64, VecDeque<SlotId>>,
    /// How many answers were delivered.
    answers: u64,
    orders: Vec<Order>,
    next_slot: u32,
    reader: Option<Waker>,
    /// The driver has nothing to ask for until a partition is read from.
    driver_waits: bool,
    /// So many bytes at least must be read before a node can be asked again of whose batches too many lie unread.
    look_after: Option<usize>,
    closed: bool,
    stats: ConsumerStats,
    /// What was dropped under the lock and gives its bytes back outside of it.
    dropped: Vec<FetchedBatch>,
}

struct Slot {
    partition: TopicPartition,
    queue: VecDeque<FetchedBatch>,
    unread_bytes: usize,
    read_from: Option<BrokerId>,
    position: Option<i64>,
    high_watermark: Option<i64>,
    last_stable_offset: Option<i64>,
    log_start_offset: Option<i64>,
    end: Option<i64>,
    failure: Option<PartitionError>,
    paused: bool,
    in_ready: bool,
}

impl ConsumerEdge {
    pub(super) fn new(config: &ConsumerConfig, budget: Arc<Budget>, wake: Arc<DriverWake>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::default()),
            changes: AtomicU64::new(0),
            budget,
            wake,
            full_bytes: config.partition_max_bytes,
            until_end: config.until_end,
            awaits_assignment: config.awaits_assignment,
            isolation: config.isolation,
        })
    }

    /// Adds partitions. One that is assigned already begins anew at its start.
    pub fn assign(&self, partitions: impl IntoIterator<Item = (TopicPartition, Start)>) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        for (partition, start) in partitions {
            state.unassign(&partition);
            state.assign(partition, start);
        }
        self.notify(state);
    }

    /// Adds all partitions of a topic, those too that it gets later; such a later one is read from its first record.
    /// Those that are assigned already stay as they are.
    pub fn assign_topic(&self, topic: TopicName, start: Start) {
        let mut state = self.state.lock();
        if !state.closed && state.whole_topics.insert(topic.clone()) {
            state.orders.push(Order::AssignAll { topic, start });
        }
        self.notify(state);
    }

    /// Takes partitions away with all that is unread; those that are not assigned are passed over.
    pub fn unassign(&self, partitions: impl IntoIterator<Item = TopicPartition>) {
        let mut state = self.state.lock();
        for partition in partitions {
            state.unassign(&partition);
        }
        self.notify(state);
    }

    /// Goes on reading somewhere else. What was fetched for the partition and not yet handed out is dropped, an
    /// error that stopped it is forgotten, and a pause goes on.
    ///
    /// # Errors
    /// If the partition is not assigned.
    pub fn seek(&self, partition: &TopicPartition, start: Start) -> Result<(), NotAssigned> {
        let mut state = self.state.lock();
        let paused = state.slot_mut(partition)?.paused;
        state.unassign(partition);
        let slot = state.assign(partition.clone(), start);
        if let Some(slot) = state.slots.get_mut(&slot) {
            slot.paused = paused;
        }
        self.notify(state);
        Ok(())
    }

    /// Hands out nothing more of the partition until [`Self::resume`]. What is here already stays, unless others
    /// need the room; then it is fetched again later.
    ///
    /// # Errors
    /// If the partition is not assigned.
    pub fn pause(&self, partition: &TopicPartition) -> Result<(), NotAssigned> {
        let mut state = self.state.lock();
        state.slot_mut(partition)?.paused = true;
        state.look_again();
        self.notify(state);
        Ok(())
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// If the partition is not assigned.
    pub fn resume(&self, partition: &TopicPartition) -> Result<(), NotAssigned> {
        let mut state = self.state.lock();
        state.slot_mut(partition)?.paused = false;
        if let Some(id) = state.by_partition.get(partition).copied() {
            state.make_ready(id);
        }
        state.orders.push(Order::LookAgain);
        self.notify(state);
        Ok(())
    }

    /// What is known of every assigned partition, in the order of topic and number. Costs one small copy each.
    pub fn partitions(&self) -> Vec<PartitionStatus> {
        let state = self.state.lock();
        let slots = state.by_partition.values().filter_map(|id| state.slots.get(id));
        slots.map(|slot| slot.status(self.isolation)).collect()
    }

    /// Whether everything was handed out that the brokers had when they last answered. `false` while a partition has
    /// not answered yet.
    pub fn is_caught_up(&self) -> bool {
        let state = self.state.lock();
        let caught_up = |slot: &Slot| slot.failure.is_none() && slot.lag(self.isolation) == Some(0);
        !state.slots.is_empty() && state.knows_all_partitions() && state.slots.values().all(caught_up)
    }

    /// What was moved and is held.
    pub fn stats(&self) -> ConsumerStats {
        let stats = self.state.lock().stats;
        ConsumerStats { budget_used: self.budget.used(), budget_bytes: self.budget.limit(), ..stats }
    }

    /// Ends the consumer: everything unread is dropped, and the reader is told. Never waits.
    pub fn close(&self) {
        let mut state = self.state.lock();
        if !state.closed {
            state.end();
            state.orders.push(Order::Close);
        }
        self.notify(state);
    }

    /// Something changed: wakes both sides, outside the lock.
    fn notify(&self, mut state: MutexGuard<'_, State>) {
        self.changes.fetch_add(1, Ordering::Release);
        let wake_driver = !state.orders.is_empty();
        let reader = state.reader.take();
        let dropped = std::mem::take(&mut state.dropped);
        drop(state);
        drop(dropped);
        if wake_driver {
            self.wake.wake();
        }
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// The reader's side.
impl ConsumerEdge {
    /// The next thing there is. What came first is read first, so that no answer stays in memory for the sake of its last
    /// batches; of one answer the partitions take turns, a batch at a time.
    pub(super) fn poll_take(&self, context: &mut Context<'_>) -> Poll<Taken> {
        let mut state = self.state.lock();
        let taken = state.take(self.full_bytes, self.until_end);
        let taken =
            taken.filter(|taken| !(self.awaits_assignment && matches!(taken, Taken::NothingAssigned)));
        let Some(taken) = taken else {
            if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(context.waker())) {
                state.reader = Some(context.waker().clone());
            }
            return Poll::Pending;
        };
        let wake = state.driver_waits && !state.orders.is_empty();
        state.driver_waits &= !wake;
        drop(state);
        if wake {
            self.wake.wake();
        }
        Poll::Ready(taken)
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    pub(super) fn standing(&self, id: SlotId) -> Standing {
        match self.state.lock().slots.get(&id) {
            None => Standing::Gone,
            Some(slot) if slot.paused => Standing::Paused,
            Some(_) => Standing::Read,
        }
    }

    /// The batch that was just taken cannot be read: its partition stands still before it until a seek.
    pub(super) fn fail(&self, id: SlotId, error: PartitionError) {
        let mut state = self.state.lock();
        let Some(slot) = state.slots.get_mut(&id) else { return };
        slot.position = error.offset;
        slot.failure = Some(error);
        let queue = slot.clear();
        state.discard(queue);
        state.make_ready(id);
        state.look_again();
        self.notify(state);
    }
}

/// The driver's side.
impl ConsumerEdge {
    pub(super) fn has_orders(&self) -> bool {
        !self.state.lock().orders.is_empty()
    }

    pub(super) fn take_orders(&self) -> Vec<Order> {
        let mut state = self.state.lock();
        let orders = std::mem::take(&mut state.orders);
        // A turn without orders looks at no node that rests, so what rests still waits to be woken.
        if !orders.is_empty() {
            state.driver_waits = false;
            state.look_after = None;
        }
        orders
    }

    /// Whether each of `slots` is to be asked for.
    pub(super) fn appetites(&self, slots: impl Iterator<Item = SlotId>) -> Vec<(SlotId, Appetite)> {
        let state = self.state.lock();
        slots.filter_map(|id| Some((id, state.slots.get(&id)?.appetite(self.full_bytes)))).collect()
    }

    /// As [`Self::appetites`], for the partitions of one node, each with whether it can be asked for if it is hungry; and
    /// whether more than `most` bytes of their batches lie unread, those of paused ones aside. If so, or if none of them
    /// is asked for and some are full, reading wakes the driver.
    pub(super) fn appetites_or_wake(
        &self,
        slots: impl Iterator<Item = (SlotId, bool)>,
        most: usize,
    ) -> (Vec<(SlotId, Appetite)>, bool) {
        let mut state = self.state.lock();
        let (mut unread, mut any_asked, mut any_full) = (0, false, false);
        let appetite = |(id, askable)| {
            let slot = state.slots.get(&id)?;
            unread += if slot.paused { 0 } else { slot.unread_bytes };
            let appetite = slot.appetite(self.full_bytes);
            any_asked |= askable && appetite == Appetite::Hungry;
            any_full |= appetite == Appetite::Full;
            Some((id, appetite))
        };
        let appetites: Vec<_> = slots.filter_map(appetite).collect();
        if unread > most {
            // Of whichever node these bytes are, no fewer will do; if they are of others, the driver looks once more.
            let excess = unread - most;
            state.look_after = Some(state.look_after.map_or(excess, |known| known.min(excess)));
            return (appetites, true);
        }
        state.driver_waits |= any_full && !any_asked;
        (appetites, false)
    }

    /// A number for a partition that is only asked about.
    pub(super) fn next_slot(&self) -> SlotId {
        self.state.lock().next_slot()
    }

    /// Adds partitions that are not assigned yet.
    pub(super) fn assign_new(&self, partitions: Vec<(TopicPartition, Start)>) {
        let mut state = self.state.lock();
        for (partition, start) in partitions {
            if !state.by_partition.contains_key(&partition) {
                state.assign(partition, start);
            }
        }
    }

    /// Tells the reader what the cluster says of a topic, or that it says so no more.
    pub(super) fn tell_topic_trouble(&self, topic: &TopicName, error: Option<ErrorCode>) {
        let mut state = self.state.lock();
        match error {
            Some(error) => state.topic_troubles.insert(topic.clone(), error),
            None => state.topic_troubles.remove(topic),
        };
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Hands over what an answer brought, with at most one wake.
    pub(super) fn deliver(&self, deliveries: impl IntoIterator<Item = (SlotId, Delivery)>) {
        let mut state = self.state.lock();
        state.answers += 1;
        for (slot, delivery) in deliveries {
            state.deliver(slot, delivery);
        }
        let something = !state.ready.is_empty() || self.until_end && state.ended();
        let reader = if something { state.reader.take() } else { None };
        let dropped = std::mem::take(&mut state.dropped);
        drop(state);
        drop(dropped);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    pub(super) fn count_fetch(&self, full: bool, fetched: usize, discarded: usize) {
        let mut state = self.state.lock();
        state.stats.fetches += 1;
        state.stats.full_fetches += u64::from(full);
        state.stats.fetched_bytes += fetched as u64;
        state.stats.discarded_bytes += discarded as u64;
    }

    /// Drops what lies unread in paused partitions and says from where to fetch it again.
    pub(super) fn give_back_paused(&self) -> Vec<(SlotId, i64)> {
        let mut state = self.state.lock();
        let mut given = Vec::new();
        let mut queues = Vec::new();
        for (id, slot) in &mut state.slots {
            if let (true, Some(position), false) = (slot.paused, slot.position, slot.queue.is_empty()) {
                given.push((*id, position));
                queues.push(slot.clear());
            }
        }
        for queue in queues {
            state.discard(queue);
        }
        let dropped = std::mem::take(&mut state.dropped);
        drop(state);
        drop(dropped);
        given
    }

    /// The log was cut at `offset`: what lies unread behind it is not in the log any more and is dropped. Gives the
    /// offset at which to go on, and the position if that was behind it.
    pub(super) fn cut(&self, id: SlotId, offset: i64) -> Option<Cut> {
        let mut state = self.state.lock();
        let slot = state.slots.get_mut(&id)?;
        let position = slot.position?;
        let kept = slot.queue.iter().take_while(|batch| batch.next_offset() <= offset).count();
        let gone: Vec<_> = slot.queue.drain(kept..).collect();
        slot.unread_bytes = slot.queue.iter().map(FetchedBatch::size).sum();
        let next = slot.queue.back().map_or(position.min(offset), FetchedBatch::next_offset);
        slot.position = Some(position.min(next));
        state.discard(gone);
        state.look_again();
        let dropped = std::mem::take(&mut state.dropped);
        drop(state);
        drop(dropped);
        Some(Cut { next, read_past: (position > offset).then_some(position) })
    }

    /// The driver has gone or was told to close.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.end();
        self.notify(state);
    }
}

impl State {
    fn assign(&mut self, partition: TopicPartition, start: Start) -> SlotId {
        let id = self.next_slot();
        self.slots.insert(id, Slot::new(partition.clone(), start.offset()));
        self.by_partition.insert(partition.clone(), id);
        self.orders.push(Order::Assign { slot: id, partition, start });
        id
    }

    fn next_slot(&mut self) -> SlotId {
        let id = SlotId(self.next_slot);
        self.next_slot = self.next_slot.wrapping_add(1);
        id
    }

    fn unassign(&mut self, partition: &TopicPartition) {
        if let Some(id) = self.by_partition.remove(partition) {
            if let Some(mut slot) = self.slots.remove(&id) {
                self.discard(slot.clear());
            }
            self.orders.push(Order::Unassign(id));
        }
    }

    fn slot_mut(&mut self, partition: &TopicPartition) -> Result<&mut Slot, NotAssigned> {
        let id = self.by_partition.get(partition);
        let slot = id.and_then(|id| self.slots.get_mut(id));
        slot.ok_or_else(|| NotAssigned { partition: partition.clone() })
    }

    /// Drops batches unread, once the lock is free.
    fn discard(&mut self, batches: impl IntoIterator<Item = FetchedBatch>) {
        for batch in batches {
            self.stats.discarded_bytes += batch.size() as u64;
            self.dropped.push(batch);
        }
    }

    fn take(&mut self, full_bytes: usize, until_end: bool) -> Option<Taken> {
        if self.closed {
            return Some(Taken::Closed);
        }
        while let Some(id) = self.next_ready() {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            slot.in_ready = false;
            if slot.paused {
                continue;
            }
            let was_full = slot.unread_bytes >= full_bytes;
            if let Some(batch) = slot.queue.pop_front() {
                slot.unread_bytes = slot.unread_bytes.saturating_sub(batch.size());
                slot.position = Some(batch.next_offset());
                let full_no_more = was_full && slot.unread_bytes < full_bytes;
                self.look_after = self.look_after.map(|left| left.saturating_sub(batch.size()));
                match self.look_after {
                    Some(0) => {
                        self.driver_waits = true;
                        self.look_again();
                    }
                    // Nobody waits for this partition alone.
                    Some(_) if !self.driver_waits => {}
                    _ if full_no_more => self.orders.push(Order::LookAgain),
                    _ => {}
                }
                self.make_ready(id);
                return Some(Taken::Batch(id, batch));
            }
            if let Some(failure) = slot.failure.clone() {
                self.make_ready(id);
                return Some(Taken::Failed(failure));
            }
        }
        if let Some((topic, error)) = self.topic_troubles.first_key_value() {
            Some(Taken::TopicTrouble(topic.clone(), *error))
        } else if until_end && self.ended() {
            Some(Taken::Ended)
        } else if self.slots.is_empty() && self.whole_topics.is_empty() {
            Some(Taken::NothingAssigned)
        } else {
            None
        }
    }

    /// Less lies unread than the driver knows: if it waits for that, it has to look.
    fn look_again(&mut self) {
        if self.look_after.take().is_some() {
            self.orders.push(Order::LookAgain);
        }
    }

    fn make_ready(&mut self, id: SlotId) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        let something = !slot.queue.is_empty() || slot.failure.is_some();
        if something && !slot.paused && !slot.in_ready {
            slot.in_ready = true;
            let arrival = slot.queue.front().map_or(self.answers, FetchedBatch::arrival);
            self.ready.entry(arrival).or_default().push_back(id);
        }
    }

    fn next_ready(&mut self) -> Option<SlotId> {
        let mut first = self.ready.first_entry()?;
        let id = first.get_mut().pop_front();
        if first.get().is_empty() {
            first.remove();
        }
        id
    }

    fn deliver(&mut self, id: SlotId, delivery: Delivery) {
        let Some(slot) = self.slots.get_mut(&id).filter(|slot| slot.failure.is_none()) else {
            // Nothing may come after what could not be read.
            return self.discard(delivery.batches);
        };
        slot.unread_bytes += delivery.batches.iter().map(FetchedBatch::size).sum::<usize>();
        slot.queue.extend(delivery.batches.into_iter().map(|mut batch| {
            batch.set_arrival(self.answers);
            batch
        }));
        if let Some(next_offset) = delivery.next_offset {
            match slot.queue.back_mut() {
                Some(last) => last.set_next_offset(next_offset),
                None => slot.position = Some(next_offset),
            }
        }
        slot.read_from = delivery.node.or(slot.read_from);
        slot.failure = delivery.failure;
        let told = delivery.told;
        slot.high_watermark = told.high_watermark.or(slot.high_watermark);
        slot.last_stable_offset = told.last_stable_offset.or(slot.last_stable_offset);
        slot.log_start_offset = told.log_start_offset.or(slot.log_start_offset);
        slot.end = delivery.end.or(slot.end);
        self.make_ready(id);
    }

    fn ended(&self) -> bool {
        self.slots.values().all(Slot::ended) && self.knows_all_partitions()
    }

    fn knows_all_partitions(&self) -> bool {
        let known = |topic: &TopicName| self.by_partition.keys().any(|partition| partition.topic == *topic);
        self.whole_topics.iter().all(known)
    }

    fn end(&mut self) {
        self.closed = true;
        for mut slot in std::mem::take(&mut self.slots).into_values() {
            self.discard(slot.clear());
        }
        self.by_partition.clear();
        self.ready.clear();
    }
}

impl Slot {
    fn new(partition: TopicPartition, position: Option<i64>) -> Self {
        Self {
            partition,
            queue: VecDeque::new(),
            unread_bytes: 0,
            read_from: None,
            position,
            high_watermark: None,
            last_stable_offset: None,
            log_start_offset: None,
            end: None,
            failure: None,
            paused: false,
            in_ready: false,
        }
    }

    fn clear(&mut self) -> VecDeque<FetchedBatch> {
        self.unread_bytes = 0;
        std::mem::take(&mut self.queue)
    }

    fn ended(&self) -> bool {
        self.failure.is_none() && self.end.zip(self.position).is_some_and(|(end, position)| position >= end)
    }

    fn appetite(&self, full_bytes: usize) -> Appetite {
        let fetched_to = self.queue.back().map(FetchedBatch::next_offset).or(self.position);
        if self.failure.is_some() {
            Appetite::Failed
        } else if self.end.zip(fetched_to).is_some_and(|(end, fetched_to)| fetched_to >= end) {
            Appetite::Ended
        } else if self.paused {
            Appetite::Paused
        } else if self.unread_bytes >= full_bytes {
            Appetite::Full
        } else {
            Appetite::Hungry
        }
    }

    fn lag(&self, isolation: Isolation) -> Option<i64> {
        let readable = match isolation {
            Isolation::ReadUncommitted => self.high_watermark,
            Isolation::ReadCommitted => self.last_stable_offset.or(self.high_watermark),
        };
        readable.zip(self.position).map(|(readable, position)| readable.saturating_sub(position).max(0))
    }

    fn status(&self, isolation: Isolation) -> PartitionStatus {
        PartitionStatus {
            partition: self.partition.clone(),
            read_from: self.read_from,
            position: self.position,
            high_watermark: self.high_watermark,
            last_stable_offset: self.last_stable_offset,
            log_start_offset: self.log_start_offset,
            end: self.end,
            lag: self.lag(isolation),
            unread_bytes: self.unread_bytes,
            paused: self.paused,
            failure: self.failure.clone(),
        }
    }
}

impl fmt::Debug for ConsumerEdge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsumerEdge").field("budget", &self.budget).finish_non_exhaustive()
    }
}
