//! A topic as handles see it: its lanes, and the way of a record into one of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use ottla_proto::compression::Codec;
use ottla_proto::{ErrorCode, TopicName};

use super::budget::{Goal, Shortage, Turn};
use super::choice::{Choices, Chosen, Sticky};
use super::config::TopicSettings;
use super::edge::ProducerEdge;
use super::fate::Delivery;
use super::inbox::Order;
use super::lane::{AppendTerms, Changes, Entry, Lane, LaneId, Refusal};
use super::machine::shortage_reason;
use super::partitioner::Place;
use super::record::NewRecord;
use crate::sync::{Arc, AtomicU32, Mutex, Ordering};
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

/// Why a record was not accepted. The sender still has it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Refused {
    /// There is no place for it at the moment, for a reason that passes.
    Waiting(WaitReason),
    /// The producer is closed.
    Closed,
    /// The topic has no such partition.
    NoSuchPartition {
        /// The partition that was named.
        partition: i32,
        /// How many there are, counted from zero.
        count: u32,
    },
    /// The record alone is larger than a request or the whole budget may be.
    TooLarge {
        /// Its size as a batch of one, in bytes.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The cluster does not let us have the topic.
    Topic(ErrorCode),
    /// The producer can send nothing any more: the cluster refused it an identity.
    Fatal(ErrorCode),
}

/// What all handles of one topic share.
#[derive(Debug)]
pub(super) struct TopicEdge {
    pub(super) name: TopicName,
    pub(super) settings: TopicSettings,
    /// How many partitions there are; zero until it is known.
    count: AtomicU32,
    lanes: LaneTable,
    choices: Choices,
    arrival: Mutex<Arrival>,
}

#[derive(Debug)]
struct Arrival {
    error: Option<ErrorCode>,
    /// Somebody wants to know since the last answer.
    asked: bool,
    closed: bool,
    wakers: BTreeMap<u64, Waker>,
    next: u64,
}

impl TopicEdge {
    pub(super) fn new(name: TopicName, settings: TopicSettings, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            name,
            settings,
            count: AtomicU32::new(0),
            lanes: LaneTable::default(),
            choices: Choices::new(seed),
            arrival: Mutex::new(Arrival {
                error: None,
                asked: true,
                closed: false,
                wakers: BTreeMap::new(),
                next: 0,
            }),
        })
    }

    #[inline]
    pub(super) fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn lane(&self, partition: u32) -> Option<&Arc<Lane>> {
        self.lanes.get(partition)
    }

    /// The driver knows the partitions: makes lanes for those that have none and lets waiting senders go on. A
    /// topic never loses partitions, so that a smaller count is ignored unless the topic was created anew.
    pub(super) fn publish(
        &self,
        count: u32,
        recreated: bool,
        mut next_id: impl FnMut() -> LaneId,
    ) -> Vec<Arc<Lane>> {
        let mut added = Vec::new();
        for partition in (self.count().min(count)..count).filter(|&partition| self.lane(partition).is_none())
        {
            let lane = Lane::new(next_id(), i32::try_from(partition).unwrap_or(i32::MAX));
            self.lanes.push(partition, Arc::clone(&lane));
            added.push(lane);
        }
        if recreated {
            self.count.store(count, Ordering::Release);
        } else {
            self.count.fetch_max(count, Ordering::Release);
        }
        self.arrive(None);
        added
    }

    /// The cluster refuses the topic; senders that wait for it are told.
    pub(super) fn refuse(&self, error: ErrorCode) {
        self.arrive(Some(error));
    }

    /// No record is accepted from now on, even if the topic was never found.
    pub(super) fn close(&self) {
        self.arrival.lock().closed = true;
        self.arrive(None);
    }

    /// Whether somebody waits to learn the partitions.
    pub(super) fn is_awaited(&self) -> bool {
        self.count() == 0 && {
            let arrival = self.arrival.lock();
            arrival.asked && !arrival.closed
        }
    }

    fn arrive(&self, error: Option<ErrorCode>) {
        let wakers = {
            let mut arrival = self.arrival.lock();
            arrival.error = error;
            arrival.asked = false;
            std::mem::take(&mut arrival.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
    }
}

/// Lanes by partition: only ever added, found without a lock. Chunks double, so 26 hold every partition.
#[derive(Debug, Default)]
pub(super) struct LaneTable {
    chunks: [OnceLock<Chunk>; Self::CHUNKS],
}

type Chunk = Box<[OnceLock<Arc<Lane>>]>;

impl LaneTable {
    const CHUNKS: usize = 27;
    const FIRST: u32 = 32;

    /// Chunk `k` holds `32 << k` lanes, from number `32 * (2^k - 1)` on.
    #[inline]
    fn place(partition: u32) -> (usize, usize) {
        let shifted = u64::from(partition) + u64::from(Self::FIRST);
        let chunk = shifted.ilog2() - Self::FIRST.ilog2();
        let offset = shifted - (u64::from(Self::FIRST) << chunk);
        (chunk as usize, usize::try_from(offset).unwrap_or(usize::MAX))
    }

    #[inline]
    pub(super) fn get(&self, partition: u32) -> Option<&Arc<Lane>> {
        let (chunk, offset) = Self::place(partition);
        self.chunks.get(chunk)?.get()?.get(offset)?.get()
    }

    fn push(&self, partition: u32, lane: Arc<Lane>) {
        let (chunk, offset) = Self::place(partition);
        let Some(chunk_cell) = self.chunks.get(chunk) else { return };
        let size = (Self::FIRST as usize) << chunk;
        let lanes = chunk_cell.get_or_init(|| (0..size).map(|_| OnceLock::new()).collect());
        if let Some(cell) = lanes.get(offset) {
            // Only the driver pushes, each partition once.
            let _first = cell.set(lane);
        }
    }
}

/// A topic of one producer, for one sender; cheap to clone.
#[derive(Debug)]
pub struct TopicHandle {
    producer: Arc<ProducerEdge>,
    topic: Arc<TopicEdge>,
    /// Where this handle's keyless records go while others crowd the shared choice.
    detour: Sticky,
    /// How often it met a lock that somebody else held, since its last detour.
    crowded: AtomicU32,
}

impl Clone for TopicHandle {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.producer), Arc::clone(&self.topic))
    }
}

