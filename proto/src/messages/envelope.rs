// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `Envelope` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytes::Bytes;

/// Asks `Envelope` (API key 58): version 0, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvelopeRequest {
    /// In every version.
    pub request_data: Bytes,
    /// In every version; may be null.
    pub request_principal: Option<Bytes>,
    /// In every version.
    pub client_host_address: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for EnvelopeRequest {
    fn default() -> Self {
        Self {
            request_data: Bytes::new(),
            request_principal: Some(Bytes::new()),
            client_host_address: Bytes::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for EnvelopeRequest {
    const NAME: &'static str = "EnvelopeRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            request_data: reader.bytes("request_data")?,
            request_principal: reader.nullable_bytes("request_principal")?,
            client_host_address: reader.bytes("client_host_address")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.bytes("request_data", &self.request_data)?;
        writer.nullable_bytes("request_principal", self.request_principal.as_ref())?;
        writer.bytes("client_host_address", &self.client_host_address)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for EnvelopeRequest {
    const KEY: ApiKey = ApiKey::ENVELOPE;
    const LATEST_STABLE: i16 = 0;
    type Response = EnvelopeResponse;
}

/// Answers `Envelope` (API key 58): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvelopeResponse {
    /// In every version; may be null. Default null.
    pub response_data: Option<Bytes>,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for EnvelopeResponse {
    const NAME: &'static str = "EnvelopeResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            response_data: reader.nullable_bytes("response_data")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_bytes("response_data", self.response_data.as_ref())?;
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for EnvelopeResponse {
    const KEY: ApiKey = ApiKey::ENVELOPE;

    fn throttle_time_ms(&self) -> Option<i32> {
        None
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
