// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeCluster` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode};
use bytestring::ByteString;

/// Asks `DescribeCluster` (API key 60): versions 0-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeClusterRequest {
    /// In every version.
    pub include_cluster_authorized_operations: bool,
    /// Since version 1. Default 1.
    pub endpoint_type: i8,
    /// Since version 2.
    pub include_fenced_brokers: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeClusterRequest {
    fn default() -> Self {
        Self {
            include_cluster_authorized_operations: false,
            endpoint_type: 1,
            include_fenced_brokers: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for DescribeClusterRequest {
    const NAME: &'static str = "DescribeClusterRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            include_cluster_authorized_operations: reader.bool("include_cluster_authorized_operations")?,
            endpoint_type: if version >= 1 { reader.i8("endpoint_type")? } else { 1 },
            include_fenced_brokers: if version >= 2 { reader.bool("include_fenced_brokers")? } else { false },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.bool(self.include_cluster_authorized_operations);
        if version >= 1 {
            writer.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(writer.field_not_in_version("endpoint_type"));
        }
        if version >= 2 {
            writer.bool(self.include_fenced_brokers);
        } else if self.include_fenced_brokers {
            return Err(writer.field_not_in_version("include_fenced_brokers"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeClusterRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_CLUSTER;
    const LATEST_STABLE: i16 = 2;
    type Response = DescribeClusterResponse;
}

/// Answers `DescribeCluster` (API key 60): versions 0-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeClusterResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// Since version 1. Default 1.
    pub endpoint_type: i8,
    /// In every version.
    pub cluster_id: ByteString,
    /// In every version. Default -1.
    pub controller_id: BrokerId,
    /// In every version.
    pub brokers: Vec<DescribeClusterBroker>,
    /// In every version. Default i32::MIN.
    pub cluster_authorized_operations: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeClusterResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: None,
            endpoint_type: 1,
            cluster_id: ByteString::new(),
            controller_id: BrokerId::NONE,
            brokers: Vec::new(),
            cluster_authorized_operations: i32::MIN,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for DescribeClusterResponse {
    const NAME: &'static str = "DescribeClusterResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            endpoint_type: if version >= 1 { reader.i8("endpoint_type")? } else { 1 },
            cluster_id: reader.string("cluster_id")?,
            controller_id: BrokerId(reader.i32("controller_id")?),
            brokers: reader.array("brokers", |reader| DescribeClusterBroker::read(reader, version))?,
            cluster_authorized_operations: reader.i32("cluster_authorized_operations")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        if version >= 1 {
            writer.i8(self.endpoint_type);
        } else if self.endpoint_type != 1 {
            return Err(writer.field_not_in_version("endpoint_type"));
        }
        writer.string("cluster_id", &self.cluster_id)?;
        writer.i32(self.controller_id.0);
        writer.array_length("brokers", self.brokers.len())?;
        for element in &self.brokers {
            element.write(writer, version)?;
        }
        writer.i32(self.cluster_authorized_operations);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DescribeClusterResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_CLUSTER;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`DescribeClusterResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeClusterBroker {
    /// In every version. A key: no two elements share it.
    pub broker_id: BrokerId,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: i32,
    /// In every version; may be null. Default null.
    pub rack: Option<ByteString>,
    /// Since version 2.
    pub is_fenced: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeClusterBroker {
    fn default() -> Self {
        Self {
            broker_id: BrokerId(0),
            host: ByteString::new(),
            port: 0,
            rack: None,
            is_fenced: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribeClusterBroker {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            broker_id: BrokerId(reader.i32("broker_id")?),
            host: reader.string("host")?,
            port: reader.i32("port")?,
            rack: reader.nullable_string("rack")?,
            is_fenced: if version >= 2 { reader.bool("is_fenced")? } else { false },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.broker_id.0);
        writer.string("host", &self.host)?;
        writer.i32(self.port);
        writer.nullable_string("rack", self.rack.as_deref())?;
        if version >= 2 {
            writer.bool(self.is_fenced);
        } else if self.is_fenced {
            return Err(writer.field_not_in_version("is_fenced"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
