//! What a partition waits for: the one place that decides it.

use ottla_proto::compression::Codec;
use ottla_proto::records::BatchWriter;
use ottla_proto::{ApiKey, BrokerId};

use super::Producer;
use crate::event::Event;
use crate::net::{Net, Throttle};
use crate::producer::batch::{Batch, Body};
use crate::producer::compress::CompressionJob;
use crate::producer::config::TopicSettings;
use crate::producer::lane::{LaneId, OpenBatch};
use crate::producer::latency::Part;
use crate::producer::partition::Partition;
use crate::producer::{Cause, Certainty};
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

/// How many batches of a partition may be with the compressor or wait behind it.
const COMPRESSED_AHEAD: usize = 2;

impl Producer {
    pub(super) fn review_dirty(&mut self, net: &mut Net, now: Instant) {
        while let Some(lane) = self.dirty.pop_first() {
            self.review(lane, net, now);
        }
    }

    /// Decides what the partition waits for.
    fn review(&mut self, lane: LaneId, net: &mut Net, now: Instant) {
        let seen = self.expire(lane, net, now);
        self.leave_deleted_topic(lane, now);
        self.mend(lane, now);
        let taken_from = self.compress_ahead(lane);
        let Some(partition) = self.partitions.get(lane.0 as usize) else { return };
        let Some(TopicSettings { linger, .. }) = self.settings_of(partition) else { return };
        let linger = *linger;
        let earlier = || {
            let (topic, partition) = self.place_of(partition);
            WaitReason::EarlierBatch { topic, partition }
        };
        let view = seen.filter(|_| !taken_from).unwrap_or_else(|| partition.lane.view());
        partition.lane.set_backlog(view.frozen + partition.sealed.len() + partition.again.len());
        // Nobody is in a hurry, and there is room for more records.
        let grows = view.frozen == 0
            && partition.sealed.is_empty()
            && partition.again.is_empty()
            && view.opened > partition.hurry_below
            && !self.closing.is_closing()
            && !self.edge.budget.has_waiters();
        let hold = if !partition.again.is_empty() {
            match &partition.backoff {
                Some((until, error)) if *until > now => {
                    let (until, error) = (*until, *error);
                    let (topic, _) = self.place_of(partition);
                    Some(match net.cluster().says_no_such_topic(&topic) {
                        true => WaitReason::NoSuchTopic { topic, until },
                        false => WaitReason::RetryBackoff { until, error },
                    })
                }
                // Resent one at a time: the next goes when the one before it is settled.
                _ if !partition.in_flight.is_empty() => Some(earlier()),
                _ if partition.sequence.has_gap() && !partition.may_fill_gap() => {
                    Some(WaitReason::ProducerId)
                }
                _ => None,
            }
        } else if partition.sealed.is_empty() && view.oldest.is_none() {
            if partition.in_flight.is_empty() {
                self.rest(lane);
                return;
            }
            let node = partition.in_flight.front().map_or(BrokerId::NONE, |sent| sent.link.node);
            Some(WaitReason::AnswerDue { node })
        } else if partition.sequence.has_gap() && partition.in_flight.is_empty() {
            Some(WaitReason::ProducerId)
        } else if partition.sequence.has_gap()
            || partition.in_flight.len() >= partition.sequence.window(self.config.window())
        {
            Some(earlier())
        } else if let Some(front) = partition.sealed.front() {
            matches!(front.body, Body::Compressing(_)).then_some(WaitReason::Compression)
        } else if grows
            && let Some(until) = view.open_since.map(|since| since + linger)
            && until > now
        {
            Some(WaitReason::Linger { until })
        } else {
            None
        };
        if let Some(oldest) = view.oldest
            && let Some(partition) = self.partition(lane)
        {
            let oldest = earliest(partition.oldest(), Some(oldest)).unwrap_or(oldest);
            partition.waits.forget_before(oldest);
        }
        self.set_hold_end(lane, hold.as_ref().and_then(WaitReason::until));
        match hold {
            Some(reason) => self.hold(lane, reason, now),
            None => self.enqueue(lane, grows, now),
        }
    }

