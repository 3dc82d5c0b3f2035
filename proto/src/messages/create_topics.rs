// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `CreateTopics` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, TopicId, TopicName};
use bytestring::ByteString;

/// Asks `CreateTopics` (API key 19): versions 2-7, flexible since 5.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTopicsRequest {
    /// In every version.
    pub topics: Vec<CreatableTopic>,
    /// In every version. Default 60000.
    pub timeout_ms: i32,
    /// In every version.
    pub validate_only: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for CreateTopicsRequest {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            timeout_ms: 60000,
            validate_only: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for CreateTopicsRequest {
    const NAME: &'static str = "CreateTopicsRequest";
    const VERSIONS: VersionRange = VersionRange::new(2, 7);
    const FIRST_FLEXIBLE: i16 = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            topics: reader.array("topics", |reader| CreatableTopic::read(reader, version))?,
            timeout_ms: reader.i32("timeout_ms")?,
            validate_only: reader.bool("validate_only")?,
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
        writer.bool(self.validate_only);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for CreateTopicsRequest {
    const KEY: ApiKey = ApiKey::CREATE_TOPICS;
    const LATEST_STABLE: i16 = 7;
    type Response = CreateTopicsResponse;
}

/// Part of [`CreateTopicsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableTopic {
    /// In every version. A key: no two elements share it.
    pub name: TopicName,
    /// In every version.
    pub num_partitions: i32,
    /// In every version.
    pub replication_factor: i16,
    /// In every version.
    pub assignments: Vec<CreatableReplicaAssignment>,
    /// In every version.
    pub configs: Vec<CreatableTopicConfig>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl CreatableTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            num_partitions: reader.i32("num_partitions")?,
            replication_factor: reader.i16("replication_factor")?,
            assignments: reader
                .array("assignments", |reader| CreatableReplicaAssignment::read(reader, version))?,
            configs: reader.array("configs", |reader| CreatableTopicConfig::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.i32(self.num_partitions);
        writer.i16(self.replication_factor);
        writer.array_length("assignments", self.assignments.len())?;
        for element in &self.assignments {
            element.write(writer, version)?;
        }
        writer.array_length("configs", self.configs.len())?;
        for element in &self.configs {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`CreateTopicsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableReplicaAssignment {
    /// In every version. A key: no two elements share it.
    pub partition_index: i32,
    /// In every version.
    pub broker_ids: Vec<BrokerId>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl CreatableReplicaAssignment {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            broker_ids: reader.array("broker_ids", |reader| reader.i32("broker_ids").map(BrokerId))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.array_length("broker_ids", self.broker_ids.len())?;
        for element in &self.broker_ids {
            writer.i32(element.0);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`CreateTopicsRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicConfig {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version; may be null.
    pub value: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for CreatableTopicConfig {
    fn default() -> Self {
        Self { name: ByteString::new(), value: Some(ByteString::new()), unknown_tagged_fields: Vec::new() }
    }
}

impl CreatableTopicConfig {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            value: reader.nullable_string("value")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.nullable_string("value", self.value.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `CreateTopics` (API key 19): versions 2-7, flexible since 5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateTopicsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub topics: Vec<CreatableTopicResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for CreateTopicsResponse {
    const NAME: &'static str = "CreateTopicsResponse";
    const VERSIONS: VersionRange = VersionRange::new(2, 7);
    const FIRST_FLEXIBLE: i16 = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            topics: reader.array("topics", |reader| CreatableTopicResult::read(reader, version))?,
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

impl Response for CreateTopicsResponse {
    const KEY: ApiKey = ApiKey::CREATE_TOPICS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`CreateTopicsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicResult {
    /// In every version. A key: no two elements share it.
    pub name: TopicName,
    /// Since version 7. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// Since version 5, as tag 0. Ignorable.
    pub topic_config_error_code: ErrorCode,
    /// Since version 5. Default -1. Ignorable.
    pub num_partitions: i32,
    /// Since version 5. Default -1. Ignorable.
    pub replication_factor: i16,
    /// Since version 5; may be null. Ignorable.
    pub configs: Option<Vec<CreatableTopicConfigs>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for CreatableTopicResult {
    fn default() -> Self {
        Self {
            name: TopicName::default(),
            topic_id: TopicId::ZERO,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            topic_config_error_code: ErrorCode::NONE,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl CreatableTopicResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let mut message = Self {
            name: TopicName(reader.string("name")?),
            topic_id: if version >= 7 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            topic_config_error_code: ErrorCode::NONE,
            num_partitions: if version >= 5 { reader.i32("num_partitions")? } else { -1 },
            replication_factor: if version >= 5 { reader.i16("replication_factor")? } else { -1 },
            configs: if version >= 5 {
                reader.nullable_array("configs", |reader| CreatableTopicConfigs::read(reader, version))?
            } else {
                Some(Vec::new())
            },
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 5 => {
                    message.topic_config_error_code = ErrorCode(reader.i16("topic_config_error_code")?)
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        if version >= 7 {
            writer.uuid(self.topic_id.0);
        }
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        if version >= 5 {
            writer.i32(self.num_partitions);
        }
        if version >= 5 {
            writer.i16(self.replication_factor);
        }
        if version >= 5 {
            writer.nullable_array_length("configs", self.configs.as_ref().map(Vec::len))?;
            for element in self.configs.iter().flatten() {
                element.write(writer, version)?;
            }
        }
        let mut tagged = TaggedFields::default();
        if version >= 5 && self.topic_config_error_code != ErrorCode::NONE {
            let mut field = writer.tagged_field();
            field.i16(self.topic_config_error_code.0);
            tagged.push(0, field);
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

/// Part of [`CreateTopicsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct CreatableTopicConfigs {
    /// In every version.
    pub name: ByteString,
    /// In every version; may be null.
    pub value: Option<ByteString>,
    /// In every version.
    pub read_only: bool,
    /// In every version. Default -1.
    pub config_source: i8,
    /// In every version.
    pub is_sensitive: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for CreatableTopicConfigs {
    fn default() -> Self {
        Self {
            name: ByteString::new(),
            value: Some(ByteString::new()),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl CreatableTopicConfigs {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            value: reader.nullable_string("value")?,
            read_only: reader.bool("read_only")?,
            config_source: reader.i8("config_source")?,
            is_sensitive: reader.bool("is_sensitive")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.nullable_string("value", self.value.as_deref())?;
        writer.bool(self.read_only);
        writer.i8(self.config_source);
        writer.bool(self.is_sensitive);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
