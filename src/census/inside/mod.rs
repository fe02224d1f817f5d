//! The inside of a single map: how full its groups or buckets are, what removes left behind, and what a growth has still to do.
//!
//! The map is told as in a census. Then all of it is read again, and since its program goes on, that may be of several moments:
//! [`Inside::agrees`] says whether the parts agreed. What hashes alone could tell is not there: no key is read.

mod classic;
mod json;
mod swiss;
mod terminal;

use std::path::Path;

pub use classic::{Buckets, Classic, Growth};
pub use swiss::{Groups, Swiss, TableInside};

use super::found::{Program, Seen};
use super::memory::Memory;
use super::release::Maps;
use super::swiss::HEADER_BYTES;
use super::{CensusError, Found, each, looked, see};
use crate::text;

/// Which map of a program.
pub enum Which<'a> {
    /// The one whose header is there.
    At(u64),
    /// The one that holds the most bytes, of those that a recording knows by such a number.
    Recorded(&'a dyn Fn(u32) -> bool),
}

/// A map and its inside.
#[derive(Debug)]
pub struct Inside {
    /// The program's file.
    pub program: String,
    /// The process or core file.
    pub of: String,
    /// The version of Go: `go1.27.3`.
    pub go: String,
    /// What a census says of it.
    pub map: Found,
    /// Whether what was read is of one moment, as far as that can be told: its parts agree.
    pub agrees: bool,
    /// Its groups, or its buckets.
    pub layout: Layout,
}

/// What a map consists of.
#[derive(Debug)]
pub enum Layout {
    /// From Go 1.24 on.
    Swiss(Swiss),
    /// Up to Go 1.23.
    Classic(Classic),
}

/// How often what changes is read again.
const TRIES: usize = 4;
/// Bytes of groups or buckets that are looked into; of a larger map the first ones.
const BYTES_MAX: u64 = 4 << 30;

impl Inside {
    /// Of a running process. It is not stopped.
    ///
    /// # Errors
    /// As of a census, and where there is no such map.
    pub fn of_process(pid: u32, which: &Which<'_>) -> Result<Inside, CensusError> {
        Inside::of(&Memory::of_process(pid)?, format!("process {pid}"), which)
    }

    /// Of a core file. Its program is where it was, or at `program`.
    ///
    /// # Errors
    /// As of a census, and where there is no such map.
    pub fn of_core(path: &Path, program: Option<&Path>, which: &Which<'_>) -> Result<Inside, CensusError> {
        Inside::of(&Memory::of_core(path, program)?, format!("core file {}", text::path(path)), which)
    }

    /// All of it, as the form for programs has it.
    pub fn json(&self) -> serde_json::Value {
        json::document(self)
    }

    fn of(memory: &Memory, of: String, which: &Which<'_>) -> Result<Inside, CensusError> {
        looked(memory, &of.clone(), |program| {
            let map = match which {
                Which::At(at) => map_at(program, *at)?,
                Which::Recorded(is) => largest(program, is).ok_or(NONE_ALIVE)?,
            };
            let address = map.address;
            let (map, layout, agrees) = read(program, map).ok_or_else(|| no_map(address))?;
            let (go, program) = (program.go.clone(), text::one_line(&memory.program));
            Ok(Inside { program, of, go, map, agrees, layout })
        })
    }
}

const NONE_ALIVE: &str =
    "no map of that place is alive in it (a sync.Map is not seen, nor is a map of up to 8 entries that is on a stack)";

fn no_map(at: u64) -> String {
    format!(
        "no map has its header at {at:#x}: `mapscope census --each` lists the addresses of all; a map that was collected is \
         gone, and one on a stack moves with it"
    )
}

/// The map whose header is there, even if it is in the middle of a change.
fn map_at(program: &Program<'_>, at: u64) -> Result<Found, String> {
    let on_stack = program.heap.stacks().any(|(start, end)| (start..end).contains(&at));
    let is_object = || program.object(at).is_some_and(|object| object.bytes == HEADER_BYTES as u64 && !object.noscan);
    if !at.is_multiple_of(8) || !on_stack && !is_object() {
        return Err(no_map(at));
    }
    // What stays as it is and does not agree is a map if something names its type: its memory is damaged.
    let damaged = || changing(program, at, on_stack).filter(|found| found.kind.by.is_said());
    (0..TRIES).find_map(|_| now(program, at, on_stack)).or_else(damaged).ok_or_else(|| no_map(at))
}

/// The map that is there now, even if it is in the middle of a change.
fn now(program: &Program<'_>, at: u64, on_stack: bool) -> Option<Found> {
    found(program, see(program, at, &program.memory.array(at)?, on_stack))
}

fn found(program: &Program<'_>, seen: Seen) -> Option<Found> {
    match seen {
        Seen::Map(found, _) => Some(*found),
        Seen::Changing(at, on_stack) => (0..TRIES).find_map(|_| changing(program, at, on_stack)),
        Seen::Nothing => None,
    }
}

/// What can be told of the map of which the parts do not agree.
fn changing(program: &Program<'_>, at: u64, on_stack: bool) -> Option<Found> {
    match program.release.maps {
        Maps::Swiss => swiss::changing(program, at, on_stack),
        Maps::Classic => classic::changing(program, at, on_stack),
    }
}

/// The largest of the recorded maps with such numbers.
fn largest(program: &Program<'_>, is: &dyn Fn(u32) -> bool) -> Option<Found> {
    let mut largest: Option<Found> = None;
    each(program, |seen| {
        let Some(found) = found(program, seen) else { return };
        let is_larger = largest.as_ref().is_none_or(|largest| found.table_bytes > largest.table_bytes);
        if is_larger && found.record.is_some_and(is) {
            largest = Some(found);
        }
    });
    largest
}

/// It and its groups or buckets, and whether these agree with it; all of it is read again where they don't.
fn read(program: &Program<'_>, first: Found) -> Option<(Found, Layout, bool)> {
    let (at, on_stack, record) = (first.address, first.on_stack, first.record);
    let (mut map, mut last) = (Some(first), None);
    for _ in 0..TRIES {
        // Another map may be there meanwhile.
        let Some(found) = map.take().or_else(|| now(program, at, on_stack)).filter(|found| found.record == record)
        else {
            continue;
        };
        let read = match program.release.maps {
            Maps::Swiss => swiss::read(program, &found).map(|(swiss, agrees)| (Layout::Swiss(swiss), agrees)),
            Maps::Classic => classic::read(program, &found).map(|(classic, agrees)| (Layout::Classic(classic), agrees)),
        };
        last = read.map(|(layout, agrees)| (found, layout, agrees)).or(last);
        if last.as_ref().is_some_and(|(_, _, agrees)| *agrees) {
            break;
        }
    }
    last
}

/// Every form, the one for terminals first.
pub static FORMATS: &[InsideFormat] = &[terminal::FORMAT, json::FORMAT];

/// A form of the inside of a map.
pub struct InsideFormat {
    /// Its name on the command line.
    pub name: &'static str,
    /// The whole of it, with at most so many rows, in so many columns, where a form can show fewer than all.
    pub render: fn(&Inside, rows_max: usize, width: usize) -> std::io::Result<String>,
}
