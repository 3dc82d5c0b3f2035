//! Finding the offsets that reading begins and ends at: ListOffsets to the leaders (KIP-79).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ottla_proto::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopic,
};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

use super::config::{Isolation, Start, TopicPartition};
use super::edge::{Delivery, SlotId};
use super::error::PartitionFault;
use super::fetcher::{Fetcher, Request};
use super::partition::{Partition, Stage};
use crate::event::{Event, ResetCause};
use crate::net::{Answer, Net, Owner, Role, SendOptions};
use crate::time::Instant;
use crate::wait::WaitReason;

/// The timestamps that stand for the ends of a log.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// The first version that knows isolation levels.
const FIRST_VERSION_WITH_ISOLATION: i16 = 2;

/// A look-up in flight.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) node: BrokerId,
    pub(super) sent_at: Instant,
    asked: BTreeMap<TopicPartition, (SlotId, i64)>,
}

impl Lookup {
    pub(super) fn slots(&self) -> Vec<SlotId> {
        self.asked.values().map(|(slot, _)| *slot).collect()
    }
}

impl Fetcher {
    /// Sends a look-up to every node that leads a partition in need of one and has none in flight.
    pub(super) fn look_up(&mut self, net: &mut Net, now: Instant) {
        for (node, slots) in ready_by_leader(&self.unresolved, &mut self.partitions, now) {
            if self.nodes.get(&node).is_some_and(|node| node.lookup.is_none())
                && let Err(reason) = self.look_up_at(node, &slots, net, now)
            {
                self.block(node, reason, now);
            }
        }
    }

    fn look_up_at(
        &mut self,
        node: BrokerId,
        slots: &[SlotId],
        net: &mut Net,
        now: Instant,
    ) -> Result<(), WaitReason> {
        let link = net.readiness(node, Role::Control, ApiKey::LIST_OFFSETS, now)?;
        let version = match net.version::<ListOffsetsRequest>(link, i16::MAX) {
            Ok(version) => version,
            Err(unsupported) => {
                self.fail_all(slots, &PartitionFault::Unsupported(unsupported));
                return Ok(());
            }
        };
        let token = self.token();
        let mut lookup = Lookup { node, sent_at: now, asked: BTreeMap::new() };
        let mut topics: Vec<ListOffsetsTopic> = Vec::new();
        for slot in slots {
            let Some(partition) = self.partitions.get_mut(slot) else { continue };
            let Some(leader) = partition.leader else { continue };
            // A request names a partition once; whoever else asks about it has the next turn.
            if lookup.asked.contains_key(&partition.name) {
                continue;
            }
            let timestamp = match partition.stage {
                Stage::Start(Start::Earliest) => EARLIEST,
                Stage::Start(Start::Timestamp(timestamp)) => timestamp.max(0),
                Stage::Start(Start::Ago(age)) => since_1970(self.config.clock_start_ms, now, age),
                Stage::Start(Start::Latest | Start::At(_) | Start::AtEpoch(..))
                | Stage::At(_)
                | Stage::Failed => LATEST,
            };
            partition.asked = Some(token);
            partition.retry = None;
            lookup.asked.insert(partition.name.clone(), (*slot, timestamp));
            let described = ListOffsetsPartition {
                partition_index: partition.name.partition,
                current_leader_epoch: leader.epoch,
                timestamp,
                ..ListOffsetsPartition::default()
            };
            match topics.last_mut().filter(|topic| topic.name == partition.name.topic) {
                Some(topic) => topic.partitions.push(described),
                None => topics.push(ListOffsetsTopic {
                    name: partition.name.topic.clone(),
                    partitions: vec![described],
                    ..ListOffsetsTopic::default()
                }),
            }
        }
        let isolation =
            if version < FIRST_VERSION_WITH_ISOLATION { Isolation::default() } else { self.config.isolation };
        let request = ListOffsetsRequest {
            isolation_level: isolation.wire(),
            topics,
            timeout_ms: i32::try_from(self.config.request_timeout.as_millis()).unwrap_or(i32::MAX),
            ..ListOffsetsRequest::default()
        };
        let timeout = self.config.request_timeout;
        let options = SendOptions { owner: Owner::Consumer(self.key), token, timeout, answer: true };
        if let Err(error) = net.send(link, version, &request, options, now) {
            self.release(token, node, slots);
            self.fail_all(slots, &PartitionFault::Encode(error));
            return Ok(());
        }
        if let Some(node) = self.nodes.get_mut(&node) {
            node.lookup = Some(token);
        }
        self.requests.insert(token, Request::Lookup(lookup));
        Ok(())
    }

