//! What the broker answers: one file per API, whose head says versions, behaviour and gaps.

mod add_offsets_to_txn;
mod add_partitions_to_txn;
mod alter_client_quotas;
mod alter_configs;
mod alter_partition_reassignments;
mod api_versions;
mod consumer_group_describe;
mod consumer_group_heartbeat;
mod create_partitions;
mod create_topics;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_client_quotas;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod describe_log_dirs;
mod describe_producers;
mod describe_quorum;
mod describe_topic_partitions;
mod describe_transactions;
mod elect_leaders;
mod end_txn;
mod faulty;
mod fetch;
mod find_coordinator;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
mod join_group;
mod leave_group;
mod list_config_resources;
mod list_groups;
mod list_offsets;
mod list_partition_reassignments;
mod list_transactions;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod produce;
mod sync_group;
#[cfg(test)]
mod tests;
mod throttled;
mod txn_offset_commit;
mod update_features;
mod waiting;
mod write_txn_markers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use ottla_proto::messages::header::{RequestHeader, ResponseHeader};
use ottla_proto::wire::{DecodeError, Message, Reader, Request, Response, Segments, VersionRange, Writer};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, LeaderEpoch};

pub(crate) use create_topics::{plan_topic, spread};
pub(crate) use faulty::{RequestStart, partitions_of, refuse, refuses_by_partition, tell_throttle};
pub(crate) use fetch::FetchSessions;
pub(crate) use waiting::{Waiting, expire, wake};

use crate::Instant;
use crate::coordinator::{Answer, CoordinatorType};
use crate::engine::{Close, ConnectionId, Engine, Partition, Replica};
use crate::fault::Hits;
use crate::quota::Client;
use crate::release::Release;
use throttled::Throttled;

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Handled {
    /// It is answered; the frame is missing where Kafka sends none.
    Answered { frame: Option<Segments>, muted_until: Instant },
    /// Its answer comes later.
    Waiting,
}

/// The request that is being handled, without its body.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) connection: ConnectionId,
    pub(crate) node: BrokerId,
    pub(crate) version: i16,
    pub(crate) client_id: String,
    /// The size of the whole request, as quotas count it.
    pub(crate) size: usize,
    pub(crate) now: Instant,
    /// What is to go wrong.
    pub(crate) faults: Hits,
    correlation_id: i32,
}

impl Call {
    pub(crate) fn client(&self) -> Client<'_> {
        Client::anonymous(&self.client_id)
    }
}

/// What a cluster offers that acts as `release`: what a broker of it did, as far as this one can.
pub(crate) fn offered(release: Release) -> BTreeMap<ApiKey, VersionRange> {
    let theirs = release.apis();
    let common = OFFERED.into_iter().filter_map(|(key, ours)| {
        let theirs = theirs.get(&key)?;
        let (min, max) = (ours.min.max(theirs.min), ours.max.min(theirs.max));
        (min <= max).then_some((key, VersionRange::new(min, max)))
    });
    common.collect()
}

