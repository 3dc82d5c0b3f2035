use super::*;
use crate::producer::{Part, Report};

fn next(reports: &mut crate::producer::Reports) -> Option<Report> {
    match reports.poll_report(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(report) => report,
        Poll::Pending => panic!("nothing to report"),
    }
}

#[test]
fn observers_hear_of_each_batch_once_and_of_the_end() {
    let mut scene = Scene::new(ProducerConfig { delivery_timeout: millis(5_000), ..no_linger() }, 1, 1);
    let mut reports = scene.edge.observe();
    let (_a, _b) = (scene.accept(0, "a"), scene.accept(0, "b"));
    scene.pump();
    let (_, request) = scene.next_request();
    scene.serve(&request);
    let Some(Report::Batch(report)) = next(&mut reports) else { panic!() };
    assert_eq!((report.topic.as_ref(), report.partition, report.records), (TOPIC, 0, 2));
    assert_eq!(report.result.unwrap().offset, Some(0));

    // One that expires in flight, and whose answer comes later, is told of once.
    let _late = scene.send("c");
    scene.advance(millis(6_000));
    let Some(Report::Batch(report)) = next(&mut reports) else { panic!() };
    assert_eq!(report.result.unwrap_err().certainty, Certainty::PossiblyWritten);
    scene.serve_all();
    assert!(reports.poll_report(&mut Context::from_waker(Waker::noop())).is_pending());

    let now = scene.now();
    let _closed = scene.edge.close(now);
    scene.pump();
    assert!(next(&mut reports).is_none());
}

#[test]
fn metrics_count_records_and_where_their_time_went_also_after_the_end() {
    let mut scene = Scene::new(ProducerConfig { linger: millis(5), ..ProducerConfig::default() }, 1, 1);
    let _three = (scene.accept(0, "a"), scene.accept(0, "b"), scene.accept(0, "c"));
    scene.advance(millis(5));
    scene.world.advance(millis(20));
    scene.serve_all();
    let now = scene.now();
    for _ in 0..2 {
        let metrics = scene.world.core.parts().producers.metrics_of(&scene.edge);
        assert_eq!((metrics.records.written, metrics.batches.written), (3, 1));
        assert_eq!((metrics.requests, metrics.retries), (1, 0));
        assert!(metrics.bytes_written > 60, "{}", metrics.bytes_written);
        assert_eq!((metrics.total.count(), metrics.total.max()), (3, millis(25)));
        assert_eq!(metrics.part(Part::Linger).max(), millis(5));
        assert_eq!(metrics.part(Part::Broker).sum(), millis(60));
        let _closed = scene.edge.close(now);
        scene.pump();
    }
}
