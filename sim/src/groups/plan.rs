//! What a seed decides before a group's minute begins.

use std::sync::Arc;
use std::time::Duration;

use ottla_broker::fault::{Fault as ApiFault, Reaction, Stage};
use ottla_core::Instant;
use ottla_core::group::assignor::{
    Assignor, CooperativeStickyAssignor, RangeAssignor, RoundRobinAssignor, StickyAssignor,
};
use ottla_core::group::{GroupConfig, ProtocolChoice};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

use crate::chance::Chance;
use crate::network::CLIENT_ID;
use crate::plan::{FAULTY, Fault, PARTITIONS, TOPIC};

pub(super) const GROUP: &str = "billing";
const BATCHES: usize = 80;
const FAULTS: u64 = 5;

/// A group's minute, as data.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) commits: Commits,
    pub(super) latency: Duration,
    pub(super) request_timeout: Duration,
    pub(super) metadata_max_age: Duration,
    pub(super) budget: usize,
    pub(super) fetch_max_wait: Duration,
    pub(super) member: Timing,
    pub(super) members: Vec<MemberPlan>,
    pub(super) appends: Vec<Append>,
    /// What is written lives on one node at first, and may be lost with it.
    pub(super) unclean: bool,
    pub(super) faults: Vec<PlannedFault>,
}

/// How the group shares out its partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Eager,
    Cooperative,
    Consumer,
    /// Old members, and new ones that bring the consumer protocol with them, so that the group changes its own.
    Mixed,
}

/// Where it is kept how far the group has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commits {
    /// In the group, by itself.
    Automatic,
    /// In the group, by the application.
    Explicit,
    /// With what the application makes of the records, in one step.
    Stored,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub(super) session: Duration,
    pub(super) heartbeat: Duration,
    pub(super) max_poll: Duration,
    pub(super) hand_over: Option<Duration>,
    pub(super) auto_commit: Duration,
}

#[derive(Clone, Debug)]
pub(super) struct MemberPlan {
    pub(super) instance: Option<String>,
    /// Takes the newer protocol where it can.
    pub(super) auto: bool,
    pub(super) assignor: u64,
    /// How many batches it works on at a time.
    pub(super) at_once: usize,
    /// Whether it acknowledges record by record, out of order.
    pub(super) by_record: bool,
    pub(super) deeds: Vec<(Instant, Deed)>,
}

/// What a member does, or somebody with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Join(usize),
    /// Closes in order, within that time.
    Leave(usize, Duration),
    /// Drops its consumer and lives on.
    Abandon(usize),
    /// Its process ends.
    Die(usize),
    /// Works for longer than it may.
    Dawdle(usize),
    /// Work on a batch is done: member, incarnation, which.
    Done(usize, usize, u64),
    /// Comes back to read, after a rest.
    GoOn(usize, usize),
    /// Somebody writes.
    Append(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Append {
    pub(super) at: Instant,
    pub(super) partition: i32,
    pub(super) count: usize,
    pub(super) size: usize,
}

#[derive(Clone, Debug)]
pub(super) struct PlannedFault {
    pub(super) at: Instant,
    pub(super) length: Duration,
    pub(super) fault: GroupFault,
}

#[derive(Clone, Debug)]
pub(super) enum GroupFault {
    /// What may happen to any client; a suspended one is a member's, by its place.
    Any(Fault),
    /// The group's coordinator dies.
    KillCoordinator(BrokerId),
    /// The broker answers otherwise than it should.
    Api(Box<ApiFault>, &'static str),
    /// Retention takes what the partition has, or half of it.
    Retention(i32, bool),
    MorePartitions,
    /// The topic is deleted and made anew.
    Recreate,
}

impl GroupFault {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Any(fault) => fault.name().to_owned(),
            Self::KillCoordinator(_) => "killed coordinator".to_owned(),
            Self::Api(fault, name) => match fault.then {
                Reaction::Error { code } => {
                    let moment = if fault.stage == Some(Stage::After) { "after" } else { "before" };
                    format!("{name} answered {code} {moment} the effect")
                }
                Reaction::Throttle { .. } => format!("{name} throttled"),
                Reaction::DropAnswer => format!("{name} unanswered"),
                _ => format!("{name} cut"),
            },
            Self::Retention(..) => "retention".to_owned(),
            Self::MorePartitions => "partitions added".to_owned(),
            Self::Recreate => "topic created anew".to_owned(),
        }
    }
}

