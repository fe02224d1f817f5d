//! What a newcomer should read first: what stands out in a record, in words.

use std::collections::BTreeSet;

use super::figures::Figures;
use super::group::{Group, groups};
use super::number::{duration, fit, integer, one_line, plain};
use crate::record::metrics::allocs::ALLOC_BYTES_PER_WRITE;
use crate::record::metrics::dearest::Dearest;
use crate::record::metrics::events::MAX_MOVES_IN_ONE_WRITE;
use crate::record::metrics::latency::LATENCY_MAX_NS;
use crate::record::metrics::memory::{BYTES_PER_ENTRY, PEAK_AMPLIFICATION};
use crate::record::metrics::moves::MOVES_PER_INSERT;
use crate::record::metrics::shares::TIME_SHARES;
use crate::record::metrics::structure::HIT_PROBE_GROUPS_WORST;
use crate::record::metrics::times::CLOCK_FLOOR_NS;
use crate::record::metrics::undisturbed::{self, TIME_NS_PER_OP};
use crate::record::metrics::{Metric, worst_probe_groups};
use crate::record::{Cause, OpKind, Results, Status};

/// As many columns as a line takes.
const WIDTH_MAX: usize = 160;
/// Recordings below which nothing is said of latencies.
const SAMPLES_MIN: u64 = 1000;

/// What stands out most in a record, on one line of a terminal; `None` where nothing does. By the rules of `findings`.
pub fn standout(results: &Results) -> Option<String> {
    findings(&groups(results), 1).pop().map(|finding| fit(&finding.text, WIDTH_MAX))
}

/// Something that stands out.
pub(super) struct Finding {
    /// The sentence, its figures included.
    pub text: String,
    /// What it speaks of: a metric's name, or [`FAILURES`].
    pub subject: &'static str,
    /// How often the lower figure goes into the higher one; absent where two are not compared.
    pub ratio: Option<f64>,
    /// Index of the group that it speaks of.
    pub group: usize,
    /// The maps that it speaks of, the dearer first.
    maps: Vec<String>,
    /// How striking it is.
    score: f64,
}

/// The subject of a finding on failed cells.
pub(super) const FAILURES: &str = "failures";

/// What stands out, at most `most` findings, each of another subject and where there are enough of other maps; the most
/// striking first.
///
/// Failed cells come first. Then come contrasts between two maps on one workload, by score:
///
/// - the ratio of the highest to the lowest figure of what is counted (moves, bytes allocated and held, the peak), where the
///   lowest is large enough to divide by;
/// - the square root of such a ratio of what is timed, for times repeat less well: the time of an operation, and the slowest
///   write where it did structural work;
/// - the ratio, or where there is nothing to hold it against the figure, of the groups that a successful search looks at, where
///   they are so many that the map's hashes can't be evenly spread.
///
/// Beside these stand kinds of operation that take most of a cell's time out of proportion to their number, by how many
/// times an operation of such a kind takes what the others take: on average, and half of them at the least, so that one
/// that the machine held up makes no finding.
///
/// Where fewer cells differ, as with a single map, the slowest write against the median of the same cell follows, then the
/// moves. Latencies count from 1,000 recordings on and above the clock's own cost. A slowest write counts when it took
/// three times as long as any write of the record without structural work: what interrupts those interrupts the others too.
pub(super) fn findings(groups: &[Group<'_>], most: usize) -> Vec<Finding> {
    let steady = groups.iter().flat_map(|group| &group.rows).filter_map(|row| row.written);
    let noise_ns = steady.map(|written| written.steady_max_ns).max().unwrap_or(0) as f64;
    let within = |group: usize| move |finding| Finding { group, ..finding };
    let numbered = || groups.iter().enumerate();
    let contrasts = numbered().flat_map(|(index, group)| contrasts(group, noise_ns).map(within(index)));
    let kinds = rows(groups).filter_map(|(index, group, row)| dearest(group, row).map(within(index)));
    let tails = rows(groups).filter_map(|(index, group, row)| tail(group, row, noise_ns).map(within(index)));
    let moves = rows(groups).filter_map(|(index, group, row)| moves(group, row).map(within(index)));
    let mut found: Vec<Finding> = failures(groups).into_iter().collect();
    let mut repeated = Vec::new();
    for mut candidates in [contrasts.chain(kinds).collect::<Vec<_>>(), tails.collect(), moves.collect()] {
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        for candidate in candidates {
            let other = |than: &Finding| than.subject != candidate.subject;
            if found.iter().all(|finding| other(finding) && finding.maps != candidate.maps) {
                found.push(candidate);
            } else if found.iter().chain(&repeated).all(other) {
                repeated.push(candidate);
            }
        }
    }
    let still_new = |finding: &Finding| found.iter().all(|other| other.subject != finding.subject);
    repeated.retain(still_new);
    found.extend(repeated);
    found.truncate(most);
    found
}

fn rows<'a>(groups: &'a [Group<'a>]) -> impl Iterator<Item = (usize, &'a Group<'a>, &'a Figures<'a>)> {
    let of = |(index, group): (usize, &'a Group<'a>)| group.rows.iter().map(move |row| (index, group, row));
    groups.iter().enumerate().flat_map(of).filter(|(.., row)| !row.failed())
}

/// A finding of the first group, until it is said which.
fn finding(text: String, subject: &'static str, rows: &[&Figures<'_>], ratio: Option<f64>, score: f64) -> Finding {
    let maps = rows.iter().map(|row| row.cell.id.map.clone()).collect();
    Finding { text, subject, ratio, group: 0, maps, score }
}

