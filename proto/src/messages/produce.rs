// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `Produce` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicId, TopicName, TransactionalId};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `Produce` (API key 0): versions 3-13, flexible since 9.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProduceRequest {
    /// In every version; may be null. Default null.
    pub transactional_id: Option<TransactionalId>,
    /// In every version.
    pub acks: i16,
    /// In every version.
    pub timeout_ms: i32,
    /// In every version.
    pub topic_data: Vec<TopicProduceData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ProduceRequest {
    const NAME: &'static str = "ProduceRequest";
    const VERSIONS: VersionRange = VersionRange::new(3, 13);
    const FIRST_FLEXIBLE: i16 = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            transactional_id: reader.nullable_string("transactional_id")?.map(TransactionalId),
            acks: reader.i16("acks")?,
            timeout_ms: reader.i32("timeout_ms")?,
            topic_data: reader.array("topic_data", |reader| TopicProduceData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_string("transactional_id", self.transactional_id.as_deref())?;
        writer.i16(self.acks);
        writer.i32(self.timeout_ms);
        writer.array_length("topic_data", self.topic_data.len())?;
        for element in &self.topic_data {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ProduceRequest {
    const KEY: ApiKey = ApiKey::PRODUCE;
    const LATEST_STABLE: i16 = 13;
    type Response = ProduceResponse;
}

/// Part of [`ProduceRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicProduceData {
    /// Up to version 12. Ignorable. A key: no two elements share it.
    pub name: TopicName,
    /// Since version 13. Ignorable. A key: no two elements share it.
    pub topic_id: TopicId,
    /// In every version.
    pub partition_data: Vec<PartitionProduceData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopicProduceData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version <= 12 { TopicName(reader.string("name")?) } else { TopicName::default() },
            topic_id: if version >= 13 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partition_data: reader
                .array("partition_data", |reader| PartitionProduceData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 12 {
            writer.string("name", &self.name)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partition_data", self.partition_data.len())?;
        for element in &self.partition_data {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ProduceRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionProduceData {
    /// In every version.
    pub index: i32,
    /// In every version; may be null.
    pub records: Option<Bytes>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for PartitionProduceData {
    fn default() -> Self {
        Self { index: 0, records: Some(Bytes::new()), unknown_tagged_fields: Vec::new() }
    }
}

impl PartitionProduceData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            index: reader.i32("index")?,
            records: reader.nullable_bytes("records")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.index);
        writer.nullable_bytes("records", self.records.as_ref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `Produce` (API key 0): versions 3-13, flexible since 9.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProduceResponse {
    /// In every version.
    pub responses: Vec<TopicProduceResponse>,
    /// In every version.
    pub throttle_time_ms: i32,
    /// Since version 10, as tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ProduceResponse {
    const NAME: &'static str = "ProduceResponse";
    const VERSIONS: VersionRange = VersionRange::new(3, 13);
    const FIRST_FLEXIBLE: i16 = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            responses: reader.array("responses", |reader| TopicProduceResponse::read(reader, version))?,
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            node_endpoints: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 10 => {
                    message.node_endpoints =
                        reader.array("node_endpoints", |reader| NodeEndpoint::read(reader, version))?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("responses", self.responses.len())?;
        for element in &self.responses {
            element.write(writer, version)?;
        }
        writer.i32(self.throttle_time_ms);
        let mut tagged = TaggedFields::default();
        if version >= 10 && !self.node_endpoints.is_empty() {
            let mut field = writer.tagged_field();
            field.array_length("node_endpoints", self.node_endpoints.len())?;
            for element in &self.node_endpoints {
                element.write(&mut field, version)?;
            }
            tagged.push(0, field);
        } else if !self.node_endpoints.is_empty() {
            return Err(writer.field_not_in_version("node_endpoints"));
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

impl Response for ProduceResponse {
    const KEY: ApiKey = ApiKey::PRODUCE;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`ProduceResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicProduceResponse {
    /// Up to version 12. Ignorable. A key: no two elements share it.
    pub name: TopicName,
    /// Since version 13. Ignorable. A key: no two elements share it.
    pub topic_id: TopicId,
    /// In every version.
    pub partition_responses: Vec<PartitionProduceResponse>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopicProduceResponse {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: if version <= 12 { TopicName(reader.string("name")?) } else { TopicName::default() },
            topic_id: if version >= 13 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partition_responses: reader
                .array("partition_responses", |reader| PartitionProduceResponse::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 12 {
            writer.string("name", &self.name)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partition_responses", self.partition_responses.len())?;
        for element in &self.partition_responses {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ProduceResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionProduceResponse {
    /// In every version.
    pub index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub base_offset: i64,
    /// In every version. Default -1.
    pub log_append_time_ms: i64,
    /// Since version 5. Default -1. Ignorable.
    pub log_start_offset: i64,
    /// Since version 8. Ignorable.
    pub record_errors: Vec<BatchIndexAndErrorMessage>,
    /// Since version 8; may be null. Default null. Ignorable.
    pub error_message: Option<ByteString>,
    /// Since version 10, as tag 0.
    pub current_leader: LeaderIdAndEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for PartitionProduceResponse {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: ErrorCode::NONE,
            base_offset: 0,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            error_message: None,
            current_leader: LeaderIdAndEpoch::default(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl PartitionProduceResponse {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let mut message = Self {
            index: reader.i32("index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            base_offset: reader.i64("base_offset")?,
            log_append_time_ms: reader.i64("log_append_time_ms")?,
            log_start_offset: if version >= 5 { reader.i64("log_start_offset")? } else { -1 },
            record_errors: if version >= 8 {
                reader.array("record_errors", |reader| BatchIndexAndErrorMessage::read(reader, version))?
            } else {
                Vec::new()
            },
            error_message: if version >= 8 { reader.nullable_string("error_message")? } else { None },
            current_leader: LeaderIdAndEpoch::default(),
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 10 => message.current_leader = LeaderIdAndEpoch::read(reader, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.index);
        writer.i16(self.error_code.0);
        writer.i64(self.base_offset);
        writer.i64(self.log_append_time_ms);
        if version >= 5 {
            writer.i64(self.log_start_offset);
        }
        if version >= 8 {
            writer.array_length("record_errors", self.record_errors.len())?;
            for element in &self.record_errors {
                element.write(writer, version)?;
            }
        }
        if version >= 8 {
            writer.nullable_string("error_message", self.error_message.as_deref())?;
        }
        let mut tagged = TaggedFields::default();
        if version >= 10 && self.current_leader != LeaderIdAndEpoch::default() {
            let mut field = writer.tagged_field();
            self.current_leader.write(&mut field, version)?;
            tagged.push(0, field);
        } else if self.current_leader != LeaderIdAndEpoch::default() {
            return Err(writer.field_not_in_version("current_leader"));
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

/// Part of [`ProduceResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchIndexAndErrorMessage {
    /// In every version.
    pub batch_index: i32,
    /// In every version; may be null. Default null.
    pub batch_index_error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl BatchIndexAndErrorMessage {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            batch_index: reader.i32("batch_index")?,
            batch_index_error_message: reader.nullable_string("batch_index_error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.batch_index);
        writer.nullable_string("batch_index_error_message", self.batch_index_error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ProduceResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// In every version. Default -1.
    pub leader_id: BrokerId,
    /// In every version. Default -1.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl LeaderIdAndEpoch {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            leader_id: BrokerId(reader.i32("leader_id")?),
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ProduceResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEndpoint {
    /// In every version. A key: no two elements share it.
    pub node_id: BrokerId,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: i32,
    /// In every version; may be null. Default null.
    pub rack: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for NodeEndpoint {
    fn default() -> Self {
        Self {
            node_id: BrokerId(0),
            host: ByteString::new(),
            port: 0,
            rack: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl NodeEndpoint {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            node_id: BrokerId(reader.i32("node_id")?),
            host: reader.string("host")?,
            port: reader.i32("port")?,
            rack: reader.nullable_string("rack")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id.0);
        writer.string("host", &self.host)?;
        writer.i32(self.port);
        writer.nullable_string("rack", self.rack.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