    pub(super) fn handle_lookup_answer(
        &mut self,
        mut lookup: Lookup,
        answer: &Answer,
        net: &mut Net,
        now: Instant,
    ) {
        // What was asked of another node meanwhile is that node's to answer.
        lookup.asked.retain(|_, (slot, _)| self.is_asked(*slot, answer.token));
        let slots = lookup.slots();
        self.release(answer.token, lookup.node, &slots);
        let response = match net.open::<ListOffsetsResponse>(answer, now) {
            Ok(response) => response,
            Err(problem) => {
                return self.fail_all(
                    &slots,
                    &PartitionFault::Malformed { node: lookup.node, problem: Box::new(problem) },
                );
            }
        };
        for topic in response.topics {
            for found in topic.partitions {
                let name = TopicPartition { topic: topic.name.clone(), partition: found.partition_index };
                if let Some((slot, timestamp)) = lookup.asked.remove(&name) {
                    self.take_offset(slot, timestamp, &found, lookup.node, net, now);
                }
            }
        }
        // A broker that says nothing of a partition is asked again, but not at once.
        for (slot, _) in lookup.asked.into_values() {
            self.put_off(slot, ErrorCode::UNKNOWN_SERVER_ERROR, net, now);
        }
    }

    fn take_offset(
        &mut self,
        slot: SlotId,
        timestamp: i64,
        found: &ListOffsetsPartitionResponse,
        node: BrokerId,
        net: &mut Net,
        now: Instant,
    ) {
        if found.error_code != ErrorCode::NONE {
            return self.put_off_or_fail(slot, found.error_code, node, net, now);
        }
        let Some(partition) = self.partitions.get_mut(&slot) else { return };
        if partition.question.is_some() {
            return self.take_answer(slot, found);
        }
        partition.succeed();
        let mut delivery = Delivery::default();
        if let Stage::At(_) = partition.stage {
            partition.end_wanted = false;
            partition.end = Some(found.offset);
        } else if found.offset < 0 && timestamp != LATEST {
            // No record is that late, or there is none at all.
            partition.stage = Stage::Start(Start::Latest);
            return;
        } else {
            let offset = found.offset.max(0);
            partition.stage = Stage::At(offset);
            if let Some(from) = partition.reset_from.take() {
                self.events.push_back(Event::PositionReset {
                    topic: partition.name.topic.clone(),
                    partition: partition.name.partition,
                    from,
                    to: offset,
                    cause: ResetCause::OutOfRange,
                });
            }
            delivery.next_offset = Some(offset);
            if timestamp == LATEST {
                partition.end = Some(found.offset).filter(|_| partition.end_wanted);
                partition.end_wanted = false;
            }
        }
        delivery.end = partition.end;
        if !partition.needs_lookup() {
            self.unresolved.remove(&slot);
        }
        self.wake_nodes();
        self.edge.deliver([(slot, delivery)]);
    }
}

/// The time that was `age` ago, in milliseconds since 1970.
fn since_1970(clock_start_ms: i64, now: Instant, age: Duration) -> i64 {
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let since_start = millis(now.saturating_duration_since(Instant::ZERO));
    clock_start_ms.saturating_add(since_start).saturating_sub(millis(age)).max(0)
}

/// Those of the partitions that nothing is asked about and no pause holds back, by the node that leads them.
pub(super) fn ready_by_leader(
    slots: &BTreeSet<SlotId>,
    partitions: &mut BTreeMap<SlotId, Partition>,
    now: Instant,
) -> BTreeMap<BrokerId, Vec<SlotId>> {
    let mut nodes: BTreeMap<BrokerId, Vec<SlotId>> = BTreeMap::new();
    for slot in slots {
        let Some(partition) = partitions.get_mut(slot) else { continue };
        partition.retry = partition.retry.filter(|retry| retry.until > now);
        if let (Some(leader), None, None) = (partition.leader, partition.asked, partition.retry) {
            nodes.entry(leader.node).or_default().push(*slot);
        }
    }
    nodes
}
