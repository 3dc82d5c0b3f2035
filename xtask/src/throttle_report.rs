//! `cargo xtask throttle-report`: what Ottla does on a real Kafka that throttles it.

use anyhow::{Context as _, Result, ensure};

use crate::steps::cargo;

/// Runs the program of `interop/throttle-report` in this terminal; a whole run also writes `docs/throttle-report.md`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--release", "--quiet", "--package", "ottla-throttle-report", "--"]);
    // A part of the table must not replace the whole.
    if arguments.iter().all(|argument| !argument.starts_with("--only") && argument != "--list") {
        let folder = crate::root().join("docs");
        std::fs::create_dir_all(&folder)?;
        command.arg("--markdown").arg(folder.join("throttle-report.md"));
    }
    let status = command.args(arguments).status().context("cannot run cargo")?;
    ensure!(status.success(), "the report ended with {status}");
    Ok(())
}
