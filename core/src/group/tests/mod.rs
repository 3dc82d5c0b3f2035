//! A member against a hand-driven coordinator: every request is looked at, every answer is written by the test.

mod classic;
mod commits;
mod consumer;
mod found;
mod hostile;
mod outdated;
mod progress;
mod topic_ids;
mod topics;
mod waits;

use std::collections::{BTreeSet, VecDeque};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use bytestring::ByteString;
use ottla_proto::messages::find_coordinator::Coordinator;
use ottla_proto::messages::join_group::JoinGroupResponseMember;
use ottla_proto::messages::metadata::MetadataResponseTopic;
use ottla_proto::messages::offset_fetch::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
};
use ottla_proto::messages::*;
use ottla_proto::wire::{Request, Response};
use ottla_proto::{Api, ApiKey, BrokerId, ErrorCode, GroupId, LeaderEpoch, TopicId, TopicName};

use super::*;
use crate::consumer::{ConsumerConfig, ConsumerReader, Start, TopicPartition};
use crate::net::{ConnectionId, NetConfig, Role};
use crate::world::{Received, World, metadata};

const TOPICS: &[(&str, i32)] = &[("t", 4)];
const OFFSET: i64 = 100;

struct Bench {
    world: World,
    reader: ConsumerReader,
    key: ConsumerKey,
    edge: Arc<GroupEdge>,
    coordinator: i32,
    opened: BTreeSet<ConnectionId>,
    requests: VecDeque<Received>,
    fetches: Vec<Received>,
    events: Vec<GroupEvent>,
    /// What the cluster has, and what it says that it does not have.
    topics: Vec<(&'static str, i32)>,
    gone: Vec<&'static str>,
    /// Every topic was deleted and created anew.
    is_recreated: bool,
    /// It does not say which topics there are.
    keeps_names: bool,
    /// What the group's partitions are shared out by: what this member likes best.
    assignor: ByteString,
}

fn config() -> GroupConfig {
    let mut config = GroupConfig::new(GroupId::from("g"), vec![TopicName::from("t")]);
    config.start = Start::Earliest;
    config
}

fn classic() -> GroupConfig {
    GroupConfig { protocol: ProtocolChoice::Classic, ..config() }
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition { topic: TopicName::from("t"), partition: number }
}

fn partitions(numbers: impl IntoIterator<Item = i32>) -> BTreeSet<TopicPartition> {
    numbers.into_iter().map(partition).collect()
}

impl Bench {
    fn new(config: GroupConfig) -> Self {
        Self::with_versions(config, &|api| Some((api.versions.min, api.latest_stable)))
    }

    fn with_versions(config: GroupConfig, versions: &dyn Fn(&Api) -> Option<(i16, i16)>) -> Self {
        let mut bench = Self::unsettled(config);
        bench.settle_with(versions);
        bench
    }

    fn unsettled(config: GroupConfig) -> Self {
        let assignor = config.assignors()[0].name().into();
        let mut world = World::with_cluster(2, TOPICS, NetConfig::default());
        let wake = world.core.wake().clone();
        let now = world.now;
        let parts = world.core.parts();
        let reading = ConsumerConfig { awaits_assignment: true, ..ConsumerConfig::default() };
        let (key, reader) = parts.consumers.add(reading, wake.clone());
        let edge = parts.groups.join(key, config, reader.edge().clone(), wake, parts.net, now);
        let opened = world.connects.iter().map(|(id, _)| *id).collect();
        let (requests, fetches, events) = (VecDeque::new(), Vec::new(), Vec::new());
        let (topics, gone) = (TOPICS.to_vec(), Vec::new());
        let (keeps_names, is_recreated) = (false, false);
        let coordinator = 1;
        Self {
            world,
            reader,
            key,
            edge,
            coordinator,
            opened,
            requests,
            fetches,
            events,
            topics,
            gone,
            is_recreated,
            keeps_names,
            assignor,
        }
    }

    fn settle(&mut self) {
        self.settle_with(&|api| Some((api.versions.min, api.latest_stable)));
    }

