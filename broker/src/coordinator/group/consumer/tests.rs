pub(in super::super) mod restarts;

use std::collections::BTreeSet;
use std::time::Duration;

use ottla_proto::messages::consumer_group_describe::{ConsumerGroupDescribeRequest, DescribedGroup};
use ottla_proto::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, RequestTopicPartitions,
};
use ottla_proto::messages::delete_topics::DeleteTopicsRequest;
use ottla_proto::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use ottla_proto::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup};
use ottla_proto::{ErrorCode, TopicId};

use super::Partitions;
use super::member::{Member as AssignedMember, MemberState};
use crate::coordinator::GroupSettings;
use crate::coordinator::testing::Clients;
use crate::engine::ConnectionId;

const REBALANCE_MS: u64 = 30_000;
const SESSION_MS: u64 = 45_000;

/// A member that does what it is told at once, unless a test says otherwise.
#[derive(Clone, Debug)]
pub(in super::super) struct Member {
    pub(in super::super) client: ConnectionId,
    pub(in super::super) id: String,
    pub(in super::super) instance: Option<&'static str>,
    pub(in super::super) epoch: i32,
    pub(in super::super) owned: BTreeSet<(TopicId, i32)>,
}

impl Member {
    pub(in super::super) fn new(clients: &mut Clients, id: &str) -> Self {
        let client = clients.connect();
        Self { client, id: id.to_owned(), instance: None, epoch: 0, owned: BTreeSet::new() }
    }

    /// What it sends when it joins, and when it has lost an answer.
    pub(in super::super) fn full(&self) -> ConsumerGroupHeartbeatRequest {
        let mut owned: Vec<RequestTopicPartitions> = Vec::new();
        for (topic_id, index) in &self.owned {
            match owned.last_mut().filter(|last| last.topic_id == *topic_id) {
                Some(last) => last.partitions.push(*index),
                None => owned.push(RequestTopicPartitions {
                    topic_id: *topic_id,
                    partitions: vec![*index],
                    ..RequestTopicPartitions::default()
                }),
            }
        }
        ConsumerGroupHeartbeatRequest {
            group_id: "g".into(),
            member_id: self.id.as_str().into(),
            member_epoch: self.epoch,
            instance_id: self.instance.map(Into::into),
            rebalance_timeout_ms: i32::try_from(REBALANCE_MS).unwrap(),
            subscribed_topic_names: Some(vec!["six".into()]),
            topic_partitions: Some(owned),
            ..ConsumerGroupHeartbeatRequest::default()
        }
    }

    /// A heartbeat that says nothing new.
    pub(in super::super) fn short(&self) -> ConsumerGroupHeartbeatRequest {
        ConsumerGroupHeartbeatRequest {
            rebalance_timeout_ms: -1,
            subscribed_topic_names: None,
            topic_partitions: None,
            ..self.full()
        }
    }

