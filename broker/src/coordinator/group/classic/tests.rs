mod restarts;

use bytes::Bytes;
use ottla_proto::ErrorCode;
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use ottla_proto::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse};

use super::super::Group;
use crate::coordinator::testing::{Clients, REBALANCE_MS, SESSION_MS, join_request};
use crate::engine::ConnectionId;

const JOIN: i16 = 9;
const SYNC: i16 = 5;
const INITIAL_MS: u64 = 50;

/// A member as its client would know itself.
#[derive(Clone, Debug)]
struct Member {
    client: ConnectionId,
    id: String,
    instance: Option<&'static str>,
    protocols: Vec<(&'static str, &'static str)>,
}

impl Member {
    fn new(clients: &mut Clients) -> Self {
        let protocols = vec![("range", "likes apples")];
        Self { client: clients.connect(), id: String::new(), instance: None, protocols }
    }

    fn named(clients: &mut Clients, instance: &'static str) -> Self {
        Self { instance: Some(instance), ..Self::new(clients) }
    }

    fn request(&self) -> JoinGroupRequest {
        let protocol = |(name, metadata): &(&'static str, &'static str)| JoinGroupRequestProtocol {
            name: (*name).into(),
            metadata: Bytes::from_static(metadata.as_bytes()),
            ..JoinGroupRequestProtocol::default()
        };
        join_request((&self.id, self.instance), "fruit", self.protocols.iter().map(protocol).collect())
    }

    fn send_join(&self, clients: &mut Clients) {
        clients.send(self.client, JOIN, &self.request());
    }

    /// Gets an id if it has none, and begins to wait.
    fn join(&mut self, clients: &mut Clients) {
        if self.id.is_empty() && self.instance.is_none() {
            let refused = clients.ask(self.client, JOIN, &self.request());
            assert_eq!(refused.error_code, ErrorCode::MEMBER_ID_REQUIRED);
            assert!(refused.member_id.starts_with("tester-"), "{}", refused.member_id);
            self.id = refused.member_id.to_string();
        }
        self.send_join(clients);
    }

    fn joined(&mut self, clients: &mut Clients) -> JoinGroupResponse {
        let joined = clients.answer::<JoinGroupRequest>(self.client, JOIN).expect("the rebalance to be over");
        if joined.error_code == ErrorCode::NONE {
            self.id = joined.member_id.to_string();
        }
        joined
    }

    fn waits(&self, clients: &mut Clients) -> bool {
        clients.answer::<JoinGroupRequest>(self.client, JOIN).is_none()
    }

