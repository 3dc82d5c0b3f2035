//! Callbacks, interceptors and partitioners of the application: they may block and panic, and delay nobody else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, Thread};

use ottla::{
    BatchReport, CustomPartitioner, OutgoingRecord, Partitioner, ProducerInterceptor, RecordToPlace, Report,
};

use super::*;

/// Something that blocks until the test is over.
#[derive(Clone, Debug)]
struct Gate(Arc<Mutex<mpsc::Receiver<()>>>);

impl Gate {
    /// The gate, and what keeps it shut.
    fn new() -> (mpsc::Sender<()>, Self) {
        let (sender, receiver) = mpsc::channel();
        (sender, Self(Arc::new(Mutex::new(receiver))))
    }

    fn wait(&self) {
        let _opened = self.0.lock().unwrap().recv();
    }
}

/// Sends and awaits that many records; takes no longer than it may.
async fn acknowledge(orders: &TopicProducer, records: usize) {
    let sending = async {
        for _ in 0..records {
            orders.send(Record::value("v")).await.unwrap().await.unwrap();
        }
    };
    tokio::time::timeout(SOON, sending).await.expect("acknowledgements are not withheld");
}

#[tokio::test]
async fn a_callback_that_blocks_delays_no_acknowledgement() {
    let (_cluster, kafka) = start(1, 1).await;
    let (shut, gate) = Gate::new();
    let (entered, first) = mpsc::channel();
    let blocked = move |_: &Report| {
        let _whoever_waits = entered.send(());
        gate.wait();
    };
    let producer = kafka.producer().linger(Duration::ZERO).on_report(blocked).build().await.unwrap();
    acknowledge(&producer.topic("orders"), 100).await;
    first.recv_timeout(SOON).expect("the callback is called");
    assert!(first.try_recv().is_err(), "it is still in its first call");
    // Nor does it delay the end.
    let report = tokio::time::timeout(SOON, producer.close(SOON)).await.unwrap().unwrap();
    assert_eq!((report.not_written, report.possibly_written), (0, 0));
    drop(shut);
}

/// Blocks over a record with the value `blocks`, or over every outcome, and says on which thread.
#[derive(Debug)]
struct BlockedIn {
    method: &'static str,
    gate: Gate,
    entered: Mutex<mpsc::Sender<Thread>>,
}

impl BlockedIn {
    fn new(method: &'static str, gate: Gate) -> (mpsc::Receiver<Thread>, Self) {
        let (entered, threads) = mpsc::channel();
        (threads, Self { method, gate, entered: Mutex::new(entered) })
    }

    fn block(&self) {
        let _whoever_waits = self.entered.lock().unwrap().send(thread::current());
        self.gate.wait();
    }
}

impl ProducerInterceptor for BlockedIn {
    fn on_send(&self, _topic: &str, record: &mut OutgoingRecord<'_>) {
        if self.method == "on_send" && record.value.as_deref() == Some(b"blocks") {
            self.block();
        }
    }

    fn on_settled(&self, _report: &BatchReport) {
        if self.method == "on_settled" {
            self.block();
        }
    }
}

#[tokio::test]
async fn an_interceptor_that_blocks_over_a_record_holds_up_the_thread_that_sends_it_and_no_other() {
    let (_cluster, kafka) = start(1, 1).await;
    let (shut, gate) = Gate::new();
    let (entered, interceptor) = BlockedIn::new("on_send", gate);
    let producer = kafka.producer().linger(Duration::ZERO).interceptor(interceptor).build().await.unwrap();
    let orders = producer.topic("orders");
    acknowledge(&orders, 1).await;
    let blocked = orders.clone();
    let blocked = thread::spawn(move || blocked.try_send(Record::value("blocks")));
    let inside = entered.recv_timeout(SOON).expect("the interceptor sees the record");
    assert_eq!(inside.id(), blocked.thread().id());
    // Of the same producer and partition, through the same interceptor.
    acknowledge(&orders, 100).await;
    assert!(!blocked.is_finished());
    // What waits in it is not accepted yet: nothing has to wait for its outcome.
    tokio::time::timeout(SOON, producer.flush(SOON)).await.unwrap().unwrap();
    drop(shut);
    let delivery = blocked.join().unwrap().unwrap();
    assert_eq!(delivery.await.unwrap().offset, Some(101), "it goes behind those that overtook it");
}

