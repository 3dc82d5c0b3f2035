//! Clusters that outlive their process, on a disk that forgets what was not synced when the power goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_proto::compression::Codec;
use ottla_proto::messages::fetch::{FetchPartition, FetchResponse};
use ottla_proto::messages::init_producer_id::InitProducerIdRequest;
use ottla_proto::messages::list_offsets::{ListOffsetsPartition, ListOffsetsTopic};
use ottla_proto::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use ottla_proto::records::{Batches, Stamp};
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch, ProducerEpoch, ProducerId};

use super::*;
use crate::coordinator::CoordinatorType;
use crate::engine::Engine;
use crate::random::Random;
use crate::storage::Disk;
use crate::storage::simulated::SimulatedDisk;
use crate::testing::{sequenced, values};
use crate::{QuotaEntity, QuotaKey};

fn disk() -> Arc<SimulatedDisk> {
    Arc::new(SimulatedDisk::new(1))
}

fn settings<const N: usize>(settings: [(&str, &str); N]) -> BTreeMap<String, String> {
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn create(world: &mut World, partitions: i32, replicas: i16, of: BTreeMap<String, String>) {
    world.engine.create_topic("t", partitions, replicas, of).unwrap();
    assert!(world.engine.poll_output().is_none());
}

fn records(world: &mut World) -> Vec<(i64, String)> {
    let partition = &world.engine.topics.named("t").unwrap().partitions[0];
    let (mut from, mut all) = (partition.leading().unwrap().log.start_offset(), Vec::new());
    loop {
        let data = world.fetch(from);
        assert_eq!(data.error_code, ErrorCode::NONE);
        let bytes = data.records.unwrap();
        if bytes.is_empty() {
            return all;
        }
        for batch in Batches::new(bytes.clone()) {
            let batch = batch.unwrap();
            batch.verify_crc().unwrap();
            from = batch.header().last_offset() + 1;
        }
        all.extend(values(&bytes));
    }
}

#[test]
fn records_topics_and_ids_are_there_again() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    let (cluster, first) = (world.engine.cluster_id.clone(), ["a", "b"]);
    create(&mut world, 3, 1, settings([("retention.ms", "-1")]));
    let topic = world.topic_id("t");
    assert_eq!(world.produce(batch(&first)).base_offset, 0);
    assert!(world.engine.set_quota(QuotaEntity::client_id("c"), QuotaKey::ProducerByteRate, 7.0));
    let id = producer_id(&mut world);
    drop(world);

    let mut world = World::on_disk(&disk, 1, false);
    assert_eq!(world.engine.cluster_id, cluster);
    assert_eq!(world.topic_id("t"), topic);
    let found = world.engine.topics.named("t").unwrap();
    assert_eq!(found.partitions.len(), 3);
    assert_eq!(found.config.overrides(), &settings([("retention.ms", "-1")]));
    assert_eq!(records(&mut world), [(0, "a".into()), (1, "b".into())]);
    assert_eq!(world.produce(batch(&["c"])).base_offset, 2);
    assert_eq!(world.engine.limits.iter().count(), 1);
    assert!(producer_id(&mut world) > id);
    // Each start draws other numbers.
    world.engine.create_topic("other", 1, -1, BTreeMap::new()).unwrap();
    assert_ne!(world.topic_id("other"), topic);
    assert_eq!(world.engine.take_storage_events(), []);
}

#[test]
fn a_restart_begins_a_leader_epoch_and_keeps_the_earlier_ones() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, BTreeMap::new());
    for restart in 0..3 {
        world.produce(batch(&["x"]));
        let log = &world.engine.topics.named("t").unwrap().partitions[0].replicas[0].log;
        let expected: Vec<_> = (0..=restart).map(|epoch| (LeaderEpoch(epoch), i64::from(epoch))).collect();
        assert_eq!(log.epoch_starts(), expected);
        if restart == 1 {
            world.engine.shut_down();
        }
        drop(world);
        world = World::on_disk(&disk, 1, false);
    }
}

