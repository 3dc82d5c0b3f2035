// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `AddPartitionsToTxn` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, ProducerEpoch, ProducerId, TopicName, TransactionalId};

/// Asks `AddPartitionsToTxn` (API key 24): versions 0-5, flexible since 3.
#[derive(Clone, Debug, PartialEq)]
pub struct AddPartitionsToTxnRequest {
    /// Since version 4.
    pub transactions: Vec<AddPartitionsToTxnTransaction>,
    /// Up to version 3.
    pub v3_and_below_transactional_id: TransactionalId,
    /// Up to version 3.
    pub v3_and_below_producer_id: ProducerId,
    /// Up to version 3.
    pub v3_and_below_producer_epoch: ProducerEpoch,
    /// Up to version 3.
    pub v3_and_below_topics: Vec<AddPartitionsToTxnTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AddPartitionsToTxnRequest {
    fn default() -> Self {
        Self {
            transactions: Vec::new(),
            v3_and_below_transactional_id: TransactionalId::default(),
            v3_and_below_producer_id: ProducerId(0),
            v3_and_below_producer_epoch: ProducerEpoch(0),
            v3_and_below_topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for AddPartitionsToTxnRequest {
    const NAME: &'static str = "AddPartitionsToTxnRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            transactions: if version >= 4 {
                reader.array("transactions", |reader| AddPartitionsToTxnTransaction::read(reader, version))?
            } else {
                Vec::new()
            },
            v3_and_below_transactional_id: if version <= 3 {
                TransactionalId(reader.string("v3_and_below_transactional_id")?)
            } else {
                TransactionalId::default()
            },
            v3_and_below_producer_id: if version <= 3 {
                ProducerId(reader.i64("v3_and_below_producer_id")?)
            } else {
                ProducerId(0)
            },
            v3_and_below_producer_epoch: if version <= 3 {
                ProducerEpoch(reader.i16("v3_and_below_producer_epoch")?)
            } else {
                ProducerEpoch(0)
            },
            v3_and_below_topics: if version <= 3 {
                reader
                    .array("v3_and_below_topics", |reader| AddPartitionsToTxnTopic::read(reader, version))?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 4 {
            writer.array_length("transactions", self.transactions.len())?;
            for element in &self.transactions {
                element.write(writer, version)?;
            }
        } else if !self.transactions.is_empty() {
            return Err(writer.field_not_in_version("transactions"));
        }
        if version <= 3 {
            writer.string("v3_and_below_transactional_id", &self.v3_and_below_transactional_id)?;
        } else if !self.v3_and_below_transactional_id.is_empty() {
            return Err(writer.field_not_in_version("v3_and_below_transactional_id"));
        }
        if version <= 3 {
            writer.i64(self.v3_and_below_producer_id.0);
        } else if self.v3_and_below_producer_id != ProducerId(0) {
            return Err(writer.field_not_in_version("v3_and_below_producer_id"));
        }
        if version <= 3 {
            writer.i16(self.v3_and_below_producer_epoch.0);
        } else if self.v3_and_below_producer_epoch != ProducerEpoch(0) {
            return Err(writer.field_not_in_version("v3_and_below_producer_epoch"));
        }
        if version <= 3 {
            writer.array_length("v3_and_below_topics", self.v3_and_below_topics.len())?;
            for element in &self.v3_and_below_topics {
                element.write(writer, version)?;
            }
        } else if !self.v3_and_below_topics.is_empty() {
            return Err(writer.field_not_in_version("v3_and_below_topics"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for AddPartitionsToTxnRequest {
    const KEY: ApiKey = ApiKey::ADD_PARTITIONS_TO_TXN;
    const LATEST_STABLE: i16 = 5;
    type Response = AddPartitionsToTxnResponse;
}

/// Part of [`AddPartitionsToTxnRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct AddPartitionsToTxnTransaction {
    /// In every version. A key: no two elements share it.
    pub transactional_id: TransactionalId,
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub producer_epoch: ProducerEpoch,
    /// In every version.
    pub verify_only: bool,
    /// In every version.
    pub topics: Vec<AddPartitionsToTxnTopic>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AddPartitionsToTxnTransaction {
    fn default() -> Self {
        Self {
            transactional_id: TransactionalId::default(),
            producer_id: ProducerId(0),
            producer_epoch: ProducerEpoch(0),
            verify_only: false,
            topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl AddPartitionsToTxnTransaction {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            transactional_id: TransactionalId(reader.string("transactional_id")?),
            producer_id: ProducerId(reader.i64("producer_id")?),
            producer_epoch: ProducerEpoch(reader.i16("producer_epoch")?),
            verify_only: reader.bool("verify_only")?,
            topics: reader.array("topics", |reader| AddPartitionsToTxnTopic::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("transactional_id", &self.transactional_id)?;
        writer.i64(self.producer_id.0);
        writer.i16(self.producer_epoch.0);
        writer.bool(self.verify_only);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`AddPartitionsToTxnRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnTopic {
    /// In every version. A key: no two elements share it.
    pub name: TopicName,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AddPartitionsToTxnTopic {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            partitions: reader.array("partitions", |reader| reader.i32("partitions"))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.array_length("partitions", self.partitions.len())?;
        for element in &self.partitions {
            writer.i32(*element);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `AddPartitionsToTxn` (API key 24): versions 0-5, flexible since 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// Since version 4. Ignorable.
    pub error_code: ErrorCode,
    /// Since version 4.
    pub results_by_transaction: Vec<AddPartitionsToTxnResult>,
    /// Up to version 3.
    pub results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for AddPartitionsToTxnResponse {
    const NAME: &'static str = "AddPartitionsToTxnResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: if version >= 4 { ErrorCode(reader.i16("error_code")?) } else { ErrorCode::NONE },
            results_by_transaction: if version >= 4 {
                reader.array("results_by_transaction", |reader| {
                    AddPartitionsToTxnResult::read(reader, version)
                })?
            } else {
                Vec::new()
            },
            results_by_topic_v3_and_below: if version <= 3 {
                reader.array("results_by_topic_v3_and_below", |reader| {
                    AddPartitionsToTxnTopicResult::read(reader, version)
                })?
            } else {
                Vec::new()
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        if version >= 4 {
            writer.i16(self.error_code.0);
        }
        if version >= 4 {
            writer.array_length("results_by_transaction", self.results_by_transaction.len())?;
            for element in &self.results_by_transaction {
                element.write(writer, version)?;
            }
        } else if !self.results_by_transaction.is_empty() {
            return Err(writer.field_not_in_version("results_by_transaction"));
        }
        if version <= 3 {
            writer.array_length("results_by_topic_v3_and_below", self.results_by_topic_v3_and_below.len())?;
            for element in &self.results_by_topic_v3_and_below {
                element.write(writer, version)?;
            }
        } else if !self.results_by_topic_v3_and_below.is_empty() {
            return Err(writer.field_not_in_version("results_by_topic_v3_and_below"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for AddPartitionsToTxnResponse {
    const KEY: ApiKey = ApiKey::ADD_PARTITIONS_TO_TXN;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`AddPartitionsToTxnResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnResult {
    /// In every version. A key: no two elements share it.
    pub transactional_id: TransactionalId,
    /// In every version.
    pub topic_results: Vec<AddPartitionsToTxnTopicResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AddPartitionsToTxnResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            transactional_id: TransactionalId(reader.string("transactional_id")?),
            topic_results: reader
                .array("topic_results", |reader| AddPartitionsToTxnTopicResult::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("transactional_id", &self.transactional_id)?;
        writer.array_length("topic_results", self.topic_results.len())?;
        for element in &self.topic_results {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`AddPartitionsToTxnResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnTopicResult {
    /// In every version. A key: no two elements share it.
    pub name: TopicName,
    /// In every version.
    pub results_by_partition: Vec<AddPartitionsToTxnPartitionResult>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AddPartitionsToTxnTopicResult {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            name: TopicName(reader.string("name")?),
            results_by_partition: reader.array("results_by_partition", |reader| {
                AddPartitionsToTxnPartitionResult::read(reader, version)
            })?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.string("name", &self.name)?;
        writer.array_length("results_by_partition", self.results_by_partition.len())?;
        for element in &self.results_by_partition {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`AddPartitionsToTxnResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddPartitionsToTxnPartitionResult {
    /// In every version. A key: no two elements share it.
    pub partition_index: i32,
    /// In every version.
    pub partition_error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl AddPartitionsToTxnPartitionResult {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            partition_index: reader.i32("partition_index")?,
            partition_error_code: ErrorCode(reader.i16("partition_error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.i32(self.partition_index);
        writer.i16(self.partition_error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
