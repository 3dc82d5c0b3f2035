//! Processing in parallel, ordered by key.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use ottla::consumer::runner::{Job, Process, RunError, Runner, Verdict};
use tokio::sync::{Barrier, Notify};

const KEYS: usize = 10;

/// Writes records whose values are their numbers and whose keys take turns.
async fn keyed(kafka: &Client, count: usize) {
    let producer = kafka.producer().build().await.unwrap();
    let orders = producer.topic("orders");
    let mut deliveries = Vec::new();
    for number in 0..count {
        let (value, key) = (number.to_string(), format!("key {}", number % KEYS));
        let record = Record::value(&value).key(&key);
        deliveries.push(orders.send(record).await.unwrap());
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    producer.close(SOON).await.unwrap();
}

fn number(job: &Job) -> usize {
    String::from_utf8(job.value.clone().unwrap().to_vec()).unwrap().parse().unwrap()
}

async fn behind(kafka: &Client) -> i64 {
    let lag = kafka.admin().group_lag("billing", ["orders"]).await.unwrap();
    lag.iter().map(|lag| lag.log_end - lag.committed.unwrap_or(0)).sum()
}

/// What processing meets.
#[derive(Default)]
struct Log {
    seen: Mutex<Vec<usize>>,
    running: AtomicUsize,
    most: AtomicUsize,
    enough: Notify,
}

impl Log {
    fn begin(&self) {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
    }

    fn end(&self, number: usize, wanted: usize) {
        self.running.fetch_sub(1, Ordering::SeqCst);
        let mut seen = self.seen.lock().unwrap();
        seen.push(number);
        if seen.len() == wanted {
            self.enough.notify_one();
        }
    }
}

#[tokio::test]
async fn keys_keep_their_order_and_run_side_by_side() {
    let (_cluster, kafka) = start().await;
    keyed(&kafka, 500).await;
    let consumer = member(&kafka, Protocol::Auto).build().await.unwrap();
    let log = Arc::new(Log::default());
    let (theirs, meeting) = (Arc::clone(&log), Arc::new(Barrier::new(4)));
    let process = move |job: Arc<Job>| {
        let (log, meeting) = (Arc::clone(&theirs), Arc::clone(&meeting));
        async move {
            log.begin();
            if number(&job) < 4 {
                // Four keys must be under way at once for any of them to go on.
                meeting.wait().await;
            }
            tokio::task::yield_now().await;
            log.end(number(&job), 500);
            Ok::<_, String>(())
        }
    };
    let runner = Runner::new(consumer).concurrency(6);
    let report = tokio::time::timeout(SOON, runner.run(process, log.enough.notified())).await;
    let report = report.expect("it ends").unwrap();
    assert_eq!((report.retries, report.dead_letters, report.left_over), (0, 0, 0));
    assert_eq!(report.processed, 500);
    assert!(report.leave.left);
    let most = log.most.load(Ordering::SeqCst);
    assert!((4..=6).contains(&most), "{most} at a time");
    let seen = log.seen.lock().unwrap().clone();
    for key in 0..KEYS {
        let of_key: Vec<_> = seen.iter().filter(|number| *number % KEYS == key).collect();
        assert!(of_key.is_sorted() && of_key.len() == 50, "{of_key:?}");
    }
    assert_eq!(behind(&kafka).await, 0);
}

#[tokio::test]
async fn no_further_batch_is_taken_while_enough_is_here() {
    let (_cluster, kafka) = start().await;
    fill(&kafka, 400, b"v").await;
    let consumer = member(&kafka, Protocol::Auto).build().await.unwrap();
    let log = Arc::new(Log::default());
    let partitions = Arc::new(Mutex::new(BTreeSet::new()));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let process = {
        let (log, gate, partitions) = (Arc::clone(&log), Arc::clone(&gate), Arc::clone(&partitions));
        move |job: Arc<Job>| {
            let (log, gate, partitions) = (Arc::clone(&log), Arc::clone(&gate), Arc::clone(&partitions));
            async move {
                partitions.lock().unwrap().insert(job.partition());
                log.begin();
                let _open = gate.acquire().await.unwrap();
                log.end(0, 400);
                Ok::<_, String>(())
            }
        }
    };
    let runner = Runner::new(consumer).concurrency(1000).max_pending(1);
    let running = runner.run(process, log.enough.notified());
    let opening = async {
        until("nothing runs", || log.running.load(Ordering::SeqCst) > 0).await;
        // As long as nothing ends, it is the records of one batch.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(partitions.lock().unwrap().len(), 1);
        gate.add_permits(1);
    };
    let (report, ()) = tokio::join!(tokio::time::timeout(SOON, running), opening);
    assert_eq!(report.expect("it ends").unwrap().processed, 400);
}

/// Number 7 never works, number 8 at the third time.
struct Fussy {
    attempts: Mutex<BTreeMap<usize, u32>>,
    aside: Mutex<Vec<usize>>,
    log: Arc<Log>,
}

impl Process for Fussy {
    type Error = String;

    async fn process(&self, job: Arc<Job>) -> Result<(), String> {
        let number = number(&job);
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            let attempt = attempts.entry(number).or_default();
            *attempt += 1;
            *attempt
        };
        if number == 7 || (number == 8 && attempt < 3) {
            return Err(format!("attempt {attempt}"));
        }
        self.log.begin();
        self.log.end(number, 99);
        Ok(())
    }

    fn failed(&self, _job: &Job, _error: &String, attempt: u32) -> Verdict {
        if attempt < 3 { Verdict::Retry { after: Duration::from_millis(1) } } else { Verdict::DeadLetter }
    }

    async fn dead_letter(&self, job: Arc<Job>, error: String) -> Result<(), String> {
        assert_eq!(error, "attempt 3");
        self.aside.lock().unwrap().push(number(&job));
        Ok(())
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_and_then_put_aside() {
    let (_cluster, kafka) = start().await;
    keyed(&kafka, 100).await;
    let consumer = member(&kafka, Protocol::Auto).build().await.unwrap();
    let log = Arc::new(Log::default());
    let fussy = Fussy { attempts: Mutex::default(), aside: Mutex::default(), log: Arc::clone(&log) };
    let run = Runner::new(consumer).run(fussy, log.enough.notified());
    let report = tokio::time::timeout(SOON, run).await.expect("it ends").unwrap();
    assert_eq!((report.processed, report.retries, report.dead_letters), (99, 4, 1));
    // Its key waited for it.
    let seen = log.seen.lock().unwrap().clone();
    assert!(seen.iter().filter(|number| *number % KEYS == 8).is_sorted());
    assert_eq!(behind(&kafka).await, 0);
}

#[tokio::test]
async fn a_record_that_fails_for_good_is_named_and_read_again_by_the_next() {
    for panics in [false, true] {
        let (_cluster, kafka) = start().await;
        keyed(&kafka, 100).await;
        let consumer = member(&kafka, Protocol::Auto).build().await.unwrap();
        let process = move |job: Arc<Job>| async move {
            match number(&job) {
                42 if panics => panic!("not this one"),
                42 => Err("not this one".to_owned()),
                _ => Ok(()),
            }
        };
        let run = Runner::new(consumer).run(process, std::future::pending());
        let error = tokio::time::timeout(SOON, run).await.expect("it ends").unwrap_err();
        let offset = match error {
            RunError::Failed { offset, error, .. } if !panics => {
                assert_eq!(error, "not this one");
                offset
            }
            RunError::Panicked { offset, .. } if panics => offset,
            other => panic!("{other}"),
        };
        let mut next = member(&kafka, Protocol::Auto).build().await.unwrap();
        let found = async {
            loop {
                let record = next.next().await.unwrap().unwrap();
                if record.value() == Some(b"42") {
                    return record.offset();
                }
            }
        };
        assert_eq!(tokio::time::timeout(SOON, found).await.expect("it is read again"), offset);
    }
}

#[tokio::test]
async fn what_was_not_begun_is_left_to_the_next_owner() {
    let (_cluster, kafka) = start().await;
    keyed(&kafka, 200).await;
    let first = member(&kafka, Protocol::Consumer).build().await.unwrap();
    let handle = first.handle();
    let log = Arc::new(Log::default());
    let gate = Arc::new((Notify::new(), AtomicBool::new(false)));
    let process = {
        let (log, gate) = (Arc::clone(&log), Arc::clone(&gate));
        move |job: Arc<Job>| {
            let (log, gate) = (Arc::clone(&log), Arc::clone(&gate));
            async move {
                log.begin();
                if !gate.1.load(Ordering::SeqCst) {
                    gate.0.notified().await;
                }
                log.end(number(&job), usize::MAX);
                Ok::<_, String>(())
            }
        }
    };
    let running = tokio::spawn(Runner::new(first).concurrency(1).run(process, {
        let log = Arc::clone(&log);
        async move { log.enough.notified().await }
    }));
    until("nothing runs", || log.running.load(Ordering::SeqCst) == 1 && handle.owned().len() == 4).await;
    let mut second = member(&kafka, Protocol::Consumer).build().await.unwrap();
    let theirs = second.handle();
    let revoking = || handle.owned().iter().any(|ownership| ownership.standing() == Standing::Revoking);
    until("nothing is taken away", revoking).await;
    gate.1.store(true, Ordering::SeqCst);
    gate.0.notify_one();
    until("it is not handed over", || theirs.owned().len() == 2 && handle.owned().len() == 2).await;
    // Together they see everything.
    let mut all: BTreeSet<usize> = BTreeSet::new();
    let begin = Instant::now();
    while all.len() < 200 {
        assert!(begin.elapsed() < SOON, "{} of 200", all.len());
        if let Ok(batch) = tokio::time::timeout(Duration::from_millis(20), second.next_batch()).await {
            let batch = batch.unwrap().unwrap();
            all.extend(batch.iter().map(|record| {
                std::str::from_utf8(record.value().unwrap()).unwrap().parse::<usize>().unwrap()
            }));
        }
        all.extend(log.seen.lock().unwrap().iter());
    }
    log.enough.notify_one();
    let report = running.await.unwrap().unwrap();
    assert!(report.left_over > 0, "{report:?}");
}
