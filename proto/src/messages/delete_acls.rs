// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DeleteAcls` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `DeleteAcls` (API key 31): versions 1-3, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteAclsRequest {
    /// In every version.
    pub filters: Vec<DeleteAclsFilter>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DeleteAclsRequest {
    const NAME: &'static str = "DeleteAclsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            filters: reader.array("filters", |reader| DeleteAclsFilter::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("filters", self.filters.len())?;
        for element in &self.filters {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DeleteAclsRequest {
    const KEY: ApiKey = ApiKey::DELETE_ACLS;
    const LATEST_STABLE: i16 = 3;
    type Response = DeleteAclsResponse;
}

/// Part of [`DeleteAclsRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteAclsFilter {
    /// In every version.
    pub resource_type_filter: i8,
    /// In every version; may be null.
    pub resource_name_filter: Option<ByteString>,
    /// In every version. Default 3.
    pub pattern_type_filter: i8,
    /// In every version; may be null.
    pub principal_filter: Option<ByteString>,
    /// In every version; may be null.
    pub host_filter: Option<ByteString>,
    /// In every version.
    pub operation: i8,
    /// In every version.
    pub permission_type: i8,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DeleteAclsFilter {
    fn default() -> Self {
        Self {
            resource_type_filter: 0,
            resource_name_filter: Some(ByteString::new()),
            pattern_type_filter: 3,
            principal_filter: Some(ByteString::new()),
            host_filter: Some(ByteString::new()),
            operation: 0,
            permission_type: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DeleteAclsFilter {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            resource_type_filter: reader.i8("resource_type_filter")?,
            resource_name_filter: reader.nullable_string("resource_name_filter")?,
            pattern_type_filter: reader.i8("pattern_type_filter")?,
            principal_filter: reader.nullable_string("principal_filter")?,
            host_filter: reader.nullable_string("host_filter")?,
            operation: reader.i8("operation")?,
            permission_type: reader.i8("permission_type")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i8(self.resource_type_filter);
        writer.nullable_string("resource_name_filter", self.resource_name_filter.as_deref())?;
        writer.i8(self.pattern_type_filter);
        writer.nullable_string("principal_filter", self.principal_filter.as_deref())?;
        writer.nullable_string("host_filter", self.host_filter.as_deref())?;
        writer.i8(self.operation);
        writer.i8(self.permission_type);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `DeleteAcls` (API key 31): versions 1-3, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteAclsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub filter_results: Vec<DeleteAclsFilterResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DeleteAclsResponse {
    const NAME: &'static str = "DeleteAclsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            filter_results: reader
                .array("filter_results", |reader| DeleteAclsFilterResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("filter_results", self.filter_results.len())?;
        for element in &self.filter_results {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DeleteAclsResponse {
    const KEY: ApiKey = ApiKey::DELETE_ACLS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DeleteAclsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteAclsFilterResult {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub matching_acls: Vec<DeleteAclsMatchingAcl>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DeleteAclsFilterResult {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            matching_acls: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DeleteAclsFilterResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            matching_acls: reader
                .array("matching_acls", |reader| DeleteAclsMatchingAcl::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.array_length("matching_acls", self.matching_acls.len())?;
        for element in &self.matching_acls {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DeleteAclsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DeleteAclsMatchingAcl {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub resource_type: i8,
    /// In every version.
    pub resource_name: ByteString,
    /// In every version. Default 3.
    pub pattern_type: i8,
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

impl Default for DeleteAclsMatchingAcl {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            resource_type: 0,
            resource_name: ByteString::new(),
            pattern_type: 3,
            principal: ByteString::new(),
            host: ByteString::new(),
            operation: 0,
            permission_type: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DeleteAclsMatchingAcl {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            resource_type: reader.i8("resource_type")?,
            resource_name: reader.string("resource_name")?,
            pattern_type: reader.i8("pattern_type")?,
            principal: reader.string("principal")?,
            host: reader.string("host")?,
            operation: reader.i8("operation")?,
            permission_type: reader.i8("permission_type")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.i8(self.resource_type);
        writer.string("resource_name", &self.resource_name)?;
        writer.i8(self.pattern_type);
        writer.string("principal", &self.principal)?;
        writer.string("host", &self.host)?;
        writer.i8(self.operation);
        writer.i8(self.permission_type);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
