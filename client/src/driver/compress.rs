//! Compression off the driver's thread, so that a large batch delays no answer.

use std::collections::VecDeque;
use std::num::NonZero;
use std::task::{Context, Poll};
use std::thread::available_parallelism;

use ottla_core::{Compressed, CompressionJob, Core, Instant};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Runs the core's jobs on the runtime's blocking threads, at most one per processor at a time.
#[derive(Debug)]
pub(crate) struct Compressor {
    queue: VecDeque<CompressionJob>,
    running: usize,
    most: usize,
    finished: mpsc::UnboundedReceiver<Compressed>,
    finish: mpsc::UnboundedSender<Compressed>,
}

impl Compressor {
    pub(crate) fn new() -> Self {
        let (finish, finished) = mpsc::unbounded_channel();
        let most = available_parallelism().map_or(1, NonZero::get);
        Self { queue: VecDeque::new(), running: 0, most, finished, finish }
    }

    pub(crate) fn start(&mut self, job: CompressionJob) {
        self.queue.push_back(job);
        self.run_next();
    }

    /// Hands what is finished back to the core.
    pub(crate) fn poll(&mut self, core: &mut Core, now: Instant, context: &mut Context<'_>) {
        while let Poll::Ready(Some(compressed)) = self.finished.poll_recv(context) {
            self.running -= 1;
            core.handle_compressed(compressed, now);
            self.run_next();
        }
    }

    fn run_next(&mut self) {
        if self.running < self.most
            && let Some(job) = self.queue.pop_front()
        {
            self.running += 1;
            let finish = self.finish.clone();
            spawn_blocking(move || {
                // The driver may be gone by now, and the batch settled with it.
                let _ = finish.send(job.run());
            });
        }
    }
}
