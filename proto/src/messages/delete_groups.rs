// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DeleteGroups` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId};
use bytestring::ByteString;

/// Asks `DeleteGroups` (API key 42): versions 0-3, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteGroupsRequest {
    /// In every version.
    pub groups_names: Vec<GroupId>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DeleteGroupsRequest {
    const NAME: &'static str = "DeleteGroupsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            groups_names: reader
                .array("groups_names", |reader| reader.string("groups_names").map(GroupId))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("groups_names", self.groups_names.len())?;
        for element in &self.groups_names {
            writer.string("groups_names", element)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DeleteGroupsRequest {
    const KEY: ApiKey = ApiKey::DELETE_GROUPS;
    const LATEST_STABLE: i16 = 3;
    type Response = DeleteGroupsResponse;
}

/// Answers `DeleteGroups` (API key 42): versions 0-3, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteGroupsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub results: Vec<DeletableGroupResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DeleteGroupsResponse {
    const NAME: &'static str = "DeleteGroupsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            results: reader.array("results", |reader| DeletableGroupResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("results", self.results.len())?;
        for element in &self.results {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DeleteGroupsResponse {
    const KEY: ApiKey = ApiKey::DELETE_GROUPS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DeleteGroupsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeletableGroupResult {
    /// In every version. A key: no two elements share it.
    pub group_id: GroupId,
    /// In every version.
    pub error_code: ErrorCode,
    /// Since version 3; may be null. Default null. Ignorable.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DeletableGroupResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: if version >= 3 { reader.nullable_string("error_message")? } else { None },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("group_id", &self.group_id)?;
        writer.i16(self.error_code.0);
        if version >= 3 {
            writer.nullable_string("error_message", self.error_message.as_deref())?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
