//! How a log is found again: by the recovery point that its owner left when it was closed, and by reading what is
//! written behind it. Without a recovery point everything is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ottla_proto::LeaderEpoch;
use ottla_proto::records::{Batch, Batches, crc32};
use ottla_proto::wire::{DecodeError, Reader, Writer};

use super::segments::{POINT, SEGMENT, Segment};
use super::{Epochs, Producers, Transactions};
use super::{Home, PartitionLog, SegmentRule, StoredBatch};
use crate::storage::{FRESH, StorageFailed};

/// How much is read at once.
const CHUNK: u64 = 1 << 20;
/// The layout of the recovery point.
const VERSION: i32 = 2;

/// Where the batches of one segment lie in its file.
#[derive(Debug)]
struct Known {
    segment: Segment,
    size: u64,
}

impl PartitionLog {
    /// Opens what lies in `home`, whose files have these names and sizes.
    ///
    /// What does not fit together is cut off with a message: a batch that is not whole, and everything behind it.
    /// Costs a read of all that was appended since the log was last closed.
    pub(crate) fn open(
        home: Home,
        files: &BTreeMap<String, u64>,
        rule: SegmentRule,
    ) -> Result<Self, StorageFailed> {
        let mut log = Self::default();
        log.segments.rule = rule;
        let mut sizes = BTreeMap::new();
        for (name, size) in files {
            let base_offset = name.strip_suffix(SEGMENT).and_then(|base| base.parse::<i64>().ok());
            match base_offset {
                Some(base_offset) => drop(sizes.insert(base_offset, *size)),
                None if name.ends_with(FRESH) => home.store.remove(&format!("{}/{name}", home.folder))?,
                None => {}
            }
        }
        let point = match files.get(POINT) {
            Some(size @ 1..) => read(&home, &home.point_file(), 0, *size)?,
            _ => Bytes::new(),
        };
        log.segments.home = Some(home);
        if !point.is_empty() && !log.trust(point, &mut sizes) {
            log.report(POINT, "does not fit the segments, so all of them are read".to_owned());
        }
        log.scan(sizes)?;
        if let Some(first) = log.segments.list.front() {
            log.start_offset = log.start_offset.max(first.base_offset);
        }
        Ok(log)
    }

    /// Lets an opened log begin where it began, and know of leader epochs without records.
    pub(crate) fn restore(
        &mut self,
        start_offset: i64,
        epochs: &[(LeaderEpoch, i64)],
    ) -> Result<(), StorageFailed> {
        if self.end_offset < start_offset {
            self.reset(start_offset)?;
        }
        self.advance_start(start_offset);
        let known = epochs.iter().copied().filter(|(_, start)| *start <= self.end_offset);
        let mut merged = Epochs::default();
        for (epoch, start) in known.chain(self.epochs.starts()) {
            merged.begin(epoch, start);
        }
        merged.advance_start(self.start_offset);
        self.epochs = merged;
        Ok(())
    }

    /// Where each leader epoch begins.
    pub(crate) fn epoch_starts(&self) -> Vec<(LeaderEpoch, i64)> {
        self.epochs.starts().collect()
    }

    /// Writes down what is known, so that the next start need not read it. The log must not change after it.
    pub(crate) fn close(&mut self) -> Result<(), StorageFailed> {
        let point = self.point();
        let Some(home) = &mut self.segments.home else { return Ok(()) };
        if self.segments.list.is_empty() || home.known_to == Some(self.end_position) {
            return Ok(());
        }
        let known_to = home.known_to.unwrap_or_default();
        let ends = self.segments.list.iter().skip(1).map(|next| next.position).chain([self.end_position]);
        for (segment, _) in self.segments.list.iter().zip(ends).filter(|(_, end)| *end > known_to) {
            home.store.sync_file(segment.file.as_deref().ok_or(StorageFailed)?)?;
        }
        home.store.replace(&home.point_file(), &point)?;
        home.known_to = Some(self.end_position);
        Ok(())
    }

    fn report(&self, file: &str, message: String) {
        if let Some(home) = &self.segments.home {
            home.store.report(&format!("{}/{file}", home.folder), message);
        }
    }

