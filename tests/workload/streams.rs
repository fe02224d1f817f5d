//! Generated workloads: every distribution with every mix, to the bit; what each mix promises; the end state.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use super::*;
use mapscope::workload::{Expected, Inputs, entry_checksum};

/// A mix by name with the arguments it can't do without.
fn any_mix(name: &str, records: f64) -> Call {
    match name {
        "fill" => mix(name, &[]),
        "mix" => mix(name, &[("insert", 5.0), ("remove", 2.0), ("get", 3.0), ("records", records)]),
        "outcomes" => mix(
            name,
            &[("insert", 5.0), ("overwrite", 2.0), ("get", 3.0), ("miss", 1.0), ("remove", 2.0), ("peak", records)],
        ),
        _ => mix(name, &[("records", records)]),
    }
}

fn with_key_file(text: &str, test: impl FnOnce(&Path)) {
    let file = tempfile::Builder::new().prefix("keys").suffix(".txt").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    test(file.path());
}

/// Every key distribution with every mix.
fn combinations(ops: u64, records: f64, mut test: impl FnMut(&str, &str, &WorkloadSpec)) {
    // A thousand keys to load, and then some that repeat.
    let keys_text = (0..1000u64).map(|i| i * 7919 % 1_000_003).chain((0..700).map(|i| i * i % 1009));
    let text: String = keys_text.map(|key| format!("{key}\n")).collect();
    with_key_file(&text, |path| {
        for key_row in KEYS {
            for mix_row in MIXES {
                let (name, mix_name) = (key_row.term.name, mix_row.term.name);
                let keys = if key_row.term.file { key_file(path) } else { keys(name, &[]) };
                test(name, mix_name, &generated(keys, any_mix(mix_name, records), ops));
            }
        }
    });
}

