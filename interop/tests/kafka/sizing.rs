//! The worked numbers of `docs/sizing-quotas.md`, on a real broker.

use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::{NewTopic, QuotaAlteration, QuotaEntity, QuotaKey};
use ottla::{Client, Event, Events, Record};

use crate::support::{create_topic, run};

/// A quota that has just been set needs a moment to reach the broker.
const SETTLED: Duration = Duration::from_secs(2);

#[test]
fn quotas_turn_into_the_waits_that_the_chapter_works_out() {
    let kafka = kafka_or_skip!(Options::new());
    let servers = kafka.bootstrap();
    run(async {
        byte_rate(&servers).await;
        request_percentage(&servers).await;
        mutations(&servers).await;
    });
}

async fn client(servers: &str, name: &str, key: QuotaKey, limit: f64) -> Client {
    let client = Client::builder(servers).client_id(name).build().await.unwrap();
    let alteration = QuotaAlteration::new(QuotaEntity::client_id(name)).set(key, limit);
    for (_, result) in client.admin().alter_client_quotas([alteration]).await {
        result.unwrap();
    }
    tokio::time::sleep(SETTLED).await;
    client
}

/// The first throttle that the client was told of, as it was told: what is left of it is less, the longer one takes to look.
async fn told(events: &mut Events) -> Duration {
    loop {
        if let Event::ThrottleBegan(throttle) = events.next().await.expect("the client lives") {
            return throttle.remaining;
        }
    }
}

/// 400 kB at 20 kB/s: ten seconds of it are free, the other ten are waited for.
pub(crate) async fn byte_rate(servers: &str) {
    create_topic(&Client::builder(servers).build().await.unwrap(), NewTopic::new("bytes").partitions(1))
        .await;
    let client = client(servers, "bytes", QuotaKey::ProducerByteRate, 20_000.0).await;
    let producer = client.producer().linger(Duration::ZERO).build().await.unwrap();
    let value = vec![b'x'; 400_000];
    let mut events = client.events();
    producer.topic("bytes").send(Record::value(&value)).await.unwrap().await.unwrap();
    let throttled = told(&mut events).await;
    println!("FIGURE: 400 kB at once at 20 kB/s: throttled for {throttled:.1?}; worked out: 10 s");
    assert!(throttled.abs_diff(Duration::from_secs(10)) < Duration::from_millis(1100), "{throttled:?}");
}

/// A hundredth of a thread: throttles come early, and none is longer than one window of a second.
async fn request_percentage(servers: &str) {
    create_topic(&Client::builder(servers).build().await.unwrap(), NewTopic::new("requests").partitions(1))
        .await;
    let client = client(servers, "requests", QuotaKey::RequestPercentage, 1.0).await;
    let producer = client.producer().linger(Duration::ZERO).build().await.unwrap();
    let topic = producer.topic("requests");
    let (begin, mut longest) = (Instant::now(), Duration::ZERO);
    while begin.elapsed() < Duration::from_secs(8) {
        topic.send(Record::value("x")).await.unwrap().await.unwrap();
        longest = client.throttle().iter().map(|throttle| throttle.remaining).fold(longest, Duration::max);
    }
    println!(
        "FIGURE: one small request after the other at 1 % of a thread: at most {longest:.2?} of throttle at once"
    );
    assert!(!longest.is_zero() && longest <= Duration::from_secs(1), "{longest:?}");
}

/// One partition a second: 11 seconds' worth are saved up, 15 are taken at once, so four seconds are owed.
pub(crate) async fn mutations(servers: &str) {
    let client = client(servers, "mutations", QuotaKey::ControllerMutationRate, 1.0).await;
    const OWED: Duration = Duration::from_secs(4);
    const ABOUT: Duration = Duration::from_millis(100);
    let (admin, mut events) = (client.admin(), client.events());
    let before = Instant::now();
    admin.create_topic(NewTopic::new("many").partitions(15)).await.unwrap();
    let begin = Instant::now();
    admin.create_topic(NewTopic::new("one").partitions(1)).await.unwrap();
    let waited = begin.elapsed();
    println!(
        "FIGURE: a topic right after 15 partitions at one partition a second: {waited:.1?}; worked out: 4 s"
    );
    // However long the topics themselves take to create: it is not done before the four seconds are paid, and not
    // asked to wait for more.
    assert!(before.elapsed() + ABOUT >= OWED, "{:?}", before.elapsed());
    let told = tokio::time::timeout(Duration::ZERO, told(&mut events)).await;
    assert!(told.as_ref().is_ok_and(|told| *told <= OWED + ABOUT) || begin - before >= OWED, "{told:?}");
}
