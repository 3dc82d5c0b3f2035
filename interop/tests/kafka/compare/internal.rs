//! The topics in which Kafka keeps what its coordinators know, and topics that decide on the codec of their records.

use bytes::Bytes;
use ottla_proto::compression::{Codec, Compressor, Decompressor};
use ottla_proto::messages::add_partitions_to_txn::{AddPartitionsToTxnRequest, AddPartitionsToTxnTopic};
use ottla_proto::messages::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use ottla_proto::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use ottla_proto::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use ottla_proto::messages::describe_topic_partitions::{DescribeTopicPartitionsRequest, TopicRequest};
use ottla_proto::records::{BatchWriter, Batches, Stamp};

use super::{Pair, batch, drawn, fetch, fetched, metadata_of, produce, produced};

const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// Both brokers have both topics by now. How many partitions they have is a setting of the real one.
pub(super) fn topics(pair: &mut Pair) {
    for side in &mut pair.sides {
        INTERNAL.iter().for_each(|name| side.learn(name));
    }
    pair.each(
        "internal topics",
        |_| metadata_of(&INTERNAL),
        |answer| {
            answer.brokers.clear();
            answer.cluster_id = None;
            answer.topics.sort_by_key(|topic| topic.name.clone());
            for topic in &mut answer.topics {
                topic.topic_id = drawn(topic.topic_id);
                topic.partitions.retain(|partition| partition.partition_index == 0);
            }
        },
    );
    let describe = |_: &super::Side| DescribeTopicPartitionsRequest {
        topics: INTERNAL.map(|name| TopicRequest { name: name.into(), ..TopicRequest::default() }).into(),
        response_partition_limit: 100,
        ..DescribeTopicPartitionsRequest::default()
    };
    pair.each("internal topics", describe, |answer| {
        for topic in &mut answer.topics {
            topic.topic_id = drawn(topic.topic_id);
            topic.partitions.retain(|partition| partition.partition_index == 0);
        }
    });
    for name in INTERNAL {
        settings(pair, name);
        for version in 3..=13 {
            let records = batch(Stamp::NONE, &["a"]);
            let request = |side: &super::Side| produce(side, name, 0, 1, version, records.clone());
            pair.compare(version, name, request, produced);
        }
        let delete = |_: &super::Side| DeleteRecordsRequest {
            topics: vec![DeleteRecordsTopic {
                name: name.into(),
                partitions: vec![DeleteRecordsPartition::default()],
                ..DeleteRecordsTopic::default()
            }],
            timeout_ms: 30_000,
            ..DeleteRecordsRequest::default()
        };
        pair.each(name, delete, |_| {});
        let add = |_: &super::Side| AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: "nobody".into(),
            v3_and_below_topics: ["t", name]
                .map(|name| AddPartitionsToTxnTopic {
                    name: name.into(),
                    partitions: vec![0],
                    ..AddPartitionsToTxnTopic::default()
                })
                .into(),
            ..AddPartitionsToTxnRequest::default()
        };
        pair.each(name, add, |answer| {
            answer.results_by_topic_v3_and_below.sort_by_key(|topic| topic.name.clone());
        });
    }
    for name in [INTERNAL[0], INTERNAL[1], "__cluster_metadata"] {
        let create = |_: &super::Side| CreateTopicsRequest { validate_only: true, ..creation(name, &[]) };
        pair.each(name, create, |answer| answer.topics[0].error_message = None);
    }
}

fn settings(pair: &mut Pair, topic: &str) {
    const TOPIC: i8 = 2;
    let describe = |_: &super::Side| DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource_type: TOPIC,
            resource_name: topic.into(),
            ..DescribeConfigsResource::default()
        }],
        ..DescribeConfigsRequest::default()
    };
    pair.each(topic, describe, |answer| {
        for result in &mut answer.results {
            // As for other topics; and one of them has it from the cluster's settings.
            result.configs.retain(|config| &*config.name != "min.insync.replicas");
            result.configs.sort_by_key(|config| config.name.clone());
        }
    });
}

fn creation(name: &str, settings: &[(&str, &str)]) -> CreateTopicsRequest {
    let config = |(name, value): &(&str, &str)| CreatableTopicConfig {
        name: (*name).into(),
        value: Some((*value).into()),
        ..CreatableTopicConfig::default()
    };
    let topic = CreatableTopic {
        name: name.into(),
        num_partitions: 1,
        replication_factor: 1,
        configs: settings.iter().map(config).collect(),
        ..CreatableTopic::default()
    };
    CreateTopicsRequest { topics: vec![topic], timeout_ms: 30_000, ..CreateTopicsRequest::default() }
}

/// What comes in any codec is kept in the one that the topic asks for.
pub(super) fn codecs(pair: &mut Pair) {
    for wanted in ["uncompressed", "gzip", "snappy", "lz4", "zstd", "producer"] {
        let topic = format!("in-{wanted}");
        for side in &mut pair.sides {
            side.ask(7, &creation(&topic, &[("compression.type", wanted)])).unwrap();
            side.learn(&topic);
        }
        for codec in Codec::ALL {
            let records = compressed(codec);
            let what = format!("{codec} to {wanted}");
            pair.compare(12, &what, |side| produce(side, &topic, 0, -1, 12, records.clone()), produced);
        }
        for version in [9, 12] {
            pair.compare(
                version,
                &topic,
                |side| fetch(side, &topic, version, 0),
                |answer| {
                    fetched(answer);
                    for partition in answer.responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
                        partition.records = partition.records.take().map(|records| read(records).into());
                    }
                },
            );
        }
    }
}

fn compressed(codec: Codec) -> Bytes {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let timestamp = i64::try_from(now.as_secs() / 3600 * 3_600_000).unwrap();
    let mut writer = BatchWriter::new(Vec::new());
    for value in ["again and ".repeat(100), "again".to_owned()] {
        writer.append(timestamp, Some(b"key"), Some(value.as_bytes()), usize::MAX).unwrap();
    }
    let mut sealed = writer.seal();
    sealed.compress(&mut Compressor::new(codec).unwrap(), &mut Vec::new()).unwrap();
    sealed.stamp(Stamp::NONE).bytes().clone()
}

/// What the batches are, but for their sizes: two libraries of one codec need not find the same.
fn read(records: Bytes) -> String {
    let mut text = String::new();
    for batch in Batches::new(records) {
        let batch = batch.unwrap();
        batch.verify_crc().unwrap();
        let header = batch.header();
        let records = batch.read(&mut Decompressor::default()).unwrap();
        text += &format!(
            "{:?} from {} to {}, {} to {}:",
            header.attributes,
            header.base_offset,
            header.last_offset(),
            header.base_timestamp,
            header.max_timestamp
        );
        for record in &records {
            let length = record.value.map_or(0, <[u8]>::len);
            text += &format!(" {} {} {:?} {length};", record.offset, record.timestamp, record.key);
        }
    }
    text
}
