// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ConsumerGroupHeartbeat` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, TopicId, TopicName};
use bytestring::ByteString;

/// Asks `ConsumerGroupHeartbeat` (API key 68): versions 0-1, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerGroupHeartbeatRequest {
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub member_id: ByteString,
    /// In every version.
    pub member_epoch: i32,
    /// In every version; may be null. Default null.
    pub instance_id: Option<ByteString>,
    /// In every version; may be null. Default null.
    pub rack_id: Option<ByteString>,
    /// In every version. Default -1.
    pub rebalance_timeout_ms: i32,
    /// In every version; may be null. Default null.
    pub subscribed_topic_names: Option<Vec<TopicName>>,
    /// Since version 1; may be null. Default null.
    pub subscribed_topic_regex: Option<ByteString>,
    /// In every version; may be null. Default null.
    pub server_assignor: Option<ByteString>,
    /// In every version; may be null. Default null.
    pub topic_partitions: Option<Vec<RequestTopicPartitions>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ConsumerGroupHeartbeatRequest {
    fn default() -> Self {
        Self {
            group_id: GroupId::default(),
            member_id: ByteString::new(),
            member_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            subscribed_topic_names: None,
            subscribed_topic_regex: None,
            server_assignor: None,
            topic_partitions: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ConsumerGroupHeartbeatRequest {
    const NAME: &'static str = "ConsumerGroupHeartbeatRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            member_id: reader.string("member_id")?,
            member_epoch: reader.i32("member_epoch")?,
            instance_id: reader.nullable_string("instance_id")?,
            rack_id: reader.nullable_string("rack_id")?,
            rebalance_timeout_ms: reader.i32("rebalance_timeout_ms")?,
            subscribed_topic_names: reader.nullable_array("subscribed_topic_names", |reader| {
                reader.string("subscribed_topic_names").map(TopicName)
            })?,
            subscribed_topic_regex: if version >= 1 {
                reader.nullable_string("subscribed_topic_regex")?
            } else {
                None
            },
            server_assignor: reader.nullable_string("server_assignor")?,
            topic_partitions: reader
                .nullable_array("topic_partitions", |reader| RequestTopicPartitions::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("group_id", &self.group_id)?;
        writer.string("member_id", &self.member_id)?;
        writer.i32(self.member_epoch);
        writer.nullable_string("instance_id", self.instance_id.as_deref())?;
        writer.nullable_string("rack_id", self.rack_id.as_deref())?;
        writer.i32(self.rebalance_timeout_ms);
        writer.nullable_array_length(
            "subscribed_topic_names",
            self.subscribed_topic_names.as_ref().map(Vec::len),
        )?;
        for element in self.subscribed_topic_names.iter().flatten() {
            writer.string("subscribed_topic_names", element)?;
        }
        if version >= 1 {
            writer.nullable_string("subscribed_topic_regex", self.subscribed_topic_regex.as_deref())?;
        } else if self.subscribed_topic_regex.is_some() {
            return Err(writer.field_not_in_version("subscribed_topic_regex"));
        }
        writer.nullable_string("server_assignor", self.server_assignor.as_deref())?;
        writer.nullable_array_length("topic_partitions", self.topic_partitions.as_ref().map(Vec::len))?;
        for element in self.topic_partitions.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ConsumerGroupHeartbeatRequest {
    const KEY: ApiKey = ApiKey::CONSUMER_GROUP_HEARTBEAT;
    const LATEST_STABLE: i16 = 1;
    type Response = ConsumerGroupHeartbeatResponse;
}

/// Part of [`ConsumerGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestTopicPartitions {
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestTopicPartitions {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.uuid(self.topic_id.0);
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `ConsumerGroupHeartbeat` (API key 68): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerGroupHeartbeatResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version; may be null. Default null.
    pub member_id: Option<ByteString>,
    /// In every version.
    pub member_epoch: i32,
    /// In every version.
    pub heartbeat_interval_ms: i32,
    /// In every version; may be null. Default null.
    pub assignment: Option<Assignment>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ConsumerGroupHeartbeatResponse {
    const NAME: &'static str = "ConsumerGroupHeartbeatResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            member_id: reader.nullable_string("member_id")?,
            member_epoch: reader.i32("member_epoch")?,
            heartbeat_interval_ms: reader.i32("heartbeat_interval_ms")?,
            assignment: if reader.is_present("assignment")? {
                Some(Assignment::read(reader, version)?)
            } else {
                None
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.nullable_string("member_id", self.member_id.as_deref())?;
        writer.i32(self.member_epoch);
        writer.i32(self.heartbeat_interval_ms);
        writer.presence(self.assignment.is_some());
        if let Some(assignment) = &self.assignment {
            assignment.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ConsumerGroupHeartbeatResponse {
    const KEY: ApiKey = ApiKey::CONSUMER_GROUP_HEARTBEAT;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`ConsumerGroupHeartbeatResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment {
    /// In every version.
    pub topic_partitions: Vec<ResponseTopicPartitions>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Assignment {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_partitions: reader
                .array("topic_partitions", |reader| ResponseTopicPartitions::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.array_length("topic_partitions", self.topic_partitions.len())?;
        for element in &self.topic_partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ConsumerGroupHeartbeatResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseTopicPartitions {
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponseTopicPartitions {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.uuid(self.topic_id.0);
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
