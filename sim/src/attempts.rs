//! What an onlooker at the brokers learns of the producers' attempts: which batch came how often, and why again.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_proto::messages::{ProduceRequest, ProduceResponse, RequestHeader, ResponseHeader};
use ottla_proto::records::Batch;
use ottla_proto::wire::{Message, Reader, Request, Response};
use ottla_proto::{BrokerId, ErrorCode, ProducerEpoch, ProducerId};

use crate::queue::SocketId;
use crate::report::{Counts, Violation};

/// All batches that carry a number.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    batches: BTreeMap<Stamp, Attempt>,
    /// The newest epoch of each producer's id in each partition.
    epochs: BTreeMap<(ProducerId, i32), ProducerEpoch>,
    /// The batches of each request that has not been answered.
    requests: BTreeMap<(SocketId, i32), Vec<(i32, Stamp)>>,
}

/// What the cluster knows a batch by.
type Stamp = (i32, ProducerId, ProducerEpoch, i32, i32);

#[derive(Debug)]
struct Attempt {
    node: BrokerId,
    /// How the last attempt was answered, as far as the client can know.
    answer: Option<ErrorCode>,
    /// Once the client knows that it is in the log: how far each of its streams had come by then.
    settled: Option<BTreeMap<SocketId, u64>>,
}

impl Attempts {
    /// A Produce has come whose first byte lies at `began` in its stream.
    pub(crate) fn request(
        &mut self,
        socket: SocketId,
        node: BrokerId,
        frame: &Bytes,
        began: u64,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        let Some((correlation, stamps)) = stamps_of(frame) else { return Ok(()) };
        for (partition, stamp) in &stamps {
            let (_, id, epoch, ..) = *stamp;
            let newest = self.epochs.entry((id, *partition)).or_insert(epoch);
            if *newest < epoch {
                *newest = epoch;
                counts.add("began anew under the next epoch");
            }
            let fresh = Attempt { node, answer: None, settled: None };
            let Some(last) = self.batches.insert(*stamp, fresh) else { continue };
            let known = last.settled.as_ref().and_then(|streams| streams.get(&socket));
            if last.node == node && known.is_some_and(|&known| began >= known) {
                return Err(Violation::Untrue(format!(
                    "partition {partition}: the batch {stamp:?} is sent to node {node} again after it was acknowledged"
                )));
            }
            counts.add(&match last.answer {
                Some(code) => format!("sent again after {code}"),
                None if last.node == node => "sent again without an answer".to_owned(),
                None => "sent again to another leader".to_owned(),
            });
        }
        self.requests.insert((socket, correlation), stamps);
        Ok(())
    }

    /// The client learns an answer; `streams` says how far each of its sockets has come.
    pub(crate) fn answer(
        &mut self,
        socket: SocketId,
        frame: &Bytes,
        version: i16,
        streams: &BTreeMap<SocketId, u64>,
    ) -> Option<()> {
        let mut reader = Reader::new(frame.clone());
        let header = ResponseHeader::read(&mut reader, ProduceResponse::header_version(version)).ok()?;
        let response = ProduceResponse::read(&mut reader, version).ok()?;
        let stamps = self.requests.remove(&(socket, header.correlation_id))?;
        for partition in response.responses.iter().flat_map(|topic| &topic.partition_responses) {
            let Some((_, stamp)) = stamps.iter().find(|(index, _)| *index == partition.index) else {
                continue;
            };
            let Some(attempt) = self.batches.get_mut(stamp) else { continue };
            if partition.error_code.is_none() {
                attempt.settled = Some(streams.clone());
            }
            attempt.answer = Some(partition.error_code);
        }
        Some(())
    }
}

fn stamps_of(frame: &Bytes) -> Option<(i32, Vec<(i32, Stamp)>)> {
    let version = i16::from_be_bytes(*frame.get(2..)?.first_chunk()?);
    let mut reader = Reader::new(frame.clone());
    let header = RequestHeader::read(&mut reader, ProduceRequest::header_version(version)).ok()?;
    let request = ProduceRequest::read(&mut reader, version).ok()?;
    let stamp = |index, records: &Option<Bytes>| {
        let batch = Batch::parse(records.clone()?).ok()?;
        let header = batch.header();
        let stamp = (
            index,
            header.producer_id,
            header.producer_epoch,
            header.base_sequence,
            header.last_offset_delta,
        );
        (!header.producer_id.is_none()).then_some((index, stamp))
    };
    let partitions = request.topic_data.iter().flat_map(|topic| &topic.partition_data);
    let stamps = partitions.filter_map(|partition| stamp(partition.index, &partition.records)).collect();
    Some((header.correlation_id, stamps))
}
