//! Twenty runs, and whether each thing that stands out in them is so: its figures right, beyond noise, no matter of the phase
//! in which a table is, the largest of its kind.

mod claims;
mod questions;
mod times;

use std::collections::BTreeMap;

use claims::{Claim, Kind, check};
use mapscope::probe::event::Cause;
use mapscope::record::{Cell, CellId, Results, Status, read};
use mapscope::report::table::findings;
use times::{Chance, Repeats, Truth, give};

use crate::cli_process::Place;

/// What the count pass finds of these cells.
fn counted(args: &[&str]) -> Results {
    let place = Place::new();
    let fixed = ["run", "--passes", "count", "--quiet", "--out", "out"];
    let outcome = place.run(&[&fixed[..], args].concat());
    assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
    read(&place.path().join("out")).expect("a record")
}

/// Those cells of a record.
fn only(results: &Results, which: impl Fn(&CellId) -> bool) -> Results {
    let cells: Vec<Cell> = results.cells.iter().filter(|cell| which(&cell.id)).cloned().collect();
    assert!(!cells.is_empty(), "no such cell");
    Results { cells, ..results.clone() }
}

/// A record whose cells take what `truth` says.
fn timed(results: &Results, repeats: Repeats, truth: impl Fn(&CellId) -> Truth) -> Results {
    let (mut results, mut chance) = (results.clone(), Chance(7));
    results.cells.iter_mut().for_each(|cell| give(cell, truth(&cell.id), repeats, &mut chance));
    results
}

/// A tree stalls for no growth, and neither does a map with room enough.
fn cause(id: &CellId) -> Cause {
    let tree = ["btree", "imbl-hashmap", "imbl-ordmap", "skiplist"].contains(&&*id.map);
    if tree || id.hint > 1000 { Cause::Steady } else { Cause::Grow }
}

/// Each map its own time.
fn distinct(id: &CellId) -> Truth {
    let letters: u64 = id.map.bytes().map(u64::from).sum();
    let presized = if id.hint > 1000 { 0.4 } else { 1.0 };
    let ns_per_op = presized * (100.0 + (letters % 17) as f64 * 20.0);
    let stall_ns = if cause(id) == Cause::Grow { 40_000.0 * (1 + letters % 23) as f64 } else { 2000.0 };
    Truth { ns_per_op, stall_ns, cause: cause(id) }
}

/// All the same.
fn equal(_: &CellId) -> Truth {
    Truth { ns_per_op: 100.0, stall_ns: 90_000.0, cause: Cause::Grow }
}

/// What a sentence is about, and whether it compares maps.
type Found = Vec<(String, Kind, bool)>;

/// What stands out, each of it checked.
fn checked(name: &str, results: &Results) -> Found {
    truly(name, results, |_| Truth { ns_per_op: f64::NAN, stall_ns: f64::NAN, cause: Cause::Unknown })
}

/// The same; of times it is so in truth, too.
fn truly(name: &str, results: &Results, truth: impl Fn(&CellId) -> Truth) -> Found {
    let mut found = Found::new();
    for sentence in findings(results) {
        let Claim { kind, compared } =
            check(&sentence, results).unwrap_or_else(|why| panic!("{name}: {sentence:?}: {why}"));
        assert!(found.iter().all(|(_, other, _)| *other != kind), "{name}: two of a kind: {found:?} {sentence:?}");
        if let Some((highs, lows)) = &compared {
            let of = |cells: &[&Cell], end: fn(f64, f64) -> f64| {
                let of = |truth: Truth| if kind == Kind::Time { truth.ns_per_op } else { truth.stall_ns };
                cells.iter().map(|cell| of(truth(&cell.id))).reduce(end).expect("a cell")
            };
            let (most, least) = (of(highs, f64::max), of(lows, f64::min));
            let is_time = [Kind::Time, Kind::Tail].contains(&kind) && !most.is_nan();
            assert!(!is_time || most > least, "{name}: {sentence:?}: {most} and {least} in truth");
        }
        found.push((sentence, kind, compared.is_some()));
    }
    assert!(found.iter().filter(|(_, kind, _)| *kind != Kind::Failures).count() <= 3, "{name}: {found:?}");
    found
}

