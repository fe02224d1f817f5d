//! What a map holds, at the end and at the peak, is the map's alone: against its own timeline, against arithmetic, and against
//! a bare loop in a process of its own, under another counter. Nothing that looks at a map changes a figure.
//!
//! This binary is the program itself with a few more maps; it starts itself for each cell, and for each bare loop.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use mapscope::maps::{
    self, Concurrent, ConcurrentFamily, Family, FamilyVisitor, FixedFold, Hashing, Info, Map, Options,
};
use mapscope::maps::{Structure, Write};
use mapscope::probe::alloc::Counting;
use mapscope::probe::event::{Cause, Listen, Off, Probe};
use mapscope::probe::heap::ModelledHeap;
use mapscope::record::{Cell, Count, Results, Status, read};
use mapscope::run::{HIDDEN_VERB, Subjects};
use mapscope::workload::{Key, Value};

/// Counts as a bare program would: what is live, and the most that ever was. A reallocation is an allocation and a free,
/// which is what [`GlobalAlloc`] makes of it.
struct Bare;

static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

// SAFETY: every block is the system's, asked for and given back with the same layout.
unsafe impl GlobalAlloc for Bare {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size() as i64, Relaxed) + layout.size() as i64;
        PEAK.fetch_max(live, Relaxed);
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as i64, Relaxed);
        // SAFETY: the caller keeps `GlobalAlloc::dealloc`'s contract.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting<Bare> = Counting::new(Bare);

/// What no test needs to look at.
const BARE: &str = "bare-loop";

const OPS: &[u64] = if cfg!(debug_assertions) { &[1, 17, 1025] } else { &[1, 17, 1025, 100_000] };

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("run") | Some(HIDDEN_VERB) => {
            let subjects = Subjects::builtin().with::<Quiet>().with::<Nosy>();
            return mapscope::cmd::main(&subjects.with_shared::<Quiet>().with_shared::<Nosy>());
        }
        Some(BARE) => {
            let mut bare = BareLoop { map: &args[1], ops: args[2].parse().expect("a number"), found: None };
            maps::each(&mut bare);
            let (live, peak) = bare.found.expect("a map that ships");
            println!("{live} {peak}");
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    every_map_holds_what_a_bare_loop_leaves_it_with();
    hashbrown_s_tables_are_arithmetic();
    java_hashmap_s_objects_are_arithmetic();
    looking_at_a_map_changes_nothing();
    println!("test result: ok. 4 passed");
    ExitCode::SUCCESS
}

/// Fills the map called `map` and nothing else.
struct BareLoop<'a> {
    map: &'a str,
    ops: u64,
    found: Option<(i64, i64)>,
}

impl FamilyVisitor for BareLoop<'_> {
    fn visit<F: Family>(&mut self) {
        if F::INFO.term.name != self.map {
            return;
        }
        let load_factor = F::INFO.load_factor.map_or(0.0, |x| x.default);
        let options = Options { load_factor, hint: 0, seed: 1, release: None };
        let hasher = F::Hasher::with_seed(1);
        if F::MODELS_HEAP {
            // No allocator sees the modelled program's heap.
            let heap = ModelledHeap::new();
            let probe: &dyn Listen = &heap;
            let (_, held) = heap.measure(|| self.fill(F::build::<u64, u64, _, _>(&options, hasher, probe)));
            self.found = Some((held.live_delta_bytes, held.peak_bytes as i64));
            return;
        }
        let before = LIVE.load(Relaxed);
        PEAK.store(before, Relaxed);
        let _map = self.fill(F::build::<u64, u64, _, _>(&options, hasher, Off));
        self.found = Some((LIVE.load(Relaxed) - before, PEAK.load(Relaxed) - before));
    }
}

impl BareLoop<'_> {
    fn fill<M: Map<u64, u64>>(&self, mut map: M) -> M {
        for key in 0..self.ops {
            map.insert(key, key + 1);
        }
        map
    }
}

