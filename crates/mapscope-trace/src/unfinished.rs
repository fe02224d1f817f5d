//! A file that nobody sees before it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What becomes the file at `path`, under another name in the same folder meanwhile. Dropped, it is gone.
pub struct Unfinished {
    file: File,
    name: PathBuf,
    path: PathBuf,
    /// It is where it belongs, and `name` may be another's.
    persisted: bool,
}

impl Unfinished {
    pub fn new(path: &Path) -> io::Result<Unfinished> {
        /// How many this process has begun.
        static BEGUN: AtomicU64 = AtomicU64::new(0);
        loop {
            let name = format!(".mapscope-{}-{}", process::id(), BEGUN.fetch_add(1, Relaxed));
            let name = path.with_file_name(name);
            match OpenOptions::new().write(true).create_new(true).open(&name) {
                Ok(file) => return Ok(Unfinished { file, name, path: path.to_owned(), persisted: false }),
                // Left behind by another process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts it where it belongs, in place of what is there.
    pub fn persist(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.name, &self.path)?;
        self.persisted = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.persisted {
            // Where it can't be removed, nobody is there to hear of it.
            _ = fs::remove_file(&self.name);
        }
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
