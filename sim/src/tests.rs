use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::{Counts, run};

/// Seeds of every run, and of a proof.
const SEEDS: u64 = 300;
const PROOF_SEEDS: u64 = 20_000;

/// What the seeds together must have met; a thing that never occurs proves nothing about it.
const MUST_OCCUR: &[&str] = &[
    "fault cut",
    "fault delay",
    "fault fetch quota",
    "fault leader move",
    "fault produce quota",
    "fault refused connects",
    "fault restart",
    "fault silence",
    "fault slow socket",
    "answer NOT_LEADER_OR_FOLLOWER (6)",
    "batch read",
    "connect refused",
    "cut within a request",
    "cut within an answer",
    "delivery cancelled",
    "delivery cancelled too late",
    "duplicate without idempotence",
    "event throttle ended",
    "flush at its deadline",
    "flush done",
    "not written: Cancelled",
    "not written: Closed",
    "not written: Expired",
    "partial write",
    "possibly written: Expired",
    "possibly written: is in the log",
    "possibly written: is not in the log",
    "refused: Memory",
    "refused: Metadata",
    "refused: NodeShare",
    "refused: Throttled",
    "refused: closed",
    "send cancelled",
    "send waits",
    "throttle told",
    "waits: AnswerDue",
    "waits: Compression",
    "waits: Connecting",
    "waits: EarlierBatch",
    "waits: InFlightLimit",
    "waits: Linger",
    "waits: Memory",
    "waits: NodeShare",
    "waits: ReconnectBackoff",
    "waits: RetryBackoff",
    "waits: SocketNotAccepting",
    "waits: Throttled",
    "written",
];

/// `OTTLA_SEED=7` runs that seed alone.
#[test]
fn every_seed_keeps_every_promise() {
    if let Ok(seed) = std::env::var("OTTLA_SEED") {
        println!("{}", run(seed.parse().unwrap()).unwrap());
        return;
    }
    let seeds = if std::env::var_os("OTTLA_PROOF").is_some() { PROOF_SEEDS } else { SEEDS };
    let counts = run_all(seeds);
    println!("{counts}");
    let written = counts.of("written");
    println!("FIGURE: simulation: {seeds} seeds, {written} records acknowledged, no promise broken");
    let missing: Vec<_> = MUST_OCCUR.iter().filter(|what| counts.of(what) == 0).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

/// The seeds that found something, with what it was.
#[test]
fn seeds_that_found_a_bug_keep_every_promise() {
    for (seed, bug) in [
        (1946, "a consumer out of memory spun once a rest was over"),
        (3107, "the same, of another node"),
        (5978, "a partition that moved took over what its old leader waited for"),
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

/// Runs the seeds from zero on, a few at a time, and adds up what they met.
fn run_all(seeds: u64) -> Counts {
    let next = AtomicU64::new(0);
    let results = Mutex::new((Counts::default(), Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
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
                Err(_) => failed.push(seed),
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let (counts, mut failed) = results.into_inner().unwrap();
    failed.sort_unstable();
    assert!(
        failed.is_empty(),
        "{} of {seeds} seeds fail; replay the first: OTTLA_SEED={} cargo test -p ottla-sim; all: {failed:?}",
        failed.len(),
        failed[0]
    );
    counts
}
