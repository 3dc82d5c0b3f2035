//! Buffers that batches are decompressed into, used again.

use crate::sync::Mutex;

/// No more buffers are kept unused.
const KEPT: usize = 4;

/// No larger buffer is kept unused: one large batch must not hold its memory for ever.
const KEPT_BYTES: usize = 1 << 20;

/// The unused buffers of one consumer. They do not count against its budget; there are few of them.
#[derive(Debug, Default)]
pub(super) struct BufferPool {
    free: Mutex<Vec<Vec<u8>>>,
}

impl BufferPool {
    pub(super) fn take(&self) -> Vec<u8> {
        self.free.lock().pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        if buffer.capacity() > KEPT_BYTES {
            return;
        }
        let mut free = self.free.lock();
        if free.len() < KEPT {
            free.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_small_buffers_are_kept() {
        let pool = BufferPool::default();
        pool.give_back(Vec::with_capacity(KEPT_BYTES + 1));
        assert_eq!(pool.take().capacity(), 0);
        for _ in 0..10 {
            pool.give_back(Vec::with_capacity(100));
        }
        let kept = (0..10).filter(|_| pool.take().capacity() > 0).count();
        assert_eq!(kept, KEPT);
    }
}
