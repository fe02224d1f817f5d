//! An input that is read wherever its rows are: the file itself, or a private copy of what comes by a pipe or packed.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt;

use mapscope_trace::read::Anywhere;

use super::super::WorkloadError;
use super::super::room::{folder, free_bytes, mib};
use super::{Input, Source};
use crate::intake::{self, Interrupted, interrupt};

/// A file that nobody writes to any more, or whose changes are found when all of it has been read.
struct Whole {
    file: File,
    bytes: u64,
}

impl Anywhere for Whole {
    fn len(&self) -> u64 {
        self.bytes
    }

    fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        match interrupt::asked() {
            true => Err(io::Error::other(Interrupted)),
            false => self.file.read_exact_at(buffer, at),
        }
    }
}

impl Input {
    /// All of it, of which nothing has been handed out. A private copy has no name and takes at most three quarters of the
    /// space that is free where it lies.
    pub fn whole(&mut self) -> Result<Box<dyn Anywhere>, WorkloadError> {
        if let Source::Plain(stored) = &self.source
            // A descriptor is read from where it stands.
            && !intake::is_descriptor(&self.path)
            && let Some((file, bytes)) = stored.get_ref().file().map_err(|error| self.broken(error))?
        {
            return Ok(Box::new(Whole { file, bytes }));
        }
        let mut file = tempfile::tempfile().map_err(|error| self.no_room(&format!("can't be made: {error}")))?;
        let limit_bytes = free_bytes(&file) / 4 * 3;
        let mut bytes = 0;
        loop {
            let some = &self.buffer[self.start..self.end];
            bytes += some.len() as u64;
            if bytes > limit_bytes {
                return Err(
                    self.no_room(&format!("needs more than {}, three quarters of what is free", mib(limit_bytes)))
                );
            }
            file.write_all(some).map_err(|error| self.no_room(&format!("can't be written: {error}")))?;
            self.start = self.end;
            if !self.refill()? {
                return Ok(Box::new(Whole { file, bytes }));
            }
        }
    }

    #[cold]
    fn no_room(&self, why: &str) -> WorkloadError {
        self.fault(format!(
            "it is read from its end, so what is no plain file is copied first; its private copy in {} {why}: save it \
             unpacked to a file and give that, or set TMPDIR to a folder with more room",
            folder()
        ))
    }
}
