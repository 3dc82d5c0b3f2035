// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ReadShareGroupState` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, LeaderEpoch, TopicId};
use bytestring::ByteString;

/// Asks `ReadShareGroupState` (API key 84): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadShareGroupStateRequest {
    /// In every version.
    pub group_id: ByteString,
    /// In every version.
    pub topics: Vec<ReadStateData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ReadShareGroupStateRequest {
    const NAME: &'static str = "ReadShareGroupStateRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: reader.string("group_id")?,
            topics: reader.array("topics", |reader| ReadStateData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("group_id", &self.group_id)?;
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ReadShareGroupStateRequest {
    const KEY: ApiKey = ApiKey::READ_SHARE_GROUP_STATE;
    const LATEST_STABLE: i16 = 0;
    type Response = ReadShareGroupStateResponse;
}

/// Part of [`ReadShareGroupStateRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadStateData {
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ReadStateData {
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

/// Part of [`ReadShareGroupStateRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionData {
    /// In every version.
    pub partition: i32,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self { partition: 0, leader_epoch: LeaderEpoch(0), unknown_tagged_fields: Vec::new() }
    }
}

impl PartitionData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition: reader.i32("partition")?,
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition);
        writer.i32(self.leader_epoch.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `ReadShareGroupState` (API key 84): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadShareGroupStateResponse {
    /// In every version.
    pub results: Vec<ReadStateResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ReadShareGroupStateResponse {
    const NAME: &'static str = "ReadShareGroupStateResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            results: reader.array("results", |reader| ReadStateResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("results", self.results.len())?;
        for element in &self.results {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ReadShareGroupStateResponse {
    const KEY: ApiKey = ApiKey::READ_SHARE_GROUP_STATE;

    fn throttle_time_ms(&self) -> Option<i32> {
        None
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`ReadShareGroupStateResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadStateResult {
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<PartitionResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ReadStateResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| PartitionResult::read(reader, version))?,
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

/// Part of [`ReadShareGroupStateResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionResult {
    /// In every version.
    pub partition: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub state_epoch: i32,
    /// In every version.
    pub start_offset: i64,
    /// In every version.
    pub state_batches: Vec<StateBatch>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl PartitionResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition: reader.i32("partition")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            state_epoch: reader.i32("state_epoch")?,
            start_offset: reader.i64("start_offset")?,
            state_batches: reader.array("state_batches", |reader| StateBatch::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.i32(self.state_epoch);
        writer.i64(self.start_offset);
        writer.array_length("state_batches", self.state_batches.len())?;
        for element in &self.state_batches {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ReadShareGroupStateResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateBatch {
    /// In every version.
    pub first_offset: i64,
    /// In every version.
    pub last_offset: i64,
    /// In every version.
    pub delivery_state: i8,
    /// In every version.
    pub delivery_count: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl StateBatch {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            first_offset: reader.i64("first_offset")?,
            last_offset: reader.i64("last_offset")?,
            delivery_state: reader.i8("delivery_state")?,
            delivery_count: reader.i16("delivery_count")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i64(self.first_offset);
        writer.i64(self.last_offset);
        writer.i8(self.delivery_state);
        writer.i16(self.delivery_count);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
