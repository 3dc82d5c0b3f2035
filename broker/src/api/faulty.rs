//! What faults must know of requests and answers: whom they concern, how they say no, where the throttle stands.

use bytes::Bytes;
use ottla_proto::messages::add_offsets_to_txn::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};
use ottla_proto::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
};
use ottla_proto::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_proto::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};
use ottla_proto::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopicResult,
};
use ottla_proto::messages::create_topics::{CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse};
use ottla_proto::messages::delete_topics::{DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse};
use ottla_proto::messages::describe_cluster::{DescribeClusterRequest, DescribeClusterResponse};
use ottla_proto::messages::elect_leaders::{ElectLeadersRequest, ElectLeadersResponse};
use ottla_proto::messages::end_txn::{EndTxnRequest, EndTxnResponse};
use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_proto::messages::header::{RequestHeader, ResponseHeader};
use ottla_proto::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use ottla_proto::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use ottla_proto::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse};
use ottla_proto::messages::list_groups::{ListGroupsRequest, ListGroupsResponse};
use ottla_proto::messages::list_offsets::{
    ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use ottla_proto::messages::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
};
use ottla_proto::messages::metadata::{MetadataRequest, MetadataResponse, MetadataResponseTopic};
use ottla_proto::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use ottla_proto::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchResponse, OffsetFetchResponseGroup,
};
use ottla_proto::messages::produce::ProduceRequest;
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use ottla_proto::messages::update_features::{UpdateFeaturesRequest, UpdateFeaturesResponse};
use ottla_proto::wire::{DecodeError, Message, Reader, Request, Response, Segments, Writer};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, TopicId, TopicName};

use crate::engine::Engine;

/// The start of a request, which every version of every API has.
#[derive(Clone, Debug)]
pub(crate) struct RequestStart {
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) client_id: Option<String>,
    correlation_id: i32,
}

impl RequestStart {
    pub(crate) fn read(frame: Bytes) -> Result<Self, DecodeError> {
        // Header version 1 is what all have in common; version 2 only adds to it.
        const COMMON: i16 = 1;
        let header = RequestHeader::read(&mut Reader::new(frame), COMMON)?;
        Ok(Self {
            api: ApiKey(header.request_api_key),
            version: header.request_api_version,
            client_id: header.client_id.map(|id| id.to_string()),
            correlation_id: header.correlation_id,
        })
    }
}

/// Whether the handler of the API itself answers single partitions with a fault's error.
pub(crate) fn refuses_by_partition(api: ApiKey) -> bool {
    matches!(api, ApiKey::PRODUCE | ApiKey::FETCH)
}

/// The topics and partitions that a request names; of a Fetch those of its session, too.
pub(crate) fn partitions_of(
    engine: &Engine,
    node: BrokerId,
    start: &RequestStart,
    frame: &Bytes,
) -> Vec<(String, Option<i32>)> {
    let version = start.version;
    let name = |name: &TopicName, id: TopicId| match engine.topics.get(id) {
        Some(topic) => topic.name.to_string(),
        None => name.to_string(),
    };
    let mut named = Vec::new();
    match start.api {
        ApiKey::PRODUCE => {
            for topic in body::<ProduceRequest>(frame, version).into_iter().flat_map(|r| r.topic_data) {
                let topic_name = name(&topic.name, topic.topic_id);
                named.extend(topic.partition_data.iter().map(|data| (topic_name.clone(), Some(data.index))));
            }
        }
        ApiKey::FETCH => {
            let Some(request) = body::<FetchRequest>(frame, version) else { return named };
            let session = engine.fetch_sessions_of(node).into_iter();
            let cached = session.flat_map(|sessions| sessions.partitions(request.session_id));
            named.extend(cached.map(|(topic, id, index)| (name(topic, id), Some(index))));
            for topic in request.topics {
                let topic_name = name(&topic.topic, topic.topic_id);
                named
                    .extend(topic.partitions.iter().map(|asked| (topic_name.clone(), Some(asked.partition))));
            }
        }
        ApiKey::LIST_OFFSETS => {
            for topic in body::<ListOffsetsRequest>(frame, version).into_iter().flat_map(|r| r.topics) {
                let indexes = topic.partitions.iter().map(|asked| asked.partition_index);
                named.extend(indexes.map(|index| (topic.name.to_string(), Some(index))));
            }
        }
        ApiKey::METADATA => {
            let topics = body::<MetadataRequest>(frame, version).and_then(|request| request.topics);
            let topics = topics.into_iter().flatten();
            named.extend(topics.map(|asked| (name(&asked.name.unwrap_or_default(), asked.topic_id), None)));
        }
        _ => {}
    }
    named
}

