//! Every message: the first two bytes choose the schema, the third the version, the rest is the message.

#![no_main]

#[path = "../../proto/tests/schema/mod.rs"]
mod schema;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

use schema::SCHEMAS;

fuzz_target!(|data: &[u8]| {
    let Some(([high, low, version], rest)) = data.split_first_chunk::<3>() else { return };
    let schema = &SCHEMAS[usize::from(u16::from_be_bytes([*high, *low])) % SCHEMAS.len()];
    let (first, last) = schema.versions;
    let version = first + i16::from(*version) % (last - first + 1);
    let transcode = |bytes| (schema.codec.transcode)(bytes, version, version);

    // What was read can be written, and comes back the same from then on.
    match transcode(Bytes::copy_from_slice(rest)) {
        Ok(written) => assert_eq!(transcode(written.clone()), Ok(written)),
        Err(schema::Failure::Decode(_)) => {}
        Err(failure) => panic!("{} version {version}: {failure:?}", schema.name),
    }
});
