// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `BrokerRegistration` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, Uuid};
use bytestring::ByteString;

/// Asks `BrokerRegistration` (API key 62): versions 0-4, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerRegistrationRequest {
    /// In every version.
    pub broker_id: BrokerId,
    /// In every version.
    pub cluster_id: ByteString,
    /// In every version.
    pub incarnation_id: Uuid,
    /// In every version.
    pub listeners: Vec<Listener>,
    /// In every version.
    pub features: Vec<Feature>,
    /// In every version; may be null.
    pub rack: Option<ByteString>,
    /// Since version 1.
    pub is_migrating_zk_broker: bool,
    /// Since version 2. Ignorable.
    pub log_dirs: Vec<Uuid>,
    /// Since version 3. Default -1. Ignorable.
    pub previous_broker_epoch: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for BrokerRegistrationRequest {
    fn default() -> Self {
        Self {
            broker_id: BrokerId(0),
            cluster_id: ByteString::new(),
            incarnation_id: Uuid::ZERO,
            listeners: Vec::new(),
            features: Vec::new(),
            rack: Some(ByteString::new()),
            is_migrating_zk_broker: false,
            log_dirs: Vec::new(),
            previous_broker_epoch: -1,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for BrokerRegistrationRequest {
    const NAME: &'static str = "BrokerRegistrationRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            broker_id: BrokerId(reader.i32("broker_id")?),
            cluster_id: reader.string("cluster_id")?,
            incarnation_id: Uuid(reader.uuid("incarnation_id")?),
            listeners: reader.array("listeners", |reader| Listener::read(reader, version))?,
            features: reader.array("features", |reader| Feature::read(reader, version))?,
            rack: reader.nullable_string("rack")?,
            is_migrating_zk_broker: if version >= 1 { reader.bool("is_migrating_zk_broker")? } else { false },
            log_dirs: if version >= 2 {
                reader.array("log_dirs", |reader| reader.uuid("log_dirs").map(Uuid))?
            } else {
                Vec::new()
            },
            previous_broker_epoch: if version >= 3 { reader.i64("previous_broker_epoch")? } else { -1 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.broker_id.0);
        writer.string("cluster_id", &self.cluster_id)?;
        writer.uuid(self.incarnation_id.0);
        writer.array_length("listeners", self.listeners.len())?;
        for element in &self.listeners {
            element.write(writer, version)?;
        }
        writer.array_length("features", self.features.len())?;
        for element in &self.features {
            element.write(writer, version)?;
        }
        writer.nullable_string("rack", self.rack.as_deref())?;
        if version >= 1 {
            writer.bool(self.is_migrating_zk_broker);
        } else if self.is_migrating_zk_broker {
            return Err(writer.field_not_in_version("is_migrating_zk_broker"));
        }
        if version >= 2 {
            writer.array_length("log_dirs", self.log_dirs.len())?;
            for element in &self.log_dirs {
                writer.uuid(element.0);
            }
        }
        if version >= 3 {
            writer.i64(self.previous_broker_epoch);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for BrokerRegistrationRequest {
    const KEY: ApiKey = ApiKey::BROKER_REGISTRATION;
    const LATEST_STABLE: i16 = 4;
    type Response = BrokerRegistrationResponse;
}

/// Part of [`BrokerRegistrationRequest`].
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

/// Part of [`BrokerRegistrationRequest`].
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

/// Answers `BrokerRegistration` (API key 62): versions 0-4, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerRegistrationResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version. Default -1.
    pub broker_epoch: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for BrokerRegistrationResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            broker_epoch: -1,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for BrokerRegistrationResponse {
    const NAME: &'static str = "BrokerRegistrationResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            broker_epoch: reader.i64("broker_epoch")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.i64(self.broker_epoch);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for BrokerRegistrationResponse {
    const KEY: ApiKey = ApiKey::BROKER_REGISTRATION;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
