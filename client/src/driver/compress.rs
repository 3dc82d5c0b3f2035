//! Compression off the driver's thread, so that a large batch delays no answer.

use std::collections::VecDeque;
use std::num::NonZero;
use std::task::{Context, Poll};
use std::thread::available_parallelism;

use ottla_core::producer::CompressionContext;
use ottla_core::{Compressed, CompressionJob, Core, Instant};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Runs the core's jobs on the runtime's blocking threads, at most one per processor at a time.
#[derive(Debug)]
pub(crate) struct CompressionPool {
    queue: VecDeque<CompressionJob>,
    /// Working memory that is not in use; with what is, one per processor at most.
    idle: Vec<CompressionContext>,
    running: usize,
    most: usize,
    finished: mpsc::UnboundedReceiver<(Compressed, CompressionContext)>,
    finish: mpsc::UnboundedSender<(Compressed, CompressionContext)>,
}

impl CompressionPool {
    pub(crate) fn new() -> Self {
        let (finish, finished) = mpsc::unbounded_channel();
        let most = available_parallelism().map_or(1, NonZero::get);
        Self { queue: VecDeque::new(), idle: Vec::new(), running: 0, most, finished, finish }
    }

    pub(crate) fn start(&mut self, job: CompressionJob) {
        self.queue.push_back(job);
        self.run_next();
    }

    /// Hands what is finished back to the core.
    pub(crate) fn poll(&mut self, core: &mut Core, now: Instant, task: &mut Context<'_>) {
        while let Poll::Ready(Some((compressed, memory))) = self.finished.poll_recv(task) {
            self.running -= 1;
            self.idle.push(memory);
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
            let mut memory = self.idle.pop().unwrap_or_default();
            spawn_blocking(move || {
                let compressed = job.run(&mut memory);
                // The driver may be gone by now, and the batch settled with it.
                let _ = finish.send((compressed, memory));
            });
        }
    }
}
