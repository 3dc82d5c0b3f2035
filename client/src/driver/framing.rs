//! Cutting frames out of a stream of bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::buf::Limit;
use bytes::{BufMut, Bytes};
use ottla_core::net::{FrameError, frame_length};

/// Small frames come through this much memory per connection.
const STAGING: usize = 64 << 10;
/// A frame that does not fit the staging buffer gets at first at most this much, then at most twice what has
/// come. So a length that is a lie costs its teller as many bytes as it costs us, but for this one step.
const STEP: usize = 1 << 20;
/// No larger memory is kept for the next frame.
const MOST_KEPT: usize = 16 << 20;
/// The four bytes that say how long a frame is.
const PREFIX: usize = 4;

/// The part of a stream that has been read and not yet handed on.
///
/// Calls come in turns: bytes go into [`space`](Self::space), then [`next_frame`](Self::next_frame) until it has
/// none. Small frames are copied out, so that one that is kept long pins its own bytes and not the buffer; larger
/// ones are read in place and never copied but when they grow. The memory of the large frame that was dropped last
/// serves the next one, until a small frame says that the stream no longer runs full.
#[derive(Debug)]
pub(crate) struct FrameReader {
    limit: usize,
    staging: Vec<u8>,
    /// How much of `staging` was handed on already.
    taken: usize,
    large: Option<LargeFrame>,
    spare: Spare,
}

#[derive(Debug)]
struct LargeFrame {
    length: usize,
    bytes: Vec<u8>,
}

/// Memory that a large frame has left behind, whoever dropped it last and wherever.
#[derive(Clone, Debug, Default)]
struct Spare(Arc<Mutex<Option<Vec<u8>>>>);

impl Spare {
    /// Memory that holds `begun` with room for more of a frame of `length` bytes, if such a one would not leave most of it
    /// unused.
    fn take_for(&self, begun: &[u8], length: usize) -> Option<Vec<u8>> {
        let fits = |bytes: &mut Vec<u8>| bytes.capacity() > begun.len() && bytes.capacity() / 2 <= length;
        let mut bytes = self.lock().take_if(fits)?;
        bytes.clear();
        bytes.extend_from_slice(begun);
        Some(bytes)
    }

    fn put(&self, bytes: Vec<u8>) {
        if bytes.capacity() <= MOST_KEPT {
            let before = self.lock().replace(bytes);
            drop(before);
        }
    }

    fn release(&self) {
        let released = self.lock().take();
        drop(released);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A large frame as others hold it; its memory goes back.
struct Lent {
    bytes: Vec<u8>,
    spare: Spare,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.spare.put(std::mem::take(&mut self.bytes));
    }
}

impl FrameReader {
    /// Refuses frames of more than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, staging: Vec::with_capacity(STAGING), taken: 0, large: None, spare: Spare::default() }
    }

    /// Where the next bytes of the stream belong; never empty once `next_frame` has answered `None`.
    pub(crate) fn space(&mut self) -> Limit<&mut Vec<u8>> {
        if let Some(large) = &mut self.large {
            let missing = large.length - large.bytes.len();
            if large.bytes.len() == large.bytes.capacity() {
                match self.spare.take_for(&large.bytes, large.length) {
                    Some(bytes) => large.bytes = bytes,
                    None => large.bytes.reserve_exact(missing.min(large.bytes.len().max(STEP))),
                }
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
            let lent = Lent { bytes: large.bytes, spare: self.spare.clone() };
            return Ok(Some(Bytes::from_owner(lent)));
        }
        let unread = self.staging.get(self.taken..).unwrap_or_default();
        let Some((&prefix, rest)) = unread.split_first_chunk::<PREFIX>() else { return Ok(None) };
        let length = frame_length(prefix, self.limit)?;
        if let Some(frame) = rest.get(..length) {
            self.taken += PREFIX + length;
            self.spare.release();
            return Ok(Some(Bytes::copy_from_slice(frame)));
        }
        if PREFIX + length > STAGING {
            let bytes = self.spare.take_for(rest, length).unwrap_or_else(|| {
                let mut bytes = Vec::with_capacity(length.min(STEP));
                bytes.extend_from_slice(rest);
                bytes
            });
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
    fn a_large_frames_memory_serves_the_next_once_nobody_holds_it() {
        let large = |fill: u8| framed(&[vec![fill; 3 * STEP]]);
        let mut reader = FrameReader::new(100 << 20);
        let spare = reader.spare.clone();
        let waiting = || spare.lock().as_ref().map(|bytes| bytes.as_ptr());
        let mut next = |stream: &[u8]| cut(&mut reader, stream, usize::MAX).unwrap().remove(0);
        let first = next(&large(1));
        let held = next(&large(2));
        assert_ne!(first.as_ptr(), held.as_ptr());
        assert!(first.iter().all(|byte| *byte == 1));
        let (memory, slice) = (first.as_ptr(), first.slice(5..6));
        drop(first);
        let second = next(&large(3));
        assert_ne!(second.as_ptr(), memory, "a slice still holds it");
        assert_eq!(waiting(), None);
        drop(slice);
        assert_eq!(waiting(), Some(memory));
        let third = next(&large(4));
        assert_eq!(third.as_ptr(), memory);
        assert!(third.iter().all(|byte| *byte == 4) && held.iter().all(|byte| *byte == 2));
    }

    #[test]
    fn a_frame_that_grows_moves_into_memory_that_has_become_free() {
        let mut reader = FrameReader::new(100 << 20);
        let first = cut(&mut reader, &framed(&[vec![1; 3 * STEP]]), usize::MAX).unwrap().remove(0);
        let second = framed(&[vec![2; 3 * STEP]]);
        let (begin, end) = second.split_at(STEP / 2);
        assert!(cut(&mut reader, begin, usize::MAX).unwrap().is_empty());
        let memory = first.as_ptr();
        drop(first);
        let second = cut(&mut reader, end, usize::MAX).unwrap().remove(0);
        assert_eq!(second.as_ptr(), memory);
        assert!(second.len() == 3 * STEP && second.iter().all(|byte| *byte == 2));
    }

    #[test]
    fn memory_is_not_kept_for_a_stream_of_small_frames_nor_lent_to_a_frame_that_fills_little_of_it() {
        let mut reader = FrameReader::new(100 << 20);
        let kept = |reader: &FrameReader| reader.spare.lock().as_ref().map_or(0, Vec::capacity);
        drop(cut(&mut reader, &framed(&[vec![1; 3 * STEP]]), usize::MAX).unwrap());
        assert_eq!(kept(&reader), 3 * STEP);
        let less = cut(&mut reader, &framed(&[vec![1; STEP]]), usize::MAX).unwrap();
        assert_eq!(kept(&reader), 3 * STEP);
        drop(less);
        assert_eq!(kept(&reader), STEP);
        cut(&mut reader, &framed(&[vec![1; 100]]), usize::MAX).unwrap();
        assert_eq!(kept(&reader), 0);
        drop(cut(&mut reader, &framed(&[vec![1; MOST_KEPT + 1]]), usize::MAX).unwrap());
        assert_eq!(kept(&reader), 0);
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
