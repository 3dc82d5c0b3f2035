use std::collections::BTreeMap;

use ottla_proto::compression::Codec;

use crate::log::{Compaction, Compression, Retention, SegmentRule};

/// The settings of one topic: what was set on it, over Kafka's defaults.
#[derive(Clone, Debug)]
pub(crate) struct TopicConfig {
    overrides: BTreeMap<String, String>,
    /// The largest batch that is taken, in bytes (`max.message.bytes`).
    pub(crate) max_message_bytes: usize,
    /// Whether the broker stamps records with its own time (`message.timestamp.type`).
    pub(crate) log_append_time: bool,
    /// How far in the past a record may lie, in milliseconds (`message.timestamp.before.max.ms`).
    pub(crate) timestamp_before_max_ms: i64,
    /// How far in the future a record may lie, in milliseconds (`message.timestamp.after.max.ms`).
    pub(crate) timestamp_after_max_ms: i64,
    /// Whether each record needs a key (`cleanup.policy`).
    pub(crate) compacted: bool,
    /// Whether old records may be deleted (`cleanup.policy`).
    pub(crate) deletes: bool,
    /// How many replicas must be in sync for acks=all (`min.insync.replicas`).
    pub(crate) min_insync_replicas: usize,
    /// Whether a replica that is not in sync may lead if no other can (`unclean.leader.election.enable`).
    pub(crate) unclean_leader_election: bool,
    /// How many bytes of a partition are kept at the least; `None` for all (`retention.bytes`).
    pub(crate) retention_bytes: Option<u64>,
    /// How long a partition's records are kept at the least, in milliseconds; `None` for ever (`retention.ms`).
    pub(crate) retention_ms: Option<i64>,
    /// What batches are compressed with, whatever their producer did; `None` if they stay as they come
    /// (`compression.type`).
    pub(crate) compression: Option<Compression>,
    segment_bytes: u64,
    segment_ms: i64,
    compaction: Compaction,
}

impl TopicConfig {
    /// Checks the settings of a new topic.
    ///
    /// # Errors
    /// What is wrong with the first bad one, as text for the caller.
    pub(crate) fn new(overrides: BTreeMap<String, String>) -> Result<Self, String> {
        for (name, value) in &overrides {
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
                return Err(format!("Unknown topic config name: {name}"));
            };
            setting.check(value)?;
        }
        let value = |name: &str| value(&overrides, name);
        let has_policy = |policy| value(CLEANUP_POLICY).split(',').any(|set| set.trim() == policy);
        let number = |name: &str| value(name).parse().unwrap_or(i64::MAX);
        Ok(Self {
            max_message_bytes: usize::try_from(number(MAX_MESSAGE_BYTES)).unwrap_or_default(),
            log_append_time: value(TIMESTAMP_TYPE) == "LogAppendTime",
            timestamp_before_max_ms: number(TIMESTAMP_BEFORE),
            timestamp_after_max_ms: number(TIMESTAMP_AFTER),
            compacted: has_policy("compact"),
            deletes: has_policy("delete"),
            min_insync_replicas: usize::try_from(number(MIN_INSYNC_REPLICAS)).unwrap_or_default(),
            unclean_leader_election: value(UNCLEAN_LEADER_ELECTION) == "true",
            retention_bytes: u64::try_from(number(RETENTION_BYTES)).ok(),
            retention_ms: Some(number(RETENTION_MS)).filter(|ms| *ms >= 0),
            compression: compression(&overrides),
            segment_bytes: u64::try_from(number(SEGMENT_BYTES)).unwrap_or(u64::MAX),
            segment_ms: number(SEGMENT_MS),
            compaction: Compaction {
                min_dirty_ratio: value(MIN_DIRTY_RATIO).parse().unwrap_or_default(),
                min_lag_ms: number(MIN_COMPACTION_LAG),
                max_lag_ms: number(MAX_COMPACTION_LAG),
                delete_retention_ms: number(DELETE_RETENTION),
            },
            overrides,
        })
    }

    /// When a partition's log begins a new segment.
    pub(crate) fn segment_rule(&self) -> SegmentRule {
        SegmentRule { bytes: self.segment_bytes, ms: self.segment_ms }
    }

    /// How a partition is compacted, if it is.
    pub(crate) fn compaction(&self) -> Option<Compaction> {
        self.compacted.then_some(self.compaction)
    }

    /// What a partition need not keep, if records may be deleted at all.
    pub(crate) fn retention(&self) -> Retention {
        Retention { bytes: self.retention_bytes, ms: self.retention_ms }
    }

    /// What was set on the topic.
    pub(crate) fn overrides(&self) -> &BTreeMap<String, String> {
        &self.overrides
    }

    /// Whether the setting is a list.
    pub(crate) fn is_list(name: &str) -> bool {
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        setting.is_some_and(|setting| matches!(setting.kind, Kind::List(_) | Kind::Replicas))
    }

    /// The setting's value if nobody sets it; empty if there is no such setting.
    pub(crate) fn default_of(name: &str) -> &'static str {
        SETTINGS.iter().find(|setting| setting.name == name).map_or("", |setting| setting.default)
    }

    /// Every setting by name, with its value and whether it was set on the topic.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Setting, &str, bool)> {
        SETTINGS.iter().map(|setting| {
            let set = self.overrides.get(setting.name);
            (setting, set.map_or(setting.default, String::as_str), set.is_some())
        })
    }
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self {
            overrides: BTreeMap::new(),
            max_message_bytes: 1_048_588,
            log_append_time: false,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compacted: false,
            deletes: true,
            min_insync_replicas: 1,
            unclean_leader_election: false,
            retention_bytes: None,
            retention_ms: Some(604_800_000),
            compression: None,
            segment_bytes: 1 << 30,
            segment_ms: 604_800_000,
            compaction: Compaction {
                min_dirty_ratio: 0.5,
                min_lag_ms: 0,
                max_lag_ms: i64::MAX,
                delete_retention_ms: 86_400_000,
            },
        }
    }
}

