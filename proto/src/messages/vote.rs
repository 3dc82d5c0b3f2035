// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `Vote` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicName, Uuid};
use bytestring::ByteString;

/// Asks `Vote` (API key 52): versions 0-2, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoteRequest {
    /// In every version; may be null. Default null.
    pub cluster_id: Option<ByteString>,
    /// Since version 1. Default -1. Ignorable.
    pub voter_id: BrokerId,
    /// In every version.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for VoteRequest {
    const NAME: &'static str = "VoteRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            cluster_id: reader.nullable_string("cluster_id")?,
            voter_id: if version >= 1 { BrokerId(reader.i32("voter_id")?) } else { BrokerId::NONE },
            topics: reader.array("topics", |reader| RequestTopicData::read(reader, version))?,
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
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for VoteRequest {
    const KEY: ApiKey = ApiKey::VOTE;
    const LATEST_STABLE: i16 = 2;
    type Response = VoteResponse;
}

/// Part of [`VoteRequest`].
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

/// Part of [`VoteRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct RequestPartitionData {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub replica_epoch: i32,
    /// In every version.
    pub replica_id: BrokerId,
    /// Since version 1. Ignorable.
    pub replica_directory_id: Uuid,
    /// Since version 1. Ignorable.
    pub voter_directory_id: Uuid,
    /// In every version.
    pub last_offset_epoch: i32,
    /// In every version.
    pub last_offset: i64,
    /// Since version 2.
    pub pre_vote: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for RequestPartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            replica_epoch: 0,
            replica_id: BrokerId(0),
            replica_directory_id: Uuid::ZERO,
            voter_directory_id: Uuid::ZERO,
            last_offset_epoch: 0,
            last_offset: 0,
            pre_vote: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl RequestPartitionData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            replica_epoch: reader.i32("replica_epoch")?,
            replica_id: BrokerId(reader.i32("replica_id")?),
            replica_directory_id: if version >= 1 {
                Uuid(reader.uuid("replica_directory_id")?)
            } else {
                Uuid::ZERO
            },
            voter_directory_id: if version >= 1 {
                Uuid(reader.uuid("voter_directory_id")?)
            } else {
                Uuid::ZERO
            },
            last_offset_epoch: reader.i32("last_offset_epoch")?,
            last_offset: reader.i64("last_offset")?,
            pre_vote: if version >= 2 { reader.bool("pre_vote")? } else { false },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i32(self.replica_epoch);
        writer.i32(self.replica_id.0);
        if version >= 1 {
            writer.uuid(self.replica_directory_id.0);
        }
        if version >= 1 {
            writer.uuid(self.voter_directory_id.0);
        }
        writer.i32(self.last_offset_epoch);
        writer.i64(self.last_offset);
        if version >= 2 {
            writer.bool(self.pre_vote);
        } else if self.pre_vote {
            return Err(writer.field_not_in_version("pre_vote"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `Vote` (API key 52): versions 0-2, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoteResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub topics: Vec<ResponseTopicData>,
    /// Since version 1, as tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for VoteResponse {
    const NAME: &'static str = "VoteResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

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

impl Response for VoteResponse {
    const KEY: ApiKey = ApiKey::VOTE;

    fn throttle_time_ms(&self) -> Option<i32> {
        None
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`VoteResponse`].
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

/// Part of [`VoteResponse`].
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
    /// In every version.
    pub vote_granted: bool,
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
            vote_granted: false,
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
            vote_granted: reader.bool("vote_granted")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.bool(self.vote_granted);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`VoteResponse`].
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
