//! Descriptions beside what is worked out the long way.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::*;
use crate::plan::{Call, OPS_MAX, Reading, Source, TraceSpec, Widths, WorkloadSpec};
use crate::workload::{Op, Rng, keys as distributions, mixes};

fn opened(text: &str, requests: Requests) -> Workload {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let source =
        Source::Trace(TraceSpec { path: file.path().to_owned(), reading: Reading { requests, ..Reading::default() } });
    Workload::open(&WorkloadSpec { source, ops: OPS_MAX, seed: 1, widths: Widths::WHOLE }).unwrap()
}

fn described(text: &str) -> Description {
    describe(&opened(text, Requests::Insert), Requests::Insert).unwrap()
}

fn generated(keys: &str, mix: &str, ops: u64) -> Workload {
    let terms: Vec<_> = distributions::KEYS.iter().map(|row| row.term).collect();
    let keys = Call::parse(keys, "key distribution", &terms).unwrap();
    let terms: Vec<_> = mixes::MIXES.iter().map(|row| row.term).collect();
    let mix = Call::parse(mix, "mix", &terms).unwrap();
    let source = Source::Generated { keys, mix };
    Workload::open(&WorkloadSpec { source, ops, seed: 3, widths: Widths::WHOLE }).unwrap()
}

/// Random work on few keys.
fn work(seed: u64, ops: u64, keys: u64) -> String {
    let (mut rng, mut text) = (Rng::new(seed), "op,key,value_bytes\n".to_owned());
    for _ in 0..ops {
        // Small keys are likelier.
        let key = rng.below(rng.clone().below(keys) + 1);
        match rng.below(40) {
            0 => writeln!(text, "clear,,"),
            1 => writeln!(text, "iterate,,"),
            2..12 => writeln!(text, "remove,{key},"),
            12..25 => writeln!(text, "get,{key},"),
            _ => writeln!(text, "put,{key},{}", rng.below(300)),
        }
        .unwrap();
    }
    text
}

fn all(workload: &Workload) -> Vec<Op> {
    let mut ops = Vec::new();
    workload.stream().unwrap().next_batch(&mut ops, usize::MAX).unwrap();
    ops
}

