//! How batches and records end: written, given up, expired, abandoned.

use std::collections::VecDeque;
use std::time::Duration;

use ottla_proto::ErrorCode;
use ottla_proto::records::BatchWriter;

use super::Producer;
use crate::event::Event;
use crate::net::{self, Net, Role};
use crate::producer::batch::Batch;
use crate::producer::deadlines::Due;
use crate::producer::fate::{Before, Outcome};
use crate::producer::lane::{LaneId, LaneView, OpenBatch, Overdue, OverduePart};
use crate::producer::latency::{Latency, LatencyClock, Part, Pauses};
use crate::producer::metrics::SettledBatch;
use crate::producer::partition::InFlight;
use crate::producer::report::BatchReport;
use crate::producer::{Cause, Certainty, Tally, Undelivered, Written};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

impl Producer {
    pub(in crate::producer) fn written(
        &mut self,
        lane: LaneId,
        mut batch: Box<Batch>,
        base_offset: Option<i64>,
        log_append_time: Option<i64>,
    ) {
        if batch.reported {
            return;
        }
        batch.reported = true;
        let latency = batch.clock.latency();
        let before = batch.fate.settle(Outcome::Written { base_offset, log_append_time, latency });
        let records = self.settle(lane, &batch, before, None);
        self.report(lane, &batch, records, latency, Ok(Written { offset: base_offset, log_append_time }));
        batch.recycle();
    }

    /// Gives a batch up and says so; nothing happens if its outcome was told before.
    pub(in crate::producer) fn give_up(
        &mut self,
        lane: LaneId,
        batch: &mut Batch,
        certainty: Certainty,
        cause: Cause,
    ) {
        if batch.reported {
            return;
        }
        batch.reported = true;
        let undelivered = Undelivered { certainty, cause: Arc::new(cause) };
        let latency = batch.clock.latency();
        let before = batch.fate.settle(Outcome::Undelivered { undelivered: undelivered.clone(), latency });
        let records = self.settle(lane, batch, before, Some(certainty));
        self.abandoned.add(Some(&undelivered), records.into());
        self.report(lane, batch, records, latency, Err(undelivered.clone()));
        self.tell_undelivered(lane, records, undelivered);
    }

    /// Counts the outcome and tells those who observe.
    fn report(
        &mut self,
        lane: LaneId,
        batch: &Batch,
        records: u32,
        latency: Latency,
        result: Result<Written, Undelivered>,
    ) {
        self.metrics.settle(&SettledBatch {
            records,
            bytes: batch.size(),
            attempts: batch.attempts,
            clock: &batch.clock,
            lost: result.as_ref().err(),
        });
        self.observe(lane, records, latency, result);
    }

    fn observe(&self, lane: LaneId, records: u32, latency: Latency, result: Result<Written, Undelivered>) {
        let Some(partition) = self.partitions.get(lane.0 as usize) else { return };
        self.edge.observers.tell(|| {
            let (topic, partition) = self.place_of(partition);
            BatchReport { topic, partition, records, latency, result: result.clone() }
        });
    }

    /// Counts a batch that ended. Gives how many of its records ended with it.
    fn settle(&mut self, lane: LaneId, batch: &Batch, before: Before, lost: Option<Certainty>) -> u32 {
        let cut = u32::try_from(batch.cut.len()).unwrap_or(u32::MAX);
        let struck = before.struck.saturating_sub(cut);
        let records = batch.records.saturating_sub(struck).saturating_sub(before.others);
        self.closing.count(lane, batch.ordinal, struck, Some(Certainty::NotWritten));
        self.closing.count(lane, batch.ordinal, records, lost);
        self.closing.settle(lane, batch.ordinal);
        records
    }

    fn tell_undelivered(&mut self, lane: LaneId, records: u32, undelivered: Undelivered) {
        if records == 0 {
            return;
        }
        let place = self.partitions.get(lane.0 as usize).map(|partition| self.place_of(partition));
        let (topic, partition) = place.unwrap_or_default();
        self.events.push_back(Event::Undelivered { topic, partition, records, undelivered });
    }

    /// Takes a batch over from its lane, without the records that were struck there.
    pub(super) fn take_over(&mut self, lane: LaneId, open: OpenBatch) -> (Box<Batch>, BatchWriter) {
        let (batch, writer) = Batch::take_over(open);
        let cut = u32::try_from(batch.cut.len()).unwrap_or(u32::MAX);
        self.closing.count(lane, batch.ordinal, cut, Some(Certainty::NotWritten));
        (batch, writer)
    }

