//! What an onlooker at the brokers learns of the producers' attempts: which batch came how often, and why again.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_proto::messages::produce::TopicProduceData;
use ottla_proto::messages::{ProduceRequest, ProduceResponse, RequestHeader, ResponseHeader};
use ottla_proto::records::Batch;
use ottla_proto::wire::{Message, Reader, Request, Response};
use ottla_proto::{BrokerId, ErrorCode, ProducerEpoch, ProducerId, TopicId};

use crate::queue::SocketId;
use crate::report::{Counts, Violation};

/// All batches that carry a number.
#[derive(Debug)]
pub(crate) struct Attempts {
    /// Another leader is asked even if the answer of the one before is still to come.
    leaders_stay: bool,
    batches: BTreeMap<Stamp, Attempt>,
    /// The newest epoch of each producer's id in each partition, and the topic that it was used for.
    epochs: BTreeMap<(ProducerId, i32), (ProducerEpoch, TopicId)>,
    /// The batches of each request that has not been answered.
    requests: BTreeMap<(SocketId, i32), Vec<Stamp>>,
}

/// What the cluster knows a batch by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub(crate) topic: TopicId,
    pub(crate) partition: i32,
    pub(crate) id: ProducerId,
    pub(crate) epoch: ProducerEpoch,
    pub(crate) first: i32,
    /// From the first number to the last.
    pub(crate) delta: i32,
}

impl Stamp {
    pub(crate) fn last(&self) -> i32 {
        self.first + self.delta
    }

    pub(crate) fn is_of(&self, topic: TopicId, partition: i32) -> bool {
        self.topic == topic && self.partition == partition
    }
}

#[derive(Debug)]
struct Attempt {
    node: BrokerId,
    /// How the last attempt was answered, as far as the client can know.
    answer: Option<ErrorCode>,
    /// Once the client knows that it is in the log: how far each of its streams had come by then.
    settled: Option<BTreeMap<SocketId, u64>>,
}

impl Attempts {
    pub(crate) fn new(leaders_stay: bool) -> Self {
        let (batches, epochs, requests) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { leaders_stay, batches, epochs, requests }
    }

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
        for stamp in &stamps {
            let Stamp { topic, partition, id, epoch, .. } = *stamp;
            let newest = self.epochs.entry((id, partition)).or_insert((epoch, topic));
            if newest.0 == epoch && newest.1 != topic {
                return Err(Violation::Untrue(format!(
                    "the batch {stamp:?} goes to a topic that was created anew under the epoch of the old one"
                )));
            }
            if newest.0 < epoch {
                *newest = (epoch, topic);
                counts.add("began anew under the next epoch");
            }
            let fresh = Attempt { node, answer: None, settled: None };
            let Some(last) = self.batches.insert(*stamp, fresh) else {
                if let Some(code) = self.whole_was_too_large(stamp) {
                    counts.add(&format!("split after {code}"));
                }
                continue;
            };
            let known = last.settled.as_ref().and_then(|streams| streams.get(&socket));
            if self.leaders_stay && last.node == node && known.is_some_and(|&known| began >= known) {
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

    /// How a larger batch was refused whose first piece this one is.
    fn whole_was_too_large(&self, piece: &Stamp) -> Option<ErrorCode> {
        let larger = Stamp { delta: piece.delta.saturating_add(1), ..*piece };
        self.batches
            .range(larger..=Stamp { delta: i32::MAX, ..*piece })
            .filter_map(|(_, whole)| whole.answer)
            .find(|code| matches!(*code, ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE))
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
            let Some(stamp) = stamps.iter().find(|stamp| stamp.partition == partition.index) else {
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

/// The correlation id of a Produce, and the batches in it that have a number.
pub(crate) fn stamps_of(frame: &Bytes) -> Option<(i32, Vec<Stamp>)> {
    let version = i16::from_be_bytes(*frame.get(2..)?.first_chunk()?);
    let mut reader = Reader::new(frame.clone());
    let header = RequestHeader::read(&mut reader, ProduceRequest::header_version(version)).ok()?;
    let request = ProduceRequest::read(&mut reader, version).ok()?;
    let stamp = |topic, partition, records: &Option<Bytes>| {
        let batch = Batch::parse(records.clone()?).ok()?;
        let header = batch.header();
        let stamp = Stamp {
            topic,
            partition,
            id: header.producer_id,
            epoch: header.producer_epoch,
            first: header.base_sequence,
            delta: header.last_offset_delta,
        };
        (!stamp.id.is_none()).then_some(stamp)
    };
    let of_topic = |topic: &TopicProduceData| {
        let id = topic.topic_id;
        topic
            .partition_data
            .iter()
            .filter_map(|data| stamp(id, data.index, &data.records))
            .collect::<Vec<_>>()
    };
    Some((header.correlation_id, request.topic_data.iter().flat_map(of_topic).collect()))
}
