//! Maps that several threads use at once: what they leave is what some order of the operations leaves.

use std::sync::Barrier;

use mapscope::maps::{self, Concurrent, ConcurrentFamily, Family, FamilyVisitor, Hashing, Options};
use mapscope::plan::{Call, Source, ThreadKeys, Widths, WorkloadSpec};
use mapscope::probe::event::Off;
use mapscope::workload::{Deal, Key, Kind, Op, Outcomes, Str24, Value, Workload, keys, mixes};

use crate::cli_process::{PATIENT, Place};

const MIX: &str = "mix(insert=50,remove=30,get=20,records=40)";

fn workload(mix: &str, ops: u64, seed: u64) -> Workload {
    let terms: Vec<_> = keys::KEYS.iter().map(|row| row.term).collect();
    let keys = Call::parse("zipfian", "key distribution", &terms).expect("keys");
    let terms: Vec<_> = mixes::MIXES.iter().map(|row| row.term).collect();
    let mix = Call::parse(mix, "mix", &terms).expect("a mix");
    Workload::open(&WorkloadSpec { source: Source::Generated { keys, mix }, ops, seed, widths: Widths::WHOLE })
        .expect("a workload")
}

/// Does a dealt workload on a fresh map; panics where an answer or the content is no order's.
fn race<F: ConcurrentFamily, K: Key, V: Value>(workload: &Workload, deal: Deal, at: &str) {
    let load_factor = F::SHARED_INFO.load_factor.map_or(0.0, |x| x.default);
    let release = F::SHARED_RELEASES.last().copied();
    let options = Options { load_factor, hint: 0, seed: 1, release };
    let map = &F::share::<K, V, F::SharedHasher, Off>(&options, F::SharedHasher::with_seed(1), Off);
    // Collectors of memory are made by their first user. Made by std's once cells, whose order the thread sanitizer does not
    // see, they must be there before the threads are.
    assert!(!map.remove(&K::from_id(0)));
    let outcomes = &Outcomes::of(workload, deal).expect("a workload");
    let barrier = &Barrier::new(deal.threads as usize);
    // Entries that came, less those that went.
    let came: i64 = std::thread::scope(|scope| {
        let body = move |thread| {
            let mut windows = workload.batches(deal.window_ops).expect("windows");
            let (mut place, mut came) = (0, 0);
            while let Some(window) = windows.next().expect("a window") {
                let dealt = |&(place, op): &(u64, &Op)| deal.thread(op, place, window.in_setup) == thread;
                let share: Vec<_> = (place..).zip(window.ops).filter(dealt).map(|(_, op)| *op).collect();
                place += window.ops.len() as u64;
                barrier.wait();
                for op in &share {
                    let key = K::from_id(op.key);
                    match op.kind {
                        Kind::Put => came += i64::from(!map.insert(key, V::from_seed(op.value, 9))),
                        Kind::Remove => came -= i64::from(map.remove(&key)),
                        Kind::Get => {
                            let put = map.get(&key, |value| outcomes.was_put(op.key, value.seed()));
                            assert_ne!(put, Some(false), "{at}: key {} has what was never put there", op.key);
                        }
                        Kind::Clear | Kind::Iterate | Kind::Scan => unreachable!(),
                    }
                }
                barrier.wait();
            }
            came
        };
        let threads: Vec<_> = (0..deal.threads).map(|thread| scope.spawn(move || body(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| std::process::exit(101))).sum()
    });
    let mut entries = Vec::new();
    map.for_each(&mut |key, value| entries.push((key.id(), value.seed())));
    assert_eq!(outcomes.check(&entries), Ok(()), "{at}");
    assert_eq!(came, entries.len() as i64, "{at}: entries that came less those that went, and those that are there");
}

/// Calls `each` for every concurrent map of the registry.
struct Races<R>(R);

trait Race {
    fn name(&self) -> &'static str;
    fn numbers(&self, workload: &Workload, deal: Deal, at: &str);
    fn strings(&self, workload: &Workload, deal: Deal, at: &str);
}

struct Of<F>(std::marker::PhantomData<F>);

impl<F: ConcurrentFamily> Race for Of<F> {
    fn name(&self) -> &'static str {
        F::SHARED_INFO.term.name
    }
    fn numbers(&self, workload: &Workload, deal: Deal, at: &str) {
        race::<F, u64, u64>(workload, deal, at);
    }
    fn strings(&self, workload: &Workload, deal: Deal, at: &str) {
        race::<F, Str24, [u8; 64]>(workload, deal, at);
    }
}