    /// The cluster refuses the producer for good: nothing can be sent any more.
    pub(super) fn fail_all(&mut self, code: ErrorCode, net: &mut Net, now: Instant) {
        if self.edge.fatal.set(code).is_ok() {
            for partition in &self.partitions {
                partition.lane.close();
                self.active.insert(partition.lane.id);
            }
            self.give_up_all(net, now, &Cause::Refused { code, message: None });
            self.edge.budget.call_all();
            for topic in &self.topics {
                topic.edge.refuse(code);
            }
        }
    }

    /// Gives up everything that has no outcome, and ends the connections.
    pub(in crate::producer) fn give_up_all(&mut self, net: &mut Net, now: Instant, cause: &Cause) {
        for lane in std::mem::take(&mut self.active).iter() {
            for batch in self.take_unsent(lane) {
                self.give_up_waiting(lane, batch, cause.clone(), now);
            }
            let Some(partition) = self.partition(lane) else { continue };
            for InFlight { token, link, mut batch } in std::mem::take(&mut partition.in_flight) {
                // The connections are closed with the producer: what has not left whole never will.
                let whole = net
                    .written(link, self.owner(), token)
                    .is_none_or(|written| written == net::Written::Whole);
                batch.uncertain |= whole;
                batch.clock.book_around(Part::Broker, self.pauses(link.node), now);
                let certainty = batch.certainty();
                self.give_up(lane, &mut batch, certainty, cause.clone());
            }
            self.rest(lane);
        }
        self.requests.clear();
        self.jobs.clear();
        net.release(Role::Produce(self.key), now);
    }

    /// Gives up whatever of these partitions has no outcome, and goes on. What is in flight keeps its place until
    /// its answer.
    pub(in crate::producer) fn abandon(&mut self, lanes: Vec<LaneId>, cause: &Cause, now: Instant) -> Tally {
        self.abandoned = Tally::default();
        // All are taken before the first is told: what a sender hands over in return comes later.
        let unsent: Vec<_> = lanes.into_iter().map(|lane| (lane, self.take_unsent(lane))).collect();
        for (lane, batches) in unsent {
            for batch in batches {
                self.give_up_waiting(lane, batch, cause.clone(), now);
            }
            self.for_each_in_flight(lane, |producer, flight| {
                flight.batch.clock.book_around(Part::Broker, producer.pauses(flight.link.node), now);
                producer.give_up(lane, &mut flight.batch, Certainty::PossiblyWritten, cause.clone());
            });
            self.touch(lane);
        }
        std::mem::take(&mut self.abandoned)
    }

    /// Takes what of the partition is in no request.
    fn take_unsent(&mut self, lane: LaneId) -> VecDeque<Box<Batch>> {
        let Some(partition) = self.partition(lane) else { return VecDeque::new() };
        let mut batches = std::mem::take(&mut partition.again);
        batches.iter().for_each(|batch| partition.sequence.lose(batch.order()));
        batches.append(&mut partition.sealed);
        while let Some(open) = self.partition(lane).and_then(|partition| partition.lane.take()) {
            batches.push_back(self.take_over(lane, open).0);
        }
        batches
    }

    /// Gives up a batch that is in no request, and books how it waited.
    fn give_up_waiting(&mut self, lane: LaneId, mut batch: Box<Batch>, cause: Cause, now: Instant) {
        self.book_wait(lane, &mut batch.clock, now);
        let certainty = batch.certainty();
        self.give_up(lane, &mut batch, certainty, cause);
    }

    /// Books how something waited in its partition.
    pub(super) fn book_wait(&self, lane: LaneId, clock: &mut LatencyClock, now: Instant) {
        let Some(partition) = self.partitions.get(lane.0 as usize) else { return };
        let pauses = partition.leader.map_or(Pauses::NONE, |leader| self.pauses(leader));
        clock.book_wait(&partition.waits, pauses, now);
    }

    fn for_each_in_flight(&mut self, lane: LaneId, mut act: impl FnMut(&mut Self, &mut InFlight)) {
        let Some(partition) = self.partition(lane) else { return };
        let mut in_flight = std::mem::take(&mut partition.in_flight);
        in_flight.iter_mut().for_each(|flight| act(self, flight));
        if let Some(partition) = self.partition(lane) {
            partition.in_flight = in_flight;
        }
    }
}

