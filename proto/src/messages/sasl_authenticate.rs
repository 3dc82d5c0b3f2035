// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `SaslAuthenticate` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `SaslAuthenticate` (API key 36): versions 0-2, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SaslAuthenticateRequest {
    /// In every version.
    pub auth_bytes: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for SaslAuthenticateRequest {
    const NAME: &'static str = "SaslAuthenticateRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            auth_bytes: reader.bytes("auth_bytes")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.bytes("auth_bytes", &self.auth_bytes)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for SaslAuthenticateRequest {
    const KEY: ApiKey = ApiKey::SASL_AUTHENTICATE;
    const LATEST_STABLE: i16 = 2;
    type Response = SaslAuthenticateResponse;
}

/// Answers `SaslAuthenticate` (API key 36): versions 0-2, flexible since 2.
#[derive(Clone, Debug, PartialEq)]
pub struct SaslAuthenticateResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub auth_bytes: Bytes,
    /// Since version 1. Ignorable.
    pub session_lifetime_ms: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for SaslAuthenticateResponse {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            auth_bytes: Bytes::new(),
            session_lifetime_ms: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for SaslAuthenticateResponse {
    const NAME: &'static str = "SaslAuthenticateResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            auth_bytes: reader.bytes("auth_bytes")?,
            session_lifetime_ms: if version >= 1 { reader.i64("session_lifetime_ms")? } else { 0 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.bytes("auth_bytes", &self.auth_bytes)?;
        if version >= 1 {
            writer.i64(self.session_lifetime_ms);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for SaslAuthenticateResponse {
    const KEY: ApiKey = ApiKey::SASL_AUTHENTICATE;

    fn throttle_time_ms(&self) -> Option<i32> {
        None
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
