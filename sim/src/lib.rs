//! Finds the bug before the user does: clients, a cluster, a bad network and the time, all under one seed.
//!
//! A seed is a minute of bad luck for two producers and a reader of six partitions on three nodes. Each client is
//! driven as the real shell does it: it sleeps until its own deadline, a wake, or the network, so that a lost wake
//! shows. Then the faults end, and everything must come to its end by itself. [`Violation`] lists what is held
//! against each run. `OTTLA_SEED=7 cargo test -p ottla-sim` replays one.
//!
//! | file | what is in it |
//! |---|---|
//! | `plan`, `chance` | what a seed decides beforehand |
//! | `world`, `queue` | one moment after the other; the oracles |
//! | `network` | sockets, faults, the broker's ends |
//! | `interfere` | nodes that answer otherwise than they should |
//! | `attempts` | what an onlooker at the brokers learns of repeated batches |
//! | `sequences` | what an onlooker at the clients learns of numbers that are missing |
//! | `client` | the shell of one core |
//! | `producer`, `reader` | the programs that use it |
//! | `log` | what is really in the log |
//! | `groups` | another kind of world: members of a consumer group |
//!
//! `cargo xtask planted` shows that it finds bugs: each patch below `sim/planted` is one that somebody could have made,
//! in the folder of the simulation that finds it. One bug was tried that nothing can see, since it mends itself: a
//! record that is struck in its lane and left there is cut out once more before its batch is stamped.
//!
//! Not simulated yet: what a reader makes of a topic that is created anew, transactions.

#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "indices and numbers are the simulation's own; a wrong one must stop the run"
)]

mod attempts;
mod chance;
mod client;
mod groups;
mod interfere;
mod log;
mod network;
mod plan;
mod producer;
mod queue;
mod reader;
mod report;
#[cfg(test)]
mod seeds;
mod sequences;
#[cfg(test)]
mod tests;
mod world;

pub use groups::run as run_group;
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
