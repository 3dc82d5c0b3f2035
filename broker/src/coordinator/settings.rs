use std::time::Duration;

use super::MigrationPolicy;

/// How groups behave: Kafka's `group.*` and `offset.*` broker settings.
///
/// The defaults are Kafka 4's but for four: the initial rebalance delay is short and there is no interval between
/// assignments, so that tests do not wait, and there are bounds on the number of groups and members, because nothing here grows without one.
#[derive(Clone, Debug)]
pub struct GroupSettings {
    /// How long the first rebalance of an empty classic group waits for more members
    /// (`group.initial.rebalance.delay.ms`). 50 ms by default; Kafka's default is 3 s.
    pub initial_rebalance_delay: Duration,
    /// The shortest session time-out that a member of a classic group may ask for
    /// (`group.min.session.timeout.ms`); 6 s by default.
    pub min_session_timeout: Duration,
    /// The longest (`group.max.session.timeout.ms`); half an hour by default.
    pub max_session_timeout: Duration,
    /// The most members of a group (`group.max.size`, `group.consumer.max.size`); 1,000 by default, where Kafka
    /// has no limit.
    pub max_size: usize,
    /// The most groups of the cluster; 10,000 by default. A further one is refused with `POLICY_VIOLATION`.
    pub max_groups: usize,
    /// The longest metadata of a committed offset, in bytes (`offset.metadata.max.bytes`); 4096 by default.
    pub offset_metadata_max_bytes: usize,
    /// How long an offset is kept that nobody uses: by a group that nobody is in, counted from when the last member
    /// left; otherwise, and if no member reads the topic, from the commit (`offsets.retention.minutes`). A week by
    /// default, as in Kafka.
    pub offsets_retention: Duration,
    /// How often that is looked at, as long as requests come (`offsets.retention.check.interval.ms`); ten minutes by
    /// default, as in Kafka. A group without members and offsets goes then. Transactional ids are looked at as well,
    /// which Kafka does once an hour.
    pub offsets_retention_check_interval: Duration,
    /// After how long without a heartbeat a member of a consumer group is removed
    /// (`group.consumer.session.timeout.ms`); 45 s by default.
    pub consumer_session_timeout: Duration,
    /// How often a member of a consumer group is told to send a heartbeat
    /// (`group.consumer.heartbeat.interval.ms`); 5 s by default.
    pub consumer_heartbeat_interval: Duration,
    /// How often the partitions of a consumer group are shared out at most (`group.consumer.assignment.interval.ms`,
    /// KIP-1263); a heartbeat after that does it. None by default, as before Kafka 4.3, whose default is 1 s.
    pub consumer_assignment_interval: Duration,
    /// Whether classic groups become consumer groups, and the other way round, while they have members
    /// (`group.consumer.migration.policy`); both by default.
    pub consumer_migration_policy: MigrationPolicy,
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self {
            initial_rebalance_delay: Duration::from_millis(50),
            min_session_timeout: Duration::from_secs(6),
            max_session_timeout: Duration::from_secs(1800),
            max_size: 1000,
            max_groups: 10_000,
            offset_metadata_max_bytes: 4096,
            offsets_retention: WEEK,
            offsets_retention_check_interval: Duration::from_secs(600),
            consumer_session_timeout: Duration::from_secs(45),
            consumer_heartbeat_interval: Duration::from_secs(5),
            consumer_assignment_interval: Duration::ZERO,
            consumer_migration_policy: MigrationPolicy::default(),
        }
    }
}

/// How transactions behave.
#[derive(Clone, Debug)]
pub struct TransactionSettings {
    /// The longest time-out that a producer may ask for its transactions (`transaction.max.timeout.ms`); 15
    /// minutes by default, as in Kafka.
    pub max_transaction_timeout: Duration,
    /// The most transactional ids of the cluster; 10,000 by default, where Kafka has no limit. A further one is
    /// refused with `POLICY_VIOLATION`.
    pub max_transactional_ids: usize,
    /// After how long without a transaction, or after the end of its last one, a transactional id is forgotten
    /// (`transactional.id.expiration.ms`). A week by default, as in Kafka.
    pub transactional_id_expiration: Duration,
}

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

impl Default for TransactionSettings {
    fn default() -> Self {
        Self {
            max_transaction_timeout: Duration::from_secs(900),
            max_transactional_ids: 10_000,
            transactional_id_expiration: WEEK,
        }
    }
}
