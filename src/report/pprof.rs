//! `cells/STEM/{heap,copy,cpu}.pb.gz`: profiles for `go tool pprof` and all that reads its format.
//!
//! `profile.proto` of github.com/google/pprof gives the shape. The recogniser of heap profiles wants exactly the four
//! sample types of Go's, in Go's order; that is why copies have a profile of their own.

use std::collections::HashMap;
use std::io::{self, Write};

use ::pprof::protos::{Function, Line, Location, Mapping, Message, Profile as Proto, Sample, ValueType};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::stems::stems;
use super::{Emit, Format};
use crate::record::{Cell, Profile, Results};

pub(super) const FORMAT: Format = Format {
    name: "pprof",
    summary: "cells/*/{heap,copy,cpu}.pb.gz: symbolised profiles; for go tool pprof, speedscope, Polar Signals",
    render,
};

/// One profile: its sample types as `(type, unit)`, the one shown first, and what one sample stands for.
struct Shape {
    file: &'static str,
    sample_types: &'static [(&'static str, &'static str)],
    default: &'static str,
    period_type: (&'static str, &'static str),
}

const HEAP: Shape = Shape {
    file: "heap",
    sample_types: &[
        ("alloc_objects", "count"),
        ("alloc_space", "bytes"),
        ("inuse_objects", "count"),
        ("inuse_space", "bytes"),
    ],
    default: "alloc_space",
    period_type: ("space", "bytes"),
};

const COPY: Shape = Shape {
    file: "copy",
    sample_types: &[("copy_objects", "count"), ("copy_space", "bytes")],
    default: "copy_space",
    period_type: ("space", "bytes"),
};

const CPU: Shape = Shape {
    file: "cpu",
    sample_types: &[("samples", "count"), ("cpu", "nanoseconds")],
    default: "cpu",
    period_type: ("cpu", "nanoseconds"),
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for (cell, stem) in results.cells.iter().zip(stems(results)) {
        let Some(profile) = &cell.profile else { continue };
        for (shape, proto) in protos(cell, profile).into_iter().filter(|(_, proto)| !proto.sample.is_empty()) {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(&proto.encode_to_vec())?;
            emit(&format!("cells/{stem}/{}.pb.gz", shape.file), &gzip.finish()?)?;
        }
    }
    Ok(())
}

fn protos(cell: &Cell, profile: &Profile) -> [(Shape, Proto); 3] {
    // Every allocation and every move is recorded, so that one of them stands for one.
    let mut heap = Builder::new(cell, profile, &HEAP, 1);
    for stack in &profile.alloc {
        heap.sample(&stack.stack, &[stack.alloc_count, stack.alloc_bytes, stack.live_count, stack.live_bytes]);
    }
    let mut copy = Builder::new(cell, profile, &COPY, 1);
    for stack in &profile.copy {
        copy.sample(&stack.stack, &[stack.moved_entries, stack.moved_bytes]);
    }
    let period_ns = 1_000_000_000_u64.checked_div(profile.cpu_frequency_hz).unwrap_or(0);
    let mut cpu = Builder::new(cell, profile, &CPU, period_ns);
    cpu.proto.duration_nanos = integer(profile.cpu_elapsed_ns);
    for stack in &profile.cpu {
        cpu.sample(&stack.stack, &[stack.samples, stack.samples.saturating_mul(period_ns)]);
    }
    [(HEAP, heap.proto), (COPY, copy.proto), (CPU, cpu.proto)]
}

/// Fills a profile; strings, functions and locations once each, ids from 1 up.
struct Builder<'a> {
    profile: &'a Profile,
    proto: Proto,
    strings: HashMap<&'a str, i64>,
    functions: HashMap<(&'a str, &'a str), u64>,
    locations: HashMap<u32, u64>,
}

