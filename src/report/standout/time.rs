//! Time: of an operation, by map; what takes most of it; searches that became long.

use super::super::figures::Figures;
use super::super::group::Group;
use super::super::number::{duration, integer, plain};
use super::contrast::{Contrast, Figure, RATIO_MIN, READS_ALIKE, alike, names, span};
use super::{Finding, OF_EACH_MAP, SAMPLES_MIN, rows};
use crate::record::metrics::dearest::Dearest;
use crate::record::metrics::latency::{decode, shown_first};
use crate::record::metrics::shares::TIME_SHARES;
use crate::record::metrics::structure::HIT_PROBE_GROUPS_WORST;
use crate::record::metrics::times::NS_PER_OP;
use crate::record::metrics::undisturbed::{self, TIME_NS_PER_OP, UNDISTURBED_NS_PER_OP};
use crate::record::metrics::{Metric, worst_probe_groups};
use crate::record::{Cause, Cell, OpKind};

pub(super) fn findings(groups: &[Group<'_>]) -> Vec<Finding> {
    let contrasts = groups
        .iter()
        .enumerate()
        .flat_map(|(index, group)| speed(group).chain(clustered(group)).map(move |finding| finding.within(index)));
    let kinds = rows(groups).filter_map(|(index, group, row)| Some(dearest(group, row)?.within(index)));
    contrasts.chain(kinds).chain(plainly(groups)).collect()
}

/// Fewer repetitions don't show how far they scatter.
const REPETITIONS_MIN: usize = 5;
/// Undisturbed times of an operation differ by as much from run to run, under load too.
const SCATTER: f64 = 1.1;

/// The least over the repetitions, which may fall once more by as much as it fell since the figures before the last; `None`
/// where there are too few repetitions, or none that do the same.
pub(super) fn settled<'a>(row: &'a Figures<'a>, after: &[f64]) -> Option<Figure<'a>> {
    undisturbed::of(row.cell).filter(|least| least.repetitions as usize >= REPETITIONS_MIN)?;
    let &[.., before, value] = after else { return None };
    let fall = if before > 0.0 { (value / before).min(1.0) } else { 1.0 };
    Some(Figure { row, value, least: value * fall, most: value })
}

/// Undisturbed times are compared with each other, and so are observed ones, but not those of a runtime with a collector with
/// those of a map without.
type Sort = (bool, bool);

/// The time of an operation: undisturbed, or observed in all repetitions.
fn time<'a>(row: &'a Figures<'a>) -> Option<(Sort, Figure<'a>)> {
    let time = row.cell.time.as_ref().filter(|time| time.ops >= SAMPLES_MIN)?;
    let is_undisturbed = undisturbed::of(row.cell).is_some();
    let figure = match is_undisturbed {
        true => settled(row, &UNDISTURBED_NS_PER_OP.settled(row.cell))?.within(SCATTER),
        false => observed(row, NS_PER_OP)?,
    };
    Some(((is_undisturbed, time.collector.is_some()), figure))
}

/// The same at whatever phase of the doubling.
fn at_any_phase<'a>(row: &'a Figures<'a>) -> Option<(Sort, Figure<'a>)> {
    let (sort, figure) = time(row)?;
    let growing = growing(row.cell);
    let (least, most) = (figure.least * (1.0 - growing / 2.0), figure.most * (1.0 + growing));
    Some((sort, Figure { least, most, ..figure }))
}

/// All that the repetitions gave.
fn observed<'a>(row: &'a Figures<'a>, metric: Metric) -> Option<Figure<'a>> {
    let value = row.metric(metric).filter(|_| metric.repetitions(row.cell).len() >= REPETITIONS_MIN)?;
    let (least, most) = metric.range(row.cell)?;
    Some(Figure { row, value, least, most })
}

/// The share of the time that went into growing: at another phase of the doubling it may be half as much, or twice.
fn growing(cell: &Cell) -> f64 {
    let sums = shown_first(cell).iter().filter_map(|of| Some((of.cause, decode(of)?)));
    let sums: Vec<(Cause, f64)> = sums.map(|(cause, of)| (cause, of.mean() * of.len() as f64)).collect();
    let sum = |causes: &[Cause]| sums.iter().filter(|(cause, _)| causes.contains(cause)).map(|(_, ns)| ns).sum::<f64>();
    let grows = sum(&[Cause::Grow, Cause::DirtyCopy]) > 0.0;
    let share = sum(&[Cause::Grow, Cause::DirtyCopy, Cause::Move, Cause::Rehash]) / sum(&Cause::ALL);
    if grows { share } else { 0.0 }
}

fn speed<'a>(group: &'a Group<'a>) -> impl Iterator<Item = Finding> {
    alike(group, at_any_phase).filter_map(|figures| {
        let contrast = Contrast::of(figures, f64::MIN_POSITIVE, SCATTER)?;
        let (who, verb, show) = (names(&contrast.highs), contrast.verb(["takes", "take"]), span(duration));
        let (most, against) = (show(&contrast.highs), contrast.against(&show));
        let text = format!("{who} {verb} {most} an operation on {}, {against}", group.name);
        Some(contrast.finding(text, TIME_NS_PER_OP.name))
    })
}