impl<R: FnMut(&dyn Race)> FamilyVisitor for Races<R> {
    fn visit<F: Family>(&mut self) {}
    fn visit_concurrent<F: Family + ConcurrentFamily>(&mut self) {
        (self.0)(&Of::<F>(std::marker::PhantomData));
    }
    fn visit_shared_only<F: ConcurrentFamily>(&mut self) {
        (self.0)(&Of::<F>(std::marker::PhantomData));
    }
}

/// The maps whose locks and pointers are our own, which the thread sanitizer finds clean (docs/METHODOLOGY.md).
const OWN: [&str; 3] = ["rwlock-hashbrown", "sharded-mutex", "go-syncmap"];

/// A thousand short races of two threads.
fn a_thousand(map: &dyn Race) {
    for seed in 0..1000 {
        let keys = ThreadKeys::ALL[seed as usize % 2];
        let deal = Deal { threads: 2, keys, window_ops: 100 };
        let at = format!("{} with {} keys, seed {seed}", map.name(), keys.name());
        map.numbers(&workload(MIX, 500, seed), deal, &at);
    }
}

#[test]
fn a_thousand_races_on_our_own_maps_leave_what_some_order_leaves() {
    let mut names = Vec::new();
    maps::each(&mut Races(|map: &dyn Race| {
        if OWN.contains(&map.name()) {
            names.push(map.name());
            a_thousand(map);
        }
    }));
    names.sort_unstable_by_key(|name| OWN.iter().position(|own| own == name));
    assert_eq!(names, OWN);
}

#[test]
fn a_thousand_races_on_maps_of_crates_leave_what_some_order_leaves() {
    maps::each(&mut Races(|map: &dyn Race| {
        if !OWN.contains(&map.name()) {
            a_thousand(map);
        }
    }));
}

#[test]
fn four_threads_on_strings_that_grow_a_map() {
    maps::each(&mut Races(|map: &dyn Race| {
        for (seed, mix) in [(1, "fill"), (2, "ycsb-a"), (3, "churn")] {
            for keys in ThreadKeys::ALL {
                let deal = Deal { threads: 4, keys, window_ops: 5000 };
                map.strings(&workload(mix, 10_000, seed), deal, &format!("{} {mix} {}", map.name(), keys.name()));
            }
        }
    }));
}

/// The columns of a run's CSV, by name.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().expect("a header").iter().position(|header| header == name).expect(name);
    reader.records().map(|row| row.expect("a row")[at].to_owned()).collect()
}

