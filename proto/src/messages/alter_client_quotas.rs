// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `AlterClientQuotas` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `AlterClientQuotas` (API key 49): versions 0-1, flexible since 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterClientQuotasRequest {
    /// In every version.
    pub entries: Vec<RequestEntryData>,
    /// In every version.
    pub validate_only: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for AlterClientQuotasRequest {
    const NAME: &'static str = "AlterClientQuotasRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            entries: reader.array("entries", |reader| RequestEntryData::read(reader, version))?,
            validate_only: reader.bool("validate_only")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("entries", self.entries.len())?;
        for element in &self.entries {
            element.write(writer, version)?;
        }
        writer.bool(self.validate_only);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for AlterClientQuotasRequest {
    const KEY: ApiKey = ApiKey::ALTER_CLIENT_QUOTAS;
    const LATEST_STABLE: i16 = 1;
    type Response = AlterClientQuotasResponse;
}

/// Part of [`AlterClientQuotasRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestEntryData {
    /// In every version.
    pub entity: Vec<RequestEntityData>,
    /// In every version.
    pub ops: Vec<OpData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestEntryData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            entity: reader.array("entity", |reader| RequestEntityData::read(reader, version))?,
            ops: reader.array("ops", |reader| OpData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.array_length("entity", self.entity.len())?;
        for element in &self.entity {
            element.write(writer, version)?;
        }
        writer.array_length("ops", self.ops.len())?;
        for element in &self.ops {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`AlterClientQuotasRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct RequestEntityData {
    /// In every version.
    pub entity_type: ByteString,
    /// In every version; may be null.
    pub entity_name: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for RequestEntityData {
    fn default() -> Self {
        Self {
            entity_type: ByteString::new(),
            entity_name: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl RequestEntityData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            entity_type: reader.string("entity_type")?,
            entity_name: reader.nullable_string("entity_name")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("entity_type", &self.entity_type)?;
        writer.nullable_string("entity_name", self.entity_name.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`AlterClientQuotasRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpData {
    /// In every version.
    pub key: ByteString,
    /// In every version.
    pub value: f64,
    /// In every version.
    pub remove: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl OpData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            key: reader.string("key")?,
            value: reader.f64("value")?,
            remove: reader.bool("remove")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("key", &self.key)?;
        writer.f64(self.value);
        writer.bool(self.remove);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `AlterClientQuotas` (API key 49): versions 0-1, flexible since 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlterClientQuotasResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub entries: Vec<ResponseEntryData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for AlterClientQuotasResponse {
    const NAME: &'static str = "AlterClientQuotasResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            entries: reader.array("entries", |reader| ResponseEntryData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("entries", self.entries.len())?;
        for element in &self.entries {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for AlterClientQuotasResponse {
    const KEY: ApiKey = ApiKey::ALTER_CLIENT_QUOTAS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`AlterClientQuotasResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseEntryData {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub entity: Vec<ResponseEntityData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ResponseEntryData {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            entity: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl ResponseEntryData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            entity: reader.array("entity", |reader| ResponseEntityData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.array_length("entity", self.entity.len())?;
        for element in &self.entity {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`AlterClientQuotasResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseEntityData {
    /// In every version.
    pub entity_type: ByteString,
    /// In every version; may be null.
    pub entity_name: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ResponseEntityData {
    fn default() -> Self {
        Self {
            entity_type: ByteString::new(),
            entity_name: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl ResponseEntityData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            entity_type: reader.string("entity_type")?,
            entity_name: reader.nullable_string("entity_name")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("entity_type", &self.entity_type)?;
        writer.nullable_string("entity_name", self.entity_name.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
