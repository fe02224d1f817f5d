//! What stands out in a record, in a sentence or two.

use super::columns::WRITES;
use super::group::{Group, Row, groups};
use crate::record::metrics::{Latencies, all, percentile};
use crate::record::{Cause, Cell, Results};
use crate::report::human::{Quantity, figure, times};

/// A remark on one workload, and how far it goes beyond what is worth a remark: 1.0 is just worth it.
struct Remark {
    score: f64,
    workload: String,
    text: String,
}

/// The one line that a newcomer wants: what failed, the slowest write whose cause is the map's own, and the widest
/// gap between two maps at the same work. `None` when nothing is worth a remark.
///
/// Computed, not canned: every figure in it is the record's.
pub fn standout(results: &Results) -> Option<String> {
    let groups = groups(results);
    let tail = strongest(groups.iter().flat_map(|group| &group.rows).filter_map(slow_write));
    let gap = strongest(groups.iter().flat_map(|group| GAPS.iter().filter_map(move |gap| widest(group, gap))));
    let on = |remark: &Remark| match groups.len() {
        1 => String::new(),
        _ => format!("On {} ", remark.workload),
    };
    let mut sentences: Vec<String> = failures(&groups).into_iter().collect();
    match (tail, gap) {
        (Some(tail), Some(gap)) if tail.workload == gap.workload => {
            sentences.push(format!("{}{}; {}", on(&tail), tail.text, gap.text));
        }
        (tail, gap) => sentences.extend([tail, gap].iter().flatten().map(|remark| on(remark) + &remark.text)),
    }
    (!sentences.is_empty()).then(|| format!("{}.", sentences.join(". ")))
}

fn strongest(remarks: impl Iterator<Item = Remark>) -> Option<Remark> {
    remarks.filter(|remark| remark.score >= 1.0).max_by(|a, b| a.score.total_cmp(&b.score))
}

