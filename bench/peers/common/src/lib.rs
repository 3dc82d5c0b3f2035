//! What the programs in Rust share: the command line, the values, the meter, the open loop of the latency load.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};

/// The header that each record gets with `--headers`.
pub const HEADER: (&str, &[u8]) = ("trace", b"0123456789abcdef");

/// `produce|consume|latency`, then flags.
pub struct Arguments {
    pub load: String,
    flags: BTreeMap<String, String>,
}

impl Arguments {
    pub fn read() -> Self {
        let mut words = std::env::args().skip(1);
        let load = words.next().expect("produce, consume or latency");
        let mut flags = BTreeMap::new();
        while let Some(word) = words.next() {
            let name = word.trim_start_matches("--").to_owned();
            let alone = matches!(name.as_str(), "keyed" | "headers");
            let value = if alone { String::new() } else { words.next().expect("a flag's value") };
            flags.insert(name, value);
        }
        Self { load, flags }
    }

    pub fn text(&self, name: &str, default: &str) -> String {
        self.flags.get(name).cloned().unwrap_or_else(|| default.to_owned())
    }

    pub fn number(&self, name: &str, default: usize) -> usize {
        self.flags.get(name).map_or(default, |value| value.parse().expect("a number"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.flags.contains_key(name)
    }

    pub fn brokers(&self) -> String {
        self.text("brokers", "127.0.0.1:9092")
    }

    pub fn topic(&self) -> String {
        self.text("topic", "bench")
    }

    pub fn records(&self) -> usize {
        self.number("records", 5_000_000)
    }

    pub fn size(&self) -> usize {
        self.number("size", 100)
    }

    pub fn batch_bytes(&self) -> usize {
        self.number("batch-bytes", 1_000_000)
    }

    /// Five milliseconds, and none when latency is measured.
    pub fn linger(&self) -> Duration {
        let default = if self.load == "latency" { 0 } else { 5 };
        Duration::from_millis(self.number("linger-ms", default) as u64)
    }

    /// The values to send, in turn.
    pub fn rows(&self) -> Vec<Bytes> {
        let bytes = Bytes::from(std::fs::read(self.text("pool", "")).expect("--pool names a file of values"));
        let size = self.size();
        (0..bytes.len() / size).map(|row| bytes.slice(row * size..(row + 1) * size)).collect()
    }
}

/// What a load uses between its first record and its last acknowledgement.
pub struct Meter {
    begin: Instant,
    cpu: f64,
}

pub struct Usage {
    wall: f64,
    cpu: f64,
    /// Seconds since 1970, by which the caller knows how long the process took to get here.
    ended: f64,
}

impl Meter {
    pub fn begin() -> Self {
        Self { cpu: cpu_seconds(), begin: Instant::now() }
    }

    pub fn end(&self) -> Usage {
        let (wall, cpu) = (self.begin.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        let ended = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        Usage { wall, cpu, ended }
    }
}

impl Usage {
    /// Prints the line of figures; `more` are further fields, each with a comma before it.
    pub fn print(&self, client: &str, version: &str, op: &str, records: usize, bytes: usize, more: &str) {
        let Self { wall, cpu, ended } = self;
        let (count, megabytes) = (records as f64, bytes as f64 / 1e6);
        println!(
            r#"{{"client":"{client}","version":"{version}","op":"{op}","records":{records},"bytes":{bytes},"wall_s":{wall},"cpu_s":{cpu},"cpu_us_per_record":{},"records_per_s":{},"mb_per_s":{},"max_rss_mb":{},"ended_s":{ended}{more}}}"#,
            cpu * 1e6 / count,
            count / wall,
            megabytes / wall,
            peak_memory_megabytes(),
        );
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// `getrusage` would count the parent that forked us.
fn peak_memory_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(0.0) / 1024.0
}

/// An open loop: each record is due at its moment, whatever became of those before it.
pub struct OpenLoop {
    rate: usize,
    warm_up: usize,
    records: usize,
    start: Instant,
    called: Vec<AtomicU64>,
    acknowledged: Vec<AtomicU64>,
}

impl OpenLoop {
    pub fn new(arguments: &Arguments) -> Self {
        let rate = arguments.number("rate", 1_000);
        let warm_up = rate * arguments.number("warm-seconds", 2);
        let records = warm_up + rate * arguments.number("seconds", 10);
        let zeros = || (0..records).map(|_| AtomicU64::new(0)).collect();
        let start = Instant::now();
        Self { rate, warm_up, records, start, called: zeros(), acknowledged: zeros() }
    }

    /// Calls `send` for each record when it is due; this thread must be the caller's own to sleep in. Gives the meter
    /// of what is counted.
    pub fn run(&self, mut send: impl FnMut(usize)) -> Meter {
        let mut meter = Meter::begin();
        for index in 0..self.records {
            if index == self.warm_up {
                meter = Meter::begin();
            }
            let due = Duration::from_nanos(self.due(index));
            if let Some(early) = due.checked_sub(self.start.elapsed()) {
                std::thread::sleep(early);
            }
            self.called[index].store(self.elapsed(), Ordering::Relaxed);
            send(index);
        }
        meter
    }

    pub fn acknowledged(&self, index: usize) {
        self.acknowledged[index].store(self.elapsed(), Ordering::Release);
    }

    pub fn records(&self) -> usize {
        self.records - self.warm_up
    }

    /// Percentiles from when records were due, and from when they were handed over.
    pub fn figures(&self) -> String {
        let mut text = format!(r#","rate":{}"#, self.rate);
        for prefix in ["", "call_"] {
            let mut latencies: Vec<u64> = (self.warm_up..self.records)
                .map(|index| {
                    let called = self.called[index].load(Ordering::Relaxed);
                    let from = if prefix.is_empty() { self.due(index) } else { called };
                    let end = self.acknowledged[index].load(Ordering::Acquire);
                    end.checked_sub(from).expect("every record is acknowledged")
                })
                .collect();
            latencies.sort_unstable();
            for (name, thousandths) in [("p50", 500), ("p99", 990), ("p999", 999), ("max", 1000)] {
                let index = (latencies.len() * thousandths / 1000).min(latencies.len() - 1);
                let _ = write!(text, r#","{prefix}{name}_ms":{}"#, latencies[index] as f64 / 1e6);
            }
        }
        text
    }

    fn due(&self, index: usize) -> u64 {
        index as u64 * 1_000_000_000 / self.rate as u64
    }

    fn elapsed(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }
}

/// Deliveries that are awaited in the order of sending.
pub struct OnTheWay<F> {
    open_loop: Arc<OpenLoop>,
    road: Mutex<Road<F>>,
}

struct Road<F> {
    sent: VecDeque<(usize, Pin<Box<F>>)>,
    collector: Option<Waker>,
    ended: bool,
}

impl<F: Future> OnTheWay<F> {
    pub fn new(open_loop: Arc<OpenLoop>) -> Arc<Self> {
        let road = Road { sent: VecDeque::new(), collector: None, ended: false };
        Arc::new(Self { open_loop, road: Mutex::new(road) })
    }

    /// Polls the delivery in the collector's name, as a task does that sends and then awaits: a task for each record would
    /// have to be woken twice.
    pub fn add(&self, index: usize, delivery: F) {
        let mut road = self.road.lock().unwrap();
        let mut delivery = Box::pin(delivery);
        let waker = road.collector.clone().unwrap_or_else(|| Waker::noop().clone());
        if delivery.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.open_loop.acknowledged(index);
        } else {
            road.sent.push_back((index, delivery));
        }
    }

    pub fn end(&self) {
        let mut road = self.road.lock().unwrap();
        road.ended = true;
        road.collector.iter().for_each(Waker::wake_by_ref);
    }

    /// Takes note of the acknowledgements until [`Self::end`] and the last of them.
    pub async fn collect(self: Arc<Self>) {
        poll_fn(|context| {
            let mut road = self.road.lock().unwrap();
            road.collector = Some(context.waker().clone());
            while let Some((index, delivery)) = road.sent.front_mut() {
                ready!(delivery.as_mut().poll(context));
                self.open_loop.acknowledged(*index);
                road.sent.pop_front();
            }
            if road.ended { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
