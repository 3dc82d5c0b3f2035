//! What the driver knows of one partition: its batches in order, and what holds them.

use std::collections::VecDeque;
use std::time::Duration;

use ottla_proto::records::{NO_SEQUENCE, Stamp, add_to_sequence};
use ottla_proto::{BrokerId, ErrorCode, ProducerEpoch, ProducerId};

use super::batch::Batch;
use super::lane::Lane;
use super::latency::WaitLog;
use crate::net::{Link, RequestToken};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

/// A partition's batches, oldest first: `in_flight` and `again` (stamped, interleaved by their order), then
/// `sealed`, then what the lane still has.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) lane: Arc<Lane>,
    /// Its topic, as an index into the producer's list.
    pub(super) topic: usize,
    pub(super) leader: Option<BrokerId>,
    /// In a request that has not ended.
    pub(super) in_flight: VecDeque<InFlight>,
    /// Sent before, to be sent again as they are, in order.
    pub(super) again: VecDeque<Box<Batch>>,
    /// Taken from the lane, not stamped yet; some may be with the compressor.
    pub(super) sealed: VecDeque<Box<Batch>>,
    pub(super) sequence: Sequence,
    /// No attempt before this moment, because of this error.
    pub(super) backoff: Option<(Instant, ErrorCode)>,
    /// Batches below this ordinal do not linger: somebody flushes.
    pub(super) hurry_below: u64,
    /// The node in whose queue it stands. It may stand there without being ready any more.
    pub(super) queued: Option<BrokerId>,
    /// Whether nothing of its own holds the next batch.
    pub(super) ready: bool,
    /// When what holds it ends, as the timers have it.
    pub(super) hold_ends: Option<Instant>,
    /// By when its first record expires, as the timers have it; no record expires before.
    pub(super) expires_by: Option<Instant>,
    pub(super) waits: WaitLog,
    /// What holds the next batch, and since when.
    pub(super) waiting: Option<(WaitReason, Instant)>,
}

#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) token: RequestToken,
    pub(super) link: Link,
    pub(super) batch: Box<Batch>,
}

/// The numbering of a partition's batches under one producer id and epoch.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) producer: (ProducerId, ProducerEpoch),
    next: i32,
    /// Counts the records that were ever stamped, so that the pieces of a split batch have places of their own.
    next_order: u64,
    /// The newest place in the order whose numbers were used up by a batch that is not in the log, or may not
    /// be. Nothing new can go out under this epoch until it shows that the batch arrived after all, or a new
    /// epoch begins.
    gap: Option<u64>,
    /// The leader has acknowledged a batch of this numbering. Until then it takes any number as the first one,
    /// so a second batch in flight could land before a first that was refused, and shut it out for ever.
    begun: bool,
}

impl Sequence {
    fn new() -> Self {
        let producer = (ProducerId::NONE, ProducerEpoch::NONE);
        Self { producer, next: 0, next_order: 0, gap: None, begun: false }
    }

    /// Starts over under another id or epoch.
    pub(super) fn restart(&mut self, producer: (ProducerId, ProducerEpoch)) {
        self.producer = producer;
        self.next = 0;
        self.gap = None;
        self.begun = false;
    }

    /// How many batches may be in flight, where the settings allow `window`.
    pub(super) fn window(&self, window: usize) -> usize {
        if self.producer.0.is_none() || self.begun { window } else { 1 }
    }

    /// The batch at this place has no outcome that the log would know.
    pub(super) fn lose(&mut self, order: u64) {
        self.gap = self.gap.max(Some(order));
    }

    /// Whatever was stamped so far belongs to a log that is gone.
    pub(super) fn lose_everything(&mut self) {
        if self.next_order > 0 {
            self.lose(self.next_order);
        }
    }

    /// The batch at this place is in the log, and with it all that came before: the log takes no number without
    /// the one before it.
    pub(super) fn arrived(&mut self, order: u64) {
        self.gap = self.gap.filter(|&gap| gap > order);
        self.begun = true;
    }

    /// The next batch gets this number.
    #[cfg(test)]
    #[cfg(not(loom))]
    pub(super) fn go_on_at(&mut self, base_sequence: i32) {
        self.next = base_sequence;
    }

    pub(super) fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    /// Without numbers there are no gaps.
    pub(super) fn forget_gap(&mut self) {
        self.gap = None;
    }

