//! What outlives the process: a few operations on named files, and what they add up to.
//!
//! The engine does no I/O of its own. Whoever opens it with a disk hands in a [`Disk`], and each log and the
//! journal write through one [`Store`]. Bytes are written before the thing that they say counts, so an answer that
//! leaves the engine never says more than the disk holds. `docs/broker-disk.md` shows the files.

mod journal;
#[cfg(test)]
pub(crate) mod simulated;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::{fmt, io};

use parking_lot::Mutex;

pub(crate) use journal::{Journal, JournalError};

/// A place for files (a port: the engine decides, this does).
///
/// Names are relative, with `/` between folders, which come and go with their files. Everything is done when the
/// call returns and survives the end of the process; what must survive the loss of power is said by
/// [`sync`](Self::sync).
///
/// An implementation may fail at any call. It must not panic, and need not undo a write that it did in part.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Every file with its size in bytes, in any order.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;

    /// Fills `room` with the bytes from `position` on.
    ///
    /// # Errors
    /// What the system says; `UnexpectedEof` if the file is too short.
    fn read(&self, file: &str, position: u64, room: &mut [u8]) -> io::Result<()>;

    /// Writes behind the file's end; a file that does not exist begins with it.
    ///
    /// # Errors
    /// What the system says. A part of the bytes may have been written.
    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file off at `length`.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&self, file: &str, length: u64) -> io::Result<()>;

    /// Gives the file another name; what had that name before is gone. All or nothing.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes the file; one that does not exist is removed already.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, file: &str) -> io::Result<()>;

    /// Returns once the file, under the name that it has, would be found after the loss of power.
    ///
    /// # Errors
    /// What the system says. Nobody knows then what the disk holds.
    fn sync(&self, file: &str) -> io::Result<()>;
}

/// Something about the disk that somebody should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorageEvent {
    /// The file, below the folder of the data.
    pub file: String,
    /// What happened to it, and what the broker did.
    pub message: String,
}

impl fmt::Display for StorageEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

/// The disk did not do what it was told; a [`StorageEvent`] says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StorageFailed;

/// The one way to the disk, shared by all logs and the journal.
#[derive(Debug)]
pub(crate) struct Store {
    disk: Arc<dyn Disk>,
    /// Whether answers wait for [`Disk::sync`].
    fsync: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    unsynced: BTreeSet<Arc<str>>,
    /// Files that nothing refers to once the journal says so.
    unwanted: Vec<Arc<str>>,
    events: VecDeque<StorageEvent>,
    /// After a sync that failed nobody knows what the disk holds, so nothing more is promised.
    gave_up: bool,
}

impl Store {
    pub(crate) fn new(disk: Arc<dyn Disk>, fsync: bool) -> Self {
        Self { disk, fsync, state: Mutex::default() }
    }

    pub(crate) fn list(&self) -> io::Result<Vec<(String, u64)>> {
        self.disk.list()
    }

    /// Appends to a file that has `length` bytes. If it fails, the file is as it was.
    pub(crate) fn append(&self, file: &Arc<str>, length: u64, bytes: &[u8]) -> Result<(), StorageFailed> {
        if self.state.lock().gave_up {
            return Err(StorageFailed);
        }
        if let Err(error) = self.disk.append(file, bytes) {
            self.report(file, format!("cannot be written, the records are refused: {error}"));
            // A part that stays behind would lie before what comes next.
            if let Err(error) = self.disk.truncate(file, length)
                && error.kind() != io::ErrorKind::NotFound
            {
                self.give_up(file, &error);
            }
            return Err(StorageFailed);
        }
        if self.fsync {
            self.state.lock().unsynced.insert(Arc::clone(file));
        }
        Ok(())
    }

    pub(crate) fn read(&self, file: &str, position: u64, room: &mut [u8]) -> Result<(), StorageFailed> {
        self.disk.read(file, position, room).map_err(|error| {
            self.report(file, format!("cannot be read at {position}: {error}"));
            StorageFailed
        })
    }

    pub(crate) fn truncate(&self, file: &Arc<str>, length: u64) -> Result<(), StorageFailed> {
        self.disk.truncate(file, length).map_err(|error| {
            self.give_up(file, &error);
            StorageFailed
        })?;
        if self.fsync {
            self.state.lock().unsynced.insert(Arc::clone(file));
        }
        Ok(())
    }

    /// Writes a whole file so that it is there either as before or as now, whatever happens meanwhile.
    pub(crate) fn replace(&self, file: &Arc<str>, bytes: &[u8]) -> Result<(), StorageFailed> {
        let fresh: Arc<str> = format!("{file}{FRESH}").into();
        let replaced = self
            .disk
            .remove(&fresh)
            .and_then(|()| self.disk.append(&fresh, bytes))
            .and_then(|()| self.disk.sync(&fresh))
            .and_then(|()| self.disk.rename(&fresh, file))
            .and_then(|()| self.disk.sync(file));
        replaced.map_err(|error| {
            self.report(file, format!("cannot be replaced, it stays as it was: {error}"));
            StorageFailed
        })
    }

    pub(crate) fn remove(&self, file: &str) -> Result<(), StorageFailed> {
        self.disk.remove(file).map_err(|error| {
            self.report(file, format!("cannot be removed: {error}"));
            StorageFailed
        })
    }

    /// Removes the file once the journal says that nothing refers to it.
    pub(crate) fn remove_later(&self, file: Arc<str>) {
        self.state.lock().unwanted.push(file);
    }

    /// Removes what was put aside. A file that stays is removed at the next start.
    pub(crate) fn remove_unwanted(&self) {
        for file in std::mem::take(&mut self.state.lock().unwanted) {
            let _ = self.remove(&file);
        }
    }

    /// Syncs a file, whatever the settings say.
    pub(crate) fn sync_file(&self, file: &str) -> Result<(), StorageFailed> {
        self.disk.sync(file).map_err(|error| {
            self.give_up(file, &error);
            StorageFailed
        })
    }

    /// Makes sure that all that was written outlives what it has to outlive.
    pub(crate) fn settle(&self) -> Result<(), StorageFailed> {
        let unsynced = {
            let mut state = self.state.lock();
            if state.gave_up {
                return Err(StorageFailed);
            }
            std::mem::take(&mut state.unsynced)
        };
        unsynced.iter().try_for_each(|file| self.sync_file(file))
    }

    /// Notes something that somebody should know of.
    pub(crate) fn report(&self, file: &str, message: String) {
        /// More than anybody reads; a disk that fails does so again and again.
        const KEPT: usize = 1000;
        let events = &mut self.state.lock().events;
        if events.len() == KEPT {
            events.pop_front();
        }
        events.push_back(StorageEvent { file: file.to_owned(), message });
    }

    pub(crate) fn take_events(&self) -> Vec<StorageEvent> {
        std::mem::take(&mut self.state.lock().events).into()
    }

    fn give_up(&self, file: &str, error: &io::Error) {
        self.report(file, format!("is in an unknown state, nothing is written until a restart: {error}"));
        self.state.lock().gave_up = true;
    }
}

/// What the name of a file ends in that is to take the place of another.
pub(crate) const FRESH: &str = ".new";
