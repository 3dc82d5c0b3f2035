//! Groups whose members speak both protocols, and groups that change theirs.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ottla_proto::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use ottla_proto::messages::consumer_protocol::{
    AssignmentTopicPartition, ConsumerProtocolAssignment, ConsumerProtocolSubscription,
    SubscriptionTopicPartition,
};
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use ottla_proto::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse};
use ottla_proto::wire::{Message, Writer};
use ottla_proto::{ErrorCode, TopicId};

use super::consumer::tests::{Member as Modern, cluster, described, restarts, state};
use super::{Group, MigrationPolicy, embedded};
use crate::coordinator::testing::{Clients, REBALANCE_MS, SESSION_MS, join_request};
use crate::engine::ConnectionId;

const INITIAL_MS: u64 = 50;
const TOPIC: &str = "six";

/// A consumer of the classic protocol that does what it is told at once, unless a test says otherwise.
#[derive(Clone, Debug)]
struct Classic {
    client: ConnectionId,
    id: String,
    instance: Option<&'static str>,
    generation: i32,
    owned: BTreeSet<(TopicId, i32)>,
    /// It gives up everything before it joins.
    eager: bool,
}

impl Classic {
    fn new(clients: &mut Clients) -> Self {
        let client = clients.connect();
        let owned = BTreeSet::new();
        Self { client, id: String::new(), instance: None, generation: 0, owned, eager: true }
    }

    fn cooperative(clients: &mut Clients) -> Self {
        Self { eager: false, ..Self::new(clients) }
    }

    fn named(clients: &mut Clients, instance: &'static str) -> Self {
        Self { instance: Some(instance), ..Self::new(clients) }
    }

    fn request(&self) -> JoinGroupRequest {
        let partitions: Vec<i32> = self.owned.iter().map(|(_, index)| *index).collect();
        let owned_partitions = vec![SubscriptionTopicPartition { topic: TOPIC.into(), partitions }];
        let subscription = ConsumerProtocolSubscription {
            topics: vec![TOPIC.into()],
            owned_partitions,
            ..ConsumerProtocolSubscription::default()
        };
        let protocol = JoinGroupRequestProtocol {
            name: "sticky".into(),
            metadata: bytes(1, &subscription),
            ..JoinGroupRequestProtocol::default()
        };
        join_request((&self.id, self.instance), "consumer", vec![protocol])
    }

    /// Gets an id if it has none, and joins.
    fn send_join(&mut self, clients: &mut Clients) {
        if self.eager {
            self.owned.clear();
        }
        if self.id.is_empty() && self.instance.is_none() {
            let refused = clients.ask(self.client, 9, &self.request());
            assert_eq!(refused.error_code, ErrorCode::MEMBER_ID_REQUIRED);
            self.id = refused.member_id.to_string();
        }
        clients.send(self.client, 9, &self.request());
    }

    fn joined(&mut self, clients: &mut Clients) -> JoinGroupResponse {
        let joined = clients.answer::<JoinGroupRequest>(self.client, 9).expect("an answer to JoinGroup");
        if joined.error_code == ErrorCode::NONE {
            self.id = joined.member_id.to_string();
            self.generation = joined.generation_id;
        }
        joined
    }

    fn send_sync(&self, clients: &mut Clients, assignments: &[(&Classic, &[i32])]) {
        let assignment = |(member, partitions): &(&Classic, &[i32])| SyncGroupRequestAssignment {
            member_id: member.id.as_str().into(),
            assignment: assigned(partitions, None),
            ..SyncGroupRequestAssignment::default()
        };
        let request = SyncGroupRequest {
            group_id: "g".into(),
            generation_id: self.generation,
            member_id: self.id.as_str().into(),
            group_instance_id: self.instance.map(Into::into),
            protocol_type: Some("consumer".into()),
            protocol_name: Some("sticky".into()),
            assignments: assignments.iter().map(assignment).collect(),
            ..SyncGroupRequest::default()
        };
        clients.send(self.client, 5, &request);
    }

