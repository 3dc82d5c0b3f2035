//! The partition that records without a key follow: one choice per topic and producer, for one batch at a time
//! (KIP-480), drawn so that partitions whose batches pile up are drawn less often (KIP-794).

use std::collections::BTreeSet;

use super::budget::NO_LEADER;
use super::lane::Lane;
use super::topic::LaneTable;
use crate::random::Random;
use crate::sync::{AtomicU32, AtomicU64, Mutex, Ordering};

/// How many partitions a draw weighs; of a topic with more it weighs neighbours from a random place on.
const WEIGHED: u32 = 64;

/// The choice of a topic, and the draws for the next one.
#[derive(Debug)]
pub(super) struct Choices {
    /// What every handle follows.
    pub(super) sticky: Sticky,
    draws: AtomicU64,
    /// Where the next record goes if partitions take turns.
    turn: AtomicU32,
}

/// A sticky choice in one word: a partition, and the turn of its lane when it was chosen. It is over when the
/// lane has another turn, so a choice is made once per batch whoever notices the end first.
#[derive(Debug, Default)]
pub(super) struct Sticky(AtomicU64);

/// What [`Sticky`] held when it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen(u64);

/// Leaders that have been unable to take anything for a while, as the driver sees it.
#[derive(Debug, Default)]
pub(super) struct Unavailable(Mutex<BTreeSet<i32>>);

impl Choices {
    pub(super) fn new(seed: u64) -> Self {
        Self { sticky: Sticky::default(), draws: AtomicU64::new(seed), turn: AtomicU32::new(0) }
    }

    /// Another partition for keyless records: with a leader that takes records, and not led by `avoid`, as far
    /// as there is one.
    pub(super) fn choose(
        &self,
        lanes: &LaneTable,
        count: u32,
        unavailable: &Unavailable,
        avoid: Option<i32>,
    ) -> Chosen {
        let count = count.max(1);
        let mut random = Random::new(self.draws.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
        let start = u32::try_from(random.below(count.into())).unwrap_or(0);
        let unavailable = unavailable.0.lock().clone();
        let lane = |partition: u32| lanes.get(partition).map(|lane| &**lane);
        let led = |lane: &&Lane| lane.leader() != NO_LEADER;
        let bearable = |lane: &&Lane| led(lane) && Some(lane.leader()) != avoid;
        let good = |lane: &&Lane| bearable(lane) && !unavailable.contains(&lane.leader());
        let around = |from: u32| (from..count).chain(0..from);
        let find = |usable: &dyn Fn(&&Lane) -> bool| {
            around(start).find(|&partition| lane(partition).as_ref().is_some_and(usable))
        };
        let window = || around(start).take(WEIGHED as usize).filter(|&p| lane(p).as_ref().is_some_and(good));
        let chosen = weighed(window, |partition| lane(partition).map_or(0, Lane::backlog), &mut random)
            .or_else(|| find(&good))
            .or_else(|| find(&bearable))
            .or_else(|| find(&led))
            .unwrap_or(start);
        Chosen::new(chosen, lane(chosen).map_or(0, Lane::turn))
    }

    /// The partition whose turn it is, of those with a leader if there is one.
    pub(super) fn next_in_turn(&self, lanes: &LaneTable, count: u32) -> u32 {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(count).unwrap_or(0);
        let led = |&partition: &u32| lanes.get(partition).is_some_and(|lane| lane.leader() != NO_LEADER);
        (turn..count).chain(0..turn).find(led).unwrap_or(turn)
    }
}

/// Draws one, the more likely the shorter its backlog: what the longest has more than it, and one. `None` if
/// there is nothing to draw from.
fn weighed<I: Iterator<Item = u32>>(
    partitions: impl Fn() -> I,
    backlog: impl Fn(u32) -> u32,
    random: &mut Random,
) -> Option<u32> {
    let longest = partitions().map(&backlog).max()?;
    let weight = |partition: u32| u64::from(longest.saturating_sub(backlog(partition))) + 1;
    let total: u64 = partitions().map(weight).sum();
    let mut point = random.below(total);
    let mut last = None;
    for partition in partitions() {
        // Backlogs move meanwhile; then the last one is as good as any.
        last = Some(partition);
        match point.checked_sub(weight(partition)) {
            Some(rest) => point = rest,
            None => break,
        }
    }
    last
}

impl Sticky {
    #[inline]
    pub(super) fn get(&self) -> Option<Chosen> {
        Some(self.0.load(Ordering::Relaxed)).filter(|&word| word != 0).map(Chosen)
    }

    pub(super) fn set(&self, chosen: Option<Chosen>) {
        self.0.store(chosen.map_or(0, |chosen| chosen.0), Ordering::Relaxed);
    }

    /// Whoever comes first decides; the others follow.
    pub(super) fn replace(&self, old: Option<Chosen>, new: Chosen) {
        let old = old.map_or(0, |old| old.0);
        let _who_lost_follows = self.0.compare_exchange(old, new.0, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Chosen {
    fn new(partition: u32, turn: u32) -> Self {
        Self((u64::from(partition) + 1) << 32 | u64::from(turn))
    }

    #[inline]
    pub(super) fn partition(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(u32::MAX).saturating_sub(1)
    }

    #[inline]
    pub(super) fn turn(self) -> u32 {
        u32::try_from(self.0 & u64::from(u32::MAX)).unwrap_or(0)
    }
}

impl Unavailable {
    pub(super) fn insert(&self, node: i32) {
        self.0.lock().insert(node);
    }

    pub(super) fn remove(&self, node: i32) {
        self.0.lock().remove(&node);
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn the_longer_the_backlog_the_rarer_the_draw() {
        let mut random = Random::new(1);
        let backlogs = [0, 4, 9];
        let mut drawn = [0_u32; 3];
        for _ in 0..16_000 {
            let partition = weighed(|| 0..3, |partition| backlogs[partition as usize], &mut random).unwrap();
            drawn[partition as usize] += 1;
        }
        // Weights 10, 6 and 1.
        for (drawn, expected) in drawn.into_iter().zip([9_412, 5_647, 941]) {
            assert!(drawn.abs_diff(expected) < expected / 10 + 50, "{drawn} of {expected}");
        }
        assert_eq!(weighed(|| 0..0, |_| 0, &mut random), None);
    }

    #[test]
    fn equal_backlogs_are_drawn_equally() {
        let mut random = Random::new(2);
        let mut drawn = [0_u32; 6];
        for _ in 0..12_000 {
            drawn[weighed(|| 0..6, |_| 3, &mut random).unwrap() as usize] += 1;
        }
        assert!(drawn.iter().all(|&drawn| drawn.abs_diff(2_000) < 200), "{drawn:?}");
    }
}
