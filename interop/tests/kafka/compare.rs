//! The embedded broker against a real one: the same requests in the same order, answers field by field.
//!
//! What may differ, and why:
//!
//! - texts of errors: ours are our own words;
//! - ids that are drawn (cluster, topics, producers, fetch sessions) and addresses of nodes;
//! - ApiVersions: the real one answers more; the gaps are a table in the embedded broker. It has features that are
//!   about itself (KRaft, eligible leader replicas, streams groups), and counts their changes on;
//! - the order of topics, groups and quotas in an answer where Kafka's is that of a hash map;
//! - `min.insync.replicas`, which the real one sets for the whole cluster because it keeps eligible leader replicas;
//! - how many partitions the topics of the coordinators have, which the real one is told, and what lies in them;
//! - the first epoch of a consumer group, which is 2 in Kafka 4.4 and 1 here; what clients see of it only grows;
//! - stricter checks of Produce, as `broker/src/api/produce.rs` lists them.

mod groups;
mod internal;
mod quotas;
mod transactions;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_harness::{Options, kafka_or_skip};
use ottla_broker::Cluster;
use ottla_proto::messages::alter_partition_reassignments::AlterPartitionReassignmentsRequest;
use ottla_proto::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use ottla_proto::messages::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use ottla_proto::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use ottla_proto::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use ottla_proto::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use ottla_proto::messages::describe_topic_partitions::{DescribeTopicPartitionsRequest, TopicRequest};
use ottla_proto::messages::elect_leaders::{ElectLeadersRequest, TopicPartitions};
use ottla_proto::messages::fetch::{FetchPartition, FetchTopic};
use ottla_proto::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use ottla_proto::messages::list_config_resources::ListConfigResourcesRequest;
use ottla_proto::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use ottla_proto::messages::list_partition_reassignments::ListPartitionReassignmentsRequest;
use ottla_proto::messages::metadata::MetadataRequestTopic;
use ottla_proto::messages::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use ottla_proto::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use ottla_proto::messages::{
    ApiVersionsRequest, ApiVersionsResponse, FetchRequest, InitProducerIdRequest, MetadataRequest,
    RequestHeader, ResponseHeader,
};
use ottla_proto::records::{BatchWriter, Stamp};
use ottla_proto::wire::{Message, Reader, Request, Response, Writer};
use ottla_proto::{Api, ApiKey, BrokerId, LeaderEpoch, ProducerEpoch, ProducerId, TopicId};

use crate::support::LIMIT;

#[test]
fn the_embedded_broker_answers_as_the_real_one() {
    // Both share partitions out at once.
    let real = kafka_or_skip!(Options::new().set("group.consumer.assignment.interval.ms", 0));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let start = Cluster::builder().auto_create_topics(false).racks(["1"]).start();
    let embedded = runtime.block_on(start).unwrap();
    let mut pair = Pair {
        sides: [Side::connect(&real.bootstrap()), Side::connect(&embedded.bootstrap())],
        compared: 0,
        differences: Vec::new(),
    };
    versions(&mut pair);
    topics(&mut pair);
    metadata(&mut pair);
    producing(&mut pair);
    fetching(&mut pair);
    offsets(&mut pair);
    settings(&mut pair);
    partitions(&mut pair);
    deleting(&mut pair);
    quotas::quotas(&mut pair);
    quotas::mutations(&mut pair);
    quotas::features(&mut pair);
    groups::coordinators(&mut pair);
    groups::classic(&mut pair);
    groups::offsets(&mut pair);
    groups::consumer(&mut pair);
    groups::both_protocols(&mut pair);
    groups::classic_for_a_moment(&mut pair);
    transactions::transactions(&mut pair);
    internal::topics(&mut pair);
    internal::codecs(&mut pair);
    println!("FIGURE: {} answers of the embedded broker compared with real Kafka", pair.compared);
    assert!(pair.differences.is_empty(), "{}", pair.differences.join("\n"));
}

