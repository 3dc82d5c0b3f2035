// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `BeginQuorumEpoch` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicName, Uuid};
use bytestring::ByteString;

/// Asks `BeginQuorumEpoch` (API key 53): versions 0-1, flexible since 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BeginQuorumEpochRequest {
    /// In every version; may be null. Default null.
    pub cluster_id: Option<ByteString>,
    /// Since version 1. Default -1. Ignorable.
    pub voter_id: BrokerId,
    /// In every version.
    pub topics: Vec<RequestTopicData>,
    /// Since version 1. Ignorable.
    pub leader_endpoints: Vec<LeaderEndpoint>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for BeginQuorumEpochRequest {
    const NAME: &'static str = "BeginQuorumEpochRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            cluster_id: reader.nullable_string("cluster_id")?,
            voter_id: if version >= 1 { BrokerId(reader.i32("voter_id")?) } else { BrokerId::NONE },
            topics: reader.array("topics", |reader| RequestTopicData::read(reader, version))?,
            leader_endpoints: if version >= 1 {
                reader.array("leader_endpoints", |reader| LeaderEndpoint::read(reader, version))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_string("cluster_id", self.cluster_id.as_deref())?;
        if version >= 1 {
            writer.i32(self.voter_id.0);
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        if version >= 1 {
            writer.array_length("leader_endpoints", self.leader_endpoints.len())?;
            for element in &self.leader_endpoints {
                element.write(writer, version)?;
            }
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for BeginQuorumEpochRequest {
    const KEY: ApiKey = ApiKey::BEGIN_QUORUM_EPOCH;
    const LATEST_STABLE: i16 = 1;
    type Response = BeginQuorumEpochResponse;
}

/// Part of [`BeginQuorumEpochRequest`].
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

/// Part of [`BeginQuorumEpochRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct RequestPartitionData {
    /// In every version.
    pub partition_index: i32,
    /// Since version 1. Ignorable.
    pub voter_directory_id: Uuid,
    /// In every version.
    pub leader_id: BrokerId,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for RequestPartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            voter_directory_id: Uuid::ZERO,
            leader_id: BrokerId(0),
            leader_epoch: LeaderEpoch(0),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl RequestPartitionData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            voter_directory_id: if version >= 1 {
                Uuid(reader.uuid("voter_directory_id")?)
            } else {
                Uuid::ZERO
            },
            leader_id: BrokerId(reader.i32("leader_id")?),
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        if version >= 1 {
            writer.uuid(self.voter_directory_id.0);
        }
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`BeginQuorumEpochRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderEndpoint {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl LeaderEndpoint {
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

/// Answers `BeginQuorumEpoch` (API key 53): versions 0-1, flexible since 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BeginQuorumEpochResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub topics: Vec<ResponseTopicData>,
    /// Since version 1, as tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for BeginQuorumEpochResponse {
    const NAME: &'static str = "BeginQuorumEpochResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            topics: reader.array("topics", |reader| ResponseTopicData::read(reader, version))?,
            node_endpoints: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 1 => {
                    message.node_endpoints =
                        reader.array("node_endpoints", |reader| NodeEndpoint::read(reader, version))?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.error_code.0);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        let mut tagged = TaggedFields::default();
        if version >= 1 && !self.node_endpoints.is_empty() {
            let mut field = writer.tagged_field();
            field.array_length("node_endpoints", self.node_endpoints.len())?;
            for element in &self.node_endpoints {
                element.write(&mut field, version)?;
            }
            tagged.push(0, field);
        } else if !self.node_endpoints.is_empty() {
            return Err(writer.field_not_in_version("node_endpoints"));
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

impl Response for BeginQuorumEpochResponse {
    const KEY: ApiKey = ApiKey::BEGIN_QUORUM_EPOCH;

    fn throttle_time_ms(&self) -> Option<i32> {
        None
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`BeginQuorumEpochResponse`].
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

/// Part of [`BeginQuorumEpochResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct ResponsePartitionData {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub leader_id: BrokerId,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ResponsePartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: ErrorCode::NONE,
            leader_id: BrokerId(0),
            leader_epoch: LeaderEpoch(0),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl ResponsePartitionData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            leader_id: BrokerId(reader.i32("leader_id")?),
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`BeginQuorumEpochResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEndpoint {
    /// In every version. A key: no two elements share it.
    pub node_id: BrokerId,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for NodeEndpoint {
    fn default() -> Self {
        Self { node_id: BrokerId(0), host: ByteString::new(), port: 0, unknown_tagged_fields: Vec::new() }
    }
}

impl NodeEndpoint {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            node_id: BrokerId(reader.i32("node_id")?),
            host: reader.string("host")?,
            port: reader.u16("port")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id.0);
        writer.string("host", &self.host)?;
        writer.u16(self.port);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
