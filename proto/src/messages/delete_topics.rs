// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DeleteTopics` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, TopicId, TopicName};
use bytestring::ByteString;

/// Asks `DeleteTopics` (API key 20): versions 1-6, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicsRequest {
    /// Since version 6.
    pub topics: Vec<DeleteTopicState>,
    /// Up to version 5. Ignorable.
    pub topic_names: Vec<TopicName>,
    /// In every version.
    pub timeout_ms: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DeleteTopicsRequest {
    const NAME: &'static str = "DeleteTopicsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 6);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            topics: if version >= 6 {
                reader.array("topics", |reader| DeleteTopicState::read(reader, version))?
            } else {
                Vec::new()
            },
            topic_names: if version <= 5 {
                reader.array("topic_names", |reader| reader.string("topic_names").map(TopicName))?
            } else {
                Vec::new()
            },
            timeout_ms: reader.i32("timeout_ms")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 6 {
            writer.array_length("topics", self.topics.len())?;
            for element in &self.topics {
                element.write(writer, version)?;
            }
        } else if !self.topics.is_empty() {
            return Err(writer.field_not_in_version("topics"));
        }
        if version <= 5 {
            writer.array_length("topic_names", self.topic_names.len())?;
            for element in &self.topic_names {
                writer.string("topic_names", element)?;
            }
        }
        writer.i32(self.timeout_ms);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DeleteTopicsRequest {
    const KEY: ApiKey = ApiKey::DELETE_TOPICS;
    const LATEST_STABLE: i16 = 6;
    type Response = DeleteTopicsResponse;
}

/// Part of [`DeleteTopicsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicState {
    /// In every version; may be null. Default null.
    pub name: Option<TopicName>,
    /// In every version.
    pub topic_id: TopicId,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DeleteTopicState {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.nullable_string("name")?.map(TopicName),
            topic_id: TopicId(reader.uuid("topic_id")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.nullable_string("name", self.name.as_deref())?;
        writer.uuid(self.topic_id.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `DeleteTopics` (API key 20): versions 1-6, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteTopicsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub responses: Vec<DeletableTopicResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DeleteTopicsResponse {
    const NAME: &'static str = "DeleteTopicsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 6);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            responses: reader.array("responses", |reader| DeletableTopicResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("responses", self.responses.len())?;
        for element in &self.responses {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DeleteTopicsResponse {
    const KEY: ApiKey = ApiKey::DELETE_TOPICS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DeleteTopicsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DeletableTopicResult {
    /// In every version; may be null since version 6. A key: no two elements share it.
    pub name: Option<TopicName>,
    /// Since version 6. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub error_code: ErrorCode,
    /// Since version 5; may be null. Default null. Ignorable.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DeletableTopicResult {
    fn default() -> Self {
        Self {
            name: Some(TopicName::default()),
            topic_id: TopicId::ZERO,
            error_code: ErrorCode::NONE,
            error_message: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DeletableTopicResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version >= 6 {
                reader.nullable_string("name")?.map(TopicName)
            } else {
                Some(TopicName(reader.string("name")?))
            },
            topic_id: if version >= 6 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: if version >= 5 { reader.nullable_string("error_message")? } else { None },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version < 6 && self.name.is_none() {
            return Err(writer.null_not_allowed("name"));
        }
        writer.nullable_string("name", self.name.as_deref())?;
        if version >= 6 {
            writer.uuid(self.topic_id.0);
        }
        writer.i16(self.error_code.0);
        if version >= 5 {
            writer.nullable_string("error_message", self.error_message.as_deref())?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
