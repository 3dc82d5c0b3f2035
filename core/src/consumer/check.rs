//! Comparing positions with the log where a fetch does not (brokers before 2.7): OffsetForLeaderEpoch (KIP-320).
//!
//! A position is compared before the first fetch from a leader whose epoch is newer than what was read.

use std::collections::BTreeMap;

use ottla_proto::messages::fetch::EpochEndOffset as Diverging;
use ottla_proto::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
    OffsetForLeaderTopic,
};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

use super::config::TopicPartition;
use super::edge::SlotId;
use super::error::PartitionFault;
use super::fetcher::{Fetcher, Request};
use super::lookup::ready_by_leader;
use super::partition::Stage;
use super::session::Wish;
use crate::net::{Answer, Net, Owner, Role, SendOptions};
use crate::time::Instant;
use crate::wait::WaitReason;

/// The first version that needs no rights on the cluster. Where a broker has none, nothing is compared, as in Java.
const FIRST_VERSION_FOR_CONSUMERS: i16 = 3;

/// A comparison in flight.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) node: BrokerId,
    pub(super) sent_at: Instant,
    asked: BTreeMap<TopicPartition, Wish>,
}

impl Check {
    pub(super) fn slots(&self) -> Vec<SlotId> {
        self.asked.values().map(|wish| wish.slot).collect()
    }
}

impl Fetcher {
    /// Holds back the partitions whose positions are to be compared first, and gives the others.
    pub(super) fn hold_unchecked(&mut self, slots: Vec<SlotId>) -> Vec<SlotId> {
        let (unchecked, checked) = slots.into_iter().partition(|slot| {
            self.partitions.get_mut(slot).is_some_and(|partition| partition.hold_unchecked())
        });
        let unchecked: Vec<_> = unchecked;
        self.unchecked.extend(unchecked);
        checked
    }

    /// Sends a comparison to every node that leads a partition in need of one and has nothing else to look up.
    pub(super) fn check_positions(&mut self, net: &mut Net, now: Instant) {
        for (node, slots) in ready_by_leader(&self.unchecked, &mut self.partitions, now) {
            if self.nodes.get(&node).is_some_and(|node| node.lookup.is_none())
                && let Err(reason) = self.check_at(node, &slots, net, now)
            {
                self.block(node, reason, now);
            }
        }
    }

    fn check_at(
        &mut self,
        node: BrokerId,
        slots: &[SlotId],
        net: &mut Net,
        now: Instant,
    ) -> Result<(), WaitReason> {
        let link = net.readiness(node, Role::Control, ApiKey::OFFSET_FOR_LEADER_EPOCH, now)?;
        let version = net.version::<OffsetForLeaderEpochRequest>(link, i16::MAX);
        let Some(version) = version.ok().filter(|version| *version >= FIRST_VERSION_FOR_CONSUMERS) else {
            slots.iter().for_each(|slot| self.pass(*slot));
            return Ok(());
        };
        let token = self.token();
        let mut check = Check { node, sent_at: now, asked: BTreeMap::new() };
        let mut topics: Vec<OffsetForLeaderTopic> = Vec::new();
        for slot in slots {
            let Some(partition) = self.partitions.get_mut(slot) else { continue };
            let (Stage::At(offset), Some(leader)) = (partition.stage, partition.leader) else { continue };
            partition.asked = Some(token);
            let last_fetched_epoch = partition.last_epoch;
            let wish = Wish { slot: *slot, offset, leader_epoch: leader.epoch, last_fetched_epoch };
            check.asked.insert(partition.name.clone(), wish);
            let described = OffsetForLeaderPartition {
                partition: partition.name.partition,
                current_leader_epoch: leader.epoch,
                leader_epoch: last_fetched_epoch,
                ..OffsetForLeaderPartition::default()
            };
            match topics.last_mut().filter(|topic| topic.topic == partition.name.topic) {
                Some(topic) => topic.partitions.push(described),
                None => topics.push(OffsetForLeaderTopic {
                    topic: partition.name.topic.clone(),
                    partitions: vec![described],
                    ..OffsetForLeaderTopic::default()
                }),
            }
        }
        // Minus one is what every consumer says; the schema's default is for tools.
        let replica_id = BrokerId(-1);
        let request = OffsetForLeaderEpochRequest { replica_id, topics, ..Default::default() };
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
        self.requests.insert(token, Request::Check(check));
        Ok(())
    }

    pub(super) fn handle_check_answer(
        &mut self,
        mut check: Check,
        answer: &Answer,
        net: &mut Net,
        now: Instant,
    ) {
        check.asked.retain(|_, wish| self.is_asked(wish.slot, answer.token));
        let slots = check.slots();
        self.release(answer.token, check.node, &slots);
        let response = match net.open::<OffsetForLeaderEpochResponse>(answer, now) {
            Ok(response) => response,
            Err(problem) => {
                let fault = PartitionFault::Malformed { node: check.node, problem: Box::new(problem) };
                return self.fail_all(&slots, &fault);
            }
        };
        for topic in response.topics {
            for end in topic.partitions {
                let name = TopicPartition { topic: topic.topic.clone(), partition: end.partition };
                if let Some(wish) = check.asked.remove(&name) {
                    self.compare(wish, &end, check.node, net, now);
                }
            }
        }
        // A broker that says nothing of a partition is asked again, but not at once.
        for wish in check.asked.into_values() {
            self.put_off(wish.slot, ErrorCode::UNKNOWN_SERVER_ERROR, net, now);
        }
    }

    fn compare(&mut self, wish: Wish, end: &EpochEndOffset, node: BrokerId, net: &mut Net, now: Instant) {
        if end.error_code != ErrorCode::NONE {
            return self.put_off_or_fail(wish.slot, end.error_code, node, net, now);
        }
        self.pass(wish.slot);
        if end.end_offset < 0 || end.leader_epoch.is_none() {
            // The log knows nothing of that epoch or of any before it.
            self.reset(wish.slot, wish.offset, None, None);
        } else if end.end_offset < wish.offset {
            let epoch = end.leader_epoch.0;
            let diverging = Diverging { epoch, end_offset: end.end_offset, ..Diverging::default() };
            self.follow_divergence(wish, &diverging, net, now);
        }
    }

    /// The position stands, as far as this leader is concerned.
    fn pass(&mut self, slot: SlotId) {
        self.unchecked.remove(&slot);
        if let Some(partition) = self.partitions.get_mut(&slot) {
            partition.passed();
        }
        self.wake_nodes();
    }
}
