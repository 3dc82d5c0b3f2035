use ottla_proto::messages::add_offsets_to_txn::AddOffsetsToTxnRequest;
use ottla_proto::messages::add_partitions_to_txn::AddPartitionsToTxnRequest;
use ottla_proto::messages::alter_client_quotas::AlterClientQuotasRequest;
use ottla_proto::messages::alter_configs::AlterConfigsRequest;
use ottla_proto::messages::alter_partition_reassignments::AlterPartitionReassignmentsRequest;
use ottla_proto::messages::api_versions::ApiVersionsRequest;
use ottla_proto::messages::consumer_group_describe::ConsumerGroupDescribeRequest;
use ottla_proto::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use ottla_proto::messages::create_partitions::CreatePartitionsRequest;
use ottla_proto::messages::create_topics::CreateTopicsRequest;
use ottla_proto::messages::delete_groups::DeleteGroupsRequest;
use ottla_proto::messages::delete_records::DeleteRecordsRequest;
use ottla_proto::messages::delete_topics::DeleteTopicsRequest;
use ottla_proto::messages::describe_client_quotas::DescribeClientQuotasRequest;
use ottla_proto::messages::describe_cluster::DescribeClusterRequest;
use ottla_proto::messages::describe_configs::DescribeConfigsRequest;
use ottla_proto::messages::describe_groups::DescribeGroupsRequest;
use ottla_proto::messages::describe_log_dirs::DescribeLogDirsRequest;
use ottla_proto::messages::describe_producers::DescribeProducersRequest;
use ottla_proto::messages::describe_quorum::DescribeQuorumRequest;
use ottla_proto::messages::describe_topic_partitions::DescribeTopicPartitionsRequest;
use ottla_proto::messages::describe_transactions::DescribeTransactionsRequest;
use ottla_proto::messages::elect_leaders::ElectLeadersRequest;
use ottla_proto::messages::end_txn::EndTxnRequest;
use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::find_coordinator::FindCoordinatorRequest;
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::incremental_alter_configs::IncrementalAlterConfigsRequest;
use ottla_proto::messages::init_producer_id::InitProducerIdRequest;
use ottla_proto::messages::join_group::JoinGroupRequest;
use ottla_proto::messages::leave_group::LeaveGroupRequest;
use ottla_proto::messages::list_config_resources::ListConfigResourcesRequest;
use ottla_proto::messages::list_groups::ListGroupsRequest;
use ottla_proto::messages::list_offsets::ListOffsetsRequest;
use ottla_proto::messages::list_partition_reassignments::ListPartitionReassignmentsRequest;
use ottla_proto::messages::list_transactions::ListTransactionsRequest;
use ottla_proto::messages::metadata::MetadataRequest;
use ottla_proto::messages::offset_commit::OffsetCommitRequest;
use ottla_proto::messages::offset_delete::OffsetDeleteRequest;
use ottla_proto::messages::offset_fetch::OffsetFetchRequest;
use ottla_proto::messages::offset_for_leader_epoch::OffsetForLeaderEpochRequest;
use ottla_proto::messages::produce::ProduceRequest;
use ottla_proto::messages::sync_group::SyncGroupRequest;
use ottla_proto::messages::txn_offset_commit::TxnOffsetCommitRequest;
use ottla_proto::messages::update_features::UpdateFeaturesRequest;
use ottla_proto::messages::write_txn_markers::WriteTxnMarkersRequest;
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, ErrorCode};

use super::super::OFFERED;
use crate::engine::Close;
use crate::testing::*;

fn api_versions(name: &str) -> ApiVersionsRequest {
    ApiVersionsRequest {
        client_software_name: name.into(),
        client_software_version: "1.0".into(),
        ..ApiVersionsRequest::default()
    }
}

#[test]
fn what_is_listed_is_what_is_offered_and_produce_from_zero() {
    let mut world = World::new(1);
    for version in 0..=5 {
        let answer = world.ask(version, &api_versions("ottla"));
        assert_eq!(answer.error_code, ErrorCode::NONE);
        assert_eq!(answer.api_keys.len(), OFFERED.len());
        for (listed, (key, versions)) in answer.api_keys.iter().zip(OFFERED) {
            let min = if key == ApiKey::PRODUCE { 0 } else { versions.min };
            assert_eq!((listed.api_key, listed.min_version, listed.max_version), (key.0, min, versions.max));
        }
        assert_eq!(answer.finalized_features.len(), if version >= 3 { 4 } else { 0 });
        let supported = match version {
            ..=2 => 0,
            3 => 1,
            _ => 4,
        };
        assert_eq!(answer.supported_features.len(), supported);
    }
}

