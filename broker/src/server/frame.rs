use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes, BytesMut};
use ottla_proto::wire::Segments;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What keeps a frame from being read.
#[derive(Debug, Error)]
pub(super) enum FrameError {
    #[error("the request says that it has {length} bytes; 1 to {limit} are allowed")]
    BadLength { length: i32, limit: usize },
    #[error("the client left in the middle of a request")]
    CutOff,
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
}

/// Reads the next frame and returns it without its length prefix; `None` if the client has left.
///
/// Memory grows with the bytes that come, never with what the prefix promises. Cancel safe: what was read stays
/// in `buffer`.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
    limit: usize,
) -> Result<Option<Bytes>, FrameError> {
    const PREFIX: usize = 4;
    const CHUNK: usize = 64 * 1024;
    loop {
        let mut missing = PREFIX;
        if let Some(prefix) = buffer.first_chunk::<PREFIX>() {
            let length = i32::from_be_bytes(*prefix);
            let size = usize::try_from(length).ok().filter(|size| (1..=limit).contains(size));
            let size = size.ok_or(FrameError::BadLength { length, limit })?;
            if buffer.len() >= PREFIX + size {
                buffer.advance(PREFIX);
                return Ok(Some(buffer.split_to(size).freeze()));
            }
            missing = PREFIX + size - buffer.len();
        }
        buffer.reserve(missing.clamp(PREFIX, CHUNK));
        if stream.read_buf(buffer).await? == 0 {
            return if buffer.is_empty() { Ok(None) } else { Err(FrameError::CutOff) };
        }
    }
}

/// Writes one frame with its length prefix; nothing is copied.
pub(super) async fn write(stream: &mut (impl AsyncWrite + Unpin), frame: Segments) -> io::Result<()> {
    const MOST_SLICES: usize = 64;
    let length = i32::try_from(frame.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut parts = VecDeque::from(frame.into_parts());
    parts.push_front(Bytes::copy_from_slice(&length.to_be_bytes()));
    while !parts.is_empty() {
        let slices: Vec<IoSlice<'_>> =
            parts.iter().take(MOST_SLICES).map(|part| IoSlice::new(part)).collect();
        let mut written = stream.write_vectored(&slices).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while let Some(part) = parts.front_mut() {
            if written < part.len() {
                part.advance(written);
                break;
            }
            written -= part.len();
            parts.pop_front();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_now(mut input: &[u8], limit: usize) -> Vec<Result<Option<Bytes>, FrameError>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut buffer = BytesMut::new();
            let mut frames = Vec::new();
            loop {
                let frame = read(&mut input, &mut buffer, limit).await;
                let last = !matches!(frame, Ok(Some(_)));
                frames.push(frame);
                if last {
                    return frames;
                }
            }
        })
    }

    #[test]
    fn frames_follow_each_other() {
        let frames = read_now(&[0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9], 10);
        let frames: Vec<_> = frames.into_iter().map(Result::unwrap).collect();
        assert_eq!(frames, [Some(Bytes::from_static(&[7])), Some(Bytes::from_static(&[8, 9])), None]);
    }

    #[test]
    fn impossible_lengths_are_refused_before_anything_is_allocated() {
        for length in [0_i32, -1, i32::MIN, 11, i32::MAX] {
            let frames = read_now(&length.to_be_bytes(), 10);
            assert!(matches!(frames[..], [Err(FrameError::BadLength { .. })]), "{length}: {frames:?}");
        }
    }

    #[test]
    fn a_cut_off_frame_is_told_from_an_end() {
        assert!(matches!(read_now(&[0, 0], 10)[..], [Err(FrameError::CutOff)]));
        assert!(matches!(read_now(&[0, 0, 0, 2, 1], 10)[..], [Err(FrameError::CutOff)]));
        assert!(matches!(read_now(&[], 10)[..], [Ok(None)]));
    }
}
