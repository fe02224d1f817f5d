//! Two recordings of a program, judged by the rules of [the gate](crate::gate).
//!
//! | difference | level |
//! |---|---|
//! | a figure of a place got worse | fail, or what the policy says |
//! | a figure that depends on seeds differs by no more than chance makes of it | none |
//! | a place is in one recording only | note |
//! | bytes, growths and moves are not known of all maps of a place | note: these figures are not judged |
//! | maps were sampled, what is recorded was changed meanwhile, or there was no room for some; no place in common | unjudged |
//! | they were built with different compilers | note |

use super::chance::TABLE_ENTRIES_MAX;
use super::pairing::Pairing;
use super::{Counts, Process, Recording, Row};
use crate::gate::number::plural;
use crate::gate::{Action, Change, Kind, Level, PlaceId, Policy, Verdict, What};
use crate::record::metrics::{Better, Class, Formula, Metric, Number};

/// What a growth by chance adds to a figure at most, where its map has tables of this many bytes at most.
type ByGrowth = fn(table_bytes: f64) -> f64;

/// A figure that is judged.
struct Figure {
    metric: Metric,
    /// `None` where it is not known of each of the maps.
    of: fn(&Counts) -> Option<u64>,
    /// `None` where seeds don't matter.
    by_growth: Option<ByGrowth>,
}

const fn figure(
    name: &'static str,
    unit: &'static str,
    summary: &'static str,
    of: fn(&Counts) -> Option<u64>,
    by_growth: Option<ByGrowth>,
) -> Figure {
    let metric = Metric::new(name, unit, Class::Exact, Better::Lower, summary, Formula::Declared);
    Figure { metric, of, by_growth }
}

const FIGURES: [Figure; 6] = [
    figure("alloc_bytes", "bytes", "Bytes allocated.", |c| c.of_all_tables(c.alloc_bytes()), Some(|table| 2.0 * table)),
    figure(
        "abandoned_bytes",
        "bytes",
        "Bytes that growing left behind.",
        |c| c.of_all_tables(c.abandoned_bytes),
        Some(|table| table),
    ),
    figure("growths", "count", "Tables replaced by growing.", |c| c.of_all_tables(c.growths), Some(|_| 1.0)),
    figure(
        "moved_entries",
        "count",
        "Entries moved by growing.",
        |c| c.of_all_tables(c.moved_entries),
        Some(|_| TABLE_ENTRIES_MAX as f64),
    ),
    figure("maps", "count", "Maps made.", |c| Some(c.maps), None),
    figure("writes", "count", "Inserts and overwrites.", |c| Some(c.writes), None),
];

/// The figures that are judged, whose names a policy may have.
pub fn judged_figures() -> Vec<Metric> {
    FIGURES.iter().map(|figure| figure.metric).collect()
}

/// By how much two recordings of a place may differ in a figure that has this name, though the program did the same.
pub(super) fn apart_by_chance(name: &str, before: &Counts, after: &Counts) -> f64 {
    let by_growth = FIGURES.iter().find(|figure| figure.metric.name == name).and_then(|figure| figure.by_growth);
    let (a, b) = (before.chance, after.chance);
    // Where the growths differ by more, so do the bytes and moves that come of them.
    let of_growth = by_growth.filter(|_| a.may_differ(b, [before.growths, after.growths]));
    let of_tables = of_growth.map_or(0.0, |of| a.growths_apart(b) * of(a.table_bytes.max(b.table_bytes) as f64));
    // A node is allocated, and replaces nothing.
    let of_nodes = match name {
        "alloc_bytes" => a.nodes_apart(b) * a.node_bytes.max(b.node_bytes) as f64,
        _ => 0.0,
    };
    of_tables + of_nodes
}

/// The name of a row.
pub(super) fn id(row: &Row) -> PlaceId {
    PlaceId { at: row.place.at.clone(), function: row.place.function.clone(), ty: row.ty.clone() }
}

/// The places of both, those of `after` by their lines there: what a verdict is of.
pub fn places(before: &Recording, after: &Recording) -> Vec<PlaceId> {
    let pairing = Pairing::new(&before.table, &after.table);
    let of_after = pairing.pairs.into_iter().map(|(_, after)| after).chain(pairing.new);
    of_after.chain(pairing.gone).map(id).collect()
}

