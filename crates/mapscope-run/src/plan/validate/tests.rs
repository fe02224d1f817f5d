mod lists;
mod paces;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::plan::{CellSpec, Hint, LoadFactors, MapOffer, Param, Range, Source, Term, WorkloadSpec};

const fn param(name: &'static str, min: f64, max: f64, default: Option<f64>) -> Param {
    let range = Range { min, max, above_min: false, below_max: false, integer: false };
    Param { required: default.is_none(), ..Param::number(name, "", range, default) }
}

fn map(name: &'static str, load_factor: Option<(f64, f64, f64)>, hint: bool) -> MapOffer {
    let load_factor = load_factor.map(|(min, max, default)| LoadFactors::new(min, max, default));
    MapOffer {
        term: Term::plain(name, "", ""),
        group: None,
        load_factor,
        hint,
        concurrent: name.starts_with("shared"),
        concurrent_at: &[],
        missing: None,
    }
}

/// A map of one runtime of two.
fn runtime(name: &'static str) -> MapOffer {
    const PERCENT: Param = Param { required: false, ..param("gogc", -1.0, 1e6, None) };
    const LIMIT: Param = Param { name: "limit_mb", ..PERCENT };
    let term = Term { params: &[PERCENT, LIMIT], named: true, ..Term::plain(name, "", "") };
    MapOffer { term, group: Some("go-runtime"), ..map(name, None, true) }
}

/// Enough for the profiles that ship, with 1 GiB of memory.
fn catalog() -> Catalog {
    const THETA: &[Param] = &[param("theta", 0.0, 8.0, Some(0.99))];
    const SET: &[Param] = &[param("set", 0.0, 1.0, None), param("share", 0.0, 1.0, None)];
    const SHARES: &[Param] = &[
        param("insert", 0.0, 100.0, Some(0.0)),
        param("remove", 0.0, 100.0, Some(0.0)),
        param("get", 0.0, 100.0, Some(0.0)),
    ];
    let plain = |names: &[&'static str]| names.iter().map(|name| Term::plain(name, "", "")).collect::<Vec<_>>();
    let mut keys = plain(&["sequential", "uniform", "latest", "zipfian", "scrambled-zipfian", "hotspot", "file"]);
    keys[3].params = THETA;
    keys[4].params = THETA;
    keys[5].params = SET;
    keys[6].file = true;
    let mut mixes =
        plain(&["fill", "overwrite", "churn", "waves", "ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-f", "mix"]);
    const RECORDS: &[Param] = &[param("records", 1.0, 1e9, Some(100.0))];
    mixes[2].params = RECORDS;
    mixes[9].params = SHARES;
    mixes[9].named = true;
    Catalog {
        maps: vec![
            map("go-classic", Some((1.0, 8.0, 6.5)), true),
            map("go-swiss", None, true),
            map("std", None, true),
            map("hashbrown", None, true),
            map("indexmap", None, true),
            map("btree", None, false),
            map("shared-map", None, false),
            runtime("go-runtime@1.23.9"),
            runtime("go-runtime@1.27.3"),
        ],
        keys,
        mixes,
        entries: plain(&["u64/u64", "u64/256", "string(24)/u64", "string(24)/256"]),
        memory_bytes: 1 << 30,
    }
}

/// Writes `text` as `my.toml` and plans it, with `flags`.
fn plan_text(text: &str, flags: &Flags) -> Result<Plan, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    fs::write(&path, text).unwrap();
    let argument = path.to_str().unwrap().to_owned();
    let prefix = format!("{}/", folder.path().display());
    plan(&[argument], flags, &catalog()).map_err(|error| error.to_string().replace(&prefix, ""))
}

fn error(text: &str) -> String {
    plan_text(text, &Flags::default()).expect_err(text)
}

/// The smallest table, with `more` in it.
fn table(more: &str) -> String {
    format!("[[cells]]\nmap = \"std\"\nkeys = \"uniform\"\nmix = \"fill\"\nops = 10\n{more}\n")
}

