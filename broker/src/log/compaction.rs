//! Compaction: of the records with one key the newest is kept (Java's `LogCleaner`).
//!
//! Only segments that are not written to any more and whose records are decided take part. Each is written anew by
//! itself; a batch keeps its offsets and sequences, and one that held the last sequence of its producer stays even
//! without records, so that the producer is known after a restart. Neighbours that have become small are joined.
//!
//! A tombstone is there for `delete.retention.ms` after it was first gone over, and so is the marker of a transaction
//! of which nothing is left: that moment is written into the batch (KIP-534).
//!
//! Gaps: none known.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ottla_proto::ProducerId;
use ottla_proto::records::{Batch, RecordRef};

use super::segments::Segment;
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
    /// How long a tombstone or a marker is there for readers to see (`delete.retention.ms`).
    pub(crate) delete_retention_ms: i64,
}

/// The newest offset of each key.
type Newest = BTreeMap<Box<[u8]>, i64>;

/// What is left of one segment.
#[derive(Default)]
struct Rewritten {
    batches: Vec<(StoredBatch, Bytes)>,
    /// The markers that go, by their offsets.
    markers_gone: Vec<i64>,
    changed: bool,
}

/// The producers whose transactions were met, and not yet their markers.
type Met = BTreeSet<ProducerId>;

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
        let (mut changed, mut met) = (false, Met::new());
        for index in 0..end {
            let rewritten = self.rewritten(index, &newest, &mut met, rule, now_ms, checker)?;
            if rewritten.changed {
                self.replace_segment(index, rewritten.batches)?;
                self.transactions.forget(&rewritten.markers_gone);
                changed = true;
            }
            if let Some(segment) = self.segments.list.get_mut(index) {
                segment.is_clean = true;
            }
        }
        changed |= self.join_small(end)?;
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
            if !segment.is_clean {
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
            if self.segments.list.get(index).is_some_and(|segment| segment.is_clean) {
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
        met: &mut Met,
        rule: Compaction,
        now_ms: i64,
        checker: &mut BatchChecker,
    ) -> Result<Rewritten, StorageFailed> {
        let horizon = now_ms.saturating_add(rule.delete_retention_ms);
        let mut rewritten = Rewritten::default();
        for stored in self.batches_of(index) {
            let batch = self.parsed(stored)?;
            let header = *batch.header();
            let known = header.attributes.has_delete_horizon().then_some(header.base_timestamp);
            let is_over = known.is_some_and(|horizon| now_ms >= horizon);
            let is_marker = header.attributes.is_control();
            // A marker stays as long as there is anything that it decides, or as nothing else knows its epoch.
            let is_needed = !is_marker || met.remove(&header.producer_id) | self.producers.needs(&header);
            if header.attributes.is_transactional() && !is_marker {
                met.insert(header.producer_id);
            }
            let records = if header.magic == 2 { checker.read(&batch).ok() } else { None };
            let Some(records) = records else {
                rewritten.batches.push((stored.clone(), batch.bytes().clone()));
                continue;
            };
            let is_wanted = |record: &RecordRef<'_>| {
                if is_marker {
                    return is_needed || !is_over;
                }
                let Some(key) = record.key else { return false };
                let is_newest = newest.get(key).is_none_or(|offset| record.offset >= *offset);
                is_newest && (record.value.is_some() || !is_over)
            };
            let aborted = !is_marker && self.is_aborted(&batch);
            let wanted = || records.iter().filter(|record| !aborted && is_wanted(record));
            let count = wanted().count();
            let grows_old = !is_needed || (!is_marker && wanted().any(|record| record.value.is_none()));
            let horizon = (known.is_none() && grows_old).then_some(horizon);
            if count == records.len() && horizon.is_none() {
                rewritten.batches.push((stored.clone(), batch.bytes().clone()));
            } else {
                rewritten.changed = true;
                if count > 0 || self.producers.needs(&header) {
                    let kept = batch.retain(&records, horizon, |record| !aborted && is_wanted(record));
                    let bytes = Bytes::from(kept);
                    let max_timestamp = Batch::parse(bytes.clone())
                        .map_or(stored.max_timestamp, |batch| batch.header().max_timestamp);
                    rewritten.batches.push((StoredBatch { max_timestamp, ..stored.clone() }, bytes));
                } else if is_marker {
                    rewritten.markers_gone.push(stored.last_offset);
                }
            }
            checker.give_back(records);
        }
        Ok(rewritten)
    }

    /// Joins neighbours among the first `end` segments that are no larger together than one may be. Returns whether
    /// there were any.
    fn join_small(&mut self, mut end: usize) -> Result<bool, StorageFailed> {
        let (mut index, before) = (0, end);
        while index < end {
            let last = self.last_that_fits(index, end);
            if last > index {
                self.join(index, last)?;
                end -= last - index;
            }
            index += 1;
        }
        Ok(end < before)
    }

    /// The last of the first `end` segments that has room in one file with the one at `index`.
    fn last_that_fits(&self, index: usize, end: usize) -> usize {
        let segments = &self.segments.list;
        let Some(first) = segments.get(index) else { return index };
        let fits = |next: &usize| {
            segments.get(next + 1).is_some_and(|behind| {
                behind.position - first.position <= self.segments.rule.bytes
                    && behind.base_offset - first.base_offset <= i64::from(i32::MAX)
            })
        };
        (index + 1..end).take_while(fits).last().unwrap_or(index)
    }

    /// Makes one segment of those from `index` to `last`.
    fn join(&mut self, index: usize, last: usize) -> Result<(), StorageFailed> {
        let position = |index| self.segments.list.get(index).map(|segment: &Segment| segment.position);
        let (Some(begin), Some(end)) = (position(index), position(last + 1)) else { return Ok(()) };
        if self.segments.home.is_some() {
            let whole = self.read_disk(begin, usize::try_from(end - begin).map_err(|_| StorageFailed)?)?;
            let file = self.segments.list.get(index).and_then(|segment| segment.file.clone());
            if let (Some(home), Some(file)) = (&mut self.segments.home, file) {
                home.forget_point()?;
                home.store.replace(&file, &whole)?;
            }
        }
        let joined: Vec<Segment> = self.segments.list.drain(index + 1..=last).collect();
        for other in joined {
            if let Some(segment) = self.segments.list.get_mut(index) {
                segment.first_timestamp = segment.first_timestamp.or(other.first_timestamp);
                segment.max_timestamp = segment.max_timestamp.max(other.max_timestamp);
            }
            if let (Some(home), Some(file)) = (&self.segments.home, other.file) {
                // One that stays does not continue the log, and is removed at the next start.
                let _ = home.store.remove(&file);
            }
        }
        Ok(())
    }

    /// Puts other batches in the place of those of a segment. The positions of all that is behind move: there are
    /// fewer bytes before it, or more, since a delete horizon may make a batch larger.
    fn replace_segment(
        &mut self,
        index: usize,
        batches: Vec<(StoredBatch, Bytes)>,
    ) -> Result<(), StorageFailed> {
        let range = self.range_of(index);
        let Some(next) = self.segments.list.get(index + 1).map(|next| next.position) else { return Ok(()) };
        let Some(segment) = self.segments.list.get(index) else { return Ok(()) };
        let mut position = segment.position;
        if let (Some(home), Some(file)) = (&mut self.segments.home, &segment.file) {
            home.forget_point()?;
            let whole: Vec<u8> = batches.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
            home.store.replace(file, &whole)?;
        }
        let on_disk = self.segments.home.is_some();
        let later = self.batches.split_off(range.end);
        self.batches.truncate(range.start);
        for (stored, bytes) in batches {
            let at = position;
            position += bytes.len() as u64;
            let held = (!on_disk).then_some(bytes);
            self.batches.push_back(StoredBatch { position: at, held, ..stored });
        }
        let moved = |before: u64| before - next + position;
        self.batches
            .extend(later.into_iter().map(|batch| StoredBatch { position: moved(batch.position), ..batch }));
        for later in self.segments.list.range_mut(index + 1..) {
            later.position = moved(later.position);
        }
        self.end_position = moved(self.end_position);
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