fn digest(ops: &[Op]) -> String {
    let mut hasher = blake3::Hasher::new();
    for op in ops {
        hasher.update(&[op.kind as u8]);
        for number in [op.key, op.value, op.hash, u64::from(op.value_bytes)] {
            hasher.update(&number.to_le_bytes());
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// `MAPSCOPE_BLESS=1 cargo test --test maps workload::` writes the golden file anew.
#[test]
fn the_first_operations_are_the_same_bit_for_bit() {
    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workload/streams.golden");
    let mut found = String::from("# BLAKE3 of the first 10,000 operations of every key distribution with every mix.\n");
    combinations(10_000, 1000.0, |keys, mix, spec| {
        let ops = take(&open(spec), 10_000, 4096);
        assert_eq!(ops.len(), 10_000);
        writeln!(found, "{keys} {mix} {}", digest(&ops)).unwrap();
    });
    if std::env::var_os("MAPSCOPE_BLESS").is_some() {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).expect("the golden file; MAPSCOPE_BLESS=1 writes it");
    for (found, golden) in found.lines().zip(golden.lines()) {
        assert_eq!(found, golden);
    }
    assert_eq!(found, golden);
}

#[test]
fn first_operations_by_eye() {
    let show = |keys, mix, ops| brief(&all(&open(&generated(keys, mix, ops))));
    let sequential = || keys("sequential", &[]);
    let few = |name| any_mix(name, 3.0);
    assert_eq!(show(sequential(), few("fill"), 5), "P0 P1 P2 P3 P4");
    assert_eq!(show(sequential(), few("overwrite"), 5), "P0 P1 P2 P0 P1 P2 P0 P1");
    assert_eq!(show(sequential(), few("churn"), 8), "P0 P1 P2 R0 P3 R1 P4 R2 P5 R3 P6");
    assert_eq!(show(sequential(), few("waves"), 10), "P0 P1 P2 R0 R1 R2 P3 P4 P5 R3");
    assert_eq!(show(sequential(), few("ycsb-c"), 4), "P0 P1 P2 G0 G1 G2 G0");
    assert_eq!(show(keys("uniform", &[]), few("fill"), 2), "P10724633101751987442 P15644961974592833636");
    assert_eq!(
        show(keys("zipfian", &[]), any_mix("ycsb-f", 4.0), 12),
        "P0 P1 P2 P3 G0 P0 G0 G0 G3 P3 G0 G3 G3 G0 G0 G2"
    );
    assert_eq!(
        show(keys("latest", &[]), any_mix("ycsb-d", 4.0), 20),
        "P0 P1 P2 P3 G3 G3 G3 P4 G1 G4 G0 G1 G3 G4 G2 G1 G2 G1 P5 G5 G5 G5 P6 G1"
    );
    assert_eq!(
        show(keys("hotspot", &[]), any_mix("ycsb-a", 5.0), 16),
        "P0 P1 P2 P3 P4 P0 P0 P0 G2 G0 G0 P0 P0 G0 P0 P0 P2 G0 P0 G3 P0"
    );
    assert_eq!(
        show(keys("scrambled-zipfian", &[]), any_mix("overwrite", 2.0), 3),
        "P10724633101751987442 P15644961974592833636 P10724633101751987442 P10724633101751987442 P15644961974592833636"
    );
    assert_eq!(show(sequential(), few("outcomes"), 13), "P0 G0 P0 P1 G5 G1 P2 R2 P3 P0 R1 G0 P4");
    assert_eq!(
        show(keys("runs", &[("share", 0.75), ("appended", 0.5)]), few("fill"), 8),
        "P4363450860792700327 P5651550431422295104 P9223372036854775808 P5651550431422295105 P3926309655293455958 \
         P9223372036854775809 P5651550431422295106 P9223372036854775810"
    );
    assert_eq!(
        show(keys("zipfian", &[]), any_mix("mix", 4.0), 16),
        "P0 P1 P2 P3 G0 P0 P0 G3 P0 P3 P3 P0 P0 R2 G2 P2 R2 G0 G0 R1"
    );
}

#[test]
fn streams_restart_alike_whatever_the_batch() {
    combinations(3000, 100.0, |keys, mix, spec| {
        let workload = open(spec);
        let ops = take(&workload, usize::MAX, 1000);
        assert_eq!(ops.len() as u64, workload.setup_ops() + workload.ops(), "{keys} {mix}");
        for batch in [1, 7, usize::MAX] {
            assert!(take(&workload, usize::MAX, batch) == ops, "{keys} {mix}, batches of {batch}");
        }
        assert!(all(&open(spec)) == ops, "{keys} {mix}, opened again");
    });
}

#[test]
fn another_seed_gives_other_operations() {
    let seeded = |seed| {
        let spec = generated(keys("uniform", &[]), any_mix("ycsb-a", 100.0), 1000);
        all(&open(&WorkloadSpec { seed, ..spec }))
    };
    assert_ne!(seeded(1), seeded(2));
}

#[test]
fn batches_replace_what_was_there_and_end_empty() {
    let workload = open(&generated(keys("sequential", &[]), any_mix("fill", 1.0), 5));
    let mut stream = workload.stream().unwrap();
    let mut batch = Vec::new();
    for len in [3, 2, 0, 0] {
        stream.next_batch(&mut batch, 3).unwrap();
        assert_eq!(batch.len(), len);
    }
}

#[test]
fn every_put_has_its_own_value() {
    combinations(3000, 100.0, |keys, mix, spec| {
        let ops = all(&open(spec));
        let values: HashSet<u64> = ops.iter().filter(|op| op.kind == Kind::Put).map(|op| op.value).collect();
        assert_eq!(values.len(), ops.iter().filter(|op| op.kind == Kind::Put).count(), "{keys} {mix}");
        assert!(!values.contains(&0), "{keys} {mix}");
        assert!(ops.iter().all(|op| matches!(op.kind, Kind::Put | Kind::Scan) || op.value == 0), "{keys} {mix}");
    });
}

/// The end state by another route than the library's own: an ordered map, and the kinds counted from outside.
fn reference(workload: &Workload) -> Expected {
    let (mut live, mut expected) = (BTreeMap::new(), Expected::default());
    for (i, op) in all(workload).iter().enumerate() {
        let measured = u64::from(i as u64 >= workload.setup_ops());
        match op.kind {
            Kind::Put if live.insert(op.key, op.value).is_some() => expected.overwrites += measured,
            Kind::Put => expected.inserts += measured,
            Kind::Remove => {
                expected.removes += measured;
                expected.remove_hits += measured * u64::from(live.remove(&op.key).is_some());
            }
            Kind::Get => {
                expected.gets += measured;
                expected.get_hits += measured * u64::from(live.contains_key(&op.key));
            }
            Kind::Clear => {
                live.clear();
                expected.clears += measured;
            }
            Kind::Iterate => expected.iterations += measured,
            Kind::Scan => {
                expected.scans += measured;
                let after = live.keys().filter(|key| **key >= op.key).count() as u64;
                expected.scanned_entries += measured * op.value.min(after);
            }
        }
    }
    expected.entries = live.len() as u64;
    expected.checksum = live.iter().fold(0, |sum, (&k, &v)| u64::wrapping_add(sum, entry_checksum(k, v)));
    expected
}

#[test]
fn the_expected_end_state_is_that_of_an_ordered_map() {
    combinations(3000, 100.0, |keys, mix, spec| {
        let workload = open(spec);
        assert_eq!(workload.expected().unwrap(), reference(&workload), "{keys} {mix}");
    });
}

#[test]
fn fill_inserts_distinct_keys_whatever_the_distribution() {
    for row in KEYS.iter().filter(|row| !row.term.file) {
        let expected = open(&generated(keys(row.term.name, &[]), mix("fill", &[]), 20_000)).expected().unwrap();
        assert_eq!((expected.entries, expected.inserts, expected.overwrites), (20_000, 20_000, 0), "{}", row.term.name);
    }
}

#[test]
fn records_that_are_given_are_loaded_each_with_a_key_of_its_own() {
    combinations(2000, 300.0, |keys, mix, spec| {
        let workload = open(spec);
        let loaded = if ["fill", "waves", "outcomes"].contains(&mix) { 0 } else { 300 };
        let setup = &all(&workload)[..workload.setup_ops() as usize];
        let differ: HashSet<u64> = setup.iter().map(|op| op.key).collect();
        assert_eq!((setup.len(), differ.len()), (loaded, loaded), "{keys} {mix}");
        assert!(setup.iter().all(|op| op.kind == Kind::Put), "{keys} {mix}");
    });
    let empty = mix("mix", &[("insert", 1.0)]);
    assert_eq!(open(&generated(keys("uniform", &[]), empty, 100)).setup_ops(), 0, "no records are given");
}

#[test]
fn records_that_a_file_of_keys_has_not_are_refused() {
    with_key_file("5\n6\n7\n6\n8\n", |path| {
        for (name, records) in [("churn", 3.0), ("ycsb-c", 3.0), ("mix", 3.0), ("waves", 4.0)] {
            open(&generated(key_file(path), any_mix(name, records), 10));
        }
        for (name, records) in [("churn", 4.0), ("overwrite", 6.0), ("mix", 1e9)] {
            let error = Workload::open(&generated(key_file(path), any_mix(name, records), 10)).unwrap_err().to_string();
            let why = format!(
                "{name} is to load records={records}, each with a key of its own, but after the first 3 keys of"
            );
            assert!(error.contains(&why) && error.contains("give at most records=3"), "{error}");
        }
        // A tenth of the operations is no number that anyone has asked for.
        open(&generated(key_file(path), mix("churn", &[]), 100));
    });
}

#[test]
fn overwrite_touches_the_population_only() {
    for row in KEYS.iter().filter(|row| !row.term.file) {
        let workload = open(&generated(keys(row.term.name, &[]), any_mix("overwrite", 50.0), 2000));
        let expected = workload.expected().unwrap();
        assert_eq!((workload.setup_ops(), expected.entries), (50, 50), "{}", row.term.name);
        assert_eq!((expected.inserts, expected.overwrites), (0, 2000), "{}", row.term.name);
    }
}

#[test]
fn churn_keeps_the_size_and_always_hits() {
    for row in KEYS.iter().filter(|row| !row.term.file) {
        let workload = open(&generated(keys(row.term.name, &[]), any_mix("churn", 64.0), 5000));
        let mut live = HashSet::new();
        for (i, op) in all(&workload).iter().enumerate() {
            let hit = if op.kind == Kind::Put { live.insert(op.key) } else { live.remove(&op.key) };
            assert!(hit, "{} at {i}", row.term.name);
            assert!(i < 64 || live.len() == if op.kind == Kind::Put { 64 } else { 63 }, "{} at {i}", row.term.name);
        }
    }
}

#[test]
fn waves_turn_at_the_records_and_at_a_tenth() {
    for (records, trough) in [(100, 10), (10, 1), (9, 0), (1, 0), (1005, 100)] {
        let workload = open(&generated(keys("uniform", &[]), any_mix("waves", f64::from(records)), 10_000));
        let (mut live, mut turns, mut last) = (HashSet::new(), Vec::new(), Kind::Put);
        for op in all(&workload) {
            if op.kind != last {
                turns.push(live.len());
            }
            last = op.kind;
            assert!(if op.kind == Kind::Put { live.insert(op.key) } else { live.remove(&op.key) });
        }
        assert!(turns.len() >= 10, "{records}: {turns:?}");
        for (i, &turn) in turns.iter().enumerate() {
            assert_eq!(turn, if i % 2 == 0 { records as usize } else { trough }, "{records}, turn {i}");
        }
    }
}

#[test]
fn ycsb_mixes_have_their_shares() {
    // gets, overwrites and inserts of 100,000 operations; of read-modify-writes each is two.
    for (name, gets, overwrites, inserts) in [
        ("ycsb-a", 0.5_f64, 0.5, 0.0),
        ("ycsb-b", 0.95, 0.05, 0.0),
        ("ycsb-c", 1.0, 0.0, 0.0),
        ("ycsb-d", 0.95, 0.0, 0.05),
        ("ycsb-f", 2.0 / 3.0, 1.0 / 3.0, 0.0),
    ] {
        let workload = open(&generated(keys("latest", &[]), any_mix(name, 1000.0), 100_000));
        let expected = workload.expected().unwrap();
        assert_eq!(workload.setup_ops(), 1000);
        assert_eq!(expected.get_hits, expected.gets, "{name}: every get finds its key");
        assert_eq!(expected.entries, 1000 + expected.inserts);
        for (found, share) in [(expected.gets, gets), (expected.overwrites, overwrites), (expected.inserts, inserts)] {
            // Four standard deviations; exactly 0 and exactly all when the share is.
            let limit = 4.0 * (100_000.0 * share * (1.0 - share)).sqrt();
            assert!((found as f64 - 100_000.0 * share).abs() <= limit, "{name}: {found}, expected a share of {share}");
        }
    }
}

#[test]
fn a_read_modify_write_puts_what_it_got() {
    let workload = open(&generated(keys("zipfian", &[]), any_mix("ycsb-f", 100.0), 10_000));
    let ops = &all(&workload)[100..];
    let puts = (1..ops.len()).filter(|&i| ops[i].kind == Kind::Put);
    assert!(puts.clone().count() > 3000);
    for i in puts {
        assert_eq!((ops[i - 1].kind, ops[i - 1].key), (Kind::Get, ops[i].key));
    }
}

#[test]
fn a_mix_follows_its_weights_within_its_domain() {
    let weights = [("insert", 1.0), ("remove", 2.0), ("get", 5.0), ("records", 40.0)];
    let workload = open(&generated(keys("uniform", &[]), mix("mix", &weights), 80_000));
    let ops = all(&workload);
    let count = |kind| ops.iter().filter(|op| op.kind == kind).count();
    for (kind, expected) in [(Kind::Put, 10_000), (Kind::Remove, 20_000), (Kind::Get, 50_000)] {
        assert!(count(kind).abs_diff(expected) < 600, "{kind:?}: {}", count(kind));
    }
    assert_eq!(ops.iter().map(|op| op.key).collect::<HashSet<_>>().len(), 40);
    let gets_only = open(&generated(keys("uniform", &[]), mix("mix", &[("get", 2.0)]), 1000));
    assert!(all(&gets_only).iter().all(|op| op.kind == Kind::Get));
}

#[test]
fn a_mix_clears_iterates_and_puts_what_it_got() {
    let weights = [("insert", 4.0), ("rmw", 3.0), ("clear", 1.0), ("iterate", 2.0), ("records", 40.0)];
    let workload = open(&generated(keys("uniform", &[]), mix("mix", &weights), 130_000));
    assert_eq!(workload.mix_label(), "mix(insert=4,remove=0,get=0,records=40,rmw=3,clear=1,iterate=2)");
    assert_eq!(workload.undealable(), Some("it clears the map, which is no one thread's to do"));
    let ops = &all(&workload)[40..];
    let count = |kind| ops.iter().filter(|op| op.kind == kind).count();
    // Of 13 operations 4 are puts, 3 read, 3 write what was read, 1 clears and 2 iterate.
    for (kind, expected) in [(Kind::Put, 70_000), (Kind::Get, 30_000), (Kind::Clear, 10_000), (Kind::Iterate, 20_000)] {
        assert!(count(kind).abs_diff(expected) < 800, "{kind:?}: {}", count(kind));
    }
    for pair in ops.windows(2).filter(|pair| pair[0].kind == Kind::Get) {
        assert_eq!((pair[1].kind, pair[1].key), (Kind::Put, pair[0].key));
    }
    let expected = workload.expected().unwrap();
    assert_eq!((expected.clears, expected.iterations), (count(Kind::Clear) as u64, count(Kind::Iterate) as u64));
    // Nothing is drawn otherwise where nothing of it is given.
    let plain = |more: &[(&str, f64)]| {
        let weights = [&[("insert", 1.0), ("remove", 2.0), ("get", 4.0)][..], more].concat();
        brief(&all(&open(&generated(keys("uniform", &[]), mix("mix", &weights), 1000))))
    };
    assert_eq!(plain(&[]), plain(&[("rmw", 0.0), ("clear", 0.0), ("iterate", 0.0)]));
}

#[test]
fn scans_ask_for_as_many_entries_as_ycsb_s_or_as_is_said() {
    let workload = open(&generated(keys("scrambled-zipfian", &[]), any_mix("ycsb-e", 1000.0), 20_000));
    assert!(workload.scans());
    assert_eq!(workload.undealable(), Some("it scans the map, which other threads would change meanwhile"));
    let ops = all(&workload);
    let lengths: Vec<u64> = ops.iter().filter(|op| op.kind == Kind::Scan).map(|op| op.value).collect();
    assert!(lengths.len().abs_diff(19_000) < 150, "95 %: {}", lengths.len());
    assert_eq!((lengths.iter().min(), lengths.iter().max()), (Some(&1), Some(&100)));
    let mean = lengths.iter().sum::<u64>() as f64 / lengths.len() as f64;
    assert!((mean - 50.5).abs() < 1.0, "{mean}");
    let expected = workload.expected().unwrap();
    assert_eq!(expected, reference(&workload));
    assert_eq!((expected.scans, expected.inserts, expected.gets), (lengths.len() as u64, expected.entries - 1000, 0));

    let weights = [("insert", 1.0), ("remove", 1.0), ("scan", 2.0), ("scan_max", 3.0), ("records", 40.0)];
    let workload = open(&generated(keys("uniform", &[]), mix("mix", &weights), 4000));
    assert_eq!(workload.mix_label(), "mix(insert=1,remove=1,get=0,records=40,scan=2,scan_max=3)");
    assert_eq!(workload.expected().unwrap(), reference(&workload));
    let lengths: HashSet<u64> = all(&workload).iter().filter(|op| op.kind == Kind::Scan).map(|op| op.value).collect();
    assert_eq!(lengths, [1, 2, 3].into());
    assert!(!open(&generated(keys("uniform", &[]), any_mix("ycsb-a", 10.0), 10)).scans());
}

#[test]
fn drawn_records_follow_the_distribution() {
    // Measured from outside: the share of operations that go to one rank among 100 records.
    let share = |keys: Call, rank: usize| {
        let workload = open(&generated(keys, any_mix("ycsb-c", 100.0), 200_000));
        let ops = all(&workload);
        let key = ops[rank].key;
        ops[100..].iter().filter(|op| op.key == key).count() as f64 / 200_000.0
    };
    let zeta: f64 = (1..=100).map(|k| f64::from(k).powf(-0.99)).sum();
    for (keys, rank, expected) in [
        (keys("sequential", &[]), 17, 0.01),
        (keys("uniform", &[]), 17, 0.01),
        (keys("zipfian", &[]), 0, 1.0 / zeta),
        (keys("zipfian", &[]), 1, 2f64.powf(-0.99) / zeta),
        (keys("zipfian", &[("theta", 1.5)]), 0, 0.4144),
        (keys("scrambled-zipfian", &[]), 0, 1.0 / zeta),
        (keys("hotspot", &[]), 19, 0.04),
        (keys("hotspot", &[]), 20, 0.0025),
        (keys("hotspot", &[("set", 0.5), ("share", 0.5)]), 99, 0.01),
        (keys("latest", &[]), 99, 1.0 / zeta),
    ] {
        let name = keys.to_string();
        let found = share(keys, rank);
        let limit = 4.0 * (expected * (1.0 - expected) / 200_000.0f64).sqrt();
        assert!((found - expected).abs() < limit, "{name}, rank {rank}: {found}, expected {expected}");
    }
}

#[test]
fn scrambled_hot_keys_lie_apart_and_plain_ones_together() {
    let hot = |keys| {
        let mut counts = HashMap::new();
        for op in &all(&open(&generated(keys, any_mix("ycsb-c", 1000.0), 50_000)))[1000..] {
            *counts.entry(op.key).or_insert(0u32) += 1;
        }
        let mut hot: Vec<u64> = counts.into_iter().filter(|&(_, n)| n > 1000).map(|(key, _)| key).collect();
        hot.sort();
        hot
    };
    let plain = hot(keys("zipfian", &[]));
    assert!(plain.len() > 3 && plain.iter().enumerate().all(|(i, &key)| key == i as u64), "{plain:?}");
    let scrambled = hot(keys("scrambled-zipfian", &[]));
    assert_eq!(scrambled.len(), plain.len(), "the popularity is the same");
    assert!(scrambled.windows(2).all(|pair| pair[1] - pair[0] > 1 << 32), "{scrambled:?}");
}

#[test]
fn records_default_to_a_tenth_of_the_operations() {
    for (ops, records) in [(1000, 100), (19, 1), (1, 1)] {
        let workload = open(&generated(keys("uniform", &[]), mix("overwrite", &[]), ops));
        assert_eq!((workload.setup_ops(), workload.ops()), (records, ops));
        assert_eq!(workload.mix_label(), "overwrite");
    }
}

#[test]
fn labels_are_canonical() {
    let workload = open(&generated(keys("zipfian", &[]), any_mix("churn", 7.0), 10));
    assert_eq!((workload.keys_label(), workload.mix_label()), ("zipfian(0.99)", "churn(records=7)"));
    assert!(!workload.hashed() && !workload.value_lengths());
}

#[test]
fn key_files_are_walked_in_order_over_and_over() {
    with_key_file("# a comment\n7\r\n\n3\n18446744073709551615", |path| {
        let fill = open(&generated(key_file(path), mix("fill", &[]), 5));
        assert_eq!(brief(&all(&fill)), format!("P7 P3 P{} P7 P3", u64::MAX));
        let expected = fill.expected().unwrap();
        assert_eq!((expected.entries, expected.inserts, expected.overwrites), (3, 3, 2));
        let gets = open(&generated(key_file(path), any_mix("ycsb-c", 2.0), 3));
        assert_eq!(brief(&all(&gets)), "P7 P3 G7 G3 G7");

        let name = path.file_name().unwrap().to_str().unwrap();
        let digest = blake3::hash(&std::fs::read(path).unwrap()).to_hex();
        assert_eq!(fill.keys_label(), format!("file:{name}@{}", &digest[..8]));
    });
}

#[test]
fn a_file_of_keys_stays_what_it_was_when_it_was_opened() {
    with_key_file("7\n3\n", |path| {
        let mut inputs = Inputs::default();
        let first = Workload::open_from(&generated(key_file(path), mix("fill", &[]), 3), &mut inputs).unwrap();
        std::fs::write(path, "8\n").unwrap();
        let second = Workload::open_from(&generated(key_file(path), mix("fill", &[]), 2), &mut inputs).unwrap();
        assert_eq!((brief(&all(&first)), brief(&all(&second))), ("P7 P3 P7".into(), "P7 P3".into()));
        assert_eq!(first.keys_label(), second.keys_label());
        let anew = open(&generated(key_file(path), mix("fill", &[]), 2));
        assert_eq!(brief(&all(&anew)), "P8 P8");
    });
}

#[test]
fn bad_key_files_name_file_and_line() {
    for (text, error) in [
        ("1\n2\nx\n", ":3: expected one key, a decimal number from 0 to 18446744073709551615; found `x`"),
        ("-1\n", ":1: expected one key, a decimal number from 0 to 18446744073709551615; found `-1`"),
        ("# nothing\n\n", ": holds no keys; expected one decimal number a line"),
        ("", ": holds no keys; expected one decimal number a line"),
    ] {
        with_key_file(text, |path| {
            let found = Workload::open(&generated(key_file(path), mix("fill", &[]), 5)).unwrap_err().to_string();
            assert_eq!(found, format!("{}{error}", path.display()));
        });
    }
    let found = Workload::open(&generated(key_file("no/such/file"), mix("fill", &[]), 5)).unwrap_err().to_string();
    assert!(found.starts_with("no/such/file: can't be read: "), "{found}");
    let found = Workload::open(&generated(keys("file", &[]), mix("fill", &[]), 5)).unwrap_err().to_string();
    assert_eq!(found, "file: no file given; write `file:PATH`");
}

#[test]
fn calls_that_no_term_allows_are_refused() {
    for (keys, mix, error) in [
        (keys("zipfian", &[("theta", 0.0)]), any_mix("fill", 1.0), "zipfian: theta = 0 is out of range"),
        (keys("zipfian", &[("theta", 8.1)]), any_mix("fill", 1.0), "zipfian: theta = 8.1 is out of range"),
        (keys("latest", &[]), mix("churn", &[("records", 0.0)]), "churn: records = 0 is out of range"),
        (keys("latest", &[]), mix("churn", &[("records", 1.5)]), "churn: records = 1.5 is out of range"),
        (keys("uniform", &[]), mix("mix", &[]), "mix: all weights are 0; give at least one, as in mix(insert=1)"),
        (
            keys("uniform", &[]),
            mix("churn", &[("records", (1u64 << 53) as f64)]),
            "churn: no memory for 9007199254740992 records of 8 bytes; set `records` lower",
        ),
        (Call { name: "zipf", ..keys("uniform", &[]) }, mix("fill", &[]), "there is no key distribution called `zipf`"),
        (keys("uniform", &[]), Call { name: "ycsb-g", ..mix("fill", &[]) }, "there is no mix called `ycsb-g`"),
    ] {
        assert_eq!(Workload::open(&generated(keys, mix, 10)).unwrap_err().to_string(), error);
    }
    let nan = keys("hotspot", &[("set", f64::NAN)]);
    let found = Workload::open(&generated(nan, mix("fill", &[]), 10)).unwrap_err().to_string();
    assert_eq!(found, "hotspot: set = NaN is out of range");
}

#[test]
fn registries_have_no_duplicates_and_describe_every_row() {
    let terms: Vec<_> = KEYS.iter().map(|row| row.term).collect();
    let mixes: Vec<_> = MIXES.iter().map(|row| row.term).collect();
    for terms in [terms, mixes] {
        let names: HashSet<_> = terms.iter().map(|term| term.name).collect();
        assert_eq!(names.len(), terms.len());
        for term in terms {
            assert!(!term.summary.is_empty(), "{}", term.name);
            for param in term.params {
                assert!(!param.summary.is_empty(), "{} {}", term.name, param.name);
            }
        }
    }
}
