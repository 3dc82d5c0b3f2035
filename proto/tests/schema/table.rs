// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

use ottla_proto::messages::*;

use super::FieldType::*;
use super::{Default, Kind, Schema, codec, field};

pub static SCHEMAS: &[Schema] = &[
    Schema {
        name: "AbortedTxn",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 0),
        first_flexible: i16::MAX,
        codec: codec::<AbortedTxn>(),
        fields: &[
            field("producer_id", I64, (0, 0)),
            field("first_offset", I64, (0, 0)),
            field("last_offset", I64, (0, 0)),
            field("last_stable_offset", I64, (0, 0)),
        ],
    },
    Schema {
        name: "AddOffsetsToTxnRequest",
        kind: Kind::Request,
        api_key: Some(25),
        versions: (0, 4),
        first_flexible: 3,
        codec: codec::<AddOffsetsToTxnRequest>(),
        fields: &[
            field("transactional_id", String, (0, 4)),
            field("producer_id", I64, (0, 4)),
            field("producer_epoch", I16, (0, 4)),
            field("group_id", String, (0, 4)),
        ],
    },
    Schema {
        name: "AddOffsetsToTxnResponse",
        kind: Kind::Response,
        api_key: Some(25),
        versions: (0, 4),
        first_flexible: 3,
        codec: codec::<AddOffsetsToTxnResponse>(),
        fields: &[field("throttle_time_ms", I32, (0, 4)), field("error_code", I16, (0, 4))],
    },
    Schema {
        name: "AddPartitionsToTxnRequest",
        kind: Kind::Request,
        api_key: Some(24),
        versions: (0, 5),
        first_flexible: 3,
        codec: codec::<AddPartitionsToTxnRequest>(),
        fields: &[
            field(
                "transactions",
                Array(&Struct(&[
                    field("transactional_id", String, (4, 5)),
                    field("producer_id", I64, (4, 5)),
                    field("producer_epoch", I16, (4, 5)),
                    field("verify_only", Bool, (4, 5)),
                    field(
                        "topics",
                        Array(&Struct(&[
                            field("name", String, (0, 5)),
                            field("partitions", Array(&I32), (0, 5)),
                        ])),
                        (4, 5),
                    ),
                ])),
                (4, 5),
            ),
            field("v3_and_below_transactional_id", String, (0, 3)),
            field("v3_and_below_producer_id", I64, (0, 3)),
            field("v3_and_below_producer_epoch", I16, (0, 3)),
            field(
                "v3_and_below_topics",
                Array(&Struct(&[field("name", String, (0, 5)), field("partitions", Array(&I32), (0, 5))])),
                (0, 3),
            ),
        ],
    },
    Schema {
        name: "AddPartitionsToTxnResponse",
        kind: Kind::Response,
        api_key: Some(24),
        versions: (0, 5),
        first_flexible: 3,
        codec: codec::<AddPartitionsToTxnResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 5)),
            field("error_code", I16, (4, 5)).ignorable(),
            field(
                "results_by_transaction",
                Array(&Struct(&[
                    field("transactional_id", String, (4, 5)),
                    field(
                        "topic_results",
                        Array(&Struct(&[
                            field("name", String, (0, 5)),
                            field(
                                "results_by_partition",
                                Array(&Struct(&[
                                    field("partition_index", I32, (0, 5)),
                                    field("partition_error_code", I16, (0, 5)),
                                ])),
                                (0, 5),
                            ),
                        ])),
                        (4, 5),
                    ),
                ])),
                (4, 5),
            ),
            field(
                "results_by_topic_v3_and_below",
                Array(&Struct(&[
                    field("name", String, (0, 5)),
                    field(
                        "results_by_partition",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 5)),
                            field("partition_error_code", I16, (0, 5)),
                        ])),
                        (0, 5),
                    ),
                ])),
                (0, 3),
            ),
        ],
    },
    Schema {
        name: "AddRaftVoterRequest",
        kind: Kind::Request,
        api_key: Some(80),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<AddRaftVoterRequest>(),
        fields: &[
            field("cluster_id", String, (0, 1)).nullable(0, 1),
            field("timeout_ms", I32, (0, 1)),
            field("voter_id", I32, (0, 1)),
            field("voter_directory_id", Uuid, (0, 1)),
            field(
                "listeners",
                Array(&Struct(&[
                    field("name", String, (0, 1)),
                    field("host", String, (0, 1)),
                    field("port", U16, (0, 1)),
                ])),
                (0, 1),
            ),
            field("ack_when_committed", Bool, (1, 1)).default(Default::Number(1)),
        ],
    },
    Schema {
        name: "AddRaftVoterResponse",
        kind: Kind::Response,
        api_key: Some(80),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<AddRaftVoterResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field("error_code", I16, (0, 1)),
            field("error_message", String, (0, 1)).nullable(0, 1).ignorable(),
        ],
    },
    Schema {
        name: "AllocateProducerIdsRequest",
        kind: Kind::Request,
        api_key: Some(67),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<AllocateProducerIdsRequest>(),
        fields: &[
            field("broker_id", I32, (0, 0)),
            field("broker_epoch", I64, (0, 0)).default(Default::Number(-1)),
        ],
    },
    Schema {
        name: "AllocateProducerIdsResponse",
        kind: Kind::Response,
        api_key: Some(67),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<AllocateProducerIdsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("producer_id_start", I64, (0, 0)),
            field("producer_id_len", I32, (0, 0)),
        ],
    },
    Schema {
        name: "AlterClientQuotasRequest",
        kind: Kind::Request,
        api_key: Some(49),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<AlterClientQuotasRequest>(),
        fields: &[
            field(
                "entries",
                Array(&Struct(&[
                    field(
                        "entity",
                        Array(&Struct(&[
                            field("entity_type", String, (0, 1)),
                            field("entity_name", String, (0, 1)).nullable(0, 1),
                        ])),
                        (0, 1),
                    ),
                    field(
                        "ops",
                        Array(&Struct(&[
                            field("key", String, (0, 1)),
                            field("value", F64, (0, 1)),
                            field("remove", Bool, (0, 1)),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
            field("validate_only", Bool, (0, 1)),
        ],
    },
    Schema {
        name: "AlterClientQuotasResponse",
        kind: Kind::Response,
        api_key: Some(49),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<AlterClientQuotasResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field(
                "entries",
                Array(&Struct(&[
                    field("error_code", I16, (0, 1)),
                    field("error_message", String, (0, 1)).nullable(0, 1),
                    field(
                        "entity",
                        Array(&Struct(&[
                            field("entity_type", String, (0, 1)),
                            field("entity_name", String, (0, 1)).nullable(0, 1),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "AlterConfigsRequest",
        kind: Kind::Request,
        api_key: Some(33),
        versions: (0, 2),
        first_flexible: 2,
        codec: codec::<AlterConfigsRequest>(),
        fields: &[
            field(
                "resources",
                Array(&Struct(&[
                    field("resource_type", I8, (0, 2)),
                    field("resource_name", String, (0, 2)),
                    field(
                        "configs",
                        Array(&Struct(&[
                            field("name", String, (0, 2)),
                            field("value", String, (0, 2)).nullable(0, 2),
                        ])),
                        (0, 2),
                    ),
                ])),
                (0, 2),
            ),
            field("validate_only", Bool, (0, 2)),
        ],
    },
    Schema {
        name: "AlterConfigsResponse",
        kind: Kind::Response,
        api_key: Some(33),
        versions: (0, 2),
        first_flexible: 2,
        codec: codec::<AlterConfigsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 2)),
            field(
                "responses",
                Array(&Struct(&[
                    field("error_code", I16, (0, 2)),
                    field("error_message", String, (0, 2)).nullable(0, 2),
                    field("resource_type", I8, (0, 2)),
                    field("resource_name", String, (0, 2)),
                ])),
                (0, 2),
            ),
        ],
    },
    Schema {
        name: "AlterPartitionReassignmentsRequest",
        kind: Kind::Request,
        api_key: Some(45),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<AlterPartitionReassignmentsRequest>(),
        fields: &[
            field("timeout_ms", I32, (0, 1)).default(Default::Number(60000)),
            field("allow_replication_factor_change", Bool, (1, 1)).default(Default::Number(1)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 1)),
                            field("replicas", Array(&I32), (0, 1)).nullable(0, 1).default(Default::Null),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "AlterPartitionReassignmentsResponse",
        kind: Kind::Response,
        api_key: Some(45),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<AlterPartitionReassignmentsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field("allow_replication_factor_change", Bool, (1, 1)).default(Default::Number(1)).ignorable(),
            field("error_code", I16, (0, 1)),
            field("error_message", String, (0, 1)).nullable(0, 1),
            field(
                "responses",
                Array(&Struct(&[
                    field("name", String, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 1)),
                            field("error_code", I16, (0, 1)),
                            field("error_message", String, (0, 1)).nullable(0, 1),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "AlterPartitionRequest",
        kind: Kind::Request,
        api_key: Some(56),
        versions: (2, 3),
        first_flexible: 2,
        codec: codec::<AlterPartitionRequest>(),
        fields: &[
            field("broker_id", I32, (2, 3)),
            field("broker_epoch", I64, (2, 3)).default(Default::Number(-1)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (2, 3)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (2, 3)),
                            field("leader_epoch", I32, (2, 3)),
                            field("new_isr", Array(&I32), (2, 2)),
                            field(
                                "new_isr_with_epochs",
                                Array(&Struct(&[
                                    field("broker_id", I32, (3, 3)),
                                    field("broker_epoch", I64, (3, 3)).default(Default::Number(-1)),
                                ])),
                                (3, 3),
                            ),
                            field("leader_recovery_state", I8, (2, 3)),
                            field("partition_epoch", I32, (2, 3)),
                        ])),
                        (2, 3),
                    ),
                ])),
                (2, 3),
            ),
        ],
    },
    Schema {
        name: "AlterPartitionResponse",
        kind: Kind::Response,
        api_key: Some(56),
        versions: (2, 3),
        first_flexible: 2,
        codec: codec::<AlterPartitionResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (2, 3)),
            field("error_code", I16, (2, 3)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (2, 3)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (2, 3)),
                            field("error_code", I16, (2, 3)),
                            field("leader_id", I32, (2, 3)),
                            field("leader_epoch", I32, (2, 3)),
                            field("isr", Array(&I32), (2, 3)),
                            field("leader_recovery_state", I8, (2, 3)).ignorable(),
                            field("partition_epoch", I32, (2, 3)),
                        ])),
                        (2, 3),
                    ),
                ])),
                (2, 3),
            ),
        ],
    },
    Schema {
        name: "AlterReplicaLogDirsRequest",
        kind: Kind::Request,
        api_key: Some(34),
        versions: (1, 2),
        first_flexible: 2,
        codec: codec::<AlterReplicaLogDirsRequest>(),
        fields: &[field(
            "dirs",
            Array(&Struct(&[
                field("path", String, (1, 2)),
                field(
                    "topics",
                    Array(&Struct(&[
                        field("name", String, (1, 2)),
                        field("partitions", Array(&I32), (1, 2)),
                    ])),
                    (1, 2),
                ),
            ])),
            (1, 2),
        )],
    },
    Schema {
        name: "AlterReplicaLogDirsResponse",
        kind: Kind::Response,
        api_key: Some(34),
        versions: (1, 2),
        first_flexible: 2,
        codec: codec::<AlterReplicaLogDirsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 2)),
            field(
                "results",
                Array(&Struct(&[
                    field("topic_name", String, (1, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (1, 2)),
                            field("error_code", I16, (1, 2)),
                        ])),
                        (1, 2),
                    ),
                ])),
                (1, 2),
            ),
        ],
    },
    Schema {
        name: "AlterShareGroupOffsetsRequest",
        kind: Kind::Request,
        api_key: Some(91),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<AlterShareGroupOffsetsRequest>(),
        fields: &[
            field("group_id", String, (0, 0)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_name", String, (0, 0)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 0)),
                            field("start_offset", I64, (0, 0)),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "AlterShareGroupOffsetsResponse",
        kind: Kind::Response,
        api_key: Some(91),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<AlterShareGroupOffsetsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
            field(
                "responses",
                Array(&Struct(&[
                    field("topic_name", String, (0, 0)),
                    field("topic_id", Uuid, (0, 0)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 0)),
                            field("error_code", I16, (0, 0)),
                            field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "AlterUserScramCredentialsRequest",
        kind: Kind::Request,
        api_key: Some(51),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<AlterUserScramCredentialsRequest>(),
        fields: &[
            field(
                "deletions",
                Array(&Struct(&[field("name", String, (0, 0)), field("mechanism", I8, (0, 0))])),
                (0, 0),
            ),
            field(
                "upsertions",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field("mechanism", I8, (0, 0)),
                    field("iterations", I32, (0, 0)),
                    field("salt", Bytes, (0, 0)),
                    field("salted_password", Bytes, (0, 0)),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "AlterUserScramCredentialsResponse",
        kind: Kind::Response,
        api_key: Some(51),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<AlterUserScramCredentialsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field(
                "results",
                Array(&Struct(&[
                    field("user", String, (0, 0)),
                    field("error_code", I16, (0, 0)),
                    field("error_message", String, (0, 0)).nullable(0, 0),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "ApiVersionsRequest",
        kind: Kind::Request,
        api_key: Some(18),
        versions: (0, 5),
        first_flexible: 3,
        codec: codec::<ApiVersionsRequest>(),
        fields: &[
            field("client_software_name", String, (3, 5)).ignorable(),
            field("client_software_version", String, (3, 5)).ignorable(),
            field("cluster_id", String, (5, 5)).nullable(5, 5).default(Default::Null).ignorable(),
            field("node_id", I32, (5, 5)).default(Default::Number(-1)).ignorable(),
        ],
    },
    Schema {
        name: "ApiVersionsResponse",
        kind: Kind::Response,
        api_key: Some(18),
        versions: (0, 5),
        first_flexible: 3,
        codec: codec::<ApiVersionsResponse>(),
        fields: &[
            field("error_code", I16, (0, 5)),
            field(
                "api_keys",
                Array(&Struct(&[
                    field("api_key", I16, (0, 5)),
                    field("min_version", I16, (0, 5)),
                    field("max_version", I16, (0, 5)),
                ])),
                (0, 5),
            ),
            field("throttle_time_ms", I32, (1, 5)).ignorable(),
            field(
                "supported_features",
                Array(&Struct(&[
                    field("name", String, (3, 5)),
                    field("min_version", I16, (3, 5)),
                    field("max_version", I16, (3, 5)),
                ])),
                (3, 5),
            )
            .tagged(0)
            .ignorable(),
            field("finalized_features_epoch", I64, (3, 5)).tagged(1).default(Default::Number(-1)).ignorable(),
            field(
                "finalized_features",
                Array(&Struct(&[
                    field("name", String, (3, 5)),
                    field("max_version_level", I16, (3, 5)),
                    field("min_version_level", I16, (3, 5)),
                ])),
                (3, 5),
            )
            .tagged(2)
            .ignorable(),
            field("zk_migration_ready", Bool, (3, 5)).tagged(3).ignorable(),
        ],
    },
    Schema {
        name: "AssignReplicasToDirsRequest",
        kind: Kind::Request,
        api_key: Some(73),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<AssignReplicasToDirsRequest>(),
        fields: &[
            field("broker_id", I32, (0, 0)),
            field("broker_epoch", I64, (0, 0)).default(Default::Number(-1)),
            field(
                "directories",
                Array(&Struct(&[
                    field("id", Uuid, (0, 0)),
                    field(
                        "topics",
                        Array(&Struct(&[
                            field("topic_id", Uuid, (0, 0)),
                            field(
                                "partitions",
                                Array(&Struct(&[field("partition_index", I32, (0, 0))])),
                                (0, 0),
                            ),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "AssignReplicasToDirsResponse",
        kind: Kind::Response,
        api_key: Some(73),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<AssignReplicasToDirsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field(
                "directories",
                Array(&Struct(&[
                    field("id", Uuid, (0, 0)),
                    field(
                        "topics",
                        Array(&Struct(&[
                            field("topic_id", Uuid, (0, 0)),
                            field(
                                "partitions",
                                Array(&Struct(&[
                                    field("partition_index", I32, (0, 0)),
                                    field("error_code", I16, (0, 0)),
                                ])),
                                (0, 0),
                            ),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "BeginQuorumEpochRequest",
        kind: Kind::Request,
        api_key: Some(53),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<BeginQuorumEpochRequest>(),
        fields: &[
            field("cluster_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field("voter_id", I32, (1, 1)).default(Default::Number(-1)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_name", String, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 1)),
                            field("voter_directory_id", Uuid, (1, 1)).ignorable(),
                            field("leader_id", I32, (0, 1)),
                            field("leader_epoch", I32, (0, 1)),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
            field(
                "leader_endpoints",
                Array(&Struct(&[
                    field("name", String, (1, 1)),
                    field("host", String, (1, 1)),
                    field("port", U16, (1, 1)),
                ])),
                (1, 1),
            )
            .ignorable(),
        ],
    },
    Schema {
        name: "BeginQuorumEpochResponse",
        kind: Kind::Response,
        api_key: Some(53),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<BeginQuorumEpochResponse>(),
        fields: &[
            field("error_code", I16, (0, 1)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_name", String, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 1)),
                            field("error_code", I16, (0, 1)),
                            field("leader_id", I32, (0, 1)),
                            field("leader_epoch", I32, (0, 1)),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
            field(
                "node_endpoints",
                Array(&Struct(&[
                    field("node_id", I32, (1, 1)),
                    field("host", String, (1, 1)),
                    field("port", U16, (1, 1)),
                ])),
                (1, 1),
            )
            .tagged(0),
        ],
    },
    Schema {
        name: "BrokerHeartbeatRequest",
        kind: Kind::Request,
        api_key: Some(63),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<BrokerHeartbeatRequest>(),
        fields: &[
            field("broker_id", I32, (0, 2)),
            field("broker_epoch", I64, (0, 2)).default(Default::Number(-1)),
            field("current_metadata_offset", I64, (0, 2)),
            field("want_fence", Bool, (0, 2)),
            field("want_shut_down", Bool, (0, 2)),
            field("offline_log_dirs", Array(&Uuid), (1, 2)).tagged(0),
            field("cordoned_log_dirs", Array(&Uuid), (2, 2)).nullable(2, 2).tagged(1).default(Default::Null),
        ],
    },
    Schema {
        name: "BrokerHeartbeatResponse",
        kind: Kind::Response,
        api_key: Some(63),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<BrokerHeartbeatResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 2)),
            field("error_code", I16, (0, 2)),
            field("is_caught_up", Bool, (0, 2)),
            field("is_fenced", Bool, (0, 2)).default(Default::Number(1)),
            field("should_shut_down", Bool, (0, 2)),
        ],
    },
    Schema {
        name: "BrokerRegistrationRequest",
        kind: Kind::Request,
        api_key: Some(62),
        versions: (0, 4),
        first_flexible: 0,
        codec: codec::<BrokerRegistrationRequest>(),
        fields: &[
            field("broker_id", I32, (0, 4)),
            field("cluster_id", String, (0, 4)),
            field("incarnation_id", Uuid, (0, 4)),
            field(
                "listeners",
                Array(&Struct(&[
                    field("name", String, (0, 4)),
                    field("host", String, (0, 4)),
                    field("port", U16, (0, 4)),
                    field("security_protocol", I16, (0, 4)),
                ])),
                (0, 4),
            ),
            field(
                "features",
                Array(&Struct(&[
                    field("name", String, (0, 4)),
                    field("min_supported_version", I16, (0, 4)),
                    field("max_supported_version", I16, (0, 4)),
                ])),
                (0, 4),
            ),
            field("rack", String, (0, 4)).nullable(0, 4),
            field("is_migrating_zk_broker", Bool, (1, 4)),
            field("log_dirs", Array(&Uuid), (2, 4)).ignorable(),
            field("previous_broker_epoch", I64, (3, 4)).default(Default::Number(-1)).ignorable(),
        ],
    },
    Schema {
        name: "BrokerRegistrationResponse",
        kind: Kind::Response,
        api_key: Some(62),
        versions: (0, 4),
        first_flexible: 0,
        codec: codec::<BrokerRegistrationResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 4)),
            field("error_code", I16, (0, 4)),
            field("broker_epoch", I64, (0, 4)).default(Default::Number(-1)),
        ],
    },
    Schema {
        name: "ConsumerGroupDescribeRequest",
        kind: Kind::Request,
        api_key: Some(69),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<ConsumerGroupDescribeRequest>(),
        fields: &[
            field("group_ids", Array(&String), (0, 1)),
            field("include_authorized_operations", Bool, (0, 1)),
        ],
    },
    Schema {
        name: "ConsumerGroupDescribeResponse",
        kind: Kind::Response,
        api_key: Some(69),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<ConsumerGroupDescribeResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field(
                "groups",
                Array(&Struct(&[
                    field("error_code", I16, (0, 1)),
                    field("error_message", String, (0, 1)).nullable(0, 1).default(Default::Null),
                    field("group_id", String, (0, 1)),
                    field("group_state", String, (0, 1)),
                    field("group_epoch", I32, (0, 1)),
                    field("assignment_epoch", I32, (0, 1)),
                    field("assignor_name", String, (0, 1)),
                    field(
                        "members",
                        Array(&Struct(&[
                            field("member_id", String, (0, 1)),
                            field("instance_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
                            field("rack_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
                            field("member_epoch", I32, (0, 1)),
                            field("client_id", String, (0, 1)),
                            field("client_host", String, (0, 1)),
                            field("subscribed_topic_names", Array(&String), (0, 1)),
                            field("subscribed_topic_regex", String, (0, 1))
                                .nullable(0, 1)
                                .default(Default::Null),
                            field(
                                "assignment",
                                Struct(&[field(
                                    "topic_partitions",
                                    Array(&Struct(&[
                                        field("topic_id", Uuid, (0, 1)),
                                        field("topic_name", String, (0, 1)),
                                        field("partitions", Array(&I32), (0, 1)),
                                    ])),
                                    (0, 1),
                                )]),
                                (0, 1),
                            ),
                            field(
                                "target_assignment",
                                Struct(&[field(
                                    "topic_partitions",
                                    Array(&Struct(&[
                                        field("topic_id", Uuid, (0, 1)),
                                        field("topic_name", String, (0, 1)),
                                        field("partitions", Array(&I32), (0, 1)),
                                    ])),
                                    (0, 1),
                                )]),
                                (0, 1),
                            ),
                            field("member_type", I8, (1, 1)).default(Default::Number(-1)).ignorable(),
                        ])),
                        (0, 1),
                    ),
                    field("authorized_operations", I32, (0, 1)).default(Default::Number(i32::MIN as i64)),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "ConsumerGroupHeartbeatRequest",
        kind: Kind::Request,
        api_key: Some(68),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<ConsumerGroupHeartbeatRequest>(),
        fields: &[
            field("group_id", String, (0, 1)),
            field("member_id", String, (0, 1)),
            field("member_epoch", I32, (0, 1)),
            field("instance_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field("rack_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field("rebalance_timeout_ms", I32, (0, 1)).default(Default::Number(-1)),
            field("subscribed_topic_names", Array(&String), (0, 1)).nullable(0, 1).default(Default::Null),
            field("subscribed_topic_regex", String, (1, 1)).nullable(1, 1).default(Default::Null),
            field("server_assignor", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field(
                "topic_partitions",
                Array(&Struct(&[field("topic_id", Uuid, (0, 1)), field("partitions", Array(&I32), (0, 1))])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
        ],
    },
    Schema {
        name: "ConsumerGroupHeartbeatResponse",
        kind: Kind::Response,
        api_key: Some(68),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<ConsumerGroupHeartbeatResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field("error_code", I16, (0, 1)),
            field("error_message", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field("member_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field("member_epoch", I32, (0, 1)),
            field("heartbeat_interval_ms", I32, (0, 1)),
            field(
                "assignment",
                Struct(&[field(
                    "topic_partitions",
                    Array(&Struct(&[
                        field("topic_id", Uuid, (0, 1)),
                        field("partitions", Array(&I32), (0, 1)),
                    ])),
                    (0, 1),
                )]),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
        ],
    },
    Schema {
        name: "ConsumerProtocolAssignment",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 3),
        first_flexible: i16::MAX,
        codec: codec::<ConsumerProtocolAssignment>(),
        fields: &[
            field(
                "assigned_partitions",
                Array(&Struct(&[field("topic", String, (0, 3)), field("partitions", Array(&I32), (0, 3))])),
                (0, 3),
            ),
            field("user_data", Bytes, (0, 3)).nullable(0, 3).default(Default::Null),
        ],
    },
    Schema {
        name: "ConsumerProtocolSubscription",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 3),
        first_flexible: i16::MAX,
        codec: codec::<ConsumerProtocolSubscription>(),
        fields: &[
            field("topics", Array(&String), (0, 3)),
            field("user_data", Bytes, (0, 3)).nullable(0, 3).default(Default::Null),
            field(
                "owned_partitions",
                Array(&Struct(&[field("topic", String, (1, 3)), field("partitions", Array(&I32), (1, 3))])),
                (1, 3),
            )
            .ignorable(),
            field("generation_id", I32, (2, 3)).default(Default::Number(-1)).ignorable(),
            field("rack_id", String, (3, 3)).nullable(3, 3).default(Default::Null).ignorable(),
        ],
    },
    Schema {
        name: "ControlRecordTypeSchema",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 0),
        first_flexible: i16::MAX,
        codec: codec::<ControlRecordTypeSchema>(),
        fields: &[field("type", I16, (0, 0))],
    },
    Schema {
        name: "ControllerRegistrationRequest",
        kind: Kind::Request,
        api_key: Some(70),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<ControllerRegistrationRequest>(),
        fields: &[
            field("controller_id", I32, (0, 0)),
            field("incarnation_id", Uuid, (0, 0)),
            field("zk_migration_ready", Bool, (0, 0)),
            field(
                "listeners",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field("host", String, (0, 0)),
                    field("port", U16, (0, 0)),
                    field("security_protocol", I16, (0, 0)),
                ])),
                (0, 0),
            ),
            field(
                "features",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field("min_supported_version", I16, (0, 0)),
                    field("max_supported_version", I16, (0, 0)),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "ControllerRegistrationResponse",
        kind: Kind::Response,
        api_key: Some(70),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<ControllerRegistrationResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0),
        ],
    },
    Schema {
        name: "CreateAclsRequest",
        kind: Kind::Request,
        api_key: Some(30),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<CreateAclsRequest>(),
        fields: &[field(
            "creations",
            Array(&Struct(&[
                field("resource_type", I8, (1, 3)),
                field("resource_name", String, (1, 3)),
                field("resource_pattern_type", I8, (1, 3)).default(Default::Number(3)),
                field("principal", String, (1, 3)),
                field("host", String, (1, 3)),
                field("operation", I8, (1, 3)),
                field("permission_type", I8, (1, 3)),
            ])),
            (1, 3),
        )],
    },
    Schema {
        name: "CreateAclsResponse",
        kind: Kind::Response,
        api_key: Some(30),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<CreateAclsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 3)),
            field(
                "results",
                Array(&Struct(&[
                    field("error_code", I16, (1, 3)),
                    field("error_message", String, (1, 3)).nullable(1, 3),
                ])),
                (1, 3),
            ),
        ],
    },
    Schema {
        name: "CreateDelegationTokenRequest",
        kind: Kind::Request,
        api_key: Some(38),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<CreateDelegationTokenRequest>(),
        fields: &[
            field("owner_principal_type", String, (3, 3)).nullable(3, 3),
            field("owner_principal_name", String, (3, 3)).nullable(3, 3),
            field(
                "renewers",
                Array(&Struct(&[
                    field("principal_type", String, (1, 3)),
                    field("principal_name", String, (1, 3)),
                ])),
                (1, 3),
            ),
            field("max_lifetime_ms", I64, (1, 3)),
        ],
    },
    Schema {
        name: "CreateDelegationTokenResponse",
        kind: Kind::Response,
        api_key: Some(38),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<CreateDelegationTokenResponse>(),
        fields: &[
            field("error_code", I16, (1, 3)),
            field("principal_type", String, (1, 3)),
            field("principal_name", String, (1, 3)),
            field("token_requester_principal_type", String, (3, 3)),
            field("token_requester_principal_name", String, (3, 3)),
            field("issue_timestamp_ms", I64, (1, 3)),
            field("expiry_timestamp_ms", I64, (1, 3)),
            field("max_timestamp_ms", I64, (1, 3)),
            field("token_id", String, (1, 3)),
            field("hmac", Bytes, (1, 3)),
            field("throttle_time_ms", I32, (1, 3)),
        ],
    },
    Schema {
        name: "CreatePartitionsRequest",
        kind: Kind::Request,
        api_key: Some(37),
        versions: (0, 3),
        first_flexible: 2,
        codec: codec::<CreatePartitionsRequest>(),
        fields: &[
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 3)),
                    field("count", I32, (0, 3)),
                    field("assignments", Array(&Struct(&[field("broker_ids", Array(&I32), (0, 3))])), (0, 3))
                        .nullable(0, 3),
                ])),
                (0, 3),
            ),
            field("timeout_ms", I32, (0, 3)),
            field("validate_only", Bool, (0, 3)),
        ],
    },
    Schema {
        name: "CreatePartitionsResponse",
        kind: Kind::Response,
        api_key: Some(37),
        versions: (0, 3),
        first_flexible: 2,
        codec: codec::<CreatePartitionsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 3)),
            field(
                "results",
                Array(&Struct(&[
                    field("name", String, (0, 3)),
                    field("error_code", I16, (0, 3)),
                    field("error_message", String, (0, 3)).nullable(0, 3).default(Default::Null),
                ])),
                (0, 3),
            ),
        ],
    },
    Schema {
        name: "CreateTopicsRequest",
        kind: Kind::Request,
        api_key: Some(19),
        versions: (2, 7),
        first_flexible: 5,
        codec: codec::<CreateTopicsRequest>(),
        fields: &[
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (2, 7)),
                    field("num_partitions", I32, (2, 7)),
                    field("replication_factor", I16, (2, 7)),
                    field(
                        "assignments",
                        Array(&Struct(&[
                            field("partition_index", I32, (2, 7)),
                            field("broker_ids", Array(&I32), (2, 7)),
                        ])),
                        (2, 7),
                    ),
                    field(
                        "configs",
                        Array(&Struct(&[
                            field("name", String, (2, 7)),
                            field("value", String, (2, 7)).nullable(2, 7),
                        ])),
                        (2, 7),
                    ),
                ])),
                (2, 7),
            ),
            field("timeout_ms", I32, (2, 7)).default(Default::Number(60000)),
            field("validate_only", Bool, (2, 7)),
        ],
    },
    Schema {
        name: "CreateTopicsResponse",
        kind: Kind::Response,
        api_key: Some(19),
        versions: (2, 7),
        first_flexible: 5,
        codec: codec::<CreateTopicsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (2, 7)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (2, 7)),
                    field("topic_id", Uuid, (7, 7)).ignorable(),
                    field("error_code", I16, (2, 7)),
                    field("error_message", String, (2, 7)).nullable(2, 7).ignorable(),
                    field("topic_config_error_code", I16, (5, 7)).tagged(0).ignorable(),
                    field("num_partitions", I32, (5, 7)).default(Default::Number(-1)).ignorable(),
                    field("replication_factor", I16, (5, 7)).default(Default::Number(-1)).ignorable(),
                    field(
                        "configs",
                        Array(&Struct(&[
                            field("name", String, (5, 7)),
                            field("value", String, (5, 7)).nullable(5, 7),
                            field("read_only", Bool, (5, 7)),
                            field("config_source", I8, (5, 7)).default(Default::Number(-1)).ignorable(),
                            field("is_sensitive", Bool, (5, 7)),
                        ])),
                        (5, 7),
                    )
                    .nullable(5, 7)
                    .ignorable(),
                ])),
                (2, 7),
            ),
        ],
    },
    Schema {
        name: "DefaultPrincipalData",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DefaultPrincipalData>(),
        fields: &[
            field("type", String, (0, 0)),
            field("name", String, (0, 0)),
            field("token_authenticated", Bool, (0, 0)),
        ],
    },
    Schema {
        name: "DeleteAclsRequest",
        kind: Kind::Request,
        api_key: Some(31),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<DeleteAclsRequest>(),
        fields: &[field(
            "filters",
            Array(&Struct(&[
                field("resource_type_filter", I8, (1, 3)),
                field("resource_name_filter", String, (1, 3)).nullable(1, 3),
                field("pattern_type_filter", I8, (1, 3)).default(Default::Number(3)),
                field("principal_filter", String, (1, 3)).nullable(1, 3),
                field("host_filter", String, (1, 3)).nullable(1, 3),
                field("operation", I8, (1, 3)),
                field("permission_type", I8, (1, 3)),
            ])),
            (1, 3),
        )],
    },
    Schema {
        name: "DeleteAclsResponse",
        kind: Kind::Response,
        api_key: Some(31),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<DeleteAclsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 3)),
            field(
                "filter_results",
                Array(&Struct(&[
                    field("error_code", I16, (1, 3)),
                    field("error_message", String, (1, 3)).nullable(1, 3),
                    field(
                        "matching_acls",
                        Array(&Struct(&[
                            field("error_code", I16, (1, 3)),
                            field("error_message", String, (1, 3)).nullable(1, 3),
                            field("resource_type", I8, (1, 3)),
                            field("resource_name", String, (1, 3)),
                            field("pattern_type", I8, (1, 3)).default(Default::Number(3)),
                            field("principal", String, (1, 3)),
                            field("host", String, (1, 3)),
                            field("operation", I8, (1, 3)),
                            field("permission_type", I8, (1, 3)),
                        ])),
                        (1, 3),
                    ),
                ])),
                (1, 3),
            ),
        ],
    },
    Schema {
        name: "DeleteGroupsRequest",
        kind: Kind::Request,
        api_key: Some(42),
        versions: (0, 3),
        first_flexible: 2,
        codec: codec::<DeleteGroupsRequest>(),
        fields: &[field("groups_names", Array(&String), (0, 3))],
    },
    Schema {
        name: "DeleteGroupsResponse",
        kind: Kind::Response,
        api_key: Some(42),
        versions: (0, 3),
        first_flexible: 2,
        codec: codec::<DeleteGroupsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 3)),
            field(
                "results",
                Array(&Struct(&[
                    field("group_id", String, (0, 3)),
                    field("error_code", I16, (0, 3)),
                    field("error_message", String, (3, 3)).nullable(3, 3).default(Default::Null).ignorable(),
                ])),
                (0, 3),
            ),
        ],
    },
    Schema {
        name: "DeleteRecordsRequest",
        kind: Kind::Request,
        api_key: Some(21),
        versions: (0, 2),
        first_flexible: 2,
        codec: codec::<DeleteRecordsRequest>(),
        fields: &[
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 2)),
                            field("offset", I64, (0, 2)),
                        ])),
                        (0, 2),
                    ),
                ])),
                (0, 2),
            ),
            field("timeout_ms", I32, (0, 2)),
        ],
    },
    Schema {
        name: "DeleteRecordsResponse",
        kind: Kind::Response,
        api_key: Some(21),
        versions: (0, 2),
        first_flexible: 2,
        codec: codec::<DeleteRecordsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 2)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 2)),
                            field("low_watermark", I64, (0, 2)),
                            field("error_code", I16, (0, 2)),
                        ])),
                        (0, 2),
                    ),
                ])),
                (0, 2),
            ),
        ],
    },
    Schema {
        name: "DeleteShareGroupOffsetsRequest",
        kind: Kind::Request,
        api_key: Some(92),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DeleteShareGroupOffsetsRequest>(),
        fields: &[
            field("group_id", String, (0, 0)),
            field("topics", Array(&Struct(&[field("topic_name", String, (0, 0))])), (0, 0)),
        ],
    },
    Schema {
        name: "DeleteShareGroupOffsetsResponse",
        kind: Kind::Response,
        api_key: Some(92),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DeleteShareGroupOffsetsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
            field(
                "responses",
                Array(&Struct(&[
                    field("topic_name", String, (0, 0)),
                    field("topic_id", Uuid, (0, 0)),
                    field("error_code", I16, (0, 0)),
                    field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "DeleteShareGroupStateRequest",
        kind: Kind::Request,
        api_key: Some(86),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DeleteShareGroupStateRequest>(),
        fields: &[
            field("group_id", String, (0, 0)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (0, 0)),
                    field("partitions", Array(&Struct(&[field("partition", I32, (0, 0))])), (0, 0)),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "DeleteShareGroupStateResponse",
        kind: Kind::Response,
        api_key: Some(86),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DeleteShareGroupStateResponse>(),
        fields: &[field(
            "results",
            Array(&Struct(&[
                field("topic_id", Uuid, (0, 0)),
                field(
                    "partitions",
                    Array(&Struct(&[
                        field("partition", I32, (0, 0)),
                        field("error_code", I16, (0, 0)),
                        field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
                    ])),
                    (0, 0),
                ),
            ])),
            (0, 0),
        )],
    },
    Schema {
        name: "DeleteTopicsRequest",
        kind: Kind::Request,
        api_key: Some(20),
        versions: (1, 6),
        first_flexible: 4,
        codec: codec::<DeleteTopicsRequest>(),
        fields: &[
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (6, 6)).nullable(6, 6).default(Default::Null),
                    field("topic_id", Uuid, (6, 6)),
                ])),
                (6, 6),
            ),
            field("topic_names", Array(&String), (1, 5)).ignorable(),
            field("timeout_ms", I32, (1, 6)),
        ],
    },
    Schema {
        name: "DeleteTopicsResponse",
        kind: Kind::Response,
        api_key: Some(20),
        versions: (1, 6),
        first_flexible: 4,
        codec: codec::<DeleteTopicsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 6)).ignorable(),
            field(
                "responses",
                Array(&Struct(&[
                    field("name", String, (1, 6)).nullable(6, 6),
                    field("topic_id", Uuid, (6, 6)).ignorable(),
                    field("error_code", I16, (1, 6)),
                    field("error_message", String, (5, 6)).nullable(5, 6).default(Default::Null).ignorable(),
                ])),
                (1, 6),
            ),
        ],
    },
    Schema {
        name: "DescribeAclsRequest",
        kind: Kind::Request,
        api_key: Some(29),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<DescribeAclsRequest>(),
        fields: &[
            field("resource_type_filter", I8, (1, 3)),
            field("resource_name_filter", String, (1, 3)).nullable(1, 3),
            field("pattern_type_filter", I8, (1, 3)).default(Default::Number(3)),
            field("principal_filter", String, (1, 3)).nullable(1, 3),
            field("host_filter", String, (1, 3)).nullable(1, 3),
            field("operation", I8, (1, 3)),
            field("permission_type", I8, (1, 3)),
        ],
    },
    Schema {
        name: "DescribeAclsResponse",
        kind: Kind::Response,
        api_key: Some(29),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<DescribeAclsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 3)),
            field("error_code", I16, (1, 3)),
            field("error_message", String, (1, 3)).nullable(1, 3),
            field(
                "resources",
                Array(&Struct(&[
                    field("resource_type", I8, (1, 3)),
                    field("resource_name", String, (1, 3)),
                    field("pattern_type", I8, (1, 3)).default(Default::Number(3)),
                    field(
                        "acls",
                        Array(&Struct(&[
                            field("principal", String, (1, 3)),
                            field("host", String, (1, 3)),
                            field("operation", I8, (1, 3)),
                            field("permission_type", I8, (1, 3)),
                        ])),
                        (1, 3),
                    ),
                ])),
                (1, 3),
            ),
        ],
    },
    Schema {
        name: "DescribeClientQuotasRequest",
        kind: Kind::Request,
        api_key: Some(48),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<DescribeClientQuotasRequest>(),
        fields: &[
            field(
                "components",
                Array(&Struct(&[
                    field("entity_type", String, (0, 1)),
                    field("match_type", I8, (0, 1)),
                    field("match", String, (0, 1)).nullable(0, 1),
                ])),
                (0, 1),
            ),
            field("strict", Bool, (0, 1)),
        ],
    },
    Schema {
        name: "DescribeClientQuotasResponse",
        kind: Kind::Response,
        api_key: Some(48),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<DescribeClientQuotasResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field("error_code", I16, (0, 1)),
            field("error_message", String, (0, 1)).nullable(0, 1),
            field(
                "entries",
                Array(&Struct(&[
                    field(
                        "entity",
                        Array(&Struct(&[
                            field("entity_type", String, (0, 1)),
                            field("entity_name", String, (0, 1)).nullable(0, 1),
                        ])),
                        (0, 1),
                    ),
                    field(
                        "values",
                        Array(&Struct(&[field("key", String, (0, 1)), field("value", F64, (0, 1))])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            )
            .nullable(0, 1),
        ],
    },
    Schema {
        name: "DescribeClusterRequest",
        kind: Kind::Request,
        api_key: Some(60),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<DescribeClusterRequest>(),
        fields: &[
            field("include_cluster_authorized_operations", Bool, (0, 2)),
            field("endpoint_type", I8, (1, 2)).default(Default::Number(1)),
            field("include_fenced_brokers", Bool, (2, 2)),
        ],
    },
    Schema {
        name: "DescribeClusterResponse",
        kind: Kind::Response,
        api_key: Some(60),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<DescribeClusterResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 2)),
            field("error_code", I16, (0, 2)),
            field("error_message", String, (0, 2)).nullable(0, 2).default(Default::Null),
            field("endpoint_type", I8, (1, 2)).default(Default::Number(1)),
            field("cluster_id", String, (0, 2)),
            field("controller_id", I32, (0, 2)).default(Default::Number(-1)),
            field(
                "brokers",
                Array(&Struct(&[
                    field("broker_id", I32, (0, 2)),
                    field("host", String, (0, 2)),
                    field("port", I32, (0, 2)),
                    field("rack", String, (0, 2)).nullable(0, 2).default(Default::Null),
                    field("is_fenced", Bool, (2, 2)),
                ])),
                (0, 2),
            ),
            field("cluster_authorized_operations", I32, (0, 2)).default(Default::Number(i32::MIN as i64)),
        ],
    },
    Schema {
        name: "DescribeConfigsRequest",
        kind: Kind::Request,
        api_key: Some(32),
        versions: (1, 4),
        first_flexible: 4,
        codec: codec::<DescribeConfigsRequest>(),
        fields: &[
            field(
                "resources",
                Array(&Struct(&[
                    field("resource_type", I8, (1, 4)),
                    field("resource_name", String, (1, 4)),
                    field("configuration_keys", Array(&String), (1, 4)).nullable(1, 4),
                ])),
                (1, 4),
            ),
            field("include_synonyms", Bool, (1, 4)),
            field("include_documentation", Bool, (3, 4)),
        ],
    },
    Schema {
        name: "DescribeConfigsResponse",
        kind: Kind::Response,
        api_key: Some(32),
        versions: (1, 4),
        first_flexible: 4,
        codec: codec::<DescribeConfigsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 4)),
            field(
                "results",
                Array(&Struct(&[
                    field("error_code", I16, (1, 4)),
                    field("error_message", String, (1, 4)).nullable(1, 4),
                    field("resource_type", I8, (1, 4)),
                    field("resource_name", String, (1, 4)),
                    field(
                        "configs",
                        Array(&Struct(&[
                            field("name", String, (1, 4)),
                            field("value", String, (1, 4)).nullable(1, 4),
                            field("read_only", Bool, (1, 4)),
                            field("config_source", I8, (1, 4)).default(Default::Number(-1)).ignorable(),
                            field("is_sensitive", Bool, (1, 4)),
                            field(
                                "synonyms",
                                Array(&Struct(&[
                                    field("name", String, (1, 4)),
                                    field("value", String, (1, 4)).nullable(1, 4),
                                    field("source", I8, (1, 4)),
                                ])),
                                (1, 4),
                            )
                            .ignorable(),
                            field("config_type", I8, (3, 4)).ignorable(),
                            field("documentation", String, (3, 4)).nullable(3, 4).ignorable(),
                        ])),
                        (1, 4),
                    ),
                ])),
                (1, 4),
            ),
        ],
    },
    Schema {
        name: "DescribeDelegationTokenRequest",
        kind: Kind::Request,
        api_key: Some(41),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<DescribeDelegationTokenRequest>(),
        fields: &[field(
            "owners",
            Array(&Struct(&[
                field("principal_type", String, (1, 3)),
                field("principal_name", String, (1, 3)),
            ])),
            (1, 3),
        )
        .nullable(1, 3)],
    },
    Schema {
        name: "DescribeDelegationTokenResponse",
        kind: Kind::Response,
        api_key: Some(41),
        versions: (1, 3),
        first_flexible: 2,
        codec: codec::<DescribeDelegationTokenResponse>(),
        fields: &[
            field("error_code", I16, (1, 3)),
            field(
                "tokens",
                Array(&Struct(&[
                    field("principal_type", String, (1, 3)),
                    field("principal_name", String, (1, 3)),
                    field("token_requester_principal_type", String, (3, 3)),
                    field("token_requester_principal_name", String, (3, 3)),
                    field("issue_timestamp", I64, (1, 3)),
                    field("expiry_timestamp", I64, (1, 3)),
                    field("max_timestamp", I64, (1, 3)),
                    field("token_id", String, (1, 3)),
                    field("hmac", Bytes, (1, 3)),
                    field(
                        "renewers",
                        Array(&Struct(&[
                            field("principal_type", String, (1, 3)),
                            field("principal_name", String, (1, 3)),
                        ])),
                        (1, 3),
                    ),
                ])),
                (1, 3),
            ),
            field("throttle_time_ms", I32, (1, 3)),
        ],
    },
    Schema {
        name: "DescribeGroupsRequest",
        kind: Kind::Request,
        api_key: Some(15),
        versions: (0, 6),
        first_flexible: 5,
        codec: codec::<DescribeGroupsRequest>(),
        fields: &[
            field("groups", Array(&String), (0, 6)),
            field("include_authorized_operations", Bool, (3, 6)),
        ],
    },
    Schema {
        name: "DescribeGroupsResponse",
        kind: Kind::Response,
        api_key: Some(15),
        versions: (0, 6),
        first_flexible: 5,
        codec: codec::<DescribeGroupsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 6)).ignorable(),
            field(
                "groups",
                Array(&Struct(&[
                    field("error_code", I16, (0, 6)),
                    field("error_message", String, (6, 6)).nullable(6, 6).default(Default::Null),
                    field("group_id", String, (0, 6)),
                    field("group_state", String, (0, 6)),
                    field("protocol_type", String, (0, 6)),
                    field("protocol_data", String, (0, 6)),
                    field(
                        "members",
                        Array(&Struct(&[
                            field("member_id", String, (0, 6)),
                            field("group_instance_id", String, (4, 6))
                                .nullable(4, 6)
                                .default(Default::Null)
                                .ignorable(),
                            field("client_id", String, (0, 6)),
                            field("client_host", String, (0, 6)),
                            field("member_metadata", Bytes, (0, 6)),
                            field("member_assignment", Bytes, (0, 6)),
                        ])),
                        (0, 6),
                    ),
                    field("authorized_operations", I32, (3, 6)).default(Default::Number(i32::MIN as i64)),
                ])),
                (0, 6),
            ),
        ],
    },
    Schema {
        name: "DescribeLogDirsRequest",
        kind: Kind::Request,
        api_key: Some(35),
        versions: (1, 5),
        first_flexible: 2,
        codec: codec::<DescribeLogDirsRequest>(),
        fields: &[field(
            "topics",
            Array(&Struct(&[field("topic", String, (1, 5)), field("partitions", Array(&I32), (1, 5))])),
            (1, 5),
        )
        .nullable(1, 5)],
    },
    Schema {
        name: "DescribeLogDirsResponse",
        kind: Kind::Response,
        api_key: Some(35),
        versions: (1, 5),
        first_flexible: 2,
        codec: codec::<DescribeLogDirsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 5)),
            field("error_code", I16, (3, 5)).ignorable(),
            field(
                "results",
                Array(&Struct(&[
                    field("error_code", I16, (1, 5)),
                    field("log_dir", String, (1, 5)),
                    field(
                        "topics",
                        Array(&Struct(&[
                            field("name", String, (1, 5)),
                            field(
                                "partitions",
                                Array(&Struct(&[
                                    field("partition_index", I32, (1, 5)),
                                    field("partition_size", I64, (1, 5)),
                                    field("offset_lag", I64, (1, 5)),
                                    field("is_future_key", Bool, (1, 5)),
                                ])),
                                (1, 5),
                            ),
                        ])),
                        (1, 5),
                    ),
                    field("total_bytes", I64, (4, 5)).default(Default::Number(-1)).ignorable(),
                    field("usable_bytes", I64, (4, 5)).default(Default::Number(-1)).ignorable(),
                    field("is_cordoned", Bool, (5, 5)).ignorable(),
                ])),
                (1, 5),
            ),
        ],
    },
    Schema {
        name: "DescribeProducersRequest",
        kind: Kind::Request,
        api_key: Some(61),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DescribeProducersRequest>(),
        fields: &[field(
            "topics",
            Array(&Struct(&[field("name", String, (0, 0)), field("partition_indexes", Array(&I32), (0, 0))])),
            (0, 0),
        )],
    },
    Schema {
        name: "DescribeProducersResponse",
        kind: Kind::Response,
        api_key: Some(61),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DescribeProducersResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 0)),
                            field("error_code", I16, (0, 0)),
                            field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
                            field(
                                "active_producers",
                                Array(&Struct(&[
                                    field("producer_id", I64, (0, 0)),
                                    field("producer_epoch", I32, (0, 0)),
                                    field("last_sequence", I32, (0, 0)).default(Default::Number(-1)),
                                    field("last_timestamp", I64, (0, 0)).default(Default::Number(-1)),
                                    field("coordinator_epoch", I32, (0, 0)),
                                    field("current_txn_start_offset", I64, (0, 0))
                                        .default(Default::Number(-1)),
                                ])),
                                (0, 0),
                            ),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "DescribeQuorumRequest",
        kind: Kind::Request,
        api_key: Some(55),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<DescribeQuorumRequest>(),
        fields: &[field(
            "topics",
            Array(&Struct(&[
                field("topic_name", String, (0, 2)),
                field("partitions", Array(&Struct(&[field("partition_index", I32, (0, 2))])), (0, 2)),
            ])),
            (0, 2),
        )],
    },
    Schema {
        name: "DescribeQuorumResponse",
        kind: Kind::Response,
        api_key: Some(55),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<DescribeQuorumResponse>(),
        fields: &[
            field("error_code", I16, (0, 2)),
            field("error_message", String, (2, 2)).nullable(2, 2).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_name", String, (0, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 2)),
                            field("error_code", I16, (0, 2)),
                            field("error_message", String, (2, 2)).nullable(2, 2).ignorable(),
                            field("leader_id", I32, (0, 2)),
                            field("leader_epoch", I32, (0, 2)),
                            field("high_watermark", I64, (0, 2)),
                            field(
                                "current_voters",
                                Array(&Struct(&[
                                    field("replica_id", I32, (0, 2)),
                                    field("replica_directory_id", Uuid, (2, 2)),
                                    field("log_end_offset", I64, (0, 2)),
                                    field("last_fetch_timestamp", I64, (1, 2))
                                        .default(Default::Number(-1))
                                        .ignorable(),
                                    field("last_caught_up_timestamp", I64, (1, 2))
                                        .default(Default::Number(-1))
                                        .ignorable(),
                                ])),
                                (0, 2),
                            ),
                            field(
                                "observers",
                                Array(&Struct(&[
                                    field("replica_id", I32, (0, 2)),
                                    field("replica_directory_id", Uuid, (2, 2)),
                                    field("log_end_offset", I64, (0, 2)),
                                    field("last_fetch_timestamp", I64, (1, 2))
                                        .default(Default::Number(-1))
                                        .ignorable(),
                                    field("last_caught_up_timestamp", I64, (1, 2))
                                        .default(Default::Number(-1))
                                        .ignorable(),
                                ])),
                                (0, 2),
                            ),
                        ])),
                        (0, 2),
                    ),
                ])),
                (0, 2),
            ),
            field(
                "nodes",
                Array(&Struct(&[
                    field("node_id", I32, (2, 2)),
                    field(
                        "listeners",
                        Array(&Struct(&[
                            field("name", String, (2, 2)),
                            field("host", String, (2, 2)),
                            field("port", U16, (2, 2)),
                        ])),
                        (2, 2),
                    ),
                ])),
                (2, 2),
            ),
        ],
    },
    Schema {
        name: "DescribeShareGroupOffsetsRequest",
        kind: Kind::Request,
        api_key: Some(90),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<DescribeShareGroupOffsetsRequest>(),
        fields: &[field(
            "groups",
            Array(&Struct(&[
                field("group_id", String, (0, 1)),
                field(
                    "topics",
                    Array(&Struct(&[
                        field("topic_name", String, (0, 1)),
                        field("partitions", Array(&I32), (0, 1)),
                    ])),
                    (0, 1),
                )
                .nullable(0, 1),
            ])),
            (0, 1),
        )],
    },
    Schema {
        name: "DescribeShareGroupOffsetsResponse",
        kind: Kind::Response,
        api_key: Some(90),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<DescribeShareGroupOffsetsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field(
                "groups",
                Array(&Struct(&[
                    field("group_id", String, (0, 1)),
                    field(
                        "topics",
                        Array(&Struct(&[
                            field("topic_name", String, (0, 1)),
                            field("topic_id", Uuid, (0, 1)),
                            field(
                                "partitions",
                                Array(&Struct(&[
                                    field("partition_index", I32, (0, 1)),
                                    field("start_offset", I64, (0, 1)),
                                    field("leader_epoch", I32, (0, 1)),
                                    field("lag", I64, (1, 1)).default(Default::Number(-1)).ignorable(),
                                    field("error_code", I16, (0, 1)),
                                    field("error_message", String, (0, 1))
                                        .nullable(0, 1)
                                        .default(Default::Null),
                                ])),
                                (0, 1),
                            ),
                        ])),
                        (0, 1),
                    ),
                    field("error_code", I16, (0, 1)),
                    field("error_message", String, (0, 1)).nullable(0, 1).default(Default::Null),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "DescribeTopicPartitionsRequest",
        kind: Kind::Request,
        api_key: Some(75),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DescribeTopicPartitionsRequest>(),
        fields: &[
            field("topics", Array(&Struct(&[field("name", String, (0, 0))])), (0, 0)),
            field("response_partition_limit", I32, (0, 0)).default(Default::Number(2000)),
            field(
                "cursor",
                Struct(&[field("topic_name", String, (0, 0)), field("partition_index", I32, (0, 0))]),
                (0, 0),
            )
            .nullable(0, 0)
            .default(Default::Null),
        ],
    },
    Schema {
        name: "DescribeTopicPartitionsResponse",
        kind: Kind::Response,
        api_key: Some(75),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DescribeTopicPartitionsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("error_code", I16, (0, 0)),
                    field("name", String, (0, 0)).nullable(0, 0),
                    field("topic_id", Uuid, (0, 0)).ignorable(),
                    field("is_internal", Bool, (0, 0)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("error_code", I16, (0, 0)),
                            field("partition_index", I32, (0, 0)),
                            field("leader_id", I32, (0, 0)),
                            field("leader_epoch", I32, (0, 0)).default(Default::Number(-1)).ignorable(),
                            field("replica_nodes", Array(&I32), (0, 0)),
                            field("isr_nodes", Array(&I32), (0, 0)),
                            field("eligible_leader_replicas", Array(&I32), (0, 0))
                                .nullable(0, 0)
                                .default(Default::Null),
                            field("last_known_elr", Array(&I32), (0, 0))
                                .nullable(0, 0)
                                .default(Default::Null),
                            field("offline_replicas", Array(&I32), (0, 0)).ignorable(),
                        ])),
                        (0, 0),
                    ),
                    field("topic_authorized_operations", I32, (0, 0))
                        .default(Default::Number(i32::MIN as i64)),
                ])),
                (0, 0),
            ),
            field(
                "next_cursor",
                Struct(&[field("topic_name", String, (0, 0)), field("partition_index", I32, (0, 0))]),
                (0, 0),
            )
            .nullable(0, 0)
            .default(Default::Null),
        ],
    },
    Schema {
        name: "DescribeTransactionsRequest",
        kind: Kind::Request,
        api_key: Some(65),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DescribeTransactionsRequest>(),
        fields: &[field("transactional_ids", Array(&String), (0, 0))],
    },
    Schema {
        name: "DescribeTransactionsResponse",
        kind: Kind::Response,
        api_key: Some(65),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DescribeTransactionsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field(
                "transaction_states",
                Array(&Struct(&[
                    field("error_code", I16, (0, 0)),
                    field("transactional_id", String, (0, 0)),
                    field("transaction_state", String, (0, 0)),
                    field("transaction_timeout_ms", I32, (0, 0)),
                    field("transaction_start_time_ms", I64, (0, 0)),
                    field("producer_id", I64, (0, 0)),
                    field("producer_epoch", I16, (0, 0)),
                    field(
                        "topics",
                        Array(&Struct(&[
                            field("topic", String, (0, 0)),
                            field("partitions", Array(&I32), (0, 0)),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "DescribeUserScramCredentialsRequest",
        kind: Kind::Request,
        api_key: Some(50),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DescribeUserScramCredentialsRequest>(),
        fields: &[field("users", Array(&Struct(&[field("name", String, (0, 0))])), (0, 0)).nullable(0, 0)],
    },
    Schema {
        name: "DescribeUserScramCredentialsResponse",
        kind: Kind::Response,
        api_key: Some(50),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<DescribeUserScramCredentialsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0),
            field(
                "results",
                Array(&Struct(&[
                    field("user", String, (0, 0)),
                    field("error_code", I16, (0, 0)),
                    field("error_message", String, (0, 0)).nullable(0, 0),
                    field(
                        "credential_infos",
                        Array(&Struct(&[field("mechanism", I8, (0, 0)), field("iterations", I32, (0, 0))])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "ElectLeadersRequest",
        kind: Kind::Request,
        api_key: Some(43),
        versions: (0, 2),
        first_flexible: 2,
        codec: codec::<ElectLeadersRequest>(),
        fields: &[
            field("election_type", I8, (1, 2)),
            field(
                "topic_partitions",
                Array(&Struct(&[field("topic", String, (0, 2)), field("partitions", Array(&I32), (0, 2))])),
                (0, 2),
            )
            .nullable(0, 2),
            field("timeout_ms", I32, (0, 2)).default(Default::Number(60000)),
        ],
    },
    Schema {
        name: "ElectLeadersResponse",
        kind: Kind::Response,
        api_key: Some(43),
        versions: (0, 2),
        first_flexible: 2,
        codec: codec::<ElectLeadersResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 2)),
            field("error_code", I16, (1, 2)),
            field(
                "replica_election_results",
                Array(&Struct(&[
                    field("topic", String, (0, 2)),
                    field(
                        "partition_result",
                        Array(&Struct(&[
                            field("partition_id", I32, (0, 2)),
                            field("error_code", I16, (0, 2)),
                            field("error_message", String, (0, 2)).nullable(0, 2),
                        ])),
                        (0, 2),
                    ),
                ])),
                (0, 2),
            ),
        ],
    },
    Schema {
        name: "EndQuorumEpochRequest",
        kind: Kind::Request,
        api_key: Some(54),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<EndQuorumEpochRequest>(),
        fields: &[
            field("cluster_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_name", String, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 1)),
                            field("leader_id", I32, (0, 1)),
                            field("leader_epoch", I32, (0, 1)),
                            field("preferred_successors", Array(&I32), (0, 0)).ignorable(),
                            field(
                                "preferred_candidates",
                                Array(&Struct(&[
                                    field("candidate_id", I32, (1, 1)),
                                    field("candidate_directory_id", Uuid, (1, 1)),
                                ])),
                                (1, 1),
                            )
                            .ignorable(),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
            field(
                "leader_endpoints",
                Array(&Struct(&[
                    field("name", String, (1, 1)),
                    field("host", String, (1, 1)),
                    field("port", U16, (1, 1)),
                ])),
                (1, 1),
            )
            .ignorable(),
        ],
    },
    Schema {
        name: "EndQuorumEpochResponse",
        kind: Kind::Response,
        api_key: Some(54),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<EndQuorumEpochResponse>(),
        fields: &[
            field("error_code", I16, (0, 1)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_name", String, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 1)),
                            field("error_code", I16, (0, 1)),
                            field("leader_id", I32, (0, 1)),
                            field("leader_epoch", I32, (0, 1)),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
            field(
                "node_endpoints",
                Array(&Struct(&[
                    field("node_id", I32, (1, 1)),
                    field("host", String, (1, 1)),
                    field("port", U16, (1, 1)),
                ])),
                (1, 1),
            )
            .tagged(0),
        ],
    },
    Schema {
        name: "EndTxnMarker",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 0),
        first_flexible: i16::MAX,
        codec: codec::<EndTxnMarker>(),
        fields: &[field("coordinator_epoch", I32, (0, 0))],
    },
    Schema {
        name: "EndTxnRequest",
        kind: Kind::Request,
        api_key: Some(26),
        versions: (0, 5),
        first_flexible: 3,
        codec: codec::<EndTxnRequest>(),
        fields: &[
            field("transactional_id", String, (0, 5)),
            field("producer_id", I64, (0, 5)),
            field("producer_epoch", I16, (0, 5)),
            field("committed", Bool, (0, 5)),
        ],
    },
    Schema {
        name: "EndTxnResponse",
        kind: Kind::Response,
        api_key: Some(26),
        versions: (0, 5),
        first_flexible: 3,
        codec: codec::<EndTxnResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 5)),
            field("error_code", I16, (0, 5)),
            field("producer_id", I64, (5, 5)).default(Default::Number(-1)).ignorable(),
            field("producer_epoch", I16, (5, 5)).default(Default::Number(-1)).ignorable(),
        ],
    },
    Schema {
        name: "EnvelopeRequest",
        kind: Kind::Request,
        api_key: Some(58),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<EnvelopeRequest>(),
        fields: &[
            field("request_data", Bytes, (0, 0)),
            field("request_principal", Bytes, (0, 0)).nullable(0, 0),
            field("client_host_address", Bytes, (0, 0)),
        ],
    },
    Schema {
        name: "EnvelopeResponse",
        kind: Kind::Response,
        api_key: Some(58),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<EnvelopeResponse>(),
        fields: &[
            field("response_data", Bytes, (0, 0)).nullable(0, 0).default(Default::Null),
            field("error_code", I16, (0, 0)),
        ],
    },
    Schema {
        name: "ExpireDelegationTokenRequest",
        kind: Kind::Request,
        api_key: Some(40),
        versions: (1, 2),
        first_flexible: 2,
        codec: codec::<ExpireDelegationTokenRequest>(),
        fields: &[field("hmac", Bytes, (1, 2)), field("expiry_time_period_ms", I64, (1, 2))],
    },
    Schema {
        name: "ExpireDelegationTokenResponse",
        kind: Kind::Response,
        api_key: Some(40),
        versions: (1, 2),
        first_flexible: 2,
        codec: codec::<ExpireDelegationTokenResponse>(),
        fields: &[
            field("error_code", I16, (1, 2)),
            field("expiry_timestamp_ms", I64, (1, 2)),
            field("throttle_time_ms", I32, (1, 2)),
        ],
    },
    Schema {
        name: "FetchRequest",
        kind: Kind::Request,
        api_key: Some(1),
        versions: (4, 18),
        first_flexible: 12,
        codec: codec::<FetchRequest>(),
        fields: &[
            field("cluster_id", String, (12, 18))
                .nullable(12, 18)
                .tagged(0)
                .default(Default::Null)
                .ignorable(),
            field("replica_id", I32, (4, 14)).default(Default::Number(-1)),
            field(
                "replica_state",
                Struct(&[
                    field("replica_id", I32, (15, 18)).default(Default::Number(-1)),
                    field("replica_epoch", I64, (15, 18)).default(Default::Number(-1)),
                ]),
                (15, 18),
            )
            .tagged(1),
            field("max_wait_ms", I32, (4, 18)),
            field("min_bytes", I32, (4, 18)),
            field("max_bytes", I32, (4, 18)).default(Default::Number(i32::MAX as i64)).ignorable(),
            field("isolation_level", I8, (4, 18)).ignorable(),
            field("session_id", I32, (7, 18)).ignorable(),
            field("session_epoch", I32, (7, 18)).default(Default::Number(-1)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic", String, (4, 12)).ignorable(),
                    field("topic_id", Uuid, (13, 18)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition", I32, (4, 18)),
                            field("current_leader_epoch", I32, (9, 18))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field("fetch_offset", I64, (4, 18)),
                            field("last_fetched_epoch", I32, (12, 18)).default(Default::Number(-1)),
                            field("log_start_offset", I64, (5, 18)).default(Default::Number(-1)).ignorable(),
                            field("partition_max_bytes", I32, (4, 18)),
                            field("replica_directory_id", Uuid, (17, 18)).tagged(0).ignorable(),
                            field("high_watermark", I64, (18, 18))
                                .tagged(1)
                                .default(Default::Number(i64::MAX))
                                .ignorable(),
                        ])),
                        (4, 18),
                    ),
                ])),
                (4, 18),
            ),
            field(
                "forgotten_topics_data",
                Array(&Struct(&[
                    field("topic", String, (7, 12)).ignorable(),
                    field("topic_id", Uuid, (13, 18)).ignorable(),
                    field("partitions", Array(&I32), (7, 18)),
                ])),
                (7, 18),
            ),
            field("rack_id", String, (11, 18)).ignorable(),
        ],
    },
    Schema {
        name: "FetchResponse",
        kind: Kind::Response,
        api_key: Some(1),
        versions: (4, 18),
        first_flexible: 12,
        codec: codec::<FetchResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (4, 18)).ignorable(),
            field("error_code", I16, (7, 18)).ignorable(),
            field("session_id", I32, (7, 18)),
            field(
                "responses",
                Array(&Struct(&[
                    field("topic", String, (4, 12)).ignorable(),
                    field("topic_id", Uuid, (13, 18)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (4, 18)),
                            field("error_code", I16, (4, 18)),
                            field("high_watermark", I64, (4, 18)),
                            field("last_stable_offset", I64, (4, 18))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field("log_start_offset", I64, (5, 18)).default(Default::Number(-1)).ignorable(),
                            field(
                                "diverging_epoch",
                                Struct(&[
                                    field("epoch", I32, (12, 18)).default(Default::Number(-1)),
                                    field("end_offset", I64, (12, 18)).default(Default::Number(-1)),
                                ]),
                                (12, 18),
                            )
                            .tagged(0),
                            field(
                                "current_leader",
                                Struct(&[
                                    field("leader_id", I32, (12, 18)).default(Default::Number(-1)),
                                    field("leader_epoch", I32, (12, 18)).default(Default::Number(-1)),
                                ]),
                                (12, 18),
                            )
                            .tagged(1),
                            field(
                                "snapshot_id",
                                Struct(&[
                                    field("end_offset", I64, (12, 18)).default(Default::Number(-1)),
                                    field("epoch", I32, (12, 18)).default(Default::Number(-1)),
                                ]),
                                (12, 18),
                            )
                            .tagged(2),
                            field(
                                "aborted_transactions",
                                Array(&Struct(&[
                                    field("producer_id", I64, (4, 18)),
                                    field("first_offset", I64, (4, 18)),
                                ])),
                                (4, 18),
                            )
                            .nullable(4, 18)
                            .ignorable(),
                            field("preferred_read_replica", I32, (11, 18)).default(Default::Number(-1)),
                            field("records", Bytes, (4, 18)).nullable(4, 18),
                        ])),
                        (4, 18),
                    ),
                ])),
                (4, 18),
            ),
            field(
                "node_endpoints",
                Array(&Struct(&[
                    field("node_id", I32, (16, 18)),
                    field("host", String, (16, 18)),
                    field("port", I32, (16, 18)),
                    field("rack", String, (16, 18)).nullable(16, 18).default(Default::Null),
                ])),
                (16, 18),
            )
            .tagged(0),
        ],
    },
    Schema {
        name: "FetchSnapshotRequest",
        kind: Kind::Request,
        api_key: Some(59),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<FetchSnapshotRequest>(),
        fields: &[
            field("cluster_id", String, (0, 1)).nullable(0, 1).tagged(0).default(Default::Null),
            field("replica_id", I32, (0, 1)).default(Default::Number(-1)),
            field("max_bytes", I32, (0, 1)).default(Default::Number(i32::MAX as i64)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition", I32, (0, 1)),
                            field("current_leader_epoch", I32, (0, 1)),
                            field(
                                "snapshot_id",
                                Struct(&[field("end_offset", I64, (0, 1)), field("epoch", I32, (0, 1))]),
                                (0, 1),
                            ),
                            field("position", I64, (0, 1)),
                            field("replica_directory_id", Uuid, (1, 1)).tagged(0).ignorable(),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "FetchSnapshotResponse",
        kind: Kind::Response,
        api_key: Some(59),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<FetchSnapshotResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)).ignorable(),
            field("error_code", I16, (0, 1)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("index", I32, (0, 1)),
                            field("error_code", I16, (0, 1)),
                            field(
                                "snapshot_id",
                                Struct(&[field("end_offset", I64, (0, 1)), field("epoch", I32, (0, 1))]),
                                (0, 1),
                            ),
                            field(
                                "current_leader",
                                Struct(&[
                                    field("leader_id", I32, (0, 1)),
                                    field("leader_epoch", I32, (0, 1)),
                                ]),
                                (0, 1),
                            )
                            .tagged(0),
                            field("size", I64, (0, 1)),
                            field("position", I64, (0, 1)),
                            field("unaligned_records", Bytes, (0, 1)),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
            field(
                "node_endpoints",
                Array(&Struct(&[
                    field("node_id", I32, (1, 1)),
                    field("host", String, (1, 1)),
                    field("port", U16, (1, 1)),
                ])),
                (1, 1),
            )
            .tagged(0),
        ],
    },
    Schema {
        name: "FindCoordinatorRequest",
        kind: Kind::Request,
        api_key: Some(10),
        versions: (0, 6),
        first_flexible: 3,
        codec: codec::<FindCoordinatorRequest>(),
        fields: &[
            field("key", String, (0, 3)),
            field("key_type", I8, (1, 6)),
            field("coordinator_keys", Array(&String), (4, 6)),
        ],
    },
    Schema {
        name: "FindCoordinatorResponse",
        kind: Kind::Response,
        api_key: Some(10),
        versions: (0, 6),
        first_flexible: 3,
        codec: codec::<FindCoordinatorResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 6)).ignorable(),
            field("error_code", I16, (0, 3)),
            field("error_message", String, (1, 3)).nullable(1, 3).ignorable(),
            field("node_id", I32, (0, 3)),
            field("host", String, (0, 3)),
            field("port", I32, (0, 3)),
            field(
                "coordinators",
                Array(&Struct(&[
                    field("key", String, (4, 6)),
                    field("node_id", I32, (4, 6)),
                    field("host", String, (4, 6)),
                    field("port", I32, (4, 6)),
                    field("error_code", I16, (4, 6)),
                    field("error_message", String, (4, 6)).nullable(4, 6).ignorable(),
                ])),
                (4, 6),
            ),
        ],
    },
    Schema {
        name: "GetTelemetrySubscriptionsRequest",
        kind: Kind::Request,
        api_key: Some(71),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<GetTelemetrySubscriptionsRequest>(),
        fields: &[field("client_instance_id", Uuid, (0, 0))],
    },
    Schema {
        name: "GetTelemetrySubscriptionsResponse",
        kind: Kind::Response,
        api_key: Some(71),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<GetTelemetrySubscriptionsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("client_instance_id", Uuid, (0, 0)),
            field("subscription_id", I32, (0, 0)),
            field("accepted_compression_types", Array(&I8), (0, 0)),
            field("push_interval_ms", I32, (0, 0)),
            field("telemetry_max_bytes", I32, (0, 0)),
            field("delta_temporality", Bool, (0, 0)),
            field("requested_metrics", Array(&String), (0, 0)),
        ],
    },
    Schema {
        name: "HeartbeatRequest",
        kind: Kind::Request,
        api_key: Some(12),
        versions: (0, 4),
        first_flexible: 4,
        codec: codec::<HeartbeatRequest>(),
        fields: &[
            field("group_id", String, (0, 4)),
            field("generation_id", I32, (0, 4)),
            field("member_id", String, (0, 4)),
            field("group_instance_id", String, (3, 4)).nullable(3, 4).default(Default::Null),
        ],
    },
    Schema {
        name: "HeartbeatResponse",
        kind: Kind::Response,
        api_key: Some(12),
        versions: (0, 4),
        first_flexible: 4,
        codec: codec::<HeartbeatResponse>(),
        fields: &[field("throttle_time_ms", I32, (1, 4)).ignorable(), field("error_code", I16, (0, 4))],
    },
    Schema {
        name: "IncrementalAlterConfigsRequest",
        kind: Kind::Request,
        api_key: Some(44),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<IncrementalAlterConfigsRequest>(),
        fields: &[
            field(
                "resources",
                Array(&Struct(&[
                    field("resource_type", I8, (0, 1)),
                    field("resource_name", String, (0, 1)),
                    field(
                        "configs",
                        Array(&Struct(&[
                            field("name", String, (0, 1)),
                            field("config_operation", I8, (0, 1)),
                            field("value", String, (0, 1)).nullable(0, 1),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
            field("validate_only", Bool, (0, 1)),
        ],
    },
    Schema {
        name: "IncrementalAlterConfigsResponse",
        kind: Kind::Response,
        api_key: Some(44),
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<IncrementalAlterConfigsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field(
                "responses",
                Array(&Struct(&[
                    field("error_code", I16, (0, 1)),
                    field("error_message", String, (0, 1)).nullable(0, 1),
                    field("resource_type", I8, (0, 1)),
                    field("resource_name", String, (0, 1)),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "InitProducerIdRequest",
        kind: Kind::Request,
        api_key: Some(22),
        versions: (0, 6),
        first_flexible: 2,
        codec: codec::<InitProducerIdRequest>(),
        fields: &[
            field("transactional_id", String, (0, 6)).nullable(0, 6),
            field("transaction_timeout_ms", I32, (0, 6)),
            field("producer_id", I64, (3, 6)).default(Default::Number(-1)),
            field("producer_epoch", I16, (3, 6)).default(Default::Number(-1)),
            field("enable2_pc", Bool, (6, 6)),
            field("keep_prepared_txn", Bool, (6, 6)),
        ],
    },
    Schema {
        name: "InitProducerIdResponse",
        kind: Kind::Response,
        api_key: Some(22),
        versions: (0, 6),
        first_flexible: 2,
        codec: codec::<InitProducerIdResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 6)).ignorable(),
            field("error_code", I16, (0, 6)),
            field("producer_id", I64, (0, 6)).default(Default::Number(-1)),
            field("producer_epoch", I16, (0, 6)),
            field("ongoing_txn_producer_id", I64, (6, 6)).default(Default::Number(-1)),
            field("ongoing_txn_producer_epoch", I16, (6, 6)).default(Default::Number(-1)),
        ],
    },
    Schema {
        name: "InitializeShareGroupStateRequest",
        kind: Kind::Request,
        api_key: Some(83),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<InitializeShareGroupStateRequest>(),
        fields: &[
            field("group_id", String, (0, 0)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (0, 0)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition", I32, (0, 0)),
                            field("state_epoch", I32, (0, 0)),
                            field("start_offset", I64, (0, 0)),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "InitializeShareGroupStateResponse",
        kind: Kind::Response,
        api_key: Some(83),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<InitializeShareGroupStateResponse>(),
        fields: &[field(
            "results",
            Array(&Struct(&[
                field("topic_id", Uuid, (0, 0)),
                field(
                    "partitions",
                    Array(&Struct(&[
                        field("partition", I32, (0, 0)),
                        field("error_code", I16, (0, 0)),
                        field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
                    ])),
                    (0, 0),
                ),
            ])),
            (0, 0),
        )],
    },
    Schema {
        name: "JoinGroupRequest",
        kind: Kind::Request,
        api_key: Some(11),
        versions: (0, 9),
        first_flexible: 6,
        codec: codec::<JoinGroupRequest>(),
        fields: &[
            field("group_id", String, (0, 9)),
            field("session_timeout_ms", I32, (0, 9)),
            field("rebalance_timeout_ms", I32, (1, 9)).default(Default::Number(-1)).ignorable(),
            field("member_id", String, (0, 9)),
            field("group_instance_id", String, (5, 9)).nullable(5, 9).default(Default::Null),
            field("protocol_type", String, (0, 9)),
            field(
                "protocols",
                Array(&Struct(&[field("name", String, (0, 9)), field("metadata", Bytes, (0, 9))])),
                (0, 9),
            ),
            field("reason", String, (8, 9)).nullable(8, 9).default(Default::Null).ignorable(),
        ],
    },
    Schema {
        name: "JoinGroupResponse",
        kind: Kind::Response,
        api_key: Some(11),
        versions: (0, 9),
        first_flexible: 6,
        codec: codec::<JoinGroupResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (2, 9)).ignorable(),
            field("error_code", I16, (0, 9)),
            field("generation_id", I32, (0, 9)).default(Default::Number(-1)),
            field("protocol_type", String, (7, 9)).nullable(7, 9).default(Default::Null).ignorable(),
            field("protocol_name", String, (0, 9)).nullable(7, 9),
            field("leader", String, (0, 9)),
            field("skip_assignment", Bool, (9, 9)),
            field("member_id", String, (0, 9)),
            field(
                "members",
                Array(&Struct(&[
                    field("member_id", String, (0, 9)),
                    field("group_instance_id", String, (5, 9))
                        .nullable(5, 9)
                        .default(Default::Null)
                        .ignorable(),
                    field("metadata", Bytes, (0, 9)),
                ])),
                (0, 9),
            ),
        ],
    },
    Schema {
        name: "KRaftVersionRecord",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<KRaftVersionRecord>(),
        fields: &[field("version", I16, (0, 0)), field("kraft_version", I16, (0, 0))],
    },
    Schema {
        name: "LeaderChangeMessage",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<LeaderChangeMessage>(),
        fields: &[
            field("version", I16, (0, 1)),
            field("leader_id", I32, (0, 1)),
            field(
                "voters",
                Array(&Struct(&[field("voter_id", I32, (0, 1)), field("voter_directory_id", Uuid, (1, 1))])),
                (0, 1),
            ),
            field(
                "granting_voters",
                Array(&Struct(&[field("voter_id", I32, (0, 1)), field("voter_directory_id", Uuid, (1, 1))])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "LeaveGroupRequest",
        kind: Kind::Request,
        api_key: Some(13),
        versions: (0, 5),
        first_flexible: 4,
        codec: codec::<LeaveGroupRequest>(),
        fields: &[
            field("group_id", String, (0, 5)),
            field("member_id", String, (0, 2)),
            field(
                "members",
                Array(&Struct(&[
                    field("member_id", String, (3, 5)),
                    field("group_instance_id", String, (3, 5)).nullable(3, 5).default(Default::Null),
                    field("reason", String, (5, 5)).nullable(5, 5).default(Default::Null).ignorable(),
                ])),
                (3, 5),
            ),
        ],
    },
    Schema {
        name: "LeaveGroupResponse",
        kind: Kind::Response,
        api_key: Some(13),
        versions: (0, 5),
        first_flexible: 4,
        codec: codec::<LeaveGroupResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 5)).ignorable(),
            field("error_code", I16, (0, 5)),
            field(
                "members",
                Array(&Struct(&[
                    field("member_id", String, (3, 5)),
                    field("group_instance_id", String, (3, 5)).nullable(3, 5),
                    field("error_code", I16, (3, 5)),
                ])),
                (3, 5),
            ),
        ],
    },
    Schema {
        name: "ListConfigResourcesRequest",
        kind: Kind::Request,
        api_key: Some(74),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<ListConfigResourcesRequest>(),
        fields: &[field("resource_types", Array(&I8), (1, 1))],
    },
    Schema {
        name: "ListConfigResourcesResponse",
        kind: Kind::Response,
        api_key: Some(74),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<ListConfigResourcesResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field("error_code", I16, (0, 1)),
            field(
                "config_resources",
                Array(&Struct(&[
                    field("resource_name", String, (0, 1)),
                    field("resource_type", I8, (1, 1)).default(Default::Number(16)).ignorable(),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "ListGroupsRequest",
        kind: Kind::Request,
        api_key: Some(16),
        versions: (0, 5),
        first_flexible: 3,
        codec: codec::<ListGroupsRequest>(),
        fields: &[
            field("states_filter", Array(&String), (4, 5)),
            field("types_filter", Array(&String), (5, 5)),
        ],
    },
    Schema {
        name: "ListGroupsResponse",
        kind: Kind::Response,
        api_key: Some(16),
        versions: (0, 5),
        first_flexible: 3,
        codec: codec::<ListGroupsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 5)).ignorable(),
            field("error_code", I16, (0, 5)),
            field(
                "groups",
                Array(&Struct(&[
                    field("group_id", String, (0, 5)),
                    field("protocol_type", String, (0, 5)),
                    field("group_state", String, (4, 5)).ignorable(),
                    field("group_type", String, (5, 5)).ignorable(),
                ])),
                (0, 5),
            ),
        ],
    },
    Schema {
        name: "ListOffsetsRequest",
        kind: Kind::Request,
        api_key: Some(2),
        versions: (1, 11),
        first_flexible: 6,
        codec: codec::<ListOffsetsRequest>(),
        fields: &[
            field("replica_id", I32, (1, 11)),
            field("isolation_level", I8, (2, 11)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (1, 11)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (1, 11)),
                            field("current_leader_epoch", I32, (4, 11))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field("timestamp", I64, (1, 11)),
                        ])),
                        (1, 11),
                    ),
                ])),
                (1, 11),
            ),
            field("timeout_ms", I32, (10, 11)).ignorable(),
        ],
    },
    Schema {
        name: "ListOffsetsResponse",
        kind: Kind::Response,
        api_key: Some(2),
        versions: (1, 11),
        first_flexible: 6,
        codec: codec::<ListOffsetsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (2, 11)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (1, 11)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (1, 11)),
                            field("error_code", I16, (1, 11)),
                            field("timestamp", I64, (1, 11)).default(Default::Number(-1)),
                            field("offset", I64, (1, 11)).default(Default::Number(-1)),
                            field("leader_epoch", I32, (4, 11)).default(Default::Number(-1)),
                        ])),
                        (1, 11),
                    ),
                ])),
                (1, 11),
            ),
        ],
    },
    Schema {
        name: "ListPartitionReassignmentsRequest",
        kind: Kind::Request,
        api_key: Some(46),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<ListPartitionReassignmentsRequest>(),
        fields: &[
            field("timeout_ms", I32, (0, 0)).default(Default::Number(60000)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field("partition_indexes", Array(&I32), (0, 0)),
                ])),
                (0, 0),
            )
            .nullable(0, 0)
            .default(Default::Null),
        ],
    },
    Schema {
        name: "ListPartitionReassignmentsResponse",
        kind: Kind::Response,
        api_key: Some(46),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<ListPartitionReassignmentsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 0)),
                            field("replicas", Array(&I32), (0, 0)),
                            field("adding_replicas", Array(&I32), (0, 0)),
                            field("removing_replicas", Array(&I32), (0, 0)),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "ListTransactionsRequest",
        kind: Kind::Request,
        api_key: Some(66),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<ListTransactionsRequest>(),
        fields: &[
            field("state_filters", Array(&String), (0, 2)),
            field("producer_id_filters", Array(&I64), (0, 2)),
            field("duration_filter", I64, (1, 2)).default(Default::Number(-1)),
            field("transactional_id_pattern", String, (2, 2)).nullable(2, 2).default(Default::Null),
        ],
    },
    Schema {
        name: "ListTransactionsResponse",
        kind: Kind::Response,
        api_key: Some(66),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<ListTransactionsResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 2)),
            field("error_code", I16, (0, 2)),
            field("unknown_state_filters", Array(&String), (0, 2)),
            field(
                "transaction_states",
                Array(&Struct(&[
                    field("transactional_id", String, (0, 2)),
                    field("producer_id", I64, (0, 2)),
                    field("transaction_state", String, (0, 2)),
                ])),
                (0, 2),
            ),
        ],
    },
    Schema {
        name: "MetadataRequest",
        kind: Kind::Request,
        api_key: Some(3),
        versions: (0, 13),
        first_flexible: 9,
        codec: codec::<MetadataRequest>(),
        fields: &[
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (10, 13)).ignorable(),
                    field("name", String, (0, 13)).nullable(10, 13),
                ])),
                (0, 13),
            )
            .nullable(1, 13),
            field("allow_auto_topic_creation", Bool, (4, 13)).default(Default::Number(1)),
            field("include_cluster_authorized_operations", Bool, (8, 10)),
            field("include_topic_authorized_operations", Bool, (8, 13)),
        ],
    },
    Schema {
        name: "MetadataResponse",
        kind: Kind::Response,
        api_key: Some(3),
        versions: (0, 13),
        first_flexible: 9,
        codec: codec::<MetadataResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (3, 13)).ignorable(),
            field(
                "brokers",
                Array(&Struct(&[
                    field("node_id", I32, (0, 13)),
                    field("host", String, (0, 13)),
                    field("port", I32, (0, 13)),
                    field("rack", String, (1, 13)).nullable(1, 13).default(Default::Null).ignorable(),
                ])),
                (0, 13),
            ),
            field("cluster_id", String, (2, 13)).nullable(2, 13).default(Default::Null).ignorable(),
            field("controller_id", I32, (1, 13)).default(Default::Number(-1)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("error_code", I16, (0, 13)),
                    field("name", String, (0, 13)).nullable(12, 13),
                    field("topic_id", Uuid, (10, 13)).ignorable(),
                    field("is_internal", Bool, (1, 13)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("error_code", I16, (0, 13)),
                            field("partition_index", I32, (0, 13)),
                            field("leader_id", I32, (0, 13)),
                            field("leader_epoch", I32, (7, 13)).default(Default::Number(-1)).ignorable(),
                            field("replica_nodes", Array(&I32), (0, 13)),
                            field("isr_nodes", Array(&I32), (0, 13)),
                            field("offline_replicas", Array(&I32), (5, 13)).ignorable(),
                        ])),
                        (0, 13),
                    ),
                    field("topic_authorized_operations", I32, (8, 13))
                        .default(Default::Number(i32::MIN as i64)),
                ])),
                (0, 13),
            ),
            field("cluster_authorized_operations", I32, (8, 10)).default(Default::Number(i32::MIN as i64)),
            field("error_code", I16, (13, 13)).ignorable(),
        ],
    },
    Schema {
        name: "OffsetCommitRequest",
        kind: Kind::Request,
        api_key: Some(8),
        versions: (2, 10),
        first_flexible: 8,
        codec: codec::<OffsetCommitRequest>(),
        fields: &[
            field("group_id", String, (2, 10)),
            field("generation_id_or_member_epoch", I32, (2, 10)).default(Default::Number(-1)).ignorable(),
            field("member_id", String, (2, 10)).ignorable(),
            field("group_instance_id", String, (7, 10)).nullable(7, 10).default(Default::Null),
            field("retention_time_ms", I64, (2, 4)).default(Default::Number(-1)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (2, 9)).ignorable(),
                    field("topic_id", Uuid, (10, 10)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (2, 10)),
                            field("committed_offset", I64, (2, 10)),
                            field("committed_leader_epoch", I32, (6, 10))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field("committed_metadata", String, (2, 10)).nullable(2, 10),
                        ])),
                        (2, 10),
                    ),
                ])),
                (2, 10),
            ),
        ],
    },
    Schema {
        name: "OffsetCommitResponse",
        kind: Kind::Response,
        api_key: Some(8),
        versions: (2, 10),
        first_flexible: 8,
        codec: codec::<OffsetCommitResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (3, 10)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (2, 9)).ignorable(),
                    field("topic_id", Uuid, (10, 10)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (2, 10)),
                            field("error_code", I16, (2, 10)),
                        ])),
                        (2, 10),
                    ),
                ])),
                (2, 10),
            ),
        ],
    },
    Schema {
        name: "OffsetDeleteRequest",
        kind: Kind::Request,
        api_key: Some(47),
        versions: (0, 0),
        first_flexible: i16::MAX,
        codec: codec::<OffsetDeleteRequest>(),
        fields: &[
            field("group_id", String, (0, 0)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field("partitions", Array(&Struct(&[field("partition_index", I32, (0, 0))])), (0, 0)),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "OffsetDeleteResponse",
        kind: Kind::Response,
        api_key: Some(47),
        versions: (0, 0),
        first_flexible: i16::MAX,
        codec: codec::<OffsetDeleteResponse>(),
        fields: &[
            field("error_code", I16, (0, 0)),
            field("throttle_time_ms", I32, (0, 0)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 0)),
                            field("error_code", I16, (0, 0)),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "OffsetFetchRequest",
        kind: Kind::Request,
        api_key: Some(9),
        versions: (1, 10),
        first_flexible: 6,
        codec: codec::<OffsetFetchRequest>(),
        fields: &[
            field("group_id", String, (1, 7)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (1, 7)),
                    field("partition_indexes", Array(&I32), (1, 7)),
                ])),
                (1, 7),
            )
            .nullable(2, 7),
            field(
                "groups",
                Array(&Struct(&[
                    field("group_id", String, (8, 10)),
                    field("member_id", String, (9, 10)).nullable(9, 10).default(Default::Null).ignorable(),
                    field("member_epoch", I32, (9, 10)).default(Default::Number(-1)).ignorable(),
                    field(
                        "topics",
                        Array(&Struct(&[
                            field("name", String, (8, 9)).ignorable(),
                            field("topic_id", Uuid, (10, 10)).ignorable(),
                            field("partition_indexes", Array(&I32), (8, 10)),
                        ])),
                        (8, 10),
                    )
                    .nullable(8, 10),
                ])),
                (8, 10),
            ),
            field("require_stable", Bool, (7, 10)),
        ],
    },
    Schema {
        name: "OffsetFetchResponse",
        kind: Kind::Response,
        api_key: Some(9),
        versions: (1, 10),
        first_flexible: 6,
        codec: codec::<OffsetFetchResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (3, 10)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (1, 7)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (1, 7)),
                            field("committed_offset", I64, (1, 7)),
                            field("committed_leader_epoch", I32, (5, 7))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field("metadata", String, (1, 7)).nullable(1, 7),
                            field("error_code", I16, (1, 7)),
                        ])),
                        (1, 7),
                    ),
                ])),
                (1, 7),
            ),
            field("error_code", I16, (2, 7)).ignorable(),
            field(
                "groups",
                Array(&Struct(&[
                    field("group_id", String, (8, 10)),
                    field(
                        "topics",
                        Array(&Struct(&[
                            field("name", String, (8, 9)).ignorable(),
                            field("topic_id", Uuid, (10, 10)).ignorable(),
                            field(
                                "partitions",
                                Array(&Struct(&[
                                    field("partition_index", I32, (8, 10)),
                                    field("committed_offset", I64, (8, 10)),
                                    field("committed_leader_epoch", I32, (8, 10))
                                        .default(Default::Number(-1))
                                        .ignorable(),
                                    field("metadata", String, (8, 10)).nullable(8, 10),
                                    field("error_code", I16, (8, 10)),
                                ])),
                                (8, 10),
                            ),
                        ])),
                        (8, 10),
                    ),
                    field("error_code", I16, (8, 10)),
                ])),
                (8, 10),
            ),
        ],
    },
    Schema {
        name: "OffsetForLeaderEpochRequest",
        kind: Kind::Request,
        api_key: Some(23),
        versions: (2, 4),
        first_flexible: 4,
        codec: codec::<OffsetForLeaderEpochRequest>(),
        fields: &[
            field("replica_id", I32, (3, 4)).default(Default::Number(-2)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic", String, (2, 4)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition", I32, (2, 4)),
                            field("current_leader_epoch", I32, (2, 4))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field("leader_epoch", I32, (2, 4)),
                        ])),
                        (2, 4),
                    ),
                ])),
                (2, 4),
            ),
        ],
    },
    Schema {
        name: "OffsetForLeaderEpochResponse",
        kind: Kind::Response,
        api_key: Some(23),
        versions: (2, 4),
        first_flexible: 4,
        codec: codec::<OffsetForLeaderEpochResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (2, 4)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic", String, (2, 4)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("error_code", I16, (2, 4)),
                            field("partition", I32, (2, 4)),
                            field("leader_epoch", I32, (2, 4)).default(Default::Number(-1)).ignorable(),
                            field("end_offset", I64, (2, 4)).default(Default::Number(-1)),
                        ])),
                        (2, 4),
                    ),
                ])),
                (2, 4),
            ),
        ],
    },
    Schema {
        name: "ProduceRequest",
        kind: Kind::Request,
        api_key: Some(0),
        versions: (3, 13),
        first_flexible: 9,
        codec: codec::<ProduceRequest>(),
        fields: &[
            field("transactional_id", String, (3, 13)).nullable(3, 13).default(Default::Null),
            field("acks", I16, (3, 13)),
            field("timeout_ms", I32, (3, 13)),
            field(
                "topic_data",
                Array(&Struct(&[
                    field("name", String, (3, 12)).ignorable(),
                    field("topic_id", Uuid, (13, 13)).ignorable(),
                    field(
                        "partition_data",
                        Array(&Struct(&[
                            field("index", I32, (3, 13)),
                            field("records", Bytes, (3, 13)).nullable(3, 13),
                        ])),
                        (3, 13),
                    ),
                ])),
                (3, 13),
            ),
        ],
    },
    Schema {
        name: "ProduceResponse",
        kind: Kind::Response,
        api_key: Some(0),
        versions: (3, 13),
        first_flexible: 9,
        codec: codec::<ProduceResponse>(),
        fields: &[
            field(
                "responses",
                Array(&Struct(&[
                    field("name", String, (3, 12)).ignorable(),
                    field("topic_id", Uuid, (13, 13)).ignorable(),
                    field(
                        "partition_responses",
                        Array(&Struct(&[
                            field("index", I32, (3, 13)),
                            field("error_code", I16, (3, 13)),
                            field("base_offset", I64, (3, 13)),
                            field("log_append_time_ms", I64, (3, 13))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field("log_start_offset", I64, (5, 13)).default(Default::Number(-1)).ignorable(),
                            field(
                                "record_errors",
                                Array(&Struct(&[
                                    field("batch_index", I32, (8, 13)),
                                    field("batch_index_error_message", String, (8, 13))
                                        .nullable(8, 13)
                                        .default(Default::Null),
                                ])),
                                (8, 13),
                            )
                            .ignorable(),
                            field("error_message", String, (8, 13))
                                .nullable(8, 13)
                                .default(Default::Null)
                                .ignorable(),
                            field(
                                "current_leader",
                                Struct(&[
                                    field("leader_id", I32, (10, 13)).default(Default::Number(-1)),
                                    field("leader_epoch", I32, (10, 13)).default(Default::Number(-1)),
                                ]),
                                (10, 13),
                            )
                            .tagged(0),
                        ])),
                        (3, 13),
                    ),
                ])),
                (3, 13),
            ),
            field("throttle_time_ms", I32, (3, 13)).ignorable(),
            field(
                "node_endpoints",
                Array(&Struct(&[
                    field("node_id", I32, (10, 13)),
                    field("host", String, (10, 13)),
                    field("port", I32, (10, 13)),
                    field("rack", String, (10, 13)).nullable(10, 13).default(Default::Null),
                ])),
                (10, 13),
            )
            .tagged(0),
        ],
    },
    Schema {
        name: "PushTelemetryRequest",
        kind: Kind::Request,
        api_key: Some(72),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<PushTelemetryRequest>(),
        fields: &[
            field("client_instance_id", Uuid, (0, 0)),
            field("subscription_id", I32, (0, 0)),
            field("terminating", Bool, (0, 0)),
            field("compression_type", I8, (0, 0)),
            field("metrics", Bytes, (0, 0)),
        ],
    },
    Schema {
        name: "PushTelemetryResponse",
        kind: Kind::Response,
        api_key: Some(72),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<PushTelemetryResponse>(),
        fields: &[field("throttle_time_ms", I32, (0, 0)), field("error_code", I16, (0, 0))],
    },
    Schema {
        name: "ReadShareGroupStateRequest",
        kind: Kind::Request,
        api_key: Some(84),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<ReadShareGroupStateRequest>(),
        fields: &[
            field("group_id", String, (0, 0)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (0, 0)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition", I32, (0, 0)),
                            field("leader_epoch", I32, (0, 0)),
                        ])),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "ReadShareGroupStateResponse",
        kind: Kind::Response,
        api_key: Some(84),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<ReadShareGroupStateResponse>(),
        fields: &[field(
            "results",
            Array(&Struct(&[
                field("topic_id", Uuid, (0, 0)),
                field(
                    "partitions",
                    Array(&Struct(&[
                        field("partition", I32, (0, 0)),
                        field("error_code", I16, (0, 0)),
                        field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
                        field("state_epoch", I32, (0, 0)),
                        field("start_offset", I64, (0, 0)),
                        field(
                            "state_batches",
                            Array(&Struct(&[
                                field("first_offset", I64, (0, 0)),
                                field("last_offset", I64, (0, 0)),
                                field("delivery_state", I8, (0, 0)),
                                field("delivery_count", I16, (0, 0)),
                            ])),
                            (0, 0),
                        ),
                    ])),
                    (0, 0),
                ),
            ])),
            (0, 0),
        )],
    },
    Schema {
        name: "ReadShareGroupStateSummaryRequest",
        kind: Kind::Request,
        api_key: Some(87),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<ReadShareGroupStateSummaryRequest>(),
        fields: &[
            field("group_id", String, (0, 1)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition", I32, (0, 1)),
                            field("leader_epoch", I32, (0, 1)),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "ReadShareGroupStateSummaryResponse",
        kind: Kind::Response,
        api_key: Some(87),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<ReadShareGroupStateSummaryResponse>(),
        fields: &[field(
            "results",
            Array(&Struct(&[
                field("topic_id", Uuid, (0, 1)),
                field(
                    "partitions",
                    Array(&Struct(&[
                        field("partition", I32, (0, 1)),
                        field("error_code", I16, (0, 1)),
                        field("error_message", String, (0, 1)).nullable(0, 1).default(Default::Null),
                        field("state_epoch", I32, (0, 1)),
                        field("leader_epoch", I32, (0, 1)),
                        field("start_offset", I64, (0, 1)),
                        field("delivery_complete_count", I32, (1, 1))
                            .default(Default::Number(-1))
                            .ignorable(),
                    ])),
                    (0, 1),
                ),
            ])),
            (0, 1),
        )],
    },
    Schema {
        name: "RemoveRaftVoterRequest",
        kind: Kind::Request,
        api_key: Some(81),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<RemoveRaftVoterRequest>(),
        fields: &[
            field("cluster_id", String, (0, 0)).nullable(0, 0),
            field("voter_id", I32, (0, 0)),
            field("voter_directory_id", Uuid, (0, 0)),
        ],
    },
    Schema {
        name: "RemoveRaftVoterResponse",
        kind: Kind::Response,
        api_key: Some(81),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<RemoveRaftVoterResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0).ignorable(),
        ],
    },
    Schema {
        name: "RenewDelegationTokenRequest",
        kind: Kind::Request,
        api_key: Some(39),
        versions: (1, 2),
        first_flexible: 2,
        codec: codec::<RenewDelegationTokenRequest>(),
        fields: &[field("hmac", Bytes, (1, 2)), field("renew_period_ms", I64, (1, 2))],
    },
    Schema {
        name: "RenewDelegationTokenResponse",
        kind: Kind::Response,
        api_key: Some(39),
        versions: (1, 2),
        first_flexible: 2,
        codec: codec::<RenewDelegationTokenResponse>(),
        fields: &[
            field("error_code", I16, (1, 2)),
            field("expiry_timestamp_ms", I64, (1, 2)),
            field("throttle_time_ms", I32, (1, 2)),
        ],
    },
    Schema {
        name: "RequestHeader",
        kind: Kind::Data,
        api_key: None,
        versions: (1, 2),
        first_flexible: 2,
        codec: codec::<RequestHeader>(),
        fields: &[
            field("request_api_key", I16, (1, 2)),
            field("request_api_version", I16, (1, 2)),
            field("correlation_id", I32, (1, 2)),
            field("client_id", String, (1, 2)).nullable(1, 2).inflexible(),
        ],
    },
    Schema {
        name: "ResponseHeader",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 1),
        first_flexible: 1,
        codec: codec::<ResponseHeader>(),
        fields: &[field("correlation_id", I32, (0, 1))],
    },
    Schema {
        name: "SaslAuthenticateRequest",
        kind: Kind::Request,
        api_key: Some(36),
        versions: (0, 2),
        first_flexible: 2,
        codec: codec::<SaslAuthenticateRequest>(),
        fields: &[field("auth_bytes", Bytes, (0, 2))],
    },
    Schema {
        name: "SaslAuthenticateResponse",
        kind: Kind::Response,
        api_key: Some(36),
        versions: (0, 2),
        first_flexible: 2,
        codec: codec::<SaslAuthenticateResponse>(),
        fields: &[
            field("error_code", I16, (0, 2)),
            field("error_message", String, (0, 2)).nullable(0, 2),
            field("auth_bytes", Bytes, (0, 2)),
            field("session_lifetime_ms", I64, (1, 2)).ignorable(),
        ],
    },
    Schema {
        name: "SaslHandshakeRequest",
        kind: Kind::Request,
        api_key: Some(17),
        versions: (0, 1),
        first_flexible: i16::MAX,
        codec: codec::<SaslHandshakeRequest>(),
        fields: &[field("mechanism", String, (0, 1))],
    },
    Schema {
        name: "SaslHandshakeResponse",
        kind: Kind::Response,
        api_key: Some(17),
        versions: (0, 1),
        first_flexible: i16::MAX,
        codec: codec::<SaslHandshakeResponse>(),
        fields: &[field("error_code", I16, (0, 1)), field("mechanisms", Array(&String), (0, 1))],
    },
    Schema {
        name: "ShareAcknowledgeRequest",
        kind: Kind::Request,
        api_key: Some(79),
        versions: (1, 2),
        first_flexible: 1,
        codec: codec::<ShareAcknowledgeRequest>(),
        fields: &[
            field("group_id", String, (1, 2)).nullable(1, 2).default(Default::Null),
            field("member_id", String, (1, 2)).nullable(1, 2),
            field("share_session_epoch", I32, (1, 2)),
            field("is_renew_ack", Bool, (2, 2)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (1, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (1, 2)),
                            field(
                                "acknowledgement_batches",
                                Array(&Struct(&[
                                    field("first_offset", I64, (1, 2)),
                                    field("last_offset", I64, (1, 2)),
                                    field("acknowledge_types", Array(&I8), (1, 2)),
                                ])),
                                (1, 2),
                            ),
                        ])),
                        (1, 2),
                    ),
                ])),
                (1, 2),
            ),
        ],
    },
    Schema {
        name: "ShareAcknowledgeResponse",
        kind: Kind::Response,
        api_key: Some(79),
        versions: (1, 2),
        first_flexible: 1,
        codec: codec::<ShareAcknowledgeResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 2)),
            field("error_code", I16, (1, 2)),
            field("error_message", String, (1, 2)).nullable(1, 2).default(Default::Null),
            field("acquisition_lock_timeout_ms", I32, (2, 2)).ignorable(),
            field(
                "responses",
                Array(&Struct(&[
                    field("topic_id", Uuid, (1, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (1, 2)),
                            field("error_code", I16, (1, 2)),
                            field("error_message", String, (1, 2)).nullable(1, 2).default(Default::Null),
                            field(
                                "current_leader",
                                Struct(&[
                                    field("leader_id", I32, (1, 2)),
                                    field("leader_epoch", I32, (1, 2)),
                                ]),
                                (1, 2),
                            ),
                        ])),
                        (1, 2),
                    ),
                ])),
                (1, 2),
            ),
            field(
                "node_endpoints",
                Array(&Struct(&[
                    field("node_id", I32, (1, 2)),
                    field("host", String, (1, 2)),
                    field("port", I32, (1, 2)),
                    field("rack", String, (1, 2)).nullable(1, 2).default(Default::Null),
                ])),
                (1, 2),
            ),
        ],
    },
    Schema {
        name: "ShareFetchRequest",
        kind: Kind::Request,
        api_key: Some(78),
        versions: (1, 2),
        first_flexible: 1,
        codec: codec::<ShareFetchRequest>(),
        fields: &[
            field("group_id", String, (1, 2)).nullable(1, 2).default(Default::Null),
            field("member_id", String, (1, 2)).nullable(1, 2),
            field("share_session_epoch", I32, (1, 2)),
            field("max_wait_ms", I32, (1, 2)),
            field("min_bytes", I32, (1, 2)),
            field("max_bytes", I32, (1, 2)).default(Default::Number(i32::MAX as i64)),
            field("max_records", I32, (1, 2)),
            field("batch_size", I32, (1, 2)),
            field("share_acquire_mode", I8, (2, 2)).ignorable(),
            field("is_renew_ack", Bool, (2, 2)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (1, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (1, 2)),
                            field(
                                "acknowledgement_batches",
                                Array(&Struct(&[
                                    field("first_offset", I64, (1, 2)),
                                    field("last_offset", I64, (1, 2)),
                                    field("acknowledge_types", Array(&I8), (1, 2)),
                                ])),
                                (1, 2),
                            ),
                        ])),
                        (1, 2),
                    ),
                ])),
                (1, 2),
            ),
            field(
                "forgotten_topics_data",
                Array(&Struct(&[field("topic_id", Uuid, (1, 2)), field("partitions", Array(&I32), (1, 2))])),
                (1, 2),
            ),
        ],
    },
    Schema {
        name: "ShareFetchResponse",
        kind: Kind::Response,
        api_key: Some(78),
        versions: (1, 2),
        first_flexible: 1,
        codec: codec::<ShareFetchResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 2)),
            field("error_code", I16, (1, 2)),
            field("error_message", String, (1, 2)).nullable(1, 2).default(Default::Null),
            field("acquisition_lock_timeout_ms", I32, (1, 2)),
            field(
                "responses",
                Array(&Struct(&[
                    field("topic_id", Uuid, (1, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (1, 2)),
                            field("error_code", I16, (1, 2)),
                            field("error_message", String, (1, 2)).nullable(1, 2).default(Default::Null),
                            field("acknowledge_error_code", I16, (1, 2)),
                            field("acknowledge_error_message", String, (1, 2))
                                .nullable(1, 2)
                                .default(Default::Null),
                            field(
                                "current_leader",
                                Struct(&[
                                    field("leader_id", I32, (1, 2)),
                                    field("leader_epoch", I32, (1, 2)),
                                ]),
                                (1, 2),
                            ),
                            field("records", Bytes, (1, 2)),
                            field(
                                "acquired_records",
                                Array(&Struct(&[
                                    field("first_offset", I64, (1, 2)),
                                    field("last_offset", I64, (1, 2)),
                                    field("delivery_count", I16, (1, 2)),
                                ])),
                                (1, 2),
                            ),
                        ])),
                        (1, 2),
                    ),
                ])),
                (1, 2),
            ),
            field(
                "node_endpoints",
                Array(&Struct(&[
                    field("node_id", I32, (1, 2)),
                    field("host", String, (1, 2)),
                    field("port", I32, (1, 2)),
                    field("rack", String, (1, 2)).nullable(1, 2).default(Default::Null),
                ])),
                (1, 2),
            ),
        ],
    },
    Schema {
        name: "ShareGroupDescribeRequest",
        kind: Kind::Request,
        api_key: Some(77),
        versions: (1, 1),
        first_flexible: 1,
        codec: codec::<ShareGroupDescribeRequest>(),
        fields: &[
            field("group_ids", Array(&String), (1, 1)),
            field("include_authorized_operations", Bool, (1, 1)),
        ],
    },
    Schema {
        name: "ShareGroupDescribeResponse",
        kind: Kind::Response,
        api_key: Some(77),
        versions: (1, 1),
        first_flexible: 1,
        codec: codec::<ShareGroupDescribeResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 1)),
            field(
                "groups",
                Array(&Struct(&[
                    field("error_code", I16, (1, 1)),
                    field("error_message", String, (1, 1)).nullable(1, 1).default(Default::Null),
                    field("group_id", String, (1, 1)),
                    field("group_state", String, (1, 1)),
                    field("group_epoch", I32, (1, 1)),
                    field("assignment_epoch", I32, (1, 1)),
                    field("assignor_name", String, (1, 1)),
                    field(
                        "members",
                        Array(&Struct(&[
                            field("member_id", String, (1, 1)),
                            field("rack_id", String, (1, 1)).nullable(1, 1).default(Default::Null),
                            field("member_epoch", I32, (1, 1)),
                            field("client_id", String, (1, 1)),
                            field("client_host", String, (1, 1)),
                            field("subscribed_topic_names", Array(&String), (1, 1)),
                            field(
                                "assignment",
                                Struct(&[field(
                                    "topic_partitions",
                                    Array(&Struct(&[
                                        field("topic_id", Uuid, (1, 1)),
                                        field("topic_name", String, (1, 1)),
                                        field("partitions", Array(&I32), (1, 1)),
                                    ])),
                                    (1, 1),
                                )]),
                                (1, 1),
                            ),
                        ])),
                        (1, 1),
                    ),
                    field("authorized_operations", I32, (1, 1)).default(Default::Number(i32::MIN as i64)),
                ])),
                (1, 1),
            ),
        ],
    },
    Schema {
        name: "ShareGroupHeartbeatRequest",
        kind: Kind::Request,
        api_key: Some(76),
        versions: (1, 1),
        first_flexible: 1,
        codec: codec::<ShareGroupHeartbeatRequest>(),
        fields: &[
            field("group_id", String, (1, 1)),
            field("member_id", String, (1, 1)),
            field("member_epoch", I32, (1, 1)),
            field("rack_id", String, (1, 1)).nullable(1, 1).default(Default::Null),
            field("subscribed_topic_names", Array(&String), (1, 1)).nullable(1, 1).default(Default::Null),
        ],
    },
    Schema {
        name: "ShareGroupHeartbeatResponse",
        kind: Kind::Response,
        api_key: Some(76),
        versions: (1, 1),
        first_flexible: 1,
        codec: codec::<ShareGroupHeartbeatResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 1)),
            field("error_code", I16, (1, 1)),
            field("error_message", String, (1, 1)).nullable(1, 1).default(Default::Null),
            field("member_id", String, (1, 1)).nullable(1, 1).default(Default::Null),
            field("member_epoch", I32, (1, 1)),
            field("heartbeat_interval_ms", I32, (1, 1)),
            field(
                "assignment",
                Struct(&[field(
                    "topic_partitions",
                    Array(&Struct(&[
                        field("topic_id", Uuid, (1, 1)),
                        field("partitions", Array(&I32), (1, 1)),
                    ])),
                    (1, 1),
                )]),
                (1, 1),
            )
            .nullable(1, 1)
            .default(Default::Null),
        ],
    },
    Schema {
        name: "SnapshotFooterRecord",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<SnapshotFooterRecord>(),
        fields: &[field("version", I16, (0, 0))],
    },
    Schema {
        name: "SnapshotHeaderRecord",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<SnapshotHeaderRecord>(),
        fields: &[field("version", I16, (0, 0)), field("last_contained_log_timestamp", I64, (0, 0))],
    },
    Schema {
        name: "StreamsGroupDescribeRequest",
        kind: Kind::Request,
        api_key: Some(89),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<StreamsGroupDescribeRequest>(),
        fields: &[
            field("group_ids", Array(&String), (0, 1)),
            field("include_authorized_operations", Bool, (0, 1)),
            field("include_topology_description", Bool, (1, 1)),
        ],
    },
    Schema {
        name: "StreamsGroupDescribeResponse",
        kind: Kind::Response,
        api_key: Some(89),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<StreamsGroupDescribeResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field(
                "groups",
                Array(&Struct(&[
                    field("error_code", I16, (0, 1)),
                    field("error_message", String, (0, 1)).nullable(0, 1).default(Default::Null),
                    field("group_id", String, (0, 1)),
                    field("group_state", String, (0, 1)),
                    field("group_epoch", I32, (0, 1)),
                    field("assignment_epoch", I32, (0, 1)),
                    field(
                        "topology",
                        Struct(&[
                            field("epoch", I32, (0, 1)),
                            field(
                                "subtopologies",
                                Array(&Struct(&[
                                    field("subtopology_id", String, (0, 1)),
                                    field("source_topics", Array(&String), (0, 1)),
                                    field("repartition_sink_topics", Array(&String), (0, 1)),
                                    field(
                                        "state_changelog_topics",
                                        Array(&Struct(&[
                                            field("name", String, (0, 1)),
                                            field("partitions", I32, (0, 1)),
                                            field("replication_factor", I16, (0, 1)),
                                            field(
                                                "topic_configs",
                                                Array(&Struct(&[
                                                    field("key", String, (0, 1)),
                                                    field("value", String, (0, 1)),
                                                ])),
                                                (0, 1),
                                            ),
                                        ])),
                                        (0, 1),
                                    ),
                                    field(
                                        "repartition_source_topics",
                                        Array(&Struct(&[
                                            field("name", String, (0, 1)),
                                            field("partitions", I32, (0, 1)),
                                            field("replication_factor", I16, (0, 1)),
                                            field(
                                                "topic_configs",
                                                Array(&Struct(&[
                                                    field("key", String, (0, 1)),
                                                    field("value", String, (0, 1)),
                                                ])),
                                                (0, 1),
                                            ),
                                        ])),
                                        (0, 1),
                                    ),
                                ])),
                                (0, 1),
                            )
                            .nullable(0, 1)
                            .default(Default::Null),
                        ]),
                        (0, 1),
                    )
                    .nullable(0, 1)
                    .default(Default::Null),
                    field(
                        "members",
                        Array(&Struct(&[
                            field("member_id", String, (0, 1)),
                            field("member_epoch", I32, (0, 1)),
                            field("instance_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
                            field("rack_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
                            field("client_id", String, (0, 1)),
                            field("client_host", String, (0, 1)),
                            field("topology_epoch", I32, (0, 1)),
                            field("process_id", String, (0, 1)),
                            field(
                                "user_endpoint",
                                Struct(&[field("host", String, (0, 1)), field("port", U16, (0, 1))]),
                                (0, 1),
                            )
                            .nullable(0, 1)
                            .default(Default::Null),
                            field(
                                "client_tags",
                                Array(&Struct(&[
                                    field("key", String, (0, 1)),
                                    field("value", String, (0, 1)),
                                ])),
                                (0, 1),
                            ),
                            field(
                                "task_offsets",
                                Array(&Struct(&[
                                    field("subtopology_id", String, (0, 1)),
                                    field("partition", I32, (0, 1)),
                                    field("offset", I64, (0, 1)),
                                ])),
                                (0, 1),
                            ),
                            field(
                                "task_end_offsets",
                                Array(&Struct(&[
                                    field("subtopology_id", String, (0, 1)),
                                    field("partition", I32, (0, 1)),
                                    field("offset", I64, (0, 1)),
                                ])),
                                (0, 1),
                            ),
                            field(
                                "assignment",
                                Struct(&[
                                    field(
                                        "active_tasks",
                                        Array(&Struct(&[
                                            field("subtopology_id", String, (0, 1)),
                                            field("partitions", Array(&I32), (0, 1)),
                                        ])),
                                        (0, 1),
                                    ),
                                    field(
                                        "standby_tasks",
                                        Array(&Struct(&[
                                            field("subtopology_id", String, (0, 1)),
                                            field("partitions", Array(&I32), (0, 1)),
                                        ])),
                                        (0, 1),
                                    ),
                                    field(
                                        "warmup_tasks",
                                        Array(&Struct(&[
                                            field("subtopology_id", String, (0, 1)),
                                            field("partitions", Array(&I32), (0, 1)),
                                        ])),
                                        (0, 1),
                                    ),
                                ]),
                                (0, 1),
                            ),
                            field(
                                "target_assignment",
                                Struct(&[
                                    field(
                                        "active_tasks",
                                        Array(&Struct(&[
                                            field("subtopology_id", String, (0, 1)),
                                            field("partitions", Array(&I32), (0, 1)),
                                        ])),
                                        (0, 1),
                                    ),
                                    field(
                                        "standby_tasks",
                                        Array(&Struct(&[
                                            field("subtopology_id", String, (0, 1)),
                                            field("partitions", Array(&I32), (0, 1)),
                                        ])),
                                        (0, 1),
                                    ),
                                    field(
                                        "warmup_tasks",
                                        Array(&Struct(&[
                                            field("subtopology_id", String, (0, 1)),
                                            field("partitions", Array(&I32), (0, 1)),
                                        ])),
                                        (0, 1),
                                    ),
                                ]),
                                (0, 1),
                            ),
                            field("is_classic", Bool, (0, 1)),
                        ])),
                        (0, 1),
                    ),
                    field("authorized_operations", I32, (0, 1)).default(Default::Number(i32::MIN as i64)),
                    field(
                        "topology_description",
                        Struct(&[
                            field(
                                "subtopologies",
                                Array(&Struct(&[
                                    field("subtopology_id", String, (1, 1)),
                                    field(
                                        "nodes",
                                        Array(&Struct(&[
                                            field("name", String, (1, 1)),
                                            field("node_type", I8, (1, 1)),
                                            field("source_topics", Array(&String), (1, 1)),
                                            field("sink_topic", String, (1, 1))
                                                .nullable(1, 1)
                                                .default(Default::Null),
                                            field("stores", Array(&String), (1, 1)),
                                            field("successors", Array(&String), (1, 1)),
                                        ])),
                                        (1, 1),
                                    ),
                                ])),
                                (1, 1),
                            ),
                            field(
                                "global_stores",
                                Array(&Struct(&[
                                    field(
                                        "source",
                                        Struct(&[
                                            field("name", String, (1, 1)),
                                            field("node_type", I8, (1, 1)),
                                            field("source_topics", Array(&String), (1, 1)),
                                            field("sink_topic", String, (1, 1))
                                                .nullable(1, 1)
                                                .default(Default::Null),
                                            field("stores", Array(&String), (1, 1)),
                                            field("successors", Array(&String), (1, 1)),
                                        ]),
                                        (1, 1),
                                    ),
                                    field(
                                        "processor",
                                        Struct(&[
                                            field("name", String, (1, 1)),
                                            field("node_type", I8, (1, 1)),
                                            field("source_topics", Array(&String), (1, 1)),
                                            field("sink_topic", String, (1, 1))
                                                .nullable(1, 1)
                                                .default(Default::Null),
                                            field("stores", Array(&String), (1, 1)),
                                            field("successors", Array(&String), (1, 1)),
                                        ]),
                                        (1, 1),
                                    ),
                                ])),
                                (1, 1),
                            ),
                        ]),
                        (1, 1),
                    )
                    .nullable(1, 1)
                    .default(Default::Null),
                    field("topology_description_status", I8, (1, 1)),
                    field("assignor_name", String, (1, 1)).nullable(1, 1).default(Default::Null).ignorable(),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "StreamsGroupHeartbeatRequest",
        kind: Kind::Request,
        api_key: Some(88),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<StreamsGroupHeartbeatRequest>(),
        fields: &[
            field("group_id", String, (0, 1)),
            field("member_id", String, (0, 1)),
            field("member_epoch", I32, (0, 1)),
            field("endpoint_information_epoch", I32, (0, 1)),
            field("instance_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field("rack_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field("rebalance_timeout_ms", I32, (0, 1)).default(Default::Number(-1)),
            field(
                "topology",
                Struct(&[
                    field("epoch", I32, (0, 1)),
                    field(
                        "subtopologies",
                        Array(&Struct(&[
                            field("subtopology_id", String, (0, 1)),
                            field("source_topics", Array(&String), (0, 1)),
                            field("source_topic_regex", Array(&String), (0, 1)),
                            field(
                                "state_changelog_topics",
                                Array(&Struct(&[
                                    field("name", String, (0, 1)),
                                    field("partitions", I32, (0, 1)),
                                    field("replication_factor", I16, (0, 1)),
                                    field(
                                        "topic_configs",
                                        Array(&Struct(&[
                                            field("key", String, (0, 1)),
                                            field("value", String, (0, 1)),
                                        ])),
                                        (0, 1),
                                    ),
                                ])),
                                (0, 1),
                            ),
                            field("repartition_sink_topics", Array(&String), (0, 1)),
                            field(
                                "repartition_source_topics",
                                Array(&Struct(&[
                                    field("name", String, (0, 1)),
                                    field("partitions", I32, (0, 1)),
                                    field("replication_factor", I16, (0, 1)),
                                    field(
                                        "topic_configs",
                                        Array(&Struct(&[
                                            field("key", String, (0, 1)),
                                            field("value", String, (0, 1)),
                                        ])),
                                        (0, 1),
                                    ),
                                ])),
                                (0, 1),
                            ),
                            field(
                                "copartition_groups",
                                Array(&Struct(&[
                                    field("source_topics", Array(&I16), (0, 1)),
                                    field("source_topic_regex", Array(&I16), (0, 1)),
                                    field("repartition_source_topics", Array(&I16), (0, 1)),
                                ])),
                                (0, 1),
                            ),
                        ])),
                        (0, 1),
                    ),
                ]),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field(
                "active_tasks",
                Array(&Struct(&[
                    field("subtopology_id", String, (0, 1)),
                    field("partitions", Array(&I32), (0, 1)),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field(
                "standby_tasks",
                Array(&Struct(&[
                    field("subtopology_id", String, (0, 1)),
                    field("partitions", Array(&I32), (0, 1)),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field(
                "warmup_tasks",
                Array(&Struct(&[
                    field("subtopology_id", String, (0, 1)),
                    field("partitions", Array(&I32), (0, 1)),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field("process_id", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field(
                "user_endpoint",
                Struct(&[field("host", String, (0, 1)), field("port", U16, (0, 1))]),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field(
                "client_tags",
                Array(&Struct(&[field("key", String, (0, 1)), field("value", String, (0, 1))])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field(
                "task_offsets",
                Array(&Struct(&[
                    field("subtopology_id", String, (0, 1)),
                    field("partition", I32, (0, 1)),
                    field("offset", I64, (0, 1)),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field(
                "task_end_offsets",
                Array(&Struct(&[
                    field("subtopology_id", String, (0, 1)),
                    field("partition", I32, (0, 1)),
                    field("offset", I64, (0, 1)),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field("shutdown_application", Bool, (0, 1)),
        ],
    },
    Schema {
        name: "StreamsGroupHeartbeatResponse",
        kind: Kind::Response,
        api_key: Some(88),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<StreamsGroupHeartbeatResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 1)),
            field("error_code", I16, (0, 1)),
            field("error_message", String, (0, 1)).nullable(0, 1).default(Default::Null),
            field("member_id", String, (0, 1)),
            field("member_epoch", I32, (0, 1)),
            field("heartbeat_interval_ms", I32, (0, 1)),
            field("acceptable_recovery_lag_legacy", I32, (0, 0)),
            field("task_offset_interval_ms", I32, (0, 1)),
            field("acceptable_recovery_lag", I64, (1, 1)).default(Default::Number(-1)).ignorable(),
            field(
                "status",
                Array(&Struct(&[field("status_code", I8, (0, 1)), field("status_detail", String, (0, 1))])),
                (0, 1),
            )
            .nullable(0, 1),
            field(
                "active_tasks",
                Array(&Struct(&[
                    field("subtopology_id", String, (0, 1)),
                    field("partitions", Array(&I32), (0, 1)),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field(
                "standby_tasks",
                Array(&Struct(&[
                    field("subtopology_id", String, (0, 1)),
                    field("partitions", Array(&I32), (0, 1)),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field(
                "warmup_tasks",
                Array(&Struct(&[
                    field("subtopology_id", String, (0, 1)),
                    field("partitions", Array(&I32), (0, 1)),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
            field("topology_description_required", Bool, (1, 1)),
            field("endpoint_information_epoch", I32, (0, 1)),
            field(
                "partitions_by_user_endpoint",
                Array(&Struct(&[
                    field(
                        "user_endpoint",
                        Struct(&[field("host", String, (0, 1)), field("port", U16, (0, 1))]),
                        (0, 1),
                    ),
                    field(
                        "active_partitions",
                        Array(&Struct(&[
                            field("topic", String, (0, 1)),
                            field("partitions", Array(&I32), (0, 1)),
                        ])),
                        (0, 1),
                    ),
                    field(
                        "standby_partitions",
                        Array(&Struct(&[
                            field("topic", String, (0, 1)),
                            field("partitions", Array(&I32), (0, 1)),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            )
            .nullable(0, 1)
            .default(Default::Null),
        ],
    },
    Schema {
        name: "StreamsGroupTopologyDescriptionUpdateRequest",
        kind: Kind::Request,
        api_key: Some(93),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<StreamsGroupTopologyDescriptionUpdateRequest>(),
        fields: &[
            field("group_id", String, (0, 0)),
            field("member_id", String, (0, 0)),
            field("topology_epoch", I32, (0, 0)),
            field(
                "topology_description",
                Struct(&[
                    field(
                        "subtopologies",
                        Array(&Struct(&[
                            field("subtopology_id", String, (0, 0)),
                            field(
                                "nodes",
                                Array(&Struct(&[
                                    field("name", String, (0, 0)),
                                    field("node_type", I8, (0, 0)),
                                    field("source_topics", Array(&String), (0, 0)),
                                    field("sink_topic", String, (0, 0)).nullable(0, 0).default(Default::Null),
                                    field("stores", Array(&String), (0, 0)),
                                    field("successors", Array(&String), (0, 0)),
                                ])),
                                (0, 0),
                            ),
                        ])),
                        (0, 0),
                    ),
                    field(
                        "global_stores",
                        Array(&Struct(&[
                            field(
                                "source",
                                Struct(&[
                                    field("name", String, (0, 0)),
                                    field("node_type", I8, (0, 0)),
                                    field("source_topics", Array(&String), (0, 0)),
                                    field("sink_topic", String, (0, 0)).nullable(0, 0).default(Default::Null),
                                    field("stores", Array(&String), (0, 0)),
                                    field("successors", Array(&String), (0, 0)),
                                ]),
                                (0, 0),
                            ),
                            field(
                                "processor",
                                Struct(&[
                                    field("name", String, (0, 0)),
                                    field("node_type", I8, (0, 0)),
                                    field("source_topics", Array(&String), (0, 0)),
                                    field("sink_topic", String, (0, 0)).nullable(0, 0).default(Default::Null),
                                    field("stores", Array(&String), (0, 0)),
                                    field("successors", Array(&String), (0, 0)),
                                ]),
                                (0, 0),
                            ),
                        ])),
                        (0, 0),
                    ),
                ]),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "StreamsGroupTopologyDescriptionUpdateResponse",
        kind: Kind::Response,
        api_key: Some(93),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<StreamsGroupTopologyDescriptionUpdateResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0).default(Default::Null),
        ],
    },
    Schema {
        name: "SyncGroupRequest",
        kind: Kind::Request,
        api_key: Some(14),
        versions: (0, 5),
        first_flexible: 4,
        codec: codec::<SyncGroupRequest>(),
        fields: &[
            field("group_id", String, (0, 5)),
            field("generation_id", I32, (0, 5)),
            field("member_id", String, (0, 5)),
            field("group_instance_id", String, (3, 5)).nullable(3, 5).default(Default::Null),
            field("protocol_type", String, (5, 5)).nullable(5, 5).default(Default::Null).ignorable(),
            field("protocol_name", String, (5, 5)).nullable(5, 5).default(Default::Null).ignorable(),
            field(
                "assignments",
                Array(&Struct(&[field("member_id", String, (0, 5)), field("assignment", Bytes, (0, 5))])),
                (0, 5),
            ),
        ],
    },
    Schema {
        name: "SyncGroupResponse",
        kind: Kind::Response,
        api_key: Some(14),
        versions: (0, 5),
        first_flexible: 4,
        codec: codec::<SyncGroupResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (1, 5)).ignorable(),
            field("error_code", I16, (0, 5)),
            field("protocol_type", String, (5, 5)).nullable(5, 5).default(Default::Null).ignorable(),
            field("protocol_name", String, (5, 5)).nullable(5, 5).default(Default::Null).ignorable(),
            field("assignment", Bytes, (0, 5)),
        ],
    },
    Schema {
        name: "TxnOffsetCommitRequest",
        kind: Kind::Request,
        api_key: Some(28),
        versions: (0, 6),
        first_flexible: 3,
        codec: codec::<TxnOffsetCommitRequest>(),
        fields: &[
            field("transactional_id", String, (0, 6)),
            field("group_id", String, (0, 6)),
            field("producer_id", I64, (0, 6)),
            field("producer_epoch", I16, (0, 6)),
            field("generation_id_or_member_epoch", I32, (3, 6)).default(Default::Number(-1)),
            field("member_id", String, (3, 6)),
            field("group_instance_id", String, (3, 6)).nullable(3, 6).default(Default::Null),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 5)).ignorable(),
                    field("topic_id", Uuid, (6, 6)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 6)),
                            field("committed_offset", I64, (0, 6)),
                            field("committed_leader_epoch", I32, (2, 6))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field("committed_metadata", String, (0, 6)).nullable(0, 6),
                        ])),
                        (0, 6),
                    ),
                ])),
                (0, 6),
            ),
        ],
    },
    Schema {
        name: "TxnOffsetCommitResponse",
        kind: Kind::Response,
        api_key: Some(28),
        versions: (0, 6),
        first_flexible: 3,
        codec: codec::<TxnOffsetCommitResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 6)),
            field(
                "topics",
                Array(&Struct(&[
                    field("name", String, (0, 5)).ignorable(),
                    field("topic_id", Uuid, (6, 6)).ignorable(),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 6)),
                            field("error_code", I16, (0, 6)),
                        ])),
                        (0, 6),
                    ),
                ])),
                (0, 6),
            ),
        ],
    },
    Schema {
        name: "UnregisterBrokerRequest",
        kind: Kind::Request,
        api_key: Some(64),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<UnregisterBrokerRequest>(),
        fields: &[field("broker_id", I32, (0, 0))],
    },
    Schema {
        name: "UnregisterBrokerResponse",
        kind: Kind::Response,
        api_key: Some(64),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<UnregisterBrokerResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0),
        ],
    },
    Schema {
        name: "UnregisterControllerRequest",
        kind: Kind::Request,
        api_key: Some(94),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<UnregisterControllerRequest>(),
        fields: &[field("controller_id", I32, (0, 0))],
    },
    Schema {
        name: "UnregisterControllerResponse",
        kind: Kind::Response,
        api_key: Some(94),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<UnregisterControllerResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field("error_message", String, (0, 0)).nullable(0, 0),
        ],
    },
    Schema {
        name: "UpdateFeaturesRequest",
        kind: Kind::Request,
        api_key: Some(57),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<UpdateFeaturesRequest>(),
        fields: &[
            field("timeout_ms", I32, (0, 2)).default(Default::Number(60000)),
            field(
                "feature_updates",
                Array(&Struct(&[
                    field("feature", String, (0, 2)),
                    field("max_version_level", I16, (0, 2)),
                    field("allow_downgrade", Bool, (0, 0)),
                    field("upgrade_type", I8, (1, 2)).default(Default::Number(1)),
                ])),
                (0, 2),
            ),
            field("validate_only", Bool, (1, 2)),
        ],
    },
    Schema {
        name: "UpdateFeaturesResponse",
        kind: Kind::Response,
        api_key: Some(57),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<UpdateFeaturesResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 2)),
            field("error_code", I16, (0, 2)),
            field("error_message", String, (0, 2)).nullable(0, 2),
            field(
                "results",
                Array(&Struct(&[
                    field("feature", String, (0, 1)),
                    field("error_code", I16, (0, 1)),
                    field("error_message", String, (0, 1)).nullable(0, 1),
                ])),
                (0, 1),
            )
            .ignorable(),
        ],
    },
    Schema {
        name: "UpdateRaftVoterRequest",
        kind: Kind::Request,
        api_key: Some(82),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<UpdateRaftVoterRequest>(),
        fields: &[
            field("cluster_id", String, (0, 0)).nullable(0, 0),
            field("current_leader_epoch", I32, (0, 0)),
            field("voter_id", I32, (0, 0)),
            field("voter_directory_id", Uuid, (0, 0)),
            field(
                "listeners",
                Array(&Struct(&[
                    field("name", String, (0, 0)),
                    field("host", String, (0, 0)),
                    field("port", U16, (0, 0)),
                ])),
                (0, 0),
            ),
            field(
                "kraft_version_feature",
                Struct(&[
                    field("min_supported_version", I16, (0, 0)),
                    field("max_supported_version", I16, (0, 0)),
                ]),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "UpdateRaftVoterResponse",
        kind: Kind::Response,
        api_key: Some(82),
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<UpdateRaftVoterResponse>(),
        fields: &[
            field("throttle_time_ms", I32, (0, 0)),
            field("error_code", I16, (0, 0)),
            field(
                "current_leader",
                Struct(&[
                    field("leader_id", I32, (0, 0)).default(Default::Number(-1)),
                    field("leader_epoch", I32, (0, 0)).default(Default::Number(-1)),
                    field("host", String, (0, 0)),
                    field("port", I32, (0, 0)),
                ]),
                (0, 0),
            )
            .tagged(0),
        ],
    },
    Schema {
        name: "VoteRequest",
        kind: Kind::Request,
        api_key: Some(52),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<VoteRequest>(),
        fields: &[
            field("cluster_id", String, (0, 2)).nullable(0, 2).default(Default::Null),
            field("voter_id", I32, (1, 2)).default(Default::Number(-1)).ignorable(),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_name", String, (0, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 2)),
                            field("replica_epoch", I32, (0, 2)),
                            field("replica_id", I32, (0, 2)),
                            field("replica_directory_id", Uuid, (1, 2)).ignorable(),
                            field("voter_directory_id", Uuid, (1, 2)).ignorable(),
                            field("last_offset_epoch", I32, (0, 2)),
                            field("last_offset", I64, (0, 2)),
                            field("pre_vote", Bool, (2, 2)),
                        ])),
                        (0, 2),
                    ),
                ])),
                (0, 2),
            ),
        ],
    },
    Schema {
        name: "VoteResponse",
        kind: Kind::Response,
        api_key: Some(52),
        versions: (0, 2),
        first_flexible: 0,
        codec: codec::<VoteResponse>(),
        fields: &[
            field("error_code", I16, (0, 2)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_name", String, (0, 2)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition_index", I32, (0, 2)),
                            field("error_code", I16, (0, 2)),
                            field("leader_id", I32, (0, 2)),
                            field("leader_epoch", I32, (0, 2)),
                            field("vote_granted", Bool, (0, 2)),
                        ])),
                        (0, 2),
                    ),
                ])),
                (0, 2),
            ),
            field(
                "node_endpoints",
                Array(&Struct(&[
                    field("node_id", I32, (1, 2)),
                    field("host", String, (1, 2)),
                    field("port", U16, (1, 2)),
                ])),
                (1, 2),
            )
            .tagged(0),
        ],
    },
    Schema {
        name: "VotersRecord",
        kind: Kind::Data,
        api_key: None,
        versions: (0, 0),
        first_flexible: 0,
        codec: codec::<VotersRecord>(),
        fields: &[
            field("version", I16, (0, 0)),
            field(
                "voters",
                Array(&Struct(&[
                    field("voter_id", I32, (0, 0)),
                    field("voter_directory_id", Uuid, (0, 0)),
                    field(
                        "endpoints",
                        Array(&Struct(&[
                            field("name", String, (0, 0)),
                            field("host", String, (0, 0)),
                            field("port", U16, (0, 0)),
                        ])),
                        (0, 0),
                    ),
                    field(
                        "kraft_version_feature",
                        Struct(&[
                            field("min_supported_version", I16, (0, 0)),
                            field("max_supported_version", I16, (0, 0)),
                        ]),
                        (0, 0),
                    ),
                ])),
                (0, 0),
            ),
        ],
    },
    Schema {
        name: "WriteShareGroupStateRequest",
        kind: Kind::Request,
        api_key: Some(85),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<WriteShareGroupStateRequest>(),
        fields: &[
            field("group_id", String, (0, 1)),
            field(
                "topics",
                Array(&Struct(&[
                    field("topic_id", Uuid, (0, 1)),
                    field(
                        "partitions",
                        Array(&Struct(&[
                            field("partition", I32, (0, 1)),
                            field("state_epoch", I32, (0, 1)),
                            field("leader_epoch", I32, (0, 1)),
                            field("start_offset", I64, (0, 1)),
                            field("delivery_complete_count", I32, (1, 1))
                                .default(Default::Number(-1))
                                .ignorable(),
                            field(
                                "state_batches",
                                Array(&Struct(&[
                                    field("first_offset", I64, (0, 1)),
                                    field("last_offset", I64, (0, 1)),
                                    field("delivery_state", I8, (0, 1)),
                                    field("delivery_count", I16, (0, 1)),
                                ])),
                                (0, 1),
                            ),
                        ])),
                        (0, 1),
                    ),
                ])),
                (0, 1),
            ),
        ],
    },
    Schema {
        name: "WriteShareGroupStateResponse",
        kind: Kind::Response,
        api_key: Some(85),
        versions: (0, 1),
        first_flexible: 0,
        codec: codec::<WriteShareGroupStateResponse>(),
        fields: &[field(
            "results",
            Array(&Struct(&[
                field("topic_id", Uuid, (0, 1)),
                field(
                    "partitions",
                    Array(&Struct(&[
                        field("partition", I32, (0, 1)),
                        field("error_code", I16, (0, 1)),
                        field("error_message", String, (0, 1)).nullable(0, 1).default(Default::Null),
                    ])),
                    (0, 1),
                ),
            ])),
            (0, 1),
        )],
    },
    Schema {
        name: "WriteTxnMarkersRequest",
        kind: Kind::Request,
        api_key: Some(27),
        versions: (1, 2),
        first_flexible: 1,
        codec: codec::<WriteTxnMarkersRequest>(),
        fields: &[field(
            "markers",
            Array(&Struct(&[
                field("producer_id", I64, (1, 2)),
                field("producer_epoch", I16, (1, 2)),
                field("transaction_result", Bool, (1, 2)),
                field(
                    "topics",
                    Array(&Struct(&[
                        field("name", String, (1, 2)),
                        field("partition_indexes", Array(&I32), (1, 2)),
                    ])),
                    (1, 2),
                ),
                field("coordinator_epoch", I32, (1, 2)),
                field("transaction_version", I8, (2, 2)).ignorable(),
            ])),
            (1, 2),
        )],
    },
    Schema {
        name: "WriteTxnMarkersResponse",
        kind: Kind::Response,
        api_key: Some(27),
        versions: (1, 2),
        first_flexible: 1,
        codec: codec::<WriteTxnMarkersResponse>(),
        fields: &[field(
            "markers",
            Array(&Struct(&[
                field("producer_id", I64, (1, 2)),
                field(
                    "topics",
                    Array(&Struct(&[
                        field("name", String, (1, 2)),
                        field(
                            "partitions",
                            Array(&Struct(&[
                                field("partition_index", I32, (1, 2)),
                                field("error_code", I16, (1, 2)),
                            ])),
                            (1, 2),
                        ),
                    ])),
                    (1, 2),
                ),
            ])),
            (1, 2),
        )],
    },
];