fn show(cell: &CellSpec) -> String {
    let WorkloadSpec { source, ops, seed, .. } = &cell.workload;
    let source = match source {
        Source::Generated { keys, mix } => format!("{keys} {mix}"),
        Source::Trace(trace) => trace.path.display().to_string(),
    };
    let load_factor = cell.load_factor.map(|x| format!(" lf={x}")).unwrap_or_default();
    format!("{} {source}{load_factor} hint={} {} ops={ops} seed={seed}", cell.map, cell.hint.entries(0), cell.entry)
}

fn shown(plan: &Plan) -> Vec<String> {
    plan.cells.iter().map(show).collect()
}

#[test]
fn the_smallest_profile_gets_the_defaults() {
    let plan = plan_text(&table(""), &Flags::default()).unwrap();
    assert_eq!(plan.profile, "my");
    assert_eq!(plan.passes, Passes { count: true, time: true, profile: true, instructions: false });
    assert_eq!((plan.repetitions, plan.time_limit_s, plan.memory_limit_bytes), (Repetitions::Auto, None, None));
    assert_eq!(shown(&plan), ["std uniform fill hint=0 u64/u64 ops=10 seed=1"]);
}

#[test]
fn settings_are_read() {
    let text = format!(
        "summary = \"x\"\npasses = [\"count\", \"profile\"]\nrepetitions = 7\ntime_limit_s = 1_000\nmemory_limit_mb = 0x10\n{}",
        table("")
    );
    let plan = plan_text(&text, &Flags::default()).unwrap();
    assert_eq!(plan.passes, Passes { count: true, time: false, profile: true, instructions: false });
    assert_eq!(
        (plan.repetitions, plan.time_limit_s, plan.memory_limit_bytes),
        (Repetitions::Fixed(7), Some(1000), Some(16 << 20))
    );
}

#[test]
fn rates_are_whole_ascending_and_of_the_time_pass() {
    let read = |list: &str, flags: &Flags| plan_text(&format!("rates = {list}\n{}", table("")), flags);
    assert_eq!(read("[1e6, 100_000, 1_000_000]", &Flags::default()).unwrap().rates_per_s, [100_000, 1_000_000]);
    assert_eq!(read("5", &Flags::from([("rates", "1e5,2.5e3")])).unwrap().rates_per_s, [2500, 100_000]);
    for wrong in ["0", "1.5", "1e10", "-1", "inf", "nan"] {
        let error = read(wrong, &Flags::default()).unwrap_err().to_string();
        let expected = "my.toml:1: rates: must be a whole number from 1 to 1e9, as 100000 or 1e5, got ";
        assert!(error.starts_with(expected), "{error}");
    }
    let counted = Flags::from([("passes", "count"), ("rates", "1")]);
    let error = plan_text(&table(""), &counted).unwrap_err().to_string();
    assert_eq!(error, "--rate: needs the time pass, which is not among the passes");
}

#[test]
fn limits_given_as_flags_take_the_place_of_the_profile_s() {
    let text = format!("time_limit_s = 5\nmemory_limit_mb = 16\n{}", table(""));
    let flags = |time: &str, memory: &str| {
        let mut flags = Flags::default();
        for (key, text) in [("time_limit_s", time), ("memory_limit_mb", memory)] {
            flags.give(key, Some(text.to_owned()).filter(|text| !text.is_empty()));
        }
        flags
    };
    let limits = |flags: &Flags| plan_text(&text, flags).map(|plan| (plan.time_limit_s, plan.memory_limit_bytes));
    assert_eq!(limits(&flags("", "")), Ok((Some(5), Some(16 << 20))));
    assert_eq!(limits(&flags("7_200", "")), Ok((Some(7200), Some(16 << 20))));
    assert_eq!(limits(&flags("", "32")), Ok((Some(5), Some(32 << 20))));
    for (time, memory, begins) in [
        ("0", "", "--time-limit: must be a whole number from 1 to 2592000,"),
        ("1,2", "", "--time-limit: takes one value, not a list"),
        ("", "1.5", "--memory-limit: must be a whole number from 1 to "),
    ] {
        let error = limits(&flags(time, memory)).unwrap_err().to_string();
        assert!(error.starts_with(begins), "{error}");
    }
}

