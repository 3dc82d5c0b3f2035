// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeTransactions` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, ProducerEpoch, ProducerId, TopicName, TransactionalId};
use bytestring::ByteString;

/// Asks `DescribeTransactions` (API key 65): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeTransactionsRequest {
    /// In every version.
    pub transactional_ids: Vec<TransactionalId>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeTransactionsRequest {
    const NAME: &'static str = "DescribeTransactionsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            transactional_ids: reader.array("transactional_ids", |reader| {
                reader.string("transactional_ids").map(TransactionalId)
            })?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("transactional_ids", self.transactional_ids.len())?;
        for element in &self.transactional_ids {
            writer.string("transactional_ids", element)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeTransactionsRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_TRANSACTIONS;
    const LATEST_STABLE: i16 = 0;
    type Response = DescribeTransactionsResponse;
}

/// Answers `DescribeTransactions` (API key 65): version 0, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeTransactionsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub transaction_states: Vec<TransactionState>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeTransactionsResponse {
    const NAME: &'static str = "DescribeTransactionsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            transaction_states: reader
                .array("transaction_states", |reader| TransactionState::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.array_length("transaction_states", self.transaction_states.len())?;
        for element in &self.transaction_states {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DescribeTransactionsResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_TRANSACTIONS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        None
    }
}

/// Part of [`DescribeTransactionsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct TransactionState {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub transactional_id: TransactionalId,
    /// In every version.
    pub transaction_state: ByteString,
    /// In every version.
    pub transaction_timeout_ms: i32,
    /// In every version.
    pub transaction_start_time_ms: i64,
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub producer_epoch: ProducerEpoch,
    /// In every version.
    pub topics: Vec<TopicData>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for TransactionState {
    fn default() -> Self {
        Self {
            error_code: ErrorCode::NONE,
            transactional_id: TransactionalId::default(),
            transaction_state: ByteString::new(),
            transaction_timeout_ms: 0,
            transaction_start_time_ms: 0,
            producer_id: ProducerId(0),
            producer_epoch: ProducerEpoch(0),
            topics: Vec::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl TransactionState {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            transactional_id: TransactionalId(reader.string("transactional_id")?),
            transaction_state: reader.string("transaction_state")?,
            transaction_timeout_ms: reader.i32("transaction_timeout_ms")?,
            transaction_start_time_ms: reader.i64("transaction_start_time_ms")?,
            producer_id: ProducerId(reader.i64("producer_id")?),
            producer_epoch: ProducerEpoch(reader.i16("producer_epoch")?),
            topics: reader.array("topics", |reader| TopicData::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.i16(self.error_code.0);
        writer.string("transactional_id", &self.transactional_id)?;
        writer.string("transaction_state", &self.transaction_state)?;
        writer.i32(self.transaction_timeout_ms);
        writer.i64(self.transaction_start_time_ms);
        writer.i64(self.producer_id.0);
        writer.i16(self.producer_epoch.0);
        writer.array_length("topics", self.topics.len())?;
        for element in &self.topics {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeTransactionsResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicData {
    /// In every version. A key: no two elements share it.
    pub topic: TopicName,
    /// In every version.
    pub partitions: Vec<i32>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl TopicData {
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