fn value<'a>(overrides: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    overrides.get(name).map_or_else(|| TopicConfig::default_of(name), String::as_str)
}

/// What the settings make of `compression.type`. lz4 has no levels here.
fn compression(overrides: &BTreeMap<String, String>) -> Option<Compression> {
    let codec = match value(overrides, COMPRESSION_TYPE) {
        "uncompressed" => Codec::None,
        name => name.parse().ok()?,
    };
    let level = match codec {
        Codec::Gzip => Some(GZIP_LEVEL),
        Codec::Zstd => Some(ZSTD_LEVEL),
        Codec::None | Codec::Snappy | Codec::Lz4 => None,
    };
    let level = level.and_then(|name| value(overrides, name).trim().parse().ok());
    // Kafka's -1 for gzip.
    let level = level.filter(|level| codec.levels().is_some_and(|levels| levels.contains(level)));
    Some(Compression { codec, level })
}

/// A setting that topics or nodes have in Kafka.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) kind: Kind,
}

/// Which values a setting takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Boolean,
    Int {
        min: i32,
    },
    Long {
        min: i64,
    },
    Double,
    /// A number in one of these ranges, ends included.
    Level(&'static [(i32, i32)]),
    /// Any of these, separated by commas.
    List(&'static [&'static str]),
    /// One of these.
    Choice(&'static [&'static str]),
    /// A boolean that this broker takes only as false.
    False,
    /// Pairs of partition and node, separated by commas, or `*` for all.
    Replicas,
}

impl Setting {
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        let good = match self.kind {
            Kind::Boolean => matches!(value, "true" | "false"),
            Kind::Int { min } => value.trim().parse().is_ok_and(|number: i32| number >= min),
            Kind::Long { min } => value.trim().parse().is_ok_and(|number: i64| number >= min),
            Kind::Double => value.trim().parse().is_ok_and(|number: f64| number.is_finite()),
            Kind::Level(ranges) => value
                .trim()
                .parse()
                .is_ok_and(|number: i32| ranges.iter().any(|(min, max)| (*min..=*max).contains(&number))),
            Kind::List(choices) => value.split(',').all(|item| choices.contains(&item.trim())),
            Kind::Choice(choices) => choices.contains(&value),
            Kind::False => value == "false",
            Kind::Replicas => value.trim() == "*" || value.split(',').all(is_replica),
        };
        if good {
            return Ok(());
        }
        let allowed = match self.kind {
            Kind::Boolean => "true or false".to_owned(),
            Kind::Int { min } => format!("a number, {min} or more"),
            Kind::Long { min } => format!("a number, {min} or more"),
            Kind::Double => "a number".to_owned(),
            Kind::Level(ranges) => {
                let ranges: Vec<_> = ranges.iter().map(|(min, max)| format!("{min} to {max}")).collect();
                ranges.join(", ")
            }
            Kind::List(choices) | Kind::Choice(choices) => choices.join(", "),
            Kind::False => "false".to_owned(),
            Kind::Replicas => "* or a list of partition:broker".to_owned(),
        };
        Err(format!("Invalid value {value} for configuration {}: this broker takes {allowed}", self.name))
    }
}

