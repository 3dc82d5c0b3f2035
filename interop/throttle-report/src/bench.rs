//! The cluster behind its proxies, and what every scenario does with it.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use kafka_harness::{Cluster, Options};
use ottla::admin::{NewTopic, QuotaAlteration, QuotaEntity, QuotaKey};
use ottla::{Client, ErrorCode, Offset, Producer, Record, TopicProducer};
use tokio::runtime::Runtime;

use crate::proxy::Proxy;
use crate::recording::{Exchange, Recording};

/// How many nodes the cluster has.
pub(crate) const NODES: usize = 3;

/// The quota of those who are to be throttled by one burst, in bytes a second. Kafka averages over some ten seconds,
/// so a burst of ten times as much is free, and each further multiple costs a second.
const BURST_QUOTA: usize = 15_000;
const FREE_SECONDS: f64 = 10.5;

/// Three nodes of real Kafka with a proxy before each.
#[derive(Debug)]
pub struct Bench<'a> {
    runtime: &'a Runtime,
    cluster: Cluster,
    proxies: Vec<Proxy>,
    recording: Recording,
    admin: Client,
    names: usize,
}

/// A node told a client to be silent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttled {
    /// When the answer that says so had left the proxy.
    pub(crate) from: Instant,
    /// When the silence ends.
    pub(crate) until: Instant,
    /// How long after the answer had left the proxy its delivery was settled.
    pub(crate) acknowledged_after: Duration,
}

impl<'a> Bench<'a> {
    /// Starts cluster and proxies; takes some ten seconds.
    ///
    /// # Errors
    /// If this machine cannot run Kafka.
    pub fn start(runtime: &'a Runtime) -> Result<Self> {
        let recording = Recording::default();
        let mut proxies = Vec::with_capacity(NODES);
        for node in 1..=NODES {
            proxies.push(Proxy::start(i32::try_from(node)?, recording.clone())?);
        }
        let options = Options::new()
            .nodes(NODES)
            .advertise(proxies.iter().map(Proxy::port))
            .set("min.insync.replicas", 2)
            .set("unclean.leader.election.enable", false)
            // A node that says nothing is given up sooner than by default, so that the runs need not wait for it.
            .set("broker.session.timeout.ms", 3000)
            .set("broker.heartbeat.interval.ms", 500);
        let cluster = Cluster::start(options)?;
        for (node, proxy) in (1..).zip(&proxies) {
            proxy.set_target(cluster.address(node)?.parse::<SocketAddr>()?);
        }
        let admin = Client::builder(bootstrap(&proxies)).client_id("admin").build();
        let admin = runtime.block_on(admin)?;
        Ok(Self { runtime, cluster, proxies, recording, admin, names: 0 })
    }

