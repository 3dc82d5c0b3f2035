//! The producer: from a borrowed record to a settled batch.
//!
//! Two halves meet here. The **shared edge** is what handles on any thread touch: [`ProducerEdge`] and
//! [`TopicHandle`] over lanes, a byte budget, an inbox and the fates of batches. It is the only part with locks,
//! and each is held for less than a microsecond. The **machine** is what the driver owns: partitions, requests,
//! sequences, timers. They meet in a lane, where the driver takes what senders filled, and in a batch's fate,
//! where senders learn what became of it.
//!
//! | file | what is in it |
//! |---|---|
//! | `edge`, `topic` | what a handle does |
//! | `partitioner`, `choice` | which partition a record goes to, by its key and without one |
//! | `lane` | the open batch of a partition, behind one short lock |
//! | `lane_set` | lanes that are active, or are to be looked at |
//! | `budget` | the memory bound, shared by node, with its queues |
//! | `inbox` | what handles tell the driver, and when they wake it |
//! | `fate`, `outcome` | what became of a record |
//! | `deadlines` | when records expire |
//! | `machine` | what each partition waits for, and filling requests |
//! | `partition`, `batch` | a partition's batches in order; one batch from lane to outcome |
//! | `request`, `verdict` | answers, and what each error code means |
//! | `identity` | producer id and epoch |
//! | `closing` | flush, close, abort, purge |
//! | `latency`, `metrics` | where a batch's time went, and those of all together |
//! | `report` | outcomes by batch, for observers |

mod batch;
mod budget;
mod choice;
mod closing;
mod completion;
mod compress;
mod config;
mod deadlines;
mod edge;
mod fate;
mod identity;
mod inbox;
mod lane;
mod lane_set;
mod latency;
mod machine;
mod metrics;
mod outcome;
mod partition;
mod partitioner;
mod pool;
mod producers;
mod record;
mod report;
mod request;
mod topic;
mod verdict;

#[cfg(test)]
#[cfg(loom)]
mod loom;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;

pub use closing::{AbandonReport, CloseReport, FlushReport};
pub use completion::Completion;
pub use compress::{Compressed, CompressionContext, CompressionJob};
pub use config::{Acks, ProducerConfig, TopicConfig};
pub use edge::ProducerEdge;
pub use fate::Delivery;
pub use latency::{Latency, Part};
pub use metrics::{Histogram, ProducerMetrics};
pub use outcome::{Cause, Certainty, Settled, Tally, Undelivered, Written};
pub use partitioner::{CustomPartitioner, Partitioner, fnv1a, murmur2};
pub use producers::{ProducerKey, Producers};
pub use record::NewRecord;
pub use report::{BatchReport, Report, Reports};
pub use topic::{AppendWait, Refused, TopicHandle};

use lane::LaneId;
