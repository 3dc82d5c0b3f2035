// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `LeaderChangeMessage`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, UnknownTaggedField, VersionRange, Writer};
use crate::{BrokerId, Uuid};

/// `LeaderChangeMessage`: versions 0-1, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderChangeMessage {
    /// In every version.
    pub version: i16,
    /// In every version.
    pub leader_id: BrokerId,
    /// In every version.
    pub voters: Vec<Voter>,
    /// In every version.
    pub granting_voters: Vec<Voter>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for LeaderChangeMessage {
    fn default() -> Self {
        Self {
            version: 0,
            leader_id: BrokerId(0),
            voters: Vec::new(),
            granting_voters: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for LeaderChangeMessage {
    const NAME: &'static str = "LeaderChangeMessage";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            version: reader.i16("version")?,
            leader_id: BrokerId(reader.i32("leader_id")?),
            voters: reader.array("voters", |reader| Voter::read(reader, version))?,
            granting_voters: reader.array("granting_voters", |reader| Voter::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.version);
        writer.i32(self.leader_id.0);
        writer.array_length("voters", self.voters.len())?;
        for element in &self.voters {
            element.write(writer, version)?;
        }
        writer.array_length("granting_voters", self.granting_voters.len())?;
        for element in &self.granting_voters {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`LeaderChangeMessage`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Voter {
    /// In every version.
    pub voter_id: i32,
    /// Since version 1.
    pub voter_directory_id: Uuid,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Voter {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            voter_id: reader.i32("voter_id")?,
            voter_directory_id: if version >= 1 {
                Uuid(reader.uuid("voter_directory_id")?)
            } else {
                Uuid::ZERO
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.voter_id);
        if version >= 1 {
            writer.uuid(self.voter_directory_id.0);
        } else if !self.voter_directory_id.is_zero() {
            return Err(writer.field_not_in_version("voter_directory_id"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
