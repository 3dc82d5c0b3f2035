//! Produce requests: how they are built, and what their ends mean for the batches in them.

use std::collections::BTreeMap;

use ottla_proto::messages::produce::{PartitionProduceData, PartitionProduceResponse, TopicProduceData};
use ottla_proto::messages::{ProduceRequest, ProduceResponse};
use ottla_proto::{ApiKey, ErrorCode, TopicId, TopicName};

use super::batch::Batch;
use super::config::Acks;
use super::lane::LaneId;
use super::latency::Part;
use super::machine::Producer;
use super::partition::InFlight;
use super::verdict::{Verdict, verdict};
use super::{Cause, Certainty};
use crate::cluster::{Broker, Leader};
use crate::event::Event;
use crate::net::{Answer, Failure, Host, Net, RequestToken, Sent, Written};
use crate::time::Instant;

/// A request that has not ended. Its batches lie with their partitions.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) lanes: Vec<LaneId>,
}

/// From this version on Produce names topics by their ids.
pub(super) const TOPIC_IDS_FROM: i16 = 13;

/// One request with these batches, one per partition, by topic.
pub(super) fn build(producer: &Producer, batches: &[(LaneId, Box<Batch>)]) -> ProduceRequest {
    let mut topics: BTreeMap<usize, Vec<(i32, &Batch)>> = BTreeMap::new();
    for (lane, batch) in batches {
        let Some(partition) = producer.partitions.get(lane.0 as usize) else { continue };
        topics.entry(partition.topic).or_default().push((partition.lane.partition, batch));
    }
    let topic_data = topics.into_iter().map(|(topic, batches)| {
        let topic = producer.topics.get(topic);
        let data = |(index, batch): (i32, &Batch)| PartitionProduceData {
            index,
            records: batch.wire_bytes(),
            ..Default::default()
        };
        TopicProduceData {
            name: topic.map(|topic| topic.edge.name.clone()).unwrap_or_default(),
            topic_id: topic.map(|topic| topic.id).unwrap_or_default(),
            partition_data: batches.into_iter().map(data).collect(),
            ..Default::default()
        }
    });
    ProduceRequest {
        acks: producer.config.acks.on_the_wire(),
        timeout_ms: i32::try_from(producer.config.request_timeout.as_millis()).unwrap_or(i32::MAX),
        topic_data: topic_data.collect(),
        ..Default::default()
    }
}

/// What an answer says, by topic and partition, in order. It can name thousands of partitions, most of one topic.
#[derive(Default)]
struct Words<'a>(Vec<(Topic<'a>, Vec<(i32, &'a PartitionProduceResponse)>)>);

/// By its id, or by its name where the version knows no ids.
type Topic<'a> = (TopicId, &'a TopicName);

impl<'a> Words<'a> {
    fn new(response: &'a ProduceResponse) -> Self {
        let topics = response.responses.iter().map(|topic| {
            let partitions = topic.partition_responses.iter().map(|partition| (partition.index, partition));
            let mut partitions: Vec<_> = partitions.collect();
            partitions.sort_by_key(|&(index, _)| index);
            ((topic.topic_id, &topic.name), partitions)
        });
        let mut topics: Vec<_> = topics.collect();
        topics.sort_by_key(|&(topic, _)| topic);
        Self(topics)
    }

    fn about(&self, id: TopicId, name: &TopicName, partition: i32) -> Option<&'a PartitionProduceResponse> {
        let topic = self.0.binary_search_by_key(&(id, name), |&(topic, _)| topic).ok()?;
        let (_, partitions) = self.0.get(topic)?;
        let place = partitions.binary_search_by_key(&partition, |&(index, _)| index).ok()?;
        partitions.get(place).map(|&(_, found)| found)
    }
}

impl Producer {
    pub(super) fn handle_answer(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        if self.identity.awaits(answer.token) {
            self.identity.handle_answer(answer, &self.config, net, now);
            if let Ok((producer_id, epoch)) = self.identity.current() {
                self.events.push_back(Event::ProducerIdAssigned { producer_id, epoch });
                self.touch_all();
            }
            return;
        }
        let Some(Request { lanes }) = self.requests.remove(&answer.token) else { return };
        // Before the answer's own pause, which begins when the flight is over, is noted.
        let landed = self.land(lanes, answer, now);
        let response = net.open::<ProduceResponse>(answer, now);
        self.note_throttle(answer, net, now);
        if let Ok(response) = &response {
            self.take_hints(response, answer, net);
        }
        let words = response.as_ref().map(Words::new).unwrap_or_default();
        let nameless = TopicName::default();
        for (lane, batch) in landed {
            let Some(partition) = self.partitions.get(lane.0 as usize) else { continue };
            // By the id that the request had: the topic may have another one by now.
            let (id, name) = match answer.version {
                TOPIC_IDS_FROM.. => (batch.topic_id, &nameless),
                _ => {
                    let topic = self.topics.get(partition.topic);
                    (TopicId::ZERO, topic.map_or(&nameless, |topic| &topic.edge.name))
                }
            };
            match words.about(id, name, partition.lane.partition) {
                Some(partition) => self.conclude(lane, batch, partition, net, now),
                // No word about it, or none that can be read.
                None => self.attempt_lost(lane, batch, Written::Whole, net, now),
            }
        }
    }

