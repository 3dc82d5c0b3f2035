// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `FindCoordinator` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode};
use bytestring::ByteString;

/// Asks `FindCoordinator` (API key 10): versions 0-6, flexible since 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindCoordinatorRequest {
    /// Up to version 3.
    pub key: ByteString,
    /// Since version 1.
    pub key_type: i8,
    /// Since version 4.
    pub coordinator_keys: Vec<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for FindCoordinatorRequest {
    const NAME: &'static str = "FindCoordinatorRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            key: if version <= 3 { reader.string("key")? } else { ByteString::new() },
            key_type: if version >= 1 { reader.i8("key_type")? } else { 0 },
            coordinator_keys: if version >= 4 {
                reader.array("coordinator_keys", |reader| reader.string("coordinator_keys"))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version <= 3 {
            writer.string("key", &self.key)?;
        } else if !self.key.is_empty() {
            return Err(writer.field_not_in_version("key"));
        }
        if version >= 1 {
            writer.i8(self.key_type);
        } else if self.key_type != 0 {
            return Err(writer.field_not_in_version("key_type"));
        }
        if version >= 4 {
            writer.array_length("coordinator_keys", self.coordinator_keys.len())?;
            for element in &self.coordinator_keys {
                writer.string("coordinator_keys", element)?;
            }
        } else if !self.coordinator_keys.is_empty() {
            return Err(writer.field_not_in_version("coordinator_keys"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for FindCoordinatorRequest {
    const KEY: ApiKey = ApiKey::FIND_COORDINATOR;
    const LATEST_STABLE: i16 = 6;
    type Response = FindCoordinatorResponse;
}

/// Answers `FindCoordinator` (API key 10): versions 0-6, flexible since 3.
#[derive(Clone, Debug, PartialEq)]
pub struct FindCoordinatorResponse {
    /// Since version 1. Ignorable.
    pub throttle_time_ms: i32,
    /// Up to version 3.
    pub error_code: ErrorCode,
    /// In versions 1-3; may be null. Ignorable.
    pub error_message: Option<ByteString>,
    /// Up to version 3.
    pub node_id: BrokerId,
    /// Up to version 3.
    pub host: ByteString,
    /// Up to version 3.
    pub port: i32,
    /// Since version 4.
    pub coordinators: Vec<Coordinator>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for FindCoordinatorResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            node_id: BrokerId(0),
            host: ByteString::new(),
            port: 0,
            coordinators: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for FindCoordinatorResponse {
    const NAME: &'static str = "FindCoordinatorResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 1 { reader.i32("throttle_time_ms")? } else { 0 },
            error_code: if version <= 3 { ErrorCode(reader.i16("error_code")?) } else { ErrorCode::NONE },
            error_message: if (1..=3).contains(&version) {
                reader.nullable_string("error_message")?
            } else {
                Some(ByteString::new())
            },
            node_id: if version <= 3 { BrokerId(reader.i32("node_id")?) } else { BrokerId(0) },
            host: if version <= 3 { reader.string("host")? } else { ByteString::new() },
            port: if version <= 3 { reader.i32("port")? } else { 0 },
            coordinators: if version >= 4 {
                reader.array("coordinators", |reader| Coordinator::read(reader, version))?
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
        if version <= 3 {
            writer.i16(self.error_code.0);
        } else if self.error_code != ErrorCode::NONE {
            return Err(writer.field_not_in_version("error_code"));
        }
        if (1..=3).contains(&version) {
            writer.nullable_string("error_message", self.error_message.as_deref())?;
        }
        if version <= 3 {
            writer.i32(self.node_id.0);
        } else if self.node_id != BrokerId(0) {
            return Err(writer.field_not_in_version("node_id"));
        }
        if version <= 3 {
            writer.string("host", &self.host)?;
        } else if !self.host.is_empty() {
            return Err(writer.field_not_in_version("host"));
        }
        if version <= 3 {
            writer.i32(self.port);
        } else if self.port != 0 {
            return Err(writer.field_not_in_version("port"));
        }
        if version >= 4 {
            writer.array_length("coordinators", self.coordinators.len())?;
            for element in &self.coordinators {
                element.write(writer, version)?;
            }
        } else if !self.coordinators.is_empty() {
            return Err(writer.field_not_in_version("coordinators"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for FindCoordinatorResponse {
    const KEY: ApiKey = ApiKey::FIND_COORDINATOR;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`FindCoordinatorResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinator {
    /// In every version.
    pub key: ByteString,
    /// In every version.
    pub node_id: BrokerId,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for Coordinator {
    fn default() -> Self {
        Self {
            key: ByteString::new(),
            node_id: BrokerId(0),
            host: ByteString::new(),
            port: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Coordinator {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            key: reader.string("key")?,
            node_id: BrokerId(reader.i32("node_id")?),
            host: reader.string("host")?,
            port: reader.i32("port")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("key", &self.key)?;
        writer.i32(self.node_id.0);
        writer.string("host", &self.host)?;
        writer.i32(self.port);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
