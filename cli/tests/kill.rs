//! The broker on disk, killed with SIGKILL under load again and again. What was acknowledged is there, once and in
//! order, and the producer goes on as if nothing had happened. Of a topic that is compacted meanwhile the newest record of
//! each key is there.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests state expectations too")]

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ottla::admin::NewTopic;
use ottla::{Client, Offset, Record};

const PARTITIONS: i32 = 3;

/// `ottla broker` with its data in a folder.
struct Broker(Child);

impl Broker {
    fn start(port: u16, folder: &Path, more: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ottla"))
            .args(["broker", "--port", &port.to_string(), "--topic", &format!("t:{PARTITIONS}"), "--data"])
            .arg(folder)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.contains(':'), "the broker did not start");
        Self(process)
    }
}

/// SIGKILL, as far as Unix goes.
impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder for one test, gone at its end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A folder that is not there yet, and a port that is free and stays so while the broker is down: below the range from
/// which the system takes ports for outgoing connections, as those with which the client looks for the broker.
fn place(test: &str) -> (Folder, u16) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let process = std::process::id();
    let folder = Folder(std::env::temp_dir().join(format!("ottla-{test}-{process}")));
    let mut ports = (0..5_000).map(|_| {
        let number = process.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        10_000 + u16::try_from(number % 5_000).unwrap()
    });
    let port = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    (folder, port.unwrap())
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

fn rounds() -> u64 {
    if std::env::var_os("OTTLA_PROOF").is_some() { 100 } else { 5 }
}

#[test]
fn what_was_acknowledged_is_there_however_often_the_broker_is_killed() {
    run(kill_again_and_again(rounds()));
}

#[test]
fn the_newest_of_each_key_is_there_however_often_the_broker_is_killed_while_it_compacts() {
    run(kill_while_compacting(rounds()));
}

/// Segments of some ten batches, looked at every five milliseconds: hardly a moment without a file being replaced.
async fn kill_while_compacting(rounds: u64) {
    const KEYS: u64 = 20;
    let (folder, port) = place("kill-compacting");
    let start = || Broker::start(port, &folder.0, &["--log-check-interval", "5"]);
    let mut broker = start();
    let kafka = Client::builder(format!("127.0.0.1:{port}")).build().await.unwrap();
    let settings =
        [("cleanup.policy", "compact"), ("segment.bytes", "4000"), ("min.cleanable.dirty.ratio", "0.01")];
    let compacted = NewTopic::new("compacted").partitions(1);
    let compacted = settings.into_iter().fold(compacted, |topic, (name, value)| topic.config(name, value));
    kafka.admin().create_topic(compacted).await.unwrap();
    let producer = kafka.producer().delivery_timeout(Duration::from_secs(120)).build().await.unwrap();
    let topic = producer.topic("compacted");

    let (mut sent, mut offsets) = (0_u64, Vec::new());
    for round in 0..rounds {
        let until = Instant::now() + Duration::from_millis(150 + 37 * (round % 7));
        let mut pending = Vec::new();
        while Instant::now() < until {
            let (key, value) = ((sent * 7 % KEYS).to_string(), sent.to_string());
            pending.push(topic.send(Record::value(&value).key(&key)).await.unwrap());
            sent += 1;
            if sent % 5 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        drop(broker);
        broker = start();
        for delivery in pending {
            offsets.push(delivery.await.unwrap().offset);
        }
    }
    drop(broker);
    let _broker = start();

    let reader = kafka.consumer().topics(["compacted"]).from(Offset::Earliest).until_end();
    let (mut reader, mut found, mut count, mut last) =
        (reader.build().await.unwrap(), BTreeMap::new(), 0_u64, -1);
    while let Some(batch) = reader.next_batch().await.unwrap() {
        for record in &batch {
            let number: u64 = std::str::from_utf8(record.value().unwrap()).unwrap().parse().unwrap();
            assert!(record.offset() > last, "offsets run backwards");
            last = record.offset();
            let told = offsets[usize::try_from(number).unwrap()];
            assert!(
                told.is_none_or(|told| told == last),
                "record {number} was moved from {told:?} to {last}"
            );
            let key: u64 = std::str::from_utf8(record.key().unwrap()).unwrap().parse().unwrap();
            assert_eq!(key, number * 7 % KEYS);
            found.insert(key, number);
            count += 1;
        }
    }
    let newest: BTreeMap<u64, u64> = (0..sent).map(|number| (number * 7 % KEYS, number)).collect();
    assert_eq!(found, newest);
    assert!(count < sent / 2, "{count} of {sent} records are left: hardly anything was compacted");
    println!(
        "FIGURE: {rounds} times SIGKILL while a log is compacted, {count} of {sent} records left, none of {KEYS} keys lost"
    );
}

async fn kill_again_and_again(rounds: u64) {
    let (folder, port) = place("kill");
    let start = || Broker::start(port, &folder.0, &[]);
    let mut broker = start();
    let kafka = Client::builder(format!("127.0.0.1:{port}")).build().await.unwrap();
    let producer = kafka.producer().delivery_timeout(Duration::from_secs(120)).build().await.unwrap();
    let topic = producer.topic("t");

    let (mut sent, mut pending, mut acknowledged) = (0_u64, VecDeque::new(), Vec::new());
    for round in 0..rounds {
        // Not always at the same moment after the start.
        let until = Instant::now() + Duration::from_millis(100 + 37 * (round % 7));
        let before = acknowledged.len();
        while Instant::now() < until || acknowledged.len() == before {
            for _ in 0..20 {
                let partition = i32::try_from(sent % 3).unwrap();
                let value = sent.to_string();
                let record = Record::value(&value).partition(partition);
                pending.push_back((sent, topic.send(record).await.unwrap()));
                sent += 1;
            }
            while pending.front().is_some_and(|(_, delivery): &(u64, ottla::Delivery)| delivery.is_settled())
            {
                let Some((number, delivery)) = pending.pop_front() else { break };
                acknowledged.push((number, delivery.await.unwrap()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(broker);
        broker = start();
    }
    for (number, delivery) in pending {
        acknowledged.push((number, delivery.await.unwrap()));
    }
    drop(broker);
    let _broker = start();

    // Every batch is checked against its checksum on the way.
    let mut found = vec![Vec::new(); 3];
    let reader = kafka.consumer().topics(["t"]).from(Offset::Earliest).until_end();
    let mut reader = reader.build().await.unwrap();
    while let Some(batch) = reader.next_batch().await.unwrap() {
        let partition = usize::try_from(batch.partition()).unwrap();
        for record in &batch {
            let number: u64 = std::str::from_utf8(record.value().unwrap()).unwrap().parse().unwrap();
            found[partition].push((number, record.offset()));
        }
    }
    assert_eq!(acknowledged.len() as u64, sent);
    for (number, receipt) in acknowledged {
        let partition = usize::try_from(receipt.partition).unwrap();
        let place = usize::try_from(number / 3).unwrap();
        let (there, offset) = found[partition][place];
        assert_eq!(there, number, "partition {partition} has lost, doubled or mixed up records");
        if let Some(told) = receipt.offset {
            assert_eq!(told, offset, "record {number} is elsewhere than was said");
        }
    }
    assert_eq!(found.iter().map(Vec::len).sum::<usize>() as u64, sent, "records came twice");
    println!("FIGURE: {rounds} times SIGKILL under load, {sent} records acknowledged, 0 lost, 0 twice");
}
