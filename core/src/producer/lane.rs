//! One partition's way from many senders to the one driver: an open batch behind a short lock.
//!
//! `Open -> Frozen` (full, or taken for a request) here; `Written -> Settled` is the driver's. What lingers or
//! waits for a throttle stays open and grows.

use std::collections::VecDeque;
use std::time::Duration;

use ottla_proto::records::{BatchFull, BatchWriter};

use super::budget::{Budget, Charge, Goal, Shortage, Turn};
use super::deadlines::{Deadlines, Due};
use super::fate::{BatchFate, Delivery};
use super::pool;
use super::record::NewRecord;
use crate::sync::{Arc, AtomicI64, AtomicU32, Mutex, MutexGuard, Ordering};
use crate::time::Instant;

/// A lane's place in its producer's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LaneId(pub(super) u32);

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) id: LaneId,
    pub(super) partition: i32,
    /// The leader as the driver last saw it, [`super::budget::NO_LEADER`] without one.
    leader: AtomicI64,
    /// Counts what ends a sticky choice: a batch is no longer open, or the leader takes nothing for now.
    turn: AtomicU32,
    /// How many batches wait to be sent, about.
    backlog: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    open: Option<OpenBatch>,
    frozen: VecDeque<OpenBatch>,
    /// The capacity to open the next batch with: about what the last ones came to.
    hint: usize,
    opened: u64,
    /// Some batch may hold a record with a delivery timeout of its own.
    has_own_timeouts: bool,
    closed: bool,
}

/// A batch that belongs to the lane; frozen, it only waits to be taken.
#[derive(Debug)]
pub(super) struct OpenBatch {
    pub(super) writer: BatchWriter,
    pub(super) fate: Arc<BatchFate>,
    pub(super) charge: Charge,
    pub(super) opened_at: Instant,
    pub(super) deadlines: Deadlines,
    /// Counts the lane's batches.
    pub(super) ordinal: u64,
}

/// What expired in a lane.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    /// Batches in which nothing has time left, with the timeout of the last record.
    pub(super) batches: Vec<(OpenBatch, Duration)>,
    /// Batches in which some records have expired, while others have time left.
    pub(super) parts: Vec<OverduePart>,
}

#[derive(Debug)]
pub(super) struct OverduePart {
    pub(super) fate: Arc<BatchFate>,
    pub(super) opened_at: Instant,
    /// By index, with the timeout of each.
    pub(super) records: Vec<(u32, Duration)>,
}

/// What an append needs to know beside the record.
#[derive(Debug)]
pub(super) struct AppendTerms<'a> {
    pub(super) budget: &'a Arc<Budget>,
    /// A batch of more than one record grows no larger than this.
    pub(super) batch_bytes: usize,
    /// Batches are compressed before they are written.
    pub(super) compressed: bool,
    /// How long the delivery of a record may take that has no timeout of its own.
    pub(super) delivery_timeout: Duration,
    /// The place in the memory queue, if the sender has waited.
    pub(super) turn: Option<&'a Turn>,
}

/// What an append changed beside adding a record; the driver may have to hear of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes {
    /// When a batch was opened, if one was.
    pub(super) opened_at: Option<Instant>,
    /// When the record expires, if the batch does not expire as a whole.
    pub(super) expires_at: Option<Instant>,
    /// The size of the batch that became full, if one did.
    pub(super) filled: Option<usize>,
}

/// Why a lane did not take a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The batch that the sticky choice was made for is gone.
    StickyOver,
    /// Somebody else holds the lock, and the caller did not want to wait.
    Locked,
    /// No memory: this many bytes are needed at least, from this leader's share.
    Memory {
        shortage: Shortage,
        goal: Goal,
        needed: usize,
    },
    Closed,
}

/// How an append takes the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The record belongs to this partition.
    Bound,
    /// The record follows a sticky choice made when the lane had this turn.
    Sticky { turn: u32 },
    /// The same, and rather elsewhere than waiting for the lock.
    StickyIfFree { turn: u32 },
}

