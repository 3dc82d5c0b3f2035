// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `UpdateFeatures` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `UpdateFeatures` (API key 57): versions 0-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateFeaturesRequest {
    /// In every version. Default 60000.
    pub timeout_ms: i32,
    /// In every version.
    pub feature_updates: Vec<FeatureUpdateKey>,
    /// Since version 1.
    pub validate_only: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for UpdateFeaturesRequest {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            feature_updates: Vec::new(),
            validate_only: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for UpdateFeaturesRequest {
    const NAME: &'static str = "UpdateFeaturesRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            timeout_ms: reader.i32("timeout_ms")?,
            feature_updates: reader
                .array("feature_updates", |reader| FeatureUpdateKey::read(reader, version))?,
            validate_only: if version >= 1 { reader.bool("validate_only")? } else { false },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.timeout_ms);
        writer.array_length("feature_updates", self.feature_updates.len())?;
        for element in &self.feature_updates {
            element.write(writer, version)?;
        }
        if version >= 1 {
            writer.bool(self.validate_only);
        } else if self.validate_only {
            return Err(writer.field_not_in_version("validate_only"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for UpdateFeaturesRequest {
    const KEY: ApiKey = ApiKey::UPDATE_FEATURES;
    const LATEST_STABLE: i16 = 2;
    type Response = UpdateFeaturesResponse;
}

/// Part of [`UpdateFeaturesRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureUpdateKey {
    /// In every version. A key: no two elements share it.
    pub feature: ByteString,
    /// In every version.
    pub max_version_level: i16,
    /// Up to version 0.
    pub allow_downgrade: bool,
    /// Since version 1. Default 1.
    pub upgrade_type: i8,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for FeatureUpdateKey {
    fn default() -> Self {
        Self {
            feature: ByteString::new(),
            max_version_level: 0,
            allow_downgrade: false,
            upgrade_type: 1,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl FeatureUpdateKey {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            feature: reader.string("feature")?,
            max_version_level: reader.i16("max_version_level")?,
            allow_downgrade: if version <= 0 { reader.bool("allow_downgrade")? } else { false },
            upgrade_type: if version >= 1 { reader.i8("upgrade_type")? } else { 1 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("feature", &self.feature)?;
        writer.i16(self.max_version_level);
        if version <= 0 {
            writer.bool(self.allow_downgrade);
        } else if self.allow_downgrade {
            return Err(writer.field_not_in_version("allow_downgrade"));
        }
        if version >= 1 {
            writer.i8(self.upgrade_type);
        } else if self.upgrade_type != 1 {
            return Err(writer.field_not_in_version("upgrade_type"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `UpdateFeatures` (API key 57): versions 0-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateFeaturesResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// Up to version 1. Ignorable.
    pub results: Vec<UpdatableFeatureResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for UpdateFeaturesResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            results: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for UpdateFeaturesResponse {
    const NAME: &'static str = "UpdateFeaturesResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            results: if version <= 1 {
                reader.array("results", |reader| UpdatableFeatureResult::read(reader, version))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        if version <= 1 {
            writer.array_length("results", self.results.len())?;
            for element in &self.results {
                element.write(writer, version)?;
            }
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for UpdateFeaturesResponse {
    const KEY: ApiKey = ApiKey::UPDATE_FEATURES;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`UpdateFeaturesResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatableFeatureResult {
    /// In every version. A key: no two elements share it.
    pub feature: ByteString,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for UpdatableFeatureResult {
    fn default() -> Self {
        Self {
            feature: ByteString::new(),
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl UpdatableFeatureResult {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            feature: reader.string("feature")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("feature", &self.feature)?;
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
