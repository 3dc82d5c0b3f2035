use std::num::NonZeroU32;
use std::time::Duration;

use ottla_proto::BrokerId;

use crate::coordinator::{GroupSettings, TransactionSettings};
use crate::quota::Windows;
use crate::release::Release;

/// What a cluster is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The nodes; the first one is the controller. At least one.
    pub nodes: Vec<NodeAddress>,
    /// The release of Kafka that the cluster acts as; the newest by default.
    pub act_as: Release,
    /// Decides every random choice: topic ids, the cluster's id.
    pub seed: u64,
    /// Whether asking for a topic that does not exist creates it (`auto.create.topics.enable`); Kafka's default
    /// is true.
    pub auto_create_topics: bool,
    /// How many partitions a topic has if nobody says so (`num.partitions`); Kafka's default is 1.
    pub default_partitions: i32,
    /// How many replicas a partition has if nobody says so (`default.replication.factor`); Kafka's default is 1.
    pub default_replication_factor: i16,
    /// How the rates of client quotas are sampled (`quota.window.num`, `quota.window.size.seconds`).
    pub quota_windows: Windows,
    /// How much of a controller mutation quota can be saved up (`controller.quota.window.num`,
    /// `controller.quota.window.size.seconds`).
    pub controller_quota_windows: Windows,
    /// How many connections a second a node takes, from whomever (`max.connection.creation.rate`, KIP-612); `None`
    /// for as many as come, as in Kafka.
    pub max_connection_creation_rate: Option<NonZeroU32>,
    /// What a request counts for against `request_percentage`; `None` if the driver measures it and tells
    /// [`Engine::spent`](crate::Engine::spent).
    pub request_cost: Option<RequestCost>,
    /// Whether throttled answers are held back for their throttle time, as by brokers before 2.0, instead of going
    /// out at once with the connection muted (KIP-219); false by default. Fetches are answered in full then.
    pub delay_throttled_answers: bool,
    /// The most bytes that one Fetch answer carries (`fetch.max.bytes`); Kafka's default is 55 MiB.
    pub fetch_max_bytes: usize,
    /// The longest that a Fetch may ask to wait; longer wishes are cut. Kafka has no such limit, but here nothing
    /// waits without a bound. One hour by default.
    pub fetch_max_wait: Duration,
    /// The longest that a Produce with acks=all may ask to wait for replicas; longer wishes are cut. One hour by
    /// default.
    pub produce_max_wait: Duration,
    /// How long a follower may lack something that its leader has before it leaves the in-sync replicas
    /// (`replica.lag.time.max.ms`); Kafka's default is 30 seconds.
    pub replica_lag_time_max: Duration,
    /// How long the controller takes to notice that a node is dead or hangs (`broker.session.timeout.ms`). One
    /// second by default, so that tests are quick; Kafka's default is 9 seconds.
    pub broker_session_timeout: Duration,
    /// Whether a leader sends consumers to a replica in their rack (`replica.selector.class` with Kafka's
    /// rack-aware selector, KIP-392); false by default, as in Kafka.
    pub rack_aware_replicas: bool,
    /// The most partitions that all topics may have together; 200,000 by default. Bounds what requests can make
    /// the cluster allocate.
    pub max_partitions: usize,
    /// How often logs are looked at for records that need not be kept and for what can be compacted, as long as
    /// requests come; five minutes by default, as Kafka does the one (`log.retention.check.interval.ms`). It does the
    /// other every 15 seconds (`log.cleaner.backoff.ms`).
    pub log_check_interval: Duration,
    /// After how long without a batch a partition forgets an idempotent producer that is in no transaction
    /// (`producer.id.expiration.ms`); one day by default, as in Kafka. Looked at when logs are. The time of a batch is
    /// what its producer says.
    pub producer_id_expiration: Duration,
    /// How groups behave.
    pub groups: GroupSettings,
    /// How transactions behave.
    pub transactions: TransactionSettings,
}

impl Config {
    /// Kafka's defaults for a cluster of these nodes.
    #[must_use]
    pub fn new(nodes: Vec<NodeAddress>) -> Self {
        Self {
            nodes,
            act_as: Release::default(),
            seed: 0,
            auto_create_topics: true,
            default_partitions: 1,
            default_replication_factor: 1,
            quota_windows: Windows::default(),
            controller_quota_windows: Windows::default(),
            max_connection_creation_rate: None,
            request_cost: Some(RequestCost::default()),
            delay_throttled_answers: false,
            fetch_max_bytes: 55 * 1024 * 1024,
            fetch_max_wait: Duration::from_secs(3600),
            produce_max_wait: Duration::from_secs(3600),
            replica_lag_time_max: Duration::from_secs(30),
            broker_session_timeout: Duration::from_secs(1),
            rack_aware_replicas: false,
            max_partitions: 200_000,
            log_check_interval: Duration::from_secs(300),
            producer_id_expiration: Duration::from_secs(24 * 3600),
            groups: GroupSettings::default(),
            transactions: TransactionSettings::default(),
        }
    }
}

/// Where clients find a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeAddress {
    /// The node's number (`node.id`).
    pub id: BrokerId,
    /// The host that clients are told (`advertised.listeners`).
    pub host: String,
    /// The port that clients are told.
    pub port: u16,
    /// The node's rack (`broker.rack`).
    pub rack: Option<String>,
}

/// What handling requests is taken to cost of a thread's time, so that a `request_percentage` gives the same
/// throttles in every run. A model: real brokers differ with their machine and load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestCost {
    /// Of every request; 100 microseconds by default.
    pub per_request: Duration,
    /// Of each mebibyte in a request; 1 millisecond by default.
    pub per_mebibyte: Duration,
}

impl RequestCost {
    pub(crate) fn of(self, bytes: usize) -> Duration {
        const MEBIBYTE: u128 = 1 << 20;
        let nanos = self.per_mebibyte.as_nanos().saturating_mul(bytes as u128) / MEBIBYTE;
        self.per_request.saturating_add(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

impl Default for RequestCost {
    fn default() -> Self {
        Self { per_request: Duration::from_micros(100), per_mebibyte: Duration::from_millis(1) }
    }
}
