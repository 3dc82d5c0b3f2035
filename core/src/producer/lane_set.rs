//! A set of lanes: in order like a tree, and changed by a few instructions.

use super::LaneId;

/// A bit for each lane, and above each 64 words of bits one that says which of them are not empty.
///
/// A step up or down a level is a look at one word, so what a change or a search costs does not depend on how many lanes
/// there are. Takes a bit for each lane up to the highest that was ever in it.
#[derive(Debug, Default)]
pub(super) struct LaneSet {
    levels: [Vec<u64>; Self::LEVELS],
}

impl LaneSet {
    /// 64^6 is more than a lane's number can be.
    const LEVELS: usize = 6;

    pub(super) fn insert(&mut self, lane: LaneId) {
        let mut place = lane.0 as usize;
        for words in &mut self.levels {
            let (at, bit) = (place / 64, 1 << (place % 64));
            if words.len() <= at {
                words.resize(at + 1, 0);
            }
            let Some(word) = words.get_mut(at) else { return };
            let known_above = *word != 0;
            *word |= bit;
            if known_above {
                return;
            }
            place = at;
        }
    }

    pub(super) fn remove(&mut self, lane: LaneId) {
        let mut place = lane.0 as usize;
        for words in &mut self.levels {
            let Some(word) = words.get_mut(place / 64) else { return };
            *word &= !(1 << (place % 64));
            if *word != 0 {
                return;
            }
            place /= 64;
        }
    }

    pub(super) fn contains(&self, LaneId(lane): LaneId) -> bool {
        let [lanes, ..] = &self.levels;
        lanes.get(lane as usize / 64).is_some_and(|word| word >> (lane % 64) & 1 == 1)
    }

    pub(super) fn pop_first(&mut self) -> Option<LaneId> {
        let first = self.first_from(0)?;
        self.remove(first);
        Some(first)
    }

    /// By rising number.
    pub(super) fn iter(&self) -> impl Iterator<Item = LaneId> {
        std::iter::successors(self.first_from(0), move |&LaneId(lane)| self.first_from(lane as usize + 1))
    }

    fn first_from(&self, lane: usize) -> Option<LaneId> {
        let mut place = lane;
        for (height, words) in self.levels.iter().enumerate() {
            let rest = words.get(place / 64)? >> (place % 64);
            if rest == 0 {
                place = place / 64 + 1;
                continue;
            }
            place += rest.trailing_zeros() as usize;
            for words in self.levels.iter().take(height).rev() {
                place = place * 64 + words.get(place)?.trailing_zeros() as usize;
            }
            return Some(LaneId(u32::try_from(place).ok()?));
        }
        None
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::random::Random;

    #[test]
    fn it_is_a_set_in_order_whatever_is_done_with_it() {
        let mut random = Random::new(1);
        // So many lanes that they fill a word, a level, two and three.
        for bound in [60, 4_000, 200_000, 10_000_000] {
            let (mut set, mut tree) = (LaneSet::default(), BTreeSet::new());
            for _ in 0..5_000 {
                let lane = LaneId(u32::try_from(random.below(bound)).unwrap());
                match random.below(8) {
                    0 => assert_eq!(set.pop_first(), tree.pop_first()),
                    1..3 => {
                        let known: Option<&LaneId> = tree.range(lane..).next();
                        let lane = known.copied().unwrap_or(lane);
                        set.remove(lane);
                        tree.remove(&lane);
                    }
                    _ => {
                        set.insert(lane);
                        tree.insert(lane);
                    }
                }
                assert_eq!(set.contains(lane), tree.contains(&lane));
            }
            assert!(tree.len() > 10);
            assert!(set.iter().eq(tree.iter().copied()));
            while let Some(lane) = tree.pop_first() {
                assert_eq!(set.pop_first(), Some(lane));
            }
            assert_eq!((set.pop_first(), set.iter().next()), (None, None));
        }
    }
}
