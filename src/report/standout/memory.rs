//! Memory: what maps hold for each entry, over a doubling of the entries.

use super::super::figures::Figures;
use super::super::group::Group;
use super::super::number::{bytes, integer, plain};
use super::contrast::{Contrast, Figure, READS_ALIKE, alike, names};
use super::{Finding, REPEATED_COUNTS, SAMPLES_MIN, rows};
use crate::record::metrics::memory::{BYTES_PER_ENTRY, LIVE_BYTES, PEAK_AMPLIFICATION, PEAK_BYTES};
use crate::record::{Cell, Timeline};

pub(super) fn findings(groups: &[Group<'_>]) -> Vec<Finding> {
    let contrasts = groups.iter().enumerate().flat_map(|(index, group)| {
        let contrasts = over_a_doubling(group, &HELD).chain(over_a_doubling(group, &PEAK)).chain(at_this_size(group));
        contrasts.map(move |finding| finding.within(index))
    });
    contrasts.chain(plainly(groups)).collect()
}

/// What is held against each other over a doubling.
struct Held {
    subject: &'static str,
    /// What one entry is taken to hold after a point, the point's index given.
    per_entry: fn(&Cell, &Timeline, usize) -> f64,
    verb: [&'static str; 2],
    unit: &'static str,
}

const HELD: Held = Held {
    subject: BYTES_PER_ENTRY.name,
    per_entry: |_, timeline, point| timeline.held_bytes[point] as f64 / timeline.entries[point] as f64,
    verb: ["holds", "hold"],
    unit: "bytes per entry",
};

const PEAK: Held = Held {
    subject: PEAK_AMPLIFICATION.name,
    per_entry: |cell, timeline, point| {
        let peak = timeline.peak_bytes[..=point].iter().max().map_or(0.0, |&bytes| bytes as f64);
        let payload = cell.expected.live_payload_bytes as f64 / cell.expected.entries as f64;
        peak / (timeline.entries[point] as f64 * payload)
    },
    verb: ["needs", "need"],
    unit: "bytes per byte of payload at the peak",
};

/// Fewer points say too little of what lies between them.
const POINTS_MIN: usize = 16;

/// What a map holds for each entry from half of its entries to all of them: least, most, and the mean of all sizes, each
/// weighed by what it adds to the logarithm. A table that doubles goes through every phase meanwhile, wherever this begins.
fn doubling<'a>(row: &'a Figures<'a>, held: &Held) -> Option<Figure<'a>> {
    let timeline = row.cell.count.as_ref()?.timeline.as_ref().filter(|_| row.cell.id.hint == 0)?;
    let entries = &timeline.entries;
    let last = *entries.last().filter(|&&last| last >= SAMPLES_MIN)?;
    let first = entries.iter().rposition(|&entries| entries <= last / 2).filter(|&point| entries[point] > 0)?;
    if entries.len() - first < POINTS_MIN || !entries[first..].is_sorted() {
        return None;
    }
    let points: Vec<(f64, f64)> = (first..entries.len())
        .map(|point| ((entries[point] as f64).ln(), (held.per_entry)(row.cell, timeline, point)))
        .collect();
    let sum: f64 = points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0).sum();
    let value = sum / (points[points.len() - 1].0 - points[0].0);
    let each = || points.iter().map(|(_, held)| *held);
    Some(Figure { row, value, least: each().fold(f64::INFINITY, f64::min), most: each().fold(0.0, f64::max) })
}

fn over_a_doubling<'a>(group: &'a Group<'a>, held: &Held) -> impl Iterator<Item = Finding> {
    let figures = alike(group, |row| Some(((), doubling(row, held)?)));
    figures.filter_map(|figures| {
        // Their means are what doesn't depend on the phase.
        let means = figures.iter().map(|figure| {
            let differs = if figure.row.cell.exact { 1.0 } else { REPEATED_COUNTS };
            Figure::exact(figure.row, figure.value).within(differs)
        });
        let contrast = Contrast::of(means.collect(), 0.1, READS_ALIKE)?;
        let show = |means: &[Figure<'_>]| {
            let of = |figure: &&Figure<'_>| means.iter().any(|mean| std::ptr::eq(mean.row, figure.row));
            let least = figures.iter().filter(of).map(|figure| figure.least).fold(f64::INFINITY, f64::min);
            let most = figures.iter().filter(of).map(|figure| figure.most).fold(0.0, f64::max);
            let mean = plain(means[0].value);
            let [least, most] = [least, most].map(plain);
            if least == most { mean } else { format!("{mean} ({least} to {most})") }
        };
        let (who, verb, most) = (names(&contrast.highs), contrast.verb(held.verb), show(&contrast.highs));
        let against = contrast.against(show);
        let text =
            format!("{who} {verb} {most} {} on {}, the mean (range) over a doubling, {against}", held.unit, group.name);
        Some(Finding { note: "the mean over a doubling of the entries", ..contrast.finding(text, held.subject) })
    })
}

