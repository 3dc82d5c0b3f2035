// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ListConfigResources` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `ListConfigResources` (API key 74): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListConfigResourcesRequest {
    /// Since version 1.
    pub resource_types: Vec<i8>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ListConfigResourcesRequest {
    const NAME: &'static str = "ListConfigResourcesRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            resource_types: if version >= 1 {
                reader.array("resource_types", |reader| reader.i8("resource_types"))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 1 {
            writer.array_length("resource_types", self.resource_types.len())?;
            for element in &self.resource_types {
                writer.i8(*element);
            }
        } else if !self.resource_types.is_empty() {
            return Err(writer.field_not_in_version("resource_types"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ListConfigResourcesRequest {
    const KEY: ApiKey = ApiKey::LIST_CONFIG_RESOURCES;
    const LATEST_STABLE: i16 = 1;
    type Response = ListConfigResourcesResponse;
}

/// Answers `ListConfigResources` (API key 74): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListConfigResourcesResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub config_resources: Vec<ConfigResource>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ListConfigResourcesResponse {
    const NAME: &'static str = "ListConfigResourcesResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            config_resources: reader
                .array("config_resources", |reader| ConfigResource::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.array_length("config_resources", self.config_resources.len())?;
        for element in &self.config_resources {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ListConfigResourcesResponse {
    const KEY: ApiKey = ApiKey::LIST_CONFIG_RESOURCES;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`ListConfigResourcesResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigResource {
    /// In every version.
    pub resource_name: ByteString,
    /// Since version 1. Default 16. Ignorable.
    pub resource_type: i8,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ConfigResource {
    fn default() -> Self {
        Self { resource_name: ByteString::new(), resource_type: 16, unknown_tagged_fields: Vec::new() }
    }
}

impl ConfigResource {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            resource_name: reader.string("resource_name")?,
            resource_type: if version >= 1 { reader.i8("resource_type")? } else { 16 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("resource_name", &self.resource_name)?;
        if version >= 1 {
            writer.i8(self.resource_type);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