#[test]
fn an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let mut world = World::new(1);
    // Nobody can know what such a request holds, beyond the start of its header.
    let mut frame = frame(5, &api_versions("ottla")).to_vec();
    frame[2..4].copy_from_slice(&999_i16.to_be_bytes());
    world.engine.handle_frame(world.client, frame.into(), world.now);
    let answer = world.answer::<ApiVersionsRequest>(0).response;
    assert_eq!(answer.error_code, ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(answer.api_keys.len(), 1);
    assert_eq!((answer.api_keys[0].api_key, answer.api_keys[0].max_version), (18, 5));
}

#[test]
fn strange_clients_and_lost_ones_are_told() {
    let mut world = World::new(1);
    assert_eq!(world.ask(3, &api_versions("-")).error_code, ErrorCode::INVALID_REQUEST);
    let mut request = api_versions("ottla");
    request.cluster_id = Some(world.engine.cluster_id.as_str().into());
    request.node_id = 1;
    assert_eq!(world.ask(5, &request).error_code, ErrorCode::NONE);
    request.node_id = 2;
    assert_eq!(world.ask(5, &request).error_code, ErrorCode::REBOOTSTRAP_REQUIRED);
    request = ApiVersionsRequest { cluster_id: Some("other".into()), node_id: 1, ..request };
    assert_eq!(world.ask(5, &request).error_code, ErrorCode::REBOOTSTRAP_REQUIRED);
}

#[test]
fn what_is_not_offered_closes_the_connection() {
    let mut world = World::new(1);
    let mut frame = frame(3, &ProduceRequest::default()).to_vec();
    frame[2..4].copy_from_slice(&2_i16.to_be_bytes());
    world.engine.handle_frame(world.client, frame.into(), world.now);
    assert_eq!(world.closed(), Close::NotOffered { key: ApiKey::PRODUCE, version: 2 });
}

/// Sends a request in every version that is offered; it must be answered, whatever the answer.
fn each_version<R: Request>(request: &R) {
    let (_, versions) = OFFERED.into_iter().find(|(key, _)| *key == R::KEY).unwrap();
    assert_eq!(versions.min, R::VERSIONS.min, "{}", R::NAME);
    assert_eq!(versions.max, R::LATEST_STABLE, "{}", R::NAME);
    let mut world = World::with_topic();
    for version in versions.min..=versions.max {
        world.ask(version, request);
    }
}

#[test]
fn every_version_is_answered() {
    each_version(&AlterClientQuotasRequest::default());
    each_version(&api_versions("ottla"));
    each_version(&CreateTopicsRequest::default());
    each_version(&DeleteTopicsRequest::default());
    each_version(&DescribeClientQuotasRequest::default());
    each_version(&DescribeClusterRequest::default());
    each_version(&DescribeConfigsRequest::default());
    each_version(&FetchRequest::default());
    each_version(&FindCoordinatorRequest::default());
    each_version(&InitProducerIdRequest::default());
    each_version(&ListOffsetsRequest::default());
    each_version(&MetadataRequest::default());
    each_version(&ProduceRequest { acks: 1, ..ProduceRequest::default() });
    each_version(&DeleteGroupsRequest::default());
    each_version(&DescribeGroupsRequest::default());
    each_version(&HeartbeatRequest::default());
    each_version(&JoinGroupRequest::default());
    each_version(&LeaveGroupRequest::default());
    each_version(&ListGroupsRequest::default());
    each_version(&OffsetCommitRequest::default());
    each_version(&OffsetDeleteRequest::default());
    each_version(&OffsetFetchRequest::default());
    each_version(&SyncGroupRequest::default());
    each_version(&ConsumerGroupDescribeRequest::default());
    each_version(&ConsumerGroupHeartbeatRequest::default());
    each_version(&AddOffsetsToTxnRequest::default());
    each_version(&AddPartitionsToTxnRequest::default());
    each_version(&DescribeProducersRequest::default());
    each_version(&DescribeTransactionsRequest::default());
    each_version(&EndTxnRequest::default());
    each_version(&ListTransactionsRequest::default());
    each_version(&TxnOffsetCommitRequest::default());
    each_version(&WriteTxnMarkersRequest::default());
    each_version(&AlterConfigsRequest::default());
    each_version(&AlterPartitionReassignmentsRequest::default());
    each_version(&CreatePartitionsRequest::default());
    each_version(&DeleteRecordsRequest::default());
    each_version(&DescribeLogDirsRequest::default());
    each_version(&DescribeQuorumRequest::default());
    each_version(&DescribeTopicPartitionsRequest::default());
    each_version(&ElectLeadersRequest::default());
    each_version(&IncrementalAlterConfigsRequest::default());
    each_version(&ListConfigResourcesRequest::default());
    each_version(&ListPartitionReassignmentsRequest::default());
    each_version(&OffsetForLeaderEpochRequest::default());
    each_version(&UpdateFeaturesRequest::default());
    // With something in them.
    each_version(&fetch_request(0, 0));
    each_version(&fetch_request(7, 0));
    each_version(&produce_request(-1, batch(&["a"])));
    each_version(&MetadataRequest { topics: Some(Vec::new()), ..MetadataRequest::default() });
}
