//! A census of the maps of a Go program that nobody rebuilt, while it runs or from its core file.
//!
//! [`Census::of_process`] and [`Census::of_core`] read the program's memory and write nothing. They find Go's heap in it
//! (`heap`), the map types in its own descriptors (`types`), what points to maps (`references`, `variables`), and then
//! every object that is a map, by what must agree in one (`swiss`, `classic`). [`Table`] adds maps up by type, and [`FORMATS`] show that. docs/CENSUS.md says what is seen
//! and what is not.

mod classic;
mod csv;
mod figures;
mod found;
mod heap;
mod inside;
mod json;
mod memory;
mod references;
mod release;
mod swiss;
mod table;
mod terminal;
mod types;
mod variables;

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub use found::{Found, Kind, TypeBy};
pub use inside::{
    Buckets, Classic, FORMATS as INSIDE_FORMATS, Groups, Growth, Inside, InsideFormat, Layout, Swiss, TableInside,
    Which,
};
pub use table::{Row, Sort, Table, Total};

use self::found::{Program, Seen};
use self::heap::Heap;
use self::memory::Memory;
use self::references::References;
use self::release::{Maps, Release};
use self::types::Types;
use self::variables::variables;
use crate::text;

/// Why there is no census.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CensusError {
    /// This user may not read that process.
    #[error("process {pid}: its memory can't be read by this user: {}", rights(*.yama))]
    Refused {
        /// The process.
        pid: u32,
        /// `kernel.yama.ptrace_scope`, where there is one.
        yama: Option<u32>,
    },
    /// There is no such process, or nothing to look for in it.
    #[error("{what}: {why}")]
    Other {
        /// The process, or the core file.
        what: String,
        /// Why not, and what to do.
        why: String,
    },
    /// A file is no use.
    #[error("{}: {why}", text::path(path))]
    At {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// What to do about rights.
fn rights(yama: Option<u32>) -> String {
    let mut text = "that takes the rights of a debugger (ptrace): be the user who started it, root, or have \
                    CAP_SYS_PTRACE"
        .to_owned();
    if let Some(scope @ 1..) = yama {
        text += &format!("; kernel.yama.ptrace_scope is {scope} here, which leaves only the last two");
    }
    text
}

/// The maps of a program at one moment, or within a few if it runs.
#[derive(Debug)]
pub struct Census {
    /// What it was taken of: the program's file, and the process or core file.
    pub program: String,
    /// The process or core file.
    pub of: String,
    /// The version of Go: `go1.27.3`.
    pub go: String,
    /// The maps, in the order of their addresses.
    pub maps: Vec<Found>,
    /// Maps that are left out: whenever they were read, they were being changed.
    pub changing: u64,
    /// Bytes of the heap's spans of objects.
    pub heap_bytes: u64,
    /// Whether there were more maps than are looked at.
    pub is_cut: bool,
}

/// What there is to say of what was there and is no more.
const ENDED: &str = "ended while it was read, or can't be read where its heap is";
const SPENT: &str = "has more to be read than any heap: is it damaged?";

/// Why not all of a program could be read.
fn unread(memory: &Memory) -> &'static str {
    if memory.is_spent() { SPENT } else { ENDED }
}

impl Census {
    /// The most maps that are looked at.
    pub const MAPS_MAX: usize = 1 << 22;

    /// Of a running process. It is not stopped.
    ///
    /// # Errors
    /// Where it can't be read, or is no program of a Go that is known.
    pub fn of_process(pid: u32) -> Result<Census, CensusError> {
        Census::of(&Memory::of_process(pid)?, format!("process {pid}"))
    }

    /// Of a core file. Its program is where it was, or at `program`.
    ///
    /// # Errors
    /// Where it can't be read, or is of no program of a Go that is known.
    pub fn of_core(path: &Path, program: Option<&Path>) -> Result<Census, CensusError> {
        Census::of(&Memory::of_core(path, program)?, format!("core file {}", text::path(path)))
    }

    fn of(memory: &Memory, of: String) -> Result<Census, CensusError> {
        looked(memory, &of.clone(), |program| {
            let mut census = Census {
                program: text::one_line(&memory.program),
                of,
                go: program.go.clone(),
                maps: Vec::new(),
                changing: 0,
                heap_bytes: program.heap.bytes(),
                is_cut: false,
            };
            census.look(program);
            Ok(census)
        })
    }

