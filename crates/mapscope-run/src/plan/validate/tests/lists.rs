//! Lists that go together, and patterns in lists.

use std::fs;

use super::{catalog, error, map, plan_text, shown, table};
use crate::plan::{Arg, Flags, Hint, LeftOut, MapOffer, Param, Plan, plan};

/// Hints and operations of each cell.
fn hints(plan: &Plan) -> Vec<(u64, u64)> {
    let entries = |hint| if let Hint::Entries(entries) = hint { entries } else { panic!("not known yet: {hint:?}") };
    plan.cells.iter().map(|cell| (entries(cell.hint), cell.workload.ops)).collect()
}

#[test]
fn a_hint_can_be_each_cell_s_operations() {
    let ops = table("hint = [0, \"ops\"]").replace("ops = 10\n", "ops = [10, 20]\n");
    assert_eq!(hints(&plan_text(&ops, &Flags::default()).unwrap()), [(0, 10), (10, 10), (0, 20), (20, 20)]);
    let flags = Flags::from([("ops", "5,6"), ("hint", "ops"), ("map", "std,btree")]);
    let plan = plan_text(&table(""), &flags).unwrap();
    assert_eq!(hints(&plan), [(5, 5), (0, 5), (6, 6), (0, 6)], "btree takes none");

    let with = |flags: &[(&str, &str); 2]| plan_text(&table(""), &Flags::from(*flags)).unwrap_err();
    assert_eq!(with(&[("hint", "ops"), ("map", "btree")]), "--hint: can't be given: btree takes no capacity hint");
    assert!(with(&[("hint", "ops"), ("ops", "100_000_000")]).starts_with("--hint: 100000000 entries of u64/u64 need"));
    assert!(with(&[("hint", "op"), ("map", "std")]).ends_with("got op; or ops, for as many as operations"));
    assert_eq!(
        error(&table("hint = \"op\"")),
        "my.toml:6: hint: must be a number, without quotes, or \"ops\", got string"
    );
    // A trace's are known when it is open, whatever it has at the most.
    let traced = Flags::from([("map", "std,btree"), ("hint", "ops"), ("trace", "t.csv"), ("ops", "7")]);
    let traced = crate::plan::plan(&[], &traced, &catalog()).unwrap();
    assert_eq!(traced.cells.iter().map(|cell| cell.hint).collect::<Vec<_>>(), [Hint::Ops, Hint::Entries(0)]);
    assert_eq!(traced.cells[0].id("", "", 5).hint, 5);
}

#[test]
fn lists_that_go_together_are_walked_side_by_side() {
    let paired = |lines: &str| table(lines).replace("ops = 10\n", "ops = [10, 20, 30]\n");
    let text = paired("hint = [1, 2, 3]\nseed = [7, 8]\npair = [\"ops\", \"hint\"]");
    let plan = plan_text(&text, &Flags::default()).unwrap();
    // Where the outermost of them stands.
    assert_eq!(hints(&plan), [(1, 10), (1, 10), (2, 20), (2, 20), (3, 30), (3, 30)]);
    let seeds: Vec<_> = plan.cells.iter().map(|cell| cell.workload.seed).collect();
    assert_eq!(seeds, [7, 8, 7, 8, 7, 8]);
    // One value goes with each: so one of the lists can be replaced.
    let one = plan_text(&text, &Flags::from([("ops", "5"), ("seed", "1")])).unwrap();
    assert_eq!(hints(&one), [(1, 5), (2, 5), (3, 5)]);

    let flags = [("map", "go-classic,std"), ("load_factor", "4,8"), ("seed", "1,2"), ("pair", "load-factor,map,seed")];
    let plan = plan_text(&table(""), &Flags::from(flags)).unwrap();
    assert_eq!(
        shown(&plan),
        ["go-classic uniform fill lf=4 hint=0 u64/u64 ops=10 seed=1", "std uniform fill hint=0 u64/u64 ops=10 seed=2"]
    );
}

