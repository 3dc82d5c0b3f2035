//! What a record's sender is told, for every answer that a batch can get and whatever came before.
//!
//! [`TABLE`] is written by hand from what brokers do, not from the code under test. `docs/outcomes.md` shows it.

use std::fmt::Write as _;
use std::{fs, path::Path};

use super::*;

/// What a sender is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Written,
    NotWritten,
    PossiblyWritten,
}
use Told::{NotWritten, PossiblyWritten, Written};

/// What is done about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Settled,
    /// The same bytes are sent again, after a pause or to a new leader.
    Again,
    /// It is cut in two; a single record fails.
    Split,
    /// If it is the oldest of its partition: a new epoch, unless an earlier attempt may have been written.
    NewEpoch,
    Fails,
}
use Next::{Again, Fails, NewEpoch, Settled, Split};

/// An end of an attempt: what is done, what the sender is told if this was the last word and every earlier attempt
/// was certainly not written, and the same if one of them may have been.
type Row = (ErrorCode, Next, Told, Told);

const TABLE: &[Row] = &[
    (ErrorCode::NONE, Settled, Written, Written),
    (ErrorCode::DUPLICATE_SEQUENCE_NUMBER, Settled, Written, Written),
    // Can follow an append.
    (ErrorCode::REQUEST_TIMED_OUT, Again, PossiblyWritten, PossiblyWritten),
    (ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND, Again, PossiblyWritten, PossiblyWritten),
    (ErrorCode::NOT_LEADER_OR_FOLLOWER, Again, PossiblyWritten, PossiblyWritten),
    (ErrorCode::KAFKA_STORAGE_ERROR, Again, PossiblyWritten, PossiblyWritten),
    (ErrorCode::NETWORK_EXCEPTION, Again, PossiblyWritten, PossiblyWritten),
    (ErrorCode::UNKNOWN_SERVER_ERROR, Fails, PossiblyWritten, PossiblyWritten),
    // Come before the append.
    (ErrorCode::NOT_ENOUGH_REPLICAS, Again, NotWritten, PossiblyWritten),
    (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, Again, NotWritten, PossiblyWritten),
    (ErrorCode::UNKNOWN_TOPIC_ID, Again, NotWritten, PossiblyWritten),
    (ErrorCode::INCONSISTENT_TOPIC_ID, Again, NotWritten, PossiblyWritten),
    (ErrorCode::LEADER_NOT_AVAILABLE, Again, NotWritten, PossiblyWritten),
    (ErrorCode::FENCED_LEADER_EPOCH, Again, NotWritten, PossiblyWritten),
    (ErrorCode::UNKNOWN_LEADER_EPOCH, Again, NotWritten, PossiblyWritten),
    (ErrorCode::CORRUPT_MESSAGE, Again, NotWritten, PossiblyWritten),
    (ErrorCode::THROTTLING_QUOTA_EXCEEDED, Again, NotWritten, PossiblyWritten),
    (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, NewEpoch, NotWritten, PossiblyWritten),
    (ErrorCode::UNKNOWN_PRODUCER_ID, NewEpoch, NotWritten, PossiblyWritten),
    (ErrorCode::INVALID_PRODUCER_EPOCH, NewEpoch, NotWritten, PossiblyWritten),
    (ErrorCode::INVALID_PRODUCER_ID_MAPPING, NewEpoch, NotWritten, PossiblyWritten),
    (ErrorCode::MESSAGE_TOO_LARGE, Split, NotWritten, PossiblyWritten),
    (ErrorCode::RECORD_LIST_TOO_LARGE, Split, NotWritten, PossiblyWritten),
    (ErrorCode::INVALID_RECORD, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::INVALID_TIMESTAMP, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::INVALID_TOPIC_EXCEPTION, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::INVALID_REQUIRED_ACKS, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::INVALID_REQUEST, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::INVALID_TXN_STATE, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::PRODUCER_FENCED, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::POLICY_VIOLATION, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::UNSUPPORTED_VERSION, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::TOPIC_AUTHORIZATION_FAILED, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::CLUSTER_AUTHORIZATION_FAILED, Fails, NotWritten, PossiblyWritten),
    (ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED, Fails, NotWritten, PossiblyWritten),
];

/// A code that no release of Kafka has.
const UNHEARD_OF: Row = (ErrorCode(12_345), Fails, PossiblyWritten, PossiblyWritten);

/// How an attempt ends that gets no answer, and what that leaves.
const SILENCE: &[(&str, Told, Told)] = &[
    ("the connection ends before the last byte was handed to it", NotWritten, PossiblyWritten),
    ("the connection ends after that", PossiblyWritten, PossiblyWritten),
    ("the request times out", PossiblyWritten, PossiblyWritten),
    (
        "an answer without a word about the batch, or one that cannot be read",
        PossiblyWritten,
        PossiblyWritten,
    ),
    ("its answer is still due when it expires or is abandoned", PossiblyWritten, PossiblyWritten),
];

fn config() -> ProducerConfig {
    ProducerConfig { delivery_timeout: millis(20_000), ..no_linger() }
}

