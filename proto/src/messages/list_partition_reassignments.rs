// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ListPartitionReassignments` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, TopicName};
use bytestring::ByteString;

/// Asks `ListPartitionReassignments` (API key 46): version 0, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPartitionReassignmentsRequest {
    /// In every version. Default 60000.
    pub timeout_ms: i32,
    /// In every version; may be null. Default null.
    pub topics: Option<Vec<ListPartitionReassignmentsTopics>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ListPartitionReassignmentsRequest {
    fn default() -> Self {
        Self { timeout_ms: 60000, topics: None, unknown_tagged_fields: Vec::new() }
    }
}

impl Message for ListPartitionReassignmentsRequest {
    const NAME: &'static str = "ListPartitionReassignmentsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            timeout_ms: reader.i32("timeout_ms")?,
            topics: reader
                .nullable_array("topics", |reader| ListPartitionReassignmentsTopics::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.timeout_ms);
        writer.nullable_array_length("topics", self.topics.as_ref().map(Vec::len))?;
        for element in self.topics.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ListPartitionReassignmentsRequest {
    const KEY: ApiKey = ApiKey::LIST_PARTITION_REASSIGNMENTS;
    const LATEST_STABLE: i16 = 0;
    type Response = ListPartitionReassignmentsResponse;
}

/// Part of [`ListPartitionReassignmentsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListPartitionReassignmentsTopics {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ListPartitionReassignmentsTopics {
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

/// Answers `ListPartitionReassignments` (API key 46): version 0, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPartitionReassignmentsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub topics: Vec<OngoingTopicReassignment>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ListPartitionReassignmentsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ListPartitionReassignmentsResponse {
    const NAME: &'static str = "ListPartitionReassignmentsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            topics: reader.array("topics", |reader| OngoingTopicReassignment::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ListPartitionReassignmentsResponse {
    const KEY: ApiKey = ApiKey::LIST_PARTITION_REASSIGNMENTS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`ListPartitionReassignmentsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OngoingTopicReassignment {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<OngoingPartitionReassignment>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OngoingTopicReassignment {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader
                .array("partitions", |reader| OngoingPartitionReassignment::read(reader, version))?,
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

/// Part of [`ListPartitionReassignmentsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OngoingPartitionReassignment {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub replicas: Vec<BrokerId>,
    /// In every version.
    pub adding_replicas: Vec<BrokerId>,
    /// In every version.
    pub removing_replicas: Vec<BrokerId>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OngoingPartitionReassignment {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            replicas: reader.array("replicas", |reader| reader.i32("replicas").map(BrokerId))?,
            adding_replicas: reader
                .array("adding_replicas", |reader| reader.i32("adding_replicas").map(BrokerId))?,
            removing_replicas: reader
                .array("removing_replicas", |reader| reader.i32("removing_replicas").map(BrokerId))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.array_length("replicas", self.replicas.len())?;
        for element in &self.replicas {
            writer.i32(element.0);
        }
        writer.array_length("adding_replicas", self.adding_replicas.len())?;
        for element in &self.adding_replicas {
            writer.i32(element.0);
        }
        writer.array_length("removing_replicas", self.removing_replicas.len())?;
        for element in &self.removing_replicas {
            writer.i32(element.0);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
