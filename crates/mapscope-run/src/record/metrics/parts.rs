//! What an operation's time goes into: hashing, growing and moving, adding buckets or nodes, and the rest, which is finding
//! and comparing keys.
//!
//! The parts are disjoint and add up to `undisturbed_ns_per_op`. Hashing is measured alone. What operations of a structural
//! cause take beyond the mean of those of their kind without one is that work's. Where a part can't be told, neither can the
//! rest.

use super::latency::shown_first_means;
use super::undisturbed::{self, UNDISTURBED_NS_PER_OP};
use super::{Better::Neither, Column, Formula::Real, Number, Shown, rows, timed};
use crate::record::{Cause, Cell, Hashing, OpKind};

/// Of each repetition; 0 where the hashes took no longer than nothing.
fn each_hash_ns(cell: &Cell) -> Vec<f64> {
    let Some(hashing) = cell.time.as_ref().and_then(|time| time.hashing.as_ref()) else { return Vec::new() };
    if hash_ns(cell).is_none() {
        return Vec::new();
    }
    let both = hashing.hashed_ns.iter().zip(&hashing.idle_ns);
    both.map(|(&hashed, &idle)| hashed.saturating_sub(idle) as f64 / hashing.ops as f64).collect()
}

/// The least with hashes over the repetitions, less the least without.
fn hash_ns(cell: &Cell) -> Option<f64> {
    let hashing = cell.time.as_ref()?.hashing.as_ref()?;
    let [hashed, idle] = [&hashing.hashed_ns, &hashing.idle_ns].map(|list| list.iter().min().copied());
    let ns = hashed?.checked_sub(idle?)?;
    (ns > 0 && hashing.ops > 0).then(|| ns as f64 / hashing.ops as f64)
}

/// Whether entries move or tables are laid out anew at a cause.
fn grows(cause: Cause) -> bool {
    use Cause::{DirectoryGrow, DirtyCopy, Grow, Move, Promote, Prune, Rehash, SameSizeGrow, Shrink, Split};
    let causes = [Move, Rehash, Grow, SameSizeGrow, Shrink, Split, DirectoryGrow, DirtyCopy, Promote, Prune];
    causes.contains(&cause)
}

/// Whether a bucket or node is added, or something else is allocated, at a cause.
fn adds(cause: Cause) -> bool {
    matches!(cause, Cause::Overflow | Cause::AllocOther)
}

/// Fewer steady operations have no mean that others could be held against.
const STEADY_MIN: u64 = 64;

/// What operations of some causes take beyond steady ones of their kind, shared out among all operations. `None` where the
/// least of each operation is not known, or what a steady one takes.
fn beyond_steady_ns(cell: &Cell, of: fn(Cause) -> bool) -> Option<f64> {
    let time = cell.time.as_ref()?;
    undisturbed::of(cell).filter(|least| !least.histograms.is_empty() && time.ops > 0)?;
    let means = shown_first_means(cell)?;
    let steady = |kind: OpKind| {
        let steady = means.iter().find(|(of, cause, ..)| (*of, *cause) == (kind, Cause::Steady));
        steady.filter(|(.., ops)| *ops >= STEADY_MIN).map(|(.., mean, _)| mean)
    };
    let beyond = means.iter().filter(|(_, cause, ..)| of(*cause));
    let sum = beyond.map(|(kind, _, mean, ops)| Some((mean - steady(*kind)?).max(0.0) * *ops as f64));
    Some(sum.sum::<Option<f64>>()? / time.ops as f64)
}

/// What is left of an operation's time; `None` where some operations are about all entries, which find none.
fn finding_ns(cell: &Cell) -> Option<f64> {
    if [OpKind::Clear, OpKind::Iterate, OpKind::Scan].iter().any(|&kind| cell.expected.ops(kind).unwrap_or(0) > 0) {
        return None;
    }
    let whole = UNDISTURBED_NS_PER_OP.value(cell).map(Number::as_f64)?;
    // A map that doesn't hash has no share of it; one of which that isn't known has no rest.
    let hashing = match cell.time.as_ref()?.hashing.as_ref()? {
        Hashing { ops: 0, .. } => 0.0,
        _ => hash_ns(cell)?,
    };
    let rest = whole - hashing - beyond_steady_ns(cell, grows)? - beyond_steady_ns(cell, adds)?;
    (rest > 0.0).then_some(rest)
}

/// The largest part, and its share, 0.0 to 1.0; `None` where not all of them can be told.
pub fn largest(cell: &Cell) -> Option<(&'static str, f64)> {
    let rest = ("finding", finding_ns(cell)?);
    let others = [("hashing", HASH_NS), ("growing", GROWING_NS), ("adding", ADDING_NS)];
    let others = others.into_iter().filter_map(|(name, metric)| Some((name, metric.value(cell)?.as_f64())));
    let (name, ns) = others.chain([rest]).max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    Some((name, ns / UNDISTURBED_NS_PER_OP.value(cell)?.as_f64()))
}