    /// Takes the batches of an answered request out of flight, and books the flight.
    fn land(&mut self, lanes: Vec<LaneId>, answer: &Answer, now: Instant) -> Vec<(LaneId, Box<Batch>)> {
        let mut landed = Vec::with_capacity(lanes.len());
        for lane in lanes {
            let Some(InFlight { mut batch, .. }) = self.take_in_flight(lane, answer.token) else { continue };
            batch.clock.book_flight(answer.written_at, self.pauses(answer.node), now);
            landed.push((lane, batch));
        }
        landed
    }

    /// With acks=0: the request has left, which is all that will ever be known.
    pub(super) fn handle_sent(&mut self, sent: &Sent, now: Instant) {
        let Some(Request { lanes }) = self.requests.remove(&sent.token) else { return };
        for lane in lanes {
            let Some(mut flight) = self.take_in_flight(lane, sent.token) else { continue };
            flight.batch.clock.book(Part::Write, now);
            self.written(lane, flight.batch, None, None);
        }
    }

    pub(super) fn handle_failure(&mut self, failure: &Failure, net: &mut Net, now: Instant) {
        if self.identity.awaits(failure.token) {
            self.identity.fail(&self.config, net, now);
            return;
        }
        let Some(Request { lanes }) = self.requests.remove(&failure.token) else { return };
        // The node may be gone for good: its partitions have another leader then.
        net.cluster_mut().refresh();
        for lane in lanes {
            let Some(mut flight) = self.take_in_flight(lane, failure.token) else { continue };
            flight.batch.clock.book(Part::Retry, now);
            self.attempt_lost(lane, flight.batch, failure.written, net, now);
        }
    }

    fn take_in_flight(&mut self, lane: LaneId, token: RequestToken) -> Option<InFlight> {
        let flight = self.partition(lane)?.take_in_flight(token);
        self.touch(lane);
        flight
    }

    fn name_of(&self, name: &TopicName, id: TopicId) -> Option<&TopicName> {
        let topic = self.topics.iter().find(|topic| match id.is_zero() {
            true => topic.edge.name == *name,
            false => topic.id == id,
        });
        topic.map(|topic| &topic.edge.name)
    }

    fn note_throttle(&mut self, answer: &Answer, net: &Net, now: Instant) {
        if let Some(throttle) = net.throttled(answer.node, ApiKey::PRODUCE, now) {
            self.nodes.entry(answer.node).or_default().pauses.note(now, throttle.until);
        }
    }

    /// Where the leader went, as the answer itself says (KIP-951).
    fn take_hints(&mut self, response: &ProduceResponse, answer: &Answer, net: &mut Net) {
        for endpoint in &response.node_endpoints {
            let Ok(port) = u16::try_from(endpoint.port) else { continue };
            net.cluster_mut().hint_broker(Broker {
                id: endpoint.node_id,
                host: Host { name: endpoint.host.clone(), port },
                rack: endpoint.rack.clone(),
            });
        }
        if answer.version < 10 {
            return;
        }
        for topic in &response.responses {
            for partition in &topic.partition_responses {
                let leader = &partition.current_leader;
                if leader.leader_id.is_none() || leader.leader_epoch.is_none() {
                    continue;
                }
                let leader = Leader { node: leader.leader_id, epoch: leader.leader_epoch };
                if let Some(name) = self.name_of(&topic.name, topic.topic_id) {
                    net.cluster_mut().hint(name, partition.index, leader);
                }
            }
        }
    }