impl Plan {
    pub(super) fn new(chance: &mut Chance) -> Self {
        let kind =
            chance.one_of(&[Kind::Eager, Kind::Cooperative, Kind::Consumer, Kind::Consumer, Kind::Mixed]);
        let max_poll = chance.millis(4_000, 15_000);
        let member = Timing {
            session: chance.millis(6_000, 9_000),
            heartbeat: chance.millis(500, 2_000),
            max_poll,
            hand_over: chance.one_in(3).then(|| chance.millis(500, 5_000)),
            auto_commit: chance.millis(50, 4_000),
        };
        let count = chance.size(3, 4);
        let statics = chance.one_in(4);
        let unclean = chance.one_in(6);
        let faults = chance.between(FAULTS, 9);
        Self {
            kind,
            commits: chance.one_of(&[
                Commits::Automatic,
                Commits::Automatic,
                Commits::Explicit,
                Commits::Stored,
            ]),
            latency: Duration::from_millis(chance.one_of(&[1, 5, 50])),
            request_timeout: chance.millis(1_500, 8_000),
            metadata_max_age: chance.millis(2_000, 10_000),
            budget: chance.one_of(&[4 << 10, 64 << 10, 64 << 20]),
            fetch_max_wait: chance.millis(100, 2_000),
            member,
            // Not of classic groups. A static member that stops in the middle of a cooperative rebalance owes the group
            // its second half, in Kafka as here; and a static leader that was started again watches for added partitions
            // no more, which is a bug that is still open (KIP-814).
            members: (0..count)
                .map(|index| MemberPlan::new(index, statics && kind == Kind::Consumer, chance))
                .collect(),
            appends: (0..BATCHES).map(|_| Append::new(chance)).collect(),
            unclean,
            faults: (0..faults).map(|_| PlannedFault::new(kind, unclean, count, chance)).collect(),
        }
    }

    pub(super) fn group(&self, index: usize) -> GroupConfig {
        let plan = &self.members[index];
        let mut config = GroupConfig::new(GROUP.into(), vec![TOPIC.into()]);
        config.start = ottla_core::consumer::Start::Earliest;
        config.request_timeout = self.request_timeout;
        config.max_poll_interval = self.member.max_poll;
        config.hand_over_timeout = self.member.hand_over;
        config.auto_commit = (self.commits == Commits::Automatic).then_some(self.member.auto_commit);
        config.instance_id = plan.instance.as_deref().map(Into::into);
        config.protocol = match self.kind {
            Kind::Consumer if plan.auto => ProtocolChoice::Auto,
            Kind::Consumer => ProtocolChoice::Consumer,
            Kind::Mixed if plan.auto => ProtocolChoice::Auto,
            _ => ProtocolChoice::Classic,
        };
        if config.protocol == ProtocolChoice::Classic {
            config.session_timeout = Some(self.member.session);
            config.heartbeat_interval = Some(self.member.heartbeat);
        }
        let eager: [Arc<dyn Assignor>; 3] =
            [Arc::new(RangeAssignor), Arc::new(RoundRobinAssignor), Arc::new(StickyAssignor)];
        config.assignors = match self.kind {
            // All must know one in common.
            Kind::Eager => Some(eager.into_iter().skip(plan.assignor as usize).collect()),
            Kind::Cooperative => Some(vec![Arc::new(CooperativeStickyAssignor)]),
            Kind::Consumer | Kind::Mixed => None,
        };
        config
    }
}

impl MemberPlan {
    fn new(index: usize, statics: bool, chance: &mut Chance) -> Self {
        // The first keeps the group together from the beginning.
        let mut at = Instant::ZERO + chance.millis(0, if index == 0 { 1 } else { 4_000 });
        let mut deeds = vec![(at, Deed::Join(index))];
        while !chance.one_in(4) {
            at = at + chance.millis(1_000, 20_000);
            if at >= Instant::ZERO + FAULTY {
                break;
            }
            let deed = match chance.between(0, 5) {
                0 | 1 => Deed::Leave(index, chance.millis(100, 6_000)),
                2 => Deed::Abandon(index),
                3 => Deed::Die(index),
                _ => {
                    deeds.push((at, Deed::Dawdle(index)));
                    continue;
                }
            };
            deeds.push((at, deed));
            if index == 3 && chance.one_in(3) {
                return Self::with(index, statics, deeds, chance);
            }
            at = at + chance.millis(10, 8_000);
            deeds.push((at, Deed::Join(index)));
        }
        Self::with(index, statics, deeds, chance)
    }

    fn with(index: usize, statics: bool, deeds: Vec<(Instant, Deed)>, chance: &mut Chance) -> Self {
        Self {
            instance: (statics && index < 2).then(|| format!("static-{index}")),
            auto: chance.one_in(2) && index > 0,
            assignor: chance.between(0, 2),
            at_once: chance.one_of(&[1, 1, 3]),
            by_record: chance.one_in(4),
            deeds,
        }
    }
}

