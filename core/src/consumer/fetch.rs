//! What is fetched from one node: the request, and what its answer means.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use ottla_proto::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse, PartitionData,
};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, TopicId, TopicName};

use super::budget::Charge;
use super::edge::{Appetite, Delivery, SlotId};
use super::error::PartitionFault;
use super::fetcher::{Fetcher, Idle, Node, Request};
use super::partition::Stage;
use super::split::split;
use crate::cluster::{Broker, Leader};
use crate::net::{Answer, Host, Link, Net, Owner, RequestToken, Role, SendOptions};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

/// The smallest answer worth asking for; a larger batch comes whole all the same.
const LEAST_ANSWER: usize = 64 << 10;

/// What an answer spends on one partition besides its records, and on one topic besides its name.
const PARTITION_OVERHEAD: usize = 64;

/// The last version that names topics instead of giving their ids.
const LAST_VERSION_WITH_NAMES: i16 = 12;

/// A fetch in flight.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) node: BrokerId,
    pub(super) sent_at: Instant,
    pub(super) slots: Vec<SlotId>,
    /// By what the answer names a topic, and by partition.
    index: BTreeMap<(TopicKey, i32), Asked>,
    charge: Charge,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    slot: SlotId,
    offset: i64,
    /// Whether the request begins with it.
    first: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TopicKey {
    Id(TopicId),
    Name(TopicName),
}

impl Fetcher {
    /// Sends a fetch to every node that has none in flight and something to be asked for.
    pub(super) fn fetch(&mut self, net: &mut Net, now: Instant) {
        let due = |node: &Node| {
            let idle = node.idle.is_some_and(|idle| idle.until.is_none_or(|until| until > now));
            node.fetch.is_none() && !node.slots.is_empty() && !idle
        };
        let nodes: Vec<_> = self.nodes.iter().filter(|(_, node)| due(node)).map(|(id, _)| *id).collect();
        for node in nodes {
            // A rest that is over must not stay a timer while the node cannot be asked.
            if let Some(node) = self.nodes.get_mut(&node) {
                node.idle = None;
            }
            if let Err(reason) = self.fetch_from(node, net, now) {
                self.block(node, reason, now);
            }
        }
    }

    fn fetch_from(&mut self, id: BrokerId, net: &mut Net, now: Instant) -> Result<(), WaitReason> {
        let link = net.readiness(id, Role::Fetch(self.key), ApiKey::FETCH, now)?;
        let share = self.share();
        let Some(node) = self.nodes.get_mut(&id) else { return Ok(()) };
        let least = LEAST_ANSWER.min(share).min(self.config.fetch_max_bytes);
        let Some(charge) = node.account.reserve(least, self.config.fetch_max_bytes, share) else {
            self.reclaim_paused();
            return Err(self.memory_reason(id, least, share));
        };
        let (asked, max_wait) = self.choose(id, now);
        if asked.is_empty() {
            return Ok(());
        }
        self.send_fetch(link, asked, charge, max_wait, net, now);
        Ok(())
    }

    /// The partitions of a node that can take more, and how long the broker may wait for records.
    ///
    /// A fetch in flight cannot be recalled, so one that leaves out a partition that will soon be wanted (it is
    /// full, or waits to try again) must not wait long: no longer than that partition has been left out
    /// already. So a partition at most doubles the time for which it goes without, and a partition that stays
    /// full costs a few requests and then none.
    fn choose(&mut self, id: BrokerId, now: Instant) -> (Vec<SlotId>, Duration) {
        let Some(node) = self.nodes.get_mut(&id) else { return (Vec::new(), Duration::ZERO) };
        let appetites = self.edge.appetites_or_wake(node.slots.iter().copied());
        let mut asked = Vec::with_capacity(appetites.len());
        let mut max_wait = self.config.fetch_max_wait;
        let mut until: Option<Instant> = None;
        for (slot, appetite) in appetites {
            let Some(partition) = self.partitions.get_mut(&slot) else { continue };
            let retry = partition.retry.filter(|retry| retry.until > now);
            let wanted = match (appetite, partition.stage) {
                (Appetite::Hungry, Stage::At(_)) if !partition.end_wanted && retry.is_none() => {
                    if partition.asked.is_none() {
                        asked.push(slot);
                    }
                    partition.absent_since = None;
                    continue;
                }
                (Appetite::Hungry, Stage::At(_) | Stage::Start(_)) | (Appetite::Full, _) => true,
                (Appetite::Paused | Appetite::Ended | Appetite::Failed, _) | (_, Stage::Failed) => false,
            };
            if wanted {
                let absent = now.saturating_duration_since(*partition.absent_since.get_or_insert(now));
                max_wait = max_wait.min(absent.max(Duration::from_millis(1)));
            }
            until = earliest(until, retry.map(|retry| retry.until));
        }
        if asked.is_empty() {
            node.idle = Some(Idle { until });
            node.blocked = None;
        }
        (asked, max_wait)
    }

