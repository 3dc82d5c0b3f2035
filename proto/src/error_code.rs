use std::fmt;

/// What a broker says went wrong; an open set, since a newer broker may say something this build has no name
/// for.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i16);

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl ErrorCode {
    /// No error.
    pub const NONE: Self = Self(0);
}