    pub(in super::super) fn send(
        &mut self,
        clients: &mut Clients,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> ConsumerGroupHeartbeatResponse {
        let answer = clients.ask(self.client, 1, request);
        if answer.error_code == ErrorCode::NONE {
            self.epoch = answer.member_epoch;
            if let Some(assignment) = &answer.assignment {
                let all = assignment.topic_partitions.iter();
                self.owned =
                    all.flat_map(|it| it.partitions.iter().map(|index| (it.topic_id, *index))).collect();
            }
        }
        answer
    }

    /// A full heartbeat that takes over what it is given.
    pub(in super::super) fn beat(&mut self, clients: &mut Clients) -> ErrorCode {
        let request = self.full();
        self.send(clients, &request).error_code
    }

    pub(in super::super) fn code(
        &mut self,
        clients: &mut Clients,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> ErrorCode {
        clients.ask(self.client, 1, request).error_code
    }
}

pub(in super::super) fn cluster() -> Clients {
    cluster_with(GroupSettings::default())
}

fn cluster_with(groups: GroupSettings) -> Clients {
    let mut clients = Clients::with(groups);
    clients.world.engine.create_topic("six", 6, 1, [].into()).unwrap();
    clients
}

pub(in super::super) fn described(clients: &mut Clients) -> DescribedGroup {
    let client = clients.connect();
    let request = ConsumerGroupDescribeRequest {
        group_ids: vec!["g".into()],
        ..ConsumerGroupDescribeRequest::default()
    };
    clients.ask(client, 1, &request).groups.remove(0)
}

pub(in super::super) fn state(clients: &mut Clients) -> String {
    described(clients).group_state.to_string()
}

#[test]
fn one_member_gets_all_and_a_second_waits_until_the_first_gives_up() {
    let mut clients = cluster();
    let mut one = Member::new(&mut clients, "one");
    let request = one.full();
    let joined = one.send(&mut clients, &request);
    assert_eq!(
        (joined.error_code, joined.member_epoch, joined.heartbeat_interval_ms),
        (ErrorCode::NONE, 1, 5000)
    );
    assert_eq!(one.owned.len(), 6);
    assert_eq!(state(&mut clients), "Stable");
    // Nothing is new, so nothing is told.
    let request = one.short();
    assert_eq!(one.send(&mut clients, &request).assignment, None);

    let mut two = Member::new(&mut clients, "two");
    assert_eq!(two.beat(&mut clients), ErrorCode::NONE);
    assert_eq!((two.epoch, two.owned.len()), (2, 0));
    assert_eq!(state(&mut clients), "Reconciling");
    // The first is told to give up three, and stays in its epoch until it says that it has.
    let held = one.owned.clone();
    let request = one.short();
    one.send(&mut clients, &request);
    assert_eq!((one.epoch, one.owned.len()), (1, 3));
    two.beat(&mut clients);
    assert_eq!(two.owned.len(), 0);
    let mut slow = Member { owned: held, ..one.clone() };
    slow.beat(&mut clients);
    assert_eq!(slow.epoch, 1);
    one.beat(&mut clients);
    assert_eq!(one.epoch, 2);
    two.beat(&mut clients);
    assert_eq!((two.epoch, two.owned.len()), (2, 3));
    assert!(one.owned.is_disjoint(&two.owned));
    assert_eq!(state(&mut clients), "Stable");
}

/// Two members that have three partitions each.
fn pair(clients: &mut Clients) -> (Member, Member) {
    let (mut one, mut two) = (Member::new(clients, "one"), Member::new(clients, "two"));
    for _ in 0..3 {
        one.beat(clients);
        two.beat(clients);
    }
    assert_eq!((one.owned.len(), two.owned.len(), state(clients).as_str()), (3, 3, "Stable"));
    (one, two)
}

#[test]
fn who_is_silent_is_out_and_the_others_get_its_share() {
    let mut clients = cluster();
    let (mut one, mut two) = pair(&mut clients);
    clients.pass(SESSION_MS - 1);
    one.beat(&mut clients);
    clients.pass(1);
    assert_eq!(two.beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
    one.beat(&mut clients);
    assert_eq!(one.owned.len(), 6);
    clients.pass(SESSION_MS);
    let group = described(&mut clients);
    assert_eq!((group.group_state.as_ref(), group.group_epoch), ("Empty", group.assignment_epoch));
    assert_eq!(clients.world.engine.poll_timeout(), None);
}

#[test]
fn who_does_not_give_up_in_time_is_out() {
    let mut clients = cluster();
    let mut one = Member::new(&mut clients, "one");
    one.beat(&mut clients);
    let stubborn = one.clone();
    let mut two = Member::new(&mut clients, "two");
    two.beat(&mut clients);
    for _ in 0..3 {
        let mut still = stubborn.clone();
        assert_eq!(still.beat(&mut clients), ErrorCode::NONE);
        assert_eq!(two.beat(&mut clients), ErrorCode::NONE);
        assert_eq!(two.owned.len(), 0);
        clients.pass(REBALANCE_MS / 3);
    }
    assert_eq!(stubborn.clone().beat(&mut clients), ErrorCode::UNKNOWN_MEMBER_ID);
    two.beat(&mut clients);
    assert_eq!(two.owned.len(), 6);
}

#[test]
fn epochs_are_checked_and_one_lost_answer_is_forgiven() {
    let mut clients = cluster();
    let (mut one, mut two) = pair(&mut clients);
    // Two leaves; one advances, and the answer is lost.
    let leave = ConsumerGroupHeartbeatRequest { member_epoch: -1, ..two.short() };
    let left = two.send(&mut clients, &leave);
    assert_eq!((left.error_code, left.member_epoch), (ErrorCode::NONE, -1));
    let before = one.clone();
    one.beat(&mut clients);
    assert_eq!(one.owned.len(), 6);
    let mut again = before.clone();
    assert_eq!(again.beat(&mut clients), ErrorCode::NONE);
    assert_eq!((again.epoch, again.owned.len()), (one.epoch, 6));
    // Without saying what it has, nobody can tell whether it may go on.
    let request = before.short();
    assert_eq!(again.code(&mut clients, &request), ErrorCode::FENCED_MEMBER_EPOCH);
    let request = ConsumerGroupHeartbeatRequest { member_epoch: one.epoch + 1, ..one.short() };
    assert_eq!(one.code(&mut clients, &request), ErrorCode::FENCED_MEMBER_EPOCH);
    // It gives all up and begins anew under its id.
    one.epoch = 0;
    one.owned.clear();
    assert_eq!(one.beat(&mut clients), ErrorCode::NONE);
    assert_eq!(one.owned.len(), 6);
}

#[test]
fn static_members_come_back_to_their_partitions() {
    let mut clients = cluster();
    let mut one = Member { instance: Some("i"), ..Member::new(&mut clients, "one") };
    let mut two = Member::new(&mut clients, "two");
    for _ in 0..3 {
        one.beat(&mut clients);
        two.beat(&mut clients);
    }
    let mut back = Member { instance: Some("i"), ..Member::new(&mut clients, "back") };
    assert_eq!(back.beat(&mut clients), ErrorCode::UNRELEASED_INSTANCE_ID);
    let leave = ConsumerGroupHeartbeatRequest { member_epoch: -2, ..one.short() };
    assert_eq!(clients.ask(one.client, 1, &leave).member_epoch, -2);
    two.beat(&mut clients);
    assert_eq!(two.owned.len(), 3);
    assert_eq!(back.beat(&mut clients), ErrorCode::NONE);
    assert_eq!(back.owned, one.owned);
    assert_eq!(one.beat(&mut clients), ErrorCode::FENCED_INSTANCE_ID);
    assert_eq!(state(&mut clients), "Stable");
}

#[test]
fn topics_by_regular_expression_and_topics_that_change() {
    let mut clients = cluster();
    let mut one = Member::new(&mut clients, "one");
    let by_regex = |text: &str, member: &Member| ConsumerGroupHeartbeatRequest {
        subscribed_topic_names: None,
        subscribed_topic_regex: Some(text.into()),
        ..member.full()
    };
    for nonsense in ["si(x", ")("] {
        let request = by_regex(nonsense, &one);
        assert_eq!(one.code(&mut clients, &request), ErrorCode::INVALID_REGULAR_EXPRESSION);
    }
    let request = by_regex("si.|new", &one);
    one.send(&mut clients, &request);
    assert_eq!(one.owned.len(), 6);
    clients.world.engine.create_topic("new", 2, 1, [].into()).unwrap();
    clients.world.engine.create_topic("newer", 1, 1, [].into()).unwrap();
    let request = one.short();
    one.send(&mut clients, &request);
    assert_eq!((one.epoch, one.owned.len()), (2, 8));
    assert_eq!(described(&mut clients).members[0].subscribed_topic_regex.as_deref(), Some("si.|new"));
}

#[test]
fn partitions_are_shared_out_once_an_interval_at_most() {
    let consumer_assignment_interval = Duration::from_secs(1);
    let mut clients =
        cluster_with(GroupSettings { consumer_assignment_interval, ..GroupSettings::default() });
    let (mut one, mut two) = (Member::new(&mut clients, "one"), Member::new(&mut clients, "two"));
    one.beat(&mut clients);
    assert_eq!((one.epoch, one.owned.len()), (1, 6), "the first time at once");
    clients.pass(999);
    two.beat(&mut clients);
    assert_eq!((two.epoch, two.owned.len()), (1, 0), "in the epoch of the last assignment, with nothing");
    assert_eq!(state(&mut clients), "Assigning");
    one.beat(&mut clients);
    assert_eq!((one.epoch, one.owned.len()), (1, 6));
    clients.pass(1);
    let request = one.short();
    one.send(&mut clients, &request);
    assert_eq!((one.epoch, one.owned.len()), (1, 3), "any heartbeat after it does");
    one.beat(&mut clients);
    two.beat(&mut clients);
    assert_eq!((one.epoch, two.epoch, two.owned.len()), (2, 2, 3));
}

/// A word that comes before the question is no answer to it.
#[test]
fn partitions_that_were_given_up_before_they_were_asked_for_are_waited_for() {
    let consumer_assignment_interval = Duration::from_secs(1);
    let mut clients =
        cluster_with(GroupSettings { consumer_assignment_interval, ..GroupSettings::default() });
    let mut one = Member::new(&mut clients, "one");
    one.beat(&mut clients);
    let gone = DeleteTopicsRequest { topic_names: vec!["six".into()], ..DeleteTopicsRequest::default() };
    assert_eq!(clients.ask(one.client, 5, &gone).responses[0].error_code, ErrorCode::NONE);
    clients.world.engine.create_topic("six", 6, 1, [].into()).unwrap();
    one.owned.clear();
    let request = one.full();
    assert_eq!(clients.ask(one.client, 1, &request).member_epoch, 1);
    clients.pass(1_000);
    for _ in 0..3 {
        let request = one.short();
        one.send(&mut clients, &request);
        assert_eq!((one.epoch, one.owned.len()), (1, 0));
    }
    one.beat(&mut clients);
    assert_eq!((one.epoch, one.owned.len()), (2, 6));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut clients = cluster();
    let mut one = Member::new(&mut clients, "one");
    let mut code = |change: fn(&mut ConsumerGroupHeartbeatRequest)| {
        let mut request = one.full();
        change(&mut request);
        one.code(&mut clients, &request)
    };
    assert_eq!(code(|it| it.group_id = " ".into()), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(|it| it.member_id = "".into()), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(|it| it.member_epoch = -3), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(|it| it.member_epoch = -2), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(|it| it.rebalance_timeout_ms = -1), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(|it| it.topic_partitions = None), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(|it| it.subscribed_topic_names = None), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(|it| it.instance_id = Some("".into())), ErrorCode::INVALID_REQUEST);
    assert_eq!(code(|it| it.server_assignor = Some("best".into())), ErrorCode::UNSUPPORTED_ASSIGNOR);
    assert_eq!(code(|it| it.member_epoch = 1), ErrorCode::GROUP_ID_NOT_FOUND);
    // Version 0 gives an id.
    let request = ConsumerGroupHeartbeatRequest { member_id: "".into(), ..one.full() };
    let joined = clients.ask(one.client, 0, &request);
    assert_eq!(joined.error_code, ErrorCode::NONE);
    assert!(joined.member_id.is_some_and(|id| !id.is_empty()));
}

#[test]
fn commits_need_the_current_epoch() {
    let mut clients = cluster();
    let mut one = Member::new(&mut clients, "one");
    one.beat(&mut clients);
    let partition = OffsetCommitRequestPartition { committed_offset: 7, ..Default::default() };
    let topic =
        OffsetCommitRequestTopic { name: "six".into(), partitions: vec![partition], ..Default::default() };
    let mut request = OffsetCommitRequest {
        group_id: "g".into(),
        member_id: "one".into(),
        generation_id_or_member_epoch: 1,
        topics: vec![topic],
        ..OffsetCommitRequest::default()
    };
    let mut code = |version, request: &OffsetCommitRequest| {
        clients.ask(one.client, version, request).topics[0].partitions[0].error_code
    };
    assert_eq!(code(8, &request), ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(code(9, &request), ErrorCode::NONE);
    request.generation_id_or_member_epoch = 0;
    assert_eq!(code(9, &request), ErrorCode::STALE_MEMBER_EPOCH);
    request.generation_id_or_member_epoch = -1;
    request.member_id = "".into();
    assert_eq!(code(9, &request), ErrorCode::UNKNOWN_MEMBER_ID);

    let mut fetch = |member_id: Option<&str>, member_epoch| {
        let group = OffsetFetchRequestGroup {
            group_id: "g".into(),
            member_id: member_id.map(Into::into),
            member_epoch,
            topics: None,
            ..OffsetFetchRequestGroup::default()
        };
        let request = OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() };
        clients.ask(one.client, 9, &request).groups.remove(0).error_code
    };
    assert_eq!(fetch(None, -1), ErrorCode::NONE);
    assert_eq!(fetch(Some("one"), 1), ErrorCode::NONE);
    assert_eq!(fetch(Some("one"), 2), ErrorCode::STALE_MEMBER_EPOCH);
    assert_eq!(fetch(Some("two"), 1), ErrorCode::UNKNOWN_MEMBER_ID);
}

/// A member in its third epoch, of which it was told to give up partition 0, says that it has 1 and 2.
#[test]
fn who_has_given_up_stays_in_its_epoch_while_there_is_more_and_may_have_it_back() {
    let topic = TopicId([1; 16]);
    let some = |indexes: &[i32]| Partitions::from([(topic, indexes.iter().copied().collect())]);
    let begin = || AssignedMember {
        epoch: 3,
        state: MemberState::UnrevokedPartitions,
        assigned: some(&[1, 2]),
        revoking: some(&[0]),
        ..AssignedMember::new()
    };
    let owned = RequestTopicPartitions { topic_id: topic, partitions: vec![1, 2], ..Default::default() };
    let held = (0..3).map(|index| (topic, index)).collect();
    let mut member = begin();
    member.reconcile(&some(&[1]), 5, Some(std::slice::from_ref(&owned)), &held);
    assert_eq!((member.state, member.epoch), (MemberState::UnrevokedPartitions, 3));
    assert_eq!((member.assigned, member.revoking), (some(&[1]), some(&[2])));
    let mut member = begin();
    member.reconcile(&some(&[0, 1, 2]), 5, Some(&[owned]), &held);
    assert_eq!((member.state, member.epoch), (MemberState::Stable, 5));
    assert_eq!((member.assigned, member.revoking), (some(&[0, 1, 2]), Partitions::new()));
}
