//! The whole producer against peers that do what a test tells them, with a clock that is a field.

mod delivery;
mod ending;
mod events;
mod identity;
mod memory;
mod neighbours;
mod observing;
mod order;
mod outcomes;
mod pace;
mod partitioning;
mod reasons;
mod sequences;
mod throttle;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ottla_proto::compression::Decompressor;
use ottla_proto::messages::metadata::MetadataResponsePartition;
use ottla_proto::messages::produce::{PartitionProduceData, PartitionProduceResponse, TopicProduceResponse};
use ottla_proto::messages::{InitProducerIdResponse, MetadataResponse, ProduceRequest, ProduceResponse};
use ottla_proto::records::{Batch as WireBatch, BatchHeader, add_to_sequence};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, ProducerEpoch, ProducerId, TopicName};

use super::{Cause, Certainty, Delivery, NewRecord, ProducerConfig, ProducerEdge, Settled, TopicHandle};
use crate::net::{ConnectionId, DisconnectCause, NetConfig};
use crate::sync::Arc;
use crate::time::Instant;
use crate::world::{Received, World, metadata};

pub(super) const TOPIC: &str = "orders";

/// A producer, its cluster, and what the peers have received and not answered.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) edge: Arc<ProducerEdge>,
    pub(super) orders: TopicHandle,
    /// Produce requests in the order of their arrival, with the node that got them.
    pub(super) pending: Vec<(i32, Received)>,
    pub(super) view: MetadataResponse,
    /// Whom the producer asked for it; zero is a bootstrap address.
    pub(super) asked: Vec<i32>,
    /// Nodes whose connections fail.
    pub(super) down: BTreeSet<i32>,
    pub(super) logs: BTreeMap<i32, Log>,
    /// What the cluster says to a producer that asks for an id; silence until it is set.
    identity: Option<ErrorCode>,
    /// The id and epoch that it says then.
    next_identity: (ProducerId, ProducerEpoch),
    open: BTreeMap<ConnectionId, i32>,
    unserved: Vec<Received>,
    seen: usize,
}

/// One partition as a broker keeps it: idempotent, in order.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) values: Vec<String>,
    producer: Option<(ProducerId, ProducerEpoch)>,
    next_sequence: i32,
    recent: Vec<(i32, i64)>,
}

