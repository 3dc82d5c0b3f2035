// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `AddRaftVoter` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, Uuid};
use bytestring::ByteString;

/// Asks `AddRaftVoter` (API key 80): versions 0-1, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct AddRaftVoterRequest {
    /// In every version; may be null.
    pub cluster_id: Option<ByteString>,
    /// In every version.
    pub timeout_ms: i32,
    /// In every version.
    pub voter_id: i32,
    /// In every version.
    pub voter_directory_id: Uuid,
    /// In every version.
    pub listeners: Vec<Listener>,
    /// Since version 1. Default true.
    pub ack_when_committed: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AddRaftVoterRequest {
    fn default() -> Self {
        Self {
            cluster_id: Some(ByteString::new()),
            timeout_ms: 0,
            voter_id: 0,
            voter_directory_id: Uuid::ZERO,
            listeners: Vec::new(),
            ack_when_committed: true,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for AddRaftVoterRequest {
    const NAME: &'static str = "AddRaftVoterRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            cluster_id: reader.nullable_string("cluster_id")?,
            timeout_ms: reader.i32("timeout_ms")?,
            voter_id: reader.i32("voter_id")?,
            voter_directory_id: Uuid(reader.uuid("voter_directory_id")?),
            listeners: reader.array("listeners", |reader| Listener::read(reader, version))?,
            ack_when_committed: if version >= 1 { reader.bool("ack_when_committed")? } else { true },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_string("cluster_id", self.cluster_id.as_deref())?;
        writer.i32(self.timeout_ms);
        writer.i32(self.voter_id);
        writer.uuid(self.voter_directory_id.0);
        writer.array_length("listeners", self.listeners.len())?;
        for element in &self.listeners {
            element.write(writer, version)?;
        }
        if version >= 1 {
            writer.bool(self.ack_when_committed);
        } else if !self.ack_when_committed {
            return Err(writer.field_not_in_version("ack_when_committed"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for AddRaftVoterRequest {
    const KEY: ApiKey = ApiKey::ADD_RAFT_VOTER;
    const LATEST_STABLE: i16 = 1;
    type Response = AddRaftVoterResponse;
}

/// Part of [`AddRaftVoterRequest`].
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

/// Answers `AddRaftVoter` (API key 80): versions 0-1, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct AddRaftVoterResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AddRaftVoterResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: Some(ByteString::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for AddRaftVoterResponse {
    const NAME: &'static str = "AddRaftVoterResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for AddRaftVoterResponse {
    const KEY: ApiKey = ApiKey::ADD_RAFT_VOTER;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