impl<'a> Builder<'a> {
    fn new(cell: &Cell, profile: &'a Profile, shape: &Shape, period: u64) -> Builder<'a> {
        let mut builder = Builder {
            profile,
            proto: Proto::default(),
            strings: HashMap::new(),
            functions: HashMap::new(),
            locations: HashMap::new(),
        };
        // The first string is the empty one by definition.
        builder.string("");
        builder.proto.sample_type = shape.sample_types.iter().map(|&types| builder.value_type(types)).collect();
        builder.proto.default_sample_type = builder.string(shape.default);
        builder.proto.period_type = Some(builder.value_type(shape.period_type));
        builder.proto.period = integer(period);
        builder.proto.time_nanos = cell.time.as_ref().map_or(0, |time| integer(time.started_unix_ms * 1_000_000));
        // A reader that finds all of this in place looks for no binary to take symbols from.
        let filename = builder.string("mapscope");
        builder.proto.mapping = vec![Mapping {
            id: 1,
            filename,
            has_functions: true,
            has_filenames: true,
            has_line_numbers: true,
            has_inline_frames: true,
            ..Mapping::default()
        }];
        let comment = integer(builder.proto.string_table.len() as u64);
        builder.proto.string_table.push(cell.id.to_string());
        builder.proto.comment = vec![comment];
        builder
    }

    fn value_type(&mut self, (ty, unit): (&'static str, &'static str)) -> ValueType {
        ValueType { ty: self.string(ty), unit: self.string(unit) }
    }

    fn string(&mut self, text: &'a str) -> i64 {
        let table = &mut self.proto.string_table;
        *self.strings.entry(text).or_insert_with(|| {
            table.push(text.to_owned());
            integer(table.len() as u64 - 1)
        })
    }

    /// Adds a stack, given root first, unless all its values are 0.
    fn sample(&mut self, stack: &[u32], values: &[u64]) {
        if values.iter().any(|&value| value > 0) {
            let location_id = stack.iter().rev().map(|&frame| self.location(frame)).collect();
            let value = values.iter().map(|&value| integer(value)).collect();
            self.proto.sample.push(Sample { location_id, value, ..Sample::default() });
        }
    }

    /// A frame's location. Frames come symbolised, inlined ones as frames of their own, so that a location is a line
    /// of a function and has no address.
    fn location(&mut self, frame: u32) -> u64 {
        if let Some(&id) = self.locations.get(&frame) {
            return id;
        }
        let profile = self.profile;
        let (name, file, line) = match profile.frames.get(frame as usize) {
            Some(frame) => (frame.function.as_str(), frame.file.as_deref().unwrap_or(""), frame.line.unwrap_or(0)),
            None => ("[unknown]", "", 0),
        };
        let line = Line { function_id: self.function(name, file), line: line.into() };
        let id = self.proto.location.len() as u64 + 1;
        self.proto.location.push(Location { id, mapping_id: 1, line: vec![line], ..Location::default() });
        self.locations.insert(frame, id);
        id
    }

    fn function(&mut self, name: &'a str, file: &'a str) -> u64 {
        if let Some(&id) = self.functions.get(&(name, file)) {
            return id;
        }
        let id = self.proto.function.len() as u64 + 1;
        let (name_index, filename) = (self.string(name), self.string(file));
        let function = Function { id, name: name_index, system_name: name_index, filename, ..Function::default() };
        self.proto.function.push(function);
        self.functions.insert((name, file), id);
        id
    }
}

/// The format's integers are signed.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::process::Command;

    use super::*;
    use crate::record::metrics::fixture;

    fn rendered() -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        render(&fixture::results(), &mut |path, bytes| {
            files.push((path.to_owned(), bytes.to_vec()));
            Ok(())
        })
        .unwrap();
        files
    }

    fn decoded(gz: &[u8]) -> Proto {
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(gz).read_to_end(&mut bytes).unwrap();
        Proto::decode(bytes.as_slice()).unwrap()
    }

    #[test]
    fn a_heap_profile_has_go_s_sample_types_and_leaves_first() {
        let files = rendered();
        assert_eq!(files[0].0, "cells/std_uniform_fill_u64-u64_1000000_s1/heap.pb.gz");
        let heap = decoded(&files[0].1);
        let text = |index: i64| heap.string_table[index as usize].as_str();
        let types: Vec<_> = heap.sample_type.iter().map(|t| (text(t.ty), text(t.unit))).collect();
        assert_eq!(types, HEAP.sample_types);
        assert_eq!(heap.string_table[0], "");
        assert_eq!(text(heap.comment[0]), "std uniform fill u64/u64 ops=1000000 seed=1");
        assert_eq!(heap.sample[0].value, [17, 35_651_584, 1, 17_825_808]);

        let name = |location: u64| {
            let function = heap.location[location as usize - 1].line[0].function_id;
            text(heap.function[function as usize - 1].name)
        };
        let stack: Vec<_> = heap.sample[0].location_id.iter().map(|&id| name(id)).collect();
        assert_eq!(stack.first(), Some(&"alloc::alloc::Global::alloc_impl"));
        assert_eq!(stack.last(), Some(&"_start"));
        assert!(heap.location.iter().zip(1..).all(|(location, id)| location.id == id));
        assert!(heap.function.iter().zip(1..).all(|(function, id)| function.id == id));
    }

    #[test]
    fn cpu_samples_become_nanoseconds_by_the_period() {
        let cpu = decoded(&rendered()[2].1);
        assert_eq!(cpu.period, 1_003_009);
        assert_eq!(cpu.duration_nanos, 72_216_650);
        assert_eq!(cpu.sample[0].value, [31, 31 * 1_003_009]);
    }

    #[test]
    fn the_real_pprof_opens_every_profile() {
        if Command::new("go").arg("version").output().is_err() {
            println!("skipped: no `go` on PATH");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let expected = [
            ("alloc_space", "alloc::alloc::Global::alloc_impl"),
            ("copy_space", "core::ptr::copy_nonoverlapping"),
            ("cpu", "hashbrown::map::HashMap"),
        ];
        for ((path, bytes), (sample_type, top)) in rendered().into_iter().zip(expected) {
            let file = folder.path().join(path.rsplit('/').next().unwrap());
            fs::write(&file, bytes).unwrap();
            let out =
                Command::new("go").args(["tool", "pprof", "-top", "-symbolize=none"]).arg(&file).output().unwrap();
            let text = String::from_utf8_lossy(&out.stdout);
            assert!(out.status.success(), "{path}: {}", String::from_utf8_lossy(&out.stderr));
            assert!(text.contains(&format!("Type: {sample_type}")), "{path}: {text}");
            let first = text.lines().skip_while(|line| !line.contains("flat%")).nth(1).unwrap_or_default();
            assert!(first.contains(top), "{path}: {first}");
        }
    }
}
