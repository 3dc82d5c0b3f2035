//! What a seed decides before a run begins: who takes part, what they do, and what goes wrong.

use std::time::Duration;

use ottla_core::Instant;
use ottla_core::producer::{Acks, ProducerConfig};
use ottla_proto::compression::Codec;
use ottla_proto::{ApiKey, BrokerId};

use crate::chance::Chance;
use crate::interfere::{
    AFTER_APPEND, BEFORE_APPEND, INIT_PRODUCER_ID_ERRORS, Interference, METADATA_ERRORS, Moment,
    PRODUCE_ERRORS,
};

pub(crate) const NODES: i32 = 3;
pub(crate) const PARTITIONS: i32 = 6;
pub(crate) const TOPIC: &str = "orders";
/// How long things go wrong; then everything must come to an end by itself.
pub(crate) const FAULTY: Duration = Duration::from_secs(60);
/// Nobody asks again only because time passes.
const METADATA_MAX_AGE: Duration = Duration::from_secs(300);
const PRODUCERS: usize = 2;
const SENDERS: usize = 2;
const RECORDS_PER_SENDER: usize = 75;

/// A whole run, as data.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Whether producers and reader share one client.
    pub(crate) one_client: bool,
    /// The usual delay of a piece of bytes, at most.
    pub(crate) latency: Duration,
    pub(crate) max_unwritten: u64,
    pub(crate) max_in_flight: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) producers: Vec<ProducerPlan>,
    pub(crate) reader_budget: usize,
    pub(crate) fetch_max_wait: Duration,
    pub(crate) metadata_max_age: Duration,
    pub(crate) faults: Vec<PlannedFault>,
}

#[derive(Clone, Debug)]
pub(crate) struct ProducerPlan {
    pub(crate) config: ProducerConfig,
    pub(crate) senders: Vec<Vec<PlannedRecord>>,
    pub(crate) flushes: Vec<(Instant, Duration)>,
    /// When it gives up what it has: everything, or the topic's, which here is the same.
    pub(crate) abandons: Vec<(Instant, Abandon)>,
    /// When it is closed before its time, and what it is given for that.
    pub(crate) early_close: Option<(Instant, Duration)>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Abandon {
    Abort,
    Purge,
}

#[derive(Clone, Debug)]
pub(crate) struct PlannedRecord {
    pub(crate) at: Instant,
    pub(crate) size: usize,
    pub(crate) to: Destination,
    /// Whether the sender waits for a place, or takes no for an answer.
    pub(crate) waits: bool,
    pub(crate) gives_up_after: Option<Duration>,
    pub(crate) cancels_after: Option<Duration>,
    /// How long its delivery may take, if not as long as any other's.
    pub(crate) timeout: Option<Duration>,
    /// The sender does not care what becomes of it.
    pub(crate) forgotten: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination {
    Anywhere,
    Key(u8),
    Partition(i32),
}

#[derive(Clone, Debug)]
pub(crate) struct PlannedFault {
    pub(crate) at: Instant,
    pub(crate) length: Duration,
    pub(crate) fault: Fault,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Bytes from and to the node take up to that much longer.
    Delay(BrokerId, Duration),
    /// Bytes from and to the node stand still, and nobody is told.
    Silence(BrokerId),
    /// Every connection of the node is cut, wherever its bytes are, again and again.
    Cut(BrokerId),
    Refuse(BrokerId),
    /// Sockets to the node hold no more than that many bytes.
    SlowSocket(BrokerId, usize),
    /// The partition gets another leader, and another after that.
    MoveLeader(i32, BrokerId),
    ProduceQuota(u32),
    FetchQuota(u32),
    /// Cut, and refused until it is back; its partitions go to another node.
    Restart(BrokerId, BrokerId),
    /// The process ends at once and is started again later. What only it had is lost, its partitions go to who is
    /// in sync.
    Kill(BrokerId),
    /// Ended in order, and started again later.
    Stop(BrokerId),
    /// The process hangs; connections are taken and nothing is answered.
    Freeze(BrokerId),
    /// The controller believes for a moment that it lost the node.
    ExpireSession(BrokerId),
    /// The replicas on the node have what their leaders have that much later, or never.
    Lag(BrokerId, Option<Duration>),
    /// The node, or every one, answers otherwise than it should.
    Interfere(Option<BrokerId>, Interference),
    /// The client stands still, and the programs that use it: a laptop that sleeps.
    Suspend(usize),
    /// The wall clock of the producers is wrong by that many milliseconds; the time that Ottla counts is not.
    ClockJump(i64),
    /// The topic is deleted, and later created anew with so many partitions.
    Recreate(i32),
    /// The topic gets so many partitions more.
    Grow(i32),
}

/// What becomes of the topic in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopicChange {
    Nothing,
    Grows,
    IsRecreated,
}

impl Fault {
    /// Whether it strikes more than once while it lasts.
    pub(crate) fn recurs(&self) -> bool {
        matches!(self, Self::Cut(_) | Self::MoveLeader(..))
    }