#[test]
fn a_table_is_the_product_of_its_lists() {
    let text = "[[cells]]\nmap = [\"go-classic\", \"btree\"]\nkeys = [\"uniform\", \"zipfian\"]\nmix = \"fill\"\n\
                load_factor = [4, 6.5]\nhint = [0, 5]\nops = [10]\n";
    let plan = plan_text(text, &Flags::default()).unwrap();
    assert_eq!(
        shown(&plan),
        [
            "go-classic uniform fill lf=4 hint=0 u64/u64 ops=10 seed=1",
            "go-classic uniform fill lf=6.5 hint=0 u64/u64 ops=10 seed=1",
            "btree uniform fill hint=0 u64/u64 ops=10 seed=1",
            "go-classic uniform fill lf=4 hint=5 u64/u64 ops=10 seed=1",
            "go-classic uniform fill lf=6.5 hint=5 u64/u64 ops=10 seed=1",
            "go-classic zipfian(0.99) fill lf=4 hint=0 u64/u64 ops=10 seed=1",
            "go-classic zipfian(0.99) fill lf=6.5 hint=0 u64/u64 ops=10 seed=1",
            "btree zipfian(0.99) fill hint=0 u64/u64 ops=10 seed=1",
            "go-classic zipfian(0.99) fill lf=4 hint=5 u64/u64 ops=10 seed=1",
            "go-classic zipfian(0.99) fill lf=6.5 hint=5 u64/u64 ops=10 seed=1",
        ]
    );
}

#[test]
fn a_cell_written_twice_runs_once() {
    let text = table("") + &table("").replace("\"uniform\"", "[\"uniform\", \"zipfian(0.990)\", \"zipfian\"]");
    let plan = plan_text(&text, &Flags::default()).unwrap();
    assert_eq!(
        shown(&plan),
        ["std uniform fill hint=0 u64/u64 ops=10 seed=1", "std zipfian(0.99) fill hint=0 u64/u64 ops=10 seed=1"]
    );
}

#[test]
fn paths_are_relative_to_the_profile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    fs::write(&path, "[[cells]]\nmap = \"std\"\ntrace = \"t.csv\"\n").unwrap();
    let argument = [path.to_str().unwrap().to_owned()];
    let plan = super::plan(&argument, &Flags::default(), &catalog()).unwrap();
    assert_eq!(plan.cells[0].workload.source, Source::Trace(folder.path().join("t.csv").into()));
    assert_eq!(plan.cells[0].workload.ops, i64::MAX as u64);

    let flags = Flags::from([("keys", "file:k.txt"), ("mix", "fill"), ("ops", "3")]);
    let plan = super::plan(&argument, &flags, &catalog()).unwrap();
    let Source::Generated { keys, .. } = &plan.cells[0].workload.source else { panic!("keys replace the trace") };
    assert_eq!(keys.path.as_deref(), Some(Path::new("k.txt")));
}

#[test]
fn standard_input_lies_beside_no_profile_and_is_named_once_a_list() {
    let plan = plan_text("[[cells]]\nmap = \"std\"\ntrace = \"-\"\n", &Flags::default()).unwrap();
    assert_eq!(plan.cells[0].workload.source, Source::Trace(PathBuf::from("-").into()));
    let plan = plan_text(&table("").replace("uniform", "file:-"), &Flags::default()).unwrap();
    let Source::Generated { keys, .. } = &plan.cells[0].workload.source else { panic!("keys") };
    assert_eq!(keys.path.as_deref(), Some(Path::new("-")));
    let twice = "- is standard input, which is read once: name it once";
    let text = "[[cells]]\nmap = \"std\"\ntrace = [\n\"-\",\n\"-\"]\n";
    assert_eq!(error(text), format!("my.toml:5: trace: {twice}"));
    let flags = Flags::from([("trace", "-"), ("trace", "t.csv"), ("trace", "-")]);
    assert_eq!(super::plan(&[], &flags, &catalog()).unwrap_err().to_string(), format!("--trace: {twice}"));
}