/// What can be offered, by API key.
pub(crate) const OFFERED: [(ApiKey, VersionRange); 46] = [
    (ApiKey::PRODUCE, produce::VERSIONS),
    (ApiKey::FETCH, fetch::VERSIONS),
    (ApiKey::LIST_OFFSETS, list_offsets::VERSIONS),
    (ApiKey::METADATA, metadata::VERSIONS),
    (ApiKey::OFFSET_COMMIT, offset_commit::VERSIONS),
    (ApiKey::OFFSET_FETCH, offset_fetch::VERSIONS),
    (ApiKey::FIND_COORDINATOR, find_coordinator::VERSIONS),
    (ApiKey::JOIN_GROUP, join_group::VERSIONS),
    (ApiKey::HEARTBEAT, heartbeat::VERSIONS),
    (ApiKey::LEAVE_GROUP, leave_group::VERSIONS),
    (ApiKey::SYNC_GROUP, sync_group::VERSIONS),
    (ApiKey::DESCRIBE_GROUPS, describe_groups::VERSIONS),
    (ApiKey::LIST_GROUPS, list_groups::VERSIONS),
    (ApiKey::API_VERSIONS, api_versions::VERSIONS),
    (ApiKey::CREATE_TOPICS, create_topics::VERSIONS),
    (ApiKey::DELETE_TOPICS, delete_topics::VERSIONS),
    (ApiKey::DELETE_RECORDS, delete_records::VERSIONS),
    (ApiKey::INIT_PRODUCER_ID, init_producer_id::VERSIONS),
    (ApiKey::OFFSET_FOR_LEADER_EPOCH, offset_for_leader_epoch::VERSIONS),
    (ApiKey::ADD_PARTITIONS_TO_TXN, add_partitions_to_txn::VERSIONS),
    (ApiKey::ADD_OFFSETS_TO_TXN, add_offsets_to_txn::VERSIONS),
    (ApiKey::END_TXN, end_txn::VERSIONS),
    (ApiKey::WRITE_TXN_MARKERS, write_txn_markers::VERSIONS),
    (ApiKey::TXN_OFFSET_COMMIT, txn_offset_commit::VERSIONS),
    (ApiKey::DESCRIBE_CONFIGS, describe_configs::VERSIONS),
    (ApiKey::ALTER_CONFIGS, alter_configs::VERSIONS),
    (ApiKey::DESCRIBE_LOG_DIRS, describe_log_dirs::VERSIONS),
    (ApiKey::CREATE_PARTITIONS, create_partitions::VERSIONS),
    (ApiKey::DELETE_GROUPS, delete_groups::VERSIONS),
    (ApiKey::ELECT_LEADERS, elect_leaders::VERSIONS),
    (ApiKey::INCREMENTAL_ALTER_CONFIGS, incremental_alter_configs::VERSIONS),
    (ApiKey::ALTER_PARTITION_REASSIGNMENTS, alter_partition_reassignments::VERSIONS),
    (ApiKey::LIST_PARTITION_REASSIGNMENTS, list_partition_reassignments::VERSIONS),
    (ApiKey::OFFSET_DELETE, offset_delete::VERSIONS),
    (ApiKey::DESCRIBE_CLIENT_QUOTAS, describe_client_quotas::VERSIONS),
    (ApiKey::ALTER_CLIENT_QUOTAS, alter_client_quotas::VERSIONS),
    (ApiKey::DESCRIBE_QUORUM, describe_quorum::VERSIONS),
    (ApiKey::UPDATE_FEATURES, update_features::VERSIONS),
    (ApiKey::DESCRIBE_CLUSTER, describe_cluster::VERSIONS),
    (ApiKey::DESCRIBE_PRODUCERS, describe_producers::VERSIONS),
    (ApiKey::DESCRIBE_TRANSACTIONS, describe_transactions::VERSIONS),
    (ApiKey::LIST_TRANSACTIONS, list_transactions::VERSIONS),
    (ApiKey::CONSUMER_GROUP_HEARTBEAT, consumer_group_heartbeat::VERSIONS),
    (ApiKey::CONSUMER_GROUP_DESCRIBE, consumer_group_describe::VERSIONS),
    (ApiKey::LIST_CONFIG_RESOURCES, list_config_resources::VERSIONS),
    (ApiKey::DESCRIBE_TOPIC_PARTITIONS, describe_topic_partitions::VERSIONS),
];

