//! gzip: deflate with a header and a trailer. The library deflates; the frame is done here, so that one
//! context serves batch after batch (the library's own gzip mode is lost when it is reset).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{Codec, CompressError, DecompressError};
use crate::records::crc32;

/// Deflate, no name, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// Deflate cannot do better than this: no output is set aside that the input could not fill.
const MAX_RATIO: usize = 1032;

#[derive(Debug)]
pub(super) struct Encoder(Compress);

impl Encoder {
    pub(super) fn new(level: u32) -> Self {
        Self(Compress::new(Compression::new(level), false))
    }

    pub(super) fn encode(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), CompressError> {
        self.0.reset();
        output.extend_from_slice(&HEADER);
        let mut rest = input;
        loop {
            output.reserve((rest.len() / 4).max(4 << 10));
            let before = self.0.total_in();
            let status = self.0.compress_vec(rest, output, FlushCompress::Finish).map_err(|_| {
                CompressError::Failed { codec: Codec::Gzip, reason: "the stream is in a wrong state" }
            })?;
            let read = usize::try_from(self.0.total_in() - before).unwrap_or(usize::MAX);
            rest = rest.get(read..).unwrap_or_default();
            if status == Status::StreamEnd {
                break;
            }
        }
        output.extend_from_slice(&crc32(input).to_le_bytes());
        output.extend_from_slice(&size_modulo(input).to_le_bytes());
        Ok(())
    }
}

#[derive(Debug)]
pub(super) struct Decoder(Decompress);

impl Default for Decoder {
    fn default() -> Self {
        Self(Decompress::new(false))
    }
}

impl Decoder {
    pub(super) fn decode(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), DecompressError> {
        output.clear();
        let mut rest = input;
        loop {
            rest = self.member(rest, output, limit)?;
            // gzip files may be glued together, and Java reads on; what is no member after that is ignored.
            if !rest.starts_with(&HEADER[..3]) {
                return Ok(());
            }
        }
    }

    /// Reads one member and returns what follows it.
    fn member<'a>(
        &mut self,
        input: &'a [u8],
        output: &mut Vec<u8>,
        limit: usize,
    ) -> Result<&'a [u8], DecompressError> {
        let rest = skip_header(input)?;
        let start = output.len();
        let rest = self.inflate(rest, output, limit)?;
        let (crc, rest) = rest.split_first_chunk().ok_or_else(|| corrupt("the trailer is cut off"))?;
        let (size, rest) = rest.split_first_chunk().ok_or_else(|| corrupt("the trailer is cut off"))?;
        let member = output.get(start..).unwrap_or_default();
        if u32::from_le_bytes(*size) != size_modulo(member) || u32::from_le_bytes(*crc) != crc32(member) {
            return Err(corrupt("the checksum does not match"));
        }
        Ok(rest)
    }

    fn inflate<'a>(
        &mut self,
        input: &'a [u8],
        output: &mut Vec<u8>,
        limit: usize,
    ) -> Result<&'a [u8], DecompressError> {
        self.0.reset(false);
        let mut rest = input;
        output.reserve(input.len().saturating_mul(4).min(limit).max(64));
        loop {
            let (before_in, before_out) = (self.0.total_in(), output.len());
            let status = self
                .0
                .decompress_vec(rest, output, FlushDecompress::Finish)
                .map_err(|_| corrupt("the deflate stream is invalid"))?;
            let read = usize::try_from(self.0.total_in() - before_in).unwrap_or(usize::MAX);
            rest = rest.get(read..).unwrap_or_default();
            if output.len() > limit {
                return Err(DecompressError::TooLarge { codec: Codec::Gzip, limit });
            }
            if status == Status::StreamEnd {
                return Ok(rest);
            }
            if output.len() < output.capacity() && read == 0 && output.len() == before_out {
                return Err(corrupt("the deflate stream is cut off"));
            }
            let most = input.len().saturating_mul(MAX_RATIO).min(limit.saturating_add(1));
            output.reserve(output.len().min(most.saturating_sub(output.len())).max(64));
        }
    }
}

/// Checks the fixed part and steps over the optional ones (extra field, name, comment, header checksum).
fn skip_header(input: &[u8]) -> Result<&[u8], DecompressError> {
    const CUT_OFF: &str = "the header is cut off";
    let rest = input.strip_prefix(&HEADER[..3]).ok_or_else(|| corrupt("not a gzip stream"))?;
    let (&[flags, ..], mut rest) = rest.split_first_chunk::<7>().ok_or_else(|| corrupt(CUT_OFF))?;
    if flags & 0x04 != 0 {
        let (length, after) = rest.split_first_chunk().ok_or_else(|| corrupt(CUT_OFF))?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..).ok_or_else(|| corrupt(CUT_OFF))?;
    }
    for text in [0x08, 0x10] {
        if flags & text != 0 {
            let end = rest.iter().position(|&byte| byte == 0).ok_or_else(|| corrupt(CUT_OFF))?;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }
    if flags & 0x02 != 0 {
        rest = rest.get(2..).ok_or_else(|| corrupt(CUT_OFF))?;
    }
    Ok(rest)
}

/// The trailer counts modulo 2^32.
#[expect(clippy::cast_possible_truncation, reason = "the format asks for the lowest 32 bits")]
fn size_modulo(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

fn corrupt(reason: &'static str) -> DecompressError {
    DecompressError::Corrupt { codec: Codec::Gzip, reason }
}
