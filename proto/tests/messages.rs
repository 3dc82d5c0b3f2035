//! Every message in every version, driven by the schema table: there is no test code per message.
//!
//! Short counts by default; `OTTLA_PROOF=1` runs many times as many.

mod schema;

use bytes::Bytes;
use ottla_proto::wire::{DecodeProblem, EncodeError};

use schema::random::{self, Random, Written};
use schema::{Failure, SCHEMAS, Schema};

/// Calls `test` with random messages of every schema and version; what it panics with is preceded by the seed.
fn for_each_message(rounds: u64, mut test: impl FnMut(&Schema, i16, &Written, &mut Random)) {
    let rounds = if std::env::var_os("OTTLA_PROOF").is_some() { rounds * 50 } else { rounds };
    for (index, schema) in SCHEMAS.iter().enumerate() {
        for version in schema.each_version() {
            for round in 0..rounds {
                let seed = (index as u64) << 40 | u64::from(version.unsigned_abs()) << 32 | round;
                let mut random = Random::new(seed);
                let written = random::message(schema, version, &mut random);
                let place = Place { schema, version, seed };
                test(schema, version, &written, &mut random);
                std::mem::forget(place);
            }
        }
    }
}

/// Says which message a panic is about.
struct Place<'a> {
    schema: &'a Schema,
    version: i16,
    seed: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        eprintln!("failed with {} version {}, seed {:#x}", self.schema.name, self.version, self.seed);
    }
}

#[test]
fn what_is_read_is_written_back_byte_for_byte() {
    for_each_message(20, |schema, version, written, _| {
        let bytes = Bytes::copy_from_slice(&written.bytes);
        let again = (schema.codec.transcode)(bytes.clone(), version, version);
        assert_eq!(again, Ok(bytes));
    });
}

#[test]
fn the_random_messages_reach_what_is_rare() {
    let (mut unknown_tags, mut segments, mut longest) = (0, 0, 0);
    for_each_message(20, |_, _, written, _| {
        unknown_tags += written.demands.iter().filter(|demand| demand.field == "tagged_fields").count();
        segments += usize::from(written.bytes.len() > 4096);
        longest = longest.max(written.lengths.len());
    });
    assert!(unknown_tags > 1000, "{unknown_tags}");
    assert!(segments > 10, "{segments}");
    assert!(longest > 20, "{longest}");
}

#[test]
fn every_truncation_is_an_error_that_says_so() {
    for_each_message(2, |schema, version, written, random| {
        let bytes = Bytes::copy_from_slice(&written.bytes);
        // Long messages are cut at random places, short ones everywhere.
        let cuts = bytes.len().min(200);
        for cut in 0..cuts {
            let length = if bytes.len() > 200 { random.below(bytes.len()) } else { cut };
            let error = (schema.codec.decode)(bytes.slice(..length), version).unwrap_err();
            let truncated = matches!(error.problem, DecodeProblem::Truncated { .. });
            assert!(truncated, "cut to {length} of {}: {error}", bytes.len());
            assert!(error.offset <= length && error.message == schema.name, "{error}");
        }
    });
}

#[test]
fn a_byte_too_many_is_an_error() {
    for_each_message(2, |schema, version, written, _| {
        let mut bytes = written.bytes.clone();
        bytes.push(0);
        let error = (schema.codec.decode)(bytes.into(), version).unwrap_err();
        assert_eq!(error.problem, DecodeProblem::Trailing(1));
    });
}

#[test]
fn another_version_carries_what_is_set_or_refuses_it_by_name() {
    let mut refused = 0;
    for_each_message(5, |schema, version, written, _| {
        for other in schema.each_version() {
            let bytes = Bytes::copy_from_slice(&written.bytes);
            let reasons: Vec<&str> = (written.demands.iter())
                .filter(|demand| demand.refuses(other))
                .map(|demand| demand.field)
                .collect();
            match (schema.codec.transcode)(bytes, version, other) {
                Ok(bytes) => {
                    assert!(reasons.is_empty(), "version {other} does not carry {reasons:?}");
                    let again = (schema.codec.transcode)(bytes.clone(), other, other);
                    assert_eq!(again, Ok(bytes), "in version {other}");
                }
                Err(Failure::Encode(
                    EncodeError::FieldNotInVersion { message, field, version }
                    | EncodeError::NullNotAllowed { message, field, version },
                )) => {
                    assert_eq!((message, version), (schema.name, other));
                    assert!(reasons.contains(&field), "{field} was refused for version {other}: {reasons:?}");
                    refused += 1;
                }
                Err(failure) => panic!("{failure:?}"),
            }
        }
    });
    assert!(refused > 1000, "{refused}");
}

#[test]
fn a_version_that_does_not_exist_is_an_error_both_ways() {
    for schema in SCHEMAS {
        for version in [schema.versions.0 - 1, schema.versions.1 + 1, i16::MIN, i16::MAX] {
            let error = (schema.codec.decode)(Bytes::from_static(&[0; 64]), version).unwrap_err();
            assert_eq!(error.problem, DecodeProblem::UnknownVersion(version), "{}", schema.name);
            let error = (schema.codec.encode_default)(version).unwrap_err();
            assert_eq!(error, EncodeError::UnknownVersion { message: schema.name, version });
        }
    }
}

#[test]
fn defaults_are_written_in_every_version_that_allows_them() {
    for schema in SCHEMAS {
        for version in schema.each_version() {
            match (schema.codec.encode_default)(version) {
                Ok(bytes) => {
                    let again = (schema.codec.transcode)(bytes.clone(), version, version);
                    assert_eq!(again, Ok(bytes), "{} version {version}", schema.name);
                }
                // A default of null belongs to the versions that allow it; older ones must be told a value.
                Err(EncodeError::NullNotAllowed { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}
