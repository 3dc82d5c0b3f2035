// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `PushTelemetry` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, Uuid};
use bytes::Bytes;

/// Asks `PushTelemetry` (API key 72): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PushTelemetryRequest {
    /// In every version.
    pub client_instance_id: Uuid,
    /// In every version.
    pub subscription_id: i32,
    /// In every version.
    pub terminating: bool,
    /// In every version.
    pub compression_type: i8,
    /// In every version.
    pub metrics: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for PushTelemetryRequest {
    const NAME: &'static str = "PushTelemetryRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            client_instance_id: Uuid(reader.uuid("client_instance_id")?),
            subscription_id: reader.i32("subscription_id")?,
            terminating: reader.bool("terminating")?,
            compression_type: reader.i8("compression_type")?,
            metrics: reader.bytes("metrics")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.uuid(self.client_instance_id.0);
        writer.i32(self.subscription_id);
        writer.bool(self.terminating);
        writer.i8(self.compression_type);
        writer.bytes("metrics", &self.metrics)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for PushTelemetryRequest {
    const KEY: ApiKey = ApiKey::PUSH_TELEMETRY;
    const LATEST_STABLE: i16 = 0;
    type Response = PushTelemetryResponse;
}

/// Answers `PushTelemetry` (API key 72): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PushTelemetryResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for PushTelemetryResponse {
    const NAME: &'static str = "PushTelemetryResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for PushTelemetryResponse {
    const KEY: ApiKey = ApiKey::PUSH_TELEMETRY;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
