// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `OffsetFetch` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, LeaderEpoch, TopicId, TopicName};
use bytestring::ByteString;

/// Asks `OffsetFetch` (API key 9): versions 1-10, flexible since 6.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequest {
    /// Up to version 7.
    pub group_id: GroupId,
    /// Up to version 7; may be null in versions 2-7.
    pub topics: Option<Vec<OffsetFetchRequestTopic>>,
    /// Since version 8.
    pub groups: Vec<OffsetFetchRequestGroup>,
    /// Since version 7.
    pub require_stable: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for OffsetFetchRequest {
    fn default() -> Self {
        Self {
            group_id: GroupId::default(),
            topics: Some(Vec::new()),
            groups: Vec::new(),
            require_stable: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for OffsetFetchRequest {
    const NAME: &'static str = "OffsetFetchRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 10);
    const FIRST_FLEXIBLE: i16 = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: if version <= 7 { GroupId(reader.string("group_id")?) } else { GroupId::default() },
            topics: if version <= 7 {
                if version >= 2 {
                    reader
                        .nullable_array("topics", |reader| OffsetFetchRequestTopic::read(reader, version))?
                } else {
                    Some(reader.array("topics", |reader| OffsetFetchRequestTopic::read(reader, version))?)
                }
            } else {
                Some(Vec::new())
            },
            groups: if version >= 8 {
                reader.array("groups", |reader| OffsetFetchRequestGroup::read(reader, version))?
            } else {
                Vec::new()
            },
            require_stable: if version >= 7 { reader.bool("require_stable")? } else { false },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version <= 7 {
            writer.string("group_id", &self.group_id)?;
        } else if !self.group_id.is_empty() {
            return Err(writer.field_not_in_version("group_id"));
        }
        if version <= 7 {
            if version < 2 && self.topics.is_none() {
                return Err(writer.null_not_allowed("topics"));
            }
            writer.nullable_array_length("topics", self.topics.as_ref().map(Vec::len))?;
            for element in self.topics.iter().flatten() {
                element.write(writer, version)?;
            }
        } else if self.topics.as_ref().is_none_or(|value| !value.is_empty()) {
            return Err(writer.field_not_in_version("topics"));
        }
        if version >= 8 {
            writer.array_length("groups", self.groups.len())?;
            for element in &self.groups {
                element.write(writer, version)?;
            }
        } else if !self.groups.is_empty() {
            return Err(writer.field_not_in_version("groups"));
        }
        if version >= 7 {
            writer.bool(self.require_stable);
        } else if self.require_stable {
            return Err(writer.field_not_in_version("require_stable"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for OffsetFetchRequest {
    const KEY: ApiKey = ApiKey::OFFSET_FETCH;
    const LATEST_STABLE: i16 = 10;
    type Response = OffsetFetchResponse;
}

/// Part of [`OffsetFetchRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchRequestTopic {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetFetchRequestTopic {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partition_indexes: reader.array("partition_indexes", |reader| reader.i32("partition_indexes"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.array_length("partition_indexes", self.partition_indexes.len())?;
        for element in &self.partition_indexes {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetFetchRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchRequestGroup {
    /// In every version.
    pub group_id: GroupId,
    /// Since version 9; may be null. Default null. Ignorable.
    pub member_id: Option<ByteString>,
    /// Since version 9. Default -1. Ignorable.
    pub member_epoch: i32,
    /// In every version; may be null.
    pub topics: Option<Vec<OffsetFetchRequestTopics>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for OffsetFetchRequestGroup {
    fn default() -> Self {
        Self {
            group_id: GroupId::default(),
            member_id: None,
            member_epoch: -1,
            topics: Some(Vec::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl OffsetFetchRequestGroup {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            member_id: if version >= 9 { reader.nullable_string("member_id")? } else { None },
            member_epoch: if version >= 9 { reader.i32("member_epoch")? } else { -1 },
            topics: reader
                .nullable_array("topics", |reader| OffsetFetchRequestTopics::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("group_id", &self.group_id)?;
        if version >= 9 {
            writer.nullable_string("member_id", self.member_id.as_deref())?;
        }
        if version >= 9 {
            writer.i32(self.member_epoch);
        }
        writer.nullable_array_length("topics", self.topics.as_ref().map(Vec::len))?;
        for element in self.topics.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetFetchRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchRequestTopics {
    /// Up to version 9. Ignorable.
    pub name: TopicName,
    /// Since version 10. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetFetchRequestTopics {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version <= 9 { TopicName(reader.string("name")?) } else { TopicName::default() },
            topic_id: if version >= 10 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partition_indexes: reader.array("partition_indexes", |reader| reader.i32("partition_indexes"))?,
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
        writer.array_length("partition_indexes", self.partition_indexes.len())?;
        for element in &self.partition_indexes {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `OffsetFetch` (API key 9): versions 1-10, flexible since 6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponse {
    /// Since version 3. Ignorable.
    pub throttle_time_ms: i32,
    /// Up to version 7.
    pub topics: Vec<OffsetFetchResponseTopic>,
    /// In versions 2-7. Ignorable.
    pub error_code: ErrorCode,
    /// Since version 8.
    pub groups: Vec<OffsetFetchResponseGroup>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for OffsetFetchResponse {
    const NAME: &'static str = "OffsetFetchResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 10);
    const FIRST_FLEXIBLE: i16 = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 3 { reader.i32("throttle_time_ms")? } else { 0 },
            topics: if version <= 7 {
                reader.array("topics", |reader| OffsetFetchResponseTopic::read(reader, version))?
            } else {
                Vec::new()
            },
            error_code: if (2..=7).contains(&version) {
                ErrorCode(reader.i16("error_code")?)
            } else {
                ErrorCode::NONE
            },
            groups: if version >= 8 {
                reader.array("groups", |reader| OffsetFetchResponseGroup::read(reader, version))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 3 {
            writer.i32(self.throttle_time_ms);
        }
        if version <= 7 {
            writer.array_length("topics", self.topics.len())?;
            for element in &self.topics {
                element.write(writer, version)?;
            }
        } else if !self.topics.is_empty() {
            return Err(writer.field_not_in_version("topics"));
        }
        if (2..=7).contains(&version) {
            writer.i16(self.error_code.0);
        }
        if version >= 8 {
            writer.array_length("groups", self.groups.len())?;
            for element in &self.groups {
                element.write(writer, version)?;
            }
        } else if !self.groups.is_empty() {
            return Err(writer.field_not_in_version("groups"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for OffsetFetchResponse {
    const KEY: ApiKey = ApiKey::OFFSET_FETCH;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseTopic {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<OffsetFetchResponsePartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetFetchResponseTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader
                .array("partitions", |reader| OffsetFetchResponsePartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponsePartition {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub committed_offset: i64,
    /// Since version 5. Default -1. Ignorable.
    pub committed_leader_epoch: LeaderEpoch,
    /// In every version; may be null.
    pub metadata: Option<ByteString>,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for OffsetFetchResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: LeaderEpoch::NONE,
            metadata: Some(ByteString::new()),
            error_code: ErrorCode::NONE,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl OffsetFetchResponsePartition {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            committed_offset: reader.i64("committed_offset")?,
            committed_leader_epoch: if version >= 5 {
                LeaderEpoch(reader.i32("committed_leader_epoch")?)
            } else {
                LeaderEpoch::NONE
            },
            metadata: reader.nullable_string("metadata")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i64(self.committed_offset);
        if version >= 5 {
            writer.i32(self.committed_leader_epoch.0);
        }
        writer.nullable_string("metadata", self.metadata.as_deref())?;
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseGroup {
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub topics: Vec<OffsetFetchResponseTopics>,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetFetchResponseGroup {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            topics: reader.array("topics", |reader| OffsetFetchResponseTopics::read(reader, version))?,
            error_code: ErrorCode(reader.i16("error_code")?),
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
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetFetchResponseTopics {
    /// Up to version 9. Ignorable.
    pub name: TopicName,
    /// Since version 10. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<OffsetFetchResponsePartitions>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetFetchResponseTopics {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version <= 9 { TopicName(reader.string("name")?) } else { TopicName::default() },
            topic_id: if version >= 10 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partitions: reader
                .array("partitions", |reader| OffsetFetchResponsePartitions::read(reader, version))?,
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

/// Part of [`OffsetFetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetFetchResponsePartitions {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub committed_offset: i64,
    /// In every version. Default -1.
    pub committed_leader_epoch: LeaderEpoch,
    /// In every version; may be null.
    pub metadata: Option<ByteString>,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for OffsetFetchResponsePartitions {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: LeaderEpoch::NONE,
            metadata: Some(ByteString::new()),
            error_code: ErrorCode::NONE,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl OffsetFetchResponsePartitions {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            committed_offset: reader.i64("committed_offset")?,
            committed_leader_epoch: LeaderEpoch(reader.i32("committed_leader_epoch")?),
            metadata: reader.nullable_string("metadata")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i64(self.committed_offset);
        writer.i32(self.committed_leader_epoch.0);
        writer.nullable_string("metadata", self.metadata.as_deref())?;
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
