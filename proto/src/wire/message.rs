use std::fmt;

use bytes::Bytes;

use super::{DecodeError, EncodeError, Reader, Writer};
use crate::{ApiKey, ErrorCode};

/// A range of versions, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VersionRange {
    /// The lowest version.
    pub min: i16,
    /// The highest version.
    pub max: i16,
}

impl VersionRange {
    /// The versions from `min` to `max`; `min > max` is the empty range.
    #[must_use]
    pub const fn new(min: i16, max: i16) -> Self {
        Self { min, max }
    }

    /// Whether `version` lies in the range.
    #[must_use]
    pub const fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }

    /// The highest version that both ranges hold.
    #[must_use]
    pub fn highest_common(self, other: Self) -> Option<i16> {
        let max = self.max.min(other.max);
        (max >= self.min.max(other.min)).then_some(max)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max { write!(f, "{}", self.min) } else { write!(f, "{}-{}", self.min, self.max) }
    }
}

/// A tagged field that this build's schemas do not know; kept, so that a message can be passed on whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTaggedField {
    /// The tag.
    pub tag: u32,
    /// The content, a slice of the frame.
    pub bytes: Bytes,
}

/// Something with a Kafka schema.
pub trait Message: Sized + fmt::Debug + Clone + PartialEq + Default {
    /// The name in Kafka's schemas.
    const NAME: &'static str;
    /// Every version that the schema defines, those that Kafka marks unstable included.
    const VERSIONS: VersionRange;
    /// The first version with compact lengths and tagged fields (KIP-482); `i16::MAX` if there is none.
    const FIRST_FLEXIBLE: i16;

    /// Reads one message; what follows it stays in `reader`.
    ///
    /// # Errors
    /// If the bytes are not a message of that version.
    fn read(reader: &mut Reader, version: i16) -> Result<Self, DecodeError>;

    /// Writes the message.
    ///
    /// # Errors
    /// If the version does not exist or cannot carry what is set.
    fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError>;

    /// Reads one message that fills `bytes` to the end.
    ///
    /// # Errors
    /// If the bytes are not a message of that version, or go on after it.
    fn decode(bytes: Bytes, version: i16) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let message = Self::read(&mut reader, version)?;
        reader.finish()?;
        Ok(message)
    }

    /// Writes the message into one piece of memory; large byte fields are copied. See [`Writer`] for the
    /// form that copies nothing.
    ///
    /// # Errors
    /// If the version does not exist or cannot carry what is set.
    fn encode(&self, version: i16) -> Result<Bytes, EncodeError> {
        let mut writer = Writer::new();
        self.write(&mut writer, version)?;
        Ok(writer.finish().into_bytes())
    }

    /// Reads a message that says its own version in two bytes before it, as the ones do that Kafka keeps in
    /// records or passes through the group coordinator (subscriptions, assignments, control records).
    ///
    /// A version above the highest known is read as that one, since later versions only append; whatever
    /// follows is ignored (Java: `ConsumerProtocol.deserializeSubscription`).
    ///
    /// # Errors
    /// If the version lies below the lowest known, or the bytes are not a message of it.
    fn decode_version_prefixed(bytes: Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let version = reader.i16("version")?;
        Self::read(&mut reader, version.min(Self::VERSIONS.max))
    }

    /// Writes the version in two bytes, and then the message (Java: `MessageUtil.toVersionPrefixedByteBuffer`).
    ///
    /// # Errors
    /// If the version does not exist or cannot carry what is set.
    fn encode_version_prefixed(&self, version: i16) -> Result<Bytes, EncodeError> {
        let mut writer = Writer::new();
        writer.i16(version);
        self.write(&mut writer, version)?;
        Ok(writer.finish().into_bytes())
    }
}

/// A message that asks.
pub trait Request: Message {
    /// The number of the API.
    const KEY: ApiKey;
    /// The highest version that Kafka does not mark unstable; what a client may negotiate by itself.
    const LATEST_STABLE: i16;
    /// What comes back.
    type Response: Response;

    /// The version of the request header that goes before this version of the request.
    #[must_use]
    fn header_version(version: i16) -> i16 {
        if version >= Self::FIRST_FLEXIBLE { 2 } else { 1 }
    }
}

/// A message that answers.
pub trait Response: Message {
    /// The number of the API.
    const KEY: ApiKey;

    /// How long the broker asks the client to stay away, in milliseconds; `None` where the schema has no such
    /// field.
    fn throttle_time_ms(&self) -> Option<i32>;

    /// The error that stands for the whole answer; `None` where the schema has errors only further inside.
    fn error_code(&self) -> Option<ErrorCode>;

    /// The version of the response header that goes before this version of the response.
    ///
    /// `ApiVersions` overrides it: its answer must be readable before the versions are known (KIP-511).
    #[must_use]
    fn header_version(version: i16) -> i16 {
        i16::from(version >= Self::FIRST_FLEXIBLE)
    }
}