/// Of equal maps of equally many entries, one that moves into a table twice as large holds both, three times what the other
/// does.
const GROWING: f64 = 3.0;

/// Where entries were not doubled: at the number of entries that there is, by more than phases explain.
fn at_this_size<'a>(group: &'a Group<'a>) -> impl Iterator<Item = Finding> {
    let figure = |row: &'a Figures<'a>| {
        let value = row.metric(BYTES_PER_ENTRY).filter(|_| row.cell.expected.entries >= SAMPLES_MIN)?;
        let doubled = doubling(row, &HELD).is_some();
        (!doubled).then(|| ((), Figure::exact(row, value).within(GROWING)))
    };
    alike(group, figure).filter_map(|figures| {
        let contrast = Contrast::of(figures, 1.0, READS_ALIKE)?;
        let show = |figures: &[Figure<'_>]| size(figures[0].row);
        let entries = integer(contrast.highs[0].row.cell.expected.entries);
        let (who, verb, most) = (names(&contrast.highs), contrast.verb(["holds", "hold"]), show(&contrast.highs));
        let text = format!("{who} {verb} {entries} entries in {most} on {}, {}", group.name, contrast.against(show));
        Some(contrast.finding(text, BYTES_PER_ENTRY.name))
    })
}

/// Where no map can be held against another: what each of a few takes.
fn plainly(groups: &[Group<'_>]) -> Option<Finding> {
    let held = |row: &Figures<'_>| !row.failed() && row.metric(BYTES_PER_ENTRY).is_some();
    let candidates =
        groups.iter().enumerate().filter(|(_, group)| group.rows.len() <= super::FEW && group.rows.iter().any(held));
    // The first one with most entries.
    let entries = |group: &Group<'_>| group.rows[0].cell.expected.entries;
    let (index, group) = candidates.rev().max_by_key(|(_, group)| entries(group))?;
    let rows = || rows(groups).filter(|&(of, _, row)| of == index && held(row)).map(|(.., row)| row);
    let each = super::each(rows().map(|row| (size(row), &*row.label)));
    let text = format!("{} entries take {each} after {}", integer(entries(group)), group.name);
    let values = rows().filter_map(|row| Some((row.label.clone(), row.metric(BYTES_PER_ENTRY)?))).collect();
    Some(Finding { group: index, values, ..Finding::new(text, BYTES_PER_ENTRY.name, super::OF_EACH_MAP) })
}

/// `774 MiB (271 bytes each, at the peak 1.2 GiB)`.
fn size(row: &Figures<'_>) -> String {
    let [live, peak] = [LIVE_BYTES, PEAK_BYTES].map(|metric| row.metric(metric).map(|n| bytes(n as u64)));
    let each = plain(row.metric(BYTES_PER_ENTRY).unwrap_or(0.0).round());
    let live = live.unwrap_or_default();
    let peak = peak.filter(|peak| *peak != live).map(|peak| format!(", {peak} at the peak")).unwrap_or_default();
    format!("{live} ({each} bytes each{peak})")
}
