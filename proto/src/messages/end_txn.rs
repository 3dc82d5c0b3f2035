// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `EndTxn` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, ProducerEpoch, ProducerId, TransactionalId};

/// Asks `EndTxn` (API key 26): versions 0-5, flexible since 3.
#[derive(Clone, Debug, PartialEq)]
pub struct EndTxnRequest {
    /// In every version.
    pub transactional_id: TransactionalId,
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub producer_epoch: ProducerEpoch,
    /// In every version.
    pub committed: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for EndTxnRequest {
    fn default() -> Self {
        Self {
            transactional_id: TransactionalId::default(),
            producer_id: ProducerId(0),
            producer_epoch: ProducerEpoch(0),
            committed: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for EndTxnRequest {
    const NAME: &'static str = "EndTxnRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            transactional_id: TransactionalId(reader.string("transactional_id")?),
            producer_id: ProducerId(reader.i64("producer_id")?),
            producer_epoch: ProducerEpoch(reader.i16("producer_epoch")?),
            committed: reader.bool("committed")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.string("transactional_id", &self.transactional_id)?;
        writer.i64(self.producer_id.0);
        writer.i16(self.producer_epoch.0);
        writer.bool(self.committed);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for EndTxnRequest {
    const KEY: ApiKey = ApiKey::END_TXN;
    const LATEST_STABLE: i16 = 5;
    type Response = EndTxnResponse;
}

/// Answers `EndTxn` (API key 26): versions 0-5, flexible since 3.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndTxnResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// Since version 5. Default -1. Ignorable.
    pub producer_id: ProducerId,
    /// Since version 5. Default -1. Ignorable.
    pub producer_epoch: ProducerEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for EndTxnResponse {
    const NAME: &'static str = "EndTxnResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FIRST_FLEXIBLE: i16 = 3;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            producer_id: if version >= 5 { ProducerId(reader.i64("producer_id")?) } else { ProducerId::NONE },
            producer_epoch: if version >= 5 {
                ProducerEpoch(reader.i16("producer_epoch")?)
            } else {
                ProducerEpoch::NONE
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        if version >= 5 {
            writer.i64(self.producer_id.0);
        }
        if version >= 5 {
            writer.i16(self.producer_epoch.0);
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for EndTxnResponse {
    const KEY: ApiKey = ApiKey::END_TXN;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
