// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `StreamsGroupHeartbeat` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, TopicName};
use bytestring::ByteString;

/// Asks `StreamsGroupHeartbeat` (API key 88): versions 0-1, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupHeartbeatRequest {
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub member_id: ByteString,
    /// In every version.
    pub member_epoch: i32,
    /// In every version.
    pub endpoint_information_epoch: i32,
    /// In every version; may be null. Default null.
    pub instance_id: Option<ByteString>,
    /// In every version; may be null. Default null.
    pub rack_id: Option<ByteString>,
    /// In every version. Default -1.
    pub rebalance_timeout_ms: i32,
    /// In every version; may be null. Default null.
    pub topology: Option<Topology>,
    /// In every version; may be null. Default null.
    pub active_tasks: Option<Vec<RequestTaskIds>>,
    /// In every version; may be null. Default null.
    pub standby_tasks: Option<Vec<RequestTaskIds>>,
    /// In every version; may be null. Default null.
    pub warmup_tasks: Option<Vec<RequestTaskIds>>,
    /// In every version; may be null. Default null.
    pub process_id: Option<ByteString>,
    /// In every version; may be null. Default null.
    pub user_endpoint: Option<RequestEndpoint>,
    /// In every version; may be null. Default null.
    pub client_tags: Option<Vec<KeyValue>>,
    /// In every version; may be null. Default null.
    pub task_offsets: Option<Vec<TaskOffset>>,
    /// In every version; may be null. Default null.
    pub task_end_offsets: Option<Vec<TaskOffset>>,
    /// In every version.
    pub shutdown_application: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for StreamsGroupHeartbeatRequest {
    fn default() -> Self {
        Self {
            group_id: GroupId::default(),
            member_id: ByteString::new(),
            member_epoch: 0,
            endpoint_information_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            topology: None,
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            process_id: None,
            user_endpoint: None,
            client_tags: None,
            task_offsets: None,
            task_end_offsets: None,
            shutdown_application: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for StreamsGroupHeartbeatRequest {
    const NAME: &'static str = "StreamsGroupHeartbeatRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            member_id: reader.string("member_id")?,
            member_epoch: reader.i32("member_epoch")?,
            endpoint_information_epoch: reader.i32("endpoint_information_epoch")?,
            instance_id: reader.nullable_string("instance_id")?,
            rack_id: reader.nullable_string("rack_id")?,
            rebalance_timeout_ms: reader.i32("rebalance_timeout_ms")?,
            topology: if reader.is_present("topology")? {
                Some(Topology::read(reader, version)?)
            } else {
                None
            },
            active_tasks: reader
                .nullable_array("active_tasks", |reader| RequestTaskIds::read(reader, version))?,
            standby_tasks: reader
                .nullable_array("standby_tasks", |reader| RequestTaskIds::read(reader, version))?,
            warmup_tasks: reader
                .nullable_array("warmup_tasks", |reader| RequestTaskIds::read(reader, version))?,
            process_id: reader.nullable_string("process_id")?,
            user_endpoint: if reader.is_present("user_endpoint")? {
                Some(RequestEndpoint::read(reader, version)?)
            } else {
                None
            },
            client_tags: reader.nullable_array("client_tags", |reader| KeyValue::read(reader, version))?,
            task_offsets: reader
                .nullable_array("task_offsets", |reader| TaskOffset::read(reader, version))?,
            task_end_offsets: reader
                .nullable_array("task_end_offsets", |reader| TaskOffset::read(reader, version))?,
            shutdown_application: reader.bool("shutdown_application")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("group_id", &self.group_id)?;
        writer.string("member_id", &self.member_id)?;
        writer.i32(self.member_epoch);
        writer.i32(self.endpoint_information_epoch);
        writer.nullable_string("instance_id", self.instance_id.as_deref())?;
        writer.nullable_string("rack_id", self.rack_id.as_deref())?;
        writer.i32(self.rebalance_timeout_ms);
        writer.presence(self.topology.is_some());
        if let Some(topology) = &self.topology {
            topology.write(writer, version)?;
        }
        writer.nullable_array_length("active_tasks", self.active_tasks.as_ref().map(Vec::len))?;
        for element in self.active_tasks.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.nullable_array_length("standby_tasks", self.standby_tasks.as_ref().map(Vec::len))?;
        for element in self.standby_tasks.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.nullable_array_length("warmup_tasks", self.warmup_tasks.as_ref().map(Vec::len))?;
        for element in self.warmup_tasks.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.nullable_string("process_id", self.process_id.as_deref())?;
        writer.presence(self.user_endpoint.is_some());
        if let Some(user_endpoint) = &self.user_endpoint {
            user_endpoint.write(writer, version)?;
        }
        writer.nullable_array_length("client_tags", self.client_tags.as_ref().map(Vec::len))?;
        for element in self.client_tags.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.nullable_array_length("task_offsets", self.task_offsets.as_ref().map(Vec::len))?;
        for element in self.task_offsets.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.nullable_array_length("task_end_offsets", self.task_end_offsets.as_ref().map(Vec::len))?;
        for element in self.task_end_offsets.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.bool(self.shutdown_application);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for StreamsGroupHeartbeatRequest {
    const KEY: ApiKey = ApiKey::STREAMS_GROUP_HEARTBEAT;
    const LATEST_STABLE: i16 = 1;
    type Response = StreamsGroupHeartbeatResponse;
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    /// In every version.
    pub epoch: i32,
    /// In every version.
    pub subtopologies: Vec<Subtopology>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Topology {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            epoch: reader.i32("epoch")?,
            subtopologies: reader.array("subtopologies", |reader| Subtopology::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.epoch);
        writer.array_length("subtopologies", self.subtopologies.len())?;
        for element in &self.subtopologies {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subtopology {
    /// In every version.
    pub subtopology_id: ByteString,
    /// In every version.
    pub source_topics: Vec<TopicName>,
    /// In every version.
    pub source_topic_regex: Vec<ByteString>,
    /// In every version.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// In every version.
    pub repartition_sink_topics: Vec<TopicName>,
    /// In every version.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// In every version.
    pub copartition_groups: Vec<CopartitionGroup>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Subtopology {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            subtopology_id: reader.string("subtopology_id")?,
            source_topics: reader
                .array("source_topics", |reader| reader.string("source_topics").map(TopicName))?,
            source_topic_regex: reader
                .array("source_topic_regex", |reader| reader.string("source_topic_regex"))?,
            state_changelog_topics: reader
                .array("state_changelog_topics", |reader| TopicInfo::read(reader, version))?,
            repartition_sink_topics: reader.array("repartition_sink_topics", |reader| {
                reader.string("repartition_sink_topics").map(TopicName)
            })?,
            repartition_source_topics: reader
                .array("repartition_source_topics", |reader| TopicInfo::read(reader, version))?,
            copartition_groups: reader
                .array("copartition_groups", |reader| CopartitionGroup::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("subtopology_id", &self.subtopology_id)?;
        writer.array_length("source_topics", self.source_topics.len())?;
        for element in &self.source_topics {
            writer.string("source_topics", element)?;
        }
        writer.array_length("source_topic_regex", self.source_topic_regex.len())?;
        for element in &self.source_topic_regex {
            writer.string("source_topic_regex", element)?;
        }
        writer.array_length("state_changelog_topics", self.state_changelog_topics.len())?;
        for element in &self.state_changelog_topics {
            element.write(writer, version)?;
        }
        writer.array_length("repartition_sink_topics", self.repartition_sink_topics.len())?;
        for element in &self.repartition_sink_topics {
            writer.string("repartition_sink_topics", element)?;
        }
        writer.array_length("repartition_source_topics", self.repartition_source_topics.len())?;
        for element in &self.repartition_source_topics {
            element.write(writer, version)?;
        }
        writer.array_length("copartition_groups", self.copartition_groups.len())?;
        for element in &self.copartition_groups {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicInfo {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: i32,
    /// In every version.
    pub replication_factor: i16,
    /// In every version.
    pub topic_configs: Vec<KeyValue>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopicInfo {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader.i32("partitions")?,
            replication_factor: reader.i16("replication_factor")?,
            topic_configs: reader.array("topic_configs", |reader| KeyValue::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.i32(self.partitions);
        writer.i16(self.replication_factor);
        writer.array_length("topic_configs", self.topic_configs.len())?;
        for element in &self.topic_configs {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValue {
    /// In every version.
    pub key: ByteString,
    /// In every version.
    pub value: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl KeyValue {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            key: reader.string("key")?,
            value: reader.string("value")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("key", &self.key)?;
        writer.string("value", &self.value)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CopartitionGroup {
    /// In every version.
    pub source_topics: Vec<i16>,
    /// In every version.
    pub source_topic_regex: Vec<i16>,
    /// In every version.
    pub repartition_source_topics: Vec<i16>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl CopartitionGroup {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            source_topics: reader.array("source_topics", |reader| reader.i16("source_topics"))?,
            source_topic_regex: reader
                .array("source_topic_regex", |reader| reader.i16("source_topic_regex"))?,
            repartition_source_topics: reader
                .array("repartition_source_topics", |reader| reader.i16("repartition_source_topics"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.array_length("source_topics", self.source_topics.len())?;
        for element in &self.source_topics {
            writer.i16(*element);
        }
        writer.array_length("source_topic_regex", self.source_topic_regex.len())?;
        for element in &self.source_topic_regex {
            writer.i16(*element);
        }
        writer.array_length("repartition_source_topics", self.repartition_source_topics.len())?;
        for element in &self.repartition_source_topics {
            writer.i16(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestTaskIds {
    /// In every version.
    pub subtopology_id: ByteString,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestTaskIds {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            subtopology_id: reader.string("subtopology_id")?,
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("subtopology_id", &self.subtopology_id)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestEndpoint {
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl RequestEndpoint {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            host: reader.string("host")?,
            port: reader.u16("port")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("host", &self.host)?;
        writer.u16(self.port);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskOffset {
    /// In every version.
    pub subtopology_id: ByteString,
    /// In every version.
    pub partition: i32,
    /// In every version.
    pub offset: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TaskOffset {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            subtopology_id: reader.string("subtopology_id")?,
            partition: reader.i32("partition")?,
            offset: reader.i64("offset")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("subtopology_id", &self.subtopology_id)?;
        writer.i32(self.partition);
        writer.i64(self.offset);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `StreamsGroupHeartbeat` (API key 88): versions 0-1, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamsGroupHeartbeatResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub member_id: ByteString,
    /// In every version.
    pub member_epoch: i32,
    /// In every version.
    pub heartbeat_interval_ms: i32,
    /// Up to version 0.
    pub acceptable_recovery_lag_legacy: i32,
    /// In every version.
    pub task_offset_interval_ms: i32,
    /// Since version 1. Default -1. Ignorable.
    pub acceptable_recovery_lag: i64,
    /// In every version; may be null.
    pub status: Option<Vec<Status>>,
    /// In every version; may be null. Default null.
    pub active_tasks: Option<Vec<ResponseTaskIds>>,
    /// In every version; may be null. Default null.
    pub standby_tasks: Option<Vec<ResponseTaskIds>>,
    /// In every version; may be null. Default null.
    pub warmup_tasks: Option<Vec<ResponseTaskIds>>,
    /// Since version 1.
    pub topology_description_required: bool,
    /// In every version.
    pub endpoint_information_epoch: i32,
    /// In every version; may be null. Default null.
    pub partitions_by_user_endpoint: Option<Vec<EndpointToPartitions>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for StreamsGroupHeartbeatResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            error_message: None,
            member_id: ByteString::new(),
            member_epoch: 0,
            heartbeat_interval_ms: 0,
            acceptable_recovery_lag_legacy: 0,
            task_offset_interval_ms: 0,
            acceptable_recovery_lag: -1,
            status: Some(Vec::new()),
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            topology_description_required: false,
            endpoint_information_epoch: 0,
            partitions_by_user_endpoint: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for StreamsGroupHeartbeatResponse {
    const NAME: &'static str = "StreamsGroupHeartbeatResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            member_id: reader.string("member_id")?,
            member_epoch: reader.i32("member_epoch")?,
            heartbeat_interval_ms: reader.i32("heartbeat_interval_ms")?,
            acceptable_recovery_lag_legacy: if version <= 0 {
                reader.i32("acceptable_recovery_lag_legacy")?
            } else {
                0
            },
            task_offset_interval_ms: reader.i32("task_offset_interval_ms")?,
            acceptable_recovery_lag: if version >= 1 { reader.i64("acceptable_recovery_lag")? } else { -1 },
            status: reader.nullable_array("status", |reader| Status::read(reader, version))?,
            active_tasks: reader
                .nullable_array("active_tasks", |reader| ResponseTaskIds::read(reader, version))?,
            standby_tasks: reader
                .nullable_array("standby_tasks", |reader| ResponseTaskIds::read(reader, version))?,
            warmup_tasks: reader
                .nullable_array("warmup_tasks", |reader| ResponseTaskIds::read(reader, version))?,
            topology_description_required: if version >= 1 {
                reader.bool("topology_description_required")?
            } else {
                false
            },
            endpoint_information_epoch: reader.i32("endpoint_information_epoch")?,
            partitions_by_user_endpoint: reader.nullable_array("partitions_by_user_endpoint", |reader| {
                EndpointToPartitions::read(reader, version)
            })?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.string("member_id", &self.member_id)?;
        writer.i32(self.member_epoch);
        writer.i32(self.heartbeat_interval_ms);
        if version <= 0 {
            writer.i32(self.acceptable_recovery_lag_legacy);
        } else if self.acceptable_recovery_lag_legacy != 0 {
            return Err(writer.field_not_in_version("acceptable_recovery_lag_legacy"));
        }
        writer.i32(self.task_offset_interval_ms);
        if version >= 1 {
            writer.i64(self.acceptable_recovery_lag);
        }
        writer.nullable_array_length("status", self.status.as_ref().map(Vec::len))?;
        for element in self.status.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.nullable_array_length("active_tasks", self.active_tasks.as_ref().map(Vec::len))?;
        for element in self.active_tasks.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.nullable_array_length("standby_tasks", self.standby_tasks.as_ref().map(Vec::len))?;
        for element in self.standby_tasks.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.nullable_array_length("warmup_tasks", self.warmup_tasks.as_ref().map(Vec::len))?;
        for element in self.warmup_tasks.iter().flatten() {
            element.write(writer, version)?;
        }
        if version >= 1 {
            writer.bool(self.topology_description_required);
        } else if self.topology_description_required {
            return Err(writer.field_not_in_version("topology_description_required"));
        }
        writer.i32(self.endpoint_information_epoch);
        writer.nullable_array_length(
            "partitions_by_user_endpoint",
            self.partitions_by_user_endpoint.as_ref().map(Vec::len),
        )?;
        for element in self.partitions_by_user_endpoint.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for StreamsGroupHeartbeatResponse {
    const KEY: ApiKey = ApiKey::STREAMS_GROUP_HEARTBEAT;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// In every version.
    pub status_code: i8,
    /// In every version.
    pub status_detail: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Status {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            status_code: reader.i8("status_code")?,
            status_detail: reader.string("status_detail")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i8(self.status_code);
        writer.string("status_detail", &self.status_detail)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseTaskIds {
    /// In every version.
    pub subtopology_id: ByteString,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponseTaskIds {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            subtopology_id: reader.string("subtopology_id")?,
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("subtopology_id", &self.subtopology_id)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointToPartitions {
    /// In every version.
    pub user_endpoint: ResponseEndpoint,
    /// In every version.
    pub active_partitions: Vec<TopicPartition>,
    /// In every version.
    pub standby_partitions: Vec<TopicPartition>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl EndpointToPartitions {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            user_endpoint: ResponseEndpoint::read(reader, version)?,
            active_partitions: reader
                .array("active_partitions", |reader| TopicPartition::read(reader, version))?,
            standby_partitions: reader
                .array("standby_partitions", |reader| TopicPartition::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        self.user_endpoint.write(writer, version)?;
        writer.array_length("active_partitions", self.active_partitions.len())?;
        for element in &self.active_partitions {
            element.write(writer, version)?;
        }
        writer.array_length("standby_partitions", self.standby_partitions.len())?;
        for element in &self.standby_partitions {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseEndpoint {
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: u16,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl ResponseEndpoint {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            host: reader.string("host")?,
            port: reader.u16("port")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("host", &self.host)?;
        writer.u16(self.port);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupHeartbeatResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicPartition {
    /// In every version.
    pub topic: TopicName,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopicPartition {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: TopicName(reader.string("topic")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("topic", &self.topic)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