/// Holds `after` against `before`, place by place. Changes have the lines of `after`.
pub fn compare(before: &Recording, after: &Recording, policy: &Policy) -> Verdict<PlaceId> {
    let mut verdict = Verdict::default();
    for (name, recording) in [("baseline", before), ("current recording", after)] {
        let dropped = recording.table.dropped;
        let lost = dropped.maps + dropped.places + dropped.types;
        if recording.processes.iter().any(|process| process.periods.len() > 1) {
            let what = format!("What the {name} recorded was changed while its program ran: record all of it.");
            verdict.unjudged.push(what);
        } else if !recording.processes.iter().all(Process::is_whole) {
            let what = format!("The {name} is a sample, whose figures vary by chance: record it without --sample.");
            verdict.unjudged.push(what);
        }
        if lost > 0 {
            let maps = plural(usize::try_from(lost).unwrap_or(usize::MAX), "map");
            verdict.unjudged.push(format!("The {name} had no room for {maps}: record a shorter run of the program."));
        }
    }
    let pairing = Pairing::new(&before.table, &after.table);
    if pairing.pairs.is_empty() {
        verdict.unjudged.push("The recordings have no place in common: record the same program.".to_owned());
    }
    if policy.has_objectives() {
        verdict.unjudged.push("The policy has objectives ([[slo]]), which are for runs: take them out.".to_owned());
    }
    if !verdict.unjudged.is_empty() {
        return verdict;
    }
    let mut by_chance = 0;
    for &(before, after) in &pairing.pairs {
        let of_place = pair(before, after, policy, &mut verdict);
        verdict.tally.by_chance += of_place;
        by_chance += usize::from(of_place > 0);
    }
    let unmeasured = |row: &Row| row.counts.unmeasured_maps > 0;
    let unmeasured = pairing.pairs.iter().filter(|(before, after)| unmeasured(before) || unmeasured(after)).count();
    for (kind, rows) in [(Kind::NewCell, &pairing.new), (Kind::Gone, &pairing.gone)] {
        verdict.changes.extend(rows.iter().map(|row| alone(kind, row)));
    }
    let versions = |recording: &Recording| -> Vec<String> {
        let mut versions: Vec<_> = recording.processes.iter().map(|process| process.built_with.clone()).collect();
        versions.sort();
        versions.dedup();
        versions
    };
    let [a, b] = [before, after].map(|recording| versions(recording).join(", "));
    if a != b {
        let what = "What changed may come from this.";
        verdict.notes.push(format!("Other compilers built the programs: {a} -> {b}. {what}"));
    }
    if by_chance > 0 {
        let (places, figures) = (plural(by_chance, "place"), plural(verdict.tally.by_chance, "figure"));
        verdict.notes.push(format!(
            "At {places} the maps' random seeds decided when tables grew, or how many nodes a sync.Map has: {figures} there \
             differ by four standard deviations of that or less, and are left out."
        ));
    }
    if unmeasured > 0 {
        let places = plural(unmeasured, "place");
        let what = "bytes, growths and moves are not known of all maps, and are not judged";
        verdict.notes.push(format!("At {places} {what}."));
    }
    if verdict.tally.ignored > 0 {
        verdict.notes.push(format!("The policy ignored {}.", plural(verdict.tally.ignored, "metric")));
    }
    let names: Vec<_> = [before, after].iter().flat_map(|r| &r.table.rows).map(|row| id(row).to_string()).collect();
    for rule in policy.rules_for_none_of(names.iter().map(String::as_str)) {
        verdict.notes.push(format!("The rule at {rule} is for places that are in neither recording."));
    }
    verdict
}

/// Judges each figure of a place; of how many seeds account for what differs.
fn pair(before: &Row, after: &Row, policy: &Policy, verdict: &mut Verdict<PlaceId>) -> usize {
    let (place, mut by_chance) = (id(after), 0);
    let name = place.to_string();
    verdict.tally.cells += 1;
    for Figure { metric, of, .. } in &FIGURES {
        let decision = policy.decide(metric, &name);
        let level = match decision.action {
            Action::Fail => Level::Fail,
            Action::Warn => Level::Warn,
            Action::Inform => Level::Inform,
            Action::Ignore => {
                verdict.tally.ignored += 1;
                continue;
            }
        };
        let (Some(a), Some(b)) = (of(&before.counts), of(&after.counts)) else { continue };
        verdict.tally.exact += 1;
        let by = b as f64 - a as f64;
        if a == b {
            continue;
        }
        if by.abs() <= apart_by_chance(metric.name, &before.counts, &after.counts) {
            by_chance += 1;
            continue;
        }
        let (kind, level, worsening) = decision.judge(a as f64, by, level);
        let what = What::Metric { metric: *metric, before: Some(Number::Int(a)), after: Some(Number::Int(b)) };
        verdict.changes.push(Change { cell: place.clone(), what, kind, level, worsening });
    }
    by_chance
}

