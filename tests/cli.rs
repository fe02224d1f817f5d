//! The command line as a process: stdout, stderr, exit code, files left.

use std::io::Write as _;
use std::process::{Command, Stdio};

use mapscope::plan::{self, Flags, SHIPPED};
use mapscope::run::Subjects;
use mapscope::workload::Workload;
use serde_json::Value;

use crate::cli_process::{Outcome, Place};

fn run(args: &[&str]) -> Outcome {
    Place::new().run(args)
}

#[track_caller]
fn shows(args: &[&str], words: &[&str]) -> String {
    let outcome = run(args);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
    assert!(outcome.left.is_empty(), "left {:?}", outcome.left);
    for word in words {
        assert!(outcome.stdout.contains(word), "no {word:?} in\n{}", outcome.stdout);
    }
    outcome.stdout
}

#[test]
fn no_verb_prints_help() {
    let help = shows(
        &[],
        &[
            "Usage: mapscope",
            "run ",
            "diff ",
            "gate ",
            "ab ",
            "baseline ",
            "replay ",
            "layout ",
            "verify ",
            "report ",
            "list ",
            "completions ",
            "man ",
            "Exit codes: 0 done",
        ],
    );
    assert_eq!(help, run(&["-h"]).stdout);
}

#[test]
fn every_verb_has_help_that_fits_80_columns() {
    for verb in
        ["run", "diff", "gate", "ab", "baseline", "replay", "layout", "describe", "verify", "report", "list", "man"]
    {
        let help = shows(&[verb, "--help"], &["Usage: mapscope"]);
        for line in help.lines().skip_while(|line| !line.is_empty()).filter(|line| !line.starts_with("  ")) {
            assert!(line.chars().count() <= 80, "{verb}: {line}");
        }
    }
}

