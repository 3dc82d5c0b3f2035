//! Tables that no schema holds, against the classes that do.

use ottla_proto::{Api, ApiKey, ErrorCode};

use crate::java::{Java, Question, Reading};
use crate::schema::random::{self, Random};
use crate::schema::{Kind, SCHEMAS};

#[test]
fn error_codes_are_java_s() {
    let Some(mut java) = Java::start() else { return };
    let answer = java.ask(Question::new(b'E').bytes()).unwrap();
    let mut reading = Reading(&answer);
    let mut theirs = Vec::new();
    while !reading.is_empty() {
        theirs.push((reading.i16(), reading.text().to_owned(), reading.bool(), reading.bool()));
    }
    theirs.sort_unstable();
    let ours: Vec<_> = ErrorCode::all()
        .map(|code| {
            let name = code.name().unwrap().to_owned();
            (code.0, name, code.is_retriable(), code.is_invalid_metadata())
        })
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn throttles_are_waited_out_from_the_version_on_from_which_java_does() {
    let Some(mut java) = Java::start() else { return };
    let mut compared = 0;
    for api in Api::all() {
        let schema = SCHEMAS
            .iter()
            .find(|schema| schema.kind == Kind::Response && schema.api_key == Some(api.key.0))
            .unwrap();
        for version in schema.each_version() {
            let bytes = (schema.codec.encode_default)(version).map_or_else(
                |_| random::message(schema, version, &mut Random::new(1)).bytes,
                |bytes| bytes.to_vec(),
            );
            let question = Question::new(b'T').i16(api.key.0).i16(version).raw(&bytes);
            let theirs = java.ask(question.bytes()).unwrap_or_else(|error| panic!("{}: {error}", api.name));
            assert_eq!(theirs, [u8::from(waits(api.key, version))], "{} version {version}", api.name);
            compared += 1;
        }
    }
    println!("FIGURE: Java agrees on who waits out a throttle in {compared} versions of responses");
}

fn waits(api: ApiKey, version: i16) -> bool {
    api.throttle_wait_version().is_some_and(|from| version >= from)
}
