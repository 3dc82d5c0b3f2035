//! Zstandard without C: reading only, about four times slower. Its writer (`ruzstd::encoding`) is left out on
//! purpose: it is slower than gzip and compresses less, so whoever must do without C is better off with gzip
//! or lz4.

use std::convert::Infallible;
use std::io::Read;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Codec, CompressError, DecompressError};

/// How much is decoded before the limit is looked at again.
const STEP: usize = 128 << 10;
/// The largest window that is accepted; the C library's default too.
const MAX_WINDOW: u64 = 128 << 20;

/// There is none.
#[derive(Debug)]
pub(super) struct Encoder(Infallible);

impl Encoder {
    pub(super) fn new(_level: i32) -> Result<Self, CompressError> {
        Err(CompressError::NeedsFeature { codec: Codec::Zstd, feature: "zstd" })
    }

    pub(super) fn encode(&mut self, _input: &[u8], _output: &mut Vec<u8>) -> Result<(), CompressError> {
        match self.0 {}
    }
}

pub(super) struct Decoder(FrameDecoder);

impl Decoder {
    #[expect(clippy::unnecessary_wraps, reason = "the C library's counterpart can fail")]
    pub(super) fn new() -> Result<Self, DecompressError> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Ok(Self(decoder))
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), DecompressError> {
        output.clear();
        let mut rest = input;
        if rest.is_empty() {
            return Err(corrupt("there is no frame"));
        }
        while !rest.is_empty() {
            match self.0.init(&mut rest) {
                Ok(()) => self.frame(&mut rest, output, limit)?,
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    rest = rest.get(length..).ok_or_else(|| corrupt("a frame is cut off"))?;
                }
                Err(_) => return Err(corrupt("a frame's header is invalid")),
            }
        }
        Ok(())
    }

    fn frame(&mut self, rest: &mut &[u8], output: &mut Vec<u8>, limit: usize) -> Result<(), DecompressError> {
        loop {
            let finished = self
                .0
                .decode_blocks(&mut *rest, BlockDecodingStrategy::UptoBytes(STEP))
                .map_err(|_| corrupt("a frame does not decompress"))?;
            // One byte above the limit shows that there is more.
            let room = limit.saturating_sub(output.len()).saturating_add(1);
            (&mut self.0)
                .take(u64::try_from(room).unwrap_or(u64::MAX))
                .read_to_end(output)
                .map_err(|_| corrupt("a frame does not decompress"))?;
            if output.len() > limit {
                return Err(DecompressError::TooLarge { codec: Codec::Zstd, limit });
            }
            if finished {
                return Ok(());
            }
        }
    }
}

fn corrupt(reason: &'static str) -> DecompressError {
    DecompressError::Corrupt { codec: Codec::Zstd, reason }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ruzstd::Decoder")
    }
}
