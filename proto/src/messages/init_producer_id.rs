// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `InitProducerId` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, ProducerEpoch, ProducerId, TransactionalId};

/// Asks `InitProducerId` (API key 22): versions 0-6 (6 is not stable), flexible since 2.
#[derive(Clone, Debug, PartialEq)]
pub struct InitProducerIdRequest {
    /// In every version; may be null.
    pub transactional_id: Option<TransactionalId>,
    /// In every version.
    pub transaction_timeout_ms: i32,
    /// Since version 3. Default -1.
    pub producer_id: ProducerId,
    /// Since version 3. Default -1.
    pub producer_epoch: ProducerEpoch,
    /// Since version 6.
    pub enable2_pc: bool,
    /// Since version 6.
    pub keep_prepared_txn: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for InitProducerIdRequest {
    fn default() -> Self {
        Self {
            transactional_id: Some(TransactionalId::default()),
            transaction_timeout_ms: 0,
            producer_id: ProducerId::NONE,
            producer_epoch: ProducerEpoch::NONE,
            enable2_pc: false,
            keep_prepared_txn: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for InitProducerIdRequest {
    const NAME: &'static str = "InitProducerIdRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            transactional_id: reader.nullable_string("transactional_id")?.map(TransactionalId),
            transaction_timeout_ms: reader.i32("transaction_timeout_ms")?,
            producer_id: if version >= 3 { ProducerId(reader.i64("producer_id")?) } else { ProducerId::NONE },
            producer_epoch: if version >= 3 {
                ProducerEpoch(reader.i16("producer_epoch")?)
            } else {
                ProducerEpoch::NONE
            },
            enable2_pc: if version >= 6 { reader.bool("enable2_pc")? } else { false },
            keep_prepared_txn: if version >= 6 { reader.bool("keep_prepared_txn")? } else { false },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_string("transactional_id", self.transactional_id.as_deref())?;
        writer.i32(self.transaction_timeout_ms);
        if version >= 3 {
            writer.i64(self.producer_id.0);
        } else if self.producer_id != ProducerId::NONE {
            return Err(writer.field_not_in_version("producer_id"));
        }
        if version >= 3 {
            writer.i16(self.producer_epoch.0);
        } else if self.producer_epoch != ProducerEpoch::NONE {
            return Err(writer.field_not_in_version("producer_epoch"));
        }
        if version >= 6 {
            writer.bool(self.enable2_pc);
        } else if self.enable2_pc {
            return Err(writer.field_not_in_version("enable2_pc"));
        }
        if version >= 6 {
            writer.bool(self.keep_prepared_txn);
        } else if self.keep_prepared_txn {
            return Err(writer.field_not_in_version("keep_prepared_txn"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for InitProducerIdRequest {
    const KEY: ApiKey = ApiKey::INIT_PRODUCER_ID;
    const LATEST_STABLE: i16 = 5;
    type Response = InitProducerIdResponse;
}

/// Answers `InitProducerId` (API key 22): versions 0-6, flexible since 2.
#[derive(Clone, Debug, PartialEq)]
pub struct InitProducerIdResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version. Default -1.
    pub producer_id: ProducerId,
    /// In every version.
    pub producer_epoch: ProducerEpoch,
    /// Since version 6. Default -1.
    pub ongoing_txn_producer_id: ProducerId,
    /// Since version 6. Default -1.
    pub ongoing_txn_producer_epoch: ProducerEpoch,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for InitProducerIdResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            producer_id: ProducerId::NONE,
            producer_epoch: ProducerEpoch(0),
            ongoing_txn_producer_id: ProducerId::NONE,
            ongoing_txn_producer_epoch: ProducerEpoch::NONE,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for InitProducerIdResponse {
    const NAME: &'static str = "InitProducerIdResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            producer_id: ProducerId(reader.i64("producer_id")?),
            producer_epoch: ProducerEpoch(reader.i16("producer_epoch")?),
            ongoing_txn_producer_id: if version >= 6 {
                ProducerId(reader.i64("ongoing_txn_producer_id")?)
            } else {
                ProducerId::NONE
            },
            ongoing_txn_producer_epoch: if version >= 6 {
                ProducerEpoch(reader.i16("ongoing_txn_producer_epoch")?)
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
        writer.i64(self.producer_id.0);
        writer.i16(self.producer_epoch.0);
        if version >= 6 {
            writer.i64(self.ongoing_txn_producer_id.0);
        } else if self.ongoing_txn_producer_id != ProducerId::NONE {
            return Err(writer.field_not_in_version("ongoing_txn_producer_id"));
        }
        if version >= 6 {
            writer.i16(self.ongoing_txn_producer_epoch.0);
        } else if self.ongoing_txn_producer_epoch != ProducerEpoch::NONE {
            return Err(writer.field_not_in_version("ongoing_txn_producer_epoch"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for InitProducerIdResponse {
    const KEY: ApiKey = ApiKey::INIT_PRODUCER_ID;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
