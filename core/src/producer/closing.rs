//! Flushing and closing: what was accepted before a moment, and what has become of it.

use std::collections::BTreeMap;

use ottla_proto::TopicName;

use super::batch::Batch;
use super::completion::Answerer;
use super::lane::LaneId;
use super::machine::Producer;
use super::outcome::{Cause, Certainty, Tally};
use super::partition::Partition;
use crate::core::Waiting;
use crate::net::Net;
use crate::time::{Instant, earliest};

/// What a flush has to tell.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FlushReport {
    /// What became of the records that were waiting when the flush began, as far as it is known.
    pub settled: Tally,
    /// What still waits, and for what; empty if everything was settled in time.
    pub waiting: Vec<Waiting>,
}

/// What a close has to tell.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CloseReport {
    /// What became of the records that were waiting when the close began: all of them.
    pub settled: Tally,
}

/// What an abort or a purge has to tell.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AbandonReport {
    /// What became of the records that it gave up.
    pub settled: Tally,
}

/// The flushes and the close of one producer.
#[derive(Debug, Default)]
pub(super) struct Closing {
    flushes: Vec<Flush>,
    close: Option<Close>,
    closed: bool,
}

#[derive(Debug)]
struct Flush {
    deadline: Instant,
    scope: Scope,
    report: Answerer<FlushReport>,
}

#[derive(Debug)]
struct Close {
    deadline: Instant,
    scope: Scope,
    reports: Vec<Answerer<CloseReport>>,
}

/// Batches of some moment, and how they end.
#[derive(Debug, Default)]
struct Scope {
    /// By lane, the ordinal of the first batch that came later.
    below: BTreeMap<LaneId, u64>,
    batches: usize,
    settled: Tally,
}

impl Scope {
    fn holds(&self, lane: LaneId, ordinal: u64) -> bool {
        self.below.get(&lane).is_some_and(|&below| ordinal < below)
    }
}

impl Closing {
    pub(super) fn is_closing(&self) -> bool {
        self.close.is_some()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let flushes = self.flushes.iter().map(|flush| flush.deadline).min();
        earliest(flushes, self.close.as_ref().map(|close| close.deadline))
    }

    /// That many records of a batch ended; written if there is no certainty about the contrary.
    pub(super) fn count(&mut self, lane: LaneId, ordinal: u64, records: u32, lost: Option<Certainty>) {
        for scope in self.scopes(lane, ordinal) {
            let counter = match lost {
                None => &mut scope.settled.written,
                Some(Certainty::NotWritten) => &mut scope.settled.not_written,
                Some(Certainty::PossiblyWritten) => &mut scope.settled.possibly_written,
            };
            *counter += u64::from(records);
        }
    }

    /// A batch has its outcome.
    pub(super) fn settle(&mut self, lane: LaneId, ordinal: u64) {
        for scope in self.scopes(lane, ordinal) {
            scope.batches = scope.batches.saturating_sub(1);
        }
    }

    /// A batch became two.
    pub(super) fn added(&mut self, lane: LaneId, ordinal: u64) {
        for scope in self.scopes(lane, ordinal) {
            scope.batches += 1;
        }
    }

    fn scopes(&mut self, lane: LaneId, ordinal: u64) -> impl Iterator<Item = &mut Scope> {
        let flushes = self.flushes.iter_mut().map(|flush| &mut flush.scope);
        let close = self.close.iter_mut().map(|close| &mut close.scope);
        flushes.chain(close).filter(move |scope| scope.holds(lane, ordinal))
    }
}

impl Producer {
    pub(super) fn begin_flush(&mut self, deadline: Instant, report: Answerer<FlushReport>) {
        let scope = self.everything();
        self.closing.flushes.push(Flush { deadline, scope, report });
    }