rows! {
    HASH_NS = timed(
        "hash_ns",
        "ns/op",
        "What hashing one key takes by itself: a loop over the operations' keys that hashes each as the map does, less the same \
         loop without, each block of 64 the least of several rounds. Absent for maps that don't hash, and for those of other \
         processes.",
        Real(hash_ns),
    )
    .repeated(each_hash_ns);
    GROWING_NS = timed(
        "growing_ns",
        "ns/op",
        "What operations that grow a table or move entries take beyond steady ones of their kind, shared out among all \
         operations; of undisturbed times.",
        Real(|c| beyond_steady_ns(c, grows)),
    )
    .better(Neither)
    .shown(Shown::InReports);
    ADDING_NS = timed(
        "adding_ns",
        "ns/op",
        "What operations that add a bucket or node, or allocate otherwise, take beyond steady ones of their kind, shared out \
         among all operations; of undisturbed times.",
        Real(|c| beyond_steady_ns(c, adds)),
    )
    .better(Neither)
    .shown(Shown::InReports);
    FINDING_NS = timed(
        "finding_ns",
        "ns/op",
        "The rest of undisturbed_ns_per_op without hash_ns, growing_ns and adding_ns: finding and comparing keys, writing and \
         dropping values. Absent where one of the others can't be told, and where maps are cleared, iterated over or scanned.",
        Real(finding_ns),
    )
    .better(Neither)
    .shown(Shown::InReports);
    LARGEST_PART = timed(
        "largest_part",
        "ratio",
        "Share of undisturbed_ns_per_op that its largest part takes: hashing, growing, adding or finding.",
        Real(|c| largest(c).map(|(_, share)| share)),
    )
    .better(Neither)
    .shown(Shown::InTables)
    .column(Column {
        named: Some(|c| largest(c).map(|(name, _)| name)),
        ..Column::new(
            20,
            "mostly",
            "part",
            "mostly: the part that most of the time goes into: hashing, growing (and moving), adding (buckets, nodes) or \
             finding (and all the rest)",
        )
        .rank(11)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture::{cell, histogram, time};
    use crate::record::{LatencyHistogram, Undisturbed};

    /// 100 operations of 20 ns each without a clock, 30 with one where they are steady.
    fn timed(histograms: &[LatencyHistogram], hashing: Option<Hashing>) -> Cell {
        let mut time = time(&[2500, 2400, 2600], histograms.to_vec());
        let least = Undisturbed { repetitions: 3, blocks_ns: 2000, histograms: histograms.to_vec() };
        (time.ops, time.undisturbed, time.hashing) = (100, vec![least], hashing);
        Cell { time: Some(time), ..cell("std") }
    }

    fn hashing(hashed_ns: &[u64], idle_ns: &[u64]) -> Option<Hashing> {
        Some(Hashing { ops: 100, hashed_ns: hashed_ns.to_vec(), idle_ns: idle_ns.to_vec() })
    }

    fn parts(cell: &Cell) -> [Option<f64>; 4] {
        [HASH_NS, GROWING_NS, ADDING_NS, FINDING_NS].map(|metric| metric.value(cell).map(Number::as_f64))
    }

    #[test]
    fn parts_add_up_to_the_whole_and_the_largest_is_named() {
        let steady = histogram(OpKind::Insert, Cause::Steady, &[(30, 95)]);
        let histograms = [
            steady.clone(),
            histogram(OpKind::Insert, Cause::Grow, &[(930, 1)]),
            histogram(OpKind::Insert, Cause::Move, &[(80, 2)]),
            histogram(OpKind::Insert, Cause::Overflow, &[(80, 2)]),
        ];
        let cell = timed(&histograms, hashing(&[350, 300, 400], &[120, 110, 100]));
        assert_eq!(parts(&cell), [Some(2.0), Some(10.0), Some(1.0), Some(7.0)]);
        assert_eq!(largest(&cell), Some(("growing", 0.5)));
        assert_eq!(HASH_NS.repetitions(&cell), [2.3, 1.9, 3.0]);
        // No growth and no hash: all of it is finding.
        let tree = timed(std::slice::from_ref(&steady), Some(Hashing::NONE));
        assert_eq!(parts(&tree), [None, Some(0.0), Some(0.0), Some(20.0)]);
        assert_eq!(largest(&tree), Some(("finding", 1.0)));
        assert_eq!(parts(&timed(&[steady], None))[3], None, "nobody knows whether it hashes");
    }

    #[test]
    fn what_cannot_be_told_is_absent() {
        let steady = [histogram(OpKind::Insert, Cause::Steady, &[(30, 100)])];
        let unknown = timed(&steady, hashing(&[100], &[100]));
        assert_eq!(parts(&unknown), [None, Some(0.0), Some(0.0), None], "a hash too short to tell");
        assert!(HASH_NS.repetitions(&unknown).is_empty());
        let too_long = timed(&steady, hashing(&[2500], &[100]));
        assert_eq!(parts(&too_long)[3], None, "more than there is");
        let mut observed = timed(&steady, hashing(&[300], &[100]));
        observed.time.as_mut().unwrap().undisturbed.clear();
        assert_eq!((parts(&observed), largest(&observed)), ([Some(2.0), None, None, None], None));
        // Nobody knows what a steady insert takes.
        let only_growth = timed(&[histogram(OpKind::Insert, Cause::Grow, &[(30, 100)])], None);
        assert_eq!(parts(&only_growth), [None, None, Some(0.0), None]);
    }
}
