// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `UpdateRaftVoter` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, Uuid};
use bytestring::ByteString;

/// Asks `UpdateRaftVoter` (API key 82): version 0, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct UpdateRaftVoterRequest {
    /// In every version; may be null.
    pub cluster_id: Option<ByteString>,
    /// In every version.
    pub current_leader_epoch: LeaderEpoch,
    /// In every version.
    pub voter_id: i32,
    /// In every version.
    pub voter_directory_id: Uuid,
    /// In every version.
    pub listeners: Vec<Listener>,
    /// In every version.
    pub kraft_version_feature: KRaftVersionFeature,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for UpdateRaftVoterRequest {
    fn default() -> Self {
        Self {
            cluster_id: Some(ByteString::new()),
            current_leader_epoch: LeaderEpoch(0),
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
            listeners: Vec::new(),
            kraft_version_feature: KRaftVersionFeature::default(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for UpdateRaftVoterRequest {
    const NAME: &'static str = "UpdateRaftVoterRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            cluster_id: reader.nullable_string("cluster_id")?,
            current_leader_epoch: LeaderEpoch(reader.i32("current_leader_epoch")?),
            voter_id: reader.i32("voter_id")?,
            voter_directory_id: Uuid(reader.uuid("voter_directory_id")?),
            listeners: reader.array("listeners", |reader| Listener::read(reader, version))?,
            kraft_version_feature: KRaftVersionFeature::read(reader, version)?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_string("cluster_id", self.cluster_id.as_deref())?;
        writer.i32(self.current_leader_epoch.0);
        writer.i32(self.voter_id);
        writer.uuid(self.voter_directory_id.0);
        writer.array_length("listeners", self.listeners.len())?;
        for element in &self.listeners {
            element.write(writer, version)?;
        }
        self.kraft_version_feature.write(writer, version)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for UpdateRaftVoterRequest {
    const KEY: ApiKey = ApiKey::UPDATE_RAFT_VOTER;
    const LATEST_STABLE: i16 = 0;
    type Response = UpdateRaftVoterResponse;
}

/// Part of [`UpdateRaftVoterRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listener {
    /// In every version. A key: no two elements share it.
    pub name: ByteString,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Listener {
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

/// Part of [`UpdateRaftVoterRequest`].
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

/// Answers `UpdateRaftVoter` (API key 82): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateRaftVoterResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version, as tag 0.
    pub current_leader: CurrentLeader,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for UpdateRaftVoterResponse {
    const NAME: &'static str = "UpdateRaftVoterResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            current_leader: CurrentLeader::default(),
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 => message.current_leader = CurrentLeader::read(reader, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        let mut tagged = TaggedFields::default();
        if self.current_leader != CurrentLeader::default() {
            let mut field = writer.tagged_field();
            self.current_leader.write(&mut field, version)?;
            tagged.push(0, field);
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

impl Response for UpdateRaftVoterResponse {
    const KEY: ApiKey = ApiKey::UPDATE_RAFT_VOTER;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`UpdateRaftVoterResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurrentLeader {
    /// In every version. Default -1.
    pub leader_id: BrokerId,
    /// In every version. Default -1.
    pub leader_epoch: LeaderEpoch,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl CurrentLeader {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            leader_id: BrokerId(reader.i32("leader_id")?),
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            host: reader.string("host")?,
            port: reader.i32("port")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.string("host", &self.host)?;
        writer.i32(self.port);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