/// Both brokers, and where their answers parted.
struct Pair {
    sides: [Side; 2],
    compared: usize,
    differences: Vec<String>,
}

pub(crate) struct Side {
    stream: TcpStream,
    topics: BTreeMap<String, TopicId>,
    /// Names that the broker gave, such as those of members.
    names: BTreeMap<&'static str, String>,
    /// The producers of transactional ids.
    producers: BTreeMap<&'static str, (ProducerId, ProducerEpoch)>,
    /// The epoch of the member of a consumer group.
    epoch: i32,
}

impl Pair {
    /// Sends one request to both, in every version that has room for it. `normal` takes out of an answer what may
    /// differ.
    fn each<R: Request>(
        &mut self,
        what: &str,
        request: impl Fn(&Side) -> R,
        normal: impl Fn(&mut R::Response),
    ) where
        R::Response: Debug,
    {
        for version in R::VERSIONS.min..=R::LATEST_STABLE {
            self.compare(version, what, &request, &normal);
        }
    }

    fn compare<R: Request>(
        &mut self,
        version: i16,
        what: &str,
        request: impl Fn(&Side) -> R,
        normal: impl Fn(&mut R::Response),
    ) where
        R::Response: Debug,
    {
        let requests = self.sides.each_ref().map(&request);
        // Both have it before either is waited for: much of what they answer takes its time.
        for (side, request) in self.sides.iter_mut().zip(&requests) {
            if !side.tell(version, request) {
                return;
            }
        }
        let mut answers = Vec::new();
        for side in &mut self.sides {
            let mut answer = side.hear::<R>(version);
            normal(&mut answer);
            answers.push(format!("{answer:#?}"));
        }
        self.compared += 1;
        if let [real, embedded] = &answers[..]
            && real != embedded
        {
            let parted = real.lines().zip(embedded.lines()).find(|(one, other)| one != other);
            self.differences.push(format!("{} {version}, {what}: real and embedded: {parted:?}", R::NAME));
        }
    }
}

impl Side {
    pub(crate) fn connect(bootstrap: &str) -> Self {
        let stream = TcpStream::connect(bootstrap).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Self { stream, topics: BTreeMap::new(), names: BTreeMap::new(), producers: BTreeMap::new(), epoch: 0 }
    }

    /// The answer, or nothing if the request does not fit the version.
    pub(crate) fn ask<R: Request>(&mut self, version: i16, request: &R) -> Option<R::Response> {
        self.tell(version, request).then(|| self.hear::<R>(version))
    }

    /// Sends a request, unless it does not fit the version.
    fn tell<R: Request>(&mut self, version: i16, request: &R) -> bool {
        let mut writer = Writer::new();
        let header = RequestHeader {
            request_api_key: R::KEY.0,
            request_api_version: version,
            correlation_id: 7,
            client_id: Some("compare".into()),
            ..RequestHeader::default()
        };
        header.write(&mut writer, R::header_version(version)).unwrap();
        if request.write(&mut writer, version).is_err() {
            return false;
        }
        let frame = writer.finish().into_bytes();
        self.stream.write_all(&u32::try_from(frame.len()).unwrap().to_be_bytes()).unwrap();
        self.stream.write_all(&frame).unwrap();
        true
    }

