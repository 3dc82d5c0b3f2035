//! What the tests of all kinds of worlds do with their seeds.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use ottla_core::WaitReason;

use crate::{Counts, Violation};

/// Seeds of every run, and of a proof.
const SEEDS: u64 = 2_000;
const PROOF_SEEDS: u64 = 20_000;
/// After so many failures nobody needs another.
const ENOUGH: usize = 10;

/// Every reason to wait but for `absent`, of which each says why it is.
pub(crate) fn waits(absent: &'static [(&str, &str)]) -> impl Iterator<Item = String> {
    let unknown = absent.iter().find(|(kind, _)| !WaitReason::KINDS.contains(kind));
    assert_eq!(unknown, None, "there is no such reason");
    let expected = WaitReason::KINDS.iter().filter(|kind| absent.iter().all(|(name, _)| name != *kind));
    expected.map(|kind| format!("waits: {kind}"))
}

/// A kind of world.
pub(crate) struct Simulation {
    pub(crate) name: &'static str,
    pub(crate) run: fn(u64) -> Result<Counts, Violation>,
    /// What of its counts says how much was done, and in words.
    pub(crate) figure: (&'static str, &'static str),
}

impl Simulation {
    /// No seed breaks a promise, and together they meet all that is expected; a thing that never occurs proves nothing
    /// about it. `OTTLA_SEED=7` runs that seed alone.
    pub(crate) fn run_seeds(&self, expected: impl Iterator<Item = String>) {
        if let Ok(seed) = std::env::var("OTTLA_SEED") {
            println!("{}", (self.run)(seed.parse().unwrap()).unwrap());
            return;
        }
        let seeds = if std::env::var_os("OTTLA_PROOF").is_some() { PROOF_SEEDS } else { SEEDS };
        let counts = self.run_all(seeds);
        println!("{counts}");
        let Self { name, figure: (what, words), .. } = *self;
        println!("FIGURE: {name}: {seeds} seeds, {} {words}, no promise broken", counts.of(what));
        counts.summary().for_each(|line| println!("FIGURE: {name}: {line}"));
        let missing: Vec<_> = expected.filter(|what| counts.of(what) == 0).collect();
        assert!(missing.is_empty(), "never met: {missing:?}");
    }

    /// Seeds that found something, each with what it was.
    pub(crate) fn run_again(&self, found: &[(u64, &str)]) {
        for (seed, bug) in found {
            let result = (self.run)(*seed);
            assert!(result.is_ok(), "seed {seed} ({bug}): {result:?}");
        }
    }

    /// A seed decides everything: a second run counts the same.
    pub(crate) fn run_twice(&self) {
        let run = || (self.run)(3).unwrap().to_string();
        assert_eq!(run(), run());
    }

    /// Runs the seeds from zero on, a few at a time, and adds up what they met.
    fn run_all(&self, seeds: u64) -> Counts {
        let next = AtomicU64::new(0);
        let results = Mutex::new((Counts::default(), Vec::new()));
        let work = || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds || results.lock().unwrap_or_else(PoisonError::into_inner).1.len() >= ENOUGH {
                    return;
                }
                // A panic has been told by now; it counts like any other failure.
                let result = catch_unwind(|| (self.run)(seed));
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
}
