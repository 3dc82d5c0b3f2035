use std::env;
use std::io::Write;
use std::thread;

use crate::{Cluster, Error, Options};

/// Starts a cluster for the running test, or returns from the test after saying why it is skipped.
///
/// Usable in functions that return `()`; see the crate's documentation for what `OTTLA_KAFKA` decides.
///
/// ```no_run
/// #[test]
/// fn survives_a_killed_broker() {
///     let mut cluster = kafka_harness::kafka_or_skip!(kafka_harness::Options::new().nodes(3));
///     cluster.kill(1).unwrap();
/// }
/// ```
#[macro_export]
macro_rules! kafka_or_skip {
    ($options:expr) => {
        match $crate::start_for_test($options) {
            Some(cluster) => cluster,
            None => return,
        }
    };
}

/// What [`kafka_or_skip!`] calls: the cluster, or `None` after a `SKIPPED: ...` line on standard output.
///
/// # Panics
/// As [`run_or_skip`].
#[must_use]
pub fn start_for_test(options: Options) -> Option<Cluster> {
    run_or_skip(|| Cluster::start(options))
}

/// Starts whatever else a test needs of Java, Kafka or other clients, or says why the test is skipped and returns `None`.
///
/// # Panics
/// When it cannot be started although it must be: always if Kafka itself fails, and under
/// `OTTLA_KAFKA=require` also if a program or what has to be fetched is missing.
#[must_use]
pub fn run_or_skip<T>(start: impl FnOnce() -> Result<T, Error>) -> Option<T> {
    let gate = Gate::from_environment();
    if gate == Gate::Skip {
        skip("OTTLA_KAFKA=skip");
        return None;
    }
    match start() {
        Ok(started) => Some(started),
        Err(error) if gate == Gate::Auto && error.is_unavailable() => {
            skip(&error.to_string());
            None
        }
        Err(error) => fail(&error),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Auto,
    Require,
    Skip,
}

impl Gate {
    fn from_environment() -> Self {
        match env::var("OTTLA_KAFKA").as_deref() {
            Ok("require") => Gate::Require,
            Ok("skip") => Gate::Skip,
            _ => Gate::Auto,
        }
    }
}

/// Written past the capture of the test framework, so that a skipped test is never silent.
fn skip(reason: &str) {
    let reason = reason.lines().next().unwrap_or_default();
    let thread = thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stdout().lock(), "SKIPPED: {test}: {reason}");
}

#[expect(clippy::panic, reason = "it runs in tests only, and a panic is how a test fails")]
fn fail(error: &Error) -> ! {
    panic!("what the test needs could not be started: {error}")
}
