//! The administrator against a controller that moves, throttles and forgets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests state what must hold, as tests do"
)]

mod fake;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake::{Asked, Fake, NODE, Reply};
use ottla::admin::{AdminError, NewTopic, TopicSelector};
use ottla::{Client, ErrorCode, Event, ThrottleClass, TopicId, WaitReason, Waiting};
use ottla_proto::messages::create_topics::{CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse};
use ottla_proto::messages::delete_topics::{DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse};
use ottla_proto::messages::metadata::{
    MetadataRequest, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};
use ottla_proto::{ApiKey, BrokerId};

/// A broker that creates topics as `answer` says, given the number of the attempt and the name.
fn creates(answer: impl Fn(usize, &str) -> ErrorCode + Send + 'static, throttle_ms: i32) -> (Fake, Attempts) {
    let attempts = Attempts::default();
    let seen = attempts.clone();
    let fake = Fake::kafka(move |asked| {
        if asked.api != ApiKey::CREATE_TOPICS {
            return None;
        }
        let request: CreateTopicsRequest = asked.read();
        let names: Vec<String> = request.topics.iter().map(|topic| topic.name.to_string()).collect();
        let attempt = seen.push(names);
        let topics: Vec<_> = request
            .topics
            .iter()
            .map(|topic| CreatableTopicResult {
                name: topic.name.clone(),
                topic_id: TopicId([1; 16]),
                error_code: answer(attempt, &topic.name),
                num_partitions: topic.num_partitions,
                ..Default::default()
            })
            .collect();
        let throttled = topics.iter().any(|topic| topic.error_code == ErrorCode::THROTTLING_QUOTA_EXCEEDED);
        let throttle_time_ms = if throttled { throttle_ms } else { 0 };
        Some(asked.answer(&CreateTopicsResponse { throttle_time_ms, topics, ..Default::default() }))
    });
    (fake, attempts)
}

/// What was asked in each attempt, and when.
#[derive(Clone, Default)]
struct Attempts(Arc<Mutex<Vec<Attempt>>>);

type Attempt = (Instant, Vec<String>);

impl Attempts {
    fn push(&self, names: Vec<String>) -> usize {
        let mut attempts = self.0.lock().unwrap();
        attempts.push((Instant::now(), names));
        attempts.len()
    }

    fn names(&self) -> Vec<Vec<String>> {
        self.0.lock().unwrap().iter().map(|(_, names)| names.clone()).collect()
    }

    fn gap(&self) -> Duration {
        let attempts = self.0.lock().unwrap();
        attempts[1].0 - attempts[0].0
    }
}

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

