//! A topic as handles see it: its lanes, and the way of a record into one of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use ottla_proto::{BrokerId, ErrorCode, TopicName};

use super::budget::{NO_LEADER, Shortage, Turn};
use super::edge::ProducerEdge;
use super::fate::Delivery;
use super::inbox::Order;
use super::lane::{AppendTerms, Changes, Entry, Lane, LaneId, Refusal};
use super::partitioner::partition_of_key;
use super::record::NewRecord;
use crate::net::Class;
use crate::random::Random;
use crate::sync::{Arc, AtomicU32, AtomicU64, Mutex, Ordering};
use crate::time::Instant;
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
    /// How many partitions there are; zero until it is known.
    count: AtomicU32,
    lanes: LaneTable,
    /// The partition that keyless records of every handle follow; see [`Sticky`].
    sticky: AtomicU64,
    draws: AtomicU64,
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
    pub(super) fn new(name: TopicName, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            name,
            count: AtomicU32::new(0),
            lanes: LaneTable::default(),
            sticky: AtomicU64::new(Sticky::NONE),
            draws: AtomicU64::new(seed),
            arrival: Mutex::new(Arrival {
                error: None,
                asked: true,
                closed: false,
                wakers: BTreeMap::new(),
                next: 0,
            }),
        })
    }

    pub(super) fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

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

    /// Another partition for keyless records, as a fresh sticky word: with a leader, and not led by `avoid`.
    fn choose(&self, avoid: Option<i32>) -> u64 {
        let count = self.count().max(1);
        let mut random = Random::new(self.draws.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
        let start = u32::try_from(random.below(count.into())).unwrap_or(0);
        let usable = |partition: &u32| {
            self.lane(*partition).is_some_and(|lane| {
                let leader = lane.leader();
                leader != NO_LEADER && Some(leader) != avoid
            })
        };
        let chosen = (start..count).chain(0..start).find(usable).unwrap_or(start);
        Sticky::word(chosen, self.lane(chosen).map_or(0, |lane| lane.frozen_count()))
    }
}

/// A sticky choice in one word: a partition, and how many batches its lane had frozen when it was chosen. It
/// ends with that batch, so a choice is made once per batch whoever notices the end first.
struct Sticky;

impl Sticky {
    const NONE: u64 = 0;

    fn word(partition: u32, frozen_count: u32) -> u64 {
        (u64::from(partition) + 1) << 32 | u64::from(frozen_count)
    }

    fn parts(word: u64) -> Option<(u32, u32)> {
        let partition = u32::try_from(word >> 32).ok()?.checked_sub(1)?;
        let frozen_count = u32::try_from(word & u64::from(u32::MAX)).ok()?;
        Some((partition, frozen_count))
    }
}

/// Lanes by partition: only ever added, found without a lock. Chunks double, so 26 hold every partition.
#[derive(Debug, Default)]
struct LaneTable {
    chunks: [OnceLock<Chunk>; Self::CHUNKS],
}

type Chunk = Box<[OnceLock<Arc<Lane>>]>;

impl LaneTable {
    const CHUNKS: usize = 27;
    const FIRST: u32 = 32;

    /// Chunk `k` holds `32 << k` lanes, from number `32 * (2^k - 1)` on.
    fn place(partition: u32) -> (usize, usize) {
        let shifted = u64::from(partition) + u64::from(Self::FIRST);
        let chunk = shifted.ilog2() - Self::FIRST.ilog2();
        let offset = shifted - (u64::from(Self::FIRST) << chunk);
        (chunk as usize, usize::try_from(offset).unwrap_or(usize::MAX))
    }

    fn get(&self, partition: u32) -> Option<&Arc<Lane>> {
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
    detour: AtomicU64,
}

impl Clone for TopicHandle {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.producer), Arc::clone(&self.topic))
    }
}

