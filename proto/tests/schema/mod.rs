//! Kafka's schemas as data, and a writer of random messages that knows nothing of the generated code.

#![allow(dead_code, unreachable_pub, reason = "several test programs share this, each its own part")]
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "random numbers may wrap")]
#![allow(clippy::cast_sign_loss, reason = "random numbers may wrap")]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test's helper may panic")]

pub mod random;
mod table;

use bytes::Bytes;
use ottla_proto::wire::{DecodeError, EncodeError, Message};

pub use table::SCHEMAS;

/// One message.
pub struct Schema {
    pub name: &'static str,
    pub kind: Kind,
    pub api_key: Option<i16>,
    pub versions: (i16, i16),
    pub first_flexible: i16,
    pub codec: Codec,
    pub fields: &'static [Field],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Request,
    Response,
    Data,
}

/// The generated code under test.
#[derive(Clone, Copy)]
pub struct Codec {
    pub decode: fn(Bytes, i16) -> Result<(), DecodeError>,
    /// Reads in one version and writes in another.
    pub transcode: fn(Bytes, i16, i16) -> Result<Bytes, Failure>,
    /// What the schema's defaults are in bytes.
    pub encode_default: fn(i16) -> Result<Bytes, EncodeError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Decode(DecodeError),
    Encode(EncodeError),
}

pub struct Field {
    pub name: &'static str,
    pub kind: FieldType,
    pub versions: (i16, i16),
    pub nullable: Option<(i16, i16)>,
    pub tag: Option<u32>,
    pub default: Default,
    pub ignorable: bool,
    pub inflexible: bool,
}

#[derive(Clone, Copy)]
pub enum FieldType {
    Bool,
    I8,
    I16,
    U16,
    I32,
    U32,
    I64,
    F64,
    Uuid,
    String,
    Bytes,
    Array(&'static Self),
    Struct(&'static [Field]),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// Zero, false or empty.
    Zero,
    Null,
    Number(i64),
}

pub const fn codec<M: Message>() -> Codec {
    fn decode<M: Message>(bytes: Bytes, version: i16) -> Result<(), DecodeError> {
        M::decode(bytes, version).map(drop)
    }
    fn transcode<M: Message>(bytes: Bytes, from: i16, to: i16) -> Result<Bytes, Failure> {
        M::decode(bytes, from).map_err(Failure::Decode)?.encode(to).map_err(Failure::Encode)
    }
    fn encode_default<M: Message>(version: i16) -> Result<Bytes, EncodeError> {
        M::default().encode(version)
    }
    Codec { decode: decode::<M>, transcode: transcode::<M>, encode_default: encode_default::<M> }
}

pub const fn field(name: &'static str, kind: FieldType, versions: (i16, i16)) -> Field {
    Field {
        name,
        kind,
        versions,
        nullable: None,
        tag: None,
        default: Default::Zero,
        ignorable: false,
        inflexible: false,
    }
}

impl Field {
    const fn nullable(mut self, first: i16, last: i16) -> Self {
        self.nullable = Some((first, last));
        self
    }

    const fn tagged(mut self, tag: u32) -> Self {
        self.tag = Some(tag);
        self
    }

    const fn default(mut self, default: Default) -> Self {
        self.default = default;
        self
    }

    const fn ignorable(mut self) -> Self {
        self.ignorable = true;
        self
    }

    const fn inflexible(mut self) -> Self {
        self.inflexible = true;
        self
    }
}

/// Whether `version` lies in `range`, both ends included.
pub fn within(range: (i16, i16), version: i16) -> bool {
    range.0 <= version && version <= range.1
}

impl Schema {
    /// Every version, the unstable ones too.
    pub fn each_version(&self) -> std::ops::RangeInclusive<i16> {
        self.versions.0..=self.versions.1
    }
}
