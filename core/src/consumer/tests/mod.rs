//! The consumer against hand-driven brokers: every request is looked at, every answer is written by the test,
//! and the clock moves only when told to.

mod budget;
mod fetching;
mod hostile;
mod positions;
mod questions;
mod replicas;
mod sessions;
mod slow;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use ottla_proto::messages::fetch::{
    FetchRequest, FetchResponse, FetchableTopicResponse, LeaderIdAndEpoch, PartitionData,
};
use ottla_proto::messages::list_offsets::{
    ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use ottla_proto::messages::metadata::{MetadataRequest, MetadataResponse, MetadataResponseTopic};
use ottla_proto::records::{self, BatchWriter, Placement, Stamp};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicId, TopicName};

use super::*;
use crate::Park;
use crate::net::{ConnectionId, DisconnectCause, NetConfig};
use crate::world::{Received, World, metadata};

/// A consumer in a world.
struct Bench {
    world: World,
    reader: ConsumerReader,
    key: ConsumerKey,
    opened: BTreeSet<ConnectionId>,
    /// Requests that nobody has answered or looked at yet.
    requests: Vec<Received>,
    brokers: i32,
    topics: Vec<(String, i32)>,
    wakes: std::sync::Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Bench {
    /// A cluster whose partition p of each topic is led by broker p modulo `brokers`, plus one.
    fn new(brokers: i32, topics: &[(&str, i32)], config: ConsumerConfig) -> Self {
        let mut world = World::with_cluster(brokers, topics, NetConfig::default());
        let wake = world.core.wake().clone();
        let (key, reader) = world.core.parts().consumers.add(config, wake);
        let opened = world.connects.iter().map(|(id, _)| *id).collect();
        let topics = topics.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let (requests, wakes) = (Vec::new(), std::sync::Arc::default());
        Self { world, reader, key, opened, requests, brokers, topics, wakes }
    }

    /// One partition of one topic on one broker, read from `offset`.
    fn at(offset: i64, config: ConsumerConfig) -> Self {
        let mut bench = Self::new(1, &[("t", 1)], config);
        bench.assign("t", 0, Start::At(offset));
        bench
    }

    fn assign(&mut self, topic: &str, partition: i32, start: Start) {
        self.reader.edge().assign([(name(topic, partition), start)]);
        self.settle();
    }

    /// Lets turns pass until nothing moves: connections come to be, metadata is answered.
    fn settle(&mut self) {
        for _ in 0..20 {
            self.world.turn();
            let new: Vec<_> = self.world.connects.iter().map(|(id, _)| *id).collect();
            for id in new {
                if !self.world.closed.contains(&id) && self.opened.insert(id) {
                    self.world.open(id);
                }
            }
            let before = self.requests.len();
            for id in self.opened.clone() {
                let requests = self.world.take(id);
                self.requests.extend(requests);
            }
            let metadata = self.requests.iter().position(|request| request.api == ApiKey::METADATA);
            match metadata {
                Some(at) => {
                    let request = self.requests.remove(at);
                    let view = self.view(&request);
                    self.world.answer(&request, &view);
                }
                None if self.requests.len() == before => return,
                None => {}
            }
        }
    }

    fn view(&self, request: &Received) -> MetadataResponse {
        let asked: Vec<_> = request.read::<MetadataRequest>().topics.unwrap_or_default();
        let topics: Vec<_> = self.topics.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        let mut view = metadata(self.brokers, &topics);
        view.topics.retain(|topic| asked.iter().any(|asked| asked.name == topic.name));
        for unknown in asked {
            if !view.topics.iter().any(|topic| topic.name == unknown.name) {
                view.topics.push(MetadataResponseTopic {
                    name: unknown.name,
                    error_code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                    ..MetadataResponseTopic::default()
                });
            }
        }
        view
    }

    /// The clock goes on, and everything that is due happens.
    fn advance(&mut self, by: Duration) {
        self.world.now = self.world.now + by;
        self.settle();
    }

    /// Takes the fetches that brokers have received.
    fn fetches(&mut self) -> Vec<Received> {
        self.settle();
        let (fetches, rest) =
            std::mem::take(&mut self.requests).into_iter().partition(|r| r.api == ApiKey::FETCH);
        self.requests = rest;
        fetches
    }

    /// Takes the only fetch there is.
    fn fetch(&mut self) -> Received {
        let mut fetches = self.fetches();
        assert_eq!(fetches.len(), 1, "{fetches:?}");
        fetches.remove(0)
    }

    fn no_fetch(&mut self) {
        let fetches = self.fetches();
        assert!(fetches.is_empty(), "{fetches:?}");
    }

    /// Answers every look-up with the same offset, and says what was asked: partition and timestamp.
    fn answer_lookups(&mut self, offset: i64) -> Vec<(i32, i64)> {
        self.settle();
        let (lookups, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.requests).into_iter().partition(|r| r.api == ApiKey::LIST_OFFSETS);
        self.requests = rest;
        let mut asked = Vec::new();
        for request in lookups {
            let response = lookup_response(&request.read(), ErrorCode::NONE, offset, &mut asked);
            self.world.answer(&request, &response);
        }
        self.settle();
        asked
    }

    /// Answers a fetch from the topic `t`; of partitions that the test says nothing about there is nothing new.
    fn answer(&mut self, request: &Received, mut partitions: Vec<PartitionData>) {
        for (partition, _) in asked(request) {
            if !partitions.iter().any(|answered| answered.partition_index == partition) {
                partitions.push(nothing_new(partition, -1));
            }
        }
        self.answer_topic(request, "t", partitions);
    }

    fn answer_topic(&mut self, request: &Received, topic: &str, partitions: Vec<PartitionData>) {
        let responses = vec![FetchableTopicResponse {
            topic: TopicName::from(topic),
            topic_id: topic_id(topic, request.version),
            partitions,
            ..FetchableTopicResponse::default()
        }];
        self.world.answer(request, &FetchResponse { responses, ..FetchResponse::default() });
        self.settle();
    }

    fn poll(&mut self) -> Poll<Result<Option<Batch>, ReadError>> {
        let waker = Waker::from(self.wakes.clone());
        self.reader.poll_batch(&mut Context::from_waker(&waker))
    }

    /// The next batch, which must be there.
    fn batch(&mut self) -> Batch {
        match self.poll() {
            Poll::Ready(Ok(Some(batch))) => batch,
            other => panic!("no batch: {other:?}"),
        }
    }

    fn offsets(&mut self) -> Vec<i64> {
        self.batch().iter().map(|record| record.offset).collect()
    }

    fn error(&mut self) -> PartitionError {
        match self.poll() {
            Poll::Ready(Err(ReadError::Partition(error))) => error,
            other => panic!("no error: {other:?}"),
        }
    }

    fn nothing(&mut self) {
        let polled = self.poll();
        assert!(polled.is_pending(), "{polled:?}");
    }

    fn reasons(&mut self) -> Vec<WaitReason> {
        let mut waiting = Vec::new();
        let key = self.key;
        let now = self.world.now;
        let parts = self.world.core.parts();
        parts.consumers.explain_one(key, parts.net, now, &mut waiting);
        waiting.into_iter().map(|waiting| waiting.reason).collect()
    }

    fn position(&self, partition: i32) -> Option<i64> {
        let found = self
            .reader
            .edge()
            .partitions()
            .into_iter()
            .find(|status| status.partition.partition == partition);
        found.unwrap().position
    }
}

use crate::wait::WaitReason;

/// What a fetch asks for: topic (by name), partition and offset, in the request's order.
fn asked(request: &Received) -> Vec<(i32, i64)> {
    let request = request.read::<FetchRequest>();
    let partitions = request.topics.into_iter().flat_map(|topic| topic.partitions);
    partitions.map(|partition| (partition.partition, partition.fetch_offset)).collect()
}

fn name(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: TopicName::from(topic), partition }
}

