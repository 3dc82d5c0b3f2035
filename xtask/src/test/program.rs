//! One run of a test program: its lines as they come, and an end even if it has none of its own.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    /// Ignored by its attribute, or it said that it cannot run here.
    Skipped,
    /// Killed at its time limit.
    Hung,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Passed => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "skipped",
            Verdict::Hung => "HUNG",
        })
    }
}

/// What a run printed and how it ended.
pub(super) struct Run {
    pub(super) verdicts: Vec<(String, Verdict)>,
    /// Lines of tests that skipped themselves.
    pub(super) skips: Vec<Skip>,
    pub(super) output: Vec<String>,
    pub(super) ending: Ending,
}

/// What a test said that skipped itself: its name and why.
pub(super) struct Skip(String);

impl Skip {
    const WORD: &str = "SKIPPED: ";

    fn parse(line: &str) -> Option<Self> {
        line.find(Self::WORD).and_then(|at| line.get(at..)).map(|text| Self(text.to_owned()))
    }

    fn test(&self) -> &str {
        self.0.trim_start_matches(Self::WORD).split(": ").next().unwrap_or_default()
    }

    pub(super) fn is_about(&self, test: &str) -> bool {
        self.test() == test
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy)]
pub(super) enum Ending {
    Exited(ExitStatus),
    /// No test ended for this long.
    Hung(Duration),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Exited(status) => write!(f, "ended with {status}"),
            Ending::Hung(limit) => write!(f, "finished nothing for {} s and was killed", limit.as_secs()),
        }
    }
}

impl Run {
    /// What the tests of this run measured and want to see in a report: lines that begin with `FIGURE: `.
    pub(super) fn figures(&self) -> impl Iterator<Item = &str> {
        self.output.iter().filter_map(|line| line.split_once("FIGURE: ")).map(|(_, figure)| figure)
    }

    /// The output without what tests printed that passed.
    pub(super) fn complaints(&self) -> Vec<&str> {
        let mut passed = false;
        let mut keep = |line: &&String| {
            passed = line.as_str() == "successes:" || (passed && line.as_str() != "failures:");
            !passed
        };
        self.output.iter().filter(|line| keep(line)).map(String::as_str).collect()
    }

    /// Whether the single test of this run is marked `#[ignore]`.
    pub(super) fn ignored(&self) -> bool {
        self.verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Skipped)
    }
}

/// Runs a test program until it ends, or until no test has ended for `limit`.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<Run> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let (sender, lines) = mpsc::channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as _),
        child.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for pipe in pipes.into_iter().flatten() {
        forward(pipe, sender.clone());
    }
    drop(sender);

    let mut run =
        Run { verdicts: Vec::new(), skips: Vec::new(), output: Vec::new(), ending: Ending::Hung(limit) };
    let mut deadline = Instant::now() + limit;
    loop {
        // A grandchild may hold the pipes open after the end of the program itself.
        let wait = deadline.saturating_duration_since(Instant::now()).min(Duration::from_millis(500));
        match lines.recv_timeout(wait) {
            Ok(line) => {
                if run.read(line) {
                    deadline = Instant::now() + limit;
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait()? {
                    run.ending = Ending::Exited(status);
                    return Ok(run);
                }
                if Instant::now() >= deadline {
                    child.kill()?;
                    child.wait()?;
                    return Ok(run);
                }
            }
            // It closed its output; what is left is its end, or the deadline.
            Err(RecvTimeoutError::Disconnected) => {
                let left = deadline.saturating_duration_since(Instant::now());
                match kafka_harness::process::wait(&mut child, left)? {
                    Some(status) => run.ending = Ending::Exited(status),
                    None => {
                        child.kill()?;
                        child.wait()?;
                    }
                }
                return Ok(run);
            }
        }
    }
}

fn forward(pipe: Box<dyn Read + Send>, sender: Sender<String>) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
}

impl Run {
    /// Takes in one line; true if it tells of a test's end.
    fn read(&mut self, line: String) -> bool {
        if let Some(skip) = Skip::parse(&line) {
            // In a program of many tests the line names the one it is about.
            self.settle(skip.test(), Verdict::Skipped);
            self.skips.push(skip);
        }
        let ended = parse(&line).map(|(test, verdict)| self.settle(test, verdict)).is_some();
        self.output.push(line);
        ended
    }