#[test]
fn errors_name_file_line_and_key() {
    assert_eq!(error("summary = \"x\"\n"), "my.toml:1: a profile needs at least one [[cells]] table");
    assert_eq!(
        error(&format!("summary = \"x\"\nrepetition = 5\n{}", table(""))),
        "my.toml:2: unknown key \"repetition\", did you mean \"repetitions\"? Valid: summary, passes, repetitions, \
         time_limit_s, memory_limit_mb, max_cells, rates, paces, response_limits."
    );
    assert_eq!(
        error(&table("key = \"uniform\"")),
        "my.toml:6: unknown key \"key\", did you mean \"keys\"? Valid: map, keys, mix, load_factor, hint, entry, ops, \
         seed, threads, thread_keys, trace, trace_format, columns, trace_op, pair."
    );
    assert!(error(&format!("ops = 5\n{}", table(""))).ends_with(" The keys of a cell stand below [[cells]]."));
    assert_eq!(error("\n[cells]\nmap = \"std\"\n"), "my.toml:2: cells: must be tables, each headed [[cells]]");
    assert_eq!(error("cells = []"), "my.toml:1: a profile needs at least one [[cells]] table");
    assert!(error("\nmap = [\n").starts_with("my.toml:2: not TOML: "), "{}", error("\nmap = [\n"));
    assert_eq!(error(&table("seed = []")), "my.toml:6: seed: the list is empty");
    assert_eq!(error(&table("seed = \"1\"")), "my.toml:6: seed: must be a number, without quotes, got string");
    assert_eq!(error(&table("entry = [\n8]")), "my.toml:7: entry: must be text in quotes, got integer");
    assert_eq!(
        error("[[cells]]\nmap = \"std\"\nkeys = \"uniform\"\nops = 5"),
        "my.toml:1: [[cells]]: \"mix\" is missing: add mix = [...] to the table, or give --mix"
    );
    assert_eq!(
        error(&table("trace = \"t.csv\"")),
        "my.toml:3: keys: a trace brings its own keys and mix: leave this out"
    );
}

#[test]
fn a_plan_has_a_limit_that_can_be_raised() {
    let many = (0..401).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let text = table(&format!("seed = [{many}]\nhint = [{many}]"));
    let refused = "my.toml:2: [[cells]]: the lists multiply to 160801 cells, and a plan has 100000 at the most: shorten \
                   them, or raise max_cells in the profile, or --max-cells";
    assert_eq!(error(&format!("passes = \"count\"\n{text}")), refused);
    let three = format!("max_cells = 2\n{}{}", table("seed = [1, 2]"), table("hint = 1"));
    assert!(error(&three).starts_with("my.toml:8: [[cells]]: the lists multiply to 3 cells, and a plan has 2"));
    let raised = plan_text(&three, &Flags::from([("max_cells", "3")])).unwrap();
    assert_eq!(raised.cells.len(), 3);
    assert_eq!(plan_text(&three.replace("cells = 2", "cells = 3"), &Flags::default()).unwrap(), raised);
}

#[test]
fn a_value_of_a_megabyte_is_not_repeated() {
    let long = "x".repeat(1 << 20);
    let texts = [
        format!("[[cells]]\nmap = \"{long}\"\n"),
        table(&format!("entry = \"{long}\"")),
        table(&format!("{long} = 1")),
    ];
    for text in texts {
        let error = error(&text);
        assert!(error.len() < 1000 && error.contains("x…\" (1048576 bytes)"), "{error:.2000}");
    }
    assert!(error(&table(&format!("hint = {}", "9".repeat(1 << 20)))).len() < 1000);
}

