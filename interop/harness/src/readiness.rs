//! Asks a node who is in the cluster: a port that is open proves little, an answer proves the broker serves.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// What one node answered to a Metadata request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) brokers: Vec<i32>,
    pub(crate) controller: i32,
}

/// Sends Metadata version 1, which every broker here answers, with no topics.
///
/// It is written by hand on purpose: what starts the reference cluster must not depend on the protocol
/// code that is tested against that cluster.
pub(crate) fn ask(port: u16) -> io::Result<Membership> {
    const REQUEST: [u8; 24] = [
        0, 0, 0, 20, // length
        0, 3, 0, 1, // Metadata, version 1
        0, 0, 0, 1, // correlation id
        0, 6, b'r', b'e', b'a', b'd', b'y', b'?', // client id
        0, 0, 0, 0, // no topics
    ];
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let limit = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(&REQUEST)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u64::from(u32::from_be_bytes(length)).min(1 << 20);
    let mut answer = Vec::new();
    stream.take(length).read_to_end(&mut answer)?;
    parse(&answer)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is no Metadata answer"))
}

fn parse(answer: &[u8]) -> Option<Membership> {
    let mut rest = answer;
    let _correlation_id = number(&mut rest)?;
    let count = number(&mut rest)?;
    let mut brokers = Vec::new();
    for _ in 0..count {
        brokers.push(number(&mut rest)?);
        skip_string(&mut rest)?; // host
        let _port = number(&mut rest)?;
        skip_string(&mut rest)?; // rack
    }
    Some(Membership { brokers, controller: number(&mut rest)? })
}

fn number(rest: &mut &[u8]) -> Option<i32> {
    let (bytes, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(i32::from_be_bytes(*bytes))
}

/// A null string has length -1.
fn skip_string(rest: &mut &[u8]) -> Option<()> {
    let (bytes, tail) = rest.split_first_chunk()?;
    let length = usize::try_from(i16::from_be_bytes(*bytes)).unwrap_or(0);
    *rest = tail.get(length..)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_brokers_and_controller() {
        let mut answer = vec![0, 0, 0, 1, 0, 0, 0, 2];
        answer.extend([0, 0, 0, 1, 0, 1, b'a', 0, 0, 0x3a, 0x98, 0xff, 0xff]); // no rack
        answer.extend([0, 0, 0, 2, 0, 1, b'b', 0, 0, 0x3a, 0x99, 0, 1, b'r']);
        answer.extend([0, 0, 0, 2, 0, 0, 0, 0]);
        assert_eq!(parse(&answer), Some(Membership { brokers: vec![1, 2], controller: 2 }));
        for length in 0..answer.len() - 4 {
            assert_eq!(parse(&answer[..length]), None, "cut at {length}");
        }
    }
}
