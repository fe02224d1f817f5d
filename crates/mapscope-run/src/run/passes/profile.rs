//! The profile pass: which call stacks allocate, which copy, and which the processor was seen in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::time::Runs;
use crate::probe::modules::Modules;
use crate::probe::stacks::{RawAllocStack, RawCopyStack};
use crate::probe::{alloc, cpu, stacks};
use crate::subject::{Failure, OnWork, Session, Watch};
use crate::workload::{Kind, Workload};

/// Samples a second. A prime, so as not to beat with anything periodic.
pub(super) const CPU_FREQUENCY_HZ: u32 = 3989;

/// How long the processor is sampled at the least.
const CPU_SAMPLING_MIN: Duration = Duration::from_millis(125);

/// What the pass found, its call stacks as addresses of the process that it ran in. Finding their names means reading the
/// program's debug information, which takes longer than the pass: the parent does it, once for all cells.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::run) struct Unnamed {
    pub(super) modules: Modules,
    pub(super) allocs: Vec<RawAllocStack>,
    /// Whether it is known which blocks of `allocs` live.
    pub(super) live_is_known: bool,
    pub(super) copies: Vec<RawCopyStack>,
    /// Entries moved, and their bytes, without any allocation to point at whom; by what moved them.
    pub(super) in_place: BTreeMap<String, (u64, u64)>,
    /// Stacks that the processor was seen in, and how often.
    pub(super) cpu: Vec<(Vec<usize>, u64)>,
    pub(super) cpu_elapsed_ns: u64,
}

/// Runs the workload once with call stacks recorded, then again and again with the processor sampled.
pub(in crate::run) fn profile(session: &mut dyn Session, workload: &Workload, hint: u64) -> Result<Unnamed, Failure> {
    let recorded = allocating_and_copying(session, workload)?;
    let (cpu, elapsed) = running(session, workload, hint)?;
    Ok(Unnamed { cpu, cpu_elapsed_ns: elapsed.as_nanos() as u64, ..recorded })
}

fn lossy(lost: u64) -> Failure {
    let why = format!("{lost} samples, allocations or copies were lost for want of memory");
    Failure::harness(format!("the profile would not be whole: {why}"))
}

fn allocating_and_copying(session: &mut dyn Session, workload: &Workload) -> Result<Unnamed, Failure> {
    let on_work = OnWork { moved: stacks::copied, allocated: stacks::allocated_in_a_model };
    let mut in_place: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let traits = session.traits();
    let mut batches = workload.batches(traits.batch_ops)?;
    alloc::set_realloc_always_moves(true);
    let mut setup_left = workload.setup_ops();
    if setup_left == 0 {
        stacks::start();
    }
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
                let sum = in_place.entry(by(op.kind).to_owned()).or_default();
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
    Ok(Unnamed {
        modules: Modules::loaded(),
        allocs: recording.allocs,
        // Of a block that a model tells of nobody says where it lies, and so not which one a free gives back.
        live_is_known: traits.knows_blocks,
        copies: recording.copies,
        in_place,
        cpu: Vec::new(),
        cpu_elapsed_ns: 0,
    })
}

/// Who moved entries in place.
fn by(kind: Kind) -> &'static str {
    match kind {
        Kind::Remove => "remove",
        Kind::Iterate => "iterate",
        Kind::Put | Kind::Get | Kind::Clear | Kind::Scan => "insert",
    }
}

/// Distinct stacks with how often each was sampled, and how long they were.
type Sampled = (Vec<(Vec<usize>, u64)>, Duration);

fn running(session: &mut dyn Session, workload: &Workload, hint: u64) -> Result<Sampled, Failure> {
    let runs = Runs::new(&*session, workload, hint);
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
    let mut distinct: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
    samples.stacks.into_iter().for_each(|stack| *distinct.entry(stack).or_default() += 1);
    Ok((distinct.into_iter().collect(), elapsed))
}
