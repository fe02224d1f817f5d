//! A program from a fresh copy in memory.
//!
//! Which physical pages hold a program's code decides up to 3 % of what its operations take, and in the system's cache a file
//! keeps its pages as long as it is there: of two equal files, one is faster, day in and day out. A copy for each process
//! makes that chance, which is different each time, and which the least of several processes leaves behind.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Such a copy, for as long as this lives; of a script, and where the system has none, the program itself.
pub(super) struct Fresh {
    path: PathBuf,
    _copy: Option<File>,
}

impl Fresh {
    pub fn of(program: &Path) -> io::Result<Fresh> {
        #[cfg(target_os = "linux")]
        if let Some(copy) = linux::copy(program)? {
            let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&copy)).into();
            return Ok(Fresh { path, _copy: Some(copy) });
        }
        Ok(Fresh { path: program.to_owned(), _copy: None })
    }

    /// Where it can be started from by this process.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{self, Read as _, Seek as _};
    use std::os::fd::FromRawFd as _;
    use std::path::Path;

    /// `None` of what is no program of this processor's, such as a script.
    pub(super) fn copy(program: &Path) -> io::Result<Option<File>> {
        let mut file = File::open(program)?;
        let mut head = [0; 4096];
        let read = file.read(&mut head)?;
        let Some(bytes) = loaded_bytes(&head[..read]) else { return Ok(None) };
        file.rewind()?;
        // SAFETY: the name ends in NUL, and the descriptor, if it is one, is nobody else's.
        let mut copy = unsafe {
            match libc::memfd_create(c"mapscope".as_ptr(), libc::MFD_CLOEXEC) {
                -1 => return Err(io::Error::last_os_error()),
                descriptor => File::from_raw_fd(descriptor),
            }
        };
        // Debugging information lies behind what is loaded, and is most of it.
        io::copy(&mut file.take(bytes), &mut copy)?;
        Ok(Some(copy))
    }

    /// How much of an ELF file of 64 bits in this processor's order the system loads, by its program headers.
    pub(super) fn loaded_bytes(head: &[u8]) -> Option<u64> {
        const LOAD: u64 = 1;
        let number = |at: usize, bytes: usize| {
            let mut number = [0; 8];
            number[..bytes].copy_from_slice(head.get(at..at.checked_add(bytes)?)?);
            Some(u64::from_le_bytes(number))
        };
        if cfg!(target_endian = "big") || head.get(..5)? != b"\x7fELF\x02" {
            return None;
        }
        let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
        let mut end = 0;
        for index in 0..count {
            let at = usize::try_from(table.checked_add(index * size)?).ok()?;
            if number(at, 4)? == LOAD {
                end = end.max(number(at.checked_add(8)?, 8)?.checked_add(number(at.checked_add(32)?, 8)?)?);
            }
        }
        Some(end).filter(|end| *end > 0)
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_copy_does_what_its_program_does() {
        let copy = Fresh::of(Path::new("/bin/echo")).unwrap();
        let output = Command::new(copy.path()).arg("copied").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "copied\n");
        assert!(Fresh::of(Path::new("/no/such/program")).is_err());
    }

    #[test]
    fn what_is_loaded_ends_where_the_last_loaded_segment_does() {
        let mut head = vec![0; 64 + 3 * 56];
        head[..5].copy_from_slice(b"\x7fELF\x02");
        (head[32], head[54], head[56]) = (64, 56, 3);
        for (index, kind, offset, bytes) in [(0, 1, 0, 100), (1, 1, 200, 50), (2, 4, 900, 9)] {
            let at = 64 + index * 56;
            (head[at], head[at + 32]) = (kind, bytes);
            head[at + 8..at + 10].copy_from_slice(&u16::to_le_bytes(offset));
        }
        let expected = cfg!(target_endian = "little").then_some(250);
        assert_eq!(linux::loaded_bytes(&head), expected);
        assert_eq!(linux::loaded_bytes(&head[..100]), None, "cut off");
        assert_eq!(linux::loaded_bytes(b"#!/bin/sh"), None);
    }
}
