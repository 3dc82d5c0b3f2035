// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ShareAcknowledge` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, GroupId, LeaderEpoch, TopicId};
use bytestring::ByteString;

/// Asks `ShareAcknowledge` (API key 79): versions 1-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareAcknowledgeRequest {
    /// In every version; may be null. Default null.
    pub group_id: Option<GroupId>,
    /// In every version; may be null.
    pub member_id: Option<ByteString>,
    /// In every version.
    pub share_session_epoch: i32,
    /// Since version 2.
    pub is_renew_ack: bool,
    /// In every version.
    pub topics: Vec<AcknowledgeTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ShareAcknowledgeRequest {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(ByteString::new()),
            share_session_epoch: 0,
            is_renew_ack: false,
            topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ShareAcknowledgeRequest {
    const NAME: &'static str = "ShareAcknowledgeRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: reader.nullable_string("group_id")?.map(GroupId),
            member_id: reader.nullable_string("member_id")?,
            share_session_epoch: reader.i32("share_session_epoch")?,
            is_renew_ack: if version >= 2 { reader.bool("is_renew_ack")? } else { false },
            topics: reader.array("topics", |reader| AcknowledgeTopic::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_string("group_id", self.group_id.as_deref())?;
        writer.nullable_string("member_id", self.member_id.as_deref())?;
        writer.i32(self.share_session_epoch);
        if version >= 2 {
            writer.bool(self.is_renew_ack);
        } else if self.is_renew_ack {
            return Err(writer.field_not_in_version("is_renew_ack"));
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ShareAcknowledgeRequest {
    const KEY: ApiKey = ApiKey::SHARE_ACKNOWLEDGE;
    const LATEST_STABLE: i16 = 2;
    type Response = ShareAcknowledgeResponse;
}

/// Part of [`ShareAcknowledgeRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcknowledgeTopic {
    /// In every version. A key: no two elements share it.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<AcknowledgePartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AcknowledgeTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| AcknowledgePartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.uuid(self.topic_id.0);
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ShareAcknowledgeRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcknowledgePartition {
    /// In every version. A key: no two elements share it.
    pub partition_index: i32,
    /// In every version.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AcknowledgePartition {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            acknowledgement_batches: reader
                .array("acknowledgement_batches", |reader| AcknowledgementBatch::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.array_length("acknowledgement_batches", self.acknowledgement_batches.len())?;
        for element in &self.acknowledgement_batches {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ShareAcknowledgeRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcknowledgementBatch {
    /// In every version.
    pub first_offset: i64,
    /// In every version.
    pub last_offset: i64,
    /// In every version.
    pub acknowledge_types: Vec<i8>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AcknowledgementBatch {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            first_offset: reader.i64("first_offset")?,
            last_offset: reader.i64("last_offset")?,
            acknowledge_types: reader.array("acknowledge_types", |reader| reader.i8("acknowledge_types"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i64(self.first_offset);
        writer.i64(self.last_offset);
        writer.array_length("acknowledge_types", self.acknowledge_types.len())?;
        for element in &self.acknowledge_types {
            writer.i8(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `ShareAcknowledge` (API key 79): versions 1-2, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareAcknowledgeResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// Since version 2. Ignorable.
    pub acquisition_lock_timeout_ms: i32,
    /// In every version.
    pub responses: Vec<ShareAcknowledgeTopicResponse>,
    /// In every version.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ShareAcknowledgeResponse {
    const NAME: &'static str = "ShareAcknowledgeResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            acquisition_lock_timeout_ms: if version >= 2 {
                reader.i32("acquisition_lock_timeout_ms")?
            } else {
                0
            },
            responses: reader
                .array("responses", |reader| ShareAcknowledgeTopicResponse::read(reader, version))?,
            node_endpoints: reader.array("node_endpoints", |reader| NodeEndpoint::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        if version >= 2 {
            writer.i32(self.acquisition_lock_timeout_ms);
        }
        writer.array_length("responses", self.responses.len())?;
        for element in &self.responses {
            element.write(writer, version)?;
        }
        writer.array_length("node_endpoints", self.node_endpoints.len())?;
        for element in &self.node_endpoints {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ShareAcknowledgeResponse {
    const KEY: ApiKey = ApiKey::SHARE_ACKNOWLEDGE;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`ShareAcknowledgeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareAcknowledgeTopicResponse {
    /// In every version. A key: no two elements share it.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ShareAcknowledgeTopicResponse {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| PartitionData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.uuid(self.topic_id.0);
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ShareAcknowledgeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub current_leader: LeaderIdAndEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl PartitionData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            current_leader: LeaderIdAndEpoch::read(reader, version)?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        self.current_leader.write(writer, version)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ShareAcknowledgeResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// In every version.
    pub leader_id: i32,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self { leader_id: 0, leader_epoch: LeaderEpoch(0), unknown_tagged_fields: Vec::new() }
    }
}

impl LeaderIdAndEpoch {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            leader_id: reader.i32("leader_id")?,
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.leader_id);
        writer.i32(self.leader_epoch.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ShareAcknowledgeResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEndpoint {
    /// In every version. A key: no two elements share it.
    pub node_id: BrokerId,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: i32,
    /// In every version; may be null. Default null.
    pub rack: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for NodeEndpoint {
    fn default() -> Self {
        Self {
            node_id: BrokerId(0),
            host: ByteString::new(),
            port: 0,
            rack: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl NodeEndpoint {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            node_id: BrokerId(reader.i32("node_id")?),
            host: reader.string("host")?,
            port: reader.i32("port")?,
            rack: reader.nullable_string("rack")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id.0);
        writer.string("host", &self.host)?;
        writer.i32(self.port);
        writer.nullable_string("rack", self.rack.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
