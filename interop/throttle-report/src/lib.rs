//! What Ottla does on a real Kafka that throttles it, as figures beside their bars.
//!
//! Three nodes of real Kafka, and before each a [`Proxy`] that keeps a [`Recording`] of every request and answer.
//! Each scenario of [`rows`] throttles the client on purpose, breaks things meanwhile, and compares what the client
//! did and said with what the proxies saw. A time bar holds if the median of all runs meets it, and no run exceeds
//! it by more than a thread that sleeps 1 ms at a time overslept in that run ([`Probe`]): on a busy machine nobody
//! can do better. What a throttle must not touch is compared with the same run before the throttle, in the same way:
//! the medians, and in each run the worst.

#![forbid(unsafe_code)]

mod bench;
mod java;
mod probe;
mod proxy;
mod recording;
pub mod rows;
mod table;

pub use bench::Bench;
pub use probe::Probe;
pub use proxy::Proxy;
pub use recording::{Exchange, Recording};
pub use table::{Row, Table, Verdict};