// Delivery timeouts.
impl Producer {
    /// Gives up what is older than its delivery timeout. What it saw of the lane, unless it took something out of it.
    pub(super) fn expire(&mut self, lane: LaneId, net: &Net, now: Instant) -> Option<LaneView> {
        let timeout = self.config.delivery_timeout;
        let partition = self.partitions.get(lane.0 as usize)?;
        let (view, in_lane) = partition.lane.look(timeout);
        // Once the timer went off, or before it was ever needed, all of it is looked at; after that only what came
        // since can expire before.
        let known = partition.expires_by.or_else(|| partition.next_expiry(timeout));
        let next = earliest(known, in_lane);
        self.set_expiry(lane, next);
        if next.is_none_or(|at| at > now) {
            return Some(view);
        }
        let reason = self.reason(lane, net, now);
        let partition = self.partition(lane)?;
        let Overdue { batches, parts } = partition.lane.take_overdue(timeout, now);
        for (open, timeout) in batches {
            let (batch, _) = self.take_over(lane, open);
            let cause = Cause::Expired { timeout, waiting_for: reason.clone(), last_error: None };
            self.give_up_waiting(lane, batch, cause, now);
        }
        for OverduePart { fate, opened_at, records } in parts {
            let mut clock = LatencyClock::start(opened_at);
            self.book_wait(lane, &mut clock, now);
            let latency = clock.latency();
            self.expire_records(lane, &records, &reason, None, latency, |index, cause| {
                fate.strike(index, cause, latency).then_some(Certainty::NotWritten)
            });
        }
        let partition = self.partition(lane)?;
        let again = std::mem::take(&mut partition.again);
        let sealed = std::mem::take(&mut partition.sealed);
        for mut batch in again.into_iter().chain(sealed) {
            let over = self.expire_in(lane, &mut batch, &reason, now);
            let partition = self.partition(lane)?;
            match over {
                Some(cause) => {
                    if batch.is_stamped() {
                        partition.sequence.lose(batch.order());
                    }
                    self.give_up_waiting(lane, batch, cause, now);
                }
                None if batch.is_stamped() => partition.again.push_back(batch),
                None => partition.sealed.push_back(batch),
            }
        }
        // What is in flight keeps its place until its answer decides about its sequence.
        self.for_each_in_flight(lane, |producer, flight| {
            let reason = WaitReason::AnswerDue { node: flight.link.node };
            if flight.batch.reported {
                return;
            }
            if let Some(cause) = producer.expire_in(lane, &mut flight.batch, &reason, now) {
                flight.batch.clock.book_around(Part::Broker, producer.pauses(flight.link.node), now);
                producer.give_up(lane, &mut flight.batch, Certainty::PossiblyWritten, cause);
            }
        });
        let partition = self.partition(lane)?;
        let next = earliest(partition.next_expiry(timeout), partition.lane.next_expiry(timeout));
        self.set_expiry(lane, next);
        None
    }

    /// Gives up the records of a batch that have expired, while others have time left; the cause for all of it if
    /// none has.
    fn expire_in(
        &mut self,
        lane: LaneId,
        batch: &mut Batch,
        reason: &WaitReason,
        now: Instant,
    ) -> Option<Cause> {
        let last_error = batch.last_error;
        let records = match batch.take_due(self.config.delivery_timeout, now) {
            Due::Nothing => return None,
            Due::All(timeout) => {
                return Some(Cause::Expired { timeout, waiting_for: reason.clone(), last_error });
            }
            Due::Some(records) => records,
        };
        let mut clock = batch.clock.clone();
        match reason {
            WaitReason::AnswerDue { node } => clock.book_around(Part::Broker, self.pauses(*node), now),
            _ => self.book_wait(lane, &mut clock, now),
        }
        let latency = clock.latency();
        let told = self.expire_records(lane, &records, reason, last_error, latency, |index, cause| {
            if batch.is_stamped() {
                // The batch goes on with it, under the numbers that it has.
                batch.fate.give_up(index, cause, latency).then_some(Certainty::PossiblyWritten)
            } else {
                batch.fate.strike(index, cause, latency).then_some(Certainty::NotWritten)
            }
        });
        if batch.is_stamped() {
            self.closing.count(lane, batch.ordinal, told, Some(Certainty::PossiblyWritten));
        }
        None
    }

    /// Gives up single records by `end`, and tells how many that were.
    fn expire_records(
        &mut self,
        lane: LaneId,
        records: &[(u32, Duration)],
        reason: &WaitReason,
        last_error: Option<ErrorCode>,
        latency: Latency,
        mut end: impl FnMut(u32, Cause) -> Option<Certainty>,
    ) -> u32 {
        let mut told = 0;
        let mut last = None;
        for &(index, timeout) in records {
            let cause = Cause::Expired { timeout, waiting_for: reason.clone(), last_error };
            if let Some(certainty) = end(index, cause.clone()) {
                told += 1;
                last = Some(Undelivered { certainty, cause: Arc::new(cause) });
            }
        }
        if let Some(undelivered) = last {
            self.metrics.records.add(Some(&undelivered), told.into());
            self.observe(lane, told, latency, Err(undelivered.clone()));
            self.tell_undelivered(lane, told, undelivered);
        }
        told
    }
}
