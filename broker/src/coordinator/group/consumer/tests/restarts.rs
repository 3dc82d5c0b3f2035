//! Consumer groups over the end of the process that coordinates them.

use std::sync::Arc;

use super::*;
use crate::storage::Disk;
use crate::storage::simulated::SimulatedDisk;

pub(in super::super::super) fn cluster() -> (Clients, Arc<SimulatedDisk>) {
    let disk = Arc::new(SimulatedDisk::new(1));
    let mut clients = Clients::on_disk(&disk);
    clients.world.engine.create_topic("six", 6, 1, [].into()).unwrap();
    clients.connect();
    assert!(clients.world.is_silent());
    (clients, disk)
}

/// Restarts, and lets the members connect again.
pub(in super::super::super) fn restart(
    clients: &mut Clients,
    disk: &Arc<SimulatedDisk>,
    members: &mut [&mut Member],
) {
    clients.restart(disk);
    for member in members {
        member.client = clients.connect();
    }
}

fn commit(clients: &mut Clients, member: &Member, epoch: i32, offset: i64) -> ErrorCode {
    clients.commit((member.client, 9), "six", offset, (&member.id, epoch))
}

fn committed(clients: &mut Clients) -> i64 {
    clients.world.engine.coordinators.offsets.get("g", "six", 0).unwrap().offset
}

pub(in super::super::super) fn journal_size(disk: &SimulatedDisk) -> u64 {
    disk.list().unwrap().into_iter().find(|(name, _)| name == "cluster.journal").unwrap().1
}

