// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeConfigs` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `DescribeConfigs` (API key 32): versions 1-4, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeConfigsRequest {
    /// In every version.
    pub resources: Vec<DescribeConfigsResource>,
    /// In every version.
    pub include_synonyms: bool,
    /// Since version 3.
    pub include_documentation: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeConfigsRequest {
    const NAME: &'static str = "DescribeConfigsRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 4);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            resources: reader.array("resources", |reader| DescribeConfigsResource::read(reader, version))?,
            include_synonyms: reader.bool("include_synonyms")?,
            include_documentation: if version >= 3 { reader.bool("include_documentation")? } else { false },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("resources", self.resources.len())?;
        for element in &self.resources {
            element.write(writer, version)?;
        }
        writer.bool(self.include_synonyms);
        if version >= 3 {
            writer.bool(self.include_documentation);
        } else if self.include_documentation {
            return Err(writer.field_not_in_version("include_documentation"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeConfigsRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_CONFIGS;
    const LATEST_STABLE: i16 = 4;
    type Response = DescribeConfigsResponse;
}

/// Part of [`DescribeConfigsRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsResource {
    /// In every version.
    pub resource_type: i8,
    /// In every version.
    pub resource_name: ByteString,
    /// In every version; may be null.
    pub configuration_keys: Option<Vec<ByteString>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeConfigsResource {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: ByteString::new(),
            configuration_keys: Some(Vec::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribeConfigsResource {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            resource_type: reader.i8("resource_type")?,
            resource_name: reader.string("resource_name")?,
            configuration_keys: reader
                .nullable_array("configuration_keys", |reader| reader.string("configuration_keys"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i8(self.resource_type);
        writer.string("resource_name", &self.resource_name)?;
        writer.nullable_array_length("configuration_keys", self.configuration_keys.as_ref().map(Vec::len))?;
        for element in self.configuration_keys.iter().flatten() {
            writer.string("configuration_keys", element)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `DescribeConfigs` (API key 32): versions 1-4, flexible since 4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeConfigsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub results: Vec<DescribeConfigsResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeConfigsResponse {
    const NAME: &'static str = "DescribeConfigsResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 4);
    const FIRST_FLEXIBLE: i16 = 4;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            results: reader.array("results", |reader| DescribeConfigsResult::read(reader, version))?,
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

impl Response for DescribeConfigsResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_CONFIGS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DescribeConfigsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsResult {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub resource_type: i8,
    /// In every version.
    pub resource_name: ByteString,
    /// In every version.
    pub configs: Vec<DescribeConfigsResourceResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeConfigsResult {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            resource_type: 0,
            resource_name: ByteString::new(),
            configs: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribeConfigsResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            resource_type: reader.i8("resource_type")?,
            resource_name: reader.string("resource_name")?,
            configs: reader
                .array("configs", |reader| DescribeConfigsResourceResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.i8(self.resource_type);
        writer.string("resource_name", &self.resource_name)?;
        writer.array_length("configs", self.configs.len())?;
        for element in &self.configs {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeConfigsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsResourceResult {
    /// In every version.
    pub name: ByteString,
    /// In every version; may be null.
    pub value: Option<ByteString>,
    /// In every version.
    pub read_only: bool,
    /// In every version. Default -1.
    pub config_source: i8,
    /// In every version.
    pub is_sensitive: bool,
    /// In every version.
    pub synonyms: Vec<DescribeConfigsSynonym>,
    /// Since version 3. Ignorable.
    pub config_type: i8,
    /// Since version 3; may be null. Ignorable.
    pub documentation: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeConfigsResourceResult {
    fn default() -> Self {
        Self {
            name: ByteString::new(),
            value: Some(ByteString::new()),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            synonyms: Vec::new(),
            config_type: 0,
            documentation: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribeConfigsResourceResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            value: reader.nullable_string("value")?,
            read_only: reader.bool("read_only")?,
            config_source: reader.i8("config_source")?,
            is_sensitive: reader.bool("is_sensitive")?,
            synonyms: reader.array("synonyms", |reader| DescribeConfigsSynonym::read(reader, version))?,
            config_type: if version >= 3 { reader.i8("config_type")? } else { 0 },
            documentation: if version >= 3 {
                reader.nullable_string("documentation")?
            } else {
                Some(ByteString::new())
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.nullable_string("value", self.value.as_deref())?;
        writer.bool(self.read_only);
        writer.i8(self.config_source);
        writer.bool(self.is_sensitive);
        writer.array_length("synonyms", self.synonyms.len())?;
        for element in &self.synonyms {
            element.write(writer, version)?;
        }
        if version >= 3 {
            writer.i8(self.config_type);
        }
        if version >= 3 {
            writer.nullable_string("documentation", self.documentation.as_deref())?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeConfigsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeConfigsSynonym {
    /// In every version.
    pub name: ByteString,
    /// In every version; may be null.
    pub value: Option<ByteString>,
    /// In every version.
    pub source: i8,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeConfigsSynonym {
    fn default() -> Self {
        Self {
            name: ByteString::new(),
            value: Some(ByteString::new()),
            source: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribeConfigsSynonym {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            value: reader.nullable_string("value")?,
            source: reader.i8("source")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.nullable_string("value", self.value.as_deref())?;
        writer.i8(self.source);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
