// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `DefaultPrincipalData`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, UnknownTaggedField, VersionRange, Writer};
use bytestring::ByteString;

/// `DefaultPrincipalData`: version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefaultPrincipalData {
    /// In every version.
    pub r#type: ByteString,
    /// In every version.
    pub name: ByteString,
    /// In every version.
    pub token_authenticated: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DefaultPrincipalData {
    const NAME: &'static str = "DefaultPrincipalData";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            r#type: reader.string("type")?,
            name: reader.string("name")?,
            token_authenticated: reader.bool("token_authenticated")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("type", &self.r#type)?;
        writer.string("name", &self.name)?;
        writer.bool(self.token_authenticated);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