#[test]
fn errors_name_the_range() {
    let setting = |line: &str| error(&format!("{line}\n{}", table("")));
    assert_eq!(
        setting("repetitions = 1001"),
        "my.toml:1: repetitions: must be auto, or a whole number from 1 to 1000, in digits and _ only, got 1001"
    );
    assert!(setting("repetitions = 2.5").ends_with("got 2.5"));
    assert_eq!(setting("repetitions = [1, 2]"), "my.toml:1: repetitions: takes one value, not a list");
    assert!(setting("time_limit_s = 0").starts_with("my.toml:1: time_limit_s: must be a whole number from 1 to"));
    assert!(setting("memory_limit_mb = 99_999_999_999_999").ends_with("got 99999999999999"));
    assert_eq!(
        setting("passes = \"times\""),
        "my.toml:1: passes: unknown pass \"times\", did you mean \"time\"? Valid: count, time, profile, instructions."
    );
    assert_eq!(
        error(&table("").replace("\"uniform\"", "\"zipfian(9)\"")),
        "my.toml:3: keys: zipfian: theta must be >= 0 and <= 8, got 9"
    );
}

#[test]
fn ops_are_whole_and_fit() {
    let flags = |ops: &str| Flags::from([("ops", ops)]);
    for (written, ops) in [("1", 1), ("1_000,2", 1000), ("9223372036854775807", i64::MAX as u64)] {
        assert_eq!(plan_text(&table(""), &flags(written)).unwrap().cells[0].workload.ops, ops);
    }
    for wrong in ["0", "-1", "18446744073709551616", "9223372036854775808", "1e6", "+5", "", "_", "0x10", "1.0"] {
        assert_eq!(
            plan_text(&table(""), &flags(wrong)).unwrap_err(),
            format!("--ops: must be a whole number from 1 to 9223372036854775807, in digits and _ only, got {wrong}")
        );
    }
    assert!(error(&table("").replace("ops = 10", "ops = 1e6")).starts_with("my.toml:5: ops: must be a whole number"));
    assert!(error(&table("").replace("ops = 10", "ops = 18446744073709551616")).ends_with("got 18446744073709551616"));
}

#[test]
fn load_factors_lie_within_the_maps() {
    let go = |value: &str| error(&table(&format!("load_factor = [{value}]")).replace("std", "go-classic"));
    for wrong in ["0.0", "-1.0", "8.5", "nan", "inf"] {
        assert_eq!(go(wrong), format!("my.toml:6: load_factor: must be from 1 to 8 for go-classic, got {wrong}"));
    }
    assert_eq!(error(&table("load_factor = 4.0")), "my.toml:6: load_factor: can't be set: not a parameter of std");
    let flags = Flags::from([("load_factor", "x")]);
    assert_eq!(plan_text(&table(""), &flags).unwrap_err(), "--load-factor: must be a number, got \"x\"");
}

#[test]
fn threads_are_for_maps_that_can_have_them() {
    let shared = |line: &str| table(line).replace("std", "shared-map");
    let plan = plan_text(&shared("threads = [1, 2, 4]\nthread_keys = [\"shared\", \"disjoint\"]"), &Flags::default());
    let crew = |cell: &CellSpec| cell.crew.map(|crew| (crew.threads, crew.keys.name())).unwrap();
    let crews: Vec<_> = plan.unwrap().cells.iter().map(crew).collect();
    let expected = [(1, "shared"), (2, "shared"), (2, "disjoint"), (4, "shared"), (4, "disjoint")];
    assert_eq!(crews, expected, "one thread has all keys, once");
    for alone in [table(""), table("threads = 1"), shared("")] {
        assert_eq!(plan_text(&alone, &Flags::default()).unwrap().cells[0].crew, None);
    }
    assert_eq!(
        error(&table("threads = [1, 2]").replace("\"std\"", "[\"shared-map\", \"std\", \"btree\", \"std\"]")),
        "my.toml:6: threads: 2 threads can't use std, btree, which are not concurrent: give 1, or concurrent maps only \
         (shared-map)"
    );
    assert!(
        error(&shared("threads = 0")).ends_with("must be a whole number from 1 to 1024, in digits and _ only, got 0")
    );
    assert_eq!(
        error(&shared("threads = 2\nthread_keys = \"share\"")),
        "my.toml:7: thread_keys: unknown way to deal keys \"share\", did you mean \"shared\"? Valid: shared, disjoint."
    );
}