/// Reads one request and handles it.
pub(crate) fn handle(
    engine: &mut Engine,
    connection: ConnectionId,
    node: BrokerId,
    frame: Bytes,
    faults: Hits,
    now: Instant,
) -> Result<Handled, Close> {
    let mut start = Reader::new(frame.clone());
    let key = ApiKey(start.i16("request_api_key")?);
    let version = start.i16("request_api_version")?;
    let correlation_id = start.i32("correlation_id")?;
    engine.stats.request(key);

    let offered = engine.offered.get(&key).is_some_and(|versions| versions.contains(version));
    // A copy: the call may outlive the frame, and a short name must not keep a large frame in memory. Of what is
    // not offered nobody knows whether it has one.
    let client_id = match offered {
        true => start.nullable_string("client_id")?.map(|id| id.to_string()).unwrap_or_default(),
        false => String::new(),
    };
    engine.serving(connection, &client_id);
    let call = Call { connection, node, version, client_id, size: frame.len(), now, faults, correlation_id };
    if !offered {
        if key == ApiKey::API_VERSIONS {
            return call.answer_version(0, &api_versions::unsupported(engine));
        }
        return Err(Close::NotOffered { key, version });
    }
    if engine.config.act_as.has_zookeeper() && controls(key) && engine.controller() != node {
        let start = RequestStart::read(frame.clone())?;
        let refusal = refuse(&start, frame, ErrorCode::NOT_CONTROLLER);
        return Ok(Handled::Answered { frame: refusal, muted_until: now });
    }
    match key {
        ApiKey::PRODUCE => produce::handle(engine, read(call, frame)?),
        ApiKey::FETCH => fetch::handle(engine, read(call, frame)?),
        ApiKey::LIST_OFFSETS => plain(engine, read(call, frame)?, list_offsets::handle),
        ApiKey::METADATA => plain(engine, read(call, frame)?, metadata::handle),
        ApiKey::OFFSET_COMMIT => plain(engine, read(call, frame)?, offset_commit::handle),
        ApiKey::OFFSET_FETCH => plain(engine, read(call, frame)?, offset_fetch::handle),
        ApiKey::FIND_COORDINATOR => plain(engine, read(call, frame)?, find_coordinator::handle),
        ApiKey::JOIN_GROUP => join_group::handle(engine, read(call, frame)?),
        ApiKey::HEARTBEAT => plain(engine, read(call, frame)?, heartbeat::handle),
        ApiKey::LEAVE_GROUP => plain(engine, read(call, frame)?, leave_group::handle),
        ApiKey::SYNC_GROUP => sync_group::handle(engine, read(call, frame)?),
        ApiKey::DESCRIBE_GROUPS => plain(engine, read(call, frame)?, describe_groups::handle),
        ApiKey::LIST_GROUPS => plain(engine, read(call, frame)?, list_groups::handle),
        ApiKey::API_VERSIONS => plain(engine, read(call, frame)?, api_versions::handle),
        ApiKey::CREATE_TOPICS => plain(engine, read(call, frame)?, create_topics::handle),
        ApiKey::DELETE_TOPICS => plain(engine, read(call, frame)?, delete_topics::handle),
        ApiKey::INIT_PRODUCER_ID => plain(engine, read(call, frame)?, init_producer_id::handle),
        ApiKey::ADD_PARTITIONS_TO_TXN => plain(engine, read(call, frame)?, add_partitions_to_txn::handle),
        ApiKey::ADD_OFFSETS_TO_TXN => plain(engine, read(call, frame)?, add_offsets_to_txn::handle),
        ApiKey::END_TXN => plain(engine, read(call, frame)?, end_txn::handle),
        ApiKey::WRITE_TXN_MARKERS => exempt(engine, read(call, frame)?, write_txn_markers::handle),
        ApiKey::TXN_OFFSET_COMMIT => plain(engine, read(call, frame)?, txn_offset_commit::handle),
        ApiKey::DESCRIBE_PRODUCERS => plain(engine, read(call, frame)?, describe_producers::handle),
        ApiKey::DESCRIBE_TRANSACTIONS => plain(engine, read(call, frame)?, describe_transactions::handle),
        ApiKey::LIST_TRANSACTIONS => plain(engine, read(call, frame)?, list_transactions::handle),
        ApiKey::DESCRIBE_CONFIGS => plain(engine, read(call, frame)?, describe_configs::handle),
        ApiKey::DELETE_GROUPS => plain(engine, read(call, frame)?, delete_groups::handle),
        ApiKey::OFFSET_DELETE => plain(engine, read(call, frame)?, offset_delete::handle),
        ApiKey::DESCRIBE_CLIENT_QUOTAS => plain(engine, read(call, frame)?, describe_client_quotas::handle),
        ApiKey::ALTER_CLIENT_QUOTAS => plain(engine, read(call, frame)?, alter_client_quotas::handle),
        ApiKey::DESCRIBE_CLUSTER => plain(engine, read(call, frame)?, describe_cluster::handle),
        ApiKey::CONSUMER_GROUP_HEARTBEAT => {
            plain(engine, read(call, frame)?, consumer_group_heartbeat::handle)
        }
        ApiKey::CONSUMER_GROUP_DESCRIBE => plain(engine, read(call, frame)?, consumer_group_describe::handle),
        ApiKey::DELETE_RECORDS => plain(engine, read(call, frame)?, delete_records::handle),
        ApiKey::OFFSET_FOR_LEADER_EPOCH => plain(engine, read(call, frame)?, offset_for_leader_epoch::handle),
        ApiKey::ALTER_CONFIGS => plain(engine, read(call, frame)?, alter_configs::handle),
        ApiKey::DESCRIBE_LOG_DIRS => plain(engine, read(call, frame)?, describe_log_dirs::handle),
        ApiKey::CREATE_PARTITIONS => plain(engine, read(call, frame)?, create_partitions::handle),
        ApiKey::ELECT_LEADERS => plain(engine, read(call, frame)?, elect_leaders::handle),
        ApiKey::INCREMENTAL_ALTER_CONFIGS => {
            plain(engine, read(call, frame)?, incremental_alter_configs::handle)
        }
        ApiKey::ALTER_PARTITION_REASSIGNMENTS => {
            plain(engine, read(call, frame)?, alter_partition_reassignments::handle)
        }
        ApiKey::LIST_PARTITION_REASSIGNMENTS => {
            plain(engine, read(call, frame)?, list_partition_reassignments::handle)
        }
        ApiKey::DESCRIBE_QUORUM => plain(engine, read(call, frame)?, describe_quorum::handle),
        ApiKey::UPDATE_FEATURES => plain(engine, read(call, frame)?, update_features::handle),
        ApiKey::LIST_CONFIG_RESOURCES => plain(engine, read(call, frame)?, list_config_resources::handle),
        ApiKey::DESCRIBE_TOPIC_PARTITIONS => {
            plain(engine, read(call, frame)?, describe_topic_partitions::handle)
        }
        _ => Err(Close::NotOffered { key, version }),
    }
}

