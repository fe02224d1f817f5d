//! The stacks of two cells beside each other: as lines, and drawn.

use std::collections::BTreeMap;
use std::path::Path;

use mapscope::record::{Cell, Frame, read};
use mapscope::report::diff_flame::{Widths, draw};
use mapscope::report::diff_folded::lines;
use mapscope::report::{STACK_KINDS, StackKind};

/// A cell with stacks of every kind.
fn cell() -> Cell {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_cells/record.json");
    read(&path).expect("the record").cells.remove(0)
}

/// The same of another map, which allocates 1000 bytes less to grow and 40 bytes where the other allocates none.
fn other() -> Cell {
    let mut cell = cell();
    cell.id.map = "another".to_owned();
    let profile = cell.profile.as_mut().expect("profiled");
    profile.alloc[0].alloc_bytes -= 1000;
    let mut new = profile.alloc[4].clone();
    (new.stack, new.alloc_bytes) = (vec![0], 40);
    profile.alloc.push(new);
    cell
}

fn kind(name: &str) -> &'static StackKind {
    STACK_KINDS.iter().find(|kind| kind.name == name).expect("a kind")
}

/// What a cell's record adds up to.
fn sum(cell: &Cell, kind: &StackKind) -> u64 {
    let profile = cell.profile.as_ref().expect("profiled");
    match kind.name {
        "alloc" => profile.alloc.iter().map(|x| x.alloc_bytes).sum(),
        "copy" => profile.copy.iter().map(|x| x.moved_bytes).sum(),
        "cpu" => profile.cpu.iter().map(|x| x.samples).sum(),
        other => panic!("no sum for {other}"),
    }
}

fn parsed(lines: &[String]) -> BTreeMap<&str, (u64, u64)> {
    lines
        .iter()
        .map(|line| {
            let (rest, after) = line.rsplit_once(' ').expect("a column");
            let (stack, before) = rest.rsplit_once(' ').expect("another column");
            (stack, (before.parse().expect("a number"), after.parse().expect("a number")))
        })
        .collect()
}

#[test]
fn a_cell_differs_in_nothing_from_itself() {
    let cell = cell();
    for kind in &STACK_KINDS {
        let lines = lines(kind, &cell, &cell);
        let parsed = parsed(&lines);
        assert!(lines.is_sorted());
        assert_eq!(parsed.len(), lines.len(), "each stack once");
        assert!(parsed.values().all(|(before, after)| before == after), "{lines:?}");
        assert_eq!(parsed.values().map(|(before, _)| before).sum::<u64>(), sum(&cell, kind), "{}", kind.name);
    }
}

#[test]
fn stacks_of_two_maps_stand_beside_each_other() {
    let (before, after) = (cell(), other());
    let growth = "map;GoClassicMap::insert;GoClassicMap::assign;GoClassicMap::start_growth;Array::allocate;\
                  mapscope::heap::alloc_zeroed";
    let lines = lines(kind("alloc"), &before, &after);
    let parsed = parsed(&lines);
    assert_eq!(parsed[growth], (5000, 4000));
    assert_eq!(parsed["map;GoClassicMap::insert"], (0, 40));
    assert_eq!(parsed["map;GoClassicMap::new;mapscope::heap::alloc"], (48, 48));
    assert_eq!(parsed.values().map(|(before, _)| before).sum::<u64>(), sum(&before, kind("alloc")));
    assert_eq!(parsed.values().map(|(_, after)| after).sum::<u64>(), sum(&after, kind("alloc")));
}

#[test]
fn a_side_without_stacks_is_all_zeros() {
    let mut none = cell();
    none.profile = None;
    assert!(lines(kind("cpu"), &none, &none).is_empty());
    let lines = lines(kind("copy"), &none, &cell());
    assert_eq!(parsed(&lines).values().fold((0, 0), |sum, x| (sum.0 + x.0, sum.1 + x.1)), (0, 2048));
    assert!(draw(kind("copy"), &lines, "fill", ("a", "b"), Widths::Before).expect("drawn").is_none());
    assert!(draw(kind("copy"), &lines, "fill", ("a", "b"), Widths::After).expect("drawn").is_some());
}

