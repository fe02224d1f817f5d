//! A growth of Go's classic map to the same size, operation by operation: a recording of Go 1.23 in which too many overflow
//! buckets start one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{data, golden, inspect, inspect_json, list, number, slots, word};

const FIXTURE: &str = "inspect-classic-same-size.csv";
const OPERATIONS: usize = 105;
/// The operation that starts the growth, and the one that ends it.
const GROWTH: (usize, usize) = (97, 103);
const BUCKETS: u64 = 8;

/// A row of the recording.
struct Row {
    action: String,
    key: u64,
    hash: u64,
    nevacuate: u64,
    growing: bool,
    same_size: bool,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(data(FIXTURE)).expect("the fixture");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let figure = |at: usize| fields[at].parse::<u64>().expect("a figure");
        let (key, hash) = (fields[1].parse().unwrap_or(0), u64::from_str_radix(fields[2], 16).unwrap_or(0));
        let (growing, same_size) = (figure(9) == 1, figure(10) == 1);
        Row { action: fields[0].to_owned(), key, hash, nevacuate: figure(8), growing, same_size }
    };
    text.lines().skip(2).map(row).collect()
}

/// The moments after each operation, and the steps of every place watched.
fn walk(watched: &[&str]) -> Value {
    let path = data(FIXTURE);
    let last = OPERATIONS.to_string();
    let at = format!("0..{last}");
    let mut args = vec!["--map", "go-classic", "--trace", &path, "--at", &at];
    watched.iter().for_each(|place| args.extend(["--watch", place]));
    inspect_json(&args)
}

/// The keys of a row of a table, by bucket of the chain; `None` without such a table.
fn chain(moment: &Value, old: bool, index: u64) -> Option<Vec<Vec<u64>>> {
    let table = list(&moment["tables"]).iter().find(|table| table["old"] == old)?;
    let row = &list(&table["rows"])[index as usize];
    assert_eq!(number(&row["index"]), index);
    let keys = |bucket: &Value| list(bucket).iter().filter_map(|slot| slot.get("key").map(number)).collect();
    Some(list(&row["buckets"]).iter().map(keys).collect())
}

#[test]
fn the_recording_has_the_growth() {
    let rows = rows();
    assert_eq!(rows.len(), OPERATIONS + 1);
    let growing: Vec<_> = (0..rows.len()).filter(|&n| rows[n].same_size).collect();
    assert_eq!(growing, (GROWTH.0..GROWTH.1).collect::<Vec<_>>());
    assert!(growing.iter().all(|&n| rows[n].growing));
}

/// The rule is Go's: each insert and remove evacuates its key's old bucket and then the first one that has not been reached.
#[test]
fn the_frontier_and_the_buckets_behind_it_are_those_of_gos_rule() {
    let rows = rows();
    let document = walk(&[]);
    let mut evacuated = BTreeSet::new();
    for (n, moment) in list(&document["moments"]).iter().enumerate() {
        let row = &rows[n];
        let old = list(&moment["tables"]).iter().find(|table| table["old"] == true);
        if !(GROWTH.0..=GROWTH.1).contains(&n) {
            // Earlier growths are to twice the size.
            assert!(n < GROWTH.0 || old.is_none(), "operation {n}");
            continue;
        }
        if row.action != "get" {
            evacuated.insert(row.hash & (BUCKETS - 1));
            evacuated.extend((0..BUCKETS).find(|index| !evacuated.contains(index)));
        }
        let frontier = (0..BUCKETS).find(|index| !evacuated.contains(index)).unwrap_or(BUCKETS);
        assert_eq!(row.nevacuate, frontier, "the recording itself, operation {n}");
        let Some(old) = old else {
            assert_eq!((n, frontier), (GROWTH.1, BUCKETS));
            continue;
        };
        assert_eq!(number(&old["frontier"]), frontier, "operation {n}");
        assert_eq!(number(&old["summary"]["evacuated_rows"]), evacuated.len() as u64);
        let current = list(&moment["tables"]).last().expect("the new array");
        assert_eq!(number(&current["summary"]["waiting_rows"]), BUCKETS - evacuated.len() as u64);
        for (was, is) in list(&old["rows"]).iter().zip(list(&current["rows"])) {
            let done = evacuated.contains(&number(&was["index"]));
            let stages = if done { ("evacuated", "in use") } else { ("to be evacuated", "waiting") };
            assert_eq!((word(&was["stage"]), word(&is["stage"])), stages, "operation {n}, bucket {}", was["index"]);
            let marks = list(&was["buckets"]).iter().flat_map(list).map(|slot| word(&slot["mark"]));
            assert!(marks.into_iter().all(|mark| mark.starts_with("evacuated") == done));
        }
    }
    assert_eq!(evacuated.len() as u64, BUCKETS);
}

