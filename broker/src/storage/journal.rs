use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use ottla_proto::records::crc32;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{StorageFailed, Store};

/// Facts by key, kept as a file of text: each line has a checksum and says what is known under one key from then
/// on. It grows with each change and is written anew, with one line for each key, when most of it is out of date.
#[derive(Debug)]
pub(crate) struct Journal<K, V> {
    store: Arc<Store>,
    file: Arc<str>,
    length: u64,
    lines: usize,
    facts: PhantomData<(K, V)>,
}

/// Why a journal cannot be used.
#[derive(Debug, Error)]
pub(crate) enum JournalError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A whole line that says something that this version does not know.
    #[error("line {line} is not of this version: {problem}")]
    Unknown { line: usize, problem: serde_json::Error },
}

/// What is known of one key; nothing if it is gone.
#[derive(Serialize, Deserialize)]
struct Line<K, V> {
    key: K,
    is: Option<V>,
}

/// The facts of a journal.
pub(crate) type Facts<K, V> = BTreeMap<K, V>;

impl<K, V> Journal<K, V>
where
    K: Ord + Serialize + DeserializeOwned,
    V: Serialize + DeserializeOwned,
{
    /// Reads what is known, from a file of `length` bytes.
    ///
    /// What follows the first line that is not whole is cut off: it was being written when the power went.
    pub(crate) fn open(
        store: Arc<Store>,
        file: &str,
        length: u64,
    ) -> Result<(Self, Facts<K, V>), JournalError> {
        let mut bytes =
            vec![0; usize::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?];
        if length > 0 {
            store.disk.read(file, 0, &mut bytes)?;
        }
        let mut journal = Self { store, file: file.into(), length: 0, lines: 0, facts: PhantomData };
        let mut facts = Facts::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(text) = whole(line) else { break };
            let Line { key, is } = serde_json::from_slice(text)
                .map_err(|problem| JournalError::Unknown { line: journal.lines + 1, problem })?;
            match is {
                Some(value) => drop(facts.insert(key, value)),
                None => drop(facts.remove(&key)),
            }
            journal.lines += 1;
            journal.length += line.len() as u64;
        }
        if journal.length < length {
            let lost = length - journal.length;
            journal.store.report(file, format!("the last {lost} bytes are no whole line and were cut off"));
            journal.store.disk.truncate(file, journal.length)?;
        }
        Ok((journal, facts))
    }

    /// Writes down what is known of these keys now.
    pub(crate) fn write<'a>(
        &mut self,
        facts: impl Iterator<Item = (&'a K, Option<V>)>,
    ) -> Result<(), StorageFailed>
    where
        K: 'a,
    {
        let mut lines = 0;
        let text = text(facts.inspect(|_| lines += 1))?;
        self.store.append(&self.file, self.length, text.as_bytes())?;
        self.length += text.len() as u64;
        self.lines += lines;
        Ok(())
    }

    /// Whether so much is out of date, with `keys` keys being known, that [`rewrite`](Self::rewrite) pays.
    pub(crate) fn is_stale(&self, keys: usize) -> bool {
        const FEW: usize = 1000;
        self.lines > keys.saturating_mul(4).saturating_add(FEW)
    }

    /// Writes the file anew with all that is known.
    pub(crate) fn rewrite<'a>(
        &mut self,
        facts: impl Iterator<Item = (&'a K, Option<V>)>,
    ) -> Result<(), StorageFailed>
    where
        K: 'a,
    {
        let mut lines = 0;
        let text = text(facts.inspect(|_| lines += 1))?;
        self.store.replace(&self.file, text.as_bytes())?;
        (self.length, self.lines) = (text.len() as u64, lines);
        Ok(())
    }
}