impl TopicHandle {
    pub(super) fn new(producer: Arc<ProducerEdge>, topic: Arc<TopicEdge>) -> Self {
        Self { producer, topic, detour: Sticky::default(), crowded: AtomicU32::new(0) }
    }

    /// The topic's name.
    #[must_use]
    pub fn name(&self) -> &TopicName {
        &self.topic.name
    }

    /// The producer that the topic belongs to.
    #[must_use]
    pub fn producer(&self) -> &Arc<ProducerEdge> {
        &self.producer
    }

    /// How many partitions the topic has; zero until it is known.
    #[must_use]
    pub fn partitions(&self) -> u32 {
        self.topic.count()
    }

    /// Accepts the record if the batch that it belongs to is open and has room: what nearly every record meets. `None`
    /// has changed nothing, and says no more than that [`Self::try_append`] and [`Self::poll_append`] may.
    #[inline]
    pub fn append_to_open(&self, record: &NewRecord<'_>) -> Option<Delivery> {
        let TopicSettings { partitioner, batch_bytes, .. } = &self.topic.settings;
        let count = self.topic.count();
        let place = match record.partition {
            Some(partition) => Place::Partition(u32::try_from(partition).ok()?),
            None if count > 0 && partitioner.may_be_asked_twice() => {
                partitioner.place(&self.topic.name, record, count)
            }
            None => return None,
        };
        let (partition, entry) = match place {
            Place::Partition(partition) => (partition, Entry::Bound),
            Place::Sticky => {
                let chosen = self.detour.get().or_else(|| self.topic.choices.sticky.get())?;
                (chosen.partition(), Entry::StickyIfFree { turn: chosen.turn() })
            }
            Place::Next => return None,
        };
        if partition >= count {
            return None;
        }
        self.topic.lane(partition)?.append_to_open(record, entry, *batch_bytes)
    }

    /// Accepts the record or says why not, at once. `now` is called only if the record opens a batch.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was changed.
    pub fn try_append(&self, record: &NewRecord<'_>, now: impl Fn() -> Instant) -> Result<Delivery, Refused> {
        if let Some(delivery) = self.append_to_open(record) {
            return Ok(delivery);
        }
        self.append(record, None, &now).map_err(|blocked| self.refused(blocked, now()))
    }

