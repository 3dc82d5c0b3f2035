//! Compaction: of the records with one key the newest is kept (Java's `LogCleaner`).
//!
//! Only segments that are not written to any more and whose records are decided take part. Each is written anew by
//! itself; a batch keeps its offsets and sequences, and one that held the last sequence of its producer stays even
//! without records, so that the producer is known after a restart.
//!
//! Gaps: a tombstone's time begins when its segment is first compacted and is kept with the segment, where Kafka
//! writes it into the batch (KIP-534), and begins anew when a start had to read the log. Markers of transactions are
//! never dropped. Small segments are not joined.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_proto::records::{Batch, RecordRef};

use super::{BatchChecker, PartitionLog, StoredBatch};
use crate::storage::StorageFailed;

/// How a topic wants to be compacted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compaction {
    /// Which part of the bytes must be new for it to be worth it (`min.cleanable.dirty.ratio`).
    pub(crate) min_dirty_ratio: f64,
    /// How long records are left alone, in milliseconds (`min.compaction.lag.ms`).
    pub(crate) min_lag_ms: i64,
    /// After how long they are compacted in any case (`max.compaction.lag.ms`).
    pub(crate) max_lag_ms: i64,
    /// How long a tombstone is there for readers to see (`delete.retention.ms`).
    pub(crate) delete_retention_ms: i64,
}

/// The newest offset of each key.
type Newest = BTreeMap<Box<[u8]>, i64>;

/// What is left of one segment.
struct Rewritten {
    batches: Vec<(StoredBatch, Bytes)>,
    changed: bool,
}

impl PartitionLog {
    /// Drops records that have a newer one with the same key; none from `limit` on, up to where every transaction is
    /// decided. Returns whether anything was dropped.
    ///
    /// Costs two reads of what is compacted. Holds the keys of the new part, at most 128 MiB and one segment of them,
    /// and one segment at a time.
    pub(crate) fn compact(
        &mut self,
        rule: Compaction,
        now_ms: i64,
        limit: i64,
        checker: &mut BatchChecker,
    ) -> Result<bool, StorageFailed> {
        let Some(end) = self.compactable(rule, now_ms, limit) else { return Ok(false) };
        let (newest, end) = self.newest(end, checker)?;
        let mut changed = false;
        for index in 0..end {
            let rewritten = self.rewritten(index, &newest, rule, now_ms, checker)?;
            if rewritten.changed {
                self.replace_segment(index, rewritten.batches)?;
                changed = true;
            }
            if let Some(segment) = self.segments.list.get_mut(index) {
                segment.cleaned_at.get_or_insert(now_ms);
            }
        }
        Ok(changed)
    }

