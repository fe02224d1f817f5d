//! What a run keeps of how its cells went, against what it counted over the whole of them.

use mapscope::probe::event::Cause;
use mapscope::record::{Cell, Results, Timeline, read};

use crate::cli_process::{PATIENT, Place};

fn run(place: &Place, args: &[&str]) -> Results {
    let outcome = place.run(&[&["run", PATIENT, "--quiet", "--out", "here"], args].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    read(&place.path().join("here/results.json")).expect("the record")
}

fn timeline(cell: &Cell) -> &Timeline {
    cell.count.as_ref().and_then(|count| count.timeline.as_ref()).expect("a timeline")
}

#[test]
fn a_timeline_ends_where_the_counts_do() {
    let place = Place::new();
    let results = run(&place, &["--map", "go-classic,go-swiss,std,btree", "--ops", "1000,70000", "--passes", "count"]);
    assert_eq!(results.cells.len(), 8);
    for cell in &results.cells {
        let (timeline, count) = (timeline(cell), cell.count.as_ref().expect("counted"));
        let points = cell.id.ops.div_ceil(timeline.ops_per_point);
        assert_eq!(
            (timeline.entries.len() as u64, timeline.ops_per_point),
            (points, cell.id.ops.div_ceil(256)),
            "{}",
            cell.id
        );
        assert_eq!(timeline.entries.last(), Some(&cell.expected.entries), "{}", cell.id);
        assert_eq!(timeline.held_bytes.last(), count.quantities.get("live_bytes").as_ref(), "{}", cell.id);
        assert_eq!(timeline.peak_bytes.iter().max().copied(), count.quantities.get("peak_bytes"), "{}", cell.id);
        assert!(timeline.held_bytes.iter().zip(&timeline.peak_bytes).all(|(held, peak)| held <= peak), "{}", cell.id);
        let of_tables =
            |cause: &Cause| !matches!(cause.name(), "steady" | "move" | "overflow" | "alloc-other" | "prune");
        let made: u64 = (count.causes.values().flatten()).filter(|(cause, _)| of_tables(cause)).map(|(_, n)| n).sum();
        assert_eq!(timeline.events.len() as u64 + timeline.events_left_out, made, "{}", cell.id);
        assert!(timeline.events.is_sorted_by_key(|event| event.op), "{}", cell.id);
    }
}

#[test]
fn the_saw_tooth_of_std_is_exact() {
    let place = Place::new();
    let results = run(&place, &["--map", "std", "--ops", "1000", "--passes", "count"]);
    let timeline = timeline(&results.cells[0]);
    let grown: Vec<u64> = timeline.events.iter().map(|event| event.op).collect();
    // A table of 4 and of 8 buckets keeps one free, larger ones an eighth.
    assert_eq!(grown, [0, 3, 7, 14, 28, 56, 112, 224, 448, 896]);
    assert!(timeline.events.iter().all(|event| event.cause == Cause::Grow && event.moved_entries == event.op));
    assert_eq!(timeline.events_left_out, 0);
    let capacity = timeline.capacity.as_ref().expect("std tells");
    assert_eq!((capacity[0], capacity.last()), (7, Some(&1792)), "four operations a point");
    // At 896 entries, 1,024 buckets and 2,048 live side by side: 17 bytes each, and 16 of a last group.
    let table = |buckets: u64| buckets * 17 + 16;
    let point = 896 / 4;
    assert_eq!(timeline.held_bytes[point - 1..=point], [table(1024), table(2048)]);
    assert_eq!(timeline.peak_bytes[point], table(1024) + table(2048));
}

#[test]
fn a_set_up_is_no_part_of_a_timeline() {
    let place = Place::new();
    let results = run(&place, &["--map", "std", "--mix", "churn", "--ops", "1000", "--passes", "count"]);
    let cell = &results.cells[0];
    let timeline = timeline(cell);
    assert_eq!(timeline.entries.len(), 250);
    assert!(timeline.peak_bytes[0] <= 2 * timeline.held_bytes[0], "the peak of the set-up is forgotten");
}

#[test]
fn the_least_latency_of_every_operation_is_on_the_heat_map() {
    let place = Place::new();
    let args = ["--map", "std,btree", "--mix", "fill,churn", "--ops", "3000", "--passes", "time"];
    for cell in &run(&place, &args).cells {
        let time = cell.time.as_ref().expect("timed");
        let heat = time.heat.as_ref().expect("a heat map");
        assert_eq!((heat.ops_per_column, heat.columns.len()), (30, 100), "{}", cell.id);
        let on_map: u64 = heat.columns.iter().flatten().map(|(_, count)| count).sum();
        let least = time.undisturbed.last().expect("it does the same each time");
        let recorded: u64 = least.histograms.iter().map(|histogram| histogram.count).sum();
        assert_eq!(on_map, recorded, "{}", cell.id);
        let observed: u64 = time.histograms.iter().map(|histogram| histogram.count).sum();
        assert_eq!(observed, recorded * u64::from(least.repetitions), "{}", cell.id);
    }
}

#[test]
fn distributions_add_up_to_the_counts() {
    let place = Place::new();
    let maps = "go-classic,go-swiss,java-hashmap,redis-dict,cuckoo";
    for cell in &run(&place, &["--map", maps, "--ops", "1,5,3000,20000", "--passes", "count"]).cells {
        let count = cell.count.as_ref().expect("counted");
        let (counted, told) = (|name: &str| count.quantities.get(name), &count.distributions);
        let lengths = [&told.hit_probe_lengths, &told.hit_group_lengths];
        assert!(lengths.iter().any(|list| list.is_some()), "{}", cell.id);
        for list in lengths.into_iter().flatten() {
            assert_eq!(list.iter().sum::<u64>(), cell.expected.entries, "{}: every entry is found once", cell.id);
        }
        if let (Some(groups), Some(longest)) = (&told.hit_group_lengths, counted("probe_groups_max")) {
            assert_eq!(groups.iter().rposition(|&entries| entries > 0).unwrap_or(0) as u64, longest, "{}", cell.id);
        }
        let Some(chains) = &told.chain_lengths else { continue };
        let more: u64 = (0..).zip(chains).map(|(length, &count): (u64, _)| length.saturating_sub(1) * count).sum();
        assert_eq!(Some(more), counted("overflow_buckets"), "{}", cell.id);
        let longest = chains.iter().rposition(|&count| count > 0).unwrap_or(0) as u64;
        assert_eq!(Some(longest), counted("chain_length_max"), "{}", cell.id);
    }
}
