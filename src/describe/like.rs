//! The generated workload that resembles a trace most, and how far it is off.
//!
//! The mix has the trace's operations by what they come to, and its largest number of entries (`outcomes`). The skew is the
//! exponent of the nearest law of Zipf's. The order in which keys come (`runs`) is found by trial: of some sixty orders it is
//! the one with which an ordered map, [`ORDERED`], comes nearest to the bytes and the moves that the keys cost it which the
//! trace inserts. Other maps hash the keys, and their order is nothing to them.

use std::collections::HashSet;
use std::io::Write as _;

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::Description;
use crate::plan::{Call, Flags, OPS_MAX, Source, Term, Widths, WorkloadSpec, plan};
use crate::record::metrics::{allocs, moves};
use crate::record::{Cell, EndState};
use crate::run::{Subjects, count_here};
use crate::text;
use crate::workload::{Batch, Kind, Workload, keys, mixes};

/// What both are compared on.
pub const MAPS: [&str; 3] = ["go-classic", "hashbrown", ORDERED];
/// The map that shows in which order keys come.
const ORDERED: &str = "btree";
/// So many inserts are enough to see it.
const TRIED_MAX: u64 = 50_000;
/// An order that is better by less than that is not worth its words.
const BETTER_MIN: f64 = 0.02;
const SEED: u64 = 1;

/// A workload that `mapscope run` generates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Like {
    /// `--keys`.
    pub keys: String,
    /// `--mix`.
    pub mix: String,
    /// `--ops`.
    pub ops: u64,
    /// Both on each map.
    pub compared: Vec<Compared>,
}

/// Both on one map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The map.
    pub map: &'static str,
    /// Bytes allocated.
    pub alloc_bytes: Pair,
    /// Entries that moved.
    pub moved_entries: Pair,
    /// Gets that find their key; absent where the trace has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub get_hit_ratio: Option<Pair>,
}

/// A figure of the trace, and of the workload that resembles it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    /// The trace's.
    pub trace: f64,
    /// The generated workload's.
    pub like: f64,
}

impl Pair {
    /// The workload's over the trace's; `None` where only the trace's is 0.
    pub fn ratio(self) -> Option<f64> {
        match self {
            Pair { trace, like } if trace == like => Some(1.0),
            Pair { trace: 0.0, .. } => None,
            Pair { trace, like } => Some(like / trace),
        }
    }
}

impl Like {
    /// What runs it.
    pub fn command(&self) -> String {
        format!("mapscope run --keys '{}' --mix '{}' --ops {}", self.keys, self.mix, self.ops)
    }
}

/// Finds it, and runs both.
///
/// # Errors
///
/// Operations that can't be read, or a map that can't do them; in words.
pub fn like(workload: &Workload, description: &Description, subjects: &Subjects) -> anyhow::Result<Like> {
    if description.operations.scans > 0 {
        anyhow::bail!(
            "{}: scans {} times, which maps that keep no order can't: --like compares such maps, too; leave it out",
            description.name,
            description.operations.scans
        );
    }
    let skew = description.zipf.map_or(0.0, |zipf| (zipf.exponent * 100.0).round() / 100.0);
    let keys = order(workload, subjects)?.keys(skew);
    let (mix, ops) = (mix(description), description.operations.all);
    let alike = generated(&keys, &mix, ops)?;
    let compare = |map| compare(map, &counted(map, workload, subjects)?, &counted(map, &alike, subjects)?);
    let compared = MAPS.into_iter().map(compare).collect::<anyhow::Result<_>>()?;
    Ok(Like { keys, mix, ops, compared })
}

/// The mix of the trace's operations.
pub(super) fn mix(Description { operations, live, .. }: &Description) -> String {
    let weights = [
        ("insert", operations.inserts),
        ("overwrite", operations.overwrites),
        ("get", operations.get_hits),
        ("miss", operations.get_misses),
        ("remove", operations.remove_hits),
        ("remove_miss", operations.remove_misses),
        ("clear", operations.clears),
        ("iterate", operations.iterations),
        ("peak", if operations.remove_hits > 0 { live.largest } else { 0 }),
    ];
    let given = weights.into_iter().filter(|&(_, weight)| weight > 0);
    let given: Vec<_> = given.map(|(name, weight)| format!("{name}={weight}")).collect();
    format!("outcomes({})", given.join(","))
}

/// In which order keys come: parameters of `runs`, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Order {
    share: i32,
    /// Of the keys in runs: below 0 those on top, above 0 those that count down.
    slope: i32,
}

impl Order {
    const NONE: Order = Order { share: 0, slope: 0 };

    /// Keys of that order and skew, by the plainest name.
    fn keys(self, skew: f64) -> String {
        match self {
            Order { share: 0, .. } if skew == 0.0 => return "uniform".to_owned(),
            Order { share: 0, .. } => return format!("scrambled-zipfian({skew})"),
            Order { share: 100, slope: -100 } if skew > 0.0 => return format!("zipfian({skew})"),
            _ => {}
        }
        let fraction = |percent: i32| f64::from(percent) / 100.0;
        let mut args = vec![format!("share={}", fraction(self.share))];
        match self.slope {
            0 => {}
            down if down > 0 => args.push(format!("descending={}", fraction(down))),
            top => args.push(format!("appended={}", fraction(-top))),
        }
        if skew > 0.0 {
            args.push(format!("theta={skew}"));
        }
        format!("runs({})", args.join(","))
    }
}

