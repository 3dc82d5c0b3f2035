//! The sending side: records at an even pace, or as fast as they are taken.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use ottla::{Record, Refused, TopicProducer};

use super::watch::Wait;
use crate::exit::{Failure, Outcome};

/// What to send.
#[derive(Debug)]
pub(super) struct Load {
    rate: Option<u32>,
    size: usize,
    keys: u64,
    duration: Duration,
    /// Values are cut from it.
    text: Vec<u8>,
}

/// What was sent, and how long the producer made the sender wait for that.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) records: u64,
    /// By the reason that each record met when it was not taken at once.
    pub(super) blocked: BTreeMap<Wait, Duration>,
}

/// Values begin somewhere in so many bytes.
const VARIETY: usize = 1 << 16;

impl Load {
    pub(super) fn new(rate: Option<u32>, size: usize, keys: u64, duration: Duration) -> Self {
        Self { rate, size, keys, duration, text: text(VARIETY + size) }
    }

    /// # Cancel safety
    /// What was sent until the future is dropped stands in `sent`.
    pub(super) async fn send(&self, topic: &TopicProducer, sent: &mut Sent, bar: &ProgressBar) -> Outcome {
        let begin = Instant::now();
        let mut key = String::new();
        loop {
            let elapsed = begin.elapsed();
            if elapsed >= self.duration {
                return Ok(());
            }
            // Small steps, so that time and bar are looked at often enough.
            let due = self.rate.map_or(sent.records + 256, |rate| due(rate, elapsed));
            let before = sent.records;
            while sent.records < due {
                let at = usize::try_from(sent.records.wrapping_mul(257)).unwrap_or(0) % VARIETY;
                let value = self.text.get(at..at + self.size).unwrap_or_default();
                let mut record = Record::value(value);
                if self.keys > 0 {
                    key.clear();
                    key.push_str("key-");
                    key.push_str(&(sent.records % self.keys).to_string());
                    record = record.key(&key);
                }
                self.hand_over(topic, record, sent).await?;
                sent.records += 1;
                if begin.elapsed() >= self.duration {
                    break;
                }
            }
            bar.inc(sent.records - before);
            if self.rate.is_some() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn hand_over(&self, topic: &TopicProducer, record: Record<'_>, sent: &mut Sent) -> Outcome {
        let met = match topic.try_send(record) {
            Ok(delivery) => {
                drop(delivery);
                return Ok(());
            }
            Err(Refused::Waiting(reason)) => Wait::new(&reason),
            Err(refused) => return Err(Failure::unwritten(refused)),
        };
        let waits = Instant::now();
        // Its end may come before the record's turn.
        let left = self.duration.max(Duration::from_secs(1));
        let handed_over = tokio::time::timeout(left, topic.enqueue(record)).await;
        *sent.blocked.entry(met).or_default() += waits.elapsed();
        match handed_over {
            Ok(result) => result.map_err(Failure::unwritten),
            Err(_) => Err(Failure::unwritten("the producer took no record until the end of the run")),
        }
    }
}

/// How many records are to be sent by then.
fn due(rate: u32, elapsed: Duration) -> u64 {
    u64::try_from(u128::from(rate) * elapsed.as_micros() / 1_000_000).unwrap_or(u64::MAX)
}

/// Words of random letters: it compresses as text does, not as zeros do.
fn text(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match state % 32 {
            number @ 0..26 => b"etaoinshrdlucmfwypvbgkjqxz".get(usize::try_from(number).unwrap_or(0)),
            _ => None,
        }
    };
    (0..length).map(|_| letter().copied().unwrap_or(b' ')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_due_at_an_even_pace() {
        assert_eq!(due(1000, Duration::from_millis(1)), 1);
        assert_eq!(due(3, Duration::from_millis(999)), 2);
        assert_eq!(due(3, Duration::from_secs(86_400)), 259_200);
    }

    #[test]
    fn text_is_made_of_words() {
        let text = text(1000);
        assert_eq!(text.len(), 1000);
        let spaces = text.iter().filter(|byte| **byte == b' ').count();
        assert!((100..300).contains(&spaces), "{spaces}");
    }
}
