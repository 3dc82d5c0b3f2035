//! The shared fate of a batch's records, and the sixteen bytes by which a sender asks for it.
//!
//! One allocation per batch serves all its records. Whoever never asks pays a reference count.

use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};

use super::{Cause, Certainty, Latency, Settled, Undelivered, Written};
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};

/// The fate of one batch.
#[derive(Debug)]
pub(super) struct BatchFate {
    partition: i32,
    settled: AtomicBool,
    /// Some record ended before the batch.
    some_ended: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outcome: Option<Outcome>,
    /// Records that ended before their batch, by rising index.
    ended: Vec<Ended>,
    /// The batch is being written: nothing can be struck any more.
    taken: bool,
    /// By record, so that a record that is polled often has one entry.
    wakers: BTreeMap<u32, Waker>,
}

/// A record that did not wait for its batch.
#[derive(Clone, Debug)]
struct Ended {
    index: u32,
    /// It is to be cut out of the batch, and does not count among its records any more.
    struck: bool,
    undelivered: Undelivered,
    latency: Latency,
}

impl State {
    fn struck(&self) -> impl Iterator<Item = u32> {
        self.ended.iter().filter(|ended| ended.struck).map(|ended| ended.index)
    }

    fn ended(&self, index: u32) -> Option<&Ended> {
        let place = self.ended.binary_search_by_key(&index, |ended| ended.index).ok()?;
        self.ended.get(place)
    }

    fn end(&mut self, ended: Ended) -> Option<Waker> {
        let index = ended.index;
        if let Err(place) = self.ended.binary_search_by_key(&index, |ended| ended.index) {
            self.ended.insert(place, ended);
        }
        self.wakers.remove(&index)
    }
}

/// How a batch ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Written {
        base_offset: Option<i64>,
        log_append_time: Option<i64>,
        latency: Latency,
    },
    Undelivered {
        undelivered: Undelivered,
        latency: Latency,
    },
    /// The batch was too large for the broker and went on as smaller ones; each with the index (among the
    /// records that were not struck) of its first record, ascending.
    Split(Vec<(u32, Arc<BatchFate>)>),
}

impl BatchFate {
    pub(super) fn new(partition: i32) -> Arc<Self> {
        Arc::new(Self {
            partition,
            settled: AtomicBool::new(false),
            some_ended: AtomicBool::new(false),
            state: Mutex::new(State::default()),
        })
    }

    pub(super) fn partition(&self) -> i32 {
        self.partition
    }

    /// The records that were struck so far, ascending.
    pub(super) fn struck(&self) -> Vec<u32> {
        self.state.lock().struck().collect()
    }

    /// The batch is about to be written: from now on no record can be struck.
    ///
    /// # Errors
    /// All records that were struck, if they are more than the `cut` ones that the batch is free of; they must be
    /// cut out first.
    pub(super) fn take(&self, cut: usize) -> Result<(), Vec<u32>> {
        let mut state = self.state.lock();
        if state.struck().count() > cut {
            return Err(state.struck().collect());
        }
        state.taken = true;
        Ok(())
    }

    /// How many records somebody waits for.
    #[cfg(all(test, loom))]
    pub(super) fn waiters(&self) -> usize {
        self.state.lock().wakers.len()
    }

    /// The batch is not written after all.
    pub(super) fn give_back(&self) {
        self.state.lock().taken = false;
    }

    /// Ends the batch and wakes whoever waits for one of its records. Gives how many records had been struck, and
    /// how many others had ended before. A second call is ignored.
    pub(super) fn settle(&self, outcome: Outcome) -> Before {
        let (before, wakers) = {
            let mut state = self.state.lock();
            let struck = state.struck().count();
            let before = Before { struck: count(struck), others: count(state.ended.len() - struck) };
            if state.outcome.is_some() {
                return before;
            }
            state.taken = true;
            state.outcome = Some(outcome);
            self.settled.store(true, Ordering::Release);
            (before, std::mem::take(&mut state.wakers))
        };
        if !wakers.is_empty() {
            wakers.into_values().for_each(Waker::wake);
        }
        before
    }

    /// Takes a record out of a batch that is not being written: it is not in the log and will not be. Says whether
    /// it did.
    pub(super) fn strike(&self, index: u32, cause: Cause, latency: Latency) -> bool {
        self.end(index, true, undelivered(Certainty::NotWritten, cause), latency)
    }

    /// Ends a record whose batch goes on with it. Says whether it had not ended before.
    pub(super) fn give_up(&self, index: u32, cause: Cause, latency: Latency) -> bool {
        self.end(index, false, undelivered(Certainty::PossiblyWritten, cause), latency)
    }

    fn end(&self, index: u32, struck: bool, undelivered: Undelivered, latency: Latency) -> bool {
        let waker = {
            let mut state = self.state.lock();
            if state.outcome.is_some() || (struck && state.taken) || state.ended(index).is_some() {
                return false;
            }
            self.some_ended.store(true, Ordering::Release);
            state.end(Ended { index, struck, undelivered, latency })
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// The batch goes on as pieces: whoever ended on its own is counted with the piece that it is in now.
    pub(super) fn hand_down<'a>(&self, piece: impl Fn(u32) -> Option<(&'a Arc<Self>, u32)>) {
        let ended = self.state.lock().ended.clone();
        for Ended { index, undelivered, latency, .. } in ended.into_iter().filter(|ended| !ended.struck) {
            if let Some((fate, index)) = piece(index) {
                fate.end(index, false, undelivered, latency);
            }
        }
    }

