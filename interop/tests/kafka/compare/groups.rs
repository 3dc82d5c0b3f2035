//! Groups of both protocols, and committed offsets.

use bytes::Bytes;
use ottla_proto::messages::consumer_group_describe::ConsumerGroupDescribeRequest;
use ottla_proto::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use ottla_proto::messages::delete_groups::DeleteGroupsRequest;
use ottla_proto::messages::describe_groups::DescribeGroupsRequest;
use ottla_proto::messages::find_coordinator::FindCoordinatorRequest;
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use ottla_proto::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use ottla_proto::messages::list_groups::ListGroupsRequest;
use ottla_proto::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use ottla_proto::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use ottla_proto::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};
use ottla_proto::messages::{FindCoordinatorResponse, JoinGroupResponse, ListGroupsResponse};
use ottla_proto::{ErrorCode, GroupId};

use super::{Pair, Side, drawn};

pub(super) fn coordinators(pair: &mut Pair) {
    for side in &mut pair.sides {
        for (key, kind) in [("group", 0), ("tx", 1)] {
            let request = find(key, kind);
            side.until(4, &request, |answer: &FindCoordinatorResponse| {
                answer.coordinators[0].error_code == ErrorCode::NONE
            });
        }
    }
    let normal = |answer: &mut FindCoordinatorResponse| {
        (answer.error_message, answer.port) = (None, answer.port.min(0));
        for coordinator in &mut answer.coordinators {
            (coordinator.error_message, coordinator.port) = (None, coordinator.port.min(0));
        }
    };
    for (what, kind) in [("of a group", 0), ("of a transaction", 1), ("of nothing known", 9)] {
        pair.each(what, |_| find("group", kind), normal);
        let one = |_: &Side| FindCoordinatorRequest {
            key: "group".into(),
            key_type: kind,
            ..FindCoordinatorRequest::default()
        };
        pair.each(what, one, normal);
    }
}

fn find(key: &'static str, key_type: i8) -> FindCoordinatorRequest {
    FindCoordinatorRequest {
        coordinator_keys: vec![key.into()],
        key_type,
        ..FindCoordinatorRequest::default()
    }
}

fn join(group: &'static str, member: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol {
        name: "range".into(),
        metadata: Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff"),
        ..JoinGroupRequestProtocol::default()
    };
    JoinGroupRequest {
        group_id: group.into(),
        session_timeout_ms: 30_000,
        rebalance_timeout_ms: 30_000,
        member_id: member.into(),
        protocol_type: "consumer".into(),
        protocols: vec![protocol],
        ..JoinGroupRequest::default()
    }
}

fn nameless(answer: &mut JoinGroupResponse) {
    for name in [&mut answer.member_id, &mut answer.leader] {
        *name = if name.starts_with("compare-") { "drawn".into() } else { name.clone() };
    }
    for member in &mut answer.members {
        member.member_id = "drawn".into();
    }
}

