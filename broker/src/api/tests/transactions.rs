mod restarts;

use bytes::Bytes;
use ottla_proto::compression::Codec;
use ottla_proto::messages::add_offsets_to_txn::AddOffsetsToTxnRequest;
use ottla_proto::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use ottla_proto::messages::describe_producers::{DescribeProducersRequest, TopicRequest};
use ottla_proto::messages::describe_transactions::DescribeTransactionsRequest;
use ottla_proto::messages::end_txn::{EndTxnRequest, EndTxnResponse};
use ottla_proto::messages::init_producer_id::InitProducerIdRequest;
use ottla_proto::messages::list_transactions::ListTransactionsRequest;
use ottla_proto::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use ottla_proto::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use ottla_proto::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest,
};
use ottla_proto::records::Stamp;
use ottla_proto::{BrokerId, ErrorCode, ProducerEpoch, ProducerId};

use crate::coordinator::CoordinatorType;
use crate::testing::*;

/// A transactional producer as its client would know itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Producer {
    id: ProducerId,
    epoch: ProducerEpoch,
    sequence: i32,
    /// Whether it speaks the second version of the protocol.
    second: bool,
}

fn init(world: &mut World, expected: Option<Producer>) -> Result<Producer, ErrorCode> {
    let request = InitProducerIdRequest {
        transactional_id: Some("x".into()),
        transaction_timeout_ms: 60_000,
        producer_id: expected.map_or(ProducerId::NONE, |it| it.id),
        producer_epoch: expected.map_or(ProducerEpoch::NONE, |it| it.epoch),
        ..InitProducerIdRequest::default()
    };
    let answer = world.ask(5, &request);
    let (id, epoch) = (answer.producer_id, answer.producer_epoch);
    match answer.error_code {
        ErrorCode::NONE => Ok(Producer { id, epoch, sequence: 0, second: false }),
        code => Err(code),
    }
}

impl Producer {
    fn epoch(self) -> (i64, i16) {
        (self.id.0, self.epoch.0)
    }

    fn add(self, world: &mut World, version: i16) -> ErrorCode {
        let topic = AddPartitionsToTxnTopic { name: "t".into(), partitions: vec![0], ..Default::default() };
        let request = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: "x".into(),
            v3_and_below_producer_id: self.id,
            v3_and_below_producer_epoch: self.epoch,
            v3_and_below_topics: vec![topic],
            ..AddPartitionsToTxnRequest::default()
        };
        let answer = world.ask(version, &request);
        answer.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code
    }

    /// Writes one record; its version says whether that adds the partition.
    fn write(&mut self, world: &mut World, version: i16, value: &str) -> ErrorCode {
        let stamp = Stamp {
            producer_id: self.id,
            producer_epoch: self.epoch,
            base_sequence: self.sequence,
            transactional: true,
        };
        let mut request = produce_request(-1, batch_by(stamp, Codec::None, &[value]));
        request.transactional_id = Some("x".into());
        if version >= 13 {
            request.topic_data[0].topic_id = world.topic_id("t");
        }
        let code = world.ask(version, &request).responses[0].partition_responses[0].error_code;
        self.sequence += i32::from(code == ErrorCode::NONE);
        code
    }

    fn add_offsets(self, world: &mut World, group: &'static str) -> ErrorCode {
        let request = AddOffsetsToTxnRequest {
            transactional_id: "x".into(),
            producer_id: self.id,
            producer_epoch: self.epoch,
            group_id: group.into(),
            ..AddOffsetsToTxnRequest::default()
        };
        world.ask(3, &request).error_code
    }

    /// Commits an offset of group `g` in the transaction; its version says whether that adds the group.
    fn commit(self, world: &mut World, version: i16, offset: i64) -> ErrorCode {
        let partition = TxnOffsetCommitRequestPartition { committed_offset: offset, ..Default::default() };
        let topic = TxnOffsetCommitRequestTopic {
            name: "t".into(),
            partitions: vec![partition],
            ..Default::default()
        };
        let request = TxnOffsetCommitRequest {
            transactional_id: "x".into(),
            group_id: "g".into(),
            producer_id: self.id,
            producer_epoch: self.epoch,
            topics: vec![topic],
            ..TxnOffsetCommitRequest::default()
        };
        world.ask(version, &request).topics[0].partitions[0].error_code
    }

    fn ended(self, world: &mut World, version: i16, committed: bool) -> EndTxnResponse {
        let request = EndTxnRequest {
            transactional_id: "x".into(),
            producer_id: self.id,
            producer_epoch: self.epoch,
            committed,
            ..EndTxnRequest::default()
        };
        world.ask(version, &request)
    }

    fn end(&mut self, world: &mut World, committed: bool) -> ErrorCode {
        let answer = self.ended(world, if self.second { 5 } else { 4 }, committed);
        if self.second && answer.error_code == ErrorCode::NONE {
            self.id = answer.producer_id;
            self.epoch = answer.producer_epoch;
            self.sequence = 0;
        }
        answer.error_code
    }
}