/// What is compared of counts is so at other phases of the doubling, too.
fn at_all_phases(name: &str, sizes: &[Results]) -> Found {
    for (index, results) in sizes.iter().enumerate() {
        for sentence in findings(results) {
            let Ok(Claim { kind, compared: Some((highs, lows)) }) = check(&sentence, results) else { continue };
            let value = match &*sentence {
                of if of.contains(" per insert") => claims::moves,
                of if of.contains(" per write") => claims::allocated,
                of if of.contains(" per byte of payload at the peak") => claims::peak_over_a_doubling,
                _ => claims::held_over_a_doubling,
            };
            for other in sizes {
                let same = |cell: &Cell| {
                    let same = |of: &&Cell| CellId { ops: 0, ..of.id.clone() } == CellId { ops: 0, ..cell.id.clone() };
                    value(other.cells.iter().find(same).expect("the same cell")).expect("its figure")
                };
                let (most, least) = (same(highs[0]), same(lows[0]));
                assert!(most > least, "{name} {index}: {sentence:?} ({kind:?}): elsewhere {most} and {least}");
            }
        }
    }
    sizes.iter().flat_map(|results| checked(name, results)).collect()
}

const SOME: &str = "go-classic,go-swiss,std,hashbrown,indexmap,btree";

/// Runs that differ in what there is to find, and what is found in each.
fn runs() -> BTreeMap<&'static str, Found> {
    let alike = Repeats::Alike(8);
    let mut runs = BTreeMap::new();
    let mut found = |name, found| _ = runs.insert(name, found);

    let all = counted(&["--map", "*", "--ops", "2000,2600,3300"]);
    let sizes = [2000, 2600, 3300].map(|ops| only(&all, |id| id.ops == ops));
    let every = sizes[1].clone();
    found("26 maps", at_all_phases("26 maps", &sizes));
    let differ = timed(&every, alike, distinct);
    found("26 maps, timed", truly("26 maps, timed", &differ, distinct));
    let noise = timed(&every, alike, equal);
    found("noise", truly("noise", &noise, equal));
    let some = only(&every, |id| SOME.split(',').any(|map| map == id.map));
    let few = timed(&some, Repeats::Alike(3), distinct);
    found("three repetitions", checked("three repetitions", &few));
    let one = only(&differ, |id| id.map == "hashbrown");
    found("one cell", truly("one cell", &one, distinct));
    let three = only(&differ, |id| ["hashbrown", "std", "btree"].contains(&&*id.map));
    found("three maps", truly("three maps", &three, distinct));
    let mut failing = timed(&some, alike, distinct);
    failing.cells.iter_mut().step_by(3).for_each(|cell| {
        (cell.status, cell.error) = (Status::Panicked, Some("count pass: the map panicked, 9 times std's 1".into()));
    });
    found("failures", truly("failures", &failing, distinct));
    let mut none = some.clone();
    none.cells.iter_mut().for_each(|cell| cell.status = Status::NotRun);
    found("not run", checked("not run", &none));
    let mut tie = only(&every, |id| ["hashbrown", "std", "btree"].contains(&&*id.map));
    (tie.cells[1].count, tie.cells[0].count) = (tie.cells[0].count.clone(), tie.cells[0].count.clone());
    found("ties", checked("ties", &tie));
    let seeds = counted(&["--map", "hashbrown,btree", "--ops", "2000", "--seed", "1,2,3"]);
    found("seeds", checked("seeds", &seeds));

    // With 12,800 entries one of 6 has just grown, and one of 6.5 is about to.
    let factors = counted(&["--map", "go-classic", "--load-factor", "4,6,6.5,8", "--ops", "9600,12800,15000"]);
    let sizes = [9600, 12_800, 15_000].map(|ops| only(&factors, |id| ops == id.ops));
    found("load factors", at_all_phases("load factors", &sizes));
    let close = sizes.each_ref().map(|results| only(results, |id| [Some(6.0), Some(6.5)].contains(&id.load_factor)));
    found("alike but for the phase", at_all_phases("alike but for the phase", &close));

    let hints = counted(&["--map", SOME, "--ops", "3000", "--hint", "0,10,ops"]);
    let right = only(&hints, |id| id.hint != 10);
    found("hints", checked("hints", &right));
    let right = timed(&right, alike, distinct);
    found("hints, timed", truly("hints, timed", &right, distinct));
    let small = only(&hints, |id| id.hint < 3000);
    found("a hint too small", checked("a hint too small", &small));

    let mixes = ["--map", SOME, "--mix", "overwrite,churn,ycsb-a,ycsb-c", "--ops", "3000"];
    let mixes = timed(&counted(&mixes), alike, distinct);
    found("mixes", truly("mixes", &mixes, distinct));
    let reads = only(&mixes, |id| id.mix == "ycsb-c");
    found("lookups alone", truly("lookups alone", &reads, distinct));
    let strings = timed(&counted(&["--map", SOME, "--entry", "string(24)/u64", "--ops", "2000"]), alike, distinct);
    found("strings", truly("strings", &strings, distinct));
    let tiny = counted(&["--map", SOME, "--ops", "16"]);
    found("tiny", checked("tiny", &tiny));

    let threads = counted(&["--map", "dashmap,papaya,sharded-mutex", "--ops", "2000", "--threads", "1,2"]);
    let quick = |id: &CellId| Truth { stall_ns: 3000.0, ..distinct(id) };
    let apart = timed(&threads, Repeats::Observed(1.1), quick);
    found("threads", truly("threads", &apart, quick));
    let busy = timed(&threads, Repeats::Observed(7.0), quick);
    found("threads on a busy machine", checked("threads on a busy machine", &busy));

    // The real runtime is slower than its model by any measure, and what they take is not the same thing.
    let mut model = only(&every, |id| ["go-swiss", "go-classic"].contains(&&*id.map));
    let slow = |id: &CellId| Truth { ns_per_op: 9000.0, ..equal(id) };
    let mut real = timed(&model, Repeats::Collected(1.1), slow);
    real.cells.iter_mut().for_each(|cell| cell.id.map = cell.id.map.replace("go-", "go-runtime@"));
    model = timed(&model, Repeats::Observed(1.1), equal);
    model.cells.extend(real.cells);
    found("a model and its runtime", checked("a model and its runtime", &model));
    runs
}

