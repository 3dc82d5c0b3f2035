//! The truth: what is in the cluster's log.

use std::collections::BTreeMap;

use ottla_broker::{Engine, NodeState, Output, Reply};
use ottla_core::Instant;
use ottla_proto::compression::Decompressor;
use ottla_proto::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use ottla_proto::messages::{FetchResponse, RequestHeader, ResponseHeader};
use ottla_proto::records::Batches;
use ottla_proto::wire::{Message, Reader, Request, Response, Writer};
use ottla_proto::{BrokerId, ErrorCode};

use crate::network::broker_time;
use crate::plan::{NODES, TOPIC};
use crate::report::Violation;

/// Offset and value of every record, by partition.
pub(crate) type Log = BTreeMap<i32, Vec<(i64, Vec<u8>)>>;

/// The newest that only leaders answer.
const VERSION: i16 = 10;

/// Reads the whole log, past all clients and networks.
pub(crate) fn read(engine: &mut Engine, partitions: i32, now: Instant) -> Result<Log, Violation> {
    (0..partitions).map(|partition| Ok((partition, read_partition(engine, partition, 0, now)?))).collect()
}

/// What a partition holds from that offset on.
pub(crate) fn read_partition(
    engine: &mut Engine,
    partition: i32,
    mut offset: i64,
    now: Instant,
) -> Result<Vec<(i64, Vec<u8>)>, Violation> {
    let mut records = Vec::new();
    let mut node = 1;
    while node <= NODES {
        let Some(response) = fetch(engine, BrokerId(node), partition, offset, now) else {
            node += 1;
            continue;
        };
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
) -> Option<FetchResponse> {
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
    // Nobody else is answered because somebody reads.
    ask(engine, node, &request, VERSION, now, &mut Vec::new())
}

/// Asks a running node something, past all clients and networks. What others are answered for it goes to `others`.
pub(crate) fn ask<R: Request>(
    engine: &mut Engine,
    node: BrokerId,
    request: &R,
    version: i16,
    now: Instant,
    others: &mut Vec<Output>,
) -> Option<R::Response> {
    let header = RequestHeader {
        request_api_key: R::KEY.0,
        request_api_version: version,
        client_id: Some("log".into()),
        ..RequestHeader::default()
    };
    let mut writer = Writer::new();
    header.write(&mut writer, R::header_version(version)).ok()?;
    request.write(&mut writer, version).ok()?;
    // One that is frozen would do it later.
    if engine.node_state(node) != Some(NodeState::Running) {
        return None;
    }
    let connection = engine.connect(node)?;
    engine.handle_frame(connection, writer.finish().into_bytes(), broker_time(now));
    let mut answer = None;
    while let Some(output) = engine.poll_output() {
        match output {
            Output { connection: asked, reply: Reply::Answer { frame, .. } } if asked == connection => {
                answer = frame;
            }
            other => others.push(other),
        }
    }
    engine.disconnect(connection);
    let mut reader = Reader::new(answer?.into_bytes());
    ResponseHeader::read(&mut reader, R::Response::header_version(version)).ok()?;
    R::Response::read(&mut reader, version).ok()
}
