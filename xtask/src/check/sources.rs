//! Checks of the committed text.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::steps::output;

/// Longer files by hand are hard to hold in the head.
const LONG: usize = 800;

/// Names files that have grown too long. A report and no failure: where to split is a judgement.
pub(super) fn report_long_files() -> Result<()> {
    for file in tracked_files()? {
        let text = text(&file);
        let generated = text.lines().take(3).any(|line| line.contains("xtask generate"));
        let lines = text.lines().count();
        if file.ends_with(".rs") && !generated && lines > LONG {
            println!("note: {file} has {lines} lines; {LONG} is what we aim for");
        }
    }
    Ok(())
}

/// A path of somebody's machine in a committed file works nowhere else.
pub(super) fn refuse_machine_paths() -> Result<()> {
    let mut found = Vec::new();
    for file in tracked_files()? {
        for (number, line) in (1..).zip(text(&file).lines()) {
            if has_machine_path(line) {
                found.push(format!("{file}:{number}: {}", line.trim()));
            }
        }
    }
    if found.is_empty() { Ok(()) } else { bail!("paths of a machine:\n{}", found.join("\n")) }
}

/// Home and work folders by their usual names. The names stand apart from their slashes here, so that this
/// file does not find itself.
fn has_machine_path(line: &str) -> bool {
    ["home", "root", "work", "Users"].into_iter().any(|folder| {
        line.match_indices(&format!("/{folder}/")).any(|(at, found)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + found.len()..).and_then(|text| text.chars().next());
            before.is_none_or(|letter| " \"'`(=:".contains(letter))
                && after.is_some_and(char::is_alphanumeric)
        })
    })
}

fn tracked_files() -> Result<Vec<String>> {
    let listing = output(Command::new("git").args(["ls-files", "-z"]).current_dir(crate::root()))?;
    Ok(listing.split_terminator('\0').map(str::to_owned).collect())
}

/// Files that are no text have no lines to check, and a deleted file that is still listed has none either.
fn text(file: &str) -> String {
    fs::read_to_string(crate::root().join(file)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_paths_of_machines() {
        for folder in ["home", "root", "work", "Users"] {
            assert!(has_machine_path(&format!("see \"/{folder}/me/file\"")));
            assert!(has_machine_path(&format!("/{folder}/me")));
            assert!(!has_machine_path(&format!("docs/{folder}/me")));
            assert!(!has_machine_path(&format!("https://example.com/{folder}/me")));
        }
    }
}
