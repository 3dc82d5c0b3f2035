//! Transactions over the end of the process that coordinates them.

use std::sync::Arc;

use super::*;
use crate::storage::simulated::SimulatedDisk;

fn with_topic(nodes: i32) -> (World, Arc<SimulatedDisk>) {
    let disk = Arc::new(SimulatedDisk::new(1));
    let mut world = World::on_disk(&disk, nodes, false);
    world.engine.create_topic("t", 1, 1, [].into()).unwrap();
    assert!(world.is_silent());
    (world, disk)
}

fn aborted_at_zero(producer: Producer) -> Vec<(i64, i64)> {
    vec![(producer.id.0, 0)]
}

#[test]
fn an_ongoing_transaction_goes_on_and_a_committed_one_stays() {
    for in_order in [false, true] {
        let (mut world, disk) = with_topic(1);
        let mut producer = init(&mut world, None).unwrap();
        producer.add(&mut world, 3);
        assert_eq!(producer.write(&mut world, 11, "a"), ErrorCode::NONE);
        if in_order {
            assert!(world.engine.shut_down());
        }
        world.restart(&disk, 1);
        assert_eq!(state(&mut world), "Ongoing");
        assert_eq!(committed(&mut world), (vec![], vec![], 0), "it is still undecided");
        // It knows the partition, the producer and its sequence.
        assert_eq!(producer.write(&mut world, 11, "b"), ErrorCode::NONE);
        assert_eq!(producer.end(&mut world, true), ErrorCode::NONE);
        assert_eq!(committed(&mut world), (vec!["a".into(), "b".into()], vec![], 3));
        if in_order {
            assert!(world.engine.shut_down());
        }
        world.restart(&disk, 1);
        assert_eq!(state(&mut world), "CompleteCommit");
        assert_eq!(committed(&mut world), (vec!["a".into(), "b".into()], vec![], 3));
        assert_eq!(producer.end(&mut world, true), ErrorCode::NONE, "the answer was lost");
        assert_eq!(producer.end(&mut world, false), ErrorCode::INVALID_TXN_STATE);
        assert_eq!(init(&mut world, None).unwrap().epoch(), (producer.id.0, producer.epoch.0 + 1));
        assert_eq!(producer.write(&mut world, 11, "late"), ErrorCode::INVALID_PRODUCER_EPOCH);
    }
}

#[test]
fn in_the_second_version_the_next_epoch_is_known_again() {
    let (mut world, disk) = with_topic(1);
    let mut producer = Producer { second: true, ..init(&mut world, None).unwrap() };
    assert_eq!(producer.write(&mut world, 13, "a"), ErrorCode::NONE);
    let before = producer;
    assert_eq!(producer.end(&mut world, false), ErrorCode::NONE);
    world.restart(&disk, 1);
    assert_eq!(state(&mut world), "CompleteAbort");
    assert_eq!(committed(&mut world), (vec!["a".into()], aborted_at_zero(producer), 2));
    let again = before.ended(&mut world, 5, false);
    assert_eq!((again.error_code, again.producer_epoch), (ErrorCode::NONE, producer.epoch));
    let mut late = before;
    assert_eq!(late.write(&mut world, 13, "late"), ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!(producer.write(&mut world, 13, "b"), ErrorCode::NONE);
    assert_eq!(producer.end(&mut world, true), ErrorCode::NONE);
}

#[test]
fn a_time_out_begins_with_the_transaction_and_not_with_the_restart() {
    let (mut world, disk) = with_topic(1);
    let mut producer = init(&mut world, None).unwrap();
    producer.add(&mut world, 3);
    producer.write(&mut world, 11, "a");
    world.pass(40_000);
    world.restart(&disk, 1);
    times_out_after(&mut world, 20_000);
    world.restart(&disk, 1);
    assert_eq!(producer.end(&mut world, true), ErrorCode::PRODUCER_FENCED);
    assert_eq!(committed(&mut world), (vec!["a".into()], aborted_at_zero(producer), 2));
}

/// Decided, and a partition that has no leader does not know it yet.
#[test]
fn what_was_decided_is_carried_out() {
    for commit in [true, false] {
        let (mut world, disk) = with_topic(2);
        let leader = world.engine.topics.named("t").unwrap().partitions[0].leader;
        let to_coordinator = |world: &mut World| {
            world.engine.ensure_coordinators(CoordinatorType::Transaction);
            world.talk_to(world.engine.coordinator(CoordinatorType::Transaction, "x").unwrap());
        };
        to_coordinator(&mut world);
        let mut producer = init(&mut world, None).unwrap();
        producer.add(&mut world, 3);
        world.talk_to(leader);
        assert_eq!(producer.write(&mut world, 11, "a"), ErrorCode::NONE);
        assert!(world.engine.stop_node(leader, world.now));
        while !world.is_silent() {}
        to_coordinator(&mut world);
        assert_eq!(producer.end(&mut world, commit), ErrorCode::NONE);
        let prepared = if commit { "PrepareCommit" } else { "PrepareAbort" };
        assert_eq!(state(&mut world), prepared);
        // Both nodes begin anew, and with them the writing of markers.
        world.restart(&disk, 2);
        to_coordinator(&mut world);
        let complete = if commit { "CompleteCommit" } else { "CompleteAbort" };
        assert_eq!(state(&mut world), complete);
        world.talk_to(leader);
        let aborted = if commit { vec![] } else { aborted_at_zero(producer) };
        assert_eq!(committed(&mut world), (vec!["a".into()], aborted, 2));
    }
}

#[test]
fn offsets_of_a_running_transaction_wait_for_its_end() {
    for commit in [true, false] {
        let (mut world, disk) = with_topic(1);
        let mut producer = init(&mut world, None).unwrap();
        assert_eq!(producer.add_offsets(&mut world, "g"), ErrorCode::NONE);
        assert_eq!(producer.commit(&mut world, 3, 5), ErrorCode::NONE);
        world.restart(&disk, 1);
        assert_eq!(offset(&mut world), (-1, ErrorCode::UNSTABLE_OFFSET_COMMIT));
        assert_eq!(producer.end(&mut world, commit), ErrorCode::NONE);
        let counts = (if commit { 5 } else { -1 }, ErrorCode::NONE);
        assert_eq!(offset(&mut world), counts);
        world.restart(&disk, 1);
        assert_eq!(offset(&mut world), counts);
    }
}