#[test]
fn addresses_are_no_difference() {
    let at = |address: &str| {
        let mut cell = cell();
        let profile = cell.profile.as_mut().expect("profiled");
        profile.frames[14] = Frame { function: address.to_owned(), file: None, line: None };
        cell
    };
    let lines = lines(kind("cpu"), &at("0x7f0012"), &at("0x7fff34"));
    assert_eq!(parsed(&lines)["map;GoClassicMap::insert;GoClassicMap::assign;0x..."], (1, 1));
}

/// The frames of a drawing: what their tooltips say, and their colours.
fn frames(svg: &[u8]) -> BTreeMap<String, (u8, u8, u8)> {
    let svg = String::from_utf8_lossy(svg);
    let frames = svg.split("<title>").skip(1).map(|frame| {
        let (title, rest) = frame.split_once("</title>").expect("a title");
        let fill = rest.split_once("fill=\"rgb(").expect("a colour").1.split_once(')').expect("a colour").0;
        let channels: Vec<u8> = fill.split(',').map(|x| x.parse().expect("a number")).collect();
        (title.to_owned(), (channels[0], channels[1], channels[2]))
    });
    frames.collect()
}

const WHITE: (u8, u8, u8) = (250, 250, 250);
const REDDEST: (u8, u8, u8) = (255, 100, 100);
const BLUEST: (u8, u8, u8) = (100, 100, 255);

fn colour(frames: &BTreeMap<String, (u8, u8, u8)>, title: &str) -> (u8, u8, u8) {
    *frames.get(title).unwrap_or_else(|| panic!("no {title} in {frames:#?}"))
}

#[test]
fn more_is_red_and_less_is_blue_whichever_side_gives_the_widths() {
    let lines = lines(kind("alloc"), &cell(), &other());
    let svg = draw(kind("alloc"), &lines, "fill", ("one", "two"), Widths::After).expect("drawn").expect("a drawing");
    let shown = frames(&svg);
    assert_eq!(colour(&shown, "all (5,512 bytes, 100%)"), WHITE);
    assert_eq!(colour(&shown, "mapscope::heap::alloc_zeroed (4,000 bytes, 72.57%; -18.14%)"), BLUEST);
    assert_eq!(colour(&shown, "GoClassicMap::insert (5,464 bytes, 99.13%; +0.73%)"), (255, 244, 244));
    let text = String::from_utf8_lossy(&svg);
    assert!(text.contains("Bytes allocated, by who allocated them: fill"), "{text}");
    assert!(text.contains("Red: more in two than in one; blue: less; widths: two."), "{text}");

    let svg = draw(kind("alloc"), &lines, "fill", ("one", "two"), Widths::Before).expect("drawn").expect("a drawing");
    let shown = frames(&svg);
    assert_eq!(colour(&shown, "all (6,472 bytes, 100%)"), WHITE);
    assert_eq!(colour(&shown, "mapscope::heap::alloc_zeroed (5,000 bytes, 77.26%; -15.45%)"), BLUEST);
    assert!(String::from_utf8_lossy(&svg).contains("Red: more in two than in one; blue: less; widths: one."));
}

#[test]
fn of_samples_shares_are_compared() {
    let (before, mut after) = (cell(), cell());
    let cpu = &mut after.profile.as_mut().expect("profiled").cpu;
    cpu.iter_mut().for_each(|x| x.samples *= 3);
    let lines = lines(kind("cpu"), &before, &after);
    assert_eq!(parsed(&lines)["map;GoClassicMap::insert"], (10, 30));
    let svg = draw(kind("cpu"), &lines, "fill", ("a", "b"), Widths::After).expect("drawn").expect("a drawing");
    let shown = frames(&svg);
    assert!(shown.values().all(|&colour| colour == WHITE), "{shown:?}");
    assert!(shown.contains_key("all (39 samples, 100%)"), "{shown:?}");
    assert!(String::from_utf8_lossy(&svg).contains("shares of the samples"));

    after.profile.as_mut().expect("profiled").cpu[3].samples += 11;
    let lines = mapscope::report::diff_folded::lines(kind("cpu"), &before, &after);
    let svg = draw(kind("cpu"), &lines, "fill", ("a", "b"), Widths::After).expect("drawn").expect("a drawing");
    let shown = frames(&svg);
    // 14 of 50 now, 1 of 13 before, which is 3.8 of 50.
    assert_eq!(colour(&shown, "__memcpy_avx_unaligned_erms (14 samples, 28.00%; +20.00%)"), REDDEST);
}
