//! Answers that can tell a throttle time.

use ottla_proto::ErrorCode;
use ottla_proto::messages::*;
use ottla_proto::wire::Response;

use super::Call;
use crate::engine::{Engine, TopicError};

/// An answer that any quota may slow down.
pub(crate) trait Throttled: Response {
    /// Tells the throttle time, if the answer has a place for it (Java's `maybeSetThrottleTimeMs`).
    fn set_throttle_time_ms(&mut self, throttle_ms: i32);
}

macro_rules! throttled {
    ($($module:ident::$response:ident),* $(,)?) => {
        $(impl Throttled for $module::$response {
            fn set_throttle_time_ms(&mut self, throttle_ms: i32) {
                self.throttle_time_ms = throttle_ms;
            }
        })*
    };
}

throttled! {
    add_offsets_to_txn::AddOffsetsToTxnResponse,
    add_partitions_to_txn::AddPartitionsToTxnResponse,
    alter_client_quotas::AlterClientQuotasResponse,
    alter_configs::AlterConfigsResponse,
    alter_partition_reassignments::AlterPartitionReassignmentsResponse,
    api_versions::ApiVersionsResponse,
    consumer_group_describe::ConsumerGroupDescribeResponse,
    consumer_group_heartbeat::ConsumerGroupHeartbeatResponse,
    create_partitions::CreatePartitionsResponse,
    create_topics::CreateTopicsResponse,
    delete_groups::DeleteGroupsResponse,
    delete_records::DeleteRecordsResponse,
    delete_topics::DeleteTopicsResponse,
    describe_client_quotas::DescribeClientQuotasResponse,
    describe_cluster::DescribeClusterResponse,
    describe_configs::DescribeConfigsResponse,
    describe_groups::DescribeGroupsResponse,
    describe_log_dirs::DescribeLogDirsResponse,
    describe_producers::DescribeProducersResponse,
    describe_topic_partitions::DescribeTopicPartitionsResponse,
    describe_transactions::DescribeTransactionsResponse,
    elect_leaders::ElectLeadersResponse,
    end_txn::EndTxnResponse,
    fetch::FetchResponse,
    find_coordinator::FindCoordinatorResponse,
    heartbeat::HeartbeatResponse,
    incremental_alter_configs::IncrementalAlterConfigsResponse,
    init_producer_id::InitProducerIdResponse,
    join_group::JoinGroupResponse,
    leave_group::LeaveGroupResponse,
    list_config_resources::ListConfigResourcesResponse,
    list_groups::ListGroupsResponse,
    list_offsets::ListOffsetsResponse,
    list_partition_reassignments::ListPartitionReassignmentsResponse,
    list_transactions::ListTransactionsResponse,
    metadata::MetadataResponse,
    offset_commit::OffsetCommitResponse,
    offset_delete::OffsetDeleteResponse,
    offset_fetch::OffsetFetchResponse,
    offset_for_leader_epoch::OffsetForLeaderEpochResponse,
    produce::ProduceResponse,
    sync_group::SyncGroupResponse,
    txn_offset_commit::TxnOffsetCommitResponse,
    update_features::UpdateFeaturesResponse,
}

/// The connection is muted, and the client learns no reason.
impl Throttled for describe_quorum::DescribeQuorumResponse {
    fn set_throttle_time_ms(&mut self, _throttle_ms: i32) {}
}

/// The mutation quota during one request (KIP-599).
pub(super) struct Mutations<'a> {
    call: &'a Call,
    strict: bool,
    throttle_ms: i32,
}

impl<'a> Mutations<'a> {
    /// `first_strict` is the version of the API from which on the quota refuses.
    pub(super) fn new(call: &'a Call, first_strict: i16) -> Self {
        Self { call, strict: call.version >= first_strict, throttle_ms: 0 }
    }

    /// Takes permits for as many partitions.
    pub(super) fn take(&mut self, engine: &mut Engine, partitions: usize) -> Result<(), TopicError> {
        let taken = engine.take_mutations(self.call, partitions, self.strict);
        let (Ok(throttle_ms) | Err(throttle_ms)) = taken;
        self.throttle_ms = self.throttle_ms.max(throttle_ms);
        let message = "The client creates and deletes partitions faster than its quota allows";
        let code = ErrorCode::THROTTLING_QUOTA_EXCEEDED;
        taken.map(drop).map_err(|_| TopicError { code, message: message.to_owned() })
    }

    /// How long the client is to stay away.
    pub(super) fn throttle_time_ms(&self) -> i32 {
        self.throttle_ms
    }
}