    /// What [`trust`](Self::trust) reads.
    fn point(&self) -> Vec<u8> {
        let mut point = Writer::new();
        point.i32(VERSION);
        point.i64(self.start_offset);
        point.i64(self.end_offset);
        let segments = &self.segments.list;
        let ends = segments.iter().skip(1).map(|next| next.position).chain([self.end_position]);
        count(&mut point, segments.len());
        for (segment, end) in segments.iter().zip(ends) {
            point.i64(segment.base_offset);
            point.i64(i64::try_from(end - segment.position).unwrap_or(i64::MAX));
            point.i64(segment.first_timestamp.unwrap_or(-1));
            point.i64(segment.max_timestamp);
            point.bool(segment.is_clean);
        }
        self.epochs.write(&mut point);
        self.producers.write(&mut point);
        self.transactions.write(&mut point);
        // The batches before the first one are there and count no more.
        let begin = segments.front().map_or(0, |first| first.position);
        let skipped = self.batches.front().map_or(self.end_position, |first| first.position) - begin;
        point.i64(i64::try_from(skipped).unwrap_or(i64::MAX));
        count(&mut point, self.batches.len());
        for batch in &self.batches {
            point.i64(batch.last_offset);
            point.i64(batch.max_timestamp);
            point.i32(i32::try_from(self.size_of(batch)).unwrap_or(i32::MAX));
        }
        let mut point = point.finish().into_bytes().to_vec();
        let crc = crc32(&point);
        point.extend_from_slice(&crc.to_be_bytes());
        point
    }

    /// Takes over what a recovery point says, if it is whole and the segments have all that it speaks of.
    fn trust(&mut self, point: Bytes, sizes: &mut BTreeMap<i64, u64>) -> bool {
        let Some((body, crc)) = point.split_last_chunk::<4>() else { return false };
        if crc32(body) != u32::from_be_bytes(*crc) {
            return false;
        }
        let body = point.slice_ref(body);
        match self.read_point(&mut Reader::new(body)) {
            Ok(Some((known, log))) => self.take_over(known, log, sizes),
            Ok(None) | Err(_) => false,
        }
    }

    /// `None` if it is of another version.
    fn read_point(&self, point: &mut Reader) -> Result<Option<(Vec<Known>, Self)>, DecodeError> {
        let Some(home) = &self.segments.home else { return Ok(None) };
        if point.i32("version")? != VERSION {
            return Ok(None);
        }
        let mut log = Self {
            start_offset: point.i64("start_offset")?,
            end_offset: point.i64("end_offset")?,
            ..Self::default()
        };
        let mut known = Vec::new();
        let mut position = 0;
        for _ in 0..point.i32("segments")? {
            let base_offset = point.i64("base_offset")?;
            let size = u64::try_from(point.i64("size")?).unwrap_or_default();
            let segment = Segment {
                base_offset,
                position,
                first_timestamp: Some(point.i64("first_timestamp")?).filter(|first| *first >= 0),
                max_timestamp: point.i64("max_timestamp")?,
                is_clean: point.bool("is_clean")?,
                file: Some(home.segment_file(base_offset)),
            };
            known.push(Known { segment, size });
            position += size;
        }
        log.end_position = position;
        log.epochs = Epochs::read(point)?;
        log.producers = Producers::read(point)?;
        log.transactions = Transactions::read(point)?;
        let mut position = u64::try_from(point.i64("skipped")?).unwrap_or_default();
        for _ in 0..point.i32("batches")? {
            let (last_offset, max_timestamp) = (point.i64("last_offset")?, point.i64("max_timestamp")?);
            log.batches.push_back(StoredBatch { last_offset, max_timestamp, position, held: None });
            position += u64::try_from(point.i32("batch_size")?).unwrap_or_default();
        }
        Ok(Some((known, log)))
    }

    /// Older segments may have been dropped since; the newest must have all its bytes.
    fn take_over(&mut self, known: Vec<Known>, log: Self, sizes: &mut BTreeMap<i64, u64>) -> bool {
        let is_there =
            |known: &Known| sizes.get(&known.segment.base_offset).is_some_and(|size| *size >= known.size);
        let lost = known.iter().rposition(|known| !is_there(known)).map_or(0, |last| last + 1);
        let Some(first) = known.get(lost).map(|known| known.segment.position) else {
            return known.is_empty();
        };
        let Some(mut home) = self.segments.home.take() else { return false };
        home.known_to = Some(log.end_position);
        *self = Self { segments: std::mem::take(&mut self.segments), ..log };
        self.segments.home = Some(home);
        self.segments.list = known.into_iter().skip(lost).map(|known| known.segment).collect();
        self.batches.retain(|batch| batch.position >= first);
        true
    }

