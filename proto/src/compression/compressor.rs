use super::{Codec, CompressError, gzip, lz4, snappy, zstandard};

/// Compresses one batch after the other with one codec and level.
///
/// Working memory is allocated at the first call and kept: about 270 KiB for gzip, 100 KiB for snappy, 16 KiB
/// for lz4, 1 to 3 MiB for zstd at its default level and up to hundreds of MiB at its highest.
#[derive(Debug)]
pub struct Compressor {
    codec: Codec,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    None,
    Gzip(gzip::Encoder),
    Snappy(Box<snappy::Encoder>),
    Lz4(lz4::Encoder),
    Zstd(zstandard::Encoder),
}

impl Compressor {
    /// A compressor at the codec's [default level](Codec::default_level).
    ///
    /// # Errors
    /// If this build cannot write the codec.
    pub fn new(codec: Codec) -> Result<Self, CompressError> {
        let level = codec.default_level().unwrap_or_default();
        let engine = match codec {
            Codec::None => Engine::None,
            Codec::Gzip => Engine::Gzip(gzip::Encoder::new(level.unsigned_abs())),
            Codec::Snappy => Engine::Snappy(Box::default()),
            Codec::Lz4 => Engine::Lz4(lz4::Encoder::default()),
            Codec::Zstd => Engine::Zstd(zstandard::Encoder::new(level)?),
        };
        Ok(Self { codec, engine })
    }

    /// A compressor at a level of the caller's choice (`compression.gzip.level`, `compression.zstd.level`,
    /// KIP-390); see [`Codec::levels`].
    ///
    /// # Errors
    /// If the codec has no such level, or this build cannot write the codec.
    pub fn with_level(codec: Codec, level: i32) -> Result<Self, CompressError> {
        let levels = codec.levels().ok_or(CompressError::NoLevels { codec, level })?;
        if !levels.contains(&level) {
            let (min, max) = (*levels.start(), *levels.end());
            return Err(CompressError::NoSuchLevel { codec, level, min, max });
        }
        let engine = match codec {
            Codec::Gzip => Engine::Gzip(gzip::Encoder::new(level.unsigned_abs())),
            Codec::Zstd => Engine::Zstd(zstandard::Encoder::new(level)?),
            Codec::None | Codec::Snappy | Codec::Lz4 => return Err(CompressError::NoLevels { codec, level }),
        };
        Ok(Self { codec, engine })
    }

    /// The codec.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the compressed form of `input` to `output`, which grows as needed.
    ///
    /// # Errors
    /// If the library fails; then `output` ends in an undefined part and the next call works again.
    pub fn compress(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), CompressError> {
        match &mut self.engine {
            Engine::None => {
                output.extend_from_slice(input);
                Ok(())
            }
            Engine::Gzip(encoder) => encoder.encode(input, output),
            Engine::Snappy(encoder) => encoder.encode(input, output),
            Engine::Lz4(encoder) => encoder.encode(input, output),
            Engine::Zstd(encoder) => encoder.encode(input, output),
        }
    }
}