#[tokio::test]
async fn an_interceptor_that_blocks_over_an_outcome_holds_up_its_producers_callbacks_and_no_acknowledgement()
{
    let (_cluster, kafka) = start(1, 1).await;
    let (shut, gate) = Gate::new();
    let (entered, interceptor) = BlockedIn::new("on_settled", gate);
    let (told, behind) = mpsc::channel();
    let report = move |report: &Report| {
        let records = match report {
            Report::Batch(batch) => u64::from(batch.records),
            Report::Missed(missed) => missed.written,
            other => panic!("{other:?}"),
        };
        told.send(records).unwrap();
    };
    let builder = kafka.producer().linger(Duration::ZERO).interceptor(interceptor);
    let producer = builder.on_report(report).build().await.unwrap();
    let orders = producer.topic("orders");
    acknowledge(&orders, 100).await;
    let inside = entered.recv_timeout(SOON).expect("the interceptor is told");
    assert_eq!(inside.name(), Some("ottla-callbacks"));
    assert!(entered.try_recv().is_err(), "it is still in its first call");
    assert!(behind.try_recv().is_err(), "callbacks of this producer share the thread");
    // Another producer of the client has a thread of its own.
    let (told, elsewhere) = mpsc::channel();
    let report = move |_: &Report| told.send(()).unwrap();
    let other = kafka.producer().linger(Duration::ZERO).on_report(report).build().await.unwrap();
    acknowledge(&other.topic("orders"), 1).await;
    elsewhere.recv_timeout(SOON).expect("it is told");
    acknowledge(&orders, 100).await;
    let report = tokio::time::timeout(SOON, producer.close(SOON)).await.unwrap().unwrap();
    assert_eq!((report.not_written, report.possibly_written), (0, 0));
    drop((shut, producer, orders));
    assert_eq!(behind.iter().sum::<u64>(), 200, "what came meanwhile is told, or counted, in the end");
}

#[derive(Debug, Default)]
struct Panicking(Arc<AtomicUsize>);

impl ProducerInterceptor for Panicking {
    fn on_send(&self, _topic: &str, record: &mut OutgoingRecord<'_>) {
        record.value = None;
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("an interceptor of the application");
    }

    fn on_settled(&self, _report: &BatchReport) {
        panic!("an interceptor of the application");
    }
}

#[derive(Debug)]
struct Tracing {
    seen: Arc<AtomicUsize>,
    settled: Mutex<mpsc::Sender<u32>>,
}

impl ProducerInterceptor for Tracing {
    fn on_send(&self, topic: &str, record: &mut OutgoingRecord<'_>) {
        assert_eq!(topic, "orders");
        let number = self.seen.fetch_add(1, Ordering::Relaxed);
        record.push_header("trace", number.to_string().into_bytes());
        record.partition = Some(0);
    }

    fn on_settled(&self, report: &BatchReport) {
        self.settled.lock().unwrap().send(report.records).unwrap();
    }
}

#[tokio::test]
async fn an_interceptor_that_panics_harms_nobody_and_the_next_one_still_sees_the_record() {
    let (_cluster, kafka) = start(1, 3).await;
    let (settled, told) = mpsc::channel();
    let (seen, panics) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let producer = kafka
        .producer()
        .interceptor(Panicking(Arc::clone(&panics)))
        .interceptor(Tracing { seen: Arc::clone(&seen), settled: Mutex::new(settled) })
        .build()
        .await
        .unwrap();
    let orders = producer.topic("orders");
    // The first waits for the topic: the interceptors see it once all the same.
    orders.send(Record::value("first")).await.unwrap().await.unwrap();
    assert_eq!((seen.load(Ordering::Relaxed), panics.load(Ordering::Relaxed)), (1, 1));
    orders.try_send(Record::value("second")).unwrap().await.unwrap();
    producer.close(SOON).await.unwrap();
    // The callback thread is the last to hold the interceptors then.
    drop((producer, orders));
    let records: u32 = told.iter().sum();
    assert_eq!(records, 2, "told of each batch, until the producer ended");
    assert_eq!(values(&kafka, "orders").await[&0], ["first", "second"], "the panicking one changed nothing");
}

