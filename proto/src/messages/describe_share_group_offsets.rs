// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeShareGroupOffsets` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, LeaderEpoch, TopicId, TopicName};
use bytestring::ByteString;

/// Asks `DescribeShareGroupOffsets` (API key 90): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeShareGroupOffsetsRequest {
    /// In every version.
    pub groups: Vec<DescribeShareGroupOffsetsRequestGroup>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeShareGroupOffsetsRequest {
    const NAME: &'static str = "DescribeShareGroupOffsetsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            groups: reader
                .array("groups", |reader| DescribeShareGroupOffsetsRequestGroup::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("groups", self.groups.len())?;
        for element in &self.groups {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeShareGroupOffsetsRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_SHARE_GROUP_OFFSETS;
    const LATEST_STABLE: i16 = 1;
    type Response = DescribeShareGroupOffsetsResponse;
}

/// Part of [`DescribeShareGroupOffsetsRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeShareGroupOffsetsRequestGroup {
    /// In every version.
    pub group_id: GroupId,
    /// In every version; may be null.
    pub topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeShareGroupOffsetsRequestGroup {
    fn default() -> Self {
        Self { group_id: GroupId::default(), topics: Some(Vec::new()), unknown_tagged_fields: Vec::new() }
    }
}

impl DescribeShareGroupOffsetsRequestGroup {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            topics: reader.nullable_array("topics", |reader| {
                DescribeShareGroupOffsetsRequestTopic::read(reader, version)
            })?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("group_id", &self.group_id)?;
        writer.nullable_array_length("topics", self.topics.as_ref().map(Vec::len))?;
        for element in self.topics.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeShareGroupOffsetsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeShareGroupOffsetsRequestTopic {
    /// In every version.
    pub topic_name: TopicName,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DescribeShareGroupOffsetsRequestTopic {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_name: TopicName(reader.string("topic_name")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("topic_name", &self.topic_name)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `DescribeShareGroupOffsets` (API key 90): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeShareGroupOffsetsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub groups: Vec<DescribeShareGroupOffsetsResponseGroup>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeShareGroupOffsetsResponse {
    const NAME: &'static str = "DescribeShareGroupOffsetsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            groups: reader
                .array("groups", |reader| DescribeShareGroupOffsetsResponseGroup::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("groups", self.groups.len())?;
        for element in &self.groups {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DescribeShareGroupOffsetsResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_SHARE_GROUP_OFFSETS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DescribeShareGroupOffsetsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeShareGroupOffsetsResponseGroup {
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub topics: Vec<DescribeShareGroupOffsetsResponseTopic>,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DescribeShareGroupOffsetsResponseGroup {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            topics: reader
                .array("topics", |reader| DescribeShareGroupOffsetsResponseTopic::read(reader, version))?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("group_id", &self.group_id)?;
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeShareGroupOffsetsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeShareGroupOffsetsResponseTopic {
    /// In every version.
    pub topic_name: TopicName,
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<DescribeShareGroupOffsetsResponsePartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DescribeShareGroupOffsetsResponseTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_name: TopicName(reader.string("topic_name")?),
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| {
                DescribeShareGroupOffsetsResponsePartition::read(reader, version)
            })?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("topic_name", &self.topic_name)?;
        writer.uuid(self.topic_id.0);
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeShareGroupOffsetsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeShareGroupOffsetsResponsePartition {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub start_offset: i64,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// Since version 1. Default -1. Ignorable.
    pub lag: i64,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeShareGroupOffsetsResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            start_offset: 0,
            leader_epoch: LeaderEpoch(0),
            lag: -1,
            error_code: ErrorCode::NONE,
            error_message: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribeShareGroupOffsetsResponsePartition {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            start_offset: reader.i64("start_offset")?,
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            lag: if version >= 1 { reader.i64("lag")? } else { -1 },
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i64(self.start_offset);
        writer.i32(self.leader_epoch.0);
        if version >= 1 {
            writer.i64(self.lag);
        }
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
