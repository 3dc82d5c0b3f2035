// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeGroups` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `DescribeGroups` (API key 15): versions 0-6, flexible since 5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeGroupsRequest {
    /// In every version.
    pub groups: Vec<GroupId>,
    /// Since version 3.
    pub include_authorized_operations: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeGroupsRequest {
    const NAME: &'static str = "DescribeGroupsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FIRST_FLEXIBLE: i16 = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            groups: reader.array("groups", |reader| reader.string("groups").map(GroupId))?,
            include_authorized_operations: if version >= 3 {
                reader.bool("include_authorized_operations")?
            } else {
                false
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("groups", self.groups.len())?;
        for element in &self.groups {
            writer.string("groups", element)?;
        }
        if version >= 3 {
            writer.bool(self.include_authorized_operations);
        } else if self.include_authorized_operations {
            return Err(writer.field_not_in_version("include_authorized_operations"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeGroupsRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_GROUPS;
    const LATEST_STABLE: i16 = 6;
    type Response = DescribeGroupsResponse;
}

/// Answers `DescribeGroups` (API key 15): versions 0-6, flexible since 5.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeGroupsResponse {
    /// Since version 1. Ignorable.
    pub throttle_time_ms: i32,
    /// In every version.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeGroupsResponse {
    const NAME: &'static str = "DescribeGroupsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FIRST_FLEXIBLE: i16 = 5;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 1 { reader.i32("throttle_time_ms")? } else { 0 },
            groups: reader.array("groups", |reader| DescribedGroup::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 1 {
            writer.i32(self.throttle_time_ms);
        }
        writer.array_length("groups", self.groups.len())?;
        for element in &self.groups {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DescribeGroupsResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_GROUPS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DescribeGroupsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedGroup {
    /// In every version.
    pub error_code: ErrorCode,
    /// Since version 6; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub group_state: ByteString,
    /// In every version.
    pub protocol_type: ByteString,
    /// In every version.
    pub protocol_data: ByteString,
    /// In every version.
    pub members: Vec<DescribedGroupMember>,
    /// Since version 3. Default i32::MIN.
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
            protocol_type: ByteString::new(),
            protocol_data: ByteString::new(),
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
            error_message: if version >= 6 { reader.nullable_string("error_message")? } else { None },
            group_id: GroupId(reader.string("group_id")?),
            group_state: reader.string("group_state")?,
            protocol_type: reader.string("protocol_type")?,
            protocol_data: reader.string("protocol_data")?,
            members: reader.array("members", |reader| DescribedGroupMember::read(reader, version))?,
            authorized_operations: if version >= 3 { reader.i32("authorized_operations")? } else { i32::MIN },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        if version >= 6 {
            writer.nullable_string("error_message", self.error_message.as_deref())?;
        } else if self.error_message.is_some() {
            return Err(writer.field_not_in_version("error_message"));
        }
        writer.string("group_id", &self.group_id)?;
        writer.string("group_state", &self.group_state)?;
        writer.string("protocol_type", &self.protocol_type)?;
        writer.string("protocol_data", &self.protocol_data)?;
        writer.array_length("members", self.members.len())?;
        for element in &self.members {
            element.write(writer, version)?;
        }
        if version >= 3 {
            writer.i32(self.authorized_operations);
        } else if self.authorized_operations != i32::MIN {
            return Err(writer.field_not_in_version("authorized_operations"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeGroupsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribedGroupMember {
    /// In every version.
    pub member_id: ByteString,
    /// Since version 4; may be null. Default null. Ignorable.
    pub group_instance_id: Option<ByteString>,
    /// In every version.
    pub client_id: ByteString,
    /// In every version.
    pub client_host: ByteString,
    /// In every version.
    pub member_metadata: Bytes,
    /// In every version.
    pub member_assignment: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DescribedGroupMember {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            member_id: reader.string("member_id")?,
            group_instance_id: if version >= 4 { reader.nullable_string("group_instance_id")? } else { None },
            client_id: reader.string("client_id")?,
            client_host: reader.string("client_host")?,
            member_metadata: reader.bytes("member_metadata")?,
            member_assignment: reader.bytes("member_assignment")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("member_id", &self.member_id)?;
        if version >= 4 {
            writer.nullable_string("group_instance_id", self.group_instance_id.as_deref())?;
        }
        writer.string("client_id", &self.client_id)?;
        writer.string("client_host", &self.client_host)?;
        writer.bytes("member_metadata", &self.member_metadata)?;
        writer.bytes("member_assignment", &self.member_assignment)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
