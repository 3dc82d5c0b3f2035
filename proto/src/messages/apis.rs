// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

use crate::api::{Api, ApiKey};
use crate::wire::VersionRange;

impl ApiKey {
    /// `Produce`.
    pub const PRODUCE: Self = Self(0);
    /// `Fetch`.
    pub const FETCH: Self = Self(1);
    /// `ListOffsets`.
    pub const LIST_OFFSETS: Self = Self(2);
    /// `Metadata`.
    pub const METADATA: Self = Self(3);
    /// `LeaderAndIsr`, which Kafka 4 no longer has.
    pub const LEADER_AND_ISR: Self = Self(4);
    /// `StopReplica`, which Kafka 4 no longer has.
    pub const STOP_REPLICA: Self = Self(5);
    /// `UpdateMetadata`, which Kafka 4 no longer has.
    pub const UPDATE_METADATA: Self = Self(6);
    /// `ControlledShutdown`, which Kafka 4 no longer has.
    pub const CONTROLLED_SHUTDOWN: Self = Self(7);
    /// `OffsetCommit`.
    pub const OFFSET_COMMIT: Self = Self(8);
    /// `OffsetFetch`.
    pub const OFFSET_FETCH: Self = Self(9);
    /// `FindCoordinator`.
    pub const FIND_COORDINATOR: Self = Self(10);
    /// `JoinGroup`.
    pub const JOIN_GROUP: Self = Self(11);
    /// `Heartbeat`.
    pub const HEARTBEAT: Self = Self(12);
    /// `LeaveGroup`.
    pub const LEAVE_GROUP: Self = Self(13);
    /// `SyncGroup`.
    pub const SYNC_GROUP: Self = Self(14);
    /// `DescribeGroups`.
    pub const DESCRIBE_GROUPS: Self = Self(15);
    /// `ListGroups`.
    pub const LIST_GROUPS: Self = Self(16);
    /// `SaslHandshake`.
    pub const SASL_HANDSHAKE: Self = Self(17);
    /// `ApiVersions`.
    pub const API_VERSIONS: Self = Self(18);
    /// `CreateTopics`.
    pub const CREATE_TOPICS: Self = Self(19);
    /// `DeleteTopics`.
    pub const DELETE_TOPICS: Self = Self(20);
    /// `DeleteRecords`.
    pub const DELETE_RECORDS: Self = Self(21);
    /// `InitProducerId`.
    pub const INIT_PRODUCER_ID: Self = Self(22);
    /// `OffsetForLeaderEpoch`.
    pub const OFFSET_FOR_LEADER_EPOCH: Self = Self(23);
    /// `AddPartitionsToTxn`.
    pub const ADD_PARTITIONS_TO_TXN: Self = Self(24);
    /// `AddOffsetsToTxn`.
    pub const ADD_OFFSETS_TO_TXN: Self = Self(25);
    /// `EndTxn`.
    pub const END_TXN: Self = Self(26);
    /// `WriteTxnMarkers`.
    pub const WRITE_TXN_MARKERS: Self = Self(27);
    /// `TxnOffsetCommit`.
    pub const TXN_OFFSET_COMMIT: Self = Self(28);
    /// `DescribeAcls`.
    pub const DESCRIBE_ACLS: Self = Self(29);
    /// `CreateAcls`.
    pub const CREATE_ACLS: Self = Self(30);
    /// `DeleteAcls`.
    pub const DELETE_ACLS: Self = Self(31);
    /// `DescribeConfigs`.
    pub const DESCRIBE_CONFIGS: Self = Self(32);
    /// `AlterConfigs`.
    pub const ALTER_CONFIGS: Self = Self(33);
    /// `AlterReplicaLogDirs`.
    pub const ALTER_REPLICA_LOG_DIRS: Self = Self(34);
    /// `DescribeLogDirs`.
    pub const DESCRIBE_LOG_DIRS: Self = Self(35);
    /// `SaslAuthenticate`.
    pub const SASL_AUTHENTICATE: Self = Self(36);
    /// `CreatePartitions`.
    pub const CREATE_PARTITIONS: Self = Self(37);
    /// `CreateDelegationToken`.
    pub const CREATE_DELEGATION_TOKEN: Self = Self(38);
    /// `RenewDelegationToken`.
    pub const RENEW_DELEGATION_TOKEN: Self = Self(39);
    /// `ExpireDelegationToken`.
    pub const EXPIRE_DELEGATION_TOKEN: Self = Self(40);
    /// `DescribeDelegationToken`.
    pub const DESCRIBE_DELEGATION_TOKEN: Self = Self(41);
    /// `DeleteGroups`.
    pub const DELETE_GROUPS: Self = Self(42);
    /// `ElectLeaders`.
    pub const ELECT_LEADERS: Self = Self(43);
    /// `IncrementalAlterConfigs`.
    pub const INCREMENTAL_ALTER_CONFIGS: Self = Self(44);
    /// `AlterPartitionReassignments`.
    pub const ALTER_PARTITION_REASSIGNMENTS: Self = Self(45);
    /// `ListPartitionReassignments`.
    pub const LIST_PARTITION_REASSIGNMENTS: Self = Self(46);
    /// `OffsetDelete`.
    pub const OFFSET_DELETE: Self = Self(47);
    /// `DescribeClientQuotas`.
    pub const DESCRIBE_CLIENT_QUOTAS: Self = Self(48);
    /// `AlterClientQuotas`.
    pub const ALTER_CLIENT_QUOTAS: Self = Self(49);
    /// `DescribeUserScramCredentials`.
    pub const DESCRIBE_USER_SCRAM_CREDENTIALS: Self = Self(50);
    /// `AlterUserScramCredentials`.
    pub const ALTER_USER_SCRAM_CREDENTIALS: Self = Self(51);
    /// `Vote`.
    pub const VOTE: Self = Self(52);
    /// `BeginQuorumEpoch`.
    pub const BEGIN_QUORUM_EPOCH: Self = Self(53);
    /// `EndQuorumEpoch`.
    pub const END_QUORUM_EPOCH: Self = Self(54);
    /// `DescribeQuorum`.
    pub const DESCRIBE_QUORUM: Self = Self(55);
    /// `AlterPartition`.
    pub const ALTER_PARTITION: Self = Self(56);
    /// `UpdateFeatures`.
    pub const UPDATE_FEATURES: Self = Self(57);
    /// `Envelope`.
    pub const ENVELOPE: Self = Self(58);
    /// `FetchSnapshot`.
    pub const FETCH_SNAPSHOT: Self = Self(59);
    /// `DescribeCluster`.
    pub const DESCRIBE_CLUSTER: Self = Self(60);
    /// `DescribeProducers`.
    pub const DESCRIBE_PRODUCERS: Self = Self(61);
    /// `BrokerRegistration`.
    pub const BROKER_REGISTRATION: Self = Self(62);
    /// `BrokerHeartbeat`.
    pub const BROKER_HEARTBEAT: Self = Self(63);
    /// `UnregisterBroker`.
    pub const UNREGISTER_BROKER: Self = Self(64);
    /// `DescribeTransactions`.
    pub const DESCRIBE_TRANSACTIONS: Self = Self(65);
    /// `ListTransactions`.
    pub const LIST_TRANSACTIONS: Self = Self(66);
    /// `AllocateProducerIds`.
    pub const ALLOCATE_PRODUCER_IDS: Self = Self(67);
    /// `ConsumerGroupHeartbeat`.
    pub const CONSUMER_GROUP_HEARTBEAT: Self = Self(68);
    /// `ConsumerGroupDescribe`.
    pub const CONSUMER_GROUP_DESCRIBE: Self = Self(69);
    /// `ControllerRegistration`.
    pub const CONTROLLER_REGISTRATION: Self = Self(70);
    /// `GetTelemetrySubscriptions`.
    pub const GET_TELEMETRY_SUBSCRIPTIONS: Self = Self(71);
    /// `PushTelemetry`.
    pub const PUSH_TELEMETRY: Self = Self(72);
    /// `AssignReplicasToDirs`.
    pub const ASSIGN_REPLICAS_TO_DIRS: Self = Self(73);
    /// `ListConfigResources`.
    pub const LIST_CONFIG_RESOURCES: Self = Self(74);
    /// `DescribeTopicPartitions`.
    pub const DESCRIBE_TOPIC_PARTITIONS: Self = Self(75);
    /// `ShareGroupHeartbeat`.
    pub const SHARE_GROUP_HEARTBEAT: Self = Self(76);
    /// `ShareGroupDescribe`.
    pub const SHARE_GROUP_DESCRIBE: Self = Self(77);
    /// `ShareFetch`.
    pub const SHARE_FETCH: Self = Self(78);
    /// `ShareAcknowledge`.
    pub const SHARE_ACKNOWLEDGE: Self = Self(79);
    /// `AddRaftVoter`.
    pub const ADD_RAFT_VOTER: Self = Self(80);
    /// `RemoveRaftVoter`.
    pub const REMOVE_RAFT_VOTER: Self = Self(81);
    /// `UpdateRaftVoter`.
    pub const UPDATE_RAFT_VOTER: Self = Self(82);
    /// `InitializeShareGroupState`.
    pub const INITIALIZE_SHARE_GROUP_STATE: Self = Self(83);
    /// `ReadShareGroupState`.
    pub const READ_SHARE_GROUP_STATE: Self = Self(84);
    /// `WriteShareGroupState`.
    pub const WRITE_SHARE_GROUP_STATE: Self = Self(85);
    /// `DeleteShareGroupState`.
    pub const DELETE_SHARE_GROUP_STATE: Self = Self(86);
    /// `ReadShareGroupStateSummary`.
    pub const READ_SHARE_GROUP_STATE_SUMMARY: Self = Self(87);
    /// `StreamsGroupHeartbeat`.
    pub const STREAMS_GROUP_HEARTBEAT: Self = Self(88);
    /// `StreamsGroupDescribe`.
    pub const STREAMS_GROUP_DESCRIBE: Self = Self(89);
    /// `DescribeShareGroupOffsets`.
    pub const DESCRIBE_SHARE_GROUP_OFFSETS: Self = Self(90);
    /// `AlterShareGroupOffsets`.
    pub const ALTER_SHARE_GROUP_OFFSETS: Self = Self(91);
    /// `DeleteShareGroupOffsets`.
    pub const DELETE_SHARE_GROUP_OFFSETS: Self = Self(92);
    /// `StreamsGroupTopologyDescriptionUpdate`.
    pub const STREAMS_GROUP_TOPOLOGY_DESCRIPTION_UPDATE: Self = Self(93);
    /// `UnregisterController`.
    pub const UNREGISTER_CONTROLLER: Self = Self(94);
}

