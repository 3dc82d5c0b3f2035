//! What a detached cluster leaves for the next process: one line per fact, in `cluster.state`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::{Error, Version};

const FILE: &str = "cluster.state";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) version: Version,
    pub(crate) heap_mebibytes: u32,
    pub(crate) zookeeper: Option<Process>,
    pub(crate) nodes: Vec<Process>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) port: u16,
    /// 0 for a node that was killed.
    pub(crate) pid: u32,
}

impl State {
    pub(crate) fn read(folder: &Path) -> Option<State> {
        parse(&fs::read_to_string(folder.join(FILE)).ok()?)
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        fs::write(&path, self.text()).map_err(Error::path("write", &path))
    }

    fn text(&self) -> String {
        let mut text = format!("version {}\nheap {}\n", self.version, self.heap_mebibytes);
        if let Some(Process { port, pid }) = self.zookeeper {
            let _ = writeln!(text, "zookeeper {port} {pid}");
        }
        for Process { port, pid } in &self.nodes {
            let _ = writeln!(text, "node {port} {pid}");
        }
        text
    }
}

fn parse(text: &str) -> Option<State> {
    let mut version = None;
    let mut heap = None;
    let mut zookeeper = None;
    let mut nodes = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match *words.as_slice() {
            ["version", number] => version = number.parse().ok(),
            ["heap", number] => heap = number.parse().ok(),
            ["zookeeper", port, pid] => zookeeper = Some(process(port, pid)?),
            ["node", port, pid] => nodes.push(process(port, pid)?),
            _ => return None,
        }
    }
    Some(State { version: version?, heap_mebibytes: heap?, zookeeper, nodes })
}

fn process(port: &str, pid: &str) -> Option<Process> {
    Some(Process { port: port.parse().ok()?, pid: pid.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_round_trip() {
        let state = State {
            version: Version::V2_8_2,
            heap_mebibytes: 512,
            zookeeper: Some(Process { port: 20_000, pid: 7 }),
            nodes: vec![Process { port: 20_001, pid: 8 }, Process { port: 20_002, pid: 0 }],
        };
        assert_eq!(parse(&state.text()), Some(state));
        assert_eq!(parse("version 9.9.9\nheap 1\n"), None);
        assert_eq!(parse("something else\n"), None);
    }
}