#[test]
fn a_known_batch_is_known_again_with_and_without_a_recovery_point() {
    for in_order in [false, true] {
        let disk = disk();
        let mut world = World::on_disk(&disk, 1, false);
        create(&mut world, 1, 1, BTreeMap::new());
        for sequence in 0..3 {
            world.produce(sequenced(7, 0, sequence, 1));
        }
        if in_order {
            assert!(world.engine.shut_down());
        }
        drop(world);
        let mut world = World::on_disk(&disk, 1, false);
        assert_eq!(world.produce(sequenced(7, 0, 2, 1)).base_offset, 2);
        assert_eq!(world.produce(sequenced(7, 0, 5, 1)).error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        assert_eq!(world.produce(sequenced(7, 0, 3, 1)).base_offset, 3);
    }
}

#[test]
fn what_is_known_is_not_read_and_what_is_new_is() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, BTreeMap::new());
    for _ in 0..100 {
        world.produce(batch(&["x"]));
    }
    assert!(world.engine.shut_down());
    drop(world);
    let before = disk.bytes_read(".log");
    let mut world = World::on_disk(&disk, 1, false);
    assert_eq!(disk.bytes_read(".log") - before, 0, "the segments were not touched");
    world.produce(batch(&["y"]));
    drop(world);
    let before = disk.bytes_read(".log");
    let mut world = World::on_disk(&disk, 1, false);
    let read = disk.bytes_read(".log") - before;
    assert_eq!(read, batch(&["y"]).len() as u64, "only what came after the recovery point");
    assert_eq!(records(&mut world).len(), 101);
}

#[test]
fn a_torn_tail_is_cut_off_and_told() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, BTreeMap::new());
    world.produce(batch(&["whole"]));
    world.produce(batch(&["torn"]));
    drop(world);
    let (file, size) = disk.list().unwrap().into_iter().find(|(name, _)| name.ends_with(".log")).unwrap();
    disk.truncate(&file, size - 1).unwrap();
    let mut world = World::on_disk(&disk, 1, false);
    let events = world.engine.take_storage_events();
    assert!(events[0].file == file && events[0].message.contains("cut off"), "{events:?}");
    assert_eq!(records(&mut world), [(0, "whole".into())]);
    assert_eq!(world.produce(batch(&["next"])).base_offset, 1);
    drop(world);
    assert_eq!(records(&mut World::on_disk(&disk, 1, false)).len(), 2);
}

#[test]
fn a_full_disk_refuses_the_batch_and_keeps_the_log_whole() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, BTreeMap::new());
    world.produce(sequenced(7, 0, 0, 1));
    disk.leave_room(30);
    let refused = world.produce(sequenced(7, 0, 1, 1));
    assert_eq!((refused.error_code, refused.base_offset), (ErrorCode::KAFKA_STORAGE_ERROR, -1));
    let events = world.engine.take_storage_events();
    assert!(events[0].message.contains("cannot be written"), "{events:?}");
    disk.leave_room(u64::MAX);
    assert_eq!(world.produce(sequenced(7, 0, 1, 1)).base_offset, 1, "the sequence goes on where it was");
    drop(world);
    let mut world = World::on_disk(&disk, 1, false);
    assert_eq!(records(&mut world).len(), 2);
    assert_eq!(world.engine.take_storage_events(), [], "nothing was torn");
}

/// Two partitions, both asked for from offset 0.
fn fetch_both(max_wait_ms: i32, from: i64) -> FetchRequest {
    let mut request = fetch_request(from, max_wait_ms);
    let first = request.topics[0].partitions[0].clone();
    request.topics[0].partitions.push(FetchPartition { partition: 1, ..first });
    request
}

fn codes_and_values(response: FetchResponse) -> Vec<(ErrorCode, Vec<(i64, String)>)> {
    let partitions = response.responses.into_iter().flat_map(|topic| topic.partitions);
    partitions.map(|it| (it.error_code, values(&it.records.unwrap()))).collect()
}

