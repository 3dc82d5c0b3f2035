//! Fetch sessions (KIP-227): only what is new is asked for, and nothing is lost when the broker forgets.

use super::*;

const SESSION: i32 = 77;

impl Bench {
    /// Answers as a broker that keeps a session: of partitions not named there is nothing new.
    fn answer_in_session(&mut self, request: &Received, id: i32, partitions: Vec<PartitionData>) {
        let topic = FetchableTopicResponse {
            topic: TopicName::from("t"),
            topic_id: topic_id("t", request.version),
            partitions,
            ..FetchableTopicResponse::default()
        };
        let responses = if topic.partitions.is_empty() { Vec::new() } else { vec![topic] };
        let response = FetchResponse { session_id: id, responses, ..FetchResponse::default() };
        self.world.answer(request, &response);
        self.settle();
    }

    fn refuse(&mut self, request: &Received, error_code: ErrorCode) {
        self.world.answer(request, &FetchResponse { error_code, ..FetchResponse::default() });
        self.settle();
    }

    /// Three partitions in a session whose first request was answered with nothing new.
    fn in_session() -> Self {
        let mut bench = Self::new(1, &[("t", 3)], ConsumerConfig::default());
        bench.reader.edge().assign((0..3).map(|partition| (name("t", partition), Start::At(0))));
        let fetch = bench.fetch();
        assert_eq!(session(&fetch), (0, 0));
        assert_eq!(asked(&fetch).len(), 3);
        bench.answer_in_session(&fetch, SESSION, (0..3).map(|p| nothing_new(p, 0)).collect());
        bench
    }
}

fn session(request: &Received) -> (i32, i32) {
    let request = request.read::<FetchRequest>();
    (request.session_id, request.session_epoch)
}

fn forgotten(request: &Received) -> Vec<i32> {
    let request = request.read::<FetchRequest>();
    request.forgotten_topics_data.into_iter().flat_map(|topic| topic.partitions).collect()
}

#[test]
fn a_session_names_only_what_went_on() {
    let mut bench = Bench::in_session();
    let fetch = bench.fetch();
    assert_eq!((session(&fetch), asked(&fetch)), ((SESSION, 1), vec![]));
    bench.answer_in_session(&fetch, SESSION, vec![data(1, 3, batch(0, 3, 10))]);
    assert_eq!(bench.offsets(), [0, 1, 2]);
    let fetch = bench.fetch();
    assert_eq!((session(&fetch), asked(&fetch)), ((SESSION, 2), vec![(1, 3)]));
    // Partitions that the answer does not name are asked for all the same.
    bench.answer_in_session(&fetch, SESSION, vec![data(2, 1, batch(0, 1, 10))]);
    assert_eq!(bench.offsets(), [0]);
    assert!(!bench.reasons().iter().any(|reason| matches!(reason, WaitReason::RetryBackoff { .. })));
}

#[test]
fn a_partition_that_is_left_out_is_forgotten_and_comes_back() {
    let mut bench = Bench::in_session();
    let first = bench.fetch();
    bench.reader.edge().pause(&name("t", 1)).unwrap();
    bench.reader.edge().seek(&name("t", 2), Start::At(9)).unwrap();
    bench.answer_in_session(&first, SESSION, vec![]);
    let fetch = bench.fetch();
    assert_eq!((session(&fetch), asked(&fetch), forgotten(&fetch)), ((SESSION, 2), vec![(2, 9)], vec![1]));
    bench.reader.edge().resume(&name("t", 1)).unwrap();
    bench.answer_in_session(&fetch, SESSION, vec![]);
    let fetch = bench.fetch();
    assert_eq!((session(&fetch), asked(&fetch), forgotten(&fetch)), ((SESSION, 3), vec![(1, 0)], vec![]));
}

#[test]
fn what_was_told_of_a_partition_is_known_when_it_is_read_anew() {
    let mut bench = Bench::in_session();
    let told = bench.fetch();
    bench.answer_in_session(&told, SESSION, vec![nothing_new(1, 0)]);
    let lag = |bench: &Bench| {
        let mut all = bench.reader.edge().partitions().into_iter();
        all.find(|status| status.partition == name("t", 1)).and_then(|status| status.lag)
    };
    assert_eq!(lag(&bench), Some(0));
    // Given up and assigned again before the next fetch: the broker, which sees no change, tells nothing.
    let fetch = bench.fetch();
    bench.reader.edge().assign([(name("t", 1), Start::At(0))]);
    bench.answer_in_session(&fetch, SESSION, vec![]);
    let again = bench.fetch();
    assert_eq!((session(&again).0, asked(&again)), (SESSION, vec![(1, 0)]));
    bench.answer_in_session(&again, SESSION, vec![]);
    assert_eq!(lag(&bench), Some(0));
}

