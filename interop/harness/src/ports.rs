//! Ports for servers that must be able to come back on the same port.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Error;

/// Below Linux's ephemeral range (32768 and up), so that no outgoing connection takes the port of a node
/// that is down for a while.
const RANGE: std::ops::Range<u16> = 15_000..32_000;

/// A port that no other harness on this machine takes while the lease lives.
///
/// The lease is a locked file, not a bound socket: the server binds the port itself, and a lock goes when
/// its process dies, however it dies.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) port: u16,
    _lock: File,
}

/// Takes `count` ports.
pub(crate) fn lease(count: usize) -> Result<Vec<Lease>, Error> {
    let folder = std::env::temp_dir().join("ottla-ports");
    fs::create_dir_all(&folder).map_err(Error::path("create", &folder))?;
    let span = usize::from(RANGE.end - RANGE.start);
    let first = start_offset(span);
    let mut leases = Vec::with_capacity(count);
    for step in 0..span {
        if leases.len() == count {
            break;
        }
        let offset = u16::try_from((first + step) % span).unwrap_or_default();
        let port = RANGE.start + offset;
        let path = folder.join(port.to_string());
        let lock = File::create(&path).map_err(Error::path("create", &path))?;
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            leases.push(Lease { port, _lock: lock });
        }
    }
    if leases.len() < count { Err(Error::NoFreePort) } else { Ok(leases) }
}

/// Spreads harnesses over the range: a port that was given up a moment ago is likely still in use.
fn start_offset(span: usize) -> usize {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    let mixed = u64::from(nanoseconds).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(mixed).unwrap_or_default() % span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_distinct_and_exclusive() {
        let first = lease(8).unwrap();
        let second = lease(8).unwrap();
        let mut ports: Vec<u16> = first.iter().chain(&second).map(|lease| lease.port).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 16);
        let held = std::env::temp_dir().join("ottla-ports").join(ports.first().unwrap().to_string());
        assert!(File::open(held).unwrap().try_lock().is_err());
    }
}
