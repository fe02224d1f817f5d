//! The memory of another program, running or dumped, of which nothing is written.
//!
//! The program may change it at any time, and a core file may be anybody's: whoever reads here believes nothing, and
//! bounds what a number found here makes it do.

mod core;
mod process;

use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::rc::Rc;

use self::core::Core;
use self::process::Process;
use super::CensusError;

/// Addresses that the program has mapped alike.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub start: u64,
    pub end: u64,
    pub writable: bool,
    pub executable: bool,
    /// Whether it is of the program's own file, or its zeroed data.
    pub of_program: bool,
    /// The file, where there is one.
    file: Option<Rc<str>>,
}

impl Region {
    fn has(&self, at: u64) -> bool {
        (self.start..self.end).contains(&at)
    }
}

enum Source {
    Process(Process),
    Core(Core),
}

/// All that can be read of a program.
pub(super) struct Memory {
    source: Source,
    /// In the order of their addresses.
    pub regions: Vec<Region>,
    /// The program's file.
    pub program: String,
    /// Where it begins.
    pub entry: u64,
    /// Whether it has the file of a recording mapped.
    pub is_recorded: bool,
    /// How many more reads may fail: a core file may name any number of addresses.
    failures_left: Cell<u32>,
    /// How much more may be read, whatever comes of it: a read is one, and one more for each KiB.
    reads_left: Cell<u64>,
}

/// Reads that may fail: pages of a stack that were never used, and what changes meanwhile.
const FAILURES_MAX: u32 = 1 << 22;
/// See [`Memory::reads_left`]: minutes, which no program's heap takes, and a damaged core file soon would.
const READS_MAX: u64 = 1 << 28;
/// What is read at once, and what a program and its data may take.
const READ_BYTES_MAX: usize = 1 << 30;
const PROGRAM_BYTES_MAX: u64 = 4 << 30;
/// The bytes of a page of Linux on every machine that is read here, or a part of one.
const PAGE_BYTES: u64 = 4096;

impl Memory {
    /// That of a running process.
    pub(super) fn of_process(pid: u32) -> Result<Memory, CensusError> {
        let (process, regions, entry) = Process::open(pid)?;
        Memory::new(Source::Process(process), regions, entry)
            .ok_or_else(|| CensusError::Other { what: process::name(pid), why: "has no program".to_owned() })
    }

    /// That of a core file, whose program is where it was, or at `program`.
    pub(super) fn of_core(path: &Path, program: Option<&Path>) -> Result<Memory, CensusError> {
        let failed = |why: String| CensusError::At { path: path.to_owned(), why };
        let (core, regions, entry) = Core::open(path).map_err(&failed)?;
        let none = || failed("doesn't say which program it is of (NT_AUXV, NT_FILE)".to_owned());
        let mut memory = Memory::new(Source::Core(core), regions, entry).ok_or_else(none)?;
        let file = memory.program.clone();
        if let Source::Core(core) = &mut memory.source {
            core.add_program(&file, program)?;
        }
        Ok(memory)
    }

    /// The file that has the entry is the program; what follows its last region without a file is its zeroed data.
    fn new(source: Source, mut regions: Vec<Region>, entry: u64) -> Option<Memory> {
        regions.sort_by_key(|region| region.start);
        let program = regions.iter().find(|region| region.has(entry))?.file.clone()?;
        let (mut end, mut bytes_left) = (None, PROGRAM_BYTES_MAX);
        for region in &mut regions {
            let follows = region.file.is_none() && end == Some(region.start);
            let left = bytes_left.checked_sub(region.end - region.start);
            region.of_program = (follows || region.file.as_ref() == Some(&program)) && left.is_some();
            if region.of_program {
                bytes_left = left.unwrap_or(0);
            }
            end = region.of_program.then_some(region.end);
        }
        let is_recorded = regions.iter().any(|region| region.file.as_deref().is_some_and(is_recording));
        Some(Memory {
            source,
            regions,
            is_recorded,
            program: program.to_string(),
            entry,
            failures_left: Cell::new(FAILURES_MAX),
            reads_left: Cell::new(READS_MAX),
        })
    }

    /// The program's file, if it is there.
    pub(super) fn file(&self) -> Option<&File> {
        match &self.source {
            Source::Process(process) => process.program.as_ref(),
            Source::Core(core) => core.program.as_ref().map(|(_, file)| file),
        }
    }

    /// Whether all that was read is what there was: the program has not ended meanwhile.
    pub(super) fn is_whole(&self) -> bool {
        let first = self.regions.first().is_some_and(|region| self.array::<1>(region.start).is_some());
        first && self.failures_left.get() > 0
    }

    /// Whether nothing more will be read.
    fn is_done(&self) -> bool {
        self.is_spent() || self.failures_left.get() == 0
    }

    /// Whether more was to be read than any program has.
    pub(super) fn is_spent(&self) -> bool {
        self.reads_left.get() == 0
    }