    /// Whether a client may be told of another leader while it lasts, or of none.
    fn moves_leaders(&self) -> bool {
        match self {
            Self::MoveLeader(..)
            | Self::Kill(_)
            | Self::Stop(_)
            | Self::Freeze(_)
            | Self::ExpireSession(_)
            | Self::Recreate(_) => true,
            Self::Restart(node, heir) => node != heir,
            Self::Interfere(_, Interference::Error(api, ..)) => *api == ApiKey::METADATA,
            _ => false,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Delay(..) => "delay",
            Self::Silence(_) => "silence",
            Self::Cut(_) => "cut",
            Self::Refuse(_) => "refused connects",
            Self::SlowSocket(..) => "slow socket",
            Self::MoveLeader(..) => "leader move",
            Self::ProduceQuota(_) => "produce quota",
            Self::FetchQuota(_) => "fetch quota",
            Self::Restart(..) => "restart",
            Self::Kill(_) => "kill",
            Self::Stop(_) => "stop",
            Self::Freeze(_) => "freeze",
            Self::ExpireSession(_) => "expired session",
            Self::Lag(_, Some(_)) => "slow replica",
            Self::Lag(_, None) => "dead replica",
            Self::Interfere(_, Interference::Error(..)) => "error",
            Self::Interfere(_, Interference::Throttle(..)) => "throttle",
            Self::Interfere(_, Interference::SlowDisk(_)) => "slow disk",
            Self::Suspend(_) => "suspended client",
            Self::ClockJump(_) => "clock jump",
            Self::Recreate(_) => "recreated topic",
            Self::Grow(_) => "added partitions",
        }
    }
}

impl Plan {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        let mut rarely = Chance::new(!chance.clone().number());
        let mut plan = Self {
            one_client: chance.one_in(2),
            latency: Duration::from_millis(chance.one_of(&[1, 20, 200])),
            max_unwritten: chance.one_of(&[1, 2_000, 256 << 10]),
            max_in_flight: chance.size(1, 5),
            request_timeout: chance.millis(1_000, 15_000),
            producers: (0..PRODUCERS).map(|_| ProducerPlan::new(chance)).collect(),
            reader_budget: chance.one_of(&[4 << 10, 64 << 10, 64 << 20]),
            fetch_max_wait: chance.millis(100, 8_000),
            metadata_max_age: METADATA_MAX_AGE,
            faults: (0..chance.between(5, 12)).map(|_| PlannedFault::new(chance)).collect(),
        };
        plan.add_what_is_rare(&mut rarely);
        plan.be_fair();
        plan
    }

    /// What chance alone would bring together too seldom; most runs have nothing of it.
    fn add_what_is_rare(&mut self, chance: &mut Chance) {
        let mut add = |begin, length, fault| {
            self.faults.push(PlannedFault { at: Instant::ZERO + begin, length, fault });
        };
        match chance.between(0, 15) {
            0 => {
                let fault = Fault::Recreate(chance.one_of(&[4, PARTITIONS, 9]));
                add(chance.millis(500, 30_000), chance.millis(10, 6_000), fault);
            }
            1 => {
                let fault = Fault::Grow(chance.one_of(&[1, 2, 5]));
                add(chance.millis(0, 30_000), Duration::ZERO, fault);
                self.metadata_max_age = chance.millis(1_000, 10_000);
            }
            // So long that batches end before anybody takes them in.
            2 | 3 => {
                let code = chance.one_of(AFTER_APPEND);
                let fault = Interference::Error(ApiKey::PRODUCE, code, Moment::After);
                add(chance.millis(0, 20_000), chance.millis(5_000, 30_000), Fault::Interfere(None, fault));
                for producer in &mut self.producers {
                    producer.config.delivery_timeout = chance.millis(500, 4_000);
                }
            }
            // When the brokers do not know the producer yet.
            4 => {
                let code = chance.one_of(BEFORE_APPEND);
                let fault = Interference::Error(ApiKey::PRODUCE, code, Moment::Before);
                add(Duration::ZERO, chance.millis(500, 6_000), Fault::Interfere(None, fault));
            }
            _ => {}
        }
    }

