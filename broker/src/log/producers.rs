use std::collections::{BTreeMap, VecDeque};

use ottla_proto::records::BatchHeader;
use ottla_proto::{ErrorCode, ProducerEpoch, ProducerId};

use super::Refused;

/// What the idempotent producers of one partition wrote last (Java's `ProducerStateManager`). Producers are never
/// forgotten, where Kafka forgets them after a day (`producer.id.expiration.ms`).
#[derive(Debug, Default)]
pub(super) struct Producers(BTreeMap<ProducerId, Producer>);

#[derive(Debug)]
struct Producer {
    epoch: ProducerEpoch,
    /// The last batches, oldest first, at most [`REMEMBERED`]; never empty.
    batches: VecDeque<Remembered>,
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
        let epoch = header.producer_epoch;
        let fresh = || Producer { epoch, batches: VecDeque::with_capacity(REMEMBERED) };
        let producer = self.0.entry(header.producer_id).or_insert_with(fresh);
        if producer.epoch != epoch {
            *producer = fresh();
        }
        if producer.batches.len() == REMEMBERED {
            producer.batches.pop_front();
        }
        producer.batches.push_back(Remembered {
            first_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            place,
        });
    }
}

impl Producer {
    /// After the largest number comes 0.
    fn next_sequence(&self) -> i32 {
        self.batches.back().map_or(0, |batch| batch.last_sequence.checked_add(1).unwrap_or(0))
    }
}
