//! Bringing a driver to life, and where.

use std::io;
use std::sync::Arc;

use ottla_core::{Core, CoreConfig};
use tokio::runtime;
use tokio::sync::{broadcast, oneshot};
use tokio::task::unconstrained;

use super::clock::Clock;
use super::handle::DriverHandle;
use super::turn::Driver;
use crate::events::UNREAD;

/// Where a driver runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a thread of its own, which a blocked application cannot delay.
    #[default]
    OwnThread,
    /// As a task on the runtime that builds the client.
    CurrentRuntime,
}

/// Starts a driver. It ends when the last handle is gone.
///
/// # Errors
/// If there is no thread, or no runtime, to run it on.
pub(crate) async fn start(config: CoreConfig, frame_limit: usize, place: Place) -> io::Result<DriverHandle> {
    let clock = Clock::start();
    // The core draws back-off jitter and correlation ids from it, nothing secret.
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    let core = Core::new(config, seed, clock.now());
    let (events, _) = broadcast::channel(UNREAD);
    let (handle, operations) = DriverHandle::new(clock, Arc::clone(core.net().throttle()), &events);
    let driver = move || Driver::new(core, clock, operations, events, frame_limit);
    match place {
        Place::CurrentRuntime => {
            let runtime = runtime::Handle::try_current().map_err(io::Error::other)?;
            // The driver bounds its own turns; tokio's bound would cut off the sockets at the end of the list.
            runtime.spawn(async { unconstrained(driver()).await });
        }
        Place::OwnThread => {
            let (started, outcome) = oneshot::channel();
            std::thread::Builder::new().name("ottla-driver".into()).spawn(move || {
                let runtime = match runtime::Builder::new_current_thread().enable_io().enable_time().build() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = started.send(Err(error));
                        return;
                    }
                };
                let _ = started.send(Ok(()));
                runtime.block_on(async { unconstrained(driver()).await });
                // A name that the resolver still looks for must not hold the thread.
                runtime.shutdown_background();
            })?;
            outcome.await.map_err(io::Error::other)??;
        }
    }
    Ok(handle)
}
