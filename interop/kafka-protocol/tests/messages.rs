//! What the schema's own writer writes, the crate `kafka-protocol` reads and writes back to the same bytes, and
//! so does our code: two implementations that share nothing but Kafka's schemas agree on every byte.

#[path = "../../../proto/tests/schema/mod.rs"]
mod schema;

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, Message};

use schema::random::{self, Random};
use schema::{SCHEMAS, Schema};

/// The same message in the other crate: its versions, and how it reads and writes again.
struct Other {
    versions: (i16, i16),
    again: fn(Bytes, i16) -> Result<Bytes, String>,
}

fn other<M: Message + Decodable + Encodable>() -> Other {
    fn again<M: Decodable + Encodable>(mut bytes: Bytes, version: i16) -> Result<Bytes, String> {
        let message =
            M::decode(&mut bytes, version).map_err(|error| format!("it does not read it: {error}"))?;
        if !bytes.is_empty() {
            return Err(format!("it leaves {} bytes", bytes.len()));
        }
        let mut written = BytesMut::new();
        message.encode(&mut written, version).map_err(|error| format!("it does not write it: {error}"))?;
        Ok(written.freeze())
    }
    Other { versions: (M::VERSIONS.min, M::VERSIONS.max), again: again::<M> }
}

/// Messages with a field called `version`, which kafka-protocol 0.18 then takes for the message's version.
const FAULTY: [&str; 2] = ["LeaderChangeMessage", "VotersRecord"];

macro_rules! others {
    ($($name:ident,)*) => { BTreeMap::from([$((stringify!($name), other::<$name>())),*]) };
}

#[test]
fn another_implementation_agrees_on_every_byte() {
    let rounds = if std::env::var_os("OTTLA_PROOF").is_some() { 500 } else { 10 };
    let others = others();
    let (mut compared, mut skipped) = (0, 0);
    for (index, schema) in SCHEMAS.iter().enumerate() {
        let Some(other) = others.get(schema.name).filter(|_| !FAULTY.contains(&schema.name)) else {
            eprintln!("{}: not compared", schema.name);
            continue;
        };
        for version in schema.each_version() {
            if version < other.versions.0 || other.versions.1 < version {
                skipped += 1;
                continue;
            }
            compared += 1;
            for round in 0..rounds {
                compare(schema, version, other, (index as u64) << 32 | round);
            }
        }
    }
    eprintln!("{compared} versions of messages compared, {skipped} are newer than kafka-protocol");
    assert!(compared > 400, "{compared}");
}

fn compare(schema: &Schema, version: i16, other: &Other, seed: u64) {
    let written = random::message(schema, version, &mut Random::new(seed));
    let bytes = Bytes::from(written.bytes);
    let place = format!("{} version {version}, seed {seed:#x}", schema.name);
    assert_eq!((schema.codec.transcode)(bytes.clone(), version, version), Ok(bytes.clone()), "{place}");
    assert_eq!((other.again)(bytes.clone(), version), Ok(bytes), "{place}");
}

