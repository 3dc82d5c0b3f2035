use ottla_proto::BrokerId;

/// Which of the nodes coordinates `key`, a group's or a transaction's id; `None` if no node is alive.
///
/// As in Kafka the key falls into one of fifty partitions. Partition `p` belongs to the node at place `p` of the
/// ring of all nodes, and to the next one that lives while that one does not.
pub(crate) fn coordinator(
    key: &str,
    nodes: &[BrokerId],
    is_alive: impl Fn(BrokerId) -> bool,
) -> Option<BrokerId> {
    let first = partition(key) % nodes.len().max(1);
    let (before, from) = nodes.split_at_checked(first)?;
    from.iter().chain(before).copied().find(|node| is_alive(*node))
}

/// The partition of `__consumer_offsets` in which Kafka would keep a group.
pub(crate) fn group_partition(group: &str) -> i32 {
    i32::try_from(partition(group)).unwrap_or_default()
}

/// The partition of `__consumer_offsets` or `__transaction_state` that a key falls into: Java's string hash.
fn partition(key: &str) -> usize {
    const PARTITIONS: i32 = 50;
    let hash =
        key.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    // Kafka's `Utils.abs`: the smallest number counts as 0.
    let positive = hash.checked_abs().unwrap_or(0);
    usize::try_from(positive % PARTITIONS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fall_where_java_puts_them() {
        // "".hashCode() == 0, "a" == 97, "hello" == 99162322, "polygenelubricants" == Integer.MIN_VALUE.
        for (key, expected) in [("", 0), ("a", 47), ("hello", 22), ("polygenelubricants", 0)] {
            assert_eq!(partition(key), expected, "{key}");
        }
    }

    #[test]
    fn the_next_living_node_takes_over() {
        let nodes = [1, 2, 3].map(BrokerId);
        // 47 % 3 = 2.
        assert_eq!(coordinator("a", &nodes, |_| true), Some(BrokerId(3)));
        assert_eq!(coordinator("a", &nodes, |node| node != BrokerId(3)), Some(BrokerId(1)));
        assert_eq!(coordinator("a", &nodes, |_| false), None);
        assert_eq!(coordinator("a", &[], |_| true), None);
    }
}