#[test]
fn members_epochs_assignments_and_offsets_are_there_again() {
    let (mut clients, disk) = cluster();
    let (mut one, mut two) = pair(&mut clients);
    assert_eq!(commit(&mut clients, &one, one.epoch, 7), ErrorCode::NONE);
    let before = described(&mut clients);
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    assert_eq!(described(&mut clients), before);
    assert_eq!(committed(&mut clients), 7);
    // Nobody joins anew: who goes on as before is told nothing.
    for member in [&mut one, &mut two] {
        let (request, epoch) = (member.short(), member.epoch);
        let answer = member.send(&mut clients, &request);
        assert_eq!(
            (answer.error_code, answer.member_epoch, answer.assignment),
            (ErrorCode::NONE, epoch, None)
        );
    }
    assert_eq!(described(&mut clients), before);
    assert_eq!(commit(&mut clients, &one, one.epoch, 8), ErrorCode::NONE);
    assert_eq!(commit(&mut clients, &one, one.epoch - 1, 9), ErrorCode::STALE_MEMBER_EPOCH);
    assert_eq!(committed(&mut clients), 8);
    // The next epoch follows on the last one.
    let leave = ConsumerGroupHeartbeatRequest { member_epoch: -1, ..two.short() };
    two.send(&mut clients, &leave);
    one.beat(&mut clients);
    assert_eq!((one.epoch, one.owned.len()), (before.group_epoch + 1, 6));
    // Who has left stays away.
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    two.epoch = before.group_epoch;
    assert_eq!(two.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(described(&mut clients).members.len(), 1);
}

/// Restarts after every heartbeat of a rebalance, which ends as without.
#[test]
fn a_rebalance_goes_on_where_it_was() {
    let (mut clients, disk) = cluster();
    let (mut one, mut two) = (Member::new(&mut clients, "one"), Member::new(&mut clients, "two"));
    one.beat(&mut clients);
    two.beat(&mut clients);
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    assert_eq!(state(&mut clients), "Reconciling");
    let held = one.owned.clone();
    let request = one.short();
    one.send(&mut clients, &request);
    assert_eq!((one.epoch, one.owned.len()), (1, 3));
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    // It still has to say that it has given up three, and until then nobody else gets them.
    let mut slow = Member { owned: held, ..one.clone() };
    slow.beat(&mut clients);
    two.beat(&mut clients);
    assert_eq!((slow.epoch, two.owned.len()), (1, 0));
    one.beat(&mut clients);
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    two.beat(&mut clients);
    assert_eq!((one.epoch, two.epoch, two.owned.len()), (2, 2, 3));
    assert!(one.owned.is_disjoint(&two.owned));
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    assert_eq!(state(&mut clients), "Stable");
}

#[test]
fn who_does_not_come_back_is_out_a_session_later() {
    let (mut clients, disk) = cluster();
    let (mut one, mut two) = pair(&mut clients);
    clients.pass(SESSION_MS - 1);
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    clients.pass(SESSION_MS - 1);
    assert_eq!(one.beat(&mut clients), ErrorCode::NONE);
    clients.pass(1);
    assert_eq!(two.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
    one.beat(&mut clients);
    assert_eq!(one.owned.len(), 6);
}

#[test]
fn who_does_not_give_up_in_time_is_out_after_a_restart_too() {
    let (mut clients, disk) = cluster();
    let (mut one, mut two) = (Member::new(&mut clients, "one"), Member::new(&mut clients, "two"));
    one.beat(&mut clients);
    two.beat(&mut clients);
    let request = one.short();
    assert_eq!(clients.ask(one.client, 1, &request).error_code, ErrorCode::NONE);
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    clients.pass(REBALANCE_MS - 1);
    assert_eq!(one.clone().beat(&mut clients), ErrorCode::NONE);
    clients.pass(1);
    assert_eq!(one.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn what_members_said_of_themselves_is_known_again() {
    let (mut clients, disk) = cluster();
    let mut one = Member { instance: Some("i"), ..Member::new(&mut clients, "one") };
    let mut two = Member::new(&mut clients, "two");
    let request = ConsumerGroupHeartbeatRequest {
        subscribed_topic_names: None,
        subscribed_topic_regex: Some("si.|new".into()),
        server_assignor: Some("range".into()),
        rack_id: Some("r".into()),
        ..two.full()
    };
    for _ in 0..3 {
        one.beat(&mut clients);
        two.send(&mut clients, &ConsumerGroupHeartbeatRequest { member_epoch: two.epoch, ..request.clone() });
        let request = two.short();
        two.send(&mut clients, &request);
    }
    let leave = ConsumerGroupHeartbeatRequest { member_epoch: -2, ..one.short() };
    assert_eq!(clients.ask(one.client, 1, &leave).member_epoch, -2);
    let before = described(&mut clients);
    assert_eq!(before.assignor_name, "range");
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    assert_eq!(described(&mut clients), before);
    // The static member comes back to its partitions, and the other one's pattern still finds topics.
    let mut back = Member { instance: Some("i"), ..Member::new(&mut clients, "back") };
    assert_eq!(back.beat(&mut clients), ErrorCode::NONE);
    assert_eq!(back.owned, one.owned);
    restart(&mut clients, &disk, &mut [&mut one, &mut back, &mut two]);
    assert_eq!(one.beat(&mut clients), ErrorCode::FENCED_INSTANCE_ID);
    clients.world.engine.create_topic("new", 2, 1, [].into()).unwrap();
    let held = two.owned.len();
    let request = two.short();
    two.send(&mut clients, &request);
    assert_eq!(two.owned.len(), held + 2);
}

#[test]
fn a_heartbeat_that_says_nothing_new_writes_nothing_and_a_new_journal_has_everything() {
    let (mut clients, disk) = cluster();
    let (mut one, mut two) = pair(&mut clients);
    let size = journal_size(&disk);
    let request = one.short();
    one.send(&mut clients, &request);
    assert_eq!(journal_size(&disk), size);
    let before = described(&mut clients);
    // So many that the journal is written anew.
    for offset in 0..1200 {
        assert_eq!(commit(&mut clients, &one, one.epoch, offset), ErrorCode::NONE);
    }
    assert!(journal_size(&disk) < 1200 * 50, "it was not written anew");
    restart(&mut clients, &disk, &mut [&mut one, &mut two]);
    assert_eq!(described(&mut clients), before);
    assert_eq!(committed(&mut clients), 1199);
}