    /// Fills `into` with what is there. `false` where not all of it can be read.
    pub(super) fn read(&self, at: u64, into: &mut [u8]) -> bool {
        let left = self.failures_left.get();
        let reads_left = self.reads_left.get().saturating_sub(1 + into.len() as u64 / 1024);
        self.reads_left.set(reads_left);
        let is_read = left > 0
            && reads_left > 0
            && match &self.source {
                Source::Process(process) => process.read(at, into),
                Source::Core(core) => core.read(at, into),
            };
        if !is_read {
            self.failures_left.set(left.saturating_sub(1));
        }
        is_read
    }

    pub(super) fn array<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.read(at, &mut bytes).then_some(bytes)
    }

    pub(super) fn u64(&self, at: u64) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    /// So many bytes.
    pub(super) fn bytes(&self, at: u64, length: usize) -> Option<Vec<u8>> {
        // Since the regions were listed there may be others. What is small is just tried.
        const TRIED_BYTES: usize = 1 << 20;
        let is_there = length <= TRIED_BYTES || length <= READ_BYTES_MAX && self.has(at, length as u64, |_| true);
        let mut bytes = if is_there { vec![0; length] } else { return None };
        self.read(at, &mut bytes).then_some(bytes)
    }

    /// Hands out all of a range in pieces, with the address of each, which overlap by `overlap` bytes. What can't be
    /// read is left out, page by page.
    pub(super) fn scan(&self, start: u64, end: u64, overlap: u64, mut piece: impl FnMut(u64, &[u8])) {
        const PIECE_BYTES: u64 = 1 << 20;
        let mut buffer = vec![0; (PIECE_BYTES + overlap) as usize];
        let mut at = start;
        while at < end && !self.is_done() {
            let next = at.saturating_add(PIECE_BYTES).min(end);
            let upto = next.saturating_add(overlap).min(end);
            let bytes = &mut buffer[..(upto - at) as usize];
            if self.read(at, bytes) {
                piece(at, bytes);
            } else {
                let mut page = at;
                while page < next && !self.is_done() {
                    let after = page.saturating_add(PAGE_BYTES).min(next);
                    let bytes = &mut buffer[..(after - page) as usize];
                    if self.read(page, bytes) {
                        piece(page, bytes);
                    }
                    page = after;
                }
            }
            at = next;
        }
    }

    /// Whether all of the range can be written by the program.
    pub(super) fn is_writable(&self, start: u64, length: u64) -> bool {
        self.has(start, length, |region| region.writable)
    }

    /// Whether all of the range is in such regions, however many they are.
    fn has(&self, start: u64, length: u64, is: impl Fn(&Region) -> bool) -> bool {
        let Some(end) = start.checked_add(length) else { return false };
        let first = self.regions.partition_point(|region| region.end <= start);
        let mut at = start;
        for region in &self.regions[first..] {
            if at >= end {
                break;
            }
            if !region.has(at) || !is(region) {
                return false;
            }
            at = region.end;
        }
        at >= end
    }

    /// Whether the address is of the program's file or its data.
    pub(super) fn is_of_program(&self, at: u64) -> bool {
        let first = self.regions.partition_point(|region| region.end <= at);
        self.regions.get(first).is_some_and(|region| region.has(at) && region.of_program)
    }

    /// The regions of the program that hold data, whether or not they can be written.
    pub(super) fn data(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter().filter(|region| region.of_program && !region.executable)
    }
}

/// Whether a file that is mapped is by its name that of a recording, which may have been deleted since.
fn is_recording(file: &str) -> bool {
    file.strip_suffix(" (deleted)").unwrap_or(file).ends_with(".maps")
}

/// A word of eight bytes in a piece; 0 beyond its end.
pub(super) fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u64::from_le_bytes(*word))
}

/// The same of two bytes.
pub(super) fn half(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |half| u16::from_le_bytes(*half))
}

/// Where the program begins, from what the system told it when it started (`auxv`).
fn entry_of(auxv: &[u8]) -> Option<u64> {
    const AT_ENTRY: u64 = 9;
    auxv.chunks_exact(16).find(|pair| word(pair, 0) == AT_ENTRY).map(|pair| word(pair, 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_ends_with_the_addresses_and_with_what_may_be_read() {
        let memory = Memory::of_process(std::process::id()).expect("its own memory");
        memory.scan(u64::MAX - 2 * PAGE_BYTES + 1, u64::MAX, 0, |at, _| panic!("nothing is at {at:#x}"));
        assert_eq!(FAILURES_MAX - memory.failures_left.get(), 3, "all of it, and its two pages");

        memory.failures_left.set(3);
        let before = memory.reads_left.get();
        memory.scan(1 << 63, u64::MAX, 0, |at, _| panic!("nothing is at {at:#x}"));
        assert_eq!(memory.failures_left.get(), 0);
        assert!(before - memory.reads_left.get() < 2048, "it goes on");
    }
}
