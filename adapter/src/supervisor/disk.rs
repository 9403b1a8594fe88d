//! A folder of journals and snapshots: written in a thread of its own, durable when it says so.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use nodewire::AskId;
use nodewire::codec::supervisor::journal::StoreFile;
use nodewire::state::supervisor::{Recovered, Store, recover};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::settings::Settings;

/// Keeps what a machine with a journal asks to be kept.
pub trait Storage: Send + 'static {
    /// Does it. It has succeeded only if it outlives a crash.
    ///
    /// # Errors
    /// Anything at all; then the machine is not ready until it is started again.
    fn keep(&mut self, store: &Store) -> io::Result<()>;
}

/// A folder, locked against other processes.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The folder itself, to sync what names are in it.
    names: File,
    lock: Lock,
    /// The journals and the snapshot that are being written.
    open: BTreeMap<StoreFile, File>,
    /// Files that were recovered from, until they are known to be durable.
    found: Vec<StoreFile>,
}

impl Folder {
    /// Makes the folder if there is none, and locks it.
    ///
    /// # Errors
    /// Those of the operating system; `WouldBlock` if another process has it.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let lock = Lock::of(&path.join(LOCK))?;
        let names = File::open(path)?;
        let mut folder =
            Self { path: path.to_owned(), names, lock, open: BTreeMap::new(), found: vec![] };
        for entry in std::fs::read_dir(path)? {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else { continue };
            match name.parse() {
                Ok(file) => folder.found.push(file),
                // A snapshot that was never finished.
                Err(_) if name.ends_with(UNFINISHED) => std::fs::remove_file(path.join(name))?,
                Err(_) => {}
            }
        }
        Ok(folder)
    }

    /// What the files in it tell.
    ///
    /// # Errors
    /// A file that cannot be read, or settings that no machine can be of.
    pub fn recover(&self, settings: &Settings) -> Result<Recovered, String> {
        let mut failed = None;
        let read = |file: StoreFile| {
            let path = self.file(file);
            let bytes = std::fs::read(&path);
            bytes.map_err(|error| failed = Some(format!("{}: {error}", path.display()))).ok()
        };
        let recovered = recover(&settings.config, &settings.limits, &self.found, read);
        // What cannot be read now may be there the next time: nothing is to go on without it.
        failed.map_or(Ok(()), Err)?;
        recovered.map_err(|code| code.to_string())
    }

    fn file(&self, file: StoreFile) -> PathBuf {
        self.path.join(file.to_string())
    }

    fn unfinished(&self, file: StoreFile) -> PathBuf {
        self.path.join(format!("{file}{UNFINISHED}"))
    }

    fn begin(&mut self, file: StoreFile, bytes: &[u8]) -> io::Result<()> {
        let mut journal = File::create(self.file(file))?;
        journal.write_all(bytes)?;
        journal.sync_all()?;
        for found in std::mem::take(&mut self.found) {
            File::open(self.file(found))?.sync_all()?;
        }
        self.names.sync_all()?;
        // Journals are written one after the other.
        self.open.retain(|open, _| open.kind != file.kind);
        self.open.insert(file, journal);
        Ok(())
    }

    fn append(&mut self, file: StoreFile, bytes: &[u8]) -> io::Result<()> {
        let journal = self.open.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
        journal.write_all(bytes)?;
        journal.sync_data()?;
        named(journal)
    }

    fn snapshot(
        &mut self,
        file: StoreFile,
        offset: u64,
        bytes: &[u8],
        last: bool,
    ) -> io::Result<()> {
        if offset == 0 {
            let begun = File::create(self.unfinished(file))?;
            self.open.retain(|open, _| open.kind != file.kind);
            self.open.insert(file, begun);
        }
        let snapshot = self.open.get_mut(&file).ok_or(io::ErrorKind::NotFound)?;
        snapshot.seek(SeekFrom::Start(offset))?;
        snapshot.write_all(bytes)?;
        if last {
            snapshot.sync_all()?;
            named(snapshot)?;
            self.open.remove(&file);
            std::fs::rename(self.unfinished(file), self.file(file))?;
            self.names.sync_all()?;
        }
        Ok(())
    }

    fn remove(&self, before: u64) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let file = name.to_str().and_then(|name| name.parse::<StoreFile>().ok());
            if file.is_some_and(|file| file.generation < before) {
                std::fs::remove_file(self.path.join(name))?;
            }
        }
        self.names.sync_all()
    }
}

/// How the name of a snapshot ends while it is written.
const UNFINISHED: &str = ".unfinished";