#[test]
fn what_stands_out_is_so() {
    let runs = runs();
    assert!(runs.len() >= 20, "{}", runs.len());
    let compared = |run: &str| -> Vec<Kind> {
        runs[run].iter().filter(|(.., compared)| *compared).map(|(_, kind, _)| *kind).collect()
    };
    let says = |run: &str, text: &str| runs[run].iter().any(|(sentence, ..)| sentence.contains(text));
    for (run, kinds) in [
        ("26 maps", &[Kind::Bytes, Kind::Memory][..]),
        ("26 maps, timed", &[Kind::Tail, Kind::Memory]),
        ("three maps", &[Kind::Tail, Kind::Memory]),
        ("load factors", &[Kind::Memory]),
        ("hints", &[Kind::Bytes]),
        ("mixes", &[Kind::Time]),
        ("lookups alone", &[Kind::Time]),
        ("threads", &[Kind::Time]),
        ("failures", &[Kind::Tail]),
    ] {
        let compared = compared(run);
        assert!(kinds.iter().all(|kind| compared.contains(kind)), "{run}: {:?}", runs[run]);
    }
    for run in ["noise", "three repetitions", "threads on a busy machine", "a model and its runtime", "tiny", "not run"]
    {
        assert!(!compared(run).iter().any(|kind| [Kind::Time, Kind::Tail].contains(kind)), "{run}: {:?}", runs[run]);
    }
    assert_eq!(compared("alike but for the phase"), [], "{:?}", runs["alike but for the phase"]);
    assert!(!says("a hint too small", "saves"), "{:?}", runs["a hint too small"]);
    assert!(says("hints, timed", " of the time"), "{:?}", runs["hints, timed"]);
    assert!(says("ties", " of std and hashbrown"), "{:?}", runs["ties"]);
    assert!(says("one cell", " times its median of "), "{:?}", runs["one cell"]);
    assert!(says("failures", " cells failed: "));
    assert_eq!(runs["not run"].len(), 0);
}

/// The script must be able to fail: what is right of a record is wrong of another.
#[test]
fn what_is_not_so_is_noticed() {
    let all = counted(&["--map", SOME, "--ops", "3000", "--hint", "0,ops"]);
    let right = timed(&all, Repeats::Alike(8), distinct);
    let sentences = findings(&right);
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    let mut wrong = right.clone();
    let names: Vec<CellId> = wrong.cells.iter().map(|cell| cell.id.clone()).collect();
    let last = names.len() - 1;
    wrong.cells.iter_mut().enumerate().for_each(|(index, cell)| cell.id = names[last - index].clone());
    for sentence in sentences {
        assert!(check(&sentence, &right).is_ok(), "{sentence}");
        assert!(check(&sentence, &wrong).is_err(), "{sentence:?} of cells whose names were exchanged");
        let end = sentence.rfind(" times ").or(sentence.find(" %")).expect("a ratio");
        let mut other = sentence.clone();
        other.insert(sentence[..end].rfind(' ').expect("what goes before") + 1, '9');
        assert!(check(&other, &right).is_err(), "{other}");
    }
}