    fn send_fetch(
        &mut self,
        link: Link,
        slots: Vec<SlotId>,
        charge: Charge,
        max_wait: Duration,
        net: &mut Net,
        now: Instant,
    ) {
        let ids = self.topic_ids(&slots, net);
        let highest = if ids.is_some() { i16::MAX } else { LAST_VERSION_WITH_NAMES };
        let version = match net.version::<FetchRequest>(link, highest) {
            Ok(version) => version,
            Err(unsupported) => return self.fail_all(&slots, &PartitionFault::Unsupported(unsupported)),
        };
        let ids = ids.filter(|_| version > LAST_VERSION_WITH_NAMES);
        let token = self.token();
        let mut flight =
            Flight { node: link.node, sent_at: now, slots: Vec::new(), index: BTreeMap::new(), charge };
        let topics = self.describe(&slots, ids.as_ref(), token, &mut flight);
        let overhead = topics.iter().map(|topic| topic.topic.len() + PARTITION_OVERHEAD).sum::<usize>()
            + flight.slots.len() * PARTITION_OVERHEAD;
        let request = FetchRequest {
            max_wait_ms: wire(max_wait.as_millis()),
            min_bytes: wire(self.config.fetch_min_bytes),
            max_bytes: wire(flight.charge.bytes().saturating_sub(overhead).max(1)),
            isolation_level: self.config.isolation.wire(),
            topics,
            ..FetchRequest::default()
        };
        let timeout = max_wait + self.config.request_timeout;
        let options = SendOptions { owner: Owner::Consumer(self.key), token, timeout, answer: true };
        if let Err(error) = net.send(link, version, &request, options, now) {
            self.release(token, link.node, &slots);
            return self.fail_all(&slots, &PartitionFault::Encode(error));
        }
        if let Some(node) = self.nodes.get_mut(&link.node) {
            node.fetch = Some(token);
            node.blocked = None;
        }
        self.requests.insert(token, Request::Fetch(flight));
    }

    /// The ids of all topics among `slots`; `None` if the cluster has not told one of them.
    fn topic_ids(&self, slots: &[SlotId], net: &Net) -> Option<BTreeMap<TopicName, TopicId>> {
        let mut ids = BTreeMap::new();
        for partition in slots.iter().filter_map(|slot| self.partitions.get(slot)) {
            let topic = &partition.name.topic;
            if !ids.contains_key(topic) {
                ids.insert(topic.clone(), net.cluster().topic_id(topic)?);
            }
        }
        Some(ids)
    }

    /// Lists the partitions as the request has them, neighbours of one topic together, and notes them in the
    /// flight.
    fn describe(
        &mut self,
        slots: &[SlotId],
        ids: Option<&BTreeMap<TopicName, TopicId>>,
        token: RequestToken,
        flight: &mut Flight,
    ) -> Vec<FetchTopic> {
        let mut topics: Vec<FetchTopic> = Vec::new();
        for slot in slots {
            let Some(partition) = self.partitions.get_mut(slot) else { continue };
            let (Stage::At(offset), Some(leader)) = (partition.stage, partition.leader) else { continue };
            partition.asked = Some(token);
            partition.retry = None;
            let name = &partition.name.topic;
            let id = ids.and_then(|ids| ids.get(name)).copied();
            let key = id.map_or_else(|| TopicKey::Name(name.clone()), TopicKey::Id);
            let first = flight.slots.is_empty();
            flight.index.insert((key, partition.name.partition), Asked { slot: *slot, offset, first });
            flight.slots.push(*slot);
            let described = FetchPartition {
                partition: partition.name.partition,
                current_leader_epoch: leader.epoch,
                fetch_offset: offset,
                partition_max_bytes: wire(self.config.partition_max_bytes),
                ..FetchPartition::default()
            };
            match topics.last_mut().filter(|topic| topic.topic == *name) {
                Some(topic) => topic.partitions.push(described),
                None => topics.push(FetchTopic {
                    topic: name.clone(),
                    topic_id: id.unwrap_or_default(),
                    partitions: vec![described],
                    ..FetchTopic::default()
                }),
            }
        }
        topics
    }

