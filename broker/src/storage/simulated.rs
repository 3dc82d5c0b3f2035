//! A disk that forgets and tears what was not synced when the power goes, and that can be full.

use std::collections::BTreeMap;
use std::io;

use parking_lot::Mutex;

use super::Disk;
use crate::random::Random;

/// A disk in memory. Names and contents have each a side that survives the loss of power.
#[derive(Debug)]
pub(crate) struct SimulatedDisk(Mutex<Contents>);

#[derive(Debug)]
struct Contents {
    random: Random,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    files: Vec<File>,
    /// How many more bytes can be written.
    room: u64,
    /// How many more changes are made before the process dies, if it will.
    changes_left: Option<usize>,
    died: bool,
    /// Whether each sync fails.
    syncs_fail: bool,
    /// What is in the names of the files that cannot be read.
    unreadable: Option<String>,
    /// How many bytes were read of each file.
    read: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
struct File {
    bytes: Vec<u8>,
    durable: Vec<u8>,
}

impl SimulatedDisk {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Contents {
            random: Random::new(seed),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            files: Vec::new(),
            room: u64::MAX,
            changes_left: None,
            died: false,
            syncs_fail: false,
            unreadable: None,
            read: BTreeMap::new(),
        }))
    }

    /// Lets only so many more bytes be written.
    pub(crate) fn leave_room(&self, bytes: u64) {
        self.0.lock().room = bytes;
    }

    /// Lets the process die after so many more changes: each later one fails.
    pub(crate) fn die_after(&self, changes: usize) {
        self.0.lock().changes_left = Some(changes);
    }

    /// Another process has the disk now. Returns whether the one of before had died.
    pub(crate) fn live_again(&self) -> bool {
        let mut contents = self.0.lock();
        contents.changes_left = None;
        std::mem::take(&mut contents.died)
    }

    /// How many bytes were read of the files with this in their names.
    pub(crate) fn bytes_read(&self, part: &str) -> u64 {
        self.0.lock().read.iter().filter(|(name, _)| name.contains(part)).map(|(_, bytes)| bytes).sum()
    }

    /// Lets each read of the files with this in their names fail; with `None` all can be read again.
    pub(crate) fn let_reads_fail(&self, part: Option<&str>) {
        self.0.lock().unreadable = part.map(str::to_owned);
    }

    pub(crate) fn let_syncs_fail(&self, fail: bool) {
        self.0.lock().syncs_fail = fail;
    }

    /// The power goes and returns: of what was not synced some is kept, some is lost, and some is torn.
    pub(crate) fn lose_power(&self) {
        let Contents { random, names, durable_names, files, .. } = &mut *self.0.lock();
        for file in files.iter_mut() {
            let known = file.durable.len();
            // What was cut off may be there again, what was appended may be missing or garbage from some byte on.
            if file.bytes.starts_with(&file.durable) {
                let new = file.bytes.len() - known;
                let kept = usize::try_from(random.next()).unwrap() % (new + 1);
                file.bytes.truncate(known + kept);
                if random.happens(0.3) && kept > 0 {
                    let from = known + usize::try_from(random.next()).unwrap() % kept;
                    let noise = u8::try_from(random.next() & 0xff).unwrap();
                    file.bytes[from..].iter_mut().for_each(|byte| *byte ^= noise);
                }
            } else if random.happens(0.5) {
                file.bytes.clone_from(&file.durable);
            }
            file.durable.clone_from(&file.bytes);
        }
        let mut both: Vec<String> = names.keys().chain(durable_names.keys()).cloned().collect();
        both.sort_unstable();
        both.dedup();
        for name in both {
            let (new, old) = (names.get(&name).copied(), durable_names.get(&name).copied());
            let kept = if new == old || random.happens(0.5) { new } else { old };
            match kept {
                Some(file) => drop(durable_names.insert(name, file)),
                None => drop(durable_names.remove(&name)),
            }
        }
        names.clone_from(durable_names);
    }
}

impl Contents {
    fn change(&mut self) -> io::Result<()> {
        match &mut self.changes_left {
            Some(0) => {
                self.died = true;
                return Err(io::ErrorKind::Other.into());
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(())
    }

    fn file(&mut self, name: &str) -> io::Result<&mut File> {
        let index = *self.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        self.files.get_mut(index).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let contents = self.0.lock();
        let size = |index: usize| contents.files[index].bytes.len() as u64;
        Ok(contents.names.iter().map(|(name, index)| (name.clone(), size(*index))).collect())
    }

    fn read(&self, file: &str, position: u64, room: &mut [u8]) -> io::Result<()> {
        let mut contents = self.0.lock();
        if contents.unreadable.as_ref().is_some_and(|part| file.contains(part)) {
            return Err(io::ErrorKind::Other.into());
        }
        let bytes = &contents.file(file)?.bytes;
        let position = usize::try_from(position).unwrap();
        let found = bytes.get(position..position + room.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        room.copy_from_slice(found);
        *contents.read.entry(file.to_owned()).or_default() += room.len() as u64;
        Ok(())
    }

    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut contents = self.0.lock();
        contents.change()?;
        if !contents.names.contains_key(file) {
            let index = contents.files.len();
            contents.files.push(File::default());
            contents.names.insert(file.to_owned(), index);
        }
        // A full disk takes as much as there is room for.
        let fits = bytes.len().min(usize::try_from(contents.room).unwrap_or(usize::MAX));
        contents.room -= fits as u64;
        contents.file(file)?.bytes.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn truncate(&self, file: &str, length: u64) -> io::Result<()> {
        let mut contents = self.0.lock();
        contents.change()?;
        contents.file(file)?.bytes.truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut contents = self.0.lock();
        contents.change()?;
        let index = contents.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        contents.names.insert(to.to_owned(), index);
        Ok(())
    }

    fn remove(&self, file: &str) -> io::Result<()> {
        let mut contents = self.0.lock();
        contents.change()?;
        contents.names.remove(file);
        Ok(())
    }

    fn sync(&self, file: &str) -> io::Result<()> {
        let mut contents = self.0.lock();
        contents.change()?;
        if contents.syncs_fail {
            return Err(io::ErrorKind::Other.into());
        }
        let index = *contents.names.get(file).ok_or(io::ErrorKind::NotFound)?;
        let synced = &mut contents.files[index];
        synced.durable.clone_from(&synced.bytes);
        contents.durable_names.retain(|_, other| *other != index);
        contents.durable_names.insert(file.to_owned(), index);
        Ok(())
    }
}