/// Whether only the controller does this, where there is ZooKeeper.
fn controls(key: ApiKey) -> bool {
    matches!(
        key,
        ApiKey::CREATE_TOPICS
            | ApiKey::DELETE_TOPICS
            | ApiKey::CREATE_PARTITIONS
            | ApiKey::ELECT_LEADERS
            | ApiKey::ALTER_PARTITION_REASSIGNMENTS
            | ApiKey::LIST_PARTITION_REASSIGNMENTS
            | ApiKey::UPDATE_FEATURES
    )
}

/// Sends the answers that members of groups have waited for.
pub(crate) fn answer_members(engine: &mut Engine, now: Instant) {
    while let Some((mut call, answer)) = engine.coordinators.next_answer() {
        call.now = now;
        let handled = match answer {
            Answer::Join(response) => call.answer_throttled(engine, join_group::fit(response, call.version)),
            Answer::Sync(response) => call.answer_throttled(engine, response),
        };
        finish(engine, call.connection, handled);
    }
}

/// Hands on how a request that had to wait has ended.
fn finish(engine: &mut Engine, connection: ConnectionId, handled: Result<Handled, Close>) {
    match handled {
        Ok(Handled::Answered { frame, muted_until }) => engine.answer(connection, frame, muted_until),
        Ok(Handled::Waiting) => {}
        Err(reason) => engine.close(connection, reason),
    }
}

/// A request with its header.
struct Incoming<R> {
    call: Call,
    request: R,
}

fn read<R: Request>(call: Call, frame: Bytes) -> Result<Incoming<R>, DecodeError> {
    let mut reader = Reader::new(frame);
    RequestHeader::read(&mut reader, R::header_version(call.version))?;
    // Bytes behind the body are ignored, as Kafka does: librdkafka has three of them when it asks for all topics.
    let request = R::read(&mut reader, call.version)?;
    Ok(Incoming { call, request })
}

/// Handles a request that is answered at once.
fn plain<R: Request<Response: Throttled>>(
    engine: &mut Engine,
    incoming: Incoming<R>,
    handle: fn(&mut Engine, &Call, R) -> R::Response,
) -> Result<Handled, Close> {
    let Incoming { call, request } = incoming;
    let response = handle(engine, &call, request);
    call.answer_throttled(engine, response)
}

/// Handles a request that no quota slows down, because one node sends it to another.
fn exempt<R: Request>(
    engine: &mut Engine,
    incoming: Incoming<R>,
    handle: fn(&mut Engine, &Call, R) -> R::Response,
) -> Result<Handled, Close> {
    let Incoming { call, request } = incoming;
    let response = handle(engine, &call, request);
    call.answer(&response, 0)
}