/// The lines of facts.
fn text<'a, K: Serialize + 'a, V: Serialize>(
    facts: impl Iterator<Item = (&'a K, Option<V>)>,
) -> Result<String, StorageFailed> {
    let mut text = String::new();
    for (key, is) in facts {
        let line = serde_json::to_string(&Line { key, is }).map_err(|_| StorageFailed)?;
        // Writing to a string does not fail.
        writeln!(text, "{:08x} {line}", crc32(line.as_bytes())).map_err(|_| StorageFailed)?;
    }
    Ok(text)
}

/// The text of a line that is there to its end.
fn whole(line: &[u8]) -> Option<&[u8]> {
    let (crc, text) = line.strip_suffix(b"\n")?.split_at_checked(9)?;
    let crc = crc.strip_suffix(b" ").and_then(|crc| std::str::from_utf8(crc).ok())?;
    (u32::from_str_radix(crc, 16).ok()? == crc32(text)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::simulated::SimulatedDisk;
    use super::*;
    use crate::storage::Disk;

    type Numbers = Journal<String, u32>;

    fn store(disk: &Arc<SimulatedDisk>) -> Arc<Store> {
        Arc::new(Store::new(Arc::clone(disk) as Arc<dyn Disk>, false))
    }

    fn open(disk: &Arc<SimulatedDisk>) -> (Numbers, Facts<String, u32>, Arc<Store>) {
        let store = store(disk);
        let length =
            disk.list().unwrap().into_iter().find(|(name, _)| name == "j").map_or(0, |(_, size)| size);
        let (journal, facts) = Journal::open(Arc::clone(&store), "j", length).unwrap();
        (journal, facts, store)
    }

    fn write(journal: &mut Numbers, key: &str, value: Option<u32>) {
        journal.write([(&key.to_owned(), value)].into_iter()).unwrap();
    }

    #[test]
    fn the_last_word_on_a_key_counts() {
        let disk = Arc::new(SimulatedDisk::new(1));
        let (mut journal, ..) = open(&disk);
        write(&mut journal, "a", Some(1));
        write(&mut journal, "b", Some(2));
        write(&mut journal, "a", Some(3));
        write(&mut journal, "b", None);
        let (_, facts, _) = open(&disk);
        assert_eq!(facts, Facts::from([("a".to_owned(), 3)]));
    }

    #[test]
    fn a_torn_line_is_cut_off_with_a_message() {
        let disk = Arc::new(SimulatedDisk::new(1));
        let (mut journal, ..) = open(&disk);
        write(&mut journal, "a", Some(1));
        let whole = journal.length;
        write(&mut journal, "b", Some(2));
        disk.truncate("j", journal.length - 3).unwrap();
        let (mut journal, facts, store) = open(&disk);
        assert_eq!(facts.len(), 1);
        assert_eq!(journal.length, whole);
        assert!(store.take_events()[0].message.contains("cut off"));
        write(&mut journal, "c", Some(3));
        assert_eq!(open(&disk).1.len(), 2, "what is written next is read");
    }

    #[test]
    fn what_is_out_of_date_is_dropped_when_it_is_most() {
        let disk = Arc::new(SimulatedDisk::new(1));
        let (mut journal, ..) = open(&disk);
        for value in 0..2000 {
            write(&mut journal, "a", Some(value));
        }
        assert!(journal.is_stale(1));
        let facts = [("a".to_owned(), 1999)];
        journal.rewrite(facts.iter().map(|(key, value)| (key, Some(*value)))).unwrap();
        assert!(!journal.is_stale(1));
        write(&mut journal, "b", Some(1));
        assert_eq!(open(&disk).1.len(), 2);
    }

    #[test]
    fn a_line_of_another_version_is_not_skipped() {
        let disk = Arc::new(SimulatedDisk::new(1));
        let line = "[1,2]";
        disk.append("j", format!("{:08x} {line}\n", crc32(line.as_bytes())).as_bytes()).unwrap();
        let length = disk.list().unwrap()[0].1;
        let opened: Result<(Numbers, _), _> = Journal::open(store(&disk), "j", length);
        assert!(matches!(opened, Err(JournalError::Unknown { line: 1, .. })));
    }
}