#[test]
fn what_can_t_go_together_is_refused() {
    let with = |lines: &str| error(&table(lines));
    assert_eq!(
        with("hint = [1, 2]\nseed = [1, 2, 3]\npair = [\"ops\", \"hint\",\n\"seed\"]"),
        "my.toml:9: pair: hint has 2 values and seed has 3: lists that go together are equally long"
    );
    assert_eq!(
        with("pair = [\"ops\", \"hnt\"]"),
        "my.toml:6: pair: unknown axis \"hnt\", did you mean \"hint\"? Valid: map, keys, mix, load_factor, hint, entry, \
         ops, seed, threads, thread_keys, trace, trace_format, columns, trace_op."
    );
    assert_eq!(
        with("pair = [\"ops\", \"hint\"]"),
        "my.toml:6: pair: hint is not given, and only lists that are given can go together"
    );
    assert_eq!(with("pair = [\"ops\", \"ops\"]"), "my.toml:6: pair: ops is named twice");
    assert_eq!(with("pair = \"ops\""), "my.toml:6: pair: needs two axes or more, as in \"ops\", \"hint\"");
    assert_eq!(with("pair = 2"), "my.toml:6: pair: must be text in quotes, got integer");
    let refused = plan_text(&table(""), &Flags::from([("pair", "ops,seed")])).unwrap_err();
    assert_eq!(refused, "--pair: seed is not given, and only lists that are given can go together");
}

/// The cells that flags make of the smallest table, and what is left out, in words.
fn matched(flags: &[(&str, &str)]) -> Result<(Vec<String>, Vec<String>), String> {
    let mut given = Flags::default();
    for (key, text) in flags {
        given.give(key, [(*text).to_owned()]);
    }
    let mut catalog = catalog();
    catalog.maps.push(MapOffer { missing: Some("there is no go command"), ..map("go-absent", None, false) });
    catalog.mixes.last_mut().unwrap().needs_arguments = true;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    fs::write(&path, table("")).unwrap();
    let plan = plan(&[path.to_str().unwrap().to_owned()], &given, &catalog).map_err(|error| error.to_string())?;
    let left_out = plan.left_out.iter().map(|LeftOut { name, why }| format!("{name}: {why}"));
    Ok((shown(&plan), left_out.collect()))
}

/// The maps of the cells that flags make, and what is left out, a line each.
fn maps_matched(flags: &[(&str, &str)]) -> (String, String) {
    let (cells, left_out) = matched(flags).unwrap();
    let maps: Vec<_> = cells.iter().map(|cell| cell.split(' ').next().unwrap()).collect();
    (maps.join(" "), left_out.join("\n"))
}

#[test]
fn a_pattern_stands_for_all_that_it_matches_once() {
    let lines = |cells: &str, left_out: &str| (cells.to_owned(), left_out.to_owned());
    let absent = "go-absent: there is no go command";
    let go = "go-classic go-swiss go-runtime@1.23.9 go-runtime@1.27.3";
    assert_eq!(maps_matched(&[("map", "go-*")]), lines(go, absent));
    let all = format!("btree {} std hashbrown indexmap shared-map {}", &go[..19], &go[20..]);
    assert_eq!(maps_matched(&[("map", "btree,*,std,*d")]), lines(&all, absent));
    let each = "go-runtime@1.23.9(gogc=50) go-runtime@1.27.3(gogc=50)";
    assert_eq!(maps_matched(&[("map", "go-runtim{e,?}*(gogc=50)")]), lines(each, ""));

    let flags = [("entry", "string*,u64/u64"), ("mix", "ycsb-{a,f}"), ("keys", "se*,*quential")];
    let cell = |entry: &str, mix: &str| format!("std sequential ycsb-{mix} hint=0 {entry} ops=10 seed=1");
    let entries = ["string(24)/u64", "string(24)/256", "u64/u64"];
    let expected: Vec<_> = entries.into_iter().flat_map(|entry| [cell(entry, "a"), cell(entry, "f")]).collect();
    assert_eq!(matched(&flags), Ok((expected, vec![])));
    let patterns = table("").replace("\"std\"", "[\"std\", \"*\"]");
    assert_eq!(plan_text(&patterns, &Flags::default()).unwrap().cells.len(), 9);
}

