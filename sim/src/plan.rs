//! What a seed decides before a run begins: who takes part, what they do, and what goes wrong.

use std::time::Duration;

use ottla_core::Instant;
use ottla_core::producer::{Acks, ProducerConfig};
use ottla_proto::BrokerId;
use ottla_proto::compression::Codec;

use crate::chance::Chance;

pub(crate) const NODES: i32 = 3;
pub(crate) const PARTITIONS: i32 = 6;
pub(crate) const TOPIC: &str = "orders";
/// How long things go wrong; then everything must come to an end by itself.
pub(crate) const FAULTY: Duration = Duration::from_secs(60);
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
    pub(crate) faults: Vec<PlannedFault>,
}

#[derive(Clone, Debug)]
pub(crate) struct ProducerPlan {
    pub(crate) config: ProducerConfig,
    pub(crate) senders: Vec<Vec<PlannedRecord>>,
    pub(crate) flushes: Vec<(Instant, Duration)>,
    /// When it is closed before its time, and what it is given for that.
    pub(crate) early_close: Option<(Instant, Duration)>,
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
}

impl Fault {
    /// Whether it strikes more than once while it lasts.
    pub(crate) fn recurs(&self) -> bool {
        matches!(self, Self::Cut(_) | Self::MoveLeader(..))
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
        }
    }
}

impl Plan {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        Self {
            one_client: chance.one_in(2),
            latency: Duration::from_millis(chance.one_of(&[1, 20, 200])),
            max_unwritten: chance.one_of(&[1, 2_000, 256 << 10]),
            max_in_flight: chance.size(1, 5),
            request_timeout: chance.millis(1_000, 15_000),
            producers: (0..PRODUCERS).map(|_| ProducerPlan::new(chance)).collect(),
            reader_budget: chance.one_of(&[4 << 10, 64 << 10, 64 << 20]),
            fetch_max_wait: chance.millis(100, 8_000),
            faults: (0..chance.between(5, 12)).map(|_| PlannedFault::new(chance)).collect(),
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
            forgotten: chance.one_in(10),
        }
    };
    (0..RECORDS_PER_SENDER).map(record).collect()
}

impl PlannedFault {
    fn new(chance: &mut Chance) -> Self {
        let node = |chance: &mut Chance| BrokerId(i32::try_from(chance.between(1, 3)).unwrap_or(1));
        let fault = match chance.between(0, 8) {
            0 => Fault::Delay(node(chance), chance.millis(10, 800)),
            1 => Fault::Silence(node(chance)),
            2 => Fault::Cut(node(chance)),
            3 => Fault::Refuse(node(chance)),
            4 => Fault::SlowSocket(node(chance), chance.size(1, 600)),
            5 => Fault::MoveLeader(i32::try_from(chance.between(0, 5)).unwrap_or(0), node(chance)),
            6 => Fault::ProduceQuota(u32::try_from(chance.between(50, 3_000)).unwrap_or(50)),
            7 => Fault::FetchQuota(u32::try_from(chance.between(200, 10_000)).unwrap_or(200)),
            _ => Fault::Restart(node(chance), node(chance)),
        };
        Self {
            at: Instant::ZERO + chance.millis(0, 50_000),
            length: if chance.one_in(3) { chance.millis(2_000, 25_000) } else { chance.millis(10, 3_000) },
            fault,
        }
    }
}