pub(super) fn classic(pair: &mut Pair) {
    const GROUP: &str = "group";
    // Some of these wait for the coordinator to have read its log.
    for side in &mut pair.sides {
        side.until(4, &beat(GROUP, 1, "nobody"), |answer| answer.error_code == ErrorCode::UNKNOWN_MEMBER_ID);
    }
    pair.each("a stranger", |_| join(GROUP, "nobody"), nameless);
    pair.each("no group", |_| join("", ""), nameless);
    pair.each("in a hurry", |_| JoinGroupRequest { session_timeout_ms: 1, ..join(GROUP, "") }, nameless);
    pair.each("no protocol", |_| JoinGroupRequest { protocols: Vec::new(), ..join(GROUP, "") }, nameless);
    pair.each("a stranger", |_| sync(GROUP, 1, "nobody"), |_| {});
    pair.each("a stranger", |_| beat(GROUP, 1, "nobody"), |_| {});
    pair.each("a stranger", |_| leave_old(GROUP, "nobody"), |_| {});
    pair.each("a stranger", |_| leave(GROUP, "nobody"), |_| {});

    // Of a group of its own, which waits for whom it has just named.
    for version in [4, 5, 7, 9] {
        pair.compare(version, "without a name", |_| join("named", ""), nameless);
    }
    for side in &mut pair.sides {
        let named = side.ask(9, &join(GROUP, "")).unwrap().member_id;
        side.names.insert("member", named.to_string());
    }
    pair.compare(9, "the first member", |side| join(GROUP, side.name("member")), nameless);
    pair.compare(5, "another generation", |side| sync(GROUP, 7, side.name("member")), |_| {});
    pair.compare(5, "the leader", |side| sync(GROUP, 1, side.name("member")), |_| {});
    pair.each("a member", |side| beat(GROUP, 1, side.name("member")), |_| {});
    pair.each("another generation", |side| beat(GROUP, 7, side.name("member")), |_| {});
    for (what, generation, member) in
        [("by the member", 1, true), ("by another generation", 2, true), ("by nobody", -1, false)]
    {
        let commit = |side: &Side, version| {
            let member = if member { side.name("member") } else { "" };
            let mut commit = commit(side, version, GROUP, &["t", "nobody"]);
            (commit.generation_id_or_member_epoch, commit.member_id) = (generation, member.into());
            commit
        };
        for version in 2..=10 {
            pair.compare(version, what, |side| commit(side, version), committed);
        }
    }
    describe(pair, GROUP, "stable");
    pair.compare(
        5,
        "the member",
        |side| leave(GROUP, side.name("member")),
        |answer| {
            answer.members.iter_mut().for_each(|member| member.member_id = "drawn".into());
        },
    );
    describe(pair, GROUP, "empty");
    describe(pair, "nowhere", "nowhere");
}

fn beat(group: &'static str, generation_id: i32, member: &str) -> HeartbeatRequest {
    HeartbeatRequest {
        group_id: group.into(),
        generation_id,
        member_id: member.into(),
        ..HeartbeatRequest::default()
    }
}

fn sync(group: &'static str, generation_id: i32, member: &str) -> SyncGroupRequest {
    let assignment = SyncGroupRequestAssignment {
        member_id: member.into(),
        assignment: Bytes::from_static(b"mine"),
        ..SyncGroupRequestAssignment::default()
    };
    SyncGroupRequest {
        group_id: group.into(),
        generation_id,
        member_id: member.into(),
        protocol_type: Some("consumer".into()),
        protocol_name: Some("range".into()),
        assignments: vec![assignment],
        ..SyncGroupRequest::default()
    }
}

fn leave_old(group: &'static str, member: &str) -> LeaveGroupRequest {
    LeaveGroupRequest { group_id: group.into(), member_id: member.into(), ..LeaveGroupRequest::default() }
}

fn leave(group: &'static str, member: &str) -> LeaveGroupRequest {
    let member = MemberIdentity { member_id: member.into(), ..MemberIdentity::default() };
    LeaveGroupRequest { group_id: group.into(), members: vec![member], ..LeaveGroupRequest::default() }
}

fn describe(pair: &mut Pair, group: &'static str, what: &str) {
    let request = |_: &Side| DescribeGroupsRequest { groups: vec![group.into()], ..Default::default() };
    pair.each(what, request, |answer| {
        for group in &mut answer.groups {
            group.error_message = None;
            for member in &mut group.members {
                (member.member_id, member.client_host) = ("drawn".into(), "somewhere".into());
            }
        }
    });
    let sorted = |answer: &mut ListGroupsResponse| {
        answer.groups.retain(|group| &*group.group_id != "named");
        answer.groups.sort_by_key(|group| group.group_id.clone());
    };
    pair.each(what, |_| ListGroupsRequest::default(), sorted);
    let states = |_: &Side| ListGroupsRequest {
        states_filter: vec!["stable".into(), "No such state".into()],
        ..ListGroupsRequest::default()
    };
    pair.each(what, states, sorted);
    let types = |_: &Side| ListGroupsRequest { types_filter: vec!["classic".into()], ..Default::default() };
    pair.each(what, types, sorted);
}

/// Commits offsets of the partitions 0 and 9 of each topic.
fn commit(side: &Side, version: i16, group: &'static str, topics: &[&'static str]) -> OffsetCommitRequest {
    // Kafka looks for the topic only, see the heads of the embedded broker's files.
    let partition = OffsetCommitRequestPartition {
        partition_index: 0,
        committed_offset: 5,
        committed_metadata: Some("note".into()),
        ..OffsetCommitRequestPartition::default()
    };
    let topic = |name: &&'static str| {
        let partitions = vec![partition.clone()];
        match version {
            10.. => OffsetCommitRequestTopic { topic_id: side.id(name), partitions, ..Default::default() },
            _ => OffsetCommitRequestTopic { name: (*name).into(), partitions, ..Default::default() },
        }
    };
    OffsetCommitRequest {
        group_id: group.into(),
        topics: topics.iter().map(topic).collect(),
        ..OffsetCommitRequest::default()
    }
}