    /// Lets turns pass until nothing moves: connections come to be, and what every broker can answer is answered.
    fn settle_with(&mut self, versions: &dyn Fn(&Api) -> Option<(i16, i16)>) {
        for _ in 0..20 {
            self.world.turn();
            let mut moved = false;
            for (id, _) in self.world.connects.clone() {
                if self.world.closed.contains(&id) {
                    continue;
                }
                if self.opened.insert(id) {
                    self.world.open_with(id, versions);
                    moved = true;
                }
                for request in self.world.take(id) {
                    moved = true;
                    match request.api {
                        ApiKey::METADATA => self.describe_topics(&request),
                        ApiKey::FIND_COORDINATOR => self.name_coordinator(&request),
                        ApiKey::FETCH => self.fetches.push(request),
                        ApiKey::LIST_OFFSETS => {}
                        _ => self.requests.push_back(request),
                    }
                }
            }
            if !moved {
                break;
            }
        }
        while let std::task::Poll::Ready(Some(event)) =
            self.edge.poll_event(&mut Context::from_waker(Waker::noop()))
        {
            self.events.push(event);
        }
    }

    fn describe_topics(&mut self, request: &Received) {
        if self.keeps_names && request.read::<MetadataRequest>().topics.is_none() {
            return;
        }
        let mut response = metadata(2, &self.topics);
        if self.is_recreated {
            response.topics.iter_mut().for_each(|topic| topic.topic_id = anew(topic.topic_id));
        }
        response.topics.extend(self.gone.iter().map(|name| MetadataResponseTopic {
            name: Some(TopicName::from(*name)),
            error_code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ..Default::default()
        }));
        self.world.answer(request, &response);
    }

    /// The view of the cluster is asked for anew.
    fn refresh(&mut self) {
        self.advance(Duration::from_secs(1));
        self.world.core.parts().net.cluster_mut().refresh();
        self.settle();
    }

