//! Members of groups, against the embedded broker.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests state what must hold, as tests do"
)]

mod assignors;
mod forms;
mod runner;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ottla::admin::{MemberToRemove, NewTopic, OffsetSpec};
use ottla::consumer::group::{
    CommitError, GroupConsumer, GroupConsumerBuilder, GroupEvent, Protocol, Standing, TopicPartition,
};
use ottla::{Client, ErrorCode, Offset, Record, ThrottleClass};
use ottla_broker::{Cluster, QuotaEntity, QuotaKey};

const SOON: Duration = Duration::from_secs(20);
const BOTH: [Protocol; 2] = [Protocol::Classic, Protocol::Consumer];

async fn start() -> (Cluster, Client) {
    let cluster = Cluster::builder().nodes(3).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).client_id("member").build().await.unwrap();
    kafka.admin().create_topic(NewTopic::new("orders").partitions(4)).await.unwrap();
    (cluster, kafka)
}

fn member(kafka: &Client, protocol: Protocol) -> GroupConsumerBuilder {
    let builder = kafka.consumer().group("billing").subscribe(["orders"]);
    builder.from(Offset::Earliest).protocol(protocol).auto_commit(Duration::from_millis(100))
}

/// Writes `count` records, a quarter to each partition.
async fn fill(kafka: &Client, count: i32, value: &[u8]) {
    let producer = kafka.producer().build().await.unwrap();
    let orders = producer.topic("orders");
    let mut deliveries = Vec::new();
    for number in 0..count {
        deliveries.push(orders.send(Record::value(value).partition(number % 4)).await.unwrap());
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    producer.close(SOON).await.unwrap();
}

/// Reads that many records, and gives the offsets by partition.
async fn read(consumer: &mut GroupConsumer, count: usize) -> BTreeSet<(i32, i64)> {
    let mut seen = BTreeSet::new();
    let reading = async {
        while seen.len() < count {
            let batch = consumer.next_batch().await.unwrap().unwrap();
            for record in &batch {
                assert!(seen.insert((batch.partition(), record.offset())), "a record came twice");
            }
        }
    };
    tokio::time::timeout(SOON, reading).await.expect("reading takes no longer");
    seen
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < SOON, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Polls once and drops the future, unless that made it ready.
fn touch<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = Box::pin(future);
    match Pin::as_mut(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_group_shares_its_partitions_and_goes_on_where_it_stopped() {
    for protocol in BOTH {
        let (_cluster, kafka) = start().await;
        fill(&kafka, 400, b"v").await;
        let mut first = member(&kafka, protocol).build().await.unwrap();
        assert_eq!(read(&mut first, 400).await.len(), 400);
        let handle = first.handle();
        assert_eq!(handle.status().consumer_protocol, Some(protocol == Protocol::Consumer));

        // The second gets its share while the first waits for records.
        let mut second = member(&kafka, protocol).build().await.unwrap();
        let theirs = second.handle();
        let (mine, others) = {
            let waiting = async { first.next_batch().await.unwrap().unwrap() };
            let others = async {
                until("nobody shares", || theirs.owned().len() == 2 && handle.owned().len() == 2).await;
                fill(&kafka, 400, b"w").await;
            };
            let (batch, ()) = tokio::join!(waiting, others);
            let mut mine: BTreeSet<_> =
                batch.iter().map(|record| (batch.partition(), record.offset())).collect();
            drop(batch);
            mine.extend(read(&mut first, 200 - mine.len()).await);
            (mine, read(&mut second, 200).await)
        };
        let all: BTreeSet<_> = (0..4).flat_map(|part| (100..200).map(move |offset| (part, offset))).collect();
        assert_eq!(&mine | &others, all, "{protocol:?}");

        // Nothing is read again by those who come later.
        first.close(SOON).await.unwrap();
        second.close(SOON).await.unwrap();
        fill(&kafka, 4, b"x").await;
        let mut third = member(&kafka, protocol).build().await.unwrap();
        assert_eq!(read(&mut third, 4).await, (0..4).map(|partition| (partition, 200)).collect());
    }
}

#[tokio::test]
async fn ownership_is_learnt_and_commits_for_what_is_gone_are_errors() {
    for protocol in BOTH {
        let (_cluster, kafka) = start().await;
        fill(&kafka, 400, b"v").await;
        let builder = member(&kafka, protocol).manual_commits();
        let mut consumer = builder.hand_over_timeout(Duration::from_millis(200)).build().await.unwrap();
        let handle = consumer.handle();
        until("nothing is assigned", || handle.owned().len() == 4).await;
        let mut batches = BTreeMap::new();
        while batches.len() < 4 {
            let batch = consumer.next_batch().await.unwrap().unwrap();
            batches.insert(batch.partition(), batch);
        }
        handle.commit_with(&batches[&0], Some("note")).await.unwrap();
        let committed = kafka.admin().group_offsets("billing").await.unwrap();
        assert_eq!((committed.len(), &*committed[0].metadata), (1, "note"));

        // Another member takes some away; the work on them is not done in time.
        let other = member(&kafka, protocol).build().await.unwrap();
        let mut gone = None;
        let shared = async {
            while gone.is_none() {
                let _ = tokio::time::timeout(Duration::from_millis(20), consumer.next_batch()).await;
                gone = batches.values().find(|batch| !batch.ownership().is_held());
            }
        };
        tokio::time::timeout(SOON, shared).await.expect("nothing is taken away");
        let gone = gone.unwrap();
        assert_eq!(gone.ownership().ended().await, Standing::Revoked);
        assert!(matches!(consumer.commit(gone).await, Err(CommitError::NotOwned { .. })));
        let mut overdue = false;
        while let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(10), handle.next_event()).await
        {
            overdue |= matches!(event, GroupEvent::HandOverOverdue { .. });
        }
        assert!(overdue, "nobody says that the hand-over did not wait any longer");
        drop(other);
    }
}

#[tokio::test]
async fn a_throttle_of_fetches_delays_no_heartbeat() {
    let (cluster, kafka) = start().await;
    fill(&kafka, 4000, &[b'v'; 1000]).await;
    // Shorter than the throttle that comes.
    let session = Duration::from_secs(6);
    let builder = member(&kafka, Protocol::Classic).session_timeout(session);
    let mut consumer = builder.heartbeat_interval(Duration::from_millis(500)).build().await.unwrap();
    let handle = consumer.handle();
    read(&mut consumer, 1000).await;
    let quota = (QuotaEntity::client_id("member"), QuotaKey::ConsumerByteRate);
    cluster.set_client_quota(quota.0, quota.1, 10_000.0);
    fill(&kafka, 400, &[b'v'; 1000]).await;
    let throttled = || {
        let throttles = kafka.throttle();
        throttles.iter().any(|throttle| {
            throttle.class == ThrottleClass::Fetch && throttle.remaining > session + Duration::from_secs(1)
        })
    };
    let begin = Instant::now();
    while !throttled() {
        assert!(begin.elapsed() < SOON, "{:?}", kafka.throttle());
        let _ = tokio::time::timeout(Duration::from_millis(20), consumer.next_batch()).await;
    }
    let before = handle.status();
    // It is named as soon as all that came before it is handed out; it lasts longer than that.
    loop {
        let waiting = consumer.explain().await.unwrap();
        if waiting.iter().any(|waiting| waiting.to_string().contains("throttled")) {
            break;
        }
        assert!(begin.elapsed() < SOON * 2, "{waiting:?}");
        let _ = tokio::time::timeout(Duration::from_millis(20), consumer.next_batch()).await;
    }
    let waited = tokio::time::timeout(session + Duration::from_millis(800), async {
        while let Ok(Some(_)) = consumer.next_batch().await {}
    });
    assert!(waited.await.is_err());
    assert_eq!((handle.status(), handle.rebalances().len()), (before, 1));
    let report = consumer.close(SOON).await.unwrap();
    assert!(report.left);
}

#[tokio::test]
async fn futures_can_be_dropped_at_any_moment() {
    let (_cluster, kafka) = start().await;
    fill(&kafka, 400, b"v").await;
    let mut consumer = member(&kafka, Protocol::Auto).build().await.unwrap();
    let mut seen = BTreeSet::new();
    let begin = Instant::now();
    while seen.len() < 400 {
        assert!(begin.elapsed() < SOON, "{} of 400", seen.len());
        touch(consumer.explain());
        touch(consumer.handle().next_event());
        let batch = match touch(consumer.next_batch()) {
            Some(batch) => Some(batch),
            None => tokio::time::timeout(Duration::from_millis(1), consumer.next_batch()).await.ok(),
        };
        if let Some(batch) = batch {
            let batch = batch.unwrap().unwrap();
            touch(consumer.commit(&batch));
            touch(batch.ownership().ended());
            seen.extend(batch.iter().map(|record| (batch.partition(), record.offset())));
        }
    }
    touch(consumer.commit_processed());
    // A member that is dropped on the way leaves nothing behind, and a close that nobody waits for goes on.
    touch(member(&kafka, Protocol::Auto).build());
    let handle = consumer.handle();
    touch(handle.close(SOON));
    tokio::time::timeout(SOON, async { while consumer.next_batch().await.unwrap().is_some() {} })
        .await
        .expect("a closed member says so");
    let admin = kafka.admin();
    let begin = Instant::now();
    while !admin.describe_group("billing").await.unwrap().members.is_empty() {
        assert!(begin.elapsed() < SOON, "a member is left");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let lag = admin.group_lag("billing", ["orders"]).await.unwrap();
    assert!(lag.iter().all(|lag| lag.lag == Some(0)), "{lag:?}");
}

#[tokio::test]
async fn the_administrator_sees_and_moves_groups() {
    for protocol in BOTH {
        let (_cluster, kafka) = start().await;
        fill(&kafka, 400, b"v").await;
        let admin = kafka.admin().timeout(SOON);
        let unknown = admin.describe_group("nobody").await;
        assert!(unknown.is_err() || unknown.unwrap().state == "Dead");
        let mut consumer = member(&kafka, protocol).build().await.unwrap();
        read(&mut consumer, 400).await;
        let member_id = consumer.handle().status().member_id;

        let listed = admin.list_groups().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((&*listed[0].group, &*listed[0].protocol_type), ("billing", "consumer"));
        let kind = if protocol == Protocol::Classic { "classic" } else { "consumer" };
        let listed = async |state: &str, kind: &str| {
            let listed = admin.list_groups_where(vec![state.to_owned()], vec![kind.to_owned()]).await;
            listed.unwrap().len()
        };
        assert_eq!((listed("stable", kind).await, listed("empty", kind).await), (1, 0));
        assert_eq!(listed("stable", "share").await, 0);
        let nobody = MemberToRemove::Instance("nobody".to_owned());
        let refused = admin.remove_members("billing", [nobody], None).await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::UNKNOWN_MEMBER_ID));
        if protocol == Protocol::Classic {
            let member = MemberToRemove::Member(member_id.clone());
            admin.remove_members("billing", [member], Some("a test")).await.unwrap();
            // It lives, so it comes back, as somebody else.
            let is_back = |consumer: &GroupConsumer| {
                let status = consumer.handle().status();
                let partitions = consumer.partitions();
                let read = partitions.iter().filter(|status| status.position == Some(100));
                status.member_id != member_id && status.is_stable && read.count() == 4
            };
            let back = async {
                while !is_back(&consumer) {
                    let _ = tokio::time::timeout(Duration::from_millis(20), consumer.next_batch()).await;
                }
            };
            tokio::time::timeout(SOON, back).await.expect("it does not come back");
        }
        let member_id = consumer.handle().status().member_id;
        let described = admin.describe_group("billing").await.unwrap();
        assert_eq!(
            (&*described.state, described.consumer_protocol),
            ("Stable", protocol == Protocol::Consumer)
        );
        let only = &described.members[0];
        assert_eq!((&only.member_id, &*only.client_id), (&member_id, "member"));
        assert_eq!(only.assignment["orders"], [0, 1, 2, 3]);
        let refused = admin.delete_group("billing").await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::NON_EMPTY_GROUP));

        consumer.close(SOON).await.unwrap();
        let lag = admin.group_lag("billing", ["orders"]).await.unwrap();
        assert_eq!(
            lag.iter().map(|lag| (lag.committed, lag.lag)).collect::<Vec<_>>(),
            [(Some(100), Some(0)); 4]
        );
        let partition = |partition| TopicPartition { topic: "orders".to_owned(), partition };
        admin.alter_group_offsets("billing", [(partition(1), 40)].into()).await.unwrap();
        admin.delete_group_offsets("billing", [partition(2)]).await.unwrap();
        let lag = admin.group_lag("billing", ["orders"]).await.unwrap();
        let lag: Vec<_> = lag.iter().map(|lag| lag.lag).collect();
        assert_eq!(lag, [Some(0), Some(60), None, Some(0)]);
        let found = admin.list_offsets([partition(0), partition(9)], OffsetSpec::Timestamp(0)).await.unwrap();
        assert_eq!(found, [(partition(0), 0)].into());
        admin.delete_group("billing").await.unwrap();
        assert!(admin.list_groups().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_empty_group_changes_its_protocol_and_keeps_its_offsets() {
    let (_cluster, kafka) = start().await;
    for (round, protocol) in
        [Protocol::Classic, Protocol::Consumer, Protocol::Classic].into_iter().enumerate()
    {
        fill(&kafka, 4, b"v").await;
        let mut consumer = member(&kafka, protocol).build().await.unwrap();
        let offset = i64::try_from(round).unwrap();
        let seen = read(&mut consumer, 4).await;
        assert_eq!(seen, (0..4).map(|partition| (partition, offset)).collect(), "round {round}");
        assert_eq!(consumer.handle().status().consumer_protocol, Some(protocol == Protocol::Consumer));
        assert!(consumer.close(SOON).await.unwrap().left);
    }
}
