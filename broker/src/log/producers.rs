use std::collections::{BTreeMap, VecDeque};

use ottla_proto::records::{BatchHeader, NO_TIMESTAMP};
use ottla_proto::wire::{DecodeError, Reader, Writer};
use ottla_proto::{ErrorCode, ProducerEpoch, ProducerId};

use super::Refused;
use super::recovery::count;

/// What the idempotent producers of one partition wrote last (Java's `ProducerStateManager`).
#[derive(Debug, Default)]
pub(super) struct Producers(BTreeMap<ProducerId, Producer>);

#[derive(Debug)]
struct Producer {
    epoch: ProducerEpoch,
    /// The last batches of this epoch, oldest first, at most [`REMEMBERED`]; none right behind a marker that
    /// began the epoch.
    batches: VecDeque<Remembered>,
    last_timestamp: i64,
    /// Of the coordinator whose marker ended the last transaction.
    coordinator_epoch: Option<i32>,
}

/// What is known of a producer, for the tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerState {
    pub(crate) id: ProducerId,
    pub(crate) epoch: ProducerEpoch,
    pub(crate) last_sequence: Option<i32>,
    pub(crate) last_timestamp: i64,
    pub(crate) coordinator_epoch: Option<i32>,
    /// Where its running transaction begins.
    pub(crate) transaction_start: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Remembered {
    first_sequence: i32,
    last_sequence: i32,
    place: Sequenced,
}

/// Where a batch of an idempotent producer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequenced {
    pub(super) base_offset: i64,
    pub(super) timestamp: i64,
}

/// How many batches of a producer are known again. A producer may have as many unanswered, so each of them can
/// be sent twice.
const REMEMBERED: usize = 5;

impl Producers {
    /// Whether the batch continues its producer's sequence. If it was appended before, where it went then.
    pub(super) fn check(&self, header: &BatchHeader) -> Result<Option<Sequenced>, Refused> {
        if header.producer_id.is_none() {
            return Ok(None);
        }
        // A producer that is not known may begin anywhere: its earlier records may have been deleted.
        let Some(producer) = self.0.get(&header.producer_id) else { return Ok(None) };
        let (epoch, first) = (header.producer_epoch, header.base_sequence);
        if epoch == producer.epoch {
            let same = |batch: &&Remembered| {
                batch.first_sequence == first && batch.last_sequence == header.last_sequence()
            };
            if let Some(earlier) = producer.batches.iter().find(same) {
                return Ok(Some(earlier.place));
            }
        }
        if epoch < producer.epoch {
            let message = format!(
                "Producer {} writes with epoch {epoch}, but epoch {} was seen",
                header.producer_id, producer.epoch
            );
            return Err(Refused::new(ErrorCode::INVALID_PRODUCER_EPOCH, message));
        }
        let expected = if epoch == producer.epoch { producer.next_sequence() } else { 0 };
        if first != expected {
            let message = format!(
                "Producer {} with epoch {epoch} writes sequence {first}, but {expected} is next",
                header.producer_id
            );
            return Err(Refused::new(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, message));
        }
        Ok(None)
    }

    /// A batch that [`check`](Self::check) let through was appended.
    pub(super) fn appended(&mut self, header: &BatchHeader, place: Sequenced) {
        if header.producer_id.is_none() {
            return;
        }
        let producer = self.in_epoch(header.producer_id, header.producer_epoch);
        producer.last_timestamp = place.timestamp;
        if producer.batches.len() == REMEMBERED {
            producer.batches.pop_front();
        }
        producer.batches.push_back(Remembered {
            first_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            place,
        });
    }

    /// A marker was appended; it may begin a new epoch (KIP-890).
    pub(super) fn ended(&mut self, header: &BatchHeader, coordinator_epoch: i32) {
        let producer = self.in_epoch(header.producer_id, header.producer_epoch);
        producer.last_timestamp = header.max_timestamp;
        producer.coordinator_epoch = Some(coordinator_epoch);
    }

