// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `AddOffsetsToTxn` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, GroupId, ProducerEpoch, ProducerId, TransactionalId};

/// Asks `AddOffsetsToTxn` (API key 25): versions 0-4, flexible since 3.
#[derive(Clone, Debug, PartialEq)]
pub struct AddOffsetsToTxnRequest {
    /// In every version.
    pub transactional_id: TransactionalId,
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub producer_epoch: ProducerEpoch,
    /// In every version.
    pub group_id: GroupId,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AddOffsetsToTxnRequest {
    fn default() -> Self {
        Self {
            transactional_id: TransactionalId::default(),
            producer_id: ProducerId(0),
            producer_epoch: ProducerEpoch(0),
            group_id: GroupId::default(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for AddOffsetsToTxnRequest {
    const NAME: &'static str = "AddOffsetsToTxnRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            transactional_id: TransactionalId(reader.string("transactional_id")?),
            producer_id: ProducerId(reader.i64("producer_id")?),
            producer_epoch: ProducerEpoch(reader.i16("producer_epoch")?),
            group_id: GroupId(reader.string("group_id")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("transactional_id", &self.transactional_id)?;
        writer.i64(self.producer_id.0);
        writer.i16(self.producer_epoch.0);
        writer.string("group_id", &self.group_id)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for AddOffsetsToTxnRequest {
    const KEY: ApiKey = ApiKey::ADD_OFFSETS_TO_TXN;
    const LATEST_STABLE: i16 = 4;
    type Response = AddOffsetsToTxnResponse;
}

/// Answers `AddOffsetsToTxn` (API key 25): versions 0-4, flexible since 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddOffsetsToTxnResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for AddOffsetsToTxnResponse {
    const NAME: &'static str = "AddOffsetsToTxnResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for AddOffsetsToTxnResponse {
    const KEY: ApiKey = ApiKey::ADD_OFFSETS_TO_TXN;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
