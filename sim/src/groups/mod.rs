//! A group's minute of bad luck: members that come, leave, freeze and die, old protocol and new, while nodes and
//! answers fail.
//!
//! Each member is a client of its own and reads as `GroupConsumer` does. Somebody writes past the network, so that
//! what is in the log is known. Then the faults end, and the group must come to rest by itself, with everything read.
//!
//! | file | what is in it |
//! |---|---|
//! | `plan` | what a seed decides beforehand |
//! | `world` | one moment after the other, and what goes wrong in it |
//! | `member` | a program that reads as a member |
//! | `truth` | what was written, what was made of it, what the group says |
//! | `oracles` | what is held against a run |
//!
//! What is held: a position never moves past what nobody has processed, and neither does a commit; what the group has
//! committed never goes back; within an ownership offsets go up; a partition that is given up was waited for, or its
//! member was told that the wait is over; whoever keeps positions with the output has each record once; nobody is given
//! a partition that a member in good standing has, being one itself (but for one moment in which Kafka's groups of both
//! protocols do so, see `oracles`); what a member owns is what its events say; memory stays
//! within the budget; who waits can say why; once the faults are over the group is stable in time, everything is read
//! and committed, and then nothing happens any more; leaving ends in time.
//!
//! An offset says nothing about a topic that was deleted and made anew, so of such a topic only the group's own order
//! is held against it.

mod member;
mod oracles;
mod plan;
#[cfg(test)]
mod tests;
mod truth;
mod world;

pub(crate) use plan::Deed;

use crate::report::{Counts, Violation};

/// Runs one seed of a group to its end.
///
/// # Errors
/// The first promise that was broken.
pub fn run(seed: u64) -> Result<Counts, Violation> {
    let mut world = world::World::new(seed);
    world.run()?;
    Ok(world.counts)
}
