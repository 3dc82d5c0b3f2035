//! Kafka's own producer as a yardstick: `interop/java/SteadyProducer.java`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use kafka_harness::{Artifacts, Version};

/// A steady load on three partitions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) batch_bytes: usize,
    pub(crate) record_bytes: usize,
    /// A record that goes first and is not measured: it uses up what a quota leaves free.
    pub(crate) burst_bytes: usize,
    pub(crate) per_second: u32,
    pub(crate) seconds: u32,
}

/// How long acknowledgements took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) median: Duration,
    pub(crate) worst: Duration,
}

/// A Java program that is connected and waits for the word.
#[derive(Debug)]
pub(crate) struct JavaProducer {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl JavaProducer {
    /// Starts it with a topic and a client id of this name, and waits until it has sent its first records.
    pub(crate) fn start(servers: &str, name: &str, load: &Load) -> Result<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../java/SteadyProducer.java");
        let mut child = Command::new("java")
            .args(["-XX:+UseSerialGC", "-Xmx256m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"])
            .args(["-cp", &Artifacts::Broker(Version::default()).class_path()?])
            .arg(source)
            .args([servers, name])
            .args([load.batch_bytes, load.record_bytes, load.burst_bytes].map(|number| number.to_string()))
            .args([load.per_second, load.seconds].map(|number| number.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start java")?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().context("no output of java")?);
        let mut java = Self { child, stdin, stdout };
        let ready = java.line()?;
        if ready != "ready" {
            bail!("java said {ready:?}");
        }
        Ok(java)
    }

    /// Gives the word.
    pub(crate) fn go(mut self) -> Result<Self> {
        self.stdin.as_mut().context("java has no input")?.write_all(b"go\n")?;
        Ok(self)
    }

    /// Waits for the end of the load.
    pub(crate) fn outcome(mut self) -> Result<Outcome> {
        let line = self.line()?;
        let mut numbers = line.split(' ').map(str::parse::<u64>);
        let mut number =
            || -> Result<u64> { Ok(numbers.next().with_context(|| format!("java said {line:?}"))??) };
        let (median, worst, failed) = (number()?, number()?, number()?);
        if failed > 0 {
            bail!("{failed} of Java's records failed");
        }
        Ok(Outcome { median: Duration::from_micros(median), worst: Duration::from_micros(worst) })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for JavaProducer {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
