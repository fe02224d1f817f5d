//! hashbrown's table, read by its published layout: what is shown agrees with what the count pass works out from outside,
//! and with the operations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{inspect, inspect_json, list, number, slots, word};

const MAPS: [&str; 5] = ["std", "hashbrown", "hashbrown-foldhash-quality", "hashbrown-ahash", "hashbrown-fxhash"];

fn header(moment: &Value, name: &str) -> u64 {
    number(&moment["header"][name])
}

#[test]
fn every_entry_lies_in_a_slot_that_its_hash_leads_to() {
    for map in MAPS {
        for entry in ["u64/u64", "string(24)/256"] {
            let args = ["--map", map, "--entry", entry, "--mix", "churn", "--ops", "1000", "--at", "end"];
            let json = inspect_json(&args);
            let moment = &list(&json["moments"])[0];
            let (mut marks, mut keys) = (BTreeMap::<_, u64>::new(), BTreeSet::new());
            for (.., slot) in slots(moment) {
                *marks.entry(word(&slot["mark"])).or_default() += 1;
                if word(&slot["mark"]) == "full" {
                    assert!(number(&slot["byte"]) < 128 && number(&slot["probed_groups"]) >= 1, "{map}: {slot}");
                    assert!(keys.insert(number(&slot["key"])), "{map}: twice {slot}");
                }
            }
            let full = marks.get("full").copied().unwrap_or(0);
            assert_eq!((full, keys.len() as u64), (header(moment, "len"), full), "{map} {entry}");
            assert_eq!(marks.get("deleted").copied().unwrap_or(0), header(moment, "tombstones"), "{map} {entry}");
            assert_eq!(marks.values().sum::<u64>(), header(moment, "slots"), "{map} {entry}");
            let free = header(moment, "slots") / 8 * 7 - full - header(moment, "tombstones");
            assert_eq!(header(moment, "growth_left"), free, "{map} {entry}");
        }
    }
}

#[test]
fn a_key_is_followed_through_growths_and_out_of_the_map() {
    let args = ["--map", "hashbrown", "--keys", "sequential", "--ops", "30", "--at", "end", "--watch", "key=1"];
    let told = inspect(&args);
    let moves: Vec<&str> = told.lines().filter(|line| line.contains("key 1 moved")).collect();
    // Tables of 4, 8, 16, 32 and 64 slots; one that is larger may have the key at the same place.
    assert!((1..=4).contains(&moves.len()), "{told}");
    assert!(moves.iter().all(|line| line.ends_with(" (a larger table was allocated)")), "{told}");
    assert!(told.contains("op 2 insert 1: key 1 put into group 0 slot "), "{told}");
    let (_, last) = told.trim_end().rsplit_once('\n').expect("lines");
    assert!(last.starts_with("after op 30: key 1 is in group "), "{told}");
}

#[test]
fn a_table_that_is_packed_in_place_says_so() {
    // A table of 32 slots that is full once and loses most of its entries, which leaves tombstones: an insert that finds no
    // slot of theirs has it packed.
    let rows = (0..28).map(|key| format!("insert,{key}\n"));
    let rows = rows.chain((2..28).map(|key| format!("remove,{key}\n")));
    let rows: String = rows.chain((100..112).map(|key| format!("insert,{key}\n"))).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("trace.csv");
    std::fs::write(&path, format!("op,key\n{rows}")).expect("a file");
    let path = path.to_str().expect("UTF-8");
    let told = inspect(&["--map", "hashbrown", "--at", "end", "--watch", "header", "--trace", path]);
    let packed = |line: &&str| line.ends_with(" -> 0 (the table was packed in place, without its tombstones)");
    let packed: Vec<&str> = told.lines().filter(packed).collect();
    assert!(packed.len() == 1 && packed[0].contains("growth_left 0 -> "), "{told}");
    // Tables of 4, 8, 16 and 32 slots.
    assert_eq!(told.matches("(a larger table was allocated)").count(), 4, "{told}");
}

#[test]
fn a_map_that_has_allocated_nothing_has_no_table_and_an_emptied_one_keeps_its_own() {
    let trace = "op,key\ninsert,7\nremove,7\nclear,\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("trace.csv");
    std::fs::write(&path, trace).expect("a file");
    let json = inspect_json(&["--map", "std", "--at", "0..3", "--trace", path.to_str().expect("UTF-8")]);
    let all: Vec<_> = list(&json["moments"]).iter().map(|it| (header(it, "len"), header(it, "slots"))).collect();
    assert_eq!(all, [(0, 0), (1, 4), (0, 4), (0, 4)]);
}