impl Storage for Folder {
    fn keep(&mut self, store: &Store) -> io::Result<()> {
        self.lock.is_at(&self.path)?;
        match (store, store.file()) {
            (Store::Begin { bytes, .. }, Some(file)) => self.begin(file, bytes),
            (Store::Append { bytes, .. }, Some(file)) => self.append(file, bytes),
            (Store::Snapshot { offset, bytes, last, .. }, Some(file)) => {
                self.snapshot(file, *offset, bytes, *last)
            }
            (Store::Remove { before }, _) => self.remove(*before),
            (_, None) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// Fails for a file that was removed: what is written to it ends with the process.
fn named(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) == 0 {
        return Err(io::Error::other("its file was removed"));
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// The file that is locked.
const LOCK: &str = "lock";

/// Holds a lock until it is dropped, and no longer than the process lives, however that ends.
#[derive(Debug)]
struct Lock(File);

impl Lock {
    fn of(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        #[cfg(unix)]
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self(file))
    }
}

impl Lock {
    /// Fails if the folder at this path is not the one that is locked: another process may have
    /// that, and both would write.
    fn is_at(&self, path: &Path) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;

            let Ok(there) = std::fs::metadata(path.join(LOCK)) else {
                return Err(io::Error::other("its file was removed"));
            };
            let ours = self.0.metadata()?;
            if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
                return Err(io::Error::other("another folder is in its place"));
            }
        }
        #[cfg(not(unix))]
        let _ = path;
        Ok(())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // To close the file is not enough: a process that is being started has it too for a moment.
        #[cfg(unix)]
        if let Err(error) = rustix::fs::flock(&self.0, rustix::fs::FlockOperation::Unlock) {
            tracing::warn!(%error, "the journal's folder stays locked");
        }
    }
}

/// What became of a question to the disk.
pub(super) type Kept = (AskId, io::Result<()>);

/// A storage in a thread of its own.
pub(super) struct Disk {
    to: mpsc::Sender<(AskId, Store)>,
    pub(super) kept: UnboundedReceiver<Kept>,
}

impl Disk {
    /// # Errors
    /// No thread could be made.
    pub(super) fn start(storage: impl Storage) -> io::Result<Self> {
        let (to, from) = mpsc::channel::<(AskId, Store)>();
        // At most one question about a journal, one about a snapshot and a removal are open.
        let (done, kept): (UnboundedSender<Kept>, _) = unbounded_channel();
        thread::Builder::new().name("journal".to_owned()).spawn(move || {
            // The storage is dropped first, also by a panic: whoever hears that this is the end
            // may open it again.
            let done = done;
            let mut storage = storage;
            while let Ok((id, store)) = from.recv() {
                if done.send((id, storage.keep(&store))).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { to, kept })
    }

    /// Lets the thread do what it was asked, and waits until it has ended.
    pub(super) async fn end(self) {
        let Self { to, mut kept } = self;
        drop(to);
        while kept.recv().await.is_some() {}
    }

    /// False if the thread is gone.
    pub(super) fn keep(&self, id: AskId, store: Store) -> bool {
        self.to.send((id, store)).is_ok()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use nodewire::bytes::Bytes;

    use super::*;

    #[test]
    fn a_lock_ends_with_its_folder_whoever_else_has_the_file() {
        let path = std::env::temp_dir().join(format!("nodewire-lock-{}", std::process::id()));
        let folder = Folder::open(&path).unwrap();
        assert_eq!(Folder::open(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        // As a process has it that is being started.
        let inherited = folder.lock.0.try_clone().unwrap();
        drop(folder);
        drop(Folder::open(&path).unwrap());
        drop(inherited);
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn nothing_is_kept_in_a_folder_that_another_has() {
        let path = std::env::temp_dir().join(format!("nodewire-swap-{}", std::process::id()));
        let moved = path.with_extension("moved");
        let mut first = Folder::open(&path).unwrap();
        let bytes = Bytes::from_static(b"bytes");
        let begin = Store::Begin { generation: 1, bytes: bytes.clone() };
        let append = Store::Append { generation: 1, bytes };
        first.keep(&begin).unwrap();
        first.keep(&append).unwrap();
        // Another process has the folder of this name; then one that has lost its lock.
        std::fs::rename(&path, &moved).unwrap();
        let mut second = Folder::open(&path).unwrap();
        second.keep(&begin).unwrap();
        for store in [&append, &begin, &Store::Remove { before: 9 }] {
            let error = first.keep(store).unwrap_err();
            assert_eq!(error.to_string(), "another folder is in its place");
        }
        second.keep(&append).unwrap();
        std::fs::remove_file(path.join(LOCK)).unwrap();
        let mut third = Folder::open(&path).unwrap();
        assert!(second.keep(&append).is_err());
        third.keep(&begin).unwrap();
        std::fs::remove_dir_all(path).unwrap();
        std::fs::remove_dir_all(moved).unwrap();
    }

    /// Says when it is dropped, after a while.
    struct Slow(mpsc::Sender<()>);

    impl Storage for Slow {
        fn keep(&mut self, _: &Store) -> io::Result<()> {
            panic!("the thread of the disk ends");
        }
    }

    impl Drop for Slow {
        fn drop(&mut self) {
            thread::sleep(std::time::Duration::from_millis(50));
            self.0.send(()).unwrap();
        }
    }

    #[test]
    fn a_thread_that_panics_drops_its_storage_before_it_is_heard_of() {
        let (dropped, is_dropped) = mpsc::channel();
        let mut disk = Disk::start(Slow(dropped)).unwrap();
        assert!(disk.keep(AskId::from_u64(0), Store::Remove { before: 0 }));
        assert!(disk.kept.blocking_recv().is_none());
        assert_eq!(is_dropped.try_recv(), Ok(()));
    }
}