    /// The broker answered for the batch.
    fn conclude(
        &mut self,
        lane: LaneId,
        mut batch: Box<Batch>,
        answer: &PartitionProduceResponse,
        net: &mut Net,
        now: Instant,
    ) {
        let code = answer.error_code;
        let verdict = verdict(code);
        if batch.reported {
            // Its outcome was told when it expired. If it is not in the log for certain, its numbers are lost.
            match verdict {
                Verdict::Written | Verdict::Duplicate => self.succeeded(lane, batch.order()),
                _ => self.lose_sequence(lane, batch.order()),
            }
            return;
        }
        match verdict {
            Verdict::Written => {
                let offset = (answer.base_offset >= 0).then_some(answer.base_offset);
                let time = (answer.log_append_time_ms >= 0).then_some(answer.log_append_time_ms);
                self.succeeded(lane, batch.order());
                self.written(lane, batch, offset, time);
            }
            Verdict::Duplicate => {
                self.succeeded(lane, batch.order());
                self.written(lane, batch, None, None);
            }
            Verdict::Split if batch.records > 1 => match batch.split() {
                Ok(pieces) => {
                    let Some(partition) = self.partition(lane) else { return };
                    let ordinal = pieces[0].ordinal;
                    for piece in pieces {
                        partition.put_back(piece);
                    }
                    self.closing.added(lane, ordinal);
                }
                Err(batch) => self.refuse(lane, batch, false, answer),
            },
            Verdict::Split => self.refuse(lane, batch, false, answer),
            Verdict::OutOfSequence => {
                let order = batch.order();
                let delay = self.config.retry_backoff.delay(batch.attempts.saturating_sub(1), net.random());
                batch.last_error = Some(code);
                let Some(partition) = self.partition(lane) else { return };
                // Behind a batch that is still to come this is only early. In front of all it is a gap.
                if partition.is_first(order) {
                    partition.sequence.lose(order);
                    if batch.uncertain {
                        return self.give_up(
                            lane,
                            &mut batch,
                            Certainty::PossiblyWritten,
                            Cause::SequenceGap,
                        );
                    }
                    // The first time a new epoch helps; a broker that goes on like this is given pauses.
                    partition.backoff = (!delay.is_zero()).then_some((now + delay, code));
                }
                partition.put_back(batch);
            }
            Verdict::Retry { uncertain, refresh } => {
                batch.uncertain |= uncertain;
                batch.last_error = Some(code);
                if refresh {
                    net.cluster_mut().refresh();
                }
                let delay = self.config.retry_backoff.delay(batch.attempts, net.random());
                if let Some(partition) = self.partition(lane) {
                    partition.backoff = Some((now + delay, code));
                    partition.put_back(batch);
                }
            }
            Verdict::Refuse { uncertain } => self.refuse(lane, batch, uncertain, answer),
        }
    }

    /// No answer came, or none about the batch.
    fn attempt_lost(
        &mut self,
        lane: LaneId,
        mut batch: Box<Batch>,
        written: Written,
        net: &mut Net,
        now: Instant,
    ) {
        if batch.reported {
            return self.lose_sequence(lane, batch.order());
        }
        batch.uncertain |= written == Written::Whole;
        if self.config.acks == Acks::None && written == Written::Whole {
            return self.give_up(lane, &mut batch, Certainty::PossiblyWritten, Cause::ConnectionLost);
        }
        // The net spreads the attempts to reconnect; a broker that answers nonsense needs a pause of its own.
        let delay = self.config.retry_backoff.delay(batch.attempts.saturating_sub(1), net.random());
        if let Some(partition) = self.partition(lane) {
            partition.backoff = Some((now + delay, ErrorCode::NETWORK_EXCEPTION));
            partition.put_back(batch);
        }
    }

    fn succeeded(&mut self, lane: LaneId, order: u64) {
        if let Some(partition) = self.partition(lane) {
            partition.backoff = None;
            partition.sequence.arrived(order);
        }
    }

    /// Trying again changes nothing.
    fn refuse(
        &mut self,
        lane: LaneId,
        mut batch: Box<Batch>,
        uncertain: bool,
        answer: &PartitionProduceResponse,
    ) {
        batch.uncertain |= uncertain;
        if let Some(partition) = self.partition(lane) {
            if !batch.uncertain && partition.is_last(batch.order()) {
                partition.sequence.take_back(batch.base_sequence());
            } else {
                partition.sequence.lose(batch.order());
            }
        }
        let words = answer.error_message.as_ref().map(ToString::to_string);
        let of_a_record = || {
            let error = answer.record_errors.first()?;
            error.batch_index_error_message.as_ref().map(ToString::to_string)
        };
        let cause = Cause::Refused { code: answer.error_code, message: words.or_else(of_a_record) };
        let certainty = batch.certainty();
        self.give_up(lane, &mut batch, certainty, cause);
    }

    fn lose_sequence(&mut self, lane: LaneId, order: u64) {
        if let Some(partition) = self.partition(lane) {
            partition.sequence.lose(order);
        }
    }
}
