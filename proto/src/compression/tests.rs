use super::*;

/// What codecs meet: nothing, little, text that repeats, noise, and sizes around their blocks.
fn inputs() -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut noise = |length: usize| (0..length).map(|_| random.u8(..)).collect::<Vec<u8>>();
    let text =
        |length: usize| b"{\"id\":17,\"event\":\"checkout\"}".iter().copied().cycle().take(length).collect();
    let mut inputs = vec![vec![], vec![7], b"hello".to_vec(), vec![0; 3_000_000]];
    for size in [100, 32 << 10, (32 << 10) + 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 1_000_000] {
        inputs.push(text(size));
        inputs.push(noise(size));
    }
    inputs
}

/// Text of many short repetitions, as records are.
fn words(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(3);
    let mut text = String::new();
    while text.len() < length {
        let word = ["checkout", "basket", "id", "customer", "\":\"", "},{"][random.usize(..6)];
        text.push_str(word);
        text.push_str(&random.u16(..1_000).to_string());
    }
    text.truncate(length);
    text.into_bytes()
}

fn compressed(codec: Codec, level: Option<i32>, input: &[u8]) -> Option<Vec<u8>> {
    let compressor = match level {
        Some(level) => Compressor::with_level(codec, level),
        None => Compressor::new(codec),
    };
    let mut output = Vec::new();
    compressor.ok()?.compress(input, &mut output).unwrap();
    Some(output)
}

#[test]
fn one_context_serves_batch_after_batch() {
    let mut decompressor = Decompressor::default();
    for codec in Codec::ALL {
        let Ok(mut compressor) = Compressor::new(codec) else { continue };
        let mut unpacked = Vec::new();
        for input in inputs() {
            let mut packed = b"before".to_vec();
            compressor.compress(&input, &mut packed).unwrap();
            let packed = packed.strip_prefix(b"before").unwrap();
            decompressor.decompress(codec, packed, &mut unpacked).unwrap();
            assert!(unpacked == input, "{codec}, {} bytes", input.len());
        }
    }
}

#[test]
fn levels_are_kept_to() {
    let input = &inputs()[16];
    for (codec, fast, small) in [(Codec::Gzip, 1, 9), (Codec::Zstd, -50, 19)] {
        let Some(fast) = compressed(codec, Some(fast), input) else { continue };
        let small = compressed(codec, Some(small), input).unwrap();
        assert!(small.len() < fast.len(), "{codec}");
    }
    let no_such = |codec, level| Compressor::with_level(codec, level).unwrap_err();
    let gzip = CompressError::NoSuchLevel { codec: Codec::Gzip, level: 10, min: 1, max: 9 };
    assert_eq!(no_such(Codec::Gzip, 10), gzip);
    assert_eq!(no_such(Codec::Lz4, 9), CompressError::NoLevels { codec: Codec::Lz4, level: 9 });
    assert!(matches!(no_such(Codec::Zstd, 23), CompressError::NoSuchLevel { level: 23, .. }));
}

#[cfg(not(feature = "zstd"))]
#[test]
fn a_build_without_c_names_the_feature_it_lacks() {
    let error = Compressor::new(Codec::Zstd).unwrap_err();
    assert_eq!(error, CompressError::NeedsFeature { codec: Codec::Zstd, feature: "zstd" });
}

#[test]
fn a_buffer_that_comes_back_is_large_enough_for_the_next_batch() {
    // A batch of the default size, which is no multiple of any codec's block.
    let input = words(1_000_000);
    for codec in Codec::ALL {
        let Some(packed) = compressed(codec, None, &input) else { continue };
        let (mut decompressor, mut output) = (Decompressor::default(), Vec::new());
        decompressor.decompress(codec, &packed, &mut output).unwrap();
        let first = (output.as_ptr(), output.capacity());
        for _ in 0..3 {
            decompressor.decompress(codec, &packed, &mut output).unwrap();
            assert_eq!((output.as_ptr(), output.capacity()), first, "{codec}");
        }
        assert!(output == input && output.capacity() <= 2 << 20, "{codec}: {}", output.capacity());
    }
}

/// What the zstd command wrote at its default level, of 100,000 zeros after "bomb".
const ZSTD: &[u8] = &[
    0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x6d, 0x00, 0x00, 0x28, 0x62, 0x6f, 0x6d, 0x62, 0x00, 0x01, 0x00,
    0x9c, 0x86, 0x39, 0xd0, 0x02, 0x0c, 0xb0, 0x1c, 0x23,
];

#[test]
fn a_zstd_frame_from_elsewhere_is_read() {
    let mut output = Vec::new();
    Decompressor::default().decompress(Codec::Zstd, ZSTD, &mut output).unwrap();
    assert_eq!(output.len(), 100_004);
    assert!(output.starts_with(b"bomb\0\0"));
}