/// The names of the maps that ship, and whether one thread alone can use them.
#[derive(Default)]
struct Names(Vec<(&'static str, bool)>);

impl FamilyVisitor for Names {
    fn visit<F: Family>(&mut self) {
        self.0.push((F::INFO.term.name, true));
    }
    fn visit_shared_only<F: ConcurrentFamily>(&mut self) {
        self.0.push((F::SHARED_INFO.term.name, false));
    }
}

fn this_program() -> Command {
    Command::new(std::env::current_exe().expect("this program"))
}

fn run(args: &[&str]) -> Results {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patient.toml");
    let given = ["run", profile, "--quiet", "--passes", "count", "--keys", "sequential", "--entry", "u64/u64"];
    let output = this_program().args(given).args(args).arg("--out").arg(&out).output().expect("it starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    read(&out).expect("the record")
}

fn count(cell: &Cell) -> &Count {
    assert_eq!(cell.status, Status::Ok, "{}: {:?}", cell.id, cell.error);
    cell.count.as_ref().expect("counted")
}

/// At the end, and at the most.
fn held(cell: &Cell) -> [Option<u64>; 2] {
    ["live_bytes", "peak_bytes"].map(|name| count(cell).quantities.get(name))
}

fn fills(map: &str) -> Results {
    let ops: Vec<String> = OPS.iter().map(u64::to_string).collect();
    run(&["--map", map, "--mix", "fill", "--ops", &ops.join(",")])
}

fn every_map_holds_what_a_bare_loop_leaves_it_with() {
    let mut names = Names::default();
    maps::each(&mut names);
    let all = names.0.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
    let results = fills(&all);
    assert_eq!(results.cells.len(), names.0.len() * OPS.len());
    for cell in &results.cells {
        let (count, id) = (count(cell), &cell.id);
        let alone = names.0.iter().find(|(name, _)| *name == id.map).expect("a map that ships").1;
        let Some(peak_bytes) = count.quantities.get("peak_bytes") else {
            assert!(!alone, "{id}: one thread has the map to itself, and its peak is known");
            continue;
        };
        let timeline = count.timeline.as_ref().expect("a timeline");
        assert_eq!(timeline.peak_bytes.iter().max(), Some(&peak_bytes), "{id}: peak");
        let live_bytes = count.quantities.get("live_bytes").expect("counted");
        assert_eq!(timeline.held_bytes.last(), Some(&live_bytes), "{id}: live");
        let output = this_program().args([BARE, &*id.map, &id.ops.to_string()]).output().expect("it starts");
        let found = String::from_utf8_lossy(&output.stdout);
        assert_eq!(found.trim(), format!("{live_bytes} {peak_bytes}"), "{id}: live and peak of a bare loop");
    }
}

/// On a 64-bit HotSpot: a map of 48 bytes, nodes of 32, boxes of 24 but for those up to 127, a table of 4 bytes a bin.
fn java_hashmap_s_objects_are_arithmetic() {
    let table = |bins: u64| 16 + 4 * bins;
    for cell in &fills("java-hashmap").cells {
        let holding = |entries: u64| {
            let bins = (4..).map(|bits| 1_u64 << bits).find(|bins| bins / 4 * 3 >= entries).expect("one");
            // Keys count from 0, values from 1.
            let boxes = entries.saturating_sub(128) + entries.saturating_sub(127);
            (bins, 48 + table(bins) + 32 * entries + 24 * boxes)
        };
        let (bins, live) = holding(cell.id.ops);
        // The table before it lives until the entry that was one too many has been put, and its nodes linked over.
        let peak = if bins > 16 { holding(bins / 8 * 3 + 1).1 + table(bins / 2) } else { 0 };
        assert_eq!(held(cell), [Some(live), Some(peak.max(live))], "{}", cell.id);
    }
}

fn hashbrown_s_tables_are_arithmetic() {
    // Entries of 16 bytes, a control byte for each and a group of 16 after them; seven eighths are used, or all but one.
    let capacity = |buckets: u64| if buckets < 8 { buckets - 1 } else { buckets / 8 * 7 };
    let table = |buckets: u64| 17 * buckets + 16;
    for cell in &fills("hashbrown").cells {
        let buckets = (2..).map(|bits| 1_u64 << bits).find(|&buckets| capacity(buckets) >= cell.id.ops).expect("one");
        // The table before it lives until its entries have moved.
        let peak = table(buckets) + if buckets > 4 { table(buckets / 2) } else { 0 };
        assert_eq!(held(cell), [Some(table(buckets)), Some(peak)], "{}", cell.id);
    }
}

/// A `BTreeMap`. With `NOSY` it allocates in everything that looks at it, keeps some of that, and drops it in its next write.
struct Looked<K, V, const NOSY: bool> {
    map: BTreeMap<K, V>,
    kept: RefCell<Vec<Vec<u8>>>,
}

impl<K, V, const NOSY: bool> Looked<K, V, NOSY> {
    fn new() -> Self {
        Looked { map: BTreeMap::new(), kept: RefCell::default() }
    }

    fn looks(&self) {
        if NOSY {
            let passing = vec![1_u8; 1 << 20];
            self.kept.borrow_mut().push(passing[..1000].to_vec());
        }
    }

    fn writes(&mut self) {
        self.kept.get_mut().clear();
        self.kept.get_mut().shrink_to_fit();
    }
}

impl<K: Key, V: Value, const NOSY: bool> Map<K, V> for Looked<K, V, NOSY> {
    fn insert(&mut self, key: K, value: V) -> bool {
        self.writes();
        self.map.insert(key, value).is_some()
    }
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        self.map.get_key_value(key)
    }
    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        self.looks();
        self.get(key)
    }
    fn remove(&mut self, key: &K) -> bool {
        self.writes();
        self.map.remove(key).is_some()
    }
    fn clear(&mut self) {
        self.writes();
        self.map.clear();
    }
    fn len(&self) -> usize {
        self.looks();
        self.map.len()
    }
    fn range(&mut self, f: &mut dyn FnMut(&K, &V)) {
        self.map.iter().for_each(|(key, value)| f(key, value));
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.looks();
        self.map.iter().for_each(|(key, value)| f(key, value));
    }
    fn capacity(&self) -> Option<usize> {
        self.looks();
        None
    }
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let _ = write;
        self.for_each(&mut |key, value| _ = visit(key, value));
    }
    fn structure(&self) -> Structure {
        self.looks();
        Structure::default()
    }
}