    fn send_sync(&self, clients: &mut Clients, generation: i32, assignments: &[(&Member, &'static str)]) {
        let assignment = |(member, bytes): &(&Member, &'static str)| SyncGroupRequestAssignment {
            member_id: member.id.as_str().into(),
            assignment: Bytes::from_static(bytes.as_bytes()),
            ..SyncGroupRequestAssignment::default()
        };
        let request = SyncGroupRequest {
            group_id: "g".into(),
            generation_id: generation,
            member_id: self.id.as_str().into(),
            group_instance_id: self.instance.map(Into::into),
            protocol_type: Some("fruit".into()),
            protocol_name: Some(self.protocols[0].0.into()),
            assignments: assignments.iter().map(assignment).collect(),
            ..SyncGroupRequest::default()
        };
        clients.send(self.client, SYNC, &request);
    }

    fn synced(&self, clients: &mut Clients) -> SyncGroupResponse {
        clients.answer::<SyncGroupRequest>(self.client, SYNC).expect("the leader to have been here")
    }

    fn beat(&self, clients: &mut Clients, generation: i32) -> ErrorCode {
        let request = HeartbeatRequest {
            group_id: "g".into(),
            generation_id: generation,
            member_id: self.id.as_str().into(),
            group_instance_id: self.instance.map(Into::into),
            ..HeartbeatRequest::default()
        };
        clients.ask(self.client, 4, &request).error_code
    }

    fn leave(&self, clients: &mut Clients) -> LeaveGroupResponse {
        let member = MemberIdentity { member_id: self.id.as_str().into(), ..MemberIdentity::default() };
        let request =
            LeaveGroupRequest { group_id: "g".into(), members: vec![member], ..LeaveGroupRequest::default() };
        clients.ask(self.client, 5, &request)
    }
}

fn state(clients: &Clients) -> &'static str {
    clients.world.engine.coordinators.groups.get("g").map_or("none", Group::state_name)
}

/// Two members of a stable group of generation 1, the leader first.
fn pair(clients: &mut Clients) -> (Member, Member) {
    let (mut one, mut two) = (Member::new(clients), Member::new(clients));
    settle(clients, &mut one, &mut two);
    if clients.world.engine.coordinators.groups.get("g").is_some_and(|group| leads(group, &one)) {
        (one, two)
    } else {
        (two, one)
    }
}

fn leads(group: &Group, member: &Member) -> bool {
    match group {
        Group::Classic(group) => group.leader.as_deref() == Some(&member.id),
        Group::Consumer(_) => false,
    }
}

fn settle(clients: &mut Clients, one: &mut Member, two: &mut Member) {
    one.join(clients);
    two.join(clients);
    clients.pass(INITIAL_MS * 2);
    let joined = one.joined(clients);
    assert_eq!((joined.error_code, joined.generation_id), (ErrorCode::NONE, 1));
    assert_eq!(two.joined(clients).leader, joined.leader);
    let (leader, other) = if *joined.leader == *one.id { (&*one, &*two) } else { (&*two, &*one) };
    other.send_sync(clients, 1, &[]);
    leader.send_sync(clients, 1, &[(leader, "for the leader"), (other, "for the other")]);
    assert_eq!(leader.synced(clients).assignment, "for the leader");
    assert_eq!(other.synced(clients).assignment, "for the other");
    assert_eq!(state(clients), "Stable");
}

#[test]
fn the_first_rebalance_waits_for_more_members() {
    let mut clients = Clients::new();
    let (mut one, mut two) = (Member::new(&mut clients), Member::new(&mut clients));
    one.join(&mut clients);
    clients.pass(INITIAL_MS - 1);
    assert_eq!(state(&clients), "PreparingRebalance");
    two.join(&mut clients);
    clients.pass(1);
    // A member came, so it waits once more.
    assert!(one.waits(&mut clients));
    clients.pass(INITIAL_MS);
    let (first, second) = (one.joined(&mut clients), two.joined(&mut clients));
    assert_eq!(first.protocol_name.as_deref(), Some("range"));
    assert_eq!(first.protocol_type.as_deref(), Some("fruit"));
    let (leader, other) = if first.leader == first.member_id { (first, second) } else { (second, first) };
    assert_eq!(leader.members.len(), 2);
    assert_eq!(leader.members[0].metadata, "likes apples");
    assert!(other.members.is_empty());
    assert_eq!(state(&clients), "CompletingRebalance");
}

#[test]
fn a_member_without_an_id_gets_one_and_before_version_4_joins_at_once() {
    let mut clients = Clients::new();
    let member = Member::new(&mut clients);
    clients.send(member.client, 3, &member.request());
    clients.pass(INITIAL_MS);
    let joined = clients.answer::<JoinGroupRequest>(member.client, 3).unwrap();
    assert_eq!((joined.error_code, joined.generation_id), (ErrorCode::NONE, 1));
    assert!(!joined.member_id.is_empty());
}

#[test]
fn an_id_that_is_not_used_is_forgotten_after_the_session_time_out() {
    let mut clients = Clients::new();
    let (mut one, two) = (Member::new(&mut clients), Member::new(&mut clients));
    one.join(&mut clients);
    clients.pass(INITIAL_MS);
    one.joined(&mut clients);
    one.send_sync(&mut clients, 1, &[]);
    one.synced(&mut clients);
    assert_eq!(clients.ask(two.client, JOIN, &two.request()).error_code, ErrorCode::MEMBER_ID_REQUIRED);
    // A rebalance waits for who has an id.
    one.join(&mut clients);
    assert!(one.waits(&mut clients));
    clients.pass(SESSION_MS);
    assert_eq!(one.joined(&mut clients).generation_id, 2);
}

#[test]
fn a_new_member_makes_the_others_join_again() {
    let mut clients = Clients::new();
    let (mut leader, mut other) = pair(&mut clients);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::NONE);
    let mut third = Member::new(&mut clients);
    third.join(&mut clients);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::REBALANCE_IN_PROGRESS);
    leader.join(&mut clients);
    assert!(leader.waits(&mut clients));
    other.join(&mut clients);
    for member in [&mut leader, &mut other, &mut third] {
        assert_eq!(member.joined(&mut clients).generation_id, 2);
    }
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(leader.beat(&mut clients, 2), ErrorCode::NONE);
}

