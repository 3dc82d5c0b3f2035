// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `TxnOffsetCommit` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{
    ApiKey, ErrorCode, GroupId, LeaderEpoch, ProducerEpoch, ProducerId, TopicId, TopicName, TransactionalId,
};
use bytestring::ByteString;

/// Asks `TxnOffsetCommit` (API key 28): versions 0-6, flexible since 3.
#[derive(Clone, Debug, PartialEq)]
pub struct TxnOffsetCommitRequest {
    /// In every version.
    pub transactional_id: TransactionalId,
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub producer_epoch: ProducerEpoch,
    /// Since version 3. Default -1.
    pub generation_id_or_member_epoch: i32,
    /// Since version 3.
    pub member_id: ByteString,
    /// Since version 3; may be null. Default null.
    pub group_instance_id: Option<ByteString>,
    /// In every version.
    pub topics: Vec<TxnOffsetCommitRequestTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for TxnOffsetCommitRequest {
    fn default() -> Self {
        Self {
            transactional_id: TransactionalId::default(),
            group_id: GroupId::default(),
            producer_id: ProducerId(0),
            producer_epoch: ProducerEpoch(0),
            generation_id_or_member_epoch: -1,
            member_id: ByteString::new(),
            group_instance_id: None,
            topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for TxnOffsetCommitRequest {
    const NAME: &'static str = "TxnOffsetCommitRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            transactional_id: TransactionalId(reader.string("transactional_id")?),
            group_id: GroupId(reader.string("group_id")?),
            producer_id: ProducerId(reader.i64("producer_id")?),
            producer_epoch: ProducerEpoch(reader.i16("producer_epoch")?),
            generation_id_or_member_epoch: if version >= 3 {
                reader.i32("generation_id_or_member_epoch")?
            } else {
                -1
            },
            member_id: if version >= 3 { reader.string("member_id")? } else { ByteString::new() },
            group_instance_id: if version >= 3 { reader.nullable_string("group_instance_id")? } else { None },
            topics: reader.array("topics", |reader| TxnOffsetCommitRequestTopic::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("transactional_id", &self.transactional_id)?;
        writer.string("group_id", &self.group_id)?;
        writer.i64(self.producer_id.0);
        writer.i16(self.producer_epoch.0);
        if version >= 3 {
            writer.i32(self.generation_id_or_member_epoch);
        } else if self.generation_id_or_member_epoch != -1 {
            return Err(writer.field_not_in_version("generation_id_or_member_epoch"));
        }
        if version >= 3 {
            writer.string("member_id", &self.member_id)?;
        } else if !self.member_id.is_empty() {
            return Err(writer.field_not_in_version("member_id"));
        }
        if version >= 3 {
            writer.nullable_string("group_instance_id", self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(writer.field_not_in_version("group_instance_id"));
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for TxnOffsetCommitRequest {
    const KEY: ApiKey = ApiKey::TXN_OFFSET_COMMIT;
    const LATEST_STABLE: i16 = 6;
    type Response = TxnOffsetCommitResponse;
}

/// Part of [`TxnOffsetCommitRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TxnOffsetCommitRequestTopic {
    /// Up to version 5. Ignorable.
    pub name: TopicName,
    /// Since version 6. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<TxnOffsetCommitRequestPartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TxnOffsetCommitRequestTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version <= 5 { TopicName(reader.string("name")?) } else { TopicName::default() },
            topic_id: if version >= 6 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partitions: reader
                .array("partitions", |reader| TxnOffsetCommitRequestPartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 5 {
            writer.string("name", &self.name)?;
        }
        if version >= 6 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`TxnOffsetCommitRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct TxnOffsetCommitRequestPartition {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub committed_offset: i64,
    /// Since version 2. Default -1. Ignorable.
    pub committed_leader_epoch: LeaderEpoch,
    /// In every version; may be null.
    pub committed_metadata: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for TxnOffsetCommitRequestPartition {
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

impl TxnOffsetCommitRequestPartition {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            committed_offset: reader.i64("committed_offset")?,
            committed_leader_epoch: if version >= 2 {
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
        if version >= 2 {
            writer.i32(self.committed_leader_epoch.0);
        }
        writer.nullable_string("committed_metadata", self.committed_metadata.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `TxnOffsetCommit` (API key 28): versions 0-6, flexible since 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TxnOffsetCommitResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub topics: Vec<TxnOffsetCommitResponseTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for TxnOffsetCommitResponse {
    const NAME: &'static str = "TxnOffsetCommitResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            topics: reader.array("topics", |reader| TxnOffsetCommitResponseTopic::read(reader, version))?,
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
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for TxnOffsetCommitResponse {
    const KEY: ApiKey = ApiKey::TXN_OFFSET_COMMIT;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`TxnOffsetCommitResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TxnOffsetCommitResponseTopic {
    /// Up to version 5. Ignorable.
    pub name: TopicName,
    /// Since version 6. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<TxnOffsetCommitResponsePartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TxnOffsetCommitResponseTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version <= 5 { TopicName(reader.string("name")?) } else { TopicName::default() },
            topic_id: if version >= 6 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partitions: reader
                .array("partitions", |reader| TxnOffsetCommitResponsePartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 5 {
            writer.string("name", &self.name)?;
        }
        if version >= 6 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`TxnOffsetCommitResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TxnOffsetCommitResponsePartition {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TxnOffsetCommitResponsePartition {
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
