mod replication;
mod storage;

use bytes::Bytes;
use ottla_proto::messages::api_versions::ApiVersionsRequest;
use ottla_proto::messages::consumer_group_describe::ConsumerGroupDescribeRequest;
use ottla_proto::messages::create_partitions::CreatePartitionsRequest;
use ottla_proto::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use ottla_proto::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use ottla_proto::messages::describe_groups::DescribeGroupsRequest;
use ottla_proto::messages::describe_log_dirs::DescribeLogDirsRequest;
use ottla_proto::messages::describe_topic_partitions::DescribeTopicPartitionsRequest;
use ottla_proto::messages::elect_leaders::ElectLeadersRequest;
use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use ottla_proto::messages::list_offsets::ListOffsetsRequest;
use ottla_proto::messages::metadata::MetadataRequest;
use ottla_proto::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup};

use super::{Close, Reply};
use crate::random::Random;
use crate::testing::*;

#[test]
fn a_request_out_of_turn_closes_the_connection() {
    let mut world = World::with_topic();
    world.send(12, &fetch_request(0, 500));
    world.send(12, &fetch_request(0, 500));
    assert_eq!(world.closed(), Close::OutOfTurn);
    assert_eq!(world.engine.poll_timeout(), None);
    world.send(12, &fetch_request(0, 500));
    assert!(world.is_silent(), "the engine has forgotten the connection");
}

#[test]
fn equal_inputs_give_equal_outputs() {
    let run = || {
        let mut world = World::new(3);
        world.engine.create_topic("t", 4, 2, [].into()).unwrap();
        let mut trace = Vec::new();
        for number in 0..20 {
            world.pass(number);
            world.send(12, &produce_request(-1, batch(&["a"])));
            world.send(12, &fetch_request(0, 0));
            world.send(12, &MetadataRequest { topics: None, ..MetadataRequest::default() });
            while let Some(output) = world.engine.poll_output() {
                trace.push(format!("{output:?}"));
            }
        }
        trace
    };
    let trace = run();
    assert_eq!(trace.len(), 60);
    assert_eq!(trace, run());
}

fn incremental_alter_configs() -> IncrementalAlterConfigsRequest {
    let config = AlterableConfig {
        name: "max.message.bytes".into(),
        value: Some("100".into()),
        ..AlterableConfig::default()
    };
    let resource = AlterConfigsResource {
        resource_type: 2,
        resource_name: "t".into(),
        configs: vec![config],
        ..AlterConfigsResource::default()
    };
    IncrementalAlterConfigsRequest { resources: vec![resource], ..IncrementalAlterConfigsRequest::default() }
}

fn good_frames() -> Vec<Bytes> {
    let create = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: "u".into(),
            num_partitions: 1,
            replication_factor: 1,
            ..CreatableTopic::default()
        }],
        ..CreateTopicsRequest::default()
    };
    vec![
        frame(3, &ApiVersionsRequest { client_software_name: "a".into(), ..ApiVersionsRequest::default() }),
        frame(7, &create),
        frame(2, &create),
        frame(12, &produce_request(-1, batch(&["a", "b"]))),
        frame(3, &produce_request(1, sequenced(1, 0, 0, 3))),
        frame(12, &fetch_request(0, 0)),
        frame(4, &fetch_request(0, 0)),
        frame(12, &MetadataRequest { topics: None, ..MetadataRequest::default() }),
        frame(7, &ListOffsetsRequest::default()),
        frame(1, &incremental_alter_configs()),
        frame(17, &FetchRequest { session_epoch: 0, ..fetch_request(0, 0) }),
        frame(2, &ElectLeadersRequest { topic_partitions: None, ..ElectLeadersRequest::default() }),
        frame(0, &DescribeTopicPartitionsRequest::default()),
        frame(3, &CreatePartitionsRequest::default()),
        frame(4, &DescribeLogDirsRequest { topics: None, ..DescribeLogDirsRequest::default() }),
    ]
}

/// Every prefix of a good request is malformed and says so.
#[test]
fn a_truncated_request_closes_the_connection() {
    for good in good_frames() {
        for length in 0..good.len() {
            let mut world = World::with_topic();
            world.engine.handle_frame(world.client, good.slice(..length), world.now);
            assert!(matches!(world.closed(), Close::Malformed(_)), "{length} of {good:?}");
        }
    }
}

/// librdkafka sends three bytes too many when it asks for all topics, and Kafka does not look at them.
#[test]
fn bytes_behind_a_request_are_ignored() {
    let mut world = World::with_topic();
    let all = frame(13, &MetadataRequest { topics: None, ..MetadataRequest::default() });
    world.engine.handle_frame(world.client, [&all[..], &[0, 1, 0]].concat().into(), world.now);
    assert_eq!(world.answer::<MetadataRequest>(13).response.topics.len(), 1);
}

/// A few bytes name a topic, and its settings take kilobytes.
#[test]
fn naming_a_thing_again_makes_no_answer_longer() {
    let mut world = World::with_topic();
    let resource = DescribeConfigsResource {
        resource_type: 2,
        resource_name: "t".into(),
        configuration_keys: None,
        ..DescribeConfigsResource::default()
    };
    let asked =
        DescribeConfigsRequest { resources: vec![resource; 1000], ..DescribeConfigsRequest::default() };
    assert_eq!(world.ask(4, &asked).results.len(), 1);
    let groups = vec!["g".into(); 1000];
    let asked = DescribeGroupsRequest { groups, ..DescribeGroupsRequest::default() };
    assert_eq!(world.ask(5, &asked).groups.len(), 1);
    let group_ids = vec!["g".into(); 1000];
    let asked = ConsumerGroupDescribeRequest { group_ids, ..ConsumerGroupDescribeRequest::default() };
    assert_eq!(world.ask(0, &asked).groups.len(), 1);
    let group = OffsetFetchRequestGroup {
        group_id: "g".into(),
        topics: None,
        member_epoch: -1,
        ..OffsetFetchRequestGroup::default()
    };
    let asked = OffsetFetchRequest { groups: vec![group; 1000], ..OffsetFetchRequest::default() };
    assert_eq!(world.ask(8, &asked).groups.len(), 1);
}

/// Whatever the bytes say, a request is answered, waits, or closes its connection.
#[test]
fn garbage_harms_nobody() {
    let mut random = Random::new(17);
    let mut world = World::with_topic();
    let mut ends = [0; 3];
    for good in good_frames() {
        for _ in 0..500 {
            let mut bytes = good.to_vec();
            for _ in 0..=random.next() % 4 {
                let [at, value, ..] = random.next().to_be_bytes().map(usize::from);
                // Past the header more often than in it.
                let at = (at * 7 + usize::from(bytes.len() > 300) * value) % bytes.len();
                bytes[at] = value.to_be_bytes()[7];
            }
            world.talk_to(1.into());
            world.engine.handle_frame(world.client, bytes.into(), world.now);
            let end = match world.engine.poll_output().map(|output| output.reply) {
                Some(Reply::Answer { .. }) => 0,
                Some(Reply::Close(_) | Reply::Faulty { .. }) => 1,
                None => 2,
            };
            ends[end] += 1;
            assert!(world.is_silent(), "one request has one reply at most");
            world.engine.disconnect(world.client);
        }
    }
    assert!(ends[0] > 100 && ends[1] > 100, "{ends:?}");
    assert_eq!(world.engine.poll_timeout(), None);
}
