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
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outcome: Option<Outcome>,
    /// Indices of cancelled records, ascending.
    struck: Vec<u32>,
    /// The driver has taken the bytes: nothing can be struck any more.
    taken: bool,
    /// By record, so that a record that is polled often has one entry.
    wakers: BTreeMap<u32, Waker>,
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
        Arc::new(Self { partition, settled: AtomicBool::new(false), state: Mutex::new(State::default()) })
    }

    pub(super) fn partition(&self) -> i32 {
        self.partition
    }

    /// From now on no record can be struck; gives those that were, ascending.
    pub(super) fn take(&self) -> Vec<u32> {
        let mut state = self.state.lock();
        state.taken = true;
        state.struck.clone()
    }

    /// Ends the batch and wakes whoever waits for one of its records. A second call is ignored.
    pub(super) fn settle(&self, outcome: Outcome) {
        let wakers = {
            let mut state = self.state.lock();
            if state.outcome.is_some() {
                return;
            }
            state.taken = true;
            state.outcome = Some(outcome);
            self.settled.store(true, Ordering::Release);
            std::mem::take(&mut state.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
    }

    fn strike(&self, index: u32) -> bool {
        let waker = {
            let mut state = self.state.lock();
            if state.taken {
                return false;
            }
            if let Err(place) = state.struck.binary_search(&index) {
                state.struck.insert(place, index);
            }
            state.wakers.remove(&index)
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }
}

/// One accepted record on its way: ask it, cancel it, or drop it.
///
/// Dropping changes nothing for the record: it is sent all the same. The drop costs one reference count, and
/// the fate's lock only if the delivery was polled before.
#[derive(Debug)]
pub struct Delivery {
    fate: Arc<BatchFate>,
    index: u32,
    polled: bool,
}

impl Delivery {
    pub(super) fn new(fate: Arc<BatchFate>, index: u32) -> Self {
        Self { fate, index, polled: false }
    }

    /// The partition that the record went to.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.fate.partition
    }

    /// Whether the outcome is known; costs one atomic load, unless the batch was split.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.fate.settled.load(Ordering::Acquire)
    }

    /// The outcome, or the promise to wake `context` when there is one.
    pub fn poll_settled(&mut self, context: &mut Context<'_>) -> Poll<Settled> {
        loop {
            let next = {
                let mut state = self.fate.state.lock();
                if let Ok(_struck) = state.struck.binary_search(&self.index) {
                    return Poll::Ready(cancelled(self.fate.partition));
                }
                let before = count(state.struck.partition_point(|&struck| struck < self.index));
                let index = self.index.saturating_sub(before);
                match &state.outcome {
                    None => {
                        match state.wakers.get_mut(&self.index) {
                            Some(waker) => waker.clone_from(context.waker()),
                            None => drop(state.wakers.insert(self.index, context.waker().clone())),
                        }
                        self.polled = true;
                        return Poll::Pending;
                    }
                    Some(Outcome::Split(pieces)) => {
                        let piece = pieces.partition_point(|(first, _)| *first <= index).saturating_sub(1);
                        match pieces.get(piece) {
                            Some((first, fate)) => (Arc::clone(fate), index.saturating_sub(*first)),
                            None => return Poll::Ready(cancelled(self.fate.partition)),
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
            (self.fate, self.index) = next;
            self.polled = false;
        }
    }

    /// Takes the record back, if its batch has never been given to a request.
    ///
    /// True: the record is not in the log and will not be; its delivery says [`Cause::Cancelled`]. False: too
    /// late, the delivery goes on. Cost: one lock, no wait.
    pub fn cancel(&self) -> bool {
        self.fate.strike(self.index)
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if self.polled && !self.is_settled() {
            self.fate.state.lock().wakers.remove(&self.index);
        }
    }
}

fn cancelled(partition: i32) -> Settled {
    let undelivered = Undelivered { certainty: Certainty::NotWritten, cause: Arc::new(Cause::Cancelled) };
    Settled { partition, latency: Latency::default(), result: Err(undelivered) }
}

/// Record counts come from `u32` indices, so they fit.
fn count(records: usize) -> u32 {
    u32::try_from(records).unwrap_or(u32::MAX)
}
