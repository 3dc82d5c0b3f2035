//! The embedded broker's quota arithmetic against the classes that Kafka's brokers use.

use crate::java::{Java, Question, Reading};
use crate::schema::random::Random;
use rate::{Rate, Windows};

// What the broker reckons with is no part of its API.
#[path = "../../../broker/src/quota/bucket.rs"]
#[allow(unreachable_pub, reason = "it is public in the broker")]
mod bucket;
#[path = "../../../broker/src/quota/rate.rs"]
#[allow(unreachable_pub, reason = "it is public in the broker")]
mod rate;

const STEPS: usize = 400;
const UNCHECKED: u8 = 0;
const CHECKED: u8 = 1;
const LIMIT: u8 = 2;

/// How many sequences are compared.
fn sequences() -> u64 {
    if std::env::var_os("OTTLA_PROOF").is_some() { 20_000 } else { 500 }
}

/// One of the loads that a client can be: how it comes and how much it brings.
struct Load {
    random: Random,
    windows: Windows,
    limit: f64,
    /// The longest pause, in milliseconds.
    pause: usize,
    /// The most that it brings, in tenths of the limit.
    most: usize,
    /// Whether it waits for as long as it is told.
    obeys: bool,
    now: i64,
}

impl Load {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut one_of = |choices: &[usize]| choices[random.below(choices.len())];
        let windows = Windows {
            samples: u16::try_from(one_of(&[1, 2, 3, 11, 11, 11, 20])).unwrap(),
            length_ms: u32::try_from(one_of(&[100, 1_000, 1_000, 1_000, 5_000])).unwrap(),
        };
        let pause = one_of(&[0, 5, 200, 3_000, 20_000]);
        let most = one_of(&[1, 5, 40, 300]);
        let limit = [0.75, 2.0, 10.5, 20_000.0, 1_048_576.0][random.below(5)];
        let obeys = random.one_in(3);
        Self { random, windows, limit, pause, most, obeys, now: 1_700_000_000_000 }
    }

    /// The next amount, after a pause or after what the client was told.
    fn next(&mut self, told: i64) -> f64 {
        self.now += if self.obeys { told } else { 0 };
        self.now += i64::try_from(self.random.below(self.pause + 1)).unwrap();
        let tenths = u32::try_from(self.random.below(self.most * 1_000)).unwrap();
        self.limit * f64::from(tenths) / 10_000.0
    }
}

struct Sequence(Question);

impl Sequence {
    fn new(kind: u8, windows: Windows) -> Self {
        let length = i32::try_from(windows.length_ms).unwrap();
        Self(Question::new(kind).i32(windows.samples.into()).i32(length))
    }

    fn step(self, action: u8, now: i64, value: f64) -> Self {
        Self(self.0.raw(&[action]).i64(now).raw(&value.to_be_bytes()))
    }
}

#[test]
fn sampled_rates_are_java_s() {
    let Some(mut java) = Java::start() else { return };
    let (mut compared, mut throttled) = (0, 0);
    for seed in 0..sequences() {
        let mut load = Load::new(seed);
        let windows = load.windows;
        let mut sequence = Sequence::new(b'Q', windows);
        // A request quota's cap is one window.
        let cap = i64::from(windows.length_ms);
        sequence.0 = sequence.0.i32(i32::try_from(cap).unwrap()).raw(&load.limit.to_be_bytes());
        let mut rate = Rate::default();
        let mut ours = Vec::new();
        let mut told = 0;
        for _ in 0..STEPS {
            let amount = load.next(told);
            let now = load.now;
            if load.random.one_in(50) {
                load.limit *= [0.5, 0.9, 2.0][load.random.below(3)];
                sequence = sequence.step(LIMIT, now, load.limit);
                ours.push((0, rate.window_ms(windows, now)));
            }
            sequence = sequence.step(CHECKED, now, amount);
            rate.record(windows, amount, now);
            told = rate.throttle_time_ms(windows, load.limit, now);
            ours.push((told, rate.window_ms(windows, now)));
            if told > 0 && load.random.one_in(2) {
                // As a throttled fetch is taken back.
                sequence = sequence.step(UNCHECKED, now, -amount);
                rate.record(windows, -amount, now);
                ours.push((0, rate.window_ms(windows, now)));
            }
        }
        let answer = java.ask(sequence.0.bytes()).unwrap();
        let mut reading = Reading(&answer);
        for (step, (told, window)) in ours.into_iter().enumerate() {
            let theirs = (reading.i64(), reading.i64(), reading.i64());
            assert_eq!((told, told.min(cap), window), theirs, "seed {seed}, step {step}");
            compared += 1;
            throttled += u32::from(told > 0);
        }
        assert!(reading.is_empty());
    }
    assert!(throttled > compared / 10, "only {throttled} of {compared} throttle");
    println!(
        "FIGURE: Java agrees to the millisecond on {compared} sampled rates, {throttled} of them over their quota"
    );
}

#[test]
fn token_buckets_are_java_s() {
    let Some(mut java) = Java::start() else { return };
    let (mut compared, mut throttled) = (0, 0);
    for seed in 0..sequences() {
        let mut load = Load::new(seed);
        let windows = load.windows;
        let mut sequence = Sequence::new(b'B', windows);
        sequence.0 = sequence.0.raw(&load.limit.to_be_bytes());
        let mut bucket = bucket::Bucket::default();
        let mut ours = Vec::new();
        let mut told = 0;
        for _ in 0..STEPS {
            // Partitions come in whole numbers.
            let amount = load.next(told).ceil();
            let now = load.now;
            if load.random.one_in(50) {
                load.limit *= [0.5, 0.9, 2.0][load.random.below(3)];
                sequence = sequence.step(LIMIT, now, load.limit);
                ours.push(0);
            }
            let strict = load.random.one_in(2);
            sequence = sequence.step(if strict { CHECKED } else { UNCHECKED }, now, amount);
            let mut owed = if strict { bucket.throttle_time_ms(windows, load.limit, now) } else { None };
            if owed.is_none() {
                bucket.take(windows, load.limit, amount, now);
                owed = if strict { None } else { bucket.throttle_time_ms(windows, load.limit, now) };
            }
            told = owed.unwrap_or_default();
            ours.push(told);
        }
        let answer = java.ask(sequence.0.bytes()).unwrap();
        let mut reading = Reading(&answer);
        for (step, told) in ours.into_iter().enumerate() {
            assert_eq!(told, reading.i64(), "seed {seed}, step {step}");
            compared += 1;
            throttled += u32::from(told > 0);
        }
        assert!(reading.is_empty());
    }
    assert!(throttled > compared / 10, "only {throttled} of {compared} throttle");
    println!(
        "FIGURE: Java agrees to the millisecond on {compared} token buckets, {throttled} of them in debt"
    );
}