    /// What went through the proxies so far.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    pub(crate) fn runtime(&self) -> &'a Runtime {
        self.runtime
    }

    pub(crate) fn cluster(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// Stops a node in the middle of whatever it does.
    pub(crate) fn pause(&self, node: usize) -> Result<()> {
        Ok(self.cluster.freeze(node)?)
    }

    /// Lets it go on.
    pub(crate) fn resume(&self, node: usize) -> Result<()> {
        Ok(self.cluster.thaw(node)?)
    }

    pub(crate) fn servers(&self) -> String {
        bootstrap(&self.proxies)
    }

    pub(crate) fn proxy(&self, node: usize) -> Result<&Proxy> {
        node.checked_sub(1).and_then(|index| self.proxies.get(index)).context("no such node")
    }

    pub(crate) fn admin(&self) -> &Client {
        &self.admin
    }

    /// A name that nobody has had: quotas and their usage stay with names.
    pub(crate) fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}-{}", self.names)
    }

    /// A client under a name of its own.
    pub(crate) async fn client(&self, client_id: &str) -> Result<Client> {
        let builder = Client::builder(self.servers()).client_id(client_id);
        Ok(builder.build_timeout(Duration::from_secs(30)).build().await?)
    }

    /// Creates a topic whose partitions lie on these nodes, the leader first.
    pub(crate) async fn create_topic(&self, name: &str, nodes: &[&[i32]]) -> Result<()> {
        let topic = NewTopic::new(name).assignment(nodes.iter().map(|nodes| nodes.to_vec()));
        let single = nodes.iter().all(|nodes| nodes.len() == 1);
        let topic = if single { topic.config("min.insync.replicas", "1") } else { topic };
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.admin.admin().create_topic(topic.clone()).await {
                // A node that stood still or was away takes no partition until the controller has heard of it.
                Err(error)
                    if error.code() == Some(ErrorCode::INVALID_REPLICA_ASSIGNMENT)
                        && Instant::now() < deadline =>
                {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                created => return Ok(created.map(drop)?),
            }
        }
    }

    /// Creates a topic, and a producer without linger that has had a record acknowledged by each of `partitions`.
    pub(crate) async fn sender(
        &self,
        name: &str,
        nodes: &[&[i32]],
        partitions: Range<i32>,
    ) -> Result<(Client, Producer, TopicProducer)> {
        self.create_topic(name, nodes).await?;
        let client = self.client(name).await?;
        let producer = client.producer().linger(Duration::ZERO).build().await?;
        let topic = producer.topic(name);
        for partition in partitions {
            topic.send(Record::value("first").partition(partition)).await?.await?;
        }
        Ok((client, producer, topic))
    }

    pub(crate) async fn set_quota(&self, client_id: &str, key: QuotaKey, limit: f64) -> Result<()> {
        let alteration = QuotaAlteration::new(QuotaEntity::client_id(client_id)).set(key, limit);
        self.alter(alteration).await
    }

    pub(crate) async fn remove_quota(&self, client_id: &str, key: QuotaKey) -> Result<()> {
        self.alter(QuotaAlteration::new(QuotaEntity::client_id(client_id)).remove(key)).await
    }

    async fn alter(&self, alteration: QuotaAlteration) -> Result<()> {
        for (_, result) in self.admin.admin().alter_client_quotas([alteration]).await {
            result?;
        }
        // The answer says that the change is decided; brokers act by it a moment later.
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(())
    }

    /// Gives the client a quota that one burst to a partition uses up for about so many seconds.
    pub(crate) async fn prepare_throttle(&self, client_id: &str) -> Result<()> {
        self.set_quota(client_id, QuotaKey::ProducerByteRate, BURST_QUOTA as f64).await
    }

    /// Sends the burst and waits for its answer, which asks for silence. A node that has not heard of the quota yet asks
    /// for none: then, once the burst is forgotten, another follows.
    pub(crate) async fn throttle(
        &self,
        client_id: &str,
        topic: &TopicProducer,
        partition: i32,
        node: i32,
        seconds: f64,
    ) -> Result<Throttled> {
        const FORGOTTEN: Duration = Duration::from_secs(12);
        const ATTEMPTS: usize = 3;
        let burst = burst(seconds);
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                eprintln!("   node {node} had not heard of the quota of {client_id}; once more");
                tokio::time::sleep(FORGOTTEN).await;
            }
            let sent = Instant::now();
            topic.send(Record::value(&burst).partition(partition)).await?.await?;
            let acknowledged = Instant::now();
            // The proxy notes an answer after it has handed it on.
            let answer = loop {
                let mut requests = self.recording.produced(client_id, node);
                requests.retain(|one| one.begun >= sent && one.bytes >= burst.len());
                match requests.pop() {
                    Some(request) if request.answered.is_some() => break request,
                    _ => tokio::time::sleep(Duration::from_millis(1)).await,
                }
                ensure!(acknowledged.elapsed() < FORGOTTEN, "the proxy saw no answer to the burst");
            };
            if answer.throttle.is_zero() {
                continue;
            }
            let (from, until) =
                answer.answered.zip(answer.throttled_until()).context("no answer was recorded")?;
            ensure!(
                (answer.throttle.as_secs_f64() - seconds).abs() < 1.0 + seconds / 10.0,
                "node {node} asked for {:?} instead of {seconds} s",
                answer.throttle
            );
            let acknowledged_after = acknowledged.saturating_duration_since(from);
            return Ok(Throttled { from, until, acknowledged_after });
        }
        bail!("node {node} did not throttle {client_id}")
    }

    /// When the proxy had handed on the answer to a record sent beside a burst, or to its second attempt after a cut. The
    /// client may have read it a moment before. None unless the record was in flight when the node said that it
    /// throttles: it may have come too late, or have been answered before.
    pub(crate) fn answered_beside_burst(
        &self,
        client_id: &str,
        node: i32,
        since: Instant,
        throttle: &Throttled,
    ) -> Option<Instant> {
        answered_beside_burst(&self.recording.produced(client_id, node), since, throttle.from)
    }

    /// The values of a topic, in the order of its partitions' logs.
    pub(crate) async fn read(&self, topic: &str) -> Result<Vec<String>> {
        let consumer = self.admin.consumer().topics([topic]).from(Offset::Earliest).until_end().build();
        let mut consumer = consumer.await?;
        let mut values = Vec::new();
        while let Some(batch) = consumer.next_batch().await? {
            let value =
                |value: Option<&[u8]>| String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
            values.extend(batch.iter().map(|record| value(record.value())));
        }
        Ok(values)
    }
}