    /// The partition has nothing to send and nothing in flight.
    pub(super) fn rest(&mut self, lane: LaneId) {
        self.set_hold_end(lane, None);
        self.active.remove(lane);
        if let Some(partition) = self.partition(lane) {
            partition.waits.clear();
            partition.waiting = None;
            partition.ready = false;
            partition.backoff = None;
        }
    }

    fn hold(&mut self, lane: LaneId, reason: WaitReason, now: Instant) {
        if let Some(partition) = self.partition(lane) {
            partition.ready = false;
            partition.note(reason, now);
        }
    }

    /// The partition is ready: into its leader's queue, where a batch that grows leaves to others to press.
    fn enqueue(&mut self, lane: LaneId, grows: bool, now: Instant) {
        let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { return };
        let leader = partition.leader.unwrap_or(BrokerId::NONE);
        let node = self.nodes.entry(leader).or_default();
        node.pressing |= !grows;
        partition.ready = true;
        if partition.queued != Some(leader) {
            partition.queued = Some(leader);
            node.ready.push_back(lane);
        }
        if node.unavailable {
            partition.lane.end_choice();
        }
        match &node.held {
            Some((reason, _)) => {
                let reason = reason.clone();
                partition.note(reason, now);
            }
            None => partition.waits.note(Part::Queue, now),
        }
    }

    /// Full batches cannot grow any more: they are compressed while they wait. True if any was taken.
    fn compress_ahead(&mut self, lane: LaneId) -> bool {
        let partition = self.partitions.get(lane.0 as usize);
        if partition.and_then(|it| self.settings_of(it)).is_none_or(|it| it.codec == Codec::None) {
            return false;
        }
        let mut taken = false;
        while let Some(partition) = self.partition(lane)
            && partition.sealed.len() < COMPRESSED_AHEAD
            && partition.lane.view().frozen > 0
            && let Some(open) = partition.lane.take()
        {
            taken = true;
            if let Some(batch) = self.seal(lane, open)
                && let Some(partition) = self.partition(lane)
            {
                partition.sealed.push_back(batch);
            }
        }
        taken
    }

    /// Takes a batch over from its lane and closes it; `None` if no record is left in it.
    pub(super) fn seal(&mut self, lane: LaneId, open: OpenBatch) -> Option<Box<Batch>> {
        let (batch, writer) = self.take_over(lane, open);
        // No review may have seen it in its lane.
        let expiry = batch.next_expiry(self.config.delivery_timeout);
        let known = self.partition(lane).and_then(|partition| partition.expires_by);
        self.set_expiry(lane, earliest(known, expiry));
        self.close_body(lane, batch, writer)
    }

    /// Seals a batch or gives it to the compressor; `None` if no record is left in it.
    pub(super) fn close_body(
        &mut self,
        lane: LaneId,
        mut batch: Box<Batch>,
        writer: BatchWriter,
    ) -> Option<Box<Batch>> {
        if writer.is_empty() {
            self.closing.settle(lane, batch.ordinal);
            return None;
        }
        let settings = self.partitions.get(lane.0 as usize).and_then(|partition| self.settings_of(partition));
        let (codec, level) =
            settings.map_or((Codec::None, None), |settings| (settings.codec, settings.compression_level));
        if codec == Codec::None {
            batch.body = Body::Sealed(writer.seal());
        } else {
            self.last_job += 1;
            let number = self.last_job;
            batch.body = Body::Compressing(number);
            let producer = self.key;
            self.jobs.push_back(CompressionJob { producer, lane, number, writer, codec, level });
        }
        Some(batch)
    }

    /// What the partition's next batch waits for, in the words of the moment.
    pub(super) fn reason(&self, lane: LaneId, net: &Net, now: Instant) -> WaitReason {
        let Some(partition) = self.partitions.get(lane.0 as usize) else { return WaitReason::ProducerId };
        let (topic, index) = self.place_of(partition);
        if let Some(leader) = partition.leader
            && let Some(throttle) = net.throttled(leader, ApiKey::PRODUCE, now)
        {
            let Throttle { node, class, until, cause } = throttle;
            return WaitReason::Throttled { node, class, until, cause };
        }
        match &partition.waiting {
            Some((reason, _)) => reason.clone(),
            None if partition.leader.is_none() => WaitReason::NoLeader { topic, partition: index },
            None => WaitReason::Connecting { node: partition.leader.unwrap_or(BrokerId::NONE) },
        }
    }

