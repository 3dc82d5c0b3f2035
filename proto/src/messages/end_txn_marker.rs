// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `EndTxnMarker`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, VersionRange, Writer};

/// `EndTxnMarker`: version 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndTxnMarker {
    /// In every version.
    pub coordinator_epoch: i32,
}

impl Message for EndTxnMarker {
    const NAME: &'static str = "EndTxnMarker";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = i16::MAX;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self { coordinator_epoch: reader.i32("coordinator_epoch")? })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.coordinator_epoch);
        Ok(())
    }
}