fn told(delivery: Delivery) -> Told {
    match settled(delivery).result {
        Ok(_) => Written,
        Err(undelivered) => match undelivered.certainty {
            Certainty::NotWritten => NotWritten,
            Certainty::PossiblyWritten => PossiblyWritten,
        },
    }
}

/// A batch of one record in flight, whose earlier attempt may have been written or not.
fn attempted(uncertain: bool) -> (Scene, Delivery, Received) {
    let mut scene = Scene::new(config(), 1, 1);
    let delivery = scene.send("v");
    let (_, request) = scene.next_request();
    let history = if uncertain { ErrorCode::REQUEST_TIMED_OUT } else { ErrorCode::NOT_ENOUGH_REPLICAS };
    scene.refuse(&request, history);
    scene.advance(millis(500));
    let (_, request) = scene.next_request();
    (scene, delivery, request)
}

/// No attempt from now on can be written; then the batch expires.
fn run_out(mut scene: Scene, delivery: Delivery) -> Told {
    while !scene.pending.is_empty() {
        let (_, request) = scene.next_request();
        scene.refuse(&request, ErrorCode::NOT_ENOUGH_REPLICAS);
    }
    scene.down.insert(1);
    let connection = scene.world.connection_to("n1");
    scene.cut(connection);
    scene.advance(millis(20_000));
    told(delivery)
}

#[test]
fn every_code_after_every_history_ends_as_the_table_says() {
    for &(code, next, clean, uncertain) in TABLE.iter().chain([&UNHEARD_OF]) {
        for (history, expected) in [(false, clean), (true, uncertain)] {
            let (mut scene, delivery, request) = attempted(history);
            scene.refuse(&request, code);
            let settled_at_once = delivery.is_settled();
            let expected_at_once = match next {
                Settled | Fails | Split => true,
                Again => false,
                // What may be written is not sent under other numbers.
                NewEpoch => history,
            };
            assert_eq!(settled_at_once, expected_at_once, "{code} after {history}");
            assert_eq!(run_out(scene, delivery), expected, "{code}, uncertain before: {history}");
        }
    }
}

#[test]
fn a_later_success_settles_earlier_attempts_as_written() {
    for code in [ErrorCode::NONE, ErrorCode::DUPLICATE_SEQUENCE_NUMBER] {
        let (mut scene, delivery, request) = attempted(true);
        scene.refuse(&request, code);
        assert_eq!(told(delivery), Written, "{code}");
    }
}

#[test]
fn silence_leaves_what_the_table_says() {
    for (case, &(name, clean, uncertain)) in SILENCE.iter().enumerate() {
        for (history, expected) in [(false, clean), (true, uncertain)] {
            let mut scene = Scene::new(config(), 1, 1);
            let mut delivery = scene.send("v");
            if history {
                let (_, request) = scene.next_request();
                scene.refuse(&request, ErrorCode::REQUEST_TIMED_OUT);
            } else {
                scene.serve_all();
                delivery = scene.accept(0, "w");
            }
            let connection = scene.world.connection_to("n1");
            if case == 0 {
                scene.world.room.insert(connection, 10);
            }
            scene.advance(millis(500));
            let request = scene.pending.pop().map(|(_, request)| request);
            match case {
                0 => {
                    assert!(request.is_none());
                    scene.down.insert(1);
                    scene.cut(connection);
                }
                1 => scene.cut(connection),
                2 => {
                    scene.advance(ProducerConfig::default().request_timeout);
                    assert_eq!(told(delivery), expected, "{name}");
                    continue;
                }
                3 => {
                    let silent = ProduceResponse::default();
                    scene.world.answer(&request.unwrap(), &silent);
                    scene.pump();
                }
                _ => {
                    scene.advance(millis(20_000));
                    assert_eq!(told(delivery), expected, "{name}");
                    continue;
                }
            }
            assert_eq!(run_out(scene, delivery), expected, "{name}, uncertain before: {history}");
        }
    }
}

#[test]
fn the_table_in_the_documentation_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/outcomes.md");
    let documented = fs::read_to_string(&path).unwrap();
    let table = markdown();
    assert!(documented.contains(&table), "docs/outcomes.md is to contain this:\n\n{table}");
}

fn markdown() -> String {
    let mut text = String::from(
        "| the broker's answer | what is done | if nothing earlier can have been written | if an earlier attempt may have been |\n|---|---|---|---|\n",
    );
    for &(code, next, clean, uncertain) in TABLE {
        let done = match next {
            Settled => "settled",
            Again => "sent again",
            Split => "cut in two; a single record fails",
            NewEpoch => "new epoch",
            Fails => "fails",
        };
        writeln!(text, "| `{code}` | {done} | {} | {} |", word(clean), word(uncertain)).unwrap();
    }
    let (_, _, clean, uncertain) = UNHEARD_OF;
    writeln!(text, "| any other code | fails | {} | {} |", word(clean), word(uncertain)).unwrap();
    for (name, clean, uncertain) in SILENCE {
        writeln!(text, "| none: {name} | sent again | {} | {} |", word(*clean), word(*uncertain)).unwrap();
    }
    text
}

fn word(told: Told) -> &'static str {
    match told {
        Written => "written",
        NotWritten => "not written",
        PossiblyWritten => "possibly written",
    }
}
