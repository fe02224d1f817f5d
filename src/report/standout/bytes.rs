//! Bytes: what is allocated and moved for what is written, and what presizing saves of it.

use std::collections::HashMap;

use super::super::figures::Figures;
use super::super::group::Group;
use super::super::number::{bytes, integer, plain};
use super::contrast::{Contrast, Figure, RATIO_MIN, READS_ALIKE, alike, span};
use super::{Finding, REPEATED_COUNTS, SAMPLES_MIN, rows};
use crate::record::metrics::Metric;
use crate::record::metrics::allocs::{ALLOC_BYTES, ALLOC_BYTES_PER_WRITE};
use crate::record::metrics::events::{MAX_ALLOC_BYTES_IN_ONE_WRITE, MAX_MOVES_IN_ONE_WRITE};
use crate::record::metrics::moves::{MOVED_ENTRIES, MOVES_PER_INSERT};
use crate::record::{Cell, CellId};

/// Who varied the hint asks what it saves.
pub(super) fn findings(groups: &[Group<'_>]) -> Vec<Finding> {
    if let Some(saving) = presizing(groups) {
        return vec![saving];
    }
    let contrasts = groups.iter().enumerate().flat_map(|(index, group)| {
        SUMS.iter().flat_map(move |sum| sum.contrasts(group)).map(move |finding| finding.within(index))
    });
    contrasts.chain(rows(groups).filter_map(|(index, group, row)| moves(index, group, row))).collect()
}

/// A sum over the writes, the least of it that is worth dividing by, and how to say it.
struct Sum {
    metric: Metric,
    least: f64,
    verb: [&'static str; 2],
    /// `{4.6} {entries per insert}`.
    unit: &'static str,
}

const SUMS: [Sum; 2] = [
    Sum { metric: MOVES_PER_INSERT, least: 0.1, verb: ["moves", "move"], unit: "entries per insert" },
    Sum { metric: ALLOC_BYTES_PER_WRITE, least: 1.0, verb: ["allocates", "allocate"], unit: "bytes per write" },
];

/// Of equal maps that double, the one that has just done so has allocated and moved twice what the other has.
const DOUBLING: f64 = 2.0;

impl Sum {
    fn contrasts<'a>(&self, group: &'a Group<'a>) -> impl Iterator<Item = Finding> {
        let figure = |row| Some(((), self.figure(row)?));
        alike(group, figure).filter_map(|figures| {
            let contrast = Contrast::of(figures, self.least, READS_ALIKE)?;
            let (who, verb, show) = (super::contrast::names(&contrast.highs), contrast.verb(self.verb), span(plain));
            let (most, against) = (show(&contrast.highs), contrast.against(&show));
            let text = format!("{who} {verb} {most} {} on {}, {against}", self.unit, group.name);
            Some(contrast.finding(text, self.metric.name))
        })
    }

    /// `None` where it is a matter of when the map last grew.
    fn figure<'a>(&self, row: &'a Figures<'a>) -> Option<Figure<'a>> {
        let value = row.metric(self.metric).filter(|_| row.cell.id.ops >= SAMPLES_MIN)?;
        let figure = Figure::exact(row, value).within(if row.cell.exact { 1.0 } else { REPEATED_COUNTS });
        match is_even(row) {
            true => Some(figure),
            false => is_from_nothing(row.cell).then(|| figure.within(DOUBLING)),
        }
    }
}

/// Whether no write alone makes up a tenth of what is allocated or moved: then none of these sums depends on how long ago a
/// table was made.
fn is_even(row: &Figures<'_>) -> bool {
    let even =
        |most, all| row.metric(most).zip(row.metric(all)).is_some_and(|(most, all): (f64, f64)| 10.0 * most <= all);
    let moves = row.metric(MOVED_ENTRIES).is_none() || even(MAX_MOVES_IN_ONE_WRITE, MOVED_ENTRIES);
    moves && even(MAX_ALLOC_BYTES_IN_ONE_WRITE, ALLOC_BYTES)
}

/// Whether every entry came into the map while it was watched.
fn is_from_nothing(cell: &Cell) -> bool {
    let expected = &cell.expected;
    expected.inserts.checked_sub(expected.remove_hits) == Some(expected.entries) && expected.clears.unwrap_or(0) == 0
}

/// What a capacity hint saves of the bytes that are allocated, and of the time.
fn presizing(groups: &[Group<'_>]) -> Option<Finding> {
    struct Pair<'a> {
        index: usize,
        group: &'a Group<'a>,
        without: &'a Figures<'a>,
        with: &'a Figures<'a>,
        bytes: [f64; 2],
    }
    // No two identities have one name for their files.
    let but_for_hint = |row: &Figures<'_>| CellId { hint: 0, ..row.cell.id.clone() }.file_stem();
    let unhinted: HashMap<String, (&Group<'_>, &Figures<'_>)> = rows(groups)
        .filter(|(.., row)| row.cell.id.hint == 0)
        .map(|(_, group, row)| (but_for_hint(row), (group, row)))
        .collect();
    let pair = |(index, _, with): (usize, _, _)| {
        let &(group, without) = unhinted.get(&but_for_hint(with))?;
        let bytes = [row_bytes(without)?, row_bytes(with)?];
        Some(Pair { index, group, without, with, bytes })
    };
    let pairs: Vec<Pair<'_>> = rows(groups).filter(|(.., row)| row.cell.id.hint > 0).filter_map(pair).collect();
    let ratio = |pair: &Pair<'_>| pair.bytes[0] / pair.bytes[1];
    let best = pairs.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b)))?;
    let certain = ratio(best) / if best.with.cell.exact { 1.0 } else { REPEATED_COUNTS };
    if certain < RATIO_MIN {
        return None;
    }
    let percent = |pair: &Pair<'_>| plain((100.0 * (1.0 - pair.bytes[1] / pair.bytes[0])).round());
    let same_hint = |pair: &&Pair<'_>| pair.index == best.index;
    let others: Vec<_> = pairs.iter().filter(same_hint).filter(|pair| !std::ptr::eq(*pair, best)).collect();
    let others = match others.len() {
        1 | 2 => others.iter().map(|pair| format!("; {} {} %", pair.with.label, percent(pair))).collect(),
        _ => String::new(),
    };
    let [without, with] = best.bytes.map(|n| bytes(n as u64));
    let text = format!(
        "a hint of {} saves {} {} % of the bytes that it allocates on {} ({with} instead of {without}){}{others}",
        integer(best.with.cell.id.hint),
        best.with.label,
        percent(best),
        best.group.name,
        super::time::saved(best.without, best.with).unwrap_or_default(),
    );
    let hint = format!("hint {}", integer(best.with.cell.id.hint));
    let values = vec![("no hint".to_owned(), best.bytes[0]), (hint, best.bytes[1])];
    let finding = Finding::new(text, ALLOC_BYTES.name, certain);
    Some(Finding { group: best.index, ratio: Some(ratio(best)), values, ..finding })
}

/// What a row allocates, where that can be divided by.
fn row_bytes(row: &Figures<'_>) -> Option<f64> {
    row.metric(ALLOC_BYTES).filter(|&bytes| bytes >= 1.0 && row.cell.id.ops >= SAMPLES_MIN)
}

/// What one map alone moves.
fn moves(index: usize, group: &Group<'_>, row: &Figures<'_>) -> Option<Finding> {
    let moves = row.metric(MOVES_PER_INSERT).filter(|&moves| moves > 0.0 && group.rows.len() == 1)?;
    let most = row.metric(MAX_MOVES_IN_ONE_WRITE)?;
    let (label, name) = (&row.label, &group.name);
    let text =
        format!("{label} moves {} entries per insert on {name}, {} in the largest write", plain(moves), plain(most));
    let finding = Finding::new(text, MOVES_PER_INSERT.name, super::OF_ONE_MAP);
    Some(Finding { group: index, values: vec![(label.clone(), moves)], ..finding })
}