/// Bucket 5: nine keys in a chain of two; the growth begins with an insert into it, a second one comes in its midst.
#[test]
fn the_chains_of_a_watched_bucket_old_and_new() {
    let nine = [17, 23, 37, 45, 48, 50, 51, 54, 80];
    let first = nine[..8].to_vec();
    let document = walk(&[]);
    let moments = list(&document["moments"]);
    let chains = |n: usize| (chain(&moments[n], true, 5), chain(&moments[n], false, 5));
    assert_eq!(chains(96), (None, Some(vec![first.clone(), vec![80]])));
    let emptied = Some(vec![vec![], vec![]]);
    for (n, rest) in [(97, vec![80, 111]), (98, vec![80, 111]), (99, vec![80, 111, 112]), (102, vec![80, 111, 112])] {
        assert_eq!(chains(n), (emptied.clone(), Some(vec![first.clone(), rest])), "operation {n}");
    }
    assert_eq!(chains(103), (None, Some(vec![first, vec![80, 111, 112]])));
    // Bucket 6 is reached last.
    let six = vec![vec![7, 9, 10, 13, 21, 25, 32, 43], vec![47]];
    for (n, moment) in moments.iter().enumerate().take(103).skip(97) {
        let none = Some(vec![vec![]]);
        assert_eq!((chain(moment, true, 6), chain(moment, false, 6)), (Some(six.clone()), none), "operation {n}");
    }
    assert_eq!((chain(&moments[103], true, 6), chain(&moments[103], false, 6)), (None, Some(six)));
}

#[test]
fn one_moment_reads_as_it_should() {
    let path = data(FIXTURE);
    let text = inspect(&["--map", "go-classic", "--trace", &path, "--at", "99"]);
    golden("same-size-99.txt", &text);
}

#[test]
fn the_story_of_a_bucket_and_a_key_reads_as_it_should() {
    let path = data(FIXTURE);
    let args = ["--map", "go-classic", "--trace", &path, "--at", "96..105"];
    let watched = ["--watch", "bucket=5", "--watch", "bucket=3", "--watch", "key=7", "--watch", "header"];
    golden("same-size-story.txt", &inspect(&[&args[..], &watched].concat()));
}

/// Where each key is after each operation: `old bucket 3/1/2` for slot 2 of the first overflow bucket.
fn places(moment: &Value) -> BTreeMap<u64, String> {
    let full = slots(moment).filter_map(|(table, row, bucket, slot, it)| {
        let old = if table["old"] == true { "old " } else { "" };
        Some((number(it.get("key")?), format!("{old}bucket {}/{bucket}/{slot}", row["index"])))
    });
    full.collect()
}

/// Every key and bucket is watched, and the steps are those in which a key's place, or a bucket, differs from before.
#[test]
fn the_steps_are_exactly_the_changes_between_the_moments() {
    let rows = rows();
    let keys: BTreeSet<u64> = rows.iter().skip(1).map(|row| row.key).collect();
    let mut watched: Vec<String> = keys.iter().map(|key| format!("key={key}")).collect();
    watched.extend((0..BUCKETS).map(|index| format!("bucket={index}")));
    let document = walk(&watched.iter().map(String::as_str).collect::<Vec<_>>());
    let moments = list(&document["moments"]);
    let mut told: BTreeMap<(String, usize), Vec<&Value>> = BTreeMap::new();
    for step in list(&document["steps"]) {
        told.entry((word(&step["watch"]).to_owned(), number(&step["operation"]) as usize)).or_default().push(step);
    }
    let (mut changes, mut moves) = (0, 0);
    for n in 1..moments.len() {
        let (before, after) = (places(&moments[n - 1]), places(&moments[n]));
        for key in &keys {
            let watch = format!("key={key}");
            let steps = told.remove(&(watch, n)).unwrap_or_default();
            let kinds: Vec<_> = steps.iter().map(|step| word(&step["kind"])).collect();
            let put = rows[n].action == "insert" && rows[n].key == *key;
            match (before.get(key), after.get(key)) {
                (None, None) => assert!(kinds.is_empty(), "{n} {key} {kinds:?}"),
                (None, Some(_)) => assert_eq!(kinds, ["put"], "{n} {key}"),
                (Some(_), None) => assert_eq!(kinds, ["removed"], "{n} {key}"),
                (Some(was), Some(is)) => {
                    // The array that a key lies in becomes the old one; a key that moves at once moves into a new array.
                    let overwritten: &[&str] = if put { &["overwritten"] } else { &[] };
                    let array = |n: usize| (number(&moments[n]["header"]["b"]), n >= GROWTH.0);
                    let new_array = array(n - 1) != array(n) && !is.starts_with("old");
                    let stays = was == is && !new_array;
                    match (stays, is.starts_with("old") && !was.starts_with("old")) {
                        (true, _) => assert_eq!(kinds, overwritten, "{n} {key}"),
                        (false, true) => assert_eq!(kinds, [&["renamed"], overwritten].concat(), "{n} {key}"),
                        (false, false) => assert_eq!(kinds, [&["moved"], overwritten].concat(), "{n} {key} {was} {is}"),
                    }
                    moves += usize::from(kinds.contains(&"moved"));
                }
            }
            changes += kinds.len();
        }
    }
    // A move is told once for its key.
    assert_eq!(number(&moments[OPERATIONS]["so_far"]["moved_entries"]), moves as u64);
    assert!(changes > 200, "{changes}");
    for ((watch, n), _) in told {
        let index: u64 = watch.strip_prefix("bucket=").expect("only buckets are left").parse().expect("a number");
        let differs = [true, false].into_iter().any(|old| {
            let rows = |moment: &Value| {
                let table = list(&moment["tables"]).iter().find(|table| table["old"] == old).cloned();
                table.map(|table| list(&table["rows"]).get(index as usize).cloned())
            };
            rows(&moments[n - 1]) != rows(&moments[n])
        });
        let put = rows[n].action == "insert";
        // Of an old array, the bucket is watched whose entries go to this one.
        let bears = number(&moments[n]["header"]["growing"]) + number(&moments[n - 1]["header"]["growing"]) > 0;
        assert!(differs || put || bears, "{watch}, operation {n}");
    }
}