fn percentile(sorted: &[u64], percent: usize) -> u64 {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

#[test]
fn every_figure_is_what_the_long_way_gives() {
    for (seed, count, keys) in [(1, 1, 1), (2, 7, 3), (3, 999, 40), (4, 3000, 2000)] {
        let text = work(seed, count, keys);
        let workload = opened(&text, Requests::Insert);
        let found = describe(&workload, Requests::Insert).unwrap();
        let ops = all(&workload);
        let named: Vec<u64> = ops.iter().filter(|op| op.kind.has_key()).map(|op| op.key).collect();

        let mut distances = Vec::new();
        for (at, key) in named.iter().enumerate() {
            if let Some(last) = named[..at].iter().rposition(|other| other == key) {
                distances.push(named[last + 1..at].iter().collect::<HashSet<_>>().len() as u64);
            }
        }
        distances.sort_unstable();
        let reuse = (!distances.is_empty()).then(|| {
            let [p50, p90, p99, max] = [50, 90, 99, 100].map(|percent| percentile(&distances, percent));
            Reuse { uses: distances.len() as u64, p50, p90, p99, max }
        });
        assert_eq!(found.reuse, reuse, "seed {seed}");

        let mut uses: HashMap<u64, u64> = HashMap::new();
        named.iter().for_each(|&key| *uses.entry(key).or_default() += 1);
        let used_once = uses.values().filter(|&&uses| uses == 1).count() as u64;
        assert_eq!(found.keys, Uses { distinct: uses.len() as u64, used_once, uses: named.len() as u64 });
        let mut most: Vec<u64> = uses.into_values().collect();
        most.sort_unstable_by_key(|&uses| std::cmp::Reverse(uses));
        for Hot { percent, keys, share } in found.hot {
            assert_eq!(keys, most.len() as u64 * percent / 100);
            assert_eq!(share, most[..keys as usize].iter().sum::<u64>() as f64 / named.len() as f64);
        }

        let mut map = HashSet::new();
        let sizes: Vec<u64> = (ops.iter())
            .map(|op| {
                match op.kind {
                    Kind::Put => _ = map.insert(op.key),
                    Kind::Remove => _ = map.remove(&op.key),
                    Kind::Clear => map.clear(),
                    Kind::Get | Kind::Iterate | Kind::Scan => {}
                }
                map.len() as u64
            })
            .collect();
        let after_tenths = (1..=10).map(|tenth| sizes[(sizes.len() * tenth).div_ceil(10) - 1]).collect();
        assert_eq!(found.live, Live { largest: *sizes.iter().max().unwrap(), after_tenths });

        let expected = workload.expected().unwrap();
        let operations = Operations {
            all: count,
            inserts: expected.inserts,
            overwrites: expected.overwrites,
            get_hits: expected.get_hits,
            get_misses: expected.gets - expected.get_hits,
            remove_hits: expected.remove_hits,
            remove_misses: expected.removes - expected.remove_hits,
            clears: expected.clears,
            iterations: expected.iterations,
            scans: 0,
            scanned_entries: 0,
        };
        assert_eq!(found.operations, operations);

        let mut lengths: Vec<u64> =
            ops.iter().filter(|op| op.kind == Kind::Put).map(|op| op.value_bytes.into()).collect();
        lengths.sort_unstable();
        match found.value_bytes {
            None => assert!(lengths.is_empty()),
            Some(Spread { count, mean, p50, p99, max }) => {
                assert_eq!((count, mean), (lengths.len() as u64, lengths.iter().sum::<u64>() as f64 / count as f64));
                assert_eq!([p50, p99, max].map(u64::from), [50, 99, 100].map(|percent| percentile(&lengths, percent)));
            }
        }
    }
}

#[test]
fn texts_have_lengths_and_numbers_have_none() {
    let spread = |count, mean, p50, p99, max| Some(Spread { count, mean, p50, p99, max });
    assert_eq!(described("op,key\nput,12\nget,345\n").key_bytes, None);
    assert_eq!(described("op,key\nput,abc\nget,345\nget,abcde\nclear,\n").key_bytes, spread(2, 4.0, 3, 5, 5));
    assert_eq!(described("op,key,key_bytes\nput,abc,9\nget,345,7\n").key_bytes, spread(2, 8.0, 7, 9, 9));
}

#[test]
fn a_get_and_the_put_that_it_makes_necessary_are_one_use() {
    let workload = opened("7\n8\n7\n7\n9\n8\n", Requests::GetOrInsert);
    let found = describe(&workload, Requests::GetOrInsert).unwrap();
    assert_eq!((found.operations.all, found.operations.inserts, found.operations.get_hits), (9, 3, 3));
    assert_eq!(found.keys, Uses { distinct: 3, used_once: 1, uses: 6 });
    assert_eq!(found.reuse, Some(Reuse { uses: 3, p50: 1, p90: 2, p99: 2, max: 2 }));
    // As puts the same keys are used as often.
    let puts = describe(&opened("7\n8\n7\n7\n9\n8\n", Requests::Insert), Requests::Insert).unwrap();
    assert_eq!((puts.keys, puts.reuse), (found.keys, found.reuse));
}

#[test]
fn the_law_is_that_of_the_generator() {
    for (theta, off) in [(0.7, 0.06), (0.99, 0.03), (1.3, 0.03)] {
        let workload = generated(&format!("zipfian({theta})"), "mix(get=1,records=2000)", 100_000);
        let found = describe(&workload, Requests::Insert).unwrap().zipf.unwrap();
        assert!((found.exponent - theta).abs() < off && found.fits(), "{theta}: {found:?}");
    }
    // The trap: of keys that are used five times on average, some are used fifteen times by chance.
    let even = describe(&generated("uniform", "mix(get=1,records=2000)", 10_000), Requests::Insert).unwrap();
    assert!(even.zipf.is_some_and(|zipf| zipf.is_even()) && even.hot[0].share > 0.02, "{even:?}");
    assert_eq!(describe(&generated("uniform", "fill", 10_000), Requests::Insert).unwrap().zipf, None);
}

/// Of too many keys some are followed, and stand for the others.
#[test]
fn an_estimate_is_near() {
    let workload = generated("zipfian(0.8)", "mix(insert=2,remove=1,get=3,records=20000)", 200_000);
    let exact = describe(&workload, Requests::Insert).unwrap();
    let found = describe_within(&workload, Requests::Insert, 3000).unwrap();
    assert_eq!((exact.one_in, found.one_in), (1, 8));
    assert!(found.is_estimate() && !exact.is_estimate());
    let near = |name: &str, exact: u64, found: u64, by: f64| {
        let off = found as f64 / exact as f64 - 1.0;
        assert!(off.abs() < by, "{name}: {found}, not {exact}");
    };
    near("distinct", exact.keys.distinct, found.keys.distinct, 0.05);
    near("largest", exact.live.largest, found.live.largest, 0.05);
    near("overwrites", exact.operations.overwrites, found.operations.overwrites, 0.06);
    for (exact, found) in exact.live.after_tenths.iter().zip(&found.live.after_tenths) {
        near("live", *exact, *found, 0.05);
    }
    let [exact_reuse, found_reuse] = [&exact, &found].map(|description| description.reuse.unwrap());
    near("p50", exact_reuse.p50, found_reuse.p50, 0.08);
    near("p99", exact_reuse.p99, found_reuse.p99, 0.05);
    // Kinds and uses are counted, whatever is followed.
    assert_eq!(exact.keys.uses, found.keys.uses);
    let puts = |operations: Operations| (operations.all, operations.inserts + operations.overwrites);
    assert_eq!(puts(exact.operations), puts(found.operations));
}

#[test]
fn the_text_fits_80_columns_and_says_what_there_is() {
    let render = |text: &str| (FORMATS[0].render)(&described(text)).unwrap();
    for text in [work(3, 999, 40), work(4, 3000, 2000), "op,key\nput,1\n".to_owned(), "op,key\nclear,\n".to_owned()] {
        let shown = render(&text);
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    }
    let shown = render("op,key,value_bytes\nput,a,7\nput,bb,9\nget,a,\nget,c,\nremove,a,\n");
    let (_, shown) = shown.split_once("\n\n").unwrap();
    let expected = "\
operations                   5
  insert                     2   40.0 % puts of keys that are not there
  get, hit                   1   20.0 % gets that find their key
  get, miss                  1   20.0 % gets that don't
  remove, hit                1   20.0 % removes that find their key

keys                         3          different ones
  uses                       5          on average 1.67 of each
  used once                  2   66.7 % of the keys

reuses                       2          uses after the first; keys in between:
  half up to                 1
  90 % up to                 1
  99 % up to                 1
  all up to                  1

live entries                 2          the most at a time

key bytes                  1.2          on average, of 5 uses
  half up to                 1
  99 % up to                 2
  all up to                  2

value bytes                  8          on average, of 2 values put
  half up to                 7
  99 % up to                 9
  all up to                  9
";
    assert_eq!(shown, expected);
}

#[test]
fn json_has_what_is_known_and_nothing_else() {
    let json = |description: &Description| -> serde_json::Value {
        serde_json::from_str(&(find("json").unwrap().render)(description).unwrap()).unwrap()
    };
    let small = json(&described("op,key\nput,1\n"));
    let fields: Vec<_> = small.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["hot", "keys", "live", "operations", "schema", "trace"]);
    assert_eq!((&small["keys"]["distinct"], &small["live"]["largest"]), (&1.into(), &1.into()));
    let mut zipf = describe(&generated("zipfian", "mix(get=1,records=500)", 20_000), Requests::Insert).unwrap();
    assert!(json(&zipf)["zipf"]["exponent"].as_f64().is_some_and(|exponent| (0.9..1.1).contains(&exponent)));
    zipf.zipf = Some(Zipf { exponent: 0.9, off: 0.2 });
    assert_eq!(json(&zipf)["zipf"], serde_json::json!({ "off": 0.2 }));
    let estimate = Description { one_in: 4, ..described("op,key\nput,1\n") };
    assert_eq!(json(&estimate)["one_key_in"], 4);
}

