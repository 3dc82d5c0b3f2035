//! The memory of one producer's batches: one hard bound, shared so that no node can use it all.
//!
//! A batch charges its buffer's *capacity* when it opens and when it grows, so the bound counts real memory and
//! a record costs nothing here. A charge is held until the batch's outcome is known, in flight included.
//!
//! **Shares.** While batches go to more than one leader, a leader may hold at most `share / (1 - share)` times
//! what is free: half of the whole for one that stands alone at the default of one half, a third for each of
//! two, and always something left for the next. A node that makes no progress therefore stops only its own
//! records. (Static halves would let two stuck nodes fill everything.)
//!
//! **Fairness.** Waiters of one node are served in the order in which they came; a newcomer goes behind them.
//! Between nodes, what the oldest waiter needs is not given to a younger one. A waiter that is woken has its
//! turn until it takes space or leaves; then the next is woken. Leaving is dropping, at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll, Waker};

use ottla_proto::TopicName;

use super::pool::{self, Pool};
use crate::sync::{Arc, Mutex};
use crate::time::Instant;

/// The account of bytes that wait for no known leader.
pub(super) const NO_LEADER: i32 = -1;

#[derive(Debug)]
pub(super) struct Budget {
    /// How many times the free bytes a node may hold, as a fraction.
    share: (usize, usize),
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    free: usize,
    pool: Pool,
    /// Whether batches go to more than one leader; with one there is nobody to keep space for.
    shared: bool,
    accounts: BTreeMap<i32, Account>,
    waiters: BTreeMap<Ticket, Waiter>,
    next_ticket: u64,
}

#[derive(Debug, Default)]
struct Account {
    used: usize,
    queue: BTreeSet<Ticket>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket(u64);

#[derive(Debug)]
struct Waiter {
    goal: Goal,
    need: usize,
    since: Instant,
    topic: TopicName,
    waker: Option<Waker>,
    called: bool,
}

/// Where a record would go that finds no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    /// Whose share it would come from.
    pub(super) leader: i32,
    pub(super) partition: i32,
}

/// A sender that waits for memory.
#[derive(Debug)]
pub(super) struct WaitingCaller {
    pub(super) goal: Goal,
    pub(super) topic: TopicName,
    pub(super) shortage: Shortage,
    pub(super) need: usize,
    pub(super) free: usize,
    pub(super) since: Instant,
}

/// Why a charge was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    /// The whole budget is in use, or promised to someone who came earlier.
    Whole,
    /// The leader's share is in use.
    Node(i32),
}

impl Budget {
    /// A budget of `total` bytes of which one leader may hold about `percent` per cent.
    pub(super) fn new(total: usize, percent: u8) -> Arc<Self> {
        let percent = usize::from(percent.clamp(1, 99));
        let books = Books {
            free: total,
            pool: Pool::new(total / 2),
            shared: false,
            accounts: BTreeMap::new(),
            waiters: BTreeMap::new(),
            next_ticket: 0,
        };
        Arc::new(Self { share: (percent, 100 - percent), books: Mutex::new(books) })
    }

    pub(super) fn free(&self) -> usize {
        self.books.lock().free
    }

    /// How many buffers are kept, and how many bytes are free.
    #[cfg(test)]
    #[cfg(not(loom))]
    pub(super) fn pooled(&self) -> (usize, usize) {
        let books = self.books.lock();
        let (buffers, bytes) = books.pool.holds();
        assert!(bytes <= books.free);
        (buffers, books.free)
    }

    /// Whether anyone waits for space.
    pub(super) fn has_waiters(&self) -> bool {
        !self.books.lock().waiters.is_empty()
    }

