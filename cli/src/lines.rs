//! Lines from files or standard input, read on a thread of their own so that a slow pipe never holds up the
//! producer, and handed over in blocks so that the hand-over costs nothing per line.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::thread;

use tokio::sync::mpsc;

/// How many bytes are read at once.
const BLOCK: usize = 256 * 1024;

/// Some lines of one input.
#[derive(Debug)]
pub(crate) struct Block {
    /// Which input, for messages: a path or `standard input`.
    pub(crate) source: String,
    /// The number of the block's first line, counted from 1 in its input.
    pub(crate) first_line: u64,
    bytes: Vec<u8>,
    /// Where each line ends in `bytes`, its line end included if it has one.
    ends: Vec<usize>,
}

impl Block {
    fn new(source: &str, first_line: u64, bytes: Vec<u8>) -> Self {
        let mut ends: Vec<usize> =
            bytes.iter().enumerate().filter(|&(_, &byte)| byte == b'\n').map(|(at, _)| at + 1).collect();
        if ends.last().copied().unwrap_or(0) < bytes.len() {
            ends.push(bytes.len());
        }
        Self { source: source.to_owned(), first_line, bytes, ends }
    }

    /// The lines, without their line ends.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let line = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            line.strip_suffix(b"\n").unwrap_or(line)
        })
    }

    pub(crate) fn byte_length(&self) -> u64 {
        self.bytes.len() as u64
    }
}

/// An input that could not be opened or read, or a line in it that is too long.
#[derive(Debug)]
pub(crate) struct ReadProblem {
    pub(crate) source: String,
    pub(crate) error: io::Error,
}

impl fmt::Display for ReadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.error)
    }
}

/// Reads `files` one after another, or standard input if there are none. `longest` bounds the memory for one
/// line; a longer one is an error that names it.
pub(crate) fn read(files: Vec<PathBuf>, longest: usize) -> mpsc::Receiver<Result<Block, ReadProblem>> {
    // Two blocks ahead: enough to keep both sides busy.
    let (sender, receiver) = mpsc::channel(2);
    // The thread ends with its input or when the receiver is dropped. It may sit in a blocking read of a
    // terminal until the process ends, which is why nobody joins it.
    thread::spawn(move || {
        let inputs = if files.is_empty() { vec![None] } else { files.into_iter().map(Some).collect() };
        for path in inputs {
            let source = path.as_ref().map_or("standard input".to_owned(), |path| path.display().to_string());
            let ended = match path.map(File::open) {
                None => send_lines(io::stdin(), &source, longest, &sender),
                Some(Ok(file)) => send_lines(file, &source, longest, &sender),
                Some(Err(error)) => Err(error),
            };
            if let Err(error) = ended
                && sender.blocking_send(Err(ReadProblem { source, error })).is_err()
            {
                return;
            }
        }
    });
    receiver
}

/// Sends all lines of one input, as soon as they are complete: what a person types at a terminal goes out line
/// by line. Ends early, without error, if nobody listens any more.
fn send_lines(
    mut input: impl Read,
    source: &str,
    longest: usize,
    sender: &mpsc::Sender<Result<Block, ReadProblem>>,
) -> io::Result<()> {
    let mut chunk = vec![0; BLOCK];
    let mut pending = Vec::new();
    let mut next_line = 1;
    loop {
        let read = match input.read(&mut chunk) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        pending.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let complete = match pending.iter().rposition(|&byte| byte == b'\n') {
            _ if read == 0 => pending.len(),
            Some(last) => last + 1,
            None => 0,
        };
        let rest = pending.split_off(complete);
        if !pending.is_empty() {
            let mut block = Block::new(source, next_line, std::mem::replace(&mut pending, rest));
            let too_long = block.lines().position(|line| line.len() > longest);
            if let Some(good) = too_long {
                block.ends.truncate(good);
            }
            next_line += block.ends.len() as u64;
            if sender.blocking_send(Ok(block)).is_err() {
                return Ok(());
            }
            if too_long.is_some() {
                return Err(line_too_long(next_line, longest));
            }
        } else {
            pending = rest;
        }
        if pending.len() > longest {
            return Err(line_too_long(next_line, longest));
        }
        if read == 0 {
            return Ok(());
        }
    }
}

fn line_too_long(line: u64, longest: usize) -> io::Error {
    let text = format!("line {line} is longer than {longest} bytes; --max-line allows more");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_lines(input: &[u8], longest: usize) -> (Vec<Vec<u8>>, Option<String>) {
        let (sender, mut receiver) = mpsc::channel(1024);
        let ended = send_lines(input, "test", longest, &sender);
        drop(sender);
        let mut lines = Vec::new();
        let mut expected = 1;
        while let Ok(Ok(block)) = receiver.try_recv() {
            assert_eq!(block.first_line, expected);
            lines.extend(block.lines().map(<[u8]>::to_vec));
            expected = lines.len() as u64 + 1;
        }
        (lines, ended.err().map(|error| error.to_string()))
    }

    #[test]
    fn keeps_every_byte_but_the_line_ends() {
        let (lines, error) = all_lines(b"one\n\nthree\r\n\xff\xfe\nlast without an end", 100);
        let expected: [&[u8]; 5] = [b"one", b"", b"three\r", b"\xff\xfe", b"last without an end"];
        assert_eq!(lines, expected);
        assert_eq!(error, None);
    }

    #[test]
    fn an_empty_input_has_no_line() {
        assert_eq!(all_lines(b"", 100), (Vec::new(), None));
    }

    #[test]
    fn lines_may_span_reads() {
        let long = vec![b'x'; 3 * BLOCK];
        let mut input = b"a\n".to_vec();
        input.extend_from_slice(&long);
        input.extend_from_slice(b"\nb\n");
        let (lines, error) = all_lines(&input, 4 * BLOCK);
        assert_eq!(lines, [b"a".to_vec(), long, b"b".to_vec()]);
        assert_eq!(error, None);
    }

    #[test]
    fn a_line_that_is_too_long_is_named_and_those_before_it_are_kept() {
        let (lines, error) = all_lines(b"one\ntwo\nmuch too long\nfour\n", 5);
        assert_eq!(lines, [b"one".to_vec(), b"two".to_vec()]);
        assert!(error.unwrap().starts_with("line 3 is longer than 5 bytes"));
        let (_, error) = all_lines(&vec![b'x'; 2 * BLOCK], BLOCK);
        assert!(error.unwrap().starts_with("line 1 is longer"));
    }
}