fn others() -> BTreeMap<&'static str, Other> {
    others![
        AddOffsetsToTxnRequest,
        AddOffsetsToTxnResponse,
        AddPartitionsToTxnRequest,
        AddPartitionsToTxnResponse,
        AddRaftVoterRequest,
        AddRaftVoterResponse,
        AllocateProducerIdsRequest,
        AllocateProducerIdsResponse,
        AlterClientQuotasRequest,
        AlterClientQuotasResponse,
        AlterConfigsRequest,
        AlterConfigsResponse,
        AlterPartitionReassignmentsRequest,
        AlterPartitionReassignmentsResponse,
        AlterPartitionRequest,
        AlterPartitionResponse,
        AlterReplicaLogDirsRequest,
        AlterReplicaLogDirsResponse,
        AlterShareGroupOffsetsRequest,
        AlterShareGroupOffsetsResponse,
        AlterUserScramCredentialsRequest,
        AlterUserScramCredentialsResponse,
        ApiVersionsRequest,
        ApiVersionsResponse,
        AssignReplicasToDirsRequest,
        AssignReplicasToDirsResponse,
        BeginQuorumEpochRequest,
        BeginQuorumEpochResponse,
        BrokerHeartbeatRequest,
        BrokerHeartbeatResponse,
        BrokerRegistrationRequest,
        BrokerRegistrationResponse,
        ConsumerGroupDescribeRequest,
        ConsumerGroupDescribeResponse,
        ConsumerGroupHeartbeatRequest,
        ConsumerGroupHeartbeatResponse,
        ConsumerProtocolAssignment,
        ConsumerProtocolSubscription,
        ControllerRegistrationRequest,
        ControllerRegistrationResponse,
        CreateAclsRequest,
        CreateAclsResponse,
        CreateDelegationTokenRequest,
        CreateDelegationTokenResponse,
        CreatePartitionsRequest,
        CreatePartitionsResponse,
        CreateTopicsRequest,
        CreateTopicsResponse,
        DefaultPrincipalData,
        DeleteAclsRequest,
        DeleteAclsResponse,
        DeleteGroupsRequest,
        DeleteGroupsResponse,
        DeleteRecordsRequest,
        DeleteRecordsResponse,
        DeleteShareGroupOffsetsRequest,
        DeleteShareGroupOffsetsResponse,
        DeleteShareGroupStateRequest,
        DeleteShareGroupStateResponse,
        DeleteTopicsRequest,
        DeleteTopicsResponse,
        DescribeAclsRequest,
        DescribeAclsResponse,
        DescribeClientQuotasRequest,
        DescribeClientQuotasResponse,
        DescribeClusterRequest,
        DescribeClusterResponse,
        DescribeConfigsRequest,
        DescribeConfigsResponse,
        DescribeDelegationTokenRequest,
        DescribeDelegationTokenResponse,
        DescribeGroupsRequest,
        DescribeGroupsResponse,
        DescribeLogDirsRequest,
        DescribeLogDirsResponse,
        DescribeProducersRequest,
        DescribeProducersResponse,
        DescribeQuorumRequest,
        DescribeQuorumResponse,
        DescribeShareGroupOffsetsRequest,
        DescribeShareGroupOffsetsResponse,
        DescribeTopicPartitionsRequest,
        DescribeTopicPartitionsResponse,
        DescribeTransactionsRequest,
        DescribeTransactionsResponse,
        DescribeUserScramCredentialsRequest,
        DescribeUserScramCredentialsResponse,
        ElectLeadersRequest,
        ElectLeadersResponse,
        EndQuorumEpochRequest,
        EndQuorumEpochResponse,
        EndTxnMarker,
        EndTxnRequest,
        EndTxnResponse,
        EnvelopeRequest,
        EnvelopeResponse,
        ExpireDelegationTokenRequest,
        ExpireDelegationTokenResponse,
        FetchRequest,
        FetchResponse,
        FetchSnapshotRequest,
        FetchSnapshotResponse,
        FindCoordinatorRequest,
        FindCoordinatorResponse,
        GetTelemetrySubscriptionsRequest,
        GetTelemetrySubscriptionsResponse,
        HeartbeatRequest,
        HeartbeatResponse,
        IncrementalAlterConfigsRequest,
        IncrementalAlterConfigsResponse,
        InitProducerIdRequest,
        InitProducerIdResponse,
        InitializeShareGroupStateRequest,
        InitializeShareGroupStateResponse,
        JoinGroupRequest,
        JoinGroupResponse,
        KRaftVersionRecord,
        LeaderChangeMessage,
        LeaveGroupRequest,
        LeaveGroupResponse,
        ListConfigResourcesRequest,
        ListConfigResourcesResponse,
        ListGroupsRequest,
        ListGroupsResponse,
        ListOffsetsRequest,
        ListOffsetsResponse,
        ListPartitionReassignmentsRequest,
        ListPartitionReassignmentsResponse,
        ListTransactionsRequest,
        ListTransactionsResponse,
        MetadataRequest,
        MetadataResponse,
        OffsetCommitRequest,
        OffsetCommitResponse,
        OffsetDeleteRequest,
        OffsetDeleteResponse,
        OffsetFetchRequest,
        OffsetFetchResponse,
        OffsetForLeaderEpochRequest,
        OffsetForLeaderEpochResponse,
        ProduceRequest,
        ProduceResponse,
        PushTelemetryRequest,
        PushTelemetryResponse,
        ReadShareGroupStateRequest,
        ReadShareGroupStateResponse,
        ReadShareGroupStateSummaryRequest,
        ReadShareGroupStateSummaryResponse,
        RemoveRaftVoterRequest,
        RemoveRaftVoterResponse,
        RenewDelegationTokenRequest,
        RenewDelegationTokenResponse,
        RequestHeader,
        ResponseHeader,
        SaslAuthenticateRequest,
        SaslAuthenticateResponse,
        SaslHandshakeRequest,
        SaslHandshakeResponse,
        ShareAcknowledgeRequest,
        ShareAcknowledgeResponse,
        ShareFetchRequest,
        ShareFetchResponse,
        ShareGroupDescribeRequest,
        ShareGroupDescribeResponse,
        ShareGroupHeartbeatRequest,
        ShareGroupHeartbeatResponse,
        SnapshotFooterRecord,
        SnapshotHeaderRecord,
        SyncGroupRequest,
        SyncGroupResponse,
        TxnOffsetCommitRequest,
        TxnOffsetCommitResponse,
        UnregisterBrokerRequest,
        UnregisterBrokerResponse,
        UpdateFeaturesRequest,
        UpdateFeaturesResponse,
        UpdateRaftVoterRequest,
        UpdateRaftVoterResponse,
        VoteRequest,
        VoteResponse,
        VotersRecord,
        WriteShareGroupStateRequest,
        WriteShareGroupStateResponse,
        WriteTxnMarkersRequest,
        WriteTxnMarkersResponse,
    ]
}
