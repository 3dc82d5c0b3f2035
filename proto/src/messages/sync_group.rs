// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `SyncGroup` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `SyncGroup` (API key 14): versions 0-5, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupRequest {
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub generation_id: i32,
    /// In every version.
    pub member_id: ByteString,
    /// Since version 3; may be null. Default null.
    pub group_instance_id: Option<ByteString>,
    /// Since version 5; may be null. Default null. Ignorable.
    pub protocol_type: Option<ByteString>,
    /// Since version 5; may be null. Default null. Ignorable.
    pub protocol_name: Option<ByteString>,
    /// In every version.
    pub assignments: Vec<SyncGroupRequestAssignment>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for SyncGroupRequest {
    const NAME: &'static str = "SyncGroupRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            generation_id: reader.i32("generation_id")?,
            member_id: reader.string("member_id")?,
            group_instance_id: if version >= 3 { reader.nullable_string("group_instance_id")? } else { None },
            protocol_type: if version >= 5 { reader.nullable_string("protocol_type")? } else { None },
            protocol_name: if version >= 5 { reader.nullable_string("protocol_name")? } else { None },
            assignments: reader
                .array("assignments", |reader| SyncGroupRequestAssignment::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("group_id", &self.group_id)?;
        writer.i32(self.generation_id);
        writer.string("member_id", &self.member_id)?;
        if version >= 3 {
            writer.nullable_string("group_instance_id", self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(writer.field_not_in_version("group_instance_id"));
        }
        if version >= 5 {
            writer.nullable_string("protocol_type", self.protocol_type.as_deref())?;
        }
        if version >= 5 {
            writer.nullable_string("protocol_name", self.protocol_name.as_deref())?;
        }
        writer.array_length("assignments", self.assignments.len())?;
        for element in &self.assignments {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for SyncGroupRequest {
    const KEY: ApiKey = ApiKey::SYNC_GROUP;
    const LATEST_STABLE: i16 = 5;
    type Response = SyncGroupResponse;
}

/// Part of [`SyncGroupRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupRequestAssignment {
    /// In every version.
    pub member_id: ByteString,
    /// In every version.
    pub assignment: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl SyncGroupRequestAssignment {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            member_id: reader.string("member_id")?,
            assignment: reader.bytes("assignment")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("member_id", &self.member_id)?;
        writer.bytes("assignment", &self.assignment)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `SyncGroup` (API key 14): versions 0-5, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroupResponse {
    /// Since version 1. Ignorable.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Since version 5; may be null. Default null. Ignorable.
    pub protocol_type: Option<ByteString>,
    /// Since version 5; may be null. Default null. Ignorable.
    pub protocol_name: Option<ByteString>,
    /// In every version.
    pub assignment: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for SyncGroupResponse {
    const NAME: &'static str = "SyncGroupResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 1 { reader.i32("throttle_time_ms")? } else { 0 },
            error_code: ErrorCode(reader.i16("error_code")?),
            protocol_type: if version >= 5 { reader.nullable_string("protocol_type")? } else { None },
            protocol_name: if version >= 5 { reader.nullable_string("protocol_name")? } else { None },
            assignment: reader.bytes("assignment")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 1 {
            writer.i32(self.throttle_time_ms);
        }
        writer.i16(self.error_code.0);
        if version >= 5 {
            writer.nullable_string("protocol_type", self.protocol_type.as_deref())?;
        }
        if version >= 5 {
            writer.nullable_string("protocol_name", self.protocol_name.as_deref())?;
        }
        writer.bytes("assignment", &self.assignment)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for SyncGroupResponse {
    const KEY: ApiKey = ApiKey::SYNC_GROUP;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