fn failures(groups: &[Group<'_>]) -> Option<Finding> {
    let all: usize = groups.iter().map(|group| group.rows.len()).sum();
    // A cell that a stopped run did not reach has not failed.
    let failed = |row: &Figures<'_>| row.failed() && row.cell.status != Status::NotRun;
    let cells = || groups.iter().enumerate().flat_map(|(i, group)| group.rows.iter().map(move |row| (i, group, row)));
    let count = cells().filter(|(.., row)| failed(row)).count();
    let (index, group, row) = cells().find(|(.., row)| failed(row))?;
    let error = row.cell.error.as_deref().map(|error| format!(" ({})", one_line(error))).unwrap_or_default();
    let first = if count > 1 { "first " } else { "" };
    let (label, status) = (&row.label, row.cell.status.name());
    let plural = if all == 1 { "cell" } else { "cells" };
    let text = format!("{count} of {all} {plural} failed: {first}{label}, {status} on {}{error}", group.name);
    Some(Finding { group: index, ..finding(text, FAILURES, &[row], None, f64::INFINITY) })
}

/// A counted metric to contrast, the least that is worth dividing by, and how to say it.
struct Counted {
    metric: Metric,
    least: f64,
    /// `btree {moves} {4.6} {entries per insert}`.
    words: [&'static str; 2],
}

const COUNTED: [Counted; 4] = [
    Counted { metric: MOVES_PER_INSERT, least: 0.1, words: ["moves", "entries per insert"] },
    Counted { metric: ALLOC_BYTES_PER_WRITE, least: 1.0, words: ["allocates", "bytes per write"] },
    Counted { metric: BYTES_PER_ENTRY, least: 1.0, words: ["holds", "bytes per entry"] },
    Counted { metric: PEAK_AMPLIFICATION, least: 0.1, words: ["needs", "times its payload at the peak"] },
];

/// How much longer than any write without structural work one with it must take to be laid to that work.
const NOISE_FACTOR: f64 = 3.0;
/// Contrasts smaller than this are no news.
const RATIO_MIN: f64 = 1.2;

fn contrasts<'a>(group: &'a Group<'a>, noise_ns: f64) -> impl Iterator<Item = Finding> + 'a {
    let counted = COUNTED.iter().filter_map(|counted| {
        let enough = |row: &Figures<'_>| row.cell.id.ops >= SAMPLES_MIN;
        let value = |row: &Figures<'_>| row.metric(counted.metric).filter(|_| enough(row));
        let (least, most, ratio) = extremes(group, counted.least, value)?;
        let [verb, unit] = counted.words;
        let text = format!(
            "{} {verb} {} {unit} on {}, {} times {}'s {}",
            most.0.label,
            plain(most.1),
            group.name,
            plain(ratio),
            least.0.label,
            plain(least.1)
        );
        Some(finding(text, counted.metric.name, &[most.0, least.0], Some(ratio), ratio))
    });
    counted.chain(clustered(group)).chain(speed(group)).chain(slowest(group, noise_ns))
}

/// Groups looked at by a successful search, on average, from which on keys cluster: hashes that spread evenly give 1.2 in the
/// fullest table of groups of 16, 1.4 in one of groups of 8, and a cuckoo table has two buckets to look at.
const CLUSTERED_GROUPS: f64 = 2.0;

/// Entries below which their mean is chance.
const ENTRIES_MIN: u64 = 64;

/// The map whose searches became longest, where its hashes don't spread; against the one whose stayed shortest.
fn clustered(group: &Group<'_>) -> Option<Finding> {
    let moment =
        |row: &Figures<'_>| worst_probe_groups(row.cell).filter(|(at, _)| !row.failed() && at.entries >= ENTRIES_MIN);
    let rows = group.rows.iter().filter_map(|row| Some((row, moment(row)?)));
    let (row, (searches, groups)) =
        rows.max_by(|a, b| a.1.1.total_cmp(&b.1.1)).filter(|(_, (_, groups))| *groups >= CLUSTERED_GROUPS)?;
    let shortest =
        extremes(group, 1.0, |row| row.metric(HIT_PROBE_GROUPS_WORST)).filter(|(_, high, _)| std::ptr::eq(high.0, row));
    let ratio = shortest.as_ref().map(|(.., ratio)| *ratio);
    let against = shortest
        .as_ref()
        .map(|((low, least), _, ratio)| format!(", {} times {}'s {}", plain(*ratio), low.label, plain(*least)));
    let text = format!(
        "{} looks at {} groups per hit on {} after {} operations{}: its keys cluster",
        row.label,
        plain(groups),
        group.name,
        integer(searches.ops),
        against.unwrap_or_default()
    );
    let rows: Vec<_> = [Some(row), shortest.map(|(low, ..)| low.0)].into_iter().flatten().collect();
    Some(finding(text, HIT_PROBE_GROUPS_WORST.name, &rows, ratio, ratio.unwrap_or(groups)))
}

/// The rows with the lowest and the highest figure, and their ratio.
type Extremes<'a> = ((&'a Figures<'a>, f64), (&'a Figures<'a>, f64), f64);

/// Of rows with equally many threads: what one more changes is no contrast between maps.
fn extremes<'a>(group: &'a Group<'a>, least: f64, value: impl Fn(&Figures<'_>) -> Option<f64>) -> Option<Extremes<'a>> {
    extremes_of_one_sort(group, least, value, |_| false)
}

