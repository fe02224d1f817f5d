//! What the processor executes for an operation, as Valgrind counts and simulates it.

use super::latency::each_kind;
use super::{Column, Formula::Real, Metric, Rank, cost, description, rows};
use crate::record::{Cell, Executed, OpKind};

type Figure = fn(&Executed) -> u64;

/// What operations of these kinds cost on average: all that was executed for them, less what it is that `taken_off` gives of
/// the loop without a map.
fn per_op(cell: &Cell, kinds: &[OpKind], figure: Figure, taken_off: Figure) -> Option<f64> {
    let counted = cell.instructions.as_ref()?;
    let (mut sum, mut ops) = (0_u64, 0_u64);
    for kind in kinds {
        let Some(executed) = counted.kinds.get(kind) else { continue };
        sum = sum.checked_add(figure(executed).saturating_sub(counted.idle.get(kind).map_or(0, taken_off)))?;
        ops = ops.checked_add(cell.expected.ops(*kind)?)?;
    }
    (ops > 0).then(|| sum as f64 / ops as f64)
}

/// What is executed is a sum: the loop's part of it can be taken off.
fn net(cell: &Cell, kinds: &[OpKind], figure: Figure) -> Option<f64> {
    per_op(cell, kinds, figure, figure)
}

/// What a simulated cache or predictor misses depends on all that ran before: no part of it is the loop's.
fn gross(cell: &Cell, kinds: &[OpKind], figure: Figure) -> Option<f64> {
    per_op(cell, kinds, figure, |_| 0)
}

/// What one build executes.
const fn executed(name: &'static str, unit: &'static str, summary: &'static str, formula: super::Formula) -> Metric {
    cost(name, unit, summary, formula).rank(Rank::BuildCost)
}

rows! {
    INSTRUCTIONS_PER_OP = executed(
        "instructions_per_op",
        "instructions/op",
        "Instructions executed for an operation, without the loop's own (loop_instructions_per_op).",
        Real(|c| net(c, &OpKind::ALL, |sum| sum.instructions)),
    )
    .column(Column::new(21, "instr", "/op", "instr: instructions an operation").rank(6).decimals(1));
    BRANCHES_PER_OP = executed(
        "branches_per_op",
        "branches/op",
        "Conditional branches, indirect jumps and indirect calls executed for an operation, without the loop's own.",
        Real(|c| net(c, &OpKind::ALL, |sum| sum.branches)),
    )
    .column(Column::new(22, "branches", "/op", "branches: conditional or indirect ones an operation").rank(15).decimals(1));
    MISPREDICTIONS_PER_OP = description(
        "mispredictions_per_op",
        "branches/op",
        "Branches of an operation and of the loop that a simulated predictor gets wrong.",
        Real(|c| gross(c, &OpKind::ALL, |sum| sum.mispredictions)),
    )
    .column(Column::new(23, "mispred.", "/op", "mispred.: branches mispredicted, in a simulation").rank(14).decimals(2));
    L1_MISSES_PER_OP = description(
        "l1_misses_per_op",
        "misses/op",
        "Loads and stores of an operation and of the loop that miss a simulated first-level data cache (32 KiB, 8 ways, lines \
         of 64 bytes).",
        Real(|c| gross(c, &OpKind::ALL, |sum| sum.l1_misses)),
    )
    .column(Column::new(24, "miss L1", "/op", "miss L1: of a simulated data cache of 32 KiB").rank(13).decimals(2));
    LL_MISSES_PER_OP = description(
        "ll_misses_per_op",
        "misses/op",
        "Loads and stores of an operation and of the loop that miss a simulated last-level cache, too (8 MiB, 16 ways, lines of \
         64 bytes).",
        Real(|c| gross(c, &OpKind::ALL, |sum| sum.ll_misses)),
    )
    .column(Column::new(25, "miss LL", "/op", "miss LL: of a simulated last-level cache of 8 MiB").rank(12).decimals(3));
    LOOP_INSTRUCTIONS_PER_OP = description(
        "loop_instructions_per_op",
        "instructions/op",
        "Instructions of the loop that does an operation on nothing; taken off all counts of instructions, and its branches off \
         those of branches.",
        Real(|c| {
            let idle = &c.instructions.as_ref()?.idle;
            let sum = idle.values().try_fold(0_u64, |sum, of| sum.checked_add(of.instructions))?;
            (c.id.ops > 0 && !idle.is_empty()).then(|| sum as f64 / c.id.ops as f64)
        }),
    );
}