impl Entry {
    #[inline]
    fn turn(self) -> Option<u32> {
        match self {
            Self::Bound => None,
            Self::Sticky { turn } | Self::StickyIfFree { turn } => Some(turn),
        }
    }
}

/// What a look at a lane tells the driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LaneView {
    /// When the oldest batch was opened.
    pub(super) oldest: Option<Instant>,
    /// How many batches only wait to be taken.
    pub(super) frozen: usize,
    /// When the open batch was opened.
    pub(super) open_since: Option<Instant>,
    /// The ordinal of the newest batch so far.
    pub(super) opened: u64,
}

impl Lane {
    /// The first batch of a lane starts with this many bytes.
    const FIRST_CAPACITY: usize = 512;

    pub(super) fn new(id: LaneId, partition: i32) -> Arc<Self> {
        let state = State {
            open: None,
            frozen: VecDeque::new(),
            hint: Self::FIRST_CAPACITY,
            opened: 0,
            has_own_timeouts: false,
            closed: false,
        };
        Arc::new(Self {
            id,
            partition,
            leader: AtomicI64::new(super::budget::NO_LEADER.into()),
            turn: AtomicU32::new(0),
            backlog: AtomicU32::new(0),
            state: Mutex::new(state),
        })
    }

    pub(super) fn leader(&self) -> i32 {
        i32::try_from(self.leader.load(Ordering::Relaxed)).unwrap_or(super::budget::NO_LEADER)
    }

    #[inline]
    pub(super) fn turn(&self) -> u32 {
        self.turn.load(Ordering::Relaxed)
    }

    pub(super) fn backlog(&self) -> u32 {
        self.backlog.load(Ordering::Relaxed)
    }

    /// Appends a record to the open batch, if there is one with room and nothing else comes of it: what nearly every
    /// record meets. `None` has changed nothing, and [`Self::append`] says more.
    #[inline]
    pub(super) fn append_to_open(
        &self,
        record: &NewRecord<'_>,
        entry: Entry,
        batch_bytes: usize,
    ) -> Option<Delivery> {
        let mut state = self.enter(entry).ok()?;
        let open = state.open.as_mut()?;
        if record.delivery_timeout.is_some() || open.deadlines.has_own() {
            return None;
        }
        open.append_within(record, batch_bytes).ok()
    }

    /// Appends a record, or says why not. The clock is read only when a batch is opened.
    pub(super) fn append(
        &self,
        record: &NewRecord<'_>,
        entry: Entry,
        terms: &AppendTerms<'_>,
        now: impl Fn() -> Instant,
    ) -> (Changes, Result<Delivery, Refusal>) {
        let mut changes = Changes::default();
        let mut state = match self.enter(entry) {
            Ok(state) => state,
            Err(refusal) => return (changes, Err(refusal)),
        };
        if let Some(open) = &mut state.open {
            if let Some(delivery) = open.append(record, terms) {
                changes.expires_at = state.note_timeout(record, &delivery, terms, now);
                return (changes, Ok(delivery));
            }
            changes.filled = self.freeze(&mut state);
            if entry.turn().is_some() {
                return (changes, Err(Refusal::StickyOver));
            }
        }
        let result = self.open(&mut state, record, terms, now);
        if let Ok((opened_at, delivery)) = &result {
            changes.opened_at = Some(*opened_at);
            changes.expires_at = state.note_timeout(record, delivery, terms, || *opened_at);
        }
        (changes, result.map(|(_, delivery)| delivery))
    }

