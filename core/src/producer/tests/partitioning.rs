use super::*;
use crate::producer::{CustomPartitioner, Partitioner, Refused, TopicConfig};

fn keyless(value: &str) -> NewRecord<'_> {
    NewRecord { value: Some(value.as_bytes()), ..NewRecord::default() }
}

/// Sends one keyless record and gives its partition.
fn place(scene: &Scene) -> i32 {
    scene.orders.try_append(&keyless("any"), || scene.world.now).unwrap().partition()
}

#[test]
fn clones_that_send_one_record_each_share_the_batches_of_one() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 6);
    let handles: Vec<_> = (0..1000).map(|_| scene.orders.clone()).collect();
    for handle in &handles {
        handle.try_append(&keyless("one"), || scene.world.now).unwrap();
    }
    scene.advance(millis(5));
    let (_, request) = scene.next_request();
    assert_eq!(request.read::<ProduceRequest>().topic_data[0].partition_data.len(), 1);
    assert_eq!(Scene::values(&request).len(), 1000);
}

#[test]
fn clones_on_many_threads_make_at_most_one_batch_more() {
    for _ in 0..20 {
        let mut scene = Scene::new(ProducerConfig::default(), 1, 6);
        let now = scene.world.now;
        std::thread::scope(|threads| {
            for _ in 0..8 {
                let handles: Vec<_> = (0..125).map(|_| scene.orders.clone()).collect();
                threads.spawn(move || {
                    for handle in handles {
                        handle.try_append(&keyless("one"), || now).unwrap();
                    }
                });
            }
        });
        scene.advance(millis(5));
        let batches: usize = scene
            .pending
            .iter()
            .map(|(_, request)| request.read::<ProduceRequest>().topic_data[0].partition_data.len())
            .sum();
        assert!(batches <= 2, "{batches} batches");
    }
}

#[test]
fn a_choice_lasts_one_batch() {
    let mut scene = Scene::new(no_linger(), 1, 50);
    let mut partitions = BTreeSet::new();
    for _ in 0..30 {
        let first = place(&scene);
        assert_eq!(place(&scene), first, "one batch, one partition");
        partitions.insert(first);
        scene.serve_all();
    }
    assert!(partitions.len() > 10, "{partitions:?}");
}

#[test]
fn keyless_records_avoid_a_leader_that_throttles() {
    let mut scene = Scene::new(no_linger(), 2, 2);
    let _first = scene.send("0");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 60_000);
    // A record that is bound to the node shows that it takes nothing.
    let _bound = scene.send_to(0, "waits");
    for _ in 0..30 {
        assert_eq!(place(&scene), 1);
        scene.serve_all();
    }
    // When it takes records again it is chosen again.
    scene.advance(millis(60_000));
    scene.serve_all();
    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        seen.insert(place(&scene));
        scene.serve_all();
    }
    assert_eq!(seen, BTreeSet::from([0, 1]));
}

#[test]
fn keyless_records_leave_a_leader_that_takes_nothing_for_the_availability_timeout() {
    let mut scene = Scene::new(no_linger(), 2, 2);
    scene.down.insert(1);
    // Until one of them has been chosen that cannot be reached.
    while place(&scene) != 0 {
        scene.serve_all();
    }
    scene.advance(millis(499));
    assert_eq!(place(&scene), 0, "it may still come");
    scene.advance(millis(1));
    for _ in 0..30 {
        assert_eq!(place(&scene), 1);
        scene.serve_all();
    }
}

#[test]
fn without_a_timeout_nothing_is_avoided() {
    let mut scene = Scene::new(ProducerConfig { availability_timeout: None, ..no_linger() }, 2, 2);
    scene.down.insert(1);
    while place(&scene) != 0 {
        scene.serve_all();
    }
    scene.advance(millis(10_000));
    assert_eq!(place(&scene), 0);
}

