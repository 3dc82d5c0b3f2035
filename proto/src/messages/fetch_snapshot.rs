// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `FetchSnapshot` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicName, Uuid};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `FetchSnapshot` (API key 59): versions 0-1, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchSnapshotRequest {
    /// In every version, as tag 0; may be null. Default null.
    pub cluster_id: Option<ByteString>,
    /// In every version. Default -1.
    pub replica_id: BrokerId,
    /// In every version. Default i32::MAX.
    pub max_bytes: i32,
    /// In every version.
    pub topics: Vec<RequestTopicSnapshot>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for FetchSnapshotRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: BrokerId::NONE,
            max_bytes: i32::MAX,
            topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for FetchSnapshotRequest {
    const NAME: &'static str = "FetchSnapshotRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            cluster_id: None,
            replica_id: BrokerId(reader.i32("replica_id")?),
            max_bytes: reader.i32("max_bytes")?,
            topics: reader.array("topics", |reader| RequestTopicSnapshot::read(reader, version))?,
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 => message.cluster_id = reader.nullable_string("cluster_id")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.replica_id.0);
        writer.i32(self.max_bytes);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        let mut tagged = TaggedFields::default();
        if self.cluster_id.is_some() {
            let mut field = writer.tagged_field();
            field.nullable_string("cluster_id", self.cluster_id.as_deref())?;
            tagged.push(0, field);
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

impl Request for FetchSnapshotRequest {
    const KEY: ApiKey = ApiKey::FETCH_SNAPSHOT;
    const LATEST_STABLE: i16 = 1;
    type Response = FetchSnapshotResponse;
}

/// Part of [`FetchSnapshotRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestTopicSnapshot {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<RequestPartitionSnapshot>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestTopicSnapshot {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader
                .array("partitions", |reader| RequestPartitionSnapshot::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchSnapshotRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct RequestPartitionSnapshot {
    /// In every version.
    pub partition: i32,
    /// In every version.
    pub current_leader_epoch: LeaderEpoch,
    /// In every version.
    pub snapshot_id: RequestSnapshotId,
    /// In every version.
    pub position: i64,
    /// Since version 1, as tag 0. Ignorable.
    pub replica_directory_id: Uuid,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for RequestPartitionSnapshot {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: LeaderEpoch(0),
            snapshot_id: RequestSnapshotId::default(),
            position: 0,
            replica_directory_id: Uuid::ZERO,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl RequestPartitionSnapshot {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let mut message = Self {
            partition: reader.i32("partition")?,
            current_leader_epoch: LeaderEpoch(reader.i32("current_leader_epoch")?),
            snapshot_id: RequestSnapshotId::read(reader, version)?,
            position: reader.i64("position")?,
            replica_directory_id: Uuid::ZERO,
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 1 => {
                    message.replica_directory_id = Uuid(reader.uuid("replica_directory_id")?)
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition);
        writer.i32(self.current_leader_epoch.0);
        self.snapshot_id.write(writer, version)?;
        writer.i64(self.position);
        let mut tagged = TaggedFields::default();
        if version >= 1 && !self.replica_directory_id.is_zero() {
            let mut field = writer.tagged_field();
            field.uuid(self.replica_directory_id.0);
            tagged.push(0, field);
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

/// Part of [`FetchSnapshotRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestSnapshotId {
    /// In every version.
    pub end_offset: i64,
    /// In every version.
    pub epoch: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestSnapshotId {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            end_offset: reader.i64("end_offset")?,
            epoch: reader.i32("epoch")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i64(self.end_offset);
        writer.i32(self.epoch);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `FetchSnapshot` (API key 59): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchSnapshotResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub topics: Vec<ResponseTopicSnapshot>,
    /// Since version 1, as tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for FetchSnapshotResponse {
    const NAME: &'static str = "FetchSnapshotResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            topics: reader.array("topics", |reader| ResponseTopicSnapshot::read(reader, version))?,
            node_endpoints: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 1 => {
                    message.node_endpoints =
                        reader.array("node_endpoints", |reader| NodeEndpoint::read(reader, version))?
                }
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
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        let mut tagged = TaggedFields::default();
        if version >= 1 && !self.node_endpoints.is_empty() {
            let mut field = writer.tagged_field();
            field.array_length("node_endpoints", self.node_endpoints.len())?;
            for element in &self.node_endpoints {
                element.write(&mut field, version)?;
            }
            tagged.push(0, field);
        } else if !self.node_endpoints.is_empty() {
            return Err(writer.field_not_in_version("node_endpoints"));
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

impl Response for FetchSnapshotResponse {
    const KEY: ApiKey = ApiKey::FETCH_SNAPSHOT;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`FetchSnapshotResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseTopicSnapshot {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<ResponsePartitionSnapshot>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponseTopicSnapshot {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader
                .array("partitions", |reader| ResponsePartitionSnapshot::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchSnapshotResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponsePartitionSnapshot {
    /// In every version.
    pub index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub snapshot_id: ResponseSnapshotId,
    /// In every version, as tag 0.
    pub current_leader: LeaderIdAndEpoch,
    /// In every version.
    pub size: i64,
    /// In every version.
    pub position: i64,
    /// In every version.
    pub unaligned_records: Bytes,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponsePartitionSnapshot {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let mut message = Self {
            index: reader.i32("index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            snapshot_id: ResponseSnapshotId::read(reader, version)?,
            current_leader: LeaderIdAndEpoch::default(),
            size: reader.i64("size")?,
            position: reader.i64("position")?,
            unaligned_records: reader.bytes("unaligned_records")?,
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 => message.current_leader = LeaderIdAndEpoch::read(reader, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.index);
        writer.i16(self.error_code.0);
        self.snapshot_id.write(writer, version)?;
        writer.i64(self.size);
        writer.i64(self.position);
        writer.bytes("unaligned_records", &self.unaligned_records)?;
        let mut tagged = TaggedFields::default();
        if self.current_leader != LeaderIdAndEpoch::default() {
            let mut field = writer.tagged_field();
            self.current_leader.write(&mut field, version)?;
            tagged.push(0, field);
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

/// Part of [`FetchSnapshotResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseSnapshotId {
    /// In every version.
    pub end_offset: i64,
    /// In every version.
    pub epoch: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponseSnapshotId {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            end_offset: reader.i64("end_offset")?,
            epoch: reader.i32("epoch")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i64(self.end_offset);
        writer.i32(self.epoch);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchSnapshotResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// In every version.
    pub leader_id: BrokerId,
    /// In every version.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self { leader_id: BrokerId(0), leader_epoch: LeaderEpoch(0), unknown_tagged_fields: Vec::new() }
    }
}

impl LeaderIdAndEpoch {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            leader_id: BrokerId(reader.i32("leader_id")?),
            leader_epoch: LeaderEpoch(reader.i32("leader_epoch")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.leader_id.0);
        writer.i32(self.leader_epoch.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchSnapshotResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEndpoint {
    /// In every version. A key: no two elements share it.
    pub node_id: BrokerId,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for NodeEndpoint {
    fn default() -> Self {
        Self { node_id: BrokerId(0), host: ByteString::new(), port: 0, unknown_tagged_fields: Vec::new() }
    }
}

impl NodeEndpoint {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            node_id: BrokerId(reader.i32("node_id")?),
            host: reader.string("host")?,
            port: reader.u16("port")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id.0);
        writer.string("host", &self.host)?;
        writer.u16(self.port);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
