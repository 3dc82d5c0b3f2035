// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `BrokerHeartbeat` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, TaggedFields, UnknownTaggedField,
    VersionRange, Writer,
};
use crate::{ApiKey, BrokerId, ErrorCode, Uuid};

/// Asks `BrokerHeartbeat` (API key 63): versions 0-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerHeartbeatRequest {
    /// In every version.
    pub broker_id: BrokerId,
    /// In every version. Default -1.
    pub broker_epoch: i64,
    /// In every version.
    pub current_metadata_offset: i64,
    /// In every version.
    pub want_fence: bool,
    /// In every version.
    pub want_shut_down: bool,
    /// Since version 1, as tag 0.
    pub offline_log_dirs: Vec<Uuid>,
    /// Since version 2, as tag 1; may be null. Default null.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for BrokerHeartbeatRequest {
    fn default() -> Self {
        Self {
            broker_id: BrokerId(0),
            broker_epoch: -1,
            current_metadata_offset: 0,
            want_fence: false,
            want_shut_down: false,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: None,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for BrokerHeartbeatRequest {
    const NAME: &'static str = "BrokerHeartbeatRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        let mut message = Self {
            broker_id: BrokerId(reader.i32("broker_id")?),
            broker_epoch: reader.i64("broker_epoch")?,
            current_metadata_offset: reader.i64("current_metadata_offset")?,
            want_fence: reader.bool("want_fence")?,
            want_shut_down: reader.bool("want_shut_down")?,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: None,
            unknown_tagged_fields: Vec::new(),
        };
        message.unknown_tagged_fields = reader.tagged_fields(|reader, tag| {
            match tag {
                0 if version >= 1 => {
                    message.offline_log_dirs = reader
                        .array("offline_log_dirs", |reader| reader.uuid("offline_log_dirs").map(Uuid))?
                }
                1 if version >= 2 => {
                    message.cordoned_log_dirs = reader.nullable_array("cordoned_log_dirs", |reader| {
                        reader.uuid("cordoned_log_dirs").map(Uuid)
                    })?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(message)
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.broker_id.0);
        writer.i64(self.broker_epoch);
        writer.i64(self.current_metadata_offset);
        writer.bool(self.want_fence);
        writer.bool(self.want_shut_down);
        let mut tagged = TaggedFields::default();
        if version >= 1 && !self.offline_log_dirs.is_empty() {
            let mut field = writer.tagged_field();
            field.array_length("offline_log_dirs", self.offline_log_dirs.len())?;
            for element in &self.offline_log_dirs {
                field.uuid(element.0);
            }
            tagged.push(0, field);
        } else if !self.offline_log_dirs.is_empty() {
            return Err(writer.field_not_in_version("offline_log_dirs"));
        }
        if version >= 2 && self.cordoned_log_dirs.is_some() {
            let mut field = writer.tagged_field();
            field
                .nullable_array_length("cordoned_log_dirs", self.cordoned_log_dirs.as_ref().map(Vec::len))?;
            for element in self.cordoned_log_dirs.iter().flatten() {
                field.uuid(element.0);
            }
            tagged.push(1, field);
        } else if self.cordoned_log_dirs.is_some() {
            return Err(writer.field_not_in_version("cordoned_log_dirs"));
        }
        writer.tagged_fields(tagged, &self.unknown_tagged_fields)
    }
}

impl Request for BrokerHeartbeatRequest {
    const KEY: ApiKey = ApiKey::BROKER_HEARTBEAT;
    const LATEST_STABLE: i16 = 2;
    type Response = BrokerHeartbeatResponse;
}

/// Answers `BrokerHeartbeat` (API key 63): versions 0-2, flexible.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerHeartbeatResponse {
    /// In every version.
    pub throttle_time_ms: i32,
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub is_caught_up: bool,
    /// In every version. Default true.
    pub is_fenced: bool,
    /// In every version.
    pub should_shut_down: bool,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for BrokerHeartbeatResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::NONE,
            is_caught_up: false,
            is_fenced: true,
            should_shut_down: false,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for BrokerHeartbeatResponse {
    const NAME: &'static str = "BrokerHeartbeatResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FIRST_FLEXIBLE: i16 = 0;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            error_code: ErrorCode(reader.i16("error_code")?),
            is_caught_up: reader.bool("is_caught_up")?,
            is_fenced: reader.bool("is_fenced")?,
            should_shut_down: reader.bool("should_shut_down")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i32(self.throttle_time_ms);
        writer.i16(self.error_code.0);
        writer.bool(self.is_caught_up);
        writer.bool(self.is_fenced);
        writer.bool(self.should_shut_down);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for BrokerHeartbeatResponse {
    const KEY: ApiKey = ApiKey::BROKER_HEARTBEAT;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
