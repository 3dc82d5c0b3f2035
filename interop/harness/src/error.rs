use std::io;
use std::path::Path;
use std::time::Duration;

/// Why a cluster could not be started or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program the harness runs is not on this machine.
    #[error("`{program}` was not found: the tests need {needs}")]
    ProgramMissing {
        /// The command that could not be run.
        program: String,
        /// What to install.
        needs: &'static str,
    },
    /// Kafka's jars or another client could not be fetched. Without network, point `OTTLA_KAFKA_LIBS` at a folder
    /// of jars filled elsewhere.
    #[error(
        "{what} could not be fetched (no network? a folder of jars filled elsewhere can be named by OTTLA_KAFKA_LIBS):\n{output}"
    )]
    Artifacts {
        /// What was wanted.
        what: String,
        /// The end of the output of what should have fetched it.
        output: String,
    },
    /// The node's process ended although it was meant to run.
    #[error("{node} ended while it was being started; its log ends with:\n{log}")]
    Died {
        /// Which process.
        node: String,
        /// The end of its log.
        log: String,
    },
    /// The node did not answer in time.
    #[error("{node} was not ready within {waited:?} ({last}); its log ends with:\n{log}")]
    NotReady {
        /// Which process.
        node: String,
        /// How long the harness waited.
        waited: Duration,
        /// What the last attempt to talk to it said.
        last: String,
        /// The end of its log.
        log: String,
    },
    /// A helper program ran longer than its limit and was killed.
    #[error("`{program}` did not end within {limit:?} and was killed")]
    TimedOut {
        /// The program.
        program: String,
        /// Its limit.
        limit: Duration,
    },
    /// `StorageTool format` failed.
    #[error("formatting the storage of {node} failed:\n{output}")]
    Format {
        /// Which node.
        node: String,
        /// What the tool printed.
        output: String,
    },
    /// The cluster has no node of that number.
    #[error("there is no node {node}: the cluster has nodes 1 to {nodes}")]
    NoSuchNode {
        /// The number asked for.
        node: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// The node is not running, so it cannot be signalled.
    #[error("node {0} is not running")]
    NotRunning(usize),
    /// No started cluster was found in the folder.
    #[error("no cluster was started in {0}; `cargo xtask kafka start` starts one")]
    NoCluster(String),
    /// A cluster runs in the folder already.
    #[error("a cluster runs in {0} already; `cargo xtask kafka stop` stops it")]
    AlreadyRunning(String),
    /// The folder holds something else, which stopping the cluster would remove.
    #[error("{0} is not empty and holds no cluster; name a folder of its own")]
    FolderTaken(String),
    /// No port was free to listen on.
    #[error("no free port was found below the ephemeral range")]
    NoFreePort,
    /// The operating system refused something.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: String,
        /// The refusal.
        source: io::Error,
    },
}

impl Error {
    /// Whether the machine lacks a program or what has to be fetched, as opposed to a cluster that failed. Tests that may be skipped are skipped only in this case.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Error::ProgramMissing { .. } | Error::Artifacts { .. })
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let what = what.into();
        move |source| Error::Io { what, source }
    }

    pub(crate) fn path<'a>(verb: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
        move |source| Error::Io { what: format!("{verb} {}", path.display()), source }
    }
}
