//! What claims to be compressed: the first byte chooses the codec. What comes of it may depend on nothing else, least of
//! all on the batch that the buffer held before.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ottla_proto::compression::{Codec, Compressor, Decompressor};

const LIMIT: usize = 1 << 20;
/// How much of a buffer is from before.
const HELD: usize = 4 << 10;

fuzz_target!(|data: &[u8]| {
    let Some((&codec, data)) = data.split_first() else { return };
    let Some(codec) = Codec::from_id(codec % 5) else { return };
    let mut decompressor = Decompressor::with_limit(LIMIT);
    let mut read = |held: u8| {
        let mut output = vec![held; HELD];
        decompressor.decompress(codec, data, &mut output).map(|()| output)
    };
    let read = [read(0x55), read(0xaa)];
    assert_eq!(read[0], read[1]);
    if let [Ok(output), _] = &read {
        assert!(output.len() <= LIMIT);
    }

    // What is compressed comes back.
    let Ok(mut compressor) = Compressor::new(codec) else { return };
    let (mut packed, mut output) = (Vec::new(), Vec::new());
    compressor.compress(data, &mut packed).expect("any bytes can be compressed");
    decompressor.decompress(codec, &packed, &mut output).expect("our own bytes");
    assert_eq!(output, data);
});
