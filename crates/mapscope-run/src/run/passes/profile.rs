//! The profile pass: which call stacks allocate, which copy, and which the processor was seen in.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::time::Runs;
use crate::probe::symbols::{self, Symbols, is_defined_in};
use crate::probe::{alloc, cpu, stacks};
use crate::record::{AllocStack, CopyStack, CpuStack, Frame, Profile};
use crate::subject::{Failure, OnWork, Session, Watch};
use crate::workload::{Kind, Workload};

/// Samples a second. A prime, so as not to beat with anything periodic.
const CPU_FREQUENCY_HZ: u32 = 997;

/// How long the processor is sampled at the least.
const CPU_SAMPLING_MIN: Duration = Duration::from_millis(500);

/// Everything up to and including the innermost function defined here is the harness, not the map.
const HARNESS: &str = "mapscope::run::";

/// Runs the workload once with call stacks recorded, then again and again with the processor sampled.
pub(in crate::run) fn profile(session: &mut dyn Session, workload: &Workload, hint: u64) -> Result<Profile, Failure> {
    if !symbols::available() {
        let why =
            "the program's file was removed or built anew since the run began, and stacks have no names: run it again";
        return Err(Failure::harness(why));
    }
    let mut frames = Frames::default();
    let (alloc, copy) = allocating_and_copying(session, workload, &mut frames)?;
    let runs = Runs::new(&*session, workload, hint);
    let (cpu, elapsed) = running(session, &runs, &mut frames)?;
    Ok(Profile {
        frames: frames.table,
        alloc,
        copy,
        cpu,
        cpu_frequency_hz: CPU_FREQUENCY_HZ.into(),
        cpu_elapsed_ns: elapsed.as_nanos() as u64,
    })
}

fn lossy(lost: u64) -> Failure {
    let why = format!("{lost} samples, allocations or copies were lost for want of memory");
    Failure::harness(format!("the profile would not be whole: {why}"))
}

fn allocating_and_copying(
    session: &mut dyn Session,
    workload: &Workload,
    frames: &mut Frames,
) -> Result<(Vec<AllocStack>, Vec<CopyStack>), Failure> {
    let on_work = OnWork { moved: stacks::copied, allocated: stacks::allocated_in_a_model };
    // What entries moved without any allocation to point at whom: by kind of operation.
    let mut in_place: BTreeMap<Kind, (u64, u64)> = BTreeMap::new();
    let traits = session.traits();
    let mut batches = workload.batches(traits.batch_ops)?;
    alloc::set_realloc_always_moves(true);
    let mut setup_left = workload.setup_ops();
    if setup_left == 0 {
        stacks::start();
    }
    // Of a block that a model tells of nobody says where it lies, and so not which one a free gives back.
    let live_is_known = traits.knows_blocks;
    let (mut map, _) = session.watched(Watch { slots: false, on_work: Some(on_work) })?;
    while let Some(batch) = batches.next()? {
        if batch.in_setup {
            map.set_up(batch.ops)?;
            setup_left -= batch.ops.len() as u64;
            if setup_left == 0 {
                stacks::start();
            }
            continue;
        }
        let mut mark = stacks::mark();
        map.watch(batch.ops, &mut |op, seen, _| {
            if let Some(moved) = seen.work.moved.filter(|moved| moved.entries > 0 && !traits.tells_moves)
                && !stacks::charge_copy_to_largest_alloc_since(mark, moved.entries, moved.bytes)
            {
                let sum = in_place.entry(op.kind).or_default();
                *sum = (sum.0 + moved.entries, sum.1 + moved.bytes);
            }
            mark = stacks::mark();
        })?;
    }
    let recording = stacks::stop();
    drop(map);
    if recording.dropped > 0 {
        return Err(lossy(recording.dropped));
    }
    let mut symbols = Symbols::new();
    let allocs = recording.allocs.iter().map(|raw| AllocStack {
        stack: frames.intern(symbols.stack(&raw.frames, HARNESS)),
        alloc_count: raw.alloc_count,
        alloc_bytes: raw.alloc_bytes,
        live_count: live_is_known.then_some(raw.live_count),
        live_bytes: live_is_known.then_some(raw.live_bytes),
    });
    let allocs = merge(
        allocs.collect(),
        |raw| raw.stack.clone(),
        |into, from| {
            into.alloc_count += from.alloc_count;
            into.alloc_bytes += from.alloc_bytes;
            into.live_count = into.live_count.zip(from.live_count).map(|(a, b)| a + b);
            into.live_bytes = into.live_bytes.zip(from.live_bytes).map(|(a, b)| a + b);
        },
    );
    let mut copies = Vec::new();
    for raw in &recording.copies {
        let stack = frames.intern(symbols.stack(&raw.frames, HARNESS));
        copies.push(CopyStack { stack, moved_entries: raw.moved_entries, moved_bytes: raw.moved_bytes });
    }
    for (kind, (moved_entries, moved_bytes)) in in_place {
        let what = match kind {
            Kind::Remove => "remove",
            Kind::Iterate => "iterate",
            Kind::Put | Kind::Get | Kind::Clear => "insert",
        };
        let function = format!("{what} (entries moved in place, seen by the census)");
        let stack = frames.intern(vec![symbols::Frame { function, file: None, line: None }]);
        copies.push(CopyStack { stack, moved_entries, moved_bytes });
    }
    let copies = merge(
        copies,
        |raw| raw.stack.clone(),
        |into, from| {
            into.moved_entries += from.moved_entries;
            into.moved_bytes += from.moved_bytes;
        },
    );
    Ok((allocs, copies))
}

