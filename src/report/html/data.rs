//! The overview that the page's scripts work on: metrics, workloads, cells, and every value of every metric.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::figures::Figures;
use super::super::group::Group;
use super::super::stacks::{KINDS, Kind};
use super::super::standout::Finding;
use super::curves;
use crate::record::metrics::mainly::Mainly;
use crate::record::metrics::{self, Class, Number, mainly, undisturbed};
use crate::record::{Cause, CellId, Distributions, HeatMap, OpKind};

#[derive(Serialize)]
pub(super) struct Overview<'a> {
    metrics: Vec<Metric>,
    groups: Vec<Workload<'a>>,
    /// Those of one group are neighbours.
    cells: Vec<Cell<'a>>,
    /// For each metric its value in each cell; null where a cell has none.
    values: Vec<Vec<Option<Number>>>,
    findings: Vec<Striking<'a>>,
    /// Every kind of operation, the word for many of it, and whether it is about one key.
    kinds: Vec<(&'static str, &'static str, bool)>,
    /// The quantiles that the curves of latencies are given at.
    quantiles: Vec<f64>,
    /// The shortest latency of each band of the heat maps, in nanoseconds.
    bands_ns: Vec<f64>,
}

/// A metric of the record.
#[derive(Serialize)]
struct Metric {
    name: &'static str,
    unit: &'static str,
    exact: bool,
    /// `lower`, `higher`, or nothing.
    better: Option<&'static str>,
    summary: &'static str,
}

#[derive(Serialize)]
struct Workload<'a> {
    /// What tells it from the others.
    name: &'a str,
    title: String,
}

#[derive(Serialize)]
struct Cell<'a> {
    id: &'a CellId,
    /// What tells it from the others of its group.
    label: &'a str,
    group: usize,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    exact: bool,
    environment: usize,
    version: &'a str,
    /// The folder of its files.
    files: String,
    /// Bytes of a key and a value, their heap parts included.
    entry_bytes: u64,
    counted: bool,
    timed: bool,
    /// Operations timed, all repetitions together.
    recordings: u64,
    /// Which of its stacks there are: `alloc`, `copy`, `cpu`.
    stacks: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_unix_ms: Option<u64>,
    /// What those of its latencies are of that are not of a kind by name.
    latencies_of: &'static str,
    /// The cause of the slowest of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    worst_cause: Option<&'static str>,
    /// Of each distribution that it has `[n, how many]`, the numbers that occur.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    distributions: BTreeMap<&'static str, Vec<(usize, u64)>>,
    /// The smallest and the largest of what the repetitions gave, by the metrics that the record has of each; of the least
    /// over all of them, of what it was after fewer and is after all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    ranges: BTreeMap<&'static str, (f64, f64)>,
    /// How many repetitions those are.
    repetitions: usize,
    /// Over how many of them its times are the least; absent where they are observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    least_of: Option<u32>,
}

#[derive(Serialize)]
struct Striking<'a> {
    text: &'a str,
    subject: &'static str,
    ratio: Option<f64>,
    group: usize,
    /// Names and figures, in the unit of the subject.
    values: &'a [(String, f64)],
    /// What these are, where they aren't the metric itself.
    note: &'static str,
}

impl<'a> Overview<'a> {
    pub fn new(groups: &'a [Group<'a>], findings: &'a [Finding], shown: &[metrics::Metric]) -> Overview<'a> {
        let rows: Vec<(usize, &Figures<'_>)> = groups
            .iter()
            .enumerate()
            .flat_map(|(index, group)| group.rows.iter().map(move |row| (index, row)))
            .collect();
        let mut overview = Overview {
            metrics: shown.iter().map(metric).collect(),
            groups: groups.iter().map(workload).collect(),
            cells: rows.iter().map(|&(group, row)| cell(group, row, shown)).collect(),
            values: shown.iter().map(|_| Vec::with_capacity(rows.len())).collect(),
            findings: findings.iter().map(striking).collect(),
            kinds: OpKind::ALL.map(|kind| (kind.name(), kind.plural(), kind.has_key())).to_vec(),
            quantiles: curves::quantiles().collect(),
            bands_ns: (0..HeatMap::BANDS).map(HeatMap::least_ns).collect(),
        };
        // Cell by cell: the histograms behind the metrics of one are decoded once.
        for (_, row) in rows {
            for (values, metric) in overview.values.iter_mut().zip(shown) {
                // A failed cell may have counted something; it has no figures to compare.
                values.push(metric.value(row.cell).filter(|_| !row.failed()));
            }
        }
        overview
    }
}

fn metric(metric: &metrics::Metric) -> Metric {
    let exact = metric.class == Class::Exact;
    Metric { name: metric.name, unit: metric.unit, exact, better: metric.better.name(), summary: metric.summary }
}

fn workload<'a>(group: &'a Group<'a>) -> Workload<'a> {
    Workload { name: &group.name, title: group.title() }
}

fn cell<'a>(group: usize, row: &'a Figures<'a>, shown: &[metrics::Metric]) -> Cell<'a> {
    let cell = row.cell;
    let recordings = cell.time.as_ref().map_or(0, |time| time.histograms.iter().map(|histogram| histogram.count).sum());
    let mut stacks = Vec::new();
    if let Some(profile) = cell.profile.as_ref().filter(|_| !row.failed()) {
        let has = |kind: &&Kind| kind.stacks(profile).any(|(_, weight)| weight > 0);
        stacks.extend(KINDS.iter().filter(has).map(|kind| kind.name));
    }
    Cell {
        id: &cell.id,
        label: &row.label,
        group,
        status: cell.status.name(),
        error: cell.error.as_deref(),
        exact: cell.exact,
        environment: cell.environment,
        version: &cell.map_version,
        files: cell.id.file_stem(),
        entry_bytes: cell.key_bytes + cell.value_bytes,
        counted: cell.count.is_some(),
        timed: cell.time.is_some(),
        recordings,
        stacks,
        started_unix_ms: cell.time.as_ref().map(|time| time.started_unix_ms),
        latencies_of: Mainly::of(cell).plural(),
        worst_cause: mainly::max_cause(cell).map(Cause::name),
        distributions: (cell.count.as_ref().filter(|_| !row.failed()))
            .map(|count| distributions(&count.distributions))
            .unwrap_or_default(),
        ranges: shown
            .iter()
            .filter(|_| !row.failed())
            .filter_map(|metric| Some((metric.name, metric.scatter(cell)?)))
            .collect(),
        repetitions: cell.time.as_ref().map_or(0, |time| time.bare_elapsed_ns.len()),
        least_of: undisturbed::of(cell).map(|least| least.repetitions),
    }
}

fn distributions(all: &Distributions) -> BTreeMap<&'static str, Vec<(usize, u64)>> {
    let lists = [
        ("occupancy", &all.occupancy),
        ("chain_lengths", &all.chain_lengths),
        ("hit_probe_lengths", &all.hit_probe_lengths),
        ("hit_group_lengths", &all.hit_group_lengths),
    ];
    let occurring = |list: &Vec<u64>| list.iter().copied().enumerate().filter(|&(_, count)| count > 0).collect();
    lists.into_iter().filter_map(|(name, list)| Some((name, occurring(list.as_ref()?)))).collect()
}

fn striking(finding: &Finding) -> Striking<'_> {
    let Finding { text, subject, ratio, group, values, note, .. } = finding;
    Striking { text, subject, ratio: *ratio, group: *group, values, note }
}
