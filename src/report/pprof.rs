//! Profiles in pprof's format: a gzipped protobuf that `go tool pprof`, speedscope and continuous profilers read.
//!
//! Unlike the folded stacks they keep every frame, with file, line and whole name (as the system name; the name shown is
//! the short one). The samples carry the map as a label, so that the profiles of several cells can be merged and told
//! apart (`-tagroot=map`); the cell is the profile's comment.

mod messages;

use std::collections::HashMap;
use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};
use messages::{Function, Label, Line, Location, Mapping, Sample, ValueType};
use prost::Message as _;

use super::stacks::short_name;
use super::{Emit, Format};
use crate::record::{Cell, Frame, Profile, Results};

pub(super) const FORMAT: Format = Format {
    name: "pprof",
    summary: "cells/*/{heap,copy,cpu}.pb.gz: profiles for go tool pprof, speedscope and continuous profilers",
    always: true,
    render,
};

/// A name and a unit.
pub(crate) type Type = (&'static str, &'static str);

/// What is particular to one of the profiles.
struct Shape {
    file: &'static str,
    sample_types: &'static [Type],
    default: &'static str,
    period_type: Type,
    period: i64,
    duration_ns: i64,
}

/// What a profile says besides its samples.
pub(crate) struct About<'a> {
    /// What each of a sample's values is.
    pub sample_types: &'a [Type],
    /// The sample type that a viewer shows first.
    pub default: &'a str,
    /// What a period is of.
    pub period_type: Type,
    /// One sample stands for so many.
    pub period: i64,
    /// When it began, in nanoseconds since 1970.
    pub time_ns: u64,
    /// How long it took.
    pub duration_ns: i64,
    /// The program whose stacks they are, which a viewer shows above.
    pub program: &'a str,
    /// Shown with the profile.
    pub comment: &'a str,
    /// The name of each sample's label.
    pub label: &'a str,
    /// The name of a function as it is shown.
    pub shown: fn(&str) -> String,
}

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for cell in &results.cells {
        let Some(profile) = &cell.profile else { continue };
        for built in [heap(cell, profile), copy(cell, profile), cpu(cell, profile)] {
            let (file, bytes) = built?;
            if let Some(bytes) = bytes {
                emit(&format!("cells/{}/{file}.pb.gz", cell.id.file_stem()), &bytes)?;
            }
        }
    }
    Ok(())
}

