//! Producing: builder, handles, records, deliveries.

mod builder;
mod delivery;
mod error;
mod handle;
mod latency;
mod record;

pub use builder::{Acks, Compression, ProducerBuilder};
pub use delivery::{Delivery, Receipt};
pub use error::{Certainty, DeliveryError, DeliveryFailure, Refused, SendError};
pub use handle::{CloseReport, FlushReport, Producer, TopicProducer};
pub use latency::Latency;
pub use record::Record;
