//! What most of a cell's time went into: a kind of operation, and a cause of the slowest.

use super::latency::{shown_first_ns, tail_shares};
use super::shares::kind_ns;
use super::{Better::Neither, Column, Formula::Real, Shown::InTables, rows, timed};
use crate::record::{Cause, Cell, OpKind};

/// The kind of operation that took most of a cell's time.
#[derive(Debug, Clone, Copy)]
pub struct Dearest {
    /// Which.
    pub kind: OpKind,
    /// Its share of the time, 0.0 to 1.0.
    pub time_share: f64,
    /// How many of the operations it is, 0.0 to 1.0.
    pub ops_share: f64,
    /// What one took, on average, in nanoseconds.
    pub mean_ns: f64,
    /// What half of them took at the most.
    pub median_ns: f64,
    /// What one of all others took, on average.
    pub others_mean_ns: f64,
}

/// How many times longer than the others operations of a kind must take to be out of proportion.
const DEAREST_FACTOR: f64 = 10.0;

impl Dearest {
    /// How many times what one of the others takes.
    pub fn ratio(&self) -> f64 {
        self.mean_ns / self.others_mean_ns
    }

    /// Whether it takes most of the time out of proportion to its number: not by a few operations, which the machine may
    /// have held up, but by more than half of them.
    pub fn stands_out(&self) -> bool {
        let dear = |ns: f64| ns >= DEAREST_FACTOR * self.others_mean_ns;
        self.time_share >= 0.5 && dear(self.mean_ns) && dear(self.median_ns)
    }

    /// Of undisturbed times where there are such; `None` with a single kind of operation.
    pub fn of(cell: &Cell) -> Option<Dearest> {
        cell.time.as_ref().filter(|time| time.kind_ns.len() > 1)?;
        let ops = |kind: OpKind| cell.expected.ops(kind).unwrap_or(0) as f64;
        let all_ops: f64 = OpKind::ALL.into_iter().map(ops).sum();
        let kinds = kind_ns(cell)?;
        let &(kind, ns) = kinds.iter().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let all_ns: f64 = kinds.iter().map(|(_, ns)| ns).sum();
        let dearest = Dearest {
            kind,
            time_share: ns / all_ns,
            ops_share: ops(kind) / all_ops,
            mean_ns: ns / ops(kind),
            median_ns: shown_first_ns(cell, kind).map_or(0, |(_, median_ns)| median_ns) as f64,
            others_mean_ns: (all_ns - ns) / (all_ops - ops(kind)),
        };
        [dearest.time_share, dearest.mean_ns, dearest.others_mean_ns].iter().all(|x| x.is_finite()).then_some(dearest)
    }
}

/// The cause that most of the time above p99.9 went into, and its share, 0.0 to 1.0.
fn tail(cell: &Cell) -> Option<(Cause, f64)> {
    tail_shares(cell, |shares| {
        let known = shares.iter().filter(|&(&cause, &share)| share > 0.0 && cause != Cause::Unknown);
        known.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(&cause, &share)| (cause, share))
    })
}

rows! {
    TIME_SHARE_MAX = timed(
        "time_share_max",
        "ratio",
        "Share of the time that went into the kind of operation that took most of it, of several.",
        Real(|c| Dearest::of(c).map(|dearest| dearest.time_share)),
    )
    .better(Neither)
    .shown(InTables)
    .column(Column {
        worth: |c| Dearest::of(c).is_some_and(|dearest| dearest.stands_out()),
        named: Some(|c| Dearest::of(c).map(|dearest| dearest.kind.name())),
        ..Column::new(2, "most time", "kind", "most time: the kind of operation that most of the time went into").rank(5)
    });
    TAIL_SHARE_MAX = timed(
        "tail_share_max",
        "ratio",
        "Share of the time above the p99.9 of all operations that went into the cause that took most of it.",
        Real(|c| tail(c).map(|(_, share)| share)),
    )
    .better(Neither)
    .shown(InTables)
    .column(Column {
        named: Some(|c| tail(c).map(|(cause, _)| cause.name())),
        ..Column::new(19, "tail", "cause", "tail cause: what most of the time above the p99.9 of all operations went into")
            .rank(10)
    });
}
