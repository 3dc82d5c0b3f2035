//! What a load used: time on the wall, CPU time and memory of this process.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

use super::Failure;

/// From the first record to the last acknowledgement.
pub(super) struct Meter {
    begin: Instant,
    cpu: f64,
}

/// A measured span.
pub(super) struct Usage {
    wall: f64,
    cpu: f64,
    /// Seconds since 1970, by which the caller knows how long the process took to get here.
    ended: f64,
}

impl Meter {
    pub(super) fn begin() -> Self {
        Self { cpu: cpu_seconds(), begin: Instant::now() }
    }

    pub(super) fn end(&self) -> Usage {
        let (wall, cpu) = (self.begin.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        let ended = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        Usage { wall, cpu, ended }
    }
}

impl Usage {
    /// CPU microseconds a record, and records a second.
    pub(super) fn per_record(&self, records: usize) -> (f64, f64) {
        let count = crate::harness::as_f64(records);
        (self.cpu * 1e6 / count, count / self.wall)
    }

    /// Prints the one line of figures.
    pub(super) fn print(
        &self,
        op: &str,
        records: usize,
        bytes: usize,
        more: Map<String, Value>,
    ) -> Result<(), Failure> {
        let count = crate::harness::as_f64(records);
        let mut line = json!({
            "client": "ottla",
            "version": env!("CARGO_PKG_VERSION"),
            "op": op,
            "records": records,
            "bytes": bytes,
            "wall_s": self.wall,
            "cpu_s": self.cpu,
            "cpu_us_per_record": self.cpu * 1e6 / count,
            "records_per_s": count / self.wall,
            "mb_per_s": crate::harness::as_f64(bytes) / 1e6 / self.wall,
            "max_rss_mb": peak_memory_megabytes()?,
            "ended_s": self.ended,
        });
        if let Some(fields) = line.as_object_mut() {
            fields.extend(more);
        }
        println!("{line}");
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a run takes far less than 2^52 nanoseconds")]
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The process's own peak: the figure of `getrusage` would count the parent that forked it.
fn peak_memory_megabytes() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kibibytes / 1024.0)
}
