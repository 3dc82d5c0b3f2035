//! Many senders at once.

use ottla::blocking;
use ottla_broker::Windows;

use super::*;

const SENDERS: usize = 64;
const RECORDS: usize = 40;
/// Bytes a second to each node; together the senders have some 700,000.
const LOW: f64 = 200_000.0;

/// Half of the senders are tasks, half are threads; a quota comes and goes meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_senders_under_changing_quotas_lose_double_and_disorder_nothing() {
    // Short windows, so that a throttle is short too.
    let windows = Windows { samples: 3, length_ms: 100 };
    let cluster =
        Cluster::builder().nodes(3).quota_windows(windows).topic("orders", 6).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    limit(&cluster, LOW);
    let producer =
        kafka.producer().linger(Duration::from_millis(1)).memory_bytes(200_000).batch_bytes(10_000).build();
    let producer = producer.await.unwrap();
    let orders = producer.topic("orders");
    let padding = "x".repeat(200);
    let value = move |sender: usize, n: usize| format!("{sender} {n} {padding}");

    let mut tasks = Vec::new();
    let mut threads = Vec::new();
    for sender in 0..SENDERS {
        let (orders, value) = (orders.clone(), value.clone());
        let send = async move {
            for n in 0..RECORDS {
                let record = value(sender, n);
                let key = sender.to_string();
                let delivery = orders.send(Record::value(&record).key(&key)).await.unwrap();
                if n % 8 == 0 {
                    delivery.await.unwrap();
                }
            }
        };
        if sender % 2 == 0 {
            tasks.push(tokio::spawn(send));
        } else {
            threads.push(std::thread::spawn(move || blocking::wait(send)));
        }
    }
    let sending = async {
        for round in 0_u32.. {
            limit(&cluster, if round % 8 == 7 { 1e9 } else { LOW });
            tokio::time::sleep(Duration::from_millis(20)).await;
            let done = tasks.iter().all(tokio::task::JoinHandle::is_finished);
            if done && threads.iter().all(std::thread::JoinHandle::is_finished) {
                break;
            }
        }
        limit(&cluster, 1e9);
    };
    tokio::time::timeout(SOON * 3, sending).await.expect("the quotas are bearable");
    for task in tasks {
        task.await.unwrap();
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let report = producer.close(SOON * 2).await.unwrap();
    assert_eq!((report.not_written, report.possibly_written), (0, 0));
    assert!(!cluster.stats().throttled.is_empty(), "no quota bit");

    let mut next = [0; SENDERS];
    for value in values(&kafka, "orders").await.into_values().flatten() {
        let mut words = value.split(' ').map(|word| word.parse::<usize>());
        let (sender, n) = (words.next().unwrap().unwrap(), words.next().unwrap().unwrap());
        assert_eq!(n, next[sender], "records of sender {sender}, in order, once");
        next[sender] += 1;
    }
    assert_eq!(next, [RECORDS; SENDERS]);
}
