//! Releases that differ are told apart by the recordings that every clone has, and what is different is met there.

use std::path::PathBuf;

use mapscope::engines::go::Kind;
use mapscope::maps::GoHash;
use mapscope::verify::Scenario;

use super::*;

/// The recordings of one release that every clone has, with what plays them.
fn of_release(info: &Info, release: &str) -> Vec<(PathBuf, Play)> {
    let mut found = Vec::new();
    for row in ROWS.iter().filter(|row| Some(row.layout) == info.layout) {
        for path in recordings(OWN, row.layout, row.types).expect("every clone has them") {
            let about = lines(&path).next().expect("a first line");
            if release_of(info, &about) == release {
                found.push((path, row.play));
            }
        }
    }
    assert!(!found.is_empty(), "no recording of {release}");
    found
}

/// Whether a release does all that was recorded from another.
fn does_the_same(info: &Info, recorded: &str, played: &'static str) -> bool {
    let recordings = of_release(info, recorded);
    recordings.iter().all(|(path, play)| play(path, Some(played)).differences == stray(path))
}

/// Each pair of neighbours, both ways.
fn tells_apart(info: &Info, agreeing: &[(&str, &str)]) {
    for pair in info.releases().windows(2) {
        let agree = agreeing.contains(&(pair[0], pair[1]));
        assert_eq!(does_the_same(info, pair[0], pair[1]), agree, "Go {} played on Go {}", pair[0], pair[1]);
        assert_eq!(does_the_same(info, pair[1], pair[0]), agree, "Go {} played on Go {}", pair[1], pair[0]);
    }
}

#[test]
fn neighbours_that_differ_are_told_apart() {
    tells_apart(&GoClassic::INFO, &[("1.22", "1.23")]);
    tells_apart(&GoSwiss::INFO, &[("1.25", "1.26")]);
}

/// A row of a recording of a Swiss map: `op`, and the state.
struct State {
    op: String,
    len: u64,
    dir_len: u64,
    capacity: u64,
    growth_left: u64,
}

impl State {
    fn read(row: &str) -> State {
        let fields: Vec<&str> = row.split(',').collect();
        let [len, dir_len, _, capacity, growth_left] =
            std::array::from_fn(|index| fields[5 + index].parse().expect("a number"));
        State { op: fields[0].to_owned(), len, dir_len, capacity, growth_left }
    }

    /// What an empty table may take.
    fn limit(&self) -> u64 {
        self.capacity / 8 * 7
    }
}

/// What a row is, given the one before.
type Is = fn(&State, &State) -> bool;

/// A put of a key that is there, in a single group that is full.
fn overwrites_full_group(before: &State, after: &State) -> bool {
    after.op == "insert" && (before.len, before.dir_len, before.capacity, after.len) == (8, 0, 8, 8)
}

/// An insert that finds its table full, and more room after it in the same tables.
fn prunes(before: &State, after: &State) -> bool {
    after.op == "insert" && after.capacity == before.capacity && after.growth_left > before.growth_left
}

/// A clear of a map that has no entries, but tombstones.
fn clears_tombstones(before: &State, after: &State) -> bool {
    after.op == "clear" && before.len == 0 && before.dir_len > 0 && before.growth_left < before.limit()
}

/// How often a recording's rows are so.
fn count_in(path: &Path, is: Is) -> usize {
    let states: Vec<State> = lines(path).skip(2).map(|row| State::read(&row)).collect();
    states.windows(2).filter(|pair| is(&pair[0], &pair[1])).count()
}

/// How often those of a release's recordings are so that are of these types, or of any.
fn count(release: &str, types: &str, is: Is) -> usize {
    let of_types = format!("swiss-{types}");
    let recordings = of_release(&GoSwiss::INFO, release);
    recordings.iter().filter(|(path, _)| name(path).starts_with(&of_types)).map(|(path, _)| count_in(path, is)).sum()
}

/// Whether inserts of these types prune in a release.
fn should_prune(release: &str, types: &str) -> bool {
    match types {
        "u64-u64" | "u32-u8" | "str-u64" => release != "1.24",
        "ptr-u64" => release == "1.27",
        _ => false,
    }
}

/// Whether a recording shows what it is there for.
pub(super) fn shows(path: &Path, play: Play) -> bool {
    let about = lines(path).next().expect("a first line");
    if parameter(&about, "layout") != "swiss" {
        return true;
    }
    let (release, types) = (release_of(&GoSwiss::INFO, &about), parameter(&about, "type").replace('/', "-"));
    let corners: [Is; 2] = [overwrites_full_group, clears_tombstones];
    (!should_prune(release, &types) || count_in(path, prunes) > 0)
        && (types != "u64-u64" || corners.iter().all(|&is| count_in(path, is) > 0))
        && ((release, &*types) != ("1.26", "ptr-u64") || !play(path, Some("1.27")).differences.is_empty())
}

#[test]
fn an_overwrite_of_a_full_group_is_met_in_every_release() {
    fn grows(before: &State, after: &State) -> bool {
        overwrites_full_group(before, after) && after.dir_len == 1
    }
    for (release, grown) in [("1.24", true), ("1.25", true), ("1.26", true), ("1.27", false)] {
        let (all, tables) = (count(release, "", overwrites_full_group), count(release, "", grows));
        assert!(all > 0 && tables == if grown { all } else { 0 }, "Go {release}: {all} overwrites, {tables} tables");
    }
}