#[test]
fn nothing_passes_the_limit() {
    let bomb = vec![0; 3_000_000];
    for codec in Codec::ALL {
        let packed = match compressed(codec, None, &bomb) {
            Some(packed) => packed,
            None => ZSTD.to_vec(),
        };
        let size = if codec == Codec::Zstd && cfg!(not(feature = "zstd")) { 100_004 } else { bomb.len() };
        let mut output = Vec::new();
        Decompressor::with_limit(size).decompress(codec, &packed, &mut output).unwrap();
        for limit in [size - 1, size / 2, 1, 0] {
            let mut output = Vec::new();
            let error = Decompressor::with_limit(limit).decompress(codec, &packed, &mut output).unwrap_err();
            assert_eq!(error, DecompressError::TooLarge { codec, limit });
            assert!(output.capacity() <= 2 * limit + 200_000, "{codec}: {} for {limit}", output.capacity());
        }
    }
}

#[test]
fn what_does_not_shrink_does_not_pass_the_limit_either() {
    let noise = inputs().pop().unwrap();
    for codec in Codec::ALL {
        let Some(packed) = compressed(codec, None, &noise) else { continue };
        let limit = noise.len() - 1;
        let result = Decompressor::with_limit(limit).decompress(codec, &packed, &mut Vec::new());
        assert_eq!(result, Err(DecompressError::TooLarge { codec, limit }));
    }
}

#[test]
fn what_is_cut_off_is_corrupt() {
    let input: Vec<u8> = b"some text, some more text, and the text again".repeat(40);
    let mut decompressor = Decompressor::default();
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let packed = compressed(codec, None, &input).unwrap_or_else(|| ZSTD.to_vec());
        let mut output = Vec::new();
        for end in 0..packed.len() {
            // A snappy stream has no end mark: after its header, nothing is a whole stream too.
            if codec == Codec::Snappy && end == 16 {
                continue;
            }
            let result = decompressor.decompress(codec, &packed[..end], &mut output);
            assert!(
                matches!(result, Err(DecompressError::Corrupt { .. })),
                "{codec} cut at {end}: {result:?}"
            );
        }
    }
}

#[test]
fn damage_is_an_error_or_other_bytes_and_never_more_than_the_limit() {
    let mut random = fastrand::Rng::with_seed(2);
    let input: Vec<u8> = b"some text, some more text, and the text again".repeat(40);
    let limit = 100_000;
    let mut decompressor = Decompressor::with_limit(limit);
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let whole = compressed(codec, None, &input).unwrap_or_else(|| ZSTD.to_vec());
        for _ in 0..20_000 {
            let mut packed = whole.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..packed.len());
                packed[at] = random.u8(..);
            }
            let mut output = Vec::new();
            if decompressor.decompress(codec, &packed, &mut output).is_ok() {
                assert!(output.len() <= limit);
            }
            // The formats' best ratios times what was given; zstd's frames may claim a block of 128 KiB.
            assert!(output.capacity() <= 300_000, "{codec}: {}", output.capacity());
        }
    }
}

/// The bytes of others' batches lie in the buffers that are used again.
#[test]
fn what_damage_brings_forth_does_not_depend_on_what_the_buffer_held() {
    let mut random = fastrand::Rng::with_seed(4);
    let input = words(3_000);
    let limit = 10_000;
    let mut decompressor = Decompressor::with_limit(limit);
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let whole = compressed(codec, None, &input).unwrap_or_else(|| ZSTD.to_vec());
        let mut survived = 0;
        for _ in 0..10_000 {
            let mut packed = whole.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..packed.len());
                packed[at] = random.u8(..);
            }
            let mut read = |fill: u8| {
                let mut output = vec![fill; limit];
                decompressor.decompress(codec, &packed, &mut output).map(|()| output)
            };
            let read = [read(0x55), read(0xaa)];
            assert_eq!(read[0], read[1], "{codec}: {packed:?}");
            survived += usize::from(read[0].is_ok());
        }
        // Otherwise nothing was compared but errors.
        assert!(survived > 0 || codec == Codec::Gzip || codec == Codec::Zstd, "{codec}");
    }
}

