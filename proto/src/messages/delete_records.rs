// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DeleteRecords` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, TopicName};

/// Asks `DeleteRecords` (API key 21): versions 0-2, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsRequest {
    /// In every version.
    pub topics: Vec<DeleteRecordsTopic>,
    /// In every version.
    pub timeout_ms: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DeleteRecordsRequest {
    const NAME: &'static str = "DeleteRecordsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            topics: reader.array("topics", |reader| DeleteRecordsTopic::read(reader, version))?,
            timeout_ms: reader.i32("timeout_ms")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.i32(self.timeout_ms);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DeleteRecordsRequest {
    const KEY: ApiKey = ApiKey::DELETE_RECORDS;
    const LATEST_STABLE: i16 = 2;
    type Response = DeleteRecordsResponse;
}

/// Part of [`DeleteRecordsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsTopic {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<DeleteRecordsPartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DeleteRecordsTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader.array("partitions", |reader| DeleteRecordsPartition::read(reader, version))?,
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

/// Part of [`DeleteRecordsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsPartition {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub offset: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DeleteRecordsPartition {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            offset: reader.i64("offset")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i64(self.offset);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `DeleteRecords` (API key 21): versions 0-2, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub topics: Vec<DeleteRecordsTopicResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DeleteRecordsResponse {
    const NAME: &'static str = "DeleteRecordsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            topics: reader.array("topics", |reader| DeleteRecordsTopicResult::read(reader, version))?,
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

impl Response for DeleteRecordsResponse {
    const KEY: ApiKey = ApiKey::DELETE_RECORDS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DeleteRecordsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsTopicResult {
    /// In every version. A key: no two elements share it.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<DeleteRecordsPartitionResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DeleteRecordsTopicResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader
                .array("partitions", |reader| DeleteRecordsPartitionResult::read(reader, version))?,
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

/// Part of [`DeleteRecordsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteRecordsPartitionResult {
    /// In every version. A key: no two elements share it.
    pub partition_index: i32,
    /// In every version.
    pub low_watermark: i64,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DeleteRecordsPartitionResult {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            low_watermark: reader.i64("low_watermark")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i64(self.low_watermark);
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
