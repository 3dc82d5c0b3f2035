use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::storage::Disk;

/// How many files are held open at once; more are closed and opened again when they are needed.
const OPEN_FILES: usize = 512;

/// The files below one folder of this machine, for one process alone.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    open: Mutex<OpenFiles>,
    /// Holding it keeps other brokers out.
    _lock: File,
}

#[derive(Debug, Default)]
struct OpenFiles {
    files: BTreeMap<String, Arc<File>>,
    /// The names of the open files, in the order in which they were opened.
    order: VecDeque<String>,
    /// Files whose entry in their folder was not synced yet.
    unsynced_names: BTreeSet<String>,
}

impl Folder {
    /// Opens the folder, which begins with this if there is none.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let lock = OpenOptions::new().create(true).append(true).open(root.join(LOCK))?;
        if lock.try_lock().is_err() {
            let message = "another broker uses the folder";
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
        }
        Ok(Self { root: root.to_owned(), open: Mutex::default(), _lock: lock })
    }

    /// The open file; with `create`, one that begins now if there is none.
    fn file(&self, name: &str, create: bool) -> io::Result<Arc<File>> {
        let mut open = self.open.lock();
        if let Some(file) = open.files.get(name) {
            return Ok(Arc::clone(file));
        }
        let path = self.root.join(name);
        let mut options = OpenOptions::new();
        options.read(true).append(true);
        let file = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && create => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                open.unsynced_names.insert(name.to_owned());
                options.create(true).open(&path)?
            }
            opened => opened?,
        };
        while open.order.len() >= OPEN_FILES {
            let Some(oldest) = open.order.pop_front() else { break };
            open.files.remove(&oldest);
        }
        let file = Arc::new(file);
        open.order.push_back(name.to_owned());
        open.files.insert(name.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn forget(&self, name: &str) {
        let mut open = self.open.lock();
        open.unsynced_names.remove(name);
        if open.files.remove(name).is_some() {
            open.order.retain(|other| other != name);
        }
    }
}

impl Disk for Folder {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                // Every name that is ours is text; others are left alone.
                let Ok(name) = entry.file_name().into_string() else { continue };
                let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(name);
                } else if kind.is_file() && name != LOCK {
                    files.push((name, entry.metadata()?.len()));
                }
            }
        }
        Ok(files)
    }

    fn read(&self, file: &str, position: u64, room: &mut [u8]) -> io::Result<()> {
        read_at(&*self.file(file, false)?, position, room)
    }

    fn append(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        (&*self.file(file, true)?).write_all(bytes)
    }

    fn truncate(&self, file: &str, length: u64) -> io::Result<()> {
        self.file(file, false)?.set_len(length)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.forget(from);
        self.forget(to);
        fs::rename(self.root.join(from), self.root.join(to))?;
        self.open.lock().unsynced_names.insert(to.to_owned());
        Ok(())
    }

    fn remove(&self, file: &str) -> io::Result<()> {
        self.forget(file);
        let path = self.root.join(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Folders go with their last file; one that is not empty says so.
        let mut folder = path.parent();
        while let Some(empty) = folder.filter(|folder| *folder != self.root && fs::remove_dir(folder).is_ok())
        {
            folder = empty.parent();
        }
        Ok(())
    }

    fn sync(&self, file: &str) -> io::Result<()> {
        self.file(file, false)?.sync_data()?;
        if self.open.lock().unsynced_names.remove(file) {
            // The name lies in its folder, and that folder's name in the one above.
            let path = self.root.join(file);
            let mut folder = path.parent();
            while let Some(inside) = folder.filter(|folder| folder.starts_with(&self.root)) {
                sync_folder(inside)?;
                folder = inside.parent();
            }
        }
        Ok(())
    }
}

const LOCK: &str = "lock";

#[cfg(unix)]
fn read_at(file: &File, position: u64, room: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, room, position)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, position: u64, room: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    // Writing is always behind the end, so the place that reading leaves the file at does not matter.
    file.seek(SeekFrom::Start(position))?;
    file.read_exact(room)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems keep names without being asked, or offer no way to ask.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
