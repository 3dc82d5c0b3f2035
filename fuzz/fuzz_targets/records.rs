//! A record set of any format, as a Fetch answer or a Produce request brings it.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use ottla_proto::compression::Decompressor;
use ottla_proto::records::{Batch, BatchWriter, Batches, ControlRecord, MAX_BATCH_SIZE, Stamp};

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let mut decompressor = Decompressor::with_limit(LIMIT);
    for batch in Batches::new(Bytes::copy_from_slice(data)).flatten() {
        let _ = batch.verify_crc();
        let Ok(records) = batch.read(&mut decompressor) else { continue };
        let mut writer = BatchWriter::new(Vec::new());
        let mut count = 0;
        for record in &records {
            let _ = ControlRecord::read(&record);
            writer.append_record(&record, MAX_BATCH_SIZE).expect("what was in a batch fits into one");
            count += 1;
        }
        assert_eq!(count, records.len(), "what has been validated iterates to its end");

        // What was read is the same after writing and reading it again.
        let stamped = writer.seal().stamp(Stamp::NONE);
        let again = Batch::parse(stamped.bytes().clone()).expect("our own batch");
        again.verify_crc().expect("our own checksum");
        let again = again.read(&mut decompressor).expect("our own records");
        for (first, second) in records.iter().zip(&again) {
            let (first, mut second) = (first.to_owned(), second.to_owned());
            second.offset = first.offset;
            assert_eq!(first, second);
        }
    }
});
