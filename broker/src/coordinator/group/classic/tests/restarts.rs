//! Classic groups over the end of the process that coordinates them.

use std::sync::Arc;

use ottla_proto::messages::describe_groups::{DescribeGroupsRequest, DescribedGroup};

use super::super::super::consumer::tests::restarts::{cluster, journal_size};
use super::*;
use crate::storage::simulated::SimulatedDisk;

/// Restarts, and lets the members connect again.
fn restart(clients: &mut Clients, disk: &Arc<SimulatedDisk>, members: &mut [&mut Member]) {
    clients.restart(disk);
    for member in members {
        member.client = clients.connect();
    }
}

fn described(clients: &mut Clients) -> DescribedGroup {
    let client = clients.connect();
    let request = DescribeGroupsRequest { groups: vec!["g".into()], ..DescribeGroupsRequest::default() };
    clients.ask(client, 6, &request).groups.remove(0)
}

fn commit(clients: &mut Clients, member: &Member, generation: i32) -> ErrorCode {
    clients.commit((member.client, 8), "six", 7, (&member.id, generation))
}

#[test]
fn members_generation_and_assignments_are_there_again() {
    let (mut clients, disk) = cluster();
    let (mut leader, mut other) = pair(&mut clients);
    let before = described(&mut clients);
    assert_eq!((&*before.group_state, before.members.len()), ("Stable", 2));
    restart(&mut clients, &disk, &mut [&mut leader, &mut other]);
    assert_eq!(described(&mut clients), before);
    // They go on with heartbeats and commits, and none of them joins.
    for member in [&leader, &other] {
        assert_eq!(member.beat(&mut clients, 1), ErrorCode::NONE);
        assert_eq!(commit(&mut clients, member, 1), ErrorCode::NONE);
        assert_eq!(commit(&mut clients, member, 2), ErrorCode::ILLEGAL_GENERATION);
    }
    other.send_sync(&mut clients, 1, &[]);
    assert_eq!(other.synced(&mut clients).assignment, "for the other");
    // The next generation follows on the last one, with the same leader.
    other.protocols[0].1 = "likes pears";
    other.send_join(&mut clients);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::REBALANCE_IN_PROGRESS);
    leader.send_join(&mut clients);
    assert_eq!((leader.joined(&mut clients).members.len(), other.joined(&mut clients).generation_id), (2, 2));
}

#[test]
fn who_does_not_come_back_is_out_a_session_later() {
    let (mut clients, disk) = cluster();
    let (mut leader, mut other) = pair(&mut clients);
    clients.pass(SESSION_MS - 1);
    restart(&mut clients, &disk, &mut [&mut leader, &mut other]);
    clients.pass(SESSION_MS - 1);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::NONE);
    clients.pass(1);
    assert_eq!(other.beat(&mut clients, 1), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::REBALANCE_IN_PROGRESS);
}

