use std::time::SystemTime;

use crate::Instant;

/// Tells the engine's time: the wall clock's when the cluster started, and from there on a clock that never
/// jumps. With tokio's paused clock it stands still, too.
#[derive(Debug)]
pub(super) struct Clock {
    start: tokio::time::Instant,
    start_as_told: Instant,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is where the engine's time comes from")]
    pub(super) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { start: tokio::time::Instant::now(), start_as_told: Instant::default() + since_epoch }
    }

    #[expect(clippy::disallowed_methods, reason = "this is where the engine's time comes from")]
    pub(super) fn now(&self) -> Instant {
        self.start_as_told + tokio::time::Instant::now().duration_since(self.start)
    }

    /// The moment as tokio counts it.
    pub(super) fn at(&self, moment: Instant) -> tokio::time::Instant {
        self.start + moment.since(self.start_as_told)
    }
}
