//! Where one frame ends and the next begins, and what is no frame at all.

use thiserror::Error;

/// Reads the length prefix of a frame: how many bytes follow it.
///
/// Call it before anything is allocated for the frame.
///
/// # Errors
/// If the length is negative or above `limit`. Where the four bytes are the start of something well known,
/// the error names it.
pub fn frame_length(prefix: [u8; 4], limit: usize) -> Result<usize, FrameError> {
    let length = i32::from_be_bytes(prefix);
    match usize::try_from(length) {
        Ok(length) if length <= limit => Ok(length),
        _ => Err(FrameError::explain(prefix, length, limit)),
    }
}

/// Bytes that are no Kafka frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A length below zero.
    #[error("the peer sent a frame of negative length {0}; it does not speak Kafka")]
    Negative(i32),
    /// A length above the limit.
    #[error("the peer sent a frame of {length} bytes, more than the limit of {limit}")]
    TooLong {
        /// The length.
        length: usize,
        /// The limit, `max_frame_bytes`.
        limit: usize,
    },
    /// The start of an HTTP answer.
    #[error("the peer speaks HTTP; this is not a Kafka listener")]
    Http,
    /// A TLS record.
    #[error("the peer speaks TLS, but this connection is plaintext; use the plaintext port or turn TLS on")]
    Tls,
    /// The greeting of an SSH server.
    #[error("the peer speaks SSH; this is not a Kafka listener")]
    Ssh,
    /// A frame too short to hold a correlation id.
    #[error("the peer sent an answer of {0} bytes, too short to be one")]
    TooShort(usize),
}

impl FrameError {
    fn explain(prefix: [u8; 4], length: i32, limit: usize) -> Self {
        match prefix {
            // `HTTP/1.1 400 Bad Request`
            [b'H', b'T', b'T', b'P'] => Self::Http,
            [b'S', b'S', b'H', b'-'] => Self::Ssh,
            // A TLS record: alert or handshake, then the version of the record layer, 3.0 to 3.4.
            [0x14..=0x17, 3, 0..=4, _] => Self::Tls,
            _ => match usize::try_from(length) {
                Ok(length) => Self::TooLong { length, limit },
                Err(_) => Self::Negative(length),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100 << 20;

    #[test]
    fn lengths_up_to_the_limit_pass() {
        assert_eq!(frame_length([0, 0, 0, 0], LIMIT), Ok(0));
        assert_eq!(frame_length([0, 0, 1, 2], LIMIT), Ok(258));
        assert_eq!(frame_length([6, 0x40, 0, 0], LIMIT), Ok(LIMIT));
        let over = FrameError::TooLong { length: LIMIT + 1, limit: LIMIT };
        assert_eq!(frame_length([6, 0x40, 0, 1], LIMIT), Err(over));
        assert_eq!(frame_length([0xff; 4], LIMIT), Err(FrameError::Negative(-1)));
    }

    #[test]
    fn other_protocols_are_named() {
        assert_eq!(frame_length(*b"HTTP", LIMIT), Err(FrameError::Http));
        assert_eq!(frame_length(*b"SSH-", LIMIT), Err(FrameError::Ssh));
        // An alert and a handshake record.
        assert_eq!(frame_length([0x15, 3, 3, 0], LIMIT), Err(FrameError::Tls));
        assert_eq!(frame_length([0x16, 3, 1, 2], LIMIT), Err(FrameError::Tls));
    }

    #[test]
    fn a_frame_that_fits_is_never_taken_for_another_protocol() {
        assert_eq!(frame_length([0x15, 3, 3, 0], 1 << 30), Ok(0x1503_0300));
    }
}
