//! Snappy, in the frame of the Java library snappy-java (xerial): a header of 16 bytes, then blocks with a
//! big-endian length each. Clients that are not Java write one raw block instead; both are read.

use snap::raw;

use super::decompressor::Output;
use super::{Codec, CompressError, DecompressError};

/// The magic, then version 1, readable since version 1.
const HEADER: [u8; 16] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1];
const MAGIC_SIZE: usize = 8;
/// What Java writes; a reader may size its buffers for it.
const BLOCK_SIZE: usize = 32 << 10;
/// A copy of 64 bytes takes three: no block can claim to be larger than this times its size.
const MAX_RATIO: usize = 22;

pub(super) struct Encoder(raw::Encoder);

impl Default for Encoder {
    fn default() -> Self {
        Self(raw::Encoder::new())
    }
}

impl Encoder {
    pub(super) fn encode(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), CompressError> {
        output.extend_from_slice(&HEADER);
        for block in input.chunks(BLOCK_SIZE) {
            let start = output.len();
            output.resize(start + 4 + raw::max_compress_len(block.len()), 0);
            let room = output.get_mut(start + 4..).unwrap_or_default();
            let length = self.0.compress(block, room).map_err(|_| FAILED)?;
            if let Some(prefix) = output.get_mut(start..start + 4) {
                prefix.copy_from_slice(&u32::try_from(length).map_err(|_| FAILED)?.to_be_bytes());
            }
            output.truncate(start + 4 + length);
        }
        Ok(())
    }
}

pub(super) struct Decoder(raw::Decoder);

impl Default for Decoder {
    fn default() -> Self {
        Self(raw::Decoder::new())
    }
}

impl Decoder {
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), DecompressError> {
        let mut output = Output::new(Codec::Snappy, output, limit);
        if !input.starts_with(&HEADER[..MAGIC_SIZE]) {
            self.block(input, &mut output)?;
            output.finish();
            return Ok(());
        }
        let mut rest = input;
        while !rest.is_empty() {
            // Streams may be glued together, so the header can come again where a length is due.
            if rest.starts_with(&HEADER[..MAGIC_SIZE]) {
                rest = rest.get(HEADER.len()..).ok_or_else(|| corrupt("the header is cut off"))?;
                continue;
            }
            let (length, after) =
                rest.split_first_chunk().ok_or_else(|| corrupt("a block's length is cut off"))?;
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let (block, after) =
                after.split_at_checked(length).ok_or_else(|| corrupt("a block is cut off"))?;
            self.block(block, &mut output)?;
            rest = after;
        }
        output.finish();
        Ok(())
    }

    fn block(&mut self, block: &[u8], output: &mut Output<'_>) -> Result<(), DecompressError> {
        let length = raw::decompress_len(block).map_err(|_| corrupt("a block has no valid size"))?;
        if length > block.len().saturating_mul(MAX_RATIO) {
            return Err(corrupt("a block claims more than it can hold"));
        }
        if output.overflows(length) {
            return Err(output.too_large());
        }
        let written = self
            .0
            .decompress(block, output.room(length))
            .map_err(|_| corrupt("a block does not decompress"))?;
        output.advance(written);
        Ok(())
    }
}

const FAILED: CompressError = CompressError::Failed { codec: Codec::Snappy, reason: "a block is too large" };

fn corrupt(reason: &'static str) -> DecompressError {
    DecompressError::Corrupt { codec: Codec::Snappy, reason }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("snappy::Encoder")
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("snappy::Decoder")
    }
}
