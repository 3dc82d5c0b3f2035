//! A batch that the driver owns: from the lane to its outcome.

use std::time::Duration;

use bytes::Bytes;
use ottla_proto::compression::Decompressor;
use ottla_proto::records::{
    Batch as WireBatch, BatchWriter, MAX_BATCH_SIZE, Records, SealedBatch, Stamp, StampedBatch,
};

use ottla_proto::{ErrorCode, TopicId};

use super::Certainty;
use super::budget::Charge;
use super::deadlines::{Deadlines, Due};
use super::fate::{BatchFate, Outcome};
use super::lane::OpenBatch;
use super::latency::LatencyClock;
use crate::sync::Arc;
use crate::time::Instant;

/// It passes through many hands, and lies in a box so that it stays where it is.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) fate: Arc<BatchFate>,
    /// Held until the batch is dropped: memory is free again when nobody can send it any more.
    pub(super) charge: Charge,
    pub(super) opened_at: Instant,
    deadlines: Deadlines,
    /// How many records were appended, and which of them have been cut out, ascending.
    appended: u32,
    pub(super) cut: Vec<u32>,
    /// Counts the lane's batches; both halves of a split one keep it.
    pub(super) ordinal: u64,
    pub(super) records: u32,
    pub(super) body: Body,
    pub(super) clock: LatencyClock,
    pub(super) attempts: u32,
    /// An attempt may have been appended: it may be sent again as it is, but never under another stamp, and
    /// giving it up cannot be called "not written".
    pub(super) uncertain: bool,
    pub(super) last_error: Option<ErrorCode>,
    /// The topic that it was stamped for; zero before that, and where brokers know no ids.
    pub(super) topic_id: TopicId,
    /// Its outcome was told already; it is only still here because its answer decides about its sequence.
    pub(super) reported: bool,
}

#[derive(Debug)]
pub(super) enum Body {
    /// With the compressor; the number of the job.
    Compressing(u64),
    /// Closed, never in a request.
    Sealed(SealedBatch),
    /// In a request at least once; these bytes and no others are sent again.
    Stamped { batch: StampedBatch, order: u64 },
    /// Taken apart; only for the moment in between.
    Gone,
}

impl Batch {
    /// Takes a batch over from its lane, and gives its records without those that were struck.
    pub(super) fn take_over(open: OpenBatch) -> (Box<Self>, BatchWriter) {
        let OpenBatch { writer, fate, charge, opened_at, deadlines, ordinal } = open;
        let cut = fate.struck();
        let appended = writer.count();
        let writer = if cut.is_empty() {
            writer
        } else {
            writer.retain(|index| cut.binary_search(&index).is_err(), Vec::with_capacity(writer.size()))
        };
        let batch = Self {
            fate,
            charge,
            opened_at,
            deadlines,
            appended,
            cut,
            ordinal,
            records: writer.count(),
            body: Body::Gone,
            clock: LatencyClock::start(opened_at),
            attempts: 0,
            uncertain: false,
            last_error: None,
            topic_id: TopicId::ZERO,
            reported: false,
        };
        (Box::new(batch), writer)
    }

    /// Takes a sealed batch apart and gives its records without those that were struck, these included that are cut
    /// out already. Gives nothing for a batch that is not sealed.
    pub(super) fn cut_out(&mut self, struck: Vec<u32>) -> Option<BatchWriter> {
        let Body::Sealed(sealed) = std::mem::replace(&mut self.body, Body::Gone) else { return None };
        let size = sealed.uncompressed_size();
        let records = read(&sealed.stamp(Stamp::NONE))?;
        let indices = (0..self.appended).filter(|index| self.cut.binary_search(index).is_err());
        let mut writer = BatchWriter::new(Vec::with_capacity(size));
        for (index, record) in indices.zip(&records) {
            if struck.binary_search(&index).is_err() {
                writer.append_record(&record, MAX_BATCH_SIZE).ok()?;
            }
        }
        self.records = writer.count();
        self.cut = struck;
        Some(writer)
    }

    /// When the first of its records expires; those without a timeout of their own have `timeout`.
    pub(super) fn next_expiry(&self, timeout: Duration) -> Option<Instant> {
        self.deadlines.next(self.opened_at + timeout, self.appended)
    }

    pub(super) fn take_due(&mut self, timeout: Duration, now: Instant) -> Due {
        self.deadlines.take_due(self.opened_at + timeout, timeout, self.appended, now)
    }

    /// Its size on the wire; zero while it is being compressed.
    pub(super) fn size(&self) -> usize {
        match &self.body {
            Body::Sealed(sealed) => sealed.size(),
            Body::Stamped { batch, .. } => batch.bytes().len(),
            Body::Compressing(_) | Body::Gone => 0,
        }
    }

    /// The batch is in the log: its memory is free, and its buffer may serve another.
    pub(super) fn recycle(self: Box<Self>) {
        if let Body::Stamped { batch, .. } = self.body
            && let Some(buffer) = batch.into_buffer()
        {
            self.charge.recycle(buffer);
        }
    }