/// The same of times: those observed have the machine's share in them, and undisturbed ones don't.
fn extreme_times<'a>(
    group: &'a Group<'a>,
    least: f64,
    value: impl Fn(&Figures<'_>) -> Option<f64>,
) -> Option<Extremes<'a>> {
    extremes_of_one_sort(group, least, value, |row| undisturbed::of(row.cell).is_some())
}

fn extremes_of_one_sort<'a>(
    group: &'a Group<'a>,
    least: f64,
    value: impl Fn(&Figures<'_>) -> Option<f64>,
    sort: impl Fn(&Figures<'_>) -> bool,
) -> Option<Extremes<'a>> {
    let valued = || group.rows.iter().filter(|row| !row.failed()).filter_map(|row| Some((row, value(row)?)));
    let alike = |row: &Figures<'a>| (row.cell.id.crew(), sort(row));
    let crews: BTreeSet<_> = valued().map(|(row, _)| alike(row)).collect();
    let of_crew = |crew| {
        let valued = || valued().filter(|(row, _)| alike(row) == crew);
        let low = valued().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let high = valued().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let ratio = high.1 / low.1;
        (low.1 >= least && ratio >= RATIO_MIN).then_some((low, high, ratio))
    };
    crews.into_iter().filter_map(of_crew).max_by(|a, b| a.2.total_cmp(&b.2))
}