impl Log {
    /// Appends a batch as a broker would, or says why not.
    pub(super) fn append(&mut self, data: &PartitionProduceData) -> (ErrorCode, i64) {
        let (header, values) = read(data);
        let producer = (header.producer_id, header.producer_epoch);
        if !header.producer_id.is_none() {
            if self.producer != Some(producer) {
                if header.base_sequence != 0 {
                    return (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
                }
                (self.producer, self.next_sequence) = (Some(producer), 0);
                self.recent.clear();
            }
            if let Some((_, offset)) =
                self.recent.iter().rev().take(5).find(|(s, _)| *s == header.base_sequence)
            {
                return (ErrorCode::NONE, *offset);
            }
            if header.base_sequence < self.next_sequence {
                return (ErrorCode::DUPLICATE_SEQUENCE_NUMBER, -1);
            }
            if header.base_sequence > self.next_sequence {
                return (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
            }
            self.next_sequence = add_to_sequence(self.next_sequence, i32::try_from(values.len()).unwrap());
        }
        let offset = i64::try_from(self.values.len()).unwrap();
        self.recent.push((header.base_sequence, offset));
        self.values.extend(values);
        (ErrorCode::NONE, offset)
    }
}

/// The records of a batch in a request.
pub(super) fn read(data: &PartitionProduceData) -> (BatchHeader, Vec<String>) {
    let batch = WireBatch::parse(data.records.clone().unwrap()).unwrap();
    batch.verify_crc().unwrap();
    let records = batch.read(&mut Decompressor::with_limit(1 << 24)).unwrap();
    let values = records.iter().map(|r| String::from_utf8(r.value.unwrap().to_vec()).unwrap()).collect();
    (*batch.header(), values)
}

pub(super) fn no_linger() -> ProducerConfig {
    ProducerConfig { linger: Duration::ZERO, ..ProducerConfig::default() }
}

pub(super) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Scene {
    /// A cluster of that many brokers and a topic of that many partitions; partition p is led by broker
    /// p modulo the count, plus one.
    pub(super) fn new(config: ProducerConfig, brokers: i32, partitions: i32) -> Self {
        Self::with_identity(config, brokers, partitions, Some(ErrorCode::NONE))
    }

    /// One broker and one partition; the producer is refused an id, but only when a record waits for it.
    pub(super) fn without_identity(config: ProducerConfig, refusal: ErrorCode) -> Self {
        let mut scene = Self::with_identity(config, 1, 1, None);
        scene.identity = Some(refusal);
        scene
    }

    fn with_identity(
        config: ProducerConfig,
        brokers: i32,
        partitions: i32,
        identity: Option<ErrorCode>,
    ) -> Self {
        let topics = [(TOPIC, partitions)];
        let mut world = World::with_cluster(brokers, &topics, NetConfig::default());
        let wake = Arc::clone(world.core.wake());
        let parts = world.core.parts();
        let edge = parts.producers.add(config, parts.net, &wake);
        let orders = edge.topic(&TopicName::from(TOPIC));
        let seen = world.connects.len();
        let mut scene = Self {
            open: world.connects.iter().map(|(id, _)| (*id, 0)).collect(),
            world,
            edge,
            orders,
            pending: Vec::new(),
            view: metadata(brokers, &topics),
            asked: Vec::new(),
            down: BTreeSet::new(),
            logs: BTreeMap::new(),
            identity,
            next_identity: (ProducerId(7), ProducerEpoch(0)),
            unserved: Vec::new(),
            seen,
        };
        scene.pump();
        scene
    }

    pub(super) fn now(&self) -> Instant {
        self.world.now
    }

    /// Turns and serves everything but Produce requests, until nothing moves.
    pub(super) fn pump(&mut self) {
        for _ in 0..100 {
            self.world.turn();
            let mut moved = false;
            while let Some((id, host)) = self.world.connects.get(self.seen).cloned() {
                self.seen += 1;
                moved = true;
                let node: i32 = host.name.trim_start_matches(['n', 'b']).parse().unwrap();
                if host.name.starts_with('n') && self.down.contains(&node) {
                    self.world.core.handle_disconnected(id, DisconnectCause::Closed, self.world.now);
                    continue;
                }
                self.world.open(id);
                self.open.insert(id, if host.name.starts_with('n') { node } else { 0 });
            }
            for (id, node) in self.open.clone() {
                for request in self.world.take(id) {
                    moved = true;
                    match request.api {
                        ApiKey::METADATA => {
                            self.asked.push(node);
                            self.world.answer(&request, &self.view);
                        }
                        ApiKey::INIT_PRODUCER_ID => self.unserved.push(request),
                        ApiKey::PRODUCE => self.pending.push((node, request)),
                        other => panic!("nobody serves {other}"),
                    }
                }
            }
            if let Some(error_code) = self.identity
                && let Some(request) = self.unserved.pop()
            {
                let response = InitProducerIdResponse {
                    error_code,
                    producer_id: self.next_identity.0,
                    producer_epoch: self.next_identity.1,
                    ..Default::default()
                };
                self.world.answer(&request, &response);
                moved = true;
            }
            if !moved {
                return;
            }
        }
        panic!("the scene never settles");
    }

    pub(super) fn advance(&mut self, by: Duration) {
        let end = self.world.now + by;
        self.run_until(end);
    }

    /// Sleeps from timeout to timeout as the shell would, serving what comes up.
    pub(super) fn run_until(&mut self, end: Instant) {
        for _ in 0..10_000 {
            self.pump();
            match self.world.core.poll_timeout() {
                Some(at) if at <= end => {
                    assert!(at > self.world.now, "the core does not sleep: {at:?} at {:?}", self.world.now);
                    self.world.now = at;
                }
                _ => {
                    self.world.now = end;
                    self.pump();
                    return;
                }
            }
        }
        panic!("the core never sleeps until {end:?}");
    }

    /// A scene in which each partition has acknowledged a batch, which its log then forgets: from here on several
    /// batches may be in flight, and the next sequence is 1.
    pub(super) fn begun(config: ProducerConfig, nodes: i32, partitions: i32) -> Self {
        let mut scene = Self::new(config, nodes, partitions);
        for partition in 0..partitions {
            let first = scene.send_to(partition, "first");
            scene.serve_all();
            assert_eq!(offset(first), 0);
        }
        scene.logs.values_mut().for_each(|log| log.values.clear());
        scene
    }

    /// Hands over a record for partition 0 and lets the driver take it.
    pub(super) fn send(&mut self, value: &str) -> Delivery {
        self.send_to(0, value)
    }

    pub(super) fn send_to(&mut self, partition: i32, value: &str) -> Delivery {
        let delivery = self.accept(partition, value);
        self.pump();
        delivery
    }

    /// Hands over a record without a turn of the driver.
    pub(super) fn accept(&self, partition: i32, value: &str) -> Delivery {
        let record =
            NewRecord { value: Some(value.as_bytes()), partition: Some(partition), ..NewRecord::default() };
        self.orders.try_append(&record, || self.world.now).unwrap()
    }

    /// The oldest Produce request that is not answered.
    pub(super) fn next_request(&mut self) -> (i32, Received) {
        assert!(!self.pending.is_empty(), "no request is pending");
        self.pending.remove(0)
    }

    /// What a request holds for partition 0.
    pub(super) fn values(request: &Received) -> Vec<String> {
        read(&request.read::<ProduceRequest>().topic_data[0].partition_data[0]).1
    }

    pub(super) fn header(request: &Received) -> BatchHeader {
        read(&request.read::<ProduceRequest>().topic_data[0].partition_data[0]).0
    }

    /// Answers as a healthy broker does: appends, checks sequences.
    pub(super) fn serve(&mut self, request: &Received) {
        self.serve_throttled(request, 0);
    }

    pub(super) fn serve_throttled(&mut self, request: &Received, throttle_ms: i32) {
        let logs = &mut self.logs;
        let response = respond(request, throttle_ms, |data| logs.entry(data.index).or_default().append(data));
        self.world.answer(request, &response);
        self.pump();
    }

    /// Answers with this code for every partition.
    pub(super) fn refuse(&mut self, request: &Received, code: ErrorCode) {
        let response = respond(request, 0, |_| (code, -1));
        self.world.answer(request, &response);
        self.pump();
    }

    /// Serves everything that comes until nothing comes any more.
    pub(super) fn serve_all(&mut self) {
        self.pump();
        while !self.pending.is_empty() {
            let (_, request) = self.next_request();
            self.serve(&request);
        }
    }

    /// The connection is cut; requests that were not answered on it stay unanswered.
    pub(super) fn cut(&mut self, connection: ConnectionId) {
        self.open.remove(&connection);
        self.pending.retain(|(_, request)| request.connection != connection);
        self.world.core.handle_disconnected(connection, DisconnectCause::Closed, self.world.now);
        self.pump();
    }

    /// Partition 0 gets another leader; the cluster will say so when it is asked.
    pub(super) fn move_leader(&mut self, leader: i32, epoch: i32) {
        let partition = &mut self.view.topics[0].partitions[0];
        partition.leader_id = BrokerId(leader);
        partition.leader_epoch = LeaderEpoch(epoch);
    }

    /// The topic is deleted and created again with that many partitions, all of them on broker 1 and empty.
    pub(super) fn recreate_topic(&mut self, partitions: i32) {
        self.logs.clear();
        let topic = &mut self.view.topics[0];
        topic.topic_id.0[15] += 1;
        let one = topic.partitions[0].clone();
        topic.partitions = (0..partitions)
            .map(|index| MetadataResponsePartition {
                partition_index: index,
                leader_id: BrokerId(1),
                leader_epoch: LeaderEpoch(0),
                ..one.clone()
            })
            .collect();
    }

    pub(super) fn refresh(&mut self) {
        // The view is not asked for twice within a back-off.
        self.world.core.parts().net.cluster_mut().refresh();
        self.advance(millis(200));
    }
}

pub(super) fn respond(
    request: &Received,
    throttle_ms: i32,
    mut append: impl FnMut(&PartitionProduceData) -> (ErrorCode, i64),
) -> ProduceResponse {
    let produce = request.read::<ProduceRequest>();
    let topics = produce.topic_data.iter().map(|topic| TopicProduceResponse {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partition_responses: topic
            .partition_data
            .iter()
            .map(|data| {
                let (error_code, base_offset) = append(data);
                PartitionProduceResponse { index: data.index, error_code, base_offset, ..Default::default() }
            })
            .collect(),
        ..Default::default()
    });
    ProduceResponse { responses: topics.collect(), throttle_time_ms: throttle_ms, ..Default::default() }
}

pub(super) fn poll(delivery: &mut Delivery) -> Poll<Settled> {
    delivery.poll_settled(&mut Context::from_waker(Waker::noop()))
}

pub(super) fn settled(mut delivery: Delivery) -> Settled {
    match poll(&mut delivery) {
        Poll::Ready(settled) => settled,
        Poll::Pending => panic!("not settled"),
    }
}

/// The offset of a delivery that must be written.
pub(super) fn offset(delivery: Delivery) -> i64 {
    settled(delivery).result.unwrap().offset.unwrap()
}

/// Why a delivery that must have been given up was.
pub(super) fn lost(delivery: Delivery) -> (Certainty, Cause) {
    let undelivered = settled(delivery).result.unwrap_err();
    (undelivered.certainty, (*undelivered.cause).clone())
}
