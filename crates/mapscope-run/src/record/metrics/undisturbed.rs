//! What operations take when the machine does nothing else, and what it added.

use super::{Better, Column, Formula::Real, Rank, Shown, rows, timed, times};
use crate::record::{Cell, Time, Undisturbed};

/// The least over the most repetitions that a cell has it of.
pub fn of(cell: &Cell) -> Option<&Undisturbed> {
    cell.time.as_ref()?.undisturbed.last()
}

fn ns_per_op(time: &Time, least: &Undisturbed) -> Option<f64> {
    (time.ops > 0).then(|| least.blocks_ns as f64 / time.ops as f64)
}

/// After each number of repetitions that the record has it of.
fn settling_ns_per_op(cell: &Cell) -> Vec<f64> {
    let Some(time) = &cell.time else { return Vec::new() };
    time.undisturbed.iter().filter_map(|least| ns_per_op(time, least)).collect()
}

/// Of the mean time of the same repetitions' bare loops, the share that is not in the sum of least blocks.
fn disturbance_percent(cell: &Cell) -> Option<f64> {
    let (time, least) = (cell.time.as_ref()?, of(cell)?);
    let repetitions = (least.repetitions as usize).min(time.bare_elapsed_ns.len());
    let elapsed = &time.bare_elapsed_ns[..repetitions];
    let mean = elapsed.iter().map(|&ns| ns as f64).sum::<f64>() / elapsed.len() as f64;
    (mean > 0.0).then(|| 100.0 * (1.0 - least.blocks_ns as f64 / mean).max(0.0))
}

rows! {
    UNDISTURBED_NS_PER_OP = timed(
        "undisturbed_ns_per_op",
        "ns/op",
        "Sum of the least time of each 64 operations over the repetitions, without a clock between them / operations: what \
         the map takes where the machine does nothing else.",
        Real(|c| ns_per_op(c.time.as_ref()?, of(c)?)),
    )
    .rank(Rank::UndisturbedTime)
    .settling(settling_ns_per_op);
    DISTURBANCE_PERCENT = timed(
        "disturbance_percent",
        "percent",
        "What the machine added: 100 * (1 - the sum of least blocks / the mean time of these repetitions).",
        Real(disturbance_percent),
    )
    .better(Better::Neither);
    // For people: what a cell has.
    TIME_NS_PER_OP = timed(
        "time_ns_per_op",
        "ns/op",
        "undisturbed_ns_per_op where repetitions do the same, ns_per_op where they don't.",
        Real(|c| of(c).and_then(|least| ns_per_op(c.time.as_ref()?, least)).or_else(|| times::ns_per_op(c.time.as_ref()?))),
    )
    .repeated(|c| if of(c).is_some() { Vec::new() } else { times::each_ns_per_op(c) })
    .settling(settling_ns_per_op)
    .shown(Shown::InReports)
    .column(
        Column::new(0, "time", "ns/op", "time: of an operation, no clock in the loop").rank(1).decimals(1),
    );
}
