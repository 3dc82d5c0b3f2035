// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `AlterPartition` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicId};

/// Asks `AlterPartition` (API key 56): versions 2-3, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterPartitionRequest {
    /// In every version.
    pub broker_id: BrokerId,
    /// In every version. Default -1.
    pub broker_epoch: i64,
    /// In every version.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AlterPartitionRequest {
    fn default() -> Self {
        Self {
            broker_id: BrokerId(0),
            broker_epoch: -1,
            topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for AlterPartitionRequest {
    const NAME: &'static str = "AlterPartitionRequest";
    const VERSIONS: VersionRange = VersionRange::new(2, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            broker_id: BrokerId(reader.i32("broker_id")?),
            broker_epoch: reader.i64("broker_epoch")?,
            topics: reader.array("topics", |reader| RequestTopicData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.broker_id.0);
        writer.i64(self.broker_epoch);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for AlterPartitionRequest {
    const KEY: ApiKey = ApiKey::ALTER_PARTITION;
    const LATEST_STABLE: i16 = 3;
    type Response = AlterPartitionResponse;
}

/// Part of [`AlterPartitionRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestTopicData {
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestTopicData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| RequestPartitionData::read(reader, version))?,
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

/// Part of [`AlterPartitionRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct RequestPartitionData {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// Up to version 2.
    pub new_isr: Vec<BrokerId>,
    /// Since version 3.
    pub new_isr_with_epochs: Vec<BrokerState>,
    /// In every version.
    pub leader_recovery_state: i8,
    /// In every version.
    pub partition_epoch: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for RequestPartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            leader_epoch: LeaderEpoch(0),
            new_isr: Vec::new(),
            new_isr_with_epochs: Vec::new(),
            leader_recovery_state: 0,
            partition_epoch: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl RequestPartitionData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            new_isr: if version <= 2 {
                reader.array("new_isr", |reader| reader.i32("new_isr").map(BrokerId))?
            } else {
                Vec::new()
            },
            new_isr_with_epochs: if version >= 3 {
                reader.array("new_isr_with_epochs", |reader| BrokerState::read(reader, version))?
            } else {
                Vec::new()
            },
            leader_recovery_state: reader.i8("leader_recovery_state")?,
            partition_epoch: reader.i32("partition_epoch")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i32(self.leader_epoch.0);
        if version <= 2 {
            writer.array_length("new_isr", self.new_isr.len())?;
            for element in &self.new_isr {
                writer.i32(element.0);
            }
        } else if !self.new_isr.is_empty() {
            return Err(writer.field_not_in_version("new_isr"));
        }
        if version >= 3 {
            writer.array_length("new_isr_with_epochs", self.new_isr_with_epochs.len())?;
            for element in &self.new_isr_with_epochs {
                element.write(writer, version)?;
            }
        } else if !self.new_isr_with_epochs.is_empty() {
            return Err(writer.field_not_in_version("new_isr_with_epochs"));
        }
        writer.i8(self.leader_recovery_state);
        writer.i32(self.partition_epoch);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`AlterPartitionRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerState {
    /// In every version.
    pub broker_id: BrokerId,
    /// In every version. Default -1.
    pub broker_epoch: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for BrokerState {
    fn default() -> Self {
        Self { broker_id: BrokerId(0), broker_epoch: -1, unknown_tagged_fields: Vec::new() }
    }
}

impl BrokerState {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            broker_id: BrokerId(reader.i32("broker_id")?),
            broker_epoch: reader.i64("broker_epoch")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.broker_id.0);
        writer.i64(self.broker_epoch);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `AlterPartition` (API key 56): versions 2-3, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterPartitionResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub topics: Vec<ResponseTopicData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for AlterPartitionResponse {
    const NAME: &'static str = "AlterPartitionResponse";
    const VERSIONS: VersionRange = VersionRange::new(2, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            topics: reader.array("topics", |reader| ResponseTopicData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for AlterPartitionResponse {
    const KEY: ApiKey = ApiKey::ALTER_PARTITION;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`AlterPartitionResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseTopicData {
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponseTopicData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| ResponsePartitionData::read(reader, version))?,
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

/// Part of [`AlterPartitionResponse`].
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
    pub isr: Vec<BrokerId>,
    /// In every version.
    pub leader_recovery_state: i8,
    /// In every version.
    pub partition_epoch: i32,
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
            isr: Vec::new(),
            leader_recovery_state: 0,
            partition_epoch: 0,
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
            isr: reader.array("isr", |reader| reader.i32("isr").map(BrokerId))?,
            leader_recovery_state: reader.i8("leader_recovery_state")?,
            partition_epoch: reader.i32("partition_epoch")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.array_length("isr", self.isr.len())?;
        for element in &self.isr {
            writer.i32(element.0);
        }
        writer.i8(self.leader_recovery_state);
        writer.i32(self.partition_epoch);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
