// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `GetTelemetrySubscriptions` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, Uuid};
use bytestring::ByteString;

/// Asks `GetTelemetrySubscriptions` (API key 71): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GetTelemetrySubscriptionsRequest {
    /// In every version.
    pub client_instance_id: Uuid,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for GetTelemetrySubscriptionsRequest {
    const NAME: &'static str = "GetTelemetrySubscriptionsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            client_instance_id: Uuid(reader.uuid("client_instance_id")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.uuid(self.client_instance_id.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for GetTelemetrySubscriptionsRequest {
    const KEY: ApiKey = ApiKey::GET_TELEMETRY_SUBSCRIPTIONS;
    const LATEST_STABLE: i16 = 0;
    type Response = GetTelemetrySubscriptionsResponse;
}

/// Answers `GetTelemetrySubscriptions` (API key 71): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GetTelemetrySubscriptionsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub client_instance_id: Uuid,
    /// In every version.
    pub subscription_id: i32,
    /// In every version.
    pub accepted_compression_types: Vec<i8>,
    /// In every version.
    pub push_interval_ms: i32,
    /// In every version.
    pub telemetry_max_bytes: i32,
    /// In every version.
    pub delta_temporality: bool,
    /// In every version.
    pub requested_metrics: Vec<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for GetTelemetrySubscriptionsResponse {
    const NAME: &'static str = "GetTelemetrySubscriptionsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            client_instance_id: Uuid(reader.uuid("client_instance_id")?),
            subscription_id: reader.i32("subscription_id")?,
            accepted_compression_types: reader
                .array("accepted_compression_types", |reader| reader.i8("accepted_compression_types"))?,
            push_interval_ms: reader.i32("push_interval_ms")?,
            telemetry_max_bytes: reader.i32("telemetry_max_bytes")?,
            delta_temporality: reader.bool("delta_temporality")?,
            requested_metrics: reader
                .array("requested_metrics", |reader| reader.string("requested_metrics"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.uuid(self.client_instance_id.0);
        writer.i32(self.subscription_id);
        writer.array_length("accepted_compression_types", self.accepted_compression_types.len())?;
        for element in &self.accepted_compression_types {
            writer.i8(*element);
        }
        writer.i32(self.push_interval_ms);
        writer.i32(self.telemetry_max_bytes);
        writer.bool(self.delta_temporality);
        writer.array_length("requested_metrics", self.requested_metrics.len())?;
        for element in &self.requested_metrics {
            writer.string("requested_metrics", element)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for GetTelemetrySubscriptionsResponse {
    const KEY: ApiKey = ApiKey::GET_TELEMETRY_SUBSCRIPTIONS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