#[test]
fn what_a_pattern_matches_and_can_t_be_is_left_out() {
    let (cells, left_out) = matched(&[("keys", "*"), ("mix", "*")]).unwrap();
    assert_eq!(cells.len(), 5 * 9);
    let expected =
        ["hotspot: hotspot needs set: >= 0 and <= 1", "file: file needs a file: file:PATH", "mix: needs arguments"];
    assert_eq!(left_out, expected);
    let lines = |cells: &str, left_out: &str| (cells.to_owned(), left_out.to_owned());
    assert_eq!(
        maps_matched(&[("map", "s*"), ("threads", "1,2")]),
        lines("std shared-map shared-map", "std: not concurrent")
    );
    assert_eq!(
        maps_matched(&[("map", "go-*c,std"), ("load_factor", "4,9")]),
        lines("go-classic std", "go-classic: load factors from 1 to 8")
    );
}

#[test]
fn a_pattern_that_stands_for_nothing_is_refused() {
    let error = |key: &str, text: &str, more: (&str, &str)| matched(&[(key, text), more]).unwrap_err();
    let seed = ("seed", "1");
    assert_eq!(
        error("map", "gp-s*", seed),
        "--map: no map matches \"gp-s*\", nearest: go-swiss. Valid: go-classic, go-swiss, std, hashbrown, indexmap, btree, \
         shared-map, go-runtime@1.23.9, go-runtime@1.27.3, go-absent, go-runtime."
    );
    assert!(
        error("entry", "u65/*", seed).starts_with("--entry: no entry matches \"u65/*\", nearest: u64/u64, u64/256.")
    );
    assert_eq!(error("keys", "fil*", seed), "--keys: \"fil*\": file: file needs a file: file:PATH");
    assert_eq!(error("mix", "mi*", seed), "--mix: \"mi*\": mix: needs arguments");
    assert_eq!(error("map", "go-a*", seed), "--map: go-absent: there is no go command");
    // What it matches takes its arguments, or it is no pattern for them.
    assert_eq!(
        error("map", "go-*(gogc=50)", seed),
        "--map: \"go-*(gogc=50)\": what it matches must take its arguments: go-classic takes no arguments, got 1 arguments"
    );
    assert_eq!(
        error("map", "s?d", ("threads", "2")),
        "--threads: 2 threads can't use std, which is not concurrent: give 1, or concurrent maps only (shared-map)"
    );
    // A map that is named is not passed over because a pattern matches it, too.
    assert!(error("map", "std,s*", ("threads", "2")).starts_with("--threads: 2 threads can't use std,"));
    let many = vec!["*"; 6000].join(",");
    assert_eq!(error("map", &many, seed), "--map: the patterns of the table stand for too many names: leave some out");
}

#[test]
fn a_path_of_a_parameter_is_relative_to_the_profile() {
    const PARAMS: &[Param] = &[Param::path("folder", ""), Param::flag("sync", "")];
    let mut catalog = catalog();
    catalog.maps[2].term.params = PARAMS;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    fs::write(&path, table("").replace("\"std\"", "[\"std(a/b,sync)\", \"s?d(c)\"]")).unwrap();
    let plan = plan(&[path.to_str().unwrap().to_owned()], &Flags::default(), &catalog).unwrap();
    let args = |index: usize| plan.cells[index].map.args.clone();
    assert_eq!(args(0), [Some(Arg::Path(folder.path().join("a/b"))), Some(Arg::Flag(true))]);
    assert_eq!(args(1), [Some(Arg::Path(folder.path().join("c"))), None]);
}