/// What a reader of committed records gets from partition 0 of `t`: the values, and who aborted from where.
fn committed(world: &mut World) -> (Vec<String>, Vec<(i64, i64)>, i64) {
    let mut request = fetch_request(0, 0);
    request.isolation_level = 1;
    let data = only(world.ask(12, &request));
    let aborted = data.aborted_transactions.unwrap();
    let aborted = aborted.iter().map(|it| (it.producer_id.0, it.first_offset)).collect();
    (data_values(&data.records.unwrap()), aborted, data.last_stable_offset)
}

/// The values of all records but markers.
fn data_values(records: &Bytes) -> Vec<String> {
    let mut values = Vec::new();
    for batch in ottla_proto::records::Batches::new(records.clone()) {
        let batch = batch.unwrap();
        if !batch.header().attributes.is_control() {
            let records = batch.read(&mut ottla_proto::compression::Decompressor::default()).unwrap();
            values.extend(records.iter().map(|it| String::from_utf8(it.value.unwrap().to_vec()).unwrap()));
        }
    }
    values
}

fn state(world: &mut World) -> String {
    let request = DescribeTransactionsRequest {
        transactional_ids: vec!["x".into()],
        ..DescribeTransactionsRequest::default()
    };
    world.ask(0, &request).transaction_states[0].transaction_state.to_string()
}

#[test]
fn what_is_committed_is_seen_and_what_is_aborted_is_named() {
    let mut world = World::with_topic();
    let mut producer = init(&mut world, None).unwrap();
    assert_eq!((producer.epoch.0, state(&mut world).as_str()), (0, "Empty"));
    assert_eq!(producer.add(&mut world, 3), ErrorCode::NONE);
    assert_eq!(producer.write(&mut world, 11, "a"), ErrorCode::NONE);
    assert_eq!(committed(&mut world), (vec![], vec![], 0));
    assert_eq!((world.fetch(0).high_watermark, state(&mut world).as_str()), (1, "Ongoing"));
    assert_eq!(producer.end(&mut world, true), ErrorCode::NONE);
    assert_eq!(committed(&mut world), (vec!["a".into()], vec![], 2));
    assert_eq!(state(&mut world), "CompleteCommit");
    // The answer was lost: the same again is fine, the contrary is not.
    assert_eq!(producer.end(&mut world, true), ErrorCode::NONE);
    assert_eq!(producer.end(&mut world, false), ErrorCode::INVALID_TXN_STATE);

    producer.add(&mut world, 3);
    producer.write(&mut world, 11, "b");
    assert_eq!(producer.end(&mut world, false), ErrorCode::NONE);
    assert_eq!(committed(&mut world), (vec!["a".into(), "b".into()], vec![(producer.id.0, 2)], 4));
    assert_eq!(state(&mut world), "CompleteAbort");
}

