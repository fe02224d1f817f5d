//! The tail: the largest stall of the run.

use super::super::figures::Figures;
use super::super::group::Group;
use super::super::number::{bytes, duration, integer, plain};
use super::contrast::{Contrast, Figure, RATIO_MIN, alike, names, span};
use super::time::settled;
use super::{Finding, SAMPLES_MIN, STALL, rows};
use crate::record::metrics::mainly::{LATENCY_MAX_NS, Mainly, WRITES_MAX_NS};
use crate::record::metrics::times::CLOCK_FLOOR_NS;
use crate::record::metrics::{self, undisturbed};
use crate::record::{Cause, OpKind};

/// Undisturbed maxima differ by as much from run to run, under load too.
const SCATTER: f64 = 1.5;
/// One that has grown once more than its equal has made a table twice as large.
const DOUBLING: f64 = 2.0;
/// How much longer than any write without structural work one with it must take to be laid to that work.
const NOISE_FACTOR: f64 = 3.0;

/// The write that took longest of all while its map did structural work: against the longest writes of the other maps where
/// that is certain, otherwise against its own map's median.
pub(super) fn findings(groups: &[Group<'_>]) -> Vec<Finding> {
    let longest = |(index, group, row)| {
        let figure = stall(group, row)?;
        let doing = doing(row.written?.max_cause)?;
        Some((index, group, row, figure, doing))
    };
    let steady =
        rows(groups).filter(|(.., row)| undisturbed::of(row.cell).is_some()).filter_map(|(.., row)| row.written);
    let noise_ns = steady.map(|written| written.steady_max_ns).max().unwrap_or(0) as f64;
    let stalls = rows(groups).filter_map(longest).filter(|(.., figure, _)| figure.value >= NOISE_FACTOR * noise_ns);
    let Some((index, group, row, figure, doing)) = stalls.max_by(|a, b| a.3.value.total_cmp(&b.3.value)) else {
        return Vec::new();
    };
    let found = contrast(group, row, doing).or_else(|| alone(group, row, figure.value, doing));
    found.into_iter().map(|finding| finding.within(index)).collect()
}

/// The longest undisturbed latency of a write, where it is long and measured often enough to speak of.
fn stall<'a>(group: &Group<'_>, row: &'a Figures<'a>) -> Option<Figure<'a>> {
    let written = row.written.filter(|written| !group.writes_nothing() && written.count >= SAMPLES_MIN)?;
    let maxima = OpKind::ALL.into_iter().filter(|kind| kind.is_write()).filter_map(|kind| {
        let after = metrics::find(&format!("{}_undisturbed_max_ns", kind.name()))?.settled(row.cell);
        (!after.is_empty()).then_some(after)
    });
    let maxima = maxima.reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| a.max(b)).collect())?;
    let figure = settled(row, &maxima).filter(|figure| figure.value > clock_floor_ns(row))?.within(SCATTER);
    Some(if written.max_cause == Cause::Steady { figure } else { figure.within(DOUBLING) })
}

fn clock_floor_ns(row: &Figures<'_>) -> f64 {
    row.metric(CLOCK_FLOOR_NS).unwrap_or(0.0)
}

fn contrast<'a>(group: &'a Group<'a>, row: &'a Figures<'a>, doing: &str) -> Option<Finding> {
    let contrasts = alike(group, |row| Some(((), stall(group, row)?)));
    let contrasts = contrasts.filter_map(|figures| Contrast::of(figures, 1.0, SCATTER));
    let contrast =
        contrasts.into_iter().find(|contrast| contrast.highs.iter().any(|high| std::ptr::eq(high.row, row)))?;
    // Only what did the same is one with it.
    let is_same =
        |high: &Figure<'_>| high.row.written.and_then(|written| self::doing(written.max_cause)) == Some(doing);
    if !contrast.highs.iter().all(is_same) {
        return None;
    }
    let show = span(duration);
    let writes = contrast.verb(["slowest write", "slowest writes"]);
    let text = format!(
        "{}'s {writes} on {} took {} while {doing}, {}{}",
        names(&contrast.highs),
        group.name,
        show(&contrast.highs),
        contrast.against(&show),
        // Where there is room for it.
        largest_growth(row).filter(|_| group.rows.len() <= super::FEW).unwrap_or_default(),
    );
    Some(contrast.finding(text, longest_write(row)))
}

/// The slowest write against the median of the same cell, and the largest table that was made.
fn alone(group: &Group<'_>, row: &Figures<'_>, max_ns: f64, doing: &str) -> Option<Finding> {
    let median_ns = row.written?.median_ns.map(|ns| ns as f64).filter(|&ns| ns > clock_floor_ns(row))?;
    let ratio = max_ns / median_ns;
    let text = format!(
        "{}'s slowest write on {} took {} while {doing}, {} times its median of {}{}",
        row.label,
        group.name,
        duration(max_ns),
        plain(ratio.round()),
        duration(median_ns),
        largest_growth(row).unwrap_or_default(),
    );
    let values = vec![("slowest write".to_owned(), max_ns), ("median".to_owned(), median_ns)];
    let finding = Finding { values, ..Finding::new(text, longest_write(row), STALL) };
    (ratio >= RATIO_MIN).then_some(Finding { ratio: Some(ratio), ..finding })
}

/// The metric that has the longest write of a cell: beside lookups it is another.
fn longest_write(row: &Figures<'_>) -> &'static str {
    match Mainly::of(row.cell) {
        Mainly::Kind(OpKind::Get) => WRITES_MAX_NS.name,
        _ => LATENCY_MAX_NS.name,
    }
}

/// `; std's largest growth, operation 917,505, allocates 36 MiB and moves 917,504 entries`.
fn largest_growth(row: &Figures<'_>) -> Option<String> {
    let events = &row.cell.count.as_ref()?.timeline.as_ref()?.events;
    let largest = events.iter().filter(|event| event.cause == Cause::Grow).max_by_key(|event| event.alloc_bytes)?;
    let (label, [op, moved]) = (&row.label, [largest.op + 1, largest.moved_entries].map(integer));
    Some(format!(
        "; {label}'s largest growth, operation {op}, allocates {} and moves {moved} entries",
        bytes(largest.alloc_bytes)
    ))
}

/// What a map does at a cause; `None` without structural work, when an interruption may be all there was to it.
fn doing(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::Grow => Some("growing"),
        Cause::Split => Some("splitting a table"),
        Cause::DirectoryGrow => Some("splitting a table and enlarging its directory"),
        Cause::SameSizeGrow => Some("rebuilding its table"),
        Cause::DirtyCopy => Some("copying its table to write to it"),
        Cause::Shrink => Some("shrinking"),
        Cause::LockWait => Some("waiting for a lock"),
        Cause::Move => Some("moving entries"),
        Cause::Rehash => Some("linking entries into another table"),
        Cause::Promote => Some("promoting its written table"),
        Cause::Prune => Some("clearing tombstones"),
        Cause::Overflow => Some("adding a bucket or node"),
        Cause::Unknown | Cause::Steady | Cause::AllocOther | Cause::Machine => None,
    }
}
