//! The other end of the pipe to `interop/java/Oracle.java`.

use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use kafka_harness::{Artifacts, Error, Version, process};

/// A running Java program that answers questions, and ends with its standard input.
pub(crate) struct Java {
    child: Child,
    questions: Option<BufWriter<ChildStdin>>,
    answers: BufReader<ChildStdout>,
}

/// What Java said: an answer, or the text of an exception.
pub(crate) type Answer = Result<Vec<u8>, String>;

impl Java {
    /// `None` where Java is missing and may be.
    pub(crate) fn start() -> Option<Self> {
        kafka_harness::run_or_skip(Self::launch)
    }

    fn launch() -> Result<Self, Error> {
        // A class path of the release that the schemas come from; and a compiler, or an error that says so.
        let class_path = Artifacts::Broker(Version::default()).class_path()?;
        process::run(Command::new("javac").arg("-version"), Duration::from_secs(60))?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("java/Oracle.java");
        let mut child = Command::new("java")
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
            .args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", &class_path])
            .arg(source)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|source| Error::Io { what: "start java".to_owned(), source })?;
        let questions = child.stdin.take().map(BufWriter::new);
        let answers = BufReader::new(child.stdout.take().unwrap());
        Ok(Java { child, questions, answers })
    }

    /// Asks one question, which begins with the letter that says its kind.
    pub(crate) fn ask(&mut self, question: &[u8]) -> Answer {
        let questions = self.questions.as_mut().unwrap();
        questions.write_all(&length(question.len()).to_be_bytes()).unwrap();
        questions.write_all(question).unwrap();
        questions.flush().unwrap();
        let mut size = [0; 4];
        self.answers.read_exact(&mut size).expect("Java ended; what it printed says why");
        let mut answer = vec![0; u32::from_be_bytes(size) as usize];
        self.answers.read_exact(&mut answer).unwrap();
        match answer.remove(0) {
            0 => Ok(answer),
            _ => Err(String::from_utf8_lossy(&answer).into_owned()),
        }
    }
}

impl Drop for Java {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}

/// A question or an answer being put together: Java's `DataOutputStream`.
pub(crate) struct Question(Vec<u8>);

impl Question {
    pub(crate) fn new(kind: u8) -> Self {
        Self(vec![kind])
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn i16(self, number: i16) -> Self {
        self.raw(&number.to_be_bytes())
    }

    pub(crate) fn i32(self, number: i32) -> Self {
        self.raw(&number.to_be_bytes())
    }

    pub(crate) fn i64(self, number: i64) -> Self {
        self.raw(&number.to_be_bytes())
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.i16(i16::try_from(text.len()).unwrap()).raw(text.as_bytes())
    }

    pub(crate) fn nullable(self, bytes: Option<&[u8]>) -> Self {
        match bytes {
            None => self.i32(-1),
            Some(bytes) => self.i32(i32::try_from(bytes.len()).unwrap()).raw(bytes),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// An answer being taken apart: Java's `DataInputStream`.
pub(crate) struct Reading<'a>(pub(crate) &'a [u8]);

impl<'a> Reading<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk().unwrap();
        self.0 = rest;
        *taken
    }

    fn slice(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    pub(crate) fn bool(&mut self) -> bool {
        self.take::<1>() != [0]
    }

    pub(crate) fn i16(&mut self) -> i16 {
        i16::from_be_bytes(self.take())
    }

    pub(crate) fn i32(&mut self) -> i32 {
        i32::from_be_bytes(self.take())
    }

    pub(crate) fn i64(&mut self) -> i64 {
        i64::from_be_bytes(self.take())
    }

    pub(crate) fn text(&mut self) -> &'a str {
        let length = usize::try_from(self.i16()).unwrap();
        std::str::from_utf8(self.slice(length)).unwrap()
    }

    pub(crate) fn nullable(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.i32()).ok()?;
        Some(self.slice(length))
    }
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap()
}