    /// How many segments may be compacted, if it is worth it.
    fn compactable(&self, rule: Compaction, now_ms: i64, limit: i64) -> Option<usize> {
        let segments = &self.segments.list;
        let (mut count, mut all, mut new, mut late) = (0, 0, 0, false);
        for (segment, next) in segments.iter().zip(segments.iter().skip(1)) {
            if next.base_offset > limit || now_ms.saturating_sub(segment.max_timestamp) < rule.min_lag_ms {
                break;
            }
            let bytes = next.position - segment.position;
            count += 1;
            all += bytes;
            if segment.cleaned_at.is_none() {
                new += bytes;
                let first = segment.first_timestamp.unwrap_or(now_ms);
                late |= now_ms.saturating_sub(first) > rule.max_lag_ms;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        let ratio = if all == 0 { 0.0 } else { new as f64 / all as f64 };
        (new > 0 && (late || ratio > rule.min_dirty_ratio)).then_some(count)
    }

    /// The newest offset of each key in the new ones of the first `end` segments, and how many segments were looked
    /// at before there were too many keys.
    fn newest(&self, end: usize, checker: &mut BatchChecker) -> Result<(Newest, usize), StorageFailed> {
        const MOST_BYTES: usize = 128 << 20;
        let (mut newest, mut bytes) = (Newest::new(), 0);
        for index in 0..end {
            if self.segments.list.get(index).is_some_and(|segment| segment.cleaned_at.is_some()) {
                continue;
            }
            for stored in self.batches_of(index) {
                let batch = self.parsed(stored)?;
                if self.is_left_alone(&batch) || self.is_aborted(&batch) {
                    continue;
                }
                let Ok(records) = checker.read(&batch) else { continue };
                for record in &records {
                    let Some(key) = record.key else { continue };
                    match newest.get_mut(key) {
                        Some(offset) => *offset = record.offset,
                        None => {
                            bytes += key.len();
                            newest.insert(key.into(), record.offset);
                        }
                    }
                }
                checker.give_back(records);
            }
            if bytes > MOST_BYTES {
                return Ok((newest, index + 1));
            }
        }
        Ok((newest, end))
    }

    fn rewritten(
        &self,
        index: usize,
        newest: &Newest,
        rule: Compaction,
        now_ms: i64,
        checker: &mut BatchChecker,
    ) -> Result<Rewritten, StorageFailed> {
        let cleaned_at = self.segments.list.get(index).and_then(|segment| segment.cleaned_at);
        let tombstones_go = cleaned_at.is_some_and(|at| now_ms.saturating_sub(at) > rule.delete_retention_ms);
        let is_wanted = |record: &RecordRef<'_>| {
            let Some(key) = record.key else { return false };
            let is_newest = newest.get(key).is_none_or(|offset| record.offset >= *offset);
            is_newest && !(tombstones_go && record.value.is_none())
        };
        let mut rewritten = Rewritten { batches: Vec::new(), changed: false };
        for stored in self.batches_of(index) {
            let batch = self.parsed(stored)?;
            let records = if self.is_left_alone(&batch) { None } else { checker.read(&batch).ok() };
            let Some(records) = records else {
                rewritten.batches.push((stored.clone(), batch.bytes().clone()));
                continue;
            };
            let aborted = self.is_aborted(&batch);
            let wanted = if aborted { 0 } else { records.iter().filter(is_wanted).count() };
            if wanted == records.len() {
                rewritten.batches.push((stored.clone(), batch.bytes().clone()));
            } else {
                rewritten.changed = true;
                if wanted > 0 || self.producers.needs(batch.header()) {
                    let bytes = Bytes::from(batch.retain(&records, |record| !aborted && is_wanted(record)));
                    let max_timestamp = Batch::parse(bytes.clone())
                        .map_or(stored.max_timestamp, |batch| batch.header().max_timestamp);
                    rewritten.batches.push((StoredBatch { max_timestamp, ..stored.clone() }, bytes));
                }
            }
            checker.give_back(records);
        }
        Ok(rewritten)
    }

    /// Puts other batches in the place of those of a segment. The positions of all batches before move.
    fn replace_segment(
        &mut self,
        index: usize,
        batches: Vec<(StoredBatch, Bytes)>,
    ) -> Result<(), StorageFailed> {
        let range = self.range_of(index);
        let Some(next) = self.segments.list.get(index + 1).map(|next| next.position) else { return Ok(()) };
        let Some(segment) = self.segments.list.get(index) else { return Ok(()) };
        let size: u64 = batches.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let first = self.batches.get(range.start).map_or(next, |first| first.position);
        if size > next - first {
            // A codec that cannot be written here made the rest larger than the whole.
            return Ok(());
        }
        if let (Some(home), Some(file)) = (&mut self.segments.home, &segment.file) {
            home.forget_point()?;
            let whole: Vec<u8> = batches.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
            home.store.replace(file, &whole)?;
        }
        // What is before the next segment ends where that begins, so that there are no gaps.
        let mut position = next - size;
        let moved = position - first;
        let on_disk = self.segments.home.is_some();
        let fresh: Vec<StoredBatch> = batches
            .into_iter()
            .map(|(stored, bytes)| {
                let at = position;
                position += bytes.len() as u64;
                StoredBatch { position: at, held: (!on_disk).then_some(bytes), ..stored }
            })
            .collect();
        let later = self.batches.split_off(range.end);
        self.batches.truncate(range.start);
        for earlier in &mut self.batches {
            earlier.position += moved;
        }
        self.batches.extend(fresh);
        self.batches.extend(later);
        for earlier in self.segments.list.range_mut(..index) {
            earlier.position += moved;
        }
        if let Some(segment) = self.segments.list.get_mut(index) {
            segment.position = next - size;
        }
        Ok(())
    }

    fn batches_of(&self, segment: usize) -> impl Iterator<Item = &StoredBatch> {
        self.batches.range(self.range_of(segment))
    }

    /// The numbers of a segment's batches.
    fn range_of(&self, segment: usize) -> std::ops::Range<usize> {
        let at = |segment: usize| {
            let position = self.segments.list.get(segment).map_or(self.end_position, |it| it.position);
            self.batches.partition_point(|batch| batch.position < position)
        };
        at(segment)..at(segment + 1)
    }

    fn parsed(&self, stored: &StoredBatch) -> Result<Batch, StorageFailed> {
        Batch::parse(self.load(stored)?).map_err(|_| StorageFailed)
    }

    /// Markers, and batches of other formats, which nothing here writes.
    fn is_left_alone(&self, batch: &Batch) -> bool {
        batch.header().attributes.is_control() || batch.header().magic != 2
    }

    fn is_aborted(&self, batch: &Batch) -> bool {
        let header = batch.header();
        header.attributes.is_transactional()
            && self.transactions.is_aborted(header.producer_id, header.base_offset)
    }
}
