// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `VotersRecord`.

use crate::wire::{DecodeError, EncodeError, Message, Reader, UnknownTaggedField, VersionRange, Writer};
use crate::{BrokerId, Uuid};
use bytestring::ByteString;

/// `VotersRecord`: version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VotersRecord {
    /// In every version.
    pub version: i16,
    /// In every version.
    pub voters: Vec<Voter>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for VotersRecord {
    const NAME: &'static str = "VotersRecord";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            version: reader.i16("version")?,
            voters: reader.array("voters", |reader| Voter::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.version);
        writer.array_length("voters", self.voters.len())?;
        for element in &self.voters {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`VotersRecord`].
#[derive(Clone, Debug, PartialEq)]
pub struct Voter {
    /// In every version.
    pub voter_id: BrokerId,
    /// In every version.
    pub voter_directory_id: Uuid,
    /// In every version.
    pub endpoints: Vec<Endpoint>,
    /// In every version.
    pub kraft_version_feature: KRaftVersionFeature,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for Voter {
    fn default() -> Self {
        Self {
            voter_id: BrokerId(0),
            voter_directory_id: Uuid::ZERO,
            endpoints: Vec::new(),
            kraft_version_feature: KRaftVersionFeature::default(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Voter {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            voter_id: BrokerId(reader.i32("voter_id")?),
            voter_directory_id: Uuid(reader.uuid("voter_directory_id")?),
            endpoints: reader.array("endpoints", |reader| Endpoint::read(reader, version))?,
            kraft_version_feature: KRaftVersionFeature::read(reader, version)?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.voter_id.0);
        writer.uuid(self.voter_directory_id.0);
        writer.array_length("endpoints", self.endpoints.len())?;
        for element in &self.endpoints {
            element.write(writer, version)?;
        }
        self.kraft_version_feature.write(writer, version)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`VotersRecord`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Endpoint {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            host: reader.string("host")?,
            port: reader.u16("port")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.string("host", &self.host)?;
        writer.u16(self.port);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`VotersRecord`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KRaftVersionFeature {
    /// In every version.
    pub min_supported_version: i16,
    /// In every version.
    pub max_supported_version: i16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl KRaftVersionFeature {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            min_supported_version: reader.i16("min_supported_version")?,
            max_supported_version: reader.i16("max_supported_version")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i16(self.min_supported_version);
        writer.i16(self.max_supported_version);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
