use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use ottla_proto::{ApiKey, ErrorCode};

use crate::interfere::{INIT_PRODUCER_ID_ERRORS, METADATA_ERRORS, Moment, PRODUCE_ERRORS, error_name};
use crate::{Counts, Violation, run};

/// Seeds of every run, and of a proof.
const SEEDS: u64 = 2_000;
const PROOF_SEEDS: u64 = 20_000;
/// After so many failures nobody needs another.
const ENOUGH: usize = 10;

/// What the seeds together must have met, besides every error; a thing that never occurs proves nothing about it.
const MUST_OCCUR: &[&str] = &[
    "fault added partitions",
    "fault clock jump",
    "fault cut",
    "fault dead replica",
    "fault delay",
    "fault error",
    "fault expired session",
    "fault fetch quota",
    "fault freeze",
    "fault kill",
    "fault leader move",
    "fault produce quota",
    "fault recreated topic",
    "fault refused connects",
    "fault restart",
    "fault silence",
    "fault slow disk",
    "fault slow replica",
    "fault slow socket",
    "fault stop",
    "fault suspended client",
    "fault throttle",
    "began anew under the next epoch",
    "batch read",
    "connect refused",
    "cut within a request",
    "cut within an answer",
    "delivery cancelled",
    "delivery cancelled too late",
    "duplicate without idempotence",
    "event throttle ended",
    "event throttled",
    "flush at its deadline",
    "flush done",
    "lost with the leader that alone had it",
    "not written: Aborted",
    "not written: Cancelled",
    "not written: Closed",
    "not written: Expired",
    "not written: Purged",
    "partial write",
    "partitions added",
    "possibly written: Aborted",
    "possibly written: Closed",
    "possibly written: Expired",
    "possibly written: SequenceGap",
    "possibly written: TopicRecreated",
    "possibly written: refused with UNKNOWN_SERVER_ERROR (-1)",
    "possibly written: is in the log",
    "possibly written: is not in the log",
    "refused: Memory",
    "refused: Metadata",
    "refused: NodeShare",
    "refused: Throttled",
    "refused: closed",
    "send cancelled",
    "send waits",
    "sent again after NOT_LEADER_OR_FOLLOWER (6)",
    "sent again after REQUEST_TIMED_OUT (7)",
    "sent again after OUT_OF_ORDER_SEQUENCE_NUMBER (45)",
    "sent again to another leader",
    "sent again without an answer",
    "throttle told",
    "topic created anew",
    "topic deleted",
    "throttle told: hours",
    "waits: AnswerDue",
    "waits: Compression",
    "waits: Connecting",
    "waits: EarlierBatch",
    "waits: InFlightLimit",
    "waits: Linger",
    "waits: Memory",
    "waits: NodeShare",
    "waits: NoSuchTopic",
    "waits: ReconnectBackoff",
    "waits: ProducerId",
    "waits: RetryBackoff",
    "waits: SocketNotAccepting",
    "waits: Throttled",
    "written",
    "written after the topic was created anew",
    "written before the topic was deleted",
    "written to an added partition",
];

/// `OTTLA_SEED=7` runs that seed alone.
#[test]
fn every_seed_keeps_every_promise() {
    if let Ok(seed) = std::env::var("OTTLA_SEED") {
        println!("{}", run(seed.parse().unwrap()).unwrap());
        return;
    }
    let seeds = seeds();
    let counts = run_all(seeds, run);
    println!("{counts}");
    let written = counts.of("written");
    println!("FIGURE: simulation: {seeds} seeds, {written} records acknowledged, no promise broken");
    let expected = MUST_OCCUR.iter().map(|what| (*what).to_owned()).chain(errors());
    let missing: Vec<_> = expected.filter(|what| counts.of(what) == 0).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

/// Every error that a Produce, InitProducerId or Metadata can be answered with, at every moment at which it can.
fn errors() -> impl Iterator<Item = String> {
    let produce = PRODUCE_ERRORS
        .iter()
        .flat_map(|(code, moments)| moments.iter().map(|moment| error_name(ApiKey::PRODUCE, *code, *moment)));
    let other = |api, codes: &'static [ErrorCode]| {
        codes.iter().map(move |code| error_name(api, *code, Moment::After))
    };
    let init = other(ApiKey::INIT_PRODUCER_ID, INIT_PRODUCER_ID_ERRORS);
    produce.chain(init).chain(other(ApiKey::METADATA, METADATA_ERRORS))
}

/// The seeds that found something, with what it was.
#[test]
fn seeds_that_found_a_bug_keep_every_promise() {
    for (seed, bug) in [
        (1946, "a consumer out of memory spun once a rest was over"),
        (3107, "the same, of another node"),
        (5978, "a partition that moved took over what its old leader waited for"),
        (141, "a record behind one with a longer timeout ended late"),
    ] {
        let result = run(seed);
        assert!(result.is_ok(), "seed {seed} ({bug}): {result:?}");
    }
}

#[test]
fn a_seed_decides_everything() {
    let twice = || run(3).unwrap().to_string();
    assert_eq!(twice(), twice());
}

pub(crate) fn seeds() -> u64 {
    if std::env::var_os("OTTLA_PROOF").is_some() { PROOF_SEEDS } else { SEEDS }
}

/// Runs the seeds from zero on, a few at a time, and adds up what they met.
pub(crate) fn run_all(seeds: u64, run: fn(u64) -> Result<Counts, Violation>) -> Counts {
    let next = AtomicU64::new(0);
    let results = Mutex::new((Counts::default(), Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || results.lock().unwrap_or_else(PoisonError::into_inner).1.len() >= ENOUGH {
                return;
            }
            // A panic has been told by now; it counts like any other failure.
            let result = catch_unwind(|| run(seed));
            let (counts, failed) = &mut *results.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(Ok(run)) => counts.merge(&run),
                Ok(Err(violation)) => {
                    println!("seed {seed}: {violation}");
                    failed.push(seed);
                }
                Err(_) => {
                    println!("seed {seed}: a panic");
                    failed.push(seed);
                }
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let (counts, mut failed) = results.into_inner().unwrap();
    failed.sort_unstable();
    assert!(
        failed.is_empty(),
        "seeds {failed:?} fail; replay the first: OTTLA_SEED={} cargo test -p ottla-sim",
        failed[0]
    );
    counts
}
