//! Buffers of settled batches, kept for the next ones.
//!
//! Senders open batches and the driver settles them. A buffer that one allocates and the other frees makes them meet in
//! the allocator's locks, once a batch; here it costs a look under a lock that is held anyway.

use std::collections::BTreeMap;

use ottla_proto::records::BatchWriter;

/// Buffers by their room. What they hold is free in the books, so that all there is stays within the bound.
#[derive(Debug)]
pub(super) struct Pool {
    shelves: BTreeMap<usize, Vec<Vec<u8>>>,
    bytes: usize,
    /// No more is kept than this.
    most: usize,
}

impl Pool {
    pub(super) fn new(most: usize) -> Self {
        Self { shelves: BTreeMap::new(), bytes: 0, most }
    }

    /// The room of the smallest buffer for so many bytes. One that is much too large would take memory from others.
    pub(super) fn fitting(&self, bytes: usize) -> Option<usize> {
        let mut shelves = self.shelves.range(bytes..=bytes.saturating_mul(2));
        shelves.find(|(_, shelf)| !shelf.is_empty()).map(|(&room, _)| room)
    }

    /// Takes a buffer of just this room.
    pub(super) fn take(&mut self, room: usize) -> Option<Vec<u8>> {
        let buffer = self.shelves.get_mut(&room)?.pop()?;
        self.bytes -= room;
        Some(buffer)
    }

    /// Keeps a buffer, or gives it back: while so many bytes are free, the kept ones must not be more.
    pub(super) fn put(&mut self, buffer: Vec<u8>, free: usize) -> Option<Vec<u8>> {
        let room = room(&buffer);
        if room == 0 || self.bytes.saturating_add(room) > free.min(self.most) {
            return Some(buffer);
        }
        self.bytes += room;
        self.shelves.entry(room).or_default().push(buffer);
        None
    }

    /// Takes out what does not fit into so many free bytes, the largest first.
    pub(super) fn shrink(&mut self, free: usize) -> Vec<Vec<u8>> {
        let mut surplus = Vec::new();
        while self.bytes > free
            && let Some(mut shelf) = self.shelves.last_entry()
        {
            match shelf.get_mut().pop() {
                Some(buffer) => {
                    self.bytes -= *shelf.key();
                    surplus.push(buffer);
                }
                None => drop(shelf.remove()),
            }
        }
        surplus
    }

    /// How many buffers there are, and their bytes.
    #[cfg(test)]
    #[cfg(not(loom))]
    pub(super) fn holds(&self) -> (usize, usize) {
        (self.shelves.values().map(Vec::len).sum(), self.bytes)
    }
}

/// A new buffer for a batch of so many bytes.
pub(super) fn buffer(bytes: usize) -> Vec<u8> {
    Vec::with_capacity(bytes + BatchWriter::SLACK)
}

/// How large a batch can become in the buffer.
fn room(buffer: &Vec<u8>) -> usize {
    buffer.capacity().saturating_sub(BatchWriter::SLACK)
}

/// The next of a few sizes, at most a quarter larger: buffers of different batches are more often the same then.
pub(super) fn rounded(bytes: usize) -> usize {
    bytes.next_multiple_of((bytes.next_power_of_two() / 8).max(64))
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_fits_if_it_is_at_most_twice_as_large() {
        let mut pool = Pool::new(10_000);
        assert!(pool.put(buffer(2_000), 10_000).is_none());
        assert!(pool.put(buffer(1_500), 10_000).is_none());
        assert_eq!((pool.fitting(999), pool.fitting(2_001)), (Some(1_500), None));
        assert_eq!((pool.fitting(749), pool.fitting(1_501)), (None, Some(2_000)));
        assert_eq!(pool.take(1_500).map(|buffer| buffer.capacity()), Some(1_508));
        assert_eq!((pool.fitting(1_000), pool.take(1_500)), (Some(2_000), None));
    }

    #[test]
    fn what_is_kept_stays_within_both_bounds() {
        let mut pool = Pool::new(2_500);
        assert!(pool.put(buffer(1_000), 500).is_some(), "more than is free");
        assert!(pool.put(buffer(1_000), 10_000).is_none());
        assert!(pool.put(buffer(1_500), 10_000).is_none());
        assert!(pool.put(buffer(1), 10_000).is_some(), "more than may be kept");
        assert_eq!(pool.shrink(1_000).len(), 1);
        assert_eq!(pool.holds(), (1, 1_000));
        assert_eq!((pool.shrink(999).len(), pool.holds()), (1, (0, 0)));
    }

    #[test]
    fn rounding_adds_a_quarter_at_most() {
        for bytes in 512..70_000 {
            let rounded = rounded(bytes);
            assert!(rounded >= bytes && rounded * 4 <= bytes * 5, "{bytes}: {rounded}");
        }
        let sizes: std::collections::BTreeSet<_> = (512..=1 << 20).map(rounded).collect();
        assert_eq!(sizes.len(), 45);
    }
}