fn committed(answer: &mut ottla_proto::messages::OffsetCommitResponse) {
    answer.topics.iter_mut().for_each(|topic| topic.topic_id = drawn(topic.topic_id));
    answer.topics.sort_by_key(|topic| (topic.name.clone(), topic.topic_id, topic.partitions[0].error_code));
}

pub(super) fn offsets(pair: &mut Pair) {
    const GROUP: &str = "plain";
    let wordy = |side: &Side, version| {
        let mut commit = commit(side, version, GROUP, &["t"]);
        commit.topics[0].partitions[0].committed_metadata = Some("x".repeat(5_000).into());
        commit
    };
    for version in 2..=10 {
        let known = |side: &Side| commit(side, version, GROUP, &["t"]);
        pair.compare(version, "by nobody in particular", known, committed);
        pair.compare(version, "unknown", |side| commit(side, version, GROUP, &["nobody", "t"]), committed);
        pair.compare(version, "too much to say", |side| wordy(side, version), committed);
        pair.compare(version, "no group", |side| commit(side, version, "", &["t"]), committed);
    }
    for group in [GROUP, "nowhere", ""] {
        for asked in [Some(&["t", "u", "nobody"][..]), None] {
            let what = format!("group {group:?}, topics {asked:?}");
            for version in 1..=10 {
                pair.compare(
                    version,
                    &what,
                    |side| offset_fetch(side, version, group, asked),
                    |answer| {
                        for group in &mut answer.groups {
                            group.topics.iter_mut().for_each(|topic| topic.topic_id = drawn(topic.topic_id));
                            group.topics.sort_by_key(|topic| {
                                (topic.name.clone(), topic.topic_id, topic.partitions[0].committed_offset)
                            });
                        }
                        answer.topics.sort_by_key(|topic| topic.name.clone());
                    },
                );
            }
        }
    }
    let delete = |group: &'static str, topic: &'static str| OffsetDeleteRequest {
        group_id: group.into(),
        topics: vec![OffsetDeleteRequestTopic {
            name: topic.into(),
            partitions: vec![OffsetDeleteRequestPartition::default()],
        }],
    };
    for (group, topic) in [(GROUP, "u"), (GROUP, "nobody"), (GROUP, "t"), ("nowhere", "t"), ("", "t")] {
        pair.each(&format!("{topic} of {group:?}"), |_| delete(group, topic), |_| {});
    }
    for name in ["nowhere", "", "group"] {
        let request =
            |_: &Side| DeleteGroupsRequest { groups_names: vec![name.into()], ..Default::default() };
        pair.each(name, request, |answer| {
            answer.results.iter_mut().for_each(|result| result.error_message = None);
        });
    }
}

fn offset_fetch(
    side: &Side,
    version: i16,
    group: &'static str,
    asked: Option<&[&'static str]>,
) -> OffsetFetchRequest {
    let group_id = GroupId::from(group);
    if version < 8 {
        let topic = |name: &&'static str| OffsetFetchRequestTopic {
            name: (*name).into(),
            partition_indexes: vec![0],
            ..OffsetFetchRequestTopic::default()
        };
        let topics = asked.map(|asked| asked.iter().map(topic).collect());
        return OffsetFetchRequest { group_id, topics, ..OffsetFetchRequest::default() };
    }
    let topic = |name: &&'static str| {
        let partition_indexes = vec![0];
        match version {
            10.. => {
                OffsetFetchRequestTopics { topic_id: side.id(name), partition_indexes, ..Default::default() }
            }
            _ => OffsetFetchRequestTopics { name: (*name).into(), partition_indexes, ..Default::default() },
        }
    };
    let topics = asked.map(|asked| asked.iter().map(topic).collect());
    let group = OffsetFetchRequestGroup { group_id, topics, ..OffsetFetchRequestGroup::default() };
    OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() }
}

