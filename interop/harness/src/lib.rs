//! Real Apache Kafka for tests: fetched from Maven, started on free ports, broken on purpose, always cleaned up.
//!
//! ```no_run
//! # fn main() -> Result<(), kafka_harness::Error> {
//! use kafka_harness::{Cluster, Options};
//!
//! let mut cluster = Cluster::start(Options::new().nodes(3))?;
//! println!("{}", cluster.bootstrap());
//! cluster.kill(2)?; // SIGKILL
//! cluster.restart(2)?; // waits until node 2 serves again
//! # Ok(())
//! # }
//! ```
//!
//! A cluster lives as long as its [`Cluster`] value. When the process that owns it dies, however it dies, the
//! brokers are killed by a watcher that notices a closed pipe. Tests call [`kafka_or_skip!`], which obeys
//! `OTTLA_KAFKA`:
//!
//! | `OTTLA_KAFKA` | Java, Maven and jars at hand | something is missing |
//! | --- | --- | --- |
//! | `auto` or unset | run | print `SKIPPED: ...`, pass |
//! | `require` | run | fail |
//! | `skip` | print `SKIPPED: ...`, pass | print `SKIPPED: ...`, pass |
//!
//! [`Client`] fetches clients that others wrote, for the same tests and under the same rule.
//!
//! The harness needs a Unix; clusters that outlive their starter ([`Cluster::attach`]) need Linux's `/proc`.

mod artifacts;
mod class_archive;
mod clients;
mod cluster;
mod configuration;
mod error;
mod gate;
mod ports;
pub mod process;
mod readiness;
mod state;
mod version;

pub use artifacts::Artifacts;
pub use clients::Client;
pub use cluster::{Cluster, Options};
pub use error::Error;
pub use gate::{run_or_skip, start_for_test};
pub use version::{UnknownVersion, Version};

use std::path::Path;

/// The root of the repository that this crate was compiled in.
pub(crate) fn repository() -> &'static Path {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
    harness.ancestors().nth(2).unwrap_or(harness)
}
