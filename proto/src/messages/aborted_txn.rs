// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `AbortedTxn`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, VersionRange, Writer};

/// `AbortedTxn`: version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AbortedTxn {
    /// In every version.
    pub producer_id: i64,
    /// In every version.
    pub first_offset: i64,
    /// In every version.
    pub last_offset: i64,
    /// In every version.
    pub last_stable_offset: i64,
}

impl Message for AbortedTxn {
    const NAME: &'static str = "AbortedTxn";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = i16::MAX;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            producer_id: reader.i64("producer_id")?,
            first_offset: reader.i64("first_offset")?,
            last_offset: reader.i64("last_offset")?,
            last_stable_offset: reader.i64("last_stable_offset")?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i64(self.producer_id);
        writer.i64(self.first_offset);
        writer.i64(self.last_offset);
        writer.i64(self.last_stable_offset);
        Ok(())
    }
}
