// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeQuorum` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicName, Uuid};
use bytestring::ByteString;

/// Asks `DescribeQuorum` (API key 55): versions 0-2, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeQuorumRequest {
    /// In every version.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeQuorumRequest {
    const NAME: &'static str = "DescribeQuorumRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            topics: reader.array("topics", |reader| RequestTopicData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeQuorumRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_QUORUM;
    const LATEST_STABLE: i16 = 2;
    type Response = DescribeQuorumResponse;
}

/// Part of [`DescribeQuorumRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestTopicData {
    /// In every version.
    pub topic_name: TopicName,
    /// In every version.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestTopicData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_name: TopicName(reader.string("topic_name")?),
            partitions: reader.array("partitions", |reader| RequestPartitionData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("topic_name", &self.topic_name)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeQuorumRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestPartitionData {
    /// In every version.
    pub partition_index: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestPartitionData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `DescribeQuorum` (API key 55): versions 0-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeQuorumResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// Since version 2; may be null. Ignorable.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub topics: Vec<ResponseTopicData>,
    /// Since version 2.
    pub nodes: Vec<Node>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeQuorumResponse {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            topics: Vec::new(),
            nodes: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for DescribeQuorumResponse {
    const NAME: &'static str = "DescribeQuorumResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: if version >= 2 {
                reader.nullable_string("error_message")?
            } else {
                Some(ByteString::new())
            },
            topics: reader.array("topics", |reader| ResponseTopicData::read(reader, version))?,
            nodes: if version >= 2 {
                reader.array("nodes", |reader| Node::read(reader, version))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.error_code.0);
        if version >= 2 {
            writer.nullable_string("error_message", self.error_message.as_deref())?;
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        if version >= 2 {
            writer.array_length("nodes", self.nodes.len())?;
            for element in &self.nodes {
                element.write(writer, version)?;
            }
        } else if !self.nodes.is_empty() {
            return Err(writer.field_not_in_version("nodes"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DescribeQuorumResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_QUORUM;

    fn throttle_time_ms(&self) -> Option<i32> {
        None
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseTopicData {
    /// In every version.
    pub topic_name: TopicName,
    /// In every version.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponseTopicData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_name: TopicName(reader.string("topic_name")?),
            partitions: reader.array("partitions", |reader| ResponsePartitionData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("topic_name", &self.topic_name)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct ResponsePartitionData {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Since version 2; may be null. Ignorable.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub leader_id: BrokerId,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// In every version.
    pub high_watermark: i64,
    /// In every version.
    pub current_voters: Vec<ReplicaState>,
    /// In every version.
    pub observers: Vec<ReplicaState>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ResponsePartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            leader_id: BrokerId(0),
            leader_epoch: LeaderEpoch(0),
            high_watermark: 0,
            current_voters: Vec::new(),
            observers: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl ResponsePartitionData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: if version >= 2 {
                reader.nullable_string("error_message")?
            } else {
                Some(ByteString::new())
            },
            leader_id: BrokerId(reader.i32("leader_id")?),
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            high_watermark: reader.i64("high_watermark")?,
            current_voters: reader.array("current_voters", |reader| ReplicaState::read(reader, version))?,
            observers: reader.array("observers", |reader| ReplicaState::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        if version >= 2 {
            writer.nullable_string("error_message", self.error_message.as_deref())?;
        }
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.i64(self.high_watermark);
        writer.array_length("current_voters", self.current_voters.len())?;
        for element in &self.current_voters {
            element.write(writer, version)?;
        }
        writer.array_length("observers", self.observers.len())?;
        for element in &self.observers {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaState {
    /// In every version.
    pub replica_id: BrokerId,
    /// Since version 2.
    pub replica_directory_id: Uuid,
    /// In every version.
    pub log_end_offset: i64,
    /// Since version 1. Default -1. Ignorable.
    pub last_fetch_timestamp: i64,
    /// Since version 1. Default -1. Ignorable.
    pub last_caught_up_timestamp: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: BrokerId(0),
            replica_directory_id: Uuid::ZERO,
            log_end_offset: 0,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: -1,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl ReplicaState {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            replica_id: BrokerId(reader.i32("replica_id")?),
            replica_directory_id: if version >= 2 {
                Uuid(reader.uuid("replica_directory_id")?)
            } else {
                Uuid::ZERO
            },
            log_end_offset: reader.i64("log_end_offset")?,
            last_fetch_timestamp: if version >= 1 { reader.i64("last_fetch_timestamp")? } else { -1 },
            last_caught_up_timestamp: if version >= 1 { reader.i64("last_caught_up_timestamp")? } else { -1 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.replica_id.0);
        if version >= 2 {
            writer.uuid(self.replica_directory_id.0);
        } else if !self.replica_directory_id.is_zero() {
            return Err(writer.field_not_in_version("replica_directory_id"));
        }
        writer.i64(self.log_end_offset);
        if version >= 1 {
            writer.i64(self.last_fetch_timestamp);
        }
        if version >= 1 {
            writer.i64(self.last_caught_up_timestamp);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// In every version. A key: no two elements share it.
    pub node_id: BrokerId,
    /// In every version.
    pub listeners: Vec<Listener>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for Node {
    fn default() -> Self {
        Self { node_id: BrokerId(0), listeners: Vec::new(), unknown_tagged_fields: Vec::new() }
    }
}

impl Node {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            node_id: BrokerId(reader.i32("node_id")?),
            listeners: reader.array("listeners", |reader| Listener::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id.0);
        writer.array_length("listeners", self.listeners.len())?;
        for element in &self.listeners {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeQuorumResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Listener {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            host: reader.string("host")?,
            port: reader.u16("port")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.string("host", &self.host)?;
        writer.u16(self.port);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