#[tokio::test]
async fn a_retry_is_no_second_send_for_interceptors() {
    let cluster =
        Cluster::builder().nodes(3).default_replication_factor(3).topic("orders", 1).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let (seen, (settled, told)) = (Arc::<AtomicUsize>::default(), mpsc::channel());
    let tracing = Tracing { seen: Arc::clone(&seen), settled: Mutex::new(settled) };
    let producer = kafka.producer().interceptor(tracing).build().await.unwrap();
    let orders = producer.topic("orders");
    orders.send(Record::value("before")).await.unwrap().await.unwrap();
    for leader in [1, 2, 3] {
        cluster.move_leader("orders", 0, BrokerId(leader));
        orders.send(Record::value("moved")).await.unwrap().await.unwrap();
    }
    let metrics = producer.metrics().await.unwrap();
    producer.close(SOON).await.unwrap();
    drop((producer, orders));
    assert_eq!(seen.load(Ordering::Relaxed), 4);
    assert_eq!(told.iter().sum::<u32>(), 4);
    assert!(metrics.retries > 0, "nothing was tried again: {metrics:?}");
}

#[derive(Debug)]
struct Blocking(Gate);

impl CustomPartitioner for Blocking {
    fn partition(&self, _record: &RecordToPlace<'_>, _partitions: u32) -> Option<u32> {
        self.0.wait();
        panic!("a partitioner of the application");
    }
}

#[tokio::test]
async fn a_partitioner_that_blocks_and_panics_hurts_its_own_caller_alone() {
    let (_cluster, kafka) = start(1, 1).await;
    let (shut, gate) = Gate::new();
    let partitioner = Partitioner::Custom(Arc::new(Blocking(gate)));
    let producer = kafka.producer().partitioner(partitioner).build().await.unwrap();
    let orders = producer.topic("orders");
    // Records that name their partition do not ask it; the first makes the topic known.
    orders.send(Record::value("known").partition(0)).await.unwrap().await.unwrap();
    let blocked = orders.clone();
    let blocked = std::thread::spawn(move || drop(blocked.try_send(Record::value("never"))));
    for _ in 0..50 {
        let sent = orders.send(Record::value("v").partition(0)).await.unwrap();
        tokio::time::timeout(SOON, sent).await.unwrap().unwrap();
    }
    drop(shut);
    assert!(blocked.join().is_err(), "it panics where it was called");
    orders.send(Record::value("after").partition(0)).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn outcomes_that_nobody_reads_hold_nobody_up() {
    let cluster = Cluster::builder()
        .topic("orders", 1)
        .topic_with("narrow", 1, [("max.message.bytes", "200")])
        .start()
        .await
        .unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let (producer, orders) = orders(&kafka).await;
    let (_reports, _events) = (producer.reports(), kafka.events());
    let narrow = producer.topic("narrow");
    let mut unread = Vec::new();
    let wide = vec![b'x'; 300];
    for _ in 0..200 {
        // One fails, one succeeds, and nobody looks at either.
        unread.push(narrow.send(Record::value(&wide)).await.unwrap());
        unread.push(orders.send(Record::value("v")).await.unwrap());
    }
    let report = producer.close(SOON).await.unwrap();
    assert_eq!((report.not_written == 0, report.possibly_written), (false, 0), "{report:?}");
    assert_eq!(count(&kafka, "orders").await, 200);
    let failed = unread.into_iter().map(|delivery| async { usize::from(delivery.await.is_err()) });
    let mut failures = 0;
    for outcome in failed {
        failures += outcome.await;
    }
    assert_eq!(failures, 200);
}

/// A waker is the one thing of the user's that a driver calls itself.
#[tokio::test]
async fn a_panic_inside_the_driver_settles_everything() {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("a waker that the test planted");
        }
    }
    let (cluster, kafka) = start(2, 2).await;
    let (producer, orders) = orders(&kafka).await;
    for partition in 0..2 {
        orders.send(Record::value("v").partition(partition)).await.unwrap().await.unwrap();
    }
    let topic = kafka.admin().describe_topic("orders").await.unwrap();
    let [first, second] = [0, 1].map(|partition| BrokerId(topic.partitions[partition].leader.unwrap()));
    assert_ne!(first, second);
    assert!(cluster.freeze_node(first) && cluster.freeze_node(second));
    let mut woken = orders.send(Record::value("v").partition(0)).await.unwrap();
    let other = orders.send(Record::value("v").partition(1)).await.unwrap();
    let waker = Waker::from(Arc::new(Panics));
    assert!(Pin::new(&mut woken).poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(cluster.thaw_node(first));
    let carried = tokio::time::timeout(SOON, other).await.expect("what the driver carried has an end");
    carried.unwrap_err();
    assert!(orders.try_send(Record::value("v")).is_err());
    tokio::time::timeout(SOON, producer.explain())
        .await
        .expect("nobody waits for a driver that is gone")
        .unwrap_err();
}
