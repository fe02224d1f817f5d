//! A program of which is known what its maps come to: by a counting allocator, and by hand. It says so line by line:
//! what for, the line that makes the maps, and figures.

use std::alloc::System;
use std::collections::hash_map::DefaultHasher;
use std::hash::BuildHasherDefault;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use counting_alloc::{Counting, measure};
use mapscope_record::{BTreeMap, HashMap, HashSet, hashbrown, indexmap};

#[global_allocator]
static GLOBAL: Counting<System> = Counting::new(System);

type Fixed = BuildHasherDefault<DefaultHasher>;

/// Does this twice, because the first of its kind has its names written down, and says what the second allocated and held.
macro_rules! bytes {
    ($map:ident = $make:expr; $($with:tt)*) => {{
        let with = || {
            #[allow(unused_mut)]
            let mut $map = $make;
            $($with)*
            $map
        };
        drop(with());
        let (map, measured) = measure(with);
        println!("bytes {} {} {}", line!(), measured.tally.alloc_bytes, measured.peak_bytes);
        drop(map);
    }};
}

fn all_bytes() {
    for n in [0, 1, 3, 4, 7, 8, 14, 15, 28, 29, 1000, 5000] {
        bytes!(m = HashMap::<u64, u64>::new(); for i in 0..n { m.insert(i, i); });
        bytes!(m = HashMap::<u64, u64>::with_capacity(n as usize); for i in 0..n { m.insert(i, i); });
        bytes!(m = HashMap::<u8, ()>::with_capacity(n as usize); for i in 0..n { m.insert(i as u8, ()); });
        bytes!(m = HashMap::<u16, u8>::new(); for i in 0..n { m.insert(i as u16, 0); });
        bytes!(m = HashMap::<u8, [u8; 100]>::new(); for i in 0..n { m.insert(i as u8, [0; 100]); });
        bytes!(m = HashMap::<u128, [u128; 3]>::new(); for i in 0..n { m.insert(i.into(), [0; 3]); });
        bytes!(m = HashMap::<(), ()>::new(); for _ in 0..n { m.insert((), ()); });
        bytes!(m = HashMap::<u64, u64>::new(); for i in 0..n { *m.entry(i % 40).or_default() += 1; });
        bytes!(m = HashMap::<u64, u64>::new(); m.extend((0..n).map(|i| (i, i))); m.extend((0..n).map(|i| (i + 9, i))););
        bytes!(m = HashMap::<u64, u64>::new(); m.extend((0..n).filter(|i| i % 2 > 0).map(|i| (i, i))););
        bytes!(m = HashMap::<u64, u64>::from([(1, 2), (3, 4), (5, 6), (7, 8)]); m.reserve(n as usize););
        bytes!(m = HashMap::<u64, u64>::new(); m.extend((0..n).map(|i| (i, i))); m.retain(|i, _| i % 9 == 0); m.shrink_to_fit(););
        bytes!(m = HashMap::<u64, u64>::new(); m.try_reserve(n as usize).unwrap(); m.shrink_to(n as usize / 3););
        bytes!(m = HashSet::<u32>::new(); for i in 0..n { m.insert(i as u32); m.replace(i as u32); });
        bytes!(m = HashSet::<u32>::with_capacity(n as usize); m.extend(0..n as u32 * 2););
        bytes!(m = HashSet::<u32>::from([1, 2, 3]); m.extend(0..n as u32); m.clear(); m.extend(0..n as u32 / 2););
        // Slots of removed entries, which a table is swept of, or grows by.
        bytes!(m = HashMap::<u64, u64, Fixed>::default(); for i in 0..n * 5 { m.insert(i, i); if i >= n { m.remove(&(i - n)); } });
        bytes!(m = HashMap::<u64, u64, Fixed>::default(); for i in 0..n * 5 { m.entry(i).or_insert(i); if i % 3 > 0 { m.remove(&(i / 2)); } });
        bytes!(m = HashSet::<u64, Fixed>::default(); for i in 0..n { m.insert(i); } m.retain(|i| i % 7 == 0); m.shrink_to_fit(); m.extend(n..2 * n););
    }
    type Other = hashbrown::HashMap<u64, u64, Fixed>;
    for n in [0, 1, 3, 4, 7, 8, 14, 15, 28, 29, 1000, 5000] {
        bytes!(m = hashbrown::HashMap::<u64, u64>::new(); for i in 0..n { m.insert(i, i); });
        bytes!(m = hashbrown::HashMap::<u16, u8>::with_capacity(n as usize); for i in 0..n { m.insert(i as u16, 0); });
        bytes!(m = Other::default(); for i in 0..n { *m.entry(i % 40).or_default() += 1; });
        bytes!(m = Other::default(); for i in 0..n * 5 { m.entry(i).insert(i); if i % 3 > 0 { m.remove(&(i / 2)); } });
        bytes!(m = Other::default(); for i in 0..n * 5 { m.entry_ref(&i).insert(i); if i >= n { m.entry(i - n).insert(1).remove(); } });
        bytes!(m = Other::default(); for i in 0..n * 5 { m.try_insert(i, i).ok(); m.entry(i / 2).and_replace_entry_with(|_, _| None).or_insert_entry(3).remove(); });
        bytes!(m = hashbrown::HashSet::<u64, Fixed>::default(); for i in 0..n * 5 { m.get_or_insert(i); if i % 3 > 0 { m.remove(&(i / 2)); } });
        bytes!(m = hashbrown::HashSet::<u64, Fixed>::default(); for i in 0..n * 5 { m.entry(i).insert(); if i >= n { m.entry(i - n).insert().remove(); } });
        bytes!(m = hashbrown::HashSet::<u64, Fixed>::default(); m.extend(0..n); m.retain(|i| i % 7 == 0); m.shrink_to_fit(); m.extend(n..2 * n););
    }
    type Indexed = indexmap::IndexMap<u64, u64, Fixed>;
    for n in [0, 1, 3, 4, 7, 8, 14, 15, 28, 29, 1000] {
        bytes!(m = indexmap::IndexMap::<u64, u64>::new(); for i in 0..n { m.insert(i, i); });
        bytes!(m = indexmap::IndexMap::<u16, u8>::with_capacity(n as usize); for i in 0..n { m.insert(i as u16, 0); });
        bytes!(m = Indexed::default(); for i in 0..n { *m.entry(i % 40).or_default() += 1; });
        bytes!(m = Indexed::default(); for i in 0..n * 5 { m.entry(i).or_insert(i); if i >= n { m.swap_remove_index(0); } });
        bytes!(m = indexmap::IndexSet::<u64, Fixed>::default(); m.extend(0..n); m.retain(|i| i % 7 == 0); m.shrink_to_fit(); m.extend(n..2 * n););
        bytes!(m = indexmap::IndexSet::<u64>::from_iter(0..n); m.reserve_exact(n as usize););
    }
    bytes!(m = HashMap::<u64, u64, Fixed>::default(); for i in 0..500 { m.insert(i, i); if i > 400 { m.remove(&(i - 9)); } } let c = m.clone(); m = c; m.extend((0..900).map(|i| (i, i))););
    bytes!(m = HashMap::<u64, u64, Fixed>::default(); m.extend((0..99).map(|i| (i, i))); let mut c = HashMap::default(); c.clone_from(&m); c.remove(&1); c.clone_from(&m); m.clone_from(&HashMap::default()););
    bytes!(m = &HashSet::from([1, 2, 3, 4, 5]) | &HashSet::from([4, 5, 6, 7, 8, 9]););
}

