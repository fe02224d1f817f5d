//! Which processes write a file of a recording: those that have it mapped, as one that records has for as long as it runs.
//!
//! The number in a file is that which its process has for itself: in a container it is another's here, or nobody's.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What the system adds to the name of a mapped file that is there no more.
const DELETED: &str = " (deleted)";

/// A file that a process has mapped, with a name of such files.
struct Mapped {
    pid: u32,
    path: PathBuf,
    inode: u64,
}

/// The files of recordings that processes have mapped.
pub(super) struct Writers(Vec<Mapped>);

impl Writers {
    /// Of every other process that this user may look at. One that ends meanwhile, or may not be looked at, keeps none of the
    /// others.
    ///
    /// # Errors
    /// Where the system lists no processes.
    pub(super) fn now() -> io::Result<Writers> {
        let pids = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        // What changes a recording maps its file as well, here and for a moment.
        let others = pids.filter(|&pid| pid != std::process::id());
        Ok(Writers(others.flat_map(of_process).collect()))
    }

    /// The number here of the process that writes this file, if one does.
    pub(super) fn writer_of(path: &Path) -> io::Result<Option<u32>> {
        Writers::now()?.of(path)
    }

    /// The process that has this file mapped. Its name says which process and when; a process in a container knows it by another
    /// path, and some file systems by another inode.
    pub(super) fn of(&self, path: &Path) -> io::Result<Option<u32>> {
        let (path, inode) = (path.canonicalize()?, fs::metadata(path)?.ino());
        let is_it = |mapped: &&Mapped| {
            mapped.path.file_name() == path.file_name() && (mapped.path == path || mapped.inode == inode)
        };
        Ok(self.0.iter().find(is_it).map(|mapped| mapped.pid))
    }
}

fn of_process(pid: u32) -> Vec<Mapped> {
    let maps = fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
    let maps = String::from_utf8_lossy(&maps);
    let mapped = maps.lines().filter_map(mapped);
    mapped.map(|(path, inode)| Mapped { pid, path: PathBuf::from(path), inode }).collect()
}

/// The file and the inode of a line of `/proc/PID/maps`, if it has a name of such files, and what is written there is the file's:
/// ADDRESSES PERMISSIONS OFFSET DEVICE INODE PATH.
fn mapped(line: &str) -> Option<(&str, u64)> {
    let path = &line[line.find('/')?..];
    let path = path.strip_suffix(DELETED).unwrap_or(path);
    let is_named = Path::new(path).extension() == Some(OsStr::new("maps"));
    let mut fields = line.split_whitespace().skip(1);
    let is_written = fields.next()? == "rw-s";
    Some((path, fields.nth(2)?.parse().ok()?)).filter(|_| is_named && is_written)
}

/// The file that a process writes, and whether it is still there by that name.
pub(super) fn file_of(pid: u32) -> io::Result<Option<(PathBuf, bool)>> {
    let maps = fs::read(format!("/proc/{pid}/maps"))?;
    let maps = String::from_utf8_lossy(&maps);
    let found = maps.lines().find_map(|line| Some((mapped(line)?.0, !line.ends_with(DELETED))));
    Ok(found.map(|(path, is_there)| (PathBuf::from(path), is_there)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_system_are_read() {
        let line = "7f1c00000000-7f1c00435000 rw-s 00000000 fe:00 4217   /a folder/12-34.maps";
        assert_eq!(mapped(line), Some(("/a folder/12-34.maps", 4217)));
        assert_eq!(mapped(&format!("{line} (deleted)")), Some(("/a folder/12-34.maps", 4217)));
        assert_eq!(mapped("7f1c00000000-7f1c00435000 rw-s 00000000 fe:00 4217   /a/libmaps.so"), None);
        // Whoever but reads it is not its writer.
        assert_eq!(mapped(&line.replace("rw-s", "r--s")), None);
        assert_eq!(mapped("c000000000-c000400000 rw-p 00000000 00:00 0    [anon: Go: heap]"), None);
        assert_eq!(mapped(""), None);
    }
}