    /// Takes what an answer brought. Everything that belongs to a partition which is still assigned, not sought
    /// elsewhere and not asked of another node by now goes to the reader.
    pub(super) fn handle_fetch_answer(
        &mut self,
        mut flight: Flight,
        answer: &Answer,
        net: &mut Net,
        now: Instant,
    ) {
        flight.index.retain(|_, asked| self.is_asked(asked.slot, answer.token));
        self.release(answer.token, flight.node, &flight.slots);
        let slots: Vec<_> = flight.index.values().map(|asked| asked.slot).collect();
        let response = match net.open::<FetchResponse>(answer, now) {
            Ok(response) => response,
            Err(problem) => {
                return self.fail_all(
                    &slots,
                    &PartitionFault::Malformed { node: flight.node, problem: Box::new(problem) },
                );
            }
        };
        if response.error_code != ErrorCode::NONE {
            for slot in slots {
                self.put_off(slot, response.error_code, net, now);
            }
            return;
        }
        for endpoint in response.node_endpoints {
            let Ok(port) = u16::try_from(endpoint.port) else { continue };
            let host = Host { name: endpoint.host, port };
            net.cluster_mut().hint_broker(Broker { id: endpoint.node_id, host, rack: endpoint.rack });
        }
        flight.charge.resize(answer.body_len());
        let charge = Arc::new(flight.charge);
        let mut deliveries = Vec::with_capacity(slots.len());
        let mut bytes = 0;
        for FetchableTopicResponse { topic, topic_id, partitions, .. } in response.responses {
            let key = if topic_id.is_zero() { TopicKey::Name(topic) } else { TopicKey::Id(topic_id) };
            for data in partitions {
                // Taking the entry out makes a second mention of the partition unknown.
                let asked = flight.index.remove(&(key.clone(), data.partition_index));
                let Some(asked) = asked else { continue };
                bytes += data.records.as_ref().map_or(0, Bytes::len);
                if let Some(delivery) = self.take_in(asked, data, &charge, flight.node, net, now) {
                    deliveries.push((asked.slot, delivery));
                }
            }
        }
        // A throttled answer is empty; one that leaves partitions out for no reason must not be asked for at once.
        if response.throttle_time_ms == 0 {
            for asked in flight.index.values() {
                self.put_off(asked.slot, ErrorCode::UNKNOWN_SERVER_ERROR, net, now);
            }
        }
        self.edge.count_fetch(bytes);
        self.rotate(flight.node, &deliveries);
        self.edge.deliver(deliveries);
    }

