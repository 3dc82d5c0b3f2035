// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `JoinGroup` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `JoinGroup` (API key 11): versions 0-9, flexible since 6.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupRequest {
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub session_timeout_ms: i32,
    /// Since version 1. Default -1. Ignorable.
    pub rebalance_timeout_ms: i32,
    /// In every version.
    pub member_id: ByteString,
    /// Since version 5; may be null. Default null.
    pub group_instance_id: Option<ByteString>,
    /// In every version.
    pub protocol_type: ByteString,
    /// In every version.
    pub protocols: Vec<JoinGroupRequestProtocol>,
    /// Since version 8; may be null. Default null. Ignorable.
    pub reason: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for JoinGroupRequest {
    fn default() -> Self {
        Self {
            group_id: GroupId::default(),
            session_timeout_ms: 0,
            rebalance_timeout_ms: -1,
            member_id: ByteString::new(),
            group_instance_id: None,
            protocol_type: ByteString::new(),
            protocols: Vec::new(),
            reason: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for JoinGroupRequest {
    const NAME: &'static str = "JoinGroupRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 9);
    const FIRST_FLEXIBLE: i16 = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            session_timeout_ms: reader.i32("session_timeout_ms")?,
            rebalance_timeout_ms: if version >= 1 { reader.i32("rebalance_timeout_ms")? } else { -1 },
            member_id: reader.string("member_id")?,
            group_instance_id: if version >= 5 { reader.nullable_string("group_instance_id")? } else { None },
            protocol_type: reader.string("protocol_type")?,
            protocols: reader.array("protocols", |reader| JoinGroupRequestProtocol::read(reader, version))?,
            reason: if version >= 8 { reader.nullable_string("reason")? } else { None },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("group_id", &self.group_id)?;
        writer.i32(self.session_timeout_ms);
        if version >= 1 {
            writer.i32(self.rebalance_timeout_ms);
        }
        writer.string("member_id", &self.member_id)?;
        if version >= 5 {
            writer.nullable_string("group_instance_id", self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(writer.field_not_in_version("group_instance_id"));
        }
        writer.string("protocol_type", &self.protocol_type)?;
        writer.array_length("protocols", self.protocols.len())?;
        for element in &self.protocols {
            element.write(writer, version)?;
        }
        if version >= 8 {
            writer.nullable_string("reason", self.reason.as_deref())?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for JoinGroupRequest {
    const KEY: ApiKey = ApiKey::JOIN_GROUP;
    const LATEST_STABLE: i16 = 9;
    type Response = JoinGroupResponse;
}

/// Part of [`JoinGroupRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinGroupRequestProtocol {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub metadata: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl JoinGroupRequestProtocol {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            metadata: reader.bytes("metadata")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.bytes("metadata", &self.metadata)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `JoinGroup` (API key 11): versions 0-9, flexible since 6.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinGroupResponse {
    /// Since version 2. Ignorable.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version. Default -1.
    pub generation_id: i32,
    /// Since version 7; may be null. Default null. Ignorable.
    pub protocol_type: Option<ByteString>,
    /// In every version; may be null since version 7.
    pub protocol_name: Option<ByteString>,
    /// In every version.
    pub leader: ByteString,
    /// Since version 9.
    pub skip_assignment: bool,
    /// In every version.
    pub member_id: ByteString,
    /// In every version.
    pub members: Vec<JoinGroupResponseMember>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for JoinGroupResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            generation_id: -1,
            protocol_type: None,
            protocol_name: Some(ByteString::new()),
            leader: ByteString::new(),
            skip_assignment: false,
            member_id: ByteString::new(),
            members: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for JoinGroupResponse {
    const NAME: &'static str = "JoinGroupResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 9);
    const FIRST_FLEXIBLE: i16 = 6;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 2 { reader.i32("throttle_time_ms")? } else { 0 },
            error_code: ErrorCode(reader.i16("error_code")?),
            generation_id: reader.i32("generation_id")?,
            protocol_type: if version >= 7 { reader.nullable_string("protocol_type")? } else { None },
            protocol_name: if version >= 7 {
                reader.nullable_string("protocol_name")?
            } else {
                Some(reader.string("protocol_name")?)
            },
            leader: reader.string("leader")?,
            skip_assignment: if version >= 9 { reader.bool("skip_assignment")? } else { false },
            member_id: reader.string("member_id")?,
            members: reader.array("members", |reader| JoinGroupResponseMember::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 2 {
            writer.i32(self.throttle_time_ms);
        }
        writer.i16(self.error_code.0);
        writer.i32(self.generation_id);
        if version >= 7 {
            writer.nullable_string("protocol_type", self.protocol_type.as_deref())?;
        }
        if version < 7 && self.protocol_name.is_none() {
            return Err(writer.null_not_allowed("protocol_name"));
        }
        writer.nullable_string("protocol_name", self.protocol_name.as_deref())?;
        writer.string("leader", &self.leader)?;
        if version >= 9 {
            writer.bool(self.skip_assignment);
        } else if self.skip_assignment {
            return Err(writer.field_not_in_version("skip_assignment"));
        }
        writer.string("member_id", &self.member_id)?;
        writer.array_length("members", self.members.len())?;
        for element in &self.members {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for JoinGroupResponse {
    const KEY: ApiKey = ApiKey::JOIN_GROUP;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`JoinGroupResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinGroupResponseMember {
    /// In every version.
    pub member_id: ByteString,
    /// Since version 5; may be null. Default null. Ignorable.
    pub group_instance_id: Option<ByteString>,
    /// In every version.
    pub metadata: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl JoinGroupResponseMember {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            member_id: reader.string("member_id")?,
            group_instance_id: if version >= 5 { reader.nullable_string("group_instance_id")? } else { None },
            metadata: reader.bytes("metadata")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("member_id", &self.member_id)?;
        if version >= 5 {
            writer.nullable_string("group_instance_id", self.group_instance_id.as_deref())?;
        }
        writer.bytes("metadata", &self.metadata)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