/// Groups of the protocol that the coordinator leads (KIP-848).
pub(super) fn consumer(pair: &mut Pair) {
    const GROUP: &str = "consumers";
    const MEMBER: &str = "kRyDN8cEQDmtA5EQZ7m3Gg";
    let beat = |member_epoch| ConsumerGroupHeartbeatRequest {
        group_id: GROUP.into(),
        member_id: MEMBER.into(),
        member_epoch,
        ..ConsumerGroupHeartbeatRequest::default()
    };
    let join = || ConsumerGroupHeartbeatRequest {
        rebalance_timeout_ms: 30_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        topic_partitions: Some(Vec::new()),
        ..beat(0)
    };
    let normal = |answer: &mut ottla_proto::messages::ConsumerGroupHeartbeatResponse| {
        answer.error_message = None;
        answer.member_epoch = answer.member_epoch.signum();
        for topic in answer.assignment.iter_mut().flat_map(|assignment| &mut assignment.topic_partitions) {
            topic.topic_id = drawn(topic.topic_id);
            topic.partitions.sort_unstable();
        }
    };
    let faulty: [(&str, ConsumerGroupHeartbeatRequest); 8] = [
        ("no group", ConsumerGroupHeartbeatRequest { group_id: "".into(), ..join() }),
        ("no time-out", ConsumerGroupHeartbeatRequest { rebalance_timeout_ms: -1, ..join() }),
        ("no subscription", ConsumerGroupHeartbeatRequest { subscribed_topic_names: None, ..join() }),
        ("owning something", ConsumerGroupHeartbeatRequest { topic_partitions: None, ..join() }),
        (
            "no such assignor",
            ConsumerGroupHeartbeatRequest { server_assignor: Some("none".into()), ..join() },
        ),
        (
            "a bad expression",
            ConsumerGroupHeartbeatRequest { subscribed_topic_regex: Some("(".into()), ..join() },
        ),
        ("an empty name", ConsumerGroupHeartbeatRequest { instance_id: Some("".into()), ..join() }),
        ("a stranger", beat(5)),
    ];
    for (what, request) in faulty {
        pair.each(what, |_| request.clone(), normal);
    }
    pair.compare(1, "the first member", |_| join(), normal);
    for side in &mut pair.sides {
        side.epoch = side.ask(1, &join()).unwrap().member_epoch;
    }
    pair.compare(1, "a heartbeat", |side| beat(side.epoch), normal);
    pair.compare(1, "another epoch", |side| beat(side.epoch + 7), normal);
    let describe = |group: &'static str| ConsumerGroupDescribeRequest {
        group_ids: vec![group.into()],
        ..ConsumerGroupDescribeRequest::default()
    };
    for group in [GROUP, "group", "nowhere", ""] {
        pair.each(
            group,
            |_| describe(group),
            |answer| {
                for group in &mut answer.groups {
                    group.error_message = None;
                    group.group_epoch = group.group_epoch.signum();
                    group.assignment_epoch = group.assignment_epoch.signum();
                    for member in &mut group.members {
                        member.member_epoch = member.member_epoch.signum();
                        member.client_host = "somewhere".into();
                        for assignment in [&mut member.assignment, &mut member.target_assignment] {
                            for topic in &mut assignment.topic_partitions {
                                topic.topic_id = drawn(topic.topic_id);
                                topic.partitions.sort_unstable();
                            }
                        }
                    }
                }
            },
        );
    }
    pair.compare(1, "good bye", |_| beat(-1), normal);
    pair.compare(1, "good bye again", |_| beat(-1), normal);
}

