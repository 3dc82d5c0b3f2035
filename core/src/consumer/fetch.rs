//! What is fetched from one node: the request, and what its answer means.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use ottla_proto::messages::fetch::{
    EpochEndOffset, FetchRequest, FetchResponse, FetchableTopicResponse, PartitionData,
};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicId, TopicName};

use super::batch::FetchedBatch;
use super::budget::Charge;
use super::edge::{Appetite, Delivery, SlotId};
use super::error::PartitionFault;
use super::fetcher::{Fetcher, Idle, Node, Request};
use super::partition::{Replica, Stage};
use super::session::{PartitionKey, Told, TopicKey, Wish};
use super::size::LEAST_ANSWER;
use super::split::split;
use crate::cluster::{Broker, Leader};
use crate::event::{Event, ResetCause};
use crate::net::{Answer, Host, Link, Net, Owner, RequestToken, Role, SendOptions};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

/// What an answer spends on one partition besides its records, and on one topic besides its name.
const PARTITION_OVERHEAD: usize = 64;

/// The last version that names topics instead of giving their ids.
const LAST_VERSION_WITH_NAMES: i16 = 12;

/// The first version that compares the epoch of what was fetched last with the log.
const FIRST_VERSION_WITH_DIVERGENCE: i16 = 12;

/// A fetch in flight.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) node: BrokerId,
    pub(super) sent_at: Instant,
    pub(super) slots: Vec<SlotId>,
    /// Whether it named every partition, so that the answer must do so too.
    full: bool,
    /// How long the broker may wait for records.
    max_wait: Duration,
    charge: Charge,
}

