//! Medians of CPU time.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

const SAMPLES: usize = 21;

/// CPU nanoseconds for one of the `units` of work that each call of `run` does: the median of some samples, after
/// one that warms up.
pub(crate) fn median<T>(units: usize, mut run: impl FnMut() -> T) -> f64 {
    black_box(run());
    let mut samples: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let start = cpu_nanoseconds();
            black_box(run());
            cpu_nanoseconds() - start
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    samples.get(SAMPLES / 2).copied().unwrap_or_default() / as_f64(units)
}

#[expect(clippy::cast_precision_loss, reason = "counts here lie far below 2^52")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a run takes far less than 2^52 nanoseconds")]
fn cpu_nanoseconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
