// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ControllerRegistration` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, Uuid};
use bytestring::ByteString;

/// Asks `ControllerRegistration` (API key 70): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControllerRegistrationRequest {
    /// In every version.
    pub controller_id: i32,
    /// In every version.
    pub incarnation_id: Uuid,
    /// In every version.
    pub zk_migration_ready: bool,
    /// In every version.
    pub listeners: Vec<Listener>,
    /// In every version.
    pub features: Vec<Feature>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ControllerRegistrationRequest {
    const NAME: &'static str = "ControllerRegistrationRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            controller_id: reader.i32("controller_id")?,
            incarnation_id: Uuid(reader.uuid("incarnation_id")?),
            zk_migration_ready: reader.bool("zk_migration_ready")?,
            listeners: reader.array("listeners", |reader| Listener::read(reader, version))?,
            features: reader.array("features", |reader| Feature::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.controller_id);
        writer.uuid(self.incarnation_id.0);
        writer.bool(self.zk_migration_ready);
        writer.array_length("listeners", self.listeners.len())?;
        for element in &self.listeners {
            element.write(writer, version)?;
        }
        writer.array_length("features", self.features.len())?;
        for element in &self.features {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ControllerRegistrationRequest {
    const KEY: ApiKey = ApiKey::CONTROLLER_REGISTRATION;
    const LATEST_STABLE: i16 = 0;
    type Response = ControllerRegistrationResponse;
}

/// Part of [`ControllerRegistrationRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// In every version.
    pub security_protocol: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Listener {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            host: reader.string("host")?,
            port: reader.u16("port")?,
            security_protocol: reader.i16("security_protocol")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.string("host", &self.host)?;
        writer.u16(self.port);
        writer.i16(self.security_protocol);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ControllerRegistrationRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feature {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub min_supported_version: i16,
    /// In every version.
    pub max_supported_version: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Feature {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            min_supported_version: reader.i16("min_supported_version")?,
            max_supported_version: reader.i16("max_supported_version")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.i16(self.min_supported_version);
        writer.i16(self.max_supported_version);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `ControllerRegistration` (API key 70): version 0, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct ControllerRegistrationResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ControllerRegistrationResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ControllerRegistrationResponse {
    const NAME: &'static str = "ControllerRegistrationResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ControllerRegistrationResponse {
    const KEY: ApiKey = ApiKey::CONTROLLER_REGISTRATION;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