/// Every name, by key.
pub(crate) static NAMES: &[(ApiKey, &str)] = &[
    (ApiKey(0), "Produce"),
    (ApiKey(1), "Fetch"),
    (ApiKey(2), "ListOffsets"),
    (ApiKey(3), "Metadata"),
    (ApiKey(4), "LeaderAndIsr"),
    (ApiKey(5), "StopReplica"),
    (ApiKey(6), "UpdateMetadata"),
    (ApiKey(7), "ControlledShutdown"),
    (ApiKey(8), "OffsetCommit"),
    (ApiKey(9), "OffsetFetch"),
    (ApiKey(10), "FindCoordinator"),
    (ApiKey(11), "JoinGroup"),
    (ApiKey(12), "Heartbeat"),
    (ApiKey(13), "LeaveGroup"),
    (ApiKey(14), "SyncGroup"),
    (ApiKey(15), "DescribeGroups"),
    (ApiKey(16), "ListGroups"),
    (ApiKey(17), "SaslHandshake"),
    (ApiKey(18), "ApiVersions"),
    (ApiKey(19), "CreateTopics"),
    (ApiKey(20), "DeleteTopics"),
    (ApiKey(21), "DeleteRecords"),
    (ApiKey(22), "InitProducerId"),
    (ApiKey(23), "OffsetForLeaderEpoch"),
    (ApiKey(24), "AddPartitionsToTxn"),
    (ApiKey(25), "AddOffsetsToTxn"),
    (ApiKey(26), "EndTxn"),
    (ApiKey(27), "WriteTxnMarkers"),
    (ApiKey(28), "TxnOffsetCommit"),
    (ApiKey(29), "DescribeAcls"),
    (ApiKey(30), "CreateAcls"),
    (ApiKey(31), "DeleteAcls"),
    (ApiKey(32), "DescribeConfigs"),
    (ApiKey(33), "AlterConfigs"),
    (ApiKey(34), "AlterReplicaLogDirs"),
    (ApiKey(35), "DescribeLogDirs"),
    (ApiKey(36), "SaslAuthenticate"),
    (ApiKey(37), "CreatePartitions"),
    (ApiKey(38), "CreateDelegationToken"),
    (ApiKey(39), "RenewDelegationToken"),
    (ApiKey(40), "ExpireDelegationToken"),
    (ApiKey(41), "DescribeDelegationToken"),
    (ApiKey(42), "DeleteGroups"),
    (ApiKey(43), "ElectLeaders"),
    (ApiKey(44), "IncrementalAlterConfigs"),
    (ApiKey(45), "AlterPartitionReassignments"),
    (ApiKey(46), "ListPartitionReassignments"),
    (ApiKey(47), "OffsetDelete"),
    (ApiKey(48), "DescribeClientQuotas"),
    (ApiKey(49), "AlterClientQuotas"),
    (ApiKey(50), "DescribeUserScramCredentials"),
    (ApiKey(51), "AlterUserScramCredentials"),
    (ApiKey(52), "Vote"),
    (ApiKey(53), "BeginQuorumEpoch"),
    (ApiKey(54), "EndQuorumEpoch"),
    (ApiKey(55), "DescribeQuorum"),
    (ApiKey(56), "AlterPartition"),
    (ApiKey(57), "UpdateFeatures"),
    (ApiKey(58), "Envelope"),
    (ApiKey(59), "FetchSnapshot"),
    (ApiKey(60), "DescribeCluster"),
    (ApiKey(61), "DescribeProducers"),
    (ApiKey(62), "BrokerRegistration"),
    (ApiKey(63), "BrokerHeartbeat"),
    (ApiKey(64), "UnregisterBroker"),
    (ApiKey(65), "DescribeTransactions"),
    (ApiKey(66), "ListTransactions"),
    (ApiKey(67), "AllocateProducerIds"),
    (ApiKey(68), "ConsumerGroupHeartbeat"),
    (ApiKey(69), "ConsumerGroupDescribe"),
    (ApiKey(70), "ControllerRegistration"),
    (ApiKey(71), "GetTelemetrySubscriptions"),
    (ApiKey(72), "PushTelemetry"),
    (ApiKey(73), "AssignReplicasToDirs"),
    (ApiKey(74), "ListConfigResources"),
    (ApiKey(75), "DescribeTopicPartitions"),
    (ApiKey(76), "ShareGroupHeartbeat"),
    (ApiKey(77), "ShareGroupDescribe"),
    (ApiKey(78), "ShareFetch"),
    (ApiKey(79), "ShareAcknowledge"),
    (ApiKey(80), "AddRaftVoter"),
    (ApiKey(81), "RemoveRaftVoter"),
    (ApiKey(82), "UpdateRaftVoter"),
    (ApiKey(83), "InitializeShareGroupState"),
    (ApiKey(84), "ReadShareGroupState"),
    (ApiKey(85), "WriteShareGroupState"),
    (ApiKey(86), "DeleteShareGroupState"),
    (ApiKey(87), "ReadShareGroupStateSummary"),
    (ApiKey(88), "StreamsGroupHeartbeat"),
    (ApiKey(89), "StreamsGroupDescribe"),
    (ApiKey(90), "DescribeShareGroupOffsets"),
    (ApiKey(91), "AlterShareGroupOffsets"),
    (ApiKey(92), "DeleteShareGroupOffsets"),
    (ApiKey(93), "StreamsGroupTopologyDescriptionUpdate"),
    (ApiKey(94), "UnregisterController"),
];