    /// The place among the stamped batches of its partition; later than all while it has none.
    pub(super) fn order(&self) -> u64 {
        match &self.body {
            Body::Stamped { order, .. } => *order,
            _ => u64::MAX,
        }
    }

    pub(super) fn is_stamped(&self) -> bool {
        matches!(self.body, Body::Stamped { .. })
    }

    /// Stamps a sealed batch, or restamps one that has certainly not been written.
    pub(super) fn stamp(&mut self, (stamp, order): (Stamp, u64), topic_id: TopicId) {
        self.topic_id = topic_id;
        self.body = match std::mem::replace(&mut self.body, Body::Gone) {
            Body::Sealed(sealed) => Body::Stamped { batch: sealed.stamp(stamp), order },
            Body::Stamped { batch, .. } => Body::Stamped { batch: batch.restamp(stamp), order },
            other => other,
        };
    }

    pub(super) fn wire_bytes(&self) -> Option<Bytes> {
        match &self.body {
            Body::Stamped { batch, .. } => Some(batch.bytes().clone()),
            _ => None,
        }
    }

    pub(super) fn base_sequence(&self) -> i32 {
        match &self.body {
            Body::Stamped { batch, .. } => batch.header().base_sequence,
            _ => ottla_proto::records::NO_SEQUENCE,
        }
    }

    pub(super) fn certainty(&self) -> Certainty {
        if self.uncertain { Certainty::PossiblyWritten } else { Certainty::NotWritten }
    }

    /// Cuts a stamped batch into two of about half the records each, under the same sequences. Gives the batch
    /// back if it cannot be cut.
    pub(super) fn split(mut self: Box<Self>) -> Result<[Box<Self>; 2], Box<Self>> {
        let Body::Stamped { batch, order } = &self.body else { return Err(self) };
        let order = *order;
        let first = self.records / 2;
        let stamp = Stamp {
            producer_id: batch.header().producer_id,
            producer_epoch: batch.header().producer_epoch,
            base_sequence: batch.header().base_sequence,
            transactional: batch.header().attributes.is_transactional(),
        };
        let Some(records) = read(batch) else { return Err(self) };
        if first == 0 {
            return Err(self);
        }
        let mut writers = [BatchWriter::new(Vec::new()), BatchWriter::new(Vec::new())];
        for (index, record) in (0_u32..).zip(&records) {
            let [low, high] = &mut writers;
            let writer = if index < first { low } else { high };
            if writer.append_record(&record, MAX_BATCH_SIZE).is_err() {
                return Err(self);
            }
        }
        let partition = self.fate.partition();
        let fates = [BatchFate::new(partition), BatchFate::new(partition)];
        let [low_fate, high_fate] = &fates;
        let cut = std::mem::take(&mut self.cut);
        let place = |index: u32| {
            let before = cut.binary_search(&index).err()?;
            index.checked_sub(u32::try_from(before).ok()?)
        };
        let high_deadlines = self.deadlines.split_off(first, place);
        let low_deadlines = self.deadlines;
        self.fate.hand_down(|index| {
            let place = place(index)?;
            Some(if place < first { (low_fate, place) } else { (high_fate, place - first) })
        });
        self.fate.settle(Outcome::Split(vec![(0, Arc::clone(low_fate)), (first, Arc::clone(high_fate))]));
        let half = self.charge.bytes() / 2;
        let low_charge = self.charge.split_off(half);
        let [low, high] = writers;
        let [low_fate, high_fate] = fates;
        let piece = |writer: BatchWriter, fate: Arc<BatchFate>, charge, deadlines, stamp, order| {
            // Pieces of a written batch can no longer be cancelled; nothing of theirs was struck yet.
            let _nothing_struck = fate.take(0);
            Box::new(Self {
                fate,
                charge,
                opened_at: self.opened_at,
                deadlines,
                appended: writer.count(),
                cut: Vec::new(),
                ordinal: self.ordinal,
                records: writer.count(),
                body: Body::Stamped { batch: writer.seal().stamp(stamp), order },
                clock: self.clock.clone(),
                attempts: self.attempts,
                uncertain: self.uncertain,
                last_error: self.last_error,
                topic_id: self.topic_id,
                reported: self.reported,
            })
        };
        let second = if stamp.base_sequence < 0 {
            stamp
        } else {
            let records = i32::try_from(first).unwrap_or(i32::MAX);
            Stamp {
                base_sequence: ottla_proto::records::add_to_sequence(stamp.base_sequence, records),
                ..stamp
            }
        };
        Ok([
            piece(low, low_fate, low_charge, low_deadlines, stamp, order),
            piece(high, high_fate, self.charge, high_deadlines, second, order + u64::from(first)),
        ])
    }
}

/// The records of a batch of ours: nothing in it is larger than what was accepted.
fn read(batch: &StampedBatch) -> Option<Records> {
    let mut decompressor = Decompressor::with_limit(MAX_BATCH_SIZE);
    WireBatch::parse(batch.bytes().clone()).and_then(|batch| batch.read(&mut decompressor)).ok()
}
