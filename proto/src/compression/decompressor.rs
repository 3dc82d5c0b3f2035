use super::{Codec, DecompressError, gzip, lz4, snappy, zstandard};

/// Decompresses one batch after the other, whatever their codecs.
///
/// Working memory is allocated when a codec is first met and kept: some 40 KiB for gzip, 160 KiB for zstd plus
/// the frame's window (at most 128 MiB, as in Java), nothing for snappy and lz4.
#[derive(Debug)]
pub struct Decompressor {
    limit: usize,
    gzip: Option<gzip::Decoder>,
    snappy: snappy::Decoder,
    zstd: Option<zstandard::Decoder>,
}

impl Decompressor {
    /// What [`Decompressor::default`] lets out of one batch: 128 MiB, well above any batch that a broker
    /// takes by default (1 MiB compressed), and far below what a hostile one could swell to.
    pub const DEFAULT_LIMIT: usize = 128 << 20;

    /// A decompressor that lets at most `limit` bytes out of one batch.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, gzip: None, snappy: snappy::Decoder::default(), zstd: None }
    }

    /// The most bytes that one batch may become.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Replaces what `output` holds by the decompressed form of `input`.
    ///
    /// Hand the same `Vec` in again and again without clearing it: its bytes count as initialised, so they
    /// are not zeroed again.
    ///
    /// # Errors
    /// If `input` is not of that codec or holds more than the limit; then `output` holds anything up to the
    /// limit, and the next call works again.
    pub fn decompress(
        &mut self,
        codec: Codec,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), DecompressError> {
        let limit = self.limit;
        match codec {
            Codec::None => {
                if input.len() > limit {
                    return Err(DecompressError::TooLarge { codec, limit });
                }
                output.clear();
                output.extend_from_slice(input);
                Ok(())
            }
            Codec::Gzip => self.gzip.get_or_insert_default().decode(input, output, limit),
            Codec::Snappy => self.snappy.decode(input, output, limit),
            Codec::Lz4 => lz4::decode(input, output, limit),
            Codec::Zstd => match &mut self.zstd {
                Some(decoder) => decoder.decode(input, output, limit),
                None => self.zstd.insert(zstandard::Decoder::new()?).decode(input, output, limit),
            },
        }
    }
}

impl Default for Decompressor {
    fn default() -> Self {
        Self::with_limit(Self::DEFAULT_LIMIT)
    }
}

/// An output that grows by initialised bytes, so that safe code can decode straight into it.
///
/// The `Vec`'s length is what has been initialised, not what has been written; it is cut to what was written
/// at the end. A buffer that comes back from the last batch therefore needs no zeroing.
pub(super) struct Output<'a> {
    codec: Codec,
    bytes: &'a mut Vec<u8>,
    written: usize,
    limit: usize,
}

impl<'a> Output<'a> {
    pub(super) fn new(codec: Codec, bytes: &'a mut Vec<u8>, limit: usize) -> Self {
        Self { codec, bytes, written: 0, limit }
    }

    /// Room for the next `length` bytes, or for as many as the limit leaves if `length` is only an upper bound.
    pub(super) fn room(&mut self, length: usize) -> &mut [u8] {
        let end = self.written.saturating_add(length).min(self.limit);
        if self.bytes.len() < end {
            // Within its memory the Vec grows by no more than is needed: the last block of every batch asks for a little
            // more than the batch before it has left. Beyond, it doubles, so that small blocks do not move it each time.
            let fits = end <= self.bytes.capacity();
            let doubled = if fits { end } else { self.bytes.len().saturating_mul(2).min(self.limit) };
            self.bytes.resize(end.max(doubled), 0);
        }
        self.bytes.get_mut(self.written..end).unwrap_or_default()
    }

    pub(super) fn advance(&mut self, length: usize) {
        self.written += length;
    }

    pub(super) fn too_large(&self) -> DecompressError {
        DecompressError::TooLarge { codec: self.codec, limit: self.limit }
    }

    /// Whether `length` more bytes would pass the limit.
    pub(super) fn overflows(&self, length: usize) -> bool {
        length > self.limit - self.written
    }

    pub(super) fn finish(self) {
        self.bytes.truncate(self.written);
    }
}