#[test]
fn an_lz4_match_reaches_back_to_its_blocks_first_byte_and_no_further() {
    // Blocks of four literals and a match of four bytes (then one literal, which ends a block).
    let block = |offset: u16| {
        let mut block = vec![0x40, b'a', b'b', b'c', b'd'];
        block.extend(offset.to_le_bytes());
        block.extend([0x10, b'e']);
        block
    };
    let frame = |offsets: [u16; 2]| {
        let mut frame = vec![0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
        for offset in offsets {
            frame.extend([9, 0, 0, 0]);
            frame.extend(block(offset));
        }
        frame.extend([0; 4]);
        frame
    };
    let mut decompressor = Decompressor::default();
    let mut read = |frame: &[u8]| {
        let mut output = b"what the batch before has left".to_vec();
        decompressor.decompress(Codec::Lz4, frame, &mut output).map(|()| output)
    };
    assert_eq!(read(&frame([4, 2])), Ok(b"abcdabcdeabcdcdcde".to_vec()));
    for beyond in [0, 5, 9, u16::MAX] {
        for frame in [frame([beyond, 4]), frame([4, beyond])] {
            assert!(matches!(read(&frame), Err(DecompressError::Corrupt { .. })), "{beyond}");
        }
    }
}

#[test]
fn snappy_is_read_raw_and_framed_and_glued() {
    let raw = snap::raw::Encoder::new().compress_vec(b"raw block").unwrap();
    let framed = compressed(Codec::Snappy, None, b"framed").unwrap();
    let mut output = Vec::new();
    let mut read = |bytes: &[u8]| {
        Decompressor::default().decompress(Codec::Snappy, bytes, &mut output).map(|()| output.clone())
    };
    assert_eq!(read(&raw), Ok(b"raw block".to_vec()));
    assert_eq!(read(&framed), Ok(b"framed".to_vec()));
    assert_eq!(read(&[&framed[..], &framed[..]].concat()), Ok(b"framedframed".to_vec()));
    assert_eq!(framed[..16], [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    // A block that claims 2 GiB.
    let claim = [0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0];
    assert!(matches!(read(&claim), Err(DecompressError::Corrupt { .. })));
}

#[test]
fn lz4_frames_are_those_of_java_and_broken_checksums_are_forgiven() {
    let mut frame = compressed(Codec::Lz4, None, b"abcd").unwrap();
    // Magic, version 1 with independent blocks, 64 KiB, checksum; a stored block of four bytes; the end.
    let expected =
        [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 4, 0, 0, 0x80, b'a', b'b', b'c', b'd', 0, 0, 0, 0];
    assert_eq!(frame, expected);
    let mut output = Vec::new();
    let mut read = |bytes: &[u8]| {
        Decompressor::default().decompress(Codec::Lz4, bytes, &mut output).map(|()| output.clone())
    };
    frame[6] ^= 0xff;
    assert_eq!(read(&frame), Ok(b"abcd".to_vec()));
    // Content size and block checksums are stepped over.
    let mut rich = vec![0x04, 0x22, 0x4d, 0x18, 0x78, 0x40];
    rich.extend([4, 0, 0, 0, 0, 0, 0, 0, 0x99]);
    rich.extend([4, 0, 0, 0x80, b'a', b'b', b'c', b'd', 1, 2, 3, 4, 0, 0, 0, 0]);
    assert_eq!(read(&rich), Ok(b"abcd".to_vec()));
    frame[4] = 0x40;
    assert!(matches!(read(&frame), Err(DecompressError::Corrupt { .. })));
}

#[test]
fn gzip_reads_headers_with_everything_and_members_in_a_row() {
    let plain = compressed(Codec::Gzip, None, b"abc").unwrap();
    let mut rich = vec![0x1f, 0x8b, 8, 0x1e, 1, 2, 3, 4, 0, 3];
    rich.extend([2, 0, 9, 9]);
    rich.extend(b"name\0comment\0");
    rich.extend([1, 2]);
    rich.extend(&plain[10..]);
    let mut output = Vec::new();
    let mut decompressor = Decompressor::default();
    decompressor.decompress(Codec::Gzip, &[&rich[..], &plain[..], b"junk"].concat(), &mut output).unwrap();
    assert_eq!(output, b"abcabc");
    let at = plain.len() - 5;
    let mut wrong = plain;
    wrong[at] ^= 1;
    let result = decompressor.decompress(Codec::Gzip, &wrong, &mut output);
    assert_eq!(
        result,
        Err(DecompressError::Corrupt { codec: Codec::Gzip, reason: "the checksum does not match" })
    );
}

#[test]
fn names_and_numbers_are_kafkas() {
    for (id, codec) in (0..).zip(Codec::ALL) {
        assert_eq!(codec.id(), id);
        assert_eq!(Codec::from_id(id), Some(codec));
        assert_eq!(codec.name().parse(), Ok(codec));
    }
    assert_eq!(Codec::from_id(5), None);
    assert_eq!("LZ4".parse::<Codec>(), Err(UnknownCodec("LZ4".to_owned())));
}