    pub(crate) fn topic_changes(&self) -> TopicChange {
        let any = |is: fn(&Fault) -> bool| self.faults.iter().any(|planned| is(&planned.fault));
        if any(|fault| matches!(fault, Fault::Recreate(_))) {
            TopicChange::IsRecreated
        } else if any(|fault| matches!(fault, Fault::Grow(_))) {
            TopicChange::Grows
        } else {
            TopicChange::Nothing
        }
    }

    /// Whether every partition keeps its leader, and all who ask are told so.
    pub(crate) fn leaders_stay(&self) -> bool {
        !self.faults.iter().any(|planned| planned.fault.moves_leaders())
    }

    /// Asks nothing of the clients that nobody could do.
    fn be_fair(&mut self) {
        let long = |fault: &PlannedFault| matches!(fault.fault, Fault::Interfere(_, Interference::Throttle(_, length)) if length > FAULTY);
        if self.faults.iter().any(long) {
            // Hours pass until what such a node was sent is read; the reader need not look every second.
            self.fetch_max_wait = FAULTY;
        }
    }
}

impl ProducerPlan {
    fn new(chance: &mut Chance) -> Self {
        let mut config = ProducerConfig::default();
        config.acks = chance.one_of(&[Acks::All, Acks::All, Acks::All, Acks::All, Acks::Leader, Acks::None]);
        config.linger = chance.millis(0, 50);
        config.batch_bytes = chance.one_of(&[500, 2_000, 16_000, 1_000_000]);
        config.request_bytes = chance.one_of(&[4_000, 64_000, 8 << 20]);
        config.codec = match chance.between(0, 8) {
            0 => Codec::Gzip,
            1 => Codec::Snappy,
            2 => Codec::Lz4,
            _ => Codec::None,
        };
        config.delivery_timeout = match chance.one_in(2) {
            true => chance.millis(500, 8_000),
            false => chance.millis(20_000, 120_000),
        };
        config.request_timeout = chance.millis(1_000, 15_000);
        config.memory_bytes = chance.one_of(&[6_000, 20_000, 200_000, 64 << 20]);
        config.max_in_flight_per_partition = chance.size(1, 5);
        let moment = |chance: &mut Chance| Instant::ZERO + chance.millis(1, 59_000);
        Self {
            config,
            senders: (0..SENDERS).map(|_| script(chance)).collect(),
            flushes: (0..chance.between(0, 3)).map(|_| (moment(chance), chance.millis(0, 10_000))).collect(),
            abandons: match chance.one_in(5) {
                true => vec![(moment(chance), chance.one_of(&[Abandon::Abort, Abandon::Purge]))],
                false => Vec::new(),
            },
            early_close: chance.one_in(6).then(|| (moment(chance), chance.millis(0, 5_000))),
        }
    }
}

/// What one sender sends: bursts and pauses, so that batches are filled and lingers end.
fn script(chance: &mut Chance) -> Vec<PlannedRecord> {
    let mut at = Instant::ZERO + chance.millis(0, 2_000);
    let destinations = chance.between(0, 2);
    let record = |_| {
        at = at + if chance.one_in(6) { chance.millis(0, 4_000) } else { chance.millis(0, 5) };
        PlannedRecord {
            at,
            size: if chance.one_in(8) { chance.size(500, 3_000) } else { chance.size(8, 300) },
            to: match destinations {
                0 => Destination::Anywhere,
                1 => Destination::Key(u8::try_from(chance.between(0, 11)).unwrap_or(0)),
                _ => Destination::Partition(i32::try_from(chance.between(0, 5)).unwrap_or(0)),
            },
            waits: !chance.one_in(4),
            gives_up_after: chance.one_in(3).then(|| chance.millis(0, 500)),
            cancels_after: chance.one_in(8).then(|| chance.millis(0, 100)),
            timeout: chance
                .one_in(8)
                .then(|| chance.one_of(&[50, 300, 3_000, 30_000, 200_000]))
                .map(Duration::from_millis),
            forgotten: chance.one_in(10),
        }
    };
    (0..RECORDS_PER_SENDER).map(record).collect()
}

