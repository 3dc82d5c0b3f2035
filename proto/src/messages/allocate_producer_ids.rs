// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `AllocateProducerIds` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, ProducerId};

/// Asks `AllocateProducerIds` (API key 67): version 0, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocateProducerIdsRequest {
    /// In every version.
    pub broker_id: BrokerId,
    /// In every version. Default -1.
    pub broker_epoch: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AllocateProducerIdsRequest {
    fn default() -> Self {
        Self { broker_id: BrokerId(0), broker_epoch: -1, unknown_tagged_fields: Vec::new() }
    }
}

impl Message for AllocateProducerIdsRequest {
    const NAME: &'static str = "AllocateProducerIdsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            broker_id: BrokerId(reader.i32("broker_id")?),
            broker_epoch: reader.i64("broker_epoch")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.broker_id.0);
        writer.i64(self.broker_epoch);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for AllocateProducerIdsRequest {
    const KEY: ApiKey = ApiKey::ALLOCATE_PRODUCER_IDS;
    const LATEST_STABLE: i16 = 0;
    type Response = AllocateProducerIdsResponse;
}

/// Answers `AllocateProducerIds` (API key 67): version 0, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct AllocateProducerIdsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub producer_id_start: ProducerId,
    /// In every version.
    pub producer_id_len: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for AllocateProducerIdsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            producer_id_start: ProducerId(0),
            producer_id_len: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for AllocateProducerIdsResponse {
    const NAME: &'static str = "AllocateProducerIdsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            producer_id_start: ProducerId(reader.i64("producer_id_start")?),
            producer_id_len: reader.i32("producer_id_len")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.i64(self.producer_id_start.0);
        writer.i32(self.producer_id_len);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for AllocateProducerIdsResponse {
    const KEY: ApiKey = ApiKey::ALLOCATE_PRODUCER_IDS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