fn running(
    session: &mut dyn Session,
    runs: &Runs<'_>,
    frames: &mut Frames,
) -> Result<(Vec<CpuStack>, Duration), Failure> {
    let started = Instant::now();
    let sampled = cpu::sample(CPU_FREQUENCY_HZ, || {
        while started.elapsed() < CPU_SAMPLING_MIN {
            runs.bare(session)?;
        }
        Ok::<_, Failure>(())
    });
    let samples = match sampled {
        Ok((runs, samples)) => runs.map(|()| samples)?,
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => cpu::Samples::default(),
        Err(error) => return Err(Failure::harness(format!("the CPU profiler: {error}"))),
    };
    if samples.dropped > 0 {
        return Err(lossy(samples.dropped));
    }
    let elapsed = started.elapsed();
    let mut symbols = Symbols::new();
    let mut stacks = Vec::new();
    for sample in &samples.stacks {
        let in_operations = |&address: &usize| {
            symbols
                .frames(address)
                .iter()
                .any(|frame| is_defined_in(HARNESS, &frame.function) && frame.function.contains("measured_ops"))
        };
        if sample.iter().any(in_operations) {
            let mut stack = symbols.stack(sample, HARNESS);
            if stack.is_empty() {
                stack.push(symbols::Frame { function: LOOP.into(), file: None, line: None });
            }
            stacks.push(CpuStack { stack: frames.intern(stack), samples: 1 });
        }
    }
    let stacks = merge(stacks, |raw| raw.stack.clone(), |into, from| into.samples += from.samples);
    Ok((stacks, elapsed))
}

/// The name shown for samples in the measuring loop itself.
const LOOP: &str = "(the measuring loop)";

/// Adds up the stacks that became equal once the harness was cut off; in the order of their frames.
fn merge<T>(stacks: Vec<T>, key: impl Fn(&T) -> Vec<u32>, mut add: impl FnMut(&mut T, T)) -> Vec<T> {
    let mut merged: BTreeMap<Vec<u32>, T> = BTreeMap::new();
    for stack in stacks {
        match merged.entry(key(&stack)) {
            Entry::Occupied(mut known) => add(known.get_mut(), stack),
            Entry::Vacant(free) => {
                free.insert(stack);
            }
        }
    }
    merged.into_values().collect()
}

/// The record's table of frames, each once.
#[derive(Default)]
struct Frames {
    table: Vec<Frame>,
    known: HashMap<Frame, u32>,
}

impl Frames {
    /// The stack (root first) as indices.
    fn intern(&mut self, stack: Vec<symbols::Frame>) -> Vec<u32> {
        let mut indices = Vec::with_capacity(stack.len());
        for symbols::Frame { function, file, line } in stack {
            let frame = Frame { function, file, line };
            let index = *self.known.entry(frame.clone()).or_insert_with(|| {
                self.table.push(frame);
                self.table.len() as u32 - 1
            });
            indices.push(index);
        }
        indices
    }
}
