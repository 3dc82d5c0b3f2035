// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ListOffsets` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicName};

/// Asks `ListOffsets` (API key 2): versions 1-11, flexible since 6.
#[derive(Clone, Debug, PartialEq)]
pub struct ListOffsetsRequest {
    /// In every version.
    pub replica_id: BrokerId,
    /// Since version 2.
    pub isolation_level: i8,
    /// In every version.
    pub topics: Vec<ListOffsetsTopic>,
    /// Since version 10. Ignorable.
    pub timeout_ms: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ListOffsetsRequest {
    fn default() -> Self {
        Self {
            replica_id: BrokerId(0),
            isolation_level: 0,
            topics: Vec::new(),
            timeout_ms: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ListOffsetsRequest {
    const NAME: &'static str = "ListOffsetsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 11);
    const FIRST_FLEXIBLE: i16 = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            replica_id: BrokerId(reader.i32("replica_id")?),
            isolation_level: if version >= 2 { reader.i8("isolation_level")? } else { 0 },
            topics: reader.array("topics", |reader| ListOffsetsTopic::read(reader, version))?,
            timeout_ms: if version >= 10 { reader.i32("timeout_ms")? } else { 0 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.replica_id.0);
        if version >= 2 {
            writer.i8(self.isolation_level);
        } else if self.isolation_level != 0 {
            return Err(writer.field_not_in_version("isolation_level"));
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        if version >= 10 {
            writer.i32(self.timeout_ms);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ListOffsetsRequest {
    const KEY: ApiKey = ApiKey::LIST_OFFSETS;
    const LATEST_STABLE: i16 = 11;
    type Response = ListOffsetsResponse;
}

/// Part of [`ListOffsetsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsTopic {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<ListOffsetsPartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ListOffsetsTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader.array("partitions", |reader| ListOffsetsPartition::read(reader, version))?,
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

/// Part of [`ListOffsetsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsPartition {
    /// In every version.
    pub partition_index: i32,
    /// Since version 4. Default -1. Ignorable.
    pub current_leader_epoch: LeaderEpoch,
    /// In every version.
    pub timestamp: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ListOffsetsPartition {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            current_leader_epoch: if version >= 4 {
                LeaderEpoch(reader.i32("current_leader_epoch")?)
            } else {
                LeaderEpoch::NONE
            },
            timestamp: reader.i64("timestamp")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        if version >= 4 {
            writer.i32(self.current_leader_epoch.0);
        }
        writer.i64(self.timestamp);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `ListOffsets` (API key 2): versions 1-11, flexible since 6.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsResponse {
    /// Since version 2. Ignorable.
    pub throttle_time_ms: i32,
    /// In every version.
    pub topics: Vec<ListOffsetsTopicResponse>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ListOffsetsResponse {
    const NAME: &'static str = "ListOffsetsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 11);
    const FIRST_FLEXIBLE: i16 = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 2 { reader.i32("throttle_time_ms")? } else { 0 },
            topics: reader.array("topics", |reader| ListOffsetsTopicResponse::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 2 {
            writer.i32(self.throttle_time_ms);
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ListOffsetsResponse {
    const KEY: ApiKey = ApiKey::LIST_OFFSETS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`ListOffsetsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOffsetsTopicResponse {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<ListOffsetsPartitionResponse>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ListOffsetsTopicResponse {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader
                .array("partitions", |reader| ListOffsetsPartitionResponse::read(reader, version))?,
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

/// Part of [`ListOffsetsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct ListOffsetsPartitionResponse {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version. Default -1.
    pub timestamp: i64,
    /// In every version. Default -1.
    pub offset: i64,
    /// Since version 4. Default -1.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ListOffsetsPartitionResponse {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: ErrorCode::NONE,
            timestamp: -1,
            offset: -1,
            leader_epoch: LeaderEpoch::NONE,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl ListOffsetsPartitionResponse {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            timestamp: reader.i64("timestamp")?,
            offset: reader.i64("offset")?,
            leader_epoch: if version >= 4 {
                LeaderEpoch(reader.i32("leader_epoch")?)
            } else {
                LeaderEpoch::NONE
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.i64(self.timestamp);
        writer.i64(self.offset);
        if version >= 4 {
            writer.i32(self.leader_epoch.0);
        } else if self.leader_epoch != LeaderEpoch::NONE {
            return Err(writer.field_not_in_version("leader_epoch"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