    /// What one partition's part of an answer means.
    fn take_in(
        &mut self,
        asked: Asked,
        data: PartitionData,
        charge: &Arc<Charge>,
        node: BrokerId,
        net: &mut Net,
        now: Instant,
    ) -> Option<Delivery> {
        let partition = self.partitions.get_mut(&asked.slot)?;
        let known = |offset: i64| (offset >= 0).then_some(offset);
        match data.error_code {
            ErrorCode::NONE => {}
            ErrorCode::OFFSET_OUT_OF_RANGE => {
                let (start, end) = (known(data.log_start_offset), known(data.high_watermark));
                self.reset(asked.slot, asked.offset, start, end);
                return None;
            }
            error => {
                let leader =
                    Leader { node: data.current_leader.leader_id, epoch: data.current_leader.leader_epoch };
                net.cluster_mut().hint(&partition.name.topic, partition.name.partition, leader);
                self.put_off_or_fail(asked.slot, error, node, net, now);
                return None;
            }
        }
        partition.succeed();
        let mut delivery = Delivery {
            high_watermark: known(data.high_watermark),
            last_stable_offset: known(data.last_stable_offset),
            log_start_offset: known(data.log_start_offset),
            ..Delivery::default()
        };
        let records = data.records.unwrap_or_default();
        if records.is_empty() {
            return Some(delivery);
        }
        let aborted = data.aborted_transactions.unwrap_or_default();
        let parts =
            split(records, &partition.name, asked.offset, partition.end, &self.config, aborted, charge);
        // The answer was full before the first batch was whole. The first partition of a request gets a whole
        // batch in any case, so this one goes first next time.
        partition.incomplete = parts.next_offset == asked.offset && parts.needed.is_some();
        if let (true, true, Some(needed)) = (partition.incomplete, asked.first, parts.needed) {
            delivery.failure = Some(partition.fail(PartitionFault::Incomplete { node, needed }, None));
            return Some(delivery);
        }
        if parts.next_offset != asked.offset {
            partition.stage = Stage::At(parts.next_offset);
            delivery.next_offset = Some(parts.next_offset);
        }
        if let Some(failure) = parts.failure {
            partition.stage = Stage::Failed;
            delivery.failure = Some(failure);
        }
        delivery.batches = parts.batches;
        Some(delivery)
    }

    /// The position is not in the log.
    fn reset(&mut self, slot: SlotId, offset: i64, log_start: Option<i64>, log_end: Option<i64>) {
        let Some(partition) = self.partitions.get_mut(&slot) else { return };
        let Some(start) = partition.reset_to else {
            let fault = PartitionFault::OutOfRange { log_start, log_end };
            return self.fail(slot, fault, log_start.filter(|start| *start > offset));
        };
        partition.stage = Stage::Start(start);
        self.unresolved.insert(slot);
    }

    /// Lets those whose turn it was not go first next time: a broker fills an answer in the order of the
    /// request until it is full.
    fn rotate(&mut self, node: BrokerId, deliveries: &[(SlotId, Delivery)]) {
        let Some(node) = self.nodes.get_mut(&node) else { return };
        let served: BTreeSet<_> = deliveries
            .iter()
            .filter(|(_, delivery)| !delivery.batches.is_empty())
            .map(|(slot, _)| *slot)
            .collect();
        if served.is_empty() || served.len() == node.slots.len() {
            return;
        }
        let (mut first, last): (Vec<_>, Vec<_>) =
            node.slots.drain(..).partition(|slot| !served.contains(slot));
        first.sort_by_key(|slot| {
            let incomplete = self.partitions.get(slot).is_some_and(|partition| partition.incomplete);
            !incomplete
        });
        node.slots.extend(first);
        node.slots.extend(last);
    }

    /// What one node may hold of the budget: an equal part, so that a node whose records nobody reads, or whose
    /// long poll has reserved room, leaves the others theirs.
    fn share(&self) -> usize {
        let nodes = self.nodes.values().filter(|node| !node.slots.is_empty()).count().max(1);
        (self.budget.limit() / nodes).max(1)
    }

    fn memory_reason(&self, node: BrokerId, needed: usize, share: usize) -> WaitReason {
        let free = self.budget.limit().saturating_sub(self.budget.used());
        let own = self.nodes.get(&node).map_or(0, |node| node.account.used());
        if share < self.budget.limit() && share.saturating_sub(own) < needed {
            WaitReason::NodeShare { node }
        } else {
            WaitReason::Memory { needed: needed as u64, free: free as u64 }
        }
    }

    /// Room is short: what lies in paused partitions can be fetched again when they go on.
    fn reclaim_paused(&mut self) {
        for (slot, offset) in self.edge.give_back_paused() {
            if let Some(partition) = self.partitions.get_mut(&slot)
                && let Stage::At(next) = &mut partition.stage
            {
                *next = offset;
                // What is in flight begins behind what was just given back.
                partition.asked = None;
            }
        }
    }
}

/// A number as the wire has it; what does not fit is more than any answer could hold.
fn wire(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
