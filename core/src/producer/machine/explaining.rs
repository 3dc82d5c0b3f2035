//! What waits, and what for: batches, senders that wait for memory, topics that nobody knows yet.

use ottla_proto::BrokerId;

use super::Producer;
use crate::core::Waiting;
use crate::net::{Class, Net, Throttle, ThrottleView, Written};
use crate::producer::budget::{NO_LEADER, Shortage, WaitingCaller};
use crate::producer::lane::LaneId;
use crate::producer::partition::InFlight;
use crate::producer::topic::TopicEdge;
use crate::time::Instant;
use crate::wait::WaitReason;

impl Producer {
    /// Everything that waits at this moment, of each partition what is in flight and what goes next. Costs what waits,
    /// never the number of partitions.
    pub(in crate::producer) fn explain(&self, net: &Net, now: Instant, waiting: &mut Vec<Waiting>) {
        for lane in self.active.iter() {
            let Some(partition) = self.partitions.get(lane.0 as usize) else { continue };
            waiting.extend(partition.in_flight.front().and_then(|oldest| {
                let InFlight { token, link, ref batch } = *oldest;
                let node = link.node;
                let reason = match net.written(link, self.owner(), token) {
                    Some(Written::Whole) | None => WaitReason::AnswerDue { node },
                    Some(_) => WaitReason::SocketNotAccepting { node },
                };
                self.batch_waits(lane, reason, batch.clock.booked_until())
            }));
            if let Some((reason, since)) = partition.next_waits() {
                waiting.extend(self.batch_waits(lane, reason.clone(), *since));
            }
        }
        let (lanes, topics) = self.edge.inbox.untaken();
        waiting.extend(lanes.into_iter().filter_map(|lane| self.untaken_waits(lane, now)));
        // Their records wait with the senders: without partitions there is no batch that could hold them.
        for topic in self.topics.iter().filter(|topic| topic.edge.is_awaited()) {
            waiting.push(topic_waits(&topic.edge, topic.wanted_at));
        }
        let known = |edge: &TopicEdge| self.topics.iter().any(|topic| topic.edge.name == edge.name);
        for edge in topics.iter().filter(|edge| edge.is_awaited() && !known(edge)) {
            waiting.push(topic_waits(edge, now));
        }
        for caller in self.edge.budget.waiting() {
            waiting.push(caller_waits(caller, net.throttle(), now));
        }
    }

    fn batch_waits(&self, lane: LaneId, reason: WaitReason, since: Instant) -> Option<Waiting> {
        let partition = self.partitions.get(lane.0 as usize)?;
        let (topic, index) = self.place_of(partition);
        Some(Waiting {
            node: reason.node().or(partition.leader),
            topic: Some(topic),
            partition: Some(index),
            until: reason.until(),
            reason,
            since,
        })
    }

    /// A batch that the driver has not seen yet.
    fn untaken_waits(&self, lane: LaneId, now: Instant) -> Option<Waiting> {
        let partition = self.partitions.get(lane.0 as usize)?;
        if partition.next_waits().is_some() && self.active.contains(lane) {
            return None;
        }
        let view = partition.lane.view();
        let since = view.oldest?;
        let linger = self.settings_of(partition)?.linger;
        let reason = match view.open_since.map(|since| since + linger) {
            Some(until) if view.frozen == 0 && until > now => WaitReason::Linger { until },
            _ => WaitReason::Queued,
        };
        self.batch_waits(lane, reason, since)
    }
}

fn topic_waits(edge: &TopicEdge, since: Instant) -> Waiting {
    let reason = WaitReason::Metadata { topic: edge.name.clone() };
    Waiting { node: None, topic: Some(edge.name.clone()), partition: None, reason, since, until: None }
}

fn caller_waits(caller: WaitingCaller, throttles: &ThrottleView, now: Instant) -> Waiting {
    let WaitingCaller { goal, topic, shortage, need, free, since } = caller;
    let reason = shortage_reason(shortage, need, free, throttles, now);
    Waiting {
        node: (goal.leader != NO_LEADER).then_some(BrokerId(goal.leader)),
        topic: Some(topic),
        partition: Some(goal.partition),
        until: reason.until(),
        reason,
        since,
    }
}

/// Why there is no memory for a record.
pub(in crate::producer) fn shortage_reason(
    shortage: Shortage,
    needed: usize,
    free: usize,
    throttles: &ThrottleView,
    now: Instant,
) -> WaitReason {
    let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    let Shortage::Node(node) = shortage else {
        return WaitReason::Memory { needed: bytes(needed), free: bytes(free) };
    };
    let node = BrokerId(node);
    // The share is full because the node takes nothing: if it told why, that is the reason.
    match throttles.get(node, Class::Produce, now) {
        Some(Throttle { node, class, until, cause }) => WaitReason::Throttled { node, class, until, cause },
        None => WaitReason::NodeShare { node },
    }
}
