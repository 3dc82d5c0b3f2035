// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ShareFetch` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, GroupId, LeaderEpoch, TopicId};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `ShareFetch` (API key 78): versions 1-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareFetchRequest {
    /// In every version; may be null. Default null.
    pub group_id: Option<GroupId>,
    /// In every version; may be null.
    pub member_id: Option<ByteString>,
    /// In every version.
    pub share_session_epoch: i32,
    /// In every version.
    pub max_wait_ms: i32,
    /// In every version.
    pub min_bytes: i32,
    /// In every version. Default i32::MAX.
    pub max_bytes: i32,
    /// In every version.
    pub max_records: i32,
    /// In every version.
    pub batch_size: i32,
    /// Since version 2. Ignorable.
    pub share_acquire_mode: i8,
    /// Since version 2.
    pub is_renew_ack: bool,
    /// In every version.
    pub topics: Vec<FetchTopic>,
    /// In every version.
    pub forgotten_topics_data: Vec<ForgottenTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ShareFetchRequest {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(ByteString::new()),
            share_session_epoch: 0,
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: i32::MAX,
            max_records: 0,
            batch_size: 0,
            share_acquire_mode: 0,
            is_renew_ack: false,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ShareFetchRequest {
    const NAME: &'static str = "ShareFetchRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: reader.nullable_string("group_id")?.map(GroupId),
            member_id: reader.nullable_string("member_id")?,
            share_session_epoch: reader.i32("share_session_epoch")?,
            max_wait_ms: reader.i32("max_wait_ms")?,
            min_bytes: reader.i32("min_bytes")?,
            max_bytes: reader.i32("max_bytes")?,
            max_records: reader.i32("max_records")?,
            batch_size: reader.i32("batch_size")?,
            share_acquire_mode: if version >= 2 { reader.i8("share_acquire_mode")? } else { 0 },
            is_renew_ack: if version >= 2 { reader.bool("is_renew_ack")? } else { false },
            topics: reader.array("topics", |reader| FetchTopic::read(reader, version))?,
            forgotten_topics_data: reader
                .array("forgotten_topics_data", |reader| ForgottenTopic::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_string("group_id", self.group_id.as_deref())?;
        writer.nullable_string("member_id", self.member_id.as_deref())?;
        writer.i32(self.share_session_epoch);
        writer.i32(self.max_wait_ms);
        writer.i32(self.min_bytes);
        writer.i32(self.max_bytes);
        writer.i32(self.max_records);
        writer.i32(self.batch_size);
        if version >= 2 {
            writer.i8(self.share_acquire_mode);
        }
        if version >= 2 {
            writer.bool(self.is_renew_ack);
        } else if self.is_renew_ack {
            return Err(writer.field_not_in_version("is_renew_ack"));
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.array_length("forgotten_topics_data", self.forgotten_topics_data.len())?;
        for element in &self.forgotten_topics_data {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ShareFetchRequest {
    const KEY: ApiKey = ApiKey::SHARE_FETCH;
    const LATEST_STABLE: i16 = 2;
    type Response = ShareFetchResponse;
}

/// Part of [`ShareFetchRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchTopic {
    /// In every version. A key: no two elements share it.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<FetchPartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl FetchTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| FetchPartition::read(reader, version))?,
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

/// Part of [`ShareFetchRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchPartition {
    /// In every version. A key: no two elements share it.
    pub partition_index: i32,
    /// In every version.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl FetchPartition {
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

/// Part of [`ShareFetchRequest`].
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

/// Part of [`ShareFetchRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForgottenTopic {
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ForgottenTopic {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.uuid(self.topic_id.0);
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `ShareFetch` (API key 78): versions 1-2, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareFetchResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub acquisition_lock_timeout_ms: i32,
    /// In every version.
    pub responses: Vec<ShareFetchableTopicResponse>,
    /// In every version.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ShareFetchResponse {
    const NAME: &'static str = "ShareFetchResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            acquisition_lock_timeout_ms: reader.i32("acquisition_lock_timeout_ms")?,
            responses: reader
                .array("responses", |reader| ShareFetchableTopicResponse::read(reader, version))?,
            node_endpoints: reader.array("node_endpoints", |reader| NodeEndpoint::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.i32(self.acquisition_lock_timeout_ms);
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

impl Response for ShareFetchResponse {
    const KEY: ApiKey = ApiKey::SHARE_FETCH;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`ShareFetchResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareFetchableTopicResponse {
    /// In every version. A key: no two elements share it.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ShareFetchableTopicResponse {
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

/// Part of [`ShareFetchResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionData {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub acknowledge_error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub acknowledge_error_message: Option<ByteString>,
    /// In every version.
    pub current_leader: LeaderIdAndEpoch,
    /// In every version.
    pub records: Bytes,
    /// In every version.
    pub acquired_records: Vec<AcquiredRecords>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl PartitionData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            acknowledge_error_code: ErrorCode(reader.i16("acknowledge_error_code")?),
            acknowledge_error_message: reader.nullable_string("acknowledge_error_message")?,
            current_leader: LeaderIdAndEpoch::read(reader, version)?,
            records: reader.bytes("records")?,
            acquired_records: reader
                .array("acquired_records", |reader| AcquiredRecords::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.i16(self.acknowledge_error_code.0);
        writer.nullable_string("acknowledge_error_message", self.acknowledge_error_message.as_deref())?;
        self.current_leader.write(writer, version)?;
        writer.bytes("records", &self.records)?;
        writer.array_length("acquired_records", self.acquired_records.len())?;
        for element in &self.acquired_records {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ShareFetchResponse`].
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

/// Part of [`ShareFetchResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AcquiredRecords {
    /// In every version.
    pub first_offset: i64,
    /// In every version.
    pub last_offset: i64,
    /// In every version.
    pub delivery_count: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AcquiredRecords {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            first_offset: reader.i64("first_offset")?,
            last_offset: reader.i64("last_offset")?,
            delivery_count: reader.i16("delivery_count")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i64(self.first_offset);
        writer.i64(self.last_offset);
        writer.i16(self.delivery_count);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ShareFetchResponse`].
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