impl Flight {
    /// Bytes that its answer may have, unless a single batch is larger.
    pub(super) fn asked_for(&self) -> usize {
        self.charge.bytes()
    }
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
        let most = node.size.of(self.config.fetch_max_bytes);
        let least = LEAST_ANSWER.min(share).min(most);
        let Some(charge) = node.account.reserve(least, most, share) else {
            self.reclaim_paused();
            return Err(self.memory_reason(id, least, share));
        };
        let (asked, max_wait) = self.choose(id, now)?;
        if asked.is_empty() {
            return Ok(());
        }
        self.send_fetch(link, asked, charge, max_wait, net, now);
        Ok(())
    }

    /// The partitions of a node that can take more, and how long the broker may wait for records.
    ///
    /// None can while more than the node's last answer lies unread: one that is read and one that is on its way keep a
    /// reader busy, and a third would only take memory. A reader that waits for records has read all before the last.
    ///
    /// A fetch in flight cannot be recalled, so one that leaves out a partition that will soon be wanted (it is
    /// full, or waits to try again) must not wait long: no longer than that partition has been left out
    /// already. So a partition at most doubles the time for which it goes without, and a partition that stays
    /// full costs a few requests and then none.
    fn choose(&mut self, id: BrokerId, now: Instant) -> Result<(Vec<SlotId>, Duration), WaitReason> {
        let Some(node) = self.nodes.get_mut(&id) else { return Ok((Vec::new(), Duration::ZERO)) };
        let most = node.brought.max(self.config.fetch_max_bytes / 2);
        let partitions = &self.partitions;
        let askable = |slot| partitions.get(slot).is_some_and(|partition| partition.is_askable(now));
        let slots = node.slots.iter().map(|slot| (*slot, askable(slot)));
        let (appetites, too_much) = self.edge.appetites_or_wake(slots, most);
        let mut asked = Vec::with_capacity(appetites.len());
        let mut max_wait = self.config.fetch_max_wait;
        let mut until: Option<Instant> = None;
        for (slot, appetite) in appetites {
            let Some(partition) = self.partitions.get_mut(&slot) else { continue };
            let retry = partition.retry.filter(|retry| retry.until > now);
            let wanted = match (appetite, partition.stage) {
                (Appetite::Hungry, _) if partition.is_askable(now) => {
                    asked.push(slot);
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
        if too_much {
            node.idle = Some(Idle { until: None });
            return Err(WaitReason::Unread);
        }
        if asked.is_empty() {
            node.idle = Some(Idle { until });
            node.blocked = None;
        }
        Ok((asked, max_wait))
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
        let slots = if version < FIRST_VERSION_WITH_DIVERGENCE { self.hold_unchecked(slots) } else { slots };
        if slots.is_empty() {
            return;
        }
        let token = self.token();
        let wishes = self.wishes(&slots, ids.as_ref(), version, token);
        let overhead = wishes.len() * PARTITION_OVERHEAD;
        let Some(node) = self.nodes.get_mut(&link.node) else { return };
        if wishes.first().is_some_and(|((topic, _), _)| !node.session.names_alike(topic)) {
            node.session.renew();
        }
        let session = node.session.request(wishes, wire(self.config.partition_max_bytes));
        let full = session.is_full();
        let request = FetchRequest {
            max_wait_ms: wire(max_wait.as_millis()),
            min_bytes: wire(self.config.fetch_min_bytes),
            max_bytes: wire(charge.bytes().saturating_sub(overhead).max(1)),
            isolation_level: self.config.isolation.wire(),
            session_id: session.id,
            session_epoch: session.epoch,
            topics: session.topics,
            forgotten_topics_data: session.forgotten,
            rack_id: self.config.rack.clone().unwrap_or_default(),
            ..FetchRequest::default()
        };
        let timeout = max_wait + self.config.request_timeout;
        let options = SendOptions { owner: Owner::Consumer(self.key), token, timeout, answer: true };
        node.fetch = Some(token);
        node.blocked = None;
        if let Err(error) = net.send(link, version, &request, options, now) {
            node.session.renew();
            self.release(token, link.node, &slots);
            return self.fail_all(&slots, &PartitionFault::Encode(error));
        }
        let flight = Flight { node: link.node, sent_at: now, slots, full, max_wait, charge };
        self.requests.insert(token, Request::Fetch(flight));
        if !session.known.is_empty() {
            let known = session.known.into_iter();
            self.edge.deliver(known.map(|(slot, told)| (slot, Delivery { told, ..Delivery::default() })));
        }
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

    /// What is asked of each partition. From here on `token` is the request that asks.
    fn wishes(
        &mut self,
        slots: &[SlotId],
        ids: Option<&BTreeMap<TopicName, TopicId>>,
        version: i16,
        token: RequestToken,
    ) -> Vec<(PartitionKey, Wish)> {
        let mut wishes = Vec::with_capacity(slots.len());
        for slot in slots {
            let Some(partition) = self.partitions.get_mut(slot) else { continue };
            let (Stage::At(offset), Some(leader)) = (partition.stage, partition.leader) else { continue };
            partition.asked = Some(token);
            partition.retry = None;
            let name = &partition.name.topic;
            let id = ids.and_then(|ids| ids.get(name)).copied();
            let topic = id.map_or_else(|| TopicKey::Name(name.clone()), TopicKey::Id);
            let compared = version >= FIRST_VERSION_WITH_DIVERGENCE;
            let wish = Wish {
                slot: *slot,
                offset,
                leader_epoch: leader.epoch,
                last_fetched_epoch: if compared { partition.last_epoch } else { LeaderEpoch::NONE },
            };
            wishes.push(((topic, partition.name.partition), wish));
        }
        wishes
    }

    /// Takes what an answer brought. Everything that belongs to a partition which is still assigned, not sought
    /// elsewhere and not asked of another node by now goes to the reader.
    pub(super) fn handle_fetch_answer(
        &mut self,
        flight: Flight,
        answer: &Answer,
        net: &mut Net,
        now: Instant,
    ) {
        let Flight { node, slots, full, max_wait, mut charge, .. } = flight;
        if let Some(node) = self.nodes.get_mut(&node) {
            let after = answer.answered_at.saturating_duration_since(answer.written_at);
            node.size.come(answer.body_len(), after.saturating_sub(max_wait), self.config.request_timeout);
        }
        match net.open::<FetchResponse>(answer, now) {
            Ok(response) => match self.check_session(node, full, &response) {
                Ok(()) => {
                    charge.resize(answer.body_len());
                    self.take_response(node, full, &slots, answer.token, response, charge, net, now);
                }
                Err(None) => {}
                Err(Some(error)) => {
                    for slot in self.still_asked(&slots, answer.token) {
                        self.put_off(slot, error, net, now);
                    }
                }
            },
            Err(problem) => {
                self.renew_session(node);
                let fault = PartitionFault::Malformed { node, problem: Box::new(problem) };
                self.fail_all(&self.still_asked(&slots, answer.token), &fault);
            }
        }
        self.release(answer.token, node, &slots);
    }

    /// No answer came. If the broker had its time to wait for records, one was on its way, or may have been.
    pub(super) fn lose_fetch(&mut self, flight: &Flight, now: Instant) {
        self.renew_session(flight.node);
        if now.saturating_duration_since(flight.sent_at) <= flight.max_wait {
            return;
        }
        let partitions = flight.slots.len().saturating_mul(self.config.partition_max_bytes);
        if let Some(node) = self.nodes.get_mut(&flight.node) {
            node.size.lose(flight.asked_for().min(partitions));
        }
    }

    /// Takes note of what the answer says of the session. An error means that nothing else in it counts; an error
    /// with a code, that its partitions are not to be asked for again at once.
    fn check_session(
        &mut self,
        node: BrokerId,
        full: bool,
        response: &FetchResponse,
    ) -> Result<(), Option<ErrorCode>> {
        let Some(node) = self.nodes.get_mut(&node) else { return Err(None) };
        match response.error_code {
            ErrorCode::NONE => {
                node.session.answered(response.session_id);
                return Ok(());
            }
            ErrorCode::FETCH_SESSION_ID_NOT_FOUND => node.session.end(),
            ErrorCode::INVALID_FETCH_SESSION_EPOCH | ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR => {
                node.session.renew();
            }
            error => {
                node.session.renew();
                return Err(Some(error));
            }
        }
        // A full request makes a session, so that it cannot fail for the old one's sake.
        Err(full.then_some(response.error_code))
    }

    #[expect(clippy::too_many_arguments, reason = "they are one answer and its request")]
    fn take_response(
        &mut self,
        node: BrokerId,
        full: bool,
        slots: &[SlotId],
        token: RequestToken,
        response: FetchResponse,
        charge: Charge,
        net: &mut Net,
        now: Instant,
    ) {
        for endpoint in response.node_endpoints {
            let Ok(port) = u16::try_from(endpoint.port) else { continue };
            let host = Host { name: endpoint.host, port };
            net.cluster_mut().hint_broker(Broker { id: endpoint.node_id, host, rack: endpoint.rack });
        }
        let charge = Arc::new(charge);
        let mut deliveries = Vec::new();
        let (mut fetched, mut discarded) = (0, 0);
        for FetchableTopicResponse { topic, topic_id, partitions, .. } in response.responses {
            let topic = if topic_id.is_zero() { TopicKey::Name(topic) } else { TopicKey::Id(topic_id) };
            for data in partitions {
                let bytes = data.records.as_ref().map_or(0, Bytes::len);
                fetched += bytes;
                let key = (topic.clone(), data.partition_index);
                let session = self.nodes.get_mut(&node).map(|node| &mut node.session);
                let wish = session.and_then(|session| {
                    if data.error_code == ErrorCode::NONE {
                        session.told(&key, told(&data));
                    }
                    session.wish(&key)
                });
                let Some(wish) = wish.filter(|wish| self.is_asked(wish.slot, token)) else {
                    discarded += bytes;
                    continue;
                };
                // A second mention of the partition is not asked for.
                self.answered(wish.slot);
                let first = full && slots.first() == Some(&wish.slot);
                if let Some(delivery) = self.take_in(wish, first, data, &charge, node, net, now) {
                    deliveries.push((wish.slot, delivery));
                }
            }
        }
        let throttled = response.throttle_time_ms > 0;
        // A throttled answer is empty, and one within a session leaves out what has nothing new. A full one that
        // leaves partitions out must not be asked for at once.
        if full && !throttled {
            for slot in self.still_asked(slots, token) {
                self.put_off(slot, ErrorCode::UNKNOWN_SERVER_ERROR, net, now);
                self.renew_session(node);
            }
        }
        if let Some(node) = self.nodes.get_mut(&node) {
            let batches = deliveries.iter().flat_map(|(_, delivery)| &delivery.batches);
            node.brought = batches.map(FetchedBatch::size).sum();
            node.empty_throttles = if throttled && fetched == 0 { node.empty_throttles + 1 } else { 0 };
        }
        self.edge.count_fetch(full, fetched, discarded);
        self.rotate(node, &deliveries);
        self.edge.deliver(deliveries);
    }

    /// What one partition's part of an answer means.
    #[expect(clippy::too_many_arguments, reason = "they are one partition of one answer")]
    fn take_in(
        &mut self,
        wish: Wish,
        first: bool,
        data: PartitionData,
        charge: &Arc<Charge>,
        node: BrokerId,
        net: &mut Net,
        now: Instant,
    ) -> Option<Delivery> {
        let Wish { slot, offset, .. } = wish;
        let partition = self.partitions.get_mut(&slot)?;
        match data.error_code {
            ErrorCode::NONE => {}
            // A follower may lag behind or have lost what its leader still has.
            ErrorCode::OFFSET_OUT_OF_RANGE if partition.replica.is_none() => {
                let Told { log_start_offset, high_watermark, .. } = told(&data);
                self.reset(slot, offset, log_start_offset, high_watermark);
                return None;
            }
            error => {
                let leader =
                    Leader { node: data.current_leader.leader_id, epoch: data.current_leader.leader_epoch };
                net.cluster_mut().hint(&partition.name.topic, partition.name.partition, leader);
                if self.leave_replica(slot) {
                    self.put_off(slot, error, net, now);
                } else {
                    self.put_off_or_fail(slot, error, node, net, now);
                }
                return None;
            }
        }
        partition.succeed();
        let mut delivery = Delivery { node: Some(node), told: told(&data), ..Delivery::default() };
        if data.diverging_epoch.end_offset >= 0 {
            self.follow_divergence(wish, &data.diverging_epoch, net, now);
            return None;
        }
        let records = data.records.unwrap_or_default();
        if records.is_empty() {
            self.follow_replica(slot, data.preferred_read_replica, net, now);
            return Some(delivery);
        }
        let aborted = data.aborted_transactions.unwrap_or_default();
        let parts = split(records, &partition.name, offset, partition.end, &self.config, aborted, charge);
        // The answer was full before the first batch was whole. The first partition of a full request gets a whole
        // batch in any case, so this one goes first next time.
        partition.incomplete = parts.next_offset == offset && parts.needed.is_some();
        if let (true, Some(needed)) = (partition.incomplete, parts.needed) {
            if first {
                delivery.failure = Some(partition.fail(PartitionFault::Incomplete { node, needed }, None));
            }
            self.renew_session(node);
            return Some(delivery);
        }
        if parts.next_offset != offset {
            partition.stage = Stage::At(parts.next_offset);
            partition.last_epoch = parts.last_epoch;
            partition.passed();
            delivery.next_offset = Some(parts.next_offset);
        }
        if let Some(failure) = parts.failure {
            partition.stage = Stage::Failed;
            delivery.failure = Some(failure);
        }
        delivery.batches = parts.batches;
        Some(delivery)
    }

    fn answered(&mut self, slot: SlotId) {
        if let Some(partition) = self.partitions.get_mut(&slot) {
            partition.asked = None;
        }
    }

    fn still_asked(&self, slots: &[SlotId], token: RequestToken) -> Vec<SlotId> {
        slots.iter().copied().filter(|slot| self.is_asked(*slot, token)).collect()
    }

    pub(super) fn renew_session(&mut self, node: BrokerId) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.session.renew();
        }
    }

    /// The leader may name a replica that is nearer (KIP-392); it then sends no records. It is read from for a while,
    /// and then the leader is asked again.
    fn follow_replica(&mut self, slot: SlotId, replica: BrokerId, net: &mut Net, now: Instant) {
        let Some(partition) = self.partitions.get_mut(&slot) else { return };
        // Only the leader's word counts, so that two nodes cannot send us to and fro.
        if replica.is_none() || partition.node == Some(replica) || partition.replica.is_some() {
            return;
        }
        if net.cluster().host(replica).is_none() {
            return self.put_off(slot, ErrorCode::REPLICA_NOT_AVAILABLE, net, now);
        }
        let until = now + self.config.follower_lease;
        partition.replica = Some(Replica { node: replica, until });
        self.lease_end = earliest(self.lease_end, Some(until));
        self.relocate([slot]);
    }

    /// The log does not hold what was read up to the position: it was cut and went on otherwise (KIP-320).
    pub(super) fn follow_divergence(
        &mut self,
        wish: Wish,
        diverging: &EpochEndOffset,
        net: &mut Net,
        now: Instant,
    ) {
        let Wish { slot, offset, .. } = wish;
        let Some(partition) = self.partitions.get_mut(&slot) else { return };
        let common = diverging.end_offset.clamp(0, offset);
        if partition.reset_to.is_none() {
            return self.fail(slot, PartitionFault::Truncated { diverging_offset: common }, Some(common));
        }
        let Some(cut) = self.edge.cut(slot, common) else { return };
        partition.stage = Stage::At(cut.next);
        partition.last_epoch = LeaderEpoch(diverging.epoch);
        if let Some(from) = cut.read_past {
            self.events.push_back(Event::PositionReset {
                topic: partition.name.topic.clone(),
                partition: partition.name.partition,
                from,
                to: cut.next,
                cause: ResetCause::Truncated,
            });
        }
        // A broker that says so again and again is asked less and less often.
        self.put_off(slot, ErrorCode::OFFSET_OUT_OF_RANGE, net, now);
    }

    /// The position is not in the log.
    pub(super) fn reset(&mut self, slot: SlotId, offset: i64, log_start: Option<i64>, log_end: Option<i64>) {
        let Some(partition) = self.partitions.get_mut(&slot) else { return };
        let Some(start) = partition.reset_to else {
            let fault = PartitionFault::OutOfRange { log_start, log_end };
            return self.fail(slot, fault, log_start.filter(|start| *start > offset));
        };
        partition.stage = Stage::Start(start);
        partition.last_epoch = LeaderEpoch::NONE;
        partition.reset_from = Some(offset);
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
                partition.last_epoch = LeaderEpoch::NONE;
                // What is in flight begins behind what was just given back.
                partition.asked = None;
            }
        }
    }
}

/// What an answer tells of a partition's log; a negative offset tells nothing.
fn told(data: &PartitionData) -> Told {
    let known = |offset: i64| (offset >= 0).then_some(offset);
    Told {
        high_watermark: known(data.high_watermark),
        last_stable_offset: known(data.last_stable_offset),
        log_start_offset: known(data.log_start_offset),
    }
}

/// A number as the wire has it; what does not fit is more than any answer could hold.
fn wire(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
