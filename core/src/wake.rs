//! How the handles wake the driver: once per sleep, and only if it would sleep too long.

use std::task::Waker;

use crate::sync::{AtomicU64, Mutex, Ordering};
use crate::time::Instant;

/// The driver's bell, shared by all handles of a core.
///
/// The driver publishes until when it means to sleep ([`Self::park`]), **then looks at the inboxes once more**.
/// A handle puts its input into an inbox first and rings then. Both go through the inbox's lock, so either the
/// driver sees the input or the handle sees the sleep: no wake is lost.
#[derive(Debug, Default)]
pub struct DriverWake {
    /// Microseconds until which the driver sleeps; zero while it is awake or already called.
    sleep_until: AtomicU64,
    waker: Mutex<Option<Waker>>,
}

impl DriverWake {
    /// A bell for a driver that is awake.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Who is to be woken from now on.
    pub fn set_waker(&self, waker: &Waker) {
        let mut current = self.waker.lock();
        match current.as_mut() {
            Some(current) => current.clone_from(waker),
            None => *current = Some(waker.clone()),
        }
    }

    /// Wakes the driver if it sleeps.
    pub fn wake(&self) {
        self.wake_before(Instant::ZERO);
    }

    /// Wakes the driver if it would sleep beyond `at`.
    pub fn wake_before(&self, at: Instant) {
        if self.sleep_until.load(Ordering::Acquire) > at.as_micros()
            && self.sleep_until.swap(0, Ordering::AcqRel) > 0
            && let Some(waker) = self.waker.lock().as_ref()
        {
            waker.wake_by_ref();
        }
    }

    /// The driver is about to sleep until then; `None` is for ever. It looks at the inboxes after this.
    pub fn park(&self, until: Option<Instant>) {
        self.sleep_until.store(until.map_or(u64::MAX, Instant::as_micros).max(1), Ordering::Release);
    }

    /// The driver is awake.
    pub fn unpark(&self) {
        self.sleep_until.store(0, Ordering::Release);
    }
}