/// Every API that has versions, by key.
pub(crate) static APIS: &[Api] = &[
    Api {
        key: ApiKey(0),
        name: "Produce",
        versions: VersionRange::new(3, 13),
        latest_stable: 13,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(1),
        name: "Fetch",
        versions: VersionRange::new(4, 18),
        latest_stable: 18,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(2),
        name: "ListOffsets",
        versions: VersionRange::new(1, 11),
        latest_stable: 11,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(3),
        name: "Metadata",
        versions: VersionRange::new(0, 13),
        latest_stable: 13,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(8),
        name: "OffsetCommit",
        versions: VersionRange::new(2, 10),
        latest_stable: 10,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(9),
        name: "OffsetFetch",
        versions: VersionRange::new(1, 10),
        latest_stable: 10,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(10),
        name: "FindCoordinator",
        versions: VersionRange::new(0, 6),
        latest_stable: 6,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(11),
        name: "JoinGroup",
        versions: VersionRange::new(0, 9),
        latest_stable: 9,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(12),
        name: "Heartbeat",
        versions: VersionRange::new(0, 4),
        latest_stable: 4,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(13),
        name: "LeaveGroup",
        versions: VersionRange::new(0, 5),
        latest_stable: 5,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(14),
        name: "SyncGroup",
        versions: VersionRange::new(0, 5),
        latest_stable: 5,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(15),
        name: "DescribeGroups",
        versions: VersionRange::new(0, 6),
        latest_stable: 6,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(16),
        name: "ListGroups",
        versions: VersionRange::new(0, 5),
        latest_stable: 5,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(17),
        name: "SaslHandshake",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(18),
        name: "ApiVersions",
        versions: VersionRange::new(0, 5),
        latest_stable: 5,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(19),
        name: "CreateTopics",
        versions: VersionRange::new(2, 7),
        latest_stable: 7,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(20),
        name: "DeleteTopics",
        versions: VersionRange::new(1, 6),
        latest_stable: 6,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(21),
        name: "DeleteRecords",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(22),
        name: "InitProducerId",
        versions: VersionRange::new(0, 6),
        latest_stable: 5,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(23),
        name: "OffsetForLeaderEpoch",
        versions: VersionRange::new(2, 4),
        latest_stable: 4,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(24),
        name: "AddPartitionsToTxn",
        versions: VersionRange::new(0, 5),
        latest_stable: 5,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(25),
        name: "AddOffsetsToTxn",
        versions: VersionRange::new(0, 4),
        latest_stable: 4,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(26),
        name: "EndTxn",
        versions: VersionRange::new(0, 5),
        latest_stable: 5,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(27),
        name: "WriteTxnMarkers",
        versions: VersionRange::new(1, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(28),
        name: "TxnOffsetCommit",
        versions: VersionRange::new(0, 6),
        latest_stable: 6,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(29),
        name: "DescribeAcls",
        versions: VersionRange::new(1, 3),
        latest_stable: 3,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(30),
        name: "CreateAcls",
        versions: VersionRange::new(1, 3),
        latest_stable: 3,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(31),
        name: "DeleteAcls",
        versions: VersionRange::new(1, 3),
        latest_stable: 3,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(32),
        name: "DescribeConfigs",
        versions: VersionRange::new(1, 4),
        latest_stable: 4,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(33),
        name: "AlterConfigs",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(34),
        name: "AlterReplicaLogDirs",
        versions: VersionRange::new(1, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(35),
        name: "DescribeLogDirs",
        versions: VersionRange::new(1, 5),
        latest_stable: 5,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(36),
        name: "SaslAuthenticate",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(37),
        name: "CreatePartitions",
        versions: VersionRange::new(0, 3),
        latest_stable: 3,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(38),
        name: "CreateDelegationToken",
        versions: VersionRange::new(1, 3),
        latest_stable: 3,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(39),
        name: "RenewDelegationToken",
        versions: VersionRange::new(1, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(40),
        name: "ExpireDelegationToken",
        versions: VersionRange::new(1, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(41),
        name: "DescribeDelegationToken",
        versions: VersionRange::new(1, 3),
        latest_stable: 3,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(42),
        name: "DeleteGroups",
        versions: VersionRange::new(0, 3),
        latest_stable: 3,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(43),
        name: "ElectLeaders",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(44),
        name: "IncrementalAlterConfigs",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(45),
        name: "AlterPartitionReassignments",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(46),
        name: "ListPartitionReassignments",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(47),
        name: "OffsetDelete",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(48),
        name: "DescribeClientQuotas",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(49),
        name: "AlterClientQuotas",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(50),
        name: "DescribeUserScramCredentials",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(51),
        name: "AlterUserScramCredentials",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(52),
        name: "Vote",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(53),
        name: "BeginQuorumEpoch",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(54),
        name: "EndQuorumEpoch",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(55),
        name: "DescribeQuorum",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(56),
        name: "AlterPartition",
        versions: VersionRange::new(2, 3),
        latest_stable: 3,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(57),
        name: "UpdateFeatures",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(58),
        name: "Envelope",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(59),
        name: "FetchSnapshot",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(60),
        name: "DescribeCluster",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(61),
        name: "DescribeProducers",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(62),
        name: "BrokerRegistration",
        versions: VersionRange::new(0, 4),
        latest_stable: 4,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(63),
        name: "BrokerHeartbeat",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(64),
        name: "UnregisterBroker",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(65),
        name: "DescribeTransactions",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(66),
        name: "ListTransactions",
        versions: VersionRange::new(0, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(67),
        name: "AllocateProducerIds",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(68),
        name: "ConsumerGroupHeartbeat",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(69),
        name: "ConsumerGroupDescribe",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(70),
        name: "ControllerRegistration",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(71),
        name: "GetTelemetrySubscriptions",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(72),
        name: "PushTelemetry",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(73),
        name: "AssignReplicasToDirs",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(74),
        name: "ListConfigResources",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(75),
        name: "DescribeTopicPartitions",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(76),
        name: "ShareGroupHeartbeat",
        versions: VersionRange::new(1, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(77),
        name: "ShareGroupDescribe",
        versions: VersionRange::new(1, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(78),
        name: "ShareFetch",
        versions: VersionRange::new(1, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(79),
        name: "ShareAcknowledge",
        versions: VersionRange::new(1, 2),
        latest_stable: 2,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(80),
        name: "AddRaftVoter",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(81),
        name: "RemoveRaftVoter",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: true,
    },
    Api {
        key: ApiKey(82),
        name: "UpdateRaftVoter",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: false,
        on_controller: true,
    },
    Api {
        key: ApiKey(83),
        name: "InitializeShareGroupState",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(84),
        name: "ReadShareGroupState",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(85),
        name: "WriteShareGroupState",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(86),
        name: "DeleteShareGroupState",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(87),
        name: "ReadShareGroupStateSummary",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(88),
        name: "StreamsGroupHeartbeat",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(89),
        name: "StreamsGroupDescribe",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(90),
        name: "DescribeShareGroupOffsets",
        versions: VersionRange::new(0, 1),
        latest_stable: 1,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(91),
        name: "AlterShareGroupOffsets",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(92),
        name: "DeleteShareGroupOffsets",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(93),
        name: "StreamsGroupTopologyDescriptionUpdate",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: false,
    },
    Api {
        key: ApiKey(94),
        name: "UnregisterController",
        versions: VersionRange::new(0, 0),
        latest_stable: 0,
        on_broker: true,
        on_controller: true,
    },
];