/// See the method. The record's requests are small; what waits meanwhile goes in large ones.
fn answered_beside_burst(requests: &[Exchange], since: Instant, throttled: Instant) -> Option<Instant> {
    let mut small = requests.iter().filter(|one| one.begun >= since && one.bytes < BURST_QUOTA);
    let first = small.next()?;
    let in_flight = first.begun <= throttled && first.answered.is_none_or(|answered| answered > throttled);
    let answered = || first.answered.or_else(|| small.find_map(|one| one.answered));
    in_flight.then(answered).flatten()
}

/// What uses up the quota of a burst for so many seconds.
pub(crate) fn burst(seconds: f64) -> Vec<u8> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "far below a gigabyte, above zero"
    )]
    let bytes = (BURST_QUOTA as f64 * (seconds + FREE_SECONDS)) as usize;
    vec![b'x'; bytes]
}

fn bootstrap(proxies: &[Proxy]) -> String {
    proxies.iter().map(|proxy| format!("127.0.0.1:{}", proxy.port())).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use ottla_proto::ApiKey;

    use super::*;

    #[test]
    fn a_record_beside_a_burst_counts_only_if_it_was_in_flight_when_the_throttle_was_told() {
        let begin = Instant::now();
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        let request = |begun: u64, answered: Option<u64>| Exchange {
            node: 1,
            connection: 1,
            api: ApiKey::PRODUCE,
            version: 9,
            correlation_id: 1,
            client_id: "a".to_owned(),
            bytes: 100,
            begun: at(begun),
            answering: answered.map(at),
            answered: answered.map(at),
            throttle: Duration::ZERO,
        };
        let found = |requests: &[Exchange]| answered_beside_burst(requests, at(10), at(100));
        assert_eq!(found(&[request(5, Some(200)), request(50, Some(6000))]), Some(at(6000)));
        // Cut, and sent once more.
        assert_eq!(found(&[request(50, None), request(6000, Some(6001))]), Some(at(6001)));
        // Too late, answered before, never answered, not seen at all.
        assert_eq!(found(&[request(6000, Some(6001))]), None);
        assert_eq!(found(&[request(50, Some(90)), request(6000, Some(6001))]), None);
        assert_eq!(found(&[request(50, None)]), None);
        assert_eq!(found(&[]), None);
    }
}