macro_rules! of_kind {
    ($kind_name:literal, $kind:ident) => {
        [
            executed(
                concat!($kind_name, "_instructions"),
                "instructions/op",
                concat!("instructions_per_op of operations of kind ", $kind_name, " alone."),
                Real(|c| net(c, &[OpKind::$kind], |sum| sum.instructions)),
            ),
            executed(
                concat!($kind_name, "_branches"),
                "branches/op",
                concat!("branches_per_op of operations of kind ", $kind_name, " alone."),
                Real(|c| net(c, &[OpKind::$kind], |sum| sum.branches)),
            ),
            description(
                concat!($kind_name, "_mispredictions"),
                "branches/op",
                concat!("mispredictions_per_op of operations of kind ", $kind_name, " alone."),
                Real(|c| gross(c, &[OpKind::$kind], |sum| sum.mispredictions)),
            ),
            description(
                concat!($kind_name, "_l1_misses"),
                "misses/op",
                concat!("l1_misses_per_op of operations of kind ", $kind_name, " alone."),
                Real(|c| gross(c, &[OpKind::$kind], |sum| sum.l1_misses)),
            ),
            description(
                concat!($kind_name, "_ll_misses"),
                "misses/op",
                concat!("ll_misses_per_op of operations of kind ", $kind_name, " alone."),
                Real(|c| gross(c, &[OpKind::$kind], |sum| sum.ll_misses)),
            ),
        ]
    };
}

/// The same, by kind of operation.
pub(super) const OF_KINDS: [[Metric; 5]; OpKind::ALL.len()] = each_kind!(of_kind);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::Number;
    use crate::record::metrics::fixture::{cell, value};
    use crate::record::{EndState, Instructions};

    fn executed(instructions: u64, misses: u64) -> Executed {
        let (branches, mispredictions) = (instructions / 10, misses);
        Executed { instructions, branches, mispredictions, l1_misses: misses, ll_misses: misses / 2 }
    }

    #[test]
    fn the_loop_is_taken_off_what_is_executed_and_not_off_what_is_missed() {
        let expected = EndState { inserts: 10, gets: 30, ..EndState::none() };
        let kinds = [(OpKind::Insert, executed(1_500, 20)), (OpKind::Get, executed(900, 4))].into();
        let idle = [(OpKind::Insert, executed(100, 2)), (OpKind::Get, executed(300, 2))].into();
        let instructions = Some(Instructions { build: String::new(), kinds, idle });
        let mut cell = Cell { expected, instructions, ..cell("std") };
        cell.id.ops = 40;
        let figures = |of: &[&str]| of.iter().map(|name| value(&cell, name)).collect::<Vec<_>>();
        let real = |values: &[f64]| values.iter().map(|&value| Some(Number::Real(value))).collect::<Vec<_>>();
        assert_eq!(
            figures(&["instructions_per_op", "branches_per_op", "mispredictions_per_op", "ll_misses_per_op"]),
            real(&[50.0, 5.0, 0.6, 0.3])
        );
        assert_eq!(
            figures(&["insert_instructions", "get_instructions", "insert_l1_misses"]),
            real(&[140.0, 20.0, 2.0])
        );
        assert_eq!(figures(&["loop_instructions_per_op", "get_branches"]), real(&[10.0, 2.0]));
        assert_eq!(figures(&["remove_instructions"]), [None], "nothing was removed");
    }
}
