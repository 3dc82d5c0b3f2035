//! What claims to be compressed: the first byte chooses the codec.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ottla_proto::compression::{Codec, Compressor, Decompressor};

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((&codec, data)) = data.split_first() else { return };
    let Some(codec) = Codec::from_id(codec % 5) else { return };
    let mut decompressor = Decompressor::with_limit(LIMIT);
    let mut output = Vec::new();
    if decompressor.decompress(codec, data, &mut output).is_ok() {
        assert!(output.len() <= LIMIT);
    }

    // What is compressed comes back.
    let Ok(mut compressor) = Compressor::new(codec) else { return };
    let mut packed = Vec::new();
    compressor.compress(data, &mut packed).expect("any bytes can be compressed");
    decompressor.decompress(codec, &packed, &mut output).expect("our own bytes");
    assert_eq!(output, data);
});
