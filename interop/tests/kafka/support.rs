//! What every test here needs: records to compare, and limits on every wait.

use std::env;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use kafka_harness::Cluster;
use ottla::admin::NewTopic;
use ottla::consumer::OwnedRecord;
use ottla::{Client, Compression, Offset, Receipt, Record};
use ottla_broker::Cluster as Embedded;
use ottla_proto::BrokerId;

/// No step may take longer; an idle machine needs a tenth of it.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// Codecs by the names that Kafka's settings use.
pub(crate) const CODECS: [(&str, Compression); 5] = [
    ("none", Compression::None),
    ("gzip", Compression::Gzip),
    ("snappy", Compression::Snappy),
    ("lz4", Compression::Lz4),
    ("zstd", Compression::Zstd),
];

/// Whether the full counts are asked for.
pub(crate) fn is_proof() -> bool {
    env::var_os("OTTLA_PROOF").is_some()
}

/// A partition or an offset as a place in a list.
pub(crate) fn index(number: impl Into<i64>) -> usize {
    usize::try_from(number.into()).unwrap()
}

/// Runs a step, which fails at `LIMIT`.
pub(crate) fn run<T>(step: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(LIMIT, step).await }).expect("a step took too long")
}

pub(crate) async fn connect(servers: &str) -> Client {
    Client::builder(servers)
        .client_id("interop")
        .build_timeout(Duration::from_secs(60))
        .build()
        .await
        .unwrap()
}

pub(crate) async fn create_topic(client: &Client, topic: NewTopic) {
    client.admin().timeout(Duration::from_secs(60)).create_topic(topic).await.unwrap();
}

/// The nodes of a cluster, real or embedded, by their numbers.
pub(crate) trait Nodes {
    fn bootstrap(&self) -> String;

    /// As SIGKILL does.
    fn kill(&mut self, node: usize);

    /// In order: others lead its partitions before it ends.
    fn terminate(&mut self, node: usize);

    /// Starts a node that was ended, and does not wait for it.
    fn launch(&mut self, node: usize);

    /// As SIGSTOP does.
    fn freeze(&mut self, node: usize);

    /// Lets a frozen node go on, and does not wait for it.
    fn thaw(&mut self, node: usize);

    fn wait_until_ready(&mut self, node: usize);

    fn restart(&mut self, node: usize) {
        self.launch(node);
        self.wait_until_ready(node);
    }
}

impl Nodes for Cluster {
    fn bootstrap(&self) -> String {
        Cluster::bootstrap(self)
    }

    fn kill(&mut self, node: usize) {
        Cluster::kill(self, node).unwrap();
    }

    fn terminate(&mut self, node: usize) {
        Cluster::terminate(self, node, Duration::from_secs(30)).unwrap();
    }

    fn launch(&mut self, node: usize) {
        self.launch_node(node).unwrap();
    }

    fn freeze(&mut self, node: usize) {
        Cluster::freeze(self, node).unwrap();
    }

    fn thaw(&mut self, node: usize) {
        Cluster::thaw(self, node).unwrap();
    }

    fn wait_until_ready(&mut self, node: usize) {
        Cluster::wait_until_ready(self, node).unwrap();
    }
}

impl Nodes for Embedded {
    fn bootstrap(&self) -> String {
        Embedded::bootstrap(self)
    }

    fn kill(&mut self, node: usize) {
        assert!(self.kill_node(number(node)));
    }

    fn terminate(&mut self, node: usize) {
        assert!(self.stop_node(number(node)));
    }

    fn launch(&mut self, node: usize) {
        assert!(self.start_node(number(node)));
    }

    fn freeze(&mut self, node: usize) {
        assert!(self.freeze_node(number(node)));
    }

    fn thaw(&mut self, node: usize) {
        assert!(self.thaw_node(number(node)));
    }

    /// It is as soon as it is started.
    fn wait_until_ready(&mut self, _node: usize) {}
}

fn number(node: usize) -> BrokerId {
    BrokerId(node.try_into().unwrap())
}

/// A record without its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) timestamp: Option<i64>,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    pub(crate) headers: Vec<(Bytes, Option<Bytes>)>,
}

impl From<OwnedRecord> for Entry {
    fn from(record: OwnedRecord) -> Self {
        let OwnedRecord { timestamp, key, value, headers, .. } = record;
        Entry { timestamp, key, value, headers }
    }
}

/// Records of every shape, in text: with and without key, value and headers, and some repetition to compress.
pub(crate) fn entries(label: &str) -> Vec<Entry> {
    (0..50_u16)
        .map(|number| {
            let key = (number % 5 != 1).then(|| Bytes::from(format!("key {}", number % 7)));
            let value = format!("{label} {number} {}", "and so on ".repeat(usize::from(number % 20)));
            let headers = match number % 4 {
                0 => vec![],
                1 => vec![("trace", Some("αβγ"))],
                2 => vec![("twice", Some("first")), ("twice", Some("second")), ("", Some(""))],
                _ => vec![("nothing", None)],
            };
            Entry {
                timestamp: Some(1_700_000_000_000 + 1000 * i64::from(number)),
                key,
                value: (number % 9 != 5).then(|| Bytes::from(value)),
                headers: headers
                    .into_iter()
                    .map(|(key, value)| (Bytes::from(key), value.map(Bytes::from)))
                    .collect(),
            }
        })
        .collect()
}

/// Writes the entries to partition 0 in one go and waits until each is acknowledged.
pub(crate) async fn produce(
    client: &Client,
    topic: &str,
    compression: Compression,
    entries: &[Entry],
) -> Vec<Receipt> {
    let producer = client.producer().compression(compression).linger(Duration::from_millis(20)).build();
    write(producer.await.unwrap(), topic, entries).await
}

/// As [`produce`], by a producer that is closed then.
pub(crate) async fn write(producer: ottla::Producer, topic: &str, entries: &[Entry]) -> Vec<Receipt> {
    let topic = producer.topic(topic);
    let mut deliveries = Vec::new();
    for entry in entries {
        let headers: Vec<(&str, Option<&[u8]>)> = entry
            .headers
            .iter()
            .map(|(key, value)| (std::str::from_utf8(key).unwrap(), value.as_deref()))
            .collect();
        let mut record = Record::default().headers(&headers).partition(0);
        if let Some(value) = &entry.value {
            record = Record::value(value).headers(&headers).partition(0);
        }
        if let Some(key) = &entry.key {
            record = record.key(key);
        }
        if let Some(timestamp) = entry.timestamp {
            record = record.timestamp(timestamp);
        }
        deliveries.push(topic.send(record).await.unwrap());
    }
    let mut receipts = Vec::new();
    for delivery in deliveries {
        receipts.push(delivery.await.unwrap());
    }
    producer.close(Duration::from_secs(30)).await.unwrap();
    receipts
}

/// Everything that a topic holds, partition by partition in the order of its log.
pub(crate) async fn read_all(client: &Client, topic: &str) -> Vec<OwnedRecord> {
    let consumer = client.consumer().topics([topic]).from(Offset::Earliest).until_end().build();
    let mut consumer = consumer.await.unwrap();
    let mut records = Vec::new();
    while let Some(batch) = consumer.next_batch().await.unwrap() {
        records.extend(batch.iter().map(|record| record.to_owned()));
    }
    records
}

/// Entries one a line, so that a failed comparison can be read.
pub(crate) fn lines(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(text, "{entry:?}");
    }
    text
}
