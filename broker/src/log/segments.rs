//! Where the bytes of a log lie: segments, which are files of their own on disk, and what is dropped as a whole.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{PartitionLog, StoredBatch};
use crate::storage::{StorageFailed, Store};

/// When a log begins a new segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentRule {
    /// Before one has more bytes than this (`segment.bytes`).
    pub(crate) bytes: u64,
    /// Before its records are further apart than this (`segment.ms`).
    pub(crate) ms: i64,
}

impl Default for SegmentRule {
    fn default() -> Self {
        Self { bytes: 1 << 30, ms: 7 * 24 * 3600 * 1000 }
    }
}

/// What a log need not keep.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    /// Whole segments as long as this many bytes are left without them (`retention.bytes`).
    pub(crate) bytes: Option<u64>,
    /// Segments whose newest record is older than this (`retention.ms`).
    pub(crate) ms: Option<i64>,
}

/// The segments of one log, oldest first; the last one is written to. None as long as nothing was.
#[derive(Debug, Default)]
pub(super) struct Segments {
    pub(super) list: VecDeque<Segment>,
    pub(super) rule: SegmentRule,
    /// Where they lie on disk; `None` keeps them in memory.
    pub(super) home: Option<Home>,
}

/// A part of a log that is begun, and forgotten, as a whole.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// No record in it has a smaller offset.
    pub(super) base_offset: i64,
    /// Where its bytes begin; those of the next one begin where they end.
    pub(super) position: u64,
    pub(super) first_timestamp: Option<i64>,
    pub(super) max_timestamp: i64,
    /// Whether compaction has gone over it.
    pub(super) is_clean: bool,
    pub(super) file: Option<Arc<str>>,
}

/// The folder of a log on disk.
#[derive(Debug)]
pub(crate) struct Home {
    pub(super) store: Arc<Store>,
    pub(super) folder: String,
    /// How many bytes of the log the recovery point speaks of, if it is true; it is as long as the log only grows.
    pub(super) known_to: Option<u64>,
}

impl Home {
    pub(crate) fn new(store: Arc<Store>, folder: String) -> Self {
        Self { store, folder, known_to: None }
    }

    pub(super) fn segment_file(&self, base_offset: i64) -> Arc<str> {
        format!("{}/{base_offset:020}{SEGMENT}", self.folder).into()
    }

    pub(super) fn point_file(&self) -> Arc<str> {
        format!("{}/{POINT}", self.folder).into()
    }

    /// Must come before any change that is not an append: what the recovery point says will not be true then.
    pub(super) fn forget_point(&mut self) -> Result<(), StorageFailed> {
        if self.known_to.is_some() {
            // Emptied, not removed: a name may be back after a loss of power.
            let point = self.point_file();
            self.store.truncate(&point, 0)?;
            self.store.sync_file(&point)?;
            self.known_to = None;
        }
        Ok(())
    }
}

/// What the names of segments end in.
pub(super) const SEGMENT: &str = ".log";
/// The file with what a log's owner knew when it was closed.
pub(super) const POINT: &str = "recovery-point";

impl Segments {
    /// The number of the segment that holds the byte at `position`.
    fn index_at(&self, position: u64) -> usize {
        self.list.partition_point(|segment| segment.position <= position).saturating_sub(1)
    }

    /// Reads from the disk.
    pub(super) fn read(&self, home: &Home, mut position: u64, length: usize) -> Result<Bytes, StorageFailed> {
        let mut read = BytesMut::zeroed(length);
        let mut rest = read.as_mut();
        let mut index = self.index_at(position);
        while !rest.is_empty() {
            let segment = self.list.get(index).ok_or(StorageFailed)?;
            let available = match self.list.get(index + 1) {
                Some(next) => usize::try_from(next.position.saturating_sub(position)).unwrap_or(usize::MAX),
                None => usize::MAX,
            };
            let (now, later) = rest.split_at_mut(available.min(rest.len()));
            let file = segment.file.as_deref().ok_or(StorageFailed)?;
            home.store.read(file, position - segment.position, now)?;
            position += now.len() as u64;
            rest = later;
            index += 1;
        }
        Ok(read.freeze())
    }
}

impl PartitionLog {
    /// Says when segments begin, from now on.
    pub(crate) fn set_segment_rule(&mut self, rule: SegmentRule) {
        self.segments.rule = rule;
    }

    /// How many bytes all segments have together.
    pub(crate) fn size(&self) -> u64 {
        self.segments.list.front().map_or(0, |first| self.end_position - first.position)
    }

    /// Whether it has a place on disk or needs none, which is decided once.
    pub(crate) fn is_on_disk(&self) -> bool {
        self.segments.home.is_some()
    }

    /// Puts an empty log on disk.
    pub(crate) fn settle_in(&mut self, home: Home) {
        self.segments.home = Some(home);
    }

    /// Removes the files, once the journal says that the log is gone.
    pub(crate) fn discard(&mut self) {
        let Some(home) = self.segments.home.take() else { return };
        let files = self.segments.list.drain(..).filter_map(|segment| segment.file);
        for file in files.chain([home.point_file()]) {
            home.store.remove_later(file);
        }
    }

    /// Writes a batch behind the last one.
    pub(super) fn push(
        &mut self,
        base_offset: i64,
        last_offset: i64,
        max_timestamp: i64,
        bytes: Bytes,
    ) -> Result<(), StorageFailed> {
        let size = bytes.len() as u64;
        if self.is_full_for(last_offset, size, max_timestamp) {
            self.begin_segment(base_offset);
        }
        let position = self.end_position;
        let Segments { list, home, .. } = &mut self.segments;
        let Some(active) = list.back_mut() else { return Err(StorageFailed) };
        let held = match (home, &active.file) {
            (Some(home), Some(file)) => {
                home.store.append(file, position - active.position, &bytes)?;
                None
            }
            _ => Some(bytes),
        };
        if max_timestamp >= 0 {
            active.first_timestamp.get_or_insert(max_timestamp);
        }
        active.max_timestamp = active.max_timestamp.max(max_timestamp);
        self.end_offset = last_offset + 1;
        self.end_position += size;
        self.batches.push_back(StoredBatch { last_offset, max_timestamp, position, held });
        Ok(())
    }