/// Everything is in the markup; a name is text there.
#[test]
fn the_page_has_what_the_text_has() {
    let mut description = described(&work(3, 999, 40));
    description.name = "<b>&.csv".to_owned();
    let pair = |trace, like| Pair { trace, like };
    let compared = vec![Compared {
        map: "btree",
        alloc_bytes: pair(4000.0, 4100.0),
        moved_entries: pair(0.0, 3.0),
        get_hit_ratio: Some(pair(0.25, 0.25)),
    }];
    let (keys, mix) = ("uniform".to_owned(), "outcomes(insert=1)".to_owned());
    description.like = Some(Like { keys, mix, ops: 7, compared });
    let page = (find("html").unwrap().render)(&description).unwrap();
    for part in shown::parts(&description).iter().flatten() {
        assert!(page.contains(&part.figure) && page.contains(&part.name), "{part:?}");
    }
    for words in ["&lt;b&gt;&amp;.csv", "4,000", "4,100", "1.025", "25.0 %"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("mapscope run --keys &#x27;uniform&#x27; --mix &#x27;outcomes(insert=1)&#x27; --ops 7"));
    assert!(!page.contains("<b>") && !page.contains("http://"), "it asks for nothing");
    assert!(!page.contains("undefined") && !page.contains("{{"), "it is filled in");
}

#[test]
fn the_mix_of_a_likeness_has_every_outcome() {
    let like = |text: &str| like::mix(&described(text));
    let text = "op,key\nput,1\nput,2\nput,1\nget,1\nget,9\nremove,1\nremove,7\n";
    let all = "outcomes(insert=2,overwrite=1,get=1,miss=1,remove=1,remove_miss=1,peak=2)";
    assert_eq!(like(text), all);
    let cleared = "op,key\nput,1\nput,2\nput,3\nclear,\nput,1\niterate,\n";
    assert_eq!(like(cleared), "outcomes(insert=4,clear=1,iterate=1)");
    assert_eq!(like("op,key\nclear,\n"), "outcomes(clear=1)");
}