#[test]
fn tombstones_are_pruned_from_1_25_on_and_with_pointer_keys_from_1_27_on() {
    for release in GoSwiss::INFO.releases() {
        for row in ROWS.iter().filter(|row| row.layout == "swiss") {
            let of_types = format!("swiss-{}", row.types);
            for (path, _) in of_release(&GoSwiss::INFO, release) {
                if name(&path).starts_with(&format!("{of_types}-")) && name(&path).contains("scenario") {
                    let times = count_in(&path, prunes);
                    assert_eq!(times > 0, should_prune(release, row.types), "{}: {times} times", path.display());
                }
            }
        }
    }
}

/// Without a hint below nine the single group makes no difference.
#[test]
fn pointer_keys_alone_tell_1_26_and_1_27_apart() {
    let mut seen = 0;
    for (recorded, played) in [("1.26", "1.27"), ("1.27", "1.26")] {
        for (path, play) in of_release(&GoSwiss::INFO, recorded) {
            if name(&path).starts_with("swiss-ptr-u64-h9-") {
                seen += 1;
                let first = play(&path, Some(played)).differences.into_iter().next().expect("a difference");
                assert_eq!(first.op, "insert", "{}: {first:?}", path.display());
            }
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn a_clear_of_an_empty_map_meets_tombstones() {
    fn takes_them(before: &State, after: &State) -> bool {
        clears_tombstones(before, after) && after.growth_left == after.limit()
    }
    for (release, taken) in [("1.24", false), ("1.25", true), ("1.26", true), ("1.27", true)] {
        let (all, done) = (count(release, "", clears_tombstones), count(release, "", takes_them));
        assert!(all > 0 && done == if taken { all } else { 0 }, "Go {release}: {all} clears, {done} of tombstones");
    }
}

/// As much as `verify` does with one map, and how often it does that.
const SCENARIO_OPS: u32 = 3000;
const SCENARIOS: u64 = 30;

/// In how many scenarios two releases do something else. `load_factor` is the releases' own unless given.
fn told_apart<F: Family, K: Key, V: Value>(
    releases: [&'static str; 2],
    hint: usize,
    clears: bool,
    load_factor: Option<f64>,
) -> u64 {
    let differs = |seed| {
        let mut scenario = Scenario::new(seed, SCENARIO_OPS, false, clears);
        let mut maps = releases.map(|release| {
            let load_factor = load_factor.unwrap_or_else(|| F::INFO.load_factor_of(Some(release)));
            let options = Options { load_factor, hint, seed, release: Some(release) };
            F::build::<K, V, _, _>(&options, GoHash::with_seed(seed), Off)
        });
        (0..SCENARIO_OPS).any(|_| {
            let op = scenario.next_op();
            let [a, b] = maps.each_mut().map(|map| {
                let (key, value) = (K::from_id(op.key), V::from_seed(op.value, 0));
                let before = ALLOCATED.get();
                match op.kind {
                    Kind::Put => _ = map.insert(key, value),
                    Kind::Remove => _ = map.remove(&key),
                    Kind::Get => _ = map.get(&key).is_some(),
                    Kind::Clear => map.clear(),
                    Kind::Range => unreachable!("not asked for"),
                }
                columns::<F, K, V>(map, before)
            });
            a != b
        })
    };
    (1..=SCENARIOS).map(|seed| u64::from(differs(seed))).sum()
}

/// Each difference by itself: what else two releases differ in is kept out by types, hints and operations.
#[test]
fn what_verify_does_meets_every_difference_often() {
    type Mid = Sized<u64, 5, false>;
    type Pointer = Sized<u64, 1, true>;
    let often = |what: &str, times: u64| {
        println!("{what}: in {times} of {SCENARIOS}");
        assert!(times >= SCENARIOS / 5, "{what}: in {times} of {SCENARIOS}");
    };
    often("load factor", told_apart::<GoClassic, Int64, Int64>(["1.21", "1.22"], 0, true, None));
    often("headers", told_apart::<GoClassic, Mid, Pointer>(["1.21", "1.22"], 0, true, Some(6.5)));
    often("full group", told_apart::<GoSwiss, Int64, Int64>(["1.26", "1.27"], 0, true, None));
    often("pruning", told_apart::<GoSwiss, Int64, Int64>(["1.24", "1.25"], 0, false, None));
    often("pruning with pointer keys", told_apart::<GoSwiss, Pointer, Int64>(["1.26", "1.27"], 9, true, None));
    // Neither release prunes with such keys.
    often("clear of tombstones", told_apart::<GoSwiss, Big, Int64>(["1.24", "1.25"], 0, true, None));
    for (releases, times) in [
        (["1.22", "1.23"], told_apart::<GoClassic, Mid, Pointer>(["1.22", "1.23"], 0, true, None)),
        (["1.25", "1.26"], told_apart::<GoSwiss, Pointer, Int64>(["1.25", "1.26"], 0, true, None)),
    ] {
        assert_eq!(times, 0, "{releases:?}");
    }
}
