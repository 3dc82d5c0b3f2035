// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `WriteTxnMarkers` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, ProducerEpoch, ProducerId, TopicName};

/// Asks `WriteTxnMarkers` (API key 27): versions 1-2, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteTxnMarkersRequest {
    /// In every version.
    pub markers: Vec<WritableTxnMarker>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for WriteTxnMarkersRequest {
    const NAME: &'static str = "WriteTxnMarkersRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            markers: reader.array("markers", |reader| WritableTxnMarker::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("markers", self.markers.len())?;
        for element in &self.markers {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for WriteTxnMarkersRequest {
    const KEY: ApiKey = ApiKey::WRITE_TXN_MARKERS;
    const LATEST_STABLE: i16 = 2;
    type Response = WriteTxnMarkersResponse;
}

/// Part of [`WriteTxnMarkersRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct WritableTxnMarker {
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub producer_epoch: ProducerEpoch,
    /// In every version.
    pub transaction_result: bool,
    /// In every version.
    pub topics: Vec<WritableTxnMarkerTopic>,
    /// In every version.
    pub coordinator_epoch: i32,
    /// Since version 2. Ignorable.
    pub transaction_version: i8,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for WritableTxnMarker {
    fn default() -> Self {
        Self {
            producer_id: ProducerId(0),
            producer_epoch: ProducerEpoch(0),
            transaction_result: false,
            topics: Vec::new(),
            coordinator_epoch: 0,
            transaction_version: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl WritableTxnMarker {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            producer_id: ProducerId(reader.i64("producer_id")?),
            producer_epoch: ProducerEpoch(reader.i16("producer_epoch")?),
            transaction_result: reader.bool("transaction_result")?,
            topics: reader.array("topics", |reader| WritableTxnMarkerTopic::read(reader, version))?,
            coordinator_epoch: reader.i32("coordinator_epoch")?,
            transaction_version: if version >= 2 { reader.i8("transaction_version")? } else { 0 },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i64(self.producer_id.0);
        writer.i16(self.producer_epoch.0);
        writer.bool(self.transaction_result);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.i32(self.coordinator_epoch);
        if version >= 2 {
            writer.i8(self.transaction_version);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`WriteTxnMarkersRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritableTxnMarkerTopic {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl WritableTxnMarkerTopic {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partition_indexes: reader.array("partition_indexes", |reader| reader.i32("partition_indexes"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.array_length("partition_indexes", self.partition_indexes.len())?;
        for element in &self.partition_indexes {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `WriteTxnMarkers` (API key 27): versions 1-2, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteTxnMarkersResponse {
    /// In every version.
    pub markers: Vec<WritableTxnMarkerResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for WriteTxnMarkersResponse {
    const NAME: &'static str = "WriteTxnMarkersResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 2);
    const FIRST_FLEXIBLE: i16 = 1;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            markers: reader.array("markers", |reader| WritableTxnMarkerResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("markers", self.markers.len())?;
        for element in &self.markers {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for WriteTxnMarkersResponse {
    const KEY: ApiKey = ApiKey::WRITE_TXN_MARKERS;

    fn throttle_time_ms(&self) -> Option<i32> {
        None
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct WritableTxnMarkerResult {
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub topics: Vec<WritableTxnMarkerTopicResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for WritableTxnMarkerResult {
    fn default() -> Self {
        Self { producer_id: ProducerId(0), topics: Vec::new(), unknown_tagged_fields: Vec::new() }
    }
}

impl WritableTxnMarkerResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            producer_id: ProducerId(reader.i64("producer_id")?),
            topics: reader.array("topics", |reader| WritableTxnMarkerTopicResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i64(self.producer_id.0);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritableTxnMarkerTopicResult {
    /// In every version.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<WritableTxnMarkerPartitionResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl WritableTxnMarkerTopicResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader
                .array("partitions", |reader| WritableTxnMarkerPartitionResult::read(reader, version))?,
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

/// Part of [`WriteTxnMarkersResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WritableTxnMarkerPartitionResult {
    /// In every version.
    pub partition_index: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl WritableTxnMarkerPartitionResult {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