fn produce_to_both(world: &mut World, value: &str) {
    for partition in 0..2 {
        let mut request = produce_request(-1, batch(&[value]));
        request.topic_data[0].partition_data[0].index = partition;
        let answer = world.ask(12, &request);
        assert_eq!(answer.responses[0].partition_responses[0].error_code, ErrorCode::NONE);
    }
}

#[test]
fn what_cannot_be_read_fails_for_its_partition_alone() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 2, 1, BTreeMap::new());
    produce_to_both(&mut world, "a");
    let good = (ErrorCode::NONE, vec![(0, "a".to_owned())]);
    let failed = (ErrorCode::KAFKA_STORAGE_ERROR, vec![]);
    disk.let_reads_fail(Some("/t/0-"));
    // The other one is the first that has records, so its batch comes whole, however little was asked for.
    let tight = FetchRequest { max_bytes: 1, ..fetch_both(0, 0) };
    for request in [fetch_both(0, 0), fetch_both(500, 0), tight] {
        let answer = world.ask(12, &request);
        let told = &answer.responses[0].partitions[0];
        assert_eq!((told.high_watermark, told.last_stable_offset, told.log_start_offset), (-1, -1, -1));
        assert_eq!(codes_and_values(answer), [failed.clone(), good.clone()]);
    }
    let events = world.engine.take_storage_events();
    assert!(events.len() == 3 && events[0].message.contains("cannot be read at 0"), "{events:?}");
    // What needs no read goes on, and the disk is asked again each time.
    assert_eq!(world.produce(batch(&["b"])).base_offset, 1);
    disk.let_reads_fail(None);
    assert_eq!(records(&mut world), [(0, "a".into()), (1, "b".into())]);
    assert_eq!(world.engine.take_storage_events(), []);
}

#[test]
fn a_waiting_fetch_and_a_session_survive_a_read_that_fails() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 2, 1, BTreeMap::new());
    let waiter = world.engine.connect(BrokerId(1)).unwrap();
    let writer = std::mem::replace(&mut world.client, waiter);
    let full = FetchRequest { session_epoch: 0, ..fetch_both(0, 0) };
    let session_id = world.ask(12, &full).session_id;
    assert_ne!(session_id, 0);
    let next = |session_epoch, max_wait_ms| FetchRequest {
        session_id,
        session_epoch,
        topics: vec![],
        ..fetch_both(max_wait_ms, 0)
    };
    world.send(12, &next(1, 500));
    assert!(world.is_silent());
    disk.let_reads_fail(Some("/t/0-"));
    world.engine.handle_frame(writer, frame(12, &produce_request(1, batch(&["a"]))), world.now);
    // Its own answer and the reader's, in either order.
    let mut told = 0;
    while let Some(output) = world.engine.poll_output() {
        let Reply::Answer { frame: Some(frame), .. } = output.reply else { panic!("{output:?}") };
        if output.connection == waiter {
            let answer = decode::<FetchRequest>(12, frame.into_bytes());
            assert_eq!(codes_and_values(answer), [(ErrorCode::KAFKA_STORAGE_ERROR, vec![])]);
            told += 1;
        }
    }
    assert_eq!(told, 1);
    // As long as it cannot be read it is told again; then its records come.
    let again = codes_and_values(world.ask(12, &next(2, 0)));
    assert_eq!(again, [(ErrorCode::KAFKA_STORAGE_ERROR, vec![])]);
    disk.let_reads_fail(None);
    assert_eq!(codes_and_values(world.ask(12, &next(3, 0))), [(ErrorCode::NONE, vec![(0, "a".into())])]);
}