    /// The stamp of the next batch, and its place in the order.
    pub(super) fn stamp(&mut self, records: u32) -> (Stamp, u64) {
        let order = self.next_order;
        self.next_order += u64::from(records.max(1));
        if self.producer.0.is_none() {
            return (Stamp::NONE, order);
        }
        let (producer_id, producer_epoch) = self.producer;
        let base_sequence = self.next;
        self.next = add_to_sequence(base_sequence, i32::try_from(records).unwrap_or(i32::MAX));
        (Stamp { producer_id, producer_epoch, base_sequence, transactional: false }, order)
    }

    /// The newest stamp was given to a batch that is certainly not in the log: its numbers are free again.
    pub(super) fn take_back(&mut self, base_sequence: i32) {
        if base_sequence != NO_SEQUENCE {
            self.next = base_sequence;
        }
    }
}

impl Partition {
    pub(super) fn new(lane: Arc<Lane>, topic: usize) -> Self {
        Self {
            lane,
            topic,
            leader: None,
            in_flight: VecDeque::new(),
            again: VecDeque::new(),
            sealed: VecDeque::new(),
            sequence: Sequence::new(),
            backoff: None,
            hurry_below: 0,
            queued: None,
            ready: false,
            hold_ends: None,
            expires_by: None,
            waits: WaitLog::default(),
            waiting: None,
        }
    }

    /// Whether its next batch may be in the log already, so that asking once more can show that nothing is
    /// missing there.
    pub(super) fn may_fill_gap(&self) -> bool {
        self.again.front().is_some_and(|batch| batch.uncertain)
    }

    /// Whether no stamped batch of it is without an outcome.
    pub(super) fn is_drained(&self) -> bool {
        self.in_flight.is_empty() && self.again.is_empty()
    }

    /// When the first record expires that has no outcome, those in the lane aside.
    pub(super) fn next_expiry(&self, timeout: Duration) -> Option<Instant> {
        let in_flight = self.in_flight.iter().map(|sent| &sent.batch);
        let batches = in_flight.chain(&self.again).chain(&self.sealed).filter(|batch| !batch.reported);
        batches.filter_map(|batch| batch.next_expiry(timeout)).min()
    }

    /// When the oldest batch whose outcome has not been told was opened, those in the lane aside.
    pub(super) fn oldest(&self) -> Option<Instant> {
        let in_flight = self.in_flight.iter().find(|sent| !sent.batch.reported);
        let again = self.again.front().map(|batch| batch.opened_at);
        let sealed = self.sealed.front().map(|batch| batch.opened_at);
        earliest(earliest(in_flight.map(|sent| sent.batch.opened_at), again), sealed)
    }

    /// What holds the next batch that is not in flight, if there is one.
    pub(super) fn next_waits(&self) -> Option<&(WaitReason, Instant)> {
        self.waiting.as_ref().filter(|(reason, _)| !matches!(reason, WaitReason::AnswerDue { .. }))
    }

    /// Whether its next batch may go to `node` as far as it is concerned.
    pub(super) fn is_ready_for(&self, node: BrokerId) -> bool {
        self.ready && self.queued == Some(node)
    }

    /// It was taken out of the queue of `node`.
    pub(super) fn leave_queue(&mut self, node: BrokerId) {
        if self.queued == Some(node) {
            self.queued = None;
        }
    }

    /// Puts a batch back to be sent again, in its place.
    pub(super) fn put_back(&mut self, batch: Box<Batch>) {
        let place = self.again.partition_point(|other| other.order() <= batch.order());
        self.again.insert(place, batch);
    }

    /// Whether every other stamped batch comes after `order`.
    pub(super) fn is_first(&self, order: u64) -> bool {
        self.in_flight.iter().all(|sent| sent.batch.order() > order)
            && self.again.iter().all(|batch| batch.order() > order)
    }

    /// Whether every other stamped batch comes before `order`.
    pub(super) fn is_last(&self, order: u64) -> bool {
        self.in_flight.iter().all(|sent| sent.batch.order() < order)
            && self.again.iter().all(|batch| batch.order() < order)
    }

    /// Takes the batch out that is in flight under `token`.
    pub(super) fn take_in_flight(&mut self, token: RequestToken) -> Option<InFlight> {
        let place = self.in_flight.iter().position(|sent| sent.token == token)?;
        self.in_flight.remove(place)
    }
}
