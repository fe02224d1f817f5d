//! The slots that removes free, and how many of them inserts take, as a run records them: against a plain account that
//! knows addresses only, those of the map's entries before and after each write, and those of the blocks that it frees.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;

use mapscope::maps::{self, Family, FamilyVisitor, Hashing, Map, Options};
use mapscope::probe::alloc;
use mapscope::probe::event::Off;
use mapscope::record;
use mapscope::workload::Key;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use crate::cli_process::{PATIENT, Place};
use crate::heap::{self, Call};

thread_local! {
    /// The blocks that this thread holds and freed while they were noted.
    static LIVE: RefCell<BTreeMap<usize, usize>> = const { RefCell::new(BTreeMap::new()) };
    static FREED: RefCell<Vec<Range<usize>>> = const { RefCell::new(Vec::new()) };
}

fn note(call: Call, block: *mut u8, bytes: usize) {
    match call {
        Call::Alloc => _ = LIVE.with_borrow_mut(|live| live.insert(block.addr(), bytes)),
        Call::Free => {
            LIVE.with_borrow_mut(|live| live.remove(&block.addr()));
            FREED.with_borrow_mut(|freed| freed.push(block.addr()..block.addr() + bytes));
        }
    }
}

/// Does what a map is asked to, and says which blocks that freed.
fn noting<T>(work: impl FnOnce() -> T) -> (T, Vec<Range<usize>>) {
    heap::watch(Some(note));
    let done = work();
    heap::watch(None);
    (done, FREED.take())
}

const DOMAIN: u64 = 2_000;

/// A remove or not, and its key. The map grows until a Swiss table splits, keeps its size, shrinks, and all that again.
fn writes() -> Vec<(bool, u64)> {
    let mut random = SplitMix64::seed_from_u64(11);
    let mut below = |n| random.next_u64() % n;
    (0..7_000).map(|write| (below(10) < [1, 1, 2, 5, 7, 5][write / 600 % 6], below(DOMAIN))).collect()
}

/// Slots freed, those reused, and the sum of their ages.
type Counts = (u64, u64, u64);

/// Where every entry is, by id; 0 where there is none.
fn places<K: Key, V>(map: &impl Map<K, V>) -> Vec<usize> {
    let mut places = vec![0; DOMAIN as usize];
    map.for_each(&mut |key, _| places[key.id() as usize] = std::ptr::from_ref(key).addr());
    places
}

/// `rehashes` says whether the map's tables are those of hashbrown, which clear tombstones in place: an insert then
/// allocates nothing and finds room for two entries more at the least.
fn account<F: Family>(rehashes: bool, hint: usize) -> Counts {
    let options = Options { load_factor: F::INFO.load_factor.map_or(0.0, |x| x.default), hint, seed: 1, release: None };
    let (mut map, _) = noting(|| F::build::<u64, u64, _, _>(&options, F::Hasher::with_seed(1), Off));
    let (mut freed, mut counts) = (HashMap::new(), (0, 0, 0));
    let mut before = places(&map);
    for (now, (remove, id)) in (0u64..).zip(writes()) {
        let (capacity, live) = (map.capacity(), LIVE.with_borrow(BTreeMap::len));
        let (hit, mut gone) = noting(|| if remove { map.remove(&id) } else { map.insert(id, id) });
        let after = places(&map);
        let moved = || (0..DOMAIN as usize).filter(|&id| before[id] != after[id]);
        let (from, to) = (moved().map(|id| before[id]), moved().map(|id| after[id]));
        let left: Vec<usize> = from.filter(|place| *place > 0 && !after.contains(place)).collect();
        let come: Vec<usize> = to.filter(|place| *place > 0 && !before.contains(place)).collect();
        if remove && hit {
            assert_eq!((left.len(), come.len()), (1, 0), "{}: write {now}", F::INFO.term.name);
            freed.insert(left[0], now);
            counts.0 += 1;
        }
        // An overwrite makes room as well.
        let roomier = map.capacity() > capacity.map(|capacity| capacity + 1);
        if rehashes && !remove && gone.is_empty() && LIVE.with_borrow(BTreeMap::len) == live && roomier {
            let block = |(&at, &size): (&usize, &usize)| at..at + size;
            gone.extend(LIVE.with_borrow(|live| live.range(..after[id as usize]).next_back().map(block)));
        }
        freed.retain(|slot, _| !gone.iter().any(|block| block.contains(slot)));
        for place in come {
            // Entries that were carried over from another table are no new ones.
            if let Some(then) = freed.remove(&place)
                && !hit
                && (left.is_empty() || place == after[id as usize])
            {
                counts.1 += 1;
                counts.2 += now - then;
            }
        }
        before = after;
    }
    noting(|| drop(map));
    counts
}

