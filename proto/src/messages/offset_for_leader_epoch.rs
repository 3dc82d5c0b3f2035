// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `OffsetForLeaderEpoch` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicName};

/// Asks `OffsetForLeaderEpoch` (API key 23): versions 2-4, flexible since 4.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetForLeaderEpochRequest {
    /// Since version 3. Default -2. Ignorable.
    pub replica_id: BrokerId,
    /// In every version.
    pub topics: Vec<OffsetForLeaderTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for OffsetForLeaderEpochRequest {
    fn default() -> Self {
        Self { replica_id: BrokerId(-2), topics: Vec::new(), unknown_tagged_fields: Vec::new() }
    }
}

impl Message for OffsetForLeaderEpochRequest {
    const NAME: &'static str = "OffsetForLeaderEpochRequest";
    const VERSIONS: VersionRange = VersionRange::new(2, 4);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            replica_id: if version >= 3 { BrokerId(reader.i32("replica_id")?) } else { BrokerId(-2) },
            topics: reader.array("topics", |reader| OffsetForLeaderTopic::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 3 {
            writer.i32(self.replica_id.0);
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for OffsetForLeaderEpochRequest {
    const KEY: ApiKey = ApiKey::OFFSET_FOR_LEADER_EPOCH;
    const LATEST_STABLE: i16 = 4;
    type Response = OffsetForLeaderEpochResponse;
}

/// Part of [`OffsetForLeaderEpochRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetForLeaderTopic {
    /// In every version. A key: no two elements share it.
    pub topic: TopicName,
    /// In every version.
    pub partitions: Vec<OffsetForLeaderPartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetForLeaderTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: TopicName(reader.string("topic")?),
            partitions: reader
                .array("partitions", |reader| OffsetForLeaderPartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("topic", &self.topic)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetForLeaderEpochRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetForLeaderPartition {
    /// In every version.
    pub partition: i32,
    /// In every version. Default -1.
    pub current_leader_epoch: LeaderEpoch,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for OffsetForLeaderPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: LeaderEpoch::NONE,
            leader_epoch: LeaderEpoch(0),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl OffsetForLeaderPartition {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition: reader.i32("partition")?,
            current_leader_epoch: LeaderEpoch(reader.i32("current_leader_epoch")?),
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition);
        writer.i32(self.current_leader_epoch.0);
        writer.i32(self.leader_epoch.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `OffsetForLeaderEpoch` (API key 23): versions 2-4, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetForLeaderEpochResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub topics: Vec<OffsetForLeaderTopicResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for OffsetForLeaderEpochResponse {
    const NAME: &'static str = "OffsetForLeaderEpochResponse";
    const VERSIONS: VersionRange = VersionRange::new(2, 4);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            topics: reader.array("topics", |reader| OffsetForLeaderTopicResult::read(reader, version))?,
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

impl Response for OffsetForLeaderEpochResponse {
    const KEY: ApiKey = ApiKey::OFFSET_FOR_LEADER_EPOCH;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`OffsetForLeaderEpochResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OffsetForLeaderTopicResult {
    /// In every version. A key: no two elements share it.
    pub topic: TopicName,
    /// In every version.
    pub partitions: Vec<EpochEndOffset>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OffsetForLeaderTopicResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: TopicName(reader.string("topic")?),
            partitions: reader.array("partitions", |reader| EpochEndOffset::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("topic", &self.topic)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`OffsetForLeaderEpochResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct EpochEndOffset {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub partition: i32,
    /// In every version. Default -1.
    pub leader_epoch: LeaderEpoch,
    /// In every version. Default -1.
    pub end_offset: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            partition: 0,
            leader_epoch: LeaderEpoch::NONE,
            end_offset: -1,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl EpochEndOffset {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            partition: reader.i32("partition")?,
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            end_offset: reader.i64("end_offset")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.i32(self.partition);
        writer.i32(self.leader_epoch.0);
        writer.i64(self.end_offset);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
