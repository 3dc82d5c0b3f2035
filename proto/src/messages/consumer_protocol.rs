// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! `ConsumerProtocolAssignment` and `ConsumerProtocolSubscription`.

use crate::TopicName;
use crate::wire::{DecodeError, EncodeError, Message, Reader, VersionRange, Writer};
use bytes::Bytes;
use bytestring::ByteString;

/// `ConsumerProtocolAssignment`: versions 0-3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConsumerProtocolAssignment {
    /// In every version.
    pub assigned_partitions: Vec<AssignmentTopicPartition>,
    /// In every version; may be null. Default null.
    pub user_data: Option<Bytes>,
}

impl Message for ConsumerProtocolAssignment {
    const NAME: &'static str = "ConsumerProtocolAssignment";
    const VERSIONS: VersionRange = VersionRange::new(0, 3);
    const FIRST_FLEXIBLE: i16 = i16::MAX;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            assigned_partitions: reader
                .array("assigned_partitions", |reader| AssignmentTopicPartition::read(reader, version))?,
            user_data: reader.nullable_bytes("user_data")?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("assigned_partitions", self.assigned_partitions.len())?;
        for element in &self.assigned_partitions {
            element.write(writer, version)?;
        }
        writer.nullable_bytes("user_data", self.user_data.as_ref())?;
        Ok(())
    }
}

/// Part of [`ConsumerProtocolAssignment`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssignmentTopicPartition {
    /// In every version. A key: no two elements share it.
    pub topic: TopicName,
    /// In every version.
    pub partitions: Vec<i32>,
}

impl AssignmentTopicPartition {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: TopicName(reader.string("topic")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("topic", &self.topic)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        Ok(())
    }
}

/// `ConsumerProtocolSubscription`: versions 0-3.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerProtocolSubscription {
    /// In every version.
    pub topics: Vec<ByteString>,
    /// In every version; may be null. Default null.
    pub user_data: Option<Bytes>,
    /// Since version 1. Ignorable.
    pub owned_partitions: Vec<SubscriptionTopicPartition>,
    /// Since version 2. Default -1. Ignorable.
    pub generation_id: i32,
    /// Since version 3; may be null. Default null. Ignorable.
    pub rack_id: Option<ByteString>,
}

impl Default for ConsumerProtocolSubscription {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            user_data: None,
            owned_partitions: Vec::new(),
            generation_id: -1,
            rack_id: None,
        }
    }
}

impl Message for ConsumerProtocolSubscription {
    const NAME: &'static str = "ConsumerProtocolSubscription";
    const VERSIONS: VersionRange = VersionRange::new(0, 3);
    const FIRST_FLEXIBLE: i16 = i16::MAX;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            topics: reader.array("topics", |reader| reader.string("topics"))?,
            user_data: reader.nullable_bytes("user_data")?,
            owned_partitions: if version >= 1 {
                reader
                    .array("owned_partitions", |reader| SubscriptionTopicPartition::read(reader, version))?
            } else {
                Vec::new()
            },
            generation_id: if version >= 2 { reader.i32("generation_id")? } else { -1 },
            rack_id: if version >= 3 { reader.nullable_string("rack_id")? } else { None },
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            writer.string("topics", element)?;
        }
        writer.nullable_bytes("user_data", self.user_data.as_ref())?;
        if version >= 1 {
            writer.array_length("owned_partitions", self.owned_partitions.len())?;
            for element in &self.owned_partitions {
                element.write(writer, version)?;
            }
        }
        if version >= 2 {
            writer.i32(self.generation_id);
        }
        if version >= 3 {
            writer.nullable_string("rack_id", self.rack_id.as_deref())?;
        }
        Ok(())
    }
}

/// Part of [`ConsumerProtocolSubscription`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubscriptionTopicPartition {
    /// In every version. A key: no two elements share it.
    pub topic: TopicName,
    /// In every version.
    pub partitions: Vec<i32>,
}

impl SubscriptionTopicPartition {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            topic: TopicName(reader.string("topic")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("topic", &self.topic)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        Ok(())
    }
}