    /// Takes the lock, unless a record that comes this way has no business here.
    #[inline]
    fn enter(&self, entry: Entry) -> Result<MutexGuard<'_, State>, Refusal> {
        let state = match entry {
            Entry::StickyIfFree { .. } => self.state.try_lock().ok_or(Refusal::Locked)?,
            Entry::Bound | Entry::Sticky { .. } => self.state.lock(),
        };
        if state.closed {
            return Err(Refusal::Closed);
        }
        if entry.turn().is_some_and(|turn| turn != self.turn()) {
            return Err(Refusal::StickyOver);
        }
        Ok(state)
    }

    fn open(
        &self,
        state: &mut State,
        record: &NewRecord<'_>,
        terms: &AppendTerms<'_>,
        now: impl Fn() -> Instant,
    ) -> Result<(Instant, Delivery), Refusal> {
        let needed = record.size_bound();
        let leader = self.leader();
        let goal = Goal { leader, partition: self.partition };
        let wanted = state.hint.max(pool::rounded(needed)).min(terms.batch_bytes);
        let mut charge = terms
            .budget
            .charge(leader, needed, wanted, terms.turn)
            .map_err(|shortage| Refusal::Memory { shortage, goal, needed })?;
        let buffer = charge.buffer();
        let mut writer =
            if terms.compressed { BatchWriter::new(buffer) } else { BatchWriter::adding_up(buffer) };
        let opened_at = now();
        if record.append_to(&mut writer, charge.bytes()).is_err() {
            return Err(Refusal::Memory { shortage: Shortage::Whole, goal, needed });
        }
        let fate = BatchFate::new(self.partition);
        let delivery = Delivery::new(Arc::clone(&fate), 0);
        let ordinal = state.opened;
        state.opened += 1;
        let deadlines = Deadlines::default();
        state.open = Some(OpenBatch { writer, fate, charge, opened_at, deadlines, ordinal });
        Ok((opened_at, delivery))
    }

    fn freeze(&self, state: &mut State) -> Option<usize> {
        let open = self.take_open(state)?;
        let bytes = open.writer.size();
        state.frozen.push_back(open);
        self.backlog.fetch_add(1, Ordering::Relaxed);
        Some(bytes)
    }

    fn take_open(&self, state: &mut State) -> Option<OpenBatch> {
        let open = state.open.take()?;
        // A lane whose batches differ keeps near the larger ones: growing costs a copy.
        state.hint = pool::rounded(open.writer.size().max(state.hint / 4 * 3).max(Self::FIRST_CAPACITY));
        self.end_choice();
        Some(open)
    }
}

impl State {
    /// Takes note of a record's own timeout, and gives its end.
    fn note_timeout(
        &mut self,
        record: &NewRecord<'_>,
        delivery: &Delivery,
        terms: &AppendTerms<'_>,
        now: impl Fn() -> Instant,
    ) -> Option<Instant> {
        let open = self.open.as_mut()?;
        // Behind one with a timeout of its own, which may be longer, a batch can be older than the usual timeout, and
        // the driver need not look at it in time.
        let beside = open.deadlines.has_own().then_some(terms.delivery_timeout);
        let timeout = record.delivery_timeout.or(beside)?;
        let accepted_at = now();
        open.deadlines.add(delivery.index(), accepted_at, timeout);
        self.has_own_timeouts = true;
        Some(accepted_at + timeout)
    }

    fn view(&self) -> LaneView {
        let open_since = self.open.as_ref().map(|open| open.opened_at);
        LaneView {
            oldest: self.frozen.front().map(|frozen| frozen.opened_at).or(open_since),
            frozen: self.frozen.len(),
            open_since,
            opened: self.opened,
        }
    }

    fn next_expiry(&self, timeout: Duration) -> Option<Instant> {
        // Batches that expire as a whole do so in the order in which they were opened.
        if !self.has_own_timeouts {
            let oldest = self.frozen.front().or(self.open.as_ref());
            return oldest.map(|batch| batch.opened_at + timeout);
        }
        self.batches().filter_map(|batch| batch.next_expiry(timeout)).min()
    }

    fn batches(&self) -> impl Iterator<Item = &OpenBatch> {
        self.frozen.iter().chain(&self.open)
    }
}

/// The driver's side.
impl Lane {
    /// When the first record expires; those without a timeout of their own have `timeout`.
    pub(super) fn next_expiry(&self, timeout: Duration) -> Option<Instant> {
        self.state.lock().next_expiry(timeout)
    }

    pub(super) fn view(&self) -> LaneView {
        self.state.lock().view()
    }

