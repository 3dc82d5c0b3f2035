//! An lz4 frame as Kafka has it: blocks of 64 KiB that do not refer to each other, no checksums of its own,
//! since the batch has one.
//!
//! The library compresses the blocks; the frame is written and read here, because Kafka's needs one thing that
//! frame libraries refuse: old clients computed the header's checksum over the wrong bytes (KAFKA-3160), and
//! what they wrote must be read. So that byte is not looked at; the batch's own checksum covers it anyway.

use lz4_flex::block::{CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size};

use super::decompressor::Output;
use super::{Codec, CompressError, DecompressError};

const MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();
/// Version 1, independent blocks; 64 KiB blocks; the checksum of these two.
const DESCRIPTOR: [u8; 3] = [0x60, 0x40, 0x82];
const BLOCK_SIZE: usize = 64 << 10;
/// The top bit of a block's length: the block is stored as it is.
const STORED: u32 = 1 << 31;
/// A match grows by 255 bytes with each byte that prolongs it: no block can hold more than this times its size.
const MAX_RATIO: usize = 255;

pub(super) struct Encoder {
    /// Tables for blocks under and of 64 KiB; the smaller one is faster where it will do.
    small: CompressTable,
    large: CompressTable,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { small: CompressTable::small(), large: CompressTable::large() }
    }
}

impl Encoder {
    pub(super) fn encode(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), CompressError> {
        output.extend_from_slice(&MAGIC);
        output.extend_from_slice(&DESCRIPTOR);
        for block in input.chunks(BLOCK_SIZE) {
            self.block(block, output)?;
        }
        output.extend_from_slice(&[0; 4]);
        Ok(())
    }

    fn block(&mut self, block: &[u8], output: &mut Vec<u8>) -> Result<(), CompressError> {
        let start = output.len();
        output.resize(start + 4 + get_maximum_output_size(block.len()), 0);
        let room = output.get_mut(start + 4..).unwrap_or_default();
        let table = if block.len() < usize::from(u16::MAX) { &mut self.small } else { &mut self.large };
        let length = compress_into_with_table(block, room, table).map_err(|_| FAILED)?;
        output.truncate(start + 4 + length);
        let stored = length >= block.len();
        if stored {
            output.truncate(start + 4);
            output.extend_from_slice(block);
        }
        let length = u32::try_from(length.min(block.len())).map_err(|_| FAILED)?;
        if let Some(prefix) = output.get_mut(start..start + 4) {
            prefix.copy_from_slice(&(length | if stored { STORED } else { 0 }).to_le_bytes());
        }
        Ok(())
    }
}

pub(super) fn decode(input: &[u8], output: &mut Vec<u8>, limit: usize) -> Result<(), DecompressError> {
    let (frame, mut rest) = Frame::read(input)?;
    let mut output = Output::new(Codec::Lz4, output, limit);
    loop {
        let (length, after) =
            rest.split_first_chunk().ok_or_else(|| corrupt("a block's length is cut off"))?;
        let length = u32::from_le_bytes(*length);
        if length == 0 {
            break;
        }
        let size = usize::try_from(length & !STORED).unwrap_or(usize::MAX);
        let (block, after) = after.split_at_checked(size).ok_or_else(|| corrupt("a block is cut off"))?;
        if length & STORED == 0 {
            compressed_block(block, &frame, &mut output)?;
        } else {
            stored_block(block, &frame, &mut output)?;
        }
        rest = after
            .get(if frame.block_checksums { 4 } else { 0 }..)
            .ok_or_else(|| corrupt("a block's checksum is cut off"))?;
    }
    output.finish();
    Ok(())
}

fn compressed_block(block: &[u8], frame: &Frame, output: &mut Output<'_>) -> Result<(), DecompressError> {
    let bound = frame.block_size.min(block.len().saturating_mul(MAX_RATIO));
    let limited = output.overflows(bound);
    match decompress_into(block, output.room(bound)) {
        Ok(written) => {
            output.advance(written);
            Ok(())
        }
        // The library cannot say which of the two it was; a block that is cut by our limit is the likelier.
        Err(_) if limited => Err(output.too_large()),
        Err(_) => Err(corrupt("a block does not decompress")),
    }
}

fn stored_block(block: &[u8], frame: &Frame, output: &mut Output<'_>) -> Result<(), DecompressError> {
    if block.len() > frame.block_size {
        return Err(corrupt("a stored block is larger than the frame's block size"));
    }
    if output.overflows(block.len()) {
        return Err(output.too_large());
    }
    output.room(block.len()).copy_from_slice(block);
    output.advance(block.len());
    Ok(())
}

/// What the frame's header says.
struct Frame {
    block_size: usize,
    block_checksums: bool,
}

impl Frame {
    fn read(input: &[u8]) -> Result<(Self, &[u8]), DecompressError> {
        let rest = input.strip_prefix(&MAGIC).ok_or_else(|| corrupt("not an lz4 frame"))?;
        let (&[flags, sizes], rest) =
            rest.split_first_chunk().ok_or_else(|| corrupt("the header is cut off"))?;
        if flags >> 6 != 1 {
            return Err(corrupt("unknown frame version"));
        }
        if flags & 0x20 == 0 {
            return Err(corrupt("blocks refer to each other, which Kafka does not allow"));
        }
        let block_size = match sizes >> 4 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            _ => return Err(corrupt("unknown block size")),
        };
        let content_size = if flags & 0x08 == 0 { 0 } else { 8 };
        let dictionary_id = if flags & 0x01 == 0 { 0 } else { 4 };
        let header_checksum = 1;
        let rest = rest
            .get(content_size + dictionary_id + header_checksum..)
            .ok_or_else(|| corrupt("the header is cut off"))?;
        Ok((Self { block_size, block_checksums: flags & 0x10 != 0 }, rest))
    }
}

const FAILED: CompressError = CompressError::Failed { codec: Codec::Lz4, reason: "a block is too large" };

fn corrupt(reason: &'static str) -> DecompressError {
    DecompressError::Corrupt { codec: Codec::Lz4, reason }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lz4::Encoder")
    }
}
