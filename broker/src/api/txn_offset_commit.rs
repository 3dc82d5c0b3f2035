//! `TxnOffsetCommit`, versions 0-6.
//!
//! Offsets that count once the transaction is committed. Up to version 4 AddOffsetsToTxn must come first, from
//! version 5 on the group joins the transaction by this request (KIP-890). By topic name up to version 5, by id
//! in version 6.
//!
//! Gaps: none known. Stricter than Kafka: the partition must exist, not only the topic.

use ottla_proto::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse, TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, GroupId, ProducerId};

use super::offset_commit::Committable;
use super::{Call, check_named_group};
use crate::coordinator::{CommitError, CommittedOffset, Committer, Producer, Target, own_group};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 6);

/// The first version by which a group joins the transaction.
const FIRST_THAT_ADDS: i16 = 5;
/// The first version that knows how to say that the transaction must be aborted.
const FIRST_WITH_ABORTABLE: i16 = 4;
/// The first version with topic ids.
const FIRST_BY_ID: i16 = 6;

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: TxnOffsetCommitRequest,
) -> TxnOffsetCommitResponse {
    let checked = check(engine, call, &request);
    let TxnOffsetCommitRequest { group_id, producer_id, topics, .. } = request;
    let commit = |topic| commit_topic(engine, call, &group_id, producer_id, checked, topic);
    TxnOffsetCommitResponse {
        topics: topics.into_iter().map(commit).collect(),
        ..TxnOffsetCommitResponse::default()
    }
}

fn check(engine: &mut Engine, call: &Call, request: &TxnOffsetCommitRequest) -> Result<(), ErrorCode> {
    check_named_group(engine, call, &request.group_id)?;
    let producer = Producer { id: request.producer_id, epoch: request.producer_epoch };
    let target = Target::Offsets(own_group(&request.group_id));
    let (transactions, mut turn) = engine.coordinators.transactions(call.now);
    let id = &request.transactional_id;
    if call.version >= FIRST_THAT_ADDS {
        transactions.add(&mut turn, id, producer, [target])?;
    } else {
        transactions.verify(id, producer, &target).map_err(|code| match code {
            ErrorCode::TRANSACTION_ABORTABLE if call.version < FIRST_WITH_ABORTABLE => {
                ErrorCode::INVALID_TXN_STATE
            }
            ErrorCode::PRODUCER_FENCED => ErrorCode::INVALID_PRODUCER_EPOCH,
            code => code,
        })?;
    }
    let committer = Committer {
        member_id: &request.member_id,
        instance_id: request.group_instance_id.as_deref(),
        generation: request.generation_id_or_member_epoch,
        knows_epochs: true,
    };
    let (groups, mut turn) = engine.coordinators.groups(call.now);
    groups.check_commit(&mut turn, &request.group_id, committer, true).map_err(|error| match error {
        CommitError::NoGroup | CommitError::Code(ErrorCode::STALE_MEMBER_EPOCH) => {
            ErrorCode::ILLEGAL_GENERATION
        }
        CommitError::Code(code) => code,
    })
}

fn commit_topic(
    engine: &mut Engine,
    call: &Call,
    group: &GroupId,
    producer: ProducerId,
    checked: Result<(), ErrorCode>,
    topic: TxnOffsetCommitRequestTopic,
) -> TxnOffsetCommitResponseTopic {
    let known = Committable::find(engine, call.version >= FIRST_BY_ID, &topic.name, topic.topic_id);
    let commit = |partition: TxnOffsetCommitRequestPartition| {
        let partition_index = partition.partition_index;
        let committed = known.clone().and_then(|known| {
            checked?;
            known.check(engine, partition_index, partition.committed_metadata.as_ref())?;
            let committed = CommittedOffset {
                offset: partition.committed_offset,
                leader_epoch: partition.committed_leader_epoch,
                metadata: partition.committed_metadata.unwrap_or_default(),
                at: call.now,
                expires: None,
            };
            let offsets = &mut engine.coordinators.offsets;
            offsets.commit_in_transaction(producer, group, &known.name, partition_index, committed);
            Ok(())
        });
        let error_code = committed.err().unwrap_or_default();
        TxnOffsetCommitResponsePartition {
            partition_index,
            error_code,
            ..TxnOffsetCommitResponsePartition::default()
        }
    };
    TxnOffsetCommitResponseTopic {
        partitions: topic.partitions.into_iter().map(commit).collect(),
        name: topic.name,
        topic_id: topic.topic_id,
        ..TxnOffsetCommitResponseTopic::default()
    }
}
