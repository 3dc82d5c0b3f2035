use super::*;

/// A key and the partitions of 6, 7 and 1,000 that a mapping gives it.
fn golden(mapping: usize) -> Vec<(Vec<u8>, [u32; 3])> {
    let lines = include_str!("golden.csv").lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<_> = lines
        .map(|line| {
            let mut fields = line.split(',');
            let key = fields.next().unwrap();
            let key = (0..key.len() / 2).map(|at| u8::from_str_radix(&key[2 * at..][..2], 16).unwrap());
            let numbers: Vec<u32> = fields.map(|field| field.parse().unwrap()).collect();
            assert_eq!(numbers.len(), 12);
            (key.collect(), [0, 1, 2].map(|count| numbers[3 * mapping + count]))
        })
        .collect();
    assert!(rows.len() > 100);
    rows
}

fn place(partitioner: &Partitioner, key: Option<&[u8]>, partitions: u32) -> Place {
    let record = NewRecord { key, ..NewRecord::default() };
    partitioner.place(&TopicName::from("orders"), &record, partitions)
}

#[test]
fn keys_land_where_their_first_clients_put_them() {
    let mappings =
        [Partitioner::Murmur2, Partitioner::Consistent, Partitioner::Fnv1a, Partitioner::Fnv1aReference];
    for (column, partitioner) in mappings.iter().enumerate() {
        for (key, expected) in golden(column) {
            for (count, partition) in [6, 7, 1_000].into_iter().zip(expected) {
                let found = place(partitioner, Some(&key), count);
                assert_eq!(found, Place::Partition(partition), "{partitioner:?} of {key:02x?} of {count}");
            }
        }
    }
}

#[test]
fn the_two_sign_rules_differ_where_the_hash_is_negative() {
    let differing = golden(2).into_iter().zip(golden(3)).filter(|(one, other)| one != other).count();
    assert!(differing > 20, "the table would not notice a wrong rule: {differing}");
}

#[test]
fn without_a_key_each_does_as_its_model() {
    use Partitioner::*;
    for partitioner in [Murmur2, ConsistentRandom, Fnv1a, Fnv1aReference] {
        assert_eq!(place(&partitioner, None, 6), Place::Sticky, "{partitioner:?}");
    }
    assert_eq!(place(&Consistent, None, 6), Place::Partition(0));
    assert_eq!(place(&ConsistentRandom, Some(b""), 6), Place::Sticky);
    assert_eq!(place(&ConsistentRandom, Some(b"kafka"), 6), place(&Consistent, Some(b"kafka"), 6));
    assert_eq!(place(&Murmur2, Some(b""), 6), Place::Partition(3));
    assert_eq!(place(&RoundRobin, Some(b"kafka"), 6), Place::Next);
}
