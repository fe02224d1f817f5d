//! Every step of random workloads on every map: what is told is what differs between the moments before and after.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{inspect_json, list, number, slots, word};

const WORKLOAD: [&str; 4] = ["--keys", "sequential", "--mix", "mix(insert=55,remove=35,get=10,records=70)"];
const OPERATIONS: usize = 400;

/// Where a key is, with the state of its entry: as many places as the map has for it.
type Places = BTreeSet<String>;

fn places(moment: &Value) -> BTreeMap<u64, Places> {
    let mut places: BTreeMap<u64, Places> = BTreeMap::new();
    for (table, row, bucket, slot, it) in slots(moment) {
        if let Some(key) = it.get("key") {
            let place = format!("{} row {}/{bucket}/{slot} {}", word(&table["name"]), row["index"], it["note"]);
            places.entry(number(key)).or_default().insert(place);
        }
    }
    places
}

/// The rows with an index, as they are in the tables, without what values are made of.
fn rows(moment: &Value, index: usize) -> Vec<(String, Value)> {
    let tables = list(&moment["tables"]).iter();
    let row = tables.filter_map(|table| {
        let rows = list(&table["rows"]);
        let mut row = rows.get(if table["old"] == true { index % rows.len() } else { index })?.clone();
        for slot in row["buckets"].as_array_mut().into_iter().flatten().flat_map(|it| it.as_array_mut()).flatten() {
            slot.as_object_mut().expect("a slot").remove("value");
        }
        Some((word(&table["name"]).to_owned(), row))
    });
    row.collect()
}

struct Told {
    document: Value,
    /// The kinds of step by place and operation.
    kinds: BTreeMap<(String, usize), Vec<String>>,
}

fn walk(map: &str, seed: &str, watched: &[String], more: &[&str]) -> Told {
    let (ops, at) = (OPERATIONS.to_string(), format!("0..{OPERATIONS}"));
    let mut args = vec!["--map", map, "--seed", seed, "--ops", &ops, "--at", &at];
    args.extend(WORKLOAD);
    args.extend(more);
    watched.iter().for_each(|place| args.extend(["--watch", place]));
    let document = inspect_json(&args);
    let mut kinds: BTreeMap<(String, usize), Vec<String>> = BTreeMap::new();
    for step in list(&document["steps"]) {
        let place = (word(&step["watch"]).to_owned(), number(&step["operation"]) as usize);
        kinds.entry(place).or_default().push(word(&step["kind"]).to_owned());
    }
    Told { document, kinds }
}

#[test]
fn a_key_s_steps_are_the_operations_in_which_its_places_differ() {
    const PAIR: &str = "go-syncmap(go=1.23)";
    for (map, more) in [
        ("go-classic", &[][..]),
        ("go-classic", &["--load-factor", "8"]),
        ("go-swiss", &[]),
        (PAIR, &[]),
        ("go-syncmap", &[]),
    ] {
        for seed in ["1", "2"] {
            let watched: Vec<_> = (0..70).map(|key| format!("key={key}")).collect();
            let Told { document, kinds } = walk(map, seed, &watched, more);
            let moments = list(&document["moments"]);
            let mut differed = 0;
            for n in 1..=OPERATIONS {
                let (before, after) = (places(&moments[n - 1]), places(&moments[n]));
                let last = &moments[n]["last"];
                for key in 0..70 {
                    let told = kinds.get(&(format!("key={key}"), n)).cloned().unwrap_or_default();
                    let put = last["action"] == "insert" && last["key"] == key;
                    let differs = before.get(&key) != after.get(&key);
                    differed += usize::from(differs);
                    let context = format!("{map} seed {seed} operation {n} key {key}: {told:?}");
                    // An entry may come to the same place of another table.
                    let moved = told.iter().all(|kind| kind == "moved") && !told.is_empty();
                    assert!(differs != told.is_empty() || put || moved, "{context}");
                    let (had, has) = (before.contains_key(&key), after.contains_key(&key));
                    // What was expunged is put into the dirty map again, and has been in the read map all the time.
                    let put_again = map == PAIR && put && had && differs;
                    assert!(told.contains(&"put".to_owned()) == (!had && has) || put_again, "{context}");
                    assert!(
                        !(differs && had && !has)
                            || told.last().is_some_and(|it| ["removed", "dropped"].contains(&it.as_str())),
                        "{context}"
                    );
                    if put && had && has && map != PAIR {
                        assert!(told.contains(&"overwritten".to_owned()), "{context}");
                    }
                }
            }
            let moves: usize = kinds.values().flatten().filter(|kind| *kind == "moved").count();
            if let Some(moved) = moments[OPERATIONS]["so_far"].get("moved_entries") {
                assert_eq!(moves as u64, number(moved), "{map} seed {seed}");
            }
            assert!(differed > 200, "{map}: {differed}");
        }
    }
}

#[test]
fn a_row_s_steps_are_the_operations_in_which_it_differs() {
    for (map, word) in
        [("go-classic", "bucket"), ("go-swiss", "group"), ("go-syncmap(go=1.23)", "bucket"), ("go-syncmap", "bucket")]
    {
        let watched: Vec<_> = (0..8).map(|index| format!("{word}={index}")).collect();
        let Told { document, kinds } = walk(map, "3", &watched, &[]);
        let moments = list(&document["moments"]);
        let mut differed = 0;
        for n in 1..=OPERATIONS {
            let last = &moments[n]["last"];
            let moved = |moment: &Value| moment["so_far"]["alloc_bytes"].clone();
            for index in 0..8 {
                let told = kinds.get(&(format!("{word}={index}"), n)).cloned().unwrap_or_default();
                let (before, after) = (rows(&moments[n - 1], index), rows(&moments[n], index));
                // A table may be replaced by one in which the row is the same.
                let replaced = moved(&moments[n - 1]) != moved(&moments[n]);
                differed += usize::from(before != after);
                let context = format!("{map} operation {n} {word} {index}: {told:?}");
                if before != after {
                    assert!(!told.is_empty(), "{context}\n{before:?}\n{after:?}");
                } else if !replaced {
                    let overwritten = last["action"] == "insert" && told == ["overwritten"];
                    assert!(told.is_empty() || overwritten, "{context}");
                }
            }
        }
        assert!(differed > 150, "{map}: {differed}");
    }
}

#[test]
fn a_table_s_and_the_header_s_steps_give_their_figures() {
    let Told { document, kinds } = walk("go-swiss", "1", &["table=0".to_owned(), "header".to_owned()], &[]);
    let moments = list(&document["moments"]);
    let figure = |n: usize, name: &str| list(&moments[n]["tables"]).first().map(|table| number(&table["fields"][name]));
    for n in 1..=OPERATIONS {
        let differs = moments[n - 1]["header"] != moments[n]["header"];
        assert_eq!(kinds.contains_key(&("header".to_owned(), n)), differs, "operation {n}");
        let used = |n: usize| list(&moments[n]["tables"]).first().map(|table| table["fields"].clone());
        let differs =
            used(n - 1) != used(n) && used(n).is_some_and(|fields| fields != Value::Object(Default::default()));
        assert_eq!(
            kinds.contains_key(&("table=0".to_owned(), n)),
            differs,
            "operation {n}: {:?}",
            figure(n, "capacity")
        );
    }
    let text = list(&document["steps"]).iter().find(|step| step["watch"] == "header").expect("a step");
    assert!(word(&text["text"]).starts_with("len 0 -> 1, capacity 0 -> 8, growth_left 0 -> 7"), "{text}");
}