    fn is_cancelled(&self, index: u32) -> bool {
        let state = self.state.lock();
        state.ended(index).is_some_and(|ended| *ended.undelivered.cause == Cause::Cancelled)
    }
}

/// How many records of a batch had ended before it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    /// Taken out before it was written.
    pub(super) struck: u32,
    pub(super) others: u32,
}

fn undelivered(certainty: Certainty, cause: Cause) -> Undelivered {
    Undelivered { certainty, cause: Arc::new(cause) }
}

/// One accepted record on its way: ask it, cancel it, or drop it.
///
/// Dropping changes nothing for the record: it is sent all the same. The drop costs one reference count, and
/// the fate's lock only if the delivery was polled before.
#[derive(Debug)]
pub struct Delivery {
    fate: Arc<BatchFate>,
    place: Place,
}

/// A record's index in its batch, and above it whether somebody has asked for its outcome.
///
/// In one word, so that a delivery is two, which calls hand on in registers: through memory each of them would wait
/// for the stores of the one before.
#[derive(Clone, Copy, Debug)]
struct Place(u32);

impl Place {
    /// A batch is smaller than this many bytes, so that it has fewer records.
    const POLLED: u32 = 1 << 31;

    fn index(self) -> u32 {
        self.0 & !Self::POLLED
    }

    fn is_polled(self) -> bool {
        self.0 & Self::POLLED != 0
    }

    fn polled(self) -> Self {
        Self(self.0 | Self::POLLED)
    }
}

impl Delivery {
    #[inline]
    pub(super) fn new(fate: Arc<BatchFate>, index: u32) -> Self {
        Self { fate, place: Place(index) }
    }

    pub(super) fn index(&self) -> u32 {
        self.place.index()
    }

    /// The partition that the record went to.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.fate.partition
    }

    /// Whether the outcome is known; costs two atomic loads, and a lock only if some record of the batch ended on
    /// its own.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.fate.settled.load(Ordering::Acquire)
            || (self.fate.some_ended.load(Ordering::Acquire)
                && self.fate.state.lock().ended(self.index()).is_some())
    }

    /// The outcome, or the promise to wake `context` when there is one.
    pub fn poll_settled(&mut self, context: &mut Context<'_>) -> Poll<Settled> {
        loop {
            let own = self.index();
            let (fate, index) = {
                let mut state = self.fate.state.lock();
                if let Some(Ended { undelivered, latency, .. }) = state.ended(own) {
                    let (partition, result) = (self.fate.partition, Err(undelivered.clone()));
                    return Poll::Ready(Settled { partition, latency: *latency, result });
                }
                let before = count(state.struck().take_while(|&struck| struck < own).count());
                let index = own.saturating_sub(before);
                match &state.outcome {
                    None => {
                        match state.wakers.get_mut(&own) {
                            Some(waker) => waker.clone_from(context.waker()),
                            None => drop(state.wakers.insert(own, context.waker().clone())),
                        }
                        self.place = self.place.polled();
                        return Poll::Pending;
                    }
                    Some(Outcome::Split(pieces)) => {
                        let piece = pieces.partition_point(|(first, _)| *first <= index).saturating_sub(1);
                        match pieces.get(piece) {
                            Some((first, fate)) => (Arc::clone(fate), index.saturating_sub(*first)),
                            // A split batch has pieces.
                            None => return Poll::Pending,
                        }
                    }
                    Some(Outcome::Written { base_offset, log_append_time, latency }) => {
                        let offset = base_offset.map(|base| base + i64::from(index));
                        let written = Written { offset, log_append_time: *log_append_time };
                        let (partition, latency) = (self.fate.partition, *latency);
                        return Poll::Ready(Settled { partition, latency, result: Ok(written) });
                    }
                    Some(Outcome::Undelivered { undelivered, latency }) => {
                        let (partition, latency) = (self.fate.partition, *latency);
                        return Poll::Ready(Settled { partition, latency, result: Err(undelivered.clone()) });
                    }
                }
            };
            (self.fate, self.place) = (fate, Place(index));
        }
    }

    /// Takes the record back, if its batch has never been given to a request. It may have been compressed.
    ///
    /// True: the record is not in the log and will not be; its delivery says [`Cause::Cancelled`]. False: too
    /// late, the delivery goes on. Cost: one lock, no wait.
    pub fn cancel(&self) -> bool {
        self.fate.strike(self.index(), Cause::Cancelled, Latency::default())
            || self.fate.is_cancelled(self.index())
    }
}

impl Drop for Delivery {
    #[inline]
    fn drop(&mut self) {
        if self.place.is_polled() && !self.fate.settled.load(Ordering::Acquire) {
            self.fate.state.lock().wakers.remove(&self.index());
        }
    }
}

/// Record counts come from `u32` indices, so they fit.
fn count(records: usize) -> u32 {
    u32::try_from(records).unwrap_or(u32::MAX)
}
