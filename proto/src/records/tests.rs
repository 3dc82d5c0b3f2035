use super::*;
use crate::compression::{Codec, Compressor, Decompressor};
use crate::{ProducerEpoch, ProducerId};

const STAMP: Stamp = Stamp {
    producer_id: ProducerId(77),
    producer_epoch: ProducerEpoch(3),
    base_sequence: 40,
    transactional: true,
};

#[test]
fn what_was_written_is_read_with_every_codec() {
    for codec in Codec::ALL {
        let mut writer = BatchWriter::new(Vec::new());
        for index in 0..500 {
            let value = format!("value number {index}");
            let appended = match index % 3 {
                0 => writer.append(1000 + index, Some(b"key"), Some(value.as_bytes()), MAX_BATCH_SIZE),
                1 => writer.append(1000 - index, None, None, MAX_BATCH_SIZE),
                _ => {
                    let headers = [
                        Header { key: b"h", value: Some(b"1") },
                        Header { key: b"h", value: None },
                        Header { key: b"\xff", value: Some(b"") },
                    ];
                    writer.append_with_headers(
                        index,
                        Some(b""),
                        Some(b""),
                        headers.into_iter(),
                        MAX_BATCH_SIZE,
                    )
                }
            };
            assert_eq!(appended, Ok(u32::try_from(index).unwrap()));
        }
        let Ok(mut compressor) = Compressor::new(codec) else { continue };
        let mut sealed = writer.seal();
        assert_eq!(sealed.compress(&mut compressor, &mut Vec::new()), Ok(codec != Codec::None));
        let batch = Batch::parse(sealed.stamp(STAMP).bytes().clone()).unwrap();
        batch.verify_crc().unwrap();
        let records = batch.read(&mut Decompressor::default()).unwrap();
        assert_eq!(records.len(), 500);
        assert!(records.is_consecutive());
        for (index, record) in (0_i64..).zip(&records) {
            assert_eq!(record.offset, index);
            match index % 3 {
                0 => {
                    assert_eq!(record.timestamp, 1000 + index);
                    assert_eq!(record.key, Some(&b"key"[..]));
                    assert_eq!(record.value, Some(format!("value number {index}").as_bytes()));
                }
                1 => {
                    assert_eq!((record.timestamp, record.key, record.value), (1000 - index, None, None));
                }
                _ => {
                    assert_eq!((record.key, record.value), (Some(&b""[..]), Some(&b""[..])));
                    let headers: Vec<_> = record.headers.map(|header| (header.key, header.value)).collect();
                    assert_eq!(headers, [(&b"h"[..], Some(&b"1"[..])), (b"h", None), (b"\xff", Some(b""))]);
                }
            }
        }
    }
}
