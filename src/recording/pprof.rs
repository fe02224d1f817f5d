//! A profile for `go tool pprof`: the stacks that make maps, with what their maps cost, and their types as labels.

use std::collections::HashMap;
use std::io;

use super::terminal::name_of;
use super::{Format, Recorded, Sample};
use crate::record::Frame;
use crate::report::pprof::{About, Type, encode};

pub(super) const FORMAT: Format = Format { name: "pprof", binary: true, of_sources: false, render };

const TYPES: [Type; 6] = [
    ("alloc_space", "bytes"),
    ("abandoned_space", "bytes"),
    ("moved_entries", "count"),
    ("growths", "count"),
    ("inserts", "count"),
    ("maps", "count"),
];

/// A frame with a name: that of its line, where Rust's compiler says no more.
fn named(frame: &Frame) -> Frame {
    let mut named = frame.clone();
    if let (true, Some(file)) = (frame.function.is_empty(), &frame.file) {
        named.function = frame.line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
    }
    named
}

fn render(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let (mut frames, mut numbers): (Vec<Frame>, HashMap<&Frame, u32>) = (Vec::new(), HashMap::new());
    let mut number = |frame| {
        *numbers.entry(frame).or_insert_with(|| {
            frames.push(named(frame));
            frames.len() as u32 - 1
        })
    };
    let stacks: Vec<(Vec<u32>, _)> = recorded
        .table
        .stacks
        .iter()
        .map(|stack| (stack.frames.iter().rev().map(&mut number).collect(), stack))
        .collect();
    let samples = stacks.iter().map(|(numbers, stack)| {
        let c = &stack.counts;
        let values = [c.alloc_bytes(), c.abandoned_bytes, c.moved_entries, c.growths, c.inserts, c.maps];
        (&**numbers, &*stack.ty, values)
    });
    let command = recorded.manifest.map(|manifest| manifest.command.join(" "));
    let about = About {
        sample_types: &TYPES,
        default: TYPES[0].0,
        period_type: ("maps", "count"),
        period: recorded.sample().and_then(Sample::one_of).and_then(|n| i64::try_from(n).ok()).unwrap_or(1),
        time_ns: recorded.manifest.map_or(0, |manifest| manifest.started_unix_ms.saturating_mul(1_000_000)),
        duration_ns: 0,
        program: match recorded.processes {
            [one] => name_of(&one.program),
            _ => "programs",
        },
        comment: command.as_deref().unwrap_or("maps"),
        label: "type",
        shown: str::to_owned,
    };
    encode(&about, &frames, samples)?.ok_or_else(|| io::Error::other("no map was made, and a profile must have one"))
}