    fn is_full_for(&self, last_offset: i64, size: u64, max_timestamp: i64) -> bool {
        let Some(active) = self.segments.list.back() else { return true };
        let rule = self.segments.rule;
        let has = self.end_position - active.position;
        let late = |first: i64| max_timestamp.saturating_sub(first) > rule.ms;
        has > 0
            && (has.saturating_add(size) > rule.bytes
                || active.first_timestamp.is_some_and(late)
                || last_offset - active.base_offset > i64::from(i32::MAX))
    }

    pub(super) fn begin_segment(&mut self, base_offset: i64) {
        let file = self.segments.home.as_ref().map(|home| home.segment_file(base_offset));
        self.segments.list.push_back(Segment {
            base_offset,
            position: self.end_position,
            first_timestamp: None,
            max_timestamp: -1,
            is_clean: false,
            file,
        });
    }

    /// Begins a segment that is there although it is empty, so that the end of the log is not forgotten.
    fn begin_empty_segment(&mut self) -> Result<(), StorageFailed> {
        self.begin_segment(self.end_offset);
        if let (Some(home), Some(Segment { file: Some(file), .. })) =
            (&self.segments.home, self.segments.list.back())
        {
            let made = home.store.append(file, 0, &[]).and_then(|()| home.store.sync_file(file));
            if made.is_err() {
                self.segments.list.pop_back();
                return made;
            }
        }
        Ok(())
    }

    /// Drops the oldest segments that need not be kept; none with records from `limit` on. Returns whether the log
    /// starts elsewhere now.
    pub(crate) fn retain(&mut self, retention: Retention, now_ms: i64, limit: i64) -> bool {
        let segments = &self.segments.list;
        let mut size = self.size();
        let mut start_offset = None;
        for (index, segment) in segments.iter().enumerate() {
            let next = segments.get(index + 1);
            let end_offset = next.map_or(self.end_offset, |next| next.base_offset);
            let bytes = next.map_or(self.end_position, |next| next.position) - segment.position;
            let too_much = retention.bytes.is_some_and(|keep| size - bytes >= keep);
            let age = now_ms.saturating_sub(segment.max_timestamp);
            let too_old = segment.max_timestamp >= 0 && retention.ms.is_some_and(|keep| age > keep);
            if bytes == 0 || end_offset > limit || !(too_much || too_old) {
                break;
            }
            size -= bytes;
            start_offset = Some(end_offset);
        }
        let Some(start_offset) = start_offset else { return false };
        if start_offset == self.end_offset && self.begin_empty_segment().is_err() {
            return false;
        }
        self.advance_start(start_offset);
        true
    }

    /// Forgets the records before `offset`, which must not lie behind the end, and the segments that hold no others.
    pub(crate) fn advance_start(&mut self, offset: i64) {
        if offset <= self.start_offset {
            return;
        }
        self.start_offset = offset.min(self.end_offset);
        while self.batches.front().is_some_and(|oldest| oldest.last_offset < self.start_offset) {
            self.batches.pop_front();
        }
        while self.segments.list.get(1).is_some_and(|next| next.base_offset <= self.start_offset) {
            let oldest = self.segments.list.pop_front();
            if let (Some(home), Some(file)) = (&self.segments.home, oldest.and_then(|oldest| oldest.file)) {
                // One that stays is removed at the next start.
                let _ = home.store.remove(&file);
            }
        }
        self.epochs.advance_start(self.start_offset);
        self.transactions.advance_start(self.start_offset);
    }

    /// Removes the bytes from `end_position` on, which is where a batch begins or the log ends.
    pub(super) fn cut(&mut self, end_position: u64) -> Result<(), StorageFailed> {
        let Segments { list, home, .. } = &mut self.segments;
        if let Some(home) = home {
            home.forget_point()?;
        }
        while let Some(newest) = list.back() {
            let is_first = list.len() == 1;
            if newest.position >= end_position && !is_first {
                if let (Some(home), Some(file)) = (&*home, &newest.file) {
                    home.store.remove(file)?;
                }
                list.pop_back();
                continue;
            }
            if let (Some(home), Some(file)) = (&*home, &newest.file) {
                home.store.truncate(file, end_position.saturating_sub(newest.position))?;
            }
            break;
        }
        self.end_position = end_position;
        let first = list.back().map_or(0, |active| active.position);
        let left = self.batches.iter().rev().take_while(|batch| batch.position >= first);
        let timestamps: Vec<i64> = left.map(|batch| batch.max_timestamp).collect();
        if let Some(active) = list.back_mut() {
            active.max_timestamp = timestamps.iter().copied().max().unwrap_or(-1);
            active.first_timestamp = timestamps.last().copied().filter(|first| *first >= 0);
        }
        Ok(())
    }

    /// Forgets everything; the log begins and ends at `offset`.
    pub(super) fn reset(&mut self, offset: i64) -> Result<(), StorageFailed> {
        let mut segments = std::mem::take(&mut self.segments);
        if let Some(home) = &mut segments.home {
            home.forget_point()?;
            for file in segments.list.drain(..).filter_map(|segment| segment.file) {
                home.store.remove(&file)?;
            }
        }
        segments.list.clear();
        *self = Self { segments, start_offset: offset, end_offset: offset, ..Self::default() };
        self.begin_empty_segment()
    }
}
