//! Who coordinates what. As in Kafka a key falls into a partition of an internal topic, and whoever leads that one
//! coordinates the key.

use std::collections::BTreeMap;

/// The coordinators that brokers have, by what they coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoordinatorType {
    Group,
    Transaction,
}

impl CoordinatorType {
    /// The partitions of the topic (`offsets.topic.num.partitions`, `transaction.state.log.num.partitions`).
    pub(crate) const PARTITIONS: usize = 50;
    /// Its replicas, if there are as many nodes (`offsets.topic.replication.factor`,
    /// `transaction.state.log.replication.factor`). Kafka does without the topic if there are not.
    pub(crate) const REPLICATION_FACTOR: usize = 3;

    /// The topic in which Kafka keeps what the coordinators know.
    pub(crate) const fn topic(self) -> &'static str {
        match self {
            Self::Group => "__consumer_offsets",
            Self::Transaction => "__transaction_state",
        }
    }

    /// The settings with which Kafka creates that topic.
    pub(crate) fn topic_settings(self) -> BTreeMap<String, String> {
        let common = [("cleanup.policy", "compact"), ("segment.bytes", "104857600")];
        let own: &[_] = match self {
            Self::Group => &[("compression.type", "producer")],
            Self::Transaction => &[
                ("compression.type", "uncompressed"),
                ("min.insync.replicas", "2"),
                ("unclean.leader.election.enable", "false"),
            ],
        };
        common.iter().chain(own).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Whose topic this is.
    pub(crate) fn of_topic(name: &str) -> Option<Self> {
        [Self::Group, Self::Transaction].into_iter().find(|kind| kind.topic() == name)
    }
}

/// Whether Kafka keeps the topic for itself.
pub(crate) fn is_internal(topic: &str) -> bool {
    CoordinatorType::of_topic(topic).is_some() || topic == "__share_group_state"
}

/// Which of so many partitions a key falls into: Java's string hash.
pub(crate) fn partition(key: &str, partitions: usize) -> i32 {
    let hash =
        key.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    // Kafka's `Utils.abs`: the smallest number counts as 0.
    let positive = hash.checked_abs().unwrap_or(0);
    positive % i32::try_from(partitions).unwrap_or(i32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fall_where_java_puts_them() {
        // "".hashCode() == 0, "a" == 97, "hello" == 99162322, "polygenelubricants" == Integer.MIN_VALUE.
        for (key, expected) in [("", 0), ("a", 47), ("hello", 22), ("polygenelubricants", 0)] {
            assert_eq!(partition(key, CoordinatorType::PARTITIONS), expected, "{key}");
        }
    }
}
