use thiserror::Error;

/// Bytes that are not the message they claim to be.
///
/// The peer or the network is at fault, never the caller. The connection that carried them cannot be
/// trusted any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{message}.{field} at byte {offset}: {problem}")]
#[non_exhaustive]
pub struct DecodeError {
    /// The message that was being read, as Kafka names it.
    pub message: &'static str,
    /// The field that was being read, in snake case.
    pub field: &'static str,
    /// How many bytes of the frame lie before the problem.
    pub offset: usize,
    /// What is wrong.
    pub problem: DecodeProblem,
}

impl DecodeError {
    /// Names the place and the problem.
    #[must_use]
    pub fn new(message: &'static str, field: &'static str, offset: usize, problem: DecodeProblem) -> Self {
        Self { message, field, offset, problem }
    }
}

/// What was wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// The frame ends inside the field.
    #[error("{needed} more bytes are needed, {remaining} are left")]
    Truncated {
        /// Bytes that the field still needs.
        needed: usize,
        /// Bytes that the frame still has.
        remaining: usize,
    },
    /// A length or count that cannot be: negative where null is not allowed, beyond the frame, or of a text that is longer
    /// than any ([`MAX_TEXT_BYTES`](super::MAX_TEXT_BYTES)).
    #[error("length or count {0} is impossible here")]
    BadLength(i64),
    /// A null where the schema allows none.
    #[error("null is not allowed here")]
    UnexpectedNull,
    /// Text that is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A variable-length integer that does not end in time.
    #[error("the variable-length integer is too long")]
    OverlongVarint,
    /// A boolean, version or other closed value outside its range.
    #[error("value {0} is out of range")]
    BadValue(i64),
    /// Tagged fields out of order, or one tag twice.
    #[error("tag {0} is out of order")]
    TagOrder(u32),
    /// A tagged field whose content does not fill its declared size.
    #[error("tag {tag} declares {declared} bytes, its field has {used}")]
    TagSize {
        /// The tag.
        tag: u32,
        /// The size on the wire.
        declared: usize,
        /// The size of what was read.
        used: usize,
    },
    /// The message ended before the frame did.
    #[error("{0} bytes are left after the end")]
    Trailing(usize),
    /// A version outside what the schema defines.
    #[error("version {0} does not exist")]
    UnknownVersion(i16),
}

/// A message that cannot be written in the chosen version.
///
/// The caller is at fault: nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The schema does not define this version.
    #[error("{message}: version {version} does not exist")]
    UnknownVersion {
        /// The message, as Kafka names it.
        message: &'static str,
        /// The version that was asked for.
        version: i16,
    },
    /// A field is set that the chosen version lacks, and leaving it out would change the meaning.
    #[error("{message}.{field} is set, but version {version} cannot carry it")]
    FieldNotInVersion {
        /// The message, as Kafka names it.
        message: &'static str,
        /// The field, in snake case.
        field: &'static str,
        /// The version that was asked for.
        version: i16,
    },
    /// A null in a field that may not be null in the chosen version.
    #[error("{message}.{field} is null, which version {version} does not allow")]
    NullNotAllowed {
        /// The message, as Kafka names it.
        message: &'static str,
        /// The field, in snake case.
        field: &'static str,
        /// The version that was asked for.
        version: i16,
    },
    /// A string, array or byte field that is longer than its length prefix can say.
    #[error("{message}.{field} has length {length}, more than the wire can say")]
    TooLong {
        /// The message, as Kafka names it.
        message: &'static str,
        /// The field, in snake case.
        field: &'static str,
        /// Its length.
        length: usize,
    },
    /// A tagged field that is there twice: among the unknown ones, or as known and unknown.
    #[error("{message}: tag {tag} is there twice")]
    DuplicateTag {
        /// The message, as Kafka names it.
        message: &'static str,
        /// The tag.
        tag: u32,
    },
}