    fn subscribe(&mut self, topics: &[&'static str], pattern: Option<TopicPattern>) {
        let topics = topics.iter().map(|topic| TopicName::from(*topic)).collect();
        let key = self.key;
        let parts = self.world.core.parts();
        parts.groups.subscribe(key, topics, pattern, parts.net);
        self.settle();
    }

    fn name_coordinator(&mut self, request: &Received) {
        let (id, host) = (BrokerId(self.coordinator), ByteString::from(format!("n{}", self.coordinator)));
        let coordinator =
            Coordinator { key: "g".into(), node_id: id, host, port: 9092, ..Default::default() };
        let coordinators = vec![coordinator];
        self.world.answer(request, &FindCoordinatorResponse { coordinators, ..Default::default() });
    }

    /// The request that the coordinator got, which must be the only one.
    fn take<R: Request>(&mut self) -> (Received, R) {
        let request = self.requests.pop_front().unwrap_or_else(|| panic!("no {:?}", R::KEY));
        assert!(self.requests.is_empty(), "{request:?} and {:?}", self.requests);
        let read = request.read();
        (request, read)
    }

    fn answer<M: Response>(&mut self, request: &Received, response: &M) {
        self.world.answer(request, response);
        self.settle();
    }

    fn advance(&mut self, by: Duration) {
        // In steps, as a sleeping shell would.
        let end = self.world.now + by;
        while let Some(at) = self.world.core.poll_timeout().filter(|at| *at <= end) {
            assert!(at >= self.world.now);
            self.world.now = at;
            self.settle();
            if self.world.core.poll_timeout() == Some(at) {
                panic!("the core asks for {at:?} again and again");
            }
            if !self.requests.is_empty() {
                return;
            }
        }
        self.world.now = end;
        self.settle();
    }

    fn owned(&self) -> BTreeSet<TopicPartition> {
        self.edge.owned().iter().map(|ownership| ownership.partition().clone()).collect()
    }

    fn ownership(&self, number: i32) -> Arc<Ownership> {
        self.edge.ownership(&partition(number)).unwrap()
    }

    /// The application gets a batch.
    fn hand_out(&self, number: i32, first: i64, next: i64) -> HandedOut {
        let handed_out = self.ownership(number).hand_out(first, next, LeaderEpoch(1)).unwrap();
        self.edge.go_away(self.world.now);
        handed_out
    }

    fn come_back(&self) {
        self.edge.come_back(&mut Context::from_waker(Waker::noop())).unwrap();
    }

    /// Answers the look-up of where partitions begin: with `OFFSET`.
    fn serve_offsets(&mut self) {
        let (request, asked) = self.take::<OffsetFetchRequest>();
        let topics = asked.groups[0].topics.clone().unwrap().into_iter().map(|topic| {
            let partitions =
                topic.partition_indexes.into_iter().map(|partition_index| OffsetFetchResponsePartitions {
                    partition_index,
                    committed_offset: OFFSET,
                    ..Default::default()
                });
            OffsetFetchResponseTopics {
                name: topic.name,
                topic_id: topic.topic_id,
                partitions: partitions.collect(),
                ..Default::default()
            }
        });
        let group = OffsetFetchResponseGroup {
            group_id: GroupId::from("g"),
            topics: topics.collect(),
            ..Default::default()
        };
        self.answer(&request, &OffsetFetchResponse { groups: vec![group], ..Default::default() });
    }

    fn join_answer(&self, leader: &str, generation: i32) -> JoinGroupResponse {
        JoinGroupResponse {
            generation_id: generation,
            protocol_type: Some("consumer".into()),
            protocol_name: Some(self.assignor.clone()),
            leader: leader.into(),
            member_id: "me".into(),
            ..Default::default()
        }
    }

    /// Joins as a follower that is given these partitions.
    fn join_as_follower(&mut self, generation: i32, given: impl IntoIterator<Item = i32>) {
        let (join, _) = self.take::<JoinGroupRequest>();
        let answer = self.join_answer("another", generation);
        self.answer(&join, &answer);
        let (sync, asked) = self.take::<SyncGroupRequest>();
        assert!(asked.assignments.is_empty());
        assert_eq!(asked.generation_id, generation);
        let assignment = subscription::encode_assignment(&partitions(given)).unwrap();
        self.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
    }

    /// A stable member of a classic group with these partitions.
    fn stable(config: GroupConfig, given: impl IntoIterator<Item = i32>) -> Self {
        let mut bench = Self::new(config);
        bench.join_as_follower(1, given);
        bench.serve_offsets();
        bench.events.clear();
        bench
    }

    /// Answers heartbeats until the member has something else to say.
    fn beat(&mut self, error: ErrorCode) {
        self.advance(Duration::from_secs(3));
        let (request, _) = self.take::<HeartbeatRequest>();
        self.answer(&request, &HeartbeatResponse { error_code: error, ..Default::default() });
    }

    fn commit_answer(request: &OffsetCommitRequest, error: ErrorCode) -> OffsetCommitResponse {
        let topics = request.topics.iter().map(|topic| offset_commit::OffsetCommitResponseTopic {
            name: topic.name.clone(),
            topic_id: topic.topic_id,
            partitions: topic
                .partitions
                .iter()
                .map(|partition| offset_commit::OffsetCommitResponsePartition {
                    partition_index: partition.partition_index,
                    error_code: error,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        });
        OffsetCommitResponse { topics: topics.collect(), ..Default::default() }
    }

    /// How the member left, if it has.
    fn left(&mut self) -> Option<LeaveReport> {
        let events = std::mem::take(&mut self.world.events).into_iter();
        let mut reports = events.filter_map(|event| match event {
            Event::GroupLeft { report, .. } => Some(report),
            _ => None,
        });
        reports.next()
    }

    /// What a commit request says, as partition and offset.
    fn commits(request: &OffsetCommitRequest) -> Vec<(i32, i64)> {
        let partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| (partition.partition_index, partition.committed_offset)).collect()
    }
}

/// The id of the topic that takes the place of that one.
fn anew(id: TopicId) -> TopicId {
    TopicId(id.0.map(|byte| !byte))
}

fn other_member(id: &'static str, topics: &[&'static str]) -> JoinGroupResponseMember {
    let topics = topics.iter().map(|topic| TopicName::from(*topic)).collect();
    let metadata = MemberSubscription { topics, ..Default::default() }.encode().unwrap();
    JoinGroupResponseMember { member_id: id.into(), metadata, ..Default::default() }
}