fn failures(groups: &[Group<'_>]) -> Option<String> {
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let failed: Vec<_> = rows().filter(|row| !row.ok()).collect();
    let first = failed.first()?;
    let what = format!("{} on {} ({})", first.label, workload(first.cell), first.cell.status.name());
    Some(match failed.len() {
        1 => format!("1 of {} cells failed: {what}", rows().count()),
        n => format!("{n} of {} cells failed, the first {what}", rows().count()),
    })
}

/// The workload in few words.
fn workload(cell: &Cell) -> String {
    format!("{} {}", cell.id.keys, cell.id.mix)
}

/// The slowest write against the median of its kind, where the map's own work was the cause. A slow write without
/// structural work is the machine's doing, and says nothing of the map.
fn slow_write(row: &Row<'_>) -> Option<Remark> {
    /// A slowest write below this many times the median is ordinary.
    const WORTH: f64 = 30.0;
    let latencies = Latencies::of(row.cell).filter(|_| row.ok())?;
    let (kind, cause, slowest_ns) = latencies.slowest(&WRITES)?;
    let median_ns = percentile(&latencies.merged(&[kind])?, 0.5)?;
    let why = match cause {
        Cause::Steady => return None,
        Cause::AllocOther => "while allocating",
        Cause::Overflow => "while adding a bucket or node",
        Cause::Move => "while moving entries",
        Cause::Shrink => "while shrinking",
        Cause::SameSizeGrow => "while rebuilding its table",
        Cause::Grow => "while growing",
    };
    let ratio = slowest_ns as f64 / median_ns.max(1) as f64;
    let text = format!(
        "{}'s slowest {} took {}, {} times its median, {why}",
        row.label,
        kind.name(),
        figure(Quantity::Time, slowest_ns as f64),
        times(ratio),
    );
    Some(Remark { score: ratio / WORTH, workload: workload(row.cell), text })
}

/// A quantity in which two maps may lie far apart.
struct Gap {
    /// The metric.
    metric: &'static str,
    /// A ratio below this is ordinary.
    worth: f64,
    /// The sentence, from who has more, how many times more, and who has less.
    words: fn(&str, &str, &str) -> String,
}

const GAPS: [Gap; 4] = [
    Gap {
        metric: "ns_per_op",
        worth: 1.5,
        words: |more, times, less| format!("{more} takes {times} times as long per operation as {less}"),
    },
    Gap {
        metric: "alloc_bytes_per_write",
        worth: 1.3,
        words: |more, times, less| format!("{more} allocates {times} times as many bytes per write as {less}"),
    },
    Gap {
        metric: "bytes_per_entry",
        worth: 1.3,
        words: |more, times, less| format!("{more} holds {times} times as many bytes per entry as {less}"),
    },
    Gap {
        metric: "moves_per_insert",
        worth: 2.0,
        words: |more, times, less| format!("{more} moves {times} times as many entries per insert as {less}"),
    },
];

/// The widest gap between two rows of one workload in one quantity.
fn widest(group: &Group<'_>, gap: &Gap) -> Option<Remark> {
    let metric = all().iter().find(|metric| metric.name == gap.metric)?;
    let values = group.rows.iter().filter(|row| row.ok()).filter_map(|row| {
        let value = (metric.value)(row.cell)?.as_f64();
        (value > 0.0).then_some((row, value))
    });
    let values: Vec<_> = values.collect();
    let (more, most) = values.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (less, least) = values.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let ratio = most / least;
    let text = (gap.words)(&more.label, &times(ratio), &less.label);
    Some(Remark { score: ratio.ln() / gap.worth.ln(), workload: workload(more.cell), text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture::{self, histogram, time};
    use crate::record::{OpKind, Status};

    #[test]
    fn every_gap_is_in_a_metric_that_exists() {
        for gap in GAPS {
            assert!(all().iter().any(|metric| metric.name == gap.metric), "{}", gap.metric);
        }
    }

    #[test]
    fn names_the_failure_the_slowest_write_and_the_widest_gap() {
        let mut results = fixture::results();
        let gap = "indexmap allocates 4.6 times as many bytes per write as btree";
        let expected = format!(
            "1 of 10 cells failed: btree on zipfian(0.99) mix(insert=40,remove=40,get=20) (timed-out). \
             On zipfian(0.99) mix(insert=40,remove=40,get=20) indexmap's slowest insert took 11.5 ms, 250,000 times its \
             median, while growing. On uniform fill {gap}."
        );
        assert_eq!(standout(&results), Some(expected));
        results.cells.truncate(5);
        let expected =
            format!("indexmap's slowest insert took 11.5 ms, 250,000 times its median, while growing; {gap}.");
        assert_eq!(standout(&results), Some(expected));
    }

    #[test]
    fn a_slow_write_without_structural_work_is_not_the_map_s() {
        let mut results = fixture::results();
        results.cells.truncate(1);
        let slow = |cause| vec![histogram(OpKind::Insert, cause, &[(20, 999), (900_000, 1)])];
        results.cells[0].time = Some(time(&[1], slow(Cause::Steady)));
        assert_eq!(standout(&results), None);
        results.cells[0].time = Some(time(&[1], slow(Cause::Move)));
        let expected = "go-classic's slowest insert took 900 µs, 45,000 times its median, while moving entries.";
        assert_eq!(standout(&results).as_deref(), Some(expected));
    }

    #[test]
    fn many_failures_are_counted() {
        let mut results = fixture::results();
        for cell in &mut results.cells {
            cell.status = Status::NotRun;
        }
        let expected = "10 of 10 cells failed, the first go-classic on uniform fill (not-run).";
        assert_eq!(standout(&results).as_deref(), Some(expected));
    }

    #[test]
    fn maps_that_cost_the_same_are_not_worth_a_word() {
        let mut results = fixture::results();
        results.cells.truncate(2);
        results.cells[0] = results.cells[1].clone();
        results.cells.iter_mut().for_each(|cell| cell.time = None);
        assert_eq!(standout(&results), None);
    }
}