/// Tries orders, at first far apart and then near the best, and gives the one that is least off.
fn order(workload: &Workload, subjects: &Subjects) -> anyhow::Result<Order> {
    let inserted = inserted(workload)?;
    let ops = inserted.len() as u64;
    if ops == 0 {
        return Ok(Order::NONE);
    }
    let wanted = figures(&counted(ORDERED, &filled_with(&inserted)?, subjects)?)?;
    let off = |order: Order| -> anyhow::Result<f64> {
        let found = figures(&counted(ORDERED, &generated(&order.keys(0.0), "fill", ops)?, subjects)?)?;
        let off = wanted.into_iter().zip(found).map(|(wanted, found)| (found.max(1.0) / wanted.max(1.0)).ln().abs());
        Ok(off.fold(0.0, f64::max))
    };
    let without = off(Order::NONE)?;
    let mut best = (without, Order::NONE);
    let (mut shares, mut slopes) = (vec![20, 40, 60, 80, 100], vec![-100, -60, -20, 20, 60, 100]);
    for step in [10, 5, 2, 1, 0] {
        let center = best.1;
        for &share in &shares {
            for &slope in &slopes {
                let order = Order { share, slope };
                if order != center {
                    let off = off(order)?;
                    best = if off < best.0 { (off, order) } else { best };
                }
            }
        }
        let around = |at: i32, by: i32, least: i32| [at - by, at, at + by].map(|it| it.clamp(least, 100)).to_vec();
        (shares, slopes) = (around(best.1.share, step, 1), around(best.1.slope, 2 * step, -100));
        shares.dedup();
        slopes.dedup();
    }
    Ok(if without - best.0 < BETTER_MIN { Order::NONE } else { best.1 })
}

/// The keys that the trace puts in, each once, in the order of their coming; the first ones.
fn inserted(workload: &Workload) -> anyhow::Result<Vec<u64>> {
    let (mut known, mut inserted) = (HashSet::new(), Vec::new());
    let mut batches = workload.batches(1024)?;
    while let Some(Batch { ops, .. }) = batches.next()? {
        for op in ops.iter().filter(|op| op.kind == Kind::Put) {
            if known.insert(op.key) {
                inserted.push(op.key);
                if inserted.len() as u64 == TRIED_MAX {
                    return Ok(inserted);
                }
            }
        }
    }
    Ok(inserted)
}

/// A workload that puts these keys in.
fn filled_with(keys: &[u64]) -> anyhow::Result<Workload> {
    let mut file = tempfile::NamedTempFile::new().context("no file can be made; set TMPDIR to another folder")?;
    let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
    file.write_all(text.as_bytes()).with_context(|| format!("{}: can't be written", text::path(file.path())))?;
    let row = keys::KEYS.iter().find(|row| row.term.file).context("no distribution takes a file")?;
    let keys = Call { name: row.term.name, args: vec![], arg_names: vec![], path: Some(file.path().to_owned()) };
    open(keys, call("fill", "mix", mixes::MIXES.iter().map(|row| row.term))?, OPS_MAX)
}

fn generated(keys: &str, mix: &str, ops: u64) -> anyhow::Result<Workload> {
    let keys = call(keys, "key distribution", keys::KEYS.iter().map(|row| row.term))?;
    open(keys, call(mix, "mix", mixes::MIXES.iter().map(|row| row.term))?, ops)
}

fn call(text: &str, what: &'static str, terms: impl Iterator<Item = Term>) -> anyhow::Result<Call> {
    Ok(Call::parse(text, what, &terms.collect::<Vec<_>>())?)
}

fn open(keys: Call, mix: Call, ops: u64) -> anyhow::Result<Workload> {
    let source = Source::Generated { keys, mix };
    Ok(Workload::open(&WorkloadSpec { source, ops, seed: SEED, widths: Widths::WHOLE })?)
}

/// A map's count pass, of the default entry.
fn counted(map: &str, workload: &Workload, subjects: &Subjects) -> anyhow::Result<Cell> {
    let flags = Flags::from([("map", map), ("keys", "uniform"), ("mix", "fill"), ("ops", "1")]);
    let plan = plan(&[], &flags, &subjects.catalog())?;
    let cell = plan.cells.first().with_context(|| format!("there is no map called {map}"))?;
    count_here(cell, workload, subjects).map_err(|failure| anyhow!("{map}: {}", failure.why))
}

/// Bytes allocated and entries moved.
fn figures(cell: &Cell) -> anyhow::Result<[f64; 2]> {
    let [bytes, moved] = [allocs::ALLOC_BYTES, moves::MOVED_ENTRIES].map(|metric| metric.value(cell));
    let figures = bytes.zip(moved).with_context(|| format!("{}: counts no bytes or no moves", cell.id.map))?;
    Ok([figures.0.as_f64(), figures.1.as_f64()])
}

fn compare(map: &'static str, trace: &Cell, like: &Cell) -> anyhow::Result<Compared> {
    let [trace_figures, like_figures] = [figures(trace)?, figures(like)?];
    let pair = |at: usize| Pair { trace: trace_figures[at], like: like_figures[at] };
    let hit_ratio = |cell: &Cell| {
        let EndState { gets, get_hits, .. } = cell.expected;
        (gets > 0).then(|| get_hits as f64 / gets as f64)
    };
    let hits = hit_ratio(trace).zip(hit_ratio(like)).map(|(trace, like)| Pair { trace, like });
    Ok(Compared { map, alloc_bytes: pair(0), moved_entries: pair(1), get_hit_ratio: hits })
}