/// As the world's metadata has it.
fn topic_id(topic: &str, version: i16) -> TopicId {
    let mut id = [7; 16];
    id[0] = topic.as_bytes()[0];
    if version > 12 { TopicId(id) } else { TopicId::ZERO }
}

fn lookup_response(
    request: &ListOffsetsRequest,
    error: ErrorCode,
    offset: i64,
    asked: &mut Vec<(i32, i64)>,
) -> ListOffsetsResponse {
    let topics = request.topics.iter().map(|topic| ListOffsetsTopicResponse {
        name: topic.name.clone(),
        partitions: topic
            .partitions
            .iter()
            .map(|partition| {
                asked.push((partition.partition_index, partition.timestamp));
                ListOffsetsPartitionResponse {
                    partition_index: partition.partition_index,
                    error_code: error,
                    offset,
                    ..ListOffsetsPartitionResponse::default()
                }
            })
            .collect(),
        ..ListOffsetsTopicResponse::default()
    });
    ListOffsetsResponse { topics: topics.collect(), ..ListOffsetsResponse::default() }
}

/// A batch of `count` records from `offset` on, with values of `size` bytes.
fn batch(offset: i64, count: usize, size: usize) -> Bytes {
    stamped(offset, count, size, Stamp::NONE)
}

fn stamped(offset: i64, count: usize, size: usize, stamp: Stamp) -> Bytes {
    let mut writer = BatchWriter::new(Vec::new());
    for _ in 0..count {
        writer.append(1_000, Some(b"key"), Some(&vec![b'v'; size]), usize::MAX).unwrap();
    }
    place(writer.seal().stamp(stamp).bytes(), offset)
}

fn place(bytes: &Bytes, offset: i64) -> Bytes {
    let batch = records::Batch::parse(bytes.clone()).unwrap();
    let placement =
        Placement { base_offset: offset, partition_leader_epoch: LeaderEpoch(1), log_append_time: None };
    batch.place(placement).into()
}

fn join(batches: &[Bytes]) -> Bytes {
    batches.concat().into()
}

/// Records of a partition whose high watermark is `end`.
fn data(partition: i32, end: i64, records: Bytes) -> PartitionData {
    PartitionData {
        partition_index: partition,
        high_watermark: end,
        last_stable_offset: end,
        log_start_offset: 0,
        records: Some(records),
        ..PartitionData::default()
    }
}

fn nothing_new(partition: i32, end: i64) -> PartitionData {
    data(partition, end, Bytes::new())
}

fn failed(partition: i32, error_code: ErrorCode) -> PartitionData {
    PartitionData { partition_index: partition, error_code, high_watermark: -1, ..PartitionData::default() }
}