impl TopicHandle {
    pub(super) fn new(producer: Arc<ProducerEdge>, topic: Arc<TopicEdge>) -> Self {
        Self { producer, topic, detour: AtomicU64::new(Sticky::NONE) }
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

    /// Accepts the record or says why not, at once. `now` is called only if the record opens a batch.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was changed.
    pub fn try_append(&self, record: &NewRecord<'_>, now: impl Fn() -> Instant) -> Result<Delivery, Refused> {
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
                Err(Blocked::Memory { leader, needed, .. }) => {
                    if let Wait::Memory(turn) = &mut waiting.0 {
                        turn.need(leader, needed);
                    } else {
                        waiting.0 = Wait::Memory(self.producer.budget.wait(leader, needed));
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
        let limit = self.producer.limits.record_bytes;
        let size = record.size_bound();
        if size > limit {
            return Err(Blocked::Refused(Refused::TooLarge { size, limit }));
        }
        match (record.partition, record.key) {
            (Some(partition), _) => match u32::try_from(partition) {
                Ok(index) if index < count => self.append_to(index, record, turn, now),
                _ => Err(Blocked::Refused(Refused::NoSuchPartition { partition, count })),
            },
            (None, Some(key)) => self.append_to(partition_of_key(key, count), record, turn, now),
            (None, None) => self.append_keyless(count, record, turn, now),
        }
    }

    fn append_to(
        &self,
        partition: u32,
        record: &NewRecord<'_>,
        turn: Option<&Turn>,
        now: &impl Fn() -> Instant,
    ) -> Result<Delivery, Blocked> {
        let Some(lane) = self.topic.lane(partition) else { return Err(Blocked::Unknown) };
        self.enter(lane, Entry::Bound, record, turn, now).map_err(|refusal| self.blocked(refusal))
    }

    fn append_keyless(
        &self,
        count: u32,
        record: &NewRecord<'_>,
        turn: Option<&Turn>,
        now: &impl Fn() -> Instant,
    ) -> Result<Delivery, Blocked> {
        // Each round moves to another partition; after a few the record waits for a lock or for memory.
        const ROUNDS: u32 = 8;
        let mut shortage = None;
        for round in 0..=ROUNDS {
            let detour = self.detour.load(Ordering::Relaxed);
            let (cell, word) = match detour {
                Sticky::NONE => (&self.topic.sticky, self.topic.sticky.load(Ordering::Relaxed)),
                word => (&self.detour, word),
            };
            let Some((partition, frozen_count)) = Sticky::parts(word) else {
                self.replace(cell, word, self.topic.choose(None));
                continue;
            };
            let Some(lane) = self.topic.lane(partition) else { return Err(Blocked::Unknown) };
            let entry = if round == ROUNDS || count == 1 {
                Entry::Sticky { frozen_count }
            } else {
                Entry::StickyIfFree { frozen_count }
            };
            match self.enter(lane, entry, record, turn, now) {
                Ok(delivery) => return Ok(delivery),
                Err(Refusal::StickyOver) if detour == Sticky::NONE => {
                    self.replace(cell, word, self.topic.choose(None));
                }
                // A detour lasts one batch; then the handle follows the others again.
                Err(Refusal::StickyOver) => self.detour.store(Sticky::NONE, Ordering::Relaxed),
                Err(Refusal::Locked) => self.detour.store(self.topic.choose(None), Ordering::Relaxed),
                Err(refusal @ Refusal::Memory { shortage: Shortage::Node(_), leader, .. }) => {
                    shortage = Some(refusal);
                    self.replace(cell, word, self.topic.choose(Some(leader)));
                }
                Err(refusal) => return Err(self.blocked(refusal)),
            }
        }
        match shortage {
            Some(refusal) => Err(self.blocked(refusal)),
            // Every round met a batch that had just ended: bind the record rather than chase further.
            None => {
                let partition = Sticky::parts(self.topic.choose(None)).map_or(0, |(partition, _)| partition);
                self.append_to(partition, record, turn, now)
            }
        }
    }

    /// Whoever comes first decides; the others follow.
    fn replace(&self, cell: &AtomicU64, old: u64, new: u64) {
        let _who_lost_follows = cell.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn enter(
        &self,
        lane: &Lane,
        entry: Entry,
        record: &NewRecord<'_>,
        turn: Option<&Turn>,
        now: &impl Fn() -> Instant,
    ) -> Result<Delivery, Refusal> {
        let ProducerEdge { budget, inbox, limits, .. } = &*self.producer;
        let terms = AppendTerms { budget, batch_bytes: limits.batch_bytes, turn };
        let (Changes { opened_at, filled }, result) = lane.append(record, entry, &terms, now);
        if let Some(bytes) = filled {
            inbox.filled(lane.id, bytes);
        }
        if let Some(opened_at) = opened_at {
            inbox.opened(lane.id, opened_at + limits.linger);
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
            Refusal::Memory { shortage, leader, needed } => Blocked::Memory { shortage, leader, needed },
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
            Blocked::Memory { shortage: Shortage::Whole, needed, .. } => {
                Refused::Waiting(WaitReason::Memory {
                    needed: u64::try_from(needed).unwrap_or(u64::MAX),
                    free: u64::try_from(self.producer.budget.free()).unwrap_or(u64::MAX),
                })
            }
            Blocked::Memory { shortage: Shortage::Node(node), .. } => {
                let node = BrokerId(node);
                // The share is full because the node takes nothing: if it told why, that is the reason.
                Refused::Waiting(match self.producer.throttle.get(node, Class::Produce, now) {
                    Some(throttle) => WaitReason::Throttled {
                        node,
                        class: Class::Produce,
                        until: throttle.until,
                        cause: throttle.cause,
                    },
                    None => WaitReason::NodeShare { node },
                })
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
        leader: i32,
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