/// The answer that says only this error; `None` for an API whose answers have no one place for it.
pub(crate) fn refuse(start: &RequestStart, frame: Bytes, code: ErrorCode) -> Option<Segments> {
    let version = start.version;
    /// For answers with one error for all.
    macro_rules! top {
        ($request:ty, $response:ident) => {
            answer::<$request>(start, &$response { error_code: code, ..$response::default() })
        };
    }
    match start.api {
        ApiKey::ADD_OFFSETS_TO_TXN => top!(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse),
        ApiKey::API_VERSIONS => top!(ApiVersionsRequest, ApiVersionsResponse),
        ApiKey::CONSUMER_GROUP_HEARTBEAT => {
            top!(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse)
        }
        ApiKey::DESCRIBE_CLUSTER => top!(DescribeClusterRequest, DescribeClusterResponse),
        ApiKey::ALTER_PARTITION_REASSIGNMENTS => {
            top!(AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse)
        }
        ApiKey::ELECT_LEADERS => top!(ElectLeadersRequest, ElectLeadersResponse),
        ApiKey::LIST_PARTITION_REASSIGNMENTS => {
            top!(ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse)
        }
        ApiKey::UPDATE_FEATURES => top!(UpdateFeaturesRequest, UpdateFeaturesResponse),
        ApiKey::END_TXN => top!(EndTxnRequest, EndTxnResponse),
        ApiKey::HEARTBEAT => top!(HeartbeatRequest, HeartbeatResponse),
        ApiKey::INIT_PRODUCER_ID => top!(InitProducerIdRequest, InitProducerIdResponse),
        ApiKey::JOIN_GROUP => top!(JoinGroupRequest, JoinGroupResponse),
        ApiKey::LEAVE_GROUP => top!(LeaveGroupRequest, LeaveGroupResponse),
        ApiKey::LIST_GROUPS => top!(ListGroupsRequest, ListGroupsResponse),
        ApiKey::SYNC_GROUP => top!(SyncGroupRequest, SyncGroupResponse),
        ApiKey::CREATE_PARTITIONS => {
            let topics = body::<CreatePartitionsRequest>(&frame, version)?.topics.into_iter();
            let refused = topics.map(|topic| CreatePartitionsTopicResult {
                name: topic.name,
                error_code: code,
                ..CreatePartitionsTopicResult::default()
            });
            let response = CreatePartitionsResponse { results: refused.collect(), ..Default::default() };
            answer::<CreatePartitionsRequest>(start, &response)
        }
        ApiKey::CREATE_TOPICS => {
            let topics = body::<CreateTopicsRequest>(&frame, version)?.topics.into_iter().map(|topic| {
                CreatableTopicResult { name: topic.name, error_code: code, ..CreatableTopicResult::default() }
            });
            let response = CreateTopicsResponse { topics: topics.collect(), ..Default::default() };
            answer::<CreateTopicsRequest>(start, &response)
        }
        ApiKey::DELETE_TOPICS => {
            let request = body::<DeleteTopicsRequest>(&frame, version)?;
            let by_name = request.topic_names.into_iter().map(|name| (Some(name), TopicId::default()));
            let by_either = request.topics.into_iter().map(|topic| (topic.name, topic.topic_id));
            let refused = |(name, topic_id)| DeletableTopicResult {
                name,
                topic_id,
                error_code: code,
                ..DeletableTopicResult::default()
            };
            let responses = by_name.chain(by_either).map(refused).collect();
            answer::<DeleteTopicsRequest>(start, &DeleteTopicsResponse { responses, ..Default::default() })
        }
        ApiKey::FIND_COORDINATOR => {
            let request = body::<FindCoordinatorRequest>(&frame, version)?;
            let nobody = BrokerId::NONE;
            let refused =
                |key| Coordinator { key, node_id: nobody, port: -1, error_code: code, ..Default::default() };
            let mut response = FindCoordinatorResponse {
                coordinators: request.coordinator_keys.into_iter().map(refused).collect(),
                ..FindCoordinatorResponse::default()
            };
            if version < 4 {
                (response.error_code, response.node_id, response.port) = (code, nobody, -1);
            }
            answer::<FindCoordinatorRequest>(start, &response)
        }
        ApiKey::LIST_OFFSETS => {
            let topics = body::<ListOffsetsRequest>(&frame, version)?.topics.into_iter().map(|topic| {
                let refused = |partition_index| ListOffsetsPartitionResponse {
                    partition_index,
                    error_code: code,
                    ..ListOffsetsPartitionResponse::default()
                };
                ListOffsetsTopicResponse {
                    name: topic.name,
                    partitions: topic.partitions.iter().map(|asked| refused(asked.partition_index)).collect(),
                    ..ListOffsetsTopicResponse::default()
                }
            });
            let response = ListOffsetsResponse { topics: topics.collect(), ..Default::default() };
            answer::<ListOffsetsRequest>(start, &response)
        }
        ApiKey::METADATA => {
            let topics = body::<MetadataRequest>(&frame, version)?.topics.unwrap_or_default();
            let refused = topics.into_iter().map(|topic| MetadataResponseTopic {
                name: topic.name.or_else(|| (version < 12).then(TopicName::default)),
                topic_id: if version >= 10 { topic.topic_id } else { TopicId::default() },
                error_code: code,
                ..MetadataResponseTopic::default()
            });
            let response = MetadataResponse { topics: refused.collect(), ..Default::default() };
            answer::<MetadataRequest>(start, &response)
        }
        ApiKey::OFFSET_COMMIT => {
            let topics = body::<OffsetCommitRequest>(&frame, version)?.topics.into_iter().map(|topic| {
                let refused = |partition_index| OffsetCommitResponsePartition {
                    partition_index,
                    error_code: code,
                    ..OffsetCommitResponsePartition::default()
                };
                OffsetCommitResponseTopic {
                    name: topic.name,
                    topic_id: topic.topic_id,
                    partitions: topic.partitions.iter().map(|asked| refused(asked.partition_index)).collect(),
                    ..OffsetCommitResponseTopic::default()
                }
            });
            let response = OffsetCommitResponse { topics: topics.collect(), ..Default::default() };
            answer::<OffsetCommitRequest>(start, &response)
        }
        ApiKey::OFFSET_FETCH => {
            let request = body::<OffsetFetchRequest>(&frame, version)?;
            let refused = |group_id| OffsetFetchResponseGroup {
                group_id,
                error_code: code,
                ..OffsetFetchResponseGroup::default()
            };
            let response = OffsetFetchResponse {
                error_code: if version < 8 { code } else { ErrorCode::NONE },
                groups: request.groups.into_iter().map(|group| refused(group.group_id)).collect(),
                ..OffsetFetchResponse::default()
            };
            answer::<OffsetFetchRequest>(start, &response)
        }
        _ => None,
    }
}

