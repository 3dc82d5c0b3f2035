use std::collections::{BTreeMap, BTreeSet};

use crate::Instant;

/// Deadlines by key; a key has one deadline at most.
#[derive(Debug)]
pub(crate) struct Timers<K> {
    due: BTreeSet<(Instant, K)>,
    at: BTreeMap<K, Instant>,
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self { due: BTreeSet::new(), at: BTreeMap::new() }
    }
}

impl<K: Clone + Ord> Timers<K> {
    /// Sets the key's deadline, whatever it was before.
    pub(crate) fn set(&mut self, key: K, at: Instant) {
        self.cancel(&key);
        self.due.insert((at, key.clone()));
        self.at.insert(key, at);
    }

    /// Sets the key's deadline unless it has one.
    pub(crate) fn begin(&mut self, key: K, at: Instant) {
        if !self.at.contains_key(&key) {
            self.set(key, at);
        }
    }

    pub(crate) fn cancel(&mut self, key: &K) {
        if let Some((key, at)) = self.at.remove_entry(key) {
            self.due.remove(&(at, key));
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes the oldest deadline that is reached.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<K> {
        let (at, _) = self.due.first()?;
        if *at > now {
            return None;
        }
        let (_, key) = self.due.pop_first()?;
        self.at.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_deadline_and_the_oldest_comes_first() {
        let at = Instant::from_millis;
        let mut timers = Timers::default();
        timers.set("a", at(5));
        timers.set("b", at(3));
        timers.set("a", at(1));
        timers.begin("a", at(7));
        timers.set("c", at(2));
        timers.cancel(&"c");
        assert_eq!(timers.next(), Some(at(1)));
        assert_eq!(timers.pop(at(0)), None);
        assert_eq!(timers.pop(at(9)), Some("a"));
        assert_eq!(timers.pop(at(9)), Some("b"));
        assert_eq!(timers.pop(at(9)), None);
        assert_eq!(timers.next(), None);
    }
}