#[test]
fn a_throttled_empty_answer_keeps_the_session() {
    let mut bench = Bench::in_session();
    let fetch = bench.fetch();
    bench.world.answer(
        &fetch,
        &FetchResponse { throttle_time_ms: 3_000, session_id: SESSION, ..FetchResponse::default() },
    );
    bench.no_fetch();
    bench.advance(Duration::from_secs(3));
    let fetch = bench.fetch();
    assert_eq!((session(&fetch), asked(&fetch)), ((SESSION, 2), vec![]));
}

#[test]
fn throttles_that_keep_coming_without_records_are_named_so() {
    let mut bench = Bench::at(4, ConsumerConfig::default());
    for round in 1..=4 {
        let fetch = bench.fetch();
        bench.world.answer(&fetch, &FetchResponse { throttle_time_ms: 3_000, ..FetchResponse::default() });
        bench.settle();
        match &bench.reasons()[..] {
            [WaitReason::Throttled { .. }] => assert!(round < 3),
            [WaitReason::ThrottledInVain { answers, .. }] => assert_eq!(*answers, round),
            other => panic!("{other:?}"),
        }
        bench.advance(Duration::from_secs(3));
    }
    // Records end the row.
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 9, batch(4, 2, 10))]);
    let fetch = bench.fetch();
    bench.world.answer(&fetch, &FetchResponse { throttle_time_ms: 3_000, ..FetchResponse::default() });
    bench.settle();
    assert!(matches!(bench.reasons()[..], [WaitReason::Throttled { .. }]));
}

#[test]
fn a_throttled_answer_to_a_full_request_has_no_session_and_is_no_error() {
    let mut bench = Bench::at(4, ConsumerConfig::default());
    let fetch = bench.fetch();
    bench.world.answer(&fetch, &FetchResponse { throttle_time_ms: 3_000, ..FetchResponse::default() });
    bench.advance(Duration::from_secs(3));
    let fetch = bench.fetch();
    assert_eq!((session(&fetch), asked(&fetch)), ((0, 0), vec![(0, 4)]));
}

#[test]
fn a_session_that_the_broker_forgot_is_made_anew_at_once() {
    for (error, id) in [
        (ErrorCode::FETCH_SESSION_ID_NOT_FOUND, 0),
        (ErrorCode::INVALID_FETCH_SESSION_EPOCH, SESSION),
        (ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR, SESSION),
    ] {
        let mut bench = Bench::in_session();
        let fetch = bench.fetch();
        bench.refuse(&fetch, error);
        let fetch = bench.fetch();
        assert_eq!((session(&fetch), asked(&fetch).len()), ((id, 0), 3), "{error}");
        bench.answer_in_session(&fetch, SESSION + 1, (0..3).map(|p| data(p, 1, batch(0, 1, 10))).collect());
        assert_eq!((bench.offsets(), bench.offsets(), bench.offsets()), (vec![0], vec![0], vec![0]));
    }
}

#[test]
fn a_broker_that_never_has_the_session_is_not_asked_without_a_pause() {
    let mut bench = Bench::in_session();
    let fetch = bench.fetch();
    bench.refuse(&fetch, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    let fetch = bench.fetch();
    bench.refuse(&fetch, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    bench.no_fetch();
    assert!(bench.reasons().iter().all(|reason| matches!(reason, WaitReason::RetryBackoff { .. })));
    bench.advance(Duration::from_millis(130));
    assert_eq!(asked(&bench.fetch()).len(), 3);
}

#[test]
fn a_lost_answer_ends_the_session() {
    let mut bench = Bench::in_session();
    let lost = bench.fetch();
    let closed = crate::net::DisconnectCause::Closed;
    bench.world.core.handle_disconnected(lost.connection, closed, bench.world.now);
    bench.settle();
    bench.advance(Duration::from_secs(1));
    let fetch = bench.fetch();
    assert_eq!((session(&fetch), asked(&fetch).len()), ((SESSION, 0), 3));
}

#[test]
fn a_full_answer_that_leaves_a_partition_out_makes_no_session() {
    let mut bench = Bench::new(1, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    bench.answer_in_session(&fetch, SESSION, vec![nothing_new(0, 0)]);
    let fetch = bench.fetch();
    assert_eq!((session(&fetch), asked(&fetch)), ((SESSION, 0), vec![(0, 0)]), "the other waits its turn");
}

#[test]
fn bytes_that_nobody_asked_for_are_counted() {
    let mut bench = Bench::in_session();
    let fetch = bench.fetch();
    let records = batch(0, 3, 10);
    let size = records.len() as u64;
    bench.answer_in_session(&fetch, SESSION, vec![data(7, 3, records.clone()), data(0, 3, records)]);
    let stats = bench.reader.edge().stats();
    assert_eq!((stats.fetched_bytes, stats.discarded_bytes), (2 * size, size));
}