    /// Looks at every object that can be a map's header, and at every word of a stack.
    fn look(&mut self, program: &Program<'_>) {
        each(program, |seen| match seen {
            Seen::Map(found, _) if self.maps.len() < Census::MAPS_MAX => self.maps.push(*found),
            Seen::Map(..) => self.is_cut = true,
            Seen::Changing(..) => self.changing += 1,
            Seen::Nothing => {}
        });
        self.maps.sort_by_key(|map| map.address);
    }
}

/// Finds in a program what its maps are found by, and looks.
fn looked<T>(
    memory: &Memory,
    of: &str,
    look: impl FnOnce(&Program<'_>) -> Result<T, String>,
) -> Result<T, CensusError> {
    let failed = |why: String| CensusError::Other { what: of.to_owned(), why };
    let go = release::version_of(memory)
        .ok_or_else(|| failed("is no Go program: it has no build information of Go 1.18 or later".to_owned()))?;
    let go = text::one_line(&go);
    let release = Release::of(&go).ok_or_else(|| {
        failed(format!("was built by {go}; expected Go 1.21 to 1.27, without GOEXPERIMENT=noswissmap"))
    })?;
    let types = Types::find(memory, release.maps);
    let heap = Heap::find(memory, release).ok_or_else(|| match memory.is_whole() {
        true => failed(format!("no heap of {go} is found in it; is Go but a library there, of another program?")),
        false => failed(unread(memory).to_owned()),
    })?;
    let of_program = memory.file().and_then(|file| variables(file, memory.entry)).unwrap_or_default();
    let references = References::find(memory, &heap, &types, &of_program);
    let kinds = RefCell::default();
    let program = Program { go, release, memory, heap: &heap, types: &types, references: &references, kinds };
    let looked = look(&program);
    match memory.is_whole() {
        true => looked.map_err(failed),
        false => Err(failed(unread(memory).to_owned())),
    }
}

/// What begins at an address, which may be a map. `on_stack` says that what is there may be left over from a map of the past.
fn see(program: &Program<'_>, at: u64, header: &[u8; swiss::HEADER_BYTES], on_stack: bool) -> Seen {
    match program.release.maps {
        Maps::Swiss => swiss::see(program, at, header, on_stack),
        Maps::Classic => classic::see(program, at, header, on_stack),
    }
}

/// Every map once, and what may be one, at each object that can be a map's header and each word of a stack.
fn each(program: &Program<'_>, mut add: impl FnMut(Seen)) {
    // A header that a stack was moved with, or that is left over, shares what it points to with another.
    let mut known = HashSet::new();
    let mut add = |seen: Seen| {
        let Seen::Map(_, parts) = &seen else { return add(seen) };
        let (is_new, parts) = (parts.iter().all(|part| !known.contains(part)), parts.clone());
        if is_new {
            add(seen);
        }
        known.extend(parts);
    };
    program.heap.objects_of(|at, header| add(see(program, at, header, false)));
    for (start, end) in program.heap.stacks() {
        program.memory.scan(start, end, swiss::HEADER_BYTES as u64 - 8, |start, bytes| {
            for (index, header) in bytes.windows(swiss::HEADER_BYTES).step_by(8).enumerate() {
                let header = header.first_chunk().expect("a window of that length");
                add(see(program, start + index as u64 * 8, header, true));
            }
        });
    }
}

/// Every form, the one for terminals first.
pub static FORMATS: &[Format] = &[terminal::FORMAT, csv::FORMAT, json::FORMAT];

/// A form.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// The whole of it.
    pub render: fn(&Shown<'_>) -> std::io::Result<String>,
}

/// What is shown of a census.
pub struct Shown<'a> {
    /// The census.
    pub census: &'a Census,
    /// Its maps.
    pub table: &'a Table,
    /// Whether each has a row, and not each type.
    pub each: bool,
    /// At most so many rows, where a form can show fewer than all.
    pub rows_max: usize,
    /// The columns of the screen.
    pub width: usize,
}
