//! Cutting one partition's part of an answer into batches, and leaving out what is not for the reader.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;
use ottla_proto::compression::Decompressor;
use ottla_proto::messages::fetch::AbortedTransaction;
use ottla_proto::records::{Batch, Batches, ControlRecord, EndTransaction};
use ottla_proto::{LeaderEpoch, ProducerId};

use super::batch::FetchedBatch;
use super::budget::Charge;
use super::config::{ConsumerConfig, Isolation, TopicPartition};
use super::error::{PartitionError, PartitionFault};
use crate::sync::Arc;

/// What is in a record set.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) batches: Vec<FetchedBatch>,
    /// Where fetching goes on: behind the last batch, whether the reader sees it or not.
    pub(super) next_offset: i64,
    /// The epoch of that batch.
    pub(super) last_epoch: LeaderEpoch,
    pub(super) failure: Option<PartitionError>,
    /// The size of the batch that was cut off, if nothing came before it.
    pub(super) needed: Option<usize>,
}

/// Cuts `records`, of which the reader wants what lies from `position` to `end`. Checksums are compared here, while the
/// bytes are in the cache.
pub(super) fn split(
    records: Bytes,
    partition: &TopicPartition,
    position: i64,
    end: Option<i64>,
    config: &ConsumerConfig,
    aborted: Vec<AbortedTransaction>,
    frame: &Arc<Charge>,
) -> Parts {
    let mut parts = Parts { next_offset: position, ..Parts::default() };
    let mut filter = AbortedFilter::new(config.isolation, aborted);
    let mut batches = Batches::new(records);
    while let Some(batch) = batches.next() {
        let checked = match batch {
            Err(error) => Err((error.into(), None)),
            Ok(batch) if batch.header().next_offset() <= parts.next_offset => continue,
            Ok(batch) if end.is_some_and(|end| batch.header().base_offset >= end) => break,
            Ok(batch) => check(batch, config, &mut filter),
        };
        match checked {
            Ok((batch, visible)) => {
                let next_offset = batch.header().next_offset();
                parts.last_epoch = batch.header().partition_leader_epoch;
                if visible {
                    parts.batches.push(FetchedBatch::new(partition.clone(), batch, parts.next_offset, frame));
                }
                parts.next_offset = next_offset;
            }
            Err((fault, its_end)) => {
                // The next batch says more reliably where this one ends than its own damaged header.
                let behind = batches.find_map(Result::ok).map(|batch| batch.header().base_offset);
                let skip_to = behind.or(its_end).filter(|skip_to| *skip_to > parts.next_offset);
                let offset = Some(parts.next_offset);
                parts.failure = Some(PartitionError { partition: partition.clone(), offset, skip_to, fault });
                return parts;
            }
        }
    }
    parts.needed =
        batches.incomplete().filter(|incomplete| incomplete.alone).map(|incomplete| incomplete.needed);
    parts
}

/// The batch and whether the reader sees it, or what is wrong with it and where it ends.
fn check(
    batch: Batch,
    config: &ConsumerConfig,
    filter: &mut AbortedFilter,
) -> Result<(Batch, bool), (PartitionFault, Option<i64>)> {
    let its_end = batch.header().next_offset();
    let fault = |fault: PartitionFault| (fault, Some(its_end));
    if config.check_crcs {
        batch.verify_crc().map_err(|error| fault(error.into()))?;
    }
    let hidden = filter.hides(&batch).map_err(fault)?;
    // What compaction has emptied moves the position and nothing else.
    let empty = batch.header().record_count == Some(0);
    let shown = !hidden || config.control_records && batch.header().attributes.is_control();
    Ok((batch, shown && !empty))
}

/// Hides control batches, and under read_committed the batches of aborted transactions (KIP-98).
struct AbortedFilter {
    isolation: Isolation,
    /// By first offset.
    coming: VecDeque<AbortedTransaction>,
    open: BTreeSet<ProducerId>,
}

impl AbortedFilter {
    fn new(isolation: Isolation, mut aborted: Vec<AbortedTransaction>) -> Self {
        aborted.sort_by_key(|transaction| transaction.first_offset);
        Self { isolation, coming: aborted.into(), open: BTreeSet::new() }
    }

    fn hides(&mut self, batch: &Batch) -> Result<bool, PartitionFault> {
        let header = batch.header();
        let control = header.attributes.is_control();
        if self.isolation == Isolation::ReadUncommitted || header.producer_id.is_none() {
            return Ok(control);
        }
        while let Some(transaction) =
            self.coming.front().filter(|coming| coming.first_offset <= header.last_offset())
        {
            self.open.insert(transaction.producer_id);
            self.coming.pop_front();
        }
        if control {
            // The marker ends the transaction; what the same producer writes after it is another one.
            if is_abort_marker(batch)? {
                self.open.remove(&header.producer_id);
            }
            return Ok(true);
        }
        Ok(header.attributes.is_transactional() && self.open.contains(&header.producer_id))
    }
}

fn is_abort_marker(batch: &Batch) -> Result<bool, PartitionFault> {
    let records = batch.read(&mut Decompressor::default())?;
    let Some(first) = records.iter().next() else { return Ok(false) };
    let marker = ControlRecord::read(&first)?;
    Ok(matches!(marker, ControlRecord::EndTransaction(EndTransaction { committed: false, .. })))
}
