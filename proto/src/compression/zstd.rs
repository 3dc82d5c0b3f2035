//! Zstandard through the C library: the feature `zstd`, on by default.

use std::io;

use zstd::bulk;
use zstd::stream::raw::{Decoder as Stream, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe;

use super::{Codec, CompressError, DecompressError};

/// What is set aside at first is at most this times the input, whatever the frame claims to hold.
const FIRST_RATIO: usize = 256;

pub(super) struct Encoder(bulk::Compressor<'static>);

impl Encoder {
    pub(super) fn new(level: i32) -> Result<Self, CompressError> {
        bulk::Compressor::new(level).map(Self).map_err(|_| failed("no context could be made"))
    }

    pub(super) fn encode(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), CompressError> {
        let start = output.len();
        output.reserve(zstd_safe::compress_bound(input.len()));
        let position = u64::try_from(start).unwrap_or(u64::MAX);
        let mut cursor = io::Cursor::new(output);
        cursor.set_position(position);
        self.0.compress_to_buffer(input, &mut cursor).map_err(|_| failed("the library ran out of memory"))?;
        Ok(())
    }
}

pub(super) struct Decoder(Stream<'static>);

impl Decoder {
    pub(super) fn new() -> Result<Self, DecompressError> {
        Stream::new().map(Self).map_err(|_| corrupt("no context could be made"))
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), DecompressError> {
        self.0.reinit().map_err(|_| corrupt("the context could not be reset"))?;
        output.clear();
        output.reserve(first_reservation(input, limit));
        let mut source = InBuffer::around(input);
        loop {
            let (read, written) = (source.pos(), output.len());
            let hint = {
                let mut target = OutBuffer::around_pos(output, written);
                self.0.run(&mut source, &mut target).map_err(|_| corrupt("a frame does not decompress"))?
            };
            if output.len() > limit {
                return Err(DecompressError::TooLarge { codec: Codec::Zstd, limit });
            }
            let all_read = source.pos() == input.len();
            // Zero: a frame is complete. More frames may follow.
            if hint == 0 && all_read {
                return Ok(());
            }
            if output.len() < output.capacity() && all_read && source.pos() == read {
                return Err(corrupt("the last frame is cut off"));
            }
            if output.len() == output.capacity() {
                let most = limit.saturating_add(1).saturating_sub(output.len());
                output.reserve_exact(output.len().max(4 << 10).min(most));
            }
        }
    }
}

/// The whole size if the frame tells it, so that one call does it all; else a guess.
fn first_reservation(input: &[u8], limit: usize) -> usize {
    let told = zstd_safe::get_frame_content_size(input).ok().flatten();
    let told = told.and_then(|size| usize::try_from(size).ok());
    let most = input.len().saturating_mul(FIRST_RATIO).min(limit.saturating_add(1));
    told.unwrap_or(input.len().saturating_mul(4)).clamp(1, most.max(1))
}

fn failed(reason: &'static str) -> CompressError {
    CompressError::Failed { codec: Codec::Zstd, reason }
}

fn corrupt(reason: &'static str) -> DecompressError {
    DecompressError::Corrupt { codec: Codec::Zstd, reason }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("zstd::Encoder")
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("zstd::Decoder")
    }
}