impl Append {
    fn new(chance: &mut Chance) -> Self {
        Self {
            at: Instant::ZERO + chance.millis(0, 58_000),
            partition: chance.between(0, PARTITIONS as u64 - 1) as i32,
            count: chance.size(1, 8),
            size: chance.one_of(&[10, 100, 700]),
        }
    }
}

/// What a group's requests can be answered with, so that a client may go on afterwards.
pub(super) const ERRORS: &[(ApiKey, &str, &[ErrorCode])] = &[
    (
        ApiKey::FIND_COORDINATOR,
        "FindCoordinator",
        &[ErrorCode::COORDINATOR_NOT_AVAILABLE, ErrorCode::UNKNOWN_SERVER_ERROR],
    ),
    (
        ApiKey::JOIN_GROUP,
        "JoinGroup",
        &[
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ErrorCode::COORDINATOR_NOT_AVAILABLE,
            ErrorCode::NOT_COORDINATOR,
            ErrorCode::UNKNOWN_MEMBER_ID,
            ErrorCode::REBALANCE_IN_PROGRESS,
        ],
    ),
    (
        ApiKey::SYNC_GROUP,
        "SyncGroup",
        &[
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ErrorCode::NOT_COORDINATOR,
            ErrorCode::REBALANCE_IN_PROGRESS,
            ErrorCode::ILLEGAL_GENERATION,
            ErrorCode::UNKNOWN_MEMBER_ID,
        ],
    ),
    (
        ApiKey::HEARTBEAT,
        "Heartbeat",
        &[
            ErrorCode::COORDINATOR_NOT_AVAILABLE,
            ErrorCode::NOT_COORDINATOR,
            ErrorCode::REBALANCE_IN_PROGRESS,
            ErrorCode::ILLEGAL_GENERATION,
            ErrorCode::UNKNOWN_MEMBER_ID,
        ],
    ),
    (
        ApiKey::CONSUMER_GROUP_HEARTBEAT,
        "ConsumerGroupHeartbeat",
        &[
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ErrorCode::NOT_COORDINATOR,
            ErrorCode::COORDINATOR_NOT_AVAILABLE,
            ErrorCode::FENCED_MEMBER_EPOCH,
            ErrorCode::UNKNOWN_MEMBER_ID,
        ],
    ),
    (
        ApiKey::LEAVE_GROUP,
        "LeaveGroup",
        &[ErrorCode::COORDINATOR_LOAD_IN_PROGRESS, ErrorCode::NOT_COORDINATOR, ErrorCode::UNKNOWN_MEMBER_ID],
    ),
    (
        ApiKey::OFFSET_COMMIT,
        "OffsetCommit",
        &[
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ErrorCode::NOT_COORDINATOR,
            ErrorCode::REBALANCE_IN_PROGRESS,
            ErrorCode::ILLEGAL_GENERATION,
            ErrorCode::UNKNOWN_MEMBER_ID,
            ErrorCode::STALE_MEMBER_EPOCH,
            ErrorCode::UNKNOWN_SERVER_ERROR,
        ],
    ),
    (
        ApiKey::OFFSET_FETCH,
        "OffsetFetch",
        &[
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            ErrorCode::NOT_COORDINATOR,
            ErrorCode::UNSTABLE_OFFSET_COMMIT,
            ErrorCode::STALE_MEMBER_EPOCH,
            ErrorCode::UNKNOWN_MEMBER_ID,
        ],
    ),
];

/// What may be throttled, lost or cut.
const ANSWERS: &[(ApiKey, &str)] = &[
    (ApiKey::FETCH, "Fetch"),
    (ApiKey::JOIN_GROUP, "JoinGroup"),
    (ApiKey::SYNC_GROUP, "SyncGroup"),
    (ApiKey::HEARTBEAT, "Heartbeat"),
    (ApiKey::CONSUMER_GROUP_HEARTBEAT, "ConsumerGroupHeartbeat"),
    (ApiKey::OFFSET_COMMIT, "OffsetCommit"),
    (ApiKey::OFFSET_FETCH, "OffsetFetch"),
];

