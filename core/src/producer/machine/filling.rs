//! What goes out: each node's queue into requests, as far as the net lets it.

use std::collections::VecDeque;
use std::ops::Bound;

use ottla_proto::messages::ProduceRequest;
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, BrokerId, TopicId};

use super::Producer;
use crate::net::{Link, Net, Role, SendOptions};
use crate::producer::batch::{Batch, Body};
use crate::producer::config::Acks;
use crate::producer::lane::LaneId;
use crate::producer::partition::InFlight;
use crate::producer::request::{Request as RequestInFlight, TOPIC_IDS_FROM, build};
use crate::producer::{Cause, Certainty};
use crate::time::Instant;
use crate::wait::WaitReason;

impl Producer {
    pub(super) fn fill_all(&mut self, net: &mut Net, now: Instant) {
        let mut looked_at = Bound::Unbounded;
        // One after the other, since sending to one may leave something for the next. A turn must not cost more because
        // there are many brokers without news.
        while let Some((&node, _)) =
            self.nodes.range((looked_at, Bound::Unbounded)).find(|(_, queue)| queue.has_news())
        {
            while self.fill(node, net, now) {}
            // What sending changed: more to send, or a batch with the compressor.
            self.review_dirty(net, now);
            looked_at = Bound::Excluded(node);
        }
    }

    /// Sends one request to the node, if there is anything for it and it may be sent to. True if one was sent.
    fn fill(&mut self, node: BrokerId, net: &mut Net, now: Instant) -> bool {
        let Some(queue) = self.nodes.get_mut(&node) else { return false };
        while let Some(lane) = queue.ready.front()
            && !self.partitions.get(lane.0 as usize).is_some_and(|partition| partition.is_ready_for(node))
        {
            if let Some(partition) = self.partitions.get_mut(lane.0 as usize) {
                partition.leave_queue(node);
            }
            queue.ready.pop_front();
        }
        if queue.ready.is_empty() {
            queue.held = None;
            self.takes_again(node);
            return false;
        }
        let pressing = queue.pressing;
        let link = match self.open_way(node, net, now) {
            Ok(link) if !pressing && net.is_busy(link, now) => {
                self.hold_node(node, WaitReason::InFlightLimit { node }, now);
                return false;
            }
            Ok(link) => link,
            Err(reason) => {
                self.hold_node(node, reason, now);
                return false;
            }
        };
        let batches = self.collect(node);
        if batches.is_empty() {
            return false;
        }
        // Without the ids the names must do.
        let ids = batches.iter().all(|(lane, _)| self.topic_id(*lane).is_some());
        let highest = if ids { ProduceRequest::LATEST_STABLE } else { TOPIC_IDS_FROM - 1 };
        let version = match net.version::<ProduceRequest>(link, highest) {
            Ok(version) => version,
            Err(unsupported) => {
                self.unsendable(batches, &unsupported.to_string());
                return true;
            }
        };
        let request = build(self, &batches);
        let token = self.next_token();
        let options = SendOptions {
            owner: self.owner(),
            token,
            timeout: self.config.request_timeout,
            answer: self.config.acks != Acks::None,
        };
        if let Err(error) = net.send(link, version, &request, options, now) {
            self.unsendable(batches, &error.to_string());
            return true;
        }
        let lanes = batches.iter().map(|&(lane, _)| lane).collect();
        self.metrics.requests += 1;
        self.requests.insert(token, RequestInFlight { lanes });
        for (lane, mut batch) in batches {
            self.book_wait(lane, &mut batch.clock, now);
            if let Some(partition) = self.partitions.get_mut(lane.0 as usize) {
                batch.attempts = batch.attempts.saturating_add(1);
                partition.in_flight.push_back(InFlight { token, link, batch });
            }
            self.touch(lane);
        }
        self.review_dirty(net, now);
        true
    }

    /// The way to the node, or what is in it.
    fn open_way(&mut self, node: BrokerId, net: &mut Net, now: Instant) -> Result<Link, WaitReason> {
        if node.is_none() {
            let first = self.nodes.get(&node).and_then(|queue| queue.ready.front().copied());
            let partition = first.and_then(|lane| self.partitions.get(lane.0 as usize));
            let (topic, partition) = partition.map(|partition| self.place_of(partition)).unwrap_or_default();
            return Err(WaitReason::NoLeader { topic, partition });
        }
        let link = net.readiness(node, Role::Produce(self.key), ApiKey::PRODUCE, now)?;
        self.identity.current()?;
        Ok(link)
    }

    fn hold_node(&mut self, node: BrokerId, reason: WaitReason, now: Instant) {
        self.takes_nothing(node, &reason, now);
        let Some(queue) = self.nodes.get_mut(&node) else { return };
        if queue.held.as_ref().is_some_and(|(held, _)| *held == reason) {
            return;
        }
        queue.held = Some((reason.clone(), now));
        for lane in &queue.ready {
            // One that has gone to another leader may still stand in the queue.
            let partition = self.partitions.get_mut(lane.0 as usize);
            if let Some(partition) = partition.filter(|partition| partition.is_ready_for(node)) {
                // Each leaderless partition by its own name.
                let reason = match &reason {
                    WaitReason::NoLeader { .. } => {
                        let topic = self.topics.get(partition.topic).map(|topic| topic.edge.name.clone());
                        let (topic, partition) = (topic.unwrap_or_default(), partition.lane.partition);
                        WaitReason::NoLeader { topic, partition }
                    }
                    reason => reason.clone(),
                };
                partition.note(reason, now);
            }
        }
    }

