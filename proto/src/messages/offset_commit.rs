// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `OffsetCommit` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, LeaderEpoch, TopicId, TopicName};
use bytestring::ByteString;

/// Asks `OffsetCommit` (API key 8): versions 2-10, flexible since 8.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitRequest {
    /// In every version.
    pub group_id: GroupId,
    /// In every version. Default -1.
    pub generation_id_or_member_epoch: i32,
    /// In every version.
    pub member_id: ByteString,
    /// Since version 7; may be null. Default null.
    pub group_instance_id: Option<ByteString>,
    /// Up to version 4. Default -1. Ignorable.
    pub retention_time_ms: i64,
    /// In every version.
    pub topics: Vec<OffsetCommitRequestTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for OffsetCommitRequest {
    fn default() -> Self {
        Self {
            group_id: GroupId::default(),
            generation_id_or_member_epoch: -1,
            member_id: ByteString::new(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for OffsetCommitRequest {
    const NAME: &'static str = "OffsetCommitRequest";
    const VERSIONS: VersionRange = VersionRange::new(2, 10);
    const FIRST_FLEXIBLE: i16 = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            generation_id_or_member_epoch: reader.i32("generation_id_or_member_epoch")?,
            member_id: reader.string("member_id")?,
            group_instance_id: if version >= 7 { reader.nullable_string("group_instance_id")? } else { None },
            retention_time_ms: if version <= 4 { reader.i64("retention_time_ms")? } else { -1 },
            topics: reader.array("topics", |reader| OffsetCommitRequestTopic::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("group_id", &self.group_id)?;
        writer.i32(self.generation_id_or_member_epoch);
        writer.string("member_id", &self.member_id)?;
        if version >= 7 {
            writer.nullable_string("group_instance_id", self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(writer.field_not_in_version("group_instance_id"));
        }
        if version <= 4 {
            writer.i64(self.retention_time_ms);
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for OffsetCommitRequest {
    const KEY: ApiKey = ApiKey::OFFSET_COMMIT;
    const LATEST_STABLE: i16 = 10;
    type Response = OffsetCommitResponse;
}

/// Part of [`OffsetCommitRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitRequestTopic {
    /// Up to version 9. Ignorable.
    pub name: TopicName,
    /// Since version 10. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<OffsetCommitRequestPartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetCommitRequestTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version <= 9 { TopicName(reader.string("name")?) } else { TopicName::default() },
            topic_id: if version >= 10 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partitions: reader
                .array("partitions", |reader| OffsetCommitRequestPartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            writer.string("name", &self.name)?;
        }
        if version >= 10 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetCommitRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetCommitRequestPartition {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub committed_offset: i64,
    /// Since version 6. Default -1. Ignorable.
    pub committed_leader_epoch: LeaderEpoch,
    /// In every version; may be null.
    pub committed_metadata: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for OffsetCommitRequestPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: LeaderEpoch::NONE,
            committed_metadata: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl OffsetCommitRequestPartition {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            committed_offset: reader.i64("committed_offset")?,
            committed_leader_epoch: if version >= 6 {
                LeaderEpoch(reader.i32("committed_leader_epoch")?)
            } else {
                LeaderEpoch::NONE
            },
            committed_metadata: reader.nullable_string("committed_metadata")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i64(self.committed_offset);
        if version >= 6 {
            writer.i32(self.committed_leader_epoch.0);
        }
        writer.nullable_string("committed_metadata", self.committed_metadata.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `OffsetCommit` (API key 8): versions 2-10, flexible since 8.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitResponse {
    /// Since version 3. Ignorable.
    pub throttle_time_ms: i32,
    /// In every version.
    pub topics: Vec<OffsetCommitResponseTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for OffsetCommitResponse {
    const NAME: &'static str = "OffsetCommitResponse";
    const VERSIONS: VersionRange = VersionRange::new(2, 10);
    const FIRST_FLEXIBLE: i16 = 8;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 3 { reader.i32("throttle_time_ms")? } else { 0 },
            topics: reader.array("topics", |reader| OffsetCommitResponseTopic::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 3 {
            writer.i32(self.throttle_time_ms);
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for OffsetCommitResponse {
    const KEY: ApiKey = ApiKey::OFFSET_COMMIT;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`OffsetCommitResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitResponseTopic {
    /// Up to version 9. Ignorable.
    pub name: TopicName,
    /// Since version 10. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<OffsetCommitResponsePartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetCommitResponseTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version <= 9 { TopicName(reader.string("name")?) } else { TopicName::default() },
            topic_id: if version >= 10 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partitions: reader
                .array("partitions", |reader| OffsetCommitResponsePartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            writer.string("name", &self.name)?;
        }
        if version >= 10 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetCommitResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetCommitResponsePartition {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetCommitResponsePartition {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
