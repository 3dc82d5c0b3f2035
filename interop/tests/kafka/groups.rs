//! Consumer groups on a real Kafka, in both protocols.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::NewTopic;
use ottla::consumer::group::{
    Assignors, GroupBatch, GroupConsumer, GroupConsumerBuilder, GroupEvent, GroupHandle, Protocol,
};
use ottla::{Client, Offset, Record};

use crate::support::{connect, create_topic, is_proof, run};
use crate::tools::tool;

const PARTITIONS: i32 = 6;
const SOON: Duration = Duration::from_secs(30);

#[test]
fn groups_of_both_protocols_read_commit_and_hand_over() {
    let kafka = kafka_or_skip!(Options::new());
    let servers = kafka.bootstrap();
    for protocol in [Protocol::Classic, Protocol::Consumer, Protocol::Auto] {
        run(one_member_reads_commits_and_leaves(&servers, protocol));
    }
    for protocol in ["classic", "consumer"] {
        one_group_with_java(&servers, protocol);
    }
}

/// Ottla and Java's console consumer in one group: each gets a part, together they read everything.
fn one_group_with_java(servers: &str, protocol: &str) {
    let ours = if protocol == "classic" { Protocol::Classic } else { Protocol::Consumer };
    let topic = format!("mixed-{protocol}");
    let group_protocol = format!("group.protocol={protocol}");
    let (found, printed) = thread::scope(|scope| {
        run(async {
            let client = connect(servers).await;
            create_topic(&client, NewTopic::new(&topic).partitions(PARTITIONS).replication(1)).await;
        });
        let java = scope.spawn(|| {
            let mut arguments = vec!["--topic", &topic, "--group", &topic, "--from-beginning"];
            arguments.extend(["--max-messages", "300", "--command-property", &group_protocol]);
            tool("org.apache.kafka.tools.consumer.ConsoleConsumer", servers, &arguments, None)
        });
        let found = run(async {
            let client = connect(servers).await;
            let mut consumer = member(&client, &topic, &topic, ours).build().await.unwrap();
            let handle = consumer.handle();
            // Alone at first, then with half of the partitions.
            let mut seen = BTreeSet::new();
            let shared = async {
                while handle.owned().len() != PARTITIONS as usize / 2 || !handle.status().is_stable {
                    tokio::select! {
                        batch = consumer.next_batch() => collect(&batch.unwrap().unwrap(), &mut seen),
                        () = tokio::time::sleep(Duration::from_millis(50)) => {}
                    }
                }
            };
            tokio::time::timeout(SOON, shared).await.expect("Java does not come");
            fill(&client, &topic, 0, 600).await;
            while let Ok(batch) = tokio::time::timeout(Duration::from_secs(2), consumer.next_batch()).await {
                collect(&batch.unwrap().unwrap(), &mut seen);
            }
            consumer.close(SOON).await.unwrap();
            seen
        });
        (found, java.join().unwrap())
    });
    let theirs: BTreeSet<u32> = printed.lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!((found.len(), theirs.len()), (300, 300), "{protocol}: {printed}");
    assert_eq!(&found | &theirs, (0..600).collect());
    println!(
        "FIGURE: a {protocol} group of Ottla and Java shared 600 records: {} and {}",
        found.len(),
        theirs.len()
    );
}

