//! Clients in Python, JavaScript and Go against the embedded broker. `interop/clients/README.md` says what each does.

use kafka_harness::{Client, process, run_or_skip};

use crate::{LIMIT, cluster};

const EVERYTHING: [&str; 8] =
    ["topics", "produce", "consume", "group classic", "group consumer", "transactions", "groups", "records"];

#[test]
fn confluent_for_python() {
    run(Client::Confluent, &EVERYTHING);
}

#[test]
fn aiokafka() {
    run(Client::AioKafka, &without("group consumer"));
}

#[test]
fn kafkajs() {
    run(Client::KafkaJs, &without("group consumer"));
}

#[test]
fn franz_go() {
    run(Client::FranzGo, &EVERYTHING);
}

#[test]
fn sarama() {
    run(Client::Sarama, &without("group consumer"));
}

/// These clients know the classic protocol only.
fn without(step: &str) -> Vec<&'static str> {
    EVERYTHING.into_iter().filter(|known| *known != step).collect()
}

/// Lets the client's program do all its steps. It ends with an error when an answer is not what it should be.
fn run(client: Client, steps: &[&str]) {
    let (_runtime, embedded) = cluster(&[]);
    let Some(mut program) = run_or_skip(|| client.command(&embedded.bootstrap())) else { return };
    let output = process::run(&mut program, LIMIT).unwrap();
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}{errors}\nclosed: {:?}", embedded.closures());
    let mut done: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
    // Both protocols' groups are tried at the same time.
    done.sort_unstable();
    let mut wanted = steps.to_vec();
    wanted.sort_unstable();
    assert_eq!(done, wanted, "{printed}{errors}");
    // An abrupt end is for those who were fenced or sent nonsense, and no step does that.
    let closed: Vec<_> =
        embedded.closures().into_iter().filter(|closure| !is_farewell(&closure.reason)).collect();
    assert_eq!(closed, [], "the broker has closed connections");
}

/// Whether the client has only left without a word.
fn is_farewell(reason: &str) -> bool {
    reason.contains("reading failed")
        || reason.contains("was not taken")
        || reason.contains("the client left")
}