/// By hand.
fn counted() {
    for _ in 0..2 {
        let mut m: HashMap<String, u32> = HashMap::new(); // counted
        for i in 0..100 {
            m.insert(format!("key {i}"), i);
        }
        for i in 0..30 {
            *m.entry(format!("key {i}")).or_default() += 1;
        }
        for i in 90..100 {
            m.remove(&format!("key {i}"));
        }
        m.remove("none");
        for i in 0..40 {
            assert_eq!(m.get(&format!("key {i}")).is_some(), m.contains_key(&format!("key {i}")));
        }
        assert_eq!(m.iter().count() + m.keys().count(), 180);
        m.clear();
        m.clear();
        m.insert("again".to_owned(), 1);
    }
    let mut sorted = BTreeMap::<u32, u32>::new(); // sorted
    for i in 0..100 {
        sorted.insert(i % 80, i);
        *sorted.entry(i).or_insert(0) += 1;
    }
    while sorted.len() > 10 {
        sorted.pop_first();
    }
    assert_eq!(sorted.range(95..).count(), 5);
    let shared = Arc::new(HashMap::<u32, u32>::from_iter((0..100).map(|i| (i, i)))); // shared
    let threads = (0..8).map(|_| {
        let shared = shared.clone();
        std::thread::spawn(move || (0..10_000).filter(|i| shared.contains_key(&(i % 200))).count())
    });
    let found: usize = threads.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).sum();
    println!("counted {} {found}", m_line());
}

/// Of the one it is known what it allocates; of the other it is not, since it is full where it writes.
fn indexed() {
    let mut told = indexmap::IndexMap::<u64, u32>::new(); // indexed
    for i in 0..100 {
        *told.entry(i).or_default() += 1;
    }
    let mut untold = indexmap::IndexSet::<u64>::with_capacity(100); // untold
    for i in 0..5_000 {
        if untold.len() == 100 {
            untold.shift_remove_index(0);
        }
        untold.insert(i);
        untold.insert(i);
    }
    println!("indexed {} {}", told.len(), untold.len());
}

