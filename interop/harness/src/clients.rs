//! Clients that others wrote, in other languages: fetched by their own package managers at the versions of the lock
//! files in `interop/clients`, below `target/clients`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::artifacts::{lock, tail};
use crate::{Error, process};

/// A client of Kafka that is not Ottla, and the program in `interop/clients` that puts it to the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Confluent's client for Python, librdkafka beneath.
    Confluent,
    /// A client written in Python.
    AioKafka,
    /// A client written in JavaScript, for Node.
    KafkaJs,
    /// franz-go, in Go.
    FranzGo,
    /// Sarama, in Go.
    Sarama,
}

impl Client {
    /// The program, ready to run against the brokers at `bootstrap`. The first call on a machine fetches and builds
    /// it, which takes seconds for Python and Node and a minute for Go; several processes may ask at once.
    ///
    /// # Errors
    /// [`Error::ProgramMissing`] without the language, [`Error::Artifacts`] when the client cannot be fetched.
    pub fn command(self, bootstrap: &str) -> Result<Command, Error> {
        let mut command = match self {
            Self::Confluent => python("confluent.py")?,
            Self::AioKafka => python("aio.py")?,
            Self::KafkaJs => node("kafkajs.js")?,
            Self::FranzGo => go("franz")?,
            Self::Sarama => go("sarama")?,
        };
        command.arg(bootstrap).stdin(Stdio::null());
        Ok(command)
    }
}

fn python(program: &str) -> Result<Command, Error> {
    let source = sources("python");
    let packages = installed("python", &[source.join("requirements.txt")], |folder| {
        let mut pip = Command::new("python3");
        // Nothing but finished packages: a build would need a compiler and minutes.
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
        ]);
        pip.args(["--only-binary=:all:", "--require-hashes", "--target"]).arg(folder);
        pip.arg("--requirement").arg(source.join("requirements.txt"));
        fetch("Python's clients", &mut pip)
    })?;
    let mut command = Command::new("python3");
    command.arg(source.join(program)).env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

fn node(program: &str) -> Result<Command, Error> {
    let source = sources("node");
    let files = ["package.json", "package-lock.json"].map(|name| source.join(name));
    let folder = installed("node", &files, |folder| {
        for file in &files {
            let copy = folder.join(file.file_name().unwrap_or_default());
            fs::copy(file, &copy).map_err(Error::path("write", &copy))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(folder);
        fetch("Node's client", &mut npm)
    })?;
    let mut command = Command::new("node");
    command.arg(source.join(program)).env("NODE_PATH", folder.join("node_modules"));
    Ok(command)
}

fn go(client: &str) -> Result<Command, Error> {
    let root = root()?;
    let program = root.join("go-clients");
    let _lock = lock(&root)?;
    // Go knows by itself what it has fetched and built.
    let mut build = Command::new("go");
    build.arg("-C").arg(sources("go")).args(["build", "-mod=readonly", "-o"]).arg(&program).arg(".");
    // An older Go fetches the one that the clients ask for.
    build.env("GOTOOLCHAIN", "auto");
    fetch("Go's clients", &mut build)?;
    let mut command = Command::new(program);
    command.arg(client);
    Ok(command)
}

/// The folder that `install` has filled, filled anew when one of the lock files has changed.
fn installed(
    name: &str,
    locks: &[PathBuf],
    install: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<PathBuf, Error> {
    let root = root()?;
    let folder = root.join(name);
    let mut wanted = String::new();
    for file in locks {
        wanted += &fs::read_to_string(file).map_err(Error::path("read", file))?;
    }
    let _lock = lock(&root)?;
    let stamp = folder.join("installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(Error::path("create", &folder))?;
    install(&folder)?;
    fs::write(&stamp, wanted).map_err(Error::path("write", &stamp))?;
    Ok(folder)
}

fn fetch(what: &str, command: &mut Command) -> Result<(), Error> {
    let output = process::run(command.stdin(Stdio::null()), Duration::from_secs(600))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(Error::Artifacts { what: what.to_owned(), output: tail(&String::from_utf8_lossy(&text), 15) })
}

fn sources(language: &str) -> PathBuf {
    crate::repository().join("interop/clients").join(language)
}

fn root() -> Result<PathBuf, Error> {
    let root = crate::repository().join("target/clients");
    fs::create_dir_all(&root).map_err(Error::path("create", &root))?;
    Ok(root)
}
