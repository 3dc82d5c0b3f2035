// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `StreamsGroupDescribe` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, TopicName};
use bytestring::ByteString;

/// Asks `StreamsGroupDescribe` (API key 89): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupDescribeRequest {
    /// In every version.
    pub group_ids: Vec<GroupId>,
    /// In every version.
    pub include_authorized_operations: bool,
    /// Since version 1.
    pub include_topology_description: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for StreamsGroupDescribeRequest {
    const NAME: &'static str = "StreamsGroupDescribeRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_ids: reader.array("group_ids", |reader| reader.string("group_ids").map(GroupId))?,
            include_authorized_operations: reader.bool("include_authorized_operations")?,
            include_topology_description: if version >= 1 {
                reader.bool("include_topology_description")?
            } else {
                false
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("group_ids", self.group_ids.len())?;
        for element in &self.group_ids {
            writer.string("group_ids", element)?;
        }
        writer.bool(self.include_authorized_operations);
        if version >= 1 {
            writer.bool(self.include_topology_description);
        } else if self.include_topology_description {
            return Err(writer.field_not_in_version("include_topology_description"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for StreamsGroupDescribeRequest {
    const KEY: ApiKey = ApiKey::STREAMS_GROUP_DESCRIBE;
    const LATEST_STABLE: i16 = 1;
    type Response = StreamsGroupDescribeResponse;
}

/// Answers `StreamsGroupDescribe` (API key 89): versions 0-1, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupDescribeResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for StreamsGroupDescribeResponse {
    const NAME: &'static str = "StreamsGroupDescribeResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            groups: reader.array("groups", |reader| DescribedGroup::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("groups", self.groups.len())?;
        for element in &self.groups {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for StreamsGroupDescribeResponse {
    const KEY: ApiKey = ApiKey::STREAMS_GROUP_DESCRIBE;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedGroup {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub group_state: ByteString,
    /// In every version.
    pub group_epoch: i32,
    /// In every version.
    pub assignment_epoch: i32,
    /// In every version; may be null. Default null.
    pub topology: Option<Topology>,
    /// In every version.
    pub members: Vec<Member>,
    /// In every version. Default i32::MIN.
    pub authorized_operations: i32,
    /// Since version 1; may be null. Default null.
    pub topology_description: Option<TopologyDescription>,
    /// Since version 1.
    pub topology_description_status: i8,
    /// Since version 1; may be null. Default null. Ignorable.
    pub assignor_name: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribedGroup {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            error_message: None,
            group_id: GroupId::default(),
            group_state: ByteString::new(),
            group_epoch: 0,
            assignment_epoch: 0,
            topology: None,
            members: Vec::new(),
            authorized_operations: i32::MIN,
            topology_description: None,
            topology_description_status: 0,
            assignor_name: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl DescribedGroup {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            error_message: reader.nullable_string("error_message")?,
            group_id: GroupId(reader.string("group_id")?),
            group_state: reader.string("group_state")?,
            group_epoch: reader.i32("group_epoch")?,
            assignment_epoch: reader.i32("assignment_epoch")?,
            topology: if reader.is_present("topology")? {
                Some(Topology::read(reader, version)?)
            } else {
                None
            },
            members: reader.array("members", |reader| Member::read(reader, version))?,
            authorized_operations: reader.i32("authorized_operations")?,
            topology_description: if version >= 1 {
                if reader.is_present("topology_description")? {
                    Some(TopologyDescription::read(reader, version)?)
                } else {
                    None
                }
            } else {
                None
            },
            topology_description_status: if version >= 1 {
                reader.i8("topology_description_status")?
            } else {
                0
            },
            assignor_name: if version >= 1 { reader.nullable_string("assignor_name")? } else { None },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.nullable_string("error_message", self.error_message.as_deref())?;
        writer.string("group_id", &self.group_id)?;
        writer.string("group_state", &self.group_state)?;
        writer.i32(self.group_epoch);
        writer.i32(self.assignment_epoch);
        writer.presence(self.topology.is_some());
        if let Some(topology) = &self.topology {
            topology.write(writer, version)?;
        }
        writer.array_length("members", self.members.len())?;
        for element in &self.members {
            element.write(writer, version)?;
        }
        writer.i32(self.authorized_operations);
        if version >= 1 {
            writer.presence(self.topology_description.is_some());
            if let Some(topology_description) = &self.topology_description {
                topology_description.write(writer, version)?;
            }
        } else if self.topology_description.is_some() {
            return Err(writer.field_not_in_version("topology_description"));
        }
        if version >= 1 {
            writer.i8(self.topology_description_status);
        } else if self.topology_description_status != 0 {
            return Err(writer.field_not_in_version("topology_description_status"));
        }
        if version >= 1 {
            writer.nullable_string("assignor_name", self.assignor_name.as_deref())?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    /// In every version.
    pub epoch: i32,
    /// In every version; may be null. Default null.
    pub subtopologies: Option<Vec<Subtopology>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Topology {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            epoch: reader.i32("epoch")?,
            subtopologies: reader
                .nullable_array("subtopologies", |reader| Subtopology::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.epoch);
        writer.nullable_array_length("subtopologies", self.subtopologies.as_ref().map(Vec::len))?;
        for element in self.subtopologies.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subtopology {
    /// In every version.
    pub subtopology_id: ByteString,
    /// In every version.
    pub source_topics: Vec<TopicName>,
    /// In every version.
    pub repartition_sink_topics: Vec<TopicName>,
    /// In every version.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// In every version.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Subtopology {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            subtopology_id: reader.string("subtopology_id")?,
            source_topics: reader
                .array("source_topics", |reader| reader.string("source_topics").map(TopicName))?,
            repartition_sink_topics: reader.array("repartition_sink_topics", |reader| {
                reader.string("repartition_sink_topics").map(TopicName)
            })?,
            state_changelog_topics: reader
                .array("state_changelog_topics", |reader| TopicInfo::read(reader, version))?,
            repartition_source_topics: reader
                .array("repartition_source_topics", |reader| TopicInfo::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("subtopology_id", &self.subtopology_id)?;
        writer.array_length("source_topics", self.source_topics.len())?;
        for element in &self.source_topics {
            writer.string("source_topics", element)?;
        }
        writer.array_length("repartition_sink_topics", self.repartition_sink_topics.len())?;
        for element in &self.repartition_sink_topics {
            writer.string("repartition_sink_topics", element)?;
        }
        writer.array_length("state_changelog_topics", self.state_changelog_topics.len())?;
        for element in &self.state_changelog_topics {
            element.write(writer, version)?;
        }
        writer.array_length("repartition_source_topics", self.repartition_source_topics.len())?;
        for element in &self.repartition_source_topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
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

/// Part of [`StreamsGroupDescribeResponse`].
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

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Member {
    /// In every version.
    pub member_id: ByteString,
    /// In every version.
    pub member_epoch: i32,
    /// In every version; may be null. Default null.
    pub instance_id: Option<ByteString>,
    /// In every version; may be null. Default null.
    pub rack_id: Option<ByteString>,
    /// In every version.
    pub client_id: ByteString,
    /// In every version.
    pub client_host: ByteString,
    /// In every version.
    pub topology_epoch: i32,
    /// In every version.
    pub process_id: ByteString,
    /// In every version; may be null. Default null.
    pub user_endpoint: Option<Endpoint>,
    /// In every version.
    pub client_tags: Vec<KeyValue>,
    /// In every version.
    pub task_offsets: Vec<TaskOffset>,
    /// In every version.
    pub task_end_offsets: Vec<TaskOffset>,
    /// In every version.
    pub assignment: Assignment,
    /// In every version.
    pub target_assignment: Assignment,
    /// In every version.
    pub is_classic: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Member {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            member_id: reader.string("member_id")?,
            member_epoch: reader.i32("member_epoch")?,
            instance_id: reader.nullable_string("instance_id")?,
            rack_id: reader.nullable_string("rack_id")?,
            client_id: reader.string("client_id")?,
            client_host: reader.string("client_host")?,
            topology_epoch: reader.i32("topology_epoch")?,
            process_id: reader.string("process_id")?,
            user_endpoint: if reader.is_present("user_endpoint")? {
                Some(Endpoint::read(reader, version)?)
            } else {
                None
            },
            client_tags: reader.array("client_tags", |reader| KeyValue::read(reader, version))?,
            task_offsets: reader.array("task_offsets", |reader| TaskOffset::read(reader, version))?,
            task_end_offsets: reader.array("task_end_offsets", |reader| TaskOffset::read(reader, version))?,
            assignment: Assignment::read(reader, version)?,
            target_assignment: Assignment::read(reader, version)?,
            is_classic: reader.bool("is_classic")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("member_id", &self.member_id)?;
        writer.i32(self.member_epoch);
        writer.nullable_string("instance_id", self.instance_id.as_deref())?;
        writer.nullable_string("rack_id", self.rack_id.as_deref())?;
        writer.string("client_id", &self.client_id)?;
        writer.string("client_host", &self.client_host)?;
        writer.i32(self.topology_epoch);
        writer.string("process_id", &self.process_id)?;
        writer.presence(self.user_endpoint.is_some());
        if let Some(user_endpoint) = &self.user_endpoint {
            user_endpoint.write(writer, version)?;
        }
        writer.array_length("client_tags", self.client_tags.len())?;
        for element in &self.client_tags {
            element.write(writer, version)?;
        }
        writer.array_length("task_offsets", self.task_offsets.len())?;
        for element in &self.task_offsets {
            element.write(writer, version)?;
        }
        writer.array_length("task_end_offsets", self.task_end_offsets.len())?;
        for element in &self.task_end_offsets {
            element.write(writer, version)?;
        }
        self.assignment.write(writer, version)?;
        self.target_assignment.write(writer, version)?;
        writer.bool(self.is_classic);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
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

/// Part of [`StreamsGroupDescribeResponse`].
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

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment {
    /// In every version.
    pub active_tasks: Vec<TaskIds>,
    /// In every version.
    pub standby_tasks: Vec<TaskIds>,
    /// In every version.
    pub warmup_tasks: Vec<TaskIds>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Assignment {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            active_tasks: reader.array("active_tasks", |reader| TaskIds::read(reader, version))?,
            standby_tasks: reader.array("standby_tasks", |reader| TaskIds::read(reader, version))?,
            warmup_tasks: reader.array("warmup_tasks", |reader| TaskIds::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.array_length("active_tasks", self.active_tasks.len())?;
        for element in &self.active_tasks {
            element.write(writer, version)?;
        }
        writer.array_length("standby_tasks", self.standby_tasks.len())?;
        for element in &self.standby_tasks {
            element.write(writer, version)?;
        }
        writer.array_length("warmup_tasks", self.warmup_tasks.len())?;
        for element in &self.warmup_tasks {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskIds {
    /// In every version.
    pub subtopology_id: ByteString,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TaskIds {
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

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyDescription {
    /// In every version.
    pub subtopologies: Vec<TopologyDescriptionSubtopology>,
    /// In every version.
    pub global_stores: Vec<TopologyDescriptionGlobalStore>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopologyDescription {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            subtopologies: reader
                .array("subtopologies", |reader| TopologyDescriptionSubtopology::read(reader, version))?,
            global_stores: reader
                .array("global_stores", |reader| TopologyDescriptionGlobalStore::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.array_length("subtopologies", self.subtopologies.len())?;
        for element in &self.subtopologies {
            element.write(writer, version)?;
        }
        writer.array_length("global_stores", self.global_stores.len())?;
        for element in &self.global_stores {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyDescriptionSubtopology {
    /// In every version.
    pub subtopology_id: ByteString,
    /// In every version.
    pub nodes: Vec<TopologyDescriptionNode>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopologyDescriptionSubtopology {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            subtopology_id: reader.string("subtopology_id")?,
            nodes: reader.array("nodes", |reader| TopologyDescriptionNode::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("subtopology_id", &self.subtopology_id)?;
        writer.array_length("nodes", self.nodes.len())?;
        for element in &self.nodes {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyDescriptionNode {
    /// In every version.
    pub name: ByteString,
    /// In every version.
    pub node_type: i8,
    /// In every version.
    pub source_topics: Vec<TopicName>,
    /// In every version; may be null. Default null.
    pub sink_topic: Option<TopicName>,
    /// In every version.
    pub stores: Vec<ByteString>,
    /// In every version.
    pub successors: Vec<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopologyDescriptionNode {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: reader.string("name")?,
            node_type: reader.i8("node_type")?,
            source_topics: reader
                .array("source_topics", |reader| reader.string("source_topics").map(TopicName))?,
            sink_topic: reader.nullable_string("sink_topic")?.map(TopicName),
            stores: reader.array("stores", |reader| reader.string("stores"))?,
            successors: reader.array("successors", |reader| reader.string("successors"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.i8(self.node_type);
        writer.array_length("source_topics", self.source_topics.len())?;
        for element in &self.source_topics {
            writer.string("source_topics", element)?;
        }
        writer.nullable_string("sink_topic", self.sink_topic.as_deref())?;
        writer.array_length("stores", self.stores.len())?;
        for element in &self.stores {
            writer.string("stores", element)?;
        }
        writer.array_length("successors", self.successors.len())?;
        for element in &self.successors {
            writer.string("successors", element)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`StreamsGroupDescribeResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyDescriptionGlobalStore {
    /// In every version.
    pub source: TopologyDescriptionNode,
    /// In every version.
    pub processor: TopologyDescriptionNode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopologyDescriptionGlobalStore {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            source: TopologyDescriptionNode::read(reader, version)?,
            processor: TopologyDescriptionNode::read(reader, version)?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        self.source.write(writer, version)?;
        self.processor.write(writer, version)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
