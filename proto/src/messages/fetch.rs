// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `Fetch` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, ProducerId, TopicId, TopicName, Uuid};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `Fetch` (API key 1): versions 4-18, flexible since 12.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchRequest {
    /// Since version 12, as tag 0; may be null. Default null. Ignorable.
    pub cluster_id: Option<ByteString>,
    /// Up to version 14. Default -1.
    pub replica_id: BrokerId,
    /// Since version 15, as tag 1.
    pub replica_state: ReplicaState,
    /// In every version.
    pub max_wait_ms: i32,
    /// In every version.
    pub min_bytes: i32,
    /// In every version. Default i32::MAX.
    pub max_bytes: i32,
    /// In every version.
    pub isolation_level: i8,
    /// Since version 7. Ignorable.
    pub session_id: i32,
    /// Since version 7. Default -1. Ignorable.
    pub session_epoch: i32,
    /// In every version.
    pub topics: Vec<FetchTopic>,
    /// Since version 7.
    pub forgotten_topics_data: Vec<ForgottenTopic>,
    /// Since version 11. Ignorable.
    pub rack_id: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for FetchRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: BrokerId::NONE,
            replica_state: ReplicaState::default(),
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: i32::MAX,
            isolation_level: 0,
            session_id: 0,
            session_epoch: -1,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
            rack_id: ByteString::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for FetchRequest {
    const NAME: &'static str = "FetchRequest";
    const VERSIONS: VersionRange = VersionRange::new(4, 18);
    const FIRST_FLEXIBLE: i16 = 12;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            cluster_id: None,
            replica_id: if version <= 14 { BrokerId(reader.i32("replica_id")?) } else { BrokerId::NONE },
            replica_state: ReplicaState::default(),
            max_wait_ms: reader.i32("max_wait_ms")?,
            min_bytes: reader.i32("min_bytes")?,
            max_bytes: reader.i32("max_bytes")?,
            isolation_level: reader.i8("isolation_level")?,
            session_id: if version >= 7 { reader.i32("session_id")? } else { 0 },
            session_epoch: if version >= 7 { reader.i32("session_epoch")? } else { -1 },
            topics: reader.array("topics", |reader| FetchTopic::read(reader, version))?,
            forgotten_topics_data: if version >= 7 {
                reader.array("forgotten_topics_data", |reader| ForgottenTopic::read(reader, version))?
            } else {
                Vec::new()
            },
            rack_id: if version >= 11 { reader.string("rack_id")? } else { ByteString::new() },
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 12 => message.cluster_id = reader.nullable_string("cluster_id")?,
                1 if version >= 15 => message.replica_state = ReplicaState::read(reader, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version <= 14 {
            writer.i32(self.replica_id.0);
        } else if self.replica_id != BrokerId::NONE {
            return Err(writer.field_not_in_version("replica_id"));
        }
        writer.i32(self.max_wait_ms);
        writer.i32(self.min_bytes);
        writer.i32(self.max_bytes);
        writer.i8(self.isolation_level);
        if version >= 7 {
            writer.i32(self.session_id);
        }
        if version >= 7 {
            writer.i32(self.session_epoch);
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        if version >= 7 {
            writer.array_length("forgotten_topics_data", self.forgotten_topics_data.len())?;
            for element in &self.forgotten_topics_data {
                element.write(writer, version)?;
            }
        } else if !self.forgotten_topics_data.is_empty() {
            return Err(writer.field_not_in_version("forgotten_topics_data"));
        }
        if version >= 11 {
            writer.string("rack_id", &self.rack_id)?;
        }
        let mut tagged = TaggedFields::default();
        if version >= 12 && self.cluster_id.is_some() {
            let mut field = writer.tagged_field();
            field.nullable_string("cluster_id", self.cluster_id.as_deref())?;
            tagged.push(0, field);
        }
        if version >= 15 && self.replica_state != ReplicaState::default() {
            let mut field = writer.tagged_field();
            self.replica_state.write(&mut field, version)?;
            tagged.push(1, field);
        } else if self.replica_state != ReplicaState::default() {
            return Err(writer.field_not_in_version("replica_state"));
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

impl Request for FetchRequest {
    const KEY: ApiKey = ApiKey::FETCH;
    const LATEST_STABLE: i16 = 18;
    type Response = FetchResponse;
}

/// Part of [`FetchRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaState {
    /// In every version. Default -1.
    pub replica_id: BrokerId,
    /// In every version. Default -1.
    pub replica_epoch: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self { replica_id: BrokerId::NONE, replica_epoch: -1, unknown_tagged_fields: Vec::new() }
    }
}

impl ReplicaState {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            replica_id: BrokerId(reader.i32("replica_id")?),
            replica_epoch: reader.i64("replica_epoch")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.replica_id.0);
        writer.i64(self.replica_epoch);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchTopic {
    /// Up to version 12. Ignorable.
    pub topic: TopicName,
    /// Since version 13. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<FetchPartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl FetchTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: if version <= 12 { TopicName(reader.string("topic")?) } else { TopicName::default() },
            topic_id: if version >= 13 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partitions: reader.array("partitions", |reader| FetchPartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 12 {
            writer.string("topic", &self.topic)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct FetchPartition {
    /// In every version.
    pub partition: i32,
    /// Since version 9. Default -1. Ignorable.
    pub current_leader_epoch: LeaderEpoch,
    /// In every version.
    pub fetch_offset: i64,
    /// Since version 12. Default -1.
    pub last_fetched_epoch: LeaderEpoch,
    /// Since version 5. Default -1. Ignorable.
    pub log_start_offset: i64,
    /// In every version.
    pub partition_max_bytes: i32,
    /// Since version 17, as tag 0. Ignorable.
    pub replica_directory_id: Uuid,
    /// Since version 18, as tag 1. Default i64::MAX. Ignorable.
    pub high_watermark: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for FetchPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: LeaderEpoch::NONE,
            fetch_offset: 0,
            last_fetched_epoch: LeaderEpoch::NONE,
            log_start_offset: -1,
            partition_max_bytes: 0,
            replica_directory_id: Uuid::ZERO,
            high_watermark: i64::MAX,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl FetchPartition {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let mut message = Self {
            partition: reader.i32("partition")?,
            current_leader_epoch: if version >= 9 {
                LeaderEpoch(reader.i32("current_leader_epoch")?)
            } else {
                LeaderEpoch::NONE
            },
            fetch_offset: reader.i64("fetch_offset")?,
            last_fetched_epoch: if version >= 12 {
                LeaderEpoch(reader.i32("last_fetched_epoch")?)
            } else {
                LeaderEpoch::NONE
            },
            log_start_offset: if version >= 5 { reader.i64("log_start_offset")? } else { -1 },
            partition_max_bytes: reader.i32("partition_max_bytes")?,
            replica_directory_id: Uuid::ZERO,
            high_watermark: i64::MAX,
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 17 => {
                    message.replica_directory_id = Uuid(reader.uuid("replica_directory_id")?)
                }
                1 if version >= 18 => message.high_watermark = reader.i64("high_watermark")?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition);
        if version >= 9 {
            writer.i32(self.current_leader_epoch.0);
        }
        writer.i64(self.fetch_offset);
        if version >= 12 {
            writer.i32(self.last_fetched_epoch.0);
        } else if self.last_fetched_epoch != LeaderEpoch::NONE {
            return Err(writer.field_not_in_version("last_fetched_epoch"));
        }
        if version >= 5 {
            writer.i64(self.log_start_offset);
        }
        writer.i32(self.partition_max_bytes);
        let mut tagged = TaggedFields::default();
        if version >= 17 && !self.replica_directory_id.is_zero() {
            let mut field = writer.tagged_field();
            field.uuid(self.replica_directory_id.0);
            tagged.push(0, field);
        }
        if version >= 18 && self.high_watermark != i64::MAX {
            let mut field = writer.tagged_field();
            field.i64(self.high_watermark);
            tagged.push(1, field);
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

/// Part of [`FetchRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForgottenTopic {
    /// Up to version 12. Ignorable.
    pub topic: TopicName,
    /// Since version 13. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ForgottenTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: if version <= 12 { TopicName(reader.string("topic")?) } else { TopicName::default() },
            topic_id: if version >= 13 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 12 {
            writer.string("topic", &self.topic)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `Fetch` (API key 1): versions 4-18, flexible since 12.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// Since version 7. Ignorable.
    pub error_code: ErrorCode,
    /// Since version 7.
    pub session_id: i32,
    /// In every version.
    pub responses: Vec<FetchableTopicResponse>,
    /// Since version 16, as tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for FetchResponse {
    const NAME: &'static str = "FetchResponse";
    const VERSIONS: VersionRange = VersionRange::new(4, 18);
    const FIRST_FLEXIBLE: i16 = 12;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: if version >= 7 { ErrorCode(reader.i16("error_code")?) } else { ErrorCode::NONE },
            session_id: if version >= 7 { reader.i32("session_id")? } else { 0 },
            responses: reader.array("responses", |reader| FetchableTopicResponse::read(reader, version))?,
            node_endpoints: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 16 => {
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
        if version >= 7 {
            writer.i16(self.error_code.0);
        }
        if version >= 7 {
            writer.i32(self.session_id);
        } else if self.session_id != 0 {
            return Err(writer.field_not_in_version("session_id"));
        }
        writer.array_length("responses", self.responses.len())?;
        for element in &self.responses {
            element.write(writer, version)?;
        }
        let mut tagged = TaggedFields::default();
        if version >= 16 && !self.node_endpoints.is_empty() {
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

impl Response for FetchResponse {
    const KEY: ApiKey = ApiKey::FETCH;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`FetchResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FetchableTopicResponse {
    /// Up to version 12. Ignorable.
    pub topic: TopicName,
    /// Since version 13. Ignorable.
    pub topic_id: TopicId,
    /// In every version.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl FetchableTopicResponse {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: if version <= 12 { TopicName(reader.string("topic")?) } else { TopicName::default() },
            topic_id: if version >= 13 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            partitions: reader.array("partitions", |reader| PartitionData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version <= 12 {
            writer.string("topic", &self.topic)?;
        }
        if version >= 13 {
            writer.uuid(self.topic_id.0);
        }
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionData {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub high_watermark: i64,
    /// In every version. Default -1.
    pub last_stable_offset: i64,
    /// Since version 5. Default -1. Ignorable.
    pub log_start_offset: i64,
    /// Since version 12, as tag 0.
    pub diverging_epoch: EpochEndOffset,
    /// Since version 12, as tag 1.
    pub current_leader: LeaderIdAndEpoch,
    /// Since version 12, as tag 2.
    pub snapshot_id: SnapshotId,
    /// In every version; may be null.
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// Since version 11. Default -1.
    pub preferred_read_replica: BrokerId,
    /// In every version; may be null.
    pub records: Option<Bytes>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: ErrorCode::NONE,
            high_watermark: 0,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
            aborted_transactions: Some(Vec::new()),
            preferred_read_replica: BrokerId::NONE,
            records: Some(Bytes::new()),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl PartitionData {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        let mut message = Self {
            partition_index: reader.i32("partition_index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            high_watermark: reader.i64("high_watermark")?,
            last_stable_offset: reader.i64("last_stable_offset")?,
            log_start_offset: if version >= 5 { reader.i64("log_start_offset")? } else { -1 },
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
            aborted_transactions: reader
                .nullable_array("aborted_transactions", |reader| AbortedTransaction::read(reader, version))?,
            preferred_read_replica: if version >= 11 {
                BrokerId(reader.i32("preferred_read_replica")?)
            } else {
                BrokerId::NONE
            },
            records: reader.nullable_bytes("records")?,
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 12 => message.diverging_epoch = EpochEndOffset::read(reader, version)?,
                1 if version >= 12 => message.current_leader = LeaderIdAndEpoch::read(reader, version)?,
                2 if version >= 12 => message.snapshot_id = SnapshotId::read(reader, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.i64(self.high_watermark);
        writer.i64(self.last_stable_offset);
        if version >= 5 {
            writer.i64(self.log_start_offset);
        }
        writer.nullable_array_length(
            "aborted_transactions",
            self.aborted_transactions.as_ref().map(Vec::len),
        )?;
        for element in self.aborted_transactions.iter().flatten() {
            element.write(writer, version)?;
        }
        if version >= 11 {
            writer.i32(self.preferred_read_replica.0);
        } else if self.preferred_read_replica != BrokerId::NONE {
            return Err(writer.field_not_in_version("preferred_read_replica"));
        }
        writer.nullable_bytes("records", self.records.as_ref())?;
        let mut tagged = TaggedFields::default();
        if version >= 12 && self.diverging_epoch != EpochEndOffset::default() {
            let mut field = writer.tagged_field();
            self.diverging_epoch.write(&mut field, version)?;
            tagged.push(0, field);
        } else if self.diverging_epoch != EpochEndOffset::default() {
            return Err(writer.field_not_in_version("diverging_epoch"));
        }
        if version >= 12 && self.current_leader != LeaderIdAndEpoch::default() {
            let mut field = writer.tagged_field();
            self.current_leader.write(&mut field, version)?;
            tagged.push(1, field);
        } else if self.current_leader != LeaderIdAndEpoch::default() {
            return Err(writer.field_not_in_version("current_leader"));
        }
        if version >= 12 && self.snapshot_id != SnapshotId::default() {
            let mut field = writer.tagged_field();
            self.snapshot_id.write(&mut field, version)?;
            tagged.push(2, field);
        } else if self.snapshot_id != SnapshotId::default() {
            return Err(writer.field_not_in_version("snapshot_id"));
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

/// Part of [`FetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct EpochEndOffset {
    /// In every version. Default -1.
    pub epoch: i32,
    /// In every version. Default -1.
    pub end_offset: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self { epoch: -1, end_offset: -1, unknown_tagged_fields: Vec::new() }
    }
}

impl EpochEndOffset {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            epoch: reader.i32("epoch")?,
            end_offset: reader.i64("end_offset")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.epoch);
        writer.i64(self.end_offset);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// In every version. Default -1.
    pub leader_id: BrokerId,
    /// In every version. Default -1.
    pub leader_epoch: LeaderEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
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

/// Part of [`FetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotId {
    /// In every version. Default -1.
    pub end_offset: i64,
    /// In every version. Default -1.
    pub epoch: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for SnapshotId {
    fn default() -> Self {
        Self { end_offset: -1, epoch: -1, unknown_tagged_fields: Vec::new() }
    }
}

impl SnapshotId {
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

/// Part of [`FetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct AbortedTransaction {
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub first_offset: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AbortedTransaction {
    fn default() -> Self {
        Self { producer_id: ProducerId(0), first_offset: 0, unknown_tagged_fields: Vec::new() }
    }
}

impl AbortedTransaction {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            producer_id: ProducerId(reader.i64("producer_id")?),
            first_offset: reader.i64("first_offset")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i64(self.producer_id.0);
        writer.i64(self.first_offset);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`FetchResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEndpoint {
    /// In every version. A key: no two elements share it.
    pub node_id: BrokerId,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: i32,
    /// In every version; may be null. Default null.
    pub rack: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for NodeEndpoint {
    fn default() -> Self {
        Self {
            node_id: BrokerId(0),
            host: ByteString::new(),
            port: 0,
            rack: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl NodeEndpoint {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            node_id: BrokerId(reader.i32("node_id")?),
            host: reader.string("host")?,
            port: reader.i32("port")?,
            rack: reader.nullable_string("rack")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id.0);
        writer.string("host", &self.host)?;
        writer.i32(self.port);
        writer.nullable_string("rack", self.rack.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
