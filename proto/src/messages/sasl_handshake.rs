// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `SaslHandshake` API: its request and its response.

use crate::wire::{DecodeError, EncodeError, Message, Reader, Request, Response, VersionRange, Writer};
use crate::{ApiKey, ErrorCode};
use bytestring::ByteString;

/// Asks `SaslHandshake` (API key 17): versions 0-1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SaslHandshakeRequest {
    /// In every version.
    pub mechanism: ByteString,
}

impl Message for SaslHandshakeRequest {
    const NAME: &'static str = "SaslHandshakeRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = i16::MAX;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self { mechanism: reader.string("mechanism")? })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("mechanism", &self.mechanism)?;
        Ok(())
    }
}

impl Request for SaslHandshakeRequest {
    const KEY: ApiKey = ApiKey::SASL_HANDSHAKE;
    const LATEST_STABLE: i16 = 1;
    type Response = SaslHandshakeResponse;
}

/// Answers `SaslHandshake` (API key 17): versions 0-1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SaslHandshakeResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub mechanisms: Vec<ByteString>,
}

impl Message for SaslHandshakeResponse {
    const NAME: &'static str = "SaslHandshakeResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = i16::MAX;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            mechanisms: reader.array("mechanisms", |reader| reader.string("mechanisms"))?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.error_code.0);
        writer.array_length("mechanisms", self.mechanisms.len())?;
        for element in &self.mechanisms {
            writer.string("mechanisms", element)?;
        }
        Ok(())
    }
}

impl Response for SaslHandshakeResponse {
    const KEY: ApiKey = ApiKey::SASL_HANDSHAKE;

    fn throttle_time_ms(&self) -> Option<i32> {
        None
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