    /// Accepts the record, or waits in `waiting` until there is a place for it.
    ///
    /// Dropping `waiting` at any moment leaves the queue; the record was then not accepted.
    ///
    /// # Errors
    /// See [`Refused`]; never [`Refused::Waiting`].
    pub fn poll_append(
        &self,
        record: &NewRecord<'_>,
        now: impl Fn() -> Instant,
        waiting: &mut AppendWait,
        context: &mut Context<'_>,
    ) -> Poll<Result<Delivery, Refused>> {
        loop {
            let turn = match &waiting.0 {
                Wait::Memory(turn) => Some(turn),
                Wait::Nothing | Wait::Topic { .. } => None,
            };
            match self.append(record, turn, &now) {
                Ok(delivery) => {
                    waiting.0 = Wait::Nothing;
                    return Poll::Ready(Ok(delivery));
                }
                Err(Blocked::Unknown) => {
                    if self.poll_topic(waiting, context).is_pending() {
                        return Poll::Pending;
                    }
                }
                Err(Blocked::Memory { goal, needed, .. }) => {
                    if let Wait::Memory(turn) = &mut waiting.0 {
                        turn.need(goal, needed);
                    } else {
                        waiting.0 =
                            Wait::Memory(self.producer.budget.wait(goal, needed, &self.topic.name, now()));
                        self.producer.inbox.order(Order::Hurry);
                    }
                    if let Wait::Memory(turn) = &mut waiting.0
                        && turn.poll_called(context).is_pending()
                    {
                        return Poll::Pending;
                    }
                }
                Err(Blocked::Refused(refused)) => {
                    waiting.0 = Wait::Nothing;
                    return Poll::Ready(Err(refused));
                }
            }
        }
    }

    fn append(
        &self,
        record: &NewRecord<'_>,
        turn: Option<&Turn>,
        now: &impl Fn() -> Instant,
    ) -> Result<Delivery, Blocked> {
        let count = self.topic.count();
        if count == 0 {
            return Err(self.unknown());
        }
        let limit = self.producer.record_bytes;
        let size = record.size_bound();
        if size > limit {
            return Err(Blocked::Refused(Refused::TooLarge { size, limit }));
        }
        if let Some(partition) = record.partition {
            return match u32::try_from(partition) {
                Ok(index) => self.append_to(index, count, record, turn, now),
                Err(_) => Err(Blocked::Refused(Refused::NoSuchPartition { partition, count })),
            };
        }
        match self.topic.settings.partitioner.place(&self.topic.name, record, count) {
            Place::Partition(partition) => self.append_to(partition, count, record, turn, now),
            Place::Sticky => self.append_keyless(count, record, turn, now),
            Place::Next => {
                let partition = self.topic.choices.next_in_turn(&self.topic.lanes, count);
                self.append_to(partition, count, record, turn, now)
            }
        }
    }

    fn append_to(
        &self,
        partition: u32,
        count: u32,
        record: &NewRecord<'_>,
        turn: Option<&Turn>,
        now: &impl Fn() -> Instant,
    ) -> Result<Delivery, Blocked> {
        if partition >= count {
            let partition = i32::try_from(partition).unwrap_or(i32::MAX);
            return Err(Blocked::Refused(Refused::NoSuchPartition { partition, count }));
        }
        let Some(lane) = self.topic.lane(partition) else { return Err(Blocked::Unknown) };
        self.enter(lane, Entry::Bound, record, turn, now).map_err(|refusal| self.blocked(refusal))
    }

    /// Follows the topic's choice, or this handle's detour while it has one.
    fn append_keyless(
        &self,
        count: u32,
        record: &NewRecord<'_>,
        turn: Option<&Turn>,
        now: &impl Fn() -> Instant,
    ) -> Result<Delivery, Blocked> {
        // Each round moves to another partition; after a few the record waits for a lock or for memory.
        const ROUNDS: u32 = 8;
        // A handle that sends now and then waits for a lock, so that many such handles share one batch. One that
        // finds it held again and again sends enough to fill a batch of its own.
        const PATIENCE: u32 = 4;
        let mut shortage = None;
        let mut patient = count == 1;
        for round in 0..=ROUNDS {
            let detour = self.detour.get();
            let (cell, chosen) = match detour {
                None => (&self.topic.choices.sticky, self.topic.choices.sticky.get()),
                detour => (&self.detour, detour),
            };
            let Some(current) = chosen else {
                cell.replace(None, self.choose(count, None));
                continue;
            };
            let Some(lane) = self.topic.lane(current.partition()) else { return Err(Blocked::Unknown) };
            let entry = if patient || round == ROUNDS {
                Entry::Sticky { turn: current.turn() }
            } else {
                Entry::StickyIfFree { turn: current.turn() }
            };
            match self.enter(lane, entry, record, turn, now) {
                Ok(delivery) => return Ok(delivery),
                Err(Refusal::StickyOver) if detour.is_none() => {
                    cell.replace(chosen, self.choose(count, None));
                }
                // A detour lasts one batch; then the handle follows the others again.
                Err(Refusal::StickyOver) => self.detour.set(None),
                Err(Refusal::Locked) if self.crowded.fetch_add(1, Ordering::Relaxed) < PATIENCE => {
                    patient = true;
                }
                Err(Refusal::Locked) => {
                    self.crowded.store(0, Ordering::Relaxed);
                    self.detour.set(Some(self.choose(count, None)));
                }
                Err(refusal @ Refusal::Memory { shortage: Shortage::Node(_), goal, .. }) => {
                    shortage = Some(refusal);
                    cell.replace(chosen, self.choose(count, Some(goal.leader)));
                }
                Err(refusal) => return Err(self.blocked(refusal)),
            }
        }
        match shortage {
            Some(refusal) => Err(self.blocked(refusal)),
            // Every round met a batch that had just ended: bind the record rather than chase further.
            None => self.append_to(self.choose(count, None).partition(), count, record, turn, now),
        }
    }

