// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ListGroups` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId};
use bytestring::ByteString;

/// Asks `ListGroups` (API key 16): versions 0-5, flexible since 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListGroupsRequest {
    /// Since version 4.
    pub states_filter: Vec<ByteString>,
    /// Since version 5.
    pub types_filter: Vec<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ListGroupsRequest {
    const NAME: &'static str = "ListGroupsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            states_filter: if version >= 4 {
                reader.array("states_filter", |reader| reader.string("states_filter"))?
            } else {
                Vec::new()
            },
            types_filter: if version >= 5 {
                reader.array("types_filter", |reader| reader.string("types_filter"))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 4 {
            writer.array_length("states_filter", self.states_filter.len())?;
            for element in &self.states_filter {
                writer.string("states_filter", element)?;
            }
        } else if !self.states_filter.is_empty() {
            return Err(writer.field_not_in_version("states_filter"));
        }
        if version >= 5 {
            writer.array_length("types_filter", self.types_filter.len())?;
            for element in &self.types_filter {
                writer.string("types_filter", element)?;
            }
        } else if !self.types_filter.is_empty() {
            return Err(writer.field_not_in_version("types_filter"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ListGroupsRequest {
    const KEY: ApiKey = ApiKey::LIST_GROUPS;
    const LATEST_STABLE: i16 = 5;
    type Response = ListGroupsResponse;
}

/// Answers `ListGroups` (API key 16): versions 0-5, flexible since 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListGroupsResponse {
    /// Since version 1. Ignorable.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub groups: Vec<ListedGroup>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ListGroupsResponse {
    const NAME: &'static str = "ListGroupsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 1 { reader.i32("throttle_time_ms")? } else { 0 },
            error_code: ErrorCode(reader.i16("error_code")?),
            groups: reader.array("groups", |reader| ListedGroup::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 1 {
            writer.i32(self.throttle_time_ms);
        }
        writer.i16(self.error_code.0);
        writer.array_length("groups", self.groups.len())?;
        for element in &self.groups {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ListGroupsResponse {
    const KEY: ApiKey = ApiKey::LIST_GROUPS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`ListGroupsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListedGroup {
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub protocol_type: ByteString,
    /// Since version 4. Ignorable.
    pub group_state: ByteString,
    /// Since version 5. Ignorable.
    pub group_type: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ListedGroup {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            protocol_type: reader.string("protocol_type")?,
            group_state: if version >= 4 { reader.string("group_state")? } else { ByteString::new() },
            group_type: if version >= 5 { reader.string("group_type")? } else { ByteString::new() },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("group_id", &self.group_id)?;
        writer.string("protocol_type", &self.protocol_type)?;
        if version >= 4 {
            writer.string("group_state", &self.group_state)?;
        }
        if version >= 5 {
            writer.string("group_type", &self.group_type)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
