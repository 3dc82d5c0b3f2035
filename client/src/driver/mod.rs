//! The driver: the one place where the core, its sockets and the time of day meet.
//!
//! A client has one driver. It owns the core and every socket and lives as a single future, on a thread of its own
//! or on the caller's runtime. Handles talk to it through [`DriverHandle`]; producers and consumers also through
//! the core's shared edges, which wake it only when there is something to do.

mod clock;
mod compress;
mod connect;
mod events;
mod framing;
mod handle;
mod socket;
mod start;
#[cfg(test)]
mod tests;
mod turn;

pub(crate) use clock::{start_ms as clock_start_ms, timestamp};
pub(crate) use handle::DriverHandle;
pub(crate) use start::{Place, start};