/// A group whose members come to speak both protocols, and one again.
pub(super) fn both_protocols(pair: &mut Pair) {
    const GROUP: &str = "both";
    const MEMBER: &str = "both.modern";
    let beat_modern = |member_epoch| ConsumerGroupHeartbeatRequest {
        group_id: GROUP.into(),
        member_id: MEMBER.into(),
        member_epoch,
        ..ConsumerGroupHeartbeatRequest::default()
    };
    let join_modern = || ConsumerGroupHeartbeatRequest {
        rebalance_timeout_ms: 30_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        topic_partitions: Some(Vec::new()),
        ..beat_modern(0)
    };
    // Which partitions somebody gets is the assignor's affair, when is a setting's.
    let normal = |answer: &mut ottla_proto::messages::ConsumerGroupHeartbeatResponse| {
        (answer.error_message, answer.assignment) = (None, None);
        answer.member_epoch = answer.member_epoch.signum();
    };
    let joined = |answer: &mut JoinGroupResponse| {
        nameless(answer);
        answer.generation_id = answer.generation_id.signum();
    };
    let synced = |answer: &mut ottla_proto::messages::SyncGroupResponse| answer.assignment.clear();
    let classic = |side: &Side| join(GROUP, side.name("both"));
    let generation = |side: &Side| side.name("generation").parse().unwrap();
    let sync = |side: &Side, generation| {
        let mut sync = sync(GROUP, generation, side.name("both"));
        let bytes = b"\0\0\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0\xff\xff\xff\xff";
        sync.assignments[0].assignment = Bytes::from_static(bytes);
        sync
    };
    let learn = |side: &mut Side| {
        let answer = side.ask(9, &join(GROUP, side.name("both"))).unwrap();
        side.names.insert("generation", answer.generation_id.to_string());
    };
    for side in &mut pair.sides {
        let named = side.ask(9, &join(GROUP, "")).unwrap().member_id;
        side.names.insert("both", named.to_string());
        learn(side);
    }
    pair.compare(5, "before", |side| sync(side, generation(side)), synced);
    pair.compare(1, "the first of its kind", |_| join_modern(), normal);
    describe(pair, GROUP, "both kinds");
    pair.each("an older generation", |side| beat(GROUP, generation(side), side.name("both")), |_| {});
    pair.compare(5, "an older generation", |side| sync(side, generation(side)), synced);
    pair.compare(9, "a newcomer", |_| join(GROUP, ""), |answer| answer.member_id = "drawn".into());
    let other = |side: &Side| {
        let mut join = join(GROUP, side.name("both"));
        join.protocols[0].name = "other".into();
        join
    };
    pair.each("another protocol", other, joined);
    let other = |_: &Side| JoinGroupRequest { protocol_type: "other".into(), ..join(GROUP, "") };
    pair.each("another type", other, joined);
    let stranger = |_: &Side| JoinGroupRequest { group_instance_id: Some("i".into()), ..join(GROUP, "me") };
    pair.compare(9, "a stranger with an instance id", stranger, joined);
    pair.compare(9, "the next step", classic, joined);
    pair.sides.iter_mut().for_each(learn);
    pair.compare(5, "after it", |side| sync(side, generation(side)), synced);
    for (what, later, member) in
        [("current", 0, true), ("later", 1, true), ("the modern one", 0, false), ("later of it", 7, false)]
    {
        let name = move |side: &Side| if member { side.name("both").to_owned() } else { MEMBER.to_owned() };
        pair.each(what, |side| beat(GROUP, generation(side) + later, &name(side)), |_| {});
        pair.compare(
            5,
            what,
            |side| SyncGroupRequest { member_id: name(side).into(), ..sync(side, generation(side) + later) },
            synced,
        );
        for version in [2, 8, 9, 10] {
            // Of the member that has epochs only what is refused: its epoch may be another one.
            let epoch = if member { later } else { 1000 };
            let request = |side: &Side| OffsetCommitRequest {
                member_id: name(side).into(),
                generation_id_or_member_epoch: generation(side) + epoch,
                ..commit(side, version, GROUP, &["t"])
            };
            pair.compare(version, what, request, committed);
        }
    }
    let kinds = |_: &Side| ConsumerGroupDescribeRequest {
        group_ids: vec![GROUP.into()],
        ..ConsumerGroupDescribeRequest::default()
    };
    pair.compare(1, "both kinds", kinds, |answer| {
        for group in &mut answer.groups {
            (group.group_epoch, group.assignment_epoch) = (1, 1);
            group.group_state = "some".into();
            group.members.sort_by_key(|member| member.member_type);
            for member in &mut group.members {
                (member.member_epoch, member.client_host) = (1, "somewhere".into());
                member.assignment.topic_partitions.clear();
                member.target_assignment.topic_partitions.clear();
                if member.member_type == 0 {
                    member.member_id = "drawn".into();
                }
            }
        }
    });
    pair.compare(1, "the last of its kind", |_| beat_modern(-1), normal);
    pair.each("a group of the past", |_| beat_modern(5), normal);
    pair.each("classic again", |side| beat(GROUP, generation(side), side.name("both")), |_| {});
    describe(pair, GROUP, "classic again");
    pair.compare(9, "classic again", classic, joined);
    pair.sides.iter_mut().for_each(learn);
    pair.compare(5, "classic again", |side| sync(side, generation(side)), synced);
    pair.each("at rest", |side| beat(GROUP, generation(side), side.name("both")), |_| {});
    pair.compare(
        5,
        "the end",
        |side| leave(GROUP, side.name("both")),
        |answer| {
            answer.members.iter_mut().for_each(|member| member.member_id = "drawn".into());
        },
    );
}

