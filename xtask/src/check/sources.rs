//! Checks of the committed text.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail, ensure};

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

/// A table that names tests proves something only as long as they exist.
pub(super) fn find_tests_of_the_fault_table() -> Result<()> {
    let files = tracked_files()?;
    let tests: String = files.iter().filter(|file| file.ends_with(".rs")).map(|file| text(file)).collect();
    let table = text("docs/throttle-faults.md");
    let missing: Vec<_> =
        named_tests(&table).into_iter().filter(|name| !tests.contains(&format!("fn {name}("))).collect();
    ensure!(!named_tests(&table).is_empty(), "docs/throttle-faults.md names no test");
    ensure!(
        missing.is_empty(),
        "docs/throttle-faults.md names tests that do not exist: {}",
        missing.join(", ")
    );
    Ok(())
}

/// Somebody who is paged finds every reason for a wait in the chapter about it.
pub(super) fn find_reasons_in_the_chapter() -> Result<()> {
    let chapter = text("docs/why-is-my-producer-waiting.md");
    let source = text("client/src/wait.rs");
    let reasons = variants(&source, "pub enum WaitReason {");
    ensure!(!reasons.is_empty(), "client/src/wait.rs has no reasons");
    let missing: Vec<_> =
        reasons.into_iter().filter(|name| !chapter.contains(&format!("`{name}`"))).collect();
    ensure!(missing.is_empty(), "the chapter about waiting does not tell of {}", missing.join(", "));
    Ok(())
}

/// The variants of an enum that rustfmt has laid out.
fn variants<'a>(source: &'a str, head: &str) -> Vec<&'a str> {
    let body = source.split_once(head).map_or("", |(_, rest)| rest);
    let lines = body.lines().take_while(|line| *line != "}");
    let names = lines.filter_map(|line| line.strip_prefix("    "));
    let names = names.filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()));
    names.filter_map(|line| line.split(|letter: char| !letter.is_alphanumeric()).next()).collect()
}

/// What stands in backticks in the last column of a table's rows.
fn named_tests(table: &str) -> Vec<&str> {
    let rows = table.lines().filter(|line| line.starts_with("| T") || line.starts_with("| P"));
    let last = rows.filter_map(|row| row.trim_end().strip_suffix('|')?.rsplit('|').next());
    last.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
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

    #[test]
    fn tests_are_named_in_the_last_column_alone() {
        let table =
            "| | fault | here | shown by |\n| T1 | `a` sleeps | `b` | `c`, `d` |\n| P2 | x | y | |\ntext `e`";
        assert_eq!(named_tests(table), ["c", "d"]);
    }

    #[test]
    fn variants_are_found_with_and_without_fields() {
        let source = "enum A {\n    No,\n}\npub enum B {\n    /// Doc.\n    One {\n        x: X,\n    },\n    Two,\n}\n";
        assert_eq!(variants(source, "pub enum B {"), ["One", "Two"]);
    }
}