/// The same behind a lock.
struct Locked<K, V, const NOSY: bool>(std::sync::Mutex<Looked<K, V, NOSY>>);

impl<K: Key, V: Value, const NOSY: bool> Concurrent<K, V> for Locked<K, V, NOSY> {
    fn insert(&self, key: K, value: V) -> bool {
        self.0.lock().expect("sound").insert(key, value)
    }
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        Map::get(&*self.0.lock().expect("sound"), key).map(|(_, value)| see(value))
    }
    fn remove(&self, key: &K) -> bool {
        self.0.lock().expect("sound").remove(key)
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.0.lock().expect("sound").for_each(f);
    }
}

macro_rules! looked {
    ($name:ident, $alone:literal, $shared:literal, $nosy:literal) => {
        struct $name;

        impl Family for $name {
            const INFO: Info = Info { alloc_cause: Cause::Overflow, ..Info::plain($alone, "test") };
            type Hasher = FixedFold;
            type Map<K: Key, V: Value, S: Hashing, P: Probe> = Looked<K, V, $nosy>;
            fn build<K: Key, V: Value, S: Hashing, P: Probe>(_: &Options, _: S, _: P) -> Looked<K, V, $nosy> {
                Looked::new()
            }
        }

        impl ConcurrentFamily for $name {
            const SHARED_INFO: Info = Info { alloc_cause: Cause::Overflow, ..Info::plain($shared, "test") };
            type SharedHasher = FixedFold;
            type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> =
                Locked<K, V, $nosy>;
            fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
                _: &Options,
                _: S,
                _: P,
            ) -> Locked<K, V, $nosy> {
                Locked(std::sync::Mutex::new(Looked::new()))
            }
        }
    };
}

looked!(Quiet, "quiet", "quiet-shared", false);
looked!(Nosy, "nosy", "nosy-shared", true);

fn looking_at_a_map_changes_nothing() {
    for (maps, mixes) in [("quiet,nosy", "fill,churn(records=40),waves"), ("quiet-shared,nosy-shared", "fill,waves")] {
        let results = run(&["--map", maps, "--mix", mixes, "--ops", "300"]);
        let cells: Vec<&Cell> = results.cells.iter().collect();
        let (quiet, nosy): (Vec<&Cell>, Vec<&Cell>) = cells.iter().partition(|cell| cell.id.map.starts_with("quiet"));
        assert_eq!(quiet.len(), mixes.matches(',').count() + 1);
        for (quiet, nosy) in quiet.iter().zip(&nosy) {
            assert_eq!(quiet.id.mix, nosy.id.mix);
            assert_eq!(count(quiet), count(nosy), "{}", nosy.id);
            assert!(count(quiet).quantities.get("alloc_bytes") > Some(0));
        }
    }
}
