// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `ControlRecordTypeSchema`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, VersionRange, Writer};

/// `ControlRecordTypeSchema`: version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControlRecordTypeSchema {
    /// In every version.
    pub r#type: i16,
}

impl Message for ControlRecordTypeSchema {
    const NAME: &'static str = "ControlRecordTypeSchema";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = i16::MAX;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self { r#type: reader.i16("type")? })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.r#type);
        Ok(())
    }
}