#[test]
fn a_rebalance_under_way_is_forgotten() {
    let (mut clients, disk) = cluster();
    let (mut leader, mut other) = pair(&mut clients);
    let mut third = Member::new(&mut clients);
    third.join(&mut clients);
    leader.send_join(&mut clients);
    assert_eq!(state(&clients), "PreparingRebalance");
    restart(&mut clients, &disk, &mut [&mut leader, &mut other, &mut third]);
    assert_eq!(state(&clients), "Stable");
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::NONE);
    third.send_join(&mut clients);
    assert_eq!(third.joined(&mut clients).error_code, ErrorCode::UNKNOWN_MEMBER_ID);
    // All have joined, and the leader's assignments never came.
    third.id.clear();
    for member in [&mut third, &mut leader, &mut other] {
        member.join(&mut clients);
    }
    for member in [&mut third, &mut leader, &mut other] {
        assert_eq!(member.joined(&mut clients).generation_id, 2);
    }
    other.send_sync(&mut clients, 2, &[]);
    restart(&mut clients, &disk, &mut [&mut leader, &mut other, &mut third]);
    leader.send_sync(&mut clients, 2, &[(&leader, "all")]);
    assert_eq!(leader.synced(&mut clients).error_code, ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(third.beat(&mut clients, 2), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(other.beat(&mut clients, 1), ErrorCode::NONE);
    assert_eq!(described(&mut clients).members.len(), 2);
}

/// Another node coordinates the group from now on.
fn moves(clients: &mut Clients) {
    let now = clients.world.now;
    let (groups, mut turn) = clients.world.engine.coordinators.groups(now);
    groups.moved(&mut turn, "g");
    clients.world.engine.handle_timeout(now);
    clients.pass(0);
}

#[test]
fn another_coordinator_knows_what_was_agreed_on_last() {
    let (mut clients, _disk) = cluster();
    let (mut leader, mut other) = pair(&mut clients);
    let mut third = Member::new(&mut clients);
    third.join(&mut clients);
    leader.send_join(&mut clients);
    assert_eq!(state(&clients), "PreparingRebalance");
    // What was handed out last is told all the same, and of what the members say nothing.
    let told =
        described(&mut clients).members.into_iter().map(|it| (it.member_assignment, it.member_metadata));
    let told: std::collections::BTreeSet<_> = told.collect();
    let told: Vec<_> = told.iter().map(|(assigned, said)| (&assigned[..], said.len())).collect();
    assert_eq!(told, [(&b""[..], 0), (b"for the leader", 0), (b"for the other", 0)]);
    moves(&mut clients);
    for member in [&mut third, &mut leader] {
        assert_eq!(member.joined(&mut clients).error_code, ErrorCode::NOT_COORDINATOR);
    }
    assert_eq!((state(&clients), described(&mut clients).members.len()), ("Stable", 2));
    third.send_join(&mut clients);
    assert_eq!(third.joined(&mut clients).error_code, ErrorCode::UNKNOWN_MEMBER_ID);
    // Who had joined goes on in the generation before, with its whole session.
    clients.pass(SESSION_MS - 1);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::NONE);
    assert_eq!(other.beat(&mut clients, 1), ErrorCode::NONE);
    third.id.clear();
    for member in [&mut third, &mut leader, &mut other] {
        member.join(&mut clients);
    }
    for member in [&mut third, &mut leader, &mut other] {
        assert_eq!(member.joined(&mut clients).generation_id, 2);
    }
    other.send_sync(&mut clients, 2, &[]);
    moves(&mut clients);
    assert_eq!(other.synced(&mut clients).error_code, ErrorCode::NOT_COORDINATOR);
    assert_eq!(leader.beat(&mut clients, 2), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(third.beat(&mut clients, 2), ErrorCode::UNKNOWN_MEMBER_ID);
    clients.pass(SESSION_MS);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::UNKNOWN_MEMBER_ID);
    clients.pass(REBALANCE_MS);
    assert_eq!((state(&clients), clients.world.engine.poll_timeout()), ("Empty", None));
}

#[test]
fn static_members_keep_their_places_and_their_new_ids() {
    let (mut clients, disk) = cluster();
    let (mut one, mut two) = (Member::named(&mut clients, "one"), Member::named(&mut clients, "two"));
    settle(&mut clients, &mut one, &mut two);
    let mut back = Member { client: clients.connect(), id: String::new(), ..one.clone() };
    back.send_join(&mut clients);
    assert_eq!(back.joined(&mut clients).error_code, ErrorCode::NONE);
    restart(&mut clients, &disk, &mut [&mut one, &mut two, &mut back]);
    assert_eq!(one.beat(&mut clients, 1), ErrorCode::FENCED_INSTANCE_ID);
    assert_eq!(back.beat(&mut clients, 1), ErrorCode::NONE);
    let mut again = Member { client: clients.connect(), id: String::new(), ..two.clone() };
    again.send_join(&mut clients);
    assert_eq!(again.joined(&mut clients).generation_id, 1);
    assert_eq!(state(&clients), "Stable");
}

#[test]
fn an_empty_group_goes_on_counting_generations() {
    let (mut clients, disk) = cluster();
    let (mut leader, other) = pair(&mut clients);
    other.leave(&mut clients);
    leader.leave(&mut clients);
    assert_eq!(state(&clients), "Empty");
    restart(&mut clients, &disk, &mut [&mut leader]);
    assert_eq!(state(&clients), "Empty");
    assert_eq!(clients.world.engine.poll_timeout(), None);
    leader.id.clear();
    leader.join(&mut clients);
    clients.pass(INITIAL_MS);
    assert_eq!(leader.joined(&mut clients).generation_id, 3);
}

#[test]
fn only_an_agreement_is_written() {
    let (mut clients, disk) = cluster();
    let (mut leader, mut other) = pair(&mut clients);
    let size = journal_size(&disk);
    leader.beat(&mut clients, 1);
    let mut third = Member::new(&mut clients);
    third.join(&mut clients);
    for member in [&mut leader, &mut other] {
        member.send_join(&mut clients);
    }
    assert_eq!((state(&clients), journal_size(&disk)), ("CompletingRebalance", size));
    leader.joined(&mut clients);
    leader.send_sync(&mut clients, 2, &[]);
    assert!(journal_size(&disk) > size);
}