/// Whether it is a partition and a node, or nothing.
fn is_replica(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let pair = text.trim().split_once(':');
    text.trim().is_empty() || pair.is_some_and(|(partition, node)| is_number(partition) && is_number(node))
}

pub(super) const fn setting(name: &'static str, default: &'static str, kind: Kind) -> Setting {
    Setting { name, default, kind }
}

const CLEANUP_POLICY: &str = "cleanup.policy";
const COMPRESSION_TYPE: &str = "compression.type";
const DELETE_RETENTION: &str = "delete.retention.ms";
const FOLLOWER_THROTTLED: &str = "follower.replication.throttled.replicas";
const GZIP_LEVEL: &str = "compression.gzip.level";
const LEADER_THROTTLED: &str = "leader.replication.throttled.replicas";
const MAX_COMPACTION_LAG: &str = "max.compaction.lag.ms";
const MAX_MESSAGE_BYTES: &str = "max.message.bytes";
const MIN_COMPACTION_LAG: &str = "min.compaction.lag.ms";
const MIN_DIRTY_RATIO: &str = "min.cleanable.dirty.ratio";
const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
const RETENTION_BYTES: &str = "retention.bytes";
const RETENTION_MS: &str = "retention.ms";
const SEGMENT_BYTES: &str = "segment.bytes";
const SEGMENT_MS: &str = "segment.ms";
const TIMESTAMP_AFTER: &str = "message.timestamp.after.max.ms";
const TIMESTAMP_BEFORE: &str = "message.timestamp.before.max.ms";
const TIMESTAMP_TYPE: &str = "message.timestamp.type";
const UNCLEAN_LEADER_ELECTION: &str = "unclean.leader.election.enable";
const ZSTD_LEVEL: &str = "compression.zstd.level";
pub(super) const LONG_MAX: &str = "9223372036854775807";
pub(super) const ANY_LONG: Kind = Kind::Long { min: 0 };