    /// Reads the segments, from where nothing is known yet.
    fn scan(&mut self, sizes: BTreeMap<i64, u64>) -> Result<(), StorageFailed> {
        let oldest = self.segments.list.front().map_or(i64::MIN, |first| first.base_offset);
        let newest = self.segments.list.back().map_or(i64::MIN, |active| active.base_offset);
        let mut broken = false;
        for (base_offset, size) in sizes {
            let Some(home) = &self.segments.home else { return Err(StorageFailed) };
            let file = home.segment_file(base_offset);
            if base_offset < oldest {
                // Dropped before, and back after a loss of power.
                home.store.remove(&file)?;
                continue;
            }
            if base_offset < newest {
                continue;
            }
            if broken || (base_offset > newest && base_offset < self.end_offset) {
                home.store.report(&file, "does not continue the log and was removed".to_owned());
                home.store.remove(&file)?;
                continue;
            }
            if base_offset > newest {
                self.end_offset = base_offset;
                self.begin_segment(base_offset);
            }
            broken = !self.scan_segment(&file, size)?;
        }
        Ok(())
    }

    /// Returns whether the newest segment is whole; if not, it is now.
    fn scan_segment(&mut self, file: &Arc<str>, size: u64) -> Result<bool, StorageFailed> {
        let begin = self.segments.list.back().map_or(0, |active| active.position);
        let mut length = CHUNK;
        loop {
            let at = self.end_position - begin;
            if at >= size {
                return Ok(true);
            }
            let Some(home) = &self.segments.home else { return Err(StorageFailed) };
            let mut batches = Batches::new(read(home, file, at, length.min(size - at))?);
            length = CHUNK;
            let mut wrong = None;
            for batch in &mut batches {
                let checked = batch.and_then(|batch| batch.verify_crc().map(|()| batch));
                match checked {
                    Ok(batch) if self.continues(&batch) => self.take_up(&batch),
                    Ok(_) => wrong = Some("does not continue the log".to_owned()),
                    Err(error) => wrong = Some(error.to_string()),
                }
                if wrong.is_some() {
                    break;
                }
            }
            if wrong.is_none() && self.end_position - begin == at {
                match batches.incomplete() {
                    Some(incomplete) if incomplete.needed as u64 <= size - at => {
                        length = incomplete.needed as u64
                    }
                    _ => wrong = Some("the batch is not whole".to_owned()),
                }
            }
            if let Some(wrong) = wrong {
                let good = self.end_position - begin;
                let lost = size - good;
                home_of(self)?.store.report(file, format!("the last {lost} bytes were cut off: {wrong}"));
                home_of(self)?.store.truncate(file, good)?;
                return Ok(false);
            }
        }
    }

    fn continues(&self, batch: &Batch) -> bool {
        let header = batch.header();
        header.magic == 2
            && header.base_offset >= self.end_offset
            && header.partition_leader_epoch >= self.epochs.latest()
    }

    /// A batch that lies at the end of what is known.
    fn take_up(&mut self, batch: &Batch) {
        let header = batch.header();
        let (position, max_timestamp) = (self.end_position, header.max_timestamp);
        let last_offset = header.last_offset();
        self.batches.push_back(StoredBatch { last_offset, max_timestamp, position, held: None });
        self.end_offset = last_offset + 1;
        self.end_position += header.size as u64;
        self.note(batch, max_timestamp);
        self.epochs.begin(header.partition_leader_epoch, header.base_offset);
        if let Some(active) = self.segments.list.back_mut() {
            if max_timestamp >= 0 {
                active.first_timestamp.get_or_insert(max_timestamp);
            }
            active.max_timestamp = active.max_timestamp.max(max_timestamp);
        }
    }
}

fn home_of(log: &PartitionLog) -> Result<&Home, StorageFailed> {
    log.segments.home.as_ref().ok_or(StorageFailed)
}

fn read(home: &Home, file: &str, position: u64, length: u64) -> Result<Bytes, StorageFailed> {
    let mut bytes = BytesMut::zeroed(usize::try_from(length).map_err(|_| StorageFailed)?);
    home.store.read(file, position, &mut bytes)?;
    Ok(bytes.freeze())
}

/// The number of what follows.
pub(super) fn count(point: &mut Writer, length: usize) {
    point.i32(i32::try_from(length).unwrap_or(i32::MAX));
}