/// `, and 40 % of the time`: what one row saves of another's, where that is certain.
pub(super) fn saved(without: &Figures<'_>, with: &Figures<'_>) -> Option<String> {
    let [(sort, without), (of, with)] = [time(without)?, time(with)?];
    let is_certain = sort == of && without.least >= RATIO_MIN * with.most;
    let percent = 100.0 * (1.0 - with.value / without.value);
    is_certain.then(|| format!(" and {} % of the time", plain(percent.round())))
}

/// Where no map can be held against another: what each of a few takes.
fn plainly(groups: &[Group<'_>]) -> Option<Finding> {
    let (index, group) = groups.iter().enumerate().find(|(_, group)| {
        group.rows.len() <= super::FEW && group.rows.iter().any(|row| !row.failed() && time(row).is_some())
    })?;
    let times: Vec<_> =
        group.rows.iter().filter(|row| !row.failed()).filter_map(time).map(|(_, figure)| figure).collect();
    let each = super::each(times.iter().map(|figure| (duration(figure.value), &*figure.row.label)));
    let tie = if times.len() > 1 { ": no difference that is certain" } else { "" };
    let text = format!("an operation of {} takes {each}{tie}", group.name);
    let values = times.iter().map(|figure| (figure.row.label.clone(), figure.value)).collect();
    Some(Finding { group: index, values, ..Finding::new(text, TIME_NS_PER_OP.name, OF_EACH_MAP) })
}

/// Groups looked at by a successful search, on average, from which on keys cluster: hashes that spread evenly give 1.2 in the
/// fullest table of groups of 16, 1.4 in one of groups of 8, and a cuckoo table has two buckets to look at.
const CLUSTERED_GROUPS: f64 = 2.0;

/// Entries below which their mean is chance.
const ENTRIES_MIN: u64 = 64;

/// The map whose searches became longest, where its hashes don't spread; against the one whose stayed shortest.
fn clustered<'a>(group: &'a Group<'a>) -> Option<Finding> {
    let longest = |row: &Figures<'_>| {
        worst_probe_groups(row.cell).filter(|(at, _)| at.entries >= ENTRIES_MIN && !is_trie(row.cell))
    };
    let figure = |row: &'a Figures<'a>| longest(row).map(|(_, groups)| ((), Figure::exact(row, groups)));
    let figures = alike(group, figure).max_by(|a, b| most(a).total_cmp(&most(b)))?;
    let longest_groups = most(&figures);
    let values: Vec<_> = figures.iter().map(|figure| (figure.row.label.clone(), figure.value)).collect();
    let row = figures.iter().find(|figure| figure.value == longest_groups && figure.value >= CLUSTERED_GROUPS)?.row;
    let (searches, groups) = longest(row)?;
    let contrast = Contrast::of(figures, 1.0, READS_ALIKE);
    let against = contrast.as_ref().map(|contrast| format!(", {}", contrast.against(span(plain)))).unwrap_or_default();
    let text = format!(
        "{} looks at {} groups per hit on {} after {} operations{against}: its keys cluster",
        row.label,
        plain(groups),
        group.name,
        integer(searches.ops),
    );
    let ratio = contrast.map(|contrast| contrast.ratio());
    Some(Finding { ratio, values, ..Finding::new(text, HIT_PROBE_GROUPS_WORST.name, ratio.unwrap_or(groups)) })
}

/// Whether no entry is in the first group that a search looks at: groups are nodes on the way down, which is as long as there
/// are entries, however the keys spread.
fn is_trie(cell: &Cell) -> bool {
    let lengths = cell.count.as_ref().and_then(|count| count.distributions.hit_group_lengths.as_ref());
    lengths.is_some_and(|lengths| lengths.get(1) == Some(&0))
}

fn most(figures: &[Figure<'_>]) -> f64 {
    figures.iter().map(|figure| figure.value).fold(0.0, f64::max)
}

/// The kind of operation that most of the undisturbed time went into, where few operations took it, or dear ones.
fn dearest(group: &Group<'_>, row: &Figures<'_>) -> Option<Finding> {
    let is_undisturbed = undisturbed::of(row.cell)
        .is_some_and(|least| least.repetitions as usize >= REPETITIONS_MIN && !least.histograms.is_empty());
    let enough = row.cell.time.as_ref().is_some_and(|time| time.ops >= SAMPLES_MIN);
    let dearest = row.dearest.filter(|dearest| is_undisturbed && enough && dearest.stands_out())?;
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
    let others = "others".to_owned();
    let values = vec![(kind.plural().to_owned(), time_share), (others, 1.0 - time_share)];
    Some(Finding { ratio: Some(ratio), values, ..Finding::new(text, TIME_SHARES[place].name, ratio) })
}