#[test]
fn members_come_and_go_and_the_coordinator_dies() {
    let options = Options::new().nodes(3).set("offsets.topic.num.partitions", 3);
    let options = options.set("broker.session.timeout.ms", 3000).set("broker.heartbeat.interval.ms", 500);
    let mut kafka = kafka_or_skip!(options);
    let servers = kafka.bootstrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = runtime.block_on(connect(&servers));
    let kinds = [
        ("eager", Protocol::Classic, Some(Assignors::Range)),
        ("cooperative", Protocol::Classic, Some(Assignors::CooperativeSticky)),
        ("consumer", Protocol::Consumer, None),
    ];
    let mut crowds: Vec<_> =
        kinds.into_iter().map(|(name, protocol, assignor)| Crowd::new(name, protocol, assignor)).collect();
    runtime.block_on(async {
        for crowd in &crowds {
            create_topic(&client, NewTopic::new(crowd.name).partitions(PARTITIONS).replication(3)).await;
        }
    });
    let rounds = if is_proof() { 30 } else { 3 };
    let mut written = 0;
    for round in 0..rounds {
        runtime.block_on(async {
            for crowd in &mut crowds {
                crowd.change(&client, round).await;
            }
            for crowd in &crowds {
                fill(&client, crowd.name, written, 600).await;
            }
        });
        written += 600;
        if round % 3 == 1 {
            // Everybody's coordinator, sooner or later.
            let dead = 1 + (round as usize / 3) % 3;
            kafka.kill(dead).unwrap();
            runtime.block_on(async {
                for crowd in &crowds {
                    fill(&client, crowd.name, written, 600).await;
                }
            });
            written += 600;
            kafka.restart(dead).unwrap();
        }
        for crowd in &crowds {
            runtime.block_on(crowd.wait_for(written));
        }
    }
    for crowd in crowds {
        let name = crowd.name;
        let Tally { seen, twice, .. } = runtime.block_on(crowd.end());
        assert_eq!(seen, (0..written).collect(), "{name}");
        // A member that dies in the middle of its work has not committed the last of it.
        println!(
            "FIGURE: {written} records in a {name} group of up to 4 that came and went: none lost, {twice} twice"
        );
        assert!(twice <= written as usize / 2, "{name}: {twice}");
    }
}

/// The members of one group.
struct Crowd {
    name: &'static str,
    protocol: Protocol,
    assignor: Option<Assignors>,
    members: Vec<(GroupHandle, tokio::task::JoinHandle<()>)>,
    tally: Arc<Mutex<Tally>>,
}

#[derive(Default)]
struct Tally {
    seen: BTreeSet<u32>,
    twice: usize,
    /// The partitions that members work on at this moment.
    busy: BTreeSet<i32>,
}

impl Crowd {
    fn new(name: &'static str, protocol: Protocol, assignor: Option<Assignors>) -> Self {
        Self { name, protocol, assignor, members: Vec::new(), tally: Arc::default() }
    }

    async fn change(&mut self, client: &Client, round: u32) {
        if round > 0 {
            let (handle, task) = self.members.remove(0);
            if round.is_multiple_of(2) {
                let report = handle.close(SOON).await.unwrap();
                assert!(report.busy.is_empty(), "{report:?}");
                task.await.unwrap();
            } else {
                task.abort();
            }
        }
        while self.members.len() < 4 {
            let mut builder = member(client, self.name, self.name, self.protocol);
            if let Some(assignor) = self.assignor {
                builder = builder.assignors([assignor]).session_timeout(Duration::from_secs(10));
            }
            let mut consumer = builder.build().await.unwrap();
            let (handle, tally) = (consumer.handle(), Arc::clone(&self.tally));
            let task = tokio::spawn(async move {
                while let Some(batch) = consumer.next_batch().await.unwrap() {
                    assert!(tally.lock().unwrap().busy.insert(batch.partition()), "two owners at once");
                    // Long enough for another owner to show.
                    tokio::task::yield_now().await;
                    let mut tally = tally.lock().unwrap();
                    let mut read = BTreeSet::new();
                    collect(&batch, &mut read);
                    let before = tally.seen.len();
                    let count = read.len();
                    tally.seen.extend(read);
                    tally.twice += count - (tally.seen.len() - before);
                    tally.busy.remove(&batch.partition());
                }
            });
            self.members.push((handle, task));
        }
    }

    async fn wait_for(&self, written: u32) {
        let all_seen = async {
            while self.tally.lock().unwrap().seen.len() < written as usize {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), all_seen).await.is_err() {
            let statuses: Vec<_> =
                self.members.iter().map(|(handle, task)| (handle.status(), task.is_finished())).collect();
            panic!("{}: {} of {written}; {statuses:#?}", self.name, self.tally.lock().unwrap().seen.len());
        }
    }

