//! The locks and atomics of the shared edge, in one place so that the model checker can take their part.
//!
//! Under `--cfg loom` they are loom's; otherwise parking_lot's lock and std's atomics. Nothing else in this
//! crate may lock.

#[cfg(not(loom))]
mod real {
    pub use parking_lot::{Mutex, MutexGuard};
    pub use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
}

#[cfg(loom)]
mod real {
    use std::sync::{PoisonError, TryLockError};

    pub use loom::sync::MutexGuard;
    pub use loom::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

    /// loom's lock with parking_lot's face: no poisoning.
    #[derive(Debug, Default)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        /// A lock that holds `value`.
        pub fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        /// Waits for the lock.
        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Takes the lock if nobody holds it.
        pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            match self.0.try_lock() {
                Ok(guard) => Some(guard),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            }
        }
    }
}

// Not loom's: its `Arc` cannot be the receiver of a method, and what it adds is a check of reference counts,
// which std's needs no model for.
pub use std::sync::Arc;

pub use real::*;