/// A place that only one of them has, with its bytes.
fn alone(kind: Kind, row: &Row) -> Change<PlaceId> {
    let bytes = row.counts.of_tables(row.counts.alloc_bytes()).map(Number::Int);
    let (before, after) = if kind == Kind::Gone { (bytes, None) } else { (None, bytes) };
    let what = What::Metric { metric: FIGURES[0].metric, before, after };
    Change { cell: id(row), what, kind, level: Level::Note, worsening: f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{Chance, Dropped, Place, Table};

    fn recording(counts: Counts) -> Recording {
        let place = Place { function: "main.f".into(), at: "main.go:7".into() };
        let row = Row { place, ty: "sync.Map".into(), counts };
        let table =
            Table { rows: vec![row], stacks: Vec::new(), total: Counts::default(), dropped: Dropped::default() };
        Recording { path: "x".into(), manifest: None, processes: Vec::new(), table, packages: None }
    }

    fn changes(before: Counts, after: Counts) -> (Vec<&'static str>, Verdict<PlaceId>) {
        let verdict = compare(&recording(before), &recording(after), &Policy::default());
        let names = verdict.changes.iter().map(|change| match &change.what {
            What::Metric { metric, .. } => metric.name,
            _ => "other",
        });
        (names.collect(), verdict)
    }

    #[test]
    fn a_trie_may_have_so_many_nodes_more_and_not_one_beyond() {
        // Four deviations of 150 nodes in both are 28.3 nodes.
        let of = |nodes: u64, more: u64| {
            let chance = Chance { nodes: 75, node_bytes: 160, ..Chance::default() };
            Counts { maps: 1, table_bytes: nodes * 160, entry_bytes: more, chance, ..Counts::default() }
        };
        assert!(changes(of(75, 0), of(75 + 28, 0)).0.is_empty());
        assert!(changes(of(75, 0), of(75 - 28, 0)).0.is_empty());
        assert_eq!(changes(of(75, 0), of(75 + 29, 0)).0, ["alloc_bytes"]);
        // What chance has no part in stays exact.
        let growths = |growths| Counts { growths, ..of(75, 0) };
        assert_eq!(changes(growths(0), growths(1)).0, ["growths"]);
    }

    #[test]
    fn growths_beyond_chance_take_their_bytes_and_moves_with_them() {
        // Four deviations of 25 tosses in both are ten growths of tables of 1,000 bytes, each of which replaces one.
        let of = |growths: u64, more_bytes: u64| {
            let chance = Chance { tosses: growths.min(13), table_bytes: 1000, ..Chance::default() };
            let table_bytes = 1000 * growths + more_bytes;
            Counts { maps: 1, growths, table_bytes, moved_entries: 800 * growths, chance, ..Counts::default() }
        };
        let (names, verdict) = changes(of(12, 0), of(22, 0));
        assert_eq!((names.len(), verdict.tally.by_chance), (0, 3));
        assert!(verdict.summary().ends_with("compared: no change beyond chance"), "{}", verdict.summary());
        assert!(
            verdict.notes.iter().any(|note| note.contains("3 figures there differ by four")),
            "{:?}",
            verdict.notes
        );
        assert_eq!(changes(of(12, 0), of(23, 0)).0, ["alloc_bytes", "growths", "moved_entries"]);
        assert_eq!(changes(of(12, 0), of(13, 20_000)).0, ["alloc_bytes"]);
    }

    #[test]
    fn where_some_maps_are_not_measured_what_the_others_come_to_is_not_judged() {
        let of = |unmeasured_maps, table_bytes, writes| {
            let maps = 3;
            Counts { maps, unmeasured_maps, table_bytes, writes, ..Counts::default() }
        };
        let (names, verdict) = changes(of(3, 0, 5), of(3, 0, 5));
        // Maps and writes.
        assert_eq!((names.len(), verdict.tally.exact), (0, 2));
        assert!(verdict.notes.iter().any(|note| note.contains("At 1 place bytes, growths and moves are not known")));
        assert_eq!(changes(of(1, 700, 5), of(2, 300, 9)).0, ["writes"]);
        assert_eq!(changes(of(0, 300, 5), of(0, 700, 5)).0, ["alloc_bytes"]);
    }
}