#[test]
fn threads_are_for_the_releases_that_they_can_have() {
    const PARAMS: &[Param] = &[Param::word("go", "", &["1.3", "1.30", "1.31"])];
    let term = Term { params: PARAMS, named: true, ..Term::plain("shared-once", "", "") };
    let mut catalog = catalog();
    catalog.maps.push(MapOffer { term, concurrent_at: &["1.3", "1.30"], ..map("shared-once", None, false) });
    let crews = |called: &str, threads: &str| {
        let flags = [("map", called), ("threads", threads), ("keys", "uniform"), ("mix", "fill"), ("ops", "9")];
        let flags = Flags::from(flags);
        let plan = plan(&[], &flags, &catalog).map_err(|error| error.to_string())?;
        Ok::<_, String>(plan.cells.iter().map(|cell| cell.crew.map_or(0, |crew| crew.threads)).collect::<Vec<_>>())
    };
    assert_eq!(crews("shared-once(go=1.3),shared-once(go=1.30)", "1,2"), Ok(vec![1, 2, 1, 2]));
    // The newest has one thread that has the map to itself.
    assert_eq!(crews("shared-once", "1"), Ok(vec![0]));
    for newest in ["shared-once", "shared-once(go=1.31)"] {
        let error = "--threads: 2 threads can't use shared-once, but they can shared-once(go=1.30): what several threads \
                     use is of 1.3, 1.30";
        assert_eq!(crews(newest, "2"), Err(error.to_owned()));
    }
    let concurrent = "concurrent maps only (shared-map, shared-once(go=1.30))";
    assert!(crews("std", "2").unwrap_err().ends_with(concurrent));
}

#[test]
fn hints_fit_the_memory() {
    let with_hint = |hint: u64| plan_text(&table(&format!("hint = {hint}")), &Flags::default());
    assert_eq!(with_hint((1 << 30) / 16).unwrap().cells[0].hint, Hint::Entries((1 << 30) / 16));
    assert_eq!(
        with_hint((1 << 30) / 16 + 65536).unwrap_err(),
        "my.toml:6: hint: 67174400 entries of u64/u64 need at least 1025 MiB, but there are 1024 MiB of memory: give \
         a smaller hint"
    );
    let limited = format!("memory_limit_mb = 1\n{}", table("hint = 65537"));
    assert!(error(&limited).ends_with("but there are 1 MiB of memory: give a smaller hint"));
    assert!(with_hint(i64::MAX as u64).is_err());
    assert_eq!(
        error(&table("hint = 5").replace("std", "btree")),
        "my.toml:6: hint: can't be given: btree takes no capacity hint"
    );
}

#[test]
fn flags_replace_lists_in_every_table() {
    let text = table("") + &table("entry = \"u64/256\"");
    let flags = Flags::from([
        ("map", "std,btree"),
        ("map", "hashbrown"),
        ("mix", "churn,mix(insert=1,get=2)"),
        ("passes", "count"),
        ("seed", "7"),
    ]);
    let plan = plan_text(&text, &flags).unwrap();
    assert_eq!(plan.passes, Passes { count: true, time: false, profile: false, instructions: false });
    assert_eq!(plan.cells.len(), 12);
    assert_eq!(show(&plan.cells[4]), "btree uniform mix(insert=1,remove=0,get=2) hint=0 u64/u64 ops=10 seed=7");
    assert_eq!(show(&plan.cells[11]), "hashbrown uniform mix(insert=1,remove=0,get=2) hint=0 u64/256 ops=10 seed=7");
}

