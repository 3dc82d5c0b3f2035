// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `SnapshotFooterRecord`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, UnknownTaggedField, VersionRange, Writer};

/// `SnapshotFooterRecord`: version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotFooterRecord {
    /// In every version.
    pub version: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for SnapshotFooterRecord {
    const NAME: &'static str = "SnapshotFooterRecord";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self { version: reader.i16("version")?, unknown_tagged_fields: reader.unknown_tagged_fields()? })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.version);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
