//! The bytes that a consumer holds, counted where they are taken and where they are given back.
//!
//! Only the driver reserves; anyone may give back, on any thread. So two reservations never race, and a
//! release that races with one can only leave more room than was seen.

use crate::sync::{Arc, AtomicBool, AtomicI64, Mutex, Ordering, fence};
use crate::wake::DriverWake;

/// The one bound of a consumer.
#[derive(Debug)]
pub(super) struct Budget {
    limit: i64,
    used: AtomicI64,
    /// Set by the driver when it has to wait for room, so that a release knows that somebody cares.
    wanted: AtomicBool,
    /// A release that somebody cared for since the driver last looked. Behind a lock, as [`DriverWake`] asks.
    came_back: Mutex<bool>,
    wake: Arc<DriverWake>,
}

impl Budget {
    pub(super) fn new(limit: usize, wake: Arc<DriverWake>) -> Arc<Self> {
        let limit = signed(limit);
        let (used, wanted) = (AtomicI64::new(0), AtomicBool::new(false));
        Arc::new(Self { limit, used, wanted, came_back: Mutex::new(false), wake })
    }

    pub(super) fn limit(&self) -> usize {
        unsigned(self.limit)
    }

    pub(super) fn used(&self) -> usize {
        unsigned(self.used.load(Ordering::Relaxed))
    }

    /// Whether bytes came back after a reservation was refused.
    pub(super) fn has_come_back(&self) -> bool {
        *self.came_back.lock()
    }

    /// The driver is about to try its reservations again.
    pub(super) fn take_note(&self) {
        *self.came_back.lock() = false;
    }

    fn release(&self, bytes: i64) {
        self.used.fetch_sub(bytes, Ordering::AcqRel);
        // The driver stores `wanted` and then looks at what is used once more: with a fence between the two steps on
        // both sides, one of them sees the other.
        fence(Ordering::SeqCst);
        if self.wanted.load(Ordering::Relaxed) && self.wanted.swap(false, Ordering::AcqRel) {
            *self.came_back.lock() = true;
            self.wake.wake();
        }
    }
}

/// What one broker's answers take of the budget, so that none of them can fill it alone.
#[derive(Debug)]
pub(super) struct Account {
    budget: Arc<Budget>,
    used: AtomicI64,
}

impl Account {
    pub(super) fn new(budget: &Arc<Budget>) -> Arc<Self> {
        Arc::new(Self { budget: Arc::clone(budget), used: AtomicI64::new(0) })
    }

    /// Takes up to `most` bytes, but not beyond `share` for this account nor beyond the budget; nothing if that
    /// leaves fewer than `least`. After a refusal the driver is woken when bytes come back.
    pub(super) fn reserve(self: &Arc<Self>, least: usize, most: usize, share: usize) -> Option<Charge> {
        let room = || {
            let own = signed(share) - self.used.load(Ordering::Acquire);
            let whole = self.budget.limit - self.budget.used.load(Ordering::Acquire);
            own.min(whole).min(signed(most))
        };
        let mut bytes = room();
        if bytes < signed(least) {
            self.budget.wanted.store(true, Ordering::Release);
            fence(Ordering::SeqCst);
            bytes = room();
        }
        (bytes >= signed(least)).then(|| self.charge(bytes))
    }

    pub(super) fn used(&self) -> usize {
        unsigned(self.used.load(Ordering::Relaxed))
    }

    fn charge(self: &Arc<Self>, bytes: i64) -> Charge {
        self.used.fetch_add(bytes, Ordering::AcqRel);
        self.budget.used.fetch_add(bytes, Ordering::AcqRel);
        Charge { account: Arc::clone(self), bytes }
    }
}

/// Bytes taken from the budget, given back on drop.
#[derive(Debug)]
pub(super) struct Charge {
    account: Arc<Account>,
    bytes: i64,
}

impl Charge {
    /// How many bytes.
    pub(super) fn bytes(&self) -> usize {
        unsigned(self.bytes)
    }

    /// Makes it `bytes`, more or less than before. More is never refused: the bytes are in memory already, and
    /// what is over the limit keeps later reservations waiting.
    pub(super) fn resize(&mut self, bytes: usize) {
        let bytes = signed(bytes);
        if bytes > self.bytes {
            let more = bytes - self.bytes;
            self.account.used.fetch_add(more, Ordering::AcqRel);
            self.account.budget.used.fetch_add(more, Ordering::AcqRel);
        } else {
            self.give_back(self.bytes - bytes);
        }
        self.bytes = bytes;
    }

    /// A charge of its own on the same account, for what is made from the bytes of this one.
    pub(super) fn another(&self, bytes: usize) -> Self {
        self.account.charge(signed(bytes))
    }

    fn give_back(&self, bytes: i64) {
        if bytes > 0 {
            self.account.used.fetch_sub(bytes, Ordering::AcqRel);
            self.account.budget.release(bytes);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn unsigned(bytes: i64) -> usize {
    usize::try_from(bytes).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limit: usize) -> Arc<Budget> {
        Budget::new(limit, Arc::default())
    }

    #[test]
    fn a_reservation_is_bounded_by_limit_share_and_wish() {
        let budget = budget(100);
        let (one, two) = (Account::new(&budget), Account::new(&budget));
        let first = one.reserve(10, 1000, 60).unwrap();
        assert_eq!(first.bytes(), 60, "the share");
        assert_eq!(two.reserve(1, 25, 60).unwrap().bytes(), 25, "the wish");
        let second = two.reserve(1, 1000, 60).unwrap();
        assert_eq!(second.bytes(), 40, "the limit, after the dropped wish came back");
        assert!(two.reserve(1, 1000, 60).is_none());
        drop(first);
        assert_eq!(budget.used(), 40);
    }

    #[test]
    fn debt_is_admitted_and_paid_back_before_anything_new() {
        let budget = budget(100);
        let account = Account::new(&budget);
        let mut charge = account.reserve(1, 50, 100).unwrap();
        charge.resize(300);
        assert_eq!(budget.used(), 300);
        let decompressed = charge.another(10);
        drop(charge);
        assert_eq!(account.reserve(91, 100, 100).map(|c| c.bytes()), None);
        drop(decompressed);
        assert_eq!(account.reserve(91, 100, 100).map(|c| c.bytes()), Some(100));
    }
}
