//! Compression as a job: the core emits it, the shell runs it wherever it likes.

use std::fmt;

use ottla_proto::compression::{Codec, CompressError, Compressor};
use ottla_proto::records::{BatchWriter, SealedBatch};

use super::ProducerKey;
use super::lane::LaneId;

/// A batch to be compressed. [`Self::run`] needs a thread and nothing else.
pub struct CompressionJob {
    pub(super) producer: ProducerKey,
    pub(super) lane: LaneId,
    pub(super) number: u64,
    pub(super) writer: BatchWriter,
    pub(super) codec: Codec,
    pub(super) level: Option<i32>,
}

/// A job that was run; hand it back to the core.
pub struct Compressed {
    pub(super) producer: ProducerKey,
    pub(super) lane: LaneId,
    pub(super) number: u64,
    pub(super) batch: SealedBatch,
    pub(super) error: Option<CompressError>,
}

/// The working memory of compressors, one per codec and level, and a buffer; one per thread that runs jobs.
#[derive(Debug, Default)]
pub struct CompressionContext {
    compressors: Vec<(Codec, Option<i32>, Compressor)>,
    spare: Vec<u8>,
}

impl CompressionJob {
    /// Seals and compresses the batch: some nanoseconds a byte. A batch that would not become smaller stays as
    /// it is.
    #[must_use]
    pub fn run(self, context: &mut CompressionContext) -> Compressed {
        let Self { producer, lane, number, writer, codec, level } = self;
        let mut batch = writer.seal();
        let result = context.compress(codec, level, &mut batch);
        Compressed { producer, lane, number, batch, error: result.err() }
    }
}

impl CompressionContext {
    fn compress(
        &mut self,
        codec: Codec,
        level: Option<i32>,
        batch: &mut SealedBatch,
    ) -> Result<(), CompressError> {
        let Self { compressors, spare } = self;
        let known = compressors.iter().position(|entry| (entry.0, entry.1) == (codec, level));
        let index = match known {
            Some(index) => index,
            None => {
                let compressor = match level {
                    Some(level) => Compressor::with_level(codec, level)?,
                    None => Compressor::new(codec)?,
                };
                compressors.push((codec, level, compressor));
                compressors.len() - 1
            }
        };
        if let Some((_, _, compressor)) = compressors.get_mut(index) {
            batch.compress(compressor, spare)?;
        }
        Ok(())
    }
}

impl fmt::Debug for CompressionJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompressionJob")
            .field("codec", &self.codec)
            .field("size", &self.writer.size())
            .finish()
    }
}

impl fmt::Debug for Compressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressed").field("size", &self.batch.size()).field("error", &self.error).finish()
    }
}
