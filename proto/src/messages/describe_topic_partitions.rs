// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeTopicPartitions` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicId, TopicName};

/// Asks `DescribeTopicPartitions` (API key 75): version 0, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsRequest {
    /// In every version.
    pub topics: Vec<TopicRequest>,
    /// In every version. Default 2000.
    pub response_partition_limit: i32,
    /// In every version; may be null. Default null.
    pub cursor: Option<RequestCursor>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeTopicPartitionsRequest {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            response_partition_limit: 2000,
            cursor: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for DescribeTopicPartitionsRequest {
    const NAME: &'static str = "DescribeTopicPartitionsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            topics: reader.array("topics", |reader| TopicRequest::read(reader, version))?,
            response_partition_limit: reader.i32("response_partition_limit")?,
            cursor: if reader.is_present("cursor")? {
                Some(RequestCursor::read(reader, version)?)
            } else {
                None
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.i32(self.response_partition_limit);
        writer.presence(self.cursor.is_some());
        if let Some(cursor) = &self.cursor {
            cursor.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeTopicPartitionsRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_TOPIC_PARTITIONS;
    const LATEST_STABLE: i16 = 0;
    type Response = DescribeTopicPartitionsResponse;
}

/// Part of [`DescribeTopicPartitionsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicRequest {
    /// In every version.
    pub name: TopicName,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopicRequest {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeTopicPartitionsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestCursor {
    /// In every version.
    pub topic_name: TopicName,
    /// In every version.
    pub partition_index: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestCursor {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_name: TopicName(reader.string("topic_name")?),
            partition_index: reader.i32("partition_index")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("topic_name", &self.topic_name)?;
        writer.i32(self.partition_index);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `DescribeTopicPartitions` (API key 75): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeTopicPartitionsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub topics: Vec<DescribeTopicPartitionsResponseTopic>,
    /// In every version; may be null. Default null.
    pub next_cursor: Option<ResponseCursor>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeTopicPartitionsResponse {
    const NAME: &'static str = "DescribeTopicPartitionsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            topics: reader
                .array("topics", |reader| DescribeTopicPartitionsResponseTopic::read(reader, version))?,
            next_cursor: if reader.is_present("next_cursor")? {
                Some(ResponseCursor::read(reader, version)?)
            } else {
                None
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.presence(self.next_cursor.is_some());
        if let Some(next_cursor) = &self.next_cursor {
            next_cursor.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DescribeTopicPartitionsResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_TOPIC_PARTITIONS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DescribeTopicPartitionsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsResponseTopic {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. A key: no two elements share it.
    pub name: Option<TopicName>,
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub is_internal: bool,
    /// In every version.
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    /// In every version. Default i32::MIN.
    pub topic_authorized_operations: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeTopicPartitionsResponseTopic {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            name: Some(TopicName::default()),
            topic_id: TopicId::ZERO,
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: i32::MIN,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribeTopicPartitionsResponseTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            name: reader.nullable_string("name")?.map(TopicName),
            topic_id: TopicId(reader.uuid("topic_id")?),
            is_internal: reader.bool("is_internal")?,
            partitions: reader.array("partitions", |reader| {
                DescribeTopicPartitionsResponsePartition::read(reader, version)
            })?,
            topic_authorized_operations: reader.i32("topic_authorized_operations")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("name", self.name.as_deref())?;
        writer.uuid(self.topic_id.0);
        writer.bool(self.is_internal);
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.i32(self.topic_authorized_operations);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeTopicPartitionsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeTopicPartitionsResponsePartition {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub leader_id: BrokerId,
    /// In every version. Default -1.
    pub leader_epoch: LeaderEpoch,
    /// In every version.
    pub replica_nodes: Vec<BrokerId>,
    /// In every version.
    pub isr_nodes: Vec<BrokerId>,
    /// In every version; may be null. Default null.
    pub eligible_leader_replicas: Option<Vec<BrokerId>>,
    /// In every version; may be null. Default null.
    pub last_known_elr: Option<Vec<BrokerId>>,
    /// In every version.
    pub offline_replicas: Vec<BrokerId>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeTopicPartitionsResponsePartition {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            partition_index: 0,
            leader_id: BrokerId(0),
            leader_epoch: LeaderEpoch::NONE,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
            offline_replicas: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribeTopicPartitionsResponsePartition {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            partition_index: reader.i32("partition_index")?,
            leader_id: BrokerId(reader.i32("leader_id")?),
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            replica_nodes: reader
                .array("replica_nodes", |reader| reader.i32("replica_nodes").map(BrokerId))?,
            isr_nodes: reader.array("isr_nodes", |reader| reader.i32("isr_nodes").map(BrokerId))?,
            eligible_leader_replicas: reader.nullable_array("eligible_leader_replicas", |reader| {
                reader.i32("eligible_leader_replicas").map(BrokerId)
            })?,
            last_known_elr: reader
                .nullable_array("last_known_elr", |reader| reader.i32("last_known_elr").map(BrokerId))?,
            offline_replicas: reader
                .array("offline_replicas", |reader| reader.i32("offline_replicas").map(BrokerId))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.i32(self.partition_index);
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.array_length("replica_nodes", self.replica_nodes.len())?;
        for element in &self.replica_nodes {
            writer.i32(element.0);
        }
        writer.array_length("isr_nodes", self.isr_nodes.len())?;
        for element in &self.isr_nodes {
            writer.i32(element.0);
        }
        writer.nullable_array_length(
            "eligible_leader_replicas",
            self.eligible_leader_replicas.as_ref().map(Vec::len),
        )?;
        for element in self.eligible_leader_replicas.iter().flatten() {
            writer.i32(element.0);
        }
        writer.nullable_array_length("last_known_elr", self.last_known_elr.as_ref().map(Vec::len))?;
        for element in self.last_known_elr.iter().flatten() {
            writer.i32(element.0);
        }
        writer.array_length("offline_replicas", self.offline_replicas.len())?;
        for element in &self.offline_replicas {
            writer.i32(element.0);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeTopicPartitionsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseCursor {
    /// In every version.
    pub topic_name: TopicName,
    /// In every version.
    pub partition_index: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponseCursor {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_name: TopicName(reader.string("topic_name")?),
            partition_index: reader.i32("partition_index")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("topic_name", &self.topic_name)?;
        writer.i32(self.partition_index);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