#[test]
fn who_is_silent_for_a_session_is_out() {
    let mut clients = Clients::new();
    let (leader, other) = pair(&mut clients);
    clients.pass(SESSION_MS - 1);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::NONE);
    clients.pass(1);
    assert_eq!(state(&clients), "PreparingRebalance");
    assert_eq!(other.beat(&mut clients, 1), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::REBALANCE_IN_PROGRESS);
}

#[test]
fn who_does_not_join_in_time_is_out() {
    let mut clients = Clients::new();
    let (mut leader, other) = pair(&mut clients);
    leader.send_join(&mut clients);
    let mut passed = 0;
    while passed < REBALANCE_MS {
        assert!(leader.waits(&mut clients), "{passed}");
        assert_eq!(other.beat(&mut clients, 1), ErrorCode::REBALANCE_IN_PROGRESS);
        clients.pass(SESSION_MS / 2);
        passed += SESSION_MS / 2;
    }
    let joined = leader.joined(&mut clients);
    assert_eq!((joined.generation_id, joined.members.len()), (2, 1));
    assert_eq!(other.beat(&mut clients, 2), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn who_does_not_ask_for_its_assignment_is_out() {
    let mut clients = Clients::new();
    let (mut one, mut two) = (Member::new(&mut clients), Member::new(&mut clients));
    one.join(&mut clients);
    two.join(&mut clients);
    clients.pass(INITIAL_MS * 2);
    let leads = one.joined(&mut clients).leader == two.joined(&mut clients).member_id;
    let (leader, other) = if leads { (two, one) } else { (one, two) };
    leader.send_sync(&mut clients, 1, &[]);
    assert_eq!(leader.synced(&mut clients).assignment, "");
    for _ in 0..REBALANCE_MS / 5000 {
        leader.beat(&mut clients, 1);
        other.beat(&mut clients, 1);
        clients.pass(5000);
    }
    assert_eq!(other.beat(&mut clients, 1), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::REBALANCE_IN_PROGRESS);
}

#[test]
fn a_rebalance_ends_the_wait_for_assignments() {
    let mut clients = Clients::new();
    let (mut one, mut two) = (Member::new(&mut clients), Member::new(&mut clients));
    one.join(&mut clients);
    two.join(&mut clients);
    clients.pass(INITIAL_MS * 2);
    let leads = one.joined(&mut clients).leader == two.joined(&mut clients).member_id;
    let (leader, mut other) = if leads { (two, one) } else { (one, two) };
    // The other changes its mind while the leader has not decided yet.
    other.send_sync(&mut clients, 1, &[]);
    let mut again = other.clone();
    again.client = clients.connect();
    again.protocols[0].1 = "likes pears";
    again.send_join(&mut clients);
    assert_eq!(other.synced(&mut clients).error_code, ErrorCode::REBALANCE_IN_PROGRESS);
    leader.send_sync(&mut clients, 1, &[]);
    assert_eq!(leader.synced(&mut clients).error_code, ErrorCode::REBALANCE_IN_PROGRESS);
    // Who asks once more on another connection leaves nobody waiting on the first.
    other.protocols[0].1 = "likes pears";
    other.send_join(&mut clients);
    assert_eq!(again.joined(&mut clients).error_code, ErrorCode::REBALANCE_IN_PROGRESS);
}

#[test]
fn the_protocol_that_most_like_best_wins() {
    let mut clients = Clients::new();
    let mut members: Vec<Member> = (0..3).map(|_| Member::new(&mut clients)).collect();
    for (member, protocols) in members.iter_mut().zip([["a", "b", "x"], ["b", "a", "y"], ["z", "b", "a"]]) {
        member.protocols = protocols.map(|name| (name, name)).to_vec();
        member.join(&mut clients);
    }
    clients.pass(INITIAL_MS * 3);
    for member in &mut members {
        assert_eq!(member.joined(&mut clients).protocol_name.as_deref(), Some("b"));
    }
    let mut stranger = Member::new(&mut clients);
    stranger.protocols = vec![("x", "")];
    let refused = clients.ask(stranger.client, JOIN, &stranger.request());
    assert_eq!(refused.error_code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
}

#[test]
fn a_static_member_that_comes_back_keeps_its_place_and_fences_the_old_one() {
    let mut clients = Clients::new();
    let (mut one, mut two) = (Member::named(&mut clients, "one"), Member::named(&mut clients, "two"));
    settle(&mut clients, &mut one, &mut two);
    let group = clients.world.engine.coordinators.groups.get("g").unwrap();
    let (leader, other) = if leads(group, &one) { (one, two) } else { (two, one) };

    let mut back = Member { client: clients.connect(), id: String::new(), ..other.clone() };
    back.send_join(&mut clients);
    let joined = back.joined(&mut clients);
    assert_eq!((joined.generation_id, joined.skip_assignment), (1, false));
    assert_eq!(other.beat(&mut clients, 1), ErrorCode::FENCED_INSTANCE_ID);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::NONE);
    back.send_sync(&mut clients, 1, &[]);
    assert_eq!(back.synced(&mut clients).assignment, "for the other");

    let mut back = Member { client: clients.connect(), id: String::new(), ..leader.clone() };
    back.send_join(&mut clients);
    let joined = back.joined(&mut clients);
    assert_eq!((joined.generation_id, joined.skip_assignment), (1, true));
    assert_eq!((joined.leader.to_string(), joined.members.len()), (back.id.clone(), 2));

    // Before version 9 a leader cannot be told to skip; it is told that somebody else leads.
    let mut again = Member { client: clients.connect(), id: String::new(), ..back.clone() };
    clients.send(again.client, 8, &again.request());
    let joined = clients.answer::<JoinGroupRequest>(again.client, 8).unwrap();
    again.id = joined.member_id.to_string();
    assert_eq!((joined.leader.to_string(), joined.members.len()), (back.id.clone(), 0));
    assert_eq!(state(&clients), "Stable");
}

#[test]
fn a_static_member_may_be_away_for_a_rebalance_but_not_for_a_session() {
    let mut clients = Clients::new();
    let (mut one, two) = (Member::named(&mut clients, "one"), Member::named(&mut clients, "two"));
    let mut two = two;
    settle(&mut clients, &mut one, &mut two);
    one.protocols[0].1 = "likes pears";
    one.send_join(&mut clients);
    clients.pass(SESSION_MS);
    // Its session is over, so the rebalance does not wait for it any longer.
    let joined = one.joined(&mut clients);
    assert_eq!((joined.generation_id, joined.members.len()), (2, 1));
    assert_eq!(two.beat(&mut clients, 2), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn members_leave_and_the_last_one_leaves_an_empty_group() {
    let mut clients = Clients::new();
    let (mut leader, other) = pair(&mut clients);
    let left = other.leave(&mut clients);
    assert_eq!((left.error_code, left.members[0].error_code), (ErrorCode::NONE, ErrorCode::NONE));
    assert_eq!(other.leave(&mut clients).members[0].error_code, ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(leader.beat(&mut clients, 1), ErrorCode::REBALANCE_IN_PROGRESS);
    leader.send_join(&mut clients);
    assert_eq!(leader.joined(&mut clients).generation_id, 2);
    leader.leave(&mut clients);
    assert_eq!(state(&clients), "Empty");
    // Nothing is left to wake up for.
    assert_eq!(clients.world.engine.poll_timeout(), None);
}

#[test]
fn a_static_member_can_be_removed_by_its_instance_id() {
    let mut clients = Clients::new();
    let (mut one, mut two) = (Member::named(&mut clients, "one"), Member::named(&mut clients, "two"));
    settle(&mut clients, &mut one, &mut two);
    let member = |instance: &str, id: &str| MemberIdentity {
        group_instance_id: Some(instance.into()),
        member_id: id.into(),
        ..MemberIdentity::default()
    };
    let members = vec![member("one", ""), member("three", ""), member("two", "somebody")];
    let request = LeaveGroupRequest { group_id: "g".into(), members, ..LeaveGroupRequest::default() };
    let left = clients.ask(two.client, 5, &request);
    let codes: Vec<_> = left.members.iter().map(|member| member.error_code).collect();
    let expected = [ErrorCode::NONE, ErrorCode::UNKNOWN_MEMBER_ID, ErrorCode::FENCED_INSTANCE_ID];
    assert_eq!(codes, expected);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut clients = Clients::new();
    let member = Member::new(&mut clients);
    let mut code = |change: fn(&mut JoinGroupRequest)| {
        let mut request = member.request();
        change(&mut request);
        clients.ask(member.client, JOIN, &request).error_code
    };
    assert_eq!(code(|it| it.group_id = "".into()), ErrorCode::INVALID_GROUP_ID);
    assert_eq!(code(|it| it.session_timeout_ms = 5999), ErrorCode::INVALID_SESSION_TIMEOUT);
    assert_eq!(code(|it| it.session_timeout_ms = -1), ErrorCode::INVALID_SESSION_TIMEOUT);
    assert_eq!(code(|it| it.session_timeout_ms = 1_800_001), ErrorCode::INVALID_SESSION_TIMEOUT);
    assert_eq!(code(|it| it.member_id = "me".into()), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(code(|it| it.protocols.clear()), ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    assert_eq!(code(|it| it.protocol_type = "".into()), ErrorCode::INCONSISTENT_GROUP_PROTOCOL);

    let (leader, _) = pair(&mut clients);
    let mut stranger = leader.clone();
    stranger.client = clients.connect();
    stranger.id = "stranger".into();
    stranger.send_sync(&mut clients, 1, &[]);
    assert_eq!(stranger.synced(&mut clients).error_code, ErrorCode::UNKNOWN_MEMBER_ID);
    leader.send_sync(&mut clients, 7, &[]);
    assert_eq!(leader.synced(&mut clients).error_code, ErrorCode::ILLEGAL_GENERATION);
    stranger = leader.clone();
    stranger.protocols[0].0 = "other";
    stranger.send_sync(&mut clients, 1, &[]);
    assert_eq!(stranger.synced(&mut clients).error_code, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
}

#[test]
fn a_group_that_is_full_takes_nobody() {
    let mut clients = Clients::new();
    clients.world.engine.coordinators.settings.max_size = 2;
    pair(&mut clients);
    let third = Member::new(&mut clients);
    let refused = clients.ask(third.client, JOIN, &third.request());
    assert_eq!(refused.error_code, ErrorCode::GROUP_MAX_SIZE_REACHED);
    clients.world.engine.coordinators.settings.max_groups = 1;
    let request = JoinGroupRequest { group_id: "h".into(), ..third.request() };
    assert_eq!(clients.ask(third.client, JOIN, &request).error_code, ErrorCode::POLICY_VIOLATION);
}