#[test]
fn flags_alone_are_custom_and_passes_alone_are_quick() {
    let flags = Flags::from([("trace", "a,b.csv")]);
    let plan = plan(&[], &flags, &catalog()).unwrap();
    assert_eq!(plan.profile, "custom");
    let maps: Vec<_> = plan.cells.iter().map(|cell| cell.map.name).collect();
    assert_eq!(maps, ["go-classic", "std", "hashbrown", "indexmap", "btree"]);
    for cell in &plan.cells {
        assert_eq!(cell.workload.source, Source::Trace(PathBuf::from("a,b.csv").into()));
        assert_eq!((cell.workload.ops, cell.hint, cell.entry), (i64::MAX as u64, Hint::Entries(0), "u64/u64"));
    }

    let flags = Flags::from([("map", "std")]);
    let plan = super::plan(&[], &flags, &catalog()).unwrap();
    assert_eq!(shown(&plan), ["std uniform fill hint=0 u64/u64 ops=100000 seed=1"]);
    assert_eq!(plan.repetitions, Repetitions::Auto, "a question of one's own is worth more time than a look");

    let flags = Flags::from([("passes", "count")]);
    let quick = super::plan(&["quick".into()], &Flags::default(), &catalog()).unwrap();
    let counted = super::plan(&[], &flags, &catalog()).unwrap();
    assert_eq!(counted.profile, "quick");
    assert_eq!(counted.cells, quick.cells);
    assert_eq!(quick.repetitions, Repetitions::Fixed(8));
    assert_eq!(counted.passes, Passes { count: true, time: false, profile: false, instructions: false });
}

#[test]
fn a_trace_excludes_keys_and_mix() {
    let flags = Flags::from([("trace", "t"), ("mix", "fill")]);
    assert_eq!(
        plan(&[], &flags, &catalog()).unwrap_err().to_string(),
        "--trace: a trace brings its own keys and mix: leave --keys and --mix out"
    );
}

#[test]
fn profiles_are_joined() {
    let plan = plan(&["ci".into(), "ycsb".into(), "ci".into()], &Flags::default(), &catalog()).unwrap();
    assert_eq!(plan.profile, "ci+ycsb+ci");
    assert_eq!(plan.passes, Passes { count: true, time: true, profile: true, instructions: false });
    assert_eq!(plan.time_limit_s, None);
    assert_eq!(plan.cells.len(), 40 + 50);
}

#[test]
fn an_unknown_profile_gets_the_nearest() {
    let unknown = |name: &str| plan(&[name.into()], &Flags::default(), &catalog()).unwrap_err().to_string();
    assert!(
        unknown("quik").starts_with("unknown profile \"quik\", did you mean \"quick\"? Valid: quick, load-factors,")
    );
    assert!(unknown("load").contains("did you mean \"load-factors\"?"));
    assert!(unknown("no/such").starts_with("no/such: can't read the profile: No such file"));
    assert!(unknown("nosuch.toml").starts_with("nosuch.toml: can't read the profile: No such file"));
}

#[test]
fn a_binary_profile_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    fs::write(&path, b"\xff\xfe\x00").unwrap();
    let error = plan(&[path.to_str().unwrap().into()], &Flags::default(), &catalog()).unwrap_err();
    assert_eq!(error.to_string(), format!("{}:1: not a profile: TOML is UTF-8 text", path.display()));
}

#[test]
fn windows_line_ends_are_fine() {
    assert!(plan_text(&table("seed = 5").replace('\n', "\r\n"), &Flags::default()).is_ok());
}

