//! `cargo xtask planted`: shows that the simulation finds bugs.
//!
//! Each patch below `sim/planted` is a bug that somebody could have made; its first line says which, and its folder in
//! whose simulation it shows. It goes into a copy of the sources, and the seeds of every ordinary run must find it there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use kafka_harness::process;

use crate::steps::{Outcome, Steps, close, output, pass, target_folder};

/// The folders of bugs, each with the test whose failure finds them.
const FOLDERS: [(&str, &str); 2] = [
    ("groups", "groups::tests::every_seed_of_a_group_keeps_every_promise"),
    ("producer", "tests::every_seed_keeps_every_promise"),
];

/// No single bug may take longer to build and to find.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Plants each bug whose folder and name contain `filter`, and looks for it.
pub(crate) fn run(filter: &str) -> Result<std::process::ExitCode> {
    let mut steps = Steps::default();
    find_all(&mut steps, filter)?;
    Ok(close(steps.counts()))
}

/// A bug, the first seed that met it, and what was wrong there.
pub(crate) struct Found {
    pub(crate) bug: String,
    pub(crate) seed: u64,
    pub(crate) words: String,
}

/// One step per bug; a bug that no seed finds is a failure.
pub(crate) fn find_all(steps: &mut Steps, filter: &str) -> Result<Vec<Found>> {
    let copy = Copy::new()?;
    let mut found = Vec::new();
    for bug in bugs()? {
        if bug.name.contains(filter) {
            steps.run(&format!("planted: {}", bug.name), || {
                found.push(copy.find(&bug)?);
                Ok(Outcome::Passed)
            });
        }
    }
    Ok(found)
}

/// Whether every bug can still be planted.
pub(crate) fn check() -> Result<Outcome> {
    for Bug { patch, .. } in bugs()? {
        pass(Command::new("git").args(["apply", "--check"]).arg(&patch).current_dir(crate::root()))
            .with_context(|| format!("{} does not apply any more", patch.display()))?;
    }
    Ok(Outcome::Passed)
}

/// A bug that can be planted.
struct Bug {
    /// Folder and name: `groups/commit-ahead-of-work`.
    name: String,
    patch: PathBuf,
    /// The test that must fail.
    seeds: &'static str,
}

/// All of them; a patch of which nobody knows who finds it is an error.
fn bugs() -> Result<Vec<Bug>> {
    let planted = crate::root().join("sim/planted");
    let mut bugs = Vec::new();
    for folder in fs::read_dir(&planted)? {
        let folder = folder?.file_name().to_string_lossy().into_owned();
        let known = FOLDERS.iter().find(|(name, _)| *name == folder);
        let (_, seeds) = known.with_context(|| format!("no test finds what is in sim/planted/{folder}"))?;
        for patch in fs::read_dir(planted.join(&folder))? {
            let patch = patch?.path();
            let name = format!("{folder}/{}", patch.file_stem().unwrap_or_default().to_string_lossy());
            bugs.push(Bug { name, patch, seeds });
        }
    }
    bugs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(bugs)
}

/// The sources a second time, where they can be broken.
struct Copy {
    sources: PathBuf,
    build: PathBuf,
}

impl Copy {
    fn new() -> Result<Self> {
        let folder = target_folder()?.join("planted");
        Ok(Copy { sources: folder.join("sources"), build: folder.join("build") })
    }

    fn find(&self, bug: &Bug) -> Result<Found> {
        self.restore()?;
        // Else git would take the copy for a part of the repository around it, and leave it alone.
        let ceiling = self.sources.parent().context("a folder has a parent")?;
        let mut apply = Command::new("git");
        apply.arg("apply").arg(&bug.patch).current_dir(&self.sources).env("GIT_CEILING_DIRECTORIES", ceiling);
        output(&mut apply)?;
        let text = self.run_seeds(bug.seeds)?;
        let Some((seed, words)) = text.lines().filter_map(failed_seed).min() else {
            print!("{text}");
            bail!("no seed finds it");
        };
        println!("        seed {seed}: {words}");
        Ok(Found { bug: bug.name.clone(), seed, words: words.to_owned() })
    }

    /// What the simulation prints; a build that fails is an error.
    fn run_seeds(&self, test: &str) -> Result<String> {
        let mut cargo = Command::new("cargo");
        cargo
            // Not optimised further: each bug is built anew, and most are found within some seeds.
            .args(["test", "--quiet", "--package", "ottla-sim", "--lib"])
            .args(["--", "--exact", test, "--nocapture"])
            .current_dir(&self.sources)
            .env("CARGO_TARGET_DIR", &self.build)
            .env_remove("OTTLA_PROOF");
        let output = process::run(&mut cargo, LIMIT)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            text.contains("test result"),
            "it does not build:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(text)
    }

    /// Makes the copy equal to the sources. Files that are equal keep their time, so that little is built again.
    fn restore(&self) -> Result<()> {
        let listing = output(Command::new("git").args(["ls-files", "-z"]).current_dir(crate::root()))?;
        for file in listing.split_terminator('\0') {
            // A deleted file may still be listed.
            let Ok(content) = fs::read(crate::root().join(file)) else { continue };
            let target = self.sources.join(file);
            if fs::read(&target).is_ok_and(|copied| copied == content) {
                continue;
            }
            fs::create_dir_all(target.parent().context("a file has a folder")?)?;
            fs::write(target, content)?;
        }
        Ok(())
    }
}

/// `seed 7: what went wrong`; libtest may have written before it.
fn failed_seed(line: &str) -> Option<(u64, &str)> {
    let (_, rest) = line.split_once("seed ")?;
    let (seed, words) = rest.split_once(": ")?;
    Some((seed.parse().ok()?, words))
}

#[cfg(test)]
mod tests {
    use super::failed_seed;

    #[test]
    fn reads_which_seed_failed() {
        assert_eq!(failed_seed("seed 7: a record is lost: 3"), Some((7, "a record is lost: 3")));
        assert_eq!(failed_seed("test tests::a ... seed 12: late"), Some((12, "late")));
        assert_eq!(failed_seed("seeds [1] fail; replay the first: OTTLA_SEED=1"), None);
    }
}
