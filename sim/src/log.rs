//! The truth: what is in the cluster's log.

use std::collections::BTreeMap;

use ottla_broker::{Engine, Reply};
use ottla_core::Instant;
use ottla_proto::compression::Decompressor;
use ottla_proto::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use ottla_proto::messages::{FetchResponse, RequestHeader, ResponseHeader};
use ottla_proto::records::Batches;
use ottla_proto::wire::{Message, Reader, Request, Response, Writer};
use ottla_proto::{BrokerId, ErrorCode};

use crate::network::broker_time;
use crate::plan::{NODES, PARTITIONS, TOPIC};
use crate::report::Violation;

/// Offset and value of every record, by partition.
pub(crate) type Log = BTreeMap<i32, Vec<(i64, Vec<u8>)>>;

/// The newest that only leaders answer.
const VERSION: i16 = 10;

/// Reads the whole log, past all clients and networks.
pub(crate) fn read(engine: &mut Engine, now: Instant) -> Result<Log, Violation> {
    (0..PARTITIONS).map(|partition| Ok((partition, read_partition(engine, partition, now)?))).collect()
}

fn read_partition(
    engine: &mut Engine,
    partition: i32,
    now: Instant,
) -> Result<Vec<(i64, Vec<u8>)>, Violation> {
    let mut records = Vec::new();
    let mut node = 1;
    let mut offset = 0;
    while node <= NODES {
        let response = fetch(engine, BrokerId(node), partition, offset, now)?;
        let data = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
        let data = data.ok_or_else(|| Violation::Untrue("a Fetch was not answered".to_owned()))?;
        match data.error_code {
            ErrorCode::NONE => {}
            ErrorCode::NOT_LEADER_OR_FOLLOWER => {
                node += 1;
                continue;
            }
            error => return Err(Violation::Untrue(format!("the log cannot be read: {error}"))),
        }
        if offset >= data.high_watermark {
            return Ok(records);
        }
        for batch in Batches::new(data.records.unwrap_or_default()) {
            let damaged = |error| Violation::Untrue(format!("the log holds a damaged batch: {error}"));
            let batch = batch.map_err(damaged)?;
            batch.verify_crc().map_err(damaged)?;
            offset = batch.header().next_offset();
            let read = batch.read(&mut Decompressor::default()).map_err(damaged)?;
            records.extend(read.iter().map(|r| (r.offset, r.value.unwrap_or_default().to_vec())));
        }
    }
    Err(Violation::Untrue(format!("nobody leads partition {partition}")))
}

fn fetch(
    engine: &mut Engine,
    node: BrokerId,
    partition: i32,
    offset: i64,
    now: Instant,
) -> Result<FetchResponse, Violation> {
    let partition = FetchPartition {
        partition,
        fetch_offset: offset,
        partition_max_bytes: 1 << 20,
        ..FetchPartition::default()
    };
    let topic = FetchTopic { topic: TOPIC.into(), partitions: vec![partition], ..FetchTopic::default() };
    let request = FetchRequest {
        min_bytes: 0,
        max_bytes: 50 << 20,
        session_epoch: -1,
        topics: vec![topic],
        ..FetchRequest::default()
    };
    let header = RequestHeader {
        request_api_key: FetchRequest::KEY.0,
        request_api_version: VERSION,
        client_id: Some("log".into()),
        ..RequestHeader::default()
    };
    let unreadable = |error: &dyn std::fmt::Display| Violation::Untrue(format!("the log's Fetch: {error}"));
    let mut writer = Writer::new();
    header.write(&mut writer, FetchRequest::header_version(VERSION)).map_err(|error| unreadable(&error))?;
    request.write(&mut writer, VERSION).map_err(|error| unreadable(&error))?;
    let connection = engine.connect(node).ok_or_else(|| unreadable(&"no such node"))?;
    engine.handle_frame(connection, writer.finish().into_bytes(), broker_time(now));
    let mut answer = None;
    while let Some(output) = engine.poll_output() {
        if let (true, Reply::Answer { frame, .. }) = (output.connection == connection, output.reply) {
            answer = frame;
        }
    }
    engine.disconnect(connection);
    let mut reader = Reader::new(answer.ok_or_else(|| unreadable(&"no answer"))?.into_bytes());
    ResponseHeader::read(&mut reader, FetchResponse::header_version(VERSION))
        .and_then(|_| FetchResponse::read(&mut reader, VERSION))
        .map_err(|error| unreadable(&error))
}