async fn client(fake: &Fake) -> Client {
    Client::builder(fake.server())
        .retry_backoff(Duration::from_millis(5), Duration::from_millis(20))
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_controller_that_moved_is_asked_again() {
    let moved = |attempt, _: &str| if attempt < 3 { ErrorCode::NOT_CONTROLLER } else { ErrorCode::NONE };
    let (fake, attempts) = creates(moved, 0);
    let created =
        client(&fake).await.admin().create_topic(NewTopic::new("orders").partitions(6)).await.unwrap();
    assert_eq!((created.name.as_str(), created.partitions), ("orders", Some(6)));
    assert_eq!(attempts.names().len(), 3);
}

#[tokio::test]
async fn what_a_mutation_quota_cuts_off_is_asked_again_after_its_time_and_nothing_else_is() {
    let second_is_cut = |attempt, name: &str| match (attempt, name) {
        (1, "b") => ErrorCode::THROTTLING_QUOTA_EXCEEDED,
        (_, "c") => ErrorCode::TOPIC_ALREADY_EXISTS,
        _ => ErrorCode::NONE,
    };
    let (fake, attempts) = creates(second_is_cut, 400);
    let client = client(&fake).await;
    let admin = client.admin();
    let mut events = client.events();
    let create = tokio::spawn(async move { admin.create_topics(["a", "b", "c"].map(NewTopic::new)).await });

    // The client says for what it waits.
    let began = async {
        loop {
            if let Event::ThrottleBegan(throttle) = events.next().await.expect("the client lives") {
                return throttle;
            }
        }
    };
    let throttle = tokio::time::timeout(LONG, began).await.expect("it is told");
    assert_eq!((throttle.node, throttle.class), (NODE.0, ThrottleClass::Control));
    assert!(throttle.remaining <= Duration::from_millis(400), "{throttle}");

    let results = create.await.unwrap();
    assert_eq!(attempts.names(), [vec!["a", "b", "c"], vec!["b"]]);
    assert!(attempts.gap() >= Duration::from_millis(400), "asked again after {:?}", attempts.gap());
    assert!(results[0].1.is_ok() && results[1].1.is_ok());
    assert_eq!(results[2].1.as_ref().unwrap_err().code(), Some(ErrorCode::TOPIC_ALREADY_EXISTS));
}

#[tokio::test]
async fn the_deadline_ends_a_wait_that_is_too_long() {
    let mut timeout = Duration::from_millis(300);
    loop {
        let (fake, _) = creates(|_, _| ErrorCode::THROTTLING_QUOTA_EXCEEDED, 60_000);
        let admin = client(&fake).await.admin().timeout(timeout);
        let started = Instant::now();
        let error = admin.create_topic(NewTopic::new("orders")).await.unwrap_err();
        assert!(started.elapsed() < timeout + LONG, "{:?}", started.elapsed());
        let AdminError::TimedOut { detail, .. } = &error else { panic!("{error:?}") };
        if detail.contains("throttled by node 7") {
            return;
        }
        // The machine was too busy for an answer within the deadline: another try, with more of it.
        assert!(timeout < LONG, "{detail}");
        timeout *= 2;
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    let fake = Fake::kafka({
        let mut lost = 0;
        move |asked| {
            if asked.api != ApiKey::DELETE_TOPICS {
                return None;
            }
            lost += 1;
            if lost == 1 {
                return Some(Reply::Close);
            }
            let request: DeleteTopicsRequest = asked.read();
            let deleted = |name: &ottla_proto::TopicName| DeletableTopicResult {
                name: Some(name.clone()),
                ..Default::default()
            };
            let responses = request.topic_names.iter().map(deleted).collect();
            Some(asked.answer(&DeleteTopicsResponse { responses, ..Default::default() }))
        }
    });
    client(&fake).await.admin().delete_topic("orders").await.unwrap();
}

#[tokio::test]
async fn names_and_identities_are_deleted_in_a_request_each() {
    let id = TopicId([9; 16]);
    let fake = Fake::kafka(|asked: &Asked| {
        (asked.api == ApiKey::DELETE_TOPICS).then(|| {
            let request: DeleteTopicsRequest = asked.read();
            let by_name = request.topic_names.iter().map(|name| DeletableTopicResult {
                name: Some(name.clone()),
                error_code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                ..Default::default()
            });
            let by_id = request
                .topics
                .iter()
                .map(|topic| DeletableTopicResult { topic_id: topic.topic_id, ..Default::default() });
            let responses = by_name.chain(by_id).collect();
            asked.answer(&DeleteTopicsResponse { responses, ..Default::default() })
        })
    });
    let topics = [TopicSelector::from(id), TopicSelector::from("gone")];
    let results = client(&fake).await.admin().delete_topics(topics).await;
    assert_eq!(results[0], (TopicSelector::Id(id), Ok(())));
    assert_eq!(results[1].1.as_ref().unwrap_err().code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
}

#[tokio::test]
async fn topics_are_listed_and_described() {
    let fake = Fake::kafka(|asked: &Asked| {
        if asked.api != ApiKey::METADATA {
            return None;
        }
        let request: MetadataRequest = asked.read();
        // What the client asks for itself is left to the fake, which knows its own address.
        if request.topics.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        assert!(!request.allow_auto_topic_creation, "looking must create nothing");
        let partition = |index| MetadataResponsePartition {
            partition_index: index,
            leader_id: if index == 1 { BrokerId::NONE } else { NODE },
            replica_nodes: vec![NODE, BrokerId(8)],
            isr_nodes: vec![NODE],
            offline_replicas: vec![BrokerId(8)],
            ..Default::default()
        };
        let topic = |name: &str, error_code| MetadataResponseTopic {
            name: Some(name.into()),
            error_code,
            topic_id: TopicId([3; 16]),
            partitions: if error_code == ErrorCode::NONE { [1, 0].map(partition).into() } else { vec![] },
            ..Default::default()
        };
        let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        let topics = match request.topics {
            None => vec![topic("z", ErrorCode::NONE), topic("a", ErrorCode::NONE)],
            Some(_) => vec![topic("z", ErrorCode::NONE), topic("gone", unknown)],
        };
        let broker =
            MetadataResponseBroker { node_id: NODE, host: "127.0.0.1".into(), port: 1, ..Default::default() };
        Some(asked.answer(&MetadataResponse { brokers: vec![broker], topics, ..Default::default() }))
    });
    let client = client(&fake).await;
    let listed = client.admin().list_topics().await.unwrap();
    assert_eq!(listed.iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>(), ["a", "z"]);
    assert_eq!(listed[0].partitions, 2);

    let described = client.admin().describe_topics(["gone", "z", "gone"]).await;
    assert_eq!(described.len(), 2);
    assert_eq!(described[0].1.as_ref().unwrap_err().code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    let z = described[1].1.as_ref().unwrap();
    assert_eq!(z.partitions[0].partition, 0);
    assert_eq!((z.partitions[0].leader, z.partitions[1].leader), (Some(NODE.0), None));
    assert_eq!((&z.partitions[0].in_sync[..], &z.partitions[0].offline[..]), (&[7][..], &[8][..]));
}

#[tokio::test]
async fn the_cluster_is_described() {
    let fake = Fake::kafka(|_| None);
    let cluster = client(&fake).await.admin().describe_cluster().await.unwrap();
    assert_eq!(cluster.cluster_id.as_deref(), Some("fake"));
    assert_eq!(cluster.controller, Some(NODE.0));
    assert_eq!((cluster.brokers[0].node, cluster.brokers[0].port), (NODE.0, fake.address.port()));
}

#[tokio::test]
async fn a_call_polled_once_and_dropped_harms_nobody() {
    let (fake, _) = creates(|_, _| ErrorCode::NONE, 0);
    let client = client(&fake).await;
    let admin = client.admin();
    for _ in 0..50 {
        let mut create = Box::pin(admin.create_topic(NewTopic::new("orders")));
        let waker = std::task::Waker::noop();
        let _ = create.as_mut().poll(&mut std::task::Context::from_waker(waker));
    }
    assert!(admin.create_topic(NewTopic::new("orders")).await.is_ok());
    // The answers that nobody waited for were read all the same: one connection served everything.
    assert!(client.explain().await.unwrap().is_empty());
    assert!(fake.accepted() <= 2, "{} connections", fake.accepted());
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_is_forgotten() {
    let seen = Arc::new(AtomicBool::new(false));
    let fake = Fake::kafka({
        let seen = Arc::clone(&seen);
        move |asked| {
            let silent = asked.api == ApiKey::CREATE_TOPICS;
            seen.fetch_or(silent, Ordering::SeqCst);
            silent.then_some(Reply::Silence)
        }
    });
    let client = client(&fake).await;
    let admin = client.admin();
    let create = tokio::spawn(async move { admin.create_topic(NewTopic::new("orders")).await });
    while !seen.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let waiting = client.explain().await.unwrap();
    assert!(
        matches!(waiting[..], [Waiting { reason: WaitReason::AnswerDue { node: 7 }, .. }]),
        "{waiting:?}"
    );
    create.abort();
    create.await.unwrap_err();
    assert!(client.explain().await.unwrap().is_empty());
}
