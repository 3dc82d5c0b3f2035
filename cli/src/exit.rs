//! What the process tells its parent: the meaning of each exit code, in one place.

use std::fmt;
use std::process::ExitCode;

/// How a command ended when it did not simply succeed.
///
/// | code | meaning |
/// |---|---|
/// | 0 | all that was asked for is done |
/// | 1 | something failed on the cluster's side; the message says what, and what was done before |
/// | 2 | the arguments are wrong (also clap's own code) |
/// | 3 | the cluster could not be reached |
/// | 4 | a file, standard input or standard output failed |
/// | 5 | records were not written, or may not have been; each is named |
/// | 130 | interrupted by Ctrl-C, after a clean stop |
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

/// What every command returns.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn cluster(problem: impl fmt::Display) -> Self {
        Self { code: 1, message: problem.to_string() }
    }

    pub(crate) fn usage(problem: impl fmt::Display) -> Self {
        Self { code: 2, message: problem.to_string() }
    }

    pub(crate) fn unreachable(problem: impl fmt::Display) -> Self {
        Self { code: 3, message: problem.to_string() }
    }

    pub(crate) fn file(problem: impl fmt::Display) -> Self {
        Self { code: 4, message: problem.to_string() }
    }

    pub(crate) fn unwritten(problem: impl fmt::Display) -> Self {
        Self { code: 5, message: problem.to_string() }
    }

    pub(crate) fn interrupted(done: impl fmt::Display) -> Self {
        Self { code: 130, message: done.to_string() }
    }

    /// The same failure, which had this in its wake.
    pub(crate) fn and(self, more: impl fmt::Display) -> Self {
        Self { message: format!("{}; {more}", self.message), ..self }
    }

    /// Whether a file or standard output failed.
    pub(crate) fn is_of_a_file(&self) -> bool {
        self.code == 4
    }

    /// Prints the message to standard error and gives the code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("ottla: {}", self.message);
        ExitCode::from(self.code)
    }
}