impl Call {
    /// Answers, and mutes the connection for as long as the client's request quota wants, or the answer if it
    /// tells a longer throttle of its own.
    fn answer_throttled<R: Throttled>(&self, engine: &mut Engine, mut response: R) -> Result<Handled, Close> {
        let throttle_ms = response.throttle_time_ms().unwrap_or_default().max(engine.record_request(self));
        response.set_throttle_time_ms(throttle_ms);
        engine.note_throttle(self, throttle_ms);
        self.answer(&response, throttle_ms)
    }

    /// Answers, and mutes the connection for `throttle_ms`.
    fn answer<R: Response>(&self, response: &R, throttle_ms: i32) -> Result<Handled, Close> {
        self.answer_encoded(self.encode(self.version, response)?, throttle_ms)
    }

    fn answer_encoded(&self, frame: Segments, throttle_ms: i32) -> Result<Handled, Close> {
        Ok(Handled::Answered { frame: Some(frame), muted_until: self.muted_until(throttle_ms) })
    }

    fn answer_version<R: Response>(&self, version: i16, response: &R) -> Result<Handled, Close> {
        self.answer_encoded(self.encode(version, response)?, 0)
    }

    fn encode<R: Response>(&self, version: i16, response: &R) -> Result<Segments, Close> {
        let mut writer = Writer::new();
        let header = ResponseHeader { correlation_id: self.correlation_id, ..ResponseHeader::default() };
        header.write(&mut writer, R::header_version(version))?;
        response.write(&mut writer, version)?;
        Ok(writer.finish())
    }

    fn muted_until(&self, throttle_ms: i32) -> Instant {
        self.now + Duration::from_millis(u64::try_from(throttle_ms).unwrap_or_default())
    }
}

/// Each thing that a request names, once: repeating a short name must not make a long answer longer.
fn each_once<T, K: Ord>(things: Vec<T>, name: impl Fn(&T) -> K) -> impl Iterator<Item = T> {
    let mut named = BTreeSet::new();
    things.into_iter().filter(move |thing| named.insert(name(thing)))
}

/// The leader's replica, if the call reached the leader and means its leader epoch (KIP-320).
fn find_leader<'a>(
    call: &Call,
    partition: &'a Partition,
    epoch: LeaderEpoch,
) -> Result<&'a Replica, ErrorCode> {
    check_epoch(partition, epoch)?;
    let leader = partition.leading().filter(|leader| leader.node == call.node);
    leader.ok_or(ErrorCode::NOT_LEADER_OR_FOLLOWER)
}

/// Whether the caller knows the leader epoch, or names none.
fn check_epoch(partition: &Partition, epoch: LeaderEpoch) -> Result<(), ErrorCode> {
    if !epoch.is_none() && epoch < partition.leader_epoch {
        return Err(ErrorCode::FENCED_LEADER_EPOCH);
    }
    if epoch > partition.leader_epoch {
        return Err(ErrorCode::UNKNOWN_LEADER_EPOCH);
    }
    Ok(())
}

/// Whether the call reached the node that coordinates `key`.
fn check_coordinator(
    engine: &Engine,
    call: &Call,
    kind: CoordinatorType,
    key: &str,
) -> Result<(), ErrorCode> {
    if engine.coordinator(kind, key) == Some(call.node) { Ok(()) } else { Err(ErrorCode::NOT_COORDINATOR) }
}

/// As [`check_coordinator`] for a group, where the empty name is none: it is one for offsets that nobody's membership
/// protects, which clients of before version 0.9 kept under it. Kafka looks at the name first, whoever coordinates it.
fn check_named_group(engine: &Engine, call: &Call, id: &str) -> Result<(), ErrorCode> {
    if id.is_empty() { Err(ErrorCode::INVALID_GROUP_ID) } else { check_group(engine, call, id) }
}

/// As [`check_coordinator`] for a group.
fn check_group(engine: &Engine, call: &Call, id: &str) -> Result<(), ErrorCode> {
    check_coordinator(engine, call, CoordinatorType::Group, id)
}

/// As [`check_coordinator`] for a transactional id, which must not be empty.
fn check_transactional_id(engine: &Engine, call: &Call, id: &str) -> Result<(), ErrorCode> {
    if id.is_empty() {
        return Err(ErrorCode::INVALID_REQUEST);
    }
    check_coordinator(engine, call, CoordinatorType::Transaction, id)
}