#[test]
fn every_profile_that_ships_is_in_the_registry_and_valid() {
    let mut files: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut names: Vec<_> = SHIPPED.iter().map(|shipped| shipped.name.to_owned()).collect();
    assert_eq!(names[0], "quick");
    files.sort();
    names.sort();
    assert_eq!(files, names);
    let mut roomy = catalog();
    roomy.memory_bytes = 1 << 33;
    for name in [
        "go-classic-inline",
        "go-classic-slab",
        "go-classic-pooled",
        "hashbrown-foldhash-quality",
        "hashbrown-ahash",
        "hashbrown-fxhash",
        "griddle",
        "imbl-hashmap",
        "imbl-ordmap",
        "skiplist",
        "rwlock-hashbrown",
        "sharded-mutex",
        "dashmap",
        "papaya",
        "flurry",
        "scc",
        "java-hashmap",
        "redis-dict",
        "cuckoo",
        "go-runtime-syncmap",
    ] {
        roomy.maps.push(map(name, None, false));
    }
    const PARAMS: &[Param] = &[Param::word("go", "", &["1.23", "1.27"])];
    let term = Term { params: PARAMS, named: true, ..Term::plain("go-syncmap", "", "") };
    roomy.maps.push(MapOffer { term, ..map("go-syncmap", None, false) });
    for offer in &mut roomy.maps {
        offer.concurrent = true;
    }
    for shipped in SHIPPED {
        let plan = plan(&[shipped.name.into()], &Flags::default(), &roomy).unwrap_or_else(|error| panic!("{error}"));
        assert!(!plan.cells.is_empty());
        let summary = shipped.summary();
        assert!(!summary.is_empty() && summary.len() < 110, "{}: {summary}", shipped.name);
    }
}

#[test]
fn quick_stays_quick_and_the_table_holds_what_go_holds() {
    let quick = plan(&[], &Flags::default(), &catalog()).unwrap();
    assert!(quick.cells.len() <= 40, "{} cells", quick.cells.len());
    let table = plan(&["go-load-factor-table".into()], &Flags::default(), &catalog()).unwrap();
    assert_eq!(table.passes, Passes { count: true, time: false, profile: false, instructions: false });
    assert_eq!(table.cells.len(), 9);
    for (index, cell) in table.cells.iter().enumerate() {
        let load_factor = 4.0 + 0.5 * index as f64;
        assert_eq!(cell.load_factor, Some(load_factor));
        let buckets = cell.workload.ops as f64 / load_factor;
        assert_eq!(buckets.log2().fract(), 0.0, "load_factor * 2^B entries");
        assert!(buckets >= (1 << 20) as f64);
    }
}

#[test]
fn a_group_stands_for_each_of_its_maps_with_the_arguments_given() {
    let maps = |list: &str| {
        let flags = Flags::from([("map", list)]);
        let plan = plan(&[], &flags, &catalog()).map_err(|error| error.to_string())?;
        Ok::<_, String>(plan.cells.iter().map(|cell| cell.map.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(maps("go-runtime").unwrap(), ["go-runtime@1.23.9", "go-runtime@1.27.3"]);
    assert_eq!(maps("std,go-runtime@1.27.3").unwrap(), ["std", "go-runtime@1.27.3"]);
    assert_eq!(
        maps("go-runtime(gogc=50),go-runtime@1.27.3(limit_mb=64,gogc=5e1)").unwrap(),
        ["go-runtime@1.23.9(gogc=50)", "go-runtime@1.27.3(gogc=50)", "go-runtime@1.27.3(gogc=50,limit_mb=64)"]
    );
    assert!(maps("go-runtime(gogc=-2)").unwrap_err().contains("go-runtime: gogc must be"));
    assert!(maps("go-runtime@1.22").unwrap_err().contains("unknown map \"go-runtime@1.22\""));
}

proptest::proptest! {
    #[test]
    fn no_profile_panics(text in "(\\[\\[cells\\]\\]\n)?((map|ops|keys|seed|hint|pair|cells|passes|x) = (\"[a-z(,)]{0,5}\"|-?[0-9_]{1,22}|nan|1e[0-9]{1,3}|\\[[0-9,]{0,4}\\]|\\{\\})?\n){0,5}.?") {
        let _ = Profile::parse("p", &text, Path::new("p.toml")).and_then(|profile| validate(&profile, &catalog()));
    }
}
