// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ConsumerGroupDescribe` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, TopicId, TopicName};
use bytestring::ByteString;

/// Asks `ConsumerGroupDescribe` (API key 69): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerGroupDescribeRequest {
    /// In every version.
    pub group_ids: Vec<GroupId>,
    /// In every version.
    pub include_authorized_operations: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ConsumerGroupDescribeRequest {
    const NAME: &'static str = "ConsumerGroupDescribeRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_ids: reader.array("group_ids", |reader| reader.string("group_ids").map(GroupId))?,
            include_authorized_operations: reader.bool("include_authorized_operations")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("group_ids", self.group_ids.len())?;
        for element in &self.group_ids {
            writer.string("group_ids", element)?;
        }
        writer.bool(self.include_authorized_operations);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ConsumerGroupDescribeRequest {
    const KEY: ApiKey = ApiKey::CONSUMER_GROUP_DESCRIBE;
    const LATEST_STABLE: i16 = 1;
    type Response = ConsumerGroupDescribeResponse;
}

/// Answers `ConsumerGroupDescribe` (API key 69): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerGroupDescribeResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ConsumerGroupDescribeResponse {
    const NAME: &'static str = "ConsumerGroupDescribeResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            groups: reader.array("groups", |reader| DescribedGroup::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("groups", self.groups.len())?;
        for element in &self.groups {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ConsumerGroupDescribeResponse {
    const KEY: ApiKey = ApiKey::CONSUMER_GROUP_DESCRIBE;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`ConsumerGroupDescribeResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedGroup {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub group_state: ByteString,
    /// In every version.
    pub group_epoch: i32,
    /// In every version.
    pub assignment_epoch: i32,
    /// In every version.
    pub assignor_name: ByteString,
    /// In every version.
    pub members: Vec<Member>,
    /// In every version. Default i32::MIN.
    pub authorized_operations: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribedGroup {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: None,
            group_id: GroupId::default(),
            group_state: ByteString::new(),
            group_epoch: 0,
            assignment_epoch: 0,
            assignor_name: ByteString::new(),
            members: Vec::new(),
            authorized_operations: i32::MIN,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribedGroup {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            group_id: GroupId(reader.string("group_id")?),
            group_state: reader.string("group_state")?,
            group_epoch: reader.i32("group_epoch")?,
            assignment_epoch: reader.i32("assignment_epoch")?,
            assignor_name: reader.string("assignor_name")?,
            members: reader.array("members", |reader| Member::read(reader, version))?,
            authorized_operations: reader.i32("authorized_operations")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.string("group_id", &self.group_id)?;
        writer.string("group_state", &self.group_state)?;
        writer.i32(self.group_epoch);
        writer.i32(self.assignment_epoch);
        writer.string("assignor_name", &self.assignor_name)?;
        writer.array_length("members", self.members.len())?;
        for element in &self.members {
            element.write(writer, version)?;
        }
        writer.i32(self.authorized_operations);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ConsumerGroupDescribeResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// In every version.
    pub member_id: ByteString,
    /// In every version; may be null. Default null.
    pub instance_id: Option<ByteString>,
    /// In every version; may be null. Default null.
    pub rack_id: Option<ByteString>,
    /// In every version.
    pub member_epoch: i32,
    /// In every version.
    pub client_id: ByteString,
    /// In every version.
    pub client_host: ByteString,
    /// In every version.
    pub subscribed_topic_names: Vec<TopicName>,
    /// In every version; may be null. Default null.
    pub subscribed_topic_regex: Option<ByteString>,
    /// In every version.
    pub assignment: Assignment,
    /// In every version.
    pub target_assignment: Assignment,
    /// Since version 1. Default -1. Ignorable.
    pub member_type: i8,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for Member {
    fn default() -> Self {
        Self {
            member_id: ByteString::new(),
            instance_id: None,
            rack_id: None,
            member_epoch: 0,
            client_id: ByteString::new(),
            client_host: ByteString::new(),
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: None,
            assignment: Assignment::default(),
            target_assignment: Assignment::default(),
            member_type: -1,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Member {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            member_id: reader.string("member_id")?,
            instance_id: reader.nullable_string("instance_id")?,
            rack_id: reader.nullable_string("rack_id")?,
            member_epoch: reader.i32("member_epoch")?,
            client_id: reader.string("client_id")?,
            client_host: reader.string("client_host")?,
            subscribed_topic_names: reader.array("subscribed_topic_names", |reader| {
                reader.string("subscribed_topic_names").map(TopicName)
            })?,
            subscribed_topic_regex: reader.nullable_string("subscribed_topic_regex")?,
            assignment: Assignment::read(reader, version)?,
            target_assignment: Assignment::read(reader, version)?,
            member_type: if version >= 1 { reader.i8("member_type")? } else { -1 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("member_id", &self.member_id)?;
        writer.nullable_string("instance_id", self.instance_id.as_deref())?;
        writer.nullable_string("rack_id", self.rack_id.as_deref())?;
        writer.i32(self.member_epoch);
        writer.string("client_id", &self.client_id)?;
        writer.string("client_host", &self.client_host)?;
        writer.array_length("subscribed_topic_names", self.subscribed_topic_names.len())?;
        for element in &self.subscribed_topic_names {
            writer.string("subscribed_topic_names", element)?;
        }
        writer.nullable_string("subscribed_topic_regex", self.subscribed_topic_regex.as_deref())?;
        self.assignment.write(writer, version)?;
        self.target_assignment.write(writer, version)?;
        if version >= 1 {
            writer.i8(self.member_type);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ConsumerGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment {
    /// In every version.
    pub topic_partitions: Vec<TopicPartitions>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Assignment {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_partitions: reader
                .array("topic_partitions", |reader| TopicPartitions::read(reader, version))?,
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

/// Part of [`ConsumerGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartitions {
    /// In every version.
    pub topic_id: TopicId,
    /// In every version.
    pub topic_name: TopicName,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopicPartitions {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: TopicId(reader.uuid("topic_id")?),
            topic_name: TopicName(reader.string("topic_name")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.uuid(self.topic_id.0);
        writer.string("topic_name", &self.topic_name)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