#[test]
fn completions_have_every_verb_and_flag_in_the_words_of_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = shows(&["completions", shell], &["mapscope", "baseline", "load-factor", "self-test"]);
        for hidden in ["__cell", "__turn"] {
            assert!(!script.contains(hidden), "{shell}: the hidden verb is not offered");
        }
    }
    let script = shows(&["completions", "bash"], &[]);
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().expect("bash");
    bash.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("written");
    assert!(bash.wait().expect("it ends").success(), "bash reads it");
    assert_eq!(run(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn manual_pages_are_of_mapscope_and_of_each_verb() {
    let whole = shows(&["man"], &[".TH mapscope 1", ".SH SYNOPSIS", "Exit codes: 0 done"]);
    for verb in ["run", "diff", "gate", "ab", "baseline", "replay", "inspect", "layout", "verify", "report", "list"] {
        assert!(whole.contains(&format!("mapscope\\-{verb}(1)")), "{verb}: {whole}");
        shows(&["man", verb], &[&format!(".TH mapscope-{verb} 1"), ".SH OPTIONS"]);
    }
    let unknown = run(&["man", "rnu"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("there is no verb rnu: `mapscope` alone names them"), "{}", unknown.stderr);
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(shows(&["--version"], &[]), concat!("mapscope ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn list_names_the_maps_with_what_they_take() {
    let maps = shows(&["list", "maps"], &["maps (--map)\n"]);
    // Long names leave it two lines.
    let words = maps.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("takes: load factor 1 to 8, default 6.5; capacity hint"), "{maps}");
    assert!(words.contains("takes: capacity hint; several threads source: docs.rs/papaya"), "{maps}");
    let names: Vec<_> = maps.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    // Which runtimes are there depends on the machine.
    let (runtimes, names): (Vec<_>, Vec<_>) =
        names.into_iter().filter(|name| !name.is_empty()).partition(|name| name.starts_with("go-runtime"));
    assert!(runtimes.len() >= 2, "{runtimes:?}");
    let rust = ["std", "hashbrown", "hashbrown-foldhash-quality", "hashbrown-ahash", "hashbrown-fxhash", "griddle"];
    let others = ["indexmap", "btree", "imbl-hashmap", "imbl-ordmap", "skiplist"];
    let concurrent = ["rwlock-hashbrown", "sharded-mutex", "dashmap", "papaya", "flurry", "scc"];
    let go = ["go-classic", "go-classic-inline", "go-classic-slab", "go-classic-pooled", "go-swiss", "go-syncmap"];
    let models = ["java-hashmap", "redis-dict", "cuckoo"];
    assert_eq!(names, [&go[..], &models, &rust, &others, &concurrent].concat());
}

#[test]
fn list_shows_parameters_and_ranges() {
    shows(&["list", "keys"], &["\n  zipfian ", "(theta: > 0 and <= 8, default 0.99) ", "\n  file:PATH "]);
    shows(&["list", "mixes"], &["\n  ycsb-a ", "\n  mix ", "(insert: >= 0 and <= 1000000000, default 0) "]);
    shows(&["list", "entries"], &["string(24)/256  24-byte string key on the heap, 256-byte value\n"]);
}

#[test]
fn list_alone_lists_everything() {
    let all = shows(&["list"], &[]);
    let titles: Vec<_> = all.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
    assert_eq!(
        titles,
        [
            "maps (--map)",
            "keys (--keys)",
            "mixes (--mix)",
            "entries (--entry)",
            "axes (keys of [[cells]], flags of run)",
            "metrics (unit, class, rank in the gate, which way is better)",
            "profiles (run PROFILE)",
            "formats (--format)",
            "verdicts (gate --format)",
            "differences (diff --out)",
            "comparisons (ab --format)",
            "descriptions (describe --format)",
            "traces (--trace-format; packed or not)"
        ]
    );
    for line in all.lines() {
        assert_eq!(line, line.trim_end());
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn list_as_json_has_every_name_of_the_text() {
    let all: Value = serde_json::from_str(&shows(&["list", "--format", "json"], &[])).expect("JSON");
    let sections = all.as_object().expect("an object");
    let keys = [
        "maps",
        "keys",
        "mixes",
        "entries",
        "axes",
        "metrics",
        "profiles",
        "formats",
        "traces",
        "verdicts",
        "differences",
        "comparisons",
        "descriptions",
    ];
    let mut sorted = keys;
    sorted.sort_unstable();
    assert_eq!(sections.keys().collect::<Vec<_>>(), sorted);
    let names = |key: &str| -> Vec<String> {
        let rows = sections[key].as_array().expect("rows").iter();
        rows.map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
    };
    for key in &keys[..9] {
        let text = shows(&["list", key], &[]);
        let section = text.split("\n\n").next().expect("the first section");
        let listed = section.lines().filter_map(|line| line.strip_prefix("  ")?.split("  ").next());
        let listed: Vec<_> = listed.filter(|name| !name.is_empty() && !name.starts_with(' ')).collect();
        // Names of two lines are cut in the text.
        assert_eq!(listed.len(), names(key).len(), "{key}:\n{text}");
    }
    let row = |key: &str, name: &str| {
        let row = sections[key].as_array().expect("rows").iter().find(|row| row["name"] == name);
        row.unwrap_or_else(|| panic!("no {name}")).clone()
    };
    assert_eq!(row("maps", "go-classic")["load_factor"], serde_json::json!({"min": 1.0, "max": 8.0, "default": 6.5}));
    assert_eq!(row("maps", "dashmap")["threads"], true);
    assert_eq!(row("keys", "zipfian")["params"][0]["default"], "0.99");
    assert_eq!(row("metrics", "ns_per_op")["better"], "lower");
    assert_eq!(row("axes", "ops")["flag"], "--ops");
    assert!(row("maps", "std").get("load_factor").is_none(), "absent where it can't be set");
    assert_eq!(run(&["list", "--format", "yaml"]).code, Some(2));
}

#[test]
fn list_profiles_names_all_that_ship() {
    let names = [
        "quick",
        "load-factors",
        "go-load-factor-table",
        "growth",
        "key-distributions",
        "churn",
        "drain",
        "presize",
        "write-amplification",
        "ycsb",
        "every-map",
        "worst-insert",
        "go-models",
        "go-gc",
        "slot-reuse",
        "small-maps",
        "go-map-vs-syncmap",
        "ci",
    ];
    let listed = shows(&["list", "profiles"], &[]);
    for name in names {
        assert!(listed.contains(&format!("\n  {name} ")), "{name}");
    }
}

#[test]
fn every_profile_that_ships_suits_the_maps_that_ship() {
    let catalog = Subjects::builtin().catalog();
    for shipped in SHIPPED {
        let plan = plan::plan(&[shipped.name.into()], &Flags::default(), &catalog);
        let plan = plan.unwrap_or_else(|error| panic!("{error}"));
        assert!(plan.cells.len() <= 250, "{}: {} cells", shipped.name, plan.cells.len());
    }
}

#[test]
fn every_profile_that_ships_has_workloads_that_open() {
    let catalog = Subjects::builtin().catalog();
    for shipped in SHIPPED {
        let plan = plan::plan(&[shipped.name.into()], &Flags::default(), &catalog).unwrap();
        for cell in plan.cells {
            let opened = Workload::open(&cell.workload);
            opened.unwrap_or_else(|error| panic!("{}: {:?}: {error}", shipped.name, cell.workload));
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mapscope"))
        .arg("list")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_mapscope")).arg("list").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "error: can't write to stdout: No space left on device (os error 28)\n");
}

const TINY: &[&str] = &["run", "--map", "std,btree", "--ops", "1000", "--passes", "count"];

fn tiny(more: &[&str]) -> Vec<&'static str> {
    // Leaked: a few words a test.
    TINY.iter().copied().chain(more.iter().map(|word| &*word.to_string().leak())).collect()
}

#[test]
fn a_run_leaves_its_record_and_shows_a_table() {
    let outcome = run(&tiny(&["--out", "here"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "", "no bar where there is no terminal");
    for word in ["std", "btree", "report: here/index.html"] {
        assert!(outcome.stdout.contains(word), "no {word:?} in\n{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains('\x1b'), "no colour where there is no terminal");
    for file in ["here/results.json", "here/results.csv", "here/results.md", "here/index.html"] {
        assert!(outcome.left.iter().any(|left| left.as_os_str() == file), "no {file} in {:?}", outcome.left);
    }
}

#[test]
fn without_out_a_run_makes_a_folder_under_reports() {
    let outcome = run(TINY);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let tables: Vec<_> = outcome.left.iter().filter(|path| path.ends_with("results.csv")).collect();
    assert_eq!(tables.len(), 1);
    assert!(tables[0].starts_with("reports") && tables[0].components().count() == 3, "{tables:?}");
}

#[test]
fn out_dash_gives_the_csv_and_leaves_nothing() {
    let outcome = run(&tiny(&["--out", "-", "--quiet"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let mut lines = outcome.stdout.lines();
    assert!(lines.next().unwrap().starts_with("map,keys,mix,load_factor,hint,entry,ops,seed,status,"));
    assert!(lines.next().unwrap().starts_with("std,uniform,fill,,0,u64/u64,1000,1,ok,"));
    assert!(lines.next().unwrap().starts_with("btree,uniform,fill,,0,u64/u64,1000,1,ok,"));
    assert_eq!(lines.next(), None);
    assert!(outcome.left.is_empty(), "left {:?}", outcome.left);
}

#[test]
fn quiet_says_nothing() {
    let outcome = run(&tiny(&["--out", "here", "-q"]));
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (Some(0), "", ""));
}

#[test]
fn equal_runs_give_equal_tables_and_the_gate_passes_them() {
    let place = Place::new();
    assert_eq!(place.run(&tiny(&["--out", "a", "--jobs", "1"])).code, Some(0));
    assert_eq!(place.run(&tiny(&["--out", "b", "--jobs", "2"])).code, Some(0));
    let table = |name: &str| std::fs::read(place.path().join(name).join("results.csv")).unwrap();
    assert!(table("a") == table("b"), "exact means exact");
    let gate = place.run(&["gate", "a", "b"]);
    assert_eq!(gate.code, Some(0), "{}{}", gate.stdout, gate.stderr);
    assert!(gate.left.is_empty());
    let self_test = place.run(&["gate", "--self-test", "a/results.json"]);
    assert_eq!(self_test.code, Some(0), "{}{}", self_test.stdout, self_test.stderr);
}

#[test]
fn reports_are_rendered_again_from_the_record() {
    let place = Place::new();
    assert_eq!(place.run(&tiny(&["--out", "here"])).code, Some(0));
    let csv = place.path().join("here/results.csv");
    let before = std::fs::read(&csv).unwrap();
    std::fs::remove_file(&csv).unwrap();
    let outcome = place.run(&["report", "here", "--format", "csv"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "here/results.csv\n"), "{}", outcome.stderr);
    assert!(std::fs::read(&csv).unwrap() == before);
    let twice = place.run(&["report", "here", "--format", "csv,csv"]);
    assert_eq!((twice.code, twice.stdout.as_str()), (Some(0), "here/results.csv\n"), "{}", twice.stderr);
    // A name beside `all` is checked as well.
    let misspelt = place.run(&["report", "here", "--format", "all,jnit"]);
    assert_eq!((misspelt.code, misspelt.stdout.as_str()), (Some(2), ""));
    assert!(misspelt.stderr.contains("did you mean \"junit\""), "{}", misspelt.stderr);
    let file = place.run(&["report", "here/results.json"]);
    assert_eq!((file.code, file.stdout.as_str()), (Some(2), ""));
    assert!(file.stderr.contains("here/results.json: is not a folder; name the folder of the run"), "{}", file.stderr);
}
