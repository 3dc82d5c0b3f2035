//! Finds the bug before the user does: clients, a cluster, a bad network and the time, all under one seed.

#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "indices and numbers are the simulation's own; a wrong one must stop the run"
)]

mod chance;
mod client;
mod log;
mod network;
mod plan;
mod producer;
mod queue;
mod reader;
mod report;
#[cfg(test)]
mod tests;
mod world;

pub use report::{Counts, Violation};

/// Runs one seed to its end.
///
/// # Errors
/// The first promise that was broken.
pub fn run(seed: u64) -> Result<Counts, Violation> {
    let mut world = world::World::new(seed);
    world.run()?;
    Ok(world.counts)
}
