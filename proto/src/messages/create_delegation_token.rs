// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `CreateDelegationToken` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `CreateDelegationToken` (API key 38): versions 1-3, flexible since 2.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateDelegationTokenRequest {
    /// Since version 3; may be null.
    pub owner_principal_type: Option<ByteString>,
    /// Since version 3; may be null.
    pub owner_principal_name: Option<ByteString>,
    /// In every version.
    pub renewers: Vec<CreatableRenewers>,
    /// In every version.
    pub max_lifetime_ms: i64,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for CreateDelegationTokenRequest {
    fn default() -> Self {
        Self {
            owner_principal_type: Some(ByteString::new()),
            owner_principal_name: Some(ByteString::new()),
            renewers: Vec::new(),
            max_lifetime_ms: 0,
            unknown_tagged_fields: Vec::new(),
        }
    }
}

impl Message for CreateDelegationTokenRequest {
    const NAME: &'static str = "CreateDelegationTokenRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            owner_principal_type: if version >= 3 {
                reader.nullable_string("owner_principal_type")?
            } else {
                Some(ByteString::new())
            },
            owner_principal_name: if version >= 3 {
                reader.nullable_string("owner_principal_name")?
            } else {
                Some(ByteString::new())
            },
            renewers: reader.array("renewers", |reader| CreatableRenewers::read(reader, version))?,
            max_lifetime_ms: reader.i64("max_lifetime_ms")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        if version >= 3 {
            writer.nullable_string("owner_principal_type", self.owner_principal_type.as_deref())?;
        } else if self.owner_principal_type.as_ref().is_none_or(|value| !value.is_empty()) {
            return Err(writer.field_not_in_version("owner_principal_type"));
        }
        if version >= 3 {
            writer.nullable_string("owner_principal_name", self.owner_principal_name.as_deref())?;
        } else if self.owner_principal_name.as_ref().is_none_or(|value| !value.is_empty()) {
            return Err(writer.field_not_in_version("owner_principal_name"));
        }
        writer.array_length("renewers", self.renewers.len())?;
        for element in &self.renewers {
            element.write(writer, version)?;
        }
        writer.i64(self.max_lifetime_ms);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for CreateDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::CREATE_DELEGATION_TOKEN;
    const LATEST_STABLE: i16 = 3;
    type Response = CreateDelegationTokenResponse;
}

/// Part of [`CreateDelegationTokenRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreatableRenewers {
    /// In every version.
    pub principal_type: ByteString,
    /// In every version.
    pub principal_name: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl CreatableRenewers {
    fn read(reader: &mut Reader, _version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
            principal_type: reader.string("principal_type")?,
            principal_name: reader.string("principal_name")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, _version: i16) -> Result<(), EncodeError> {
        writer.string("principal_type", &self.principal_type)?;
        writer.string("principal_name", &self.principal_name)?;
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Answers `CreateDelegationToken` (API key 38): versions 1-3, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateDelegationTokenResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub principal_type: ByteString,
    /// In every version.
    pub principal_name: ByteString,
    /// Since version 3.
    pub token_requester_principal_type: ByteString,
    /// Since version 3.
    pub token_requester_principal_name: ByteString,
    /// In every version.
    pub issue_timestamp_ms: i64,
    /// In every version.
    pub expiry_timestamp_ms: i64,
    /// In every version.
    pub max_timestamp_ms: i64,
    /// In every version.
    pub token_id: ByteString,
    /// In every version.
    pub hmac: Bytes,
    /// In every version.
    pub throttle_time_ms: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for CreateDelegationTokenResponse {
    const NAME: &'static str = "CreateDelegationTokenResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            principal_type: reader.string("principal_type")?,
            principal_name: reader.string("principal_name")?,
            token_requester_principal_type: if version >= 3 {
                reader.string("token_requester_principal_type")?
            } else {
                ByteString::new()
            },
            token_requester_principal_name: if version >= 3 {
                reader.string("token_requester_principal_name")?
            } else {
                ByteString::new()
            },
            issue_timestamp_ms: reader.i64("issue_timestamp_ms")?,
            expiry_timestamp_ms: reader.i64("expiry_timestamp_ms")?,
            max_timestamp_ms: reader.i64("max_timestamp_ms")?,
            token_id: reader.string("token_id")?,
            hmac: reader.bytes("hmac")?,
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.error_code.0);
        writer.string("principal_type", &self.principal_type)?;
        writer.string("principal_name", &self.principal_name)?;
        if version >= 3 {
            writer.string("token_requester_principal_type", &self.token_requester_principal_type)?;
        } else if !self.token_requester_principal_type.is_empty() {
            return Err(writer.field_not_in_version("token_requester_principal_type"));
        }
        if version >= 3 {
            writer.string("token_requester_principal_name", &self.token_requester_principal_name)?;
        } else if !self.token_requester_principal_name.is_empty() {
            return Err(writer.field_not_in_version("token_requester_principal_name"));
        }
        writer.i64(self.issue_timestamp_ms);
        writer.i64(self.expiry_timestamp_ms);
        writer.i64(self.max_timestamp_ms);
        writer.string("token_id", &self.token_id)?;
        writer.bytes("hmac", &self.hmac)?;
        writer.i32(self.throttle_time_ms);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for CreateDelegationTokenResponse {
    const KEY: ApiKey = ApiKey::CREATE_DELEGATION_TOKEN;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}
