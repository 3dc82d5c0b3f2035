//! Child processes that always end: helpers with a time limit, and servers on a leash.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Error;

/// Runs a command to its end and returns what it printed; kills it at `limit`.
///
/// # Errors
/// [`Error::ProgramMissing`] when the program does not exist, [`Error::TimedOut`] at the limit,
/// [`Error::Io`] otherwise. A non-zero exit is no error here: it is in the output's status.
pub fn run(command: &mut Command, limit: Duration) -> Result<Output, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    // Files, not pipes: a child that prints more than a pipe holds must not wait for a reader.
    let mut stdout = scratch_file()?;
    let mut stderr = scratch_file()?;
    command
        .stdout(stdout.try_clone().map_err(Error::io("share a file"))?)
        .stderr(stderr.try_clone().map_err(Error::io("share a file"))?);
    let mut child = command.spawn().map_err(|error| spawn_error(&program, error))?;
    let status = wait(&mut child, limit)?.ok_or_else(|| {
        let _ = child.kill();
        let _ = child.wait();
        Error::TimedOut { program, limit }
    })?;
    Ok(Output { status, stdout: contents(&mut stdout)?, stderr: contents(&mut stderr)? })
}

/// Waits for a child until `limit`; `None` means that it still runs.
///
/// # Errors
/// [`Error::Io`] when the child cannot be waited for.
pub fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Error> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().map_err(Error::io("wait for a child"))? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// A server process: killed when this value is dropped, unless it was started detached.
#[derive(Debug)]
pub(crate) struct Server {
    pid: u32,
    child: Option<Child>,
    leash: Option<ChildStdin>,
}

/// What becomes of a server when its owner ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// It dies with the owner, even when the owner is killed and runs no destructor.
    Owned,
    /// It goes on until somebody kills it.
    Detached,
}

/// Runs the program after a watcher that waits for the end of its input and then kills it. The pipe's other
/// end closes with the owner, whatever ended it. (A parent-death signal would be simpler but follows the
/// thread that started the child, and tests start clusters on short-lived threads.)
const LEASHED: &str = r#"exec 3<&0 </dev/null; (read -r _ <&3; kill -KILL $$) & exec 3<&-; exec "$@""#;

impl Server {
    pub(crate) fn start(command: &Command, log: &Path, lifetime: Lifetime) -> Result<Self, Error> {
        let log =
            File::options().create(true).append(true).open(log).map_err(Error::path("open the log", log))?;
        let mut leashed = match lifetime {
            Lifetime::Owned => {
                let mut shell = Command::new("sh");
                shell.args(["-c", LEASHED, "sh"]).arg(command.get_program()).stdin(Stdio::piped());
                shell
            }
            Lifetime::Detached => {
                let mut plain = Command::new(command.get_program());
                plain.stdin(Stdio::null());
                plain
            }
        };
        leashed
            .args(command.get_args())
            .stdout(log.try_clone().map_err(Error::io("share the log"))?)
            .stderr(log)
            // Its own group: Ctrl-C in the terminal reaches the owner, who decides.
            .process_group(0);
        let program = command.get_program().to_string_lossy();
        let mut child = leashed.spawn().map_err(|error| spawn_error(&program, error))?;
        let leash = child.stdin.take();
        Ok(Server { pid: child.id(), child: Some(child), leash })
    }

    /// A server that an earlier process started detached; `None` if it is gone.
    pub(crate) fn attach(pid: u32, argument: &str) -> Option<Self> {
        // Process ids are reused, so the command line must be the one that was started.
        let is_ours = command_line(pid).split(|byte| *byte == 0).any(|word| word == argument.as_bytes());
        is_ours.then_some(Server { pid, child: None, leash: None })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn is_running(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            // Its command line is empty before its files and ports are free, so only its state tells.
            None => state(self.pid).is_some_and(|state| state != 'Z' && state != 'X'),
        }
    }

    pub(crate) fn signal(&self, signal: &str) -> Result<(), Error> {
        kill(signal, &self.pid.to_string())
    }

    /// Stops the process and waits until all its threads stand still: the signal itself only asks for it.
    pub(crate) fn freeze(&self) -> Result<(), Error> {
        self.signal("STOP")?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline && state(self.pid).is_some_and(|state| state != 'T') {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Asks the process to end (SIGTERM) and kills it at `limit`.
    pub(crate) fn terminate(mut self, limit: Duration) -> Result<(), Error> {
        self.signal("TERM")?;
        let deadline = Instant::now() + limit;
        while self.is_running() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        self.end();
        Ok(())
    }

    /// Kills the process and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let leashed = self.leash.take().is_some();
        let Some(child) = &mut self.child else {
            let _ = self.signal("KILL");
            let deadline = Instant::now() + Duration::from_secs(10);
            while self.is_running() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(10));
            }
            return;
        };
        // Letting go of the leash is the kill; a second signal is for a watcher that is itself gone.
        if leashed && matches!(wait(child, Duration::from_secs(5)), Ok(Some(_))) {
            return;
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.leash.is_some() {
            self.end();
        }
    }
}

fn command_line(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Linux's letter for what a process does; `None` when there is no such process, or no `/proc` to ask.
fn state(pid: u32) -> Option<char> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    status.rsplit_once(") ")?.1.chars().next()
}

/// The `kill` program stands in for the system call, which safe Rust's standard library does not offer.
fn kill(signal: &str, target: &str) -> Result<(), Error> {
    let status = Command::new("sh")
        .args(["-c", r#"kill -s "$1" -- "$2""#, "sh", signal, target])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(Error::io("run kill"))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Io { what: format!("send {signal} to {target}"), source: io::ErrorKind::NotFound.into() })
    }
}

fn spawn_error(program: &str, error: io::Error) -> Error {
    if error.kind() != io::ErrorKind::NotFound {
        return Error::Io { what: format!("start {program}"), source: error };
    }
    let needs = match program {
        "java" | "javac" => "a JDK 17 or newer (Debian: openjdk-17-jdk-headless)",
        "mvn" => "Maven to fetch Kafka's jars (Debian: maven)",
        "python3" => "Python 3.10 or newer with pip (Debian: python3-pip)",
        "node" | "npm" => "Node with npm (Debian: nodejs, npm)",
        "go" => "Go 1.21 or newer (Debian: golang-go)",
        _ => "it",
    };
    Error::ProgramMissing { program: program.to_owned(), needs }
}

/// A file without a name: nothing is left behind, however this process ends.
fn scratch_file() -> Result<File, Error> {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("ottla-output-{}-{number}", std::process::id()));
    let file = File::options()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(Error::path("create", &path))?;
    fs::remove_file(&path).map_err(Error::path("remove", &path))?;
    Ok(file)
}

fn contents(file: &mut File) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(Error::io("read a child's output"))?;
    Ok(bytes)
}