    /// Takes one batch of each partition that is ready for the node, as many as a request may hold, stamped.
    fn collect(&mut self, node: BrokerId) -> Vec<(LaneId, Box<Batch>)> {
        let mut batches = Vec::new();
        let mut bytes = 0_usize;
        let mut ready = VecDeque::new();
        if let Some(queue) = self.nodes.get_mut(&node) {
            queue.held = None;
            ready = std::mem::take(&mut queue.ready);
        }
        self.takes_again(node);
        while let Some(lane) = ready.pop_front() {
            let Some(partition) = self.partition(lane) else { continue };
            let ready = partition.is_ready_for(node);
            partition.leave_queue(node);
            if !ready {
                continue;
            }
            let Some(batch) = self.next_batch(lane) else {
                self.touch(lane);
                continue;
            };
            bytes = bytes.saturating_add(batch.size());
            if bytes > self.config.request_bytes && !batches.is_empty() {
                self.give_back(lane, batch);
                self.touch(lane);
                break;
            }
            batches.push((lane, batch));
        }
        if let Some(queue) = self.nodes.get_mut(&node) {
            queue.pressing = !ready.is_empty();
            queue.ready = ready;
        }
        for (lane, batch) in &mut batches {
            self.stamp(*lane, batch);
        }
        batches
    }

    /// The batch of the partition that goes next; `None` if it is with the compressor now.
    fn next_batch(&mut self, lane: LaneId) -> Option<Box<Batch>> {
        let partition = self.partition(lane)?;
        if let Some(batch) = partition.again.pop_front() {
            return Some(batch);
        }
        loop {
            let partition = self.partition(lane)?;
            let batch = match partition.sealed.pop_front() {
                Some(batch) => batch,
                None => {
                    let open = partition.lane.take()?;
                    match self.seal(lane, open) {
                        Some(batch) => batch,
                        // All its records were struck.
                        None => continue,
                    }
                }
            };
            if !matches!(batch.body, Body::Sealed(_)) {
                self.partition(lane)?.sealed.push_front(batch);
                return None;
            }
            match batch.fate.take(batch.cut.len()) {
                Ok(()) => return Some(batch),
                // Each round cuts at least one record out.
                Err(struck) => self.cut_out(lane, batch, struck),
            }
        }
    }

    /// Cuts records out of a sealed batch that were struck after it was sealed, and puts it back.
    fn cut_out(&mut self, lane: LaneId, mut batch: Box<Batch>, struck: Vec<u32>) {
        let before = batch.cut.len();
        let Some(writer) = batch.cut_out(struck) else {
            let cause = Cause::Unsendable { reason: "its records cannot be read back".to_owned() };
            return self.give_up(lane, &mut batch, Certainty::NotWritten, cause);
        };
        let more = u32::try_from(batch.cut.len().saturating_sub(before)).unwrap_or(u32::MAX);
        self.closing.count(lane, batch.ordinal, more, Some(Certainty::NotWritten));
        if let Some(batch) = self.close_body(lane, batch, writer)
            && let Some(partition) = self.partition(lane)
        {
            partition.sealed.push_front(batch);
        }
    }

    fn give_back(&mut self, lane: LaneId, batch: Box<Batch>) {
        if let Some(partition) = self.partition(lane) {
            if batch.is_stamped() {
                partition.put_back(batch);
            } else {
                batch.fate.give_back();
                partition.sealed.push_front(batch);
            }
        }
    }

    fn stamp(&mut self, lane: LaneId, batch: &mut Batch) {
        if batch.is_stamped() {
            return;
        }
        let Ok(current) = self.identity.current() else { return };
        let topic_id = self.topic_id(lane).unwrap_or_default();
        let Some(partition) = self.partition(lane) else { return };
        // Another epoch is adopted when nothing of the old one is left to be answered.
        if partition.sequence.producer != current && partition.is_drained() {
            partition.sequence.restart(current);
        }
        let stamp = partition.sequence.stamp(batch.records);
        batch.stamp(stamp, topic_id);
    }

    pub(super) fn topic_id(&self, lane: LaneId) -> Option<TopicId> {
        let partition = self.partitions.get(lane.0 as usize)?;
        let id = self.topics.get(partition.topic)?.id;
        (!id.is_zero()).then_some(id)
    }

    /// The broker's versions cannot carry the batches.
    fn unsendable(&mut self, batches: Vec<(LaneId, Box<Batch>)>, reason: &str) {
        for (lane, mut batch) in batches {
            if let Some(partition) = self.partition(lane) {
                partition.sequence.lose(batch.order());
            }
            let certainty = batch.certainty();
            self.give_up(lane, &mut batch, certainty, Cause::Unsendable { reason: reason.to_owned() });
            self.touch(lane);
        }
    }
}
