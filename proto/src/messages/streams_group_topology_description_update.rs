// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `StreamsGroupTopologyDescriptionUpdate` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, TopicName};
use bytestring::ByteString;

/// Asks `StreamsGroupTopologyDescriptionUpdate` (API key 93): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupTopologyDescriptionUpdateRequest {
    /// In every version.
    pub group_id: GroupId,
    /// In every version.
    pub member_id: ByteString,
    /// In every version.
    pub topology_epoch: i32,
    /// In every version.
    pub topology_description: TopologyDescription,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for StreamsGroupTopologyDescriptionUpdateRequest {
    const NAME: &'static str = "StreamsGroupTopologyDescriptionUpdateRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            group_id: GroupId(reader.string("group_id")?),
            member_id: reader.string("member_id")?,
            topology_epoch: reader.i32("topology_epoch")?,
            topology_description: TopologyDescription::read(reader, version)?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("group_id", &self.group_id)?;
        writer.string("member_id", &self.member_id)?;
        writer.i32(self.topology_epoch);
        self.topology_description.write(writer, version)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for StreamsGroupTopologyDescriptionUpdateRequest {
    const KEY: ApiKey = ApiKey::STREAMS_GROUP_TOPOLOGY_DESCRIPTION_UPDATE;
    const LATEST_STABLE: i16 = 0;
    type Response = StreamsGroupTopologyDescriptionUpdateResponse;
}

/// Part of [`StreamsGroupTopologyDescriptionUpdateRequest`].
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

/// Part of [`StreamsGroupTopologyDescriptionUpdateRequest`].
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

/// Part of [`StreamsGroupTopologyDescriptionUpdateRequest`].
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

/// Part of [`StreamsGroupTopologyDescriptionUpdateRequest`].
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

/// Answers `StreamsGroupTopologyDescriptionUpdate` (API key 93): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsGroupTopologyDescriptionUpdateResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version; may be null. Default null.
    pub error_message: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for StreamsGroupTopologyDescriptionUpdateResponse {
    const NAME: &'static str = "StreamsGroupTopologyDescriptionUpdateResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
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

impl Response for StreamsGroupTopologyDescriptionUpdateResponse {
    const KEY: ApiKey = ApiKey::STREAMS_GROUP_TOPOLOGY_DESCRIPTION_UPDATE;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
