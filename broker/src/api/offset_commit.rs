//! `OffsetCommit`, versions 2-10.
//!
//! By members of a group, who must be of its current generation, or by anybody while the group is empty; the
//! latter begins a group if there is none. By topic name up to version 9, by id from version 10 on.
//!
//! An offset is kept as long as the request says, up to version 4, or else as long as the cluster's settings do
//! (`offsets.retention.minutes`).
//!
//! Gaps: stricter than Kafka: the partition must exist, not only the topic.

use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetCommitResponse,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, GroupId, TopicId, TopicName};

use super::{Call, check_group};
use crate::Instant;
use crate::coordinator::{CommitError, CommittedOffset, Committer};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(2, 10);

/// The first version that members of consumer groups may use.
const FIRST_WITH_EPOCHS: i16 = 9;
/// The first version with topic ids.
const FIRST_BY_ID: i16 = 10;

pub(super) fn handle(engine: &mut Engine, call: &Call, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let checked = check(engine, call, &request);
    const DEFAULT_RETENTION: i64 = -1;
    let retention = Some(request.retention_time_ms).filter(|time| *time != DEFAULT_RETENTION);
    let retention = retention.map(|time| Duration::from_millis(u64::try_from(time).unwrap_or_default()));
    let expires = retention.map(|retention| call.now + retention);
    let commit = |topic| commit_topic(engine, call, &request.group_id, (checked, expires), topic);
    OffsetCommitResponse {
        topics: request.topics.into_iter().map(commit).collect(),
        ..OffsetCommitResponse::default()
    }
}

fn check(engine: &mut Engine, call: &Call, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
    check_group(engine, call, &request.group_id)?;
    let committer = Committer {
        member_id: &request.member_id,
        instance_id: request.group_instance_id.as_deref(),
        generation: request.generation_id_or_member_epoch,
        knows_epochs: call.version >= FIRST_WITH_EPOCHS,
    };
    let (groups, mut turn) = engine.coordinators.groups(call.now);
    groups.check_commit(&mut turn, &request.group_id, committer, false).map_err(|error| match error {
        CommitError::NoGroup if call.version >= FIRST_WITH_EPOCHS => ErrorCode::GROUP_ID_NOT_FOUND,
        CommitError::NoGroup => ErrorCode::ILLEGAL_GENERATION,
        CommitError::Code(code) => code,
    })
}

fn commit_topic(
    engine: &mut Engine,
    call: &Call,
    group: &GroupId,
    (checked, expires): (Result<(), ErrorCode>, Option<Instant>),
    topic: OffsetCommitRequestTopic,
) -> OffsetCommitResponseTopic {
    let known = Committable::find(engine, call.version >= FIRST_BY_ID, &topic.name, topic.topic_id);
    let commit = |partition: OffsetCommitRequestPartition| {
        let partition_index = partition.partition_index;
        // What nobody knows is told before the group is asked, as in Kafka.
        let committed = known.clone().and_then(|known| {
            checked?;
            known.check(engine, partition_index, partition.committed_metadata.as_ref())?;
            let committed = CommittedOffset {
                offset: partition.committed_offset,
                leader_epoch: partition.committed_leader_epoch,
                metadata: partition.committed_metadata.unwrap_or_default(),
                at: call.now,
                expires,
            };
            engine.coordinators.offsets.commit(group, &known.name, partition_index, committed);
            Ok(())
        });
        let error_code = committed.err().unwrap_or_default();
        OffsetCommitResponsePartition {
            partition_index,
            error_code,
            ..OffsetCommitResponsePartition::default()
        }
    };
    OffsetCommitResponseTopic {
        partitions: topic.partitions.into_iter().map(commit).collect(),
        name: topic.name,
        topic_id: topic.topic_id,
        ..OffsetCommitResponseTopic::default()
    }
}

/// A topic whose partitions offsets may be committed for.
#[derive(Clone)]
pub(super) struct Committable {
    pub(super) name: TopicName,
    partitions: usize,
}

impl Committable {
    /// The topic that a request means, by its id or by its name.
    pub(super) fn find(
        engine: &Engine,
        by_id: bool,
        name: &TopicName,
        id: TopicId,
    ) -> Result<Self, ErrorCode> {
        let topic = match by_id {
            false => engine.topics.named(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            true => engine.topics.get(id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
        };
        topic.map(|topic| Self { name: topic.name.clone(), partitions: topic.partitions.len() })
    }

    /// Whether the partition exists, and the metadata is as short as it must be.
    pub(super) fn check(
        &self,
        engine: &Engine,
        partition: i32,
        metadata: Option<&ByteString>,
    ) -> Result<(), ErrorCode> {
        if !usize::try_from(partition).is_ok_and(|index| index < self.partitions) {
            return Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        }
        let longest = engine.coordinators.settings().offset_metadata_max_bytes;
        if metadata.is_some_and(|metadata| metadata.len() > longest) {
            return Err(ErrorCode::OFFSET_METADATA_TOO_LARGE);
        }
        Ok(())
    }
}
