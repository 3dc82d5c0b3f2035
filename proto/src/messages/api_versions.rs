// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ApiVersions` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `ApiVersions` (API key 18): versions 0-5, flexible since 3.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiVersionsRequest {
    /// Since version 3. Ignorable.
    pub client_software_name: ByteString,
    /// Since version 3. Ignorable.
    pub client_software_version: ByteString,
    /// Since version 5; may be null. Default null. Ignorable.
    pub cluster_id: Option<ByteString>,
    /// Since version 5. Default -1. Ignorable.
    pub node_id: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ApiVersionsRequest {
    fn default() -> Self {
        Self {
            client_software_name: ByteString::new(),
            client_software_version: ByteString::new(),
            cluster_id: None,
            node_id: -1,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ApiVersionsRequest {
    const NAME: &'static str = "ApiVersionsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            client_software_name: if version >= 3 {
                reader.string("client_software_name")?
            } else {
                ByteString::new()
            },
            client_software_version: if version >= 3 {
                reader.string("client_software_version")?
            } else {
                ByteString::new()
            },
            cluster_id: if version >= 5 { reader.nullable_string("cluster_id")? } else { None },
            node_id: if version >= 5 { reader.i32("node_id")? } else { -1 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 3 {
            writer.string("client_software_name", &self.client_software_name)?;
        }
        if version >= 3 {
            writer.string("client_software_version", &self.client_software_version)?;
        }
        if version >= 5 {
            writer.nullable_string("cluster_id", self.cluster_id.as_deref())?;
        }
        if version >= 5 {
            writer.i32(self.node_id);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ApiVersionsRequest {
    const KEY: ApiKey = ApiKey::API_VERSIONS;
    const LATEST_STABLE: i16 = 5;
    type Response = ApiVersionsResponse;
}

/// Answers `ApiVersions` (API key 18): versions 0-5, flexible since 3.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiVersionsResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub api_keys: Vec<ApiVersion>,
    /// Since version 1. Ignorable.
    pub throttle_time_ms: i32,
    /// Since version 3, as tag 0. Ignorable.
    pub supported_features: Vec<SupportedFeatureKey>,
    /// Since version 3, as tag 1. Default -1. Ignorable.
    pub finalized_features_epoch: i64,
    /// Since version 3, as tag 2. Ignorable.
    pub finalized_features: Vec<FinalizedFeatureKey>,
    /// Since version 3, as tag 3. Ignorable.
    pub zk_migration_ready: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ApiVersionsResponse {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            api_keys: Vec::new(),
            throttle_time_ms: 0,
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ApiVersionsResponse {
    const NAME: &'static str = "ApiVersionsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            api_keys: reader.array("api_keys", |reader| ApiVersion::read(reader, version))?,
            throttle_time_ms: if version >= 1 { reader.i32("throttle_time_ms")? } else { 0 },
            supported_features: Vec::new(),
            finalized_features_epoch: -1,
            finalized_features: Vec::new(),
            zk_migration_ready: false,
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 3 => {
                    message.supported_features = reader
                        .array("supported_features", |reader| SupportedFeatureKey::read(reader, version))?
                }
                1 if version >= 3 => {
                    message.finalized_features_epoch = reader.i64("finalized_features_epoch")?
                }
                2 if version >= 3 => {
                    message.finalized_features = reader
                        .array("finalized_features", |reader| FinalizedFeatureKey::read(reader, version))?
                }
                3 if version >= 3 => message.zk_migration_ready = reader.bool("zk_migration_ready")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.error_code.0);
        writer.array_length("api_keys", self.api_keys.len())?;
        for element in &self.api_keys {
            element.write(writer, version)?;
        }
        if version >= 1 {
            writer.i32(self.throttle_time_ms);
        }
        let mut tagged = TaggedFields::default();
        if version >= 3 && !self.supported_features.is_empty() {
            let mut field = writer.tagged_field();
            field.array_length("supported_features", self.supported_features.len())?;
            for element in &self.supported_features {
                element.write(&mut field, version)?;
            }
            tagged.push(0, field);
        }
        if version >= 3 && self.finalized_features_epoch != -1 {
            let mut field = writer.tagged_field();
            field.i64(self.finalized_features_epoch);
            tagged.push(1, field);
        }
        if version >= 3 && !self.finalized_features.is_empty() {
            let mut field = writer.tagged_field();
            field.array_length("finalized_features", self.finalized_features.len())?;
            for element in &self.finalized_features {
                element.write(&mut field, version)?;
            }
            tagged.push(2, field);
        }
        if version >= 3 && self.zk_migration_ready {
            let mut field = writer.tagged_field();
            field.bool(self.zk_migration_ready);
            tagged.push(3, field);
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

impl Response for ApiVersionsResponse {
    const KEY: ApiKey = ApiKey::API_VERSIONS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }

    fn header_version(_version: i16) -> i16 {
        0
    }
}

/// Part of [`ApiVersionsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiVersion {
    /// In every version. A key: no two elements share it.
    pub api_key: i16,
    /// In every version.
    pub min_version: i16,
    /// In every version.
    pub max_version: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ApiVersion {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            api_key: reader.i16("api_key")?,
            min_version: reader.i16("min_version")?,
            max_version: reader.i16("max_version")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i16(self.api_key);
        writer.i16(self.min_version);
        writer.i16(self.max_version);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ApiVersionsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SupportedFeatureKey {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub min_version: i16,
    /// In every version.
    pub max_version: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl SupportedFeatureKey {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            min_version: reader.i16("min_version")?,
            max_version: reader.i16("max_version")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.i16(self.min_version);
        writer.i16(self.max_version);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`ApiVersionsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalizedFeatureKey {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub max_version_level: i16,
    /// In every version.
    pub min_version_level: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl FinalizedFeatureKey {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            max_version_level: reader.i16("max_version_level")?,
            min_version_level: reader.i16("min_version_level")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.i16(self.max_version_level);
        writer.i16(self.min_version_level);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