    fn synced(&mut self, clients: &mut Clients) -> SyncGroupResponse {
        let synced = clients.answer::<SyncGroupRequest>(self.client, 5).expect("an answer to SyncGroup");
        if synced.error_code == ErrorCode::NONE {
            let given = embedded::partitions(&synced.assignment, &clients.world.engine.topics).unwrap();
            self.owned = given
                .into_iter()
                .flat_map(|(id, all)| all.into_iter().map(move |index| (id, index)))
                .collect();
        }
        synced
    }

    fn beat(&self, clients: &mut Clients) -> ErrorCode {
        let request = HeartbeatRequest {
            group_id: "g".into(),
            generation_id: self.generation,
            member_id: self.id.as_str().into(),
            group_instance_id: self.instance.map(Into::into),
            ..HeartbeatRequest::default()
        };
        clients.ask(self.client, 4, &request).error_code
    }

    /// Joins and asks for its partitions in a group in which nobody waits for anybody.
    fn step(&mut self, clients: &mut Clients) {
        self.send_join(clients);
        assert_eq!(self.joined(clients).error_code, ErrorCode::NONE);
        self.send_sync(clients, &[]);
        assert_eq!(self.synced(clients).error_code, ErrorCode::NONE);
    }

    /// A heartbeat, and what follows from it.
    fn live(&mut self, clients: &mut Clients) {
        match self.beat(clients) {
            ErrorCode::NONE => {}
            ErrorCode::REBALANCE_IN_PROGRESS => self.step(clients),
            other => panic!("{other}"),
        }
    }

    fn commit(&self, clients: &mut Clients, generation: i32) -> ErrorCode {
        clients.commit((self.client, 5), TOPIC, 7, (&self.id, generation))
    }
}

fn bytes(version: i16, message: &impl Message) -> Bytes {
    let mut writer = Writer::new();
    writer.i16(version);
    message.write(&mut writer, version).unwrap();
    writer.finish().into_bytes()
}

fn assigned(partitions: &[i32], user_data: Option<&'static str>) -> Bytes {
    let partitions = vec![AssignmentTopicPartition { topic: TOPIC.into(), partitions: partitions.to_vec() }];
    let user_data = user_data.map(|data| Bytes::from_static(data.as_bytes()));
    bytes(1, &ConsumerProtocolAssignment { assigned_partitions: partitions, user_data })
}

/// Two members of a classic group at rest, with three partitions each.
fn classic_pair(clients: &mut Clients, new: fn(&mut Clients) -> Classic) -> [Classic; 2] {
    let mut members = [new(clients), new(clients)];
    members.iter_mut().for_each(|member| member.send_join(clients));
    clients.pass(INITIAL_MS * 2);
    let leader = members.each_mut().map(|member| member.joined(clients).leader)[0].clone();
    members.sort_by_key(|member| *member.id != *leader);
    let [one, two] = &members;
    one.send_sync(clients, &[(one, &[0, 1, 2]), (two, &[3, 4, 5])]);
    two.send_sync(clients, &[]);
    members.iter_mut().for_each(|member| assert_eq!(member.synced(clients).error_code, ErrorCode::NONE));
    assert_eq!(kind(clients), ("classic", "Stable"));
    members
}

fn kind(clients: &Clients) -> (&'static str, &'static str) {
    let group = clients.world.engine.coordinators.groups.get("g").unwrap();
    (group.type_name(), group.state_name())
}

