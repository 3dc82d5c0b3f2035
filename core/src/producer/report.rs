//! What became of batches, for those who observe a producer rather than each record.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use ottla_proto::TopicName;

use super::outcome::{Tally, Undelivered};
use super::{Latency, Written};
use crate::sync::{Arc, Mutex};

/// The outcome of one batch. Records that were cancelled before are not in it.
#[derive(Clone, Debug)]
pub struct BatchReport {
    /// The topic.
    pub topic: TopicName,
    /// The partition.
    pub partition: i32,
    /// How many records it had.
    pub records: u32,
    /// Where its time went.
    pub latency: Latency,
    /// Written, with the offset of its first record, or why not.
    pub result: Result<Written, Undelivered>,
}

/// What an observer is told next.
#[derive(Clone, Debug)]
pub enum Report {
    /// A batch has its outcome.
    Batch(BatchReport),
    /// The observer was so slow that reports had to be dropped; these records were in them.
    Missed(Tally),
}

/// How many reports wait for one observer before further ones are only counted.
const UNREAD: usize = 8192;

/// Everybody who observes a producer.
#[derive(Debug, Default)]
pub(super) struct Observers(Mutex<Vec<Arc<Unread>>>);

#[derive(Debug, Default)]
struct Unread(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    reports: VecDeque<BatchReport>,
    missed: Tally,
    waker: Option<Waker>,
    /// No further report will come.
    closed: bool,
    /// Nobody reads any more.
    gone: bool,
}

impl Observers {
    /// Reports from now on.
    pub(super) fn observe(&self) -> Reports {
        let unread = Arc::<Unread>::default();
        self.0.lock().push(Arc::clone(&unread));
        Reports(unread)
    }

    /// Tells everybody; costs one lock while nobody observes.
    pub(super) fn tell(&self, report: impl Fn() -> BatchReport) {
        let wakers: Vec<_> = {
            let mut observers = self.0.lock();
            if observers.is_empty() {
                return;
            }
            observers.retain(|unread| !unread.0.lock().gone);
            observers.iter().filter_map(|unread| unread.0.lock().push(&report)).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The producer has ended; who comes later is told so too.
    pub(super) fn close(&self) {
        let observers = std::mem::take(&mut *self.0.lock());
        for unread in observers {
            let waker = {
                let mut state = unread.0.lock();
                state.closed = true;
                state.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl State {
    fn push(&mut self, report: impl Fn() -> BatchReport) -> Option<Waker> {
        let report = report();
        if self.reports.len() < UNREAD {
            self.reports.push_back(report);
        } else {
            self.missed.add(report.result.as_ref().err(), report.records.into());
        }
        self.waker.take()
    }
}

/// The reports of a producer, in the order in which its batches were settled. Dropping it ends the observation.
#[derive(Debug)]
pub struct Reports(Arc<Unread>);

impl Reports {
    /// The next one; `None` when the producer has ended and everything was told.
    pub fn poll_report(&mut self, context: &mut Context<'_>) -> Poll<Option<Report>> {
        let mut state = self.0.0.lock();
        if let Some(report) = state.reports.pop_front() {
            return Poll::Ready(Some(Report::Batch(report)));
        }
        if state.missed != Tally::default() {
            return Poll::Ready(Some(Report::Missed(std::mem::take(&mut state.missed))));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.gone = true;
        state.reports = VecDeque::new();
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    fn written(records: u32) -> BatchReport {
        BatchReport {
            topic: TopicName::from("orders"),
            partition: 0,
            records,
            latency: Latency::default(),
            result: Ok(Written { offset: Some(0), log_append_time: None }),
        }
    }

    fn next(reports: &mut Reports) -> Poll<Option<Report>> {
        reports.poll_report(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_a_slow_observer_misses_is_counted() {
        let observers = Observers::default();
        let mut reports = observers.observe();
        for _ in 0..UNREAD + 3 {
            observers.tell(|| written(2));
        }
        for _ in 0..UNREAD {
            assert!(matches!(next(&mut reports), Poll::Ready(Some(Report::Batch(_)))));
        }
        let Poll::Ready(Some(Report::Missed(missed))) = next(&mut reports) else { panic!() };
        assert_eq!(missed, Tally { written: 6, ..Tally::default() });
        assert!(next(&mut reports).is_pending());
        observers.close();
        assert!(matches!(next(&mut reports), Poll::Ready(None)));
    }

    #[test]
    fn observers_that_are_gone_are_forgotten() {
        let observers = Observers::default();
        let (mut one, other) = (observers.observe(), observers.observe());
        drop(other);
        observers.tell(|| written(1));
        assert_eq!(observers.0.lock().len(), 1);
        assert!(next(&mut one).is_ready());
    }
}
