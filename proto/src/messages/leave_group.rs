// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `LeaveGroup` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId};
use bytestring::ByteString;

/// Asks `LeaveGroup` (API key 13): versions 0-5, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaveGroupRequest {
    /// In every version.
    pub group_id: GroupId,
    /// Up to version 2.
    pub member_id: ByteString,
    /// Since version 3.
    pub members: Vec<MemberIdentity>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for LeaveGroupRequest {
    const NAME: &'static str = "LeaveGroupRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            member_id: if version <= 2 { reader.string("member_id")? } else { ByteString::new() },
            members: if version >= 3 {
                reader.array("members", |reader| MemberIdentity::read(reader, version))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("group_id", &self.group_id)?;
        if version <= 2 {
            writer.string("member_id", &self.member_id)?;
        } else if !self.member_id.is_empty() {
            return Err(writer.field_not_in_version("member_id"));
        }
        if version >= 3 {
            writer.array_length("members", self.members.len())?;
            for element in &self.members {
                element.write(writer, version)?;
            }
        } else if !self.members.is_empty() {
            return Err(writer.field_not_in_version("members"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for LeaveGroupRequest {
    const KEY: ApiKey = ApiKey::LEAVE_GROUP;
    const LATEST_STABLE: i16 = 5;
    type Response = LeaveGroupResponse;
}

/// Part of [`LeaveGroupRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberIdentity {
    /// In every version.
    pub member_id: ByteString,
    /// In every version; may be null. Default null.
    pub group_instance_id: Option<ByteString>,
    /// Since version 5; may be null. Default null. Ignorable.
    pub reason: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl MemberIdentity {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            member_id: reader.string("member_id")?,
            group_instance_id: reader.nullable_string("group_instance_id")?,
            reason: if version >= 5 { reader.nullable_string("reason")? } else { None },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("member_id", &self.member_id)?;
        writer.nullable_string("group_instance_id", self.group_instance_id.as_deref())?;
        if version >= 5 {
            writer.nullable_string("reason", self.reason.as_deref())?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `LeaveGroup` (API key 13): versions 0-5, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaveGroupResponse {
    /// Since version 1. Ignorable.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Since version 3.
    pub members: Vec<MemberResponse>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for LeaveGroupResponse {
    const NAME: &'static str = "LeaveGroupResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 1 { reader.i32("throttle_time_ms")? } else { 0 },
            error_code: ErrorCode(reader.i16("error_code")?),
            members: if version >= 3 {
                reader.array("members", |reader| MemberResponse::read(reader, version))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 1 {
            writer.i32(self.throttle_time_ms);
        }
        writer.i16(self.error_code.0);
        if version >= 3 {
            writer.array_length("members", self.members.len())?;
            for element in &self.members {
                element.write(writer, version)?;
            }
        } else if !self.members.is_empty() {
            return Err(writer.field_not_in_version("members"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for LeaveGroupResponse {
    const KEY: ApiKey = ApiKey::LEAVE_GROUP;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`LeaveGroupResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct MemberResponse {
    /// In every version.
    pub member_id: ByteString,
    /// In every version; may be null.
    pub group_instance_id: Option<ByteString>,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for MemberResponse {
    fn default() -> Self {
        Self {
            member_id: ByteString::new(),
            group_instance_id: Some(ByteString::new()),
            error_code: ErrorCode::NONE,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl MemberResponse {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            member_id: reader.string("member_id")?,
            group_instance_id: reader.nullable_string("group_instance_id")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("member_id", &self.member_id)?;
        writer.nullable_string("group_instance_id", self.group_instance_id.as_deref())?;
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
