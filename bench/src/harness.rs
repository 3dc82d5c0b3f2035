//! CPU time, sampled.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

const SAMPLES: usize = 21;

/// CPU nanoseconds for one unit of work.
pub(crate) struct Cost {
    /// The middle one of the samples: what is reported.
    pub(crate) median: f64,
    /// The lowest one. Far below the median, it says that other load disturbed the run.
    pub(crate) lowest: f64,
}

/// Calls `run` again and again, each time for `units` of work, after once to warm up.
pub(crate) fn cost<T>(units: usize, run: impl FnMut() -> T) -> Cost {
    sample(units, || nanoseconds(ClockId::ThreadCPUTime), run)
}

/// The same, but what the process's other threads spend meanwhile.
pub(crate) fn cost_elsewhere<T>(units: usize, run: impl FnMut() -> T) -> Cost {
    let elsewhere = || nanoseconds(ClockId::ProcessCPUTime) - nanoseconds(ClockId::ThreadCPUTime);
    sample(units, elsewhere, run)
}

fn sample<T>(units: usize, clock: impl Fn() -> f64, mut run: impl FnMut() -> T) -> Cost {
    black_box(run());
    let mut samples: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let start = clock();
            black_box(run());
            (clock() - start) / as_f64(units)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    let sample = |index: usize| samples.get(index).copied().unwrap_or_default();
    Cost { median: sample(SAMPLES / 2), lowest: sample(0) }
}

#[expect(clippy::cast_precision_loss, reason = "counts here lie far below 2^52")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a run takes far less than 2^52 nanoseconds")]
fn nanoseconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
