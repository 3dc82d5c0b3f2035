//! Nodes that answer otherwise than their engine does: errors before or after they did what was asked, throttles
//! of any length, late answers.

use std::time::Duration;

use bytes::Bytes;
use ottla_proto::messages::metadata::MetadataResponsePartition;
use ottla_proto::messages::produce::{PartitionProduceResponse, ProduceRequest, TopicProduceResponse};
use ottla_proto::messages::{
    InitProducerIdResponse, MetadataResponse, ProduceResponse, RequestHeader, ResponseHeader,
};
use ottla_proto::wire::{DecodeError, Message, Reader, Request, Response, Writer};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, TopicId, TopicName};

use crate::chance::Chance;
use crate::report::Counts;

/// What a node does with the requests of one API while a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Interference {
    Error(ApiKey, ErrorCode, Moment),
    /// The client is told to stay away, and nothing is read from it meanwhile.
    Throttle(ApiKey, Duration),
    /// A Produce is answered that much later.
    SlowDisk(Duration),
}

impl Interference {
    /// Whether a reader may take it for the end of its topic.
    pub(crate) fn ends_a_reader(&self) -> bool {
        matches!(self, Self::Error(ApiKey::METADATA, code, _)
            if !code.is_retriable() && *code != ErrorCode::REBOOTSTRAP_REQUIRED)
    }
}

/// When an error comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing of what was asked is done.
    Before,
    /// All of it is done all the same.
    After,
}

use Moment::{After, Before};

/// The errors that a Produce can be answered with. Those that a broker sends only before it appends come only
/// then: after an append they would be a lie that no client could see through.
pub(crate) const PRODUCE_ERRORS: &[(ErrorCode, &[Moment])] = &[
    (ErrorCode::UNKNOWN_SERVER_ERROR, &[Before, After]),
    (ErrorCode::CORRUPT_MESSAGE, &[Before]),
    (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, &[Before]),
    (ErrorCode::LEADER_NOT_AVAILABLE, &[Before]),
    (ErrorCode::NOT_LEADER_OR_FOLLOWER, &[Before, After]),
    (ErrorCode::REQUEST_TIMED_OUT, &[Before, After]),
    (ErrorCode::MESSAGE_TOO_LARGE, &[Before]),
    (ErrorCode::INVALID_TOPIC_EXCEPTION, &[Before]),
    (ErrorCode::RECORD_LIST_TOO_LARGE, &[Before]),
    (ErrorCode::NOT_ENOUGH_REPLICAS, &[Before]),
    (ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND, &[Before, After]),
    (ErrorCode::INVALID_REQUIRED_ACKS, &[Before]),
    (ErrorCode::TOPIC_AUTHORIZATION_FAILED, &[Before]),
    (ErrorCode::CLUSTER_AUTHORIZATION_FAILED, &[Before]),
    (ErrorCode::INVALID_TIMESTAMP, &[Before]),
    (ErrorCode::UNSUPPORTED_VERSION, &[Before]),
    (ErrorCode::INVALID_REQUEST, &[Before]),
    (ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT, &[Before]),
    (ErrorCode::POLICY_VIOLATION, &[Before]),
    (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, &[Before]),
    (ErrorCode::DUPLICATE_SEQUENCE_NUMBER, &[After]),
    (ErrorCode::INVALID_PRODUCER_EPOCH, &[Before]),
    (ErrorCode::INVALID_TXN_STATE, &[Before]),
    (ErrorCode::INVALID_PRODUCER_ID_MAPPING, &[Before]),
    (ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED, &[Before]),
    (ErrorCode::KAFKA_STORAGE_ERROR, &[Before, After]),
    (ErrorCode::UNKNOWN_PRODUCER_ID, &[Before]),
    (ErrorCode::FENCED_LEADER_EPOCH, &[Before]),
    (ErrorCode::UNKNOWN_LEADER_EPOCH, &[Before]),
    (ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, &[Before]),
    (ErrorCode::INVALID_RECORD, &[Before]),
    (ErrorCode::THROTTLING_QUOTA_EXCEEDED, &[Before]),
    (ErrorCode::PRODUCER_FENCED, &[Before]),
    (ErrorCode::UNKNOWN_TOPIC_ID, &[Before]),
    (ErrorCode::INCONSISTENT_TOPIC_ID, &[Before]),
    (NO_NAME, &[Before, After]),
];

/// Those that a client tries again after, and that can come although all is in the log.
pub(crate) const AFTER_APPEND: &[ErrorCode] = &[
    ErrorCode::REQUEST_TIMED_OUT,
    ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCode::NOT_LEADER_OR_FOLLOWER,
    ErrorCode::KAFKA_STORAGE_ERROR,
];