#[test]
fn where_every_leader_is_unavailable_records_are_accepted_all_the_same() {
    let mut scene = Scene::new(no_linger(), 2, 2);
    scene.down.extend([1, 2]);
    let _bound = (scene.send_to(0, "a"), scene.send_to(1, "b"));
    scene.advance(millis(2_000));
    for _ in 0..10 {
        place(&scene);
    }
}

#[test]
fn partitions_with_a_backlog_are_chosen_less_often() {
    // Node 1 never answers: what is sent to partition 0 piles up.
    let config = ProducerConfig { max_in_flight_per_partition: 1, batch_bytes: 200, ..no_linger() };
    let mut scene = Scene::new(config, 2, 2);
    let filling = [b'x'; 150];
    for _ in 0..11 {
        let record = NewRecord { value: Some(&filling), partition: Some(0), ..NewRecord::default() };
        scene.orders.try_append(&record, || scene.world.now).unwrap();
        scene.pump();
    }
    let mut chosen = [0; 2];
    for _ in 0..200 {
        let record = NewRecord { value: Some(&filling), ..NewRecord::default() };
        let delivery = scene.orders.try_append(&record, || scene.world.now).unwrap();
        chosen[usize::try_from(delivery.partition()).unwrap()] += 1;
        scene.pump();
        // Partition 1 is served at once.
        let answerable = |(_, request): &(i32, Received)| {
            request.read::<ProduceRequest>().topic_data[0].partition_data.iter().all(|data| data.index == 1)
        };
        while let Some(at) = scene.pending.iter().position(answerable) {
            let (_, request) = scene.pending.remove(at);
            scene.serve(&request);
        }
    }
    assert!(chosen[0] * 4 < chosen[1], "{chosen:?}");
    assert!(chosen[0] > 0, "rarely is not never");
}

#[test]
fn round_robin_takes_every_partition_in_turn_whatever_the_key() {
    let scene = Scene::new(ProducerConfig { partitioner: Partitioner::RoundRobin, ..no_linger() }, 2, 3);
    let send = |key| {
        let record = NewRecord { key, ..keyless("any") };
        scene.orders.try_append(&record, || scene.world.now).unwrap().partition()
    };
    assert_eq!([send(None), send(Some(b"k")), send(Some(b"k")), send(None)], [0, 1, 2, 0]);
}

#[derive(Debug)]
struct ByLength;

impl CustomPartitioner for ByLength {
    fn partition(&self, topic: &TopicName, record: &NewRecord<'_>, partitions: u32) -> Option<u32> {
        assert_eq!((topic.as_ref(), partitions), (TOPIC, 3));
        Some(u32::try_from(record.key?.len()).unwrap())
    }
}

#[test]
fn an_own_partitioner_decides_unless_the_record_names_a_partition() {
    let partitioner = Partitioner::Custom(Arc::new(ByLength));
    let scene = Scene::new(ProducerConfig { partitioner, ..no_linger() }, 1, 3);
    let send = |key, partition| {
        let record = NewRecord { key, partition, ..keyless("any") };
        scene.orders.try_append(&record, || scene.world.now).map(|delivery| delivery.partition())
    };
    assert_eq!(send(Some(b"kk"), None), Ok(2));
    assert_eq!(send(Some(b"kk"), Some(0)), Ok(0));
    assert!(send(None, None).is_ok());
    assert_eq!(send(Some(b"kkkk"), None), Err(Refused::NoSuchPartition { partition: 4, count: 3 }));
}

#[test]
fn a_topic_may_have_settings_of_its_own() {
    let own = TopicConfig { linger: Some(Duration::ZERO), batch_bytes: Some(200), ..TopicConfig::default() };
    let topics = BTreeMap::from([(TopicName::from(TOPIC), own)]);
    let mut scene =
        Scene::begun(ProducerConfig { topics, linger: millis(60_000), ..ProducerConfig::default() }, 1, 1);
    let long = "x".repeat(150);
    let deliveries = [scene.accept(0, &long), scene.accept(0, &long)];
    scene.pump();
    assert_eq!(scene.pending.len(), 2, "two batches of one record, at once");
    scene.serve_all();
    assert!(deliveries.iter().all(Delivery::is_settled));
}