    /// The newest epoch in which the producer was seen.
    pub(super) fn epoch_of(&self, id: ProducerId) -> Option<ProducerEpoch> {
        self.0.get(&id).map(|producer| producer.epoch)
    }

    /// Whether what is known of its producer is known from this batch: its last sequence, or from a marker the epoch
    /// in which nothing has been written yet.
    pub(super) fn needs(&self, header: &BatchHeader) -> bool {
        let known = self.0.get(&header.producer_id).filter(|known| known.epoch == header.producer_epoch);
        known.is_some_and(|known| match known.batches.back() {
            Some(last) => last.place.base_offset == header.base_offset,
            None => header.attributes.is_control(),
        })
    }

    /// Forgets those who wrote last so long ago, but for those that `is_needed` wants.
    pub(super) fn expire(&mut self, now_ms: i64, after_ms: i64, is_needed: impl Fn(ProducerId) -> bool) {
        self.0.retain(|id, producer| {
            now_ms.saturating_sub(producer.last_timestamp) < after_ms || is_needed(*id)
        });
    }

    /// All producers; without their transactions, which are kept elsewhere.
    pub(super) fn states(&self) -> impl Iterator<Item = ProducerState> {
        self.0.iter().map(|(id, producer)| ProducerState {
            id: *id,
            epoch: producer.epoch,
            last_sequence: producer.batches.back().map(|batch| batch.last_sequence),
            last_timestamp: producer.last_timestamp,
            coordinator_epoch: producer.coordinator_epoch,
            transaction_start: None,
        })
    }

    /// As [`read`](Self::read) reads them.
    pub(super) fn write(&self, to: &mut Writer) {
        count(to, self.0.len());
        for (id, producer) in &self.0 {
            to.i64(id.0);
            to.i16(producer.epoch.0);
            to.i64(producer.last_timestamp);
            to.bool(producer.coordinator_epoch.is_some());
            to.i32(producer.coordinator_epoch.unwrap_or_default());
            count(to, producer.batches.len());
            for batch in &producer.batches {
                to.i32(batch.first_sequence);
                to.i32(batch.last_sequence);
                to.i64(batch.place.base_offset);
                to.i64(batch.place.timestamp);
            }
        }
    }

    pub(super) fn read(from: &mut Reader) -> Result<Self, DecodeError> {
        let mut producers = Self::default();
        for _ in 0..from.i32("producers")? {
            let id = ProducerId(from.i64("producer_id")?);
            let producer = producers.in_epoch(id, ProducerEpoch(from.i16("epoch")?));
            producer.last_timestamp = from.i64("last_timestamp")?;
            let marked = from.bool("marked")?;
            producer.coordinator_epoch = Some(from.i32("coordinator_epoch")?).filter(|_| marked);
            for _ in 0..from.i32("batches")? {
                let (first_sequence, last_sequence) = (from.i32("first")?, from.i32("last")?);
                let (base_offset, timestamp) = (from.i64("base_offset")?, from.i64("timestamp")?);
                let place = Sequenced { base_offset, timestamp };
                producer.batches.push_back(Remembered { first_sequence, last_sequence, place });
            }
        }
        Ok(producers)
    }

    fn in_epoch(&mut self, id: ProducerId, epoch: ProducerEpoch) -> &mut Producer {
        let fresh = || Producer {
            epoch,
            batches: VecDeque::with_capacity(REMEMBERED),
            last_timestamp: NO_TIMESTAMP,
            coordinator_epoch: None,
        };
        let producer = self.0.entry(id).or_insert_with(fresh);
        if producer.epoch != epoch {
            producer.epoch = epoch;
            producer.batches.clear();
        }
        producer
    }
}

impl Producer {
    /// After the largest number comes 0.
    fn next_sequence(&self) -> i32 {
        self.batches.back().map_or(0, |batch| batch.last_sequence.checked_add(1).unwrap_or(0))
    }
}