/// Every map whose entries lie in slots of tables, and its account.
#[derive(Default)]
struct Accounts(BTreeMap<&'static str, Counts>);

/// The map, and what the names of its variants begin with.
const GO_CLASSIC: &str = "go-classic";
const GO_CLASSIC_HINT: usize = 2_000;

impl FamilyVisitor for Accounts {
    fn visit<F: Family>(&mut self) {
        let name = F::INFO.term.name;
        let account = match name {
            // A remove during a growth moves its own entry first: from outside nobody sees the slot that it frees.
            _ if name.starts_with(GO_CLASSIC) => account::<F>(false, GO_CLASSIC_HINT),
            "go-swiss" | "cuckoo" | "griddle" | "indexmap" => account::<F>(false, 0),
            "std" | "dashmap" | "rwlock-hashbrown" | "sharded-mutex" => account::<F>(true, 0),
            _ if name.starts_with("hashbrown") => account::<F>(true, 0),
            _ => return,
        };
        self.0.insert(name, account);
    }
}

#[test]
fn a_run_counts_the_slots_that_addresses_show_to_be_reused() {
    alloc::set_realloc_always_moves(true);
    let mut accounts = Accounts::default();
    maps::each(&mut accounts);
    let Accounts(accounts) = accounts;
    for (map, (freed, reuses, ages)) in &accounts {
        assert!(
            reuses * 4 > *freed && reuses < freed && ages > reuses,
            "{map} tests too little: {freed} {reuses} {ages}"
        );
    }

    let place = Place::new();
    let mut trace = String::from("op,key\n");
    for (remove, id) in writes() {
        writeln!(trace, "{},{id}", if remove { "remove" } else { "insert" }).expect("a string takes all");
    }
    fs::write(place.path().join("trace.csv"), trace).expect("the trace is written");
    let args = ["run", PATIENT, "--trace", "trace.csv", "--entry", "u64/u64", "--passes", "count", "--quiet", "--map"];
    let (classic, others): (Vec<_>, Vec<_>) = names().into_iter().partition(|name| name.starts_with(GO_CLASSIC));
    let hint = GO_CLASSIC_HINT.to_string();
    let runs = [(others.join(","), "0"), (classic.join(","), &*hint)];
    let mut recorded = BTreeMap::new();
    for (index, (maps, hint)) in runs.iter().enumerate() {
        let out = format!("out{index}");
        let outcome = place.run(&[&args[..], &[maps, "--hint", hint, "--out", &out]].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let results = record::read(&place.path().join(out).join("results.json")).expect("a record");
        for cell in results.cells {
            let count = cell.count.unwrap_or_else(|| panic!("{}: {:?}", cell.id.map, cell.error));
            let counted = |name: &str| count.quantities.get(name);
            let counted = (counted("slots_freed"), counted("slot_reuses"), counted("slot_reuse_age_writes"));
            recorded.insert(cell.id.map, counted);
        }
    }
    for name in names() {
        let expected = accounts.get(name).map(|&(freed, reuses, ages)| (Some(freed), Some(reuses), Some(ages)));
        assert_eq!(recorded[name], expected.unwrap_or_default(), "{name}: slots freed, reused, and the ages");
    }
}

fn names() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl FamilyVisitor for Names {
        fn visit<F: Family>(&mut self) {
            self.0.push(F::INFO.term.name);
        }
    }
    let mut names = Names(Vec::new());
    maps::each(&mut names);
    names.0
}
