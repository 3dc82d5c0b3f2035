// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `Metadata` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicId, TopicName};
use bytestring::ByteString;

/// Asks `Metadata` (API key 3): versions 0-13, flexible since 9.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataRequest {
    /// In every version; may be null since version 1.
    pub topics: Option<Vec<MetadataRequestTopic>>,
    /// Since version 4. Default true.
    pub allow_auto_topic_creation: bool,
    /// In versions 8-10.
    pub include_cluster_authorized_operations: bool,
    /// Since version 8.
    pub include_topic_authorized_operations: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for MetadataRequest {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
            allow_auto_topic_creation: true,
            include_cluster_authorized_operations: false,
            include_topic_authorized_operations: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for MetadataRequest {
    const NAME: &'static str = "MetadataRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 13);
    const FIRST_FLEXIBLE: i16 = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            topics: if version >= 1 {
                reader.nullable_array("topics", |reader| MetadataRequestTopic::read(reader, version))?
            } else {
                Some(reader.array("topics", |reader| MetadataRequestTopic::read(reader, version))?)
            },
            allow_auto_topic_creation: if version >= 4 {
                reader.bool("allow_auto_topic_creation")?
            } else {
                true
            },
            include_cluster_authorized_operations: if (8..=10).contains(&version) {
                reader.bool("include_cluster_authorized_operations")?
            } else {
                false
            },
            include_topic_authorized_operations: if version >= 8 {
                reader.bool("include_topic_authorized_operations")?
            } else {
                false
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version < 1 && self.topics.is_none() {
            return Err(writer.null_not_allowed("topics"));
        }
        writer.nullable_array_length("topics", self.topics.as_ref().map(Vec::len))?;
        for element in self.topics.iter().flatten() {
            element.write(writer, version)?;
        }
        if version >= 4 {
            writer.bool(self.allow_auto_topic_creation);
        } else if !self.allow_auto_topic_creation {
            return Err(writer.field_not_in_version("allow_auto_topic_creation"));
        }
        if (8..=10).contains(&version) {
            writer.bool(self.include_cluster_authorized_operations);
        } else if self.include_cluster_authorized_operations {
            return Err(writer.field_not_in_version("include_cluster_authorized_operations"));
        }
        if version >= 8 {
            writer.bool(self.include_topic_authorized_operations);
        } else if self.include_topic_authorized_operations {
            return Err(writer.field_not_in_version("include_topic_authorized_operations"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for MetadataRequest {
    const KEY: ApiKey = ApiKey::METADATA;
    const LATEST_STABLE: i16 = 13;
    type Response = MetadataResponse;
}

/// Part of [`MetadataRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataRequestTopic {
    /// Since version 10. Ignorable.
    pub topic_id: TopicId,
    /// In every version; may be null since version 10.
    pub name: Option<TopicName>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for MetadataRequestTopic {
    fn default() -> Self {
        Self { topic_id: TopicId::ZERO, name: Some(TopicName::default()), unknown_tagged_fields: Vec::new() }
    }
}

impl MetadataRequestTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic_id: if version >= 10 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            name: if version >= 10 {
                reader.nullable_string("name")?.map(TopicName)
            } else {
                Some(TopicName(reader.string("name")?))
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        if version >= 10 {
            writer.uuid(self.topic_id.0);
        }
        if version < 10 && self.name.is_none() {
            return Err(writer.null_not_allowed("name"));
        }
        writer.nullable_string("name", self.name.as_deref())?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `Metadata` (API key 3): versions 0-13, flexible since 9.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponse {
    /// Since version 3. Ignorable.
    pub throttle_time_ms: i32,
    /// In every version.
    pub brokers: Vec<MetadataResponseBroker>,
    /// Since version 2; may be null. Default null. Ignorable.
    pub cluster_id: Option<ByteString>,
    /// Since version 1. Default -1. Ignorable.
    pub controller_id: BrokerId,
    /// In every version.
    pub topics: Vec<MetadataResponseTopic>,
    /// In versions 8-10. Default i32::MIN.
    pub cluster_authorized_operations: i32,
    /// Since version 13. Ignorable.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for MetadataResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            brokers: Vec::new(),
            cluster_id: None,
            controller_id: BrokerId::NONE,
            topics: Vec::new(),
            cluster_authorized_operations: i32::MIN,
            error_code: ErrorCode::NONE,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for MetadataResponse {
    const NAME: &'static str = "MetadataResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 13);
    const FIRST_FLEXIBLE: i16 = 9;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: if version >= 3 { reader.i32("throttle_time_ms")? } else { 0 },
            brokers: reader.array("brokers", |reader| MetadataResponseBroker::read(reader, version))?,
            cluster_id: if version >= 2 { reader.nullable_string("cluster_id")? } else { None },
            controller_id: if version >= 1 { BrokerId(reader.i32("controller_id")?) } else { BrokerId::NONE },
            topics: reader.array("topics", |reader| MetadataResponseTopic::read(reader, version))?,
            cluster_authorized_operations: if (8..=10).contains(&version) {
                reader.i32("cluster_authorized_operations")?
            } else {
                i32::MIN
            },
            error_code: if version >= 13 { ErrorCode(reader.i16("error_code")?) } else { ErrorCode::NONE },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 3 {
            writer.i32(self.throttle_time_ms);
        }
        writer.array_length("brokers", self.brokers.len())?;
        for element in &self.brokers {
            element.write(writer, version)?;
        }
        if version >= 2 {
            writer.nullable_string("cluster_id", self.cluster_id.as_deref())?;
        }
        if version >= 1 {
            writer.i32(self.controller_id.0);
        }
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        if (8..=10).contains(&version) {
            writer.i32(self.cluster_authorized_operations);
        } else if self.cluster_authorized_operations != i32::MIN {
            return Err(writer.field_not_in_version("cluster_authorized_operations"));
        }
        if version >= 13 {
            writer.i16(self.error_code.0);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for MetadataResponse {
    const KEY: ApiKey = ApiKey::METADATA;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`MetadataResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponseBroker {
    /// In every version. A key: no two elements share it.
    pub node_id: BrokerId,
    /// In every version.
    pub host: ByteString,
    /// In every version.
    pub port: i32,
    /// Since version 1; may be null. Default null. Ignorable.
    pub rack: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for MetadataResponseBroker {
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

impl MetadataResponseBroker {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            node_id: BrokerId(reader.i32("node_id")?),
            host: reader.string("host")?,
            port: reader.i32("port")?,
            rack: if version >= 1 { reader.nullable_string("rack")? } else { None },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i32(self.node_id.0);
        writer.string("host", &self.host)?;
        writer.i32(self.port);
        if version >= 1 {
            writer.nullable_string("rack", self.rack.as_deref())?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`MetadataResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponseTopic {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null since version 12. A key: no two elements share it.
    pub name: Option<TopicName>,
    /// Since version 10. Ignorable.
    pub topic_id: TopicId,
    /// Since version 1. Ignorable.
    pub is_internal: bool,
    /// In every version.
    pub partitions: Vec<MetadataResponsePartition>,
    /// Since version 8. Default i32::MIN.
    pub topic_authorized_operations: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for MetadataResponseTopic {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            name: Some(TopicName::default()),
            topic_id: TopicId::ZERO,
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: i32::MIN,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl MetadataResponseTopic {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            name: if version >= 12 {
                reader.nullable_string("name")?.map(TopicName)
            } else {
                Some(TopicName(reader.string("name")?))
            },
            topic_id: if version >= 10 { TopicId(reader.uuid("topic_id")?) } else { TopicId::ZERO },
            is_internal: if version >= 1 { reader.bool("is_internal")? } else { false },
            partitions: reader
                .array("partitions", |reader| MetadataResponsePartition::read(reader, version))?,
            topic_authorized_operations: if version >= 8 {
                reader.i32("topic_authorized_operations")?
            } else {
                i32::MIN
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        if version < 12 && self.name.is_none() {
            return Err(writer.null_not_allowed("name"));
        }
        writer.nullable_string("name", self.name.as_deref())?;
        if version >= 10 {
            writer.uuid(self.topic_id.0);
        }
        if version >= 1 {
            writer.bool(self.is_internal);
        }
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            element.write(writer, version)?;
        }
        if version >= 8 {
            writer.i32(self.topic_authorized_operations);
        } else if self.topic_authorized_operations != i32::MIN {
            return Err(writer.field_not_in_version("topic_authorized_operations"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`MetadataResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataResponsePartition {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub leader_id: BrokerId,
    /// Since version 7. Default -1. Ignorable.
    pub leader_epoch: LeaderEpoch,
    /// In every version.
    pub replica_nodes: Vec<BrokerId>,
    /// In every version.
    pub isr_nodes: Vec<BrokerId>,
    /// Since version 5. Ignorable.
    pub offline_replicas: Vec<BrokerId>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for MetadataResponsePartition {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            partition_index: 0,
            leader_id: BrokerId(0),
            leader_epoch: LeaderEpoch::NONE,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            offline_replicas: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl MetadataResponsePartition {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            partition_index: reader.i32("partition_index")?,
            leader_id: BrokerId(reader.i32("leader_id")?),
            leader_epoch: if version >= 7 {
                LeaderEpoch(reader.i32("leader_epoch")?)
            } else {
                LeaderEpoch::NONE
            },
            replica_nodes: reader
                .array("replica_nodes", |reader| reader.i32("replica_nodes").map(BrokerId))?,
            isr_nodes: reader.array("isr_nodes", |reader| reader.i32("isr_nodes").map(BrokerId))?,
            offline_replicas: if version >= 5 {
                reader.array("offline_replicas", |reader| reader.i32("offline_replicas").map(BrokerId))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.i32(self.partition_index);
        writer.i32(self.leader_id.0);
        if version >= 7 {
            writer.i32(self.leader_epoch.0);
        }
        writer.array_length("replica_nodes", self.replica_nodes.len())?;
        for element in &self.replica_nodes {
            writer.i32(element.0);
        }
        writer.array_length("isr_nodes", self.isr_nodes.len())?;
        for element in &self.isr_nodes {
            writer.i32(element.0);
        }
        if version >= 5 {
            writer.array_length("offline_replicas", self.offline_replicas.len())?;
            for element in &self.offline_replicas {
                writer.i32(element.0);
            }
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