    /// Who waits, in the order of their coming. Those whose turn has come wait for nobody but themselves.
    pub(super) fn waiting(&self) -> Vec<WaitingCaller> {
        let books = self.books.lock();
        let waiting = |(ticket, waiter): (&Ticket, &Waiter)| {
            let shortage = self.admit(&books, waiter.goal.leader, waiter.need, Some(*ticket)).err()?;
            let Waiter { goal, need, since, ref topic, .. } = *waiter;
            Some(WaitingCaller { goal, topic: topic.clone(), shortage, need, free: books.free, since })
        };
        books.waiters.iter().filter_map(waiting).collect()
    }

    /// Whether batches go to more than one leader.
    pub(super) fn set_shared(&self, shared: bool) {
        let wakers = {
            let mut books = self.books.lock();
            books.shared = shared;
            self.call(&mut books)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Calls everybody who waits: there will be nothing to wait for.
    pub(super) fn call_all(&self) {
        let wakers: Vec<_> = {
            let mut books = self.books.lock();
            let waiters = books.waiters.values_mut();
            waiters
                .filter_map(|waiter| {
                    waiter.called = true;
                    waiter.waker.take()
                })
                .collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Takes `wanted` bytes for a batch that goes to `node`, or fewer, but never fewer than `least`.
    pub(super) fn charge(
        self: &Arc<Self>,
        node: i32,
        least: usize,
        wanted: usize,
        turn: Option<&Turn>,
    ) -> Result<Charge, Shortage> {
        let ticket = turn.map(|turn| turn.ticket);
        // Dropped after the lock.
        let _surplus;
        let mut books = self.books.lock();
        let mut bytes = wanted.max(least);
        if let Some(room) = books.pool.fitting(bytes)
            && self.admit(&books, node, room, ticket).is_ok()
        {
            let buffer = books.pool.take(room);
            _surplus = books.take(node, room);
            return Ok(Charge { budget: Arc::clone(self), node, bytes: room, buffer });
        }
        while let Err(shortage) = self.admit(&books, node, bytes, ticket) {
            if bytes == least {
                return Err(shortage);
            }
            bytes = least.max(bytes / 2);
        }
        _surplus = books.take(node, bytes);
        Ok(Charge { budget: Arc::clone(self), node, bytes, buffer: None })
    }

    /// Joins the queue of a leader for `bytes`, which a record of `topic` needs.
    pub(super) fn wait(
        self: &Arc<Self>,
        goal: Goal,
        bytes: usize,
        topic: &TopicName,
        since: Instant,
    ) -> Turn {
        let mut books = self.books.lock();
        let ticket = Ticket(books.next_ticket);
        books.next_ticket += 1;
        books.accounts.entry(goal.leader).or_default().queue.insert(ticket);
        let topic = topic.clone();
        let waiter = Waiter { goal, need: bytes, since, topic, waker: None, called: false };
        books.waiters.insert(ticket, waiter);
        Turn { budget: Arc::clone(self), ticket }
    }

    fn admit(&self, books: &Books, node: i32, bytes: usize, ticket: Option<Ticket>) -> Result<(), Shortage> {
        let account = books.accounts.get(&node);
        let used = account.map_or(0, |account| account.used);
        self.fits(books, node, used, bytes)?;
        if books.waiters.is_empty() {
            return Ok(());
        }
        let earlier = |other: Ticket| ticket.is_none_or(|own| other < own);
        if let Some(&first) = account.and_then(|account| account.queue.first())
            && earlier(first)
        {
            return Err(Shortage::Node(node));
        }
        let promised = books
            .accounts
            .values()
            .filter_map(|account| account.queue.first())
            .filter(|&&first| earlier(first))
            .min()
            .and_then(|first| books.waiters.get(first))
            // Only who lacks nothing but free bytes holds others up; whose share is used up waits alone.
            .filter(|waiter| self.within_share(books, waiter.goal.leader, waiter.need))
            .map_or(0, |waiter| waiter.need);
        if bytes.saturating_add(promised) > books.free { Err(Shortage::Whole) } else { Ok(()) }
    }

    fn fits(&self, books: &Books, node: i32, used: usize, bytes: usize) -> Result<(), Shortage> {
        if bytes > books.free {
            Err(Shortage::Whole)
        } else if books.shared && used > 0 && !self.below_share(used + bytes, books.free - bytes) {
            Err(Shortage::Node(node))
        } else {
            Ok(())
        }
    }

    /// Whether `node` could take `bytes` if enough were free.
    fn within_share(&self, books: &Books, node: i32, bytes: usize) -> bool {
        let used = books.accounts.get(&node).map_or(0, |account| account.used);
        !books.shared || used == 0 || self.below_share(used + bytes, books.free.saturating_sub(bytes))
    }

    fn below_share(&self, held: usize, free: usize) -> bool {
        let (times, per) = self.share;
        held.saturating_mul(per) <= free.saturating_mul(times)
    }

    fn give_back(&self, node: i32, bytes: usize, buffer: Option<Vec<u8>>) {
        // Dropped after the lock.
        let mut _surplus = None;
        let wakers = {
            let mut books = self.books.lock();
            books.give(node, bytes);
            let free = books.free;
            _surplus = buffer.and_then(|buffer| books.pool.put(buffer, free));
            self.call(&mut books)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Calls the first waiter of every node whose need can be met now. Costs nothing while nobody waits.
    fn call(&self, books: &mut Books) -> Vec<Waker> {
        if books.waiters.is_empty() {
            return Vec::new();
        }
        let firsts: Vec<_> =
            books.accounts.values().filter_map(|account| account.queue.first().copied()).collect();
        let mut wakers = Vec::new();
        for ticket in firsts {
            let Some((node, need)) =
                books.waiters.get(&ticket).map(|waiter| (waiter.goal.leader, waiter.need))
            else {
                continue;
            };
            if self.admit(books, node, need, Some(ticket)).is_ok()
                && let Some(waiter) = books.waiters.get_mut(&ticket)
                && !waiter.called
            {
                waiter.called = true;
                wakers.extend(waiter.waker.take());
            }
        }
        wakers
    }
}

impl Books {
    /// Gives the kept buffers for which there is no room any more.
    fn take(&mut self, node: i32, bytes: usize) -> Vec<Vec<u8>> {
        self.free = self.free.saturating_sub(bytes);
        self.accounts.entry(node).or_default().used += bytes;
        self.pool.shrink(self.free)
    }

    fn give(&mut self, node: i32, bytes: usize) {
        self.free += bytes;
        if let Some(account) = self.accounts.get_mut(&node) {
            account.used = account.used.saturating_sub(bytes);
            self.forget_if_empty(node);
        }
    }

    fn leave(&mut self, node: i32, ticket: Ticket) {
        if let Some(account) = self.accounts.get_mut(&node) {
            account.queue.remove(&ticket);
            self.forget_if_empty(node);
        }
    }

    fn forget_if_empty(&mut self, node: i32) {
        if self.accounts.get(&node).is_some_and(|account| account.used == 0 && account.queue.is_empty()) {
            self.accounts.remove(&node);
        }
    }
}

/// Bytes taken from a budget; dropping gives them back.
#[derive(Debug)]
pub(super) struct Charge {
    budget: Arc<Budget>,
    node: i32,
    bytes: usize,
    /// One that was kept, until it is used.
    buffer: Option<Vec<u8>>,
}

impl Charge {
    /// The buffer that the bytes are for: a used one if there was one.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.buffer.take().unwrap_or_else(|| pool::buffer(self.bytes))
    }

    /// The batch is settled: gives the bytes back, and keeps its buffer for another.
    pub(super) fn recycle(mut self, buffer: Vec<u8>) {
        let bytes = std::mem::take(&mut self.bytes);
        self.budget.give_back(self.node, bytes, Some(buffer));
    }

    /// Another batch may have the buffer. The bytes stay.
    pub(super) fn keep(&self, buffer: Vec<u8>) {
        // Dropped after the lock.
        let _surplus = {
            let mut books = self.budget.books.lock();
            let free = books.free;
            books.pool.put(buffer, free)
        };
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Grows to `wanted` bytes, or some more, and gives a buffer of that size.
    pub(super) fn grow(&mut self, wanted: usize, turn: Option<&Turn>) -> Result<Vec<u8>, Shortage> {
        let ticket = turn.map(|turn| turn.ticket);
        let mut books = self.budget.books.lock();
        let fitting = books.pool.fitting(wanted).filter(|room| {
            self.budget.admit(&books, self.node, room.saturating_sub(self.bytes), ticket).is_ok()
        });
        let more = fitting.unwrap_or(wanted).saturating_sub(self.bytes);
        if fitting.is_none() {
            self.budget.admit(&books, self.node, more, ticket)?;
        }
        let buffer = fitting.and_then(|room| books.pool.take(room));
        // Dropped after the lock.
        let _surplus = books.take(self.node, more);
        drop(books);
        self.bytes += more;
        Ok(buffer.unwrap_or_else(|| pool::buffer(self.bytes)))
    }

    /// Books the bytes on another leader. Never refused: the bytes exist already.
    pub(super) fn move_to(&mut self, node: i32) {
        if node == self.node {
            return;
        }
        let wakers = {
            let mut books = self.budget.books.lock();
            books.give(self.node, self.bytes);
            // As much is free as before.
            let _nothing = books.take(node, self.bytes);
            self.budget.call(&mut books)
        };
        self.node = node;
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Takes up to `bytes` out, as a charge of its own.
    pub(super) fn split_off(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { budget: Arc::clone(&self.budget), node: self.node, bytes, buffer: None }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.give_back(self.node, self.bytes, self.buffer.take());
        }
    }
}

/// A place in a node's queue. Dropping it leaves the queue and lets the next one try.
#[derive(Debug)]
pub(super) struct Turn {
    budget: Arc<Budget>,
    ticket: Ticket,
}

impl Turn {
    /// The charge was refused (again): what is needed now, and whose share it would come from. The place in
    /// the queue stays, unless the leader is another.
    pub(super) fn need(&mut self, goal: Goal, bytes: usize) {
        let mut books = self.budget.books.lock();
        let Some(waiter) = books.waiters.get_mut(&self.ticket) else { return };
        let old = std::mem::replace(&mut waiter.goal, goal);
        waiter.need = bytes;
        if old.leader != goal.leader {
            books.leave(old.leader, self.ticket);
            books.accounts.entry(goal.leader).or_default().queue.insert(self.ticket);
        }
    }

    /// Ready when it is this waiter's turn to try its charge (again).
    pub(super) fn poll_called(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut books = self.budget.books.lock();
        let Some((node, need)) =
            books.waiters.get(&self.ticket).map(|waiter| (waiter.goal.leader, waiter.need))
        else {
            return Poll::Ready(());
        };
        // Space may have come between the refusal and the queue, where nobody was there to be called.
        let called = self.budget.admit(&books, node, need, Some(self.ticket)).is_ok();
        let Some(waiter) = books.waiters.get_mut(&self.ticket) else { return Poll::Ready(()) };
        if called || waiter.called {
            waiter.called = false;
            return Poll::Ready(());
        }
        waiter.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let wakers = {
            let mut books = self.budget.books.lock();
            let next = books.waiters.remove(&self.ticket).and_then(|Waiter { goal, .. }| {
                books.leave(goal.leader, self.ticket);
                books.accounts.get(&goal.leader).and_then(|account| account.queue.first().copied())
            });
            let mut wakers = self.budget.call(&mut books);
            // The next may need no space of its own: the batch that this one opened can have room for it.
            if let Some(waiter) = next.and_then(|next| books.waiters.get_mut(&next)) {
                waiter.called = true;
                wakers.extend(waiter.waker.take());
            }
            wakers
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}