    /// No record is accepted from now on. A second close can only bring the end nearer.
    pub(super) fn begin_close(&mut self, deadline: Instant, report: Option<Answerer<CloseReport>>) {
        for topic in &self.topics {
            topic.edge.close();
        }
        for partition in &self.partitions {
            partition.lane.close();
            // A sender may have filled a lane and not told of it yet.
            if partition.lane.view().oldest.is_some() {
                self.active.insert(partition.lane.id);
            }
        }
        self.edge.budget.call_all();
        if self.closing.close.is_none() {
            let scope = self.everything();
            self.closing.close = Some(Close { deadline, scope, reports: Vec::new() });
        }
        if let Some(close) = &mut self.closing.close {
            close.deadline = close.deadline.min(deadline);
            close.reports.extend(report);
        }
    }

    /// Gives up what has no outcome, of one topic or of all. The producer goes on.
    pub(super) fn abandon_now(&mut self, topic: Option<&TopicName>, now: Instant) -> AbandonReport {
        let chosen = |partition: &&Partition| {
            let of = self.topics.get(partition.topic).map(|of| &of.edge.name);
            topic.is_none_or(|topic| of == Some(topic))
        };
        // All of them: a sender may have filled a lane and not told of it yet.
        let lanes: Vec<_> =
            self.partitions.iter().filter(chosen).map(|partition| partition.lane.id).collect();
        let cause = if topic.is_some() { Cause::Purged } else { Cause::Aborted };
        AbandonReport { settled: self.abandon(lanes, &cause, now) }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closing.closed
    }

    /// Ends the flushes and the close that are complete or out of time.
    pub(super) fn close_what_is_due(&mut self, net: &mut Net, now: Instant) {
        let mut index = 0;
        while let Some(Flush { deadline, scope, .. }) = self.closing.flushes.get(index) {
            if scope.batches > 0 && *deadline > now {
                index += 1;
                continue;
            }
            let complete = scope.batches == 0;
            let Flush { scope, report, .. } = self.closing.flushes.swap_remove(index);
            let mut waiting = Vec::new();
            if !complete {
                self.explain(net, now, &mut waiting);
            }
            report.answer(FlushReport { settled: scope.settled, waiting });
        }
        let due = |close: &Close| close.scope.batches == 0 || close.deadline <= now;
        if self.closing.close.as_ref().is_some_and(due) {
            self.close_now(net, now);
        }
    }

    /// Ends everything: what has no outcome gets one, and whoever waits is told.
    pub(super) fn close_now(&mut self, net: &mut Net, now: Instant) {
        if self.closing.close.is_none() {
            self.begin_close(now, None);
        }
        self.give_up_all(net, now, &Cause::Closed);
        self.closing.closed = true;
        self.edge.inbox.close();
        self.edge.observers.close();
        let _first = self.edge.last_metrics.set(self.metrics.clone());
        for Flush { scope, report, .. } in std::mem::take(&mut self.closing.flushes) {
            report.answer(FlushReport { settled: scope.settled, waiting: Vec::new() });
        }
        if let Some(Close { scope, reports, .. }) = self.closing.close.take() {
            for report in reports {
                report.answer(CloseReport { settled: scope.settled });
            }
        }
        for topic in &self.topics {
            net.cluster_mut().unwant(&topic.edge.name);
        }
    }

    /// Every batch that has no outcome yet; none of them lingers any longer.
    fn everything(&mut self) -> Scope {
        let mut scope = Scope::default();
        for lane in self.active.iter() {
            let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { continue };
            let view = partition.lane.view();
            let unreported = |batch: &&Batch| !batch.reported;
            let in_flight = partition.in_flight.iter().map(|sent| &*sent.batch).filter(unreported).count();
            scope.batches += in_flight + partition.again.len() + partition.sealed.len() + view.frozen;
            scope.batches += usize::from(view.open_since.is_some());
            scope.below.insert(lane, view.opened);
            partition.hurry_below = view.opened;
        }
        self.touch_all();
        scope
    }
}