#[test]
fn a_time_that_cannot_be_looked_up_is_told() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, BTreeMap::new());
    world.produce(batch(&["a"]));
    const NEWEST_TIMESTAMP: i64 = -3;
    for timestamp in [0, NEWEST_TIMESTAMP] {
        let partition = ListOffsetsPartition { timestamp, ..ListOffsetsPartition::default() };
        let topic = ListOffsetsTopic { name: "t".into(), partitions: vec![partition], ..Default::default() };
        let request = ListOffsetsRequest { topics: vec![topic], ..ListOffsetsRequest::default() };
        let mut list = || world.ask(7, &request).topics.remove(0).partitions.remove(0);
        disk.let_reads_fail(Some("/t/0-"));
        assert_eq!(list().error_code, ErrorCode::KAFKA_STORAGE_ERROR);
        disk.let_reads_fail(None);
        assert_eq!((list().error_code, list().offset), (ErrorCode::NONE, 0));
    }
}

#[test]
fn an_answer_about_what_cannot_be_written_does_not_go_out() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, BTreeMap::new());
    disk.leave_room(0);
    world.send(8, &commit(5));
    assert_eq!(world.closed(), Close::StorageFailed);
    disk.leave_room(u64::MAX);
    world.talk_to(BrokerId(1));
    assert_eq!(committed(&mut world, 6), ErrorCode::NONE);
    let world = World::on_disk(&disk, 1, false);
    assert_eq!(world.engine.coordinators.offsets.get("h", "t", 0).unwrap().offset, 6);
}

#[test]
fn after_a_sync_that_failed_nothing_is_promised() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, true);
    create(&mut world, 1, 1, BTreeMap::new());
    disk.let_syncs_fail(true);
    world.send(12, &crate::testing::produce_request(1, batch(&["a"])));
    assert_eq!(world.closed(), Close::StorageFailed);
    disk.let_syncs_fail(false);
    world.talk_to(BrokerId(1));
    world.send(12, &crate::testing::produce_request(1, batch(&["a"])));
    assert_eq!(world.closed(), Close::StorageFailed);
}

#[test]
fn a_deleted_topic_leaves_nothing_behind() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 2, 1, BTreeMap::new());
    world.produce(batch(&["a"]));
    let id = world.topic_id("t");
    world.engine.remove_topic(id);
    assert!(world.engine.poll_output().is_none());
    assert_eq!(disk.list().unwrap().len(), 1, "the journal");
    create(&mut world, 1, 1, BTreeMap::new());
    drop(world);
    assert_eq!(records(&mut World::on_disk(&disk, 1, false)), []);
}

#[test]
fn logs_without_a_journal_are_not_touched() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, BTreeMap::new());
    world.produce(batch(&["a"]));
    drop(world);
    disk.remove("cluster.journal").unwrap();
    let before = disk.list().unwrap();
    let config = World::new(1).engine.config;
    let opened = Engine::open(config, Arc::clone(&disk) as Arc<dyn Disk>, false, START);
    assert!(matches!(opened, Err(crate::engine::OpenError::NoJournal)));
    assert_eq!(disk.list().unwrap(), before);
}

#[test]
fn each_replica_has_a_log_of_its_own_and_one_out_of_sync_does_not_lead() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 2, false);
    create(&mut world, 1, 2, BTreeMap::new());
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    world.produce(batch(&["both"]));
    assert!(world.engine.stop_node(BrokerId(2), world.now));
    world.produce(batch(&["one"]));
    let logs: Vec<_> = disk.list().unwrap().into_iter().filter(|(name, _)| name.ends_with(".log")).collect();
    assert!(logs[0].0.starts_with("node-1/t/0-") && logs[1].0.starts_with("node-2/t/0-"), "{logs:?}");
    assert!(logs[0].1 > logs[1].1);
    drop(world);
    // The last in-sync replica of the disk leads, though it may not be the preferred one.
    let mut world = World::on_disk(&disk, 2, false);
    let partition = &world.engine.topics.named("t").unwrap().partitions[0];
    assert_eq!(partition.leader, BrokerId(1));
    assert_eq!(partition.isr.len(), 2, "the other one has caught up");
    assert_eq!(records(&mut world), [(0, "both".into()), (1, "one".into())]);
}