    /// The topic was created anew: what may have been written to the old one cannot be asked about any more.
    fn leave_deleted_topic(&mut self, lane: LaneId, now: Instant) {
        if self.partition(lane).is_none_or(|partition| partition.again.is_empty()) {
            return;
        }
        let id = self.topic_id(lane).unwrap_or_default();
        let Some(partition) = self.partition(lane) else { return };
        let lost = |batch: &Batch| batch.uncertain && batch.topic_id != id && !id.is_zero();
        if !partition.again.iter().any(|batch| lost(batch)) {
            return;
        }
        let (lost, kept): (Vec<_>, Vec<_>) = partition.again.drain(..).partition(|batch| lost(batch));
        partition.again = kept.into();
        for mut batch in lost {
            batch.clock.book(Part::Retry, now);
            self.give_up(lane, &mut batch, Certainty::PossiblyWritten, Cause::TopicRecreated);
        }
    }

    /// Starts a partition over under a new epoch once nothing can fill a gap in its sequence any more.
    fn mend(&mut self, lane: LaneId, now: Instant) {
        let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { return };
        if !self.config.is_idempotent() {
            partition.sequence.forget_gap();
        }
        if !partition.sequence.has_gap() || !partition.in_flight.is_empty() || partition.may_fill_gap() {
            return;
        }
        // Unless another partition's gap has bumped it already.
        let place = (partition.topic, partition.lane.partition);
        if self.identity.current().is_ok_and(|current| current == partition.sequence.producer)
            && let Some((producer_id, epoch)) = self.identity.bump()
        {
            let topic = self.topics.get(place.0).map(|topic| topic.edge.name.clone()).unwrap_or_default();
            self.events.push_back(Event::EpochBumped { topic, partition: place.1, producer_id, epoch });
        }
        let Ok(current) = self.identity.current() else { return };
        let topic_id = self.topic_id(lane).unwrap_or_default();
        let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { return };
        partition.sequence.restart(current);
        let mut lost = Vec::new();
        for mut batch in std::mem::take(&mut partition.again) {
            if batch.uncertain {
                batch.clock.book(Part::Retry, now);
                lost.push(batch);
            } else {
                let stamp = partition.sequence.stamp(batch.records);
                batch.stamp(stamp, topic_id);
                partition.again.push_back(batch);
            }
        }
        for mut batch in lost {
            self.give_up(lane, &mut batch, Certainty::PossiblyWritten, Cause::SequenceGap);
        }
    }
}

impl Partition {
    /// The partition's next batch is held for this reason.
    pub(super) fn note(&mut self, reason: WaitReason, now: Instant) {
        self.waits.note(part_of(&reason), now);
        match &mut self.waiting {
            Some((known, _)) if std::mem::discriminant(known) == std::mem::discriminant(&reason) => {
                *known = reason;
            }
            waiting => *waiting = Some((reason, now)),
        }
    }
}

/// Which part of the latency a wait is booked as.
fn part_of(reason: &WaitReason) -> Part {
    match reason {
        WaitReason::Linger { .. } => Part::Linger,
        WaitReason::Throttled { .. } => Part::Throttle,
        WaitReason::RetryBackoff { .. } | WaitReason::NoSuchTopic { .. } => Part::Retry,
        WaitReason::EarlierBatch { .. } | WaitReason::InFlightLimit { .. } | WaitReason::AnswerDue { .. } => {
            Part::InFlight
        }
        WaitReason::SocketNotAccepting { .. } => Part::Write,
        WaitReason::Compression | WaitReason::Memory { .. } | WaitReason::NodeShare { .. } => Part::Queue,
        _ => Part::Connection,
    }
}