    fn choose(&self, count: u32, avoid: Option<i32>) -> Chosen {
        self.topic.choices.choose(&self.topic.lanes, count, &self.producer.unavailable, avoid)
    }

    fn enter(
        &self,
        lane: &Lane,
        entry: Entry,
        record: &NewRecord<'_>,
        turn: Option<&Turn>,
        now: &impl Fn() -> Instant,
    ) -> Result<Delivery, Refusal> {
        let ProducerEdge { budget, inbox, config, .. } = &*self.producer;
        let TopicSettings { linger, batch_bytes, codec, .. } = self.topic.settings;
        let terms = AppendTerms {
            budget,
            batch_bytes,
            compressed: codec != Codec::None,
            delivery_timeout: config.delivery_timeout,
            turn,
        };
        let (Changes { opened_at, expires_at, filled }, result) = lane.append(record, entry, &terms, now);
        if let Some(bytes) = filled {
            inbox.filled(lane.id, bytes);
        }
        let look_at = earliest(opened_at.map(|opened_at| opened_at + linger), expires_at);
        if let Some(look_at) = look_at {
            inbox.opened(lane.id, look_at);
        }
        result
    }

    fn unknown(&self) -> Blocked {
        let mut arrival = self.topic.arrival.lock();
        if arrival.closed {
            return self.blocked(Refusal::Closed);
        }
        let Some(error) = arrival.error else { return Blocked::Unknown };
        // The answer may be old: this sender gets it, and the cluster is asked again for the next one.
        let asked = std::mem::replace(&mut arrival.asked, true);
        drop(arrival);
        if !asked {
            self.producer.inbox.order(Order::Topic(Arc::clone(&self.topic)));
        }
        Blocked::Refused(Refused::Topic(error))
    }

    fn poll_topic(&self, waiting: &mut AppendWait, context: &mut Context<'_>) -> Poll<()> {
        let mut arrival = self.topic.arrival.lock();
        if self.topic.count() > 0 || arrival.error.is_some() || arrival.closed {
            return Poll::Ready(());
        }
        let key = match &waiting.0 {
            Wait::Topic { key, .. } => *key,
            Wait::Nothing | Wait::Memory(_) => {
                let key = arrival.next;
                arrival.next += 1;
                key
            }
        };
        arrival.wakers.insert(key, context.waker().clone());
        drop(arrival);
        if !matches!(waiting.0, Wait::Topic { .. }) {
            waiting.0 = Wait::Topic { topic: Arc::clone(&self.topic), key };
        }
        Poll::Pending
    }

    fn blocked(&self, refusal: Refusal) -> Blocked {
        match refusal {
            Refusal::Memory { shortage, goal, needed } => Blocked::Memory { shortage, goal, needed },
            Refusal::Closed => Blocked::Refused(match self.producer.fatal.get() {
                Some(&error) => Refused::Fatal(error),
                None => Refused::Closed,
            }),
            Refusal::StickyOver | Refusal::Locked => Blocked::Unknown,
        }
    }

    fn refused(&self, blocked: Blocked, now: Instant) -> Refused {
        match blocked {
            Blocked::Unknown => Refused::Waiting(WaitReason::Metadata { topic: self.topic.name.clone() }),
            Blocked::Memory { shortage, needed, .. } => {
                let free = self.producer.budget.free();
                Refused::Waiting(shortage_reason(shortage, needed, free, &self.producer.throttle, now))
            }
            Blocked::Refused(refused) => refused,
        }
    }
}

/// Why a record found no place.
#[derive(Debug)]
enum Blocked {
    /// The topic's partitions are not known yet.
    Unknown,
    Memory {
        shortage: Shortage,
        goal: Goal,
        needed: usize,
    },
    Refused(Refused),
}

/// The state of one waiting append; see [`TopicHandle::poll_append`].
#[derive(Debug, Default)]
pub struct AppendWait(Wait);

#[derive(Debug, Default)]
enum Wait {
    #[default]
    Nothing,
    Topic {
        topic: Arc<TopicEdge>,
        key: u64,
    },
    Memory(Turn),
}

impl Drop for AppendWait {
    fn drop(&mut self) {
        if let Wait::Topic { topic, key } = &self.0 {
            topic.arrival.lock().wakers.remove(key);
        }
    }
}
