//! How late this machine wakes a thread up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A thread that sleeps 1 ms at a time and keeps by how much it overslept at worst.
#[derive(Debug)]
pub struct Probe {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    worst_micros: AtomicU64,
    ended: AtomicBool,
}

impl Probe {
    /// Begins to sleep.
    #[must_use]
    pub fn start() -> Self {
        const NAP: Duration = Duration::from_millis(1);
        let shared = Arc::new(Shared::default());
        let sleeping = Arc::clone(&shared);
        thread::spawn(move || {
            while !sleeping.ended.load(Ordering::Relaxed) {
                let begin = Instant::now();
                thread::sleep(NAP);
                let overslept = begin.elapsed().saturating_sub(NAP).as_micros();
                sleeping
                    .worst_micros
                    .fetch_max(u64::try_from(overslept).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        Self { shared }
    }

    /// By how much it overslept at worst so far.
    #[must_use]
    pub fn worst(&self) -> Duration {
        Duration::from_micros(self.shared.worst_micros.load(Ordering::Relaxed))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
    }
}