/// Those that a client tries again after, and that prove that nothing was appended.
pub(crate) const BEFORE_APPEND: &[ErrorCode] = &[
    ErrorCode::NOT_ENOUGH_REPLICAS,
    ErrorCode::LEADER_NOT_AVAILABLE,
    ErrorCode::UNKNOWN_LEADER_EPOCH,
    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
];

/// A code that only a later Kafka knows.
const NO_NAME: ErrorCode = ErrorCode(12_345);

pub(crate) const INIT_PRODUCER_ID_ERRORS: &[ErrorCode] = &[
    ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode::COORDINATOR_NOT_AVAILABLE,
    ErrorCode::NOT_COORDINATOR,
    ErrorCode::REQUEST_TIMED_OUT,
    ErrorCode::CONCURRENT_TRANSACTIONS,
    ErrorCode::UNKNOWN_SERVER_ERROR,
    ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
    NO_NAME,
];

pub(crate) const METADATA_ERRORS: &[ErrorCode] = &[
    // Of a topic.
    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode::UNKNOWN_SERVER_ERROR,
    ErrorCode::TOPIC_AUTHORIZATION_FAILED,
    ErrorCode::INVALID_TOPIC_EXCEPTION,
    ErrorCode::UNKNOWN_TOPIC_ID,
    // Of a partition.
    ErrorCode::LEADER_NOT_AVAILABLE,
    ErrorCode::LISTENER_NOT_FOUND,
    ErrorCode::REPLICA_NOT_AVAILABLE,
    // Of the whole answer.
    ErrorCode::REBOOTSTRAP_REQUIRED,
];

/// The first Metadata answer with an error of its own.
const WHOLE_METADATA_ERROR_FROM: i16 = 13;

/// What is to become of one request and its answer.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    api: ApiKey,
    version: i16,
    /// Taken out of the request, and refused with the code.
    refused: Vec<(TopicName, TopicId, i32, ErrorCode)>,
    after: Option<ErrorCode>,
    throttle: Duration,
    pub(crate) delay: Duration,
}

impl Verdict {
    /// Decides on a request. Gives what the engine is to see of it.
    pub(crate) fn on(
        frame: Bytes,
        faults: &[Interference],
        chance: &mut Chance,
        counts: &mut Counts,
    ) -> (Self, Bytes) {
        let [Some(api), Some(version)] =
            [0, 2].map(|at| Some(i16::from_be_bytes(*frame.get(at..)?.first_chunk()?)))
        else {
            return (Self::default(), frame);
        };
        let mut verdict = Self { api: ApiKey(api), version, ..Self::default() };
        let mut before = None;
        for &fault in faults {
            match fault {
                Interference::Error(api, code, moment) if api == verdict.api && chance.one_in(2) => {
                    match moment {
                        Before if api == ApiKey::PRODUCE => before = Some(code),
                        _ => verdict.after = Some(code),
                    }
                }
                Interference::Throttle(api, length) if api == verdict.api && chance.one_in(2) => {
                    verdict.throttle = verdict.throttle.max(length);
                }
                Interference::SlowDisk(delay) if verdict.api == ApiKey::PRODUCE => {
                    verdict.delay = verdict.delay.max(delay);
                }
                _ => {}
            }
        }
        let Some(code) = before else { return (verdict, frame) };
        let rest = verdict.take_out(frame.clone(), code, chance, counts).unwrap_or(frame);
        (verdict, rest)
    }

    /// Takes some of the partitions out of a Produce.
    fn take_out(
        &mut self,
        frame: Bytes,
        code: ErrorCode,
        chance: &mut Chance,
        counts: &mut Counts,
    ) -> Result<Bytes, DecodeError> {
        let mut reader = Reader::new(frame.clone());
        let header_version = ProduceRequest::header_version(self.version);
        let header = RequestHeader::read(&mut reader, header_version)?;
        let mut request = ProduceRequest::read(&mut reader, self.version)?;
        // Without acks an error has nowhere to go.
        if request.acks == 0 {
            return Ok(frame);
        }
        for topic in &mut request.topic_data {
            let (name, id) = (topic.name.clone(), topic.topic_id);
            topic.partition_data.retain(|partition| {
                let taken = !chance.one_in(3);
                if taken {
                    counts.add(&error_name(ApiKey::PRODUCE, code, Before));
                    self.refused.push((name.clone(), id, partition.index, code));
                }
                !taken
            });
        }
        let mut writer = Writer::new();
        let written =
            header.write(&mut writer, header_version).and_then(|()| request.write(&mut writer, self.version));
        Ok(if written.is_ok() { writer.finish().into_bytes() } else { frame })
    }

    /// The version of the request, if it is one of this API.
    pub(crate) fn version_of(&self, api: ApiKey) -> Option<i16> {
        (self.api == api).then_some(self.version)
    }

