// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `AlterConfigs` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `AlterConfigs` (API key 33): versions 0-2, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsRequest {
    /// In every version.
    pub resources: Vec<AlterConfigsResource>,
    /// In every version.
    pub validate_only: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for AlterConfigsRequest {
    const NAME: &'static str = "AlterConfigsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            resources: reader.array("resources", |reader| AlterConfigsResource::read(reader, version))?,
            validate_only: reader.bool("validate_only")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("resources", self.resources.len())?;
        for element in &self.resources {
            element.write(writer, version)?;
        }
        writer.bool(self.validate_only);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for AlterConfigsRequest {
    const KEY: ApiKey = ApiKey::ALTER_CONFIGS;
    const LATEST_STABLE: i16 = 2;
    type Response = AlterConfigsResponse;
}

/// Part of [`AlterConfigsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsResource {
    /// In every version. A key: no two elements share it.
    pub resource_type: i8,
    /// In every version. A key: no two elements share it.
    pub resource_name: ByteString,
    /// In every version.
    pub configs: Vec<AlterableConfig>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AlterConfigsResource {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            resource_type: reader.i8("resource_type")?,
            resource_name: reader.string("resource_name")?,
            configs: reader.array("configs", |reader| AlterableConfig::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i8(self.resource_type);
        writer.string("resource_name", &self.resource_name)?;
        writer.array_length("configs", self.configs.len())?;
        for element in &self.configs {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`AlterConfigsRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct AlterableConfig {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version; may be null.
    pub value: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AlterableConfig {
    fn default() -> Self {
        Self { name: ByteString::new(), value: Some(ByteString::new()), unknown_tagged_fields: Vec::new() }
    }
}

impl AlterableConfig {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            value: reader.nullable_string("value")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.nullable_string("value", self.value.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `AlterConfigs` (API key 33): versions 0-2, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterConfigsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub responses: Vec<AlterConfigsResourceResponse>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for AlterConfigsResponse {
    const NAME: &'static str = "AlterConfigsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            responses: reader
                .array("responses", |reader| AlterConfigsResourceResponse::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("responses", self.responses.len())?;
        for element in &self.responses {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for AlterConfigsResponse {
    const KEY: ApiKey = ApiKey::ALTER_CONFIGS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`AlterConfigsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct AlterConfigsResourceResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub resource_type: i8,
    /// In every version.
    pub resource_name: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AlterConfigsResourceResponse {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            resource_type: 0,
            resource_name: ByteString::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl AlterConfigsResourceResponse {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            resource_type: reader.i8("resource_type")?,
            resource_name: reader.string("resource_name")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.i8(self.resource_type);
        writer.string("resource_name", &self.resource_name)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
