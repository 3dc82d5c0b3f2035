// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `KRaftVersionRecord`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, UnknownTaggedField, VersionRange, Writer};

/// `KRaftVersionRecord`: version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KRaftVersionRecord {
    /// In every version.
    pub version: i16,
    /// In every version.
    pub kraft_version: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for KRaftVersionRecord {
    const NAME: &'static str = "KRaftVersionRecord";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            version: reader.i16("version")?,
            kraft_version: reader.i16("kraft_version")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.version);
        writer.i16(self.kraft_version);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
