//! The report's machinery once, on a real Kafka: cluster behind proxies, throttles, verdicts.

use ottla_throttle_report::{Bench, rows};

/// Speed is not judged here: only what must not happen on a busy machine either.
#[test]
fn a_throttle_is_seen_by_the_proxies_and_obeyed() {
    if kafka_harness::run_or_skip(|| {
        kafka_harness::Artifacts::Broker(kafka_harness::Version::default()).class_path()
    })
    .is_none()
    {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut bench = Bench::start(&runtime).unwrap();
    let scenarios = rows::named(&["shorter".to_owned()]).unwrap();
    for scenario in scenarios {
        for row in (scenario.run)(&mut bench, 1).unwrap() {
            println!("FIGURE: {}: {}", row.what, row.figure);
            assert!(row.figure.contains("early: 0 in 1 runs"), "{row}");
        }
    }
    assert!(rows::named(&["nothing".to_owned()]).is_err());
}
