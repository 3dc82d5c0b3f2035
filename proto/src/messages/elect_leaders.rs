// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ElectLeaders` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, TopicName};
use bytestring::ByteString;

/// Asks `ElectLeaders` (API key 43): versions 0-2, flexible since 2.
#[derive(Clone, Debug, PartialEq)]
pub struct ElectLeadersRequest {
    /// Since version 1.
    pub election_type: i8,
    /// In every version; may be null.
    pub topic_partitions: Option<Vec<TopicPartitions>>,
    /// In every version. Default 60000.
    pub timeout_ms: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ElectLeadersRequest {
    fn default() -> Self {
        Self {
            election_type: 0,
            topic_partitions: Some(Vec::new()),
            timeout_ms: 60000,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ElectLeadersRequest {
    const NAME: &'static str = "ElectLeadersRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            election_type: if version >= 1 { reader.i8("election_type")? } else { 0 },
            topic_partitions: reader
                .nullable_array("topic_partitions", |reader| TopicPartitions::read(reader, version))?,
            timeout_ms: reader.i32("timeout_ms")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 1 {
            writer.i8(self.election_type);
        } else if self.election_type != 0 {
            return Err(writer.field_not_in_version("election_type"));
        }
        writer.nullable_array_length("topic_partitions", self.topic_partitions.as_ref().map(Vec::len))?;
        for element in self.topic_partitions.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.i32(self.timeout_ms);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ElectLeadersRequest {
    const KEY: ApiKey = ApiKey::ELECT_LEADERS;
    const LATEST_STABLE: i16 = 2;
    type Response = ElectLeadersResponse;
}

/// Part of [`ElectLeadersRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartitions {
    /// In every version. A key: no two elements share it.
    pub topic: TopicName,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopicPartitions {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: TopicName(reader.string("topic")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("topic", &self.topic)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `ElectLeaders` (API key 43): versions 0-2, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ElectLeadersResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// Since version 1.
    pub error_code: ErrorCode,
    /// In every version.
    pub replica_election_results: Vec<ReplicaElectionResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ElectLeadersResponse {
    const NAME: &'static str = "ElectLeadersResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: if version >= 1 { ErrorCode(reader.i16("error_code")?) } else { ErrorCode::NONE },
            replica_election_results: reader
                .array("replica_election_results", |reader| ReplicaElectionResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        if version >= 1 {
            writer.i16(self.error_code.0);
        } else if self.error_code != ErrorCode::NONE {
            return Err(writer.field_not_in_version("error_code"));
        }
        writer.array_length("replica_election_results", self.replica_election_results.len())?;
        for element in &self.replica_election_results {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ElectLeadersResponse {
    const KEY: ApiKey = ApiKey::ELECT_LEADERS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`ElectLeadersResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaElectionResult {
    /// In every version.
    pub topic: TopicName,
    /// In every version.
    pub partition_result: Vec<PartitionResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ReplicaElectionResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: TopicName(reader.string("topic")?),
            partition_result: reader
                .array("partition_result", |reader| PartitionResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("topic", &self.topic)?;
        writer.array_length("partition_result", self.partition_result.len())?;
        for element in &self.partition_result {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ElectLeadersResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionResult {
    /// In every version.
    pub partition_id: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for PartitionResult {
    fn default() -> Self {
        Self {
            partition_id: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl PartitionResult {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_id: reader.i32("partition_id")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_id);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