fn m_line() -> u32 {
    include_str!("main.rs").lines().position(|line| line.ends_with("// counted")).unwrap() as u32 + 1
}

static STATIC: Mutex<BTreeMap<u8, u8>> = Mutex::new(BTreeMap::new()); // static

#[derive(Clone, Default)] // derived
struct Derived {
    map: HashMap<u8, u16>,
}

/// What makes maps by way of the standard library; the comment says which.
fn places() {
    let collected = (0..10_u8).map(|i| (i, i)).collect::<HashMap<u8, u8>>(); // collect
    let optional: Option<HashSet<i8>> = (0..10).map(Some).collect(); // optional
    let mut derived = Derived::default();
    derived.map.insert(1, 1);
    let taken = std::mem::take(&mut derived.map); // take
    let cloned = vec![collected.clone(); 3]; // clone
    let made: BTreeMap<u16, u16> = None.unwrap_or_else(BTreeMap::new); // function
    let mut outer: HashMap<u8, HashSet<u16>> = HashMap::new();
    outer.entry(1).or_default().insert(1); // nested
    STATIC.lock().unwrap().insert(1, 1);
    drop(BTreeMap::<u64, u8>::new()); // unused
    std::hint::black_box((collected, optional, taken, cloned, made, outer));
}

fn killed(inserts: u64) {
    let mut map = HashMap::new(); // killed
    for i in 0..inserts {
        map.insert(i, i);
    }
    let maps: Vec<HashMap<u8, u8>> = (0..inserts).map(|_| HashMap::new()).collect();
    std::hint::black_box(maps);
    let _ = std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
    std::thread::park();
}

fn hinted() {
    let names: Vec<String> = (0..1000).map(|i| format!("name {i}")).collect();
    let mut lengths = HashMap::new(); // hinted
    for name in &names {
        lengths.insert(name.clone(), name.len());
    }
    println!("hinted {}", lengths.len());
}

fn traced() {
    let mut map: HashMap<String, u64, Fixed> = HashMap::default(); // traced
    for i in 0..2000 {
        map.insert(format!("a key that is long enough {i}"), i);
        *map.entry(format!("a key that is long enough {}", i * 7 % 3000)).or_insert(0) += 1;
        map.remove(format!("a key that is long enough {}", i * 5 % 4000).as_str());
        map.contains_key(format!("a key that is long enough {i}").as_str());
    }
    println!("traced {} {}", map.len(), map.values().count());
}

/// Makes maps while what is recorded is switched: from outside where it waits, in the end by itself.
fn switched() {
    fn wait() {
        println!("{}", std::process::id());
        std::io::stdout().flush().unwrap();
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }
    fn fill(map: &mut HashMap<u64, u64>, keys: std::ops::Range<u64>) {
        for key in keys {
            map.insert(key, key);
        }
    }
    let mut before = HashMap::new();
    fill(&mut before, 0..100);
    wait();
    fill(&mut before, 100..200);
    let mut whole = HashMap::new(); // whole
    fill(&mut whole, 0..500);
    let mut used = HashMap::new(); // used
    fill(&mut used, 0..1000);
    used.remove(&0);
    wait();
    // Several threads at once are the first to use it.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).filter(|key| used.contains_key(key)).count());
        }
    });
    fill(&mut used, 1000..2000);
    let mut never = HashMap::new();
    fill(&mut never, 0..100);
    wait();
    fill(&mut before, 300..400);
    fill(&mut used, 2000..3000);
    fill(&mut never, 100..200);
    let mut later = HashMap::new(); // later
    fill(&mut later, 0..50);
    let off = mapscope_record::control::set_sample(None);
    fill(&mut later, 50..100);
    let refused = mapscope_record::control::set_sample(std::num::NonZeroU32::new(2_000_000));
    println!("{} {} {} {} {}", before.len(), used.len(), later.len(), off.is_ok(), refused.unwrap_err());
}

fn main() {
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("bytes") => all_bytes(),
        Some("counted") => counted(),
        Some("places") => places(),
        Some("hinted") => hinted(),
        Some("indexed") => indexed(),
        Some("traced") => traced(),
        Some("switched") => switched(),
        Some("killed") => killed(args.next().unwrap().parse().unwrap()),
        Some("wait") => {
            counted();
            println!("{}", std::process::id());
            std::io::stdout().flush().unwrap();
            std::io::stdin().read_line(&mut String::new()).unwrap();
        }
        other => panic!("{other:?}"),
    }
}