/// The answer with this throttle in it; as it was if it has no place for one.
pub(crate) fn tell_throttle(start: &RequestStart, frame: Bytes, ms: u32) -> Segments {
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    macro_rules! with_throttle {
        ($($api:ident: $request:ty),* $(,)?) => {
            match start.api {
                $(ApiKey::$api => change::<$request>(start, frame.clone(), |r| r.throttle_time_ms = ms),)*
                _ => None,
            }
        };
    }
    let changed = with_throttle! {
        ADD_OFFSETS_TO_TXN: AddOffsetsToTxnRequest,
        API_VERSIONS: ApiVersionsRequest,
        CONSUMER_GROUP_HEARTBEAT: ConsumerGroupHeartbeatRequest,
        CREATE_TOPICS: CreateTopicsRequest,
        DELETE_TOPICS: DeleteTopicsRequest,
        DESCRIBE_CLUSTER: DescribeClusterRequest,
        END_TXN: EndTxnRequest,
        FETCH: FetchRequest,
        FIND_COORDINATOR: FindCoordinatorRequest,
        HEARTBEAT: HeartbeatRequest,
        INIT_PRODUCER_ID: InitProducerIdRequest,
        JOIN_GROUP: JoinGroupRequest,
        LEAVE_GROUP: LeaveGroupRequest,
        LIST_GROUPS: ListGroupsRequest,
        LIST_OFFSETS: ListOffsetsRequest,
        METADATA: MetadataRequest,
        OFFSET_COMMIT: OffsetCommitRequest,
        OFFSET_FETCH: OffsetFetchRequest,
        PRODUCE: ProduceRequest,
        SYNC_GROUP: SyncGroupRequest,
    };
    changed.unwrap_or_else(|| {
        let mut writer = Writer::new();
        writer.raw(&frame);
        writer.finish()
    })
}

fn body<R: Request>(frame: &Bytes, version: i16) -> Option<R> {
    let mut reader = Reader::new(frame.clone());
    RequestHeader::read(&mut reader, R::header_version(version)).ok()?;
    R::read(&mut reader, version).ok()
}

fn answer<R: Request>(start: &RequestStart, response: &R::Response) -> Option<Segments> {
    let mut writer = Writer::new();
    let header = ResponseHeader { correlation_id: start.correlation_id, ..ResponseHeader::default() };
    header.write(&mut writer, R::Response::header_version(start.version)).ok()?;
    response.write(&mut writer, start.version).ok()?;
    Some(writer.finish())
}

fn change<R: Request>(
    start: &RequestStart,
    frame: Bytes,
    change: impl FnOnce(&mut R::Response),
) -> Option<Segments> {
    let mut reader = Reader::new(frame);
    ResponseHeader::read(&mut reader, R::Response::header_version(start.version)).ok()?;
    let mut response = R::Response::read(&mut reader, start.version).ok()?;
    change(&mut response);
    answer::<R>(start, &response)
}
