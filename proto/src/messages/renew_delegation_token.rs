// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `RenewDelegationToken` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytes::Bytes;

/// Asks `RenewDelegationToken` (API key 39): versions 1-2, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenewDelegationTokenRequest {
    /// In every version.
    pub hmac: Bytes,
    /// In every version.
    pub renew_period_ms: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for RenewDelegationTokenRequest {
    const NAME: &'static str = "RenewDelegationTokenRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            hmac: reader.bytes("hmac")?,
            renew_period_ms: reader.i64("renew_period_ms")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.bytes("hmac", &self.hmac)?;
        writer.i64(self.renew_period_ms);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for RenewDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::RENEW_DELEGATION_TOKEN;
    const LATEST_STABLE: i16 = 2;
    type Response = RenewDelegationTokenResponse;
}

/// Answers `RenewDelegationToken` (API key 39): versions 1-2, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenewDelegationTokenResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub expiry_timestamp_ms: i64,
    /// In every version.
    pub throttle_time_ms: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for RenewDelegationTokenResponse {
    const NAME: &'static str = "RenewDelegationTokenResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            expiry_timestamp_ms: reader.i64("expiry_timestamp_ms")?,
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.error_code.0);
        writer.i64(self.expiry_timestamp_ms);
        writer.i32(self.throttle_time_ms);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for RenewDelegationTokenResponse {
    const KEY: ApiKey = ApiKey::RENEW_DELEGATION_TOKEN;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