/// A consumer group that becomes a classic one forgets what its members have and shall not have. If it is a consumer
/// group again before they have joined, somebody else is given that at once. And members that leave one after the other.
pub(super) fn classic_for_a_moment(pair: &mut Pair) {
    const GROUP: &str = "moment";
    let beat_modern = |member: &'static str, member_epoch| ConsumerGroupHeartbeatRequest {
        group_id: GROUP.into(),
        member_id: member.into(),
        member_epoch,
        ..ConsumerGroupHeartbeatRequest::default()
    };
    let join_modern = |member| ConsumerGroupHeartbeatRequest {
        rebalance_timeout_ms: 30_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        topic_partitions: Some(Vec::new()),
        ..beat_modern(member, 0)
    };
    // How many partitions counts, not which.
    let counted = |answer: &mut ottla_proto::messages::ConsumerGroupHeartbeatResponse| {
        (answer.error_message, answer.member_epoch) = (None, answer.member_epoch.signum());
        for topic in answer.assignment.iter_mut().flat_map(|assignment| &mut assignment.topic_partitions) {
            (topic.topic_id, topic.partitions) = (drawn(topic.topic_id), vec![0; topic.partitions.len()]);
        }
    };
    let generation = |side: &Side| side.name("generation").parse().unwrap();
    let classic_beat = |side: &Side| beat(GROUP, generation(side), side.name("moment"));
    let sync = |side: &Side| {
        let mut sync = sync(GROUP, generation(side), side.name("moment"));
        let bytes = b"\0\0\0\0\0\x01\0\x01t\0\0\0\x02\0\0\0\0\0\0\0\x01\xff\xff\xff\xff";
        sync.assignments[0].assignment = Bytes::from_static(bytes);
        sync
    };
    let learn = |side: &mut Side| {
        let joined = side.ask(9, &join(GROUP, side.name("moment"))).unwrap();
        side.names.insert("generation", joined.generation_id.to_string());
    };
    for side in &mut pair.sides {
        let named = side.ask(9, &join(GROUP, "")).unwrap().member_id;
        side.names.insert("moment", named.to_string());
        learn(side);
    }
    pair.compare(5, "has all", sync, |_| {});
    pair.compare(1, "somebody comes and gets nothing", |_| join_modern("first"), counted);
    pair.compare(1, "and goes", |_| beat_modern("first", -1), counted);
    pair.compare(1, "another gets what nobody has given up", |_| join_modern("second"), counted);
    pair.each("an owner that does not know", classic_beat, |_| {});
    pair.sides.iter_mut().for_each(learn);
    pair.compare(5, "has the rest", sync, |answer| {
        answer.assignment = vec![0; answer.assignment.len()].into()
    });

    pair.compare(1, "a third", |_| join_modern("third"), counted);
    pair.each("a member of before", classic_beat, |_| {});
    pair.sides.iter_mut().for_each(learn);
    pair.each("the newest", classic_beat, |_| {});
    pair.compare(1, "the third goes", |_| beat_modern("third", -1), counted);
    pair.each("nothing is shared out yet", classic_beat, |_| {});
    pair.compare(1, "the second goes", |_| beat_modern("second", -1), counted);
    pair.each("an epoch that it has not seen", classic_beat, |_| {});
    let gone = |answer: &mut ottla_proto::messages::LeaveGroupResponse| {
        answer.members.iter_mut().for_each(|member| member.member_id = "drawn".into());
    };
    pair.compare(5, "the end", |side| leave(GROUP, side.name("moment")), gone);
    describe(pair, GROUP, "the end");
}
