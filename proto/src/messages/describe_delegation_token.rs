// Written by `cargo xtask generate` from Kafka's schemas; a change by hand does not last.

//! The `DescribeDelegationToken` API: its request and its response.

use crate::wire::{
    DecodeError, EncodeError, Message, Reader, Request, Response, UnknownTaggedField, VersionRange, Writer,
};
use crate::{ApiKey, ErrorCode};
use bytes::Bytes;
use bytestring::ByteString;

/// Asks `DescribeDelegationToken` (API key 41): versions 1-3, flexible since 2.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribeDelegationTokenRequest {
    /// In every version; may be null.
    pub owners: Option<Vec<DescribeDelegationTokenOwner>>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Default for DescribeDelegationTokenRequest {
    fn default() -> Self {
        Self { owners: Some(Vec::new()), unknown_tagged_fields: Vec::new() }
    }
}

impl Message for DescribeDelegationTokenRequest {
    const NAME: &'static str = "DescribeDelegationTokenRequest";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            owners: reader
                .nullable_array("owners", |reader| DescribeDelegationTokenOwner::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.nullable_array_length("owners", self.owners.as_ref().map(Vec::len))?;
        for element in self.owners.iter().flatten() {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Request for DescribeDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::DESCRIBE_DELEGATION_TOKEN;
    const LATEST_STABLE: i16 = 3;
    type Response = DescribeDelegationTokenResponse;
}

/// Part of [`DescribeDelegationTokenRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeDelegationTokenOwner {
    /// In every version.
    pub principal_type: ByteString,
    /// In every version.
    pub principal_name: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DescribeDelegationTokenOwner {
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

/// Answers `DescribeDelegationToken` (API key 41): versions 1-3, flexible since 2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribeDelegationTokenResponse {
    /// In every version.
    pub error_code: ErrorCode,
    /// In every version.
    pub tokens: Vec<DescribedDelegationToken>,
    /// In every version.
    pub throttle_time_ms: i32,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl Message for DescribeDelegationTokenResponse {
    const NAME: &'static str = "DescribeDelegationTokenResponse";
    const VERSIONS: VersionRange = VersionRange::new(1, 3);
    const FIRST_FLEXIBLE: i16 = 2;

    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        reader.start::<Self>(version)?;
        Ok(Self {
            error_code: ErrorCode(reader.i16("error_code")?),
            tokens: reader.array("tokens", |reader| DescribedDelegationToken::read(reader, version))?,
            throttle_time_ms: reader.i32("throttle_time_ms")?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
        writer.start::<Self>(version)?;
        writer.i16(self.error_code.0);
        writer.array_length("tokens", self.tokens.len())?;
        for element in &self.tokens {
            element.write(writer, version)?;
        }
        writer.i32(self.throttle_time_ms);
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

impl Response for DescribeDelegationTokenResponse {
    const KEY: ApiKey = ApiKey::DESCRIBE_DELEGATION_TOKEN;

    fn throttle_time_ms(&self) -> Option<i32> {
        Some(self.throttle_time_ms)
    }

    fn error_code(&self) -> Option<ErrorCode> {
        Some(self.error_code)
    }
}

/// Part of [`DescribeDelegationTokenResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribedDelegationToken {
    /// In every version.
    pub principal_type: ByteString,
    /// In every version.
    pub principal_name: ByteString,
    /// Since version 3.
    pub token_requester_principal_type: ByteString,
    /// Since version 3.
    pub token_requester_principal_name: ByteString,
    /// In every version.
    pub issue_timestamp: i64,
    /// In every version.
    pub expiry_timestamp: i64,
    /// In every version.
    pub max_timestamp: i64,
    /// In every version.
    pub token_id: ByteString,
    /// In every version.
    pub hmac: Bytes,
    /// In every version.
    pub renewers: Vec<DescribedDelegationTokenRenewer>,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DescribedDelegationToken {
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
        Ok(Self {
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
            issue_timestamp: reader.i64("issue_timestamp")?,
            expiry_timestamp: reader.i64("expiry_timestamp")?,
            max_timestamp: reader.i64("max_timestamp")?,
            token_id: reader.string("token_id")?,
            hmac: reader.bytes("hmac")?,
            renewers: reader
                .array("renewers", |reader| DescribedDelegationTokenRenewer::read(reader, version))?,
            unknown_tagged_fields: reader.unknown_tagged_fields()?,
        })
    }

    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {
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
        writer.i64(self.issue_timestamp);
        writer.i64(self.expiry_timestamp);
        writer.i64(self.max_timestamp);
        writer.string("token_id", &self.token_id)?;
        writer.bytes("hmac", &self.hmac)?;
        writer.array_length("renewers", self.renewers.len())?;
        for element in &self.renewers {
            element.write(writer, version)?;
        }
        writer.unknown_tagged_fields(&self.unknown_tagged_fields)
    }
}

/// Part of [`DescribeDelegationTokenResponse`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescribedDelegationTokenRenewer {
    /// In every version.
    pub principal_type: ByteString,
    /// In every version.
    pub principal_name: ByteString,
    /// Tagged fields without a name here, as they came.
    pub unknown_tagged_fields: Vec<UnknownTaggedField>,
}

impl DescribedDelegationTokenRenewer {
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