fn run(args: &[&str]) -> String {
    let place = Place::new();
    let outcome = place.run(&[&["run", PATIENT, "--out", "-"], args].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.stdout
}

#[test]
fn cells_of_several_threads_are_rows_beside_those_of_one() {
    let maps = "rwlock-hashbrown,scc";
    let args = ["--map", maps, "--mix", "churn", "--ops", "2000", "--passes", "count,time"];
    let alone = run(&args);
    assert_eq!(
        (column(&alone, "threads"), column(&alone, "thread_keys")),
        (vec![String::new(); 2], vec![String::new(); 2])
    );
    let peaks = column(&alone, "peak_bytes");
    assert!(!peaks[0].is_empty() && peaks[1].is_empty(), "nobody looks inside scc");
    for name in ["slowest_thread_ns_per_op", "worst_thread_p999_ns", "lock_waits_per_op"] {
        assert_eq!(column(&alone, name), ["", ""], "{name}");
    }
    let csv = run(&[&args[..], &["--threads", "1,2"]].concat());
    assert_eq!(column(&csv, "map"), ["rwlock-hashbrown", "rwlock-hashbrown", "scc", "scc"]);
    assert_eq!(column(&csv, "status"), ["ok"; 4]);
    assert_eq!(column(&csv, "threads"), ["1", "2", "1", "2"]);
    assert_eq!(column(&csv, "thread_keys"), ["shared"; 4]);
    assert_eq!(column(&csv, "writes"), ["2000"; 4]);
    for absent in ["moved_entries", "peak_bytes"] {
        assert_eq!(column(&csv, absent), [""; 4], "{absent} can't be seen beside other threads");
    }
    for name in ["ops_per_s", "slowest_thread_ns_per_op", "worst_thread_p999_ns"] {
        assert!(column(&csv, name).iter().all(|value| !value.is_empty()), "{name}");
    }
    let waits = column(&csv, "lock_waits_per_op");
    assert_eq!(waits[0], "0", "one thread waits for nobody");
    assert_eq!(waits[2..], ["", ""], "scc doesn't tell");
}

#[test]
fn disjoint_keys_leave_the_counts_of_one_thread() {
    let compare = |mix: &str, names: &[&str]| {
        let args = ["--map", "sharded-mutex", "--mix", mix, "--keys", "zipfian", "--ops", "5000", "--passes", "count"];
        let one = run(&args);
        let four = run(&[&args[..], &["--threads", "4", "--thread-keys", "disjoint"]].concat());
        for name in names {
            assert_eq!(column(&one, name), column(&four, name), "{mix}: {name}");
        }
    };
    compare(MIX, &["writes", "inserts", "overwrites", "removes", "gets", "payload_bytes"]);
    // Inserts that happen on tombstones raise a table's capacity; nothing is allocated for them, and nothing grows.
    for map in ["rwlock-hashbrown", "sharded-mutex", "go-syncmap(go=1.23)"] {
        let args = ["--map", map, "--mix", "churn", "--ops", "20000", "--passes", "count", "--threads", "2"];
        let csv = run(&args);
        let grown: u64 = column(&csv, "grow_events")[0].parse().expect("a number");
        assert!(grown < 64, "{map}: {grown}");
    }
    // Without removes, the order in which a shard's entries come doesn't decide when it grows.
    compare("fill", &["inserts", "alloc_count", "alloc_bytes", "free_bytes", "live_bytes", "grow_events"]);
}

#[test]
fn what_can_not_be_shared_is_refused_in_words() {
    let place = Place::new();
    let refused = |args: &[&str], why: &str| {
        let outcome = place.run(&[&["run", "--out", "out"], args].concat());
        assert_eq!((outcome.code, outcome.left.len()), (Some(2), 0), "{args:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(why) && outcome.stderr.lines().count() == 1, "{args:?}: {}", outcome.stderr);
    };
    refused(
        &["--map", "std,dashmap", "--threads", "1,2"],
        "--threads: 2 threads can't use std, which is not concurrent",
    );
    let hint = ["--map", "sharded-mutex", "--hint", "1000", "--ops", "100", "--mix", "fill", "--passes", "count"];
    assert_eq!(column(&run(&[&hint[..], &["--threads", "2"]].concat()), "grow_events"), ["1"], "the hint's");
    refused(&["--map", "dashmap", "--threads", "0"], "--threads: must be a whole number from 1 to 1024");
    refused(&["--map", "dashmap", "--threads", "2", "--thread-keys", "mine"], "mine");
    std::fs::write(place.path().join("hashed.csv"), "op,key,hash\ninsert,1,00000000000000ff\n").unwrap();
    refused(
        &["--map", "dashmap", "--threads", "2", "--trace", "hashed.csv"],
        "hashed.csv: can't be dealt to threads, as dashmap wants it: it brings the hashes",
    );
    std::fs::write(place.path().join("clears.csv"), "op,key\ninsert,1\nclear,\n").unwrap();
    refused(
        &["--map", "dashmap", "--threads", "2", "--trace", "clears.csv"],
        "clears.csv: can't be dealt to threads, as dashmap wants it: it clears the map",
    );
    refused(
        &["--map", "dashmap", "--threads", "2", "--mix", "outcomes(insert=5,clear=0,iterate=1)"],
        "outcomes(insert=5,overwrite=0,get=0,miss=0,remove=0,remove_miss=0,clear=0,iterate=1) can't be dealt to threads, as \
         dashmap wants it: it iterates over the map",
    );
}

#[test]
fn a_trace_that_scc_can_not_do_is_refused_in_words() {
    let place = Place::new();
    std::fs::write(place.path().join("clears.csv"), "op,key\ninsert,1\nclear,\n").unwrap();
    let outcome = place.run(&["run", "--out", "out", "--map", "std,scc", "--trace", "clears.csv"]);
    assert_eq!((outcome.code, outcome.left.len()), (Some(2), 0), "{}", outcome.stderr);
    assert!(
        outcome
            .stderr
            .contains("as scc wants it: it clears the map, which is no one thread's to do; leave this map out")
    );
}

#[test]
fn a_trace_is_dealt_too() {
    let place = Place::new();
    let rows: String = (0..3000).map(|i| format!("{},{}\n", ["insert", "get", "remove"][i % 3], i % 70)).collect();
    std::fs::write(place.path().join("trace.csv"), format!("op,key\n{rows}")).unwrap();
    let args =
        ["run", PATIENT, "--map", "papaya,flurry", "--threads", "3", "--thread-keys", "shared,disjoint", "--out", "-"];
    let outcome = place.run(&[&args[..], &["--trace", "trace.csv", "--passes", "count"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(column(&outcome.stdout, "status"), ["ok"; 4]);
    assert_eq!(column(&outcome.stdout, "gets"), ["1000"; 4]);
}