/// Kafka 4.4's topic settings. Where this broker has only one way (it has no remote storage) the other values
/// are refused instead of ignored.
const SETTINGS: [Setting; 37] = [
    setting(CLEANUP_POLICY, "delete", Kind::List(&["delete", "compact"])),
    setting(GZIP_LEVEL, "-1", Kind::Level(&[(-1, -1), (1, 9)])),
    setting("compression.lz4.level", "9", Kind::Level(&[(1, 17)])),
    setting(
        COMPRESSION_TYPE,
        "producer",
        Kind::Choice(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
    ),
    setting(ZSTD_LEVEL, "3", Kind::Level(&[(-131_072, 22)])),
    setting(DELETE_RETENTION, "86400000", ANY_LONG),
    setting("errors.deadletterqueue.group.enable", "false", Kind::Boolean),
    setting("file.delete.delay.ms", "60000", ANY_LONG),
    setting("flush.messages", LONG_MAX, Kind::Long { min: 1 }),
    setting("flush.ms", LONG_MAX, ANY_LONG),
    setting(FOLLOWER_THROTTLED, "", Kind::Replicas),
    setting("index.interval.bytes", "4096", Kind::Int { min: 0 }),
    setting(LEADER_THROTTLED, "", Kind::Replicas),
    setting("local.retention.bytes", "-2", Kind::Long { min: -2 }),
    setting("local.retention.ms", "-2", Kind::Long { min: -2 }),
    setting(MAX_COMPACTION_LAG, LONG_MAX, Kind::Long { min: 1 }),
    setting("max.decompressed.message.bytes", "2147483639", Kind::Int { min: 0 }),
    setting(MAX_MESSAGE_BYTES, "1048588", Kind::Int { min: 0 }),
    setting(TIMESTAMP_AFTER, "3600000", ANY_LONG),
    setting(TIMESTAMP_BEFORE, LONG_MAX, ANY_LONG),
    setting(TIMESTAMP_TYPE, "CreateTime", Kind::Choice(&["CreateTime", "LogAppendTime"])),
    setting(MIN_DIRTY_RATIO, "0.5", Kind::Double),
    setting(MIN_COMPACTION_LAG, "0", ANY_LONG),
    setting(MIN_INSYNC_REPLICAS, "1", Kind::Int { min: 1 }),
    setting("preallocate", "false", Kind::Boolean),
    setting("remote.copy.lag.bytes", "-1", Kind::Long { min: -2 }),
    setting("remote.copy.lag.ms", "0", Kind::Long { min: -2 }),
    setting("remote.log.copy.disable", "false", Kind::Boolean),
    setting("remote.log.delete.on.disable", "false", Kind::Boolean),
    setting("remote.storage.enable", "false", Kind::False),
    setting(RETENTION_BYTES, "-1", Kind::Long { min: -1 }),
    setting(RETENTION_MS, "604800000", Kind::Long { min: -1 }),
    setting(SEGMENT_BYTES, "1073741824", Kind::Int { min: 14 }),
    setting("segment.index.bytes", "10485760", Kind::Int { min: 4 }),
    setting("segment.jitter.ms", "0", ANY_LONG),
    setting(SEGMENT_MS, "604800000", Kind::Long { min: 1 }),
    setting(UNCLEAN_LEADER_ELECTION, "false", Kind::Boolean),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str, value: &str) -> Result<TopicConfig, String> {
        TopicConfig::new(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn the_default_is_what_the_table_says() {
        let table = TopicConfig::new(BTreeMap::new()).unwrap();
        assert_eq!(format!("{table:?}"), format!("{:?}", TopicConfig::default()));
        for (setting, value, set) in table.iter() {
            assert_eq!(setting.check(value), Ok(()));
            assert!(!set);
        }
    }

    #[test]
    fn settings_are_read() {
        assert!(config(TIMESTAMP_TYPE, "LogAppendTime").unwrap().log_append_time);
        assert!(config(CLEANUP_POLICY, "compact,delete").unwrap().compacted);
        assert_eq!(config(MAX_MESSAGE_BYTES, "5").unwrap().max_message_bytes, 5);
        for (name, codec, level) in
            [("uncompressed", Codec::None, None), ("lz4", Codec::Lz4, None), ("gzip", Codec::Gzip, None)]
        {
            assert_eq!(
                config(COMPRESSION_TYPE, name).unwrap().compression,
                Some(Compression { codec, level })
            );
        }
        assert_eq!(config(ZSTD_LEVEL, "7").unwrap().compression, None);
        for replicas in ["", "*", "0:1", "0:1, 12:345", "0:1,"] {
            assert!(config(LEADER_THROTTLED, replicas).is_ok(), "{replicas}");
        }
        let levels =
            [(COMPRESSION_TYPE, "zstd"), (ZSTD_LEVEL, "7")].map(|(name, value)| (name.into(), value.into()));
        let compression = TopicConfig::new(levels.into()).unwrap().compression;
        assert_eq!(compression, Some(Compression { codec: Codec::Zstd, level: Some(7) }));
    }

    #[test]
    fn what_kafka_or_this_broker_does_not_take_is_refused() {
        for (name, value) in [
            ("no.such.setting", "1"),
            (MAX_MESSAGE_BYTES, "-1"),
            (MAX_MESSAGE_BYTES, "4294967296"),
            (TIMESTAMP_TYPE, "createtime"),
            (CLEANUP_POLICY, "shred"),
            (COMPRESSION_TYPE, "none"),
            (GZIP_LEVEL, "0"),
            (ZSTD_LEVEL, "23"),
            ("preallocate", "yes"),
            (LEADER_THROTTLED, "0"),
            (LEADER_THROTTLED, "0:1,x:2"),
            (LEADER_THROTTLED, "*,*"),
            (FOLLOWER_THROTTLED, "0:-1"),
        ] {
            let error = config(name, value).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }
}
