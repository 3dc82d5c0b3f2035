// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeClientQuotas` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `DescribeClientQuotas` (API key 48): versions 0-1, flexible since 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeClientQuotasRequest {
    /// In every version.
    pub components: Vec<ComponentData>,
    /// In every version.
    pub strict: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeClientQuotasRequest {
    const NAME: &'static str = "DescribeClientQuotasRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            components: reader.array("components", |reader| ComponentData::read(reader, version))?,
            strict: reader.bool("strict")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("components", self.components.len())?;
        for element in &self.components {
            element.write(writer, version)?;
        }
        writer.bool(self.strict);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeClientQuotasRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_CLIENT_QUOTAS;
    const LATEST_STABLE: i16 = 1;
    type Response = DescribeClientQuotasResponse;
}

/// Part of [`DescribeClientQuotasRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentData {
    /// In every version.
    pub entity_type: ByteString,
    /// In every version.
    pub match_type: i8,
    /// In every version; may be null.
    pub r#match: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ComponentData {
    fn default() -> Self {
        Self {
            entity_type: ByteString::new(),
            match_type: 0,
            r#match: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl ComponentData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            entity_type: reader.string("entity_type")?,
            match_type: reader.i8("match_type")?,
            r#match: reader.nullable_string("match")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("entity_type", &self.entity_type)?;
        writer.i8(self.match_type);
        writer.nullable_string("match", self.r#match.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `DescribeClientQuotas` (API key 48): versions 0-1, flexible since 1.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeClientQuotasResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// In every version; may be null.
    pub entries: Option<Vec<EntryData>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeClientQuotasResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            entries: Some(Vec::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for DescribeClientQuotasResponse {
    const NAME: &'static str = "DescribeClientQuotasResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            entries: reader.nullable_array("entries", |reader| EntryData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.nullable_array_length("entries", self.entries.as_ref().map(Vec::len))?;
        for element in self.entries.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DescribeClientQuotasResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_CLIENT_QUOTAS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`DescribeClientQuotasResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryData {
    /// In every version.
    pub entity: Vec<EntityData>,
    /// In every version.
    pub values: Vec<ValueData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl EntryData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            entity: reader.array("entity", |reader| EntityData::read(reader, version))?,
            values: reader.array("values", |reader| ValueData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.array_length("entity", self.entity.len())?;
        for element in &self.entity {
            element.write(writer, version)?;
        }
        writer.array_length("values", self.values.len())?;
        for element in &self.values {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeClientQuotasResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct EntityData {
    /// In every version.
    pub entity_type: ByteString,
    /// In every version; may be null.
    pub entity_name: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for EntityData {
    fn default() -> Self {
        Self {
            entity_type: ByteString::new(),
            entity_name: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl EntityData {
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

/// Part of [`DescribeClientQuotasResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueData {
    /// In every version.
    pub key: ByteString,
    /// In every version.
    pub value: f64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ValueData {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            key: reader.string("key")?,
            value: reader.f64("value")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("key", &self.key)?;
        writer.f64(self.value);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