#[test]
fn the_second_version_has_an_epoch_for_each_transaction() {
    let mut world = World::with_topic();
    let mut producer = Producer { second: true, ..init(&mut world, None).unwrap() };
    assert_eq!(producer.end(&mut world, true), ErrorCode::INVALID_TXN_STATE);
    // The write adds the partition.
    assert_eq!(producer.write(&mut world, 13, "a"), ErrorCode::NONE);
    let before = producer;
    assert_eq!(producer.end(&mut world, true), ErrorCode::NONE);
    assert_eq!(producer.epoch(), (before.id.0, 1));
    // The lost answer comes again; a late write of the old epoch does not get in.
    let again = before.ended(&mut world, 5, true);
    assert_eq!((again.error_code, again.producer_epoch.0), (ErrorCode::NONE, 1));
    assert_eq!(before.ended(&mut world, 5, false).error_code, ErrorCode::INVALID_TXN_STATE);
    let mut late = before;
    assert_eq!(late.write(&mut world, 13, "late"), ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!(producer.write(&mut world, 13, "b"), ErrorCode::NONE);
    assert_eq!(before.ended(&mut world, 5, true).error_code, ErrorCode::PRODUCER_FENCED);
    assert_eq!(producer.end(&mut world, false), ErrorCode::NONE);
    assert_eq!(producer.end(&mut world, false), ErrorCode::NONE, "an abort of nothing is one, too");
    assert_eq!(producer.epoch.0, 3);
    assert_eq!(committed(&mut world), (vec!["a".into(), "b".into()], vec![(producer.id.0, 2)], 4));
}

#[test]
fn a_new_producer_fences_the_old_one_and_aborts_its_transaction() {
    let mut world = World::with_topic();
    let mut old = init(&mut world, None).unwrap();
    old.add(&mut world, 3);
    old.write(&mut world, 11, "a");
    assert_eq!(init(&mut world, None), Err(ErrorCode::CONCURRENT_TRANSACTIONS));
    let new = init(&mut world, None).unwrap();
    assert_eq!(new.epoch(), (old.id.0, 2));
    assert_eq!(old.write(&mut world, 11, "b"), ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!(old.end(&mut world, true), ErrorCode::PRODUCER_FENCED);
    assert_eq!(old.ended(&mut world, 1, true).error_code, ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!(committed(&mut world).1, [(old.id.0, 0)]);
    // One that goes on after an error names itself (KIP-360); asking twice gives the same.
    let next = init(&mut world, Some(new)).unwrap();
    assert_eq!(next.epoch(), (old.id.0, 3));
    assert_eq!(init(&mut world, Some(new)), Ok(next));
    assert_eq!(init(&mut world, Some(old)), Err(ErrorCode::PRODUCER_FENCED));
}

#[test]
fn when_epochs_are_used_up_a_new_producer_id_comes() {
    let mut world = World::with_topic();
    let first = init(&mut world, None).unwrap();
    let mut last = first;
    for _ in 1..i16::MAX {
        last = init(&mut world, None).unwrap();
    }
    assert_eq!(last.epoch(), (first.id.0, i16::MAX - 1));
    let next = init(&mut world, None).unwrap();
    assert_ne!(next.id, first.id);
    assert_eq!(next.epoch.0, 0);
}

/// It is aborted when so many milliseconds have passed, and not before.
fn times_out_after(world: &mut World, milliseconds: u64) {
    world.pass(milliseconds - 1);
    world.engine.handle_timeout(world.now);
    assert_eq!(state(world), "Ongoing");
    world.pass(1);
    assert_eq!(world.engine.poll_timeout(), Some(world.now));
    world.engine.handle_timeout(world.now);
    assert_eq!(state(world), "CompleteAbort");
}

#[test]
fn a_transaction_that_takes_too_long_is_aborted() {
    let mut world = World::with_topic();
    let mut producer = init(&mut world, None).unwrap();
    producer.add(&mut world, 3);
    producer.write(&mut world, 11, "a");
    times_out_after(&mut world, 60_000);
    assert_eq!(producer.end(&mut world, true), ErrorCode::PRODUCER_FENCED);
    assert_eq!(committed(&mut world), (vec!["a".into()], vec![(producer.id.0, 0)], 2));
}

#[test]
fn what_does_not_belong_to_the_transaction_is_refused() {
    let mut world = World::with_topic();
    let mut producer = init(&mut world, None).unwrap();
    assert_eq!(producer.write(&mut world, 10, "a"), ErrorCode::INVALID_TXN_STATE);
    assert_eq!(producer.write(&mut world, 11, "a"), ErrorCode::TRANSACTION_ABORTABLE);
    let mut stranger = Producer { id: ProducerId(77), ..producer };
    assert_eq!(stranger.add(&mut world, 3), ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    assert_eq!(stranger.write(&mut world, 13, "a"), ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    stranger = Producer { epoch: ProducerEpoch(9), ..producer };
    assert_eq!(stranger.add(&mut world, 3), ErrorCode::PRODUCER_FENCED);
    assert_eq!(stranger.add(&mut world, 1), ErrorCode::INVALID_PRODUCER_EPOCH);
    // A transactional batch in a request without a transactional id.
    let stamp = Stamp {
        producer_id: producer.id,
        producer_epoch: producer.epoch,
        base_sequence: 0,
        transactional: true,
    };
    let nameless = world.produce(batch_by(stamp, Codec::None, &["a"]));
    assert_eq!(nameless.error_code, ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    producer.write(&mut world, 13, "a");
    // A record outside of the transaction, by the same producer.
    let plain = world.produce(sequenced(producer.id.0, 0, 1, 1));
    assert_eq!(plain.error_code, ErrorCode::INVALID_TXN_STATE);

    let init = |timeout, id: &str| InitProducerIdRequest {
        transactional_id: Some(id.into()),
        transaction_timeout_ms: timeout,
        ..InitProducerIdRequest::default()
    };
    assert_eq!(world.ask(5, &init(900_001, "y")).error_code, ErrorCode::INVALID_TRANSACTION_TIMEOUT);
    assert_eq!(world.ask(5, &init(0, "y")).error_code, ErrorCode::INVALID_TRANSACTION_TIMEOUT);
    assert_eq!(world.ask(5, &init(1000, "")).error_code, ErrorCode::INVALID_REQUEST);
}

#[test]
fn one_missing_partition_keeps_all_out() {
    let mut world = World::with_topic();
    let producer = init(&mut world, None).unwrap();
    let topic = AddPartitionsToTxnTopic { name: "t".into(), partitions: vec![0, 1], ..Default::default() };
    let mut transaction = AddPartitionsToTxnTransaction {
        transactional_id: "x".into(),
        producer_id: producer.id,
        producer_epoch: producer.epoch,
        topics: vec![topic],
        ..AddPartitionsToTxnTransaction::default()
    };
    let mut codes = |transaction: &AddPartitionsToTxnTransaction| {
        let transactions = vec![transaction.clone()];
        let answer = world.ask(4, &AddPartitionsToTxnRequest { transactions, ..Default::default() });
        let results = &answer.results_by_transaction[0].topic_results[0].results_by_partition;
        results.iter().map(|it| it.partition_error_code).collect::<Vec<_>>()
    };
    assert_eq!(
        codes(&transaction),
        [ErrorCode::OPERATION_NOT_ATTEMPTED, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION]
    );
    transaction.topics[0].partitions = vec![0];
    transaction.verify_only = true;
    assert_eq!(codes(&transaction), [ErrorCode::TRANSACTION_ABORTABLE]);
    transaction.verify_only = false;
    assert_eq!(codes(&transaction), [ErrorCode::NONE]);
    transaction.verify_only = true;
    assert_eq!(codes(&transaction), [ErrorCode::NONE]);
}

/// The committed offset of group `g` in partition 0 of `t`, and whether it is stable.
fn offset(world: &mut World) -> (i64, ErrorCode) {
    let topic =
        OffsetFetchRequestTopics { name: "t".into(), partition_indexes: vec![0], ..Default::default() };
    let group =
        OffsetFetchRequestGroup { group_id: "g".into(), topics: Some(vec![topic]), ..Default::default() };
    let request =
        OffsetFetchRequest { groups: vec![group], require_stable: true, ..OffsetFetchRequest::default() };
    let answer = world.ask(9, &request).groups.remove(0);
    (answer.topics[0].partitions[0].committed_offset, answer.topics[0].partitions[0].error_code)
}

#[test]
fn offsets_count_when_the_transaction_is_committed() {
    let mut world = World::with_topic();
    let mut producer = init(&mut world, None).unwrap();
    assert_eq!(producer.commit(&mut world, 3, 5), ErrorCode::INVALID_TXN_STATE);
    // Kafka adds the partition that the group falls into, whatever its name.
    assert_eq!(producer.add_offsets(&mut world, ""), ErrorCode::NONE);
    assert_eq!(producer.add_offsets(&mut world, "g"), ErrorCode::NONE);
    assert_eq!(producer.commit(&mut world, 3, 5), ErrorCode::NONE);
    assert_eq!(offset(&mut world), (-1, ErrorCode::UNSTABLE_OFFSET_COMMIT));
    assert_eq!(producer.end(&mut world, true), ErrorCode::NONE);
    assert_eq!(offset(&mut world), (5, ErrorCode::NONE));

    producer.second = true;
    assert_eq!(producer.commit(&mut world, 5, 9), ErrorCode::NONE);
    assert_eq!(offset(&mut world), (-1, ErrorCode::UNSTABLE_OFFSET_COMMIT));
    assert_eq!(producer.end(&mut world, false), ErrorCode::NONE);
    assert_eq!(offset(&mut world), (5, ErrorCode::NONE));
}

#[test]
fn markers_wait_for_a_leader() {
    let mut world = World::new(3);
    world.engine.create_topic("t", 1, 1, [].into()).unwrap();
    let id = world.topic_id("t");
    let leader = world.engine.partition_mut(id, 0).unwrap().leader;
    let other = (1..=3).map(BrokerId).find(|node| *node != leader).unwrap();
    // Any transactional id that the other node coordinates.
    let kind = CoordinatorType::Transaction;
    world.engine.ensure_coordinators(kind);
    let coordinates = |name: &String| world.engine.coordinator(kind, name) == Some(other);
    let name = (0..).map(|n| format!("x{n}")).find(coordinates).unwrap();
    world.talk_to(other);
    let request = InitProducerIdRequest {
        transactional_id: Some(name.as_str().into()),
        transaction_timeout_ms: 60_000,
        ..InitProducerIdRequest::default()
    };
    let init = world.ask(5, &request);
    let transaction = AddPartitionsToTxnTransaction {
        transactional_id: name.as_str().into(),
        producer_id: init.producer_id,
        producer_epoch: init.producer_epoch,
        topics: vec![AddPartitionsToTxnTopic { name: "t".into(), partitions: vec![0], ..Default::default() }],
        ..AddPartitionsToTxnTransaction::default()
    };
    world.ask(4, &AddPartitionsToTxnRequest { transactions: vec![transaction], ..Default::default() });
    world.engine.kill_node(leader, world.now);
    let end = EndTxnRequest {
        transactional_id: name.as_str().into(),
        producer_id: init.producer_id,
        producer_epoch: init.producer_epoch,
        committed: true,
        ..EndTxnRequest::default()
    };
    assert_eq!(world.ask(4, &end).error_code, ErrorCode::NONE);
    assert_eq!(world.ask(4, &end).error_code, ErrorCode::CONCURRENT_TRANSACTIONS);
    assert_eq!(world.ask(5, &request).error_code, ErrorCode::CONCURRENT_TRANSACTIONS);
    let now = world.now;
    world.engine.start_node(leader, now);
    world.pass(100);
    world.engine.handle_timeout(world.now);
    assert_eq!(world.ask(4, &end).error_code, ErrorCode::NONE);
}

#[test]
fn transactions_and_producers_are_listed_and_a_hanging_one_is_ended() {
    let mut world = World::with_topic();
    let mut producer = init(&mut world, None).unwrap();
    producer.add(&mut world, 3);
    producer.write(&mut world, 11, "a");
    world.pass(1000);
    let mut request = ListTransactionsRequest::default();
    let mut listed = |request: &ListTransactionsRequest| world.ask(2, request).transaction_states.len();
    assert_eq!(listed(&request), 1);
    request.duration_filter = 1000;
    assert_eq!(listed(&request), 0);
    request.duration_filter = 999;
    assert_eq!(listed(&request), 1);
    request.transactional_id_pattern = Some("y+".into());
    assert_eq!(listed(&request), 0);
    request.transactional_id_pattern = Some("x*".into());
    request.state_filters = vec!["Empty".into(), "Nonsense".into()];
    let answer = world.ask(2, &request);
    assert_eq!((answer.transaction_states.len(), answer.unknown_state_filters.len()), (0, 1));

    let producers = DescribeProducersRequest {
        topics: vec![TopicRequest { name: "t".into(), partition_indexes: vec![0, 1], ..Default::default() }],
        ..DescribeProducersRequest::default()
    };
    let answer = world.ask(0, &producers).topics.remove(0);
    assert_eq!(answer.partitions[1].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let known = &answer.partitions[0].active_producers[0];
    assert_eq!((known.producer_id, known.last_sequence, known.current_txn_start_offset), (producer.id, 0, 0));

    let marker = WritableTxnMarker {
        producer_id: producer.id,
        producer_epoch: producer.epoch,
        transaction_result: false,
        coordinator_epoch: 3,
        topics: vec![WritableTxnMarkerTopic {
            name: "t".into(),
            partition_indexes: vec![0],
            ..Default::default()
        }],
        ..WritableTxnMarker::default()
    };
    let request = WriteTxnMarkersRequest { markers: vec![marker], ..WriteTxnMarkersRequest::default() };
    let answer = world.ask(1, &request);
    assert_eq!(answer.markers[0].topics[0].partitions[0].error_code, ErrorCode::NONE);
    assert_eq!(committed(&mut world).1, [(producer.id.0, 0)]);
    let known = world.ask(0, &producers).topics.remove(0).partitions.remove(0).active_producers.remove(0);
    assert_eq!((known.coordinator_epoch, known.current_txn_start_offset), (3, -1));
}

/// `kafka-transactions find-hanging --broker-id` asks one node for all the partitions that it holds.
#[test]
fn a_follower_tells_of_producers_and_a_node_without_the_partition_does_not() {
    let mut world = World::new(3);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    let id = world.topic_id("t");
    let partition = world.engine.partition_mut(id, 0).unwrap();
    let (leader, replicas) = (partition.leader, partition.replica_nodes());
    let follower = *replicas.iter().find(|node| **node != leader).unwrap();
    let stranger = (1..=3).map(BrokerId).find(|node| !replicas.contains(node)).unwrap();
    world.talk_to(leader);
    assert_eq!(world.produce(sequenced(7, 0, 0, 1)).error_code, ErrorCode::NONE);
    let request = DescribeProducersRequest {
        topics: vec![TopicRequest { name: "t".into(), partition_indexes: vec![0], ..Default::default() }],
        ..DescribeProducersRequest::default()
    };
    let told = [leader, follower, stranger].map(|node| {
        world.talk_to(node);
        let told = world.ask(0, &request).topics.remove(0).partitions.remove(0);
        (told.error_code, told.active_producers.iter().map(|known| known.producer_id.0).collect::<Vec<_>>())
    });
    let known = (ErrorCode::NONE, vec![7]);
    assert_eq!(told, [known.clone(), known, (ErrorCode::NOT_LEADER_OR_FOLLOWER, vec![])]);
}

const WEEK_MS: u64 = 7 * 24 * 3600 * 1000;
const CHECK_MS: u64 = 600_000;

/// Lets time pass and the coordinators look for what is old.
fn check_after(world: &mut World, milliseconds: u64) {
    world.pass(milliseconds);
    world.engine.handle_timeout(world.now);
}

#[test]
fn a_transactional_id_that_nobody_uses_is_forgotten() {
    let listed =
        |world: &mut World| world.ask(2, &ListTransactionsRequest::default()).transaction_states.len();
    for with_transaction in [false, true] {
        let mut world = World::with_topic();
        let mut producer = init(&mut world, None).unwrap();
        if with_transaction {
            check_after(&mut world, WEEK_MS - CHECK_MS);
            assert_eq!(producer.add(&mut world, 3), ErrorCode::NONE);
            assert_eq!(producer.write(&mut world, 11, "a"), ErrorCode::NONE);
            assert_eq!(producer.end(&mut world, true), ErrorCode::NONE);
        }
        check_after(&mut world, WEEK_MS - 1);
        assert_eq!(listed(&mut world), 1);
        check_after(&mut world, CHECK_MS);
        assert_eq!(listed(&mut world), 0);
        assert_eq!(producer.add(&mut world, 3), ErrorCode::INVALID_PRODUCER_ID_MAPPING);
        assert_ne!(init(&mut world, None).unwrap().id, producer.id);
    }
}

#[test]
fn an_offset_that_a_transaction_may_change_is_kept() {
    let mut world = World::with_topic();
    assert_eq!(super::groups::committed(&mut world, 8, &super::groups::commit(5)), ErrorCode::NONE);
    world.pass(WEEK_MS - 30_000);
    let mut producer = init(&mut world, None).unwrap();
    assert_eq!(producer.add_offsets(&mut world, "g"), ErrorCode::NONE);
    assert_eq!(producer.commit(&mut world, 4, 7), ErrorCode::NONE);
    check_after(&mut world, 30_000);
    assert_eq!(super::groups::fetched(&mut world), 5);
    producer.second = false;
    assert_eq!(producer.end(&mut world, false), ErrorCode::NONE);
    check_after(&mut world, CHECK_MS);
    assert_eq!(super::groups::fetched(&mut world), -1);
}