    async fn end(self) -> Tally {
        for (handle, task) in self.members {
            handle.close(SOON).await.unwrap();
            task.await.unwrap();
        }
        Arc::into_inner(self.tally).unwrap().into_inner().unwrap()
    }
}

fn member(client: &Client, group: &str, topic: &str, protocol: Protocol) -> GroupConsumerBuilder {
    let builder = client.consumer().group(group).subscribe([topic]).from(Offset::Earliest).protocol(protocol);
    builder.auto_commit(Duration::from_millis(200))
}

async fn fill(client: &Client, topic: &str, from: u32, count: u32) {
    let producer = client.producer().build().await.unwrap();
    let topic = producer.topic(topic);
    let mut deliveries = Vec::new();
    for number in from..from + count {
        let partition = i32::try_from(number).unwrap() % PARTITIONS;
        let record = number.to_string();
        deliveries.push(topic.send(Record::value(&record).partition(partition)).await.unwrap());
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    producer.close(SOON).await.unwrap();
}

/// Reads until that many records have come, each once.
async fn read(consumer: &mut GroupConsumer, count: usize) -> BTreeSet<u32> {
    let mut seen = BTreeSet::new();
    let deadline = Instant::now() + SOON;
    while seen.len() < count {
        let next = tokio::time::timeout(deadline - Instant::now(), consumer.next_batch());
        let batch = match next.await {
            Ok(batch) => batch.unwrap().unwrap(),
            Err(_) => panic!(
                "{} of {count} records; {:?}; {:?}",
                seen.len(),
                consumer.handle().status(),
                consumer.explain().await.unwrap()
            ),
        };
        let before = seen.len();
        collect(&batch, &mut seen);
        assert_eq!(seen.len(), before + batch.len(), "records came twice");
    }
    seen
}

fn collect(batch: &GroupBatch, into: &mut BTreeSet<u32>) {
    for record in batch {
        into.insert(std::str::from_utf8(record.value().unwrap()).unwrap().parse().unwrap());
    }
}

async fn one_member_reads_commits_and_leaves(servers: &str, protocol: Protocol) {
    let client = connect(servers).await;
    let (topic, group) = (format!("one-{protocol:?}"), format!("group-{protocol:?}"));
    create_topic(&client, NewTopic::new(&topic).partitions(PARTITIONS).replication(1)).await;
    fill(&client, &topic, 0, 600).await;

    let mut consumer = member(&client, &group, &topic, protocol).build().await.unwrap();
    let begin = Instant::now();
    assert_eq!(read(&mut consumer, 600).await, (0..600).collect());
    println!("FIGURE: the first member of a {protocol:?} group has read after {:.1?}", begin.elapsed());
    let handle = consumer.handle();
    assert_eq!(handle.owned().len(), PARTITIONS as usize);
    assert_eq!(handle.status().consumer_protocol, Some(protocol != Protocol::Classic));
    let report = consumer.close(SOON).await.unwrap();
    assert!(report.left && report.busy.is_empty(), "{report:?}");
    let committed: BTreeMap<_, _> = report.committed.into_iter().collect();
    assert_eq!(committed.len(), PARTITIONS as usize);
    assert!(committed.values().all(|offset| *offset == Some(100)), "{committed:?}");
    let rebalances = handle.rebalances();
    assert_eq!(rebalances[0].assigned.len(), PARTITIONS as usize, "{rebalances:?}");
    let mut events = Vec::new();
    while let Some(event) = handle.next_event().await {
        events.push(event);
    }
    assert!(matches!(events[0], GroupEvent::Assigned(_)), "{events:?}");
    assert!(events.iter().any(|event| matches!(event, GroupEvent::Revoked(_))), "{events:?}");

    // The next one goes on where that one stopped.
    fill(&client, &topic, 600, 60).await;
    let mut consumer = member(&client, &group, &topic, protocol).build().await.unwrap();
    assert_eq!(read(&mut consumer, 60).await, (600..660).collect());
    consumer.close(SOON).await.unwrap();
}