impl PlannedFault {
    fn new(chance: &mut Chance) -> Self {
        let node = |chance: &mut Chance| BrokerId(i32::try_from(chance.between(1, 3)).unwrap_or(1));
        let fault = match chance.between(0, 20) {
            0 => Fault::Delay(node(chance), chance.millis(10, 800)),
            1 => Fault::Silence(node(chance)),
            2 => Fault::Cut(node(chance)),
            3 => Fault::Refuse(node(chance)),
            4 => Fault::SlowSocket(node(chance), chance.size(1, 600)),
            5 => Fault::MoveLeader(i32::try_from(chance.between(0, 5)).unwrap_or(0), node(chance)),
            6 => Fault::ProduceQuota(u32::try_from(chance.between(50, 3_000)).unwrap_or(50)),
            7 => Fault::FetchQuota(u32::try_from(chance.between(200, 10_000)).unwrap_or(200)),
            8 => Fault::Restart(node(chance), node(chance)),
            9 => Fault::Interfere(Some(node(chance)), throttle(chance)),
            10 => Fault::Interfere(Some(node(chance)), Interference::SlowDisk(chance.millis(1, 4_000))),
            11 => Fault::Suspend(chance.size(0, PRODUCERS)),
            12 => Fault::ClockJump(if chance.one_in(4) { 2 * HOUR_MILLIS } else { -HOUR_MILLIS / 2 }),
            13 => return Self::asked_of_any(chance),
            14 => Fault::Kill(node(chance)),
            15 => Fault::Stop(node(chance)),
            16 => Fault::Freeze(node(chance)),
            17 => Fault::ExpireSession(node(chance)),
            18 => Fault::Lag(node(chance), (!chance.one_in(3)).then(|| chance.millis(1, 6_000))),
            _ => Fault::Interfere(Some(node(chance)), error(chance)),
        };
        Self {
            at: Instant::ZERO + chance.millis(0, 50_000),
            length: if chance.one_in(3) { chance.millis(2_000, 25_000) } else { chance.millis(10, 3_000) },
            fault,
        }
    }

    /// An error of a request that any node may be asked, when it is likely to be asked.
    fn asked_of_any(chance: &mut Chance) -> Self {
        let (api, code, begin, length) = match chance.one_in(2) {
            true => (
                ApiKey::METADATA,
                chance.one_of(METADATA_ERRORS),
                chance.millis(0, 30_000),
                chance.millis(5_000, 25_000),
            ),
            false => (
                ApiKey::INIT_PRODUCER_ID,
                chance.one_of(INIT_PRODUCER_ID_ERRORS),
                Duration::ZERO,
                chance.millis(10, 6_000),
            ),
        };
        let fault = Fault::Interfere(None, Interference::Error(api, code, Moment::After));
        Self { at: Instant::ZERO + begin, length, fault }
    }
}

const HOUR_MILLIS: i64 = 3_600_000;

/// From a millisecond to half a day and more; only Produce is told to stay away for longer than a moment, since
/// nobody could do without Metadata for hours.
fn throttle(chance: &mut Chance) -> Interference {
    match chance.between(0, 7) {
        0 => Interference::Throttle(ApiKey::METADATA, chance.millis(1, 2_000)),
        1 => Interference::Throttle(ApiKey::INIT_PRODUCER_ID, chance.millis(1, 2_000)),
        2 => Interference::Throttle(ApiKey::PRODUCE, chance.millis(60_000, 13 * 3_600_000)),
        3 | 4 => Interference::Throttle(ApiKey::PRODUCE, chance.millis(1, 100)),
        _ => Interference::Throttle(ApiKey::PRODUCE, chance.millis(100, 20_000)),
    }
}

fn error(chance: &mut Chance) -> Interference {
    let (code, moments) = chance.one_of(PRODUCE_ERRORS);
    Interference::Error(ApiKey::PRODUCE, code, chance.one_of(moments))
}