#[test]
fn retention_and_deleted_records_stay_gone() {
    let size = batch(&["a"]).len().to_string();
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, settings([("segment.bytes", &size), ("retention.ms", "10000")]));
    for value in ["a", "b", "c"] {
        world.produce(batch(&[value]));
    }
    let log = &mut world.engine.partition_mut(world.topic_id("t"), 0).unwrap().replicas[0].log;
    log.advance_start(1);
    let id = world.topic_id("t");
    world.engine.topics.note_partition(id, 0);
    world.engine.persist();
    drop(world);
    let mut world = World::on_disk(&disk, 1, false);
    assert_eq!(records(&mut world), [(1, "b".into()), (2, "c".into())]);
    world.pass(10_500);
    world.engine.handle_timeout(world.now);
    assert_eq!(world.fetch(3).log_start_offset, 3, "all was too old");
    assert!(world.engine.poll_output().is_none());
    drop(world);
    let mut world = World::on_disk(&disk, 1, false);
    assert_eq!(records(&mut world), []);
    assert_eq!(world.produce(batch(&["d"])).base_offset, 3);
}

/// Someone who writes records of last year must be able to read them back.
#[test]
fn old_records_live_until_the_logs_are_looked_at() {
    let disk = disk();
    let mut world = World::on_disk(&disk, 1, false);
    create(&mut world, 1, 1, settings([("retention.ms", "10000")]));
    world.fetch(0);
    world.pass(60_000);
    world.fetch(0);
    assert_eq!(world.produce(batch(&["old"])).base_offset, 0);
    assert_eq!(records(&mut world), [(0, "old".into())]);
    world.pass(1000);
    world.engine.handle_timeout(world.now);
    assert_eq!(records(&mut world), []);
}

fn producer_id(world: &mut World) -> ProducerId {
    let request = InitProducerIdRequest {
        transactional_id: None,
        transaction_timeout_ms: 1000,
        producer_id: ProducerId::NONE,
        producer_epoch: ProducerEpoch::NONE,
        ..InitProducerIdRequest::default()
    };
    world.ask(4, &request).producer_id
}

fn commit(offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition { committed_offset: offset, ..Default::default() };
    let topic =
        OffsetCommitRequestTopic { name: "t".into(), partitions: vec![partition], ..Default::default() };
    OffsetCommitRequest {
        group_id: "h".into(),
        generation_id_or_member_epoch: -1,
        topics: vec![topic],
        ..OffsetCommitRequest::default()
    }
}

fn committed(world: &mut World, offset: i64) -> ErrorCode {
    world.engine.ensure_coordinators(CoordinatorType::Group);
    let index = crate::coordinator::partition("h", 50);
    world.engine.move_leader(CoordinatorType::Group.topic(), index, BrokerId(1), world.now);
    world.ask(8, &commit(offset)).topics[0].partitions[0].error_code
}

