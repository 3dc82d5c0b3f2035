//! Producing: builder, handles, records, deliveries.

mod builder;
mod callbacks;
mod delivery;
mod error;
mod handle;
mod interceptor;
mod latency;
mod metrics;
mod partitioner;
mod record;
mod report;
mod sending;
mod topic_settings;

pub use builder::{Acks, Compression, ProducerBuilder};
pub use delivery::{Delivery, Receipt};
pub use error::{Certainty, DeliveryError, DeliveryFailure, Refused, SendError};
pub use handle::{CloseReport, FlushReport, Producer, TopicProducer};
pub use interceptor::{OutgoingHeader, OutgoingRecord, ProducerInterceptor};
pub use latency::Latency;
pub use metrics::{Histogram, LatencyHistograms, ProducerMetrics};
pub use partitioner::{CustomPartitioner, Partitioner, RecordToPlace};
pub use record::Record;
pub use report::{BatchReceipt, BatchReport, Outcomes, Report, Reports};
pub use sending::Sending;
pub use topic_settings::TopicSettings;