fn leave(clients: &mut Clients, members: &[(&str, Option<&'static str>)]) -> Vec<ErrorCode> {
    let client = clients.connect();
    let member = |(id, instance): &(&str, Option<&'static str>)| MemberIdentity {
        member_id: (*id).into(),
        group_instance_id: instance.map(Into::into),
        ..MemberIdentity::default()
    };
    let members = members.iter().map(member).collect();
    let request = LeaveGroupRequest { group_id: "g".into(), members, ..LeaveGroupRequest::default() };
    clients.ask(client, 5, &request).members.iter().map(|member| member.error_code).collect()
}

/// Lets everybody go on until nothing changes, and sees to it that no partition has two owners on the way.
fn rest(clients: &mut Clients, classic: &mut [&mut Classic], modern: &mut [&mut Modern]) {
    for _ in 0..8 {
        for index in 0..classic.len() {
            classic[index].live(clients);
            alone(classic, modern);
        }
        for index in 0..modern.len() {
            assert_eq!(modern[index].beat(clients), ErrorCode::NONE);
            alone(classic, modern);
        }
    }
    assert_eq!(state(clients), "Stable");
}

fn alone(classic: &[&mut Classic], modern: &[&mut Modern]) {
    let owned = classic.iter().flat_map(|member| &member.owned);
    let owned: Vec<_> = owned.chain(modern.iter().flat_map(|member| &member.owned)).collect();
    let once: BTreeSet<_> = owned.iter().copied().collect();
    assert_eq!(once.len(), owned.len(), "a partition has two owners");
}

#[test]
fn a_classic_group_becomes_a_consumer_group_with_its_first_member_of_that_kind() {
    for new in [Classic::new, Classic::cooperative] {
        let mut clients = cluster();
        let [mut one, mut two] = classic_pair(&mut clients, new);
        let mut modern = Modern::new(&mut clients, "modern");
        assert_eq!(modern.beat(&mut clients), ErrorCode::NONE);
        assert_eq!((kind(&clients).0, modern.epoch, modern.owned.len()), ("consumer", 2, 0));
        let group = described(&mut clients);
        let types: BTreeMap<_, _> =
            group.members.iter().map(|it| (it.member_id.to_string(), it.member_type)).collect();
        assert_eq!(types, [(one.id.clone(), 0), (two.id.clone(), 0), ("modern".into(), 1)].into());
        // They keep what they had until they have joined again, and each of them does so by itself.
        let had = group.members.iter().map(|it| it.assignment.topic_partitions.len()).sum::<usize>();
        assert_eq!(had, 2);
        assert_eq!(one.beat(&mut clients), ErrorCode::REBALANCE_IN_PROGRESS);
        one.send_join(&mut clients);
        let joined = one.joined(&mut clients);
        assert_eq!((joined.error_code, joined.members.len(), &*joined.leader), (ErrorCode::NONE, 0, ""));
        assert_eq!(joined.protocol_name.as_deref(), Some("sticky"));
        one.send_sync(&mut clients, &[]);
        assert_eq!(one.synced(&mut clients).protocol_name.as_deref(), Some("sticky"));
        assert_eq!(one.owned.len(), 2);
        rest(&mut clients, &mut [&mut one, &mut two], &mut [&mut modern]);
        assert_eq!([one.owned.len(), two.owned.len(), modern.owned.len()], [2, 2, 2]);
        assert_eq!([one.generation, two.generation, modern.epoch], [2, 2, 2]);
    }
}

#[test]
fn who_gives_partitions_up_says_so_before_another_gets_them() {
    let mut clients = cluster();
    let [mut one, mut two] = classic_pair(&mut clients, Classic::cooperative);
    let mut modern = Modern::new(&mut clients, "modern");
    modern.beat(&mut clients);
    two.live(&mut clients);
    let held = one.owned.clone();
    one.live(&mut clients);
    // It stays in its generation, is told what it may keep, and has to join once more.
    assert_eq!((one.generation, one.owned.len()), (1, 2));
    modern.beat(&mut clients);
    let lost = held.difference(&one.owned).next().copied().unwrap();
    assert!(!modern.owned.contains(&lost) && !two.owned.contains(&lost));
    let mut slow = Classic { owned: held, ..one.clone() };
    slow.live(&mut clients);
    assert_eq!((slow.generation, slow.owned.len()), (1, 2));
    one.live(&mut clients);
    assert_eq!((one.generation, one.beat(&mut clients)), (2, ErrorCode::NONE));
    rest(&mut clients, &mut [&mut one, &mut two], &mut [&mut modern]);
}

#[test]
fn who_waits_for_others_is_told_when_they_are_done() {
    let mut clients = cluster();
    let mut modern = Modern::new(&mut clients, "modern");
    modern.beat(&mut clients);
    let mut classic = Classic::new(&mut clients);
    classic.step(&mut clients);
    assert_eq!((classic.generation, classic.owned.len()), (2, 0));
    // Three partitions shall be its own, and are not free.
    assert_eq!(classic.beat(&mut clients), ErrorCode::NONE);
    modern.beat(&mut clients);
    assert_eq!(classic.beat(&mut clients), ErrorCode::NONE);
    modern.beat(&mut clients);
    assert_eq!(classic.beat(&mut clients), ErrorCode::REBALANCE_IN_PROGRESS);
    classic.step(&mut clients);
    assert_eq!((classic.owned.len(), classic.beat(&mut clients)), (3, ErrorCode::NONE));
}

#[test]
fn who_waits_for_a_classic_rebalance_joins_the_consumer_group() {
    let mut clients = cluster();
    let [mut one, mut two] = classic_pair(&mut clients, Classic::new);
    // The one waits for the other to join.
    one.send_join(&mut clients);
    let mut modern = Modern::new(&mut clients, "modern");
    modern.beat(&mut clients);
    assert_eq!(one.joined(&mut clients).error_code, ErrorCode::REBALANCE_IN_PROGRESS);
    one.step(&mut clients);
    rest(&mut clients, &mut [&mut one, &mut two], &mut [&mut modern]);

    // Both have joined for the first time, and one waits for its assignment.
    let mut clients = cluster();
    let mut members = [Classic::new(&mut clients), Classic::new(&mut clients)];
    members.iter_mut().for_each(|member| member.send_join(&mut clients));
    clients.pass(INITIAL_MS * 2);
    let leader = members.each_mut().map(|member| member.joined(&mut clients).leader)[0].clone();
    let waiting = members.iter_mut().find(|member| *member.id != *leader).unwrap();
    waiting.send_sync(&mut clients, &[]);
    let mut modern = Modern::new(&mut clients, "modern");
    modern.beat(&mut clients);
    assert_eq!(waiting.synced(&mut clients).error_code, ErrorCode::REBALANCE_IN_PROGRESS);
    let [one, two] = &mut members;
    rest(&mut clients, &mut [one, two], &mut [&mut modern]);
}

#[test]
fn a_consumer_group_becomes_a_classic_one_when_only_classic_members_are_left() {
    type Leave = fn(&mut Clients, &mut Modern, [&Classic; 2]);
    let leaves: [Leave; 3] = [
        |clients, modern, _| {
            let request = ConsumerGroupHeartbeatRequest { member_epoch: -1, ..modern.short() };
            assert_eq!(modern.code(clients, &request), ErrorCode::NONE);
        },
        |clients, modern, _| assert_eq!(leave(clients, &[(&modern.id, None)]), [ErrorCode::NONE]),
        |clients, _, others| {
            for _ in 0..6 {
                clients.pass(SESSION_MS - 1);
                others.iter().for_each(|other| _ = other.beat(clients));
            }
        },
    ];
    for (case, leaves) in leaves.into_iter().enumerate() {
        let mut clients = cluster();
        let mut modern = Modern::new(&mut clients, "modern");
        modern.beat(&mut clients);
        let (mut one, mut two) = (Classic::new(&mut clients), Classic::new(&mut clients));
        one.step(&mut clients);
        two.step(&mut clients);
        rest(&mut clients, &mut [&mut one, &mut two], &mut [&mut modern]);
        leaves(&mut clients, &mut modern, [&one, &two]);
        assert_eq!(kind(&clients), ("classic", "PreparingRebalance"), "case {case}");
        assert_eq!(one.beat(&mut clients), ErrorCode::REBALANCE_IN_PROGRESS);
        one.send_join(&mut clients);
        assert!(clients.answer::<JoinGroupRequest>(one.client, 9).is_none(), "it waits for the other");
        two.send_join(&mut clients);
        let (first, second) = (one.joined(&mut clients), two.joined(&mut clients));
        assert_eq!((first.generation_id, second.generation_id), (4, 4));
        assert_eq!(first.members.len() + second.members.len(), 2);
        let leader = if first.members.is_empty() { &two } else { &one };
        leader.send_sync(&mut clients, &[(&one, &[0, 1, 2]), (&two, &[3, 4, 5])]);
        assert_eq!(leader.clone().synced(&mut clients).error_code, ErrorCode::NONE);
        assert_eq!(kind(&clients), ("classic", "Stable"));
    }
}

/// As Kafka's does: what passes to a classic group is what each member shall have, and in a classic group all join anew.
#[test]
fn a_group_that_is_classic_for_a_moment_forgets_what_is_not_given_up_yet() {
    let mut clients = cluster();
    let [mut one, mut two] = classic_pair(&mut clients, Classic::new);
    let mut modern = Modern::new(&mut clients, "modern");
    modern.beat(&mut clients);
    assert_eq!(modern.owned.len(), 0);
    assert_eq!(leave(&mut clients, &[("modern", None)]), [ErrorCode::NONE]);
    assert_eq!(kind(&clients), ("classic", "PreparingRebalance"));
    let mut again = Modern::new(&mut clients, "again");
    again.beat(&mut clients);
    assert_eq!((kind(&clients).0, again.owned.len()), ("consumer", 2));
    assert!(again.owned.iter().all(|owned| one.owned.contains(owned) || two.owned.contains(owned)));
    // They learn of it with their next heartbeat.
    for member in [&mut one, &mut two] {
        assert_eq!(member.beat(&mut clients), ErrorCode::ILLEGAL_GENERATION);
        member.step(&mut clients);
    }
    rest(&mut clients, &mut [&mut one, &mut two], &mut [&mut again]);
}

#[test]
fn members_that_leave_one_after_the_other_leave_an_epoch_that_nobody_has_seen() {
    let mut clients = cluster();
    let mut modern = [Modern::new(&mut clients, "a"), Modern::new(&mut clients, "b")];
    let mut classic = Classic::new(&mut clients);
    modern[0].beat(&mut clients);
    classic.step(&mut clients);
    modern[1].beat(&mut clients);
    let [one, two] = &mut modern;
    rest(&mut clients, &mut [&mut classic], &mut [one, two]);
    assert_eq!(classic.generation, 3);
    // Nothing is new for it until somebody says something for which partitions are shared out.
    assert_eq!(leave(&mut clients, &[("a", None)]), [ErrorCode::NONE]);
    assert_eq!(classic.beat(&mut clients), ErrorCode::NONE);
    classic.send_sync(&mut clients, &[]);
    assert_eq!(classic.synced(&mut clients).error_code, ErrorCode::NONE);
    let before = clients.world.engine.coordinators.groups.get("g").map(Group::state_name);
    assert_eq!(before, Some("Assigning"));
    assert_eq!(leave(&mut clients, &[("b", None)]), [ErrorCode::NONE]);
    assert_eq!(kind(&clients), ("classic", "PreparingRebalance"));
    assert_eq!(classic.beat(&mut clients), ErrorCode::ILLEGAL_GENERATION);
    classic.send_join(&mut clients);
    assert_eq!(classic.joined(&mut clients).generation_id, 5);
}

#[test]
fn a_static_member_changes_its_protocol_in_its_place() {
    let mut clients = cluster();
    let mut classic = Classic::new(&mut clients);
    let mut modern = Modern { instance: Some("i"), ..Modern::new(&mut clients, "modern") };
    modern.beat(&mut clients);
    classic.step(&mut clients);
    rest(&mut clients, &mut [&mut classic], &mut [&mut modern]);
    // Back to the classic protocol: nobody else notices.
    let mut back = Classic::named(&mut clients, "i");
    back.step(&mut clients);
    assert_eq!(kind(&clients), ("classic", "Stable"));
    assert_eq!((back.owned.clone(), classic.beat(&mut clients)), (modern.owned.clone(), ErrorCode::NONE));
    assert_eq!(back.beat(&mut clients), ErrorCode::NONE);
    assert_eq!(modern.beat(&mut clients), ErrorCode::GROUP_ID_NOT_FOUND);
    // And forth again, under the same name.
    let mut forth = Modern { instance: Some("i"), ..Modern::new(&mut clients, "forth") };
    assert_eq!(forth.beat(&mut clients), ErrorCode::NONE);
    assert_eq!((kind(&clients).0, &forth.owned), ("consumer", &back.owned));
    assert_eq!(back.beat(&mut clients), ErrorCode::FENCED_INSTANCE_ID);
    rest(&mut clients, &mut [&mut classic], &mut [&mut forth]);
}

#[test]
fn the_policy_says_what_may_change() {
    for policy in [
        MigrationPolicy::Disabled,
        MigrationPolicy::Upgrade,
        MigrationPolicy::Downgrade,
        MigrationPolicy::Bidirectional,
    ] {
        let mut clients = cluster();
        clients.world.engine.coordinators.settings.consumer_migration_policy = policy;
        classic_pair(&mut clients, Classic::new);
        let mut modern = Modern::new(&mut clients, "modern");
        let upgrades = matches!(policy, MigrationPolicy::Upgrade | MigrationPolicy::Bidirectional);
        let expected = if upgrades { ErrorCode::NONE } else { ErrorCode::GROUP_ID_NOT_FOUND };
        assert_eq!(modern.beat(&mut clients), expected, "{policy:?}");

        let mut clients = cluster();
        clients.world.engine.coordinators.settings.consumer_migration_policy = policy;
        let mut modern = Modern::new(&mut clients, "modern");
        modern.beat(&mut clients);
        let mut classic = Classic::named(&mut clients, "i");
        if policy == MigrationPolicy::Disabled {
            classic.send_join(&mut clients);
            assert_eq!(classic.joined(&mut clients).error_code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
            continue;
        }
        classic.step(&mut clients);
        assert_eq!(leave(&mut clients, &[("modern", None)]), [ErrorCode::NONE]);
        let downgrades = matches!(policy, MigrationPolicy::Downgrade | MigrationPolicy::Bidirectional);
        assert_eq!(kind(&clients).0, if downgrades { "classic" } else { "consumer" }, "{policy:?}");
    }
}

#[test]
fn a_group_that_the_broker_cannot_assign_for_stays_as_it_is() {
    // Its assignments have something that the broker does not understand.
    let mut clients = cluster();
    let mut classic = Classic::new(&mut clients);
    classic.send_join(&mut clients);
    clients.pass(INITIAL_MS);
    classic.joined(&mut clients);
    let assignment = SyncGroupRequestAssignment {
        member_id: classic.id.as_str().into(),
        assignment: assigned(&[0], Some("of the assignor")),
        ..SyncGroupRequestAssignment::default()
    };
    let request = SyncGroupRequest {
        group_id: "g".into(),
        generation_id: classic.generation,
        member_id: classic.id.as_str().into(),
        protocol_type: Some("consumer".into()),
        protocol_name: Some("sticky".into()),
        assignments: vec![assignment],
        ..SyncGroupRequest::default()
    };
    assert_eq!(clients.ask(classic.client, 5, &request).error_code, ErrorCode::NONE);
    let mut modern = Modern::new(&mut clients, "modern");
    assert_eq!(modern.beat(&mut clients), ErrorCode::GROUP_ID_NOT_FOUND);
    assert_eq!((kind(&clients), classic.beat(&mut clients)), (("classic", "Stable"), ErrorCode::NONE));

    // Its members are no consumers, or what they say is nonsense. Who waits goes on waiting.
    let changes: [fn(&mut JoinGroupRequest); 2] = [
        |request| request.protocol_type = "connect".into(),
        |request| request.protocols[0].metadata = Bytes::from_static(b"\xff\xff"),
    ];
    for change in changes {
        let mut clients = cluster();
        let client = clients.connect();
        let mut request = Classic::new(&mut clients).request();
        change(&mut request);
        clients.send(client, 3, &request);
        let mut modern = Modern::new(&mut clients, "modern");
        assert_eq!(modern.beat(&mut clients), ErrorCode::GROUP_ID_NOT_FOUND);
        assert!(clients.answer::<JoinGroupRequest>(client, 3).is_none());
        clients.pass(INITIAL_MS);
        let joined = clients.answer::<JoinGroupRequest>(client, 3).unwrap();
        assert_eq!((joined.error_code, kind(&clients).0), (ErrorCode::NONE, "classic"));
        // And a consumer group takes no such member.
        assert_eq!(leave(&mut clients, &[(&joined.member_id, None)]), [ErrorCode::NONE]);
        assert_eq!(modern.beat(&mut clients), ErrorCode::NONE);
        let refused = clients.ask(client, 3, &request).error_code;
        let inconsistent = ErrorCode::INCONSISTENT_GROUP_PROTOCOL;
        assert_eq!((refused, described(&mut clients).members.len()), (inconsistent, 1));
    }
}

#[test]
fn classic_members_that_are_silent_or_late_are_out() {
    let start = || {
        let mut clients = cluster();
        let mut modern = Modern::new(&mut clients, "modern");
        modern.beat(&mut clients);
        let mut classic = Classic::new(&mut clients);
        classic.step(&mut clients);
        rest(&mut clients, &mut [&mut classic], &mut [&mut modern]);
        (clients, modern, classic)
    };
    // Its session is its own, not the group's.
    let (mut clients, mut modern, classic) = start();
    clients.pass(SESSION_MS - 1);
    assert_eq!(classic.beat(&mut clients), ErrorCode::NONE);
    clients.pass(SESSION_MS);
    assert_eq!(classic.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
    modern.beat(&mut clients);
    assert_eq!(modern.owned.len(), 6);

    // It is told to join again and goes on with heartbeats.
    let (mut clients, mut modern, classic) = start();
    let mut third = Modern::new(&mut clients, "third");
    third.beat(&mut clients);
    for _ in 0..REBALANCE_MS / 5000 {
        assert_eq!(classic.beat(&mut clients), ErrorCode::REBALANCE_IN_PROGRESS);
        modern.beat(&mut clients);
        third.beat(&mut clients);
        clients.pass(5000);
    }
    assert_eq!(classic.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);

    // It has something to give up, and its time begins when it is told to join again.
    let (mut clients, mut modern, classic) = start();
    let mut classic = Classic { eager: false, ..classic };
    let mut third = Modern::new(&mut clients, "third");
    third.beat(&mut clients);
    classic.step(&mut clients);
    for _ in 0..REBALANCE_MS / 5000 {
        clients.pass(5000);
        assert_eq!(classic.beat(&mut clients), ErrorCode::REBALANCE_IN_PROGRESS);
        modern.beat(&mut clients);
        third.beat(&mut clients);
    }
    clients.pass(4999);
    assert_eq!(classic.beat(&mut clients), ErrorCode::REBALANCE_IN_PROGRESS);
    clients.pass(1);
    assert_eq!(classic.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);

    // It joins and does not ask for its partitions.
    let (mut clients, mut modern, mut classic) = start();
    classic.send_join(&mut clients);
    assert_eq!(classic.joined(&mut clients).error_code, ErrorCode::NONE);
    for _ in 0..REBALANCE_MS / 5000 {
        assert_eq!(classic.beat(&mut clients), ErrorCode::NONE);
        modern.beat(&mut clients);
        clients.pass(5000);
    }
    assert_eq!(classic.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(leave(&mut clients, &[("modern", None)]), [ErrorCode::NONE]);
    assert_eq!(clients.world.engine.poll_timeout(), None, "nothing is left to wake up for");
}

#[test]
fn each_protocol_has_its_own_errors() {
    let mut clients = cluster();
    let mut modern = Modern::new(&mut clients, "modern");
    modern.beat(&mut clients);
    let mut classic = Classic::named(&mut clients, "i");
    classic.step(&mut clients);
    assert_eq!(classic.commit(&mut clients, classic.generation), ErrorCode::NONE);
    assert_eq!(classic.commit(&mut clients, classic.generation - 1), ErrorCode::ILLEGAL_GENERATION);
    let other = Classic { generation: classic.generation + 1, ..classic.clone() };
    assert_eq!(other.beat(&mut clients), ErrorCode::ILLEGAL_GENERATION);
    let other = Classic { id: "modern".into(), instance: None, ..classic.clone() };
    assert_eq!(other.commit(&mut clients, modern.epoch), ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(other.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
    other.send_sync(&mut clients, &[]);
    assert_eq!(other.clone().synced(&mut clients).error_code, ErrorCode::UNKNOWN_MEMBER_ID);
    let other = Classic { id: "stranger".into(), ..classic.clone() };
    assert_eq!(other.beat(&mut clients), ErrorCode::FENCED_INSTANCE_ID);
    let code = |clients: &mut Clients, change: fn(&mut JoinGroupRequest)| {
        let mut request = classic.request();
        change(&mut request);
        clients.ask(classic.client, 9, &request).error_code
    };
    assert_eq!(code(&mut clients, |it| it.member_id = "me".into()), ErrorCode::FENCED_INSTANCE_ID);
    let stranger: fn(&mut JoinGroupRequest) = |it| {
        it.member_id = "me".into();
        it.group_instance_id = Some("j".into());
    };
    assert_eq!(code(&mut clients, stranger), ErrorCode::UNKNOWN_MEMBER_ID);
    let other: fn(&mut JoinGroupRequest) = |it| it.protocols[0].name = "other".into();
    assert_eq!(code(&mut clients, other), ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    // Who has not joined since something changed gets nothing more of what was before.
    let third = Modern::new(&mut clients, "third").beat(&mut clients);
    classic.send_sync(&mut clients, &[]);
    let synced = classic.clone().synced(&mut clients).error_code;
    assert_eq!((third, synced), (ErrorCode::NONE, ErrorCode::REBALANCE_IN_PROGRESS));
    assert_eq!(leave(&mut clients, &[("third", None)]), [ErrorCode::NONE]);
    clients.world.engine.coordinators.settings.max_size = 2;
    let new: fn(&mut JoinGroupRequest) = |it| {
        it.member_id = "".into();
        it.group_instance_id = None;
    };
    assert_eq!(code(&mut clients, new), ErrorCode::GROUP_MAX_SIZE_REACHED);
    // Who comes back under its name needs no more room.
    let mut back = Classic::named(&mut clients, "i");
    back.step(&mut clients);
    let left = leave(&mut clients, &[("nobody", None), ("me", Some("i")), ("", Some("j")), ("", Some("i"))]);
    let (unknown, fenced) = (ErrorCode::UNKNOWN_MEMBER_ID, ErrorCode::FENCED_INSTANCE_ID);
    assert_eq!(left, [unknown, fenced, unknown, ErrorCode::NONE]);
    assert_eq!(described(&mut clients).members.len(), 1);
}

#[test]
fn a_group_of_both_kinds_outlives_a_restart_and_so_does_one_that_has_changed() {
    let (mut clients, disk) = restarts::cluster();
    let [mut one, mut two] = classic_pair(&mut clients, Classic::new);
    let mut modern = Modern::new(&mut clients, "modern");
    modern.beat(&mut clients);
    rest(&mut clients, &mut [&mut one, &mut two], &mut [&mut modern]);
    let before = described(&mut clients);
    restarts::restart(&mut clients, &disk, &mut [&mut modern]);
    for member in [&mut one, &mut two] {
        member.client = clients.connect();
    }
    assert_eq!(described(&mut clients), before);
    // They go on as before, with their own sessions.
    assert_eq!((one.beat(&mut clients), two.beat(&mut clients)), (ErrorCode::NONE, ErrorCode::NONE));
    one.send_sync(&mut clients, &[]);
    let owned = one.owned.clone();
    one.synced(&mut clients);
    assert_eq!(one.owned, owned);
    clients.pass(SESSION_MS - 1);
    assert_eq!(one.beat(&mut clients), ErrorCode::NONE);
    clients.pass(1);
    assert_eq!(two.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
    // The other kind leaves; what is left is a classic group.
    assert_eq!(leave(&mut clients, &[("modern", None)]), [ErrorCode::NONE]);
    restarts::restart(&mut clients, &disk, &mut []);
    assert_eq!(kind(&clients).0, "classic");
    let group = clients.world.engine.coordinators.groups.get("g");
    assert!(matches!(group, Some(Group::Classic(_))));
}
