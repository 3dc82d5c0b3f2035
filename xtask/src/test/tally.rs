use std::fmt;
use std::time::Duration;

use super::program::Verdict;
use crate::steps::Counts;

/// What became of the tests, program by program.
#[derive(Default)]
pub(crate) struct Tally {
    rows: Vec<Row>,
    exceptions: Vec<(Verdict, String)>,
    figures: Vec<String>,
}

#[derive(Default)]
struct Row {
    program: String,
    counts: Counts,
    took: Duration,
}

impl Tally {
    /// Stands for tests that could not be run at all.
    pub(crate) fn not_built() -> Self {
        let mut tally = Self::default();
        tally.begin("the build");
        tally.note("the build", "of the tests", Verdict::Failed);
        tally
    }

    pub(super) fn begin(&mut self, program: &str) {
        self.rows.push(Row { program: program.to_owned(), ..Row::default() });
    }

    pub(super) fn note(&mut self, program: &str, test: &str, verdict: Verdict) {
        let Some(row) = self.rows.last_mut() else { return };
        match verdict {
            Verdict::Passed => row.counts.passed += 1,
            Verdict::Failed | Verdict::Hung => row.counts.failed += 1,
            Verdict::Skipped => row.counts.skipped += 1,
        }
        if verdict != Verdict::Passed {
            self.exceptions.push((verdict, format!("{program} {test}")));
        }
    }

    pub(super) fn end(&mut self, program: &str, took: Duration) {
        let Some(row) = self.rows.last_mut() else { return };
        row.took = took;
        println!("{program}: {} ({:.1} s)", row.counts, took.as_secs_f64());
    }

    pub(super) fn figure(&mut self, figure: &str) {
        self.figures.push(figure.to_owned());
    }

    /// What tests measured, as a Markdown list.
    pub(crate) fn figures(&self) -> String {
        self.figures.iter().map(|figure| format!("- {figure}\n")).collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.rows.iter().fold(Counts::default(), |sum, row| sum + row.counts)
    }

    /// Every test that did not pass, a line each.
    pub(crate) fn exceptions(&self) -> String {
        self.exceptions.iter().map(|(verdict, test)| format!("{verdict:7} {test}\n")).collect()
    }
}

/// The table of test programs, as Markdown.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.program.len()).max().unwrap_or(0).max(5);
        writeln!(f, "| {:width$} | passed | failed | skipped | seconds |", "tests")?;
        writeln!(f, "| {:-<width$} | -----: | -----: | ------: | ------: |", "")?;
        for Row { program, counts, took } in &self.rows {
            let Counts { passed, failed, skipped } = counts;
            let seconds = took.as_secs_f64();
            writeln!(f, "| {program:width$} | {passed:6} | {failed:6} | {skipped:7} | {seconds:7.1} |")?;
        }
        Ok(())
    }
}
