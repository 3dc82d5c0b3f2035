// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `RequestHeader` and `ResponseHeader`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, UnknownTaggedField, VersionRange, Writer};
use bytestring::ByteString;

/// `RequestHeader`: versions 1-2, flexible since 2.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestHeader {
    /// In every version.
    pub request_api_key: i16,
    /// In every version.
    pub request_api_version: i16,
    /// In every version.
    pub correlation_id: i32,
    /// In every version; may be null.
    pub client_id: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for RequestHeader {
    fn default() -> Self {
        Self {
            request_api_key: 0,
            request_api_version: 0,
            correlation_id: 0,
            client_id: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for RequestHeader {
    const NAME: &'static str = "RequestHeader";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            request_api_key: reader.i16("request_api_key")?,
            request_api_version: reader.i16("request_api_version")?,
            correlation_id: reader.i32("correlation_id")?,
            client_id: reader.inflexible_nullable_string("client_id")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.request_api_key);
        writer.i16(self.request_api_version);
        writer.i32(self.correlation_id);
        writer.inflexible_nullable_string("client_id", self.client_id.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// `ResponseHeader`: versions 0-1, flexible since 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseHeader {
    /// In every version.
    pub correlation_id: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ResponseHeader {
    const NAME: &'static str = "ResponseHeader";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            correlation_id: reader.i32("correlation_id")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.correlation_id);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
