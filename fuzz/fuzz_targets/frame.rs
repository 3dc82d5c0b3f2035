//! What a peer sends first: the length of a frame, and the header in it.

#![no_main]

// The one part of `core` that reads bytes of its own; the rest of that crate would double the build.
#[allow(dead_code, unreachable_pub, reason = "not all of it reads bytes")]
#[path = "../../core/src/net/frame.rs"]
mod frame;

use bytes::Bytes;
use frame::frame_length;
use libfuzzer_sys::fuzz_target;
use ottla_proto::messages::{RequestHeader, ResponseHeader};
use ottla_proto::wire::{Message, Reader};

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((prefix, rest)) = data.split_first_chunk::<4>() else { return };
    if let Ok(length) = frame_length(*prefix, LIMIT) {
        assert!(length <= LIMIT);
    }
    for version in 1..=2 {
        header::<RequestHeader>(rest, version);
    }
    for version in 0..=1 {
        header::<ResponseHeader>(rest, version);
    }
});

/// A header that was read is the same after writing and reading it again.
fn header<M: Message>(bytes: &[u8], version: i16) {
    let mut reader = Reader::new(Bytes::copy_from_slice(bytes));
    if let Ok(header) = M::read(&mut reader, version) {
        let written = header.encode(version).expect("what was read can be written");
        assert_eq!(M::decode(written, version), Ok(header));
    }
}