fn speed(group: &Group<'_>) -> Option<Finding> {
    let enough = |row: &Figures<'_>| row.cell.time.as_ref().is_some_and(|time| time.ops >= SAMPLES_MIN);
    let (low, high, ratio) =
        extreme_times(group, f64::MIN_POSITIVE, |row| row.metric(TIME_NS_PER_OP).filter(|_| enough(row)))?;
    let text = format!(
        "{} takes {} an operation on {}, {} times {}'s {}",
        high.0.label,
        duration(high.1),
        group.name,
        plain(ratio),
        low.0.label,
        duration(low.1)
    );
    Some(finding(text, TIME_NS_PER_OP.name, &[high.0, low.0], Some(ratio), ratio.sqrt()))
}

fn slowest(group: &Group<'_>, noise_ns: f64) -> Option<Finding> {
    let (low, high, ratio) = extreme_times(group, 1.0, |row| longest_write_ns(group, row))?;
    let doing = doing(high.0.written?.max_cause).filter(|_| high.1 >= NOISE_FACTOR * noise_ns)?;
    let text = format!(
        "{}'s slowest write on {} took {} while {doing}, {} times {}'s {}",
        high.0.label,
        group.name,
        duration(high.1),
        plain(ratio),
        low.0.label,
        duration(low.1)
    );
    Some(finding(text, LATENCY_MAX_NS.name, &[high.0, low.0], Some(ratio), ratio.sqrt()))
}

/// The longest latency of a write, where it is long and measured often enough to speak of.
fn longest_write_ns(group: &Group<'_>, row: &Figures<'_>) -> Option<f64> {
    let written = row.written.filter(|written| group.instead_of_writes().is_none() && written.count >= SAMPLES_MIN)?;
    Some(written.max_ns as f64).filter(|&ns| ns > clock_floor_ns(row))
}

fn clock_floor_ns(row: &Figures<'_>) -> f64 {
    row.metric(CLOCK_FLOOR_NS).unwrap_or(0.0)
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

/// The slowest write of a cell against its median.
fn tail(group: &Group<'_>, row: &Figures<'_>, noise_ns: f64) -> Option<Finding> {
    let max_ns = longest_write_ns(group, row).filter(|&ns| ns >= NOISE_FACTOR * noise_ns)?;
    let written = row.written?;
    let median_ns = written.median_ns.map(|ns| ns as f64).filter(|&ns| ns > clock_floor_ns(row))?;
    let doing = doing(written.max_cause)?;
    let ratio = max_ns / median_ns;
    let text = format!(
        "{}'s slowest write on {} took {} while {doing}, {} times its median of {}",
        row.label,
        group.name,
        duration(max_ns),
        plain(ratio.round()),
        duration(median_ns)
    );
    (ratio >= RATIO_MIN).then(|| finding(text, LATENCY_MAX_NS.name, &[row], Some(ratio), ratio))
}

/// The kind of operation that most of the time went into, where few operations took it, or dear ones.
fn dearest(group: &Group<'_>, row: &Figures<'_>) -> Option<Finding> {
    let enough = row.cell.time.as_ref().is_some_and(|time| time.ops >= SAMPLES_MIN);
    let dearest = row.dearest.filter(|dearest| enough && dearest.stands_out())?;
    let Dearest { kind, time_share, ops_share, mean_ns, .. } = dearest;
    let ratio = dearest.ratio();
    let place = OpKind::ALL.iter().position(|of| *of == kind)?;
    let percent = |share: f64| plain((share * 1000.0).round() / 10.0);
    let text = format!(
        "{}'s {} take {} % of the time on {} and are {} % of the operations: {} each, {} times what the others take",
        row.label,
        kind.plural(),
        percent(time_share),
        group.name,
        percent(ops_share),
        duration(mean_ns),
        plain(ratio.round()),
    );
    Some(finding(text, TIME_SHARES[place].name, &[row], Some(ratio), ratio))
}

fn moves(group: &Group<'_>, row: &Figures<'_>) -> Option<Finding> {
    let moves = row.metric(MOVES_PER_INSERT).filter(|&moves| moves > 0.0)?;
    let most = row.metric(MAX_MOVES_IN_ONE_WRITE)?;
    let text = format!(
        "{} moves {} entries per insert on {}, {} in the largest write",
        row.label,
        plain(moves),
        group.name,
        plain(most)
    );
    Some(finding(text, MOVES_PER_INSERT.name, &[row], None, moves))
}