    /// The answer to what was sent.
    fn hear<R: Request>(&mut self, version: i16) -> R::Response {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).unwrap_or_else(|e| panic!("{} {version}: {e}", R::NAME));
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut answer).unwrap();
        let mut reader = Reader::new(answer.into());
        ResponseHeader::read(&mut reader, R::Response::header_version(version)).unwrap();
        R::Response::read(&mut reader, version).unwrap()
    }

    fn name(&self, what: &str) -> &str {
        &self.names[what]
    }

    /// Asks until the answer is as wanted: a real broker's coordinators take a moment.
    fn until<R: Request>(
        &mut self,
        version: i16,
        request: &R,
        wanted: impl Fn(&R::Response) -> bool,
    ) -> R::Response
    where
        R::Response: Debug,
    {
        let began = Instant::now();
        loop {
            let answer = self.ask(version, request).unwrap();
            if wanted(&answer) {
                return answer;
            }
            assert!(began.elapsed() < LIMIT, "{} stays {answer:?}", R::NAME);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn id(&self, topic: &str) -> TopicId {
        self.topics.get(topic).copied().unwrap_or(TopicId([9; 16]))
    }

    /// Waits until the broker knows the topic, and notes its id.
    fn learn(&mut self, topic: &str) {
        let began = Instant::now();
        loop {
            let answer = self.ask(12, &metadata_of(&[topic])).unwrap();
            if answer.topics[0].error_code.is_none() && !answer.topics[0].partitions[0].leader_id.is_none() {
                self.topics.insert(topic.to_owned(), answer.topics[0].topic_id);
                return;
            }
            assert!(began.elapsed() < LIMIT, "{topic} does not come");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn versions(pair: &mut Pair) {
    let [real, embedded] = &mut pair.sides;
    pair.differences.extend(release_differences(real, embedded, 5));
    let request = |_: &Side| client();
    pair.each("features aside", request, |answer| {
        answer.api_keys.clear();
        answer.supported_features.clear();
        answer.finalized_features.clear();
        answer.finalized_features_epoch = 0;
    });
    let nameless = |_: &Side| ApiVersionsRequest { client_software_name: "-".into(), ..request_default() };
    pair.compare(3, "a name that is none", nameless, |answer| answer.api_keys.clear());
}

/// What two brokers of one release offer differently, asked in this version of ApiVersions.
pub(crate) fn release_differences(real: &mut Side, embedded: &mut Side, version: i16) -> Vec<String> {
    let newest: BTreeMap<_, _> = Api::all().iter().map(|api| (api.key.0, api.versions)).collect();
    let mut differences = Vec::new();
    let (real, embedded) = (real.ask(version, &client()).unwrap(), embedded.ask(version, &client()).unwrap());
    let listed = |answer: &ApiVersionsResponse| {
        let apis = answer.api_keys.iter().map(|api| (api.api_key, (api.min_version, api.max_version)));
        apis.collect::<BTreeMap<_, _>>()
    };
    let (theirs, ours) = (listed(&real), listed(&embedded));
    for (key, (_, max)) in &ours {
        // What is older than the newest schemas know is cut off, but for Produce.
        let known = newest[key].min.min(if *key == ApiKey::PRODUCE.0 { 0 } else { i16::MAX });
        let cut = theirs.get(key).map(|(min, max)| ((*min).max(known), *max));
        if cut != Some(ours[key]) {
            differences.push(format!("ApiVersions of {}: {cut:?} and up to {max}", ApiKey(*key)));
        }
    }
    let features = |answer: &ApiVersionsResponse| {
        const TOLD: [&str; 4] = ["group.version", "metadata.version", "share.version", "transaction.version"];
        let told = |name: &str| TOLD.contains(&name);
        let supported = answer.supported_features.iter().filter(|feature| told(&feature.name));
        let supported = supported.map(|f| format!("{} {} to {}", f.name, f.min_version, f.max_version));
        let finalized = answer.finalized_features.iter().filter(|feature| told(&feature.name));
        let finalized = finalized.map(|f| format!("{} is {}", f.name, f.max_version_level));
        supported.chain(finalized).collect::<BTreeSet<_>>()
    };
    if features(&real) != features(&embedded) {
        differences.push(format!("features: {:?} and {:?}", features(&real), features(&embedded)));
    }
    differences
}

fn client() -> ApiVersionsRequest {
    ApiVersionsRequest { client_software_name: "compare".into(), ..request_default() }
}

fn request_default() -> ApiVersionsRequest {
    ApiVersionsRequest { client_software_version: "1".into(), ..ApiVersionsRequest::default() }
}

fn topics(pair: &mut Pair) {
    let topic = |name: &str, partitions, replicas| CreatableTopic {
        name: name.into(),
        num_partitions: partitions,
        replication_factor: replicas,
        ..CreatableTopic::default()
    };
    let with = |name: &str, setting: &str, value: Option<&str>| CreatableTopic {
        configs: vec![CreatableTopicConfig {
            name: setting.into(),
            value: value.map(Into::into),
            ..CreatableTopicConfig::default()
        }],
        ..topic(name, 1, 1)
    };
    let request = |topics, validate_only| CreateTopicsRequest {
        topics,
        timeout_ms: 30_000,
        validate_only,
        ..CreateTopicsRequest::default()
    };
    for (what, asked) in [
        ("good", vec![topic("dry", 3, 1)]),
        ("defaults", vec![topic("dry", -1, -1)]),
        ("no partitions", vec![topic("dry", 0, 1)]),
        ("too many replicas", vec![topic("dry", 1, 9)]),
        ("a bad name", vec![topic("a b", 1, 1)]),
        ("no name", vec![topic("", 1, 1)]),
        ("twice", vec![topic("dry", 1, 1), topic("dry", 1, 1)]),
        ("no such setting", vec![with("dry", "no.such.setting", Some("1"))]),
        ("a bad value", vec![with("dry", "max.message.bytes", Some("-1"))]),
        ("a codec", vec![with("dry", "compression.type", Some("lz4"))]),
        ("no such codec", vec![with("dry", "compression.type", Some("none"))]),
        ("a level", vec![with("dry", "compression.gzip.level", Some("9"))]),
        ("no such level", vec![with("dry", "compression.gzip.level", Some("0"))]),
        ("too high a level", vec![with("dry", "compression.zstd.level", Some("23"))]),
        ("too low a level", vec![with("dry", "compression.lz4.level", Some("0"))]),
        ("no value", vec![with("dry", "max.message.bytes", None)]),
    ] {
        pair.each(
            what,
            |_| request(asked.clone(), true),
            |answer| {
                answer.topics.iter_mut().for_each(|topic| {
                    topic.error_message = None;
                    topic.topic_id = drawn(topic.topic_id);
                    // Their values are compared where settings are described.
                    topic.configs = topic.configs.as_ref().map(|_| Vec::new());
                });
            },
        );
    }
    for side in &mut pair.sides {
        for (name, partitions) in [("t", 2), ("u", 1), ("doomed", 1), ("txt", 1)] {
            side.ask(7, &request(vec![topic(name, partitions, 1)], false)).unwrap();
            side.learn(name);
        }
    }
    pair.each(
        "there already",
        |_| request(vec![topic("t", 1, 1)], false),
        |answer| {
            answer.topics[0].error_message = None;
        },
    );
}

/// The controller's word takes a moment to reach the broker.
fn settle() {
    std::thread::sleep(Duration::from_secs(1));
}

/// Whether an id was drawn is all that two brokers can have in common.
fn drawn(id: TopicId) -> TopicId {
    if id.is_zero() { id } else { TopicId([1; 16]) }
}

fn metadata_of(names: &[&str]) -> MetadataRequest {
    let topic =
        |name: &&str| MetadataRequestTopic { name: Some((*name).into()), ..MetadataRequestTopic::default() };
    MetadataRequest { topics: Some(names.iter().map(topic).collect()), ..MetadataRequest::default() }
}

fn metadata(pair: &mut Pair) {
    let normal = |answer: &mut ottla_proto::messages::MetadataResponse| {
        answer.brokers.iter_mut().for_each(|broker| broker.port = 0);
        answer.cluster_id = answer.cluster_id.as_ref().map(|_| "drawn".into());
        answer.topics.retain(|topic| !topic.is_internal);
        answer.topics.sort_by_key(|topic| topic.name.clone());
        answer.topics.iter_mut().for_each(|topic| {
            topic.topic_id = drawn(topic.topic_id);
            topic.partitions.sort_by_key(|partition| partition.partition_index);
        });
    };
    let no_creation = |request| MetadataRequest { allow_auto_topic_creation: false, ..request };
    pair.each("all", |_| MetadataRequest { topics: None, ..MetadataRequest::default() }, normal);
    pair.each("none", |_| MetadataRequest { topics: Some(Vec::new()), ..MetadataRequest::default() }, normal);
    pair.each("by name", |_| metadata_of(&["t", "u"]), normal);
    pair.each("unknown, may be created", |_| metadata_of(&["nobody"]), normal);
    pair.each("unknown", |_| no_creation(metadata_of(&["nobody"])), normal);
    pair.each("a bad name", |_| no_creation(metadata_of(&["a b"])), normal);
    let by_id = |id| MetadataRequest {
        topics: Some(vec![MetadataRequestTopic { topic_id: id, name: None, ..Default::default() }]),
        ..MetadataRequest::default()
    };
    for version in 12..=13 {
        pair.compare(version, "by id", |side| by_id(side.id("t")), normal);
        pair.compare(version, "by an unknown id", |side| by_id(side.id("nobody")), normal);
    }
}

fn batch(stamp: Stamp, values: &[&str]) -> Bytes {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    // Whole hours, so that both brokers are sent the same.
    let timestamp = i64::try_from(now.as_secs() / 3600 * 3_600_000).unwrap();
    let mut writer = BatchWriter::new(Vec::new());
    for (delta, value) in (0..).zip(values) {
        writer.append(timestamp + delta, None, Some(value.as_bytes()), usize::MAX).unwrap();
    }
    writer.seal().stamp(stamp).bytes().clone()
}

fn produce(side: &Side, topic: &str, index: i32, acks: i16, version: i16, records: Bytes) -> ProduceRequest {
    let data = PartitionProduceData { index, records: Some(records), ..PartitionProduceData::default() };
    let mut data = TopicProduceData { partition_data: vec![data], ..TopicProduceData::default() };
    match version {
        13.. => data.topic_id = side.id(topic),
        _ => data.name = topic.into(),
    }
    ProduceRequest { acks, timeout_ms: 10_000, topic_data: vec![data], ..ProduceRequest::default() }
}

fn produced(answer: &mut ottla_proto::messages::ProduceResponse) {
    for topic in &mut answer.responses {
        topic.topic_id = drawn(topic.topic_id);
        for partition in &mut topic.partition_responses {
            partition.error_message = None;
            partition.record_errors.iter_mut().for_each(|record| record.batch_index_error_message = None);
        }
    }
}

fn producing(pair: &mut Pair) {
    let normal = produced;
    let good = batch(Stamp::NONE, &["a", "b"]);
    let mut broken = good.to_vec();
    *broken.last_mut().unwrap() ^= 1;
    let huge = batch(Stamp::NONE, &[&"x".repeat(1_100_000)]);
    for version in 3..=13 {
        for (what, topic, index, acks, records) in [
            ("good", "t", 0, -1, good.clone()),
            ("acks 1", "t", 1, 1, good.clone()),
            ("odd acks", "t", 0, 2, good.clone()),
            ("no such partition", "t", 7, 1, good.clone()),
            ("no such topic", "nobody", 0, 1, good.clone()),
            ("a wrong checksum", "t", 0, 1, broken.clone().into()),
            ("too large", "t", 0, 1, huge.clone()),
        ] {
            let request = |side: &Side| produce(side, topic, index, acks, version, records.clone());
            pair.compare(version, what, request, normal);
        }
    }
    let sequenced = |epoch, base_sequence| {
        let stamp = Stamp {
            producer_id: ProducerId(77),
            producer_epoch: ProducerEpoch(epoch),
            base_sequence,
            transactional: false,
        };
        batch(stamp, &["s"])
    };
    for (what, epoch, sequence) in [
        ("the first", 1, 0),
        ("the second", 1, 1),
        ("the second again", 1, 1),
        ("a gap", 1, 3),
        ("an old epoch", 0, 0),
        ("a new epoch not from 0", 2, 5),
        ("a new epoch", 2, 0),
    ] {
        let records = sequenced(epoch, sequence);
        pair.compare(12, what, |side| produce(side, "u", 0, -1, 12, records.clone()), normal);
    }
    pair.each(
        "no transaction",
        |_| InitProducerIdRequest::default(),
        |answer| {
            answer.producer_id = ProducerId(i64::from(answer.producer_id.0 >= 0));
        },
    );
}

fn fetch(side: &Side, topic: &str, version: i16, offset: i64) -> FetchRequest {
    let partition =
        FetchPartition { fetch_offset: offset, partition_max_bytes: 1 << 20, ..FetchPartition::default() };
    let mut asked = FetchTopic { partitions: vec![partition], ..FetchTopic::default() };
    match version {
        13.. => asked.topic_id = side.id(topic),
        _ => asked.topic = topic.into(),
    }
    FetchRequest {
        max_wait_ms: 0,
        max_bytes: 50 << 20,
        session_epoch: -1,
        topics: vec![asked],
        ..FetchRequest::default()
    }
}

type Change = fn(&mut FetchRequest);

fn fetched(answer: &mut ottla_proto::messages::FetchResponse) {
    answer.session_id = i32::from(answer.session_id > 0);
    answer.responses.iter_mut().for_each(|topic| topic.topic_id = drawn(topic.topic_id));
    answer.node_endpoints.iter_mut().for_each(|node| node.port = 0);
}

fn fetching(pair: &mut Pair) {
    let normal = fetched;
    for version in 4..=18 {
        for offset in [0, 1, 3, 24, 99, -1] {
            let what = format!("offset {offset}");
            pair.compare(version, &what, |side| fetch(side, "t", version, offset), normal);
        }
        pair.compare(version, "no such topic", |side| fetch(side, "nobody", version, 0), normal);
        let change = |side: &Side, change: Change| {
            let mut request = fetch(side, "t", version, 0);
            change(&mut request);
            request
        };
        let changes: [(&str, Change); 7] = [
            ("few bytes", |r| r.topics[0].partitions[0].partition_max_bytes = 150),
            ("one byte in all", |r| r.max_bytes = 1),
            ("committed only", |r| r.isolation_level = 1),
            ("no such partition", |r| r.topics[0].partitions[0].partition = 9),
            ("a newer leader epoch", |r| r.topics[0].partitions[0].current_leader_epoch = LeaderEpoch(9)),
            ("a session", |r| r.session_epoch = 0),
            ("no such session", |r| (r.session_id, r.session_epoch) = (5, 5)),
        ];
        for (what, with) in changes {
            pair.compare(version, what, |side| change(side, with), normal);
        }
        for (what, epoch) in [("the same past", 0), ("another past", 9)] {
            let request = |side: &Side| {
                let mut request = fetch(side, "t", version, 2);
                request.topics[0].partitions[0].last_fetched_epoch = LeaderEpoch(epoch);
                request
            };
            pair.compare(version, what, request, normal);
        }
    }
}

fn offsets(pair: &mut Pair) {
    let hour = {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        i64::try_from(now.as_secs() / 3600 * 3_600_000).unwrap()
    };
    for timestamp in [-1, -2, -3, -4, -5, -6, -7, 0, hour, hour + 1, hour + 2] {
        for (topic, index) in [("t", 0), ("t", 9), ("nobody", 0)] {
            let request = |_: &Side| ListOffsetsRequest {
                replica_id: BrokerId(-1),
                topics: vec![ListOffsetsTopic {
                    name: topic.into(),
                    partitions: vec![ListOffsetsPartition {
                        partition_index: index,
                        timestamp,
                        ..ListOffsetsPartition::default()
                    }],
                    ..ListOffsetsTopic::default()
                }],
                ..ListOffsetsRequest::default()
            };
            pair.each(&format!("{topic}-{index} at {timestamp}"), request, |_| {});
        }
    }
    for (epoch, current) in [(0, -1), (1, -1), (-1, -1), (0, 0), (0, 9)] {
        let request = |_: &Side| OffsetForLeaderEpochRequest {
            replica_id: BrokerId(-2),
            topics: vec![OffsetForLeaderTopic {
                topic: "t".into(),
                partitions: vec![OffsetForLeaderPartition {
                    leader_epoch: LeaderEpoch(epoch),
                    current_leader_epoch: LeaderEpoch(current),
                    ..OffsetForLeaderPartition::default()
                }],
                ..OffsetForLeaderTopic::default()
            }],
            ..OffsetForLeaderEpochRequest::default()
        };
        pair.each(&format!("epoch {epoch}, current {current}"), request, |_| {});
    }
}

fn settings(pair: &mut Pair) {
    const TOPIC: Resource = (2, "u");
    const NODE: Resource = (4, "1");
    const ALL_NODES: Resource = (4, "");
    const ANOTHER: Resource = (4, "7");
    let alter =
        |(kind, of): Resource, operation, name: &str, value: Option<&str>| IncrementalAlterConfigsRequest {
            resources: vec![AlterConfigsResource {
                resource_type: kind,
                resource_name: of.into(),
                configs: vec![AlterableConfig {
                    name: name.into(),
                    config_operation: operation,
                    value: value.map(Into::into),
                    ..AlterableConfig::default()
                }],
                ..AlterConfigsResource::default()
            }],
            ..IncrementalAlterConfigsRequest::default()
        };
    let (rate, replicas) = ("leader.replication.throttled.rate", "leader.replication.throttled.replicas");
    for (what, of, operation, name, value) in [
        ("set", TOPIC, 0, "max.message.bytes", Some("2000000")),
        ("append", TOPIC, 2, "cleanup.policy", Some("compact")),
        ("subtract", TOPIC, 3, "cleanup.policy", Some("compact")),
        ("delete", TOPIC, 1, "cleanup.policy", None),
        ("a bad value", TOPIC, 0, "max.message.bytes", Some("-1")),
        ("no such setting", TOPIC, 0, "no.such.setting", Some("1")),
        ("append to no list", TOPIC, 2, "max.message.bytes", Some("1")),
        ("no value", TOPIC, 0, "max.message.bytes", None),
        ("replicas", TOPIC, 0, replicas, Some("0:1,1:1")),
        ("bad replicas", TOPIC, 0, replicas, Some("0:1,1")),
        ("set on a node", NODE, 0, rate, Some("1000")),
        ("set on all nodes", ALL_NODES, 0, rate, Some("2000")),
        ("set on another node", ANOTHER, 0, rate, Some("1000")),
        ("a bad value of a node", NODE, 0, rate, Some("-1")),
        ("append to a number of a node", NODE, 2, rate, Some("1")),
        ("what stays", NODE, 0, "node.id", Some("2")),
        ("delete what is not there", NODE, 1, "follower.replication.throttled.rate", None),
    ] {
        pair.each(
            what,
            |_| alter(of, operation, name, value),
            |answer| {
                answer.responses.iter_mut().for_each(|response| response.error_message = None);
            },
        );
    }
    settle();
    let describe = |(kind, of): Resource| DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource_type: kind,
            resource_name: of.into(),
            ..DescribeConfigsResource::default()
        }],
        include_synonyms: kind == NODE.0,
        ..DescribeConfigsRequest::default()
    };
    for of in [TOPIC, (TOPIC.0, "nobody"), NODE, ALL_NODES, ANOTHER] {
        pair.each(
            &format!("{of:?}"),
            |_| describe(of),
            |answer| {
                for result in &mut answer.results {
                    result.error_message = None;
                    // The real one sets it for the whole cluster, for eligible leader replicas.
                    result.configs.retain(|config| &*config.name != "min.insync.replicas");
                    result.configs.sort_by_key(|config| config.name.clone());
                    // Of what a node has it tells less.
                    result.configs.retain(|config| of != NODE || &*config.name == rate);
                }
            },
        );
    }
}

/// Its type and name.
type Resource = (i8, &'static str);

fn partitions(pair: &mut Pair) {
    let grow = |name: &str, count| CreatePartitionsRequest {
        topics: vec![CreatePartitionsTopic { name: name.into(), count, ..Default::default() }],
        timeout_ms: 30_000,
        validate_only: true,
        ..CreatePartitionsRequest::default()
    };
    for (what, name, count) in
        [("more", "t", 3), ("as many", "t", 2), ("fewer", "t", 1), ("no such topic", "nobody", 3)]
    {
        pair.each(
            what,
            |_| grow(name, count),
            |answer| {
                answer.results.iter_mut().for_each(|result| result.error_message = None);
            },
        );
    }
    let elect = |name: &str, index| ElectLeadersRequest {
        topic_partitions: Some(vec![TopicPartitions {
            topic: name.into(),
            partitions: vec![index],
            ..TopicPartitions::default()
        }]),
        timeout_ms: 30_000,
        ..ElectLeadersRequest::default()
    };
    for (what, name, index) in [("needless", "t", 0), ("no such partition", "t", 9), ("nobody", "nobody", 0)]
    {
        pair.each(
            what,
            |_| elect(name, index),
            |answer| {
                let results =
                    answer.replica_election_results.iter_mut().flat_map(|topic| &mut topic.partition_result);
                results.for_each(|result| result.error_message = None);
            },
        );
    }
    pair.each("none", |_| ListPartitionReassignmentsRequest::default(), |_| {});
    pair.each("nothing", |_| AlterPartitionReassignmentsRequest::default(), |_| {});
    let describe = |_: &Side| DescribeTopicPartitionsRequest {
        topics: ["u", "t", "nobody"]
            .map(|name| TopicRequest { name: name.into(), ..TopicRequest::default() })
            .into(),
        response_partition_limit: 2,
        ..DescribeTopicPartitionsRequest::default()
    };
    pair.each("two of three", describe, |answer| {
        answer.topics.iter_mut().for_each(|topic| topic.topic_id = drawn(topic.topic_id));
    });
    let topics = |_: &Side| ListConfigResourcesRequest { resource_types: vec![2], ..Default::default() };
    pair.compare(1, "topics", topics, |answer| {
        answer.config_resources.retain(|resource| !resource.resource_name.starts_with("__"));
        answer.config_resources.sort_by_key(|resource| resource.resource_name.clone());
    });
    let delete = |offset| DeleteRecordsRequest {
        topics: vec![DeleteRecordsTopic {
            name: "t".into(),
            partitions: vec![DeleteRecordsPartition { offset, ..DeleteRecordsPartition::default() }],
            ..DeleteRecordsTopic::default()
        }],
        timeout_ms: 30_000,
        ..DeleteRecordsRequest::default()
    };
    for offset in [3, 2, 9999, -2, -1] {
        pair.each(&format!("up to {offset}"), |_| delete(offset), |_| {});
    }
}

fn deleting(pair: &mut Pair) {
    let by_id = |topic_id| DeleteTopicsRequest {
        topics: vec![DeleteTopicState { name: None, topic_id, ..DeleteTopicState::default() }],
        timeout_ms: 30_000,
        ..DeleteTopicsRequest::default()
    };
    let by_name = |name: &str| DeleteTopicsRequest {
        topic_names: vec![name.into()],
        timeout_ms: 30_000,
        ..DeleteTopicsRequest::default()
    };
    let normal = |answer: &mut ottla_proto::messages::DeleteTopicsResponse| {
        for topic in &mut answer.responses {
            topic.error_message = None;
            topic.topic_id = drawn(topic.topic_id);
        }
    };
    pair.each("nobody", |_| by_name("nobody"), normal);
    pair.compare(6, "an unknown id", |side| by_id(side.id("nobody")), normal);
    pair.compare(6, "by id", |side| by_id(side.id("doomed")), normal);
}