    /// What becomes of the engine's answer, and how much longer nothing is read from the client.
    pub(crate) fn answer(&self, frame: Bytes, chance: &mut Chance, counts: &mut Counts) -> (Bytes, Duration) {
        let changes = self.after.is_some() || !self.refused.is_empty() || !self.throttle.is_zero();
        if !changes {
            return (frame, Duration::ZERO);
        }
        let millis = i32::try_from(self.throttle.as_millis()).unwrap_or(i32::MAX);
        let changed = match self.api {
            ApiKey::PRODUCE => self.rewrite::<ProduceResponse>(&frame, |response| {
                response.throttle_time_ms = response.throttle_time_ms.max(millis);
                self.refuse(response);
                self.fail_after(response, chance, counts);
            }),
            ApiKey::INIT_PRODUCER_ID => self.rewrite::<InitProducerIdResponse>(&frame, |response| {
                response.throttle_time_ms = millis;
                if let Some(code) = self.after {
                    counts.add(&error_name(self.api, code, After));
                    *response = InitProducerIdResponse {
                        error_code: code,
                        throttle_time_ms: millis,
                        ..InitProducerIdResponse::default()
                    };
                }
            }),
            ApiKey::METADATA => self.rewrite::<MetadataResponse>(&frame, |response| {
                response.throttle_time_ms = millis;
                if let Some(code) = self.after {
                    spoil_metadata(response, code, self.version, counts);
                }
            }),
            _ => None,
        };
        (changed.unwrap_or(frame), self.throttle)
    }

    fn rewrite<R: Response>(&self, frame: &Bytes, change: impl FnOnce(&mut R)) -> Option<Bytes> {
        let version = R::header_version(self.version);
        let mut reader = Reader::new(frame.clone());
        let header = ResponseHeader::read(&mut reader, version).ok()?;
        let mut response = R::read(&mut reader, self.version).ok()?;
        change(&mut response);
        let mut writer = Writer::new();
        header.write(&mut writer, version).ok()?;
        response.write(&mut writer, self.version).ok()?;
        Some(writer.finish().into_bytes())
    }

    fn refuse(&self, response: &mut ProduceResponse) {
        for (name, topic_id, index, code) in &self.refused {
            let refusal = refusal(*index, *code);
            let topic = response
                .responses
                .iter_mut()
                .find(|topic| topic.name == *name && topic.topic_id == *topic_id);
            match topic {
                Some(topic) => topic.partition_responses.push(refusal),
                None => response.responses.push(TopicProduceResponse {
                    name: name.clone(),
                    topic_id: *topic_id,
                    partition_responses: vec![refusal],
                    ..TopicProduceResponse::default()
                }),
            }
        }
    }

    fn fail_after(&self, response: &mut ProduceResponse, chance: &mut Chance, counts: &mut Counts) {
        let Some(code) = self.after else { return };
        for partition in response.responses.iter_mut().flat_map(|topic| &mut topic.partition_responses) {
            if partition.error_code.is_none() && !chance.one_in(3) {
                counts.add(&error_name(ApiKey::PRODUCE, code, After));
                *partition = refusal(partition.index, code);
            }
        }
    }
}

/// How such an error is counted. What is only read has no after.
pub(crate) fn error_name(api: ApiKey, code: ErrorCode, moment: Moment) -> String {
    let moment = match moment {
        _ if api != ApiKey::PRODUCE => "",
        Before => " before the append",
        After => " after the append",
    };
    format!("{api} answered {code}{moment}")
}

fn refusal(index: i32, error_code: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse { index, error_code, base_offset: -1, ..PartitionProduceResponse::default() }
}

fn spoil_metadata(response: &mut MetadataResponse, code: ErrorCode, version: i16, counts: &mut Counts) {
    match code {
        ErrorCode::REBOOTSTRAP_REQUIRED if version < WHOLE_METADATA_ERROR_FROM => return,
        ErrorCode::REBOOTSTRAP_REQUIRED => {
            *response = MetadataResponse {
                error_code: code,
                throttle_time_ms: response.throttle_time_ms,
                ..MetadataResponse::default()
            };
        }
        ErrorCode::LEADER_NOT_AVAILABLE
        | ErrorCode::LISTENER_NOT_FOUND
        | ErrorCode::REPLICA_NOT_AVAILABLE => {
            for partition in response.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                partition.error_code = code;
                if code != ErrorCode::REPLICA_NOT_AVAILABLE {
                    *partition = without_leader(partition);
                }
            }
        }
        _ => {
            for topic in &mut response.topics {
                topic.error_code = code;
                topic.partitions.clear();
            }
        }
    }
    counts.add(&error_name(ApiKey::METADATA, code, After));
}

fn without_leader(partition: &MetadataResponsePartition) -> MetadataResponsePartition {
    MetadataResponsePartition { leader_id: BrokerId::NONE, ..partition.clone() }
}