    /// A test that skips itself is also reported as passed, behind its own word or, where output is captured, before.
    fn settle(&mut self, test: &str, verdict: Verdict) {
        match self.verdicts.iter_mut().find(|(known, _)| known == test) {
            Some((_, known)) if [*known, verdict].contains(&Verdict::Skipped) => *known = Verdict::Skipped,
            _ => self.verdicts.push((test.to_owned(), verdict)),
        }
    }
}

/// `test path::name ... ok`, as libtest prints it.
fn parse(line: &str) -> Option<(&str, Verdict)> {
    let (name, verdict) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let verdict = match verdict {
        "ok" => Verdict::Passed,
        "FAILED" => Verdict::Failed,
        _ if verdict.starts_with("ignored") => Verdict::Skipped,
        _ => return None,
    };
    // libtest adds what the test is expected to do.
    let name = name.split(" - should panic").next().unwrap_or(name);
    Some((name.trim_end(), verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Run {
        run(Command::new("sh").args(["-c", script]), limit).unwrap()
    }

    #[test]
    fn reads_verdicts() {
        assert_eq!(parse("test a::b ... ok"), Some(("a::b", Verdict::Passed)));
        assert_eq!(parse("test a::b - should panic ... FAILED"), Some(("a::b", Verdict::Failed)));
        assert_eq!(parse("test a ... ignored, too slow"), Some(("a", Verdict::Skipped)));
        assert_eq!(
            parse("test src/lib.rs - x (line 3) ... ok"),
            Some(("src/lib.rs - x (line 3)", Verdict::Passed))
        );
        assert_eq!(parse("test a has been running for over 60 seconds"), None);
        assert_eq!(parse("test result: ok. 3 passed; 0 failed"), None);
    }

    #[test]
    fn a_test_that_skips_itself_does_not_count_as_passed() {
        let run = shell(
            "echo 'SKIPPED: a::b: no Java'; echo 'test a::b ... ok'; echo 'test c ... ok'",
            Duration::from_secs(5),
        );
        let verdicts = [("a::b".to_owned(), Verdict::Skipped), ("c".to_owned(), Verdict::Passed)];
        assert_eq!(run.verdicts, verdicts);
        // The same where output is captured.
        let captured = "echo 'test a::b ... ok'; echo 'test c ... ok'; echo 'SKIPPED: a::b: no Java'";
        assert_eq!(shell(captured, Duration::from_secs(5)).verdicts, verdicts);
    }

    #[test]
    fn what_a_passing_test_printed_gives_figures_and_no_complaints() {
        let script = "echo 'test a ... ok'; echo; echo successes:; echo ---- a stdout ----; echo 'FIGURE: 7 seeds'; \
                      echo 7 cuts; echo successes:; echo '    a'; echo; echo failures:; echo why; exit 101";
        let run = shell(script, Duration::from_secs(5));
        assert_eq!(run.figures().collect::<Vec<_>>(), ["7 seeds"]);
        assert_eq!(run.complaints(), ["test a ... ok", "", "failures:", "why"]);
    }

    #[test]
    fn a_program_without_an_end_is_killed() {
        let begin = Instant::now();
        // Enough for a shell to start on a busy machine: what comes within it counts.
        let run = shell("echo 'test a ... ok'; echo noise; exec sleep 60", Duration::from_secs(3));
        assert!(matches!(run.ending, Ending::Hung(_)));
        assert_eq!(run.verdicts, [("a".to_owned(), Verdict::Passed)]);
        assert!(begin.elapsed() < Duration::from_secs(50));
    }

    #[test]
    fn a_grandchild_with_the_pipe_does_not_hold_up_the_end() {
        let begin = Instant::now();
        let run = shell("sleep 20 & echo 'test a ... FAILED'; exit 101", Duration::from_secs(15));
        assert!(matches!(run.ending, Ending::Exited(status) if status.code() == Some(101)));
        assert!(begin.elapsed() < Duration::from_secs(10));
    }
}