    /// The view, and the first expiry: one look in place of two, each of which takes the lane from its senders.
    pub(super) fn look(&self, timeout: Duration) -> (LaneView, Option<Instant>) {
        let state = self.state.lock();
        (state.view(), state.next_expiry(timeout))
    }

    /// Takes the oldest batch, the open one if there is no other.
    pub(super) fn take(&self) -> Option<OpenBatch> {
        let mut state = self.state.lock();
        state.frozen.pop_front().or_else(|| self.take_open(&mut state))
    }

    /// Takes out what has expired by `now`; records without a timeout of their own have `timeout`.
    pub(super) fn take_overdue(&self, timeout: Duration, now: Instant) -> Overdue {
        let mut state = self.state.lock();
        let mut overdue = Overdue::default();
        if state.next_expiry(timeout).is_none_or(|at| at > now) {
            return overdue;
        }
        let frozen = std::mem::take(&mut state.frozen);
        let open = state.open.take();
        let was_open = open.is_some();
        let last = frozen.len();
        for (place, mut batch) in frozen.into_iter().chain(open).enumerate() {
            let count = batch.writer.count();
            match batch.deadlines.take_due(batch.opened_at + timeout, timeout, count, now) {
                Due::All(last) => {
                    overdue.batches.push((batch, last));
                    continue;
                }
                Due::Some(records) => {
                    let (fate, opened_at) = (Arc::clone(&batch.fate), batch.opened_at);
                    overdue.parts.push(OverduePart { fate, opened_at, records });
                }
                Due::Nothing => {}
            }
            if place < last {
                state.frozen.push_back(batch);
            } else {
                state.open = Some(batch);
            }
        }
        if was_open && state.open.is_none() {
            self.end_choice();
        }
        let has_own_timeouts = state.batches().any(|batch| batch.deadlines.has_own());
        state.has_own_timeouts = has_own_timeouts;
        overdue
    }

    /// The partition has another leader: what it holds counts against that one's share from now on.
    pub(super) fn set_leader(&self, leader: i32) {
        let mut state = self.state.lock();
        self.leader.store(leader.into(), Ordering::Relaxed);
        let State { open, frozen, .. } = &mut *state;
        for batch in frozen.iter_mut().chain(open) {
            batch.charge.move_to(leader);
        }
    }

    /// How many batches wait to be sent, those with the driver included.
    pub(super) fn set_backlog(&self, batches: usize) {
        self.backlog.store(u32::try_from(batches).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// Keyless records choose anew.
    pub(super) fn end_choice(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// No record is accepted from now on.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
    }
}

impl OpenBatch {
    fn next_expiry(&self, timeout: Duration) -> Option<Instant> {
        self.deadlines.next(self.opened_at + timeout, self.writer.count())
    }

    /// `None` if the batch is full: at its limit, or memory for its growth is refused.
    fn append(&mut self, record: &NewRecord<'_>, terms: &AppendTerms<'_>) -> Option<Delivery> {
        match self.append_within(record, terms.batch_bytes) {
            Ok(delivery) => Some(delivery),
            Err(BatchFull { needed }) => self.grow_and_append(needed, record, terms),
        }
    }

    /// Appends within the memory that is there.
    #[inline]
    fn append_within(&mut self, record: &NewRecord<'_>, batch_bytes: usize) -> Result<Delivery, BatchFull> {
        let limit = self.charge.bytes().min(batch_bytes);
        let index = record.append_to(&mut self.writer, limit)?;
        Ok(Delivery::new(Arc::clone(&self.fate), index))
    }

    #[cold]
    fn grow_and_append(
        &mut self,
        needed: usize,
        record: &NewRecord<'_>,
        terms: &AppendTerms<'_>,
    ) -> Option<Delivery> {
        if needed > terms.batch_bytes {
            return None;
        }
        let wanted = self.charge.bytes().saturating_mul(2).min(terms.batch_bytes).max(needed);
        let larger = self.charge.grow(wanted, terms.turn).ok()?;
        self.charge.keep(self.writer.move_to(larger));
        self.append_within(record, wanted).ok()
    }
}
