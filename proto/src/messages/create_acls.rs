// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `CreateAcls` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `CreateAcls` (API key 30): versions 1-3, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateAclsRequest {
    /// In every version.
    pub creations: Vec<AclCreation>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for CreateAclsRequest {
    const NAME: &'static str = "CreateAclsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            creations: reader.array("creations", |reader| AclCreation::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("creations", self.creations.len())?;
        for element in &self.creations {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for CreateAclsRequest {
    const KEY: ApiKey = ApiKey::CREATE_ACLS;
    const LATEST_STABLE: i16 = 3;
    type Response = CreateAclsResponse;
}

/// Part of [`CreateAclsRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct AclCreation {
    /// In every version.
    pub resource_type: i8,
    /// In every version.
    pub resource_name: ByteString,
    /// In every version. Default 3.
    pub resource_pattern_type: i8,
    /// In every version.
    pub principal: ByteString,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub operation: i8,
    /// In every version.
    pub permission_type: i8,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AclCreation {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: ByteString::new(),
            resource_pattern_type: 3,
            principal: ByteString::new(),
            host: ByteString::new(),
            operation: 0,
            permission_type: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl AclCreation {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            resource_type: reader.i8("resource_type")?,
            resource_name: reader.string("resource_name")?,
            resource_pattern_type: reader.i8("resource_pattern_type")?,
            principal: reader.string("principal")?,
            host: reader.string("host")?,
            operation: reader.i8("operation")?,
            permission_type: reader.i8("permission_type")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i8(self.resource_type);
        writer.string("resource_name", &self.resource_name)?;
        writer.i8(self.resource_pattern_type);
        writer.string("principal", &self.principal)?;
        writer.string("host", &self.host)?;
        writer.i8(self.operation);
        writer.i8(self.permission_type);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `CreateAcls` (API key 30): versions 1-3, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateAclsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub results: Vec<AclCreationResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for CreateAclsResponse {
    const NAME: &'static str = "CreateAclsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            results: reader.array("results", |reader| AclCreationResult::read(reader, version))?,
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

impl Response for CreateAclsResponse {
    const KEY: ApiKey = ApiKey::CREATE_ACLS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`CreateAclsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct AclCreationResult {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AclCreationResult {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl AclCreationResult {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