/// A file's name, and its content unless there are no samples.
type Built = io::Result<(&'static str, Option<Vec<u8>>)>;

fn heap(cell: &Cell, profile: &Profile) -> Built {
    // Viewers know a heap profile by this very list.
    const TYPES: [Type; 4] =
        [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")];
    let shape = Shape {
        file: "heap",
        sample_types: &TYPES,
        default: "alloc_space",
        period_type: ("space", "bytes"),
        period: 1,
        duration_ns: 0,
    };
    // What is still in use is known of all stacks, or, in a modelled heap, of none.
    if profile.alloc.iter().any(|x| x.live_bytes.is_none()) {
        let shape = Shape { sample_types: &TYPES[..2], ..shape };
        return build(cell, profile, shape, profile.alloc.iter().map(|x| (&*x.stack, [x.alloc_count, x.alloc_bytes])));
    }
    let live = |of: Option<u64>| of.unwrap_or_default();
    let samples = profile.alloc.iter();
    build(
        cell,
        profile,
        shape,
        samples.map(|x| (&*x.stack, [x.alloc_count, x.alloc_bytes, live(x.live_count), live(x.live_bytes)])),
    )
}

fn copy(cell: &Cell, profile: &Profile) -> Built {
    let shape = Shape {
        file: "copy",
        sample_types: &[("copy_objects", "count"), ("copy_space", "bytes")],
        default: "copy_space",
        period_type: ("space", "bytes"),
        period: 1,
        duration_ns: 0,
    };
    build(cell, profile, shape, profile.copy.iter().map(|x| (&*x.stack, [x.moved_entries, x.moved_bytes])))
}

fn cpu(cell: &Cell, profile: &Profile) -> Built {
    let period_ns = profile.cpu_period_ns();
    let shape = Shape {
        file: "cpu",
        sample_types: &[("samples", "count"), ("cpu", "nanoseconds")],
        default: "cpu",
        period_type: ("cpu", "nanoseconds"),
        period: signed(period_ns),
        duration_ns: signed(profile.cpu_elapsed_ns),
    };
    let samples = profile.cpu.iter();
    build(cell, profile, shape, samples.map(|x| (&*x.stack, [x.samples, x.samples.saturating_mul(period_ns)])))
}

fn build<'a, const N: usize>(
    cell: &Cell,
    profile: &'a Profile,
    shape: Shape,
    samples: impl Iterator<Item = (&'a [u32], [u64; N])>,
) -> Built {
    let started_unix_ms = cell.time.as_ref().map_or(0, |time| time.started_unix_ms);
    let about = About {
        sample_types: shape.sample_types,
        default: shape.default,
        period_type: shape.period_type,
        period: shape.period,
        time_ns: started_unix_ms.saturating_mul(1_000_000),
        duration_ns: shape.duration_ns,
        program: env!("CARGO_PKG_NAME"),
        comment: &cell.id.to_string(),
        label: "map",
        shown: |name| short_name(name).into_owned(),
    };
    let samples = samples.map(|(stack, values)| (stack, &*cell.id.map, values));
    Ok((shape.file, encode(&about, &profile.frames, samples)?))
}

/// A profile of samples: a stack, root first, as indices into the frames; the label's value; the values. `None` where every
/// value is 0.
pub(crate) fn encode<'a, const N: usize>(
    about: &About<'_>,
    recorded: &[Frame],
    samples: impl Iterator<Item = (&'a [u32], &'a str, [u64; N])>,
) -> io::Result<Option<Vec<u8>>> {
    let mut strings = Strings::default();
    let mut frames = Frames::default();
    let samples: Vec<_> = samples
        .filter(|(_, _, values)| values.iter().any(|&value| value > 0))
        .map(|(stack, label, values)| {
            let label = Label { key: strings.index(about.label), str: strings.index(label) };
            let location = |&frame: &u32| frames.location(frame, recorded, about.shown, &mut strings);
            let location_id = stack.iter().rev().map(location).collect();
            Sample { location_id, value: values.map(signed).to_vec(), label: vec![label] }
        })
        .collect();
    if samples.is_empty() {
        return Ok(None);
    }
    // Says that there is nothing left to look up in the binary.
    let mapping = Mapping {
        id: MAPPING,
        filename: strings.index(about.program),
        has_functions: true,
        has_filenames: true,
        has_line_numbers: true,
        has_inline_frames: true,
    };
    let message = messages::Profile {
        sample_type: about.sample_types.iter().map(|&of| strings.value_type(of)).collect(),
        sample: samples,
        mapping: vec![mapping],
        location: frames.locations,
        function: frames.functions,
        time_nanos: signed(about.time_ns),
        duration_nanos: about.duration_ns,
        period_type: Some(strings.value_type(about.period_type)),
        period: about.period,
        comment: vec![strings.index(about.comment)],
        default_sample_type: strings.index(about.default),
        string_table: strings.table,
    };
    // No time of writing in it: the same record gives the same bytes.
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    gzip.write_all(&message.encode_to_vec())?;
    gzip.finish().map(Some)
}

/// The one mapping's id.
const MAPPING: u64 = 1;

/// The frames that occur: a location for each, a function for each name in a file. Ids count from 1.
#[derive(Default)]
struct Frames {
    locations: Vec<Location>,
    functions: Vec<Function>,
    location_ids: HashMap<u32, u64>,
    function_ids: HashMap<(i64, i64), u64>,
}

impl Frames {
    fn location(&mut self, frame: u32, frames: &[Frame], shown: fn(&str) -> String, strings: &mut Strings) -> u64 {
        if let Some(&id) = self.location_ids.get(&frame) {
            return id;
        }
        let recorded = &frames[frame as usize];
        let system_name = strings.index(&recorded.function);
        let filename = strings.index(recorded.file.as_deref().unwrap_or_default());
        let function_id = *self.function_ids.entry((system_name, filename)).or_insert_with(|| {
            let id = self.functions.len() as u64 + 1;
            let name = strings.index(&shown(&recorded.function));
            self.functions.push(Function { id, name, system_name, filename });
            id
        });
        let id = self.locations.len() as u64 + 1;
        let line = vec![Line { function_id, line: recorded.line.unwrap_or(0).into() }];
        self.locations.push(Location { id, mapping_id: MAPPING, line });
        self.location_ids.insert(frame, id);
        id
    }
}

/// Every string once; the first is empty, as the format wants it.
struct Strings {
    table: Vec<String>,
    indices: HashMap<String, i64>,
}

impl Default for Strings {
    fn default() -> Strings {
        Strings { table: vec![String::new()], indices: HashMap::from([(String::new(), 0)]) }
    }
}

impl Strings {
    fn index(&mut self, string: &str) -> i64 {
        if let Some(&index) = self.indices.get(string) {
            return index;
        }
        let index = self.table.len() as i64;
        self.table.push(string.to_owned());
        self.indices.insert(string.to_owned(), index);
        index
    }

    fn value_type(&mut self, (ty, unit): Type) -> ValueType {
        ValueType { ty: self.index(ty), unit: self.index(unit) }
    }
}

/// The format has no unsigned integers.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