/// The power goes at a random moment of a random history, again and again. What was answered stays.
fn lose_power_again_and_again(seed: u64) {
    let mut random = Random::new(seed);
    let mut draw = move |below: u64| random.next() % below;
    let disk = Arc::new(SimulatedDisk::new(seed));
    let mut world = World::on_disk(&disk, 2, true);
    let segment = (200 + draw(2000)).to_string();
    create(&mut world, 1, 2, settings([("segment.bytes", &segment), ("retention.ms", "-1")]));
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    let (mut acknowledged, mut offset, mut sequence) = (Vec::new(), -1, 0);
    for round in 0..4 {
        for step in 0..draw(12) {
            match draw(6) {
                0 => {
                    let wanted = i64::try_from(acknowledged.len()).unwrap();
                    assert_eq!(committed(&mut world, wanted), ErrorCode::NONE);
                    offset = wanted;
                }
                1 => {
                    let name = format!("other-{round}-{step}");
                    drop(world.engine.create_topic(&name, 1, -1, BTreeMap::new()));
                    world.engine.poll_output();
                }
                2 => {
                    let counts = [1, 2, 7, 30];
                    let count = counts[usize::try_from(draw(4)).unwrap()];
                    let answer = world.produce(sequenced(7, 0, sequence, count));
                    assert_eq!(answer.error_code, ErrorCode::NONE, "seed {seed}");
                    assert_eq!(answer.base_offset, i64::try_from(acknowledged.len()).unwrap(), "seed {seed}");
                    sequence += i32::try_from(count).unwrap();
                    acknowledged.extend(std::iter::repeat_n("v".to_owned(), count));
                }
                3 if draw(4) == 0 => drop(world.engine.shut_down()),
                _ => {
                    let value = format!("{round}-{step}");
                    assert_eq!(world.produce(batch(&[&value])).error_code, ErrorCode::NONE, "seed {seed}");
                    acknowledged.push(value);
                }
            }
        }
        // One more, whose answer does not come out any more.
        world.engine.handle_frame(
            world.client,
            crate::testing::frame(12, &crate::testing::produce_request(-1, batch(&["unanswered"]))),
            world.now,
        );
        drop(world);
        disk.lose_power();
        world = World::on_disk(&disk, 2, true);
        assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
        let found = records(&mut world);
        let (known, more) = found.split_at_checked(acknowledged.len()).unwrap_or_else(|| {
            panic!("seed {seed}: {} of {} records are left", found.len(), acknowledged.len())
        });
        for (wanted, (at, (found_at, value))) in acknowledged.iter().zip((0..).zip(known)) {
            assert_eq!((wanted, at), (value, *found_at), "seed {seed}");
        }
        assert!(more.iter().all(|(_, value)| value == "unanswered"), "seed {seed}: {more:?}");
        acknowledged.extend(more.iter().map(|(_, value)| value.clone()));
        let kept = world.engine.coordinators.offsets.get("h", "t", 0).map_or(-1, |kept| kept.offset);
        assert_eq!(kept, offset, "seed {seed}");
        for replica in &world.engine.topics.named("t").unwrap().partitions[0].replicas {
            assert_eq!(replica.log.end_offset(), i64::try_from(found.len()).unwrap(), "seed {seed}");
        }
    }
}

#[test]
fn with_fsync_the_loss_of_power_loses_nothing() {
    let seeds = if std::env::var_os("OTTLA_PROOF").is_some() { 20_000 } else { 300 };
    (0..seeds).for_each(lose_power_again_and_again);
}

#[test]
fn what_compaction_left_is_what_a_restart_finds() {
    for in_order in [false, true] {
        let disk = disk();
        let mut world = World::on_disk(&disk, 1, false);
        let of =
            [("cleanup.policy", "compact"), ("segment.bytes", "300"), ("min.cleanable.dirty.ratio", "0")];
        create(&mut world, 1, 1, settings(of));
        for number in 0..40 {
            let (key, value) = (format!("key-{}", number % 3), number.to_string());
            let records = [(START.as_millis(), Some(key.as_str()), value.as_str())];
            world.produce(batch_of(Stamp::NONE, Codec::None, &records));
        }
        world.pass(1000);
        world.engine.handle_timeout(world.now);
        let left = records(&mut world);
        assert!(left.len() < 10, "{left:?}");
        assert!((37..40).all(|number: i64| left.contains(&(number, number.to_string()))), "{left:?}");
        if in_order {
            assert!(world.engine.shut_down());
        }
        drop(world);
        let mut world = World::on_disk(&disk, 1, false);
        assert_eq!(records(&mut world), left);
        assert_eq!(world.engine.take_storage_events(), []);
        assert_eq!(world.produce(batch_of(Stamp::NONE, Codec::None, &[(0, Some("k"), "v")])).base_offset, 40);
    }
}
