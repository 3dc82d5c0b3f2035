// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `ListTransactions` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode, ProducerId, TransactionalId};
use bytestring::ByteString;

/// Asks `ListTransactions` (API key 66): versions 0-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct ListTransactionsRequest {
    /// In every version.
    pub state_filters: Vec<ByteString>,
    /// In every version.
    pub producer_id_filters: Vec<ProducerId>,
    /// Since version 1. Default -1.
    pub duration_filter: i64,
    /// Since version 2; may be null. Default null.
    pub transactional_id_pattern: Option<ByteString>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for ListTransactionsRequest {
    fn default() -> Self {
        Self {
            state_filters: Vec::new(),
            producer_id_filters: Vec::new(),
            duration_filter: -1,
            transactional_id_pattern: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for ListTransactionsRequest {
    const NAME: &'static str = "ListTransactionsRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            state_filters: reader.array("state_filters", |reader| reader.string("state_filters"))?,
            producer_id_filters: reader
                .array("producer_id_filters", |reader| reader.i64("producer_id_filters").map(ProducerId))?,
            duration_filter: if version >= 1 { reader.i64("duration_filter")? } else { -1 },
            transactional_id_pattern: if version >= 2 {
                reader.nullable_string("transactional_id_pattern")?
            } else {
                None
            },
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.array_length("state_filters", self.state_filters.len())?;
        for element in &self.state_filters {
            writer.string("state_filters", element)?;
        }
        writer.array_length("producer_id_filters", self.producer_id_filters.len())?;
        for element in &self.producer_id_filters {
            writer.i64(element.0);
        }
        if version >= 1 {
            writer.i64(self.duration_filter);
        } else if self.duration_filter != -1 {
            return Err(writer.field_not_in_version("duration_filter"));
        }
        if version >= 2 {
            writer.nullable_string("transactional_id_pattern", self.transactional_id_pattern.as_deref())?;
        } else if self.transactional_id_pattern.is_some() {
            return Err(writer.field_not_in_version("transactional_id_pattern"));
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for ListTransactionsRequest {
    const KEY: ApiKey = ApiKey::LIST_TRANSACTIONS;
    const LATEST_STABLE: i16 = 2;
    type Response = ListTransactionsResponse;
}

/// Answers `ListTransactions` (API key 66): versions 0-2, flexible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListTransactionsResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub unknown_state_filters: Vec<ByteString>,
    /// In every version.
    pub transaction_states: Vec<TransactionState>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for ListTransactionsResponse {
    const NAME: &'static str = "ListTransactionsResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            unknown_state_filters: reader
                .array("unknown_state_filters", |reader| reader.string("unknown_state_filters"))?,
            transaction_states: reader
                .array("transaction_states", |reader| TransactionState::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.array_length("unknown_state_filters", self.unknown_state_filters.len())?;
        for element in &self.unknown_state_filters {
            writer.string("unknown_state_filters", element)?;
        }
        writer.array_length("transaction_states", self.transaction_states.len())?;
        for element in &self.transaction_states {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for ListTransactionsResponse {
    const KEY: ApiKey = ApiKey::LIST_TRANSACTIONS;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`ListTransactionsResponse`].
#[derive(Clone, Debug, PartialEq)]
pub struct TransactionState {
    /// In every version.
    pub transactional_id: TransactionalId,
    /// In every version.
    pub producer_id: ProducerId,
    /// In every version.
    pub transaction_state: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for TransactionState {
    fn default() -> Self {
        Self {
            transactional_id: TransactionalId::default(),
            producer_id: ProducerId(0),
            transaction_state: ByteString::new(),
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl TransactionState {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            transactional_id: TransactionalId(reader.string("transactional_id")?),
            producer_id: ProducerId(reader.i64("producer_id")?),
            transaction_state: reader.string("transaction_state")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("transactional_id", &self.transactional_id)?;
        writer.i64(self.producer_id.0);
        writer.string("transaction_state", &self.transaction_state)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}
