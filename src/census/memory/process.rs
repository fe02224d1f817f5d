//! The memory of a running process, by `/proc`: it is neither stopped nor told.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::rc::Rc;

use super::{CensusError, Region, entry_of};

pub(super) struct Process {
    memory: File,
    /// Its program's file, if that is still there.
    pub(super) program: Option<File>,
}

pub(super) fn name(pid: u32) -> String {
    format!("process {pid}")
}

impl Process {
    /// The process, its regions, and where its program begins.
    pub(super) fn open(pid: u32) -> Result<(Process, Vec<Region>, u64), CensusError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => CensusError::Other { what: name(pid), why: "there is none".to_owned() },
            io::ErrorKind::PermissionDenied => CensusError::Refused { pid, yama: yama() },
            _ => CensusError::Other { what: name(pid), why: error.to_string() },
        };
        let at = |file: &str| format!("/proc/{pid}/{file}");
        let memory = File::open(at("mem")).map_err(failed)?;
        let auxv = fs::read(at("auxv")).map_err(failed)?;
        let maps = fs::read(at("maps")).map_err(failed)?;
        let regions: Vec<Region> = String::from_utf8_lossy(&maps).lines().filter_map(region).collect();
        let none = || CensusError::Other { what: name(pid), why: "has ended, or is no program of its own".to_owned() };
        let entry = entry_of(&auxv).filter(|_| !regions.is_empty()).ok_or_else(none)?;
        Ok((Process { memory, program: File::open(at("exe")).ok() }, regions, entry))
    }

    pub(super) fn read(&self, at: u64, into: &mut [u8]) -> bool {
        self.memory.read_exact_at(into, at).is_ok()
    }
}

/// What the system lets processes of one user read of each other, where it says so.
fn yama() -> Option<u32> {
    fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok()?.trim().parse().ok()
}

/// A line of `/proc/PID/maps`. `None` where nothing can be read there.
fn region(line: &str) -> Option<Region> {
    let mut words = line.splitn(6, ' ');
    let (start, end) = words.next()?.split_once('-')?;
    let rights = words.next()?;
    let file = words.nth(3).map(str::trim_start).filter(|file| file.starts_with('/')).map(Rc::from);
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let (start, end) = (number(start)?, number(end)?);
    let has = |right: char| rights.contains(right);
    (has('r') && start < end).then(|| Region {
        start,
        end,
        writable: has('w'),
        executable: has('x'),
        of_program: false,
        file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_system_are_read() {
        let read = region("00400000-004a3000 r-xp 00000000 fe:00 4217   /a folder/prog (deleted)").expect("a region");
        assert_eq!((read.start, read.end, read.writable, read.executable), (0x40_0000, 0x4a_3000, false, true));
        assert_eq!(read.file.as_deref(), Some("/a folder/prog (deleted)"));
        let heap = region("c000000000-c000400000 rw-p 00000000 00:00 0    [anon: Go: heap]").expect("a region");
        assert_eq!((heap.writable, heap.file), (true, None));
        assert!(region("c000400000-c004000000 ---p 00000000 00:00 0 ").is_none());
        assert!(region("nothing").is_none());
    }
}