impl PlannedFault {
    fn new(kind: Kind, unclean: bool, members: usize, chance: &mut Chance) -> Self {
        let node = |chance: &mut Chance| BrokerId(chance.between(1, 3) as i32);
        let partition = |chance: &mut Chance| chance.between(0, PARTITIONS as u64 - 1) as i32;
        let fault = match chance.between(0, 29) {
            0 => GroupFault::Any(Fault::Delay(node(chance), chance.millis(10, 800))),
            1 => GroupFault::Any(Fault::Silence(node(chance))),
            2 | 3 => GroupFault::Any(Fault::Cut(node(chance))),
            4 => GroupFault::Any(Fault::Refuse(node(chance))),
            5 => GroupFault::Any(Fault::SlowSocket(node(chance), chance.size(20, 600))),
            6 => GroupFault::Any(Fault::MoveLeader(partition(chance), node(chance))),
            7 => GroupFault::Any(Fault::FetchQuota(chance.between(200, 10_000) as u32)),
            8 => GroupFault::Any(Fault::Kill(node(chance))),
            9 => GroupFault::Any(Fault::Stop(node(chance))),
            10 => GroupFault::Any(Fault::Freeze(node(chance))),
            11 => GroupFault::Any(Fault::ExpireSession(node(chance))),
            12 => GroupFault::Any(Fault::Lag(node(chance), (!unclean).then(|| chance.millis(1, 4_000)))),
            13..=15 => GroupFault::Any(Fault::Suspend(chance.size(0, members - 1))),
            16 | 17 => GroupFault::KillCoordinator(BrokerId::NONE),
            18 => GroupFault::Retention(partition(chance), chance.one_in(2)),
            19 => GroupFault::MorePartitions,
            20 if chance.one_in(2) => GroupFault::Recreate,
            21..=23 => answer_fault(kind, chance),
            _ => error_fault(kind, chance),
        };
        Self {
            at: Instant::ZERO + chance.millis(1_000, 50_000),
            length: if chance.one_in(3) { chance.millis(2_000, 20_000) } else { chance.millis(100, 3_000) },
            fault,
        }
    }
}

fn is_spoken(api: ApiKey, kind: Kind) -> bool {
    match api {
        ApiKey::JOIN_GROUP | ApiKey::SYNC_GROUP | ApiKey::HEARTBEAT | ApiKey::LEAVE_GROUP => {
            kind != Kind::Consumer
        }
        ApiKey::CONSUMER_GROUP_HEARTBEAT => kind == Kind::Consumer,
        _ => true,
    }
}

/// Whether a group of that kind can be told that, of what belongs to either protocol.
fn is_told(api: ApiKey, code: ErrorCode, kind: Kind) -> bool {
    match (api, code) {
        (ApiKey::OFFSET_COMMIT, ErrorCode::STALE_MEMBER_EPOCH) => kind == Kind::Consumer,
        (ApiKey::OFFSET_COMMIT, ErrorCode::ILLEGAL_GENERATION | ErrorCode::REBALANCE_IN_PROGRESS) => {
            kind != Kind::Consumer
        }
        (ApiKey::OFFSET_FETCH, ErrorCode::STALE_MEMBER_EPOCH | ErrorCode::UNKNOWN_MEMBER_ID) => {
            kind == Kind::Consumer
        }
        _ => true,
    }
}

fn error_fault(kind: Kind, chance: &mut Chance) -> GroupFault {
    let spoken: Vec<_> = ERRORS.iter().filter(|(api, ..)| is_spoken(*api, kind)).copied().collect();
    let (api, name, codes) = chance.one_of(&spoken);
    let codes: Vec<_> = codes.iter().copied().filter(|code| is_told(api, *code, kind)).collect();
    let then = Reaction::Error { code: chance.one_of(&codes) };
    let stage = if chance.one_in(2) { Stage::Before } else { Stage::After };
    GroupFault::Api(Box::new(fault(api, then, Some(stage), chance)), name)
}

fn answer_fault(kind: Kind, chance: &mut Chance) -> GroupFault {
    let spoken: Vec<_> = ANSWERS.iter().filter(|(api, _)| is_spoken(*api, kind)).copied().collect();
    let (api, name) = chance.one_of(&spoken);
    let then = match chance.between(0, 3) {
        0 => Reaction::DropAnswer,
        1 => Reaction::Cut { bytes: chance.size(0, 60) },
        2 => Reaction::Throttle { ms: chance.between(1, 200) as u32 },
        // A heartbeat that is told to wait as long as a session lasts costs the member its place.
        _ => Reaction::Throttle { ms: chance.between(200, 12_000) as u32 },
    };
    GroupFault::Api(Box::new(fault(api, then, None, chance)), name)
}

fn fault(api: ApiKey, then: Reaction, stage: Option<Stage>, chance: &mut Chance) -> ApiFault {
    let name = chance.number().to_string();
    let (probability, seed) = (chance.one_of(&[0.3, 0.6, 1.0]), chance.number());
    let count = chance.one_in(2).then(|| chance.between(1, 4));
    let mut fault = ApiFault::new(name, then).when(|when| {
        when.api = Some(api);
        when.client_id = Some(CLIENT_ID.to_owned());
        (when.probability, when.seed, when.count) = (probability, seed, count);
    });
    fault.stage = stage;
    fault
}
