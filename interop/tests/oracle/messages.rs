//! Every message in every version: random bytes that the Rust code reads and writes back unchanged, Kafka's
//! generated classes read and write back unchanged too.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::java::{Java, Question};
use crate::schema::random::{self, Random};
use crate::schema::{Kind, SCHEMAS, Schema};

/// Schemas whose classes cannot be asked, and why.
const NOT_ASKED: [(&str, &str); 0] = [];

#[test]
fn kafka_agrees_on_every_byte_of_every_message() {
    let Some(mut java) = Java::start() else { return };
    let rounds = if std::env::var_os("OTTLA_PROOF").is_some() { 1000 } else { 10 };
    let (mut versions, mut compared) = (0, 0_u64);
    let mut refused = BTreeSet::new();
    for (index, schema) in SCHEMAS.iter().enumerate() {
        for version in schema.each_version() {
            versions += 1;
            for round in 0..rounds {
                let seed = (index as u64) << 40 | version.unsigned_abs() as u64 | round << 16;
                let bytes = Bytes::from(random::message(schema, version, &mut Random::new(seed)).bytes);
                let place = format!("{} version {version}, seed {seed:#x}", schema.name);
                let ours = (schema.codec.transcode)(bytes.clone(), version, version);
                assert_eq!(ours, Ok(bytes.clone()), "{place}");
                let question = Question::new(b'M').text(&class(schema)).i16(version).raw(&bytes);
                match java.ask(question.bytes()) {
                    Ok(theirs) => {
                        assert!(theirs == bytes, "{place}: Java writes\n{theirs:?}, not\n{bytes:?}")
                    }
                    Err(exception) => {
                        let excused = NOT_ASKED.iter().any(|(name, _)| *name == schema.name);
                        assert!(excused, "{place}: {exception}");
                        refused.insert(schema.name);
                    }
                }
                compared += 1;
            }
        }
    }
    for (name, reason) in NOT_ASKED {
        assert!(refused.contains(name), "{name} is no longer refused ({reason}); take it off the list");
    }
    println!(
        "FIGURE: Java agrees on {compared} random messages in {versions} versions of {} messages",
        SCHEMAS.len()
    );
}

/// The class that Kafka's generator makes of a schema.
fn class(schema: &Schema) -> String {
    let is_header = schema.name.ends_with("Header");
    let suffix = if schema.kind == Kind::Data && !is_header { "" } else { "Data" };
    format!("{}{suffix}", schema.name)
}
