//! Cutting frames out of a stream of bytes.

use bytes::buf::Limit;
use bytes::{BufMut, Bytes};
use ottla_core::net::{FrameError, frame_length};

/// Small frames come through this much memory per connection.
const STAGING: usize = 64 << 10;
/// A frame that does not fit the staging buffer gets at first at most this much, then at most twice what has
/// come. So a length that is a lie costs its teller as many bytes as it costs us, but for this one step.
const STEP: usize = 1 << 20;
/// The four bytes that say how long a frame is.
const PREFIX: usize = 4;

/// The part of a stream that has been read and not yet handed on.
///
/// Calls come in turns: bytes go into [`space`](Self::space), then [`next_frame`](Self::next_frame) until it has
/// none. Small frames are copied out, so that one that is kept long pins its own bytes and not the buffer; larger
/// ones are read in place and never copied but when they grow.
#[derive(Debug)]
pub(crate) struct FrameReader {
    limit: usize,
    staging: Vec<u8>,
    /// How much of `staging` was handed on already.
    taken: usize,
    large: Option<LargeFrame>,
}

#[derive(Debug)]
struct LargeFrame {
    length: usize,
    bytes: Vec<u8>,
}

impl FrameReader {
    /// Refuses frames of more than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, staging: Vec::with_capacity(STAGING), taken: 0, large: None }
    }

    /// Where the next bytes of the stream belong; never empty once `next_frame` has answered `None`.
    pub(crate) fn space(&mut self) -> Limit<&mut Vec<u8>> {
        if let Some(large) = &mut self.large {
            let missing = large.length - large.bytes.len();
            if large.bytes.len() == large.bytes.capacity() {
                large.bytes.reserve_exact(missing.min(large.bytes.len().max(STEP)));
            }
            let room = large.bytes.capacity() - large.bytes.len();
            return (&mut large.bytes).limit(room.min(missing));
        }
        self.staging.drain(..self.taken);
        self.taken = 0;
        let room = STAGING.saturating_sub(self.staging.len());
        (&mut self.staging).limit(room)
    }

    /// The next whole frame, without its length.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        if let Some(large) = self.large.take_if(|large| large.bytes.len() == large.length) {
            return Ok(Some(large.bytes.into()));
        }
        let unread = self.staging.get(self.taken..).unwrap_or_default();
        let Some((&prefix, rest)) = unread.split_first_chunk::<PREFIX>() else { return Ok(None) };
        let length = frame_length(prefix, self.limit)?;
        if let Some(frame) = rest.get(..length) {
            self.taken += PREFIX + length;
            return Ok(Some(Bytes::copy_from_slice(frame)));
        }
        if PREFIX + length > STAGING {
            let mut bytes = Vec::with_capacity(length.min(STEP));
            bytes.extend_from_slice(rest);
            self.large = Some(LargeFrame { length, bytes });
            self.taken = self.staging.len();
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `stream` in pieces of at most `piece` bytes, as a socket would.
    fn cut(reader: &mut FrameReader, mut stream: &[u8], piece: usize) -> Result<Vec<Bytes>, FrameError> {
        let mut frames = Vec::new();
        loop {
            while let Some(frame) = reader.next_frame()? {
                frames.push(frame);
            }
            if stream.is_empty() {
                return Ok(frames);
            }
            let mut space = reader.space();
            assert!(space.has_remaining_mut(), "a reader without room would spin for ever");
            let count = piece.min(stream.len()).min(space.remaining_mut());
            space.put_slice(&stream[..count]);
            stream = &stream[count..];
        }
    }

    fn framed(contents: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = Vec::new();
        for content in contents {
            stream.extend_from_slice(&i32::try_from(content.len()).unwrap().to_be_bytes());
            stream.extend_from_slice(content);
        }
        stream
    }

    #[test]
    fn frames_come_out_as_they_went_in_however_the_stream_is_cut() {
        let sizes = [0, 1, 10, STAGING - 5, STAGING - 4, STAGING - 3, STAGING, 3, 3 * STEP + 17, 5];
        let contents: Vec<Vec<u8>> = sizes.iter().zip(0_u8..).map(|(&size, fill)| vec![fill; size]).collect();
        let stream = framed(&contents);
        for piece in [1, 2, 3, 4, 5, 1_000, STAGING - 1, STAGING, STAGING + 1, usize::MAX] {
            let mut reader = FrameReader::new(100 << 20);
            let frames = cut(&mut reader, &stream, piece).unwrap();
            assert!(frames.iter().eq(&contents), "in pieces of {piece}");
            assert_eq!(reader.taken, reader.staging.len(), "nothing is left over");
        }
    }

    #[test]
    fn memory_follows_the_bytes_that_came_and_not_the_length_that_was_told() {
        let mut reader = FrameReader::new(i32::MAX as usize);
        let mut stream = i32::MAX.to_be_bytes().to_vec();
        stream.resize(5 * STEP, 0);
        let mut fed = 0;
        for piece in stream.chunks(STEP / 3) {
            cut(&mut reader, piece, usize::MAX).unwrap();
            fed += piece.len();
            let held = reader.large.as_ref().map_or(0, |large| large.bytes.capacity());
            assert!(held <= 2 * fed + STEP, "{held} bytes held for {fed}");
        }
        assert_eq!(reader.large.unwrap().bytes.len(), stream.len() - PREFIX);
    }

    #[test]
    fn a_kept_small_frame_does_not_pin_the_staging_buffer() {
        let mut reader = FrameReader::new(1 << 20);
        let frames = cut(&mut reader, &framed(&[vec![7; 10]]), usize::MAX).unwrap();
        let staging = reader.staging.as_ptr_range();
        assert!(!staging.contains(&frames[0].as_ptr()));
    }

    #[test]
    fn lengths_beyond_the_limit_are_refused_before_anything_is_held() {
        let mut reader = FrameReader::new(1_000);
        assert!(cut(&mut reader, &1_001_i32.to_be_bytes(), 4).is_err());
        assert!(reader.large.is_none());
        let mut reader = FrameReader::new(1_000);
        assert!(cut(&mut reader, &(-1_i32).to_be_bytes(), 4).is_err());
    }
}
